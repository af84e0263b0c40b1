//! What stands: the plan of the next release as reports read it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{
    diagnostic::Answer,
    domain::decimal,
    lake::{DeliveryRecord, Lake, LakeFile, Manifest},
    pipeline::Partnership,
    plan::{ReleasePlan, Slot, Uncounted, lake_now, plan_release, published_slots},
};

/// The register, the latest release, and what the next one would be made from.
pub struct Stand {
    pub records: Vec<DeliveryRecord>,
    pub latest: Option<Manifest>,
    pub plan: ReleasePlan,
    /// Every file of every common table as it is now, by table.
    pub files: Vec<(String, LakeFile)>,
}

impl Stand {
    /// Reads the register, the latest manifest and the common tables' logs.
    ///
    /// # Errors
    /// TC10…
    pub fn of(partnership: &Partnership) -> Answer<Self> {
        let lake = Lake::at(&partnership.landing, &partnership.lake, &partnership.published)?;
        let records = lake.register().all()?;
        let latest = lake.releases().latest()?;
        let now = lake_now(partnership, &lake.tables()?, latest.as_ref())?;
        let plan = plan_release(partnership, &records, &now.files, latest.as_ref());
        Ok(Self { records, latest, plan, files: now.files })
    }

    /// What was accepted and is in no figure: not by its state, or not yet.
    #[must_use]
    pub fn in_no_figure(&self) -> Vec<Uncounted> {
        let published: BTreeSet<Slot> = published_slots(self.latest.as_ref());
        self.plan.uncounted().into_iter().chain(self.plan.not_yet_published(&published)).collect()
    }
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
            "amount": group.pounds().map(decimal), "periods": group.periods.iter().map(ToString::to_string).collect::<Vec<_>>()})
    };
    uncounted.iter().map(one).collect()
}
