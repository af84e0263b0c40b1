//! Schedules: five cron fields in the civil time of Europe/London.
//!
//! A single time that falls into the hour lost in spring happens once after it; one that falls into the hour
//! repeated in autumn happens once, the first time. Lists, ranges and steps have no such meaning there
//! and are refused if they touch 01:00–01:59.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::{Europe::London, Tz};
use croner::{
    Cron, JobType,
    parser::{CronParser, Seconds, Year},
};

use crate::domain::Day;

/// Jobs do not start more often than this.
pub const LEAST_MINUTES: i64 = 5;

/// Why a text is no schedule that can be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unkept {
    /// A sentence.
    pub why: String,
    /// What to write in its place.
    pub instead: String,
}

impl Unkept {
    fn new(why: impl Into<String>, instead: impl Into<String>) -> Self {
        Self { why: why.into(), instead: instead.into() }
    }
}

/// A schedule that can be kept.
#[derive(Clone, Debug)]
pub struct Schedule {
    cron: Cron,
    /// As written.
    pub text: String,
}

impl Schedule {
    /// # Errors
    /// Why the expression is no schedule, and what to write instead.
    pub fn parse(text: &str) -> Result<Self, Unkept> {
        const PLAIN: &str = "write five fields: `0 6 * * 1-5` is six o'clock on working days, `0 6 L * *` the last day of every month";
        let fields = text.split_whitespace().count();
        if fields != 5 {
            let seconds = if fields == 6 { "; seconds are not scheduled" } else { "" };
            return Err(Unkept::new(format!("it has {fields} fields, not five{seconds}"), PLAIN));
        }
        let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        let cron = parser
            .parse(text)
            .map_err(|why| Unkept::new(format!("it is no schedule ({})", why.to_string().trim_end_matches('.')), PLAIN))?;
        let schedule = Self { cron, text: text.to_owned() };
        schedule.check()?;
        Ok(schedule)
    }

    fn check(&self) -> Result<(), Unkept> {
        if !self.ever_happens() {
            let instead = "write a day that its months have; `L` is the last day of every month, as in `0 6 L * *`";
            return Err(Unkept::new("it never happens: no year has such a day", instead));
        }
        let repeated = self.cron.determine_job_type() == JobType::IntervalWildcard;
        if repeated && self.cron.pattern.hour_match(1).unwrap_or(true) {
            let why = "it names several times and touches 01:00–01:59, which is left out in spring and comes twice in autumn";
            return Err(Unkept::new(why, self.around_the_hour_that_moves()));
        }
        if self.least_gap_minutes() < LEAST_MINUTES {
            let instead = format!("let at least {LEAST_MINUTES} minutes lie between two times, as in `*/{LEAST_MINUTES} 6-20 * * 1-5`");
            return Err(Unkept::new(format!("it happens more often than every {LEAST_MINUTES} minutes"), instead));
        }
        Ok(())
    }

    /// What to write instead of hours among which is the one that is left out in spring: the same without it, where it can be kept.
    fn around_the_hour_that_moves(&self) -> String {
        let fields: Vec<&str> = self.text.split_whitespace().collect();
        let hours: Vec<String> = (0..24)
            .filter(|hour| *hour != 1 && self.cron.pattern.hour_match(*hour).unwrap_or(false))
            .map(|hour| hour.to_string())
            .collect();
        let without = match fields.as_slice() {
            [minute, "*", rest @ ..] => Some([&[*minute, "0,2-23"], rest].concat().join(" ")),
            [minute, _, rest @ ..] if !hours.is_empty() => Some([&[*minute, &hours.join(",")], rest].concat().join(" ")),
            _ => None,
        };
        match without.filter(|text| Self::parse(text).is_ok()) {
            Some(text) => format!("leave that hour out: `{text}`; or name a single time in it, as in `30 1 * * *`"),
            None => "name a single time in it, as in `30 1 * * *`, or another hour".to_owned(),
        }
    }

    /// Whether any day of a whole cycle of leap years and weekdays matches.
    fn ever_happens(&self) -> bool {
        use chrono::Datelike as _;
        let first = NaiveDate::from_ymd_opt(2000, 1, 1).unwrap_or_default();
        let pattern = &self.cron.pattern;
        let matches = |day: NaiveDate| {
            pattern.month_match(day.month()).unwrap_or(false) && pattern.day_match(day.year(), day.month(), day.day()).unwrap_or(false)
        };
        first.iter_days().take(28 * 366).any(matches)
    }

    /// The shortest time between two of the first hundred times of a winter, in minutes.
    pub(super) fn least_gap_minutes(&self) -> i64 {
        let start = DateTime::<Utc>::from_timestamp(978_307_200, 0).unwrap_or_default();
        let times: Vec<DateTime<Utc>> = self.cron.iter_after(start).take(100).collect();
        let gaps = times.iter().zip(times.iter().skip(1)).map(|(a, b)| (*b - *a).num_minutes());
        gaps.min().unwrap_or(i64::MAX)
    }

    /// The next `n` times after an instant, all in seconds since 1970 UTC.
    #[must_use]
    pub fn next(&self, from_utc_seconds: i64, n: usize) -> Vec<i64> {
        let mut times = Vec::with_capacity(n);
        let mut from = from_utc_seconds;
        while times.len() < n {
            let Some(next) = self.one_after(from) else { break };
            times.push(next);
            from = next;
        }
        times
    }

    fn one_after(&self, from_utc_seconds: i64) -> Option<i64> {
        let from = DateTime::<Utc>::from_timestamp(from_utc_seconds, 0)?.with_timezone(&London);
        let mut look: DateTime<Tz> = from;
        // In the hour that comes twice, croner answers with the first of the two also when that is already past.
        for _ in 0..8 {
            let found = self.cron.find_next_occurrence(&look, false).ok()?;
            if found > from {
                return Some(found.timestamp());
            }
            look = look.checked_add_signed(TimeDelta::minutes(30))?;
        }
        None
    }

    /// What a reader of the schedule may not expect: months that it leaves out.
    #[must_use]
    pub fn note(&self) -> Option<String> {
        let mut fields = self.text.split_whitespace().skip(2);
        let (days, _, weekdays) = (fields.next()?, fields.next()?, fields.next()?);
        let latest = days.split([',', '-']).filter_map(|word| word.parse::<u8>().ok()).min()?;
        let leaves_out = latest > 28 && (weekdays == "*" || weekdays == "?");
        leaves_out.then(|| format!("months without a day {latest} are left out; `L` is the last day of every month"))
    }
}

/// An instant as the clock on the wall shows it: `Sun 2025-03-30 02:00 BST`.
#[must_use]
pub fn civil(utc_seconds: i64) -> String {
    let instant = DateTime::<Utc>::from_timestamp(utc_seconds, 0).unwrap_or_default();
    instant.with_timezone(&London).format("%a %Y-%m-%d %H:%M %Z").to_string()
}

/// The day of an instant on a calendar in London; `None` beyond the years that days are written in.
#[must_use]
pub fn civil_day(utc_seconds: i64) -> Option<Day> {
    let instant = DateTime::<Utc>::from_timestamp(utc_seconds, 0)?;
    Day::parse_iso(&instant.with_timezone(&London).format("%Y-%m-%d").to_string())
}

/// The day in London of an instant as registers write it, `2018-07-05T05:00:00Z`; `None` where the text is none.
#[must_use]
pub fn civil_day_of(instant: &str) -> Option<Day> {
    civil_day(DateTime::parse_from_rfc3339(instant).ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str) -> i64 {
        DateTime::parse_from_rfc3339(text).unwrap().timestamp()
    }

    fn next(expression: &str, from: &str, n: usize) -> Vec<String> {
        Schedule::parse(expression).unwrap().next(utc(from), n).into_iter().map(civil).collect()
    }

    #[test]
    fn a_day_begins_at_midnight_in_london() {
        let day = |text: &str| civil_day_of(text).map(|day| day.to_string());
        assert_eq!(day("2018-07-05T22:59:59Z").as_deref(), Some("2018-07-05"));
        assert_eq!(day("2018-07-05T23:00:00Z").as_deref(), Some("2018-07-06"));
        assert_eq!(day("2018-12-05T23:00:00Z").as_deref(), Some("2018-12-05"));
        assert_eq!(day("yesterday"), None);
    }

    #[test]
    fn h1_the_hour_lost_in_spring_runs_once_after_it() {
        let times = next("30 1 * * *", "2025-03-29T12:00:00Z", 2);
        assert_eq!(times, ["Sun 2025-03-30 02:00 BST", "Mon 2025-03-31 01:30 BST"]);
    }

    #[test]
    fn h2_the_hour_repeated_in_autumn_runs_once() {
        let times = next("30 1 * * *", "2025-10-25T12:00:00Z", 2);
        assert_eq!(times, ["Sun 2025-10-26 01:30 BST", "Mon 2025-10-27 01:30 GMT"]);
        // Asked in the second of the two hours, when the first 01:30 is past.
        assert_eq!(next("30 1 * * *", "2025-10-26T01:10:00Z", 1), ["Mon 2025-10-27 01:30 GMT"]);
    }

    #[test]
    fn h3_h4_days_that_a_month_lacks_are_skipped_and_said() {
        let times = next("0 0 31 * *", "2025-01-31T12:00:00Z", 2);
        assert_eq!(times, ["Mon 2025-03-31 00:00 BST", "Sat 2025-05-31 00:00 BST"]);
        assert!(Schedule::parse("0 0 31 * *").unwrap().note().unwrap().contains("day 31"));
        assert_eq!(next("0 6 29 2 *", "2025-01-01T00:00:00Z", 1), ["Tue 2028-02-29 06:00 GMT"]);
        assert!(Schedule::parse("0 6 29 2 *").unwrap().note().is_some());
        assert_eq!(Schedule::parse("0 6 L * *").unwrap().note(), None);
        assert_eq!(next("0 6 L * *", "2025-02-01T00:00:00Z", 1), ["Fri 2025-02-28 06:00 GMT"]);
    }

    #[test]
    fn h5_no_schedule() {
        for text in ["", "hello", "61 6 * * *", "0 6 * *", "0 6 * * mondays", "@daily", "0 6 30 2 *", "0 6 * * * 2025 1"] {
            assert!(Schedule::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn h6_too_often() {
        assert!(Schedule::parse("* * * * * *").unwrap_err().why.contains("seconds"));
        assert!(Schedule::parse("* 6-20 * * *").unwrap_err().why.contains("every 5 minutes"));
        assert!(Schedule::parse("0,3 6 * * *").unwrap_err().why.contains("every 5 minutes"));
        assert!(Schedule::parse("*/5 6-20 * * 1-5").is_ok());
    }

    #[test]
    fn several_times_must_keep_clear_of_the_hour_that_moves() {
        for text in ["0 * * * *", "0 0-2 * * *", "0,30 1 * * *", "0 1,13 * * *", "0 */1 * * *"] {
            assert!(Schedule::parse(text).unwrap_err().why.contains("01:00"), "{text}");
        }
        for (text, instead) in [
            ("*/15 * * * *", "`*/15 0,2-23 * * *`"),
            ("0 0-2 * * *", "`0 0,2 * * *`"),
            ("0 1,13 * * *", "`0 13 * * *`"),
            ("0,30 1 * * *", "`30 1 * * *`, or another hour"),
        ] {
            assert!(Schedule::parse(text).unwrap_err().instead.contains(instead), "{text}");
        }
        for text in ["0 1 * * *", "59 1 * * 0", "0 2-23 * * *", "0 6 * * 1-5"] {
            assert!(Schedule::parse(text).is_ok(), "{text}");
        }
    }
}
