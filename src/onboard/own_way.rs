//! The ways in which texts say the period of a row: by themselves, or beside a column that says its year.

use std::{collections::BTreeMap, ops::RangeInclusive};

use super::{
    evidence::{Evidence, Seen},
    guess::words,
    own_year::{OwnYear, Printed},
    tokens::MONTHS,
};
use crate::{
    domain::{Calendar, Period},
    profile::month,
};

/// How the parts of a text stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// `3`, `03`, `P3`
    Number,
    /// `3.0`
    Point,
    /// `2025/03`, `202503`, `2025-P03`
    YearFirst,
    /// `03/2025`
    YearLast,
    /// `June`
    Month,
    /// `Jun-25`, `June 2025`
    MonthYear,
}

/// What the number in it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counts {
    /// Months of the calendar.
    Months,
    /// Periods of the financial year.
    Periods,
}

/// Which year is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum YearIs {
    /// That of the calendar, in which the period lies.
    Calendar,
    /// That in which the financial year begins.
    Begins,
    /// That in which it ends.
    Ends,
}

const ALONE: [(Shape, Counts, YearIs); 12] = [
    (Shape::Number, Counts::Periods, YearIs::Begins),
    (Shape::Number, Counts::Months, YearIs::Calendar),
    (Shape::Point, Counts::Periods, YearIs::Begins),
    (Shape::Point, Counts::Months, YearIs::Calendar),
    (Shape::YearFirst, Counts::Periods, YearIs::Begins),
    (Shape::YearFirst, Counts::Periods, YearIs::Ends),
    (Shape::YearFirst, Counts::Months, YearIs::Calendar),
    (Shape::YearLast, Counts::Periods, YearIs::Begins),
    (Shape::YearLast, Counts::Periods, YearIs::Ends),
    (Shape::YearLast, Counts::Months, YearIs::Calendar),
    (Shape::Month, Counts::Months, YearIs::Calendar),
    (Shape::MonthYear, Counts::Months, YearIs::Calendar),
];

/// Ways in which a column says its period by itself.
pub(super) fn alone<'e>() -> Vec<Way<'e>> {
    ALONE.iter().map(|(shape, counts, year)| Way { shape: *shape, counts: *counts, is: vec![*year], year: None }).collect()
}

/// Ways in which a column says its period, and this one its year; the likelier meanings of the year first.
pub(super) fn beside(year: OwnYear<'_>) -> Vec<Way<'_>> {
    let is = match year.printed {
        Printed::Pair | Printed::ShortPair => vec![YearIs::Begins],
        Printed::Marked => vec![YearIs::Begins, YearIs::Ends],
        Printed::MarkedPair => vec![YearIs::Ends],
        Printed::Four | Printed::Point if year.is_financial() => vec![YearIs::Begins, YearIs::Ends, YearIs::Calendar],
        Printed::Four | Printed::Point => vec![YearIs::Calendar, YearIs::Begins, YearIs::Ends],
    };
    let numbers = [Shape::Number, Shape::Point].into_iter().flat_map(|shape| [(shape, Counts::Periods), (shape, Counts::Months)]);
    let shapes = numbers.chain([(Shape::Month, Counts::Months)]);
    shapes.map(|(shape, counts)| Way { shape, counts, is: is.clone(), year: Some(year) }).collect()
}

/// A way in which a text says a period.
#[derive(Clone, Debug)]
pub(super) struct Way<'e> {
    pub shape: Shape,
    pub counts: Counts,
    /// What the year that is printed may be: where several fit every sample, that which brings a row near to its file's period.
    pub is: Vec<YearIs>,
    /// The column that says its year.
    pub year: Option<OwnYear<'e>>,
}

impl Way<'_> {
    /// The same with the meanings of the year by which more than half of the rows of each sample say what it covers, its last period among
    /// them, and all say one; `None` where there is none.
    pub fn fitting(self, evidence: &Evidence, seen: &Seen, periods: &[Vec<Period>], calendar: Calendar) -> Option<Self> {
        let fits = |is: &YearIs| {
            periods.iter().enumerate().all(|(sample, covered)| {
                let years: Vec<i16> = covered.iter().map(|period| period.year + less(*is, period.period, calendar)).collect();
                if self.year.is_some_and(|year| !year.mostly(evidence, sample, &years)) {
                    return false;
                }
                let Some(rows) = self.rows(*is, evidence, seen, sample, covered, calendar) else { return false };
                let of_all = evidence.column(seen, sample).map_or(0, |column| column.filled.of);
                let inside: u64 = rows.iter().filter(|(period, _)| covered.contains(period)).map(|(_, rows)| *rows).sum();
                inside * 2 > of_all && covered.last().is_some_and(|last| rows.contains_key(last))
            })
        };
        let is: Vec<YearIs> = self.is.iter().copied().filter(fits).collect();
        (!is.is_empty()).then_some(Self { is, ..self })
    }

    /// The rows of a sample by the periods that they say; `None` where one says none, or there are too many texts to know.
    pub fn rows(
        &self,
        is: YearIs,
        evidence: &Evidence,
        seen: &Seen,
        sample: usize,
        covered: &[Period],
        calendar: Calendar,
    ) -> Option<BTreeMap<Period, u64>> {
        let column = evidence.column(seen, sample).filter(|column| column.distinct == Some(column.values.len() as u64))?;
        // `P11` is no November, unless its column is called one.
        let is_number = matches!(self.shape, Shape::Number | Shape::YearFirst);
        if self.counts == Counts::Months
            && is_number
            && !says_month(&seen.heading)
            && column.values.iter().any(|(text, _)| text.contains(['P', 'p']))
        {
            return None;
        }
        let mut all = BTreeMap::new();
        for (text, rows) in &column.values {
            *all.entry(self.read(is, text.trim(), calendar, covered)?).or_insert(0) += rows;
        }
        Some(all)
    }

    /// The period that a text says in a file that covers these, whose year it has where a column beside it says it; `None` where the SQL
    /// knows none either.
    fn read(&self, is: YearIs, text: &str, calendar: Calendar, covered: &[Period]) -> Option<Period> {
        let of = covered.last()?;
        let (year, number) = self.shape.parts(text).filter(|(_, number)| self.numbers().contains(number))?;
        let period = self.period(number, calendar);
        let year = match year.filter(|year| years(of.year).contains(year)) {
            Some(year) => year - less(is, period, calendar),
            None if self.shape.has_year() => return None,
            None if self.year.is_some() || covered.len() > 1 => of.year,
            None => of.year + year_after(period, of.period),
        };
        Some(Period { year, period })
    }

    /// The numbers that say a period: twelve months, or twelve periods and that of closing entries.
    const fn numbers(&self) -> RangeInclusive<u8> {
        match self.counts {
            Counts::Months => 1..=12,
            Counts::Periods => 1..=CLOSING,
        }
    }

    /// The period of a number.
    fn period(&self, number: u8, calendar: Calendar) -> u8 {
        match self.counts {
            Counts::Months => calendar.period_of_month(2025, number).period,
            Counts::Periods => number,
        }
    }

    /// The expressions of year and period; both are nothing where the text is of another shape, and a number that is no period makes its
    /// row a faulty one, as does a year beside it that is none. Text becomes no number in SQL, so that each is written out; `beside` is the
    /// column that says the year, `of` the year of the samples, and `one` whether a file covers one period.
    pub fn sql(&self, column: &str, beside: Option<&(String, Printed)>, calendar: Calendar, (of, one): (i16, bool)) -> (String, String) {
        let (pattern, year, number, texts) = self.shape.sql(column);
        let numbers = || self.numbers().map(|at| (texts(at), self.period(at, calendar)));
        let whens = |of: &dyn Fn(u8) -> Option<u8>| -> String {
            let one = |(text, period): (String, u8)| Some(format!(" WHEN '{text}' THEN {}", of(period)?));
            format!("CASE {number}{}", numbers().filter_map(one).collect::<String>())
        };
        // What is none is a fault of its row.
        let periods = format!("{} ELSE 0 END", whens(&Some));
        let (before, after) = (whens(&year_before_until), whens(&year_after_from));
        let near = if one {
            format!(
                "delivery_year + CASE WHEN delivery_period <= {before} END THEN -1 WHEN delivery_period >= {after} END THEN 1 ELSE 0 END"
            )
        } else {
            "delivery_year".to_owned()
        };
        let years = match (beside, year) {
            (None, None) => near,
            (None, Some((text, digits))) => {
                let last = |year: i16| year.to_string().split_off(4 - digits);
                self.years(&number, &spelt(&text, &|year| vec![last(year)], of), texts, calendar).swap_remove(0)
            }
            (Some((column, said)), _) => {
                let (pattern, text) = said.sql(column);
                let printed = spelt(&text, &|year| said.digits(year), of);
                let year = nearest(&self.years(&number, &printed, texts, calendar), &near);
                format!(
                    "CASE WHEN {column} IS NULL THEN {near} WHEN regexp_like({column}, '{pattern}') AND {printed} IS NOT NULL THEN {year} ELSE 0 END"
                )
            }
        };
        let only = |what: &str, kind: &str| format!("CASE WHEN regexp_like({column}, '{pattern}') THEN CAST({what} AS {kind}) END");
        (only(&years, "SMALLINT"), only(&periods, "TINYINT"))
    }

    /// The financial year by each meaning of the year that is printed.
    fn years(&self, number: &str, printed: &str, texts: fn(u8) -> String, calendar: Calendar) -> Vec<String> {
        let by = |is: &YearIs| {
            let less: Vec<String> = self.numbers().filter(|at| less(*is, self.period(*at, calendar), calendar) > 0).map(texts).collect();
            match less.len() {
                0 => printed.to_owned(),
                all if all == self.numbers().count() => format!("{printed} - 1"),
                _ => format!("{printed} - CASE WHEN {number} IN ('{}') THEN 1 ELSE 0 END", less.join("', '")),
            }
        };
        self.is.iter().map(by).collect()
    }
}

/// The year that is printed as a number; `digits` is how a year is.
fn spelt(text: &str, digits: &dyn Fn(i16) -> Vec<String>, of: i16) -> String {
    let one = |year: i16| digits(year).into_iter().map(move |digits| format!(" WHEN '{digits}' THEN {year}"));
    format!("CASE {text}{} END", years(of).flat_map(one).collect::<String>())
}

/// Of several years the one that is near, where one is; else the first.
fn nearest(years: &[String], near: &str) -> String {
    let first = years.first().map_or(near, String::as_str);
    let is_near: Vec<String> = years.iter().map(|year| format!("{year} = {near}")).collect();
    match years {
        [] | [_] => first.to_owned(),
        _ => format!("CASE WHEN {} THEN {near} ELSE {first} END", is_near.join(" OR ")),
    }
}

/// By how much the financial year of a period is less than the year that is printed.
fn less(is: YearIs, period: u8, calendar: Calendar) -> i16 {
    let month = || (1..=12).map(|month| calendar.period_of_month(2025, month)).find(|of| of.period == period.min(12));
    match is {
        YearIs::Calendar => month().map_or(0, |of| 2025 - of.year),
        YearIs::Begins => 0,
        YearIs::Ends => 1,
    }
}

/// The period of closing entries, the last that there is.
const CLOSING: u8 = 13;

/// The years that a text may print: three before that of the samples to twelve after it.
const fn years(of: i16) -> RangeInclusive<i16> {
    of - 3..=of + 12
}

/// How many years after its file's a period is that prints none.
fn year_after(period: u8, of: u8) -> i16 {
    if year_before_until(period).is_some_and(|last| of <= last) {
        -1
    } else {
        i16::from(year_after_from(period).is_some_and(|first| of >= first))
    }
}

/// Up to which period of its file it is of the year before: where that is as near, or nearer. Closing entries lie behind until the year is
/// at its end.
const fn year_before_until(period: u8) -> Option<u8> {
    match period {
        CLOSING.. => Some(11),
        7.. => Some(period - 6),
        _ => None,
    }
}

/// From which period of its file on it is of the year after: where it is within three months of it. What is further back within the year
/// is put right there; hardly anything is booked further ahead.
const fn year_after_from(period: u8) -> Option<u8> {
    if period <= 3 { Some(period + 9) } else { None }
}

/// The pattern of texts, their year with how many digits it has, their number, and how that is written.
type Written = (&'static str, Option<(String, usize)>, String, fn(u8) -> String);

impl Shape {
    /// Whether a year is printed.
    pub const fn has_year(self) -> bool {
        matches!(self, Self::YearFirst | Self::YearLast | Self::MonthYear)
    }

    /// Year, where it is printed, and number.
    fn parts(self, text: &str) -> Option<(Option<i16>, u8)> {
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<i16>().ok()).flatten();
        let number = |text: &str| u8::try_from(digits(text).filter(|_| (1..=2).contains(&text.len()))?).ok();
        let year = |text: &str| digits(text).filter(|_| text.len() == 4 && text.starts_with("20"));
        match self {
            Self::Number => Some((None, number(text.strip_prefix(['P', 'p']).unwrap_or(text))?)),
            Self::Point => Some((None, number(text.strip_suffix(".0")?)?)),
            Self::YearFirst => {
                let (first, rest) = text.split_at_checked(4)?;
                let rest = rest.strip_prefix(['-', '/', '.', ' ']).unwrap_or(rest);
                let rest = rest.strip_prefix(['P', 'p']).unwrap_or(rest);
                Some((Some(year(first)?), number(rest).filter(|_| rest.len() == 2)?))
            }
            Self::YearLast => {
                let (first, rest) = text.split_at_checked(2)?;
                let rest = rest.strip_prefix(['-', '/', '.', ' '])?;
                Some((Some(year(rest)?), number(first)?))
            }
            Self::Month => Some((None, month(text)?)),
            Self::MonthYear => {
                let letters = text.bytes().take_while(u8::is_ascii_alphabetic).count();
                let (name, rest) = text.split_at_checked(letters)?;
                let rest = rest.strip_prefix(['-', '/', '.', ' '])?;
                let two = digits(rest).filter(|_| rest.len() == 2).map(|year| year + 2000);
                Some((Some(two.or_else(|| year(rest))?), month(name)?))
            }
        }
    }

    fn sql(self, column: &str) -> Written {
        let two = |at: u8| format!("{at:02}");
        let name = |at: u8| MONTHS.get(usize::from(at).saturating_sub(1)).and_then(|name| name.get(..3)).unwrap_or_default().to_owned();
        let letters = format!("lower(left({column}, 3))");
        match self {
            Self::Number => ("^[Pp]?[0-9]{1,2}$", None, format!("ltrim({column}, 'Pp0')"), |at| at.to_string()),
            Self::Point => ("^[0-9]{1,2}[.]0$", None, format!("ltrim({column}, '0')"), |at| format!("{at}.0")),
            Self::YearFirst => {
                ("^20[0-9]{2}[-/. ]?[Pp]?[0-9]{2}$", Some((format!("left({column}, 4)"), 4)), format!("right({column}, 2)"), two)
            }
            Self::YearLast => ("^[0-9]{2}[-/. ]20[0-9]{2}$", Some((format!("right({column}, 4)"), 4)), format!("left({column}, 2)"), two),
            Self::Month => ("^[A-Za-z]{3,9}$", None, letters, name),
            Self::MonthYear => ("^[A-Za-z]{3,9}[-/. ](20)?[0-9]{2}$", Some((format!("right({column}, 2)"), 2)), letters, name),
        }
    }
}

/// Whether a heading speaks of months, whatever letter stands before their numbers.
fn says_month(heading: &str) -> bool {
    words(heading).split(' ').any(|word| matches!(word, "month" | "mth"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_without_a_year_is_the_nearest_to_its_files() {
        let read = |period: u8, of: u8| 2025 + year_after(period, of);
        let last: Vec<(u8, u8)> =
            (1..=13).flat_map(|of| (1..=13).map(move |at| (at, of))).filter(|(at, of)| read(*at, *of) == 2024).collect();
        for (of, from) in [(1, 7), (2, 8), (3, 9), (4, 10), (5, 11), (6, 12), (7, 13), (11, 13)] {
            let of_file: Vec<u8> = last.iter().filter(|(_, file)| *file == of).map(|(at, _)| *at).collect();
            assert_eq!(of_file, (from..=13).collect::<Vec<u8>>(), "{of}");
        }
        assert!(last.iter().all(|(_, of)| *of < 12));
        let next: Vec<(u8, u8)> =
            (1..=13).flat_map(|of| (1..=13).map(move |at| (at, of))).filter(|(at, of)| read(*at, *of) == 2026).collect();
        assert_eq!(next, [(1, 10), (1, 11), (2, 11), (1, 12), (2, 12), (3, 12), (1, 13), (2, 13), (3, 13)]);
    }

    #[test]
    fn texts_of_periods_are_told_apart() {
        let ways = |text: &str| -> Vec<(Shape, Option<i16>, u8)> {
            let shapes = [Shape::Number, Shape::Point, Shape::YearFirst, Shape::YearLast, Shape::Month, Shape::MonthYear];
            shapes.iter().filter_map(|shape| shape.parts(text).map(|(year, number)| (*shape, year, number))).collect()
        };
        assert_eq!(ways("3"), [(Shape::Number, None, 3)]);
        assert_eq!(ways("P03"), [(Shape::Number, None, 3)]);
        assert_eq!(ways("3.0"), [(Shape::Point, None, 3)]);
        assert_eq!(ways("202503"), [(Shape::YearFirst, Some(2025), 3)]);
        assert_eq!(ways("2025-P03"), [(Shape::YearFirst, Some(2025), 3)]);
        assert_eq!(ways("06/2025"), [(Shape::YearLast, Some(2025), 6)]);
        assert_eq!(ways("June"), [(Shape::Month, None, 6)]);
        assert_eq!(ways("JUN-25"), [(Shape::MonthYear, Some(2025), 6)]);
        assert_eq!(ways("June 2025"), [(Shape::MonthYear, Some(2025), 6)]);
        for text in ["", "A1", "2025/26", "123", "Junk", "2025/3", "Jun25", "ADJ"] {
            assert!(ways(text).is_empty() || text == "2025/26", "{text}");
        }
    }
}
