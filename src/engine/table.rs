//! Tables that SQL can name: rows in memory, or parts in Parquet at places that only the caller knows.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    future::Future,
    path::Path,
    pin::Pin,
    sync::Arc,
};

use arrow::{
    array::RecordBatch,
    compute::concat_batches,
    datatypes::{DataType, Field, Schema, SchemaRef},
};
use datafusion::{
    catalog::{Session, TableProvider, cte_worktable::CteWorkTable},
    common::{
        DataFusionError, ScalarValue, Statistics, config::TableParquetOptions, plan_datafusion_err, stats::Precision,
        tree_node::Transformed,
    },
    datasource::{
        MemTable, TableType,
        listing::PartitionedFile,
        physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource},
        provider_as_source,
        source::DataSourceExec,
        source_as_provider,
        table_schema::TableSchema,
    },
    execution::object_store::{ObjectStoreRegistry, ObjectStoreUrl},
    logical_expr::{EmptyRelation, Expr, LogicalPlan, TableSource},
    optimizer::{OptimizerRule, propagate_empty_relation::PropagateEmptyRelation},
    physical_plan::{ExecutionPlan, empty::EmptyExec},
};
use object_store::{ObjectMeta, ObjectStore, local::LocalFileSystem, path::Path as StorePath};
use url::Url;

use super::{
    names::Directory,
    session::{Use, state},
};

/// Columns of tables by the names under which SQL may read them: what a query is planned against.
#[derive(Clone, Debug, Default)]
pub struct Schemas(BTreeMap<String, SchemaRef>);

impl Schemas {
    /// Adds a table. The name is as SQL writes it: `account` or `reference.account`.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, schema: SchemaRef) -> Self {
        self.0.insert(name.into(), schema);
        self
    }

    pub fn insert(&mut self, name: impl Into<String>, schema: SchemaRef) {
        self.0.insert(name.into(), schema);
    }
}

impl Directory for Schemas {
    fn find(&self, name: &str) -> Option<Arc<dyn TableSource>> {
        let schema = Arc::clone(self.0.get(name)?);
        MemTable::try_new(schema, vec![vec![]]).ok().map(|table| provider_as_source(Arc::new(table)))
    }

    fn names(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }
}

/// One Parquet file of a table.
#[derive(Clone, Debug)]
pub struct Part {
    /// Where it stands in the table's store.
    pub location: StorePath,
    pub bytes: u64,
    pub rows: u64,
    /// Columns that the file does not hold because they are the same in all its rows (Delta's partition columns),
    /// in the order in which all parts of the table have them, as text.
    pub constants: Vec<(String, String)>,
}

impl Part {
    /// A part on this machine, for [`Table::local`]. `None` where its path cannot be made absolute.
    #[must_use]
    pub fn local(path: &Path, bytes: u64, rows: u64) -> Option<Self> {
        let location = StorePath::from_absolute_path(std::path::absolute(path).ok()?).ok()?;
        Some(Self { location, bytes, rows, constants: Vec::new() })
    }

    #[must_use]
    pub fn constants(mut self, constants: Vec<(String, String)>) -> Self {
        self.constants = constants;
        self
    }
}

/// A table with its rows.
#[derive(Clone, Debug)]
pub struct Table {
    schema: SchemaRef,
    rows: Rows,
}

#[derive(Clone, Debug)]
enum Rows {
    Batches(Vec<RecordBatch>),
    Parts { store: Arc<dyn ObjectStore>, parts: Vec<Part> },
}

impl Table {
    /// Rows in memory; every batch has the columns of `schema`, in its order.
    #[must_use]
    pub fn rows(schema: SchemaRef, batches: Vec<RecordBatch>) -> Self {
        Self { schema, rows: Rows::Batches(batches) }
    }

    /// Parts in a store.
    #[must_use]
    pub fn parts(schema: SchemaRef, store: Arc<dyn ObjectStore>, parts: Vec<Part>) -> Self {
        Self { schema, rows: Rows::Parts { store, parts } }
    }

    /// Parts on this machine, by absolute path.
    #[must_use]
    pub fn local(schema: SchemaRef, parts: Vec<Part>) -> Self {
        Self::parts(schema, Arc::new(LocalFileSystem::new()), parts)
    }

    #[must_use]
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Its rows as one batch; `None` where they are in parts, or do not have its columns.
    #[must_use]
    pub fn batch(&self) -> Option<RecordBatch> {
        match &self.rows {
            Rows::Batches(batches) => concat_batches(&self.schema, batches).ok(),
            Rows::Parts { .. } => None,
        }
    }

    /// How many rows it has.
    pub(super) fn count(&self) -> u64 {
        match &self.rows {
            Rows::Batches(batches) => batches.iter().map(|batch| batch.num_rows() as u64).sum(),
            Rows::Parts { parts, .. } => parts.iter().map(|part| part.rows).sum(),
        }
    }

    fn provider(&self, name: &str) -> datafusion::common::Result<Arc<dyn TableProvider>> {
        match &self.rows {
            Rows::Batches(batches) => {
                let typed = batches.iter().map(|b| RecordBatch::try_new(Arc::clone(&self.schema), b.columns().to_vec())).collect::<Result<
                    Vec<_>,
                    _,
                >>(
                )?;
                Ok(Arc::new(MemTable::try_new(Arc::clone(&self.schema), vec![typed])?))
            }
            Rows::Parts { parts, .. } => Ok(Arc::new(Parts::new(name, &self.schema, parts)?)),
        }
    }
}

/// Tables with rows, by the names under which SQL may read them.
#[derive(Clone, Debug, Default)]
pub struct Tables {
    tables: BTreeMap<String, Table>,
    default_schema: Option<String>,
}

impl Tables {
    /// A name without a schema is looked up in `schema`.
    #[must_use]
    pub fn with_default_schema(schema: impl Into<String>) -> Self {
        Self { tables: BTreeMap::new(), default_schema: Some(schema.into()) }
    }

    pub fn insert(&mut self, name: impl Into<String>, table: Table) {
        self.tables.insert(name.into(), table);
    }

    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Table> {
        self.tables.get(name)
    }

    /// The columns of all tables.
    #[must_use]
    pub fn schemas(&self) -> Schemas {
        Schemas(self.tables.iter().map(|(name, t)| (name.clone(), Arc::clone(&t.schema))).collect())
    }

    /// How many rows these tables have together.
    pub(super) fn count<'n>(&self, names: impl IntoIterator<Item = &'n String>) -> u64 {
        names.into_iter().filter_map(|name| self.tables.get(name)).map(Table::count).sum()
    }

    /// Makes every table ready to be read: fails where rows do not have the columns that were declared.
    pub(super) fn open(&self) -> datafusion::common::Result<Open> {
        self.open_of(|_| true)
    }

    /// As [`Self::open`], of these tables alone; the others are known by name, and are not there.
    pub(super) fn open_those(&self, read: &BTreeSet<String>) -> datafusion::common::Result<Open> {
        self.open_of(|name| read.contains(name))
    }

    fn open_of(&self, is_read: impl Fn(&String) -> bool) -> datafusion::common::Result<Open> {
        let names = self.tables.keys().cloned().collect();
        let mut open = Open { names, default_schema: self.default_schema.clone(), ..Open::default() };
        for (name, table) in self.tables.iter().filter(|(name, _)| is_read(name)) {
            open.sources.insert(name.clone(), provider_as_source(table.provider(name)?));
            if table.count() == 0 {
                open.empty.insert(name.clone());
            }
            if let Rows::Parts { store, .. } = &table.rows {
                open.stores.0.insert(host(name), Arc::clone(store));
            }
        }
        Ok(open)
    }
}

/// Tables made ready for one run.
#[derive(Default)]
pub(super) struct Open {
    sources: BTreeMap<String, Arc<dyn TableSource>>,
    /// Of all tables, for who asks for one that is not there.
    names: Vec<String>,
    /// Those that have no row.
    empty: BTreeSet<String>,
    pub stores: Stores,
    default_schema: Option<String>,
}

impl Open {
    /// The plan over these tables instead of those that it was made for; `None` where one of them is not here, or has other columns.
    /// What reads a table without a row is left out of it: it need not be planned any further, nor run.
    pub fn instead_of_those_in(&self, plan: LogicalPlan) -> datafusion::common::Result<Option<LogicalPlan>> {
        let (mut fits, mut any_empty) = (true, false);
        let (without_empty, state) = (PropagateEmptyRelation::new(), state(Use::Cost));
        let replaced = plan.transform_up_with_subqueries(|node| match node {
            LogicalPlan::TableScan(scan) if is_work_table(&scan.source) => Ok(Transformed::no(LogicalPlan::TableScan(scan))),
            LogicalPlan::TableScan(mut scan) => {
                let name = scan.table_name.to_string();
                match self.find(&name) {
                    Some(source) if source.schema() == scan.source.schema() => scan.source = source,
                    _ => fits = false,
                }
                if !self.empty.contains(&name) {
                    return Ok(Transformed::yes(LogicalPlan::TableScan(scan)));
                }
                any_empty = true;
                Ok(Transformed::yes(LogicalPlan::EmptyRelation(EmptyRelation { produce_one_row: false, schema: scan.projected_schema })))
            }
            node if any_empty => without_empty.rewrite(node, state),
            node => Ok(Transformed::no(node)),
        })?;
        Ok(fits.then_some(replaced.data))
    }
}

/// What a recursive query reads of itself is no table.
fn is_work_table(source: &Arc<dyn TableSource>) -> bool {
    source_as_provider(source).is_ok_and(|provider| provider.is::<CteWorkTable>())
}

impl Directory for Open {
    fn find(&self, name: &str) -> Option<Arc<dyn TableSource>> {
        self.sources.get(name).cloned()
    }

    fn names(&self) -> Vec<String> {
        let short = |name: &String| {
            let schema = self.default_schema.as_deref()?;
            name.strip_prefix(schema)?.strip_prefix('.').map(str::to_owned)
        };
        self.names.iter().map(|name| short(name).unwrap_or_else(|| name.clone())).collect()
    }

    fn default_schema(&self) -> Option<&str> {
        self.default_schema.as_deref()
    }
}

/// The stores of one run, by table. SQL has no way to name one.
#[derive(Clone, Debug, Default)]
pub(super) struct Stores(BTreeMap<String, Arc<dyn ObjectStore>>);

impl ObjectStoreRegistry for Stores {
    fn register_store(&self, _url: &Url, _store: Arc<dyn ObjectStore>) -> Option<Arc<dyn ObjectStore>> {
        None
    }

    fn get_store(&self, url: &Url) -> datafusion::common::Result<Arc<dyn ObjectStore>> {
        let store = url.host_str().and_then(|host| self.0.get(host));
        store.cloned().ok_or_else(|| plan_datafusion_err!("there is no store for {}", url.scheme()))
    }
}

/// The name under which a table's store is registered: as distinct as the tables' names are.
fn host(table: &str) -> String {
    table.replace('_', "--").replace('.', "-")
}

/// A scan over explicitly listed files.
struct Parts {
    schema: SchemaRef,
    layout: TableSchema,
    files: Vec<PartitionedFile>,
    rows: usize,
    store: ObjectStoreUrl,
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} parts", self.files.len())
    }
}

impl Parts {
    fn new(name: &str, schema: &SchemaRef, parts: &[Part]) -> datafusion::common::Result<Self> {
        let names: Vec<&str> = parts.first().map(|p| p.constants.iter().map(|(c, _)| c.as_str()).collect()).unwrap_or_default();
        let constant =
            names.iter().map(|c| Ok(Arc::new(schema.field_with_name(c)?.clone()))).collect::<Result<Vec<_>, DataFusionError>>()?;
        let stored: Vec<Field> =
            schema.fields().iter().filter(|f| !names.contains(&f.name().as_str())).map(|f| f.as_ref().clone()).collect();
        let files = parts.iter().map(|part| file(part, &constant)).collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            schema: Arc::clone(schema),
            layout: TableSchema::builder(Arc::new(Schema::new(stored))).with_table_partition_cols(constant).build(),
            files,
            rows: parts.iter().map(|p| p.rows as usize).sum(),
            store: ObjectStoreUrl::parse(format!("truecost://{}", host(name)))?,
        })
    }

    /// Rows are known, bytes estimated: enough to put the small side of a join into memory. Never taken as an answer.
    fn estimate(&self) -> Statistics {
        let width: usize = self.layout.table_schema().fields().iter().map(|f| f.data_type().primitive_width().unwrap_or(24)).sum();
        let mut statistics = Statistics::new_unknown(self.layout.table_schema());
        statistics.num_rows = Precision::Inexact(self.rows);
        statistics.total_byte_size = Precision::Inexact(self.rows.saturating_mul(width));
        statistics
    }

    fn plan(&self, state: &dyn Session, projection: Option<&Vec<usize>>) -> datafusion::common::Result<Arc<dyn ExecutionPlan>> {
        let all: Vec<usize> = (0..self.schema.fields().len()).collect();
        let wanted = projection.unwrap_or(&all);
        if self.files.is_empty() {
            return Ok(Arc::new(EmptyExec::new(Arc::new(self.schema.project(wanted)?))));
        }
        // A scan gives constants last; the table has them where its contract has them.
        let indices = wanted
            .iter()
            .map(|i| Ok(self.layout.table_schema().index_of(self.schema.field(*i).name())?))
            .collect::<Result<Vec<_>, DataFusionError>>()?;
        let options = TableParquetOptions { global: state.config_options().execution.parquet.clone(), ..TableParquetOptions::default() };
        let source = ParquetSource::new(self.layout.clone()).with_table_parquet_options(options);
        let groups = FileGroup::new(self.files.clone()).split_files(state.config().target_partitions());
        let config = FileScanConfigBuilder::new(self.store.clone(), Arc::new(source))
            .with_file_groups(groups)
            .with_statistics(self.estimate())
            .with_projection_indices(Some(indices))?
            .build();
        Ok(DataSourceExec::from_data_source(config))
    }
}

fn file(part: &Part, constants: &[Arc<Field>]) -> Result<PartitionedFile, DataFusionError> {
    let value = |field: &Arc<Field>| -> Result<ScalarValue, DataFusionError> {
        let text = part.constants.iter().find(|(name, _)| name == field.name()).map(|(_, text)| text.clone());
        let text = text.ok_or_else(|| plan_datafusion_err!("a part has no value of {}", field.name()))?;
        match field.data_type() {
            DataType::Utf8 => Ok(ScalarValue::Utf8(Some(text))),
            other => ScalarValue::try_from_string(text, other),
        }
    };
    let meta = ObjectMeta {
        location: part.location.clone(),
        last_modified: chrono::DateTime::UNIX_EPOCH,
        size: part.bytes,
        e_tag: None,
        version: None,
    };
    let values = constants.iter().map(value).collect::<Result<Vec<_>, _>>()?;
    Ok(PartitionedFile::new_from_meta(meta).with_partition_values(values))
}

impl TableProvider for Parts {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn statistics(&self) -> Option<Statistics> {
        None
    }

    // As `async fn scan` would be written out: one function does not pay for a macro crate.
    fn scan<'me, 'state, 'columns, 'filters, 'call>(
        &'me self,
        state: &'state dyn Session,
        projection: Option<&'columns Vec<usize>>,
        _filters: &'filters [Expr],
        _limit: Option<usize>,
    ) -> Pin<Box<dyn Future<Output = datafusion::common::Result<Arc<dyn ExecutionPlan>>> + Send + 'call>>
    where
        'me: 'call,
        'state: 'call,
        'columns: 'call,
        'filters: 'call,
        Self: 'call,
    {
        Box::pin(std::future::ready(self.plan(state, projection)))
    }
}

/// What a recursive query reads of itself.
pub(super) fn work_table(name: &str, schema: SchemaRef) -> Arc<dyn TableSource> {
    provider_as_source(Arc::new(CteWorkTable::new(name, schema)))
}
