//! Ownership rules: how specific each is, and where two would tie.
//!
//! The most specific rule wins: column by column in [`COLUMNS`]' order, an exact code before a longer prefix or range
//! before a shorter one before an empty cell. Two rules that are as specific and cover the same line on the same day
//! are a fault of the table, found here and not at the line.

use std::collections::BTreeMap;

use crate::{
    diagnostic::{Diagnostic, codes::reference},
    domain::Span,
    schema::Column,
};

use super::{
    csv::{Row, Table, at},
    dated::{place, span},
    reference::Faults,
};

pub const TABLE: &str = "ownership_rule";

/// The columns in which a rule says what it covers, the weightiest first.
pub const COLUMNS: [&str; 6] = ["council", "feed", "project", "cost_centre", "department", "account"];

/// What a cell of a rule covers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cell {
    /// Empty.
    Any,
    /// `A..B`: both ends included, compared as text.
    Range(String, String),
    /// `ABC*`.
    Prefix(String),
    Exact(String),
}

impl Cell {
    /// `None` where the text is none of the four: a star elsewhere than at the end, a range that runs backwards.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self::Any);
        }
        if let Some((from, to)) = text.split_once("..") {
            let sound = !from.is_empty() && from <= to && !from.contains('*') && !to.contains('*');
            return sound.then(|| Self::Range(from.to_owned(), to.to_owned()));
        }
        match text.split_once('*') {
            None => Some(Self::Exact(text.to_owned())),
            Some((prefix, "")) if !prefix.is_empty() => Some(Self::Prefix(prefix.to_owned())),
            Some(_) => None,
        }
    }

    /// Greater is more specific: nought for an empty cell, characters of the prefix or of the range's first end, most for an exact code.
    #[must_use]
    pub fn specificity(&self) -> usize {
        match self {
            Self::Any => 0,
            Self::Prefix(text) | Self::Range(text, _) => text.chars().count(),
            Self::Exact(_) => usize::MAX,
        }
    }

    #[must_use]
    pub fn covers(&self, code: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Exact(text) => text == code,
            Self::Prefix(prefix) => code.starts_with(prefix.as_str()),
            Self::Range(from, to) => from.as_str() <= code && code <= to.as_str(),
        }
    }

    /// Whether some code is covered by both.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Any, _) | (_, Self::Any) => true,
            (Self::Exact(code), cell) | (cell, Self::Exact(code)) => cell.covers(code),
            (Self::Prefix(a), Self::Prefix(b)) => a.starts_with(b.as_str()) || b.starts_with(a.as_str()),
            (Self::Prefix(prefix), Self::Range(from, to)) | (Self::Range(from, to), Self::Prefix(prefix)) => {
                to.as_str() >= prefix.as_str() && (from <= prefix || from.starts_with(prefix.as_str()))
            }
            (Self::Range(a, b), Self::Range(c, d)) => a.max(c) <= b.min(d),
        }
    }
}

struct Rule<'t> {
    row: &'t Row,
    span: Span,
    cells: Vec<Cell>,
}

/// Cells that can be read, and no two rules that tie.
pub fn check_ties(file: &str, table: &Table, columns: &[(&Column, Option<usize>)], faults: &mut Faults) {
    let mut groups: BTreeMap<Vec<(usize, String)>, Vec<Rule<'_>>> = BTreeMap::new();
    for row in &table.rows {
        if let Some(cells) = cells(file, row, columns, faults) {
            groups.entry(cells.iter().map(group).collect()).or_default().push(Rule { row, span: span(row, columns), cells });
        }
    }
    one_row_each(file, table, columns, faults);
    for rules in groups.values() {
        for (n, rule) in rules.iter().enumerate() {
            let earlier = rules.iter().take(n).find(|earlier| tie(earlier, rule));
            if let Some(earlier) = earlier {
                let id = |row: &Row| place(columns, "rule_id").and_then(|at| row.fields.get(at)).cloned().unwrap_or_default();
                let seen = format!("the rule `{}` ties with `{}` of line {}", id(rule.row), id(earlier.row), earlier.row.line);
                let fault = Diagnostic::new(reference::RULE_TIE, seen).place(at(file, rule.row.line));
                let expected = "for every line one rule that is more specific than all others that cover it";
                faults.push("", fault.expected(expected).hint("Make one of the two more specific, or let one end where the other begins."));
            }
        }
    }
}

/// A rule's id stands on every line that it decides: it means one row, also where its dates would keep two apart.
fn one_row_each(file: &str, table: &Table, columns: &[(&Column, Option<usize>)], faults: &mut Faults) {
    let Some(id_at) = place(columns, "rule_id") else { return };
    let mut first: BTreeMap<&str, u64> = BTreeMap::new();
    for row in &table.rows {
        let id = row.fields.get(id_at).map_or("", String::as_str);
        if let Some(line) = first.get(id) {
            let fault = Diagnostic::new(reference::TWICE, format!("the rule id `{id}` stands twice: here and on line {line}"));
            faults.push(
                "rule id",
                fault.place(at(file, row.line)).expected("an id of its own for every row").hint("Add a number: `-1`, `-2`."),
            );
        } else {
            first.insert(id, row.line);
        }
    }
}

/// Rules that cannot tie stand in different groups: of one specificity, and with the same exact codes.
fn group(cell: &Cell) -> (usize, String) {
    (cell.specificity(), if let Cell::Exact(code) = cell { code.clone() } else { String::new() })
}

fn tie(a: &Rule<'_>, b: &Rule<'_>) -> bool {
    a.span.overlaps(b.span) && a.cells.iter().zip(&b.cells).all(|(a, b)| a.meets(b))
}

fn cells(file: &str, row: &Row, columns: &[(&Column, Option<usize>)], faults: &mut Faults) -> Option<Vec<Cell>> {
    let mut cells = Vec::with_capacity(COLUMNS.len());
    let mut sound = true;
    for name in COLUMNS {
        let text = place(columns, name).and_then(|at| row.fields.get(at)).map_or("", String::as_str);
        if let Some(cell) = Cell::parse(text) {
            cells.push(cell);
        } else {
            sound = false;
            let fault = Diagnostic::new(reference::VALUE, format!("`{name}` is `{}`", text.escape_debug())).place(at(file, row.line));
            faults.push(name, fault.expected("nothing (any), an exact code, a prefix `ABC*`, or a range `A..B` whose ends are in order"));
        }
    }
    sound.then_some(cells)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cell(text: &str) -> Cell {
        Cell::parse(text).unwrap_or_else(|| panic!("{text}"))
    }

    #[test]
    fn cells_are_read() {
        assert_eq!(cell(""), Cell::Any);
        assert_eq!(cell("A1*"), Cell::Prefix("A1".into()));
        assert_eq!(cell("A1..A9"), Cell::Range("A1".into(), "A9".into()));
        assert_eq!(cell("oneSource Shared"), Cell::Exact("oneSource Shared".into()));
        for text in ["*", "A*B", "A**", "B..A", "..A", "A*..B"] {
            assert_eq!(Cell::parse(text), None, "{text}");
        }
    }

    #[test]
    fn exact_beats_longer_beats_shorter_beats_any() {
        let order: Vec<usize> = ["", "A*", "AB*", "ABC..ABD", "A"].map(|text| cell(text).specificity()).to_vec();
        assert!(order.is_sorted());
    }

    fn any_cell() -> impl Strategy<Value = Cell> {
        let text = "[ab]{1,3}";
        prop_oneof![
            Just(Cell::Any),
            text.prop_map(Cell::Exact),
            text.prop_map(Cell::Prefix),
            (text, text).prop_map(|(a, b)| Cell::Range(a.clone().min(b.clone()), a.max(b))),
        ]
    }

    proptest! {
        #[test]
        fn cells_meet_if_a_code_is_covered_by_both(a in any_cell(), b in any_cell(), code in "[ab]{1,4}") {
            if a.covers(&code) && b.covers(&code) {
                prop_assert!(a.meets(&b));
            }
            prop_assert_eq!(a.meets(&b), b.meets(&a));
        }
    }
}
