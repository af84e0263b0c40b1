//! What finance looks at: the separation, the reconciliation, suspense.

use std::collections::BTreeMap;

use arrow::{
    array::{Array, AsArray},
    datatypes::Int64Type,
    record_batch::RecordBatch,
};
use serde_json::json;

use super::{
    ask::{Release, latest, pence_at, rows, tables},
    page::{Align, Page, Table},
};
use crate::{
    diagnostic::Answer,
    domain::{Ownership, Pence, decimal, grouped, pounds},
    pipeline::Partnership,
};

/// Text at a place; empty for null.
fn text(batch: &RecordBatch, column: usize, row: usize) -> String {
    let values = batch.columns().get(column).and_then(|c| c.as_string_opt::<i32>());
    values.filter(|v| v.is_valid(row)).map(|v| v.value(row).to_owned()).unwrap_or_default()
}

fn count(batch: &RecordBatch, column: usize, row: usize) -> i64 {
    batch.columns().get(column).and_then(|c| c.as_primitive_opt::<Int64Type>()).map_or(0, |c| c.value(row))
}

/// Council × ownership over the whole release, with the line that says that it is proved.
///
/// # Errors
/// TC0106, TC10…
pub fn separation(partnership: &Partnership) -> Answer<Page> {
    let release = latest(partnership)?;
    let all = tables(partnership, &release)?;
    let cells = rows(
        &all,
        "SELECT council, ownership, SUM(amount) AS amount, SUM(lines) AS lines FROM separation GROUP BY council, ownership ORDER BY 1, 2",
    )?;
    let mut by_owner: BTreeMap<String, BTreeMap<String, (Pence, i64)>> = BTreeMap::new();
    for batch in &cells {
        for row in 0..batch.num_rows() {
            let cell = (pence_at(batch, 2, row), count(batch, 3, row));
            by_owner.entry(text(batch, 1, row)).or_default().insert(text(batch, 0, row), cell);
        }
    }
    let councils: Vec<&str> = partnership.councils.iter().map(|c| &*c.id).collect();
    let mut columns = vec![("ownership", Align::Left)];
    columns.extend(councils.iter().map(|c| (*c, Align::Right)));
    columns.extend([("all", Align::Right), ("lines", Align::Right)]);
    let mut table = Table::new(&columns);
    let mut totals: BTreeMap<&str, Pence> = BTreeMap::new();
    let (mut all_pence, mut all_lines) = (0, 0);
    for owner in Ownership::ALL.map(Ownership::as_str) {
        let Some(cells) = by_owner.get(owner) else { continue };
        let sum: Pence = cells.values().map(|c| c.0).sum();
        let lines: i64 = cells.values().map(|c| c.1).sum();
        let mut line = vec![owner.to_owned()];
        for council in &councils {
            let pence = cells.get(*council).map_or(0, |c| c.0);
            *totals.entry(council).or_default() += pence;
            line.push(pounds(pence));
        }
        line.extend([pounds(sum), grouped(u128::try_from(lines).unwrap_or(0))]);
        table.row(line);
        all_pence += sum;
        all_lines += lines;
    }
    let mut line = vec!["all".to_owned()];
    line.extend(councils.iter().map(|c| pounds(totals.get(c).copied().unwrap_or(0))));
    line.extend([pounds(all_pence), grouped(u128::try_from(all_lines).unwrap_or(0))]);
    table.row(line);
    let proof = proof_line(&all, &release)?;
    let json_cells: Vec<_> = by_owner
        .iter()
        .flat_map(|(owner, cells)| {
            cells.iter().map(move |(c, (p, n))| json!({"ownership": owner, "council": c, "amount": decimal(*p), "lines": n}))
        })
        .collect();
    let page = format!("{}\n{proof}\n", table.text());
    Ok(Page::new("separation", page, json!({"release": release.manifest.release, "cells": json_cells, "proof": proof})))
}

/// One sentence: what was read is what is published, and how many checks say so.
fn proof_line(all: &crate::engine::Tables, release: &Release) -> Answer<String> {
    let sums = rows(all, "SELECT stage, SUM(rows) AS n, SUM(amount) AS amount FROM reconciliation GROUP BY stage")?;
    let mut stages: BTreeMap<String, (i64, Pence)> = BTreeMap::new();
    for batch in &sums {
        for row in 0..batch.num_rows() {
            stages.insert(text(batch, 0, row), (count(batch, 1, row), pence_at(batch, 2, row)));
        }
    }
    let of = |stage: &str| stages.get(stage).copied().unwrap_or_default();
    let checks = rows(
        all,
        "SELECT CASE WHEN passed THEN 'passed' ELSE 'failed' END AS state, COUNT(DISTINCT check_no) AS n FROM check_result GROUP BY 1",
    )?;
    let mut passed = 0;
    let mut failed = 0;
    for batch in &checks {
        for row in 0..batch.num_rows() {
            if text(batch, 0, row) == "passed" { passed += count(batch, 1, row) } else { failed += count(batch, 1, row) }
        }
    }
    let lines = |n: i64| grouped(u128::try_from(n).unwrap_or(0));
    let warned = if failed == 0 { String::new() } else { format!(", {failed} with warnings") };
    Ok(format!(
        "proof: {} rows {} accepted = {} cost {} + {} not cost {} + {} suspense {}; unexplained £0.00; {passed} checks passed{warned} (release {})",
        lines(of("accepted").0),
        pounds(of("accepted").1),
        lines(of("cost").0),
        pounds(of("cost").1),
        lines(of("not_cost").0),
        pounds(of("not_cost").1),
        lines(of("suspense").0),
        pounds(of("suspense").1),
        release.manifest.release,
    ))
}

/// Rows and pounds from the source to what is published, per council, feed and period.
///
/// # Errors
/// TC0106, TC10…
pub fn reconcile(partnership: &Partnership) -> Answer<Page> {
    let release = latest(partnership)?;
    let all = tables(partnership, &release)?;
    let stages = rows(&all, "SELECT council, feed, delivery_year, delivery_period, stage, rows, amount FROM reconciliation")?;
    let mut found: BTreeMap<(String, String, String), BTreeMap<String, (i64, Option<Pence>)>> = BTreeMap::new();
    for batch in &stages {
        for row in 0..batch.num_rows() {
            let year = batch.columns().get(2).and_then(|c| c.as_primitive_opt::<arrow::datatypes::Int16Type>()).map_or(0, |c| c.value(row));
            let period =
                batch.columns().get(3).and_then(|c| c.as_primitive_opt::<arrow::datatypes::Int8Type>()).map_or(0, |c| c.value(row));
            let pence = batch.columns().get(6).filter(|c| c.is_valid(row)).map(|_| pence_at(batch, 6, row));
            let key = (text(batch, 0, row), text(batch, 1, row), super::ask::period(year, period).to_string());
            found.entry(key).or_default().insert(text(batch, 4, row), (count(batch, 5, row), pence));
        }
    }
    let shown = ["accepted", "quarantined", "common", "cost", "not_cost", "suspense", "published"];
    let mut columns = vec![("council", Align::Left), ("feed", Align::Left), ("period", Align::Left), ("rows", Align::Right)];
    columns.extend(shown.iter().map(|s| (*s, Align::Right)));
    columns.push(("unexplained", Align::Right));
    let mut table = Table::new(&columns);
    let mut list = Vec::new();
    for ((council, feed, period), stages) in &found {
        let of = |stage: &str| stages.get(stage).copied().unwrap_or_default();
        let pence = |stage: &str| of(stage).1.unwrap_or(0);
        let unexplained = pence("landed") - pence("quarantined") - pence("published");
        let mut line = vec![council.clone(), feed.clone(), period.clone(), grouped(u128::try_from(of("accepted").0).unwrap_or(0))];
        line.extend(shown.iter().map(|s| pounds(pence(s))));
        line.push(pounds(unexplained));
        table.row(line);
        let stage_json: serde_json::Map<String, serde_json::Value> =
            stages.iter().map(|(s, (n, p))| (s.clone(), json!({"rows": n, "amount": p.map(decimal)}))).collect();
        list.push(json!({"council": council, "feed": feed, "period": period, "stages": stage_json, "unexplained": decimal(unexplained)}));
    }
    let proof = proof_line(&all, &release)?;
    let page = format!("{}\n{proof}\n", table.text());
    Ok(Page::new("reconcile", page, json!({"release": release.manifest.release, "rows": list, "proof": proof})))
}

const SUSPENSE: &str = "SELECT council, rule_id AS why, coalesce(CASE WHEN rule_id = 'no_account' THEN account WHEN rule_id = 'no_cost_centre' THEN cost_centre \
     ELSE coalesce(cost_centre, department) END, '') AS code, COUNT(*) AS n, SUM(amount) AS amount, \
     CAST(MIN(effective_date) AS VARCHAR) AS first_date, CAST(MAX(effective_date) AS VARCHAR) AS last_date, \
     MIN(delivery_id || ' ' || lpad(CAST(source_row AS VARCHAR), 12, ' ')) AS example \
     FROM cost_line WHERE ownership = 'suspense' GROUP BY 1, 2, 3 ORDER BY 1, 2, 3";

/// One row for each uncovered code; in the columns of the reference tables with `csv`.
///
/// # Errors
/// TC0106, TC10…
pub fn suspense(partnership: &Partnership, csv: bool) -> Answer<Page> {
    let release = latest(partnership)?;
    let found = rows(&tables(partnership, &release)?, SUSPENSE)?;
    let mut table = Table::new(&[
        ("council", Align::Left),
        ("lacks", Align::Left),
        ("code", Align::Left),
        ("rows", Align::Right),
        ("pounds", Align::Right),
        ("first", Align::Left),
        ("last", Align::Left),
        ("example (delivery, line)", Align::Left),
    ]);
    let mut list = Vec::new();
    for batch in &found {
        for row in 0..batch.num_rows() {
            let cell = |column| text(batch, column, row);
            let lacks = lacking(&cell(1));
            let example = cell(7).split_whitespace().collect::<Vec<_>>().join(" ");
            list.push(json!({"council": cell(0), "table": lacks, "code": cell(2), "rows": count(batch, 3, row), "amount": decimal(pence_at(batch, 4, row)),
                "first": cell(5), "last": cell(6), "example": example}));
            table.row([
                cell(0),
                lacks.to_owned(),
                cell(2),
                grouped(u128::try_from(count(batch, 3, row)).unwrap_or(0)),
                pounds(pence_at(batch, 4, row)),
                cell(5),
                cell(6),
                example,
            ]);
        }
    }
    let page = match (csv, list.is_empty()) {
        (true, _) => to_fill_in(partnership, &list),
        (false, true) => "nothing is in suspense\n".to_owned(),
        (false, false) => format!("{}\nfill them in: truecost suspense --csv\n", table.text()),
    };
    Ok(Page::new("suspense", page, json!({"release": release.manifest.release, "codes": list})))
}

/// The reference table that lacks a row.
fn lacking(rule_id: &str) -> &'static str {
    match rule_id {
        "no_account" => "account",
        "no_cost_centre" => "cost_centre",
        _ => "ownership_rule",
    }
}

/// Rows in the columns of each reference table that lacks some, with what is known filled in.
fn to_fill_in(partnership: &Partnership, list: &[serde_json::Value]) -> String {
    let mut out = String::new();
    for name in ["account", "cost_centre", "ownership_rule"] {
        let of: Vec<_> = list.iter().filter(|row| row["table"] == name).collect();
        let Some(reference) = partnership.references.get(name).filter(|_| !of.is_empty()) else { continue };
        let columns: Vec<&str> = reference.contract.columns.iter().map(|c| &*c.name).collect();
        out.push_str(&format!("# for pipelines/reference/{name}.csv\n{}\n", columns.join(",")));
        for row in of {
            let said = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
            let cell = |column: &&str| match *column {
                "council" => said("council"),
                "account" | "cost_centre" if *column == name => said("code"),
                "cost_centre" if name == "ownership_rule" => said("code"),
                "valid_from" => said("first"),
                "reason" => format!(
                    "{} rows {} pounds; first {} last {}; e.g. {}",
                    row["rows"],
                    said("amount"),
                    said("first"),
                    said("last"),
                    said("example")
                ),
                _ => String::new(),
            };
            let cells: Vec<String> = columns
                .iter()
                .map(cell)
                .map(|c| if c.contains([',', '"']) { format!("\"{}\"", c.replace('"', "\"\"")) } else { c })
                .collect();
            out.push_str(&format!("{}\n", cells.join(",")));
        }
    }
    out
}
