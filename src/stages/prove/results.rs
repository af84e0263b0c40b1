//! The table `check_result`: what each check found, and how much it had to look at.

use arrow::array::AsArray;

use super::{AccountCoverage, CHECKS, Check, Elsewhere, Failure, Finding, MADE_ELSEWHERE};
use crate::{
    domain::Pence,
    engine::{Table, Tables},
    schema::{Cell, batch},
};

/// What `detail` says of a check that had nothing to look at.
pub const NOT_ASKED: &str = "not asked: nothing to look at";

/// A row for each check that queries make, and for each that kernels make of what stands in the release: what a kernel does not prove stops
/// the run, so what is there is proved. `lines` are those of all ledgers and payments; `tables` what is about to be published, and its proofs.
#[must_use]
pub fn check_rows(findings: &[Finding], lines: u64, tables: &Tables, coverage: &AccountCoverage) -> Vec<Vec<Cell>> {
    let not_made = CHECKS.iter().filter(|check| !findings.iter().any(|f| (f.check.number, f.check.name) == (check.number, check.name)));
    let not_made = not_made.map(|check| (check.number, result(check, &[], 0, coverage)));
    let made = findings.iter().map(|f| (f.check.number, result(&f.check, &f.failures, looked_at(&f.check, lines, tables), coverage)));
    let of_kernels = MADE_ELSEWHERE.iter().filter(|(_, _, at)| *at == Elsewhere::Kernel);
    let of_kernels = of_kernels.map(|(number, name, _)| (*number, row(*number, name, true, &[], proved(*number, tables), Vec::new())));
    let mut rows: Vec<(i16, Vec<Cell>)> = made.chain(not_made).chain(of_kernels).collect();
    rows.sort_by_key(|(number, _)| *number);
    rows.into_iter().map(|(_, row)| row).collect()
}

fn result(check: &Check, failures: &[Failure], looked_at: u64, coverage: &AccountCoverage) -> Vec<Cell> {
    let mut detail: Vec<String> = failures.iter().take(5).map(Failure::detail).collect();
    // Check 12 also says how far accounts are known where nothing waits in suspense: it passes whatever is missing.
    detail.extend(coverage.sentence().filter(|_| check.number == 12));
    row(check.number, check.name, check.blocks, failures, looked_at, detail)
}

fn row(number: i16, name: &str, blocks: bool, failures: &[Failure], looked_at: u64, mut detail: Vec<String>) -> Vec<Cell> {
    let passed = failures.is_empty();
    detail.extend((looked_at == 0 && passed).then(|| NOT_ASKED.to_owned()));
    let detail = detail.join("; ");
    let difference: Pence = failures.iter().map(|x| x.difference).sum();
    vec![
        i64::from(number).into(),
        name.into(),
        blocks.into(),
        passed.into(),
        looked_at.into(),
        failures.iter().map(|x| x.failed).sum::<i64>().into(),
        if passed { Cell::Null } else { Cell::Pence(difference) },
        if detail.is_empty() { Cell::Null } else { detail.into() },
    ]
}

/// How many rows a check is about: of the first table that it needs, else the lines themselves.
fn looked_at(check: &Check, lines: u64, tables: &Tables) -> u64 {
    let Some(about) = check.needs.first() else { return lines };
    match *about {
        "published_text" => column_sum(tables, about, "texts"),
        about => rows_of(tables, about),
    }
}

/// Published tables whose rows rest on what kernels prove.
pub const PROVED_IN: [&str; 4] = ["service_gross", "allocation_share", "method_comparison", "allocated_cost"];

/// How many rows of the release rest on what a kernel proves.
fn proved(number: i16, tables: &Tables) -> u64 {
    match number {
        14 => rows_of(tables, "service_gross"),
        16 => shared_parts(tables),
        17 | 18 => rows_of(tables, "allocation_share"),
        19 => rows_of(tables, "method_comparison"),
        _ => 0,
    }
}

fn rows_of(tables: &Tables, name: &str) -> u64 {
    tables.get(name).and_then(Table::batch).map_or(0, |rows| rows.num_rows() as u64)
}

/// Parts of cells that were cut: a cell that has one bearer is all of its part.
fn shared_parts(tables: &Tables) -> u64 {
    let Some(rows) = tables.get("allocated_cost").and_then(Table::batch) else { return 0 };
    let Ok(placed) = batch::text(&rows, "placement") else { return 0 };
    placed.iter().filter(|placement| *placement == Some("allocated")).count() as u64
}

fn column_sum(tables: &Tables, name: &str, column: &str) -> u64 {
    let Some(rows) = tables.get(name).and_then(Table::batch) else { return 0 };
    let Some(numbers) = rows.column_by_name(column) else { return 0 };
    let numbers = numbers.as_primitive_opt::<arrow::datatypes::Int64Type>();
    numbers.map_or(0, |numbers| numbers.iter().flatten().map(i64::unsigned_abs).sum())
}
