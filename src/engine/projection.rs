//! Feed SQL: records of an extract become rows of a common table.

use std::{collections::BTreeSet, fmt, sync::Arc};

use arrow::{
    array::{Array, ArrayRef, Int64Array, RecordBatch},
    datatypes::{Field, Schema, SchemaRef},
};
use datafusion::{
    common::{
        DataFusionError, internal_datafusion_err,
        tree_node::{TreeNode, TreeNodeRecursion},
    },
    logical_expr::LogicalPlan,
    sql::sqlparser::tokenizer::Span,
};

use super::{
    covered::{Covered, whole_period},
    exact,
    fault::PARTNERSHIP,
    fit::{Fit, Wanted, output_span},
    linear::{NoSum, Sums, found, sums},
    names,
    reach::{self, Reaches, Source},
    runtime::{deep, guarded},
    script::Script,
    session::{Use, state},
    shape,
    steps::Step,
    table::Schemas,
};
use crate::{
    diagnostic::{
        Answer, Diagnostic, Place, Refusal,
        codes::{
            contract,
            sql::{AMOUNT, AMOUNT_UNKNOWN, NO_ROW},
        },
    },
    domain::Coverage,
    schema::{AS_AT, Contract, Form, FormFault, Found, PROVENANCE, form},
};

/// What a feed declares of its amounts beside its SQL.
#[derive(Clone, Debug, Default)]
pub struct Declared {
    /// `sign: credit_positive`: the sender's credits are positive, and the SQL turns every amount.
    pub credits_positive: bool,
    /// `amount: "debit - credit"`: what the amounts of a record are, where the SQL does not show it.
    pub amount: Option<Found>,
}

/// How a feed's records become rows, beside its SQL.
#[derive(Clone, Copy, Debug, Default)]
pub struct Given {
    /// `rows: many`: the SQL makes several rows of one record.
    pub rows_many: bool,
    /// `delivers: snapshot`: `as_at` is the day in the name of the file, and no matter of the SQL.
    pub as_at: bool,
}

/// [`PROVENANCE`], and the day of a snapshot.
const WITH_DAY: [&str; 7] = {
    let [council, feed, delivery_id, source_row, delivery_year, delivery_period] = PROVENANCE;
    [council, feed, delivery_id, source_row, delivery_year, delivery_period, AS_AT]
};

impl Given {
    /// Columns that the SQL may not give.
    const fn added(self) -> &'static [&'static str] {
        if self.as_at { &WITH_DAY } else { &PROVENANCE }
    }
}

/// No column that the contract drops is read by what is left of the plan once nothing superfluous is.
fn dropped_used(script: &Script, extract: &Contract, optimised: &LogicalPlan) -> Answer<()> {
    let mut used = BTreeSet::new();
    let _ = optimised.apply(|node| {
        if let LogicalPlan::TableScan(scan) = node {
            used.extend(scan.projected_schema.fields().iter().map(|field| field.name().clone()));
        }
        Ok(TreeNodeRecursion::Continue)
    });
    match extract.columns.iter().find(|column| column.is_dropped() && used.contains(&*column.name)) {
        None => Ok(()),
        Some(column) => Err(Diagnostic::new(contract::DROPPED, format!("the SQL uses `{}`, which the contract drops", column.name))
            .place(Place::file(script.file))
            .expected(format!("no column that {} treats with `drop`: it is null in every row", extract.file))
            .outcome("Nothing was run with this SQL; deliveries and releases stay as they were.")
            .hint("Leave it out of the SQL, or write `treat: keep` in the contract.")
            .into()),
    }
}

/// Taken from the effective date where the feed does not give them.
const OWN_PERIOD: [&str; 2] = ["fiscal_year", "period"];

/// The name under which feed SQL reads the file.
const EXTRACT: &str = "extract";

/// Feed SQL, checked and compiled.
///
/// It cannot lose, invent or reorder rows, cannot see another table, a clock or a lot, and cannot round an amount.
/// One projection serves all threads.
pub struct Projection {
    step: Step,
    fit: Fit,
    schema: SchemaRef,
    /// Where `source_row` stands among the columns of `schema`.
    source_row_at: usize,
    records: SchemaRef,
    covered: Covered,
    /// A record may become several rows; so it could also become none.
    rows_many: bool,
    /// The extract's columns behind the table's pounds; `None` where the table has none.
    amounts: Option<Result<Sums, NoSum>>,
    /// Where the SQL names the pounds.
    amount_at: Span,
    /// For each column that the SQL gives, the extract's columns that its expression reads.
    reaches: Reaches,
    file: String,
    sql: String,
}

impl fmt::Debug for Projection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Projection").field("file", &self.file).finish_non_exhaustive()
    }
}

impl Projection {
    /// Plans `sql` (the text of `file`) over records as `extract` types them, into the columns of `into`.
    ///
    /// # Errors
    /// `TC0801` to `TC0806`, all that can be told apart at once, each with its place in the file.
    pub fn plan(sql: &str, file: &str, extract: &Contract, into: &Contract, rows_many: bool) -> Answer<Self> {
        Self::plan_with(sql, file, extract, into, Given { rows_many, as_at: false })
    }

    /// The same for a delivery that gives something itself.
    ///
    /// # Errors
    /// As [`Self::plan`].
    pub fn plan_with(sql: &str, file: &str, extract: &Contract, into: &Contract, given: Given) -> Answer<Self> {
        deep(|| Self::planned(sql, file, extract, into, given))
    }

    fn planned(sql: &str, file: &str, extract: &Contract, into: &Contract, given: Given) -> Answer<Self> {
        let script = Script { file, text: sql, voice: &PARTNERSHIP };
        script.complete(Self::checked(&script, extract, into, given))
    }

    fn checked(script: &Script, extract: &Contract, into: &Contract, given: Given) -> Answer<Self> {
        let (rows_many, added) = (given.rows_many, given.added());
        let query = script.query()?;
        shape::check_text(script, &query, rows_many)?;
        let records = nullable(&extract.arrow_schema());
        let covered = Covered::read_by(&query, extract);
        let directory = Schemas::default().with(EXTRACT, covered.after(&records));
        let plan = names::plan(script, query.clone(), &directory, Use::Feed)?;
        shape::check_plan(script, &plan, rows_many)?;
        let state = state(Use::Feed);
        let plan = state.analyzer().execute_and_check(plan, state.config_options(), |_, _| {}).map_err(|e| script.fault(&e))?;
        exact::check(script, &plan)?;
        let optional = if into.column("period").is_some() { &OWN_PERIOD[..] } else { &[] };
        let columns = into.columns.iter().filter(|c| !added.contains(&&*c.name)).collect();
        // A row without its day is a faulty row, not a fault of the SQL.
        let wanted = Wanted { table: &into.name, columns, added, optional, judged_later: into.special.date.as_deref() };
        let fit = Fit::plan(script, &query, plan.schema(), &wanted)?;
        whole_period(script, &query, &fit, optional)?;
        let amount = into.special.amount.as_deref();
        let amounts = amount.and_then(|amount| sums(&plan, amount));
        let amount_at = output_span(&query, amount.unwrap_or_default());
        let reaches = reach::reaches(&plan);
        let optimised = state.optimizer().optimize(plan, state, |_, _| {}).map_err(|e| script.fault(&e))?;
        dropped_used(script, extract, &optimised)?;
        let step = Step::compile(&optimised).map_err(|e| script.fault(&e))?;
        let (schema, source_row_at) = with_source_row(into, fit.schema(), added);
        let (file, sql) = (script.file.to_owned(), script.text.to_owned());
        Ok(Self { step, fit, schema, source_row_at, records, covered, rows_many, amounts, amount_at, reaches, file, sql })
    }

    /// The same for a delivery that covers these periods, which the SQL may read as `delivery_year` (null where they are of several
    /// years) and `delivery_period` (null where they are several).
    #[must_use]
    pub fn for_coverage(mut self, coverage: &Coverage) -> Self {
        self.covered = self.covered.of(coverage);
        self
    }

    /// For each column that the SQL gives, the columns of `extract` that its expression reads.
    #[must_use]
    pub fn reaches(&self) -> &Reaches {
        &self.reaches
    }

    /// Whether the SQL itself says when a row is: its period where it gives one, else its day, is made from no date of the record. So it
    /// is where each column of a record is a month's.
    #[must_use]
    pub fn says_when(&self, day: Option<&str>) -> bool {
        let is_date = |(_, name): &Source| self.records.field_with_name(name).is_ok_and(|field| field.data_type().is_temporal());
        let [_, period] = OWN_PERIOD;
        let told_by = self.reaches.get(period).or_else(|| self.reaches.get(day?));
        told_by.is_some_and(|sources| !sources.iter().any(is_date))
    }

    /// Where the table's amounts come from; `None` where the table has none. `extract` is the contract that the SQL was planned over.
    ///
    /// # Errors
    /// `TC0814` where a column is not added as its contract and the feed say, `TC0815` where the SQL gives no sum of columns
    /// and the feed declares none.
    pub fn form(&self, extract: &Contract, declared: &Declared) -> Answer<Option<Form>> {
        let script = Script { file: &self.file, text: &self.sql, voice: &PARTNERSHIP };
        let Some(amounts) = &self.amounts else { return Ok(None) };
        let form = match (amounts, &declared.amount) {
            (Ok(sums), said) => self.form_of(&script, extract, sums, declared).and_then(|form| match said {
                Some(said) if !alike(&form, said) => Err(self.other_than_declared(&script, &form).into()),
                _ => Ok(form),
            }),
            (Err(_), Some(said)) => form(extract, said.clone(), declared.credits_positive)
                .map(|form| Form { counted: !self.rows_many, ..form })
                .map_err(|fault| script.at(report(&fault), self.amount_at).into()),
            (Err(no_sum), None) => Err(self.unknown(&script, no_sum).into()),
        };
        script.complete(form.map(Some))
    }

    fn form_of(&self, script: &Script, extract: &Contract, sums: &Sums, declared: &Declared) -> Answer<Form> {
        form(extract, found(sums), declared.credits_positive).map_err(|fault| {
            let of_it = |name| sums.iter().flatten().rfind(|part| part.column == name).and_then(|part| part.span);
            let report = match fault.column.clone().and_then(of_it) {
                Some(span) => script.at_span(report(&fault), Some(span)),
                None => script.at(report(&fault), self.amount_at),
            };
            report.into()
        })
    }

    fn other_than_declared(&self, script: &Script, form: &Form) -> Diagnostic {
        let report = Diagnostic::new(AMOUNT, format!("the SQL makes `amount` of {form}, and the feed's `amount:` says otherwise"))
            .expected("the same columns with the same signs in both")
            .hint("Take `amount:` out of the feed: the SQL shows it.");
        script.at(report, self.amount_at)
    }

    fn unknown(&self, script: &Script, no_sum: &NoSum) -> Diagnostic {
        let seen = format!("where `amount` comes from cannot be told: it is made by {}", no_sum.what);
        let report = Diagnostic::new(AMOUNT_UNKNOWN, seen)
            .expected("money columns of the extract with `+` and `-` between them, as in `coalesce(debit, 0) - coalesce(credit, 0)`")
            .hint(
                "Where another column says which side an amount is, write `sign_from` into the contract. Else say in the feed what it \
                 comes to, as in `amount: \"debit - credit\"`: every delivery is then held to it.",
            );
        match no_sum.span {
            Some(span) => script.at_span(report, Some(span)),
            None => script.at(report, self.amount_at),
        }
    }

    /// The columns of [`Self::apply`]'s batches: those of the common table in its contract's order, without the
    /// provenance that belongs to the delivery, with `source_row`.
    #[must_use]
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Whether `fiscal_year` and `period` are left to the row's effective date. They come out null.
    #[must_use]
    pub fn leaves_out_period(&self) -> bool {
        OWN_PERIOD.iter().any(|name| self.fit.leaves_out(name))
    }

    /// Columns of the common table that the SQL does not give, in contract order. They come out null.
    #[must_use]
    pub fn left_out(&self) -> Vec<&str> {
        self.fit.schema().fields().iter().map(|f| f.name().as_str()).filter(|name| self.fit.leaves_out(name)).collect()
    }

    /// Projects records: the contract's columns in its order, then `source_row` (`BIGINT`, rising).
    ///
    /// # Errors
    /// `TC0807` where a required column has no value, `TC0808` where a value does not fit, `TC0813` where a record becomes no row.
    pub fn apply(&self, records: &RecordBatch) -> Answer<RecordBatch> {
        let script = Script { file: &self.file, text: &self.sql, voice: &PARTNERSHIP };
        let rows = self.rows(&script, records);
        script.complete(rows.map_err(|refusal| refusal.or_outcome("Nothing of the delivery was taken in; the last accepted one stays.")))
    }

    fn rows(&self, script: &Script, records: &RecordBatch) -> Answer<RecordBatch> {
        let source_row = self.source_row(records).map_err(|e| script.fault(&e))?;
        let records = &self.covered.add(records, &self.records).map_err(|e| script.fault(&e))?;
        let traced = guarded(|| self.step.rows(records, &source_row)).map_err(|e| {
            let mut report = script.fault(&e);
            if let Some(line) = self.first_fault(records, &source_row) {
                report.seen.push_str(&format!(", first in the record at line {line}"));
            }
            report
        })?;
        if self.rows_many
            && let Some(lost) = first_lost(&source_row, &traced.source_row)
        {
            return Err(self.no_row(lost));
        }
        let name = |row: usize| {
            let number = traced.source_row.as_any().downcast_ref::<Int64Array>().map(|a| a.value(row));
            number.map_or_else(|| format!("row {row}"), |n| format!("the record at line {n}"))
        };
        let fitted = self.fit.apply(&traced.rows, &name)?;
        let mut arrays = fitted.columns().to_vec();
        arrays.insert(self.source_row_at, Arc::clone(&traced.source_row));
        RecordBatch::try_new(Arc::clone(&self.schema), arrays).map_err(|e| script.fault(&e.into()).into())
    }

    fn no_row(&self, line: i64) -> Refusal {
        Diagnostic::new(NO_ROW, format!("the SQL makes no row of the record at line {line}"))
            .place(Place::file(&self.file))
            .expected("at least one row of every accepted record: rows leave only by declaration")
            .outcome("Nothing of the delivery was taken in; the last accepted one stays.")
            .hint("Let `unnest` have a list with at least one element, or declare such records in the contract (`not_data`).")
            .into()
    }

    /// The line of the first record that the projection cannot be computed on: the fewest records that fail end with it.
    fn first_fault(&self, records: &RecordBatch, source_row: &ArrayRef) -> Option<i64> {
        let fails = |count: usize| guarded(|| self.step.rows(&records.slice(0, count), &source_row.slice(0, count))).is_err();
        let (mut good, mut bad) = (0, records.num_rows());
        while bad > good + 1 {
            let middle = good + (bad - good) / 2;
            if fails(middle) { bad = middle } else { good = middle }
        }
        let lines = source_row.as_any().downcast_ref::<Int64Array>()?;
        bad.checked_sub(1).filter(|row| *row < lines.len()).map(|row| lines.value(row))
    }

    fn source_row(&self, records: &RecordBatch) -> Result<ArrayRef, DataFusionError> {
        let last = records.columns().get(self.records.fields().len()).cloned();
        last.filter(|a| a.as_any().is::<Int64Array>()).ok_or_else(|| internal_datafusion_err!("records have no source_row"))
    }
}

fn report(fault: &FormFault) -> Diagnostic {
    Diagnostic::new(AMOUNT, fault.seen.clone()).expected(fault.expected.clone()).hint(fault.hint.clone())
}

/// Whether both add up the same columns with the same signs, however they part them into rows.
fn alike(form: &Form, said: &Found) -> bool {
    let sorted = |mut terms: Vec<(String, bool)>| {
        terms.sort();
        terms
    };
    let of_form = form.terms().map(|term| (term.column.to_string(), term.minus)).collect();
    let of_said = said.iter().flatten().map(|(column, times)| (column.to_string(), *times < 0)).collect();
    sorted(of_form) == sorted(of_said)
}

/// The first record without a row; both are in rising order.
fn first_lost(records: &ArrayRef, rows: &ArrayRef) -> Option<i64> {
    let (records, rows) = (records.as_any().downcast_ref::<Int64Array>()?, rows.as_any().downcast_ref::<Int64Array>()?);
    let mut rows = rows.values().iter().copied().peekable();
    records.values().iter().copied().find(|record| {
        let found = rows.peek() == Some(record);
        while rows.next_if_eq(record).is_some() {}
        !found
    })
}

/// Decoded records may be null anywhere that the contract allows; what is required is judged on the way out.
fn nullable(schema: &SchemaRef) -> SchemaRef {
    Arc::new(Schema::new(schema.fields().iter().map(|f| f.as_ref().clone().with_nullable(true)).collect::<Vec<_>>()))
}

/// The fitted columns with `source_row` where the contract has it, or last.
fn with_source_row(into: &Contract, fitted: &SchemaRef, added: &[&str]) -> (SchemaRef, usize) {
    let before = into.columns.iter().take_while(|c| &*c.name != "source_row").filter(|c| !added.contains(&&*c.name)).count();
    let mut fields: Vec<Arc<Field>> = fitted.fields().iter().cloned().collect();
    fields.insert(before, Arc::new(Field::new("source_row", arrow::datatypes::DataType::Int64, false)));
    (Arc::new(Schema::new(fields)), before)
}
