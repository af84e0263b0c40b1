//! Deliveries that are judged again from their landed bytes, because no file of the source is taken for them.

use super::{
    Take, Why, Wish,
    feeds::{is_active, is_file_of, is_stale},
};
use crate::{
    domain::{Calendar, Coverage},
    lake::{DeliveryRecord, DeliveryState, SourceFacts},
    pipeline::Feed,
    source::Entry,
};

/// Accepted deliveries of the feed that the lake holds by rules that have changed, or should hold and does not, and whose file is none
/// of those that are `taken`: it left its folder, or another file stands in its place. With them those that stand over one that is
/// brought in again: it would put its rows over theirs.
#[must_use]
pub fn replays(feed: &Feed, calendar: Calendar, known: &[&DeliveryRecord], taken: &[Take], wish: Wish) -> Vec<Take> {
    let mut accepted: Vec<&DeliveryRecord> = known.iter().copied().filter(|r| r.state == DeliveryState::Accepted).collect();
    accepted.sort_by_key(|r| r.place());
    let mut replayed: Vec<Coverage> = Vec::new();
    let mut again = Vec::new();
    for record in accepted {
        let (Some(covers), Some(replaces)) = (record.covers(), record.replaces()) else { continue };
        let stands = record.stands(&known.iter().copied());
        if let Some(take) = taken.iter().find(|take| is_file_of(record, &take.entry)) {
            if take.replays.is_some() && stands {
                replayed.push(replaces);
            }
            continue;
        }
        let why = match () {
            () if record.lost => Why::Lost,
            () if !stands => continue,
            () if wish.force => Why::Forced,
            () if is_stale(feed, calendar, record) => Why::RulesChanged,
            () if replayed.iter().any(|below| replaces.periods().iter().any(|period| below.contains(*period))) => Why::Above,
            () => continue,
        };
        if !wish.wants(&feed.replaces(&covers, calendar)) || !(record.lost || is_active(feed, &covers, calendar)) {
            continue;
        }
        let take = take(feed, calendar, record, &covers, why);
        // By the feed as it is now these bytes were refused: nothing has changed since.
        let refused = |r: &&DeliveryRecord| {
            let same = take.coverage.is_none() || r.covers() == take.coverage;
            same && r.state == DeliveryState::Refused && r.sha256 == record.sha256 && !is_stale(feed, calendar, r)
        };
        if why == Why::RulesChanged && known.iter().copied().any(|r| refused(&r)) {
            continue;
        }
        again.push(take);
        replayed.push(replaces);
    }
    again
}

/// What the name of the delivery's file means by the feed as it is now; `None` where the feed does not know the name, or files say
/// themselves what they cover.
#[must_use]
pub fn covered_now(feed: &Feed, calendar: Calendar, record: &DeliveryRecord) -> Option<Coverage> {
    let facts = feed.files.matches(&record.source.name)?;
    feed.coverage(&record.source.name, &facts, calendar).ok()?
}

fn take(feed: &Feed, calendar: Calendar, record: &DeliveryRecord, covers: &Coverage, why: Why) -> Take {
    let entry = |file: &SourceFacts| Entry {
        name: file.name.clone(),
        size: file.bytes,
        modified_us: file.modified_us,
        identity: file.identity.clone(),
    };
    let coverage =
        if feed.covers.from.is_some() { None } else { Some(covered_now(feed, calendar, record).unwrap_or_else(|| covers.clone())) };
    Take {
        entry: entry(&record.source),
        sidecar: record.sidecar.as_ref().map(entry),
        coverage,
        why,
        replays: record.place(),
        landed: Some(Box::new(record.clone())),
    }
}
