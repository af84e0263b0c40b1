//! A text: its encoding, how it is cut, its header, its rows.

use std::{borrow::Cow, io::Read};

use memchr::memchr_iter;

use super::{
    Options,
    encoding::{Bytes, Change, Chosen, Utf8},
    facts::{Format, Header, Layout, Profile, TextFacts},
    fixed,
    gather::Cell,
    placed, refuse,
    shape::{self, Cut, Heading, Look},
    source::Source,
    sums::Before,
    table::Table,
    whole::{Parts, whole},
};
use crate::{
    decode::{LineEndCounts, PlainFault, PlainRecords},
    diagnostic::{Answer, Refusal},
};

/// Bytes from which is seen how records are cut.
const HEAD: u64 = 1 << 20;

/// Records among which the header is looked for.
const HEADER_RECORDS: usize = 400;

pub(super) fn profile(source: &Source, options: &Options) -> Answer<Profile> {
    let bytes = Bytes::scan(&mut *source.open()?).map_err(|error| source.broken(error))?;
    if bytes.facts.len <= u64::from(bytes.facts.bom_len) {
        return Err(refuse::empty(&source.shown()));
    }
    if let Some(spot) = bytes.facts.utf16.as_ref().map_or(bytes.facts.nul, |utf16| utf16.nul) {
        let what = format!("no text: byte {} on line {} is nought", spot.offset, spot.line);
        return Err(refuse::no_table(&source.shown(), &what, "ask the sender what the file is"));
    }
    let chosen = bytes.choose();
    let head = head(source, &chosen)?;
    if is_web_page(&head) {
        let next = "open it in a browser: it is mostly a page that asks for a password";
        return Err(refuse::no_table(&source.shown(), "a web page", next));
    }
    if let Some(places) = &options.places {
        return placed::placed(source, &chosen, &head, places);
    }
    match shape::look(&head) {
        Look::Delimited(cuts) => delimited(source, &chosen, &head, &cuts, &options.names),
        Look::Single => delimited(source, &chosen, &head, &[Cut::single()], &options.names),
        Look::Ruled { columns, rule } => fixed::ruled(source, &chosen, &columns, &rule),
        Look::Fixed { width } => fixed::fixed(source, &chosen, &head, width),
    }
}

fn is_web_page(head: &str) -> bool {
    let start = head.trim_start().get(..9).unwrap_or_default().to_lowercase();
    start.starts_with("<!doctype") || start.starts_with("<html")
}

/// The beginning of the text, cut at a line end where it goes on.
fn head(source: &Source, chosen: &Chosen) -> Answer<String> {
    let mut bytes = Vec::new();
    let text = Utf8::new(source.open()?, chosen, Change::default()).map_err(|error| source.broken(error))?;
    text.take(HEAD).read_to_end(&mut bytes).map_err(|error| source.broken(error))?;
    if bytes.len() as u64 == HEAD {
        let end = bytes.iter().rposition(|byte| *byte == b'\n' || *byte == b'\r').map_or(bytes.len(), |at| at + 1);
        bytes.truncate(end);
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

impl Cut {
    /// One field a line.
    pub(super) const fn single() -> Self {
        let spelling = crate::decode::Spelling { delimiter: super::encoding::STAND_IN, quote: None, backslash: false, strays: false };
        Self { delimiter: '\u{1f}', spelling, change: Change { delimiter: None, formulas: None } }
    }
}

/// One pass over the rows.
struct Pass {
    table: Table,
    before: Vec<Before>,
    blank_before: u64,
    quoted: u64,
    quotes_in_text: u64,
    stray_quotes: u64,
    /// Line ends inside of the header.
    header_lines: (u64, u64),
    ends_empty: bool,
}

fn delimited(source: &Source, chosen: &Chosen, head: &str, cuts: &[Cut], names: &[String]) -> Answer<Profile> {
    let mut fault_line = None;
    for cut in cuts {
        let heading = shape::heading(&shape::records(head, *cut, HEADER_RECORDS)).called(names);
        match pass(source, chosen, *cut, &heading)? {
            Ok((pass, ends)) => return Ok(finish(source, chosen, *cut, heading, pass, ends, fault_line)),
            Err(PlainFault::Unreadable(error)) => return Err(source.broken(error)),
            Err(PlainFault::Quote { line } | PlainFault::Endless { line }) => fault_line = fault_line.or(Some(line)),
        }
    }
    let what = format!("no table: the record on line {} does not end", fault_line.unwrap_or(1));
    Err(refuse::no_table(&source.shown(), &what, "look at the file around that line: most often a quote is never closed"))
}

fn pass(source: &Source, chosen: &Chosen, cut: Cut, heading: &Heading) -> Result<Result<(Pass, LineEndCounts), PlainFault>, Refusal> {
    let read = Utf8::new(source.open()?, chosen, cut.change).map_err(|error| source.broken(error))?;
    let mut pass = Pass {
        table: Table::new(heading.names.clone(), heading.width, heading.tags.clone()),
        before: Vec::new(),
        blank_before: 0,
        quoted: 0,
        quotes_in_text: 0,
        stray_quotes: 0,
        header_lines: (0, 0),
        ends_empty: true,
    };
    let mut seen = 0;
    let from = heading.at.map_or(0, |at| at + heading.records);
    let result = PlainRecords::new(read, cut.spelling, 1).each(&mut |record| {
        let at = seen;
        seen += 1;
        pass.quoted += record.quoted as u64;
        pass.stray_quotes += record.strays as u64;
        if cut.spelling.quote.is_none() {
            pass.quotes_in_text += memchr_iter(b'"', record.raw).count() as u64;
        }
        if at < from {
            return pass.head(record, heading.at.is_some_and(|first| at >= first));
        }
        let cells: Vec<Cell<'_>> = record.fields.iter().map(|field| Cell { text: Cow::Borrowed(&**field), ..Cell::default() }).collect();
        pass.ends_empty &= record.fields.len() < heading.width || record.fields.last().is_some_and(|last| last.trim_ascii().is_empty());
        pass.table.take(record.line, record.raw, &cells);
    });
    pass.table.finish();
    Ok(result.map(|ends| (pass, ends)))
}

impl Pass {
    /// A record before the rows: of the header, or above it.
    fn head(&mut self, record: &crate::decode::PlainRecord<'_>, names: bool) {
        if names {
            let breaks = memchr_iter(b'\n', record.raw).count() as u64;
            self.header_lines =
                (if self.header_lines.0 == 0 { record.line } else { self.header_lines.0 }, self.header_lines.1 + 1 + breaks);
        } else if record.fields.iter().all(|field| field.trim_ascii().is_empty()) {
            self.blank_before += 1;
            self.table.records += 1;
            self.table.blank(record.line);
            return;
        } else {
            let cells = record.fields.iter().map(|field| String::from_utf8_lossy(field).replace('\u{1d}', "")).collect();
            if crate::profile::words::is_rule(record.raw) {
                self.table.rule(record.line);
            } else {
                self.before.push(Before { line: record.line, cells });
            }
        }
        self.table.records += 1;
    }
}

fn finish(
    source: &Source,
    chosen: &Chosen,
    cut: Cut,
    mut heading: Heading,
    mut pass: Pass,
    ends: LineEndCounts,
    fault_line: Option<u64>,
) -> Profile {
    let names = &heading.names;
    let empty = |at: usize| names.get(at).is_some_and(|name| name.trim().is_empty());
    let unfilled = |pass: &Pass, at: usize| pass.table.columns.get(at).is_some_and(|column| column.filled == 0);
    let last = heading.width.saturating_sub(1);
    // Several empty columns at the end are what a spreadsheet leaves; one is a delimiter that ends the line.
    let trailing = !names.is_empty() && last > 0 && empty(last) && !empty(last - 1) && pass.ends_empty && pass.table.rows > 0;
    let bars = trailing && cut.delimiter == '|' && empty(0) && unfilled(&pass, 0);
    let layout = Layout {
        delimiter: (cut.delimiter != '\u{1f}').then_some(cut.delimiter),
        quote: cut.spelling.quote.filter(|_| pass.quoted > 0 || fault_line.is_none()).map(char::from),
        backslash: cut.spelling.backslash,
        quoted_fields: pass.quoted,
        quotes_in_text: pass.quotes_in_text,
        stray_quotes: pass.stray_quotes,
        trailing_delimiter: trailing && !bars,
        bars,
        formula_texts: pass.table.columns.iter().map(|column| column.formulas).sum(),
        ..Layout::default()
    };
    if bars {
        heading.names.iter_mut().for_each(|name| *name = name.trim().to_owned());
    }
    if trailing {
        heading.names.pop();
        pass.table.columns.pop();
        pass.table.width -= 1;
    }
    let header = header(&heading, &pass);
    let mut notes: Vec<String> = chosen.doubt.clone().into_iter().collect();
    if let Some(line) = fault_line {
        notes.push(format!("a quote on line {line} follows no rule of quoting: read with quotes as text"));
    }
    whole(Parts {
        source,
        format: Format::Delimited,
        text: Some(text_facts(chosen, ends)),
        layout,
        header,
        names: heading.names,
        table: pass.table,
        before: pass.before,
        notes,
        sheets: Vec::new(),
        sheet: None,
    })
}

fn header(heading: &Heading, pass: &Pass) -> Header {
    Header {
        line: heading.at.map(|_| pass.header_lines.0),
        records: u32::try_from(heading.records).unwrap_or(0),
        lines: pass.header_lines.1,
        first_row: pass.table.first_row,
        before: pass.before.len() as u64,
        blank_before: pass.blank_before,
        repeats: 0,
    }
}

pub(super) fn text_facts(chosen: &Chosen, ends: LineEndCounts) -> TextFacts {
    TextFacts {
        encoding: chosen.word.to_owned(),
        byte_order_mark: chosen.bom > 0,
        ascii: chosen.beyond_ascii == 0 && chosen.word == "utf-8",
        beyond_ascii: chosen.beyond_ascii,
        mixed: chosen.mixed,
        evidence: chosen.evidence.clone(),
        lf: ends.lf,
        crlf: ends.crlf,
        cr: ends.cr,
        cr_crlf: ends.cr_crlf,
        open_end: ends.open_end,
        form_feeds: chosen.form_feeds,
    }
}
