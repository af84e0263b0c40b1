//! Columns of small tables, as the kernels read them.

use arrow::{array::Array, record_batch::RecordBatch};

use crate::{diagnostic::Answer, domain::Pence, schema::batch};

/// Texts of a column; empty where null.
pub(super) fn texts<'b>(rows: &'b RecordBatch, name: &str) -> Answer<Vec<&'b str>> {
    let column = batch::text(rows, name)?;
    Ok((0..column.len()).map(|row| batch::text_at(column, row).unwrap_or_default()).collect())
}

/// Amounts of a column in pence; nought where null.
pub(super) fn pence(rows: &RecordBatch, name: &str) -> Answer<Vec<Pence>> {
    Ok(batch::money(rows, name)?.iter().map(Option::unwrap_or_default).collect())
}

/// Whole numbers of a column; nought where null.
pub(super) fn whole(rows: &RecordBatch, name: &str) -> Answer<Vec<i64>> {
    Ok(batch::big(rows, name)?.iter().map(Option::unwrap_or_default).collect())
}
