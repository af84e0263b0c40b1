//! Rates, percentages, points, full-time equivalents: exact numbers that are no money.

use super::Fraction;

/// A number as `DECIMAL(18,6)` holds it, in millionths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantity(i128);

impl Quantity {
    /// 13.8 is 13,800,000 millionths.
    #[must_use]
    pub const fn from_millionths(millionths: i128) -> Self {
        Self(millionths)
    }

    #[must_use]
    pub const fn millionths(self) -> i128 {
        self.0
    }

    /// The number itself.
    #[must_use]
    pub fn exact(self) -> Fraction {
        &Fraction::whole(self.0) * &Fraction::millionth()
    }

    /// A hundredth of it: what a percentage means, and a tolerance in points.
    #[must_use]
    pub fn hundredth(self) -> Fraction {
        &Fraction::whole(self.0) * &(&Fraction::millionth() * &Fraction::hundredth())
    }

    /// A hundred times it: pounds as pence.
    #[must_use]
    pub fn pence(self) -> Fraction {
        &self.exact() * &Fraction::whole(100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn millionths_percents_and_pence() {
        let rate = Quantity::from_millionths(13_800_000);
        assert_eq!(rate.exact().to_string(), "69/5");
        assert_eq!(rate.hundredth().to_string(), "69/500");
        assert_eq!(Quantity::from_millionths(702_000_000).pence().to_string(), "70200/1");
        assert_eq!(Quantity::from_millionths(-500_000).exact().to_string(), "-1/2");
    }
}
