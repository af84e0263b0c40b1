//! `missing: carry`: the lines of a feed's last accepted month stand in for a month that it has not brought.

use super::{CostSource, PeriodPlan, PeriodState, ReleasePlan, Slot, index, index::Index, messages};
use crate::{
    domain::{Pence, Period},
    lake::{Closings, LakeFile},
    pipeline::{Basis, Feed, Missing, Partnership},
};

/// Whence lines stand in for a period of their feed for which nothing came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Carried {
    /// The month whose lines they are.
    pub from: Period,
    /// Pounds of all its lines as their delivery's proof says, debit positive; those on recharge accounts, which stand in for nothing,
    /// among them.
    pub pence: Pence,
}

/// Required feeds that brought nothing for a period that is published.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MissingFeeds {
    /// Those without which it is published: nothing stands in for them.
    pub without: Vec<String>,
    /// Those of which an earlier month stands in, with that month.
    pub carried: Vec<(String, Period)>,
}

/// The name among the facts of a part of `cost_line` under which the month stands whose lines stand in: `2018/P02`.
pub const CARRIED_FROM: &str = "carried_from";

/// The name among the same facts for the rows and pounds of that month that stand in for nothing: lines on recharge accounts.
pub const LEFT_OUT: &str = "recharge_left_out";

/// Tables by which a reader tells carried lines from those that came.
const TOLD_IN: [&str; 3] = ["cost_line", "class_total", "separation"];

/// Whether the published tables of a partnership tell carried lines apart. Those of the version before do not: there nothing is carried.
fn is_told_apart(partnership: &Partnership) -> bool {
    let has_column = |table: &str| {
        partnership.contracts.get(&format!("published/{table}")).is_some_and(|contract| contract.column(CARRIED_FROM).is_some())
    };
    let mut separations = partnership.cost.queries.iter().filter(|query| *query.table == *"separation");
    TOLD_IN.iter().all(|table| has_column(table)) && separations.all(|query| query.sql.contains(CARRIED_FROM))
}

impl ReleasePlan {
    /// A period goes on without these feeds: where one says `carry`, its last month stands in.
    pub(super) fn go_on(&mut self, partnership: &Partnership, index: &Index<'_>, period: Period, feeds: &[&Feed]) {
        let (carry, without): (Vec<&Feed>, Vec<&Feed>) = feeds.iter().partition(|feed| feed.missing == Missing::Carry);
        let mut nothing: Vec<&Feed> = Vec::new();
        for feed in carry {
            let slot = Slot::of_feed(feed, period);
            let Some((from, of)) = self.stands_in(partnership, index, feed, period) else {
                nothing.push(feed);
                continue;
            };
            self.carried.push(messages::is_carried(&slot, from, &of));
            self.missing.entry(period).or_default().carried.push((feed.name(), from));
            if let Some(entry) = self.periods.get_mut(&slot) {
                entry.state = PeriodState::CarriedLines(from);
            }
        }
        self.carried.extend((!without.is_empty()).then(|| messages::is_without(period, &without)));
        self.carried.extend((!nothing.is_empty()).then(|| messages::nothing_to_carry(period, &nothing, is_told_apart(partnership))));
        for feed in without.into_iter().chain(nothing) {
            self.go_without(feed, period, PeriodState::Without);
        }
    }

    /// The last month before a period of which lines of the feed were accepted, of its year or the one before, with what it holds. Never a
    /// closing period, nor for one; lines that stand in themselves are not among them.
    fn stands_in(&self, partnership: &Partnership, index: &Index<'_>, feed: &Feed, period: Period) -> Option<(Period, PeriodPlan)> {
        let closing = partnership.calendar.closing_period;
        let may = period.period < closing && is_told_apart(partnership);
        let is_month = |of: Period| of < period && of.period < closing && of.year >= period.year - 1;
        let holds = |(slot, entry): &(&Slot, &PeriodPlan)| {
            let accepted = match &entry.state {
                PeriodState::Counts | PeriodState::Frozen | PeriodState::WaitsForFeed(_) => true,
                PeriodState::Blocked { .. } => index.holder(slot).is_some(),
                _ => false,
            };
            accepted && entry.rows > 0 && index.holder(slot).is_some_and(|holder| !holder.lost && *holder.table == *feed.into)
        };
        let of_feed = self.periods.iter().filter(|(slot, _)| *slot.council == *feed.council && *slot.feed == *feed.id);
        let last = of_feed.filter(|(slot, _)| is_month(slot.period)).rfind(holds);
        last.filter(|_| may).map(|(slot, entry)| (slot.period, entry.clone()))
    }

    /// The files that stand in, each dated into the period that lacks one.
    pub(super) fn carried_sources(&self, index: &Index<'_>, files: &[(String, LakeFile)], closings: &Closings) -> Vec<CostSource> {
        let mut all = Vec::new();
        for (slot, entry) in &self.periods {
            let PeriodState::CarriedLines(from) = entry.state else { continue };
            // Of a closed period they are among those on which it was closed.
            if closings.is_closed(slot.period) {
                continue;
            }
            let of = Slot { period: from, ..slot.clone() };
            let Some(holder) = index.holder(&of) else { continue };
            let there = closings.frozen(from).map_or(files, |frozen| frozen.files.as_slice());
            for (table, file) in there.iter().filter(|(table, file)| *table == holder.table && Slot::of_file(file) == of) {
                let Some(basis) = Basis::of_table(table) else { continue };
                let carried = Carried { from, pence: index::brought(holder, from).1 };
                let file = LakeFile { period: slot.period, ..file.clone() };
                all.push(CostSource { basis, file, delivery: holder.delivery_id.clone(), carried: Some(carried) });
            }
        }
        all
    }

    /// Whether lines of a delivery stand in for a month that was not brought.
    pub(super) fn lends(&self, delivery: &str) -> bool {
        self.sources.iter().chain(&self.last_good).any(|source| source.carried.is_some() && source.delivery == delivery)
    }

    /// Required feeds that brought nothing for a period of the release. Of a closed period those with which it was closed, whatever came
    /// since.
    #[must_use]
    pub fn missing_in(&self, period: Period, closings: &Closings) -> MissingFeeds {
        let Some(frozen) = closings.frozen(period) else { return self.missing.get(&period).cloned().unwrap_or_default() };
        let of = frozen.closing.slots.iter().filter_map(|slot| Some((slot.feed_name(), slot.carried.as_ref()?.month()?)));
        let carried: Vec<(String, Period)> = of.collect();
        let is_missing = |feed: &&String| !carried.iter().any(|(name, _)| name == *feed);
        MissingFeeds { without: frozen.closing.without.iter().filter(is_missing).cloned().collect(), carried }
    }
}
