//! Rows of an answer, read by the names of their columns.

use arrow::{
    array::{Array, AsArray},
    datatypes::{Int8Type, Int16Type, Int32Type, Int64Type},
    record_batch::RecordBatch,
    util::display::{ArrayFormatter, FormatOptions},
};

use super::ask::rows;
use crate::{
    diagnostic::Answer,
    domain::{Pence, Quantity},
    engine::Tables,
    schema::batch::{boolean, column, money, quantity, text, text_at},
};

/// One row.
pub(super) struct Row<'b> {
    batch: &'b RecordBatch,
    at: usize,
}

impl Row<'_> {
    /// Empty where it is null.
    pub(super) fn text(&self, name: &str) -> Answer<String> {
        Ok(text_at(text(self.batch, name)?, self.at).unwrap_or_default().to_owned())
    }

    /// Nought where it is null.
    pub(super) fn pence(&self, name: &str) -> Answer<Pence> {
        let found = money(self.batch, name)?;
        Ok(if found.is_valid(self.at) { found.value(self.at) } else { 0 })
    }

    /// `None` where it is null.
    pub(super) fn quantity(&self, name: &str) -> Answer<Option<Quantity>> {
        let found = quantity(self.batch, name)?;
        Ok(found.is_valid(self.at).then(|| Quantity::from_millionths(found.value(self.at))))
    }

    /// False where it is null.
    pub(super) fn truth(&self, name: &str) -> Answer<bool> {
        let found = boolean(self.batch, name)?;
        Ok(found.is_valid(self.at) && found.value(self.at))
    }

    /// A whole number of any width; `None` where it is null.
    pub(super) fn whole(&self, name: &str) -> Answer<Option<i64>> {
        let found = column(self.batch, name)?;
        let number = match found.data_type() {
            arrow::datatypes::DataType::Int8 => found.as_primitive_opt::<Int8Type>().map(|c| i64::from(c.value(self.at))),
            arrow::datatypes::DataType::Int16 => found.as_primitive_opt::<Int16Type>().map(|c| i64::from(c.value(self.at))),
            arrow::datatypes::DataType::Int32 => found.as_primitive_opt::<Int32Type>().map(|c| i64::from(c.value(self.at))),
            _ => found.as_primitive_opt::<Int64Type>().map(|c| c.value(self.at)),
        };
        Ok(number.filter(|_| found.is_valid(self.at)))
    }

    /// As it is printed, whatever its type; empty where it is null.
    pub(super) fn shown(&self, name: &str) -> Answer<String> {
        let found = column(self.batch, name)?;
        let options = FormatOptions::default();
        let shown = ArrayFormatter::try_new(found.as_ref(), &options).map(|f| f.value(self.at).to_string()).unwrap_or_default();
        Ok(if found.is_valid(self.at) { shown } else { String::new() })
    }
}

/// What `take` makes of every row that answers `sql`.
pub(super) fn each<T>(tables: &Tables, sql: &str, mut take: impl FnMut(&Row<'_>) -> Answer<T>) -> Answer<Vec<T>> {
    let mut taken = Vec::new();
    for batch in rows(tables, sql)? {
        for at in 0..batch.num_rows() {
            taken.push(take(&Row { batch: &batch, at })?);
        }
    }
    Ok(taken)
}
