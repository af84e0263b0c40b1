//! Periods: which are open, which are closed, by whom and on what.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    page::{Align, Page, Table},
    standing::Stand,
};
use crate::{
    diagnostic::Answer,
    domain::{Period, counted},
    lake::{PeriodAct, PeriodEvent},
    pipeline::Partnership,
    plan::{Slot, published_slots},
    run::{PeriodAsked, PeriodDone},
};

/// Every period that is published, closed or was delivered for, with its state.
///
/// # Errors
/// TC10…
pub fn periods(partnership: &Partnership) -> Answer<Page> {
    let stand = Stand::of(partnership)?;
    let published: BTreeSet<Period> = published_slots(stand.latest.as_ref()).iter().map(|slot| slot.period).collect();
    let delivered = stand.plan.periods.iter().filter(|(_, entry)| entry.rows > 0).map(|(slot, _): (&Slot, _)| slot.period);
    let all: BTreeSet<Period> =
        delivered.chain(published.iter().copied()).chain(stand.closings.closed().map(|(period, _)| period)).collect();
    let mut table = Table::new(&[
        ("period", Align::Left),
        ("state", Align::Left),
        ("release", Align::Left),
        ("by", Align::Left),
        ("reason", Align::Left),
        ("after close", Align::Right),
    ]);
    let mut list = Vec::new();
    for period in all {
        let late = stand.plan.after_close.iter().filter(|late| late.slot.period == period).count();
        let reopened = stand.closings.reopenings().iter().rev().find(|reopening| reopening.period == period);
        let (state, event, release) = match (stand.closings.frozen(period), reopened) {
            (Some(frozen), _) => ("closed", Some(&frozen.event), frozen.closing.release.clone()),
            (None, Some(reopening)) => ("reopened", Some(&reopening.event), reopening.closing.release.clone()),
            (None, None) if published.contains(&period) => ("open", None, None),
            (None, None) => ("open, not published", None, None),
        };
        let text = |of: fn(&PeriodEvent) -> &String| event.map(|event| of(event).clone()).unwrap_or_default();
        let count = if late > 0 { late.to_string() } else { String::new() };
        let (by, reason) = (text(|event| &event.by), text(|event| &event.reason));
        table.row([period.to_string(), state.into(), release.clone().unwrap_or_default(), by, reason, count]);
        list.push(json!({"period": period.to_string(), "state": state, "release": release, "after_close": late,
            "event": event.map(event_json)}));
    }
    let text = if table.is_empty() { "no period yet\n".to_owned() } else { table.text() };
    Ok(Page::new("period_list", text, json!(list)))
}

/// Without what the period was closed on.
fn event_json(event: &PeriodEvent) -> Value {
    json!({"number": event.number, "act": event.act.as_str(), "by": event.by, "reason": event.reason, "at": event.at,
        "anyway": event.anyway, "overridden": event.overridden})
}

/// What became of closing or reopening a period.
#[must_use]
pub fn period_done(asked: &PeriodAsked, done: &PeriodDone) -> Page {
    let (period, PeriodDone { event, closed, already }) = (asked.period, done);
    let at = |event: &PeriodEvent| {
        let release = event.closing.as_ref().and_then(|closing| closing.release.as_ref());
        release.map_or_else(|| event.at.clone(), |release| format!("{} in {release}", event.at))
    };
    let mut text = match (asked.act, already, closed) {
        (PeriodAct::Closed, true, _) => format!("{period} is closed already: by {}, {}\n", event.by, at(event)),
        (PeriodAct::Closed, false, _) => closed_text(period, event),
        (PeriodAct::Reopened, true, _) => format!("{period} is open already: reopened by {}, {}\n", event.by, event.at),
        (PeriodAct::Reopened, false, closed) => {
            let was = closed.as_ref().map(|closed| format!(" (closed {})", at(closed))).unwrap_or_default();
            format!("{period} is open again{was}. Next: truecost run\n")
        }
    };
    for overridden in event.overridden.iter().filter(|_| !already) {
        text.push_str(&format!("  although: {overridden}\n"));
    }
    Page::new("period", text, json!({"period": period.to_string(), "already": already, "event": event_json(event)}))
}

fn closed_text(period: Period, event: &PeriodEvent) -> String {
    let Some(closing) = &event.closing else { return String::new() };
    let parts = closing.parts.values().map(Vec::len).sum::<usize>() as u64;
    let what = match &closing.release {
        Some(release) if !closing.slots.is_empty() => {
            let (deliveries, parts) = (counted(closing.deliveries.len() as u64, "delivery"), counted(parts, "part"));
            format!("as it stands in release {release}: {deliveries}, {parts}")
        }
        _ => "empty: nothing came for it and nothing is expected".to_owned(),
    };
    let without: String = closing.without.iter().map(|feed| format!("  without {feed}\n")).collect();
    format!("{period} is closed, {what}\n{without}")
}
