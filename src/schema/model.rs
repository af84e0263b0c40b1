//! What a contract says, once read and checked.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};

use crate::domain::Identifier;

/// Which of the four folders of `schemas/` a contract stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// What a supplier promises: the layout of an extract.
    Source,
    /// A table of the common schema.
    Common,
    /// A reviewed, effective-dated table.
    Reference,
    /// A table that BI reads.
    Published,
}

/// Columns that truecost adds to every common row: where a row comes from, and nothing of what it says. `source_row` comes out of the
/// projection, the others out of the delivery.
pub const PROVENANCE: [&str; 6] = ["council", "feed", "delivery_id", "source_row", "delivery_year", "delivery_period"];

/// The column of a common table that holds the day of which a row tells. Of a snapshot it is the day in the file's name.
pub const AS_AT: &str = "as_at";

/// A contract in the strict profile: one schema object with its columns, and for a source its layout.
#[derive(Clone, Debug)]
pub struct Contract {
    /// `newham/general_ledger` for a source, `ledger_line` elsewhere.
    pub name: String,
    pub kind: Kind,
    /// Path of the file, relative to the partnership, for messages.
    pub file: String,
    /// SHA-256 of the file's bytes: part of what decides whether work must be done again.
    pub digest: crate::domain::Digest,
    pub version: String,
    pub columns: Vec<Column>,
    /// Of a common table: what its columns mean.
    pub special: super::SpecialColumns,
    /// `Some` for a source contract.
    pub layout: Option<Layout>,
}

impl Contract {
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|c| &*c.name == name)
    }

    /// What the contract says of its columns that they would not mean if it said nothing, for digests; `None` where it says the same.
    #[must_use]
    pub fn declares(&self) -> Option<String> {
        let undeclared = super::SpecialColumns::undeclared(self.kind, &self.name, &self.columns);
        (self.special != undeclared).then(|| format!("{} {:?}\n", self.name, self.special))
    }

    /// As [`Self::declares`], of what a delivery is judged by: the date and the pounds.
    #[must_use]
    pub fn declares_of_rows(&self) -> Option<String> {
        let undeclared = super::SpecialColumns::undeclared(self.kind, &self.name, &self.columns);
        let (date, amount) = (&self.special.date, &self.special.amount);
        ((date, amount) != (&undeclared.date, &undeclared.amount)).then(|| format!("{date:?} {amount:?}\n"))
    }

    /// The Arrow schema of the table: fields in contract order, plain types.
    #[must_use]
    pub fn arrow_schema(&self) -> SchemaRef {
        Arc::new(Schema::new(self.columns.iter().map(Column::field).collect::<Vec<_>>()))
    }
}

/// One column of a contract.
#[derive(Clone, Debug)]
pub struct Column {
    /// SQL name.
    pub name: Identifier,
    /// Header as the supplier prints it.
    pub physical_name: String,
    pub kind: Type,
    /// May not be null (`required: true`).
    pub required: bool,
    /// Position in the primary key, from 1.
    pub primary_key: Option<u32>,
    /// Meaning, units, sign.
    pub description: String,
    /// What is declared beyond ODCS (the `truecost` custom property).
    pub rules: ColumnRules,
}

impl Column {
    #[must_use]
    pub fn field(&self) -> Field {
        Field::new(&*self.name, self.kind.arrow(), !self.required)
    }
}

/// The types of the profile, spelled as `DuckDB` spells them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Type {
    /// `DECIMAL(18,2)`: pounds.
    Money,
    /// `DECIMAL(18,6)`: a rate, a percentage, full-time equivalents; never pounds.
    Quantity,
    /// `TINYINT`.
    TinyInt,
    /// `SMALLINT`.
    SmallInt,
    /// `INTEGER`.
    Integer,
    /// `BIGINT`.
    BigInt,
    /// `VARCHAR`.
    Text,
    /// `DATE`.
    Date,
    /// `BOOLEAN`.
    Boolean,
    /// `timestamp_tz`: an instant, microseconds, UTC.
    Instant,
}

impl Type {
    #[must_use]
    pub fn arrow(self) -> DataType {
        match self {
            Self::Money => DataType::Decimal128(18, 2),
            Self::Quantity => DataType::Decimal128(18, 6),
            Self::TinyInt => DataType::Int8,
            Self::SmallInt => DataType::Int16,
            Self::Integer => DataType::Int32,
            Self::BigInt => DataType::Int64,
            Self::Text => DataType::Utf8,
            Self::Date => DataType::Date32,
            Self::Boolean => DataType::Boolean,
            Self::Instant => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        }
    }

    /// The type that a column of Arrow is; `None` where no contract can say so.
    #[must_use]
    pub fn of(arrow: &DataType) -> Option<Self> {
        const ALL: [Type; 10] = [
            Type::Money,
            Type::Quantity,
            Type::TinyInt,
            Type::SmallInt,
            Type::Integer,
            Type::BigInt,
            Type::Text,
            Type::Date,
            Type::Boolean,
            Type::Instant,
        ];
        ALL.into_iter().find(|kind| kind.arrow() == *arrow)
    }

    /// Its `physicalType`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Money => "DECIMAL(18,2)",
            Self::Quantity => "DECIMAL(18,6)",
            Self::TinyInt => "TINYINT",
            Self::SmallInt => "SMALLINT",
            Self::Integer => "INTEGER",
            Self::BigInt => "BIGINT",
            Self::Text => "VARCHAR",
            Self::Date => "DATE",
            Self::Boolean => "BOOLEAN",
            Self::Instant => "timestamp_tz",
        }
    }
}

/// The column-level `truecost` property.
#[derive(Clone, Debug, Default)]
#[allow(clippy::struct_excessive_bools)] // each is a word of a contract, and they go in all combinations
pub struct ColumnRules {
    /// Other headers under which the column may stand.
    pub aliases: Vec<String>,
    /// Declared styles of amounts (`money:`) or of quantities (`number:`); empty for any other column.
    pub money: Vec<MoneyStyle>,
    /// The column holds one side of an amount; `None` = it is signed, debit positive.
    pub side: Option<Side>,
    /// Another column says which side an unsigned amount is: the decoder signs it, debit positive.
    pub sign_from: Option<SignFrom>,
    /// An amount that is left empty is £0.00, also where no other column of the row's amount has a value.
    pub blank_is_nought: bool,
    /// Declared date formats, in order; empty for a column that is not a date.
    pub dates: Vec<DateFormat>,
    /// Declared period formats: a `VARCHAR`/`INTEGER` column that says which period a row belongs to.
    pub periods: Vec<PeriodFormat>,
    /// Dates outside it, relative to what the delivery covers, are faulty rows.
    pub window: Option<Window>,
    /// Leading and trailing blanks are not part of the value.
    pub trim: bool,
    /// Words that stand for null besides the empty field.
    pub null_words: Option<Vec<String>>,
    /// Whether an amount includes VAT; `None` where the contract does not say.
    pub includes_vat: Option<Vat>,
    /// What kind of personal data it holds, and how it is treated.
    pub personal: Option<Personal>,
    /// May be published although it is free text or a name.
    pub public: bool,
    /// Why it may be published: asked for where a personal column reaches a published one.
    pub reason: Option<String>,
    /// How the column is best stored; see [`Role`].
    pub role: Option<Role>,
    /// Its amounts overlap (`summable: false`): their sum over rows counts something twice, and `query` warns of it.
    pub not_summable: bool,
}

/// Whether amounts are gross, with VAT, or net.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Vat {
    No,
    Yes,
    /// Nobody has said.
    #[default]
    Unknown,
}

impl Vat {
    /// The word in contracts and published tables.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::Yes => "yes",
            Self::Unknown => "unknown",
        }
    }
}

/// Which of two columns that make one amount a money column is. Its amounts are unsigned; one in red is negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Debit,
    Credit,
}

/// `sign_from: {column: dc, debit: [D], credit: [C]}`: the words of another column that tell debits from credits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignFrom {
    /// A text or whole-number column of the same contract.
    pub column: Identifier,
    /// Its words for a debit, as they stand in the file; any word that is in neither list quarantines the row.
    pub debit: Vec<String>,
    /// Its words for a credit.
    pub credit: Vec<String>,
}

/// How values of a stored column behave, which decides the Parquet encoding. Never changes a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Few distinct values: dictionary.
    Code,
    /// Rising or prefix-sharing keys (journal numbers): delta byte array.
    Key,
    /// Long varied text: dictionary while it pays, else plain.
    FreeText,
    /// Rising integers (row numbers): delta binary packed.
    Sequence,
    /// Amounts: no dictionary.
    Amount,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MoneyStyle {
    /// `1234.5`, `-1234.50`, `+3`.
    Plain,
    /// `1,234.50`.
    Commas,
    /// `1 234.50`, also with a no-break space.
    Spaces,
    /// `£5.00`.
    Pound,
    /// `5.00-`.
    MinusAfter,
    /// `(5.00)`.
    Brackets,
    /// `5.00CR` is negative, `5.00DR` positive.
    CrDr,
    /// `−5.00` with U+2212.
    UnicodeMinus,
    /// `1.5E+06`.
    Scientific,
    /// Digits only, the last n of them decimals.
    Implied(u8),
    /// COBOL overpunch: the last character carries digit and sign.
    Overpunch,
}

/// Words of a date format: `dd mm mmm yyyy yy(pivot=NN) hh mi ss`, a zone after them (`Z`, `UTC`, `GMT`, `BST`, `+hh:mm`, `+hhmm`), and
/// literal separators. A time of day with a zone is an instant: its date is the civil day in London.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DateFormat {
    /// As written in the contract.
    pub text: String,
    pub parts: Vec<DatePart>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DatePart {
    Day,
    Month,
    /// `JAN`, `Jan`, `jan`.
    MonthName,
    Year,
    /// Two digits: below `pivot` is 20xx, else 19xx.
    ShortYear {
        pivot: u8,
    },
    Hour,
    Minute,
    Second,
    /// The zone in which the time of day is printed: with it the date is the civil day in London of that instant.
    Zone(Zone),
    Literal(u8),
}

/// How a zone is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zone {
    /// This word: `Z`, `UTC`, `GMT` are 0 minutes before UTC, `BST` 60.
    Word { text: &'static str, minutes: i16 },
    /// `+01:00`, also `Z`; without a colon where that is not printed.
    Offset { colon: bool },
}

/// `yyyy-pp`, `mmm-yy`, `yyyy/yy`, `pp`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeriodFormat {
    YearPeriod,
    MonthYear,
    YearYear,
    PeriodOnly,
}

/// `{from: -1y, to: +1m}`: months before the first and after the last covered day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    pub months_before: u32,
    pub months_after: u32,
}

impl Column {
    /// Whether the column is left out where the file is read: `personal: {treat: drop}`.
    #[must_use]
    pub fn is_dropped(&self) -> bool {
        self.rules.personal.as_ref().is_some_and(|personal| personal.treat == Treatment::Drop)
    }

    /// Whether something else stands in the place of the column's values: `pseudonym` or `fold`.
    #[must_use]
    pub fn is_treated(&self) -> bool {
        self.rules.personal.as_ref().is_some_and(|personal| matches!(personal.treat, Treatment::Pseudonym(_) | Treatment::Fold(_)))
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Personal {
    pub kind: PersonalKind,
    pub treat: Treatment,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PersonalKind {
    Name,
    Id,
    Bank,
    FreeText,
    Special,
}

impl PersonalKind {
    /// The word in contracts.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Id => "id",
            Self::Bank => "bank",
            Self::FreeText => "free_text",
            Self::Special => "special",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Treatment {
    /// Kept in the lake as it is; never published unless the published column says `public`. The default.
    Keep,
    /// Never leaves the landed bytes: null in every table, masked in the quarantine, not to be used by SQL.
    Drop,
    /// A pseudonym under the council's key stands in its place.
    Pseudonym(PseudonymOf),
    /// A word stands in its place that says less; `None` in the contract of a table of ours, which only says that it holds such words.
    Fold(Option<std::sync::Arc<Folding>>),
}

/// What a pseudonym stands for. A person's number and a post's never make the same pseudonym.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PseudonymOf {
    Person,
    Assignment,
}

impl PseudonymOf {
    /// The word in contracts, and the label under which pseudonyms are made.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Assignment => "assignment",
        }
    }
}

/// `fold: {Unison Subscription: deduction}, else: keep`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folding {
    /// Each value, folded as codes are ([`crate::domain::fold_code`]), with the word that stands in its place.
    pub words: std::collections::BTreeMap<String, String>,
    /// What stands in the place of any other value; `None` = `keep`: the value itself where `pay_element` lists it, else [`UNLISTED`].
    pub rest: Option<String>,
}

/// Stands in the place of a value that is neither folded nor listed.
pub const UNLISTED: &str = "unlisted";

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
