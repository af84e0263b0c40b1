//! The register by council, feed and period: who brought what, and who stands.

use std::collections::{BTreeMap, BTreeSet};

use super::Slot;
use crate::{
    domain::{Pence, Period},
    lake::{Closings, DeliveryRecord, PeriodProof},
};

/// Everything that the register knows of one slot.
#[derive(Debug, Default)]
pub(super) struct Known<'k> {
    /// All deliveries that replace the period, whatever became of them.
    pub all: Vec<&'k DeliveryRecord>,
    /// The accepted one that goes over all others there, also where its rows are lost; of a closed period the one on which it was closed,
    /// as it was then.
    pub holder: Option<&'k DeliveryRecord>,
    /// Of a closed period the accepted one that goes over all others by now, and that would hold it were it open.
    pub after_close: Option<&'k DeliveryRecord>,
}

/// The register, looked up by slot.
#[derive(Debug, Default)]
pub(super) struct Index<'k> {
    pub slots: BTreeMap<Slot, Known<'k>>,
    /// Feeds of which an accepted delivery brought rows of a period: who is asked for closing entries.
    pub feeds: BTreeMap<(&'k str, &'k str), Vec<&'k DeliveryRecord>>,
}

impl<'k> Index<'k> {
    pub fn of(deliveries: &'k [DeliveryRecord], closings: &'k Closings) -> Self {
        let mut index = Self::default();
        for record in deliveries {
            index.feeds.entry((&record.council, &record.feed)).or_default().push(record);
            for period in record.periods() {
                let known = index.slots.entry(Slot::of(record, period)).or_default();
                known.all.push(record);
                let goes_over = known.holder.is_none_or(|holder| holder.turn() <= record.turn());
                if record.is_accepted() && goes_over {
                    known.holder = Some(record);
                }
            }
        }
        index.freeze(closings);
        index
    }

    /// Closed periods are held by what they were closed on, whatever came since.
    fn freeze(&mut self, closings: &'k Closings) {
        for (slot, known) in &mut self.slots {
            if closings.is_closed(slot.period) {
                known.after_close = known.holder.take();
            }
        }
        for (period, frozen) in closings.closed() {
            // Of a feed whose lines stood in nothing had come.
            for of in frozen.closing.slots.iter().filter(|of| of.carried.is_none()) {
                let slot = Slot { council: of.council.clone(), feed: of.feed.clone(), period };
                let record = frozen.closing.deliveries.iter().find(|record| record.is(&of.delivery));
                self.slots.entry(slot).or_default().holder = record;
            }
        }
    }

    pub fn holder(&self, slot: &Slot) -> Option<&'k DeliveryRecord> {
        self.slots.get(slot).and_then(|known| known.holder)
    }

    /// The periods in which a delivery goes over all others, and by which others it is gone over in the rest.
    pub fn held(&self, record: &DeliveryRecord) -> (Vec<Slot>, BTreeSet<String>) {
        let (mut held, mut above) = (Vec::new(), BTreeSet::new());
        for slot in record.periods().into_iter().map(|period| Slot::of(record, period)) {
            match self.holder(&slot) {
                Some(holder) if holder.delivery_id == record.delivery_id => held.push(slot),
                Some(holder) => drop(above.insert(holder.delivery_id.clone())),
                None => {}
            }
        }
        (held, above)
    }
}

/// Rows and pounds that a delivery brought for a period.
pub(super) fn brought(record: &DeliveryRecord, period: Period) -> (u64, Pence) {
    record.proof.periods.get(&period.to_string()).map_or((0, 0), |proof| (proof.rows, proof.amount))
}

/// The absolute amounts that a delivery brought for a period, added up.
pub(super) fn brought_absolute(record: &DeliveryRecord, period: Period) -> Pence {
    record.proof.periods.get(&period.to_string()).map_or(0, PeriodProof::absolute)
}

/// Whether `other` was judged after `than`. What an older version refused has no place in the order: its run tells.
pub(super) fn is_newer(other: &DeliveryRecord, than: &DeliveryRecord) -> bool {
    match (other.turn(), than.turn()) {
        (Some(turn), Some(before)) => turn > before,
        _ => (other.number, &other.run) > (than.number, &than.run),
    }
}
