//! What finance looks at: the separation and the reconciliation.

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
    let mut found: BTreeMap<(String, String, String), Stages> = BTreeMap::new();
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
    let mut list = Vec::new();
    let mut totals: BTreeMap<String, Stages> = BTreeMap::new();
    let mut periods = Table::new(&[
        ("feed", Align::Left),
        ("period", Align::Left),
        ("rows", Align::Right),
        ("accepted", Align::Right),
        ("quarantined", Align::Right),
        ("pounds", Align::Right),
        ("cost", Align::Right),
        ("not cost", Align::Right),
        ("suspense", Align::Right),
        ("published", Align::Right),
        ("unexplained", Align::Right),
    ]);
    for ((council, feed, period), stages) in &found {
        let of = |stage| at(stages, stage);
        let unexplained = unexplained(stages);
        let total = totals.entry(format!("{council}/{feed}")).or_default();
        for (stage, (rows, pence)) in stages {
            let sum = total.entry(stage.clone()).or_default();
            *sum = (sum.0 + rows, sum.1.zip(*pence).map(|(a, b)| a + b).or(sum.1).or(*pence));
        }
        let (accepted, quarantined) = (of("accepted"), of("quarantined"));
        periods.row([
            format!("{council}/{feed}"),
            period.clone(),
            lines(accepted.0),
            pounds(accepted.1),
            lines(quarantined.0),
            pounds(quarantined.1),
            pounds(of("cost").1),
            pounds(of("not_cost").1),
            pounds(of("suspense").1),
            pounds(of("published").1),
            pounds(unexplained.1),
        ]);
        let stage_json: serde_json::Map<String, serde_json::Value> =
            stages.iter().map(|(s, (n, p))| (s.clone(), json!({"rows": n, "amount": p.map(decimal)}))).collect();
        list.push(json!({"council": council, "feed": feed, "period": period, "stages": stage_json, "unexplained": decimal(unexplained.1)}));
    }
    let proof = proof_line(&all, &release)?;
    let page = format!("{}\n{}\n{proof}\n", by_stage(&totals).text(), periods.text());
    Ok(Page::new("reconcile", page, json!({"release": release.manifest.release, "rows": list, "proof": proof})))
}

/// Rows and pounds of each stage; pounds where it has some.
type Stages = BTreeMap<String, (i64, Option<Pence>)>;

fn lines(number: i64) -> String {
    grouped(number.unsigned_abs().into())
}

/// Rows and pounds of a stage; nought where there are none.
fn at(stages: &Stages, stage: &str) -> (i64, Pence) {
    stages.get(stage).map_or((0, 0), |(rows, pence)| (*rows, pence.unwrap_or(0)))
}

/// What came in less what is in quarantine less what is published: nought, or nothing would have been published.
fn unexplained(stages: &Stages) -> (i64, Pence) {
    let of = |stage| at(stages, stage);
    let (landed, quarantined, published) = (of("landed"), of("quarantined"), of("published"));
    (landed.0 - quarantined.0 - published.0, landed.1 - quarantined.1 - published.1)
}

/// Every feed from the source to what is published, stage by stage, over all periods.
fn by_stage(totals: &BTreeMap<String, Stages>) -> Table {
    const SHOWN: [(&str, &str); 10] = [
        ("source", "source"),
        ("not_data", "not data (header, blank, totals)"),
        ("landed", "landed"),
        ("quarantined", "  quarantined"),
        ("accepted", "  accepted"),
        ("common", "common table"),
        ("cost", "  cost"),
        ("not_cost", "  not cost"),
        ("suspense", "  suspense"),
        ("published", "published"),
    ];
    let mut table = Table::new(&[("feed", Align::Left), ("stage", Align::Left), ("rows", Align::Right), ("pounds", Align::Right)]);
    for (feed, stages) in totals {
        for (at, (stage, shown)) in SHOWN.iter().enumerate() {
            let (rows, pence) = stages.get(*stage).copied().unwrap_or_default();
            let name = if at == 0 { feed.clone() } else { String::new() };
            table.row([name, (*shown).to_owned(), lines(rows), pence.map_or_else(|| "-".to_owned(), pounds)]);
        }
        let (rows, pence) = unexplained(stages);
        table.row([String::new(), "unexplained".into(), lines(rows), pounds(pence)]);
    }
    table
}
