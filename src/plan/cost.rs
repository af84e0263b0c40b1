//! The cost model as a graph of steps: each fills tables from tables, and the order follows from what they read.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    kernel::{kernel_schema, kernel_settings},
    scope::Grain,
    tables::{Given, GivenRows, given_tables, no_contract},
};
use arrow::datatypes::SchemaRef;

use crate::{
    diagnostic::{Answer, Diagnostic, Place, Refusal, codes},
    engine::{self, CostQuery, Needs, Schemas},
    pipeline::{self, Kernel, KernelUse, Partnership},
};

/// Columns of `share.csv` that say who has no share in force (`pipeline::left_out`).
const LEFT_OUT_BY: [&str; 4] = ["service", "partner", "valid_from", "valid_to"];

/// How a step fills its tables.
#[derive(Clone, Debug)]
pub enum How {
    /// SQL of the partnership, or of the program where the partnership lacks it.
    Query(Box<CostQuery>),
    /// The program itself.
    Kernel(Kernel),
}

/// One step of the cost run.
#[derive(Clone, Debug)]
pub struct Step {
    /// Tables that it fills; the first names it, others are made beside it.
    pub fills: Vec<String>,
    /// Tables that it reads: of SQL its FROM, of a kernel its `from`.
    pub reads: BTreeSet<String>,
    /// Of those that are given, a digest over what it reads of them.
    pub given: BTreeMap<String, String>,
    /// For what it is made at a time.
    pub grain: Grain,
    pub how: How,
    /// Those of its tables that are published; the others are made only where a step that reads them is.
    pub published: Vec<String>,
    /// Columns of the tables that it fills, in that order.
    pub schemas: Vec<SchemaRef>,
    /// Digest of its text; the name of a kernel, with what it reads of the configuration.
    pub text: String,
    /// Where it is written.
    pub file: String,
}

impl Step {
    /// The table that names it.
    #[must_use]
    pub fn name(&self) -> &str {
        self.fills.first().map_or("", String::as_str)
    }

    /// Whether a table that it fills is published.
    #[must_use]
    pub fn publishes(&self, table: &str) -> bool {
        self.published.iter().any(|published| published == table)
    }

    /// Whether lines that stand in for a month that was not brought are among the lines of common tables that it reads: to be classified,
    /// and no more. Pay is not resolved into them, and nothing else is worked out of what never happened.
    #[must_use]
    pub const fn reads_carried(&self) -> bool {
        matches!(self.how, How::Kernel(Kernel::Classify | Kernel::Codes))
    }

    /// Whether each of its rows depends only on those rows of an unpublished table that were made from the same lines: then these tables
    /// are made for the lines in hand alone, and need not be whole.
    #[must_use]
    pub const fn looks_up(&self) -> bool {
        matches!(self.how, How::Kernel(Kernel::Classify | Kernel::Place))
    }
}

/// The steps of the cost run, each after those whose tables it reads, and the tables that no step fills.
#[derive(Clone, Debug, Default)]
pub struct CostPlan {
    pub steps: Vec<Step>,
    /// Common and reference tables, and what the partnership file says as tables.
    pub given: BTreeMap<String, Given>,
}

impl CostPlan {
    /// The step that fills a table; `None` where it is given.
    #[must_use]
    pub fn step_of(&self, table: &str) -> Option<&Step> {
        self.steps.iter().find(|step| step.fills.iter().any(|filled| filled == table))
    }

    /// Whether a table is a common one, whose rows lie in the lake.
    #[must_use]
    pub fn is_lake(&self, table: &str) -> bool {
        self.given.get(table).is_some_and(|given| matches!(given.rows, GivenRows::Lake))
    }

    /// Whether all that a step needs of whole unpublished tables is looked up in them: then these tables are made for the periods in hand
    /// alone, and need not be whole.
    #[must_use]
    pub fn only_looks_up(&self, step: &Step) -> bool {
        let is_whole = |table: &String| self.step_of(table).is_some_and(|before| before.grain == Grain::Whole && !before.publishes(table));
        let needs = self.needs(step);
        let readers = needs.into_iter().chain([step]).filter(|reader| reader.grain != Grain::Whole);
        let mut readers = readers.filter(|reader| reader.reads.iter().any(is_whole)).peekable();
        readers.peek().is_some() && readers.all(Step::looks_up)
    }

    /// The steps whose unpublished tables a step needs, those behind them included, in order.
    #[must_use]
    pub fn needs(&self, step: &Step) -> Vec<&Step> {
        let mut wanted: BTreeSet<&str> = step.reads.iter().map(String::as_str).collect();
        let mut needed: Vec<&Step> = Vec::new();
        for before in self.steps.iter().rev() {
            if before.fills.iter().any(|table| !before.publishes(table) && wanted.contains(table.as_str())) {
                wanted.extend(before.reads.iter().map(String::as_str));
                needed.push(before);
            }
        }
        needed.reverse();
        needed
    }

    /// The tables that steps read, and those behind the unpublished ones among them.
    #[must_use]
    pub fn read_by<'s>(&'s self, steps: &[&'s Step]) -> BTreeSet<&'s String> {
        let all = steps.iter().flat_map(|step| self.needs(step).into_iter().chain([*step]));
        all.flat_map(|step| &step.reads).collect()
    }

    /// Unpublished tables that a kernel reads are sorted for nobody where all who read them take their rows in any order.
    fn with_rows_as_they_come(mut self) -> Self {
        let any_order_does = |table: &str| {
            let takes = |reader: &Step| match &reader.how {
                How::Kernel(kernel) => kernel.takes_in_any_order().contains(&table),
                How::Query(query) => query.takes_in_any_order(),
            };
            let mut readers = self.steps.iter().filter(|step| step.reads.contains(table));
            readers.clone().any(|reader| matches!(reader.how, How::Kernel(_))) && readers.all(takes)
        };
        let is_left = |step: &Step| step.published.is_empty() && any_order_does(step.name());
        let left: Vec<bool> = self.steps.iter().map(is_left).collect();
        for (step, _) in self.steps.iter_mut().zip(left).filter(|(_, is_left)| *is_left) {
            if let How::Query(query) = &mut step.how {
                query.give_in_any_order();
            }
        }
        self
    }

    /// The steps that fill published tables, in order. Those of one period that need the same unpublished tables stand together as early as the
    /// first of them can: where their parts are made period by period, such a table is made once for all of them and need not be kept.
    #[must_use]
    pub fn together(&self) -> Vec<Vec<&Step>> {
        let mut hands: Vec<Vec<&Step>> = Vec::new();
        for step in self.steps.iter().filter(|step| !step.published.is_empty()) {
            let needs = self.needs(step);
            let fills_what_it_reads = |hand: &Vec<&Step>| {
                let mut reads = needs.iter().copied().chain([step]).flat_map(|step| &step.reads);
                reads.any(|table| hand.iter().any(|before| before.publishes(table)))
            };
            let first = hands.iter().rposition(fills_what_it_reads).map_or(0, |last| last + 1);
            let of_period: BTreeSet<&str> =
                needs.iter().filter(|needed| needed.grain == Grain::Period).map(|needed| needed.name()).collect();
            let shares = |hand: &Vec<&Step>| {
                let is_alike = |other: &&Step| other.grain == step.grain && self.only_looks_up(other) == self.only_looks_up(step);
                hand.iter().all(is_alike)
                    && hand.iter().any(|other| self.needs(other).iter().any(|needed| of_period.contains(needed.name())))
            };
            let joins = hands.iter_mut().skip(first).find(|hand| step.grain == Grain::Period && shares(hand));
            match joins {
                Some(hand) => hand.push(step),
                None => hands.push(vec![step]),
            }
        }
        hands
    }
}

/// Plans every query of `pipelines/cost` against the contracts, and the kernels of `cost.yaml` among them.
///
/// # Errors
/// Every fault of every query: TC0801 to TC0809; TC0802 where a kernel reads what is not there.
pub fn plan_cost(partnership: &Partnership) -> Answer<CostPlan> {
    let (queries, kernels) = (&partnership.cost.queries, &partnership.cost.kernels);
    let mut needs = queries.iter().map(needs_of_query).collect::<Answer<Vec<_>>>()?;
    needs.extend(kernels.iter().map(needs_of_kernel));
    let mut planner = Planner::new(partnership)?;
    let mut faults = Vec::new();
    for at in engine::order(&needs)? {
        let Some(needs) = needs.get(at).cloned() else { continue };
        let step = match (queries.get(at), kernels.get(at.saturating_sub(queries.len()))) {
            (Some(query), _) => planner.query(query, needs),
            (None, Some(kernel)) => planner.kernel(kernel, needs),
            (None, None) => continue,
        };
        match step {
            Ok(step) => planner.plan.steps.push(step),
            Err(refusal) => faults.extend(refusal.0),
        }
    }
    if faults.is_empty() { Ok(planner.plan.with_rows_as_they_come()) } else { Err(Refusal(faults)) }
}

fn needs_of_query(query: &pipeline::CostQuery) -> Answer<Needs> {
    let reads = engine::dependencies(&query.sql, &query.file)?;
    Ok(Needs { fills: vec![query.table.to_string()], reads, file: query.file.clone() })
}

fn needs_of_kernel(kernel: &KernelUse) -> Needs {
    let beside = kernel.kernel.beside().iter().map(|table| (*table).to_owned());
    let fills = std::iter::once(kernel.table.to_string()).chain(beside).collect();
    Needs { fills, reads: kernel.from.iter().map(ToString::to_string).collect(), file: kernel.file.clone() }
}

/// A plan while it is made.
struct Planner<'p> {
    partnership: &'p Partnership,
    plan: CostPlan,
    /// The columns of all tables that are given or filled so far.
    schemas: Schemas,
}

impl<'p> Planner<'p> {
    fn new(partnership: &'p Partnership) -> Answer<Self> {
        let given = given_tables(partnership)?;
        let mut schemas = Schemas::default();
        for (name, table) in &given {
            schemas.insert(name.as_str(), Arc::clone(&table.schema));
        }
        Ok(Self { partnership, plan: CostPlan { steps: Vec::new(), given }, schemas })
    }

    fn query(&mut self, query: &pipeline::CostQuery, Needs { fills, reads, file }: Needs) -> Answer<Step> {
        let contract = self.partnership.contracts.get(&format!("published/{}", query.table));
        let planned = match contract {
            Some(contract) => CostQuery::plan(&query.sql, &query.file, contract, &self.schemas),
            None => CostQuery::plan_intermediate(&query.sql, &query.file, &query.table, &self.schemas),
        }?;
        self.schemas.insert(query.table.as_str(), Arc::clone(planned.schema()));
        let (grain, text) = (self.grain(&planned, &reads), query.digest.hex());
        let published = if contract.is_some() { fills.clone() } else { Vec::new() };
        let schemas = vec![Arc::clone(planned.schema())];
        let given = self.given(&reads, |table| planned.columns_read(table))?;
        Ok(Step { fills, reads, given, grain, how: How::Query(Box::new(planned)), published, schemas, text, file })
    }

    /// What is read of lines, or names a period, is made period by period; where its rows are those of a year and no period, year by year.
    fn grain(&self, query: &CostQuery, reads: &BTreeSet<String>) -> Grain {
        let names = |parameter: &str| query.parameters().contains(parameter);
        let of_lines = |read: &String| match self.plan.step_of(read) {
            Some(step) => step.grain != Grain::Whole,
            None => self.plan.is_lake(read),
        };
        let of_a_period = ["$period", "$first_day", "$as_at"].iter().any(|parameter| names(parameter));
        if !reads.iter().any(of_lines) && !of_a_period && !names("$fiscal_year") {
            return Grain::Whole;
        }
        let gives = |column: &str| query.schema().column_with_name(column).is_some();
        let of_a_year = gives("delivery_year") && !gives("delivery_period") && !of_a_period;
        if of_a_year { Grain::Year } else { Grain::Period }
    }

    fn kernel(&mut self, kernel: &KernelUse, Needs { fills, reads, file }: Needs) -> Answer<Step> {
        let (mut published, mut schemas) = (Vec::new(), Vec::new());
        for (place, table) in fills.iter().enumerate() {
            let contract = self.partnership.contracts.get(&format!("published/{table}"));
            published.extend(contract.map(|_| table.clone()));
            let schema = contract.map(|contract| contract.arrow_schema()).or_else(|| kernel_schema(kernel.kernel, place));
            let schema = schema.ok_or_else(|| no_contract("published", table))?;
            self.schemas.insert(table.as_str(), Arc::clone(&schema));
            schemas.push(schema);
        }
        // After its columns are known: what reads its tables is not told of for its sake.
        self.has_all(kernel, &reads)?;
        let mut text = format!("{}{}", kernel.kernel.as_str(), kernel_settings(kernel.kernel, self.partnership));
        // It looks itself at which partner share.csv leaves out, whatever its query reads of shares and members.
        if kernel.kernel == Kernel::Share {
            let columns = LEFT_OUT_BY.map(str::to_owned).into();
            for given in ["share", "membership"].into_iter().filter_map(|table| self.plan.given.get(table)) {
                text.push_str(&given.digest_over(Some(&columns))?);
            }
        }
        let how = How::Kernel(kernel.kernel);
        let given = self.given(&reads, |_| None)?;
        Ok(Step { fills, reads, given, grain: kernel.kernel.facts().grain, how, published, schemas, text, file })
    }

    /// Digests over what is read of given tables: of some columns, or all.
    fn given<'q>(
        &self,
        reads: &BTreeSet<String>,
        columns: impl Fn(&str) -> Option<&'q BTreeSet<String>>,
    ) -> Answer<BTreeMap<String, String>> {
        let given = reads.iter().filter_map(|table| Some((table, self.plan.given.get(table)?)));
        given.map(|(table, given)| Ok((table.clone(), given.digest_over(columns(table))?))).collect()
    }

    /// Every table that a kernel reads is there; those in which it looks up are whole.
    fn has_all(&self, kernel: &KernelUse, reads: &BTreeSet<String>) -> Answer<()> {
        let missing = |table: &&str| self.plan.step_of(table).is_none() && !self.plan.given.contains_key(*table);
        let named = reads.iter().map(String::as_str).find(missing);
        let asked = kernel.kernel.facts().asks;
        if let Some(table) = named.or_else(|| asked.iter().copied().find(|table| !reads.contains(*table) || missing(table))) {
            return Err(fault(kernel, &format!("kernel `{}` lacks the table `{table}`", kernel.kernel.as_str()))
                .expected("a query of pipelines/cost that fills it, and its name under `from`")
                .hint("take the query from the reference partnership: `truecost init` in an empty folder")
                .into());
        }
        if kernel.kernel.is_in_memory() {
            return self.is_small(kernel, reads);
        }
        let in_pieces = |table: &&&str| self.plan.step_of(table).is_some_and(|step| step.grain != Grain::Whole);
        match asked.iter().find(in_pieces) {
            Some(table) => {
                Err(fault(kernel, &format!("kernel `{}` looks up in `{table}`, which is made period by period", kernel.kernel.as_str()))
                    .expected("a table made of codes and reference tables, not of lines")
                    .hint("compare its query with the reference partnership's: `truecost init` in an empty folder")
                    .into())
            }
            None => Ok(()),
        }
    }

    /// A kernel that works in memory reads no lines: a query stands between, which selects and sums.
    fn is_small(&self, kernel: &KernelUse, reads: &BTreeSet<String>) -> Answer<()> {
        let of_lines = |table: &&String| match self.plan.step_of(table) {
            Some(step) => step.grain == Grain::Partition && step.name() == table.as_str(),
            None => self.plan.is_lake(table),
        };
        let Some(table) = reads.iter().find(of_lines) else { return Ok(()) };
        Err(fault(kernel, &format!("kernel `{}` reads the lines of `{table}`", kernel.kernel.as_str()))
            .expected("a query of pipelines/cost that reads them, and its table under `from`")
            .hint("compare cost.yaml with the reference partnership's: `truecost init` in an empty folder")
            .into())
    }
}

fn fault(kernel: &KernelUse, seen: &str) -> Diagnostic {
    let outcome = "nothing was published; the last release is unchanged";
    Diagnostic::new(codes::sql::NAME, seen).place(Place::file(&kernel.file)).outcome(outcome)
}
