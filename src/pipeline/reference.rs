//! `pipelines/reference/*.csv`: reviewed, effective-dated tables, typed by their contracts.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use arrow::{
    array::{ArrayRef, BooleanArray, Date32Array, Decimal128Array, Int8Array, Int16Array, Int32Array, Int64Array, StringArray},
    record_batch::RecordBatch,
};

use crate::{
    diagnostic::{
        Diagnostic, Place,
        codes::{config, reference},
    },
    domain::{Day, Money, Pence, fold_code, parse_decimal, show_invisible},
    schema::{
        Column, Contract, Contracts, Type, digest_of,
        fields::{UNTOUCHED, did_you_mean},
        is_prose, read_text, sorted_names,
        suggest::nearest,
    },
};

use super::{
    ReferenceTable,
    csv::{Table, at, read_csv},
    dated,
    partnership::pence,
    rules,
};

/// Columns that every reference table has.
const REVIEW: [&str; 5] = ["valid_from", "valid_to", "reason", "author", "approver"];

/// Tables that a partnership need not have.
const OPTIONAL: [&str; 11] = [
    "agreement",
    "bank_holiday",
    "blanket",
    "customer",
    "department",
    "driver",
    "pay_element",
    "payroll_journal",
    "pool",
    "rate_card",
    "share",
];

/// A kind of fault is shown this often for one table; the rest is counted.
const MOST_ALIKE: usize = 10;

/// Every table with a contract, and every fault of them.
pub fn read_references(root: &Path, contracts: &Contracts, faults: &mut Vec<Diagnostic>) -> Vec<(String, ReferenceTable)> {
    let mut tables = Vec::new();
    let folder = root.join("pipelines/reference");
    let files = sorted_names(&folder);
    for (name, _) in &files {
        let known = name.strip_suffix(".csv").is_some_and(|stem| contracts.find("reference", stem).is_ok());
        if !known && !is_prose(name) {
            let file = format!("pipelines/reference/{name}");
            let near = contracts.find("reference", name.trim_end_matches(".csv")).err().flatten().map(|near| format!("{near}.csv"));
            let fault = Diagnostic::new(config::STRAY_FILE, format!("nothing reads `{file}`")).place(Place::file(file));
            let expected = "a CSV file with a contract of its name in schemas/reference";
            faults.push(fault.expected(expected).outcome(UNTOUCHED).hint(did_you_mean(near.as_deref())));
        }
    }
    for (key, contract) in &contracts.read {
        let Some(name) = key.strip_prefix("reference/") else { continue };
        let file = format!("pipelines/reference/{name}.csv");
        let has_file = files.iter().any(|(found, _)| found.strip_suffix(".csv") == Some(name));
        match read_text(root, &file) {
            Ok(text) => tables.extend(read_table(&file, &text, contract, faults).map(|table| (name.to_owned(), table))),
            Err(fault) if has_file => faults.push(*fault),
            Err(_) if OPTIONAL.contains(&name) => {}
            Err(fault) => faults.push(fault.hint("A table without rows is a file that holds only its header.")),
        }
    }
    tables
}

fn read_table(file: &str, text: &str, contract: &Arc<Contract>, all_faults: &mut Vec<Diagnostic>) -> Option<ReferenceTable> {
    let mut faults = Faults::default();
    let mut table = read_csv(file, text).map_err(|found| all_faults.extend(found)).ok()?;
    let places = header(file, &table, contract, &mut faults);
    let columns: Vec<(&Column, Option<usize>)> = contract.columns.iter().zip(places).collect();
    let mut unsorted = Faults::default();
    dated::in_order(file, &table, &columns, &mut unsorted);
    fold_codes(file, &mut table, contract, &columns, &mut unsorted);
    let arrays: Vec<ArrayRef> = columns.iter().map(|(column, at)| array(file, &table, column, *at, &mut faults)).collect();
    if faults.all.is_empty() {
        faults = unsorted;
        reviewed(file, &table, &columns, &mut faults);
        dated::check(file, &table, contract, &columns, &mut faults);
    }
    let broken = faults.all.iter().any(|f| f.severity == crate::diagnostic::Severity::Error);
    all_faults.extend(faults.into_all());
    let rows = RecordBatch::try_new(nullable_schema(contract), arrays).ok().filter(|_| !broken)?;
    let lines = table.rows.iter().map(|row| row.line).collect();
    let header = table.header.iter().map(|name| name.clone().into_owned()).collect();
    let (contract, digest) = (Arc::clone(contract), digest_of(text.as_bytes()));
    Some(ReferenceTable { contract, file: file.to_owned(), digest, rows, lines, header, meant: String::new() })
}

/// Codes and names as they are compared with those of the lines: folded, and without the mark by which `suspense --csv` keeps a
/// spreadsheet from reading one as a formula. Blanks at the ends are left: they are refused with the value.
fn fold_codes(file: &str, table: &mut Table<'_>, contract: &Contract, columns: &[(&Column, Option<usize>)], faults: &mut Faults) {
    let is_code = |column: &Column| {
        column.kind == Type::Text
            && (column.primary_key.is_some()
                || (contract.name == rules::TABLE && rules::COLUMNS.contains(&&*column.name))
                || (contract.name == "payroll_journal" && ["journal_source", "document"].contains(&&*column.name)))
    };
    for at_column in columns.iter().filter(|(column, _)| is_code(column)).filter_map(|(_, at)| *at) {
        for row in &mut table.rows {
            let written = row.field(at_column);
            let text = unquoted(written);
            let code = fold_code(text);
            if code == written || text.trim() != text {
                continue;
            }
            let (code, invisible) = (code.clone().into_owned(), code != text);
            if invisible {
                let seen = format!("`{code}` is written `{}`", show_invisible(text));
                let fault = Diagnostic::note(reference::FOLDED, seen).place(at(file, row.line));
                faults.push(
                    "folded",
                    fault
                        .expected("plain letters, and one blank between words")
                        .outcome(AS_SEEN)
                        .hint("nothing has to be done; to be rid of it, type the code anew"),
                );
                row.folded = true;
            }
            if let Some(field) = row.fields.get_mut(at_column) {
                *field = code.into();
            }
        }
    }
}

const AS_SEEN: &str = "it is compared as it looks: without characters that nobody sees, and with one plain blank for any others";

/// `'=1+1` → `=1+1`: a mark before what a spreadsheet would take for a formula.
fn unquoted(text: &str) -> &str {
    text.strip_prefix('\'').filter(|rest| rest.starts_with(['=', '+', '-', '@'])).unwrap_or(text)
}

/// Required columns have been checked with their places: the arrays may be built whatever they hold.
fn nullable_schema(contract: &Contract) -> arrow::datatypes::SchemaRef {
    contract.arrow_schema()
}

/// Faults of one table, those of a kind counted beyond the first few.
#[derive(Default)]
pub struct Faults {
    all: Vec<Diagnostic>,
    counts: BTreeMap<String, usize>,
}

impl Faults {
    /// `kind` tells apart what is counted together.
    pub fn push(&mut self, kind: &str, fault: Diagnostic) {
        let kind = format!("{} {kind}", fault.code.id);
        let count = self.counts.entry(kind).or_default();
        *count += 1;
        if *count <= MOST_ALIKE {
            let outcome = if fault.outcome.is_empty() { UNTOUCHED.to_owned() } else { fault.outcome.clone() };
            self.all.push(fault.outcome(outcome));
        } else if let Some(last) = self.all.iter_mut().rev().find(|f| f.code == fault.code) {
            last.hint = format!("{} more of this kind are not shown.", *count - MOST_ALIKE);
        }
    }

    /// Those that are shown, in the order in which they came.
    pub fn into_all(self) -> Vec<Diagnostic> {
        self.all
    }
}

/// Where each column of the contract stands in the file; `None` where an optional one is left out.
fn header(file: &str, table: &Table<'_>, contract: &Contract, faults: &mut Faults) -> Vec<Option<usize>> {
    let names = || contract.columns.iter().map(|column| &*column.name);
    for (n, name) in table.header.iter().enumerate() {
        if !names().any(|known| known == name) {
            let fault = Diagnostic::new(reference::STRUCTURE, format!("unknown column `{}`", name.escape_debug()));
            let expected = format!("columns of {}", contract.file);
            faults.push("unknown column", fault.place(at(file, 1)).expected(expected).hint(did_you_mean(nearest(name, names()))));
        } else if table.header.iter().take(n).any(|other| other == name) {
            let fault = Diagnostic::new(reference::STRUCTURE, format!("the column `{name}` stands twice"));
            faults.push("double column", fault.place(at(file, 1)).expected("each column once"));
        }
    }
    for name in REVIEW {
        if contract.column(name).is_none() {
            let fault = Diagnostic::new(reference::STRUCTURE, format!("the contract has no column `{name}`"));
            let expected = "`valid_from`, `valid_to`, `reason`, `author` and `approver` in every reference table";
            faults.push("no review", fault.place(Place::file(contract.file.clone())).expected(expected));
        }
    }
    let place = |column: &Column| table.header.iter().position(|name| *name == *column.name);
    let places: Vec<Option<usize>> = contract.columns.iter().map(place).collect();
    for (column, _) in contract.columns.iter().zip(&places).filter(|(_, place)| place.is_none()) {
        if column.required || REVIEW.contains(&&*column.name) || column.primary_key.is_some() {
            let fault = Diagnostic::new(reference::STRUCTURE, format!("the column `{}` is missing", column.name));
            faults.push("missing column", fault.place(at(file, 1)).expected(format!("the columns of {}", contract.file)));
        }
    }
    places
}

/// One column of the file, typed; an empty field is null.
fn array(file: &str, table: &Table<'_>, column: &Column, place: Option<usize>, faults: &mut Faults) -> ArrayRef {
    let mut texts: Vec<Option<&str>> = Vec::with_capacity(table.rows.len());
    for row in &table.rows {
        let text = place.map(|at| row.field(at)).filter(|text| !text.is_empty());
        if text.is_none() && column.required && place.is_some() {
            let fault = Diagnostic::new(reference::VALUE, format!("`{}` is empty", column.name));
            faults.push(&column.name, fault.place(at(file, row.line)).expected("a value in every row"));
        }
        if text.is_some_and(|text| text.trim() != text) {
            let fault =
                Diagnostic::new(reference::VALUE, format!("`{}` has blanks before or after it: `{}`", column.name, text.unwrap_or("")));
            faults.push(&column.name, fault.place(at(file, row.line)).expected("the value alone"));
        }
        texts.push(text);
    }
    typed(file, table, column, &texts, faults)
}

fn typed(file: &str, table: &Table<'_>, column: &Column, texts: &[Option<&str>], faults: &mut Faults) -> ArrayRef {
    let mut each = Each { file, table, column, faults };
    match column.kind {
        Type::Text => Arc::new(texts.iter().copied().collect::<StringArray>()),
        Type::Date => Arc::new(
            each.values(texts, "a day written YYYY-MM-DD", |t| Day::parse_iso(t).map(|d| d.0)).into_iter().collect::<Date32Array>(),
        ),
        Type::Boolean => Arc::new(each.values(texts, "`true` or `false`", boolean).into_iter().collect::<BooleanArray>()),
        Type::TinyInt => Arc::new(each.values(texts, WHOLE, |t| t.parse().ok()).into_iter().collect::<Int8Array>()),
        Type::SmallInt => Arc::new(each.values(texts, WHOLE, |t| t.parse().ok()).into_iter().collect::<Int16Array>()),
        Type::Integer => Arc::new(each.values(texts, WHOLE, |t| t.parse().ok()).into_iter().collect::<Int32Array>()),
        Type::BigInt | Type::Instant => {
            let values: Int64Array = each.values(texts, WHOLE, |t| t.parse().ok()).into_iter().collect();
            Arc::new(values)
        }
        Type::Money => {
            let within = |p: &Pence| p.unsigned_abs() <= Money::MAX_PENCE.unsigned_abs().into();
            let values = each.values(texts, "pounds with at most two decimals", |t| pence(t).filter(within));
            let values: Decimal128Array = values.into_iter().collect();
            Arc::new(values.with_data_type(Type::Money.arrow()))
        }
        Type::Quantity => {
            let values = each.values(texts, "a number with at most six decimals and twelve digits before them", |t| parse_decimal(t, 6));
            let values: Decimal128Array = values.into_iter().collect();
            Arc::new(values.with_data_type(Type::Quantity.arrow()))
        }
    }
}

const WHOLE: &str = "a whole number";

/// `true`, and `TRUE` as spreadsheets save it.
fn boolean(text: &str) -> Option<bool> {
    match text {
        "true" | "TRUE" => Some(true),
        "false" | "FALSE" => Some(false),
        _ => None,
    }
}

struct Each<'a> {
    file: &'a str,
    table: &'a Table<'a>,
    column: &'a Column,
    faults: &'a mut Faults,
}

impl Each<'_> {
    fn values<T>(&mut self, texts: &[Option<&str>], expected: &str, read: impl Fn(&str) -> Option<T>) -> Vec<Option<T>> {
        let mut values = Vec::with_capacity(texts.len());
        for (text, row) in texts.iter().zip(&self.table.rows) {
            let value = text.and_then(&read);
            if let (Some(text), None) = (text, &value) {
                let fault = Diagnostic::new(reference::VALUE, format!("`{}` is `{}`", self.column.name, text.escape_debug()));
                self.faults.push(&self.column.name, fault.place(at(self.file, row.line)).expected(expected));
            }
            values.push(value);
        }
        values
    }
}

/// Somebody else than its author has approved every row.
fn reviewed(file: &str, table: &Table<'_>, columns: &[(&Column, Option<usize>)], faults: &mut Faults) {
    let place = |name: &str| columns.iter().find(|(column, _)| &*column.name == name).and_then(|(_, at)| *at);
    let (Some(author), Some(approver), Some(reason)) = (place("author"), place("approver"), place("reason")) else { return };
    for row in &table.rows {
        let field = |at: usize| row.field(at).trim();
        let same = field(author).eq_ignore_ascii_case(field(approver));
        let empty = [author, approver, reason].into_iter().any(|at| field(at).is_empty());
        if same || empty {
            let seen = if empty {
                "the row lacks its author, its approver or its reason".to_owned()
            } else {
                format!("`{}` approved their own row", field(author))
            };
            let fault = Diagnostic::new(reference::REVIEW, seen).place(at(file, row.line));
            faults.push("", fault.expected("a reason, an author, and an approver who is somebody else"));
        }
    }
}
