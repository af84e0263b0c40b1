//! What a record is: a row, a control record, a printed total, declared non-data, a blank one, or the header again.

use std::borrow::Cow;

use super::{
    fixed::line::{cut, unit},
    header::{Header, tagged},
    judge::Judge,
    named::fold,
    records::{Field, Row, field},
    value::words::says,
};
use crate::{
    domain::Identifier,
    schema::{EndAt, RecordAt, RecordType, Said, Stretch},
};

/// What a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Data,
    Blank,
    Control,
    Footer,
    NotData(usize),
    Header,
    /// A line of dashes in a printed list.
    Rule,
    /// Page furniture, by the position of its pattern.
    Page(usize),
    /// What says that there is nothing.
    Nil,
    /// From the record on that ends the rows.
    Tail,
    /// Of no type that the contract knows, and it says which types are rows.
    Unknown,
}

impl Class {
    /// What the record is that the file's format passes over; `None` of rows, of those that a contract leaves out for a reason, and of what
    /// refuses the file anyhow.
    pub(super) const fn is_no_row(self) -> Option<&'static str> {
        match self {
            Self::Data | Self::NotData(_) | Self::Unknown => None,
            Self::Blank => Some("a blank row"),
            Self::Control => Some("a control record"),
            Self::Footer => Some("a row of totals"),
            Self::Header => Some("the headings again"),
            Self::Rule => Some("a line of dashes"),
            Self::Page(_) => Some("a line that belongs to a page"),
            Self::Nil => Some("the words for a file without rows"),
            Self::Tail => Some("what stands behind the last row"),
        }
    }
}

/// Whether a field says what a condition wants.
fn is_said(wanted: &Said, text: &[u8]) -> bool {
    match wanted {
        Said::Text(word) => says(text, word.as_bytes()),
        Said::Like(pattern) => pattern.matches(&String::from_utf8_lossy(text)),
    }
}

/// Tells the records of one text apart. Holds what must be asked of each before it is taken for data.
#[allow(clippy::struct_excessive_bools)] // each is one question less to ask of every record
pub(super) struct Kinds<'a> {
    judge: &'a Judge,
    header: &'a Header,
    text: &'a [u8],
    tags: bool,
    /// The contract says which types of records are rows.
    data_types: bool,
    /// No column could tell a header from data, so that each record must be compared with its names.
    header_names: bool,
    /// Each footer or not-data rule: conditions on fields.
    footer: Vec<(usize, &'a Said)>,
    not_data: Vec<Vec<(usize, &'a Said)>>,
    /// What ends the rows, by conditions on fields.
    end: Vec<(usize, &'a Said)>,
    /// Line from which on all is tail.
    tail_from: u64,
    /// Lines of dashes stand between records, and bars at their ends.
    borders: bool,
    /// The header's names as they are compared.
    names: Vec<String>,
}

impl<'a> Kinds<'a> {
    pub(super) fn new(judge: &'a Judge, header: &'a Header, text: &'a [u8]) -> Self {
        let condition = |(name, said): &'a (Identifier, Said)| {
            let column = judge.contract.columns.iter().position(|c| c.name == *name)?;
            Some((header.place(column)?, said))
        };
        let conditions = |when: &'a [(Identifier, Said)]| when.iter().filter_map(condition).collect::<Vec<_>>();
        Self {
            judge,
            header,
            text,
            tags: !judge.layout.rows.records.is_empty(),
            data_types: judge.has_data_types(),
            header_names: judge.layout.rows.repeated_header || judge.plans.iter().all(|plan| plan.reading.takes_any_text()),
            footer: judge.layout.rows.footer.as_ref().map(|footer| conditions(&footer.when)).unwrap_or_default(),
            not_data: judge.layout.rows.not_data.iter().map(|rule| conditions(&rule.when)).collect(),
            end: match judge.layout.rows.end.as_ref().map(|end| &end.at) {
                Some(EndAt::When(when)) => conditions(when),
                _ => Vec::new(),
            },
            tail_from: u64::MAX,
            borders: judge.layout.has_borders(),
            names: header.names.iter().map(|name| fold(name)).collect(),
        }
    }

    /// The same, where all is tail from a line on.
    pub(super) fn with_tail(self, from: Option<u64>) -> Self {
        Self { tail_from: from.unwrap_or(u64::MAX), ..self }
    }

    /// Whether the record ends the rows.
    pub(super) fn is_end(&self, row: Row<'_>) -> bool {
        match self.judge.layout.rows.end.as_ref().map(|end| &end.at) {
            Some(EndAt::Line(line)) => line.matches(&String::from_utf8_lossy(self.raw(row))),
            Some(EndAt::When(_)) => self.holds(row, &self.end),
            None => false,
        }
    }

    /// Nothing but dashes, bars and blanks, and at least one dash.
    fn is_rule(&self, row: Row<'_>) -> bool {
        let raw = self.raw(row);
        self.borders
            && raw.iter().all(|byte| matches!(byte, b'-' | b'=' | b'_' | b'+' | b' ' | b'\t') || *byte == self.judge.dialect.delimiter)
            && raw.iter().any(|byte| matches!(byte, b'-' | b'=' | b'_'))
    }

    /// Whether the record lacks a bar at one of its ends.
    pub(super) fn lacks_border(&self, row: Row<'_>) -> bool {
        let is_blank = |at: usize| self.field(row, at).is_some_and(|field| field.text.trim_ascii().is_empty());
        self.borders && !(is_blank(0) && row.ends.len().checked_sub(1).is_some_and(is_blank))
    }

    /// The position of the pattern of page furniture that the record is of.
    fn page(&self, row: Row<'_>) -> Option<usize> {
        let pages = &self.judge.layout.rows.pages;
        if pages.is_empty() {
            return None;
        }
        let text = String::from_utf8_lossy(self.raw(row));
        pages.iter().position(|page| page.line.matches(&text))
    }

    /// Whether the record says that there is nothing, and nothing else.
    fn is_nil(&self, row: Row<'_>) -> bool {
        let nil = &self.judge.layout.rows.nil;
        !nil.is_empty() && {
            let text = self.fields(row).join(" ");
            nil.iter().any(|nil| nil.matches(&text))
        }
    }

    /// The text of one of its fields; `None` where it has no such field.
    pub(super) fn field(&self, row: Row<'_>, at: usize) -> Option<Field<'a>> {
        let (start, end) = row.span(at)?;
        Some(field(self.text, start, end, self.judge.dialect))
    }

    /// The texts of all its fields.
    pub(super) fn fields(&self, row: Row<'_>) -> Vec<String> {
        (0..row.ends.len()).filter_map(|at| self.field(row, at)).map(|f| String::from_utf8_lossy(&f.text).into_owned()).collect()
    }

    /// Its bytes, without the line end.
    pub(super) fn raw(&self, row: Row<'_>) -> &'a [u8] {
        self.text.get(row.start..row.end()).unwrap_or_default()
    }

    /// Whether its last field is empty.
    pub(super) fn ends_empty(&self, row: Row<'_>) -> bool {
        let last = row.ends.len().checked_sub(1).and_then(|at| self.field(row, at));
        last.is_some_and(|field| field.text.is_empty())
    }

    pub(super) fn class(&self, row: Row<'_>) -> Class {
        if row.line >= self.tail_from {
            return Class::Tail;
        }
        let kind = if self.tags { self.kind(row) } else { None };
        if kind.is_some_and(|kind| !kind.data) {
            Class::Control
        } else if self.is_blank(row) {
            Class::Blank
        } else if self.is_rule(row) {
            Class::Rule
        } else if let Some(page) = self.page(row) {
            Class::Page(page)
        } else if self.is_nil(row) {
            Class::Nil
        } else if self.raw(row) == self.header.raw
            || self.header.more_raw.iter().any(|raw| self.raw(row) == raw)
            || (self.header_names && self.is_header_again(row))
        {
            Class::Header
        } else if self.holds(row, &self.footer) {
            Class::Footer
        } else if let Some(rule) = self.not_data.iter().position(|rule| self.holds(row, rule)) {
            Class::NotData(rule)
        } else if self.data_types && kind.is_none() {
            Class::Unknown
        } else {
            Class::Data
        }
    }

    /// The type that it says to be of; `None` where the contract knows no such type.
    pub(super) fn kind(&self, row: Row<'_>) -> Option<&'a RecordType> {
        tagged(self.judge, &self.tag(row)?)
    }

    /// The text that says of which type it is.
    pub(super) fn tag(&self, row: Row<'_>) -> Option<Cow<'a, [u8]>> {
        match self.judge.layout.rows.record_at {
            RecordAt::Field(at) => Some(self.field(row, at)?.text),
            RecordAt::Stretch(at) => Some(Cow::Borrowed(self.stretch(row, at)?)),
        }
    }

    /// What stands at a place of its line; `None` where the line ends before.
    fn stretch(&self, row: Row<'_>, at: Stretch) -> Option<&'a [u8]> {
        cut(self.raw(row), at, unit(self.judge))
    }

    /// The fields by which a control record is read: all of its fields, or of a line of fixed width its tag and those that its type names.
    pub(super) fn control_fields(&self, row: Row<'_>, kind: &RecordType) -> Vec<String> {
        if let RecordAt::Field(_) = self.judge.layout.rows.record_at {
            return self.fields(row);
        }
        let named = kind.stretches.iter().map_while(|at| self.stretch(row, *at));
        let text = |text: &[u8]| String::from_utf8_lossy(text).into_owned();
        std::iter::once(kind.tag.clone()).chain(named.map(text)).collect()
    }

    /// Nothing but delimiters and blanks, also in quotes.
    fn is_blank(&self, row: Row<'_>) -> bool {
        let dialect = self.judge.dialect;
        let mut quoted = false;
        let is_nothing = |byte: &u8| {
            quoted |= Some(*byte) == dialect.quote;
            *byte == dialect.delimiter || matches!(byte, b' ' | b'\t' | b'\n' | b'\r') || Some(*byte) == dialect.quote
        };
        // A quote may itself be text: four of them are a field that holds one.
        let is_empty = |at: usize| self.field(row, at).is_none_or(|field| field.text.trim_ascii().is_empty());
        self.raw(row).iter().all(is_nothing) && (!quoted || (0..row.ends.len()).all(is_empty))
    }

    /// Whether every condition holds; not where there is none.
    fn holds(&self, row: Row<'_>, conditions: &[(usize, &Said)]) -> bool {
        let is = |(at, wanted): &(usize, &Said)| self.field(row, *at).is_some_and(|field| is_said(wanted, &field.text));
        !conditions.is_empty() && conditions.iter().all(is)
    }

    /// The rule of non-data that a line of text among rows is of: of fewer fields than a row, one of which alone holds something; the fields
    /// that it does not have are empty. A row that lost some of its fields has more than one that holds something.
    pub(super) fn note(&self, row: Row<'_>) -> Option<usize> {
        let is_filled = |at: &usize| self.field(row, *at).is_some_and(|field| !field.text.trim_ascii().is_empty());
        if row.ends.len() >= self.header.fields || (0..row.ends.len()).filter(is_filled).count() != 1 {
            return None;
        }
        // A field that the line does not have is empty.
        let text = |at: usize| self.field(row, at).map_or(Cow::Borrowed(&b""[..]), |field| field.text);
        let is = |(at, wanted): &(usize, &Said)| is_said(wanted, &text(*at));
        self.not_data.iter().position(|rule| !rule.is_empty() && rule.iter().all(is))
    }

    /// The header once more, however it is spelled.
    pub(super) fn is_header_again(&self, row: Row<'_>) -> bool {
        let is_name = |(at, name): (usize, &String)| self.field(row, at).is_some_and(|f| fold(&String::from_utf8_lossy(&f.text)) == *name);
        !self.names.is_empty() && row.ends.len() == self.header.fields && self.names.iter().enumerate().all(is_name)
    }

    /// Most of the header's names, and one of them where another stands: below it, the columns stand elsewhere.
    pub(super) fn is_header_elsewhere(&self, row: Row<'_>) -> bool {
        const TELLING: usize = 3;
        let names = &self.names;
        let (mut named, mut moved) = (0, false);
        for at in 0..row.ends.len() {
            let text = self.field(row, at).map(|field| fold(&String::from_utf8_lossy(&field.text))).unwrap_or_default();
            if !text.is_empty() && names.contains(&text) {
                named += 1;
                moved |= names.get(at) != Some(&text);
            }
        }
        moved && named >= TELLING && named * 2 > names.iter().filter(|name| !name.is_empty()).count()
    }
}
