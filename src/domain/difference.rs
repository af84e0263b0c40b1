//! Old against new: cells that say something else than before, the lines behind it, and that the one is the sum of the other.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use super::Pence;

/// Of which kind the digests differ between what was published and what is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cause {
    /// Lines, and how deliveries are read: files of the lake, feeds, controls.
    Data,
    /// A query, a reference table, a limit, the calendar.
    Rule,
    /// What a table is agreed to hold.
    Contract,
    /// Councils, companies, services, and who takes part in what.
    Membership,
    /// Another version of truecost.
    Program,
    /// Pay on which the period was closed went by retention: what is of rules and what of data cannot be told apart.
    Retention,
}

impl Cause {
    /// The word of the column `cause`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Rule => "rule",
            Self::Contract => "contract",
            Self::Membership => "membership",
            Self::Program => "program",
            Self::Retention => "retention",
        }
    }

    /// `data, rule`; `nothing` where there is none.
    #[must_use]
    pub fn list(causes: &BTreeSet<Self>) -> String {
        let words: Vec<&str> = causes.iter().map(|cause| cause.as_str()).collect();
        if words.is_empty() { "nothing".to_owned() } else { words.join(", ") }
    }
}

/// A cell that says something else than before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed<K> {
    pub key: K,
    /// Nought where there was no such cell.
    pub old: Pence,
    /// Nought where there is no such cell any more.
    pub new: Pence,
}

impl<K> Changed<K> {
    /// New less old: positive where it costs more.
    #[must_use]
    pub const fn difference(&self) -> Pence {
        self.new - self.old
    }
}

/// Every cell of which the pounds differ, in order of its key. Several amounts under one key are added up first.
pub fn changed<K: Ord>(old: impl IntoIterator<Item = (K, Pence)>, new: impl IntoIterator<Item = (K, Pence)>) -> Vec<Changed<K>> {
    let mut cells: BTreeMap<K, (Pence, Pence)> = BTreeMap::new();
    for (key, pence) in old {
        cells.entry(key).or_default().0 += pence;
    }
    for (key, pence) in new {
        cells.entry(key).or_default().1 += pence;
    }
    cells.into_iter().filter(|(_, (old, new))| old != new).map(|(key, (old, new))| Changed { key, old, new }).collect()
}

/// Lines of one side that the other has not, or not as often; each as often as it is too many, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sides<L> {
    pub old: Vec<L>,
    pub new: Vec<L>,
}

/// The multiset difference of two sets of lines: what stands on both sides, as often as it does, falls out. What tells lines apart is all
/// that `L` compares; a caller leaves provenance out of it.
pub fn lines_apart<L: Ord + Clone>(old: impl IntoIterator<Item = L>, new: impl IntoIterator<Item = L>) -> Sides<L> {
    let mut counts: BTreeMap<L, i64> = BTreeMap::new();
    for line in old {
        *counts.entry(line).or_default() -= 1;
    }
    for line in new {
        *counts.entry(line).or_default() += 1;
    }
    let mut sides = Sides { old: Vec::new(), new: Vec::new() };
    for (line, count) in counts {
        let side = if count < 0 { &mut sides.old } else { &mut sides.new };
        side.extend((0..count.abs()).map(|_| line.clone()));
    }
    sides
}

/// A cell whose difference is not that of its lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfooted<K> {
    pub key: K,
    /// New cell less old cell.
    pub cell: Pence,
    /// New lines less old lines.
    pub lines: Pence,
}

impl<K: fmt::Display> fmt::Display for Unfooted<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (cell, lines) = (super::pounds(self.cell), super::pounds(self.lines));
        write!(f, "{}: the cells differ by {cell}, the lines behind them by {lines}", self.key)
    }
}

/// Holds cells against lines: in each cell, new lines less old lines are the difference, to the penny; cells that did not change have none.
/// Gives the cells for which that is not so.
pub fn unfooted<K: Ord + Clone>(
    cells: &[Changed<K>],
    old: impl IntoIterator<Item = (K, Pence)>,
    new: impl IntoIterator<Item = (K, Pence)>,
) -> Vec<Unfooted<K>> {
    let cells = cells.iter().map(|cell| (cell.key.clone(), cell.difference()));
    let negative = old.into_iter().map(|(key, pence)| (key, -pence));
    let apart = changed(cells, negative.chain(new));
    apart.into_iter().map(|apart| Unfooted { key: apart.key, cell: apart.old, lines: apart.new }).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_cell_that_came_or_went_counts_as_nought_on_the_other_side() {
        let cells = changed([("a", 5), ("b", 7), ("gone", 1), ("nought", 0)], [("a", 5), ("b", 6), ("new", 2)]);
        let as_told: Vec<(&str, Pence, Pence, Pence)> = cells.iter().map(|c| (c.key, c.old, c.new, c.difference())).collect();
        assert_eq!(as_told, [("b", 7, 6, -1), ("gone", 1, 0, -1), ("new", 0, 2, 2)]);
    }

    #[test]
    fn a_line_that_stands_once_more_is_told_once() {
        let sides = lines_apart(["x", "x", "y"], ["x", "z", "y", "y"]);
        assert_eq!((sides.old, sides.new), (vec!["x"], vec!["y", "z"]));
    }

    #[test]
    fn a_penny_that_no_line_explains_is_found_by_its_cell() {
        let cells = changed([("a", 100), ("b", 5)], [("a", 101), ("b", 5)]);
        assert_eq!(unfooted(&cells, [("a", 60)], [("a", 61)]), []);
        assert_eq!(unfooted(&cells, [("a", 60)], [("a", 62)]), [Unfooted { key: "a", cell: 1, lines: 2 }]);
        assert_eq!(unfooted(&cells, [("a", 60)], [("a", 61), ("b", 1)]), [Unfooted { key: "b", cell: 0, lines: 1 }]);
    }

    #[test]
    fn causes_are_told_in_one_order() {
        assert_eq!(Cause::list(&BTreeSet::from([Cause::Program, Cause::Data])), "data, program");
        assert_eq!(Cause::list(&BTreeSet::new()), "nothing");
    }

    proptest! {
        /// Whatever two sets of lines are, the cells made from them differ by the lines that differ: nothing else, nothing less.
        #[test]
        fn cells_differ_by_the_lines_that_differ(
            old in prop::collection::vec((0_u8..4, -9_i128..9, 0_u8..3), 0..30),
            new in prop::collection::vec((0_u8..4, -9_i128..9, 0_u8..3), 0..30),
        ) {
            let cell = |line: &(u8, Pence, u8)| (line.0, line.1);
            let cells = changed(old.iter().map(cell), new.iter().map(cell));
            let sides = lines_apart(old.clone(), new.clone());
            prop_assert_eq!(unfooted(&cells, sides.old.iter().map(cell), sides.new.iter().map(cell)), vec![]);
            prop_assert!(sides.old.iter().all(|line| !sides.new.contains(line)));
            prop_assert_eq!(old.len() + sides.new.len(), new.len() + sides.old.len());
        }
    }
}
