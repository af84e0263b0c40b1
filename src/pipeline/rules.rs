//! Ownership rules: how specific each is, and where two would tie.
//!
//! The most specific rule wins: column by column in [`COLUMNS`]' order, an exact code before a longer prefix or range
//! before a shorter one before an empty cell. Two rules that are as specific and cover the same line on the same day
//! are a fault of the table, found here and not at the line.

use crate::{
    diagnostic::{Diagnostic, codes::reference},
    domain::Span,
    schema::Column,
};

use super::{
    csv::{Row, Table, at},
    dated::{Dates, place},
    reference::Faults,
};

pub const TABLE: &str = "ownership_rule";

/// The columns in which a rule says what it covers, the weightiest first.
pub const COLUMNS: [&str; 6] = ["council", "feed", "project", "cost_centre", "department", "account"];

/// Characters of the longest prefix, and of the first end of a range, whose length still ranks it: 255 is an exact code's.
const LONGEST_PREFIX: usize = 254;

/// What a cell of a rule covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cell<'t> {
    /// Empty.
    Any,
    /// `A..B`: codes of as many characters as the ends have, both included, compared as text.
    Range(&'t str, &'t str),
    /// `ABC*`.
    Prefix(&'t str),
    Exact(&'t str),
}

impl<'t> Cell<'t> {
    /// `None` where the text is none of the four: a star elsewhere than at the end, a range that runs backwards or whose ends differ
    /// in length.
    #[must_use]
    pub fn parse(text: &'t str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self::Any);
        }
        if let Some((from, to)) = text.split_once("..") {
            let sound = !from.is_empty() && from <= to && !from.contains('*') && !to.contains('*') && as_long(from, to);
            return sound.then_some(Self::Range(from, to));
        }
        match text.split_once('*') {
            None => Some(Self::Exact(text)),
            Some((prefix, "")) if !prefix.is_empty() => Some(Self::Prefix(prefix)),
            Some(_) => None,
        }
    }

    /// What an account of `account.csv` covers. There a text is as a sender prints it: it is a pattern only where it looks like one of
    /// codes, `41*` or `4100..4199`; `None` where it does, and its ends are not in order or not of one length.
    #[must_use]
    pub fn parse_account(text: &'t str) -> Option<Self> {
        let is_range = text.matches("..").count() == 1 && !text.contains("...") && !text.contains([' ', '*']);
        let is_prefix = text.len() > 1 && text.find('*') == Some(text.len() - 1);
        match text.split_once("..").filter(|(from, to)| is_range && !from.is_empty() && !to.is_empty()) {
            Some(_) => Self::parse(text),
            None if is_prefix => Self::parse(text).filter(|cell| matches!(cell, Self::Prefix(_))).or(Some(Self::Exact(text))),
            None => Some(Self::Exact(text)),
        }
    }

    /// Whether it may cover more than one code.
    #[must_use]
    pub fn is_pattern(self) -> bool {
        matches!(self, Self::Prefix(_) | Self::Range(..))
    }

    /// Greater is more specific: nought for an empty cell, characters of the prefix or of the range's first end, most for an exact code.
    #[must_use]
    pub fn specificity(self) -> usize {
        match self {
            Self::Any => 0,
            Self::Prefix(text) | Self::Range(text, _) => text.chars().count(),
            Self::Exact(_) => usize::MAX,
        }
    }

    #[must_use]
    pub fn covers(self, code: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Exact(text) => text == code,
            Self::Prefix(prefix) => code.starts_with(prefix),
            Self::Range(from, to) => as_long(from, code) && from <= code && code <= to,
        }
    }

    /// Whether some code is covered by both.
    #[must_use]
    pub fn meets(self, other: Self) -> bool {
        match (self, other) {
            (Self::Any, _) | (_, Self::Any) => true,
            (Self::Exact(code), cell) | (cell, Self::Exact(code)) => cell.covers(code),
            (Self::Prefix(a), Self::Prefix(b)) => a.starts_with(b) || b.starts_with(a),
            (Self::Prefix(prefix), Self::Range(from, to)) | (Self::Range(from, to), Self::Prefix(prefix)) => {
                let start = |end: &'t str| end.char_indices().nth(prefix.chars().count()).and_then(|(at, _)| end.get(..at)).unwrap_or(end);
                prefix.chars().count() <= from.chars().count() && start(from) <= prefix && prefix <= start(to)
            }
            (Self::Range(a, b), Self::Range(c, d)) => as_long(a, c) && a.max(c) <= b.min(d),
        }
    }
}

/// Whether two texts have as many characters.
fn as_long(a: &str, b: &str) -> bool {
    a.chars().count() == b.chars().count()
}

/// Whether the text is a range but for the length of its ends.
fn is_uneven(text: &str) -> bool {
    text.split_once("..").is_some_and(|(from, to)| !from.is_empty() && !to.is_empty() && !text.contains('*') && !as_long(from, to))
}

/// A range whose ends differ in length: which codes lie between them nobody can say for all.
fn uneven(file: &str, row: &Row<'_>, name: &str, text: &str) -> Diagnostic {
    Diagnostic::new(reference::RANGE_ENDS, format!("`{name}` is `{}`, whose ends differ in length", text.escape_debug()))
        .place(at(file, row.line))
        .expected("two ends of as many characters: a range takes only codes of that length")
        .hint("Write one row for each length of code, with an id of its own.")
}

/// Accounts of `account.csv` that are patterns: each can be read, and no two that are as specific cover one code on one day.
pub fn check_accounts(file: &str, table: &Table<'_>, columns: &[(&Column, Option<usize>)], faults: &mut Faults) {
    let (Some(council), Some(account)) = (place(columns, "council"), place(columns, "account")) else { return };
    let dates = Dates::of(columns);
    let mut patterns: Vec<((&str, usize), Cell<'_>, &Row<'_>)> = Vec::new();
    for row in &table.rows {
        let text = row.field(account);
        match Cell::parse_account(text) {
            Some(cell) if cell.is_pattern() => patterns.push(((row.field(council), cell.specificity()), cell, row)),
            Some(_) => {}
            None if is_uneven(text) => faults.push("uneven", uneven(file, row, "account", text)),
            None => {
                let fault = Diagnostic::new(reference::VALUE, format!("`account` is `{}`", text.escape_debug())).place(at(file, row.line));
                faults.push(
                    "account",
                    fault.expected("an account as it is sent, a prefix `41*`, or a range `4100..4199` whose ends are in order"),
                );
            }
        }
    }
    patterns.sort_by_key(|(group, _, row)| (*group, row.line));
    for group in patterns.chunk_by(|(group, ..), (other, ..)| group == other) {
        for (n, (_, cell, row)) in group.iter().enumerate() {
            let text = row.field(account);
            let ties = |(_, other, earlier): &&((&str, usize), Cell<'_>, &Row<'_>)| {
                earlier.field(account) != text && other.meets(*cell) && dates.span(earlier).overlaps(dates.span(row))
            };
            if let Some((.., earlier)) = group.iter().take(n).find(ties) {
                let seen = format!("`{text}` and `{}` of line {} cover the same accounts", earlier.field(account), earlier.line);
                let fault = Diagnostic::new(reference::RULE_TIE, seen).place(at(file, row.line));
                faults.push(
                    "",
                    fault.expected("of two patterns that cover one account one that is longer").hint("Make one of the two longer."),
                );
            }
        }
    }
}

struct Rule<'t> {
    row: &'t Row<'t>,
    span: Span,
    cells: Cells<'t>,
}

type Cells<'t> = [Cell<'t>; COLUMNS.len()];

/// How specific each cell is, and its code where that is exact.
type Group<'t> = [(usize, &'t str); COLUMNS.len()];

/// Cells that can be read, and no two rules that tie.
pub fn check_ties(file: &str, table: &Table<'_>, columns: &[(&Column, Option<usize>)], faults: &mut Faults) {
    let places = COLUMNS.map(|name| place(columns, name));
    let dates = Dates::of(columns);
    let mut rules: Vec<(Group<'_>, Rule<'_>)> = Vec::with_capacity(table.rows.len());
    for row in &table.rows {
        if let Some(cells) = cells(file, row, places, faults) {
            rules.push((cells.map(group), Rule { row, span: dates.span(row), cells }));
        }
    }
    // Stable, and quick on a table that is in order: rules of one group stay in the order of their lines.
    rules.sort_by_key(|(group, _)| *group);
    let id_at = place(columns, "rule_id");
    one_row_each(file, table, id_at, faults);
    no_reserved(file, table, id_at, faults);
    for group in rules.chunk_by(|(group, _), (other, _)| group == other) {
        for (n, (_, rule)) in group.iter().enumerate() {
            if let Some((_, earlier)) = group.iter().take(n).find(|(_, earlier)| tie(earlier, rule)) {
                faults.push("", tied(file, rule, earlier, id_at));
            }
        }
    }
}

fn tied(file: &str, rule: &Rule<'_>, earlier: &Rule<'_>, id_at: Option<usize>) -> Diagnostic {
    let id = |row: &Row<'_>| id_at.map_or(String::new(), |at| row.field(at).to_owned());
    let seen = format!("the rule `{}` ties with `{}` of line {}", id(rule.row), id(earlier.row), earlier.row.line);
    Diagnostic::new(reference::RULE_TIE, seen)
        .place(at(file, rule.row.line))
        .expected("for every line one rule that is more specific than all others that cover it")
        .hint("Make one of the two more specific, or let one end where the other begins.")
}

/// A rule's id stands on every line that it decides: it means one row, also where its dates would keep two apart.
/// Equal ids stand together, because the table is in their order.
fn one_row_each(file: &str, table: &Table<'_>, id_at: Option<usize>, faults: &mut Faults) {
    let Some(id_at) = id_at else { return };
    for (before, row) in table.rows.iter().zip(table.rows.iter().skip(1)) {
        let id = row.field(id_at);
        if before.field(id_at) == id {
            let fault = Diagnostic::new(reference::TWICE, format!("the rule id `{id}` stands twice: here and on line {}", before.line));
            faults.push(
                "rule id",
                fault.place(at(file, row.line)).expected("an id of its own for every row").hint("Add a number: `-1`, `-2`."),
            );
        }
    }
}

/// Lines that no rule decides carry one of these as their rule.
const RESERVED: [&str; 5] = ["not_a_member", "not_cost", "no_account", "no_cost_centre", "no_rule"];

/// A rule of such a name could not be told from no rule.
fn no_reserved(file: &str, table: &Table<'_>, id_at: Option<usize>, faults: &mut Faults) {
    let Some(id_at) = id_at else { return };
    for row in table.rows.iter().filter(|row| RESERVED.contains(&row.field(id_at))) {
        let fault = Diagnostic::new(reference::VALUE, format!("the rule id is `{}`, which stands for lines of no rule", row.field(id_at)));
        let expected = format!("any other id than {}", RESERVED.map(|id| format!("`{id}`")).join(", "));
        faults.push("reserved", fault.place(at(file, row.line)).expected(expected).hint("Give the rule a name of its own."));
    }
}

/// Rules that cannot tie stand in different groups: of one specificity, and with the same exact codes.
fn group(cell: Cell<'_>) -> (usize, &str) {
    (cell.specificity(), if let Cell::Exact(code) = cell { code } else { "" })
}

fn tie(a: &Rule<'_>, b: &Rule<'_>) -> bool {
    a.span.overlaps(b.span) && a.cells.iter().zip(b.cells).all(|(a, b)| a.meets(b))
}

fn cells<'t>(file: &str, row: &'t Row<'t>, places: [Option<usize>; COLUMNS.len()], faults: &mut Faults) -> Option<Cells<'t>> {
    let texts = places.map(|at| at.map_or("", |at| row.field(at)));
    let cells = texts.map(Cell::parse);
    for ((name, text), cell) in COLUMNS.into_iter().zip(texts).zip(cells) {
        if cell.is_none() && is_uneven(text) {
            faults.push("uneven", uneven(file, row, name, text));
        } else if cell.is_none() {
            let fault = Diagnostic::new(reference::VALUE, format!("`{name}` is `{}`", text.escape_debug())).place(at(file, row.line));
            faults.push(name, fault.expected("nothing (any), an exact code, a prefix `ABC*`, or a range `A..B` whose ends are in order"));
        }
        if let Some(Cell::Prefix(start) | Cell::Range(start, _)) = cell
            && start.chars().count() > LONGEST_PREFIX
        {
            let seen = format!("`{name}` is a prefix or range of {} characters", start.chars().count());
            let fault = Diagnostic::new(reference::VALUE, seen).place(at(file, row.line));
            faults.push(name, fault.expected(format!("at most {LONGEST_PREFIX} characters: two longer ones could not be ranked")));
        }
    }
    cells.iter().all(Option::is_some).then(|| cells.map(|cell| cell.unwrap_or(Cell::Any)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cell(text: &str) -> Cell<'_> {
        Cell::parse(text).unwrap_or_else(|| panic!("{text}"))
    }

    #[test]
    fn cells_are_read() {
        assert_eq!(cell(""), Cell::Any);
        assert_eq!(cell("A1*"), Cell::Prefix("A1"));
        assert_eq!(cell("A1..A9"), Cell::Range("A1", "A9"));
        assert_eq!(cell("oneSource Shared"), Cell::Exact("oneSource Shared"));
        for text in ["*", "A*B", "A**", "B..A", "..A", "A*..B", "A..ABC", "100..1999"] {
            assert_eq!(Cell::parse(text), None, "{text}");
        }
    }

    #[test]
    fn accounts_are_patterns_only_where_they_look_like_one() {
        for (text, cell) in [
            ("4100", Cell::Exact("4100")),
            ("41*", Cell::Prefix("41")),
            ("4100..4199", Cell::Range("4100", "4199")),
            ("Postage...", Cell::Exact("Postage...")),
            ("Rent.. and rates", Cell::Exact("Rent.. and rates")),
            ("Other*items", Cell::Exact("Other*items")),
            ("*", Cell::Exact("*")),
            ("..", Cell::Exact("..")),
        ] {
            assert_eq!(Cell::parse_account(text), Some(cell), "{text}");
        }
        assert_eq!(Cell::parse_account("4100..41999"), None);
        assert_eq!(Cell::parse_account("4199..4100"), None);
    }

    #[test]
    fn a_range_takes_only_codes_as_long_as_its_ends() {
        let range = cell("100..199");
        assert!(range.covers("100") && range.covers("15O") && range.covers("199"));
        assert!(!range.covers("1000") && !range.covers("15000") && !range.covers("10"));
        assert!(range.meets(cell("1*")) && range.meets(cell("199*")) && !range.meets(cell("1990*")) && !range.meets(cell("2*")));
    }

    #[test]
    fn exact_beats_longer_beats_shorter_beats_any() {
        let order: Vec<usize> = ["", "A*", "AB*", "ABC..ABD", "A"].map(|text| cell(text).specificity()).to_vec();
        assert!(order.is_sorted());
    }

    /// The text of a cell of each sort.
    fn any_cell() -> impl Strategy<Value = String> {
        let text = "[ab]{1,3}";
        prop_oneof![
            Just(String::new()),
            text.prop_map(|a| a),
            text.prop_map(|a| format!("{a}*")),
            prop_oneof![("[ab]{1}", "[ab]{1}"), ("[ab]{2}", "[ab]{2}"), ("[ab]{3}", "[ab]{3}")].prop_map(|(a, b)| format!(
                "{}..{}",
                a.clone().min(b.clone()),
                a.max(b)
            )),
        ]
    }

    proptest! {
        #[test]
        fn cells_meet_if_a_code_is_covered_by_both(a in any_cell(), b in any_cell(), code in "[ab]{1,4}") {
            let (a, b) = (cell(&a), cell(&b));
            if a.covers(&code) && b.covers(&code) {
                prop_assert!(a.meets(b));
            }
            prop_assert_eq!(a.meets(b), b.meets(a));
            let all = |n: usize| (0..1usize << n).map(move |bits| (0..n).map(|at| if bits >> at & 1 == 1 { 'b' } else { 'a' }).collect::<String>());
            prop_assert_eq!(a.meets(b), (1..=4).flat_map(all).any(|code| a.covers(&code) && b.covers(&code)));
        }
    }
}
