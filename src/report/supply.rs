//! The supply calendar as a table.

use arrow::record_batch::RecordBatch;
use serde_json::{Value, json};

use super::page::{Align, Page, Table};
use crate::{
    diagnostic::{Answer, Refusal},
    domain::{Period, counted},
    lake::{DeliveryRecord, Lake, SupplyWord},
    pipeline::{Missing, Partnership},
    plan::{Supply, SupplyState, spans},
    run::{
        Waive, Waived,
        clock::{Clock as _, ProcessClock},
        overdue, supply_of,
    },
    schema::{Cell, Type, proof_table},
};

/// What is expected and what became of it: of one period, or whatever is not settled and what was expected last.
#[must_use]
pub fn supply(states: &[Supply], period: Option<Period>) -> Page {
    let (shown, settled) = shown(states, period);
    let mut table = Table::new(&[
        ("feed", Align::Left),
        ("period", Align::Left),
        ("due", Align::Left),
        ("state", Align::Left),
        ("delivery", Align::Left),
    ]);
    for s in &shown {
        table.row([s.slot.feed_name(), s.slot.period.to_string(), s.due.spoken(), s.state.as_str().to_owned(), s.says.clone()]);
    }
    let mut text = match (shown.is_empty(), period) {
        (false, _) => table.text(),
        (true, Some(period)) => format!("nothing is expected of {period}: no feed says when it is due (`due`), or not for this period\n"),
        (true, None) => "nothing is expected: no feed says when it is due (`due`)\n".to_owned(),
    };
    if let Some(last) = settled.last() {
        let count = counted(settled.len() as u64, "delivery");
        text.push_str(&format!("\n{count} more, accepted or waived: truecost supply --period {}\n", last.slot.period));
    }
    Page::new("supply", text, json!({"expected": shown.iter().map(|s| to_json(s)).collect::<Vec<_>>()}))
}

/// What is shown, and what is left out: settled ones of periods before the last of which anything was due.
fn shown(states: &[Supply], period: Option<Period>) -> (Vec<&Supply>, Vec<&Supply>) {
    if period.is_some() {
        return (states.iter().filter(|s| period == Some(s.slot.period)).collect(), Vec::new());
    }
    let is_settled = |s: &Supply| matches!(s.state, SupplyState::Accepted | SupplyState::Waived);
    let begun = states.iter().filter(|s| s.days.is_none_or(|days| days.0 >= 0) || s.state == SupplyState::Accepted);
    let last = begun.map(|s| s.slot.period).max();
    let wanted = |s: &&Supply| !is_settled(s) || last.is_none_or(|last| s.slot.period >= last);
    states.iter().partition(wanted)
}

/// One expected period as programs read it.
#[must_use]
pub fn to_json(s: &Supply) -> Value {
    json!({"feed": s.slot.feed_name(), "period": s.slot.period.to_string(), "due": s.due.to_string(), "state": s.state.as_str(),
        "delivery_id": s.delivery, "working_days": s.days.map(|days| days.0), "overdue": s.overdue, "says": s.says})
}

/// 4 while something is overdue, of the period that is asked about or of any; else 0.
#[must_use]
pub fn supply_exit(partnership: &Partnership, states: &[Supply], period: Option<Period>) -> u8 {
    let asked: Vec<Supply> = states.iter().filter(|s| period.is_none_or(|period| period == s.slot.period)).cloned().collect();
    let late = overdue(partnership, &asked);
    if late.is_empty() { 0 } else { Refusal(late).exit_code() }
}

/// What a person let go, or took back: a line for all periods of which the same is to be said.
#[must_use]
pub fn waived(partnership: &Partnership, said: &Waive, became: &[Waived]) -> Page {
    let mut lines: Vec<(String, Vec<Period>)> = Vec::new();
    for one in became {
        let what = became_of(partnership, said, one);
        match lines.iter_mut().find(|(line, _)| *line == what) {
            Some((_, periods)) => periods.push(one.period),
            None => lines.push((what, vec![one.period])),
        }
    }
    let text: String = lines.iter().map(|(what, periods)| format!("{} {}: {what}\n", said.feed, spans(periods))).collect();
    let changed = became.iter().any(|one| one.changed);
    let json = json!({"feed": said.feed, "period": said.named(), "waived": said.what == SupplyWord::Waive, "changed": changed});
    Page::new("supply", text, json)
}

fn became_of(partnership: &Partnership, said: &Waive, became: &Waived) -> String {
    let carries = partnership.feed_named(&said.feed).is_some_and(|feed| feed.missing == Missing::Carry);
    let accepted = became.now.as_ref().filter(|now| now.state == SupplyState::Accepted).and_then(|now| now.delivery.as_deref());
    match (said.what, accepted) {
        (SupplyWord::Waive, _) if !became.changed => "waived already".to_owned(),
        (SupplyWord::Waive, _) if became.closed => {
            format!("waived, and nothing changes before {} is reopened: it is closed", became.period)
        }
        (SupplyWord::Waive, Some(id)) => format!(
            "waived, and nothing changes: delivery {id} stands and counts; to take it out: truecost withdraw {id} --by NAME --reason TEXT"
        ),
        (SupplyWord::Waive, None) if carries => {
            "waived: nothing of it is late or missing any more, and from the next run on no earlier month stands in for it".to_owned()
        }
        (SupplyWord::Waive, None) => "waived: nothing of it is late or missing any more".to_owned(),
        (SupplyWord::Undo, Some(id)) => format!("waived no longer: delivery {id} stands and counts"),
        (SupplyWord::Undo, None) if became.closed => format!("expected again when {} is reopened: it is closed", became.period),
        (SupplyWord::Undo, None) => "expected again".to_owned(),
    }
}

/// `ops.supply`: every expected period of every feed, and what became of it by today. `working_days` counts from the due day, below nought
/// before it.
pub(super) fn ops_supply(partnership: &Partnership, records: &[DeliveryRecord]) -> Answer<RecordBatch> {
    let lake = Lake::at(&partnership.landing, &partnership.lake, &partnership.published)?;
    let states = supply_of(partnership, &lake, records, ProcessClock.now().civil_day())?.states;
    let columns = [
        ("council", Type::Text),
        ("feed", Type::Text),
        ("fiscal_year", Type::SmallInt),
        ("period", Type::TinyInt),
        ("due", Type::Date),
        ("state", Type::Text),
        ("overdue", Type::Boolean),
        ("delivery_id", Type::Text),
        ("working_days", Type::BigInt),
        ("says", Type::Text),
    ];
    let row = |s: &Supply| -> Vec<Cell> {
        vec![
            s.slot.council.as_str().into(),
            s.slot.feed.as_str().into(),
            i64::from(s.slot.period.year).into(),
            i64::from(s.slot.period.period).into(),
            Cell::Day(s.due.0),
            s.state.as_str().into(),
            s.overdue.into(),
            s.delivery.as_deref().map_or(Cell::Null, Cell::from),
            s.days.map_or(Cell::Null, |days| days.0.into()),
            s.says.as_str().into(),
        ]
    };
    proof_table(&columns, &states.iter().map(row).collect::<Vec<_>>())
}
