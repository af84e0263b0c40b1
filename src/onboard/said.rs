//! What a contract can say, and what of a draft goes into the feed: controls, and a report where no word fits.

use super::{
    draft::{Draft, DraftColumn},
    evidence::Evidence,
};
use crate::{
    diagnostic::{Diagnostic, Place, Refusal, codes::command},
    schema::words,
};

/// What a file must agree with: its own row of totals.
pub fn controls(draft: &mut Draft) {
    let footer = draft.layout.iter().any(|(key, value, _)| *key == "footer" && value.contains("totals:"));
    let amount: Vec<&DraftColumn> =
        draft.columns.iter().filter(|column| column.words.iter().any(|(key, _)| *key == "includes_vat")).collect();
    let mut all = draft.trailers.clone();
    if footer && (amount.len() == 1 || !draft.months.is_empty()) {
        all.extend(amount.iter().map(|one| format!("{{sum: {}, equals: footer.{}}}", one.name, one.name)));
    }
    draft.controls = if all.is_empty() { "none".to_owned() } else { format!("[{}]", all.join(", ")) };
}

/// The column in SQL, where it may be empty as nought.
#[must_use]
pub fn or_nought(draft: &Draft, name: &str) -> String {
    let is_full = draft.columns.iter().any(|column| column.name == name && column.required);
    if is_full { name.to_owned() } else { format!("coalesce({name}, 0.00)") }
}

/// Whether a way to write money is in the table of words.
#[must_use]
pub fn knows_style(word: &str) -> bool {
    let key = word.split('(').next().unwrap_or(word);
    words::money_styles(|known| known.split('(').next() == Some(key)) != "one of "
}

/// Amounts of a column that no word of a contract reads.
#[must_use]
pub fn unknown_style(word: &str, heading: &str) -> String {
    match word {
        "rounded" => format!("amounts of which digits have been thrown away, as `1.42E+05`, in `{heading}`"),
        _ => format!("amounts of the style {word} in `{heading}`"),
    }
}

/// Whether a contract may say so: the reader of contracts is asked.
#[must_use]
pub fn can_read_date(word: &str) -> bool {
    crate::schema::is_date_format(word)
}

/// The report on what no word of a contract says.
#[must_use]
pub fn cannot(evidence: &Evidence, what: Vec<String>) -> Refusal {
    let file = evidence.samples.first().map(|sample| sample.path.display().to_string()).unwrap_or_default();
    let report = |what: String| {
        Diagnostic::new(command::NO_WORD, format!("no word of a contract says this: {what}"))
            .place(Place::file(file.clone()))
            .expected("what `truecost explain contract` lists")
            .outcome("nothing was written")
            .hint("ask the sender for another layout, or write a file that truecost reads from theirs; keep theirs beside it")
    };
    Refusal(what.into_iter().map(report).collect())
}
