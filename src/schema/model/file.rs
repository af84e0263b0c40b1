//! How the file of a source contract is laid out.

use super::{
    super::form::{Form, Term},
    End, LinePattern, PageLine, Said,
};
use crate::domain::Identifier;

/// The schema-level `truecost` property of a source contract: how its file is laid out.
#[derive(Clone, Debug)]
pub struct Layout {
    /// What holds whatever the format.
    pub rows: RowRules,
    /// Where records and fields stand.
    pub format: Format,
    /// How the file is packed; `None`: it is not.
    pub container: Option<Container>,
}

/// `container:`, how the file is packed that a delivery is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Container {
    Gzip,
    /// An archive of which one file is read.
    Zip {
        /// Its name, in which `*` stands for any text; `None`: the only one.
        member: Option<String>,
    },
}

impl Layout {
    /// What its text is encoded in; `None` for a format that is no text.
    #[must_use]
    pub const fn text(&self) -> Option<&TextRules> {
        match &self.format {
            Format::Delimited(delimited) => Some(&delimited.text),
            Format::Fixed(fixed) => Some(&fixed.text),
            Format::Workbook(_) => None,
        }
    }

    /// Whether each record begins and ends with a delimiter, as a printed list has it.
    #[must_use]
    pub const fn has_borders(&self) -> bool {
        matches!(&self.format, Format::Delimited(delimited) if delimited.borders)
    }

    /// Commas, RFC 4180, UTF-8: every rule as a contract has it that says no more than it must.
    #[must_use]
    pub fn delimited() -> Self {
        let text = TextRules { encodings: vec![Encoding::Utf8], trust_encoding: false, last_line_end_absent: false };
        let delimited = Delimited {
            text,
            delimiter: b',',
            other_delimiter: None,
            borders: false,
            quote: Some(b'"'),
            escape: Escape::Doubled,
            stray_quotes: false,
            formula_texts: false,
            trailing_delimiter: TrailingDelimiter::Refused,
            short_lines: false,
        };
        Self { rows: RowRules::default(), format: Format::Delimited(delimited), container: None }
    }
}

/// `format:`. A format is an arm here, a reader of its keys in `schema/layout`, and a folder with an arm in `decode::Reader`.
#[derive(Clone, Debug)]
pub enum Format {
    /// Fields end with a delimiter, records with a line.
    Delimited(Delimited),
    /// Fields stand at their places in a line.
    Fixed(Fixed),
    /// Cells of a sheet, rows of a workbook.
    Workbook(WorkbookForm),
}

/// `format: workbook`: an `.xlsx` workbook, of which one sheet is read.
#[derive(Clone, Debug)]
pub struct WorkbookForm {
    pub sheet: SheetChoice,
    /// First and last column that are read, from 1 (`columns: "A:E"`); `None`: the columns that the header names.
    pub columns: Option<(u32, u32)>,
    /// A workbook with macros (`.xlsm`) is read, and they are not run: `macros: ignore`.
    pub ignore_macros: bool,
    /// Sheets that may hold rows of the same columns and are none of this feed, by name; `*` stands for any text.
    pub other_sheets: Vec<String>,
}

/// `sheet:`, which sheet is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SheetChoice {
    /// By its name; letter case and blanks around it do not tell sheets apart.
    Named(String),
    /// By its place, from 1, hidden sheets counted.
    Number(u32),
    /// `only`: the only sheet that is not hidden, of several the only one that holds anything.
    Only,
}

/// Whether records end with one delimiter more than they have fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TrailingDelimiter {
    #[default]
    Refused,
    /// Every record of every file does.
    Required,
    /// Every record does of a file whose header does.
    Allowed,
}

/// `format: delimited`.
#[allow(clippy::struct_excessive_bools)] // each is declared, or not, by itself
#[derive(Clone, Debug)]
pub struct Delimited {
    pub text: TextRules,
    /// In the text as it is split.
    pub delimiter: u8,
    /// The delimiter as the file has it, where that is no ASCII character: [`Delimited::delimiter`] stands for it then.
    pub other_delimiter: Option<char>,
    /// A printed list: each record begins and ends with a delimiter, and lines of dashes stand between (`borders: true`).
    pub borders: bool,
    /// `None` = quoting is not part of the layout: a quote is text.
    pub quote: Option<u8>,
    pub escape: Escape,
    /// A quote inside a field that does not begin with one is text (`stray_quotes: text`); a quoted field then ends on its line.
    pub stray_quotes: bool,
    /// A field `="00123"` is the text 00123 (`formula_texts: true`).
    pub formula_texts: bool,
    /// Whether every record ends with one delimiter more.
    pub trailing_delimiter: TrailingDelimiter,
    /// A record may lack fields at its end: they are empty (`short_lines: allowed`).
    pub short_lines: bool,
}

/// `format: fixed`.
#[derive(Clone, Debug)]
pub struct Fixed {
    pub text: TextRules,
    /// What places and widths count.
    pub unit: Unit,
    /// Of a row's line, in this unit.
    pub length: u32,
    /// Blanks at the end of a line may be lacking: what would stand there is empty (`short_lines: allowed`).
    pub short_lines: bool,
    /// In the order of the line; together they cover it, each position once.
    pub fields: Vec<FixedField>,
}

/// A field of a line of fixed width.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FixedField {
    pub at: Stretch,
    /// `None` where nobody reads it (`fill`).
    pub column: Option<Identifier>,
}

/// What the places of a line of fixed width count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Characters,
    /// Bytes of the file, in its own encoding.
    Bytes,
}

impl Unit {
    /// The word of a contract.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Characters => "characters",
            Self::Bytes => "bytes",
        }
    }
}

/// A stretch of a line: `{start: 9, width: 13}` or `{from: 9, to: 21}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// Positions before it: the first position of a line is 0 here, and 1 in a contract.
    pub start: u32,
    /// At least 1.
    pub width: u32,
}

impl Stretch {
    /// Positions up to its last one.
    #[must_use]
    pub const fn end(self) -> u32 {
        self.start.saturating_add(self.width)
    }
}

impl std::fmt::Display for Stretch {
    /// `9-21`, counted from 1.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.start.saturating_add(1), self.end())
    }
}

/// What every format of text says.
#[derive(Clone, Debug)]
pub struct TextRules {
    /// In the order in which they are tried.
    pub encodings: Vec<Encoding>,
    /// Do not look for signs that a single-byte encoding was declared wrongly.
    pub trust_encoding: bool,
    /// The sender's last record never has a line end (`last_line_end: absent`): a file without one is then not taken for cut.
    pub last_line_end_absent: bool,
}

/// What is a row, and what is none, whatever the format.
#[derive(Clone, Debug)]
#[allow(clippy::struct_excessive_bools)] // each is a word of the contract
pub struct RowRules {
    /// Columns are found by the names of a header; else (`header: none`) they stand in the contract's order.
    pub has_header: bool,
    /// The header stands within this many physical lines.
    pub header_within_rows: u32,
    /// Records that name the columns together: `header: {lines: 2}`.
    pub header_records: u32,
    /// The header may stand in the file again, as on each page of a printed report: `repeats_header: allowed`.
    pub repeated_header: bool,
    /// Lines that belong to pages and not to what they show.
    pub pages: Vec<PageLine>,
    /// After which record all is tail.
    pub end: Option<End>,
    /// What a record says that stands alone in a file without rows: a return of nothing.
    pub nil: Vec<LinePattern>,
    /// Where a record says of which type it is.
    pub record_at: RecordAt,
    /// Record types by the text that stands there. Where one of them is data, any other text refuses the file.
    pub records: Vec<RecordType>,
    pub footer: Option<Footer>,
    pub not_data: Vec<NotData>,
    /// Blank rows (delimiters only) are skipped and counted; else they are faulty.
    pub skip_blank_rows: bool,
    pub extra_columns: ExtraColumns,
    /// What amounts hold that stand before the header, in a line of as many fields: `header: {holds: subtotal}`.
    pub preamble_holds: Option<Holds>,
    /// Words that stand for null, for every column that does not say otherwise.
    pub null_words: Vec<String>,
    /// A file without rows is a delivery.
    pub allow_empty: bool,
    /// Amounts that add up to another one on each row: `adds_up: [net + vat = gross]`.
    pub adds_up: Vec<AddsUp>,
}

/// Amounts of a row that add up to another one, as its sender prints them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddsUp {
    pub parts: Vec<Term>,
    pub whole: Identifier,
}

/// `net + vat = gross`
impl std::fmt::Display for AddsUp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let parts = Form { rows: vec![self.parts.clone()], counted: false };
        write!(f, "{parts} = {}", self.whole)
    }
}

impl Default for RowRules {
    /// Where a contract says nothing.
    fn default() -> Self {
        Self {
            has_header: true,
            header_within_rows: 20,
            header_records: 1,
            repeated_header: false,
            pages: Vec::new(),
            end: None,
            nil: Vec::new(),
            record_at: RecordAt::Field(0),
            records: Vec::new(),
            footer: None,
            not_data: Vec::new(),
            skip_blank_rows: true,
            extra_columns: ExtraColumns::Refuse,
            preamble_holds: None,
            null_words: vec![String::new()],
            allow_empty: false,
            adds_up: Vec::new(),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Escape {
    /// RFC 4180: a quote inside a quoted field is doubled.
    Doubled,
    Backslash,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Encoding {
    Utf8,
    Windows1252,
    Utf16Le,
    Utf16Be,
    Latin1,
    MacRoman,
}

impl Encoding {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Windows1252 => "windows-1252",
            Self::Utf16Le => "utf-16le",
            Self::Utf16Be => "utf-16be",
            Self::Latin1 => "iso-8859-1",
            Self::MacRoman => "mac_roman",
        }
    }
}

/// What the amounts of a record hold that is left out of the rows. Where it holds one and none of these is declared, the
/// delivery is refused: pounds are never left out in silence. A record without an amount, or of nought, needs no word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Holds {
    /// `total`: each amount is the sum of its column over all rows, and is compared with it.
    Total,
    /// `subtotal`: sums of rows that count by themselves; shown with their pounds, compared with nothing.
    Subtotal,
    /// `other_unit`: hours, counts, rates: numbers that are no pounds.
    OtherUnit,
    /// `left_out`: pounds that do not count; shown on every proof.
    LeftOut,
}

impl Holds {
    /// The words of a contract, each with its meaning.
    pub const WORDS: [(&'static str, Self); 4] =
        [("total", Self::Total), ("subtotal", Self::Subtotal), ("other_unit", Self::OtherUnit), ("left_out", Self::LeftOut)];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Total => "total",
            Self::Subtotal => "subtotal",
            Self::OtherUnit => "other_unit",
            Self::LeftOut => "left_out",
        }
    }
}

/// `records: {HDR: skip, DTL: data, TRL: {rows: 2, debit: 3}, SUB: {holds: subtotal}}`. A number names a field, a word after `holds` says what
/// amounts the record holds beside the named ones.
#[derive(Clone, Debug, Default)]
pub struct RecordType {
    /// The text that stands at [`RowRules::record_at`].
    pub tag: String,
    /// Its records are rows: `DTL: data`.
    pub data: bool,
    /// Named fields of the record, by 1-based position; empty = skipped and counted.
    /// Read as `trailer.<name>` by controls.
    pub fields: Vec<(String, usize)>,
    /// In a file of fixed width: where each of the named fields stands, in their order. Their positions are then 2, 3, ….
    pub stretches: Vec<Stretch>,
    /// What its amounts hold, where it has the fields of a row. Named fields are totals, and a control uses them.
    pub holds: Option<Holds>,
}

/// Where a record says of which type it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordAt {
    /// In this field, counted from 0.
    Field(usize),
    /// At this place of its line.
    Stretch(Stretch),
}

/// `footer: {when: {cost_centre: TOTAL}, totals: {debit: debit}}`. It stands at most once; with `totals` exactly once, and it
/// `holds: total`: each total is compared, by a control of the feed or else with the sum of its own column.
#[derive(Clone, Debug)]
pub struct Footer {
    pub when: Vec<(Identifier, Said)>,
    /// Name of the total → column in which it is printed.
    pub totals: Vec<(String, Identifier)>,
    pub holds: Option<Holds>,
}

/// A row that is declared not to be data.
#[derive(Clone, Debug)]
pub struct NotData {
    /// Each of these columns says this.
    pub when: Vec<(Identifier, Said)>,
    pub reason: String,
    pub holds: Option<Holds>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExtraColumns {
    Refuse,
    Note,
}

/// Columns of a sheet.
const MOST_COLUMNS: u32 = 16_384;

/// `A` → 1, `AA` → 27; `None` for what is no column of a sheet.
#[must_use]
pub fn column_number(letters: &str) -> Option<u32> {
    let digit = |number: u32, c: char| c.is_ascii_alphabetic().then(|| number * 26 + (c.to_ascii_uppercase() as u32 - 'A' as u32 + 1));
    let number = (1..=3).contains(&letters.len()).then(|| letters.chars().try_fold(0, digit))??;
    (1..=MOST_COLUMNS).contains(&number).then_some(number)
}

/// The letters of a column by its number: 1 → `A`, 27 → `AA`.
#[must_use]
pub fn column_letters(mut number: u32) -> String {
    let mut letters = Vec::new();
    while number > 0 {
        letters.push(char::from(b'A' + ((number - 1) % 26) as u8));
        number = (number - 1) / 26;
    }
    letters.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_have_letters() {
        for (letters, number) in [("A", 1), ("Z", 26), ("AA", 27), ("XFD", 16_384)] {
            assert_eq!(column_number(letters), Some(number));
            assert_eq!(column_letters(number), letters);
        }
        assert_eq!([column_number("XFE"), column_number(""), column_number("A1"), column_number("ABCD")], [None; 4]);
    }
}
