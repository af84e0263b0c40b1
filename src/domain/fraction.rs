//! Exact fractions, and the only three ways in which one becomes pence.

use std::{
    fmt,
    ops::{Add, Mul, Sub},
    str::FromStr as _,
};

use num_bigint::{BigInt, BigUint, Sign};

use super::Pence;

/// A fraction in lowest terms, of any size and either sign; its denominator is positive.
///
/// Comparing two of them with `==` is exact. Nothing here is ever a float.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Fraction {
    numerator: BigInt,
    denominator: BigUint,
}

impl Fraction {
    /// `None` where the denominator is nought.
    #[must_use]
    pub fn new(numerator: impl Into<BigInt>, denominator: impl Into<BigInt>) -> Option<Self> {
        let (numerator, denominator) = (numerator.into(), denominator.into());
        let turned = denominator.sign() == Sign::Minus;
        let numerator = if turned { -numerator } else { numerator };
        let (_, denominator) = denominator.into_parts();
        if denominator == BigUint::ZERO {
            return None;
        }
        Some(Self::of(numerator, denominator))
    }

    /// `-17/310` or `5`, as published tables hold it. `None` where it is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (numerator, denominator) = text.split_once('/').unwrap_or((text, "1"));
        Self::new(BigInt::from_str(numerator).ok()?, BigInt::from_str(denominator).ok()?)
    }

    /// A whole number.
    #[must_use]
    pub fn whole(number: impl Into<BigInt>) -> Self {
        Self { numerator: number.into(), denominator: BigUint::from(1u8) }
    }

    pub(super) fn hundredth() -> Self {
        Self { numerator: BigInt::from(1), denominator: BigUint::from(100u8) }
    }

    pub(super) fn millionth() -> Self {
        Self { numerator: BigInt::from(1), denominator: BigUint::from(1_000_000_u32) }
    }

    /// With the sign of the fraction.
    #[must_use]
    pub const fn numerator(&self) -> &BigInt {
        &self.numerator
    }

    /// At least 1.
    #[must_use]
    pub const fn denominator(&self) -> &BigUint {
        &self.denominator
    }

    /// Its size without its sign.
    #[must_use]
    pub fn size(&self) -> Self {
        Self { numerator: self.numerator.magnitude().clone().into(), denominator: self.denominator.clone() }
    }

    /// The nearest whole number, halves away from nought, so that −x gives minus what x gives. `None` where it needs more than 127 bits.
    #[must_use]
    pub fn half_up(&self) -> Option<Pence> {
        self.nearest(|twice_the_rest, denominator| twice_the_rest >= denominator)
    }

    /// The nearest whole number, "any amount of a halfpenny or less" disregarded (SI 2001/1004 reg 12(1)): contributions are worked
    /// out so. `None` where it needs more than 127 bits.
    #[must_use]
    pub fn half_disregarded(&self) -> Option<Pence> {
        self.nearest(|twice_the_rest, denominator| twice_the_rest > denominator)
    }

    fn nearest(&self, up: fn(&BigUint, &BigUint) -> bool) -> Option<Pence> {
        let size = self.numerator.magnitude();
        let mut whole = size / &self.denominator;
        let twice_the_rest = (size - &whole * &self.denominator) * 2u8;
        if up(&twice_the_rest, &self.denominator) {
            whole += 1u8;
        }
        let whole = Pence::try_from(whole).ok()?;
        Some(if self.numerator.sign() == Sign::Minus { -whole } else { whole })
    }

    fn of(numerator: BigInt, denominator: BigUint) -> Self {
        let common = greatest_common_divisor(numerator.magnitude().clone(), denominator.clone());
        Self { numerator: numerator / BigInt::from(common.clone()), denominator: denominator / common }
    }
}

impl fmt::Display for Fraction {
    /// `-17/310`, a whole number as `5/1`: decimal digits that any program reads.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}/{}", self.numerator, self.denominator))
    }
}

impl PartialOrd for Fraction {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Fraction {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let (mine, theirs) = (signed(&other.denominator), signed(&self.denominator));
        (&self.numerator * mine).cmp(&(&other.numerator * theirs))
    }
}

impl Add for &Fraction {
    type Output = Fraction;
    fn add(self, other: Self) -> Fraction {
        let numerator = &self.numerator * signed(&other.denominator) + &other.numerator * signed(&self.denominator);
        Fraction::of(numerator, &self.denominator * &other.denominator)
    }
}

impl Sub for &Fraction {
    type Output = Fraction;
    fn sub(self, other: Self) -> Fraction {
        let numerator = &self.numerator * signed(&other.denominator) - &other.numerator * signed(&self.denominator);
        Fraction::of(numerator, &self.denominator * &other.denominator)
    }
}

impl Mul for &Fraction {
    type Output = Fraction;
    fn mul(self, other: Self) -> Fraction {
        Fraction::of(&self.numerator * &other.numerator, &self.denominator * &other.denominator)
    }
}

fn signed(number: &BigUint) -> BigInt {
    BigInt::from(number.clone())
}

/// By Euclid; the other number where one is nought.
#[must_use]
pub(super) fn greatest_common_divisor(mut larger: BigUint, mut smaller: BigUint) -> BigUint {
    while smaller != BigUint::ZERO {
        let rest = &larger % &smaller;
        larger = std::mem::replace(&mut smaller, rest);
    }
    larger
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fraction(numerator: i64, denominator: i64) -> Fraction {
        Fraction::new(numerator, denominator).unwrap()
    }

    #[test]
    fn lowest_terms_and_a_positive_denominator() {
        assert_eq!(fraction(6, -4).to_string(), "-3/2");
        assert_eq!(fraction(0, 7).to_string(), "0/1");
        assert_eq!(fraction(10, 2).to_string(), "5/1");
        assert_eq!(Fraction::new(1, 0), None);
        assert_eq!(Fraction::parse("-17/310"), Fraction::new(-17, 310));
        assert_eq!(Fraction::parse("5"), Some(Fraction::whole(5)));
        assert!(["", "1/0", "1.5", "a/b"].iter().all(|text| Fraction::parse(text).is_none()));
    }

    #[test]
    fn halves_go_away_from_nought_and_a_halfpenny_of_contributions_is_disregarded() {
        let both = |numerator, denominator| {
            let exact = fraction(numerator, denominator);
            (exact.half_up().unwrap(), exact.half_disregarded().unwrap())
        };
        assert_eq!(both(5, 2), (3, 2));
        assert_eq!(both(-5, 2), (-3, -2));
        assert_eq!(both(2501, 1000), (3, 3));
        assert_eq!(both(2499, 1000), (2, 2));
        assert_eq!(both(-7, 1), (-7, -7));
        assert_eq!(Fraction::whole(BigInt::from(i128::MAX) + 1).half_up(), None);
    }

    proptest! {
        #[test]
        fn sums_differences_products_and_order(a in -999i64..999, b in 1i64..999, c in -999i64..999, d in 1i64..999) {
            let (x, y) = (fraction(a, b), fraction(c, d));
            prop_assert_eq!(&x + &y, fraction(a * d + c * b, b * d));
            prop_assert_eq!(&x - &y, fraction(a * d - c * b, b * d));
            prop_assert_eq!(&x * &y, fraction(a * c, b * d));
            prop_assert_eq!(x.cmp(&y), (a * d).cmp(&(c * b)));
            let gap = &Fraction::whole(x.half_up().unwrap()) - &x;
            prop_assert!(gap.size() <= fraction(1, 2));
        }
    }
}
