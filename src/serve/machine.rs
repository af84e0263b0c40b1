//! What is due, what runs, and what waits: a state machine without clock, file or process.
//!
//! It is turned with what is known of slots and an instant, and says which slots a run is to take now. A name runs once at a time: a slot
//! that falls due meanwhile is kept, one for each name, and further ones are skipped. It is told how each run ended.

use std::collections::{BTreeMap, VecDeque};

use crate::{
    domain::Slot,
    lake::{SlotBook, SlotEnd, SlotTaken, SlotsOf},
    pipeline::{CatchUp, Timing},
    plan::{self, Begun},
};

/// So many seconds after somebody else was found to hold the lake, it is asked for again.
pub const HOLDER_WAITS: i64 = 30;

/// Everything that is scheduled, and how far each has come.
#[derive(Debug, Default)]
pub struct Machine {
    lines: BTreeMap<String, Line>,
    /// Since when each name has been known by its schedule: until that is written down, nothing else remembers it.
    since: BTreeMap<(String, String), i64>,
    /// The names of the run that is under way.
    running: Vec<Slot>,
    /// Nobody is asked for the lake before this instant: another run holds it.
    not_before: i64,
}

/// One name.
#[derive(Debug)]
struct Line {
    timing: Timing,
    /// Slots that are to be taken, the oldest first.
    kept: VecDeque<i64>,
    /// Slots until then have been looked at; what is in the record was looked at by a run.
    through: i64,
    /// How the last try ended that claimed nothing: it is in no record.
    tried: Option<Tried>,
    /// The configuration was read since this was looked at last.
    is_anew: bool,
    /// The slot that the configuration refused, where it has been read again since: it may be mended.
    mended: Option<i64>,
}

/// A try that did not come so far as to claim its slot.
#[derive(Clone, Copy, Debug)]
struct Tried {
    slot: i64,
    failures: u32,
    at: i64,
    retry: bool,
}

/// How a run ended, as far as its parent knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Its exit code; `None` where a signal ended it.
    pub exit: Option<u8>,
    /// Whether every error says that trying again helps.
    pub retry: bool,
}

/// What a turn found out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Turned {
    /// Slots that nobody takes any more: name, how many, the last of them.
    pub skipped: Vec<(Slot, u64)>,
    /// Names whose slots had been taken in the future.
    pub forgotten: Vec<String>,
    /// Whether something is to be written down that no run writes.
    pub begun: bool,
}

impl Machine {
    /// Takes over what the configuration says. What a name has come to stays; a name that is no longer scheduled is forgotten.
    pub fn schedule(&mut self, timings: Vec<(String, Timing)>, now: i64) {
        let mut before = std::mem::take(&mut self.lines);
        for (name, timing) in timings {
            self.since.entry((name.clone(), timing.schedule.text.clone())).or_insert(now);
            let line = match before.remove(&name) {
                Some(line) if line.timing.schedule.text == timing.schedule.text => Line { timing, is_anew: true, ..line },
                _ => Line { timing, kept: VecDeque::new(), through: i64::MIN, tried: None, is_anew: true, mended: None },
            };
            self.lines.insert(name, line);
        }
    }

    /// Since when a name has been known by a schedule.
    #[must_use]
    pub fn since(&self, name: &str, timing: &Timing) -> Option<i64> {
        self.since.get(&(name.to_owned(), timing.schedule.text.clone())).copied()
    }

    /// Looks at what fell due until now.
    pub fn turn(&mut self, book: &SlotBook, now: i64) -> Turned {
        let mut book = book.clone();
        let timings: Vec<(String, &Timing)> = self.lines.iter().map(|(name, line)| (name.clone(), &line.timing)).collect();
        let since = &self.since;
        let begun = plan::begin(&mut book, &timings, now, |name, timing| {
            since.get(&(name.to_owned(), timing.schedule.text.clone())).copied().unwrap_or(now).min(now)
        });
        let mut turned = Turned { begun: begun.is_something(), ..Turned::default() };
        self.forget(&begun, now);
        turned.forgotten = begun.forgotten;
        for (name, line) in &mut self.lines {
            let Some(of) = book.names.get(name) else { continue };
            let runs = self.running.iter().any(|slot| slot.name == *name);
            if let Some((skipped, last)) = line.look(name, of, runs, now) {
                turned.skipped.push((Slot { name: name.clone(), at: last }, skipped));
            }
        }
        turned
    }

    /// Slots that lie in a future that is not believed were never looked at.
    fn forget(&mut self, begun: &Begun, now: i64) {
        for name in &begun.forgotten {
            if let Some(line) = self.lines.get_mut(name) {
                self.since.insert((name.clone(), line.timing.schedule.text.clone()), now);
                line.through = now;
                line.kept.clear();
            }
        }
    }

    /// The slots that a run is to take now; none while one is under way.
    #[must_use]
    pub fn ready(&self, book: &SlotBook, now: i64) -> Vec<Slot> {
        if !self.running.is_empty() || now < self.not_before {
            return Vec::new();
        }
        self.starts(book).into_iter().filter(|(_, start)| *start <= now).map(|(slot, _)| slot).collect()
    }

    /// The slots that are kept, whether or not their time has come.
    #[must_use]
    pub fn kept(&self) -> Vec<Slot> {
        self.lines.iter().filter_map(|(name, line)| Some(Slot { name: name.clone(), at: *line.kept.front()? })).collect()
    }

    /// Each name's next slot, and when its run starts.
    fn starts(&self, book: &SlotBook) -> Vec<(Slot, i64)> {
        let start = |slot: &Slot| self.lines.get(&slot.name).map(|line| line.start(slot, book.names.get(&slot.name)));
        self.kept().into_iter().filter_map(|slot| start(&slot).map(|start| (slot, start))).collect()
    }

    /// How long a run of these slots may take, in seconds: as long as the name that may take longest.
    #[must_use]
    pub fn at_most(&self, slots: &[Slot]) -> u64 {
        slots.iter().filter_map(|slot| self.lines.get(&slot.name)).map(|line| line.timing.at_most).max().unwrap_or(u64::MAX)
    }

    /// What was held may run again: what nobody missed, or is to be caught up. Slots that are skipped, and how many.
    pub fn free(&mut self, now: i64) -> Vec<(Slot, u64)> {
        let mut skipped = Vec::new();
        for (name, line) in &mut self.lines {
            line.tried = None;
            let late = |slot: &i64| now - *slot >= plan::ON_TIME;
            if line.timing.catch_up == CatchUp::None
                && let Some(last) = line.kept.iter().copied().filter(late).max()
            {
                skipped.push((Slot { name: name.clone(), at: last }, line.kept.iter().filter(|slot| late(slot)).count() as u64));
                line.kept.retain(|slot| !late(slot));
            }
        }
        skipped
    }

    /// A run takes these slots.
    pub fn begin(&mut self, slots: Vec<Slot>) {
        for slot in &slots {
            if let Some(line) = self.lines.get_mut(&slot.name) {
                line.kept.retain(|kept| *kept != slot.at);
            }
        }
        self.running = slots;
    }

    /// How the run ended that took its slots; `book` is what is known now.
    pub fn end(&mut self, book: &SlotBook, ended: &Ended, now: i64) {
        self.not_before = if ended.exit == Some(5) { now.saturating_add(HOLDER_WAITS) } else { 0 };
        for slot in std::mem::take(&mut self.running) {
            let Some(line) = self.lines.get_mut(&slot.name) else { continue };
            // Where another run held the lake, it had no turn yet.
            line.mended = line.mended.filter(|_| ended.exit == Some(5));
            let of = book.names.get(&slot.name);
            let claimed = of.and_then(|of| of.taken.iter().find(|taken| taken.slot == slot.at));
            let passed = of.is_some_and(|of| slot.at <= of.until) && claimed.is_none();
            if claimed.is_none() && !passed && (line.kept.is_empty() || line.timing.catch_up == CatchUp::All) {
                line.kept.push_front(slot.at);
            }
            if ended.exit != Some(5) && claimed.is_none() && !passed {
                let failures = line.tried.filter(|tried| tried.slot == slot.at).map_or(0, |tried| tried.failures).saturating_add(1);
                line.tried = Some(Tried { slot: slot.at, failures, at: now, retry: ended.retry || ended.exit.is_none() });
            }
        }
    }

    /// When there is next something to look at; `None` where nothing is scheduled. Never before `now`.
    #[must_use]
    pub fn wakes(&self, book: &SlotBook, now: i64) -> Option<i64> {
        let kept = self.starts(book).into_iter().map(|(_, start)| start.max(self.not_before));
        let kept = kept.filter(|_| self.running.is_empty());
        let next = self.lines.values().filter_map(|line| line.timing.schedule.next(now.max(line.through), 1).first().copied());
        kept.chain(next).map(|at| at.max(now)).min()
    }
}

impl Line {
    /// Takes in what fell due. How many slots are skipped, and the last of them.
    fn look(&mut self, name: &str, of: &SlotsOf, runs: bool, now: i64) -> Option<(u64, i64)> {
        // The clock was set back: what was looked at ahead of it was not taken, or is in the record.
        self.through = self.through.min(now).max(of.until);
        // While it runs, nobody knows yet whether the configuration refuses it.
        if !runs && std::mem::take(&mut self.is_anew) {
            let is_caught_up = |slot: &i64| self.timing.catch_up != CatchUp::None || now - *slot < plan::ON_TIME;
            self.mended = of.last().filter(|taken| was_refused(taken)).map(|taken| taken.slot).filter(is_caught_up);
        }
        let open = |slot: i64| of.taken.iter().any(|taken| taken.slot == slot && is_open(taken));
        self.kept.retain(|slot| *slot > of.until || open(*slot) || self.mended == Some(*slot));
        let fallen = plan::fallen(&self.timing, self.through, now);
        let Some(last) = fallen.last else {
            self.resume(name, of, runs);
            return None;
        };
        self.through = last;
        self.tried = self.tried.filter(|tried| tried.slot >= last);
        let mut skipped = fallen.skipped;
        let all = self.timing.catch_up == CatchUp::All;
        if all {
            let new: Vec<i64> = fallen.take.into_iter().filter(|slot| !self.kept.contains(slot)).collect();
            self.kept.extend(new);
        } else if !runs {
            skipped += self.kept.len() as u64;
            if !fallen.take.is_empty() || of.last().is_none_or(|taken| !is_open(taken)) {
                self.kept = fallen.take.into();
            }
        } else if self.kept.is_empty() {
            self.kept = fallen.take.into();
        } else {
            skipped += fallen.take.len() as u64;
        }
        self.resume(name, of, runs);
        (skipped > 0).then_some((skipped, last))
    }

    /// A slot that was claimed and has no end, or one that says that trying again helps, is run again; so is once the last one that the
    /// configuration refused, when that has been read again.
    fn resume(&mut self, name: &str, of: &SlotsOf, runs: bool) {
        let Some(last) = of.last().filter(|_| !runs) else { return };
        let slot = Slot { name: name.to_owned(), at: last.slot };
        let has_room = self.kept.is_empty() || (self.timing.catch_up == CatchUp::All && !self.kept.contains(&last.slot));
        if has_room && (self.mended == Some(last.slot) || (is_open(last) && self.again(&slot, last).is_some())) {
            self.kept.push_front(last.slot);
        }
    }

    /// When a slot starts: at its time; or, where it was tried before, after a wait. Never again where it was tried too often.
    fn start(&self, slot: &Slot, of: Option<&SlotsOf>) -> i64 {
        let claimed = of.and_then(|of| of.taken.iter().find(|taken| taken.slot == slot.at)).filter(|_| self.mended != Some(slot.at));
        let again = claimed.map(|taken| self.again(slot, taken).unwrap_or(i64::MAX));
        let tried = self.tried.filter(|tried| tried.slot == slot.at).map(|tried| match tried {
            Tried { retry: true, failures, .. } if failures <= self.timing.retry.times => {
                tried.at.saturating_add(plan::wait(self.timing.retry, failures, slot))
            }
            _ => i64::MAX,
        });
        tried.or(again).unwrap_or_else(|| plan::start(&self.timing, slot))
    }

    /// When a slot that was claimed is tried again; `None` where it was tried often enough.
    fn again(&self, slot: &Slot, taken: &SlotTaken) -> Option<i64> {
        let (retry, failures) = (self.timing.retry, taken.attempts);
        (failures <= retry.times).then_some(match &taken.end {
            // What died is run again at once, and the next time after a wait.
            None if failures <= 1 => taken.claimed,
            None => taken.claimed.saturating_add(plan::wait(retry, failures - 1, slot)),
            Some(end) => end.at.saturating_add(plan::wait(retry, failures, slot)),
        })
    }
}

/// The run came so far as to claim it, and the configuration refused it, or something of it.
fn was_refused(taken: &SlotTaken) -> bool {
    taken.end.as_ref().is_some_and(SlotEnd::is_of_configuration)
}

fn is_open(taken: &SlotTaken) -> bool {
    taken.end.as_ref().is_none_or(|end: &SlotEnd| end.retry)
}
