//! One delivery: judged and normalised, then entered into the lake.
//!
//! The two halves are apart because reading takes every processor and entering mostly waits: while one delivery is entered, the next
//! is read. What reading must know of the register is asked before it begins.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::{
    Conductor, Event, clock,
    deliver::{Delivered, Delivery, InHand, contract_for, delivery_id, not_taken, sidecar_facts, source_facts},
    remarks::{grouped_faults, name_documents, no_contract, no_coverage, notes, outside, too_large, unexplained},
    stream::{Pass, Streamed, stream},
    withdraw::{Outdated, covered_over, superseded},
};
use crate::{
    decode::{EncodingFacts, Judge},
    diagnostic::{Answer, Diagnostic, Place, Refusal, codes, render_all},
    domain::{Coverage, DeliveryId, Digest, Period, counted, grouped, pounds},
    engine::Projection,
    lake::{
        Attempt, Commit, DeliveryProof, DeliveryRecord, DeliveryState, Landed, PARTITION_COLUMNS, PartSchema, PeriodProof,
        QuarantineWriter, StagedRows, holder,
    },
    pipeline::Feed,
    plan,
    schema::Contract,
    stages::{judge, normalise::Normaliser},
};

/// What the register holds, shared by the delivery that is read and the one that is entered.
pub(super) type Known<'k> = Mutex<&'k mut Vec<DeliveryRecord>>;

/// A delivery between its two halves.
pub(super) enum Read {
    /// It is not judged: its bytes or its coverage are missing.
    Left(Box<Delivered>),
    /// The same delivery is in already.
    AlreadyIn(DeliveryId),
    /// What it would bring in again is held by another delivery since.
    Superseded(Box<DeliveryRecord>, Coverage),
    Judged(Box<Judged>),
}

/// A delivery with its verdict.
pub(super) struct Judged {
    record: DeliveryRecord,
    coverage: Coverage,
    id: DeliveryId,
    outdated: Outdated,
    /// What is registered of it, where it was judged before and stands in the lake.
    standing: Option<DeliveryRecord>,
    verdict: Result<Accepted, Stop>,
}

/// What waits under staging names for one commit.
struct Accepted {
    streamed: Streamed,
    quarantine: QuarantineWriter,
    notes: Vec<Diagnostic>,
}

fn lock<'g, 'k>(known: &'g Known<'k>) -> MutexGuard<'g, &'k mut Vec<DeliveryRecord>> {
    known.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Conductor<'_> {
    /// Both halves, one after the other.
    pub(super) fn deliver_one(&self, known: &mut Vec<DeliveryRecord>, item: &InHand<'_>) -> Answer<Delivered> {
        let known = Known::new(known);
        let read = self.read(&known, item);
        self.enter(&known, item, read)
    }

    /// Judges and normalises what is in hand. Says nothing and enters nothing: that has its turn in [`Self::enter`].
    pub(super) fn read(&self, known: &Known<'_>, item: &InHand<'_>) -> Read {
        let feed = item.feed;
        let name = &item.take.entry.name;
        let file = format!("{}: {name}", feed.name());
        let (landed, facts) = match &item.landed {
            Ok(landed) => landed.clone(),
            Err(refusal) => {
                let mut left = not_taken(feed, name.clone(), refusal.0.clone());
                if item.take.landed.as_ref().is_some_and(|record| !record.lost) {
                    left.state = Delivery::AlreadyIn;
                }
                return Read::Left(left.into());
            }
        };
        let Some(coverage) = item.take.coverage.clone() else {
            return Read::Left(not_taken(feed, name.clone(), no_coverage(feed, &file).0).into());
        };
        let id = delivery_id(feed, &coverage, &landed.digest);
        let mut record = self.record(item, &coverage, &id, &landed, &facts);
        let (stands, standing, earlier, outdated) = {
            let known = lock(known);
            let holds = |p: &Period| holder(known.iter(), &feed.council, &feed.id, *p).is_some_and(|r| r.delivery_id == id.as_str());
            let held = |p: &Period| holder(known.iter(), &feed.council, &feed.id, *p).is_some();
            if let Some(lost) = item.take.landed.as_ref().filter(|r| r.lost && r.covers().as_ref() != Some(&coverage))
                && coverage.periods().iter().all(held)
            {
                return Read::Superseded(lost.clone(), coverage);
            }
            let earlier = known.iter().find(|r| r.delivery_id == id.as_str()).cloned();
            // In the lake, if only for some of its periods; or it was, and has to be again.
            let in_lake = |r: &DeliveryRecord| r.state == DeliveryState::Accepted && (r.lost || coverage.periods().iter().any(holds));
            let standing = earlier.clone().filter(in_lake);
            (coverage.periods().iter().all(holds), standing, earlier, Outdated::by(&known, feed, &record))
        };
        if let Some(before) = &earlier {
            let judged_alike = !plan::is_stale(feed, before) && !self.wish.force && before.sidecar == sidecar_facts(item);
            if judged_alike && (stands || before.state == DeliveryState::Refused) {
                return Read::AlreadyIn(id);
            }
        }
        let verdict = self.judge_and_normalise(item, &file, &coverage, &id, &landed, &facts, &mut record, standing.is_some());
        Read::Judged(Judged { record, coverage, id, outdated, standing, verdict }.into())
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
            Ok(Accepted { streamed, quarantine, mut notes }) => {
                quarantine.finish()?;
                let into = self.common(&item.feed.into)?;
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

    fn record(&self, item: &InHand<'_>, coverage: &Coverage, id: &DeliveryId, landed: &Landed, facts: &EncodingFacts) -> DeliveryRecord {
        let feed = item.feed;
        let contract = contract_for(feed, coverage, self.partnership.calendar);
        DeliveryRecord {
            delivery_id: id.to_string(),
            council: feed.council.to_string(),
            feed: feed.id.to_string(),
            table: feed.into.to_string(),
            coverage: coverage.periods().iter().map(ToString::to_string).collect(),
            source: source_facts(&item.location, &item.take.entry),
            sidecar: sidecar_facts(item),
            also_as: Vec::new(),
            sha256: landed.digest.hex(),
            bytes: landed.bytes,
            encoding: serde_json::to_value(facts).unwrap_or_else(|_| json!(null)),
            contract: contract.map(|c| c.name.clone()).unwrap_or_default(),
            contract_sha256: contract.map(|c| c.digest.hex()).unwrap_or_default(),
            feed_sha256: feed.digest.hex(),
            state: DeliveryState::Accepted,
            reports: Vec::new(),
            proof: DeliveryProof::default(),
            token: format!("{}-{id}", self.run_id),
            run: self.run_id.clone(),
            landed_at: item.landed_at.clone(),
            judged_at: String::new(),
            last_attempt: None,
            lake_version: None,
            lost: false,
            above: false,
            sidecar_sha256: item
                .sidecar
                .as_ref()
                .and_then(|bytes| bytes.as_ref().ok())
                .map(|bytes| Digest(Sha256::digest(bytes).into()).hex()),
        }
    }

    /// The pass and the verdict. Fills the record's proof.
    #[allow(clippy::too_many_arguments)] // the delivery's own facts; a struct for one call would only rename them
    fn judge_and_normalise(
        &self,
        item: &InHand<'_>,
        file: &str,
        coverage: &Coverage,
        id: &DeliveryId,
        landed: &Landed,
        facts: &EncodingFacts,
        record: &mut DeliveryRecord,
        again: bool,
    ) -> Result<Accepted, Stop> {
        let feed = item.feed;
        let calendar = self.partnership.calendar;
        let contract = contract_for(feed, coverage, calendar).ok_or_else(|| Stop::Refused(vec![no_contract(feed, file, coverage)]))?;
        let into = self.common(&feed.into).map_err(Stop::Run)?;
        let projection = Projection::plan(&feed.sql, &feed.sql_file, contract, into, feed.rows_many).map_err(Stop::refused)?;
        let sidecar = Self::sidecar(item, file)?;
        let judge =
            Judge::new(contract.clone(), file.to_owned(), facts, coverage.days(calendar), judge::balances(feed)).map_err(Stop::refused)?;
        let normaliser = Normaliser::new(projection, into, calendar, coverage.clone(), id);
        let schema = PartSchema::without(into, &PARTITION_COLUMNS).map_err(Stop::Run)?;
        let staging = self.lake.staging();
        let mut quarantine = QuarantineWriter::create(staging, self.lake.quarantine_file(id), id).map_err(Stop::Run)?;
        self.observer.event(Event::Start { what: file, bytes: landed.bytes });
        let read = self.lake.landing().open(&landed.digest).map_err(Stop::Run)?;
        let pass = Pass {
            judge: &judge,
            normaliser: &normaliser,
            schema: &schema,
            staging,
            threads: self.threads,
            many: feed.rows_many,
            observer: self.observer,
        };
        let streamed = stream(&pass, read, &mut quarantine);
        self.observer.event(Event::End);
        let streamed = streamed.map_err(Stop::of)?;
        let said = judge::Said { sidecar: sidecar.as_ref(), listed: feed.listed.get(&item.take.entry.name) };
        let (proof, mut faults) = judge::judge(feed, file, &streamed.tally, said);
        record.proof = proof;
        record.proof.periods = streamed.totals.iter().map(|(period, t)| (period.to_string(), period_proof(t))).collect();
        faults.extend(too_large(feed, file, record));
        let mut notes = notes(feed, file, &judge, &streamed);
        match outside(feed, file, id, coverage, &streamed) {
            Some(report) if report.severity == crate::diagnostic::Severity::Error => faults.push(report),
            report => notes.extend(report),
        }
        unexplained(&streamed, file).map_err(Stop::Run)?;
        if !faults.is_empty() {
            name_documents(feed, contract, &judge, &mut faults, &streamed.tally, || self.lake.landing().open(&landed.digest));
            // The cause before what follows from it. An earlier quarantine that stays does not hold these rows.
            faults.splice(..0, grouped_faults(file, &streamed.groups, (!again).then_some(id)));
            // Where an accepted delivery is judged again in vain, its own quarantine stays.
            if !again {
                quarantine.finish().map_err(Stop::Run)?;
            }
            return Err(Stop::Refused(faults));
        }
        notes.extend(grouped_faults(file, &streamed.groups, Some(id)).map(|mut d| {
            d.severity = crate::diagnostic::Severity::Warning;
            d.outcome = "these rows are in quarantine; the rest of the delivery is accepted".into();
            d
        }));
        Ok(Accepted { streamed, quarantine, notes })
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
        let commit = Commit {
            council: &feed.council,
            feed: &feed.id,
            coverage,
            emptied: &outdated.emptied,
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

    fn sidecar(item: &InHand<'_>, file: &str) -> Result<Option<serde_json::Value>, Stop> {
        match &item.sidecar {
            None => Ok(None),
            Some(Err(refusal)) => Err(Stop::Refused(refusal.0.clone())),
            Some(Ok(bytes)) => judge::read_sidecar(bytes, &Place::file(format!("{file} (sidecar)"))).map(Some).map_err(Stop::refused),
        }
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

/// Why a delivery ends: it is refused, or the run cannot go on.
enum Stop {
    Refused(Vec<Diagnostic>),
    Run(Refusal),
}

impl Stop {
    fn refused(refusal: Refusal) -> Self {
        Self::Refused(refusal.0)
    }

    /// What the supplier or the configurator must mend refuses the delivery; what the operator must mend stops the run.
    fn of(refusal: Refusal) -> Self {
        use crate::diagnostic::Actor;
        let theirs = |d: &Diagnostic| {
            matches!(d.code.actor, Actor::Supplier | Actor::Configurator)
                || d.code == codes::lake::LANDED_LOST
                || d.code == codes::sql::FAILED
        };
        if refusal.0.iter().all(theirs) { Self::Refused(refusal.0) } else { Self::Run(refusal) }
    }
}

fn period_proof(totals: &crate::stages::normalise::PeriodTotals) -> PeriodProof {
    PeriodProof { rows: totals.rows, amount: totals.pence(), debits: totals.debits }
}
