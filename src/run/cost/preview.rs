//! What a period would say were it open: made, compared, and thrown away.

use super::{CostRun, frozen::parts_of, parts::Assembly, restate::Compared};
use crate::{
    diagnostic::{Answer, Diagnostic, codes},
    domain::Period,
    lake::{Closing, Content, DeliveryRecord, Manifest},
    plan::{AfterClose, ReleasePlan, is_gone, lake_now, plan_release, rules_digest},
    run::period::stays_as_it_is,
    stages::restate::{Effects, Restated},
};

/// What a period would say otherwise.
#[derive(Clone, Debug)]
pub struct Previewed {
    pub period: Period,
    /// The release that it is compared with: the closing release, or the latest of a period that was never closed.
    pub release: Option<String>,
    /// Nothing of it is in that release.
    pub is_empty: bool,
    /// Whether it is closed.
    pub is_closed: bool,
    /// Whether the rules differ from those of that release.
    pub other_rules: bool,
    /// What came for it since it was closed.
    pub after_close: Vec<AfterClose>,
    /// `None` where no release could be made: [`Self::stops`] says why.
    pub restated: Option<Restated>,
    pub stops: Vec<Diagnostic>,
    /// That the pay behind it is gone, so that nothing of it can be made again.
    pub gone: Option<Diagnostic>,
}

impl CostRun<'_> {
    /// Makes what the period would be, sets it against what it is, and removes what was made.
    ///
    /// # Errors
    /// TC1403 where nothing is published of the period; as a run.
    pub fn preview(&self, known: &[DeliveryRecord], period: Period) -> Answer<Previewed> {
        let standing = self.standing()?;
        let closings = self.lake.periods().closings()?;
        let reopened = closings.reopenings().iter().rev().find(|reopening| reopening.period == period && reopening.again.is_none());
        let closing = match (closings.frozen(period), reopened, &standing.latest) {
            (Some(frozen), _, _) => frozen.closing.clone(),
            (None, Some(reopening), _) => reopening.closing.clone(),
            (None, None, Some(latest)) => as_published(latest, period).ok_or_else(|| nothing_of(period))?,
            (None, None, None) => return Err(nothing_of(period).into()),
        };
        let there = self.lake.releases().parts_there()?;
        let made = self.would_be(known, &closings.without(period), standing.latest.as_ref());
        let previewed = made.and_then(|(plan, content, stopped)| {
            let stopped = if content.is_none() { stopped } else { Vec::new() };
            self.previewed(period, &closing, (&plan, &stopped), content.as_ref())
        });
        self.lake.releases().remove_parts_but(&there)?;
        let lake = lake_now(self.partnership, &self.tables, standing.latest.as_ref())?;
        let now = plan_release(self.partnership, known, &lake.files, standing.latest.as_ref(), &closings);
        let after_close = now.after_close.into_iter().filter(|late| late.slot.period == period).collect();
        Ok(Previewed { after_close, is_closed: closings.is_closed(period), ..previewed? })
    }

    fn previewed(
        &self,
        period: Period,
        closing: &Closing,
        (plan, stopped): (&ReleasePlan, &[Diagnostic]),
        content: Option<&Content>,
    ) -> Answer<Previewed> {
        let mut previewed = Previewed {
            period,
            release: closing.release.clone(),
            is_empty: closing.slots.is_empty() && closing.parts.values().all(Vec::is_empty),
            is_closed: false,
            // What was closed empty was made by no rules.
            other_rules: !closing.rules.is_empty() && closing.rules != rules_digest(self.partnership),
            after_close: Vec::new(),
            restated: None,
            stops: plan.stops(&[]).into_iter().chain(stopped.iter().cloned()).collect(),
            gone: is_gone(plan.gone_of(period)).map(|gone| stays_as_it_is(period, &gone)),
        };
        if let Some(content) = content.filter(|_| previewed.stops.is_empty()) {
            let assembly = Assembly { parts: self.parts(None), content: Content::default(), inputs: "" };
            let compared = Compared { period, closing, content, effects: Effects::OnlyData };
            previewed.restated = Some(self.compare(&compared, &assembly)?);
        }
        Ok(previewed)
    }
}

/// A period of the latest release, as if it had been closed with it.
fn as_published(latest: &Manifest, period: Period) -> Option<Closing> {
    let parts = parts_of(&latest.content, period);
    let rules = latest.content.proofs.get("rules").and_then(|rules| rules.as_str()).unwrap_or_default().to_owned();
    let is_there = parts.values().any(|parts| !parts.is_empty());
    is_there.then(|| Closing { release: Some(latest.release.clone()), rules, parts, ..Closing::default() })
}

fn nothing_of(period: Period) -> Diagnostic {
    Diagnostic::new(codes::periods::NO_SUCH_CLOSING, format!("nothing is published of {period}"))
        .expected("a period that is closed, or in the latest release")
        .outcome("nothing was changed")
        .hint("truecost period list")
}
