//! What was found beside the rows of the table, and between their columns.

use serde::Serialize;

use super::{super::amount::Millionths, OfAll};
use crate::domain::Label;

/// Records that are no row of the table, of one kind.
#[derive(Clone, Debug, Serialize)]
pub struct LeftOut {
    pub reason: Reason,
    /// Records.
    pub rows: u64,
    /// The first few lines.
    pub lines: Vec<u64>,
    /// What stands in the first cell that holds something, where that is a known word; else its shape.
    pub label: Option<String>,
    /// Position of that cell.
    pub label_at: Option<usize>,
    /// Whether `label` is its shape and not its words.
    #[serde(skip)]
    pub shape: bool,
    /// Positions of cells that are empty in each of them; for whoever writes down what they have in common.
    #[serde(skip)]
    pub empty: Vec<usize>,
    /// The likely amount of such a record, in pounds; `None` where it has none.
    pub amount: Option<Millionths>,
    /// The words that are printed there.
    pub printed: Option<String>,
}

/// Why a record is no row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Text above the names of the columns.
    Preamble,
    /// Amounts above the names of the columns.
    TotalAbove,
    /// The names of the columns again.
    RepeatedHeader,
    /// Nothing, or delimiters alone.
    Blank,
    /// A line of dashes.
    Rule,
    /// A head of a page of a printed report.
    PageHead,
    /// A row of totals.
    Total,
    /// A row of sums of the rows since the last such row.
    Subtotal,
    /// A few words and no amount: a mark of the program that wrote the file, or a note.
    Marker,
    /// Words that say that there is nothing to say.
    Nil,
    /// A record of another type.
    RecordType,
    /// The end of a report.
    End,
}

/// A row that is the sum of others.
#[derive(Clone, Debug, Serialize)]
pub struct Total {
    pub line: u64,
    /// Position of the column.
    pub column: usize,
    /// As it is printed.
    pub printed: String,
    /// What the rows add up to that it speaks of, in pounds.
    pub sum: Millionths,
    /// Printed less added up: 0 where it agrees.
    pub difference: Millionths,
    /// Rows that it speaks of.
    pub rows: u64,
    pub over: Over,
    /// Whether the row has a label.
    pub labelled: bool,
}

/// Which rows a total adds up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Over {
    /// All rows of the file.
    All,
    /// Those above it.
    Above,
    /// Those since the last sum.
    Block,
}

/// A kind of record, by its first field.
#[derive(Clone, Debug, Serialize)]
pub struct RecordType {
    pub tag: String,
    pub records: u64,
    pub fields: usize,
    pub first_line: u64,
    /// Positions of its fields, from 1, that hold a count of the rows or the sum of one of their columns.
    pub counts: Vec<usize>,
    pub sums: Vec<(usize, usize)>,
    /// Of records of fixed width whose own fields nobody has described: columns of pounds of the rows in which they hold an amount.
    #[serde(skip)]
    pub amounts: Vec<usize>,
    /// Of a record whose label says so (`Number of payments`): the count that it prints, which is that of the rows.
    #[serde(skip)]
    pub counted: Option<u64>,
}

/// Words of one column beside signs of amounts of another.
#[derive(Clone, Debug, Serialize)]
pub struct SignFacts {
    /// Position of the column of words.
    pub flag: usize,
    /// Position of the amount.
    pub amount: usize,
    pub words: Vec<SignWord>,
}

/// Rows that call themselves a balance, `Opening balance`, `B/fwd`, or planned, `PO Commitment`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Balance {
    /// Position of the column that says so.
    pub column: usize,
    pub label: Label,
    /// Its words, as they are printed.
    pub says: String,
    /// More stands behind them in some rows: a day, a period.
    pub goes_on: bool,
    pub rows: u64,
    /// What the amounts of each column add up to, by their positions.
    pub sums: Vec<Millionths>,
}

/// A word, and the amounts beside it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct SignWord {
    pub word: String,
    /// Rows whose amount is negative, positive, nought.
    pub negative: u64,
    pub positive: u64,
    pub nought: u64,
    /// Sum of the amounts as they are printed.
    pub sum: Millionths,
}

/// Amounts of a row that add up to another of its amounts.
#[derive(Clone, Debug, Serialize)]
pub struct Identity {
    /// Positions of those that are added.
    pub parts: Vec<usize>,
    pub whole: usize,
    /// Rows on which they agree, of those on which all hold an amount.
    pub agree: OfAll,
}
