//! `release diff A B`: cell by cell what changed, of which kinds the causes are, and the lines behind it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::{
    Release,
    apart::apart,
    page::{Align, Page, Table},
    released::{cells, made, named, unless_removed},
};
use crate::{
    diagnostic::Answer,
    domain::{Cause, Changed, Pence, Period, changed, counted, decimal, grouped, pounds},
    lake::Manifest,
    pipeline::Partnership,
    plan::causes,
    stages::restate::{TwoSides, tables_apart},
};

/// What is compared: a published table by its primary key, and the amount that is told.
const COMPARED: [(&str, &str); 3] = [("separation", "amount"), ("settlement", "balance"), ("payment_to_make", "amount")];

/// One table of both releases.
struct Compared {
    table: &'static str,
    amount: &'static str,
    keys: Vec<String>,
    /// What all cells add up to.
    totals: (Pence, Pence),
    /// How many cells there are on either side.
    count: usize,
    changed: Vec<Changed<Vec<String>>>,
}

/// Holds two releases against each other. `lines` asks for the cost lines behind what differs, and how many of them to print.
///
/// # Errors
/// TC1420 where one of them is not there; TC1008 where a part is gone or damaged; TC1421 where cells and lines do not agree.
pub fn release_diff(partnership: &Partnership, old: &str, new: &str, lines: Option<usize>) -> Answer<Page> {
    let with = |before: &Release| unless_removed(|| named(partnership, new), |after| held_against(partnership, before, after, lines));
    unless_removed(|| named(partnership, old), with)
}

fn held_against(partnership: &Partnership, before: &Release, after: &Release, lines: Option<usize>) -> Answer<Page> {
    let (old, new) = (&before.manifest.release, &after.manifest.release);
    let all = causes(&before.manifest, &after.manifest, None);
    let compared = COMPARED.iter().map(|(table, amount)| compare(partnership, before, after, table, amount));
    let compared: Vec<Compared> = compared.collect::<Answer<Vec<_>>>()?.into_iter().flatten().collect();
    let apart = match compared.iter().find(|one| one.table == "separation").filter(|_| lines.is_some()) {
        Some(separation) => Some(apart(before, after, &separation.keys, &separation.changed)?),
        None => None,
    };
    let mut text = format!(
        "{old} of {}, {new} of {}; what differs between them: {}\n",
        made(&before.manifest).at,
        made(&after.manifest).at,
        Cause::list(&all)
    );
    let mut by_period = Causes { before, after, known: BTreeMap::new() };
    let mut tables = Vec::new();
    for one in &compared {
        text.push_str(&one.text(&mut by_period));
        tables.push(one.json(&mut by_period));
    }
    let is_same = compared.iter().all(|one| one.changed.is_empty());
    // Where cells differ, what is made from them does too: the others are looked at where none says that anything changed.
    let others = if is_same { Some(others_apart(partnership, before, after)?) } else { None };
    if let Some(others) = others.as_ref().filter(|others| !others.is_empty()) {
        text.push_str(&format!("\nother tables that say something else: {}\n", others.join(", ")));
    }
    let mut answer = json!({"old": old, "new": new, "causes": words(&all), "tables": tables, "others": others});
    if let (Some(apart), Some(fields)) = (apart, answer.as_object_mut()) {
        text.push_str(&apart.text(lines.unwrap_or_default()));
        fields.insert("lines".into(), apart.json()?);
    }
    Ok(Page::new("release_diff", text, answer))
}

fn words(causes: &BTreeSet<Cause>) -> Vec<&'static str> {
    causes.iter().map(|cause| cause.as_str()).collect()
}

/// A table by its primary key; `None` where neither release has it, or the partnership knows it no more.
fn compare(
    partnership: &Partnership,
    before: &Release,
    after: &Release,
    table: &'static str,
    amount: &'static str,
) -> Answer<Option<Compared>> {
    let Some(contract) = partnership.contracts.get(&format!("published/{table}")) else { return Ok(None) };
    if before.parts(table).is_empty() && after.parts(table).is_empty() {
        return Ok(None);
    }
    let mut keys: Vec<(u32, String)> =
        contract.columns.iter().filter_map(|column| Some((column.primary_key?, column.name.to_string()))).collect();
    keys.sort();
    let keys: Vec<String> = keys.into_iter().map(|(_, name)| name).collect();
    let of = |release: &Release| -> Answer<Vec<(Vec<String>, Pence)>> {
        let all = release.batches(release.parts(table))?;
        Ok(all.iter().map(|batch| cells(batch, &keys, amount)).collect::<Answer<Vec<_>>>()?.concat())
    };
    let (old, new) = (of(before)?, of(after)?);
    let count = old.iter().chain(&new).map(|(key, _)| key).collect::<BTreeSet<_>>().len();
    let totals = (old.iter().map(|cell| cell.1).sum(), new.iter().map(|cell| cell.1).sum());
    Ok(Some(Compared { table, amount, count, totals, changed: changed(old, new), keys }))
}

/// Other tables whose figures differ.
fn others_apart(partnership: &Partnership, before: &Release, after: &Release) -> Answer<Vec<String>> {
    let published = partnership.contracts.iter().filter_map(|(name, contract)| Some((name.strip_prefix("published/")?, contract.as_ref())));
    let others = published.filter(|(table, _)| COMPARED.iter().all(|(compared, _)| compared != table));
    let names =
        |release: &Release, table: &str| -> BTreeSet<String> { release.parts(table).iter().map(|part| part.sha256.clone()).collect() };
    let sides = |table: &str| Ok(TwoSides { old: before.batches(before.parts(table))?, new: after.batches(after.parts(table))? });
    tables_apart(others, |table| names(before, table) != names(after, table), sides)
}

/// Kinds of causes by period, each found once.
struct Causes<'r> {
    before: &'r Release,
    after: &'r Release,
    known: BTreeMap<(Period, bool), BTreeSet<Cause>>,
}

/// Its cells also count charges of earlier periods, which are matched in a later one.
const MATCHED_LATER: [&str; 2] = ["settlement", "payment_to_make"];

impl Causes<'_> {
    /// Of a cell of the table; its key says of which period it is.
    fn of(&mut self, table: &str, keys: &[String], values: &[String]) -> BTreeSet<Cause> {
        let value = |name: &str| keys.iter().position(|key| key == name).and_then(|at| values.get(at));
        let period = value("delivery_year")
            .zip(value("delivery_period"))
            .and_then(|(year, period)| Some(Period { year: year.parse().ok()?, period: period.parse().ok()? }));
        match period {
            Some(period) => {
                let (before, after, reaches_back) = (&self.before.manifest, &self.after.manifest, MATCHED_LATER.contains(&table));
                self.known.entry((period, reaches_back)).or_insert_with(|| of_period(before, after, period, reaches_back)).clone()
            }
            None => causes(&self.before.manifest, &self.after.manifest, None),
        }
    }
}

/// What made a cell of the period differ: what differs of the period itself and, where its cells reach back, the data of those before it.
fn of_period(before: &Manifest, after: &Manifest, period: Period, reaches_back: bool) -> BTreeSet<Cause> {
    let mut all = causes(before, after, Some(period));
    let known = before.made_from.data.keys().chain(after.made_from.data.keys());
    let earlier = known.filter_map(|name| Period::parse(name)).filter(|of| reaches_back && *of < period);
    let data = earlier.flat_map(|of| causes(before, after, Some(of))).filter(|cause| *cause == Cause::Data);
    all.extend(data);
    all
}

impl Compared {
    fn text(&self, causes: &mut Causes<'_>) -> String {
        let (cells, total) = (counted(self.count as u64, "cell"), pounds(self.totals.1));
        if self.changed.is_empty() {
            return format!("\n{}: the same ({cells}, {total})\n", self.table);
        }
        let mut columns: Vec<(&str, Align)> = self.keys.iter().map(|key| (key.as_str(), Align::Left)).collect();
        columns.extend([("old", Align::Right), ("new", Align::Right), ("difference", Align::Right), ("cause", Align::Left)]);
        let mut table = Table::new(&columns);
        let (mut old, mut new) = (0, 0);
        for cell in &self.changed {
            let amounts =
                [pounds(cell.old), pounds(cell.new), pounds(cell.difference()), Cause::list(&causes.of(self.table, &self.keys, &cell.key))];
            table.row(cell.key.iter().cloned().chain(amounts));
            (old, new) = (old + cell.old, new + cell.new);
        }
        let mut sums = |name: &str, old: Pence, new: Pence| {
            let blank = self.keys.iter().skip(1).map(|_| String::new());
            table.row(std::iter::once(name.to_owned()).chain(blank).chain([pounds(old), pounds(new), pounds(new - old), String::new()]));
        };
        let same = self.count - self.changed.len();
        if same > 0 {
            sums(&format!("{} others, the same", grouped(same as u128)), self.totals.0 - old, self.totals.1 - new);
        }
        sums("all", self.totals.0, self.totals.1);
        format!("\n{}, {}: {} of {cells} differ\n\n{}", self.table, self.amount, grouped(self.changed.len() as u128), table.text())
    }

    fn json(&self, causes: &mut Causes<'_>) -> Value {
        let cells: Vec<Value> = self
            .changed
            .iter()
            .map(|cell| {
                let keys = self.keys.iter().cloned().zip(cell.key.iter().map(|value| json!(value)));
                let mut fields: Map<String, Value> = keys.collect();
                fields.insert("old".into(), json!(decimal(cell.old)));
                fields.insert("new".into(), json!(decimal(cell.new)));
                fields.insert("difference".into(), json!(decimal(cell.difference())));
                fields.insert("causes".into(), json!(words(&causes.of(self.table, &self.keys, &cell.key))));
                Value::Object(fields)
            })
            .collect();
        json!({"table": self.table, "amount": self.amount, "cells": self.count, "old": decimal(self.totals.0), "new": decimal(self.totals.1),
            "difference": decimal(self.totals.1 - self.totals.0), "changed": cells})
    }
}
