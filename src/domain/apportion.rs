//! Splitting pence by weights, exactly: the one way in which an amount of money becomes several.

use std::fmt;

use num_bigint::{BigInt, Sign};

use super::Pence;

/// Weights by which amounts are split, made ready once for many amounts.
///
/// *Largest remainder*: everybody gets the whole pence of its exact part (rounded down), and the pence that are left go one by one to
/// the largest remainders; of equal ones to the lowest key, by bytes. The parts sum to the amount, and each is less than a penny from
/// exact. Splitting −x gives minus the parts of x. A weight of nought gets 0. The order in which weights are given changes nothing.
#[derive(Clone, Debug)]
pub struct Weights {
    /// As given, in that order; all with the other sign where they sum to less than nought, which changes no part.
    each: Vec<BigInt>,
    /// Their sum, positive.
    total: BigInt,
    /// Of each: how many keys are lower.
    rank: Vec<usize>,
    /// Of each: its share of the total in units of 2⁻¹²⁷, rounded down. Empty where weights have both signs.
    shares: Vec<u128>,
}

/// All of the total, in the unit of `shares`.
const WHOLE: u128 = 1 << 127;

/// The weights sum to nought (or there are none): nothing can be split by them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoWeight;

/// How parts fail to be a split of an amount (check 16). Places count from 0, in the order of the weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missplit {
    /// Not as many parts as weights.
    Count,
    /// The parts do not sum to the amount: by so many pence too much.
    Sum(Pence),
    /// The part at this place is a penny or more from its exact part.
    FarFromExact(usize),
}

impl fmt::Display for Missplit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count => write!(f, "not as many parts as weights"),
            Self::Sum(pence) => write!(f, "the parts differ from the amount by {pence}p"),
            Self::FarFromExact(place) => write!(f, "part {} is a penny or more from exact", place + 1),
        }
    }
}

impl Weights {
    /// Weights with their keys. Keys are told apart by their bytes, so no two should be the same (of equal keys the first given is the
    /// lower). A negative weight takes what the others get too much of: earnings of one post that were taken back, beside another's.
    ///
    /// # Errors
    /// [`NoWeight`] where they sum to nought.
    pub fn new<K: AsRef<[u8]>, W: Into<BigInt>>(weights: impl IntoIterator<Item = (K, W)>) -> Result<Self, NoWeight> {
        let (keys, mut weights): (Vec<K>, Vec<BigInt>) = weights.into_iter().map(|(key, weight)| (key, weight.into())).unzip();
        let mut total: BigInt = weights.iter().sum();
        match total.sign() {
            Sign::NoSign => return Err(NoWeight),
            Sign::Minus => {
                total = -total;
                weights.iter_mut().for_each(|weight| *weight = -std::mem::take(weight));
            }
            Sign::Plus => {}
        }
        let mut by_key: Vec<(usize, &K)> = keys.iter().enumerate().collect();
        by_key.sort_by(|(_, a), (_, b)| a.as_ref().cmp(b.as_ref()));
        let mut places: Vec<(usize, usize)> = by_key.into_iter().enumerate().map(|(rank, (place, _))| (place, rank)).collect();
        places.sort_unstable();
        let share = |weight: &BigInt| u128::try_from(weight * BigInt::from(WHOLE) / &total).ok();
        let one_sign = weights.iter().all(|weight| weight.sign() != Sign::Minus);
        let shares = one_sign.then(|| weights.iter().map(share).collect::<Option<_>>()).flatten().unwrap_or_default();
        Ok(Self { each: weights, total, rank: places.into_iter().map(|(_, rank)| rank).collect(), shares })
    }

    /// The parts of an amount, in the order of the weights.
    ///
    /// `None` only where weights have both signs and a part needs more than 127 bits.
    #[must_use]
    pub fn apportion(&self, amount: Pence) -> Option<Vec<Pence>> {
        let quick = u64::try_from(amount.unsigned_abs()).ok().and_then(|size| self.by_shares(size));
        let mut parts = quick.or_else(|| self.by_weights(amount.unsigned_abs()))?;
        if amount < 0 {
            parts.iter_mut().for_each(|part| *part = -*part);
        }
        Some(parts)
    }

    /// By the weights themselves.
    fn by_weights(&self, size: u128) -> Option<Vec<Pence>> {
        let size = BigInt::from(size);
        let mut parts = Vec::with_capacity(self.each.len());
        let mut rests = Vec::with_capacity(self.each.len());
        let mut left = size.clone();
        for (place, (weight, rank)) in self.each.iter().zip(&self.rank).enumerate() {
            let (whole, rest) = self.divide(weight * &size);
            left -= &whole;
            parts.push(Pence::try_from(whole).ok()?);
            rests.push((rest, *rank, place));
        }
        // The remainders sum to `left` times the total, and each is below the total: fewer pence are left than there are remainders.
        let left = usize::try_from(left).ok().filter(|left| *left < rests.len())?;
        let (first, ..) = rests.select_nth_unstable_by(left, |(a, first, _), (b, second, _)| b.cmp(a).then(first.cmp(second)));
        add_pennies(&mut parts, first.iter().map(|(.., place)| *place))?;
        Some(parts)
    }

    /// By the rounded shares: the same parts, or `None` where the rounding leaves in doubt what they are.
    ///
    /// An exact part lies in [share · size, share · size + size) units of 2⁻¹²⁷ penny. In doubt is a part for which that spans a whole
    /// penny, and the odd pennies where those spans overlap between one that would get a penny and one that would not; unless these have
    /// equal weights, since then the lower key is the one that is meant.
    fn by_shares(&self, size: u64) -> Option<Vec<Pence>> {
        let mut parts = Vec::with_capacity(self.shares.len());
        let mut rests = Vec::with_capacity(self.shares.len());
        let mut left = size;
        for (place, (share, rank)) in self.shares.iter().zip(&self.rank).enumerate() {
            let (whole, rest) = multiply(*share, size);
            if rest + u128::from(size) > WHOLE {
                return None;
            }
            left = left.checked_sub(whole)?;
            parts.push(Pence::from(whole));
            rests.push((rest, *rank, place));
        }
        let left = usize::try_from(left).ok().filter(|left| *left < rests.len())?;
        let (first, next, after) = rests.select_nth_unstable_by(left, |(a, first, _), (b, second, _)| b.cmp(a).then(first.cmp(second)));
        if let Some((least, ..)) = first.iter().min_by_key(|(rest, ..)| *rest) {
            let may_tie = |rest: u128, with: u128| rest.abs_diff(with) < u128::from(size);
            let near_first = first.iter().filter(|(rest, ..)| may_tie(*rest, next.0));
            let near_after = after.iter().chain([&*next]).filter(|(rest, ..)| may_tie(*rest, *least));
            let mut near = near_first.chain(near_after).map(|(.., place)| self.each.get(*place));
            let weight = near.next();
            if near.any(|other| Some(other) != weight) {
                return None;
            }
        }
        add_pennies(&mut parts, first.iter().map(|(.., place)| *place))?;
        Some(parts)
    }

    /// Proves that parts are a split of the amount (check 16), by another way than they were made: by multiplying.
    ///
    /// # Errors
    /// [`Missplit`] says what is wrong.
    pub fn prove(&self, amount: Pence, parts: &[Pence]) -> Result<(), Missplit> {
        if parts.len() != self.each.len() {
            return Err(Missplit::Count);
        }
        let sum = parts.iter().try_fold(0, |sum: Pence, part| sum.checked_add(*part));
        match sum.and_then(|sum| sum.checked_sub(amount)) {
            Some(0) => {}
            over => return Err(Missplit::Sum(over.unwrap_or(Pence::MAX))),
        }
        for (place, (part, weight)) in parts.iter().zip(&self.each).enumerate() {
            let gap = &self.total * *part - weight * amount;
            if gap.magnitude() >= self.total.magnitude() {
                return Err(Missplit::FarFromExact(place));
            }
        }
        Ok(())
    }

    /// Whole number below, and what is left, at least nought and below the total.
    fn divide(&self, exact: BigInt) -> (BigInt, BigInt) {
        let whole = &exact / &self.total;
        let rest = exact - &whole * &self.total;
        if rest.sign() == Sign::Minus { (whole - 1, rest + &self.total) } else { (whole, rest) }
    }
}

/// A penny more for each of these places.
fn add_pennies(parts: &mut [Pence], places: impl Iterator<Item = usize>) -> Option<()> {
    for place in places {
        let part = parts.get_mut(place)?;
        *part = part.checked_add(1)?;
    }
    Some(())
}

/// Whole pence of a share of `size` pence, and what is left in units of 2⁻¹²⁷ penny.
fn multiply(share: u128, size: u64) -> (u64, u128) {
    const LOW: u128 = u64::MAX as u128;
    let low = (share & LOW) * u128::from(size);
    let high = (share >> 64) * u128::from(size) + (low >> 64);
    ((high >> 63) as u64, ((high << 64) | (low & LOW)) & (WHOLE - 1))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn split(amount: Pence, weights: &[(&str, i64)]) -> Vec<Pence> {
        let weights = Weights::new(weights.iter().copied()).unwrap();
        let parts = weights.apportion(amount).unwrap();
        assert_eq!(weights.prove(amount, &parts), Ok(()));
        parts
    }

    #[test]
    fn the_odd_penny_goes_to_the_largest_remainder_and_of_equal_ones_to_the_lowest_key() {
        assert_eq!(split(18_225, &[("a", 98), ("b", 2)]), [17_861, 364]);
        assert_eq!(split(5, &[("a", 70), ("b", 30)]), [4, 1]);
        assert_eq!(split(5, &[("b", 30), ("a", 70)]), [1, 4]);
        assert_eq!(split(9_001, &[("southam", 1), ("northam", 1)]), [4_500, 4_501]);
        assert_eq!(split(200_000, &[("shared/legal/", 2), ("shared/ict/", 1)]), [133_333, 66_667]);
        assert_eq!(split(17_912, &[("shared/legal/", 2), ("shared/ict/", 1)]), [11_941, 5_971]);
    }

    #[test]
    fn a_negative_amount_is_the_positive_one_turned() {
        assert_eq!(split(-12_345, &[("legal/external/oak", 2), ("legal/shared/n", 20), ("legal/shared/s", 11)]), [-748, -7_482, -4_115]);
        assert_eq!(split(-18_225, &[("a", 98), ("b", 2)]), [-17_861, -364]);
    }

    #[test]
    fn a_thousand_pennies_are_pooled_and_split_once() {
        assert_eq!(split(1_000, &[("a", 60), ("b", 40)]), [600, 400]);
        let one_by_one: Pence = (0..1_000).map(|_| split(1, &[("a", 60), ("b", 40)])[0]).sum();
        assert_eq!(one_by_one, 1_000, "what rounding line by line would give");
    }

    #[test]
    fn nought() {
        assert_eq!(split(0, &[("a", 1), ("b", 2)]), [0, 0]);
        assert_eq!(split(7, &[("a", 0), ("b", 3), ("c", 0)]), [0, 7, 0]);
        assert_eq!(split(1, &[("a", 0), ("b", 1), ("c", 1)]), [0, 1, 0]);
        assert_eq!(Weights::new([("a", 0)]).unwrap_err(), NoWeight);
        assert_eq!(Weights::new([("a", 5), ("b", -5)]).unwrap_err(), NoWeight);
        assert_eq!(Weights::new::<&str, i64>([]).unwrap_err(), NoWeight);
    }

    #[test]
    fn weights_of_both_signs_and_parts_beyond_measure() {
        assert_eq!(split(1, &[("a", 3), ("b", -1)]), [2, -1]);
        assert_eq!(split(1, &[("a", -3), ("b", 1)]), [2, -1], "the sign of all weights together means nothing");
        let far = Weights::new([("a", i128::MAX), ("b", -i128::MAX + 1)]).unwrap();
        assert_eq!(far.apportion(Pence::MAX), None);
        assert_eq!(split(Pence::MIN + 1, &[("a", 1), ("b", 1)]), [Pence::MIN / 2, Pence::MIN / 2 + 1]);
    }

    #[test]
    fn what_is_no_split_is_told() {
        let weights = Weights::new([("a", 1), ("b", 1), ("c", 1)]).unwrap();
        assert_eq!(weights.prove(10, &[4, 3]), Err(Missplit::Count));
        assert_eq!(weights.prove(10, &[3, 3, 3]), Err(Missplit::Sum(-1)));
        assert_eq!(weights.prove(10, &[5, 3, 2]), Err(Missplit::FarFromExact(0)));
        assert_eq!(weights.prove(10, &[3, 4, 3]), Ok(()));
    }

    fn keyed() -> impl Strategy<Value = Vec<(String, i64)>> {
        proptest::collection::btree_map("[a-c/]{1,3}", prop_oneof![Just(0i64), 1i64..10, 1i64..i64::MAX], 1..9)
            .prop_map(|weights| weights.into_iter().collect())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn sums_nearness_sign_and_order(weights in keyed(), amount in any::<i64>(), seed in any::<u64>()) {
            prop_assume!(weights.iter().any(|(_, weight)| *weight > 0));
            let amount = Pence::from(amount);
            let ready = Weights::new(weights.clone()).unwrap();
            let parts = ready.apportion(amount).unwrap();
            prop_assert_eq!(ready.prove(amount, &parts), Ok(()));
            prop_assert_eq!(&ready.by_weights(amount.unsigned_abs()).unwrap(), &ready.apportion(amount.abs()).unwrap());
            let turned: Vec<Pence> = ready.apportion(-amount).unwrap().into_iter().map(|part| -part).collect();
            prop_assert_eq!(&turned, &parts);
            for (part, (_, weight)) in parts.iter().zip(&weights) {
                prop_assert!(*weight != 0 || *part == 0);
            }
            let mut turned: Vec<(usize, &(String, i64))> = weights.iter().enumerate().collect();
            turned.sort_by_key(|(place, _)| (*place as u64).wrapping_mul(seed | 1).rotate_left(17));
            let other = Weights::new(turned.iter().map(|(_, (key, weight))| (key, *weight))).unwrap().apportion(amount).unwrap();
            for ((place, _), part) in turned.iter().zip(other) {
                prop_assert_eq!(part, parts[*place]);
            }
            let doubled = Weights::new(weights.iter().map(|(key, weight)| (key, BigInt::from(*weight) * 2))).unwrap();
            prop_assert_eq!(doubled.apportion(amount).unwrap(), parts);
        }

        /// Small weights: many exact parts, ties and whole pennies, where the rounded shares are in doubt.
        #[test]
        fn rounded_shares_give_what_the_weights_give(weights in proptest::collection::vec(0u8..6, 1..12), size in 0u64..400) {
            prop_assume!(weights.iter().any(|weight| *weight > 0));
            let ready = Weights::new(weights.iter().enumerate().map(|(place, weight)| ([place as u8], *weight))).unwrap();
            if let Some(parts) = ready.by_shares(size) {
                prop_assert_eq!(parts, ready.by_weights(size.into()).unwrap());
            }
        }

        #[test]
        fn weights_of_both_signs(weights in proptest::collection::btree_map("[a-c]{1,2}", -50i64..50, 1..6), amount in -9_999i128..9_999) {
            prop_assume!(weights.values().sum::<i64>() != 0);
            let ready = Weights::new(weights).unwrap();
            prop_assert_eq!(ready.prove(amount, &ready.apportion(amount).unwrap()), Ok(()));
        }
    }
}
