//! What a record is: a row, a control record, a printed total, declared non-data, a blank one, or the header again.

use super::{
    header::{Header, fold, tagged},
    judge::Judge,
    record::{Field, field},
    rows::OddRow,
};
use crate::domain::{Identifier, fold_code};

/// What a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    Data,
    Blank,
    Control,
    Footer,
    NotData(usize),
    Header,
}

/// A record at hand.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    pub(super) start: usize,
    pub(super) ends: &'a [u32],
    pub(super) line: u64,
}

impl Row<'_> {
    /// The byte after its last field.
    pub(super) fn end(self) -> usize {
        self.ends.last().map_or(self.start, |end| *end as usize)
    }
}

impl<'a> From<&'a OddRow> for Row<'a> {
    fn from(odd: &'a OddRow) -> Self {
        Row { start: odd.start, ends: &odd.ends, line: odd.line }
    }
}

/// Tells the records of one text apart. Holds what must be asked of each before it is taken for data.
pub(super) struct Kinds<'a> {
    judge: &'a Judge,
    header: &'a Header,
    text: &'a [u8],
    tags: bool,
    /// No column could tell a header from data, so that each record must be compared with its names.
    header_names: bool,
    /// Each footer or not-data rule: conditions on fields.
    footer: Vec<(usize, Vec<u8>)>,
    not_data: Vec<Vec<(usize, Vec<u8>)>>,
}

impl<'a> Kinds<'a> {
    pub(super) fn new(judge: &'a Judge, header: &'a Header, text: &'a [u8]) -> Self {
        let condition = |(name, text): &(Identifier, String)| {
            let column = judge.contract.columns.iter().position(|c| c.name == *name)?;
            Some((*header.places.get(column)?, text.clone().into_bytes()))
        };
        let conditions = |when: &[(Identifier, String)]| when.iter().filter_map(condition).collect::<Vec<_>>();
        Self {
            judge,
            header,
            text,
            tags: !judge.layout.records.is_empty(),
            header_names: judge.plans.iter().all(|plan| plan.reading.takes_any_text()),
            footer: judge.layout.footer.as_ref().map(|footer| conditions(&footer.when)).unwrap_or_default(),
            not_data: judge.layout.not_data.iter().map(|rule| conditions(&rule.when)).collect(),
        }
    }

    /// The text of one of its fields; `None` where it has no such field.
    pub(super) fn field(&self, row: Row<'_>, at: usize) -> Option<Field<'a>> {
        let end = *row.ends.get(at)? as usize;
        let start = match at.checked_sub(1) {
            Some(before) => *row.ends.get(before)? as usize + 1,
            None => row.start,
        };
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
        if self.tags && self.is_control(row) {
            Class::Control
        } else if self.is_blank(row) {
            Class::Blank
        } else if self.raw(row) == self.header.raw || (self.header_names && self.is_header_again(row)) {
            Class::Header
        } else if self.holds(row, &self.footer) {
            Class::Footer
        } else if let Some(rule) = self.not_data.iter().position(|rule| self.holds(row, rule)) {
            Class::NotData(rule)
        } else {
            Class::Data
        }
    }

    fn is_control(&self, row: Row<'_>) -> bool {
        self.field(row, 0).is_some_and(|first| tagged(self.judge, &first.text).is_some())
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
    fn holds(&self, row: Row<'_>, conditions: &[(usize, Vec<u8>)]) -> bool {
        let is = |(at, wanted): &(usize, Vec<u8>)| self.field(row, *at).is_some_and(|field| says(&field.text, wanted));
        !conditions.is_empty() && conditions.iter().all(is)
    }

    /// The header once more, however it is spelled.
    pub(super) fn is_header_again(&self, row: Row<'_>) -> bool {
        let is_name =
            |(at, name): (usize, &String)| self.field(row, at).is_some_and(|f| fold(&String::from_utf8_lossy(&f.text)) == fold(name));
        row.ends.len() == self.header.fields && self.header.names.iter().enumerate().all(is_name)
    }
}

/// Whether a field says the word of a rule. Both are compared as they look, as [`fold_code`] has it: `TOTAL` before a no-break space is
/// `TOTAL`, and case tells words apart.
pub(super) fn says(text: &[u8], word: &[u8]) -> bool {
    let (text, word) = (text.trim_ascii(), word.trim_ascii());
    text == word || ((is_dressed(text) || is_dressed(word)) && looks(text) == looks(word))
}

/// Whether folding could change it: asked of every row, so that few are folded.
fn is_dressed(text: &[u8]) -> bool {
    !text.is_ascii() || text.iter().any(u8::is_ascii_control) || text.windows(2).any(|pair| pair == b"  ")
}

fn looks(text: &[u8]) -> String {
    fold_code(&String::from_utf8_lossy(text)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::says;

    #[test]
    fn words_are_compared_as_they_look() {
        for (text, word) in [
            ("D", "D"),
            (" D\t", "D"),
            ("D\u{a0}", "D"),
            ("\u{feff}D", "D"),
            ("C\u{200b}R", "CR"),
            ("Sub  total", "Sub total"),
            ("Sub\u{a0}total", "Sub total"),
            ("\u{2009}", ""),
        ] {
            assert!(says(text.as_bytes(), word.as_bytes()), "{text:?} {word:?}");
            assert!(says(word.as_bytes(), text.as_bytes()), "{word:?} {text:?}");
        }
        for (text, word) in [("d", "D"), ("DR", "D"), ("", "D"), ("C", "D"), ("É", "E"), ("Subtotal", "Sub total")] {
            assert!(!says(text.as_bytes(), word.as_bytes()), "{text:?} {word:?}");
        }
    }
}
