//! Text → records, many at a time.
//!
//! Blocks of 64 bytes become masks of delimiters, line ends and quotes. The parity of quotes tells what stands inside
//! quoted fields. That equals RFC 4180 exactly as long as every opening quote follows a separator or a closing quote, and
//! every closing quote is followed by a separator or an opening quote; the masks check that too, and where it fails the
//! record is read again by [`super::record`], which says what is wrong.

use super::{
    super::{
        records::{Dialect, Records},
        text::lines::{LineEnds, count_line_ends, line_end_len},
    },
    masks::{BLOCK, masks, parity_up_to},
    record::{QuoteFault, read_record},
};
use crate::schema::Escape;

/// Splits one chunk; can stop between blocks and go on.
#[derive(Debug)]
pub(in crate::decode) struct Splitter<'a> {
    text: &'a [u8],
    dialect: Dialect,
    /// Next byte to look at.
    at: usize,
    /// First byte of the record that is being split, and its line.
    start: usize,
    line: u64,
    /// All ones inside a quoted field.
    inside: u64,
    /// Whether the last byte was a separator, or a closing quote.
    after_separator: u64,
    after_close: u64,
    escaped: bool,
    /// The record holds line ends in quoted fields.
    many_lines: bool,
    /// Records are read one by one: the layout escapes with backslashes or has formulas of texts, or a fault was seen.
    exact: bool,
    pub(in crate::decode) line_ends: LineEnds,
}

/// A record whose quoting follows no rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::decode) struct SplitFault {
    pub(in crate::decode) fault: QuoteFault,
    /// Line on which the record starts.
    pub(in crate::decode) line: u64,
    pub(in crate::decode) start: usize,
}

impl<'a> Splitter<'a> {
    pub(in crate::decode) fn new(text: &'a [u8], dialect: Dialect, first_line: u64) -> Self {
        Self {
            text,
            dialect,
            at: 0,
            start: 0,
            line: first_line,
            inside: 0,
            after_separator: 1,
            after_close: 0,
            escaped: false,
            many_lines: false,
            exact: dialect.quote.is_some() && (dialect.escape == Escape::Backslash || dialect.formulas),
            line_ends: LineEnds::default(),
        }
    }

    /// Appends records until there are `enough` or the text ends; `true` while there is more.
    pub(in crate::decode) fn fill(&mut self, rows: &mut Records, enough: usize) -> Result<bool, SplitFault> {
        if self.at == 0 {
            rows.begin(0);
        }
        while rows.len() < enough && !self.exact {
            let rest = self.text.get(self.at..).unwrap_or_default();
            match rest.first_chunk::<BLOCK>() {
                Some(block) => self.block(block, BLOCK, rows),
                None if !rest.is_empty() => self.last_block(rest, rows),
                None if self.inside != 0 => self.read_exactly(),
                None => {
                    self.finish(rows);
                    return Ok(false);
                }
            }
        }
        if self.exact { self.fill_exactly(rows, enough) } else { Ok(true) }
    }

    fn last_block(&mut self, rest: &[u8], rows: &mut Records) {
        let mut block = [0; BLOCK];
        if let Some(front) = block.get_mut(..rest.len()) {
            front.copy_from_slice(rest);
        }
        self.block(&block, rest.len(), rows);
    }

    /// Takes the records that end in the block. Where quoting follows no rule, nothing is taken, and reading goes on exactly.
    #[inline]
    fn block(&mut self, block: &[u8; BLOCK], length: usize, rows: &mut Records) {
        let found = masks(block, self.dialect.delimiter, self.dialect.quote);
        let mut separators = found.delimiter | found.line;
        let mut special = 0;
        if self.dialect.quote.is_some() {
            let inside = parity_up_to(found.quote) ^ self.inside;
            let (open, close) = (found.quote & inside, found.quote & !inside);
            separators &= !inside;
            let may_open = ((separators | close) << 1) | self.after_separator | self.after_close;
            let after_close = (close << 1) | self.after_close;
            let valid = u64::MAX >> (BLOCK - length);
            if (open & !may_open) | (after_close & !(separators | open) & valid) != 0 {
                return self.read_exactly();
            }
            // Where stray quotes are text, a line end inside of quotes is a fault too.
            if self.dialect.strays && found.line & inside & valid != 0 {
                return self.read_exactly();
            }
            special = (open & after_close) | (found.line & inside);
            self.inside = (inside.cast_signed() >> 63).cast_unsigned();
            self.after_separator = separators >> 63;
            self.after_close = close >> 63;
        }
        let base = self.at;
        self.at += length;
        if special == 0 {
            self.take_separators(separators, found.line, base, rows);
        } else {
            self.take_all(separators, found.line, special, base, rows);
        }
    }

    /// From the record at hand on, records are read by [`read_record`], which places the fault.
    #[cold]
    fn read_exactly(&mut self) {
        self.exact = true;
    }

    /// Ends fields and records at the separators of a block.
    #[inline]
    fn take_separators(&mut self, mut separators: u64, line: u64, base: usize, rows: &mut Records) {
        while separators != 0 {
            let bit = separators.trailing_zeros();
            separators &= separators - 1;
            self.take(base + bit as usize, line >> bit & 1 == 1, rows);
        }
    }

    #[inline]
    fn take(&mut self, at: usize, ends_line: bool, rows: &mut Records) {
        if at < self.start {
            return; // the rest of a line end of several bytes
        }
        rows.end_field(at);
        if ends_line {
            self.end_record(at, rows);
        }
    }

    /// The same where the block also holds escaped quotes, or line ends inside quoted fields.
    #[cold]
    fn take_all(&mut self, separators: u64, line: u64, special: u64, base: usize, rows: &mut Records) {
        let mut rest = separators | special;
        while rest != 0 {
            let bit = rest.trailing_zeros();
            rest &= rest - 1;
            if special >> bit & 1 == 0 {
                self.take(base + bit as usize, line >> bit & 1 == 1, rows);
            } else if line >> bit & 1 == 1 {
                self.many_lines = true;
            } else {
                self.escaped = true;
            }
        }
    }

    #[inline]
    fn end_record(&mut self, at: usize, rows: &mut Records) {
        rows.end_record(self.line, self.escaped);
        let first = self.text.get(at).copied().unwrap_or(b'\n');
        let length = if first == b'\n' { 1 } else { line_end_len(self.text, at) };
        self.line_ends.count(first, length);
        self.line += 1;
        if self.many_lines {
            self.line += count_line_ends(self.text.get(self.start..at).unwrap_or_default());
        }
        self.start = at + length;
        (self.escaped, self.many_lines) = (false, false);
        rows.begin(self.start);
    }

    /// Ends the last record, which has no line end.
    fn finish(&mut self, rows: &mut Records) {
        if self.start < self.text.len() {
            rows.end_field(self.text.len());
            rows.end_as_is(self.line, self.escaped);
            self.start = self.text.len();
            rows.begin(self.start);
        }
    }

    fn fill_exactly(&mut self, rows: &mut Records, enough: usize) -> Result<bool, SplitFault> {
        while rows.len() < enough {
            if self.start >= self.text.len() {
                return Ok(false);
            }
            let place = |fault| SplitFault { fault, line: self.line, start: self.start };
            let record = read_record(self.text, self.start, self.dialect).map_err(place)?;
            rows.begin(self.start);
            record.ends.iter().for_each(|end| rows.end_field(*end));
            if record.next > record.end() {
                rows.end_record(self.line, record.escaped);
            } else {
                rows.end_as_is(self.line, record.escaped);
            }
            if let Some(first) = self.text.get(record.end()).filter(|_| record.next > record.end()) {
                self.line_ends.count(*first, record.next - record.end());
            }
            self.line += count_line_ends(self.text.get(self.start..record.next).unwrap_or_default());
            (self.start, self.at) = (record.next, record.next);
            rows.begin(self.start);
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Seen = (u64, bool, Vec<String>);

    fn dialect(quote: bool) -> Dialect {
        Dialect { delimiter: b',', quote: quote.then_some(b'"'), escape: Escape::Doubled, strays: false, formulas: false }
    }

    fn slowly(text: &[u8], dialect: Dialect) -> Result<Vec<Seen>, (QuoteFault, u64)> {
        let (mut at, mut line, mut out) = (0, 1, Vec::new());
        while at < text.len() {
            let record = read_record(text, at, dialect).map_err(|fault| (fault, line))?;
            let fields = record.fields(text, dialect).map(|f| String::from_utf8_lossy(&f.text).into_owned()).collect();
            out.push((line, record.escaped, fields));
            line += count_line_ends(&text[at..record.next]);
            at = record.next;
        }
        Ok(out)
    }

    fn quickly(text: &[u8], dialect: Dialect, enough: usize) -> Result<Vec<Seen>, (QuoteFault, u64)> {
        let mut splitter = Splitter::new(text, dialect, 1);
        let mut rows = Records::new(2, 1);
        let mut out: Vec<Seen> = Vec::new();
        let read = |start: usize, ends: &[u32], escaped| {
            let record = super::super::record::Record { start, ends: ends.iter().map(|e| *e as usize).collect(), next: 0, escaped };
            record.fields(text, dialect).map(|f| String::from_utf8_lossy(&f.text).into_owned()).collect::<Vec<_>>()
        };
        loop {
            let more = splitter.fill(&mut rows, enough).map_err(|f| (f.fault, f.line))?;
            for (row, spans) in rows.iter().enumerate() {
                out.push((rows.lines[row], rows.escaped[row], read(spans[0] as usize, &spans[1..], rows.escaped[row])));
            }
            out.extend(rows.odd.iter().map(|odd| (odd.line, odd.escaped, read(odd.start, &odd.ends, odd.escaped))));
            rows.clear();
            if !more {
                out.sort();
                return Ok(out);
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3000))]
        #[test]
        fn splitting_at_speed_is_the_exact_rule(text in "(a|b|\"|\"\"|,|,\"|\",|\n|\r|\r\n|long text without any){0,60}", quoted: bool, strays: bool, enough in 1usize..5) {
            let dialect = Dialect { strays, ..dialect(quoted) };
            prop_assert_eq!(quickly(text.as_bytes(), dialect, enough), slowly(text.as_bytes(), dialect));
        }
    }
}
