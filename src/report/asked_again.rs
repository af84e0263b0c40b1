//! The checks, asked again of a release as it lies on disk: what they find is what was found when it was published.

use std::collections::BTreeSet;

use arrow::{
    datatypes::{Field, Schema},
    record_batch::RecordBatch,
};
use serde_json::Value;

use crate::{
    diagnostic::Answer,
    domain::{Period, decimal},
    engine::{Table, Tables, deeply},
    lake::{Closings, Lake, Manifest, PartFile, PublishedPart, rows_of_parts},
    plan::{FOUND, Slot, does_not_fit, program},
    schema::{
        Cell,
        batch::{in_columns, with_defaults},
    },
    stages::prove::{self, Check, Finding},
};

/// What asking again came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Asked {
    /// How many checks were asked: those that read published tables alone.
    pub checks: usize,
    /// How many could not be: the contract by which a table was published lacks a column that they read.
    pub unasked: usize,
    /// What they find now and did not find when it was published, or the other way round: a sentence each.
    pub faults: Vec<String>,
}

/// Tables whose rows are lines: what they add up to is read of them, and no more.
const LINES: &str = "cost_line";
const CLASSES: &str = "class_total";
const LINE_TOTAL: &str = "line_total";

/// Asks the checks again of a release whose files are sound. `None` where it was published by another version of the program, or by one that
/// wrote down nothing of what its checks had found: those were other checks.
///
/// # Errors
/// TC1008, TC1002; where a check cannot be made of its tables.
pub(super) fn ask_again(lake: &Lake, manifest: &Manifest) -> Answer<Option<Asked>> {
    let found = manifest.content.proofs.get(FOUND).and_then(Value::as_array);
    let Some(found) = found.filter(|_| manifest.content.program == program()) else { return Ok(None) };
    let closed = closed_then(lake, manifest)?;
    let has_parts = |table: &str| manifest.content.tables.get(table).is_some_and(|parts| !parts.is_empty());
    let has = |table: &str| table == LINE_TOTAL || (table != LINES && has_parts(table));
    let all = prove::checks_of(has)?;
    let tables = tables(lake, manifest, &all)?;
    let (checks, findings) = deeply(|| {
        prove::prove_these(&all, &tables).map(|findings| (all.clone(), findings)).or_else(|_| {
            // The contract of a table may have lacked a column that a check reads: it is left out, and counted.
            let checks: Vec<Check> = all.iter().copied().filter(|check| check.fits(&tables)).collect();
            prove::prove_these(&checks, &tables).map(|findings| (checks, findings))
        })
    })?;
    let number = |checks: &[Check]| checks.iter().map(|check| (check.number, check.name)).collect::<BTreeSet<_>>().len();
    let mut faults = closed_parts(manifest, &closed);
    faults.extend(compare(&findings, found, &closed));
    Ok(Some(Asked { checks: number(&checks), unasked: number(&all) - number(&checks), faults }))
}

/// What was closed when the release was published.
fn closed_then(lake: &Lake, manifest: &Manifest) -> Answer<Closings> {
    let number = manifest.run.get("number").and_then(Value::as_u64).unwrap_or(u64::MAX);
    let all = lake.periods().closings()?;
    let before = all.events().iter().filter(|event| event.number < number).cloned().collect();
    Ok(Closings::of(before, lake.folder()))
}

/// The tables that these checks read, whole.
fn tables(lake: &Lake, manifest: &Manifest, checks: &[Check]) -> Answer<Tables> {
    let mut tables = Tables::default();
    let mut read: BTreeSet<String> = BTreeSet::new();
    for check in checks {
        read.extend(check.reads()?);
    }
    for table in read {
        let rows = if table == LINE_TOTAL {
            vec![line_total(lake, manifest)?]
        } else {
            let parts = manifest.content.tables.get(&table).map_or(&[][..], Vec::as_slice);
            let mut rows = rows_of_parts(lake.releases().folder(), parts)?;
            if let Some(first) = parts.first().filter(|_| rows.is_empty()) {
                rows.push(RecordBatch::new_empty(PartFile::open(&lake.releases().path_of(&first.path))?.schema().clone()));
            }
            let rows = alike(&rows)?;
            if table == CLASSES {
                rows.iter().map(|rows| with_defaults(rows, &prove::CLASSES_OF_THE_VERSION_BEFORE)).collect::<Answer<_>>()?
            } else {
                rows
            }
        };
        if let Some(schema) = rows.first().map(RecordBatch::schema) {
            tables.insert(table.as_str(), Table::rows(schema, rows));
        }
    }
    Ok(tables)
}

/// What the published lines add up to, read from their files as any reader would.
fn line_total(lake: &Lake, manifest: &Manifest) -> Answer<RecordBatch> {
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    for part in manifest.content.tables.get(LINES).into_iter().flatten() {
        let Some(Slot { council, feed, period }) = Slot::parse(&part.key) else { continue };
        let file = PartFile::open(&lake.releases().path_of(&part.path))?;
        let has_parts = part.facts.get("further_parts").is_some();
        rows.extend(prove::group_part(&file, has_parts)?.rows(&council, &feed, period.year, period.period));
    }
    prove::line_total(&rows)
}

/// Batches with the columns of the one that has most: those of a version before lack some, which are null.
fn alike(batches: &[RecordBatch]) -> Answer<Vec<RecordBatch>> {
    let Some(widest) = batches.iter().max_by_key(|batch| batch.num_columns()).map(RecordBatch::schema) else { return Ok(Vec::new()) };
    let fields: Vec<Field> = widest.fields().iter().map(|field| field.as_ref().clone().with_nullable(true)).collect();
    let schema = std::sync::Arc::new(Schema::new(fields));
    batches.iter().map(|batch| in_columns(batch, &schema).map_err(|e| does_not_fit("a published table", &e))).collect()
}

/// Check 7: every part with which a period had been closed is in the release.
fn closed_parts(manifest: &Manifest, closed: &Closings) -> Vec<String> {
    let mut faults = Vec::new();
    for (period, frozen) in closed.closed() {
        for (table, parts) in &frozen.closing.parts {
            let there = manifest.content.tables.get(table).map_or(&[][..], Vec::as_slice);
            let is_there = |part: &&PublishedPart| there.iter().any(|other| other.key == part.key && other.closed_as() == part.sha256);
            let gone = parts.iter().filter(|part| !is_there(part));
            faults.extend(gone.map(|part| format!("check 7: {table} {} is not the part with which {period} was closed", part.key)));
        }
    }
    faults
}

/// Findings of now against what was written down. Of closed periods nothing was asked.
fn compare(findings: &[Finding], found: &[Value], closed: &Closings) -> Vec<String> {
    let is_open = |period: Option<Period>| period.is_none_or(|period| !closed.is_closed(period));
    let now: BTreeSet<(i16, &str, i64, String)> = findings
        .iter()
        .flat_map(|finding| finding.failures.iter().map(move |failure| (finding.check.number, failure)))
        .filter(|(_, failure)| is_open(failure.period))
        .map(|(number, failure)| (number, failure.what.as_str(), failure.failed, decimal(failure.difference)))
        .collect();
    let then: BTreeSet<(i16, &str, i64, String)> = found
        .iter()
        .filter(|one| is_open(one.get("period").and_then(Value::as_str).and_then(Period::parse)))
        .filter_map(|one| {
            let number = i16::try_from(one.get("check")?.as_i64()?).ok()?;
            let difference = one.get("difference")?.as_str()?.to_owned();
            Some((number, one.get("what")?.as_str()?, one.get("failed")?.as_i64()?, difference))
        })
        .collect();
    let said = |(number, what, _, difference): &(i16, &str, i64, String), when: &str| {
        format!("check {number}: {what}: {difference} pounds: {when}")
    };
    // Several checks have one number, and some of them cannot be asked: of those only what is new tells.
    let asked: BTreeSet<i16> = findings.iter().map(|finding| finding.check.number).collect();
    let whole = |number: &i16| {
        asked.contains(number)
            && prove::CHECKS.iter().filter(|c| c.number == *number).all(|c| findings.iter().any(|f| f.check.name == c.name))
    };
    let new = now.difference(&then).map(|one| said(one, "it was not so when it was published"));
    let gone =
        then.difference(&now).filter(|(number, ..)| whole(number)).map(|one| said(one, "it was so when it was published, and is not now"));
    new.chain(gone).collect()
}
