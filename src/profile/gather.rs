//! What is gathered of one column while the rows go by, in bounded memory.

use hashbrown::HashMap;

use super::{
    amount::{self, Amount, Fineness, Styles},
    date::{self, Gathered, Reading},
    encoding::FORMULA,
};

/// Different values that are kept of a column, and their bytes together.
const VALUES: usize = 16_384;
const VALUE_BYTES: usize = 4 << 20;

/// Lines that are kept of rows of a kind.
pub(super) const LINES: usize = 10;

/// A cell as it came: its text, and what a workbook says of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Cell<'a> {
    pub(super) text: std::borrow::Cow<'a, [u8]>,
    /// A day of a workbook, in its own date system.
    pub(super) day: Option<crate::domain::Day>,
    /// The workbook's own type, `number`, `text`, `date`, `error` …; empty for text.
    pub(super) own: &'static str,
}

/// One column.
#[derive(Clone, Debug, Default)]
pub(super) struct Gather {
    pub(super) rows: u64,
    pub(super) filled: u64,
    pub(super) empty_lines: Vec<u64>,
    /// Lines with a text that is neither a day nor an amount.
    pub(super) other_lines: Vec<u64>,
    pub(super) padded: u64,
    pub(super) line_breaks: u64,
    pub(super) lengths: Option<(usize, usize)>,
    values: HashMap<Box<[u8]>, u64>,
    value_bytes: usize,
    /// More values came than are kept.
    pub(super) many: bool,
    pub(super) leading_noughts: u64,
    pub(super) formulas: u64,
    pub(super) dates: Vec<Gathered>,
    pub(super) dated: u64,
    pub(super) serials: [u64; 2],
    pub(super) serial_days: Reading,
    pub(super) cell_days: Reading,
    pub(super) day_cells: u64,
    pub(super) periods: Vec<(&'static str, u64)>,
    pub(super) overpunched: u64,
    pub(super) money: MoneyGather,
    /// Amounts whose last character is digit and sign.
    pub(super) punched: MoneyGather,
    /// Somebody has said where the column begins and ends: digits alone may be pounds and pence.
    pub(super) placed: bool,
    pub(super) own: Vec<(&'static str, u64)>,
}

/// Amounts of a column.
#[derive(Clone, Debug, Default)]
pub(super) struct MoneyGather {
    pub(super) rows: u64,
    pub(super) styles: [u64; Styles::NAMES.len()],
    /// Rows with none of the peculiarities.
    pub(super) plain: u64,
    pub(super) decimals: u8,
    /// Rows printed with a point, groups, currency or sign: which no code has.
    pub(super) marked: u64,
    pub(super) noise: u64,
    pub(super) parts: u64,
    pub(super) finer: u64,
    pub(super) counts: [u64; 3],
    /// Millionths: debits and credits.
    pub(super) sums: [i128; 2],
    pub(super) range: Option<(i128, i128)>,
    /// Digits of whole numbers, fewest and most.
    pub(super) whole: Option<(u8, u8)>,
    /// Rows of digits alone, with or without a sign.
    pub(super) pointless: u64,
    /// Rows in which a full stop may part thousands, and rows of whole pounds below a thousand.
    pub(super) parted: [u64; 2],
}

impl Gather {
    /// Takes the cell of a row of the table; its amount where it is one.
    pub(super) fn add(&mut self, cell: &Cell<'_>, line: u64) -> Option<Amount> {
        self.rows += 1;
        if !cell.own.is_empty() {
            bump(&mut self.own, cell.own);
        }
        let mut text = &*cell.text;
        if let [FORMULA, rest @ ..] = text {
            self.formulas += 1;
            text = rest;
        } else if let Some(inner) = text.strip_prefix(b"=\"").and_then(|rest| rest.strip_suffix(b"\"")) {
            // The same in quotes of its own: `"=""00123"""`.
            self.formulas += 1;
            text = inner;
        }
        let inner = trimmed(text);
        if inner.is_empty() && cell.day.is_none() {
            if self.empty_lines.len() < LINES {
                self.empty_lines.push(line);
            }
            return None;
        }
        self.filled += 1;
        self.padded += u64::from(inner.len() != text.len());
        self.line_breaks += u64::from(inner.contains(&b'\n') || inner.contains(&b'\r'));
        let length = if inner.is_ascii() { inner.len() } else { String::from_utf8_lossy(inner).chars().count() };
        self.lengths = Some(self.lengths.map_or((length, length), |(least, most)| (least.min(length), most.max(length))));
        self.keep(text);
        if let Some(day) = cell.day {
            self.day_cells += 1;
            self.dated += 1;
            self.cell_days.add(day);
            return None;
        }
        self.date(inner);
        let within = || if inner.len() == text.len() { None } else { amount::read(inner) };
        let amount = amount::read(text).or_else(within);
        if let Some(amount) = &amount {
            self.money.add(amount);
            self.leading_noughts += u64::from(inner.len() > 1 && inner.first() == Some(&b'0') && inner.iter().all(u8::is_ascii_digit));
        } else if let Some(value) = amount::overpunched(inner) {
            self.overpunched += 1;
            let styles = Styles(Styles::OVERPUNCH.0 | Styles::IMPLIED.0);
            self.punched.add(&Amount { value, fineness: Fineness::Pence(2), styles, whole_digits: None, parted: false });
            return self.placed.then_some(Amount { value, fineness: Fineness::Pence(2), styles, whole_digits: None, parted: false });
        } else if self.other_lines.len() < LINES {
            self.other_lines.push(line);
        }
        amount
    }

    fn keep(&mut self, text: &[u8]) {
        if self.many {
            return;
        }
        if let Some(count) = self.values.get_mut(text) {
            *count += 1;
        } else {
            self.value_bytes += text.len() + 32;
            self.values.insert(text.into(), 1);
        }
        self.many = self.values.len() > VALUES || self.value_bytes > VALUE_BYTES;
    }

    fn date(&mut self, text: &[u8]) {
        if let Some(seen) = date::read(text) {
            self.dated += 1;
            let at = self.dates.iter().position(|known| known.shape == seen.shape);
            if let Some(known) = at.and_then(|at| self.dates.get_mut(at)) {
                return known.add(&seen);
            }
            let mut known = Gathered::new(&seen);
            known.add(&seen);
            self.dates.push(known);
        } else if let Some((day, time)) = date::serial(text) {
            if let Some(count) = self.serials.get_mut(usize::from(time)) {
                *count += 1;
            }
            self.serial_days.add(day);
        } else if let Some(word) = date::period(text) {
            bump(&mut self.periods, word);
        }
    }

    /// The different values with their counts, the most frequent first; those that were kept, where there are more.
    pub(super) fn values(&self) -> Vec<(String, u64)> {
        let mut all: Vec<(String, u64)> =
            self.values.iter().map(|(text, n)| (String::from_utf8_lossy(text).replace('\u{1d}', ""), *n)).collect();
        all.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        all
    }

    pub(super) fn distinct(&self) -> Option<u64> {
        (!self.many).then_some(self.values.len() as u64)
    }
}

/// A value without blanks around it, those of spreadsheets and web pages and what nobody sees among them.
fn trimmed(text: &[u8]) -> &[u8] {
    let inner = text.trim_ascii();
    if inner.first().is_none_or(u8::is_ascii) && inner.last().is_none_or(u8::is_ascii) {
        return inner;
    }
    std::str::from_utf8(inner).ok().and_then(|said| inner.get(crate::domain::without_blanks(said))).unwrap_or(inner)
}

/// Counts a word among a few.
pub(super) fn bump<T: PartialEq>(counts: &mut Vec<(T, u64)>, word: T) {
    match counts.iter_mut().find(|(known, _)| *known == word) {
        Some((_, n)) => *n += 1,
        None => counts.push((word, 1)),
    }
}

/// A code may begin or end with letters: `GBP10023`.
fn may_be_of_code(style: Styles, amount: &Amount) -> bool {
    style == Styles::GBP && amount.whole_digits.is_some()
}

impl MoneyGather {
    fn add(&mut self, amount: &Amount) {
        self.rows += 1;
        let mut any = false;
        for (count, (style, _)) in self.styles.iter_mut().zip(Styles::NAMES) {
            let has = amount.styles.has(style);
            *count += u64::from(has);
            any |= has && style != Styles::MINUS && style != Styles::PADDED && !may_be_of_code(style, amount);
        }
        self.plain += u64::from(!any);
        self.marked += u64::from(any || amount.styles.has(Styles::MINUS) || amount.whole_digits.is_none());
        match amount.fineness {
            Fineness::Pence(decimals) => self.decimals = self.decimals.max(decimals),
            Fineness::Parts(decimals) => {
                self.parts += 1;
                self.decimals = self.decimals.max(decimals);
            }
            Fineness::Noise => self.noise += 1,
            Fineness::Finer => self.finer += 1,
        }
        self.pointless += u64::from(amount.whole_digits.is_some());
        let [parted, small] = &mut self.parted;
        *parted += u64::from(amount.parted);
        *small += u64::from(amount.value.0 != 0 && amount.whole_digits.is_some_and(|digits| digits <= 3));
        if let Some(digits) = amount.whole_digits {
            self.whole = Some(self.whole.map_or((digits, digits), |(least, most)| (least.min(digits), most.max(digits))));
        }
        let value = amount.value.0;
        let side = match value.signum() {
            -1 => 0,
            0 => 1,
            _ => 2,
        };
        if let Some(count) = self.counts.get_mut(side) {
            *count += 1;
        }
        if amount.fineness != Fineness::Finer {
            let [debits, credits] = &mut self.sums;
            *(if value < 0 { credits } else { debits }) += value;
        }
        self.range = Some(self.range.map_or((value, value), |(least, most)| (least.min(value), most.max(value))));
    }

    pub(super) fn sum(&self) -> i128 {
        self.sums[0] + self.sums[1]
    }

    /// The same amounts with their last two digits as pence.
    pub(super) fn implied(&self) -> Self {
        let mut styles = self.styles;
        for (count, (style, _)) in styles.iter_mut().zip(Styles::NAMES) {
            if style == Styles::IMPLIED {
                *count = self.rows;
            }
        }
        let pence = |value: i128| value / 100;
        Self { styles, plain: 0, sums: self.sums.map(pence), range: self.range.map(|(a, b)| (pence(a), pence(b))), ..self.clone() }
    }
}
