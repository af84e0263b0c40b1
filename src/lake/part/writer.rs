//! Row groups → a file under a staging name, hashed as it is written.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use bytes::Bytes;
use parquet::file::writer::SerializedFileWriter;
use sha2::{Digest as _, Sha256};

use super::{EncodedRowGroup, PartSchema, encode::EncodedColumn};
use crate::{
    crash,
    diagnostic::{Answer, Refusal},
    domain::Digest,
    lake::{Staging, fault},
};

/// Writes one part. Dropped before [`PartWriter::finish`], it leaves a staging file that the next run removes.
pub struct PartWriter {
    path: PathBuf,
    file: SerializedFileWriter<Hashing>,
    rows: u64,
}

/// A finished part that nobody sees yet. Not flushed: whoever puts it in place flushes many at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StagedPart {
    pub path: PathBuf,
    /// SHA-256 of the file's bytes.
    pub digest: Digest,
    pub rows: u64,
    pub bytes: u64,
}

impl StagedPart {
    /// Name in a common table: the first 32 hex digits of the digest.
    #[must_use]
    pub fn name(&self) -> String {
        let mut name = self.digest.hex();
        name.truncate(32);
        name
    }
}

impl PartWriter {
    /// # Errors
    /// TC1002.
    pub fn create(staging: &Staging, schema: &Arc<PartSchema>) -> Answer<Self> {
        let path = staging.name()?;
        let file = staging.create(&path).map_err(fault::file(&path, "create"))?;
        crash::point("part.created")?;
        let sink = Hashing { file: BufWriter::with_capacity(1 << 18, file), hash: Sha256::new(), bytes: 0 };
        let file = SerializedFileWriter::new(sink, schema.parquet.root_schema_ptr(), schema.properties.clone());
        let file = file.map_err(|error| writing(&path, error))?;
        Ok(Self { path, file, rows: 0 })
    }

    /// Puts the next row group into the file.
    ///
    /// # Errors
    /// TC1002.
    pub fn append(&mut self, group: EncodedRowGroup) -> Answer<()> {
        self.rows += group.rows as u64;
        append(&mut self.file, group).map_err(|error| writing(&self.path, error))?;
        Ok(crash::point("part.row_group")?)
    }

    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Writes the footer.
    ///
    /// # Errors
    /// TC1002.
    pub fn finish(self) -> Answer<StagedPart> {
        let Self { path, file, rows } = self;
        let mut sink = file.into_inner().map_err(|error| writing(&path, error))?;
        sink.flush().map_err(fault::file(&path, "write"))?;
        crash::point("part.finished")?;
        Ok(StagedPart { digest: Digest(sink.hash.finalize().into()), rows, bytes: sink.bytes, path })
    }
}

fn append(file: &mut SerializedFileWriter<Hashing>, group: EncodedRowGroup) -> parquet::errors::Result<()> {
    let mut row_group = file.next_row_group()?;
    for column in group.columns {
        match column {
            EncodedColumn::Encoded(chunk) => chunk.append_to_row_group(&mut row_group)?,
            EncodedColumn::Pages(pages, close) => row_group.append_column::<Bytes>(&pages, *close)?,
        }
    }
    row_group.close().map(|_| ())
}

fn writing(path: &Path, error: parquet::errors::ParquetError) -> Refusal {
    fault::file(path, "write")(io::Error::other(error))
}

struct Hashing {
    file: BufWriter<File>,
    hash: Sha256,
    bytes: u64,
}

impl Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hash.update(bytes.get(..written).unwrap_or_default());
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
