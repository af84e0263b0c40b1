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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Place {
    /// Its number; `None` before it has one.
    run: Option<u64>,
    /// Empty where no step is under way.
    step: &'static str,
    subject: String,
}

impl Place {
    /// Where the run is after an event, and where the event itself happened: deliveries are in hand two at a time, and say which they are.
    fn after(&mut self, event: Event<'_>) -> Self {
        match event {
            Event::Numbered { number, .. } => self.run = Some(number),
            Event::Stage { step, subject } => *self = self.at(step, subject),
            Event::Ended { step, subject } if self.step == step && self.subject == subject => *self = self.at("", ""),
            Event::Within { step, subject, .. } => return self.at(step, subject),
            _ => {}
        }
        self.clone()
    }

    fn at(&self, step: &'static str, subject: &str) -> Self {
        Self { run: self.run, step, subject: subject.to_owned() }
    }
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

    fn write(&self, place: &Place, line: &Line<'_>) {
        self.voice.say(&line.text(self.shape, ProcessClock.now(), place));
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
                let of = |word: &str| if word.is_empty() { String::new() } else { format!(" {word}") };
                printable(&format!("{} run{run}{}{}: {}", now.iso(), of(place.step), of(&place.subject), self.words()))
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
        let at = self.place().after(event);
        let info = |text: &str| self.write(&at, &Line::Info(text));
        match event.itself() {
            Event::Stage { .. } if self.voice.talk == Talk::Full => info("begins"),
            Event::Numbered { .. }
            | Event::Stage { .. }
            | Event::Ended { .. }
            | Event::Within { .. }
            | Event::Start { .. }
            | Event::Advance { .. }
            | Event::End => {}
            Event::Publishing => signal::note(Moment::Publishing),
            Event::Published { release } => {
                signal::note(Moment::Published(release.to_owned()));
                info(&format!("readers see release {release}"));
            }
            Event::Detail { .. } if self.voice.talk < Talk::Full => {}
            Event::Step { .. } if self.voice.talk == Talk::Quiet => {}
            Event::Step { text } | Event::Detail { text } => info(text),
            Event::Report { diagnostics } => {
                let told = diagnostics.iter().filter(|d| self.voice.talk == Talk::Full || !d.is_note());
                told.for_each(|d| self.write(&at, &Line::Report(d)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::codes;

    #[test]
    fn what_happens_to_one_of_two_deliveries_says_which_it_is() {
        let mut place = Place::default();
        let step = Event::Step { text: "accepted" };
        let deliver = |subject| Event::Stage { step: "deliver", subject };
        let of = |subject| Event::Within { step: "deliver", subject, event: &step };
        let ended = |subject| Event::Ended { step: "deliver", subject };
        let events = [deliver("a"), deliver("b"), of("a"), ended("a"), step, of("b"), ended("b"), step];
        let subjects: Vec<String> = events.map(|event| place.after(event).subject).into();
        assert_eq!(subjects, ["a", "b", "a", "b", "b", "b", "", ""]);
        assert_eq!(place, Place::default());
        let text = Line::Info("waits").text(LogShape::Text, Now { micros: 0 }, &place);
        assert_eq!(text, "1970-01-01T00:00:00Z run: waits");
    }

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
