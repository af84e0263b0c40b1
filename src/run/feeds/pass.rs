//! One streaming pass over a landed file: decode → normalise → parts and quarantine, with a running tally.
//!
//! What comes out waits under staging names; nothing is visible until the verdict is in and one commit is made.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

use arrow::record_batch::RecordBatch;

use super::super::{
    Event, Observer,
    parallel::{Flow, lock, pump},
};
use crate::{
    crash,
    decode::{self, Decoded, Header, Judge, Reader, RejectedRow, Tally},
    diagnostic::{Answer, Diagnostic, Refusal, codes},
    domain::{Period, counted},
    lake::{EncodedRowGroup, LandedReader, PartSchema, PartWriter, QuarantineWriter, QuarantinedValue, RowGroups, StagedRows, Staging},
    stages::normalise::{Normalised, Normaliser, Outcome, PeriodTotals, Standings, Unlike},
};

/// Rows that wait for their row group to be full, over all periods of a delivery.
const ROWS_HELD: usize = 3 * crate::lake::ROW_GROUP_ROWS;

/// What a file held, once all of it has been read.
pub struct Streamed {
    pub tally: Tally,
    pub header: Arc<Header>,
    pub parts: Vec<StagedRows>,
    pub totals: BTreeMap<Period, PeriodTotals>,
    pub standings: Standings,
    /// The rows that lie outside what is covered, by their own period.
    pub outside: BTreeMap<Period, PeriodTotals>,
    /// Rows whose pounds are other than their record's columns hold.
    pub unlike: Unlike,
    /// The feed makes several rows of one: rows normalised and accepted differ in number.
    pub many: bool,
    /// Distinct faults by code and column, for a grouped report.
    pub groups: BTreeMap<(String, String), FaultGroup>,
    /// Of the rows that a person corrected or left out, those that are rejected, each with its reasons; no value stands in them.
    pub rejected_by_hand: BTreeMap<u64, String>,
}

/// Faulty values that are alike.
#[derive(Clone, Debug)]
pub struct FaultGroup {
    pub rows: u64,
    pub first_line: u64,
    /// Tells groups of other lines from this one.
    pub lines: u64,
    pub reason: String,
    /// The text found on the first line; it may be personal.
    pub value: String,
}

/// What a pass needs.
pub struct Pass<'a> {
    pub judge: &'a Judge,
    pub normaliser: &'a Normaliser,
    pub schema: &'a Arc<PartSchema>,
    pub staging: &'a Staging,
    pub threads: usize,
    /// `rows: many`.
    pub many: bool,
    /// Rows that a person corrected or left out.
    pub by_hand: &'a BTreeSet<u64>,
    pub observer: &'a dyn Observer,
}

/// A piece on its way, or the fault that ends the file; faults keep their place in the order of the file.
enum Taken {
    Piece(decode::Piece),
    Fault(Refusal),
}

struct Worked {
    rejected: Vec<RejectedRow>,
    tally: Tally,
    fault: Option<Diagnostic>,
    normalised: Answer<Normalised>,
}

struct Job {
    period: Period,
    number: u64,
    rows: Vec<RecordBatch>,
}

/// Reads the whole file.
///
/// # Errors
/// The first structure fault of the file; or what reading, SQL or writing refused.
pub fn stream(pass: &Pass<'_>, read: LandedReader, quarantine: &mut QuarantineWriter) -> Answer<Streamed> {
    let mut reader = Reader::open(pass.judge, read)?;
    let header = reader.header();
    crash::point("judge.header")?;
    let parts = Parts { pass, open: Mutex::default() };
    let mut order = Order {
        quarantine,
        groups: RowGroups::holding(ROWS_HELD),
        numbers: BTreeMap::new(),
        streamed: Streamed {
            tally: Tally::default(),
            header: header.clone(),
            parts: Vec::new(),
            totals: BTreeMap::new(),
            standings: Standings::default(),
            outside: BTreeMap::new(),
            unlike: Unlike::default(),
            many: pass.many,
            groups: BTreeMap::new(),
            rejected_by_hand: BTreeMap::new(),
        },
        by_hand: pass.by_hand,
    };
    let mut ended = false;
    pump(
        pass.threads,
        Flow {
            take: || {
                if ended {
                    return Ok(None);
                }
                let next = reader.next();
                ended = !matches!(next, Ok(Some(_)));
                Ok(match next {
                    Ok(piece) => piece.map(Taken::Piece),
                    Err(refusal) => Some(Taken::Fault(refusal)),
                })
            },
            work: |taken| work(pass, &header, taken),
            arrange: |worked| order.arrange(worked),
            job: |job| parts.write(job),
        },
    )?;
    crash::point("judge.read")?;
    let mut streamed = order.streamed;
    streamed.tally = std::mem::take(&mut streamed.tally).finish(pass.judge, &header)?;
    streamed.parts = parts.finish()?;
    Ok(streamed)
}

fn work(pass: &Pass<'_>, header: &Header, taken: Taken) -> Worked {
    let piece = match taken {
        Taken::Piece(piece) => piece,
        Taken::Fault(refusal) => {
            return Worked { rejected: Vec::new(), tally: Tally::default(), fault: None, normalised: Err(refusal) };
        }
    };
    let bytes = piece.len() as u64;
    let decoded = decode::decode(pass.judge, header, &piece);
    if let Err(crashed) = crash::point("judge.chunk") {
        return Worked { rejected: Vec::new(), tally: Tally::default(), fault: None, normalised: Err(crashed.into()) };
    }
    let (decoded, normalised) = normalise(pass, header, &piece, decoded);
    pass.observer.event(Event::Advance { bytes });
    Worked { rejected: decoded.rejected, tally: decoded.tally, fault: decoded.fault, normalised }
}

/// Normalises what was accepted. Where records have no place in the periods that the delivery covers, the piece is decoded once more
/// without them: so they are quarantined, counted and summed like any other faulty row.
fn normalise(pass: &Pass<'_>, header: &Header, piece: &decode::Piece, decoded: Decoded) -> (Decoded, Answer<Normalised>) {
    if decoded.fault.is_some() {
        return (decoded, Ok(Normalised::default()));
    }
    let without = match pass.normaliser.normalise(&decoded.rows, &decoded.residues) {
        Ok(Outcome::Normalised(normalised)) => return (decoded, Ok(*normalised)),
        Ok(Outcome::Unplaced(rows)) => rows,
        Err(refusal) => return (decoded, Err(refusal)),
    };
    let decoded = decode::decode_without(pass.judge, header, piece, &without);
    let normalised = match pass.normaliser.normalise(&decoded.rows, &decoded.residues) {
        Ok(Outcome::Normalised(normalised)) => Ok(*normalised),
        Ok(Outcome::Unplaced(rows)) => Err(still_unplaced(rows.len())),
        Err(refusal) => Err(refusal),
    };
    (decoded, normalised)
}

fn still_unplaced(rows: usize) -> Refusal {
    Diagnostic::new(codes::checks::UNEXPLAINED, format!("{} without a period among those that have one", counted(rows as u64, "row")))
        .outcome("nothing was committed; the last accepted delivery stays")
        .hint("this is a fault of truecost: report it")
        .into()
}

/// What is done in the order of the file.
struct Order<'q> {
    quarantine: &'q mut QuarantineWriter,
    groups: RowGroups<Period>,
    /// Row groups cut so far, by period.
    numbers: BTreeMap<Period, u64>,
    by_hand: &'q BTreeSet<u64>,
    streamed: Streamed,
}

impl Order<'_> {
    fn arrange(&mut self, worked: Option<Worked>) -> Answer<Vec<Job>> {
        let Some(worked) = worked else {
            let rest = std::mem::replace(&mut self.groups, RowGroups::holding(ROWS_HELD));
            return Ok(rest.finish().map(|(period, rows)| self.job(period, rows)).collect());
        };
        if let Some(fault) = worked.fault {
            return Err(fault.into());
        }
        let normalised = worked.normalised?;
        self.streamed.tally.add(worked.tally);
        for row in worked.rejected {
            self.reject(row)?;
        }
        for (period, totals) in &normalised.totals {
            self.streamed.totals.entry(*period).or_default().add(totals);
        }
        for (period, totals) in &normalised.outside {
            self.streamed.outside.entry(*period).or_default().add(totals);
        }
        self.streamed.standings.add(&normalised.standings);
        self.streamed.unlike.add(normalised.unlike);
        let mut jobs = Vec::new();
        for (period, rows) in normalised.parts {
            for (period, rows) in self.groups.push(&period, rows) {
                jobs.push(self.job(period, rows));
            }
        }
        Ok(jobs)
    }

    fn job(&mut self, period: Period, rows: Vec<RecordBatch>) -> Job {
        let next = self.numbers.entry(period).or_default();
        *next += 1;
        Job { period, number: *next - 1, rows }
    }

    fn reject(&mut self, row: RejectedRow) -> Answer<()> {
        if self.by_hand.contains(&row.source_row) {
            self.streamed.rejected_by_hand.insert(row.source_row, row.reasons());
        }
        for fault in row.faults {
            let column = fault.column.as_ref().map(ToString::to_string);
            let key = (fault.code.id.to_owned(), column.clone().unwrap_or_default());
            let group = self.streamed.groups.entry(key).or_insert_with(|| FaultGroup {
                rows: 0,
                first_line: row.source_row,
                lines: 0,
                reason: fault.reason.clone(),
                value: fault.value.clone(),
            });
            group.rows += 1;
            group.lines = group.lines.wrapping_mul(0x0100_0000_01b3).wrapping_add(row.source_row);
            self.quarantine.push(QuarantinedValue {
                source_row: row.source_row,
                column_name: column,
                code: fault.code.id.to_owned(),
                reason: fault.reason,
                value: fault.value,
                raw: row.raw.clone(),
            })?;
        }
        Ok(())
    }
}

/// Parts being written, one for each period.
struct Parts<'a> {
    pass: &'a Pass<'a>,
    open: Mutex<BTreeMap<Period, Arc<Mutex<OpenPart>>>>,
}

#[derive(Default)]
struct OpenPart {
    writer: Option<PartWriter>,
    next: u64,
    /// Encoded row groups that wait for an earlier one.
    waiting: BTreeMap<u64, EncodedRowGroup>,
}

impl Parts<'_> {
    fn write(&self, job: Job) -> Answer<()> {
        let encoded = EncodedRowGroup::of(self.pass.schema, &job.rows)?;
        drop(job.rows);
        let part = lock(&self.open).entry(job.period).or_default().clone();
        let mut part = lock(&part);
        part.waiting.insert(job.number, encoded);
        loop {
            let turn = part.next;
            let Some(group) = part.waiting.remove(&turn) else { return Ok(()) };
            part.next += 1;
            let writer = match &mut part.writer {
                Some(writer) => writer,
                none => none.insert(PartWriter::create(self.pass.staging, self.pass.schema)?),
            };
            writer.append(group)?;
        }
    }

    fn finish(self) -> Answer<Vec<StagedRows>> {
        let open = self.open.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut staged = Vec::new();
        for (period, part) in open {
            if let Some(writer) = lock(&part).writer.take() {
                staged.push(StagedRows { period, part: writer.finish()? });
            }
        }
        Ok(staged)
    }
}
