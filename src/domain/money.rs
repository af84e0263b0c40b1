//! Exact sterling.

use std::fmt;

/// Total of many amounts, in pence. Wide enough that no sum of lines can overflow it.
pub type Pence = i128;

/// An amount in pence that fits the stored type `DECIMAL(18,2)`.
///
/// Debit and cost are positive, credit and income negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money(i64);

impl Money {
    /// The largest amount of either sign: 9,999,999,999,999,999.99 pounds.
    pub const MAX_PENCE: i64 = 999_999_999_999_999_999;

    /// `None` where the amount needs more than 18 digits.
    #[must_use]
    pub const fn from_pence(pence: i64) -> Option<Self> {
        if pence.unsigned_abs() <= Self::MAX_PENCE.unsigned_abs() { Some(Self(pence)) } else { None }
    }

    #[must_use]
    pub const fn pence(self) -> i64 {
        self.0
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&decimal(Pence::from(self.0)))
    }
}

/// `-1234.5` pounds as `-1234.50`: what a machine reads.
#[must_use]
pub fn decimal(pence: Pence) -> String {
    let sign = if pence < 0 { "-" } else { "" };
    let size = pence.unsigned_abs();
    format!("{sign}{}.{:02}", size / 100, size % 100)
}

/// `-1234.5` pounds as `-£1,234.50`: what a person reads.
#[must_use]
pub fn pounds(pence: Pence) -> String {
    let sign = if pence < 0 { "-" } else { "" };
    let size = pence.unsigned_abs();
    format!("{sign}£{}.{:02}", grouped(size / 100), size % 100)
}

/// `1234567` as `1,234,567`.
#[must_use]
pub fn grouped(number: u128) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_eighteen_digits_of_either_sign() {
        assert!(Money::from_pence(Money::MAX_PENCE).is_some());
        assert!(Money::from_pence(-Money::MAX_PENCE).is_some());
        assert!(Money::from_pence(Money::MAX_PENCE + 1).is_none());
        assert!(Money::from_pence(i64::MIN).is_none());
    }

    #[test]
    fn a_person_reads_grouped_pounds_and_a_machine_plain_ones() {
        assert_eq!(pounds(-149_679_672_232), "-£1,496,796,722.32");
        assert_eq!(decimal(-5), "-0.05");
        assert_eq!(pounds(0), "£0.00");
        assert_eq!(pounds(100_000), "£1,000.00");
    }
}
