//! What is left out of the rows, totals that are printed beside them, and what of a file's end only a person can know.

use std::collections::{BTreeMap, BTreeSet};

use super::{KEPT, in_pence, measure_in_words, of_sender};
use crate::{
    decode::{ColumnSum, Judge, Left, LeftOut, LooksTotal, Printed, Subtotals, Tally},
    diagnostic::{Diagnostic, Place, codes},
    domain::{Identifier, Pence, counted, decimal_of, pounds, pounds_of},
    lake::{ControlProof, LeftOutProof},
    pipeline::{Control, Feed, Measure, Sign, Truth},
    schema::{Contract, Holds, Layout, Type},
};

/// What happens to a delivery that waits.
const WAITS: &str = "the delivery waits: nothing of it is in the common table, and the last accepted delivery stays";

/// Columns whose sums were found to be what they have to be.
#[derive(Debug, Default)]
pub(super) struct Tied {
    /// By any control that held, also one by document.
    any: BTreeSet<Identifier>,
    /// By one that compares with a total of the sender's. A journal that balances does not tell a total from a line.
    sender: BTreeSet<Identifier>,
    /// Something that the sender says of this delivery was compared, and agreed.
    pub(super) by_sender: bool,
}

impl Tied {
    /// A control that held.
    pub(super) fn add(&mut self, control: &Control) {
        self.by_sender |= of_sender(control);
        if let Measure::Sum(terms) = &control.measure {
            let columns = terms.iter().map(|(_, column)| column.clone());
            if of_sender(control) {
                self.sender.extend(columns.clone());
            }
            self.any.extend(columns);
        }
    }

    /// Printed totals, as far as they agreed.
    pub(super) fn compared(&mut self, proofs: &[ControlProof]) {
        for proof in proofs.iter().filter(|proof| proof.held) {
            let columns = proof.terms.iter().filter_map(|(name, _)| Identifier::new(name).ok());
            self.sender.extend(columns.clone());
            self.any.extend(columns);
            self.by_sender = true;
        }
    }
}

/// Each total of the footer that no control of the feed uses is compared with the sum of the column in which it is printed.
pub(super) fn implied(feed: &Feed, contract: &Contract) -> Vec<Control> {
    let footer = contract.layout.iter().filter_map(|layout| layout.rows.footer.as_ref());
    let used = |name: &str| feed.controls.iter().any(|control| matches!(&control.equals, Truth::Footer(used) if used == name));
    let is_money = |column: &Identifier| contract.column(column).is_some_and(|column| column.kind == Type::Money);
    footer
        .flat_map(|footer| &footer.totals)
        .filter(|(name, column)| is_money(column) && !used(name))
        .map(|(name, column)| Control {
            measure: Measure::Sum(vec![(Sign::Plus, column.clone())]),
            by: None,
            equals: Truth::Footer(name.clone()),
        })
        .collect()
}

/// What comparing printed totals gave.
#[derive(Debug, Default)]
pub(super) struct PrintedTotals {
    pub(super) controls: Vec<ControlProof>,
    pub(super) faults: Vec<Diagnostic>,
}

/// Totals in records that are declared to hold them (`holds: total`), each compared with the sum of its column over all rows.
pub(super) fn printed_totals(file: &str, judge: &Judge, tally: &Tally) -> PrintedTotals {
    let mut out = PrintedTotals::default();
    for (left, record) in &tally.left_out {
        for (column, printed) in &record.totals {
            let counted = tally.sums.iter().find(|sum| sum.column == *column).map_or(0, ColumnSum::printed);
            let differing = printed.iter().find(|one| one.millionths != Some(counted));
            let shown = differing.or(printed.first()).and_then(|one| one.millionths);
            let measure = Measure::Sum(vec![(Sign::Plus, column.clone())]);
            out.controls.push(ControlProof {
                control: format!("{} = total in {}", measure_in_words(&measure), judge.reason(left)),
                counted: decimal_of(counted),
                expected: shown.map_or_else(String::new, decimal_of),
                held: differing.is_none(),
                difference: in_pence(counted - shown.unwrap_or(0)),
                terms: vec![(column.to_string(), false)],
                ..ControlProof::default()
            });
            out.faults.extend(differing.map(|one| differs(file, &judge.reason(left), column, counted, one)));
        }
    }
    out
}

/// `counted` is in millionths of a pound.
fn differs(file: &str, name: &str, column: &str, counted: Pence, printed: &Printed) -> Diagnostic {
    let place = Place { line: Some(printed.line), ..Place::file(file) };
    let (code, seen) = match printed.millionths {
        Some(total) => (
            codes::control::CONTROL_DIFFERS,
            format!(
                "sum({column}) is {}, and the total in {name} says {}: a difference of {}",
                pounds_of(counted),
                pounds_of(total),
                pounds_of(counted - total)
            ),
        ),
        None => (codes::control::CONTROL_MISSING, format!("the total of `{column}` in {name} cannot be read exactly")),
    };
    Diagnostic::new(code, seen)
        .place(place)
        .expected(format!("the sum of `{column}` over all rows, as `holds: total` says"))
        .outcome(KEPT)
        .hint("ask the sender for the extract again; if the record is a sum of some rows only, say `holds: subtotal`")
}

/// Records that hold an amount, and whose declaration does not say what it is.
pub(super) fn undeclared(file: &str, judge: &Judge, tally: &Tally) -> Vec<Diagnostic> {
    let of = |(left, out): (&Left, &LeftOut)| is_silent(judge, left, out).then(|| holds_amount(file, judge, left, out));
    tally.left_out.iter().filter(|(left, _)| **left != Left::Preamble).filter_map(of).collect()
}

fn is_silent(judge: &Judge, left: &Left, out: &LeftOut) -> bool {
    out.amounts > 0 && judge.holds(left).is_none()
}

fn holds_amount(file: &str, judge: &Judge, left: &Left, out: &LeftOut) -> Diagnostic {
    let place = Place { line: out.first_line, ..Place::file(file) };
    let (records, verb) =
        if out.amounts == 1 { ("1 record".to_owned(), "holds an amount") } else { (counted(out.amounts, "record"), "hold amounts") };
    let amount = if out.unread == 0 { format!(": {}", pounds(out.pence)) } else { " that cannot be read exactly".to_owned() };
    let key = match left {
        Left::Record(tag) => format!("`records: {{{tag}: {{holds: …}}}}`"),
        Left::Footer => "`footer: {…, holds: …}`".to_owned(),
        Left::Preamble | Left::Blank | Left::HeaderAgain | Left::Rule | Left::Nil => "`header: {holds: …}`".to_owned(),
        Left::Page(_) => "`pages: [{line: …, holds: …}]`".to_owned(),
        Left::Tail => "`end: {…, holds: …}`".to_owned(),
        Left::NotData(_) => "`not_data: [{…, holds: …}]`".to_owned(),
    };
    let words = Holds::WORDS.map(|(word, _)| format!("`{word}`")).join(", ");
    let first = out.first_line.map_or_else(String::new, |line| format!(", first on line {line}"));
    let report =
        Diagnostic::new(codes::control::LEFT_OUT_AMOUNT, format!("{records} left out ({}) {verb}{amount}{first}", judge.reason(left)));
    report
        .place(place)
        .expected(format!("{key} in {}: one of {words}", judge.contract().file))
        .outcome(KEPT)
        .hint("say what the record holds: `total` is compared with the rows, `subtotal` is a sum of some of them, `other_unit` is no pounds, `left_out` is pounds that do not count; or take the declaration away, and it is a row")
}

/// What only a person can know: an amount before the header, outermost rows that equal the sum of all others, a last record without
/// a line end.
pub(super) fn waits(file: &str, judge: &Judge, tally: &Tally, tied: &Tied) -> Vec<Diagnostic> {
    let mut waits = Vec::new();
    if let Some(out) = tally.left_out.get(&Left::Preamble).filter(|out| is_silent(judge, &Left::Preamble, out)) {
        waits.push(waiting(holds_amount(file, judge, &Left::Preamble, out)));
    }
    let all_in = |tied: &BTreeSet<Identifier>| judge.pound_columns().next().is_some() && judge.pound_columns().all(|c| tied.contains(c));
    if let Some(found) = tally.looks_total.as_ref().filter(|_| !all_in(&tied.sender)) {
        waits.push(looks_total(file, judge, found));
    }
    let may_lack = judge.contract().layout.as_ref().and_then(Layout::text).is_some_and(|text| text.last_line_end_absent);
    if tally.maybe_cut && !may_lack && !all_in(&tied.any) {
        let seen = "the last record has no line end, and the ones before it have one: its last value may be cut";
        waits.push(waiting(Diagnostic::new(codes::control::LAST_LINE_OPEN, seen).place(Place::file(file)).expected("a line end, or a control over the amounts").hint(
            format!("look at the end of the file, or ask the sender; where the sender never ends the last record, say `last_line_end: absent` in {}", judge.contract().file),
        )));
    }
    waits
}

/// Whether subtotals that nobody declared may stand among the rows, and no total of the sender's says otherwise.
pub(super) fn asks_for_subtotals(judge: &Judge, tally: &Tally, tied: &Tied) -> bool {
    let tied = judge.pound_columns().next().is_some() && judge.pound_columns().all(|column| tied.sender.contains(column));
    tally.may_hold_subtotals(judge) && tally.looks_total.is_none() && !tied
}

fn looks_total(file: &str, judge: &Judge, found: &LooksTotal) -> Diagnostic {
    let amount = if found.pence == 0 { "its debits and credits alike".to_owned() } else { pounds(found.pence) };
    let (first, last) = (found.first, found.lines.len().saturating_sub(found.first));
    let rows = counted(found.rows, "row");
    let seen = match (first, last) {
        _ if found.others.is_some() => format!(
            "the {} row, {amount}, calls itself a total, and the other {rows} add up to {}",
            if first == 1 { "first" } else { "last" },
            pounds(found.others.unwrap_or_default())
        ),
        (0, 1) => format!("the last row, {amount}, is the sum of the {rows} before it: it may be a total"),
        (1, 0) => format!("the first row, {amount}, is the sum of the {rows} behind it: it may be a total"),
        (0, _) => format!("the last {last} rows, {amount} each, are each the sum of the {rows} before them: they may be a total"),
        (_, 0) => format!("the first {first} rows, {amount} each, are each the sum of the {rows} behind them: they may be a total"),
        _ => format!("the first row and the last, {amount} each, are each the sum of the {rows} between them: they may be totals"),
    };
    let declared = if first + last == 1 { format!("footer: {}", footer_offered(judge)) } else { totals_offered(judge, Holds::Total) };
    let place = Place { line: found.lines.first().copied(), ..Place::file(file) };
    let report = Diagnostic::new(codes::control::LAST_ROW_TOTAL, seen).place(place).expected("a total is declared, or compared");
    waiting(report.hint(format!("if it is a total: `{declared}` in {} leaves it out and compares it", judge.contract().file)))
}

/// A row amid the others that looks like the total of those before it, unless the sender's own totals tie.
pub(super) fn in_middle(file: &str, judge: &Judge, tally: &Tally, tied: &Tied) -> Option<Diagnostic> {
    let tied = judge.pound_columns().next().is_some() && judge.pound_columns().all(|column| tied.sender.contains(column));
    let found = tally.in_middle.filter(|_| !tied)?;
    let seen = format!(
        "a row amid the others, {}, is the sum of the {} before it: it may be a total",
        pounds(found.pence),
        counted(found.rows, "row")
    );
    let place = Place { line: Some(found.line), ..Place::file(file) };
    let report = Diagnostic::new(codes::control::LAST_ROW_TOTAL, seen).place(place).expected("totals are declared, or compared");
    let declared = totals_offered(judge, Holds::Subtotal);
    Some(waiting(report.hint(format!("if it is a total: `{declared}` in {} leaves it out", judge.contract().file))))
}

/// Rows that look like blocks with their sums behind them.
pub(super) fn looks_subtotalled(file: &str, judge: &Judge, found: &Subtotals) -> Diagnostic {
    let (mut seen, blocks) = (format!("{} rows look like subtotals", found.blocks), pounds(found.pence));
    match found.grand {
        Some(line) => seen.push_str(&format!(", and the row on line {line} like a grand total: {blocks} would count three times")),
        None => seen.push_str(&format!(": {blocks} would count twice")),
    }
    let place = Place { line: Some(found.first_line), ..Place::file(file) };
    let report = Diagnostic::new(codes::control::LAST_ROW_TOTAL, seen).place(place).expected("subtotals and totals are declared");
    waiting(report.hint(format!(
        "if they are subtotals: `{}` in {} leaves them out",
        totals_offered(judge, Holds::Subtotal),
        judge.contract().file
    )))
}

/// A rule that would leave out rows of totals by their text.
fn totals_offered(judge: &Judge, holds: Holds) -> String {
    let text = judge.contract().columns.iter().find(|column| column.kind == Type::Text).map_or("column", |column| &*column.name);
    let holds = holds.as_str();
    format!("not_data: [{{when: {{{text}: \"<its text>\"}}, reason: {holds}, holds: {holds}}}]")
}

fn waiting(report: Diagnostic) -> Diagnostic {
    report.outcome(WAITS)
}

/// A footer that would take the last row for a total.
fn footer_offered(judge: &Judge) -> String {
    let contract = judge.contract();
    let text = contract.columns.iter().find(|column| column.kind == Type::Text);
    let when = text.map_or("column", |column| &*column.name);
    let totals: Vec<String> = judge.pound_columns().map(|column| format!("{column}: {column}")).collect();
    format!("{{when: {{{when}: \"<its text>\"}}, totals: {{{}}}}}", totals.join(", "))
}

/// Rows and pounds left out, by reason. Two declarations of one reason that hold different things stand apart.
pub(super) fn proof(judge: &Judge, tally: &Tally) -> BTreeMap<String, LeftOutProof> {
    let mut proof: BTreeMap<String, LeftOutProof> = BTreeMap::new();
    for (left, out) in &tally.left_out {
        let holds = judge.holds(left).map(|holds| holds.as_str().to_owned());
        let is_pounds = holds.as_deref() != Some(Holds::OtherUnit.as_str()) && out.unread == 0;
        let pence = (is_pounds && out.priced > 0).then_some(out.pence);
        let reason = judge.reason(left);
        let apart = proof.get(&reason).is_some_and(|known| known.holds != holds);
        let key = if apart { format!("{reason} ({})", holds.as_deref().unwrap_or("no amount")) } else { reason };
        let entry = proof.entry(key).or_insert_with(|| LeftOutProof { rows: 0, holds, pence: None });
        entry.rows += out.rows;
        entry.pence = entry.pence.into_iter().chain(pence).reduce(|a, b| a + b);
    }
    proof
}
