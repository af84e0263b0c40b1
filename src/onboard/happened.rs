//! Rows of budgets and forecasts beside rows of what has happened: a column tells them apart, and both together are no figure.

use std::collections::BTreeMap;

use super::{
    answers::Question,
    draft::{Draft, quoted_in_list},
    evidence::{EMPTY, Evidence, Seen},
    guess::words,
    left_out::rows_that_say,
};
use crate::{
    domain::{Beside, is_letters_of_planned, is_planned as is_planned_by},
    profile::Kind,
};

/// The key of the question.
pub const KEY: &str = "happened";

/// Under these headings letters say it.
const HEADINGS: [&str; 6] = ["actual flag", "balance type", "actual budget", "amount type", "scenario", "value type"];
/// The words for what has happened.
const ACTUAL: [&str; 3] = ["act", "actual", "actuals"];

/// A column whose words tell what has happened from what is planned.
pub struct Mixed<'e> {
    pub seen: &'e Seen,
    /// Each word as it is printed, with its rows, and whether it says budget, forecast or commitment.
    pub words: BTreeMap<String, (u64, bool)>,
}

/// The first column that has words of what has not happened; else the first in which letters say so.
#[must_use]
pub fn mixed(evidence: &Evidence) -> Option<Mixed<'_>> {
    let of = |seen: &'_ Seen, by_letters: bool| {
        let all: Vec<(String, u64)> = evidence.words(seen).into_iter().filter(|(word, _)| word != EMPTY).collect();
        let by_heading = speaks_by_letters(&seen.heading);
        let is_actual = |word: &str| ACTUAL.contains(&words(word).as_str()) || (by_heading && words(word) == "a");
        let is_letters =
            |word: &str| is_letters_of_planned(&words(word), Beside::Actual) || (by_heading && is_planned(&seen.heading, word));
        // `ACT`, `COM` and `ENV` are directorates.
        let letters = (by_letters || by_heading)
            && all.iter().any(|(word, _)| is_actual(word))
            && all.iter().all(|(word, _)| is_actual(word) || is_letters(word));
        let told = |(word, rows): (String, u64)| {
            let planned = is_planned(&seen.heading, &word) || (letters && is_letters(&word));
            (word, (rows, planned))
        };
        let found: BTreeMap<String, (u64, bool)> = all.into_iter().map(told).collect();
        found.values().any(|(_, planned)| *planned).then_some(found)
    };
    let is_word = |seen: &&Seen| !matches!(evidence.kind(seen), Kind::Money | Kind::Quantity | Kind::Date | Kind::Period);
    let first = |by_letters| evidence.columns.iter().filter(is_word).find_map(|seen| Some(Mixed { seen, words: of(seen, by_letters)? }));
    first(false).or_else(|| first(true))
}

/// The same where some of its rows have happened and some have not.
#[must_use]
pub fn both(evidence: &Evidence) -> Option<Mixed<'_>> {
    mixed(evidence).filter(Mixed::has_both)
}

/// Whether a word says budget, forecast or commitment.
#[must_use]
pub fn is_planned(heading: &str, word: &str) -> bool {
    let word = words(word);
    is_planned_by(&word.split(' ').collect::<Vec<_>>()) || (speaks_by_letters(heading) && is_letters_of_planned(&word, Beside::Heading))
}

/// Whether letters below a heading say what has happened.
#[must_use]
pub fn speaks_by_letters(heading: &str) -> bool {
    HEADINGS.contains(&words(heading).as_str())
}

impl Mixed<'_> {
    /// Whether some of its rows have happened.
    #[must_use]
    pub fn has_both(&self) -> bool {
        self.words.values().any(|(_, planned)| !planned)
    }

    /// `[Actual]`: a row of a later month that says something else is looked at by a person. `counts` is the answer.
    #[must_use]
    pub fn only(&self, counts: &str) -> String {
        let counts: Vec<String> = counts.split(',').map(|word| word.trim().to_lowercase()).collect();
        let count = |word: &&String| !word.is_empty() && counts.contains(&word.to_lowercase());
        format!("[{}]", self.words.keys().filter(count).map(|word| quoted_in_list(word)).collect::<Vec<_>>().join(", "))
    }

    /// The question which of the words count.
    #[must_use]
    pub fn question(&self, evidence: &Evidence) -> Question {
        let list: Vec<String> = self.words.iter().map(|(word, (rows, _))| format!("{word}: {rows} rows")).collect();
        let count: Vec<&str> = self.words.iter().filter(|(_, (_, planned))| !planned).map(|(word, _)| word.as_str()).collect();
        let ask = format!(
            "`{}` tells what has happened from what is planned: which of its words count? With commas between; rows of the others are left \
             out, counted and priced.",
            evidence.label(self.seen)
        );
        Question::new(KEY, ask).seen(list.join("; ")).default(count.join(", "))
    }
}

/// What is no row because it has not happened, as entries of `not_data`.
#[must_use]
pub fn left_out(evidence: &Evidence, draft: &Draft, said: &dyn Fn(&str) -> String) -> Vec<String> {
    let Some(mixed) = both(evidence) else { return Vec::new() };
    let Some(column) = draft.column_of(mixed.seen) else { return Vec::new() };
    let counts: Vec<String> = said(KEY).split(',').map(|word| word.trim().to_lowercase()).collect();
    let left = mixed.words.keys().filter(|word| !counts.contains(&word.to_lowercase()));
    left.map(|word| rows_that_say(column, word, &format!("rows of {word}"), "left_out")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_what_is_planned_are_told() {
        for (heading, word) in [
            ("Type", "Budget"),
            ("Scenario", "Revised Budget"),
            ("Kind", "FORECAST"),
            ("Actual Flag", "B"),
            ("Balance Type", "E"),
            ("X", "Commitments"),
            ("Scenario", "BDGT"),
        ] {
            assert!(is_planned(heading, word), "{heading}: {word}");
        }
        for (heading, word) in [
            ("Type", "Actual"),
            ("Type", "B"),
            ("Service", "Budget Support Team"),
            ("Department", "Planning"),
            ("Status", ""),
            ("Actual Flag", "A"),
            ("Amount Type", "COM"),
        ] {
            assert!(!is_planned(heading, word), "{heading}: {word}");
        }
    }
}
