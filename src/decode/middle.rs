//! A row amid the others that is the sum of all rows before it: a total that nobody declared, with rows behind it.
//!
//! In 36 real files of payments there is none. Told from the first rows of a file alone: the more pounds stand before a row, the less it is
//! their sum by chance, and the larger a file the less anybody prints a total into its midst.

use crate::domain::Pence;

/// Rows with an amount before one that is taken for their sum: of fewer, honest rows are sums too (10, 20, 30).
const LEAST: u64 = 5;
/// Lines of a file in which such a row is looked for.
pub(super) const LINES: u64 = 100_000;

/// A row amid the others that may be a total.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InMiddle {
    pub line: u64,
    /// Rows with an amount before it.
    pub rows: u64,
    pub pence: Pence,
}

/// Rows and pounds up to some place in the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Running {
    rows: u64,
    net: Pence,
    /// Rows that are to be looked at once it is known what stands before this piece: each with rows and pounds before it in the piece.
    open: Vec<(InMiddle, Pence)>,
    pub(super) found: Option<InMiddle>,
}

impl Running {
    /// The next accepted row with an amount.
    pub(super) fn row(&mut self, line: u64, pence: Pence) {
        if pence != 0 && line <= LINES {
            self.open.push((InMiddle { line, rows: self.rows, pence }, self.net));
            self.rows += 1;
            self.net += pence;
        }
    }

    /// Adds the next piece of the file.
    pub(super) fn add(&mut self, next: &Self) {
        let is_sum = |(row, before): &&(InMiddle, Pence)| self.rows + row.rows >= LEAST && row.pence == self.net + before;
        let found = next.open.iter().find(is_sum).map(|(row, _)| InMiddle { rows: self.rows + row.rows, ..*row });
        self.found = self.found.or(found);
        self.rows += next.rows;
        self.net += next.net;
        self.open.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(rows: &[Pence], piece: usize) -> Option<(u64, u64)> {
        let mut whole = Running::default();
        for (at, rows) in rows.chunks(piece).enumerate() {
            let mut part = Running::default();
            rows.iter().zip((at * piece) as u64 + 2..).for_each(|(pence, line)| part.row(line, *pence));
            whole.add(&part);
        }
        whole.found.map(|row| (row.line, row.rows))
    }

    #[test]
    fn e9_a_total_with_rows_behind_it_is_found_however_the_file_is_cut() {
        for piece in 1..9 {
            assert_eq!(found(&[1, 2, 4, 8, 16, 31, 5, 5], piece), Some((7, 5)), "{piece}");
            assert_eq!(found(&[1, 2, 4, 8, 16, 0, 31, 5, 5], piece), Some((8, 5)), "{piece}");
            assert_eq!(found(&[10, 20, 30, 60, 1, 1], piece), None, "{piece}");
            assert_eq!(found(&[1, 2, 4, 8, 16, 32, 5], piece), None, "{piece}");
        }
    }
}
