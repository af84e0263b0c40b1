//! Cost SQL: one query expression fills one table, exactly, and always in the same order of rows.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use arrow::{
    array::{ArrayRef, RecordBatch},
    compute::{SortColumn, concat_batches, lexsort_to_indices, take_record_batch},
    datatypes::{DataType, SchemaRef},
};
use datafusion::{
    common::{DFSchema, DataFusionError, internal_datafusion_err},
    logical_expr::LogicalPlan,
    sql::sqlparser::ast::Query,
};

pub use super::parameters::Parameters;
use super::{
    again::Seen,
    any_order,
    columns::{ColumnsRead, columns_read},
    exact,
    fault::PARTNERSHIP,
    fit::{Fit, Wanted},
    kept::Kept,
    names::{self, Directory},
    nothing, parameters,
    reach::{self, Reaches},
    runtime::{deep, run_to_end},
    script::Script,
    session::{Use, state},
    table::{Open, Schemas, Tables},
};
use crate::{
    diagnostic::{
        Answer, Diagnostic,
        codes::sql::{COLUMNS, TYPES},
    },
    domain::Identifier,
    schema::{Column, ColumnRules, Contract, Type},
};

/// A query of the cost run, checked against what it reads and what it fills.
#[derive(Clone, Debug)]
pub struct CostQuery {
    file: String,
    sql: String,
    /// Name and columns of the table that it fills.
    table: String,
    columns: Vec<Column>,
    schema: SchemaRef,
    reads: BTreeSet<String>,
    columns_read: Arc<ColumnsRead>,
    parameters: BTreeSet<String>,
    reaches: Reaches,
    /// Whether all who read its rows take them in any order.
    in_any_order: bool,
    /// As it was planned, with parameters left open.
    analysed: Arc<Prepared>,
    /// What runs leave for the next ones: twelve periods are one plan.
    left: Arc<Left>,
}

/// What runs of a query leave for the next ones.
#[derive(Debug, Default)]
struct Left {
    /// Optimised, for tables of any rows.
    prepared: Mutex<Option<Prepared>>,
    /// Planned to the end, for tables of few rows.
    kept: Mutex<Vec<Kept>>,
    /// The rows of the last run, with what they depend on, where that is known.
    last: Mutex<Option<(Seen, Rows)>>,
    /// It was asked before.
    asked: AtomicBool,
}

/// What a run makes: whoever would make the same meanwhile waits for it. `None` where the run failed.
type Rows = Arc<Mutex<Option<RecordBatch>>>;

/// A plan, with how its columns become those of the table.
#[derive(Clone, Debug)]
struct Prepared {
    plan: LogicalPlan,
    fit: Fit,
}

/// Plans of one query that are kept: one for each choice of tables without rows that was met, and for each run at once.
const MOST_KEPT: usize = 8;

/// Rows below which a query takes longer to plan than to run.
const FEW_ROWS: u64 = 100_000;

/// Rows from which several cores are quicker than one: below, periods are made side by side, each on a core.
const MANY_ROWS: u64 = 1_000_000;

impl CostQuery {
    /// Plans `sql` (the text of `file`) against the columns of `tables`, into the table of a contract.
    ///
    /// # Errors
    /// `TC0801`, `TC0802`, `TC0804` to `TC0806`.
    pub fn plan(sql: &str, file: &str, into: &Contract, tables: &Schemas) -> Answer<Self> {
        deep(|| Self::planned(sql, file, &into.name, Some(&into.columns), tables))
    }

    /// Plans a query whose table has no contract, because nobody outside the cost run reads it: its columns are those
    /// that the query names, in the types of the profile.
    ///
    /// # Errors
    /// As [`Self::plan`].
    pub fn plan_intermediate(sql: &str, file: &str, table: &str, tables: &Schemas) -> Answer<Self> {
        deep(|| Self::planned(sql, file, table, None, tables))
    }

    /// As [`Self::plan_intermediate`], over tables that are there already, for a query that names no parameter: [`Self::run`] over
    /// the same tables then plans nothing again.
    ///
    /// # Errors
    /// As [`Self::plan`].
    pub fn plan_over(sql: &str, file: &str, table: &str, tables: &Tables) -> Answer<Self> {
        let script = Script { file, text: sql, voice: &PARTNERSHIP };
        let read = names::tables_read(&script, &*script.query()?)?;
        let open = tables.open_those(&read).map_err(|e| script.fault(&e))?;
        deep(|| script.complete(Self::checked(&script, table, None, &open)))
    }

    fn planned(sql: &str, file: &str, table: &str, columns: Option<&[Column]>, tables: &Schemas) -> Answer<Self> {
        let script = Script { file, text: sql, voice: &PARTNERSHIP };
        script.complete(Self::checked(&script, table, columns, tables))
    }

    fn checked(script: &Script, table: &str, columns: Option<&[Column]>, tables: &dyn Directory) -> Answer<Self> {
        let query = script.query()?;
        let reads = names::tables_read(script, &query)?;
        let parameters = parameters::named(&query);
        let plan = analysed(script, query.clone(), tables)?;
        exact::check(script, &plan)?;
        let columns = match columns {
            Some(columns) => columns.to_vec(),
            None => inferred(script, &query, plan.schema())?,
        };
        let fit = Fit::plan(script, &query, plan.schema(), &wanted(table, &columns))?;
        let schema = Arc::clone(fit.schema());
        let reaches = reach::reaches(&plan);
        let columns_read = Arc::new(columns_read(&plan).map_err(|e| script.fault(&e))?);
        let (file, sql, table) = (script.file.to_owned(), script.text.to_owned(), table.to_owned());
        let analysed = Arc::new(Prepared { plan, fit });
        let (in_any_order, left) = (false, Arc::default());
        Ok(Self { file, sql, table, columns, schema, reads, columns_read, parameters, reaches, in_any_order, analysed, left })
    }

    /// For readers that take the rows in any order: they are given as they come, which differs from run to run.
    pub fn give_in_any_order(&mut self) {
        self.in_any_order = true;
    }

    /// Whether its rows are the same in whatever order it reads those of tables.
    #[must_use]
    pub fn takes_in_any_order(&self) -> bool {
        any_order::does(&self.analysed.plan)
    }

    /// The columns of [`Self::run`]'s rows.
    #[must_use]
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// For each column that the query gives, the columns of tables that its expression reads.
    #[must_use]
    pub fn reaches(&self) -> &Reaches {
        &self.reaches
    }

    /// Tables that the query reads, as it names them.
    #[must_use]
    pub fn reads(&self) -> &BTreeSet<String> {
        &self.reads
    }

    /// The columns of a table that it may read: nothing in another one changes its rows. `None` where it may read them all.
    #[must_use]
    pub fn columns_read(&self, table: &str) -> Option<&BTreeSet<String>> {
        self.columns_read.get(table)
    }

    /// Of these tables, those on which its rows depend with these parameters: not those that it only reads behind a condition of
    /// parameters that does not hold, as `$first_day = $as_at` outside closing periods.
    #[must_use]
    pub fn reads_with(&self, parameters: &Parameters) -> BTreeSet<String> {
        let is_known = self.parameters.iter().all(|name| parameters.has(name));
        let read = || nothing::read_with(&self.analysed.plan, parameters).ok();
        is_known.then(read).flatten().unwrap_or_else(|| self.reads.clone())
    }

    /// Parameters that the query names, each with its sign: `$period`.
    #[must_use]
    pub fn parameters(&self) -> &BTreeSet<String> {
        &self.parameters
    }

    /// Runs the query. The rows are sorted by the contract's primary key (an intermediate's by all its columns), then by
    /// every other column: the same input gives the same bytes, whatever the number of threads. They are not where it was told to
    /// [`Self::give_in_any_order`].
    ///
    /// # Errors
    /// `TC0807`, `TC0808`, `TC0810`; and what [`Self::plan`] finds where `tables` differ from those it saw.
    pub fn run(&self, tables: &Tables, parameters: &Parameters) -> Answer<RecordBatch> {
        let script = Script { file: &self.file, text: &self.sql, voice: &PARTNERSHIP };
        let none = || Ok(RecordBatch::new_empty(Arc::clone(&self.schema)));
        let rows = if self.gives_nothing(tables) { none() } else { self.rows(&script, tables, parameters) };
        script.complete(rows.map_err(|refusal| refusal.or_outcome("Nothing was published; the last release is unchanged.")))
    }

    /// Whether it is plain without running it that no row comes of these tables.
    pub(super) fn gives_nothing(&self, tables: &Tables) -> bool {
        nothing::comes_of(&self.analysed.plan, tables)
    }

    fn rows(&self, script: &Script, tables: &Tables, parameters: &Parameters) -> Answer<RecordBatch> {
        match tables.count(&self.reads) {
            MANY_ROWS.. => return one_at_a_time(|| self.planned_anew(script, tables, parameters, Use::Cost)),
            FEW_ROWS.. => {}
            _ => {
                if let Some(rows) = self.rows_of_few(script, tables, parameters)? {
                    return Ok(rows);
                }
            }
        }
        self.planned_anew(script, tables, parameters, Use::Few)
    }

    /// Its rows by a plan for these tables and parameters alone.
    fn planned_anew(&self, script: &Script, tables: &Tables, parameters: &Parameters, used: Use) -> Answer<RecordBatch> {
        let open = tables.open_those(&self.reads).map_err(|e| script.fault(&e))?;
        let Prepared { plan, fit } = deep(|| self.over(script, &open))?;
        let plan =
            if self.parameters.is_empty() { plan } else { deep(|| with_values(plan, parameters).map_err(|e| script.fault(&e).into()))? };
        let batches = run_to_end(used, open.stores, plan).map_err(|e| script.fault(&e))?;
        self.fitted(script, &fit, batches)
    }

    /// Its rows by a plan that is kept for the next run, or the rows of the last run, where these depend on the same; `None` where it has no
    /// such plan.
    fn rows_of_few(&self, script: &Script, tables: &Tables, parameters: &Parameters) -> Answer<Option<RecordBatch>> {
        let Some(mut kept) = self.kept_over(script, tables)? else { return Ok(None) };
        // What names no parameter is mostly asked once: what it depends on is held in memory from the second time on.
        let holds = self.left.asked.swap(true, Ordering::Relaxed) || !self.parameters.is_empty();
        let seen = kept.depends.as_ref().filter(|_| holds).and_then(|depends| depends.seen(tables, parameters));
        let mut run = || {
            let batches = deep(|| kept.run(tables, parameters).map_err(|e| script.fault(&e).into()))?;
            self.fitted(script, &kept.fit, batches)
        };
        let rows = if let Some(seen) = seen { self.rows_of_same(seen, run) } else { run() }?;
        let mut all = locked(&self.left.kept);
        if kept.is_reusable && all.len() < MOST_KEPT {
            all.push(kept);
        }
        Ok(Some(rows))
    }

    /// A plan for these tables that no other run has in hand, or a new one.
    fn kept_over(&self, script: &Script, tables: &Tables) -> Answer<Option<Kept>> {
        let mut all = locked(&self.left.kept);
        if let Some(at) = all.iter().position(|kept| kept.is_over(tables, &self.reads)) {
            return Ok(Some(all.swap_remove(at)));
        }
        drop(all);
        let open = tables.open_those(&self.reads).map_err(|e| script.fault(&e))?;
        deep(|| {
            let Prepared { plan, fit } = self.over(script, &open)?;
            Kept::of(&plan, &fit, &open).map_err(|e| script.fault(&e).into())
        })
    }

    fn fitted(&self, script: &Script, fit: &Fit, batches: Vec<RecordBatch>) -> Answer<RecordBatch> {
        let name = |row: usize| format!("row {} of a batch of its result", row + 1);
        let fitted = batches.into_iter().map(|b| fit.apply(&b, &name)).collect::<Answer<Vec<_>>>()?;
        let whole = concat_batches(&self.schema, &fitted).map_err(|e| script.fault(&e.into()))?;
        drop(fitted);
        if self.in_any_order {
            return Ok(whole);
        }
        self.sorted(&whole).map_err(|e| script.fault(&e.into()).into())
    }

    /// The rows of the last run, where they depend on the same, else those of a new run. Who comes while another makes the same waits for it.
    fn rows_of_same(&self, seen: Seen, run: impl FnOnce() -> Answer<RecordBatch>) -> Answer<RecordBatch> {
        let mut last = locked(&self.left.last);
        let made = match &*last {
            Some((of, made)) if *of == seen => Arc::clone(made),
            _ => Arc::clone(&last.insert((seen, Arc::default())).1),
        };
        drop(last);
        let mut made = locked(&made);
        match &*made {
            Some(rows) => Ok(rows.clone()),
            None => Ok(made.insert(run()?).clone()),
        }
    }

    /// The plan over these tables, its parameters open. What was planned for other tables of the same columns serves again.
    fn over(&self, script: &Script, open: &Open) -> Answer<Prepared> {
        let over_these = |prepared: &Prepared| -> Result<Option<Prepared>, DataFusionError> {
            let plan = open.instead_of_those_in(prepared.plan.clone())?;
            Ok(plan.map(|plan| Prepared { plan, fit: prepared.fit.clone() }))
        };
        if let Some(over) = over_these(&self.prepared(script)?).map_err(|e| script.fault(&e))? {
            return Ok(over);
        }
        // These have other columns than those that it was planned for.
        let query = script.query()?;
        let plan = analysed(script, query.clone(), open)?;
        let fit = Fit::plan(script, &query, plan.schema(), &wanted(&self.table, &self.columns))?;
        let prepared = Prepared { plan: optimised(script, plan)?, fit };
        let over = over_these(&prepared).map_err(|e| script.fault(&e))?;
        *locked(&self.left.prepared) = Some(prepared);
        over.ok_or_else(|| script.fault(&internal_datafusion_err!("the tables of {} changed while it was planned", self.file)).into())
    }

    /// The plan as the last run found it, or optimised now: once, whoever else waits for it.
    fn prepared(&self, script: &Script) -> Answer<Prepared> {
        let mut kept = locked(&self.left.prepared);
        if let Some(prepared) = &*kept {
            return Ok(prepared.clone());
        }
        let prepared = Prepared { plan: optimised(script, self.analysed.plan.clone())?, fit: self.analysed.fit.clone() };
        Ok(kept.insert(prepared).clone())
    }

    fn sorted(&self, rows: &RecordBatch) -> Result<RecordBatch, arrow::error::ArrowError> {
        if rows.num_rows() < 2 {
            return Ok(rows.clone());
        }
        let mut keyed: Vec<(u32, &ArrayRef)> =
            self.columns.iter().zip(rows.columns()).map(|(c, array)| (c.primary_key.unwrap_or(u32::MAX), array)).collect();
        // Stable: columns outside the key keep the contract's order.
        keyed.sort_by_key(|(position, _)| *position);
        let columns: Vec<SortColumn> =
            keyed.into_iter().map(|(_, values)| SortColumn { values: Arc::clone(values), options: None }).collect();
        take_record_batch(rows, &lexsort_to_indices(&columns, None)?)
    }
}

/// Queries over many rows use all cores by themselves: two at once would hold the rows of two in memory, and be no sooner done.
fn one_at_a_time<T>(run: impl FnOnce() -> T) -> T {
    static IN_HAND: Mutex<()> = Mutex::new(());
    let _in_hand = locked(&IN_HAND);
    run()
}

/// What a thread that panicked left behind is whole: it is put in at once.
fn locked<T>(kept: &Mutex<T>) -> MutexGuard<'_, T> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The plan with its parameters given.
fn with_values(plan: LogicalPlan, parameters: &Parameters) -> Result<LogicalPlan, DataFusionError> {
    plan.replace_params_with_values(&parameters::values(parameters))
}

/// The plan with parameters left open and types coerced.
fn analysed(script: &Script, mut query: Box<Query>, directory: &dyn Directory) -> Answer<LogicalPlan> {
    parameters::keep(script, &mut query)?;
    let plan = names::plan(script, query, directory, Use::Cost)?;
    let state = state(Use::Cost);
    state.analyzer().execute_and_check(plan, state.config_options(), |_, _| {}).map_err(|e| script.fault(&e).into())
}

fn optimised(script: &Script, plan: LogicalPlan) -> Answer<LogicalPlan> {
    let state = state(Use::Cost);
    state.optimizer().optimize(plan, state, |_, _| {}).map_err(|e| script.fault(&e).into())
}

fn wanted<'a>(table: &'a str, columns: &'a [Column]) -> Wanted<'a> {
    Wanted { table, columns: columns.iter().collect(), added: &[], optional: &[], judged_later: None }
}

/// The columns of a table without a contract.
fn inferred(script: &Script, query: &Query, given: &DFSchema) -> Answer<Vec<Column>> {
    let column = |name: &String, kind: &DataType| -> Answer<Column> {
        let no_name = || script.at_node(Diagnostic::new(COLUMNS, "a column of the query has no name").hint("Name it with AS."), query);
        let no_type =
            || script.at_node(Diagnostic::new(TYPES, format!("`{name}` is {}, which no table holds", exact::type_name(kind))), query);
        Ok(Column {
            name: Identifier::new(name).map_err(|_| no_name())?,
            physical_name: name.clone(),
            kind: profile_type(kind).ok_or_else(no_type)?,
            required: false,
            primary_key: None,
            description: String::new(),
            rules: ColumnRules::default(),
        })
    };
    given.fields().iter().map(|field| column(field.name(), field.data_type())).collect()
}

fn profile_type(kind: &DataType) -> Option<Type> {
    Some(match kind {
        DataType::Decimal128(_, s) | DataType::Decimal256(_, s) if *s <= 2 => Type::Money,
        DataType::Decimal128(_, s) | DataType::Decimal256(_, s) if *s <= 6 => Type::Quantity,
        DataType::Int8 => Type::TinyInt,
        DataType::Int16 | DataType::UInt8 => Type::SmallInt,
        DataType::Int32 | DataType::UInt16 => Type::Integer,
        DataType::Int64 | DataType::UInt32 | DataType::UInt64 => Type::BigInt,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Null => Type::Text,
        DataType::Date32 => Type::Date,
        DataType::Boolean => Type::Boolean,
        DataType::Timestamp(..) => Type::Instant,
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
