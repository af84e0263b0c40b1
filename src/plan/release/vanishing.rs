//! Periods that were published do not vanish unless a person lets them go.

use std::collections::{BTreeMap, BTreeSet};

use super::{PeriodState, ReleasePlan, Slot, messages};
use crate::{diagnostic::Diagnostic, domain::Period, lake::Closings};

/// A council's period that the latest release holds and the next one would not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vanishing {
    pub council: String,
    pub period: Period,
    /// What the latest release holds of it, with what has become of it since.
    pub held: Vec<(Slot, PeriodState)>,
}

/// Whether a person said by name that nothing of it counts: what was brought is withdrawn; or nothing was, what stood in for it has been
/// published, and the month is waived.
fn is_said(closings: &Closings, slot: &Slot, state: &PeriodState) -> bool {
    match state {
        PeriodState::Withdrawn => true,
        PeriodState::Waived | PeriodState::NothingYet => closings.is_waived(&slot.council, &slot.feed, slot.period),
        _ => false,
    }
}

impl ReleasePlan {
    /// Council by period: what the latest release holds, and the next one would not, although nobody said so.
    pub(super) fn vanishing(&self, published: &BTreeSet<Slot>, closings: &Closings) -> Vec<Vanishing> {
        let stays = |council: &str, period: Period| {
            let of_sources = self.sources.iter().any(|s| s.file.council == council && s.file.period == period);
            of_sources || self.keeps(council, period) || self.empty.iter().any(|slot| slot.council == council && slot.period == period)
        };
        let mut before: BTreeMap<(&str, Period), Vec<(Slot, PeriodState)>> = BTreeMap::new();
        for slot in published {
            let state = self.periods.get(slot).map_or(PeriodState::NothingYet, |entry| entry.state.clone());
            before.entry((&slot.council, slot.period)).or_default().push((slot.clone(), state));
        }
        before
            .into_iter()
            .filter(|((council, period), _)| !stays(council, *period))
            .filter(|(_, held)| held.iter().any(|(slot, state)| !is_said(closings, slot, state) && !self.is_told(slot, state)))
            .map(|((council, period), held)| Vanishing { council: council.to_owned(), period, held })
            .collect()
    }

    /// Whether another report stops publication because of it already.
    pub(super) fn is_told(&self, slot: &Slot, state: &PeriodState) -> bool {
        let has_rows = self.periods.get(slot).is_some_and(|entry| entry.rows > 0);
        has_rows && matches!(state, PeriodState::FeedNotDeclared | PeriodState::CouncilNotDeclared | PeriodState::Lost)
    }

    /// Periods that vanish or shrink unless a person lets them go.
    #[must_use]
    pub fn to_let_go(&self) -> BTreeSet<Period> {
        self.vanishing.iter().map(|v| v.period).chain(self.shrinking.iter().map(|s| s.period)).collect()
    }

    /// What stops publication. `let_go` are the periods that a person lets vanish or shrink.
    #[must_use]
    pub fn stops(&self, let_go: &[Period]) -> Vec<Diagnostic> {
        self.stops_where(let_go, |_| true)
    }

    /// The same, and of lost deliveries only those that `is_lost` names by their ids.
    #[must_use]
    pub fn stops_where(&self, let_go: &[Period], is_lost: impl Fn(&str) -> bool) -> Vec<Diagnostic> {
        let lost = self.lost.iter().filter(|(id, _)| is_lost(id)).map(|(_, report)| report.clone());
        let vanishing: Vec<&Vanishing> = self.vanishing.iter().filter(|v| !let_go.contains(&v.period)).collect();
        let shrinking = self.shrinking.iter().filter(|s| !let_go.contains(&s.period)).map(messages::would_shrink);
        lost.chain(self.faults.iter().cloned()).chain(messages::would_vanish(&vanishing)).chain(shrinking).collect()
    }
}
