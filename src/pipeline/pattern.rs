//! File patterns: `GL_{year}_{month}[_v{version}].csv`, and the facts that a matching name holds.

use crate::domain::Day;

use super::{FilePattern, NamePart};

/// What a name says. `None`: its pattern does not ask, or asks in an optional part that is not there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NameFacts {
    /// Calendar year with `calendar: month`, starting year with `fiscal`.
    pub year: Option<i16>,
    /// 1–12.
    pub month: Option<u8>,
    /// 1–13.
    pub period: Option<u8>,
    /// Starting year.
    pub fiscal_year: Option<i16>,
    pub version: Option<u64>,
    pub piece: Option<u32>,
    pub date: Option<Day>,
}

/// `{any}` may stand this often in one pattern: matching tries every length of each.
const MOST_ANY: usize = 3;

const WORDS: [(&str, NamePart); 8] = [
    ("year", NamePart::Year),
    ("month", NamePart::Month),
    ("period", NamePart::Period),
    ("fiscal_year", NamePart::FiscalYear),
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
        if text.is_empty() { Err("it is empty".to_owned()) } else { Ok(pattern) }
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
    let known: Vec<String> = WORDS.iter().map(|(word, _)| format!("`{{{word}}}`")).collect();
    format!("`{{{word}}}` is not one of {}", known.join(", "))
}

fn matches(parts: &[&NamePart], name: &str, facts: &mut NameFacts) -> bool {
    let Some((first, others)) = parts.split_first() else { return name.is_empty() };
    match first {
        NamePart::Literal(text) => name.strip_prefix(text.as_str()).is_some_and(|rest| matches(others, rest, facts)),
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
        part => lengths(part).any(|length| {
            let (Some(text), Some(rest)) = (name.get(..length), name.get(length..)) else { return false };
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
        NamePart::Literal(text) => name.strip_prefix(text.as_str()).is_some_and(|rest| nearly(others, rest, wrong)),
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

/// Lengths that the part's text may have, the longest first.
fn lengths(part: &NamePart) -> std::iter::Rev<std::ops::RangeInclusive<usize>> {
    let (least, most) = match part {
        NamePart::Year => (4, 4),
        NamePart::Month => (1, 9),
        NamePart::Period => (1, 2),
        NamePart::FiscalYear => (4, 9),
        NamePart::Date => (8, 10),
        NamePart::Piece => (1, 6),
        _ => (1, 14),
    };
    (least..=most).rev()
}

fn read_fact(part: &NamePart, text: &str, facts: &mut NameFacts) -> bool {
    match part {
        NamePart::Year => set(&mut facts.year, year(text)),
        NamePart::Month => set(&mut facts.month, month(text)),
        NamePart::Period => set(&mut facts.period, small(text).filter(|p| (1..=13).contains(p))),
        NamePart::FiscalYear => set(&mut facts.fiscal_year, fiscal_year(text)),
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

/// Months as names spell them, in small letters; their first three letters do too.
pub const MONTHS: [&str; 12] =
    ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"];

/// `04`, `4`, `Apr`, `april`.
fn month(text: &str) -> Option<u8> {
    if text.len() <= 2 && text.bytes().all(|b| b.is_ascii_digit()) {
        return small(text).filter(|m| (1..=12).contains(m));
    }
    let lower = text.to_ascii_lowercase();
    let named = |name: &str| name == lower || name.get(..3) == Some(lower.as_str());
    MONTHS.iter().position(|name| named(name)).and_then(|at| u8::try_from(at + 1).ok())
}

/// `2018-19`, `2018/19`, `201819`, `2018`: the starting year.
fn fiscal_year(text: &str) -> Option<i16> {
    let starts = year(text.get(..4)?)?;
    let ends = match text.get(4..)? {
        "" => return Some(starts),
        rest => rest.strip_prefix(['-', '/']).unwrap_or(rest),
    };
    let follows = ends.len() == 2 && digits(ends) == u64::try_from((starts + 1) % 100).ok();
    let whole = ends.len() == 4 && text.len() == 9 && year(ends) == Some(starts + 1);
    (follows || whole).then_some(starts)
}

/// `2023-04-30`, `20230430`, `30-04-2023`.
fn date(text: &str) -> Option<Day> {
    let ymd = |y: Option<&str>, m: Option<&str>, d: Option<&str>| Day::from_ymd(i32::from(year(y?)?), small(m?)?, small(d?)?);
    if text.len() == 8 {
        return ymd(text.get(..4), text.get(4..6), text.get(6..8));
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

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> FilePattern {
        FilePattern::parse(text).unwrap_or_else(|why| panic!("{text}: {why}"))
    }

    #[test]
    fn facts_come_from_the_name() {
        let gl = pattern("GL_{year}_{month}[_v{version}].csv");
        let facts = gl.matches("GL_2023_04.csv").unwrap();
        assert_eq!((facts.year, facts.month, facts.version), (Some(2023), Some(4), None));
        assert_eq!(gl.matches("GL_2023_04_v12.csv").unwrap().version, Some(12));
        for other in ["GL_2023_04.csv.bak", "gl_2023_04.csv", "GL_2023_13.csv", "GL_2023_04_v.csv", "GL_23_04.csv"] {
            assert_eq!(gl.matches(other), None, "{other}");
        }
    }

    #[test]
    fn fiscal_years_in_all_spellings() {
        let yearly = pattern("L {fiscal_year}.csv");
        for (name, year) in [
            ("L 2018-19.csv", 2018),
            ("L 2018/19.csv", 2018),
            ("L 201819.csv", 2018),
            ("L 2018.csv", 2018),
            ("L 1999-00.csv", 1999),
            ("L 2018-2019.csv", 2018),
        ] {
            assert_eq!(yearly.matches(name).and_then(|f| f.fiscal_year), Some(year), "{name}");
        }
        for name in ["L 2018-20.csv", "L 201812.csv", "L 2018-.csv", "L 18-19.csv"] {
            assert_eq!(yearly.matches(name), None, "{name}");
        }
    }

    #[test]
    fn months_have_names_and_dates_two_orders() {
        let by_name = pattern("{any}{month} {year}.csv");
        assert_eq!(by_name.matches("Spend April 2023.csv").unwrap().month, Some(4));
        assert_eq!(by_name.matches("Spend Sep 2023.csv").unwrap().month, Some(9));
        let dated = pattern("x{date}.csv");
        let day = Day::from_ymd(2023, 4, 30);
        for name in ["x2023-04-30.csv", "x20230430.csv", "x30-04-2023.csv"] {
            assert_eq!(dated.matches(name).unwrap().date, day, "{name}");
        }
        assert_eq!(dated.matches("x2023-02-30.csv"), None);
    }

    #[test]
    fn the_longest_reading_that_fits_is_taken_and_failures_leave_nothing_behind() {
        let facts = pattern("P{period}{any}.csv").matches("P13final.csv").unwrap();
        assert_eq!(facts.period, Some(13));
        let either = pattern("a[{version}x][_{piece}].csv");
        assert_eq!(either.matches("a12x_3.csv").map(|f| (f.version, f.piece)), Some((Some(12), Some(3))));
        assert_eq!(either.matches("a_3.csv").map(|f| (f.version, f.piece)), Some((None, Some(3))));
    }

    #[test]
    fn patterns_that_are_none() {
        for text in ["", "a{yaer}.csv", "a{year", "a[b", "a]b", "a}b", "a[b[c]].csv", "{year}{year}", "{any}{any}{any}{any}"] {
            assert!(FilePattern::parse(text).is_err(), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_pattern_and_no_name_stop_the_reader(text in "(\\{(year|month|period|fiscal_year|version|piece|date|any)\\}|[a-c0-9_\\[\\]é]){0,8}", name in "[a-c0-9_é-]{0,30}") {
            if let Ok(pattern) = FilePattern::parse(&text) {
                let _ = pattern.matches(&name);
            }
        }
    }

    #[test]
    fn a_long_name_with_wildcards_is_judged_at_once() {
        let pattern = pattern("{any}a{any}b{any}c{year}[_v{version}].csv");
        assert_eq!(pattern.matches(&"ab".repeat(120)), None);
    }

    #[test]
    fn a_number_that_cannot_be_is_named() {
        let miss = |pattern: &str, name: &str| FilePattern::parse(pattern).unwrap().near_miss(name);
        assert!(miss("GL_{year}_{month}[_v{version}].csv", "GL_2023_13.csv").unwrap().starts_with("`13` in its name is no month"));
        assert!(miss("GL_{fiscal_year}_{period}.csv", "GL_2023-24_14.csv").unwrap().starts_with("`14` in its name is no period"));
        assert!(miss("GL_{fiscal_year}.csv", "GL_2023-25.csv").unwrap().contains("no financial year"));
        assert!(miss("GL_{date}.csv", "GL_2023-02-30.csv").unwrap().contains("no day"));
        assert_eq!(miss("GL_{year}_{month}.csv", "ledger.csv"), None);
        assert_eq!(miss("GL_{year}_{month}.csv", "GL_0000_13.csv"), None, "two are more than a slip");
    }
}
