//! In which order the steps of the cost run come: it follows from what they read.

use std::collections::{BTreeMap, BTreeSet};

use super::{fault::PARTNERSHIP, names::tables_read, script::Script};
use crate::diagnostic::{Answer, Diagnostic, Place, codes::sql::CIRCLE};

/// Tables that `sql` (the text of `file`) reads, as it names them.
///
/// # Errors
/// `TC0801` where the text is not a query.
pub fn dependencies(sql: &str, file: &str) -> Answer<BTreeSet<String>> {
    let script = Script { file, text: sql, voice: &PARTNERSHIP };
    tables_read(&script, &*script.query()?)
}

/// What makes tables from tables: a query, or a kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needs {
    /// Tables that it fills; the first names it.
    pub fills: Vec<String>,
    pub reads: BTreeSet<String>,
    /// Where it is written.
    pub file: String,
}

impl Needs {
    fn name(&self) -> &str {
        self.fills.first().map_or("", String::as_str)
    }
}

/// Positions of `all` in an order in which each stands after those whose tables it reads; by table name where several could come
/// next, so that the order is always the same.
///
/// # Errors
/// `TC0809` where some read each other, with the circle step by step.
pub fn order(all: &[Needs]) -> Answer<Vec<usize>> {
    let filled: BTreeMap<&str, usize> =
        all.iter().enumerate().flat_map(|(at, one)| one.fills.iter().map(move |table| (&**table, at))).collect();
    let mut waits: BTreeMap<(&str, usize), BTreeSet<usize>> = BTreeMap::new();
    for (at, one) in all.iter().enumerate() {
        let before = one.reads.iter().filter_map(|read| filled.get(read.rsplit('.').next().unwrap_or(read)).copied());
        waits.insert((one.name(), at), before.collect());
    }
    let mut ordered = Vec::with_capacity(all.len());
    while let Some(next) = waits.iter().find(|(_, before)| before.is_empty()).map(|(key, _)| *key) {
        waits.remove(&next);
        ordered.push(next.1);
        for before in waits.values_mut() {
            before.remove(&next.1);
        }
    }
    let waits: BTreeMap<usize, BTreeSet<usize>> = waits.into_iter().map(|((_, at), before)| (at, before)).collect();
    if waits.is_empty() { Ok(ordered) } else { Err(circle(all, &waits).into()) }
}

/// Every step that waits waits for another one: whoever follows them comes round.
fn circle(all: &[Needs], waits: &BTreeMap<usize, BTreeSet<usize>>) -> Diagnostic {
    let mut seen: Vec<usize> = Vec::new();
    let mut next = waits.keys().next().copied();
    while let Some(at) = next.filter(|at| !seen.contains(at)) {
        seen.push(at);
        next = waits.get(&at).and_then(|before| before.first()).copied();
    }
    let from = seen.iter().position(|at| Some(*at) == next).unwrap_or(0);
    let round: Vec<&Needs> = seen.iter().skip(from).filter_map(|at| all.get(*at)).collect();
    let names: Vec<&str> = round.iter().map(|one| one.name()).chain(round.first().map(|one| one.name())).collect();
    Diagnostic::new(CIRCLE, format!("tables are made from each other: {}", names.join(" from ")))
        .place(Place::file(round.first().map_or("", |one| &one.file)))
        .expected("each table to be filled from tables that can be filled before it")
        .outcome("nothing was published; the last release is unchanged")
        .hint("Take out one of the FROMs (of a kernel: `from`) that close the circle.")
}
