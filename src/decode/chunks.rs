//! The sequential part: reads a file in pieces that end between records.

use std::{io::Read, sync::Arc};

use memchr::{memchr_iter, memchr2, memrchr2};

use super::{
    faults,
    header::{self, Header},
    judge::Judge,
    lines::count_line_ends,
    record::{Dialect, QuoteFault, read_record},
    transcode::{Input, to_text},
};
use crate::{
    diagnostic::{Answer, Diagnostic, Refusal},
    schema::{Encoding, Escape},
};

/// Bytes of a chunk, about.
pub const CHUNK_BYTES: usize = 1 << 20;

/// A record longer than this refuses the file: most often a quote is never closed.
pub const RECORD_LIMIT: usize = 16 << 20;

/// The header is looked for in no more than this.
const HEADER_LIMIT: usize = 4 << 20;

/// The end-of-file mark of CP/M and MS-DOS.
const CTRL_Z: u8 = 0x1A;

/// Whole records of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// Physical line on which it starts.
    pub(super) first_line: u64,
    /// In the encoding of the file; UTF-16 as UTF-8.
    pub(super) bytes: Vec<u8>,
    /// The file ends with it.
    pub(super) last: bool,
    /// A Ctrl-Z was taken off the end of the file.
    pub(super) ctrl_z: bool,
}

impl Chunk {
    /// Bytes of it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }
}

/// Gives the chunks of a file one after another.
pub struct Chunks<R> {
    input: Input<R>,
    judge: Judge,
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
    /// Finds the header. `read` gives the whole file from its first byte.
    ///
    /// # Errors
    /// TC0206 to TC0210 where the header does not fit the contract, TC0220 where bytes cannot be read.
    pub fn open(judge: &Judge, read: R) -> Answer<Self> {
        Self::open_in_chunks(judge, read, CHUNK_BYTES)
    }

    /// [`Self::open`] with chunks of about this many bytes.
    pub fn open_in_chunks(judge: &Judge, read: R, chunk_bytes: usize) -> Answer<Self> {
        let mut chunks = Self {
            input: Input::new(read, judge.encoding),
            judge: judge.clone(),
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
        let lines = u64::from(self.judge.layout.header_within_rows) + 1;
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
        let found = header::find(&self.judge, &self.rest)?;
        self.rest.drain(..found.next);
        self.line = found.next_line;
        self.header = Arc::new(found.header);
        Ok(())
    }

    /// The header of the file.
    #[must_use]
    pub fn header(&self) -> Arc<Header> {
        Arc::clone(&self.header)
    }

    /// The next chunk; `None` after the last.
    ///
    /// # Errors
    /// TC0212 to TC0214 where a record does not end, TC0220 where bytes cannot be read. A fault that stands before it may be
    /// found when the chunks given so far are decoded: it comes first.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Answer<Option<Chunk>> {
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
            if let Some(end) = safe_end(self.judge.dialect, self.rest.get(..wanted).unwrap_or(&self.rest)) {
                let beyond = self.rest.get(end..).unwrap_or_default();
                let mut rest = Vec::with_capacity(self.chunk_bytes.max(beyond.len()));
                rest.extend_from_slice(beyond);
                self.rest.truncate(end);
                let bytes = std::mem::replace(&mut self.rest, rest);
                return Ok(Some(self.chunk(bytes)));
            }
            if wanted >= RECORD_LIMIT {
                return Err(self.endless().into());
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
        if self.ended {
            while self.rest.last() == Some(&CTRL_Z) {
                self.rest.pop();
                self.ctrl_z = true;
            }
        }
        Ok(())
    }

    /// A source may hand its own report through the reader.
    fn unreadable(&self, error: std::io::Error) -> Refusal {
        match error.downcast::<Refusal>() {
            Ok(refusal) => refusal,
            Err(error) => faults::unreadable(&self.judge.file, &error).into(),
        }
    }

    /// Why no record ends within the limit.
    fn endless(&self) -> Diagnostic {
        match read_record(&self.rest, 0, self.judge.dialect) {
            Err(fault) => describe_quote(&self.judge, self.judge.encoding, &self.rest, 0, self.line, fault),
            Ok(_) => faults::long_record(&self.judge, self.line, RECORD_LIMIT),
        }
    }
}

/// A fault of quoting in the record that starts at `start`, on `line`, placed on the line of the quote itself.
pub(super) fn describe_quote(judge: &Judge, encoding: Encoding, text: &[u8], start: usize, line: u64, fault: QuoteFault) -> Diagnostic {
    let (QuoteFault::Unclosed { opened: at } | QuoteFault::Stray { at } | QuoteFault::After { at, .. }) = fault;
    let before = text.get(start..at).unwrap_or_default();
    let line_start = start + before.iter().rposition(|byte| matches!(byte, b'\n' | b'\r')).map_or(0, |last| last + 1);
    let line_of = |at: usize| line + count_line_ends(text.get(start..at).unwrap_or_default());
    let opened_line = if let QuoteFault::After { opened, .. } = fault { line_of(opened) } else { line_of(at) };
    let column = to_text(encoding, text.get(line_start..at).unwrap_or_default()).chars().count() as u64 + 1;
    let rest = text.get(line_start..).unwrap_or_default();
    let length = memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
    let excerpt = to_text(encoding, rest.get(..length).unwrap_or_default());
    faults::quoting(judge, fault, opened_line, (line_of(at), column), excerpt.as_bytes())
}

/// The last place in `text` where a record surely ends. `text` starts with a record, and goes on after its last byte.
pub(super) fn safe_end(dialect: Dialect, text: &[u8]) -> Option<usize> {
    match dialect.quote {
        None => last_end(text, |_| true),
        Some(quote) if dialect.escape == Escape::Doubled => {
            // Between records the number of quotes is even: count them once, then back from the end.
            let all = memchr_iter(quote, text).count();
            let (mut counted_from, mut after) = (text.len(), 0);
            last_end(text, |end| {
                after += memchr_iter(quote, text.get(end..counted_from).unwrap_or_default()).count();
                counted_from = end;
                (all - after).is_multiple_of(2)
            })
        }
        Some(_) => last_exact_end(dialect, text),
    }
}

/// The last line end after which `is_outside` holds; asked from the last to the first.
///
/// A CR is taken for one only where neither CR nor LF follows, which could belong to the same line end.
fn last_end(text: &[u8], mut is_outside: impl FnMut(usize) -> bool) -> Option<usize> {
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

fn last_exact_end(dialect: Dialect, text: &[u8]) -> Option<usize> {
    let mut end = None;
    let mut at = 0;
    while let Ok(record) = read_record(text, at, dialect) {
        let could_grow = text.get(record.next..).is_none_or(|rest| rest.len() < 2);
        if could_grow || record.next == record.end() {
            break;
        }
        at = record.next;
        end = Some(at);
    }
    end
}
