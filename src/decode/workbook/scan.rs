//! A part of a workbook looked through as bytes, before any reader of XML sees it.
//!
//! What stands behind the cells (merged regions) must be known before them; which rows are hidden no reader of cells says; and a few things
//! that XML allows would make a reader take another value than the one that a person sees: they are refused.

use std::{
    collections::BTreeMap,
    io::{self, Read},
};

use memchr::{memchr, memchr_iter, memmem, memrchr};

use super::{
    place::{self, place, region},
    tag::{Before, attribute, local_name, tag_at, tags_with},
    values,
};

/// Bytes that are read at a time.
const BLOCK: usize = 256 << 10;
/// A tag or cell longer than this is no cell of a workbook.
const TAG_LIMIT: usize = 1 << 20;
/// Merged regions of a sheet.
const REGIONS: usize = 200_000;

/// What a part holds besides its cells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) hidden_rows: u64,
    pub(super) formulas: u64,
    /// A cell holds a value, or could hold one.
    pub(super) holds: bool,
    /// In the order of the part.
    pub(super) merged: Vec<Region>,
    /// `uniqueCount` of the table of texts.
    pub(super) texts: Option<u64>,
    /// Numbers in cells of styles that are watched: by column, style, and whether they are below nought.
    pub(super) watched: BTreeMap<(u32, u32, bool), Rows>,
}

/// Rows in which something stands: the first few, and the last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Rows {
    first: Vec<u32>,
    last: u32,
}

/// Rows that are remembered: as many as a header may stand in, and some.
const REMEMBERED: usize = 1_000;

impl Rows {
    fn push(&mut self, row: u32) {
        if self.first.len() < REMEMBERED {
            self.first.push(row);
        }
        self.last = row;
    }

    /// The first of them below this one; where that is not remembered, the last.
    pub(super) fn below(&self, row: u64) -> Option<u32> {
        let is_below = |at: &&u32| u64::from(**at) > row;
        self.first.iter().find(is_below).or_else(|| std::iter::once(&self.last).find(is_below)).copied()
    }
}

/// Cells that are shown as one; rows and columns from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Region {
    pub(super) first: (u32, u32),
    pub(super) last: (u32, u32),
}

/// Why a part is not read: what it holds.
pub(super) type Refused = &'static str;

pub(super) const DTD: Refused = "a document type or an entity of its own";
pub(super) const NOT_UTF8: Refused = "an encoding other than UTF-8";
const INSIDE_CELLS: Refused = "a comment or an instruction among its cells";
const REFERENCE: Refused = "a character reference inside a number";
pub(super) const SEVERAL_VALUES: Refused = "a cell with more than one value, or a value that is not a text alone";
pub(super) const NO_TEXT: Refused = "a cell that names no text of the workbook's table of texts";
pub(super) const SEVERAL_TABLES: Refused = "a second table of cells";
pub(super) const PREFIXES: Refused = "cells or values under another prefix than their table";
const PLACE: Refused = "a place that no sheet has";
const TOO_LONG: Refused = "a tag of more than 1 MiB";
const TOO_MANY_REGIONS: Refused = "more than 200000 merged regions";

/// Looks through a part. `sheet`: it holds cells.
pub(super) fn scan(read: impl Read, sheet: bool) -> io::Result<Result<Facts, Refused>> {
    scan_watching(read, sheet, &[])
}

/// The same; where cells have one of these styles, it is noted which numbers they hold.
pub(super) fn scan_watching(mut read: impl Read, sheet: bool, styles: &[u32]) -> io::Result<Result<Facts, Refused>> {
    let mut scan =
        Scan { facts: Facts::default(), prefix: None, sheet, begun: false, styles: styles.to_vec(), last: Vec::new(), ended: false };
    let mut buffer: Vec<u8> = Vec::with_capacity(2 * BLOCK);
    loop {
        let before = buffer.len();
        let count = read.by_ref().take(BLOCK as u64).read_to_end(&mut buffer)?;
        let ended = count == 0;
        let end = if ended { buffer.len() } else { scan.cut(&buffer) };
        if let Err(refused) = scan.look(buffer.get(..end).unwrap_or_default()) {
            return Ok(Err(refused));
        }
        if ended {
            return Ok(Ok(scan.facts));
        }
        buffer.drain(..end);
        if buffer.len() > TAG_LIMIT && before > 0 {
            return Ok(Err(TOO_LONG));
        }
    }
}

struct Scan {
    facts: Facts,
    /// The prefix of the names, with its colon; known once the cells begin.
    prefix: Option<Vec<u8>>,
    sheet: bool,
    begun: bool,
    /// Styles that are watched.
    styles: Vec<u32>,
    /// The last tag of what was looked at.
    last: Vec<u8>,
    /// The cells have come to their end.
    ended: bool,
}

impl Scan {
    /// Where the last whole cell or tag of the buffer ends: what follows is looked at with what comes. What stands before the cells is looked
    /// at by itself, so that no cell is cut from its beginning before it is known how cells begin.
    fn cut(&self, buffer: &[u8]) -> usize {
        let prefix = match (&self.prefix, if self.sheet && self.prefix.is_none() { cells_begin(buffer) } else { None }) {
            (Some(prefix), _) => Some(prefix.as_slice()),
            (None, Some((open @ 1.., _))) => return open,
            (None, begins) => begins.map(|(_, prefix)| prefix),
        };
        let cell = prefix.and_then(|prefix| memmem::rfind(buffer, &[b"<", prefix, b"c "].concat()));
        cell.filter(|at| buffer.len() - at < TAG_LIMIT / 2).or_else(|| memrchr(b'<', buffer)).unwrap_or(0)
    }

    fn look(&mut self, text: &[u8]) -> Result<(), Refused> {
        if !self.begun && !text.is_empty() {
            self.begun = true;
            is_utf8(text)?;
        }
        let cells = self.cells_from(text);
        markup(text, cells)?;
        if self.facts.texts.is_none() && !self.sheet {
            let tag = tags_with(text, b"uniqueCount=").next().filter(|tag| local_name(tag) == b"sst");
            self.facts.texts = tag.and_then(|tag| attribute(tag, b"uniqueCount")).and_then(number);
        }
        if self.sheet {
            self.rows(text);
            self.regions(text)?;
            if let Some(prefix) = self.prefix.clone() {
                self.formulas(text, &prefix);
                self.numbers(text, &prefix);
                let from_cells = text.get(cells.unwrap_or(0)..).unwrap_or_default();
                references(from_cells, &prefix)?;
                let of_cells = self.until_end(from_cells, &prefix);
                self.facts.holds |= values::are_there(of_cells, &prefix);
                values::are_single(of_cells, &prefix, &self.last)?;
                values::bear(of_cells, &prefix)?;
                if tags_with(from_cells, b"sheetData").any(|tag| local_name(tag) == b"sheetData") {
                    return Err(SEVERAL_TABLES);
                }
                if place::are_outside(from_cells) {
                    return Err(PLACE);
                }
            }
            self.last = memrchr(b'<', text).and_then(|open| tag_at(text, open)).unwrap_or_default().to_vec();
        }
        Ok(())
    }

    /// Where in the text the cells begin; `None` where they do not begin in it or before it.
    fn cells_from(&mut self, text: &[u8]) -> Option<usize> {
        if self.prefix.is_some() {
            return Some(0);
        }
        if !self.sheet {
            return None;
        }
        let (open, prefix) = cells_begin(text)?;
        self.prefix = Some(prefix.to_vec());
        Some(open + 1 + prefix.len())
    }

    /// What of the text is of the cells: behind them stand graphs and lists, with formulas of their own.
    fn until_end<'t>(&mut self, text: &'t [u8], prefix: &[u8]) -> &'t [u8] {
        if self.ended {
            return &[];
        }
        let end = memmem::find(text, &[b"</", prefix, b"sheetData"].concat());
        self.ended = end.is_some();
        end.and_then(|end| text.get(..end)).unwrap_or(text)
    }

    fn rows(&mut self, text: &[u8]) {
        for row in tags_with(text, b"hidden=").filter(|tag| local_name(tag) == b"row") {
            let hidden = attribute(row, b"hidden").is_some_and(|value| matches!(value, b"1" | b"true"));
            self.facts.hidden_rows += u64::from(hidden);
        }
    }

    fn regions(&mut self, text: &[u8]) -> Result<(), Refused> {
        for tag in tags_with(text, b"mergeCell ") {
            let Some(region) = attribute(tag, b"ref").and_then(region) else { continue };
            if self.facts.merged.len() == REGIONS {
                return Err(TOO_MANY_REGIONS);
            }
            self.facts.merged.push(region);
        }
        Ok(())
    }

    fn formulas(&mut self, text: &[u8], prefix: &[u8]) {
        let begins = [b"<", prefix, b"f"].concat();
        let ends = |at: usize| text.get(at + begins.len()).is_some_and(|byte| matches!(byte, b'>' | b'/' | b' ' | b'\t' | b'\r' | b'\n'));
        self.facts.formulas += memmem::find_iter(text, &begins).filter(|at| ends(*at)).count() as u64;
    }
}

impl Scan {
    /// Numbers in cells of the styles that are watched.
    fn numbers(&mut self, text: &[u8], prefix: &[u8]) {
        if self.styles.is_empty() {
            return;
        }
        let (cell, value) = ([b"<", prefix, b"c "].concat(), [b"<", prefix, b"v>"].concat());
        let mut cells = memmem::find_iter(text, &cell).peekable();
        while let Some(at) = cells.next() {
            let within = text.get(at..cells.peek().copied().unwrap_or(text.len())).unwrap_or_default();
            let Some(tag) = tag_at(within, 0) else { continue };
            let style = attribute(tag, b"s").and_then(number).and_then(|style| u32::try_from(style).ok());
            let Some(style) = style.filter(|style| self.styles.contains(style)) else { continue };
            let is_number = attribute(tag, b"t").is_none_or(|kind| kind == b"n");
            let place = attribute(tag, b"r").and_then(|place| std::str::from_utf8(place).ok()).and_then(place);
            let text = memmem::find(within, &value).and_then(|begins| within.get(begins + value.len()..));
            let digits = text.and_then(|text| text.get(..memchr(b'<', text)?));
            if let (true, Some((row, column)), Some(digits)) = (is_number, place, digits)
                && digits.iter().any(|digit| matches!(digit, b'1'..=b'9'))
            {
                let below = digits.trim_ascii_start().starts_with(b"-");
                self.facts.watched.entry((column, style, below)).or_default().push(row);
            }
        }
    }
}

/// Where the tag opens behind which the cells stand, and the prefix of its name.
fn cells_begin(text: &[u8]) -> Option<(usize, &[u8])> {
    let at = memmem::find_iter(text, b"sheetData").find(|at| text.get(..*at).is_some_and(|before| before.last() != Some(&b'/')))?;
    let open = memrchr(b'<', text.get(..at)?)?;
    Some((open, text.get(open + 1..at)?))
}

/// The part says that it is UTF-8, or says nothing.
fn is_utf8(text: &[u8]) -> Result<(), Refused> {
    let head = text.get(..text.len().min(200)).unwrap_or_default();
    if head.starts_with(&[0xFE, 0xFF])
        || head.starts_with(&[0xFF, 0xFE])
        || memchr(0, head.get(..head.len().min(4)).unwrap_or_default()).is_some()
    {
        return Err(NOT_UTF8);
    }
    let declared = memchr(b'>', head).and_then(|end| head.get(..end)).and_then(|tag| attribute(tag, b"encoding"));
    let known = declared.is_none_or(|name| name.eq_ignore_ascii_case(b"utf-8") || name.eq_ignore_ascii_case(b"us-ascii"));
    if known { Ok(()) } else { Err(NOT_UTF8) }
}

/// No document type anywhere; no comment, marked section or instruction from where the cells begin.
fn markup(text: &[u8], cells: Option<usize>) -> Result<(), Refused> {
    for at in memmem::find_iter(text, b"<!") {
        let rest = text.get(at..).unwrap_or_default();
        if rest.starts_with(b"<!DOCTYPE") || rest.starts_with(b"<!ENTITY") {
            return Err(DTD);
        }
        if cells.is_some_and(|from| at >= from) {
            return Err(INSIDE_CELLS);
        }
    }
    match cells {
        Some(from) if memmem::find_iter(text, b"<?").any(|at| at >= from) => Err(INSIDE_CELLS),
        _ => Ok(()),
    }
}

/// `1&#50;3` is 123 to a person and 1 to a reader that looks no further than its first piece of text.
fn references(text: &[u8], prefix: &[u8]) -> Result<(), Refused> {
    let cell = [b"<", prefix, b"c "].concat();
    let mut before = Before::new(text);
    let (mut looked, mut in_text) = (0, false);
    // Of all references in one value the first is asked for: the others stand in the same cell.
    for at in memchr_iter(b'&', text) {
        if !before.moved(at) {
            continue;
        }
        if let Some(open) = text.get(looked..at).and_then(|between| memmem::rfind(between, &cell)) {
            let kind = tag_at(text, looked + open).and_then(|tag| attribute(tag, b"t"));
            in_text = matches!(kind, Some(b"str" | b"d"));
        }
        looked = at;
        if !in_text && before.tag.is_some_and(|tag| local_name(tag) == b"v") {
            return Err(REFERENCE);
        }
    }
    Ok(())
}

fn number(text: &[u8]) -> Option<u64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet(cells: &str, after: &str) -> Result<Facts, Refused> {
        let text = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?><worksheet><sheetData>{cells}</sheetData>{after}</worksheet>");
        scan(text.as_bytes(), true).unwrap()
    }

    #[test]
    fn x23_x15_rows_formulas_and_regions_are_counted() {
        let facts = sheet(
            "<row r=\"1\" hidden=\"1\"><c r=\"A1\"><f>B1</f><v>1</v></c></row><row r='2' hidden='true'/><row r=\"3\" hidden=\"0\"><c r=\"A3\" t=\"str\"><f t=\"shared\" si=\"0\"/><v>a&amp;b</v></c></row>",
            "<mergeCells count=\"1\"><mergeCell ref=\"A1:C2\"/></mergeCells>",
        )
        .unwrap();
        assert_eq!((facts.hidden_rows, facts.formulas), (2, 2));
        assert_eq!(facts.merged, [Region { first: (1, 1), last: (2, 3) }]);
    }

    #[test]
    fn x10_what_would_be_read_otherwise_than_it_is_seen_is_refused() {
        assert_eq!(sheet("<row><c r=\"A1\"><v>1<!-- -->2</v></c></row>", ""), Err(INSIDE_CELLS));
        assert_eq!(sheet("<row><c r=\"A1\"><v>1<?x?>2</v></c></row>", ""), Err(INSIDE_CELLS));
        assert_eq!(sheet("<row><c r=\"A1\"><v>1&#50;3</v></c></row>", ""), Err(REFERENCE));
        assert_eq!(sheet("<row><c r=\"A1\" t=\"n\"><v>1&#50;3</v></c></row>", ""), Err(REFERENCE));
        assert!(sheet("<row><c r=\"A1\" t=\"str\"><f>A&amp;B</f><v>1&#50;3</v></c></row>", "").is_ok());
        assert!(sheet("<row><c r=\"A1\" t=\"inlineStr\"><is><t>a &amp; b</t></is></c></row>", "").is_ok());
        let dtd = "<!DOCTYPE x [<!ENTITY a \"b\">]><worksheet><sheetData/></worksheet>";
        assert_eq!(scan(dtd.as_bytes(), true).unwrap(), Err(DTD));
        assert_eq!(scan(&b"\xFF\xFE<\0"[..], false).unwrap(), Err(NOT_UTF8));
        assert_eq!(scan(&b"<?xml version='1.0' encoding='UTF-16'?><a/>"[..], false).unwrap(), Err(NOT_UTF8));
    }

    #[test]
    fn a_cell_that_is_cut_by_the_first_block_is_whole() {
        let cell = "<c r=\"B1\" t=\"str\"><v>a&amp;b</v></c>";
        for begins in BLOCK - 260..BLOCK {
            let head = "<worksheet><sheetData><row r=\"1\">";
            let filled = format!("<c r=\"A1\" t=\"inlineStr\"><is><t>{}</t></is></c>", "x".repeat(begins));
            let text = format!("{head}{filled}{cell}</row></sheetData></worksheet>");
            assert!(scan(text.as_bytes(), true).unwrap().is_ok(), "{begins}");
        }
    }

    #[test]
    fn a_part_is_looked_at_the_same_however_it_comes() {
        let cells: String = (1..20_000)
            .map(|row| {
                format!(
                    "<x:row r=\"{row}\" hidden=\"{}\"><x:c r=\"A{row}\" t=\"str\"><x:f>A&amp;B</x:f><x:v>a&amp;b</x:v></x:c></x:row>",
                    row % 2
                )
            })
            .collect();
        let text = format!("<x:worksheet><x:sheetData>{cells}</x:sheetData></x:worksheet>");
        let facts = scan(text.as_bytes(), true).unwrap().unwrap();
        assert_eq!((facts.hidden_rows, facts.formulas), (10_000, 19_999));
    }

    /// What repeats one byte or one word is looked through in a time that grows with its length, not with its square: these took seconds.
    #[test]
    fn parts_made_to_take_long_do_not() {
        let long = |word: &str| word.repeat((1 << 18) / word.len());
        let rows = format!("<row {}", long("hidden="));
        let values = format!("<c r=\"A1\" t=\"str\">{}", long("<v>&amp;</v>"));
        assert_eq!(sheet(&values, ""), Err(SEVERAL_VALUES));
        for cells in [rows.as_str(), &long("<row hidden="), &long("<mergeCell "), &format!("<c t=\"str\"><v>{}", long("&amp;"))] {
            assert_eq!(sheet(cells, "").map(|facts| facts.hidden_rows), Ok(0), "{}", cells.get(..40).unwrap_or(cells));
        }
    }
}
