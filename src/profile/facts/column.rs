//! What was found in a column.

use serde::Serialize;

use super::{
    super::{amount::Millionths, date::DateKind},
    OfAll,
};

/// A column.
#[derive(Clone, Debug, Serialize)]
pub struct Column {
    /// Position from 0.
    pub at: usize,
    /// As it is printed, line breaks included; empty where the heading is.
    pub heading: String,
    /// Which of the columns of this heading it is, from 1, where several have it.
    pub occurrence: Option<u32>,
    pub kind: Kind,
    /// Rows with a value, of all rows.
    pub filled: OfAll,
    /// Values that are padded with blanks.
    pub padded: u64,
    /// Values with line breaks.
    pub line_breaks: u64,
    /// Texts that the column may print for nothing (`NA`, `(blank)`, `-`), and how often.
    pub null_words: Vec<(String, u64)>,
    /// Of dates and amounts, words that stand where one is kept back (`REDACTED`), and how often; for whoever asks what becomes of the row.
    #[serde(skip)]
    pub withheld: Vec<(String, u64)>,
    /// Different values; `None` where there are more than are kept.
    pub distinct: Option<u64>,
    /// Fewest and most characters of a value.
    pub lengths: (usize, usize),
    /// The one value that all rows hold, where it is not personal.
    pub constant: Option<String>,
    /// The most frequent values, where there are few and none is personal.
    pub values: Vec<(String, u64)>,
    /// The most frequent shapes: `A` a capital, `a` a small letter, `9` a digit.
    pub shapes: Vec<(String, u64)>,
    /// Values of digits alone that begin with a nought: codes, which lose it where they are read as numbers.
    pub leading_noughts: u64,
    /// Of a column of dates.
    pub dates: Option<Dates>,
    /// Of a column of amounts or quantities.
    pub money: Option<Money>,
    /// Of a column that holds the month or period of a row: how it is written.
    pub periods: Vec<(String, u64)>,
    /// What looks personal.
    pub personal: Option<Personal>,
    /// Codes in two spellings (`Parks`, `PARKS `); never of personal columns.
    pub look_alikes: Vec<(String, String)>,
    /// Of a workbook: cells by their own type.
    pub cells: Vec<(String, u64)>,
}

impl Column {
    /// Its own amounts added up, as they are printed, in pounds: where the last two digits are pence, as its other sums are.
    pub(in crate::profile) fn pounds(&self, printed: i128) -> Millionths {
        let is = |wanted: &str| self.money.as_ref().is_some_and(|money| money.styles.iter().any(|(style, _)| style == wanted));
        Millionths(if is("implied(2)") && !is("overpunch") { printed / 100 } else { printed })
    }
}

/// What the values of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Empty,
    Date,
    /// Pounds.
    Money,
    /// A number that is no pounds: hours, full-time equivalents, rates.
    Quantity,
    /// Digits or letters that name something: text, whose noughts count.
    Code,
    /// A month, a quarter, a year.
    Period,
    /// A few words that say one of a few things.
    Flag,
    Text,
}

/// Dates of a column.
#[derive(Clone, Debug, Serialize)]
pub struct Dates {
    /// Each way of writing, the most frequent first.
    pub kinds: Vec<DateKind>,
    /// Rows whose value is no date, and the shapes of the first few.
    pub others: u64,
    pub other_shapes: Vec<(String, u64)>,
    /// First and last day (`2025-04-01`), read with the day before the month unless the rows say otherwise.
    pub first: Option<String>,
    pub last: Option<String>,
    /// Rows by month: year, month 1–12.
    pub months: Vec<((i32, u8), u64)>,
    /// Rows inside of the months that the name of the file says; `None` where it says none.
    pub in_name: Option<OfAll>,
}

/// Amounts of a column; sums are exact.
#[derive(Clone, Debug, Serialize)]
pub struct Money {
    /// Words of a contract that read them all, and how many rows need each.
    pub styles: Vec<(String, u64)>,
    /// Values that no style reads.
    pub others: u64,
    /// The most decimals of a value that is no noise.
    pub decimals: u32,
    /// Values within a millionth of a pound of a penny, and not on it: noise of a workbook.
    pub noise: u64,
    /// Values with real parts of a penny.
    pub part_pennies: u64,
    /// Values finer than a millionth of a pound that are no noise: the sums leave them out.
    pub finer: u64,
    pub negative: u64,
    pub nought: u64,
    pub positive: u64,
    /// Sum of all rows, noise taken off.
    pub sum: Millionths,
    /// Sum of debits and of credits apart.
    pub debits: Millionths,
    pub credits: Millionths,
    /// `None` where they would be a person's.
    pub smallest: Option<Millionths>,
    pub largest: Option<Millionths>,
    /// Each is one to three digits, a full stop and three digits (`12.500`), or a whole number below a thousand: elsewhere the stop parts
    /// thousands.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub parts_thousands: bool,
}

/// What looks personal in a column: shapes and counts, never values.
#[derive(Clone, Debug, Serialize)]
pub struct Personal {
    /// As a contract says it: `name`, `ni_number`, `bank`, `email`, `phone`, `birth`, `address`, `salary`, `reference`.
    pub kind: String,
    /// Rows whose value looks so.
    pub rows: OfAll,
    pub why: String,
}
