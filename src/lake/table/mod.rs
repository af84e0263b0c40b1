//! Common tables: Delta, partitioned by council, feed and delivery period; whole partitions are replaced.
//!
//! A commit takes in one delivery: its new files, and the removal of whatever stood in the periods that it covers, in one entry of the
//! log. Delta itself does not refuse a repeated transaction. So each commit carries, as its application transaction, `council/feed/coverage`
//! with the table version that it made, and in its `commitInfo` the delivery and the run's token; both are read before writing and after
//! any outcome that is not plainly a success.
//!
//! # A kill at any point
//!
//! Files are flushed and renamed into the table's folders before the log entry is written; until then no reader knows them, and since
//! their names are made of their bytes, the next run finds or rewrites the same ones. The log entry appears whole (flushed, then linked
//! under its final name, which fails if it is taken). A kill after it leaves a proof from which [`crate::lake::Register::recover`] goes on,
//! and, before the copy that vouches for the entry is there, an entry without one: the next run makes it.

mod commit;
mod copies;
mod soundness;
mod store;

#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use deltalake_core::{
    DeltaTable, DeltaTableError,
    logstore::{LogStoreRef, StorageConfig, logstore_with},
};

pub(super) use self::copies::COPIES;
use self::{
    copies::{Log, version_of},
    store::{Checkpoints, Flushing},
};
use super::{StagedPart, durable, fault};
use crate::{
    diagnostic::Answer,
    domain::{Coverage, DeliveryId, Identifier, Period},
};

/// The columns by which common tables are partitioned. They stand in paths and in the log, not in the files.
pub const PARTITION_COLUMNS: [&str; 4] = ["council", "feed", "delivery_year", "delivery_period"];

/// All common tables of a lake.
///
/// Owns the runtime on which `deltalake-core` works; so its functions must not be called from inside another runtime.
pub struct CommonTables {
    folder: PathBuf,
    runtime: tokio::runtime::Runtime,
    /// Tables that have been read, at their newest known version.
    known: Mutex<BTreeMap<String, DeltaTable>>,
    /// Tables with a checkpoint that cannot be read: their logs were read entry by entry.
    bare: Mutex<BTreeSet<String>>,
    /// Of each table, what vouches for the entries of its log.
    logs: Mutex<BTreeMap<String, Arc<Log>>>,
}

/// A table at one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    pub table: String,
    pub version: u64,
    /// By council, feed, period, then name.
    pub files: Vec<LakeFile>,
}

/// An active file of a common table.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LakeFile {
    pub council: String,
    pub feed: String,
    pub period: Period,
    /// First 32 hex digits of the SHA-256 of its bytes.
    pub name: String,
    /// Relative to the table's folder.
    pub relative: String,
    pub path: PathBuf,
    pub rows: u64,
    pub bytes: u64,
}

/// A part on its way into a partition.
#[derive(Clone, Debug)]
pub struct StagedRows {
    pub period: Period,
    pub part: StagedPart,
}

/// One delivery, as it goes into a common table.
#[derive(Debug)]
pub struct Commit<'a> {
    pub council: &'a Identifier,
    pub feed: &'a Identifier,
    /// What the delivery covers; names it in the log.
    pub coverage: &'a Coverage,
    /// The covered periods in which it stands: each is replaced, also where it has no rows.
    pub replace: &'a [Period],
    /// Other periods of the feed that are left without rows: those of a delivery that is withdrawn.
    pub emptied: &'a [Period],
    pub delivery: &'a DeliveryId,
    /// Of this attempt: tells this commit from another of the same delivery.
    pub token: &'a str,
    pub parts: Vec<StagedRows>,
    /// Milliseconds since 1970, from the run's clock.
    pub at_ms: i64,
    /// What else the entry of the log says of the delivery: a map.
    pub facts: serde_json::Value,
}

impl Commit<'_> {
    /// `newham/general_ledger/2018/P01..2018/P12`: the application id of the commit.
    #[must_use]
    pub fn app_id(&self) -> String {
        format!("{}/{}/{}", self.council, self.feed, self.coverage)
    }
}

/// What became of a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The table has it, at this version.
    Committed(u64),
    /// The table had exactly these files of this delivery already; nothing was written. The version is the one that brought them in.
    AlreadyIn(u64),
}

impl Outcome {
    /// The version of the table that brought the delivery in.
    #[must_use]
    pub fn version(self) -> u64 {
        match self {
            Self::Committed(version) | Self::AlreadyIn(version) => version,
        }
    }
}

/// A delivery that a table holds or held: what its `commitInfo` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed {
    pub version: u64,
    pub delivery: String,
    pub token: String,
}

/// A delivery as the log of its table tells of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    pub version: u64,
    pub council: String,
    pub feed: String,
    /// `2018/P01..2018/P12`.
    pub coverage: String,
    pub delivery: String,
    pub token: String,
    /// [`Commit::facts`]; null where an older version wrote it.
    pub facts: serde_json::Value,
    /// Its rows left the table with this version: somebody withdrew it.
    pub taken_out: bool,
}

impl CommonTables {
    pub(super) fn at(folder: &Path) -> Answer<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(fault::file(folder, "start the runtime for"))?;
        let folder = std::path::absolute(folder).map_err(fault::file(folder, "find"))?;
        Ok(Self { folder, runtime, known: Mutex::default(), bare: Mutex::default(), logs: Mutex::default() })
    }

    /// The table at a version, else at its newest; `None` where there is no such table yet.
    ///
    /// # Errors
    /// TC1007 where its log cannot be read, or has no such version.
    pub fn snapshot(&self, table: &str, version: Option<u64>) -> Answer<Option<Snapshot>> {
        let mut known = self.known();
        let Some(delta) = self.newest(&mut known, table)? else { return Ok(None) };
        match version.filter(|version| delta.version() != Some(*version)) {
            None => self.active_files(table, delta).map(Some),
            Some(version) => {
                let mut old = DeltaTable::new(delta.log_store());
                self.runtime.block_on(old.load_version(version)).map_err(|error| fault::table(&self.folder_of(table), error))?;
                self.active_files(table, &old).map(Some)
            }
        }
    }

    /// The files of a table as a manifest lists them.
    #[must_use]
    pub fn files_of(&self, table: &str, state: &crate::lake::LakeState) -> Vec<LakeFile> {
        self.files_listed(table, &state.files)
    }

    /// The same of any list of files of a table.
    #[must_use]
    pub fn files_listed(&self, table: &str, files: &[crate::lake::LakeFileState]) -> Vec<LakeFile> {
        let folder = self.folder_of(table);
        files.iter().filter_map(|file| listed_file(&folder, file)).collect()
    }

    /// The newest version of a table by the names in its log alone: whether anything changed since a version one knows.
    ///
    /// # Errors
    /// TC1002.
    pub fn newest_version(&self, table: &str) -> Answer<Option<u64>> {
        let names = durable::names(&self.folder_of(table).join("_delta_log"))?;
        let version = |name: &String| version_of(name.strip_suffix(".json")?);
        Ok(names.iter().rev().find_map(version))
    }

    fn known(&self) -> MutexGuard<'_, BTreeMap<String, DeltaTable>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn folder_of(&self, table: &str) -> PathBuf {
        self.folder.join(table)
    }

    fn log(&self, table: &str) -> Arc<Log> {
        let mut logs = self.logs.lock().unwrap_or_else(PoisonError::into_inner);
        logs.entry(table.to_owned()).or_insert_with(|| Arc::new(Log::of(self.folder_of(table)))).clone()
    }

    /// Brings what is known of the table up to its newest version.
    fn newest<'a>(&self, known: &'a mut BTreeMap<String, DeltaTable>, table: &str) -> Answer<Option<&'a DeltaTable>> {
        let Some(newest) = self.newest_version(table)? else { return Ok(None) };
        let folder = self.folder_of(table);
        if !known.contains_key(table) {
            known.insert(table.into(), DeltaTable::new(self.log_store(table, Checkpoints::Read)?));
        }
        let Some(delta) = known.get_mut(table) else { return Ok(None) };
        if delta.version() != Some(newest) {
            let read = self.runtime.block_on(delta.update_state()).map_err(|error| fault::table(&folder, error));
            if let Err(refusal) = read.and_then(|()| self.active_files(table, delta).map(|_| ())) {
                *delta = self.entry_by_entry(table).map_err(|_| refusal)?;
                self.bare.lock().unwrap_or_else(PoisonError::into_inner).insert(table.into());
            }
        }
        Ok(Some(delta))
    }

    fn log_store(&self, table: &str, checkpoints: Checkpoints) -> Answer<LogStoreRef> {
        let folder = self.folder_of(table);
        // A table's address is its name below the lake: `deltalake-core` takes the path of an address as it is spelt there, so
        // a blank or a `%` in the lake's own path would lead elsewhere. `memory` only says that it is no path of this machine.
        let url = url::Url::parse(&format!("memory:///{table}/")).map_err(|error| fault::table(&folder, error))?;
        let store = Flushing::below(&self.folder, checkpoints, self.log(table)).map_err(|error| fault::table(&folder, error))?;
        // Entering the runtime: the store registers itself with the one it is made in.
        let _inside = self.runtime.enter();
        logstore_with(Arc::new(store), &url, StorageConfig::default()).map_err(|error| fault::table(&folder, error))
    }

    fn active_files(&self, table: &str, delta: &DeltaTable) -> Answer<Snapshot> {
        let folder = self.folder_of(table);
        let read = || -> Result<Snapshot, DeltaTableError> {
            let state = delta.snapshot()?;
            let mut files = Vec::new();
            for file in state.log_data().iter() {
                let relative = file.path().into_owned();
                let values = file.partition_values_map();
                let value = |name: &str| values.get(name).cloned().flatten().unwrap_or_default();
                let name = relative.rsplit('/').next().unwrap_or_default().trim_end_matches(".parquet").to_owned();
                let (year, period) = (value("delivery_year").parse(), value("delivery_period").parse());
                if !relative.starts_with(&stands_in(PARTITION_COLUMNS.map(value))) {
                    return Err(DeltaTableError::generic(format!("{relative} stands in another partition than the log says")));
                }
                let (Ok(year), Ok(period)) = (year, period) else {
                    return Err(DeltaTableError::generic(format!("{relative} has no delivery period")));
                };
                files.push(LakeFile {
                    council: value("council"),
                    feed: value("feed"),
                    period: Period { year, period },
                    name,
                    path: folder.join(&relative),
                    relative,
                    rows: file.num_records().unwrap_or(0) as u64,
                    bytes: u64::try_from(file.size()).unwrap_or(0),
                });
            }
            files.sort_unstable();
            Ok(Snapshot { table: table.into(), version: state.version(), files })
        };
        read().map_err(|error| fault::table(&folder, error))
    }
}

impl std::fmt::Debug for CommonTables {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CommonTables").field("folder", &self.folder).finish_non_exhaustive()
    }
}

/// Where the files of a partition lie: `council=…/feed=…/delivery_year=…/delivery_period=…/`.
fn stands_in(values: [String; 4]) -> String {
    PARTITION_COLUMNS.iter().zip(values).map(|(name, value)| format!("{name}={value}/")).collect()
}

/// A file by its path, which holds its partition: `council=…/feed=…/delivery_year=…/delivery_period=…/<name>.parquet`.
pub(super) fn listed_file(folder: &Path, file: &crate::lake::LakeFileState) -> Option<LakeFile> {
    let mut pieces = file.path.split('/');
    let mut value = |name: &str| pieces.next()?.strip_prefix(name)?.strip_prefix('=').map(str::to_owned);
    let (council, feed) = (value("council")?, value("feed")?);
    let period = Period { year: value("delivery_year")?.parse().ok()?, period: value("delivery_period")?.parse().ok()? };
    let name = pieces.next()?.strip_suffix(".parquet")?.to_owned();
    let path = folder.join(&file.path);
    Some(LakeFile { council, feed, period, name, relative: file.path.clone(), path, rows: file.rows, bytes: file.bytes })
}
