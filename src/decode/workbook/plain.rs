//! The cells of a workbook without a contract, sheet by sheet: what who looks at a file for the first time sees, read as a run reads it.

use bytes::Bytes;

use super::{
    cells::{Cells, Kind},
    package::Package,
};
use crate::diagnostic::Answer;

/// A workbook, looked through.
pub struct PlainBook {
    file: String,
    bytes: Bytes,
    /// In the order in which a person sees them; those without cells (charts) are left out.
    pub sheets: Vec<PlainSheet>,
}

/// A sheet of it.
#[derive(Clone, Debug)]
pub struct PlainSheet {
    pub name: String,
    pub hidden: bool,
    /// Cells that hold a formula.
    pub formulas: u64,
    /// Rows that are hidden by a filter or by hand.
    pub hidden_rows: u64,
    /// Regions of cells that are shown as one.
    pub merged: usize,
}

/// A cell with a value.
#[derive(Clone, Copy, Debug)]
pub struct PlainCell<'a> {
    /// From 1.
    pub column: u32,
    /// `text`, `number`, `date`, `error`, or `no value` of a formula that was never calculated.
    pub kind: &'static str,
    pub text: &'a str,
}

impl PlainBook {
    /// Looks through all its parts.
    ///
    /// # Errors
    /// TC0447 to TC0451 and TC0455 where it is refused.
    pub fn open(file: &str, bytes: Bytes) -> Answer<Self> {
        let sheets = Package::sheets_of(file, &bytes)?;
        Ok(Self { file: file.to_owned(), bytes, sheets })
    }

    /// Gives each row that holds a value, with its number from 1 and its cells, until `give` says that it is enough.
    ///
    /// # Errors
    /// TC0448, TC0455 where its cells cannot be read.
    pub fn each(&self, sheet: &str, give: &mut dyn FnMut(u32, &[PlainCell<'_>]) -> bool) -> Answer<()> {
        let mut cells = Cells::begin(&self.file, sheet, self.bytes.clone())?;
        while let Some(batch) = cells.next()? {
            for (row, found) in batch.rows() {
                let plain: Vec<PlainCell<'_>> =
                    found.iter().map(|(cell, text)| PlainCell { column: cell.column, kind: word(cell.kind), text }).collect();
                if !give(row, &plain) {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

const fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "text",
        Kind::Number | Kind::LongNumber => "number",
        Kind::Date => "date",
        Kind::Error => "error",
        Kind::NoValue => "no value",
    }
}
