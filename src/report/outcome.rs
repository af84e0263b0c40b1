//! The last screen of a run: what stands, what waits, what came in, and what to type next.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    first_step::first_step,
    notes::noted,
    page::{Page, Talk},
    periods::{restated_json, restated_text},
    standing::{blocked_text, uncounted_json, uncounted_text},
};
use crate::{
    diagnostic::list,
    domain::{Period, Slot, counted, decimal, rows_and_pounds},
    pipeline::Partnership,
    plan::AfterClose,
    run::{Costed, Delivered, Delivery, Halves, Outcome},
    stages::prove::Listed,
};

/// What a run did and what it leaves to be done.
#[must_use]
pub fn outcome(partnership: &Partnership, outcome: &Outcome, talk: Talk) -> Page {
    let costed = &outcome.costed;
    if outcome.is_already() {
        return Page::new("run", already(&outcome.already), to_json(outcome));
    }
    let mut text = already(&outcome.already);
    text.push_str(&if outcome.halves == Halves::Deliver { DELIVERED.to_owned() } else { stands(costed) });
    if outcome.standing_refused > 0 {
        text.push_str(&format!("{} still to be mended: truecost status\n", counted(outcome.standing_refused as u64, "refused delivery")));
    }
    if !outcome.waiting.is_empty() {
        text.push_str(&format!("{} for a person's word: truecost status\n", waiting_words(outcome.waiting.len())));
    }
    if outcome.halves != Halves::Cost {
        text.push_str(&came_in(&outcome.delivered));
    }
    if outcome.halves == Halves::Both && outcome.delivered.is_empty() && costed.release.is_none() && costed.blocked.is_empty() {
        let drop = "put extracts into drop/<council>/<feed>/: truecost plan says what each feed finds there, and which names it knows";
        text.push_str(&format!("{}\n", first_step(partnership).unwrap_or(drop)));
    }
    text.extend(costed.coverage.sentence().map(|sentence| format!("{sentence}\n")));
    text.push_str(&listed_text(costed));
    text.push_str(&blocked_text(&costed.blocked));
    text.push_str(&uncounted_text(&costed.uncounted));
    text.push_str(&after_close_text(costed));
    text.push_str(&costed.restated.iter().filter(|_| costed.published).map(restated_text).collect::<String>());
    text.push_str(&notes_line(outcome, talk));
    Page::new("run", text, to_json(outcome))
}

/// How many notes there are and where they are; a run that did nothing kept none, and shows them itself.
#[must_use]
pub fn notes_line(outcome: &Outcome, talk: Talk) -> String {
    let shown_by = if outcome.is_recorded() { "truecost notes" } else { "truecost run -v" };
    if talk == Talk::Plain { noted(outcome.notes.len(), shown_by) } else { String::new() }
}

/// What a run says that publishes nothing because nobody asked it to.
const DELIVERED: &str = "feeds alone: nothing is published before the cost run: truecost run --cost\n";

/// Slots that other runs have taken.
fn already(slots: &[Slot]) -> String {
    slots.iter().map(|slot| format!("already: another run took {slot}\n")).collect()
}

/// Which release answers now, and whether this run made it.
fn stands(costed: &Costed) -> String {
    let failed = costed.failed();
    let answers = costed.release.as_ref().map_or_else(|| "there is no release yet".to_owned(), |r| format!("release {r} still answers"));
    match (&costed.release, costed.published) {
        (Some(release), true) => format!("published release {release}\n"),
        _ if failed && costed.findings.is_empty() => format!("nothing was published: see the reports; {answers}\n"),
        _ if failed => format!("nothing was published: a check failed; {answers}\n"),
        (Some(release), false) => format!("nothing new to publish; release {release} answers\n"),
        (None, _) => "nothing to publish\n".to_owned(),
    }
}

/// How many deliveries were accepted, with rows and pounds, and what became of the others.
fn came_in(delivered: &[Delivered]) -> String {
    if delivered.is_empty() {
        return "no new delivery\n".to_owned();
    }
    let of = |state| delivered.iter().filter(move |d| d.state == state);
    let (refused, not_taken): (Vec<_>, Vec<_>) = of(Delivery::Refused).partition(|d| d.delivery.is_some());
    let rows: u64 = of(Delivery::Accepted).map(|d| d.rows).sum();
    let accepted = of(Delivery::Accepted).count();
    // Nothing but rows without pounds adds up to no pounds.
    let pence = of(Delivery::Accepted).filter_map(|d| d.pence).reduce(|a, b| a + b).or((accepted == 0).then_some(0));
    let some = |number: usize, what: &str| if number > 0 { format!(", {number} {what}") } else { String::new() };
    let waits = some(of(Delivery::Waiting).count(), "waiting");
    let also = waits
        + &some(not_taken.into_iter().map(files).sum(), "not taken")
        + &some(of(Delivery::AlreadyIn).count(), "already in")
        + &some(of(Delivery::RefusedBefore).count(), "refused before and unchanged");
    let (deliveries, rows) = (counted(accepted as u64, "delivery"), rows_and_pounds(rows, pence));
    format!("{deliveries} accepted ({rows}), {} refused{also}\n", refused.len())
}

/// Files that it is about: what was said of a folder is a report for each of its files.
fn files(delivered: &Delivered) -> usize {
    if delivered.file.is_empty() { delivered.reports.len().max(1) } else { 1 }
}

fn waiting_words(number: usize) -> String {
    if number == 1 { "1 delivery waits".to_owned() } else { format!("{number} deliveries wait") }
}

/// What is listed while nothing stops, a line each, with the table that has it row by row.
fn listed_text(costed: &Costed) -> String {
    let line = |listed: &Listed| format!("  {}: {}\n", listed.what, listed.next);
    let under = |heading: &str, all: &[Listed]| {
        let lines: String = all.iter().filter(|_| costed.published).map(line).collect();
        if lines.is_empty() { lines } else { format!("{heading}:\n{lines}") }
    };
    under("listed, and nothing stops for it", &costed.listed) + &under("to pay", &costed.to_pay)
}

/// A line for each closed period for which something came since: nothing of it is in a figure.
fn after_close_text(costed: &Costed) -> String {
    let periods: BTreeSet<Period> = costed.after_close.iter().map(|late| late.slot.period).collect();
    let line = |period: &Period| {
        let feeds = costed.after_close.iter().filter(|late| late.slot.period == *period).map(|late| late.slot.feed_name());
        format!("after close, {period}: {}: truecost period preview {period}\n", feeds.collect::<Vec<_>>().join(", "))
    };
    periods.iter().map(line).collect()
}

fn texts(slots: &[Slot]) -> Vec<String> {
    slots.iter().map(ToString::to_string).collect()
}

fn whats(all: &[Listed]) -> Vec<&str> {
    all.iter().map(|listed| listed.what.as_str()).collect()
}

fn to_json(outcome: &Outcome) -> Value {
    let costed = &outcome.costed;
    let one = |d: &Delivered| {
        json!({"feed": d.feed, "file": d.file, "delivery_id": d.delivery, "covers": d.coverage, "rows": d.rows, "quarantined": d.quarantined,
            "amount": d.pence.map(decimal), "state": d.state.as_str(), "reports": list(&d.reports)})
    };
    let known = &costed.coverage;
    let payments = json!({"amount": decimal(known.all), "unclassified": decimal(known.unclassified), "no_fund": decimal(known.no_fund)});
    json!({"run": outcome.run, "number": Some(outcome.number).filter(|_| outcome.is_recorded()), "exit": outcome.exit_code(), "retry": outcome.is_retryable(), "slots": texts(&outcome.slots),
        "already": texts(&outcome.already), "release": costed.release, "published": costed.published,
        "delivered": outcome.delivered.iter().map(one).collect::<Vec<_>>(), "standing_refused": outcome.standing_refused,
        "waiting": list(&outcome.waiting), "blocked": list(&costed.blocked), "uncounted": uncounted_json(&costed.uncounted),
        "restated": costed.restated.iter().map(restated_json).collect::<Vec<_>>(),
        "after_close": list(&costed.after_close.iter().map(AfterClose::report).collect::<Vec<_>>()),
        "payments": payments, "listed": whats(&costed.listed), "to_pay": whats(&costed.to_pay), "checks": list(&costed.stopped), "notes": list(&outcome.notes)})
}
