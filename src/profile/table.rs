//! The rows of a table go by once: what is a row, what is none, and what the columns hold.
//!
//! What a full row looks like is learnt from the first few hundred; a record that lacks what they all have, or that calls itself a total,
//! is set aside with the sums so far, and judged when all sums are known.

use std::{
    borrow::Cow,
    collections::{BTreeSet, VecDeque},
    hash::BuildHasher,
};

use hashbrown::{DefaultHashBuilder, HashSet};

use super::{
    facts::Reason,
    gather::{Cell, Gather, LINES, bump},
    relate::Relations,
    words,
};

/// Rows from which the look of a full row is learnt.
const SAMPLE: usize = 512;

/// Records that are set aside; more are rows, or, where something tells them from rows, counted.
const ASIDE: usize = 5_000;

/// Types of records that are told apart; records of more are counted together.
const TYPES: usize = 1_000;

/// Rows of which copies are looked for.
const COPIES: usize = 2_000_000;

/// Rows at either end whose amounts are kept.
const EDGE: usize = 3;

/// A record that is perhaps no row.
#[derive(Clone, Debug)]
pub(super) struct Aside {
    pub(super) line: u64,
    pub(super) reason: Reason,
    pub(super) cells: Vec<String>,
    /// Amount of each column, and of each the sum of all rows before it.
    pub(super) amounts: Vec<Option<i128>>,
    pub(super) before: Vec<i128>,
    pub(super) rows_before: u64,
    /// Rows of the table came after it.
    pub(super) followed: bool,
}

/// A row with its amounts, of the first or the last few, or one that equals the sum of all before it.
#[derive(Clone, Debug)]
pub(super) struct Edge {
    pub(super) line: u64,
    pub(super) amounts: Vec<Option<i128>>,
}

/// Records of another type than that of the rows.
#[derive(Clone, Debug)]
pub(super) struct Tagged {
    pub(super) tag: String,
    /// Fields of the first of them.
    pub(super) fields: usize,
    pub(super) records: u64,
    pub(super) first_line: u64,
    /// Places in which one of them has an amount that is not nought.
    pub(super) amounts: BTreeSet<usize>,
}

/// What goes by.
#[derive(Debug)]
pub(super) struct Table {
    names: Vec<String>,
    pub(super) width: usize,
    /// First fields of records of other types.
    tags: Vec<String>,
    /// Columns of months beside at least two others: how many of them a row fills says nothing.
    months: Vec<bool>,
    /// Whether a record that lacks what others have may be no row; not where the places of fields are guessed.
    pub(super) tells_rows: bool,
    pub(super) columns: Vec<Gather>,
    pub(super) relations: Relations,
    pub(super) records: u64,
    pub(super) rows: u64,
    pub(super) aside: Vec<Aside>,
    pub(super) counts: Vec<(Reason, u64, Vec<u64>)>,
    pub(super) tagged: Vec<Tagged>,
    pub(super) widths: Vec<(usize, u64)>,
    pub(super) odd_widths: u64,
    /// Rows that lack fields at their end, and how many fields the shortest has.
    pub(super) short: Option<(u64, usize)>,
    pub(super) copies: u64,
    pub(super) first_row: Option<u64>,
    pub(super) head: Vec<Edge>,
    pub(super) tail: VecDeque<Edge>,
    /// Rows equal to the sum of all before them: line, column, rows before.
    pub(super) running: Vec<(u64, usize, u64)>,
    hashes: HashSet<u64>,
    hasher: DefaultHashBuilder,
    sample: Vec<(u64, u64, Vec<Cell<'static>>)>,
    /// Columns that full rows fill, and in how many columns they have a value; `None` until they are known.
    look: Option<(Vec<bool>, usize)>,
    amounts: Vec<Option<i128>>,
}

impl Table {
    /// `names` are the headings, empty where the file has none.
    pub(super) fn new(names: Vec<String>, width: usize, tags: Vec<String>) -> Self {
        Self {
            months: months(&names),
            names,
            width,
            tags,
            tells_rows: true,
            columns: (0..width).map(|_| Gather::default()).collect(),
            relations: Relations::default(),
            records: 0,
            rows: 0,
            aside: Vec::new(),
            counts: Vec::new(),
            tagged: Vec::new(),
            widths: Vec::new(),
            odd_widths: 0,
            short: None,
            copies: 0,
            first_row: None,
            head: Vec::new(),
            tail: VecDeque::new(),
            running: Vec::new(),
            hashes: HashSet::new(),
            hasher: DefaultHashBuilder::default(),
            sample: Vec::new(),
            look: None,
            amounts: Vec::new(),
        }
    }

    /// The same, of columns whose places somebody has given; `one_kind` where all records are rows.
    pub(super) fn placed(names: Vec<String>, width: usize, one_kind: bool) -> Self {
        let mut table = Self::new(names, width, Vec::new());
        table.columns.iter_mut().for_each(|column| column.placed = true);
        table.tells_rows = one_kind;
        table
    }

    pub(super) fn is_placed(&self) -> bool {
        self.columns.first().is_some_and(|column| column.placed)
    }

    /// Takes the next record behind the header. `raw` is all of it, to tell copies.
    pub(super) fn take(&mut self, line: u64, raw: &[u8], cells: &[Cell<'_>]) {
        self.records += 1;
        bump(&mut self.widths, cells.len());
        if let Some(reason) = self.furniture(raw, cells) {
            return self.count(reason, line);
        }
        if self.is_tagged(line, cells) {
            return;
        }
        self.odd_widths += u64::from(cells.len() != self.width);
        let hash = self.hasher.hash_one(raw);
        if self.look.is_none() {
            let owned = |cell: &Cell<'_>| Cell { text: Cow::Owned(cell.text.to_vec()), day: cell.day, own: cell.own };
            self.sample.push((line, hash, cells.iter().map(owned).collect()));
            if self.sample.len() >= SAMPLE {
                self.learn();
            }
            return;
        }
        self.sort(line, hash, cells);
    }

    /// Ends the table.
    pub(super) fn finish(&mut self) {
        if self.look.is_none() {
            self.learn();
        }
    }

    /// Blank records, lines of dashes, the header again.
    fn furniture(&self, raw: &[u8], cells: &[Cell<'_>]) -> Option<Reason> {
        if cells.iter().all(|cell| cell.day.is_none() && cell.text.trim_ascii().is_empty()) {
            return Some(Reason::Blank);
        }
        if words::is_rule(raw) {
            return Some(Reason::Rule);
        }
        let names = !self.names.is_empty()
            && cells.len() >= self.names.len().min(2)
            && self.names.iter().zip(cells).all(|(name, cell)| name.trim().as_bytes() == cell.text.trim_ascii());
        names.then_some(Reason::RepeatedHeader)
    }

    fn count(&mut self, reason: Reason, line: u64) {
        let at = self.counts.iter().position(|(known, ..)| *known == reason);
        match at.and_then(|at| self.counts.get_mut(at)) {
            Some((_, n, lines)) => {
                *n += 1;
                if lines.len() < LINES {
                    lines.push(line);
                }
            }
            None => self.counts.push((reason, 1, vec![line])),
        }
    }

    /// A record of another type than that of the rows.
    fn is_tagged(&mut self, line: u64, cells: &[Cell<'_>]) -> bool {
        let Some(first) = cells.first().map(|cell| &*cell.text) else { return false };
        let Some(tag) = self.tags.iter().find(|tag| tag.as_bytes() == first) else { return false };
        if cells.len() == self.width {
            return false;
        }
        let tag = tag.clone();
        self.typed(tag, line, cells);
        true
    }

    /// What full rows look like, from the sample; then its records are sorted.
    fn learn(&mut self) {
        let sample = std::mem::take(&mut self.sample);
        let filled = |cells: &[Cell<'_>]| self.filled(cells);
        let unmarked = sample.iter().filter(|(_, _, cells)| !is_marked(cells));
        let mut counts: Vec<usize> = unmarked.map(|(_, _, cells)| filled(cells)).collect();
        counts.sort_unstable();
        let typical = counts.get(counts.len() / 2).copied().unwrap_or(0);
        let full: Vec<_> =
            sample.iter().filter(|(_, _, cells)| filled(cells) * 2 > typical && !says_so(cells) && !is_marked(cells)).collect();
        let always = |at: usize| {
            if self.months.get(at) == Some(&true) {
                return false;
            }
            let n = full.iter().filter(|(_, _, cells)| cells.get(at).is_some_and(has_value)).count();
            // One of a few rows, or one of fifty, may lack what the others have.
            n > 0 && (n * 50 >= full.len() * 49 || (full.len() > 3 && n + 1 >= full.len()))
        };
        self.look = Some(((0..self.width).map(always).collect(), typical));
        self.relations.learn(&full.iter().map(|(_, _, cells)| cells.as_slice()).collect::<Vec<_>>(), self.width);
        for (line, hash, cells) in &sample {
            self.sort(*line, *hash, cells);
        }
    }

    /// Cells with a value, but for those of months.
    fn filled(&self, cells: &[Cell<'_>]) -> usize {
        let counts = |at: usize| self.months.get(at) != Some(&true);
        cells.iter().enumerate().filter(|(at, cell)| counts(*at) && has_value(cell)).count()
    }

    /// Whether a record lacks what full rows have, or calls itself no row.
    fn looks_aside(&self, cells: &[Cell<'_>]) -> bool {
        let Some((always, typical)) = &self.look else { return false };
        let filled = self.filled(cells);
        let missing = always.iter().enumerate().filter(|(at, always)| **always && !cells.get(*at).is_some_and(has_value)).count();
        let of = always.iter().filter(|always| **always).count();
        let alone = cells.iter().filter(|cell| has_value(cell)).count() == 1
            && self.names.iter().filter(|name| !name.trim().is_empty()).count() > 2;
        let sparse = (filled * 2 <= *typical && *typical > 1) || (missing >= 2 && missing * 3 >= of) || alone;
        sparse || (says_so(cells) && (missing > 0 || filled == 1)) || (is_marked(cells) && missing >= 2)
    }

    fn sort(&mut self, line: u64, hash: u64, cells: &[Cell<'_>]) {
        if self.tells_rows && self.aside.len() < ASIDE && self.looks_aside(cells) {
            let texts = cells.iter().map(|cell| String::from_utf8_lossy(&cell.text).into_owned()).collect();
            return self.set_aside(line, Reason::Marker, texts);
        }
        self.row(line, hash, cells);
    }

    /// Counts a record of another type; the first of its type is kept, and of the others as many as are set aside at all.
    fn typed(&mut self, tag: String, line: u64, cells: &[Cell<'_>]) {
        let known = self.tagged.iter().position(|known| known.tag == tag);
        let is_kept = self.aside.len() < ASIDE || (known.is_none() && self.tagged.len() < TYPES);
        let texts: Vec<String> = cells.iter().map(|cell| String::from_utf8_lossy(&cell.text).into_owned()).collect();
        let has_tag = texts.contains(&tag);
        let at = known.unwrap_or(self.tagged.len());
        if known.is_none() && self.tagged.len() < TYPES {
            self.tagged.push(Tagged { tag, fields: cells.len(), records: 0, first_line: line, amounts: BTreeSet::new() });
        }
        if let Some(tagged) = self.tagged.get_mut(at) {
            tagged.records += 1;
            let amount = |text: &String| super::amount::read(text.as_bytes()).is_some_and(|amount| amount.value.0 != 0);
            tagged.amounts.extend(texts.iter().enumerate().filter(|(_, text)| has_tag && amount(text)).map(|(at, _)| at));
        }
        if is_kept { self.set_aside(line, Reason::RecordType, texts) } else { self.count(Reason::RecordType, line) }
    }

    fn set_aside(&mut self, line: u64, reason: Reason, cells: Vec<String>) {
        let amount = |text: &String| super::amount::read(words::behind_level(text).as_bytes()).map(|amount| amount.value.0);
        let amounts = cells.iter().map(amount).collect();
        let before = self.columns.iter().map(|column| column.money.sum()).collect();
        let rows_before = self.rows;
        self.aside.push(Aside { line, reason, cells, amounts, before, rows_before, followed: false });
    }

    fn row(&mut self, line: u64, hash: u64, cells: &[Cell<'_>]) {
        self.first_row.get_or_insert(line);
        if cells.len() < self.width {
            let (rows, least) = self.short.unwrap_or((0, cells.len()));
            self.short = Some((rows + 1, least.min(cells.len())));
        }
        if let Some(last) = self.aside.last_mut() {
            last.followed = true;
        }
        if self.rows < COPIES as u64 && !self.hashes.insert(hash) {
            self.copies += 1;
        }
        let mut amounts = std::mem::take(&mut self.amounts);
        amounts.clear();
        let empty = Cell::default();
        for (at, column) in self.columns.iter_mut().enumerate() {
            let sum = column.money.sum();
            let amount = column.add(cells.get(at).unwrap_or(&empty), line).map(|amount| amount.value.0);
            if amount.is_some_and(|amount| amount == sum && amount != 0) && self.rows > 1 && self.running.len() < 100 {
                self.running.push((line, at, self.rows));
            }
            amounts.push(amount);
        }
        self.relations.row(cells, &amounts);
        let edge = || Edge { line, amounts: amounts.clone() };
        if self.head.len() < EDGE {
            self.head.push(edge());
        }
        self.tail.push_back(edge());
        if self.tail.len() > EDGE {
            self.tail.pop_front();
        }
        self.rows += 1;
        self.amounts = amounts;
    }
}

/// Which headings are months, where there are several and at least two others.
fn months(names: &[String]) -> Vec<bool> {
    let all: Vec<bool> = names.iter().map(|name| super::date::month_of(name.trim().as_bytes()).is_some()).collect();
    let months = all.iter().filter(|month| **month).count();
    if months > 1 && names.len() - months > 1 { all } else { Vec::new() }
}

/// Whether a record calls itself a total, or says that there is nothing.
fn says_so(cells: &[Cell<'_>]) -> bool {
    let label = cells.iter().find(|cell| has_value(cell)).map(|cell| String::from_utf8_lossy(&cell.text).into_owned());
    label.is_some_and(|label| words::is_total(&label) || words::is_carried(&label) || words::is_nil(&label))
}

/// Whether a record is marked as a sum by asterisks: in its first cell with a value, or in one of their own.
fn is_marked(cells: &[Cell<'_>]) -> bool {
    let of = |cell: &Cell<'_>| words::level(&String::from_utf8_lossy(&cell.text)).is_some();
    let is_mark = |cell: &Cell<'_>| cell.text.contains(&b'*') && cell.text.trim_ascii().iter().all(|byte| *byte == b'*') && of(cell);
    cells.iter().find(|cell| has_value(cell)).is_some_and(of) || cells.iter().any(is_mark)
}

fn has_value(cell: &Cell<'_>) -> bool {
    cell.day.is_some() || !cell.text.trim_ascii().is_empty()
}

impl Table {
    /// Counts a blank record before the header.
    pub(super) fn blank(&mut self, line: u64) {
        self.count(Reason::Blank, line);
    }

    /// Counts a line of dashes before the header.
    pub(super) fn rule(&mut self, line: u64) {
        self.count(Reason::Rule, line);
    }

    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// A line that crosses the columns of a printed report, with what it says where that is known.
    pub(super) fn note(&mut self, line: u64, reason: Reason, cells: Vec<String>) {
        self.records += 1;
        if self.aside.len() < ASIDE { self.set_aside(line, reason, cells) } else { self.count(reason, line) }
    }

    /// A record that its first character tells from rows.
    pub(super) fn of_type(&mut self, tag: String, line: u64, cells: &[Cell<'_>]) {
        self.records += 1;
        self.typed(tag, line, cells);
    }

    /// Counts a record of page furniture, which a reader of printed reports tells by its places.
    pub(super) fn page_head(&mut self, line: u64) {
        self.records += 1;
        self.count(Reason::PageHead, line);
    }
}
