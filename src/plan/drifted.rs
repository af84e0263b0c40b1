//! Contracts that the files no longer keep to: what the last deliveries of a feed all print otherwise, as the contract allows. A sender who
//! has changed a layout for good leaves a contract that reads by its exceptions.

use std::collections::BTreeSet;

use crate::{
    diagnostic::{Diagnostic, Place, codes::control},
    lake::DeliveryRecord,
    pipeline::{Feed, Partnership},
};

/// Deliveries that show it.
const LAST: usize = 3;

/// One warning for each contract of which the last three deliveries that it judged differ alike.
#[must_use]
pub fn drifted(partnership: &Partnership, known: &[DeliveryRecord]) -> Vec<Diagnostic> {
    partnership.feeds.iter().flat_map(|feed| of_feed(feed, known)).collect()
}

fn of_feed(feed: &Feed, known: &[DeliveryRecord]) -> Vec<Diagnostic> {
    let mut accepted: Vec<&DeliveryRecord> = known.iter().filter(|r| r.is_of(&feed.council, &feed.id) && r.is_accepted()).collect();
    accepted.sort_by_key(|r| std::cmp::Reverse(r.turn()));
    let of = |contract: &crate::schema::Contract| {
        let digest = contract.digest.hex();
        let last: Vec<&DeliveryRecord> =
            accepted.iter().copied().filter(|r| r.contract == contract.name && r.contract_sha256 == digest).take(LAST).collect();
        let in_all = |drift: &&String| last.iter().all(|r| r.proof.drift.contains(drift));
        let first = last.first().filter(|_| last.len() == LAST)?;
        let alike: BTreeSet<&String> = first.proof.drift.iter().filter(in_all).collect();
        (!alike.is_empty()).then(|| report(feed, &contract.file, &alike))
    };
    feed.contracts.iter().filter_map(|(_, contract)| of(contract)).collect()
}

fn report(feed: &Feed, file: &str, alike: &BTreeSet<&String>) -> Diagnostic {
    let list: Vec<&str> = alike.iter().map(|drift| drift.as_str()).collect();
    Diagnostic::warning(
        control::DRIFT,
        format!("the last {LAST} deliveries of {} differ from the contract alike: {}", feed.name(), list.join("; ")),
    )
    .place(Place::file(file))
    .expected("a contract that says what the files are")
    .outcome("nothing was run; they are read as the contract allows")
    .hint("if they stay so: make the new heading the `physicalName`, with the old one among its `aliases`, or add the column")
}
