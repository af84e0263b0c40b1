//! What classified lines add up to.

use super::meaning::Meanings;
use crate::domain::{Ownership, Pence};

/// Lines and pounds by where they went. A line in several parts counts where its first part went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClassTotals {
    pub cost: (u64, Pence),
    pub not_cost: (u64, Pence),
    pub suspense: (u64, Pence),
}

impl ClassTotals {
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.cost.0 + self.not_cost.0 + self.suspense.0
    }

    #[must_use]
    pub fn pence(&self) -> Pence {
        self.cost.1 + self.not_cost.1 + self.suspense.1
    }

    pub fn add(&mut self, other: &Self) {
        for (mine, theirs) in [(&mut self.cost, other.cost), (&mut self.not_cost, other.not_cost), (&mut self.suspense, other.suspense)] {
            mine.0 += theirs.0;
            mine.1 += theirs.1;
        }
    }

    pub(super) fn count(&mut self, ownership: Ownership, pence: Pence, lines: u64) {
        let into = match ownership {
            Ownership::NotCost => &mut self.not_cost,
            Ownership::Suspense => &mut self.suspense,
            _ => &mut self.cost,
        };
        into.0 += lines;
        into.1 += pence;
    }
}

/// Lines, debits and credits of one class on one kind of account in one fund.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Of a line in several parts the first counts.
    pub lines: u64,
    /// Lines and parts of lines.
    pub parts: u64,
    pub debits: Pence,
    pub credits: Pence,
}

impl Sums {
    pub(super) fn add(&mut self, other: Self) {
        self.lines += other.lines;
        self.parts += other.parts;
        self.debits += other.debits;
        self.credits += other.credits;
    }
}

/// What a whole part adds up to, by what its lines were found to be.
///
/// Summed while the class is put on the line, so that it costs no second reading of millions of lines.
#[derive(Clone, Debug)]
pub struct Cube {
    accounts: usize,
    cost_centres: usize,
    /// 1 where no line is resolved into parts.
    kinds: usize,
    cells: Vec<Sums>,
}

/// Where a line, or a part of one, is counted.
#[derive(Clone, Copy, Debug)]
pub struct CellOf {
    pub owner: usize,
    pub account: usize,
    pub cost_centre: usize,
    /// Place in [`KINDS`].
    pub kind: usize,
}

impl Cube {
    pub(super) fn new(meanings: &Meanings, owners: usize, kinds: usize) -> Self {
        let (accounts, cost_centres) = (meanings.accounts.values.len(), meanings.cost_centres.values.len());
        Self { accounts, cost_centres, kinds, cells: vec![Sums::default(); owners * accounts * cost_centres * kinds] }
    }

    pub(super) fn count(&mut self, of: CellOf, pence: Pence, lines: u64) {
        let centre = (of.owner * self.accounts + of.account) * self.cost_centres + of.cost_centre;
        // A table that does not tell kinds apart has them in one.
        if let Some(cell) = self.cells.get_mut(centre * self.kinds + of.kind.min(self.kinds - 1)) {
            cell.lines += lines;
            cell.parts += 1;
            if pence < 0 { cell.credits += pence } else { cell.debits += pence }
        }
    }

    /// Cells with lines, or parts of lines.
    pub fn cells(&self) -> impl Iterator<Item = (CellOf, Sums)> + '_ {
        let numbered = self.cells.iter().enumerate().filter(|(_, sums)| sums.parts > 0);
        numbered.map(|(at, sums)| {
            let centre = at / self.kinds;
            let (owner, account) = (centre / self.cost_centres / self.accounts, centre / self.cost_centres % self.accounts);
            (CellOf { owner, account, cost_centre: centre % self.cost_centres, kind: at % self.kinds }, *sums)
        })
    }
}
