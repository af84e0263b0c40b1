//! Closed periods: what they were closed on stands, and what came since waits until somebody reopens them.

use super::{Carried, PeriodPlan, PeriodState, ReleasePlan, Slot, index::Index};
use crate::{
    diagnostic::{Diagnostic, Place, codes},
    domain::{Pence, Period, rows_and_pounds},
    lake::{Closings, DeliveryRecord, DeliveryState, Frozen},
    pipeline::Basis,
    plan::CostSource,
};

/// What came for a closed period and does not count there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AfterClose {
    pub slot: Slot,
    /// The delivery that would hold the period were it open, or the one that holds it as it is corrected by now; `None` where the one on which it was closed was withdrawn since.
    pub came: Option<Brought>,
    /// On what the period was closed; `None` where the feed had brought nothing.
    pub stands: Option<Brought>,
    /// The month whose lines stood in when it was closed.
    pub carried: Option<Period>,
    /// The closing release; `None` where the period was closed empty.
    pub release: Option<String>,
}

/// A delivery, as far as it is of one period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Brought {
    pub delivery: String,
    pub file: String,
    /// The run that judged it last.
    pub run: String,
    pub rows: u64,
    /// Debit positive; `None` where the rows have no pounds.
    pub pence: Option<Pence>,
}

impl Brought {
    fn of(record: &DeliveryRecord, slot: &Slot) -> Self {
        let (rows, pence) = super::index::brought(record, slot.period);
        let (delivery, file, run) = (record.delivery_id.clone(), record.source.name.clone(), record.run.clone());
        Self { delivery, file, run, rows, pence: (!record.proof.no_pounds).then_some(pence) }
    }

    fn sentence(&self) -> String {
        format!("delivery {} ({}, {})", self.delivery, self.file, rows_and_pounds(self.rows, self.pence))
    }
}

impl AfterClose {
    /// As a report.
    #[must_use]
    pub fn report(&self) -> Diagnostic {
        let Self { slot, came, stands, carried, release } = self;
        let (feed, period) = (slot.feed_name(), slot.period);
        let closed = release.as_ref().map_or_else(|| "empty".to_owned(), |release| format!("in release {release}"));
        let nothing = || carried.map_or_else(|| "nothing of this feed".to_owned(), |from| format!("lines of {from} that stood in"));
        let on = stands.as_ref().map_or_else(nothing, Brought::sentence);
        let is_same = |came: &Brought| stands.as_ref().is_some_and(|stands| stands.delivery == came.delivery);
        let what = came.as_ref().map_or_else(
            || format!("delivery {} was withdrawn", stands.as_ref().map_or("", |stands| &stands.delivery)),
            |came| format!("{} {}", came.sentence(), if is_same(came) { "was corrected" } else { "came" }),
        );
        Diagnostic::warning(codes::periods::AFTER_CLOSE, format!("{feed} {period}: {what} after the period was closed {closed} on {on}"))
            .place(Place::file(feed))
            .expected("whatever belongs to a period before it is closed")
            .outcome(format!("the lake holds what came; the figures of {period} stay as they were closed"))
            .hint(format!(
                "truecost period preview {period} says what it would change; it counts after truecost period reopen {period} --by NAME --reason TEXT"
            ))
    }
}

/// What becomes of a slot of a closed period.
pub(super) fn period_plan(index: &Index<'_>, frozen: &Frozen, slot: &Slot) -> PeriodPlan {
    let known = index.slots.get(slot);
    let (holder, late) = (known.and_then(|known| known.holder), known.and_then(|known| known.after_close));
    let is_withdrawn = known.is_some_and(|known| known.all.iter().any(|record| record.state == DeliveryState::Withdrawn));
    let carried = carried_in(frozen, slot);
    let state = match (holder, late) {
        (Some(_), _) => PeriodState::Frozen,
        (None, Some(_)) => PeriodState::Closed,
        (None, None) if carried.is_some() => carried.map_or(PeriodState::NothingYet, PeriodState::CarriedLines),
        (None, None) if is_withdrawn => PeriodState::Withdrawn,
        (None, None) => PeriodState::NothingYet,
    };
    let record = holder.or(late);
    let (brought, pence) = record.map_or((0, 0), |record| super::index::brought(record, slot.period));
    let of_slot = frozen.files.iter().filter(|(_, file)| Slot::of_file(file) == *slot);
    PeriodPlan {
        rows: if holder.is_some() { of_slot.map(|(_, file)| file.rows).sum() } else { brought },
        state,
        delivery: record.map(|record| record.delivery_id.clone()),
        pence,
        absolute_pence: record.map_or(0, |record| super::index::brought_absolute(record, slot.period)),
        no_pounds: record.is_some_and(|record| record.proof.no_pounds),
        passed_over: Vec::new(),
        as_at: None,
        is_read: true,
    }
}

/// The month whose lines stood in for a feed when the period was closed.
fn carried_in(frozen: &Frozen, slot: &Slot) -> Option<Period> {
    let of = frozen.closing.slots.iter().find(|of| of.council == slot.council && of.feed == slot.feed)?;
    of.carried.as_ref()?.month()
}

/// The files of lines of cost on which periods were closed.
pub(super) fn sources(closings: &Closings) -> Vec<CostSource> {
    let of = |frozen: &Frozen| {
        let one = |(table, file): &(String, crate::lake::LakeFile)| {
            let slot = Slot::of_file(file);
            let of = frozen.closing.slots.iter().find(|of| of.table == *table && of.council == slot.council && of.feed == slot.feed)?;
            let carried = match &of.carried {
                Some(carried) => Some(Carried { from: carried.month()?, pence: carried.pence()? }),
                None => None,
            };
            Some(CostSource { basis: Basis::of_table(table)?, file: file.clone(), delivery: of.delivery.clone(), carried })
        };
        frozen.files.iter().filter_map(one).collect::<Vec<_>>()
    };
    closings.closed().flat_map(|(_, frozen)| of(frozen)).collect()
}

/// The same, for who has no plan of a release in hand.
#[must_use]
pub fn came_after_close(deliveries: &[DeliveryRecord], closings: &Closings) -> Vec<AfterClose> {
    if closings.closed().next().is_none() { Vec::new() } else { after_close(&Index::of(deliveries, closings), closings) }
}

/// What came for closed periods since, by feed and period.
pub(super) fn after_close(index: &Index<'_>, closings: &Closings) -> Vec<AfterClose> {
    let one = |(slot, known): (&Slot, &super::index::Known<'_>)| {
        let frozen = closings.frozen(slot.period)?;
        // The same delivery holds other rows once a person has corrected some of it.
        let as_it_was = |record: &DeliveryRecord| (record.delivery_id.clone(), record.proof.corrected);
        let is_same = known.holder.map(as_it_was) == known.after_close.map(as_it_was);
        let brought = |record: Option<&DeliveryRecord>| record.map(|record| Brought::of(record, slot));
        let (came, stands) = (brought(known.after_close), brought(known.holder));
        let (carried, release) = (carried_in(frozen, slot), frozen.closing.release.clone());
        (!is_same).then(|| AfterClose { slot: slot.clone(), came, stands, carried, release })
    };
    index.slots.iter().filter_map(one).collect()
}

impl PeriodState {
    /// Whether its lines are cost of the next release.
    #[must_use]
    pub const fn is_in_figures(&self) -> bool {
        matches!(self, Self::Counts | Self::Frozen | Self::CarriedLines(_) | Self::Blocked { last_good: true, .. })
    }
}

impl ReleasePlan {
    /// Whether a delivery came for closed periods, and would hold one of them were it open.
    pub(super) fn came_late(&self, record: &DeliveryRecord) -> bool {
        let is_it = |late: &AfterClose| late.came.as_ref().is_some_and(|came| came.delivery == record.delivery_id);
        self.after_close.iter().any(is_it)
    }
}
