//! Rows that are added to reference tables: each at its place, shown as a difference, and proved with the whole partnership in a copy.

use arrow::util::display::{ArrayFormatter, FormatOptions};

use super::{copy::Copied, files::Change};
use crate::{
    diagnostic::{Answer, Diagnostic, Place, Refusal, Severity},
    engine::csv_text,
    pipeline::{Partnership, ReferenceTable},
};

/// A row of a reference table that is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRow {
    pub table: String,
    /// In the order of the table's file.
    pub fields: Vec<String>,
    /// Where a person wrote it, for messages.
    pub place: Place,
}

/// The reference tables with the rows in them; what was there stays to the byte.
///
/// # Errors
/// TC0139 where a file cannot be read; what is wrong with a row, by the place at which a person wrote it: then nothing is to be written.
pub fn with_rows(partnership: &Partnership, rows: &[NewRow]) -> Answer<Vec<Change>> {
    let (mut changes, mut lines) = (Vec::new(), Vec::new());
    for (name, reference) in &partnership.references {
        let of: Vec<&NewRow> = rows.iter().filter(|row| row.table == *name).collect();
        if of.is_empty() {
            continue;
        }
        let mut at = Vec::new();
        changes.push(Change::edited(&partnership.root, &reference.file, |text| {
            let merged = merged(reference, text, &of);
            at = merged.1;
            Ok(merged.0)
        })?);
        lines.extend(of.iter().zip(at).map(|(row, line)| (reference.file.as_str(), line, &row.place)));
    }
    if let Some(change) = new_table(partnership, rows)? {
        changes.push(change);
    }
    let by_hand = |fault: Diagnostic| {
        let written =
            fault.place.as_ref().and_then(|place| lines.iter().find(|(file, line, _)| place.file == *file && place.line == Some(*line)));
        let fault = match written {
            Some((_, _, place)) => fault.place((*place).clone()),
            None => fault,
        };
        fault.outcome("nothing was written")
    };
    match Copied::of(&partnership.root, &changes)?.read() {
        Ok(_) => Ok(changes),
        Err(Refusal(faults)) => Err(Refusal(faults.into_iter().filter(|fault| fault.severity == Severity::Error).map(by_hand).collect())),
    }
}

/// A table of which the partnership has no file yet, with all its columns and these rows.
fn new_table(partnership: &Partnership, rows: &[NewRow]) -> Answer<Option<Change>> {
    let Some(table) = rows.iter().map(|row| &row.table).find(|table| !partnership.references.contains_key(*table)) else { return Ok(None) };
    let mut lines = vec![columns(partnership, table).join(",")];
    let of = rows.iter().filter(|row| row.table == *table);
    lines.extend(of.map(|row| row.fields.iter().map(|field| csv_text(field)).collect::<Vec<_>>().join(",")));
    Change::new_file(&partnership.root, &format!("pipelines/reference/{table}.csv"), lines.join("\n") + "\n").map(Some)
}

/// The columns of a reference table as its file has them; all of its contract where there is no file.
#[must_use]
pub fn columns(partnership: &Partnership, table: &str) -> Vec<String> {
    let contract = partnership.contracts.get(&format!("reference/{table}"));
    let promised = || contract.map(|contract| contract.columns.iter().map(|column| column.name.to_string()).collect()).unwrap_or_default();
    partnership.references.get(table).map_or_else(promised, |reference| reference.header.clone())
}

/// The text of a table's file with the rows in it, each before the first row that comes after it, and the line on which each stands.
fn merged(reference: &ReferenceTable, text: &str, rows: &[&NewRow]) -> (String, Vec<u64>) {
    let there = keys_there(reference);
    let positions = key_positions(reference);
    let key = |row: &NewRow| -> Vec<String> { positions.iter().map(|at| row.fields.get(*at).cloned().unwrap_or_default()).collect() };
    // The line of the file before which each goes, from 1.
    let end = u64::try_from(text.lines().count()).unwrap_or(u64::MAX).saturating_add(1);
    let mut placed: Vec<(u64, Vec<String>, usize)> = rows
        .iter()
        .enumerate()
        .map(|(n, row)| {
            let key = key(row);
            let before = there.iter().position(|there| *there > key).and_then(|at| reference.lines.get(at)).copied();
            (before.unwrap_or(end), key, n)
        })
        .collect();
    placed.sort();
    let line_end = if text.lines().next().is_some_and(|first| text.get(first.len()..).is_some_and(|rest| rest.starts_with("\r\n"))) {
        "\r\n"
    } else {
        "\n"
    };
    let (mut out, mut line, mut lines) = (String::with_capacity(text.len() + 64 * rows.len()), 0_u64, vec![0; rows.len()]);
    let mut placed = placed.into_iter().peekable();
    let mut put = |out: &mut String, n: usize, line: &mut u64| {
        *line += 1;
        if let (Some(place), Some(row)) = (lines.get_mut(n), rows.get(n)) {
            *place = *line;
            let record: Vec<String> = row.fields.iter().map(|field| csv_text(field)).collect();
            *line += record.iter().map(|field| field.matches('\n').count() as u64).sum::<u64>();
            out.push_str(&record.join(","));
            out.push_str(line_end);
        }
    };
    for (at, old) in (1..).zip(text.split_inclusive('\n')) {
        while let Some((_, _, n)) = placed.next_if(|(before, ..)| *before <= at) {
            put(&mut out, n, &mut line);
        }
        line += 1;
        out.push_str(old);
        if !old.ends_with('\n') {
            out.push_str(line_end);
        }
    }
    placed.for_each(|(_, _, n)| put(&mut out, n, &mut line));
    (out, lines)
}

/// Where the columns of the key stand in the file, in the order of the key.
fn key_positions(reference: &ReferenceTable) -> Vec<usize> {
    let mut key: Vec<(u32, &str)> =
        reference.contract.columns.iter().filter_map(|column| Some((column.primary_key?, &*column.name))).collect();
    key.sort_unstable();
    key.iter().filter_map(|(_, name)| reference.header.iter().position(|heading| heading == name)).collect()
}

/// The key of every row that is there.
fn keys_there(reference: &ReferenceTable) -> Vec<Vec<String>> {
    let options = FormatOptions::default().with_display_error(true);
    let names = key_positions(reference).into_iter().filter_map(|at| reference.header.get(at));
    let columns: Vec<_> = names.filter_map(|name| reference.rows.column_by_name(name)).collect();
    let texts: Vec<_> = columns.iter().filter_map(|column| ArrayFormatter::try_new(column.as_ref(), &options).ok()).collect();
    (0..reference.rows.num_rows()).map(|row| texts.iter().map(|text| text.value(row).to_string()).collect()).collect()
}

/// What a change adds, with the line before and after each stretch.
#[must_use]
pub fn difference(change: &Change) -> String {
    let before: Vec<&str> = change.before.as_deref().map(|text| text.lines().collect()).unwrap_or_default();
    let after: Vec<&str> = change.text.lines().collect();
    let mut old = before.iter().peekable();
    // Lines are only ever added: what is not next in the old file is new.
    let is_new: Vec<bool> = after.iter().map(|line| old.next_if(|old| *old == line).is_none()).collect();
    let near = |at: usize| (at > 0 && is_new.get(at - 1) == Some(&true)) || is_new.get(at + 1) == Some(&true);
    let mut text = format!("{}\n", change.path);
    let mut last = 0;
    for (at, (line, new)) in after.iter().zip(&is_new).enumerate() {
        if !*new && !near(at) {
            continue;
        }
        if at > last + 1 && last > 0 {
            text.push_str("    …\n");
        }
        last = at;
        text.push_str(&format!("  {} {}\n", if *new { '+' } else { ' ' }, line));
    }
    text
}
