//! Subtotals that nobody declared, looked for by reading a file once more.

use std::io::Read;

use arrow::{
    array::{Array as _, AsArray as _},
    datatypes::{Decimal128Type, Int64Type},
};

use super::{
    judge::{Judge, SOURCE_ROW},
    pass::decode,
    reader::Reader,
};
use crate::{diagnostic::Answer, domain::Pence};

/// Subtotals that nobody declared, looked for row by row: every row stands in a block, and behind each block stands its sum.
#[derive(Clone, Debug, Default)]
struct Blocks {
    /// A block of one row and its sum are two equal amounts, which honest files have: read as such a block, and as two rows.
    readings: [Reading; 2],
}

#[derive(Clone, Debug, Default)]
struct Reading {
    rows: u64,
    sum: Pence,
    /// Blocks that ended with their sum, and of them those of two rows or more.
    blocks: u64,
    of_many: u64,
    subtotals: Pence,
    first_line: Option<u64>,
    /// The last row is the sum of all blocks.
    grand: Option<u64>,
}

/// What looks like a file with subtotals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subtotals {
    /// Blocks with a sum behind them: two or more.
    pub blocks: u64,
    /// Line of the first sum.
    pub first_line: u64,
    /// Line of the grand total behind them, where there is one.
    pub grand: Option<u64>,
    /// What the blocks add up to without their sums.
    pub pence: Pence,
}

/// Looks for subtotals in a file that was read before, and whose sums leave room for some: reads it once more.
///
/// # Errors
/// Where the bytes cannot be read again.
pub fn find_subtotals<R: Read>(judge: &Judge, read: R) -> Answer<Option<Subtotals>> {
    let mut reader = Reader::open(judge, read)?;
    let header = reader.header();
    let mut blocks = Blocks::default();
    while let Some(piece) = reader.next()? {
        let rows = decode(judge, &header, &piece).rows;
        let Some(lines) = rows.column_by_name(SOURCE_ROW).and_then(|c| c.as_primitive_opt::<Int64Type>()) else { break };
        let column = |at: usize| rows.columns().get(at).and_then(|c| c.as_primitive_opt::<Decimal128Type>());
        let terms: Vec<_> = judge.pounds.iter().filter_map(|(at, minus)| Some((column(*at)?, *minus))).collect();
        for row in 0..rows.num_rows() {
            let pence = terms.iter().filter(|(amounts, _)| amounts.is_valid(row));
            let pence = pence.map(|(amounts, minus)| if *minus { -amounts.value(row) } else { amounts.value(row) }).sum();
            blocks.row(lines.value(row).cast_unsigned(), pence);
        }
    }
    Ok(blocks.found())
}

impl Blocks {
    /// The next accepted row, in the order of the file. One without an amount stands in no block.
    fn row(&mut self, line: u64, pence: Pence) {
        if pence != 0 {
            self.readings.iter_mut().enumerate().for_each(|(at, reading)| reading.row(line, pence, at as u64 + 1));
        }
    }

    /// What was found; `None` where some row stands in no block.
    fn found(&self) -> Option<Subtotals> {
        let found = |reading: &Reading| {
            let whole = reading.rows == 0 && reading.blocks > 1 && reading.of_many > 0;
            whole.then_some(())?;
            Some(Subtotals { blocks: reading.blocks, first_line: reading.first_line?, grand: reading.grand, pence: reading.subtotals })
        };
        self.readings.iter().find_map(found)
    }
}

impl Reading {
    fn row(&mut self, line: u64, pence: Pence, least: u64) {
        if self.grand.is_some() && pence == self.subtotals {
            return; // printed twice
        }
        if self.grand.take().is_some() {
            // What looked like the grand total was a row: it stands in the block that begins with it.
            (self.rows, self.sum) = (1, self.subtotals);
        }
        if self.rows == 0 && self.blocks > 1 && pence == self.subtotals {
            self.grand = Some(line);
        } else if self.rows >= least && pence == self.sum {
            self.blocks += 1;
            self.of_many += u64::from(self.rows > 1);
            self.subtotals += pence;
            self.first_line.get_or_insert(line);
            (self.rows, self.sum) = (0, 0);
        } else {
            self.rows += 1;
            self.sum += pence;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blocks(rows: &[Pence]) -> Option<(u64, u64, Option<u64>, Pence)> {
        let mut blocks = Blocks::default();
        rows.iter().zip(2..).for_each(|(pence, line)| blocks.row(line, *pence));
        blocks.found().map(|s| (s.blocks, s.first_line, s.grand, s.pence))
    }

    #[test]
    fn e9_blocks_with_their_sums_are_found() {
        assert_eq!(blocks(&[1, 2, 3, 4, 5, 9]), Some((2, 4, None, 12)));
        assert_eq!(blocks(&[1, 2, 3, 4, 5, 9, 12]), Some((2, 4, Some(8), 12)));
        assert_eq!(blocks(&[1, 2, 3, 7, 7, 4, 5, 9, 19]), Some((3, 4, Some(10), 19)), "a block of one row");
        assert_eq!(blocks(&[1, 2, 3, 0, 4, 5, 9, 0]), Some((2, 4, None, 12)), "rows of nought stand in no block");
        assert_eq!(blocks(&[5, 5, 10, 4, 4, 8]), Some((2, 4, None, 18)), "equal rows");
    }

    #[test]
    fn e9_honest_rows_are_no_blocks() {
        for rows in
            [&[50, 50, 50][..], &[50, 50, 50, 50, 50, 50], &[100, -40, -60, 20, -20], &[1, 2, 3], &[1, 2, 3, 4], &[1, 2, 3, 4, 5, 9, 1]]
        {
            assert_eq!(blocks(rows), None, "{rows:?}");
        }
    }
}
