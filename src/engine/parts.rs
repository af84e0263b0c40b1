//! The Parquet files of a table, scanned as they are listed: no folder is looked through for them.

use std::{fmt, path::Path, pin::Pin, sync::Arc};

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::{
    catalog::{Session, TableProvider},
    common::{DataFusionError, ScalarValue, Statistics, config::TableParquetOptions, plan_datafusion_err, stats::Precision},
    datasource::{
        TableType,
        listing::PartitionedFile,
        physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource},
        source::DataSourceExec,
        table_schema::TableSchema,
    },
    execution::object_store::ObjectStoreUrl,
    logical_expr::Expr,
    physical_plan::{ExecutionPlan, empty::EmptyExec},
};
use object_store::{ObjectMeta, path::Path as StorePath};

use super::{
    session::{Use, state},
    table::host,
};

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

/// A scan over explicitly listed files.
pub(super) struct Parts {
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
    pub fn new(name: &str, schema: &SchemaRef, parts: &[Part]) -> datafusion::common::Result<Self> {
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

    /// Reads these columns, in one partition.
    pub fn read(&self, columns: &[usize]) -> datafusion::common::Result<Arc<dyn ExecutionPlan>> {
        self.plan(state(Use::Few), Some(&columns.to_vec()))
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
