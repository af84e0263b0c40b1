//! What codes mean on each date: small tables that SQL decided, laid out for looking up.

use std::collections::{BTreeMap, BTreeSet};

use hashbrown::HashMap;

use super::policy::Policy;
pub use crate::domain::RULE_COLUMNS;
use crate::domain::{Day, Ownership, Span};

/// What one rule, or the lack of one, says of a line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Class {
    pub ownership: Ownership,
    pub service: String,
    pub bearer: Option<String>,
    pub rule_id: String,
}

impl Class {
    /// What is in suspense, and why.
    #[must_use]
    pub fn suspense(why: &str) -> Self {
        Self { ownership: Ownership::Suspense, service: "none".into(), bearer: None, rule_id: why.into() }
    }
}

/// What an account, or an account's text, means.
// Each is a column of account.csv; every combination is an account of its own.
#[allow(clippy::struct_excessive_bools)]
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Account {
    pub group: String,
    pub statement: String,
    pub is_cost: bool,
    pub reserve_movement: bool,
    pub on_cost: bool,
    pub recharge: bool,
}

/// What a cost centre means.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CostCentre {
    pub fund: String,
    pub capital: bool,
}

/// Values that hold over spans of days, in order of their first day. Spans do not overlap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timeline<T>(Vec<(Span, T)>);

impl<T> Default for Timeline<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Copy> Timeline<T> {
    pub fn add(&mut self, span: Span, value: T) {
        let at = self.0.partition_point(|(other, _)| other.from <= span.from);
        self.0.insert(at, (span, value));
    }

    /// `None` where nothing is said of that day.
    #[must_use]
    pub fn on(&self, day: Day) -> Option<T> {
        let after = self.0.partition_point(|(span, _)| span.from.is_none_or(|from| from <= day));
        self.0.get(after.checked_sub(1)?).filter(|(span, _)| span.contains(day)).map(|(_, value)| *value)
    }
}

/// What a timeline says of all days of a delivery period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over<T> {
    /// The same on every day; `None` = nothing.
    Same(Option<T>),
    /// It has to be asked day by day.
    Varies,
}

impl<T: Copy> Timeline<T> {
    /// What it says from the first to the last day, both included.
    #[must_use]
    pub fn over(&self, (first, last): (Day, Day)) -> Over<T> {
        let overlapping = |span: &Span| span.from.is_none_or(|from| from <= last) && span.to.is_none_or(|to| to > first);
        let mut spans = self.0.iter().filter(|(span, _)| overlapping(span));
        match (spans.next(), spans.next()) {
            (None, _) => Over::Same(None),
            (Some((span, value)), None) if span.contains(first) && span.contains(last) => Over::Same(Some(*value)),
            _ => Over::Varies,
        }
    }
}

/// Distinct values, each with a small number; the number is its place in `values`.
#[derive(Clone, Debug)]
pub struct Interned<T> {
    pub values: Vec<T>,
    numbers: BTreeMap<T, u32>,
}

impl<T> Default for Interned<T> {
    fn default() -> Self {
        Self { values: Vec::new(), numbers: BTreeMap::new() }
    }
}

impl<T: Clone + Ord> Interned<T> {
    pub fn number(&mut self, value: T) -> u32 {
        if let Some(number) = self.numbers.get(&value) {
            return *number;
        }
        let number = u32::try_from(self.values.len()).unwrap_or(u32::MAX);
        self.numbers.insert(value.clone(), number);
        self.values.push(value);
        number
    }
}

/// Which of a council's rules a code can meet, as a number; codes that meet the same rules share it.
pub type Signature = u32;

/// Signature of a code that no rule names, and of no code at all.
pub const NAMELESS: Signature = 0;

/// What the codes of one feed of one council mean.
#[derive(Clone, Debug, Default)]
pub struct Meaning {
    /// For each of [`RULE_COLUMNS`]: code → signature. What is missing is [`NAMELESS`].
    pub signatures: [HashMap<String, Signature>; 4],
    /// Every combination of signatures → class number by date; missing = no rule.
    pub classes: HashMap<[Signature; 4], Timeline<u32>>,
    pub accounts: HashMap<String, Timeline<u32>>,
    pub cost_centres: HashMap<String, Timeline<u32>>,
    /// As `cost_centres`: what a department stands for where the line's cost centre says nothing.
    pub departments: HashMap<String, Timeline<u32>>,
}

/// The meanings of all feeds, with the distinct values that they refer to by number.
#[derive(Clone, Debug, Default)]
pub struct Meanings {
    /// By council and feed.
    pub feeds: BTreeMap<(String, String), Meaning>,
    pub classes: Interned<Class>,
    pub accounts: Interned<Account>,
    pub cost_centres: Interned<CostCentre>,
    /// What becomes of a line, case by case.
    pub policy: Policy,
}

/// Distinct codes that stand in the common tables: by council and feed, column of [`RULE_COLUMNS`] and code.
pub type Codes = BTreeMap<(String, String), BTreeSet<(usize, String)>>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeline_answers_for_its_own_days_only() {
        let day = |y| Day::from_ymd(y, 4, 1);
        let mut line = Timeline::default();
        line.add(Span { from: day(2016), to: day(2018) }, 2);
        line.add(Span { from: day(2014), to: day(2015) }, 1);
        line.add(Span { from: day(2018), to: None }, 3);
        let on = |y| day(y).and_then(|d| line.on(d));
        let over = |from, to| line.over((day(from).unwrap(), day(to).unwrap()));
        assert_eq!(over(2014, 2014), Over::Same(Some(1)));
        assert_eq!(over(2012, 2013), Over::Same(None));
        assert_eq!(over(2015, 2016), Over::Varies);
        assert_eq!(over(2017, 2018), Over::Varies);
        assert_eq!([on(2013), on(2014), on(2015), on(2016), on(2018), on(2030)], [None, Some(1), None, Some(2), Some(3), Some(3)]);
    }
}
