//! Where words go: the result to stdout, talk to stderr.

use std::io::{IsTerminal, Write};

use serde_json::json;

use crate::{
    diagnostic::{Diagnostic, Severity, render_all},
    report::Page,
};

/// How this command may speak.
#[derive(Clone, Copy, Debug)]
pub struct Voice {
    pub json: bool,
    /// Whether stderr may be coloured.
    pub colour: bool,
    /// Whether progress may be drawn over.
    pub terminal: bool,
}

impl Voice {
    #[must_use]
    pub fn new(json: bool) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let no_colour = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
        Self { json, colour: terminal && !no_colour, terminal }
    }

    /// The result of a command. A reader that has gone away (`| head`) is not an error.
    pub fn answer(self, page: &Page) {
        let text = if self.json { format!("{:#}\n", page.to_json()) } else { page.text.clone() };
        self.result(&text);
    }

    /// Text of a result as it is.
    #[allow(clippy::unused_self)] // reads as "this voice says"
    pub fn result(self, text: &str) {
        let mut out = std::io::stdout().lock();
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }

    /// Bytes of a result as they are.
    #[allow(clippy::unused_self)]
    pub fn bytes(self, bytes: &[u8]) {
        let mut out = std::io::stdout().lock();
        let _ = out.write_all(bytes).and_then(|()| out.flush());
    }

    /// Talk: what is being done, what to type next.
    #[allow(clippy::unused_self)]
    pub fn say(self, text: &str) {
        let mut err = std::io::stderr().lock();
        let _ = writeln!(err, "{text}");
    }

    /// Reports, on stderr.
    pub fn report(self, all: &[Diagnostic]) {
        if all.is_empty() {
            return;
        }
        let mut err = std::io::stderr().lock();
        let _ = write!(err, "{}", render_all(all, self.colour));
    }

    /// What stands in for an answer that could not be given.
    pub fn refuse(self, all: &[Diagnostic]) {
        self.report(all);
        if self.json {
            self.answer(&Page::new("error", String::new(), json!({"diagnostics": list(all)})));
        }
    }
}

/// Reports as a program reads them.
#[must_use]
pub fn list(all: &[Diagnostic]) -> Vec<serde_json::Value> {
    all.iter().map(to_json).collect()
}

/// A report as a program reads it.
#[must_use]
pub fn to_json(d: &Diagnostic) -> serde_json::Value {
    let place = d.place.as_ref().map(|p| json!({"file": p.file, "line": p.line, "column": p.column}));
    let severity = if d.severity == Severity::Error { "error" } else { "warning" };
    json!({
        "code": d.code.id, "severity": severity, "actor": d.code.actor.as_str(), "retry": d.code.retry, "place": place,
        "seen": d.seen, "expected": d.expected, "outcome": d.outcome, "hint": d.hint,
    })
}
