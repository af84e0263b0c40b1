//! Rows that are not accepted, and why, in plain English. A reason never holds a value.

use super::{
    reading::{Plan, Reading},
    value::{date::DateFault, money::AmountFault},
};
use crate::{
    diagnostic::{Code, codes::value},
    domain::Identifier,
    schema::{ColumnRules, Contract, Rounding, Type, style_word},
};

/// A row that is not accepted, with all its faults.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RejectedRow {
    /// Physical line on which the record starts.
    pub source_row: u64,
    /// The record as it stands in the file, without its line end.
    pub raw: String,
    /// In the order of the contract's columns; never empty.
    pub faults: Vec<Fault>,
}

impl RejectedRow {
    /// `amount: not an amount; posting_date: no calendar has this day`. Holds no value.
    #[must_use]
    pub fn reasons(&self) -> String {
        let one = |fault: &Fault| match &fault.column {
            Some(column) => format!("{column}: {}", fault.reason),
            None => fault.reason.clone(),
        };
        self.faults.iter().map(one).collect::<Vec<_>>().join("; ")
    }
}

/// What is wrong with one value of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// `None` where the whole row is meant.
    pub column: Option<Identifier>,
    pub code: Code,
    /// Plain English; never holds the value.
    pub reason: String,
    /// The text that was found.
    pub value: String,
}

/// Why a value cannot be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ValueFault {
    Missing,
    Amount(AmountFault),
    /// As an amount, of a number that is no pounds.
    Quantity(AmountFault),
    Date(DateFault),
    Whole,
    Range,
    Period,
    Truth,
    Instant,
    /// The word is neither one for a debit nor one for a credit.
    Side,
    /// The word is none that the contract lists.
    Word,
    /// No column of the row's amount has a value.
    NoAmount,
}

impl ValueFault {
    pub(super) fn code(self) -> Code {
        match self {
            Self::Missing | Self::NoAmount => value::REQUIRED,
            Self::Amount(AmountFault::Style) | Self::Quantity(AmountFault::Style) => value::AMOUNT,
            Self::Amount(AmountFault::Precision) | Self::Quantity(AmountFault::Precision) => value::PRECISION,
            Self::Amount(AmountFault::TooLarge) | Self::Quantity(AmountFault::TooLarge) => value::TOO_LARGE,
            Self::Date(DateFault::Window) => value::WINDOW,
            Self::Date(_) => value::DATE,
            Self::Whole | Self::Range => value::WHOLE,
            Self::Period => value::PERIOD,
            Self::Truth => value::TRUTH,
            Self::Instant => value::INSTANT,
            Self::Side => value::SIDE,
            Self::Word => value::WORD,
        }
    }

    /// The reason in words. `contract` gives the formats as the contract writes them.
    pub(super) fn reason(self, plan: &Plan, contract: &Contract) -> String {
        let rules = contract.column(&plan.name).map(|column| &column.rules);
        match self {
            Self::Missing => "the value is missing, and the contract requires one".into(),
            Self::Amount(AmountFault::Style) => format!("not an amount in a style that the contract declares ({})", styles(rules)),
            Self::Quantity(AmountFault::Style) => format!("not a number in a style that the contract declares ({})", styles(rules)),
            Self::Quantity(AmountFault::Precision) => "more than six decimals; quantities are never cut or rounded".into(),
            Self::Quantity(AmountFault::TooLarge) => "the quantity has more than 12 digits before the point".into(),
            Self::Amount(AmountFault::Precision) => match rules.and_then(|rules| rules.rounding) {
                None => "more precision than pence; amounts are never cut or rounded".into(),
                Some(Rounding { decimals, .. }) => {
                    format!("more than the {decimals} decimals that the contract declares; amounts are never cut")
                }
            },
            Self::Amount(AmountFault::TooLarge) => "the amount has more than 18 digits".into(),
            Self::Date(DateFault::NoSuchDay) => "no calendar has this day".into(),
            Self::Date(DateFault::Window) => match &plan.reading {
                Reading::Date(dates) => dates.window().map_or_else(String::new, |(first, last)| {
                    format!("the date lies outside the window that the contract allows for this delivery ({first} to {last})")
                }),
                _ => String::new(),
            },
            Self::Date(DateFault::TwoDays) => {
                "two days fit: by two of the formats that the contract declares, or of a day number less than half a second before midnight"
                    .into()
            }
            Self::Date(_) => {
                let formats: Vec<_> = rules.map(|r| r.dates.iter().map(|f| f.text.as_str()).collect()).unwrap_or_default();
                let formats = if formats.is_empty() { "yyyy-mm-dd".into() } else { formats.join(", ") };
                format!("not a date in a format that the contract declares ({formats})")
            }
            Self::Whole => "not a whole number".into(),
            Self::Range => "the number does not fit the column's type".into(),
            Self::Period => {
                let formats: Vec<_> = rules.map(|r| r.periods.iter().map(|f| f.as_str()).collect()).unwrap_or_default();
                format!("not a period in a format that the contract declares ({})", formats.join(", "))
            }
            Self::Truth => "neither true nor false".into(),
            Self::Instant => "not an instant such as 2018-04-01T06:30:00Z".into(),
            Self::NoAmount => "no column of the amount has a value".into(),
            Self::Word => {
                format!("none of the words that the contract lists ({})", rules.map(|rules| rules.only.join(", ")).unwrap_or_default())
            }
            Self::Side => {
                let signed = contract.columns.iter().filter_map(|c| c.rules.sign_from.as_ref().filter(|from| from.column == plan.name));
                let words = signed.map(|from| format!("debit: {}; credit: {}", from.debit.join(", "), from.credit.join(", ")));
                format!("neither a debit nor a credit by the words of the contract ({})", words.collect::<Vec<_>>().join("; "))
            }
        }
    }
}

fn styles(rules: Option<&ColumnRules>) -> String {
    let styles: Vec<_> = rules.map(|r| r.money.iter().map(|style| style_word(*style)).collect()).unwrap_or_default();
    if styles.is_empty() { "plain".into() } else { styles.join(", ") }
}

/// Smallest and largest number of an integer type.
pub(super) fn range(kind: Type) -> (i64, i64) {
    match kind {
        Type::TinyInt => (i8::MIN.into(), i8::MAX.into()),
        Type::SmallInt => (i16::MIN.into(), i16::MAX.into()),
        Type::Integer => (i32::MIN.into(), i32::MAX.into()),
        _ => (i64::MIN, i64::MAX),
    }
}
