//! What another feed takes over with much less than readers have seen: a feed that gets another name, or a ledger that follows another,
//! passes by the guard of single deliveries, for nothing of its own stood there before.

use std::collections::{BTreeMap, BTreeSet};

use super::{PeriodPlan, PeriodState, ReleasePlan, Slot, index::Index};
use crate::{
    domain::{Pence, Period},
    lake::{DeliveryRecord, DeliveryState, PeriodProof},
    pipeline::{Partnership, Shrunken},
    plan::enter::shrinks,
};

/// A council's period of one common table that other feeds take over, and of which less than half is left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shrinking {
    pub council: String,
    pub period: Period,
    /// What the latest release holds and the next one would not, and what comes instead.
    pub gone: Vec<Slot>,
    pub come: Vec<Slot>,
    /// Of what is gone, and of what comes: rows, and sums of absolute amounts in pence.
    pub before: (u64, Pence),
    pub after: (u64, Pence),
}

/// Looks for them council by council, table by table. `published` is what the latest release holds.
pub(super) fn shrinking(partnership: &Partnership, plan: &ReleasePlan, index: &Index<'_>, published: &BTreeSet<Slot>) -> Vec<Shrinking> {
    let mut groups: BTreeMap<(&str, Period, &str), (Vec<&Slot>, Vec<&Slot>)> = BTreeMap::new();
    for slot in published.iter().filter(|slot| is_gone(plan, slot)) {
        if let Some(record) = index.last_in(slot) {
            groups.entry((&slot.council, slot.period, &record.table)).or_default().0.push(slot);
        }
    }
    let comes = |(slot, entry): &(&Slot, &PeriodPlan)| entry.state == PeriodState::Counts && entry.rows > 0 && !published.contains(*slot);
    for (slot, _) in plan.periods.iter().filter(comes) {
        if let Some(record) = index.holder(slot)
            && let Some((_, come)) = groups.get_mut(&(slot.council.as_str(), slot.period, record.table.as_str()))
        {
            come.push(slot);
        }
    }
    let may_shrink = |slot: &&Slot| slot.declared(partnership).is_some_and(|feed| feed.shrunken == Shrunken::Counts);
    let one = |((council, period, _), (gone, come)): ((&str, Period, &str), (Vec<&Slot>, Vec<&Slot>))| {
        let (before, after) = (sum(&gone, |slot| index.last_in(slot)), sum(&come, |slot| index.holder(slot)));
        let asked = !come.is_empty() && !come.iter().all(may_shrink) && shrinks(&before, &after);
        let owned = |slots: Vec<&Slot>| slots.into_iter().cloned().collect();
        asked.then(|| Shrinking {
            council: council.to_owned(),
            period,
            gone: owned(gone),
            come: owned(come),
            before: (before.rows, before.absolute()),
            after: (after.rows, after.absolute()),
        })
    };
    groups.into_iter().filter_map(one).collect()
}

/// It counts no more, and no other report says so.
fn is_gone(plan: &ReleasePlan, slot: &Slot) -> bool {
    let state = plan.periods.get(slot).map_or(&PeriodState::NothingYet, |entry| &entry.state);
    !state.is_in_figures() && !plan.is_told(slot, state)
}

/// Rows and amounts of some slots; debits and credits are added up each by itself.
fn sum<'k>(slots: &[&Slot], of: impl Fn(&Slot) -> Option<&'k DeliveryRecord>) -> PeriodProof {
    let proofs = slots.iter().filter_map(|slot| of(slot)?.proof.periods.get(&slot.period.to_string()).copied());
    proofs.fold(PeriodProof::default(), |a, b| PeriodProof {
        rows: a.rows + b.rows,
        amount: a.amount + b.amount,
        debits: a.debits + b.debits,
        residue: a.residue.plus(b.residue),
        days: None,
    })
}

impl<'k> Index<'k> {
    /// The last delivery that came into a slot, whether it counts or was withdrawn since.
    fn last_in(&self, slot: &Slot) -> Option<&'k DeliveryRecord> {
        let came_in =
            |r: &&&DeliveryRecord| r.lake_version.is_some() && matches!(r.state, DeliveryState::Accepted | DeliveryState::Withdrawn);
        self.slots.get(slot)?.all.iter().filter(came_in).max_by_key(|r| r.turn()).copied()
    }
}
