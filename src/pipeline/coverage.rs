//! From what a name or a file says to the periods that a delivery covers.

use crate::{
    diagnostic::{Answer, Diagnostic, Place, codes::config},
    domain::{Calendar, Coverage, Day, Period},
};

use super::{CoverCalendar, CoverFrom, Covers, Delivers, Extent, Feed, FilePattern, NameFacts, NamePart};

/// Periods of a year without the closing one.
const MONTHS: u8 = 12;

impl Feed {
    /// What a file covers by its name; `None` where that is to be read from the file itself ([`Feed::coverage_from_text`]).
    ///
    /// # Errors
    /// TC0618 where the name does not tell.
    pub fn coverage(&self, name: &str, facts: &NameFacts, calendar: Calendar) -> Answer<Option<Coverage>> {
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
        let found = self.covers.resolve(facts, calendar).map(Some);
        found.ok_or_else(|| self.no_coverage("the file's name does not say which period it covers").place(self.place_of(name)).into())
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
            None => format!("a name like `{}`", self.files.text),
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
            Extent::One => Coverage::new(vec![self.period(facts, calendar)?]),
            Extent::ToDate => {
                let last = self.period(facts, calendar)?;
                span(last.year, last.period)
            }
            Extent::Year => match self.fiscal_year(facts) {
                Some(year) => span(year, MONTHS),
                None => span(self.period(facts, calendar)?.year, MONTHS),
            },
            Extent::Listed => None,
        }
        .filter(|coverage| coverage.last().period <= calendar.closing_period)
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
        let year = has(NamePart::FiscalYear) || (fiscal && has(NamePart::Year));
        let period = (year && (has(NamePart::Period) || has(NamePart::Month)))
            || (!fiscal && has(NamePart::Year) && has(NamePart::Month))
            || has(NamePart::Date);
        match self.extent {
            Extent::Listed => None,
            Extent::Year if year || period => None,
            Extent::Year => Some("`{fiscal_year}`, or `{year}` with `calendar: fiscal`"),
            _ if period => None,
            _ if fiscal => Some("`{fiscal_year}` (or `{year}`) with `{period}` or `{month}`, or `{date}`"),
            _ => Some("`{year}` with `{month}`, or `{date}`"),
        }
    }
}

/// A period as preambles print it: `April 2023`, `2018-19`, `2018/19 P04`, `04/2023`.
///
/// `2011-12` is a year of a fiscal calendar and a month of the other.
fn usual_spelling(text: &str, calendar: CoverCalendar) -> Option<NameFacts> {
    const MONTHLY: [&str; 7] =
        ["{month} {year}", "{month}-{year}", "{month}/{year}", "{year}-{month}", "{year}/{month}", "{year}{month}", "{date}"];
    const YEARLY: [&str; 6] = [
        "{fiscal_year}",
        "{fiscal_year} P{period}",
        "{fiscal_year} Period {period}",
        "P{period} {fiscal_year}",
        "Period {period} {fiscal_year}",
        "Period {period} of {fiscal_year}",
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
        let covers = Covers { calendar, extent, from: None };
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
    fn a_year_replaces_its_closing_period_too() {
        let months = |year| (1..=12).map(move |period| Period { year, period });
        let coverage = Coverage::new(months(2018).collect()).unwrap();
        assert_eq!(Covers::beside(Extent::Year, &coverage, APRIL), [Period { year: 2018, period: 13 }]);
        assert_eq!(Covers::beside(Extent::ToDate, &coverage, APRIL), []);
    }

    #[test]
    fn a_pattern_that_cannot_tell_is_told_so() {
        let month = Covers { calendar: CoverCalendar::Month, extent: Extent::One, from: None };
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
        assert_eq!(facts("some time"), None);
        assert_eq!(facts("2011-12"), Some((Some(2011), Some(12))));
        assert_eq!(usual_spelling("2011-12", CoverCalendar::Fiscal).unwrap().fiscal_year, Some(2011));
    }
}
