//! When a feed or the cost run starts by itself, and what becomes of times that were missed.

use super::schedule::Schedule;
use crate::{
    diagnostic::codes::config,
    schema::fields::{Fields, Item},
};

/// Keys that stand beside `schedule`, in feeds and in `cost.yaml`.
pub const KEYS: [&str; 4] = ["catch_up", "jitter", "at_most", "retry"];

/// What becomes of slots that nobody took when they were due.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CatchUp {
    /// The latest of them is taken, the others are skipped.
    #[default]
    Latest,
    /// None is taken.
    None,
    /// Each is taken, the oldest first.
    All,
}

/// How often a run that could not reach something is tried again, and after how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    pub times: u32,
    /// Seconds before the first; each further one waits twice as long.
    pub first: u64,
    /// No wait is longer: seconds.
    pub most: u64,
}

impl Default for Retry {
    fn default() -> Self {
        Self { times: 4, first: 60, most: 1_800 }
    }
}

/// A schedule, with everything that is said beside it.
#[derive(Clone, Debug)]
pub struct Timing {
    pub schedule: Schedule,
    pub catch_up: CatchUp,
    /// A start is put off by less than so many seconds.
    pub jitter: u64,
    /// A run that takes longer is ended: seconds.
    pub at_most: u64,
    pub retry: Retry,
}

/// Two hours.
const AT_MOST: u64 = 7_200;
const DAY: u64 = 86_400;

/// `schedule` and what stands beside it; `None` where nothing starts by itself, or the schedule cannot be kept.
pub fn timing(fields: &Fields<'_>) -> Option<Timing> {
    let Some(item) = fields.get("schedule") else {
        for beside in KEYS.iter().filter_map(|key| fields.get(key)) {
            beside.refuse(config::WRONG_VALUE, "nothing is scheduled here", "a `schedule` beside it, or neither", "");
        }
        return None;
    };
    let schedule = schedule(&item);
    let words = [("latest", CatchUp::Latest), ("none", CatchUp::None), ("all", CatchUp::All)];
    let catch_up = fields.get("catch_up").and_then(|item| item.choice(&words)).unwrap_or_default();
    let jitter = fields.get("jitter").and_then(|item| jitter(&item, schedule.as_ref())).unwrap_or_default();
    let at_most = fields.get("at_most").and_then(|item| seconds(&item, 1, 7 * DAY)).unwrap_or(AT_MOST);
    let retry = fields.get("retry").map_or_else(Retry::default, |item| retry(&item));
    Some(Timing { schedule: schedule?, catch_up, jitter, at_most, retry })
}

/// The schedule, once it is known that it can be kept.
fn schedule(item: &Item<'_>) -> Option<Schedule> {
    let text = item.text()?;
    let read = Schedule::parse(text).map_err(|unkept| {
        let expected = "minute, hour, day, month, weekday in the civil time of Europe/London, as in `0 6 * * 1-5`";
        let hint = format!("{}; then truecost validate, which shows the next times", unkept.instead);
        item.refuse(config::SCHEDULE, &unkept.why, expected, &hint);
    });
    read.ok()
}

/// Shorter than the time between two slots: a start that is put off further would fall among the next.
fn jitter(item: &Item<'_>, schedule: Option<&Schedule>) -> Option<u64> {
    let jitter = seconds(item, 0, DAY)?;
    let gap = schedule.and_then(|schedule| u64::try_from(schedule.least_gap_minutes()).ok())?.saturating_mul(60);
    if jitter >= gap {
        let why = format!("it is as long as the shortest time between two starts, {} minutes", gap / 60);
        let hint = format!("write at most `{}m`, or let more time lie between two starts", (gap / 60).saturating_sub(1));
        item.refuse(config::SCHEDULE, &why, "less than the time between two starts", &hint);
        return None;
    }
    Some(jitter)
}

fn retry(item: &Item<'_>) -> Retry {
    let default = Retry::default();
    let Some(fields) = item.fields(&["times", "first", "most"]) else { return default };
    let times = fields.get("times").and_then(|item| item.count(0, 20)).and_then(|n| u32::try_from(n).ok()).unwrap_or(default.times);
    let first = fields.get("first").and_then(|item| seconds(&item, 1, DAY)).unwrap_or(default.first);
    let most = fields.get("most").and_then(|item| seconds(&item, 1, DAY)).unwrap_or(default.most.max(first));
    if let Some(item) = fields.get("most").filter(|_| most < first) {
        item.refuse(config::WRONG_VALUE, "it is shorter than the first wait", "a time as long as `first`, or longer", "");
    }
    Retry { times, first, most: most.max(first) }
}

/// `90s`, `30m`, `2h`; `0s` where `least` is nought.
fn seconds(item: &Item<'_>, least: u64, most: u64) -> Option<u64> {
    let expected = if least == 0 {
        "a time of at most a day, as in `0s`, `90s`, `30m` or `2h`"
    } else {
        "a time that is not nought, as in `90s`, `30m` or `2h`"
    };
    item.read(expected, |text| parse_seconds(text).filter(|seconds| (least..=most).contains(seconds)))
}

fn parse_seconds(text: &str) -> Option<u64> {
    let units = [("s", 1), ("m", 60), ("h", 3_600)];
    let (digits, unit) = units.into_iter().find_map(|(unit, seconds)| Some((text.strip_suffix(unit)?, seconds)))?;
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse::<u64>().ok().filter(|_| plain)?.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_with_their_unit_and_never_guessed() {
        for (text, seconds) in [("0s", 0), ("90s", 90), ("30m", 1_800), ("2h", 7_200)] {
            assert_eq!(parse_seconds(text), Some(seconds), "{text}");
        }
        for text in ["", "2", "h", "-1s", "+1s", "1.5h", "2 h", "2d", "99999999999999999999s", "9999999999999999999h"] {
            assert_eq!(parse_seconds(text), None, "{text}");
        }
    }
}
