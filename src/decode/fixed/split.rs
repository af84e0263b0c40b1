//! Lines → records: each field at its declared place.

use memchr::memchr2;

use super::{
    super::{
        header::Header,
        judge::Judge,
        records::Records,
        text::{
            lines::{LineEnds, line_end_len},
            marks::marks_len,
        },
    },
    faults::inside_character,
    line::{begins, length, told_by_their_ends, unit},
};
use crate::{
    diagnostic::Diagnostic,
    schema::{Format, Unit},
};

/// Splits one chunk; can stop between lines and go on.
pub(in crate::decode) struct Cutter<'t> {
    judge: &'t Judge,
    text: &'t [u8],
    /// Where each field ends, counted in `unit` from the beginning of its line.
    ends: Vec<usize>,
    unit: Unit,
    /// Of a row's line, without its line end.
    length: usize,
    /// Shorter ones are rows too: blanks at their end are lacking.
    short: bool,
    /// First position of each field, and the one behind its last, whose last character tells pence or the sign: a line that ends inside of
    /// it has lost more than blanks.
    whole: Vec<(usize, usize)>,
    at: usize,
    line: u64,
    pub(in crate::decode) line_ends: LineEnds,
}

impl<'t> Cutter<'t> {
    pub(in crate::decode) fn new(judge: &'t Judge, header: &Header, text: &'t [u8], first_line: u64) -> Self {
        let (ends, length, short, whole) = match &judge.layout.format {
            Format::Fixed(fixed) => {
                let length = (fixed.length as usize).saturating_sub(header.line_end);
                let ends = fixed.fields.iter().map(|field| (field.at.end() as usize).min(length)).collect();
                (ends, length, fixed.short_lines, told_by_their_ends(judge, fixed))
            }
            Format::Delimited(_) | Format::Workbook(_) => (Vec::new(), 0, false, Vec::new()),
        };
        Self { judge, text, ends, unit: unit(judge), length, short, whole, at: 0, line: first_line, line_ends: LineEnds::default() }
    }

    /// Whether what a short line lacks can be blanks.
    fn lacks_blanks(&self, length: usize, line: &[u8]) -> bool {
        !line.trim_ascii().is_empty() && !self.whole.iter().any(|(from, to)| *from < length && length < *to)
    }

    /// Appends records until there are `enough` or the text ends; `true` while there is more. A line of another length goes aside.
    pub(in crate::decode) fn fill(&mut self, records: &mut Records, enough: usize) -> Result<bool, (u64, Box<Diagnostic>)> {
        while records.len() < enough {
            let Some(rest) = self.text.get(self.at..).filter(|rest| !rest.is_empty()) else { return Ok(false) };
            let end = self.at + memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
            // A mark at the beginning of a line is no part of it.
            let base = (self.at + marks_len(self.text, self.at)).min(end);
            let line = self.text.get(base..end).unwrap_or_default();
            records.begin(self.at);
            let length = length(line, self.unit);
            if length == self.length || (self.short && length < self.length && self.lacks_blanks(length, line)) {
                self.cut(base, line, records)?;
                records.end_record(self.line, false);
            } else {
                self.cut_odd(base, line, records);
                records.end_odd_record(self.line);
            }
            let line_end = line_end_len(self.text, end);
            if let Some(first) = self.text.get(end) {
                self.line_ends.count(*first, line_end);
            }
            (self.at, self.line) = (end + line_end, self.line + 1);
        }
        Ok(true)
    }

    fn cut(&self, base: usize, line: &[u8], records: &mut Records) -> Result<(), (u64, Box<Diagnostic>)> {
        if line.is_ascii() {
            self.ends.iter().for_each(|end| records.end_field(base + (*end).min(line.len())));
            return Ok(());
        }
        if self.unit == Unit::Characters {
            self.cut_characters(base, line, records);
            return Ok(());
        }
        for end in &self.ends {
            if line.get(*end).is_some_and(|byte| !begins(*byte)) {
                return Err((self.line, inside_character(&self.judge.subject, self.line, line, end + 1).into()));
            }
            records.end_field(base + (*end).min(line.len()));
        }
        Ok(())
    }

    /// Characters of several bytes stand in the line.
    fn cut_characters(&self, base: usize, line: &[u8], records: &mut Records) {
        let begins_here = |(offset, byte): (usize, &u8)| begins(*byte).then_some(offset);
        let mut starts = (0..).zip(line.iter().enumerate().filter_map(begins_here).chain([line.len()])).peekable();
        for end in &self.ends {
            while starts.next_if(|(character, _)| character < end).is_some() {}
            let offset = starts.peek().map_or(line.len(), |(_, offset)| *offset);
            records.end_field(base + offset);
        }
    }

    /// A line of another length: the fields that are whole, and what is left of it.
    fn cut_odd(&self, base: usize, line: &[u8], records: &mut Records) {
        if line.is_ascii() || self.unit == Unit::Bytes {
            self.ends.iter().filter(|end| **end < line.len()).for_each(|end| records.end_field(base + end));
        }
        records.end_field(base + line.len());
    }
}
