//! What a person does with quarantined rows: correct them, or leave them out for good.
//!
//! The landed bytes are judged again with the corrections laid over them, by the same contract, tolerance and controls. Only where the
//! delivery is then accepted, or waits as any other, is anything written: first that it is to be judged again, then the correction, then
//! what became of it. Should this end in between, the next run judges it again.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    super::{Options, Silent, clock::Clock, decide::is_said},
    Conductor, Delivered, FeedRun, InHand,
    read::{Known, Read, Stop},
};
use crate::{
    crash,
    decode::{Original, originals, rows_alike},
    diagnostic::{Answer, Diagnostic, Place, Refusal, codes},
    domain::{DeliveryId, Digest, Period, counted},
    lake::{CORRECTIONS, CellChange, CorrectedRow, CorrectionEvent, Corrections, DeliveryRecord, DeliveryState, read_quarantine},
    pipeline::{Feed, Partnership},
    plan::{self, Why},
};

/// What a person asks.
#[derive(Clone, Debug)]
pub struct CorrectAsked {
    pub delivery: String,
    pub rows: Vec<RowAsked>,
    pub by: String,
    pub reason: String,
    /// What was typed, for the next step: `quarantine correct FILE.xlsx`.
    pub command: String,
}

/// What is to become of one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowAsked {
    pub source_row: u64,
    /// As the workbook says it; `None` where no workbook does.
    pub sha256: Option<String>,
    /// By the contract's name of the column: the text to read instead. Empty: the row is left out for good.
    pub cells: BTreeMap<String, String>,
}

/// What became of it.
#[derive(Clone, Debug)]
pub struct Correction {
    pub event: CorrectionEvent,
    pub delivered: Delivered,
    /// Periods of the delivery that are closed, in order: the correction changes no figure of theirs.
    pub closed: Vec<Period>,
    /// Whether the delivery has a period that is open.
    pub changes_figures: bool,
}

/// Corrects rows of a delivery, or leaves them out, and judges it again.
///
/// # Errors
/// TC0112 where nobody says who or why; TC0470 for each row that cannot be corrected; why the delivery is refused with the corrections: then
/// nothing was changed; TC1004 where a run holds the lake; TC10….
pub fn correct(partnership: &Partnership, asked: &CorrectAsked, clock: &dyn Clock) -> Answer<Correction> {
    is_said(&asked.by, &asked.reason, "the correction", &asked.command)?;
    let now = clock.now();
    let mut conductor = Conductor::new(partnership, &Options { threads: 1, ..Options::default() }, clock, &Silent)?;
    let held = conductor.lake.lock("truecost quarantine correct", &now.iso())?;
    conductor.take_over(&held)?;
    conductor.corrections = Corrections::of(conductor.lake.events(CORRECTIONS).all()?);
    let mut known = conductor.lake.register().all()?;
    conductor.number = conductor.lake.next_number(&known)?;
    let (feed, record) = conductor.correctable(&known, asked)?;
    let begun = conductor.begun(&record, asked).cloned();
    let is_new = begun.is_none();
    let event = match begun {
        Some(event) => event,
        None => CorrectionEvent {
            delivery_id: record.delivery_id.clone(),
            rows: conductor.rows_to_correct(feed, &record, asked)?,
            by: asked.by.trim().to_owned(),
            reason: asked.reason.trim().to_owned(),
            at: now.iso(),
            texts_gone: false,
        },
    };
    if is_new {
        conductor.corrections = std::mem::take(&mut conductor.corrections).with(event.clone());
    }
    let feeds = FeedRun::new(&conductor);
    let item = feeds.corrected(feed, &record)?;
    let read = feeds.read(&Known::new(&mut known), &item);
    if let Read::Judged(judged) = &read {
        match &judged.verdict {
            Err(stop) => return Err(stays(&record, stop)),
            Ok(accepted) if is_new => still_wrong(&record, &event, &accepted.streamed.rejected_by_hand)?,
            Ok(_) => {}
        }
    }
    if is_new {
        conductor.lake.register().enter(&DeliveryRecord { to_correct: true, ..record.clone() })?;
        crash::point("correct.announced")?;
        conductor.lake.events(CORRECTIONS).add(&held, &event)?;
    }
    let closings = conductor.lake.periods().closings()?;
    let (closed, open): (Vec<Period>, Vec<Period>) = record.periods().into_iter().partition(|period| closings.is_closed(*period));
    let delivered = feeds.enter(&Known::new(&mut known), &item, read)?;
    Ok(Correction { event, delivered, closed, changes_figures: !open.is_empty() })
}

/// The delivery as it was: why it is refused although corrected.
fn stays(record: &DeliveryRecord, stop: &Stop) -> Refusal {
    let (Stop::Refused(reports) | Stop::Run(Refusal(reports))) = stop;
    let as_it_was =
        format!("nothing was changed: delivery {} stays {}, and no correction was kept", record.delivery_id, record.state.as_str());
    let rows = format!(
        "write into these rows what the file should have printed, and type this again; to give one up: truecost quarantine leave-out {} --row ROW --by NAME --reason TEXT",
        record.delivery_id
    );
    let told = |report: &Diagnostic| {
        let hint = if report.code.id.starts_with("TC03") { rows.clone() } else { report.hint.clone() };
        Diagnostic { outcome: as_it_was.clone(), hint, ..report.clone() }
    };
    Refusal(reports.iter().map(told).collect())
}

/// A row that is as wrong as it was, corrected: a tolerance would let it pass, and its one correction would be spent.
fn still_wrong(record: &DeliveryRecord, event: &CorrectionEvent, rejected: &BTreeMap<u64, String>) -> Answer<()> {
    let still = event.rows.iter().filter(|row| !row.is_left_out());
    let reports: Vec<Diagnostic> = still
        .filter_map(|row| rejected.get(&row.source_row).map(|reasons| (row.source_row, reasons)))
        .map(|(row, reasons)| {
            Diagnostic::new(codes::control::NOT_CORRECTED, format!("row {row} is still wrong as it was corrected: {reasons}"))
                .place(Place { line: Some(row), ..Place::file(format!("{}: {}", record.feed_name(), record.source.name)) })
                .expected("corrected rows that the contract reads")
                .outcome(format!("nothing was changed of delivery {}, of its other rows either", record.delivery_id))
                .hint(format!(
                    "write what the file should have printed, save the workbook, and type this again; to give the row up: truecost quarantine leave-out {} --row {row} --by NAME --reason TEXT",
                    record.delivery_id
                ))
        })
        .collect();
    if reports.is_empty() { Ok(()) } else { Err(Refusal(reports)) }
}

impl<'a> Conductor<'a> {
    /// The same correction, where it was written down and the command ended before the delivery was judged by it: it goes on from there.
    fn begun(&self, record: &DeliveryRecord, asked: &CorrectAsked) -> Option<&CorrectionEvent> {
        let of = |row: &CorrectedRow| {
            let cells: BTreeMap<_, _> = row.changes.iter().map(|change| (change.column.clone(), change.new.clone())).collect();
            (row.source_row, cells)
        };
        let mut wanted: Vec<_> = asked.rows.iter().map(|row| (row.source_row, row.cells.clone())).collect();
        wanted.sort_unstable();
        let last = self.corrections.events(&record.delivery_id).last().filter(|_| record.to_correct)?;
        (last.rows.iter().map(of).collect::<Vec<_>>() == wanted).then_some(last)
    }

    /// The delivery and its feed, where its rows can be corrected.
    fn correctable(&self, known: &[DeliveryRecord], asked: &CorrectAsked) -> Answer<(&'a Feed, DeliveryRecord)> {
        let Some(record) = known.iter().find(|r| r.is(&asked.delivery)) else {
            return Err(Diagnostic::new(codes::command::UNKNOWN_DELIVERY, format!("no delivery has the id `{}`", asked.delivery))
                .expected("16 hex digits, as `truecost quarantine list` prints them")
                .outcome("nothing was changed")
                .hint("truecost quarantine list")
                .into());
        };
        let cannot = |why: String, next: String| {
            Err(Diagnostic::new(
                codes::control::NOT_CORRECTED,
                format!("rows of delivery {} cannot be corrected: {why}", record.delivery_id),
            )
            .place(Place::file(format!("{}: {}", record.feed_name(), record.source.name)))
            .expected("a delivery that stands, waits, or was refused, of a feed that is declared")
            .outcome("nothing was changed")
            .hint(next)
            .into())
        };
        let Some(feed) = self.partnership.feed(&record.council, &record.feed) else {
            return cannot(format!("the feed {} is not declared any more", record.feed_name()), plan::not_declared(record));
        };
        match record.state {
            DeliveryState::Withdrawn => cannot(
                "it was withdrawn".into(),
                format!("truecost withdraw --undo {} --by NAME --reason TEXT, if it is to count again", record.delivery_id),
            ),
            DeliveryState::Accepted if !record.stands(&known.iter()) => cannot(
                "a newer delivery has replaced it, and ended its corrections".into(),
                format!("truecost quarantine export {} --out FILE.xlsx: the rows of the newer one", record.feed_name()),
            ),
            _ => Ok((feed, record.clone())),
        }
    }

    /// The rows with what stands in them now, each held against the landed bytes, the quarantine and what was corrected before.
    fn rows_to_correct(&self, feed: &Feed, record: &DeliveryRecord, asked: &CorrectAsked) -> Answer<Vec<CorrectedRow>> {
        let place = format!("{}: {}", record.feed_name(), record.source.name);
        let (quarantined, there) = (self.quarantined_rows(record)?, self.originals(feed, record, asked)?);
        let mut rows = Vec::new();
        let mut faults = Vec::new();
        for row in &asked.rows {
            let refusal = |why: String| not_this_row(&place, row.source_row, &why, asked);
            let Some(original) = there.get(&row.source_row) else {
                faults.push(refusal("the file has no record that starts there".into()));
                continue;
            };
            let by_hand = self.corrections.row(&record.delivery_id, row.source_row);
            let why = if let Some((event, _)) = by_hand.filter(|(event, row)| !event.texts_gone || row.is_left_out()) {
                Some(format!("{} corrected it, or left it out, on {}: {}", event.by, event.at, event.reason))
            } else if !quarantined.contains(&row.source_row) {
                Some("it is not in quarantine".into())
            } else if feed.personal.is_some() && row.sha256.is_some() {
                faults.push(personal_row(&place, row.source_row, record));
                continue;
            } else if row.sha256.as_ref().is_some_and(|sha256| *sha256 != original.sha256) {
                Some("its identity is not that of the record which stands there".into())
            } else {
                row.cells.keys().find(|name| original.cell(name).is_none()).map(|name| {
                    format!("the file has no column `{name}`; what stands in that column of the workbook has to be taken out of it")
                })
            };
            match why {
                Some(why) => faults.push(refusal(why)),
                None => rows.push(corrected(row, original)),
            }
        }
        let mut seen = BTreeSet::new();
        let twice = rows.iter().filter(|row| !seen.insert(row.source_row));
        faults.extend(twice.map(|row| not_this_row(&place, row.source_row, "it is there twice", asked)));
        if rows.is_empty() && faults.is_empty() {
            faults.push(
                Diagnostic::new(codes::control::NOT_CORRECTED, "no cell differs from what the file holds")
                    .place(Place::file(place))
                    .expected("other text in at least one cell of a quarantined row")
                    .outcome("nothing was changed")
                    .hint("correct the marked cells of the workbook, save it, and type this again"),
            );
        }
        if !faults.is_empty() {
            return Err(Refusal(faults));
        }
        rows.sort_by_key(|row| row.source_row);
        Ok(rows)
    }

    fn quarantined_rows(&self, record: &DeliveryRecord) -> Answer<BTreeSet<u64>> {
        let Some(id) = DeliveryId::parse(&record.delivery_id) else { return Ok(BTreeSet::new()) };
        Ok(read_quarantine(&self.lake.quarantine_file(&id))?.into_iter().map(|fault| fault.source_row).collect())
    }

    fn originals(&self, feed: &Feed, record: &DeliveryRecord, asked: &CorrectAsked) -> Answer<BTreeMap<u64, Original>> {
        let lines = asked.rows.iter().map(|row| row.source_row).collect();
        plan::as_they_came(self.partnership, &self.lake, feed, record, &lines)
    }
}

fn corrected(row: &RowAsked, original: &Original) -> CorrectedRow {
    let change = |(name, new): (&String, &String)| CellChange {
        column: name.clone(),
        old: original.cell(name).unwrap_or_default().to_owned(),
        new: new.clone(),
    };
    CorrectedRow { source_row: row.source_row, sha256: original.sha256.clone(), changes: row.cells.iter().map(change).collect() }
}

/// Of a personal feed no cell is corrected: that would be a value of it in the lake.
fn personal_row(place: &str, row: u64, record: &DeliveryRecord) -> Diagnostic {
    let (feed, id) = (record.feed_name(), &record.delivery_id);
    Diagnostic::new(codes::control::NOT_CORRECTED, format!("row {row} cannot be corrected: {feed} is personal, and no value of it is kept outside its sealed bytes"))
        .place(Place { line: Some(row), ..Place::file(place.to_owned()) })
        .expected("a corrected file from the sender, in the feed's folder")
        .outcome("nothing was changed, of the other rows either")
        .hint(format!("bring the corrected file and type truecost run {feed}; or leave the row out: truecost quarantine leave-out {id} --row {row} --by NAME --reason TEXT"))
}

fn not_this_row(place: &str, row: u64, why: &str, asked: &CorrectAsked) -> Diagnostic {
    Diagnostic::new(codes::control::NOT_CORRECTED, format!("row {row} cannot be corrected: {why}"))
        .place(Place { line: Some(row), ..Place::file(place) })
        .expected("quarantined rows of this delivery, each once, as `quarantine export` wrote them")
        .outcome(if asked.rows.len() > 1 { "nothing was changed, of the other rows either" } else { "nothing was changed" })
        .hint("take the row out of the workbook and type this again; or begin with a new export")
}

impl FeedRun<'_> {
    /// Says of corrections that end with this delivery, because it replaces the ones in which they were made.
    pub(super) fn ended_corrections(&self, feed: &Feed, record: &DeliveryRecord, replaced: &[plan::Replaced]) -> Answer<Vec<Diagnostic>> {
        let ids: BTreeSet<&str> = replaced.iter().map(|one| one.delivery.as_str()).filter(|id| *id != record.delivery_id).collect();
        let mut notes = Vec::new();
        for id in ids.into_iter().filter(|id| !self.corrections.events(id).is_empty()) {
            let all = self.corrections.rows(id).count() as u64;
            let there = self.as_corrected(feed, id)?.map(|wanted| {
                let judge = plan::judge_as_now(self.partnership, feed, record)?;
                let digest = Digest::parse(&record.sha256);
                let Some((judge, digest)) = judge.zip(digest) else { return Ok(0) };
                rows_alike(&judge, self.lake.landing().open(&digest, feed.sealing())?, wanted)
            });
            let held = match there.transpose()? {
                Some(held) => format!("{held} of them stand in it as they were corrected"),
                None => "the older bytes are gone, so that nobody can say whether it holds them".to_owned(),
            };
            let seen = format!("{} of delivery {id} had been corrected or left out; {held}", counted(all, "row"));
            notes.push(
                Diagnostic::note(codes::control::CORRECTIONS_ENDED, seen)
                    .place(Place::file(format!("{}: {}", feed.name(), record.source.name)))
                    .expected("a newer delivery that holds what was corrected")
                    .outcome("the newer delivery counts as it came; the corrections hold again if it is withdrawn")
                    .hint(format!(
                        "nothing has to be done where the sender corrected them; else look at each: truecost explain line {id} ROW"
                    )),
            );
        }
        Ok(notes)
    }

    /// The corrected rows of a delivery, as they were corrected; `None` where its bytes are gone.
    fn as_corrected(&self, feed: &Feed, id: &str) -> Answer<Option<Vec<Original>>> {
        let record = DeliveryId::parse(id).map(|id| self.lake.register().find(&id)).transpose()?.flatten();
        let Some(record) = record else { return Ok(None) };
        let digest = Digest::parse(&record.sha256).filter(|digest| self.lake.landing().has(digest));
        let (Some(judge), Some(digest)) = (plan::judge_as_now(self.partnership, feed, &record)?, digest) else { return Ok(None) };
        let lines = self.corrections.rows(id).map(|(_, row)| row.source_row).collect();
        let mut found = originals(&judge, self.lake.landing().open(&digest, feed.sealing())?, &lines)?;
        let corrected = self.corrections.rows(id).filter(|(_, row)| !row.is_left_out()).filter_map(|(_, row)| {
            let mut original = found.remove(&row.source_row)?;
            row.changes.iter().for_each(|change| original.correct(&change.column, &change.new));
            Some(original)
        });
        Ok(Some(corrected.collect()))
    }

    /// The delivery in hand, from its landed bytes.
    fn corrected<'f>(&self, feed: &'f Feed, record: &DeliveryRecord) -> Answer<InHand<'f>> {
        let Some(covers) = record.covers() else {
            return Err(Diagnostic::new(
                codes::control::NOT_CORRECTED,
                format!("the periods of delivery {} are not known", record.delivery_id),
            )
            .outcome("nothing was changed")
            .hint(format!("truecost run {}", record.feed_name()))
            .into());
        };
        let take = plan::Take {
            coverage: Some(covers.clone()),
            ..plan::taken_again(feed, self.partnership.calendar, record, &covers, Why::Corrected)
        };
        Ok(self.landed_again(feed, take, record))
    }
}
