//! What must hold between the rows of a reference table: their order, and one meaning for a code on a day.

use std::cmp::Ordering;

use crate::{
    diagnostic::{Diagnostic, codes::reference},
    domain::{Day, Span, fold_code},
    schema::{Column, Contract},
};

use super::{
    csv::{Row, Table, at},
    due::HOLIDAYS,
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

/// Where a table's `valid_from` and `valid_to` stand.
#[derive(Clone, Copy)]
pub struct Dates {
    from: Option<usize>,
    to: Option<usize>,
}

impl Dates {
    pub fn of(columns: &Columns<'_>) -> Self {
        Self { from: place(columns, "valid_from"), to: place(columns, "valid_to") }
    }

    /// The days on which a row holds.
    pub fn span(self, row: &Row<'_>) -> Span {
        let day = |at: Option<usize>| at.and_then(|at| Day::parse_iso(row.field(at)));
        Span { from: day(self.from), to: day(self.to) }
    }
}

pub fn check(file: &str, table: &Table<'_>, contract: &Contract, columns: &Columns<'_>, faults: &mut Faults) {
    let key = key_of(columns);
    if key.is_empty() {
        let fault = Diagnostic::new(reference::STRUCTURE, "the contract of the table names no key");
        faults.push("", fault.place(at(&contract.file, 1)).expected("`primaryKey: true` on the columns that make a code"));
        return;
    }
    forwards(file, table, Dates::of(columns), faults);
    if contract.name == HOLIDAYS {
        holds_on_its_day(file, table, columns, faults);
    }
    let code: Vec<usize> = key.iter().filter(|(_, name, _)| !DATES.contains(name)).map(|(_, _, at)| *at).collect();
    if contract.name == rules::TABLE {
        rules::check_ties(file, table, columns, faults);
    } else {
        if contract.name == "account" {
            rules::check_accounts(file, table, columns, faults);
        }
        one_meaning(&Of { file, name: &contract.name, dates: Dates::of(columns) }, table, &code, faults);
    }
}

/// Position in the key, name and place of each of its columns, in the key's order.
fn key_of<'c>(columns: &Columns<'c>) -> Vec<(u32, &'c str, usize)> {
    let mut key: Vec<(u32, &str, usize)> =
        columns.iter().filter_map(|(column, at)| Some((column.primary_key?, &*column.name, (*at)?))).collect();
    key.sort_unstable();
    key
}

fn is_after(compared: impl Iterator<Item = Ordering>) -> bool {
    compared.fold(Ordering::Equal, Ordering::then) == Ordering::Greater
}

/// Rows stand in the order of the key, as they are written.
pub fn in_order(file: &str, table: &Table<'_>, columns: &Columns<'_>, faults: &mut Faults) {
    let key = key_of(columns);
    for (before, row) in table.rows.iter().zip(table.rows.iter().skip(1)) {
        let written = key.iter().map(|(_, _, at)| before.field(*at).cmp(row.field(*at)));
        // A row with a character that nobody sees may stand where it seems to belong.
        let seen = key.iter().map(|(_, _, at)| fold_code(before.field(*at)).cmp(&fold_code(row.field(*at))));
        if is_after(written) && is_after(seen) {
            let names: Vec<&str> = key.iter().map(|(_, name, _)| *name).collect();
            let fault = Diagnostic::new(reference::ORDER, format!("the row belongs before line {}", before.line));
            let expected = format!("rows sorted by {} as text, byte by byte", names.join(", "));
            let hint = "Sort the rows by these columns, the first one first.";
            faults.push("", fault.place(at(file, row.line)).expected(expected).hint(hint));
        }
    }
}

fn forwards(file: &str, table: &Table<'_>, dates: Dates, faults: &mut Faults) {
    for row in &table.rows {
        if let Span { from: Some(from), to: Some(to) } = dates.span(row)
            && to <= from
        {
            let fault = Diagnostic::new(reference::VALUE, format!("the row ends on {to} and begins on {from}"));
            faults.push("backwards", fault.place(at(file, row.line)).expected("`valid_to` is the first day on which it no longer holds"));
        }
    }
}

/// A bank holiday may be taken back before its day, and cannot be made after it.
fn holds_on_its_day(file: &str, table: &Table<'_>, columns: &Columns<'_>, faults: &mut Faults) {
    let (Some(place), dates) = (place(columns, "day"), Dates::of(columns)) else { return };
    for row in &table.rows {
        if let (Some(day), Some(from)) = (Day::parse_iso(row.field(place)), dates.span(row).from)
            && from > day
        {
            let fault = Diagnostic::new(reference::VALUE, format!("the row of {day} holds from {from}, which is after it"));
            faults.push("after its day", fault.place(at(file, row.line)).expected("`valid_from` on the day of the holiday, or before it"));
        }
    }
}

/// The table in hand.
struct Of<'t> {
    file: &'t str,
    name: &'t str,
    dates: Dates,
}

/// What happens on days without a row, where that is not suspense; nothing where a lapse is as good as a row.
const HOLES: [(&str, Option<&str>); 10] = [
    ("agreement", None),
    ("bank_holiday", None),
    ("blanket", None),
    ("customer", None),
    ("driver", Some("it counts as without volume on these days")),
    ("pay_element", Some("it counts as category `other` on these days, and is listed")),
    ("payroll_journal", None),
    ("pool", Some("shared cost of the service is unallocated on these days, unless another pool holds it")),
    ("rate_card", Some("what depends on it is not recomputed for pay of these days, and is counted")),
    ("share", Some("no share of the service is in force on these days")),
];

/// One row of a code holds on a day: no two, and between two no day without.
fn one_meaning(of: &Of<'_>, table: &Table<'_>, code: &[usize], faults: &mut Faults) {
    let (file, dates, folded) = (of.file, of.dates, of.name == FOLDED);
    let without =
        HOLES.iter().find(|(name, _)| *name == of.name).map_or(Some("lines of these days go to suspense, in sight"), |(_, what)| *what);
    let key = |row: &Row<'_>| -> Vec<String> { code.iter().map(|at| row.field(*at).to_lowercase()).collect() };
    let plain = |a: &Row<'_>, b: &Row<'_>| code.iter().map(|at| a.field(*at).cmp(b.field(*at))).fold(Ordering::Equal, Ordering::then);
    let compare = |a: &Row<'_>, b: &Row<'_>| if folded { key(a).cmp(&key(b)) } else { plain(a, b) };
    let mut rows: Vec<(Span, &Row<'_>)> = table.rows.iter().map(|row| (dates.span(row), row)).collect();
    rows.sort_by(|(span, row), (other, next)| compare(row, next).then(span.from.cmp(&other.from)).then(row.line.cmp(&next.line)));
    for ((earlier, first), (later, row)) in rows.iter().zip(rows.iter().skip(1)) {
        if compare(first, row) != Ordering::Equal {
            continue;
        }
        let name = || code.iter().map(|at| row.field(*at)).filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ");
        if earlier.overlaps(*later) {
            faults.push("", overlap(file, &name(), (*earlier, first), (*later, row)));
        } else if let Some(without) = without.filter(|_| earlier.to < later.from) {
            faults.push("", hole(file, &name(), (*earlier, first), (*later, row)).outcome(without));
        }
    }
}

fn overlap(file: &str, name: &str, (earlier, first): (Span, &Row<'_>), (later, row): (Span, &Row<'_>)) -> Diagnostic {
    let (code, seen) = if earlier == later {
        (reference::TWICE, format!("`{name}` is mapped twice: here and on line {}, both {earlier}", first.line))
    } else {
        (reference::OVERLAP, format!("`{name}` has two rows for the same days: here {later}, on line {} {earlier}", first.line))
    };
    let unseen = if first.folded || row.folded { "; one of them is written with characters that nobody sees" } else { "" };
    let hint = "Remove one, or let `valid_to` of the earlier row be `valid_from` of the later one.";
    Diagnostic::new(code, format!("{seen}{unseen}")).place(at(file, row.line)).expected("at most one row of a code on any day").hint(hint)
}

fn hole(file: &str, name: &str, (earlier, first): (Span, &Row<'_>), (later, row): (Span, &Row<'_>)) -> Diagnostic {
    let days = Span { from: earlier.to, to: later.from };
    Diagnostic::warning(reference::HOLE, format!("`{name}` has no row {days}"))
        .place(at(file, row.line))
        .expected(format!("`valid_from` here the same as `valid_to` on line {}, unless the code was not in use", first.line))
        .hint("close the hole, or leave it where the code was not in use on those days")
}
