//! Other feeds of the council that fill the same common table: a new feed stands beside them, or follows them from a day.

use super::{
    answers::{Answers, Question, meant},
    ask::Around,
    draft::Draft,
};
use crate::{
    diagnostic::{Answer, Diagnostic, Place, codes::command},
    domain::{Day, Span},
    pipeline::{Basis, Feed},
    schema::suggest::nearest,
};

/// By which it is answered.
pub const KEY: &str = "beside";

/// Feeds of the council that fill the table in days of this span.
fn others<'p>(around: &Around<'p>, table: &str, active: Span) -> Vec<&'p Feed> {
    let fills = |feed: &&Feed| *feed.council == *around.council && *feed.into == *table && feed.active.overlaps(active);
    let is_cost = Basis::of_table(table).is_some();
    around.partnership.feeds.iter().filter(fills).filter(|feed| is_cost && *feed.id != *around.feed).collect()
}

fn since(day: Option<Day>) -> Span {
    Span { from: day, to: None }
}

fn names(feeds: &[&Feed]) -> String {
    feeds.iter().map(|feed| feed.id.to_string()).collect::<Vec<_>>().join(", ")
}

/// Whether it stands beside them or follows them, where there are such; none is proposed.
#[must_use]
pub fn question(around: &Around<'_>, answers: &Answers, table: &str) -> Option<Question> {
    let table = answers.get("into").unwrap_or(table);
    let others = others(around, table, since(super::draft::basis_from(around, table)));
    let first = others.first()?;
    let seen: Vec<String> =
        others.iter().map(|feed| format!("{} fills {table} too ({}; {})", feed.name(), feed.active, feed.file)).collect();
    let ask = format!(
        "Are its rows others than those of the feeds that are there, as of purchase cards beside the ledger, or does it follow them? Beside: \
         their names, with commas between ({}). Following: its first day (2025-07-01), which is the end of `{}`.",
        names(&others),
        first.id
    );
    Some(Question::new(KEY, ask).seen(seen.join("; ")))
}

/// What the answer makes of the feed: feeds beside which it stands, or the day from which it delivers.
///
/// # Errors
/// TC0137 for a feed that is not there or not named, or that has no end where this one follows it.
pub fn settle(around: &Around<'_>, draft: &mut Draft, answer: &str) -> Answer<()> {
    let begins = draft.active_from.as_deref().and_then(Day::parse_iso);
    let all = others(around, &draft.into, since(begins));
    if all.is_empty() {
        return Ok(());
    }
    if let Some(day) = Day::parse_iso(answer) {
        if day.ymd().2 != 1 {
            let fault =
                wrong(format!("{day} is in the middle of a period"), "the first day of a month: a feed begins and ends with a period");
            return Err(fault.hint("--answer beside=YEAR-MONTH-01").into());
        }
        if let Some(old) = others(around, &draft.into, since(Some(day))).first() {
            return Err(has_no_end(old, day).into());
        }
        draft.active_from = Some(begins.filter(|begins| *begins > day).unwrap_or(day).to_string());
        return Ok(());
    }
    let said: Vec<&str> = answer.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    let known = || all.iter().map(|feed| &*feed.id);
    if let Some(unknown) = said.iter().find(|name| !known().any(|id| id == **name)) {
        let seen = format!("`{}` is no feed of {} that fills {}", unknown.escape_debug(), around.council, draft.into);
        let expected = format!("names of {}, or the first day of this feed", names(&all));
        return Err(wrong(seen, expected).hint(meant(nearest(unknown, known()))).into());
    }
    if let Some(missing) = all.iter().find(|feed| !said.contains(&&*feed.id)) {
        let fault = wrong(format!("{} fills {} in the same days, and is not named", missing.name(), draft.into), "every one of them");
        return Err(fault.hint(format!("--answer \"beside={}\"", names(&all))).into());
    }
    draft.beside = said.iter().map(|name| (*name).to_owned()).collect();
    Ok(())
}

fn wrong(seen: impl Into<String>, expected: impl Into<String>) -> Diagnostic {
    Diagnostic::new(command::ANSWER, format!("`{KEY}`: {}", seen.into())).expected(expected).outcome("nothing was written")
}

/// The old feed would count as well: what is to be typed into it.
fn has_no_end(old: &Feed, day: Day) -> Diagnostic {
    let from = old.active.from.filter(|from| *from < day).map(|from| format!("from: {from}, ")).unwrap_or_default();
    wrong(
        format!("it follows {} from {day}, and that feed goes on ({})", old.name(), old.active),
        "an end of the old feed where this one begins",
    )
    .place(Place::file(&old.file))
    .hint(format!("write in {}: `active: {{{from}to: {day}}}`, then type the same command again", old.file))
}
