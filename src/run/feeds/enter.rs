//! The second half of a delivery: what was accepted is committed, what was judged is registered, and both are said.

use super::{
    super::{Conductor, Event, clock},
    Delivered, Delivery, InHand, not_taken,
    read::{Accepted, Judged, Known, Read, Stop, lock},
    source_facts,
    withdrawal::{Outdated, covered_over, superseded},
};
use crate::{
    diagnostic::{Answer, Diagnostic, codes, render_all},
    domain::{Coverage, DeliveryId, Period, counted, grouped, pounds},
    lake::{Attempt, Commit, DeliveryRecord, DeliveryState, StagedRows},
    pipeline::Feed,
    plan::common,
    schema::Contract,
};

impl Conductor<'_> {
    /// Both halves, one after the other.
    pub(super) fn deliver_one(&self, known: &mut Vec<DeliveryRecord>, item: &InHand<'_>) -> Answer<Delivered> {
        let known = Known::new(known);
        let read = self.read(&known, item);
        self.enter(&known, item, read)
    }

    /// Commits what was accepted, registers what was judged, and says so.
    pub(super) fn enter(&self, known: &Known<'_>, item: &InHand<'_>, read: Read) -> Answer<Delivered> {
        match read {
            Read::Left(left) => {
                self.observer.event(Event::Report { diagnostics: &left.reports });
                Ok(*left)
            }
            Read::AlreadyIn(id) => match lock(known).iter_mut().find(|r| r.delivery_id == id.as_str()) {
                Some(before) => self.already_in(before, item),
                None => Ok(not_taken(item.feed, item.take.entry.name.clone(), Vec::new())), // it was there when it was read
            },
            Read::Superseded(record, coverage) => self.enter_superseded(known, item.feed, *record, &coverage),
            Read::Judged(judged) => self.enter_judged(known, item, *judged),
        }
    }

    fn enter_judged(&self, known: &Known<'_>, item: &InHand<'_>, judged: Judged) -> Answer<Delivered> {
        let Judged { mut record, coverage, id, outdated, standing, verdict } = judged;
        let reports = match verdict {
            Ok(Accepted { streamed, quarantine, mut notes, waits: _ }) => {
                quarantine.finish()?;
                let into = common(self.partnership, &item.feed.into)?;
                if let Some((false, replays)) = item.take.replays {
                    let mut known = lock(known);
                    for over in covered_over(&known, &record, replays) {
                        self.lake.register().enter(&over)?;
                        known.iter_mut().filter(|r| r.delivery_id == over.delivery_id).for_each(|r| *r = over.clone());
                    }
                }
                self.commit(item.feed, into, &coverage, &id, streamed.parts, &mut record, &outdated)?;
                notes.extend_from_slice(&outdated.notes);
                outdated.settle(&mut lock(known));
                notes
            }
            Err(Stop::Refused(faults)) if faults.iter().any(|d| d.code == codes::lake::LANDED_LOST) => {
                // The bytes are at fault, not the delivery: it is not entered, so the next run lands it again.
                self.observer.event(Event::Report { diagnostics: &faults });
                return Ok(not_taken(item.feed, item.take.entry.name.clone(), faults));
            }
            Err(Stop::Refused(faults)) => {
                record.state = DeliveryState::Refused;
                record.lake_version = None;
                if let Some(standing) = standing {
                    return self.keep_standing(known, standing, &record, faults);
                }
                faults
            }
            Err(Stop::Run(refusal)) => return Err(refusal),
        };
        record.reports = reports.iter().map(|d| render_all(std::slice::from_ref(d), false)).collect();
        record.judged_at = clock::now().iso();
        self.lake.register().enter(&record)?;
        let delivered = self.told(&record, reports);
        let mut known = lock(known);
        known.retain(|r| r.delivery_id != record.delivery_id);
        known.push(record);
        Ok(delivered)
    }

    fn enter_superseded(&self, known: &Known<'_>, feed: &Feed, mut record: DeliveryRecord, coverage: &Coverage) -> Answer<Delivered> {
        let note = superseded(feed, &record, coverage);
        (record.state, record.lost) = (DeliveryState::Withdrawn, false);
        record.reports = vec![render_all(std::slice::from_ref(&note), false)];
        self.lake.register().enter(&record)?;
        self.observer.event(Event::Report { diagnostics: std::slice::from_ref(&note) });
        let delivered = Delivered { state: Delivery::AlreadyIn, ..delivered(&record, vec![note]) };
        lock(known).iter_mut().filter(|r| r.delivery_id == record.delivery_id).for_each(|r| *r = record.clone());
        Ok(delivered)
    }

    /// The delivery stands in the lake as it was accepted; only that it was judged again in vain is written down.
    fn keep_standing(
        &self,
        known: &Known<'_>,
        mut standing: DeliveryRecord,
        attempt: &DeliveryRecord,
        faults: Vec<Diagnostic>,
    ) -> Answer<Delivered> {
        let reports = faults.iter().map(|d| render_all(std::slice::from_ref(d), false)).collect();
        standing.last_attempt =
            Some(Attempt { contract_sha256: attempt.contract_sha256.clone(), feed_sha256: attempt.feed_sha256.clone(), reports });
        self.lake.register().enter(&standing)?;
        let delivered = self.told(attempt, faults);
        if let Some(place) = lock(known).iter_mut().find(|r| r.delivery_id == standing.delivery_id) {
            *place = standing;
        }
        Ok(delivered)
    }

    fn already_in(&self, before: &mut DeliveryRecord, item: &InHand<'_>) -> Answer<Delivered> {
        let facts = source_facts(&item.location, &item.take.entry);
        if before.source != facts {
            if before.source.name == facts.name {
                before.source = facts;
            } else if !before.also_as.contains(&facts) {
                before.also_as.retain(|other| other.name != facts.name);
                before.also_as.push(facts);
            }
            self.lake.register().enter(before)?;
        }
        let what = if before.state == DeliveryState::Accepted { "the same delivery as before" } else { "refused before, and unchanged" };
        self.step(&format!("{}: {}: {what} ({}); nothing to do", item.feed.name(), item.take.entry.name, before.delivery_id));
        Ok(Delivered { state: Delivery::AlreadyIn, file: item.take.entry.name.clone(), ..delivered(before, Vec::new()) })
    }

    /// Says what became of a delivery that was judged.
    fn told(&self, record: &DeliveryRecord, reports: Vec<Diagnostic>) -> Delivered {
        if !reports.is_empty() {
            self.observer.event(Event::Report { diagnostics: &reports });
        }
        let done = delivered(record, reports);
        let word = if done.state == Delivery::Accepted { "accepted" } else { "REFUSED" };
        let quarantined = if done.quarantined == 0 { String::new() } else { format!(", {} quarantined", grouped(done.quarantined.into())) };
        let (rows, pounds) = (counted(done.rows, "row"), pounds(done.pence));
        self.step(&format!("{word} {} {}: {} ({rows}, {pounds}{quarantined})", done.feed, done.coverage, done.file));
        done
    }

    #[allow(clippy::too_many_arguments)] // the delivery's own facts; a struct for one call would only rename them
    fn commit(
        &self,
        feed: &Feed,
        into: &Contract,
        coverage: &Coverage,
        id: &DeliveryId,
        parts: Vec<StagedRows>,
        record: &mut DeliveryRecord,
        outdated: &Outdated,
    ) -> Answer<()> {
        for record in outdated.announced() {
            self.lake.register().enter(&record)?;
        }
        self.lake.register().announce(record)?;
        let beside = feed.beside(coverage, self.partnership.calendar);
        let emptied: Vec<Period> = outdated.emptied.iter().copied().chain(beside).collect();
        let commit = Commit {
            council: &feed.council,
            feed: &feed.id,
            coverage,
            emptied: &emptied,
            delivery: id,
            token: &record.token,
            parts,
            at_ms: clock::now().millis(),
        };
        let outcome = self.tables.replace(into, &commit)?;
        record.lake_version = Some(outcome.version());
        for record in &outdated.records {
            self.lake.register().enter(record)?;
        }
        Ok(())
    }
}

fn delivered(record: &DeliveryRecord, reports: Vec<Diagnostic>) -> Delivered {
    Delivered {
        feed: format!("{}/{}", record.council, record.feed),
        file: record.source.name.clone(),
        delivery: Some(record.delivery_id.clone()),
        coverage: record.covers().map(|c| c.to_string()).unwrap_or_default(),
        state: if record.state == DeliveryState::Accepted { Delivery::Accepted } else { Delivery::Refused },
        rows: record.proof.accepted,
        quarantined: record.proof.quarantined,
        pence: record.proof.pence(),
        reports,
    }
}
