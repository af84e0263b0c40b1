//! What stands: the plan of the next release as reports read it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{
    diagnostic::{Answer, Diagnostic, codes},
    domain::decimal,
    lake::{Closings, DeliveryRecord, Lake, LakeFile, Manifest},
    pipeline::Partnership,
    plan::{
        ReleasePlan, Slot, Uncounted, lake_now, plan_release, plan_release_after, published_slots, rules_digest, run_digest,
        verdicts_of_release, verdicts_of_run,
    },
};

/// The register, the latest release, and what the next one would be made from.
pub struct Stand {
    pub records: Vec<DeliveryRecord>,
    pub latest: Option<Manifest>,
    pub plan: ReleasePlan,
    /// Every file of every common table as it is now, by table.
    pub files: Vec<(String, LakeFile)>,
    /// Which periods are closed.
    pub closings: Closings,
}

/// The lake, for who asks what it holds: of one that is gone nothing is said but that.
///
/// # Errors
/// TC1015; TC1002.
pub(super) fn lake_there(partnership: &Partnership) -> Answer<Lake> {
    let lake = Lake::at(&partnership.landing, &partnership.lake, &partnership.published)?;
    lake.must_be_there(false)?;
    Ok(lake)
}

impl Stand {
    /// The same for who says what there is to do: of a lake that is gone, or older than what is published, nothing but that.
    ///
    /// # Errors
    /// TC1014, TC1015; TC10…
    pub fn leading(partnership: &Partnership) -> Answer<Self> {
        Lake::at(&partnership.landing, &partnership.lake, &partnership.published)?.must_lead()?;
        Self::of(partnership)
    }

    /// Reads the register, the latest manifest and the common tables' logs.
    ///
    /// # Errors
    /// TC10…
    pub fn of(partnership: &Partnership) -> Answer<Self> {
        let lake = Lake::at(&partnership.landing, &partnership.lake, &partnership.published)?;
        let records = lake.register().all()?;
        let latest = lake.releases().latest()?;
        let now = lake_now(partnership, &lake.tables()?, latest.as_ref())?;
        let closings = lake.periods().closings()?;
        let before = plan_release(partnership, &records, &now.files, latest.as_ref(), &closings);
        // A run that published nothing wrote down what it could not make; of a release its manifest tells.
        let of_run = lake.last_run()?.filter(|run| run.get("blocked").is_some());
        let of_run = of_run.map(|run| verdicts_of_run(Some(&run), &run_digest(partnership, &rules_digest(partnership), &before, &records)));
        let verdicts = of_run.filter(|said| !said.is_empty()).unwrap_or_else(|| verdicts_of_release(latest.as_ref()));
        let plan = if verdicts.is_empty() {
            before
        } else {
            plan_release_after(partnership, &records, &now.files, latest.as_ref(), &closings, &verdicts)
        };
        Ok(Self { records, latest, plan, files: now.files, closings })
    }

    /// What was accepted and is in no figure: not by its state, or not yet.
    #[must_use]
    pub fn in_no_figure(&self) -> Vec<Uncounted> {
        let published: BTreeSet<Slot> = published_slots(self.latest.as_ref());
        self.plan.uncounted().into_iter().chain(self.plan.not_yet_published(&published)).collect()
    }
}

/// A line for each period that must wait or cannot be made, and once for all of them what that means and what to do.
#[must_use]
pub fn blocked_text<'d>(blocked: impl IntoIterator<Item = &'d Diagnostic>) -> String {
    let mut text = String::new();
    let mut blocked = blocked.into_iter().peekable();
    while let Some(report) = blocked.next() {
        text.push_str(&format!("{}: {}\n", report.code.id, report.seen));
        let same = blocked.peek().is_some_and(|next| (&next.outcome, &next.hint) == (&report.outcome, &report.hint));
        if !same {
            text.push_str(&format!("      data: {}\n      next: {}\n", report.outcome, report.hint));
        }
    }
    text
}

/// Of these, the periods that cannot be made: what others wait for is told with what they hold.
pub fn not_made(blocked: &[Diagnostic]) -> impl Iterator<Item = &Diagnostic> {
    blocked.iter().filter(|report| report.code != codes::control::PERIOD_BLOCKED)
}

/// A line for each feed and reason; empty where everything that was accepted is in the figures.
#[must_use]
pub fn uncounted_text(uncounted: &[Uncounted]) -> String {
    if uncounted.is_empty() {
        return String::new();
    }
    let lines: Vec<String> = uncounted.iter().map(|group| format!("  {}\n", group.sentence())).collect();
    format!("accepted, and in no figure:\n{}", lines.concat())
}

/// The same for programs.
#[must_use]
pub fn uncounted_json(uncounted: &[Uncounted]) -> Vec<Value> {
    let one = |group: &Uncounted| {
        json!({"feed": group.feed, "state": group.state.as_str(), "reason": group.state.reason(), "rows": group.rows,
            "amount": group.pounds().map(decimal), "absolute_amount": group.pounds().map(|_| decimal(group.absolute_pence)), "periods": group.periods.iter().map(ToString::to_string).collect::<Vec<_>>()})
    };
    uncounted.iter().map(one).collect()
}
