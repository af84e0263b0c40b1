//! Periods: which are open, which are closed, by whom and on what.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    page::{Align, Page, Table},
    standing::Stand,
};
use crate::{
    diagnostic::{Answer, Diagnostic, list},
    domain::{Changed, Pence, Period, counted, decimal, pounds},
    lake::{PeriodAct, PeriodEvent},
    pipeline::Partnership,
    plan::{AfterClose, Slot, published_slots, spans},
    run::{PeriodAsked, PeriodDone, Previewed, RestatedPeriod},
    stages::restate::RestatedGroup,
};

/// Every period that is published, closed or was delivered for, with its state.
///
/// # Errors
/// TC10…
pub fn periods(partnership: &Partnership) -> Answer<Page> {
    let stand = Stand::leading(partnership)?;
    let published: BTreeSet<Period> = published_slots(stand.latest.as_ref()).iter().map(|slot| slot.period).collect();
    let delivered = stand.plan.periods.iter().filter(|(_, entry)| entry.rows > 0).map(|(slot, _): (&Slot, _)| slot.period);
    // One that closed empty and was reopened has neither deliveries nor figures.
    let acted_on = stand.closings.closed().map(|(period, _)| period).chain(stand.closings.reopenings().iter().map(|one| one.period));
    let all: BTreeSet<Period> = delivered.chain(published.iter().copied()).chain(acted_on).collect();
    let mut table = Table::new(&[
        ("period", Align::Left),
        ("state", Align::Left),
        ("release", Align::Left),
        ("by", Align::Left),
        ("reason", Align::Left),
        ("after close", Align::Right),
    ]);
    let mut told = Vec::new();
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
        told.push(json!({"period": period.to_string(), "state": state, "release": release, "after_close": late,
            "event": event.map(event_json)}));
    }
    let text = if table.is_empty() { "no period yet\n".to_owned() } else { table.text() };
    Ok(Page::new("period_list", text, json!(told)))
}

/// Without what the period was closed on.
fn event_json(event: &PeriodEvent) -> Value {
    json!({"number": event.number, "act": event.act.as_str(), "by": event.by, "reason": event.reason, "at": event.at,
        "anyway": event.anyway, "overridden": event.overridden})
}

/// What became of closing or reopening a period.
#[must_use]
pub fn period_done(asked: &PeriodAsked, done: &PeriodDone) -> Page {
    let (period, PeriodDone { event, closed, already, gone, reopened }) = (asked.period, done);
    let at = |event: &PeriodEvent| {
        let release = event.closing.as_ref().and_then(|closing| closing.release.as_ref());
        release.map_or_else(|| event.at.clone(), |release| format!("{} in {release}", event.at))
    };
    let mut text = match (asked.act, already, closed) {
        (PeriodAct::Closed, true, _) => format!("{period} is closed already: by {}, {}\n", event.by, at(event)),
        (PeriodAct::Closed, false, _) => closed_text(period, event, reopened),
        (PeriodAct::Reopened, true, _) => format!("{period} is open already: reopened by {}, {}\n", event.by, event.at),
        (PeriodAct::Reopened, false, closed) => {
            let was = closed.as_ref().map(|closed| format!(" (closed {})", at(closed))).unwrap_or_default();
            format!("{period} is open again{was}. Next: truecost run\n")
        }
    };
    for overridden in event.overridden.iter().filter(|_| !already) {
        text.push_str(&format!("  although: {overridden}\n"));
    }
    text.push_str(&beside_text(gone.as_ref()));
    let gone = list(gone.as_slice());
    Page::new("period", text, json!({"period": period.to_string(), "already": already, "event": event_json(event), "gone": gone}))
}

/// What is said beside an answer, such as that the pay behind a period is gone.
pub(super) fn beside_text(said: Option<&Diagnostic>) -> String {
    said.map_or_else(String::new, |said| format!("  {}: {}\n  data: {}\n  next: {}\n", said.code.id, said.seen, said.outcome, said.hint))
}

fn closed_text(period: Period, event: &PeriodEvent, reopened: &[Period]) -> String {
    let Some(closing) = &event.closing else { return String::new() };
    let parts = closing.parts.values().map(Vec::len).sum::<usize>() as u64;
    let what = match &closing.release {
        Some(release) if !closing.slots.is_empty() => {
            let (deliveries, parts) = (counted(closing.deliveries.len() as u64, "delivery"), counted(parts, "part"));
            format!("as it stands in release {release}: {deliveries}, {parts}")
        }
        _ if event.overridden.is_empty() => "empty: nothing of it counts and nothing is expected".to_owned(),
        _ => "empty: nothing of it counts".to_owned(),
    };
    let without: String = closing.without.iter().map(|feed| format!("  without {feed}\n")).collect();
    let closed = format!("{period} is closed, {what}\n{without}");
    if period.period <= 12 {
        return closed;
    }
    // With its closing period a year is closed.
    let open = if reopened.is_empty() { String::new() } else { format!(" but for {}, open again: truecost period close", spans(reopened)) };
    format!("{closed}the year {}/{:02} is closed{open}\n", period.year, (period.year + 1) % 100)
}

/// What a run restated, a line for each council and account group that costs more or less.
#[must_use]
pub fn restated_text(restated: &RestatedPeriod) -> String {
    let head = format!("restated {}", restated.period);
    if restated.groups.is_empty() {
        let nothing = restated.cells + restated.lines + restated.balances == 0 && restated.tables.is_empty();
        let cause = if nothing { String::new() } else { format!(": {}", restated.cause) };
        return format!("{head}: {}{cause}\n", beside_groups(restated));
    }
    let line = |group: &RestatedGroup| format!("{head}: {}: {}\n", group.sentence(), restated.cause);
    restated.groups.iter().map(line).collect()
}

/// What differs where no total does: `2 cells of the separation, 2 lines and no balance of the settlement differ, and no total of a council's
/// account group`.
fn beside_groups(restated: &RestatedPeriod) -> String {
    let RestatedPeriod { cells, lines, balances, tables, .. } = restated;
    let (cells, lines, balances) = (*cells, *lines, *balances);
    match (cells + lines + balances, tables.as_slice()) {
        (0, []) => return "nothing differs".to_owned(),
        (0, tables) => {
            return format!("no line, cell of the separation or balance of the settlement differs; other tables do: {}", tables.join(", "));
        }
        _ => {}
    }
    let some = |number: usize, noun: &str| if number == 0 { format!("no {noun}") } else { counted(number as u64, noun) };
    let (cells, lines, balances) = (some(cells, "cell"), some(lines, "line"), some(balances, "balance"));
    format!("no total of a council's account group differs; {cells} of the separation, {lines} and {balances} of the settlement do")
}

/// The same for programs.
#[must_use]
pub fn restated_json(restated: &RestatedPeriod) -> Value {
    json!({"number": restated.number, "period": restated.period.to_string(), "cause": restated.cause, "cells": restated.cells, "lines": restated.lines,
        "balances": restated.balances, "tables": restated.tables, "groups": groups_json(&restated.groups)})
}

fn groups_json(groups: &[RestatedGroup]) -> Vec<Value> {
    let one = |group: &RestatedGroup| {
        json!({"council": group.council, "account_group": group.account_group, "old": decimal(group.old), "new": decimal(group.new),
            "difference": decimal(group.new - group.old), "lines": group.lines})
    };
    groups.iter().map(one).collect()
}

/// Balances of a settlement that are told one by one.
const BALANCES: usize = 12;

/// Balances that would differ: what is to pay is above nought, what is to be received below.
fn balances_text(balances: &[Changed<[String; 3]>]) -> String {
    let line = |balance: &Changed<[String; 3]>| {
        let ([kind, service, organisation], changes) = (&balance.key, in_place_of(balance));
        let of = if kind == "cost" { String::new() } else { format!(" ({kind})") };
        let (old, new) = (pounds(balance.old), pounds(balance.new));
        format!("  settlement of {organisation}, {service}{of}: {changes} (old {old}, new {new})\n")
    };
    let told: String = balances.iter().take(BALANCES).map(line).collect();
    let more = balances.len().saturating_sub(BALANCES);
    if more == 0 { told } else { format!("{told}  and {}\n", counted(more as u64, "more balance")) }
}

/// `£3.00 less to pay`, `£3.00 more to receive`, or `£1.00 to pay in place of £2.00 to receive`.
fn in_place_of(balance: &Changed<[String; 3]>) -> String {
    let word = |pence: Pence| if pence < 0 { "to receive" } else { "to pay" };
    let shown = |pence: Pence| format!("{} {}", pounds(pence.abs()), word(pence));
    let Changed { old, new, .. } = balance;
    if old.signum() * new.signum() < 0 {
        return format!("{} in place of {}", shown(*new), shown(*old));
    }
    let more = if new.abs() < old.abs() { "less" } else { "more" };
    format!("{} {more} {}", pounds(balance.difference().abs()), word(old + new))
}

/// What a period would say were it open.
#[must_use]
pub fn period_preview(previewed: &Previewed) -> Page {
    let Previewed { period, release, is_empty, is_closed, other_rules, after_close, restated, stops, gone } = previewed;
    let release_name = release.clone().unwrap_or_default();
    let mut text = match (is_closed, release) {
        (true, Some(release)) if !is_empty => format!("{period} is closed, as it stands in release {release}\n"),
        (true, _) => format!("{period} is closed, empty: nothing of it is in any release\n"),
        (false, Some(_)) if *is_empty => format!("{period} is open; nothing of it was published when it was closed\n"),
        (false, _) => format!("{period} is open; compared with release {release_name}\n"),
    };
    for late in after_close {
        text.push_str(&format!("  {}\n", late.report().seen));
    }
    if *other_rules {
        text.push_str("  rules, contracts, membership or program are others than then\n");
    }
    text.push_str(&beside_text(gone.as_ref()));
    match restated {
        Some(restated) if restated.is_empty() => text.push_str("nothing would change\n"),
        Some(restated) => {
            text.push_str("it would say:\n");
            restated.groups.iter().for_each(|group| text.push_str(&format!("  {}\n", group.sentence())));
            text.push_str(&balances_text(&restated.balances));
            let (cells, lines) = (counted(restated.cells.len() as u64, "cell"), counted(restated.lines.count() as u64, "line"));
            let balances = counted(restated.balances.len() as u64, "balance");
            text.push_str(&format!(
                "  differing: {cells} of the separation, {lines} of both sides, cost or not, {balances} of the settlement\n"
            ));
            if !restated.tables.is_empty() {
                text.push_str(&format!("  other tables that would say something else: {}\n", restated.tables.join(", ")));
            }
            if *is_closed {
                text.push_str(&format!(
                    "nothing was changed; to let it count: truecost period reopen {period} --by NAME --reason TEXT; truecost run\n"
                ));
            }
        }
        None => {
            text.push_str("no release could be made of it:\n");
            stops.iter().for_each(|stop| text.push_str(&format!("  {}: {}\n", stop.code.id, stop.seen)));
        }
    }
    let json = json!({"period": period.to_string(), "closed": is_closed, "release": release, "other_rules": other_rules,
        "after_close": list(&after_close.iter().map(AfterClose::report).collect::<Vec<_>>()), "stops": list(stops),
        "gone": list(gone.as_slice()),
        "cells": restated.as_ref().map(|restated| restated.cells.len()),
        "lines": restated.as_ref().map(|restated| restated.lines.count()),
        "balances": restated.as_ref().map(|restated| restated.balances.len()),
        "tables": restated.as_ref().map(|restated| &restated.tables),
        "groups": restated.as_ref().map(|restated| groups_json(&restated.groups))});
    Page::new("period_preview", text, json)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_balance_says_who_pays_and_who_receives() {
        let told = |old: Pence, new: Pence| in_place_of(&Changed { key: [String::new(), String::new(), String::new()], old, new });
        let expected = [
            (500, 200, "£3.00 less to pay"),
            (200, 500, "£3.00 more to pay"),
            (0, 500, "£5.00 more to pay"),
            (500, 0, "£5.00 less to pay"),
            (-500, -200, "£3.00 less to receive"),
            (-200, -500, "£3.00 more to receive"),
            (0, -500, "£5.00 more to receive"),
            (-500, 0, "£5.00 less to receive"),
            (-200, 100, "£1.00 to pay in place of £2.00 to receive"),
            (200, -100, "£1.00 to receive in place of £2.00 to pay"),
        ];
        for (old, new, said) in expected {
            assert_eq!(told(old, new), said);
        }
    }
}
