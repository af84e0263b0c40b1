//! Releases: immutable parts, a manifest, and `latest` last.
//!
//! # A kill at any point
//!
//! Parts go to `parts/<table>/<sha256>.parquet` by rename; an unreferenced one is harmless. A release is put together in
//! `.release-<name>/`, flushed, and renamed to `<name>/` whole. Then `latest` (a symlink, replaced by rename) and `latest.json` (likewise)
//! turn. `latest.json` decides: [`Releases::recover`] turns the symlink to what it names and removes release folders that come after it.
//! A reader who resolves `latest` once and then reads under the release's own path sees all of one release.

use std::{
    fs, io,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{Content, Manifest, StagedPart, Staging, durable, fault};
use crate::diagnostic::Answer;

const FORMAT: u32 = 1;

/// The published folder.
#[derive(Debug)]
pub struct Releases {
    folder: PathBuf,
    staging: Staging,
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

/// `latest.json`.
#[derive(Debug, Serialize, Deserialize)]
struct Latest {
    release: String,
    manifest: String,
}

impl Releases {
    pub(super) fn at(folder: PathBuf) -> Self {
        let staging = Staging::at(folder.join(".staging"));
        Self { folder, staging }
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
    /// TC1010.
    pub fn latest(&self) -> Answer<Option<Manifest>> {
        let Some(latest) = durable::read_json::<Latest>(&self.folder.join("latest.json"))? else { return Ok(None) };
        self.manifest(&latest.release).map(Some)
    }

    /// The manifest of a release by name.
    ///
    /// # Errors
    /// TC1010 where there is none.
    pub fn manifest(&self, release: &str) -> Answer<Manifest> {
        let path = self.folder.join(release).join("_manifest.json");
        let manifest: Option<Manifest> = durable::read_json(&path)?;
        manifest.filter(|m| m.format == FORMAT).ok_or_else(|| fault::record(&path, "there is none of this format"))
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

    /// The name that the next release gets: `r0001`, `r0002`, … Counts from the latest, so that an interrupted run does not leave a gap.
    ///
    /// # Errors
    /// TC1010.
    pub fn next_name(&self) -> Answer<String> {
        let latest: Option<Latest> = durable::read_json(&self.folder.join("latest.json"))?;
        let last = match latest {
            Some(latest) => number(&latest.release),
            None => self.names()?.last().and_then(|name| number(name)),
        };
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
            durable::rename(&staged.path, &target)?;
        }
        Ok(PartRef { path, sha256: staged.digest.hex(), rows: staged.rows, bytes: staged.bytes })
    }

    /// Shows this content to readers as the next release; nothing happens where the latest release has the same content.
    ///
    /// # Errors
    /// TC1002; TC1008 where a part is missing.
    pub fn publish(&self, content: Content, run: serde_json::Value) -> Answer<Publication> {
        let latest = self.latest()?;
        if let Some(latest) = latest.clone().filter(|latest| latest.content == content) {
            return Ok(Publication::Unchanged(latest));
        }
        self.flush_new_parts(&content, latest.as_ref())?;
        let name = self.next_name()?;
        let manifest = Manifest { format: FORMAT, release: name.clone(), content, run };
        let building = self.folder.join(format!(".release-{name}"));
        durable::remove_folder(&building)?;
        self.link_parts(&building, &manifest.content)?;
        let path = building.join("_manifest.json");
        durable::replace(&path, &durable::json(&path, &manifest)?)?;
        let target = self.folder.join(&name);
        // Left by a run that was killed before `latest` turned: nobody has been told of it.
        durable::remove_folder(&target)?;
        fs::rename(&building, &target).map_err(fault::file(&target, "rename a finished release to"))?;
        durable::sync_folder(&self.folder)?;
        self.turn_latest(&name)?;
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
            durable::folder(&folder)?;
            for part in parts {
                let from = self.folder.join(&part.path);
                let to = folder.join(format!("{}.parquet", part.sha256));
                match fs::hard_link(&from, &to) {
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {} // Two keys with the same rows share a part.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(fault::part(&from, "it is gone")),
                    done => done.map_err(fault::file(&to, "link"))?,
                }
            }
            folders.push(folder);
        }
        durable::folder(building)?;
        durable::sync_files(&folders)
    }

    fn turn_latest(&self, name: &str) -> Answer<()> {
        self.turn_symlink(name)?;
        let path = self.folder.join("latest.json");
        let latest = Latest { release: name.into(), manifest: format!("{name}/_manifest.json") };
        durable::replace(&path, &durable::json(&path, &latest)?)
    }

    fn turn_symlink(&self, name: &str) -> Answer<()> {
        let link = self.folder.join("latest");
        let staging = self.folder.join("latest.tmp");
        durable::remove(&staging)?;
        symlink(name, &staging).and_then(|()| fs::rename(&staging, &link)).map_err(fault::file(&link, "turn"))
    }

    /// Removes what an interrupted run left: staged parts, half-made releases, releases that `latest.json` was not turned to; and
    /// turns the symlink back to what it names.
    ///
    /// # Errors
    /// TC1002, TC1010.
    pub fn recover(&self) -> Answer<()> {
        self.staging.clear()?;
        let latest: Option<Latest> = durable::read_json(&self.folder.join("latest.json"))?;
        let last = latest.as_ref().and_then(|latest| number(&latest.release)).unwrap_or(0);
        let releases = self.names()?.len();
        for name in durable::names(&self.folder)? {
            // Without `latest.json` nothing says which releases readers have seen: only the very first can be unfinished.
            let unfinished =
                number(&name).is_some_and(|number| if latest.is_some() { number > last } else { number == 1 && releases == 1 });
            if name.starts_with(".release-") || unfinished {
                durable::remove_folder(&self.folder.join(name))?;
            }
        }
        durable::remove(&self.folder.join("latest.tmp"))?;
        durable::remove(&self.folder.join("latest.json.tmp"))?;
        let link = fs::read_link(self.folder.join("latest")).ok();
        match latest {
            Some(latest) if link.as_deref() != Some(Path::new(&latest.release)) => self.turn_symlink(&latest.release),
            None if link.is_some() => durable::remove(&self.folder.join("latest")),
            _ => Ok(()),
        }
    }
}

/// `r0012` → 12.
fn number(name: &str) -> Option<u64> {
    name.strip_prefix('r').filter(|digits| digits.len() >= 4 && digits.bytes().all(|b| b.is_ascii_digit()))?.parse().ok()
}
