//! The one renderer of diagnostics.

use std::fmt::Write as _;

use super::{Diagnostic, Place, Severity};
use crate::domain::{printable, printable_lines};

/// Several reports, a blank line between them.
#[must_use]
pub fn render_all(all: &[Diagnostic], colour: bool) -> String {
    all.iter().map(|d| render(d, colour)).collect::<Vec<_>>().join("\n")
}

/// One report as a person reads it on a terminal; ends with a line break.
#[must_use]
pub fn render(d: &Diagnostic, colour: bool) -> String {
    let word = d.severity.as_str();
    let paint = match d.severity {
        Severity::Error => "\u{1b}[1;31m",
        Severity::Warning => "\u{1b}[1;33m",
        Severity::Note => "\u{1b}[1;36m",
    };
    let (paint, bold, reset) = if colour { (paint, "\u{1b}[1m", "\u{1b}[0m") } else { ("", "", "") };
    let mut out = format!("{paint}{word}[{}]{reset}{bold}: {}{reset}\n", d.code.id, printable_lines(&d.seen).replace('\n', "\n    "));
    if let Some(place) = &d.place {
        render_place(&mut out, place);
    }
    for (label, text) in [("expected", &d.expected), ("data", &d.outcome), ("next", &d.hint)] {
        if !text.is_empty() {
            let text = printable_lines(text).replace('\n', "\n            ");
            let _ = writeln!(out, "  {label:>8}: {text}");
        }
    }
    out
}

fn render_place(out: &mut String, place: &Place) {
    let _ = write!(out, "  --> {}", printable(&place.file));
    if let Some(line) = place.line {
        let _ = write!(out, ":{line}");
        if let Some(column) = place.column {
            let _ = write!(out, ":{column}");
        }
    }
    out.push('\n');
    let (Some(line), Some(text)) = (place.line, &place.excerpt) else { return };
    let gutter = line.to_string().len();
    let shown = |part: &str| part.split('\t').map(printable).collect::<Vec<_>>().join("\t");
    let _ = writeln!(out, "  {line} | {}", shown(text));
    if let Some(column) = place.column.and_then(|c| usize::try_from(c).ok()) {
        let before: String = text.chars().take(column.saturating_sub(1)).map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
        let _ = writeln!(out, "  {:gutter$} | {before}{}", "", "^".repeat(place.width.max(1)));
    }
}
