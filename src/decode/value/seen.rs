//! How the amounts of a column are printed and signed, counted: what a later delivery is held against.

use serde::{Deserialize, Serialize};

use crate::domain::Pence;

/// Amounts that could be read, of accepted and rejected rows alike. Every number is a count; none of them is money.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AmountsSeen {
    /// Texts that may be printed with a decimal point; nought where the column's style has none (`implied(2)`).
    #[serde(default)]
    pub texts: u64,
    /// Those of them that are.
    #[serde(default)]
    pub points: u64,
    /// Amounts above nought.
    #[serde(default)]
    pub above: u64,
    /// Amounts below nought.
    #[serde(default)]
    pub below: u64,
    /// Binary digits of the pence of all amounts other than nought: a hundred times the amount has 6 or 7 more.
    #[serde(default)]
    pub digits: u64,
    /// Amounts that are no whole pounds.
    #[serde(default, skip_serializing_if = "is_nought")]
    pub pence: u64,
    /// Texts that end in CR or DR.
    #[serde(default, skip_serializing_if = "is_nought")]
    pub marked: u64,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde asks for a reference
const fn is_nought(number: &u64) -> bool {
    *number == 0
}

impl AmountsSeen {
    /// Counts the signs and sizes of a column.
    pub(in crate::decode) fn count(&mut self, amounts: &[Pence]) {
        for pence in amounts {
            self.above += u64::from(*pence > 0);
            self.below += u64::from(*pence < 0);
            self.pence += u64::from(*pence % 100 != 0);
            self.digits += u64::from(Pence::BITS - pence.unsigned_abs().leading_zeros());
        }
    }

    /// Both together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            texts: self.texts + other.texts,
            points: self.points + other.points,
            above: self.above + other.above,
            below: self.below + other.below,
            digits: self.digits + other.digits,
            pence: self.pence + other.pence,
            marked: self.marked + other.marked,
        }
    }

    /// Amounts other than nought.
    #[must_use]
    pub const fn amounts(&self) -> u64 {
        self.above + self.below
    }

    /// Whether there is nothing to hold another against.
    #[must_use]
    pub const fn is_nothing(&self) -> bool {
        self.texts == 0 && self.amounts() == 0
    }
}
