//! The financial year and its periods.

use std::fmt;

use super::Day;
use super::day::days_in_month;

/// Period of a financial year: 1 = its first month … 12 = its last, 13 = closing.
///
/// `year` is the starting year: 2023 is 2023/24.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period {
    pub year: i16,
    pub period: u8,
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}/P{:02}", self.year, self.period))
    }
}

impl Period {
    /// `2023/P04`, as `--period` takes it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (year, period) = text.split_once("/P")?;
        let year: i16 = year.parse().ok().filter(|y| (1900..=9998).contains(y))?;
        let period: u8 = period.parse().ok().filter(|p| (1..=13).contains(p))?;
        Some(Self { year, period })
    }
}

/// How a partnership counts its year: the month in which it starts, and its closing period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Calendar {
    /// Month 1–12 on whose first day the financial year starts (April).
    pub starts_month: u8,
    /// The period that holds closing entries (13), dated on the last day of the year.
    pub closing_period: u8,
}

impl fmt::Display for Calendar {
    /// `04-01, closing period 13`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}-01, closing period {}", self.starts_month, self.closing_period)
    }
}

impl Calendar {
    /// Every period from one to another, both included, closing periods after the last month of their year.
    pub fn periods(self, first: Period, last: Period) -> impl Iterator<Item = Period> {
        let of_year = move |year: i16| (1..=self.closing_period).map(move |period| Period { year, period });
        (first.year..=last.year).flat_map(of_year).filter(move |period| (first..=last).contains(period))
    }

    /// The financial year and month-period of a day.
    #[must_use]
    pub fn period_of(self, day: Day) -> Period {
        let (year, month, _) = day.ymd();
        self.period_of_month(year, month)
    }

    /// The period of a calendar month.
    #[must_use]
    pub fn period_of_month(self, year: i32, month: u8) -> Period {
        let before_start = month < self.starts_month;
        let start_year = if before_start { year - 1 } else { year };
        let period = (month + 12 - self.starts_month) % 12 + 1;
        Period { year: i16::try_from(start_year).unwrap_or(i16::MAX), period }
    }

    /// First and last day of a period; the closing period is the last day of the year.
    #[must_use]
    pub fn days_of(self, period: Period) -> (Day, Day) {
        let offset = period.period.clamp(1, 12) - 1;
        let month = (self.starts_month - 1 + offset) % 12 + 1;
        let year = i32::from(period.year) + i32::from(self.starts_month + offset > 12);
        let last_day = days_in_month(year, month);
        let first = Day::from_ymd(year, month, 1).unwrap_or(Day(0));
        let last = Day::from_ymd(year, month, last_day).unwrap_or(Day(0));
        if self.is_closing(period) { (last, last) } else { (first, last) }
    }

    /// Whether it is a period that holds closing entries.
    #[must_use]
    pub const fn is_closing(self, period: Period) -> bool {
        period.period >= self.closing_period
    }

    /// A line's effective date: its own date clamped to its delivery period; the period's last day where it has none.
    #[must_use]
    pub fn effective_date(self, own: Option<Day>, delivery_period: Period) -> Day {
        let (first, last) = self.days_of(delivery_period);
        own.map_or(last, |day| day.clamp(first, last))
    }
}

/// The periods that a delivery replaces: never empty, in order, without doubles.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Coverage(Vec<Period>);

impl Coverage {
    /// `None` where no period is given.
    #[must_use]
    pub fn new(mut periods: Vec<Period>) -> Option<Self> {
        periods.sort_unstable();
        periods.dedup();
        (!periods.is_empty()).then_some(Self(periods))
    }

    #[must_use]
    pub fn periods(&self) -> &[Period] {
        &self.0
    }

    /// With more periods.
    #[must_use]
    pub fn and(&self, more: impl IntoIterator<Item = Period>) -> Self {
        Self::new(self.0.iter().copied().chain(more).collect()).unwrap_or_else(|| self.clone())
    }

    #[must_use]
    pub fn contains(&self, period: Period) -> bool {
        self.0.binary_search(&period).is_ok()
    }

    /// A row's delivery period: its own if covered, else the last one covered.
    #[must_use]
    pub fn delivery_period(&self, own: Option<Period>) -> Period {
        own.filter(|p| self.contains(*p)).unwrap_or_else(|| self.last())
    }

    #[must_use]
    pub fn first(&self) -> Period {
        self.0.first().copied().unwrap_or(Period { year: 0, period: 1 })
    }

    #[must_use]
    pub fn last(&self) -> Period {
        self.0.last().copied().unwrap_or(Period { year: 0, period: 1 })
    }

    /// The days from the first covered period's first day to the last one's last day, inclusive.
    #[must_use]
    pub fn days(&self, calendar: Calendar) -> (Day, Day) {
        (calendar.days_of(self.first()).0, calendar.days_of(self.last()).1)
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.len() == 1 { write!(f, "{}", self.first()) } else { write!(f, "{}..{}", self.first(), self.last()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const APRIL: Calendar = Calendar { starts_month: 4, closing_period: 13 };

    #[test]
    fn april_is_period_one_and_march_period_twelve() {
        let day = |y, m, d| Day::from_ymd(y, m, d).unwrap_or(Day(0));
        assert_eq!(APRIL.period_of(day(2023, 4, 1)), Period { year: 2023, period: 1 });
        assert_eq!(APRIL.period_of(day(2024, 3, 31)), Period { year: 2023, period: 12 });
        assert_eq!(APRIL.days_of(Period { year: 2023, period: 11 }), (day(2024, 2, 1), day(2024, 2, 29)));
        assert_eq!(APRIL.days_of(Period { year: 2023, period: 13 }), (day(2024, 3, 31), day(2024, 3, 31)));
        assert_eq!(APRIL.effective_date(Some(day(2002, 6, 22)), Period { year: 2023, period: 3 }), day(2023, 6, 1));
    }

    #[test]
    fn a_january_year_works_too() {
        let january = Calendar { starts_month: 1, closing_period: 13 };
        let december = Period { year: 2023, period: 12 };
        assert_eq!(january.days_of(december).1, Day::from_ymd(2023, 12, 31).unwrap_or(Day(0)));
    }

    #[test]
    fn a_row_outside_goes_to_the_last_covered_period() {
        let p = |period| Period { year: 2018, period };
        let coverage = Coverage::new((1..=12).map(p).collect()).unwrap_or_else(|| unreachable!());
        assert_eq!(coverage.delivery_period(Some(p(3))), p(3));
        assert_eq!(coverage.delivery_period(Some(Period { year: 2017, period: 3 })), p(12));
        assert_eq!(coverage.delivery_period(None), p(12));
    }
}
