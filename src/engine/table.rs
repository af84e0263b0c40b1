//! Tables that SQL can name: rows in memory, or parts in Parquet at places that only the caller knows.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use arrow::{array::RecordBatch, compute::concat_batches, datatypes::SchemaRef};
use datafusion::{
    catalog::{TableProvider, cte_worktable::CteWorkTable},
    common::{plan_datafusion_err, tree_node::Transformed},
    datasource::{MemTable, provider_as_source, source_as_provider},
    execution::object_store::ObjectStoreRegistry,
    logical_expr::{EmptyRelation, LogicalPlan, TableSource},
    optimizer::{OptimizerRule, propagate_empty_relation::PropagateEmptyRelation},
};
use object_store::{ObjectStore, local::LocalFileSystem};
use url::Url;

use super::{
    names::Directory,
    parts::{Part, Parts},
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

    /// Its rows, ready to be read: fails where they do not have the columns that were declared.
    pub(super) fn filled(&self, name: &str) -> datafusion::common::Result<Filled> {
        match &self.rows {
            Rows::Batches(batches) => {
                let typed = batches.iter().map(|batch| RecordBatch::try_new(Arc::clone(&self.schema), batch.columns().to_vec()));
                Ok(Filled::Batches(typed.collect::<Result<_, _>>()?))
            }
            Rows::Parts { parts, .. } => Ok(Filled::Parts(Arc::new(Parts::new(name, &self.schema, parts)?))),
        }
    }

    fn provider(&self, name: &str) -> datafusion::common::Result<Arc<dyn TableProvider>> {
        Ok(match self.filled(name)? {
            Filled::Batches(batches) => Arc::new(MemTable::try_new(Arc::clone(&self.schema), vec![batches])?),
            Filled::Parts(parts) => parts,
        })
    }
}

/// The rows of a table, ready to be read.
#[derive(Clone, Debug)]
pub(super) enum Filled {
    Batches(Vec<RecordBatch>),
    Parts(Arc<Parts>),
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

    /// Takes away every table whose name is not kept.
    pub fn retain(&mut self, is_kept: impl Fn(&str) -> bool) {
        self.tables.retain(|name, _| is_kept(name));
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

    /// The stores of these tables.
    pub(super) fn stores<'n>(&self, names: impl IntoIterator<Item = &'n String>) -> Stores {
        let store = |name: &'n String| match &self.tables.get(name)?.rows {
            Rows::Parts { store, .. } => Some((host(name), Arc::clone(store))),
            Rows::Batches(_) => None,
        };
        Stores(names.into_iter().filter_map(store).collect())
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
            open.rows.insert(name.clone(), table.count());
        }
        open.stores = self.stores(open.rows.keys());
        Ok(open)
    }
}

/// Tables made ready for one run.
#[derive(Default)]
pub(super) struct Open {
    sources: BTreeMap<String, Arc<dyn TableSource>>,
    /// Of all tables, for who asks for one that is not there.
    names: Vec<String>,
    /// How many rows each has.
    rows: BTreeMap<String, u64>,
    pub stores: Stores,
    default_schema: Option<String>,
}

impl Open {
    /// How many rows a table has; `None` where it is not here.
    pub fn count(&self, table: &str) -> Option<u64> {
        self.rows.get(table).copied()
    }

    /// Those that have no row.
    pub fn empty(&self) -> BTreeSet<String> {
        self.rows.iter().filter(|(_, rows)| **rows == 0).map(|(name, _)| name.clone()).collect()
    }

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
                if self.count(&name) != Some(0) {
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
pub(super) fn host(table: &str) -> String {
    table.replace('_', "--").replace('.', "-")
}

/// What a recursive query reads of itself.
pub(super) fn work_table(name: &str, schema: SchemaRef) -> Arc<dyn TableSource> {
    provider_as_source(Arc::new(CteWorkTable::new(name, schema)))
}
