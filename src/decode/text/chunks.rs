//! The sequential part: reads a file in pieces that end between records.

use std::{io::Read, sync::Arc};

use memchr::memrchr2;

use super::{
    super::{
        faults,
        header::{Found, Header},
        judge::Judge,
    },
    lines::count_line_ends,
    transcode::Input,
};
use crate::diagnostic::{Answer, Diagnostic, Refusal};

/// Bytes of a chunk, about.
pub(in crate::decode) const CHUNK_BYTES: usize = 1 << 20;

/// A record longer than this refuses the file: most often a quote is never closed.
pub const RECORD_LIMIT: usize = 16 << 20;

/// The header is looked for in no more than this.
const HEADER_LIMIT: usize = 4 << 20;

/// The end-of-file mark of CP/M and MS-DOS.
const CTRL_Z: u8 = 0x1A;

/// Whole records of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::decode) struct Chunk {
    /// Physical line on which it starts.
    pub(in crate::decode) first_line: u64,
    /// In the encoding of the file; UTF-16 as UTF-8.
    pub(in crate::decode) bytes: Vec<u8>,
    /// The file ends with it.
    pub(in crate::decode) last: bool,
    /// A Ctrl-Z was taken off the end of the file.
    pub(in crate::decode) ctrl_z: bool,
}

/// Where a format of text begins and where it may be cut.
pub(in crate::decode) struct Cut {
    /// Finds the header in the beginning of a file, in the encoding of the file.
    pub(in crate::decode) find: fn(&Judge, &[u8]) -> Answer<Found>,
    /// The last place where a record surely ends, in a text that starts with a record and goes on after its last byte.
    pub(in crate::decode) safe_end: fn(&Judge, &[u8]) -> Option<usize>,
    /// Why no record ends within the limit, in a text that starts with a record on this line.
    pub(in crate::decode) endless: fn(&Judge, &[u8], u64) -> Diagnostic,
}

/// Gives the chunks of a file one after another.
pub(in crate::decode) struct Chunks<R> {
    input: Input<R>,
    judge: Judge,
    cut: &'static Cut,
    header: Arc<Header>,
    /// What was read beyond the last chunk.
    rest: Vec<u8>,
    line: u64,
    chunk_bytes: usize,
    ended: bool,
    ctrl_z: bool,
    done: bool,
}

impl<R: Read> Chunks<R> {
    /// Finds the header. `read` gives the whole file from its first byte; chunks have about this many bytes.
    pub(in crate::decode) fn open(judge: &Judge, cut: &'static Cut, read: R, chunk_bytes: usize) -> Answer<Self> {
        let mut chunks = Self {
            input: Input::new(read, judge.encoding, judge.other_delimiter()),
            judge: judge.clone(),
            cut,
            header: Arc::default(),
            rest: Vec::new(),
            line: 1,
            chunk_bytes: chunk_bytes.clamp(1, RECORD_LIMIT),
            ended: false,
            ctrl_z: false,
            done: false,
        };
        chunks.input.skip(judge.bom).map_err(|e| chunks.unreadable(e))?;
        chunks.read_header()?;
        Ok(chunks)
    }

    fn read_header(&mut self) -> Answer<()> {
        let lines = u64::from(self.judge.layout.rows.header_within_rows) + 1;
        // However small the chunks are: what is found must depend on the file alone.
        let mut wanted = CHUNK_BYTES;
        loop {
            self.fill(wanted)?;
            let enough = self.ended || self.rest.len() >= HEADER_LIMIT || count_line_ends(&self.rest) > lines;
            if enough {
                break;
            }
            wanted = wanted.saturating_mul(2);
        }
        let found = (self.cut.find)(&self.judge, &self.rest)?;
        self.rest.drain(..found.next);
        self.line = found.next_line;
        self.header = Arc::new(found.header);
        Ok(())
    }

    /// The header of the file.
    pub(in crate::decode) fn header(&self) -> Arc<Header> {
        Arc::clone(&self.header)
    }

    /// The next chunk; `None` after the last.
    pub(in crate::decode) fn next(&mut self) -> Answer<Option<Chunk>> {
        if self.done {
            return Ok(None);
        }
        let mut wanted = self.chunk_bytes;
        loop {
            self.fill(wanted)?;
            if self.ended && self.rest.len() <= wanted {
                self.done = true;
                let bytes = std::mem::take(&mut self.rest);
                return Ok(Some(self.chunk(bytes)));
            }
            if let Some(end) = (self.cut.safe_end)(&self.judge, self.rest.get(..wanted).unwrap_or(&self.rest)) {
                let beyond = self.rest.get(end..).unwrap_or_default();
                let mut rest = Vec::with_capacity(self.chunk_bytes.max(beyond.len()));
                rest.extend_from_slice(beyond);
                self.rest.truncate(end);
                let bytes = std::mem::replace(&mut self.rest, rest);
                return Ok(Some(self.chunk(bytes)));
            }
            if wanted >= RECORD_LIMIT {
                return Err((self.cut.endless)(&self.judge, &self.rest, self.line).into());
            }
            wanted = wanted.saturating_mul(2).min(RECORD_LIMIT);
        }
    }

    fn chunk(&mut self, bytes: Vec<u8>) -> Chunk {
        let chunk = Chunk { first_line: self.line, bytes, last: self.done, ctrl_z: self.done && self.ctrl_z };
        self.line += count_line_ends(&chunk.bytes);
        chunk
    }

    fn fill(&mut self, wanted: usize) -> Answer<()> {
        self.ended = self.input.fill(&mut self.rest, wanted).map_err(|e| self.unreadable(e))?;
        if self.input.holds_stand_in {
            return Err(faults::stand_in(&self.judge.subject, self.judge.other_delimiter()).into());
        }
        if self.ended {
            while self.rest.last() == Some(&CTRL_Z) {
                self.rest.pop();
                self.ctrl_z = true;
            }
        }
        Ok(())
    }

    fn unreadable(&self, error: std::io::Error) -> Refusal {
        Refusal::of_read(error, |error| faults::unreadable(&self.judge.subject.file, error))
    }
}

/// The last line end after which `is_outside` holds; asked from the last to the first.
///
/// A CR is taken for one only where neither CR nor LF follows, which could belong to the same line end.
pub(in crate::decode) fn last_end(text: &[u8], mut is_outside: impl FnMut(usize) -> bool) -> Option<usize> {
    let mut rest = text;
    while let Some(at) = memrchr2(b'\n', b'\r', rest) {
        let ends_line = rest.get(at) == Some(&b'\n') || text.get(at + 1).is_some_and(|next| !matches!(next, b'\n' | b'\r'));
        if ends_line && is_outside(at + 1) {
            return Some(at + 1);
        }
        rest = rest.get(..at)?;
    }
    None
}
