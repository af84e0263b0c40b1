//! The walk through the steps of the cost plan: each published table is filled, in order, from what was filled before.

use std::collections::{BTreeMap, BTreeSet};

use arrow::{compute::concat_batches, record_batch::RecordBatch};

use super::{
    CostRun,
    classify::Meant,
    parts::{Filled, Made, Parts, Unit},
};
use crate::{
    diagnostic::{Answer, Diagnostic, Refusal, codes},
    domain::{Period, counted},
    engine::{CostQuery, Table, Tables},
    lake::{DeliveryRecord, PublishedPart, hold},
    pipeline::Kernel,
    plan::{CostPlan, CostSource, GivenRows, Grain, How, Inputs, MadeParts, Scope, Step, common, does_not_fit, lake_table, scope_of},
    run::parallel::each,
    stages::separate::separate,
};

/// The steps of a cost run, and what they have filled so far.
pub(super) struct Walk<'a> {
    pub run: &'a CostRun<'a>,
    pub plan: &'a CostPlan,
    /// The partitions of the common tables that count.
    pub sources: &'a [CostSource],
    pub parts: Parts<'a>,
    /// Parts of published tables by table, in order.
    pub made: MadeParts,
    /// What classification was made of; `None` where all parts of its tables were taken over.
    pub meant: Option<Meant>,
    /// Parts of `cost_line` made anew.
    pub classified: usize,
    /// Periods that some query was run for.
    separated: BTreeSet<Period>,
    /// Partitions whose bytes are as they were written: those that this run wrote, and those that it has looked at.
    held: BTreeSet<&'a str>,
}

/// Whole tables that nobody publishes, made for the step in hand.
pub(super) type Lookups = BTreeMap<String, RecordBatch>;

impl<'a> Walk<'a> {
    /// `known` is the register: it tells what this run has written.
    pub fn new(run: &'a CostRun<'a>, plan: &'a CostPlan, sources: &'a [CostSource], parts: Parts<'a>, known: &[DeliveryRecord]) -> Self {
        let (made, meant, separated) = (MadeParts::new(), None, BTreeSet::new());
        let of_this_run: BTreeSet<&str> = known.iter().filter(|r| r.run == run.run_id).map(|r| &*r.delivery_id).collect();
        let written = sources.iter().filter(|source| of_this_run.contains(&*source.delivery));
        let held = written.map(|source| source.file.relative.as_str()).collect();
        Self { run, plan, sources, parts, made, meant, classified: 0, separated, held }
    }

    /// Fills every published table.
    ///
    /// # Errors
    /// TC08… where a query fails; TC10…
    pub fn all(&mut self) -> Answer<()> {
        for step in self.plan.steps.iter().filter(|step| step.published) {
            let units = self.units(step);
            let work = self.parts.look(step.fills.iter().map(String::as_str).collect(), units);
            self.hold(step, &work.stale())?;
            let filled = match &step.how {
                How::Kernel(Kernel::Classify) => self.classify(step, work)?,
                How::Kernel(Kernel::Codes) | How::Query(_) => {
                    let lookups = if work.stale().is_empty() { Lookups::new() } else { self.lookups(step, &Scope::Whole)? };
                    work.fill(|scope| Ok(vec![Made::Rows(self.rows(step, scope, &lookups)?)]))?
                }
            };
            self.enter(step, filled);
        }
        if !self.separated.is_empty() {
            let periods = Scope::all(Grain::Period, self.sources).len() as u64;
            self.run.step(&format!("separated {} of {}", self.separated.len(), counted(periods, "period")));
        }
        Ok(())
    }

    /// Holds the bytes of what is about to be read against what was written: a bit that turned while they rested would become a figure.
    fn hold(&mut self, step: &Step, stale: &[&Scope]) -> Answer<()> {
        let needs = self.plan.needs(step);
        // What is whole for its reader is made of all lines, whatever the reader is made for.
        let of_all = !stale.is_empty() && !step.looks_up() && needs.iter().any(|needed| needed.grain == Grain::Whole);
        let all_read: BTreeSet<&String> = needs.into_iter().chain([step]).flat_map(|step| &step.reads).collect();
        let is_read = |source: &&CostSource| all_read.iter().any(|table| *table == source.basis.common_table());
        let in_scope = |source: &&CostSource| of_all || stale.iter().any(|scope| scope.holds(source));
        let rested = |source: &&CostSource| !self.held.contains(source.file.relative.as_str());
        let sources: Vec<&CostSource> = self.sources.iter().filter(rested).filter(is_read).filter(in_scope).collect();
        self.held.extend(sources.iter().map(|source| source.file.relative.as_str()));
        each(self.run.threads, sources, |source: &CostSource| hold(&source.file.path, source.file.bytes, &source.file.name))
    }

    /// What a step is made for, each with the digest over what it is made from.
    fn units(&self, step: &Step) -> Vec<Unit<Scope>> {
        let inputs = Inputs { partnership: self.run.partnership, plan: self.plan, sources: self.sources, made: &self.made };
        let recipe = inputs.recipe(step);
        let reads = |scope: &Scope| match scope {
            Scope::Partition(source) => step.reads.contains(source.basis.common_table()),
            _ => true,
        };
        let scopes = Scope::all(step.grain, self.sources).into_iter().filter(reads);
        scopes.map(|of| Unit { key: of.key(), inputs: inputs.of(step, &recipe, &of), of }).collect()
    }

    fn enter(&mut self, step: &Step, filled: Vec<Filled<Scope>>) {
        for table in &step.fills {
            self.made.entry(table.clone()).or_default();
        }
        for Filled { of, parts, fresh } in filled {
            match &of {
                Scope::Period(period) if fresh => drop(self.separated.insert(*period)),
                Scope::Partition(_) if fresh => self.classified += 1,
                _ => {}
            }
            for (table, part) in step.fills.iter().zip(parts) {
                self.made.entry(table.clone()).or_default().push((of.clone(), part));
            }
        }
    }

    /// Whole tables that nobody publishes and that a step needs, each after those that it reads.
    pub fn lookups(&self, step: &Step, scope: &Scope) -> Answer<Lookups> {
        let mut lookups = Lookups::new();
        for needed in self.plan.needs(step).into_iter().filter(|needed| needed.grain == Grain::Whole) {
            let rows = self.rows(needed, scope, &lookups)?;
            lookups.insert(needed.name().to_owned(), rows);
        }
        Ok(lookups)
    }

    /// The rows of a step in a scope.
    fn rows(&self, step: &Step, scope: &Scope, lookups: &Lookups) -> Answer<RecordBatch> {
        match &step.how {
            How::Query(query) => separate(self.run.partnership, query, &self.tables(step, scope, lookups)?, scope),
            How::Kernel(Kernel::Codes) => {
                let read: Vec<&CostSource> =
                    self.sources.iter().filter(|s| scope.holds(s) && step.reads.contains(s.basis.common_table())).collect();
                self.run.codes(&read)
            }
            How::Kernel(Kernel::Classify) => Err(not_in_memory(step)),
        }
    }

    /// The tables that a query reads, as far as they lie in the scope.
    fn tables(&self, step: &Step, scope: &Scope, lookups: &Lookups) -> Answer<Tables> {
        let mut tables = Tables::default();
        for read in &step.reads {
            let table = match (self.plan.step_of(read), self.plan.given.get(read)) {
                (Some(before), _) if before.published => self.published(before, read, scope)?,
                (Some(before), _) => self.unpublished(step, before, scope, lookups)?,
                (None, Some(given)) => match &given.rows {
                    GivenRows::Here(rows) => Table::rows(rows.schema(), vec![rows.clone()]),
                    GivenRows::Lake => {
                        let files = self.sources.iter().filter(|s| s.basis.common_table() == read && scope.holds(s)).map(|s| &s.file);
                        lake_table(common(self.run.partnership, read)?, files)
                    }
                },
                (None, None) => continue,
            };
            tables.insert(read.as_str(), table);
        }
        Ok(tables)
    }

    /// Lines are read where they stand; what they add up to is small, and read at once.
    fn published(&self, before: &Step, table: &str, scope: &Scope) -> Answer<Table> {
        let of_scope = self.made.get(table).map_or(&[][..], Vec::as_slice).iter().filter(|(of, _)| of.meets(scope)).map(|(_, part)| part);
        let are_lines = before.grain == Grain::Partition && before.name() == table;
        if are_lines { self.parts.table_of(table, of_scope) } else { self.parts.rows_of(table, of_scope) }
    }

    fn unpublished(&self, step: &Step, before: &Step, scope: &Scope, lookups: &Lookups) -> Answer<Table> {
        if let Some(rows) = lookups.get(before.name()) {
            return Ok(Table::rows(rows.schema(), vec![rows.clone()]));
        }
        let scopes = scope_of(step, before, scope, self.sources);
        let rows = scopes.iter().map(|scope| self.rows(before, scope, lookups)).collect::<Answer<Vec<_>>>()?;
        let schema = match &before.how {
            How::Query(query) => CostQuery::schema(query).clone(),
            How::Kernel(_) => return Err(not_in_memory(before)),
        };
        let whole = concat_batches(&schema, &rows).map_err(|e| does_not_fit(before.name(), &e))?;
        Ok(Table::rows(schema, vec![whole]))
    }

    /// A whole table that the step in hand looks up in.
    pub fn looked_up(&self, name: &str, lookups: &Lookups) -> Answer<RecordBatch> {
        if let Some(rows) = lookups.get(name) {
            return Ok(rows.clone());
        }
        let parts = self.made.get(name).map_or(&[][..], Vec::as_slice);
        self.parts.batch_of(name, parts.iter().map(|(_, part)| part))
    }

    /// Parts of a published table.
    pub fn parts_of(&self, table: &str) -> impl Iterator<Item = &PublishedPart> {
        self.made.get(table).into_iter().flatten().map(|(_, part)| part)
    }

    /// Every partition with its part of `cost_line`.
    pub fn lines(&self) -> Vec<(CostSource, PublishedPart)> {
        let line = |(scope, part): &(Scope, PublishedPart)| match scope {
            Scope::Partition(source) => Some(((**source).clone(), part.clone())),
            _ => None,
        };
        self.made.get("cost_line").into_iter().flatten().filter_map(line).collect()
    }
}

/// The planner lets no step ask for it.
fn not_in_memory(step: &Step) -> Refusal {
    Diagnostic::new(codes::sql::BROKEN, format!("`{}` was to be made in memory", step.name()))
        .outcome("nothing was published; the last release is unchanged")
        .hint("this is a fault of truecost: report it with `truecost validate`")
        .into()
}
