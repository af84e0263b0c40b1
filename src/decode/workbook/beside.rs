//! Sheets that are not read and look as the one that is: extracts that outgrow a sheet, or are put together by hand, go on on another.

use super::{
    super::{
        header::{Header, Search},
        judge::Judge,
        reading::Reading,
        value::date::{DateFault, DateRules},
    },
    cells::{Batch, Book, CELLS, Cell, Kind, laid_out},
    faults,
    package::{Package, not_looked_at},
};
use crate::schema::WorkbookForm;

/// The first rows of a sheet, each as one of the table, without headings: so many are no accident.
const TELLING: usize = 2;

/// What a sheet holds that is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    /// The headings of the contract's columns in this row, and rows below.
    Headings(u32),
    /// Rows of the same columns from this row on, without headings.
    Rows(u32),
}

/// Adds to the header a doubt for each sheet that may hold rows of this feed and that its contract does not set aside. `begins`: the column
/// of the sheet in which the first field stands, from 1.
pub(super) fn look(judge: &Judge, form: &WorkbookForm, package: &Package, begins: u32, header: &mut Header) {
    let file = &judge.subject.file;
    if package.others.is_empty() {
        return;
    }
    let search = Search::new(judge);
    let places: Vec<Option<u32>> = header.places.iter().map(|place| place.map(|place| begins + place as u32)).collect();
    let mut book = Book::open(file, package.bytes.clone()).ok();
    for sheet in &package.others {
        let mut looking =
            Looking { judge, form, search: &search, places: &places, headings: None, values: 0, alike: Vec::new(), found: None };
        let looked = book.as_mut().is_some_and(|book| book.each(sheet, CELLS, &mut |batch| looking.goes_on(&batch)).is_ok());
        header.doubts.extend(looking.found.map(|holds| faults::other_sheet(file, (&package.sheet, sheet), holds)));
        // What is wrong with a sheet that is not read refuses nothing.
        header.remarks.extend((!looked).then(|| not_looked_at(sheet)));
    }
}

/// One sheet while it is looked at.
struct Looking<'a> {
    judge: &'a Judge,
    form: &'a WorkbookForm,
    search: &'a Search<'a>,
    /// The column of the sheet in which each column of the contract stands, from 1.
    places: &'a [Option<u32>],
    /// The row of its headings, and the columns in which amounts stand below them; none where the contract has no amount.
    headings: Option<(u32, Vec<u32>)>,
    /// Rows with a value, while no headings are found.
    values: usize,
    /// Its first rows, each as one of the table.
    alike: Vec<u32>,
    found: Option<Holds>,
}

impl Looking<'_> {
    /// Looks at whole rows; whether more of them can say anything.
    fn goes_on(&mut self, batch: &Batch) -> bool {
        for (row, cells) in batch.rows() {
            self.found = match &self.headings {
                Some((headings, amounts)) => has_amount(amounts, &cells).then_some(Holds::Headings(*headings)),
                None if row > self.judge.layout.rows.header_within_rows => return false,
                None => self.first_rows(row, &cells),
            };
            if self.found.is_some() {
                return false;
            }
        }
        true
    }

    /// Looks at a row above which no headings stand.
    fn first_rows(&mut self, row: u32, cells: &[(Cell, &str)]) -> Option<Holds> {
        let (first, last) = self.form.columns.unwrap_or((1, u32::MAX));
        let names = laid_out(cells, (first, last));
        if names.iter().all(|name| name.trim().is_empty()) {
            return None;
        }
        if let Some(places) = self.search.places(&names) {
            let plans = self.judge.plans.iter().zip(places);
            let amounts = plans.filter(|(plan, _)| matches!(plan.reading, Reading::Money(_))).filter_map(|(_, place)| place);
            self.headings = Some((row, amounts.map(|place| first + place as u32).collect()));
            return None;
        }
        // Below a row of another kind stands another table, with headings of its own.
        let is_first = self.alike.len() == self.values;
        self.values += 1;
        if is_first && self.is_as_the_table(cells) {
            self.alike.push(row);
        }
        let telling = self.alike.len() >= TELLING;
        self.alike.first().filter(|_| telling).map(|row| Holds::Rows(*row))
    }

    /// Whether the row holds an amount and a day where those of the table do, and what no row may lack.
    fn is_as_the_table(&self, cells: &[(Cell, &str)]) -> bool {
        let (mut amounts, mut days) = (0, 0);
        for (plan, place) in self.judge.plans.iter().zip(self.places) {
            let found = place.and_then(|place| cells.iter().find(|(cell, _)| cell.column == place));
            let kind = found.map(|(cell, _)| cell.kind);
            let text = found.map_or("", |(_, text)| if plan.trim { text.trim() } else { text });
            match &plan.reading {
                Reading::Money(_) if kind == Some(Kind::Number) => amounts += 1,
                Reading::Date(rules) if kind == Some(Kind::Date) || is_day(rules, text) => days += 1,
                Reading::Money(_) | Reading::Date(_) if kind.is_some() => return false,
                _ if plan.required && kind.is_none() => return false,
                _ => {}
            }
        }
        amounts > 0 && days > 0
    }
}

/// Whether the contract takes the text for a day. One that its window refuses is a day too.
fn is_day(rules: &DateRules, text: &str) -> bool {
    matches!(rules.read(text.as_bytes()), Ok(_) | Err(DateFault::Window))
}

/// Whether a row holds more than nothing in one of these columns; any value where there are none.
fn has_amount(amounts: &[u32], cells: &[(Cell, &str)]) -> bool {
    let is_one = |(cell, text): &(Cell, &str)| amounts.contains(&cell.column) && text.bytes().any(|byte| matches!(byte, b'1'..=b'9'));
    if amounts.is_empty() { !cells.is_empty() } else { cells.iter().any(is_one) }
}
