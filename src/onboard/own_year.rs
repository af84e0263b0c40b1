//! The year of a row in a column of its own, beside the column of its period: `2025`, `2025/26`, `FY26`, `FY25/26`.

use super::{
    evidence::{Evidence, Seen},
    guess::words,
};
use crate::profile::says_year;

/// Words of a heading that say that the year is no calendar year.
const FINANCIAL: [&str; 6] = ["fiscal", "financial", "fin", "accounting", "fy", "fyear"];

/// How a year is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Printed {
    /// `2025`
    Four,
    /// `2025/26`, `2025-2026`, `202526`
    Pair,
    /// `25/26`
    ShortPair,
    /// `FY25`, `FY 2025`
    Marked,
    /// `FY25/26`, `FY 2025-26`
    MarkedPair,
    /// `2025.0`
    Point,
}

const ALL: [Printed; 6] = [Printed::Four, Printed::Pair, Printed::ShortPair, Printed::Marked, Printed::MarkedPair, Printed::Point];

/// A column of years.
#[derive(Clone, Copy, Debug)]
pub(super) struct OwnYear<'e> {
    pub seen: &'e Seen,
    pub printed: Printed,
}

/// The columns whose headings say that they hold years.
pub(super) fn named(evidence: &Evidence) -> impl Iterator<Item = &Seen> {
    evidence.columns.iter().filter(|seen| says_year(&seen.heading) && seen.places.iter().all(Option::is_some))
}

/// Those of them that say a year in every row of every sample that has a text there, those of financial years first.
pub(super) fn columns(evidence: &Evidence) -> Vec<OwnYear<'_>> {
    let read = |seen| ALL.into_iter().map(|printed| OwnYear { seen, printed }).find(|year| year.is_read(evidence));
    let mut all: Vec<OwnYear<'_>> = named(evidence).filter_map(read).collect();
    all.sort_by_key(|year| !year.is_financial());
    all
}

/// The years that it says, as they are printed.
pub(super) fn says(evidence: &Evidence, seen: &Seen) -> String {
    let mut all: Vec<String> = evidence.words(seen).into_iter().map(|(text, _)| text).collect();
    all.sort_unstable();
    if all.is_empty() { "what is not known".to_owned() } else { all.join(", ") }
}

impl OwnYear<'_> {
    fn is_read(&self, evidence: &Evidence) -> bool {
        let is_read = |column: &crate::profile::Column| {
            column.distinct == Some(column.values.len() as u64)
                && column.filled.rows > 0
                && column.values.iter().all(|(text, _)| self.printed.year(text.trim()).is_some())
        };
        evidence.facts(self.seen).all(is_read)
    }

    /// Whether its heading or its text says that it is a financial year.
    pub fn is_financial(&self) -> bool {
        !matches!(self.printed, Printed::Four | Printed::Point)
            || words(&self.seen.heading).split(' ').any(|word| FINANCIAL.contains(&word))
    }

    /// Whether more than half of the rows of a sample say one of these years.
    pub fn mostly(&self, evidence: &Evidence, sample: usize, years: &[i16]) -> bool {
        evidence.column(self.seen, sample).is_some_and(|column| {
            let is_one = |text: &str| self.printed.year(text.trim()).is_some_and(|year| years.contains(&year));
            column.values.iter().filter(|(text, _)| is_one(text)).map(|(_, rows)| *rows).sum::<u64>() * 2 > column.filled.of
        })
    }
}

impl Printed {
    /// The year that a text says, of two the first; behind `FY` the last.
    pub fn year(self, text: &str) -> Option<i16> {
        let digits = |text: &str, long: usize| {
            (text.len() == long && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse::<i16>().ok()).flatten()
        };
        let long = |text: &str| digits(text, 4).filter(|year| (2000..2100).contains(year));
        let short = |text: &str| digits(text, 2).map(|year| 2000 + year);
        let follows = |first: i16, second: Option<i16>| (second == Some(first + 1)).then_some(first);
        match self {
            Self::Four => long(text),
            Self::Pair => {
                let (first, rest) = text.split_at_checked(4)?;
                let rest = rest.trim_start();
                let rest = rest.strip_prefix(['-', '/']).unwrap_or(rest).trim_start();
                follows(long(first)?, short(rest).or_else(|| long(rest)))
            }
            Self::ShortPair => {
                let (first, rest) = text.split_at_checked(2)?;
                follows(short(first)?, short(rest.strip_prefix(['-', '/'])?))
            }
            Self::Marked => {
                let rest = marked(text)?;
                short(rest).or_else(|| long(rest))
            }
            Self::MarkedPair => {
                let rest = marked(text)?;
                Self::Pair.year(rest).or_else(|| Self::ShortPair.year(rest)).map(|first| first + 1)
            }
            Self::Point => long(text.strip_suffix(".0")?),
        }
    }

    /// The pattern of its texts, and the digits that say the year: both years where there are two, of which one follows the other.
    pub fn sql(self, column: &str) -> (&'static str, String) {
        match self {
            Self::Four => ("^20[0-9]{2}$", column.to_owned()),
            Self::Pair => ("^20[0-9]{2} ?[-/]? ?(20)?[0-9]{2}$", format!("left({column}, 4) || right({column}, 2)")),
            Self::ShortPair => ("^[0-9]{2}[-/][0-9]{2}$", format!("left({column}, 2) || right({column}, 2)")),
            Self::Marked => ("^[Ff][Yy][-/ ]?(20)?[0-9]{2}$", format!("right({column}, 2)")),
            Self::MarkedPair => (
                "^[Ff][Yy][-/ ]?((20)?[0-9]{2} ?[-/] ?(20)?[0-9]{2}|20[0-9]{2}(20)?[0-9]{2})$",
                format!("translate({column}, 'FfYy-/ ', '')"),
            ),
            Self::Point => ("^20[0-9]{2}[.]0$", format!("left({column}, 4)")),
        }
    }

    /// The digits by which a text of [`Self::sql`] says this year.
    pub fn digits(self, year: i16) -> Vec<String> {
        let (one, two) = (year % 100, (year + 1) % 100);
        match self {
            Self::Four | Self::Point => vec![year.to_string()],
            Self::Pair => vec![format!("{year}{two:02}")],
            Self::ShortPair => vec![format!("{one:02}{two:02}")],
            Self::Marked => vec![format!("{one:02}")],
            // The year is the second.
            Self::MarkedPair => {
                let (first, one, two) = (year - 1, (year - 1) % 100, one);
                vec![format!("{one:02}{two:02}"), format!("{first}{two:02}"), format!("{first}{year}"), format!("{one:02}{year}")]
            }
        }
    }
}

/// What stands behind the mark of a financial year.
fn marked(text: &str) -> Option<&str> {
    let rest = text.strip_prefix("FY").or_else(|| text.strip_prefix("fy"))?;
    Some(rest.strip_prefix([' ', '-', '/']).unwrap_or(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sql_knows_two_years_of_which_one_follows_the_other() {
        assert_eq!(Printed::Pair.digits(2025), ["202526"]);
        assert_eq!(Printed::ShortPair.digits(2025), ["2526"]);
        assert_eq!(Printed::Marked.digits(2025), ["25"]);
        assert_eq!(Printed::MarkedPair.digits(2026), ["2526", "202526", "20252026", "252026"]);
        let all = |printed: Printed| (2022..2038).flat_map(|year| printed.digits(year)).collect::<Vec<_>>();
        for (printed, digits) in [(Printed::Pair, "202527"), (Printed::ShortPair, "2625"), (Printed::MarkedPair, "2524")] {
            assert!(!all(printed).contains(&digits.to_owned()), "{digits}");
        }
    }

    #[test]
    fn texts_of_years_are_told_apart() {
        let said = |text: &str| -> Vec<(Printed, i16)> { ALL.iter().filter_map(|printed| Some((*printed, printed.year(text)?))).collect() };
        assert_eq!(said("2025"), [(Printed::Four, 2025)]);
        for text in ["2025/26", "2025-26", "2025-2026", "202526", "2025 - 26", "2025 / 2026"] {
            assert_eq!(said(text), [(Printed::Pair, 2025)], "{text}");
        }
        assert_eq!(said("25/26"), [(Printed::ShortPair, 2025)]);
        for text in ["FY25", "FY 2025", "fy2025"] {
            assert_eq!(said(text), [(Printed::Marked, 2025)], "{text}");
        }
        for text in ["FY25/26", "FY 2025-26", "fy2025/2026"] {
            assert_eq!(said(text), [(Printed::MarkedPair, 2026)], "{text}");
        }
        assert_eq!(said("2025.0"), [(Printed::Point, 2025)]);
        for text in ["FY25/27", "2025.5", "", "25", "1925", "2025/27", "2025/03", "202503", "26/25", "FY", "FY125", "April"] {
            assert_eq!(said(text), [], "{text}");
        }
    }
}
