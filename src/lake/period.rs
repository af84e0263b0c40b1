//! What persons did with periods: closed and reopened. Events that only grow, one file each: `period/<number>.json`.
//!
//! A closing names everything that the figures of the period stand on: the files of the common tables, the deliveries as they were judged,
//! the published parts and their release. Nobody can make it again from elsewhere: an event that cannot be read stops whoever asks.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{
    DeliveryRecord, Events, GoneFile, LakeFile, LakeFileState, Lock, PublishedPart, SUPPLY, SupplyEvent, SupplyWord, removed::gone_files,
    table::listed_file, witness::Witness,
};
use crate::{
    diagnostic::Answer,
    domain::{Pence, Period, parse_pounds},
};

/// What was done with a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PeriodAct {
    Closed,
    Reopened,
}

impl PeriodAct {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Reopened => "reopened",
        }
    }
}

/// Somebody closed a period, or reopened it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeriodEvent {
    /// Its place among runs and commands that wrote: the order of events.
    pub number: u64,
    /// `2018/P03`.
    pub period: String,
    pub act: PeriodAct,
    pub by: String,
    pub reason: String,
    /// An instant as text; shown, and never compared.
    pub at: String,
    /// Why it was closed although something spoke against it.
    #[serde(default)]
    pub anyway: Option<String>,
    /// What spoke against it, a sentence each.
    #[serde(default)]
    pub overridden: Vec<String>,
    /// What was closed; `None` of a reopening.
    #[serde(default)]
    pub closing: Option<Closing>,
}

/// What the figures of a closed period stand on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closing {
    /// The closing release; `None` where nothing had been published.
    pub release: Option<String>,
    /// Digest of the rules by which its parts were made.
    pub rules: String,
    /// Every period of a feed that counted.
    pub slots: Vec<FrozenSlot>,
    /// The deliveries behind them, as they were judged.
    pub deliveries: Vec<DeliveryRecord>,
    /// The parts of the period, by table.
    pub parts: BTreeMap<String, Vec<PublishedPart>>,
    /// What checks found in the period.
    #[serde(default)]
    pub found: Vec<FrozenFinding>,
    /// Required feeds without which it was closed.
    #[serde(default)]
    pub without: Vec<String>,
}

impl Closing {
    /// Keeps a delivery as it is now, unless it is known already.
    pub fn knows(&mut self, record: &DeliveryRecord) {
        if !self.deliveries.iter().any(|known| known.is(&record.delivery_id)) {
            self.deliveries.push(record.clone());
        }
    }
}

/// A feed's files in a closed period.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrozenSlot {
    pub council: String,
    pub feed: String,
    /// The common table.
    pub table: String,
    /// The delivery that stood in it.
    pub delivery: String,
    /// The day of which a snapshot tells, `2018-04-30`.
    #[serde(default)]
    pub as_at: Option<String>,
    /// None where the delivery had no row for the period.
    pub files: Vec<LakeFileState>,
    /// Where its files are those of an earlier month, whose lines stood in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carried: Option<FrozenCarried>,
}

impl FrozenSlot {
    /// `newham/general_ledger`.
    #[must_use]
    pub fn feed_name(&self) -> String {
        format!("{}/{}", self.council, self.feed)
    }
}

/// Whence the lines were that stood in for a month when it was closed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrozenCarried {
    /// `2018/P02`.
    pub from: String,
    /// Pounds of all lines of that month as their delivery's proof said: `0.00`.
    pub amount: String,
}

impl FrozenCarried {
    /// The month; `None` where the text is none.
    #[must_use]
    pub fn month(&self) -> Option<Period> {
        Period::parse(&self.from)
    }

    /// Its pounds; `None` where the text is none.
    #[must_use]
    pub fn pence(&self) -> Option<Pence> {
        parse_pounds(&self.amount)
    }
}

/// What a check had found in a period when it was closed.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FrozenFinding {
    /// Number of the check.
    pub check: i16,
    pub what: String,
    pub failed: i64,
    /// Pounds: `0.00`.
    pub difference: String,
}

/// A period that is closed now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frozen {
    pub event: PeriodEvent,
    pub closing: Closing,
    /// The files of its common tables, by table.
    pub files: Vec<(String, LakeFile)>,
    /// Whether its published parts are taken over as they are; false where somebody asks what today's rules would make of its sources.
    pub keeps_parts: bool,
}

/// A period that was let go, and what it says instead: one statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reopening {
    /// 1, 2, 3 … over all periods.
    pub number: u64,
    pub period: Period,
    pub event: PeriodEvent,
    /// What was let go.
    pub closing: Closing,
    /// The event by which the period was closed again; `None` while it is open.
    pub again: Option<PeriodEvent>,
}

/// Which periods are closed, and which were reopened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Closings {
    frozen: BTreeMap<Period, Frozen>,
    reopenings: Vec<Reopening>,
    /// Every event, oldest first.
    events: Vec<PeriodEvent>,
    /// Periods of feeds that a person lets go without a delivery.
    waived: BTreeSet<(String, String, Period)>,
    /// Files of common tables that retention took although something names them.
    gone: Vec<GoneFile>,
}

impl Closings {
    /// The same, knowing what persons said about the supply of periods, oldest first.
    #[must_use]
    pub fn waiving(mut self, said: &[SupplyEvent]) -> Self {
        for event in said {
            let Some(period) = Period::parse(&event.period) else { continue };
            let slot = (event.council.clone(), event.feed.clone(), period);
            match event.what {
                SupplyWord::Waive => drop(self.waived.insert(slot)),
                SupplyWord::Undo => drop(self.waived.remove(&slot)),
            }
        }
        self
    }

    /// The same, knowing which files of common tables retention took although something names them.
    #[must_use]
    pub fn lacking(self, gone: Vec<GoneFile>) -> Self {
        Self { gone, ..self }
    }

    /// Files of common tables that retention took although something names them: what is to be made of them again, cannot be.
    #[must_use]
    pub fn gone(&self) -> &[GoneFile] {
        &self.gone
    }

    /// Whether a person lets a period of a feed go without a delivery.
    #[must_use]
    pub fn is_waived(&self, council: &str, feed: &str, period: Period) -> bool {
        self.waived.contains(&(council.to_owned(), feed.to_owned(), period))
    }

    /// The same closings, with the waivers of `other`, and what it lacks.
    #[must_use]
    pub fn waiving_as(self, other: &Self) -> Self {
        Self { waived: other.waived.clone(), gone: other.gone.clone(), ..self }
    }

    /// `lake` is the folder of the lake, below which the files lie.
    #[must_use]
    pub fn of(mut events: Vec<PeriodEvent>, lake: &Path) -> Self {
        events.sort_by_key(|event| event.number);
        let mut all = Self::default();
        for event in &events {
            let Some(period) = Period::parse(&event.period) else { continue };
            match (event.act, &event.closing) {
                (PeriodAct::Closed, Some(closing)) => all.close(period, event, closing, lake),
                (PeriodAct::Closed, None) => {}
                (PeriodAct::Reopened, _) => all.reopen(period, event),
            }
        }
        Self { events, ..all }
    }

    fn close(&mut self, period: Period, event: &PeriodEvent, closing: &Closing, lake: &Path) {
        let files = closing.slots.iter().flat_map(|slot| {
            let folder = lake.join(&slot.table);
            let files = slot.files.iter().filter_map(|file| listed_file(&folder, file));
            // Lines that stood in are dated into the month for which they stood.
            let dated = |file: LakeFile| if slot.carried.is_some() { LakeFile { period, ..file } } else { file };
            files.map(|file| (slot.table.clone(), dated(file))).collect::<Vec<_>>()
        });
        let open = self.reopenings.iter_mut().rev().find(|reopening| reopening.period == period && reopening.again.is_none());
        if let Some(reopening) = open {
            reopening.again = Some(event.clone());
        }
        let frozen = Frozen { event: event.clone(), closing: closing.clone(), files: files.collect(), keeps_parts: true };
        self.frozen.insert(period, frozen);
    }

    fn reopen(&mut self, period: Period, event: &PeriodEvent) {
        let Some(frozen) = self.frozen.remove(&period) else { return };
        let number = self.reopenings.len() as u64 + 1;
        self.reopenings.push(Reopening { number, period, event: event.clone(), closing: frozen.closing, again: None });
    }

    #[must_use]
    pub fn is_closed(&self, period: Period) -> bool {
        self.frozen.contains_key(&period)
    }

    /// What is closed of a period; `None` where it is open.
    #[must_use]
    pub fn frozen(&self, period: Period) -> Option<&Frozen> {
        self.frozen.get(&period)
    }

    /// Every closed period, in order.
    pub fn closed(&self) -> impl Iterator<Item = (Period, &Frozen)> {
        self.frozen.iter().map(|(period, frozen)| (*period, frozen))
    }

    /// Every reopening that there ever was, in order.
    #[must_use]
    pub fn reopenings(&self) -> &[Reopening] {
        &self.reopenings
    }

    /// Periods of a year that were closed and are open again.
    #[must_use]
    pub fn reopened_of(&self, year: i16) -> BTreeSet<Period> {
        let of_year = self.reopenings.iter().map(|reopening| reopening.period).filter(|period| period.year == year);
        of_year.filter(|period| !self.is_closed(*period)).collect()
    }

    /// Every event, oldest first.
    #[must_use]
    pub fn events(&self) -> &[PeriodEvent] {
        &self.events
    }

    /// As they would be were this period open: its sources are those that stand now.
    #[must_use]
    pub fn without(&self, period: Period) -> Self {
        let mut all = self.clone();
        all.frozen.remove(&period);
        all
    }

    /// As they would be were this period closed with these sources, and its parts made by the rules of today.
    #[must_use]
    pub fn made_again(&self, period: Period, closing: &Closing, event: &PeriodEvent, lake: &Path) -> Self {
        let mut all = self.clone();
        all.close(period, event, closing, lake);
        all.frozen.get_mut(&period).into_iter().for_each(|frozen| frozen.keeps_parts = false);
        all.reopenings.clone_from(&self.reopenings);
        all
    }

    /// Every file of a common table that a closed period stands on, or that a period stood on which is open now: (table, path below the
    /// table's folder). Clean-up must not remove one of them.
    #[must_use]
    pub fn files_kept(&self) -> BTreeSet<(String, String)> {
        let of = |closing: &'_ Closing| -> Vec<(String, String)> {
            closing.slots.iter().flat_map(|slot| slot.files.iter().map(|file| (slot.table.clone(), file.path.clone()))).collect()
        };
        self.closings_kept().flat_map(of).collect()
    }

    /// Every published part that they stand on, below the published folder.
    #[must_use]
    pub fn parts_kept(&self) -> BTreeSet<String> {
        self.closings_kept().flat_map(|closing| closing.parts.values().flatten().map(|part| part.path.clone())).collect()
    }

    /// Their closing releases.
    #[must_use]
    pub fn releases_kept(&self) -> BTreeSet<String> {
        self.closings_kept().filter_map(|closing| closing.release.clone()).collect()
    }

    /// What closed periods stand on, and those that were closed and are open now.
    pub fn closings_kept(&self) -> impl Iterator<Item = &Closing> {
        let open = self.reopenings.iter().filter(|reopening| reopening.again.is_none()).map(|reopening| &reopening.closing);
        self.frozen.values().map(|frozen| &frozen.closing).chain(open)
    }
}

/// What persons did with periods, in a lake.
#[derive(Debug)]
pub struct Periods {
    events: Events,
    supply: Events,
    lake: PathBuf,
}

impl Periods {
    pub(super) fn at(lake: &Path, witness: &Witness) -> Self {
        let events = |kind: &str| Events::at(lake.join(kind), witness);
        Self { events: events("period"), supply: events(SUPPLY), lake: lake.to_path_buf() }
    }

    /// Which periods are closed now.
    ///
    /// # Errors
    /// TC1010 where an event cannot be read, or is gone: then nobody knows what is closed.
    pub fn closings(&self) -> Answer<Closings> {
        let said = self.supply.all::<SupplyEvent>()?;
        Ok(Closings::of(self.events.all()?, &self.lake).waiving(&said).lacking(gone_files(&self.lake)?))
    }

    /// Writes an event down: it holds from here on.
    ///
    /// # Errors
    /// TC1002.
    pub fn enter(&self, held: &Lock, event: &PeriodEvent) -> Answer<()> {
        self.events.add(held, event)
    }

    /// The greatest number of an event; 0 before the first.
    ///
    /// # Errors
    /// TC1010.
    pub fn last_number(&self) -> Answer<u64> {
        Ok(self.events.all::<PeriodEvent>()?.iter().map(|event| event.number).max().unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(number: u64, period: &str, act: PeriodAct) -> PeriodEvent {
        let files = vec![LakeFileState {
            path: format!("council=a/feed=b/delivery_year=2018/delivery_period=3/{number}.parquet"),
            rows: 1,
            bytes: 2,
        }];
        let slot = FrozenSlot { council: "a".into(), feed: "b".into(), table: "ledger_line".into(), files, ..FrozenSlot::default() };
        let closing = Closing { release: Some(format!("r{number:04}")), slots: vec![slot], ..Closing::default() };
        let closing = (act == PeriodAct::Closed).then_some(closing);
        let (by, reason, at) = ("x".to_owned(), "y".to_owned(), "z".to_owned());
        PeriodEvent { number, period: period.into(), act, by, reason, at, anyway: None, overridden: vec![], closing }
    }

    #[test]
    fn events_come_back_in_order_and_say_what_is_closed() {
        let folder = tempfile::tempdir().unwrap();
        let (periods, lock) = (
            Periods::at(folder.path(), &Witness::at(folder.path(), folder.path())),
            Lock::take(&folder.path().join(".lock")).unwrap().hold("run", "now").unwrap(),
        );
        assert_eq!((periods.closings().unwrap(), periods.last_number().unwrap()), (Closings::default(), 0));
        let (p3, p4) = (Period { year: 2018, period: 3 }, Period { year: 2018, period: 4 });
        for event in [
            event(2, "2018/P03", PeriodAct::Closed),
            event(7, "2018/P04", PeriodAct::Closed),
            event(10, "2018/P03", PeriodAct::Reopened),
            event(11, "2018/P03", PeriodAct::Closed),
            event(12, "2018/P04", PeriodAct::Reopened),
        ] {
            periods.enter(&lock, &event).unwrap();
        }
        let closings = periods.closings().unwrap();
        assert_eq!((closings.is_closed(p3), closings.is_closed(p4), periods.last_number().unwrap()), (true, false, 12));
        let told: Vec<_> = closings.reopenings().iter().map(|r| (r.number, r.period, r.again.as_ref().map(|again| again.number))).collect();
        assert_eq!(told, [(1, p3, Some(11)), (2, p4, None)]);
        assert_eq!(closings.reopenings()[0].closing.release.as_deref(), Some("r0002"));
        // What P03 was first closed on is let go for good; what P04 was closed on is held until it is closed again.
        assert_eq!(closings.releases_kept(), BTreeSet::from(["r0007".into(), "r0011".into()]));
        assert_eq!(closings.files_kept().len(), 2);
        assert_eq!(closings.frozen(p3).unwrap().files[0].1.name, "11");
        assert!(!closings.without(p3).is_closed(p3));
    }
}
