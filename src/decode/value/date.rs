//! Text → day, by the formats that a column declares.

use chrono::{DateTime, Datelike as _};
use chrono_tz::Europe::London;

use crate::{
    domain::Day,
    schema::{DateFormat, DatePart, Window, Zone},
};

/// The formats in which a column's dates may be printed, and the days they may lie between.
#[derive(Clone, Debug)]
pub(in crate::decode) struct DateRules {
    formats: Vec<Format>,
    /// First and last day allowed.
    window: Option<(Day, Day)>,
}

#[derive(Clone, Debug)]
struct Format {
    parts: Vec<DatePart>,
    /// Another declared format is this one with day and month exchanged.
    has_rival: bool,
}

/// Why a text is no date of the column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::decode) enum DateFault {
    /// In none of the declared formats.
    Format,
    /// In a declared format, but no calendar has the day.
    NoSuchDay,
    /// Outside the window.
    Window,
    /// Fits only with day and month exchanged: the file is in another order.
    OtherOrder,
    /// Fits only with a year of two digits, for which no pivot is declared.
    ShortYear,
}

/// A date that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::decode) struct Read {
    pub(in crate::decode) day: Day,
    /// Position of the format among those declared, where that has a rival; else `None`.
    pub(in crate::decode) contested: Option<u8>,
}

enum Fit {
    Not,
    NoSuchDay,
    Day(Day),
}

impl DateRules {
    /// A column that declares no format is read as `yyyy-mm-dd`. `covered` are the first and last day that the delivery covers.
    pub(in crate::decode) fn new(formats: &[DateFormat], window: Option<Window>, covered: (Day, Day)) -> Self {
        let iso = [DatePart::Year, DatePart::Literal(b'-'), DatePart::Month, DatePart::Literal(b'-'), DatePart::Day];
        let all: Vec<Vec<DatePart>> =
            if formats.is_empty() { vec![iso.to_vec()] } else { formats.iter().map(|format| format.parts.clone()).collect() };
        let formats = all
            .iter()
            .map(|parts| Format { parts: parts.clone(), has_rival: swaps_order(parts) && all.contains(&exchanged(parts)) })
            .collect();
        let window = window.map(|w| {
            let before = -i64::from(w.months_before);
            (plus_months(covered.0, before), plus_months(covered.1, i64::from(w.months_after)))
        });
        Self { formats, window }
    }

    pub(in crate::decode) const fn window(&self) -> Option<(Day, Day)> {
        self.window
    }

    /// The day that `text` names by the first declared format which it fits.
    pub(in crate::decode) fn read(&self, text: &[u8]) -> Result<Read, DateFault> {
        let mut no_such_day = false;
        for (index, format) in self.formats.iter().enumerate() {
            match fit(&format.parts, text) {
                Fit::Not => {}
                Fit::NoSuchDay => no_such_day = true,
                Fit::Day(day) if self.window.is_some_and(|(first, last)| day < first || day > last) => return Err(DateFault::Window),
                Fit::Day(day) => {
                    let contested = if format.has_rival { u8::try_from(index).ok() } else { None };
                    return Ok(Read { day, contested });
                }
            }
        }
        Err(self.why_not(text, no_such_day))
    }

    /// A day that its file holds as a day: `2025-10-03`, with or without a time behind it.
    pub(in crate::decode) fn read_day(&self, text: &[u8]) -> Result<Day, DateFault> {
        let day = text.get(..10).and_then(|text| std::str::from_utf8(text).ok()).and_then(Day::parse_iso).ok_or(DateFault::NoSuchDay)?;
        match self.window {
            Some((first, last)) if day < first || day > last => Err(DateFault::Window),
            _ => Ok(day),
        }
    }

    fn why_not(&self, text: &[u8], no_such_day: bool) -> DateFault {
        let fits = |parts: Vec<DatePart>| matches!(fit(&parts, text), Fit::Day(_));
        if self.formats.iter().any(|format| fits(exchanged(&format.parts))) {
            DateFault::OtherOrder
        } else if self.formats.iter().any(|format| fits(shortened(&format.parts))) {
            DateFault::ShortYear
        } else if no_such_day {
            DateFault::NoSuchDay
        } else {
            DateFault::Format
        }
    }
}

/// Reads the text by one format. A day or month may have one digit where no other digits touch it.
fn fit(parts: &[DatePart], text: &[u8]) -> Fit {
    let (mut year, mut month, mut day, mut rest) = (None, None, None, text);
    // Minutes since midnight, and those by which the printed zone is before UTC.
    let (mut time, mut zone) = (0, None);
    for (index, part) in parts.iter().enumerate() {
        let is_apart = |part: Option<&DatePart>| matches!(part, None | Some(DatePart::Literal(_) | DatePart::MonthName));
        let stands_alone = is_apart(parts.get(index + 1)) && is_apart(index.checked_sub(1).and_then(|before| parts.get(before)));
        let number = |most: usize| number(rest, if stands_alone { 1 } else { most }, most);
        let taken = match part {
            DatePart::Day => number(2).map(|(n, after)| (day.replace(n), after).1),
            DatePart::Month => number(2).map(|(n, after)| (month.replace(n), after).1),
            DatePart::Year => self::number(rest, 4, 4).map(|(n, after)| (year.replace(n), after).1),
            DatePart::ShortYear { pivot } => self::number(rest, 2, 2).map(|(n, after)| {
                year = Some(if n < i32::from(*pivot) { 2000 + n } else { 1900 + n });
                after
            }),
            DatePart::MonthName => month_name(rest).map(|(n, after)| (month.replace(n), after).1),
            DatePart::Hour => self::number(rest, 2, 2).filter(|(n, _)| *n < 24).map(|(n, after)| (time += n * 60, after).1),
            DatePart::Minute => self::number(rest, 2, 2).filter(|(n, _)| *n < 60).map(|(n, after)| (time += n, after).1),
            DatePart::Second => self::number(rest, 2, 2).filter(|(n, _)| *n < 60).map(|(_, after)| after),
            DatePart::Zone(printed) => zone_minutes(rest, *printed).map(|(n, after)| (zone.replace(n), after).1),
            DatePart::Literal(byte) => rest.split_first().filter(|(first, _)| *first == byte).map(|(_, after)| after),
        };
        let Some(after) = taken else { return Fit::Not };
        rest = after;
    }
    let (Some(year), Some(month), Some(day), []) = (year, month, day, rest) else { return Fit::Not };
    let (Ok(month), Ok(day)) = (u8::try_from(month), u8::try_from(day)) else { return Fit::NoSuchDay };
    let printed = Day::from_ymd(year, month, day);
    let civil = match zone {
        Some(before_utc) => printed.and_then(|day| london_day(day, time - before_utc)),
        None => printed,
    };
    civil.map_or(Fit::NoSuchDay, Fit::Day)
}

/// The civil day in London of an instant, `minutes` after midnight UTC of `day`.
fn london_day(day: Day, minutes: i32) -> Option<Day> {
    let seconds = i64::from(day.0) * 86_400 + i64::from(minutes) * 60;
    let civil = DateTime::from_timestamp(seconds, 0)?.with_timezone(&London).date_naive();
    Day::from_ymd(civil.year(), u8::try_from(civil.month()).ok()?, u8::try_from(civil.day()).ok()?)
}

/// Minutes by which the zone that is printed there is before UTC.
fn zone_minutes(text: &[u8], printed: Zone) -> Option<(i32, &[u8])> {
    let colon = match printed {
        Zone::Word { text: word, minutes } => return text.strip_prefix(word.as_bytes()).map(|after| (minutes.into(), after)),
        Zone::Offset { colon } => colon,
    };
    let (sign, rest) = match text.split_first()? {
        (b'Z', after) => return Some((0, after)),
        (b'+', after) => (1, after),
        (b'-', after) => (-1, after),
        _ => return None,
    };
    let (hours, rest) = number(rest, 2, 2).filter(|(n, _)| *n < 24)?;
    let rest = if colon { rest.strip_prefix(b":")? } else { rest };
    let (minutes, rest) = number(rest, 2, 2).filter(|(n, _)| *n < 60)?;
    Some((sign * (hours * 60 + minutes), rest))
}

/// A number of `least` to `most` digits; all that stand there, up to `most`.
fn number(text: &[u8], least: usize, most: usize) -> Option<(i32, &[u8])> {
    let digits = text.iter().take(most).take_while(|byte| byte.is_ascii_digit()).count();
    let (number, rest) = text.split_at_checked(digits).filter(|_| digits >= least)?;
    Some((number.iter().fold(0, |sum, digit| sum * 10 + i32::from(digit - b'0')), rest))
}

const MONTHS: [&[u8; 3]; 12] = [b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec"];

/// `JAN`, `Jan` or `jan`, and its number.
pub(in crate::decode) fn month_name(text: &[u8]) -> Option<(i32, &[u8])> {
    let (name, rest) = text.split_at_checked(3)?;
    let index = MONTHS.iter().position(|month| name.eq_ignore_ascii_case(*month))?;
    Some((i32::try_from(index).ok()? + 1, rest))
}

/// Both day and month are numbers, so that they can be taken for each other.
fn swaps_order(parts: &[DatePart]) -> bool {
    parts.contains(&DatePart::Day) && parts.contains(&DatePart::Month)
}

fn exchanged(parts: &[DatePart]) -> Vec<DatePart> {
    let numeric = swaps_order(parts);
    parts
        .iter()
        .map(|part| match part {
            DatePart::Day if numeric => DatePart::Month,
            DatePart::Month if numeric => DatePart::Day,
            other => other.clone(),
        })
        .collect()
}

fn shortened(parts: &[DatePart]) -> Vec<DatePart> {
    parts.iter().map(|part| if *part == DatePart::Year { DatePart::ShortYear { pivot: 50 } } else { part.clone() }).collect()
}

/// The same day of another month: the last one where that is shorter, or where the day was the last of its own.
fn plus_months(day: Day, months: i64) -> Day {
    let (year, month, date) = day.ymd();
    let count = i64::from(year) * 12 + i64::from(month) - 1 + months;
    let (year, month) = (count.div_euclid(12).clamp(1, 9999) as i32, count.rem_euclid(12) as u8 + 1);
    let last = (28..=31).rev().find_map(|d| Day::from_ymd(year, month, d)).unwrap_or(day);
    let is_last = day.plus_days(1).ymd().1 != day.ymd().1;
    let same = Day::from_ymd(year, month, date).filter(|_| !is_last);
    same.unwrap_or(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use DatePart::{Literal, Month, MonthName, ShortYear, Year};

    fn day(text: &str) -> Day {
        Day::parse_iso(text).unwrap()
    }

    fn rules(formats: &[&[DatePart]]) -> DateRules {
        let formats: Vec<_> = formats.iter().map(|parts| DateFormat { text: String::new(), parts: parts.to_vec() }).collect();
        DateRules::new(&formats, None, (day("2024-01-01"), day("2024-12-31")))
    }

    const SLASH: DatePart = Literal(b'/');
    const DMY: &[DatePart] = &[DatePart::Day, SLASH, Month, SLASH, Year];
    const MDY: &[DatePart] = &[Month, SLASH, DatePart::Day, SLASH, Year];
    const ORACLE: &[DatePart] = &[DatePart::Day, Literal(b'-'), MonthName, Literal(b'-'), Year];

    #[test]
    fn a_date_is_read_as_the_contract_lists_it() {
        let read = |formats: &[&[DatePart]], text: &str| rules(formats).read(text.as_bytes()).map(|r| r.day);
        assert_eq!(read(&[DMY], "01/02/2024"), Ok(day("2024-02-01")));
        assert_eq!(read(&[MDY], "01/02/2024"), Ok(day("2024-01-02")));
        assert_eq!(read(&[DMY, ORACLE], "29-Feb-2024"), Ok(day("2024-02-29")));
        assert_eq!(read(&[DMY], "1/2/2024"), Ok(day("2024-02-01")));
        assert_eq!(read(&[DMY], "31/02/2024"), Err(DateFault::NoSuchDay));
        assert_eq!(read(&[DMY], "02/13/2024"), Err(DateFault::OtherOrder));
        assert_eq!(read(&[DMY], "01/02/24"), Err(DateFault::ShortYear));
        assert_eq!(read(&[&[DatePart::Day, SLASH, Month, SLASH, ShortYear { pivot: 50 }]], "01/02/24"), Ok(day("2024-02-01")));
        assert_eq!(read(&[&[Year, Month, DatePart::Day]], "20240201"), Ok(day("2024-02-01")));
        assert_eq!(read(&[&[Year, Month, DatePart::Day]], "2024021"), Err(DateFault::Format));
        for bad in ["", "01/02/2024 ", "01-02-2024", "45292", "1/2", "001/02/2024", "01/02/02024"] {
            assert_eq!(read(&[DMY], bad), Err(DateFault::Format), "{bad}");
        }
    }

    #[test]
    fn l3_a_zone_makes_an_instant_whose_day_is_londons() {
        let read = |format: &str, text: &str| {
            let format = crate::schema::date_format(format).unwrap();
            DateRules::new(&[format], None, (day("2024-01-01"), day("2024-12-31"))).read(text.as_bytes()).map(|r| r.day)
        };
        let iso = "yyyy-mm-ddThh:mi:ssZ";
        assert_eq!(read(iso, "2018-04-30T23:00:00Z"), Ok(day("2018-05-01")), "summer: an hour later");
        assert_eq!(read(iso, "2018-04-30T22:59:59Z"), Ok(day("2018-04-30")));
        assert_eq!(read(iso, "2018-12-31T23:59:59Z"), Ok(day("2018-12-31")), "winter");
        assert_eq!(read(iso, "2018-04-30T23:00:00"), Err(DateFault::Format), "the mark is part of the format");
        assert_eq!(read("yyyy-mm-ddThh:mi:ss", "2018-04-30T23:00:00"), Ok(day("2018-04-30")), "no mark: the clock on the wall");
        let offset = "yyyy-mm-ddThh:mi:ss+hh:mm";
        assert_eq!(read(offset, "2018-05-01T00:00:00+01:00"), Ok(day("2018-05-01")));
        assert_eq!(read(offset, "2018-05-01T00:30:00+05:30"), Ok(day("2018-04-30")));
        assert_eq!(read(offset, "2018-04-30T19:00:00-04:00"), Ok(day("2018-05-01")));
        assert_eq!(read(offset, "2018-04-30T23:00:00Z"), Ok(day("2018-05-01")));
        assert_eq!(read(offset, "2018-04-30T23:00:00+0100"), Err(DateFault::Format));
        assert_eq!(read("dd/mm/yyyy hh:mi BST", "01/05/2018 00:15 BST"), Ok(day("2018-05-01")));
        assert_eq!(read("dd/mm/yyyy hh:mi UTC", "30/04/2018 23:15 UTC"), Ok(day("2018-05-01")));
    }

    #[test]
    fn both_orders_declared_contest_each_other() {
        let both = rules(&[DMY, MDY]);
        assert_eq!(both.read(b"01/02/2024").map(|r| r.contested), Ok(Some(0)));
        assert_eq!(both.read(b"02/13/2024").map(|r| r.contested), Ok(Some(1)));
        assert_eq!(rules(&[DMY, ORACLE]).read(b"01/02/2024").map(|r| r.contested), Ok(None));
    }

    #[test]
    fn the_window_counts_in_months_from_what_is_covered() {
        let window = Window { months_before: 12, months_after: 1 };
        let rules = DateRules::new(&[], Some(window), (day("2024-04-01"), day("2024-04-30")));
        assert_eq!(rules.window(), Some((day("2023-04-01"), day("2024-05-31"))));
        assert_eq!(rules.read(b"2023-03-31"), Err(DateFault::Window));
        assert!(rules.read(b"2024-05-31").is_ok());
        assert_eq!(plus_months(day("2024-01-30"), 1), day("2024-02-29"));
    }
}
