//! Opening a figure up: the page of a code, and the record behind a line.

use std::collections::BTreeSet;

use arrow::{
    array::Array,
    record_batch::RecordBatch,
    util::display::{ArrayFormatter, FormatOptions},
};
use serde_json::{Value, json};

use super::{
    ask::{latest, rows, tables},
    cost::line::went,
    page::{Align, Page, Table},
    standing::{Stand, lake_there},
};
use crate::{
    decode::{Judge, Reader, find_row},
    diagnostic::{Answer, Code, Diagnostic, Place, Refusal, Severity, codes},
    domain::{DeliveryId, Digest, counted, printable},
    lake::{
        CORRECTIONS, CorrectedRow, CorrectionEvent, Corrections, DeliveryRecord, Kept, Lake, LandedReader, QuarantinedValue,
        read_quarantine,
    },
    pipeline::{Basis, Feed, Partnership},
    plan::{self, PeriodState, Standing},
    schema::Column,
};

/// The page of one code, or a line for each of them.
///
/// # Errors
/// TC0104.
pub fn code(id: Option<&str>) -> Answer<Page> {
    let Some(id) = id else {
        let mut table = Table::new(&[
            ("code", Align::Left),
            ("who acts", Align::Left),
            ("exit", Align::Right),
            ("reports are", Align::Left),
            ("what", Align::Left),
        ]);
        for code in codes::all() {
            table.row([code.id.to_owned(), code.actor.as_str().to_owned(), code.exit.to_string(), severities(code), code.title.to_owned()]);
        }
        let list: Vec<Value> = codes::all()
            .map(|c| json!({"code": c.id, "actor": c.actor.as_str(), "exit": c.exit, "severities": severity_words(c), "title": c.title}))
            .collect();
        return Ok(Page::new("codes", table.text(), json!(list)));
    };
    let code = codes::find(id).ok_or_else(|| -> Refusal {
        Diagnostic::new(codes::command::UNKNOWN_CODE, format!("no report has the code `{id}`"))
            .expected("a code such as TC0203")
            .outcome("nothing was read")
            .hint("truecost explain code")
            .into()
    })?;
    let json = json!({"code": code.id, "actor": code.actor.as_str(), "exit": code.exit, "severities": severity_words(code), "title": code.title, "page": code.page});
    let (heading, rest) = code.page.split_once('\n').unwrap_or((code.page, ""));
    let can_be: Vec<String> = code.severities.iter().map(|severity| in_words(*severity)).collect();
    Ok(Page::new("code", format!("{heading}\n\n**Severity:** {}.\n{rest}", can_be.join("; or ")), json))
}

/// `error, note`: what the reports of a code can be.
fn severities(code: &Code) -> String {
    severity_words(code).join(", ")
}

fn severity_words(code: &Code) -> Vec<&'static str> {
    code.severities.iter().map(|severity| severity.as_str()).collect()
}

/// What a severity asks, and of whom.
fn in_words(severity: Severity) -> String {
    let asks = match severity {
        Severity::Error => "something was refused, or stops publication",
        Severity::Warning => "the run goes on, and somebody should look or act",
        Severity::Note => "nobody has to do anything; `truecost notes` lists it",
    };
    format!("{} ({asks})", severity.as_str())
}

/// The delivery with this id.
///
/// # Errors
/// TC0105.
pub fn find(lake: &Lake, delivery: &str) -> Answer<(DeliveryId, DeliveryRecord)> {
    let id = DeliveryId::parse(delivery);
    let found = id.as_ref().map(|id| lake.register().find(id)).transpose()?.flatten();
    id.zip(found).ok_or_else(|| {
        Diagnostic::new(codes::command::UNKNOWN_DELIVERY, format!("no delivery has the id `{delivery}`"))
            .expected("16 hex digits, as `truecost status --json` and the table `delivery` print them")
            .outcome("nothing was read")
            .hint("truecost query \"SELECT delivery_id, council, feed, file_name FROM ops.delivery\"")
            .into()
    })
}

/// The raw record, how it was read, and where its pounds went.
///
/// # Errors
/// TC0105 where there is no such delivery or row; TC1003 where the landed bytes are lost.
pub fn explain_line(partnership: &Partnership, delivery: &str, row: u64) -> Answer<Page> {
    let lake = lake_there(partnership)?;
    let (id, record) = find(&lake, delivery)?;
    let corrections = Corrections::of(lake.events(CORRECTIONS).all()?);
    let Came { raw, read, again } = as_it_came(partnership, &lake, (&id, &record), row, &corrections)?;
    let mut text =
        format!("{}/{} {} {}, line {row}\n\nas it came\n", record.council, record.feed, record.coverage.join(" "), record.source.name);
    raw.lines().for_each(|line| text.push_str(&format!("  {line}\n")));
    let mut json = json!({"delivery_id": id.as_str(), "file": record.source.name, "source_row": row, "raw": raw});
    if let Some((event, by_hand)) = corrections.row(id.as_str(), row) {
        text.push_str(&corrected_text(partnership, &record, event, by_hand));
        put(&mut json, "corrections", json!([{"by": event.by, "at": event.at, "reason": event.reason, "changes": by_hand.changes}]));
    }
    if let Some(values) = read.as_ref().filter(|_| !is_personal(partnership, &record) || partnership.query_personal) {
        text.push_str("\nas it was read\n");
        section(&mut text, values);
        put(&mut json, "read", object(values));
    }
    let quarantined: Vec<_> = read_quarantine(&lake.quarantine_file(&id))?.into_iter().filter(|f| f.source_row == row).collect();
    in_quarantine(&mut text, &mut json, &quarantined);
    let lines = cost_lines(partnership, &record, row)?;
    let why = match (lines.is_empty(), quarantined.is_empty()) {
        (true, true) => why_not(partnership, &record)?,
        (true, false) => ": it is in quarantine".to_owned(),
        (false, _) => String::new(),
    };
    // What cannot be read again is there where it was published; of what counts nowhere nobody can say.
    let counts = why.is_empty() || why == NOT_YET;
    if read.is_none() && quarantined.is_empty() && (again || (lines.is_empty() && counts)) {
        return Err(no_row(&record, row));
    }
    if read.is_none() && quarantined.is_empty() && lines.is_empty() {
        text.push_str("  whether a row starts on that line, nobody can say any more\n");
    }
    match no_cost_line(partnership, &record) {
        Some(said) => text.push_str(&format!("\n{said}{}\n", if why == NOT_YET { "" } else { &why })),
        None => where_it_went(&mut text, &mut json, &lines, &why),
    }
    if !lines.is_empty() {
        let (went, list) = went(partnership, &tables(partnership, &latest(partnership)?)?, &record.delivery_id, row)?;
        text.push_str(&went);
        put(&mut json, "allocated", list.into());
    }
    Ok(Page::new("line", text, json))
}

/// A record, as it came and as it is read now.
struct Came {
    /// Its text, or why it is not shown.
    raw: String,
    /// Its values by column; `None` where it is in quarantine, is no row, or cannot be read again.
    read: Option<Vec<(String, String)>>,
    /// Whether it can be read again.
    again: bool,
}

fn as_it_came(
    partnership: &Partnership,
    lake: &Lake,
    (id, record): (&DeliveryId, &DeliveryRecord),
    row: u64,
    corrections: &Corrections,
) -> Answer<Came> {
    let personal = is_personal(partnership, record);
    let is_there = Digest::parse(&record.sha256).is_some_and(|digest| lake.landing().has(&digest));
    let removed = lake.was_removed(Kept::Landed, &record.sha256)?.filter(|_| !is_there);
    if let Some(told) = removed.as_ref().filter(|_| personal) {
        return Err(pay_is_gone(record, row, told).into());
    }
    let again = if removed.is_some() { None } else { rereading(partnership, record)? };
    let raw = match (&again, personal, drops_columns(partnership, record)) {
        (None, ..) => removed.map_or_else(|| NOT_READ.to_owned(), |told| format!("(not shown: it is gone with its file, {told})")),
        (_, true, _) => NOT_TOLD.to_owned(),
        (_, _, true) => NOT_SHOWN.to_owned(),
        (Some(again), ..) => Reader::raw(&again.judge, again.open(lake)?, row)?.ok_or_else(|| no_row(record, row))?,
    };
    let corrected = |again: &Rereading<'_>| again.judge.clone().correcting(corrections.overlay(id.as_str()));
    let found = again.as_ref().map(|again| find_row(&corrected(again), again.open(lake)?, row)).transpose()?.flatten();
    Ok(Came { raw, read: found.map(|rows| values_at(&rows, 0)), again: again.is_some() })
}

/// The faults of the record, where it has any.
fn in_quarantine(text: &mut String, json: &mut Value, faults: &[QuarantinedValue]) {
    if faults.is_empty() {
        return;
    }
    text.push_str("\nin quarantine\n");
    for fault in faults {
        let column = fault.column_name.as_deref().unwrap_or("the row");
        text.push_str(&format!("  {} {column}: {}\n", fault.code, printable(&fault.reason)));
    }
    let list: Vec<Value> = faults.iter().map(|f| json!({"code": f.code, "column": f.column_name, "reason": f.reason})).collect();
    put(json, "quarantine", json!(list));
}

/// Every cost line of the record, or why there is none: with `rows: many` there are several. `cost_line` is there as well where there is one.
fn where_it_went(text: &mut String, json: &mut Value, lines: &[Vec<(String, String)>], why: &str) {
    match lines {
        [] => text.push_str(&format!("\nit is not in the latest release{why}\n")),
        [_] => text.push_str("\nwhere its pounds went\n"),
        many => text.push_str(&format!("\nwhere its pounds went: {}\n", counted(many.len() as u64, "line"))),
    }
    for (at, values) in lines.iter().enumerate() {
        text.push_str(if at > 0 { "\n" } else { "" });
        section(text, values);
    }
    if let [one] = lines {
        put(json, "cost_line", object(one));
    }
    put(json, "cost_lines", lines.iter().map(|values| object(values)).collect());
}

/// Said of a delivery that counts, and is in no release.
const NOT_YET: &str = ": not published yet";

/// What becomes of a record that is no line of cost; `None` where it is one.
fn no_cost_line(partnership: &Partnership, record: &DeliveryRecord) -> Option<String> {
    let feed = partnership.feed(&record.council, &record.feed)?;
    let into: &str = &feed.into;
    Some(match into {
        _ if Basis::of_table(into).is_some() => return None,
        "pay_line" => "it is no line of cost: by pay the payroll lines of the ledger divide; see payroll_difference and on_cost".to_owned(),
        "assignment" => "it is no line of cost: by posts pay divides, and headcount is counted; see on_cost and volume".to_owned(),
        "driver_volume" => "it is no line of cost: by volumes shared cost goes on; see volume and unplaced_volume".to_owned(),
        other => format!("it is no line of cost: it stands in lake.{other}"),
    })
}

/// Why a delivery, or a part of it, is in no figure.
fn why_not(partnership: &Partnership, record: &DeliveryRecord) -> Answer<String> {
    let stand = Stand::of(partnership)?;
    let Some(plan) = stand.plan.deliveries.get(&record.delivery_id) else { return Ok(String::new()) };
    let states: BTreeSet<String> = stand
        .plan
        .periods
        .values()
        .filter(|entry| {
            entry.delivery.as_deref() == Some(&record.delivery_id) && !matches!(entry.state, PeriodState::Counts | PeriodState::Frozen)
        })
        .map(|entry| entry.state.reason())
        .collect();
    Ok(match &plan.standing {
        Standing::SupersededBy(above) => format!(": superseded by {}", above.iter().cloned().collect::<Vec<_>>().join(", ")),
        Standing::CountsNowhere | Standing::CountsInPart if !states.is_empty() => {
            format!(": {}", states.into_iter().collect::<Vec<_>>().join("; "))
        }
        Standing::Counts => NOT_YET.to_owned(),
        other => format!(": its delivery is {}", other.as_str()),
    })
}

/// Stands for a record of which the contract drops a column: it rests in the landed bytes alone, and is printed nowhere.
const NOT_SHOWN: &str = "(not shown: the contract drops a column of it)";

/// Stands for the record of a delivery whose feed or contract is gone: nothing says how its bytes are read.
const NOT_READ: &str = "(not shown: the feed that read it, or its contract, is not declared any more)";

/// Stands for the record of a personal feed, which rests sealed and is printed nowhere; how it was read is shown where `query` may show it.
const NOT_TOLD: &str = "(not shown: the feed is personal)";

/// What a person made of a row, cell by cell; of a personal column, only that it was changed.
fn corrected_text(partnership: &Partnership, record: &DeliveryRecord, event: &CorrectionEvent, row: &CorrectedRow) -> String {
    let what = if row.is_left_out() { "left out for good" } else { "corrected" };
    let mut text = format!("\n{what} by {} on {}: {}\n", event.by, event.at, event.reason);
    let feed = partnership.feed(&record.council, &record.feed);
    let columns: Vec<&Column> = feed.iter().flat_map(|feed| &feed.contracts).flat_map(|(_, contract)| &contract.columns).collect();
    for change in &row.changes {
        let is_personal = columns.iter().any(|column| *column.name == *change.column && column.rules.personal.is_some());
        let said = if event.texts_gone {
            "changed; what it was and became is gone by `retention.personal`".to_owned()
        } else if is_personal {
            "changed; a personal value".to_owned()
        } else {
            format!("`{}` was `{}`", printable(&change.new), printable(&change.old))
        };
        text.push_str(&format!("  {}  {said}\n", change.column));
    }
    text
}

/// Whether the delivery's feed is one of personal data.
fn is_personal(partnership: &Partnership, record: &DeliveryRecord) -> bool {
    partnership.feeds.iter().any(|feed| feed.personal.is_some() && record.is_of(&feed.council, &feed.id))
}

/// Whether a contract of the delivery's feed drops a column.
fn drops_columns(partnership: &Partnership, record: &DeliveryRecord) -> bool {
    let feed = partnership.feed(&record.council, &record.feed);
    feed.is_some_and(|feed| feed.contracts.iter().any(|(_, contract)| contract.columns.iter().any(Column::is_dropped)))
}

/// The record went with the bytes of its delivery; what was published of it has no row of a person.
fn pay_is_gone(record: &DeliveryRecord, row: u64, told: &str) -> Diagnostic {
    let seen = format!("row {row} of {} is gone with its delivery {}, {told}", record.source.name, record.delivery_id);
    let covers = record.covers().map(|covers| covers.to_string()).unwrap_or_default();
    Diagnostic::new(codes::periods::PAY_IS_GONE, seen)
        .place(Place::file(format!("{} {covers}", record.feed_name())))
        .expected("a record that is younger than `retention.personal`")
        .outcome("nothing was changed; what was published of it stays")
        .hint("truecost explain cost says of what a figure of the period is made up")
}

fn no_row(record: &DeliveryRecord, row: u64) -> Refusal {
    Diagnostic::new(codes::command::UNKNOWN_DELIVERY, format!("no row of {} starts on line {row}", record.source.name))
        .expected("the `source_row` of a line: the physical line on which its record starts, from 1")
        .outcome("nothing was changed")
        .hint(format!("truecost query \"SELECT source_row, amount FROM cost_line WHERE delivery_id = '{}' LIMIT 10\"", record.delivery_id))
        .into()
}

fn put(object: &mut Value, key: &str, value: Value) {
    if let Some(fields) = object.as_object_mut() {
        fields.insert(key.to_owned(), value);
    }
}

fn section(text: &mut String, values: &[(String, String)]) {
    let width = values.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    for (name, value) in values {
        let gap = " ".repeat(width - name.len());
        text.push_str(&format!("  {name}{gap}  {}\n", printable(value)));
    }
}

fn object(values: &[(String, String)]) -> Value {
    values.iter().map(|(name, value)| (name.clone(), json!(value))).collect::<serde_json::Map<_, _>>().into()
}

/// How a delivery was read: its judge, and its landed bytes.
struct Rereading<'a> {
    feed: &'a Feed,
    judge: Judge,
    digest: Digest,
}

impl Rereading<'_> {
    fn open(&self, lake: &Lake) -> Answer<LandedReader> {
        lake.landing().open(&self.digest, self.feed.sealing())
    }
}

/// `None` where the delivery's feed, or the contract by which it was read, is not there any more.
fn rereading<'a>(partnership: &'a Partnership, record: &DeliveryRecord) -> Answer<Option<Rereading<'a>>> {
    let feed = partnership.feed(&record.council, &record.feed);
    let (Some(feed), Some(digest)) = (feed, Digest::parse(&record.sha256)) else { return Ok(None) };
    Ok(plan::judge_as_now(partnership, feed, record)?.map(|judge| Rereading { feed, judge, digest }))
}

/// None where nothing has been published yet.
fn cost_lines(partnership: &Partnership, record: &DeliveryRecord, row: u64) -> Answer<Vec<Vec<(String, String)>>> {
    let release = match latest(partnership) {
        Ok(release) => release,
        Err(refusal) if refusal.0.iter().all(|d| d.code == codes::command::NO_RELEASE) => return Ok(Vec::new()),
        Err(refusal) => return Err(refusal),
    };
    let all = tables(partnership, &release)?;
    let sql = format!("SELECT * FROM cost_line WHERE delivery_id = '{}' AND source_row = {row} ORDER BY line_part", record.delivery_id);
    let found = rows(&all, &sql)?;
    Ok(found.iter().flat_map(|batch| (0..batch.num_rows()).map(|at| values_at(batch, at))).collect())
}

/// Names and values of one row; what is null is left out.
fn values_at(batch: &RecordBatch, row: usize) -> Vec<(String, String)> {
    let options = FormatOptions::default();
    let value = |column: &dyn Array| ArrayFormatter::try_new(column, &options).map(|f| f.value(row).to_string()).unwrap_or_default();
    let fields = batch.schema_ref().fields().iter().zip(batch.columns());
    fields.filter(|(_, c)| c.is_valid(row)).map(|(field, column)| (field.name().clone(), value(column.as_ref()))).collect()
}
