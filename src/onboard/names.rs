//! From the names of samples and the months in them to `files` and `covers` of a feed.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    agrees::{Agrees, fits, fits_as},
    alike::{alike, words_of},
};
use crate::{
    domain::{Calendar, Period},
    pipeline::{CoverCalendar, Covers, Extent, FilePattern},
};

/// A name of a sample, and the periods in which most of its rows lie; empty where no column says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    pub name: String,
    pub periods: BTreeSet<Period>,
    /// Its rows by the period in which they lie.
    pub rows: BTreeMap<Period, u64>,
    /// The name in the words of `files`, as the profile reads it.
    pub pattern: Option<String>,
}

/// How the feed's files are named, and what each covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Naming {
    /// `files:`
    pub pattern: String,
    /// `covers:`, as it is written.
    pub covers: String,
    /// What each sample covers by it, in the order of the samples; empty where only a list can say.
    pub found: Vec<Vec<Period>>,
    /// How far the rows agree with it.
    pub rows: Agrees,
}

pub(super) const MONTHS: [&str; 12] =
    ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"];

/// Ways to write which periods a file covers, the simplest first.
const EXTENTS: [(&str, CoverCalendar, Extent); 10] = [
    ("{calendar: month, extent: one}", CoverCalendar::Month, Extent::One),
    ("{calendar: fiscal, extent: one}", CoverCalendar::Fiscal, Extent::One),
    // A year beside a month that is spelt is the calendar's, as far as the rows leave it open.
    ("{calendar: month, extent: quarter}", CoverCalendar::Month, Extent::Quarter),
    ("{calendar: fiscal, extent: quarter}", CoverCalendar::Fiscal, Extent::Quarter),
    ("{calendar: month, extent: half}", CoverCalendar::Month, Extent::Half),
    ("{calendar: fiscal, extent: half}", CoverCalendar::Fiscal, Extent::Half),
    ("{calendar: month, extent: to_date}", CoverCalendar::Month, Extent::ToDate),
    ("{calendar: fiscal, extent: to_date}", CoverCalendar::Fiscal, Extent::ToDate),
    ("{calendar: fiscal, extent: year}", CoverCalendar::Fiscal, Extent::Year),
    ("{calendar: month, extent: year}", CoverCalendar::Month, Extent::Year),
];

/// The simplest pattern by which every sample covers the months in which its rows lie; `None` where no pattern says so.
#[must_use]
pub fn naming(samples: &[Named], calendar: Calendar) -> Option<Naming> {
    let candidates = candidates(samples.first()?);
    let (exact, of_one) = best(of_one(&candidates, samples, calendar));
    if exact.is_some() {
        return exact;
    }
    let (exact, of_several) = best(of_several(samples, calendar));
    if exact.is_some() {
        return exact;
    }
    // The day on which a file was made, in the month after.
    let month = Covers { calendar: CoverCalendar::Month, extent: Extent::One, in_name: Vec::new(), from: None, before: 1 };
    let made = candidates.iter().filter(|pattern| pattern.contains("{date}")).find_map(|pattern| {
        let (found, rows) = fits_as(pattern, &month, samples, calendar)?;
        let covers = "{calendar: month, extent: one, before: 1}".to_owned();
        (rows == Agrees::Fully).then(|| Naming { pattern: pattern.clone(), covers, found, rows })
    });
    made.or(of_one).or(of_several)
}

/// The first with which all rows agree, and, where there is none, the first of all.
fn best(all: impl Iterator<Item = Naming>) -> (Option<Naming>, Option<Naming>) {
    let mut first = None;
    for naming in all {
        if naming.rows == Agrees::Fully {
            return (Some(naming), first);
        }
        first.get_or_insert(naming);
    }
    (None, first)
}

/// The same of files that each hold the year so far.
#[must_use]
pub fn naming_to_date(samples: &[Named], calendar: Calendar) -> Option<Naming> {
    of_one(&candidates(samples.first()?), samples, calendar)
        .find(|naming| naming.rows == Agrees::Fully && naming.covers.contains("extent: to_date"))
}

/// Patterns of a name, the simplest first.
fn candidates(sample: &Named) -> Vec<String> {
    // What the profile made of the name comes first: it is as short as a person would write it.
    let mut candidates: Vec<String> = sample.pattern.clone().into_iter().chain(patterns(&sample.name)).collect();
    // Digits that are left as they are would have to stand in the name of the next file too.
    candidates.sort_by_key(|pattern| pattern.bytes().filter(u8::is_ascii_digit).count());
    candidates
}

/// What the patterns of one name say of all, the simplest first.
fn of_one<'n>(candidates: &'n [String], samples: &'n [Named], calendar: Calendar) -> impl Iterator<Item = Naming> + 'n {
    EXTENTS.iter().flat_map(move |(text, of, extent)| {
        candidates.iter().filter(|pattern| is_of(pattern, *of)).filter_map(move |pattern| {
            let (found, rows) = fits(pattern, *of, *extent, samples, calendar)?;
            Some(Naming { pattern: pattern.clone(), covers: (*text).to_owned(), found, rows })
        })
    })
}

/// What names say together that differ in more than their months.
fn of_several(samples: &[Named], calendar: Calendar) -> impl Iterator<Item = Naming> {
    let each: Vec<Vec<String>> = if samples.len() > 1 { samples.iter().map(|sample| patterns(&sample.name)).collect() } else { Vec::new() };
    EXTENTS.iter().filter_map(move |(text, of, extent)| {
        let fitting = |(sample, patterns): (&Named, &Vec<String>)| {
            let one = std::slice::from_ref(sample);
            let fits = |pattern: &&String| is_of(pattern, *of) && fits(pattern, *of, *extent, one, calendar).is_some();
            patterns.iter().filter(fits).cloned().collect::<Vec<_>>()
        };
        let each: Vec<Vec<String>> = samples.iter().zip(&each).map(fitting).collect();
        let (first, others) = each.split_first()?;
        // Of each sample the first pattern of these words in this order.
        let mut by_words: Vec<BTreeMap<Vec<&str>, &str>> = Vec::new();
        for patterns in others {
            let mut of_sample = BTreeMap::new();
            for pattern in patterns {
                words_of(pattern).map(|words| of_sample.entry(words).or_insert(pattern.as_str()));
            }
            by_words.push(of_sample);
        }
        first.iter().find_map(|pattern| {
            let words = words_of(pattern)?;
            let twins = by_words.iter().map(|of_sample| of_sample.get(&words).copied());
            let all: Vec<&str> = std::iter::once(Some(pattern.as_str())).chain(twins).collect::<Option<_>>()?;
            let pattern = alike(&all)?;
            let (found, rows) = fits(&pattern, *of, *extent, samples, calendar)?;
            Some(Naming { pattern, covers: (*text).to_owned(), found, rows })
        })
    })
}

/// The number of a period says nothing where months are named.
fn is_of(pattern: &str, of: CoverCalendar) -> bool {
    of != CoverCalendar::Month || !pattern.contains("{period}")
}

/// A pattern by which all names are of one feed, though none says a month: digits may be any; `None` where they have nothing in common.
#[must_use]
pub fn any_name(names: &[&str]) -> Option<String> {
    let first = names.first()?;
    let mut pattern = String::new();
    for letter in first.chars() {
        match letter {
            c if c.is_ascii_digit() && pattern.ends_with("{any}") => {}
            c if c.is_ascii_digit() => pattern.push_str("{any}"),
            '[' | ']' | '{' | '}' => return None,
            c => pattern.push(c),
        }
    }
    let end = first.rsplit_once('.').map(|(_, end)| format!("{{any}}.{end}"));
    let fits = |pattern: &String| FilePattern::parse(pattern).is_ok_and(|read| names.iter().all(|name| read.matches(name).is_some()));
    Some(pattern).filter(fits).or_else(|| end.filter(fits))
}

/// A piece of a name that may stand for something.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Token {
    from: usize,
    to: usize,
    part: &'static str,
}

/// Every pattern that one name could be of: its years, months and days as words, what is left as it is; those with fewer `{any}` first.
fn patterns(name: &str) -> Vec<String> {
    let tokens = tokens(name);
    let mut found: Vec<(usize, usize, String)> = Vec::new();
    // At most so many tokens in a name of a sane length; each is taken or not.
    let most = tokens.len().min(10);
    for chosen in 0_u32..(1 << most) {
        let taken: Vec<&Token> = tokens.iter().take(most).enumerate().filter(|(at, _)| chosen & (1 << at) != 0).map(|(_, t)| t).collect();
        if let Some(pattern) = written(name, &taken) {
            found.push((pattern.matches("{any}").count(), taken.len(), pattern));
            if let Some(range) = with_range(name, &taken) {
                found.push((0, taken.len() + 1, range));
            }
        }
    }
    // Fewest wildcards first; of these the one that explains most of the name.
    found.sort_by(|a, b| a.0.cmp(&b.0).then(b.1.cmp(&a.1)).then(a.2.cmp(&b.2)));
    found.dedup();
    found.into_iter().map(|(_, _, pattern)| pattern).collect()
}

/// The name with these pieces as words; other months that stand in it may be anything. `None` where pieces overlap or a word stands twice.
fn written(name: &str, taken: &[&Token]) -> Option<String> {
    let mut words = BTreeSet::new();
    if taken.is_empty() || !taken.iter().all(|token| words.insert(token.part)) || !disjoint(taken) {
        return None;
    }
    if words.contains("{date}") && words.len() > 1 {
        return None;
    }
    // A year that is left as it is, where the same year is a word: the name of the next year has another in both places.
    let year = taken.iter().find(|token| matches!(token.part, "{year}" | "{yy}")).and_then(|token| name.get(token.from..token.to));
    let mut out = String::new();
    let mut at = 0;
    for token in taken {
        out.push_str(&literal(name.get(at..token.from)?));
        out.push_str(token.part);
        at = token.to;
        // Of a day that eight digits give, of which the year alone is a word, the rest is another in every name.
        let rest = name.get(at..).unwrap_or_default();
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        if token.part == "{year}" && digits == 4 && !taken.iter().any(|other| other.from == at) {
            out.push_str("{any}");
            at += digits;
        }
        if token.part == "{date}"
            && let Some(between) = time(rest)
        {
            out.push_str(between);
            out.push_str("{any}");
            at += between.len() + rest.get(between.len()..).map_or(0, |rest| rest.bytes().take_while(u8::is_ascii_digit).count());
        }
    }
    out.push_str(&literal(name.get(at..)?));
    let repeats = year.is_some_and(|year| out.split(|c: char| !c.is_ascii_digit()).any(|digits| digits == year));
    (out.matches("{any}").count() <= 3 && !repeats).then_some(out)
}

fn disjoint(taken: &[&Token]) -> bool {
    taken.windows(2).all(|pair| matches!(pair, [a, b] if a.to <= b.from))
}

/// `spend_apr-jun_2025.csv`: the year to date, whose first month is always the first of the year.
fn with_range(name: &str, taken: &[&Token]) -> Option<String> {
    let month = taken.iter().find(|token| token.part == "{month}")?;
    let rest = name.get(month.to..)?.strip_prefix('-')?;
    let second = MONTHS.iter().flat_map(|month| [*month, month.get(..3).unwrap_or(month)]).find(|word| starts_with(rest, word))?;
    let first = name.get(month.from..month.to)?;
    let mut shifted: Vec<Token> = taken.iter().map(|token| (*token).clone()).collect();
    let from = month.to + 1;
    for token in &mut shifted {
        if token.part == "{month}" {
            (token.from, token.to) = (from, from + second.len());
        }
    }
    let refs: Vec<&Token> = shifted.iter().collect();
    let pattern = written(name, &refs)?;
    // `written` has made `{any}` of the first month, which is another one here.
    Some(pattern.replacen("{any}-{month}", &format!("[{first}-]{{month}}"), 1))
}

fn starts_with(text: &str, word: &str) -> bool {
    text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
        && !text.get(word.len()..).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic()))
}

/// What stays as it is. A month in it differs from file to file, and brackets have a meaning of their own: these are `{any}`.
fn literal(text: &str) -> String {
    let mut out = String::new();
    let mut at = 0;
    let plain = |from: usize, to: usize| text.get(from..to).unwrap_or_default().replace(['[', ']', '{', '}'], "\0").replace('\0', "{any}");
    for (from, to) in months_in(text) {
        out.push_str(&plain(at, from));
        out.push_str("{any}");
        at = to;
    }
    out.push_str(&plain(at, text.len()));
    out
}

/// What stands between a day and the time at which the file was made, where one follows: another in every name.
fn time(rest: &str) -> Option<&str> {
    let between =
        rest.find(|c: char| c.is_ascii_digit()).and_then(|at| rest.get(..at)).filter(|text| ["_", "-", "T", " ", "."].contains(text))?;
    let digits: String = rest.get(between.len()..)?.chars().take_while(char::is_ascii_digit).collect();
    let part = |from: usize, below: u8| digits.get(from..from + 2).and_then(|two| two.parse::<u8>().ok()).is_some_and(|two| two < below);
    let is_time = part(0, 24) && part(2, 60) && (digits.len() == 4 || digits.len() == 6 && part(4, 60));
    is_time.then_some(between)
}

/// Whether a month stands in the name in letters.
#[must_use]
pub fn has_month(name: &str) -> bool {
    !months_in(name).is_empty()
}

/// Months by their names; behind letters (`SpendApril2025`) where a year follows at once.
fn months_in(text: &str) -> Vec<(usize, usize)> {
    let lower = text.to_ascii_lowercase();
    let mut found: Vec<(usize, usize)> = Vec::new();
    let short = MONTHS.iter().map(|month| month.get(..3).unwrap_or(month));
    for word in MONTHS.iter().copied().chain(["sept"]).chain(short) {
        for (from, _) in lower.match_indices(word) {
            let to = from + word.len();
            let after = lower.get(to..).unwrap_or_default();
            let of_year = after.starts_with("20") && after.bytes().take_while(u8::is_ascii_digit).count() == 4;
            let alone = (of_year || !lower.get(..from).is_some_and(|before| before.ends_with(|c: char| c.is_ascii_alphabetic())))
                && !after.starts_with(|c: char| c.is_ascii_alphabetic());
            if alone && !found.iter().any(|(a, b)| from < *b && *a < to) {
                found.push((from, to));
            }
        }
    }
    found.sort_unstable();
    found
}

/// Pieces of a name that may be a year, a month, a financial year, a day or a version.
fn tokens(name: &str) -> Vec<Token> {
    let months = months_in(name);
    // The number of the month that the name spells may be that of a form, which is the same in each name: it is neither.
    let spelt = |digits: &str| {
        let number = |(from, to): &(usize, usize)| {
            let word = name.get(*from..*to).unwrap_or_default().to_ascii_lowercase();
            MONTHS.iter().position(|month| word.get(..3) == month.get(..3)).map(|at| at + 1)
        };
        months.iter().any(|month| number(month).is_some_and(|number| digits.parse() == Ok(number)))
    };
    let mut tokens: Vec<Token> = months.iter().map(|(from, to)| Token { from: *from, to: *to, part: "{month}" }).collect();
    for (from, to) in runs(name) {
        let digits = name.get(from..to).unwrap_or_default();
        let mut add = |a: usize, b: usize, part: &'static str| tokens.push(Token { from: from + a, to: from + b, part });
        match digits.len() {
            8 => {
                add(0, 8, "{date}");
                add(0, 4, "{year}");
                add(4, 6, "{month}");
            }
            6 => {
                add(0, 6, "{fiscal_year}");
                add(0, 4, "{year}");
                add(4, 6, "{month}");
                add(4, 6, "{period}");
                add(0, 2, "{month}");
                add(2, 6, "{year}");
            }
            4 => {
                add(0, 4, "{year}");
                // `2504`, `0425`: where the one can be a month and the other a year of this century.
                let number = |a: usize, b: usize| digits.get(a..b).and_then(|two| two.parse::<u8>().ok()).unwrap_or(0);
                let may_be = |year: u8, month: u8| (10..50).contains(&year) && (1..=12).contains(&month);
                for (a, b, fits) in
                    [("{yy}", "{month}", may_be(number(0, 2), number(2, 4))), ("{month}", "{yy}", may_be(number(2, 4), number(0, 2)))]
                {
                    if fits {
                        add(0, 2, a);
                        add(2, 4, b);
                    }
                }
                let two = name.get(to..).and_then(|rest| rest.strip_prefix(['-', '_'])).and_then(|rest| rest.get(..2));
                if two.is_some_and(|two| two.bytes().all(|b| b.is_ascii_digit())) {
                    add(0, 7, "{fiscal_year}");
                }
            }
            // `v3`, `version 3`, `rev2`: the number of a version is no month.
            1 | 2 if is_version(name.get(..from).unwrap_or_default()) => add(0, digits.len(), "{version}"),
            1 | 2 => {
                if digits.len() == 2 {
                    add(0, 2, "{yy}");
                }
                add(0, digits.len(), "{month}");
                add(0, digits.len(), "{period}");
                if spelt(digits) {
                    add(0, digits.len(), "{any}");
                }
            }
            _ => {}
        }
    }
    tokens.extend(days(name));
    tokens.extend(quarters(name));
    tokens.extend(ranges(name));
    tokens.sort_by_key(|token| (token.from, token.to));
    tokens
}

/// Whether what stands before a number says that it is of a version.
fn is_version(before: &str) -> bool {
    let before = before.trim_end_matches([' ', '_', '-', '.']).to_ascii_lowercase();
    let word = before.rsplit(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or_default();
    ["v", "ver", "version", "rev", "revision"].contains(&word)
}

/// `apr-jun`, `jul-sept`: a quarter or a half by its first and last month.
fn ranges(name: &str) -> Vec<Token> {
    let months = months_in(name);
    let joined = |pair: &[(usize, usize)]| match pair {
        [(from, end), (start, to)] if name.get(*end..*start) == Some("-") => Some((*from, *to)),
        _ => None,
    };
    let found = months.windows(2).filter_map(joined);
    found.flat_map(|(from, to)| ["{quarter}", "{half}"].map(|part| Token { from, to, part })).collect()
}

/// `q1`, `Q4`.
fn quarters(name: &str) -> Vec<Token> {
    let is_quarter = |at: usize| matches!(name.get(at..at + 2).map(str::as_bytes), Some([b'q' | b'Q', b'1'..=b'4']));
    let alone = |at: usize| {
        !name.get(..at).is_some_and(|before| before.ends_with(|c: char| c.is_ascii_alphanumeric()))
            && !name.get(at + 2..).is_some_and(|after| after.starts_with(|c: char| c.is_ascii_alphanumeric()))
    };
    let found = (0..name.len()).filter(|at| name.is_char_boundary(*at) && is_quarter(*at) && alone(*at));
    found.map(|at| Token { from: at + 1, to: at + 2, part: "{quarter}" }).collect()
}

/// `30-04-2025`, `2025-04-30`.
fn days(name: &str) -> Vec<Token> {
    let shape = |text: &str| text.bytes().map(|b| if b.is_ascii_digit() { '9' } else { char::from(b) }).collect::<String>();
    let is_day = |text: &str| ["99-99-9999", "9999-99-99", "99.99.9999", "99_99_9999"].contains(&shape(text).as_str());
    let at = |from: usize| name.get(from..from + 10).filter(|text| is_day(text)).map(|_| Token { from, to: from + 10, part: "{date}" });
    (0..name.len()).filter_map(at).collect()
}

/// Where digits stand, from and to.
fn runs(name: &str) -> Vec<(usize, usize)> {
    let mut found: Vec<(usize, usize)> = Vec::new();
    for (at, _) in name.char_indices().filter(|(_, c)| c.is_ascii_digit()) {
        match found.last_mut() {
            Some((_, to)) if *to == at => *to = at + 1,
            _ => found.push((at, at + 1)),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const APRIL: Calendar = Calendar { starts_month: 4, closing_period: 13 };

    fn named(name: &str, periods: &[u8]) -> Named {
        let periods = periods.iter().map(|period| Period { year: 2025, period: *period }).collect();
        Named { name: name.into(), pattern: None, periods, rows: BTreeMap::new() }
    }

    fn pattern(samples: &[(&str, &[u8])]) -> Option<(String, String)> {
        let samples: Vec<Named> = samples.iter().map(|(name, periods)| named(name, periods)).collect();
        naming(&samples, APRIL).map(|naming| (naming.pattern, naming.covers))
    }

    #[test]
    fn names_of_months_are_read() {
        let month = "{calendar: month, extent: one}".to_owned();
        for (name, period, wanted) in [
            ("thornmere_payments_2025_04.csv", 1, "thornmere_payments_{year}_{month}.csv"),
            ("Payments Over 500 May 2025 - To be published.csv", 2, "Payments Over 500 {month} {year} - To be published.csv"),
            ("AP_Extract_042025.csv", 1, "AP_Extract_{month}{year}.csv"),
            ("ZFI_SPEND_1000_202506.csv", 3, "ZFI_SPEND_1000_{year}{month}.csv"),
            ("spending_2025_04_april.csv", 1, "spending_{year}_{any}_{month}.csv"),
            ("carrow_heath_may_2025.csv", 2, "carrow_heath_{month}_{year}.csv"),
            ("agr_gl07_TB_20250630.dat", 3, "agr_gl07_TB_{date}.dat"),
            ("April 2025 spend.txt", 1, "{month} {year} spend.txt"),
        ] {
            assert_eq!(pattern(&[(name, &[period])]), Some((wanted.to_owned(), month.clone())), "{name}");
        }
    }

    #[test]
    fn several_samples_must_all_fit() {
        let two: [(&str, &[u8]); 2] = [("2025_06.csv", &[3]), ("2025_07.csv", &[4])];
        assert_eq!(pattern(&two).unwrap().0, "{year}_{month}.csv");
        let quarter = pattern(&[("consolidated_q2_2025_26.csv", &[4, 5, 6])]).unwrap();
        let months = pattern(&[("jul-sept 25 payments.csv", &[4, 5, 6])]).unwrap();
        assert_eq!(months, ("{quarter} {yy} payments.csv".into(), "{calendar: month, extent: one}".into()));
        assert_eq!(pattern(&[("spend_may25.xls", &[2])]).unwrap().0, "spend_{month}{yy}.xls");
        assert_eq!(pattern(&[("jul 25 to sept 25 payments.csv", &[4, 5, 6])]), None);
        assert_eq!(quarter, ("consolidated_q{quarter}_{fiscal_year}.csv".into(), "{calendar: month, extent: one}".into()));
        let to_date: [(&str, &[u8]); 3] =
            [("spend_apr-jun_2025.csv", &[1, 2, 3]), ("spend_apr-may_2025.csv", &[1, 2]), ("spend_apr_2025.csv", &[1])];
        assert_eq!(pattern(&to_date), Some(("spend_[apr-]{month}_{year}.csv".into(), "{calendar: month, extent: to_date}".into())));
    }

    #[test]
    fn months_that_are_joined_to_words_before_a_year_are_read() {
        let month = "{calendar: month, extent: one}".to_owned();
        for (name, period, wanted) in [
            ("SpendApril2025-CSV.csv", 1, "Spend{month}{year}-CSV.csv"),
            ("publishedspenddecember2025.xlsx", 9, "publishedspend{month}{year}.xlsx"),
            ("cardsSept2025.csv", 6, "cards{month}{year}.csv"),
            ("pcardsmay2025.csv", 2, "pcards{month}{year}.csv"),
        ] {
            assert_eq!(pattern(&[(name, &[period])]), Some((wanted.to_owned(), month.clone())), "{name}");
        }
        // Nothing but a year behind them makes months of the last letters of a word.
        assert_eq!(pattern(&[("summar_25.csv", &[1])]), None);
        assert_eq!(pattern(&[("dismay250.csv", &[2])]), None);
    }

    /// `202504` is April, or the fourth period, by the rows.
    #[test]
    fn six_digits_may_be_a_year_and_a_period() {
        let of = |covers: &str, word: &str| Some((format!("{{year}}{word}.csv"), covers.to_owned()));
        assert_eq!(pattern(&[("202504.csv", &[4])]), of("{calendar: fiscal, extent: one}", "{period}"));
        assert_eq!(pattern(&[("202504.csv", &[1])]), of("{calendar: month, extent: one}", "{month}"));
        assert_eq!(pattern(&[("202504.csv", &[7])]), None);
    }

    /// Until a file of January comes, nothing but custom tells the calendar's year from the financial one.
    #[test]
    fn a_year_beside_the_last_month_of_a_quarter_or_a_half_is_the_calendars() {
        let of = |extent: &str| format!("{{calendar: month, extent: {extent}}}");
        let through = "expenditure-for-{any}-through-to-{month}-{year}.csv".to_owned();
        assert_eq!(pattern(&[("expenditure-for-april-through-to-june-2025.csv", &[1, 2, 3])]), Some((through, of("quarter"))));
        let all: Vec<u8> = (1..=6).collect();
        assert_eq!(pattern(&[("to-sep-2025.csv", &all)]), Some(("to-{month}-{year}.csv".into(), of("half"))));
    }

    #[test]
    fn rows_paid_late_are_not_the_year_so_far() {
        let of = |name: &str, rows: &[(u8, u64)]| {
            let periods: Vec<u8> = rows.iter().map(|(period, _)| *period).collect();
            let rows = rows.iter().map(|(period, rows)| (Period { year: 2025, period: *period }, *rows)).collect();
            Named { rows, ..named(name, &periods) }
        };
        let found = |samples: &[Named]| naming(samples, APRIL).map(|found| (found.covers, found.rows));
        let month = ("{calendar: month, extent: one}".to_owned(), Agrees::Earlier);
        let to_date = ("{calendar: month, extent: to_date}".to_owned(), Agrees::Fully);
        let april = of("paid_april_2025.csv", &[(1, 10)]);
        assert_eq!(found(&[april.clone(), of("paid_may_2025.csv", &[(1, 2), (2, 8)])]), Some(month.clone()));
        assert_eq!(found(&[of("paid_may_2025.csv", &[(1, 3), (2, 8)])]), Some(month.clone()));
        assert_eq!(found(&[april.clone(), of("paid_may_2025.csv", &[(1, 10), (2, 80)])]), Some(to_date.clone()));
        assert_eq!(found(&[of("paid_may_2025.csv", &[(1, 7), (2, 8)])]), Some(to_date));
        let june = of("paid_june_2025.csv", &[(1, 2), (2, 2), (3, 8)]);
        assert_eq!(found(&[april, of("paid_may_2025.csv", &[(1, 2), (2, 8)]), june]), Some(month));
    }

    #[test]
    fn the_number_of_a_form_is_no_month_beside_one_that_is_spelt() {
        let covers = "{calendar: month, extent: one}".to_owned();
        for (name, wanted) in [
            ("form4-Apr-2025.csv", "form{any}-{month}-{year}.csv"),
            ("4. April 2025.csv", "{any}. {month} {year}.csv"),
            ("Spend April 2025 (4).csv", "Spend {month} {year} ({any}).csv"),
        ] {
            assert_eq!(pattern(&[(name, &[1])]), Some((wanted.to_owned(), covers.clone())), "{name}");
        }
    }

    #[test]
    fn a_year_is_a_year() {
        let all: Vec<u8> = (1..=12).collect();
        let found = pattern(&[("Budget 2025-26 profile.csv", &all)]);
        let year = "{calendar: fiscal, extent: year}".to_owned();
        assert_eq!(found, Some(("Budget {fiscal_year} profile.csv".into(), year.clone())));
        for (name, wanted) in [
            ("Budget 2025-26 profile v3.csv", "Budget {fiscal_year} profile v{version}.csv"),
            ("Budget 2025-26 Version 12.csv", "Budget {fiscal_year} Version {version}.csv"),
            ("Budget_2025-26_rev_3.csv", "Budget_{fiscal_year}_rev_{version}.csv"),
        ] {
            assert_eq!(pattern(&[(name, &all)]), Some((wanted.to_owned(), year.clone())), "{name}");
        }
    }
}
