//! Dates and amounts in whose place a word says that they are kept back: `REDACTED`.

use std::collections::BTreeMap;

use super::{
    amounts::amount_columns,
    answers::Question,
    evidence::{Evidence, Seen},
};

/// The key of the question about dates.
pub const KEY: &str = "no_date";
/// The row counts in the period that its file covers.
const IN_PERIOD: &str = "period";

/// What becomes of a row whose date is kept back.
#[must_use]
pub fn question(evidence: &Evidence, date: Option<&Seen>) -> Option<Question> {
    let seen = date?;
    let found: Vec<String> = words(evidence, seen, false)
        .into_iter()
        .map(|(word, rows)| format!("`{word}` in {}", crate::domain::counted(rows, "row")))
        .collect();
    let ask = format!(
        "What are rows that say no date under `{}`? {IN_PERIOD}: they count in the month that their file covers; quarantine: each is looked \
         at by a person.",
        evidence.label(seen)
    );
    (!found.is_empty()).then(|| Question::new(KEY, ask).seen(found.join(", ")).choices([IN_PERIOD, "quarantine"]))
}

/// The words of a column of dates that are read as none, where its rows count all the same.
#[must_use]
pub fn no_dates(evidence: &Evidence, seen: &Seen, said: &dyn Fn(&str) -> String) -> Vec<String> {
    if said(KEY) == IN_PERIOD { words(evidence, seen, false).into_keys().collect() } else { Vec::new() }
}

/// Words that stand where the amount would: they are never nought, and never nothing unless somebody leaves their rows out.
#[must_use]
pub fn no_amounts(evidence: &Evidence, amount: &str) -> BTreeMap<String, u64> {
    match amount_columns(evidence, amount) {
        Some((seen, None)) => words(evidence, seen, true),
        _ => BTreeMap::new(),
    }
}

/// Each word with its rows; `with_nothing`: those for nothing too, but a dash, which is nought.
fn words(evidence: &Evidence, seen: &Seen, with_nothing: bool) -> BTreeMap<String, u64> {
    let mut all = BTreeMap::new();
    for column in evidence.facts(seen) {
        let nothing = column.null_words.iter().filter(|(word, _)| with_nothing && word.trim() != "-");
        for (word, rows) in column.withheld.iter().chain(nothing) {
            *all.entry(word.trim().to_owned()).or_insert(0) += rows;
        }
    }
    all
}
