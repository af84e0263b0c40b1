//! Fields → columns: one column at a time over many records, straight into the buffers that Arrow takes over.

mod cells;

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
    reading::{Plan, Reading},
    records::{Dialect, Records},
    reject::ValueFault,
    value::{
        date::Read,
        number::{instant, truth},
        part_pennies::Parts,
        seen::AmountsSeen,
        sides::Sides,
    },
};
use crate::{domain::Day, schema::Type};
use cells::{Cells, Out};

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
    pub(super) rows: &'a Records,
    pub(super) dialect: Dialect,
    pub(super) faults: Vec<CellFault>,
}

/// A column that is being filled: one entry for every record read, also for those that will be rejected.
pub(super) struct Column {
    values: Values,
    nulls: Vec<u32>,
    /// Values from which padding was taken off.
    pub(super) padded: u64,
}

enum Values {
    Text {
        offsets: Vec<i32>,
        bytes: Vec<u8>,
    },
    Money {
        pence: Vec<i128>,
        sides: Sides,
        styled: u64,
        parts: Parts,
        seen: AmountsSeen,
    },
    Date {
        days: Vec<i32>,
        known: Vec<Known>,
        contested: Vec<(u8, u64)>,
    },
    Whole {
        numbers: Vec<i64>,
        kind: Type,
    },
    /// Millionths.
    Quantity(Vec<i64>),
    Boolean(Vec<bool>),
    Instant(Vec<i64>),
}

/// A date text that was read before: its bytes, their number in the top byte.
#[derive(Clone, Copy)]
struct Known {
    text: u128,
    read: Read,
}

impl Column {
    pub(super) fn new(plan: &Plan, rows: usize, bytes: usize) -> Self {
        let values = match &plan.reading {
            Reading::Text { .. } | Reading::Treated(_) => {
                let mut offsets = Vec::with_capacity(rows + 1);
                offsets.push(0);
                Values::Text { offsets, bytes: Vec::with_capacity(bytes) }
            }
            Reading::Money(_) => {
                let (pence, sides, parts, seen) = (Vec::with_capacity(rows), Sides::default(), Parts::default(), AmountsSeen::default());
                Values::Money { pence, sides, styled: 0, parts, seen }
            }
            Reading::Date(_) => Values::Date { days: Vec::with_capacity(rows), known: Vec::new(), contested: Vec::new() },
            Reading::Quantity(_) => Values::Quantity(Vec::with_capacity(rows)),
            Reading::Whole { kind, .. } => Values::Whole { numbers: Vec::with_capacity(rows), kind: *kind },
            Reading::Boolean => Values::Boolean(Vec::with_capacity(rows)),
            Reading::Instant => Values::Instant(Vec::with_capacity(rows)),
        };
        Self { values, nulls: Vec::new(), padded: 0 }
    }

    pub(super) fn len(&self) -> usize {
        match &self.values {
            Values::Text { offsets, .. } => offsets.len() - 1,
            Values::Money { pence, .. } => pence.len(),
            Values::Date { days, .. } => days.len(),
            Values::Whole { numbers, .. } => numbers.len(),
            Values::Boolean(values) => values.len(),
            Values::Instant(values) | Values::Quantity(values) => values.len(),
        }
    }

    /// Reads field `field` of every record at hand; nothing where the file has no such column. `column` is the position in the contract, for faults.
    pub(super) fn read(&mut self, block: &mut Block<'_>, plan: &Plan, column: usize, field: Option<usize>) {
        let Some(field) = field.filter(|_| !plan.dropped) else { return self.leave_out(block.rows.len()) };
        let first = self.len();
        let mut out = Out { nulls: &mut self.nulls, faults: &mut block.faults, padded: &mut self.padded, first, column };
        let cells = Cells { text: block.text, rows: block.rows, dialect: block.dialect, plan, field, lead: block.rows.lead(field) };
        match (&mut self.values, &plan.reading) {
            (Values::Text { offsets, bytes }, Reading::Text { periods, only }) => cells.text(offsets, bytes, (periods, only), &mut out),
            (Values::Text { offsets, bytes }, Reading::Treated(treated)) => cells.treated(offsets, bytes, treated, &mut out),
            (Values::Money { pence, sides, styled, parts, seen }, Reading::Money(rules)) => {
                *styled += cells.money(pence, (sides, parts, seen), *rules, &mut out);
            }
            (Values::Date { days, known, contested }, Reading::Date(rules)) => cells.dates(days, known, contested, rules, &mut out),
            (Values::Whole { numbers, .. }, Reading::Whole { kind, periods }) => cells.whole(numbers, *kind, periods, &mut out),
            (Values::Quantity(values), Reading::Quantity(rules)) => {
                cells.each_into(values, &mut out, |_, cell| rules.read_quantity(cell.text()).map_err(ValueFault::Quantity));
            }
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
            Values::Instant(values) | Values::Quantity(values) => values.resize(len, 0),
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

    /// How its amounts are printed and signed, of a money column; nothing for another.
    pub(super) fn seen(&self) -> AmountsSeen {
        let Values::Money { pence, seen, .. } = &self.values else { return AmountsSeen::default() };
        let mut seen = *seen;
        seen.count(pence);
        seen
    }

    /// The rows from `first` on that are null, in order.
    pub(super) fn nulls_from(&self, first: usize) -> &[u32] {
        self.nulls.get(self.nulls.partition_point(|row| (*row as usize) < first)..).unwrap_or_default()
    }

    /// Pence of a row of a money column; nought where it is null or could not be read.
    pub(super) fn pence(&self, row: usize) -> i128 {
        if let Values::Money { pence, .. } = &self.values { pence.get(row).copied().unwrap_or(0) } else { 0 }
    }

    /// Pence of every row of a money column; empty for another.
    pub(super) fn amounts(&self) -> &[i128] {
        if let Values::Money { pence, .. } = &self.values { pence } else { &[] }
    }

    /// What was rounded off a money column, and the noise that it held; nothing for another.
    pub(super) const fn parts(&self) -> Option<&Parts> {
        if let Values::Money { parts, .. } = &self.values { Some(parts) } else { None }
    }

    /// What was rounded off the amount of a row, in millionths of a pound.
    pub(super) fn residue(&self, row: usize) -> i128 {
        self.parts().map_or(0, |parts| parts.residue(row))
    }

    /// The amount of a row changes its sign.
    pub(super) fn turn(&mut self, row: usize) {
        self.replace(row, |pence| -pence);
        if let Values::Money { parts, .. } = &mut self.values {
            parts.turn(row);
        }
    }

    /// The amount of a row counts for nothing.
    pub(super) fn forget(&mut self, row: usize) {
        self.replace(row, |_| 0);
        if let Values::Money { parts, .. } = &mut self.values {
            parts.forget(row);
        }
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

    /// The texts of a column of texts, empty for null; none of another.
    pub(super) fn texts(&self) -> impl Iterator<Item = &[u8]> {
        let (offsets, bytes) = match &self.values {
            Values::Text { offsets, bytes } => (offsets.as_slice(), bytes.as_slice()),
            _ => (&[][..], &[][..]),
        };
        offsets.array_windows().map(|[from, to]| bytes.get(*from as usize..*to as usize).unwrap_or_default())
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
            Values::Quantity(millionths) => {
                let wide: Vec<i128> = millionths.into_iter().map(i128::from).collect();
                Arc::new(Decimal128Array::try_new(wide.into(), nulls)?.with_data_type(Type::Quantity.arrow()))
            }
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
