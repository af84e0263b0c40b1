//! How the file of a source contract is laid out.

use crate::domain::Identifier;

/// The schema-level `truecost` property of a source contract of `format: delimited`.
// Each of the bools answers a question of its own; no two of them make a state.
#[allow(clippy::struct_excessive_bools)]
#[derive(Clone, Debug)]
pub struct Layout {
    pub delimiter: u8,
    /// `None` = quoting is not part of the layout: a quote is text.
    pub quote: Option<u8>,
    pub escape: Escape,
    /// In the order in which they are tried.
    pub encodings: Vec<Encoding>,
    /// Do not look for signs that a single-byte encoding was declared wrongly.
    pub trust_encoding: bool,
    /// The header stands within this many physical lines.
    pub header_within_rows: u32,
    /// Record types by the first field's exact text.
    pub records: Vec<RecordType>,
    pub footer: Option<Footer>,
    pub not_data: Vec<NotData>,
    /// Blank rows (delimiters only) are skipped and counted; else they are faulty.
    pub skip_blank_rows: bool,
    pub extra_columns: ExtraColumns,
    /// What amounts hold that stand before the header, in a line of as many fields: `header: {holds: subtotal}`.
    pub preamble_holds: Option<Holds>,
    /// The sender's last record never has a line end (`last_line_end: absent`): a file without one is then not taken for cut.
    pub last_line_end_absent: bool,
    /// Words that stand for null, for every column that does not say otherwise.
    pub null_words: Vec<String>,
    /// A file without rows is a delivery.
    pub allow_empty: bool,
    /// Every record ends with one delimiter more.
    pub trailing_delimiter: bool,
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

/// `records: {HDR: skip, TRL: {rows: 2, debit: 3}, SUB: {holds: subtotal}}`. A number names a field, a word after `holds` says what
/// amounts the record holds beside the named ones.
#[derive(Clone, Debug)]
pub struct RecordType {
    /// Exact text of the first field.
    pub tag: String,
    /// Named fields of the record, by 1-based position; empty = skipped and counted.
    /// Read as `trailer.<name>` by controls.
    pub fields: Vec<(String, usize)>,
    /// What its amounts hold, where it has the fields of a row. Named fields are totals, and a control uses them.
    pub holds: Option<Holds>,
}

/// `footer: {when: {cost_centre: TOTAL}, totals: {debit: debit}}`. It stands at most once; with `totals` exactly once, and it
/// `holds: total`: each total is compared, by a control of the feed or else with the sum of its own column.
#[derive(Clone, Debug)]
pub struct Footer {
    pub when: Vec<(Identifier, String)>,
    /// Name of the total → column in which it is printed.
    pub totals: Vec<(String, Identifier)>,
    pub holds: Option<Holds>,
}

/// A row that is declared not to be data.
#[derive(Clone, Debug)]
pub struct NotData {
    /// All of these columns hold exactly this text (after trimming).
    pub when: Vec<(Identifier, String)>,
    pub reason: String,
    pub holds: Option<Holds>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExtraColumns {
    Refuse,
    Note,
}
