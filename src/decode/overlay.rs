//! Corrections: text that is read instead of what stands in some fields of some records. The bytes of the file stay as they came.

mod patch;

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    io::Read,
};

use super::{
    header::Header,
    judge::Judge,
    reader::{Piece, PieceOf, Reader},
    records::{BLOCK_ROWS, Records, Row, field},
    reject::Fault,
    subject::Subject,
};
use crate::{
    diagnostic::{Answer, Diagnostic, Place, codes},
    domain::{Digest, Identifier},
    schema::{Column, Type},
};
use patch::Patches;
use sha2::{Digest as _, Sha256};

/// Corrected records of one file, by the line on which each starts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overlay {
    rows: BTreeMap<u64, Laid>,
    /// Lines of records that are left out whatever they hold.
    out: BTreeSet<u64>,
}

/// What is laid over one record.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Laid {
    /// SHA-256 of the record that was corrected, in hex digits.
    sha256: String,
    /// Contract's name of a column, and the text to read in it.
    cells: Vec<(String, String)>,
}

impl Overlay {
    /// Lays texts over the record that starts on `line`, if it is the one of this SHA-256.
    pub fn lay(&mut self, line: u64, sha256: String, cells: Vec<(String, String)>) {
        self.rows.insert(line, Laid { sha256, cells });
    }

    /// Rejects the record that starts on `line`, whatever it holds.
    pub fn leave_out(&mut self, line: u64) {
        self.out.insert(line);
    }

    /// Whether the record that starts on `line` is corrected.
    pub(super) fn corrects(&self, line: u64) -> bool {
        self.rows.contains_key(&line)
    }

    /// Lines of the records that are left out.
    #[must_use]
    pub const fn left_out(&self) -> &BTreeSet<u64> {
        &self.out
    }
}

/// A record as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Original {
    /// Its text, without its line end.
    pub raw: String,
    /// SHA-256 of that text, in hex digits.
    pub sha256: String,
    /// The text of each column of the contract, in the contract's order.
    pub cells: Vec<(Identifier, String)>,
}

impl Original {
    /// The same record with other text in a column.
    pub fn correct(&mut self, name: &str, text: &str) {
        self.cells.iter_mut().filter(|(column, _)| **column == *name).for_each(|(_, cell)| text.clone_into(cell));
    }

    /// Of a record of persons nothing is written down, its SHA-256 neither: who knows the rest of a record finds out by it what is not known.
    pub fn forget(&mut self) {
        self.raw.clear();
        self.sha256.clear();
    }

    /// The text of a column, by the contract's name.
    #[must_use]
    pub fn cell(&self, name: &str) -> Option<&str> {
        self.cells.iter().find(|(column, _)| **column == *name).map(|(_, text)| text.as_str())
    }
}

/// The records that start on `lines`, as they came; those that are rows of the expected shape.
///
/// # Errors
/// As [`Reader::open`] and [`Reader::next`].
pub fn originals<R: Read>(judge: &Judge, read: R, lines: &BTreeSet<u64>) -> Answer<BTreeMap<u64, Original>> {
    let mut found = BTreeMap::new();
    let mut reader = Reader::open(judge, read)?;
    let header = reader.header();
    while let Some(piece) = reader.next()? {
        if lines.last().is_none_or(|last| piece.first_line() > *last) {
            break;
        }
        let text = piece.text(judge);
        each_record(judge, &header, &piece, &text, |row| {
            if lines.contains(&row.line) {
                let raw = raw_of(&text, row);
                let cells = cells_of(judge, &header, &text, row);
                let raw_text = String::from_utf8_lossy(raw).into_owned();
                found.insert(row.line, Original { raw: raw_text, sha256: sha256_of(raw), cells });
            }
        });
    }
    Ok(found)
}

/// How many of these rows stand in a file, each record for one of them: by the texts of all columns that both have, blanks at their ends
/// apart.
///
/// # Errors
/// As [`Reader::open`] and [`Reader::next`].
pub fn rows_alike<R: Read>(judge: &Judge, read: R, mut wanted: Vec<Original>) -> Answer<u64> {
    let all = wanted.len();
    let mut reader = Reader::open(judge, read)?;
    let header = reader.header();
    while let Some(piece) = reader.next()? {
        let text = piece.text(judge);
        each_record(judge, &header, &piece, &text, |row| {
            let cells = cells_of(judge, &header, &text, row);
            let alike =
                |wanted: &Original| cells.iter().all(|(name, cell)| wanted.cell(name).is_none_or(|text| text.trim() == cell.trim()));
            if let Some(at) = wanted.iter().position(alike) {
                wanted.swap_remove(at);
            }
        });
    }
    Ok((all - wanted.len()) as u64)
}

/// The text of each column of the contract.
fn cells_of(judge: &Judge, header: &Header, text: &[u8], row: Row<'_>) -> Vec<(Identifier, String)> {
    let cell = |(column, place): (&Column, &Option<usize>)| {
        let (start, end) = row.span((*place)?)?;
        let cell = field(text, start, end, judge.dialect).text;
        Some((column.name.clone(), String::from_utf8_lossy(&cell).into_owned()))
    };
    judge.contract.columns.iter().zip(&header.places).filter_map(cell).collect()
}

fn each_record(judge: &Judge, header: &Header, piece: &Piece, text: &[u8], mut look: impl FnMut(Row<'_>)) {
    let mut splitting = piece.split(judge, header, text);
    let mut records = Records::new(header.fields, splitting.gap()).lacking(judge.may_lack_fields());
    let mut more = true;
    while more {
        more = splitting.fill(&mut records, BLOCK_ROWS).unwrap_or(false);
        (0..records.len()).filter_map(|at| records.row(at)).for_each(&mut look);
        records.clear();
    }
}

fn raw_of<'t>(text: &'t [u8], row: Row<'_>) -> &'t [u8] {
    text.get(row.start..row.end()).unwrap_or_default()
}

fn sha256_of(raw: &[u8]) -> String {
    Digest(Sha256::digest(raw).into()).hex()
}

impl Judge {
    /// Reads corrected records as they were corrected.
    #[must_use]
    pub fn correcting(self, overlay: Overlay) -> Self {
        Self { overlay, ..self }
    }

    /// Why a record is rejected that a person leaves out.
    pub(super) fn left_out_by_hand(&self, line: u64) -> Option<Fault> {
        self.overlay.out.contains(&line).then(|| Fault {
            column: None,
            code: codes::control::SET_ASIDE,
            reason: "a person leaves it out for good: truecost explain line says who and why".to_owned(),
            value: String::new(),
        })
    }

    /// What is laid over a record: by its field, the column's name and the text to read.
    fn laid_over<'l>(&self, header: &Header, text: &[u8], row: Row<'_>, laid: &'l Laid) -> Result<BTreeMap<usize, Cell<'l>>, String> {
        if sha256_of(raw_of(text, row)) != laid.sha256 {
            return Err("the record is not the one that was corrected".to_owned());
        }
        let cell = |(name, text): &'l (String, String)| {
            let column = self.contract.columns.iter().position(|column| *column.name == **name);
            let place = column.and_then(|column| header.place(column)).filter(|place| row.span(*place).is_some());
            let is_date = column.and_then(|column| self.contract.columns.get(column)).is_some_and(|column| column.kind == Type::Date);
            let place = place.ok_or_else(|| format!("the file has no column `{name}`"))?;
            Ok((place, Cell { name, text, is_date }))
        };
        laid.cells.iter().map(cell).collect()
    }

    /// Does something with each record of a piece that is corrected.
    ///
    /// # Errors
    /// TC0471 and the line, where a correction does not fit.
    fn each_laid<'l>(
        &'l self,
        header: &Header,
        piece: &Piece,
        text: &[u8],
        mut lay: impl FnMut(Row<'_>, BTreeMap<usize, Cell<'l>>) -> Result<(), String>,
    ) -> Result<(), (u64, Box<Diagnostic>)> {
        let mut fault = None;
        each_record(self, header, piece, text, |row| {
            if let Some(laid) = self.overlay.rows.get(&row.line)
                && let Err(why) = self.laid_over(header, text, row, laid).and_then(|cells| lay(row, cells))
            {
                fault.get_or_insert_with(|| (row.line, Box::new(not_laid(&self.subject, row.line, &why))));
            }
        });
        fault.map_or(Ok(()), Err)
    }

    /// The text of a piece with corrections laid over it; that of a sheet is as it came.
    ///
    /// # Errors
    /// TC0471 and the line, where one does not fit.
    pub(super) fn overlaid<'t>(
        &self,
        header: &Header,
        piece: &Piece,
        text: Cow<'t, [u8]>,
    ) -> Result<Cow<'t, [u8]>, (u64, Box<Diagnostic>)> {
        if matches!(piece.of, PieceOf::Rows(_)) || self.overlay.rows.range(piece.first_line()..).next().is_none() {
            return Ok(text);
        }
        let mut patches = Patches::default();
        self.each_laid(header, piece, &text, |row, cells| patches.record(self, header, &text, row, &cells))?;
        Ok(patches.onto(text))
    }

    /// A piece of a sheet with corrections in its cells; any other as it came.
    ///
    /// # Errors
    /// TC0471 and the row, where one does not fit.
    pub(super) fn overlaid_rows<'p>(&self, header: &Header, piece: &'p Piece) -> Result<Cow<'p, Piece>, (u64, Box<Diagnostic>)> {
        let PieceOf::Rows(rows) = &piece.of else { return Ok(Cow::Borrowed(piece)) };
        if self.overlay.rows.range(piece.first_line()..).next().is_none() {
            return Ok(Cow::Borrowed(piece));
        }
        let mut corrected = BTreeMap::new();
        self.each_laid(header, piece, &rows.text, |row, cells| {
            let at = rows.position(row.line).ok_or("it is no row of the sheet")?;
            corrected.extend(cells.into_iter().map(|(place, cell)| ((at, place), (cell.text.clone(), cell.is_date))));
            Ok(())
        })?;
        Ok(Cow::Owned(Piece { of: PieceOf::Rows(rows.corrected(&corrected)), ..piece.clone() }))
    }
}

/// What is laid over one field.
#[derive(Clone, Copy)]
struct Cell<'l> {
    /// The contract's name of the column.
    name: &'l String,
    text: &'l String,
    /// The column holds days.
    is_date: bool,
}

/// Why a correction is not taken that makes of a row something else.
pub(super) fn no_row(subject: &Subject, line: u64, what: &str) -> Diagnostic {
    not_laid(subject, line, &format!("as it was corrected it is no row any more, but {what}"))
}

fn not_laid(subject: &Subject, line: u64, why: &str) -> Diagnostic {
    Diagnostic::new(codes::control::NOT_LAID, format!("the correction of row {line} does not fit: {why}"))
        .place(Place { line: Some(line), ..Place::file(subject.file.clone()) })
        .expected("the record that was corrected, and a text that could stand in its field")
        .outcome("the delivery is refused; what was accepted before stays")
        .hint("truecost explain line shows the row and its correction")
}
