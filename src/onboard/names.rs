//! From the names of samples and the months in them to `files` and `covers` of a feed.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    agrees::{Agrees, fits, fits_as},
    alike::{alike, words_of},
    tokens::patterns,
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
