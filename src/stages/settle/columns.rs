//! Columns of small tables, as the kernels read them.

use arrow::{array::Array, record_batch::RecordBatch};

use crate::{
    diagnostic::Answer,
    domain::{Pence, Period},
    schema::batch,
};

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

/// The delivery period of each row.
pub(super) fn periods(rows: &RecordBatch) -> Answer<Vec<Period>> {
    let (years, periods) = (batch::small(rows, "delivery_year")?, batch::tiny(rows, "delivery_period")?);
    let period = |(year, period): (Option<i16>, Option<i8>)| Period {
        year: year.unwrap_or_default(),
        period: period.and_then(|period| u8::try_from(period).ok()).unwrap_or_default(),
    };
    Ok(years.iter().zip(periods).map(period).collect())
}
