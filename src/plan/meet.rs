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
    let Some(earlier) = known.iter().find(|r| r.is(brings.id.as_str())) else { return Met::Due { standing: None, earlier: None } };
    let stands = earlier.is_accepted() && earlier.stands(&known.iter());
    let changed = is_stale(feed, calendar, earlier) || earlier.sidecar_sha256.as_deref() != brings.sidecar || brings.force;
    // It is never judged again as if it were newer: only because its rules or its sidecar changed while it stands, because its rows are
    // lost, or because a person accepted it or forces it.
    let rests = match earlier.state {
        DeliveryState::Withdrawn => earlier.withdrawn_by().is_some(),
        _ if take.why == Why::LetIn => false,
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
