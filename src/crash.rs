//! Crash points: places in the code that ships at which a test lets a run die, to see that the next one mends what was left.
//!
//! `TRUECOST_CRASH=land.renamed:2:abort` ends the process at the second passing of `land.renamed`, as `kill -9` or a power cut would;
//! `error` lets the step fail as a disk does, `panic` lets the thread panic, `stop` lets the thread stand still for good.
//! `TRUECOST_CRASH_SEEN=FILE` appends the name of every point that is passed. With neither set, a point is one relaxed load.
//!
//! A test collects the names from the source, and fails on one that no scenario passes (`tests/it/crashes.rs`).

use std::{
    fmt,
    fs::{File, OpenOptions},
    io::{self, Write as _},
    sync::{
        OnceLock,
        atomic::{AtomicU8, AtomicU64, Ordering},
    },
};

const PLAN: &str = "TRUECOST_CRASH";
const SEEN: &str = "TRUECOST_CRASH_SEEN";

/// Nobody has looked at the environment yet.
const UNKNOWN: u8 = 0;
/// Points do nothing.
const OFF: u8 = 1;
/// Somebody watches, or has asked for a crash.
const ARMED: u8 = 2;

static STATE: AtomicU8 = AtomicU8::new(UNKNOWN);
static ASKED: OnceLock<Asked> = OnceLock::new();
/// How often the point of the plan was passed.
static PASSED: AtomicU64 = AtomicU64::new(0);

/// How a point ends what passes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Abort,
    Error,
    Panic,
    Stop,
}

/// Which passing of which point ends, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Plan {
    name: String,
    passing: u64,
    end: End,
}

/// What the environment asks for.
struct Asked {
    plan: Option<Plan>,
    seen: Option<File>,
}

/// A step that was asked to fail at a crash point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crashed {
    pub name: &'static str,
}

impl fmt::Display for Crashed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PLAN} asks for a failure at the crash point `{}`", self.name)
    }
}

impl std::error::Error for Crashed {}

impl From<Crashed> for io::Error {
    fn from(crashed: Crashed) -> Self {
        Self::other(crashed)
    }
}

/// Passes a point.
///
/// # Errors
/// [`Crashed`] where the environment asks that this passing fails.
pub fn point(name: &'static str) -> Result<(), Crashed> {
    if STATE.load(Ordering::Relaxed) == OFF { Ok(()) } else { armed(name) }
}

/// Whether what the environment asks for can be understood; a word that means nothing must not pass for a test that found nothing.
///
/// # Errors
/// A sentence that says what is wrong.
pub fn understood() -> Result<(), String> {
    let Some(text) = std::env::var_os(PLAN) else { return Ok(()) };
    let text = text.to_string_lossy().into_owned();
    parse(&text).map(drop).ok_or_else(|| format!("{PLAN}={text} is not understood: name:passing:abort, or error, panic, stop"))
}

#[cold]
fn armed(name: &'static str) -> Result<(), Crashed> {
    let asked = ASKED.get_or_init(ask);
    let watched = asked.plan.is_some() || asked.seen.is_some();
    STATE.store(if watched { ARMED } else { OFF }, Ordering::Relaxed);
    if let Some(mut seen) = asked.seen.as_ref() {
        // One write of a few bytes at the end of a file: whole, whichever thread it is. What cannot be noted is a fault of the test.
        seen.write_all(format!("{name}\n").as_bytes()).map_err(|_| Crashed { name })?;
    }
    match &asked.plan {
        Some(plan) if plan.name == name && PASSED.fetch_add(1, Ordering::SeqCst) + 1 == plan.passing => end(plan.end, name),
        _ => Ok(()),
    }
}

fn ask() -> Asked {
    let plan = std::env::var(PLAN).ok().and_then(|text| parse(&text));
    let seen = std::env::var_os(SEEN).and_then(|path| OpenOptions::new().append(true).create(true).open(path).ok());
    Asked { plan, seen }
}

fn parse(text: &str) -> Option<Plan> {
    let mut pieces = text.split(':');
    let name = pieces.next().filter(|name| !name.is_empty())?.to_owned();
    let passing = pieces.next()?.parse().ok().filter(|passing| *passing > 0)?;
    let end = match pieces.next()? {
        "abort" => End::Abort,
        "error" => End::Error,
        "panic" => End::Panic,
        "stop" => End::Stop,
        _ => return None,
    };
    pieces.next().is_none().then_some(Plan { name, passing, end })
}

#[allow(clippy::panic)] // that is what is asked for
fn end(how: End, name: &'static str) -> Result<(), Crashed> {
    match how {
        End::Abort => std::process::abort(),
        End::Error => Err(Crashed { name }),
        End::Panic => std::panic::panic_any(Crashed { name }.to_string()),
        End::Stop => loop {
            std::thread::park();
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_is_understood_whole_or_not_at_all() {
        let plan = |name: &str, passing, end| Some(Plan { name: name.into(), passing, end });
        assert_eq!(parse("land.renamed:2:abort"), plan("land.renamed", 2, End::Abort));
        assert_eq!(parse("a:1:error"), plan("a", 1, End::Error));
        assert_eq!(parse("a:1:panic"), plan("a", 1, End::Panic));
        assert_eq!(parse("a:1:stop"), plan("a", 1, End::Stop));
        for text in ["", "a", "a:1", "a:0:abort", "a:x:abort", "a:1:explode", "a:1:abort:more", ":1:abort"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_step_that_is_asked_to_fail_says_which() {
        let error = io::Error::from(end(End::Error, "land.renamed").unwrap_err());
        assert!(error.to_string().contains("`land.renamed`"), "{error}");
        assert_eq!(point("nobody.asked"), Ok(()));
    }
}
