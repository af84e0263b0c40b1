//! Rows of a sheet, laid out: the fields of each one beside the other, and what kind of cell each was.

use std::collections::BTreeMap;

use super::{
    super::records::Records,
    cells::{Kind, is_iso_day},
};

/// Stands between the cells of a row where a person looks at it.
pub(in super::super) const SEEN_BETWEEN: u8 = b'|';

/// Whole rows, laid out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Rows {
    /// The fields of each row with [`SEEN_BETWEEN`] between them.
    pub(in super::super) text: Vec<u8>,
    /// For each row its first byte, then the end of each field.
    pub(super) spans: Vec<u32>,
    pub(super) kinds: Vec<Kind>,
    /// Row of the sheet, from 1.
    pub(in super::super) lines: Vec<u64>,
    pub(super) fields: usize,
    /// Cells that no row of data may hold, in the order of the sheet; at most one a row.
    pub(super) refused: Vec<Unread>,
    /// The sheet ends with them.
    pub(in super::super) last: bool,
}

/// A cell that no row of data may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Unread {
    pub(in super::super) line: u64,
    pub(super) column: u32,
    pub(super) why: Why,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    Error,
    NoValue,
    LongNumber,
    Merged,
}

impl Rows {
    /// Ends empty fields up to `place`.
    pub(super) fn fill(&mut self, ends: &mut Vec<u32>, place: usize) {
        while ends.len() < place {
            self.field(ends, "", Kind::Text);
        }
    }

    /// Ends a field with this text.
    pub(super) fn field(&mut self, ends: &mut Vec<u32>, text: &str, kind: Kind) {
        self.bytes(ends, text.as_bytes(), kind);
    }

    fn bytes(&mut self, ends: &mut Vec<u32>, text: &[u8], kind: Kind) {
        if !ends.is_empty() {
            self.text.push(SEEN_BETWEEN);
        }
        self.text.extend_from_slice(text);
        ends.push(self.text.len() as u32);
        self.kinds.push(kind);
    }

    /// Appends records from `row` on until there are `enough`; gives the row that follows them.
    pub(in super::super) fn records(&self, row: usize, records: &mut Records, enough: usize) -> usize {
        let width = self.fields + 1;
        let mut at = row;
        while at < self.lines.len() && records.len() < enough {
            let Some((start, ends)) = self.spans.get(at * width..(at + 1) * width).and_then(<[u32]>::split_first) else { break };
            records.begin(*start as usize);
            ends.iter().for_each(|end| records.end_field(*end as usize));
            records.end_record(self.lines.get(at).copied().unwrap_or(0), false);
            records.kinds.extend_from_slice(self.kinds.get(at * self.fields..(at + 1) * self.fields).unwrap_or_default());
            at += 1;
        }
        at
    }

    /// The first of these rows that holds what no row of data may.
    pub(in super::super) fn unread(&self, lines: &[u64]) -> Option<Unread> {
        self.refused.iter().find(|unread| lines.binary_search(&unread.line).is_ok()).copied()
    }

    /// The same rows with other texts in some cells: by the row's position and the field. A text that is a day is one where it stands in
    /// place of a date, as the cells around it are shown; else it is text.
    pub(in super::super) fn corrected(&self, cells: &BTreeMap<(usize, usize), (String, bool)>) -> Self {
        let mut rows =
            Self { fields: self.fields, lines: self.lines.clone(), refused: self.refused.clone(), last: self.last, ..Self::default() };
        for (at, span) in self.spans.chunks_exact(self.fields + 1).enumerate() {
            let mut ends = Vec::with_capacity(self.fields);
            let begins = rows.text.len();
            for (place, edges) in span.windows(2).enumerate() {
                let [from, to] = [edges.first(), edges.last()].map(|edge| edge.map_or(0, |edge| *edge as usize));
                let old = self.text.get(from + usize::from(place > 0)..to).unwrap_or_default();
                let kind = self.kinds.get(at * self.fields + place).copied().unwrap_or_default();
                match cells.get(&(at, place)) {
                    Some((new, is_date)) => {
                        let kind = if *is_date && is_iso_day(new) { Kind::Date } else { Kind::Text };
                        rows.bytes(&mut ends, new.as_bytes(), kind);
                    }
                    None => rows.bytes(&mut ends, old, kind),
                }
            }
            rows.spans.push(begins as u32);
            rows.spans.append(&mut ends);
        }
        rows
    }

    /// Where in these rows one of the sheet stands.
    pub(in super::super) fn position(&self, line: u64) -> Option<usize> {
        self.lines.binary_search(&line).ok()
    }
}
