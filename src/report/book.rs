//! What a person wrote into a workbook of ours: a sheet of texts under headings.

use std::{collections::BTreeMap, io::Cursor};

use bytes::Bytes;
use calamine::{DataRef, Reader as _, Xlsx};

use crate::decode::PlainBook;

/// Bytes of a workbook that is read back.
pub const BYTE_LIMIT: usize = 256 << 20;

/// A sheet as it came back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Texts {
    /// Texts of the first row, by column from 0.
    pub headings: BTreeMap<u32, String>,
    /// Rows below it in which something stands: number from 0, and texts by column.
    pub rows: Vec<(u32, BTreeMap<u32, String>)>,
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

    /// A sheet whose cells are texts and plain numbers.
    ///
    /// # Errors
    /// Where it has no such sheet, or a cell is a date, a formula's error, or yes or no.
    pub fn texts(&mut self, sheet: &str) -> Result<Texts, Fault> {
        let mut reader = self.0.worksheet_cells_reader(sheet).map_err(|error| (None, error.to_string()))?;
        let mut texts = Texts::default();
        let mut rows: BTreeMap<u32, BTreeMap<u32, String>> = BTreeMap::new();
        while let Some(cell) = reader.next_cell().map_err(|error| (None, error.to_string()))? {
            let (row, column) = cell.get_position();
            let Some(text) = text_of(cell.get_value()) else {
                let why = format!("row {}, column {}: the cell is no text: write it as text, with ' before it", row + 1, column + 1);
                return Err((Some(row), why));
            };
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

/// The text of a cell; `None` where it is none. A number that a person typed is its shortest text: what a column makes of it, the exact
/// parser says.
fn text_of(cell: &DataRef<'_>) -> Option<String> {
    match cell {
        DataRef::Empty => Some(String::new()),
        DataRef::String(text) => Some(text.clone()),
        DataRef::SharedString(text) => Some((*text).to_owned()),
        DataRef::Int(number) => Some(number.to_string()),
        DataRef::Float(number) => Some(number.to_string()),
        _ => None,
    }
}
