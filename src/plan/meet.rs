//! What the register says of a delivery before it is judged: that it need not be, or what it was.

use super::{Take, Why, again::is_freed, feeds::is_stale};
use crate::{
    domain::{Calendar, Coverage, DeliveryId},
    lake::{DeliveryRecord, DeliveryState, holder},
    pipeline::Feed,
};

/// What a delivery in hand meets in the register.
#[derive(Debug)]
pub enum Met {
    /// What it would bring in again is held by this other coverage's deliveries since.
    Superseded(Box<DeliveryRecord>),
    /// The same delivery was judged, and nothing has changed since.
    Known,
    /// Another delivery, by its id, holds the same for the same coverage, packed anew: it stands, and nothing has changed since.
    Same(String),
    /// It is to be judged.
    Due {
        /// What is registered of it, where it stands in the lake, if only for some of its periods; or did, and has to again.
        standing: Option<Box<DeliveryRecord>>,
        /// What is registered of it, whatever became of it.
        earlier: Option<Box<DeliveryRecord>>,
    },
}

/// What is in hand beside the file itself.
#[derive(Clone, Copy, Debug)]
pub struct Brings<'a> {
    pub id: &'a DeliveryId,
    pub coverage: &'a Coverage,
    /// SHA-256 of what is inside, where the file is packed.
    pub inside: Option<&'a str>,
    /// SHA-256 of the sidecar's bytes.
    pub sidecar: Option<&'a str>,
    /// Asked for with `--force`.
    pub force: bool,
}

/// Looks up what the register knows of a delivery of `feed`.
#[must_use]
pub fn meet(known: &[DeliveryRecord], feed: &Feed, calendar: Calendar, take: &Take, brings: Brings<'_>) -> Met {
    let held = |period| holder(known, &feed.council, &feed.id, period).is_some();
    if let Some(lost) = take.landed.as_ref().filter(|r| r.lost && r.covers().as_ref() != Some(brings.coverage))
        && brings.coverage.periods().iter().all(|period| held(*period))
    {
        return Met::Superseded(lost.clone());
    }
    let Some(earlier) = known.iter().find(|r| r.is(brings.id.as_str())) else {
        let fresh = take.landed.is_none() && !brings.force;
        return match known.iter().find(|r| fresh && is_same_inside(known, (feed, calendar), r, (take, &brings))) {
            Some(same) => Met::Same(same.delivery_id.clone()),
            None => Met::Due { standing: None, earlier: None },
        };
    };
    let stands = earlier.is_accepted() && earlier.stands(&known.iter());
    let changed = is_stale(feed, calendar, earlier) || earlier.sidecar_sha256.as_deref() != brings.sidecar || brings.force;
    // It is never judged again as if it were newer: only because its rules or its sidecar changed while it stands, because its rows are
    // lost, or because a person accepted it or forces it.
    let rests = match earlier.state {
        DeliveryState::Withdrawn => earlier.withdrawn_by().is_some(),
        _ if matches!(take.why, Why::LetIn | Why::Corrected) => false,
        DeliveryState::Accepted => !stands || !(earlier.lost || changed),
        DeliveryState::Waiting => !changed,
        DeliveryState::Refused => !changed && !is_freed(&known, earlier),
    };
    if rests {
        return Met::Known;
    }
    let earlier = Box::new(earlier.clone());
    Met::Due { standing: stands.then(|| earlier.clone()), earlier: Some(earlier) }
}

/// Whether a delivery that stands holds what is inside the one in hand: a sender who packs the same file every night brings nothing new.
fn is_same_inside(
    known: &[DeliveryRecord],
    (feed, calendar): (&Feed, Calendar),
    earlier: &DeliveryRecord,
    (take, brings): (&Take, &Brings<'_>),
) -> bool {
    let as_at = feed.as_at(&take.entry.name).map(|day| day.to_string());
    brings.inside.is_some()
        && earlier.inside_sha256.as_deref() == brings.inside
        && earlier.is_of(&feed.council, &feed.id)
        && earlier.is_accepted()
        && !earlier.lost
        && earlier.covers().as_ref() == Some(brings.coverage)
        && earlier.as_at == as_at
        && earlier.sidecar_sha256.as_deref() == brings.sidecar
        && earlier.stands(&known.iter())
        && !is_stale(feed, calendar, earlier)
}
