//! The queries of `pipelines/cost/separate`, period by period.

use std::collections::BTreeMap;

use super::{
    CostRun,
    parts::{Filled, Made, Parts, Unit},
};
use crate::{
    diagnostic::Answer,
    domain::{Period, counted},
    engine::Tables,
    lake::Content,
    pipeline::Basis,
    plan::{CostPlan, CostSource, common, digest_of, lake_table},
    stages::separate::separate,
};

impl CostRun<'_> {
    /// The queries of `pipelines/cost/separate`, once for each delivery year × period that is not as it was.
    pub(super) fn separate(
        &self,
        plan: &CostPlan,
        rules: &str,
        lines: &[Filled<CostSource>],
        parts: &Parts<'_>,
        content: &mut Content,
    ) -> Answer<()> {
        let queries = plan.stage("separate");
        let mut by_period: BTreeMap<Period, Vec<&Filled<CostSource>>> = BTreeMap::new();
        for line in lines {
            by_period.entry(line.of.file.period).or_default().push(line);
        }
        let periods = by_period.len();
        let work = parts.look(
            queries.iter().map(|q| q.table.as_str()).collect(),
            by_period.into_iter().map(|(period, lines)| unit(rules, period, lines)).collect(),
        );
        let filled = work.fill(|(period, lines)| {
            let rows = separate(&queries, self.period_tables(lines, parts)?, *period, self.partnership.calendar.days_of(*period).1)?;
            Ok(rows.into_iter().map(|(_, rows)| Made::Rows(rows)).collect())
        })?;
        let made = filled.iter().filter(|period| period.fresh).count();
        if made > 0 {
            self.step(&format!("separated {made} of {}", counted(periods as u64, "period")));
        }
        for (at, query) in queries.iter().enumerate() {
            let of_query = filled.iter().filter_map(|period| period.parts.get(at)).cloned();
            content.tables.insert(query.table.clone(), of_query.collect());
        }
        Ok(())
    }

    /// What the queries of one period read.
    fn period_tables(&self, lines: &[&Filled<CostSource>], parts: &Parts<'_>) -> Answer<Tables> {
        let mut tables = self.reference_tables()?;
        let of = |at: usize| lines.iter().filter_map(move |line| line.parts.get(at));
        tables.insert("cost_line", parts.table_of("cost_line", of(0))?);
        tables.insert("class_total", parts.rows_of("class_total", of(1))?);
        for basis in [Basis::Ledger, Basis::Payments] {
            let contract = common(self.partnership, basis.common_table())?;
            let files = lines.iter().map(|line| &line.of).filter(|source| source.basis == basis).map(|source| &source.file);
            tables.insert(basis.common_table(), lake_table(contract, files));
        }
        Ok(tables)
    }
}

/// One period. The common files decide too: queries may read columns that a cost line does not have.
fn unit<'l>(rules: &str, period: Period, lines: Vec<&'l Filled<CostSource>>) -> Unit<(Period, Vec<&'l Filled<CostSource>>)> {
    let key = period.to_string();
    let sums = lines.iter().flat_map(|line| line.parts.iter().map(|part| part.sha256.as_str()).chain([line.of.file.name.as_str()]));
    let inputs = digest_of(&[rules, key.as_str()].into_iter().chain(sums).collect::<Vec<_>>());
    Unit { key, inputs, of: (period, lines) }
}
