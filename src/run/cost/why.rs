//! Whether the cost run has something to do, and why: what `plan` says.

use serde_json::json;

use super::{super::CostPlanned, CostRun};
use crate::{
    diagnostic::{Answer, codes},
    domain::counted,
    lake::DeliveryRecord,
    plan::{lake_now, plan_release, plan_release_after, rules_digest, run_digest, verdicts_of_release, verdicts_of_run},
};

impl CostRun<'_> {
    /// Whether the cost run has something to do, and why.
    pub(in crate::run) fn why_cost(&self, known: &[DeliveryRecord]) -> Answer<CostPlanned> {
        let (latest, flaws) = self.looked_at()?;
        let lake = lake_now(self.partnership, &self.tables, latest.as_ref())?;
        let closings = self.lake.periods().closings()?;
        let before = plan_release(self.partnership, known, &lake.files, latest.as_ref(), &closings);
        let rules = rules_digest(self.partnership);
        let is = |name: &str, value: &str| latest.as_ref().is_some_and(|m| m.content.proofs.get(name) == Some(&json!(value)));
        let inputs = run_digest(self.partnership, &rules, &before, known);
        let of_release = is("inputs", &inputs).then(|| verdicts_of_release(latest.as_ref()));
        let verdicts = of_release.map_or_else(|| Ok(verdicts_of_run(self.lake.last_run()?.as_ref(), &inputs)), Answer::Ok)?;
        let release = plan_release_after(self.partnership, known, &lake.files, latest.as_ref(), &closings, &verdicts);
        let stops = release.stops(&[]);
        let (would_run, why) = if let Some(first) = stops.first() {
            let more = if stops.len() > 1 { format!(" (and {})", counted(stops.len() as u64 - 1, "more report")) } else { String::new() };
            (false, format!("nothing would be published: {}: {}{more}", first.code.id, first.seen))
        } else if release.is_empty() && !release.not_made.is_empty() {
            (false, "nothing would be published: every period is blocked".to_owned())
        } else if release.is_empty() {
            (false, "nothing to do: no common table holds a line of the basis in use".to_owned())
        } else if flaws > 0 {
            (true, format!("would make again what is gone or damaged of the latest release: {}", counted(flaws as u64, "file")))
        } else if is("inputs", &inputs) {
            (false, "nothing to do: lines, rules, contracts and program are those of the latest release".to_owned())
        } else if latest.is_none() {
            (true, format!("would publish the first release, of {}", counted(release.sources.len() as u64, "partition")))
        } else if is("rules", &rules) {
            (true, "would publish a release: the common tables or their proofs changed".to_owned())
        } else {
            (true, "would publish a release: a rule, a query, a contract, the partnership file or the program changed".to_owned())
        };
        let waits = match release.blocked.iter().filter(|report| report.code == codes::control::PERIOD_BLOCKED).count() {
            0 => String::new(),
            1 => "; 1 period waits for a required feed".to_owned(),
            n => format!("; {n} periods wait for a required feed"),
        };
        let waits = match release.not_made.len() {
            0 => waits,
            1 => format!("; 1 period is blocked{waits}"),
            n => format!("; {n} periods are blocked{waits}"),
        };
        Ok(CostPlanned { would_run, sentence: format!("{why}{waits}"), stops, uncounted: release.uncounted(), blocked: release.blocked })
    }
}
