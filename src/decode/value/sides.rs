//! Debits and credits apart.

use crate::domain::Pence;

/// Positive and negative amounts apart, both with their sign, in pence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sides {
    pub debits: Pence,
    pub credits: Pence,
}

impl Sides {
    #[must_use]
    pub const fn net(self) -> Pence {
        self.debits + self.credits
    }

    /// Debits become credits, and the other way round.
    #[must_use]
    pub const fn turned(self) -> Self {
        Self { debits: -self.credits, credits: -self.debits }
    }

    pub(in crate::decode) const fn count(&mut self, pence: Pence) {
        if pence < 0 {
            self.credits += pence;
        } else {
            self.debits += pence;
        }
    }

    pub(in crate::decode) const fn add(&mut self, other: Self) {
        self.debits += other.debits;
        self.credits += other.credits;
    }

    /// Both together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self { debits: self.debits + other.debits, credits: self.credits + other.credits }
    }

    pub(in crate::decode) const fn take_off(&mut self, other: Self) {
        self.debits -= other.debits;
        self.credits -= other.credits;
    }
}
