//! The rows that a step makes of what it reads: published tables, given ones, and those that nobody publishes.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use arrow::{compute::concat_batches, record_batch::RecordBatch};

use super::{
    kernels::work,
    steps::{PAY_LINE, Walk},
};
use crate::{
    crash,
    diagnostic::{Answer, Diagnostic, Refusal, codes},
    domain::Period,
    engine::{Table, Tables},
    lake::PublishedPart,
    pipeline::Kernel,
    plan::{
        BesideSource, CostSource, GivenRows, Grain, How, KernelInput, Scope, Step, common, does_not_fit, lake_table, nil_in, nil_returns,
        scope_of, standing_periods,
    },
    run::parallel::lock,
    stages::separate::separate,
};

/// Whole tables that nobody publishes, made for the steps in hand.
pub(super) type Lookups = BTreeMap<String, RecordBatch>;

impl Walk<'_> {
    /// Whole tables that nobody publishes and that steps which stand together need for what is stale: of the periods in hand where they only
    /// look up in them, and none where nothing is there to be looked up: no pay, and no volumes.
    pub(super) fn lookups_for(&self, steps: &[&Step], stale: &[&Scope]) -> Answer<Lookups> {
        if stale.is_empty() {
            return Ok(Lookups::new());
        }
        if !steps.iter().all(|step| self.plan.only_looks_up(step)) {
            return self.lookups(steps, &Scope::Whole);
        }
        let sources = self.periods_with_more(steps, stale);
        if sources.is_empty() { Ok(Lookups::new()) } else { self.lookups(steps, &Scope::These(sources)) }
    }

    /// All partitions of those periods in hand for which steps need more than ledgers and payments.
    fn periods_with_more(&self, steps: &[&Step], stale: &[&Scope]) -> Vec<CostSource> {
        let read = self.plan.read_by(steps);
        let periods: BTreeSet<Period> = self.sources.iter().map(|source| source.file.period).collect();
        let in_hand = periods.into_iter().map(Scope::Period).filter(|period| stale.iter().any(|scope| scope.meets(period)));
        let has_more = |period: &Scope| read.iter().any(|table| !self.beside_of(table, period).is_empty());
        let periods: Vec<Scope> = in_hand.filter(has_more).collect();
        self.sources.iter().filter(|source| periods.iter().any(|period| period.holds(source))).cloned().collect()
    }

    /// Whole tables that nobody publishes and that these steps need, each made after those that it reads.
    pub fn lookups(&self, steps: &[&Step], scope: &Scope) -> Answer<Lookups> {
        let mut lookups = Lookups::new();
        for needed in steps.iter().flat_map(|step| self.plan.needs(step)).filter(|needed| needed.grain == Grain::Whole) {
            if !lookups.contains_key(needed.name()) {
                let rows = self.rows(needed, scope, &lookups)?;
                lookups.extend(needed.fills.iter().cloned().zip(rows));
            }
        }
        Ok(lookups)
    }

    /// The rows of each table that a step fills, in a scope; what nobody publishes is made once for all that read it while the scope is in hand,
    /// and once for the whole run where it is small.
    pub(super) fn rows(&self, step: &Step, scope: &Scope, lookups: &Lookups) -> Answer<Vec<RecordBatch>> {
        let is_kept = step.published.len() < step.fills.len() && matches!(scope, Scope::Period(_) | Scope::Year(_));
        let key = (step.name().to_owned(), scope.key());
        if let Some(rows) = is_kept.then(|| lock(&self.worked).get(&key).cloned()).flatten() {
            return Ok(rows);
        }
        let rows = self.work(step, scope, lookups)?;
        if is_kept {
            lock(&self.worked).insert(key, rows.clone());
        }
        Ok(rows)
    }

    fn work(&self, step: &Step, scope: &Scope, lookups: &Lookups) -> Answer<Vec<RecordBatch>> {
        match &step.how {
            How::Query(query) => Ok(vec![separate(self.run.partnership, query, &self.tables(step, scope, lookups)?, scope)?]),
            How::Kernel(Kernel::Codes) => {
                let read: Vec<&CostSource> =
                    self.sources.iter().filter(|s| scope.holds(s) && step.reads.contains(s.basis.common_table())).collect();
                let beside: Vec<&BesideSource> = step.reads.iter().flat_map(|table| self.beside_of(table, scope)).collect();
                Ok(vec![self.run.codes(&read, &beside)?])
            }
            How::Kernel(Kernel::Classify) => Err(not_in_memory(step.name())),
            How::Kernel(kernel) if self.has_nothing(*kernel, scope) => {
                Ok(step.schemas.iter().cloned().map(RecordBatch::new_empty).collect())
            }
            How::Kernel(kernel) => self.in_memory(step, *kernel, scope, lookups),
        }
    }

    /// Whether nothing is there that a kernel would work on: then not one line is read for its sake.
    fn has_nothing(&self, kernel: Kernel, scope: &Scope) -> bool {
        let blankets = || self.run.partnership.references.get("blanket").map_or(0, |table| table.rows.num_rows());
        match kernel {
            Kernel::Resolve | Kernel::Recompute => self.beside_of(PAY_LINE, scope).is_empty(),
            Kernel::Blanket => blankets() == 0,
            _ => false,
        }
    }

    /// What a kernel that works in memory makes of its tables.
    fn in_memory(&self, step: &Step, kernel: Kernel, scope: &Scope, lookups: &Lookups) -> Answer<Vec<RecordBatch>> {
        let read = self.tables(step, scope, lookups)?;
        let batch = |name: &String| {
            let rows = read.get(name).and_then(Table::batch).ok_or_else(|| not_in_memory(name))?;
            Ok((name.clone(), rows))
        };
        let tables = step.reads.iter().filter(|name| read.get(name).is_some()).map(batch).collect::<Answer<BTreeMap<_, _>>>()?;
        let period = if let Scope::Period(period) = scope { Some(*period) } else { None };
        let threads = self.run.threads;
        let input = KernelInput {
            partnership: self.run.partnership,
            period,
            tables: &tables,
            gives: &step.schemas,
            threads,
            solved: Some(&self.solved),
        };
        let rows = work(kernel, &input)?;
        crash::point("cost.kernel")?;
        let fits = rows.len() == step.fills.len() && rows.iter().zip(&step.schemas).all(|(rows, schema)| rows.schema() == *schema);
        if !fits {
            return Err(not_in_memory(step.name()));
        }
        Ok(rows)
    }

    /// The tables that a query reads, as far as they lie in the scope.
    fn tables(&self, step: &Step, scope: &Scope, lookups: &Lookups) -> Answer<Tables> {
        let mut tables = Tables::default();
        for read in &step.reads {
            let table = match (self.plan.step_of(read), self.plan.given.get(read)) {
                (Some(before), _) if before.publishes(read) => self.published(before, read, scope)?,
                (Some(before), _) => self.unpublished(step, before, read, scope, lookups)?,
                (None, Some(given)) => match &given.rows {
                    GivenRows::Here(rows) => Table::rows(rows.schema(), vec![rows.clone()]),
                    GivenRows::Standing(table) => self.parts.rows_of(table, self.standing(table, scope).map(|(_, part)| part))?,
                    GivenRows::StandingPeriods(table) => {
                        let period = |(of, _): &(Scope, _)| if let Scope::Period(period) = of { Some(*period) } else { None };
                        let periods: Vec<_> = self.standing(table, scope).filter_map(period).collect();
                        let rows = standing_periods(&periods, self.run.partnership.calendar)?;
                        Table::rows(rows.schema(), vec![rows])
                    }
                    GivenRows::NilReturns => {
                        let rows = nil_returns(&nil_in(self.beside, self.run.partnership.calendar, scope))?;
                        Table::rows(rows.schema(), vec![rows])
                    }
                    GivenRows::Lake => {
                        let is_read = |s: &&CostSource| s.basis.common_table() == read && scope.holds(s);
                        let files = self.sources.iter().filter(is_read).filter(|s| s.carried.is_none()).map(|s| &s.file);
                        let beside = self.beside_of(read, scope).into_iter().map(|source| &source.file);
                        lake_table(common(self.run.partnership, read)?, files.chain(beside))
                    }
                },
                (None, None) => continue,
            };
            tables.insert(read.as_str(), table);
        }
        Ok(tables)
    }

    /// The parts of periods that stand as they were published, in a scope.
    fn standing(&self, table: &str, scope: &Scope) -> impl Iterator<Item = &(Scope, PublishedPart)> {
        self.standing.get(table).map_or(&[][..], Vec::as_slice).iter().filter(|(of, _)| of.meets(scope))
    }

    /// Lines are read where they stand; what they add up to is small, and read at once.
    fn published(&self, before: &Step, table: &str, scope: &Scope) -> Answer<Table> {
        let of_scope = self.made.get(table).map_or(&[][..], Vec::as_slice).iter().filter(|(of, _)| of.meets(scope)).map(|(_, part)| part);
        let are_lines = before.grain == Grain::Partition && before.name() == table;
        if are_lines { self.parts.table_of(table, of_scope) } else { self.parts.rows_of(table, of_scope) }
    }

    fn unpublished(&self, step: &Step, before: &Step, table: &str, scope: &Scope, lookups: &Lookups) -> Answer<Table> {
        if let Some(rows) = lookups.get(table) {
            return Ok(Table::rows(rows.schema(), vec![rows.clone()]));
        }
        let place = before.fills.iter().position(|filled| filled == table).unwrap_or_default();
        let schema = before.schemas.get(place).ok_or_else(|| not_in_memory(table))?;
        let mut scopes = scope_of(step, before, scope, self.sources, self.run.partnership.calendar);
        if step.grain == Grain::Whole && before.grain == Grain::Period {
            // What tells of the whole release tells of periods that stand as they were.
            scopes.extend(self.last_good.iter().copied().map(Scope::Period).filter(|period| !scopes.contains(period)).collect::<Vec<_>>());
        }
        let of_scope = |scope: &Scope| self.rows(before, scope, lookups)?.into_iter().nth(place).ok_or_else(|| not_in_memory(table));
        let rows = scopes.iter().map(of_scope).collect::<Answer<Vec<_>>>()?;
        let whole = concat_batches(schema, &rows).map_err(|e| does_not_fit(table, &e))?;
        Ok(Table::rows(Arc::clone(schema), vec![whole]))
    }

    /// The rows of an unpublished table in a scope, as a step reads them.
    pub fn unpublished_rows(&self, step: &Step, table: &str, scope: &Scope, lookups: &Lookups) -> Answer<RecordBatch> {
        let before = self.plan.step_of(table).ok_or_else(|| not_in_memory(table))?;
        self.unpublished(step, before, table, scope, lookups)?.batch().ok_or_else(|| not_in_memory(table))
    }

    /// A whole table that the step in hand looks up in.
    pub fn looked_up(&self, name: &str, lookups: &Lookups) -> Answer<RecordBatch> {
        if let Some(rows) = lookups.get(name) {
            return Ok(rows.clone());
        }
        let parts = self.made.get(name).map_or(&[][..], Vec::as_slice);
        self.parts.batch_of(name, parts.iter().map(|(_, part)| part))
    }
}

/// The planner lets no step ask for it.
fn not_in_memory(table: &str) -> Refusal {
    Diagnostic::new(codes::sql::BROKEN, format!("`{table}` was to be made in memory"))
        .outcome("nothing was published; the last release is unchanged")
        .hint("this is a fault of truecost: report it with `truecost validate`")
        .into()
}
