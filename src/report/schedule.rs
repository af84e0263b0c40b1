//! When feeds and the cost run are due.

use serde_json::{Value, json};

use super::page::Page;
use crate::pipeline::{
    Partnership,
    schedule::{Schedule, civil},
};

/// One schedule: its name with the words of the file, and its next times.
pub(super) type Due = (String, Vec<String>);

/// The next `count` times of every schedule, from an instant in seconds since 1970.
#[must_use]
pub fn schedule(partnership: &Partnership, from: i64, count: usize) -> Page {
    let rows = due(partnership, from, count);
    let mut text: String = rows.iter().map(lines).collect();
    if rows.is_empty() {
        text.push_str("no feed has a schedule\n");
    }
    Page::new("schedule", text, json!(to_json(&rows)))
}

pub(super) fn due(partnership: &Partnership, from: i64, count: usize) -> Vec<Due> {
    let named = partnership.feeds.iter().filter_map(|feed| Some((feed.name(), feed.schedule.clone()?)));
    let cost = partnership.cost.schedule.clone().map(|text| ("cost run".to_owned(), text));
    named
        .chain(cost)
        .filter_map(|(name, text)| {
            let schedule = Schedule::parse(&text).ok()?;
            let times = schedule.next(from, count).into_iter().map(civil).chain(schedule.note()).collect();
            Some((format!("{name}  {text}"), times))
        })
        .collect()
}

/// The name, and a line for each time.
pub(super) fn lines((name, times): &Due) -> String {
    let times: String = times.iter().map(|time| format!("  {time}\n")).collect();
    format!("{name}\n{times}")
}

pub(super) fn to_json(rows: &[Due]) -> Vec<Value> {
    rows.iter().map(|(name, times)| json!({"name": name, "next": times})).collect()
}
