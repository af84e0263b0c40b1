//! File patterns: `GL_{year}_{month}[_v{version}].csv`, and the facts that a matching name holds.

mod read;
mod several;

use crate::domain::Day;

use super::{FilePattern, NamePart};
pub(super) use read::{BETWEEN, spellings};
use read::{LONGEST_STRETCH, read_fact};

/// What a name says. `None`: its pattern does not ask, or asks in an optional part that is not there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NameFacts {
    /// Calendar year with `calendar: month`, starting year with `fiscal`.
    pub year: Option<i16>,
    /// 1–12.
    pub month: Option<u8>,
    /// 1–13.
    pub period: Option<u8>,
    /// A quarter or a half of a year.
    pub stretch: Option<Stretch>,
    /// Starting year.
    pub fiscal_year: Option<i16>,
    pub version: Option<u64>,
    pub piece: Option<u32>,
    pub date: Option<Day>,
}

/// Several months of a year that follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// 3 of a quarter, 6 of a half.
    pub months: u8,
    pub which: Which,
}

/// Which of a year's quarters or halves is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Its number, from 1.
    Number(u8),
    /// Its first month, 1–12: `apr_jun`.
    From(u8),
}

/// `{any}` may stand this often in one pattern: matching tries every length of each.
const MOST_ANY: usize = 3;

/// Every word that a pattern may hold.
const WORDS: [(&str, NamePart); 12] = [
    ("year", NamePart::Year),
    ("yy", NamePart::ShortYear),
    ("month", NamePart::Month),
    ("period", NamePart::Period),
    ("quarter", NamePart::Quarter),
    ("half", NamePart::Half),
    ("fiscal_year", NamePart::FiscalYear),
    ("fiscal_yy", NamePart::ShortFiscalYear),
    ("version", NamePart::Version),
    ("piece", NamePart::Piece),
    ("date", NamePart::Date),
    ("any", NamePart::Any),
];

impl FilePattern {
    /// # Errors
    /// Why the text is no pattern, as a sentence.
    pub fn parse(text: &str) -> Result<Self, String> {
        let parts = parse_parts(text, true)?;
        let pattern = Self { text: text.to_owned(), parts };
        for (word, part) in &WORDS {
            let limit = if *part == NamePart::Any { MOST_ANY } else { 1 };
            if count(&pattern.parts, part) > limit {
                return Err(format!("`{{{word}}}` stands in it more than {limit} time{}", if limit == 1 { "" } else { "s" }));
            }
        }
        for (one, other) in [(0, 1), (6, 7), (4, 5)] {
            let said: Vec<&str> =
                [one, other].into_iter().filter_map(|at| WORDS.get(at)).filter(|(_, p)| pattern.has(p)).map(|w| w.0).collect();
            if let [one, other] = said.as_slice() {
                return Err(format!("`{{{one}}}` and `{{{other}}}` stand in it, and say the same"));
            }
        }
        let month = [NamePart::Month, NamePart::Period].iter().any(|part| pattern.has(part));
        if month && pattern.tells_a_stretch() {
            return Err("it names a month and a quarter or half of the year: leave one of them to `{any}`".to_owned());
        }
        if text.is_empty() { Err("it is empty".to_owned()) } else { Ok(pattern) }
    }

    /// The facts of the first place in a name that has the shape of the pattern.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<NameFacts> {
        let parts: Vec<&NamePart> = self.parts.iter().chain([&NamePart::Any]).collect();
        name.char_indices().find_map(|(at, _)| {
            let mut facts = NameFacts::default();
            matches(&parts, name.get(at..)?, &mut facts).then_some(facts)
        })
    }

    /// Whether it asks for a quarter or a half of a year.
    #[must_use]
    pub fn tells_a_stretch(&self) -> bool {
        self.has(&NamePart::Quarter) || self.has(&NamePart::Half)
    }

    /// Whether every name has the starting year of a financial year.
    #[must_use]
    pub fn always_has_fiscal_year(&self) -> bool {
        self.always_has(&NamePart::FiscalYear) || self.always_has(&NamePart::ShortFiscalYear)
    }

    /// Whether every name has a year that may be of either calendar.
    #[must_use]
    pub fn always_has_year(&self) -> bool {
        self.always_has(&NamePart::Year) || self.always_has(&NamePart::ShortYear)
    }

    /// What may stand in `{ }`, as messages name it.
    #[must_use]
    pub fn words() -> String {
        let known: Vec<String> = WORDS.iter().map(|(word, _)| format!("{{{word}}}")).collect();
        known.join(" ")
    }

    /// The facts of a name that matches the whole pattern.
    #[must_use]
    pub fn matches(&self, name: &str) -> Option<NameFacts> {
        let mut facts = NameFacts::default();
        let parts: Vec<&NamePart> = self.parts.iter().collect();
        matches(&parts, name, &mut facts).then_some(facts)
    }

    /// What is wrong with a name that has the shape of the pattern, but a number in it that cannot be: `13` for a month.
    #[must_use]
    pub fn near_miss(&self, name: &str) -> Option<String> {
        let parts: Vec<&NamePart> = self.parts.iter().collect();
        let mut wrong = None;
        nearly(&parts, name, &mut wrong).then_some(wrong).flatten()
    }

    /// Whether the part stands outside of `[ ]`: every name has it.
    #[must_use]
    pub fn always_has(&self, part: &NamePart) -> bool {
        self.parts.contains(part)
    }

    /// Whether the part stands anywhere.
    #[must_use]
    pub fn has(&self, part: &NamePart) -> bool {
        count(&self.parts, part) > 0
    }
}

fn count(parts: &[NamePart], wanted: &NamePart) -> usize {
    let one = |part: &NamePart| match part {
        NamePart::Optional(inner) => count(inner, wanted),
        other => usize::from(other == wanted),
    };
    parts.iter().map(one).sum()
}

fn parse_parts(text: &str, may_nest: bool) -> Result<Vec<NamePart>, String> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '[', '}', ']']) {
        let (before, from) = rest.split_at(at);
        if !before.is_empty() {
            parts.push(NamePart::Literal(before.to_owned()));
        }
        if let Some(inside) = from.strip_prefix('{') {
            let (word, after) = inside.split_once('}').ok_or("a `{` is not closed")?;
            let part = WORDS.iter().find(|(known, _)| *known == word).map(|(_, part)| part.clone());
            parts.push(part.ok_or_else(|| unknown(word))?);
            rest = after;
        } else if let Some(inside) = from.strip_prefix('[') {
            let (inside, after) = inside.split_once(']').ok_or("a `[` is not closed")?;
            if !may_nest || inside.contains('[') {
                return Err("one `[ ]` stands inside another".to_owned());
            }
            parts.push(NamePart::Optional(parse_parts(inside, false)?));
            rest = after;
        } else {
            return Err("a closing bracket has no opening one".to_owned());
        }
    }
    if !rest.is_empty() {
        parts.push(NamePart::Literal(rest.to_owned()));
    }
    Ok(parts)
}

fn unknown(word: &str) -> String {
    format!("`{{{word}}}` is not one of `{}`", FilePattern::words())
}

/// What stands behind a text with which a name begins, its letters great or small: `Spend 25K.CSV` is of `Spend 25k.csv`.
fn behind<'n>(name: &'n str, text: &str) -> Option<&'n str> {
    let (start, rest) = name.split_at_checked(text.len())?;
    start.eq_ignore_ascii_case(text).then_some(rest)
}

fn matches(parts: &[&NamePart], name: &str, facts: &mut NameFacts) -> bool {
    let Some((first, others)) = parts.split_first() else { return name.is_empty() };
    match first {
        NamePart::Literal(text) => behind(name, text).is_some_and(|rest| matches(others, rest, facts)),
        NamePart::Optional(inner) => {
            let with: Vec<&NamePart> = inner.iter().chain(others.iter().copied()).collect();
            let before = facts.clone();
            if matches(&with, name, facts) {
                return true;
            }
            *facts = before;
            matches(others, name, facts)
        }
        NamePart::Any => (0..=name.len()).filter_map(|at| name.get(at..)).any(|rest| matches(others, rest, facts)),
        part => readings(part).any(|(length, spelled)| {
            let (Some(text), Some(rest)) = (name.get(..length), name.get(length..)) else { return false };
            // `2024_05` is a year and a month before it is no financial year; `2024_25` is one.
            if spelled.is_some_and(|with| text.contains('_') != with) {
                return false;
            }
            let before = facts.clone();
            if read_fact(part, text, facts) && matches(others, rest, facts) {
                return true;
            }
            *facts = before;
            false
        }),
    }
}

/// As [`matches`], where one number may be out of its range; `wrong` says which.
fn nearly(parts: &[&NamePart], name: &str, wrong: &mut Option<String>) -> bool {
    let Some((first, others)) = parts.split_first() else { return name.is_empty() };
    match first {
        NamePart::Literal(text) => behind(name, text).is_some_and(|rest| nearly(others, rest, wrong)),
        NamePart::Optional(inner) => {
            let with: Vec<&NamePart> = inner.iter().chain(others.iter().copied()).collect();
            nearly(&with, name, wrong) || nearly(others, name, wrong)
        }
        NamePart::Any => (0..=name.len()).filter_map(|at| name.get(at..)).any(|rest| nearly(others, rest, wrong)),
        part => lengths(part).any(|length| {
            let (Some(text), Some(rest)) = (name.get(..length), name.get(length..)) else { return false };
            let before = wrong.clone();
            let fits = read_fact(part, text, &mut NameFacts::default());
            let fault = if fits || wrong.is_some() { None } else { out_of_range(part, text) };
            if fault.is_some() {
                *wrong = fault;
            } else if !fits {
                return false;
            }
            let found = nearly(others, rest, wrong);
            if !found {
                *wrong = before;
            }
            found
        }),
    }
}

/// What a text of digits is not, in words.
fn out_of_range(part: &NamePart, text: &str) -> Option<String> {
    let is_number = |length: usize| text.len() == length && text.bytes().all(|b| b.is_ascii_digit());
    let is = match part {
        NamePart::Quarter if is_number(1) => "no quarter: 1 to 4",
        NamePart::Half if is_number(1) => "no half: 1 or 2",
        NamePart::Month if is_number(2) => "no month: 01 to 12 (closing entries need `{period}`, where 13 is the closing period)",
        NamePart::Period if is_number(2) => "no period: 01 to 13",
        NamePart::Year if is_number(4) => "no year",
        NamePart::FiscalYear if is_number(6) || (text.len() == 7 && text.get(4..5) == Some("-")) => {
            "no financial year: its second half is the year after its first, as in 2023-24"
        }
        NamePart::Date if is_number(8) || text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-') => {
            "no day of the calendar, as in 2023-04-30"
        }
        _ => return None,
    };
    Some(format!("`{text}` in its name is {is}"))
}

/// Lengths that the part's text may have, the longest first; of a financial year first those without, then those with a `_` in it.
fn readings(part: &NamePart) -> impl Iterator<Item = (usize, Option<bool>)> {
    let spelled: &[Option<bool>] = match part {
        NamePart::FiscalYear | NamePart::ShortFiscalYear => &[Some(false), Some(true)],
        _ => &[None],
    };
    let part = part.clone();
    spelled.iter().flat_map(move |spelled| lengths(&part).map(move |length| (length, *spelled)))
}

/// Lengths that the part's text may have, the longest first.
fn lengths(part: &NamePart) -> std::iter::Rev<std::ops::RangeInclusive<usize>> {
    let (least, most) = match part {
        NamePart::Year => (4, 4),
        NamePart::ShortYear => (2, 2),
        NamePart::ShortFiscalYear => (2, 5),
        NamePart::Quarter | NamePart::Half => (1, LONGEST_STRETCH),
        NamePart::Month => (1, 9),
        NamePart::Period => (1, 2),
        NamePart::FiscalYear => (4, 9),
        NamePart::Date => (8, 10),
        NamePart::Piece => (1, 6),
        _ => (1, 14),
    };
    (least..=most).rev()
}

#[cfg(test)]
mod tests;
