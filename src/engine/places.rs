//! What a kept plan leaves open: places for the rows of its tables and for its parameters, filled while it runs.

use std::{
    fmt,
    hash::{Hash, Hasher},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use arrow::datatypes::{DataType, SchemaRef};
use datafusion::{
    catalog::{Session, TableProvider},
    common::{Result, Statistics, internal_datafusion_err, stats::Precision, tree_node::TreeNodeRecursion},
    datasource::TableType,
    execution::{SendableRecordBatchStream, TaskContext},
    logical_expr::{ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility},
    physical_expr::{EquivalenceProperties, PhysicalExpr},
    physical_plan::{
        DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties,
        execution_plan::{Boundedness, EmissionType, ReplaceChildrenOptions},
        memory::MemoryStream,
        statistics::StatisticsArgs,
    },
};

use super::{
    parameters::{self, Parameters},
    table::Filled,
};

/// What is there for the length of a run.
#[derive(Debug)]
pub(super) struct Held<T>(Mutex<Option<T>>);

impl<T> Default for Held<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Clone> Held<T> {
    pub(super) fn put(&self, what: Option<T>) {
        *self.locked() = what;
    }

    fn get(&self) -> Option<T> {
        self.locked().clone()
    }

    /// What is put in is whole, whatever a thread that panicked left undone.
    fn locked(&self) -> MutexGuard<'_, Option<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where the rows of a table are put for a run.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) schema: SchemaRef,
    /// How many rows the table had when the query was planned.
    pub(super) count: u64,
    pub(super) rows: Held<Filled>,
}

/// A place as the planner sees it.
#[derive(Debug)]
pub(super) struct PlaceTable(pub(super) Arc<Place>);

impl TableProvider for PlaceTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.0.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    // As `async fn scan` would be written out: one function does not pay for a macro crate.
    fn scan<'me, 'state, 'columns, 'filters, 'call>(
        &'me self,
        _state: &'state dyn Session,
        projection: Option<&'columns Vec<usize>>,
        _filters: &'filters [Expr],
        _limit: Option<usize>,
    ) -> Pin<Box<dyn Future<Output = Result<Arc<dyn ExecutionPlan>>> + Send + 'call>>
    where
        'me: 'call,
        'state: 'call,
        'columns: 'call,
        'filters: 'call,
        Self: 'call,
    {
        let scan = PlaceExec::of(&self.0, projection).map(|scan| Arc::new(scan) as Arc<dyn ExecutionPlan>);
        Box::pin(std::future::ready(scan))
    }
}

/// Reads what is in a place when it runs.
#[derive(Debug)]
pub(super) struct PlaceExec {
    place: Arc<Place>,
    columns: Vec<usize>,
    properties: Arc<PlanProperties>,
}

impl PlaceExec {
    pub(super) const NAME: &str = "PlaceExec";

    fn of(place: &Arc<Place>, projection: Option<&Vec<usize>>) -> Result<Self> {
        let columns = projection.cloned().unwrap_or_else(|| (0..place.schema.fields().len()).collect());
        let columns_read = Arc::new(place.schema.project(&columns)?);
        let properties = PlanProperties::new(
            EquivalenceProperties::new(columns_read),
            Partitioning::UnknownPartitioning(1),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        Ok(Self { place: Arc::clone(place), columns, properties: Arc::new(properties) })
    }
}

impl DisplayAs for PlaceExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(Self::NAME)
    }
}

impl ExecutionPlan for PlaceExec {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn apply_expressions(&self, _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(self: Arc<Self>, _: Vec<Arc<dyn ExecutionPlan>>, _: ReplaceChildrenOptions) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn with_new_children(self: Arc<Self>, _: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        match self.place.rows.get().ok_or_else(|| internal_datafusion_err!("a table of a kept plan was not given"))? {
            Filled::Batches(batches) => {
                let stream = MemoryStream::try_new(
                    batches,
                    Arc::clone(self.properties.equivalence_properties().schema()),
                    Some(self.columns.clone()),
                )?;
                Ok(Box::pin(stream))
            }
            Filled::Parts(parts) => parts.read(&self.columns)?.execute(partition, context),
        }
    }

    /// How many rows there were when the query was planned: enough to put the small side of a join into memory. Never taken as an answer.
    fn statistics_from_inputs(&self, _: &[Arc<Statistics>], _: &StatisticsArgs) -> Result<Arc<Statistics>> {
        let mut statistics = Statistics::new_unknown(self.properties.equivalence_properties().schema());
        statistics.num_rows = Precision::Inexact(self.place.count as usize);
        Ok(Arc::new(statistics))
    }
}

/// A function without arguments that gives a parameter of the run that is under way.
#[derive(Debug)]
pub(super) struct Asks {
    /// With its sign: `$period`.
    name: String,
    kind: DataType,
    given: Arc<Held<Parameters>>,
    signature: Signature,
}

impl Asks {
    pub(super) fn call(name: String, kind: DataType, given: &Arc<Held<Parameters>>) -> Expr {
        // Volatile: it is asked in every run, and never worked out when the query is planned.
        let asks = Self { name, kind, given: Arc::clone(given), signature: Signature::nullary(Volatility::Volatile) };
        ScalarUDF::new_from_impl(asks).call(Vec::new())
    }
}

impl PartialEq for Asks {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && Arc::ptr_eq(&self.given, &other.given)
    }
}

impl Eq for Asks {}

impl Hash for Asks {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl ScalarUDFImpl for Asks {
    fn name(&self) -> &str {
        &self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(self.kind.clone())
    }

    fn invoke_with_args(&self, _: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let value = self.given.get().and_then(|given| parameters::value(&self.name, &given));
        Ok(ColumnarValue::Scalar(value.ok_or_else(|| internal_datafusion_err!("{} was not given", self.name))?))
    }
}
