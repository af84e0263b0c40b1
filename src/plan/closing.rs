//! Closing periods: whose entries must be there before one is published.

use crate::{
    domain::{Calendar, Period},
    lake::{DeliveryRecord, DeliveryState},
    pipeline::Feed,
};

/// Whether a required feed must have brought `period` before it is published.
///
/// Always, but for a closing period: that has entries or has none, and which feeds have some nobody declares. So it waits only for a feed
/// that brought closing entries of this year or of one before, or that says `closing: required`.
#[must_use]
pub fn closing_is_due<'k>(feed: &Feed, calendar: Calendar, period: Period, known: impl IntoIterator<Item = &'k DeliveryRecord>) -> bool {
    let until_now = |p: Period| calendar.is_closing(p) && p <= period;
    let brought = |record: &DeliveryRecord| {
        let covers = record.covers().is_some_and(|coverage| coverage.periods().iter().any(|p| until_now(*p)));
        covers || record.proof.periods.keys().filter_map(|text| Period::parse(text)).any(until_now)
    };
    let before = |record: &&DeliveryRecord| record.state == DeliveryState::Accepted && record.is_of(&feed.council, &feed.id);
    !calendar.is_closing(period) || feed.closing_required || known.into_iter().filter(before).any(brought)
}
