//! What cost steps read beside the lines of costs: pay, registers of posts, what drives costs.
//!
//! A register is a snapshot as at a day: a period reads the last one whose day is on or before its own last day, whichever period that day
//! lies in; where there is none, the first one after it, and that is said.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use super::{PeriodState, ReleasePlan, Slot, index::Index, messages};
use crate::{
    domain::{Calendar, Day, Period, Span},
    engine,
    lake::{Closings, DeliveryRecord, Frozen, FrozenSlot, LakeFile},
    pipeline::{Basis, Delivers, Feed, Partnership},
    plan::Scope,
};

/// One partition of a common table that steps of the cost run read, and that holds no lines of cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BesideSource {
    /// The common table.
    pub table: String,
    pub file: LakeFile,
    /// The delivery that stands in it.
    pub delivery: String,
    /// The day of which a snapshot tells; `None` = the rows are of the period itself.
    pub as_at: Option<Day>,
    /// On which days its feed counts.
    pub active: Span,
}

impl BesideSource {
    /// `newham/payroll/2018/P01`.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}/{}/{}", self.file.council, self.file.feed, self.file.period)
    }

    /// Whether its delivery has no rows: there is no file of it, and what came before does not stand in for it.
    #[must_use]
    pub const fn is_nil(&self) -> bool {
        self.file.relative.is_empty()
    }

    fn nil(slot: &Slot, table: &str, delivery: &str, as_at: Option<Day>, active: Span) -> Self {
        let (council, feed, period) = (slot.council.clone(), slot.feed.clone(), slot.period);
        let file =
            LakeFile { council, feed, period, name: String::new(), relative: String::new(), path: PathBuf::new(), rows: 0, bytes: 0 };
        Self { table: table.to_owned(), file, delivery: delivery.to_owned(), as_at, active }
    }
}

/// What of a table lies in a scope: of a period its own rows, and of each register the snapshot in force.
#[must_use]
pub fn beside_in<'s>(sources: &'s [BesideSource], calendar: Calendar, table: &str, scope: &Scope) -> Vec<&'s BesideSource> {
    let mut read = OfTable::of(sources.iter().filter(|source| source.table == table).collect()).in_scope(calendar, scope);
    read.retain(|source| !source.is_nil());
    read
}

/// Deliveries without rows that stand in a scope.
#[must_use]
pub fn nil_in<'s>(sources: &'s [BesideSource], calendar: Calendar, scope: &Scope) -> Vec<&'s BesideSource> {
    Beside::of(sources, calendar).nil_in(scope)
}

/// What is read beside the lines, for whoever asks of many scopes: it is sorted once.
#[derive(Debug)]
pub struct Beside<'s> {
    calendar: Calendar,
    tables: BTreeMap<&'s str, OfTable<'s>>,
}

impl<'s> Beside<'s> {
    #[must_use]
    pub fn of(sources: &'s [BesideSource], calendar: Calendar) -> Self {
        let mut tables: BTreeMap<&str, Vec<&BesideSource>> = BTreeMap::new();
        sources.iter().for_each(|source| tables.entry(&source.table).or_default().push(source));
        Self { calendar, tables: tables.into_iter().map(|(table, sources)| (table, OfTable::of(sources))).collect() }
    }

    /// As [`beside_in`].
    #[must_use]
    pub fn in_scope(&self, table: &str, scope: &Scope) -> Vec<&'s BesideSource> {
        let mut read = self.tables.get(table).map_or_else(Vec::new, |of_table| of_table.in_scope(self.calendar, scope));
        read.retain(|source| !source.is_nil());
        read
    }

    /// As [`nil_in`].
    #[must_use]
    pub fn nil_in(&self, scope: &Scope) -> Vec<&'s BesideSource> {
        let all = self.tables.values().flat_map(|of_table| of_table.in_scope(self.calendar, scope));
        all.filter(|source| source.is_nil()).collect()
    }
}

/// The partitions of one table, in order and by feed.
#[derive(Debug)]
struct OfTable<'s> {
    all: Vec<&'s BesideSource>,
    by_feed: ByFeed<'s>,
}

impl<'s> OfTable<'s> {
    fn of(all: Vec<&'s BesideSource>) -> Self {
        Self { by_feed: ByFeed::of(&all), all }
    }

    fn in_scope(&self, calendar: Calendar, scope: &Scope) -> Vec<&'s BesideSource> {
        match scope {
            Scope::Whole => self.all.clone(),
            Scope::Period(period) => self.of_periods(calendar, std::iter::once(*period)),
            Scope::Year(year) => self.of_periods(calendar, (1..=calendar.closing_period).map(|period| Period { year: *year, period })),
            Scope::Partition(one) => self.of_council(calendar, &one.file.council, one.file.period),
            Scope::Council(council, period) => self.of_council(calendar, council, *period),
            Scope::These(all) => self.of_periods(calendar, all.iter().map(|source| source.file.period)),
        }
    }

    fn of_periods(&self, calendar: Calendar, periods: impl Iterator<Item = Period>) -> Vec<&'s BesideSource> {
        let chosen: BTreeSet<usize> = periods.flat_map(|period| self.by_feed.read_in(calendar, period)).collect();
        chosen.into_iter().filter_map(|at| self.all.get(at).copied()).collect()
    }

    fn of_council(&self, calendar: Calendar, council: &str, period: Period) -> Vec<&'s BesideSource> {
        let mut of_period = self.of_periods(calendar, std::iter::once(period));
        of_period.retain(|source| source.file.council == council);
        of_period
    }
}

/// Partitions with their places among all of them, by table, council and feed: what a period reads of a feed is told from that feed alone.
#[derive(Debug)]
struct ByFeed<'s>(BTreeMap<(&'s str, &'s str, &'s str), Vec<(usize, &'s BesideSource)>>);

impl<'s> ByFeed<'s> {
    fn of(all: &[&'s BesideSource]) -> Self {
        let mut feeds: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (at, source) in all.iter().copied().enumerate() {
            let feed = (source.table.as_str(), source.file.council.as_str(), source.file.feed.as_str());
            feeds.entry(feed).or_default().push((at, source));
        }
        Self(feeds)
    }

    /// The places of what a period reads.
    fn read_in(&self, calendar: Calendar, period: Period) -> impl Iterator<Item = usize> {
        self.0.values().flat_map(move |of_feed| {
            let force = in_force(of_feed.iter().map(|(_, source)| *source), calendar, period);
            let is_read = move |source: &BesideSource| match source.as_at {
                None => source.file.period == period || (source.table == VOLUMES && stands_in(of_feed, source, calendar, period)),
                day => force.is_some_and(|force| force.as_at == day && force.file.period == source.file.period),
            };
            of_feed.iter().filter(move |(_, source)| is_read(source)).map(|(at, _)| *at)
        })
    }
}

/// Volumes of drivers: where a period has none of a feed, the last ones before it are there, and `max_age` of the driver decides whether
/// they count.
const VOLUMES: &str = "driver_volume";

/// Whether these volumes of an earlier period stand in for those that a period lacks: the last of their feed, of the year before at most.
fn stands_in(of_feed: &[(usize, &BesideSource)], source: &BesideSource, calendar: Calendar, period: Period) -> bool {
    let count = |period: Period| i32::from(period.year) * 12 + i32::from(period.period.min(12));
    let (of, first) = (source.file.period, calendar.days_of(period).0);
    let may = !calendar.is_closing(period) && !calendar.is_closing(of) && source.active.contains(first);
    if !may || of >= period || count(period) - count(of) > 12 {
        return false;
    }
    !of_feed.iter().any(|(_, other)| of < other.file.period && other.file.period <= period)
}

/// The snapshot that a period reads, of those of one feed.
fn in_force<'s>(of_feed: impl Iterator<Item = &'s BesideSource> + Clone, calendar: Calendar, period: Period) -> Option<&'s BesideSource> {
    let (first, last) = calendar.days_of(period);
    let mut active = of_feed.filter(|source| source.as_at.is_some() && source.active.contains(first));
    let before = active.clone().filter(|source| source.as_at <= Some(last)).max_by_key(|source| source.as_at);
    before.or_else(|| active.by_ref().min_by_key(|source| source.as_at))
}

/// The day of which a delivery tells, where its feed delivers snapshots. What a version without days took has it in its file's name.
pub(super) fn as_at(feed: &Feed, record: &DeliveryRecord) -> Option<Day> {
    let of_record = || record.as_at().or_else(|| feed.as_at(&record.source.name));
    (feed.delivers == Delivers::Snapshot).then(of_record)?
}

/// What closed periods were closed on, beside their lines; with deliveries without rows where some step `asks` for them.
fn frozen_beside(partnership: &Partnership, closings: &Closings, asks: bool) -> Vec<BesideSource> {
    let one = |(table, file): &(String, LakeFile), frozen: &Frozen| {
        let slot = Slot::of_file(file);
        let of = frozen.closing.slots.iter().find(|of| of.table == *table && of.council == slot.council && of.feed == slot.feed)?;
        let as_at = of.as_at.as_deref().and_then(Day::parse_iso);
        let active = slot.declared(partnership).map(|feed| feed.active).unwrap_or_default();
        Some(BesideSource { table: table.clone(), file: file.clone(), delivery: of.delivery.clone(), as_at, active })
    };
    let nil = |period: Period, of: &FrozenSlot| {
        let slot = Slot { council: of.council.clone(), feed: of.feed.clone(), period };
        let active = slot.declared(partnership).map(|feed| feed.active).unwrap_or_default();
        BesideSource::nil(&slot, &of.table, &of.delivery, of.as_at.as_deref().and_then(Day::parse_iso), active)
    };
    let beside = |(period, frozen): (Period, &Frozen)| {
        let files = frozen.files.iter().filter(|(table, _)| Basis::of_table(table).is_none());
        let says_so = |of: &FrozenSlot| frozen.closing.deliveries.iter().any(|r| r.is(&of.delivery) && has_all_its_rows(r));
        let is_nil = |of: &&FrozenSlot| of.files.is_empty() && Basis::of_table(&of.table).is_none() && says_so(of);
        let slots = frozen.closing.slots.iter().filter(|of| asks && is_nil(of));
        files.filter_map(|file| one(file, frozen)).chain(slots.map(|of| nil(period, of))).collect::<Vec<_>>()
    };
    closings.closed().flat_map(beside).collect()
}

/// What steps read of deliveries without rows. Where none does, as in cost SQL of the version before, what came before stands in for them.
const NIL_RETURN: &str = "nil_return";

/// Whether no row of a delivery lies in quarantine, which may be in anybody's favour: one without rows then says that there is nothing.
fn has_all_its_rows(record: &DeliveryRecord) -> bool {
    record.proof.quarantined == record.proof.set_aside
}

/// Common tables that hold no lines of cost and that some step of the cost run reads.
pub(super) fn tables_read(partnership: &Partnership) -> BTreeSet<String> {
    let common = partnership.contracts.keys().filter_map(|name| name.strip_prefix("common/"));
    common.filter(|table| Basis::of_table(table).is_none() && reads(partnership, table)).map(str::to_owned).collect()
}

fn reads(partnership: &Partnership, table: &str) -> bool {
    let by_kernel = || partnership.cost.kernels.iter().any(|kernel| kernel.from.iter().any(|from| **from == *table));
    // A query is taken apart only where the name stands in it; what is wrong with it is told by whoever plans it.
    let named = || partnership.cost.queries.iter().filter(|query| query.sql.contains(table));
    by_kernel() || named().any(|query| engine::dependencies(&query.sql, &query.file).is_ok_and(|reads| reads.contains(table)))
}

impl ReleasePlan {
    /// Chooses what is read beside the lines, of what counts; says where a later register stands in.
    pub(super) fn choose_beside(
        &mut self,
        partnership: &Partnership,
        index: &Index<'_>,
        files: &[(String, LakeFile)],
        closings: &Closings,
    ) {
        let asks = reads(partnership, NIL_RETURN);
        let mut all = frozen_beside(partnership, closings, asks);
        for (table, file) in files.iter().filter(|(table, _)| Basis::of_table(table).is_none()) {
            let slot = Slot::of_file(file);
            let counts = self.periods.get(&slot).is_some_and(|entry| entry.state == PeriodState::Counts);
            let Some(holder) = index.holder(&slot).filter(|holder| counts && holder.table == *table) else { continue };
            let Some(feed) = slot.declared(partnership) else { continue };
            let (table, delivery) = (table.clone(), holder.delivery_id.clone());
            all.push(BesideSource { table, file: file.clone(), delivery, as_at: as_at(feed, holder), active: feed.active });
        }
        for (slot, _) in self.periods.iter().filter(|(_, entry)| asks && entry.state == PeriodState::Counts && entry.rows == 0) {
            let holder = index.holder(slot).filter(|holder| Basis::of_table(&holder.table).is_none() && has_all_its_rows(holder));
            let Some((holder, feed)) = holder.zip(slot.declared(partnership)) else { continue };
            all.push(BesideSource::nil(slot, &holder.table, &holder.delivery_id, as_at(feed, holder), feed.active));
        }
        all.sort_by(|a, b| (a.file.period, a.key(), &a.file.name).cmp(&(b.file.period, b.key(), &b.file.name)));
        let periods = self.release_periods();
        self.say_carried(partnership, &all, &periods);
        let by_feed = ByFeed::of(&all.iter().collect::<Vec<_>>());
        let read: BTreeSet<usize> = periods.iter().flat_map(|period| by_feed.read_in(partnership.calendar, *period)).collect();
        let is_used = |at: usize, source: &BesideSource| match source.as_at {
            // Volumes stand in for those that a later period lacks; what else is no snapshot is read by its own period alone.
            None if source.table == VOLUMES => periods.last().is_some_and(|last| source.file.period <= *last),
            None => periods.contains(&source.file.period),
            Some(_) => read.contains(&at),
        };
        let (used, unused): (Vec<_>, Vec<_>) = all.iter().enumerate().partition(|(at, source)| is_used(*at, source));
        self.beside = used.into_iter().map(|(_, source)| source.clone()).collect();
        let unused: BTreeSet<String> = unused.into_iter().map(|(_, source)| source.key()).collect();
        for (slot, entry) in &mut self.periods {
            entry.is_read = !unused.contains(&slot.to_string());
        }
    }

    /// Registers of a day after the last one of a period of the release that reads them.
    #[must_use]
    pub fn later_registers_read(&self, calendar: Calendar) -> Vec<(&Slot, Day)> {
        let published: BTreeSet<Period> = self.release_periods().into_iter().collect();
        let read = self.periods.iter().filter(|(slot, _)| published.contains(&slot.period));
        let later = |slot: &Slot, day: &Day| *day > calendar.days_of(slot.period).1;
        read.filter_map(|(slot, entry)| Some((slot, entry.as_at.filter(|day| later(slot, day))?))).collect()
    }

    /// Which snapshot a period reads that has none of its own.
    fn say_carried(&mut self, partnership: &Partnership, all: &[BesideSource], periods: &[Period]) {
        let calendar = partnership.calendar;
        let mut later: BTreeMap<(String, Day), Vec<Period>> = BTreeMap::new();
        for (slot, entry) in &mut self.periods {
            let of_feed = all.iter().filter(|source| source.file.council == slot.council && source.file.feed == slot.feed);
            let Some((source, day)) = in_force(of_feed, calendar, slot.period).and_then(|source| Some((source, source.as_at?))) else {
                continue;
            };
            if source.file.period == slot.period || matches!(entry.state, PeriodState::Withdrawn | PeriodState::NothingYet) {
                entry.as_at = Some(day);
            }
            if entry.state == PeriodState::NothingYet {
                entry.state = PeriodState::CarriedFrom(day);
            }
            if day > calendar.days_of(slot.period).1 && periods.contains(&slot.period) {
                later.entry((slot.feed_name(), day)).or_default().push(slot.period);
            }
        }
        self.later_registers = later.into_iter().map(|((feed, day), periods)| messages::later_register(&feed, day, &periods)).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALENDAR: Calendar = Calendar { starts_month: 4, closing_period: 13 };

    fn period(year: i16, period: u8) -> Period {
        Period { year, period }
    }

    fn snapshot(council: &str, day: &str) -> BesideSource {
        let as_at = Day::parse_iso(day).unwrap();
        let period = CALENDAR.period_of(as_at);
        let (council, feed) = (council.to_owned(), "posts".to_owned());
        let file = LakeFile { council, feed, period, name: day.into(), relative: day.into(), path: day.into(), rows: 1, bytes: 1 };
        BesideSource { table: "assignment".into(), file, delivery: day.into(), as_at: Some(as_at), active: Span::default() }
    }

    fn read(sources: &[BesideSource], of: Period) -> Vec<String> {
        beside_in(sources, CALENDAR, "assignment", &Scope::Period(of))
            .iter()
            .map(|s| format!("{} {}", s.file.council, s.delivery))
            .collect()
    }

    #[test]
    fn a_period_reads_the_last_snapshot_before_its_end() {
        let sources = [snapshot("a", "2018-03-31"), snapshot("a", "2018-06-15"), snapshot("b", "2018-05-31")];
        assert_eq!(read(&sources, period(2018, 1)), ["a 2018-03-31", "b 2018-05-31"], "b has none before: the first later one");
        assert_eq!(read(&sources, period(2018, 2)), ["a 2018-03-31", "b 2018-05-31"]);
        assert_eq!(read(&sources, period(2018, 3)), ["a 2018-06-15", "b 2018-05-31"]);
        assert_eq!(read(&sources, period(2018, 13)), ["a 2018-06-15", "b 2018-05-31"], "closing reads what the last month reads");
        assert_eq!(read(&sources, period(2017, 12)), ["a 2018-03-31", "b 2018-05-31"]);
    }

    #[test]
    fn what_is_no_snapshot_is_read_by_its_own_period_alone() {
        let pay = |month: u8| BesideSource {
            as_at: None,
            file: LakeFile { period: period(2018, month), ..snapshot("a", "2018-04-30").file },
            ..snapshot("a", "2018-04-30")
        };
        let sources = [pay(1), pay(2)];
        assert_eq!(beside_in(&sources, CALENDAR, "assignment", &Scope::Period(period(2018, 2))), [&sources[1]]);
        assert_eq!(beside_in(&sources, CALENDAR, "assignment", &Scope::Year(2018)), [&sources[0], &sources[1]]);
        assert_eq!(beside_in(&sources, CALENDAR, "assignment", &Scope::Year(2019)), Vec::<&BesideSource>::new());
        assert_eq!(beside_in(&sources, CALENDAR, "pay_line", &Scope::Whole), Vec::<&BesideSource>::new());
    }

    #[test]
    fn volumes_of_an_earlier_period_stand_in_where_a_period_has_none() {
        let volumes = |year: i16, month: u8| BesideSource {
            table: VOLUMES.into(),
            as_at: None,
            file: LakeFile { period: period(year, month), ..snapshot("a", "2018-04-30").file },
            ..snapshot("a", "2018-04-30")
        };
        let sources = [volumes(2018, 1), volumes(2018, 3)];
        let read =
            |of: Period| beside_in(&sources, CALENDAR, VOLUMES, &Scope::Period(of)).into_iter().map(|s| s.file.period).collect::<Vec<_>>();
        assert_eq!(read(period(2018, 1)), [period(2018, 1)]);
        assert_eq!(read(period(2018, 2)), [period(2018, 1)]);
        assert_eq!(read(period(2018, 3)), [period(2018, 3)], "its own, and no other");
        assert_eq!(read(period(2019, 3)), [period(2018, 3)], "a year later");
        assert_eq!(read(period(2019, 4)), [], "and no more");
        assert_eq!(read(period(2017, 12)), [], "never a later one");
        assert_eq!(read(period(2018, 13)), [], "closing counts its year");
    }

    #[test]
    fn nothing_stands_in_for_what_came_without_rows() {
        let none = |source: BesideSource| {
            let slot = Slot { council: "a".into(), feed: "posts".into(), period: source.file.period };
            BesideSource::nil(&slot, &source.table, "none", source.as_at, source.active)
        };
        let sources = [snapshot("a", "2018-04-30"), none(snapshot("a", "2018-05-31"))];
        assert_eq!(read(&sources, period(2018, 1)), ["a 2018-04-30"]);
        assert_eq!(read(&sources, period(2018, 3)), Vec::<String>::new());
        let nil = |of: Period| nil_in(&sources, CALENDAR, &Scope::Period(of)).len();
        assert_eq!([nil(period(2018, 1)), nil(period(2018, 2)), nil(period(2018, 3))], [0, 1, 1]);
    }

    #[test]
    fn a_feed_that_has_ended_is_read_no_more() {
        let ended = BesideSource { active: Span { from: None, to: Day::parse_iso("2018-06-01") }, ..snapshot("a", "2018-04-30") };
        let sources = [ended];
        assert_eq!(read(&sources, period(2018, 2)).len(), 1);
        assert_eq!(read(&sources, period(2018, 3)).len(), 0);
    }
}
