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

/// Columns of texts by which `class_total` groups, and those of truths. What a contract of the version before lacks is null.
const TEXTS: [&str; 7] = ["ownership", "service", "bearer", "account_group", "statement", "fund", "part_kind"];
const TRUTHS: [&str; 5] = ["is_cost", "reserve_movement", "capital", "on_cost", "recharge"];

/// Number of the part of a line.
const PART: &str = "line_part";

/// One combination of the class columns; `None` = null.
type Group = ([Option<String>; TEXTS.len()], [Option<bool>; TRUTHS.len()]);

/// Lines, debits and credits (negative) of a combination.
type LineSums = (u64, Pence, Pence);

/// A part of `cost_line` grouped as `class_total` is.
#[derive(Clone, Debug, Default)]
pub struct Grouped(BTreeMap<Group, LineSums>);

/// Reads a part of `cost_line` and adds up its lines by class. `has_parts`: some lines have several parts, of which the first counts as
/// the line.
///
/// # Errors
/// TC10… where the part cannot be read.
pub fn group_part(part: &PartFile, has_parts: bool) -> Answer<Grouped> {
    let mut grouped = Grouped::default();
    let is_there = |name: &&str| part.schema().column_with_name(name).is_some();
    let names: Vec<&str> = TEXTS.into_iter().chain(TRUTHS).filter(is_there).chain(["amount"]).chain(has_parts.then_some(PART)).collect();
    let texts: Vec<&str> = TEXTS.into_iter().filter(is_there).collect();
    for row_group in 0..part.row_groups() {
        grouped.add(&part.read(row_group, &names, &texts)?)?;
    }
    Ok(grouped)
}

/// For every row the number of its combination so far: one number for each, since texts in a column are few. Were it to overflow, groups
/// would only merge that differ, and the check would fail.
struct Combined {
    numbers: Vec<u64>,
    /// Every number is below it.
    count: u64,
}

impl Combined {
    /// Takes a column of so many values into account, by the number of each row's.
    fn with(&mut self, count: u64, of_rows: impl Iterator<Item = u64>) {
        for (number, of_row) in self.numbers.iter_mut().zip(of_rows) {
            *number = number.wrapping_mul(count).wrapping_add(of_row);
        }
        self.count = self.count.saturating_mul(count);
    }

    /// A column that holds the same in every row tells none apart.
    fn with_texts(&mut self, column: &ArrayRef) {
        let dictionary = column.as_dictionary::<Int32Type>();
        let (keys, values) = (dictionary.keys(), dictionary.values().len() as u64);
        match keys.null_count() {
            0 if values == 1 => {}
            0 => self.with(values, keys.values().iter().map(|key| u64::from(key.unsigned_abs()))),
            nulls if nulls == keys.len() => {}
            _ => self.with(values + 1, keys.iter().map(|key| key.map_or(0, |key| u64::from(key.unsigned_abs()) + 1))),
        }
    }

    fn with_truths(&mut self, column: &ArrayRef) {
        let truths = column.as_boolean();
        match (truths.null_count(), truths.true_count()) {
            (0, trues) if trues == 0 || trues == truths.len() => {}
            (0, _) => self.with(2, truths.values().iter().map(u64::from)),
            _ => self.with(3, truths.iter().map(|truth| truth.map_or(0, |truth| 1 + u64::from(truth)))),
        }
    }

    /// For each distinct number a row that has it, and the sums of all that do.
    ///
    /// `parts`: the number of each row in its line, of which the first counts as the line; `None` where every row is one.
    fn sums(&self, amounts: &[Pence], parts: Option<&[i8]>) -> Vec<(usize, LineSums)> {
        let mut sums: Vec<(usize, LineSums)> = Vec::new();
        let mut add = |place: &mut u32, row: usize, pence: Pence| {
            if *place == 0 {
                sums.push((row, LineSums::default()));
                *place = sums.len() as u32;
            }
            if let Some((_, sum)) = sums.get_mut(*place as usize - 1) {
                sum.0 += u64::from(parts.is_none_or(|parts| parts.get(row) == Some(&1)));
                if pence < 0 { sum.2 += pence } else { sum.1 += pence }
            }
        };
        let rows = self.numbers.iter().zip(amounts).enumerate();
        if self.count <= MOST_PLACES {
            let mut places = vec![0u32; self.count as usize];
            rows.for_each(|(row, (number, pence))| {
                if let Some(place) = places.get_mut(*number as usize) {
                    add(place, row, *pence);
                }
            });
        } else {
            let mut places: HashMap<u64, u32> = HashMap::new();
            rows.for_each(|(row, (number, pence))| add(places.entry(*number).or_default(), row, *pence));
        }
        sums
    }
}

/// Combinations are looked up by number, not by hash, where no more than so many are possible.
const MOST_PLACES: u64 = 1 << 14;

impl Grouped {
    /// Adds lines, read with [`TEXTS`] as dictionaries.
    fn add(&mut self, lines: &RecordBatch) -> Answer<()> {
        let mut combined = Combined { numbers: vec![0; lines.num_rows()], count: 1 };
        TEXTS.iter().filter_map(|name| lines.column_by_name(name)).for_each(|column| combined.with_texts(column));
        TRUTHS.iter().filter_map(|name| lines.column_by_name(name)).for_each(|column| combined.with_truths(column));
        let amounts = batch::column(lines, "amount")?.as_primitive::<Decimal128Type>();
        let parts = lines.column_by_name(PART).map(|_| batch::tiny(lines, PART)).transpose()?;
        for (row, sums) in combined.sums(amounts.values(), parts.map(|parts| &**parts.values())) {
            let (lines_of, debits, credits) = self.0.entry(group_of(lines, row)).or_default();
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

fn group_of(lines: &RecordBatch, row: usize) -> Group {
    let mut group = Group::default();
    for (text, name) in group.0.iter_mut().zip(TEXTS) {
        let Some(column) = lines.column_by_name(name) else { continue };
        let dictionary = column.as_dictionary::<Int32Type>();
        let values = dictionary.values().as_string::<i32>();
        *text = dictionary.key(row).and_then(|key| batch::text_at(values, key)).map(str::to_owned);
    }
    for (truth, name) in group.1.iter_mut().zip(TRUTHS) {
        let Some(column) = lines.column_by_name(name) else { continue };
        let truths = column.as_boolean();
        *truth = truths.is_valid(row).then(|| truths.value(row));
    }
    group
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

    /// Whether combinations are many or few, and whatever is empty or the same throughout, the sums are those of a plain map.
    #[test]
    fn sums_are_those_of_a_plain_map() {
        for (texts, empty_every) in [(1, 0), (1, 3), (1, 1), (7, 5), (400, 0), (400, 11)] {
            let rows = 5_000_usize;
            let value = |row: usize, by: usize| (row * by) % 1_009 % texts;
            let is_empty = |row: usize| empty_every > 0 && row.is_multiple_of(empty_every);
            let mut combined = Combined { numbers: vec![0; rows], count: 1 };
            for by in [1, 31] {
                let values: StringArray = (0..texts).map(|n| Some(n.to_string())).collect();
                let keys: Int32Array = (0..rows).map(|row| (!is_empty(row)).then_some(value(row, by) as i32)).collect();
                combined.with_texts(&(Arc::new(DictionaryArray::<Int32Type>::try_new(keys, Arc::new(values)).unwrap()) as ArrayRef));
            }
            let truth = |row: usize| (!is_empty(row)).then_some(row.is_multiple_of(2));
            combined.with_truths(&(Arc::new((0..rows).map(truth).collect::<BooleanArray>()) as ArrayRef));
            let amounts: Vec<Pence> = (0..rows).map(|row| row as Pence * 7 - 12_345).collect();
            let key = |row: usize| (is_empty(row), value(row, 1), value(row, 31), truth(row));
            let mut plain: BTreeMap<_, LineSums> = BTreeMap::new();
            for (row, pence) in amounts.iter().enumerate() {
                let (empty, one, other, truth) = key(row);
                let sum = plain.entry(if empty { (true, 0, 0, truth) } else { (false, one, other, truth) }).or_default();
                sum.0 += 1;
                if *pence < 0 { sum.2 += pence } else { sum.1 += pence }
            }
            let found = combined.sums(&amounts, None);
            assert_eq!(found.len(), plain.len(), "{texts} {empty_every}");
            for (row, sums) in found {
                let (empty, one, other, truth) = key(row);
                assert_eq!(plain.get(&if empty { (true, 0, 0, truth) } else { (false, one, other, truth) }), Some(&sums));
            }
        }
    }
}
