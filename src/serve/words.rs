//! The sentences of the log, and what a child said.

use serde_json::Value;

use super::{child::Status, settings::Settings};
use crate::{
    diagnostic::{Diagnostic, Place, Refusal, Severity, codes, from_json},
    domain::{COST, Slot, counted},
    pipeline::schedule::civil,
    report::held_by,
    run,
};

/// `onesource: 6 feeds and the cost run scheduled; http://127.0.0.1:8787`.
pub(super) fn started(settings: &Settings, address: &std::net::SocketAddr) -> String {
    format!("{}; http://{address}", scheduled(settings))
}

/// What is scheduled now that the files were read again.
pub(super) fn read_again(settings: &Settings) -> String {
    format!("the configuration was changed: {}", scheduled(settings))
}

fn scheduled(settings: &Settings) -> String {
    let timings = settings.timings();
    let feeds = counted(timings.iter().filter(|(name, _)| name != COST).count() as u64, "feed");
    let cost =
        if timings.iter().any(|(name, _)| name == COST) { "and the cost run scheduled" } else { "scheduled; the cost run follows each" };
    format!("{}: {feeds} {cost}", settings.partnership().name)
}

/// `06:00 BST newham/general_ledger havering/general_ledger`; slots of another time say theirs.
pub(super) fn slots(slots: &[Slot]) -> String {
    let mut text = String::new();
    let mut before = None;
    for slot in slots {
        if before != Some(slot.at) {
            text.push_str(&format!("{}{} ", if before.is_some() { ", " } else { "" }, time(slot.at)));
            before = Some(slot.at);
        }
        let named = if slot.name == COST { "cost run" } else { &slot.name };
        text.push_str(&format!("{named} "));
    }
    text.trim_end().replace(" ,", ",")
}

/// `Tue 2018-05-01 06:00 BST`.
fn time(at: i64) -> String {
    civil(at)
}

/// Slots that nobody takes any more.
pub(super) fn skipped(slot: &Slot, number: u64) -> String {
    format!("{}: {}, the last at {}", slot.name, counted(number, "slot"), time(slot.at))
}

/// Why slots are held, and how many are due.
pub(super) fn held(reports: &[Diagnostic], due: usize) -> String {
    let waits = if due == 0 { "nothing is due yet".to_owned() } else { format!("{} due", counted(due as u64, "slot")) };
    format!("{}: nothing is run before that is valid; {waits}", held_by(reports))
}

/// The lake is not there, or cannot be read.
pub(super) fn out_of_reach(reports: &[Diagnostic]) -> String {
    format!("{}: nothing is run before it can be read; it is looked at again every 30 s", held_by(reports))
}

/// Whether trying again helps, by what a child refused.
fn judged(reports: Vec<Diagnostic>) -> bool {
    !reports.is_empty() && run::may_retry(&Refusal(reports))
}

/// What a child answered.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// The run's own answer; null where it has none.
    answer: Value,
    /// What it was refused for.
    pub reports: Vec<Diagnostic>,
    /// Whether trying again helps.
    pub retry: bool,
}

impl Said {
    pub fn of(bytes: &[u8]) -> Self {
        let page: Value = serde_json::from_slice(bytes).unwrap_or_default();
        let answer = page.get("answer").cloned().unwrap_or_default();
        let listed = answer.get("diagnostics").and_then(Value::as_array).cloned().unwrap_or_default();
        let reports: Vec<Diagnostic> = listed.iter().filter_map(from_json).collect();
        let errors = reports.iter().filter(|d| d.severity == Severity::Error).cloned().collect();
        let retry = answer.get("retry").and_then(Value::as_bool).unwrap_or_else(|| judged(errors));
        Self { answer, reports, retry }
    }

    /// Why nothing is run before somebody mends it, where a run ended with 2. Nothing of one that did what it could: the file or query of one
    /// feed is not sound, and the others go on.
    pub fn refused(&self) -> Vec<Diagnostic> {
        if !self.reports.is_empty() || !self.answer.is_null() {
            return self.reports.clone();
        }
        let seen = "a run ended with 2, which says that the configuration was refused; what it said of it cannot be understood";
        let report = Diagnostic::new(codes::supply::NOT_UNDERSTOOD, seen)
            .place(Place::file("serve"))
            .expected("its answer as JSON")
            .outcome("what it did before stands; nothing more is run")
            .hint("truecost validate, truecost run: what they say is what is to be mended; then start serve again, or send it SIGHUP");
        vec![report]
    }

    /// How many ended so; what could not be read, or is no feed's, is no delivery.
    fn number_of(&self, state: &str) -> usize {
        let delivered = self.answer.get("delivered").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let is_delivery = |d: &Value| d.get("delivery_id").is_some_and(|id| !id.is_null());
        let ended = |d: &Value| match d.get("state").and_then(Value::as_str) {
            Some("refused") if !is_delivery(d) => "not taken".to_owned(),
            state => state.unwrap_or_default().to_owned(),
        };
        delivered.iter().filter(|d| ended(d) == state).count()
    }

    /// `1 delivery accepted, 1 refused; published r0003`.
    fn sentence(&self) -> String {
        if let Some(first) = self.reports.first() {
            return format!("{}: {}", first.code.id, first.seen);
        }
        if self.answer.is_null() {
            return "it said nothing that can be understood; what it wrote to stderr stands above".to_owned();
        }
        let list = |key: &str| self.answer.get(key).and_then(Value::as_array).map_or(0, Vec::len);
        if list("slots") == 0 && list("already") > 0 {
            return "already: another run took it".to_owned();
        }
        let mut text = match self.number_of("accepted") {
            0 => "no new delivery".to_owned(),
            number => format!("{} accepted", counted(number as u64, "delivery")),
        };
        for (state, words) in [("refused", "refused"), ("not taken", "not taken"), ("waiting", "waiting for a person's word")] {
            if self.number_of(state) > 0 {
                text.push_str(&format!(", {} {words}", self.number_of(state)));
            }
        }
        match (self.answer.get("release").and_then(Value::as_str), self.answer.get("published").and_then(Value::as_bool)) {
            (Some(release), Some(true)) => text + &format!("; published {release}"),
            _ => text,
        }
    }
}

/// What a clean-up removed.
pub(super) fn cleared(status: &Status, said: &Said) -> String {
    match status.exit {
        Some(0) => {}
        Some(exit) => return format!("exit {exit}: {}", said.sentence()),
        None => return "died: it is done again after the next run".to_owned(),
    }
    let gone = said.answer.get("gone").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let bytes = gone.iter().filter_map(|gone| gone.get("bytes").and_then(Value::as_u64)).sum();
    match gone.len() {
        0 => "nothing to remove".to_owned(),
        things => format!("{} removed, {}", counted(things as u64, "thing"), counted(bytes, "byte")),
    }
}

/// How a program ends that panics.
const PANICKED: u8 = 101;

/// How a run ended.
pub(super) fn ended(status: &Status, said: &Said, over: bool) -> String {
    let number = said.answer.get("number").and_then(Value::as_u64).map_or_else(String::new, |number| format!("{number} "));
    match status.exit {
        _ if over => format!("{number}exit 3: it took longer than `at_most`"),
        None | Some(PANICKED) => format!("{number}died: its slot is run again"),
        Some(130) => format!("{number}exit 130: it was interrupted"),
        Some(5) => format!("exit 5: {}; asked again in 30 s", said.sentence()),
        Some(exit) => format!("{number}exit {exit}: {}", said.sentence()),
    }
}

/// How a run ended that had written it down, and stood still or died after that.
pub(super) fn had_ended(exit: u8) -> String {
    format!("exit {exit}: it had done its work and written that down, and was ended after that: truecost runs")
}

/// How a run ended that cannot say it; `None` where it can, or was interrupted.
pub(super) fn cut_short(of: &[Slot], exit: Option<u8>, over: bool) -> Option<String> {
    let named = slots(of);
    match exit {
        _ if over => Some(over_time(of).seen),
        None => Some(format!("the run of {named} died: it was killed, or ran out of memory")),
        Some(PANICKED) => Some(format!("the run of {named} died: it panicked, and its log says where")),
        Some(_) => None,
    }
}

/// That a run took too long, as its record says it.
pub(super) fn over_time(of: &[Slot]) -> Diagnostic {
    Diagnostic::new(codes::supply::OVER_TIME, format!("the run of {} took longer than `at_most`, and was ended", slots(of)))
        .outcome("what was accepted or published before stands")
        .hint("run it by hand and see where it waits; where it honestly takes so long, say so: `at_most`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ended_with_2_is_held_also_where_it_cannot_be_understood() {
        let ids = |bytes: &[u8]| Said::of(bytes).refused().iter().map(|report| report.code.id).collect::<Vec<_>>();
        for broken in [&b""[..], b"error: unrecognised option", b"{\"truecost\":1,\"kind\":\"run\",\"answer\":{\"diagno"] {
            assert_eq!(ids(broken), ["TC1318"], "{}", String::from_utf8_lossy(broken));
        }
        assert_eq!(ids(b"{\"truecost\":1,\"kind\":\"run\",\"answer\":{\"delivered\":[]}}"), Vec::<&str>::new());
    }
}
