//! What a person wrote into a workbook of ours: a sheet of texts under headings.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Cursor,
};

use bytes::Bytes;
use calamine::{DataRef, Reader as _, Xlsx};

use crate::{decode::PlainBook, schema::column_letters};

/// Bytes of a workbook that is read back.
pub const BYTE_LIMIT: usize = 256 << 20;

/// A sheet as it came back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Texts {
    /// Texts of the first row, by column from 0.
    pub headings: BTreeMap<u32, String>,
    /// Rows below it in which something stands: number from 0, and texts by column.
    pub rows: Vec<(u32, BTreeMap<u32, String>)>,
    /// Cells that hold a number, by row and column from 0: a spreadsheet has them as it counts, `7` where `007` was written.
    pub numbers: BTreeSet<(u32, u32)>,
}

impl Texts {
    /// The column under a heading.
    #[must_use]
    pub fn place(&self, heading: &str) -> Option<u32> {
        self.headings.iter().find(|(_, text)| text.as_str() == heading).map(|(at, _)| *at)
    }
}

/// Why a sheet cannot be read: the row, from 0, where it is one of its cells.
pub type Fault = (Option<u32>, String);

/// A workbook that came back, looked through and opened once for all its sheets.
pub struct Returned<'b>(Xlsx<Cursor<&'b [u8]>>);

impl<'b> Returned<'b> {
    /// # Errors
    /// Why it is no workbook that can be read.
    pub fn open(bytes: &'b [u8]) -> Result<Self, Fault> {
        if bytes.len() > BYTE_LIMIT {
            return Err((None, format!("it has {} bytes", bytes.len())));
        }
        if !bytes.starts_with(b"PK") {
            return Err((None, "it is no workbook (.xlsx)".to_owned()));
        }
        // Its directory first: what it would unfold to, and whether it is a workbook at all.
        if let Err(refusal) = PlainBook::open("", Bytes::copy_from_slice(bytes)) {
            return Err((None, refusal.0.first().map_or_else(|| "it is no workbook".to_owned(), |fault| fault.seen.clone())));
        }
        Xlsx::new(Cursor::new(bytes)).map(Self).map_err(|error| (None, error.to_string()))
    }

    /// Names of its sheets.
    #[must_use]
    pub fn sheets(&self) -> Vec<String> {
        self.0.sheet_names()
    }

    /// Why a sheet that is none of `ours` cannot be passed over: it has all of these headings, so that somebody has given one of ours another
    /// name, or made a copy of it.
    ///
    /// # Errors
    /// That it is there.
    pub fn no_other(&mut self, ours: &[&str], headings: &[&str]) -> Result<(), Fault> {
        let strange = self.sheets().into_iter().filter(|sheet| !ours.contains(&sheet.as_str()));
        match strange.into_iter().find(|sheet| self.has_headings(sheet, headings)) {
            None => Ok(()),
            Some(sheet) => {
                let ours = ours.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
                Err((None, format!("sheet `{sheet}` has the headings of one that is called {ours}: give it its name, or take it out")))
            }
        }
    }

    /// Whether all of these stand in the first row of a sheet.
    fn has_headings(&mut self, sheet: &str, headings: &[&str]) -> bool {
        let Ok(mut reader) = self.0.worksheet_cells_reader(sheet) else { return false };
        let mut first = BTreeSet::new();
        while let Ok(Some(cell)) = reader.next_cell() {
            if cell.get_position().0 > 0 {
                break;
            }
            first.extend(text_of(cell.get_value(), false));
        }
        headings.iter().all(|heading| first.contains(*heading))
    }

    /// A sheet whose cells are texts and plain numbers.
    ///
    /// # Errors
    /// Where it has no such sheet, or a cell is a date, an error, yes or no, a number that is not kept exactly, or a formula that was never
    /// calculated.
    pub fn texts(&mut self, sheet: &str) -> Result<Texts, Fault> {
        let mut reader = self.0.worksheet_cells_reader(sheet).map_err(|error| (None, error.to_string()))?;
        let mut texts = Texts::default();
        let mut rows: BTreeMap<u32, BTreeMap<u32, String>> = BTreeMap::new();
        while let Some(cell) = reader.next_cell_with_formula_metadata().map_err(|error| (None, error.to_string()))? {
            let (row, column) = cell.pos;
            let text = text_of(&cell.value, cell.formula.is_some())
                .map_err(|why| (Some(row), format!("cell {}{}: {why}", column_letters(column + 1), row + 1)))?;
            if matches!(cell.value, DataRef::Int(_) | DataRef::Float(_)) {
                texts.numbers.insert((row, column));
            }
            match row {
                0 if text.is_empty() => {}
                0 => drop(texts.headings.insert(column, text)),
                _ => drop(rows.entry(row).or_default().insert(column, text)),
            }
        }
        texts.rows = rows.into_iter().filter(|(_, cells)| cells.values().any(|text| !text.is_empty())).collect();
        Ok(texts)
    }
}

/// Whole numbers from here on may not be those that were typed: a spreadsheet keeps fifteen digits.
const LONG: f64 = 1e15;

/// The text of a cell, or why it has none. A number that a person typed is its shortest text: what a column makes of it, the exact parser
/// says.
fn text_of(cell: &DataRef<'_>, formula: bool) -> Result<String, &'static str> {
    match cell {
        DataRef::Empty if formula => Err("its formula was never calculated: write the value"),
        DataRef::Empty => Ok(String::new()),
        DataRef::String(text) => Ok(text.clone()),
        DataRef::SharedString(text) => Ok((*text).to_owned()),
        DataRef::Int(number) if number.unsigned_abs() < LONG as u64 => Ok(number.to_string()),
        DataRef::Float(number) if number.abs() < LONG => Ok(number.to_string()),
        DataRef::Int(_) | DataRef::Float(_) => Err("a number of 16 digits or more is not kept exactly: write it as text, with ' before it"),
        DataRef::DateTime(_) | DataRef::DateTimeIso(_) | DataRef::DurationIso(_) => Err(
            "it holds a day or a time, which a spreadsheet keeps as a number: write it as the file would print it, with ' before it ('03/04/2018)",
        ),
        DataRef::Bool(_) => Err("it holds TRUE or FALSE: write it as text, with ' before it"),
        DataRef::Error(_) => Err("it holds an error of the spreadsheet (#REF!, #N/A): write the value"),
    }
}

/// Why a workbook is not taken, and what to do: of one of its cells that is all there is to mend, else it is `what` no more, and `anew` writes
/// it once again.
#[must_use]
pub fn not_taken(row: Option<u32>, why: &str, what: &str, anew: &str) -> (String, String) {
    match row {
        Some(_) => (
            why.to_owned(),
            "mend it, save the workbook, and type the same command again: all else that is written in it stands".to_owned(),
        ),
        None => (format!("this is no workbook of {what}: {why}"), anew.to_owned()),
    }
}

/// Whether a text is this number as it may be written: with noughts before it, or behind its point. Blanks around it may be what is wrong.
#[must_use]
pub fn is_number(text: &str, number: &str) -> bool {
    fn shortest(text: &str) -> Option<(bool, &str, &str)> {
        let (minus, digits) = text.strip_prefix('-').map_or((false, text), |digits| (true, digits));
        let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
        let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let (whole, part) = (is_digits(whole) && is_digits(part) && !(whole.is_empty() && part.is_empty()))
            .then(|| (whole.trim_start_matches('0'), part.trim_end_matches('0')))?;
        Some((minus && !(whole.is_empty() && part.is_empty()), whole, part))
    }
    shortest(text).is_some_and(|text| Some(text) == shortest(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_the_text_that_a_spreadsheet_made_it_of() {
        for (text, number) in [("007", "7"), ("12.30", "12.3"), ("-5.00", "-5"), (".50", "0.5"), ("0.00", "0"), ("-0.00", "0")] {
            assert!(is_number(text, number), "{text}");
        }
        for (text, number) in [
            ("007", "70"),
            ("12.30", "123"),
            ("5", "-5"),
            ("", "0"),
            ("A7", "7"),
            ("1e3", "1000"),
            (".", "0"),
            ("1,234", "1234"),
            (" 41 ", "41"),
        ] {
            assert!(!is_number(text, number), "{text}");
        }
    }
}
