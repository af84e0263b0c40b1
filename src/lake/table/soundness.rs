//! Whether what a table keeps is what was written, and what of it can be made again.

use std::sync::PoisonError;

use deltalake_core::DeltaTable;

use super::{Checkpoints, CommonTables};
use crate::{
    diagnostic::Answer,
    lake::{Flaw, durable, fault},
};

impl CommonTables {
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
        if !self.is_bare(table) && !(compare && !self.log_flaws(table)?.is_empty()) {
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

fn is_checkpoint(name: &str) -> bool {
    name == "_last_checkpoint" || name.contains(".checkpoint.")
}
