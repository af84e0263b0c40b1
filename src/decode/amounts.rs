//! The sender's amounts, evaluated by the feed's form apart from its SQL; and unsigned amounts, signed by a word in another column.

use std::collections::BTreeSet;

use super::{
    columns::{CellFault, Column},
    reject::ValueFault,
    value::{part_pennies::Parts, sides::Sides, words::says},
};
use crate::{
    domain::Pence,
    schema::{self, Contract, Form},
};

/// Rows that are added up side by side.
const BLOCK: usize = 512;

/// What the form adds up over the rows of a file. Debit positive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FormSums {
    /// Rows that the accepted records become.
    pub rows: u64,
    /// Over the accepted records, one amount for each row that they become.
    pub accepted: Sides,
    /// Over those amounts of rejected records that could be read.
    pub rejected: Sides,
    /// Rejected records of whose amount some part could not be read: `rejected` lacks it.
    pub not_known: u64,
    /// What rounding took off the accepted records, in millionths of a pound: what was printed less what counts.
    pub residue: Sides,
    /// The same of the rejected records.
    pub rejected_residue: Sides,
}

impl FormSums {
    pub(super) const fn add(&mut self, next: Self) {
        self.rows += next.rows;
        self.accepted.add(next.accepted);
        self.rejected.add(next.rejected);
        self.not_known += next.not_known;
        self.residue.add(next.residue);
        self.rejected_residue.add(next.rejected_residue);
    }
}

/// What rounding took off one amount.
#[derive(Clone, Copy, Debug)]
pub(super) struct Residue {
    /// Among the records read.
    pub(super) record: usize,
    /// Among the rows that a record becomes.
    pub(super) row: usize,
    /// What was printed less what counts.
    pub(super) millionths: Pence,
    /// What counts.
    pub(super) pence: Pence,
}

/// A [`Form`] by positions of columns.
#[derive(Clone, Debug, Default)]
pub(super) struct Amounts {
    rows: Vec<Vec<(usize, bool)>>,
    /// Columns of which one must have a value in every row; none where a single column makes an amount, or where blanks are nought.
    any_of: Vec<usize>,
}

impl Amounts {
    pub(super) fn new(form: &Form, contract: &Contract) -> Self {
        let place = |term: &schema::Term| Some((contract.columns.iter().position(|c| c.name == term.column)?, term.minus));
        let rows: Vec<Vec<(usize, bool)>> = form.rows.iter().map(|row| row.iter().filter_map(place).collect()).collect();
        let blank_is_nought = |(at, _): &(usize, bool)| contract.columns.get(*at).is_some_and(|c| c.rules.blank_is_nought);
        // Of `coalesce(debit, 0) - coalesce(credit, 0)` each may lack; of a single column the SQL says what its blank is.
        let asks = rows.iter().all(|row| row.len() > 1) && !rows.iter().flatten().any(blank_is_nought);
        let any_of = if asks { rows.iter().flatten().map(|(at, _)| *at).collect() } else { Vec::new() };
        Self { rows, any_of }
    }

    /// Rows that each record becomes.
    pub(super) const fn rows(&self) -> u64 {
        self.rows.len() as u64
    }

    /// Whether the column at this position is part of an amount.
    pub(super) fn has(&self, at: usize) -> bool {
        self.rows.iter().flatten().any(|(column, _)| *column == at)
    }

    /// Names of the columns of which one must have a value, as a sentence lists them.
    pub(super) fn any_of(&self, contract: &Contract) -> String {
        let names = self.any_of.iter().filter_map(|at| contract.columns.get(*at)).map(|column| format!("`{}`", column.name));
        names.collect::<Vec<_>>().join(", ")
    }

    /// Rows from `first` on in which every column of the amount is empty are faulty: £0.00 is a figure too, and nobody sent it.
    pub(super) fn refuse_empty(&self, columns: &[Column], first: usize, faults: &mut Vec<CellFault>) {
        let Some((column, others)) = self.any_of.split_first() else { return };
        let nulls = |at: &usize| columns.get(*at).map_or(&[][..], |column| column.nulls_from(first));
        let mut empty = nulls(column).to_vec();
        for other in others {
            let mut nulls = nulls(other).iter().copied().peekable();
            empty.retain(|row| {
                while nulls.next_if(|null| null < row).is_some() {}
                nulls.peek() == Some(row)
            });
        }
        for row in empty.into_iter().map(|row| row as usize - first) {
            // What could not be read stands as null too, and has been told.
            if !faults.iter().any(|fault| fault.row == row && self.any_of.contains(&fault.column)) {
                faults.push(CellFault { row, column: *column, fault: ValueFault::NoAmount });
            }
        }
    }

    /// The amounts of one record.
    pub(super) fn of(&self, columns: &[Column], row: usize) -> Sides {
        let mut sides = Sides::default();
        for terms in &self.rows {
            let signed = |(at, minus): &(usize, bool)| columns.get(*at).map_or(0, |c| if *minus { -c.pence(row) } else { c.pence(row) });
            sides.count(terms.iter().map(signed).sum());
        }
        sides
    }

    /// What rounding took off the amounts of records, accepted or not: of few of them. Rising by record, and by the rows that it becomes.
    pub(super) fn residues(&self, columns: &[Column]) -> Vec<Residue> {
        let of_column = |(at, _): &(usize, bool)| columns.get(*at).and_then(Column::parts).map(Parts::residues).unwrap_or_default();
        let records: BTreeSet<usize> = self.rows.iter().flatten().flat_map(of_column).map(|(row, _)| *row).collect();
        let mut found = Vec::new();
        for record in records {
            for (row, terms) in self.rows.iter().enumerate() {
                let signed = |of: fn(&Column, usize) -> Pence| -> Pence {
                    terms
                        .iter()
                        .filter_map(|(at, minus)| columns.get(*at).map(|c| if *minus { -of(c, record) } else { of(c, record) }))
                        .sum()
                };
                let residue = signed(Column::residue);
                if residue != 0 {
                    found.push(Residue { record, row, millionths: residue, pence: signed(Column::pence) });
                }
            }
        }
        found
    }

    /// The amounts of all records read, accepted or not.
    pub(super) fn of_all(&self, columns: &[Column]) -> Sides {
        let mut sides = Sides::default();
        for terms in &self.rows {
            sides.add(match terms.as_slice() {
                // What a column adds up to is known from reading it.
                [(at, minus)] => columns.get(*at).map_or_else(Sides::default, |c| if *minus { c.sides().turned() } else { c.sides() }),
                terms => summed(columns, terms),
            });
        }
        sides
    }
}

fn summed(columns: &[Column], terms: &[(usize, bool)]) -> Sides {
    let terms: Vec<(&[Pence], bool)> = terms.iter().filter_map(|(at, minus)| Some((columns.get(*at)?.amounts(), *minus))).collect();
    let rows = terms.iter().map(|(amounts, _)| amounts.len()).max().unwrap_or(0);
    let (mut debits, mut credits) = (0, 0);
    for first in (0..rows).step_by(BLOCK) {
        let mut sums: [Pence; BLOCK] = [0; BLOCK];
        for (amounts, minus) in &terms {
            let block = amounts.get(first..).unwrap_or_default();
            for (sum, pence) in sums.iter_mut().zip(block) {
                *sum += if *minus { -pence } else { *pence };
            }
        }
        for sum in &sums {
            debits += (*sum).max(0);
            credits += (*sum).min(0);
        }
    }
    Sides { debits, credits }
}

/// `sign_from` by positions of columns.
#[derive(Clone, Debug)]
pub(super) struct SignOf {
    pub(super) money: usize,
    pub(super) by: usize,
    debit: Vec<Vec<u8>>,
    credit: Vec<Vec<u8>>,
}

impl SignOf {
    pub(super) fn of(contract: &Contract) -> Vec<Self> {
        let bytes = |words: &[String]| words.iter().map(|word| word.clone().into_bytes()).collect();
        let sign = |(money, column): (usize, &schema::Column)| {
            let from = column.rules.sign_from.as_ref()?;
            let by = contract.columns.iter().position(|c| c.name == from.column)?;
            Some(Self { money, by, debit: bytes(&from.debit), credit: bytes(&from.credit) })
        };
        contract.columns.iter().enumerate().filter_map(sign).collect()
    }

    /// Whether a word takes off.
    pub(super) fn is_credit(&self, word: &[u8]) -> bool {
        !self.debit.iter().any(|known| says(word, known)) && self.credit.iter().any(|known| says(word, known))
    }

    /// Signs the amounts of the rows from `first` on. Where the word is no side, the amount is not known and its row faulty.
    pub(super) fn sign(&self, columns: &mut [Column], first: usize, faults: &mut Vec<CellFault>) {
        let Some(by) = columns.get(self.by) else { return };
        let rows = columns.get(self.money).map_or(0, |money| money.amounts().len());
        let side = |row: usize| {
            let word = by.group(row);
            let is = |words: &[Vec<u8>]| words.iter().any(|known| says(&word, known));
            if is(&self.debit) { Some(false) } else { is(&self.credit).then_some(true) }
        };
        let sides: Vec<Option<bool>> = (first..rows).map(side).collect();
        let Some(money) = columns.get_mut(self.money) else { return };
        for (row, side) in sides.into_iter().enumerate() {
            match side {
                Some(false) => {}
                Some(true) => money.turn(first + row),
                None => {
                    money.forget(first + row);
                    faults.push(CellFault { row, column: self.by, fault: ValueFault::Side });
                }
            }
        }
    }
}
