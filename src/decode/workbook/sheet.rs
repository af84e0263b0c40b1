//! The rows of a sheet as records: the header found by its names, then every row with a value, its fields laid out one beside the other.
//!
//! A row without any value is no record: it is not even in most files. What stands beside the table is never passed over in silence.

use std::{io::Read, sync::Arc};

use super::{
    super::{
        facts::OtherFormat,
        header::{Header, Search},
        judge::Judge,
        packed,
        reading::Reading,
    },
    beside,
    cells::{Batch, Cells, Kind, laid_out},
    faults,
    package::Package,
    rows::{Rows, Unread, Why},
    scan::{self, Region},
};
use crate::{
    diagnostic::{Answer, Diagnostic, codes},
    schema::WorkbookForm,
};

/// A sheet that is being read.
pub(in super::super) struct Sheet {
    file: String,
    cells: Cells,
    header: Arc<Header>,
    table: Table,
    /// Rows that were read and not yet given: with the header, or more than one piece.
    rest: Option<Batch>,
    /// The last row that was given; before any, that of the header.
    given: u64,
    ended: bool,
}

/// Fields of a piece, about: a row is laid out as wide as its table, however few cells it has.
const PIECE_FIELDS: usize = 1 << 20;

/// What of a sheet is read.
#[derive(Clone, Debug)]
struct Table {
    /// From 1.
    first: u32,
    /// From 1; the last column of the header.
    last: u32,
    /// The contract says which columns: what stands beside them is none of this feed's business.
    declared: bool,
    /// Fields that some column of the contract reads: what must not stand in them, by kind.
    read: Vec<ReadAs>,
    merged: Vec<Merged>,
}

/// Rows with merged cells, first and last, and the column in which such a region begins. In rising order, no row twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Merged {
    first: u32,
    last: u32,
    column: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ReadAs {
    Nothing,
    /// A number of 16 digits is no text.
    Text,
    Value,
}

impl Sheet {
    /// Reads the whole file, looks through it, and finds the header.
    ///
    /// # Errors
    /// TC0206 to TC0210 where the header does not fit the contract, TC0447 to TC0455 where the workbook cannot be taken.
    pub(in super::super) fn open(judge: &Judge, form: &WorkbookForm, read: impl Read) -> Answer<Self> {
        let file = &judge.subject.file;
        let bytes = packed::whole(file, read)?;
        if OtherFormat::of(&bytes) == Some(OtherFormat::OldWorkbook) {
            return Err(faults::old_kind(file, &bytes).into());
        }
        let package = Package::open(file, form, bytes)?;
        let mut cells = Cells::begin(file, &package.sheet, package.bytes.clone())?;
        let (header, table, rest) = find(judge, form, &package, &mut cells)?;
        let (ended, given) = (rest.is_none(), header.line);
        Ok(Self { file: file.clone(), cells, header: Arc::new(header), table, rest, given, ended })
    }

    /// The header of the sheet.
    pub(in super::super) fn header(&self) -> Arc<Header> {
        Arc::clone(&self.header)
    }

    /// The next rows; `None` after the last.
    pub(in super::super) fn next(&mut self) -> Answer<Option<Rows>> {
        if self.ended {
            return Ok(None);
        }
        let rest = self.rest.take();
        let batch = match rest {
            Some(batch) => Some(batch),
            None => self.cells.next()?,
        };
        let Some(batch) = batch else {
            self.ended = true;
            return Ok(Some(Rows { last: true, fields: self.table.width(), ..Rows::default() }));
        };
        let (rows, is_all) = self.table.lay_out(&self.file, &batch, self.given)?;
        self.given = rows.lines.last().copied().unwrap_or(self.given);
        self.rest = (!is_all).then_some(batch);
        Ok(Some(rows))
    }
}

/// Finds the header among the first rows. Gives it, the table below it, and the rows that were read with it.
fn find(judge: &Judge, form: &WorkbookForm, package: &Package, cells: &mut Cells) -> Answer<(Header, Table, Option<Batch>)> {
    let mut finding = Finding { judge, form, search: Search::new(judge), line: 1, first_row: None, ended: false };
    let mut seen = None;
    while let Some(batch) = cells.next()? {
        if let Some((mut header, begins)) = finding.look(&batch)? {
            header.remarks.extend(package.remarks.iter().cloned());
            let table = Table::new(judge, (begins, form.columns.is_some()), package, &header);
            header.doubts = doubts(judge, &table, package, &header);
            beside::look(judge, form, package, begins, &mut header);
            return Ok((header, table, Some(batch)));
        }
        if finding.ended {
            break;
        }
        seen = Some(batch);
    }
    if !finding.ended && finding.search.is_nil() {
        let mut header = Header::of_nothing(judge);
        header.remarks.extend(package.remarks.iter().cloned());
        let begins = form.columns.map_or(1, |(first, _)| first);
        let table = Table::new(judge, (begins, form.columns.is_some()), package, &header);
        beside::look(judge, form, package, begins, &mut header);
        return Ok((header, table, seen));
    }
    Err(lost(judge, &finding.search, finding.first_row.as_deref()).into())
}

/// The header, while it is looked for.
struct Finding<'j> {
    judge: &'j Judge,
    form: &'j WorkbookForm,
    search: Search<'j>,
    /// The next row.
    line: u64,
    /// What the first row with a value holds.
    first_row: Option<String>,
    /// It can stand in no further row.
    ended: bool,
}

impl Finding<'_> {
    /// Looks through whole rows. Gives the header, and the column in which its first field stands.
    fn look(&mut self, batch: &Batch) -> Answer<Option<(Header, u32)>> {
        let (first, last) = self.form.columns.unwrap_or((1, u32::MAX));
        for (row, cells) in batch.rows() {
            let row = u64::from(row);
            if row > u64::from(self.judge.layout.rows.header_within_rows) {
                self.ended = true;
                return Ok(None);
            }
            // Rows without a value are lines of the preamble, as blank lines are.
            for line in self.line..row {
                self.search.pass_over(line, String::new());
            }
            self.line = row + 1;
            let mut names = laid_out(&cells, (first, last));
            let mut begins = first;
            if self.form.columns.is_none() && self.search.names_all(&names) {
                faults::one_table(&self.judge.subject, row, first, &names)?;
                let empty = names.iter().take_while(|name| name.trim().is_empty()).count();
                names.drain(..empty);
                begins += empty as u32;
            }
            let text = names.join("|");
            self.first_row.get_or_insert_with(|| text.clone());
            if let Some(header) = self.search.offer(row, names, || text.into_bytes())? {
                return Ok(Some((header, begins)));
            }
        }
        Ok(None)
    }
}

/// Amounts below the header that are shown as something else than they are: one for each column and format.
fn doubts(judge: &Judge, table: &Table, package: &Package, header: &Header) -> Vec<Diagnostic> {
    let is_amount = |column: u32| {
        let place = column.checked_sub(table.first).map(|place| place as usize);
        let mut plans = judge.plans.iter().zip(&header.places);
        plans.any(|(plan, at)| at.is_some() && *at == place && !plan.dropped && matches!(plan.reading, Reading::Money(_)))
    };
    let of = |((column, style, below), rows): (&(u32, u32, bool), &scan::Rows)| {
        let row = rows.below(header.line).filter(|_| is_amount(*column))?;
        let watched = package.watched.iter().find(|watched| watched.style == *style)?;
        let shown = if *below { &watched.below } else { &watched.above };
        Some((*column, faults::shown(&judge.subject.file, (row, *column), &watched.code, *below, shown.as_ref()?)))
    };
    let mut all: Vec<(u32, Diagnostic)> = package.facts.watched.iter().filter_map(of).collect();
    // Euros above and below nought are one thing.
    all.dedup_by(|(column, report), (other, first)| {
        column == other && report.code == first.code && report.code == codes::control::OTHER_CURRENCY
    });
    all.into_iter().map(|(_, report)| report).collect()
}

fn lost(judge: &Judge, search: &Search<'_>, first_row: Option<&str>) -> Diagnostic {
    let within = judge.layout.rows.header_within_rows;
    let not_found = || {
        let first = first_row.unwrap_or_default().as_bytes();
        super::super::faults::header_not_found(&judge.subject, within, &judge.contract.columns, first)
    };
    search.lacking().unwrap_or_else(not_found)
}

impl Table {
    /// Its first column, and whether the contract says so.
    fn new(judge: &Judge, (first, declared): (u32, bool), package: &Package, header: &Header) -> Self {
        let mut read = vec![ReadAs::Nothing; header.fields];
        for (plan, place) in judge.plans.iter().zip(&header.places) {
            if let Some(read) = place.and_then(|place| read.get_mut(place)).filter(|_| !plan.dropped) {
                *read = if matches!(plan.reading, Reading::Text { .. } | Reading::Treated(_)) { ReadAs::Text } else { ReadAs::Value };
            }
        }
        let last = first.saturating_add(header.fields as u32).saturating_sub(1);
        let beside = |region: &&Region| region.last.1 < first || region.first.1 > last || u64::from(region.last.0) <= header.line;
        let merged = merged_rows(package.facts.merged.iter().filter(|region| !beside(region)));
        Self { first, last, declared, read, merged }
    }

    const fn width(&self) -> usize {
        self.read.len()
    }

    /// The rows of a batch below row `given`, as many as a piece holds; whether these are all.
    fn lay_out(&self, file: &str, batch: &Batch, given: u64) -> Answer<(Rows, bool)> {
        let mut rows = Rows { fields: self.width(), ..Rows::default() };
        for (row, cells) in batch.rows().filter(|(row, _)| u64::from(*row) > given) {
            if rows.kinds.len() >= PIECE_FIELDS {
                return Ok((rows, false));
            }
            let begins = rows.text.len();
            let mut ends = Vec::with_capacity(self.width());
            let (mut unread, mut values) = (None, false);
            for (cell, text) in cells {
                if cell.column < self.first || cell.column > self.last {
                    if self.declared {
                        continue;
                    }
                    return Err(faults::beside(file, (row, cell.column), (self.first, self.last)).into());
                }
                values = true;
                let place = (cell.column - self.first) as usize;
                rows.fill(&mut ends, place);
                rows.field(&mut ends, text, cell.kind);
                unread = unread.or_else(|| Some(Unread { line: row.into(), column: cell.column, why: self.why_not(place, cell.kind)? }));
            }
            if !values {
                continue;
            }
            rows.fill(&mut ends, self.width());
            rows.spans.push(begins as u32);
            rows.spans.append(&mut ends);
            rows.lines.push(row.into());
            rows.refused.extend(self.merged_at(row).or(unread));
        }
        Ok((rows, true))
    }

    fn why_not(&self, place: usize, kind: Kind) -> Option<Why> {
        match (self.read.get(place).copied().unwrap_or(ReadAs::Nothing), kind) {
            (ReadAs::Nothing, _) => None,
            (_, Kind::Error) => Some(Why::Error),
            (_, Kind::NoValue) => Some(Why::NoValue),
            (ReadAs::Text, Kind::LongNumber) => Some(Why::LongNumber),
            _ => None,
        }
    }

    /// The first column of a merged region of several cells in this row.
    fn merged_at(&self, row: u32) -> Option<Unread> {
        let merged = self.merged.get(self.merged.partition_point(|merged| merged.last < row)).filter(|merged| merged.first <= row)?;
        Some(Unread { line: row.into(), column: merged.column, why: Why::Merged })
    }
}

/// The rows of these regions, but for those of a single cell.
fn merged_rows<'r>(regions: impl Iterator<Item = &'r Region>) -> Vec<Merged> {
    let mut regions: Vec<&Region> = regions.filter(|region| region.first != region.last).collect();
    regions.sort_by_key(|region| region.first.0);
    let mut all: Vec<Merged> = Vec::new();
    for Region { first, last } in regions {
        let from = all.last().map_or(first.0, |before| first.0.max(before.last.saturating_add(1)));
        if from <= last.0 {
            all.push(Merged { first: from, last: last.0, column: first.1 });
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_merged_regions_are_in_order_and_none_stands_twice() {
        let region = |first: (u32, u32), last: (u32, u32)| Region { first, last };
        let regions =
            [region((7, 2), (9, 2)), region((3, 1), (3, 4)), region((8, 5), (12, 5)), region((8, 1), (8, 2)), region((20, 3), (20, 3))];
        let rows: Vec<(u32, u32, u32)> = merged_rows(regions.iter()).into_iter().map(|m| (m.first, m.last, m.column)).collect();
        assert_eq!(rows, [(3, 3, 1), (7, 9, 2), (10, 12, 5)]);
    }

    /// A table as wide as a sheet, with one cell in each row: what is laid out of it is given in pieces, and every row once.
    #[test]
    fn a_wide_table_of_few_cells_is_given_in_pieces() {
        let width = 1 << 14;
        let table = Table { first: 1, last: width, declared: false, read: vec![ReadAs::Value; width as usize], merged: Vec::new() };
        let mut batch = Batch::default();
        for row in 2..=200 {
            batch.text.push('7');
            batch.cells.push(super::super::cells::Cell { row, column: width, kind: Kind::Number, end: batch.text.len() });
        }
        let (mut given, mut lines, mut pieces) = (1, Vec::new(), 0);
        loop {
            let (rows, is_all) = table.lay_out("file", &batch, given).unwrap();
            assert!(rows.kinds.len() <= PIECE_FIELDS + width as usize);
            given = rows.lines.last().copied().unwrap();
            lines.extend(rows.lines);
            pieces += 1;
            if is_all {
                break;
            }
        }
        assert_eq!((lines, pieces), ((2..=200).collect(), 4));
    }
}
