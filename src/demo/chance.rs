//! Chance from a seed: the same on every machine and in every version.

/// xoshiro256++ of Blackman and Vigna, started by splitmix64 as they advise.
#[derive(Clone, Debug)]
pub(super) struct Chance([u64; 4]);

impl Chance {
    pub(super) fn new(mut seed: u64) -> Self {
        let mut next = || {
            seed = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mixed = (seed ^ (seed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            mixed ^ (mixed >> 31)
        };
        Self([next(), next(), next(), next()])
    }

    pub(super) fn draw(&mut self) -> u64 {
        let [s0, s1, s2, s3] = &mut self.0;
        let drawn = s0.wrapping_add(*s3).rotate_left(23).wrapping_add(*s0);
        let shifted = *s1 << 17;
        *s2 ^= *s0;
        *s3 ^= *s1;
        *s1 ^= *s2;
        *s0 ^= *s3;
        *s2 ^= shifted;
        *s3 = s3.rotate_left(45);
        drawn
    }

    /// Evenly from `0..end`; 0 where that is empty.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        ((u128::from(self.draw()) * u128::from(end)) >> 64) as u64
    }

    /// From `0..end`, small numbers more often: a few codes carry most lines of a ledger.
    pub(super) fn low(&mut self, end: u64) -> u64 {
        self.below(end).min(self.below(end))
    }

    /// Pence of which each doubling, from 5.12 pounds up to `2^high` pence, is equally likely.
    pub(super) fn amount(&mut self, high: u64) -> i64 {
        let doubling = 9 + self.below(high.saturating_sub(9));
        (1_i64 << doubling) + self.below(1 << doubling) as i64
    }

    /// One of several; `None` of none.
    pub(super) fn of<'a, T>(&mut self, choices: &'a [T]) -> Option<&'a T> {
        choices.get(usize::try_from(self.below(choices.len() as u64)).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_are_those_of_the_published_generators() {
        // splitmix64 from 0, then xoshiro256++, as their authors' programs print them.
        let mut chance = Chance::new(0);
        assert_eq!(chance.0, [0xE220_A839_7B1D_CDAF, 0x6E78_9E6A_A1B9_65F4, 0x06C4_5D18_8009_454F, 0xF88B_B8A8_724C_81EC]);
        assert_eq!(chance.draw(), 0x5317_5D61_490B_23DF);
        let mut known = Chance([1, 2, 3, 4]);
        assert_eq!([known.draw(), known.draw(), known.draw()], [41_943_041, 58_720_359, 3_588_806_011_781_223]);
    }

    #[test]
    fn amounts_stay_within_their_bounds() {
        let mut chance = Chance::new(7);
        let amounts: Vec<i64> = (0..10_000).map(|_| chance.amount(26)).collect();
        assert!(amounts.iter().all(|pence| (512..1 << 26).contains(pence)));
        assert!(amounts.iter().filter(|pence| **pence < 1 << 17).count() > 4_000);
    }
}
