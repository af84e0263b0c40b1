//! Whether what a table keeps is what was written, and what of it can be made again.

use std::{collections::BTreeMap, fs, path::PathBuf, sync::PoisonError};

use deltalake_core::DeltaTable;
use serde_json::Value;

use super::{Checkpoints, Commit, CommonTables, LakeFile, StagedRows, Told, copies::told_in, store::is_checkpoint};
use crate::{
    diagnostic::Answer,
    lake::{Depth, Flaw, Seen, durable, fault, flaw},
};

impl CommonTables {
    /// Every delivery that was committed to a table, oldest first, as the entries of its log tell it. Entries that cannot be read are left
    /// out.
    ///
    /// # Errors
    /// TC1002.
    pub fn history(&self, table: &str) -> Answer<Vec<Told>> {
        let newest = self.newest_version(table)?;
        Ok((0..=newest.unwrap_or(0)).filter_map(|version| self.told(table, version)).collect())
    }

    /// The delivery that a version of a table brought in; `None` where its entry tells of none, or cannot be read.
    #[must_use]
    pub fn told(&self, table: &str, version: u64) -> Option<Told> {
        let told = told_in(&self.log(table).believed(version)?)?;
        let text = |name: &str| told.get(name).and_then(Value::as_str).map(str::to_owned);
        Some(Told {
            version,
            council: text("council")?,
            feed: text("feed")?,
            coverage: text("coverage")?,
            delivery: text("delivery_id")?,
            taken_out: text("token")?.ends_with("-out"),
            token: text("token")?,
            facts: told.get("facts").cloned().unwrap_or_default(),
        })
    }

    /// Every delivery of which the log of a table tells, with the last version that brought it in or took it out. By the names of the copies
    /// of its entries alone: what an older version wrote is there once a run has made them.
    ///
    /// # Errors
    /// TC1002.
    pub fn deliveries(&self, table: &str) -> Answer<BTreeMap<String, u64>> {
        match self.newest_version(table)? {
            Some(newest) => self.log(table).deliveries(newest),
            None => Ok(BTreeMap::new()),
        }
    }

    /// Puts entries of the log in place that are gone or damaged, from their copies, and makes copies that are missing. Says what was put in
    /// place, a sentence each. Looks at what is read, and with `all` at every entry. Only who holds the lake's lock may.
    ///
    /// # Errors
    /// TC1002.
    pub fn mend_entries(&self, table: &str, all: bool) -> Answer<Vec<String>> {
        self.log(table).mend(all)
    }

    /// Entries of the log that are not as they were written, and copies of them that are not; each with whether
    /// [`mend_entries`](Self::mend_entries) makes it again.
    ///
    /// # Errors
    /// TC1002.
    pub fn entry_flaws(&self, table: &str) -> Answer<Vec<(Flaw, bool)>> {
        self.log(table).flaws()
    }

    /// Files of the newest version that are gone or not as they were written: a name that its bytes still earn is sound, whatever the log
    /// says of its length.
    ///
    /// # Errors
    /// TC1002.
    pub fn file_flaws(&self, files: &[LakeFile], depth: Depth) -> Answer<Vec<(LakeFile, Flaw)>> {
        let mut flawed = Vec::new();
        for file in files {
            let Some(found) = flaw(&file.path, file.bytes, &file.name, depth)? else { continue };
            let length = fs::metadata(&file.path).map_or(0, |metadata| metadata.len());
            if flaw(&file.path, length, &file.name, Depth::Bytes)?.is_some() {
                flawed.push((file.clone(), found));
            }
        }
        Ok(flawed)
    }

    /// Puts a part in place under a name that the log has already. Its bytes are those of the name; the log is not touched.
    ///
    /// # Errors
    /// TC1002.
    pub fn put_back_one(&self, file: &LakeFile, staged: &StagedRows) -> Answer<()> {
        durable::sync_files(std::slice::from_ref(&staged.part.path))?;
        durable::rename(&staged.part.path, &file.path, Seen::ByUs)?;
        let folder = self.folder.clone();
        let folders: Vec<PathBuf> = file.path.ancestors().skip(1).take_while(|f| f.starts_with(&folder)).map(Into::into).collect();
        durable::sync_files(&folders)
    }

    /// Of what a commit brings, puts in place what the log has and the disk has not as it was written.
    pub(super) fn put_back(&self, before: &[LakeFile], commit: &Commit<'_>) -> Answer<()> {
        for staged in &commit.parts {
            let of_it = |file: &&LakeFile| {
                let feed = file.council == commit.council.as_str() && file.feed == commit.feed.as_str();
                feed && file.period == staged.period && file.name == staged.part.name()
            };
            let Some(file) = before.iter().find(of_it) else { continue };
            if flaw(&file.path, staged.part.bytes, &file.name, Depth::Bytes)?.is_some() {
                self.put_back_one(file, staged)?;
            }
        }
        Ok(())
    }

    /// The table as the entries of its log tell it, without its checkpoints.
    pub(super) fn entry_by_entry(&self, table: &str) -> Answer<DeltaTable> {
        let folder = self.folder_of(table);
        let mut bare = DeltaTable::new(self.log_store(table, Checkpoints::Ignored)?);
        self.runtime.block_on(bare.update_state()).map_err(|error| fault::table(&folder, error))?;
        self.active_files(table, &bare)?;
        Ok(bare)
    }

    /// Checkpoints that cannot be read, or say something else than the entries of the log.
    ///
    /// # Errors
    /// TC1007 where the entries cannot be read either.
    pub fn log_flaws(&self, table: &str) -> Answer<Vec<Flaw>> {
        let log = self.folder_of(table).join("_delta_log");
        let checkpoints = durable::names(&log)?.into_iter().filter(|name| is_checkpoint(name)).collect::<Vec<_>>();
        let Some(seen) = self.snapshot(table, None)?.filter(|_| !checkpoints.is_empty()) else { return Ok(Vec::new()) };
        let entries = self.entry_by_entry(table).and_then(|bare| self.active_files(table, &bare));
        let why = match entries {
            _ if self.is_bare(table) => "it cannot be read; the entries of the log can",
            Ok(entries) if entries.files != seen.files => "it says something else than the entries of the log",
            // Entries before a checkpoint may be gone or damaged: then it is what counts.
            _ => return Ok(Vec::new()),
        };
        Ok(checkpoints.last().map(|name| Flaw { path: log.join(name), why: why.into() }).into_iter().collect())
    }

    fn is_bare(&self, table: &str) -> bool {
        self.bare.lock().unwrap_or_else(PoisonError::into_inner).contains(table)
    }

    /// Removes the checkpoints of a table where they cannot be read, or (with `compare`) say something else than the entries: the next one
    /// is made in its turn. Says so. Only who holds the lake's lock may.
    ///
    /// # Errors
    /// TC1002, TC1007.
    pub fn mend_log(&self, table: &str, compare: bool) -> Answer<Option<String>> {
        self.snapshot(table, None)?;
        if !self.is_bare(table) && (!compare || self.log_flaws(table)?.is_empty()) {
            return Ok(None);
        }
        let log = self.folder_of(table).join("_delta_log");
        durable::clear(&log, is_checkpoint)?;
        durable::sync_folder(&log)?;
        self.known().remove(table);
        self.bare.lock().unwrap_or_else(PoisonError::into_inner).remove(table);
        Ok(Some(format!("removed a damaged checkpoint of lake/{table}: the entries of its log say all that it said")))
    }
}
