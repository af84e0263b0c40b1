//! Sums of two or three partners over a year.

use proptest::prelude::*;

use super::*;

const APRIL: Period = Period { year: 2018, period: 1 };
const TERMS: RechargeTerms = RechargeTerms { tolerance: 5, window: 1 };

fn at(period: u8) -> Period {
    Period { year: 2018, period }
}

fn sum(council: &str, other: &str, reference: &str, period: u8, pence: Pence) -> RechargeSum {
    RechargeSum {
        council: council.into(),
        other: Some(other.to_owned()).filter(|other| !other.is_empty()),
        reference: reference_key(reference),
        period: at(period),
        pence,
        places: [RechargePlace::Service("ict".into())].into(),
    }
}

fn paid(reference: &str, period: u8, pence: Pence) -> RechargeSum {
    sum("southam", "northam", reference, period, pence)
}

fn got(reference: &str, period: u8, pence: Pence) -> RechargeSum {
    sum("northam", "southam", reference, period, -pence)
}

fn shown(result: &RechargePeriod) -> (Vec<(Pence, Pence)>, Vec<(Pence, u32, Option<Unmatched>)>) {
    let open = result.open.iter().map(|open| (open.sum.pence, open.age_periods, open.reason)).collect();
    (result.pairs.iter().map(|pair| (pair.paid, pair.received)).collect(), open)
}

fn matched(sums: &[RechargeSum]) -> Vec<(Vec<(Pence, Pence)>, Vec<(Pence, u32, Option<Unmatched>)>)> {
    match_recharges(sums, &[], TERMS).values().map(shown).collect()
}

#[test]
fn the_golden_partnership() {
    let sums = [paid("INV-1001", 1, 400_003), got(" inv-1001 ", 1, 400_000), sum("southam", "northam", "INV-77", 1, -15_000)];
    let result = match_recharges(&sums, &[], TERMS).remove(&APRIL).unwrap();
    let pair = &result.pairs[0];
    let (service, payer, payee) = ("ict".into(), "southam".into(), "northam".into());
    let reference = "inv-1001".into();
    assert_eq!(*pair, RechargePair { service, payer, payee, reference, paid: 400_003, received: -400_000 });
    assert_eq!((pair.eliminated(), pair.difference()), (400_003, 3));
    assert_eq!(shown(&result).1, [(-15_000, 0, None)]);
    assert_eq!(result.bridge["northam"], RechargeBridge { eliminated: -400_003, difference: 3, unmatched: 0 });
    assert_eq!(result.bridge["southam"], RechargeBridge { eliminated: 400_003, difference: 0, unmatched: -15_000 });
    let strict = match_recharges(&sums, &[], RechargeTerms { tolerance: 2, ..TERMS }).remove(&APRIL).unwrap();
    assert_eq!((strict.pairs.len(), strict.open.len()), (0, 3));
}

#[test]
fn a_later_period_takes_the_oldest_inside_the_window() {
    let both = matched(&[paid("a", 1, 100), got("a", 2, 98)]);
    assert_eq!(both, [(vec![], vec![(100, 0, None)]), (vec![(100, -98)], vec![])]);
    let late = matched(&[paid("a", 1, 100), got("a", 3, 100)]);
    assert_eq!(late[1], (vec![], vec![(100, 2, None), (-100, 0, None)]));
    let wide = RechargeTerms { window: 2, ..TERMS };
    let oldest = match_recharges(&[paid("a", 1, 100), paid("a", 2, 101), got("a", 3, 100)], &[], wide);
    assert_eq!(shown(&oldest[&at(3)]), (vec![(100, -100)], vec![(101, 1, None)]));
    let bridge = &oldest[&at(3)].bridge;
    assert_eq!(bridge["southam"], RechargeBridge { eliminated: 100, difference: 0, unmatched: -100 });
}

#[test]
fn the_same_period_comes_before_the_window() {
    let periods = matched(&[paid("a", 1, 100), paid("a", 2, 100), got("a", 2, 100)]);
    assert_eq!(periods[1], (vec![(100, -100)], vec![(100, 1, None)]));
}

#[test]
fn the_closing_period_counts_as_the_last_month() {
    let none = RechargeTerms { window: 0, ..TERMS };
    let closing = match_recharges(&[paid("a", 12, 100), got("a", 13, 100)], &[], none);
    assert_eq!(closing[&at(13)].pairs.len(), 1);
    let next = Period { year: 2019, period: 1 };
    let two = match_recharges(&[paid("a", 12, 100), paid("a", 13, 100), RechargeSum { period: next, ..got("a", 1, 100) }], &[], TERMS);
    assert_eq!(shown(&two[&next]).1[2], (-100, 0, Some(Unmatched::Ambiguous)));
}

#[test]
fn without_a_reference_by_amount_to_the_penny() {
    let both = match_recharges(&[paid("a", 1, 100), got("", 1, 100)], &[], TERMS);
    assert_eq!(both[&APRIL].pairs[0].reference, "a");
    assert_eq!(matched(&[paid("", 1, 100), got("", 1, 100)])[0].0, [(100, -100)]);
    assert_eq!(matched(&[paid("", 1, 100), got("b", 1, 99)])[0].0, []);
    assert_eq!(matched(&[paid("a", 1, 100), got("b", 1, 100)])[0].0, [], "two references that differ");
    assert_eq!(matched(&[paid("", 1, 100), got("b", 2, 100)])[1].0, [], "another period");
    let three = matched(&[paid("a", 1, 100), paid("b", 1, 100), got("", 1, 100)]);
    let ambiguous = Some(Unmatched::Ambiguous);
    assert_eq!(three[0], (vec![], vec![(-100, 0, ambiguous), (100, 0, ambiguous), (100, 0, ambiguous)]));
}

#[test]
fn what_is_never_matched() {
    let own = RechargeSum { places: [RechargePlace::Retained].into(), ..got("a", 1, 100) };
    let never = Some(Unmatched::NotShared);
    assert_eq!(matched(&[paid("a", 1, 100), own]), [(vec![], vec![(-100, 0, never), (100, 0, never)])]);
    let mut several = got("a", 2, 100);
    several.places.insert(RechargePlace::Service("hr".into()));
    let later = matched(&[paid("a", 1, 100), several, got("a", 3, 100)]);
    let never = Some(Unmatched::SeveralServices);
    assert_eq!(later[1].1, [(100, 1, never), (-100, 0, never)]);
    assert_eq!(later[2].1, [(100, 2, never), (-100, 1, never), (-100, 0, None)]);
    let nobody = sum("southam", "", "a", 1, 100);
    assert_eq!(matched(&[nobody, got("a", 1, 100)])[0].1[1], (100, 0, Some(Unmatched::UnknownParty)));
    assert_eq!(matched(&[paid("a", 1, 100), paid("a", 1, -100)]), [(vec![], vec![])], "a credit note settles its invoice");
    assert_eq!(matched(&[paid("a", 1, 100), sum("northam", "eastham", "a", 1, -100)])[0].0, []);
}

fn any_sum() -> impl Strategy<Value = RechargeSum> {
    let council = prop::sample::select(&["northam", "southam", "eastham"][..]);
    let other = prop::sample::select(&["northam", "southam", "eastham", ""][..]);
    let reference = prop::sample::select(&["", "a", "b"][..]);
    let place = prop::sample::select(&["", "ict", "ict", "ict", "hr"][..]);
    (council, other, reference, 1u8..=13, prop_oneof![-6i128..6, Just(100), Just(-100)], place).prop_map(
        |(council, other, reference, period, pence, place)| {
            let mut sum = sum(council, other, reference, period, pence);
            let service = RechargePlace::Service(place.to_owned());
            sum.places = [if place.is_empty() { RechargePlace::Retained } else { service }].into();
            sum
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn the_bridge_foots_and_closed_periods_do_not_change(sums in prop::collection::vec(any_sum(), 0..20), window in 0u32..4, cut in 1u8..=13) {
        let terms = RechargeTerms { tolerance: 2, window };
        let all = match_recharges(&sums, &[], terms);
        let (mut open, mut seen): (Pence, BTreeSet<u8>) = (0, BTreeSet::new());
        for (period, result) in &all {
            seen.insert(period.period);
            for council in ["northam", "southam", "eastham"] {
                let lines: Pence = sums.iter().filter(|sum| sum.period == *period && sum.council == council).map(|sum| sum.pence).sum();
                let bridge = result.bridge.get(council).copied().unwrap_or_default();
                prop_assert_eq!(bridge.eliminated + bridge.difference + bridge.unmatched, lines);
            }
            open += result.bridge.values().map(|bridge| bridge.unmatched).sum::<Pence>();
            prop_assert_eq!(open, result.open.iter().map(|open| open.sum.pence).sum::<Pence>());
            prop_assert_eq!(result.bridge.values().map(|bridge| bridge.eliminated).sum::<Pence>(), 0, "out and in");
            for pair in &result.pairs {
                prop_assert!(pair.paid > 0 && pair.received < 0 && pair.difference().abs() <= 2 && pair.payer != pair.payee);
            }
        }
        let earlier: Vec<RechargeSum> = sums.iter().filter(|sum| sum.period.period <= cut).cloned().collect();
        for (period, result) in match_recharges(&earlier, &[], terms) {
            prop_assert_eq!(Some(&result), all.get(&period), "what came later");
        }
        let mut turned = sums.clone();
        turned.reverse();
        prop_assert_eq!(match_recharges(&turned, &[], terms), all);
    }
}
