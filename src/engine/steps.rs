//! A projection compiled once, then evaluated on batches directly: no plan is made or started for a batch.

use std::sync::Arc;

use arrow::{
    array::{Array, ArrayRef, Int64Array, RecordBatch, RecordBatchOptions, UInt32Array},
    compute::{CastOptions, cast_with_options, concat_batches, take_record_batch},
    datatypes::{DataType, Field, Schema, SchemaRef},
};
use datafusion::{
    common::{DataFusionError, UnnestOptions, internal_datafusion_err, internal_err},
    datasource::memory::MemorySourceConfig,
    execution::TaskContext,
    logical_expr::{LogicalPlan, Unnest, physical_planning_context::PhysicalPlanningContext},
    physical_expr::{PhysicalExpr, planner::create_physical_exprs},
    physical_plan::{
        collect,
        unnest::{ListUnnest, UnnestExec},
    },
};

use super::{
    runtime::wait,
    session::{Use, state},
};

type Result<T> = std::result::Result<T, DataFusionError>;

/// Rows, and for each of them the `source_row` of the record that it was made from.
pub(super) struct Traced {
    pub rows: RecordBatch,
    pub source_row: ArrayRef,
}

/// One node of a compiled projection.
#[derive(Debug)]
pub(super) enum Step {
    /// Columns of the extract by position.
    Extract { columns: Vec<usize>, schema: SchemaRef },
    /// Expressions over the rows of another step.
    Project { expressions: Vec<Arc<dyn PhysicalExpr>>, schema: SchemaRef, input: Box<Step> },
    /// Each record in every branch, in the order of records, then of branches.
    Union { schema: SchemaRef, branches: Vec<Step> },
    /// A list becomes a row for each of its items.
    Unnest { lists: Vec<ListUnnest>, structs: Vec<usize>, options: UnnestOptions, schema: SchemaRef, input: Box<Step> },
}

impl Step {
    /// Compiles an optimised plan that `shape` has checked.
    pub fn compile(plan: &LogicalPlan) -> Result<Self> {
        let schema = Arc::clone(plan.schema().inner());
        match plan {
            LogicalPlan::TableScan(scan) => {
                let all = || (0..scan.source.schema().fields().len()).collect();
                Ok(Self::Extract { columns: scan.projection.clone().unwrap_or_else(all), schema })
            }
            LogicalPlan::SubqueryAlias(alias) => Self::compile(&alias.input),
            LogicalPlan::Projection(projection) => {
                let input = projection.input.schema();
                let context = PhysicalPlanningContext::default();
                let expressions = create_physical_exprs(&projection.expr, input, state(Use::Feed).execution_props(), &context)?;
                Ok(Self::Project { expressions, schema, input: Box::new(Self::compile(&projection.input)?) })
            }
            LogicalPlan::Union(union) => {
                let branches = union.inputs.iter().map(|branch| Self::compile(branch)).collect::<Result<_>>()?;
                Ok(Self::Union { schema, branches })
            }
            LogicalPlan::Unnest(unnest) => Self::compile_unnest(unnest, &schema),
            other => internal_err!("a projection became {}", other.display()),
        }
    }

    fn compile_unnest(unnest: &Unnest, schema: &SchemaRef) -> Result<Self> {
        let lists = unnest.list_type_columns.iter();
        let lists = lists.map(|(index, list)| ListUnnest { index_in_input_schema: *index, depth: list.depth }).collect();
        // One column more travels along: the record's row.
        let mut fields: Vec<Arc<Field>> = schema.fields().iter().cloned().collect();
        fields.push(Arc::new(Field::new("source_row", DataType::Int64, false)));
        Ok(Self::Unnest {
            lists,
            structs: unnest.struct_type_columns.clone(),
            options: unnest.options.clone(),
            schema: Arc::new(Schema::new(fields)),
            input: Box::new(Self::compile(&unnest.input)?),
        })
    }

    /// The rows that records become.
    pub fn rows(&self, records: &RecordBatch, source_row: &ArrayRef) -> Result<Traced> {
        match self {
            Self::Extract { columns, schema } => {
                let arrays = columns.iter().map(|i| column(records, *i)).collect::<Result<Vec<_>>>()?;
                Ok(Traced { rows: batch(schema, arrays, records.num_rows())?, source_row: Arc::clone(source_row) })
            }
            Self::Project { expressions, schema, input } => {
                let input = input.rows(records, source_row)?;
                let count = input.rows.num_rows();
                let arrays = expressions.iter().map(|e| e.evaluate(&input.rows)?.into_array(count)).collect::<Result<Vec<_>>>()?;
                Ok(Traced { rows: batch(schema, arrays, count)?, source_row: input.source_row })
            }
            Self::Union { schema, branches } => {
                let parts = branches.iter().map(|b| b.rows(records, source_row)).collect::<Result<Vec<_>>>()?;
                interleave(schema, &parts)
            }
            Self::Unnest { lists, structs, options, schema, input } => {
                let input = input.rows(records, source_row)?;
                let carried = with_column(&input.rows, "source_row", input.source_row)?;
                let source = MemorySourceConfig::try_new_exec(&[vec![carried.clone()]], carried.schema(), None)?;
                let exec = UnnestExec::new(source, lists.clone(), structs.clone(), Arc::clone(schema), options.clone())?;
                let batches = wait(collect(Arc::new(exec), Arc::new(TaskContext::default())))?;
                split_last(&concat_batches(schema, &batches)?)
            }
        }
    }
}

fn column(rows: &RecordBatch, index: usize) -> Result<ArrayRef> {
    rows.columns().get(index).cloned().ok_or_else(|| internal_datafusion_err!("the batch has {} columns", rows.num_columns()))
}

/// A batch with the types of its arrays: whether a column may be null is judged at the end, against the contract.
fn batch(schema: &SchemaRef, arrays: Vec<ArrayRef>, rows: usize) -> Result<RecordBatch> {
    let fields = schema.fields().iter().zip(&arrays).map(|(f, a)| Field::new(f.name(), a.data_type().clone(), true));
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    Ok(RecordBatch::try_new_with_options(schema, arrays, &RecordBatchOptions::new().with_row_count(Some(rows)))?)
}

fn with_column(rows: &RecordBatch, name: &str, array: ArrayRef) -> Result<RecordBatch> {
    let mut fields: Vec<Arc<Field>> = rows.schema().fields().iter().cloned().collect();
    fields.push(Arc::new(Field::new(name, array.data_type().clone(), false)));
    let mut arrays = rows.columns().to_vec();
    arrays.push(array);
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays)?)
}

fn split_last(rows: &RecordBatch) -> Result<Traced> {
    let last = rows.num_columns().saturating_sub(1);
    let source_row = column(rows, last)?;
    Ok(Traced { rows: rows.project(&(0..last).collect::<Vec<_>>())?, source_row })
}

/// Rows of all branches in the order of their records, so that the order does not depend on where a file was cut.
fn interleave(schema: &SchemaRef, parts: &[Traced]) -> Result<Traced> {
    let arrays = |index: usize| parts.iter().map(|p| column(&p.rows, index)).collect::<Result<Vec<_>>>();
    let mut columns = Vec::with_capacity(schema.fields().len());
    for (index, field) in schema.fields().iter().enumerate() {
        // A value that does not fit stops the file: it must not become an empty one.
        let checked = CastOptions { safe: false, ..CastOptions::default() };
        let typed = arrays(index)?.into_iter().map(|a| Ok(cast_with_options(&a, field.data_type(), &checked)?));
        let typed = typed.collect::<Result<Vec<_>>>()?;
        columns.push(arrow::compute::concat(&typed.iter().map(AsRef::as_ref).collect::<Vec<_>>())?);
    }
    let origins = arrow::compute::concat(&parts.iter().map(|p| p.source_row.as_ref()).collect::<Vec<_>>())?;
    let Some(keys) = origins.as_any().downcast_ref::<Int64Array>() else {
        return internal_err!("source_row is {}", origins.data_type());
    };
    let mut order: Vec<u32> = (0..u32::try_from(keys.len()).map_err(|_| internal_datafusion_err!("too many rows"))?).collect();
    // Stable: rows of one record stay in the order of the branches.
    order.sort_by_key(|i| keys.value(*i as usize));
    let whole = with_column(&batch(schema, columns, keys.len())?, "source_row", origins)?;
    split_last(&take_record_batch(&whole, &UInt32Array::from(order))?)
}
