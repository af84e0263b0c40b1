//! What tells of a release as a whole: its proofs, its dimensions, and the checks that are made on it.

use arrow::record_batch::RecordBatch;

use super::{
    CostRun, Costed, Ground,
    frozen::{closed_parts, found, not_asked_again},
    parts::Assembly,
    steps::Walk,
};
use crate::{
    crash,
    diagnostic::Answer,
    domain::Day,
    engine::{Table, Tables},
    lake::{Closings, DeliveryRecord, PublishedPart},
    plan::{Behind, CostPlan, CostSource, FOUND, GivenRows, ReleasePlan, Slot, does_not_fit, with_sender},
    run::record::Moved,
    schema::{
        Cell, Contract,
        batch::{in_columns, with_defaults},
    },
    stages::{prove, publish},
};

/// Reference tables that are published with every release, where they have a contract; without rows where a partnership has no such file.
const DIMENSIONS: [&str; 7] = ["account", "cost_centre", "agreement", "customer", "driver", "pool", "share"];

/// Published where a partnership has its contract.
const LATER_REGISTER: &str = "later_register";

/// Published where a partnership resolves pay.
const PAYROLL_DIFFERENCE: &str = "payroll_difference";

impl CostRun<'_> {
    /// Everything that tells of the release as a whole, and the checks.
    pub(super) fn proofs(
        &self,
        ground: &Ground<'_>,
        release: &ReleasePlan,
        walk: &Walk<'_>,
        assembly: &mut Assembly<'_>,
        costed: &mut Costed,
    ) -> Answer<()> {
        let lines = &walk.lines();
        let behind = release.behind(ground.known);
        let records = with_sender(self.partnership, &behind.iter().map(|behind| behind.record).collect::<Vec<_>>());
        let behind: Vec<Behind<'_>> = behind.iter().zip(&records).map(|(behind, record)| Behind { record, ..*behind }).collect();
        let records: Vec<&DeliveryRecord> = records.iter().collect();
        assembly.store("delivery", &publish::delivery_rows(self.partnership, &behind))?;
        self.small_tables(&records, lines, (release, ground.closings), walk.plan, assembly)?;
        let mut tables = self.check_tables(&records, lines, release, walk, assembly)?;
        if let Some((closed, published)) = closed_parts(ground.closings, &assembly.content)? {
            tables.insert("closed_part", Table::rows(closed.schema(), vec![closed]));
            tables.insert("published_part", Table::rows(published.schema(), vec![published]));
        }
        crash::point("cost.unproved")?;
        let step = self.begin("prove", "");
        costed.findings = prove::prove(&tables)?;
        self.end(step, Moved { rows: costed.findings.len() as u64, ..Moved::default() });
        crash::point("cost.proved")?;
        not_asked_again(ground.closings, &mut costed.findings);
        assembly.content.proofs.insert(FOUND.into(), found(ground.closings, &costed.findings));
        if let Some(classes) = tables.get("class_total") {
            costed.coverage = prove::account_coverage(self.partnership, classes.clone())?;
        }
        (costed.listed, costed.to_pay) = self.listed(&costed.findings, lines, assembly)?;
        let checked = lines.iter().map(|(_, p)| p.rows).sum();
        assembly.store("check_result", &prove::check_rows(&costed.findings, checked, &tables, &costed.coverage))?;
        self.verdict(costed, lines, assembly)
    }

    /// Reconciliation and dimensions.
    fn small_tables(
        &self,
        records: &[&DeliveryRecord],
        lines: &[(CostSource, PublishedPart)],
        (release, closings): (&ReleasePlan, &Closings),
        plan: &CostPlan,
        assembly: &mut Assembly<'_>,
    ) -> Answer<()> {
        assembly.store("reconciliation", &prove::reconciliation(records, lines)?)?;
        let missing = |period| release.missing_in(period, closings);
        let of_release = publish::dimensions(self.partnership, &release.release_periods(), &release.last_good_periods(), missing);
        for (name, rows) in of_release {
            assembly.store(name, &rows)?;
        }
        if self.partnership.contracts.contains_key(&format!("published/{LATER_REGISTER}")) {
            let row = |(slot, day): (&Slot, Day)| {
                let of = [slot.council.as_str().into(), slot.feed.as_str().into()];
                let at: [Cell; 3] = [i64::from(slot.period.year).into(), i64::from(slot.period.period).into(), Cell::Day(day.0)];
                of.into_iter().chain(at).collect::<Vec<Cell>>()
            };
            let rows: Vec<_> = release.later_registers_read(self.partnership.calendar).into_iter().map(row).collect();
            assembly.store(LATER_REGISTER, &rows)?;
        }
        for name in DIMENSIONS {
            let contract = self.partnership.contracts.get(&format!("published/{name}"));
            let (Some(contract), Some(given)) = (contract, plan.given.get(name)) else { continue };
            if let GivenRows::Here(rows) = &given.rows {
                assembly.store_batch(name, &given.digest, as_published(contract, rows)?)?;
            }
        }
        Ok(())
    }

    /// What the checks are made on: what is about to be published, and the proofs behind it. Of these, those that have a contract are
    /// published; a partnership of the version before has none of them.
    fn check_tables(
        &self,
        records: &[&DeliveryRecord],
        lines: &[(CostSource, PublishedPart)],
        release: &ReleasePlan,
        walk: &Walk<'_>,
        assembly: &mut Assembly<'_>,
    ) -> Answer<Tables> {
        let mut tables = Tables::default();
        for (name, given) in &walk.plan.given {
            if let GivenRows::Here(rows) = &given.rows {
                tables.insert(name.as_str(), Table::rows(rows.schema(), vec![rows.clone()]));
            }
        }
        for name in ["class_total", "separation", "delivery"] {
            let of = assembly.content.tables.get(name).map_or(&[][..], Vec::as_slice);
            // Read once: a dozen checks ask for them.
            let mut rows = assembly.parts.batch_of(name, of)?;
            if name == "class_total" {
                rows = with_defaults(&rows, &prove::CLASSES_OF_THE_VERSION_BEFORE)?;
            }
            tables.insert(name, Table::rows(rows.schema(), vec![rows]));
        }
        let differences = match assembly.content.tables.get(PAYROLL_DIFFERENCE) {
            Some(of) => assembly.parts.batch_of(PAYROLL_DIFFERENCE, of)?,
            None => prove::no_payroll_difference()?,
        };
        tables.insert(PAYROLL_DIFFERENCE, Table::rows(differences.schema(), vec![differences]));
        for name in prove::CHECKS.iter().flat_map(|check| check.needs).chain(&prove::PROVED_IN) {
            let Some(of) = assembly.content.tables.get(*name).filter(|_| tables.get(name).is_none()) else { continue };
            tables.insert(*name, assembly.parts.rows_of(name, of)?);
        }
        for (name, rows) in prove::check_tables(self.partnership, records, lines)? {
            let contract = self.partnership.contracts.get(&format!("published/{name}"));
            if let Some(contract) = contract.filter(|_| prove::PUBLISHED_PROOFS.contains(&name)) {
                assembly.store_batch(name, assembly.inputs, as_published(contract, &rows)?)?;
            }
            tables.insert(name, Table::rows(rows.schema(), vec![rows]));
        }
        let more = [
            ("feed_period", prove::feed_period(self.partnership, release, lines)?),
            ("carried_feed", prove::carried_feed(lines)?),
            ("published_text", prove::published_text(&assembly.content.tables)?),
        ];
        for (name, rows) in more {
            tables.insert(name, Table::rows(rows.schema(), vec![rows]));
        }
        let meant = walk.meant.as_ref();
        let code_class = meant.map_or_else(prove::no_code_class, |meant| Ok(meant.code_class.clone()))?;
        let line_total = prove::line_total(meant.map_or(&[][..], |meant| meant.line_total.as_slice()))?;
        tables.insert("line_total", Table::rows(line_total.schema(), vec![line_total]));
        tables.insert("code_class", Table::rows(code_class.schema(), vec![code_class]));
        Ok(tables)
    }
}

/// Rows with the columns of a contract; those that they lack are null.
fn as_published(contract: &Contract, rows: &RecordBatch) -> Answer<RecordBatch> {
    in_columns(rows, &contract.arrow_schema()).map_err(|e| does_not_fit(&contract.name, &e))
}
