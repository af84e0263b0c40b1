//! The second half of the plan: what cannot be made. A period whose pay stands under two keys, or whose cost the kernels cannot allocate, is
//! blocked by name and the others are published; where the latest release holds it, its parts are taken over as they are.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{CARRIED_FROM, Carried, CostSource, LEFT_OUT, PeriodState, ReleasePlan, Slot, index::Index, messages};
use crate::{
    diagnostic::{Diagnostic, Severity, codes},
    domain::{Pence, Period, parse_pounds},
    lake::{DeliveryRecord, LakeFile, Manifest, PublishedPart},
    pipeline::Basis,
};

/// Why periods cannot be made, as the kernels say, and the register.
pub type Verdicts = BTreeMap<Period, Vec<Diagnostic>>;

/// The name among a manifest's proofs under which it lists the periods that kernels refused when it was made.
const BLOCKED: &str = "blocked";

/// The name among the facts of a part of `cost_line` under which the delivery stands that it was made of.
pub const DELIVERY: &str = "delivery";

/// Whether a refusal blocks the period that it is about, and no other.
#[must_use]
pub fn blocks_a_period(report: &Diagnostic) -> bool {
    [codes::checks::NOT_ALLOCATED, codes::checks::TWO_KEYS, codes::periods::PAY_IS_GONE].contains(&report.code)
}

/// Whether a period stands as it was published, and nobody can do anything about it or has to: the pay behind it is gone.
#[must_use]
pub fn stands_for_good(report: &Diagnostic) -> bool {
    report.code == codes::periods::PAY_IS_GONE && report.severity != Severity::Error
}

/// What a manifest, and the record of a run, remember of verdicts, so that who makes nothing anew says them again.
#[must_use]
pub fn remembered(verdicts: &Verdicts) -> Option<(String, Value)> {
    let is_gone = |report: &Diagnostic| report.code == codes::periods::PAY_IS_GONE;
    let one = |report: &Diagnostic| if is_gone(report) { json!({"gone": report.seen}) } else { json!(report.seen) };
    let said = |reports: &Vec<Diagnostic>| reports.iter().map(one).collect::<Vec<_>>();
    let all: BTreeMap<String, Vec<Value>> = verdicts.iter().map(|(period, reports)| (period.to_string(), said(reports))).collect();
    (!all.is_empty()).then(|| (BLOCKED.to_owned(), json!(all)))
}

/// What kernels refused when the latest release was made.
#[must_use]
pub fn verdicts_of_release(latest: Option<&Manifest>) -> Verdicts {
    latest.and_then(|manifest| manifest.content.proofs.get(BLOCKED)).map(recalled).unwrap_or_default()
}

/// What they refused in the last run that was written down, where it was made from the same `inputs`: a run may publish nothing.
#[must_use]
pub fn verdicts_of_run(run: Option<&Value>, inputs: &str) -> Verdicts {
    let run = run.filter(|run| run.get("inputs").and_then(Value::as_str) == Some(inputs));
    run.and_then(|run| run.get(BLOCKED)).map(recalled).unwrap_or_default()
}

fn recalled(said: &Value) -> Verdicts {
    let one = |(period, whys): (&String, &Value)| {
        let gone = |why: &Value| Some(Diagnostic::new(codes::periods::PAY_IS_GONE, why.get("gone")?.as_str()?));
        let why = |why: &Value| match why.as_str() {
            Some(why) => Some(Diagnostic::new(codes::checks::NOT_ALLOCATED, why)),
            None => gone(why),
        };
        Some((Period::parse(period)?, whys.as_array()?.iter().filter_map(why).collect()))
    };
    said.as_object().into_iter().flatten().filter_map(one).collect()
}

impl ReleasePlan {
    /// Leaves out the periods that kernels refuse, and keeps the parts of those that the latest release holds.
    pub(super) fn block(&mut self, index: &Index<'_>, latest: Option<&Manifest>, verdicts: &Verdicts) {
        for (period, reports) in verdicts {
            let why = reports.iter().map(|report| report.seen.as_str()).collect::<Vec<_>>().join("; ");
            let good = last_good(index, latest, *period).unwrap_or_default();
            let of_costs = |slot: &Slot| index.holder(slot).is_some_and(|holder| Basis::of_table(&holder.table).is_some());
            let counting = |entry: &super::PeriodPlan| entry.state == PeriodState::Counts && entry.rows > 0;
            let stands_in = |entry: &super::PeriodPlan| matches!(entry.state, PeriodState::CarriedLines(_));
            let is_of = |slot: &Slot, entry: &super::PeriodPlan| (counting(entry) && of_costs(slot)) || stands_in(entry);
            for (slot, entry) in self.periods.iter_mut().filter(|(slot, entry)| slot.period == *period && is_of(slot, entry)) {
                let key = slot.to_string();
                let is_it = |source: &&CostSource| source.carried.is_some() || Some(&source.delivery) == entry.delivery.as_ref();
                let last_good = good.iter().filter(is_it).any(|source| source.key() == key);
                entry.state = PeriodState::Blocked { last_good, why: why.clone() };
            }
            self.not_made.insert(*period, why);
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
    let named = part.facts.get(DELIVERY).and_then(Value::as_str);
    let from = part.facts.get(CARRIED_FROM).and_then(Value::as_str).and_then(Period::parse);
    // Lines that stand in are those of another month, but for the ones on recharge accounts.
    let left_out = from.map_or(Some((0, 0)), |_| lines((0, 0), LEFT_OUT))?;
    let of = Slot { period: from.unwrap_or(slot.period), ..slot.clone() };
    let is_behind = |record: &&&DeliveryRecord| {
        let proof = record.proof.periods.get(&of.period.to_string());
        if let Some(named) = named {
            return record.is_accepted() && record.delivery_id == named;
        }
        // A version before did not write down which: one that brought as much, though ledgers add up to nought.
        record.is_accepted() && proof.is_some_and(|proof| (proof.rows, proof.amount) == (rows, amount))
    };
    let record = index.slots.get(&of)?.all.iter().rfind(is_behind)?;
    let carried = from.map(|from| Carried { from, pence: amount + left_out.1 });
    let rows = rows + left_out.0;
    let Slot { council, feed, period } = slot;
    let (name, path) = (part.path.clone(), part.path.clone().into());
    let file = LakeFile { council, feed, period, relative: name.clone(), name, path, rows, bytes: part.bytes };
    Some(CostSource { basis: Basis::of_table(&record.table)?, file, delivery: record.delivery_id.clone(), carried })
}
