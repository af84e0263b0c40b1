//! The records that are no rows, as words of a contract: the row of totals, rows without an amount, marks.

use super::{
    answers::{NO, YES},
    currency,
    draft::{Draft, DraftColumn, quoted_in_list},
    evidence::Evidence,
    happened,
    layout::FileWord,
    lone, withheld,
};
use crate::{
    profile::{Format, LeftOut, Profile, Reason, is_total_word},
    schema::{Contract, words},
};

/// What is no row, over all samples; `said` gives answers by their keys.
#[must_use]
pub fn left_out(
    (evidence, table): (&Evidence, &Contract),
    draft: &Draft,
    said: &dyn Fn(&str) -> String,
    cannot: &mut Vec<String>,
) -> Vec<FileWord> {
    let mut words: Vec<FileWord> = Vec::new();
    let mut not_data: Vec<String> = Vec::new();
    // What is told by its first field is told already.
    let is_told = |profile: &Profile, left: &LeftOut| {
        !left.lines.is_empty() && left.lines.iter().all(|line| profile.behind.iter().any(|kind| kind.first_line == *line))
    };
    let of = |profile| move |left| (profile, left);
    let all = evidence.samples.iter().flat_map(|sample| sample.profile.left_out.iter().map(of(&sample.profile)));
    let all: Vec<(&Profile, &LeftOut)> = all.filter(|(profile, left)| !is_told(profile, left)).collect();
    totals(evidence, draft, said, &all, (&mut words, &mut not_data, cannot));
    // What a printed report has between its rows is told by its lines.
    let profiles: Vec<&Profile> = evidence.samples.iter().map(|sample| &sample.profile).collect();
    let printed = super::layout::printed(&profiles, said("control") != NO);
    let by_line = |reason: Reason| profiles.iter().any(|profile| profile.layout.page_lines.iter().any(|(_, of)| *of == reason));
    let groups = Groups::of(&all);
    not_data.extend(groups.rules(evidence, draft));
    let others = all.iter().filter(|(_, left)| matches!(left.reason, Reason::Subtotal | Reason::Marker | Reason::End));
    let others = others.filter(|(profile, left)| groups.rule(evidence, draft, profile, left).is_none());
    let is_note = |left: &LeftOut| left.reason == Reason::Marker && left.shape && left.amount.is_none();
    let notes: Vec<(&Profile, &LeftOut)> = others.clone().filter(|(_, left)| is_note(left)).copied().collect();
    let notes = of_notes(evidence, draft, &notes);
    let lone = format!(", holds: {}", said(lone::KEY));
    for (profile, left) in others.filter(|(_, left)| !by_line(left.reason)) {
        if let Some(notes) = notes.as_ref().filter(|_| is_note(left)) {
            not_data.push(notes.clone());
            continue;
        }
        let (reason, holds) = match left.reason {
            Reason::Subtotal => ("subtotals", ", holds: subtotal"),
            Reason::Marker if lone::is_lone(left) => ("an amount by itself", lone.as_str()),
            Reason::Marker => ("marks of the program that wrote the file", ""),
            _ => ("the end of the report", ""),
        };
        match when(evidence, draft, profile, left) {
            Some(when) => not_data.push(format!("{{when: {when}, reason: {reason}{holds}}}")),
            None => cannot.push(format!(
                "records on line {} of {}, which no column tells apart",
                left.lines.first().copied().unwrap_or(0),
                profile.file
            )),
        }
    }
    not_data.extend(answered((evidence, table), draft, said));
    not_data.sort();
    not_data.dedup();
    // Two reasons for one condition cannot be told apart: the first stands, and what it holds.
    let mut seen = std::collections::BTreeSet::new();
    not_data.sort_by_key(|row| !row.contains("holds: total"));
    not_data.retain(|row| seen.insert(row.split("}, reason").next().unwrap_or_default().to_owned()));
    if !not_data.is_empty() {
        words.push(("not_data", format!("[{}]", not_data.join(", ")), "each is counted, with its reason".to_owned()));
    }
    if said("empty") == YES {
        words.extend(empty(&all, cannot));
    }
    let bars = evidence.samples.iter().any(|sample| sample.profile.layout.bars);
    let between = all.iter().any(|(_, left)| left.reason == Reason::PageHead || (left.reason == Reason::Rule && !bars));
    let dashes = all.iter().all(|(profile, left)| left.reason != Reason::PageHead && profile.format == Format::Delimited);
    if between && printed.is_empty() && dashes {
        words.push(("pages", "[\"---*\", \"===*\", \"___*\"]".to_owned(), "lines of dashes, each counted".to_owned()));
    } else if between && printed.is_empty() {
        cannot.push("lines of dashes, or heads of pages, between the rows".to_owned());
    }
    words.extend(printed);
    words
}

/// Entries of `not_data` for rows of which a person has said that they are none.
#[must_use]
pub fn answered((evidence, table): (&Evidence, &Contract), draft: &Draft, said: &dyn Fn(&str) -> String) -> Vec<String> {
    let mut not_data = Vec::new();
    if said("without_amount") == "left_out"
        && let Some(amount) = amount(draft)
    {
        not_data.push(format!("{{when: {{{}: \"\"}}, reason: rows without an amount}}", amount.name));
        for word in withheld::no_amounts(evidence, &said("amount")).keys() {
            not_data.push(format!("{{when: {{{}: {}}}, reason: rows without an amount}}", amount.name, quoted_in_list(word)));
        }
    }
    not_data.extend(currency::left_out(evidence, table, said, draft));
    not_data.extend(happened::left_out(evidence, draft, said));
    not_data.extend(super::marked::left_out((evidence, table), draft, said));
    not_data
}

/// The rows of totals: a footer where every sample has one that is compared, else rows that are left out.
fn totals(
    evidence: &Evidence,
    draft: &Draft,
    said: &dyn Fn(&str) -> String,
    all: &[(&Profile, &LeftOut)],
    (words, not_data, cannot): (&mut Vec<FileWord>, &mut Vec<String>, &mut Vec<String>),
) {
    let crossing = |profile: &Profile| profile.layout.page_lines.iter().any(|(_, of)| *of == Reason::Total);
    let totals: Vec<&(&Profile, &LeftOut)> =
        all.iter().filter(|(profile, left)| left.reason == Reason::Total && !crossing(profile)).collect();
    if let Some((profile, left)) = totals.first() {
        let in_all = evidence.samples.iter().all(|sample| sample.profile.left_out.iter().any(|left| left.reason == Reason::Total));
        // What nothing tells from subtotals is compared as little as these.
        let is_subtotal = |(_, left): &&(&Profile, &LeftOut)| left.reason == Reason::Subtotal;
        let is_shared = |when: &str| {
            all.iter().filter(is_subtotal).any(|(profile, left)| self::when(evidence, draft, profile, left).as_deref() == Some(when))
        };
        match when(evidence, draft, profile, left) {
            Some(when) if said("control") == NO || is_shared(&when) => not_data.push(not_compared(&when)),
            Some(when) if said("control") == YES && in_all => {
                words.push((
                    "footer",
                    format!("{{when: {when}, totals: {{{}}}}}", footer_totals(evidence, draft)),
                    "compared with the sum of the rows".to_owned(),
                ));
            }
            Some(when) => not_data.push(format!("{{when: {when}, reason: printed totals, holds: total}}")),
            None => cannot.push(format!(
                "the row of totals on line {} of {}, which no column tells apart",
                left.lines.first().copied().unwrap_or(0),
                profile.file
            )),
        }
    }
}

/// Sums that somebody has said are not to be compared, or that stand as subtotals do: shown with their pounds.
fn not_compared(when: &str) -> String {
    format!("{{when: {when}, reason: printed totals that are not compared, holds: subtotal}}")
}

/// That a file may have no rows: in the sender's words, where it has some.
fn empty(all: &[(&Profile, &LeftOut)], cannot: &mut Vec<String>) -> Option<FileWord> {
    let nil = all.iter().filter(|(_, left)| left.reason == Reason::Nil).find_map(|(_, left)| left.label.clone());
    let Some(label) = nil else {
        return Some(("allow_empty", "true".to_owned(), "a file without rows is a delivery".to_owned()));
    };
    if words::file_keys().contains(&"nil") {
        return Some(("nil", quoted_in_list(label.trim()), "the sender's words for a file without rows".to_owned()));
    }
    cannot.push("words that say that there are no rows".to_owned());
    None
}

/// Rows that say a word in a column, as an entry of `not_data`.
#[must_use]
pub fn rows_that_say(column: &DraftColumn, word: &str, reason: &str, holds: &str) -> String {
    format!("{{when: {{{}: {}}}, reason: {}, holds: {holds}}}", column.name, quoted_in_list(word), quoted_in_list(reason))
}

/// Rows of which a column begins with these words, as an entry of `not_data`.
#[must_use]
pub fn rows_that_begin(column: &DraftColumn, words: &str, reason: &str, holds: &str) -> String {
    let like = serde_json::Value::from(format!("{words}*"));
    format!("{{when: {{{}: {{like: {like}}}}}, reason: {}, holds: {holds}}}", column.name, quoted_in_list(reason))
}

/// Notes, headings of blocks and lines that go on with the one before, whatever they say: they hold neither a date nor an amount, where
/// every row of the samples holds both.
fn of_notes(evidence: &Evidence, draft: &Draft, notes: &[(&Profile, &LeftOut)]) -> Option<String> {
    let seen = |column: &DraftColumn| evidence.columns.iter().find(|seen| column.is_of(seen));
    let full = |column: &&DraftColumn| seen(column).is_some_and(|seen| evidence.is_full(seen));
    let date = draft.columns.iter().find(|column| column.physical_type == "DATE" && column.required).filter(full)?;
    let amount = amount(draft).filter(full)?;
    // What the note itself stands in says nothing.
    let is_empty = |column: &DraftColumn| seen(column).is_some_and(|seen| notes.iter().all(|note| is_empty_in(evidence, seen, *note)));
    if is_empty(date) {
        return Some(format!("{{when: {{{}: \"\", {}: \"\"}}, reason: notes without a date and an amount}}", date.name, amount.name));
    }
    let others = draft.columns.iter().filter(|column| column.name != amount.name && full(column) && is_empty(column)).take(2);
    let others: Vec<String> = others.map(|column| format!("{}: \"\", ", column.name)).collect();
    let when = format!("{{{}{}: \"\"}}", others.concat(), amount.name);
    (!others.is_empty()).then(|| format!("{{when: {when}, reason: notes in which nothing but one field stands}}"))
}

fn amount(draft: &Draft) -> Option<&DraftColumn> {
    draft.columns.iter().find(|column| column.words.iter().any(|(key, _)| *key == "includes_vat"))
}

/// `{document: TOTAL}`; of a row without a label, that what every row holds is empty.
fn when(evidence: &Evidence, draft: &Draft, profile: &Profile, left: &LeftOut) -> Option<String> {
    let sample = evidence.samples.iter().position(|sample| sample.profile.file == profile.file)?;
    // Of a sum that is called after what it adds up, the shape is no text that would come again.
    let is_sum = matches!(left.reason, Reason::Total | Reason::Subtotal);
    let label = left.label.as_ref().filter(|label| !(label.trim().is_empty() || is_sum && left.shape));
    if let (Some(label), Some(at)) = (label, left.label_at)
        && let Some(name) = column_at(evidence, draft, sample, at)
    {
        return Some(format!("{{{name}: {}}}", quoted_in_list(label.trim())));
    }
    // Two columns that all rows hold: a row that lost one of them by accident is no total. Where it is called after what it adds up, that
    // may stand in one of them.
    let lacks = |seen: &&super::evidence::Seen| {
        let at = seen.place(sample);
        !(is_sum && left.shape) || at.is_some_and(|at| left.empty.contains(&at))
    };
    let full: Vec<String> = evidence
        .columns
        .iter()
        .filter(|seen| evidence.is_full(seen))
        .filter(lacks)
        .filter_map(|seen| draft.column_of(seen))
        .filter(|column| column.physical_type != "DECIMAL(18,2)")
        .take(2)
        .map(|column| format!("{}: \"\"", column.name))
        .collect();
    (!full.is_empty()).then(|| format!("{{{}}}", full.join(", ")))
}

/// Subtotals that are called after what they add up: one rule takes them all, those of groups to come too.
struct Groups<'a> {
    /// Pattern, and the subtotals that are of it.
    found: Vec<(String, Vec<(&'a Profile, &'a LeftOut)>)>,
}

impl<'a> Groups<'a> {
    fn of(all: &[(&'a Profile, &'a LeftOut)]) -> Self {
        let mut found: Vec<(String, Vec<(&Profile, &LeftOut)>)> = Vec::new();
        for (profile, left) in all.iter().filter(|(_, left)| left.reason == Reason::Subtotal) {
            let Some(pattern) = left.label.as_deref().and_then(pattern) else { continue };
            match found.iter_mut().find(|(known, of)| *known == pattern && of.iter().all(|(_, one)| one.label_at == left.label_at)) {
                Some((_, of)) => of.push((profile, left)),
                None => found.push((pattern, vec![(profile, left)])),
            }
        }
        // One label that comes again is no name of a group.
        found.retain(|(_, of)| of.iter().any(|(_, left)| of.first().is_some_and(|(_, first)| first.label != left.label)));
        Self { found }
    }

    /// The rule that takes this subtotal; `None` where it is told by its own label.
    fn rule(&self, evidence: &Evidence, draft: &Draft, profile: &Profile, left: &LeftOut) -> Option<String> {
        let is = |(known, other): &(&Profile, &LeftOut)| known.file == profile.file && std::ptr::eq(*other, left);
        let (pattern, of) = self.found.iter().find(|(_, of)| of.iter().any(is))?;
        let sample = evidence.samples.iter().position(|sample| sample.profile.file == profile.file)?;
        let name = column_at(evidence, draft, sample, left.label_at?)?;
        // What every row holds and none of them does: a payee who is called Total is a row.
        let lacking = |seen: &&super::evidence::Seen| evidence.is_full(seen) && of.iter().all(|left| is_empty_in(evidence, seen, *left));
        let also = evidence.columns.iter().filter(lacking).find_map(|seen| draft.column_of(seen))?;
        let like = serde_json::Value::from(pattern.as_str());
        Some(format!("{{when: {{{name}: {{like: {like}}}, {}: \"\"}}, reason: subtotals, holds: subtotal}}", also.name))
    }

    fn rules(&self, evidence: &Evidence, draft: &Draft) -> Vec<String> {
        let first = |(_, of): &(String, Vec<(&Profile, &LeftOut)>)| {
            let (profile, left) = of.first()?;
            self.rule(evidence, draft, profile, left)
        };
        self.found.iter().filter_map(first).collect()
    }
}

/// `Veolia Ltd Total` → `* Total`, `Total for Housing` → `Total *`; `None` for a label that is no more than that word.
fn pattern(label: &str) -> Option<String> {
    let is_total = |word: &str| is_total_word(&word.trim_matches([':', '*']).to_lowercase());
    let words: Vec<&str> = label.split_whitespace().collect();
    let (first, last) = (words.first()?, words.last()?);
    match words.len() {
        0 | 1 => None,
        _ if is_total(last) => Some(format!("* {last}")),
        _ if is_total(first) => Some(format!("{first} *")),
        _ => None,
    }
}

/// The contract's column that stands there in a sample.
fn column_at(evidence: &Evidence, draft: &Draft, sample: usize, at: usize) -> Option<String> {
    draft.column_at(evidence, sample, at).map(|column| column.name.clone())
}

/// Whether a column is empty in what is left out of a sample.
fn is_empty_in(evidence: &Evidence, seen: &super::evidence::Seen, (profile, left): (&Profile, &LeftOut)) -> bool {
    let sample = evidence.samples.iter().position(|sample| sample.profile.file == profile.file);
    sample.and_then(|sample| seen.place(sample)).is_some_and(|at| left.empty.contains(&at))
}

/// `amount: amount, vat: vat`: every column of pounds that the row of totals prints.
fn footer_totals(evidence: &Evidence, draft: &Draft) -> String {
    let printed: Vec<usize> = evidence.samples.iter().flat_map(|sample| &sample.profile.totals).map(|total| total.column).collect();
    let is_printed = |column: &&DraftColumn| {
        column.physical_type == "DECIMAL(18,2)"
            && evidence.columns.iter().any(|seen| column.is_of(seen) && seen.places.iter().flatten().any(|at| printed.contains(at)))
    };
    draft.columns.iter().filter(is_printed).map(|column| format!("{0}: {0}", column.name)).collect::<Vec<_>>().join(", ")
}
