//! Text in which fields stand at fixed places: printed reports with dashes under their headings, and records of one width.

use std::{borrow::Cow, collections::BTreeSet};

use super::{
    encoding::{Change, Chosen, Utf8},
    facts::{Format, Header, Layout, OfAll, Profile, Reason},
    gather::Cell,
    shape::{self, Cut},
    source::Source,
    sums::Before,
    table::Table,
    text::text_facts,
    whole::{Parts, whole},
    words,
};
use crate::{
    decode::{LineEndCounts, PlainFault, PlainRecords},
    diagnostic::{Answer, Refusal},
    schema::known_layouts,
};

/// Gives each line of the text, form feeds taken off.
pub(super) fn lines(source: &Source, chosen: &Chosen, take: &mut dyn FnMut(u64, &str)) -> Result<LineEndCounts, Refusal> {
    let read = Utf8::new(source.open()?, chosen, Change::default()).map_err(|error| source.broken(error))?;
    let result = PlainRecords::new(read, Cut::single().spelling, 1).each(&mut |record| {
        let text = String::from_utf8_lossy(record.raw);
        take(record.line, text.trim_start_matches('\u{c}'));
    });
    result.map_err(|fault| match fault {
        PlainFault::Unreadable(error) => source.broken(error),
        PlainFault::Quote { line } | PlainFault::Endless { line } => {
            let what = format!("no table: line {line} does not end");
            super::refuse::no_table(&source.shown(), &what, "ask the sender what the file is")
        }
    })
}

/// A printed report: `columns` are the first and last character of each, from 0, and `rule` is the line of dashes that shows them.
pub(super) fn ruled(source: &Source, chosen: &Chosen, columns: &[(usize, usize)], rule: &str) -> Answer<Profile> {
    let (names, line) = names_above(source, chosen, columns, rule)?;
    let mut report = Report {
        columns,
        rule: rule.trim_end(),
        table: Table::new(names.clone(), columns.len(), Vec::new()),
        before: Vec::new(),
        rules: 0,
        names: line,
        widths: None,
        furniture: BTreeSet::new(),
    };
    let ends = lines(source, chosen, &mut |line, text| report.line(line, text))?;
    report.table.finish();
    let places = columns.iter().map(|(from, to)| (from + 1, to + 1)).collect();
    let header = Header {
        line: (line > 0).then_some(line),
        records: 1,
        lines: 2,
        first_row: report.table.first_row,
        before: report.before.len() as u64,
        ..Header::default()
    };
    Ok(whole(Parts {
        source,
        format: Format::Fixed,
        text: Some(text_facts(chosen, ends)),
        layout: Layout { places, row_widths: report.widths, page_lines: patterns(&report.furniture), ..Layout::default() },
        header,
        names,
        table: report.table,
        before: report.before,
        notes: Vec::new(),
        sheets: Vec::new(),
        sheet: None,
    }))
}

/// Lines as patterns: what bears a digit or is a month differs from page to page.
fn patterns(lines: &BTreeSet<(String, Reason)>) -> Vec<(String, Reason)> {
    let mut found: Vec<(String, Reason)> = Vec::new();
    for (text, reason) in lines {
        let differs = |word: &str| {
            word.bytes().any(|byte| byte.is_ascii_digit()) || crate::domain::month_number(word.trim_matches(',').as_bytes()).is_some()
        };
        let mut words: Vec<&str> = text.split(' ').map(|word| if differs(word) { "*" } else { word }).collect();
        if matches!(reason, Reason::Total | Reason::Subtotal) {
            words.push("*");
        }
        words.dedup_by(|a, b| *a == "*" && *b == "*");
        let pattern = (words.join(" "), *reason);
        if words.iter().any(|word| *word != "*") && !found.contains(&pattern) {
            found.push(pattern);
        }
    }
    found
}

/// The names of the columns, from the line above the first line of dashes, and that line.
fn names_above(source: &Source, chosen: &Chosen, columns: &[(usize, usize)], rule: &str) -> Answer<(Vec<String>, u64)> {
    let (mut found, mut last) = (None, (0, String::new()));
    lines(source, chosen, &mut |line, text| {
        if found.is_none() && text.trim_end() == rule.trim_end() {
            found = Some(last.clone());
        }
        last = (line, text.to_owned());
    })?;
    let (line, text) = found.unwrap_or_default();
    Ok((cut(&text, columns).iter().map(|name| name.trim().to_owned()).collect(), line))
}

/// The texts at the places; the last goes on to the end of the line.
fn cut(text: &str, columns: &[(usize, usize)]) -> Vec<String> {
    let letters: Vec<char> = text.chars().collect();
    let last = columns.len().saturating_sub(1);
    let one = |(at, (from, to)): (usize, &(usize, usize))| {
        let end = if at == last { letters.len() } else { (to + 1).min(letters.len()) };
        letters.get(*from..end).map_or_else(String::new, |part| part.iter().collect())
    };
    columns.iter().enumerate().map(one).collect()
}

struct Report<'a> {
    columns: &'a [(usize, usize)],
    rule: &'a str,
    table: Table,
    before: Vec<Before>,
    /// Lines of dashes seen.
    rules: u64,
    /// Line of the names.
    names: u64,
    /// Characters of the shortest and the longest line of a row.
    widths: Option<(usize, usize)>,
    /// Lines between the rows, with what they are.
    furniture: BTreeSet<(String, Reason)>,
}

/// Different lines between rows that are kept.
const FURNITURE: usize = 2_000;

impl Report<'_> {
    fn line(&mut self, line: u64, text: &str) {
        if text.trim_end() == self.rule {
            self.rules += 1;
            // The one below the headings too: of a report of one page it is all there is.
            self.keep(text, Reason::Rule);
        }
        if self.rules == 0 || (self.rules == 1 && text.trim_end() == self.rule) {
            return self.above(line, text);
        }
        let cells = cut(text, self.columns);
        let is_names = self.table.names().iter().zip(&cells).all(|(name, cell)| name == cell.trim());
        if words::is_end(text) {
            self.keep(text, Reason::End);
            let mut own = vec![String::new(); cells.len()];
            own.first_mut().into_iter().for_each(|cell| text.trim().clone_into(cell));
            return self.table.note(line, Reason::End, own);
        }
        let is_rule = words::is_rule(text.as_bytes());
        if is_rule {
            self.keep(text, Reason::Rule);
        }
        let values = cells.iter().filter(|cell| shape::is_value(cell)).count();
        // Where values stand under their names a long text has run into the next column: it is a row all the same.
        if !is_rule && !is_names && values < 2 && self.crosses(text) {
            return self.crossing(line, text, &cells);
        }
        if !is_rule && !is_names && !text.trim().is_empty() {
            let length = text.chars().count();
            self.widths = Some(self.widths.map_or((length, length), |(least, most)| (least.min(length), most.max(length))));
        }
        let cells: Vec<Cell<'_>> =
            cells.iter().map(|cell| Cell { text: Cow::Borrowed(cell.trim().as_bytes()), ..Cell::default() }).collect();
        self.table.take(line, text.as_bytes(), &cells);
    }

    /// A line that is of no column: a label with a total at the end, the end of the report, the head of a page.
    fn crossing(&mut self, line: u64, text: &str, cells: &[String]) {
        let last = cells.last().map(|cell| cell.trim().to_owned()).unwrap_or_default();
        let label = text.trim().strip_suffix(last.as_str()).unwrap_or_default().trim();
        let mut own = vec![String::new(); cells.len()];
        if words::is_total(label) {
            own.first_mut().into_iter().for_each(|cell| label.clone_into(cell));
            own.last_mut().into_iter().for_each(|cell| cell.clone_from(&last));
            self.keep(label, if words::is_subtotal(label) { Reason::Subtotal } else { Reason::Total });
            return self.table.note(line, Reason::Marker, own);
        }
        self.keep(text, Reason::PageHead);
        self.table.page_head(line);
    }

    fn keep(&mut self, text: &str, reason: Reason) {
        if self.furniture.len() < FURNITURE {
            self.furniture.insert((text.split_whitespace().collect::<Vec<_>>().join(" "), reason));
        }
    }

    fn above(&mut self, line: u64, text: &str) {
        self.table.records += 1;
        if text.trim().is_empty() {
            self.table.blank(line);
        } else if line != self.names && text.trim_end() != self.rule {
            self.before.push(Before { line, cells: vec![text.trim().to_owned()] });
        }
    }

    /// Something stands between the columns: the line is none of theirs.
    fn crosses(&self, text: &str) -> bool {
        // Columns stand in their order: the one that ends behind `at` begins there too, unless `at` is between it and the one before.
        let between = |at: usize| {
            let next = self.columns.partition_point(|(_, to)| *to < at);
            next > 0 && self.columns.get(next).is_some_and(|(from, _)| at < *from)
        };
        text.chars().enumerate().any(|(at, letter)| letter != ' ' && between(at))
    }
}

/// Records of one width, without names: what kinds there are, and where kinds of characters change.
pub(super) fn fixed(source: &Source, chosen: &Chosen, head: &str, width: usize) -> Answer<Profile> {
    let of_width: Vec<&str> = head.lines().filter(|line| line.chars().count() == width).take(400).collect();
    let first = |line: &&str| line.chars().next();
    let tag = of_width.iter().filter_map(first).max_by_key(|tag| of_width.iter().filter(|line| first(line) == Some(*tag)).count());
    let like: Vec<&str> = of_width.iter().copied().filter(|line| line.chars().next() == tag).collect();
    let columns = segments(&like, width);
    let tagged = like.len() < of_width.len() && tag.is_some_and(char::is_alphabetic);
    let mut table = Table::new(Vec::new(), columns.len(), Vec::new());
    table.tells_rows = false;
    let (mut of, mut alike) = (0, 0);
    let ends = lines(source, chosen, &mut |line, text| {
        of += u64::from(!text.is_empty());
        alike += u64::from(text.chars().count() == width);
        let cells = cut(text, &columns);
        let cells: Vec<Cell<'_>> =
            cells.iter().map(|cell| Cell { text: Cow::Borrowed(cell.trim().as_bytes()), ..Cell::default() }).collect();
        let own = text.chars().next().filter(|first| tagged && Some(*first) != tag);
        match own {
            Some(first) => table.of_type(first.to_string(), line, &cells),
            None => table.take(line, text.as_bytes(), &cells),
        }
    })?;
    table.finish();
    let places = columns.iter().map(|(from, to)| (from + 1, to + 1)).collect();
    let header = Header { first_row: table.first_row, ..Header::default() };
    Ok(whole(Parts {
        source,
        format: Format::Fixed,
        text: Some(text_facts(chosen, ends)),
        layout: Layout { places, width: Some((width, OfAll { rows: alike, of })), ..Layout::default() },
        header,
        names: Vec::new(),
        table,
        before: Vec::new(),
        notes: as_long(width),
        sheets: Vec::new(),
        sheet: None,
    }))
}

/// Known layouts whose lines are as long.
fn as_long(width: usize) -> Vec<String> {
    let length =
        |text: &str| text.lines().find_map(|line| line.trim().strip_prefix("length: ")?.split_whitespace().next()?.parse::<usize>().ok());
    let known = known_layouts().into_iter().filter(|layout| length(layout.text) == Some(width));
    known.map(|layout| format!("its lines are as long as those of a layout that is known: `{}`, {}", layout.name, layout.title())).collect()
}

/// Where kinds of characters change in all lines: digits, blanks, anything else. Fields of one kind that touch are one here.
fn segments(lines: &[&str], width: usize) -> Vec<(usize, usize)> {
    let mut kinds = vec![0_u8; width];
    for line in lines {
        for (kind, letter) in kinds.iter_mut().zip(line.chars()) {
            *kind |= match letter {
                ' ' => 1,
                c if c.is_ascii_digit() => 2,
                _ => 4,
            };
        }
    }
    // Blanks beside letters or digits are the padding of a field, which ends where all lines have a blank.
    let field = |kind: u8| match kind {
        1 => 0,
        2 => 1,
        _ => 2,
    };
    let mut all = Vec::new();
    let mut from = 0;
    for at in 1..=width {
        let kind = |at: usize| kinds.get(at).map(|kind| field(*kind));
        if kind(at) != kind(from) {
            if kind(from) != Some(0) {
                all.push((from, at - 1));
            }
            from = at;
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_where_kinds_of_characters_change() {
        assert_eq!(segments(&["D00123ABC  45", "D00124XY   46"], 13), [(0, 0), (1, 5), (6, 8), (11, 12)]);
        assert_eq!(cut("Café  12", &[(0, 3), (6, 7)]), ["Café", "12"]);
    }
}
