//! The cells of one sheet, one after the other, as text with their kind. Read on a thread of their own while others type what came before.

use std::{
    fmt::Write as _,
    io::Cursor,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread,
};

use bytes::Bytes;
use calamine::{DataRef, Reader as _, Xlsx, XlsxError};

use super::{
    super::{packed, text::chunks::RECORD_LIMIT},
    faults,
    number::{Dated, WorkbookNumber, write_number},
};
use crate::diagnostic::{Answer, Diagnostic, Refusal};

/// Cells with a value that a sheet may have.
pub(super) const CELLS: u64 = 20_000_000;
/// Cells that travel together, about.
const BATCH_CELLS: usize = 16 << 10;
/// Bytes of text that travel together, about; with the longest row, far fewer than a place in a batch can say.
const BATCH_BYTES: usize = 1 << 20;
/// Bytes of text of one row: a cell refers to a text that stands once in the file, and any number of cells to the same.
const ROW_BYTES: usize = RECORD_LIMIT;
/// Batches that wait to be typed.
const WAITING: usize = 4;
/// Rows and columns of a sheet.
const SHEET: (u32, u32) = (1 << 20, 1 << 14);

/// What a cell holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in super::super) enum Kind {
    /// Nothing, or text.
    #[default]
    Text,
    Number,
    /// A whole number of 16 digits or more.
    LongNumber,
    /// A day, as `yyyy-mm-dd`, with or without a time.
    Date,
    /// `#REF!` and the like.
    Error,
    /// A formula whose value was never calculated.
    NoValue,
}

/// A cell with a value; its text ends at `end`, and begins where the one before it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    /// From 1.
    pub(super) row: u32,
    /// From 1.
    pub(super) column: u32,
    pub(super) kind: Kind,
    pub(super) end: usize,
}

/// Whole rows, in their order.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) text: String,
    pub(super) cells: Vec<Cell>,
}

/// The cells of a sheet on their way.
pub(super) struct Cells {
    file: String,
    /// `None` is the end of the sheet.
    batches: Receiver<Result<Option<Batch>, Refusal>>,
    ended: bool,
}

impl Cells {
    /// Begins to read. The package was looked through before.
    pub(super) fn begin(file: &str, sheet: &str, bytes: Bytes) -> Answer<Self> {
        let (to, batches) = sync_channel(WAITING);
        let (name, sheet) = (file.to_owned(), sheet.to_owned());
        let read = move || {
            let last = pour(&name, &sheet, bytes, CELLS, &to).map(|()| None);
            // Who does not listen any more has found a fault of its own.
            drop(to.send(last));
        };
        thread::Builder::new()
            .name("workbook".to_owned())
            .spawn(read)
            .map_err(|error| faults::unreadable(file, &format!("no thread could be begun: {error}")))?;
        Ok(Self { file: file.to_owned(), batches, ended: false })
    }

    /// The next rows; `None` after the last.
    pub(super) fn next(&mut self) -> Answer<Option<Batch>> {
        if self.ended {
            return Ok(None);
        }
        // Where the other side is gone without a last word, its thread has failed.
        let next = self.batches.recv().unwrap_or_else(|_| Err(faults::unreadable(&self.file, "the reader of its cells failed").into()));
        self.ended = !matches!(next, Ok(Some(_)));
        next
    }
}

/// Reads the sheet to its end, of `most` cells with a value.
fn pour(file: &str, sheet: &str, bytes: Bytes, most: u64, to: &SyncSender<Result<Option<Batch>, Refusal>>) -> Answer<()> {
    Book::open(file, bytes)?.each(sheet, most, &mut |batch| to.send(Ok(Some(batch))).is_ok())
}

/// A workbook whose sheets are read one after the other.
pub(super) struct Book<'f> {
    file: &'f str,
    book: Xlsx<Cursor<Bytes>>,
}

impl<'f> Book<'f> {
    pub(super) fn open(file: &'f str, bytes: Bytes) -> Answer<Self> {
        guarded(file, || Ok(Self { file, book: Xlsx::new(Cursor::new(bytes)).map_err(|error| broken(file, &error))? }))
    }

    /// Gives the rows of a sheet of `most` cells with a value, until `give` says that it is enough.
    pub(super) fn each(&mut self, sheet: &str, most: u64, give: &mut dyn FnMut(Batch) -> bool) -> Answer<()> {
        guarded(self.file, || self.pour(sheet, most, give))
    }

    fn pour(&mut self, sheet: &str, most: u64, give: &mut dyn FnMut(Batch) -> bool) -> Answer<()> {
        let file = self.file;
        let from_1904 = self.book.has_1904_epoch();
        let mut cells = self.book.worksheet_cells_reader(sheet).map_err(|error| broken(file, &error))?;
        let mut batch = Batch::default();
        let (mut last, mut values, mut row_from) = ((0, 0), 0_u64, 0);
        let too_large = |what: &str, most: u64| packed::faults::too_large(file, what, &format!("more than {most}"), &most.to_string());
        while let Some(cell) = cells.next_cell_with_formula_metadata().map_err(|error| broken(file, &error))? {
            let (row, column) = (cell.pos.0.saturating_add(1), cell.pos.1.saturating_add(1));
            if (row, column) <= last || row > SHEET.0 || column > SHEET.1 {
                return Err(faults::out_of_order(file, (row, column), last).into());
            }
            let begins_row = row > last.0;
            last = (row, column);
            if begins_row {
                if (batch.cells.len() >= BATCH_CELLS || batch.text.len() >= BATCH_BYTES) && !give(std::mem::take(&mut batch)) {
                    return Ok(());
                }
                row_from = batch.text.len();
            }
            let Some(kind) = write(&cell.value, cell.formula.is_some(), from_1904, &mut batch.text) else { continue };
            values += 1;
            if values > most {
                return Err(too_large("cells with a value", most).into());
            }
            if batch.text.len() - row_from > ROW_BYTES {
                return Err(too_large("bytes of text in one row", ROW_BYTES as u64).into());
            }
            batch.cells.push(Cell { row, column, kind, end: batch.text.len() });
        }
        if !batch.cells.is_empty() {
            give(batch);
        }
        Ok(())
    }
}

/// Reads with a library that may panic where a part is not as it expects: that is a fault of the file, on whatever thread.
fn guarded<T>(file: &str, read: impl FnOnce() -> Answer<T>) -> Answer<T> {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| Err(faults::unreadable(file, "the reader of its cells failed").into()))
}

fn broken(file: &str, error: &XlsxError) -> Diagnostic {
    faults::unreadable(file, &error.to_string())
}

/// Appends what the cell holds; `None` where that is nothing.
fn write(value: &DataRef<'_>, formula: bool, from_1904: bool, out: &mut String) -> Option<Kind> {
    match value {
        DataRef::Empty => formula.then_some(Kind::NoValue),
        DataRef::String(text) | DataRef::DurationIso(text) => write_text(text, out),
        DataRef::SharedString(text) => write_text(text, out),
        DataRef::Bool(truth) => write_text(if *truth { "TRUE" } else { "FALSE" }, out),
        DataRef::DateTimeIso(text) => {
            out.push_str(text);
            Some(if is_iso_day(text) { Kind::Date } else { Kind::Text })
        }
        DataRef::Error(error) => {
            let _ = write!(out, "{error}");
            Some(Kind::Error)
        }
        DataRef::Int(number) => {
            let _ = write!(out, "{number}");
            Some(if number.unsigned_abs() >= 1_000_000_000_000_000 { Kind::LongNumber } else { Kind::Number })
        }
        DataRef::Float(number) => Some(write_number(*number, out)),
        DataRef::DateTime(date) if date.is_duration() => Some(write_number(date.as_f64(), out)),
        DataRef::DateTime(date) => {
            let Some(number) = WorkbookNumber::new(date.as_f64()) else { return Some(write_number(date.as_f64(), out)) };
            Some(match number.write_date(from_1904, out) {
                Dated::Day => Kind::Date,
                Dated::Time => Kind::Text,
                Dated::Not => write_number(date.as_f64(), out),
            })
        }
    }
}

fn write_text(text: &str, out: &mut String) -> Option<Kind> {
    out.push_str(text);
    (!text.is_empty()).then_some(Kind::Text)
}

/// `2025-10-03`, alone or with a time behind it.
pub(super) fn is_iso_day(text: &str) -> bool {
    let day = text.get(..10).and_then(crate::domain::Day::parse_iso);
    day.is_some() && text.get(10..11).is_none_or(|next| next == "T")
}

impl Batch {
    /// Its rows, each with its cells and their texts.
    pub(super) fn rows(&self) -> impl Iterator<Item = (u32, Vec<(Cell, &str)>)> {
        let mut begins = 0;
        self.cells.chunk_by(|a, b| a.row == b.row).map(move |cells| {
            let mut row = Vec::with_capacity(cells.len());
            for cell in cells {
                row.push((*cell, self.text.get(begins..cell.end).unwrap_or_default()));
                begins = cell.end;
            }
            (cells.first().map_or(0, |cell| cell.row), row)
        })
    }
}

/// The texts of a row in the columns from `first` to `last`, each at its place.
pub(super) fn laid_out(cells: &[(Cell, &str)], (first, last): (u32, u32)) -> Vec<String> {
    let mut texts = Vec::new();
    for (cell, text) in cells.iter().filter(|(cell, _)| (first..=last).contains(&cell.column)) {
        texts.resize((cell.column - first) as usize, String::new());
        texts.push((*text).to_owned());
    }
    texts
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The batches of a sheet of at most so many cells.
    fn pour_all(bytes: Vec<u8>, most: u64) -> Answer<Vec<Batch>> {
        let (to, batches) = sync_channel(1_000);
        pour("file", "Sheet1", bytes.into(), most, &to)?;
        drop(to);
        Ok(batches.iter().filter_map(|batch| batch.unwrap()).collect())
    }

    /// Cells of a sheet that a program wrote: A1 to A10 numbers, B1 to B10 formatted and empty.
    fn read(most: u64) -> Answer<Vec<Cell>> {
        let mut book = rust_xlsxwriter::Workbook::new();
        let bold = rust_xlsxwriter::Format::new().set_bold();
        let sheet = book.add_worksheet();
        for row in 0..10 {
            sheet.write_number(row, 0, f64::from(row) + 0.5).unwrap();
            sheet.write_blank(row, 1, &bold).unwrap();
        }
        Ok(pour_all(book.save_to_buffer().unwrap(), most)?.into_iter().flat_map(|batch| batch.cells).collect())
    }

    /// A sheet of so many rows and columns of cells that all say one text, which stands in the file once.
    fn of_one_text(rows: u32, columns: u16) -> Vec<u8> {
        let mut book = rust_xlsxwriter::Workbook::new();
        let sheet = book.add_worksheet();
        let text = "x".repeat(32_767);
        for row in 0..rows {
            for column in 0..columns {
                sheet.write_string(row, column, &text).unwrap();
            }
        }
        book.save_to_buffer().unwrap()
    }

    #[test]
    fn one_long_text_in_many_cells_is_not_held_many_times() {
        let batches = pour_all(of_one_text(400, 2), CELLS).unwrap();
        assert_eq!(batches.iter().map(|batch| batch.cells.len()).sum::<usize>(), 800);
        assert!(batches.iter().all(|batch| batch.text.len() < BATCH_BYTES + (1 << 17)));
        let refused = pour_all(of_one_text(1, 600), CELLS).unwrap_err();
        assert!(refused.0.iter().all(|fault| fault.code.id == "TC0448" && fault.seen.contains("bytes of text in one row")), "{refused:?}");
    }

    #[test]
    fn x3_cells_with_a_value_are_counted_and_empty_ones_are_not() {
        assert_eq!(read(10).map(|cells| cells.len()).ok(), Some(10));
        let refused = read(9).unwrap_err();
        assert!(refused.0.iter().all(|fault| fault.code.id == "TC0448" && fault.seen.contains("more than 9 cells")), "{refused:?}");
    }

    #[test]
    fn a_reader_that_panics_refuses_the_file_on_whatever_thread() {
        let mut book = Book::open("x.xlsx", Bytes::from(of_one_text(1, 1))).unwrap();
        let refused = book.each("Sheet1", CELLS, &mut |_| panic!("as a reader may")).unwrap_err();
        assert!(
            refused.0.iter().all(|fault| fault.code.id == "TC0455" && fault.seen.contains("the reader of its cells failed")),
            "{refused:?}"
        );
        assert!(book.each("Sheet1", CELLS, &mut |_| true).is_ok(), "the next sheet is looked at all the same");
    }
}
