//! The only place that reads the clock. What a run does with it is only shown: nothing is ordered by it.
//!
//! Where `TRUECOST_CLOCK` names a file, that file holds the instant, and whoever writes it moves time on: so a year is seen in minutes.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{
        OnceLock,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use crate::{
    diagnostic::{Answer, Diagnostic, Place, codes},
    domain::{Day, instant},
    pipeline::schedule::civil_day,
};

/// Names the file that stands in for the clock.
pub const STEPPED: &str = "TRUECOST_CLOCK";

/// An instant, and its name in runs and registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Now {
    /// Microseconds since 1970 (UTC).
    pub micros: i64,
}

/// What a run asks the time, and what it waits by.
pub trait Clock: Sync {
    /// The instant of calling.
    fn now(&self) -> Now;

    /// Waits; used for the second look at files that may still grow.
    fn wait(&self, time: Duration);
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods)] // the one place that may
    fn now(&self) -> Now {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Now { micros: i64::try_from(since.as_micros()).unwrap_or(i64::MAX) }
    }

    fn wait(&self, time: Duration) {
        std::thread::sleep(time);
    }
}

/// The clock of this process: the machine's, or the file that [`STEPPED`] names.
#[derive(Clone, Copy, Debug, Default)]
pub struct ProcessClock;

/// The last instant that the file held; it may be looked at while it is written.
static LAST: AtomicI64 = AtomicI64::new(0);

impl ProcessClock {
    /// The file that stands in for the clock, where there is one.
    #[must_use]
    pub fn file(self) -> Option<&'static Path> {
        static FILE: OnceLock<Option<PathBuf>> = OnceLock::new();
        FILE.get_or_init(|| std::env::var_os(STEPPED).filter(|name| !name.is_empty()).map(PathBuf::from)).as_deref()
    }

    /// Whether it can be read at all.
    ///
    /// # Errors
    /// TC1312.
    pub fn check(self) -> Answer<()> {
        let Some(path) = self.file() else { return Ok(()) };
        let refused = |why: String| {
            Diagnostic::new(codes::supply::CLOCK_FILE, format!("{STEPPED} names {}, and {why}", path.display()))
                .place(Place::file(path.display().to_string()))
                .expected("a file that holds an instant, as 2018-05-01T05:00:00Z")
                .outcome("nothing was run")
                .hint(format!("write an instant into it, or take {STEPPED} out of the environment"))
        };
        let text = fs::read_to_string(path).map_err(|error| refused(format!("it cannot be read: {error}")))?;
        let seconds = instant(&text).ok_or_else(|| refused("it holds no instant".to_owned()))?;
        LAST.store(seconds, Ordering::Relaxed);
        Ok(())
    }

    /// What measures how long something takes.
    #[must_use]
    pub fn stopwatch(self) -> Stopwatch {
        Stopwatch { started: Instant::now(), at: self.file().map(|_| self.now()) }
    }

    /// What measures how long something takes in this machine's own time, whoever steps the clock.
    #[must_use]
    pub fn own_stopwatch(self) -> Stopwatch {
        Stopwatch { started: Instant::now(), at: None }
    }
}

impl Clock for ProcessClock {
    fn now(&self) -> Now {
        let system = SystemClock.now();
        let Some(path) = self.file() else { return system };
        if let Some(seconds) = fs::read_to_string(path).ok().and_then(|text| instant(&text)) {
            LAST.store(seconds, Ordering::Relaxed);
        }
        // The second is the file's; within it time goes on, so that two runs have two names.
        Now { micros: LAST.load(Ordering::Relaxed).saturating_mul(1_000_000).saturating_add(system.micros.rem_euclid(1_000_000)) }
    }

    fn wait(&self, time: Duration) {
        std::thread::sleep(time);
    }
}

/// How long something has taken: by a clock that nobody sets, or by the file that stands in for it.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch {
    started: Instant,
    /// When it was started by the file that stands in for the clock; `None` where nothing does.
    at: Option<Now>,
}

impl Stopwatch {
    /// Since it was started.
    #[must_use]
    pub fn measured(self) -> Duration {
        match self.at {
            None => self.started.elapsed(),
            Some(at) => Duration::from_secs(u64::try_from(ProcessClock.now().seconds() - at.seconds()).unwrap_or(0)),
        }
    }
}

/// A clock that stands still: for what is looked at and not done, and for tests.
#[derive(Clone, Copy, Debug)]
pub struct Standing(pub Now);

impl Clock for Standing {
    fn now(&self) -> Now {
        self.0
    }

    fn wait(&self, _: Duration) {}
}

impl Now {
    #[must_use]
    pub fn seconds(self) -> i64 {
        self.micros.div_euclid(1_000_000)
    }

    #[must_use]
    pub fn millis(self) -> i64 {
        self.micros.div_euclid(1_000)
    }

    /// The day in UTC; `None` beyond the years that days are written in.
    #[must_use]
    pub fn day(self) -> Option<Day> {
        let seconds = chrono::DateTime::from_timestamp(self.seconds(), 0)?;
        Day::parse_iso(&seconds.format("%Y-%m-%d").to_string())
    }

    /// The day on a calendar in London; `None` beyond the years that days are written in.
    #[must_use]
    pub fn civil_day(self) -> Option<Day> {
        civil_day(self.seconds())
    }

    /// `2023-05-02T05:00:00Z`.
    #[must_use]
    pub fn iso(self) -> String {
        chrono::DateTime::from_timestamp(self.seconds(), 0).map_or_else(String::new, |t| t.format("%Y-%m-%dT%H:%M:%SZ").to_string())
    }

    /// `20230502T050000.123456Z`: sorts by time, unique enough for one writer at a time.
    #[must_use]
    pub fn run_id(self) -> String {
        let micros = self.micros.rem_euclid(1_000_000);
        let stamp = chrono::DateTime::from_timestamp(self.seconds(), 0).map_or_else(String::new, |t| t.format("%Y%m%dT%H%M%S").to_string());
        format!("{stamp}.{micros:06}Z")
    }
}
