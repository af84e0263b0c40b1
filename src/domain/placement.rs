//! A row's place: the period of its delivery in which it counts, and whether it lies outside of what the delivery covers.
//!
//! A row is judged by its own period where the sender gives one, and else by its date. One rule for both: what is covered counts where it
//! says; what is not counts in the last period that the delivery covers, and is outside. A row that says neither has a place only where
//! one period is covered.

use super::{Calendar, Coverage, Day, Period};

/// What a row says of its time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OwnTime {
    /// As the sender gives it; `None` where the row has none.
    pub period: Option<Period>,
    /// Posting or payment date; `None` where the row has none.
    pub date: Option<Day>,
}

/// Where a row counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// One of the periods that the delivery replaces.
    pub period: Period,
    pub standing: Standing,
}

/// How a row stands to what its delivery covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Inside,
    /// Its own period is covered, and its date is not: posted early or late, as ledgers are.
    DateOutside,
    /// Its own period is not covered; or it has none, and its date is not.
    Outside,
}

/// What a delivery covers and replaces, by the calendar of the partnership.
#[derive(Clone, Debug)]
pub struct Placement {
    calendar: Calendar,
    coverage: Coverage,
    /// Closing periods that it replaces beside its coverage: only rows whose own period they are count there.
    beside: Vec<Period>,
}

impl Placement {
    #[must_use]
    pub fn new(calendar: Calendar, coverage: Coverage, beside: Vec<Period>) -> Self {
        Self { calendar, coverage, beside }
    }

    #[must_use]
    pub fn calendar(&self) -> Calendar {
        self.calendar
    }

    #[must_use]
    pub fn coverage(&self) -> &Coverage {
        &self.coverage
    }

    /// Where the row counts; `None` where it says neither period nor date, and several periods are covered.
    #[must_use]
    pub fn place(&self, own: OwnTime) -> Option<Placed> {
        let outside = Placed { period: self.coverage.last(), standing: Standing::Outside };
        match (own.period, own.date) {
            (Some(period), date) if self.coverage.contains(period) || self.beside.contains(&period) => {
                let standing = if date.is_none_or(|day| self.date_fits(period, day)) { Standing::Inside } else { Standing::DateOutside };
                Some(Placed { period, standing })
            }
            (Some(_), _) => Some(outside),
            (None, Some(day)) => Some(self.period_for(day).map_or(outside, |period| Placed { period, standing: Standing::Inside })),
            (None, None) => match self.coverage.periods() {
                [only] => Some(Placed { period: *only, standing: Standing::Inside }),
                _ => None,
            },
        }
    }

    /// Whether the row would lie outside with day and month of its date exchanged. A date whose day is no month cannot be exchanged, and
    /// counts as outside.
    #[must_use]
    pub fn is_outside_exchanged(&self, own: OwnTime) -> bool {
        let exchanged = match own.date {
            None => None,
            Some(day) => match exchanged(day) {
                Some(day) => Some(day),
                None if own.period.is_none() => return true,
                None => None,
            },
        };
        self.place(OwnTime { date: exchanged, ..own }).is_some_and(|placed| placed.standing == Standing::Outside)
    }

    /// Whether the delivery is of a closing period alone, and the day lies in the year that it closes.
    #[must_use]
    pub fn is_within_closed_year(&self, day: Day) -> bool {
        match self.coverage.periods() {
            [only] if self.calendar.is_closing(*only) => self.calendar.period_of(day).year == only.year,
            _ => false,
        }
    }

    /// The covered period of a day: that of its month, else a closing period that may hold it.
    fn period_for(&self, day: Day) -> Option<Period> {
        let month = self.calendar.period_of(day);
        if self.coverage.contains(month) {
            return Some(month);
        }
        let holds = |period: &&Period| self.calendar.is_closing(**period) && self.closing_holds(**period, day);
        self.coverage.periods().iter().find(holds).copied()
    }

    fn date_fits(&self, period: Period, day: Day) -> bool {
        let (first, last) = self.coverage.days(self.calendar);
        (first..=last).contains(&day) || (self.calendar.is_closing(period) && self.closing_holds(period, day))
    }

    /// Closing entries are dated in the year that they close, or in the twelve months after it, while its accounts are made up.
    fn closing_holds(&self, closing: Period, day: Day) -> bool {
        let year = self.calendar.period_of(day).year;
        year == closing.year || year == closing.year.saturating_add(1)
    }
}

/// 3 April for 4 March; `None` where the day is no month.
fn exchanged(day: Day) -> Option<Day> {
    let (year, month, day_of_month) = day.ymd();
    Day::from_ymd(year, day_of_month, month)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const APRIL: Calendar = Calendar { starts_month: 4, closing_period: 13 };

    fn p(year: i16, period: u8) -> Period {
        Period { year, period }
    }

    fn day(year: i32, month: u8, day: u8) -> Option<Day> {
        Day::from_ymd(year, month, day)
    }

    fn of(periods: Vec<Period>, beside: Vec<Period>) -> Placement {
        Placement::new(APRIL, Coverage::new(periods).unwrap(), beside)
    }

    fn placed(placement: &Placement, period: Option<Period>, date: Option<Day>) -> Option<(Period, Standing)> {
        placement.place(OwnTime { period, date }).map(|placed| (placed.period, placed.standing))
    }

    #[test]
    fn a_rows_own_period_decides_before_its_date() {
        let april = of(vec![p(2018, 1)], vec![]);
        assert_eq!(placed(&april, Some(p(2017, 13)), day(2018, 4, 3)), Some((p(2018, 1), Standing::Outside)));
        assert_eq!(placed(&april, Some(p(2018, 1)), day(2018, 5, 3)), Some((p(2018, 1), Standing::DateOutside)));
        assert_eq!(placed(&april, None, day(2018, 5, 3)), Some((p(2018, 1), Standing::Outside)));
        assert_eq!(placed(&april, None, None), Some((p(2018, 1), Standing::Inside)));
    }

    #[test]
    fn a_year_takes_its_closing_entries_and_no_row_without_a_time() {
        let year = of((1..=12).map(|n| p(2018, n)).collect(), vec![p(2018, 13)]);
        assert_eq!(placed(&year, Some(p(2018, 13)), day(2019, 6, 30)), Some((p(2018, 13), Standing::Inside)));
        assert_eq!(placed(&year, Some(p(2018, 2)), day(2019, 4, 2)), Some((p(2018, 2), Standing::DateOutside)));
        assert_eq!(placed(&year, Some(p(2017, 13)), day(2018, 4, 2)), Some((p(2018, 12), Standing::Outside)));
        assert_eq!(placed(&year, None, day(2019, 4, 1)), Some((p(2018, 12), Standing::Outside)));
        assert_eq!(placed(&year, None, None), None);
    }

    #[test]
    fn a_closing_period_holds_its_year_and_the_twelve_months_after_it() {
        let closing = of(vec![p(2018, 13)], vec![]);
        let standing = |date| placed(&closing, None, date).map(|(_, standing)| standing);
        assert_eq!(standing(day(2018, 3, 31)), Some(Standing::Outside));
        assert_eq!(standing(day(2018, 4, 1)), Some(Standing::Inside));
        assert_eq!(standing(day(2020, 3, 31)), Some(Standing::Inside));
        assert_eq!(standing(day(2020, 4, 1)), Some(Standing::Outside));
        assert!(closing.is_within_closed_year(day(2019, 3, 4).unwrap()));
        assert!(!closing.is_within_closed_year(day(2019, 4, 4).unwrap()));
    }

    #[test]
    fn day_and_month_exchanged() {
        let april = of(vec![p(2018, 1)], vec![]);
        let outside = |date| april.is_outside_exchanged(OwnTime { period: None, date });
        assert!(!outside(day(2018, 3, 4)), "4 March is 3 April");
        assert!(outside(day(2018, 4, 3)));
        assert!(outside(day(2018, 3, 30)), "there is no thirtieth month");
        assert!(!outside(day(2018, 4, 4)));
    }

    fn a_period() -> impl Strategy<Value = Period> {
        (2016i16..2020, 1u8..=13).prop_map(|(year, period)| Period { year, period })
    }

    proptest! {
        /// A row has one place, and that is a period that the delivery replaces; none only where nothing tells it.
        #[test]
        fn every_row_is_placed_in_a_replaced_period(
            covered in proptest::collection::vec(a_period(), 1..14),
            with_closing in any::<bool>(),
            own in proptest::option::of(a_period()),
            date in proptest::option::of(16_800i32..18_400),
        ) {
            let coverage = Coverage::new(covered).unwrap();
            let beside: Vec<Period> = if with_closing { vec![p(coverage.last().year, 13)] } else { vec![] };
            let placement = Placement::new(APRIL, coverage.clone(), beside.clone());
            let own = OwnTime { period: own, date: date.map(Day) };
            match placement.place(own) {
                None => prop_assert!(own == OwnTime::default() && coverage.periods().len() > 1),
                Some(placed) => {
                    prop_assert!(coverage.contains(placed.period) || beside.contains(&placed.period));
                    if placed.standing == Standing::Outside {
                        prop_assert_eq!(placed.period, coverage.last());
                    }
                    if let Some(given) = own.period {
                        prop_assert_eq!(placed.standing == Standing::Outside, !coverage.contains(given) && !beside.contains(&given));
                        prop_assert!(placed.standing == Standing::Outside || placed.period == given);
                    }
                }
            }
        }
    }
}
