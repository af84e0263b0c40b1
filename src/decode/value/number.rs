//! Text → whole numbers, truth values, periods and instants.

use super::fit::month_name;
use crate::{domain::Day, schema::PeriodFormat};

/// Digits with an optional sign. `None` for anything else and for what no `i64` holds.
#[inline]
pub(in crate::decode) fn whole(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] | rest => (false, rest),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let size = digits.iter().try_fold(0i64, |sum, digit| sum.checked_mul(10)?.checked_add(i64::from(digit - b'0')))?;
    Some(if negative { -size } else { size })
}

/// Whether the text has the shape of a whole number, of any size.
pub(in crate::decode) fn is_whole(text: &[u8]) -> bool {
    let digits = text.strip_prefix(b"-").or(text.strip_prefix(b"+")).unwrap_or(text);
    !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
}

/// `true`, `yes`, `y`, `1` and `false`, `no`, `n`, `0`, in any case.
pub(in crate::decode) fn truth(text: &[u8]) -> Option<bool> {
    let is = |words: [&str; 4]| words.iter().any(|word| text.eq_ignore_ascii_case(word.as_bytes()));
    if is(["true", "yes", "y", "1"]) {
        Some(true)
    } else if is(["false", "no", "n", "0"]) {
        Some(false)
    } else {
        None
    }
}

/// The number of a period text by the first format that it fits.
///
/// | format | text | number |
/// |---|---|---|
/// | `yyyy-pp` | `2018-04` | 201804: year and period |
/// | `mmm-yy` | `Apr-18` | 201804: calendar year (2000 to 2099) and month |
/// | `yyyy/yy` | `2018/19` | 2018: the starting year |
/// | `pp` | `04`, `4` | 4: the period, 1 to 13 |
/// | `mmm yyyy` | `Sept 2025` | 202509: calendar year and month |
/// | `q yyyy/yy` | `Q2 2025/26` | 20252: the starting year and the quarter |
/// | `yyyy/yy q` | `2025/26 Q2` | the same |
pub(in crate::decode) fn period(text: &[u8], formats: &[PeriodFormat]) -> Option<i64> {
    formats.iter().find_map(|format| match format {
        PeriodFormat::YearPeriod => {
            let (year, rest) = digits(text, 4, 4)?;
            let (period, rest) = digits(rest.strip_prefix(b"-")?, 2, 2)?;
            (rest.is_empty() && (1..=13).contains(&period)).then_some(year * 100 + period)
        }
        PeriodFormat::MonthYear => {
            let (month, rest) = month_name(text)?;
            let (year, rest) = digits(rest.strip_prefix(b"-")?, 2, 2)?;
            rest.is_empty().then_some((2000 + year) * 100 + i64::from(month))
        }
        PeriodFormat::YearYear => {
            let (year, rest) = year_and_next(text)?;
            rest.is_empty().then_some(year)
        }
        PeriodFormat::MonthLongYear => {
            let (month, rest) = month_name(text)?;
            let (year, rest) = digits(rest.strip_prefix(b" ")?, 4, 4)?;
            rest.is_empty().then_some(year * 100 + i64::from(month))
        }
        PeriodFormat::QuarterYear => {
            let (quarter, rest) = quarter(text)?;
            let (year, rest) = year_and_next(rest.strip_prefix(b" ")?)?;
            rest.is_empty().then_some(year * 10 + quarter)
        }
        PeriodFormat::YearQuarter => {
            let (year, rest) = year_and_next(text)?;
            let (quarter, rest) = quarter(rest.strip_prefix(b" ")?)?;
            rest.is_empty().then_some(year * 10 + quarter)
        }
        PeriodFormat::PeriodOnly => {
            let (period, rest) = digits(text, 1, 2)?;
            (rest.is_empty() && (1..=13).contains(&period)).then_some(period)
        }
    })
}

/// `2025/26`: a year and the two digits of the one after it.
fn year_and_next(text: &[u8]) -> Option<(i64, &[u8])> {
    let (year, rest) = digits(text, 4, 4)?;
    let (next, rest) = digits(rest.strip_prefix(b"/")?, 2, 2)?;
    (next == (year + 1) % 100).then_some((year, rest))
}

/// `Q1` to `Q4`, also `q1`.
fn quarter(text: &[u8]) -> Option<(i64, &[u8])> {
    digits(text.strip_prefix(b"Q").or(text.strip_prefix(b"q"))?, 1, 1).filter(|(n, _)| (1..=4).contains(n))
}

/// Microseconds since 1970 of `2018-04-01T06:30:00Z`, also with a blank for the T, decimals of a second (six at most) and an offset `+01:00`.
pub(in crate::decode) fn instant(text: &[u8]) -> Option<i64> {
    let (date, rest) = text.split_at_checked(10)?;
    let day = Day::parse_iso(std::str::from_utf8(date).ok()?)?;
    let rest = rest.strip_prefix(b"T").or(rest.strip_prefix(b" "))?;
    let (hour, rest) = digits(rest, 2, 2).filter(|(n, _)| *n < 24)?;
    let (minute, rest) = digits(rest.strip_prefix(b":")?, 2, 2).filter(|(n, _)| *n < 60)?;
    let (second, rest) = digits(rest.strip_prefix(b":")?, 2, 2).filter(|(n, _)| *n < 60)?;
    let (micros, rest) = match rest.strip_prefix(b".") {
        Some(decimals) => {
            let (fraction, after) = digits(decimals, 1, 6)?;
            (fraction * 10i64.pow(6 - u32::try_from(decimals.len() - after.len()).ok()?), after)
        }
        None => (0, rest),
    };
    let local = ((i64::from(day.0) * 24 + hour) * 60 + minute - offset_minutes(rest)?) * 60 + second;
    Some(local * 1_000_000 + micros)
}

fn offset_minutes(text: &[u8]) -> Option<i64> {
    let (sign, rest) = match text {
        b"Z" => return Some(0),
        [b'+', rest @ ..] => (1, rest),
        [b'-', rest @ ..] => (-1, rest),
        _ => return None,
    };
    let (hours, rest) = digits(rest, 2, 2).filter(|(n, _)| *n < 24)?;
    let (minutes, rest) = digits(rest.strip_prefix(b":")?, 2, 2).filter(|(n, _)| *n < 60)?;
    rest.is_empty().then_some(sign * (hours * 60 + minutes))
}

fn digits(text: &[u8], least: usize, most: usize) -> Option<(i64, &[u8])> {
    let count = text.iter().take(most).take_while(|byte| byte.is_ascii_digit()).count();
    let (number, rest) = text.split_at_checked(count).filter(|_| count >= least)?;
    Some((number.iter().fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0')), rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use PeriodFormat::{MonthLongYear, MonthYear, PeriodOnly, QuarterYear, YearPeriod, YearQuarter, YearYear};

    #[test]
    fn whole_numbers_are_digits_and_a_sign() {
        assert_eq!(whole(b"-007"), Some(-7));
        assert_eq!(whole(b"9223372036854775807"), Some(i64::MAX));
        for bad in ["", "-", "1.0", "1e5", "9223372036854775808", " 1", "1,000"] {
            assert_eq!(whole(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn periods_have_numbers() {
        assert_eq!(period(b"2018-04", &[YearPeriod]), Some(201_804));
        assert_eq!(period(b"2018-14", &[YearPeriod]), None);
        assert_eq!(period(b"APR-18", &[MonthYear]), Some(201_804));
        assert_eq!(period(b"2018/19", &[YearPeriod, YearYear]), Some(2018));
        assert_eq!(period(b"2018/20", &[YearYear]), None);
        assert_eq!(period(b"1999/00", &[YearYear]), Some(1999));
        assert_eq!(period(b"13", &[PeriodOnly]), Some(13));
        assert_eq!(period(b"0", &[PeriodOnly]), None);
        assert_eq!(period(b"Sept-25", &[MonthYear]), Some(202_509));
        assert_eq!(period(b"SEP-25", &[MonthYear]), Some(202_509));
        assert_eq!(period(b"Sept 2025", &[MonthLongYear]), Some(202_509));
        assert_eq!(period(b"Q2 2025/26", &[MonthYear, QuarterYear]), Some(20_252));
        assert_eq!(period(b"2025/26 q4", &[YearYear, YearQuarter]), Some(20_254));
        for bad in ["Q5 2025/26", "Q0 2025/26", "Q2 2025/27", "Q2 2025", "Q22025/26", "2 2025/26", "Septem-25"] {
            assert_eq!(period(bad.as_bytes(), &[MonthYear, QuarterYear, YearQuarter]), None, "{bad}");
        }
    }

    #[test]
    fn instants_are_utc() {
        assert_eq!(instant(b"1970-01-02T00:00:00Z"), Some(86_400_000_000));
        assert_eq!(instant(b"1970-01-01 01:00:00.5+01:00"), Some(500_000));
        for bad in ["1970-01-01", "1970-01-01T00:00:00", "1970-01-01T24:00:00Z", "1970-01-01T00:00:00.Z", "1970-01-01T00:00:00.1234567Z"] {
            assert_eq!(instant(bad.as_bytes()), None, "{bad}");
        }
    }
}
