//! What `accept` and `withdraw` answer.

use serde_json::{Value, json};

use super::args::Decide;
use crate::{
    diagnostic::Answer,
    domain::{decimal, rows_and_pounds},
    lake::{Decided, DeliveryRecord},
    pipeline::{Missing, Partnership},
    plan::Slot,
    report::Page,
    run::{self, Said, clock::ProcessClock},
};

/// Does what a person decides, and says what it did and what it leaves to the next run.
pub(super) fn page(partnership: &Partnership, words: &Decide, what: Decided) -> Answer<Page> {
    let said = Said { what, selector: words.selector.clone(), by: words.by.clone(), reason: words.reason.clone() };
    let change = run::decide(partnership, &said, &ProcessClock)?;
    let verb = match what {
        Decided::Accept => "accepted",
        Decided::Withdraw => "withdrawn",
        Decided::Undo => "no longer withdrawn",
    };
    let mut text = String::new();
    for record in &change.about {
        text.push_str(&format!("{verb}: {}\n", in_words(record)));
    }
    for (period, below) in &change.back {
        match below {
            Some(below) => text.push_str(&format!("  {period} comes back: {}\n", in_words(below))),
            None => text.push_str(&format!("  {period} has no delivery now\n")),
        }
    }
    for slot in &change.unpublished {
        text.push_str(&format!(
            "  {slot} is in the latest release; {}\n",
            without(partnership, slot, change.still_held.contains(&slot.period), change.waived.contains(slot))
        ));
    }
    for slot in &change.closed {
        let period = slot.period;
        text.push_str(&format!(
            "  {slot} is closed and stays as it was; what reopening {period} would change: truecost period preview {period}\n"
        ));
    }
    text.push_str(match what {
        Decided::Accept => "the next run takes it from its landed bytes: truecost run\n",
        Decided::Withdraw => "rows that nothing stands for are out of the common table; figures change with the next run: truecost run\n",
        Decided::Undo => "the next run judges it again from its landed bytes, at its former place: truecost run\n",
    });
    let back: Vec<Value> =
        change.back.iter().map(|(period, below)| json!({"period": period.to_string(), "delivery": below.as_ref().map(to_json)})).collect();
    let about: Vec<Value> = change.about.iter().map(to_json).collect();
    let json = json!({"what": what.as_str(), "by": said.by, "reason": said.reason, "deliveries": about, "back": back});
    let command = if what == Decided::Accept { "accept" } else { "withdraw" };
    Ok(Page::new(command, text, json))
}

/// What becomes of a period of the latest release of which nothing of the feed stands any more. Where `others` do, it waits for one that is
/// required, unless somebody has let it go.
fn without(partnership: &Partnership, slot: &Slot, others: bool, waived: bool) -> String {
    let first = partnership.calendar.days_of(slot.period).0;
    let feed = partnership.feed(&slot.council, &slot.feed).filter(|feed| feed.required.on(first) && feed.active.contains(first));
    let nothing = "unless a delivery comes for it, the next one has no line of it";
    let Some(feed) = feed.filter(|_| others) else { return nothing.to_owned() };
    if waived {
        return format!("{nothing}: it is waived, and nothing waits for it");
    }
    let (name, period) = (feed.name(), slot.period);
    match (feed.missing, &feed.due) {
        (Missing::Without, _) => nothing.to_owned(),
        (Missing::Carry, _) if partnership.calendar.is_closing(period) => nothing.to_owned(),
        (Missing::Carry, _) => "unless a delivery comes for it, lines of its last accepted month stand in, where there is one".to_owned(),
        (Missing::Block, None) => format!("{name} is required, and {period} waits until a delivery comes for it"),
        (Missing::Block, Some(_)) => format!(
            "{name} is required, and {period} waits until a delivery comes for it, or somebody lets it go: truecost supply waive {name} {period} \
             --by NAME --reason TEXT"
        ),
    }
}

fn in_words(record: &DeliveryRecord) -> String {
    let covers = record.covers().map(|c| c.to_string()).unwrap_or_default();
    let rows = rows_and_pounds(record.proof.accepted, record.proof.pounds());
    format!("delivery {} of {} {covers}, {} ({rows})", record.delivery_id, record.feed_name(), record.source.name)
}

fn to_json(record: &DeliveryRecord) -> Value {
    json!({"delivery_id": record.delivery_id, "feed": record.feed_name(), "covers": record.coverage, "file": record.source.name,
        "rows": record.proof.accepted, "amount": record.proof.pounds().map(decimal), "state": record.state.as_str()})
}
