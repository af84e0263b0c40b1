//! Rows that call themselves a balance, a budget or a commitment: what stands or is planned, and no movement. They are taken as rows; whether
//! they should be only a person can know.

use std::collections::{BTreeMap, BTreeSet};

use super::columns::Column;
use crate::domain::{Label, Pence, printable};

/// Different texts up to which a column may tell kinds of rows apart.
const KINDS: usize = 12;

/// Accepted rows with an amount that call themselves so in one column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labelled {
    pub rows: u64,
    /// What they add up to, debit positive.
    pub pence: Pence,
    /// The first of them, and what it says.
    pub line: u64,
    pub text: String,
}

/// By the position of the column in the contract.
pub(super) type Labels = BTreeMap<(usize, Label), Labelled>;

/// The rows of one column of texts; `pence` is the amount of a row that counts, nothing where it has none.
pub(super) fn of_column(column: &Column, pence: impl Fn(usize) -> Option<Pence>, line: impl Fn(usize) -> u64) -> BTreeMap<Label, Labelled> {
    let mut found: BTreeMap<Label, Labelled> = BTreeMap::new();
    for (row, text) in column.texts().enumerate() {
        let Some(label) = Label::of(text) else { continue };
        let Some(pence) = pence(row) else { continue };
        let new = || Labelled { rows: 0, pence: 0, line: line(row), text: printable(&String::from_utf8_lossy(text)) };
        let labelled = found.entry(label).or_insert_with(new);
        labelled.rows += 1;
        labelled.pence += pence;
    }
    // `Budget` among many names is one of them.
    if found.contains_key(&Label::Planned) && !tells_kinds(column) {
        found.remove(&Label::Planned);
    }
    found
}

/// Whether a column has few texts, and these again and again.
fn tells_kinds(column: &Column) -> bool {
    let mut texts = BTreeSet::new();
    let mut rows = 0;
    for text in column.texts() {
        rows += 1;
        if texts.insert(text) && texts.len() > KINDS {
            return false;
        }
    }
    texts.len() * 2 <= rows
}

/// Adds those of a later piece of the file.
pub(super) fn add(labels: &mut Labels, next: Labels) {
    for (key, more) in next {
        match labels.get_mut(&key) {
            Some(known) => {
                known.rows += more.rows;
                known.pence += more.pence;
            }
            None => {
                labels.insert(key, more);
            }
        }
    }
}
