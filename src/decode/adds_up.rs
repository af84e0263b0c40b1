//! Amounts of a row that add up to another one, as the contract promises: rows on which they do not are counted and priced. Parts that
//! have changed places add up all the same: it is counted, too, which of them is the largest.

use super::{
    judge::as_read,
    value::{money::MoneyRules, part_pennies::printed},
};
use crate::{
    domain::Pence,
    schema::{AddsUp, Column, ColumnRules, Contract, Layout, MoneyStyle, Noise, Round, Rounding, Type},
};

/// An [`AddsUp`] by positions of columns.
#[derive(Clone, Debug)]
pub(super) struct Sum {
    parts: Vec<(Amount, bool)>,
    whole: Amount,
}

/// A column by its position in the contract, and how it is read.
#[derive(Clone, Debug)]
struct Amount {
    at: usize,
    rules: MoneyRules,
}

/// What rows held of amounts that add up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Added {
    /// Rows on which two parts or more are other than nought, and those on which they do not add up.
    pub telling: u64,
    /// Rows on which they do not add up.
    pub broken: u64,
    /// Those on which they are further apart than by rounding.
    pub far: u64,
    /// By how much, without regard to sign, in millionths of a pound.
    pub difference: Pence,
    /// The line of the first of them; 0 where there is none.
    pub first: u64,
    /// Of each part, the rows on which two parts or more are other than nought, and it is larger than every other, without regard to sign.
    pub largest: Vec<u64>,
}

/// A penny, in millionths of a pound: by less no row is out.
const PENNY: Pence = 10_000;

/// By less than three pence parts and the whole may be apart that are each rounded by itself.
const ROUNDED: Pence = 3 * PENNY;

impl Sum {
    /// What the contract promises.
    pub(super) fn of(contract: &Contract, layout: &Layout) -> Vec<Self> {
        let amount = |name: &str| {
            let (at, column) = contract.columns.iter().enumerate().find(|(_, column)| *column.name == *name)?;
            Some(Amount { at, rules: reading(column, layout) })
        };
        let sum = |sum: &AddsUp| {
            let parts = sum.parts.iter().map(|term| Some((amount(&term.column)?, term.minus))).collect::<Option<Vec<_>>>()?;
            Some(Self { parts, whole: amount(&sum.whole)? })
        };
        layout.rows.adds_up.iter().filter_map(sum).collect()
    }

    /// Looks at a row. A part that is empty is nought; a row without the whole, without any part, or with a text that is no amount says
    /// nothing.
    pub(super) fn row<T: AsRef<[u8]>>(&self, line: u64, text_of: impl Fn(usize) -> Option<T>, added: &mut Added) {
        let amount = |Amount { at, rules }: &Amount| {
            let text = text_of(*at);
            let text = text.as_ref().map(AsRef::as_ref).unwrap_or_default().trim_ascii();
            let read = || rules.amount(text).ok().map(|read| printed(read.pence.into(), read.residue.into()));
            if text.is_empty() { Some(None) } else { read().map(Some) }
        };
        let Some(Some(whole)) = amount(&self.whole) else { return };
        let (mut sum, mut filled, mut telling) = (0, 0_u32, 0_u32);
        let mut largest = Largest::default();
        for (at, (column, minus)) in self.parts.iter().enumerate() {
            let Some(part) = amount(column) else { return };
            filled += u32::from(part.is_some());
            let part = part.unwrap_or(0);
            telling += u32::from(part != 0);
            largest.part(at, part.abs());
            sum += if *minus { -part } else { part };
        }
        if filled == 0 {
            return;
        }
        let difference = (sum - whole).abs();
        let is_broken = difference >= PENNY;
        added.telling += u64::from(telling > 1 || is_broken);
        added.largest.resize(self.parts.len(), 0);
        if let Some(rows) = largest.one().filter(|_| telling > 1).and_then(|at| added.largest.get_mut(at)) {
            *rows += 1;
        }
        if is_broken {
            added.add(&Added { broken: 1, far: u64::from(difference >= ROUNDED), difference, first: line, ..Added::default() });
        }
    }
}

/// The largest of the parts of a row, where one is larger than all others.
#[derive(Clone, Copy, Debug, Default)]
struct Largest {
    amount: Pence,
    at: usize,
    /// Another is as large.
    shared: bool,
}

impl Largest {
    const fn part(&mut self, at: usize, amount: Pence) {
        if amount > self.amount {
            *self = Self { amount, at, shared: false };
        } else if amount == self.amount {
            self.shared = true;
        }
    }

    fn one(self) -> Option<usize> {
        (self.amount > 0 && !self.shared).then_some(self.at)
    }
}

impl Added {
    pub(super) fn add(&mut self, next: &Self) {
        self.telling += next.telling;
        self.broken += next.broken;
        self.far += next.far;
        self.difference += next.difference;
        if self.first == 0 || (next.first > 0 && next.first < self.first) {
            self.first = next.first;
        }
        self.largest.resize(self.largest.len().max(next.largest.len()), 0);
        self.largest.iter_mut().zip(&next.largest).for_each(|(sum, more)| *sum += more);
    }
}

/// As a column of amounts is read; a text is read in every style that may stand beside any other.
fn reading(column: &Column, layout: &Layout) -> MoneyRules {
    if column.kind == Type::Money {
        return MoneyRules::of(&as_read(column, layout).rules);
    }
    let (noise, rounding) = (Some(Noise(1_000_000)), Some(Rounding { decimals: 6, round: Round::HalfEven }));
    let styles: Vec<MoneyStyle> = MoneyRules::PRINTED.into_iter().chain([MoneyStyle::Scientific, MoneyStyle::Accounting]).collect();
    MoneyRules::of(&ColumnRules { money: styles, noise, rounding, ..ColumnRules::default() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Kind, read_contract, yaml::SourceText};

    fn added(format: &str, rows: &[[&str; 3]]) -> Added {
        let column = |name: &str| {
            format!(
                "  - {{name: {name}, physicalType: \"DECIMAL(18,2)\", customProperties: [{{property: truecost, vendor: truecost, value: {{money: [brackets]}}}}]}}\n"
            )
        };
        let text = format!(
            "apiVersion: v3.2.0\nkind: DataContract\nid: x\nversion: 1.0.0\nstatus: active\nschema:\n- name: extract\n  physicalType: file\n  \
             customProperties: [{{property: truecost, vendor: truecost, value: {{{format}, adds_up: [\"net + vat = gross\"]}}}}]\n  properties:\n{}{}{}",
            column("net"),
            column("vat"),
            column("gross")
        );
        let contract = read_contract(&SourceText::new("schemas/sources/a/b.odcs.yaml", &text), Kind::Source, "a/b").unwrap();
        let layout = contract.layout.clone().unwrap();
        let sums = Sum::of(&contract, &layout);
        let mut added = Added::default();
        for (line, row) in rows.iter().enumerate() {
            sums[0].row(line as u64 + 1, |at| Some(row[at].as_bytes()), &mut added);
        }
        added
    }

    #[test]
    fn a_number_of_a_workbook_is_an_amount_whatever_its_texts_look_like() {
        let rows = [["100", "20", "130"], ["(100.00)", "-20", "(120.00)"], ["5.5", "1.1", "6.6"]];
        let of_workbook = added("format: workbook, sheet: only", &rows);
        assert_eq!((of_workbook.telling, of_workbook.broken, of_workbook.first), (3, 1, 1), "{of_workbook:?}");
        assert_eq!(of_workbook.largest, [3, 0]);
    }

    #[test]
    fn the_largest_part_is_told_where_one_is_larger_than_all_others() {
        let rows =
            [["(1.00)", "(5.00)", "(6.00)"], ["(2.00)", "(2.00)", "(4.00)"], ["(3.00)", "", "(3.00)"], ["(9.00)", "(1.00)", "(9.00)"]];
        let of_text = added("format: delimited, delimiter: \",\", encodings: [utf-8]", &rows);
        assert_eq!(of_text.largest, [1, 1]);
        assert_eq!((of_text.telling, of_text.broken, of_text.far), (3, 1, 1));
    }
}
