//! In which order cost queries run: it follows from what they read.

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

/// Positions of `queries` in an order in which each stands after those whose tables it reads; by table name where
/// several could come next, so that the order is always the same.
///
/// # Errors
/// `TC0801` where a text is not a query, `TC0809` where queries read each other.
pub fn order<'a>(queries: impl IntoIterator<Item = (&'a str, &'a str, &'a str)>) -> Answer<Vec<usize>> {
    let queries: Vec<(&str, &str, &str)> = queries.into_iter().collect();
    let filled: BTreeMap<&str, usize> = queries.iter().enumerate().map(|(at, (table, ..))| (*table, at)).collect();
    let mut waits: BTreeMap<(&str, usize), BTreeSet<usize>> = BTreeMap::new();
    for (at, (table, file, sql)) in queries.iter().enumerate() {
        let reads = dependencies(sql, file)?;
        let before = reads.iter().filter_map(|read| filled.get(read.rsplit('.').next().unwrap_or(read)).copied());
        waits.insert((table, at), before.collect());
    }
    let mut ordered = Vec::with_capacity(queries.len());
    while let Some(next) = waits.iter().find(|(_, before)| before.is_empty()).map(|(key, _)| *key) {
        waits.remove(&next);
        ordered.push(next.1);
        for before in waits.values_mut() {
            before.remove(&next.1);
        }
    }
    if waits.is_empty() { Ok(ordered) } else { Err(circle(&queries, &waits).into()) }
}

fn circle(queries: &[(&str, &str, &str)], waits: &BTreeMap<(&str, usize), BTreeSet<usize>>) -> Diagnostic {
    let names: Vec<&str> = waits.keys().map(|(table, _)| *table).collect();
    let file = waits.keys().next().and_then(|(_, at)| queries.get(*at)).map_or("", |q| q.1);
    Diagnostic::new(CIRCLE, format!("queries read each other: {}", names.join(", ")))
        .place(Place::file(file))
        .expected("each table to be filled from tables that can be filled before it")
        .hint("Take out one of the FROMs that close the circle.")
}
