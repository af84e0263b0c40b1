//! What was accepted and is in no figure, with rows, pounds and the reason.

use std::collections::{BTreeMap, BTreeSet};

use super::{PeriodPlan, PeriodState, ReleasePlan, Slot};
use crate::{
    domain::{Pence, Period, pounds, rows_and_pounds},
    pipeline::Basis,
};

/// Accepted periods of a feed that count nowhere for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uncounted {
    /// `newham/general_ledger`.
    pub feed: String,
    pub state: PeriodState,
    pub periods: Vec<Period>,
    pub rows: u64,
    /// Debit positive.
    pub pence: Pence,
    /// The same without their signs.
    pub absolute_pence: Pence,
    /// The rows have no pounds: `pence` is nought and says nothing.
    pub no_pounds: bool,
}

impl ReleasePlan {
    /// What was accepted, holds rows, and counts nowhere; by feed and reason.
    #[must_use]
    pub fn uncounted(&self) -> Vec<Uncounted> {
        self.grouped(|slot, entry| match entry.state {
            PeriodState::Counts => !entry.is_read && self.not_made.contains_key(&slot.period),
            PeriodState::Blocked { last_good, .. } => !last_good,
            PeriodState::Frozen => false,
            _ => true,
        })
    }

    /// What counts and is not in the latest release, which holds these slots.
    #[must_use]
    pub fn not_yet_published(&self, published: &BTreeSet<Slot>) -> Vec<Uncounted> {
        // What is read beside the lines is no part of the release itself.
        let is_in = |slot: &Slot, entry: &PeriodPlan| {
            let beside = self.beside.iter().any(|source| source.file.period == slot.period && source.key() == slot.to_string());
            published.contains(slot) || (beside && entry.is_read)
        };
        let waits = |slot: &Slot, entry: &PeriodPlan| !entry.is_read && self.not_made.contains_key(&slot.period);
        self.grouped(|slot, entry| entry.state == PeriodState::Counts && !is_in(slot, entry) && !waits(slot, entry))
    }

    fn grouped(&self, wanted: impl Fn(&Slot, &PeriodPlan) -> bool) -> Vec<Uncounted> {
        let mut groups: BTreeMap<(String, PeriodState), Uncounted> = BTreeMap::new();
        for (slot, entry) in self.periods.iter().filter(|(slot, entry)| entry.rows > 0 && wanted(slot, entry)) {
            let state = match self.not_made.get(&slot.period) {
                Some(why) if entry.state == PeriodState::Counts => PeriodState::Blocked { last_good: false, why: why.clone() },
                _ => entry.state.clone(),
            };
            let group = groups.entry((slot.feed_name(), state.clone())).or_insert_with(|| Uncounted {
                feed: slot.feed_name(),
                state,
                periods: Vec::new(),
                rows: 0,
                pence: 0,
                absolute_pence: 0,
                no_pounds: true,
            });
            group.periods.push(slot.period);
            group.rows += entry.rows;
            group.pence += entry.pence;
            group.absolute_pence += entry.absolute_pence;
            group.no_pounds &= entry.no_pounds;
        }
        groups.into_values().collect()
    }
}

impl PeriodState {
    /// A word for tables.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Counts => "counts",
            Self::Frozen => "frozen",
            Self::Closed => "after close",
            Self::NotActive => "not active",
            Self::NoBasis(_) | Self::NoCost(_) => "no cost basis",
            Self::FeedNotDeclared => "feed not declared",
            Self::CouncilNotDeclared => "council not declared",
            Self::WaitsForFeed(_) => "waits for a feed",
            Self::Blocked { last_good: false, .. } => "blocked",
            Self::Blocked { last_good: true, .. } => "blocked, last good",
            Self::Without => "without",
            Self::CarriedLines(_) | Self::CarriedFrom(_) => "carried",
            Self::Waived => "waived",
            Self::Withdrawn => "withdrawn",
            Self::Lost => "lost",
            Self::NothingYet => "nothing yet",
        }
    }

    /// Why what is in this state counts or does not, in a few words.
    #[must_use]
    pub fn reason(&self) -> String {
        match self {
            Self::Counts => "it counts".to_owned(),
            Self::Frozen => "it counts, as it was when its period was closed".to_owned(),
            Self::Closed => "it came after its period was closed".to_owned(),
            Self::NotActive => "its feed is not active then".to_owned(),
            Self::NoBasis(None) => "its council has no cost basis then".to_owned(),
            Self::NoBasis(Some(Basis::Ledger)) => "costs are read from the ledger then".to_owned(),
            Self::NoBasis(Some(Basis::Payments)) => "costs are read from payments then".to_owned(),
            Self::NoCost(table) => format!("no cost is read from {table}"),
            Self::FeedNotDeclared => "its feed is not declared".to_owned(),
            Self::CouncilNotDeclared => "its council is not declared".to_owned(),
            Self::WaitsForFeed(feeds) => format!("waits for {}", feeds.join(", ")),
            Self::Blocked { last_good: false, why } => format!("its period is blocked: {why}"),
            Self::Blocked { last_good: true, why } => format!("its period is blocked, and its last good figures stand: {why}"),
            Self::Without => "nothing came; published without it".to_owned(),
            Self::CarriedLines(from) => format!("nothing came; lines of {from} stand in"),
            Self::CarriedFrom(day) => format!("reads the register of {day}"),
            Self::Waived => "nothing came, and a person lets it go".to_owned(),
            Self::Withdrawn => "withdrawn".to_owned(),
            Self::Lost => "the next run brings its rows back from the landed bytes".to_owned(),
            Self::NothingYet => "nothing was accepted".to_owned(),
        }
    }
}

impl Uncounted {
    /// `newham/payments 2023/P01..2023/P03: 29,158 rows, £49,246,769.78: its feed is not declared`. Lines that come to nought, those of a
    /// whole ledger for instance, are said without their signs too.
    #[must_use]
    pub fn sentence(&self) -> String {
        let why = match self.state {
            PeriodState::Counts => "not published yet".to_owned(),
            PeriodState::NothingYet => "the register knows no delivery of it (truecost doctor)".to_owned(),
            _ => self.state.reason(),
        };
        let absolute = match (self.pounds(), self.absolute_pence) {
            (Some(0), absolute @ 1..) => format!(" ({} in absolute amounts)", pounds(absolute)),
            _ => String::new(),
        };
        format!("{} {}: {}{absolute}: {why}", self.feed, spans(&self.periods), rows_and_pounds(self.rows, self.pounds()))
    }

    /// Debit positive; `None` where the rows have none.
    #[must_use]
    pub fn pounds(&self) -> Option<Pence> {
        (!self.no_pounds).then_some(self.pence)
    }
}

/// `2022/P11..2022/P12 2023/P02`: periods that follow each other as one span. They are in order.
#[must_use]
pub fn spans(periods: &[Period]) -> String {
    let follows = |a: Period, b: Period| a.year == b.year && a.period + 1 == b.period;
    let mut spans: Vec<(Period, Period)> = Vec::new();
    for period in periods {
        match spans.last_mut() {
            Some((_, last)) if follows(*last, *period) => *last = *period,
            _ => spans.push((*period, *period)),
        }
    }
    let shown = |(a, b): &(Period, Period)| if a == b { a.to_string() } else { format!("{a}..{b}") };
    spans.iter().map(shown).collect::<Vec<_>>().join(" ")
}
