//! Rows that call themselves a balance, a budget or a commitment: what stands or is planned, and no movement. They are taken as rows; whether
//! they should be only a person can know.

use std::collections::{BTreeMap, BTreeSet};

use super::columns::Column;
use crate::domain::{Label, Pence, is_surely_planned};

/// Different texts up to which a column may tell kinds of rows apart.
const KINDS: usize = 12;

/// Accepted rows with an amount that call themselves so in one column.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labelled {
    pub rows: u64,
    /// What they add up to, debit positive.
    pub pence: Pence,
    /// The first of them, and the words that say it.
    pub line: u64,
    pub text: String,
    /// One of them is no name that happens to say so.
    pub is_sure: bool,
}

/// By the position of the column in the contract.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Labels {
    found: BTreeMap<(usize, Label), Labelled>,
    /// Of each column some of its texts, all of a piece of the file in which rows are planned: more than a few are names.
    texts: BTreeMap<usize, BTreeSet<Vec<u8>>>,
}

/// Rows of a piece of the file whose texts are kept, whatever they say.
const SAMPLES: usize = 8;

impl Labels {
    /// Looks at a column of texts; `pence` is the amount of a row that counts, nothing where it has none.
    pub fn look(&mut self, at: usize, column: &Column, pence: impl Fn(usize) -> Option<Pence>, line: impl Fn(usize) -> u64) {
        let rows = column.len();
        for (row, text) in column.texts().enumerate() {
            let Some((label, said)) = Label::of(text) else { continue };
            let Some(pence) = pence(row) else { continue };
            let is_sure = label == Label::Balance || is_surely_planned(&small(text).split_whitespace().collect::<Vec<_>>());
            let labelled = self.found.entry((at, label)).or_default();
            // The first is shown; of those that are surely no movement the first.
            if labelled.rows == 0 || (is_sure && !labelled.is_sure) {
                (labelled.line, labelled.text, labelled.is_sure) = (line(row), said, is_sure);
            }
            labelled.rows += 1;
            labelled.pence += pence;
        }
        let is_planned = self.found.contains_key(&(at, Label::Planned));
        let apart = if is_planned { 1 } else { (rows / SAMPLES).max(1) };
        let texts = self.texts.entry(at).or_default();
        for text in (0..rows).step_by(apart).map(|row| column.text(row)) {
            if texts.len() > KINDS {
                break;
            }
            if !texts.contains(text) {
                texts.insert(text.to_vec());
            }
        }
    }

    /// Adds what a later piece of the file holds.
    pub fn add(&mut self, next: Self) {
        for (key, more) in next.found {
            match self.found.get_mut(&key) {
                Some(known) => {
                    known.rows += more.rows;
                    known.pence += more.pence;
                    if more.is_sure && !known.is_sure {
                        (known.line, known.text, known.is_sure) = (more.line, more.text, true);
                    }
                }
                None => drop(self.found.insert(key, more)),
            }
        }
        for (at, more) in next.texts {
            let texts = self.texts.entry(at).or_default();
            let room = (KINDS + 1).saturating_sub(texts.len());
            let new: Vec<Vec<u8>> = more.into_iter().filter(|text| !texts.contains(text)).take(room).collect();
            texts.extend(new);
        }
    }

    /// The rows of the whole file, each with the position of its column. `Budget` among many names, or in few rows, is one of them.
    pub fn of_file(&self, rows: u64) -> impl Iterator<Item = (usize, Label, &Labelled)> {
        let is_kind = move |at: &usize| {
            let texts = self.texts.get(at).map_or(0, BTreeSet::len);
            texts <= KINDS && texts as u64 * 2 <= rows
        };
        let told = self.found.iter().filter(move |((at, _), labelled)| labelled.is_sure || is_kind(at));
        told.map(|((at, label), labelled)| (*at, *label, labelled))
    }
}

fn small(text: &[u8]) -> String {
    String::from_utf8_lossy(text).to_lowercase()
}
