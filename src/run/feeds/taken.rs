//! `taken: remove`: files of accepted deliveries leave their drop folder, once their bytes are landed and registered.

use std::fs;

use super::{super::Event, FeedRun, InHand};
use crate::{
    diagnostic::{Diagnostic, Place, codes},
    domain::Location,
    pipeline::Taken,
};

impl FeedRun<'_> {
    /// Removes the file of an accepted delivery, and its sidecar, where the feed says so. What cannot be removed is said, and stays.
    pub(super) fn remove_taken(&self, item: &InHand<'_>) {
        let (feed, take) = (item.feed, &item.take);
        let Location::Folder(folder) = &feed.from else { return };
        // What was brought in from its landed bytes has no file in hand.
        if feed.taken != Taken::Removed || item.present.is_none() || take.landed.is_some() {
            return;
        }
        for entry in std::iter::once(&take.entry).chain(&take.sidecar) {
            match fs::remove_file(folder.join(&entry.name)) {
                Ok(()) => self.step(&format!("{}: {} is landed, and removed from its folder", feed.name(), entry.name)),
                Err(error) => {
                    let seen = format!("{} is landed, and cannot be removed from its folder: {error}", entry.name);
                    let report = Diagnostic::warning(codes::source::NOT_WRITTEN, seen)
                        .place(Place::file(format!("{}: {}", feed.name(), entry.name)))
                        .expected(format!("a folder from which files can be removed, as `taken: remove` in {} says", feed.file))
                        .outcome("the delivery is accepted; the file stays where it is")
                        .hint("remove it by hand, or give truecost the right to");
                    self.observer.event(Event::Report { diagnostics: &[report] });
                }
            }
        }
    }
}
