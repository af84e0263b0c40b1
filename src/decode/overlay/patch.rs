//! Corrections of text: what stands in a file of this format instead of some stretches of it.

use std::{borrow::Cow, collections::BTreeMap};

use super::{
    super::{
        fixed::line::{length, unit},
        header::Header,
        judge::Judge,
        records::Row,
    },
    Cell,
};
use crate::{
    domain::printable,
    schema::{Escape, Fixed, Format, Unit},
};

/// What is read instead of some stretches of a text.
#[derive(Default)]
pub(super) struct Patches(Vec<Patch>);

/// A stretch of text and what is read instead.
struct Patch {
    start: usize,
    end: usize,
    text: Vec<u8>,
}

impl Patches {
    /// Adds those of a record: by its field, what is laid over it.
    pub(super) fn record(
        &mut self,
        judge: &Judge,
        header: &Header,
        text: &[u8],
        row: Row<'_>,
        cells: &BTreeMap<usize, Cell<'_>>,
    ) -> Result<(), String> {
        match &judge.layout.format {
            Format::Fixed(fixed) => self.at_places(judge, header, fixed, text, row, cells),
            Format::Delimited(_) | Format::Workbook(_) => self.between_delimiters(judge, text, row, cells),
        }
    }

    fn between_delimiters(&mut self, judge: &Judge, text: &[u8], row: Row<'_>, cells: &BTreeMap<usize, Cell<'_>>) -> Result<(), String> {
        let there = fields_there(row);
        for (place, cell) in cells.range(..there) {
            let Some((start, end)) = row.span(*place) else { continue };
            let old = text.get(start..end).unwrap_or_default();
            self.0.push(Patch { start, end, text: as_in_file(judge, old, *cell)? });
        }
        // Fields that the record lacks stand behind its end, each behind its delimiter.
        let Some((last, _)) = cells.range(there..).next_back() else { return Ok(()) };
        let mut behind = Vec::new();
        for place in there..=*last {
            behind.push(judge.dialect.delimiter);
            if let Some(cell) = cells.get(&place) {
                behind.append(&mut as_in_file(judge, b"", *cell)?);
            }
        }
        self.0.push(Patch { start: row.end(), end: row.end(), text: behind });
        Ok(())
    }

    fn at_places(
        &mut self,
        judge: &Judge,
        header: &Header,
        fixed: &Fixed,
        text: &[u8],
        row: Row<'_>,
        cells: &BTreeMap<usize, Cell<'_>>,
    ) -> Result<(), String> {
        let unit = unit(judge);
        let whole = (fixed.length as usize).saturating_sub(header.line_end);
        let widths: Vec<usize> = fixed
            .fields
            .iter()
            .map(|field| (field.at.end() as usize).min(whole).saturating_sub((field.at.start as usize).min(whole)))
            .collect();
        let old = |place: usize| row.span(place).and_then(|(start, end)| text.get(start..end)).unwrap_or_default();
        let new = |place: usize| {
            let width = widths.get(place).copied().unwrap_or_default();
            match cells.get(&place) {
                Some(cell) => one_line(old(place), *cell).and_then(|()| filled_up(old(place), *cell, (width, unit))),
                None => Ok([old(place), &vec![b' '; width.saturating_sub(length(old(place), unit))]].concat()),
            }
        };
        // From the first field on that a short line does not hold whole, the line is filled up to the last that is corrected.
        let short = (0..widths.len()).find(|place| widths.get(*place).is_some_and(|width| length(old(*place), unit) < *width));
        let short = short.unwrap_or(widths.len());
        for place in cells.range(..short).map(|(place, _)| *place) {
            let Some((start, end)) = row.span(place) else { continue };
            self.0.push(Patch { start, end, text: new(place)? });
        }
        let Some((last, _)) = cells.range(short..).next_back() else { return Ok(()) };
        let start = row.span(short).map_or_else(|| row.end(), |(start, _)| start);
        let filled = (short..=*last).map(new).collect::<Result<Vec<_>, _>>()?;
        self.0.push(Patch { start, end: row.end(), text: filled.concat() });
        Ok(())
    }

    /// The text with what is read instead.
    pub(super) fn onto(self, text: Cow<'_, [u8]>) -> Cow<'_, [u8]> {
        let Self(mut patches) = self;
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
}

/// How many fields of a record stand in the file: those that it lacks begin behind its end.
fn fields_there(row: Row<'_>) -> usize {
    let lacks = |(before, end): (&u32, &u32)| *before as usize + row.gap > *end as usize;
    row.ends.iter().zip(row.ends.iter().skip(1)).position(lacks).map_or(row.ends.len(), |at| at + 1)
}

/// A text as it stands between delimiters.
fn as_in_file(judge: &Judge, old: &[u8], cell: Cell<'_>) -> Result<Vec<u8>, String> {
    one_line(old, cell)?;
    let (Cell { name, text: new, .. }, dialect) = (cell, judge.dialect);
    let mark = |byte: u8| byte == dialect.delimiter || Some(byte) == dialect.quote || matches!(byte, b'\n' | b'\r');
    let quoted = |quote: u8| old.first() == Some(&quote) || new.bytes().any(mark);
    match dialect.quote {
        Some(quote) if quoted(quote) => Ok(in_quotes(new, quote, dialect.escape)),
        None if new.bytes().any(mark) => Err(format!("`{name}`: the new text holds the delimiter, and the file knows no quotes")),
        _ => Ok(new.as_bytes().to_vec()),
    }
}

/// A record stands on as many lines as before: else every record below it would be another.
fn one_line(old: &[u8], cell: Cell<'_>) -> Result<(), String> {
    let line_ends = |text: &[u8]| text.iter().filter(|byte| matches!(byte, b'\n' | b'\r')).count();
    if line_ends(old) == line_ends(cell.text.as_bytes()) {
        return Ok(());
    }
    Err(format!("`{}`: the new text has other line ends than the one it stands for", cell.name))
}

/// In all of its field: to the right where the old text stood to the right.
fn filled_up(old: &[u8], cell: Cell<'_>, (width, unit): (usize, Unit)) -> Result<Vec<u8>, String> {
    let Cell { name, text: new, .. } = cell;
    let too_long = || format!("`{name}`: `{}` is longer than its field", printable(new));
    let blanks = " ".repeat(width.checked_sub(length(new.as_bytes(), unit)).ok_or_else(too_long)?);
    let to_the_right = old.first() == Some(&b' ') && old.last() != Some(&b' ');
    Ok(if to_the_right { format!("{blanks}{new}") } else { format!("{new}{blanks}") }.into_bytes())
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
