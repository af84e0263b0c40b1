//! What stands in several columns of one row: words beside signs, and amounts that add up.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::{amount, gather::Cell};
use crate::domain::{Label, balance, may_say, planned};

/// Columns of words that are watched, and words of each.
const FLAGS: usize = 12;
const WORDS: usize = 8;
/// Characters of a word.
const LETTERS: usize = 24;
/// Columns of amounts among which sums are looked for.
const AMOUNTS: usize = 10;
/// Columns of amounts among which sums of three or more are looked for.
const PARTED: usize = 10;
/// Spellings of balances that are told apart.
const BALANCES: usize = 32;
/// Rows that throw out most sums.
const FEW: usize = 20;

/// First rows that are kept.
const KEPT: usize = 400;

/// What is watched while the rows go by.
#[derive(Clone, Debug, Default)]
pub(super) struct Relations {
    pub(super) flags: Vec<Flag>,
    pub(super) sums: Vec<Sum>,
    /// Amounts that are perhaps three others or more together.
    pub(super) wholes: Vec<Sum>,
    /// Rows that call themselves a balance in some column.
    pub(super) balances: Vec<Carried>,
    /// The first rows, for whoever holds one file against another.
    pub(super) head: Vec<Kept>,
}

/// A row by marks of its texts, equal where these are, and its amounts in each column that holds one there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    pub cells: Vec<u64>,
    pub amounts: Vec<Option<i128>>,
}

/// Rows of which a column says that they are what stands at the beginning or the end of a span, or what is planned.
#[derive(Clone, Debug)]
pub(super) struct Carried {
    pub(super) column: usize,
    pub(super) label: Label,
    /// As it is printed.
    pub(super) says: String,
    /// More stands behind it in some of them.
    pub(super) goes_on: bool,
    pub(super) rows: u64,
    /// What the amounts of each column add up to.
    pub(super) sums: Vec<i128>,
}

/// A column of few words, with the signs of all amounts beside each.
#[derive(Clone, Debug)]
pub(super) struct Flag {
    pub(super) column: usize,
    /// Word, and what the amounts of each column are beside it.
    pub(super) words: Vec<(Vec<u8>, Vec<Beside>)>,
    /// It turned out to hold more words than a flag has.
    pub(super) dropped: bool,
}

/// Amounts of a column beside a word.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Beside {
    pub(super) negative: u64,
    pub(super) positive: u64,
    pub(super) nought: u64,
    pub(super) sum: i128,
}

/// Two or more amounts that are perhaps another.
#[derive(Clone, Debug)]
pub(super) struct Sum {
    pub(super) parts: Vec<usize>,
    pub(super) whole: usize,
    pub(super) agree: u64,
    pub(super) of: u64,
    /// Rows on which at least two of the parts are not nought: else the sum says nothing.
    pub(super) telling: u64,
}

impl Relations {
    /// Chooses what to watch from the first rows.
    pub(super) fn learn(&mut self, rows: &[&[Cell<'_>]], width: usize) {
        let mut amounts = Vec::new();
        for at in 0..width {
            let texts: Vec<&[u8]> = rows.iter().filter_map(|row| row.get(at)).map(|cell| cell.text.trim_ascii()).collect();
            let filled = texts.iter().filter(|text| !text.is_empty()).count();
            let read = texts.iter().filter(|text| amount::read(text).is_some()).count();
            if filled > 0 && read * 20 >= filled * 19 {
                amounts.push(at);
            }
            let mut words: Vec<&[u8]> = texts.iter().copied().filter(|text| !text.is_empty()).collect();
            words.sort_unstable();
            words.dedup();
            let short = words.iter().all(|word| word.len() <= LETTERS);
            if short && (2..=WORDS).contains(&words.len()) && filled > words.len() * 2 && self.flags.len() < FLAGS {
                self.flags.push(Flag { column: at, words: Vec::new(), dropped: false });
            }
        }
        let read = |row: &&[Cell<'_>]| {
            let of = |at: usize| row.get(at).and_then(|cell| amount::read(&cell.text)).map(|amount| amount.value.0);
            (0..width).map(of).collect::<Vec<Option<i128>>>()
        };
        let read: Vec<Vec<Option<i128>>> = rows.iter().map(read).collect();
        self.sums = holding(candidates(&amounts), &read);
        self.wholes = holding(wholes(&amounts), &read);
    }

    /// Takes a row and its amounts.
    pub(super) fn row(&mut self, cells: &[Cell<'_>], amounts: &[Option<i128>]) {
        if self.head.len() < KEPT {
            self.head.push(Kept { cells: cells.iter().map(|cell| mark(&cell.text)).collect(), amounts: amounts.to_vec() });
        }
        self.sums.iter_mut().chain(&mut self.wholes).for_each(|sum| sum.row(amounts));
        for flag in self.flags.iter_mut().filter(|flag| !flag.dropped) {
            let Some(word) = cells.get(flag.column).map(|cell| cell.text.trim_ascii()).filter(|word| !word.is_empty()) else { continue };
            flag.row(word, amounts);
        }
        for (at, cell) in cells.iter().enumerate().filter(|(_, cell)| may_say(&cell.text)) {
            self.balance(at, &String::from_utf8_lossy(&cell.text), amounts);
        }
    }

    fn balance(&mut self, column: usize, text: &str, amounts: &[Option<i128>]) {
        let text = text.trim();
        let of_balance = || balance(text).map(|says| (Label::Balance, says));
        let Some((label, says)) = of_balance().or_else(|| planned(text).map(|says| (Label::Planned, says))) else { return };
        let known = self.balances.iter().position(|known| known.column == column && known.says == says);
        if known.is_none() && self.balances.len() >= BALANCES {
            return;
        }
        let at = known.unwrap_or_else(|| {
            let says = says.to_owned();
            self.balances.push(Carried { column, label, says, goes_on: false, rows: 0, sums: vec![0; amounts.len()] });
            self.balances.len() - 1
        });
        let Some(known) = self.balances.get_mut(at) else { return };
        known.rows += 1;
        known.goes_on |= says.len() != text.len();
        known.sums.iter_mut().zip(amounts).for_each(|(sum, amount)| *sum += amount.unwrap_or(0));
    }
}

impl Flag {
    fn row(&mut self, word: &[u8], amounts: &[Option<i128>]) {
        let at = self.words.iter().position(|(known, _)| known == word);
        let at = at.unwrap_or_else(|| {
            self.words.push((word.to_vec(), vec![Beside::default(); amounts.len()]));
            self.words.len() - 1
        });
        self.dropped = self.words.len() > WORDS;
        let Some((_, counts)) = self.words.get_mut(at) else { return };
        for (beside, amount) in counts.iter_mut().zip(amounts) {
            match amount.map(i128::signum) {
                Some(-1) => beside.negative += 1,
                Some(0) => beside.nought += 1,
                Some(_) => beside.positive += 1,
                None => {}
            }
            beside.sum += amount.unwrap_or(0);
        }
    }
}

/// Those that hold on the first rows, counted from nought.
fn holding(mut sums: Vec<Sum>, rows: &[Vec<Option<i128>>]) -> Vec<Sum> {
    let (few, rest) = rows.split_at(rows.len().min(FEW));
    few.iter().for_each(|row| sums.iter_mut().for_each(|sum| sum.row(row)));
    // Most are thrown out by the first few rows.
    sums.retain(|sum| sum.agree * 2 >= sum.of);
    rest.iter().for_each(|row| sums.iter_mut().for_each(|sum| sum.row(row)));
    sums.retain(|sum| sum.telling > 0 && sum.agree * 20 >= sum.of * 19);
    sums.iter_mut().for_each(|sum| (sum.agree, sum.of, sum.telling) = (0, 0, 0));
    sums
}

/// Each amount as three others or more, but not all.
fn wholes(amounts: &[usize]) -> Vec<Sum> {
    let mut sums = Vec::new();
    if !(5..=PARTED).contains(&amounts.len()) {
        return sums;
    }
    for whole in amounts {
        let others: Vec<usize> = amounts.iter().copied().filter(|at| at != whole).collect();
        for chosen in 0_u32..(1 << others.len()) {
            let parts: Vec<usize> = others.iter().enumerate().filter(|(bit, _)| chosen & (1 << bit) != 0).map(|(_, at)| *at).collect();
            if (3..others.len()).contains(&parts.len()) {
                sums.push(Sum { parts, whole: *whole, agree: 0, of: 0, telling: 0 });
            }
        }
    }
    sums
}

fn candidates(amounts: &[usize]) -> Vec<Sum> {
    let mut sums = Vec::new();
    let make = |parts: Vec<usize>, whole| Sum { parts, whole, agree: 0, of: 0, telling: 0 };
    if (3..=AMOUNTS).contains(&amounts.len()) {
        for (first, a) in amounts.iter().enumerate() {
            for b in amounts.iter().skip(first + 1) {
                sums.extend(amounts.iter().filter(|whole| *whole != a && *whole != b).map(|whole| make(vec![*a, *b], *whole)));
            }
        }
    }
    if amounts.len() > 3 {
        // A column of totals: all others together.
        sums.extend(amounts.iter().map(|whole| make(amounts.iter().copied().filter(|at| at != whole).collect(), *whole)));
    }
    sums
}

impl Sum {
    fn row(&mut self, amounts: &[Option<i128>]) {
        let of = |at: &usize| amounts.get(*at).copied().flatten();
        let Some(whole) = of(&self.whole) else { return };
        let parts: Vec<i128> = self.parts.iter().filter_map(of).collect();
        if parts.is_empty() {
            return;
        }
        self.of += 1;
        self.agree += u64::from(parts.iter().sum::<i128>() == whole);
        self.telling += u64::from(parts.iter().filter(|part| **part != 0).count() > 1);
    }
}

/// A mark of a text, by which equal ones are told.
fn mark(text: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.trim_ascii().hash(&mut hasher);
    hasher.finish()
}
