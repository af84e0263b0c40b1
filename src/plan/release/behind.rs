//! The deliveries behind the figures.

use std::collections::BTreeMap;

use super::{CostSource, PeriodPlan, PeriodState, ReleasePlan, Slot, Standing, index};
use crate::{
    domain::Pence,
    lake::{Closings, DeliveryRecord},
    pipeline::Basis,
};

/// A delivery behind the figures, with what of it counts.
#[derive(Clone, Copy, Debug)]
pub struct Behind<'k> {
    pub record: &'k DeliveryRecord,
    /// Rows of the periods in which it counts.
    pub rows: u64,
    /// Pounds of them, debit positive.
    pub pence: Pence,
}

impl ReleasePlan {
    /// The deliveries behind the figures, by council, feed, periods; also those that hold no row at all, and those that emptied a period.
    /// Of what closed periods were closed on, each delivery is as it was judged then.
    #[must_use]
    pub fn behind<'k>(&'k self, known: &'k [DeliveryRecord]) -> Vec<Behind<'k>> {
        let is_read = |record: &DeliveryRecord| {
            Basis::of_table(&record.table).is_some() || self.beside.iter().any(|source| source.delivery == record.delivery_id)
        };
        let empties = |record: &DeliveryRecord| {
            record.proof.periods.is_empty() || record.periods().iter().any(|p| self.empty.contains(&Slot::of(record, *p)))
        };
        let behind = |record: &'k DeliveryRecord| {
            let plan = self.deliveries.get(&record.delivery_id)?;
            if !is_read(record) {
                return None;
            }
            let counts = matches!(plan.standing, Standing::Counts | Standing::CountsInPart);
            let kept = self.kept(record);
            let (rows, pence) = (plan.counts.0 + kept.0, plan.counts.1 + kept.1);
            ((counts && (rows > 0 || empties(record))) || kept.0 > 0 || self.lends(&record.delivery_id)).then_some(Behind {
                record,
                rows,
                pence,
            })
        };
        let is_frozen = |record: &&DeliveryRecord| self.frozen_records.iter().any(|frozen| frozen.is(&record.delivery_id));
        let mut all: Vec<Behind<'_>> = known.iter().filter(|record| !is_frozen(record)).filter_map(behind).collect();
        let frozen = self.frozen_records.iter().filter(|record| is_read(record)).map(|record| self.as_closed(record));
        all.extend(frozen.filter(|behind| behind.rows > 0 || empties(behind.record) || self.lends(&behind.record.delivery_id)));
        let key = |b: &Behind<'k>| (&b.record.council, &b.record.feed, &b.record.coverage, &b.record.delivery_id);
        all.sort_by(|a, b| key(a).cmp(&key(b)));
        all
    }

    /// Rows and pounds of a delivery in blocked periods whose last good figures are made of it although another has gone over it since.
    fn kept(&self, record: &DeliveryRecord) -> (u64, Pence) {
        let holds = |source: &CostSource| {
            let slot = Slot::of_file(&source.file);
            self.periods.get(&slot).is_some_and(|entry| entry.delivery.as_deref() == Some(&*record.delivery_id))
        };
        let of_it = self.last_good.iter().filter(|source| source.delivery == record.delivery_id && !holds(source));
        of_it.map(|source| index::brought(record, source.file.period)).fold((0, 0), |(rows, pence), (r, p)| (rows + r, pence + p))
    }

    /// A delivery on which periods were closed, with what of it counts in them and in open ones.
    fn as_closed<'k>(&self, record: &'k DeliveryRecord) -> Behind<'k> {
        let is_its = |entry: &PeriodPlan| entry.delivery.as_ref() == Some(&record.delivery_id) && entry.state.is_in_figures();
        let counting = self.periods.iter().filter(|(_, entry)| is_its(entry)).map(|(slot, _)| index::brought(record, slot.period));
        let (rows, pence) = counting.fold((0, 0), |(rows, pence), (r, p)| (rows + r, pence + p));
        Behind { record, rows, pence }
    }
}

/// Each delivery on which some period was closed, once: as it was judged then where no open period reads it, else as it is judged now with
/// the proofs of its closed periods as they were.
pub(super) fn frozen_records(closings: &Closings, deliveries: &[DeliveryRecord], plan: &ReleasePlan) -> Vec<DeliveryRecord> {
    let mut versions: BTreeMap<&str, Vec<(String, &DeliveryRecord)>> = BTreeMap::new();
    for (period, frozen) in closings.closed() {
        for slot in &frozen.closing.slots {
            if let Some(record) = frozen.closing.deliveries.iter().find(|record| record.is(&slot.delivery)) {
                versions.entry(slot.delivery.as_str()).or_default().push((period.to_string(), record));
            }
        }
    }
    let merged = |(id, versions): (&str, Vec<(String, &DeliveryRecord)>)| {
        let is_read = |entry: &PeriodPlan| entry.state == PeriodState::Counts && entry.delivery.as_deref() == Some(id);
        let now = deliveries.iter().find(|record| record.is(id)).filter(|_| plan.periods.values().any(is_read));
        let mut record = now.or_else(|| versions.last().map(|(_, record)| *record))?.clone();
        for (period, version) in versions {
            match version.proof.periods.get(&period) {
                Some(proof) => drop(record.proof.periods.insert(period, *proof)),
                None => drop(record.proof.periods.remove(&period)),
            }
        }
        Some(record)
    };
    versions.into_iter().filter_map(merged).collect()
}
