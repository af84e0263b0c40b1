//! What stands: the one answer to what counts in the next release, what does not, and why.
//!
//! [`plan_release`] decides it from the partnership, the register, the lake's files and the latest manifest alone, without I/O; the cost
//! run, `plan`, the reports and the checks read what it says and decide nothing themselves.
//!
//! A period of a feed counts where its council and feed are declared, its first day lies in the feed's `active`, and the council's costs
//! are read on that day from the table that the feed fills. A period of the release is left out while a required feed lacks it. What the
//! latest release holds does not vanish unless somebody said so.

mod behind;
mod beside;
mod blocked;
mod by_itself;
mod carry;
mod closed;
mod digest;
mod freeze;
mod gone;
mod index;
mod keys;
mod lake;
mod made_from;
mod messages;
mod shrinking;
mod slot;
mod states;
#[cfg(test)]
mod tests;
mod uncounted;
mod vanishing;

use std::collections::{BTreeMap, BTreeSet};

pub use behind::Behind;
pub use beside::{Beside, BesideSource, beside_in, nil_in};
pub use blocked::{DELIVERY, Verdicts, blocks_a_period, remembered, stands_for_good, verdicts_of_release, verdicts_of_run};
pub use carry::{CARRIED_FROM, Carried, LEFT_OUT, MissingFeeds};
pub use closed::{AfterClose, Brought, came_after_close};
pub use digest::{digest_of, program, rules_digest, run_digest};
pub use freeze::{CloseAsked, FOUND, Objection, month_before};
pub use gone::is_gone;
pub use made_from::{causes, keep_data, made_from, taken_over};
pub use messages::nothing_to_let_go;
pub use shrinking::Shrinking;
pub use slot::{Slot, period_of_part};
pub use states::{CostSource, DeliveryPlan, PeriodPlan, PeriodState, Standing};
pub use uncounted::{Uncounted, spans};
pub use vanishing::Vanishing;

use self::index::Index;
use super::{again::is_replaced, closing::closing_is_due};
use crate::{
    diagnostic::Diagnostic,
    domain::Period,
    lake::{Closings, DeliveryRecord, DeliveryState, GoneFile, LakeFile, Manifest},
    pipeline::{Basis, Feed, Missing, Partnership},
};

/// What the next release is made from, and what becomes of everything else.
#[derive(Clone, Debug, Default)]
pub struct ReleasePlan {
    /// Every period of every feed that the register, the lake, the latest release or the configuration knows.
    pub periods: BTreeMap<Slot, PeriodPlan>,
    /// Every delivery of the register by its id.
    pub deliveries: BTreeMap<String, DeliveryPlan>,
    /// Deliveries that were refused, or judged again in vain, and that nothing has replaced since: somebody has to mend them.
    pub unmended: BTreeSet<String>,
    /// The files from which costs are read, by period.
    pub sources: Vec<CostSource>,
    /// The files that cost steps read beside them, by period.
    pub beside: Vec<BesideSource>,
    /// What the latest release holds of blocked periods: its parts are taken over as they are.
    pub last_good: Vec<CostSource>,
    /// What came for closed periods since they were closed.
    pub after_close: Vec<AfterClose>,
    /// The deliveries on which closed periods were closed, as they were judged then.
    pub frozen_records: Vec<DeliveryRecord>,
    /// Statements of reopened periods, by number.
    pub reopened: Vec<(u64, Period)>,
    /// Where a register of a later day stands in, a note each.
    pub later_registers: Vec<Diagnostic>,
    /// Slots that the latest release holds and that a later delivery has emptied: their periods stay, with no lines.
    pub empty: BTreeSet<Slot>,
    /// Periods that are left out because a required feed lacks them.
    pub blocked: Vec<Diagnostic>,
    /// Periods that cannot be made, and why: other feeds of theirs are in no figure either.
    pub not_made: BTreeMap<Period, String>,
    /// Periods that are published without a required feed, or with lines of an earlier month of it.
    pub carried: Vec<Diagnostic>,
    /// The required feeds that they lack.
    pub missing: BTreeMap<Period, MissingFeeds>,
    /// Accepted deliveries whose rows are not in the lake, by id: they stop publication until they are brought in again.
    pub lost: BTreeMap<String, Diagnostic>,
    /// What else stops publication, but for what would vanish.
    pub faults: Vec<Diagnostic>,
    /// What would vanish, and stops publication unless it is let go.
    pub vanishing: Vec<Vanishing>,
    /// What other feeds would take over with much less, and stops publication unless it is let go.
    pub shrinking: Vec<Shrinking>,
    /// Files of personal feeds that retention took: what counts of them counts as if they were there, and is not made again.
    pub gone: Vec<GoneFile>,
    /// Whether readers see some figures now.
    pub something_published: bool,
}

/// Decides for every period of every feed, and for every delivery, what becomes of it.
#[must_use]
pub fn plan_release(
    partnership: &Partnership,
    deliveries: &[DeliveryRecord],
    files: &[(String, LakeFile)],
    latest: Option<&Manifest>,
    closings: &Closings,
) -> ReleasePlan {
    plan_release_after(partnership, deliveries, files, latest, closings, &Verdicts::new())
}

/// The same, knowing what the kernels said when they had worked with it.
#[must_use]
pub fn plan_release_after(
    partnership: &Partnership,
    deliveries: &[DeliveryRecord],
    files: &[(String, LakeFile)],
    latest: Option<&Manifest>,
    closings: &Closings,
    verdicts: &Verdicts,
) -> ReleasePlan {
    let whole = plan_without(partnership, deliveries, files, latest, closings, &Verdicts::new());
    let mut blocked = keys::verdicts(partnership, &whole, deliveries);
    for (period, reports) in verdicts {
        blocked.entry(*period).or_default().extend(reports.iter().cloned());
    }
    // One that is closed stands as it was closed, whatever was said of it while it was open.
    blocked.retain(|period, _| !closings.is_closed(*period));
    if blocked.is_empty() {
        return whole;
    }
    plan_without(partnership, deliveries, files, latest, closings, &blocked)
}

/// The plan without these periods.
fn plan_without(
    partnership: &Partnership,
    deliveries: &[DeliveryRecord],
    files: &[(String, LakeFile)],
    latest: Option<&Manifest>,
    closings: &Closings,
    verdicts: &Verdicts,
) -> ReleasePlan {
    let index = Index::of(deliveries, closings);
    let published = published_slots(latest);
    let gone = gone::gone(files, &index, closings);
    let files = &*gone::with_gone(files, &gone, closings);
    let mut plan = ReleasePlan { something_published: !published.is_empty(), gone, ..ReleasePlan::default() };
    let rows = by_itself::rows_of(files);
    let read = beside::tables_read(partnership);
    for slot in by_itself::all_slots(partnership, &index, &rows, &published) {
        let entry = match closings.frozen(slot.period) {
            Some(frozen) => closed::period_plan(&index, frozen, &slot),
            None => by_itself::period_plan(partnership, &index, &read, rows.get(&slot).copied().unwrap_or(0), &slot),
        };
        plan.periods.insert(slot, entry);
    }
    plan.after_close = closed::after_close(&index, closings);
    plan.frozen_records = behind::frozen_records(closings, deliveries, &plan);
    plan.reopened = closings.reopenings().iter().map(|reopening| (reopening.number, reopening.period)).collect();
    plan.wait_for_feeds(partnership, &index, closings);
    plan.block(&index, latest, verdicts);
    plan.choose_sources(&index, files, closings);
    plan.empty = published.iter().filter(|slot| plan.is_emptied(slot)).cloned().collect();
    plan.choose_beside(partnership, &index, files, closings);
    plan.vanishing = plan.vanishing(&published, closings);
    plan.shrinking = shrinking::shrinking(partnership, &plan, &index, &published);
    plan.faults = messages::not_declared(&plan);
    plan.lost = lake::lost(partnership, deliveries, &index);
    plan.faults.extend(lake::disagreements(partnership, &index, files, closings));
    for record in deliveries {
        let of_it = plan.delivery_plan(&index, deliveries, record);
        plan.deliveries.insert(record.delivery_id.clone(), of_it);
    }
    plan.unmended = deliveries.iter().filter(|r| is_unmended(deliveries, r)).map(|r| r.delivery_id.clone()).collect();
    plan
}

/// Whether what refused a delivery still has to be mended.
fn is_unmended(deliveries: &[DeliveryRecord], record: &DeliveryRecord) -> bool {
    let in_vain = record.is_accepted() && record.last_attempt.as_ref().is_some_and(|attempt| attempt.waits.is_empty());
    (record.state == DeliveryState::Refused || in_vain) && !is_replaced(deliveries, record)
}

/// What the latest release holds: its parts, and the periods that it holds without lines.
#[must_use]
pub fn published_slots(latest: Option<&Manifest>) -> BTreeSet<Slot> {
    let parts = latest.and_then(|m| m.content.tables.get("cost_line")).map_or(&[][..], Vec::as_slice);
    let empty = latest.and_then(|m| m.content.proofs.get(EMPTY)?.as_array()).map_or(&[][..], Vec::as_slice);
    let texts = parts.iter().map(|part| part.key.as_str()).chain(empty.iter().filter_map(|slot| slot.as_str()));
    texts.filter_map(Slot::parse).collect()
}

/// The name among a manifest's proofs under which it lists what it holds without lines.
pub const EMPTY: &str = "empty";

/// Feeds without which a period is not whole.
fn lacking<'p>(partnership: &'p Partnership, index: &Index<'_>, period: Period) -> Vec<&'p Feed> {
    let first = partnership.calendar.days_of(period).0;
    let is_asked = |feed: &&Feed| {
        let basis = partnership.basis_on(&feed.council, first);
        let counts = basis.is_some_and(|basis| basis.common_table() == &*feed.into);
        counts && feed.required.on(first) && feed.active.contains(first)
    };
    let lacks = |feed: &&Feed| index.holder(&Slot::of_feed(feed, period)).is_none();
    let is_due = |feed: &&Feed| {
        let of_feed = index.feeds.get(&(&*feed.council, &*feed.id)).map_or(&[][..], Vec::as_slice);
        closing_is_due(feed, partnership.calendar, period, of_feed.iter().copied())
    };
    partnership.feeds.iter().filter(is_asked).filter(lacks).filter(is_due).collect()
}

impl ReleasePlan {
    /// Leaves out the periods for which a required feed has brought nothing.
    fn wait_for_feeds(&mut self, partnership: &Partnership, index: &Index<'_>, closings: &Closings) {
        let of_costs = |slot: &Slot| index.holder(slot).is_some_and(|holder| Basis::of_table(&holder.table).is_some());
        let counting = |(slot, entry): &(&Slot, &PeriodPlan)| entry.state == PeriodState::Counts && entry.rows > 0 && of_costs(slot);
        let periods: BTreeSet<Period> = self.periods.iter().filter(counting).map(|(slot, _)| slot.period).collect();
        let mut others_are_published = false;
        for period in periods {
            let is_waived = |feed: &&Feed| closings.is_waived(&feed.council, &feed.id, period);
            let (waived, lacking): (Vec<&Feed>, Vec<&Feed>) = lacking(partnership, index, period).into_iter().partition(is_waived);
            let (block, go_on): (Vec<&Feed>, Vec<&Feed>) = lacking.into_iter().partition(|feed| feed.missing == Missing::Block);
            if !block.is_empty() {
                self.blocked.push(messages::is_blocked(period, &block));
                for (_, entry) in self.periods.iter_mut().filter(|(slot, _)| slot.period == period && of_costs(slot)) {
                    if entry.state == PeriodState::Counts {
                        entry.state = PeriodState::WaitsForFeed(block.iter().map(|feed| feed.name()).collect());
                    }
                }
                continue;
            }
            others_are_published = true;
            self.go_on(partnership, index, period, &go_on);
            waived.iter().for_each(|feed| self.go_without(feed, period, PeriodState::Waived));
        }
        if !others_are_published {
            self.blocked.iter_mut().for_each(messages::nothing_else);
        }
    }

    /// The period is published without this feed. What was withdrawn stays so: it is the reason why nothing is there.
    fn go_without(&mut self, feed: &Feed, period: Period, state: PeriodState) {
        self.missing.entry(period).or_default().without.push(feed.name());
        if let Some(entry) = self.periods.get_mut(&Slot::of_feed(feed, period)).filter(|entry| entry.state == PeriodState::NothingYet) {
            entry.state = state;
        }
    }

    fn choose_sources(&mut self, index: &Index<'_>, files: &[(String, LakeFile)], closings: &Closings) {
        self.sources = closed::sources(closings);
        for (table, file) in files {
            let Some(basis) = Basis::of_table(table) else { continue };
            let slot = Slot::of_file(file);
            let counts = self.periods.get(&slot).is_some_and(|entry| entry.state == PeriodState::Counts);
            // A feed that fills another table now may have left rows in its former one: they are no delivery's.
            if let Some(holder) = index.holder(&slot).filter(|holder| counts && holder.table == *table) {
                self.sources.push(CostSource { basis, file: file.clone(), delivery: holder.delivery_id.clone(), carried: None });
            }
        }
        self.sources.extend(self.carried_sources(index, files, closings));
        self.sources.sort_by(|a, b| (a.file.period, a.key(), &a.file.name).cmp(&(b.file.period, b.key(), &b.file.name)));
    }

    fn is_emptied(&self, slot: &Slot) -> bool {
        self.periods.get(slot).is_some_and(|entry| matches!(entry.state, PeriodState::Counts | PeriodState::Frozen) && entry.rows == 0)
    }

    fn delivery_plan(&self, index: &Index<'_>, deliveries: &[DeliveryRecord], record: &DeliveryRecord) -> DeliveryPlan {
        let (held, above) = index.held(record);
        let sum = |counting: bool| {
            let of_it = held.iter().filter(|slot| !counting || self.counts(slot)).map(|slot| index::brought(record, slot.period));
            of_it.fold((0, 0), |(rows, pence), (r, p)| (rows + r, pence + p))
        };
        let counting = held.iter().filter(|slot| self.counts(slot)).count();
        let standing = match record.state {
            DeliveryState::Refused => Standing::Refused,
            DeliveryState::Waiting if record.waits(deliveries) => Standing::WaitsForAccept,
            DeliveryState::Waiting => Standing::SupersededBy(above),
            DeliveryState::Withdrawn => Standing::Withdrawn,
            DeliveryState::Accepted if held.is_empty() && self.came_late(record) => Standing::AfterClose,
            DeliveryState::Accepted if held.is_empty() => Standing::SupersededBy(above),
            DeliveryState::Accepted if record.lost => Standing::Lost,
            DeliveryState::Accepted if counting == 0 => Standing::CountsNowhere,
            DeliveryState::Accepted if above.is_empty() && counting == held.len() => Standing::Counts,
            DeliveryState::Accepted => Standing::CountsInPart,
        };
        DeliveryPlan { standing, stands: sum(false), counts: sum(true) }
    }

    fn counts(&self, slot: &Slot) -> bool {
        self.periods.get(slot).is_some_and(|entry| entry.state.is_in_figures())
    }

    /// Whether there is nothing to publish, and nothing published that would have to go.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sources.is_empty() && self.empty.is_empty() && self.last_good.is_empty() && !self.something_published
    }

    /// Every period of the release, in order; also those without lines.
    #[must_use]
    pub fn release_periods(&self) -> Vec<Period> {
        let periods: BTreeSet<Period> =
            self.sources.iter().chain(&self.last_good).map(|s| s.file.period).chain(self.empty.iter().map(|slot| slot.period)).collect();
        periods.into_iter().collect()
    }

    /// Blocked periods that the release keeps as the last one had them.
    #[must_use]
    pub fn last_good_periods(&self) -> BTreeSet<Period> {
        self.last_good.iter().map(|source| source.file.period).collect()
    }
}
