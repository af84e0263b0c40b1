//! The parallel part: one chunk → accepted rows, rejected rows and a tally. Pure.

mod control;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use arrow::{
    array::{ArrayRef, BooleanArray, Int64Array},
    compute::filter,
    error::ArrowError,
    record_batch::RecordBatch,
};

use super::{
    chunks::{Chunk, describe_quote},
    columns::{Block, CellFault, Column},
    date::DateFault,
    faults,
    header::{Header, fold},
    judge::{Judge, Reading},
    left_out::{LastRow, Left},
    record::{Field, field, marks_len},
    reject::{Fault, RejectedRow, ValueFault},
    rows::{OddRow, Rows},
    split::Splitter,
    tally::{Sides, Tally, balance},
    transcode,
};
use crate::{
    diagnostic::{Diagnostic, codes::value},
    domain::{Identifier, fold_code},
    schema::{DateFormat, Encoding},
};

/// Name of the column that holds the physical line on which a row's record starts.
pub const SOURCE_ROW: &str = "source_row";

/// Stands in the quarantine for a field that the contract drops.
const MASKED: &str = "***";

/// Records that are split before their columns are read: their text is then still near.
const BLOCK_ROWS: usize = 256;

/// What a chunk held.
#[derive(Clone, Debug)]
pub struct Decoded {
    pub index: u64,
    /// Accepted rows in file order: the columns of the contract, then `source_row`.
    pub rows: RecordBatch,
    /// In file order.
    pub rejected: Vec<RejectedRow>,
    pub tally: Tally,
    /// The first structure fault: the file is refused, and nothing else here counts.
    pub fault: Option<Diagnostic>,
}

/// Reads a chunk. Chunks can be read in any order and on any thread.
#[must_use]
pub fn decode(judge: &Judge, header: &Header, chunk: &Chunk) -> Decoded {
    decode_without(judge, header, chunk, &BTreeMap::new())
}

/// As [`decode`], with rows rejected that are at fault by what their reader found out: by their source row, why.
#[must_use]
pub fn decode_without(judge: &Judge, header: &Header, chunk: &Chunk, at_fault: &BTreeMap<u64, Fault>) -> Decoded {
    let text = transcode::to_utf8(judge.encoding, &chunk.bytes);
    let mut pass = Pass::new(judge, header, &text, chunk);
    pass.at_fault = Some(at_fault).filter(|rows| !rows.is_empty());
    pass.run();
    pass.finish(chunk.index)
}

struct Pass<'a> {
    judge: &'a Judge,
    header: &'a Header,
    chunk: &'a Chunk,
    text: &'a [u8],
    columns: Vec<Column>,
    source_rows: Vec<i64>,
    /// Positions among `source_rows` of rejected rows.
    left_out: Vec<usize>,
    rejected: Vec<RejectedRow>,
    tally: Tally,
    /// The fault that stands first, and its line.
    fault: Option<(u64, Diagnostic)>,
    skips: Skips,
    /// Rows to reject whatever they hold.
    at_fault: Option<&'a BTreeMap<u64, Fault>>,
    /// The record that ends the text is a control record, the footer or blank.
    whole_end: bool,
}

/// What must be asked of every record before it is taken for data.
struct Skips {
    tags: bool,
    /// No column could tell a header from data, so that each record must be compared with its names.
    header_names: bool,
    /// Each footer or not-data rule: conditions on fields.
    footer: Vec<(usize, Vec<u8>)>,
    not_data: Vec<Vec<(usize, Vec<u8>)>>,
}

/// What a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Data,
    Blank,
    Control,
    Footer,
    NotData(usize),
    Header,
}

/// A record at hand.
#[derive(Clone, Copy)]
struct Row<'a> {
    start: usize,
    ends: &'a [u32],
    line: u64,
}

impl Row<'_> {
    fn end(self) -> usize {
        self.ends.last().map_or(self.start, |end| *end as usize)
    }
}

impl<'a> From<&'a OddRow> for Row<'a> {
    fn from(odd: &'a OddRow) -> Self {
        Row { start: odd.start, ends: &odd.ends, line: odd.line }
    }
}

impl Skips {
    fn new(judge: &Judge, header: &Header) -> Self {
        let condition = |(name, text): &(Identifier, String)| {
            let column = judge.contract.columns.iter().position(|c| c.name == *name)?;
            Some((*header.places.get(column)?, text.clone().into_bytes()))
        };
        let conditions = |when: &[(Identifier, String)]| when.iter().filter_map(condition).collect::<Vec<_>>();
        Self {
            tags: !judge.layout.records.is_empty(),
            header_names: judge.plans.iter().all(|plan| matches!(&plan.reading, Reading::Text { periods } if periods.is_empty())),
            footer: judge.layout.footer.as_ref().map(|footer| conditions(&footer.when)).unwrap_or_default(),
            not_data: judge.layout.not_data.iter().map(|rule| conditions(&rule.when)).collect(),
        }
    }
}

impl<'a> Pass<'a> {
    fn new(judge: &'a Judge, header: &'a Header, text: &'a [u8], chunk: &'a Chunk) -> Self {
        let rows = text.len() / (header.raw.len().max(40)) + 16;
        let bytes = text.len() / header.fields.max(1);
        Self {
            judge,
            header,
            chunk,
            text,
            columns: judge.plans.iter().map(|plan| Column::new(plan, rows, bytes)).collect(),
            source_rows: Vec::with_capacity(rows),
            left_out: Vec::new(),
            rejected: Vec::new(),
            tally: Tally { extra: vec![0; header.extra.len()], ..Tally::new(judge) },
            fault: None,
            skips: Skips::new(judge, header),
            at_fault: None,
            whole_end: false,
        }
    }

    fn run(&mut self) {
        let mut splitter = Splitter::new(self.text, self.judge.dialect, self.chunk.first_line);
        let mut rows = Rows::new(self.header.fields);
        let mut more = true;
        while more && self.fault.is_none() {
            more = match splitter.fill(&mut rows, BLOCK_ROWS) {
                Ok(more) => more,
                Err(broken) => {
                    let fault = describe_quote(self.judge, Encoding::Utf8, self.text, broken.start, broken.line, broken.fault);
                    self.report(broken.line, fault);
                    false
                }
            };
            self.set_aside(&mut rows);
            self.read(&rows);
            rows.clear();
        }
        self.tally.line_ends = splitter.line_ends;
        self.tally.ctrl_z = self.chunk.ctrl_z;
        self.tally.open_end = self.chunk.last && !matches!(self.text.last(), None | Some(b'\n' | b'\r'));
        self.tally.maybe_cut = self.tally.open_end && !self.whole_end;
    }

    /// Keeps the fault that stands first in the file.
    #[cold]
    fn report(&mut self, line: u64, fault: Diagnostic) {
        if self.fault.as_ref().is_none_or(|(first, _)| line < *first) {
            self.fault = Some((line, fault));
        }
    }

    fn field(&self, row: Row<'_>, at: usize) -> Option<Field<'a>> {
        let end = *row.ends.get(at)? as usize;
        let start = match at.checked_sub(1) {
            Some(before) => *row.ends.get(before)? as usize + 1,
            None => row.start,
        };
        Some(field(self.text, start, end, self.judge.dialect))
    }

    fn fields(&self, row: Row<'_>) -> Vec<String> {
        (0..row.ends.len()).filter_map(|at| self.field(row, at)).map(|f| String::from_utf8_lossy(&f.text).into_owned()).collect()
    }

    fn raw(&self, row: Row<'_>) -> &'a [u8] {
        self.text.get(row.start..row.end()).unwrap_or_default()
    }

    /// Takes what is not data out of the records at hand, and counts it.
    fn set_aside(&mut self, rows: &mut Rows) {
        for odd in std::mem::take(&mut rows.odd) {
            self.judge_odd(Row::from(&odd));
        }
        let mut keep = Vec::new();
        let mut marked = Vec::new();
        for (at, spans) in rows.iter().enumerate() {
            let Some((start, ends)) = spans.split_first() else { continue };
            let mut row = Row { start: *start as usize, ends, line: rows.lines.get(at).copied().unwrap_or(0) };
            if self.take_marks_off(&mut row) {
                marked.push((at, row.start));
            }
            let class = self.class(row);
            if class != Class::Data {
                keep.resize(rows.len(), true);
                if let Some(kept) = keep.get_mut(at) {
                    *kept = false;
                }
                self.count(row, class);
            } else if self.judge.layout.trailing_delimiter && !self.ends_empty(row) {
                let fault = self.field_count(row);
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

    fn ends_empty(&self, row: Row<'_>) -> bool {
        let last = row.ends.len().checked_sub(1).and_then(|at| self.field(row, at));
        last.is_some_and(|field| field.text.is_empty())
    }

    fn class(&self, row: Row<'_>) -> Class {
        if self.skips.tags && self.is_control(row) {
            Class::Control
        } else if self.is_blank(row) {
            Class::Blank
        } else if self.raw(row) == self.header.raw || (self.skips.header_names && self.is_header_again(row)) {
            Class::Header
        } else if self.holds(row, &self.skips.footer) {
            Class::Footer
        } else if let Some(rule) = self.skips.not_data.iter().position(|rule| self.holds(row, rule)) {
            Class::NotData(rule)
        } else {
            Class::Data
        }
    }

    fn is_control(&self, row: Row<'_>) -> bool {
        let first = self.field(row, 0);
        first.is_some_and(|first| self.judge.layout.records.iter().any(|kind| kind.tag.as_bytes() == &*first.text))
    }

    /// Nothing but delimiters and blanks, also in quotes.
    fn is_blank(&self, row: Row<'_>) -> bool {
        let dialect = self.judge.dialect;
        let mut quoted = false;
        let is_nothing = |byte: &u8| {
            quoted |= Some(*byte) == dialect.quote;
            *byte == dialect.delimiter || matches!(byte, b' ' | b'\t' | b'\n' | b'\r') || Some(*byte) == dialect.quote
        };
        // A quote may itself be text: four of them are a field that holds one.
        let is_empty = |at: usize| self.field(row, at).is_none_or(|field| field.text.trim_ascii().is_empty());
        self.raw(row).iter().all(is_nothing) && (!quoted || (0..row.ends.len()).all(is_empty))
    }

    /// Whether every condition holds; not where there is none. Texts are compared as they look: `TOTAL` with a no-break space is `TOTAL`.
    fn holds(&self, row: Row<'_>, conditions: &[(usize, Vec<u8>)]) -> bool {
        let folded = |text: &[u8]| fold_code(&String::from_utf8_lossy(text)).into_owned();
        let alike =
            |text: &[u8], wanted: &[u8]| text.trim_ascii() == wanted.trim_ascii() || (!text.is_ascii() && folded(text) == folded(wanted));
        let is = |(at, wanted): &(usize, Vec<u8>)| self.field(row, *at).is_some_and(|field| alike(&field.text, wanted));
        !conditions.is_empty() && conditions.iter().all(is)
    }

    /// A record with another number of fields: a control record, a row of totals, a blank line, or the file is refused.
    fn judge_odd(&mut self, mut row: Row<'_>) {
        self.take_marks_off(&mut row);
        let class = match self.class(row) {
            Class::NotData(_) | Class::Data => {
                let fault = self.field_count(row);
                return self.report(row.line, fault);
            }
            class => class,
        };
        self.count(row, class);
    }

    fn field_count(&self, row: Row<'_>) -> Diagnostic {
        let cut = self.chunk.last && row.end() == self.text.len();
        let (seen, expected, ends_empty) = (row.ends.len(), self.header.fields, self.ends_empty(row));
        faults::field_count(self.judge, &faults::FieldCount { line: row.line, record: self.raw(row), seen, expected, ends_empty, cut })
    }

    fn count(&mut self, row: Row<'_>, class: Class) {
        if row.end() == self.text.len() && matches!(class, Class::Control | Class::Footer | Class::Blank) {
            self.whole_end = true;
        }
        match class {
            Class::Data => {}
            Class::Blank if self.judge.layout.skip_blank_rows => {
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
            Class::NotData(rule) => {
                let reason = self.judge.layout.not_data.get(rule).map_or_else(String::new, |rule| rule.reason.clone());
                *self.tally.not_data.entry(reason).or_default() += 1;
                self.price(row, Left::NotData(rule));
            }
            Class::Header => self.report_header(row),
        }
    }

    /// Counts and prices a record that is no row.
    fn price(&mut self, row: Row<'_>, left: Left) {
        let out = self.judge.price(self.header, &left, row.line, row.ends.len(), |at| self.field(row, at).map(|field| field.text));
        self.tally.leave_out(left, out);
    }

    fn report_header(&mut self, row: Row<'_>) {
        let fault = faults::repeated_header(self.judge, row.line, self.raw(row), self.header.line);
        self.report(row.line, fault);
    }

    /// The record as it came, but for the fields of columns that the contract drops.
    fn raw_text(&self, row: Row<'_>) -> String {
        let plans = self.judge.plans.iter().zip(&self.header.places);
        let mut dropped: Vec<usize> = plans.filter(|(plan, _)| plan.dropped).map(|(_, place)| *place).collect();
        dropped.sort_unstable();
        let mut raw = String::new();
        let mut from = row.start;
        for place in dropped {
            let Some(end) = row.ends.get(place).map(|end| *end as usize) else { continue };
            let start = place.checked_sub(1).and_then(|before| row.ends.get(before)).map_or(row.start, |end| *end as usize + 1);
            raw.push_str(&String::from_utf8_lossy(self.text.get(from..start).unwrap_or_default()));
            raw.push_str(if start < end { MASKED } else { "" });
            from = end;
        }
        raw.push_str(&String::from_utf8_lossy(self.text.get(from..row.end()).unwrap_or_default()));
        raw
    }

    /// Reads the columns of the records at hand.
    fn read(&mut self, rows: &Rows) {
        let first = self.source_rows.len();
        self.source_rows.extend(rows.lines.iter().map(|line| line.cast_signed()));
        let mut block = Block { text: self.text, rows, dialect: self.judge.dialect, faults: Vec::new() };
        for (at, ((column, plan), place)) in self.columns.iter_mut().zip(&self.judge.plans).zip(&self.header.places).enumerate() {
            column.read(&mut block, plan, at, *place);
        }
        for sign in &self.judge.signs {
            sign.sign(&mut self.columns, first, &mut block.faults);
        }
        for (count, place) in self.tally.extra.iter_mut().zip(&self.header.extra_places) {
            *count += rows.values_in(self.text, *place);
        }
        let mut faults = block.faults;
        if !faults.is_empty() {
            faults.sort_by_key(|fault| (fault.row, fault.column));
            for same_row in faults.chunk_by(|a, b| a.row == b.row) {
                self.reject(rows, first, same_row);
            }
        }
        if let Some(at_fault) = self.at_fault {
            for (at, line) in rows.lines.iter().enumerate() {
                if let Some(fault) = at_fault.get(line) {
                    self.leave_out(rows, first, at, vec![fault.clone()], &[]);
                }
            }
        }
    }

    #[cold]
    fn reject(&mut self, rows: &Rows, first: usize, faults: &[CellFault]) {
        let Some(at) = faults.first().map(|fault| fault.row) else { return };
        let Some((start, ends)) = rows.spans(at).split_first() else { return };
        let row = Row { start: *start as usize, ends, line: rows.lines.get(at).copied().unwrap_or(0) };
        if self.is_header_again(row) {
            return self.report_header(row);
        }
        let mut told = Vec::with_capacity(faults.len());
        for fault in faults {
            match fault.fault {
                ValueFault::Date(kind @ (DateFault::OtherOrder | DateFault::ShortYear)) => {
                    let fault = self.refused_date(row.line, fault.column, kind);
                    self.report(row.line, fault);
                }
                _ => told.extend(self.tell(row, *fault)),
            }
        }
        self.leave_out(rows, first, at, told, faults);
    }

    /// Takes a row out of those that are accepted: `told` is why, `faults` are those of its values.
    fn leave_out(&mut self, rows: &Rows, first: usize, at: usize, told: Vec<Fault>, faults: &[CellFault]) {
        let Some((start, ends)) = rows.spans(at).split_first() else { return };
        let row = Row { start: *start as usize, ends, line: rows.lines.get(at).copied().unwrap_or(0) };
        self.left_out.push(first + at);
        self.rejected.push(RejectedRow { source_row: row.line, raw: self.raw_text(row), faults: told });
        self.count_rejected(first + at, faults);
    }

    /// The header once more, however it is spelled.
    fn is_header_again(&self, row: Row<'_>) -> bool {
        let is_name =
            |(at, name): (usize, &String)| self.field(row, at).is_some_and(|f| fold(&String::from_utf8_lossy(&f.text)) == fold(name));
        row.ends.len() == self.header.fields && self.header.names.iter().enumerate().all(is_name)
    }

    fn refused_date(&self, line: u64, column: usize, kind: DateFault) -> Diagnostic {
        let formats: Vec<String> = self
            .judge
            .contract
            .columns
            .get(column)
            .map(|c| c.rules.dates.iter().map(|f: &DateFormat| f.text.clone()).collect())
            .unwrap_or_default();
        let formats = if formats.is_empty() { vec!["yyyy-mm-dd".to_owned()] } else { formats };
        let name = self.judge.plans.get(column).map_or("", |plan| &*plan.name);
        match kind {
            DateFault::ShortYear => faults::short_year(self.judge, line, name, &formats),
            _ => faults::date_order(self.judge, line, name, &formats),
        }
    }

    fn tell(&self, row: Row<'_>, fault: CellFault) -> Option<Fault> {
        let plan = self.judge.plans.get(fault.column)?;
        let place = self.header.places.get(fault.column)?;
        let value = self.field(row, *place).map_or_else(String::new, |f| String::from_utf8_lossy(&f.text).into_owned());
        Some(Fault {
            column: Some(plan.name.clone()),
            code: fault.fault.code(),
            reason: fault.fault.reason(plan, &self.judge.contract),
            value,
        })
    }

    /// Counts the amounts of a rejected row, those that could be read.
    fn count_rejected(&mut self, row: usize, faults: &[CellFault]) {
        let judge = self.judge;
        let mut not_known = false;
        for (sum, at) in self.tally.sums.iter_mut().zip(judge.money_columns()) {
            sum.rejected.count(self.columns.get(at).map_or(0, |column| column.pence(row)));
            let unread = faults.iter().any(|fault| match fault.fault {
                ValueFault::Amount(_) => fault.column == at,
                ValueFault::Side => judge.signs.iter().any(|sign| sign.money == at && sign.by == fault.column),
                _ => false,
            });
            sum.unread += u64::from(unread);
            not_known |= unread && judge.amounts.has(at);
        }
        self.tally.form.rejected.add(judge.amounts.of(&self.columns, row));
        self.tally.form.not_known += u64::from(not_known);
    }

    fn finish(mut self, index: u64) -> Decoded {
        self.tally.accepted = (self.source_rows.len() - self.left_out.len()) as u64;
        self.tally.last = self.last_row();
        self.tally.rejected += self.left_out.len() as u64;
        for (sum, at) in self.tally.sums.iter_mut().zip(self.judge.money_columns()) {
            let all = self.columns.get(at).map_or(Sides::default(), Column::sides);
            sum.accepted.add(all);
            sum.accepted.take_off(sum.rejected);
        }
        let form = &mut self.tally.form;
        form.rows = self.tally.accepted * self.judge.amounts.rows();
        form.accepted = self.judge.amounts.of_all(&self.columns);
        form.accepted.take_off(form.rejected);
        self.tally.styled = self.judge.money_columns().filter_map(|at| self.columns.get(at)).map(Column::styled).collect();
        for (at, column) in self.columns.iter().enumerate() {
            if let Some(padded) = self.tally.padded.get_mut(at) {
                *padded += column.padded;
            }
            self.tally.contested.extend(column.contested().iter().map(|(format, line)| ((at, *format), *line)));
        }
        self.balance();
        self.rejected.sort_by_key(|row| row.source_row);
        let mut fault = self.fault.take().map(|(_, fault)| fault);
        let rows = batch(self.judge, self.columns, self.source_rows, &self.left_out).unwrap_or_else(|_| {
            fault = fault.take().or_else(|| Some(faults::not_text(self.judge, self.chunk.first_line)));
            RecordBatch::new_empty(Arc::clone(&self.judge.schema))
        });
        Decoded { index, rows, rejected: self.rejected, tally: self.tally, fault }
    }

    fn last_row(&self) -> Option<LastRow> {
        let rejected: BTreeSet<usize> = self.left_out.iter().copied().collect();
        let row = (0..self.source_rows.len()).rev().find(|row| !rejected.contains(row))?;
        let line = self.source_rows.get(row)?.cast_unsigned();
        let pence = |at: usize| self.columns.get(at).map_or(0, |column| column.pence(row));
        Some(LastRow { line, pence: self.judge.money_columns().map(pence).collect() })
    }

    /// Sums of each group over all rows, and over the rejected ones. Lines of a document mostly stand together, so runs are summed first.
    fn balance(&mut self) {
        let groups = self.tally.unbalanced.iter_mut().zip(&mut self.tally.rejected_groups);
        for (balances, (groups, rejected)) in self.judge.balances.iter().zip(groups) {
            let Some(by) = self.columns.get(balances.by) else { continue };
            let terms: Vec<_> = balances.terms.iter().filter_map(|(at, minus)| Some((self.columns.get(*at)?, *minus))).collect();
            let signed =
                |row: usize| terms.iter().map(|(column, minus)| if *minus { -column.pence(row) } else { column.pence(row) }).sum::<i128>();
            let mut row = 0;
            while row < self.source_rows.len() {
                let group = by.group(row);
                let mut sum = signed(row);
                row += 1;
                while row < self.source_rows.len() && by.group(row) == group {
                    sum += signed(row);
                    row += 1;
                }
                if sum != 0 {
                    balance(groups, String::from_utf8_lossy(&group).into_owned(), sum);
                }
            }
            for row in &self.left_out {
                balance(rejected, String::from_utf8_lossy(&by.group(*row)).into_owned(), signed(*row));
            }
        }
    }
}

/// The accepted rows.
fn batch(judge: &Judge, columns: Vec<Column>, source_rows: Vec<i64>, left_out: &[usize]) -> Result<RecordBatch, ArrowError> {
    let rows = source_rows.len();
    let mut arrays = columns.into_iter().map(Column::finish).collect::<Result<Vec<ArrayRef>, _>>()?;
    arrays.push(Arc::new(Int64Array::from(source_rows)));
    if !left_out.is_empty() {
        let mut keep = vec![true; rows];
        left_out.iter().filter_map(|row| keep.get_mut(*row).map(|kept| *kept = false)).for_each(drop);
        let keep = BooleanArray::from(keep);
        arrays = arrays.iter().map(|array| filter(array, &keep)).collect::<Result<_, _>>()?;
    }
    RecordBatch::try_new(Arc::clone(&judge.schema), arrays)
}
