//! The share in force of a service: what its partners agreed, or what its driver says where the two are too far apart.
//!
//! As South Hams and West Devon publish it: an agreed share stands as long as the driver lies within three percentage points of it.

use num_bigint::BigInt;

use super::{Fraction, Quantity};

/// One row of `share.csv` on the first day of a period, with the partner's volume of the row's driver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartnerShare {
    pub partner: String,
    /// What was agreed, as a weight among the partners; `None` where nothing was.
    pub weight: Option<u128>,
    /// The partner's own use of the service, by the driver; `None` where the rows name no driver, or it has no volume.
    pub volume: Option<u128>,
    /// Percentage points by which the driver may differ, itself still inside.
    pub tolerance: Quantity,
    /// Whether an approved exception keeps the agreed share also outside.
    pub exception: bool,
}

/// Which share stands, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Used {
    /// The agreed one: every partner is inside its tolerance.
    Agreed,
    /// The driver's, for all: a partner is outside.
    Driver,
    /// The agreed one though a partner is outside: all rows have an exception.
    AgreedByException,
    /// The agreed one: there is no driver, or no volume of it.
    AgreedOnly,
    /// The driver's: nothing was agreed.
    DriverOnly,
}

impl Used {
    /// The word in `driver_register`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Agreed => "agreed",
            Self::Driver => "driver",
            Self::AgreedByException => "agreed_by_exception",
            Self::AgreedOnly => "agreed_only",
            Self::DriverOnly => "driver_only",
        }
    }
}

/// What stands for one service, with both figures of every partner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShareInForce {
    pub used: Used,
    /// Of every row, in its order: the weight that stands.
    pub weights: Vec<u128>,
    /// Of every row, in its order: the driver's share less the agreed one; `None` where one of them is not there. Where nobody used anything
    /// of the driver its share is nought.
    pub driver_minus_agreed: Vec<Option<Fraction>>,
}

/// The share in force of the partners of one service. `None` where there are neither weights nor volumes.
#[must_use]
pub fn share_in_force(rows: &[PartnerShare]) -> Option<ShareInForce> {
    let agreed = parts(rows.iter().map(|row| row.weight.unwrap_or(0)).collect());
    let driver = parts(rows.iter().map(|row| row.volume.unwrap_or(0)).collect());
    let Some((agreed, driver)) = agreed.as_ref().zip(driver.as_ref()) else {
        let used = if agreed.is_some() { Used::AgreedOnly } else { Used::DriverOnly };
        let unused = rows.iter().any(|row| row.volume.is_some());
        let below = |(_, agreed): &(Vec<u128>, Vec<Fraction>)| agreed.iter().map(|agreed| Some(&Fraction::whole(0) - agreed)).collect();
        let driver_minus_agreed = agreed.as_ref().filter(|_| unused).map_or_else(|| vec![None; rows.len()], below);
        let (weights, _) = agreed.or(driver)?;
        return Some(ShareInForce { used, weights, driver_minus_agreed });
    };
    let gaps: Vec<Fraction> = driver.1.iter().zip(&agreed.1).map(|(driver, agreed)| driver - agreed).collect();
    let is_inside = rows.iter().zip(&gaps).all(|(row, gap)| gap.size() <= row.tolerance.hundredth());
    let used = match (is_inside, rows.iter().all(|row| row.exception)) {
        (true, _) => Used::Agreed,
        (false, true) => Used::AgreedByException,
        (false, false) => Used::Driver,
    };
    let weights = if used == Used::Driver { &driver.0 } else { &agreed.0 };
    Some(ShareInForce { used, weights: weights.clone(), driver_minus_agreed: gaps.into_iter().map(Some).collect() })
}

/// Weights, and each as a part of all; `None` where they are all nought.
fn parts(weights: Vec<u128>) -> Option<(Vec<u128>, Vec<Fraction>)> {
    let total: BigInt = weights.iter().copied().map(BigInt::from).sum();
    let parts: Option<Vec<Fraction>> = weights.iter().map(|weight| Fraction::new(*weight, total.clone())).collect();
    parts.filter(|parts| !parts.is_empty()).map(|parts| (weights, parts))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn two(weights: [u128; 2], volumes: [u128; 2], exception: bool) -> Vec<PartnerShare> {
        let row = |partner: &str, weight, volume| PartnerShare {
            partner: partner.into(),
            weight: Some(weight),
            volume: Some(volume),
            tolerance: Quantity::from_millionths(3_000_000),
            exception,
        };
        vec![row("south_hams", weights[0], volumes[0]), row("west_devon", weights[1], volumes[1])]
    }

    fn used(rows: &[PartnerShare]) -> (Used, Vec<u128>) {
        let share = share_in_force(rows).unwrap();
        (share.used, share.weights)
    }

    #[test]
    fn south_hams_and_west_devon() {
        let inside = [([70, 30], [53_418, 23_154]), ([82, 18], [495, 104]), ([63, 37], [46_949, 27_112]), ([75, 25], [2_286, 807])];
        for (agreed, volumes) in inside {
            assert_eq!(used(&two(agreed, volumes, false)), (Used::Agreed, agreed.to_vec()));
        }
        let rates = [86_747_206, 32_839_979];
        assert_eq!(used(&two([63, 37], rates, false)), (Used::Driver, rates.to_vec()));
        assert_eq!(used(&two([63, 37], rates, true)), (Used::AgreedByException, vec![63, 37]));
    }

    #[test]
    fn the_golden_partnership() {
        let gaps = |rows: &[PartnerShare]| share_in_force(rows).unwrap().driver_minus_agreed[0].clone().unwrap().to_string();
        assert_eq!(used(&two([70, 30], [600, 330], false)), (Used::Driver, vec![600, 330]));
        assert_eq!(gaps(&two([70, 30], [600, 330], false)), "-17/310");
        assert_eq!(used(&two([62, 38], [50, 30], false)).0, Used::Agreed);
        assert_eq!(gaps(&two([62, 38], [50, 30], false)), "1/200");
        assert_eq!(used(&two([50, 50], [40, 25], true)).0, Used::AgreedByException);
        assert_eq!(gaps(&two([50, 50], [40, 25], true)), "3/26");
    }

    #[test]
    fn the_edge_is_inside_and_an_exception_must_be_in_every_row() {
        assert_eq!(used(&two([50, 50], [53, 47], false)).0, Used::Agreed, "three points exactly");
        assert_eq!(used(&two([50, 50], [530_001, 469_999], false)).0, Used::Driver);
        let mut one = two([50, 50], [60, 40], true);
        one[1].exception = false;
        assert_eq!(used(&one).0, Used::Driver);
        let mut narrow = two([62, 38], [50, 30], false);
        narrow.iter_mut().for_each(|row| row.tolerance = Quantity::default());
        assert_eq!(used(&narrow).0, Used::Driver, "a tolerance of nought");
    }

    #[test]
    fn one_side_alone_or_none() {
        let mut rows = two([62, 38], [0, 0], false);
        assert_eq!(used(&rows), (Used::AgreedOnly, vec![62, 38]));
        let gaps = share_in_force(&rows).unwrap().driver_minus_agreed;
        assert_eq!(gaps.iter().flatten().map(ToString::to_string).collect::<Vec<_>>(), ["-31/50", "-19/50"], "nobody used anything");
        rows.iter_mut().for_each(|row| row.volume = None);
        assert_eq!(used(&rows).0, Used::AgreedOnly);
        assert_eq!(share_in_force(&rows).unwrap().driver_minus_agreed, [None, None]);
        let mut driven = two([0, 0], [5, 6], false);
        driven.iter_mut().for_each(|row| row.weight = None);
        assert_eq!(used(&driven), (Used::DriverOnly, vec![5, 6]));
        driven.iter_mut().for_each(|row| row.volume = None);
        assert_eq!(share_in_force(&driven), None);
        assert_eq!(share_in_force(&[]), None);
    }

    proptest! {
        /// The share that stands is one of the two as a whole; the driver's only if a partner is outside by plain arithmetic.
        #[test]
        fn one_share_or_the_other(weights in [1u128..999, 1u128..999], volumes in [1u128..9_999, 1u128..9_999], exception: bool) {
            let (used, stands) = used(&two(weights, volumes, exception));
            let (weight_total, volume_total) = (weights[0] + weights[1], volumes[0] + volumes[1]);
            let gap = (weights[0] * volume_total).abs_diff(volumes[0] * weight_total);
            let is_inside = gap * 100 <= 3 * weight_total * volume_total;
            prop_assert_eq!(used == Used::Agreed, is_inside);
            prop_assert_eq!(used == Used::Driver, !is_inside && !exception);
            prop_assert_eq!(stands, if used == Used::Driver { volumes.to_vec() } else { weights.to_vec() });
        }
    }
}
