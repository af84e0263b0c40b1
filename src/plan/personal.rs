//! Personal columns, followed through every feed's SQL and every cost query: none reaches a published column unless its contract says so.

use std::collections::{BTreeMap, BTreeSet};

use super::{CostPlan, How, Step, project};
use crate::{
    diagnostic::{Answer, Diagnostic, Place, Refusal, codes::contract::PERSONAL},
    engine::Reaches,
    pipeline::Partnership,
    schema::{Column, Contract},
};

/// Table and column.
type Name = (String, String);

/// For each column that something personal reaches: where that stands, in words.
type Marks = BTreeMap<Name, BTreeSet<String>>;

/// Refuses personal columns that reach published ones.
///
/// # Errors
/// TC0715, one for each published column; TC08… where a feed's SQL cannot be planned.
pub fn check_personal(partnership: &Partnership, plan: &CostPlan) -> Answer<()> {
    let mut marks = Marks::new();
    mark_contracts(partnership, &mut marks);
    mark_feeds(partnership, &mut marks)?;
    for step in &plan.steps {
        match &step.how {
            How::Query(query) => follow(query.reaches(), step.name(), &mut marks),
            How::Kernel(_) => mark_kernel(partnership, plan, step, &mut marks),
        }
    }
    mark_dimensions(partnership, &mut marks);
    let faults: Vec<Diagnostic> = published(partnership).flat_map(|contract| shown(contract, &marks)).collect();
    if faults.is_empty() { Ok(()) } else { Err(Refusal(faults)) }
}

fn published(partnership: &Partnership) -> impl Iterator<Item = &Contract> {
    partnership.contracts.iter().filter(|(name, _)| name.starts_with("published/")).map(|(_, contract)| &**contract)
}

/// A column that the contract itself marks, and keeps.
fn personal(contract: &Contract) -> impl Iterator<Item = (&Column, String)> {
    let is_kept = |column: &&Column| column.rules.personal.is_some() && !column.is_dropped();
    contract.columns.iter().filter(is_kept).map(|column| (column, format!("`{}` of {}", column.name, contract.file)))
}

/// What the contracts of common and reference tables say of their own columns. Tables of one name are published of some references.
fn mark_contracts(partnership: &Partnership, marks: &mut Marks) {
    for (name, contract) in &partnership.contracts {
        let Some(("common" | "reference", table)) = name.split_once('/') else { continue };
        for (column, words) in personal(contract) {
            marks.entry((table.to_owned(), column.name.to_string())).or_default().insert(words);
        }
    }
}

/// What the extracts' columns reach in the common tables.
fn mark_feeds(partnership: &Partnership, marks: &mut Marks) -> Answer<()> {
    for feed in &partnership.feeds {
        let Some(into) = partnership.contracts.get(&format!("common/{}", feed.into)) else { continue };
        for (_, contract) in &feed.contracts {
            let (projection, _) = project(feed, contract, into)?;
            for (column, sources) in projection.reaches() {
                for (personal, words) in personal(contract) {
                    if sources.iter().any(|(_, source)| *source == *personal.name) {
                        let words = format!("{words} by {}", feed.sql_of(contract).0);
                        marks.entry((feed.into.to_string(), column.clone())).or_default().insert(words);
                    }
                }
            }
        }
    }
    Ok(())
}

/// A kernel takes the columns that it shares with a common table over as they are.
fn mark_kernel(partnership: &Partnership, plan: &CostPlan, step: &Step, marks: &mut Marks) {
    for read in step.reads.iter().filter(|read| plan.is_lake(read)) {
        step.fills.iter().for_each(|table| take_over(partnership, read, table, marks));
    }
}

/// So do the dimensions that are published of reference tables.
fn mark_dimensions(partnership: &Partnership, marks: &mut Marks) {
    ["account", "cost_centre"].iter().for_each(|table| take_over(partnership, table, table, marks));
}

/// Columns of the published table `into` that have the name of one of `table`.
fn take_over(partnership: &Partnership, table: &str, into: &str, marks: &mut Marks) {
    let Some(contract) = partnership.contracts.get(&format!("published/{into}")) else { return };
    for column in &contract.columns {
        let Some(found) = marks.get(&(table.to_owned(), column.name.to_string())).cloned() else { continue };
        marks.entry((into.to_owned(), column.name.to_string())).or_default().extend(found);
    }
}

/// What reaches the columns of a query's table.
fn follow(reaches: &Reaches, table: &str, marks: &mut Marks) {
    for (column, sources) in reaches {
        let found: BTreeSet<String> = sources.iter().filter_map(|source| marks.get(source)).flatten().cloned().collect();
        if !found.is_empty() {
            marks.entry((table.to_owned(), column.clone())).or_default().extend(found);
        }
    }
}

/// Columns of a published table that something personal reaches and that are not declared public, with a reason.
fn shown<'m>(contract: &'m Contract, marks: &'m Marks) -> impl Iterator<Item = Diagnostic> + 'm {
    let found = |column: &'m Column| Some((column, marks.get(&(contract.name.clone(), column.name.to_string()))?));
    let is_declared = |column: &Column| column.rules.public && column.rules.reason.as_ref().is_some_and(|reason| !reason.trim().is_empty());
    contract.columns.iter().filter_map(found).filter(move |(column, _)| !is_declared(column)).map(|(column, from)| {
        let from: Vec<&str> = from.iter().map(String::as_str).collect();
        let seen = format!("the published column `{}` of `{}` is made from personal data: {}", column.name, contract.name, from.join("; "));
        Diagnostic::new(PERSONAL, seen)
            .place(Place::file(contract.file.clone()))
            .expected("a column that no personal one reaches, or `public: true` with a `reason` in its contract")
            .outcome("nothing is published; what was published before stays")
            .hint("Leave the personal column out of the SQL; `public: true` is for what everybody may read.")
    })
}
