//! The state of feeds, runs and quarantine.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{
    correct::PERSONAL_ROWS,
    few, needs,
    page::{Align, Page, Table, Talk},
    standing::{Stand, blocked_text, lake_there, not_made, uncounted_json, uncounted_text},
};
use crate::{
    diagnostic::{Answer, Diagnostic, codes, render},
    domain::{Calendar, Day, DeliveryId, Digest, Location, Pence, Period, counted, decimal, grouped, pounds, printable},
    lake::{CORRECTIONS, Corrections, DeliveryRecord, DeliveryState, Lake, holders, read_quarantine},
    pipeline::Partnership,
    plan::{
        AfterClose, CostSource, Standing, Supply, Wish, came_again, gone_over, plan_feed, spans, waiting as waiting_for_word,
        waits_for_others,
    },
    source,
};

fn covers(record: &DeliveryRecord) -> String {
    record.covers().map(|c| c.to_string()).unwrap_or_default()
}

/// What needs somebody; every feed: how many deliveries, which was the last, what stands of them; and what is in no figure, with the reason.
/// Of much that is alike a person is shown the first; programs, and who says `-v`, are given all of it.
///
/// # Errors
/// TC10…
pub fn status(partnership: &Partnership, stand: &Stand, states: &[Supply], talk: Talk) -> Answer<Page> {
    let needs = needs::needs(partnership, stand, states)?;
    let (table, list) = feeds(partnership, stand);
    let name = stand.latest.as_ref().map(|m| m.release.clone());
    let head = name.as_ref().map_or_else(|| "no release yet".to_owned(), |r| format!("release {r}"));
    let mut text = format!("{}: {head}\n{}\n{}", partnership.name, needs::text(&needs, talk), table.text());
    let (registers, stand_in) = (registers(stand), stand_in(stand));
    let lines = |list: &[(String, Value)]| list.iter().map(|(line, _)| line.clone()).collect::<Vec<_>>();
    let registers_read = register_lines(&registers, partnership.calendar);
    text.push_str(&few::listed("registers that the periods read", &registers_read, talk));
    text.push_str(&few::listed("lines that stand in for what did not come (`missing: carry`)", &lines(&stand_in), talk));
    text.push_str(&refused(stand, talk));
    let in_question = in_question(partnership, stand);
    let after_close: Vec<Diagnostic> = stand.plan.after_close.iter().map(AfterClose::report).collect();
    text.push_str(&reported(&in_question, talk));
    text.push_str(&reported(&after_close, talk));
    text.push_str(&few::listed("newer, and not counting", &passed_over(stand), talk));
    let blocked = blocked_text(not_made(&stand.plan.blocked));
    let uncounted = stand.in_no_figure();
    let uncounted_lines = if uncounted.is_empty() { String::new() } else { uncounted_text(&uncounted) };
    for block in [blocked, uncounted_lines].iter().filter(|block| !block.is_empty()) {
        text.push_str(&format!("\n{block}"));
    }
    let (stops, waiting) = (stops(partnership, stand)?, waiting(partnership, &stand.records));
    text.push_str(&reported(&stops, talk));
    text.push_str(&reported(&waiting, talk));
    let of_lines = |list: Vec<(String, Value)>| list.into_iter().map(|(_, json)| json).collect::<Vec<_>>();
    let asked = in_question.iter().map(|d| json!({"code": d.code.id, "seen": d.seen, "hint": d.hint}));
    Ok(Page::new(
        "status",
        text,
        json!({"partnership": &*partnership.name, "release": name, "needs": needs::json(&needs), "feeds": list, "uncounted": uncounted_json(&uncounted),
            "stops": told(&stops), "after_close": told(&after_close), "blocked": told(&stand.plan.blocked), "waiting": told(&waiting),
            "in_question": asked.collect::<Vec<_>>(), "stand_in": of_lines(stand_in), "registers": registers.iter().map(Register::json).collect::<Vec<_>>()}),
    ))
}

/// Reports as a block; nothing where there are none.
fn reported(reports: &[Diagnostic], talk: Talk) -> String {
    let texts: Vec<String> = reports.iter().map(|report| render(report, false)).collect();
    few::reports(&texts, "more report", talk)
}

/// What stops publication. Rows that the next run brings back from their landed bytes are told as that.
fn stops(partnership: &Partnership, stand: &Stand) -> Answer<Vec<Diagnostic>> {
    let lake = Lake::at(&partnership.landing, &partnership.lake, &partnership.published)?;
    let is_there = |r: &&DeliveryRecord| Digest::parse(&r.sha256).is_some_and(|digest| lake.landing().has(&digest));
    let comes_back = stand.records.iter().filter(|r| r.lost && r.last_attempt.is_none()).filter(is_there);
    let comes_back: BTreeSet<&str> = comes_back.map(|r| r.delivery_id.as_str()).collect();
    Ok(stand.plan.stops_where(&[], |id| !comes_back.contains(id)))
}

/// Reports for programs.
fn told(reports: &[Diagnostic]) -> Vec<Value> {
    let one = |d: &Diagnostic| json!({"code": d.code.id, "file": d.place.as_ref().map(|p| p.file.clone()), "seen": d.seen, "hint": d.hint});
    reports.iter().map(one).collect()
}

/// Refused deliveries that nothing has mended since, with what was said of each.
fn refused(stand: &Stand, talk: Talk) -> String {
    let unmended = |r: &&DeliveryRecord| r.state == DeliveryState::Refused && stand.plan.unmended.contains(&r.delivery_id);
    let one = |r: &DeliveryRecord| format!("refused: {}/{} {} {}\n{}", r.council, r.feed, covers(r), r.source.name, r.reports.concat());
    let all: Vec<String> = stand.records.iter().filter(unmended).map(one).collect();
    few::reports(&all, "more refused delivery", talk)
}

/// Deliveries that wait for somebody's word, and files that came again under a delivery that is superseded.
fn in_question(partnership: &Partnership, stand: &Stand) -> Vec<Diagnostic> {
    let waiting = waiting_for_word(partnership, &stand.records, &|_| false);
    let again = stand.records.iter().filter(|r| r.again);
    let again = again.filter_map(|r| Some(came_again(r, gone_over(&&stand.records, r)?, &r.source.name)));
    waiting.into_iter().chain(again).collect()
}

/// A register that periods of the release read.
struct Register {
    feed: String,
    as_at: Day,
    periods: Vec<Period>,
}

/// Of each feed that delivers snapshots: by the day of each, the periods of the release that read it.
fn registers(stand: &Stand) -> Vec<Register> {
    let published: BTreeSet<Period> = stand.plan.release_periods().into_iter().collect();
    let mut read: BTreeMap<(String, Day), Vec<Period>> = BTreeMap::new();
    for (slot, entry) in stand.plan.periods.iter().filter(|(slot, _)| published.contains(&slot.period)) {
        if let Some(day) = entry.as_at {
            read.entry((slot.feed_name(), day)).or_default().push(slot.period);
        }
    }
    read.into_iter().map(|((feed, as_at), periods)| Register { feed, as_at, periods }).collect()
}

/// A line of each; where periods of a feed read the one of their own month, as they should, one line for all of them.
fn register_lines(registers: &[Register], calendar: Calendar) -> Vec<String> {
    let mut own: BTreeMap<&str, Vec<Period>> = BTreeMap::new();
    for register in registers.iter().filter(|register| register.is_of_its_month(calendar)) {
        own.entry(&register.feed).or_default().extend(&register.periods);
    }
    own.retain(|_, periods| periods.len() > 1);
    let mut lines = Vec::new();
    for register in registers {
        match own.get(&*register.feed).filter(|_| register.is_of_its_month(calendar)) {
            Some(periods) if periods.first() == register.periods.first() => {
                lines.push(format!("{}, each as at a day of its own month: {}", register.feed, spans(periods)));
            }
            Some(_) => {}
            None => lines.push(format!("{} as at {}: {}", register.feed, register.as_at, spans(&register.periods))),
        }
    }
    lines
}

impl Register {
    fn is_of_its_month(&self, calendar: Calendar) -> bool {
        self.periods == [calendar.period_of(self.as_at)]
    }

    fn json(&self) -> Value {
        let periods: Vec<String> = self.periods.iter().map(ToString::to_string).collect();
        json!({"feed": self.feed, "as_at": self.as_at.to_string(), "periods": periods})
    }
}

/// Months for which lines of another stand in, as a line and for programs; also where they are kept with the last good figures.
fn stand_in(stand: &Stand) -> Vec<(String, Value)> {
    let sources = stand.plan.sources.iter().chain(&stand.plan.last_good);
    let one = |source: &CostSource| {
        let (feed, period, from) = (format!("{}/{}", source.file.council, source.file.feed), source.file.period, source.carried?.from);
        let json = json!({"feed": feed, "period": period.to_string(), "from": from.to_string()});
        Some(((feed.clone(), period), (format!("{feed} {period}: lines of {from}"), json)))
    };
    let all: BTreeMap<(String, Period), (String, Value)> = sources.filter_map(one).collect();
    all.into_values().collect()
}

/// A row for each declared feed, and for each that the register knows beside them.
fn feeds(partnership: &Partnership, stand: &Stand) -> (Table, Vec<Value>) {
    let mut table = Table::new(&[
        ("feed", Align::Left),
        ("deliveries", Align::Right),
        ("refused", Align::Right),
        ("superseded", Align::Right),
        ("rows", Align::Right),
        ("quarantined", Align::Right),
        ("pounds", Align::Right),
        ("last", Align::Left),
    ]);
    let mut names: Vec<(String, String)> = partnership.feeds.iter().map(|f| (f.council.to_string(), f.id.to_string())).collect();
    let undeclared = stand.records.iter().map(|r| (r.council.clone(), r.feed.clone())).filter(|name| !names.contains(name));
    let undeclared: BTreeSet<(String, String)> = undeclared.collect();
    names.extend(undeclared.iter().cloned());
    let mut list = Vec::new();
    for (council, feed) in names {
        let of: Vec<&DeliveryRecord> = stand.records.iter().filter(|r| r.is_of(&council, &feed)).collect();
        let standing = |r: &DeliveryRecord| stand.plan.deliveries.get(&r.delivery_id);
        let no_pounds = has_no_pounds(partnership, &council, &feed, &of);
        let refused = of.iter().filter(|r| r.state == DeliveryState::Refused).count();
        let is_superseded = |r: &&&DeliveryRecord| standing(r).is_some_and(|plan| matches!(plan.standing, Standing::SupersededBy(_)));
        let superseded = of.iter().filter(is_superseded).count();
        let (rows, sum): (u64, Pence) =
            of.iter().filter_map(|r| standing(r)).fold((0, 0), |(rows, pence), plan| (rows + plan.stands.0, pence + plan.stands.1));
        let quarantined: u64 = of.iter().filter(|r| !is_superseded(r)).map(|r| r.proof.quarantined).sum();
        let last = of.iter().max_by(|a, b| (a.turn(), &a.run, &a.coverage).cmp(&(b.turn(), &b.run, &b.coverage)));
        let last_text = last.map_or_else(|| "nothing yet".to_owned(), |r| format!("{} {} {}", covers(r), r.state.as_str(), r.source.name));
        let name = format!("{council}/{feed}");
        table.row([
            name.clone(),
            of.len().to_string(),
            refused.to_string(),
            superseded.to_string(),
            grouped(u128::from(rows)),
            grouped(u128::from(quarantined)),
            if no_pounds { "-".to_owned() } else { pounds(sum) },
            last_text,
        ]);
        list.push(json!({"feed": name, "declared": !undeclared.contains(&(council, feed)), "deliveries": of.len(), "refused": refused,
            "superseded": superseded, "rows": rows, "quarantined": quarantined, "amount": (!no_pounds).then(|| decimal(sum)),
            "last": last.map(|r| json!({"delivery_id": r.delivery_id, "covers": covers(r), "state": r.state.as_str(), "file": r.source.name}))}));
    }
    (table, list)
}

/// Whether the rows of a feed have no pounds: all that it brought have none or, of one that brought nothing, its common table has none.
fn has_no_pounds(partnership: &Partnership, council: &str, feed: &str, of: &[&DeliveryRecord]) -> bool {
    let declared = partnership.feed(council, feed);
    let table = declared.and_then(|feed| partnership.contracts.get(&format!("common/{}", feed.into)));
    let of_table = table.is_some_and(|table| table.special.amount.is_none());
    if of.is_empty() { of_table } else { of.iter().all(|r| r.proof.no_pounds || (r.proof.accepted == 0 && of_table)) }
}

/// Deliveries that came after what stands in a period and do not count there: `aa/spend 2023/P01: 0123… is refused; …abcd stands`.
fn passed_over(stand: &Stand) -> Vec<String> {
    let mut lines: BTreeMap<(String, String, String), Vec<Period>> = BTreeMap::new();
    for (slot, entry) in &stand.plan.periods {
        let Some(stands) = &entry.delivery else { continue };
        for newer in &entry.passed_over {
            lines.entry((slot.feed_name(), newer.clone(), stands.clone())).or_default().push(slot.period);
        }
    }
    let word = |id: &str| stand.plan.deliveries.get(id).map_or("", |plan| plan.standing.as_str());
    let line = |((feed, newer, stands), periods): (&(String, String, String), &Vec<Period>)| {
        format!("{feed} {}: delivery {newer}: {}; {stands} stands", spans(periods), word(newer))
    };
    lines.iter().map(line).collect()
}

/// Files that wait for others beside them, a marker, a sidecar; and in folders of this machine those that are left for newer ones. A source
/// that does not answer is for the run to report.
fn waiting(partnership: &Partnership, records: &[DeliveryRecord]) -> Vec<Diagnostic> {
    let mut waiting = Vec::new();
    for feed in partnership.feeds.iter().filter(|feed| waits_for_others(feed) || matches!(feed.from, Location::Folder(_))) {
        let listing = source::connect(&feed.from, &partnership.allow_hosts).and_then(|source| source.list());
        let Ok(listing) = listing else { continue };
        let of: Vec<&DeliveryRecord> = records.iter().filter(|r| r.is_of(&feed.council, &feed.id)).collect();
        let plan = plan_feed(feed, partnership.calendar, &listing, &of, Wish::default());
        let told = [codes::source::NOT_SETTLED, codes::control::SIDECAR_UNREADABLE, codes::control::OLDER_LEFT];
        let waits = |d: &Diagnostic| told.contains(&d.code);
        waiting.extend(plan.reports.into_iter().filter(waits));
    }
    waiting
}

/// Deliveries with faulty rows, and the reasons in groups.
///
/// # Errors
/// TC10…
pub fn quarantine_list(partnership: &Partnership) -> Answer<Page> {
    let lake = lake_there(partnership)?;
    let mut table = Table::new(&[
        ("delivery", Align::Left),
        ("feed", Align::Left),
        ("covers", Align::Left),
        ("file", Align::Left),
        ("state", Align::Left),
        ("rows", Align::Right),
        ("code", Align::Left),
        ("column", Align::Left),
        ("reason", Align::Left),
    ]);
    let mut list = Vec::new();
    let known = lake.register().all()?;
    let corrections = Corrections::of(lake.events(CORRECTIONS).all()?);
    let holders = holders(&known);
    let holds = |r: &DeliveryRecord| {
        r.periods().into_iter().any(|period| holders.get(&(&*r.council, &*r.feed, period)).is_some_and(|holder| holder.is(&r.delivery_id)))
    };
    for record in known.iter().filter(|r| r.proof.quarantined > 0) {
        let state = if record.is_accepted() && !holds(record) { "superseded" } else { record.state.as_str() };
        let Some(id) = DeliveryId::parse(&record.delivery_id) else { continue };
        let mut groups: BTreeMap<(String, String, String, bool), u64> = BTreeMap::new();
        for fault in read_quarantine(&lake.quarantine_file(&id))? {
            let left_out = corrections.row(id.as_str(), fault.source_row).is_some_and(|(_, row)| row.is_left_out());
            *groups.entry((fault.code, fault.column_name.unwrap_or_default(), fault.reason, left_out)).or_default() += 1;
        }
        for ((code, column, reason, left_out), rows) in groups {
            list.push(
                json!({"delivery_id": record.delivery_id, "feed": format!("{}/{}", record.council, record.feed), "covers": covers(record),
                "file": record.source.name, "state": state, "rows": rows, "code": code, "column": column, "reason": reason,
                "left_out": left_out}),
            );
            table.row([
                record.delivery_id.clone(),
                format!("{}/{}", record.council, record.feed),
                covers(record),
                record.source.name.clone(),
                if left_out { format!("{state}, left out") } else { state.to_owned() },
                grouped(u128::from(rows)),
                code,
                column,
                reason,
            ]);
        }
    }
    let text = if table.is_empty() {
        "no row is in quarantine\n".to_owned()
    } else {
        let is_personal = |r: &&DeliveryRecord| partnership.feed(&r.council, &r.feed).is_some_and(|feed| feed.personal.is_some());
        let (personal, other): (Vec<_>, Vec<_>) = known.iter().filter(|r| r.proof.quarantined > 0).partition(is_personal);
        let given_back = "the rows as they came: truecost quarantine show <delivery>; to give them back corrected: truecost quarantine export COUNCIL/FEED --out FILE.xlsx\n";
        let told = |all: &[&DeliveryRecord], text: String| if all.is_empty() { String::new() } else { text };
        let (other, personal) = (told(&other, given_back.to_owned()), told(&personal, format!("{PERSONAL_ROWS}\n")));
        format!("{}\n{other}{personal}", table.text())
    };
    Ok(Page::new("quarantine", text, json!(list)))
}

/// Stands for the row of a personal feed, of which no value is kept.
const NOT_KEPT: &str = "(not kept: the feed is personal)";

/// The faulty rows of a delivery.
///
/// # Errors
/// TC0105 where there is no such delivery.
pub fn quarantine_show(partnership: &Partnership, delivery: &str, most: usize) -> Answer<Page> {
    let lake = lake_there(partnership)?;
    let (id, record) = super::explain::find(&lake, delivery)?;
    let all = read_quarantine(&lake.quarantine_file(&id))?;
    let corrections = Corrections::of(lake.events(CORRECTIONS).all()?);
    let mut text = format!("{} {}: {}, {}\n", record.council, record.feed, record.source.name, covers(&record));
    let mut last = None;
    for fault in all.iter().take(most) {
        if last != Some(fault.source_row) {
            let raw = if fault.raw.is_empty() { NOT_KEPT.to_owned() } else { printable(&fault.raw) };
            text.push_str(&format!("\nline {}: {raw}\n", fault.source_row));
            if let Some((event, _)) = corrections.row(id.as_str(), fault.source_row).filter(|(_, row)| row.is_left_out()) {
                text.push_str(&format!("  left out for good by {} on {}: {}\n", printable(&event.by), event.at, printable(&event.reason)));
            }
            last = Some(fault.source_row);
        }
        let column = fault.column_name.as_deref().unwrap_or("the row");
        let seen = if fault.raw.is_empty() { String::new() } else { format!(" (seen: `{}`)", printable(&fault.value)) };
        text.push_str(&format!("  {} {column}: {}{seen}\n", fault.code, printable(&fault.reason)));
    }
    if all.is_empty() {
        text.push_str("no row of it is in quarantine\n");
    } else if all.len() > most {
        text.push_str(&format!("\n… and {}: -n {}\n", counted((all.len() - most) as u64, "more fault"), all.len()));
    }
    let list: Vec<Value> = all
        .iter()
        .take(most)
        .map(|f| json!({"source_row": f.source_row, "column": f.column_name, "code": f.code, "reason": f.reason, "value": f.value, "raw": f.raw}))
        .collect();
    Ok(Page::new("quarantine", text, json!({"delivery_id": id.as_str(), "faults": all.len(), "rows": list})))
}
