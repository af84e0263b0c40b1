//! Fields → columns: one column at a time over many records, straight into the buffers that Arrow takes over.

use std::sync::Arc;

use arrow::{
    array::{
        ArrayRef, BooleanArray, Date32Array, Decimal128Array, Int8Array, Int16Array, Int32Array, Int64Array, StringArray,
        TimestampMicrosecondArray,
    },
    buffer::{BooleanBuffer, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer},
    error::ArrowError,
};

use super::{
    date::{DateFault, DateRules, Read},
    judge::{Plan, Reading},
    money::{MoneyRules, is_plain, two_decimals},
    number::{instant, is_whole, period, truth, whole},
    record::{Dialect, field},
    reject::{ValueFault, range},
    rows::Rows,
    tally::Sides,
};
use crate::{
    domain::Day,
    schema::{PeriodFormat, Type},
};

/// A value that cannot be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CellFault {
    /// Among the records at hand.
    pub(super) row: usize,
    /// Position in the contract.
    pub(super) column: usize,
    pub(super) fault: ValueFault,
}

/// Records at hand, and what reading them reports.
pub(super) struct Block<'a> {
    pub(super) text: &'a [u8],
    pub(super) rows: &'a Rows,
    pub(super) dialect: Dialect,
    pub(super) faults: Vec<CellFault>,
}

/// The text of a value: a part of `whole`.
#[derive(Clone, Copy)]
struct Cell<'a> {
    whole: &'a [u8],
    start: usize,
    end: usize,
}

impl<'a> Cell<'a> {
    #[inline]
    fn text(self) -> &'a [u8] {
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
    const NO_BREAK_SPACE: &[u8] = "\u{a0}".as_bytes();
    loop {
        let text = whole.get(start..end).unwrap_or_default();
        match text {
            [b' ' | b'\t', ..] => start += 1,
            [.., b' ' | b'\t'] => end -= 1,
            _ if text.starts_with(NO_BREAK_SPACE) => start += 2,
            _ if text.ends_with(NO_BREAK_SPACE) => end -= 2,
            _ => return (start, end),
        }
    }
}

/// A column that is being filled: one entry for every record read, also for those that will be rejected.
pub(super) struct Column {
    values: Values,
    nulls: Vec<u32>,
    /// Values from which padding was taken off.
    pub(super) padded: u64,
}

enum Values {
    Text { offsets: Vec<i32>, bytes: Vec<u8> },
    Money { pence: Vec<i128>, sides: Sides, styled: u64 },
    Date { days: Vec<i32>, known: Vec<Known>, contested: Vec<(u8, u64)> },
    Whole { numbers: Vec<i64>, kind: Type },
    Boolean(Vec<bool>),
    Instant(Vec<i64>),
}

/// A date text that was read before: its bytes, their number in the top byte.
#[derive(Clone, Copy)]
struct Known {
    text: u128,
    read: Read,
}

const KNOWN_DATES: usize = 256;

impl Column {
    pub(super) fn new(plan: &Plan, rows: usize, bytes: usize) -> Self {
        let values = match &plan.reading {
            Reading::Text { .. } => {
                let mut offsets = Vec::with_capacity(rows + 1);
                offsets.push(0);
                Values::Text { offsets, bytes: Vec::with_capacity(bytes) }
            }
            Reading::Money(_) => Values::Money { pence: Vec::with_capacity(rows), sides: Sides::default(), styled: 0 },
            Reading::Date(_) => Values::Date { days: Vec::with_capacity(rows), known: Vec::new(), contested: Vec::new() },
            Reading::Whole { kind, .. } => Values::Whole { numbers: Vec::with_capacity(rows), kind: *kind },
            Reading::Boolean => Values::Boolean(Vec::with_capacity(rows)),
            Reading::Instant => Values::Instant(Vec::with_capacity(rows)),
        };
        Self { values, nulls: Vec::new(), padded: 0 }
    }

    fn len(&self) -> usize {
        match &self.values {
            Values::Text { offsets, .. } => offsets.len() - 1,
            Values::Money { pence, .. } => pence.len(),
            Values::Date { days, .. } => days.len(),
            Values::Whole { numbers, .. } => numbers.len(),
            Values::Boolean(values) => values.len(),
            Values::Instant(values) => values.len(),
        }
    }

    /// Reads field `field` of every record at hand. `column` is the position in the contract, for faults.
    pub(super) fn read(&mut self, block: &mut Block<'_>, plan: &Plan, column: usize, field: usize) {
        if plan.dropped {
            return self.leave_out(block.rows.len());
        }
        let first = self.len();
        let mut out = Out { nulls: &mut self.nulls, faults: &mut block.faults, padded: &mut self.padded, first, column };
        let cells = Cells { text: block.text, rows: block.rows, dialect: block.dialect, plan, field };
        match (&mut self.values, &plan.reading) {
            (Values::Text { offsets, bytes }, Reading::Text { periods }) => cells.text(offsets, bytes, periods, &mut out),
            (Values::Money { pence, sides, styled }, Reading::Money(rules)) => *styled += cells.money(pence, sides, *rules, &mut out),
            (Values::Date { days, known, contested }, Reading::Date(rules)) => cells.dates(days, known, contested, rules, &mut out),
            (Values::Whole { numbers, .. }, Reading::Whole { kind, periods }) => cells.whole(numbers, *kind, periods, &mut out),
            (Values::Boolean(values), Reading::Boolean) => {
                cells.each_into(values, &mut out, |_, cell| truth(cell.text()).ok_or(ValueFault::Truth));
            }
            (Values::Instant(values), Reading::Instant) => {
                cells.each_into(values, &mut out, |_, cell| instant(cell.text()).ok_or(ValueFault::Instant));
            }
            _ => {} // a column is made from the plan it is read with
        }
    }

    /// As many nulls, whatever the fields hold.
    fn leave_out(&mut self, rows: usize) {
        let first = self.len();
        let len = first + rows;
        match &mut self.values {
            Values::Text { offsets, bytes } => offsets.resize(len + 1, bytes.len() as i32),
            Values::Money { pence, .. } => pence.resize(len, 0),
            Values::Date { days, .. } => days.resize(len, 0),
            Values::Whole { numbers, .. } => numbers.resize(len, 0),
            Values::Boolean(values) => values.resize(len, false),
            Values::Instant(values) => values.resize(len, 0),
        }
        self.nulls.extend((first..len).map(|row| row as u32));
    }

    /// Sum over all rows, of a money column.
    pub(super) fn sides(&self) -> Sides {
        if let Values::Money { sides, .. } = &self.values { *sides } else { Sides::default() }
    }

    /// Amounts that were printed with more than digits, a leading minus and at most two decimals.
    pub(super) fn styled(&self) -> u64 {
        if let Values::Money { styled, .. } = &self.values { *styled } else { 0 }
    }

    /// Pence of a row of a money column; nought where it is null or could not be read.
    pub(super) fn pence(&self, row: usize) -> i128 {
        if let Values::Money { pence, .. } = &self.values { pence.get(row).copied().unwrap_or(0) } else { 0 }
    }

    /// Pence of every row of a money column; empty for another.
    pub(super) fn amounts(&self) -> &[i128] {
        if let Values::Money { pence, .. } = &self.values { pence } else { &[] }
    }

    /// The amount of a row changes its sign.
    pub(super) fn turn(&mut self, row: usize) {
        self.replace(row, |pence| -pence);
    }

    /// The amount of a row counts for nothing.
    pub(super) fn forget(&mut self, row: usize) {
        self.replace(row, |_| 0);
    }

    fn replace(&mut self, row: usize, by: impl Fn(i128) -> i128) {
        if let Values::Money { pence, sides, .. } = &mut self.values
            && let Some(pence) = pence.get_mut(row)
        {
            let (mut before, mut after) = (Sides::default(), Sides::default());
            before.count(*pence);
            *pence = by(*pence);
            after.count(*pence);
            sides.take_off(before);
            sides.add(after);
        }
    }

    /// Formats with a rival that were used, and the first line of each.
    pub(super) fn contested(&self) -> &[(u8, u64)] {
        if let Values::Date { contested, .. } = &self.values { contested } else { &[] }
    }

    /// What groups a row: its text, or the number as text; empty for null.
    pub(super) fn group(&self, row: usize) -> std::borrow::Cow<'_, [u8]> {
        match &self.values {
            Values::Text { offsets, bytes } => {
                let at = |row: usize| offsets.get(row).map_or(0, |offset| offset.cast_unsigned() as usize);
                bytes.get(at(row)..at(row + 1)).unwrap_or_default().into()
            }
            Values::Whole { numbers, .. } => numbers.get(row).map_or_else(Vec::new, |number| number.to_string().into_bytes()).into(),
            Values::Date { days, .. } => days.get(row).map_or_else(Vec::new, |day| Day(*day).to_string().into_bytes()).into(),
            _ => (&[][..]).into(),
        }
    }

    /// The column as Arrow has it.
    pub(super) fn finish(self) -> Result<ArrayRef, ArrowError> {
        let nulls = null_buffer(&self.nulls, self.len());
        Ok(match self.values {
            Values::Text { offsets, bytes } => {
                let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
                Arc::new(StringArray::try_new(offsets, Buffer::from_vec(bytes), nulls)?)
            }
            Values::Money { pence, .. } => Arc::new(Decimal128Array::try_new(pence.into(), nulls)?.with_precision_and_scale(18, 2)?),
            Values::Date { days, .. } => Arc::new(Date32Array::try_new(days.into(), nulls)?),
            Values::Whole { numbers, kind: Type::TinyInt } => {
                Arc::new(Int8Array::try_new(numbers.iter().map(|n| *n as i8).collect(), nulls)?)
            }
            Values::Whole { numbers, kind: Type::SmallInt } => {
                Arc::new(Int16Array::try_new(numbers.iter().map(|n| *n as i16).collect(), nulls)?)
            }
            Values::Whole { numbers, kind: Type::Integer } => {
                Arc::new(Int32Array::try_new(numbers.iter().map(|n| *n as i32).collect(), nulls)?)
            }
            Values::Whole { numbers, .. } => Arc::new(Int64Array::try_new(numbers.into(), nulls)?),
            Values::Boolean(values) => Arc::new(BooleanArray::new(BooleanBuffer::from(values), nulls)),
            Values::Instant(values) => Arc::new(TimestampMicrosecondArray::try_new(values.into(), nulls)?.with_timezone("UTC")),
        })
    }
}

fn null_buffer(nulls: &[u32], len: usize) -> Option<NullBuffer> {
    if nulls.is_empty() {
        return None;
    }
    let mut bits = vec![u8::MAX; len.div_ceil(8)];
    for row in nulls {
        if let Some(byte) = bits.get_mut(*row as usize / 8) {
            *byte &= !(1 << (row % 8));
        }
    }
    Some(NullBuffer::new(BooleanBuffer::new(Buffer::from_vec(bits), 0, len)))
}

/// Where a column's nulls and faults go.
struct Out<'a> {
    nulls: &'a mut Vec<u32>,
    faults: &'a mut Vec<CellFault>,
    padded: &'a mut u64,
    /// Rows that the column held before this block.
    first: usize,
    column: usize,
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
struct Cells<'a> {
    text: &'a [u8],
    rows: &'a Rows,
    dialect: Dialect,
    plan: &'a Plan,
    field: usize,
}

impl Cells<'_> {
    /// The value of the field in a record; `None` is null. An escaped text is put together in `scratch`.
    #[allow(clippy::inline_always)] // asked once for every value of a file: a call would cost a tenth of the whole
    #[inline(always)]
    fn value<'s>(&'s self, row: usize, spans: &[u32], is_text: bool, scratch: &'s mut Scratch) -> Option<Cell<'s>> {
        // Plain numbers, not a `Cell` that changes: it would be written to memory and read back for every value.
        let mut start = *spans.get(self.field)? as usize + usize::from(self.field > 0);
        let mut end = *spans.get(self.field + 1)? as usize;
        let mut whole = self.text;
        let quoted = self.dialect.quote.is_some() && whole.get(start).copied() == self.dialect.quote && end >= start + 2;
        if quoted {
            if self.rows.escaped.get(row) == Some(&true) {
                scratch.text = field(whole, start, end, self.dialect).text.into_owned();
                (whole, start, end) = (&scratch.text, 0, scratch.text.len());
            } else {
                (start, end) = (start + 1, end - 1);
            }
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
    fn each_into<T: Default>(
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

    fn text(&self, offsets: &mut Vec<i32>, bytes: &mut Vec<u8>, periods: &[PeriodFormat], out: &mut Out<'_>) {
        let mut scratch = Scratch::default();
        let mut last_period = None;
        for (row, spans) in self.rows.iter().enumerate() {
            match self.value(row, spans, true, &mut scratch) {
                Some(cell) => {
                    append(bytes, cell);
                    if !periods.is_empty() && !is_period(cell, periods, &mut last_period) {
                        out.fault(row, ValueFault::Period);
                    }
                }
                None => out.null(row, self.plan),
            }
            offsets.push(bytes.len() as i32);
        }
        *out.padded += scratch.padded;
    }

    /// Returns how many amounts were printed in more than the plainest style.
    fn money(&self, pence: &mut Vec<i128>, sides: &mut Sides, rules: MoneyRules, out: &mut Out<'_>) -> u64 {
        let (mut sum, mut styled) = (Sides::default(), 0);
        self.each_into(pence, out, |_, cell| {
            let amount = if let Some(pence) = two_decimals(cell.whole, cell.start, cell.end, rules) {
                pence
            } else {
                let amount = rules.read(cell.text()).map_err(ValueFault::Amount)?;
                styled += u64::from(!is_plain(cell.text()));
                amount
            };
            sum.count(amount.into());
            Ok(amount.into())
        });
        sides.add(sum);
        styled
    }

    fn whole(&self, numbers: &mut Vec<i64>, kind: Type, periods: &[PeriodFormat], out: &mut Out<'_>) {
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

    fn dates(&self, days: &mut Vec<i32>, known: &mut Vec<Known>, contested: &mut Vec<(u8, u64)>, rules: &DateRules, out: &mut Out<'_>) {
        let nothing = Known { text: 0, read: Read { day: Day(0), contested: None } };
        known.resize(KNOWN_DATES, nothing);
        self.each_into(days, out, |row, cell| {
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
