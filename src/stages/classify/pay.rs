//! Lines that pay resolves: which parts each falls into, as kernel `resolve` worked out, laid along the rows of a part.

use std::{collections::BTreeMap, sync::Arc};

use arrow::{
    array::{ArrayRef, Decimal128Array, DictionaryArray, Int8Array, Int32Array, StringArray, UInt32Array},
    compute::take_record_batch,
    datatypes::Int32Type,
    record_batch::RecordBatch,
};
use hashbrown::HashMap;

use super::{
    meaning::{Class, Meanings},
    part::broken,
    tables::Rows,
};
use crate::{
    diagnostic::Answer,
    domain::{Ownership, Pence, pounds},
    schema::{Type, batch},
};

/// What a part of a line is, in the words of `part_kind`; a line that nothing resolves is the first.
pub const KINDS: [&str; 4] = ["line", "pay", "pay_small", "payroll_difference"];

/// One part of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct PayPart {
    pence: Pence,
    /// Number of its class in [`Meanings`].
    class: u32,
    /// Place of its kind in [`KINDS`].
    kind: u8,
}

/// Parts of the lines of one delivery, by row.
#[derive(Clone, Debug, Default)]
pub struct PayParts(HashMap<i64, Vec<PayPart>>);

/// By council, feed and delivery.
pub type AllPayParts = BTreeMap<(String, String, String), PayParts>;

/// Takes in the rows of `pay_part`; their classes get their numbers.
///
/// # Errors
/// TC1250 where the table cannot be used.
pub fn add_pay_parts(table: &RecordBatch, meanings: &mut Meanings, all: &mut AllPayParts) -> Answer<()> {
    let (rows, sources, amounts) = (Rows(table), batch::big(table, "source_row")?, batch::money(table, "amount")?);
    for row in 0..table.num_rows() {
        let (word, kind) = (rows.text("ownership", row)?, rows.text("part_kind", row)?);
        let ownership = Ownership::parse(&word).ok_or_else(|| broken(&format!("`{word}` is no ownership")))?;
        let kind = KINDS.iter().position(|known| *known == kind).and_then(|place| u8::try_from(place).ok());
        let class = meanings.classes.number(Class {
            ownership,
            service: rows.text("service", row)?,
            bearer: rows.maybe("bearer", row)?.filter(|bearer| !bearer.is_empty()),
            rule_id: rows.text("rule_id", row)?,
        });
        let part = PayPart { pence: amounts.value(row), class, kind: kind.ok_or_else(|| broken("a part is of no kind"))? };
        let key = (rows.text("council", row)?, rows.text("feed", row)?, rows.text("delivery_id", row)?);
        all.entry(key).or_default().0.entry(sources.value(row)).or_default().push(part);
    }
    Ok(())
}

/// The lines of a row group with a row for every part.
pub struct Laid {
    /// The line of each row.
    lines: UInt32Array,
    pence: Vec<Pence>,
    /// Class of each row; `None` where the rules give it.
    classes: Vec<Option<u32>>,
    kinds: Vec<u8>,
    numbers: Vec<i8>,
}

/// What a row is.
#[derive(Clone, Copy, Debug)]
pub(super) struct RowPart {
    /// `None` where the rules give it.
    pub class: Option<u32>,
    /// Place in [`KINDS`].
    pub kind: usize,
    /// 1 for the first part of a line, else 0: together they are the lines.
    pub lines: u64,
}

/// A line that nothing resolves.
pub(super) const WHOLE_LINE: RowPart = RowPart { class: None, kind: 0, lines: 1 };

impl PayParts {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Lays the parts along lines, by their `source_row`; `None` where no line of them is resolved.
    ///
    /// # Errors
    /// TC1250 where the parts of a line do not sum to it.
    pub(super) fn laid(&self, lines: &RecordBatch, amount: &str) -> Answer<Option<Laid>> {
        let (sources, amounts) = (batch::big(lines, "source_row")?, batch::money(lines, amount)?);
        if !sources.values().iter().any(|source| self.0.contains_key(source)) {
            return Ok(None);
        }
        let (mut of_line, mut laid) = (Vec::new(), Laid::default());
        for (row, source) in sources.values().iter().enumerate() {
            let line = u32::try_from(row).map_err(|_| broken("a row group has too many rows"))?;
            let pence = batch::value_at(amounts, row).unwrap_or_default();
            let Some(parts) = self.0.get(source) else {
                of_line.push(line);
                laid.push(pence, None, 0, 1);
                continue;
            };
            let sum: Pence = parts.iter().map(|part| part.pence).sum();
            if sum != pence {
                return Err(broken(&format!("the parts of line {source} sum to {} and not to {}", pounds(sum), pounds(pence))));
            }
            for (part, number) in parts.iter().zip(1i8..=i8::MAX) {
                of_line.push(line);
                laid.push(part.pence, Some(part.class), part.kind, number);
            }
        }
        laid.lines = UInt32Array::from(of_line);
        Ok(Some(laid))
    }
}

impl Default for Laid {
    fn default() -> Self {
        let (lines, pence, classes) = (UInt32Array::from(Vec::<u32>::new()), Vec::new(), Vec::new());
        Self { lines, pence, classes, kinds: Vec::new(), numbers: Vec::new() }
    }
}

impl Laid {
    fn push(&mut self, pence: Pence, class: Option<u32>, kind: u8, number: i8) {
        self.pence.push(pence);
        self.classes.push(class);
        self.kinds.push(kind);
        self.numbers.push(number);
    }

    /// The lines of which `left_out` says no, each as it is.
    ///
    /// # Errors
    /// TC1250
    pub(super) fn but(lines: &RecordBatch, amount: &str, left_out: &[bool]) -> Answer<Self> {
        let amounts = batch::money(lines, amount)?;
        let (mut of_line, mut laid) = (Vec::new(), Self::default());
        for (row, _) in left_out.iter().enumerate().filter(|(_, left_out)| !**left_out) {
            of_line.push(u32::try_from(row).map_err(|_| broken("a row group has too many rows"))?);
            laid.push(batch::value_at(amounts, row).unwrap_or_default(), None, 0, 1);
        }
        laid.lines = UInt32Array::from(of_line);
        Ok(laid)
    }

    /// How many rows there are.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.pence.len()
    }

    pub(super) fn at(&self, row: usize) -> RowPart {
        RowPart {
            class: self.classes.get(row).copied().flatten(),
            kind: self.kinds.get(row).copied().map_or(0, usize::from),
            lines: u64::from(self.numbers.get(row) == Some(&1)),
        }
    }

    /// Lines with a row for every part, each with its own amount.
    ///
    /// # Errors
    /// TC1250
    pub(super) fn spread(&self, lines: &RecordBatch, amount: &str) -> Answer<RecordBatch> {
        let spread = take_record_batch(lines, &self.lines).map_err(|e| broken(&e.to_string()))?;
        let mut columns = spread.columns().to_vec();
        if let Some((place, _)) = spread.schema().column_with_name(amount)
            && let Some(column) = columns.get_mut(place)
        {
            *column = Arc::new(self.pence.iter().copied().map(Some).collect::<Decimal128Array>().with_data_type(Type::Money.arrow()));
        }
        RecordBatch::try_new(spread.schema(), columns).map_err(|e| broken(&e.to_string()))
    }

    /// The column `part_kind`.
    pub(super) fn kind_column(&self) -> Answer<ArrayRef> {
        let values: ArrayRef = Arc::new(StringArray::from_iter_values(KINDS));
        let keys = self.kinds.iter().map(|kind| i32::from(*kind)).collect::<Int32Array>();
        Ok(Arc::new(DictionaryArray::<Int32Type>::try_new(keys, values).map_err(|e| broken(&e.to_string()))?))
    }

    /// The column `line_part`.
    pub(super) fn number_column(&self) -> ArrayRef {
        Arc::new(Int8Array::from(self.numbers.clone()))
    }
}
