//! The header of delimited text, wherever it stands.

use std::collections::BTreeSet;

use super::{
    super::{
        faults,
        header::{Found, Header, Search, record_type},
        judge::Judge,
        named::fold,
        records::{ControlRecord, Dialect},
        text::{
            lines::{count_line_ends, line_end_len},
            marks::marks_len,
            transcode,
        },
    },
    faults::wrong_delimiter,
    record::{Record, read_record},
};
use crate::diagnostic::{Answer, Diagnostic};

/// Finds the header in the beginning of a file, in the encoding of the file.
pub(super) fn find(judge: &Judge, text: &[u8]) -> Answer<Found> {
    if !judge.layout.rows.has_header {
        return Ok(Found { header: Header { leading: leading(judge, text), ..Header::without(judge) }, next: 0, next_line: 1 });
    }
    let mut search = Search::new(judge);
    let (mut at, mut line) = (0, 1);
    while line <= u64::from(judge.layout.rows.header_within_rows) && at < text.len() {
        let marks = marks_len(text, at);
        if marks > 0 {
            search.marked(line);
        }
        let next = next_line(text, at);
        match read_record(text, at, judge.dialect) {
            Ok(mut record) => {
                record.start += marks;
                let names = names(judge, text, &record, judge.dialect);
                let raw = || transcode::to_utf8(judge.encoding, text.get(record.start..record.end()).unwrap_or_default()).into_owned();
                let below = below(judge, text, record.next);
                let names_below: Vec<Vec<String>> = below.iter().map(|record| self::names(judge, text, record, judge.dialect)).collect();
                if let Some(header) = search.offer_with(line, names, &names_below, raw)? {
                    let next = below.last().map_or(record.next, |last| last.next);
                    let next_line = line + count_line_ends(text.get(record.start..next).unwrap_or_default());
                    let raw = |record: &Record| {
                        transcode::to_utf8(judge.encoding, text.get(record.start..record.end()).unwrap_or_default()).into_owned()
                    };
                    return Ok(Found { header: Header { more_raw: below.iter().map(raw).collect(), ..header }, next, next_line });
                }
            }
            Err(_) => search.pass_over(line, judge.text_of(text.get(at..next).unwrap_or_default()).trim_end().to_owned()),
        }
        (at, line) = (next, line + 1);
    }
    if search.is_nil() && text.get(at..).unwrap_or_default().trim_ascii().is_empty() {
        return Ok(Found { header: Header::of_nothing(judge), next: 0, next_line: 1 });
    }
    Err(search.lacking().or_else(|| delimiter_fault(judge, text, &search)).unwrap_or_else(|| not_found(judge, text)).into())
}

/// Control records with which a file without a header begins: what it covers may stand in one.
fn leading(judge: &Judge, text: &[u8]) -> Vec<ControlRecord> {
    let mut found = Vec::new();
    let mut at = 0;
    while found.len() < MOST_LEADING && at < text.len() {
        let Ok(record) = read_record(text, at, judge.dialect) else { break };
        let fields = names(judge, text, &record, judge.dialect);
        let Some(kind) = record_type(judge, &fields).filter(|kind| !kind.data) else { break };
        found.push(ControlRecord { tag: kind.tag.clone(), line: found.len() as u64 + 1, fields });
        at = record.next;
    }
    found
}

/// Records before the first row that are looked at.
const MOST_LEADING: usize = 20;

/// The further records of a header of several, if they can be read.
fn below(judge: &Judge, text: &[u8], mut at: usize) -> Vec<Record> {
    let mut records = Vec::new();
    for _ in 1..judge.layout.rows.header_records {
        let Some(record) = text.get(at..).filter(|rest| !rest.is_empty()).and_then(|_| read_record(text, at, judge.dialect).ok()) else {
            break;
        };
        at = record.next;
        records.push(record);
    }
    records
}

fn names(judge: &Judge, text: &[u8], record: &Record, dialect: Dialect) -> Vec<String> {
    record.fields(text, dialect).map(|field| judge.text_of(&field.text)).collect()
}

fn next_line(text: &[u8], at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    let length = memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
    at + length + line_end_len(text, at + length)
}

/// Whether some line would be the header if fields were delimited otherwise.
fn delimiter_fault(judge: &Judge, text: &[u8], search: &Search<'_>) -> Option<Diagnostic> {
    let declared = judge.dialect.delimiter;
    let (mut at, mut line) = (0, 1);
    while line <= u64::from(judge.layout.rows.header_within_rows) && at < text.len() {
        for delimiter in [b',', b';', b'\t', b'|'].into_iter().filter(|d| *d != declared) {
            let dialect = Dialect { delimiter, ..judge.dialect };
            let Ok(record) = read_record(text, at, dialect) else { continue };
            let names: BTreeSet<String> = names(judge, text, &record, dialect).iter().map(|name| fold(name)).collect();
            if names.len() > 1 && search.named_among(&names) >= search.enough() {
                let raw = transcode::to_utf8(judge.encoding, text.get(at..record.end()).unwrap_or_default());
                return Some(wrong_delimiter(&judge.subject, line, &raw, (declared, delimiter)));
            }
        }
        (at, line) = (next_line(text, at), line + 1);
    }
    None
}

fn not_found(judge: &Judge, text: &[u8]) -> Diagnostic {
    let first = transcode::to_utf8(judge.encoding, text.get(..next_line(text, 0)).unwrap_or_default());
    faults::header_not_found(&judge.subject, judge.layout.rows.header_within_rows, &judge.contract.columns, &first)
}
