//! Which slots are due, and which run takes one. Pure: a schedule, what was taken, and an instant.
//!
//! Instants are seconds since 1970 (UTC). What was taken is remembered by the greatest slot, so a clock that is set back finds its slots
//! taken; a slot that was jumped over follows `catch_up`. A slot that is further ahead of the clock than [`BELIEVED`] was taken by a clock
//! that was wrong: it is forgotten, and slots are taken from now on.

use crate::{
    domain::{Slot, instant},
    lake::{SlotBook, SlotsOf},
    pipeline::{CatchUp, Retry, Timing, schedule::Schedule},
    schema::digest_of,
};

/// No clock that is right for somebody is further ahead: a day, and the hour that moves.
pub const BELIEVED: i64 = 25 * 3_600;

/// A slot that is noticed within so many seconds was not missed. Two slots of a name are never closer.
pub const ON_TIME: i64 = 300;

/// Retention is acted on this often, after a run that came to its end.
const CLEARED_EVERY: i64 = 30 * 86_400;

/// Whether retention is to be acted on again: a month has gone by since it was, or nobody can believe when that was.
#[must_use]
pub fn clearing_is_due(book: &SlotBook, now: i64) -> bool {
    let last = book.vacuumed.as_deref().and_then(instant);
    last.is_none_or(|last| now.saturating_sub(last) >= CLEARED_EVERY || last > now.saturating_add(BELIEVED))
}

/// Skipped slots are counted up to here.
const COUNTED: u64 = 1_000;

/// What fell due of one schedule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fallen {
    /// To be taken, the oldest first.
    pub take: Vec<i64>,
    /// How many are not; a thousand stands for more.
    pub skipped: u64,
    /// The latest of all; `None` where nothing fell due.
    pub last: Option<i64>,
}

/// The slots after `until` and not after `now`, by what is to become of those that were missed.
#[must_use]
pub fn fallen(timing: &Timing, until: i64, now: i64) -> Fallen {
    let Some(last) = latest(&timing.schedule, until, now) else { return Fallen::default() };
    let take = match timing.catch_up {
        CatchUp::Latest => vec![last],
        CatchUp::None => Some(last).filter(|last| now - last < ON_TIME).into_iter().collect(),
        CatchUp::All => between(&timing.schedule, until, now).collect(),
    };
    let skipped = if timing.catch_up == CatchUp::All { 0 } else { count(&timing.schedule, until, now).saturating_sub(take.len() as u64) };
    Fallen { take, skipped, last: Some(last) }
}

/// The slots after one instant and not after another, the oldest first.
fn between(schedule: &Schedule, after: i64, until: i64) -> impl Iterator<Item = i64> {
    let mut at = after;
    std::iter::from_fn(move || {
        at = *schedule.next(at, 1).first()?;
        (at <= until).then_some(at)
    })
}

/// How many slots lie between: a thousand where there are more.
fn count(schedule: &Schedule, after: i64, until: i64) -> u64 {
    between(schedule, after, until).take(COUNTED as usize).count() as u64
}

/// The last slot after one instant and not after another. Looked for backwards, in steps that grow: many years of slots are not walked.
fn latest(schedule: &Schedule, after: i64, until: i64) -> Option<i64> {
    let days = [1, 8, 40, 400, 3_660];
    let back = days.iter().map(|days| until.saturating_sub(days * 86_400)).take_while(|from| *from > after);
    back.chain([after]).find_map(|from| between(schedule, from, until).last())
}

/// When a slot starts: its time, put off by its own share of `jitter`. Two names that are due together seldom have the same.
#[must_use]
pub fn start(timing: &Timing, slot: &Slot) -> i64 {
    slot.at.saturating_add(spread(&slot.to_string(), timing.jitter))
}

/// How long to wait after so many failures, in seconds: doubling from the first to the most, and less by up to a quarter, so that what
/// failed together does not come back together.
#[must_use]
pub fn wait(retry: Retry, failures: u32, slot: &Slot) -> i64 {
    let doubled = retry.first.checked_shl(failures.saturating_sub(1)).filter(|long| long >> failures.saturating_sub(1) == retry.first);
    let long = doubled.unwrap_or(retry.most).min(retry.most);
    i64::try_from(long).unwrap_or(i64::MAX) - spread(&format!("{slot} {failures}"), long / 4)
}

/// A number below `most` that is always the same for the same text.
fn spread(text: &str, most: u64) -> i64 {
    let digest = digest_of(text.as_bytes()).0;
    let number = digest.iter().take(8).fold(0_u64, |number, byte| (number << 8) | u64::from(*byte));
    number.checked_rem(most).and_then(|rest| i64::try_from(rest).ok()).unwrap_or_default()
}

/// Whether a run may take a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// It is this run's.
    Taken,
    /// Another run took it and ended, or a later slot was taken instead.
    Already,
}

/// Takes a slot of a name, as far as it is to be had; also one that the configuration refused, which may be mended. Asked and answered by
/// the holder of the lake's lock.
pub fn claim(of: &mut SlotsOf, schedule: &Schedule, slot: i64, now: i64) -> Claim {
    if forget_ahead(of, now) {
        of.until = of.until.min(slot.saturating_sub(1));
    }
    let known = of.taken.iter().find(|taken| taken.slot == slot);
    let open = known.is_some_and(|taken| taken.end.as_ref().is_none_or(|end| end.retry || end.is_of_configuration()));
    if slot <= of.until && !open {
        return Claim::Already;
    }
    let skipped = if known.is_some() || of.schedule != schedule.text { 0 } else { count(schedule, of.until, slot.saturating_sub(1)) };
    schedule.text.clone_into(&mut of.schedule);
    of.take(slot, now, skipped);
    Claim::Taken
}

/// Forgets what was taken further ahead of the clock than is believed, and says whether there was any. From now on slots are taken again.
pub fn forget_ahead(of: &mut SlotsOf, now: i64) -> bool {
    let believed = now.saturating_add(BELIEVED);
    if of.until <= believed {
        return false;
    }
    of.taken.retain(|taken| taken.slot <= believed);
    of.until = now;
    true
}

/// Gives every name that is scheduled and not known, or known by another schedule, its beginning: nothing that lies before it is due.
/// `since` says since when a name has this schedule. What it changed, by name; also what was forgotten, which is told.
pub fn begin(book: &mut SlotBook, timings: &[(String, &Timing)], now: i64, since: impl Fn(&str, &Timing) -> i64) -> Begun {
    let mut begun = Begun::default();
    for (name, timing) in timings {
        let known = book.names.contains_key(name);
        let of = book.names.entry(name.clone()).or_default();
        if forget_ahead(of, now) {
            begun.forgotten.push(name.clone());
        }
        if !known || of.schedule != timing.schedule.text {
            timing.schedule.text.clone_into(&mut of.schedule);
            of.until = if known { of.until.max(since(name, timing)) } else { since(name, timing) };
            begun.new.push(name.clone());
        }
    }
    begun
}

/// What [`begin`] changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Begun {
    /// Names that were not known, or by another schedule.
    pub new: Vec<String>,
    /// Names whose slots had been taken in the future.
    pub forgotten: Vec<String>,
}

impl Begun {
    /// Whether there is anything to write down.
    #[must_use]
    pub fn is_something(&self) -> bool {
        !self.new.is_empty() || !self.forgotten.is_empty()
    }
}
