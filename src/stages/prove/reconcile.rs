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

/// The table `reconciliation`: rows and pounds per council, feed, period and stage. Pounds that could not be read are null, and so
/// is every sum that they are part of. Where rows are rounded to pence, `amount` is after it, and with `residue` it is what the source says.
///
/// What a delivery has as a whole and not per period (quarantined rows, non-data) stands in its last period. Of lines that stand in for a
/// month that was not brought nothing is accepted: they are `carried`, and those on recharge accounts left out.
///
/// # Errors
/// TC1250 where rows or pounds are lost or made between two stages.
pub fn reconciliation(records: &[&DeliveryRecord], parts: &[(CostSource, PublishedPart)]) -> Answer<Vec<Vec<Cell>>> {
    let mut table: BTreeMap<(String, String, Period), BTreeMap<&'static str, Stage>> = BTreeMap::new();
    let mut faults = Vec::new();
    for (source, part) in parts {
        let key = (source.file.council.clone(), source.file.feed.clone(), source.file.period);
        let stages = table.entry(key).or_default();
        let known = |(rows, pence): (u64, Pence)| Stage { rows, pence: Some(pence), not_known: 0, residue: 0 };
        let facts = ["cost", "not_cost", "suspense"].map(|stage| rows_and_pence(part.facts.get(stage).unwrap_or(&Value::Null)));
        let classified = facts.iter().fold((0, 0), |sum, f| (sum.0 + f.0, sum.1 + f.1));
        let further = part.facts.get("further_parts").and_then(Value::as_u64).unwrap_or(0);
        let published = part.rows.saturating_sub(further);
        for (stage, facts) in ["cost", "not_cost", "suspense"].into_iter().zip(facts) {
            stages.insert(stage, known(facts));
        }
        stages.insert("published", known((published, classified.1)));
        if let Some(carried) = source.carried {
            let left_out = rows_and_pence(part.facts.get(LEFT_OUT).unwrap_or(&Value::Null));
            let stands = (source.file.rows.saturating_sub(left_out.0), carried.pence - left_out.1);
            if classified != stands || published != stands.0 {
                faults.push(unexplained(source, stands, classified, (source.file.rows, carried.pence)));
            }
            stages.insert("carried", known(stands));
            stages.insert(LEFT_OUT, known(left_out));
            continue;
        }
        let record = records.iter().find(|r| r.delivery_id == source.delivery);
        let text = source.file.period.to_string();
        let proof = record.and_then(|r| r.proof.periods.get(&text)).copied().unwrap_or_default();
        let common = (source.file.rows, proof.amount);
        if (proof.rows, proof.amount) != common || classified != common || published != common.0 {
            faults.push(unexplained(source, common, classified, (proof.rows, proof.amount)));
        }
        // What belongs to the delivery as a whole stands in the last of its periods that has lines.
        let own = parts.iter().filter(|(s, _)| s.delivery == source.delivery && s.carried.is_none());
        let last = own.map(|(s, _)| s.file.period).max();
        let is_last = last == Some(source.file.period);
        let whole_delivery = record.filter(|_| is_last);
        let (q_rows, not_known) = whole_delivery.map_or((0, 0), |r| (r.proof.quarantined, r.not_known_rows()));
        let q_pence = whole_delivery.map_or(Some(0), |r| r.quarantined_pence());
        let not_data = whole_delivery.map_or(0, |r| r.proof.not_data_rows());
        let q_residue = whole_delivery.and_then(|r| r.proof.sender.as_ref()).map_or(0, |sender| sender.quarantined_residue.net());
        let residue = proof.residue.net() + q_residue;
        let whole = Stage { rows: proof.rows + q_rows, pence: q_pence.map(|pence| proof.amount + pence), not_known, residue };
        stages.insert("source", whole);
        stages.insert("landed", whole);
        stages.insert("accepted", known((proof.rows, proof.amount)));
        stages.insert("quarantined", Stage { rows: q_rows, pence: q_pence, not_known, residue: q_residue });
        stages.insert("not_data", Stage { rows: not_data, pence: None, not_known: 0, residue: 0 });
        stages.insert("common", known(common));
    }
    if !faults.is_empty() {
        return Err(Refusal(faults));
    }
    let mut rows = Vec::new();
    for ((council, feed, period), stages) in table {
        for stage in STAGES {
            let Some(Stage { rows: count, pence, not_known, residue }) = stages.get(stage) else { continue };
            rows.push(vec![
                council.as_str().into(),
                feed.as_str().into(),
                i64::from(period.year).into(),
                i64::from(period.period).into(),
                stage.into(),
                (*count).into(),
                pence.map_or(Cell::Null, Cell::Pence),
                (*not_known).into(),
                Cell::Millionths(*residue),
            ]);
        }
    }
    Ok(rows)
}

fn unexplained(source: &CostSource, common: (u64, Pence), classified: (u64, Pence), accepted: (u64, Pence)) -> Diagnostic {
    let shown = |(rows, pence): (u64, Pence)| format!("{} {}", counted(rows, "row"), crate::domain::pounds(pence));
    Diagnostic::new(
        codes::checks::UNEXPLAINED,
        format!("{}: accepted {}, in the common table {}, classified {}", source.key(), shown(accepted), shown(common), shown(classified)),
    )
    .expected("the same rows and pounds at every stage")
    .outcome("nothing was published; the last release is unchanged")
    .hint("this is a fault of truecost: report it with the output of `truecost reconcile --json`")
}
