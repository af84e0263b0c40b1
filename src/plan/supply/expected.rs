//! Which periods of a feed are expected, and when.

use crate::{
    diagnostic::{Diagnostic, Place, codes},
    domain::{Day, Holidays, Period},
    pipeline::{Due, Feed, HOLIDAYS, Partnership},
};

/// The first period that is expected of a feed: as `due` says, else from which on it is active, else the first that any feed of its
/// council was accepted for (`first`); `None` where nothing of that is known.
#[must_use]
pub fn since(partnership: &Partnership, feed: &Feed, first: Option<Period>) -> Option<Period> {
    let active = || feed.active.from.map(|from| partnership.calendar.period_of(from));
    feed.due.and_then(|due| due.since).or_else(active).or(first)
}

/// The day at whose end a period of a feed is due; `None` where it is not expected of the feed.
pub(super) fn due_day(partnership: &Partnership, feed: &Feed, due: &Due, period: Period, holidays: &Holidays) -> Option<Day> {
    let calendar = partnership.calendar;
    // The file of a quarter comes when the quarter is over, that of a year when the year is.
    due.day(feed.covers.ends(period, calendar), calendar, holidays).filter(|_| feed.active.contains(calendar.days_of(period).0))
}

/// Whether a period of a feed is expected at all, now or later. `first` is the first period that any feed of the council was accepted for.
#[must_use]
pub fn is_expected(partnership: &Partnership, feed: &Feed, period: Period, first: Option<Period>) -> bool {
    let Some(due) = feed.due else { return false };
    let begun = since(partnership, feed, first).is_some_and(|since| since <= period);
    begun && due_day(partnership, feed, &due, period, &partnership.holidays()).is_some()
}

/// That due days can be wrong because they lie after the last year whose bank holidays are known; `None` where none does.
#[must_use]
pub fn beyond_holidays(partnership: &Partnership, today: Day) -> Option<Diagnostic> {
    let holidays = partnership.holidays();
    let known = holidays.known_until();
    let period = partnership.calendar.period_of(today);
    let beyond = |feed: &&Feed| {
        let day = feed.due.and_then(|due| due_day(partnership, feed, &due, period, &holidays));
        day.is_some_and(|day| known.is_none_or(|known| day > known))
    };
    let names: Vec<String> = partnership.feeds.iter().filter(beyond).map(Feed::name).collect();
    let first = names.first()?;
    let others = if names.len() > 1 { format!(" and {} more", names.len() - 1) } else { String::new() };
    let until = known.map_or_else(|| "no year".to_owned(), |day| format!("{day}"));
    let file = format!("pipelines/reference/{HOLIDAYS}.csv");
    let seen = format!("{period} of {first}{others} is due after the last known bank holiday: they are known until {until}");
    let report = Diagnostic::warning(codes::supply::BEYOND_HOLIDAYS, seen)
        .place(Place::file(file.clone()))
        .expected("the bank holidays of every year in which a delivery is due")
        .outcome("days after that count as working days, but for Saturdays and Sundays; no figure depends on it")
        .hint(format!("add the bank holidays of the next years to {file}"));
    Some(report)
}
