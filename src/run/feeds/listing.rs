//! What lies in the sources, and what of it is to be taken.

use std::time::Duration;

use super::FeedRun;
use crate::{
    diagnostic::{Answer, Severity, codes},
    lake::DeliveryRecord,
    pipeline::{Feed, Ready, Required},
    plan::{self, FeedPlan, Wish, plan_feed},
    source::{self, Entry, Listing, Source, needs_second_look, settle},
};

/// One feed with its source, and what is to be done for it.
pub struct Listed<'a> {
    pub feed: &'a Feed,
    pub source: Answer<Box<dyn Source>>,
    pub plan: FeedPlan,
    /// What the source lists; `None` where it does not answer.
    pub listing: Option<Listing>,
}

impl FeedRun<'_> {
    /// Lists every selected feed and decides what is to be taken. With `settle`, files that may still be growing are looked at twice,
    /// with one wait for all of them.
    pub fn list(&self, known: &[DeliveryRecord], wish: Wish, settle_files: bool) -> Vec<Listed<'_>> {
        let mut listed: Vec<(&Feed, Answer<Box<dyn Source>>, Answer<Listing>)> = Vec::new();
        for feed in self.selected() {
            let source = source::connect(&feed.from, &self.partnership.allow_hosts);
            let listing = source.as_ref().map_err(Clone::clone).and_then(|source| source.list());
            listed.push((feed, source, listing));
        }
        if settle_files {
            self.settle(&mut listed, known);
        }
        let calendar = self.partnership.calendar;
        let plan = |(feed, source, listing): (&'_ Feed, Answer<Box<dyn Source>>, Answer<Listing>)| {
            let of_feed: Vec<&DeliveryRecord> = known.iter().filter(|r| r.is_of(&feed.council, &feed.id)).collect();
            match listing {
                Ok(listing) => {
                    let mut plan = plan_feed(feed, calendar, &listing, &of_feed, wish);
                    self.look_round(feed, &of_feed, &mut plan);
                    if let Some(report) = plan::without_keys(feed).filter(|_| !plan.take.is_empty()) {
                        plan.take.clear();
                        plan.reports.push(report);
                    }
                    (source, plan, Some(listing))
                }
                Err(refusal) => (source, FeedPlan { reports: refusal.0, ..FeedPlan::default() }, None),
            }
        };
        listed
            .into_iter()
            .map(|(feed, source, listing)| {
                let (source, plan, listing) = plan((feed, source, listing));
                Listed { feed, source, plan, listing }
            })
            .collect()
    }

    /// Writes down which deliveries lie in their folder again although others have gone over them, so that a report says it too.
    pub fn note_again(&self, known: &mut [DeliveryRecord], listed: &[Listed<'_>]) -> Answer<()> {
        for Listed { feed, plan, .. } in listed.iter().filter(|listed| listed.listing.is_some()) {
            for record in known.iter_mut().filter(|r| r.is_of(&feed.council, &feed.id)) {
                let again = plan.again.contains(&record.delivery_id);
                if again != record.again {
                    record.again = again;
                    self.lake.register().enter(record)?;
                }
            }
        }
        Ok(())
    }

    /// Leaves out what is still arriving.
    fn settle(&self, listed: &mut [(&Feed, Answer<Box<dyn Source>>, Answer<Listing>)], known: &[DeliveryRecord]) {
        let now = self.clock.now().micros;
        let taken = |feed: &Feed, entry: &Entry| {
            let from = feed.from.to_string();
            let mut of_feed = known.iter().filter(|r| r.is_of(&feed.council, &feed.id));
            of_feed.any(|r| r.files().chain(&r.sidecar).any(|file| file.location == from && file.is_file(entry)))
        };
        let young = |feed: &Feed, entry: &Entry| needs_second_look(entry, now) && !taken(feed, entry);
        let mut longest = 0;
        for (feed, _, listing) in listed.iter() {
            let Ok(listing) = listing else { continue };
            if let Ready::Stable { millis } = feed.ready
                && listing.entries.iter().any(|entry| young(feed, entry))
            {
                longest = longest.max(millis);
            }
        }
        if longest > 0 {
            self.step(&format!("waiting {} s for files that may still be arriving", longest.div_ceil(1000)));
            self.clock.wait(Duration::from_millis(longest));
        }
        for (feed, source, listing) in listed.iter_mut() {
            let (Ok(source), Ok(listing)) = (source, listing) else { continue };
            let first = std::mem::take(&mut listing.entries);
            listing.entries = match &feed.ready {
                // Whether its marker is there, the plan judges.
                Ready::Marker(_) => first,
                Ready::Stable { .. } => {
                    let (arriving, quiet): (Vec<Entry>, Vec<Entry>) = first.into_iter().partition(|entry| young(feed, entry));
                    let second: Vec<Entry> = arriving.iter().filter_map(|entry| source.look(&entry.name).ok().flatten()).collect();
                    let settled = settle(&feed.name(), arriving, &second, now);
                    listing.notes.extend(settled.waiting);
                    let mut ready: Vec<Entry> = quiet.into_iter().chain(settled.ready).collect();
                    ready.sort();
                    ready
                }
            };
        }
    }

    /// Judges files that the feed does not know, and a folder that is not there: a fault unless the feed is not active today, or no period
    /// waits for it and it has not begun to deliver.
    fn look_round(&self, feed: &Feed, of_feed: &[&DeliveryRecord], plan: &mut FeedPlan) {
        let here = |other: &&Feed| other.from == feed.from;
        let readers: Vec<&Feed> = self.partnership.feeds.iter().filter(here).collect();
        let first = self.selected().into_iter().find(|other| here(other)).is_some_and(|other| other.name() == feed.name());
        plan.reports.splice(0..0, plan::strays(feed, &readers, first, &plan.unknown));
        let active = self.clock.now().civil_day().is_none_or(|today| feed.active.contains(today));
        let not_begun = feed.required == Required::Never && of_feed.is_empty();
        let why = match (active, not_begun) {
            (false, _) => "that the feed is not active today",
            (true, true) => "that no period waits for the feed, and it has brought nothing yet",
            (true, false) => return,
        };
        for report in plan.reports.iter_mut().filter(|d| d.code == codes::source::NO_FOLDER) {
            report.severity = Severity::Note;
            report.hint = format!("nothing has to be done: {} says {why}", feed.file);
        }
    }
}
