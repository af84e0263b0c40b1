//! What a run leaves written down: `lake/runs/<number>.json`. A run that changed nothing leaves nothing.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The halves of a run, as its record names one of them alone.
pub const HALVES: [&str; 2] = ["deliver", "cost"];

/// A run that did something, or tried. Fields that a version before did not write are empty.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RunRecord {
    /// Its id, made of the instant at which it began.
    pub run: String,
    /// Its place among the runs; 0 in a record of a version without numbers.
    pub number: u64,
    /// Instants as texts (UTC).
    pub started: String,
    pub ended: String,
    /// How it ended, as its exit code says it; `None` of a run that died, of which no more is known than when it began.
    pub exit: Option<u8>,
    /// It could not say what it did: it died, was interrupted, or took too long. No more of it is known than when it began, and what others say of
    /// its end.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub cut_short: bool,
    /// It ended before it was done, and said why.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub stopped: bool,
    /// The release that readers saw when it ended; `None` where there was none.
    pub release: Option<String>,
    /// Whether the run made it.
    pub published: bool,
    /// `both`, `deliver`, `cost`.
    pub halves: String,
    /// Times at which something was due, which it took: `newham/general_ledger=2018-05-01T05:00:00Z`.
    pub slots: Vec<String>,
    /// `truecost 0.1.0`.
    pub program: String,
    /// SHA-256 over the files of the partnership.
    pub configuration: String,
    /// How long it took, in microseconds of the machine's own clock.
    pub took_us: u64,
    /// The most memory that it held, in bytes; `None` where the system does not say.
    pub peak_bytes: Option<u64>,
    pub delivered: Vec<RunDelivery>,
    /// What it did, in the order in which it ended.
    pub steps: Vec<RunStep>,
    /// The auditor's checks that it made.
    pub checks: Vec<RunCheck>,
    /// What it left, and why.
    pub not_done: Vec<NotDone>,
    /// Codes behind suspense that stopped publication, and notes, each as reports write them.
    pub suspense: Vec<Value>,
    pub notes: Vec<Value>,
    /// Errors that no delivery tells of: files that are none, sources that did not answer, and what ended a run before it was done.
    pub errors: Vec<Value>,
    /// What kernels refused (`inputs`, `blocked`), and whatever another version wrote.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// A delivery that a run looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RunDelivery {
    pub feed: String,
    pub file: String,
    /// `None` where it did not come so far.
    pub delivery_id: Option<String>,
    pub covers: String,
    /// `accepted`, `refused`, `waiting`, `already_in`.
    pub state: String,
    pub rows: u64,
    pub quarantined: u64,
    /// Pounds as text, debit positive; `None` where its rows have none.
    pub amount: Option<String>,
    /// Bytes of the file as it came.
    pub bytes: u64,
}

/// A step of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RunStep {
    /// `recover`, `list`, `land`, `deliver`, `make`, `prove`, `publish`.
    pub step: String,
    /// What it was about: a file of a feed, tables, a release; empty where it is about everything.
    pub subject: String,
    /// Microseconds of the machine's own clock. Steps that run side by side each count their own.
    pub took_us: u64,
    /// Rows that it wrote, or accepted.
    pub rows: u64,
    /// Their pounds as text, debit positive; `None` where they have none.
    pub amount: Option<String>,
    /// Bytes that it read of a delivery, or wrote of parts.
    pub bytes: u64,
    /// Parts that it made, and parts that stood as they were: nothing that they are made from had changed.
    pub made: u64,
    pub kept: u64,
}

/// One check of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RunCheck {
    /// Number in the auditor's list.
    pub number: i64,
    pub name: String,
    /// Whether a failure stops publication.
    pub blocks: bool,
    pub passed: bool,
    /// Rows, rules or documents that fail it.
    pub failed: i64,
    /// The first that does, as a sentence; empty where none does.
    pub detail: String,
}

/// Something that a run left.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct NotDone {
    pub what: String,
    pub why: String,
}

impl RunRecord {
    /// Whether it ended with a code of its own, or for what no delivery tells of: deliveries that were refused, wait or are late tell of
    /// themselves.
    #[must_use]
    pub fn needs_somebody(&self) -> bool {
        !self.errors.is_empty() || !self.exit.is_some_and(|exit| [0, 1, 4].contains(&exit))
    }

    /// Whether it was killed, or the machine went down: it could say nothing of its end.
    #[must_use]
    pub fn died(&self) -> bool {
        self.exit.is_none()
    }

    /// Whether it died, was ended, or ended before it was done.
    #[must_use]
    pub fn ended_early(&self) -> bool {
        self.stopped || self.cut_short
    }

    /// Whether it was of this half of a run: `deliver` or `cost`. One that says neither was of both.
    #[must_use]
    pub fn is_of(&self, half: &str) -> bool {
        self.halves == half || !HALVES.contains(&self.halves.as_str())
    }

    /// How many of its deliveries ended so.
    #[must_use]
    pub fn count(&self, state: &str) -> u64 {
        self.delivered.iter().filter(|delivered| delivered.state == state).count() as u64
    }

    /// Parts of the release that it made, and that it took over; where nothing was published, or a version before wrote this, those that its
    /// steps made and found.
    #[must_use]
    pub fn parts(&self) -> (u64, u64) {
        let of = |name: &str| {
            let steps = self.steps.iter().filter(|step| step.step == name);
            steps.fold((0, 0), |(made, kept), step| (made + step.made, kept + step.kept))
        };
        let published = of("publish");
        if published == (0, 0) { of("make") } else { published }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_of_another_version_is_read_and_keeps_what_is_not_known() {
        let old = serde_json::json!({"run": "20180501T050000.1Z", "number": 3, "exit": 1, "delivered": [{"feed": "a/b", "state": "refused"}],
            "inputs": "ab", "blocked": {"2018/P01": ["why"]}, "of_another_version": 7});
        let read: RunRecord = serde_json::from_value(old).unwrap();
        assert_eq!((read.number, read.count("refused"), read.count("accepted"), read.took_us), (3, 1, 0, 0));
        assert_eq!(read.more.keys().collect::<Vec<_>>(), ["inputs", "blocked", "of_another_version"]);
        let written = serde_json::to_value(&read).unwrap();
        assert_eq!((written["inputs"].as_str(), written["of_another_version"].as_u64()), (Some("ab"), Some(7)));
        assert_eq!(serde_json::from_value::<RunRecord>(written).unwrap(), read);
    }
}
