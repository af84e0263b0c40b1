//! What becomes of one period of one feed by itself; whether others let its period be published is looked at afterwards.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    PeriodPlan, PeriodState, Slot,
    index::{self, Index},
};
use crate::{
    domain::Period,
    lake::{DeliveryRecord, DeliveryState, LakeFile},
    pipeline::{Basis, Partnership},
};

/// Rows of the common tables by slot.
pub(super) fn rows_of(files: &[(String, LakeFile)]) -> BTreeMap<Slot, u64> {
    let mut rows = BTreeMap::new();
    for (_, file) in files {
        *rows.entry(Slot::of_file(file)).or_default() += file.rows;
    }
    rows
}

/// Whatever is known of; declared feeds for every period of which anything is known.
pub(super) fn all_slots(
    partnership: &Partnership,
    index: &Index<'_>,
    rows: &BTreeMap<Slot, u64>,
    published: &BTreeSet<Slot>,
) -> BTreeSet<Slot> {
    let mut slots: BTreeSet<Slot> = index.slots.keys().chain(published).chain(rows.keys()).cloned().collect();
    let periods: BTreeSet<Period> = slots.iter().map(|slot| slot.period).collect();
    slots.extend(partnership.feeds.iter().flat_map(|feed| periods.iter().map(|period| Slot::of_feed(feed, *period))));
    slots
}

pub(super) fn period_plan(partnership: &Partnership, index: &Index<'_>, read: &BTreeSet<String>, rows: u64, slot: &Slot) -> PeriodPlan {
    let known = index.slots.get(slot);
    let holder = known.and_then(|known| known.holder);
    let state = state_of(partnership, slot, known, read, rows > 0);
    let passed_over = known.map_or(&[][..], |known| known.all.as_slice()).iter().filter(|record| {
        let counts_not = record.state != DeliveryState::Accepted;
        counts_not && holder.is_none_or(|holder| index::is_newer(record, holder))
    });
    let (accepted, pence) = holder.map_or((0, 0), |holder| index::brought(holder, slot.period));
    PeriodPlan {
        rows: if holder.is_some_and(|holder| holder.lost) { accepted } else { rows },
        state,
        delivery: holder.map(|holder| holder.delivery_id.clone()),
        pence,
        absolute_pence: holder.map_or(0, |holder| index::brought_absolute(holder, slot.period)),
        no_pounds: holder.is_some_and(|holder| holder.proof.no_pounds),
        passed_over: passed_over.map(|record| record.delivery_id.clone()).collect(),
        as_at: None,
        is_read: true,
    }
}

/// What becomes of a slot by itself; whether others let its period be published is looked at afterwards.
fn state_of(
    partnership: &Partnership,
    slot: &Slot,
    known: Option<&index::Known<'_>>,
    read: &BTreeSet<String>,
    has_rows: bool,
) -> PeriodState {
    let first = partnership.calendar.days_of(slot.period).0;
    let holder = known.and_then(|known| known.holder);
    let is_withdrawn = known.is_some_and(|known| known.all.iter().any(|record| record.state == DeliveryState::Withdrawn));
    if holder.is_none() && is_withdrawn && !has_rows {
        return PeriodState::Withdrawn;
    }
    if !partnership.councils.iter().any(|council| *council.id == *slot.council) {
        return PeriodState::CouncilNotDeclared;
    }
    let Some(feed) = slot.declared(partnership) else { return PeriodState::FeedNotDeclared };
    match holder {
        None => PeriodState::NothingYet,
        Some(holder) if holder.lost => PeriodState::Lost,
        Some(_) if !feed.active.contains(first) => PeriodState::NotActive,
        Some(holder) if Basis::of_table(&holder.table).is_none() => beside_lines(partnership, slot, holder, read),
        Some(holder) => match partnership.basis_on(&slot.council, first) {
            Some(basis) if basis.common_table() == holder.table => PeriodState::Counts,
            other => PeriodState::NoBasis(other),
        },
    }
}

/// Of what holds no lines of cost: what only counts always counts; pay where its council's costs are read from anything. It is resolved into
/// the lines of a ledger alone, but payslips are as many on any basis, and a driver waits for them.
fn beside_lines(partnership: &Partnership, slot: &Slot, holder: &DeliveryRecord, read: &BTreeSet<String>) -> PeriodState {
    if !read.contains(&holder.table) {
        return PeriodState::NoCost(holder.table.clone());
    }
    let basis = partnership.basis_on(&slot.council, partnership.calendar.days_of(slot.period).0);
    if holder.proof.no_pounds || basis.is_some() { PeriodState::Counts } else { PeriodState::NoBasis(None) }
}
