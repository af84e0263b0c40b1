//! What a published part of `cost_line` adds up to, read from its file: for check 9b, which holds it against `class_total`.
//!
//! Nothing is taken from the loop that classified the lines: the columns are read back as any reader would read them.

use std::collections::BTreeMap;

use arrow::{
    array::{Array, ArrayRef, AsArray},
    datatypes::{Decimal128Type, Int32Type},
    record_batch::RecordBatch,
};
use hashbrown::HashMap;

use crate::{
    diagnostic::Answer,
    domain::Pence,
    lake::PartFile,
    schema::{Cell, Type, batch, proof_table},
};

/// Columns of texts by which `class_total` groups, and those of truths.
const TEXTS: [&str; 6] = ["ownership", "service", "bearer", "account_group", "statement", "fund"];
const TRUTHS: [&str; 3] = ["is_cost", "reserve_movement", "capital"];

/// One combination of the class columns; `None` = null.
type Group = ([Option<String>; TEXTS.len()], [Option<bool>; TRUTHS.len()]);

/// Lines, debits and credits (negative) of a combination.
type LineSums = (u64, Pence, Pence);

/// A part of `cost_line` grouped as `class_total` is.
#[derive(Clone, Debug, Default)]
pub struct Grouped(BTreeMap<Group, LineSums>);

/// Reads a part of `cost_line` and adds up its lines by class.
///
/// # Errors
/// TC10… where the part cannot be read.
pub fn group_part(part: &PartFile) -> Answer<Grouped> {
    let mut grouped = Grouped::default();
    let names: Vec<&str> = TEXTS.into_iter().chain(TRUTHS).chain(["amount"]).collect();
    for row_group in 0..part.row_groups() {
        grouped.add(&part.read(row_group, &names, &TEXTS)?)?;
    }
    Ok(grouped)
}

/// A column as small numbers: how many there are, and each row's, 0 for null.
struct Numbers {
    count: u64,
    of_rows: Vec<u32>,
}

fn text_numbers(column: &ArrayRef) -> Numbers {
    let dictionary = column.as_dictionary::<Int32Type>();
    let keys = dictionary.keys();
    let of_rows = if keys.null_count() == 0 {
        keys.values().iter().map(|key| key.unsigned_abs() + 1).collect()
    } else {
        keys.iter().map(|key| key.map_or(0, |key| key.unsigned_abs() + 1)).collect()
    };
    Numbers { count: dictionary.values().len() as u64 + 1, of_rows }
}

fn truth_numbers(column: &ArrayRef) -> Numbers {
    let truths = column.as_boolean();
    Numbers { count: 3, of_rows: truths.iter().map(|truth| truth.map_or(0, |truth| 1 + u32::from(truth))).collect() }
}

impl Grouped {
    /// Adds lines, read with [`TEXTS`] as dictionaries.
    fn add(&mut self, lines: &RecordBatch) -> Answer<()> {
        let mut columns = Vec::with_capacity(TEXTS.len() + TRUTHS.len());
        for name in TEXTS {
            columns.push(text_numbers(batch::column(lines, name)?));
        }
        for name in TRUTHS {
            columns.push(truth_numbers(batch::column(lines, name)?));
        }
        // One number for each combination: few texts in each column, so it is far from overflowing; where not, groups would only merge
        // what differs, and the check would fail.
        let mut combined = vec![0u64; lines.num_rows()];
        for column in &columns {
            for (number, of_row) in combined.iter_mut().zip(&column.of_rows) {
                *number = number.wrapping_mul(column.count).wrapping_add(u64::from(*of_row));
            }
        }
        let amounts = batch::column(lines, "amount")?.as_primitive::<Decimal128Type>();
        for (row, sums) in sums_of(&combined, amounts.values()) {
            let (lines_of, debits, credits) = self.0.entry(group_of(lines, row)?).or_default();
            *lines_of += sums.0;
            *debits += sums.1;
            *credits += sums.2;
        }
        Ok(())
    }

    /// Rows of the table `line_total` for one part.
    #[must_use]
    pub fn rows(&self, council: &str, feed: &str, year: i16, period: u8) -> Vec<Vec<Cell>> {
        let text = |text: &Option<String>| text.as_deref().map_or(Cell::Null, Cell::from);
        let truth = |truth: &Option<bool>| truth.map_or(Cell::Null, Cell::from);
        let row = |((texts, truths), (lines, debits, credits)): (&Group, &LineSums)| {
            let mut row: Vec<Cell> = vec![council.into(), feed.into(), i64::from(year).into(), i64::from(period).into()];
            row.extend(texts.iter().map(text));
            row.extend(truths.iter().map(truth));
            row.extend([(*lines).into(), Cell::Pence(debits + credits), Cell::Pence(*debits), Cell::Pence(*credits)]);
            row
        };
        self.0.iter().map(row).collect()
    }
}

/// For each distinct number a row that has it, and the sums of all that do.
fn sums_of(numbers: &[u64], amounts: &[Pence]) -> Vec<(usize, LineSums)> {
    let mut places: HashMap<u64, usize> = HashMap::new();
    let mut sums: Vec<(usize, LineSums)> = Vec::new();
    for (row, (number, pence)) in numbers.iter().zip(amounts).enumerate() {
        let place = *places.entry(*number).or_insert_with(|| {
            sums.push((row, LineSums::default()));
            sums.len() - 1
        });
        if let Some((_, sum)) = sums.get_mut(place) {
            sum.0 += 1;
            if *pence < 0 { sum.2 += pence } else { sum.1 += pence }
        }
    }
    sums
}

fn group_of(lines: &RecordBatch, row: usize) -> Answer<Group> {
    let mut group = Group::default();
    for (text, name) in group.0.iter_mut().zip(TEXTS) {
        let dictionary = batch::column(lines, name)?.as_dictionary::<Int32Type>();
        let values = dictionary.values().as_string::<i32>();
        *text = dictionary.key(row).and_then(|key| batch::text_at(values, key)).map(str::to_owned);
    }
    for (truth, name) in group.1.iter_mut().zip(TRUTHS) {
        let truths = batch::column(lines, name)?.as_boolean();
        *truth = truths.is_valid(row).then(|| truths.value(row));
    }
    Ok(group)
}

/// The table `line_total`: what the parts of `cost_line` that this run made hold, grouped as `class_total` is.
///
/// # Errors
/// None in practice: the columns are fixed.
pub fn line_total(rows: &[Vec<Cell>]) -> Answer<RecordBatch> {
    let mut columns =
        vec![("council", Type::Text), ("feed", Type::Text), ("delivery_year", Type::SmallInt), ("delivery_period", Type::TinyInt)];
    columns.extend(TEXTS.map(|name| (name, Type::Text)));
    columns.extend(TRUTHS.map(|name| (name, Type::Boolean)));
    columns.extend([("lines", Type::BigInt), ("amount", Type::Money), ("debits", Type::Money), ("credits", Type::Money)]);
    proof_table(&columns, rows)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{BooleanArray, Decimal128Array, DictionaryArray, Int32Array, StringArray};

    use super::*;

    /// Four lines of two classes; `shift` turns the dictionary of `ownership` by so many entries.
    fn lines(shift: usize) -> RecordBatch {
        let text = |names: &[Option<&str>], keys: &[i32]| -> ArrayRef {
            let values: StringArray = names.iter().copied().collect();
            Arc::new(DictionaryArray::<Int32Type>::try_new(Int32Array::from(keys.to_vec()), Arc::new(values)).unwrap())
        };
        let mut ownerships = vec![Some("shared"), Some("not_cost"), Some("shared")];
        ownerships.rotate_left(shift);
        let same = |name: &'static str| text(&[Some(name)], &[0, 0, 0, 0]);
        let truth = |truths: [bool; 4]| -> ArrayRef { Arc::new(BooleanArray::from(truths.to_vec())) };
        let amounts = Decimal128Array::from(vec![100, -30, 5, 7]).with_precision_and_scale(18, 2).unwrap();
        RecordBatch::try_from_iter([
            ("ownership", text(&ownerships, &[0, 1, 2, 0])),
            ("service", same("payroll")),
            ("bearer", text(&[None], &[0, 0, 0, 0])),
            ("account_group", same("employees")),
            ("statement", same("expenditure")),
            ("fund", same("GF")),
            ("is_cost", truth([true, false, true, true])),
            ("reserve_movement", truth([false; 4])),
            ("capital", truth([false; 4])),
            ("amount", Arc::new(amounts) as ArrayRef),
        ])
        .unwrap()
    }

    fn sums(lines: &RecordBatch) -> Vec<(String, LineSums)> {
        let mut grouped = Grouped::default();
        grouped.add(lines).unwrap();
        grouped.0.into_iter().map(|((texts, _), sums)| (texts[0].clone().unwrap_or_default(), sums)).collect()
    }

    #[test]
    fn a_value_that_stands_twice_in_a_dictionary_is_one_and_a_shifted_dictionary_is_seen() {
        assert_eq!(sums(&lines(0)), [("not_cost".to_owned(), (1, 0, -30)), ("shared".to_owned(), (3, 112, 0))]);
        assert_ne!(sums(&lines(1)), sums(&lines(0)));
    }
}
