//! A file stands for one coverage: what it was accepted for before its feed was corrected is withdrawn, or its money would count twice.

use std::collections::BTreeSet;

use crate::{
    diagnostic::{Diagnostic, Place, codes, render_all},
    domain::{Coverage, Period},
    lake::{DeliveryRecord, DeliveryState, holder},
    pipeline::Feed,
};

/// What an accepted delivery makes out of date.
#[derive(Debug, Default)]
pub(super) struct Outdated {
    /// As they are entered: withdrawn, or lost where a withdrawn one had stood over them.
    pub records: Vec<DeliveryRecord>,
    /// Periods that are left without rows by the same commit.
    pub emptied: Vec<Period>,
    pub notes: Vec<Diagnostic>,
}

impl Outdated {
    /// What `new`, once it is accepted, makes out of date among the deliveries of its feed.
    ///
    /// Where names say what files cover, every other coverage of the same name is a former reading of it, whatever its bytes were. Where
    /// files say it themselves, one name may bring month after month: only the same bytes cannot mean two coverages.
    pub fn by(known: &[DeliveryRecord], feed: &Feed, new: &DeliveryRecord) -> Self {
        let Some(coverage) = new.covers() else { return Self::default() };
        let of_feed = |r: &&DeliveryRecord| r.is_of(&new.council, &new.feed);
        let mut others: Vec<DeliveryRecord> = known.iter().filter(of_feed).filter(|r| r.delivery_id != new.delivery_id).cloned().collect();
        let held_by =
            |known: &[DeliveryRecord], period: Period| holder(known, &new.council, &new.feed, period).map(|r| r.delivery_id.clone());
        let former = |r: &DeliveryRecord| {
            r.state == DeliveryState::Accepted
                && r.is_named(&new.source.location, &new.source.name)
                && r.covers().is_some_and(|other| other != coverage)
                && (feed.covers.from.is_none() || r.sha256 == new.sha256)
        };
        let mut outdated = Self::default();
        let mut emptied = BTreeSet::new();
        for record in others.iter_mut().filter(|r| former(r)) {
            let covered = record.replaces().map(|c| c.periods().to_vec()).unwrap_or_default();
            emptied.extend(covered.into_iter().filter(|p| held_by(known, *p).as_ref() == Some(&record.delivery_id)));
            let note = withdrawn(feed, record, new, &coverage);
            record.state = DeliveryState::Withdrawn;
            record.reports = vec![render_all(std::slice::from_ref(&note), false)];
            outdated.records.push(record.clone());
            outdated.notes.push(note);
        }
        let replaced = new.replaces().unwrap_or_else(|| coverage.clone());
        emptied.retain(|period| !replaced.contains(*period));
        for period in &emptied {
            let Some(below) = held_by(&others, *period) else { continue };
            for record in others.iter_mut().filter(|r| r.delivery_id == below) {
                record.lost = true;
                outdated.records.push(record.clone());
            }
        }
        // A run that ended between the entry and the commit has left the rows of a withdrawn delivery in the table.
        let before = others.iter().filter(|r| r.state == DeliveryState::Withdrawn).filter_map(DeliveryRecord::replaces);
        let before: Vec<Period> = before.flat_map(|covers| covers.periods().to_vec()).collect();
        emptied.extend(before.into_iter().filter(|p| !replaced.contains(*p) && held_by(&others, *p).is_none()));
        outdated.emptied = emptied.into_iter().collect();
        outdated
    }

    /// As they are entered before the commit: what is to be withdrawn counts as lost until its rows are out. Should the run end between
    /// the two, nothing is published until the next run has gone on: no money is there twice, and none is gone unseen.
    pub fn announced(&self) -> impl Iterator<Item = DeliveryRecord> + '_ {
        self.records.iter().map(|record| DeliveryRecord { state: DeliveryState::Accepted, lost: true, ..record.clone() })
    }

    /// What is known, once it is committed.
    pub fn settle(self, known: &mut [DeliveryRecord]) {
        for record in self.records {
            if let Some(place) = known.iter_mut().find(|r| r.delivery_id == record.delivery_id) {
                *place = record;
            }
        }
    }
}

/// Deliveries that stand over one whose rows are brought in again: they are lost until they have been brought in again themselves, so
/// that a run which ends in between leaves nothing published that is older than what was there.
pub(super) fn covered_over(known: &[DeliveryRecord], new: &DeliveryRecord, replays: u64) -> Vec<DeliveryRecord> {
    let Some(replaced) = new.replaces() else { return Vec::new() };
    let overlaps = |r: &DeliveryRecord| r.replaces().is_some_and(|other| other.periods().iter().any(|p| replaced.contains(*p)));
    let over = |r: &&DeliveryRecord| {
        let later = r.state == DeliveryState::Accepted && !r.lost && r.lake_version.is_some_and(|version| version > replays);
        // What this run has brought in already has had its turn.
        later && r.run != new.run && r.is_of(&new.council, &new.feed) && overlaps(r)
    };
    known.iter().filter(over).map(|record| DeliveryRecord { lost: true, above: true, ..record.clone() }).collect()
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
        .hint(format!("nothing has to be done; if {before} lacks a delivery now, bring the file that covers it"))
}

fn withdrawn(feed: &Feed, record: &DeliveryRecord, new: &DeliveryRecord, coverage: &Coverage) -> Diagnostic {
    let before = record.covers().map(|c| c.to_string()).unwrap_or_default();
    let seen = format!(
        "delivery {} of {before} is withdrawn: its file {} covers {coverage} by {} as it is now",
        record.delivery_id, new.source.name, feed.file
    );
    Diagnostic::warning(codes::control::WITHDRAWN, seen)
        .place(Place::file(format!("{}: {}", feed.name(), new.source.name)))
        .expected("one coverage for a file: in two its money would count twice")
        .outcome(format!("its rows are out of the common table; {coverage} is held by delivery {} instead", new.delivery_id))
        .hint(format!("nothing has to be done; if {before} lacks a delivery now, bring the file that covers it"))
}
