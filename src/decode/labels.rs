//! Rows that call themselves a balance, a budget or a commitment: what stands or is planned, and no movement. They are taken as rows; whether
//! they should be only a person can know. So it is with rows above nought that call themselves a credit by a word that the contract does not
//! know, and with rows below nought beside a word by which the contract takes off: turned once more, they count as a cost.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use super::columns::Column;
use crate::domain::{Label, Pence, Said, fold_code, takes_off};

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

impl Labelled {
    /// Adds later rows: the first is shown, of those that are sure the first.
    fn add(&mut self, next: Self) {
        if self.rows == 0 || (next.is_sure && !self.is_sure) {
            (self.line, self.text, self.is_sure) = (next.line, next.text, next.is_sure);
        }
        self.rows += next.rows;
        self.pence += next.pence;
    }
}

/// By the position of the column in the contract.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Labels {
    found: BTreeMap<(usize, Label), Labelled>,
    /// Of each column some of its texts, all of a piece of the file in which rows are planned: more than a few are names.
    texts: BTreeMap<usize, BTreeSet<Vec<u8>>>,
    /// By the column of words that give amounts their sign: rows below nought beside a word that takes off.
    turned: BTreeMap<usize, Turned>,
}

/// Amounts that stand below nought beside words that take off.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Turned {
    below: Labelled,
    /// Rows above nought beside such words.
    above: u64,
}

/// Rows of a piece of the file whose texts are kept, whatever they say.
const SAMPLES: usize = 8;

impl Labels {
    /// Looks at a column of texts, with the words for kinds of rows that its contract knows; `pence` is the amount of a row that counts,
    /// nothing where it has none.
    pub fn look(
        &mut self,
        at: usize,
        (column, kinds): (&Column, &[String]),
        pence: impl Fn(usize) -> Option<Pence>,
        line: impl Fn(usize) -> u64,
    ) {
        for (row, text) in column.texts().enumerate() {
            let Some(Said { label, words, is_sure }) = Label::of(text).or_else(|| credit(text, kinds)) else { continue };
            let Some(pence) = pence(row).filter(|pence| label != Label::Credit || *pence > 0) else { continue };
            let next = Labelled { rows: 1, pence, line: line(row), text: words, is_sure };
            self.found.entry((at, label)).or_default().add(next);
        }
        let is_planned = self.found.contains_key(&(at, Label::Planned));
        let apart = if is_planned { 1 } else { (column.len() / SAMPLES).max(1) };
        let texts = self.texts.entry(at).or_default();
        for text in column.texts().step_by(apart) {
            if texts.len() > KINDS {
                break;
            }
            if !texts.contains(text) {
                texts.insert(text.to_vec());
            }
        }
    }

    /// Looks at amounts that a column's words have turned: each row with the word that takes off, what it counts by now, and its line.
    pub fn look_at_turned<'t>(&mut self, at: usize, rows: impl Iterator<Item = (Cow<'t, [u8]>, Pence, u64)>) {
        let turned = self.turned.entry(at).or_default();
        for (word, pence, line) in rows {
            if pence > 0 {
                let text = String::from_utf8_lossy(&word).trim().to_owned();
                turned.below.add(Labelled { rows: 1, pence, line, text, is_sure: true });
            } else {
                turned.above += u64::from(pence < 0);
            }
        }
    }

    /// Adds what a later piece of the file holds.
    pub fn add(&mut self, next: Self) {
        for (at, more) in next.turned {
            let turned = self.turned.entry(at).or_default();
            turned.above += more.above;
            if more.below.rows > 0 {
                turned.below.add(more.below);
            }
        }
        for (key, more) in next.found {
            self.found.entry(key).or_default().add(more);
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
        let turned = self.turned.iter().filter(|(_, turned)| turned.below.rows > 0).map(|(at, turned)| {
            let label = if turned.above == 0 { Label::Signed } else { Label::Reversed };
            (*at, label, &turned.below)
        });
        told.map(|((at, label), labelled)| (*at, *label, labelled)).chain(turned)
    }
}

/// A text that says a credit, in a column whose contract knows other kinds of rows.
fn credit(text: &[u8], kinds: &[String]) -> Option<Said> {
    if kinds.is_empty() {
        return None;
    }
    let text = String::from_utf8_lossy(text);
    let word = fold_code(&text);
    takes_off(word.trim(), kinds).then(|| Said { label: Label::Credit, words: word.trim().to_owned(), is_sure: true })
}
