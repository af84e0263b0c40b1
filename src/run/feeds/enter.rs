//! The second half of a delivery: what was accepted is committed, what was judged is registered, and both are said.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    super::Event,
    Delivered, Delivery, FeedRun, InHand, and_quarantined, file_facts, not_taken,
    read::{Accepted, Judged, Known, Read, Stop, lock},
    sidecar_facts,
    withdrawal::{announced, superseded, withdrawn},
};
use crate::{
    crash,
    diagnostic::{Answer, Diagnostic, codes, render},
    domain::{Coverage, DeliveryId, rows_and_pounds},
    lake::{Attempt, Commit, DeliveryRecord, DeliveryState, SourceFacts, StagedRows},
    pipeline::Feed,
    plan::{self, Entry, common},
};

impl FeedRun<'_> {
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
            Read::AlreadyIn(id) => self.already_in(known, &id, item),
            Read::Superseded(record, coverage) => self.enter_superseded(known, item.feed, *record, &coverage),
            Read::Judged(judged) => self.enter_judged(known, item, *judged),
        }
    }

    fn enter_judged(&self, known: &Known<'_>, item: &InHand<'_>, judged: Judged) -> Answer<Delivered> {
        let Judged { mut record, coverage, id, standing, verdict } = judged;
        record.judged_at = self.clock.now().iso();
        match verdict {
            Ok(accepted) => {
                if let Some(of) = self.copied(known, item, &record, standing.as_ref()) {
                    accepted.quarantine.finish()?;
                    let report = {
                        let known = lock(known);
                        plan::is_copy(item.feed, &record, &of, of.stands(&known.iter()), plan::exchanged(&known, &record, &of))
                    };
                    record = DeliveryRecord { state: DeliveryState::Refused, copy_of: Some(of.delivery_id), ..record };
                    return self.entered(known, record, vec![report]);
                }
                let entry = plan::enter(&lock(known), item.feed.into(), &record, &|r| item.has_moved(r));
                let asked = !accepted.waits.is_empty() || !entry.questions.is_empty();
                if asked && !record.accepted_by(&record.rules()) {
                    return self.enter_waiting(known, record, standing, accepted, entry.questions);
                }
                self.enter_accepted(known, item, record, (&coverage, &id), accepted, &entry)
            }
            Err(Stop::Refused(faults)) if faults.iter().any(|d| d.code == codes::lake::LANDED_LOST) => {
                // The bytes are at fault, not the delivery: it is not entered, so the next run lands it again.
                self.observer.event(Event::Report { diagnostics: &faults });
                Ok(not_taken(item.feed, item.take.entry.name.clone(), faults))
            }
            Err(Stop::Refused(faults)) => {
                record.state = DeliveryState::Refused;
                record.lake_version = None;
                crash::point("enter.refused")?;
                match standing {
                    Some(standing) => self.keep_standing(known, standing, &record, Vec::new(), faults),
                    None => self.entered(known, record, faults),
                }
            }
            Err(Stop::Run(refusal)) => Err(refusal),
        }
    }

    fn enter_accepted(
        &self,
        known: &Known<'_>,
        item: &InHand<'_>,
        mut record: DeliveryRecord,
        (coverage, id): (&Coverage, &DeliveryId),
        accepted: Accepted,
        entry: &Entry,
    ) -> Answer<Delivered> {
        let Accepted { streamed, quarantine, mut notes, waits: _ } = accepted;
        quarantine.finish()?;
        let parts = streamed.parts.into_iter().filter(|part| entry.replace.contains(&part.period)).collect();
        self.commit(item.feed, coverage, id, parts, &mut record, entry)?;
        notes.extend(entry.withdrawn.iter().map(|former| withdrawn(item.feed, former, &record, coverage)));
        for (former, note) in entry.withdrawn.iter().zip(notes.iter().rev().take(entry.withdrawn.len()).rev()) {
            let reports = rendered(std::slice::from_ref(note));
            self.register(known, DeliveryRecord { reports, ..former.clone() })?;
        }
        for other in &entry.others {
            let mut other = other.clone();
            if other.copy_of.as_ref().is_some_and(|of| record.is(of)) {
                other.reports = rendered(&[plan::is_copy(item.feed, &other, &record, !entry.replace.is_empty(), None)]);
            }
            self.register(known, other)?;
        }
        notes.extend(self.ended_corrections(item.feed, &record, &entry.replaced)?);
        record.reports = rendered(&notes);
        crash::point("enter.committed")?;
        self.register(known, record.clone())?;
        crash::point("enter.registered")?;
        let delivered = self.told(&record, notes, item.many);
        // Those of several feeds that bring many are told in turns.
        let feed = if item.many { format!("{} ", item.feed.name()) } else { String::new() };
        plan::replaced_in_words(&entry.replaced).iter().for_each(|line| self.step(&format!("  replaced {feed}{line}")));
        self.remove_taken(item);
        Ok(delivered)
    }

    /// It is judged and kept, and nothing of it counts until a person accepts it.
    fn enter_waiting(
        &self,
        known: &Known<'_>,
        mut record: DeliveryRecord,
        standing: Option<DeliveryRecord>,
        accepted: Accepted,
        guarded: Vec<String>,
    ) -> Answer<Delivered> {
        let Accepted { quarantine, notes: mut reports, waits, .. } = accepted;
        let questions: Vec<String> = waits.iter().map(|d| d.seen.clone()).chain(guarded.iter().cloned()).collect();
        let asked = DeliveryRecord { state: DeliveryState::Waiting, waits: guarded, ..record.clone() };
        reports.extend(plan::questions(&asked, standing.is_some(), waits));
        if let Some(standing) = standing {
            return self.keep_standing(known, standing, &record, questions, reports);
        }
        quarantine.finish()?;
        record.state = DeliveryState::Waiting;
        record.waits = questions;
        crash::point("enter.waits")?;
        self.entered(known, record, reports)
    }

    /// Writes down what became of a delivery, and says it.
    fn entered(&self, known: &Known<'_>, mut record: DeliveryRecord, reports: Vec<Diagnostic>) -> Answer<Delivered> {
        record.reports = rendered(&reports);
        self.register(known, record.clone())?;
        Ok(self.told(&record, reports, false))
    }

    /// Enters a record, on disk and among what is known.
    fn register(&self, known: &Known<'_>, record: DeliveryRecord) -> Answer<()> {
        self.lake.register().enter(&record)?;
        let mut known = lock(known);
        match known.iter_mut().find(|r| r.is(&record.delivery_id)) {
            Some(place) => *place = record,
            None => known.push(record),
        }
        Ok(())
    }

    fn enter_superseded(&self, known: &Known<'_>, feed: &Feed, mut record: DeliveryRecord, coverage: &Coverage) -> Answer<Delivered> {
        let note = superseded(feed, &record, coverage);
        (record.state, record.lost) = (DeliveryState::Withdrawn, false);
        record.reports = rendered(std::slice::from_ref(&note));
        self.observer.event(Event::Report { diagnostics: std::slice::from_ref(&note) });
        let delivered = Delivered { state: Delivery::AlreadyIn, ..delivered(&record, vec![note]) };
        self.register(known, record)?;
        Ok(delivered)
    }

    /// The delivery stands in the lake as it was accepted; only that it was judged again, in vain or with something in question, is
    /// written down.
    fn keep_standing(
        &self,
        known: &Known<'_>,
        mut standing: DeliveryRecord,
        attempt: &DeliveryRecord,
        waits: Vec<String>,
        faults: Vec<Diagnostic>,
    ) -> Answer<Delivered> {
        let reports = rendered(&faults);
        let state = if waits.is_empty() { DeliveryState::Refused } else { DeliveryState::Waiting };
        standing.to_correct = false;
        standing.last_attempt = Some(Attempt {
            contract_sha256: attempt.contract_sha256.clone(),
            feed_sha256: attempt.feed_sha256.clone(),
            reports,
            periods: if waits.is_empty() { BTreeMap::new() } else { attempt.proof.periods.clone() },
            waits,
        });
        self.register(known, standing)?;
        Ok(self.told(&DeliveryRecord { state, ..attempt.clone() }, faults, false))
    }

    /// The file is noted as one of the delivery's. Where another delivery has gone over it, that is said, with the way back.
    fn already_in(&self, known: &Known<'_>, id: &str, item: &InHand<'_>) -> Answer<Delivered> {
        let (before, over) = {
            let known = lock(known);
            let before = known.iter().find(|r| r.is(id)).cloned();
            let over = before.as_ref().and_then(|r| plan::gone_over(&known.iter(), r)).cloned();
            (before, over)
        };
        let Some(mut before) = before else {
            return Ok(not_taken(item.feed, item.take.entry.name.clone(), Vec::new())); // it was there when it was read
        };
        let facts = file_facts(item);
        let (was, sidecar) = (before.clone(), sidecar_facts(item));
        if before.source.name == facts.name {
            (before.source, before.sidecar) = (facts, sidecar);
        } else if !before.also_as.contains(&facts) {
            before.also_as.retain(|other| other.name != facts.name);
            before.also_as.push(facts);
        }
        before.again = over.is_some() && !before.stands(&lock(known).iter());
        let notes: Vec<Diagnostic> = over.iter().map(|over| plan::came_again(&before, over, &item.take.entry.name)).collect();
        let what = match before.state {
            DeliveryState::Accepted => "the same delivery as before",
            DeliveryState::Refused => "refused before, and unchanged",
            DeliveryState::Waiting => "the same delivery as before, which waits",
            DeliveryState::Withdrawn => "withdrawn before (truecost withdraw --undo lets it count again)",
        };
        self.step(&format!("{}: {}: {what} ({}); nothing to do", item.feed.name(), item.take.entry.name, before.delivery_id));
        if !notes.is_empty() {
            self.observer.event(Event::Report { diagnostics: &notes });
        }
        let state = if before.state == DeliveryState::Refused { Delivery::RefusedBefore } else { Delivery::AlreadyIn };
        let done = Delivered { state, file: item.take.entry.name.clone(), ..delivered(&before, notes) };
        if before.state == DeliveryState::Accepted {
            self.remove_taken(item);
        }
        if before != was {
            self.register(known, before)?;
        }
        Ok(done)
    }

    /// Says what became of a delivery that was judged; of one of `many`, only to who wants to see each.
    fn told(&self, record: &DeliveryRecord, reports: Vec<Diagnostic>, many: bool) -> Delivered {
        if !reports.is_empty() {
            self.observer.event(Event::Report { diagnostics: &reports });
        }
        let done = delivered(record, reports);
        let word = match done.state {
            Delivery::Accepted | Delivery::AlreadyIn => "accepted",
            Delivery::Refused | Delivery::RefusedBefore => "REFUSED",
            Delivery::Waiting => "WAITS",
        };
        let (rows, quarantined) = (rows_and_pounds(done.rows, done.pence), and_quarantined(done.quarantined));
        let text = format!("{word} {} {}: {} ({rows}{quarantined})", done.feed, done.coverage, done.file);
        self.observer.event(if many { Event::Detail { text: &text } } else { Event::Step { text: &text } });
        done
    }

    /// The one moment of truth of a delivery; none where it stands nowhere and takes nothing out.
    fn commit(
        &self,
        feed: &Feed,
        coverage: &Coverage,
        id: &DeliveryId,
        parts: Vec<StagedRows>,
        record: &mut DeliveryRecord,
        entry: &Entry,
    ) -> Answer<()> {
        if entry.replace.is_empty() && entry.emptied.is_empty() {
            return Ok(());
        }
        for record in announced(entry) {
            self.lake.register().enter(&record)?;
        }
        record.lake_files = files_of(&parts);
        self.lake.register().announce(record)?;
        let commit = Commit {
            council: &feed.council,
            feed: &feed.id,
            coverage,
            replace: &entry.replace,
            emptied: &entry.emptied,
            delivery: id,
            token: &record.token,
            parts,
            at_ms: self.clock.now().millis(),
            facts: facts_of(record),
        };
        let outcome = self.tables.replace(common(self.partnership, &feed.into)?, &commit)?;
        record.lake_version = Some(outcome.version());
        Ok(())
    }

    /// The delivery of which a new one is a copy.
    fn copied(
        &self,
        known: &Known<'_>,
        item: &InHand<'_>,
        record: &DeliveryRecord,
        standing: Option<&DeliveryRecord>,
    ) -> Option<DeliveryRecord> {
        let known = lock(known);
        if standing.is_some() {
            return None;
        }
        plan::copied(&known, item.feed, record, &|r| item.has_moved(r), &|a, b| self.same_lines(a, b)).cloned()
    }
}

/// Reports as the register keeps them.
pub(super) fn rendered(reports: &[Diagnostic]) -> Vec<String> {
    reports.iter().map(|d| render(d, false)).collect()
}

/// The files of a delivery in its common table, by period.
pub(super) fn files_of(parts: &[StagedRows]) -> BTreeMap<String, String> {
    parts.iter().map(|staged| (staged.period.to_string(), staged.part.name())).collect()
}

/// What the log of the table says of a delivery, so that a lost entry of the register can be made again from it: no more than its file
/// and its bytes, no location and nothing of its content.
fn facts_of(record: &DeliveryRecord) -> Value {
    let file = |source: &SourceFacts| json!({"name": source.name, "bytes": source.bytes, "modified_us": source.modified_us, "identity": source.identity});
    json!({
        "periods": record.coverage, "sha256": record.sha256, "bytes": record.bytes, "encoding": record.encoding, "source": file(&record.source),
        "sidecar": record.sidecar.as_ref().map(file), "sidecar_sha256": record.sidecar_sha256, "landed_at": record.landed_at,
        "turn": record.turn, "number": record.number,
    })
}

fn delivered(record: &DeliveryRecord, reports: Vec<Diagnostic>) -> Delivered {
    Delivered {
        feed: format!("{}/{}", record.council, record.feed),
        file: record.source.name.clone(),
        delivery: Some(record.delivery_id.clone()),
        coverage: record.covers().map(|c| c.to_string()).unwrap_or_default(),
        state: match record.state {
            DeliveryState::Accepted => Delivery::Accepted,
            DeliveryState::Waiting => Delivery::Waiting,
            DeliveryState::Refused | DeliveryState::Withdrawn => Delivery::Refused,
        },
        rows: record.proof.accepted,
        quarantined: record.proof.quarantined,
        pence: record.proof.pounds(),
        reports,
    }
}
