//! The header: which field each column of the contract stands in; what stands before it is preamble.
//!
//! A format offers the lines of a file one after another ([`Search`]); the first that names every column is the header.

use std::collections::BTreeSet;

use super::{
    faults,
    judge::Judge,
    named::{Wanted, add_loosely, fold, wanted_names, without_pound},
    records::ControlRecord,
    value::words::says,
};
use crate::{
    diagnostic::{Answer, Diagnostic, Refusal},
    domain::{Identifier, printable},
    schema::{Column, ExtraColumns, Format, RecordAt, RecordType, TrailingDelimiter},
};

/// The header of a file: where it stands, and in which field each column of the contract.
#[derive(Clone, Debug, Default)]
pub struct Header {
    /// Physical line on which it stands; 0 where the file has none.
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
    /// In a file without a header: the control records before its first row. They are counted where they stand, not here.
    pub leading: Vec<ControlRecord>,
    /// Lines up to the header's own from whose beginning byte order marks were taken off, the file's own mark apart.
    pub(super) marks: Vec<u64>,
    /// For each of `extra`, its field counted from 0.
    pub(super) extra_places: Vec<usize>,
    /// For each column of the contract, its field counted from 0; `None` where the file has no such column, and may lack it.
    pub(super) places: Vec<Option<usize>>,
    /// Fields that every record must have.
    pub(super) fields: usize,
    /// The last of them is empty: a delimiter ends each record.
    pub(super) trailing: bool,
    /// The record itself, as UTF-8 and without its line end.
    pub(super) raw: Vec<u8>,
    /// The further records of a header of several.
    pub(super) more_raw: Vec<Vec<u8>>,
    /// In a file of fixed width whose declared length counts the line end: bytes of the line end; else 0.
    pub(super) line_end: usize,
    /// Sentences of the format about what stands around the table.
    pub remarks: Vec<String>,
    /// What a person must settle before the delivery counts: in a workbook an amount may be shown as something else than it is.
    pub doubts: Vec<Diagnostic>,
}

/// A line before the header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreambleLine {
    pub line: u64,
    /// Its fields; one field where the line cannot be split.
    pub fields: Vec<String>,
    /// It is a control record, and stands among [`Header::controls`] too.
    pub is_control: bool,
    /// The line itself, where fields stand at places: what is above the header keeps to none of them.
    pub text: Option<String>,
}

/// A header name that is not spelled as the contract has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drift {
    pub column: Identifier,
    /// As the file has it.
    pub printed: String,
    /// The contract's `physicalName`.
    pub expected: String,
    /// It is a declared alias, or differs in what stands between its words; else it differs in case and blanks only.
    pub alias: bool,
}

impl Header {
    /// Of a file without one: each column stands where the contract has it.
    pub(super) fn without(judge: &Judge) -> Self {
        let columns = &judge.contract.columns;
        let (places, fields) = match &judge.layout.format {
            Format::Delimited(_) => (
                (0..columns.len()).map(Some).collect(),
                columns.len() + usize::from(judge.trailing_delimiter == TrailingDelimiter::Required),
            ),
            Format::Workbook(_) => ((0..columns.len()).map(Some).collect(), columns.len()),
            Format::Fixed(fixed) => {
                let place = |column: &Column| fixed.fields.iter().position(|field| field.column.as_ref() == Some(&column.name));
                (columns.iter().map(place).collect(), fixed.fields.len())
            }
        };
        let trailing = judge.trailing_delimiter == TrailingDelimiter::Required;
        Self { places, fields, trailing, ..Self::default() }
    }

    /// Of a file that holds nothing but the sender's words for a month without rows.
    pub(super) fn of_nothing(judge: &Judge) -> Self {
        let remark = "it has no header, and holds nothing but the sender's words for a file without rows".to_owned();
        Self { remarks: vec![remark], ..Self::without(judge) }
    }

    /// The field of a column of the contract, counted from 0; `None` where the file has no such column.
    pub(super) fn place(&self, column: usize) -> Option<usize> {
        self.places.get(column).copied().flatten()
    }

    /// Sentences about where the header stands and how it is spelled.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.line > 1 {
            notes.push(format!("the header stands on line {}", self.line));
        }
        for drift in &self.drift {
            let why = match (drift.alias, without_pound(&fold(&drift.printed)) == without_pound(&fold(&drift.expected))) {
                (true, true) => "what stands between its words, or a pound sign, differs",
                (true, false) => "an alias",
                (false, _) => "case or blanks differ",
            };
            let printed = printable(&drift.printed);
            notes.push(format!("`{}` stands under `{printed}` ({why}; the contract has `{}`)", drift.column, drift.expected));
        }
        if self.trailing {
            notes.push("every record ends with one delimiter more, as declared".to_owned());
        }
        notes.extend(self.remarks.iter().cloned());
        notes
    }
}

/// A header, and where the data after it begins.
pub(super) struct Found {
    pub(super) header: Header,
    pub(super) next: usize,
    pub(super) next_line: u64,
}

/// Looks for the header among the lines of a file.
pub(super) struct Search<'j> {
    judge: &'j Judge,
    /// For each column of the contract, the folded names under which it may stand.
    wanted: Vec<Wanted>,
    preamble: Vec<PreambleLine>,
    controls: Vec<ControlRecord>,
    marks: Vec<u64>,
    /// The line that names the most columns so far.
    best: Option<Candidate>,
}

/// A line that might be the header.
struct Candidate {
    line: u64,
    /// As UTF-8, without its line end.
    raw: Vec<u8>,
    names: Vec<String>,
    /// For each column of the contract, the fields that bear one of its names.
    fields: Vec<Vec<usize>>,
    /// Every column is named that no file may lack.
    is_complete: bool,
}

impl<'j> Search<'j> {
    pub(super) fn new(judge: &'j Judge) -> Self {
        let wanted = wanted_names(judge);
        Self { judge, wanted, preamble: Vec::new(), controls: Vec::new(), marks: Vec::new(), best: None }
    }

    /// The last line that was no header, as it is printed.
    pub(super) fn passed(&mut self, text: &[u8]) {
        if let Some(line) = self.preamble.last_mut() {
            line.text = Some(String::from_utf8_lossy(text).into_owned());
        }
    }

    /// Byte order marks were taken off the beginning of a line.
    pub(super) fn marked(&mut self, line: u64) {
        self.marks.push(line);
    }

    /// The next line, by its fields: the header where it names every column. `raw` is the line itself as UTF-8, without its line end.
    ///
    /// # Errors
    /// TC0208, TC0209 where it is the header and names a column twice, or what the contract does not know.
    pub(super) fn offer(&mut self, line: u64, names: Vec<String>, raw: impl FnOnce() -> Vec<u8>) -> Answer<Option<Header>> {
        self.offer_with(line, names, &[], raw)
    }

    /// As [`Self::offer`], with the fields of the lines below it, which name the columns together with it.
    ///
    /// # Errors
    /// As [`Self::offer`].
    pub(super) fn offer_with(
        &mut self,
        line: u64,
        names: Vec<String>,
        below: &[Vec<String>],
        raw: impl FnOnce() -> Vec<u8>,
    ) -> Answer<Option<Header>> {
        let tag = record_type(self.judge, &names).map(|kind| kind.tag.clone());
        if let Some(tag) = tag {
            self.controls.push(ControlRecord { tag, line, fields: names.clone() });
            self.preamble.push(PreambleLine { line, fields: names, is_control: true, text: None });
            return Ok(None);
        }
        let candidate = Candidate::new(&self.wanted, line, together(&names, below), raw());
        if candidate.is_complete {
            return self.accept(candidate).map(Some);
        }
        self.preamble.push(PreambleLine { line, fields: names, is_control: false, text: None });
        if self.best.as_ref().is_none_or(|best| best.matched() < candidate.matched()) {
            self.best = Some(candidate);
        }
        Ok(None)
    }

    /// Whether these fields name every column, so that they would be the header.
    pub(super) fn names_all(&self, names: &[String]) -> bool {
        let folded: BTreeSet<String> = names.iter().map(|name| fold(name)).collect();
        self.named_among(&folded) == self.wanted.len() || Candidate::new(&self.wanted, 0, names.to_vec(), Vec::new()).is_complete
    }

    /// For each column of the contract its field, counted from 0, where these fields name every column.
    pub(super) fn places(&self, names: &[String]) -> Option<Vec<Option<usize>>> {
        let found = Candidate::new(&self.wanted, 0, names.to_vec(), Vec::new());
        found.is_complete.then(|| found.fields.iter().map(|fields| fields.first().copied()).collect())
    }

    /// A line that cannot be split into fields.
    pub(super) fn pass_over(&mut self, line: u64, text: String) {
        self.preamble.push(PreambleLine { line, fields: vec![text], is_control: false, text: None });
    }

    /// Fields of a line that are taken for the header's, whatever they mean: half of the contract's columns.
    pub(super) fn enough(&self) -> usize {
        self.wanted.len().div_ceil(2)
    }

    /// Columns of which some folded name is among these.
    pub(super) fn named_among(&self, folded: &BTreeSet<String>) -> usize {
        self.wanted.iter().filter(|wanted| !wanted.names.is_disjoint(folded)).count()
    }

    /// Whether the lines offered hold the sender's words for a file without rows, and nothing else.
    pub(super) fn is_nil(&self) -> bool {
        let nil = &self.judge.layout.rows.nil;
        let is_blank = |line: &&PreambleLine| line.fields.iter().all(|field| field.trim().is_empty());
        let mut words = self.preamble.iter().filter(|line| !is_blank(line)).peekable();
        words.peek().is_some() && words.all(|line| !line.is_control && nil.iter().any(|nil| nil.matches(&line.fields.join(" "))))
    }

    /// TC0206 where some line is the header but for columns that it lacks.
    pub(super) fn lacking(&self) -> Option<Diagnostic> {
        let best = self.best.as_ref().filter(|best| best.matched() >= self.enough())?;
        let columns = self.judge.contract.columns.iter().zip(&best.fields);
        let is_missing = |(column, fields): &(&Column, &Vec<usize>)| fields.is_empty() && !column.rules.may_be_absent;
        let missing: Vec<&Column> = columns.filter(is_missing).map(|(column, _)| column).collect();
        let unknown: Vec<&str> = best.unknown().into_iter().filter(|name| !name.trim().is_empty()).collect();
        Some(faults::missing_columns(&self.judge.subject, (best.line, &best.raw), &self.judge.contract.name, &missing, &unknown))
    }

    /// Where the candidate names more than the contract does, and what: what stands between the columns of a line of fixed width is no column,
    /// and where a record says its type needs no name.
    fn extra(&self, found: &Candidate) -> (Vec<usize>, Vec<String>) {
        let (judge, last) = (self.judge, found.names.len().saturating_sub(1));
        let record_at = |at: usize| judge.has_data_types() && judge.layout.rows.record_at == RecordAt::Field(at);
        let is_border = |at: usize| judge.layout.has_borders() && (at == 0 || at == last);
        let is_column = |at: usize, name: &str| !name.trim().is_empty() || !(record_at(at) || is_border(at));
        let named = |name: &str| if name.trim().is_empty() { faults::NO_NAME.to_owned() } else { name.to_owned() };
        if matches!(judge.layout.format, Format::Fixed(_)) {
            return (Vec::new(), Vec::new());
        }
        found.unclaimed().filter(|(at, name)| is_column(*at, name)).map(|(at, name)| (at, named(name))).unzip()
    }

    /// Every column stands in the candidate; what else it holds may still refuse it.
    fn accept(&mut self, mut found: Candidate) -> Answer<Header> {
        let judge = self.judge;
        let behind = |names: &[String]| names.iter().rev().take_while(|name| name.trim().is_empty()).count();
        let ends_empty = behind(&found.names) > 0;
        let trailing = match judge.trailing_delimiter {
            TrailingDelimiter::Refused => false,
            TrailingDelimiter::Required => true,
            TrailingDelimiter::Allowed if judge.layout.rows.extra_columns == ExtraColumns::Note => false,
            TrailingDelimiter::Allowed => behind(&found.names) == 1 && !found.claims(found.names.len() - 1),
        };
        if trailing && ends_empty {
            found.names.pop();
        }
        let line = found.line;
        let (extra_places, extra) = self.extra(&found);
        let doubled: Vec<&str> =
            found.fields.iter().filter_map(|fields| fields.get(1)).filter_map(|at| found.names.get(*at)).map(String::as_str).collect();
        let mut refused = Vec::new();
        if !doubled.is_empty() {
            refused.push(faults::duplicate_column(&judge.subject, line, &found.raw, &doubled));
        }
        // Columns without a heading are what a spreadsheet leaves, of cells that were merged between others, and none as long as nothing
        // stands in them, which only its records tell. One alone at the end may be a delimiter that ends the line, and is declared.
        let end = found.names.len() - usize::from(behind(&found.names) == 1);
        let is_left = |(at, name): &(&usize, &String)| name.as_str() == faults::NO_NAME && **at < end;
        let names: Vec<&str> = extra_places.iter().zip(&extra).filter(|pair| !is_left(pair)).map(|(_, name)| name.as_str()).collect();
        if judge.layout.rows.extra_columns == ExtraColumns::Refuse && !names.is_empty() {
            refused.push(faults::extra_columns(&judge.subject, (line, &found.raw), &judge.contract.name, &names));
        }
        if !refused.is_empty() {
            return Err(Refusal(refused));
        }
        Ok(Header {
            line,
            drift: drift(judge, &found),
            remarks: absent(judge, &found),
            places: found.fields.iter().map(|fields| fields.first().copied()).collect(),
            fields: found.names.len() + usize::from(trailing),
            trailing,
            extra_places,
            names: found.names,
            preamble: std::mem::take(&mut self.preamble),
            extra,
            controls: std::mem::take(&mut self.controls),
            leading: Vec::new(),
            marks: std::mem::take(&mut self.marks),
            raw: found.raw,
            more_raw: Vec::new(),
            line_end: 0,
            doubts: Vec::new(),
        })
    }
}

impl Candidate {
    fn new(wanted: &[Wanted], line: u64, names: Vec<String>, raw: Vec<u8>) -> Self {
        let folded: Vec<String> = names.iter().map(|name| fold(name)).collect();
        let mut fields: Vec<Vec<usize>> = wanted.iter().map(|wanted| wanted.among(&folded)).collect();
        let placed: BTreeSet<usize> =
            wanted.iter().zip(&fields).filter(|(w, _)| w.is_placed()).flat_map(|(_, at)| at.iter().copied()).collect();
        // What another column says is its own is left to it.
        for (_, fields) in wanted.iter().zip(&mut fields).filter(|(wanted, _)| !wanted.is_placed()) {
            fields.retain(|at| !placed.contains(at));
        }
        add_loosely(wanted, &folded, &mut fields);
        let is_complete = wanted.iter().zip(&fields).all(|(wanted, fields)| wanted.may_be_absent || !fields.is_empty());
        Self { line, raw, names, fields, is_complete }
    }

    fn matched(&self) -> usize {
        self.fields.iter().filter(|fields| !fields.is_empty()).count()
    }

    /// Whether a column of the contract stands in the field, be it without a name.
    fn claims(&self, field: usize) -> bool {
        self.fields.iter().flatten().any(|claimed| *claimed == field)
    }

    /// Fields that no column of the contract claims, with their place.
    fn unclaimed(&self) -> impl Iterator<Item = (usize, &str)> {
        let claimed: BTreeSet<usize> = self.fields.iter().flatten().copied().collect();
        self.names.iter().enumerate().filter(move |(at, _)| !claimed.contains(at)).map(|(at, name)| (at, name.as_str()))
    }

    /// The same, as they are printed.
    fn unknown(&self) -> Vec<&str> {
        self.unclaimed().map(|(_, name)| name).collect()
    }
}

/// The control record type of a record with these fields. A line of fixed width before the header is none: it has no fields yet.
pub(super) fn record_type<'a, S: AsRef<str>>(judge: &'a Judge, fields: &[S]) -> Option<&'a RecordType> {
    let RecordAt::Field(at) = judge.layout.rows.record_at else { return None };
    tagged(judge, fields.get(at)?.as_ref().as_bytes()).filter(|kind| !kind.data)
}

/// The record type whose tag this is.
pub(super) fn tagged<'a>(judge: &'a Judge, tag: &[u8]) -> Option<&'a RecordType> {
    judge.layout.rows.records.iter().find(|kind| says(tag, kind.tag.as_bytes()))
}

/// The names that the records of a header give together: `Supplier` over `ID` is `Supplier ID`.
fn together(names: &[String], below: &[Vec<String>]) -> Vec<String> {
    if below.is_empty() {
        return names.to_vec();
    }
    let fields = below.iter().map(Vec::len).chain([names.len()]).max().unwrap_or(0);
    let name = |at: usize| {
        let parts = std::iter::once(names).chain(below.iter().map(Vec::as_slice)).filter_map(|names| names.get(at));
        parts.map(|part| part.trim()).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
    };
    (0..fields).map(name).collect()
}

/// What the file lacks, as its contract allows.
fn absent(judge: &Judge, found: &Candidate) -> Vec<String> {
    let columns = judge.contract.columns.iter().zip(&found.fields).filter(|(_, fields)| fields.is_empty());
    let names: Vec<String> = columns.map(|(column, _)| format!("`{}`", column.physical_name.trim())).collect();
    if names.is_empty() { Vec::new() } else { vec![format!("it has no {}, as its contract allows", names.join(", "))] }
}

fn drift(judge: &Judge, found: &Candidate) -> Vec<Drift> {
    let mut drift = Vec::new();
    for (column, fields) in judge.contract.columns.iter().zip(&found.fields) {
        let Some(printed) = fields.first().and_then(|at| found.names.get(*at)) else { continue };
        let unnamed = column.rules.position.is_some() && printed.trim().is_empty();
        if *printed != column.physical_name && !unnamed {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A line that names one column a hundred thousand times is told of at once: each field was asked for among all others.
    #[test]
    fn a_column_that_is_named_very_often_is_told_at_once() {
        let names = vec!["amount".to_owned(); 100_000];
        let wanted = [Wanted { names: BTreeSet::from(["amount".to_owned()]), occurrence: None, position: None, may_be_absent: false }];
        let candidate = Candidate::new(&wanted, 1, names, Vec::new());
        assert_eq!((candidate.matched(), candidate.unknown().len()), (1, 0));
    }
}
