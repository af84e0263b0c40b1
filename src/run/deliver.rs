//! The first half of a run: what is new of every feed, from the source to the common tables.
//!
//! Feeds are independent: a refused delivery leaves its feed at its last accepted state and stops no other.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::{
    Conductor, Event, clock, proofs,
    pump::{Flow, pump},
    remarks::{grouped_faults, name_documents, no_contract, no_coverage, notes, outside, too_large, unexplained},
    stream::{Pass, Streamed, stream},
    withdraw::Outdated,
};
use crate::{
    decode::{EncodingFacts, Header, Judge},
    diagnostic::{Answer, Diagnostic, Place, Refusal, codes, render_all},
    domain::{Calendar, Coverage, DeliveryId, Digest, Pence, counted, grouped, pounds},
    engine::Projection,
    lake::{Attempt, Commit, DeliveryProof, DeliveryRecord, DeliveryState, Landed, PartSchema, PeriodProof, QuarantineWriter, SourceFacts},
    pipeline::{CoverFrom, Feed},
    plan::{self, FeedPlan, Take, Wish, plan_feed},
    schema::Contract,
    source::{self, Entry, Listing, Source, needs_second_look, settle},
    stages::{
        judge,
        land::{land, land_sidecar},
        normalise::{Normaliser, PARTITION_COLUMNS},
    },
};

/// What became of one file.
#[derive(Clone, Debug)]
pub struct Delivered {
    pub feed: String,
    pub file: String,
    pub delivery: Option<String>,
    pub coverage: String,
    pub state: Delivery,
    pub rows: u64,
    pub quarantined: u64,
    pub pence: Pence,
    pub reports: Vec<Diagnostic>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    Accepted,
    Refused,
    /// The same delivery was in already.
    AlreadyIn,
}

/// One file in hand.
pub(super) struct InHand<'a> {
    pub feed: &'a Feed,
    pub take: Take,
    pub location: String,
    pub landed: Answer<(Landed, EncodingFacts)>,
    pub sidecar: Option<Answer<Vec<u8>>>,
    /// An instant as text.
    pub landed_at: String,
}

/// One feed with its source, and what is to be done for it.
pub struct Listed<'a> {
    pub feed: &'a Feed,
    pub source: Answer<Box<dyn Source>>,
    pub plan: FeedPlan,
}

impl Conductor<'_> {
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
            let of_feed: Vec<&DeliveryRecord> = known.iter().filter(|r| *r.council == *feed.council && *r.feed == *feed.id).collect();
            match listing {
                Ok(listing) => (source, plan_feed(feed, calendar, &listing, &of_feed, wish)),
                Err(refusal) => (source, FeedPlan { reports: refusal.0, ..FeedPlan::default() }),
            }
        };
        listed
            .into_iter()
            .map(|(feed, source, listing)| {
                let (source, plan) = plan((feed, source, listing));
                Listed { feed, source, plan }
            })
            .collect()
    }

    /// Leaves out what is still arriving.
    fn settle(&self, listed: &mut [(&Feed, Answer<Box<dyn Source>>, Answer<Listing>)], known: &[DeliveryRecord]) {
        let now = clock::now().micros;
        let taken = |feed: &Feed, entry: &Entry| {
            let facts = source_facts(&feed.from.to_string(), entry);
            let of_feed = known.iter().filter(|r| *r.council == *feed.council && *r.feed == *feed.id);
            of_feed.clone().any(|r| r.source == facts || r.sidecar.as_ref() == Some(&facts) || r.also_as.contains(&facts))
        };
        let young = |feed: &Feed, entry: &Entry| needs_second_look(entry, now) && !taken(feed, entry);
        let mut longest = 0;
        for (feed, _, listing) in listed.iter() {
            let Ok(listing) = listing else { continue };
            if let crate::pipeline::Ready::Stable { millis } = feed.ready
                && listing.entries.iter().any(|entry| young(feed, entry))
            {
                longest = longest.max(millis);
            }
        }
        if longest > 0 {
            self.step(&format!("waiting {} s for files that may still be arriving", longest.div_ceil(1000)));
            clock::wait(Duration::from_millis(longest));
        }
        for (feed, source, listing) in listed.iter_mut() {
            let (Ok(source), Ok(listing)) = (source, listing) else { continue };
            let first = std::mem::take(&mut listing.entries);
            listing.entries = match &feed.ready {
                // Whether its marker is there, the plan judges.
                crate::pipeline::Ready::Marker(_) => first,
                crate::pipeline::Ready::Stable { .. } => {
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

    /// Takes everything that is planned: lands it all, then judges and normalises delivery by delivery.
    ///
    /// # Errors
    /// Only what stops the whole run (the lake itself). What a source or a file refuses is in the result.
    pub fn deliver(&self, known: &mut Vec<DeliveryRecord>, listed: Vec<Listed<'_>>) -> Answer<Vec<Delivered>> {
        let mut sources: Vec<Box<dyn Source>> = Vec::new();
        let mut queue: Vec<(usize, &Feed, Take)> = Vec::new();
        let mut done = Vec::new();
        let mut left = Vec::new();
        for Listed { feed, source, plan } in listed {
            if !plan.reports.is_empty() {
                self.observer.event(Event::Report { diagnostics: &plan.reports });
                let faults: Vec<_> = plan.reports.iter().filter(|d| d.severity == crate::diagnostic::Severity::Error).cloned().collect();
                if !faults.is_empty() {
                    done.push(not_taken(feed, String::new(), faults));
                }
            }
            let Ok(source) = source else { continue };
            left.extend(plan.idle.into_iter().filter_map(|(entry, _)| {
                let covers = known
                    .iter()
                    .rev()
                    .find(|r| plan::is_file_of(r, &entry) && *r.feed == *feed.id && *r.council == *feed.council)?
                    .covers()?;
                Some((feed, entry, covers))
            }));
            queue.extend(plan.take.into_iter().map(|take| (sources.len(), feed, take)));
            sources.push(source);
        }
        if queue.is_empty() {
            return Ok(done);
        }
        let in_hand = self.land_all(&sources, queue)?;
        self.lake.landing().sync()?;
        let lost = known.iter().filter(|r| r.lost).map(|r| r.delivery_id.clone()).collect();
        for item in self.covered(in_hand, &left, &mut done) {
            done.push(self.deliver_one(known, &item)?);
        }
        done.extend(self.bring_back(known, &lost)?);
        Ok(done)
    }

    /// Files are landed side by side.
    fn land_all<'a>(&self, sources: &[Box<dyn Source>], queue: Vec<(usize, &'a Feed, Take)>) -> Answer<Vec<InHand<'a>>> {
        let fetched = || queue.iter().filter(|(_, _, take)| take.landed.is_none());
        let bytes = fetched().map(|(_, _, take)| take.entry.size).sum();
        let files = fetched().count();
        self.observer.event(Event::Start { what: "landing", bytes });
        let mut queue = queue.into_iter();
        let in_hand = Mutex::new(Vec::with_capacity(queue.len()));
        pump(
            self.threads,
            Flow {
                take: || Ok(queue.next()),
                work: |(at, feed, take): (usize, &'a Feed, Take)| self.land_one(sources.get(at).map(|s| &**s), feed, take),
                arrange: |item: Option<InHand<'a>>| {
                    in_hand.lock().unwrap_or_else(PoisonError::into_inner).extend(item);
                    Ok(Vec::<()>::new())
                },
                job: |()| Ok(()),
            },
        )?;
        if files > 0 {
            self.step(&format!("landed {}, {}", counted(files as u64, "file"), counted(bytes, "byte")));
        }
        Ok(in_hand.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    fn land_one<'a>(&self, source: Option<&dyn Source>, feed: &'a Feed, take: Take) -> InHand<'a> {
        if let Some(record) = take.landed.clone() {
            return self.landed_again(feed, take, &record);
        }
        let mut watch = |bytes| self.observer.event(Event::Advance { bytes });
        let landed = match source {
            Some(source) => land(self.lake.landing(), source, &take.entry, feed.landing, &mut watch),
            None => Err(Diagnostic::new(codes::checks::UNEXPLAINED, "a file without a source").into()),
        };
        let sidecar = source.zip(take.sidecar.as_ref()).map(|(source, entry)| land_sidecar(self.lake.landing(), source, entry));
        InHand { feed, take, location: feed.from.to_string(), landed, sidecar, landed_at: clock::now().iso() }
    }

    pub(super) fn deliver_one(&self, known: &mut Vec<DeliveryRecord>, item: &InHand<'_>) -> Answer<Delivered> {
        let feed = item.feed;
        let file = format!("{}: {}", feed.name(), item.take.entry.name);
        let (landed, facts) = match &item.landed {
            Ok(landed) => landed.clone(),
            Err(refusal) => {
                self.observer.event(Event::Report { diagnostics: &refusal.0 });
                let mut left = not_taken(feed, item.take.entry.name.clone(), refusal.0.clone());
                if item.take.landed.as_ref().is_some_and(|record| !record.lost) {
                    left.state = Delivery::AlreadyIn;
                }
                return Ok(left);
            }
        };
        let Some(coverage) = item.take.coverage.clone() else {
            return Ok(not_taken(feed, item.take.entry.name.clone(), no_coverage(feed, &file).0));
        };
        let id = delivery_id(feed, &coverage, &landed.digest);
        let stands = coverage
            .periods()
            .iter()
            .all(|p| proofs::delivery_in(known, &feed.council, &feed.id, *p).is_some_and(|r| r.delivery_id == id.as_str()));
        let earlier = known.iter().find(|r| r.delivery_id == id.as_str()).cloned();
        if let Some(before) = known.iter_mut().find(|r| r.delivery_id == id.as_str()) {
            let judged_alike = !plan::is_stale(feed, before) && !self.wish.force && before.sidecar == sidecar_facts(item);
            if judged_alike && (stands || before.state == DeliveryState::Refused) {
                return self.already_in(before, item);
            }
        }
        let mut record = self.record(item, &coverage, &id, &landed, &facts);
        let outdated = Outdated::by(known, feed, &record);
        let judged = self.judge_and_normalise(item, &file, &coverage, &id, &landed, &facts, &mut record, stands, &outdated);
        let reports = match judged {
            Ok(mut reports) => {
                reports.extend_from_slice(&outdated.notes);
                outdated.settle(known);
                reports
            }
            Err(Stop::Refused(faults)) if faults.iter().any(|d| d.code == codes::lake::LANDED_LOST) => {
                // The bytes are at fault, not the delivery: it is not entered, so the next run lands it again.
                self.observer.event(Event::Report { diagnostics: &faults });
                return Ok(not_taken(feed, item.take.entry.name.clone(), faults));
            }
            Err(Stop::Refused(faults)) if stands && earlier.as_ref().is_some_and(|r| r.state == DeliveryState::Accepted) => {
                return self.keep_earlier(known, earlier, &record, faults);
            }
            Err(Stop::Refused(faults)) => {
                record.state = DeliveryState::Refused;
                record.lake_version = None;
                faults
            }
            Err(Stop::Run(refusal)) => return Err(refusal),
        };
        record.reports = reports.iter().map(|d| render_all(std::slice::from_ref(d), false)).collect();
        record.judged_at = clock::now().iso();
        self.lake.register().enter(&record)?;
        let delivered = self.told(&record, reports);
        known.retain(|r| r.delivery_id != record.delivery_id);
        known.push(record);
        Ok(delivered)
    }

    /// The delivery stands in the lake as it was accepted; only that it was judged again in vain is written down.
    fn keep_earlier(
        &self,
        known: &mut [DeliveryRecord],
        earlier: Option<DeliveryRecord>,
        attempt: &DeliveryRecord,
        faults: Vec<Diagnostic>,
    ) -> Answer<Delivered> {
        let reports = faults.iter().map(|d| render_all(std::slice::from_ref(d), false)).collect();
        let mut kept = earlier.unwrap_or_else(|| attempt.clone());
        kept.last_attempt =
            Some(Attempt { contract_sha256: attempt.contract_sha256.clone(), feed_sha256: attempt.feed_sha256.clone(), reports });
        self.lake.register().enter(&kept)?;
        let mut delivered = self.told(attempt, faults);
        delivered.state = Delivery::Refused;
        if let Some(place) = known.iter_mut().find(|r| r.delivery_id == kept.delivery_id) {
            *place = kept;
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
            sidecar_sha256: item
                .sidecar
                .as_ref()
                .and_then(|bytes| bytes.as_ref().ok())
                .map(|bytes| Digest(Sha256::digest(bytes).into()).hex()),
        }
    }

    /// The pass, the verdict, and on acceptance the commit. Fills the record's proof; returns what is to be said of it.
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
        outdated: &Outdated,
    ) -> Result<Vec<Diagnostic>, Stop> {
        let feed = item.feed;
        let calendar = self.partnership.calendar;
        let contract = contract_for(feed, coverage, calendar).ok_or_else(|| Stop::Refused(vec![no_contract(feed, file, coverage)]))?;
        let into = self.common(&feed.into).map_err(Stop::Run)?;
        let projection = Projection::plan(&feed.sql, &feed.sql_file, contract, into, feed.rows_many).map_err(Stop::refused)?;
        let sidecar = Self::sidecar(item, file)?;
        let judge =
            Judge::new(contract.clone(), file.to_owned(), facts, coverage.days(calendar), judge::balances(feed)).map_err(Stop::refused)?;
        let normaliser = Normaliser::new(projection, into, calendar, coverage.clone(), id.clone());
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
        let streamed = stream(&pass, read, &mut quarantine).map_err(Stop::of)?;
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
        quarantine.finish().map_err(Stop::Run)?;
        notes.extend(grouped_faults(file, &streamed.groups, Some(id)).map(|mut d| {
            d.severity = crate::diagnostic::Severity::Warning;
            d.outcome = "these rows are in quarantine; the rest of the delivery is accepted".into();
            d
        }));
        self.commit(feed, into, coverage, id, streamed, record, outdated).map_err(Stop::Run)?;
        Ok(notes)
    }

    #[allow(clippy::too_many_arguments)] // as above
    fn commit(
        &self,
        feed: &Feed,
        into: &Contract,
        coverage: &Coverage,
        id: &DeliveryId,
        streamed: Streamed,
        record: &mut DeliveryRecord,
        outdated: &Outdated,
    ) -> Answer<()> {
        // Before the commit: should the run end between the two, money is missing until the next run, and never there twice.
        for record in &outdated.records {
            self.lake.register().enter(record)?;
        }
        self.lake.register().announce(record)?;
        let commit = Commit {
            council: &feed.council,
            feed: &feed.id,
            coverage,
            emptied: &outdated.emptied,
            delivery: id,
            token: &record.token,
            parts: streamed.parts,
            at_ms: clock::now().millis(),
        };
        let outcome = self.tables.replace(into, &commit)?;
        record.lake_version = Some(outcome.version());
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
        pence: record.proof.periods.values().map(|p| p.amount).sum(),
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

fn source_facts(location: &str, entry: &Entry) -> SourceFacts {
    SourceFacts {
        name: entry.name.clone(),
        location: location.to_owned(),
        bytes: entry.size,
        modified_us: entry.modified_us,
        identity: entry.identity.clone(),
    }
}

fn sidecar_facts(item: &InHand<'_>) -> Option<SourceFacts> {
    item.take.sidecar.as_ref().map(|entry| source_facts(&item.location, entry))
}

pub(super) fn contract_for<'a>(feed: &'a Feed, coverage: &Coverage, calendar: Calendar) -> Option<&'a Arc<Contract>> {
    let first = calendar.days_of(coverage.first()).0;
    feed.contracts.iter().find(|(span, _)| span.contains(first)).map(|(_, contract)| contract)
}

/// First 16 hex digits of the SHA-256 over council, feed, coverage and the bytes' own SHA-256.
#[must_use]
pub fn delivery_id(feed: &Feed, coverage: &Coverage, bytes: &Digest) -> DeliveryId {
    let periods: Vec<String> = coverage.periods().iter().map(ToString::to_string).collect();
    let text = format!("{}\n{}\n{}\n{bytes}\n", feed.council, feed.id, periods.join(" "));
    DeliveryId::from_digest(&Digest(Sha256::digest(text.as_bytes()).into()))
}

pub(super) fn not_taken(feed: &Feed, file: String, reports: Vec<Diagnostic>) -> Delivered {
    Delivered {
        feed: feed.name(),
        file,
        delivery: None,
        coverage: String::new(),
        state: Delivery::Refused,
        rows: 0,
        quarantined: 0,
        pence: 0,
        reports,
    }
}

fn period_proof(totals: &crate::stages::normalise::PeriodTotals) -> PeriodProof {
    PeriodProof { rows: totals.rows, amount: totals.pence(), debits: totals.debits }
}

pub(super) fn text_inside(feed: &Feed, header: &Header) -> Option<String> {
    match feed.covers.from.as_ref()? {
        CoverFrom::Record { record, field, .. } => {
            let found = header.controls.iter().find(|c| c.tag == *record)?;
            found.fields.get(field.checked_sub(1)?).cloned()
        }
        CoverFrom::Header { label, .. } => header.preamble.iter().find_map(|line| {
            let text = line.fields.join(" ");
            text.split_once(label.as_str()).map(|(_, after)| after.trim_start_matches([':', ' ']).trim().to_owned())
        }),
    }
}
