//! The year of a row's own period where a column of its own prints it, beside a period without one: `2025`, `2025/26`, `25/26`.

use super::{
    draft::Draft,
    evidence::{Evidence, Seen},
    guess::words,
};
use crate::{domain::Period, profile::Kind};

/// What headings of years say.
const SAYS: [&str; 14] = [
    "year",
    "yr",
    "fiscal year",
    "fiscal yr",
    "financial year",
    "financial yr",
    "fin year",
    "fin yr",
    "fy",
    "accounting year",
    "acct year",
    "posting year",
    "year of posting",
    "account year",
];

/// By how much the financial year of a row is less than the year that is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Less {
    /// The year in which it begins is printed.
    None,
    /// The one in which it ends.
    One,
    /// That of the calendar: of January to March it is one less.
    ByMonth,
}

/// A column of years.
#[derive(Clone, Copy, Debug)]
pub struct YearColumn<'e> {
    pub seen: &'e Seen,
    pub less: Less,
    /// Of how many digits the first number of its texts is: 4 or 2.
    digits: usize,
}

/// The columns that say years by their headings, and hold nothing else.
pub fn columns(evidence: &Evidence) -> impl Iterator<Item = &Seen> {
    evidence
        .columns
        .iter()
        .filter(|seen| SAYS.contains(&words(&seen.heading).as_str()))
        .filter(|seen| !matches!(evidence.kind(seen), Kind::Date | Kind::Empty) && digits(evidence, seen).is_some())
}

/// The column that says for the most part the years of the samples' periods, and how; `None` where none does, or more than one.
/// `by_month`: the number beside it is a month of the calendar; `less`: by how much a calendar's year is more then, of each sample.
pub fn found<'e>(evidence: &'e Evidence, periods: &[Period], by_month: Option<&dyn Fn(Period) -> i16>) -> Option<YearColumn<'e>> {
    let mut all = columns(evidence).filter_map(|seen| {
        let digits = digits(evidence, seen)?;
        let heading = words(&seen.heading);
        let is_financial = heading.starts_with("fi") || heading == "fy" || pairs(evidence, seen);
        let ways: &[Less] = match (pairs(evidence, seen), by_month.is_some()) {
            (true, _) => &[Less::None],
            (_, false) => &[Less::None, Less::One],
            _ if is_financial => &[Less::None, Less::One, Less::ByMonth],
            _ => &[Less::ByMonth, Less::None, Less::One],
        };
        let of = |less: Less, period: Period| match less {
            Less::None => period.year,
            Less::One => period.year + 1,
            Less::ByMonth => period.year + by_month.map_or(0, |more| more(period)),
        };
        let fits = |less: &&Less| {
            periods.iter().enumerate().all(|(sample, period)| {
                evidence.column(seen, sample).is_some_and(|column| {
                    let own = column.values.iter().filter(|(text, _)| begins(text) == Some(of(**less, *period))).map(|(_, rows)| *rows);
                    own.sum::<u64>() * 2 > column.filled.of
                })
            })
        };
        let less = *ways.iter().find(fits)?;
        Some(YearColumn { seen, less, digits })
    });
    let one = all.next()?;
    all.next().is_none().then_some(one)
}

impl YearColumn<'_> {
    /// The pattern of its texts, what of them is the year, and its digits: as SQL; `None` where the draft does not hold it as text.
    #[must_use]
    pub fn sql(&self, draft: &Draft) -> Option<(String, String, usize)> {
        let column = draft.column_of(self.seen).filter(|column| column.physical_type == "VARCHAR")?;
        let pattern = if self.digits == 4 { "^20[0-9]{2}([-/](20)?[0-9]{2})?$" } else { "^[0-9]{2}([-/][0-9]{2})?$" };
        Some((format!("regexp_like({}, '{pattern}')", column.name), format!("left({}, {})", column.name, self.digits), self.digits))
    }
}

/// How many digits the first number of all its texts has.
fn digits(evidence: &Evidence, seen: &Seen) -> Option<usize> {
    let mut all = evidence.facts(seen).flat_map(|column| {
        let whole = column.distinct == Some(column.values.len() as u64);
        let texts = column.values.iter().map(|(text, _)| begins(text).map(|_| first(text).len()));
        texts.chain((!whole).then_some(None))
    });
    let one = all.next()??;
    all.all(|other| other == Some(one)).then_some(one)
}

/// Whether its texts say both years: `2025/26`.
fn pairs(evidence: &Evidence, seen: &Seen) -> bool {
    evidence.facts(seen).flat_map(|column| &column.values).all(|(text, _)| text.contains(['/', '-']))
}

fn first(text: &str) -> &str {
    let text = text.trim();
    text.split(['/', '-']).next().unwrap_or(text)
}

/// The year that a text says, or begins with: 2025 of `2025/26`.
fn begins(text: &str) -> Option<i16> {
    let (first, second) = (first(text), text.trim().split_once(['/', '-']).map(|(_, second)| second));
    let number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<i16>().ok()).flatten();
    let year = match first.len() {
        4 if first.starts_with("20") => number(first)?,
        2 => 2000 + number(first)?,
        _ => return None,
    };
    let is_next = |second: &str| match second.len() {
        4 if first.len() == 4 => number(second) == Some(year + 1),
        2 => number(second) == Some((year + 1) % 100),
        _ => false,
    };
    second.is_none_or(is_next).then_some(year)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn years_are_read_as_they_are_printed() {
        for (text, year) in [("2025", 2025), ("2025/26", 2025), ("2025-2026", 2025), ("25/26", 2025), (" 24 ", 2024)] {
            assert_eq!(begins(text), Some(year), "{text}");
        }
        for text in ["2025/27", "1925", "FY25", "25/2026", "", "2025/26/27"] {
            assert_eq!(begins(text), None, "{text}");
        }
    }
}
