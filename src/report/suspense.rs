//! What stands in suspense, and the rows of reference tables that would take it out.

use std::collections::BTreeSet;

use serde_json::json;

use super::{
    ask::{latest, tables_upon},
    page::{Align, Page, Table},
    standing::{Stand, lake_there, uncounted_json, uncounted_text},
};
use crate::{
    diagnostic::Answer,
    domain::{counted, grouped, parse_pounds, pounds},
    engine::csv_text,
    pipeline::{Partnership, ReferenceTable, rules::Cell},
    schema::batch,
    stages::prove,
};

/// One row for each uncovered code; in the columns of the reference tables with `csv`. Where the latest run was stopped by
/// check 12, no release holds what it found: its record answers.
///
/// # Errors
/// TC0106, TC10…
pub fn suspense(partnership: &Partnership, csv: bool) -> Answer<Page> {
    let Found { release, list, from, stand, ledgers } = found(partnership)?;
    // Codes of what counts nowhere are in no suspense: they may come to be when it counts.
    let uncounted = stand.in_no_figure();
    let page = match (csv, list.first()) {
        (true, _) => to_fill_in(partnership, &list)?,
        (false, None) => format!("nothing is in suspense\n{}{}", ledgers_text(ledgers.as_deref()), uncounted_text(&uncounted)),
        (false, Some(first)) => {
            let example = first["example"].as_str().unwrap_or_default();
            format!(
                "{}\n{from}\n{}{}rows to fill in: truecost suspense --csv\none line in full: truecost explain line {example}\n",
                shown(&list),
                ledgers_text(ledgers.as_deref()),
                uncounted_text(&uncounted)
            )
        }
    };
    let page = Page::new(
        "suspense",
        page,
        json!({"release": release, "codes": list, "ledgers": ledgers, "uncounted": uncounted_json(&uncounted)}),
    );
    Ok(if csv { page.exact() } else { page })
}

/// What is in suspense, and where that is known from.
pub(super) struct Found {
    /// `None` where a run was stopped, and its record answers.
    release: Option<String>,
    /// As [`prove::InSuspense::to_json`] has each code.
    pub(super) list: Vec<serde_json::Value>,
    /// In words.
    pub(super) from: String,
    stand: Stand,
    /// That lines of ledgers are kept as cost without an account row, which puts them in no suspense.
    ledgers: Option<String>,
}

fn ledgers_text(said: Option<&str>) -> String {
    said.map(|said| format!("{said}\n")).unwrap_or_default()
}

/// Every code in suspense, of the latest release or of the run that check 12 stopped.
pub(super) fn found(partnership: &Partnership) -> Answer<Found> {
    if let Some((run, list)) = stopped_suspense(partnership)? {
        let from = format!("of run {run}, which check 12 stopped; it published nothing");
        return Ok(Found { release: None, list, from, stand: Stand::of(partnership)?, ledgers: None });
    }
    let (release, stand) = (latest(partnership)?, Stand::of(partnership)?);
    let tables = tables_upon(partnership, &release, &stand)?;
    let found = prove::suspense(partnership, &tables)?;
    let classes = tables.get("published.class_total").cloned();
    let coverage = classes.map(|classes| prove::account_coverage(partnership, classes)).transpose()?.unwrap_or_default();
    let name = release.manifest.release;
    let list = found.iter().map(prove::InSuspense::to_json).collect();
    Ok(Found { from: format!("of release {name}"), release: Some(name), list, stand, ledgers: coverage.of_ledgers() })
}

/// Run and codes, where the latest run that did anything was stopped because of suspense.
fn stopped_suspense(partnership: &Partnership) -> Answer<Option<(String, Vec<serde_json::Value>)>> {
    let runs = lake_there(partnership)?.runs()?;
    let last = runs.last();
    let codes = last.and_then(|run| run.get("suspense")?.as_array().cloned()).filter(|codes| !codes.is_empty());
    let run = last.and_then(|run| run.get("run")?.as_str()).unwrap_or_default().to_owned();
    Ok(codes.map(|codes| (run, codes)))
}

/// A text of a row as [`prove::InSuspense::to_json`] holds it; empty where it has none.
pub(super) fn said<'r>(row: &'r serde_json::Value, key: &str) -> &'r str {
    row[key].as_str().unwrap_or_default()
}

fn shown(list: &[serde_json::Value]) -> String {
    let look_alikes = list.iter().any(|row| row["looks_like"].is_string());
    let mut columns = vec![("council", Align::Left), ("lacks", Align::Left), ("code", Align::Left)];
    columns.extend(look_alikes.then_some(("looks like", Align::Left)));
    columns.extend([("rows", Align::Right), ("pounds", Align::Right), ("first", Align::Left), ("last", Align::Left)]);
    columns.push(("example (delivery, line)", Align::Left));
    let mut table = Table::new(&columns);
    for row in list {
        let mut cells = vec![said(row, "council").to_owned(), said(row, "table").to_owned(), said(row, "code").to_owned()];
        cells.extend(look_alikes.then(|| said(row, "looks_like").to_owned()));
        cells.push(grouped(row["rows"].as_u64().unwrap_or(0).into()));
        cells.push(pounds(parse_pounds(said(row, "amount")).unwrap_or(0)));
        cells.extend(["first", "last", "example"].map(|key| said(row, key).to_owned()));
        table.row(cells);
    }
    table.text()
}

/// Reference tables that may lack a code.
pub(super) const TABLES: [&str; 3] = ["account", "cost_centre", "ownership_rule"];

/// Rows in the columns of each reference table that lacks some, as its file has them, with what is known filled in.
fn to_fill_in(partnership: &Partnership, list: &[serde_json::Value]) -> Answer<String> {
    let mut out = String::new();
    for name in TABLES {
        let of: Vec<_> = list.iter().filter(|row| row["table"] == name).collect();
        let Some(reference) = partnership.references.get(name).filter(|_| !of.is_empty()) else { continue };
        let mut ids = rule_ids(reference)?;
        out.push_str(&format!("# for pipelines/reference/{name}.csv\n{}\n", reference.header.join(",")));
        let mut cells = |row: &&serde_json::Value| reference.header.iter().map(|column| cell(row, column, &mut ids)).collect::<Vec<_>>();
        let mut rows: Vec<Vec<String>> = of.iter().map(&mut cells).collect();
        // In the order in which the table has to be, where the new rows are all that it has.
        rows.sort();
        for row in rows {
            out.push_str(&format!("{}\n", row.iter().map(|text| csv_text(text)).collect::<Vec<_>>().join(",")));
        }
    }
    Ok(out)
}

/// Ids that are taken; of ownership rules only.
pub(super) fn rule_ids(reference: &ReferenceTable) -> Answer<BTreeSet<String>> {
    if reference.contract.column("rule_id").is_none() {
        return Ok(BTreeSet::new());
    }
    Ok(batch::text(&reference.rows, "rule_id")?.iter().flatten().map(str::to_owned).collect())
}

/// What is known of a cell of the row; empty where a person has to say it.
pub(super) fn cell(row: &serde_json::Value, column: &str, ids: &mut BTreeSet<String>) -> String {
    match column {
        "rule_id" => new_id(&format!("{}_{}", said(row, "council"), said(row, "code")), ids),
        "council" => said(row, "council").to_owned(),
        "valid_from" => said(row, "first").to_owned(),
        "reason" => {
            let near = row["looks_like"].as_str().map(|known| format!("; looks like {known}")).unwrap_or_default();
            let rows = counted(row["rows"].as_u64().unwrap_or(0), "row");
            let of = |key: &str| said(row, key);
            format!("{rows} {} pounds; first {} last {}; e.g. {}{near}", of("amount"), of("first"), of("last"), of("example"))
        }
        _ if column == stands_in(row) => pattern_of(said(row, "code")),
        _ => String::new(),
    }
}

/// The column of its table in which the code stands.
pub(super) fn stands_in(row: &serde_json::Value) -> &str {
    // The record of a run that an earlier version stopped does not say which.
    row["column"].as_str().unwrap_or_else(|| said(row, "table"))
}

/// A cell that covers the code. A code that would be read as a prefix or a range is covered by the prefix that ends before the mark.
fn pattern_of(code: &str) -> String {
    match Cell::parse(code) {
        Some(Cell::Exact(_) | Cell::Any) => code.to_owned(),
        _ => match code.find('*').into_iter().chain(code.find("..")).min() {
            Some(at) if at > 0 => format!("{}*", code.get(..at).unwrap_or_default().trim_end()),
            _ => code.to_owned(),
        },
    }
}

/// An id from these words that no rule has: small letters, digits and underscores.
fn new_id(words: &str, taken: &mut BTreeSet<String>) -> String {
    let letters = words.to_lowercase().replace(|c: char| !c.is_alphanumeric(), " ");
    let id = letters.split_whitespace().collect::<Vec<_>>().join("_");
    let numbered = (2..).map(|n| format!("{id}_{n}"));
    let free = std::iter::once(id.clone()).chain(numbered).find(|id| !taken.contains(id)).unwrap_or(id);
    taken.insert(free.clone());
    free
}
