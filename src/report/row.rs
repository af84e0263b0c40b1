//! Rows of an answer, read by the names of their columns.

use arrow::{
    array::Array,
    util::display::{ArrayFormatter, FormatOptions},
};

use super::ask::rows;
use crate::{
    diagnostic::Answer,
    domain::{Pence, Quantity},
    engine::Tables,
    schema::batch::{Rows, column},
};

/// One row.
pub(super) struct Row<'b> {
    rows: Rows<'b>,
    at: usize,
}

impl Row<'_> {
    /// Empty where it is null.
    pub(super) fn text(&self, name: &str) -> Answer<String> {
        self.rows.text(name, self.at).map(str::to_owned)
    }

    /// Nought where it is null.
    pub(super) fn pence(&self, name: &str) -> Answer<Pence> {
        self.rows.pence(name, self.at)
    }

    /// `None` where it is null.
    pub(super) fn quantity(&self, name: &str) -> Answer<Option<Quantity>> {
        Ok(self.rows.millionths(name, self.at)?.map(Quantity::from_millionths))
    }

    /// False where it is null.
    pub(super) fn truth(&self, name: &str) -> Answer<bool> {
        self.rows.truth(name, self.at)
    }

    /// A whole number of any width; `None` where it is null.
    pub(super) fn whole(&self, name: &str) -> Answer<Option<i64>> {
        self.rows.whole(name, self.at)
    }

    /// As it is printed, whatever its type; empty where it is null.
    pub(super) fn shown(&self, name: &str) -> Answer<String> {
        let found = column(self.rows.0, name)?;
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
            taken.push(take(&Row { rows: Rows(&batch), at })?);
        }
    }
    Ok(taken)
}
