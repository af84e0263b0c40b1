//! What was read away as noise and what was rounded off, in sentences.

use super::{judge::Judge, tally::Tally, value::sides::Sides};
use crate::domain::{counted, pounds_of};

impl Tally {
    /// Sentences about noise that was read away and parts of a penny that were rounded off, as declared.
    pub(super) fn part_penny_notes(&self, judge: &Judge) -> Vec<String> {
        let mut notes = Vec::new();
        for sum in &self.sums {
            let rules = judge.contract.column(&sum.column).map(|column| &column.rules);
            let last = if rules.is_some_and(|rules| rules.rounding.is_some()) { "last decimal" } else { "penny" };
            if sum.noise.values > 0 {
                notes.push(format!(
                    "noise taken off {} of `{}`, each within the declared distance of the nearest {last}: £{} in all",
                    counted(sum.noise.values, "value"),
                    sum.column,
                    sum.noise.sum
                ));
            }
            let residue = sum.residue.net();
            if sum.residue != Sides::default() {
                notes.push(format!(
                    "`{}` rounded to pence row by row, as declared: printed less accepted is {}",
                    sum.column,
                    pounds_of(residue)
                ));
            }
        }
        notes
    }
}
