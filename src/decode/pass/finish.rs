//! What a chunk held, once its last record was read.

use std::{collections::BTreeSet, sync::Arc};

use arrow::{
    array::{ArrayRef, BooleanArray, Int64Array},
    compute::filter,
    error::ArrowError,
    record_batch::RecordBatch,
};

use super::{
    super::{
        columns::Column,
        faults,
        judge::Judge,
        labels::Labels,
        middle::LINES,
        reading::{Plan, Reading},
        tally::balance,
        totals::{EDGE, EdgeRow, Edges, is_total},
        value::{
            part_pennies::{Parts, printed, residue_of},
            sides::Sides,
        },
    },
    Decoded, Pass, RowResidue,
};
use crate::domain::Pence;

impl Pass<'_> {
    pub(super) fn finish(mut self) -> Decoded {
        self.tally.accepted = (self.source_rows.len() - self.left_out.len()) as u64;
        let rejected: BTreeSet<usize> = self.left_out.iter().copied().collect();
        self.edges(&rejected);
        self.labels(&rejected);
        self.tally.rejected += self.left_out.len() as u64;
        for (sum, at) in self.tally.sums.iter_mut().zip(self.judge.money_columns()) {
            let all = self.columns.get(at).map_or(Sides::default(), Column::sides);
            sum.seen = self.columns.get(at).map(Column::seen).unwrap_or_default();
            sum.accepted.add(all);
            sum.accepted.take_off(sum.rejected);
        }
        let form = &mut self.tally.form;
        form.rows = self.tally.accepted * self.judge.amounts.rows();
        form.accepted = self.judge.amounts.of_all(&self.columns);
        form.accepted.take_off(form.rejected);
        let residues = self.residues(&rejected);
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
            fault = fault.take().or_else(|| Some(faults::not_text(&self.judge.subject, self.piece.first_line())));
            RecordBatch::new_empty(Arc::clone(&self.judge.schema))
        });
        Decoded { rows, rejected: self.rejected, tally: self.tally, residues, fault }
    }

    /// Counts what rounding took off, column by column and amount by amount; returns that of the accepted rows.
    fn residues(&mut self, rejected: &BTreeSet<usize>) -> Vec<RowResidue> {
        for (sum, at) in self.tally.sums.iter_mut().zip(self.judge.money_columns()) {
            let Some((column, parts)) = self.columns.get(at).and_then(|column| Some((column, column.parts()?))) else { continue };
            sum.noise = parts.noise();
            for (row, residue) in parts.residues() {
                let of = residue_of(column.pence(*row), (*residue).into());
                if rejected.contains(row) { sum.rejected_residue.add(of) } else { sum.residue.add(of) }
            }
        }
        let mut accepted = Vec::new();
        for found in self.judge.amounts.residues(&self.columns) {
            let residue = residue_of(found.pence, found.millionths);
            if rejected.contains(&found.record) {
                self.tally.form.rejected_residue.add(residue);
                continue;
            }
            self.tally.form.residue.add(residue);
            let source_row = self.source_rows.get(found.record).copied().unwrap_or(0);
            accepted.push(RowResidue { source_row, row: found.row, residue });
        }
        accepted
    }

    /// Counts the accepted rows that have an amount, and keeps the outermost of them.
    fn edges(&mut self, rejected: &BTreeSet<usize>) {
        let money: Vec<&[Pence]> = self.judge.pounds.iter().filter_map(|(at, _)| Some(self.columns.get(*at)?.amounts())).collect();
        let has = |row: usize| money.iter().any(|amounts| amounts.get(row).is_some_and(|pence| *pence != 0));
        let rows = self.source_rows.len();
        let with_amount = match money.as_slice() {
            [amounts] => amounts.iter().filter(|pence| **pence != 0).count(),
            _ => (0..rows).filter(|row| has(*row)).count(),
        };
        let accepted = |row: &usize| has(*row) && !rejected.contains(row);
        let edge = |row: usize| {
            let millionths = |at: usize| self.columns.get(at).map_or(0, |column| printed(column.pence(row), column.residue(row)));
            let line = self.source_rows.get(row).map_or(0, |line| line.cast_unsigned());
            EdgeRow { line, millionths: self.judge.money_columns().map(millionths).collect(), says_total: self.says_total(row) }
        };
        let head = (0..rows).filter(accepted).take(EDGE).map(edge).collect();
        let mut tail: Vec<EdgeRow> = (0..rows).rev().filter(accepted).take(EDGE).map(edge).collect();
        tail.reverse();
        let tally = &mut self.tally;
        tally.with_amount = (with_amount - self.left_out.iter().filter(|row| has(**row)).count()) as u64;
        tally.edges = Edges { head, tail };
        self.running(rejected);
    }

    /// Accepted rows with an amount that call themselves no movement.
    fn labels(&mut self, rejected: &BTreeSet<usize>) {
        if self.judge.pounds.is_empty() {
            return;
        }
        let pence = |row: usize| {
            let signed =
                |(at, minus): &(usize, bool)| self.columns.get(*at).map_or(0, |c| if *minus { -c.pence(row) } else { c.pence(row) });
            let has = self.judge.pounds.iter().any(|term| signed(term) != 0) && !rejected.contains(&row);
            has.then(|| self.judge.pounds.iter().map(signed).sum())
        };
        let line = |row: usize| self.source_rows.get(row).map_or(0, |line| line.cast_unsigned());
        let mut found = Labels::default();
        for (at, (plan, column)) in self.judge.plans.iter().zip(&self.columns).enumerate() {
            // Words that the contract lists are those that count.
            if plan.reading.takes_any_text() && !plan.dropped {
                found.look(at, (column, &plan.kinds), pence, line);
            }
        }
        for sign in self.judge.signs.iter().filter(|sign| self.judge.pounds.iter().any(|(at, _)| *at == sign.money)) {
            let (Some(by), Some(money)) = (self.columns.get(sign.by), self.columns.get(sign.money)) else { continue };
            let words = (0..money.amounts().len()).filter(|row| !rejected.contains(row)).map(|row| (row, by.group(row)));
            let turned = words.filter(|(_, word)| sign.is_credit(word));
            found.look_at_turned(sign.by, turned.map(|(row, word)| (word, money.pence(row), line(row))));
        }
        self.tally.labels = found;
    }

    /// Whether the only text of a row is a word for a total.
    fn says_total(&self, row: usize) -> bool {
        let is_text = |plan: &Plan| matches!(plan.reading, Reading::Text { .. });
        let texts = self.judge.plans.iter().zip(&self.columns).filter(|(plan, _)| is_text(plan)).map(|(_, column)| column.group(row));
        let mut filled = texts.filter(|text| !text.trim_ascii().is_empty());
        filled.next().is_some_and(|text| is_total(&text)) && filled.next().is_none()
    }

    /// What stands before each accepted row, as far into the file as anybody asks.
    fn running(&mut self, rejected: &BTreeSet<usize>) {
        if self.piece.first_line() > LINES {
            return;
        }
        let terms: Vec<(&[Pence], bool)> =
            self.judge.pounds.iter().filter_map(|(at, minus)| Some((self.columns.get(*at)?.amounts(), *minus))).collect();
        for (row, line) in self.source_rows.iter().enumerate() {
            let signed = |(amounts, minus): &(&[Pence], bool)| {
                let pence = amounts.get(row).copied().unwrap_or(0);
                if *minus { -pence } else { pence }
            };
            let pence = terms.iter().map(signed).sum();
            if rejected.is_empty() || !rejected.contains(&row) {
                self.tally.running.row(line.cast_unsigned(), pence);
            }
        }
    }

    /// Sums of each group over all rows, and over the rejected ones. Lines of a document mostly stand together, so runs are summed first.
    fn balance(&mut self) {
        let groups = self.tally.unbalanced.iter_mut().zip(&mut self.tally.rejected_groups);
        for (balances, (groups, rejected)) in self.judge.balances.iter().zip(groups) {
            let Some(by) = self.columns.get(balances.by) else { continue };
            let terms: Vec<_> = balances.terms.iter().filter_map(|(at, minus)| Some((self.columns.get(*at)?, *minus))).collect();
            let signed =
                |row: usize| terms.iter().map(|(column, minus)| if *minus { -column.pence(row) } else { column.pence(row) }).sum::<i128>();
            let residue = |row: usize| {
                terms.iter().map(|(column, minus)| if *minus { -column.residue(row) } else { column.residue(row) }).sum::<i128>()
            };
            let name = |row: usize| String::from_utf8_lossy(&by.group(row)).into_owned();
            let mut row = 0;
            while row < self.source_rows.len() {
                let (first, group) = (row, by.group(row));
                let mut sum = signed(row);
                row += 1;
                while row < self.source_rows.len() && by.group(row) == group {
                    sum += signed(row);
                    row += 1;
                }
                if sum != 0 {
                    balance(groups, name(first), printed(sum, 0));
                }
            }
            let rounded: BTreeSet<usize> =
                terms.iter().filter_map(|(column, _)| column.parts()).flat_map(Parts::residues).map(|(row, _)| *row).collect();
            rounded.into_iter().for_each(|row| balance(groups, name(row), residue(row)));
            for row in &self.left_out {
                balance(rejected, name(*row), printed(signed(*row), residue(*row)));
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
