//! Quarantined rows as a workbook that a person fills in, and what that person changed.
//!
//! Every cell is text: nothing in the workbook is a number, a date or a formula, so nothing is changed by the program that opens it. A row is
//! known by its delivery, its line and the SHA-256 of what stands there; the cells of the record follow, by the contract's names.

use std::collections::{BTreeMap, BTreeSet};

use rust_xlsxwriter::{Color, Format, FormatBorder, Note, Workbook, Worksheet, XlsxError};
use serde_json::json;

use super::{
    book::{Returned, is_number, not_taken},
    page::Page,
    standing::lake_there,
};
use crate::{
    decode::Original,
    diagnostic::{Answer, Diagnostic, Place, Refusal, codes},
    domain::{DeliveryId, Period, counted, printable, rows_and_pounds},
    lake::{CORRECTIONS, Corrections, DeliveryRecord, DeliveryState, Lake, QuarantinedValue, read_quarantine},
    pipeline::{Feed, Partnership},
    plan,
    run::{Correction, Delivery, RowAsked},
};

/// The sheet of the rows, and the columns that say which row it is.
const SHEET: &str = "rows";
const IDENTITY: [&str; 4] = ["delivery", "row", "sha256", "what is wrong"];
/// Stands for what is not written down: a personal value, or a text too long for a cell. Left alone, it changes nothing.
const NOT_SHOWN: &str = "(not shown)";
/// Characters that a cell can hold.
const CELL_LIMIT: usize = 32_767;
/// Rows that a sheet can hold, headings apart.
const ROW_LIMIT: usize = 1_000_000;

/// A delivery with its faulty rows.
struct Faulty<'p> {
    feed: &'p Feed,
    record: DeliveryRecord,
    faults: BTreeMap<u64, Vec<QuarantinedValue>>,
}

/// The workbook of a feed's quarantined rows, and what to say of it.
///
/// # Errors
/// TC0103 where there is no such feed, TC0470 where nothing is in quarantine; TC10….
pub fn quarantine_export(partnership: &Partnership, feed: &str, period: Option<Period>) -> Answer<(Vec<u8>, Page)> {
    let lake = lake_there(partnership)?;
    let Some(feed) = partnership.feed_named(feed) else {
        let known: Vec<String> = partnership.feeds.iter().map(Feed::name).collect();
        return Err(Diagnostic::new(codes::command::NOTHING_SELECTED, format!("`{feed}` is no feed of this partnership"))
            .expected(if known.is_empty() { "a feed; none is declared yet".to_owned() } else { format!("one of {}", known.join(", ")) })
            .outcome("nothing was written")
            .hint("truecost quarantine list")
            .into());
    };
    let deliveries = faulty(&lake, feed, period)?;
    let rows: usize = deliveries.iter().map(|faulty| faulty.faults.len()).sum();
    if rows == 0 || rows > ROW_LIMIT {
        let seen = if rows == 0 {
            format!("no row of {} waits to be corrected", feed.name())
        } else {
            format!("{} of {} are in quarantine", counted(rows as u64, "row"), feed.name())
        };
        return Err(Diagnostic::new(codes::control::NOT_CORRECTED, seen)
            .expected(format!(
                "1 to {ROW_LIMIT} quarantined rows that nobody has corrected or left out, of deliveries that stand, wait or were refused"
            ))
            .outcome("nothing was written")
            .hint("truecost quarantine list")
            .into());
    }
    let bytes = written(partnership, &lake, feed, &deliveries)?;
    let ids: Vec<&str> = deliveries.iter().map(|faulty| faulty.record.delivery_id.as_str()).collect();
    let text = format!("{} of {} in {}\n", counted(rows as u64, "row"), feed.name(), counted(ids.len() as u64, "delivery"));
    Ok((bytes, Page::new("quarantine_export", text, json!({"feed": feed.name(), "deliveries": ids, "rows": rows}))))
}

/// Deliveries of the feed that count, wait or were refused, with what is wrong in them and nobody has corrected or left out.
fn faulty<'p>(lake: &Lake, feed: &'p Feed, period: Option<Period>) -> Answer<Vec<Faulty<'p>>> {
    let known = lake.register().all()?;
    let corrections = Corrections::of(lake.events(CORRECTIONS).all()?);
    let of_feed: Vec<&DeliveryRecord> = known.iter().filter(|r| r.is_of(&feed.council, &feed.id)).collect();
    let mut found = Vec::new();
    for record in &of_feed {
        let is_over = match record.state {
            DeliveryState::Accepted => !record.stands(&of_feed),
            DeliveryState::Refused => plan::is_replaced(&known, record),
            DeliveryState::Waiting => false,
            DeliveryState::Withdrawn => true,
        };
        let asked = period.is_none_or(|period| record.periods().contains(&period));
        let Some(id) = DeliveryId::parse(&record.delivery_id).filter(|_| asked && !is_over) else { continue };
        let mut faults: BTreeMap<u64, Vec<QuarantinedValue>> = BTreeMap::new();
        let is_open = |fault: &QuarantinedValue| corrections.row(&record.delivery_id, fault.source_row).is_none();
        for fault in read_quarantine(&lake.quarantine_file(&id))?.into_iter().filter(is_open) {
            faults.entry(fault.source_row).or_default().push(fault);
        }
        if !faults.is_empty() {
            found.push(Faulty { feed, record: (*record).clone(), faults });
        }
    }
    Ok(found)
}

fn written(partnership: &Partnership, lake: &Lake, feed: &Feed, deliveries: &[Faulty<'_>]) -> Answer<Vec<u8>> {
    let mut columns: Vec<String> = Vec::new();
    let mut hidden: BTreeSet<String> = BTreeSet::new();
    for column in feed.contracts.iter().flat_map(|(_, contract)| &contract.columns) {
        let name = column.name.to_string();
        if column.rules.personal.is_some() {
            hidden.insert(name.clone());
        }
        if !columns.contains(&name) {
            columns.push(name);
        }
    }
    let mut workbook = Workbook::new();
    let mut line = 1;
    let book = Book::new(feed.personal.is_some(), columns, hidden);
    {
        let sheet = workbook.add_worksheet();
        book.headings(sheet).map_err(no_workbook)?;
        for faulty in deliveries {
            let there = plan::as_they_came(partnership, lake, faulty.feed, &faulty.record, &faulty.faults.keys().copied().collect())?;
            for (row, faults) in &faulty.faults {
                book.row(sheet, line, (&faulty.record.delivery_id, *row), faults, there.get(row)).map_err(no_workbook)?;
                line += 1;
            }
        }
    }
    how_to(workbook.add_worksheet(), feed.personal.is_some()).map_err(no_workbook)?;
    workbook.save_to_buffer().map_err(no_workbook)
}

#[allow(clippy::needless_pass_by_value)] // what `map_err` gives
fn no_workbook(error: XlsxError) -> Refusal {
    Diagnostic::new(codes::lake::FILE_SYSTEM, format!("the workbook cannot be written: {error}"))
        .expected("room and memory for it")
        .outcome("nothing was written")
        .hint("export one period at a time: --period")
        .into()
}

/// How the sheet of the rows looks.
struct Book {
    columns: Vec<String>,
    hidden: BTreeSet<String>,
    heading: Format,
    identity: Format,
    open: Format,
    wrong: Format,
}

impl Book {
    fn new(personal: bool, columns: Vec<String>, hidden: BTreeSet<String>) -> Self {
        let text = Format::new().set_num_format("@").set_border(FormatBorder::Thin);
        Self {
            columns: if personal { Vec::new() } else { columns },
            hidden,
            heading: text.clone().set_bold(),
            identity: text.clone().set_background_color(Color::RGB(0x00EE_EEEE)).set_text_wrap(),
            open: text.clone().set_unlocked(),
            wrong: text.set_unlocked().set_background_color(Color::RGB(0x00FF_E699)),
        }
    }

    fn headings(&self, sheet: &mut Worksheet) -> Result<(), XlsxError> {
        sheet.set_name(SHEET)?.protect().set_freeze_panes(1, 0)?;
        sheet.set_column_width(2, 14)?.set_column_width(3, 60)?.set_column_width(0, 18)?;
        let names = IDENTITY.iter().copied().chain(self.columns.iter().map(String::as_str));
        for (at, name) in (0..).zip(names) {
            sheet.write_string_with_format(0, at, name, &self.heading)?;
        }
        Ok(())
    }

    fn row(
        &self,
        sheet: &mut Worksheet,
        line: u32,
        (delivery, row): (&str, u64),
        faults: &[QuarantinedValue],
        original: Option<&Original>,
    ) -> Result<(), XlsxError> {
        let reasons: Vec<String> = faults
            .iter()
            .map(|fault| format!("{}: {}", fault.column_name.as_deref().unwrap_or("the row"), printable(&fault.reason)))
            .collect();
        let sha256 = original.map(|original| original.sha256.clone()).unwrap_or_default();
        let identity = [delivery.to_owned(), row.to_string(), sha256, shortened(&reasons.join("; "))];
        for (at, text) in (0..).zip(&identity) {
            sheet.write_string_with_format(line, at, text, &self.identity)?;
        }
        for (at, column) in (4..).zip(&self.columns) {
            let Some(cell) = original.and_then(|original| original.cell(column)) else { continue };
            let why: Vec<&str> = faults.iter().filter(|f| f.column_name.as_ref() == Some(column)).map(|f| f.reason.as_str()).collect();
            let format = if why.is_empty() { &self.open } else { &self.wrong };
            let shown = if self.hidden.contains(column) || cell.chars().count() > CELL_LIMIT { NOT_SHOWN } else { cell };
            sheet.write_string_with_format(line, at, shown, format)?;
            if !why.is_empty() {
                sheet.insert_note(line, at, &Note::new(shortened(&why.join("; "))))?;
            }
        }
        Ok(())
    }
}

/// What a cell or a note can hold.
fn shortened(text: &str) -> String {
    text.chars().take(2_000).collect()
}

/// What to do with rows of a personal feed, of which no value is told to anybody.
pub(super) const PERSONAL_ROWS: &str = "no value of a personal feed goes out: a corrected file from the sender replaces it; a row that nobody can correct: truecost quarantine leave-out DELIVERY --row ROW --by NAME --reason TEXT";

/// What to do with an exported workbook.
#[must_use]
pub fn after_export(partnership: &Partnership, feed: &str, file: &str) -> String {
    if partnership.feed_named(feed).is_some_and(|feed| feed.personal.is_some()) {
        return format!("it says which rows and why; {PERSONAL_ROWS}");
    }
    format!("correct the marked cells, then: truecost quarantine correct {file} --by NAME --reason TEXT")
}

fn how_to(sheet: &mut Worksheet, personal: bool) -> Result<(), XlsxError> {
    let of_persons = ["The sheet `rows` says which rows are in quarantine, and why: it is for whoever asks the sender.", PERSONAL_ROWS];
    let text = [
        "Correct the marked cells of the sheet `rows`: write what should have stood in the file, as the file would print it.",
        "Any cell of a row can be changed but the grey ones, which say which row it is. Rows that you leave as they are stay in quarantine.",
        "A cell that says (not shown) holds a personal value, or one too long for a cell: leave it so, or write the whole new value.",
        "Save the workbook as .xlsx, then: truecost quarantine correct FILE.xlsx --by NAME --reason TEXT",
        "A row that nobody can correct: truecost quarantine leave-out DELIVERY --row ROW --by NAME --reason TEXT",
    ];
    sheet.set_name("how to")?.set_column_width(0, 130)?;
    let text: &[&str] = if personal { &of_persons } else { &text };
    for (line, text) in (0..).zip(text) {
        sheet.write_string(line, 0, *text)?;
    }
    Ok(())
}

/// What a person changed in an exported workbook, by delivery: rows in which a cell differs from what the file holds.
///
/// # Errors
/// TC0472 where it is no such workbook.
pub fn corrections_in(partnership: &Partnership, file: &str, bytes: &[u8]) -> Answer<BTreeMap<String, Vec<RowAsked>>> {
    let lake = lake_there(partnership)?;
    let mut by_delivery: BTreeMap<String, Vec<Written>> = BTreeMap::new();
    rows_in(file, bytes)?.into_iter().for_each(|row| by_delivery.entry(row.delivery.clone()).or_default().push(row));
    let known = lake.register().all()?;
    let mut asked = BTreeMap::new();
    for (delivery, rows) in by_delivery {
        let record = known.iter().find(|record| record.is(&delivery));
        let feed = record.and_then(|record| partnership.feed(&record.council, &record.feed));
        let there = match record.zip(feed) {
            Some((record, feed)) => plan::as_they_came(partnership, &lake, feed, record, &rows.iter().map(|row| row.source_row).collect())?,
            None => BTreeMap::new(),
        };
        let changed: Vec<RowAsked> = rows.into_iter().filter_map(|row| row.changed(there.get(&row.source_row))).collect();
        asked.insert(delivery, changed);
    }
    Ok(asked)
}

/// A row of the workbook as it came back.
struct Written {
    delivery: String,
    source_row: u64,
    sha256: String,
    cells: Vec<WrittenCell>,
}

/// What stands under a heading of the file.
struct WrittenCell {
    column: String,
    text: String,
    /// It is a number, of which a spreadsheet keeps no noughts at its ends.
    number: bool,
}

impl Written {
    /// What differs; `None` where nothing does. A row that the file does not have is given whole: it is refused by who looks for it.
    fn changed(&self, original: Option<&Original>) -> Option<RowAsked> {
        let differs = |WrittenCell { column, text, number }: &&WrittenCell| match original.map(|original| original.cell(column)) {
            Some(Some(old)) => text != NOT_SHOWN && in_a_cell(old) != in_a_cell(text) && !(*number && is_number(old, text)),
            Some(None) => !text.is_empty(),
            None => true,
        };
        let cells: BTreeMap<String, String> =
            self.cells.iter().filter(differs).map(|cell| (cell.column.clone(), cell.text.clone())).collect();
        let other_row = original.is_some_and(|original| original.sha256 != self.sha256);
        (!cells.is_empty() || other_row).then(|| RowAsked { source_row: self.source_row, sha256: Some(self.sha256.clone()), cells })
    }
}

/// A text as it comes back from a workbook: its line ends are one character, and control characters are not kept.
fn in_a_cell(text: &str) -> String {
    text.replace("\r\n", "\n")
        .chars()
        .map(|c| if c == '\r' { '\n' } else { c })
        .filter(|c| *c == '\n' || *c == '\t' || !c.is_control())
        .collect()
}

fn not_the_export(file: &str, row: Option<u32>, why: &str) -> Refusal {
    let line = row.map(|row| u64::from(row) + 1);
    let (seen, hint) = not_taken(row, why, "quarantined rows", "truecost quarantine export COUNCIL/FEED --out FILE.xlsx");
    Diagnostic::new(codes::control::NOT_THE_EXPORT, seen)
        .place(Place { line, ..Place::file(file) })
        .expected(format!("sheet `{SHEET}` with the columns {}, then those of the file, every cell as text", IDENTITY.join(", ")))
        .outcome("nothing was changed")
        .hint(hint)
        .into()
}

fn rows_in(file: &str, bytes: &[u8]) -> Answer<Vec<Written>> {
    let sheet = Returned::open(bytes)
        .and_then(|mut book| book.no_other(&[SHEET], &IDENTITY).and_then(|()| book.texts(SHEET)))
        .map_err(|(row, why)| not_the_export(file, row, &why))?;
    let [Some(delivery), Some(number), Some(sha256), Some(_)] = IDENTITY.map(|name| sheet.place(name)) else {
        let headings: Vec<String> = sheet.headings.into_values().collect();
        return Err(not_the_export(file, None, &format!("its headings are {}", headings.join(", "))));
    };
    let columns: Vec<(u32, &String)> =
        sheet.headings.iter().filter(|(_, name)| !IDENTITY.contains(&name.as_str())).map(|(at, name)| (*at, name)).collect();
    let mut written = Vec::new();
    for (row, cells) in &sheet.rows {
        let text = |at: u32| cells.get(&at).cloned().unwrap_or_default();
        let Ok(source_row) = text(number).parse() else {
            let why = format!("row {} says it is row `{}` of the file", row + 1, printable(&text(number)));
            return Err(not_the_export(file, Some(*row), &why));
        };
        let number = |at: u32| sheet.numbers.contains(&(*row, at));
        let cells =
            columns.iter().map(|(at, name)| WrittenCell { column: (*name).clone(), text: text(*at), number: number(*at) }).collect();
        written.push(Written { delivery: text(delivery), source_row, sha256: text(sha256), cells });
    }
    Ok(written)
}

/// The rows of a delivery that are in quarantine, and that nobody has corrected or left out.
///
/// # Errors
/// TC0105 where there is no such delivery; TC1008.
pub fn quarantined_rows(partnership: &Partnership, delivery: &str) -> Answer<BTreeSet<u64>> {
    let lake = lake_there(partnership)?;
    let (id, record) = super::explain::find(&lake, delivery)?;
    let corrections = Corrections::of(lake.events(CORRECTIONS).all()?);
    let rows = read_quarantine(&lake.quarantine_file(&id))?.into_iter().map(|fault| fault.source_row);
    // A command that died after it had written down what it does goes on with the same rows.
    Ok(rows.filter(|row| record.to_correct || corrections.row(id.as_str(), *row).is_none()).collect())
}

/// What became of the corrections, delivery by delivery; `None` where one was not tried.
#[must_use]
pub fn corrected(all: &[(String, Option<Answer<Correction>>)]) -> Page {
    let mut text = String::new();
    let mut list = Vec::new();
    for (delivery, tried) in all {
        match tried {
            Some(Ok(correction)) => told(correction, &mut text, &mut list),
            Some(Err(refusal)) => {
                let why: Vec<&str> = refusal.0.iter().map(|report| report.code.id).collect();
                text.push_str(&format!("not corrected: delivery {delivery} is as it was ({})\n", why.join(", ")));
                list.push(json!({"delivery_id": delivery, "refused": why}));
            }
            None => {
                text.push_str(&format!("not tried: delivery {delivery} is as it was\n"));
                list.push(json!({"delivery_id": delivery, "refused": []}));
            }
        }
    }
    text.push_str(&next(&all.iter().filter_map(|(_, tried)| tried.as_ref()?.as_ref().ok())));
    Page::new("quarantine_correct", text, list.into())
}

fn told(Correction { event, delivered, closed, .. }: &Correction, text: &mut String, list: &mut Vec<serde_json::Value>) {
    let (out, changed): (Vec<_>, Vec<_>) = event.rows.iter().partition(|row| row.is_left_out());
    let cells: usize = changed.iter().map(|row| row.changes.len()).sum();
    let mut what = Vec::new();
    if !changed.is_empty() {
        what.push(format!("{} corrected in {}", counted(changed.len() as u64, "row"), counted(cells as u64, "cell")));
    }
    if !out.is_empty() {
        what.push(format!("{} left out for good", counted(out.len() as u64, "row")));
    }
    let state = match delivered.state {
        Delivery::Accepted | Delivery::AlreadyIn => "is accepted",
        Delivery::Waiting => "waits for a person's word",
        Delivery::Refused | Delivery::RefusedBefore => "is refused",
    };
    let quarantined =
        if delivered.quarantined == 0 { String::new() } else { format!(", {} in quarantine", counted(delivered.quarantined, "row")) };
    text.push_str(&format!(
        "{}: delivery {} of {} {state} ({}{quarantined})\n",
        what.join(", "),
        event.delivery_id,
        delivered.feed,
        rows_and_pounds(delivered.rows, delivered.pence)
    ));
    list.push(json!({"delivery_id": event.delivery_id, "feed": delivered.feed, "corrected": changed.len(), "cells": cells,
        "left_out": out.len(), "rows": delivered.rows, "quarantined": delivered.quarantined, "by": event.by, "reason": event.reason,
        "closed": closed.iter().map(ToString::to_string).collect::<Vec<_>>()}));
}

/// What follows: the next run, or nothing while the periods are closed.
fn next<'c>(corrections: &(impl Iterator<Item = &'c Correction> + Clone)) -> String {
    let closed: BTreeSet<Period> = corrections.clone().flat_map(|done| done.closed.iter().copied()).collect();
    let shut = closed.iter().map(|period| {
        format!("{period} is closed, and stays as it was closed: truecost period preview {period} says what would change; it counts after truecost period reopen {period} --by NAME --reason TEXT\n")
    });
    let open = corrections.clone().any(|done| done.changes_figures);
    shut.chain(open.then(|| "figures change with the next run: truecost run\n".to_owned())).collect()
}
