//! When a delivery is expected: `due` of a feed, and the bank holidays by which working days are counted.

use arrow::array::{Array as _, AsArray as _};
use arrow::datatypes::Date32Type;

use crate::{
    domain::{Calendar, Day, Holidays, Period, Span},
    schema::fields::Item,
};

use super::{Partnership, csv::read_csv};

/// The reference table of England's bank holidays.
pub const HOLIDAYS: &str = "bank_holiday";

/// The keys of `due`.
pub(super) const KEYS: &[&str] = &["working_day", "closing", "since", "missing_after"];

/// Working days after which what is late is missing, where `due` does not say.
const MISSING_AFTER: u32 = 5;

/// When the delivery of a period is expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// The delivery is due at the end of this working day after the period's last day, counted from 1.
    pub working_day: u32,
    /// Month and day on which the closing period is due, the first such day after the year; `None`: it is not expected.
    pub closing: Option<(u8, u8)>,
    /// The first period that is expected; `None` where the feed does not say.
    pub since: Option<Period>,
    /// Working days after the due day after which what is late is missing.
    pub missing_after: u32,
}

impl Due {
    /// The day at whose end the delivery of a period is due; `None` for a closing period that is not expected.
    #[must_use]
    pub fn day(&self, period: Period, calendar: Calendar, holidays: &Holidays) -> Option<Day> {
        let (_, last) = calendar.days_of(period);
        if !calendar.is_closing(period) {
            return Some(holidays.nth_after(last, self.working_day));
        }
        let (month, day) = self.closing?;
        let (year, _, _) = last.ymd();
        let in_year = |year| Day::from_ymd(year, month, day).filter(|day| *day > last);
        in_year(year).or_else(|| in_year(year + 1))
    }
}

/// What stands at `due:`; a fault is reported with its place.
pub(super) fn read(item: &Item<'_>) -> Option<Due> {
    let fields = item.fields(KEYS)?;
    let working_day = fields.need("working_day").and_then(|item| item.count(1, 23)).and_then(|n| u32::try_from(n).ok());
    let closing = fields.get("closing").map(|item| item.read("a month and day of every year, as in `06-30`", month_and_day));
    let since = fields.get("since").map(|item| item.read("a starting year and a period from P01 to P13: `2018/P01`", Period::parse));
    let missing_after = fields.get("missing_after").map(|item| item.count(0, 260).and_then(|n| u32::try_from(n).ok()));
    let said = |value: Option<Option<u32>>, default| value.map_or(Some(default), |value| value);
    Some(Due {
        working_day: working_day?,
        closing: closing.map_or(Some(None), |closing| closing.map(Some))?,
        since: since.map_or(Some(None), |since| since.map(Some))?,
        missing_after: said(missing_after, MISSING_AFTER)?,
    })
}

/// `06-30`; no 29 February, which most years have not.
fn month_and_day(text: &str) -> Option<(u8, u8)> {
    let (_, month, day) = Day::parse_iso(&format!("2023-{text}"))?.ymd();
    Some((month, day))
}

impl Partnership {
    /// England's bank holidays: those of the partnership's table that hold on their day; without the table those of the program.
    #[must_use]
    pub fn holidays(&self) -> Holidays {
        let Some(table) = self.references.get(HOLIDAYS) else { return of_the_program() };
        let column = |name: &str| table.rows.column_by_name(name).and_then(|column| column.as_primitive_opt::<Date32Type>());
        let (Some(days), Some(from), Some(to)) = (column("day"), column("valid_from"), column("valid_to")) else {
            return of_the_program();
        };
        let at = |column: &arrow::array::Date32Array, row: usize| (!column.is_null(row)).then(|| Day(column.value(row)));
        let holds = |row: usize| {
            let span = Span { from: at(from, row), to: at(to, row) };
            at(days, row).filter(|day| span.contains(*day))
        };
        Holidays::new((0..table.rows.num_rows()).filter_map(holds))
    }
}

/// The table that `truecost init` writes.
const TEXT: &str = include_str!("../../pipelines/reference/bank_holiday.csv");

/// For a partnership of a version before there was the table.
fn of_the_program() -> Holidays {
    let days = read_csv("bank_holiday.csv", TEXT).map(|table| table.rows.iter().filter_map(|row| Day::parse_iso(row.field(0))).collect());
    Holidays::new(days.unwrap_or_else(|_| Vec::new()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const APRIL: Calendar = Calendar { starts_month: 4, closing_period: 13 };

    fn due(working_day: u32, closing: Option<(u8, u8)>) -> Due {
        Due { working_day, closing, since: None, missing_after: MISSING_AFTER }
    }

    #[test]
    fn a_month_is_due_on_a_working_day_and_a_closing_period_on_its_date() {
        let holidays = of_the_program();
        let day = |due: Due, period| due.day(Period { year: 2018, period }, APRIL, &holidays).map(|day| day.to_string());
        assert_eq!(day(due(5, None), 3).as_deref(), Some("2018-07-06"));
        // Early May: the first working day after April is not 7 May.
        assert_eq!(day(due(5, None), 1).as_deref(), Some("2018-05-08"));
        assert_eq!(day(due(5, None), 12).as_deref(), Some("2019-04-05"));
        assert_eq!(day(due(5, None), 13), None);
        assert_eq!(day(due(5, Some((6, 30))), 13).as_deref(), Some("2019-06-30"));
        // The year's last day itself is no date for its closing entries.
        assert_eq!(day(due(5, Some((3, 31))), 13).as_deref(), Some("2020-03-31"));
    }

    #[test]
    fn the_program_knows_the_holidays_of_seventeen_years() {
        let holidays = of_the_program();
        assert_eq!(holidays.known_until().map(|day| day.to_string()).as_deref(), Some("2030-12-31"));
        for day in ["2022-06-03", "2022-09-19", "2023-05-08", "2020-05-08"] {
            assert!(!holidays.is_working_day(Day::parse_iso(day).unwrap()), "{day}");
        }
        for day in ["2020-05-04", "2022-05-30", "2022-06-06"] {
            assert!(holidays.is_working_day(Day::parse_iso(day).unwrap()), "{day}");
        }
    }
}
