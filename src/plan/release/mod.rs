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
#[cfg(test)]
mod tests;
mod uncounted;

use std::collections::{BTreeMap, BTreeSet};

pub use behind::Behind;
pub use beside::{BesideSource, beside_in};
pub use blocked::{DELIVERY, Verdicts, blocks_a_period, remembered, stands_for_good, verdicts_of_release, verdicts_of_run};
pub use carry::{CARRIED_FROM, Carried, LEFT_OUT, MissingFeeds};
pub use closed::{AfterClose, Brought, came_after_close};
pub use digest::{digest_of, program, rules_digest, run_digest};
pub use freeze::{CloseAsked, FOUND, Objection, month_before};
pub use gone::is_gone;
pub use made_from::{causes, made_from};
pub use messages::nothing_to_let_go;
pub use shrinking::Shrinking;
pub use slot::{Slot, period_of_part};
pub use uncounted::{Uncounted, spans};

use self::index::Index;
use super::{again::is_replaced, closing::closing_is_due};
use crate::{
    diagnostic::Diagnostic,
    domain::{Day, Pence, Period},
    lake::{Closings, DeliveryRecord, DeliveryState, GoneFile, LakeFile, Manifest},
    pipeline::{Basis, Feed, Missing, Partnership},
};

/// One partition of a common table from which costs are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CostSource {
    pub basis: Basis,
    pub file: LakeFile,
    /// The delivery that stands in it.
    pub delivery: String,
    /// Of lines that stand in for a month that was not brought: whence they are. `file.period` is the month for which they stand.
    pub carried: Option<Carried>,
}

impl CostSource {
    /// `newham/general_ledger/2018/P01`.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}/{}/{}", self.file.council, self.file.feed, self.file.period)
    }
}

/// What becomes of one period of one feed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PeriodState {
    /// Its lines are cost of the next release; none where the delivery that stands has none for it.
    Counts,
    /// The same of a closed period: its lines are those on which it was closed, whatever came since.
    Frozen,
    /// Its period is closed, and was closed without it: what came since counts when somebody reopens the period.
    Closed,
    /// Its first day is not in the feed's `active`.
    NotActive,
    /// The council's costs are read from another table on its first day, or (`None`) from none.
    NoBasis(Option<Basis>),
    /// No cost is read from its common table, which this is, on whatever basis.
    NoCost(String),
    /// The council has no such feed (any more).
    FeedNotDeclared,
    /// The partnership has no such council (any more).
    CouncilNotDeclared,
    /// It would count, and the period waits for these required feeds.
    WaitsForFeed(Vec<String>),
    /// It would count, and the period cannot be made, which is why; with `last_good` the lines stay as the latest release has them.
    Blocked { last_good: bool, why: String },
    /// Nothing came, although the feed is required; the period is published without it.
    Without,
    /// The same, and the lines of this month stand in (`missing: carry`).
    CarriedLines(Period),
    /// Nothing came, and a person lets the period go without it.
    Waived,
    /// No snapshot of its own: the one of this day is in force, which lies in another period.
    CarriedFrom(Day),
    /// What was delivered was withdrawn.
    Withdrawn,
    /// Accepted, and its rows are not in the lake any more.
    Lost,
    /// Nothing was accepted.
    NothingYet,
}

/// One period of one feed: what becomes of it, and what it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeriodPlan {
    pub state: PeriodState,
    /// The delivery that stands.
    pub delivery: Option<String>,
    /// Rows in the common table; of a lost delivery those that were.
    pub rows: u64,
    /// Their pounds as the delivery's proof says, debit positive.
    pub pence: Pence,
    /// The rows have no pounds: `pence` is nought and says nothing.
    pub no_pounds: bool,
    /// Newer deliveries of the period that do not count: refused, waiting, withdrawn.
    pub passed_over: Vec<String>,
    /// The day of the snapshot that the period reads; `None` of any other feed.
    pub as_at: Option<Day>,
    /// What counts is read by the release: lines of cost always, other rows once a period of theirs is published.
    pub is_read: bool,
}

/// What becomes of a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// All of it is in the figures.
    Counts,
    /// Some of its periods are in the figures.
    CountsInPart,
    /// It stands in its common table, and no period of it is in the figures.
    CountsNowhere,
    /// Others stand for all of its periods.
    SupersededBy(BTreeSet<String>),
    Refused,
    /// Judged, and kept until a person accepts it.
    WaitsForAccept,
    /// It came after its period was closed, and counts in no other.
    AfterClose,
    Withdrawn,
    Lost,
}

impl Standing {
    /// The word of the column `standing`.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Counts => "counts",
            Self::CountsInPart => "counts in part",
            Self::CountsNowhere => "counts nowhere",
            Self::SupersededBy(_) => "superseded",
            Self::Refused => "refused",
            Self::WaitsForAccept => "waits for accept",
            Self::AfterClose => "after close",
            Self::Withdrawn => "withdrawn",
            Self::Lost => "lost",
        }
    }
}

/// A delivery with what of it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryPlan {
    pub standing: Standing,
    /// Rows and pounds of the periods in which it stands in the common table, counting or not.
    pub stands: (u64, Pence),
    /// Rows and pounds of the periods in which it counts.
    pub counts: (u64, Pence),
}

/// A council's period that the latest release holds and the next one would not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vanishing {
    pub council: String,
    pub period: Period,
    /// What the latest release holds of it, with what has become of it since.
    pub held: Vec<(Slot, PeriodState)>,
}

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
    /// What stops publication, but for what would vanish.
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
    blocked.retain(|period, _| !closings.is_closed(*period));
    if blocked.is_empty() && verdicts.is_empty() {
        return whole;
    }
    for (period, reports) in verdicts {
        blocked.entry(*period).or_default().extend(reports.iter().cloned());
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
    let gone = gone::gone(files, closings);
    let files = &*gone::with_gone(files, &index, closings);
    let mut plan = ReleasePlan { something_published: !published.is_empty(), gone, ..ReleasePlan::default() };
    let rows = rows_of(files);
    let read = beside::tables_read(partnership);
    for slot in all_slots(partnership, &index, &rows, &published) {
        let entry = match closings.frozen(slot.period) {
            Some(frozen) => closed::period_plan(&index, frozen, &slot),
            None => period_plan(partnership, &index, &read, rows.get(&slot).copied().unwrap_or(0), &slot),
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
    plan.vanishing = plan.vanishing(&published);
    plan.shrinking = shrinking::shrinking(partnership, &plan, &index, &published);
    plan.faults = messages::not_declared(&plan);
    plan.faults.extend(lake::disagreements(partnership, deliveries, &index, files, closings));
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

/// Rows of the common tables by slot.
fn rows_of(files: &[(String, LakeFile)]) -> BTreeMap<Slot, u64> {
    let mut rows = BTreeMap::new();
    for (_, file) in files {
        *rows.entry(Slot::of_file(file)).or_default() += file.rows;
    }
    rows
}

/// Whatever is known of; declared feeds for every period of which anything is known.
fn all_slots(partnership: &Partnership, index: &Index<'_>, rows: &BTreeMap<Slot, u64>, published: &BTreeSet<Slot>) -> BTreeSet<Slot> {
    let mut slots: BTreeSet<Slot> = index.slots.keys().chain(published).chain(rows.keys()).cloned().collect();
    let periods: BTreeSet<Period> = slots.iter().map(|slot| slot.period).collect();
    slots.extend(partnership.feeds.iter().flat_map(|feed| periods.iter().map(|period| Slot::of_feed(feed, *period))));
    slots
}

fn feed_of<'p>(partnership: &'p Partnership, slot: &Slot) -> Option<&'p Feed> {
    partnership.feeds.iter().find(|feed| *feed.council == *slot.council && *feed.id == *slot.feed)
}

fn period_plan(partnership: &Partnership, index: &Index<'_>, read: &BTreeSet<String>, rows: u64, slot: &Slot) -> PeriodPlan {
    let known = index.slots.get(slot);
    let holder = known.and_then(|known| known.holder);
    let state = state_of(partnership, slot, known, read, rows > 0);
    let passed_over = known.map_or(&[][..], |known| known.all.as_slice()).iter().filter(|record| {
        let counts_not = record.state != DeliveryState::Accepted;
        counts_not && holder.is_none_or(|holder| index::is_newer(record, holder))
    });
    let (accepted, pence) = holder.map_or((0, 0), |holder| index::brought(holder, slot.period));
    PeriodPlan {
        rows: if holder.is_some_and(|holder| holder.lost) { accepted } else { rows },
        state,
        delivery: holder.map(|holder| holder.delivery_id.clone()),
        pence,
        no_pounds: holder.is_some_and(|holder| holder.proof.no_pounds),
        passed_over: passed_over.map(|record| record.delivery_id.clone()).collect(),
        as_at: None,
        is_read: true,
    }
}

/// What becomes of a slot by itself; whether others let its period be published is looked at afterwards.
fn state_of(
    partnership: &Partnership,
    slot: &Slot,
    known: Option<&index::Known<'_>>,
    read: &BTreeSet<String>,
    has_rows: bool,
) -> PeriodState {
    let first = partnership.calendar.days_of(slot.period).0;
    let holder = known.and_then(|known| known.holder);
    let is_withdrawn = known.is_some_and(|known| known.all.iter().any(|record| record.state == DeliveryState::Withdrawn));
    if holder.is_none() && is_withdrawn && !has_rows {
        return PeriodState::Withdrawn;
    }
    if !partnership.councils.iter().any(|council| *council.id == *slot.council) {
        return PeriodState::CouncilNotDeclared;
    }
    let Some(feed) = feed_of(partnership, slot) else { return PeriodState::FeedNotDeclared };
    match holder {
        None => PeriodState::NothingYet,
        Some(holder) if holder.lost => PeriodState::Lost,
        Some(_) if !feed.active.contains(first) => PeriodState::NotActive,
        Some(holder) if Basis::of_table(&holder.table).is_none() => beside_lines(partnership, slot, holder, read),
        Some(holder) => match partnership.basis_on(&slot.council, first) {
            Some(basis) if basis.common_table() == holder.table => PeriodState::Counts,
            other => PeriodState::NoBasis(other),
        },
    }
}

/// Of what holds no lines of cost: pounds explain the lines of a ledger, and there have to be some; what only counts always counts.
fn beside_lines(partnership: &Partnership, slot: &Slot, holder: &DeliveryRecord, read: &BTreeSet<String>) -> PeriodState {
    if !read.contains(&holder.table) {
        return PeriodState::NoCost(holder.table.clone());
    }
    match partnership.basis_on(&slot.council, partnership.calendar.days_of(slot.period).0) {
        _ if holder.proof.no_pounds => PeriodState::Counts,
        Some(Basis::Ledger) => PeriodState::Counts,
        other => PeriodState::NoBasis(other),
    }
}

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

    /// Council by period: what the latest release holds, and the next one would not, although nobody withdrew it.
    fn vanishing(&self, published: &BTreeSet<Slot>) -> Vec<Vanishing> {
        let stays = |council: &str, period: Period| {
            let of_sources = self.sources.iter().any(|s| s.file.council == council && s.file.period == period);
            of_sources || self.keeps(council, period) || self.empty.iter().any(|slot| slot.council == council && slot.period == period)
        };
        let mut before: BTreeMap<(&str, Period), Vec<(Slot, PeriodState)>> = BTreeMap::new();
        for slot in published {
            let state = self.periods.get(slot).map_or(PeriodState::NothingYet, |entry| entry.state.clone());
            before.entry((&slot.council, slot.period)).or_default().push((slot.clone(), state));
        }
        before
            .into_iter()
            .filter(|((council, period), _)| !stays(council, *period))
            .filter(|(_, held)| held.iter().any(|(slot, state)| *state != PeriodState::Withdrawn && !self.is_told(slot, state)))
            .map(|((council, period), held)| Vanishing { council: council.to_owned(), period, held })
            .collect()
    }

    /// Whether another report stops publication because of it already.
    fn is_told(&self, slot: &Slot, state: &PeriodState) -> bool {
        let has_rows = self.periods.get(slot).is_some_and(|entry| entry.rows > 0);
        has_rows && matches!(state, PeriodState::FeedNotDeclared | PeriodState::CouncilNotDeclared | PeriodState::Lost)
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

    /// Periods that vanish or shrink unless a person lets them go.
    #[must_use]
    pub fn to_let_go(&self) -> BTreeSet<Period> {
        self.vanishing.iter().map(|v| v.period).chain(self.shrinking.iter().map(|s| s.period)).collect()
    }

    /// What stops publication. `let_go` are the periods that a person lets vanish or shrink.
    #[must_use]
    pub fn stops(&self, let_go: &[Period]) -> Vec<Diagnostic> {
        let vanishing: Vec<&Vanishing> = self.vanishing.iter().filter(|v| !let_go.contains(&v.period)).collect();
        let shrinking = self.shrinking.iter().filter(|s| !let_go.contains(&s.period)).map(messages::would_shrink);
        self.faults.iter().cloned().chain(messages::would_vanish(&vanishing)).chain(shrinking).collect()
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
