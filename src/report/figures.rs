//! What finance looks at: the separation and the reconciliation.

use std::collections::BTreeMap;

use arrow::{
    array::{Array, AsArray},
    datatypes::Int64Type,
    record_batch::RecordBatch,
};
use serde_json::json;

use super::{
    ask::{Release, latest, pence_at, rows, tables, tables_upon},
    left_out::left_out,
    page::{Align, Page, Table},
    standing::{Stand, uncounted_json, uncounted_text},
};
use crate::{
    diagnostic::Answer,
    domain::{Ownership, Pence, counted, decimal, decimal_of, grouped, pounds, pounds_of},
    pipeline::Partnership,
    plan::{LEFT_OUT, feed_vat},
    schema::Vat,
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
    // A council without costs has no column: of the shared service only its work may be recorded.
    let has_costs = |council: &str| by_owner.values().any(|cells| cells.contains_key(council));
    let councils: Vec<&str> = partnership.councils.iter().map(|c| &*c.id).filter(|council| has_costs(council)).collect();
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
    let proof = proof_line(partnership, &all, &release)?;
    let json_cells: Vec<_> = by_owner
        .iter()
        .flat_map(|(owner, cells)| {
            cells.iter().map(move |(c, (p, n))| json!({"ownership": owner, "council": c, "amount": decimal(*p), "lines": n}))
        })
        .collect();
    let page = format!("{}\n{proof}\n", table.text());
    Ok(Page::new("separation", page, json!({"release": release.manifest.release, "cells": json_cells, "proof": proof})))
}

/// One sentence, worked out from the release's own tables: what was read is what is published and what is in quarantine, and how many
/// checks say so.
fn proof_line(partnership: &Partnership, all: &crate::engine::Tables, release: &Release) -> Answer<String> {
    let mut stages = Stages::new();
    for one in stages_of(partnership, all)?.values() {
        add(&mut stages, one);
    }
    let of = |stage: &str| stages.get(stage).copied().unwrap_or_default();
    let checks = rows(
        all,
        "SELECT CASE WHEN passed THEN 'passed' ELSE 'failed' END AS state, COUNT(DISTINCT check_no) AS n FROM check_result
         WHERE NOT passed OR checked > 0 GROUP BY 1",
    )?;
    let mut passed = 0;
    let mut failed = 0;
    for batch in &checks {
        for row in 0..batch.num_rows() {
            if text(batch, 0, row) == "passed" { passed += count(batch, 1, row) } else { failed += count(batch, 1, row) }
        }
    }
    let warned = if failed == 0 { String::new() } else { format!(", {failed} with warnings") };
    let quarantined = of("quarantined");
    let set_aside = match (quarantined.rows, quarantined.pence) {
        (0, _) => String::new(),
        (n, Some(pence)) => format!("; {} quarantined {}", lines(n), pounds(pence)),
        (n, None) => format!("; {} quarantined, pounds {}", lines(n), quarantined.shown()),
    };
    let carried = stages.get(CARRIED).map_or_else(String::new, |carried| format!(" + {} carried {}", lines(carried.rows), carried.shown()));
    let unexplained = unexplained(&stages);
    let unexplained = match unexplained.rows {
        0 => unexplained.shown(),
        n => format!("{} {}", counted(n.unsigned_abs(), "row"), unexplained.shown()),
    };
    let rounded = match rounded_off(&stages) {
        0 => String::new(),
        residue => format!("; {} rounded off", pounds_of(residue)),
    };
    Ok(format!(
        "proof: {} rows {} accepted{carried} = {} cost {} + {} not cost {} + {} suspense {}{set_aside}{rounded}; unexplained {unexplained}; {passed} checks passed{warned} (release {})",
        lines(of("accepted").rows),
        of("accepted").shown(),
        lines(of("cost").rows),
        of("cost").shown(),
        lines(of("not_cost").rows),
        of("not_cost").shown(),
        lines(of("suspense").rows),
        of("suspense").shown(),
        release.manifest.release,
    ))
}

/// The stages of every council, feed and period.
fn stages_of(partnership: &Partnership, all: &crate::engine::Tables) -> Answer<BTreeMap<(String, String, String), Stages>> {
    // A contract of the version before has no such column.
    let has_column = partnership.contracts.get("published/reconciliation").is_some_and(|c| c.column("not_known_rows").is_some());
    let not_known = if has_column { "not_known_rows" } else { "CAST(NULL AS BIGINT)" };
    let has_column = partnership.contracts.get("published/reconciliation").is_some_and(|c| c.column("residue").is_some());
    let residue = if has_column { "residue" } else { "CAST(NULL AS DECIMAL(18,6))" };
    let sql =
        format!("SELECT council, feed, delivery_year, delivery_period, stage, rows, amount, {not_known}, {residue} FROM reconciliation");
    let mut found: BTreeMap<(String, String, String), Stages> = BTreeMap::new();
    for batch in &rows(all, &sql)? {
        for row in 0..batch.num_rows() {
            let year = batch.columns().get(2).and_then(|c| c.as_primitive_opt::<arrow::datatypes::Int16Type>()).map_or(0, |c| c.value(row));
            let period =
                batch.columns().get(3).and_then(|c| c.as_primitive_opt::<arrow::datatypes::Int8Type>()).map_or(0, |c| c.value(row));
            let pence = batch.columns().get(6).filter(|c| c.is_valid(row)).map(|_| pence_at(batch, 6, row));
            let not_known = batch.columns().get(7).filter(|c| c.is_valid(row)).map_or(0, |_| count(batch, 7, row));
            let residue = batch.columns().get(8).filter(|c| c.is_valid(row)).map_or(0, |_| pence_at(batch, 8, row));
            let key = (text(batch, 0, row), text(batch, 1, row), super::ask::period(year, period).to_string());
            found.entry(key).or_default().insert(text(batch, 4, row), Stage { rows: count(batch, 5, row), pence, not_known, residue });
        }
    }
    Ok(found)
}

/// Rows and pounds from the source to what is published, per council, feed and period.
///
/// # Errors
/// TC0106, TC10…
pub fn reconcile(partnership: &Partnership) -> Answer<Page> {
    let release = latest(partnership)?;
    let stand = Stand::of(partnership)?;
    let all = tables_upon(partnership, &release, &stand)?;
    let found = stages_of(partnership, &all)?;
    let mut list = Vec::new();
    let mut totals: BTreeMap<String, Stages> = BTreeMap::new();
    let mut periods = period_table();
    for ((council, feed, period), stages) in &found {
        let of = |stage: &str| stages.get(stage).copied().unwrap_or_default();
        let unexplained = unexplained(stages);
        add(totals.entry(format!("{council}/{feed}")).or_default(), stages);
        let (accepted, quarantined) = (of("accepted"), of("quarantined"));
        periods.row([
            format!("{council}/{feed}"),
            period.clone(),
            lines(accepted.rows),
            accepted.shown(),
            lines(quarantined.rows),
            quarantined.shown(),
            of("cost").shown(),
            of("not_cost").shown(),
            of("suspense").shown(),
            of("published").shown(),
            unexplained.shown(),
        ]);
        list.push(json!({
            "council": council, "feed": feed, "period": period, "includes_vat": vat_of(partnership, &format!("{council}/{feed}")).as_str(),
            "stages": stages_json(stages), "unexplained": unexplained.pence.map(decimal)
        }));
    }
    let proof = proof_line(partnership, &all, &release)?;
    let (left_out, left_out_list) = left_out(partnership, &all)?;
    let uncounted = stand.in_no_figure();
    let rest = if uncounted.is_empty() { String::new() } else { format!("\n{}", uncounted_text(&uncounted)) };
    let (by_stage, periods) = (by_stage(&totals).text(), periods.text());
    let (carried, vat) = (carried_text(&found), vat_text(partnership, totals.keys()));
    let page = format!("{by_stage}\n{periods}\n{carried}{vat}{left_out}{proof}\n{rest}");
    let json = json!({
        "release": release.manifest.release, "rows": list, "left_out": left_out_list, "uncounted": uncounted_json(&uncounted), "proof": proof
    });
    Ok(Page::new("reconcile", page, json))
}

fn stages_json(stages: &Stages) -> serde_json::Map<String, serde_json::Value> {
    let one = |stage: &Stage| {
        json!({
            "rows": stage.rows, "amount": stage.pence.map(decimal), "not_known_rows": stage.not_known, "residue": decimal_of(stage.residue)
        })
    };
    stages.iter().map(|(name, stage)| (name.clone(), one(stage))).collect()
}

/// Rows and pounds of a stage.
#[derive(Clone, Copy)]
struct Stage {
    rows: i64,
    /// `None` where they are not known, or where the rows have none.
    pence: Option<Pence>,
    /// Rows whose pounds are not known.
    not_known: i64,
    /// What rounding to pence took off, in millionths of a pound: `pence` and this are what the source says.
    residue: Pence,
}

impl Default for Stage {
    fn default() -> Self {
        Self { rows: 0, pence: Some(0), not_known: 0, residue: 0 }
    }
}

impl Stage {
    /// `£1.00`, or `not known (1 row)`: as the source says, where rows were rounded.
    fn shown(self) -> String {
        match (self.pence, self.not_known) {
            (Some(pence), _) => pounds_of(pence * 10_000 + self.residue),
            (None, 0) => "not known".to_owned(),
            (None, rows) => format!("not known ({})", counted(rows.unsigned_abs(), "row")),
        }
    }
}

type Stages = BTreeMap<String, Stage>;

/// Adds stage to stage. Pounds that are not known stay so, whatever is added.
fn add(total: &mut Stages, more: &Stages) {
    for (name, stage) in more {
        let sum = total.entry(name.clone()).or_default();
        *sum = Stage {
            rows: sum.rows + stage.rows,
            pence: sum.pence.zip(stage.pence).map(|(a, b)| a + b),
            not_known: sum.not_known + stage.not_known,
            residue: sum.residue + stage.residue,
        };
    }
}

fn lines(number: i64) -> String {
    grouped(number.unsigned_abs().into())
}

/// What came in less what is in quarantine, and what stands in for what did not come, less what is published: nought, or nothing would have been published. Where pounds of
/// quarantined rows are not known, neither is this.
fn unexplained(stages: &Stages) -> Stage {
    let of = |stage: &str| stages.get(stage).copied().unwrap_or_default();
    let (landed, quarantined, carried, published) = (of("landed"), of("quarantined"), of("carried"), of("published"));
    let known = landed.pence.zip(quarantined.pence).zip(carried.pence.zip(published.pence));
    Stage {
        rows: landed.rows - quarantined.rows + carried.rows - published.rows,
        pence: known.map(|((landed, quarantined), (carried, published))| landed - quarantined + carried - published),
        not_known: landed.not_known,
        residue: landed.residue - quarantined.residue - rounded_off(stages),
    }
}

/// What rounding took off the accepted rows, in millionths of a pound.
fn rounded_off(stages: &Stages) -> Pence {
    let of = |stage: &str| stages.get(stage).map_or(0, |stage| stage.residue);
    of("source") - of("quarantined")
}

/// Every feed from the source to what is published, stage by stage, over all periods.
fn by_stage(totals: &BTreeMap<String, Stages>) -> Table {
    const SHOWN: [(&str, &str); 12] = [
        ("source", "source"),
        ("not_data", "not data (header, blank, totals)"),
        ("landed", "landed"),
        ("quarantined", "  quarantined"),
        ("accepted", "  accepted"),
        ("common", "common table"),
        (CARRIED, "carried (stands in for what did not come)"),
        (LEFT_OUT, "  recharges that do not"),
        ("cost", "  cost"),
        ("not_cost", "  not cost"),
        ("suspense", "  suspense"),
        ("published", "published"),
    ];
    let mut table = Table::new(&[("feed", Align::Left), ("stage", Align::Left), ("rows", Align::Right), ("pounds", Align::Right)]);
    for (feed, stages) in totals {
        for (at, (stage, shown)) in SHOWN.iter().enumerate() {
            // Only a feed of which an earlier month stands in has these.
            if [CARRIED, LEFT_OUT].contains(stage) && !stages.contains_key(*stage) {
                continue;
            }
            let found = stages.get(*stage).copied().unwrap_or_default();
            // Header, blank lines and totals have no pounds.
            let shown_pounds = if *stage == "not_data" { "-".to_owned() } else { found.shown() };
            let name = if at == 0 { feed.clone() } else { String::new() };
            table.row([name, (*shown).to_owned(), lines(found.rows), shown_pounds]);
            if *stage == "accepted" && rounded_off(stages) != 0 {
                table.row([String::new(), "  rounded off, row by row".into(), String::new(), pounds_of(rounded_off(stages))]);
            }
        }
        let unexplained = unexplained(stages);
        table.row([String::new(), "unexplained".into(), lines(unexplained.rows), unexplained.shown()]);
    }
    table
}

/// Lines of an earlier month that stand in, and those of it that do not.
const CARRIED: &str = "carried";

/// A line for each period of a feed for which an earlier month stands in.
fn carried_text(found: &BTreeMap<(String, String, String), Stages>) -> String {
    let line = |((council, feed, period), stages): (&(String, String, String), &Stages)| {
        let carried = stages.get(CARRIED)?;
        let stands = format!("carried: {council}/{feed} {period}: {}, {}", counted(carried.rows.unsigned_abs(), "line"), carried.shown());
        let left_out = stages.get(LEFT_OUT).filter(|left_out| left_out.rows > 0);
        let rest = left_out.map_or_else(String::new, |left_out| {
            format!("; {} on recharge accounts, {}, left out", counted(left_out.rows.unsigned_abs(), "line"), left_out.shown())
        });
        Some(format!("{stands} of an earlier month stand in{rest}\n"))
    };
    found.iter().filter_map(line).collect()
}

/// The headings of the table by feed and period.
fn period_table() -> Table {
    Table::new(&[
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
    ])
}

/// Whether a feed's pounds include VAT.
fn vat_of(partnership: &Partnership, feed: &str) -> Vat {
    partnership.feed_named(feed).map_or(Vat::Unknown, feed_vat)
}

/// A line for each answer that some feed gives; nothing where none says anything.
fn vat_text<'f>(partnership: &Partnership, feeds: impl Iterator<Item = &'f String>) -> String {
    let mut by_answer: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for feed in feeds {
        by_answer.entry(vat_of(partnership, feed).as_str()).or_default().push(feed);
    }
    if by_answer.keys().all(|answer| *answer == "unknown") {
        return String::new();
    }
    let line = |(answer, feeds): (&&str, &Vec<&str>)| format!("includes VAT: {answer:<7}  {}\n", feeds.join(", "));
    by_answer.iter().map(line).chain(["\n".to_owned()]).collect()
}
