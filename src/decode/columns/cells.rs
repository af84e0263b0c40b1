//! The values of one field: from the spans of many records into the column's buffers.

use super::{
    super::{
        reading::Plan,
        records::{Dialect, Records, field},
        reject::{ValueFault, range},
        treat::Treated,
        value::{
            date::{DateFault, DateRules, Read},
            money::{MoneyRules, is_plain, two_decimals},
            number::{is_whole, period, whole},
            part_pennies::Parts,
            seen::AmountsSeen,
            sides::Sides,
            words::says,
        },
        workbook::Kind,
    },
    CellFault, Known,
};
use crate::{
    domain::{self, Day},
    schema::{PeriodFormat, Type},
};

const KNOWN_DATES: usize = 256;

/// The text of a value: a part of `whole`.
#[derive(Clone, Copy)]
pub(super) struct Cell<'a> {
    whole: &'a [u8],
    start: usize,
    end: usize,
}

impl<'a> Cell<'a> {
    #[inline]
    pub(super) fn text(self) -> &'a [u8] {
        self.whole.get(self.start..self.end).unwrap_or_default()
    }
}

/// Where the text between `start` and `end` begins and ends without blanks around it.
#[inline]
fn trimmed(text: &[u8], start: usize, end: usize) -> (usize, usize) {
    let is_plain = |at: usize| text.get(at).is_some_and(u8::is_ascii_graphic);
    if start < end && is_plain(start) && is_plain(end - 1) { (start, end) } else { without_blanks(text, start, end) }
}

#[cold]
fn without_blanks(whole: &[u8], mut start: usize, mut end: usize) -> (usize, usize) {
    loop {
        let text = whole.get(start..end).unwrap_or_default();
        match text {
            [b' ' | b'\t', ..] => start += 1,
            [.., b' ' | b'\t'] => end -= 1,
            _ => return without_unseen(text, start, end),
        }
    }
}

/// No-break blanks and what nobody sees, as spreadsheets and web pages leave them around values.
fn without_unseen(text: &[u8], start: usize, end: usize) -> (usize, usize) {
    let is_plain = |byte: Option<&u8>| byte.is_none_or(u8::is_ascii);
    let said = if is_plain(text.first()) && is_plain(text.last()) { None } else { std::str::from_utf8(text).ok() };
    let Some(said) = said else { return (start, end) };
    let inner = domain::without_blanks(said);
    (start + inner.start, start + inner.end)
}

/// Where a column's nulls and faults go.
pub(super) struct Out<'a> {
    pub(super) nulls: &'a mut Vec<u32>,
    pub(super) faults: &'a mut Vec<CellFault>,
    pub(super) padded: &'a mut u64,
    /// Rows that the column held before this block.
    pub(super) first: usize,
    pub(super) column: usize,
}

impl Out<'_> {
    #[inline]
    fn null(&mut self, row: usize, plan: &Plan) {
        self.nulls.push((self.first + row) as u32);
        if plan.required {
            self.fault(row, ValueFault::Missing);
        }
    }

    #[cold]
    fn fault(&mut self, row: usize, fault: ValueFault) {
        self.faults.push(CellFault { row, column: self.column, fault });
    }

    /// A value that cannot be taken stands as null in its column until its row is left out.
    #[cold]
    fn faulty(&mut self, row: usize, fault: ValueFault) {
        self.nulls.push((self.first + row) as u32);
        self.fault(row, fault);
    }
}

/// One field of the records at hand.
pub(super) struct Cells<'a> {
    pub(super) text: &'a [u8],
    pub(super) rows: &'a Records,
    pub(super) dialect: Dialect,
    pub(super) plan: &'a Plan,
    pub(super) field: usize,
    /// Bytes between it and the field before.
    pub(super) lead: usize,
}

impl Cells<'_> {
    /// The value of the field in a record; `None` is null. An escaped text is put together in `scratch`.
    #[allow(clippy::inline_always)] // asked once for every value of a file: a call would cost a tenth of the whole
    #[inline(always)]
    fn value<'s>(&'s self, row: usize, spans: &[u32], is_text: bool, scratch: &'s mut Scratch) -> Option<Cell<'s>> {
        // Plain numbers, not a `Cell` that changes: it would be written to memory and read back for every value.
        let mut start = *spans.get(self.field)? as usize + self.lead;
        // Of a field that its record lacks the beginning lies behind the end.
        let mut end = (*spans.get(self.field + 1)? as usize).max(start);
        let mut whole = self.text;
        let quoted = self.dialect.quote.is_some() && whole.get(start).copied() == self.dialect.quote && end >= start + 2;
        if quoted {
            if self.rows.escaped.get(row) == Some(&true) {
                scratch.text = field(whole, start, end, self.dialect).text.into_owned();
                (whole, start, end) = (&scratch.text, 0, scratch.text.len());
            } else {
                (start, end) = (start + 1, end - 1);
            }
        } else if self.dialect.formulas && whole.get(start) == Some(&b'=') {
            scratch.text = field(whole, start, end, self.dialect).text.into_owned();
            (whole, start, end) = (&scratch.text, 0, scratch.text.len());
        }
        if self.plan.trim {
            let (from, to) = trimmed(whole, start, end);
            scratch.padded += u64::from(to - from != end - start);
            (start, end) = (from, to);
        }
        let cell = Cell { whole, start, end };
        // An empty field is null for every type; an empty quoted one is empty text.
        let is_null = (start == end && !(quoted && is_text)) || (!self.plan.null_words.is_empty() && self.is_null_word(cell));
        if is_null { None } else { Some(cell) }
    }

    #[inline(never)]
    fn is_null_word(&self, cell: Cell<'_>) -> bool {
        self.plan.null_words.iter().any(|word| word == cell.text())
    }

    /// Reads every value by `read`.
    #[inline]
    pub(super) fn each_into<T: Default>(
        &self,
        values: &mut Vec<T>,
        out: &mut Out<'_>,
        mut read: impl FnMut(usize, Cell<'_>) -> Result<T, ValueFault>,
    ) {
        let mut scratch = Scratch::default();
        for (row, spans) in self.rows.iter().enumerate() {
            let value = if let Some(cell) = self.value(row, spans, false, &mut scratch) {
                read(row, cell).map_err(|fault| out.faulty(row, fault))
            } else {
                out.null(row, self.plan);
                Err(())
            };
            values.push(value.unwrap_or_default());
        }
        *out.padded += scratch.padded;
    }

    /// Text of which the contract may say how it is written, or which words it may be.
    pub(super) fn text(
        &self,
        offsets: &mut Vec<i32>,
        bytes: &mut Vec<u8>,
        (periods, only): (&[PeriodFormat], &[Vec<u8>]),
        out: &mut Out<'_>,
    ) {
        let mut scratch = Scratch::default();
        let mut last_period = None;
        for (row, spans) in self.rows.iter().enumerate() {
            match self.value(row, spans, true, &mut scratch) {
                Some(cell) => {
                    append(bytes, cell);
                    if !periods.is_empty() && !is_period(cell, periods, &mut last_period) {
                        out.fault(row, ValueFault::Period);
                    }
                    if !only.is_empty() && !only.iter().any(|word| says(cell.text(), word)) {
                        out.fault(row, ValueFault::Word);
                    }
                }
                None => out.null(row, self.plan),
            }
            offsets.push(bytes.len() as i32);
        }
        *out.padded += scratch.padded;
    }

    /// Text in whose place something else is put.
    pub(super) fn treated(&self, offsets: &mut Vec<i32>, bytes: &mut Vec<u8>, treated: &Treated, out: &mut Out<'_>) {
        let mut scratch = Scratch::default();
        let mut replacing = treated.begin();
        for (row, spans) in self.rows.iter().enumerate() {
            match self.value(row, spans, true, &mut scratch) {
                Some(cell) => replacing.append(cell.text(), bytes),
                None => out.null(row, self.plan),
            }
            offsets.push(bytes.len() as i32);
        }
        *out.padded += scratch.padded;
    }

    /// Returns how many amounts were printed in more than the plainest style.
    pub(super) fn money(
        &self,
        pence: &mut Vec<i128>,
        (sides, parts, seen): (&mut Sides, &mut Parts, &mut AmountsSeen),
        rules: MoneyRules,
        out: &mut Out<'_>,
    ) -> u64 {
        let (mut sum, mut styled) = (Sides::default(), 0);
        let (mut texts, mut points, mut marked) = (0, 0, 0);
        let first = out.first;
        self.each_into(pence, out, |row, cell| {
            texts += 1;
            let amount = if let Some(pence) = two_decimals(cell.whole, cell.start, cell.end, rules) {
                points += 1;
                pence
            } else {
                let amount = rules.amount(cell.text()).map_err(ValueFault::Amount)?;
                styled += u64::from(!is_plain(cell.text()));
                points += u64::from(cell.text().contains(&b'.'));
                marked += u64::from(is_marked(cell.text()));
                parts.count(first + row, &amount);
                amount.pence
            };
            sum.count(amount.into());
            Ok(amount.into())
        });
        sides.add(sum);
        if rules.may_print_point() {
            *seen = AmountsSeen { texts, points, marked, ..AmountsSeen::default() }.plus(*seen);
        }
        styled
    }

    pub(super) fn whole(&self, numbers: &mut Vec<i64>, kind: Type, periods: &[PeriodFormat], out: &mut Out<'_>) {
        let (least, most) = range(kind);
        let mut last = (None, 0);
        self.each_into(numbers, out, |_, cell| {
            let word = word(cell);
            if word.is_some() && word == last.0 {
                return Ok(last.1);
            }
            let text = cell.text();
            let number = if periods.is_empty() { whole(text) } else { Some(period(text, periods).ok_or(ValueFault::Period)?) };
            match number {
                Some(number) if (least..=most).contains(&number) => {
                    last = (word, number);
                    Ok(number)
                }
                None if !is_whole(text) => Err(ValueFault::Whole),
                _ => Err(ValueFault::Range),
            }
        });
    }

    pub(super) fn dates(
        &self,
        days: &mut Vec<i32>,
        known: &mut Vec<Known>,
        contested: &mut Vec<(u8, u64)>,
        rules: &DateRules,
        out: &mut Out<'_>,
    ) {
        let nothing = Known { text: 0, read: Read { day: Day(0), contested: None } };
        known.resize(KNOWN_DATES, nothing);
        let typed = !self.rows.kinds.is_empty();
        self.each_into(days, out, |row, cell| {
            // A day of a workbook is a day whatever formats the contract lists for texts.
            if typed && self.rows.kind(row, self.field) == Kind::Date {
                return rules.read_day(cell.text()).map(|day| day.0).map_err(ValueFault::Date);
            }
            let read = read_known(cell, known, rules).map_err(ValueFault::Date)?;
            if let Some(format) = read.contested
                && contested.iter().all(|(known, _)| *known != format)
            {
                contested.push((format, self.rows.lines.get(row).copied().unwrap_or(0)));
            }
            Ok(read.day.0)
        });
    }
}

/// What reading a column keeps between records.
#[derive(Default)]
struct Scratch {
    /// The last text that held escaped quotes.
    text: Vec<u8>,
    /// Values from which padding was taken off.
    padded: u64,
}

/// Whether the text is a period; the same as the last one is not read again.
#[inline]
fn is_period(cell: Cell<'_>, formats: &[PeriodFormat], last: &mut Option<u128>) -> bool {
    let text = word(cell);
    if text.is_some() && text == *last {
        return true;
    }
    *last = text.filter(|_| period(cell.text(), formats).is_some());
    last.is_some() || period(cell.text(), formats).is_some()
}

/// Reads a date, looking first among those read before: a file has few days and many rows.
#[inline]
fn read_known(cell: Cell<'_>, known: &mut [Known], rules: &DateRules) -> Result<Read, DateFault> {
    let Some(text) = word(cell) else { return rules.read(cell.text()) };
    let folded = (text as u64 ^ (text >> 64) as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let slot = (folded >> 56) as usize % KNOWN_DATES;
    if let Some(entry) = known.get(slot)
        && entry.text == text
    {
        return Ok(entry.read);
    }
    let read = rules.read(cell.text())?;
    if let Some(entry) = known.get_mut(slot) {
        *entry = Known { text, read };
    }
    Ok(read)
}

/// A text of at most 15 bytes as a number that no other text shares, and that is not 0.
#[inline]
fn word(cell: Cell<'_>) -> Option<u128> {
    let length = cell.end - cell.start;
    if length == 0 || length > 15 {
        return None;
    }
    let bytes = cell.whole.get(cell.start..).and_then(<[u8]>::first_chunk).copied().unwrap_or_else(|| {
        let mut bytes = [0; 16];
        bytes.iter_mut().zip(cell.text()).for_each(|(to, from)| *to = *from);
        bytes
    });
    let kept = u128::MAX >> (128 - 8 * length);
    Some((u128::from_le_bytes(bytes) & kept) | ((length as u128) << 120))
}

/// Appends a value. Copies of a fixed size are cheaper than exact ones for the short texts of a ledger.
#[inline]
fn append(bytes: &mut Vec<u8>, cell: Cell<'_>) {
    let length = cell.end - cell.start;
    let rest = cell.whole.get(cell.start..).unwrap_or_default();
    let keep = bytes.len() + length;
    match (length, rest.first_chunk::<16>(), rest.first_chunk::<32>()) {
        (..=16, Some(some), _) => {
            bytes.extend_from_slice(some);
            bytes.truncate(keep);
        }
        (..=32, _, Some(some)) => {
            bytes.extend_from_slice(some);
            bytes.truncate(keep);
        }
        _ => bytes.extend_from_slice(cell.text()),
    }
}

/// Whether an amount ends in CR or DR.
fn is_marked(text: &[u8]) -> bool {
    matches!(text, [.., b'C' | b'c' | b'D' | b'd', b'R' | b'r'])
}
