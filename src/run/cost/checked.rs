//! What the checks found, as reports: what stops publication, and what is published with a warning.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{CostRun, Costed, parts::Assembly};
use crate::{
    diagnostic::{Answer, Diagnostic, Severity},
    engine::Tables,
    lake::PublishedPart,
    plan::CostSource,
    stages::prove::{self, Finding, Listed},
};

impl CostRun<'_> {
    /// Failed checks as reports, what stops publication first. Where suspense does, the codes behind it are looked up: no
    /// release will show them.
    pub(super) fn verdict(&self, costed: &mut Costed, lines: &[(CostSource, PublishedPart)], assembly: &Assembly<'_>) -> Answer<()> {
        let limit = self.partnership.suspense_limit;
        let by_limit = |number: i16| (number == 12 && limit.stop) || (number == 5 && self.partnership.payroll_limit.stop);
        let blocks = |f: &Finding| f.check.blocks || by_limit(f.check.number);
        costed.stopped = in_order(costed.findings.iter().filter_map(|f| f.report(blocks(f))).collect());
        if limit.stop && costed.findings.iter().any(|f| f.check.number == 12 && !f.passed()) {
            let mut tables = Tables::default();
            tables.insert("cost_line", assembly.parts.table_of("cost_line", lines.iter().map(|(_, part)| part))?);
            costed.suspense = prove::suspense(self.partnership, &tables)?;
            let report = prove::over_limit(&costed.suspense, limit.pence, "pipelines/partnership.yaml");
            costed.stopped.iter_mut().filter(|d| d.code == report.code).for_each(|d| report.clone_into(d));
        }
        Ok(())
    }
}

impl CostRun<'_> {
    /// What is listed in what is about to be published, and who pays whom. Suspense over its limit is a warning already, or stops.
    pub(super) fn listed(
        &self,
        findings: &[Finding],
        lines: &[(CostSource, PublishedPart)],
        assembly: &Assembly<'_>,
    ) -> Answer<(Vec<Listed>, Vec<Listed>)> {
        let mut listing = BTreeMap::new();
        for name in prove::LISTING {
            if let Some(of) = assembly.content.tables.get(name) {
                listing.insert(name, assembly.parts.batch_of(name, of)?);
            }
        }
        let mut listed = prove::listed(&listing)?;
        let within = findings.iter().filter(|finding| finding.check.number == 12).all(Finding::passed);
        let has_suspense = |part: &&PublishedPart| part.facts.pointer("/suspense/rows").and_then(Value::as_u64).unwrap_or(0) > 0;
        let parts: Vec<&PublishedPart> = lines.iter().map(|(_, part)| part).filter(has_suspense).collect();
        if within && !parts.is_empty() {
            let mut tables = Tables::default();
            tables.insert("cost_line", assembly.parts.table_of("cost_line", parts)?);
            listed.extend(prove::suspense_listed(&prove::suspense(self.partnership, &tables)?));
        }
        Ok((listed, prove::to_pay(&listing)?))
    }
}

/// What stops first; where something does, no warning says that the release is published.
fn in_order(reports: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let (mut all, warnings): (Vec<_>, Vec<_>) = reports.into_iter().partition(|d| d.severity == Severity::Error);
    let stopped = !all.is_empty();
    let unpublished = "this alone stops nothing, but nothing was published; the last release is unchanged";
    let told = |warning: Diagnostic| if stopped { warning.outcome(unpublished) } else { warning };
    all.extend(warnings.into_iter().map(told));
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::codes::checks::{CHECK_BALANCE, CHECK_SIGN};

    #[test]
    fn beside_what_stops_no_warning_says_that_anything_was_published() {
        let warning = Diagnostic::warning(CHECK_SIGN, "income in debit").outcome("the release is published");
        assert_eq!(in_order(vec![warning.clone()]).first(), Some(&warning));
        let both = in_order(vec![warning, Diagnostic::new(CHECK_BALANCE, "a journal")]);
        assert_eq!(both[0].code, CHECK_BALANCE);
        assert!(both[1].outcome.contains("nothing was published"));
    }
}
