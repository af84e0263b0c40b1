//! Deliveries that are brought in again from their landed bytes: their file is gone, or their rows are.

use std::{collections::BTreeSet, io::Read as _};

use super::{Delivered, Delivery, FeedRun, InHand};
use crate::{
    decode::FileFacts,
    diagnostic::{Answer, Diagnostic, Place, codes},
    domain::Digest,
    lake::{DeliveryRecord, Kept, Landed, LandedAs},
    pipeline::Feed,
    plan::{Take, replays},
};

impl FeedRun<'_> {
    /// Deliveries whose common table is gone from the lake are to be brought in again: those that stood there.
    pub(in crate::run) fn note_lost_tables(&self, known: &mut [DeliveryRecord], write_down: bool) -> Answer<()> {
        let was_in = |r: &DeliveryRecord| r.is_accepted() && r.lake_version.is_some() && !r.lost;
        let mut gone = BTreeSet::new();
        for table in known.iter().filter(|r| was_in(r)).map(|r| r.table.clone()).collect::<BTreeSet<_>>() {
            if self.tables.newest_version(&table)?.is_none() {
                gone.insert(table);
            }
        }
        let before = known.to_vec();
        for record in known.iter_mut().filter(|r| was_in(r) && gone.contains(&r.table)) {
            let of_feed = before.iter().filter(|r| r.is_of(&record.council, &record.feed));
            if record.stands(&of_feed) {
                record.lost = true;
                if write_down {
                    self.lake.register().enter(record)?;
                }
            }
        }
        Ok(())
    }

    /// Brings in what the deliveries of this run uncovered: `lost_before` was known to be lost when it began.
    /// What it has judged is not judged again, unless it accepted it and another delivery uncovered it afterwards: where the start of the
    /// year is corrected, each month moves into the period of another that has not moved yet.
    pub(super) fn bring_back(
        &self,
        known: &mut Vec<DeliveryRecord>,
        lost_before: &BTreeSet<String>,
        judged: &[Delivered],
    ) -> Answer<Vec<Delivered>> {
        let judged: BTreeSet<&str> =
            judged.iter().filter(|d| d.state != Delivery::Accepted).filter_map(|d| d.delivery.as_deref()).collect();
        let mut done = Vec::new();
        for feed in self.selected() {
            let of_feed: Vec<&DeliveryRecord> = known.iter().filter(|r| r.is_of(&feed.council, &feed.id)).collect();
            let waits = |r: &DeliveryRecord| r.lost && !lost_before.contains(&r.delivery_id) && !judged.contains(r.delivery_id.as_str());
            if !of_feed.iter().any(|r| waits(r)) {
                continue;
            }
            let takes = replays(feed, self.partnership.calendar, &of_feed, &[], self.wish);
            let again = |take: Take| {
                let record = take.landed.clone().filter(|record| !judged.contains(record.delivery_id.as_str()))?;
                Some(self.landed_again(feed, take, &record))
            };
            for item in self.covered(takes.into_iter().filter_map(again).collect(), &[], &mut done) {
                done.push(self.deliver_one(known, &item)?);
            }
        }
        Ok(done)
    }

    /// A delivery in hand without its source.
    pub(super) fn landed_again<'a>(&self, feed: &'a Feed, take: Take, record: &DeliveryRecord) -> InHand<'a> {
        InHand {
            feed,
            location: record.source.location.clone(),
            landed: self.landed_as(record).map(|(landed, facts)| {
                let facts = self.opened(feed, &landed.digest, facts);
                (landed, facts)
            }),
            sidecar: take.sidecar.as_ref().map(|_| self.landed_sidecar(feed, record)),
            landed_at: record.landed_at.clone(),
            present: None,
            many: false,
            take,
        }
    }

    fn landed_as(&self, record: &DeliveryRecord) -> Answer<(Landed, FileFacts)> {
        let digest = Digest::parse(&record.sha256).filter(|digest| self.lake.landing().has(digest));
        let facts = serde_json::from_value(record.encoding.clone()).ok();
        let sidecar = record.sidecar.is_none() || record.sidecar_sha256.is_some();
        match (digest, facts, sidecar) {
            (Some(digest), Some(facts), true) => Ok((Landed { digest, bytes: record.bytes, how: LandedAs::Before }, facts)),
            (Some(_), Some(_), false) => Err(not_again(record, "the landed bytes of its sidecar are not known").into()),
            _ => {
                let removed = self.lake.was_removed(Kept::Landed, &record.sha256)?;
                let why = removed.map_or_else(|| "its landed bytes are gone".to_owned(), |why| format!("its landed bytes were {why}"));
                Err(not_again(record, &why).into())
            }
        }
    }

    fn landed_sidecar(&self, feed: &Feed, record: &DeliveryRecord) -> Answer<Vec<u8>> {
        let lost = || not_again(record, "the landed bytes of its sidecar are gone");
        let digest = record.sidecar_sha256.as_deref().and_then(Digest::parse).ok_or_else(lost)?;
        let mut bytes = Vec::new();
        self.lake.landing().open(&digest, feed.sealing())?.read_to_end(&mut bytes).map_err(|_| lost())?;
        Ok(bytes)
    }
}

/// Its file is gone and its landed bytes do not help.
fn not_again(record: &DeliveryRecord, why: &str) -> Diagnostic {
    let covers = record.covers().map(|c| c.to_string()).unwrap_or_default();
    let feed = format!("{}/{}", record.council, record.feed);
    let outcome = if record.lost {
        "its rows are not in the lake"
    } else {
        "its rows stay as the contract, the feed or the SQL made them before it changed"
    };
    Diagnostic::warning(codes::lake::LANDED_LOST, format!("delivery {} of {covers} cannot be judged again: {why}", record.delivery_id))
        .place(Place::file(format!("{feed}: {}", record.source.name)))
        .expected("the file in its folder, or its bytes in landing")
        .outcome(outcome)
        .hint(format!("put {} back into the folder of {feed}, then type `truecost run {feed}`", record.source.name))
}
