//! Columns whose words decide what counts: a row of a later month that says a word which no sample has is looked at by a person.

use super::{
    currency,
    draft::quoted_in_list,
    evidence::{EMPTY, Evidence, Seen},
    guess::words,
    happened, marked,
};
use crate::{profile::Kind, schema::Contract};

/// Words of headings under which a few words say of what kind a row is.
const OF_KINDS: [&str; 22] = [
    "type",
    "kind",
    "class",
    "status",
    "state",
    "flag",
    "ind",
    "indicator",
    "level",
    "lvl",
    "rec",
    "record",
    "balance",
    "scenario",
    "version",
    "cancelled",
    "canceled",
    "void",
    "voided",
    "reversed",
    "currency",
    "curr",
];

/// What payments that stand say of themselves.
const STANDS: [&str; 14] = [
    "paid",
    "cleared",
    "presented",
    "reconciled",
    "posted",
    "approved",
    "authorised",
    "issued",
    "complete",
    "completed",
    "final",
    "negotiable",
    "sent",
    "processed",
];

/// `[Actual]`: the words that a row may say, where the column decides what counts: in which currency, what has happened, of what kind it
/// is; `None` for any other column. `said` gives answers by their keys.
#[must_use]
pub fn only((evidence, table): (&Evidence, &Contract), seen: &Seen, said: &dyn Fn(&str) -> String) -> Option<String> {
    let currencies = currency::named(evidence, table, said).filter(|found| found.are(seen));
    let mixed = || happened::both(evidence).filter(|mixed| std::ptr::eq(mixed.seen, seen));
    let of_kinds = || of_kinds(evidence, seen, said);
    currencies.map(|found| found.only()).or_else(|| Some(mixed()?.only(&said(happened::KEY)))).or_else(of_kinds)
}

fn of_kinds(evidence: &Evidence, seen: &Seen, said: &dyn Fn(&str) -> String) -> Option<String> {
    if matches!(evidence.kind(seen), Kind::Money | Kind::Quantity | Kind::Date | Kind::Period) || seen.heading.trim().is_empty() {
        return None;
    }
    let all: Vec<String> = evidence.words(seen).into_iter().map(|(word, _)| word).filter(|word| word != EMPTY).collect();
    let decides = decides(&seen.heading, &all);
    if all.is_empty() || !(decides || says_kinds(&seen.heading)) {
        return None;
    }
    let left = marked::words_left_out(evidence, seen, said);
    if left.is_empty() && !decides {
        return None;
    }
    let kept: Vec<&String> = all.iter().filter(|word| !left.contains(word)).collect();
    // Where every other row says nothing, what is left out is all that may be said.
    let kept = if kept.is_empty() { all.iter().collect() } else { kept };
    Some(format!("[{}]", kept.iter().map(|word| quoted_in_list(word)).collect::<Vec<_>>().join(", ")))
}

/// Whether a heading says that its words tell kinds of rows apart.
#[must_use]
pub fn says_kinds(heading: &str) -> bool {
    words(heading).split(' ').any(|word| OF_KINDS.contains(&word))
}

/// Whether words as these say by themselves what has happened, or that payments stand.
fn decides(heading: &str, all: &[String]) -> bool {
    let is = |word: &String, known: &[&str]| known.contains(&words(word).as_str());
    let happened = all.iter().any(|word| is(word, &["actual", "actuals"]) || happened::is_planned(heading, word));
    let by_letter = happened::speaks_by_letters(heading) && all.iter().any(|word| is(word, &["a", "act"]));
    let status = words(heading).split(' ').any(|word| word == "status") && all.iter().all(|word| is(word, &STANDS));
    happened || by_letter || status
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_that_decide_are_told() {
        let decides = |heading: &str, all: &[&str]| decides(heading, &all.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
        assert!(decides("Type", &["Actual"]) && decides("Balance Type", &["A"]) && decides("Payment Status", &["Paid", "Cleared"]));
        assert!(decides("Scenario", &["Revised Budget"]));
        assert!(!decides("Type", &["Invoice", "Credit Note"]) && !decides("Status", &["Paid", "Small business"]));
        assert!(!decides("Type", &["A"]) && !decides("Service", &["Adults"]));
        assert!(says_kinds("Line Type") && !says_kinds("Description"));
    }
}
