//! The columns of a part and how each is stored.

use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use parquet::{
    arrow::{ArrowSchemaConverter, arrow_writer::ArrowRowGroupWriterFactory},
    basic::{Compression, Encoding, ZstdLevel},
    errors::ParquetError,
    file::{
        properties::{EnabledStatistics, WriterProperties, WriterPropertiesPtr},
        writer::SerializedFileWriter,
    },
    schema::types::SchemaDescriptor,
};

use super::{BATCH_ROWS, ROW_GROUP_ROWS};
use crate::{
    diagnostic::Answer,
    lake::fault,
    schema::{Column, Contract, PROVENANCE, Role, Type},
};

/// What every part of a table has in common: columns, encodings, and the writer's fixed properties.
///
/// Plain Parquet types only: no Arrow schema in the metadata, no clock, no version of a library.
#[derive(Debug)]
pub struct PartSchema {
    pub(super) table: String,
    pub(super) arrow: SchemaRef,
    pub(super) stored: Vec<Stored>,
    pub(super) parquet: SchemaDescriptor,
    pub(super) properties: WriterPropertiesPtr,
}

/// How one column is stored.
#[derive(Debug)]
pub(super) struct Stored {
    pub(super) storage: Storage,
    /// Whether a chunk says its smallest and largest value.
    pub(super) statistics: bool,
    /// Makes the encoder for this column alone, for row groups in which `storage` does not pay.
    pub(super) plain: ArrowRowGroupWriterFactory,
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
        Self::new(contract, left_out, &|_| true)
    }

    /// As [`Self::without`], of a table of persons: no chunk says the smallest or largest value of a column, but for those of provenance.
    ///
    /// # Errors
    /// TC1009 where a column has no Parquet type.
    pub fn of_persons(contract: &Contract, left_out: &[&str]) -> Answer<Arc<Self>> {
        Self::new(contract, left_out, &|column| PROVENANCE.contains(&&*column.name))
    }

    fn new(contract: &Contract, left_out: &[&str], statistics: &dyn Fn(&Column) -> bool) -> Answer<Arc<Self>> {
        let table = contract.name.as_str();
        let columns: Vec<&Column> = contract.columns.iter().filter(|c| !left_out.contains(&&*c.name)).collect();
        let not_parquet = |error| fault::rows(table, error);
        let arrow = Arc::new(Schema::new(columns.iter().map(|c| c.field()).collect::<Vec<_>>()));
        let parquet = ArrowSchemaConverter::new().schema_root(table).convert(&arrow).map_err(not_parquet)?;
        let properties = properties();
        let stored = columns.iter().map(|column| Stored::new(column, statistics(column), &properties));
        let stored = stored.collect::<Result<_, _>>().map_err(not_parquet)?;
        Ok(Arc::new(Self { table: table.into(), arrow, stored, parquet, properties }))
    }

    /// The Arrow schema of the rows that go in. Text may also come as `Dictionary(Int32, Utf8)`.
    #[must_use]
    pub fn arrow(&self) -> &SchemaRef {
        &self.arrow
    }
}

impl Stored {
    fn new(column: &Column, statistics: bool, properties: &WriterPropertiesPtr) -> Result<Self, ParquetError> {
        let alone = Arc::new(Schema::new(vec![column.field()]));
        let parquet = ArrowSchemaConverter::new().convert(&alone)?;
        let sink = SerializedFileWriter::new(std::io::sink(), parquet.root_schema_ptr(), properties.clone())?;
        Ok(Self { storage: storage(column.kind, column.rules.role), statistics, plain: ArrowRowGroupWriterFactory::new(&sink, alone) })
    }
}

/// Nobody skips inside a row group: statistics are a chunk's, and pages are as large as they may be.
fn properties() -> WriterPropertiesPtr {
    let properties = WriterProperties::builder()
        .set_created_by("truecost".into())
        .set_compression(zstd())
        .set_dictionary_enabled(false)
        .set_encoding(Encoding::PLAIN)
        .set_write_batch_size(BATCH_ROWS)
        .set_data_page_row_count_limit(ROW_GROUP_ROWS)
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_offset_index_disabled(true);
    Arc::new(properties.build())
}

/// Level 1: the encodings have taken out most of what there is to find; level 3 took half as long again for nothing on ledgers.
pub(super) const ZSTD_LEVEL: i32 = 1;

pub(super) fn zstd() -> Compression {
    Compression::ZSTD(ZstdLevel::try_new(ZSTD_LEVEL).unwrap_or_default())
}

/// How a column is stored; follows its role, else its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Storage {
    /// Few distinct values, or free text of which much repeats; where that is not so in a row group, plainly.
    Dictionary,
    /// Texts that share beginnings with those before.
    Prefixes,
    /// Integers that rise, and amounts: as differences, bit-packed.
    Steps,
    Bits,
}

pub(super) fn storage(kind: Type, role: Option<Role>) -> Storage {
    match (kind, role) {
        (Type::Boolean, _) => Storage::Bits,
        (Type::Text, Some(Role::Key)) => Storage::Prefixes,
        (Type::Money | Type::Quantity | Type::BigInt | Type::Instant, _) | (_, Some(Role::Sequence)) => Storage::Steps,
        _ => Storage::Dictionary,
    }
}
