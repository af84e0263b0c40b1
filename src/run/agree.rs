//! Before anything is taken: whether the register and the common tables tell of the same deliveries.

use std::collections::BTreeMap;

use arrow::array::{Array as _, AsArray as _};

use super::Conductor;
use crate::{
    diagnostic::{Answer, Refusal},
    lake::{DeliveryRecord, DeliveryState, LakeFile, PartFile, holders},
    plan::{Disagreement, TableNow, disagreements},
};

impl Conductor<'_> {
    /// Stops where they do not.
    ///
    /// # Errors
    /// TC1250 with every feed of which they tell otherwise.
    pub(super) fn must_agree(&self, known: &mut [DeliveryRecord], write_down: bool) -> Answer<()> {
        let found = self.disagreements(known, write_down)?;
        if found.is_empty() { Ok(()) } else { Err(Refusal(found.iter().map(Disagreement::report).collect())) }
    }

    /// Everything in which they differ. With `write_down`, what an older version did not enter (which file a period holds) is entered now.
    pub(super) fn disagreements(&self, known: &mut [DeliveryRecord], write_down: bool) -> Answer<Vec<Disagreement>> {
        let mut found = Vec::new();
        for table in self.common_names() {
            let Some(now) = self.table_now(known, &table)? else { continue };
            found.extend(disagreements(known, &now));
            if write_down {
                self.enter_files(known, &now)?;
            }
        }
        Ok(found)
    }

    /// The common tables that the partnership declares.
    pub(super) fn common_names(&self) -> Vec<String> {
        self.partnership.contracts.keys().filter_map(|key| key.strip_prefix("common/").map(str::to_owned)).collect()
    }

    /// Puts entries of the tables' logs in place that are gone or damaged, before anything is believed of them; with `all` looks at every
    /// one. Says what it put in place.
    pub(super) fn mend_entries(&self, all: bool) -> Answer<Vec<String>> {
        let mut made = Vec::new();
        for table in self.common_names() {
            made.extend(self.tables.mend_entries(&table, all)?);
        }
        Ok(made)
    }

    /// A table as it is now; `None` where it is not there.
    pub(super) fn table_now(&self, known: &[DeliveryRecord], table: &str) -> Answer<Option<TableNow>> {
        let Some(version) = self.tables.newest_version(table)? else { return Ok(None) };
        let files = match self.unmoved(table, version)? {
            Some(files) => files,
            None => self.tables.snapshot(table, None)?.map(|snapshot| snapshot.files).unwrap_or_default(),
        };
        let entered =
            known.iter().filter(|r| r.table == table).flat_map(|r| r.lake_files.values().map(|file| (file.clone(), r.delivery_id.clone())));
        let mut told: BTreeMap<String, String> = entered.collect();
        for file in files.iter().filter(|file| file.rows > 0) {
            if !told.contains_key(&file.name)
                && let Some(delivery) = delivery_in(file)
            {
                told.insert(file.name.clone(), delivery);
            }
        }
        let mut log = self.tables.deliveries(table)?;
        if let Some(last) = self.tables.told(table, version) {
            log.insert(last.delivery, version);
        }
        let gone = self.lake.gone_files()?.into_iter().filter(|gone| gone.table == table).map(|gone| gone.file).collect();
        Ok(Some(TableNow { table: table.to_owned(), version, log, files, told, gone }))
    }

    /// The files of a table that has not moved since the latest release, which lists them.
    fn unmoved(&self, table: &str, version: u64) -> Answer<Option<Vec<LakeFile>>> {
        let Some(name) = self.lake.releases().latest_name()? else { return Ok(None) };
        let latest = self.lake.releases().bare_manifest(&name).ok();
        let state = latest.as_ref().and_then(|m| m.content.lake.get(table)).filter(|state| state.version == version);
        let files = state.map(|state| self.tables.files_of(table, state));
        Ok(files.filter(|files| files.iter().all(|file| file.path.is_file())))
    }

    fn enter_files(&self, known: &mut [DeliveryRecord], now: &TableNow) -> Answer<()> {
        let mut held: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
        let holders = holders(known.iter().filter(|r| r.table == now.table));
        for file in now.files.iter().filter(|file| file.rows > 0) {
            let Some(record) = holders.get(&(file.council.as_str(), file.feed.as_str(), file.period)) else { continue };
            let period = file.period.to_string();
            if !record.lake_files.contains_key(&period) && now.told.get(&file.name) == Some(&record.delivery_id) {
                held.entry(record.delivery_id.clone()).or_default().push((period, file.name.clone()));
            }
        }
        for record in known.iter_mut().filter(|r| r.state == DeliveryState::Accepted) {
            let Some(files) = held.remove(&record.delivery_id) else { continue };
            record.lake_files.extend(files);
            self.lake.register().enter(record)?;
        }
        Ok(())
    }
}

/// The delivery whose rows a file holds, by the file itself; `None` where it cannot be read.
pub(super) fn delivery_in(file: &LakeFile) -> Option<String> {
    let rows = PartFile::open(&file.path).ok()?.read(0, &["delivery_id"], &[]).ok()?;
    let column = rows.column(0).as_string_opt::<i32>()?;
    (!column.is_empty()).then(|| column.value(0).to_owned())
}
