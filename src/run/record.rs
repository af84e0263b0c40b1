//! What a run writes down of itself: its steps with what they took and moved, what it left and why, and what it held of the machine.

use std::{fs, sync::Mutex};

use super::{
    Conductor, Delivered, Delivery, Event, Halves, Observer, Outcome,
    clock::{Now, ProcessClock, Stopwatch},
    feeds::is_in_the_way,
    noting::Within,
};
use crate::{
    diagnostic::{Answer, Diagnostic, Refusal, list},
    domain::{Pence, decimal},
    lake::{DeliveryRecord, NotDone, RunCheck, RunDelivery, RunRecord, RunStep},
    plan::program,
    run::parallel::lock,
    schema::digest_of,
    stages::prove::{Finding, InSuspense},
};

/// What a run has noted of itself so far.
#[derive(Debug)]
pub(super) struct Journal {
    watch: Stopwatch,
    steps: Mutex<Vec<RunStep>>,
    left: Mutex<Vec<NotDone>>,
}

impl Default for Journal {
    fn default() -> Self {
        Self { watch: ProcessClock.own_stopwatch(), steps: Mutex::default(), left: Mutex::default() }
    }
}

/// A step that is under way.
#[derive(Debug)]
pub(super) struct Begun {
    step: &'static str,
    subject: String,
    watch: Stopwatch,
}

impl Begun {
    /// Whoever is told through this knows that it happened in this step.
    pub(super) fn within<'b>(&'b self, to: &'b dyn Observer) -> Within<'b> {
        Within::new(to, self.step, &self.subject)
    }
}

/// What a step moved.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Moved {
    pub rows: u64,
    /// Debit positive; `None` where there are no pounds.
    pub pence: Option<Pence>,
    pub bytes: u64,
    /// Parts that were made, and parts that stood.
    pub made: u64,
    pub kept: u64,
}

impl Moved {
    /// What became of one delivery.
    pub(super) fn of(delivered: &Delivered, bytes: u64) -> Self {
        Self { rows: delivered.rows, pence: delivered.pence, bytes, ..Self::default() }
    }
}

fn micros(watch: Stopwatch) -> u64 {
    u64::try_from(watch.measured().as_micros()).unwrap_or(u64::MAX)
}

impl Conductor<'_> {
    /// A step begins; whoever listens is told.
    pub(super) fn begin(&self, step: &'static str, subject: impl Into<String>) -> Begun {
        let subject = subject.into();
        self.observer.event(Event::Stage { step, subject: &subject });
        Begun { step, subject, watch: ProcessClock.own_stopwatch() }
    }

    /// It has ended; one that refuses the whole run never does.
    pub(super) fn end(&self, begun: Begun, moved: Moved) {
        let Moved { rows, pence, bytes, made, kept } = moved;
        let amount = pence.map(decimal);
        self.observer.event(Event::Ended { step: begun.step, subject: &begun.subject });
        let step =
            RunStep { step: begun.step.to_owned(), subject: begun.subject, took_us: micros(begun.watch), rows, amount, bytes, made, kept };
        lock(&self.journal.steps).push(step);
    }

    /// Something is left as it is.
    pub(super) fn leave(&self, what: impl Into<String>, why: impl Into<String>) {
        lock(&self.journal.left).push(NotDone { what: what.into(), why: why.into() });
    }

    /// All that the run writes down, whether it is kept or not.
    pub(super) fn record_of(&self, started: Now, outcome: &Outcome, known: &[DeliveryRecord]) -> RunRecord {
        let costed = &outcome.costed;
        let mut left = lock(&self.journal.left).clone();
        left.extend(left_by(outcome));
        RunRecord {
            number: outcome.number,
            exit: Some(outcome.exit_code()),
            release: costed.release.clone(),
            published: costed.published,
            halves: outcome.halves.as_str().to_owned(),
            delivered: outcome.delivered.iter().map(|delivered| delivery_of(delivered, known)).collect(),
            checks: costed.findings.iter().map(check_of).collect(),
            not_done: left,
            suspense: costed.suspense.iter().map(InSuspense::to_json).collect(),
            notes: list(&outcome.notes),
            errors: list(&untold(outcome)),
            more: costed.refused.as_ref().and_then(serde_json::Value::as_object).cloned().unwrap_or_default(),
            ..self.so_far(started)
        }
    }

    /// What is known of the run when it begins.
    pub(super) fn at_its_beginning(&self, started: Now) -> RunRecord {
        RunRecord {
            run: self.run_id.clone(),
            number: self.number,
            started: started.iso(),
            release: self.lake.releases().latest_name().ok().flatten(),
            halves: self.halves.as_str().to_owned(),
            slots: self.slots.iter().map(ToString::to_string).collect(),
            program: program(),
            configuration: self.configuration(),
            cut_short: true,
            ..RunRecord::default()
        }
    }

    /// What is known of it whatever becomes of it.
    fn so_far(&self, started: Now) -> RunRecord {
        RunRecord {
            ended: self.clock.now().iso(),
            cut_short: false,
            took_us: micros(self.journal.watch),
            peak_bytes: peak_bytes(),
            steps: lock(&self.journal.steps).clone(),
            not_done: lock(&self.journal.left).clone(),
            ..self.at_its_beginning(started)
        }
    }

    /// SHA-256 over the files of the partnership: their names, and the digests of their bytes.
    fn configuration(&self) -> String {
        let one = |(name, bytes): (&String, &std::sync::Arc<[u8]>)| format!("{name} {}\n", digest_of(bytes).hex());
        digest_of(self.partnership.files.iter().map(one).collect::<String>().as_bytes()).hex()
    }

    /// Whether the last run on record of what this one does ended with something that no delivery tells of, and this one ends otherwise; and
    /// whether this one ends with something of that kind with which the last did not. Periods that it could not make are told by its record until
    /// a run tries again, and a run of one half knows nothing of the other.
    pub(super) fn ends_otherwise(&self, outcome: &Outcome) -> Answer<(bool, bool)> {
        let errors = list(&untold(outcome));
        let before = self.lake.last_of(self.halves.each())?;
        let is_over = |last: &RunRecord| last.exit != Some(outcome.exit_code()) || last.errors != errors;
        let otherwise =
            |last: &RunRecord| last.needs_somebody() && is_over(last) && (last.ended_early() || !last.more.contains_key("blocked"));
        let anew = !errors.is_empty() && before.iter().all(|last| last.errors != errors);
        Ok((before.iter().any(otherwise), anew))
    }

    /// Writes down a run that ended before it was done, where that can be written: what ended it is told either way.
    pub(super) fn record_failed(&self, started: Now, refusal: &Refusal) {
        let (number, exit) = (self.number, Some(refusal.exit_code()));
        let record = RunRecord { number, exit, stopped: true, errors: list(&refusal.0), ..self.so_far(started) };
        let before = self.lake.last_of(self.halves.each()).unwrap_or_default();
        let is_same = |last: &RunRecord| last.stopped && last.exit == exit && last.errors == record.errors && last.halves == record.halves;
        let record = match before.iter().find(|own| own.number == number && own.run == record.run) {
            // What it did is written down already, and only what came after did not end well.
            Some(own) => {
                let errors = own.errors.iter().chain(&record.errors).cloned().collect();
                RunRecord { exit, stopped: true, errors, ..own.clone() }
            }
            // It ended as the last one did, and did nothing else.
            None if !before.is_empty() && before.iter().all(is_same) => return,
            None => record,
        };
        if number > 0 {
            let _ = self.lake.record_run(&record);
        }
    }

    /// Writes the run down where it did something.
    pub(super) fn keep_record(&self, outcome: &Outcome) -> Answer<()> {
        if outcome.is_recorded() { self.lake.record_run(&outcome.record) } else { Ok(()) }
    }
}

fn delivery_of(delivered: &Delivered, known: &[DeliveryRecord]) -> RunDelivery {
    let record = delivered.delivery.as_ref().and_then(|id| known.iter().find(|record| record.delivery_id == *id));
    RunDelivery {
        feed: delivered.feed.clone(),
        file: delivered.file.clone(),
        delivery_id: delivered.delivery.clone(),
        covers: delivered.coverage.clone(),
        state: delivered.state.as_str().to_owned(),
        rows: delivered.rows,
        quarantined: delivered.quarantined,
        amount: delivered.pence.map(decimal),
        bytes: record.map_or(0, |record| record.bytes),
    }
}

/// Errors of files that are no delivery, and of sources: the register does not tell of them.
fn untold(outcome: &Outcome) -> Vec<Diagnostic> {
    let none = outcome.delivered.iter().filter(|d| d.state == Delivery::Refused && d.delivery.is_none());
    none.flat_map(|d| &d.reports).filter(|report| is_in_the_way(report)).cloned().collect()
}

fn check_of(finding: &Finding) -> RunCheck {
    RunCheck {
        number: finding.check.number.into(),
        name: finding.check.name.to_owned(),
        blocks: finding.check.blocks,
        passed: finding.passed(),
        failed: finding.failures.iter().map(|failure| failure.failed).sum(),
        detail: finding.failures.first().map(crate::stages::prove::Failure::sentence).unwrap_or_default(),
    }
}

/// What the outcome itself says of what was left.
fn left_by(outcome: &Outcome) -> Vec<NotDone> {
    let left = |what: &str, why: String| NotDone { what: what.to_owned(), why };
    let report = |what: &str, d: &Diagnostic| left(what, format!("{} {}", d.code.id, d.seen));
    let costed = &outcome.costed;
    let mut all = Vec::new();
    match outcome.halves {
        Halves::Deliver => all.push(left("cost run", "only deliveries were asked for, or due".to_owned())),
        Halves::Cost => all.push(left("feeds", "only the cost run was asked for, or due".to_owned())),
        Halves::Both => {}
    }
    all.extend(outcome.waiting.iter().map(|d| report("delivery", d)));
    all.extend(costed.blocked.iter().map(|d| report("period", d)));
    all.extend(costed.stopped.iter().map(|d| report("publication", d)));
    let idle = outcome.halves != Halves::Deliver && !costed.published && !costed.failed() && costed.blocked.is_empty();
    if let (true, Some(release)) = (idle, &costed.release) {
        all.push(left("release", format!("nothing that {release} is made from has changed")));
    }
    all
}

/// The most memory that this process ever held, in bytes; `None` where the system does not say.
fn peak_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn the_system_says_how_much_memory_was_held() {
        assert!(peak_bytes().is_some_and(|bytes| bytes > 1 << 20));
    }
}
