//! A log of what a run does: a line for each thing that happens, with the instant, the run and the step, for a person or a program.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

use super::{
    args::LogShape,
    out::Voice,
    signal::{self, Moment},
};
use crate::{
    diagnostic::{Diagnostic, Severity, to_json},
    domain::{printable, printable_json},
    report::Talk,
    run::{
        Event, Observer,
        clock::{Clock as _, Now, ProcessClock},
    },
};

/// Writes to stderr.
pub struct Log {
    shape: LogShape,
    voice: Voice,
    at: Mutex<Place>,
}

/// Where the run is.
#[derive(Clone, Debug, Default)]
struct Place {
    /// Its number; `None` before it has one.
    run: Option<u64>,
    step: &'static str,
    subject: String,
}

impl Log {
    #[must_use]
    pub fn new(shape: LogShape, voice: Voice) -> Self {
        signal::note(Moment::Running);
        Self { shape, voice, at: Mutex::default() }
    }

    fn place(&self) -> MutexGuard<'_, Place> {
        self.at.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, line: &Line<'_>) {
        self.voice.say(&line.text(self.shape, ProcessClock.now(), &self.place()));
    }
}

/// What a line says.
enum Line<'a> {
    Info(&'a str),
    Report(&'a Diagnostic),
}

impl Line<'_> {
    fn text(&self, shape: LogShape, now: Now, place: &Place) -> String {
        match shape {
            LogShape::Json => printable_json(&self.to_json(now, place).to_string()),
            LogShape::Text => {
                let run = place.run.map(|number| format!(" {number}")).unwrap_or_default();
                let subject = if place.subject.is_empty() { String::new() } else { format!(" {}", place.subject) };
                printable(&format!("{} run{run} {}{subject}: {}", now.iso(), place.step, self.words()))
            }
        }
    }

    fn words(&self) -> String {
        match self {
            Self::Info(text) => text.trim().to_owned(),
            Self::Report(d) => {
                let place = d.place.as_ref().map(|p| match p.line {
                    Some(line) => format!("{}:{line}: ", p.file),
                    None => format!("{}: ", p.file),
                });
                let next = if d.hint.is_empty() { String::new() } else { format!("; next: {}", d.hint) };
                format!("{}[{}] {}{}{next}", d.severity.as_str(), d.code.id, place.unwrap_or_default(), d.seen)
            }
        }
    }

    fn to_json(&self, now: Now, place: &Place) -> Value {
        let mut line = json!({"at": now.iso(), "run": place.run, "step": place.step, "subject": place.subject});
        let more = match self {
            Self::Info(text) => json!({"level": "info", "text": text.trim()}),
            Self::Report(d) => json!({"level": level(d.severity), "text": d.seen, "report": to_json(d)}),
        };
        if let (Some(fields), Some(more)) = (line.as_object_mut(), more.as_object()) {
            fields.extend(more.clone());
        }
        line
    }
}

/// A report as a line of its own, outside of any run.
pub fn report_line(now: Now, report: &Diagnostic) -> String {
    Line::Report(report).text(LogShape::Json, now, &Place { step: "serve", ..Place::default() })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Note => "info",
        Severity::Warning => "warn",
        Severity::Error => "error",
    }
}

impl Observer for Log {
    fn event(&self, event: Event<'_>) {
        match event {
            Event::Numbered { number, .. } => self.place().run = Some(number),
            Event::Stage { step, subject } => {
                let run = self.place().run;
                *self.place() = Place { run, step, subject: subject.to_owned() };
                if self.voice.talk == Talk::Full {
                    self.write(&Line::Info("begins"));
                }
            }
            Event::Start { .. } | Event::Advance { .. } | Event::End => {}
            Event::Publishing => signal::note(Moment::Publishing),
            Event::Published { release } => {
                signal::note(Moment::Published(release.to_owned()));
                self.write(&Line::Info(&format!("readers see release {release}")));
            }
            Event::Detail { .. } if self.voice.talk < Talk::Full => {}
            Event::Step { .. } if self.voice.talk == Talk::Quiet => {}
            Event::Step { text } | Event::Detail { text } => self.write(&Line::Info(text)),
            Event::Report { diagnostics } => {
                let told = diagnostics.iter().filter(|d| self.voice.talk == Talk::Full || !d.is_note());
                told.for_each(|d| self.write(&Line::Report(d)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::codes;

    #[test]
    fn every_line_has_the_run_and_the_step() {
        let place = Place { run: Some(7), step: "deliver", subject: "a/ledger x.csv".to_owned() };
        let now = Now { micros: 1_525_150_800_000_000 };
        let text = Line::Info("  accepted\nx").text(LogShape::Text, now, &place);
        assert_eq!(text, "2018-05-01T05:00:00Z run 7 deliver a/ledger x.csv: accepted\u{fffd}x");
        let report = Diagnostic::new(codes::lake::FILE_SYSTEM, "it is full").hint("free space");
        let line = Line::Report(&report).text(LogShape::Json, now, &place);
        let read: Value = serde_json::from_str(&line).unwrap();
        assert_eq!((read["run"].as_u64(), read["step"].as_str(), read["level"].as_str()), (Some(7), Some("deliver"), Some("error")));
        assert_eq!((read["report"]["code"].as_str(), line.lines().count()), (Some(codes::lake::FILE_SYSTEM.id), 1));
    }
}
