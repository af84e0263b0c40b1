//! What names of files say, and which periods a file covers.

/// The names that a feed knows: those of any of its patterns. Never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilePatterns(pub Vec<FilePattern>);

/// `GL_{year}_{month}[_v{version}].csv`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilePattern {
    /// As written.
    pub text: String,
    pub parts: Vec<NamePart>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NamePart {
    Literal(String),
    Year,
    /// `{yy}`: two digits, of this century.
    ShortYear,
    Month,
    Period,
    /// A number from 1 to 4, or its first and last month: `apr-jun`.
    Quarter,
    /// 1 or 2, or its first and last month: `apr-sep`.
    Half,
    FiscalYear,
    /// `{fiscal_yy}`: `23-24`.
    ShortFiscalYear,
    Version,
    Piece,
    Date,
    Any,
    Optional(Vec<NamePart>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Covers {
    pub calendar: CoverCalendar,
    pub extent: Extent,
    /// Shapes of the part of a name that says which quarter or half it covers; a name without one goes by `files`.
    pub in_name: Vec<FilePattern>,
    /// Where the coverage is read from the file rather than from its name.
    pub from: Option<CoverFrom>,
    /// Months between what the name says and what the file covers: 1 where a name bears the day of its making, a month later. 0 to 12.
    pub before: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CoverCalendar {
    Month,
    Fiscal,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// One period; or the quarter or half that a name says.
    One,
    /// Three periods: the quarter that a name says, or in which its month lies.
    Quarter,
    /// Six.
    Half,
    /// The periods of the year up to the one that a name says.
    ToDate,
    Year,
    Listed,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CoverFrom {
    /// Field (1-based) of a control record, in the shape of a file pattern.
    Record { record: String, field: usize, format: FilePattern },
    /// Value that follows a label in the preamble, in the shape of a file pattern; without one, in any of the usual spellings.
    Header { label: String, format: Option<FilePattern> },
}
