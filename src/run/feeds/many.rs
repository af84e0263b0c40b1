//! A feed that brings many deliveries at once is told in one line; each of them to who wants to see it.

use std::collections::{BTreeMap, BTreeSet};

use super::{Delivered, Delivery, InHand, and_quarantined};
use crate::domain::{counted, rows_and_pounds};

/// So many deliveries of a feed are told one by one: half a year of months.
const FEW: usize = 6;

/// Marks the deliveries of feeds that bring more than a few.
pub(super) fn mark(items: &mut [InHand<'_>]) {
    let mut of: BTreeMap<String, usize> = BTreeMap::new();
    for item in items.iter() {
        *of.entry(item.feed.name()).or_default() += 1;
    }
    for item in items {
        item.many = of.get(&item.feed.name()).is_some_and(|number| *number > FEW);
    }
}

/// A sentence for each feed whose deliveries were not told one by one: how many were accepted, from when to when, and what is in them.
pub(super) fn told(items: &[InHand<'_>], done: &[Delivered]) -> Vec<String> {
    let mut named = BTreeSet::new();
    let feeds = items.iter().filter(|item| item.many).map(|item| item.feed.name()).filter(|feed| named.insert(feed.clone()));
    let of = |feed: String| sentence(&feed, &done.iter().filter(|d| d.feed == feed && d.state == Delivery::Accepted).collect::<Vec<_>>());
    feeds.filter_map(of).collect()
}

fn sentence(feed: &str, accepted: &[&Delivered]) -> Option<String> {
    // Files come in the order in which they go over each other, which need not be that of time.
    let (first, last) = (accepted.iter().min_by_key(|d| &d.coverage)?, accepted.iter().max_by_key(|d| &d.coverage)?);
    let rows: u64 = accepted.iter().map(|d| d.rows).sum();
    let pence = accepted.iter().filter_map(|d| d.pence).reduce(|a, b| a + b);
    let quarantined: u64 = accepted.iter().map(|d| d.quarantined).sum();
    let quarantined = and_quarantined(quarantined);
    let deliveries = counted(accepted.len() as u64, "delivery");
    let span = if first.coverage == last.coverage {
        format!("of {}", first.coverage)
    } else {
        format!("from {} to {}", first.coverage, last.coverage)
    };
    Some(format!("accepted {feed}: {deliveries} {span} ({}{quarantined})", rows_and_pounds(rows, pence)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Pence;

    fn one(coverage: &str, rows: u64, quarantined: u64, pence: Pence) -> Delivered {
        Delivered {
            feed: "aa/spend".into(),
            file: format!("{coverage}.csv"),
            delivery: None,
            coverage: coverage.into(),
            state: Delivery::Accepted,
            rows,
            quarantined,
            pence: Some(pence),
            reports: Vec::new(),
        }
    }

    #[test]
    fn what_is_told_together_is_the_sum() {
        let all = [one("2023/P02", 2, 3, -50), one("2023/P01", 1_000, 0, 250)];
        let all: Vec<&Delivered> = all.iter().collect();
        let said = sentence("aa/spend", &all);
        assert_eq!(said.as_deref(), Some("accepted aa/spend: 2 deliveries from 2023/P01 to 2023/P02 (1,002 rows, £2.00, 3 quarantined)"));
        let said = sentence("aa/spend", all.get(1..).unwrap_or_default());
        assert_eq!(said.as_deref(), Some("accepted aa/spend: 1 delivery of 2023/P01 (1,000 rows, £2.50)"));
        assert_eq!(sentence("aa/spend", &[]), None);
    }
}
