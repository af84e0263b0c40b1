//! The slots of a run: claimed under the lock, closed under it, and never taken twice.

use super::{Conductor, Halves, Options, Outcome, clock::Clock};
use crate::{
    diagnostic::{Answer, Diagnostic, Place, Refusal, Severity, codes, list},
    domain::{COST, Location, Slot, instant_text},
    lake::{Lake, Lock, RunRecord, SlotBook, SlotEnd},
    pipeline::{Partnership, Timing},
    plan::{self, BELIEVED, Begun, Claim},
};

/// What a run got of the slots that it asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Claimed {
    /// Its own now.
    pub slots: Vec<Slot>,
    /// Taken by another run.
    pub already: Vec<Slot>,
}

impl Claimed {
    /// Whether others have done everything that was asked for.
    pub(super) fn is_nothing(&self) -> bool {
        self.slots.is_empty() && !self.already.is_empty()
    }
}

/// Everything that starts by itself, by name: feeds as `newham/general_ledger`, then the cost run.
#[must_use]
pub fn timings(partnership: &Partnership) -> Vec<(String, &Timing)> {
    let feeds = partnership.feeds.iter().filter_map(|feed| Some((feed.name(), feed.timing.as_ref()?)));
    feeds.chain(partnership.cost.timing.as_ref().map(|timing| (COST.to_owned(), timing))).collect()
}

/// Every slot is of something that is scheduled, and not of a time to come.
pub(super) fn check(partnership: &Partnership, slots: &[Slot], now: i64) -> Answer<()> {
    let timings = timings(partnership);
    let not = |slot: &Slot, why: String, expected: String| {
        Diagnostic::new(codes::supply::NOT_A_SLOT, format!("`{slot}` is no slot: {why}"))
            .expected(expected)
            .outcome("nothing was run")
            .hint("truecost schedule list")
    };
    let wrong = |slot: &Slot| {
        if !timings.iter().any(|(name, _)| *name == slot.name) {
            let known: Vec<&str> = timings.iter().map(|(name, _)| name.as_str()).collect();
            let expected =
                if known.is_empty() { "a `schedule` in a feed or in cost.yaml".to_owned() } else { format!("one of {}", known.join(", ")) };
            return Some(not(slot, format!("nothing called `{}` is scheduled", slot.name), expected));
        }
        let ahead = slot.at > now.saturating_add(BELIEVED);
        ahead.then(|| {
            not(
                slot,
                "it lies more than 25 hours ahead of the clock".to_owned(),
                format!("an instant that has come: it is {}", instant_text(now)),
            )
        })
    };
    let wrong: Vec<Diagnostic> = slots.iter().filter_map(wrong).collect();
    if wrong.is_empty() { Ok(()) } else { Err(Refusal(wrong)) }
}

/// What is known of slots. A record that cannot be read is told, and begins again.
pub(super) fn read_book(lake: &Lake, told: &mut Vec<Diagnostic>) -> Answer<SlotBook> {
    match lake.slots().read() {
        Err(refusal) if refusal.0.iter().all(|d| d.code == codes::lake::RECORD_UNREADABLE) => {
            told.extend(refusal.0.iter().map(unreadable));
            Ok(SlotBook::default())
        }
        read => read,
    }
}

fn unreadable(why: &Diagnostic) -> Diagnostic {
    Diagnostic::warning(codes::supply::SLOTS_UNREADABLE, why.seen.clone())
        .place(why.place.clone().unwrap_or_else(|| Place::file("schedule.json")))
        .expected("the record that truecost wrote")
        .outcome("no delivery and no release is in it: a slot may be run once more, which changes nothing, and the record begins again")
        .hint("see that the disk is sound; truecost schedule list shows what is known")
}

/// The warning that slots had been taken in the future.
#[must_use]
pub fn slots_ahead(names: &[String]) -> Diagnostic {
    Diagnostic::warning(
        codes::supply::SLOTS_AHEAD,
        format!("slots of {} were taken more than 25 hours ahead of the clock", names.join(", ")),
    )
    .expected("a clock that is right: what it took while it was wrong is not believed")
    .outcome("nothing was lost; slots are taken from now on")
    .hint("see that the machine's clock is set by somebody (timedatectl), then truecost schedule list")
}

impl Conductor<'_> {
    /// Takes the slots that are to be had, and holds the run to them: their feeds, and the cost run where it is due or has no time of its own.
    pub(super) fn claim(&mut self, held: &Lock, options: &Options) -> Answer<Claimed> {
        let mut claimed = Claimed::default();
        if options.slots.is_empty() {
            return Ok(claimed);
        }
        let (now, timings) = (self.clock.now().seconds(), timings(self.partnership));
        let mut told = Vec::new();
        let mut book = read_book(&self.lake, &mut told)?;
        let before = book.clone();
        for slot in &options.slots {
            let Some((_, timing)) = timings.iter().find(|(name, _)| *name == slot.name) else { continue };
            if let Some(of) = book.names.get(&slot.name).filter(|of| plan::forget_ahead(&mut (*of).clone(), now)) {
                told.push(slots_ahead(std::slice::from_ref(&slot.name)));
                self.ahead.push((slot.name.clone(), of.until));
            }
            match plan::claim(book.names.entry(slot.name.clone()).or_default(), &timing.schedule, slot.at, now) {
                Claim::Taken => claimed.slots.push(slot.clone()),
                Claim::Already => claimed.already.push(slot.clone()),
            }
        }
        self.say(&told);
        self.slots.clone_from(&claimed.slots);
        if book != before {
            self.lake.slots().write(held, &book)?;
        }
        self.select = claimed.slots.iter().filter(|slot| slot.name != COST).map(|slot| slot.name.clone()).collect();
        self.halves =
            match (self.select.is_empty(), claimed.slots.iter().any(|slot| slot.name == COST) || self.partnership.cost.timing.is_none()) {
                (true, _) => Halves::Cost,
                (false, true) => Halves::Both,
                (false, false) => Halves::Deliver,
            };
        Ok(claimed)
    }

    /// Writes down how the run ended. What the run itself says comes first, whatever becomes of that.
    pub(super) fn close_claimed(&self, held: &Lock, claimed: &Claimed, done: Answer<Outcome>) -> Answer<Outcome> {
        if claimed.slots.is_empty() {
            return done;
        }
        let end = self.end_of(&done);
        let closed = read_book(&self.lake, &mut Vec::new()).and_then(|mut book| {
            close_in(&mut book, &claimed.slots, &end);
            self.lake.slots().write(held, &book)
        });
        match (done, closed) {
            (Ok(outcome), Ok(())) => Ok(outcome),
            (Ok(_), Err(refusal)) => Err(refusal),
            (Err(mut refusal), closed) => {
                refusal.0.extend(closed.err().into_iter().flat_map(|more| more.0));
                Err(refusal)
            }
        }
    }

    fn end_of(&self, done: &Answer<Outcome>) -> SlotEnd {
        let at = self.clock.now().seconds();
        match done {
            Ok(outcome) => SlotEnd {
                at,
                exit: outcome.exit_code(),
                retry: outcome.is_retryable(),
                run: Some(outcome.number).filter(|_| outcome.is_recorded()),
                codes: codes_of(&outcome.errors()),
            },
            Err(refusal) => SlotEnd { at, exit: refusal.exit_code(), retry: may_retry(refusal), run: None, codes: codes_of(&refusal.0) },
        }
    }

    fn say(&self, told: &[Diagnostic]) {
        if !told.is_empty() {
            self.observer.event(super::Event::Report { diagnostics: told });
        }
    }
}

/// Whether trying again helps: something could not be reached, and nothing else is wrong.
#[must_use]
pub fn may_retry(refusal: &Refusal) -> bool {
    refusal.exit_code() == 3 && refusal.is_retryable()
}

fn codes_of(reports: &[Diagnostic]) -> Vec<String> {
    let mut codes: Vec<String> = reports.iter().filter(|d| d.severity == Severity::Error).map(|d| d.code.id.to_owned()).collect();
    codes.sort();
    codes.dedup();
    codes
}

fn close_in(book: &mut SlotBook, slots: &[Slot], end: &SlotEnd) {
    for slot in slots {
        if let Some(of) = book.names.get_mut(&slot.name) {
            of.close(slot.at, end);
        }
    }
}

/// Says for a run that can no longer say it how it ended, and by which reports: one that was interrupted, or took too long.
///
/// # Errors
/// TC1004 where another run holds the lake; TC1002.
pub fn close_slots(partnership: &Partnership, slots: &[Slot], end: &SlotEnd, reports: &[Diagnostic], clock: &dyn Clock) -> Answer<()> {
    let lake = Lake::at(&partnership.landing, &partnership.lake, &partnership.published)?;
    let now = clock.now();
    let known = lake.last_begun()?.map_or(0, |run| run.number);
    let held = lake.lock("truecost serve", &now.iso())?;
    let mut book = lake.slots().read()?;
    let open = |slot: &&Slot| book.names.get(&slot.name).is_some_and(|of| of.taken.iter().any(|t| t.slot == slot.at && t.end.is_none()));
    let open: Vec<Slot> = slots.iter().filter(open).cloned().collect();
    close_in(&mut book, &open, end);
    // Whoever had the lake last has come on record with the lock; one that was there before is another's.
    if let Some(run) = lake.last_begun()?.filter(|run| run.cut_short && run.number > known) {
        let (ended, exit, errors) = (instant_text(end.at), Some(end.exit), list(reports));
        lake.record_run(&RunRecord { ended, exit, errors, ..run })?;
    }
    lake.slots().write(&held, &book)
}

/// What is known of slots in a lake whose partnership cannot be read: landing, lake, published.
///
/// # Errors
/// TC1001, TC1002, TC1010.
pub fn slots_at([landing, lake, published]: &[Location; 3]) -> Answer<SlotBook> {
    Lake::at(landing, lake, published)?.slots().read()
}

/// What is known of slots, as it is now.
#[derive(Clone, Debug, Default)]
pub struct KnownSlots {
    pub book: SlotBook,
    /// Warnings where the record cannot be read.
    pub unreadable: Vec<Diagnostic>,
    /// Whether the lake that holds it was begun.
    pub has_lake: bool,
}

/// The slots that are on record; none where there is no record that can be read.
///
/// # Errors
/// TC1002.
pub fn slots_of(partnership: &Partnership) -> Answer<SlotBook> {
    read_book(&Lake::at(&partnership.landing, &partnership.lake, &partnership.published)?, &mut Vec::new())
}

/// What is known of slots; `had_lake` where somebody has seen the lake.
///
/// # Errors
/// TC1015 where the lake is gone; TC1002.
pub fn known_slots(partnership: &Partnership, had_lake: bool) -> Answer<KnownSlots> {
    let lake = Lake::at(&partnership.landing, &partnership.lake, &partnership.published)?;
    lake.must_be_there(had_lake)?;
    let mut unreadable = Vec::new();
    let book = read_book(&lake, &mut unreadable)?;
    Ok(KnownSlots { book, unreadable, has_lake: lake.is_begun()? })
}

/// Writes down since when names are scheduled that were not known, or by another schedule: nothing before that is due. What it changed.
///
/// # Errors
/// TC1004 where a run holds the lake: then later; TC1002.
pub fn begin_slots(partnership: &Partnership, since: impl Fn(&str, &Timing) -> i64, clock: &dyn Clock) -> Answer<Begun> {
    let lake = Lake::at(&partnership.landing, &partnership.lake, &partnership.published)?;
    let now = clock.now();
    let held = lake.lock("truecost serve", &now.iso())?;
    let mut book = read_book(&lake, &mut Vec::new())?;
    let begun = plan::begin(&mut book, &timings(partnership), now.seconds(), since);
    if begun.is_something() {
        lake.slots().write(&held, &book)?;
    }
    Ok(begun)
}
