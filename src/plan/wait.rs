//! Deliveries that wait for a person's word: every run says so, and ends with 1.

use crate::{
    diagnostic::{Diagnostic, Place, codes},
    domain::{Pence, rows_and_pounds},
    lake::{Decided, DeliveryRecord, DeliveryState},
    pipeline::Partnership,
};

/// One report for each delivery that waits and was not let in, by council, feed and place; but for those that were `told` already.
#[must_use]
pub fn waiting(partnership: &Partnership, known: &[DeliveryRecord], told: &dyn Fn(&DeliveryRecord) -> bool) -> Vec<Diagnostic> {
    let is_declared = |r: &DeliveryRecord| partnership.feeds.iter().any(|feed| r.is_of(&feed.council, &feed.id));
    let mut waits: Vec<&DeliveryRecord> = known.iter().filter(|r| r.waits(known) && !told(r)).collect();
    waits.sort_by_key(|r| (&r.council, &r.feed, r.turn()));
    waits.into_iter().map(|record| report(record, record.state == DeliveryState::Accepted, is_declared(record))).collect()
}

/// The reports on a delivery that was judged just now and waits: `found` in its bytes, and in `record.waits` what is asked beside. Each
/// question is told once, and the last report ends with what to type. `again`: it stands, and was judged anew.
#[must_use]
pub fn questions(record: &DeliveryRecord, again: bool, mut found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    for report in &mut found {
        report.outcome = format!("delivery {} waits for a person's word; {}", record.delivery_id, counts(again));
    }
    if !record.waits.is_empty() {
        found.push(report(record, again, true));
    } else if let Some(last) = found.last_mut() {
        let between = if last.hint.contains('\n') { "\n" } else { "; " };
        last.hint = format!("{}{between}{}", last.hint, ways_out(record, again, between));
    }
    found
}

/// What becomes of the data while a delivery waits.
const fn counts(again: bool) -> &'static str {
    if again {
        "nothing of the new judgement counts; the delivery stands as it was accepted"
    } else {
        "nothing of it counts; what stood in its periods stands"
    }
}

fn ways_out(record: &DeliveryRecord, again: bool, between: &str) -> String {
    let id = &record.delivery_id;
    let undo = if again { String::new() } else { format!("{between}if it is wrong: truecost withdraw {id} --by NAME --reason TEXT") };
    format!("if it is right: truecost accept {id} --by NAME --reason TEXT, then truecost run{undo}")
}

/// Rows and pounds of the accepted rows of what waits; no pounds where they have none.
fn in_question(record: &DeliveryRecord) -> (u64, Option<Pence>) {
    let periods = match (record.state, &record.last_attempt) {
        (DeliveryState::Accepted, Some(attempt)) => &attempt.periods,
        _ => &record.proof.periods,
    };
    (periods.values().map(|p| p.rows).sum(), (!record.proof.no_pounds).then(|| periods.values().map(|p| p.amount).sum()))
}

fn report(record: &DeliveryRecord, again: bool, is_declared: bool) -> Diagnostic {
    let covers = record.covers().map(|c| c.to_string()).unwrap_or_default();
    let (rows, pence) = in_question(record);
    let what = format!("delivery {} of {covers} ({})", record.delivery_id, rows_and_pounds(rows, pence));
    let how = if again { " was judged again and" } else { "" };
    let seen = format!("{what}{how} waits for a person's word: {}", record.questions().join("; "));
    let hint = match record.decisions.iter().rev().find(|d| d.what == Decided::Accept).filter(|_| record.is_let_in()) {
        Some(decision) => format!("{} has accepted it ({}): truecost run {} takes it", decision.by, decision.reason, record.feed_name()),
        None => ways_out(record, again, "; "),
    };
    let hint = if is_declared { hint } else { not_declared(record) };
    Diagnostic::new(codes::control::WAITS, seen)
        .place(Place::file(format!("{}: {}", record.feed_name(), record.source.name)))
        .outcome(counts(again))
        .hint(hint)
}

/// The ways out where the feed of a delivery that waits is not declared: nothing can take it then.
#[must_use]
pub fn not_declared(record: &DeliveryRecord) -> String {
    format!(
        "its feed is not declared: bring pipelines/{}.yaml and its SQL back, then accept it; or: truecost withdraw {} --by NAME --reason TEXT",
        record.feed_name(),
        record.delivery_id
    )
}
