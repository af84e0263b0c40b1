//! Texts in names as facts: months, years, quarters, dates.

use super::{super::NamePart, NameFacts, Stretch, Which};
use crate::domain::Day;

/// Whether a text is one of the part's, whose fact is entered then.
pub(super) fn read_fact(part: &NamePart, text: &str, facts: &mut NameFacts) -> bool {
    match part {
        NamePart::Year => set(&mut facts.year, year(text)),
        NamePart::ShortYear => set(&mut facts.year, short_year(text)),
        NamePart::Month => set(&mut facts.month, month(text)),
        NamePart::Period => set(&mut facts.period, small(text).filter(|p| (1..=13).contains(p))),
        NamePart::Quarter => set(&mut facts.stretch, stretch(text, 3)),
        NamePart::Half => set(&mut facts.stretch, stretch(text, 6)),
        NamePart::FiscalYear => set(&mut facts.fiscal_year, fiscal_year(text)),
        NamePart::ShortFiscalYear => set(&mut facts.fiscal_year, short_fiscal_year(text)),
        NamePart::Version => set(&mut facts.version, digits(text)),
        NamePart::Piece => set(&mut facts.piece, digits(text).and_then(|n| u32::try_from(n).ok())),
        NamePart::Date => set(&mut facts.date, date(text)),
        NamePart::Literal(_) | NamePart::Any | NamePart::Optional(_) => false,
    }
}

fn set<T>(fact: &mut Option<T>, value: Option<T>) -> bool {
    *fact = value;
    fact.is_some()
}

fn digits(text: &str) -> Option<u64> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

fn small(text: &str) -> Option<u8> {
    digits(text).and_then(|n| u8::try_from(n).ok())
}

fn year(text: &str) -> Option<i16> {
    let year = digits(text).filter(|_| text.len() == 4)?;
    i16::try_from(year).ok().filter(|y| (1900..=9998).contains(y))
}

/// `23` is 2023.
fn short_year(text: &str) -> Option<i16> {
    let year = digits(text).filter(|_| text.len() == 2)?;
    i16::try_from(year).ok().map(|year| 2000 + year)
}

/// Months as names spell them, in small letters.
const MONTHS: [&str; 12] =
    ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"];

/// What stands between the first and the last month of a stretch.
pub(in super::super) const BETWEEN: [&str; 14] = ["-", "_", " ", "", ".", "–", " - ", " – ", " to ", "_to_", "-to-", "to", "_-_", " and "];

/// How a month can be written, in small letters: in full, by its first three letters, and September by four.
pub(in super::super) fn spellings(month: usize) -> impl Iterator<Item = &'static str> {
    let name = MONTHS.get(month % 12).copied().unwrap_or_default();
    let sept = (name == "september").then_some("sept");
    let short = name.get(..3).filter(|short| *short != name);
    [Some(name), sept, short].into_iter().flatten()
}

/// The month with one of these spellings, 1–12, and what follows it in the text, which is in small letters; longest spelling first.
fn named_month(text: &str) -> impl Iterator<Item = (u8, &str)> {
    (0..12).flat_map(move |at: u8| spellings(usize::from(at)).filter_map(move |name| Some((at + 1, text.strip_prefix(name)?))))
}

/// `04`, `4`, `Apr`, `april`, `Sept`.
fn month(text: &str) -> Option<u8> {
    if text.len() <= 2 && text.bytes().all(|b| b.is_ascii_digit()) {
        return small(text).filter(|m| (1..=12).contains(m));
    }
    let lower = text.to_ascii_lowercase();
    named_month(&lower).find(|(_, rest)| rest.is_empty()).map(|(month, _)| month)
}

/// The longest text that a stretch can be: `september to november`, with room for a sign of three bytes.
pub(super) const LONGEST_STRETCH: usize = 24;

/// `2`, `Q2` with the letter before it in the pattern; `apr-jun`, `April to June`: as many months.
fn stretch(text: &str, months: u8) -> Option<Stretch> {
    if text.len() == 1 {
        let which = small(text).filter(|n| (1..=12 / months).contains(n))?;
        return Some(Stretch { months, which: Which::Number(which) });
    }
    let lower = text.to_lowercase();
    let last = |first: u8| (first + months - 2) % 12 + 1;
    let ends = |first: u8, rest: &str| {
        BETWEEN.iter().filter_map(|between| rest.strip_prefix(between)).any(|name| month_in_words(name) == Some(last(first)))
    };
    named_month(&lower).find(|(first, rest)| ends(*first, rest)).map(|(first, _)| Stretch { months, which: Which::From(first) })
}

fn month_in_words(text: &str) -> Option<u8> {
    named_month(text).find(|(_, rest)| rest.is_empty()).map(|(month, _)| month)
}

/// `2018-19`, `2018/19`, `2018_19`, `201819`, `2018`: the starting year.
fn fiscal_year(text: &str) -> Option<i16> {
    let starts = year(text.get(..4)?)?;
    let ends = match text.get(4..)? {
        "" => return Some(starts),
        rest => rest.strip_prefix(['-', '/', '_']).unwrap_or(rest),
    };
    let follows = ends.len() == 2 && digits(ends) == u64::try_from((starts + 1) % 100).ok();
    let whole = ends.len() == 4 && text.len() == 9 && year(ends) == Some(starts + 1);
    (follows || whole).then_some(starts)
}

/// `23-24`, `23/24`, `23_24`, `2324`, `23`: the starting year, of this century.
fn short_fiscal_year(text: &str) -> Option<i16> {
    let starts = short_year(text.get(..2)?)?;
    let ends = match text.get(2..)? {
        "" => return Some(starts),
        rest => rest.strip_prefix(['-', '/', '_']).unwrap_or(rest),
    };
    (ends.len() == 2 && digits(ends) == u64::try_from((starts + 1) % 100).ok()).then_some(starts)
}

/// `2023-04-30`, `20230430`, `30-04-2023`.
fn date(text: &str) -> Option<Day> {
    let ymd = |y: Option<&str>, m: Option<&str>, d: Option<&str>| Day::from_ymd(i32::from(year(y?)?), small(m?)?, small(d?)?);
    if text.len() == 8 {
        // No eight digits are a day of our time in both orders.
        return ymd(text.get(..4), text.get(4..6), text.get(6..8)).or_else(|| ymd(text.get(4..8), text.get(2..4), text.get(..2)));
    }
    let mut pieces = text.split(['-', '.', '_']);
    let (first, second, third, none) = (pieces.next(), pieces.next(), pieces.next(), pieces.next());
    let two = |text: Option<&str>| text.is_some_and(|t| t.len() == 2);
    if none.is_some() || !two(second) {
        return None;
    }
    if two(third) && !two(first) {
        ymd(first, second, third)
    } else if two(first) {
        ymd(third, second, first)
    } else {
        None
    }
}
