//! Where a file of fixed width begins, and where it may be cut: behind every line.

use super::{
    super::{
        faults,
        header::{Found, Header, Search, tagged},
        judge::Judge,
        records::ControlRecord,
        text::{
            chunks::{Cut, last_end},
            lines::line_end_len,
            transcode::to_utf8,
        },
    },
    line::{cut, length, offset, unit},
};
use crate::{
    diagnostic::{Answer, Diagnostic},
    schema::{Fixed, Format, RecordAt},
};

/// As fixed width begins and is cut.
pub(in crate::decode) const CUT: Cut = Cut { find, safe_end, endless };

fn safe_end(_: &Judge, text: &[u8]) -> Option<usize> {
    last_end(text, |_| true)
}

fn endless(judge: &Judge, _: &[u8], line: u64) -> Diagnostic {
    faults::long_record(&judge.subject, line)
}

/// A line in the encoding of the file, and its line end's bytes.
struct Line<'t> {
    text: &'t [u8],
    line_end: usize,
}

/// The lines of a text, each with where the next one begins.
fn lines(text: &[u8]) -> impl Iterator<Item = (Line<'_>, usize)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = text.get(at..).filter(|rest| !rest.is_empty())?;
        let length = memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
        let line_end = line_end_len(text, at + length);
        at += length + line_end;
        Some((Line { text: rest.get(..length).unwrap_or_default(), line_end }, at))
    })
}

fn find(judge: &Judge, text: &[u8]) -> Answer<Found> {
    let Format::Fixed(fixed) = &judge.layout.format else { return Ok(Found { header: Header::without(judge), next: 0, next_line: 1 }) };
    let line_end = counted_line_end(judge, fixed, text);
    if !judge.layout.rows.has_header {
        let header = Header { line_end, leading: leading(judge, text), ..Header::without(judge) };
        return Ok(Found { header, next: 0, next_line: 1 });
    }
    let mut search = Search::new(judge);
    for ((line, next), number) in lines(text).zip(1..=u64::from(judge.layout.rows.header_within_rows)) {
        let raw = to_utf8(judge.encoding, line.text);
        if let Some(header) = search.offer(number, names(judge, fixed, &raw), || raw.to_vec())? {
            return Ok(Found { header: Header { line_end, ..header }, next, next_line: number + 1 });
        }
        search.passed(&raw);
    }
    let not_found = || {
        let first = lines(text).next().map(|(line, _)| to_utf8(judge.encoding, line.text)).unwrap_or_default();
        faults::header_not_found(&judge.subject, judge.layout.rows.header_within_rows, &judge.contract.columns, &first)
    };
    Err(search.lacking().unwrap_or_else(not_found).into())
}

/// Control records with which a file without a header begins: what it covers may stand in one.
fn leading(judge: &Judge, text: &[u8]) -> Vec<ControlRecord> {
    let RecordAt::Stretch(at) = judge.layout.rows.record_at else { return Vec::new() };
    let record = |((line, _), number): ((Line<'_>, usize), u64)| {
        let raw = to_utf8(judge.encoding, line.text);
        let kind = tagged(judge, cut(&raw, at, unit(judge))?).filter(|kind| !kind.data)?;
        let named = kind.stretches.iter().map_while(|at| cut(&raw, *at, unit(judge)));
        let texts = named.map(|text| String::from_utf8_lossy(text).into_owned());
        Some(ControlRecord { tag: kind.tag.clone(), line: number, fields: std::iter::once(kind.tag.clone()).chain(texts).collect() })
    };
    lines(text).zip(1..=MOST_LEADING).map_while(record).collect()
}

/// Records before the first row that are looked at.
const MOST_LEADING: u64 = 20;

/// The names that a header line has over the fields; nothing over those that nobody reads.
fn names(judge: &Judge, fixed: &Fixed, line: &[u8]) -> Vec<String> {
    let unit = unit(judge);
    let name = |at: crate::schema::Stretch| {
        let text = line.get(offset(line, at.start as usize, unit)..offset(line, at.end() as usize, unit));
        String::from_utf8_lossy(text.unwrap_or_default()).trim().to_owned()
    };
    fixed.fields.iter().map(|field| if field.column.is_some() { name(field.at) } else { String::new() }).collect()
}

/// W10: bytes of the line end where the declared length counts it, told by the first line that has one of the two lengths; else 0.
fn counted_line_end(judge: &Judge, fixed: &Fixed, text: &[u8]) -> usize {
    let (unit, wanted) = (unit(judge), fixed.length as usize);
    let read = fixed.fields.iter().filter(|field| field.column.is_some()).map(|field| field.at.end() as usize).max().unwrap_or(0);
    let counted = |line: Line<'_>| {
        let length = length(&to_utf8(judge.encoding, line.text), unit);
        match length {
            _ if length == wanted => Some(0),
            _ if length + line.line_end == wanted && length >= read => Some(line.line_end),
            _ => None,
        }
    };
    lines(text).find_map(|(line, _)| counted(line)).unwrap_or(0)
}
