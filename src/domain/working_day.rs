//! Working days: Monday to Friday without bank holidays.

use std::{collections::BTreeSet, fmt};

use super::Day;

/// Days on which nobody works although they are no Saturday and no Sunday, and how far they are known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holidays {
    days: BTreeSet<Day>,
}

/// How many working days a day lies before or after another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WorkingDays(pub i64);

impl fmt::Display for WorkingDays {
    /// `1 working day`, `3 working days`; without the sign.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days = self.0.unsigned_abs();
        write!(f, "{days} working day{}", if days == 1 { "" } else { "s" })
    }
}

impl Holidays {
    #[must_use]
    pub fn new(days: impl IntoIterator<Item = Day>) -> Self {
        Self { days: days.into_iter().collect() }
    }

    /// The last day for which holidays are known: 31 December of the last year that has one. `None` where none is known at all.
    #[must_use]
    pub fn known_until(&self) -> Option<Day> {
        let (year, _, _) = self.days.last()?.ymd();
        Day::from_ymd(year, 12, 31)
    }

    #[must_use]
    pub fn is_working_day(&self, day: Day) -> bool {
        !day.is_weekend() && !self.days.contains(&day)
    }

    /// The n-th working day after a day; the day itself for 0, whatever it is.
    #[must_use]
    pub fn nth_after(&self, day: Day, n: u32) -> Day {
        let mut at = day;
        for _ in 0..n {
            at = at.plus_days(1);
            while !self.is_working_day(at) {
                at = at.plus_days(1);
            }
        }
        at
    }

    /// Working days in `(from, to]`; where `to` is the earlier one, those in `(to, from]`, below nought.
    #[must_use]
    pub fn between(&self, from: Day, to: Day) -> WorkingDays {
        let (first, last, sign) = if from <= to { (from, to, 1) } else { (to, from, -1) };
        let days = (first.0.saturating_add(1)..=last.0).filter(|day| self.is_working_day(Day(*day))).count();
        WorkingDays(sign * i64::try_from(days).unwrap_or(i64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> Day {
        Day::parse_iso(text).unwrap()
    }

    #[test]
    fn a_holiday_and_a_weekend_are_passed_over() {
        let holidays = Holidays::new([day("2018-05-07"), day("2018-05-28")]);
        assert_eq!(holidays.nth_after(day("2018-04-30"), 5), day("2018-05-08"));
        assert_eq!(holidays.nth_after(day("2018-06-30"), 5), day("2018-07-06"));
        assert_eq!(holidays.between(day("2018-07-06"), day("2018-07-11")), WorkingDays(3));
        assert_eq!(holidays.between(day("2018-07-06"), day("2018-07-05")), WorkingDays(-1));
        assert_eq!(holidays.between(day("2018-07-06"), day("2018-07-08")), WorkingDays(0));
        assert_eq!(holidays.known_until(), Some(day("2018-12-31")));
        assert_eq!((WorkingDays(-1).to_string(), WorkingDays(3).to_string()), ("1 working day".into(), "3 working days".into()));
    }

    proptest! {
        /// The n-th working day after a day is one, and as many lie between.
        #[test]
        fn counting_there_and_back_agrees(start in 16_000i32..22_000, n in 1u32..40, off in proptest::collection::btree_set(16_000i32..22_100, 0..60)) {
            let holidays = Holidays::new(off.into_iter().map(Day));
            let at = holidays.nth_after(Day(start), n);
            prop_assert!(holidays.is_working_day(at));
            prop_assert_eq!(holidays.between(Day(start), at), WorkingDays(i64::from(n)));
            prop_assert_eq!(holidays.between(at, Day(start)), WorkingDays(-i64::from(n)));
        }
    }
}
