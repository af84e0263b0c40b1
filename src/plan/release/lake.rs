//! The common tables against the register: every accepted row is there, and every row there is an accepted one.
//!
//! Rows are compared in number. Which delivery's bytes a file holds is for the lake to say (`lake`, table commits).

use std::collections::BTreeMap;

use super::{Slot, index::Index, messages};
use crate::{
    diagnostic::Diagnostic,
    lake::{Closings, DeliveryRecord, Frozen, FrozenSlot, LakeFile},
    pipeline::{Basis, Partnership},
};

/// Whether a table is among those of which the lake's files are given.
fn looked_at(partnership: &Partnership, table: &str) -> bool {
    Basis::of_table(table).is_some() || partnership.contracts.contains_key(&format!("common/{table}"))
}

/// Accepted deliveries that hold a period and whose rows are to be brought in again, by id. What is lost of a feed that is not declared is
/// left to the report on that.
pub(super) fn lost(partnership: &Partnership, deliveries: &[DeliveryRecord], index: &Index<'_>) -> BTreeMap<String, Diagnostic> {
    let is_declared = |r: &DeliveryRecord| partnership.feeds.iter().any(|feed| r.is_of(&feed.council, &feed.id));
    let stands = |r: &DeliveryRecord| !index.held(r).0.is_empty();
    let lost = deliveries.iter().filter(|r| r.is_accepted() && r.lost && looked_at(partnership, &r.table));
    lost.filter(|r| is_declared(r) && stands(r)).map(|r| (r.delivery_id.clone(), messages::not_in_lake(r))).collect()
}

/// Where register and common tables say something else: TC1250 for each. Of a closed period the files on which it was closed are held
/// against the deliveries of then; what the lake holds now is nothing to it.
pub(super) fn disagreements(
    partnership: &Partnership,
    index: &Index<'_>,
    files: &[(String, LakeFile)],
    closings: &Closings,
) -> Vec<Diagnostic> {
    let is_open = |file: &LakeFile| !closings.is_closed(file.period);
    // Lines that stood in are no delivery's of that period: their own is looked at where they came.
    let stood_in = |frozen: &Frozen, file: &LakeFile| {
        let of = |slot: &&FrozenSlot| slot.council == file.council && slot.feed == file.feed;
        frozen.closing.slots.iter().find(of).is_some_and(|slot| slot.carried.is_some())
    };
    let frozen = closings.closed().flat_map(|(_, frozen)| frozen.files.iter().filter(move |(_, file)| !stood_in(frozen, file)));
    let files = files.iter().filter(|(_, file)| is_open(file)).chain(frozen);
    let mut rows: BTreeMap<(&str, Slot), u64> = BTreeMap::new();
    for (table, file) in files {
        *rows.entry((table.as_str(), Slot::of_file(file))).or_default() += file.rows;
    }
    let mut faults = Vec::new();
    let is_looked_at = |table: &str| looked_at(partnership, table);
    for (slot, known) in &index.slots {
        let Some(holder) = known.holder.filter(|holder| !holder.lost && is_looked_at(&holder.table)) else { continue };
        let there = rows.get(&(holder.table.as_str(), slot.clone())).copied().unwrap_or(0);
        let (accepted, _) = super::index::brought(holder, slot.period);
        if there != accepted {
            faults.push(messages::rows_missing(slot, &holder.table, accepted, there));
        }
    }
    for ((table, slot), there) in rows.iter().filter(|(_, rows)| **rows > 0) {
        // Rows of a lost delivery may still be there: they are brought in again.
        let owned = index.holder(slot).is_some_and(|holder| holder.lost || holder.table == *table);
        if !owned {
            faults.push(messages::ownerless_rows(table, slot, *there));
        }
    }
    faults
}
