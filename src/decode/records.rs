//! Where the fields of many records stand: what a format hands to reading, and all that reading sees of it.

use std::borrow::Cow;

use memchr::memchr;

use super::workbook::Kind;
use crate::schema::Escape;

/// Records that are split before anything else is done with them: their text is then still near.
pub(super) const BLOCK_ROWS: usize = 256;

/// Records of the expected number of fields, and aside, the others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Records {
    /// Fields of a record.
    fields: usize,
    /// Bytes between a field and the next: 1 where a delimiter stands there, 0 where fields touch.
    gap: usize,
    /// A record may lack fields at its end: they are empty (`short_lines: allowed`).
    may_lack: bool,
    /// For each record its first byte, then the end of each field; last, the record that is being split.
    spans: Vec<u32>,
    /// Where in `spans` the record that is being split begins.
    open: usize,
    /// Physical line on which each record starts.
    pub(super) lines: Vec<u64>,
    /// Whether some quoted field of the record holds an escaped quote.
    pub(super) escaped: Vec<bool>,
    /// What the cells of each record are, where the format says it; empty where all is text.
    pub(super) kinds: Vec<Kind>,
    /// Records with another number of fields.
    pub(super) odd: Vec<OddRow>,
}

/// A record that has not the expected number of fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OddRow {
    pub(super) start: usize,
    pub(super) ends: Vec<u32>,
    pub(super) line: u64,
    pub(super) escaped: bool,
}

/// A record at hand.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    pub(super) start: usize,
    pub(super) ends: &'a [u32],
    /// Physical line on which it starts.
    pub(super) line: u64,
    pub(super) gap: usize,
}

impl Row<'_> {
    /// The byte after its last field.
    pub(super) fn end(self) -> usize {
        self.ends.last().map_or(self.start, |end| *end as usize)
    }

    /// Where field `at` begins and ends; `None` where it has no such field.
    pub(super) fn span(self, at: usize) -> Option<(usize, usize)> {
        let end = *self.ends.get(at)? as usize;
        let start = match at.checked_sub(1) {
            Some(before) => *self.ends.get(before)? as usize + self.gap,
            None => self.start,
        };
        // A field that the record lacks begins behind its end.
        Some((start.min(end), end))
    }
}

impl OddRow {
    /// As a record at hand.
    pub(super) fn row(&self, gap: usize) -> Row<'_> {
        Row { start: self.start, ends: &self.ends, line: self.line, gap }
    }
}

impl Records {
    /// Records of so many fields, with so many bytes between two of them.
    pub(super) fn new(fields: usize, gap: usize) -> Self {
        Self { fields, gap, ..Self::default() }
    }

    /// The same, of which each may lack fields at its end.
    pub(super) fn lacking(self, may_lack: bool) -> Self {
        Self { may_lack, ..self }
    }

    /// Bytes between the end of the field before `place` and its own beginning.
    #[inline]
    pub(super) fn lead(&self, place: usize) -> usize {
        if place > 0 { self.gap } else { 0 }
    }

    /// The record at position `at`.
    pub(super) fn row(&self, at: usize) -> Option<Row<'_>> {
        let (start, ends) = self.spans(at).split_first()?;
        Some(Row { start: *start as usize, ends, line: self.lines.get(at).copied().unwrap_or(0), gap: self.gap })
    }

    /// The records of another number of fields; they are taken out.
    pub(super) fn take_odd(&mut self) -> Vec<OddRow> {
        std::mem::take(&mut self.odd)
    }

    pub(super) fn len(&self) -> usize {
        self.lines.len()
    }

    /// Begins a record.
    #[inline]
    pub(super) fn begin(&mut self, start: usize) {
        self.spans.truncate(self.open);
        self.spans.push(start as u32);
    }

    /// Ends a field of the record that is being split.
    #[inline]
    pub(super) fn end_field(&mut self, end: usize) {
        self.spans.push(end as u32);
    }

    /// Ends the record that is being split, after its last field.
    #[inline]
    pub(super) fn end_record(&mut self, line: u64, escaped: bool) {
        if self.may_lack {
            self.fill_up();
        }
        self.end_as_is(line, escaped);
    }

    /// The same of a record that no line end follows: what it lacks may have been cut off.
    #[inline]
    pub(super) fn end_as_is(&mut self, line: u64, escaped: bool) {
        if self.spans.len() - self.open == self.fields + 1 {
            self.open = self.spans.len();
            self.lines.push(line);
            self.escaped.push(escaped);
        } else {
            let mut span = self.spans.drain(self.open..);
            let start = span.next().unwrap_or(0) as usize;
            self.odd.push(OddRow { start, ends: span.collect(), line, escaped });
        }
    }

    /// Fields that the record lacks end where it ends: their beginning lies behind it, so that nothing stands in them.
    #[cold]
    fn fill_up(&mut self) {
        let there = self.spans.len() - self.open;
        if let Some(end) = self.spans.last().copied().filter(|_| (2..=self.fields).contains(&there)) {
            self.spans.resize(self.open + self.fields + 1, end);
        }
    }

    /// Ends the record that is being split: it has not the shape of a row, however many fields it has.
    pub(super) fn end_odd_record(&mut self, line: u64) {
        let mut span = self.spans.drain(self.open..);
        let start = span.next().unwrap_or(0) as usize;
        self.odd.push(OddRow { start, ends: span.collect(), line, escaped: false });
    }

    /// First byte and ends of the fields of each record.
    #[inline]
    pub(super) fn iter(&self) -> impl Iterator<Item = &[u32]> {
        self.spans.get(..self.open).unwrap_or_default().chunks_exact(self.fields + 1)
    }

    /// First byte and ends of the fields of record `row`.
    fn spans(&self, row: usize) -> &[u32] {
        let width = self.fields + 1;
        self.spans.get(row * width..(row + 1) * width).unwrap_or_default()
    }

    /// Records that hold something in a field that no column reads.
    pub(super) fn values_in(&self, text: &[u8], place: usize) -> u64 {
        let holds = |spans: &[u32]| {
            let start = spans.get(place).map_or(0, |start| *start as usize + self.lead(place));
            let end = spans.get(place + 1).map_or(start, |end| *end as usize);
            text.get(start..end).is_some_and(|raw| !matches!(raw.trim_ascii(), b"" | b"\"\"" | b"''"))
        };
        self.iter().filter(|spans| holds(spans)).count() as u64
    }

    /// What the cell is that stands in a field of record `row`.
    pub(super) fn kind(&self, row: usize, place: usize) -> Kind {
        self.kinds.get(row * self.fields + place).copied().unwrap_or_default()
    }

    /// Takes what stands before `start` off the first field of record `row`.
    #[cold]
    pub(super) fn start_at(&mut self, row: usize, start: usize) {
        if let Some(place) = self.spans.get_mut(row * (self.fields + 1)) {
            *place = start as u32;
        }
    }

    /// Keeps only the records for which `keep` holds, one entry a record.
    pub(super) fn retain(&mut self, keep: &[bool]) {
        let width = self.fields + 1;
        let mut to = 0;
        for (row, _) in keep.iter().enumerate().filter(|(_, keep)| **keep) {
            self.spans.copy_within(row * width..(row + 1) * width, to * width);
            to += 1;
        }
        self.spans.drain(to * width..self.open);
        self.open = to * width;
        let mut kept = keep.iter();
        self.lines.retain(|_| kept.next() == Some(&true));
        let mut kept = keep.iter();
        self.escaped.retain(|_| kept.next() == Some(&true));
        let mut kept = keep.iter().flat_map(|kept| std::iter::repeat_n(*kept, self.fields));
        self.kinds.retain(|_| kept.next() == Some(true));
    }

    /// Lets go of every record but the one that is being split.
    pub(super) fn clear(&mut self) {
        self.spans.drain(..self.open);
        self.open = 0;
        self.lines.clear();
        self.escaped.clear();
        self.kinds.clear();
        self.odd.clear();
    }
}

/// A record that is known by its first field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControlRecord {
    pub tag: String,
    pub line: u64,
    /// All its fields, the tag first.
    pub fields: Vec<String>,
}

/// How fields are told apart.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dialect {
    pub(super) delimiter: u8,
    /// `None`: a quote is text.
    pub(super) quote: Option<u8>,
    pub(super) escape: Escape,
    /// A quote inside a field that does not begin with one is text; no quoted field holds a line end then, so that one which is never
    /// closed takes nothing with it.
    pub(super) strays: bool,
    /// `="00123"` is the text 00123, as programs write it so that a spreadsheet keeps its noughts (`formula_texts: true`).
    pub(super) formulas: bool,
}

/// The text of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Field<'a> {
    pub(super) text: Cow<'a, [u8]>,
    pub(super) quoted: bool,
}

/// The text of the field between `start` and `end`, without its quotes and escapes.
pub(super) fn field(text: &[u8], start: usize, end: usize, dialect: Dialect) -> Field<'_> {
    let raw = text.get(start..end).unwrap_or_default();
    let found = match dialect.quote {
        Some(quote) if raw.len() >= 2 && raw.first() == Some(&quote) => {
            let inner = raw.get(1..raw.len() - 1).unwrap_or_default();
            Field { text: unescaped(inner, quote, dialect.escape), quoted: true }
        }
        _ => Field { text: Cow::Borrowed(raw), quoted: false },
    };
    if dialect.formulas { found.without_formula(dialect) } else { found }
}

impl Field<'_> {
    /// The text of a field that is a formula of nothing but a text; any other as it is.
    fn without_formula(self, dialect: Dialect) -> Self {
        let Some(quote) = dialect.quote else { return self };
        let inner = self.text.strip_prefix(&[b'=', quote]).and_then(|rest| rest.strip_suffix(&[quote]));
        match inner.map(|inner| unescaped(inner, quote, dialect.escape).into_owned()) {
            Some(text) => Self { text: Cow::Owned(text), quoted: self.quoted },
            None => self,
        }
    }
}

/// What stands between two quotes, its escapes undone. A backslash before anything but a quote or a backslash is text.
pub(super) fn unescaped(inner: &[u8], quote: u8, escape: Escape) -> Cow<'_, [u8]> {
    let mark = if escape == Escape::Backslash { b'\\' } else { quote };
    if memchr(mark, inner).is_none() {
        return Cow::Borrowed(inner);
    }
    let mut out = Vec::with_capacity(inner.len());
    let mut bytes = inner.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        let escapes = byte == mark && bytes.peek().is_some_and(|next| *next == quote || *next == mark);
        out.push(if escapes { bytes.next().unwrap_or(byte) } else { byte });
    }
    Cow::Owned(out)
}
