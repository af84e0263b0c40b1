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
    batches(input, &[("recharge_pair", pair_rows(&found)), ("unmatched_recharge", open_rows(&found))])
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

/// In the order of the key, within which amounts of what has the same key are added: a charge that was booked twice with one reference.
fn pair_rows(found: &BTreeMap<Period, RechargePeriod>) -> Vec<Vec<Cell>> {
    let mut sums: BTreeMap<([&str; 4], Period), [Pence; 4]> = BTreeMap::new();
    for (period, RechargePeriod { pairs, .. }) in found {
        for pair in pairs {
            let RechargePair { service, payer, payee, reference, paid, received } = pair;
            let sum = sums.entry(([service, payer, payee, reference], *period)).or_default();
            let amounts = [*paid, *received, pair.eliminated(), pair.difference()];
            sum.iter_mut().zip(amounts).for_each(|(sum, pence)| *sum += pence);
        }
    }
    let row = |((key, period), amounts): (([&str; 4], Period), [Pence; 4])| {
        let cells = key.map(Cell::from).into_iter().chain(year_and_period(period));
        cells.chain(amounts.map(Cell::Pence)).collect()
    };
    sums.into_iter().map(row).collect()
}

/// As [`pair_rows`]: sums of the twelfth and of the closing period are equally old.
fn open_rows(found: &BTreeMap<Period, RechargePeriod>) -> Vec<Vec<Cell>> {
    let mut sums: BTreeMap<([&str; 4], u32, Period), (Pence, Option<&str>)> = BTreeMap::new();
    for (period, RechargePeriod { open, .. }) in found {
        for OpenRecharge { sum, age_periods, reason } in open {
            let side = if sum.pence > 0 { "payer" } else { "payee" };
            let key = [sum.council.as_str(), side, sum.other.as_deref().unwrap_or_default(), sum.reference.as_str()];
            let (amount, why) = sums.entry((key, *age_periods, *period)).or_default();
            *amount += sum.pence;
            *why = why.or(reason.map(Unmatched::as_str));
        }
    }
    let row = |((key, age, period), (pence, why)): (([&str; 4], u32, Period), (Pence, Option<&str>))| {
        let cells = key.map(Cell::from).into_iter().chain([Cell::Whole(age.into())]).chain(year_and_period(period));
        cells.chain([Cell::Pence(pence), why.map_or(Cell::Null, Cell::from)]).collect()
    };
    sums.into_iter().map(row).collect()
}
