//! A file stands for one coverage: what it was accepted for before its feed was corrected is withdrawn, or its money would count twice.

use crate::{
    diagnostic::{Diagnostic, Place, codes},
    domain::Coverage,
    lake::{DeliveryRecord, DeliveryState},
    pipeline::Feed,
    plan::Entry,
};

/// What is entered before the commit: what is to be withdrawn counts as lost until its rows are out. Should the run end between the two,
/// nothing is published until the next run has gone on: no money is there twice, and none is gone unseen.
pub(super) fn announced(entry: &Entry) -> impl Iterator<Item = DeliveryRecord> + '_ {
    let withdrawn = entry.withdrawn.iter().filter(|r| r.turn().is_some() && r.lake_version.is_some());
    let lost = withdrawn.map(|record| DeliveryRecord { state: DeliveryState::Accepted, lost: true, ..record.clone() });
    lost.chain(entry.others.iter().filter(|r| r.lost).cloned())
}

/// A delivery that waited to be brought in again, and means by the feed as it is now what another delivery has brought since.
pub(super) fn superseded(feed: &Feed, record: &DeliveryRecord, coverage: &Coverage) -> Diagnostic {
    let before = record.covers().map(|c| c.to_string()).unwrap_or_default();
    let seen = format!(
        "delivery {} of {before} is withdrawn: its file {} covers {coverage} by {} as it is now, and another delivery holds that",
        record.delivery_id, record.source.name, feed.file
    );
    Diagnostic::warning(codes::control::WITHDRAWN, seen)
        .place(Place::file(format!("{}: {}", feed.name(), record.source.name)))
        .expected("one coverage for a file, and the newest delivery for a coverage")
        .outcome("its rows are out of the common table; the other delivery stays")
        .hint(format!("bring the file that covers {before}, if there should be one"))
}

/// A delivery whose file has brought another coverage since.
pub(super) fn withdrawn(feed: &Feed, record: &DeliveryRecord, new: &DeliveryRecord, coverage: &Coverage) -> Diagnostic {
    let before = record.covers().map(|c| c.to_string()).unwrap_or_default();
    let seen = format!(
        "delivery {} of {before} is withdrawn: its file {} covers {coverage} by {} as it is now",
        record.delivery_id, new.source.name, feed.file
    );
    Diagnostic::warning(codes::control::WITHDRAWN, seen)
        .place(Place::file(format!("{}: {}", feed.name(), new.source.name)))
        .expected("one coverage for a file: in two its money would count twice")
        .outcome(format!("its rows are out of the common table; {coverage} is held by delivery {} instead", new.delivery_id))
        .hint(format!("bring the file that covers {before}, if there should be one"))
}
