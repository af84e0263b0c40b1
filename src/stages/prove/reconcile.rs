//! The reconciliation: rows and pounds of every partition, from what the sender sent to what is published.

use std::collections::BTreeMap;

use serde_json::Value;

use super::given::rows_and_pence;
use crate::{
    diagnostic::{Answer, Diagnostic, Refusal, codes},
    domain::{Pence, Period, counted},
    lake::{DeliveryRecord, PublishedPart},
    plan::{CostSource, LEFT_OUT},
    schema::Cell,
};

/// The stages of the reconciliation, in order.
pub const STAGES: [&str; 12] =
    ["source", "landed", "accepted", "quarantined", "not_data", "common", "carried", LEFT_OUT, "cost", "not_cost", "suspense", "published"];

/// Rows and pounds at a stage; no pounds where they are not known, or where rows of that stage have none.
#[derive(Clone, Copy)]
struct Stage {
    rows: u64,
    pence: Option<Pence>,
    /// Rows whose pounds are not known.
    not_known: u64,
    /// What rounding to pence took off, in millionths of a pound: `pence` and this are what the source says.
    residue: Pence,
}

type Stages = BTreeMap<&'static str, Stage>;

impl Stage {
    const fn known((rows, pence): (u64, Pence)) -> Self {
        Self { rows, pence: Some(pence), not_known: 0, residue: 0 }
    }
}

/// The table `reconciliation`: rows and pounds per council, feed, period and stage. Pounds that could not be read are null, and so
/// is every sum that they are part of. Where rows are rounded to pence, `amount` is after it, and with `residue` it is what the source says.
///
/// What a delivery has as a whole and not per period (quarantined rows, non-data) stands in its last period. Of lines that stand in for a
/// month that was not brought nothing is accepted: they are `carried`, and those on recharge accounts left out.
///
/// # Errors
/// TC1250 where rows or pounds are lost or made between two stages.
pub fn reconciliation(records: &[&DeliveryRecord], parts: &[(CostSource, PublishedPart)]) -> Answer<Vec<Vec<Cell>>> {
    let by_id: BTreeMap<&str, &DeliveryRecord> = records.iter().map(|r| (r.delivery_id.as_str(), *r)).collect();
    let last = last_periods(parts);
    let mut table: BTreeMap<(&str, &str, Period), Stages> = BTreeMap::new();
    let mut faults = Vec::new();
    for (source, part) in parts {
        let stages = table.entry((&source.file.council, &source.file.feed, source.file.period)).or_default();
        let classified = Classified::of(part);
        let before = if let Some(carried) = &source.carried {
            stood_in(source, part, carried.pence, stages)
        } else {
            let is_last = last.get(source.delivery.as_str()) == Some(&source.file.period);
            brought(source, by_id.get(source.delivery.as_str()).copied(), is_last, stages)
        };
        if before.accepted != before.common
            || (classified.rows, classified.pence) != before.common
            || classified.published != before.common.0
        {
            faults.push(unexplained(source, &before, &classified));
        }
        for (stage, facts) in classified.stages {
            stages.insert(stage, Stage::known(facts));
        }
        stages.insert("published", Stage::known((classified.published, classified.pence)));
    }
    if !faults.is_empty() {
        return Err(Refusal(faults));
    }
    Ok(table.iter().flat_map(|(key, stages)| rows_of(key, stages)).collect())
}

/// By delivery, the last of its periods that has lines: what belongs to it as a whole stands there.
fn last_periods(parts: &[(CostSource, PublishedPart)]) -> BTreeMap<&str, Period> {
    let mut last: BTreeMap<&str, Period> = BTreeMap::new();
    for (source, _) in parts.iter().filter(|(source, _)| source.carried.is_none()) {
        let period = last.entry(source.delivery.as_str()).or_insert(source.file.period);
        *period = source.file.period.max(*period);
    }
    last
}

/// What classification made of the lines of a partition: rows and pounds of each kind, and together.
struct Classified {
    stages: [(&'static str, (u64, Pence)); 3],
    rows: u64,
    pence: Pence,
    /// Published rows, further parts of split lines apart.
    published: u64,
}

impl Classified {
    fn of(part: &PublishedPart) -> Self {
        let stages = ["cost", "not_cost", "suspense"].map(|stage| (stage, rows_and_pence(part.facts.get(stage).unwrap_or(&Value::Null))));
        let further = part.facts.get("further_parts").and_then(Value::as_u64).unwrap_or(0);
        let (rows, pence) = stages.iter().fold((0, 0), |sum, (_, facts)| (sum.0 + facts.0, sum.1 + facts.1));
        Self { stages, rows, pence, published: part.rows.saturating_sub(further) }
    }
}

/// What must come out of classification again.
struct Before {
    accepted: (u64, Pence),
    common: (u64, Pence),
}

/// The stages of lines that stand in for a month that was not brought.
fn stood_in(source: &CostSource, part: &PublishedPart, carried: Pence, stages: &mut Stages) -> Before {
    let left_out = rows_and_pence(part.facts.get(LEFT_OUT).unwrap_or(&Value::Null));
    let stands = (source.file.rows.saturating_sub(left_out.0), carried - left_out.1);
    stages.insert("carried", Stage::known(stands));
    stages.insert(LEFT_OUT, Stage::known(left_out));
    Before { accepted: stands, common: stands }
}

/// The stages from the sender to the common table; `is_last`: the last period of its delivery, which tells of the whole of it.
fn brought(source: &CostSource, record: Option<&DeliveryRecord>, is_last: bool, stages: &mut Stages) -> Before {
    let proof = record.and_then(|r| r.proof.periods.get(&source.file.period.to_string())).copied().unwrap_or_default();
    let whole = record.filter(|_| is_last);
    let (q_rows, not_known) = whole.map_or((0, 0), |r| (r.proof.quarantined, r.not_known_rows()));
    let q_pence = whole.map_or(Some(0), DeliveryRecord::quarantined_pence);
    let q_residue = whole.and_then(|r| r.proof.sender.as_ref()).map_or(0, |sender| sender.quarantined_residue.net());
    let sent = Stage {
        rows: proof.rows + q_rows,
        pence: q_pence.map(|pence| proof.amount + pence),
        not_known,
        residue: proof.residue.net() + q_residue,
    };
    let common = (source.file.rows, proof.amount);
    stages.insert("source", sent);
    stages.insert("landed", sent);
    stages.insert("accepted", Stage::known((proof.rows, proof.amount)));
    stages.insert("quarantined", Stage { rows: q_rows, pence: q_pence, not_known, residue: q_residue });
    stages.insert("not_data", Stage { rows: whole.map_or(0, |r| r.proof.not_data_rows()), pence: None, not_known: 0, residue: 0 });
    stages.insert("common", Stage::known(common));
    Before { accepted: (proof.rows, proof.amount), common }
}

fn rows_of((council, feed, period): &(&str, &str, Period), stages: &Stages) -> Vec<Vec<Cell>> {
    let present = STAGES.iter().filter_map(|name| Some((*name, stages.get(name)?)));
    let row = |(name, stage): (&str, &Stage)| {
        vec![
            (*council).into(),
            (*feed).into(),
            i64::from(period.year).into(),
            i64::from(period.period).into(),
            name.into(),
            stage.rows.into(),
            stage.pence.map_or(Cell::Null, Cell::Pence),
            stage.not_known.into(),
            Cell::Millionths(stage.residue),
        ]
    };
    present.map(row).collect()
}

fn unexplained(source: &CostSource, before: &Before, classified: &Classified) -> Diagnostic {
    let shown = |(rows, pence): (u64, Pence)| format!("{} {}", counted(rows, "row"), crate::domain::pounds(pence));
    let (accepted, common, made) = (shown(before.accepted), shown(before.common), shown((classified.rows, classified.pence)));
    Diagnostic::new(
        codes::checks::UNEXPLAINED,
        format!("{}: accepted {accepted}, in the common table {common}, classified {made}", source.key()),
    )
    .expected("the same rows and pounds at every stage")
    .outcome("nothing was published; the last release is unchanged")
    .hint("this is a fault of truecost: report it with the output of `truecost reconcile --json`")
}
