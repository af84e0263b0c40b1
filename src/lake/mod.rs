//! Where data rests: landed bytes, common tables, the register of deliveries, releases. The only place that commits; no SQL.
//!
//! ```text
//! landing/<sha256>[.zst]                 bytes as they came, by the SHA-256 of the original
//! lake/.lock                             who writes
//! lake/_staging/                         parts that nobody sees yet
//! lake/<table>/                          Delta tables of the common schema
//! lake/<table>/_log_copies/              a copy of each entry of their logs
//! lake/period/<number>.json              periods closed and reopened, and on what
//! lake/quarantine/<delivery>.parquet     faulty rows with their reasons
//! lake/proof/<delivery>.json             what is about to be committed
//! lake/releases/<release>-<sha256>.json  a copy of each manifest; next.json: the release that is shown next
//! lake/removed/<number>.json             what retention removed, and why
//! lake/register/<delivery>.json          what was accepted or refused, with its proof
//! lake/register.index                    what the entries of a long register say, in one file; can be lost
//! lake/runs/<number>.json                what a run did, and what it left
//! lake/supply/<number>.json              what persons said about the supply of a period, in its order
//! lake/corrections/<number>.json         what persons corrected in quarantined rows, or leave out for good, in its order
//! lake/schedule.json                     which slots were taken, and what came of them
//! lake/notices/<id>.json                 what somebody is told, and where it went
//! lake/decision.json                     what a person's command is about to do
//! lake/said.json                         which lake it is, and how much persons have said; published/.lake.json says the same
//! published/parts/<table>/<sha256>.parquet
//! published/rules/<sha256>.tar.zst       the configuration that made a release
//! published/<release>/_manifest.json     and <table>/…, hard links to parts
//! published/latest, published/latest.json
//! ```
//!
//! # What a crash can and cannot leave behind
//!
//! Every file is written under a staging name, flushed, and renamed; every folder is flushed before something that relies on it is
//! written. The order is landing → quarantine → parts → proof → Delta commit → register, and for a release parts → folder → `latest`.
//! The Delta commit is the one moment of truth of a delivery: before it, readers see nothing of the delivery; after it, all of it.
//! A run that is killed can leave (a) staging files, which [`Lake::recover`] removes; (b) landed objects, parts, quarantine parts that
//! nothing refers to: the same bytes get the same names, so the next run writes them again or finds them; (c) a proof without a register
//! entry: [`Register::recover`] looks whether its commit is in the table, and writes the entry or drops the proof; (d) a release folder
//! that `latest.json` does not name, or a link `latest` that has not followed it: [`Releases::recover`] removes the one, turns the other.
//!
//! Instants are arguments everywhere: nothing here reads the clock.

mod clearing;
mod correction;
mod durable;
mod events;
mod fault;
mod index;
mod landing;
mod latest;
mod lock;
mod manifest;
mod mounts;
mod notices;
mod numbers;
mod part;
mod pending;
mod period;
mod private;
mod proof;
mod quarantine;
mod record;
mod register;
mod release;
#[cfg(test)]
mod release_tests;
mod removed;
mod rules;
mod run;
mod runs;
#[cfg(test)]
mod sample;
mod schedule;
mod sealed;
mod sound;
mod staging;
mod standing;
mod supply;
mod table;
mod there;
mod witness;

use std::path::{Path, PathBuf};

use crate::{
    diagnostic::{Answer, Diagnostic, codes},
    domain::Location,
};
use witness::Witness;

pub use clearing::Stored;
pub use correction::{CORRECTIONS, CellChange, CorrectedRow, CorrectionEvent, Corrections};
pub use durable::Seen;
pub use events::Events;
pub use landing::{Landed, LandedAs, LandedReader, Landing, Naming, refusal_in};
pub use latest::Behind;
pub use lock::{Lock, interrupted};
pub use manifest::{Content, LakeFileState, LakeState, MadeBy, MadeFrom, Manifest, PublishedPart, RECAST_OF};
pub use notices::{Notice, Telling, TellingState};
pub use part::{
    BATCH_ROWS, Derivation, EncodedRowGroup, PartFile, PartSchema, PartWriter, Plan, ROW_GROUP_ROWS, RowGroupBuffer, RowGroups, StagedPart,
    rows_of_parts,
};
pub use pending::Pending;
pub use period::{Closing, Closings, Frozen, FrozenCarried, FrozenFinding, FrozenSlot, PeriodAct, PeriodEvent, Periods, Reopening};
pub use proof::{
    AddsUpProof, ControlProof, Counted, DeliveryProof, LabelProof, LeftOutProof, Measure, NoiseProof, PeriodProof, Residue, SenderProof,
};
pub use quarantine::{QuarantineWriter, QuarantinedValue, read_quarantine};
pub use record::{Attempt, DeliveryRecord, DeliveryState, KeyIds, SourceFacts};
pub use register::Register;
pub use release::{PartRef, Publication, Releases};
pub use removed::{GoneFile, Kept, Removal, Tombstone};
pub use rules::RuleFiles;
pub use run::{HALVES, NotDone, RunCheck, RunDelivery, RunRecord, RunStep};
pub use schedule::{SlotBook, SlotEnd, SlotFile, SlotTaken, SlotsOf};
pub use sound::{Depth, Flaw, Hashed, Mended, flaw, hold};
pub use staging::Staging;
pub use standing::{Decided, Decision, HeldAt, Turn, holder, holders};
pub use supply::{SUPPLY, SupplyEvent, SupplyWord};
pub use table::{Commit, Committed, CommonTables, LakeFile, Outcome, PARTITION_COLUMNS, Snapshot, StagedRows, Told};

/// The folders of one partnership's data.
#[derive(Debug)]
pub struct Lake {
    folder: PathBuf,
    landing: Landing,
    periods: Periods,
    register: Register,
    releases: Releases,
    staging: Staging,
    witness: Witness,
}

impl Lake {
    /// Names the folders; creates and reads nothing.
    ///
    /// # Errors
    /// TC1001 where one of them is not a local folder.
    pub fn at(landing: &Location, lake: &Location, published: &Location) -> Answer<Self> {
        let folder = local("lake", lake)?.to_path_buf();
        let published = local("published", published)?.to_path_buf();
        let witness = Witness::at(&folder, &published);
        Ok(Self {
            landing: Landing::at(local("landing", landing)?.to_path_buf()),
            periods: Periods::at(&folder, &witness),
            register: Register::at(folder.clone()),
            releases: Releases::at(published, folder.join("releases")),
            staging: Staging::at(folder.join("_staging"), Seen::ByUs),
            witness,
            folder,
        })
    }

    /// The folder of the lake.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Takes the lake for writing, for a run (its id) or another command (its words); held until the [`Lock`] is dropped or the process ends. A run that had it and died is written down as
    /// what it said of itself when it began; not in a lake that is older than what is published, for it would be as late by that.
    ///
    /// # Errors
    /// TC1004 where another run holds it; TC1015 where it is not there and once was.
    pub fn lock(&self, run: &str, started: &str) -> Answer<Lock> {
        self.must_be_there(false)?;
        self.lock_anew(run, started)
    }

    /// The same for who has looked whether the lake is there: one is begun where none is.
    ///
    /// # Errors
    /// TC1004 where another run holds it.
    pub fn lock_anew(&self, run: &str, started: &str) -> Answer<Lock> {
        durable::root(&self.folder)?;
        durable::root(self.landing.folder())?;
        let mut taken = Lock::take(&self.folder.join(".lock"))?;
        let is_untold =
            |run: &RunRecord| !self.run_file(run.number).exists() && self.may_have_begun(run.number) && matches!(self.behind(), Ok(None));
        if let Some(left) = taken.left.take().filter(is_untold) {
            // It may have come so far as to publish.
            let made = self.releases.made_by()?.filter(|(_, by)| *by == left.number).map(|(release, _)| release);
            // Where no record can be written, what this command is for may still be done: a run would say so itself.
            let _ = self.record_run(&RunRecord { published: made.is_some(), release: made.or(left.release), ..left });
        }
        taken.hold(run, started)
    }

    /// Removes what a killed run left under staging names, and makes again what tells readers which release is the latest. Only the holder
    /// of the lock may: it says that nobody else writes. Says what it made again, a sentence each.
    ///
    /// # Errors
    /// TC1002.
    /// TC1014 where the lake is older than what readers see.
    pub fn recover(&self, held: &Lock) -> Answer<Vec<String>> {
        self.must_lead()?;
        self.recover_as_it_is(held)
    }

    /// The same for who has looked whether the lake is older than what readers see.
    ///
    /// # Errors
    /// TC1002.
    pub fn recover_as_it_is(&self, _held: &Lock) -> Answer<Vec<String>> {
        ["period", SUPPLY, CORRECTIONS].iter().try_for_each(|kind| self.events(kind).recover())?;
        self.staging.clear()?;
        for folder in durable::names(&self.folder)? {
            let folder = self.folder.join(folder);
            durable::clear(&folder, |name| name.ends_with(".json.tmp"))?;
            durable::clear(&folder.join(table::COPIES), |name| name.ends_with(".json.tmp"))?;
            durable::clear(&folder.join("_delta_log"), |name| name.contains(".json#") || name.contains(".parquet#"))?;
        }
        self.landing.clear_staging()?;
        let made = self.releases.recover()?;
        self.witness.level()?;
        Ok(made)
    }

    /// Says beside the releases which lake made them, and how much persons have said in it.
    ///
    /// # Errors
    /// TC1002.
    pub fn stand_beside(&self, _held: &Lock) -> Answer<()> {
        self.witness.level()
    }

    /// What a lake that somebody put here remembers of releases of its own goes, so that those that are here are not made again from it.
    ///
    /// # Errors
    /// TC1002.
    pub fn forget_others(&self, _held: &Lock) -> Answer<()> {
        self.releases.forget_others()
    }

    /// Where parts of common tables and quarantine parts are written before they are in place.
    #[must_use]
    pub fn staging(&self) -> &Staging {
        &self.staging
    }

    #[must_use]
    pub fn landing(&self) -> &Landing {
        &self.landing
    }

    /// The common tables, read as far as they are asked for. Keep it for the run: it remembers what it has read.
    ///
    /// # Errors
    /// TC1002 where no runtime can be started.
    pub fn tables(&self) -> Answer<CommonTables> {
        CommonTables::at(&self.folder)
    }

    #[must_use]
    pub fn register(&self) -> &Register {
        &self.register
    }

    /// Bytes that can still be written where the lake is; `None` where nobody can say.
    #[must_use]
    pub fn free_bytes(&self) -> Option<u64> {
        let known = self.folder.ancestors().find(|folder| folder.exists())?;
        let stat = rustix::fs::statvfs(known).ok()?;
        stat.f_bavail.checked_mul(stat.f_frsize)
    }

    /// What persons said, by kind: the name of a folder in the lake.
    #[must_use]
    pub fn events(&self, kind: &str) -> Events {
        Events::at(self.folder.join(kind), &self.witness)
    }

    /// The record of slots.
    #[must_use]
    pub fn slots(&self) -> SlotFile {
        SlotFile::at(&self.folder)
    }

    /// What persons did with periods.
    #[must_use]
    pub fn periods(&self) -> &Periods {
        &self.periods
    }

    #[must_use]
    pub fn releases(&self) -> &Releases {
        &self.releases
    }

    /// Where the faulty rows of a delivery rest, whether it has any or not.
    #[must_use]
    pub fn quarantine_file(&self, delivery: &crate::domain::DeliveryId) -> PathBuf {
        self.folder.join("quarantine").join(format!("{delivery}.parquet"))
    }
}

fn local<'a>(name: &str, location: &'a Location) -> Answer<&'a Path> {
    match location {
        Location::Folder(path) => Ok(path),
        Location::Url(url) => Err(Diagnostic::new(codes::lake::NOT_A_FOLDER, format!("`{name}` is at {url}"))
            .expected("a folder on a local disk: object-store lakes are not supported in this version")
            .outcome("nothing was read or written")
            .hint(format!("let `locations.{name}` in pipelines/partnership.yaml name a folder"))
            .into()),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_death_that_cannot_be_written_down_stops_no_command() {
        let root = tempfile::tempdir().unwrap();
        let folder = |name: &str| Location::Folder(root.path().join(name));
        let lake = Lake::at(&folder("landing"), &folder("lake"), &folder("published")).unwrap();
        let lock = lake.lock("run-1", "").unwrap();
        lock.begin(&RunRecord { run: "run-1".into(), number: 1, cut_short: true, ..RunRecord::default() }).unwrap();
        let text = fs::read(root.path().join("lake/.lock")).unwrap();
        drop(lock);
        fs::write(root.path().join("lake/.lock"), text).unwrap();
        fs::write(root.path().join("lake/runs"), "no folder").unwrap();
        assert!(lake.lock("run-2", "").is_ok());
    }

    #[test]
    fn an_object_store_is_no_lake() {
        let folder = |name: &str| Location::Folder(name.into());
        let url = Location::Url(url::Url::parse("s3://bucket/lake").unwrap());
        let refusal = Lake::at(&folder("landing"), &url, &folder("published")).unwrap_err();
        assert_eq!((refusal.exit_code(), refusal.0[0].seen.as_str()), (2, "`lake` is at s3://bucket/lake"));
    }

    #[test]
    fn recovery_removes_what_was_never_finished_and_nothing_else() {
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        let folder = |name: &str| Location::Folder(at(name));
        let lake = Lake::at(&folder("landing"), &folder("lake"), &folder("published")).unwrap();
        let lock = lake.lock("run-1", "2023-04-01T02:00:00Z").unwrap();
        lake.recover(&lock).unwrap();
        let keep = [
            "landing/ab.zst",
            "lake/register/aa.json",
            "lake/ledger_line/_delta_log/00000000000000000000.json",
            "published/parts/t/x.parquet",
        ];
        let drop = [
            "landing/_staging/000000",
            "lake/_staging/000001",
            "lake/register/bb.json.tmp",
            "lake/ledger_line/_delta_log/00000000000000000001.json#0",
            "published/.staging/000000",
        ];
        for name in keep.iter().chain(&drop) {
            fs::create_dir_all(at(name).parent().unwrap()).unwrap();
            fs::write(at(name), "x").unwrap();
        }
        lake.recover(&lock).unwrap();
        assert!(keep.iter().all(|name| at(name).exists()));
        assert!(!drop.iter().any(|name| at(name).exists()));
        assert!(lake.lock("run-2", "").is_err());
    }
}
