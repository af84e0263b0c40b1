//! How each column is read: what its contract declares, made ready.

use std::sync::Arc;

use super::{
    treat::Treated,
    value::{date::DateRules, money::MoneyRules},
};
use crate::{
    domain::{Day, Identifier},
    schema::{Column, PeriodFormat, Type},
};

/// How one column is read.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) name: Identifier,
    pub(super) reading: Reading,
    pub(super) required: bool,
    /// Null in every row, whatever the file holds: the contract drops the column.
    pub(super) dropped: bool,
    pub(super) trim: bool,
    /// Words that stand for null besides the empty field.
    pub(super) null_words: Vec<Vec<u8>>,
    /// Words for kinds of rows that are known; none where the contract names none.
    pub(super) kinds: Vec<String>,
}

#[derive(Clone, Debug)]
pub(super) enum Reading {
    Text {
        periods: Vec<PeriodFormat>,
        /// The words that it may hold; any where there are none.
        only: Vec<Vec<u8>>,
    },
    /// Text in whose place something else stands.
    Treated(Arc<Treated>),
    Money(MoneyRules),
    Quantity(MoneyRules),
    Date(DateRules),
    Whole {
        kind: Type,
        periods: Vec<PeriodFormat>,
    },
    Boolean,
    Instant,
}

impl Reading {
    /// Whether no text is a fault.
    pub(super) fn takes_any_text(&self) -> bool {
        match self {
            Self::Text { periods, only } => periods.is_empty() && only.is_empty(),
            Self::Treated(_) => true,
            _ => false,
        }
    }
}

impl Plan {
    pub(super) fn new(column: &Column, null_words: &[String], covered: (Day, Day)) -> Self {
        let rules = &column.rules;
        let reading = match column.kind {
            Type::Text => {
                Reading::Text { periods: rules.periods.clone(), only: rules.only.iter().map(|word| word.clone().into_bytes()).collect() }
            }
            Type::Money => Reading::Money(MoneyRules::of(rules)),
            Type::Quantity => Reading::Quantity(MoneyRules::new(&rules.money)),
            Type::Date => Reading::Date(DateRules::new(&rules.dates, rules.window, covered)),
            Type::Boolean => Reading::Boolean,
            Type::Instant => Reading::Instant,
            kind @ (Type::TinyInt | Type::SmallInt | Type::Integer | Type::BigInt) => {
                Reading::Whole { kind, periods: rules.periods.clone() }
            }
        };
        // Who reads a personal value without what it is treated with leaves it out.
        let dropped = column.is_treated() || column.is_dropped();
        let words = rules.null_words.as_ref().map_or(null_words, Vec::as_slice);
        Self {
            name: column.name.clone(),
            reading,
            required: column.required && !dropped,
            dropped,
            trim: rules.trim,
            kinds: rules.kinds.clone(),
            null_words: words.iter().filter(|word| !word.is_empty()).map(|word| word.clone().into_bytes()).collect(),
        }
    }
}
