//! Any way in which a day or a month is printed, and which orders of day and month a row allows.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::domain::{Day, month_number};

/// One way in which the dates of a column are printed.
#[derive(Clone, Debug, Serialize)]
pub struct DateKind {
    /// As it looks: `dd/mm/yyyy`, `d-mmm-yy`, `d-Sept-yy`, `MMM-yy`, `excel_serial`, `excel_serial_with_time`.
    pub printed: String,
    /// What a contract says to read it; `None` where no word does.
    pub word: Option<String>,
    pub rows: u64,
    /// Rows that are a day only with the day before the month, only with the month before the day, and in either order. All nought where
    /// the order cannot be mistaken.
    pub day_first_only: u64,
    pub month_first_only: u64,
    pub either: u64,
    /// First and last day, `2025-04-01`.
    pub first: String,
    pub last: String,
}

impl DateKind {
    /// Day numbers and cells of a workbook, whose order nobody can mistake.
    pub(super) fn of_workbook(printed: &str, word: Option<&str>, rows: u64, (first, last): &(String, String)) -> Self {
        let word = word.map(str::to_owned);
        let (first, last) = (first.clone(), last.clone());
        Self { printed: printed.to_owned(), word, rows, day_first_only: 0, month_first_only: 0, either: 0, first, last }
    }
}

/// How the month is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Month {
    Number,
    Short,
    Capitals,
    /// `Sept`, beside other months of three letters.
    Sept,
    Full,
}

/// The time behind a day.
#[allow(clippy::struct_excessive_bools)] // parts that stand there or do not
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Time {
    /// `b'T'` or a blank; 0 where there is no time.
    before: u8,
    seconds: bool,
    fraction: bool,
    noon: bool,
    zone: bool,
}

/// How a date is printed, noughts before single digits aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    year_first: bool,
    month: Month,
    /// Between the parts; 0 where nothing is.
    separators: [u8; 2],
    short_year: bool,
    time: Time,
}

/// A text that is a date in some order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    pub(super) shape: Shape,
    day_first: Option<Day>,
    month_first: Option<Day>,
    /// A day, month or hour of one digit without a nought before it.
    one_digit: [bool; 3],
}

/// Reads a date that is printed in full; `None` where the text is none.
pub(super) fn read(text: &[u8]) -> Option<Seen> {
    if !(6..=40).contains(&text.len()) || !text.first()?.is_ascii_digit() {
        return None;
    }
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    match digits {
        1 | 2 => day_first(text, digits),
        4 => year_first(text),
        8 => compact(text),
        _ => None,
    }
}

fn number(text: &[u8]) -> Option<(i32, usize, &[u8])> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (head, rest) = text.split_at_checked(digits)?;
    ((1..=4).contains(&digits)).then(|| (head.iter().fold(0, |sum, byte| sum * 10 + i32::from(byte - b'0')), digits, rest))
}

fn separator(text: &[u8]) -> Option<(u8, &[u8])> {
    text.split_first().filter(|(first, _)| matches!(first, b'/' | b'-' | b'.' | b' ')).map(|(first, rest)| (*first, rest))
}

fn day_first(text: &[u8], digits: usize) -> Option<Seen> {
    let (first, _, rest) = number(text)?;
    let (one, rest) = separator(rest)?;
    let (month, second, second_digits, rest) = match number(rest) {
        Some((n, digits, rest)) if digits <= 2 => (Month::Number, n, digits, rest),
        Some(_) => return None,
        None => {
            let (month, n, rest) = month_name(rest)?;
            (month, n, 2, rest)
        }
    };
    let (two, rest) = separator(rest)?;
    let (year, year_digits, rest) = number(rest)?;
    let short_year = year_digits == 2;
    (short_year || year_digits == 4).then_some(())?;
    let (time, hour_one, rest) = time(rest)?;
    rest.is_empty().then_some(())?;
    let year = full_year(year, short_year);
    let make = |month: i32, day: i32| Day::from_ymd(year, u8::try_from(month).ok()?, u8::try_from(day).ok()?);
    let day_first = make(second, first);
    let month_first = if month == Month::Number { make(first, second) } else { None };
    // The year 9999 says that there is no end.
    let known = (1900..2200).contains(&year) || year == 9999;
    (day_first.or(month_first).is_some() && known).then_some(())?;
    let shape = Shape { year_first: false, month, separators: [one, two], short_year, time };
    let one_digit = [digits == 1, month == Month::Number && second_digits == 1, hour_one];
    Some(Seen { shape, day_first, month_first, one_digit })
}

fn year_first(text: &[u8]) -> Option<Seen> {
    let (year, _, rest) = number(text)?;
    let (one, rest) = separator(rest)?;
    let (month, month_digits, rest) = number(rest)?;
    let (two, rest) = separator(rest)?;
    let (day, day_digits, rest) = number(rest)?;
    let known = (1900..2200).contains(&year) || year == 9999;
    (month_digits <= 2 && day_digits <= 2 && known).then_some(())?;
    let (time, hour_one, rest) = time(rest)?;
    rest.is_empty().then_some(())?;
    let day = Day::from_ymd(year, u8::try_from(month).ok()?, u8::try_from(day).ok()?)?;
    let shape = Shape { year_first: true, month: Month::Number, separators: [one, two], short_year: false, time };
    Some(Seen { shape, day_first: Some(day), month_first: None, one_digit: [day_digits == 1, month_digits == 1, hour_one] })
}

/// `20250401`, or `01042025`.
fn compact(text: &[u8]) -> Option<Seen> {
    let (time, hour_one, rest) = time(text.get(8..)?)?;
    rest.is_empty().then_some(())?;
    let part = |from: usize, to: usize| Some(text.get(from..to)?.iter().fold(0, |sum, byte| sum * 10 + i32::from(byte - b'0')));
    let make = |year: i32, month: i32, day: i32| {
        let day = Day::from_ymd(year, u8::try_from(month).ok()?, u8::try_from(day).ok()?);
        day.filter(|_| (1990..2080).contains(&year))
    };
    let year_first = make(part(0, 4)?, part(4, 6)?, part(6, 8)?);
    let day_first = make(part(4, 8)?, part(2, 4)?, part(0, 2)?);
    let shape = Shape { year_first: year_first.is_some(), month: Month::Number, separators: [0, 0], short_year: false, time };
    Some(Seen { shape, day_first: Some(year_first.or(day_first)?), month_first: None, one_digit: [false, false, hour_one] })
}

fn full_year(year: i32, short: bool) -> i32 {
    match (short, year) {
        (true, 0..=69) => 2000 + year,
        (true, _) => 1900 + year,
        _ => year,
    }
}

/// The month whose name stands at the beginning, and its number.
fn month_name(text: &[u8]) -> Option<(Month, i32, &[u8])> {
    let letters = text.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
    let (name, rest) = text.split_at_checked(letters)?;
    let number = month_number(name)?;
    let capitals = name.iter().all(u8::is_ascii_uppercase);
    let month = match letters {
        3 if capitals => Month::Capitals,
        3 => Month::Short,
        4 if name.eq_ignore_ascii_case(b"sept") => Month::Sept,
        _ => Month::Full,
    };
    Some((month, number, rest))
}

/// ` 9:05:00`, `T14:03:01.123Z`, ` 2:30 PM`; whether the hour has one digit.
fn time(text: &[u8]) -> Option<(Time, bool, &[u8])> {
    let Some((before, rest)) = text.split_first() else { return Some((Time::default(), false, text)) };
    if !matches!(before, b' ' | b'T') {
        return None;
    }
    let (hour, hour_digits, rest) = number(rest)?;
    let (minute, minute_digits, mut rest) = number(rest.strip_prefix(b":")?)?;
    (hour < 24 && minute < 60 && hour_digits <= 2 && minute_digits == 2).then_some(())?;
    let mut time = Time { before: *before, ..Time::default() };
    if let Some((second, 2, after)) = rest.strip_prefix(b":").and_then(number) {
        (second < 60).then_some(())?;
        (time.seconds, rest) = (true, after);
        if let Some(fraction) = rest.strip_prefix(b".") {
            let digits = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
            (digits > 0).then_some(())?;
            (time.fraction, rest) = (true, fraction.get(digits..)?);
        }
    }
    let unblanked = rest.strip_prefix(b" ").unwrap_or(rest);
    if unblanked.get(..2).is_some_and(|word| word.eq_ignore_ascii_case(b"am") || word.eq_ignore_ascii_case(b"pm")) {
        (time.noon, rest) = (true, unblanked.get(2..)?);
    }
    if matches!(rest.first(), Some(b'Z' | b'+' | b'-')) {
        let zone = rest.len() == 1 || (rest.len() <= 6 && rest.iter().skip(1).all(|byte| byte.is_ascii_digit() || *byte == b':'));
        zone.then_some(())?;
        (time.zone, rest) = (true, &[]);
    }
    Some((time, hour_digits == 1, rest))
}

/// An Excel day number of this century (1900 system) and whether a time of day follows it.
pub(super) fn serial(text: &[u8]) -> Option<(Day, bool)> {
    let (whole, fraction) = match text.iter().position(|byte| *byte == b'.') {
        Some(at) => (text.get(..at)?, text.get(at + 1..)?),
        None => (text, &[][..]),
    };
    (whole.len() == 5 && text.len() <= 24 && whole.iter().chain(fraction).all(u8::is_ascii_digit)).then_some(())?;
    let number = whole.iter().fold(0, |sum, byte| sum * 10 + i32::from(byte - b'0'));
    // 36526 is 1 January 2000; day 0 of the unix calendar is 25569.
    (36_526..73_051).contains(&number).then_some((Day(number - 25_569), fraction.iter().any(|digit| *digit != b'0')))
}

/// How a month, quarter or year is printed, as a contract says it where it has a word.
pub(super) fn period(text: &[u8]) -> Option<&'static str> {
    let all_digits = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_digit);
    if let Some((_, _, rest)) = month_name(text) {
        let (separator, year) = match rest.split_first() {
            None => return Some("mmm"),
            Some((separator, year)) => (separator, year),
        };
        return match (separator, year.len()) {
            (b'-', 2) if all_digits(year) => Some("mmm-yy"),
            (b' ', 4) if all_digits(year) => Some("mmm yyyy"),
            (b'-', 4) if all_digits(year) => Some("mmm-yyyy"),
            (b' ', 2) if all_digits(year) => Some("mmm yy"),
            _ => None,
        };
    }
    let (first, rest) = text.split_at_checked(4)?;
    if !(all_digits(first) && matches!(first.get(..2)?, b"19" | b"20")) {
        return None;
    }
    match rest {
        [b'/', a, b] if all_digits(&[*a, *b]) => Some("yyyy/yy"),
        [b'-', a, b] if all_digits(&[*a, *b]) => Some("yyyy-pp"),
        [b'/', year @ ..] if year.len() == 4 && all_digits(year) => Some("yyyy/yyyy"),
        _ => None,
    }
}

/// The month that `Apr-25` or `April 2025` names.
pub(super) fn month_of(text: &[u8]) -> Option<(i32, u8)> {
    let (_, month, rest) = month_name(text)?;
    let (_, rest) = separator(rest)?;
    let (year, digits, rest) = number(rest)?;
    (rest.is_empty() && (digits == 2 || digits == 4)).then_some(())?;
    Some((full_year(year, digits == 2), u8::try_from(month).ok()?))
}

/// Dates of one shape in a column.
#[derive(Clone, Debug)]
pub(super) struct Gathered {
    pub(super) shape: Shape,
    pub(super) rows: u64,
    only: [u64; 2],
    either: u64,
    one_digit: [bool; 3],
    /// With the day first and with the month first.
    readings: [Reading; 2],
}

#[derive(Clone, Debug, Default)]
pub(super) struct Reading {
    first: Option<Day>,
    last: Option<Day>,
    pub(super) months: BTreeMap<(i32, u8), u64>,
    /// The day at hand last: months are counted by runs of equal days.
    at_hand: Option<(Day, u64)>,
}

impl Reading {
    pub(super) fn add(&mut self, day: Day) {
        match &mut self.at_hand {
            Some((same, n)) if *same == day => *n += 1,
            _ => {
                self.settle();
                self.at_hand = Some((day, 1));
            }
        }
    }

    /// Counts the days at hand.
    pub(super) fn settle(&mut self) {
        if let Some((day, n)) = self.at_hand.take() {
            let (year, month, _) = day.ymd();
            *self.months.entry((year, month)).or_default() += n;
            self.first = Some(self.first.map_or(day, |first| first.min(day)));
            self.last = Some(self.last.map_or(day, |last| last.max(day)));
        }
    }

    /// First and last day, and the one at hand.
    fn seen(&self) -> Vec<Day> {
        self.first.into_iter().chain(self.last).chain(self.at_hand.map(|(day, _)| day)).collect()
    }

    pub(super) fn span(&self) -> Option<(Day, Day)> {
        Some((self.first?, self.last?))
    }
}

impl Gathered {
    pub(super) fn new(seen: &Seen) -> Self {
        let readings = [Reading::default(), Reading::default()];
        Self { shape: seen.shape, rows: 0, only: [0, 0], either: 0, one_digit: [false; 3], readings }
    }

    pub(super) fn add(&mut self, seen: &Seen) {
        self.rows += 1;
        let mistakable = seen.shape.month == Month::Number && !seen.shape.year_first && seen.shape.separators != [0, 0];
        match (seen.day_first, seen.month_first) {
            _ if !mistakable => {}
            (Some(_), Some(_)) => self.either += 1,
            (Some(_), None) => self.count_only(0),
            (None, _) => self.count_only(1),
        }
        for (reading, day) in self.readings.iter_mut().zip([seen.day_first, seen.month_first]) {
            if let Some(day) = day {
                reading.add(day);
            }
        }
        self.one_digit.iter_mut().zip(seen.one_digit).for_each(|(any, one)| *any |= one);
    }

    fn count_only(&mut self, order: usize) {
        if let Some(only) = self.only.get_mut(order) {
            *only += 1;
        }
    }

    /// Digits alone, which a code may be too.
    pub(super) fn is_compact(&self) -> bool {
        self.shape.separators == [0, 0]
    }

    /// All days lie within three years.
    pub(super) fn is_near(&self) -> bool {
        let days: Vec<Day> = self.readings.iter().flat_map(Reading::seen).collect();
        days.iter().min().zip(days.iter().max()).is_none_or(|(first, last)| last.0 - first.0 < 1_100)
    }

    /// The reading that the rows call for: the day first, unless some row needs the month first and none the day.
    pub(super) fn reading(&mut self) -> &Reading {
        self.readings.iter_mut().for_each(Reading::settle);
        let [day_first, month_first] = &self.readings;
        if self.only[1] > 0 && self.only[0] == 0 { month_first } else { day_first }
    }

    pub(super) fn kind(&mut self) -> DateKind {
        let span = self.reading().span();
        let text = |day: Option<Day>| day.map_or_else(String::new, |day| day.to_string());
        DateKind {
            printed: self.printed(),
            word: Some(self.word()),
            rows: self.rows,
            day_first_only: self.only[0],
            month_first_only: self.only[1],
            either: self.either,
            first: text(span.map(|(first, _)| first)),
            last: text(span.map(|(_, last)| last)),
        }
    }

    fn month_first(&self) -> bool {
        self.only[1] > 0 && self.only[0] == 0
    }

    fn printed(&self) -> String {
        let [day, month, hour] = self.one_digit;
        let month = match self.shape.month {
            Month::Number if month => "m",
            Month::Number => "mm",
            Month::Short => "mmm",
            Month::Capitals => "MMM",
            Month::Sept => "Sept",
            Month::Full => "mmmm",
        };
        let time = self.shape.time;
        let mut text = self.day_text(if day { "d" } else { "dd" }, month, if self.shape.short_year { "yy" } else { "yyyy" });
        if time.before != 0 {
            text.push(char::from(time.before));
            text.push_str(if hour { "h:mi" } else { "hh:mi" });
            text.push_str(if time.seconds { ":ss" } else { "" });
            text.push_str(if time.fraction { ".000" } else { "" });
            text.push_str(if time.noon { " am/pm" } else { "" });
            text.push_str(if time.zone { "zzz" } else { "" });
        }
        text
    }

    fn day_text(&self, day: &str, month: &str, year: &str) -> String {
        let [one, two] = self.shape.separators.map(|byte| if byte == 0 { String::new() } else { char::from(byte).to_string() });
        match (self.shape.year_first, self.month_first()) {
            (true, _) => format!("{year}{one}{month}{two}{day}"),
            (false, false) => format!("{day}{one}{month}{two}{year}"),
            (false, true) => format!("{month}{one}{day}{two}{year}"),
        }
    }

    /// What a contract says.
    fn word(&self) -> String {
        let month = match self.shape.month {
            Month::Number => "mm",
            Month::Short | Month::Capitals | Month::Sept => "mmm",
            Month::Full => "mmmm",
        };
        let time = self.shape.time;
        let mut text = self.day_text("dd", month, if self.shape.short_year { "yy(pivot=70)" } else { "yyyy" });
        if time.before != 0 {
            text.push(char::from(time.before));
            text.push_str("hh:mi");
            text.push_str(if time.seconds { ":ss" } else { "" });
            text.push_str(if time.fraction { ".000" } else { "" });
            text.push_str(if time.noon { " ampm" } else { "" });
            text.push_str(if time.zone { "zzz" } else { "" });
        }
        text
    }
}

#[cfg(test)]
mod tests;
