//! One delivery: judged and normalised, then entered into the lake.
//!
//! The two halves are apart because reading takes every processor and entering mostly waits: while one delivery is entered, the next
//! is read. What reading must know of the register is asked before it begins.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde_json::json;

use super::{
    super::Event,
    Delivered, Delivery, FeedRun, InHand, contract_for, delivery_id, file_facts,
    messages::{drift, grouped_faults, lacking_total, name_documents, no_contract, no_coverage, notes, too_large, unexplained},
    not_taken,
    outside::outside,
    pass::{Pass, Streamed, stream},
    sender::{not_as_sent, residue_proof, sender_proof},
    sidecar_facts,
};
use crate::{
    crash,
    decode::{FileFacts, Judge},
    diagnostic::{Answer, Diagnostic, Place, Refusal, codes},
    domain::{Coverage, DeliveryId, Period, Placement},
    lake::{
        DeliveryProof, DeliveryRecord, DeliveryState, KeyIds, Landed, Naming, PARTITION_COLUMNS, PartSchema, PeriodProof, QuarantineWriter,
    },
    pipeline::Feed,
    plan::{self, Met, Why, common},
    schema::{Contract, Form},
    stages::{
        judge,
        normalise::{Normaliser, PeriodTotals},
    },
};

/// What the register holds, shared by the delivery that is read and the one that is entered.
pub(super) type Known<'k> = Mutex<&'k mut Vec<DeliveryRecord>>;

/// A delivery between its two halves.
pub(super) enum Read {
    /// It is not judged: its bytes or its coverage are missing.
    Left(Box<Delivered>),
    /// The same delivery is in already.
    AlreadyIn(String),
    /// What it would bring in again is held by another delivery since.
    Superseded(Box<DeliveryRecord>, Coverage),
    Judged(Box<Judged>),
}

/// A delivery with its verdict.
pub(super) struct Judged {
    pub record: DeliveryRecord,
    pub coverage: Coverage,
    pub id: DeliveryId,
    /// What is registered of it, where it was judged before and stands in the lake.
    pub standing: Option<DeliveryRecord>,
    pub verdict: Result<Accepted, Stop>,
}

/// A landed delivery of which all is known that judging it needs.
pub(super) struct AtHand<'a> {
    pub item: &'a InHand<'a>,
    /// As reports name it: `council/feed: name`.
    pub file: &'a str,
    pub coverage: &'a Coverage,
    pub id: &'a DeliveryId,
    pub landed: &'a Landed,
    pub facts: &'a FileFacts,
}

/// What one pass over the bytes of a delivery saw.
struct Passed<'a> {
    contract: &'a Contract,
    judge: Judge,
    form: Option<Form>,
    sidecar: Option<serde_json::Value>,
    /// Rows that a person corrected or left out.
    by_hand: usize,
    streamed: Streamed,
    quarantine: QuarantineWriter,
}

/// What waits under staging names for one commit.
pub(super) struct Accepted {
    pub streamed: Streamed,
    pub quarantine: QuarantineWriter,
    pub notes: Vec<Diagnostic>,
    /// What only a person can know: the delivery waits until somebody accepts it.
    pub waits: Vec<Diagnostic>,
}

pub(super) fn lock<'g, 'k>(known: &'g Known<'k>) -> MutexGuard<'g, &'k mut Vec<DeliveryRecord>> {
    known.lock().unwrap_or_else(PoisonError::into_inner)
}

impl FeedRun<'_> {
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
        let id = delivery_id(feed, name, &coverage, &landed.digest);
        let sidecar = sidecar_digest(item);
        let inside = facts.inside_sha256();
        let brings = plan::Brings { id: &id, coverage: &coverage, inside, sidecar: sidecar.as_deref(), force: self.wish.force };
        let (standing, earlier) = match plan::meet(&lock(known), feed, self.partnership.calendar, &item.take, brings) {
            Met::Superseded(record) => return Read::Superseded(record, coverage),
            Met::Known => return Read::AlreadyIn(id.to_string()),
            Met::Same(earlier) => return Read::AlreadyIn(earlier),
            Met::Due { standing, earlier } => (standing.map(|r| *r), earlier),
        };
        let at = AtHand { item, file: &file, coverage: &coverage, id: &id, landed: &landed, facts: &facts };
        let mut record = self.record(&at, earlier.as_deref());
        if item.take.turn.is_none() {
            record.turn = plan::turn_of_former(&lock(known), feed, &record).or(record.turn);
        }
        // A correction that does not hold changes nothing of what is kept.
        let keeps_quarantine = standing.is_some() || item.take.why == Why::Corrected;
        let verdict = self.judge_and_normalise(&at, &mut record, keeps_quarantine);
        let passed = |accepted| crash::point("judge.verdict").map(|()| accepted).map_err(|crashed| Stop::Run(crashed.into()));
        let verdict = verdict.and_then(passed);
        Read::Judged(Judged { record, coverage, id, standing, verdict }.into())
    }

    /// The entry of a delivery before it is judged; `earlier` is what is registered of the same bytes and periods.
    pub(super) fn record(&self, at: &AtHand<'_>, earlier: Option<&DeliveryRecord>) -> DeliveryRecord {
        let AtHand { item, coverage, id, landed, facts, .. } = *at;
        let feed = item.feed;
        let turn = earlier.filter(|r| r.state != DeliveryState::Withdrawn).and_then(DeliveryRecord::turn);
        let calendar = self.partnership.calendar;
        let contract = contract_for(feed, coverage, calendar);
        let source = file_facts(item);
        DeliveryRecord {
            delivery_id: id.to_string(),
            council: feed.council.to_string(),
            feed: feed.id.to_string(),
            table: feed.into.to_string(),
            coverage: coverage.periods().iter().map(ToString::to_string).collect(),
            beside: feed.beside(coverage, calendar).iter().map(ToString::to_string).collect(),
            calendar: Some(calendar.to_string()),
            also_as: earlier.map(|r| r.files_beside(&source)).unwrap_or_default(),
            source,
            sidecar: sidecar_facts(item),
            sha256: landed.digest.hex(),
            bytes: landed.bytes,
            inside_sha256: facts.inside_sha256().map(str::to_owned),
            encoding: serde_json::to_value(facts).unwrap_or_else(|_| json!(null)),
            contract: contract.map(|c| c.name.clone()).unwrap_or_default(),
            contract_sha256: contract.map(|c| c.digest.hex()).unwrap_or_default(),
            feed_sha256: feed.judged_by(earlier.map(|r| r.feed_sha256.as_str())),
            state: DeliveryState::Accepted,
            reports: Vec::new(),
            proof: DeliveryProof::default(),
            token: format!("{}-{id}", self.run_id),
            run: self.run_id.clone(),
            // When these bytes came first: judging them again makes them no later.
            landed_at: earlier.map(|r| r.landed_at.clone()).filter(|at| !at.is_empty()).unwrap_or_else(|| item.landed_at.clone()),
            judged_at: String::new(),
            last_attempt: None,
            lake_version: None,
            lost: false,
            above: false,
            sidecar_sha256: sidecar_digest(item),
            turn: Some(turn.or(item.take.turn).unwrap_or_else(|| self.next_turn())),
            number: self.number,
            waits: Vec::new(),
            decisions: earlier.map(|r| r.decisions.clone()).unwrap_or_default(),
            copy_of: None,
            again: false,
            lake_files: BTreeMap::new(),
            keys: key_ids(feed),
            as_at: feed.as_at(&item.take.entry.name).map(|day| day.to_string()),
            to_correct: false,
        }
    }

    /// The pass and the verdict. Fills the record's proof. Where judging it `again` is in vain, its own quarantine stays.
    pub(super) fn judge_and_normalise(&self, at: &AtHand<'_>, record: &mut DeliveryRecord, again: bool) -> Result<Accepted, Stop> {
        let (feed, file) = (at.item.feed, at.file);
        let passed = self.pass_over(at)?;
        let (streamed, form) = (&passed.streamed, passed.form.as_ref());
        let set_aside = self.set_aside(at.id, streamed);
        let said = judge::Said { set_aside, sidecar: passed.sidecar.as_ref(), listed: feed.listed.get(&at.item.take.entry.name) };
        let judge::Verdict { proof, mut faults, mut waits, in_middle, asks_for_subtotals } =
            judge::judge(feed, file, &passed.judge, &streamed.tally, said);
        let corrected = (passed.by_hand - streamed.rejected_by_hand.len()) as u64;
        let no_pounds = common(self.partnership, &feed.into).map_err(Stop::Run)?.special.amount.is_none();
        let drift = drift(streamed);
        record.proof = DeliveryProof { no_pounds, corrected, drift, set_aside, ..proved(proof, streamed, form) };
        faults.extend(too_large(feed, file, record));
        if let Some((form, sender)) = form.zip(record.proof.sender.as_ref()) {
            faults.extend(not_as_sent(feed, file, form, sender, streamed));
        }
        let mut notes = notes(feed, file, &passed.judge, streamed);
        let said = outside(feed, file, at.id, at.coverage, streamed, no_pounds);
        faults.extend(said.faults);
        notes.extend(said.notes);
        waits.extend(said.waits);
        waits.extend(streamed.header.doubts.iter().cloned());
        unexplained(streamed, file).map_err(Stop::Run)?;
        if !faults.is_empty() {
            return Err(self.refused(at, passed, faults, again));
        }
        let subtotals = if asks_for_subtotals { self.subtotals(feed, file, &passed.judge, at.landed)? } else { None };
        waits.extend(subtotals.or(in_middle));
        notes.extend(grouped_faults(file, passed.contract, &streamed.groups, Some(at.id)).map(|mut d| {
            d.severity = crate::diagnostic::Severity::Warning;
            d.outcome = "these rows are in quarantine; the rest of the delivery is accepted".into();
            d
        }));
        Ok(Accepted { streamed: passed.streamed, quarantine: passed.quarantine, notes, waits })
    }

    /// Decodes the bytes and makes the rows of the common table from them, under staging names.
    fn pass_over<'a>(&'a self, at: &AtHand<'a>) -> Result<Passed<'a>, Stop> {
        let AtHand { item, file, coverage, id, landed, facts } = *at;
        let feed = item.feed;
        let calendar = self.partnership.calendar;
        let contract = contract_for(feed, coverage, calendar).ok_or_else(|| Stop::Refused(vec![no_contract(feed, file, coverage)]))?;
        plan::without_keys(feed).map_or(Ok(()), |report| Err(Stop::Refused(vec![report])))?;
        let into = common(self.partnership, &feed.into).map_err(Stop::Run)?;
        let (projection, form) = plan::project(feed, contract, into).map_err(Stop::refused)?;
        let sidecar = Self::sidecar(item, file)?;
        let judge =
            Judge::new(contract.clone(), file.to_owned(), facts, coverage.days(calendar), judge::balances(feed)).map_err(Stop::refused)?;
        let judge =
            plan::treating(feed, judge, &self.pseudonyms).adding_up(form.as_ref()).correcting(self.corrections.overlay(id.as_str()));
        let placement = Placement::new(calendar, coverage.clone(), feed.beside(coverage, calendar));
        let normaliser = Normaliser::new(projection, into, placement, id).as_at(feed.as_at(&item.take.entry.name)).held_to(form.clone());
        let schema = self.part_schema(feed, into).map_err(Stop::Run)?;
        let by_hand = self.corrections.rows(id.as_str()).map(|(_, row)| row.source_row).collect();
        let staging = self.lake.staging();
        let mut quarantine = QuarantineWriter::create(staging, self.lake.quarantine_file(id), id).map_err(Stop::Run)?;
        self.observer.event(Event::Start { what: file, bytes: landed.bytes });
        let read = self.lake.landing().open(&landed.digest, feed.sealing()).map_err(Stop::Run)?;
        let pass = Pass {
            judge: &judge,
            normaliser: &normaliser,
            schema: &schema,
            staging,
            threads: self.threads,
            many: feed.rows_many,
            by_hand: &by_hand,
            observer: self.observer,
        };
        let streamed = stream(&pass, read, &mut quarantine).map_err(|refusal| Stop::of(quiet(feed, refusal)));
        self.observer.event(Event::End);
        let (streamed, by_hand) = (streamed?, by_hand.len());
        Ok(Passed { contract, judge, form, sidecar, by_hand, streamed, quarantine })
    }

    /// Why a delivery is refused, the cause before what follows from it; its rejected rows go into quarantine.
    fn refused(&self, at: &AtHand<'_>, passed: Passed<'_>, mut faults: Vec<Diagnostic>, again: bool) -> Stop {
        let Passed { contract, judge, streamed, quarantine, .. } = passed;
        let feed = at.item.feed;
        name_documents(feed, contract, &judge, &mut faults, &streamed.tally, || {
            self.lake.landing().open(&at.landed.digest, feed.sealing())
        });
        // An earlier quarantine that stays does not hold these rows.
        let mut total = lacking_total(contract, &streamed.groups, &streamed.tally);
        let grouped = grouped_faults(at.file, contract, &streamed.groups, (!again).then_some(at.id)).map(|mut fault| {
            fault.hint = total.take().unwrap_or(fault.hint);
            fault
        });
        faults.splice(..0, grouped.map(|fault| if feed.personal.is_some() { not_kept(fault, again) } else { fault }));
        if again {
            return Stop::Refused(faults);
        }
        quarantine.finish().map_or_else(Stop::Run, |_| Stop::Refused(faults))
    }

    /// How the rows of a feed rest in its common table.
    fn part_schema(&self, feed: &Feed, into: &Contract) -> Answer<Arc<PartSchema>> {
        let made = if self.partnership.is_of_persons(&feed.into) { PartSchema::of_persons } else { PartSchema::without };
        made(into, &PARTITION_COLUMNS)
    }

    /// Rejected rows that a person leaves out.
    fn set_aside(&self, id: &DeliveryId, streamed: &Streamed) -> u64 {
        let out = self.corrections.rows(id.as_str()).filter(|(_, row)| row.is_left_out());
        out.filter(|(_, row)| streamed.rejected_by_hand.contains_key(&row.source_row)).count() as u64
    }

    /// Reads the landed bytes once more, for subtotals that nobody declared.
    fn subtotals(&self, feed: &Feed, file: &str, judge: &Judge, landed: &Landed) -> Result<Option<Diagnostic>, Stop> {
        let read = self.lake.landing().open(&landed.digest, feed.sealing()).map_err(Stop::Run)?;
        judge::subtotals(file, judge, read).map_err(Stop::of)
    }

    fn sidecar(item: &InHand<'_>, file: &str) -> Result<Option<serde_json::Value>, Stop> {
        match &item.sidecar {
            None => Ok(None),
            Some(Err(refusal)) => Err(Stop::Refused(refusal.0.clone())),
            Some(Ok(bytes)) => judge::read_sidecar(bytes, &Place::file(format!("{file} (sidecar)"))).map(Some).map_err(Stop::refused),
        }
    }
}

/// What SQL says of a personal feed's rows could hold a value of one.
fn quiet(feed: &Feed, mut refusal: Refusal) -> Refusal {
    for report in refusal.0.iter_mut().filter(|report| feed.personal.is_some() && report.code.id.starts_with("TC08")) {
        report.seen = "the SQL of the feed fails on a row; what the row holds is not shown, for the feed is personal".into();
    }
    refusal
}

/// The quarantine of a personal feed holds reasons, and no rows.
fn not_kept(report: Diagnostic, again: bool) -> Diagnostic {
    if again { report } else { report.outcome("their lines and reasons are in quarantine; no value of a personal feed is") }
}

/// Ids of the keys by which a personal feed is read and sealed.
fn key_ids(feed: &Feed) -> Option<KeyIds> {
    let keys = feed.personal.as_ref()?.keys.as_ref().ok()?;
    Some(KeyIds { pseudonym: keys.pseudonym.id(), sealing: keys.sealing.id() })
}

fn sidecar_digest(item: &InHand<'_>) -> Option<String> {
    let bytes = item.sidecar.as_ref().and_then(|bytes| bytes.as_ref().ok())?;
    let mut name = Naming::new(item.feed.sealing());
    name.update(bytes);
    Some(name.finish().hex())
}

/// Why a delivery ends: it is refused, or the run cannot go on.
pub(super) enum Stop {
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

/// A proof with what it is in the common table, and what the sender's own columns add up to.
fn proved(proof: DeliveryProof, streamed: &Streamed, form: Option<&Form>) -> DeliveryProof {
    let of = |totals: &BTreeMap<Period, PeriodTotals>| totals.iter().map(|(period, t)| (period.to_string(), period_proof(t))).collect();
    let (periods, outside) = (of(&streamed.totals), of(&streamed.outside));
    DeliveryProof { periods, outside, sender: form.map(|form| sender_proof(form, &streamed.tally)), ..proof }
}

fn period_proof(totals: &PeriodTotals) -> PeriodProof {
    PeriodProof {
        rows: totals.rows,
        amount: totals.pence(),
        debits: totals.debits,
        residue: residue_proof(totals.residue),
        days: totals.days,
    }
}
