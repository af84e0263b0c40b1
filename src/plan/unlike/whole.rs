//! What the amounts of a delivery show together: its sides turned, a ledger that balances no more, nothing but nought, and the amounts of
//! another month once more.

use std::collections::BTreeMap;

use super::{TELLING, is_by_chance, lost, turned};
use crate::{
    decode::AmountsSeen,
    domain::{Pence, counted, pounds},
    lake::{DeliveryRecord, Measure, PeriodProof, SenderProof},
};

/// From so many rows on, that they are as many and as much as others, or that all are nought, is no accident.
const SAME: u64 = 5;
/// Deliveries that balanced, from which on another has to.
const BALANCED: usize = 2;

/// What is in question about `new` as a whole. `stands`: up to a year of deliveries before it that stand, the last first.
pub(super) fn questions(
    of_feed: &[&DeliveryRecord],
    stands: &[&DeliveryRecord],
    new: &DeliveryRecord,
    sender: &SenderProof,
) -> Vec<String> {
    // Of records that become several rows each the columns are months or elements: of one row they are what makes its amount.
    let [terms] = sender.form.as_slice() else { return Vec::new() };
    let Some(now) = summed(new, terms) else { return Vec::new() };
    let before: Vec<(&DeliveryRecord, Measure)> = stands.iter().filter_map(|r| Some((*r, summed(r, terms)?))).collect();
    let measures: Vec<&Measure> = before.iter().map(|(_, measure)| measure).collect();
    let sides = if terms.len() > 1 { sides_turned(terms, &measures, &now) } else { None };
    let words = in_words(terms);
    let signs = if sides.is_none() { lost::signs(&format!("`{words}`"), &measures, &now) } else { None };
    [sides, signs, unbalanced(&measures, new, &now), all_nought(&before, new, &now), same_again(of_feed, new)]
        .into_iter()
        .flatten()
        .collect()
}

/// The columns of the amount as one: what is taken off on its other side.
fn summed(record: &DeliveryRecord, terms: &[(String, bool)]) -> Option<Measure> {
    let mut sum = Measure::default();
    for (column, minus) in terms {
        let measure = record.proof.columns.get(column)?;
        let seen = measure.seen;
        let (above, below) = if *minus { (seen.below, seen.above) } else { (seen.above, seen.below) };
        sum.seen = sum.seen.plus(AmountsSeen { above, below, ..seen });
        sum.accepted += if *minus { -measure.accepted } else { measure.accepted };
    }
    (!sum.seen.is_nothing()).then_some(sum)
}

/// `debit - credit`
fn in_words(terms: &[(String, bool)]) -> String {
    let one = |(at, (column, minus)): (usize, &(String, bool))| match (at, minus) {
        (0, false) => column.clone(),
        (0, true) => format!("-{column}"),
        (_, false) => format!(" + {column}"),
        (_, true) => format!(" - {column}"),
    };
    terms.iter().enumerate().map(one).collect()
}

/// Debits stand under the heading of credits, and credits under that of debits.
fn sides_turned(terms: &[(String, bool)], before: &[&Measure], now: &Measure) -> Option<String> {
    let turned = turned(before, now)?;
    Some(format!("{}: have the columns changed sides?", turned.in_words(&format!("`{}`", in_words(terms)))))
}

/// What came to nought each time does not, although none of its rows was set aside.
fn unbalanced(before: &[&Measure], new: &DeliveryRecord, now: &Measure) -> Option<String> {
    let telling = |seen: &AmountsSeen| seen.above > 0 && seen.below > 0 && seen.amounts() > TELLING;
    let balanced = before.len() >= BALANCED && before.iter().all(|measure| measure.accepted == 0 && telling(&measure.seen));
    let is_whole = new.proof.quarantined == 0 && new.proof.set_aside == 0;
    (balanced && is_whole && now.accepted != 0).then(|| {
        format!(
            "its amounts come to {}, and those of each of {} before it to nought: do lines of the other side lack?",
            pounds(now.accepted),
            counted(before.len() as u64, "delivery")
        )
    })
}

/// Every amount is nought, and few were before.
fn all_nought(before: &[(&DeliveryRecord, Measure)], new: &DeliveryRecord, now: &Measure) -> Option<String> {
    let rows = new.proof.accepted;
    let (all, amounts) =
        before.iter().fold((0, 0), |(rows, amounts), (r, measure)| (rows + r.proof.accepted, amounts + measure.seen.amounts()));
    let is_told = rows >= SAME && now.seen.amounts() == 0 && all > 0 && !is_by_chance(all.saturating_sub(amounts), all, rows);
    is_told.then(|| {
        format!("the amounts of all its {} are nought, and {} of {all} were before", counted(rows, "row"), all.saturating_sub(amounts))
    })
}

/// Rows that bear no day, as many and as much, column by column, as those of another delivery of other periods: that month once more, in
/// another order. Where it is the custom of the feed, as of standing charges, nothing is said.
fn same_again(of_feed: &[&DeliveryRecord], new: &DeliveryRecord) -> Option<String> {
    let bears_days = |r: &DeliveryRecord| r.proof.periods.values().any(|period: &PeriodProof| period.days.is_some());
    let told =
        |r: &DeliveryRecord| r.proof.accepted >= SAME && r.proof.columns.values().any(|m| m.seen.amounts() >= SAME) && !bears_days(r);
    if !told(new) {
        return None;
    }
    // What entries of the version before did not count tells them apart from no other.
    let columns = |r: &DeliveryRecord| -> BTreeMap<String, Measure> {
        let as_before = |m: &Measure| Measure { seen: AmountsSeen { pence: 0, marked: 0, ..m.seen }, ..*m };
        r.proof.columns.iter().map(|(name, measure)| (name.clone(), as_before(measure))).collect()
    };
    let same = |a: &DeliveryRecord, b: &DeliveryRecord| {
        a.proof.accepted == b.proof.accepted && columns(a) == columns(b) && !a.coverage.iter().any(|period| b.coverage.contains(period))
    };
    let stands: Vec<&DeliveryRecord> =
        of_feed.iter().copied().filter(|r| r.is_accepted() && told(r) && r.stands(&of_feed.iter().copied())).collect();
    let other = stands.iter().find(|r| same(r, new))?;
    let is_custom = stands.iter().enumerate().any(|(at, one)| stands.iter().skip(at + 1).any(|two| same(one, two)));
    let sum: Pence = new.proof.pence();
    (!is_custom).then(|| {
        format!(
            "its {} have the amounts ({}) of delivery {} of {}, and no row bears a day: is it the same once more?",
            counted(new.proof.accepted, "row"),
            pounds(sum),
            other.delivery_id,
            other.covers().map(|covers| covers.to_string()).unwrap_or_default()
        )
    })
}
