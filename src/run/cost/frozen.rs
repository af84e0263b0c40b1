//! Closed periods: their parts are taken over as they were published, whatever they would be made of now; and check 7 sees to it.

use std::collections::{BTreeMap, BTreeSet};

use arrow::record_batch::RecordBatch;
use serde_json::{Value, json};

use super::recast::{Otherwise, Recast, refused};
use crate::{
    diagnostic::{Answer, Refusal},
    domain::{Period, decimal},
    lake::{Closings, Content, Frozen, FrozenFinding, PublishedPart},
    plan::{CostSource, MadeParts, Scope, Step, period_of_part},
    schema::{Cell, Type, proof_table},
    stages::prove::{Failure, Finding},
};

/// The parts of closed periods.
#[derive(Default)]
pub(super) struct Taken {
    /// Those whose file is there, by table, each with what it was made for.
    parts: MadeParts,
    /// Table and key of those whose file is gone or damaged: they are made again, and check 7 says whether they are the same.
    lost: BTreeSet<(String, String)>,
    periods: BTreeSet<Period>,
}

impl Taken {
    /// `lost` are the parts of which the latest release has no sound file.
    ///
    /// # Errors
    /// TC1405, a report for each change of a contract that says something else of parts that are there; TC10….
    pub fn of(closings: &Closings, sources: &[CostSource], recast: Recast<'_>, lost: &BTreeSet<String>) -> Answer<Self> {
        let (releases, mut otherwise) = (recast.releases, BTreeMap::<Otherwise, BTreeSet<Period>>::new());
        let mut taken = Self::default();
        for (period, frozen) in closings.closed().filter(|(_, frozen)| frozen.keeps_parts) {
            taken.periods.insert(period);
            for (table, parts) in &frozen.closing.parts {
                let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
                for part in parts {
                    let nth = seen.entry(&part.key).or_default();
                    let scope = scope_of(&part.key, *nth, sources);
                    *nth += 1;
                    let is_there = std::fs::metadata(releases.path_of(&part.path)).is_ok_and(|file| file.len() == part.bytes);
                    match scope.filter(|_| is_there && !lost.contains(&part.path)) {
                        Some(scope) => match recast.of(table, part)? {
                            Ok(part) => taken.parts.entry(table.clone()).or_default().push((scope, part)),
                            Err(why) => drop(otherwise.entry(why).or_default().insert(period)),
                        },
                        None => drop(taken.lost.insert((table.clone(), part.key.clone()))),
                    }
                }
            }
        }
        if otherwise.is_empty() { Ok(taken) } else { Err(Refusal(otherwise.iter().map(|(why, periods)| refused(why, periods)).collect())) }
    }

    /// The parts of closed periods whose file is there, by table.
    pub const fn parts(&self) -> &MadeParts {
        &self.parts
    }

    fn is_closed(&self, scope: &Scope) -> bool {
        match scope {
            Scope::Partition(source) => self.periods.contains(&source.file.period),
            Scope::Period(period) | Scope::Council(_, period) => self.periods.contains(period),
            Scope::Year(_) | Scope::Whole | Scope::These(_) => false,
        }
    }

    /// Whether a step makes anything for a scope: of a closed period only what was lost.
    pub fn leaves(&self, step: &Step, scope: &Scope) -> bool {
        !self.is_closed(scope) || step.published.iter().any(|table| self.lost.contains(&(table.clone(), scope.key())))
    }

    /// Whether a part that was made is part of the release: of a closed period only what was lost.
    pub fn lets_in(&self, table: &str, scope: &Scope) -> bool {
        !self.is_closed(scope) || self.lost.contains(&(table.to_owned(), scope.key()))
    }

    /// Puts the parts of closed periods of a table among those that were made, in their order.
    pub fn put_among(&self, table: &str, made: &mut Vec<(Scope, PublishedPart)>) {
        let Some(parts) = self.parts.get(table) else { return };
        made.extend(parts.iter().cloned());
        made.sort_by_cached_key(|(scope, _)| (period_of_part(&scope.key()), scope.key(), file_of(scope)));
    }
}

/// For what a part was made: the `nth` partition of its key, or a period.
fn scope_of(key: &str, nth: usize, sources: &[CostSource]) -> Option<Scope> {
    let partition = sources.iter().filter(|source| source.key() == key).nth(nth);
    partition.map(|source| Scope::Partition(Box::new(source.clone()))).or_else(|| Period::parse(key).map(Scope::Period))
}

fn file_of(scope: &Scope) -> String {
    if let Scope::Partition(source) = scope { source.file.name.clone() } else { String::new() }
}

/// The parts with which periods were closed, and those that are about to be published of the same tables and periods: for check 7. `None`
/// where no period is closed.
pub(super) fn closed_parts(closings: &Closings, content: &Content) -> Answer<Option<(RecordBatch, RecordBatch)>> {
    let kept: BTreeMap<Period, &Frozen> = closings.closed().filter(|(_, frozen)| frozen.keeps_parts).collect();
    if kept.is_empty() {
        return Ok(None);
    }
    let row = |period: Period, table: &str, part: &PublishedPart| -> Vec<Cell> {
        vec![
            table.into(),
            part.key.as_str().into(),
            part.closed_as().into(),
            i64::from(period.year).into(),
            i64::from(period.period).into(),
        ]
    };
    let mut closed = Vec::new();
    for (period, frozen) in &kept {
        closed.extend(frozen.closing.parts.iter().flat_map(|(table, parts)| parts.iter().map(|part| row(*period, table, part))));
    }
    let mut published = Vec::new();
    for (table, parts) in &content.tables {
        for part in parts {
            // A table that a later program adds begins with the first open period.
            let of_closed =
                period_of_part(&part.key).filter(|period| kept.get(period).is_some_and(|f| f.closing.parts.contains_key(table)));
            published.extend(of_closed.map(|period| row(period, table, part)));
        }
    }
    let columns = [
        ("table_name", Type::Text),
        ("part_key", Type::Text),
        ("sha256", Type::Text),
        ("fiscal_year", Type::SmallInt),
        ("period", Type::TinyInt),
    ];
    Ok(Some((proof_table(&columns, &closed)?, proof_table(&columns, &published)?)))
}

/// Checks of data are not asked of closed periods again: what they find there now is left out.
pub(super) fn not_asked_again(closings: &Closings, findings: &mut [Finding]) {
    let is_closed = |failure: &Failure| failure.period.is_some_and(|period| closings.frozen(period).is_some_and(|f| f.keeps_parts));
    for finding in findings.iter_mut().filter(|finding| finding.check.number != 7) {
        finding.failures.retain(|failure| !is_closed(failure));
    }
}

/// What checks found, of closed periods as it was when they were closed: the manifest keeps it, so that closing can tell.
pub(super) fn found(closings: &Closings, findings: &[Finding]) -> Value {
    let one = |check: i16, failure: &Failure| {
        let found = FrozenFinding { check, what: failure.what.clone(), failed: failure.failed, difference: decimal(failure.difference) };
        told(failure.period, &found)
    };
    let now = findings.iter().flat_map(|finding| finding.failures.iter().map(|failure| one(finding.check.number, failure)));
    let then = closings.closed().flat_map(|(period, frozen)| frozen.closing.found.iter().map(move |found| told(Some(period), found)));
    Value::Array(now.chain(then).collect())
}

fn told(period: Option<Period>, found: &FrozenFinding) -> Value {
    json!({"check": found.check, "period": period.map(|period| period.to_string()), "what": found.what, "failed": found.failed,
        "difference": found.difference})
}

/// The parts of a period, by table.
pub(super) fn parts_of(content: &Content, period: Period) -> BTreeMap<String, Vec<PublishedPart>> {
    let of_period = |part: &&PublishedPart| period_of_part(&part.key) == Some(period);
    content.tables.iter().map(|(table, parts)| (table.clone(), parts.iter().filter(of_period).cloned().collect())).collect()
}
