//! Releases: immutable parts, a manifest, and `latest` last.
//!
//! # A kill at any point
//!
//! Parts go to `parts/<table>/<sha256>.parquet` by rename; an unreferenced one is harmless. A release is put together in
//! `.release-<name>/`, flushed, and renamed to `<name>/` whole. Then `latest.json` turns, and then the link `latest` (each by rename);
//! the copy of its manifest in the lake comes last. What any of the three names and is not there is gone: nothing older answers for it.
//! `latest.json` decides: [`Releases::recover`] turns the link to what it names, and only then removes release folders that come after it.
//! In this order no reader, by whatever way, is shown a release that is removed afterwards: a kill before `latest.json` has turned leaves
//! one that nobody was shown; a kill after it leaves the link at the release before, until the next run.
//! A reader who resolves `latest` once and then reads under the release's own path sees all of one release.
//!
//! What is on disk can be lost or damaged all the same. Each manifest has a copy in the lake, named by its own SHA-256, so either of the
//! two tells whether the other is sound; [`super::sound`] holds parts and links against the manifest.

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

use sha2::{Digest as _, Sha256};

use super::{
    Content, MadeFrom, Manifest, StagedPart, Staging,
    durable::{self, Seen},
    fault,
    latest::release_of,
};
use crate::{crash, diagnostic::Answer};

pub(super) const FORMAT: u32 = 1;

/// The published folder.
#[derive(Debug)]
pub struct Releases {
    pub(super) folder: PathBuf,
    /// Copies of the manifests, in the lake.
    pub(super) copies: PathBuf,
    pub(super) staging: Staging,
}

/// A part that is in `parts/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartRef {
    /// Relative to the published folder.
    pub path: String,
    pub sha256: String,
    pub rows: u64,
    pub bytes: u64,
}

/// What [`Releases::publish`] did.
#[derive(Clone, Debug, PartialEq)]
pub enum Publication {
    /// Readers see this release now.
    Published(Manifest),
    /// The latest release has this content already; no byte was changed.
    Unchanged(Manifest),
}

impl Releases {
    pub(super) fn at(folder: PathBuf, copies: PathBuf) -> Self {
        let staging = Staging::at(folder.join(".staging"), Seen::ByReaders);
        Self { folder, copies, staging }
    }

    /// The published folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where parts are written before [`Releases::add_part`].
    #[must_use]
    pub fn staging(&self) -> &Staging {
        &self.staging
    }

    /// The file of a part.
    #[must_use]
    pub fn path_of(&self, part: &str) -> PathBuf {
        self.folder.join(part)
    }

    /// The release that readers see; `None` before the first.
    ///
    /// # Errors
    /// TC1010 where its folder is gone, or neither its manifest nor the copy can be read.
    pub fn latest(&self) -> Answer<Option<Manifest>> {
        let Some(name) = self.latest_name()? else { return Ok(None) };
        if self.is_there(&name) { self.manifest(&name).map(Some) } else { Err(fault::gone(&self.folder.join(&name), &name)) }
    }

    /// Names of all releases, oldest first.
    ///
    /// # Errors
    /// TC1002.
    pub fn names(&self) -> Answer<Vec<String>> {
        let mut names: Vec<_> = durable::names(&self.folder)?.into_iter().filter(|name| number(name).is_some()).collect();
        names.sort_by_key(|name| number(name));
        Ok(names)
    }

    /// Releases that readers were shown and that have no folder, oldest first: a copy of the manifest stands in the lake as long as a release
    /// is to stay.
    ///
    /// # Errors
    /// TC1002.
    pub fn lost(&self) -> Answer<Vec<String>> {
        let copies = durable::names(&self.copies)?;
        let mut names: Vec<String> = copies.iter().filter_map(|copy| release_of(copy)).map(str::to_owned).collect();
        names.extend(self.latest_name()?);
        names.retain(|name| !self.is_there(name));
        names.sort_by_key(|name| number(name));
        names.dedup();
        Ok(names)
    }

    /// The name that the next release gets: `r0001`, `r0002`, … Counts from the latest, so that an interrupted run does not leave a gap.
    ///
    /// # Errors
    /// TC1010.
    pub fn next_name(&self) -> Answer<String> {
        let last = self.latest_name()?.and_then(|name| number(&name));
        Ok(format!("r{:04}", last.unwrap_or(0) + 1))
    }

    /// Puts a staged part into `parts/`, under the name of its bytes. Not visible to readers of releases; flushed by
    /// [`Releases::publish`].
    ///
    /// # Errors
    /// TC1002.
    pub fn add_part(&self, table: &str, staged: &StagedPart) -> Answer<PartRef> {
        let path = format!("parts/{table}/{}.parquet", staged.digest);
        let target = self.folder.join(&path);
        // By its bytes, not its length: a power cut can leave a part of the right length that was never flushed.
        if fs::read(&target).is_ok_and(|there| Sha256::digest(&there).as_slice() == staged.digest.0) {
            durable::remove(&staged.path)?;
        } else {
            durable::rename(&staged.path, &target, Seen::ByReaders)?;
            crash::point("release.part_renamed")?;
        }
        Ok(PartRef { path, sha256: staged.digest.hex(), rows: staged.rows, bytes: staged.bytes })
    }

    /// Every part that is in place, whether a release refers to it or not, by its path below the published folder.
    ///
    /// # Errors
    /// TC1002.
    pub fn parts_there(&self) -> Answer<BTreeSet<String>> {
        let folder = self.folder.join("parts");
        let mut there = BTreeSet::new();
        for table in durable::names(&folder)? {
            there.extend(durable::names(&folder.join(&table))?.into_iter().map(|name| format!("parts/{table}/{name}")));
        }
        Ok(there)
    }

    /// Removes every part that is not among `there`: what somebody made who only asked what it would be. Only the holder of the lock may.
    ///
    /// # Errors
    /// TC1002.
    pub fn remove_parts_but(&self, there: &BTreeSet<String>) -> Answer<()> {
        self.parts_there()?.difference(there).try_for_each(|part| durable::remove(&self.folder.join(part)))
    }

    /// Shows this content to readers as the next release; nothing happens where the latest release has the same content. The archive that
    /// `made_from` names is there ([`Releases::keep_rules`]).
    ///
    /// # Errors
    /// TC1002; TC1008 where a part is missing.
    pub fn publish(&self, content: Content, made_from: MadeFrom, run: serde_json::Value) -> Answer<Publication> {
        // One whose manifest is lost for good is as none: what replaces it is a release of its own.
        let latest = self.latest_name()?.and_then(|name| self.manifest(&name).ok());
        if let Some(latest) = latest.clone().filter(|latest| latest.content == content) {
            self.put_back(&latest)?;
            return Ok(Publication::Unchanged(latest));
        }
        self.flush_new_parts(&content, latest.as_ref())?;
        crash::point("release.parts_flushed")?;
        let name = self.next_name()?;
        let manifest = Manifest { format: FORMAT, release: name.clone(), content, made_from, run };
        let building = self.folder.join(format!(".release-{name}"));
        durable::remove_folder(&building)?;
        self.link_parts(&building, &manifest.content)?;
        let path = building.join("_manifest.json");
        let bytes = durable::json(&path, &manifest)?;
        durable::replace(&path, &bytes, Seen::ByReaders)?;
        crash::point("release.manifest")?;
        let target = self.folder.join(&name);
        // Left by a run that was killed before `latest` turned: nobody has been told of it.
        durable::remove_folder(&target)?;
        fs::rename(&building, &target).map_err(fault::file(&target, "rename a finished release to"))?;
        crash::point("release.renamed")?;
        durable::sync_folder(&self.folder)?;
        self.say_next(&name)?;
        self.turn_latest(&name)?;
        crash::point("release.turned")?;
        // Last: a copy says that readers were shown the release. Where a kill forestalls it, `recover` makes it.
        self.keep_copy(&name, &bytes)?;
        crash::point("release.copied")?;
        Ok(Publication::Published(manifest))
    }

    /// Parts of the latest release were flushed when it was published.
    fn flush_new_parts(&self, content: &Content, latest: Option<&Manifest>) -> Answer<()> {
        let known = |table: &str, path: &str| {
            latest.and_then(|m| m.content.tables.get(table)).is_some_and(|parts| parts.iter().any(|part| part.path == path))
        };
        let mut new = Vec::new();
        for (table, parts) in &content.tables {
            let before = new.len();
            new.extend(parts.iter().filter(|part| !known(table, &part.path)).map(|part| self.folder.join(&part.path)));
            if let Some(missing) = new.get(before..).and_then(|new| new.iter().find(|path| !path.is_file())) {
                return Err(fault::part(missing, "it is gone"));
            }
            if new.len() > before {
                new.push(self.folder.join("parts").join(table));
            }
        }
        if !new.is_empty() {
            new.push(self.folder.join("parts"));
        }
        durable::sync_files(&new)
    }

    fn link_parts(&self, building: &Path, content: &Content) -> Answer<()> {
        let mut folders = vec![building.to_path_buf()];
        for (table, parts) in &content.tables {
            let folder = building.join(table);
            durable::folder(&folder, Seen::ByReaders)?;
            for part in parts {
                let from = self.folder.join(&part.path);
                let to = folder.join(format!("{}.parquet", part.sha256));
                match fs::hard_link(&from, &to) {
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {} // Two keys with the same rows share a part.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(fault::part(&from, "it is gone")),
                    done => done.map_err(fault::file(&to, "link"))?,
                }
                crash::point("release.part_linked")?;
            }
            folders.push(folder);
        }
        durable::folder(building, Seen::ByReaders)?;
        durable::sync_files(&folders)
    }
}

/// `r0012` → 12.
pub(super) fn number(name: &str) -> Option<u64> {
    name.strip_prefix('r').filter(|digits| digits.len() >= 4 && digits.bytes().all(|b| b.is_ascii_digit()))?.parse().ok()
}
