//! The header, found by its names wherever it stands; what stands before it is preamble.

use std::collections::BTreeSet;

use super::{
    faults,
    judge::Judge,
    kinds::says,
    lines::{count_line_ends, line_end_len},
    record::{Dialect, Record, marks_len, read_record},
    tally::ControlRecord,
    transcode,
};
use crate::{
    diagnostic::{Answer, Refusal},
    domain::{Identifier, printable},
    schema::{ExtraColumns, RecordType},
};

/// The header of a file: where it stands, and in which field each column of the contract.
#[derive(Clone, Debug, Default)]
pub struct Header {
    /// Physical line on which it stands.
    pub line: u64,
    /// Names as printed.
    pub names: Vec<String>,
    /// Lines before it, in order.
    pub preamble: Vec<PreambleLine>,
    /// Columns that are printed otherwise than the contract's `physicalName`.
    pub drift: Vec<Drift>,
    /// Printed names that the contract does not know.
    pub extra: Vec<String>,
    /// Control records before it.
    pub controls: Vec<ControlRecord>,
    /// Lines up to the header's own from whose beginning byte order marks were taken off, the file's own mark apart.
    pub(super) marks: Vec<u64>,
    /// For each of `extra`, its field counted from 0.
    pub(super) extra_places: Vec<usize>,
    /// For each column of the contract, its field counted from 0.
    pub(super) places: Vec<usize>,
    /// Fields that every record must have.
    pub(super) fields: usize,
    /// The record itself, as UTF-8 and without its line end.
    pub(super) raw: Vec<u8>,
}

/// A line before the header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreambleLine {
    pub line: u64,
    /// Its fields; one field where the line cannot be split.
    pub fields: Vec<String>,
    /// It is a control record, and stands among [`Header::controls`] too.
    pub is_control: bool,
}

/// A header name that is not spelled as the contract has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drift {
    pub column: Identifier,
    /// As the file has it.
    pub printed: String,
    /// The contract's `physicalName`.
    pub expected: String,
    /// It is a declared alias; else it differs in case and blanks only.
    pub alias: bool,
}

/// A header, and where the data after it begins.
pub(super) struct Found {
    pub(super) header: Header,
    pub(super) next: usize,
    pub(super) next_line: u64,
}

/// What stands before the header.
#[derive(Default)]
struct Before {
    preamble: Vec<PreambleLine>,
    controls: Vec<ControlRecord>,
    marks: Vec<u64>,
}

/// A line that might be the header.
struct Candidate {
    record: Record,
    line: u64,
    names: Vec<String>,
    /// For each column of the contract, the fields that bear one of its names.
    fields: Vec<Vec<usize>>,
}

impl Header {
    /// Sentences about where the header stands and how it is spelled.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.line > 1 {
            notes.push(format!("the header stands on line {}", self.line));
        }
        for drift in &self.drift {
            let why = if drift.alias { "an alias" } else { "case or blanks differ" };
            let printed = printable(&drift.printed);
            notes.push(format!("`{}` stands under `{printed}` ({why}; the contract has `{}`)", drift.column, drift.expected));
        }
        notes
    }
}

/// A name without what does not tell names apart: case, runs of blanks, blanks and a byte order mark before it.
pub(super) fn fold(name: &str) -> String {
    name.trim_start_matches('\u{feff}').split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// Finds the header in the beginning of a file, in the encoding of the file.
pub(super) fn find(judge: &Judge, text: &[u8]) -> Answer<Found> {
    let wanted = wanted_names(judge);
    let (mut at, mut line) = (0, 1);
    let mut before = Before::default();
    let mut best = None::<Candidate>;
    while line <= u64::from(judge.layout.header_within_rows) && at < text.len() {
        let candidate = read_record(text, at, judge.dialect).ok().map(|record| candidate(judge, text, record, line, &wanted));
        before.marks.extend((marks_len(text, at) > 0).then_some(line));
        let tag = candidate.as_ref().and_then(|c| record_type(judge, &c.names)).map(|kind| kind.tag.clone());
        let is_control = tag.is_some();
        let next = next_line(text, at);
        let names = match candidate {
            Some(c) if !is_control && c.is_complete() => return accept(judge, text, c, before),
            Some(c) => {
                let names = c.names.clone();
                if !is_control && best.as_ref().is_none_or(|b| b.matched() < c.matched()) {
                    best = Some(c);
                }
                names
            }
            None => vec![judge.text_of(text.get(at..next).unwrap_or_default()).trim_end().to_owned()],
        };
        before.controls.extend(tag.map(|tag| ControlRecord { tag, line, fields: names.clone() }));
        before.preamble.push(PreambleLine { line, fields: names, is_control });
        (at, line) = (next, line + 1);
    }
    Err(why_not(judge, text, best, &wanted))
}

/// The control record type whose tag is the first of these fields.
pub(super) fn record_type<'a, S: AsRef<str>>(judge: &'a Judge, fields: &[S]) -> Option<&'a RecordType> {
    tagged(judge, fields.first()?.as_ref().as_bytes())
}

/// The control record type whose tag this first field is.
pub(super) fn tagged<'a>(judge: &'a Judge, first: &[u8]) -> Option<&'a RecordType> {
    judge.layout.records.iter().find(|kind| says(first, kind.tag.as_bytes()))
}

/// For each column of the contract, the folded names under which it may stand.
fn wanted_names(judge: &Judge) -> Vec<BTreeSet<String>> {
    let names = |column: &crate::schema::Column| {
        column.rules.aliases.iter().chain(std::iter::once(&column.physical_name)).map(|name| fold(name)).collect()
    };
    judge.contract.columns.iter().map(names).collect()
}

fn next_line(text: &[u8], at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    let length = memchr::memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
    at + length + line_end_len(text, at + length)
}

fn candidate(judge: &Judge, text: &[u8], mut record: Record, line: u64, wanted: &[BTreeSet<String>]) -> Candidate {
    record.start += marks_len(text, record.start);
    let names: Vec<String> = record.fields(text, judge.dialect).map(|field| judge.text_of(&field.text)).collect();
    let folded: Vec<String> = names.iter().map(|name| fold(name)).collect();
    let fields =
        |wanted: &BTreeSet<String>| folded.iter().enumerate().filter(|(_, name)| wanted.contains(*name)).map(|(at, _)| at).collect();
    Candidate { record, line, fields: wanted.iter().map(fields).collect(), names }
}

impl Candidate {
    fn matched(&self) -> usize {
        self.fields.iter().filter(|fields| !fields.is_empty()).count()
    }

    fn is_complete(&self) -> bool {
        self.matched() == self.fields.len()
    }

    /// Fields that no column of the contract claims, with their place.
    fn unclaimed(&self) -> impl Iterator<Item = (usize, &str)> {
        let claimed = |at: usize| self.fields.iter().any(|fields| fields.contains(&at));
        self.names.iter().enumerate().filter(move |(at, _)| !claimed(*at)).map(|(at, name)| (at, name.as_str()))
    }

    /// The same, as they are printed.
    fn unknown(&self) -> Vec<&str> {
        self.unclaimed().map(|(_, name)| name).collect()
    }
}

/// Every column stands in the candidate; what else it holds may still refuse it.
fn accept(judge: &Judge, text: &[u8], mut found: Candidate, before: Before) -> Answer<Found> {
    let raw = transcode::to_utf8(judge.encoding, text.get(found.record.start..found.record.end()).unwrap_or_default()).into_owned();
    if judge.layout.trailing_delimiter && found.names.last().is_some_and(|name| name.trim().is_empty()) {
        found.names.pop();
    }
    let line = found.line;
    let named = |name: &str| if name.trim().is_empty() { faults::NO_NAME.to_owned() } else { name.to_owned() };
    let extra: Vec<String> = found.unknown().into_iter().map(named).collect();
    let doubled: Vec<&str> =
        found.fields.iter().filter_map(|fields| fields.get(1)).filter_map(|at| found.names.get(*at)).map(String::as_str).collect();
    let mut refused = Vec::new();
    if !doubled.is_empty() {
        refused.push(faults::duplicate_column(judge, line, &raw, &doubled));
    }
    if judge.layout.extra_columns == ExtraColumns::Refuse && !extra.is_empty() {
        refused.push(faults::extra_columns(judge, line, &raw, &extra.iter().map(String::as_str).collect::<Vec<_>>()));
    }
    if !refused.is_empty() {
        return Err(Refusal(refused));
    }
    let header = Header {
        line,
        drift: drift(judge, &found),
        places: found.fields.iter().filter_map(|fields| fields.first().copied()).collect(),
        fields: found.names.len() + usize::from(judge.layout.trailing_delimiter),
        extra_places: found.unclaimed().map(|(at, _)| at).collect(),
        names: found.names,
        preamble: before.preamble,
        extra,
        controls: before.controls,
        marks: before.marks,
        raw,
    };
    let next_line = line + count_line_ends(text.get(found.record.start..found.record.next).unwrap_or_default());
    Ok(Found { header, next: found.record.next, next_line })
}

fn drift(judge: &Judge, found: &Candidate) -> Vec<Drift> {
    let mut drift = Vec::new();
    for (column, fields) in judge.contract.columns.iter().zip(&found.fields) {
        let Some(printed) = fields.first().and_then(|at| found.names.get(*at)) else { continue };
        if *printed != column.physical_name {
            drift.push(Drift {
                column: column.name.clone(),
                printed: printed.clone(),
                expected: column.physical_name.clone(),
                alias: fold(printed) != fold(&column.physical_name),
            });
        }
    }
    drift
}

/// Why no line is the header: some columns are missing, the delimiter is another, or nothing looks like one.
fn why_not(judge: &Judge, text: &[u8], best: Option<Candidate>, wanted: &[BTreeSet<String>]) -> Refusal {
    let enough = wanted.len().div_ceil(2);
    if let Some(best) = best.filter(|best| best.matched() >= enough) {
        let missing: Vec<&str> = judge
            .contract
            .columns
            .iter()
            .zip(&best.fields)
            .filter(|(_, fields)| fields.is_empty())
            .map(|(c, _)| c.physical_name.as_str())
            .collect();
        let record = transcode::to_utf8(judge.encoding, text.get(best.record.start..best.record.end()).unwrap_or_default());
        let unknown: Vec<&str> = best.unknown().into_iter().filter(|name| !name.trim().is_empty()).collect();
        return faults::missing_columns(judge, best.line, &record, &missing, &unknown).into();
    }
    let (mut at, mut line) = (0, 1);
    while line <= u64::from(judge.layout.header_within_rows) && at < text.len() {
        for delimiter in [b',', b';', b'\t', b'|'].into_iter().filter(|d| *d != judge.dialect.delimiter) {
            let dialect = Dialect { delimiter, ..judge.dialect };
            let Ok(record) = read_record(text, at, dialect) else { continue };
            let names: BTreeSet<String> = record.fields(text, dialect).map(|field| fold(&judge.text_of(&field.text))).collect();
            if names.len() > 1 && wanted.iter().filter(|wanted| !wanted.is_disjoint(&names)).count() >= enough {
                let raw = transcode::to_utf8(judge.encoding, text.get(at..record.end()).unwrap_or_default());
                return faults::wrong_delimiter(judge, line, &raw, delimiter).into();
            }
        }
        (at, line) = (next_line(text, at), line + 1);
    }
    let first = transcode::to_utf8(judge.encoding, text.get(..next_line(text, 0)).unwrap_or_default());
    faults::header_not_found(judge, &first).into()
}
