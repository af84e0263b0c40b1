//! What must hold between the rows of a reference table: their order, and one meaning for a code on a day.

use std::collections::BTreeMap;

use crate::{
    diagnostic::{Diagnostic, codes::reference},
    domain::{Day, Span},
    schema::{Column, Contract},
};

use super::{
    csv::{Row, Table, at},
    reference::Faults,
    rules,
};

const DATES: [&str; 2] = ["valid_from", "valid_to"];

/// The table whose codes are names, compared without letter case.
const FOLDED: &str = "organisation_name";

type Columns<'c> = [(&'c Column, Option<usize>)];

/// Where a column stands in the file.
pub fn place(columns: &Columns<'_>, name: &str) -> Option<usize> {
    columns.iter().find(|(column, _)| &*column.name == name).and_then(|(_, at)| *at)
}

/// The days on which a row holds.
pub fn span(row: &Row, columns: &Columns<'_>) -> Span {
    let day = |name: &str| place(columns, name).and_then(|at| row.fields.get(at)).and_then(|text| Day::parse_iso(text));
    Span { from: day("valid_from"), to: day("valid_to") }
}

pub fn check(file: &str, table: &Table, contract: &Contract, columns: &Columns<'_>, faults: &mut Faults) {
    let mut key: Vec<(u32, &str, usize)> =
        columns.iter().filter_map(|(column, at)| Some((column.primary_key?, &*column.name, (*at)?))).collect();
    key.sort_unstable();
    if key.is_empty() {
        let fault = Diagnostic::new(reference::STRUCTURE, "the contract of the table names no key");
        faults.push("", fault.place(at(&contract.file, 1)).expected("`primaryKey: true` on the columns that make a code"));
        return;
    }
    in_order(file, table, &key, faults);
    forwards(file, table, columns, faults);
    let code: Vec<usize> = key.iter().filter(|(_, name, _)| !DATES.contains(name)).map(|(_, _, at)| *at).collect();
    if contract.name == rules::TABLE {
        rules::check_ties(file, table, columns, faults);
    } else {
        one_meaning(file, table, columns, &code, contract.name == FOLDED, faults);
    }
}

fn in_order(file: &str, table: &Table, key: &[(u32, &str, usize)], faults: &mut Faults) {
    let of = |row: &Row| -> Vec<String> { key.iter().map(|(_, _, at)| row.fields.get(*at).cloned().unwrap_or_default()).collect() };
    for (before, row) in table.rows.iter().zip(table.rows.iter().skip(1)) {
        if of(before) > of(row) {
            let names: Vec<&str> = key.iter().map(|(_, name, _)| *name).collect();
            let fault = Diagnostic::new(reference::ORDER, format!("the row belongs before line {}", before.line));
            let expected = format!("rows sorted by {} as text, byte by byte", names.join(", "));
            faults
                .push("", fault.place(at(file, row.line)).expected(expected).hint("Sort the rows by these columns, the first one first."));
        }
    }
}

fn forwards(file: &str, table: &Table, columns: &Columns<'_>, faults: &mut Faults) {
    for row in &table.rows {
        if let Span { from: Some(from), to: Some(to) } = span(row, columns)
            && to <= from
        {
            let fault = Diagnostic::new(reference::VALUE, format!("the row ends on {to} and begins on {from}"));
            faults.push("backwards", fault.place(at(file, row.line)).expected("`valid_to` is the first day on which it no longer holds"));
        }
    }
}

/// One row of a code holds on a day: no two, and between two no day without.
fn one_meaning(file: &str, table: &Table, columns: &Columns<'_>, code: &[usize], folded: bool, faults: &mut Faults) {
    let mut by_code: BTreeMap<Vec<String>, Vec<(Span, &Row)>> = BTreeMap::new();
    for row in &table.rows {
        let of = |at: &usize| row.fields.get(*at).map(|text| if folded { text.to_lowercase() } else { text.clone() }).unwrap_or_default();
        by_code.entry(code.iter().map(of).collect()).or_default().push((span(row, columns), row));
    }
    for (code, mut rows) in by_code {
        rows.sort_by_key(|(span, row)| (span.from, row.line));
        let name = code.join(" ");
        for ((earlier, first), (later, row)) in rows.iter().zip(rows.iter().skip(1)) {
            if earlier.overlaps(*later) {
                faults.push("", overlap(file, &name, (*earlier, first), (*later, row)));
            } else if earlier.to < later.from {
                faults.push("", hole(file, &name, (*earlier, first), (*later, row)));
            }
        }
    }
}

fn overlap(file: &str, name: &str, (earlier, first): (Span, &Row), (later, row): (Span, &Row)) -> Diagnostic {
    let (code, seen) = if earlier == later {
        (reference::TWICE, format!("`{name}` is mapped twice: here and on line {}, both {earlier}", first.line))
    } else {
        (reference::OVERLAP, format!("`{name}` has two rows for the same days: here {later}, on line {} {earlier}", first.line))
    };
    let hint = "Remove one, or let `valid_to` of the earlier row be `valid_from` of the later one.";
    Diagnostic::new(code, seen).place(at(file, row.line)).expected("at most one row of a code on any day").hint(hint)
}

fn hole(file: &str, name: &str, (earlier, first): (Span, &Row), (later, row): (Span, &Row)) -> Diagnostic {
    let days = Span { from: earlier.to, to: later.from };
    Diagnostic::warning(reference::HOLE, format!("`{name}` has no row {days}"))
        .place(at(file, row.line))
        .expected(format!("`valid_from` here the same as `valid_to` on line {}, unless the code was not in use", first.line))
        .outcome("lines of these days go to suspense, in sight")
}
