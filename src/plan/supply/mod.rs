//! The supply calendar: what of every feed is expected when, and what became of it. A pure function of the register, the files that are
//! seen, the feeds, the holidays and the day.
//!
//! A period of a feed is expected where the feed says when it is `due`, from its first expected period on, and while it is `active`. What
//! is accepted has arrived; what arrived after its due day and counts is late no more. A waiver ends the wait without a delivery.

mod expected;
mod judged;
mod state;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use super::{feeds::FeedPlan, release::Slot};
use crate::{
    domain::{Coverage, Day, Period},
    lake::{DeliveryRecord, SupplyEvent, SupplyWord},
    pipeline::{Feed, Partnership},
};

pub use expected::{beyond_holidays, is_expected, since};
pub use state::{Supply, SupplyState};

/// A file in a feed's folder that is not in yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arriving {
    pub council: String,
    pub feed: String,
    pub file: String,
    /// What it covers by its name.
    pub coverage: Coverage,
    /// The marker or sidecar without which it is not taken; `None` where the next run takes it.
    pub lacks: Option<String>,
}

/// Who lets a period of a feed go without a delivery, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiver {
    pub by: String,
    pub reason: String,
}

/// Closed periods, each with the deliveries that were in it when it was closed.
pub type ClosedPeriods = BTreeMap<Period, BTreeSet<String>>;

/// What the states follow from.
#[derive(Clone, Copy, Debug)]
pub struct Supplied<'a> {
    pub partnership: &'a Partnership,
    /// The register.
    pub known: &'a [DeliveryRecord],
    pub arriving: &'a [Arriving],
    pub waived: &'a BTreeMap<Slot, Waiver>,
    pub closed: &'a ClosedPeriods,
    /// The civil day in London.
    pub today: Day,
}

/// The state of every expected period of every feed, by council, feed and period. A period is told from its first day on.
#[must_use]
pub fn supply(given: &Supplied<'_>) -> Vec<Supply> {
    let (holidays, calendar) = (given.partnership.holidays(), given.partnership.calendar);
    let judged = judged::Judged::of(given);
    let mut all = Vec::new();
    for feed in &given.partnership.feeds {
        let Some(due) = feed.due else { continue };
        let Some(since) = expected::since(given.partnership, feed, judged.first_of(&feed.council)) else { continue };
        for period in calendar.periods(since, calendar.period_of(given.today)) {
            if let Some(day) = expected::due_day(given.partnership, feed, &due, period, &holidays) {
                let slot = Slot { council: feed.council.to_string(), feed: feed.id.to_string(), period };
                all.push(state::of(given, &judged, &holidays, &due, &slot, day));
            }
        }
    }
    all.sort_by(|a, b| a.slot.cmp(&b.slot));
    all
}

/// The waivers that stand after everything that persons said, in its order.
#[must_use]
pub fn waivers(said: &[SupplyEvent]) -> BTreeMap<Slot, Waiver> {
    let mut standing = BTreeMap::new();
    for event in said {
        let Some(period) = Period::parse(&event.period) else { continue };
        let slot = Slot { council: event.council.clone(), feed: event.feed.clone(), period };
        match event.what {
            SupplyWord::Waive => drop(standing.insert(slot, Waiver { by: event.by.clone(), reason: event.reason.clone() })),
            SupplyWord::Undo => drop(standing.remove(&slot)),
        }
    }
    standing
}

/// What lies in a feed's folder and is not in. `taken`: also what the next run would take.
#[must_use]
pub fn arriving(feed: &Feed, plan: &FeedPlan, taken: bool) -> Vec<Arriving> {
    let one = |file: &str, coverage: &Option<Coverage>, lacks: Option<&String>| {
        let (council, feed) = (feed.council.to_string(), feed.id.to_string());
        Some(Arriving { council, feed, file: file.to_owned(), coverage: coverage.clone()?, lacks: lacks.cloned() })
    };
    let lacking = plan.lacking.iter().filter_map(|(entry, coverage, name)| one(&entry.name, coverage, Some(name)));
    let takes = plan.take.iter().filter(|take| taken && take.landed.is_none());
    takes.filter_map(|take| one(&take.entry.name, &take.coverage, None)).chain(lacking).collect()
}
