//! One text against one format of dates.

use chrono::{DateTime, Datelike as _};
use chrono_tz::Europe::London;

use crate::{
    domain::Day,
    schema::{DatePart, DayNumbers, Zone},
};

/// How a text stands to one format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::decode) enum Fit {
    Not,
    /// As the format, but no calendar has the day.
    NoSuchDay,
    /// A day number less than half a second before midnight: what arithmetic made of the day behind it, or the day itself.
    NearMidnight,
    Day(Day),
}

/// What was read of a text so far.
#[derive(Default)]
struct Parts {
    year: Option<i32>,
    month: Option<i32>,
    day: Option<i32>,
    hour: i32,
    minute: i32,
    /// `Some(true)` after noon.
    noon: Option<bool>,
    /// Minutes by which the printed zone is before UTC.
    zone: Option<i32>,
}

/// Reads the text by one format. A day, month or hour may have one digit where no other digits touch it.
pub(in crate::decode) fn fit(parts: &[DatePart], text: &[u8]) -> Fit {
    if let [DatePart::DayNumber(numbers)] = parts {
        return day_number(*numbers, text);
    }
    let (mut found, mut rest) = (Parts::default(), text);
    for (index, part) in parts.iter().enumerate() {
        let (before, next) = (index.checked_sub(1).and_then(|before| parts.get(before)), parts.get(index + 1));
        let stands_alone = is_apart(before) && is_apart(next);
        let Some(after) = found.take(part, next, stands_alone, rest) else { return Fit::Not };
        rest = after;
    }
    if rest.is_empty() { found.day() } else { Fit::Not }
}

/// No digits of this part touch those of another.
const fn is_apart(part: Option<&DatePart>) -> bool {
    matches!(part, None | Some(DatePart::Literal(_) | DatePart::MonthName | DatePart::MonthFull | DatePart::Noon))
}

impl Parts {
    /// Takes one part off the beginning of the text; `None` where it does not stand there.
    fn take<'t>(&mut self, part: &DatePart, next: Option<&DatePart>, stands_alone: bool, rest: &'t [u8]) -> Option<&'t [u8]> {
        let one_or_two = || number(rest, if stands_alone { 1 } else { 2 }, 2);
        let two = |below: i32| number(rest, 2, 2).filter(|(n, _)| *n < below);
        let (place, (value, after)) = match part {
            DatePart::Literal(byte) => return rest.split_first().filter(|(first, _)| *first == byte).map(|(_, after)| after),
            DatePart::Second => return two(60).map(|(_, after)| after),
            DatePart::Fraction => return number(rest, 1, 9).map(|(_, after)| after),
            DatePart::DayNumber(_) => return None,
            DatePart::Noon => {
                let (noon, after) = noon(rest)?;
                self.noon = Some(noon);
                return Some(after);
            }
            DatePart::Hour => {
                let (hour, after) = one_or_two().filter(|(n, _)| *n < 24)?;
                self.hour = hour;
                return Some(after);
            }
            DatePart::Minute => {
                let (minute, after) = two(60)?;
                self.minute = minute;
                return Some(after);
            }
            DatePart::Day => (&mut self.day, one_or_two()?),
            DatePart::Month => (&mut self.month, one_or_two()?),
            DatePart::MonthName if next == Some(&DatePart::Literal(b'T')) => (&mut self.month, short_month(rest)?),
            DatePart::MonthName => (&mut self.month, month_name(rest)?),
            DatePart::MonthFull => (&mut self.month, full_month(rest)?),
            DatePart::Year => (&mut self.year, number(rest, 4, 4)?),
            DatePart::ShortYear { pivot } => {
                let (n, after) = number(rest, 2, 2)?;
                (&mut self.year, (if n < i32::from(*pivot) { 2000 + n } else { 1900 + n }, after))
            }
            DatePart::Zone(printed) => (&mut self.zone, zone_minutes(rest, *printed)?),
        };
        *place = Some(value);
        Some(after)
    }

    /// The day that the parts name.
    fn day(&self) -> Fit {
        let (Some(year), Some(month), Some(day)) = (self.year, self.month, self.day) else { return Fit::Not };
        let hour = match self.noon {
            Some(_) if !(1..=12).contains(&self.hour) => return Fit::Not,
            Some(after_noon) => self.hour % 12 + if after_noon { 12 } else { 0 },
            None => self.hour,
        };
        let (Ok(month), Ok(day)) = (u8::try_from(month), u8::try_from(day)) else { return Fit::NoSuchDay };
        let printed = Day::from_ymd(year, month, day);
        let civil = match self.zone {
            Some(before_utc) => printed.and_then(|day| london_day(day, hour * 60 + self.minute - before_utc)),
            None => printed,
        };
        civil.map_or(Fit::NoSuchDay, Fit::Day)
    }
}

/// Day numbers of the last day that a spreadsheet knows, 31 December 9999.
const LAST_1900: i32 = 2_958_465;
const LAST_1904: i32 = 2_957_003;
/// Millionths of a day from which on a time is less than half a second before midnight.
const NEAR_MIDNIGHT: i32 = 999_994;

/// `45840`, `45840.5`: a whole number without noughts before it, and perhaps a time of day as a fraction.
fn day_number(numbers: DayNumbers, text: &[u8]) -> Fit {
    let Some((number, rest)) = self::number(text, 1, 7) else { return Fit::Not };
    let begins_with_nought = text.first() == Some(&b'0') && text.len() - rest.len() > 1;
    let fraction = match rest {
        [] => 0,
        [b'.', digits @ ..] if !digits.is_empty() && digits.iter().all(u8::is_ascii_digit) => {
            let six = digits.iter().chain(std::iter::repeat(&b'0')).take(6);
            six.fold(0, |sum, digit| sum * 10 + i32::from(digit - b'0'))
        }
        _ => return Fit::Not,
    };
    if begins_with_nought {
        return Fit::Not;
    }
    let day = match numbers {
        // The sheets count a 29 February 1900 that there was not: days before it stand one lower than the others.
        DayNumbers::From1900 if (61..=LAST_1900).contains(&number) => Day::from_ymd(1899, 12, 30),
        DayNumbers::From1900 if (1..=59).contains(&number) => Day::from_ymd(1899, 12, 31),
        DayNumbers::From1904 if (0..=LAST_1904).contains(&number) => Day::from_ymd(1904, 1, 1),
        _ => None,
    };
    match day {
        Some(_) if fraction >= NEAR_MIDNIGHT => Fit::NearMidnight,
        Some(day) => Fit::Day(day.plus_days(number)),
        None => Fit::NoSuchDay,
    }
}

/// `AM`, `p.m.`: whether it is after noon.
fn noon(text: &[u8]) -> Option<(bool, &[u8])> {
    const WORDS: [(&[u8], bool); 4] = [(b"a.m.", false), (b"p.m.", true), (b"am", false), (b"pm", true)];
    WORDS.into_iter().find_map(|(word, after_noon)| Some((after_noon, after_word(text, word)?)))
}

/// The text behind a word, in capitals or not.
fn after_word<'t>(text: &'t [u8], word: &[u8]) -> Option<&'t [u8]> {
    text.split_at_checked(word.len()).filter(|(head, _)| head.eq_ignore_ascii_case(word)).map(|(_, after)| after)
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
        Zone::Any => return any_zone(text),
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

/// A zone in whichever way it is printed.
fn any_zone(text: &[u8]) -> Option<(i32, &[u8])> {
    let word = [("UTC", 0), ("GMT", 0), ("BST", 60)].into_iter();
    let word = word.map(|(text, minutes)| Zone::Word { text, minutes });
    let ways = word.chain([Zone::Offset { colon: true }, Zone::Offset { colon: false }]);
    ways.into_iter().find_map(|way| zone_minutes(text, way)).or_else(|| {
        let (sign, rest) = match text.split_first()? {
            (b'+', rest) => (1, rest),
            (b'-', rest) => (-1, rest),
            _ => return None,
        };
        let (hours, rest) = number(rest, 2, 2).filter(|(n, _)| *n < 24)?;
        Some((sign * hours * 60, rest))
    })
}

/// A number of `least` to `most` digits; all that stand there, up to `most`.
fn number(text: &[u8], least: usize, most: usize) -> Option<(i32, &[u8])> {
    let digits = text.iter().take(most).take_while(|byte| byte.is_ascii_digit()).count();
    let (number, rest) = text.split_at_checked(digits).filter(|_| digits >= least)?;
    Some((number.iter().fold(0, |sum, digit| sum * 10 + i32::from(digit - b'0')), rest))
}

const MONTHS: [&[u8]; 12] =
    [b"january", b"february", b"march", b"april", b"may", b"june", b"july", b"august", b"september", b"october", b"november", b"december"];

/// The month whose name begins so, or is so, and its number.
fn month_of(letters: usize, text: &[u8]) -> Option<(i32, &[u8])> {
    let months = (1..).zip(MONTHS);
    months.into_iter().find_map(|(number, name)| Some((number, after_word(text, name.get(..letters.min(name.len()))?)?)))
}

/// `JAN`, `Jan` or `jan`, and its number.
fn short_month(text: &[u8]) -> Option<(i32, &[u8])> {
    month_of(3, text)
}

/// The same, also `Sept`, as newer spreadsheets write for the United Kingdom.
pub(in crate::decode) fn month_name(text: &[u8]) -> Option<(i32, &[u8])> {
    after_word(text, b"sept").map(|after| (9, after)).or_else(|| short_month(text))
}

/// `January`, and its number.
fn full_month(text: &[u8]) -> Option<(i32, &[u8])> {
    month_of(usize::MAX, text)
}

/// As [`fit`] reads it: the text of a day by a format, at noon; with noughts before days, months and hours of one digit, or without.
pub(in crate::decode) fn print(parts: &[DatePart], day: Day, padded: bool) -> String {
    let (year, month, date) = day.ymd();
    let short = |number: u8| if padded { format!("{number:02}") } else { number.to_string() };
    let name = MONTHS.get(usize::from(month).saturating_sub(1)).map_or("", |name| std::str::from_utf8(name).unwrap_or(""));
    let mut text = String::new();
    for part in parts {
        match part {
            DatePart::Literal(byte) => text.push(char::from(*byte)),
            DatePart::Day => text.push_str(&short(date)),
            DatePart::Month => text.push_str(&short(month)),
            DatePart::MonthName => text.push_str(name.get(..3).unwrap_or(name)),
            DatePart::MonthFull => text.push_str(name),
            DatePart::Year => text.push_str(&format!("{year:04}")),
            DatePart::ShortYear { .. } => text.push_str(&format!("{:02}", year % 100)),
            DatePart::Hour => text.push_str("12"),
            DatePart::Minute | DatePart::Second => text.push_str("00"),
            DatePart::Fraction => text.push('0'),
            DatePart::Noon => text.push_str("pm"),
            DatePart::Zone(Zone::Word { text: word, .. }) => text.push_str(word),
            DatePart::Zone(_) => text.push('Z'),
            DatePart::DayNumber(numbers) => {
                let first = match numbers {
                    DayNumbers::From1900 => Day::from_ymd(1899, 12, 30),
                    DayNumbers::From1904 => Day::from_ymd(1904, 1, 1),
                };
                text.push_str(&first.map_or_else(String::new, |first| (day.0 - first.0).to_string()));
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::schema::date_format;

    fn day(text: &str) -> Day {
        Day::parse_iso(text).unwrap()
    }

    fn read(format: &str, text: &str) -> Fit {
        fit(&date_format(format).unwrap().parts, text.as_bytes())
    }

    #[test]
    fn day_numbers_are_days_of_their_system() {
        for (number, iso) in [
            ("1", "1900-01-01"),
            ("59", "1900-02-28"),
            ("61", "1900-03-01"),
            ("45840", "2025-07-02"),
            ("45897.5", "2025-08-28"),
            ("45866.649435069444", "2025-07-28"),
            ("2958465", "9999-12-31"),
        ] {
            assert_eq!(read("excel", number), Fit::Day(day(iso)), "{number}");
        }
        for (number, iso) in [("0", "1904-01-01"), ("1", "1904-01-02"), ("44378", "2025-07-02"), ("2957003", "9999-12-31")] {
            assert_eq!(read("excel_1904", number), Fit::Day(day(iso)), "{number}");
        }
        for number in ["0", "60", "60.25", "2958466"] {
            assert_eq!(read("excel", number), Fit::NoSuchDay, "{number}");
        }
        assert_eq!(read("excel_1904", "2957004"), Fit::NoSuchDay);
        for text in ["", "045840", "45840.", "45,840", "-1", "+45840", "45840 ", "4.58E4", "45840.5.5", "12345678", "02/07/2025"] {
            assert_eq!(read("excel", text), Fit::Not, "{text}");
        }
        assert_eq!(read("excel", "45839.99999999999"), Fit::NearMidnight, "either day");
        assert_eq!(read("excel", "45839.999990"), Fit::Day(day("2025-07-01")));
    }

    #[test]
    fn september_has_four_letters_too() {
        for text in ["3-Sep-25", "3-Sept-25", "03-SEPT-25", "3-sept-25"] {
            assert_eq!(read("dd-mmm-yy(pivot=50)", text), Fit::Day(day("2025-09-03")), "{text}");
        }
        assert_eq!(read("dd mmmm yyyy", "3 September 2025"), Fit::Day(day("2025-09-03")));
        assert_eq!(read("dd mmmm yyyy", "1 MAY 2025"), Fit::Day(day("2025-05-01")));
        assert_eq!(read("yyyymmmddThh:mi", "2025SEP03T10:00"), Fit::Day(day("2025-09-03")));
        for text in ["3-Septe-25", "3-Septt-25", "3-Augt-25", "3-September-25"] {
            assert_eq!(read("dd-mmm-yy(pivot=50)", text), Fit::Not, "{text}");
        }
    }

    #[test]
    fn a_time_of_day_is_read_as_it_is_printed() {
        for (format, text) in [
            ("dd/mm/yyyy hh:mi:ss", "3/7/2025 9:58:51"),
            ("dd/mm/yyyy hh:mi:ss", "03/07/2025 09:58:51"),
            ("yyyy-mm-dd hh:mi:ss.000", "2025-07-03 00:00:00.000"),
            ("yyyy-mm-dd hh:mi:ss.000", "2025-07-03 23:59:59.9999999"),
            ("dd/mm/yyyy hh:mi:ss ampm", "3/7/2025 9:05:00 AM"),
            ("dd/mm/yyyy hh:miampm", "03/07/2025 12:00pm"),
            ("dd/mm/yyyy hh:mi ampm", "03/07/2025 11:59 p.m."),
        ] {
            assert_eq!(read(format, text), Fit::Day(day("2025-07-03")), "{format} {text}");
        }
        for (format, text) in [
            ("dd/mm/yyyy hh:mi:ss", "3/7/2025 9:5:51"),
            ("dd/mm/yyyy hh:mi:ss", "3/7/2025 24:00:00"),
            ("yyyymmddhhmi", "202507039:00"),
            ("yyyy-mm-dd hh:mi:ss.000", "2025-07-03 00:00:00."),
            ("yyyy-mm-dd hh:mi:ss", "2025-07-03 00:00:00.000"),
            ("dd/mm/yyyy hh:mi ampm", "03/07/2025 13:00 pm"),
            ("dd/mm/yyyy hh:mi ampm", "03/07/2025 0:30 am"),
        ] {
            assert_eq!(read(format, text), Fit::Not, "{format} {text}");
        }
    }

    #[test]
    fn an_instant_is_the_civil_day_in_london_on_both_sides_of_both_clock_changes() {
        for (text, iso) in [
            // Clocks go forward at 01:00 UTC on 30 March 2025.
            ("2025-03-29T23:59:59Z", "2025-03-29"),
            ("2025-03-30T00:59:59Z", "2025-03-30"),
            ("2025-03-30T22:59:59Z", "2025-03-30"),
            ("2025-03-30T23:00:00Z", "2025-03-31"),
            // And back at 01:00 UTC on 26 October 2025.
            ("2025-10-25T22:59:59Z", "2025-10-25"),
            ("2025-10-25T23:00:00Z", "2025-10-26"),
            ("2025-10-26T23:30:00Z", "2025-10-26"),
            ("2025-10-27T00:00:00Z", "2025-10-27"),
            ("2025-10-26T01:30:00+01:00", "2025-10-26"),
            ("2025-10-25T19:00:00-0400", "2025-10-26"),
            ("2025-07-01T01:30:00+02", "2025-07-01"),
            ("2025-07-01T00:30:00+02", "2025-06-30"),
            ("2025-06-30T23:30:00UTC", "2025-07-01"),
            ("2025-07-01T00:30:00BST", "2025-07-01"),
        ] {
            assert_eq!(read("yyyy-mm-ddThh:mi:sszzz", text), Fit::Day(day(iso)), "{text}");
        }
        assert_eq!(read("dd/mm/yyyy hh:mi ampm zzz", "30/06/2025 11:30 PM GMT"), Fit::Day(day("2025-07-01")));
        for text in ["2025-07-01T00:30:00", "2025-07-01T00:30:00+2", "2025-07-01T00:30:00CET", "2025-07-01T00:30:00+24:00"] {
            assert_eq!(read("yyyy-mm-ddThh:mi:sszzz", text), Fit::Not, "{text}");
        }
    }

    proptest! {
        /// Every day that a spreadsheet knows has a number, and the number gives the day back.
        #[test]
        fn a_day_number_is_its_day(number in 61..=LAST_1900, fraction in "(\\.[0-8][0-9]{0,14})?") {
            let text = format!("{number}{fraction}");
            let Fit::Day(day) = read("excel", &text) else { return Err(TestCaseError::fail(text)) };
            prop_assert_eq!(print(&[DatePart::DayNumber(DayNumbers::From1900)], day, false), number.to_string());
        }

        /// What is printed of a day is read as that day, by every format.
        #[test]
        fn a_printed_day_is_read_back(days in 0..40_000_i32, padded: bool, at in 0..9_usize) {
            let formats = [
                "dd/mm/yyyy", "dd-mmm-yyyy", "dd mmmm yyyy", "yyyy-mm-dd hh:mi:ss.000", "dd.mm.yyyy", "excel", "excel_1904",
                "dd/mm/yyyy hh:mi ampm", "mm/dd/yyyy",
            ];
            let parts = date_format(formats[at]).unwrap().parts;
            prop_assert_eq!(fit(&parts, print(&parts, Day(days), padded).as_bytes()), Fit::Day(Day(days)));
        }
    }
}
