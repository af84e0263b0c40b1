//! The register and the folders as the supply calendar looks at them: by feed and period.

use std::collections::BTreeMap;

use super::{Arriving, Supplied};
use crate::{
    domain::{Day, Period},
    lake::{DeliveryRecord, DeliveryState},
    plan::release::Slot,
};

/// What is known of one period of one feed.
#[derive(Debug, Default)]
pub(super) struct Came<'k> {
    /// The accepted delivery that stands.
    pub stands: Option<&'k DeliveryRecord>,
    /// The day on which the first came that was accepted and is not withdrawn.
    pub first: Option<Day>,
    /// The newest that waits for a person's word.
    pub waits: Option<&'k DeliveryRecord>,
    /// The newest that was refused.
    pub refused: Option<&'k DeliveryRecord>,
    /// Something came, and was withdrawn.
    pub withdrawn: bool,
    pub arriving: Option<&'k Arriving>,
}

/// By feed and period, and by council the first period that was accepted.
#[derive(Debug, Default)]
pub(super) struct Judged<'k> {
    slots: BTreeMap<Slot, Came<'k>>,
    first: BTreeMap<&'k str, Period>,
}

impl<'k> Judged<'k> {
    pub fn of(given: &Supplied<'k>) -> Self {
        let mut judged = Self::default();
        for record in given.known {
            let waits = record.state == DeliveryState::Waiting && record.waits(given.known);
            for period in record.periods() {
                judged.enter(record, period, waits);
            }
        }
        for file in given.arriving {
            for period in file.coverage.periods() {
                let slot = Slot { council: file.council.clone(), feed: file.feed.clone(), period: *period };
                judged.slots.entry(slot).or_default().arriving = Some(file);
            }
        }
        judged
    }

    fn enter(&mut self, record: &'k DeliveryRecord, period: Period, waits: bool) {
        let slot = Slot { council: record.council.clone(), feed: record.feed.clone(), period };
        let came = self.slots.entry(slot).or_default();
        let newer = |than: Option<&DeliveryRecord>| than.is_none_or(|than| (than.turn(), than.number) <= (record.turn(), record.number));
        if record.is_accepted() {
            let first = self.first.entry(&record.council).or_insert(period);
            *first = period.min(*first);
            came.first = came.first.into_iter().chain(landed(record)).min();
            if newer(came.stands) {
                came.stands = Some(record);
            }
        }
        came.withdrawn |= record.state == DeliveryState::Withdrawn;
        if waits && newer(came.waits) {
            came.waits = Some(record);
        }
        if record.state == DeliveryState::Refused && newer(came.refused) {
            came.refused = Some(record);
        }
    }

    /// The first period that any feed of the council was accepted for.
    pub fn first_of(&self, council: &str) -> Option<Period> {
        self.first.get(council).copied()
    }

    pub fn came(&self, slot: &Slot) -> Option<&Came<'k>> {
        self.slots.get(slot)
    }
}

/// The civil day on which its bytes came first; `None` where an older version did not write it.
pub(super) fn landed(record: &DeliveryRecord) -> Option<Day> {
    crate::pipeline::schedule::civil_day_of(&record.landed_at)
}
