//! Reports as a program reads them, in `--json` and in the records of runs.

use serde_json::{Value, json};

use super::{Diagnostic, Place, Severity, codes};

/// Reports as a program reads them.
#[must_use]
pub fn list(all: &[Diagnostic]) -> Vec<Value> {
    all.iter().map(to_json).collect()
}

/// A report as a program reads it.
#[must_use]
pub fn to_json(d: &Diagnostic) -> Value {
    let place = d.place.as_ref().map(|p| json!({"file": p.file, "line": p.line, "column": p.column}));
    json!({
        "code": d.code.id, "severity": d.severity.as_str(), "actor": d.code.actor.as_str(), "retry": d.code.retry, "place": place,
        "seen": d.seen, "expected": d.expected, "outcome": d.outcome, "hint": d.hint,
    })
}

/// The report of which [`to_json`] made this; `None` where its code is not known (another version wrote it) or it is none.
#[must_use]
pub fn from_json(value: &Value) -> Option<Diagnostic> {
    let text = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let severity = [Severity::Note, Severity::Warning, Severity::Error].into_iter().find(|s| s.as_str() == text("severity"))?;
    let place = value.get("place").filter(|place| !place.is_null()).map(|place| Place {
        file: place.get("file").and_then(Value::as_str).unwrap_or_default().to_owned(),
        line: place.get("line").and_then(Value::as_u64),
        column: place.get("column").and_then(Value::as_u64),
        ..Place::default()
    });
    let report = Diagnostic { severity, place, ..Diagnostic::new(*codes::find(&text("code"))?, text("seen")) };
    Some(report.expected(text("expected")).outcome(text("outcome")).hint(text("hint")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let report = Diagnostic::note(codes::control::DRIFT, "padding taken off").place(Place::at("aa/ledger: a.csv", 3, 1));
        let report = report.expected("a").outcome("b").hint("c");
        assert_eq!(from_json(&to_json(&report)), Some(report.clone()));
        let without = Diagnostic { place: None, ..report };
        assert_eq!(from_json(&to_json(&without)), Some(without));
        assert_eq!(from_json(&json!({"code": "TC9999", "severity": "note"})), None);
        assert_eq!(from_json(&json!("TC0412")), None);
    }
}
