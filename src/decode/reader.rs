//! The one way to read a file, whatever its format: open, header, pieces one after another, each decoded on any thread.
//!
//! A format is a folder beside this file and an arm here. It finds the header, cuts the file into pieces that end between records, and
//! says where the fields of a piece's records stand ([`super::records::Records`]); what the fields say is none of its business.

use std::{borrow::Cow, io::Read, sync::Arc};

use super::{
    delimited::{self, faults::describe_quote, split::Splitter},
    fixed::{self, split::Cutter},
    header::Header,
    judge::Judge,
    kinds::Kinds,
    packed::Unpacked,
    records::{BLOCK_ROWS, Records},
    text::{
        chunks::{CHUNK_BYTES, Chunk, Chunks},
        lines::LineEnds,
        transcode,
    },
    workbook::{self, Rows, Sheet},
};
use crate::{
    diagnostic::{Answer, Diagnostic},
    schema::{self, Encoding},
};

/// Reads one file from its first byte to its last.
///
/// ```text
///  Reader::open ─▶ header() ─▶ next() ─▶ Piece ─▶ decode(judge, header, piece) ─▶ Decoded
///                              (one thread)      (any thread)
/// ```
pub struct Reader<R> {
    format: Format<R>,
    /// The contract, where it says what ends the rows.
    ends_by: Option<Box<Judge>>,
    /// The record that ends the rows was met.
    ended: bool,
}

/// How the file at hand is read. What is no text has an arm of its own here, in [`PieceOf`] and in [`Splitting`].
enum Format<R> {
    Text(Box<Chunks<Unpacked<R>>>),
    Workbook(Box<Sheet>),
}

/// Whole records of a file, to be decoded by [`super::decode`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    pub(super) of: PieceOf,
    /// Line from which on all is tail.
    pub(super) tail_from: Option<u64>,
}

/// What a format gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PieceOf {
    /// Text that is to be split into records.
    Text(Chunk),
    /// Rows of a sheet, whose fields are known.
    Rows(Rows),
}

impl<R: Read> Reader<R> {
    /// Bytes of a piece, about.
    pub const PIECE_BYTES: usize = CHUNK_BYTES;

    /// Finds the header. `read` gives the whole file from its first byte.
    ///
    /// # Errors
    /// TC0206 to TC0210 where the header does not fit the contract, TC0220 where bytes cannot be read.
    pub fn open(judge: &Judge, read: R) -> Answer<Self> {
        Self::open_in_pieces(judge, read, Self::PIECE_BYTES)
    }

    /// [`Self::open`] with pieces of about this many bytes.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_in_pieces(judge: &Judge, read: R, bytes: usize) -> Answer<Self> {
        let ends_by = judge.layout.rows.end.is_some().then(|| Box::new(judge.clone()));
        let read = Unpacked::open(&judge.subject.file, &judge.layout, read)?;
        let format = match &judge.layout.format {
            schema::Format::Delimited(_) => Format::Text(Box::new(Chunks::open(judge, &delimited::CUT, read, bytes)?)),
            schema::Format::Fixed(_) => Format::Text(Box::new(Chunks::open(judge, &fixed::CUT, read, bytes)?)),
            schema::Format::Workbook(form) => Format::Workbook(Box::new(Sheet::open(judge, form, read)?)),
        };
        Ok(Self { format, ends_by, ended: false })
    }

    /// The header of the file.
    #[must_use]
    pub fn header(&self) -> Arc<Header> {
        match &self.format {
            Format::Text(chunks) => chunks.header(),
            Format::Workbook(sheet) => sheet.header(),
        }
    }

    /// The next piece; `None` after the last.
    ///
    /// # Errors
    /// TC0212 to TC0214 where a record does not end, TC0220 where bytes cannot be read. A fault that stands before it may be
    /// found when the pieces given so far are decoded: it comes first.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Answer<Option<Piece>> {
        let of = match &mut self.format {
            Format::Text(chunks) => chunks.next()?.map(PieceOf::Text),
            Format::Workbook(sheet) => sheet.next()?.map(PieceOf::Rows),
        };
        let Some(of) = of else { return Ok(None) };
        let mut piece = Piece { of, tail_from: None };
        if let Some(judge) = &self.ends_by {
            piece.tail_from = if self.ended { Some(0) } else { piece.end(judge, &self.header()) };
            self.ended = piece.tail_from.is_some();
        }
        Ok(Some(piece))
    }
}

impl<R: Read> Reader<R> {
    /// The record that starts on a physical line, as it came, for the eye; `None` where none does.
    ///
    /// # Errors
    /// As [`Self::open`] and [`Self::next`].
    pub fn raw(judge: &Judge, read: R, line: u64) -> Answer<Option<String>> {
        let mut reader = Self::open(judge, read)?;
        let header = reader.header();
        while let Some(piece) = reader.next()? {
            if piece.first_line() > line {
                break;
            }
            if let Some(raw) = piece.raw(judge, &header, line) {
                return Ok(Some(raw));
            }
        }
        Ok(None)
    }
}

impl Piece {
    /// Bytes of it.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.of {
            PieceOf::Text(chunk) => chunk.bytes.len(),
            PieceOf::Rows(rows) => rows.text.len(),
        }
    }

    /// Whether it holds nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Piece {
    /// Its text as UTF-8: what the spans of its records are places in.
    pub(super) fn text<'t>(&'t self, judge: &Judge) -> Cow<'t, [u8]> {
        match &self.of {
            PieceOf::Text(chunk) => transcode::to_utf8(judge.encoding, &chunk.bytes),
            PieceOf::Rows(rows) => Cow::Borrowed(&rows.text),
        }
    }

    /// Its records, many at a time. `text` is what [`Self::text`] gave.
    pub(super) fn split<'t>(&'t self, judge: &'t Judge, header: &Header, text: &'t [u8]) -> Splitting<'t> {
        match (&self.of, &judge.layout.format) {
            (PieceOf::Rows(rows), _) => Splitting::Workbook { rows, next: 0 },
            (PieceOf::Text(chunk), schema::Format::Fixed(_)) => Splitting::Fixed(Cutter::new(judge, header, text, chunk.first_line)),
            (PieceOf::Text(chunk), _) => {
                Splitting::Delimited { judge, text, splitter: Splitter::new(text, judge.dialect, chunk.first_line) }
            }
        }
    }

    /// Physical line on which it starts.
    pub(super) fn first_line(&self) -> u64 {
        match &self.of {
            PieceOf::Text(chunk) => chunk.first_line,
            PieceOf::Rows(rows) => rows.lines.first().copied().unwrap_or(0),
        }
    }

    /// Whether the file ends with it.
    pub(super) fn is_last(&self) -> bool {
        match &self.of {
            PieceOf::Text(chunk) => chunk.last,
            PieceOf::Rows(rows) => rows.last,
        }
    }

    /// Whether a Ctrl-Z was taken off the end of the file.
    pub(super) fn ctrl_z(&self) -> bool {
        match &self.of {
            PieceOf::Text(chunk) => chunk.ctrl_z,
            PieceOf::Rows(_) => false,
        }
    }

    /// Why a row of data among these cannot be taken, and its line; the first of them.
    pub(super) fn unread(&self, judge: &Judge, lines: &[u64]) -> Option<(u64, Diagnostic)> {
        match &self.of {
            PieceOf::Text(_) => None,
            PieceOf::Rows(rows) => rows.unread(lines).map(|of| (of.line, workbook::faults::unread(&judge.subject.file, of))),
        }
    }

    /// The line of the record that ends the rows; `None` where none does.
    fn end(&self, judge: &Judge, header: &Header) -> Option<u64> {
        let text = self.text(judge);
        let kinds = Kinds::new(judge, header, &text);
        let mut splitting = self.split(judge, header, &text);
        let mut records = Records::new(header.fields, splitting.gap()).lacking(judge.may_lack_fields());
        let (mut more, mut end) = (true, None::<u64>);
        while more && end.is_none() {
            more = splitting.fill(&mut records, BLOCK_ROWS).unwrap_or(false);
            let odd = records.odd.iter().map(|odd| odd.row(splitting.gap()));
            let rows = (0..records.len()).filter_map(|at| records.row(at)).chain(odd);
            end = rows.filter(|row| kinds.is_end(*row)).map(|row| row.line).min();
            records.clear();
        }
        end
    }

    /// The record that starts on a line, as it came; `None` where none does.
    fn raw(&self, judge: &Judge, header: &Header, line: u64) -> Option<String> {
        let text = self.text(judge);
        let mut splitting = self.split(judge, header, &text);
        let mut records = Records::new(header.fields, splitting.gap()).lacking(judge.may_lack_fields());
        let mut more = true;
        while more {
            more = splitting.fill(&mut records, BLOCK_ROWS).unwrap_or(false);
            let at = records.lines.iter().position(|known| *known == line);
            let odd = records.odd.iter().find(|odd| odd.line == line).map(|odd| odd.row(splitting.gap()));
            if let Some(row) = at.and_then(|at| records.row(at)).or(odd) {
                return Some(judge.as_it_came(text.get(row.start..row.end()).unwrap_or_default()));
            }
            records.clear();
        }
        None
    }
}

/// Splits a piece into records, by its format.
pub(super) enum Splitting<'t> {
    Delimited { judge: &'t Judge, text: &'t [u8], splitter: Splitter<'t> },
    Fixed(Cutter<'t>),
    Workbook { rows: &'t Rows, next: usize },
}

impl Splitting<'_> {
    /// Bytes between two fields of a record.
    pub(super) const fn gap(&self) -> usize {
        match self {
            Self::Delimited { .. } | Self::Workbook { .. } => 1,
            Self::Fixed(_) => 0,
        }
    }

    /// Appends records until there are `enough` or the piece ends; `true` while there is more.
    ///
    /// # Errors
    /// The structure fault that ends the piece, and its line.
    pub(super) fn fill(&mut self, records: &mut Records, enough: usize) -> Result<bool, (u64, Box<Diagnostic>)> {
        match self {
            Self::Delimited { judge, text, splitter } => splitter.fill(records, enough).map_err(|broken| {
                let place = (broken.start, broken.line);
                (broken.line, describe_quote(&judge.subject, judge.dialect, (Encoding::Utf8, text), place, broken.fault).into())
            }),
            Self::Fixed(cutter) => cutter.fill(records, enough),
            Self::Workbook { rows, next } => {
                *next = rows.records(*next, records, enough);
                Ok(*next < rows.lines.len())
            }
        }
    }

    /// How the records so far ended.
    pub(super) fn line_ends(&self) -> LineEnds {
        match self {
            Self::Delimited { splitter, .. } => splitter.line_ends,
            Self::Fixed(cutter) => cutter.line_ends,
            Self::Workbook { .. } => LineEnds::default(),
        }
    }
}
