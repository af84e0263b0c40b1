//! What needs somebody, a line each: the first lines of `status`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    page::{Page, Talk},
    schedule::held_by,
    standing::{Stand, not_made},
};
use crate::{
    diagnostic::{Answer, Diagnostic, from_json},
    domain::{Period, counted},
    lake::{DeliveryRecord, DeliveryState, HALVES, Lake, RunRecord, SlotBook},
    pipeline::Partnership,
    plan::{Supply, spans, waiting},
};

/// Below this the disk of the lake needs somebody, in bytes.
const FEW_BYTES: u64 = 1 << 30;

/// Lines that a person is shown before the feeds: with those of thirty feeds they fill a screen.
const MOST: usize = 20;

/// One thing that needs somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Need {
    /// `late`, `missing`, `refused`, `held`, `waits`, `blocked`, `last run`, `disk`.
    pub what: &'static str,
    pub says: String,
    /// What to type.
    pub next: String,
}

/// Late and missing first, then what was refused, what waits for a person, periods that cannot be made, a last run that did not end well, and a
/// disk that fills.
pub(super) fn needs(partnership: &Partnership, stand: &Stand, states: &[Supply]) -> Answer<Vec<Need>> {
    let mut needs = overdue(states);
    let is_told = |record: &DeliveryRecord| states.iter().any(|s| s.overdue && s.delivery.as_deref() == Some(&record.delivery_id));
    let unmended = |r: &&DeliveryRecord| r.state == DeliveryState::Refused && stand.plan.unmended.contains(&r.delivery_id);
    needs.extend(refused(stand.records.iter().filter(unmended).filter(|r| !is_told(r))));
    let waits = waiting(partnership, &stand.records, &is_told).len();
    if waits > 0 {
        let says =
            format!("{} for a person's word", if waits == 1 { "1 delivery waits".to_owned() } else { format!("{waits} deliveries wait") });
        needs.push(Need { what: "waits", says, next: "truecost accept, or withdraw".to_owned() });
    }
    needs.extend(blocked(not_made(&stand.plan.blocked)));
    let lake = Lake::at(&partnership.landing, &partnership.lake, &partnership.published)?;
    needs.extend(lake.last_of(&HALVES)?.iter().filter_map(last_run));
    needs.extend(lake.free_bytes().filter(|free| *free < FEW_BYTES).map(|free| Need {
        what: "disk",
        says: format!("{} left where the lake is", counted(free >> 20, "MiB").replace("MiBs", "MiB")),
        next: "truecost doctor".to_owned(),
    }));
    Ok(needs)
}

/// `status` where the configuration is not valid: what is held of all that runs by itself; empty where nothing does. Everything else is known
/// to nobody before it is valid.
#[must_use]
pub fn status_held(book: &SlotBook, faults: &[Diagnostic], _: i64) -> Page {
    let says = format!("{}: nothing that is scheduled is run before that is valid", held_by(faults));
    let need = Need { what: "held", says, next: "truecost validate".to_owned() };
    let needs: Vec<Need> = (!book.names.is_empty()).then_some(need).into_iter().collect();
    Page::new("status", text(&needs, Talk::Plain).trim_start().to_owned(), json!({"needs": json(&needs)}))
}

/// A line for each feed and state, with the first of its periods in full.
fn overdue(states: &[Supply]) -> Vec<Need> {
    let mut groups: BTreeMap<(&'static str, String), Vec<&Supply>> = BTreeMap::new();
    for s in states.iter().filter(|s| s.overdue) {
        groups.entry((s.state.as_str(), s.slot.feed_name())).or_default().push(s);
    }
    let one = |((what, feed), of): ((&'static str, String), Vec<&Supply>)| {
        let periods: Vec<Period> = of.iter().map(|s| s.slot.period).collect();
        let first = of.first()?;
        let only = if of.len() > 1 { format!("{}: ", first.slot.period) } else { String::new() };
        let says = format!("{feed} {}: {only}{}", spans(&periods), first.says);
        Some(Need { what, says, next: format!("truecost supply --period {}", first.slot.period) })
    };
    groups.into_iter().filter_map(one).collect()
}

/// A line for each feed and code, with what was said of the first.
fn refused<'r>(records: impl Iterator<Item = &'r DeliveryRecord>) -> Vec<Need> {
    let mut groups: BTreeMap<(String, String), Vec<(&DeliveryRecord, String)>> = BTreeMap::new();
    for record in records {
        let headline = record.reports.iter().flat_map(|report| report.lines()).find_map(|line| line.strip_prefix("error["));
        let why = headline.map(|text| text.replacen("]: ", ": ", 1)).unwrap_or_default();
        let code = why.split(':').next().unwrap_or_default().to_owned();
        groups.entry((record.feed_name(), code)).or_default().push((record, why));
    }
    let one = |((feed, _), of): ((String, String), Vec<(&DeliveryRecord, String)>)| {
        let (first, why) = of.first()?;
        let mut periods: Vec<Period> = of.iter().flat_map(|(record, _)| record.periods()).collect();
        periods.sort_unstable();
        periods.dedup();
        let covers = if periods.is_empty() { String::new() } else { format!(" {}", spans(&periods)) };
        let alike = of.iter().all(|(_, other)| other == why);
        let only = first.covers().filter(|_| !alike).map(|covers| format!(": {covers}")).unwrap_or_default();
        let why = if why.is_empty() { String::new() } else { format!(": {why}") };
        Some(Need { what: "refused", says: format!("{feed}{covers}{only}{why}"), next: "see below".to_owned() })
    };
    groups.into_iter().filter_map(one).collect()
}

/// A line for each thing to do about periods that cannot be made, with the first of them in full.
fn blocked<'d>(reports: impl Iterator<Item = &'d Diagnostic>) -> Vec<Need> {
    let mut groups: Vec<(&Diagnostic, u64)> = Vec::new();
    for report in reports {
        match groups.iter_mut().find(|(first, _)| (first.code, &first.hint) == (report.code, &report.hint)) {
            Some((_, more)) => *more += 1,
            None => groups.push((report, 0)),
        }
    }
    let one = |(first, more): (&Diagnostic, u64)| {
        let more = if more > 0 { format!(" (and {} like it)", counted(more, "more period")) } else { String::new() };
        Need { what: "blocked", says: format!("{} {}{more}", first.code.id, first.seen), next: first.hint.clone() }
    };
    groups.into_iter().map(one).collect()
}

/// Of a run that ended with a code of its own, or for what no delivery tells of; what is told already is not told again.
fn last_run(run: &RunRecord) -> Option<Need> {
    let RunRecord { errors, exit, number, .. } = run.needs_somebody().then_some(run)?;
    let of = |report: Diagnostic| {
        let place = report.place.map(|place| format!("{}: ", place.file)).unwrap_or_default();
        format!(": {} {place}{}", report.code.id, report.seen)
    };
    let ended = exit.map_or_else(|| "died".to_owned(), |exit| format!("ended with {exit}"));
    let first = errors.first().and_then(from_json).map(of).unwrap_or_default();
    let more = if errors.len() > 1 { format!(" (and {} more)", errors.len() - 1) } else { String::new() };
    let next = if *number > 0 { format!("truecost runs show {number}") } else { "truecost runs".to_owned() };
    Some(Need { what: "last run", says: format!("{ended}{first}{more}"), next })
}

/// Empty where nothing needs anybody.
pub(super) fn text(needs: &[Need], talk: Talk) -> String {
    let line = |need: &Need| format!("  {:<16}  {}\n", need.what, need.says);
    let shown = if talk == Talk::Full { needs.iter().collect() } else { shown(needs) };
    let left = needs.len() - shown.len();
    let more = if left > 0 { format!("  … and {}: truecost status -v\n", counted(left as u64, "line")) } else { String::new() };
    let lines: String = shown.into_iter().map(line).collect();
    if needs.is_empty() { String::new() } else { format!("\nneeds somebody:\n{lines}{more}") }
}

/// The first of each kind, and as many others as there is room for: feeds that are late leave a disk that fills in sight.
fn shown(needs: &[Need]) -> Vec<&Need> {
    let is_first = |at: usize, need: &Need| !needs.iter().take(at).any(|before| before.what == need.what);
    let firsts = needs.iter().enumerate().filter(|(at, need)| is_first(*at, need)).count();
    let mut room = MOST.saturating_sub(firsts);
    let mut is_shown = |(at, need): (usize, &Need)| {
        let others = !is_first(at, need);
        let fits = !others || room > 0;
        room -= usize::from(others && fits);
        fits
    };
    needs.iter().enumerate().filter(|(at, need)| is_shown((*at, need))).map(|(_, need)| need).collect()
}

pub(super) fn json(needs: &[Need]) -> Vec<Value> {
    needs.iter().map(|need| json!({"what": need.what, "says": need.says, "next": need.next})).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_of_one_kind_leave_one_of_each_other_in_sight() {
        let need = |what: &'static str, at: usize| Need { what, says: format!("{what} {at}"), next: String::new() };
        let late = (0..30).map(|at| need("late", at));
        let needs: Vec<Need> = late.chain((0..9).map(|at| need("refused", at))).chain([need("last run", 0), need("disk", 0)]).collect();
        let all = text(&needs, Talk::Full);
        assert!(all.lines().count() == needs.len() + 2 && !all.contains('…'), "{all}");
        let text = text(&needs, Talk::Plain);
        assert_eq!(text.lines().filter(|line| line.starts_with("  ") && !line.contains('…')).count(), MOST, "{text}");
        for told in ["late 16", "refused 0", "last run 0", "disk 0", "… and 21 lines"] {
            assert!(text.contains(told), "{told}: {text}");
        }
        assert!(!text.contains("late 17") && !text.contains("refused 1"), "{text}");
        assert_eq!(shown(&needs[..3]).len(), 3);
    }
}
