//! Numbers of a workbook: doubles, which leave this file as decimal text alone. No float ever meets money.
//!
//! The text is the shortest that is read back as the same double, never in powers of ten: `568592951.42999995`. What it is worth in pence
//! says the exact parser, by the contract's styles and `noise`, as for any text.

use std::fmt::Write as _;

use super::cells::Kind;
use crate::domain::Day;

/// A number as a workbook holds it: a double that is a number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct WorkbookNumber(f64);

/// Whole numbers from here on are not all doubles, and Excel shows 15 digits of any: what is longer is an identifier that was lost.
const LONG: f64 = 1e15;

/// Days from the first of the calendar that Excel counts from 1900 to 1 January 1970.
const EPOCH_1900: i64 = 25_569;
/// Days from 1 January 1904 to 1 January 1970.
const EPOCH_1904: i64 = 24_107;
/// The day before 1 January 10000 in the 1900 system.
const LAST_SERIAL: f64 = 2_958_466.0;
/// 29 February 1900, which never was.
const NO_SUCH_DAY: i64 = 60;
const MILLISECONDS: f64 = 86_400_000.0;

impl WorkbookNumber {
    /// `None`: not a number, or infinite, which no honest workbook holds.
    pub(super) fn new(value: f64) -> Option<Self> {
        // Nought has one sign.
        value.is_finite().then_some(Self(if value == 0.0 { 0.0 } else { value }))
    }

    /// Appends the shortest decimal text that is read back as the same double.
    pub(super) fn write(self, out: &mut String) {
        // What is whole and small enough is written by the quicker way: the text is the same.
        if self.0.abs() < LONG && self.0.fract() == 0.0 {
            let _ = write!(out, "{}", self.0 as i64);
        } else {
            let _ = write!(out, "{}", self.0);
        }
    }

    /// A whole number of 16 digits or more: its last digits may not be those that were typed.
    pub(super) fn is_long(self) -> bool {
        self.0.abs() >= LONG && self.0.fract() == 0.0
    }

    /// Appends the day of a cell that is shown as a date, with its time where it has one: `2025-10-03`, `2025-10-03T09:05:00`; a time alone
    /// where there is no day. 29 February 1900 is written as it stands there, for no calendar to find.
    /// Where no calendar has it, nothing is appended.
    pub(super) fn write_date(self, from_1904: bool, out: &mut String) -> Dated {
        let first = i64::from(!from_1904);
        if self.0 < 0.0 || self.0 >= LAST_SERIAL {
            return Dated::Not;
        }
        let (mut day, mut time) = (self.0.floor() as i64, ((self.0 - self.0.floor()) * MILLISECONDS).round() as i64);
        if time == MILLISECONDS as i64 {
            (day, time) = (day + 1, 0);
        }
        let clock = |out: &mut String| {
            let seconds = time / 1000;
            let _ = write!(out, "{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
        };
        if day < first || (from_1904 && day == 0 && time > 0) {
            clock(out);
            return Dated::Time;
        }
        if !from_1904 && day == NO_SUCH_DAY {
            out.push_str("1900-02-29");
        } else {
            // Before the day that never was, the count is one day less behind.
            let since_1970 = if from_1904 { day - EPOCH_1904 } else { day - EPOCH_1900 + i64::from(day < NO_SUCH_DAY) };
            let _ = write!(out, "{}", Day(since_1970 as i32));
        }
        if time > 0 {
            out.push('T');
            clock(out);
        }
        Dated::Day
    }
}

/// Appends a number of a cell, and says what it is; one that is none is an error of the sheet's.
pub(super) fn write_number(number: f64, out: &mut String) -> Kind {
    let Some(number) = WorkbookNumber::new(number) else {
        out.push_str("#NUM!");
        return Kind::Error;
    };
    number.write(out);
    if number.is_long() { Kind::LongNumber } else { Kind::Number }
}

/// What a cell shown as a date turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dated {
    Day,
    /// A time of the day without a day.
    Time,
    /// No calendar has it.
    Not,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{decode::MoneyRules, schema::MoneyStyle::Plain};

    fn text(value: f64) -> String {
        let mut out = String::new();
        WorkbookNumber::new(value).unwrap().write(&mut out);
        out
    }

    fn date(value: f64, from_1904: bool) -> String {
        let mut out = String::new();
        WorkbookNumber::new(value).unwrap().write_date(from_1904, &mut out);
        out
    }

    #[test]
    fn x20_a_double_is_its_shortest_decimal_text() {
        // Seventeen digits of it are 568592951.42999995; it is the double that is nearest to the penny, so the shortest text is the penny.
        assert_eq!(text("568592951.42999995".parse().unwrap()), "568592951.43");
        assert_eq!(text("501.90000000000003".parse().unwrap()), "501.90000000000003");
        assert_eq!(text(0.1), "0.1");
        assert_eq!(text(-4.5e-13), "-0.00000000000045");
        assert_eq!(text(1e21), "1000000000000000000000");
        assert_eq!(text(-0.0), "0");
        assert_eq!(text(-12.0), "-12");
        assert_eq!(WorkbookNumber::new(f64::NAN), None);
        assert_eq!(WorkbookNumber::new(f64::INFINITY), None);
    }

    #[test]
    fn x21_numbers_of_sixteen_digits_are_told() {
        assert!(!WorkbookNumber(999_999_999_999_999.0).is_long());
        assert!(WorkbookNumber(1e15).is_long());
        assert!(WorkbookNumber(-1_234_567_890_123_456.0).is_long());
        assert!(!WorkbookNumber(0.1).is_long());
    }

    #[test]
    fn x17_x19_days_of_both_systems() {
        assert_eq!(date(1.0, false), "1900-01-01");
        assert_eq!(date(59.0, false), "1900-02-28");
        assert_eq!(date(60.0, false), "1900-02-29", "X19: a day that never was, for no calendar to find");
        assert_eq!(date(61.0, false), "1900-03-01");
        assert_eq!(date(45_933.0, false), "2025-10-03");
        assert_eq!(date(45_933.0 - 1462.0, true), "2025-10-03", "X17: the same day, counted from 1904");
        assert_eq!(date(0.0, true), "1904-01-01");
        assert_eq!(date(45_933.378_472_222_22, false), "2025-10-03T09:05:00");
        assert_eq!(date(45_933.999_999_999_99, false), "2025-10-04", "a hundred-thousandth of a second is noise");
        assert_eq!(date(0.5, false), "12:00:00");
        assert_eq!(date(2_958_465.0, false), "9999-12-31");
        assert_eq!(date(2_958_466.0, false), "");
        assert_eq!(date(-1.0, false), "");
    }

    proptest! {
        /// Every amount that can be told from its neighbours as a double is read back to the penny, whatever arithmetic it went through as
        /// long as that left it the nearest double.
        #[test]
        fn pence_come_back_exactly(pence in -1_000_000_000_000_i64..1_000_000_000_000) {
            let value: f64 = format!("{}{}.{:02}", if pence < 0 { "-" } else { "" }, pence.abs() / 100, pence.abs() % 100).parse().unwrap();
            prop_assert_eq!(MoneyRules::new(&[Plain]).read(text(value).as_bytes()).ok(), Some(pence));
        }

        /// Where the contract declares no noise, a double beside the one that is nearest to a penny is refused: never that penny, never another.
        #[test]
        fn doubles_beside_a_penny_are_refused(pence in -1_000_000_000_000_i64..1_000_000_000_000, steps in -40_i64..=40) {
            let value: f64 = format!("{}{}.{:02}", if pence < 0 { "-" } else { "" }, pence.abs() / 100, pence.abs() % 100).parse().unwrap();
            let beside = f64::from_bits(value.to_bits().saturating_add_signed(steps));
            let same = beside.to_bits() == value.to_bits();
            prop_assert_eq!(MoneyRules::new(&[Plain]).read(text(beside).as_bytes()).ok(), same.then_some(pence));
        }

        /// The text is the double again, whatever double it is.
        #[test]
        fn the_text_is_the_double_again(bits in any::<u64>()) {
            let value = f64::from_bits(bits);
            prop_assume!(value.is_finite());
            let again = text(value).parse::<f64>().unwrap();
            prop_assert!(again.to_bits() == value.to_bits() || value == 0.0);
        }

        /// Every day of the calendar in both systems.
        #[test]
        fn days_agree_in_both_systems(serial in 1462_i32..2_958_465) {
            prop_assert_eq!(date(f64::from(serial), false), date(f64::from(serial - 1462), true));
        }
    }
}
