//! The auditor's checks: number, name, whether a failure blocks, how it is made, and what it found last.

use std::collections::BTreeMap;

use serde_json::json;

use super::{
    ask::{Release, latest, rows, tables},
    page::{Align, Page, Table},
};
use crate::{
    diagnostic::{Answer, codes},
    pipeline::Partnership,
    schema::batch,
    stages::prove::{CHECKS, Elsewhere, MADE_ELSEWHERE, NOT_ASKED},
};

/// A check as it is shown.
struct Shown {
    number: i16,
    name: &'static str,
    blocks: bool,
    kind: &'static str,
    /// `passed`, `failed`, `not asked` (there was nothing to look at), or why it was not made.
    last: &'static str,
    /// What did not hold.
    detail: String,
}

/// Every check with its result on the latest release; before the first one none has a result.
///
/// # Errors
/// TC10…, where the release cannot be read.
pub fn checks(partnership: &Partnership) -> Answer<Page> {
    let release = match latest(partnership) {
        Ok(release) => Some(release),
        Err(refusal) if refusal.0.iter().all(|report| report.code == codes::command::NO_RELEASE) => None,
        Err(refusal) => return Err(refusal),
    };
    let results = release.as_ref().map_or_else(|| Ok(BTreeMap::new()), |release| results(partnership, release))?;
    let last = |number: i16, name: &str| match results.get(&(number, name.to_owned())) {
        Some((true, detail)) if detail.starts_with(NOT_ASKED) => ("not asked", String::new()),
        Some((true, detail)) => ("passed", detail.clone()),
        Some((false, detail)) => ("failed", detail.clone()),
        None => ("not made", String::new()),
    };
    let of_queries = CHECKS.iter().map(|check| (check.number, check.name, check.blocks, "query"));
    let elsewhere = MADE_ELSEWHERE.iter().map(|(number, name, at)| match at {
        Elsewhere::Kernel => (*number, *name, true, "kernel"),
        Elsewhere::Engine => (*number, *name, true, "engine"),
    });
    let shown = |(number, name, blocks, kind): (i16, &'static str, bool, &'static str)| {
        let (last, detail) = if kind == "engine" { ("by tests", String::new()) } else { last(number, name) };
        Shown { number, name, blocks, kind, last, detail }
    };
    let mut all: Vec<Shown> = of_queries.chain(elsewhere).map(shown).collect();
    all.sort_by_key(|check| check.number);
    let of = release.map(|release| release.manifest.release);
    Ok(page(of.as_deref(), &all))
}

/// What `check_result` of a release says, by number and name.
fn results(partnership: &Partnership, release: &Release) -> Answer<BTreeMap<(i16, String), (bool, String)>> {
    let mut results = BTreeMap::new();
    for rows in rows(&tables(partnership, release)?, "SELECT check_no, name, passed, detail FROM check_result")? {
        let (numbers, names) = (batch::small(&rows, "check_no")?, batch::text(&rows, "name")?);
        let (passed, details) = (batch::boolean(&rows, "passed")?, batch::text(&rows, "detail")?);
        for row in 0..rows.num_rows() {
            let detail = batch::text_at(details, row).unwrap_or_default().to_owned();
            let name = batch::text_at(names, row).unwrap_or_default().to_owned();
            results.insert((numbers.value(row), name), (passed.value(row), detail));
        }
    }
    Ok(results)
}

fn page(release: Option<&str>, all: &[Shown]) -> Page {
    let mut table = Table::new(&[
        ("no", Align::Right),
        ("", Align::Left),
        ("kind", Align::Left),
        ("last", Align::Left),
        ("what is checked", Align::Left),
    ]);
    for check in all {
        let detail = if check.last == "failed" { format!("{}: {}", check.name, check.detail) } else { check.name.to_owned() };
        let blocks = if check.blocks { "B" } else { "W" };
        table.row(vec![check.number.to_string(), blocks.to_owned(), check.kind.to_owned(), check.last.to_owned(), detail]);
    }
    let of = release.map_or_else(|| "no release yet".to_owned(), |release| format!("on release {release}"));
    let text = format!("{}\nB blocks publication, W warns; not asked: nothing to look at; {of}\n", table.text());
    let value = |check: &Shown| {
        json!({"number": check.number, "name": check.name, "blocks": check.blocks, "kind": check.kind, "last": check.last,
            "detail": check.detail})
    };
    Page::new("checks", text, json!({"release": release, "checks": all.iter().map(value).collect::<Vec<_>>()}))
}
