//! Deliveries that are judged again from their landed bytes, because no file of the source is taken for them.

use super::{
    Take, Why, Wish,
    feeds::{is_active, is_file_of, is_stale},
    known::Known,
};
use crate::{
    domain::{Calendar, Coverage},
    lake::{DeliveryRecord, DeliveryState, SourceFacts},
    pipeline::Feed,
};

/// Deliveries of the feed that stand by rules that have changed, or should be in the lake and are not, or waited until a person accepted
/// them, and whose file is none of those that are `taken`: it left its folder, or another file stands in its place.
#[must_use]
pub fn replays(feed: &Feed, calendar: Calendar, known: &[&DeliveryRecord], taken: &[Take], wish: Wish) -> Vec<Take> {
    replays_of(feed, calendar, &Known::of(known), taken, wish)
}

/// [`replays`] of what is looked up already.
pub(super) fn replays_of(feed: &Feed, calendar: Calendar, known: &Known<'_>, taken: &[Take], wish: Wish) -> Vec<Take> {
    let mut kept: Vec<&DeliveryRecord> =
        known.records.iter().copied().filter(|r| r.is_accepted() || r.state == DeliveryState::Waiting || r.to_correct).collect();
    kept.sort_by_key(|r| r.turn());
    let mut again = Vec::new();
    for record in kept {
        let Some(why) = why(feed, calendar, known, record, wish) else { continue };
        let Some(covers) = record.covers() else { continue };
        let from_file = taken.iter().any(|take| is_file_of(record, &take.entry));
        if from_file || !wish.wants(&feed.replaces(&covers, calendar)) || !(record.lost || is_active(feed, &covers, calendar)) {
            continue;
        }
        let take = taken_again(feed, calendar, record, &covers, why);
        // By the feed as it is now these bytes were refused: nothing has changed since.
        let refused = |r: &&DeliveryRecord| {
            let same = take.coverage.is_none() || r.covers() == take.coverage;
            same && r.state == DeliveryState::Refused && r.sha256 == record.sha256 && !is_stale(feed, calendar, r)
        };
        if why == Why::RulesChanged && known.records.iter().copied().any(|r| refused(&r)) {
            continue;
        }
        again.push(take);
    }
    again
}

/// Why a delivery is read again from its landed bytes; `None` where it is not.
fn why(feed: &Feed, calendar: Calendar, known: &Known<'_>, record: &DeliveryRecord, wish: Wish) -> Option<Why> {
    match record.state {
        DeliveryState::Withdrawn => None,
        _ if record.to_correct => Some(Why::Corrected),
        DeliveryState::Waiting if !known.waits(record) => None,
        DeliveryState::Waiting if is_stale(feed, calendar, record) => Some(Why::RulesChanged),
        DeliveryState::Waiting => record.is_let_in().then_some(Why::LetIn),
        _ if !known.stands(record) => None,
        _ if record.lost => Some(Why::Lost),
        _ if wish.force => Some(Why::Forced),
        _ if is_stale(feed, calendar, record) => Some(Why::RulesChanged),
        _ if known.waits(record) && record.is_let_in() => Some(Why::LetIn),
        _ => None,
    }
}

/// What the name of the delivery's file means by the feed as it is now; `None` where the feed does not know the name, or files say
/// themselves what they cover.
#[must_use]
pub fn covered_now(feed: &Feed, calendar: Calendar, record: &DeliveryRecord) -> Option<Coverage> {
    feed.files.matches(&record.source.name)?;
    feed.coverage(&record.source.name, calendar).ok()?
}

/// A delivery that is judged again from its landed bytes.
#[must_use]
pub fn taken_again(feed: &Feed, calendar: Calendar, record: &DeliveryRecord, covers: &Coverage, why: Why) -> Take {
    let coverage =
        if feed.covers.from.is_some() { None } else { Some(covered_now(feed, calendar, record).unwrap_or_else(|| covers.clone())) };
    Take {
        entry: record.source.entry(),
        sidecar: record.sidecar.as_ref().map(SourceFacts::entry),
        coverage,
        why,
        turn: record.turn(),
        landed: Some(Box::new(record.clone())),
        over: Vec::new(),
    }
}
