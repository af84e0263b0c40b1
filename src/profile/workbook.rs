//! A workbook: its sheets, the one that holds the table, its cells with their own types.

use std::{borrow::Cow, collections::BTreeSet};

use bytes::Bytes;

use super::{
    Options,
    facts::{Format, Header, Layout, Profile, Sheet},
    gather::Cell,
    refuse,
    shape::{self, Heading},
    source::Source,
    sums::Before,
    table::Table,
    whole::{Parts, whole},
};
use crate::{
    decode::{PlainBook, PlainCell},
    diagnostic::{Answer, Refusal},
    domain::{Day, counted},
    schema::column_letters,
};

/// Rows among which the header is looked for.
const HEADER_ROWS: usize = 400;

pub(super) fn profile(source: &Source, bytes: Bytes, options: &Options) -> Answer<Profile> {
    let book = PlainBook::open(&source.shown(), bytes)?;
    let mut sheets = Vec::new();
    for sheet in &book.sheets {
        let mut cells = 0;
        let mut head = Head::default();
        // The cells of the only sheet are counted as they are read.
        if book.sheets.len() > 1 {
            book.each(&sheet.name, &mut |row, found| {
                cells += found.len() as u64;
                head.row(row, found);
                true
            })?;
        }
        let (names, rows_below) = head.names();
        let (name, hidden, formulas) = (sheet.name.clone(), sheet.hidden, sheet.formulas);
        sheets.push(Sheet { name, hidden, cells, formulas, tables: Vec::new(), names, rows_below });
    }
    let at = choose(source, &sheets, options)?;
    let (Some(facts), Some(sheet)) = (book.sheets.get(at), sheets.get_mut(at)) else { return Err(refuse::empty(&source.shown())) };
    let looked = look(&book, &facts.name, options.columns)?;
    let asked = options.columns.map(|(first, last)| (column_letters(first), column_letters(last)));
    if looked.rows.is_empty() {
        return Err(refuse::empty(&source.shown()));
    }
    if looked.blocks.len() > 1 {
        sheet.tables = looked.blocks.iter().map(|(first, last)| format!("{}:{}", column_letters(*first), column_letters(*last))).collect();
    }
    let mut notes = Vec::new();
    if facts.hidden_rows > 0 {
        notes.push(format!("{} hidden by a filter or by hand: read like the others", counted(facts.hidden_rows, "row")));
    }
    if facts.formulas > 0 {
        notes.push(format!("{} with a formula: their values of the last time are read", counted(facts.formulas, "cell")));
    }
    let name = facts.name.clone();
    table(source, &book, &name, &looked, (sheets, at), notes).map(|mut profile| {
        profile.layout.sheet_columns = asked;
        profile
    })
}

/// The sheet that is asked for, or the one of those that are shown that holds most.
fn choose(source: &Source, sheets: &[Sheet], options: &Options) -> Result<usize, Refusal> {
    if let Some(wanted) = &options.sheet {
        let named = sheets.iter().position(|sheet| sheet.name.trim().eq_ignore_ascii_case(wanted.trim()));
        let numbered = || wanted.parse::<usize>().ok().and_then(|n| n.checked_sub(1)).filter(|at| *at < sheets.len());
        let names: Vec<String> = sheets.iter().map(|sheet| format!("`{}`", sheet.name)).collect();
        return named.or_else(numbered).ok_or_else(|| refuse::no_sheet(&source.shown(), wanted, &names.join(", ")));
    }
    let shown = sheets.iter().enumerate().filter(|(_, sheet)| !sheet.hidden);
    let most = shown.fold(None, |best: Option<(usize, u64)>, (at, sheet)| match best {
        Some((_, cells)) if cells >= sheet.cells => best,
        _ => Some((at, sheet.cells)),
    });
    most.map(|(at, _)| at).ok_or_else(|| refuse::empty(&source.shown()))
}

/// Rows of a sheet among which the names of its columns are looked for.
const HEAD: usize = 30;

/// The first rows of a sheet that has several columns, to tell sheets of one layout.
#[derive(Default)]
struct Head {
    rows: Vec<(u64, Vec<String>)>,
    /// Rows of several cells.
    all: u64,
}

impl Head {
    fn row(&mut self, row: u32, cells: &[PlainCell<'_>]) {
        self.all += u64::from(cells.len() > 1);
        if cells.len() < 2 || self.rows.len() >= HEAD {
            return;
        }
        let width = cells.iter().map(|cell| cell.column as usize).max().unwrap_or(0).min(200);
        let mut texts = vec![String::new(); width];
        for cell in cells {
            if let Some(text) = (cell.column as usize).checked_sub(1).and_then(|at| texts.get_mut(at)) {
                cell.text.clone_into(text);
            }
        }
        self.rows.push((u64::from(row), texts));
    }

    /// The names of the columns, and how many rows stand below them.
    fn names(&self) -> (Vec<String>, u64) {
        let heading = shape::heading(&self.rows);
        let above = heading.at.map_or(0, |at| (at + heading.records) as u64);
        let names: Vec<String> = heading.names.iter().map(|name| name.trim().to_owned()).collect();
        (names, self.all.saturating_sub(above))
    }
}

/// The first rows of a sheet.
struct Looked {
    /// Row, and its texts from the first column of the table.
    rows: Vec<(u64, Vec<String>)>,
    /// First and last column, from 1, of what stands side by side with an empty column between.
    blocks: Vec<(u32, u32)>,
    /// The first column of the table, from 1.
    first: u32,
}

fn look(book: &PlainBook, sheet: &str, wanted: Option<(u32, u32)>) -> Answer<Looked> {
    let mut all: Vec<(u32, Vec<(u32, String)>)> = Vec::new();
    book.each(sheet, &mut |row, cells| {
        all.push((row, cells.iter().map(|cell| (cell.column, cell.text.to_owned())).collect()));
        all.len() < HEADER_ROWS
    })?;
    // Titles of one cell stand above any column: they make no table.
    let used: BTreeSet<u32> = all.iter().filter(|(_, cells)| cells.len() > 1).flat_map(|(_, cells)| cells).map(|(at, _)| *at).collect();
    let last = all.iter().flat_map(|(_, cells)| cells).map(|(at, _)| *at).max().unwrap_or(0);
    let mut blocks: Vec<(u32, u32)> = Vec::new();
    for column in used {
        match blocks.last_mut() {
            Some((_, end)) if *end + 1 == column => *end = column,
            _ => blocks.push((column, column)),
        }
    }
    blocks.retain(|(first, last)| last > first);
    let (first, end) = wanted.unwrap_or_else(|| table_of(&blocks, last));
    let row = |(row, cells): &(u32, Vec<(u32, String)>)| {
        let mut texts = vec![String::new(); (end + 1 - first) as usize];
        for (at, text) in cells {
            if let Some(cell) = at.checked_sub(first).and_then(|at| texts.get_mut(at as usize)) {
                cell.clone_from(text);
            }
        }
        (u64::from(*row), texts)
    };
    Ok(Looked { rows: all.iter().map(row).collect(), blocks, first })
}

/// First and last column of the table that is looked at: of several the first.
fn table_of(blocks: &[(u32, u32)], last: u32) -> (u32, u32) {
    match blocks {
        [] => (1, last.max(1)),
        [one] => (1, one.1.max(last)),
        [first, ..] => *first,
    }
}

fn table(
    source: &Source,
    book: &PlainBook,
    sheet: &str,
    looked: &Looked,
    (mut sheets, at): (Vec<Sheet>, usize),
    notes: Vec<String>,
) -> Answer<Profile> {
    let heading = shape::heading(&looked.rows);
    let width = looked.rows.first().map_or(0, |(_, texts)| texts.len());
    let from = heading.at.and_then(|at| looked.rows.get(at + heading.records - 1)).map_or(0, |(row, _)| *row);
    let line = heading.at.and_then(|at| looked.rows.get(at)).map(|(row, _)| *row);
    let first = looked.first;
    let mut read =
        Reading { table: Table::new(heading.names.clone(), width, Vec::new()), before: Vec::new(), first, width, raw: String::new() };
    let mut values = 0;
    book.each(sheet, &mut |row, cells| {
        values += cells.len() as u64;
        read.row(u64::from(row), cells, u64::from(row) <= from, line);
        true
    })?;
    read.table.finish();
    sheets.get_mut(at).into_iter().for_each(|sheet| sheet.cells = values);
    let Heading { records, names, .. } = heading;
    let header = Header {
        line,
        records: u32::try_from(if line.is_some() { records } else { 0 }).unwrap_or(0),
        lines: records as u64,
        first_row: read.table.first_row,
        before: read.before.len() as u64,
        ..Header::default()
    };
    Ok(whole(Parts {
        source,
        format: Format::Workbook,
        text: None,
        layout: Layout::default(),
        header,
        names,
        table: read.table,
        before: read.before,
        notes,
        sheets,
        sheet: Some(sheet.to_owned()),
    }))
}

struct Reading {
    table: Table,
    before: Vec<Before>,
    first: u32,
    width: usize,
    /// All of the row that is being read, to tell copies.
    raw: String,
}

impl Reading {
    fn row(&mut self, row: u64, cells: &[PlainCell<'_>], above: bool, header: Option<u64>) {
        let mut laid: Vec<Cell<'_>> = vec![Cell::default(); self.width];
        self.raw.clear();
        for cell in cells {
            let Some(place) = cell.column.checked_sub(self.first).and_then(|at| laid.get_mut(at as usize)) else { continue };
            let day = if cell.kind == "date" { cell.text.get(..10).and_then(Day::parse_iso) } else { None };
            *place = Cell { text: Cow::Borrowed(cell.text.as_bytes()), day, own: cell.kind };
            self.raw.extend([char::from_u32(cell.column).unwrap_or('\u{1f}'), '\u{1f}']);
            self.raw.push_str(cell.text);
        }
        if !above {
            return self.table.take(row, self.raw.as_bytes(), &laid);
        }
        self.table.records += 1;
        if header.is_none_or(|line| row < line) {
            let cells = laid.iter().map(|cell| String::from_utf8_lossy(&cell.text).into_owned()).collect();
            self.before.push(Before { line: row, cells });
        }
    }
}
