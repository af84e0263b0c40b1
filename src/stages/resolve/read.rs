//! Columns of the tables that these kernels are given.

use arrow::{array::Array, record_batch::RecordBatch};

use crate::{
    diagnostic::Answer,
    domain::{Day, Pence},
    schema::batch,
};

/// A table with its rows by number.
#[derive(Clone, Copy)]
pub(super) struct Rows<'a>(pub &'a RecordBatch);

impl<'a> Rows<'a> {
    pub fn count(self) -> usize {
        self.0.num_rows()
    }

    /// `None` for null, and for an empty text.
    pub fn maybe(self, name: &str, row: usize) -> Answer<Option<&'a str>> {
        Ok(batch::text_at(batch::text(self.0, name)?, row).filter(|text| !text.is_empty()))
    }

    /// Empty for null.
    pub fn text(self, name: &str, row: usize) -> Answer<&'a str> {
        Ok(self.maybe(name, row)?.unwrap_or_default())
    }

    /// 0 for null.
    pub fn pence(self, name: &str, row: usize) -> Answer<Pence> {
        let amounts = batch::money(self.0, name)?;
        Ok(if amounts.is_valid(row) { amounts.value(row) } else { 0 })
    }

    pub fn day(self, name: &str, row: usize) -> Answer<Option<Day>> {
        let days = batch::date(self.0, name)?;
        Ok(days.is_valid(row).then(|| Day(days.value(row))))
    }

    pub fn whole(self, name: &str, row: usize) -> Answer<Option<i64>> {
        let numbers = batch::big(self.0, name)?;
        Ok(numbers.is_valid(row).then(|| numbers.value(row)))
    }

    /// In millionths.
    pub fn millionths(self, name: &str, row: usize) -> Answer<Option<i128>> {
        let numbers = batch::quantity(self.0, name)?;
        Ok(numbers.is_valid(row).then(|| numbers.value(row)))
    }

    /// False for null.
    pub fn truth(self, name: &str, row: usize) -> Answer<bool> {
        let truths = batch::boolean(self.0, name)?;
        Ok(truths.is_valid(row) && truths.value(row))
    }
}
