//! The rows of a reference table by column and type, each with the line on which it stands.

use std::collections::BTreeMap;

use arrow::{
    array::{Array, AsArray as _, Date32Array, Decimal128Array, Int32Array, Int64Array, StringArray},
    datatypes::{Date32Type, Decimal128Type, Int32Type, Int64Type},
};

use super::{ReferenceTable, csv::at};
use crate::{
    diagnostic::{Code, Diagnostic, Place},
    domain::{Day, Span},
    schema::fields::UNTOUCHED,
};

/// Reference tables by name.
pub type Tables = BTreeMap<String, ReferenceTable>;

/// One row of a reference table; a column that the contract lacks is empty.
#[derive(Clone, Copy)]
pub struct Row<'t> {
    table: &'t ReferenceTable,
    at: usize,
}

/// The rows of a table; none where the partnership lacks it, or where it was refused.
pub fn rows<'t>(tables: &'t Tables, name: &str) -> impl Iterator<Item = Row<'t>> + use<'t> {
    tables.get(name).into_iter().flat_map(|table| (0..table.rows.num_rows()).map(move |at| Row { table, at }))
}

impl<'t> Row<'t> {
    fn value<A: Array + 'static, T>(self, name: &str, get: impl Fn(&'t A, usize) -> T) -> Option<T> {
        let column = self.table.rows.column_by_name(name)?.as_any().downcast_ref::<A>()?;
        column.is_valid(self.at).then(|| get(column, self.at))
    }

    /// `None` where the field is empty.
    pub fn text(self, name: &str) -> Option<&'t str> {
        self.value(name, |column: &StringArray, at| column.value(at))
    }

    /// The text, or nothing.
    pub fn word(self, name: &str) -> &'t str {
        self.text(name).unwrap_or("")
    }

    pub fn whole(self, name: &str) -> Option<i64> {
        let column = self.table.rows.column_by_name(name)?;
        let big = column.as_primitive_opt::<Int64Type>().map(|_| self.value(name, |column: &Int64Array, at| column.value(at)));
        let small =
            || column.as_primitive_opt::<Int32Type>().map(|_| self.value(name, |column: &Int32Array, at| i64::from(column.value(at))));
        big.or_else(small)?
    }

    /// In the least unit of its type: pence, or millionths.
    pub fn decimal(self, name: &str) -> Option<i128> {
        self.table.rows.column_by_name(name)?.as_primitive_opt::<Decimal128Type>()?;
        self.value(name, |column: &Decimal128Array, at| column.value(at))
    }

    pub fn day(self, name: &str) -> Option<Day> {
        self.table.rows.column_by_name(name)?.as_primitive_opt::<Date32Type>()?;
        self.value(name, |column: &Date32Array, at| Day(column.value(at)))
    }

    /// The days on which it holds.
    pub fn span(self) -> Span {
        Span { from: self.day("valid_from"), to: self.day("valid_to") }
    }

    /// Line of the file on which it starts.
    pub fn line(self) -> u64 {
        self.table.lines.get(self.at).copied().unwrap_or_default()
    }

    /// A report on it.
    pub fn fault(self, code: Code, seen: impl Into<String>) -> Diagnostic {
        Diagnostic::new(code, seen).place(self.place()).outcome(UNTOUCHED)
    }

    /// Where it stands.
    pub fn place(self) -> Place {
        at(&self.table.file, self.line())
    }
}

/// The days on which something changes, in order: between two of them, and after the last, nothing does.
pub fn days_of_change(spans: impl Iterator<Item = Span>) -> Vec<Day> {
    let mut days: Vec<Day> = spans.flat_map(|span| [Some(span.from.unwrap_or(EVER)), span.to]).flatten().collect();
    days.sort_unstable();
    days.dedup();
    days
}

/// Names that a warning speaks of, each in quotes; of many the first eight, and how many more there are.
pub fn named<'n>(names: impl ExactSizeIterator<Item = &'n str>) -> String {
    const MOST: usize = 8;
    let more = match names.len().saturating_sub(MOST) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let shown: Vec<String> = names.take(MOST).map(|name| format!("`{}`", name.escape_debug())).collect();
    format!("{}{more}", shown.join(", "))
}

/// Before every day that a table can name.
pub const EVER: Day = Day(i32::MIN / 2);
