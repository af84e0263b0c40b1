//! What runs noted: things that were seen and understood, and that ask nothing of anybody.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{page::Page, standing::lake_there};
use crate::{
    diagnostic::{Answer, Code, Diagnostic, codes, from_json, list},
    domain::{counted, printable},
    pipeline::Partnership,
};

/// How many notes there are, and where they are shown; empty where there are none.
#[must_use]
pub fn noted(number: usize, command: &str) -> String {
    let number = number as u64;
    if number == 0 { String::new() } else { format!("{} (nothing has to be done): {command}\n", counted(number, "note")) }
}

/// Every note of a run, by code: the last run that left a record, or the one with this id or number.
///
/// # Errors
/// TC0102 where no run with this id left a record; TC10… where the lake cannot be read.
pub fn notes(partnership: &Partnership, run: Option<&str>) -> Answer<Page> {
    let lake = lake_there(partnership)?;
    let runs = lake.runs()?;
    let found = match run {
        Some(id) => Some(runs.iter().rfind(|record| id_of(record) == id || is_number(record, id)).ok_or_else(|| unknown(id, &runs))?),
        None => runs.last(),
    };
    let Some(record) = found else {
        return Ok(Page::new(
            "notes",
            "no run has changed anything yet, so none has noted anything\n".to_owned(),
            json!({"run": null, "notes": []}),
        ));
    };
    let (id, started) = (id_of(record), record.get("started").and_then(Value::as_str).unwrap_or_default());
    let kept = record.get("notes").and_then(Value::as_array);
    let notes: Vec<Diagnostic> = kept.into_iter().flatten().filter_map(from_json).collect();
    let text = match kept {
        None => format!("run {id} of {started} is of a version that kept no notes\n"),
        Some(_) if notes.is_empty() => format!("run {id} of {started} noted nothing\n"),
        Some(_) => format!(
            "run {id} of {started}: {}; nothing has to be done about them\n{}",
            counted(notes.len() as u64, "note"),
            by_code(&notes)
        ),
    };
    Ok(Page::new("notes", text, json!({"run": id, "started": started, "notes": list(&notes)})))
}

fn id_of(record: &Value) -> &str {
    record.get("run").and_then(Value::as_str).unwrap_or_default()
}

/// Under a heading for each code, its notes as they came; what neighbours have in common is said once, after the last of them.
fn by_code(notes: &[Diagnostic]) -> String {
    let mut of: BTreeMap<&str, (Code, Vec<&Diagnostic>)> = BTreeMap::new();
    for note in notes {
        of.entry(note.code.id).or_insert((note.code, Vec::new())).1.push(note);
    }
    let mut text = String::new();
    for (id, (code, notes)) in of {
        text.push_str(&format!("\n{id}: {} ({})\n", code.title, counted(notes.len() as u64, "note")));
        for (at, note) in notes.iter().enumerate() {
            text.push_str(&one(note));
            let common = |d: &Diagnostic| (d.expected.clone(), d.outcome.clone(), d.hint.clone());
            if notes.get(at + 1).is_none_or(|next| common(next) != common(note)) {
                text.push_str(&rest(note));
            }
        }
    }
    text
}

/// Where, and what was seen.
fn one(note: &Diagnostic) -> String {
    let place = note.place.as_ref().map(|place| {
        let line = place.line.map(|line| format!(":{line}")).unwrap_or_default();
        format!("{}{line}: ", printable(&place.file))
    });
    format!("  {}{}\n", place.unwrap_or_default(), note.seen)
}

fn rest(note: &Diagnostic) -> String {
    let said = [("expected", &note.expected), ("data", &note.outcome), ("next", &note.hint)];
    said.iter().filter(|(_, text)| !text.is_empty()).map(|(label, text)| format!("  {label:>8}: {text}\n")).collect()
}

/// Whether it is the run of this number, as `truecost runs` shows it.
fn is_number(record: &Value, number: &str) -> bool {
    record.get("number").and_then(Value::as_u64).is_some_and(|of| of.to_string() == number)
}

fn unknown(id: &str, runs: &[Value]) -> Diagnostic {
    let known: Vec<&str> = runs.iter().rev().map(id_of).collect();
    let expected =
        if known.is_empty() { "a run; none has changed anything yet".to_owned() } else { format!("one of {}", known.join(", ")) };
    Diagnostic::new(codes::command::NOTHING_SELECTED, format!("no run with the id `{id}` has left a record"))
        .expected(expected)
        .outcome("nothing was read")
        .hint("truecost runs")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Place;

    #[test]
    fn what_notes_have_in_common_is_said_once() {
        let note = |file: &str, seen: &str, hint: &str| {
            Diagnostic::note(codes::control::DRIFT, seen).place(Place::file(file)).outcome("the delivery was read").hint(hint)
        };
        let notes = [note("a.csv", "padding", "nothing"), note("b.csv", "a mark", "nothing"), note("c.csv", "aliases", "see the contract")];
        let text = by_code(&notes);
        assert_eq!(
            text,
            "\nTC0412: the layout drifted (3 notes)\n  a.csv: padding\n  b.csv: a mark\n      data: the delivery was read\n      next: nothing\n  c.csv: aliases\n      data: the delivery was read\n      next: see the contract\n"
        );
    }

    #[test]
    fn one_line_says_how_many_there_are() {
        assert_eq!(noted(0, "truecost notes"), "");
        assert_eq!(noted(1, "truecost notes"), "1 note (nothing has to be done): truecost notes\n");
    }
}
