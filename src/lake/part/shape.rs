//! The columns of a part and how each is stored.

use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use parquet::{
    arrow::{ArrowSchemaConverter, arrow_writer::ArrowRowGroupWriterFactory},
    basic::{Compression, Encoding, ZstdLevel},
    file::{
        properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder, WriterPropertiesPtr},
        writer::SerializedFileWriter,
    },
    schema::types::{ColumnPath, SchemaDescriptor},
};

use super::{BATCH_ROWS, ROW_GROUP_ROWS};
use crate::{
    diagnostic::Answer,
    lake::fault,
    schema::{Column, Contract, Role, Type},
};

/// What every part of a table has in common: columns, encodings, and the writer's fixed properties.
///
/// Plain Parquet types only: no Arrow schema in the metadata, no clock, no version of a library.
#[derive(Debug)]
pub struct PartSchema {
    pub(super) table: String,
    pub(super) arrow: SchemaRef,
    pub(super) parquet: SchemaDescriptor,
    pub(super) properties: WriterPropertiesPtr,
    pub(super) factory: ArrowRowGroupWriterFactory,
}

impl PartSchema {
    /// All columns of the contract.
    ///
    /// # Errors
    /// TC1009 where a column has no Parquet type.
    pub fn of(contract: &Contract) -> Answer<Arc<Self>> {
        Self::without(contract, &[])
    }

    /// The columns of the contract but these: partition columns stand in the path of a part of a common table, not in it.
    ///
    /// # Errors
    /// TC1009 where a column has no Parquet type.
    pub fn without(contract: &Contract, left_out: &[&str]) -> Answer<Arc<Self>> {
        let columns: Vec<_> = contract.columns.iter().filter(|c| !left_out.contains(&&*c.name)).collect();
        Self::new(&contract.name, &columns)
    }

    fn new(table: &str, columns: &[&Column]) -> Answer<Arc<Self>> {
        let arrow = Arc::new(Schema::new(columns.iter().map(|c| c.field()).collect::<Vec<_>>()));
        let not_parquet = |error| fault::rows(table, error);
        let parquet = ArrowSchemaConverter::new().schema_root(table).convert(&arrow).map_err(not_parquet)?;
        let properties = Arc::new(columns.iter().fold(common_properties(), |all, column| with_column(all, column)).build());
        let sink = SerializedFileWriter::new(std::io::sink(), parquet.root_schema_ptr(), properties.clone()).map_err(not_parquet)?;
        let factory = ArrowRowGroupWriterFactory::new(&sink, arrow.clone());
        Ok(Arc::new(Self { table: table.into(), arrow, parquet, properties, factory }))
    }

    /// The Arrow schema of the rows that go in. Text may also come as `Dictionary(Int32, Utf8)`.
    #[must_use]
    pub fn arrow(&self) -> &SchemaRef {
        &self.arrow
    }
}

/// One page a column chunk where it fits: pages cost headers and restarts of the compressor, and nobody skips inside a row group.
fn common_properties() -> WriterPropertiesBuilder {
    WriterProperties::builder()
        .set_created_by("truecost".into())
        .set_compression(zstd())
        .set_write_batch_size(BATCH_ROWS)
        .set_data_page_row_count_limit(ROW_GROUP_ROWS)
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_offset_index_disabled(true)
}

pub(super) fn zstd() -> Compression {
    Compression::ZSTD(ZstdLevel::try_new(1).unwrap_or_default())
}

/// How a column is stored; follows its role, else its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Storage {
    Dictionary,
    Prefixes,
    Steps,
    Amounts,
    Text,
    Bits,
}

pub(super) fn storage(column: &Column) -> Storage {
    match (column.kind, column.rules.role) {
        (Type::Boolean, _) => Storage::Bits,
        (Type::Money, _) => Storage::Amounts,
        (Type::Text, Some(Role::Key)) => Storage::Prefixes,
        (Type::Text, Some(Role::FreeText)) => Storage::Text,
        (Type::Text, _) => Storage::Dictionary,
        (_, Some(Role::Sequence)) | (Type::BigInt, None) => Storage::Steps,
        _ => Storage::Dictionary,
    }
}

fn with_column(all: WriterPropertiesBuilder, column: &Column) -> WriterPropertiesBuilder {
    let path = ColumnPath::from(&*column.name);
    let plain = |all: WriterPropertiesBuilder, encoding| {
        all.set_column_dictionary_enabled(path.clone(), false).set_column_encoding(path.clone(), encoding)
    };
    match storage(column) {
        Storage::Dictionary | Storage::Text => all.set_column_dictionary_enabled(path.clone(), true),
        Storage::Prefixes => plain(all, Encoding::DELTA_BYTE_ARRAY),
        Storage::Steps => plain(all, Encoding::DELTA_BINARY_PACKED),
        Storage::Amounts => plain(all, Encoding::DELTA_BINARY_PACKED),
        Storage::Bits => plain(all, Encoding::PLAIN),
    }
}
