//! The parallel part: one piece → accepted rows, rejected rows and a tally. Pure.

mod control;
mod finish;
mod rejected;

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use arrow::record_batch::RecordBatch;

use super::{
    columns::{Block, Column},
    delimited::faults::{FieldCount, field_count},
    faults,
    fixed::faults::{LineLength, line_length},
    header::Header,
    judge::Judge,
    kinds::{Class, Kinds},
    left_out::Left,
    overlay,
    reader::Piece,
    records::{BLOCK_ROWS, Records, Row},
    reject::{Fault, RejectedRow},
    tally::Tally,
    text::marks::marks_len,
    value::sides::Sides,
};
use crate::{
    diagnostic::{Diagnostic, codes::value},
    schema::{Format, TrailingDelimiter},
};

/// What a piece held.
#[derive(Clone, Debug)]
pub struct Decoded {
    /// Accepted rows in file order: the columns of the contract, then `source_row`.
    pub rows: RecordBatch,
    /// In file order.
    pub rejected: Vec<RejectedRow>,
    pub tally: Tally,
    /// What rounding took off the amounts of accepted rows, in file order.
    pub residues: Vec<RowResidue>,
    /// The first structure fault: the file is refused, and nothing else here counts.
    pub fault: Option<Diagnostic>,
}

/// What rounding took off one amount of an accepted record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowResidue {
    pub source_row: i64,
    /// Which of the rows that the record becomes, by the form.
    pub row: usize,
    /// In millionths of a pound: what was printed less what counts, debits and credits apart.
    pub residue: Sides,
}

/// Reads a piece. Pieces can be read in any order and on any thread.
#[must_use]
pub fn decode(judge: &Judge, header: &Header, piece: &Piece) -> Decoded {
    decode_without(judge, header, piece, &BTreeMap::new())
}

/// As [`decode`], with rows rejected that are at fault by what their reader found out: by their source row, why.
#[must_use]
pub fn decode_without(judge: &Judge, header: &Header, piece: &Piece, at_fault: &BTreeMap<u64, Fault>) -> Decoded {
    let (piece, fault) = match judge.overlaid_rows(header, piece) {
        Ok(piece) => (piece, None),
        Err((line, fault)) => (Cow::Borrowed(piece), Some((line, *fault))),
    };
    let piece = piece.as_ref();
    let (text, overlaid) = match judge.overlaid(header, piece, piece.text(judge)) {
        Ok(text) => (text, None),
        Err((line, fault)) => (piece.text(judge), Some((line, *fault))),
    };
    let mut pass = Pass::new(judge, header, &text, piece);
    pass.at_fault = Some(at_fault).filter(|rows| !rows.is_empty());
    pass.fault = fault.or(overlaid);
    pass.run();
    pass.finish()
}

struct Pass<'a> {
    judge: &'a Judge,
    header: &'a Header,
    piece: &'a Piece,
    text: &'a [u8],
    columns: Vec<Column>,
    source_rows: Vec<i64>,
    /// Positions among `source_rows` of rejected rows.
    left_out: Vec<usize>,
    rejected: Vec<RejectedRow>,
    tally: Tally,
    /// The fault that stands first, and its line.
    fault: Option<(u64, Diagnostic)>,
    kinds: Kinds<'a>,
    /// Rows to reject whatever they hold.
    at_fault: Option<&'a BTreeMap<u64, Fault>>,
    /// The record that ends the text is a control record, the footer or blank.
    whole_end: bool,
}

impl<'a> Pass<'a> {
    fn new(judge: &'a Judge, header: &'a Header, text: &'a [u8], piece: &'a Piece) -> Self {
        let rows = text.len() / (header.raw.len().max(40)) + 16;
        let bytes = text.len() / header.fields.max(1);
        Self {
            judge,
            header,
            piece,
            text,
            columns: judge.plans.iter().map(|plan| Column::new(plan, rows, bytes)).collect(),
            source_rows: Vec::with_capacity(rows),
            left_out: Vec::new(),
            rejected: Vec::new(),
            tally: Tally { extra: vec![0; header.extra.len()], ..Tally::new(judge) },
            fault: None,
            kinds: Kinds::new(judge, header, text).with_tail(piece.tail_from),
            at_fault: None,
            whole_end: false,
        }
    }

    fn run(&mut self) {
        let mut splitting = self.piece.split(self.judge, self.header, self.text);
        let mut rows = Records::new(self.header.fields, splitting.gap()).lacking(self.judge.may_lack_fields());
        let mut more = true;
        while more && self.fault.is_none() {
            more = match splitting.fill(&mut rows, BLOCK_ROWS) {
                Ok(more) => more,
                Err((line, fault)) => {
                    self.report(line, *fault);
                    false
                }
            };
            self.set_aside(&mut rows);
            self.read(&rows);
            rows.clear();
        }
        self.tally.line_ends = splitting.line_ends();
        self.tally.ctrl_z = self.piece.ctrl_z();
        self.tally.open_end = self.piece.is_last() && !matches!(self.text.last(), None | Some(b'\n' | b'\r'));
        self.tally.maybe_cut = self.tally.open_end && !self.whole_end;
    }

    /// Keeps the fault that stands first in the file.
    #[cold]
    fn report(&mut self, line: u64, fault: Diagnostic) {
        if self.fault.as_ref().is_none_or(|(first, _)| line < *first) {
            self.fault = Some((line, fault));
        }
    }

    /// Takes what is not data out of the records at hand, and counts it.
    fn set_aside(&mut self, rows: &mut Records) {
        let gap = rows.lead(1);
        for odd in rows.take_odd() {
            self.judge_odd(odd.row(gap));
        }
        let mut keep = Vec::new();
        let mut marked = Vec::new();
        for (at, spans) in rows.iter().enumerate() {
            let Some((start, ends)) = spans.split_first() else { continue };
            let mut row = Row { start: *start as usize, ends, line: rows.lines.get(at).copied().unwrap_or(0), gap };
            if self.take_marks_off(&mut row) {
                marked.push((at, row.start));
            }
            let class = self.kinds.class(row);
            if class != Class::Data {
                keep.resize(rows.len(), true);
                if let Some(kept) = keep.get_mut(at) {
                    *kept = false;
                }
                self.count(row, class);
            } else if self.header.trailing && !self.kinds.ends_empty(row) {
                let fault = self.wrong_shape(row);
                self.report(row.line, fault);
            } else if self.kinds.lacks_border(row) {
                let fault = faults::no_border(&self.judge.subject, row.line, self.kinds.raw(row));
                self.report(row.line, fault);
            }
        }
        marked.into_iter().for_each(|(at, start)| rows.start_at(at, start));
        if !keep.is_empty() {
            rows.retain(&keep);
        }
    }

    /// A byte order mark at the beginning of a record is no part of its first value: files were appended to each other.
    #[inline]
    fn take_marks_off(&mut self, row: &mut Row<'_>) -> bool {
        let length = marks_len(self.text, row.start);
        if length > 0 {
            row.start += length;
            self.tally.count_marks(1, row.line);
        }
        length > 0
    }

    /// A record with another number of fields: a control record, a row of totals, a declared note, a blank line, or the file is refused.
    fn judge_odd(&mut self, mut row: Row<'_>) {
        self.take_marks_off(&mut row);
        let class = match self.kinds.class(row) {
            Class::NotData(_) | Class::Data => {
                let Some(rule) = self.kinds.note(row) else {
                    let fault = self.wrong_shape(row);
                    return self.report(row.line, fault);
                };
                Class::NotData(rule)
            }
            class => class,
        };
        self.count(row, class);
    }

    /// A row that has not the shape of one.
    fn wrong_shape(&self, row: Row<'_>) -> Diagnostic {
        let cut = self.piece.is_last() && row.end() == self.text.len();
        if let Format::Fixed(fixed) = &self.judge.layout.format {
            return line_length(self.judge, fixed, &LineLength { line: row.line, text: self.kinds.raw(row), cut });
        }
        let (seen, expected, ends_empty) = (row.ends.len(), self.header.fields, self.kinds.ends_empty(row));
        let (trailing, quotes) = (self.header.trailing, self.judge.dialect.quote.is_some());
        let may_trail = self.judge.trailing_delimiter == TrailingDelimiter::Allowed;
        let (headed, record) = (self.judge.layout.rows.has_header, self.kinds.raw(row));
        field_count(
            &self.judge.subject,
            &FieldCount { line: row.line, record, seen, expected, ends_empty, cut, trailing, may_trail, headed, quotes },
        )
    }

    fn count(&mut self, row: Row<'_>, class: Class) {
        if let Some(what) = class.is_no_row().filter(|_| self.judge.overlay.corrects(row.line)) {
            let fault = overlay::no_row(&self.judge.subject, row.line, what);
            return self.report(row.line, fault);
        }
        if row.end() == self.text.len()
            && matches!(class, Class::Control | Class::Footer | Class::Blank | Class::Rule | Class::Page(_) | Class::Nil | Class::Tail)
        {
            self.whole_end = true;
        }
        match class {
            Class::Data => {}
            Class::Blank if self.judge.layout.rows.skip_blank_rows => {
                self.tally.blank += 1;
                self.price(row, Left::Blank);
            }
            Class::Blank => {
                self.tally.rejected += 1;
                let reason = "the row holds delimiters only, and the contract does not let blank rows be skipped".into();
                let faults = vec![Fault { column: None, code: value::BLANK, reason, value: String::new() }];
                self.rejected.push(RejectedRow { source_row: row.line, raw: self.raw_text(row), faults });
            }
            Class::Control => self.count_control(row),
            Class::Footer => self.count_footer(row),
            Class::NotData(_) if self.kinds.is_header_elsewhere(row) => self.report_moved(row),
            Class::NotData(rule) => {
                let reason = self.judge.layout.rows.not_data.get(rule).map_or_else(String::new, |rule| rule.reason.clone());
                *self.tally.not_data.entry(reason).or_default() += 1;
                self.price(row, Left::NotData(rule));
            }
            Class::Header if self.judge.layout.rows.repeated_header => self.skip(row, Left::HeaderAgain),
            Class::Header => self.report_header(row),
            Class::Rule => self.skip(row, Left::Rule),
            Class::Page(line) => self.skip(row, Left::Page(line)),
            Class::Nil => self.skip(row, Left::Nil),
            Class::Tail => self.skip(row, Left::Tail),
            Class::Unknown => self.report_unknown(row),
        }
    }

    /// Counts and prices a record that is declared not to be data.
    fn skip(&mut self, row: Row<'_>, left: Left) {
        *self.tally.not_data.entry(self.judge.reason(&left)).or_default() += 1;
        self.price(row, left);
    }

    /// Counts and prices a record that is no row.
    fn price(&mut self, row: Row<'_>, left: Left) {
        let out = self.judge.price(self.header, &left, row.line, row.ends.len(), |at| self.kinds.field(row, at).map(|field| field.text));
        self.tally.leave_out(left, out);
    }

    /// Looks at what the contract promises to add up on each row that is accepted. `first`: rows that were there before these, of which
    /// `left_out` were left out.
    fn add_up(&mut self, rows: &Records, first: usize, left_out: usize) {
        if self.judge.adds_up.is_empty() {
            return;
        }
        let not_these: BTreeSet<usize> = self.left_out.iter().skip(left_out).copied().collect();
        for row in (0..rows.len()).filter(|at| !not_these.contains(&(first + at))).filter_map(|at| rows.row(at)) {
            let text = |at: usize| self.kinds.field(row, self.header.place(at)?).map(|field| field.text);
            let sums = self.judge.adds_up.iter().zip(&mut self.tally.adds_up);
            sums.for_each(|(sum, added)| sum.row(row.line, text, added));
        }
    }

    #[cold]
    fn report_unknown(&mut self, row: Row<'_>) {
        let tag = self.kinds.tag(row).unwrap_or_default();
        let known: Vec<&str> = self.judge.layout.rows.records.iter().map(|kind| kind.tag.as_str()).collect();
        let fault = faults::unknown_record(&self.judge.subject, (row.line, self.kinds.raw(row)), &tag, &known);
        self.report(row.line, fault);
    }

    fn report_header(&mut self, row: Row<'_>) {
        let fault = faults::repeated_header(&self.judge.subject, row.line, self.kinds.raw(row), self.header.line);
        self.report(row.line, fault);
    }

    fn report_moved(&mut self, row: Row<'_>) {
        let fault = faults::moved_header(&self.judge.subject, row.line, self.kinds.raw(row), self.header.line);
        self.report(row.line, fault);
    }

    /// Reads the columns of the records at hand.
    fn read(&mut self, rows: &Records) {
        let (first, left_out) = (self.source_rows.len(), self.left_out.len());
        self.source_rows.extend(rows.lines.iter().map(|line| line.cast_signed()));
        if !self.judge.pounds.is_empty() {
            let texts = rows.iter().filter_map(|spans| self.text.get(*spans.first()? as usize..*spans.last()? as usize));
            texts.for_each(|text| self.tally.twice.record(text));
        }
        let mut block = Block { text: self.text, rows, dialect: self.judge.dialect, faults: Vec::new() };
        for (at, ((column, plan), place)) in self.columns.iter_mut().zip(&self.judge.plans).zip(&self.header.places).enumerate() {
            column.read(&mut block, plan, at, *place);
        }
        for sign in &self.judge.signs {
            sign.sign(&mut self.columns, first, &mut block.faults);
        }
        self.judge.amounts.refuse_empty(&self.columns, first, &mut block.faults);
        let mut faults = block.faults;
        for (count, place) in self.tally.extra.iter_mut().zip(&self.header.extra_places) {
            *count += rows.values_in(self.text, *place);
        }
        if let Some((line, fault)) = self.piece.unread(self.judge, &rows.lines) {
            self.report(line, fault);
        }
        if !faults.is_empty() {
            faults.sort_by_key(|fault| (fault.row, fault.column));
            for same_row in faults.chunk_by(|a, b| a.row == b.row) {
                self.reject(rows, first, same_row);
            }
        }
        if !self.judge.overlay.left_out().is_empty() {
            self.leave_out_by_hand(rows, first, &faults);
        }
        if let Some(at_fault) = self.at_fault {
            for (at, line) in rows.lines.iter().enumerate() {
                if let Some(fault) = at_fault.get(line) {
                    self.leave_out(rows, first, at, vec![fault.clone()], &[]);
                }
            }
        }
        self.add_up(rows, first, left_out);
    }
}
