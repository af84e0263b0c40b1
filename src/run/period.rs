//! Closing and reopening periods: events of the lake, written under its lock.

use serde_json::json;

use super::{Conductor, Options, Previewed, Silent, clock::Clock, cost::CostRun};
use crate::{
    diagnostic::{Answer, Diagnostic, Refusal, codes},
    domain::Period,
    engine::deeply,
    lake::{Closing, Closings, DeliveryRecord, Lock, Manifest, PeriodAct, PeriodEvent},
    pipeline::Partnership,
    plan::{CloseAsked, LakeNow, Objection, ReleasePlan, is_gone, lake_now, plan_release, rules_digest, run_digest},
};

/// What a person asks.
#[derive(Clone, Debug)]
pub struct PeriodAsked {
    pub act: PeriodAct,
    pub period: Period,
    pub by: String,
    pub reason: String,
    /// Close it although something speaks against it, and why.
    pub anyway: Option<String>,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeriodDone {
    /// The event that holds now: of this command, or an earlier one that did the same already.
    pub event: PeriodEvent,
    /// On what the period was closed; of a reopening, what was let go. `None` where it had been open before.
    pub closed: Option<PeriodEvent>,
    /// Whether nothing had to be done.
    pub already: bool,
    /// Of a reopening: that the pay behind the period is gone, so that nothing of it can be made again.
    pub gone: Option<Diagnostic>,
    /// Of a closing, periods of the year that were closed before and are open again.
    pub reopened: Vec<Period>,
}

impl PeriodDone {
    fn new(event: PeriodEvent, closed: Option<PeriodEvent>, already: bool) -> Self {
        Self { event, closed, already, gone: None, reopened: Vec::new() }
    }
}

/// Closes or reopens a period.
///
/// # Errors
/// TC0112 where nobody says who or why; TC1402 with each reason why it cannot be closed; TC1403 where there is nothing to close or reopen;
/// TC1004 where a run holds the lake; TC10….
pub fn period(partnership: &Partnership, asked: &PeriodAsked, clock: &dyn Clock) -> Answer<PeriodDone> {
    named(asked)?;
    let now = clock.now();
    let options = Options { threads: 1, ..Options::default() };
    let mut conductor = Conductor::new(partnership, &options, clock, &Silent)?;
    let held = conductor.lake.lock(&format!("truecost period {}", verb(asked.act)), &now.iso())?;
    conductor.take_over(&held)?;
    let known = conductor.lake.register().all()?;
    conductor.number = conductor.lake.next_number(&known)?;
    let closings = conductor.lake.periods().closings()?;
    match asked.act {
        PeriodAct::Closed => conductor.close(asked, &held, &known, &closings),
        PeriodAct::Reopened => conductor.reopen(asked, &held, &known, &closings),
    }
}

/// What a period would say were it open, or were it made again by the rules of now: nothing is published and nothing kept.
///
/// # Errors
/// TC1403 where nothing is published of it; TC1004 where a run holds the lake; as a run.
pub fn preview(partnership: &Partnership, period: Period, clock: &dyn Clock) -> Answer<Previewed> {
    deeply(|| {
        let now = clock.now();
        let options = Options { threads: 1, ..Options::default() };
        let conductor = Conductor::new(partnership, &options, clock, &Silent)?;
        let held = conductor.lake.lock("truecost period preview", &now.iso())?;
        conductor.lake.recover(&held)?;
        let known = conductor.lake.register().all()?;
        CostRun(&conductor).preview(&known, period)
    })
}

const fn verb(act: PeriodAct) -> &'static str {
    match act {
        PeriodAct::Closed => "close",
        PeriodAct::Reopened => "reopen",
    }
}

/// Who and why must be said.
fn named(asked: &PeriodAsked) -> Answer<()> {
    let anyway = if asked.anyway.is_some() { " --anyway TEXT" } else { "" };
    let verb = verb(asked.act);
    let said = [("--by", Some(&asked.by)), ("--reason", Some(&asked.reason)), ("--anyway", asked.anyway.as_ref())];
    match said.iter().find(|(_, text)| text.is_some_and(|text| text.trim().is_empty())) {
        Some((option, _)) => Err(Diagnostic::new(codes::command::NOT_SAID, format!("{option} says nothing"))
            .expected("who decides, and why: both are kept with the period")
            .outcome("nothing was changed")
            .hint(format!("truecost period {verb} {} --by NAME --reason TEXT{anyway}", asked.period))
            .into()),
        None => Ok(()),
    }
}

impl Conductor<'_> {
    fn event(&self, asked: &PeriodAsked, closing: Option<Closing>, overridden: &[Objection]) -> PeriodEvent {
        PeriodEvent {
            number: self.number,
            period: asked.period.to_string(),
            act: asked.act,
            by: asked.by.trim().to_owned(),
            reason: asked.reason.trim().to_owned(),
            at: self.clock.now().iso(),
            anyway: asked.anyway.clone().filter(|_| !overridden.is_empty()),
            overridden: overridden.iter().map(|objection| objection.seen.clone()).collect(),
            closing,
        }
    }

    fn close(&self, asked: &PeriodAsked, held: &Lock, known: &[DeliveryRecord], closings: &Closings) -> Answer<PeriodDone> {
        if let Some(frozen) = closings.frozen(asked.period) {
            return Ok(PeriodDone::new(frozen.event.clone(), Some(frozen.event.clone()), true));
        }
        self.has_begun(asked.period)?;
        let latest = self.lake.releases().latest()?;
        let lake = lake_now(self.partnership, &self.tables, latest.as_ref())?;
        let plan = plan_release(self.partnership, known, &lake.files, latest.as_ref(), closings);
        let inputs = self.inputs(&plan, known);
        let is_current = latest.as_ref().is_some_and(|m| m.content.proofs.get("inputs") == Some(&json!(inputs)));
        let ask = CloseAsked {
            partnership: self.partnership,
            period: asked.period,
            plan: &plan,
            deliveries: known,
            closings,
            latest: latest.as_ref(),
            is_current,
        };
        let objections = ask.objections();
        let in_the_way = |objection: &&Objection| !objection.may_be_overridden || asked.anyway.is_none();
        let refused: Vec<Diagnostic> = objections.iter().filter(in_the_way).map(|objection| objection.report(asked.period)).collect();
        if !refused.is_empty() {
            return Err(Refusal(refused));
        }
        let closing = match &latest {
            Some(latest) if !ask.is_empty() => {
                let closing = plan.closing(self.partnership, known, &lake.files, latest, asked.period);
                Closing { without: ask.without(), ..closing }
            }
            latest => {
                Closing { release: latest.as_ref().map(|latest| latest.release.clone()), without: ask.waived(), ..Closing::default() }
            }
        };
        let event = self.event(asked, Some(closing), &objections);
        self.changes_nothing(&event, known, &lake, latest.as_ref(), closings, &inputs)?;
        self.lake.periods().enter(held, &event)?;
        let reopened = closings.reopened_of(asked.period.year).into_iter().filter(|period| *period != asked.period).collect();
        Ok(PeriodDone { reopened, ..PeriodDone::new(event.clone(), Some(event), false) })
    }

    /// What the release is made from, whether the period is closed or not: closing takes nothing in and leaves nothing out.
    fn changes_nothing(
        &self,
        event: &PeriodEvent,
        known: &[DeliveryRecord],
        lake: &LakeNow,
        latest: Option<&Manifest>,
        closings: &Closings,
        inputs: &str,
    ) -> Answer<()> {
        let events = closings.events().iter().cloned().chain([event.clone()]).collect();
        let closed = Closings::of(events, self.lake.folder()).waiving_as(closings);
        let after = self.inputs(&plan_release(self.partnership, known, &lake.files, latest, &closed), known);
        if after == inputs {
            return Ok(());
        }
        Err(Diagnostic::new(codes::periods::CLOSED_CHANGED, format!("closing {} would change what the release is made from", event.period))
            .expected("the same lines and deliveries before and after closing")
            .outcome("nothing was changed; the period is open")
            .hint("this is a fault of truecost: report it with the output of `truecost status --json`")
            .into())
    }

    fn inputs(&self, plan: &ReleasePlan, known: &[DeliveryRecord]) -> String {
        run_digest(self.partnership, &rules_digest(self.partnership), plan, known)
    }

    fn has_begun(&self, period: Period) -> Answer<()> {
        let (first, today) = (self.partnership.calendar.days_of(period).0, self.clock.now().civil_day());
        if today.is_none_or(|today| first <= today) {
            return Ok(());
        }
        Err(Diagnostic::new(codes::periods::NO_SUCH_CLOSING, format!("{period} begins on {first}, which is to come"))
            .expected("a period that has begun")
            .outcome("nothing was changed")
            .hint("truecost period list")
            .into())
    }

    fn reopen(&self, asked: &PeriodAsked, held: &Lock, known: &[DeliveryRecord], closings: &Closings) -> Answer<PeriodDone> {
        let Some(frozen) = closings.frozen(asked.period) else {
            let open = closings.reopenings().iter().rev().find(|reopening| reopening.period == asked.period);
            return match open {
                Some(reopening) => Ok(PeriodDone::new(reopening.event.clone(), None, true)),
                None => Err(Diagnostic::new(codes::periods::NO_SUCH_CLOSING, format!("{} was never closed", asked.period))
                    .expected("a closed period")
                    .outcome("nothing was changed; what comes for it counts")
                    .hint("truecost period list")
                    .into()),
            };
        };
        // Where the latest release is gone, nothing of it decides whose rows the period is made of.
        let latest = self.lake.releases().latest().unwrap_or_default();
        let lake = lake_now(self.partnership, &self.tables, latest.as_ref())?;
        let plan = plan_release(self.partnership, known, &lake.files, latest.as_ref(), &closings.without(asked.period));
        let gone = is_gone(plan.gone_of(asked.period)).map(|gone| stays_as_it_is(asked.period, &gone));
        let event = self.event(asked, None, &[]);
        self.lake.periods().enter(held, &event)?;
        Ok(PeriodDone { gone, ..PeriodDone::new(event, Some(frozen.event.clone()), false) })
    }
}

/// Said of a period that is open again, and that is not made again of what comes for it.
pub(super) fn stays_as_it_is(period: Period, gone: &Diagnostic) -> Diagnostic {
    Diagnostic::warning(gone.code, format!("{period}: {}", gone.seen))
        .expected("pay that is younger than `retention.personal`, for a period that is to be made again")
        .outcome("its published figures stay as they are, whatever comes for it and whatever rules change")
        .hint("where the pay comes again from its sender, the period is made of that; else: truecost period close, when it is to be closed again")
}
