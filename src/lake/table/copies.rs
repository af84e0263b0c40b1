//! A copy of every entry of a table's log: by it a bit that turned in an entry is found, and mended.
//!
//! Names vouch for the bytes of parts and of landed objects; nothing names the bytes of the log, which alone tells what a table holds and
//! which delivery brought it in. So each entry is kept a second time, in `lake/<table>/_log_copies`, under a name made of its version, the
//! SHA-256 of its bytes and the delivery that it brought in. An entry is believed where its bytes are those of the name; else the copy is,
//! where its own bytes are. The copies lie in the table's folder: a backup that brings the table back brings both.
//!
//! An entry that a version without copies wrote is believed as it reads, until the next run has made its copy.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::{Mutex, MutexGuard, PoisonError},
};

use serde_json::Value;

use super::store::is_checkpoint;
use crate::{
    crash,
    diagnostic::Answer,
    lake::{
        Flaw, Seen,
        durable::{self, sha256},
        fault,
    },
};

/// Folder of the copies, beside `_delta_log`.
pub(in crate::lake) const COPIES: &str = "_log_copies";
const OTHER_BYTES: &str = "its bytes are others than were written";

/// The log of one table, with its copies.
#[derive(Debug)]
pub(super) struct Log {
    /// Of the table.
    folder: PathBuf,
    copies: Mutex<Option<BTreeMap<u64, Named>>>,
}

/// What the name of a copy says.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Named {
    version: u64,
    /// Of the entry, in hex digits.
    sha256: String,
    /// The delivery that it brought in or took out; `None` where the entry tells of none.
    delivery: Option<String>,
}

/// An entry of the log, as far as it is to be believed.
pub(super) enum Entry {
    /// It is what was written, or nothing says otherwise.
    AsWritten(Vec<u8>),
    /// It is not, and its copy is: the bytes of the copy, and what is wrong with the entry.
    FromCopy(Vec<u8>, &'static str),
    /// Neither is: what is wrong with the entry.
    Lost(&'static str),
}

impl Named {
    fn of(version: u64, bytes: &[u8]) -> Self {
        let delivery = told_in(bytes).and_then(|told| told.get("delivery_id")?.as_str().map(str::to_owned));
        Self { version, sha256: sha256(bytes), delivery }
    }

    fn parse(name: &str) -> Option<Self> {
        let mut pieces = name.strip_suffix(".json")?.splitn(3, '-');
        let version = version_of(pieces.next()?)?;
        let sha256 = pieces.next().filter(|piece| piece.len() == 64)?.to_owned();
        Some(Self { version, sha256, delivery: pieces.next().map(str::to_owned) })
    }

    fn file(&self) -> String {
        let delivery = self.delivery.as_ref().map(|delivery| format!("-{delivery}")).unwrap_or_default();
        format!("{:020}-{}{delivery}.json", self.version, self.sha256)
    }
}

impl Log {
    pub(super) fn of(folder: PathBuf) -> Self {
        Self { folder, copies: Mutex::default() }
    }

    fn entry_path(&self, version: u64) -> PathBuf {
        self.folder.join("_delta_log").join(format!("{version:020}.json"))
    }

    fn copy_path(&self, copy: &Named) -> PathBuf {
        self.folder.join(COPIES).join(copy.file())
    }

    /// The copies by version, listed once.
    fn copies(&self) -> Answer<MutexGuard<'_, Option<BTreeMap<u64, Named>>>> {
        let mut copies = self.copies.lock().unwrap_or_else(PoisonError::into_inner);
        if copies.is_none() {
            let names = durable::names(&self.folder.join(COPIES))?;
            *copies = Some(names.iter().filter_map(|name| Named::parse(name)).map(|copy| (copy.version, copy)).collect());
        }
        Ok(copies)
    }

    fn copy_of(&self, version: u64) -> Answer<Option<Named>> {
        Ok(self.copies()?.as_ref().and_then(|copies| copies.get(&version)).cloned())
    }

    /// An entry with what it is worth; `None` where there is neither it nor a copy.
    ///
    /// # Errors
    /// TC1002.
    pub(super) fn entry(&self, version: u64) -> Answer<Option<Entry>> {
        let (bytes, copy) = (durable::read(&self.entry_path(version))?, self.copy_of(version)?);
        let Some(copy) = copy else { return Ok(bytes.map(Entry::AsWritten)) };
        let why = match bytes {
            Some(bytes) if sha256(&bytes) == copy.sha256 => return Ok(Some(Entry::AsWritten(bytes))),
            Some(_) => OTHER_BYTES,
            None => "it is gone",
        };
        let kept = durable::read(&self.copy_path(&copy))?.filter(|kept| sha256(kept) == copy.sha256);
        Ok(Some(kept.map_or(Entry::Lost(why), |kept| Entry::FromCopy(kept, why))))
    }

    /// The bytes of an entry; `None` where there are none to be believed.
    pub(super) fn believed(&self, version: u64) -> Option<Vec<u8>> {
        match self.entry(version) {
            Ok(Some(Entry::AsWritten(bytes) | Entry::FromCopy(bytes, _))) => Some(bytes),
            _ => None,
        }
    }

    /// The deliveries of which copies tell, up to a version, each with the last version that tells of it.
    ///
    /// # Errors
    /// TC1002.
    pub(super) fn deliveries(&self, newest: u64) -> Answer<BTreeMap<String, u64>> {
        let copies = self.copies()?;
        let up_to = copies.iter().flat_map(|copies| copies.range(..=newest).map(|(_, copy)| copy));
        Ok(up_to.filter_map(|copy| Some((copy.delivery.clone()?, copy.version))).collect())
    }

    /// Before an entry of this version is written: copies of it, and of later ones, are of a log that somebody has put another in place of.
    ///
    /// # Errors
    /// TC1002.
    pub(super) fn make_room(&self, version: u64) -> Answer<()> {
        let stale: Vec<Named> = self.copies()?.iter().flat_map(|copies| copies.range(version..).map(|(_, copy)| copy.clone())).collect();
        stale.iter().try_for_each(|copy| self.forget(copy))
    }

    fn forget(&self, copy: &Named) -> Answer<()> {
        durable::remove(&self.copy_path(copy))?;
        if let Some(copies) = self.copies()?.as_mut() {
            copies.remove(&copy.version);
        }
        Ok(())
    }

    /// Keeps copies of entries as they were written.
    ///
    /// # Errors
    /// TC1002.
    pub(super) fn keep<'a>(&self, entries: impl IntoIterator<Item = (u64, &'a [u8])>) -> Answer<()> {
        let folder = self.folder.join(COPIES);
        let mut kept = Vec::new();
        for (version, bytes) in entries {
            let copy = Named::of(version, bytes);
            let (path, staging) = (self.copy_path(&copy), durable::beside(&self.copy_path(&copy), ".tmp"));
            durable::folder(&folder, Seen::ByUs)?;
            durable::remove(&staging)?;
            let written = Seen::ByUs.create(&staging).and_then(|mut file| std::io::Write::write_all(&mut file, bytes));
            written.map_err(fault::file(&staging, "write"))?;
            kept.push((copy, staging, path));
        }
        durable::sync_files(&kept.iter().map(|(_, staging, _)| staging.clone()).collect::<Vec<_>>())?;
        crash::point("log.copy_flushed")?;
        for (copy, staging, path) in &kept {
            durable::rename(staging, path, Seen::ByUs)?;
            if let Some(copies) = self.copies()?.as_mut() {
                copies.insert(copy.version, copy.clone());
            }
        }
        if kept.is_empty() { Ok(()) } else { durable::sync_folder(&folder) }
    }

    /// Puts entries in place that are gone or damaged, from their copies, and makes copies that are missing or damaged. Says what it put
    /// in place. Looks at entries since the last checkpoint, which alone are read, and with `all` at every one.
    ///
    /// # Errors
    /// TC1002.
    pub(super) fn mend(&self, all: bool) -> Answer<Vec<String>> {
        let (mut made, mut lacking) = (Vec::new(), Vec::new());
        for version in self.versions(all)? {
            match self.entry(version)? {
                Some(Entry::FromCopy(bytes, why)) => {
                    durable::replace(&self.entry_path(version), &bytes, Seen::ByUs)?;
                    made.push(format!("made again from its copy: lake/{} ({why})", self.relative(version)));
                }
                Some(Entry::AsWritten(bytes)) if !self.has_copy(version, all)? && reads(&bytes) => lacking.push((version, bytes)),
                _ => {}
            }
        }
        self.keep(lacking.iter().map(|(version, bytes)| (*version, bytes.as_slice())))?;
        Ok(made)
    }

    /// Entries that are gone or damaged, and copies that are; each with whether [`mend`](Self::mend) makes it again.
    ///
    /// # Errors
    /// TC1002.
    pub(super) fn flaws(&self) -> Answer<Vec<(Flaw, bool)>> {
        let mut flaws = Vec::new();
        for version in self.versions(true)? {
            let path = self.entry_path(version);
            match self.entry(version)? {
                Some(Entry::FromCopy(_, why)) => flaws.push((Flaw { path, why: format!("{why}; its copy is sound") }, true)),
                Some(Entry::Lost(why)) => flaws.push((Flaw { path, why: format!("{why}, and its copy is not sound either") }, false)),
                Some(Entry::AsWritten(_)) => {
                    let copy = self.copy_of(version)?.map(|copy| self.copy_path(&copy));
                    let damaged = copy.filter(|_| !self.has_copy(version, true).unwrap_or_default());
                    flaws.extend(damaged.map(|path| (Flaw { path, why: OTHER_BYTES.into() }, true)));
                }
                None => {}
            }
        }
        Ok(flaws)
    }

    /// Whether an entry has a copy, with `sound` whether that is as it was written.
    fn has_copy(&self, version: u64, sound: bool) -> Answer<bool> {
        let Some(copy) = self.copy_of(version)? else { return Ok(false) };
        let kept = if sound { durable::read(&self.copy_path(&copy))? } else { return Ok(true) };
        Ok(kept.is_some_and(|kept| sha256(&kept) == copy.sha256))
    }

    /// The versions to look at: all, or those since the last checkpoint and those without a copy.
    fn versions(&self, all: bool) -> Answer<BTreeSet<u64>> {
        let names = durable::names(&self.folder.join("_delta_log"))?;
        let there: BTreeSet<u64> = names.iter().filter_map(|name| version_of(name.strip_suffix(".json")?)).collect();
        let Some(newest) = there.last().copied() else { return Ok(BTreeSet::new()) };
        let checkpoints = names.iter().filter(|name| is_checkpoint(name)).filter_map(|name| version_of(name.split('.').next()?));
        let from = if all { 0 } else { checkpoints.max().map_or(0, |version| version + 1).min(newest) };
        let copies = self.copies()?;
        let copied: BTreeSet<u64> = copies.iter().flat_map(|copies| copies.range(..=newest).map(|(version, _)| *version)).collect();
        Ok(there.union(&copied).copied().filter(|version| *version >= from || !copied.contains(version)).collect())
    }

    fn relative(&self, version: u64) -> String {
        let table = self.folder.file_name().unwrap_or_default().to_string_lossy();
        format!("{table}/_delta_log/{version:020}.json")
    }
}

/// `00000000000000000003` → 3.
pub(super) fn version_of(stem: &str) -> Option<u64> {
    Some(stem).filter(|stem| stem.len() == 20 && stem.bytes().all(|byte| byte.is_ascii_digit()))?.parse().ok()
}

/// What an entry tells of the delivery that it brought in.
pub(super) fn told_in(entry: &[u8]) -> Option<Value> {
    let lines = entry.split(|byte| *byte == b'\n');
    let mut actions = lines.filter_map(|line| serde_json::from_slice::<Value>(line).ok());
    actions.find_map(|action| action.get("commitInfo")?.get("truecost").cloned())
}

/// Whether every line of an entry can be read.
fn reads(entry: &[u8]) -> bool {
    let mut lines = entry.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    !entry.is_empty() && lines.all(|line| serde_json::from_slice::<Value>(line).is_ok())
}
