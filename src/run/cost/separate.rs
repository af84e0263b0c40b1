//! The queries of `pipelines/cost/separate`, period by period.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use arrow::record_batch::RecordBatch;
use serde_json::Value;

use super::{super::Conductor, Line};
use crate::{
    diagnostic::Answer,
    domain::{Period, counted},
    engine::Tables,
    lake::{Content, Manifest, PublishedPart},
    pipeline::Basis,
    plan::{CostPlan, PlannedQuery, common, digest_of, lake_table, published},
    run::parallel::{each, lock},
    stages::{publish, separate::separate},
};

impl Conductor<'_> {
    /// The queries of `pipelines/cost/separate`, once for each delivery year × period that is not as it was.
    pub(super) fn separate(
        &self,
        plan: &CostPlan,
        rules: &str,
        lines: &[Line],
        latest: Option<&Manifest>,
        content: &mut Content,
    ) -> Answer<()> {
        let queries = plan.stage("separate");
        let mut by_period: BTreeMap<Period, Vec<&Line>> = BTreeMap::new();
        for line in lines {
            by_period.entry(line.source.file.period).or_default().push(line);
        }
        for query in &queries {
            content.tables.entry(query.table.clone()).or_default();
        }
        let periods = by_period.len();
        let separated = Mutex::new(BTreeMap::new());
        each(self.threads, by_period.into_iter().collect(), |(period, lines): (Period, Vec<&Line>)| {
            let one = self.separate_one(&queries, rules, period, &lines, latest)?;
            lock(&separated).insert(period, one);
            Ok(())
        })?;
        let mut made = 0;
        for (_, (fresh, parts)) in separated.into_inner().unwrap_or_else(PoisonError::into_inner) {
            made += usize::from(fresh);
            for (table, part) in parts {
                content.tables.entry(table).or_default().push(part);
            }
        }
        if made > 0 {
            self.step(&format!("separated {made} of {}", counted(periods as u64, "period")));
        }
        Ok(())
    }

    /// One period: whether its queries were run, and the part of each table.
    fn separate_one(
        &self,
        queries: &[&PlannedQuery],
        rules: &str,
        period: Period,
        lines: &[&Line],
        latest: Option<&Manifest>,
    ) -> Answer<(bool, Vec<(String, PublishedPart)>)> {
        let key = period.to_string();
        // The common files too: queries may read columns that a cost line does not have.
        let of_lines: Vec<&str> = lines.iter().flat_map(|line| [line.part.sha256.as_str(), line.source.file.name.as_str()]).collect();
        let inputs = digest_of(&[&[rules, key.as_str()][..], &of_lines[..]].concat());
        let taken: Vec<_> =
            queries.iter().filter_map(|q| Some((q.table.clone(), latest?.part(&q.table, &key, &inputs)?.clone()))).collect();
        if taken.len() == queries.len() && !self.wish.force {
            return Ok((false, taken));
        }
        let rows = separate(queries, self.period_tables(lines)?, period, self.partnership.calendar.days_of(period).1)?;
        let write = |(table, rows): (String, RecordBatch)| -> Answer<(String, PublishedPart)> {
            let staged = publish::write(published(self.partnership, &table)?, &rows, self.lake.releases().staging())?;
            let part = self.add_part(&table, &key, &inputs, &staged, Value::Null)?;
            Ok((table, part))
        };
        Ok((true, rows.into_iter().map(write).collect::<Answer<_>>()?))
    }

    /// What the queries of one period read.
    fn period_tables(&self, lines: &[&Line]) -> Answer<Tables> {
        let mut tables = self.reference_tables()?;
        tables.insert("cost_line", self.parts_table("cost_line", lines.iter().map(|line| &line.part))?);
        let classes: Vec<PublishedPart> = lines.iter().map(|line| line.classes.clone()).collect();
        tables.insert("class_total", self.rows_of("class_total", &classes)?);
        for basis in [Basis::Ledger, Basis::Payments] {
            let contract = common(self.partnership, basis.common_table())?;
            let files = lines.iter().map(|line| &line.source).filter(|source| source.basis == basis).map(|source| &source.file);
            tables.insert(basis.common_table(), lake_table(contract, files));
        }
        Ok(tables)
    }
}
