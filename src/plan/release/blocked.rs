//! The second half of the plan: what cannot be made. A period whose pay stands under two keys, or whose cost the kernels cannot allocate, is
//! blocked by name and the others are published; where the latest release holds it, its parts are taken over as they are.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{CostSource, PeriodState, ReleasePlan, Slot, index::Index, messages};
use crate::{
    diagnostic::{Diagnostic, codes},
    domain::{Pence, Period, parse_pounds},
    lake::{DeliveryRecord, LakeFile, Manifest, PublishedPart},
    pipeline::Basis,
};

/// Why periods cannot be made, as the kernels say, and the register.
pub type Verdicts = BTreeMap<Period, Vec<Diagnostic>>;

/// The name among a manifest's proofs under which it lists the periods that kernels refused when it was made.
const BLOCKED: &str = "blocked";

/// Whether a refusal blocks the period that it is about, and no other.
#[must_use]
pub fn blocks_a_period(report: &Diagnostic) -> bool {
    report.code == codes::checks::NOT_ALLOCATED || report.code == codes::checks::TWO_KEYS
}

/// What a manifest remembers of verdicts, so that a run that makes nothing anew says them again.
#[must_use]
pub fn remembered(verdicts: &Verdicts) -> Option<(String, Value)> {
    let said = |reports: &Vec<Diagnostic>| reports.iter().map(|report| report.seen.clone()).collect::<Vec<_>>();
    let all: BTreeMap<String, Vec<String>> = verdicts.iter().map(|(period, reports)| (period.to_string(), said(reports))).collect();
    (!all.is_empty()).then(|| (BLOCKED.to_owned(), json!(all)))
}

/// The reports of the periods that kernels refused when the latest release was made.
#[must_use]
pub fn standing_verdicts(latest: Option<&Manifest>) -> Vec<Diagnostic> {
    let said = latest.and_then(|manifest| manifest.content.proofs.get(BLOCKED)?.as_object());
    let held = super::published_slots(latest);
    let one = |(period, whys): (&String, &Value)| {
        let period = Period::parse(period)?;
        let is_held = held.iter().any(|slot| slot.period == period);
        let why = |why: &Value| Some(messages::not_made(period, &Diagnostic::new(codes::checks::NOT_ALLOCATED, why.as_str()?), is_held));
        Some(whys.as_array()?.iter().filter_map(why).collect::<Vec<_>>())
    };
    said.into_iter().flatten().filter_map(one).flatten().collect()
}

impl ReleasePlan {
    /// Leaves out the periods that kernels refuse, and keeps the parts of those that the latest release holds.
    pub(super) fn block(&mut self, index: &Index<'_>, latest: Option<&Manifest>, verdicts: &Verdicts) {
        for (period, reports) in verdicts {
            let good = last_good(index, latest, *period).unwrap_or_default();
            let of_costs = |slot: &Slot| index.holder(slot).is_some_and(|holder| Basis::of_table(&holder.table).is_some());
            let counting = |entry: &super::PeriodPlan| entry.state == PeriodState::Counts && entry.rows > 0;
            for (slot, entry) in self.periods.iter_mut().filter(|(slot, entry)| slot.period == *period && counting(entry) && of_costs(slot))
            {
                let key = slot.to_string();
                let last_good = good.iter().any(|source| source.key() == key && Some(&source.delivery) == entry.delivery.as_ref());
                entry.state = PeriodState::Blocked { last_good };
            }
            self.blocked.extend(reports.iter().map(|report| messages::not_made(*period, report, !good.is_empty())));
            self.last_good.extend(good);
        }
    }

    /// Whether the release keeps a period of a council as the last one had it.
    pub(super) fn keeps(&self, council: &str, period: Period) -> bool {
        self.last_good.iter().any(|source| source.file.council == council && source.file.period == period)
    }
}

/// The partitions that the latest release holds of a period, each with the delivery that stands behind its lines; `None` where it holds none,
/// or where the register does not know what stands behind one of them.
fn last_good(index: &Index<'_>, latest: Option<&Manifest>, period: Period) -> Option<Vec<CostSource>> {
    let parts = latest?.content.tables.get("cost_line")?;
    let of_period = parts.iter().filter_map(|part| Some((Slot::parse(&part.key)?, part))).filter(|(slot, _)| slot.period == period);
    let sources = of_period.map(|(slot, part)| source(index, slot, part)).collect::<Option<Vec<_>>>()?;
    (!sources.is_empty()).then_some(sources)
}

fn source(index: &Index<'_>, slot: Slot, part: &PublishedPart) -> Option<CostSource> {
    // Lines, of which some may be published in several parts.
    let lines = |sum: (u64, Pence), stage: &str| {
        let fact = part.facts.get(stage)?;
        let (rows, amount) = (fact.get("rows")?.as_u64()?, fact.get("amount")?.as_str().and_then(parse_pounds)?);
        Some((sum.0 + rows, sum.1 + amount))
    };
    let (rows, amount) = ["cost", "not_cost", "suspense"].into_iter().try_fold((0, 0), lines)?;
    let is_behind = |record: &&&DeliveryRecord| {
        let proof = record.proof.periods.get(&slot.period.to_string());
        record.is_accepted() && proof.is_some_and(|proof| (proof.rows, proof.amount) == (rows, amount))
    };
    let record = index.slots.get(&slot)?.all.iter().rfind(is_behind)?;
    let Slot { council, feed, period } = slot;
    let (name, path) = (part.path.clone(), part.path.clone().into());
    let file = LakeFile { council, feed, period, relative: name.clone(), name, path, rows, bytes: part.bytes };
    Some(CostSource { basis: Basis::of_table(&record.table)?, file, delivery: record.delivery_id.clone() })
}
