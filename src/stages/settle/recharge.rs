//! `match`: sums of recharge lines of all periods → pairs, and what is open at the end of each period.

use std::collections::BTreeMap;

use arrow::record_batch::RecordBatch;

use super::{
    batches,
    columns::{pence, texts},
};
use crate::{
    diagnostic::Answer,
    domain::{
        OpenRecharge, Ownership, Pence, Period, RechargePair, RechargePeriod, RechargePlace, RechargeSum, Unmatched, match_recharges,
    },
    plan::KernelInput,
    schema::{Cell, batch},
};

/// `recharge_pair` and `unmatched_recharge` of all periods, from `recharge_sum` and `settlement_period`: a sum stays open in periods that
/// have no recharge of their own.
///
/// # Errors
/// TC1250 where rows do not fit their contract.
pub fn matched(input: &KernelInput<'_>) -> Answer<Vec<RecordBatch>> {
    let mut known = batch::periods(input.table("settlement_period")?)?;
    known.sort_unstable();
    known.dedup();
    let found = match_recharges(&read(input.table("recharge_sum")?)?, &known, input.partnership.recharge.terms);
    // A contract of the version before tells them less apart: then what it does not tell apart is added.
    let tells = |at: usize, column: &str| input.gives.get(at).is_some_and(|schema| schema.column_with_name(column).is_some());
    let (pairs, open) = (pair_rows(&found, tells(0, "pair")), open_rows(&found, tells(1, "booked_period")));
    batches(input, &[("recharge_pair", pairs), ("unmatched_recharge", open)])
}

fn read(sums: &RecordBatch) -> Answer<Vec<RechargeSum>> {
    let (councils, others, references) = (texts(sums, "council")?, texts(sums, "other")?, texts(sums, "reference")?);
    let (ownerships, services) = (texts(sums, "ownership")?, texts(sums, "service")?);
    let (periods, amounts) = (batch::periods(sums)?, pence(sums, "amount")?);
    let places = ownerships.iter().zip(&services).map(|(ownership, service)| {
        if *ownership == Ownership::Retained.as_str() { RechargePlace::Retained } else { RechargePlace::Service((*service).to_owned()) }
    });
    let keys = councils.iter().zip(&others).zip(&references);
    let rows = keys.zip(places).zip(periods.iter().zip(amounts));
    let sum =
        |(((council, other), reference), place): (((&&str, &&str), &&str), RechargePlace), period: Period, pence: Pence| RechargeSum {
            council: (*council).to_owned(),
            other: Some((*other).to_owned()).filter(|other| !other.is_empty()),
            reference: (*reference).to_owned(),
            period,
            pence,
            places: [place].into(),
        };
    Ok(rows.map(|(key, (period, pence))| sum(key, *period, pence)).collect())
}

fn year_and_period(period: Period) -> [Cell; 2] {
    [i64::from(period.year).into(), i64::from(period.period).into()]
}

/// In the order of the key. Pairs that agree in all else of it are counted, in the order in which they were found, unless `counted` is
/// false: then their amounts are added.
fn pair_rows(found: &BTreeMap<Period, RechargePeriod>, counted: bool) -> Vec<Vec<Cell>> {
    let mut numbers: BTreeMap<([&str; 4], Period), i64> = BTreeMap::new();
    let mut sums: BTreeMap<([&str; 4], Period, i64), [Pence; 4]> = BTreeMap::new();
    for (period, RechargePeriod { pairs, .. }) in found {
        for pair in pairs {
            let RechargePair { service, payer, payee, reference, paid, received } = pair;
            let key = [service.as_str(), payer, payee, reference];
            let number = numbers.entry((key, *period)).or_default();
            *number += 1;
            let sum = sums.entry((key, *period, if counted { *number } else { 1 })).or_default();
            let amounts = [*paid, *received, pair.eliminated(), pair.difference()];
            sum.iter_mut().zip(amounts).for_each(|(sum, pence)| *sum += pence);
        }
    }
    let row = |((key, period, number), amounts): (([&str; 4], Period, i64), [Pence; 4])| {
        let cells = key.map(Cell::from).into_iter().chain(year_and_period(period));
        cells.chain(amounts.map(Cell::Pence)).chain(counted.then_some(number.into())).collect()
    };
    sums.into_iter().map(row).collect()
}

/// As [`pair_rows`]: sums of the twelfth and of the closing period are equally old, and the period in which they were booked tells them
/// apart, unless `booked` is false.
fn open_rows(found: &BTreeMap<Period, RechargePeriod>, booked: bool) -> Vec<Vec<Cell>> {
    let mut sums: BTreeMap<([&str; 4], u32, Period, u8), (Pence, Option<&str>)> = BTreeMap::new();
    for (period, RechargePeriod { open, .. }) in found {
        for OpenRecharge { sum, age_periods, reason } in open {
            let side = if sum.pence > 0 { "payer" } else { "payee" };
            let key = [sum.council.as_str(), side, sum.other.as_deref().unwrap_or_default(), sum.reference.as_str()];
            let (amount, why) = sums.entry((key, *age_periods, *period, if booked { sum.period.period } else { 0 })).or_default();
            *amount += sum.pence;
            *why = why.or(reason.map(Unmatched::as_str));
        }
    }
    let row = |((key, age, period, of), (pence, why)): (([&str; 4], u32, Period, u8), (Pence, Option<&str>))| {
        let cells = key.map(Cell::from).into_iter().chain([Cell::Whole(age.into())]).chain(year_and_period(period));
        let cells = cells.chain([Cell::Pence(pence), why.map_or(Cell::Null, Cell::from)]);
        cells.chain(booked.then(|| Cell::Whole(of.into()))).collect()
    };
    sums.into_iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Matched crosswise with what was open from the month before, two pairs agree in service, payer, payee, reference and period.
    #[test]
    fn pairs_and_open_sums_that_agree_in_all_else_stay_apart() {
        let period = Period { year: 2018, period: 2 };
        let pair = |paid: Pence, received: Pence| RechargePair {
            service: "ict".into(),
            payer: "b".into(),
            payee: "a".into(),
            reference: "inv1".into(),
            paid,
            received,
        };
        let sum = |month: u8| RechargeSum {
            council: "b".into(),
            other: Some("a".into()),
            reference: "inv2".into(),
            period: Period { year: 2018, period: month },
            pence: 100,
            places: [].into(),
        };
        let open = |month: u8| OpenRecharge { sum: sum(month), age_periods: 0, reason: None };
        let of = RechargePeriod { pairs: vec![pair(50, -50), pair(100, -98)], open: vec![open(12), open(13)], ..RechargePeriod::default() };
        let found = BTreeMap::from([(period, of)]);
        let shown = |rows: Vec<Vec<Cell>>| rows.iter().map(|row| format!("{:?}", &row[6..])).collect::<Vec<_>>();
        let apart = shown(pair_rows(&found, true));
        assert_eq!(apart.len(), 2);
        assert!(apart[0].ends_with("Whole(1)]") && apart[1].ends_with("Whole(2)]"), "{apart:?}");
        assert_eq!(open_rows(&found, true).len(), 2);
        // A contract that cannot tell them apart has their sums.
        assert_eq!(shown(pair_rows(&found, false)), ["[Pence(150), Pence(-148), Pence(150), Pence(2)]"]);
        assert_eq!(open_rows(&found, false).len(), 1);
    }
}
