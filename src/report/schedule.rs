//! When feeds and the cost run are due, what they took last, and how that ended.

use serde_json::{Value, json};

use super::page::{Align, Page, Table};
use crate::{
    diagnostic::{Answer, Diagnostic, Severity},
    domain::{COST, counted, instant_text},
    lake::{SlotBook, SlotTaken, SlotsOf},
    pipeline::{
        Partnership, Timing,
        schedule::{Schedule, civil},
    },
    run::{self, KnownSlots, known_slots, timings},
    schema::{Cell, Type, proof_table},
};

/// One schedule: its name with the words of the file, and its next times.
pub(super) type Due = (String, Vec<String>);

/// The next `count` times of every schedule, from an instant in seconds since 1970.
#[must_use]
pub fn schedule(partnership: &Partnership, from: i64, count: usize) -> Page {
    let rows = due(partnership, from, count);
    let mut text: String = rows.iter().map(lines).collect();
    if rows.is_empty() {
        text.push_str(NOTHING);
    }
    Page::new("schedule", text, json!(to_json(&rows)))
}

const NOTHING: &str = "nothing is scheduled: a feed or cost.yaml with a `schedule` is\n";

pub(super) fn due(partnership: &Partnership, from: i64, count: usize) -> Vec<Due> {
    let one = |(name, timing): (String, &Timing)| {
        let schedule = &timing.schedule;
        let times = schedule.next(from, count).into_iter().map(civil).chain(schedule.note()).collect();
        (format!("{}  {}", called(&name), schedule.text), times)
    };
    timings(partnership).into_iter().map(one).collect()
}

/// The name, and a line for each time.
pub(super) fn lines((name, times): &Due) -> String {
    let times: String = times.iter().map(|time| format!("  {time}\n")).collect();
    format!("{name}\n{times}")
}

pub(super) fn to_json(rows: &[Due]) -> Vec<Value> {
    rows.iter().map(|(name, times)| json!({"name": name, "next": times})).collect()
}

fn called(name: &str) -> &str {
    if name == COST { "cost run" } else { name }
}

/// Every schedule with the slot that was taken last, how that ended, and the next; with warnings where the record cannot be read.
///
/// # Errors
/// TC1002.
pub fn schedule_list(partnership: &Partnership, now: i64) -> Answer<(Page, Vec<Diagnostic>)> {
    let KnownSlots { book, unreadable, .. } = known_slots(partnership, false)?;
    let timings = timings(partnership);
    let rows: Vec<Row<'_>> =
        timings.iter().map(|(name, timing)| Row { name, schedule: Some(&timing.schedule), of: book.names.get(name) }).collect();
    Ok((listed(&rows, now, None), unreadable))
}

/// The same where the configuration is not valid: what was taken, and that nothing is taken before `faults` are mended.
#[must_use]
pub fn schedule_held(book: &SlotBook, faults: &[Diagnostic], now: i64) -> Page {
    let rows: Vec<Row<'_>> = book.names.iter().map(|(name, of)| Row { name, schedule: None, of: Some(of) }).collect();
    listed(&rows, now, Some(&held_by(faults)))
}

/// `held: TC0604 pipelines/newham/general_ledger.yaml:12`.
#[must_use]
pub fn held_by(reports: &[Diagnostic]) -> String {
    let first = reports.iter().find(|d| d.severity == Severity::Error).or_else(|| reports.first());
    let Some(first) = first else { return "held: the configuration is not valid".to_owned() };
    let place = first.place.as_ref().map(|place| match place.line {
        Some(line) => format!(" {}:{line}", place.file),
        None => format!(" {}", place.file),
    });
    format!("held: {}{}", first.code.id, place.unwrap_or_default())
}

/// One name, as far as it is known.
struct Row<'a> {
    name: &'a str,
    /// `None` where the file that says it is not valid.
    schedule: Option<&'a Schedule>,
    of: Option<&'a SlotsOf>,
}

impl Row<'_> {
    fn text(&self) -> String {
        self.schedule.map_or_else(|| self.of.map(|of| of.schedule.clone()).unwrap_or_default(), |schedule| schedule.text.clone())
    }

    fn last(&self) -> Option<&SlotTaken> {
        self.of.and_then(SlotsOf::last)
    }

    fn next(&self, now: i64) -> Option<i64> {
        self.schedule.and_then(|schedule| schedule.next(now, 1).first().copied())
    }

    fn to_json(&self, now: i64, held: Option<&str>) -> Value {
        let last = self.last().map(|last| {
            json!({"slot": instant_text(last.slot), "claimed": instant_text(last.claimed), "attempts": last.attempts, "skipped": last.skipped,
            "ended": last.end.as_ref().map(|end| instant_text(end.at)), "exit": last.end.as_ref().map(|end| end.exit),
            "retry": last.end.as_ref().map(|end| end.retry), "run": last.end.as_ref().and_then(|end| end.run),
            "codes": last.end.as_ref().map(|end| end.codes.clone())})
        });
        json!({"name": self.name, "schedule": self.text(), "last": last, "held": held, "next": self.next(now).map(instant_text)})
    }
}

fn listed(rows: &[Row<'_>], now: i64, held: Option<&str>) -> Page {
    let head = ["name", "schedule", "last", "outcome", "next"].map(|name| (name, Align::Left));
    let mut table = Table::new(&head);
    for row in rows {
        let next = row.next(now).map_or_else(String::new, civil);
        let last = row.last().map_or_else(|| "none yet".to_owned(), |last| civil(last.slot));
        let note = row.schedule.and_then(Schedule::note).map(|note| format!("; {note}")).unwrap_or_default();
        table.row([called(row.name).to_owned(), row.text(), last, outcome(row.last()), held.map_or(next + &note, str::to_owned)]);
    }
    let text = if rows.is_empty() { held.map_or_else(|| NOTHING.to_owned(), |held| format!("{held}\n")) } else { table.text() };
    Page::new("schedule", text, json!(rows.iter().map(|row| row.to_json(now, held)).collect::<Vec<_>>()))
}

/// `exit 0, run 12`, `under way, or it died`, `exit 3, tried 2 times, 4 slots before it skipped`.
fn outcome(last: Option<&SlotTaken>) -> String {
    let Some(last) = last else { return String::new() };
    let mut text = match &last.end {
        None => "under way, or it died".to_owned(),
        Some(end) => {
            let run = end.run.map_or_else(|| ", nothing new".to_owned(), |run| format!(", run {run}"));
            let codes = if end.codes.is_empty() { String::new() } else { format!(" ({})", end.codes.join(" ")) };
            format!("exit {}{codes}{}", end.exit, if end.exit == 0 || end.run.is_some() { run } else { String::new() })
        }
    };
    if last.attempts > 1 {
        text.push_str(&format!(", tried {} times", last.attempts));
    }
    if last.skipped > 0 {
        text.push_str(&format!(", {} before it skipped", counted(last.skipped, "slot")));
    }
    text
}

/// `ops.slot`: the slots that were taken last, by name.
pub(super) fn ops_slot(partnership: &Partnership) -> Answer<arrow::record_batch::RecordBatch> {
    let text = ["name", "schedule", "slot", "claimed_at", "ended_at", "codes"].map(|name| (name, Type::Text));
    let numbers = ["attempts", "skipped", "exit", "run"].map(|name| (name, Type::BigInt));
    let columns: Vec<(&str, Type)> = text.into_iter().chain(numbers).collect();
    let book = run::slots_of(partnership)?;
    let row = |name: &str, of: &SlotsOf, taken: &SlotTaken| -> Vec<Cell> {
        let end = taken.end.as_ref();
        vec![
            name.into(),
            of.schedule.as_str().into(),
            instant_text(taken.slot).into(),
            instant_text(taken.claimed).into(),
            end.map_or(Cell::Null, |end| instant_text(end.at).into()),
            end.map_or(Cell::Null, |end| end.codes.join(" ").into()),
            u64::from(taken.attempts).into(),
            taken.skipped.into(),
            end.map_or(Cell::Null, |end| u64::from(end.exit).into()),
            end.and_then(|end| end.run).map_or(Cell::Null, Cell::from),
        ]
    };
    let rows: Vec<Vec<Cell>> = book.names.iter().flat_map(|(name, of)| of.taken.iter().map(move |taken| row(name, of, taken))).collect();
    proof_table(&columns, &rows)
}
