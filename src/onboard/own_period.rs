//! The sender's own period of a row, in files whose rows bear no day: `3`, `P03`, `2025/03`, `Jun-25`, `June`.
//!
//! It is taken where the rows of every sample say for the most part the period that the sample's name says, by one way of reading alone.
//! A text without a year is of the year that brings it near to its file's period ([`year_after`]).

use std::ops::RangeInclusive;

use super::{
    agrees::fits,
    answers::{NO, Question},
    draft::Draft,
    evidence::{Evidence, Seen},
    guess::words,
    names::{MONTHS, Named},
};
use crate::{
    domain::{Calendar, Period},
    pipeline::{CoverCalendar, Extent},
    profile::{Kind, month},
    schema::Contract,
};

/// The key of the question.
pub const KEY: &str = "period";

/// What headings of periods say.
const SAYS: [&str; 8] = ["period", "fiscal period", "month", "per", "prd", "accounting period", "posting period", "fin period"];

/// How the parts of a text stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// `3`, `03`, `P3`
    Number,
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
enum Counts {
    /// Months of the calendar.
    Months,
    /// Periods of the financial year; a year that is printed is the one in which it begins.
    Periods,
    /// The same, and a year is the one in which it ends.
    PeriodsOfEnd,
}

const WAYS: [(Shape, Counts); 10] = [
    (Shape::Number, Counts::Periods),
    (Shape::Number, Counts::Months),
    (Shape::YearFirst, Counts::Periods),
    (Shape::YearFirst, Counts::PeriodsOfEnd),
    (Shape::YearFirst, Counts::Months),
    (Shape::YearLast, Counts::Periods),
    (Shape::YearLast, Counts::PeriodsOfEnd),
    (Shape::YearLast, Counts::Months),
    (Shape::Month, Counts::Months),
    (Shape::MonthYear, Counts::Months),
];

/// Whether the column that says it is taken.
#[must_use]
pub fn question(evidence: &Evidence, date: Option<&Seen>, table: &Contract, covers: &Covered<'_>) -> Option<Question> {
    let (seen, way) = found(evidence, date, table, covers)?;
    let label = evidence.label(seen);
    let nearest = if way.shape.has_year() { "" } else { "; it prints no year: each is of the year that brings it near to its file's" };
    let ask = "Which column says the period of a row? A row of another period than its file's is told; none: all count in their file's.";
    let question = Question::new(KEY, ask).seen(format!("most rows of each file say its period under `{label}`{nearest}"));
    Some(question.choices([label.clone(), NONE.to_owned()]).default(label).stands_if(true))
}

/// The answer that no column says it.
const NONE: &str = "none";

/// `fiscal_year` and `period` of the SQL, by what was answered.
#[must_use]
pub fn select(evidence: &Evidence, draft: &Draft, table: &Contract, covers: &Covered<'_>, answer: &str) -> Vec<(String, String)> {
    let Some((seen, way)) = found(evidence, None, table, covers).filter(|_| answer != NONE && answer != NO && !answer.is_empty()) else {
        return Vec::new();
    };
    let Some(column) = draft.column_of(seen).filter(|column| column.physical_type == "VARCHAR") else { return Vec::new() };
    let of = covers.periods(evidence).and_then(|periods| periods.last().copied()).map_or(0, |period| period.year);
    let (year, period) = way.sql(&column.name, covers.calendar, of);
    vec![(year, "fiscal_year".to_owned()), (period, "period".to_owned())]
}

/// How files are named, and what they cover, as was answered.
pub struct Covered<'a> {
    pub files: &'a str,
    pub covers: &'a str,
    pub calendar: Calendar,
}

impl Covered<'_> {
    /// The one period that each sample covers by its name.
    fn periods(&self, evidence: &Evidence) -> Option<Vec<Period>> {
        let of = if self.covers.contains("calendar: fiscal") { CoverCalendar::Fiscal } else { CoverCalendar::Month };
        let named = evidence.named_files(None, self.calendar);
        let named: Vec<Named> = named.into_iter().map(|named| Named { periods: std::collections::BTreeSet::new(), ..named }).collect();
        if !self.covers.contains("extent: one") {
            return None;
        }
        let (periods, _) = fits(self.files, of, Extent::One, &named, self.calendar)?;
        periods.into_iter().map(|periods| periods.first().copied()).collect()
    }
}

/// The column, and how it is read.
fn found<'e>(evidence: &'e Evidence, date: Option<&Seen>, table: &Contract, covers: &Covered<'_>) -> Option<(&'e Seen, Way)> {
    if date.is_some() || ["fiscal_year", "period"].iter().any(|name| table.column(name).is_none()) {
        return None;
    }
    let periods = covers.periods(evidence)?;
    let is_named = |seen: &&Seen| {
        let heading = words(&seen.heading);
        SAYS.contains(&heading.as_str()) || (heading.ends_with(" period") && !heading.contains("pay"))
    };
    let is_text = |seen: &&Seen| !matches!(evidence.kind(seen), Kind::Money | Kind::Quantity | Kind::Date | Kind::Empty);
    let mut all = evidence.columns.iter().filter(is_named).filter(is_text).filter_map(|seen| {
        let mut ways = WAYS.iter().map(|(shape, counts)| Way { shape: *shape, counts: *counts });
        let fits = |way: &Way| seen.places.len() == periods.len() && way.fits(evidence, seen, &periods, covers.calendar);
        let way = ways.by_ref().find(fits)?;
        ways.all(|other| !fits(&other)).then_some((seen, way))
    });
    let one = all.next()?;
    all.next().is_none().then_some(one)
}

/// A way in which a text says a period.
#[derive(Clone, Copy, Debug)]
struct Way {
    shape: Shape,
    counts: Counts,
}

impl Way {
    /// Whether more than half of the rows of each sample say its period, and all say one.
    fn fits(self, evidence: &Evidence, seen: &Seen, periods: &[Period], calendar: Calendar) -> bool {
        periods.iter().enumerate().all(|(sample, period)| {
            let Some(column) = evidence.column(seen, sample).filter(|column| column.distinct == Some(column.values.len() as u64)) else {
                return false;
            };
            let says = |text: &str| self.read(text.trim(), calendar, *period);
            let own: u64 = column.values.iter().filter(|(text, _)| says(text) == Some(*period)).map(|(_, rows)| *rows).sum();
            own * 2 > column.filled.of && column.values.iter().all(|(text, _)| says(text).is_some())
        })
    }

    /// The period that it says in a file of another; `None` where the SQL knows none either.
    fn read(self, text: &str, calendar: Calendar, of: Period) -> Option<Period> {
        let (year, number) = self.shape.parts(text).filter(|(_, number)| self.numbers().contains(number))?;
        let period = self.period(number, calendar);
        let year = match year.filter(|year| years(of.year).contains(year)) {
            Some(year) => year - self.less(number, calendar),
            None if self.shape.has_year() => return None,
            None => of.year + year_after(period, of.period),
        };
        Some(Period { year, period })
    }

    /// The numbers that say a period: twelve months, or twelve periods and that of closing entries.
    const fn numbers(self) -> RangeInclusive<u8> {
        match self.counts {
            Counts::Months => 1..=12,
            Counts::Periods | Counts::PeriodsOfEnd => 1..=CLOSING,
        }
    }

    /// The period of a number.
    fn period(self, number: u8, calendar: Calendar) -> u8 {
        match self.counts {
            Counts::Months => calendar.period_of_month(2025, number).period,
            Counts::Periods | Counts::PeriodsOfEnd => number,
        }
    }

    /// By how much its financial year is less than the year that is printed.
    fn less(self, number: u8, calendar: Calendar) -> i16 {
        match self.counts {
            Counts::Months => 2025 - calendar.period_of_month(2025, number).year,
            Counts::Periods => 0,
            Counts::PeriodsOfEnd => 1,
        }
    }

    /// The expressions of year and period; both are nothing where the text is of another shape, and a number that is no period makes its
    /// row a faulty one. Text becomes no number in SQL, so that each is written out; `of` is the year of the samples.
    fn sql(self, column: &str, calendar: Calendar, of: i16) -> (String, String) {
        let (pattern, year, number, texts) = self.shape.sql(column);
        let numbers = || self.numbers().map(|at| (texts(at), self.period(at, calendar)));
        let whens = |of: &dyn Fn(u8) -> Option<u8>| -> String {
            let one = |(text, period): (String, u8)| Some(format!(" WHEN '{text}' THEN {}", of(period)?));
            format!("CASE {number}{}", numbers().filter_map(one).collect::<String>())
        };
        // What is none is a fault of its row.
        let periods = format!("{} ELSE 0 END", whens(&Some));
        let years = match year {
            None => {
                let (before, after) = (whens(&year_before_until), whens(&year_after_from));
                format!(
                    "delivery_year + CASE WHEN delivery_period <= {before} END THEN -1 WHEN delivery_period >= {after} END THEN 1 ELSE 0 END"
                )
            }
            Some((text, digits)) => {
                let one = |year: i16| {
                    let printed = year.to_string();
                    format!(" WHEN '{}' THEN {year}", printed.get(4 - digits..).unwrap_or(&printed))
                };
                let printed = format!("CASE {text}{} END", years(of).map(one).collect::<String>());
                let less: Vec<String> = self.numbers().filter(|at| self.less(*at, calendar) > 0).map(texts).collect();
                match less.len() {
                    0 => printed,
                    all if all == self.numbers().count() => format!("{printed} - 1"),
                    _ => format!("{printed} - CASE WHEN {number} IN ('{}') THEN 1 ELSE 0 END", less.join("', '")),
                }
            }
        };
        let only = |what: &str, kind: &str| format!("CASE WHEN regexp_like({column}, '{pattern}') THEN CAST({what} AS {kind}) END");
        (only(&years, "SMALLINT"), only(&periods, "TINYINT"))
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
    const fn has_year(self) -> bool {
        matches!(self, Self::YearFirst | Self::YearLast | Self::MonthYear)
    }

    /// Year, where it is printed, and number.
    fn parts(self, text: &str) -> Option<(Option<i16>, u8)> {
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<i16>().ok()).flatten();
        let number = |text: &str| u8::try_from(digits(text).filter(|_| (1..=2).contains(&text.len()))?).ok();
        let year = |text: &str| digits(text).filter(|_| text.len() == 4 && text.starts_with("20"));
        match self {
            Self::Number => Some((None, number(text.strip_prefix(['P', 'p']).unwrap_or(text))?)),
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
            Self::YearFirst => {
                ("^20[0-9]{2}[-/. ]?[Pp]?[0-9]{2}$", Some((format!("left({column}, 4)"), 4)), format!("right({column}, 2)"), two)
            }
            Self::YearLast => ("^[0-9]{2}[-/. ]20[0-9]{2}$", Some((format!("right({column}, 4)"), 4)), format!("left({column}, 2)"), two),
            Self::Month => ("^[A-Za-z]{3,9}$", None, letters, name),
            Self::MonthYear => ("^[A-Za-z]{3,9}[-/. ](20)?[0-9]{2}$", Some((format!("right({column}, 2)"), 2)), letters, name),
        }
    }
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
            let shapes = [Shape::Number, Shape::YearFirst, Shape::YearLast, Shape::Month, Shape::MonthYear];
            shapes.iter().filter_map(|shape| shape.parts(text).map(|(year, number)| (*shape, year, number))).collect()
        };
        assert_eq!(ways("3"), [(Shape::Number, None, 3)]);
        assert_eq!(ways("P03"), [(Shape::Number, None, 3)]);
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
