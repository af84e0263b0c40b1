//! The only place that reads the clock. What a run does with it is only shown: nothing is ordered by it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::{domain::Day, pipeline::schedule::civil_day};

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
