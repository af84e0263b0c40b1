//! What `add` shows: open questions, and what the new feed makes of the samples.

use serde_json::{Value, json};

use super::{answers::Question, files::Change, trial::Trial};
use crate::{
    diagnostic::render_all,
    domain::{Pence, decimal, grouped, pounds},
    report::{Align, Page, Table},
    run::Delivery,
};

/// The questions for a person who is not at a terminal: as a file of answers to fill in.
#[must_use]
pub fn questions_page(open: &[&Question]) -> Page {
    let list: Vec<Value> =
        open.iter().map(|q| json!({"key": q.key, "ask": q.ask, "seen": q.seen, "choices": q.choices, "default": q.default})).collect();
    Page::new("questions", super::answers::form(open), json!({"questions": list}))
}

/// Rows, pounds, what was left out, totals, and the ends of the table.
#[must_use]
pub fn trial_page(trial: &Trial, changes: &[Change]) -> Page {
    let mut text = files_text(trial);
    text.push_str(&left_out_text(trial));
    text.push_str(&controls_text(trial));
    if !trial.months.is_empty() {
        let mut table = Table::new(&[("period of the rows", Align::Left), ("rows", Align::Right), ("pounds", Align::Right)]);
        for (period, rows, pence) in &trial.months {
            table.row([period.to_string(), grouped((*rows).into()), pounds(*pence)]);
        }
        table.row(["all".to_owned(), grouped(trial.rows().into()), pounds(trial.pence())]);
        text.push_str(&format!("\n{}", table.text()));
    }
    text.push_str(&ends_text(trial));
    text.push_str("\nfiles to be written:\n");
    for change in changes {
        let lines = change.added_lines().len() as u64;
        let what = if change.before.is_some() { "more in a file that is there" } else { "new" };
        text.push_str(&format!("  {}: {}, {what}\n", change.path, crate::domain::counted(lines, "line")));
    }
    Page::new("add_feed", text, to_json(trial, changes))
}

fn state(delivery: Delivery) -> &'static str {
    delivery.as_str()
}

fn files_text(trial: &Trial) -> String {
    let mut table = Table::new(&[
        ("file", Align::Left),
        ("covers", Align::Left),
        ("would be", Align::Left),
        ("rows", Align::Right),
        ("pounds", Align::Right),
        ("quarantined", Align::Right),
    ]);
    let shown = |pence: Option<Pence>| pence.map_or_else(|| "-".to_owned(), pounds);
    for file in &trial.files {
        table.row([
            file.file.clone(),
            file.covers.clone(),
            state(file.state).to_owned(),
            grouped(file.rows.into()),
            shown(file.pence),
            grouped(file.quarantined.into()),
        ]);
    }
    let mut text = format!("tried in a copy, with a lake of its own:\n\n{}", table.text());
    for name in &trial.older {
        text.push_str(&format!("not taken: {name}: a later version of it is\n"));
    }
    for name in &trial.not_taken {
        text.push_str(&format!("not taken: {name}: `files` does not know its name, or another sample has gone over it\n"));
    }
    for file in trial.files.iter().filter(|file| !file.reports.is_empty()) {
        text.push_str(&format!("\n{}:\n{}", file.file, render_all(&file.reports, false)));
    }
    text
}

fn left_out_text(trial: &Trial) -> String {
    let mut table = Table::new(&[
        ("left out", Align::Left),
        ("holds", Align::Left),
        ("rows", Align::Right),
        ("pounds", Align::Right),
        ("file", Align::Left),
    ]);
    for file in &trial.files {
        for (reason, left) in &file.left_out {
            let pence = left.pence.map_or_else(|| "-".to_owned(), pounds);
            table.row([reason.clone(), left.holds.clone().unwrap_or_default(), grouped(left.rows.into()), pence, file.file.clone()]);
        }
    }
    if table.is_empty() { String::new() } else { format!("\n{}", table.text()) }
}

fn controls_text(trial: &Trial) -> String {
    let mut table = Table::new(&[
        ("the file's own total", Align::Left),
        ("printed", Align::Right),
        ("read", Align::Right),
        ("difference", Align::Right),
        ("file", Align::Left),
    ]);
    for file in &trial.files {
        for control in &file.controls {
            table.row([
                control.control.clone(),
                control.expected.clone(),
                control.counted.clone(),
                pounds(control.difference),
                file.file.clone(),
            ]);
        }
    }
    if table.is_empty() { "\nthe file prints no total that is held against its rows\n".to_owned() } else { format!("\n{}", table.text()) }
}

fn ends_text(trial: &Trial) -> String {
    if trial.first.is_empty() {
        return String::new();
    }
    let columns: Vec<(&str, Align)> = trial
        .columns
        .iter()
        .map(|name| (name.as_str(), if name.contains("amount") || name.contains("vat") { Align::Right } else { Align::Left }))
        .collect();
    let mut table = Table::new(&columns);
    trial.first.iter().for_each(|row| table.row(row.clone()));
    if !trial.last.is_empty() {
        table.row(trial.columns.iter().map(|_| "…".to_owned()));
        trial.last.iter().for_each(|row| table.row(row.clone()));
    }
    format!("\nas they would stand in the common table:\n\n{}", table.text())
}

fn to_json(trial: &Trial, changes: &[Change]) -> Value {
    let files: Vec<Value> = trial
        .files
        .iter()
        .map(|file| {
            let left: Vec<Value> = file
                .left_out
                .iter()
                .map(|(reason, left)| json!({"reason": reason, "holds": left.holds, "rows": left.rows, "amount": left.pence.map(decimal)}))
                .collect();
            let controls: Vec<Value> = file
                .controls
                .iter()
                .map(|c| json!({"control": c.control, "printed": c.expected, "read": c.counted, "held": c.held, "difference": decimal(c.difference)}))
                .collect();
            let columns: serde_json::Map<String, Value> = file.columns.iter().map(|(name, pence)| (name.clone(), json!(decimal(*pence)))).collect();
            json!({
                "file": file.file, "covers": file.covers, "state": state(file.state), "rows": file.rows, "quarantined": file.quarantined,
                "amount": file.pence.map(decimal), "left_out": left, "controls": controls, "columns": columns,
                "reports": crate::diagnostic::list(&file.reports),
            })
        })
        .collect();
    let months: Vec<Value> = trial
        .months
        .iter()
        .map(|(period, rows, pence)| json!({"period": period.to_string(), "rows": rows, "amount": decimal(*pence)}))
        .collect();
    let written: Vec<Value> =
        changes.iter().map(|c| json!({"path": c.path, "new": c.before.is_none(), "lines": c.added_lines().len()})).collect();
    json!({
        "files": files, "not_taken": trial.not_taken, "older_versions": trial.older, "months": months, "rows": trial.rows(), "amount": decimal(trial.pence()), "columns": trial.columns,
        "first": trial.first, "last": trial.last, "writes": written,
    })
}
