//! Which delivery stands: the order in which deliveries go over each other, who holds a period, what waits, and what persons decided.

use std::{cmp::Reverse, collections::BTreeMap};

use serde::{Deserialize, Serialize};

use super::{DeliveryRecord, DeliveryState};
use crate::domain::{Coverage, Day, Period};

/// The place of a delivery in the order of its feed: where two cover a period, the one with the greater turn goes over the other.
///
/// It is given once, when the delivery is judged first, and kept: a replay, a changed rule or a person's word does not move it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    /// Number of the run that judged it first; 0 for what a version without numbers took.
    pub run: u64,
    /// Its place among the deliveries of that run.
    pub order: u64,
    /// How far it stands below the delivery whose place it shares: a file that was taken because a newer one was refused.
    #[serde(default)]
    pub below: u32,
}

impl Turn {
    /// What a version of truecost without numbers left: the order of the table's versions.
    const fn of_version(version: u64, above: bool) -> Self {
        Self { run: 0, order: version + 1 + if above { 1 << 40 } else { 0 }, below: 0 }
    }

    const fn key(self) -> (u64, u64, Reverse<u32>) {
        (self.run, self.order, Reverse(self.below))
    }
}

impl PartialOrd for Turn {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Turn {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}

/// What a person said about a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decided {
    /// It counts although something about it was in question.
    Accept,
    /// It does not count.
    Withdraw,
    /// It counts again.
    Undo,
}

impl Decided {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Withdraw => "withdraw",
            Self::Undo => "withdraw --undo",
        }
    }
}

/// Who decided what, when and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    pub what: Decided,
    pub by: String,
    pub reason: String,
    /// An instant as text; shown, and never compared.
    pub at: String,
    /// Number of the command among runs and commands that wrote.
    pub run: u64,
    /// What judged the delivery when it was accepted ([`DeliveryRecord::rules`]): by other rules the word does not hold.
    #[serde(default)]
    pub rules: String,
    /// The state before, to which `--undo` leads back.
    #[serde(default)]
    pub before: Option<DeliveryState>,
}

/// The delivery whose rows a period of a feed holds, or must hold again where it is `lost`: the accepted one with the greatest turn.
#[must_use]
pub fn holder<'k>(
    known: impl IntoIterator<Item = &'k DeliveryRecord>,
    council: &str,
    feed: &str,
    period: Period,
) -> Option<&'k DeliveryRecord> {
    let holds = |r: &&DeliveryRecord| r.is_accepted() && r.is_of(council, feed) && r.goes_into(period);
    known.into_iter().filter(holds).max_by_key(|r| r.turn())
}

/// Council, feed and period.
pub type HeldAt<'k> = (&'k str, &'k str, Period);

/// The holder of every period that one holds, as [`holder`] says it: for who asks for many of them.
#[must_use]
pub fn holders<'k>(known: impl IntoIterator<Item = &'k DeliveryRecord>) -> BTreeMap<HeldAt<'k>, &'k DeliveryRecord> {
    let mut all: BTreeMap<HeldAt<'k>, &'k DeliveryRecord> = BTreeMap::new();
    for record in known.into_iter().filter(|record| record.is_accepted()) {
        for period in record.periods() {
            let of = all.entry((&record.council, &record.feed, period)).or_insert(record);
            if of.turn() <= record.turn() {
                *of = record;
            }
        }
    }
    all
}

impl DeliveryRecord {
    /// Its place in the order of its feed; `None` where it never had one.
    #[must_use]
    pub fn turn(&self) -> Option<Turn> {
        self.turn.or_else(|| self.lake_version.map(|version| Turn::of_version(version, self.above)))
    }

    /// Accepted, and with a place among those that were.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        self.state == DeliveryState::Accepted && self.turn().is_some()
    }

    /// Whether its rows go into this period, or its having none there leaves the period empty.
    #[must_use]
    pub fn goes_into(&self, period: Period) -> bool {
        let text = period.to_string();
        self.coverage.contains(&text) || self.beside.contains(&text)
    }

    /// Every period whose rows it replaces: those that it covers, and those beside them (the closing period of a yearly delivery);
    /// `None` where the entry names none.
    #[must_use]
    pub fn replaces(&self) -> Option<Coverage> {
        Coverage::new(self.coverage.iter().chain(&self.beside).filter_map(|text| Period::parse(text)).collect())
    }

    /// The periods that it covers, which are part of its identity; `None` where the entry names none.
    #[must_use]
    pub fn covers(&self) -> Option<Coverage> {
        Coverage::new(self.coverage.iter().filter_map(|text| Period::parse(text)).collect())
    }

    /// The periods that it replaces, in order.
    #[must_use]
    pub fn periods(&self) -> Vec<Period> {
        self.replaces().map(|replaced| replaced.periods().to_vec()).unwrap_or_default()
    }

    /// The periods that it holds.
    #[must_use]
    pub fn held<'k>(&self, known: &(impl IntoIterator<Item = &'k Self> + Clone)) -> Vec<Period> {
        let holds = |period: &Period| holder(known.clone(), &self.council, &self.feed, *period).is_some_and(|r| r.is(&self.delivery_id));
        if self.is_accepted() { self.periods().into_iter().filter(holds).collect() } else { Vec::new() }
    }

    /// Whether some period holds its rows.
    #[must_use]
    pub fn stands<'k>(&self, known: &(impl IntoIterator<Item = &'k Self> + Clone)) -> bool {
        !self.held(known).is_empty()
    }

    /// The day of which it tells, where it is a snapshot.
    #[must_use]
    pub fn as_at(&self) -> Option<Day> {
        Day::parse_iso(self.as_at.as_deref()?)
    }

    #[must_use]
    pub fn is(&self, delivery: &str) -> bool {
        self.delivery_id == delivery
    }

    /// What judged it: contract, and feed with its SQL.
    #[must_use]
    pub fn rules(&self) -> String {
        format!("{} {}", self.contract_sha256, self.feed_sha256)
    }

    /// What is in question, one sentence each, where it waits for a person's word: of itself, or of what judged it again while it stands.
    #[must_use]
    pub fn questions(&self) -> &[String] {
        match (self.state, &self.last_attempt) {
            (DeliveryState::Waiting, _) => &self.waits,
            (DeliveryState::Accepted, Some(attempt)) => &attempt.waits,
            _ => &[],
        }
    }

    /// Whether it waits for a person's word. A newer delivery of all its periods that is accepted, or waits itself, ends the wait.
    #[must_use]
    pub fn waits<'k>(&self, known: impl IntoIterator<Item = &'k Self>) -> bool {
        let covers = self.periods();
        let ends = |r: &Self| {
            let counts = matches!(r.state, DeliveryState::Accepted | DeliveryState::Waiting) && r.is_of(&self.council, &self.feed);
            counts && r.turn() > self.turn() && covers.iter().all(|period| r.goes_into(*period))
        };
        !self.questions().is_empty() && !known.into_iter().any(ends)
    }

    /// Whether a person accepted it as these rules judged it.
    #[must_use]
    pub fn accepted_by(&self, rules: &str) -> bool {
        self.decisions.iter().any(|d| d.what == Decided::Accept && d.rules == rules)
    }

    /// What judged it last: itself, or the attempt to judge it again while it stands.
    #[must_use]
    pub fn judged_by(&self) -> String {
        match (self.state, &self.last_attempt) {
            (DeliveryState::Accepted, Some(attempt)) => attempt.rules(),
            _ => self.rules(),
        }
    }

    /// Whether a person has accepted what is in question, so that the next run takes it.
    #[must_use]
    pub fn is_let_in(&self) -> bool {
        !self.questions().is_empty() && self.accepted_by(&self.judged_by())
    }

    /// Who withdrew it, where a person did and has not undone it.
    #[must_use]
    pub fn withdrawn_by(&self) -> Option<&Decision> {
        self.decisions.last().filter(|d| d.what == Decided::Withdraw && self.state == DeliveryState::Withdrawn)
    }

    /// Whether it is of this feed of this council.
    #[must_use]
    pub fn is_of(&self, council: &str, feed: &str) -> bool {
        self.council == council && self.feed == feed
    }

    /// `newham/general_ledger`.
    #[must_use]
    pub fn feed_name(&self) -> String {
        format!("{}/{}", self.council, self.feed)
    }

    /// Whether it came under this name, whatever the bytes.
    #[must_use]
    pub fn is_named(&self, location: &str, name: &str) -> bool {
        self.files().any(|file| file.location == location && file.name == name)
    }

    /// The files under which it came.
    pub fn files(&self) -> impl Iterator<Item = &super::SourceFacts> {
        std::iter::once(&self.source).chain(&self.also_as)
    }

    /// The files under which it came, but for the one under which it is judged now: none is forgotten because another was read.
    #[must_use]
    pub fn files_beside(&self, judged: &super::SourceFacts) -> Vec<super::SourceFacts> {
        self.files().filter(|file| (&file.location, &file.name) != (&judged.location, &judged.name)).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the version before wrote it: no turn, no number, nothing of waiting.
    const BEFORE: &str = include_str!("../../tests/fixtures/register/before_turns.json");

    fn before(version: u64, above: bool) -> DeliveryRecord {
        let record: DeliveryRecord = serde_json::from_str(BEFORE).unwrap();
        DeliveryRecord { lake_version: Some(version), above, delivery_id: format!("{version:016x}"), ..record }
    }

    #[test]
    fn an_entry_of_the_version_before_opens_and_stands_by_the_version_of_its_table() {
        let (first, second) = (before(3, false), before(4, false));
        let period = first.periods()[0];
        let known = [second.clone(), first.clone()];
        assert!(first.turn.is_none() && first.waits.is_empty() && first.decisions.is_empty());
        assert!(holder(&known, &first.council, &first.feed, period).unwrap().is(&second.delivery_id));
        assert!(holders(&known)[&(first.council.as_str(), first.feed.as_str(), period)].is(&second.delivery_id));
        // What had to go over all that was there, goes over all that was there; what this version takes goes over that.
        let above = before(2, true);
        assert!(above.turn() > second.turn());
        assert!(Some(Turn { run: 1, order: 1, below: 0 }) > above.turn());
    }

    #[test]
    fn a_file_that_was_taken_instead_stands_below_the_newer_one_and_above_what_was_there() {
        let turn = Turn { run: 7, order: 2, below: 0 };
        assert!(Turn { below: 1, ..turn } < turn);
        assert!(Turn { below: 2, ..turn } < Turn { below: 1, ..turn });
        assert!(Turn { below: 2, ..turn } > Turn { run: 7, order: 1, below: 0 });
    }
}
