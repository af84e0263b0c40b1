//! Column chunks for the reader of `parquet`: each read from its file at once, and decompressed by the one context of this thread.
//!
//! Left to itself the reader fetches 64 KiB for every page header, and makes a context to compress and one to decompress for every
//! chunk. Of parts with some hundred rows and a dozen columns, that took more time than everything else about them.

use std::{cell::RefCell, sync::Arc};

use bytes::{Buf as _, Bytes, buf::Reader};
use parquet::{
    arrow::arrow_reader::RowGroups,
    basic::Compression,
    column::page::{Page, PageIterator, PageMetadata, PageReader},
    errors::{ParquetError, Result},
    file::{
        metadata::{ParquetMetaData, RowGroupMetaData},
        reader::{ChunkReader, Length},
        serialized_reader::SerializedPageReader,
    },
};
use zstd::{bulk::Decompressor, zstd_safe::get_frame_content_size};

/// One row group of an open part.
pub(super) struct RowGroup<'a, R> {
    pub(super) file: &'a R,
    pub(super) metadata: &'a ParquetMetaData,
    pub(super) number: usize,
}

impl<R> RowGroup<'_, R> {
    fn group(&self) -> Option<&RowGroupMetaData> {
        self.metadata.row_groups().get(self.number)
    }
}

impl<R: ChunkReader> RowGroups for RowGroup<'_, R> {
    fn num_rows(&self) -> usize {
        self.group().map_or(0, |group| usize::try_from(group.num_rows()).unwrap_or(0))
    }

    fn column_chunks(&self, column: usize) -> Result<Box<dyn PageIterator>> {
        let chunk = self.group().and_then(|group| group.columns().get(column));
        let chunk = chunk.ok_or_else(|| ParquetError::General(format!("there is no chunk of column {column}")))?;
        let (start, length) = chunk.byte_range();
        let bytes = self.file.get_bytes(start, usize::try_from(length)?)?;
        let most = matches!(chunk.compression(), Compression::ZSTD(_)).then(|| usize::try_from(chunk.uncompressed_size()).unwrap_or(0));
        // The reader is told of no compression where it is ours to undo.
        let read_as = if most.is_some() { Compression::UNCOMPRESSED } else { chunk.compression() };
        let chunk = chunk.clone().into_builder().set_compression(read_as).build()?;
        let pages = SerializedPageReader::new(Arc::new(InMemory { start, bytes }), &chunk, self.num_rows(), None)?;
        Ok(Box::new(OneChunk(Some(Pages { pages, most }))))
    }

    fn row_groups(&self) -> Box<dyn Iterator<Item = &RowGroupMetaData> + '_> {
        Box::new(self.group().into_iter())
    }

    fn metadata(&self) -> &ParquetMetaData {
        self.metadata
    }
}

/// The bytes of a chunk, at their place in the file.
struct InMemory {
    start: u64,
    bytes: Bytes,
}

impl InMemory {
    fn rest_at(&self, at: u64) -> Result<Bytes> {
        let before = at.checked_sub(self.start).and_then(|before| usize::try_from(before).ok());
        let before = before.filter(|before| *before <= self.bytes.len());
        before.map(|before| self.bytes.slice(before..)).ok_or_else(|| ParquetError::EOF(format!("{at} is outside the chunk")))
    }
}

impl Length for InMemory {
    fn len(&self) -> u64 {
        self.start + self.bytes.len() as u64
    }
}

impl ChunkReader for InMemory {
    type T = Reader<Bytes>;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        Ok(self.rest_at(start)?.reader())
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        let rest = self.rest_at(start)?;
        if length > rest.len() {
            return Err(ParquetError::EOF(format!("{length} bytes at {start} go beyond the chunk")));
        }
        Ok(rest.slice(..length))
    }
}

/// The pages of one chunk.
struct Pages {
    pages: SerializedPageReader<InMemory>,
    /// What its pages hold together at most, decompressed, in bytes; `None` where they come decompressed.
    most: Option<usize>,
}

impl PageReader for Pages {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        match (self.pages.get_next_page()?, self.most) {
            (Some(page), Some(most)) => decompressed(page, most).map(Some),
            (page, _) => Ok(page),
        }
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.pages.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.pages.skip_next_page()
    }
}

impl Iterator for Pages {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

/// All chunks of a column in one row group: one.
struct OneChunk(Option<Pages>);

impl Iterator for OneChunk {
    type Item = Result<Box<dyn PageReader>>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.take().map(|pages| Ok(Box::new(pages) as Box<dyn PageReader>))
    }
}

impl PageIterator for OneChunk {}

fn decompressed(mut page: Page, most: usize) -> Result<Page> {
    match &mut page {
        Page::DataPage { buf, .. } | Page::DictionaryPage { buf, .. } => *buf = plain(buf, most)?.into(),
        Page::DataPageV2 { is_compressed: false, .. } => {}
        Page::DataPageV2 { buf, def_levels_byte_len, rep_levels_byte_len, .. } => {
            // Levels stand before the values, and are not compressed; a page without a value may have nothing after them.
            let levels = *def_levels_byte_len as usize + *rep_levels_byte_len as usize;
            let (levels, values) = buf.split_at_checked(levels).ok_or_else(|| ParquetError::General("a page without its levels".into()))?;
            let values = if values.is_empty() { Vec::new() } else { plain(values, most)? };
            *buf = [levels, &values].concat().into();
        }
    }
    Ok(page)
}

/// Decompresses at most `most` bytes.
fn plain(compressed: &[u8], most: usize) -> Result<Vec<u8>> {
    thread_local! {
        static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
    }
    let size = get_frame_content_size(compressed).ok().flatten().and_then(|size| usize::try_from(size).ok());
    let size =
        size.filter(|size| *size <= most).ok_or_else(|| ParquetError::General("a page does not say its size, or a wrong one".into()))?;
    DECOMPRESSOR.with_borrow_mut(|slot| {
        let decompressor = match slot {
            Some(decompressor) => decompressor,
            none => none.insert(Decompressor::new()?),
        };
        Ok(decompressor.decompress(compressed, size)?)
    })
}
