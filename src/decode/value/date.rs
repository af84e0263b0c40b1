//! Text → day, by the formats that a column declares: each text by exactly one of them.

use super::fit::{Fit, fit, print};
use crate::{
    domain::Day,
    schema::{DateFormat, DatePart, Window},
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
    /// Two of the declared formats fit with different days, or a day number lies so near to midnight that it may mean either day.
    TwoDays,
}

/// A date that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::decode) struct Read {
    pub(in crate::decode) day: Day,
    /// Position of the format among those declared, where that has a rival; else `None`.
    pub(in crate::decode) contested: Option<u8>,
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

    /// The day that `text` names by the declared format which it fits. A day outside the window is no day that was meant: where formats
    /// give several days, the one inside is taken, and two of them are none.
    pub(in crate::decode) fn read(&self, text: &[u8]) -> Result<Read, DateFault> {
        let (mut no_such_day, mut two_days) = (false, false);
        for (index, format) in self.formats.iter().enumerate() {
            match fit(&format.parts, text) {
                Fit::Not => {}
                Fit::NoSuchDay => no_such_day = true,
                Fit::NearMidnight => two_days = true,
                Fit::Day(day) => return self.only(index, day, text),
            }
        }
        Err(if two_days { DateFault::TwoDays } else { self.why_not(text, no_such_day) })
    }

    /// The first format that fits gives `day`; what those behind it give, but for the one that exchanges day and month, which is told of
    /// the file as a whole.
    fn only(&self, index: usize, day: Day, text: &[u8]) -> Result<Read, DateFault> {
        let allows = |day: Day| self.window.is_none_or(|(first, last)| day >= first && day <= last);
        let contested = |at: usize, has_rival: bool| if has_rival { u8::try_from(at).ok() } else { None };
        let format = self.formats.get(index);
        let first = Read { day, contested: contested(index, format.is_some_and(|format| format.has_rival)) };
        let mut found = allows(day).then_some(first);
        let rival = format.filter(|format| format.has_rival).map(|format| exchanged(&format.parts));
        for (at, other) in self.formats.iter().enumerate().skip(index + 1).filter(|(_, other)| Some(&other.parts) != rival.as_ref()) {
            match (fit(&other.parts, text), found) {
                (Fit::NearMidnight, _) => return Err(DateFault::TwoDays),
                (Fit::Day(day), Some(known)) if allows(day) && day != known.day => return Err(DateFault::TwoDays),
                (Fit::Day(day), None) if allows(day) => found = Some(Read { day, contested: contested(at, other.has_rival) }),
                _ => {}
            }
        }
        found.ok_or(DateFault::Window)
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

/// Whether a text is a day by this format.
#[must_use]
pub fn is_day_of(format: &DateFormat, text: &str) -> bool {
    matches!(fit(&format.parts, text.as_bytes()), Fit::Day(_))
}

/// Two formats by which one text is two days.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DateOverlap {
    /// As the contract writes them.
    pub formats: (String, String),
    /// A text that fits both, and the day that it is by each.
    pub text: String,
    pub days: (Day, Day),
}

/// Years between two days from which on any window tells them apart.
const FAR: i32 = 20;

/// Formats of a column that fit one text with different days, each pair with an example; not those that exchange day and month, of which a
/// file as a whole is asked, and where the column has a window not those whose days lie far apart.
#[must_use]
pub fn overlapping_dates(formats: &[DateFormat], has_window: bool) -> Vec<DateOverlap> {
    let mut found: Vec<DateOverlap> = Vec::new();
    for (at, one) in formats.iter().enumerate() {
        let others = formats.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, other)| other);
        for other in others.filter(|other| other.parts != exchanged(&one.parts)) {
            let known = |(a, b): &(String, String)| (*a == other.text && *b == one.text) || (*a == one.text && *b == other.text);
            if !found.iter().any(|pair| known(&pair.formats)) {
                found.extend(overlap(one, other, has_window));
            }
        }
    }
    found
}

/// A text that one of the formats reads, and that is another day, too, by one that is added to them.
#[must_use]
pub fn overlapping_added(formats: &[DateFormat], added: &[DateFormat]) -> Option<DateOverlap> {
    let mut pairs = formats.iter().flat_map(|one| added.iter().map(move |other| (one, other)));
    pairs.find_map(|(one, other)| overlap(one, other, false).or_else(|| overlap(other, one, false)))
}

/// A text that the one format reads, and the other as another day.
fn overlap(one: &DateFormat, other: &DateFormat, has_window: bool) -> Option<DateOverlap> {
    let days = [(2001, 2, 3), (2003, 2, 1), (2010, 11, 12), (2012, 12, 31), (2025, 7, 2), (2031, 12, 25)];
    let days = days.into_iter().filter_map(|(year, month, day)| Day::from_ymd(year, month, day));
    let mut texts = days.flat_map(|day| [true, false].map(|padded| (day, print(&one.parts, day, padded))));
    texts.find_map(|(day, text)| match fit(&other.parts, text.as_bytes()) {
        // What the one format does not read itself, such as months of one digit that touch others, is no text of both.
        Fit::Day(also)
            if also != day
                && fit(&one.parts, text.as_bytes()) == Fit::Day(day)
                && !(has_window && (also.ymd().0 - day.ymd().0).abs() >= FAR) =>
        {
            Some(DateOverlap { formats: (one.text.clone(), other.text.clone()), text, days: (day, also) })
        }
        _ => None,
    })
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

    fn formats(texts: &[&str]) -> Vec<DateFormat> {
        texts.iter().map(|text| crate::schema::date_format(text).unwrap()).collect()
    }

    #[test]
    fn each_text_is_read_by_exactly_one_format() {
        let covered = (day("2025-07-01"), day("2025-09-30"));
        let window = Some(Window { months_before: 12, months_after: 1 });
        let read =
            |texts: &[&str], window, text: &str| DateRules::new(&formats(texts), window, covered).read(text.as_bytes()).map(|r| r.day);
        let beside = ["dd/mm/yyyy", "excel"];
        assert_eq!(read(&beside, window, "02/07/2025"), Ok(day("2025-07-02")));
        assert_eq!(read(&beside, window, "45840"), Ok(day("2025-07-02")));
        assert_eq!(read(&beside, window, "45866.649435069444"), Ok(day("2025-07-28")));
        assert_eq!(read(&beside, window, "44378"), Err(DateFault::Window), "the other system is four years off");
        assert_eq!(read(&beside, None, "60"), Err(DateFault::NoSuchDay), "29 February 1900");
        assert_eq!(read(&beside, None, "45839.9999999"), Err(DateFault::TwoDays));
        let short = ["ddmmyy(pivot=50)", "yy(pivot=50)mmdd"];
        assert_eq!(read(&short, None, "010203"), Err(DateFault::TwoDays), "1 February 2003 or 3 February 2001");
        assert_eq!(read(&short, None, "310832"), Ok(day("2032-08-31")), "no month has 32 days");
        assert_eq!(read(&short, window, "250802"), Ok(day("2025-08-02")), "the other one, 2002, is outside");
        assert_eq!(read(&short, window, "010203"), Err(DateFault::Window));
        assert_eq!(read(&["excel", "ddmmyy(pivot=50)"], window, "310825"), Ok(day("2025-08-31")), "311 thousand days are outside");
        assert_eq!(read(&["excel", "ddmmyy(pivot=50)"], None, "310825"), Err(DateFault::TwoDays));
        assert_eq!(
            read(&["yyyy-mm-dd", "yyyy-mm-dd hh:mi:ss", "yyyy-mm-dd hh:mi:ss.000"], None, "2025-07-03 00:00:00.000"),
            Ok(day("2025-07-03"))
        );
        assert_eq!(read(&["dd mmm yyyy", "dd mmmm yyyy"], None, "1 May 2025"), Ok(day("2025-05-01")), "both give one day");
    }

    #[test]
    fn formats_that_overlap_are_known_before_any_file() {
        let found = |texts: &[&str], window| {
            let found = overlapping_dates(&formats(texts), window);
            found.into_iter().map(|o| format!("{} {} {}", o.text, o.days.0, o.days.1)).collect::<Vec<_>>()
        };
        assert_eq!(found(&["ddmmyy(pivot=50)", "yy(pivot=50)mmdd"], false), ["030201 2001-02-03 2003-02-01"]);
        assert_eq!(found(&["ddmmyy(pivot=50)", "yy(pivot=50)mmdd"], true).len(), 1);
        assert_eq!(found(&["excel", "ddmmyy(pivot=50)"], false).len(), 1);
        assert_eq!(found(&["excel", "excel_1904"], true).len(), 1, "four years apart");
        for sound in [&["dd/mm/yyyy", "excel"][..], &["dd/mm/yyyy", "mm/dd/yyyy"], &["yyyymmdd", "excel"], &["dd mmm yyyy", "dd mmmm yyyy"]]
        {
            assert!(found(sound, false).is_empty(), "{sound:?}");
        }
        assert!(found(&["excel", "ddmmyy(pivot=50)"], true).is_empty(), "a window tells them apart");
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
