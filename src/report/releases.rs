//! `release list` and `release show`: which releases there are, and what one of them holds and was made from.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{
    Release,
    page::{Align, Page, Table},
    released::{made, named, periods, unless_removed},
};
use crate::{
    diagnostic::Answer,
    domain::{Period, counted, decimal, grouped, pounds},
    lake::{Lake, MadeFrom, Manifest, RuleFiles},
    pipeline::Partnership,
    plan::{Slot, published_slots, spans},
    schema::{Type, batch::Rows},
};

/// Every release that is there, the oldest first.
///
/// # Errors
/// TC1002, TC1010.
pub fn release_list(partnership: &Partnership) -> Answer<Page> {
    let lake = Lake::at(&partnership.landing, &partnership.lake, &partnership.published)?;
    let latest = lake.releases().latest_name()?;
    let mut table = Table::new(&[
        ("release", Align::Left),
        ("published", Align::Left),
        ("run", Align::Left),
        ("program", Align::Left),
        ("periods", Align::Left),
        ("cost lines", Align::Right),
        ("", Align::Left),
    ]);
    let mut list = Vec::new();
    for name in lake.releases().names()? {
        let is_latest = latest.as_deref() == Some(&name);
        let mark = if is_latest { "latest" } else { "" };
        let Ok(manifest) = lake.releases().bare_manifest(&name) else {
            table.row([
                name.clone(),
                String::new(),
                String::new(),
                String::new(),
                "its manifest cannot be read".into(),
                String::new(),
                mark.into(),
            ]);
            list.push(json!({"release": name, "latest": is_latest, "readable": false}));
            continue;
        };
        let (made, periods, lines) = (made(&manifest), periods(&manifest), lines(&manifest));
        table.row([
            name.clone(),
            made.at.to_owned(),
            made.run.clone(),
            manifest.content.program.clone(),
            spans(&periods),
            grouped(u128::from(lines)),
            mark.into(),
        ]);
        list.push(json!({"release": name, "latest": is_latest, "readable": true, "published_at": made.at, "run": made.run,
            "program": manifest.content.program, "periods": texts(&periods), "cost_lines": lines}));
    }
    let text = if table.is_empty() { "no release yet\n".to_owned() } else { table.text() };
    Ok(Page::new("releases", text, json!(list)))
}

fn texts(periods: &[Period]) -> Vec<String> {
    periods.iter().map(ToString::to_string).collect()
}

fn lines(manifest: &Manifest) -> u64 {
    manifest.content.tables.get("cost_line").into_iter().flatten().map(|part| part.rows).sum()
}

/// The files that made a release, by their path below the partnership's folder.
///
/// # Errors
/// TC1420 where there is no such release, or it is of a version that kept none; TC1011 where they are gone or damaged.
pub fn release_rules(partnership: &Partnership, name: &str) -> Answer<RuleFiles> {
    let files = |release: &Release| {
        let archive = release.manifest.made_from.archive.as_ref().ok_or_else(|| super::released::no_rules(name))?;
        Lake::at(&partnership.landing, &partnership.lake, &partnership.published)?.releases().rule_files(archive)
    };
    unless_removed(|| named(partnership, name), files)
}

/// What a release holds, and what it was made from.
///
/// # Errors
/// TC1420 where there is no such release; TC1008, TC1010 where it is not whole.
pub fn release_show(partnership: &Partnership, name: &str) -> Answer<Page> {
    unless_removed(|| named(partnership, name), |release| shown(partnership, name, release))
}

fn shown(partnership: &Partnership, name: &str, release: &Release) -> Answer<Page> {
    let manifest = &release.manifest;
    let made = made(manifest);
    let (of_periods, periods_json) = periods_of(release)?;
    let (of_tables, tables_json) = tables_of(partnership, release)?;
    let (of_deliveries, deliveries_json) = deliveries_of(release)?;
    let (of_digests, digests_json) = digests_of(name, manifest);
    let by = if made.run.is_empty() { String::new() } else { format!(" by run {}", made.run) };
    let text = format!(
        "release {name}, published {}{by}, {}\n\n{of_periods}\n{of_tables}\n{of_deliveries}\n{of_digests}",
        made.at, manifest.content.program
    );
    let let_go = manifest.run.get("let_go").cloned().unwrap_or(Value::Null);
    let json = json!({"release": name, "published_at": made.at, "run": made.run, "program": manifest.content.program, "let_go": let_go,
        "periods": periods_json, "tables": tables_json, "deliveries": deliveries_json, "made_from": digests_json});
    Ok(Page::new("release", text, json))
}

/// Periods with their state, and how many lines they have.
fn periods_of(release: &Release) -> Answer<(String, Value)> {
    let mut lines: BTreeMap<Period, (BTreeSet<String>, u64)> = BTreeMap::new();
    for slot in published_slots(Some(&release.manifest)) {
        lines.entry(slot.period).or_default().0.insert(slot.council);
    }
    for (slot, part) in release.parts("cost_line").iter().filter_map(|part| Some((Slot::parse(&part.key)?, part))) {
        lines.entry(slot.period).or_default().1 += part.rows;
    }
    let mut states: BTreeMap<Period, String> = BTreeMap::new();
    for batch in release.batches(release.parts("period"))? {
        let rows = Rows(&batch);
        for at in 0..batch.num_rows() {
            let year = rows.whole("fiscal_year", at)?.and_then(|year| i16::try_from(year).ok());
            let period = rows.whole("period", at)?.and_then(|period| u8::try_from(period).ok());
            if let (Some(year), Some(period)) = (year, period) {
                states.insert(Period { year, period }, rows.text("state", at)?.to_owned());
            }
        }
    }
    let mut table = Table::new(&[("period", Align::Left), ("state", Align::Left), ("councils", Align::Left), ("cost lines", Align::Right)]);
    let mut list = Vec::new();
    for (period, (councils, rows)) in lines {
        let state = states.get(&period).cloned().unwrap_or_default();
        let councils: Vec<String> = councils.into_iter().collect();
        table.row([period.to_string(), state.clone(), councils.join(" "), grouped(u128::from(rows))]);
        list.push(json!({"period": period.to_string(), "state": state, "councils": councils, "cost_lines": rows}));
    }
    Ok((if table.is_empty() { "no period\n".to_owned() } else { table.text() }, json!(list)))
}

/// Tables that tell of the same pounds in several rows: stage after stage, in all and item by item, old and new.
const SAY_AGAIN: [&str; 3] = ["cost_bridge", "reconciliation", "restatement_line"];

/// Tables with rows and pounds. Of amounts that overlap no sum is told.
fn tables_of(partnership: &Partnership, release: &Release) -> Answer<(String, Value)> {
    let mut table = Table::new(&[
        ("table", Align::Left),
        ("parts", Align::Right),
        ("rows", Align::Right),
        ("pounds", Align::Right),
        ("bytes", Align::Right),
    ]);
    let mut list = Vec::new();
    for (name, parts) in &release.manifest.content.tables {
        let contract = partnership.contracts.get(&format!("published/{name}"));
        let adds_up = |c: &&crate::schema::Column| &*c.name == "amount" && c.kind == Type::Money && !c.rules.not_summable;
        let amount = contract.filter(|_| !SAY_AGAIN.contains(&name.as_str())).and_then(|contract| contract.columns.iter().find(adds_up));
        let sum = amount.map_or(Ok(None), |_| release.sum(name, "amount"))?;
        let (rows, bytes): (u64, u64) = parts.iter().fold((0, 0), |(rows, bytes), part| (rows + part.rows, bytes + part.bytes));
        table.row([
            name.clone(),
            grouped(parts.len() as u128),
            grouped(u128::from(rows)),
            sum.map_or_else(|| "-".to_owned(), pounds),
            grouped(u128::from(bytes)),
        ]);
        list.push(json!({"table": name, "parts": parts.len(), "rows": rows, "amount": sum.map(decimal), "bytes": bytes}));
    }
    Ok((table.text(), json!(list)))
}

/// The deliveries behind its figures.
fn deliveries_of(release: &Release) -> Answer<(String, Value)> {
    let mut table = Table::new(&[
        ("delivery", Align::Left),
        ("feed", Align::Left),
        ("covers", Align::Left),
        ("file", Align::Left),
        ("rows", Align::Right),
        ("pounds", Align::Right),
    ]);
    let mut list = Vec::new();
    for batch in release.batches(release.parts("delivery"))? {
        let rows = Rows(&batch);
        for at in 0..batch.num_rows() {
            let text = |name: &str| rows.text(name, at).map(str::to_owned);
            let whole = |name: &str| rows.whole(name, at).map(Option::unwrap_or_default);
            let (first, last) = (
                format!("{}/P{:02}", whole("covers_from_year")?, whole("covers_from_period")?),
                format!("{}/P{:02}", whole("covers_to_year")?, whole("covers_to_period")?),
            );
            let covers = if first == last { first } else { format!("{first}..{last}") };
            let (feed, accepted, pence) =
                (format!("{}/{}", text("council")?, text("feed")?), whole("rows_accepted")?, rows.pence("amount_accepted", at)?);
            table.row([
                text("delivery_id")?,
                feed.clone(),
                covers.clone(),
                text("file_name")?,
                grouped(u128::try_from(accepted).unwrap_or(0)),
                pounds(pence),
            ]);
            list.push(json!({"delivery_id": text("delivery_id")?, "feed": feed, "covers": covers, "file": text("file_name")?,
                "sha256": text("sha256")?, "rows": accepted, "amount": decimal(pence)}));
        }
    }
    Ok((if table.is_empty() { "no delivery\n".to_owned() } else { table.text() }, json!(list)))
}

/// Kinds of files, as a person thinks of them.
fn kind_of(file: &str) -> &'static str {
    match file.split('/').collect::<Vec<_>>().as_slice() {
        ["schemas", ..] => "contracts",
        ["pipelines", "reference", _] => "reference tables",
        ["pipelines", "cost", ..] => "queries and cost model",
        ["pipelines", _] => "partnership file",
        _ => "feeds and their controls",
    }
}

/// What it was made from: in the text a line a kind, in the JSON every file.
fn digests_of(name: &str, manifest: &Manifest) -> (String, Value) {
    let MadeFrom { archive, files, membership, limits, data, taken_over } = &manifest.made_from;
    let Some(archive) = archive else {
        return ("made by a version of truecost that kept no rules with its releases\n".to_owned(), Value::Null);
    };
    let mut kinds: BTreeMap<&str, u64> = BTreeMap::new();
    for file in files.keys() {
        *kinds.entry(kind_of(file)).or_default() += 1;
    }
    let kinds: Vec<String> = kinds.into_iter().map(|(kind, files)| format!("  {kind}: {}\n", counted(files, "file"))).collect();
    let others: Vec<Period> = taken_over.keys().filter_map(|period| Period::parse(period)).collect();
    let others = if others.is_empty() {
        String::new()
    } else {
        format!("  of {} as other rules, contracts, members or another program made them: closed then, or kept\n", spans(&others))
    };
    let text = format!("made from rules {archive} (truecost release show {name} --rules DIR writes them)\n{}{others}", kinds.concat());
    let answer =
        json!({"archive": archive, "files": files, "membership": membership, "limits": limits, "data": data, "taken_over": taken_over});
    (text, answer)
}
