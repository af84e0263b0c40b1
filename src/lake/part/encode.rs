//! One row group → compressed column chunks.

use arrow::{
    array::{Array, ArrayRef},
    compute::concat,
    datatypes::{DataType, Field},
    record_batch::RecordBatch,
};
use bytes::Bytes;
use parquet::{
    arrow::arrow_writer::{ArrowColumnChunk, ArrowColumnWriter, compute_leaves},
    column::writer::ColumnCloseResult,
    file::{metadata::ColumnChunkMetaData, statistics::Statistics},
    schema::types::ColumnDescPtr,
};

use super::{BATCH_ROWS, PartSchema, dictionary, shape::Storage, steps};
use crate::{
    diagnostic::{Answer, Refusal},
    lake::fault,
};

/// A row group in its final bytes; only its place in the file is open.
#[derive(Debug)]
pub struct EncodedRowGroup {
    pub(super) rows: usize,
    pub(super) columns: Vec<EncodedColumn>,
}

#[derive(Debug)]
pub(super) enum EncodedColumn {
    Encoded(Box<ArrowColumnChunk>),
    /// Pages that are finished: of another part, or a dictionary and its ids.
    Pages(Bytes, Box<ColumnCloseResult>),
}

impl EncodedRowGroup {
    /// Encodes the rows of all batches, in order, as one row group. Pure: any number of threads may encode at a time.
    ///
    /// # Errors
    /// TC1009 where the batches do not have the columns of the schema, or lack a required entry.
    pub fn of(schema: &PartSchema, batches: &[RecordBatch]) -> Answer<Self> {
        let rows = batches.iter().map(RecordBatch::num_rows).sum();
        let columns = (0..schema.arrow.fields().len()).map(|index| column(schema, index, &column_of(schema, batches, index)?));
        Ok(Self { rows, columns: columns.collect::<Answer<_>>()? })
    }

    /// How many rows it has.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }
}

/// The column in every batch, checked against the schema.
fn column_of<'a>(schema: &PartSchema, batches: &'a [RecordBatch], index: usize) -> Answer<Vec<&'a ArrayRef>> {
    let field = schema.arrow.field(index);
    let refuse = |what: String| fault::rows(&schema.table, what);
    let mut pieces = Vec::with_capacity(batches.len());
    for batch in batches {
        if batch.num_columns() != schema.arrow.fields().len() {
            return Err(refuse(format!("{} columns instead of {}", batch.num_columns(), schema.arrow.fields().len())));
        }
        let name = batch.schema_ref().field(index).name().clone();
        if name != *field.name() {
            return Err(refuse(format!("column {} is `{name}` instead of `{}`", index + 1, field.name())));
        }
        pieces.push(checked(field, batch.column(index)).map_err(refuse)?);
    }
    Ok(pieces)
}

pub(super) fn checked<'a>(field: &Field, array: &'a ArrayRef) -> Result<&'a ArrayRef, String> {
    let stands_for = match array.data_type() {
        DataType::Dictionary(_, values) => values,
        plain => plain,
    };
    if stands_for != field.data_type() {
        return Err(format!("`{}` is {} instead of {}", field.name(), array.data_type(), field.data_type()));
    }
    if !field.is_nullable() && array.logical_null_count() > 0 {
        return Err(format!("`{}` is required, and {} entries are empty", field.name(), array.logical_null_count()));
    }
    Ok(array)
}

/// One column, stored as its role asks for; plainly where that does not pay or the type has no other storage.
pub(super) fn column(schema: &PartSchema, index: usize, pieces: &[&ArrayRef]) -> Answer<EncodedColumn> {
    let refuse = |error: &dyn std::fmt::Display| fault::rows(&schema.table, error);
    let (Some(stored), Some(descriptor)) = (schema.stored.get(index), schema.parquet.columns().get(index)) else {
        return Err(refuse(&"no such column"));
    };
    let made = match stored.storage {
        Storage::Dictionary => dictionary::encode(descriptor, pieces),
        Storage::Prefixes => steps::prefixes(descriptor, pieces),
        Storage::Steps => steps::integers(descriptor, pieces),
        Storage::Bits => steps::bits(descriptor, pieces),
    };
    if let Some(made) = made {
        let (pages, mut close) = made.map_err(|error| refuse(&error))?;
        if !stored.statistics {
            close.metadata = silent(&close.metadata).map_err(|error| refuse(&error))?;
        }
        return Ok(EncodedColumn::Pages(pages, Box::new(close)));
    }
    let writer = stored.plain.create_column_writers(0).map_err(|error| refuse(&error))?.pop().ok_or_else(|| refuse(&"no writer"))?;
    let mut chunk = plain(schema, schema.arrow.field(index), pieces, writer)?;
    if !stored.statistics {
        chunk.close_mut().metadata = silent(&chunk.close().metadata).map_err(|error| refuse(&error))?;
    }
    Ok(EncodedColumn::Encoded(Box::new(chunk)))
}

/// What is known of a chunk, without its statistics.
fn silent(chunk: &ColumnChunkMetaData) -> parquet::errors::Result<ColumnChunkMetaData> {
    chunk.clone().into_builder().clear_statistics().build()
}

fn plain(schema: &PartSchema, field: &Field, pieces: &[&ArrayRef], mut writer: ArrowColumnWriter) -> Answer<ArrowColumnChunk> {
    let refuse = |error: &dyn std::fmt::Display| -> Refusal { fault::rows(&schema.table, error) };
    for window in windows(pieces) {
        let window = window.map_err(|error| refuse(&error))?;
        for leaf in compute_leaves(field, &window).map_err(|error| refuse(&error))? {
            writer.write(&leaf).map_err(|error| refuse(&error))?;
        }
    }
    let mut chunk = writer.close().map_err(|error| refuse(&error))?;
    let metadata = &chunk.close().metadata;
    let metadata = lean(metadata, &metadata.column_descr_ptr(), 0).map_err(|error| refuse(&error))?;
    chunk.close_mut().metadata = metadata;
    Ok(chunk)
}

/// What a reader needs to know of a chunk, as `column` and as if its pages began at offset 0 instead of `start`.
///
/// Histograms of levels and lists of page encodings are left out: they say nothing that matters here, and a chunk that was copied must
/// not be told from one that was encoded.
pub(super) fn lean(chunk: &ColumnChunkMetaData, column: &ColumnDescPtr, start: u64) -> parquet::errors::Result<ColumnChunkMetaData> {
    let from_start = |offset: i64| offset - start as i64;
    let mut builder = ColumnChunkMetaData::builder(column.clone())
        .set_compression_codec(chunk.compression_codec())
        .set_encodings_mask(*chunk.encodings_mask())
        .set_total_compressed_size(chunk.compressed_size())
        .set_total_uncompressed_size(chunk.uncompressed_size())
        .set_num_values(chunk.num_values())
        .set_data_page_offset(from_start(chunk.data_page_offset()))
        .set_dictionary_page_offset(chunk.dictionary_page_offset().map(from_start));
    if let Some(statistics) = chunk.statistics() {
        builder = builder.set_statistics(only_current(statistics));
    }
    builder.build()
}

/// Without the deprecated second copy of smallest and largest value that the writer adds for old readers: a reader does not give it
/// back, so a copied chunk could not have it.
fn only_current(statistics: &Statistics) -> Statistics {
    match statistics.clone() {
        Statistics::Boolean(of) => Statistics::Boolean(of.with_backwards_compatible_min_max(false)),
        Statistics::Int32(of) => Statistics::Int32(of.with_backwards_compatible_min_max(false)),
        Statistics::Int64(of) => Statistics::Int64(of.with_backwards_compatible_min_max(false)),
        Statistics::ByteArray(of) => Statistics::ByteArray(of.with_backwards_compatible_min_max(false)),
        other => other,
    }
}

/// The pieces as windows of exactly [`BATCH_ROWS`] rows (the last shorter), without a copy where a window lies inside one piece.
///
/// Encoders decide about pages and dictionaries at the end of each window; so the windows must not depend on how rows arrived.
fn windows<'a>(pieces: &'a [&'a ArrayRef]) -> impl Iterator<Item = Result<ArrayRef, arrow::error::ArrowError>> + 'a {
    let mut at = (0, 0);
    std::iter::from_fn(move || {
        let mut slices: Vec<ArrayRef> = Vec::new();
        let mut missing = BATCH_ROWS;
        while let (true, Some(piece)) = (missing > 0, pieces.get(at.0)) {
            let length = missing.min(piece.len() - at.1);
            if length > 0 {
                slices.push(piece.slice(at.1, length));
            }
            missing -= length;
            at = if at.1 + length == piece.len() { (at.0 + 1, 0) } else { (at.0, at.1 + length) };
        }
        match slices.as_slice() {
            [] => None,
            [one] => Some(Ok(one.clone())),
            many => Some(concat(&many.iter().map(AsRef::as_ref).collect::<Vec<_>>())),
        }
    })
}
