//! From what a name or a file says to the periods that a delivery covers.

use crate::{
    diagnostic::{Answer, Diagnostic, Place, codes::config},
    domain::{Calendar, Coverage, Day, Period},
};

use super::{
    CoverCalendar, CoverFrom, Covers, Delivers, Extent, Feed, FilePattern, NameFacts, NamePart,
    pattern::{Stretch, Which},
};

/// Periods of a year without the closing one.
const MONTHS: u8 = 12;

/// Periods of a quarter, and of a half.
const QUARTER: u8 = 3;
const HALF: u8 = 6;

impl Feed {
    /// What a file covers by its name; `None` where that is to be read from the file itself ([`Feed::coverage_from_text`]).
    ///
    /// # Errors
    /// TC0618 where the name does not tell, or two patterns of `files` read two things in it.
    pub fn coverage(&self, name: &str, calendar: Calendar) -> Answer<Option<Coverage>> {
        if let Some(day) = self.as_at(name) {
            return Ok(Coverage::new(vec![calendar.period_of(day)]));
        }
        if self.covers.from.is_some() {
            return Ok(None);
        }
        if self.covers.extent == Extent::Listed {
            let periods = self.listed.get(name).map(|listed| listed.periods.clone()).unwrap_or_default();
            return Coverage::new(periods)
                .map(Some)
                .ok_or_else(|| self.no_coverage("the file is not in the feed's list of controls").place(self.place_of(name)).into());
        }
        let inside = self.covers.in_name.iter().find_map(|shape| self.covers.resolve(&shape.find(name)?, calendar));
        if inside.is_some() {
            return Ok(inside);
        }
        let by = |(pattern, facts): (&FilePattern, NameFacts)| Some((pattern.text.clone(), self.covers.resolve(&facts, calendar)?));
        let mut found = self.files.readings(name).filter_map(by);
        let Some((pattern, coverage)) = found.next() else {
            return Err(self.no_coverage("the file's name does not say which period it covers").place(self.place_of(name)).into());
        };
        if let Some((other, otherwise)) = found.find(|(_, other)| *other != coverage) {
            let seen = format!("the file's name is {coverage} by `{pattern}` and {otherwise} by `{other}`");
            return Err(self.no_coverage(&seen).place(self.place_of(name)).into());
        }
        Ok(Some(coverage))
    }

    /// Whether a file can cover several periods.
    #[must_use]
    pub fn may_cover_several(&self) -> bool {
        let format = match &self.covers.from {
            Some(CoverFrom::Record { format, .. }) => Some(format),
            Some(CoverFrom::Header { format, .. }) => format.as_ref(),
            None => None,
        };
        match self.covers.extent {
            Extent::Quarter | Extent::Half | Extent::ToDate | Extent::Year => true,
            Extent::Listed => self.listed.values().any(|listed| listed.periods.len() > 1),
            Extent::One => self.files.0.iter().chain(&self.covers.in_name).chain(format).any(FilePattern::tells_a_stretch),
        }
    }

    /// The day of which a snapshot tells, by the name of its file; `None` for a feed that delivers no snapshots.
    #[must_use]
    pub fn as_at(&self, name: &str) -> Option<Day> {
        let facts = (self.delivers == Delivers::Snapshot).then(|| self.files.matches(name))?;
        facts?.date
    }

    /// What a file covers by the text found in the named field of its control record, or after the label in its preamble.
    ///
    /// # Errors
    /// TC0618 where the text does not tell.
    pub fn coverage_from_text(&self, found: &str, calendar: Calendar) -> Answer<Coverage> {
        let found = found.trim();
        let facts = match &self.covers.from {
            Some(CoverFrom::Record { format, .. } | CoverFrom::Header { format: Some(format), .. }) => format.matches(found),
            Some(CoverFrom::Header { format: None, .. }) => usual_spelling(found, self.covers.calendar),
            None => None,
        };
        let coverage = facts.and_then(|facts| self.covers.resolve(&facts, calendar));
        let shown = if self.personal.is_some() { "what the file says".to_owned() } else { format!("`{}`", found.escape_debug()) };
        coverage.ok_or_else(|| self.no_coverage(&format!("{shown} does not say which period the file covers")).into())
    }

    /// Periods that a delivery of this coverage replaces beside it: a yearly extract also brings the closing entries of its year, though
    /// its coverage, and so its identity, stays the months of the year.
    #[must_use]
    pub fn beside(&self, coverage: &Coverage, calendar: Calendar) -> Vec<Period> {
        Covers::beside(self.covers.extent, coverage, calendar)
    }

    /// Every period that a delivery of this coverage replaces.
    #[must_use]
    pub fn replaces(&self, coverage: &Coverage, calendar: Calendar) -> Coverage {
        coverage.and(self.beside(coverage, calendar))
    }

    fn place_of(&self, name: &str) -> Place {
        Place::file(format!("{}: {name}", self.name()))
    }

    fn no_coverage(&self, seen: &str) -> Diagnostic {
        let expected = match &self.covers.from {
            Some(CoverFrom::Record { record, field, format }) => format!("`{}` in field {field} of the record `{record}`", format.text),
            Some(CoverFrom::Header { label, format }) => {
                let shape = format.as_ref().map_or("a period", |f| f.text.as_str());
                format!("{shape} after `{label}` in the preamble")
            }
            None if self.covers.extent == Extent::Listed => {
                format!("a row for the file in controls/{}.csv, with year and period", self.name())
            }
            None if !self.covers.in_name.is_empty() => {
                let parts: Vec<String> = self.covers.in_name.iter().map(|shape| format!("`{}`", shape.text)).collect();
                format!("a name like {}, with {} in it", self.files.shown(), parts.join(" or "))
            }
            None => format!("a name like {}", self.files.shown()),
        };
        Diagnostic::new(config::NO_COVERAGE, seen)
            .expected(expected)
            .outcome("the file is not used; what was accepted before stays")
            .hint(format!("Ask the sender, or correct `files` or `covers` in {}.", self.file))
    }
}

impl Covers {
    fn beside(extent: Extent, coverage: &Coverage, calendar: Calendar) -> Vec<Period> {
        if extent != Extent::Year {
            return Vec::new();
        }
        let closing = coverage.periods().iter().map(|p| Period { year: p.year, period: calendar.closing_period });
        let beside = Coverage::new(closing.filter(|p| !coverage.contains(*p)).collect());
        beside.map(|beside| beside.periods().to_vec()).unwrap_or_default()
    }

    /// The periods that the facts name; `None` where they do not name any.
    #[must_use]
    pub fn resolve(&self, facts: &NameFacts, calendar: Calendar) -> Option<Coverage> {
        let span = |year: i16, last: u8| Coverage::new((1..=last).map(|period| Period { year, period }).collect());
        match self.extent {
            Extent::One => match facts.stretch {
                Some(stretch) => self.stretch(facts, stretch, calendar),
                None => Coverage::new(vec![self.period(facts, calendar)?]),
            },
            Extent::Quarter => self.whole(facts, QUARTER, calendar),
            Extent::Half => self.whole(facts, HALF, calendar),
            Extent::ToDate => {
                let last = self.last_told(facts, calendar)?;
                span(last.year, last.period)
            }
            Extent::Year => match self.fiscal_year(facts) {
                Some(year) => span(year, MONTHS),
                None => span(self.last_told(facts, calendar)?.year, MONTHS),
            },
            Extent::Listed => None,
        }
        .filter(|coverage| coverage.last().period <= calendar.closing_period)
        .and_then(|coverage| self.earlier(coverage))
    }

    /// The month so many before, where a name bears the day on which the file was made.
    fn earlier(&self, coverage: Coverage) -> Option<Coverage> {
        if self.before == 0 {
            return Some(coverage);
        }
        let [one] = coverage.periods() else { return None };
        (one.period <= MONTHS).then_some(())?;
        let months = i32::from(one.year) * i32::from(MONTHS) + i32::from(one.period) - 1 - i32::from(self.before);
        let year = i16::try_from(months.div_euclid(i32::from(MONTHS))).ok()?;
        let period = u8::try_from(months.rem_euclid(i32::from(MONTHS)) + 1).ok()?;
        Coverage::new(vec![Period { year, period }])
    }

    /// The quarter or half that a name says, or the one in which its period lies.
    fn whole(&self, facts: &NameFacts, months: u8, calendar: Calendar) -> Option<Coverage> {
        match facts.stretch {
            Some(stretch) if stretch.months == months => self.stretch(facts, stretch, calendar),
            Some(_) => None,
            None => {
                let within = self.period(facts, calendar).filter(|period| period.period <= MONTHS)?;
                let first = (within.period - 1) / months * months + 1;
                Coverage::new((first..first + months).map(|period| Period { period, ..within }).collect())
            }
        }
    }

    /// The last period that a name says.
    fn last_told(&self, facts: &NameFacts, calendar: Calendar) -> Option<Period> {
        match facts.stretch {
            Some(stretch) => self.stretch(facts, stretch, calendar).map(|coverage| coverage.last()),
            None => self.period(facts, calendar),
        }
    }

    /// The periods of a quarter or half. One that reaches from one year of the name's calendar into the next is none: of which of them
    /// the name gives the year, it does not say.
    fn stretch(&self, facts: &NameFacts, stretch: Stretch, calendar: Calendar) -> Option<Coverage> {
        let (fiscal, by_number) = (self.fiscal_year(facts), |number: u8| (number - 1) * stretch.months + 1);
        if let Some(year) = fiscal {
            let first = match stretch.which {
                Which::Number(number) => by_number(number),
                Which::From(month) => calendar.period_of_month(i32::from(year), month).period,
            };
            let last = first + stretch.months - 1;
            return Coverage::new((first..=last).map(|period| Period { year, period }).collect()).filter(|_| last <= MONTHS);
        }
        let (year, first) = (
            facts.year?,
            match stretch.which {
                Which::Number(number) => by_number(number),
                Which::From(month) => month,
            },
        );
        let last = first + stretch.months - 1;
        Coverage::new((first..=last).map(|month| calendar.period_of_month(i32::from(year), month)).collect()).filter(|_| last <= MONTHS)
    }

    /// The last period of what one file covers, for a period that lies in it.
    #[must_use]
    pub fn ends(&self, period: Period, calendar: Calendar) -> Period {
        let of = |months: u8| Period { period: (period.period - 1) / months * months + months, ..period };
        match self.extent {
            _ if calendar.is_closing(period) => period,
            Extent::Quarter => of(QUARTER),
            Extent::Half => of(HALF),
            Extent::Year => of(MONTHS),
            Extent::One | Extent::ToDate | Extent::Listed => period,
        }
    }

    fn fiscal_year(&self, facts: &NameFacts) -> Option<i16> {
        let starting = if self.calendar == CoverCalendar::Fiscal { facts.year } else { None };
        facts.fiscal_year.or(starting)
    }

    fn period(&self, facts: &NameFacts, calendar: Calendar) -> Option<Period> {
        if let (Some(year), Some(period)) = (self.fiscal_year(facts), facts.period) {
            return Some(Period { year, period });
        }
        if let (Some(year), Some(month)) = (self.fiscal_year(facts), facts.month) {
            let period = calendar.period_of_month(i32::from(year), month).period;
            return Some(Period { year, period });
        }
        if let (CoverCalendar::Month, Some(year), Some(month)) = (self.calendar, facts.year, facts.month) {
            return Some(calendar.period_of_month(i32::from(year), month));
        }
        facts.date.map(|day| calendar.period_of(day))
    }

    /// Why names of this pattern cannot tell what is covered; `None` where they can.
    #[must_use]
    pub fn lacking(&self, pattern: &FilePattern) -> Option<&'static str> {
        let has = |part: NamePart| pattern.always_has(&part);
        let fiscal = self.calendar == CoverCalendar::Fiscal;
        let year = pattern.always_has_fiscal_year() || (fiscal && pattern.always_has_year());
        let period = (year && (has(NamePart::Period) || has(NamePart::Month)))
            || (!fiscal && pattern.always_has_year() && has(NamePart::Month))
            || has(NamePart::Date);
        let any_year = year || pattern.always_has_year();
        let (quarter, half) = (any_year && has(NamePart::Quarter), any_year && has(NamePart::Half));
        match self.extent {
            Extent::Listed => None,
            Extent::Year if year || period || quarter || half => None,
            Extent::Year => Some("`{fiscal_year}`, or `{year}` with `calendar: fiscal`"),
            Extent::Quarter if quarter || (period && !half) => None,
            Extent::Quarter => Some("`{quarter}` with `{fiscal_year}`, or a month of it"),
            Extent::Half if half || (period && !quarter) => None,
            Extent::Half => Some("`{half}` with `{fiscal_year}`, or a month of it"),
            _ if period || quarter || half => None,
            _ if fiscal => Some("`{fiscal_year}` (or `{year}`) with `{period}` or `{month}`, or `{date}`"),
            _ => Some("`{year}` with `{month}`, or `{date}`"),
        }
    }
}

/// A period as preambles print it: `April 2023`, `2018-19`, `2018/19 P04`, `04/2023`.
///
/// `2011-12` is a year of a fiscal calendar and a month of the other.
fn usual_spelling(text: &str, calendar: CoverCalendar) -> Option<NameFacts> {
    const MONTHLY: [&str; 9] = [
        "{month} {year}",
        "{month}-{year}",
        "{month}/{year}",
        "{year}-{month}",
        "{year}/{month}",
        "{year}{month}",
        "{date}",
        "{month} {yy}",
        "{month}-{yy}",
    ];
    const YEARLY: [&str; 11] = [
        "{fiscal_year}",
        "{fiscal_year} P{period}",
        "{fiscal_year} Period {period}",
        "P{period} {fiscal_year}",
        "Period {period} {fiscal_year}",
        "Period {period} of {fiscal_year}",
        "Q{quarter} {fiscal_year}",
        "{fiscal_year} Q{quarter}",
        "Quarter {quarter} {fiscal_year}",
        "Quarter {quarter} of {fiscal_year}",
        "{fiscal_year} Quarter {quarter}",
    ];
    let (first, then): (&[&str], &[&str]) = if calendar == CoverCalendar::Fiscal { (&YEARLY, &MONTHLY) } else { (&MONTHLY, &YEARLY) };
    let facts = |spelling: &&str| FilePattern::parse(spelling).ok()?.matches(text);
    first.iter().chain(then).find_map(facts)
}

#[cfg(test)]
mod tests {
    use super::*;

    const APRIL: Calendar = Calendar { starts_month: 4, closing_period: 13 };

    fn covered(calendar: CoverCalendar, extent: Extent, pattern: &str, name: &str) -> Option<String> {
        let covers = Covers { calendar, extent, in_name: Vec::new(), from: None, before: 0 };
        let pattern = FilePattern::parse(pattern).unwrap();
        assert_eq!(covers.lacking(&pattern), None);
        covers.resolve(&pattern.matches(name).unwrap(), APRIL).map(|c| c.to_string())
    }

    #[test]
    fn a_month_of_the_calendar_is_a_period_of_the_year() {
        use CoverCalendar::{Fiscal, Month};
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(covered(Month, Extent::One, "{year}_{month}.csv", "2024_03.csv"), some("2023/P12"));
        assert_eq!(covered(Month, Extent::ToDate, "{year}_{month}.csv", "2023_06.csv"), some("2023/P01..2023/P03"));
        assert_eq!(covered(Fiscal, Extent::One, "{year}_{period}.csv", "2023_13.csv"), some("2023/P13"));
        assert_eq!(covered(Fiscal, Extent::Year, "{fiscal_year}.csv", "2018-19.csv"), some("2018/P01..2018/P12"));
        assert_eq!(covered(Fiscal, Extent::One, "{fiscal_year}_{month}.csv", "201819_02.csv"), some("2018/P11"));
        assert_eq!(covered(Month, Extent::One, "{date}.csv", "2023-04-30.csv"), some("2023/P01"));
    }

    #[test]
    fn quarters_and_halves_are_told_by_number_or_by_months() {
        use CoverCalendar::{Fiscal, Month};
        use Extent::{Half, One, Quarter, ToDate, Year};
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(covered(Month, One, "q{quarter}_{fiscal_year}.csv", "q2_2025_26.csv"), some("2025/P04..2025/P06"));
        assert_eq!(covered(Fiscal, One, "{year} Q{quarter}.csv", "2025 Q4.csv"), some("2025/P10..2025/P12"));
        // Of the calendar's own year the first quarter is January to March.
        assert_eq!(covered(Month, One, "{year} Q{quarter}.csv", "2026 Q1.csv"), some("2025/P10..2025/P12"));
        assert_eq!(covered(Month, One, "{quarter} {year}.csv", "Jan-Mar 2026.csv"), some("2025/P10..2025/P12"));
        assert_eq!(covered(Month, One, "{quarter} {fiscal_year}.csv", "Jan-Mar 2025-26.csv"), some("2025/P10..2025/P12"));
        assert_eq!(covered(Month, One, "{quarter} {year}.csv", "Nov-Jan 2025.csv"), None, "of which year?");
        assert_eq!(covered(Month, One, "{quarter} {fiscal_year}.csv", "Mar-May 2025-26.csv"), None);
        assert_eq!(covered(Month, Half, "{half} {year}.csv", "Apr-Sep 2025.csv"), some("2025/P01..2025/P06"));
        assert_eq!(covered(Month, One, "H{half} {fiscal_yy}.csv", "H2 25-26.csv"), some("2025/P07..2025/P12"));
        assert_eq!(covered(Month, Quarter, "{month}_{year}.csv", "jun_2025.csv"), some("2025/P01..2025/P03"));
        assert_eq!(covered(Month, Half, "{date}.csv", "2026-01-31.csv"), some("2025/P07..2025/P12"));
        assert_eq!(covered(Fiscal, Quarter, "{fiscal_year}_{period}.csv", "2025_13.csv"), None, "a closing period lies in none");
        assert_eq!(covered(Month, ToDate, "q{quarter}_{fiscal_year}.csv", "q3_2025_26.csv"), some("2025/P01..2025/P09"));
        assert_eq!(covered(Month, Year, "{quarter} {year}.csv", "Jan-Mar 2026.csv"), some("2025/P01..2025/P12"));
    }

    #[test]
    fn a_quarter_is_due_when_it_is_over() {
        let ends = |extent, period| {
            let covers = Covers { calendar: CoverCalendar::Month, extent, in_name: Vec::new(), from: None, before: 0 };
            covers.ends(Period { year: 2018, period }, APRIL).period
        };
        assert_eq!([1, 3, 4, 12, 13].map(|period| ends(Extent::Quarter, period)), [3, 3, 6, 12, 13]);
        assert_eq!([1, 6, 7].map(|period| ends(Extent::Half, period)), [6, 6, 12]);
        assert_eq!(ends(Extent::ToDate, 5), 5);
    }

    #[test]
    fn a_year_replaces_its_closing_period_too() {
        let months = |year| (1..=12).map(move |period| Period { year, period });
        let coverage = Coverage::new(months(2018).collect()).unwrap();
        assert_eq!(Covers::beside(Extent::Year, &coverage, APRIL), [Period { year: 2018, period: 13 }]);
        assert_eq!(Covers::beside(Extent::ToDate, &coverage, APRIL), []);
    }

    #[test]
    fn a_pattern_that_cannot_tell_is_told_so() {
        let month = Covers { calendar: CoverCalendar::Month, extent: Extent::One, in_name: Vec::new(), from: None, before: 0 };
        let lacking = |text: &str| month.lacking(&FilePattern::parse(text).unwrap());
        assert!(lacking("{year}[_{month}].csv").is_some());
        assert!(lacking("{fiscal_year}.csv").is_some());
        assert!(lacking("{year}{month}.csv").is_none());
    }

    #[test]
    fn preambles_are_read_in_the_usual_spellings() {
        let facts = |text: &str| usual_spelling(text, CoverCalendar::Month).map(|f| (f.year.or(f.fiscal_year), f.month.or(f.period)));
        assert_eq!(facts("April 2023"), Some((Some(2023), Some(4))));
        assert_eq!(facts("2018/19 P04"), Some((Some(2018), Some(4))));
        assert_eq!(facts("2018-19"), Some((Some(2018), None)));
        assert_eq!(facts("Sept 25"), Some((Some(2025), Some(9))));
        assert_eq!(usual_spelling("Quarter 2 of 2025/26", CoverCalendar::Month).unwrap().stretch.unwrap().which, Which::Number(2));
        assert_eq!(facts("some time"), None);
        assert_eq!(facts("2011-12"), Some((Some(2011), Some(12))));
        assert_eq!(usual_spelling("2011-12", CoverCalendar::Fiscal).unwrap().fiscal_year, Some(2011));
    }
}
