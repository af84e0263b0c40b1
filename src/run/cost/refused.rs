//! Periods that kernels refuse are left out, and what reads of them is made once more.

use std::{cell::OnceCell, collections::BTreeSet};

use serde_json::json;

use super::{CostRun, Costed, Ground, made_so_far, steps::Walk};
use crate::{
    diagnostic::{Answer, Refusal},
    lake::{LakeFile, Manifest},
    plan::{ReleasePlan, Verdicts, plan_release_after, remembered, verdicts_of_run},
};

/// What stands after periods were left out: the plan of what is left, and the parts that were made so far.
pub(super) type Round = OnceCell<(ReleasePlan, Manifest)>;

/// Each month is refused for itself, a closing period for what its months have published: after two rounds there is nothing left to refuse.
pub(super) const ROUNDS: usize = 2;

impl CostRun<'_> {
    /// Walks again without the periods that were refused, until none is. Gives the plan of what is left (`None`: nothing was refused) with all
    /// that was said; `None` where nothing can be published.
    ///
    /// # Errors
    /// As [`Walk::all`]; what is still refused in the last round.
    pub(super) fn without_refused<'a>(
        &self,
        ground: &Ground<'_>,
        files: &[(String, LakeFile)],
        walk: &mut Walk<'a>,
        rounds: &'a [Round; ROUNDS],
        costed: &mut Costed,
    ) -> Answer<Option<(Option<&'a ReleasePlan>, Verdicts)>> {
        let Ground { known, closings, latest, inputs, .. } = *ground;
        let (mut left, mut verdicts) = (None, Verdicts::new());
        for round in rounds {
            let mut refused = walk.refused();
            if refused.is_empty() {
                return Ok(Some((left, verdicts)));
            }
            // A closing period is judged by what its months publish, which is not known before: a blocked one may stand as it was.
            let calendar = self.partnership.calendar;
            let years: BTreeSet<i16> = refused.keys().filter(|period| !calendar.is_closing(**period)).map(|period| period.year).collect();
            refused.retain(|period, _| !calendar.is_closing(*period) || !years.contains(&period.year));
            let periods: BTreeSet<_> = refused.keys().copied().collect();
            verdicts.extend(refused);
            let after = plan_release_after(self.partnership, known, files, latest, closings, &verdicts);
            costed.refused = remembered(&verdicts).map(|(_, said)| json!({"inputs": inputs, "blocked": said}));
            costed.refused_before = remembered(&verdicts_of_run(self.lake.last_run()?.as_ref(), inputs)) == remembered(&verdicts);
            (costed.blocked, costed.uncounted, costed.stopped) = (after.blocked.clone(), after.uncounted(), self.stops(&after));
            if after.is_empty() || costed.failed() {
                return Ok(None);
            }
            let (after, before) = round.get_or_init(|| (after, made_so_far(walk)));
            walk.again(after, before, &periods, latest)?;
            left = Some(after);
        }
        let refused = walk.refused();
        if refused.is_empty() { Ok(Some((left, verdicts))) } else { Err(Refusal(refused.into_values().flatten().collect())) }
    }
}
