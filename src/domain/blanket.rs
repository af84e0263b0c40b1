//! A blanket rate beside what is true. It enters no cost.

use super::{Fraction, NoWeight, Pence, Quantity, Weights};

/// How a blanket charges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blanket {
    /// So much of each unit's base in pence, halves away from nought.
    Percent(Quantity),
    /// The whole of what is true, by the units' bases as weights.
    Weights,
}

/// A class of pay, or a bearer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlanketUnit {
    pub unit: String,
    /// Pence of the blanket's base, or the weight.
    pub base: i128,
    /// Pence, as paid or allocated.
    pub true_pence: Pence,
}

/// What a unit is charged, would be charged at a rate that recovers everything, and truly costs; in pence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlanketRow {
    pub unit: String,
    pub base: i128,
    pub blanket: Pence,
    pub level: Pence,
    pub true_pence: Pence,
}

impl BlanketRow {
    /// How far the rate is too low. Over all units: what the blanket fails to recover.
    #[must_use]
    pub const fn rate_effect(&self) -> Pence {
        self.level - self.blanket
    }

    /// What the unit truly costs more than its part of an even rate. Over all units: nought.
    #[must_use]
    pub const fn distribution_effect(&self) -> Pence {
        self.true_pence - self.level
    }
}

/// Units with their effects, in the order in which they were given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BlanketComparison {
    pub rows: Vec<BlanketRow>,
    /// Units whose base is nought or less, so that a percentage of it means nothing: their true pence are in no total.
    pub left_out: Vec<String>,
}

/// Holds a blanket beside the truth: *level* is the true total split by the bases, largest remainder, ties to the lowest unit.
///
/// # Errors
/// [`NoWeight`] where the bases sum to nought, or a figure needs more than 127 bits.
pub fn compare_blanket(blanket: Blanket, units: &[BlanketUnit]) -> Result<BlanketComparison, NoWeight> {
    let counts = |unit: &&BlanketUnit| blanket == Blanket::Weights || unit.base > 0;
    let (counted, left_out): (Vec<&BlanketUnit>, Vec<&BlanketUnit>) = units.iter().partition(counts);
    let left_out = left_out.into_iter().map(|unit| unit.unit.clone()).collect();
    if counted.is_empty() {
        return Ok(BlanketComparison { rows: Vec::new(), left_out });
    }
    let total = counted.iter().map(|unit| unit.true_pence).sum();
    let levels = Weights::new(counted.iter().map(|unit| (&unit.unit, unit.base)))?.apportion(total).ok_or(NoWeight)?;
    let row = |(unit, level): (&BlanketUnit, Pence)| {
        let charged = match blanket {
            Blanket::Percent(percent) => (&Fraction::whole(unit.base) * &percent.hundredth()).half_up().ok_or(NoWeight)?,
            Blanket::Weights => level,
        };
        Ok(BlanketRow { unit: unit.unit.clone(), base: unit.base, blanket: charged, level, true_pence: unit.true_pence })
    };
    let rows = counted.into_iter().zip(levels).map(row).collect::<Result<_, _>>()?;
    Ok(BlanketComparison { rows, left_out })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn unit(unit: &str, base: i128, true_pence: Pence) -> BlanketUnit {
        BlanketUnit { unit: unit.into(), base, true_pence }
    }

    fn shown(compared: &BlanketComparison) -> Vec<[Pence; 4]> {
        compared.rows.iter().map(|row| [row.blanket, row.level, row.rate_effect(), row.distribution_effect()]).collect()
    }

    #[test]
    fn thirty_per_cent_of_gross_pay() {
        let units = [
            unit("northam/shared/ict/", 66_667, 17_304),
            unit("northam/shared/legal/", 433_333, 117_320),
            unit("southam/shared/hr/", 250_000, 72_312),
        ];
        let compared = compare_blanket(Blanket::Percent(Quantity::from_millionths(30_000_000)), &units).unwrap();
        let expected = [[20_000, 18_394, -1_606, -1_090], [130_000, 119_563, -10_437, -2_243], [75_000, 68_979, -6_021, 3_333]];
        assert_eq!(shown(&compared), expected);
    }

    #[test]
    fn overhead_by_fixed_weights() {
        let units = [unit("northam", 60, 1_087_468), unit("oak_academy", 0, 4_824), unit("southam", 40, 742_992)];
        let compared = compare_blanket(Blanket::Weights, &units).unwrap();
        let expected = [[1_101_170, 1_101_170, 0, -13_702], [0, 0, 0, 4_824], [734_114, 734_114, 0, 8_878]];
        assert_eq!(shown(&compared), expected);
        assert_eq!(compare_blanket(Blanket::Weights, &units[1..2]), Err(NoWeight));
    }

    #[test]
    fn a_percentage_of_nothing_means_nothing() {
        let units = [unit("a", 0, 7), unit("b", -5, 9), unit("c", 100, 40)];
        let compared = compare_blanket(Blanket::Percent(Quantity::from_millionths(12_500_000)), &units).unwrap();
        assert_eq!(compared.left_out, ["a", "b"]);
        assert_eq!(shown(&compared), [[13, 40, 27, 0]], "12.5p is 13p");
        assert_eq!(compare_blanket(Blanket::Percent(Quantity::default()), &units[..2]).unwrap().rows, []);
    }

    proptest! {
        #[test]
        fn effects_sum_as_they_must(units in proptest::collection::vec((-50i128..9_999, -999i128..9_999), 1..8), percent in 0i128..60_000_000) {
            let units: Vec<BlanketUnit> =
                units.iter().enumerate().map(|(place, (base, pence))| unit(&place.to_string(), *base, *pence)).collect();
            let rows = compare_blanket(Blanket::Percent(Quantity::from_millionths(percent)), &units).unwrap().rows;
            let sum = |of: fn(&BlanketRow) -> Pence| rows.iter().map(of).sum::<Pence>();
            prop_assert_eq!(sum(BlanketRow::distribution_effect), 0);
            prop_assert_eq!(sum(BlanketRow::rate_effect), sum(|row| row.true_pence) - sum(|row| row.blanket));
        }
    }
}
