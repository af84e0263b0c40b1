//! The records of a text without a contract: who looks at a file that nobody has described yet reads it as a run would.
//!
//! The same splitter, the same line ends and the same quotes; nothing is judged, and records of every number of fields are given.

use std::{borrow::Cow, io::Read};

use super::{
    super::{
        records::{BLOCK_ROWS, Dialect, Records, field},
        text::{
            chunks::{CHUNK_BYTES, RECORD_LIMIT},
            lines::{LineEnds, count_line_ends},
            marks::marks_len,
        },
    },
    cut::safe_end,
    split::Splitter,
};
use crate::schema::Escape;

/// How the fields of a text are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spelling {
    /// One byte of UTF-8 text.
    pub delimiter: u8,
    /// `None`: a quote is text.
    pub quote: Option<u8>,
    /// A quote inside a quoted field is escaped by a backslash, not doubled.
    pub backslash: bool,
    /// A quote inside a field that does not begin with one is text, and no quoted field holds a line end.
    pub strays: bool,
}

impl Spelling {
    fn dialect(self) -> Dialect {
        let escape = if self.backslash { Escape::Backslash } else { Escape::Doubled };
        Dialect { delimiter: self.delimiter, quote: self.quote, escape, strays: self.strays, formulas: false }
    }
}

/// One record.
#[derive(Debug)]
pub struct PlainRecord<'a> {
    /// Physical line on which it starts, from 1.
    pub line: u64,
    /// Its bytes, quotes included, without its line end.
    pub raw: &'a [u8],
    /// The texts of its fields, without quotes and escapes.
    pub fields: &'a [Cow<'a, [u8]>],
    /// How many of its fields are quoted.
    pub quoted: usize,
    /// How many are not and hold a quote, where that is text.
    pub strays: usize,
}

/// How records ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LineEndCounts {
    pub lf: u64,
    pub crlf: u64,
    pub cr: u64,
    pub cr_crlf: u64,
    /// The last record has no line end.
    pub open_end: bool,
}

/// Why a text cannot be split so.
#[derive(Debug)]
pub enum PlainFault {
    /// A quote is never closed, stands inside a field that does not begin with one, or is followed by text.
    Quote {
        /// Line on which the quote stands.
        line: u64,
    },
    /// A record of more than 16 MiB.
    Endless {
        line: u64,
    },
    Unreadable(std::io::Error),
}

/// Splits a UTF-8 text, a piece at a time.
pub struct PlainRecords<R> {
    read: R,
    dialect: Dialect,
    /// What was read beyond the last piece.
    rest: Vec<u8>,
    line: u64,
    ends: LineEnds,
    open_end: bool,
}

impl<R: Read> PlainRecords<R> {
    /// `read` gives UTF-8 without a byte order mark, beginning with physical line `first_line`.
    pub fn new(read: R, spelling: Spelling, first_line: u64) -> Self {
        let dialect = spelling.dialect();
        Self { read, dialect, rest: Vec::new(), line: first_line, ends: LineEnds::default(), open_end: false }
    }

    /// Gives each record in the order of the file.
    ///
    /// # Errors
    /// At the first record whose quoting follows no rule, that does not end, or whose bytes cannot be read. The records before it
    /// were given.
    pub fn each(mut self, give: &mut dyn FnMut(&PlainRecord<'_>)) -> Result<LineEndCounts, PlainFault> {
        while let Some(text) = self.next_piece()? {
            self.split(&text, give)?;
            self.line += count_line_ends(&text);
            self.open_end = !matches!(text.last(), None | Some(b'\n' | b'\r'));
        }
        let LineEnds { lf, crlf, cr, cr_crlf } = self.ends;
        Ok(LineEndCounts { lf, crlf, cr, cr_crlf, open_end: self.open_end })
    }

    fn next_piece(&mut self) -> Result<Option<Vec<u8>>, PlainFault> {
        let mut wanted = CHUNK_BYTES;
        loop {
            let missing = wanted.saturating_sub(self.rest.len()) as u64;
            let got = (&mut self.read).take(missing).read_to_end(&mut self.rest).map_err(PlainFault::Unreadable)?;
            if (got as u64) < missing {
                while self.rest.last() == Some(&0x1A) {
                    self.rest.pop();
                }
                return Ok(Some(std::mem::take(&mut self.rest)).filter(|text| !text.is_empty()));
            }
            if let Some(end) = safe_end(self.dialect, &self.rest) {
                let beyond = self.rest.split_off(end);
                return Ok(Some(std::mem::replace(&mut self.rest, beyond)));
            }
            if wanted >= RECORD_LIMIT {
                return Err(PlainFault::Endless { line: self.line });
            }
            wanted *= 2;
        }
    }

    fn split(&mut self, text: &[u8], give: &mut dyn FnMut(&PlainRecord<'_>)) -> Result<(), PlainFault> {
        let mut splitter = Splitter::new(text, self.dialect, self.line);
        // Of no width that a record has: all of them come in order, as records of another width.
        let mut rows = Records::new(usize::MAX - 1, 1);
        let mut fields = Vec::new();
        loop {
            let more = splitter.fill(&mut rows, BLOCK_ROWS);
            for odd in rows.take_odd() {
                fields.clear();
                let start = odd.start + marks_len(text, odd.start);
                let mut from = start;
                let (mut quoted, mut strays) = (0, 0);
                for end in &odd.ends {
                    let one = field(text, from, *end as usize, self.dialect);
                    quoted += usize::from(one.quoted);
                    let is_stray = self.dialect.strays && !one.quoted && self.dialect.quote.is_some_and(|quote| one.text.contains(&quote));
                    strays += usize::from(is_stray);
                    fields.push(one.text);
                    from = *end as usize + 1;
                }
                let end = odd.ends.last().map_or(start, |end| *end as usize);
                let raw = text.get(start..end).unwrap_or_default();
                give(&PlainRecord { line: odd.line, raw, fields: &fields, quoted, strays });
            }
            rows.clear();
            match more {
                Ok(true) => {}
                Ok(false) => break,
                Err(fault) => {
                    let line = fault.line + count_line_ends(text.get(fault.start..fault.fault.at()).unwrap_or_default());
                    return Err(PlainFault::Quote { line });
                }
            }
        }
        self.ends.add(splitter.line_ends);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMAS: Spelling = Spelling { delimiter: b',', quote: Some(b'"'), backslash: false, strays: false };

    fn records(text: &str, spelling: Spelling) -> Result<Vec<(u64, Vec<String>)>, u64> {
        let mut seen = Vec::new();
        let result = PlainRecords::new(text.as_bytes(), spelling, 1).each(&mut |record| {
            seen.push((record.line, record.fields.iter().map(|f| String::from_utf8_lossy(f).into_owned()).collect()));
        });
        match result {
            Ok(_) => Ok(seen),
            Err(PlainFault::Quote { line } | PlainFault::Endless { line }) => Err(line),
            Err(PlainFault::Unreadable(_)) => Err(0),
        }
    }

    #[test]
    fn records_of_any_width_come_in_the_order_of_the_file() {
        let seen = records("title\na,b,c\n\"1\n2\",\"x\"\"y\",3\n,\n", COMMAS).unwrap();
        let texts: Vec<(u64, usize)> = seen.iter().map(|(line, fields)| (*line, fields.len())).collect();
        assert_eq!(texts, [(1, 1), (2, 3), (3, 3), (5, 2)]);
        assert_eq!(seen[2].1, ["1\n2", "x\"y", "3"]);
    }

    #[test]
    fn a_fault_of_quoting_tells_its_line() {
        assert_eq!(records("a,b\n1,2\" pipe\n", COMMAS), Err(2));
        assert_eq!(records("a,b\n1,2\" pipe\n", Spelling { quote: None, ..COMMAS }).map(|r| r.len()), Ok(2));
    }
}
