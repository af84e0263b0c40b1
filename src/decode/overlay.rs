//! Corrections: text that is read instead of what stands in some fields of some records. The bytes of the file stay as they came.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    io::Read,
};

use super::{
    header::Header,
    judge::Judge,
    reader::{Piece, Reader},
    records::{BLOCK_ROWS, Records, Row, field},
    reject::Fault,
    subject::Subject,
};
use crate::{
    diagnostic::{Answer, Diagnostic, Place, codes},
    domain::{Digest, Identifier, printable},
    schema::{Column, Escape, Format},
};
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

/// A stretch of text and what is read instead.
struct Patch {
    start: usize,
    end: usize,
    text: Vec<u8>,
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

    /// The text of a piece with corrections laid over it.
    ///
    /// # Errors
    /// TC0471 and the line, where one does not fit.
    pub(super) fn overlaid<'t>(
        &self,
        header: &Header,
        piece: &Piece,
        text: Cow<'t, [u8]>,
    ) -> Result<Cow<'t, [u8]>, (u64, Box<Diagnostic>)> {
        if self.overlay.rows.range(piece.first_line()..).next().is_none() {
            return Ok(text);
        }
        let mut patches = Vec::new();
        let mut fault = None;
        each_record(self, header, piece, &text, |row| {
            if let Some(laid) = self.overlay.rows.get(&row.line)
                && let Err(why) = self.patch(header, &text, row, laid, &mut patches)
            {
                fault.get_or_insert_with(|| (row.line, Box::new(not_laid(&self.subject, row.line, &why))));
            }
        });
        match fault {
            Some(fault) => Err(fault),
            None => Ok(patched(text, patches)),
        }
    }

    fn patch(&self, header: &Header, text: &[u8], row: Row<'_>, laid: &Laid, patches: &mut Vec<Patch>) -> Result<(), String> {
        if sha256_of(raw_of(text, row)) != laid.sha256 {
            return Err("the record is not the one that was corrected".to_owned());
        }
        for (name, new) in &laid.cells {
            let column = self.contract.columns.iter().position(|column| *column.name == **name);
            let span = column.and_then(|column| row.span(header.place(column)?));
            let Some((start, end)) = span else { return Err(format!("the contract has no column `{name}`")) };
            let old = text.get(start..end).unwrap_or_default();
            patches.push(Patch { start, end, text: self.as_in_file(name, old, new)? });
        }
        Ok(())
    }

    /// A text as it stands in a file of this format.
    fn as_in_file(&self, name: &str, old: &[u8], new: &str) -> Result<Vec<u8>, String> {
        let line_ends = |text: &[u8]| text.iter().filter(|byte| matches!(byte, b'\n' | b'\r')).count();
        if line_ends(old) != line_ends(new.as_bytes()) {
            return Err(format!("`{name}`: the new text has other line ends than the one it stands for"));
        }
        if let Format::Fixed(_) = self.layout.format {
            return filled_up(old, new).ok_or_else(|| format!("`{name}`: `{}` is longer than its field", printable(new)));
        }
        let mark = |byte: u8| byte == self.dialect.delimiter || Some(byte) == self.dialect.quote || matches!(byte, b'\n' | b'\r');
        let quoted = |quote: u8| old.first() == Some(&quote) || new.bytes().any(mark);
        match self.dialect.quote {
            Some(quote) if quoted(quote) => Ok(in_quotes(new, quote, self.dialect.escape)),
            None if new.bytes().any(mark) => Err(format!("`{name}`: the new text holds the delimiter, and the file knows no quotes")),
            _ => Ok(new.as_bytes().to_vec()),
        }
    }
}

/// In as many characters as before: to the right where the old text stood to the right.
fn filled_up(old: &[u8], new: &str) -> Option<Vec<u8>> {
    let characters = |text: &[u8]| String::from_utf8_lossy(text).chars().count();
    let blanks = " ".repeat(characters(old).checked_sub(characters(new.as_bytes()))?);
    let to_the_right = old.first() == Some(&b' ') && old.last() != Some(&b' ');
    Some(if to_the_right { format!("{blanks}{new}") } else { format!("{new}{blanks}") }.into_bytes())
}

fn in_quotes(new: &str, quote: u8, escape: Escape) -> Vec<u8> {
    let mut text = vec![quote];
    for byte in new.bytes() {
        if byte == quote || (escape == Escape::Backslash && byte == b'\\') {
            text.push(if escape == Escape::Backslash { b'\\' } else { quote });
        }
        text.push(byte);
    }
    text.push(quote);
    text
}

fn patched(text: Cow<'_, [u8]>, mut patches: Vec<Patch>) -> Cow<'_, [u8]> {
    if patches.is_empty() {
        return text;
    }
    patches.sort_by_key(|patch| patch.start);
    let mut out = Vec::with_capacity(text.len() + 64);
    let mut from = 0;
    for patch in patches {
        out.extend_from_slice(text.get(from..patch.start).unwrap_or_default());
        out.extend_from_slice(&patch.text);
        from = patch.end;
    }
    out.extend_from_slice(text.get(from..).unwrap_or_default());
    Cow::Owned(out)
}

fn not_laid(subject: &Subject, line: u64, why: &str) -> Diagnostic {
    Diagnostic::new(codes::control::NOT_LAID, format!("the correction of row {line} does not fit: {why}"))
        .place(Place { line: Some(line), ..Place::file(subject.file.clone()) })
        .expected("the record that was corrected, and a text that could stand in its field")
        .outcome("the delivery is refused; what was accepted before stays")
        .hint("truecost explain line shows the row and its correction")
}
