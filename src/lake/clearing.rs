//! What lies on disk, thing by thing, and removing it. What may be removed is decided elsewhere; here every removal is one that a kill
//! leaves undone or done.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use super::{CORRECTIONS, CorrectionEvent, Kept, Lake, Releases, durable, fault, sealed};
use crate::diagnostic::Answer;

/// Something that lies on disk and may go one day.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stored {
    pub kind: Kept,
    /// A release's name, a path below the published folder, `<table>/<path>` below the lake, the name of an archive or of a landed object,
    /// a delivery, the file of a run, `<delivery>/<number>` of a correction.
    pub name: String,
    /// As its name says it; empty where the name says nothing.
    pub sha256: String,
    /// Of a release 0: its parts are told by themselves.
    pub bytes: u64,
}

/// A release that is on its way out: nobody is led to it any more.
pub(super) const REMOVING: &str = ".removing-";

impl Lake {
    /// Everything of which retention may have to decide: releases, parts, archives of rules, files of common tables, landed objects,
    /// quarantine, records of runs, texts of corrections; in order.
    ///
    /// # Errors
    /// TC1002, TC1010.
    pub fn stored(&self) -> Answer<Vec<Stored>> {
        let mut all = Vec::new();
        all.extend(self.releases().names()?.into_iter().map(|name| stored(Kept::Release, name, String::new(), 0)));
        let published = self.releases().folder();
        for (name, bytes) in files(&published.join("parts"), "parts")? {
            let digest = digest_in(&name, ".parquet");
            all.push(stored(Kept::Part, name, digest, bytes));
        }
        for name in self.releases().rules_kept()? {
            let bytes = length(&self.releases().rules_path(&name))?;
            all.push(stored(Kept::Rules, name.clone(), name, bytes));
        }
        for table in durable::names(self.folder())? {
            // A table is what has a log; beside its log it holds files alone.
            if !self.folder().join(&table).join("_delta_log").is_dir() {
                continue;
            }
            for (name, bytes) in files(&self.folder().join(&table), &table)? {
                if !name.contains("/_") {
                    let digest = digest_in(&name, ".parquet");
                    all.push(stored(Kept::LakeFile, name, digest, bytes));
                }
            }
        }
        for digest in self.landing().digests()? {
            let bytes = self.landing().path_of(&digest).map_or(Ok(0), |path| length(&path))?;
            all.push(stored(Kept::Landed, digest.hex(), digest.hex(), bytes));
        }
        for (name, bytes) in files(&self.folder().join("quarantine"), "")? {
            if let Some(delivery) = name.strip_suffix(".parquet") {
                all.push(stored(Kept::Quarantine, delivery.to_owned(), String::new(), bytes));
            }
        }
        for (name, bytes) in files(&self.folder().join("runs"), "")? {
            all.push(stored(Kept::Run, name, String::new(), bytes));
        }
        let corrections = self.events(CORRECTIONS);
        for (number, event) in corrections.numbered::<CorrectionEvent>()?.into_iter().filter(|(_, event)| !event.texts_gone) {
            let bytes = length(&corrections.entry(number))?;
            all.push(stored(Kept::Correction, format!("{}/{number}", event.delivery_id), String::new(), bytes));
        }
        all.sort();
        all.dedup();
        Ok(all)
    }

    /// Removes one thing; it may be gone already.
    ///
    /// # Errors
    /// TC1002, TC1010.
    pub fn discard(&self, kind: Kept, name: &str) -> Answer<()> {
        match kind {
            Kept::Release => self.releases().remove(name),
            Kept::Part => durable::remove(&self.releases().path_of(name)),
            Kept::Rules => durable::remove(&self.releases().rules_path(name)),
            Kept::LakeFile => durable::remove(&self.folder().join(name)),
            Kept::Landed => {
                let digest = crate::domain::Digest::parse(name);
                digest.and_then(|digest| self.landing().path_of(&digest)).map_or(Ok(()), |path| durable::remove(&path))
            }
            Kept::Quarantine => durable::remove(&self.folder().join("quarantine").join(format!("{name}.parquet"))),
            Kept::Run => durable::remove(&self.folder().join("runs").join(name)),
            Kept::Correction => self.discard_texts(name),
        }
    }

    /// Takes out of a correction what it says of the file.
    fn discard_texts(&self, name: &str) -> Answer<()> {
        let Some(number) = name.rsplit('/').next().and_then(|number| number.parse().ok()) else { return Ok(()) };
        let path = self.events(CORRECTIONS).entry(number);
        sealed::read::<CorrectionEvent>(&path)?.map_or(Ok(()), |event| sealed::write(&path, &event.without_texts()))
    }
}

impl Releases {
    /// Takes a release away from readers, then its files. A kill in between leaves a folder that [`Releases::recover`] removes.
    fn remove(&self, name: &str) -> Answer<()> {
        let (from, to) = (self.folder.join(name), self.folder.join(format!("{REMOVING}{name}")));
        match fs::rename(&from, &to) {
            // Of one that is lost there is the copy of its manifest.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            done => {
                done.map_err(fault::file(&from, "remove"))?;
                durable::sync_folder(&self.folder)?;
            }
        }
        self.finish_removal(name)
    }

    /// The copy of its manifest, then what is left of its folder.
    pub(super) fn finish_removal(&self, name: &str) -> Answer<()> {
        for copy in durable::names(&self.copies)? {
            if copy.strip_prefix(name).is_some_and(|rest| rest.starts_with('-')) {
                durable::remove(&self.copies.join(copy))?;
            }
        }
        durable::remove_folder(&self.folder.join(format!("{REMOVING}{name}")))
    }
}

fn stored(kind: Kept, name: String, sha256: String, bytes: u64) -> Stored {
    Stored { kind, name, sha256, bytes }
}

/// `parts/t/<digest>.parquet` → `<digest>`; empty where the name is none.
fn digest_in(name: &str, ending: &str) -> String {
    let last = name.rsplit('/').next().unwrap_or_default();
    last.strip_suffix(ending).filter(|digest| digest.bytes().all(|b| b.is_ascii_hexdigit())).unwrap_or_default().to_owned()
}

fn length(path: &Path) -> Answer<u64> {
    match fs::symlink_metadata(path) {
        Ok(metadata) => Ok(metadata.len()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(fault::file(path, "look at")(error)),
    }
}

/// Files in a folder and below it, each by its path from there behind `prefix`, with its length; links are not followed.
fn files(folder: &Path, prefix: &str) -> Answer<BTreeMap<String, u64>> {
    let mut found = BTreeMap::new();
    let mut waiting: Vec<(PathBuf, String)> = vec![(folder.to_path_buf(), prefix.to_owned())];
    while let Some((folder, prefix)) = waiting.pop() {
        for name in durable::names(&folder)? {
            let path = folder.join(&name);
            let below = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
            match fs::symlink_metadata(&path) {
                Ok(metadata) if metadata.is_dir() => waiting.push((path, below)),
                Ok(metadata) => drop(found.insert(below, metadata.len())),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(fault::file(&path, "look at")(error)),
            }
        }
    }
    Ok(found)
}
