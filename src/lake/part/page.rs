//! Finished pages of one column chunk, and what the footer says of them.

use std::{cell::RefCell, io};

use bytes::Bytes;
use parquet::{
    basic::{Encoding, PageType},
    column::{
        page::{CompressedPage, Page, PageWriteSpec, PageWriter as _},
        writer::ColumnCloseResult,
    },
    data_type::ByteArray,
    errors::Result,
    file::{
        metadata::ColumnChunkMetaData,
        statistics::Statistics,
        writer::{SerializedPageWriter, TrackedWrite},
    },
    schema::types::ColumnDescPtr,
};
use zstd::bulk::Compressor;

use super::{runs, shape};

/// Compressed as all pages are.
fn compressed(bytes: &[u8]) -> io::Result<Bytes> {
    // One for each thread that encodes: making one costs as much as compressing a small page.
    thread_local! {
        static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    }
    COMPRESSOR.with_borrow_mut(|slot| {
        let compressor = match slot {
            Some(compressor) => compressor,
            none => none.insert(Compressor::new(shape::ZSTD_LEVEL)?),
        };
        compressor.compress(bytes).map(Bytes::from)
    })
}

/// Which rows are empty, as definition levels.
#[derive(Default)]
pub(super) struct Levels {
    /// 1 for an entry, 0 for an empty one; only used once there is an empty one.
    bits: Vec<u32>,
    rows: usize,
    empty: usize,
}

impl Levels {
    pub(super) fn push(&mut self, nulls: Option<&arrow::buffer::NullBuffer>, length: usize) {
        let nulls = nulls.filter(|nulls| nulls.null_count() > 0);
        if nulls.is_some() && self.bits.is_empty() {
            self.bits.resize(self.rows, 1);
        }
        self.rows += length;
        match nulls {
            Some(nulls) if nulls.null_count() == length => self.bits.resize(self.rows, 0),
            Some(nulls) => self.bits.extend(nulls.iter().map(u32::from)),
            None if !self.bits.is_empty() => self.bits.resize(self.rows, 1),
            None => {}
        }
        self.empty += nulls.map_or(0, arrow::buffer::NullBuffer::null_count);
    }

    pub(super) fn empty(&self) -> u64 {
        self.empty as u64
    }

    /// Begins the body of a data page: levels with their length before them; nothing where the column is required.
    fn write(&self, nullable: bool, body: &mut Vec<u8>) {
        if !nullable {
            return;
        }
        body.extend_from_slice(&[0; 4]);
        if self.empty == 0 || self.empty == self.rows {
            runs::repeat(u32::from(self.empty == 0), self.rows, 1, body);
        } else {
            runs::encode(&self.bits, 1, body);
        }
        let length = (body.len() as u32).saturating_sub(4).to_le_bytes();
        if let Some(place) = body.first_chunk_mut::<4>() {
            *place = length;
        }
    }
}

/// A chunk of one data page, with a dictionary page before it where there is one.
pub(super) struct Chunk<'a> {
    pub column: &'a ColumnDescPtr,
    /// Values of the dictionary in PLAIN encoding, and how many.
    pub dictionary: Option<(&'a [u8], usize)>,
    pub levels: &'a Levels,
    pub encoding: Encoding,
    pub statistics: Statistics,
}

impl Chunk<'_> {
    /// `values` appends the encoded values of the data page to its body.
    pub(super) fn finish(self, values: impl FnOnce(&mut Vec<u8>)) -> Result<(Bytes, ColumnCloseResult)> {
        let mut sink = TrackedWrite::new(Vec::new());
        let pages = self.write(&mut sink, values)?;
        let (rows, metadata) = (self.levels.rows as u64, self.metadata(&pages)?);
        let bytes = Bytes::from(sink.into_inner()?);
        let bytes_written = bytes.len() as u64;
        let close =
            ColumnCloseResult { bytes_written, rows_written: rows, metadata, bloom_filter: None, column_index: None, offset_index: None };
        Ok((bytes, close))
    }

    fn write(&self, sink: &mut TrackedWrite<Vec<u8>>, values: impl FnOnce(&mut Vec<u8>)) -> Result<Vec<PageWriteSpec>> {
        let mut writer = SerializedPageWriter::new(sink);
        let mut pages = Vec::new();
        if let Some((plain, count)) = self.dictionary {
            let buf = compressed(plain)?;
            let page = Page::DictionaryPage { buf, num_values: count as u32, encoding: Encoding::PLAIN, is_sorted: false };
            pages.push(writer.write_page(CompressedPage::new(page, plain.len()))?);
        }
        let mut body = Vec::new();
        self.levels.write(self.column.max_def_level() > 0, &mut body);
        values(&mut body);
        let page = Page::DataPage {
            buf: compressed(&body)?,
            num_values: self.levels.rows as u32,
            encoding: self.encoding,
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        };
        pages.push(writer.write_page(CompressedPage::new(page, body.len()))?);
        Ok(pages)
    }

    fn metadata(self, pages: &[PageWriteSpec]) -> Result<ColumnChunkMetaData> {
        let offset_of = |wanted: PageType| pages.iter().find(|page| page.page_type == wanted).map(|page| page.offset as i64);
        let mut encodings = vec![Encoding::RLE, self.encoding];
        if self.dictionary.is_some() {
            encodings.push(Encoding::PLAIN);
        }
        ColumnChunkMetaData::builder(self.column.clone())
            .set_compression(shape::zstd())
            .set_encodings(encodings)
            .set_total_compressed_size(pages.iter().map(|page| page.compressed_size as i64).sum())
            .set_total_uncompressed_size(pages.iter().map(|page| page.uncompressed_size as i64).sum())
            .set_num_values(self.levels.rows as i64)
            .set_dictionary_page_offset(offset_of(PageType::DICTIONARY_PAGE))
            .set_data_page_offset(offset_of(PageType::DATA_PAGE).unwrap_or(0))
            .set_statistics(self.statistics)
            .build()
    }
}

/// Smallest and largest text, but for long ones, which say no more than they cost.
pub(super) fn text_statistics<'a>(texts: impl Iterator<Item = &'a [u8]>, empty: u64) -> Statistics {
    let (least, most) = least_and_most(texts);
    let short = |text: Option<&[u8]>| text.filter(|text| text.len() <= 64).map(|text| ByteArray::from(text.to_vec()));
    Statistics::byte_array(short(least), short(most), None, Some(empty), false)
}

pub(super) fn least_and_most<T: Ord + Copy>(mut values: impl Iterator<Item = T>) -> (Option<T>, Option<T>) {
    let Some(first) = values.next() else { return (None, None) };
    let (least, most) = values.fold((first, first), |(least, most), value| (least.min(value), most.max(value)));
    (Some(least), Some(most))
}
