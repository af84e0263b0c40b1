//! Employer's contributions worked out again from the rate card, to hold beside what was paid. They enter no cost.

use std::collections::BTreeSet;

use super::{Fraction, NoWeight, Pence, Quantity, Weights};

/// What one assignment of a person earned on a pay date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Niable<'a> {
    /// Category letter; `None` where the register has none.
    pub letter: Option<&'a str>,
    /// `weekly`, `fortnightly`, `four_weekly` or `monthly`; `None` where the pay lines have none.
    pub pay_basis: Option<&'a str>,
    /// Whether contributions are worked out over the year, as for directors.
    pub is_annual: bool,
    /// Pence on which contributions are due; negative where pay was taken back.
    pub pence: Pence,
}

/// What the rate card says for a letter and a pay basis on a pay date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NiRate {
    /// Of earnings over the threshold.
    pub percent: Quantity,
    /// Pounds for the period of the pay basis.
    pub threshold_pounds: Quantity,
    /// Whether the letter has an upper threshold too, up to which nothing is due.
    pub has_upper_threshold: bool,
}

/// Why contributions are not worked out: such a figure is null and its assignments are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NotRecomputed {
    NoLetter,
    TwoLetters,
    NoPayBasis,
    TwoPayBases,
    /// The rate card has no row on the pay date; last year's is never taken.
    NoRate,
    /// Not yet worked out: the annual method.
    Annual,
    /// Not yet worked out: a letter with an upper threshold.
    UpperThreshold,
    /// The figure needs more than 127 bits.
    TooLarge,
}

/// Contributions of one person and employer for one pay date, in pence: posts are taken together, as the law has it; what is over the
/// threshold of the pay basis times the rate, to the nearest penny, "any amount of a halfpenny or less" disregarded (SI 2001/1004
/// reg 12(1)). Never below nought.
///
/// # Errors
/// [`NotRecomputed`] where they cannot be worked out.
pub fn employer_ni(earned: &[Niable<'_>], rate: impl Fn(&str, &str) -> Option<NiRate>) -> Result<Pence, NotRecomputed> {
    if earned.iter().any(|post| post.is_annual) {
        return Err(NotRecomputed::Annual);
    }
    let letter = one(earned.iter().map(|post| post.letter), NotRecomputed::NoLetter, NotRecomputed::TwoLetters)?;
    let basis = one(earned.iter().map(|post| post.pay_basis), NotRecomputed::NoPayBasis, NotRecomputed::TwoPayBases)?;
    let rate = rate(letter, basis).ok_or(NotRecomputed::NoRate)?;
    if rate.has_upper_threshold {
        return Err(NotRecomputed::UpperThreshold);
    }
    let nought = Fraction::whole(0);
    let earned = Fraction::whole(earned.iter().map(|post| post.pence).sum::<Pence>());
    let over = (&earned - &rate.threshold_pounds.pence()).max(nought);
    (&over * &rate.percent.hundredth()).half_disregarded().ok_or(NotRecomputed::TooLarge)
}

fn one<'a>(words: impl Iterator<Item = Option<&'a str>>, none: NotRecomputed, two: NotRecomputed) -> Result<&'a str, NotRecomputed> {
    let words: BTreeSet<&str> = words.collect::<Option<_>>().ok_or(none)?;
    if words.len() > 1 {
        return Err(two);
    }
    words.first().copied().ok_or(none)
}

/// Pension contributions of an assignment on a pay date: pensionable pay times the fund's rate, halves away from nought. `None` where the
/// figure needs more than 127 bits.
#[must_use]
pub fn employer_pension(pensionable: Pence, percent: Quantity) -> Option<Pence> {
    (&Fraction::whole(pensionable) * &percent.hundredth()).half_up()
}

/// Earnings of an assignment on one cost centre and account: what a contribution is passed on to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EarnedAt<'a> {
    pub assignment: &'a str,
    pub cost_centre: &'a str,
    pub account: &'a str,
    /// Pence on which the contribution was due.
    pub pence: Pence,
}

/// A contribution's parts by what was earned where, in the order of the earnings: largest remainder, ties to the lowest
/// `assignment/cost_centre/account`. A contribution of nought has parts of nought.
///
/// # Errors
/// [`NoWeight`] where the earnings sum to nought and the contribution does not.
pub fn pass_on(contribution: Pence, earned: &[EarnedAt<'_>]) -> Result<Vec<Pence>, NoWeight> {
    match earned {
        _ if contribution == 0 => return Ok(vec![0; earned.len()]),
        [at] if at.pence != 0 => return Ok(vec![contribution]),
        _ => {}
    }
    let key = |at: &EarnedAt<'_>| format!("{}/{}/{}", at.assignment, at.cost_centre, at.account);
    Weights::new(earned.iter().map(|at| (key(at), at.pence)))?.apportion(contribution).ok_or(NoWeight)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn earned(pence: Pence) -> Niable<'static> {
        Niable { letter: Some("A"), pay_basis: Some("monthly"), is_annual: false, pence }
    }

    fn rate(percent: i128, threshold: i128) -> NiRate {
        let (percent, threshold_pounds) = (Quantity::from_millionths(percent * 100_000), Quantity::from_millionths(threshold * 1_000_000));
        NiRate { percent, threshold_pounds, has_upper_threshold: false }
    }

    fn due(pence: Pence, rate: NiRate) -> Pence {
        employer_ni(&[earned(pence)], |_, _| Some(rate)).unwrap()
    }

    #[test]
    fn twenty_thousand_a_year() {
        assert_eq!(due(166_667, rate(138, 758)), 12_540, "2024/25, a month");
        assert_eq!(due(166_667, rate(150, 417)), 18_745, "2025/26, a month");
        assert_eq!(due(2_000_000, rate(138, 9_100)), 150_420, "2024/25, a year");
        assert_eq!(due(2_000_000, rate(150, 5_000)), 225_000, "2025/26, a year");
        assert_eq!(due(300_000, rate(138, 702)), 31_712, "the golden example");
        assert_eq!(due(200_000, rate(138, 702)), 17_912);
        assert_eq!(due(250_000, rate(138, 702)), 24_812);
    }

    #[test]
    fn a_halfpenny_is_disregarded_and_nothing_is_due_below_the_threshold() {
        assert_eq!(due(70_225, rate(100, 702)), 2, "2.5p");
        assert_eq!(due(70_226, rate(100, 702)), 3, "2.6p");
        assert_eq!(due(70_200, rate(138, 702)), 0);
        assert_eq!(due(-5_000, rate(138, 702)), 0);
    }

    #[test]
    fn posts_are_taken_together_and_the_sum_is_passed_on() {
        let both = [earned(60_000), earned(40_000)];
        let ni = employer_ni(&both, |_, _| Some(rate(138, 702))).unwrap();
        assert_eq!(ni, 4_112, "each alone would be below the threshold");
        let at = |assignment, pence| EarnedAt { assignment, cost_centre: "N100", account: "1000", pence };
        assert_eq!(pass_on(ni, &[at("two", 40_000), at("one", 60_000)]).unwrap(), [1_645, 2_467]);
        assert_eq!(pass_on(0, &[at("two", 5), at("one", -5)]).unwrap(), [0, 0]);
        assert_eq!(pass_on(1, &[at("two", 5), at("one", -5)]), Err(NoWeight));
    }

    #[test]
    fn what_cannot_be_worked_out() {
        let answer = |posts: &[Niable<'_>], rate: Option<NiRate>| employer_ni(posts, |_, _| rate).unwrap_err();
        let monthly = rate(138, 702);
        let mut posts = [earned(1), earned(1)];
        assert_eq!(answer(&posts, None), NotRecomputed::NoRate);
        assert_eq!(answer(&posts, Some(NiRate { has_upper_threshold: true, ..monthly })), NotRecomputed::UpperThreshold);
        posts[1].pay_basis = Some("weekly");
        assert_eq!(answer(&posts, Some(monthly)), NotRecomputed::TwoPayBases);
        posts[1].pay_basis = None;
        assert_eq!(answer(&posts, Some(monthly)), NotRecomputed::NoPayBasis);
        posts[1].letter = Some("H");
        assert_eq!(answer(&posts, Some(monthly)), NotRecomputed::TwoLetters);
        posts[1].letter = None;
        assert_eq!(answer(&posts, Some(monthly)), NotRecomputed::NoLetter);
        posts[1].is_annual = true;
        assert_eq!(answer(&posts, Some(monthly)), NotRecomputed::Annual);
        assert_eq!(answer(&[], Some(monthly)), NotRecomputed::NoLetter);
    }

    #[test]
    fn pension_is_rounded_half_up() {
        assert_eq!(employer_pension(250_000, Quantity::from_millionths(19_500_000)), Some(48_750));
        assert_eq!(employer_pension(300_000, Quantity::from_millionths(17_000_000)), Some(51_000));
        assert_eq!(employer_pension(50, Quantity::from_millionths(1_000_000)), Some(1));
        assert_eq!(employer_pension(-50, Quantity::from_millionths(1_000_000)), Some(-1), "pay that was taken back");
    }

    proptest! {
        #[test]
        fn within_a_halfpenny_and_wholly_passed_on(pence in proptest::collection::vec(1i128..9_999_999, 1..5), percent in 1i128..300, threshold in 0i128..999) {
            let posts: Vec<Niable<'_>> = pence.iter().map(|pence| earned(*pence)).collect();
            let ni = employer_ni(&posts, |_, _| Some(rate(percent, threshold))).unwrap();
            let over = (pence.iter().sum::<Pence>() - threshold * 100).max(0);
            // In thousandths of a penny: at most a halfpenny less, and less than a halfpenny more.
            let gap = ni * 1_000 - over * percent;
            prop_assert!((-500..500).contains(&gap));
            let names: Vec<String> = (0..pence.len()).map(|place| place.to_string()).collect();
            let at = |(name, pence)| EarnedAt { assignment: name, cost_centre: "c", account: "a", pence };
            let earned: Vec<EarnedAt<'_>> = names.iter().map(String::as_str).zip(pence).map(at).collect();
            prop_assert_eq!(pass_on(ni, &earned).unwrap().iter().sum::<Pence>(), ni);
        }
    }
}
