//! Reading parts: metadata once, columns of one row group at a time, from any thread.

use std::{
    fs::File,
    io::{self, Read},
    os::unix::fs::FileExt as _,
    path::Path,
    sync::Arc,
};

use arrow::{
    array::{RecordBatch, RecordBatchReader as _},
    compute::concat_batches,
    datatypes::{DataType, Field, Fields, SchemaRef},
};
use bytes::Bytes;
use parquet::{
    arrow::{
        ProjectionMask,
        arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader},
        parquet_to_arrow_field_levels,
    },
    errors::ParquetError,
    file::{
        metadata::ParquetMetaData,
        reader::{ChunkReader, Length},
    },
};

use super::chunks::RowGroup;
use crate::{
    diagnostic::Answer,
    lake::{PublishedPart, fault, hold},
};

/// All columns and rows of some parts below the published folder, as they are in their files; each is held against its digest first.
///
/// # Errors
/// TC1008 where one is not there, cannot be read or is not as it was written.
pub fn rows_of_parts<'p>(published: &Path, parts: impl IntoIterator<Item = &'p PublishedPart>) -> Answer<Vec<RecordBatch>> {
    let mut batches = Vec::new();
    for part in parts {
        let path = published.join(&part.path);
        hold(&path, part.bytes, &part.sha256)?;
        let file = PartFile::open(&path)?;
        let names: Vec<&str> = file.schema().fields().iter().map(|field| field.name().as_str()).collect();
        for row_group in 0..file.row_groups() {
            batches.push(file.read(row_group, &names, &[])?);
        }
    }
    Ok(batches)
}

/// An open part. Cheap to clone; reads at positions, so threads may share it.
#[derive(Clone, Debug)]
pub struct PartFile {
    path: Arc<Path>,
    file: Positioned,
    metadata: ArrowReaderMetadata,
    /// As it is stored, plain types.
    schema: SchemaRef,
}

impl PartFile {
    /// # Errors
    /// TC1008.
    pub fn open(path: &Path) -> Answer<Self> {
        let file = Positioned::open(path).map_err(|error| fault::part(path, error))?;
        let metadata = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new().with_skip_arrow_metadata(true));
        let metadata = metadata.map_err(|error| fault::part(path, error))?;
        let schema = metadata.schema().clone();
        Ok(Self { path: path.into(), file, metadata, schema })
    }

    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The columns that are in the file, plain types.
    #[must_use]
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    #[must_use]
    pub fn row_groups(&self) -> usize {
        self.parquet().num_row_groups()
    }

    /// Rows of one row group; 0 where there is no such group.
    #[must_use]
    pub fn rows_in(&self, row_group: usize) -> usize {
        self.parquet().row_groups().get(row_group).map_or(0, |group| usize::try_from(group.num_rows()).unwrap_or(0))
    }

    #[must_use]
    pub fn rows(&self) -> u64 {
        u64::try_from(self.parquet().file_metadata().num_rows()).unwrap_or(0)
    }

    pub(super) fn parquet(&self) -> &ParquetMetaData {
        self.metadata.metadata()
    }

    /// Columns of one row group, in the order given. Those also named in `as_dictionary` come as `Dictionary(Int32, Utf8)`: cheap
    /// where the part stores them so, and equal values have few ids (not always one: a value may stand twice in the dictionary).
    ///
    /// # Errors
    /// TC1008, also where a column is not in the part.
    pub fn read(&self, row_group: usize, names: &[&str], as_dictionary: &[&str]) -> Answer<RecordBatch> {
        self.read_columns(row_group, names, as_dictionary).map_err(|error| fault::part(&self.path, error))
    }

    fn read_columns(&self, row_group: usize, names: &[&str], as_dictionary: &[&str]) -> Result<RecordBatch, Box<dyn std::error::Error>> {
        let indices = names.iter().map(|name| self.schema.index_of(name)).collect::<Result<Vec<_>, _>>()?;
        let descriptor = self.parquet().file_metadata().schema_descr();
        let mask = ProjectionMask::roots(descriptor, indices);
        let fields = self.with_dictionaries(as_dictionary);
        let levels = parquet_to_arrow_field_levels(descriptor, mask, Some(&fields))?;
        let group = RowGroup { file: &self.file, metadata: self.parquet(), number: row_group };
        let reader = ParquetRecordBatchReader::try_new_with_row_groups(&levels, &group, self.rows_in(row_group).max(1), None)?;
        let schema = reader.schema();
        let batches = reader.collect::<Result<Vec<_>, _>>()?;
        let batch = match batches.as_slice() {
            [one] => one.clone(),
            many => concat_batches(&schema, many)?,
        };
        let order = names.iter().map(|name| batch.schema_ref().index_of(name)).collect::<Result<Vec<_>, _>>()?;
        Ok(batch.project(&order)?)
    }

    fn with_dictionaries(&self, names: &[&str]) -> Fields {
        let dictionary = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
        let hint = |field: &Arc<Field>| {
            if names.contains(&field.name().as_str()) {
                Arc::new(field.as_ref().clone().with_data_type(dictionary.clone()))
            } else {
                field.clone()
            }
        };
        self.schema.fields().iter().map(hint).collect()
    }

    /// The compressed pages of one column chunk, dictionary page first.
    pub(super) fn chunk(&self, start: u64, length: usize) -> Answer<Bytes> {
        self.file.get_bytes(start, length).map_err(|error| fault::part(&self.path, error))
    }
}

/// A file that is read at positions: no cursor, so nothing is shared between readers.
///
/// `File` itself is a `ChunkReader` too, but its clones share one cursor, and threads that share it read garbage.
#[derive(Clone, Debug)]
struct Positioned {
    file: Arc<File>,
    length: u64,
}

impl Positioned {
    fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let length = file.metadata()?.len();
        Ok(Self { file: Arc::new(file), length })
    }
}

impl Length for Positioned {
    fn len(&self) -> u64 {
        self.length
    }
}

impl ChunkReader for Positioned {
    type T = io::BufReader<Cursor>;

    fn get_read(&self, start: u64) -> parquet::errors::Result<Self::T> {
        Ok(io::BufReader::with_capacity(1 << 16, Cursor { file: self.file.clone(), at: start }))
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        if start.checked_add(length as u64).is_none_or(|end| end > self.length) {
            return Err(ParquetError::EOF(format!("{length} bytes at {start} of {}", self.length)));
        }
        let mut bytes = vec![0; length];
        self.file.read_exact_at(&mut bytes, start)?;
        Ok(bytes.into())
    }
}

/// One reader's own position in a shared file.
#[derive(Debug)]
pub struct Cursor {
    file: Arc<File>,
    at: u64,
}

impl Read for Cursor {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(into, self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}
