//! The deliveries of one feed, looked up by period, by id and by file: built once for a plan, however many there are.

use std::collections::{BTreeMap, BTreeSet};

use super::{again::is_freed, feeds::is_file_of};
use crate::{
    domain::{Coverage, Period},
    lake::{DeliveryRecord, DeliveryState},
    source::Entry,
};

/// What the register knows of a feed.
pub(super) struct Known<'k> {
    /// In the order of the register.
    pub records: &'k [&'k DeliveryRecord],
    holders: BTreeMap<Period, &'k DeliveryRecord>,
    standing: BTreeSet<&'k str>,
    by_name: BTreeMap<&'k str, Vec<&'k DeliveryRecord>>,
    /// Those that are withdrawn, by the size of their files.
    withdrawn: BTreeMap<u64, Vec<&'k DeliveryRecord>>,
}

impl<'k> Known<'k> {
    pub fn of(records: &'k [&'k DeliveryRecord]) -> Self {
        let mut holders: BTreeMap<Period, &'k DeliveryRecord> = BTreeMap::new();
        let mut by_name: BTreeMap<&'k str, Vec<&'k DeliveryRecord>> = BTreeMap::new();
        for record in records.iter().copied() {
            for period in record.periods().into_iter().filter(|_| record.is_accepted()) {
                let holder = holders.entry(period).or_insert(record);
                if holder.turn() <= record.turn() {
                    *holder = record;
                }
            }
            let names: BTreeSet<&'k str> = record.files().map(|file| file.name.as_str()).collect();
            names.into_iter().for_each(|name| by_name.entry(name).or_default().push(record));
        }
        let mut withdrawn: BTreeMap<u64, Vec<&'k DeliveryRecord>> = BTreeMap::new();
        for record in records.iter().copied().filter(|record| record.state == DeliveryState::Withdrawn) {
            let sizes: BTreeSet<u64> = record.files().map(|file| file.bytes).collect();
            sizes.into_iter().for_each(|bytes| withdrawn.entry(bytes).or_default().push(record));
        }
        let standing = holders.values().map(|r| r.delivery_id.as_str()).collect();
        Self { records, holders, standing, by_name, withdrawn }
    }

    /// The delivery that goes over all others in a period.
    pub fn holder(&self, period: Period) -> Option<&'k DeliveryRecord> {
        self.holders.get(&period).copied()
    }

    /// Whether some period holds its rows.
    pub fn stands(&self, record: &DeliveryRecord) -> bool {
        record.is_accepted() && self.standing.contains(record.delivery_id.as_str())
    }

    /// Deliveries that the file brought, as it is now, the last of the register first.
    pub fn of_file(&self, entry: &Entry) -> impl Iterator<Item = &'k DeliveryRecord> {
        let named = self.by_name.get(entry.name.as_str()).map_or(&[][..], Vec::as_slice);
        named.iter().rev().copied().filter(move |record| is_file_of(record, entry))
    }

    /// Whether a delivery of this coverage came from a file of this size that only its bytes can tell from this one: of the same name, touched
    /// since, by its time, inode or what its file system says; of whatever name, where it was withdrawn and may have been renamed.
    pub fn has_size_of(&self, entry: &Entry, covers: Option<&Coverage>) -> bool {
        let of_size = |record: &DeliveryRecord| record.files().any(|file| file.bytes == entry.size && file.name == entry.name);
        let named = self.by_name.get(entry.name.as_str()).map_or(&[][..], Vec::as_slice);
        let withdrawn = self.withdrawn.get(&entry.size).map_or(&[][..], Vec::as_slice);
        let covers_the_same = |record: &DeliveryRecord| record.covers().as_ref() == covers;
        named.iter().any(|record| of_size(record) && covers_the_same(record)) || withdrawn.iter().any(|record| covers_the_same(record))
    }

    /// Whether a delivery waits for a person's word.
    pub fn waits(&self, record: &DeliveryRecord) -> bool {
        record.waits(self.records.iter().copied())
    }

    /// Whether it was refused as a copy of a delivery that counts no more.
    pub fn is_freed(&self, record: &DeliveryRecord) -> bool {
        is_freed(&self.records.iter().copied(), record)
    }
}
