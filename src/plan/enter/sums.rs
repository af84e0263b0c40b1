//! Amounts that the contract promises to add up on each row: where they do not any more, and where parts have changed places, of which the
//! sum is the same.
//!
//! What is the custom of the feed is not asked: where the last delivery before that counts is already so. One that was accepted excuses
//! what follows it without a break, and no more.

use super::super::unlike::is_by_chance;
use crate::{
    domain::{counted, pounds},
    lake::{AddsUpProof, DeliveryRecord},
};

/// Deliveries before, at most, that another is held against: a year of months.
const BEFORE: usize = 12;
/// One row in so many is no rule that others follow: invoices of VAT alone.
const ONE_IN: u64 = 10;

/// What is in question about `new`. `standing`: the other deliveries of its feed that count.
pub(super) fn questions<'k>(standing: impl Iterator<Item = &'k DeliveryRecord>, new: &DeliveryRecord) -> Vec<String> {
    let mut before: Vec<&DeliveryRecord> = standing.filter(|r| r.turn() < new.turn() && !r.proof.adds_up.is_empty()).collect();
    before.sort_by_key(|r| std::cmp::Reverse(r.turn()));
    before.truncate(BEFORE);
    let of_sum = |(sum, now): (&String, &AddsUpProof)| {
        let then: Vec<&AddsUpProof> = before.iter().filter_map(|r| r.proof.adds_up.get(sum)).collect();
        [no_more(sum, &then, now), exchanged(sum, &then, now)]
    };
    new.proof.adds_up.iter().flat_map(of_sum).flatten().collect()
}

/// They do not add up, on more than a few rows.
fn no_more(sum: &str, before: &[&AddsUpProof], now: &AddsUpProof) -> Option<String> {
    let is_custom = before.first().is_some_and(|last| last.is_many());
    (now.is_many() && !is_custom).then(|| {
        format!(
            "`{sum}` does not hold on {} ({} apart), as the contract promises: have amounts changed their columns, or what they are?",
            counted(now.broken, "row"),
            pounds(now.difference)
        )
    })
}

/// A part that was the largest on few rows is it on nearly every row now: net and VAT under each other's heading.
fn exchanged(sum: &str, before: &[&AddsUpProof], now: &AddsUpProof) -> Option<String> {
    let rows = |proof: &AddsUpProof, part: &str| proof.largest.get(part).copied().unwrap_or(0);
    let all = |proof: &AddsUpProof| proof.largest.values().sum::<u64>();
    let is_the_largest = |proof: &AddsUpProof, part: &str| all(proof) > 0 && (all(proof) - rows(proof, part)) * ONE_IN <= all(proof);
    let part = now.largest.keys().find(|part| is_the_largest(now, part))?;
    let (was, then) = before.iter().fold((0, 0), |(was, then), proof| (was + rows(proof, part), then + all(proof)));
    let is_custom = before.first().is_some_and(|last| is_the_largest(last, part));
    let is_told = then > 0 && was * 4 <= then && !is_by_chance(was, then, rows(now, part)) && !is_custom;
    is_told.then(|| {
        format!(
            "of the parts of `{sum}`, `{part}` is the largest on {} of {}, and was on {was} of {then} before: have columns changed places?",
            rows(now, part),
            counted(all(now), "row"),
        )
    })
}
