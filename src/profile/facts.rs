//! What was found in a file, as data. Counts speak of rows of the table unless they say otherwise; lines count from 1.

mod beside;
mod column;

use serde::Serialize;

pub use self::{
    beside::{Balance, Identity, LeftOut, Over, Reason, RecordType, SignFacts, SignWord, Total},
    column::{Column, Dates, Kind, Money, Personal},
};
use super::{name::NameFacts, relate::Kept};

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
