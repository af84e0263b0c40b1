//! What a contract says, once read and checked.

mod file;
mod personal;
mod printed;
mod values;

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};

use crate::domain::Identifier;

pub use file::*;
pub use personal::*;
pub use printed::*;
pub use values::*;

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

/// Of these, what tells apart lines that are one and the same to an accountant: from which file and row they came.
pub const WHENCE: [&str; 2] = ["delivery_id", "source_row"];

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
    /// Of several columns with its heading, which it is, from 1.
    pub occurrence: Option<u32>,
    /// Its field, from 1: there its heading stands, or none.
    pub position: Option<u32>,
    /// A file may come without it (`absent: allowed`): it is empty in each of its rows then, which is said.
    pub may_be_absent: bool,
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
    /// Words that a text may be; another is quarantined. Any text where there are none.
    pub only: Vec<String>,
    /// Words for kinds of rows that are known: another one for what takes off, beside an amount above nought, waits for a person.
    pub kinds: Vec<String>,
    /// Dates outside it, relative to what the delivery covers, are faulty rows.
    pub window: Option<Window>,
    /// Where it stands in a line of fixed width.
    pub at: Option<Stretch>,
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
    /// `noise:`: how far an amount may lie from the nearest one of its decimals and still be that; `None` = not at all.
    pub noise: Option<Noise>,
    /// `decimals:` and `round:`: amounts have parts of a penny, and each row is rounded to pence; `None` = such a row is faulty.
    pub rounding: Option<Rounding>,
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
