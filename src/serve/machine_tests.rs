//! The scheduler under clocks that jump, runs that die, and both changes of the hour.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::machine::{Ended, Machine};
use crate::{
    domain::{Slot, instant, instant_text},
    lake::{SlotBook, SlotEnd},
    pipeline::{CatchUp, Retry, Timing, schedule::Schedule},
    plan::{self, BELIEVED, Claim},
};

const HOUR: i64 = 3_600;

fn timing(schedule: &str, catch_up: CatchUp) -> Timing {
    Timing { schedule: Schedule::parse(schedule).unwrap(), catch_up, jitter: 0, at_most: 7_200, retry: Retry::default() }
}

/// A machine with its lake and its clock; runs claim as real ones do.
struct World {
    timings: Vec<(String, Timing)>,
    machine: Machine,
    book: SlotBook,
    now: i64,
    running: Vec<Slot>,
    /// Every claim that was granted: name, slot, when.
    claims: Vec<(String, i64, i64)>,
    /// How often each slot was run to an end that is not tried again.
    done: BTreeMap<(String, i64), u32>,
    skipped: u64,
}

impl World {
    fn new(timings: &[(&str, Timing)], start: &str) -> Self {
        let timings: Vec<(String, Timing)> = timings.iter().map(|(name, timing)| ((*name).to_owned(), timing.clone())).collect();
        let now = instant(start).unwrap();
        let mut world = Self {
            timings,
            machine: Machine::default(),
            book: SlotBook::default(),
            now,
            running: Vec::new(),
            claims: Vec::new(),
            done: BTreeMap::new(),
            skipped: 0,
        };
        world.restart();
        world
    }

    /// A new `serve` on the same lake; what ran goes on or has died.
    fn restart(&mut self) {
        self.running.clear();
        self.machine = Machine::default();
        self.machine.schedule(self.timings.clone(), self.now);
        self.turn();
    }

    fn timing(&self, name: &str) -> Timing {
        self.timings.iter().find(|(known, _)| known == name).unwrap().1.clone()
    }

    fn turn(&mut self) {
        let turned = self.machine.turn(&self.book, self.now);
        self.skipped += turned.skipped.iter().map(|(_, number)| number).sum::<u64>();
        if turned.begun {
            let timings: Vec<(String, &Timing)> = self.timings.iter().map(|(name, timing)| (name.clone(), timing)).collect();
            let (machine, now) = (&self.machine, self.now);
            plan::begin(&mut self.book, &timings, now, |name, timing| machine.since(name, timing).unwrap_or(now));
        }
        let slots = self.machine.ready(&self.book, self.now);
        assert!(slots.is_empty() || self.running.is_empty(), "two runs at once");
        let mut taken = Vec::new();
        for slot in &slots {
            let timing = self.timing(&slot.name);
            let of = self.book.names.entry(slot.name.clone()).or_default();
            if plan::claim(of, &timing.schedule, slot.at, self.now) == Claim::Taken {
                self.claims.push((slot.name.clone(), slot.at, self.now));
                taken.push(slot.clone());
            }
        }
        if !slots.is_empty() {
            self.machine.begin(slots.clone());
            self.running = taken;
            if self.running.is_empty() {
                self.end(Some(0), false);
            }
        }
    }

    /// The run ends; `None`: it dies and says nothing.
    fn end(&mut self, exit: Option<u8>, retry: bool) {
        for slot in std::mem::take(&mut self.running) {
            if let Some(exit) = exit {
                let end = SlotEnd { at: self.now, exit, retry, ..SlotEnd::default() };
                self.book.names.get_mut(&slot.name).unwrap().close(slot.at, &end);
                if !retry {
                    *self.done.entry((slot.name, slot.at)).or_default() += 1;
                }
            }
        }
        self.machine.end(&self.book, &Ended { exit, retry }, self.now);
        self.turn();
    }

    /// The run of one slot finds that another holds the lake: it claims nothing. Goes on to when it is asked for again.
    fn finds_the_lake_held(&mut self) {
        self.machine.turn(&self.book, self.now);
        let slots = self.machine.ready(&self.book, self.now);
        assert_eq!(slots.len(), 1);
        self.machine.begin(slots);
        self.machine.end(&self.book, &Ended { exit: Some(5), retry: true }, self.now);
        self.machine.turn(&self.book, self.now);
        assert!(self.machine.ready(&self.book, self.now).is_empty());
        self.now = self.machine.wakes(&self.book, self.now).unwrap();
    }

    fn to(&mut self, instant_text: &str) {
        self.now = instant(instant_text).unwrap();
        self.turn();
    }

    /// Ends every run well, until none is under way.
    fn settle(&mut self) {
        while !self.running.is_empty() {
            self.end(Some(0), false);
        }
    }

    /// Goes on until an instant as `serve` does: from one time to look to the next. Every run ends well at once.
    fn on_to(&mut self, until: i64) {
        self.settle();
        while let Some(next) = self.machine.wakes(&self.book, self.now).filter(|next| *next <= until) {
            self.now = next.max(self.now + 1);
            self.turn();
            self.settle();
        }
        self.now = self.now.max(until);
        self.turn();
        self.settle();
    }

    fn taken(&self) -> Vec<String> {
        self.claims.iter().map(|(_, slot, _)| instant_text(*slot)).collect()
    }
}

#[test]
fn both_changes_of_the_hour_have_each_slot_once() {
    for (start, end, expected) in [
        ("2025-03-29T12:00:00Z", "2025-03-31T12:00:00Z", ["2025-03-30T01:00:00Z", "2025-03-31T00:30:00Z"]),
        ("2025-10-25T12:00:00Z", "2025-10-27T12:00:00Z", ["2025-10-26T00:30:00Z", "2025-10-27T01:30:00Z"]),
    ] {
        let mut world = World::new(&[("a/b", timing("30 1 * * *", CatchUp::All))], start);
        world.on_to(instant(end).unwrap());
        assert_eq!(world.taken(), expected);
    }
}

#[test]
fn h7_three_days_down_follow_catch_up() {
    for (catch_up, taken) in [(CatchUp::Latest, 1), (CatchUp::None, 0), (CatchUp::All, 3)] {
        let mut world = World::new(&[("a/b", timing("0 6 * * *", catch_up))], "2018-05-01T12:00:00Z");
        world.now = instant("2018-05-04T12:00:00Z").unwrap();
        world.restart();
        let now = world.now;
        world.on_to(now);
        assert_eq!((world.claims.len(), world.skipped), (taken, if taken == 3 { 0 } else { 3 - taken as u64 }), "{catch_up:?}");
        world.on_to(now + 24 * HOUR);
        assert_eq!(world.claims.len(), taken + 1, "{catch_up:?}");
    }
}

#[test]
fn h8_a_slot_that_falls_due_while_its_name_runs_is_kept_and_further_ones_are_skipped() {
    let mut world = World::new(&[("a/b", timing("0 6,7,8,9 * * *", CatchUp::Latest))], "2018-05-01T04:00:00Z");
    ["2018-05-01T05:00:00Z", "2018-05-01T06:00:00Z", "2018-05-01T07:00:00Z"].iter().for_each(|at| world.to(at));
    assert_eq!((world.claims.len(), world.skipped), (1, 1));
    world.end(Some(0), false);
    assert_eq!(world.taken(), ["2018-05-01T05:00:00Z", "2018-05-01T06:00:00Z"]);
    world.end(Some(0), false);
    assert_eq!(world.claims.len(), 2, "the one that was skipped is not run");
    world.to("2018-05-01T08:00:00Z");
    assert_eq!(world.taken().last().unwrap(), "2018-05-01T08:00:00Z");
}

#[test]
fn h9_a_clock_that_is_set_back_runs_nothing_again_and_one_that_was_years_ahead_is_not_believed() {
    let mut world = World::new(&[("a/b", timing("0 6 * * *", CatchUp::Latest))], "2018-05-01T04:00:00Z");
    world.to("2018-05-01T05:00:00Z");
    world.end(Some(0), false);
    world.to("2018-05-01T03:00:00Z");
    world.to("2018-05-01T05:00:00Z");
    assert_eq!(world.claims.len(), 1);
    world.to("2038-05-01T05:00:00Z");
    world.end(Some(0), false);
    assert_eq!(world.claims.len(), 2);
    world.to("2018-05-01T12:00:00Z");
    assert_eq!(world.claims.len(), 2, "nothing before now is due");
    world.to("2018-05-02T05:00:00Z");
    assert_eq!(world.taken().last().unwrap(), "2018-05-02T05:00:00Z");
}

#[test]
fn what_the_configuration_refused_is_tried_once_more_when_that_is_read_again() {
    for (catch_up, again) in [(CatchUp::Latest, 1), (CatchUp::All, 1), (CatchUp::None, 0)] {
        let mut world =
            World::new(&[("a/b", timing("0 6 * * *", catch_up)), ("a/c", timing("0 6 * * *", catch_up))], "2018-05-01T04:00:00Z");
        world.to("2018-05-01T05:00:00Z");
        assert_eq!(world.claims.len(), 2);
        world.end(Some(2), false);
        world.to("2018-05-01T09:00:00Z");
        assert_eq!(world.claims.len(), 2, "{catch_up:?}: not by itself");
        world.machine.schedule(world.timings.clone(), world.now);
        world.turn();
        assert_eq!(world.claims.len(), 2 + again * 2, "{catch_up:?}");
        world.end(Some(2), false);
        world.to("2018-05-01T10:00:00Z");
        assert_eq!(world.claims.len(), 2 + again * 2, "{catch_up:?}: once");
        // Somebody mends it and starts `serve` anew; then all is well, and reading once more runs nothing.
        world.restart();
        world.end(Some(0), false);
        world.machine.schedule(world.timings.clone(), world.now);
        world.turn();
        assert_eq!(world.claims.len(), 2 + again * 4, "{catch_up:?}");
        world.to("2018-05-02T05:00:00Z");
        assert_eq!(world.taken().iter().filter(|slot| *slot == "2018-05-02T05:00:00Z").count(), 2, "{catch_up:?}");
    }
}

#[test]
fn what_was_mended_is_not_forgotten_while_another_run_holds_the_lake_or_its_own_goes_on() {
    let mut world = World::new(&[("a/b", timing("0 6 * * *", CatchUp::Latest))], "2018-05-01T04:00:00Z");
    world.to("2018-05-01T05:00:00Z");
    // It is mended before the run has ended that says what is wrong with it.
    world.machine.schedule(world.timings.clone(), world.now);
    world.to("2018-05-01T05:01:00Z");
    world.end(Some(2), false);
    assert_eq!(world.claims.len(), 2, "it was read again meanwhile");
    world.end(Some(2), false);
    assert_eq!(world.claims.len(), 2, "once");
    world.machine.schedule(world.timings.clone(), world.now);
    (0..3).for_each(|_| world.finds_the_lake_held());
    world.turn();
    assert_eq!(world.claims.len(), 3);
}

#[test]
fn what_could_not_be_reached_is_tried_again_after_waits_that_double() {
    let mut world = World::new(&[("a/b", timing("0 6 * * *", CatchUp::Latest))], "2018-05-01T04:00:00Z");
    world.to("2018-05-01T05:00:00Z");
    let mut waits = Vec::new();
    while world.claims.len() < 6 {
        world.end(Some(3), true);
        let next = world.machine.wakes(&world.book, world.now).unwrap();
        waits.push(next - world.now);
        world.now = next;
        world.turn();
    }
    assert_eq!(world.taken().last().unwrap(), "2018-05-02T05:00:00Z", "the first, four again, and the next day's");
    let doubled = waits.iter().zip([60, 120, 240, 480]).all(|(wait, full)| (full * 3 / 4..=full).contains(wait));
    assert!(doubled && waits.len() == 5, "{waits:?}");
}

#[test]
fn what_died_is_run_again_at_once_and_what_failed_otherwise_is_not() {
    let mut world = World::new(&[("a/b", timing("0 6 * * *", CatchUp::Latest))], "2018-05-01T04:00:00Z");
    world.to("2018-05-01T05:00:00Z");
    world.end(None, false);
    assert_eq!(world.claims.len(), 2);
    world.end(Some(1), false);
    world.to("2018-05-01T23:00:00Z");
    assert_eq!(world.claims.len(), 2);
}

#[test]
fn what_another_run_holds_is_waited_for_and_not_counted() {
    let mut world = World::new(&[("a/b", timing("0 6 * * *", CatchUp::Latest))], "2018-05-01T04:00:00Z");
    world.now = instant("2018-05-01T05:00:00Z").unwrap();
    (0..20).for_each(|_| world.finds_the_lake_held());
    assert_eq!(world.now, instant("2018-05-01T05:10:00Z").unwrap());
}

#[test]
fn slots_of_one_minute_are_one_run() {
    let six = || timing("0 6 * * *", CatchUp::Latest);
    let mut world = World::new(&[("a/b", six()), ("c/d", six()), ("cost", timing("30 6 * * *", CatchUp::Latest))], "2018-05-01T04:00:00Z");
    world.to("2018-05-01T05:00:00Z");
    assert_eq!(world.running.len(), 2);
    world.to("2018-05-01T05:30:00Z");
    assert_eq!(world.claims.len(), 2, "one at a time");
    world.end(Some(0), false);
    assert_eq!(world.running.iter().map(|slot| slot.name.as_str()).collect::<Vec<_>>(), ["cost"]);
}

/// What happens to a world.
#[derive(Clone, Debug)]
enum Happens {
    /// So many seconds pass, one look after the other.
    Passes(i64),
    /// The clock is set to another time, either way, by less than is disbelieved.
    Jumps(i64),
    Ends,
    Fails,
    Dies,
    Restarts,
}

fn happens() -> impl Strategy<Value = Happens> {
    prop_oneof![
        4 => (1..20 * HOUR).prop_map(Happens::Passes),
        1 => (-BELIEVED + 1..BELIEVED * 4).prop_map(Happens::Jumps),
        4 => Just(Happens::Ends),
        1 => Just(Happens::Fails),
        1 => Just(Happens::Dies),
        1 => Just(Happens::Restarts),
    ]
}

fn schedules() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["30 1 * * *", "0 6 * * 1-5", "*/5 6-7 * * *", "0 3 L * *", "45 0,13 * * *"])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// Whatever the clock does within what is believed, and whatever dies: a slot is run to its end once, none is run before its time, and
    /// what is taken are times of the schedule.
    #[test]
    fn no_slot_is_run_twice_nor_before_its_time(
        schedule in schedules(),
        catch_up in prop::sample::select(vec![CatchUp::Latest, CatchUp::None, CatchUp::All]),
        start in prop::sample::select(vec!["2018-03-23T00:30:00Z", "2018-10-26T23:30:00Z", "2018-07-01T12:00:00Z"]),
        all in prop::collection::vec(happens(), 1..40),
    ) {
        let mut world = World::new(&[("a/b", timing(schedule, catch_up))], start);
        // Going back by many small jumps is going back by a large one.
        let mut furthest = world.now;
        for one in all {
            match one {
                Happens::Passes(seconds) => { world.now += seconds; world.turn(); }
                Happens::Jumps(by) => { world.now = (world.now + by).max(furthest - BELIEVED); world.turn(); }
                Happens::Ends => world.end(Some(0), false),
                Happens::Fails => world.end(Some(3), true),
                Happens::Dies => world.end(None, false),
                Happens::Restarts => world.restart(),
            }
            furthest = furthest.max(world.now);
        }
        for ((name, slot), times) in &world.done {
            prop_assert_eq!(*times, 1, "{} {}", name, instant_text(*slot));
        }
        let mut tried = BTreeSet::new();
        for (name, slot, at) in &world.claims {
            // One that failed is tried again also where the clock has gone back behind its time.
            let again = !tried.insert((name, slot));
            prop_assert!(again || slot <= at, "{} {} was taken at {}", name, instant_text(*slot), instant_text(*at));
            prop_assert_eq!(world.timings[0].1.schedule.next(slot - 1, 1)[0], *slot);
        }
    }

    /// Where the clock only goes on and every run ends well, `all` takes every slot once and in order, and `latest` the last one.
    #[test]
    fn nothing_is_missed_where_nothing_goes_wrong(
        schedule in schedules(),
        catch_up in prop::sample::select(vec![CatchUp::Latest, CatchUp::All]),
        start in prop::sample::select(vec!["2018-03-23T00:30:00Z", "2018-10-26T23:30:00Z"]),
        passes in prop::collection::vec((1..40 * HOUR, any::<bool>()), 1..12),
    ) {
        let mut world = World::new(&[("a/b", timing(schedule, catch_up))], start);
        let from = world.now;
        for (seconds, restarts) in passes {
            world.now += seconds;
            if restarts { world.restart() } else { world.turn() }
            let now = world.now;
            world.on_to(now);
        }
        let mut due = BTreeSet::new();
        let mut at = from;
        while let Some(next) = world.timings[0].1.schedule.next(at, 1).first().copied().filter(|next| *next <= world.now) {
            due.insert(next);
            at = next;
        }
        let taken: Vec<i64> = world.claims.iter().map(|(_, slot, _)| *slot).collect();
        if catch_up == CatchUp::All {
            prop_assert_eq!(taken, due.into_iter().collect::<Vec<_>>());
        } else {
            prop_assert_eq!(taken.last(), due.last());
            prop_assert!(taken.is_sorted());
        }
    }
}
