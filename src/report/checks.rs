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
    stages::prove::{CHECKS, Elsewhere, MADE_ELSEWHERE},
};

/// A check as it is shown.
struct Shown {
    number: i16,
    name: &'static str,
    blocks: bool,
    kind: &'static str,
    /// `passed`, `failed`, or why it was not made.
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
    let allocated = release.as_ref().and_then(|r| r.manifest.content.tables.get("allocated_cost"));
    let is_allocated = allocated.is_some_and(|parts| parts.iter().any(|part| part.rows > 0));
    let mut all: Vec<Shown> = CHECKS
        .iter()
        .map(|check| (check.number, check.name, check.blocks))
        .map(|(number, name, blocks)| {
            let (last, detail) = match results.get(&(number, name.to_owned())) {
                Some((true, detail)) => ("passed", detail.clone()),
                Some((false, detail)) => ("failed", detail.clone()),
                None => ("not made", String::new()),
            };
            Shown { number, name, blocks, kind: "query", last, detail }
        })
        .collect();
    all.extend(MADE_ELSEWHERE.iter().map(|(number, name, at)| {
        let (kind, last) = match at {
            Elsewhere::Kernel if is_allocated => ("kernel", "passed"),
            Elsewhere::Kernel => ("kernel", "not made"),
            Elsewhere::Engine => ("engine", "by tests"),
            Elsewhere::Reading => ("reading", "passed"),
        };
        Shown { number: *number, name, blocks: true, kind, last, detail: String::new() }
    }));
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
    let text = format!("{}\nB blocks publication, W warns; {of}\n", table.text());
    let value = |check: &Shown| {
        json!({"number": check.number, "name": check.name, "blocks": check.blocks, "kind": check.kind, "last": check.last,
            "detail": check.detail})
    };
    Page::new("checks", text, json!({"release": release, "checks": all.iter().map(value).collect::<Vec<_>>()}))
}
