//! `taken: remove`: files of accepted deliveries leave their drop folder, once their bytes are landed and registered.

use std::fs;

use super::{super::Event, FeedRun, InHand};
use crate::{
    diagnostic::{Diagnostic, Place, codes},
    domain::Location,
    lake::{DeliveryRecord, DeliveryState},
    pipeline::{Feed, Taken},
    plan::{self, FeedPlan, Idle},
    source::{Entry, Listing},
};

impl FeedRun<'_> {
    /// Removes the file of an accepted delivery, and its sidecar, where the feed says so.
    pub(super) fn remove_taken(&self, item: &InHand<'_>) {
        // What was brought in from its landed bytes has no file in hand.
        if item.present.is_some() && item.take.landed.is_none() {
            self.remove(item.feed, std::iter::once(&item.take.entry).chain(&item.take.sidecar));
        }
    }

    /// Removes what lies there unchanged of deliveries that were accepted before: the feed says so only now, or a run died in between.
    pub(super) fn remove_left(&self, feed: &Feed, plan: &FeedPlan, listing: &Listing, known: &[DeliveryRecord]) {
        let accepted = |r: &&DeliveryRecord| r.state == DeliveryState::Accepted && r.is_of(&feed.council, &feed.id);
        for (entry, _) in plan.idle.iter().filter(|(_, idle)| matches!(idle, Idle::In | Idle::Replaced)) {
            let record = known.iter().filter(accepted).find(|record| plan::is_file_of(record, entry));
            let sidecar = record.and_then(|r| r.sidecar.as_ref()).and_then(|of| listing.entries.iter().find(|entry| of.is_file(entry)));
            self.remove(feed, record.map(|_| entry).into_iter().chain(sidecar));
        }
    }

    /// What cannot be removed is said, and stays.
    fn remove<'e>(&self, feed: &Feed, entries: impl Iterator<Item = &'e Entry>) {
        let Location::Folder(folder) = &feed.from else { return };
        if feed.taken != Taken::Removed {
            return;
        }
        for Entry { name, .. } in entries {
            match fs::remove_file(folder.join(name)) {
                Ok(()) => self.step(&format!("{}: {name} is landed, and removed from its folder", feed.name())),
                Err(error) => {
                    let seen = format!("{name} is landed, and cannot be removed from its folder: {error}");
                    let report = Diagnostic::warning(codes::source::NOT_WRITTEN, seen)
                        .place(Place::file(format!("{}: {name}", feed.name())))
                        .expected(format!("a folder from which files can be removed, as `taken: remove` in {} says", feed.file))
                        .outcome("the delivery is accepted; the file stays where it is")
                        .hint("remove it by hand, or give truecost the right to");
                    self.observer.event(Event::Report { diagnostics: &[report] });
                }
            }
        }
    }
}
