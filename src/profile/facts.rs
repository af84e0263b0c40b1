//! What was found in a file, as data. Counts speak of rows of the table unless they say otherwise; lines count from 1.

use serde::Serialize;

use super::{amount::Millionths, date::DateKind, name::NameFacts, relate::Kept};
use crate::domain::Label;

/// What a file is: container, text, layout, and column by column what its values look like. Nothing here is a rule: whoever writes a
/// contract from it decides. Values of columns that may hold personal data are never in it.
#[derive(Clone, Debug, Serialize)]
pub struct Profile {
    /// Name of the file as it came, without its folder.
    pub file: String,
    /// Bytes of the file as it came.
    pub bytes: u64,
    pub container: Container,
    /// The file inside, where the container is gzip or zip.
    pub member: Option<String>,
    pub format: Format,
    /// Sheets of a workbook in their order; empty for text.
    pub sheets: Vec<Sheet>,
    /// The sheet that was looked at.
    pub sheet: Option<String>,
    /// `None` for a workbook.
    pub text: Option<TextFacts>,
    pub layout: Layout,
    pub header: Header,
    pub rows: Rows,
    pub columns: Vec<Column>,
    /// What is no row of the table, in the order of the file.
    pub left_out: Vec<LeftOut>,
    /// Texts of the lines above the names of the columns; for whoever looks for a month in them, and never told.
    #[serde(skip)]
    pub above: Vec<String>,
    /// Fields of the first records of other types, their type first; for whoever looks for a month in them, and never told.
    #[serde(skip)]
    pub leading: Vec<Vec<String>>,
    /// Columns whose headings are months, position, year and month 1–12: each holds the amounts of its month.
    pub month_columns: Vec<(usize, i32, u8)>,
    /// Rows that are the sum of others.
    pub totals: Vec<Total>,
    /// First fields that tell kinds of records of different widths (`HDR`, `DTL`, `TRL`); empty where there is one kind.
    pub record_types: Vec<RecordType>,
    /// Words of one column beside signs of amounts of another.
    pub signs: Vec<SignFacts>,
    /// Of each column of a few words, the amounts of each column beside them; for whoever asks what such rows are.
    #[serde(skip)]
    pub beside: Vec<SignFacts>,
    /// Records of fewer fields behind the last row, each told by its first field; for whoever writes a contract.
    #[serde(skip)]
    pub behind: Vec<RecordType>,
    /// Rows of which a column says that they are a balance or planned, and no movement; for whoever asks what they are.
    #[serde(skip)]
    pub balances: Vec<Balance>,
    /// Amounts that are the sum of others on a row: net + VAT = gross.
    pub identities: Vec<Identity>,
    /// Positions of amounts that are the sum of three others or more on each row, each with theirs; for whoever asks which amount counts.
    #[serde(skip)]
    pub wholes: Vec<Identity>,
    /// The first rows, for whoever holds one file against another.
    #[serde(skip)]
    pub head: Vec<Kept>,
    /// What the name of the file says of months.
    pub name: NameFacts,
    /// Position of the column that is most likely the amount, from 0; the person is asked.
    pub amount: Option<usize>,
    /// Position of the column that is most likely the date that counts, from 0; the person is asked.
    pub date: Option<usize>,
    /// Sentences about what needs a person, most urgent first.
    pub questions: Vec<String>,
    /// Sentences about what is odd and was read all the same.
    pub notes: Vec<String>,
}

/// What the bytes are wrapped in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Container {
    /// The file itself.
    None,
    Gzip,
    Zip,
}

/// How records stand in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Text with a delimiter between fields.
    Delimited,
    /// Text in which fields stand at fixed places.
    Fixed,
    Workbook,
}

/// A sheet of a workbook.
#[derive(Clone, Debug, Serialize)]
pub struct Sheet {
    pub name: String,
    pub hidden: bool,
    /// Cells with a value.
    pub cells: u64,
    /// Cells that hold a formula.
    pub formulas: u64,
    /// Tables that stand side by side, each as its first and last column: `A:E`; one or none as a rule.
    pub tables: Vec<String>,
    /// The names of its columns, where it has several columns and other sheets stand beside it; for whoever asks which one is meant.
    #[serde(skip)]
    pub names: Vec<String>,
    /// Rows below them that hold something.
    #[serde(skip)]
    pub rows_below: u64,
}

/// Of so many, so many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct OfAll {
    pub rows: u64,
    pub of: u64,
}

/// The text of a file: its encoding and how its lines end.
#[derive(Clone, Debug, Serialize)]
pub struct TextFacts {
    /// As a contract says it: `utf-8`, `windows-1252`, `mac_roman`, `utf-16le`, `utf-16be`.
    pub encoding: String,
    pub byte_order_mark: bool,
    /// Every byte is ASCII: any of the single-byte encodings and UTF-8 read it alike.
    pub ascii: bool,
    /// Bytes beyond ASCII; of UTF-16 always 0.
    pub beyond_ascii: u64,
    /// A line that is UTF-8 in a text that is not, as a whole.
    pub mixed: Option<u64>,
    /// Why this encoding and not another.
    pub evidence: String,
    /// Lines ended by LF.
    pub lf: u64,
    /// Lines ended by CR LF.
    pub crlf: u64,
    /// Lines ended by CR.
    pub cr: u64,
    /// Lines ended by CR CR LF, which other readers take for a blank line after each row.
    pub cr_crlf: u64,
    /// The last line has no line end.
    pub open_end: bool,
    /// Form feeds: a printed report.
    pub form_feeds: u64,
}

/// How a record is cut into fields.
#[allow(clippy::struct_excessive_bools)] // each is seen, or not, by itself
#[derive(Clone, Debug, Default, Serialize)]
pub struct Layout {
    /// The character between fields; `None` where there is none.
    pub delimiter: Option<char>,
    /// `None`: nothing is quoted, and a quote is text.
    pub quote: Option<char>,
    /// A quote inside a quoted field is escaped by a backslash, not doubled.
    pub backslash: bool,
    /// Fields in quotes, over the whole file.
    pub quoted_fields: u64,
    /// Quotes that are text, where nothing is quoted.
    pub quotes_in_text: u64,
    /// Fields that do not begin with a quote and hold one, beside fields that are quoted where they must be.
    pub stray_quotes: u64,
    /// Every record, the header too, ends with one delimiter more.
    pub trailing_delimiter: bool,
    /// Bars stand at both ends of every line: the first and the last field are no columns.
    pub bars: bool,
    /// Fields written as `="00123"`, so that a spreadsheet keeps their noughts.
    pub formula_texts: u64,
    /// Characters of a line of fixed width, and how many lines have them.
    pub width: Option<(usize, OfAll)>,
    /// Of fixed width: first and last character of each column, from 1, as dashes under the headings show them, or where kinds of
    /// characters change.
    pub places: Vec<(usize, usize)>,
    /// Somebody has said where columns stand: the names are theirs, and no place is guessed.
    #[serde(skip)]
    pub given: bool,
    /// First and last character, from 1, of what says of which type a record is, and the type of the rows.
    #[serde(skip)]
    pub tag: Option<(usize, usize, String)>,
    /// Of a workbook: letters of the first and the last column of the table that was asked for, beside which others stand.
    #[serde(skip)]
    pub sheet_columns: Option<(String, String)>,
    /// Of a printed report: characters of the shortest and the longest line of a row.
    #[serde(skip)]
    pub row_widths: Option<(usize, usize)>,
    /// Of a printed report: its lines that are no rows, with `*` for what differs from page to page; never told, for a head of a page may
    /// name whoever printed it.
    #[serde(skip)]
    pub page_lines: Vec<(String, Reason)>,
    /// Rows that lack fields at their end, and how many fields the shortest of them has.
    #[serde(skip)]
    pub short_rows: Option<(u64, usize)>,
    /// Records by their number of fields, the most frequent first.
    pub fields: Vec<(usize, u64)>,
}

/// Where the names of the columns stand.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Header {
    /// Physical line (of a workbook: row) on which the names begin; `None` where the file names no columns.
    pub line: Option<u64>,
    /// Records that name the columns together: 1, or 2 for a header of two lines.
    pub records: u32,
    /// Physical lines that they take, line breaks inside of names included.
    pub lines: u64,
    /// Line of the first row; `None` where there is none.
    pub first_row: Option<u64>,
    /// Records before it that hold something, and those that are blank.
    pub before: u64,
    pub blank_before: u64,
    /// Times that the names stand in the file again.
    pub repeats: u64,
}

/// How many records there are, and of what kind.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Rows {
    /// Records of the file, header and blank ones included.
    pub records: u64,
    /// Rows of the table that hold the likely amount; where no column is an amount, all rows.
    pub data: u64,
    /// Rows without the likely amount, and the lines of the first few.
    pub without_amount: u64,
    pub without_amount_lines: Vec<u64>,
    /// Columns of texts that hold about as many amounts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub amounts_elsewhere: Vec<usize>,
    /// Rows that are equal, cell by cell, to one before them; counted over the first 2,000,000.
    pub exact_copies: u64,
    /// Rows whose cells beyond the table's width hold something, or that have too few.
    pub odd_widths: u64,
}

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
    pub(super) fn pounds(&self, printed: i128) -> Millionths {
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
