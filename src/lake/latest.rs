//! Which release readers see: `latest.json` says it, the link `latest` follows.

use std::{
    fmt, fs, io,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{
    Flaw, Manifest, Releases,
    clearing::REMOVING,
    durable::{self, Seen, sha256},
    fault,
    manifest::Bare,
    release::{FORMAT, number},
};
use crate::{crash, diagnostic::Answer};

/// Beside the copies of manifests: the release that was shown last, or was just about to be.
const NEXT: &str = "next.json";

#[derive(Debug, Serialize, Deserialize)]
struct Next {
    release: String,
}

/// `latest.json`.
#[derive(Debug, Serialize, Deserialize)]
struct Latest {
    release: String,
    manifest: String,
}

/// What `latest.json` says.
enum Said {
    Release(String),
    /// It is there and cannot be read.
    Nothing,
    /// There is no such file.
    Absent,
}

impl Releases {
    /// The name of the release that readers see; `None` before the first. Where `latest.json` is lost or damaged, the link tells, and else
    /// the newest release that is there. A newer one that was shown and is gone from disk stays the latest: no older one answers for it.
    ///
    /// # Errors
    /// TC1002.
    pub fn latest_name(&self) -> Answer<Option<String>> {
        let (link, names, said) = (self.linked(), self.names()?, self.said()?);
        let there = self.latest_there(&said, link.as_ref(), &names);
        let gone = self.newest_gone(&said, link, there.as_deref().and_then(number))?;
        Ok(gone.or(there))
    }

    /// The latest of the releases that have a folder.
    fn latest_there(&self, said: &Said, link: Option<&String>, names: &[String]) -> Option<String> {
        let link = link.filter(|name| self.is_there(name)).cloned();
        match said {
            // Versions before turned the link first: whoever looked at it has seen that release.
            Said::Release(name) if self.is_there(name) => match link {
                Some(link) if number(&link) > number(name) && self.manifest(&link).is_ok() => Some(link),
                _ => Some(name.clone()),
            },
            Said::Release(_) | Said::Nothing => link.or_else(|| names.last().cloned()),
            // A single release to which nothing leads, and of whose manifest there is no copy, is one that a killed run never showed.
            Said::Absent => {
                let shown = |name: &&String| names.len() > 1 || self.copy_of(name).is_ok_and(|copy| copy.is_some());
                link.filter(|link| self.manifest(link).is_ok()).or_else(|| names.last().filter(shown).cloned())
            }
        }
    }

    /// The newest release after `there` that was shown and has no folder: `latest.json`, the link or a copy of its manifest names it, which
    /// is written when readers see the release. So where the whole published folder is gone, or another is mounted in its place, what was
    /// shown is not begun anew. A copy does not count where a run was killed while it made that release.
    fn newest_gone(&self, said: &Said, link: Option<String>, there: Option<u64>) -> Answer<Option<String>> {
        let said = match said {
            Said::Release(name) => Some(name.clone()),
            Said::Nothing | Said::Absent => None,
        };
        let mut shown: Vec<String> = said.into_iter().chain(link).collect();
        let copies = durable::names(&self.copies)?;
        let building = |name: &&str| self.folder.join(format!(".release-{name}")).is_dir();
        let later = copies.iter().filter_map(|copy| release_of(copy)).filter(|name| there < number(name));
        shown.extend(later.filter(|name| !building(name)).map(str::to_owned));
        Ok(shown.into_iter().filter(|name| there < number(name) && !self.is_there(name)).max_by_key(|name| number(name)))
    }

    /// The latest release and the number of the run that made it; `None` where there is none, or its manifest cannot be read or names no
    /// number, as in a version before.
    ///
    /// # Errors
    /// TC1002.
    pub fn made_by(&self) -> Answer<Option<(String, u64)>> {
        let Some(name) = self.latest_name()?.filter(|name| self.is_there(name)) else { return Ok(None) };
        let number = self.bare_manifest(&name).ok().and_then(|manifest| manifest.run.get("number")?.as_u64());
        Ok(number.map(|number| (name, number)))
    }

    /// Whether the lake knows the latest release: it has a copy of its manifest, or a run was killed when it had just been shown. True where
    /// there is no release.
    ///
    /// # Errors
    /// TC1002.
    pub fn knows_latest(&self) -> Answer<bool> {
        let Some(name) = self.latest_name()? else { return Ok(true) };
        let next = durable::read(&self.copies.join(NEXT))?.and_then(|bytes| serde_json::from_slice::<Next>(&bytes).ok());
        Ok(next.is_some_and(|next| next.release == name) || self.copy_of(&name)?.is_some())
    }

    /// Forgets manifests that are not those of the releases that are here.
    pub(super) fn forget_others(&self) -> Answer<()> {
        for copy in durable::names(&self.copies)? {
            let Some(release) = release_of(&copy) else { continue };
            let published = durable::read(&self.folder.join(release).join("_manifest.json"))?;
            if published.is_none_or(|bytes| copy != format!("{release}-{}.json", sha256(&bytes))) {
                durable::remove(&self.copies.join(copy))?;
            }
        }
        durable::remove(&self.copies.join(NEXT))
    }

    /// Writes into the lake which release is shown next, before it is: the copy of its manifest comes after that.
    pub(super) fn say_next(&self, name: &str) -> Answer<()> {
        let path = self.copies.join(NEXT);
        durable::replace(&path, &durable::json(&path, &Next { release: name.into() })?, Seen::ByUs)
    }

    /// Whether a release has its folder.
    #[must_use]
    pub fn is_there(&self, release: &str) -> bool {
        self.folder.join(release).is_dir()
    }

    fn said(&self) -> Answer<Said> {
        let Some(bytes) = durable::read(&self.folder.join("latest.json"))? else { return Ok(Said::Absent) };
        Ok(match serde_json::from_slice::<Latest>(&bytes) {
            Ok(latest) if number(&latest.release).is_some() => Said::Release(latest.release),
            _ => Said::Nothing,
        })
    }

    /// The release to which the link leads.
    fn linked(&self) -> Option<String> {
        let target = fs::read_link(self.folder.join("latest")).ok()?;
        target.to_str().filter(|name| number(name).is_some()).map(str::to_owned)
    }

    /// What of `latest.json` and the link `latest` does not lead to the latest release.
    ///
    /// # Errors
    /// TC1002.
    pub fn latest_flaws(&self) -> Answer<Vec<Flaw>> {
        let Some(name) = self.latest_name()? else { return Ok(Vec::new()) };
        let mut flaws = Vec::new();
        if !matches!(self.said()?, Said::Release(said) if said == name) {
            flaws.push(Flaw { path: self.folder.join("latest.json"), why: format!("it does not name {name}") });
        }
        if self.linked().as_deref() != Some(&name) {
            flaws.push(Flaw { path: self.folder.join("latest"), why: format!("it does not lead to {name}") });
        }
        Ok(flaws)
    }

    /// Shows readers this release: first `latest.json`, which decides, then the link.
    pub(super) fn turn_latest(&self, name: &str) -> Answer<()> {
        let path = self.folder.join("latest.json");
        let latest = Latest { release: name.into(), manifest: format!("{name}/_manifest.json") };
        durable::replace(&path, &durable::json(&path, &latest)?, Seen::ByReaders)?;
        crash::point("latest.named")?;
        self.turn_symlink(name)
    }

    fn turn_symlink(&self, name: &str) -> Answer<()> {
        let link = self.folder.join("latest");
        let staging = self.folder.join("latest.tmp");
        durable::remove(&staging)?;
        self.remove_copy(&link)?;
        symlink(name, &staging).map_err(fault::file(&link, "turn"))?;
        crash::point("latest.staged")?;
        fs::rename(&staging, &link).map_err(fault::file(&link, "turn"))
    }

    /// Removes the folder that stands where the link belongs: whoever copied `published` and followed links made it. One that holds anything
    /// but files of a release that is there, byte for byte, is not ours to remove.
    fn remove_copy(&self, link: &Path) -> Answer<()> {
        if !fs::symlink_metadata(link).is_ok_and(|found| found.is_dir()) {
            return Ok(());
        }
        for release in self.names()? {
            if holds_no_more(link, &self.folder.join(release)).map_err(fault::file(link, "read"))? {
                return durable::remove_folder(link);
            }
        }
        Err(fault::no_link(link))
    }

    /// Makes `latest.json` and the link again where they are lost or damaged, then removes what an interrupted run left: staged parts,
    /// half-made releases, releases that nobody was shown. Says what it made again, a sentence each.
    ///
    /// # Errors
    /// TC1002.
    pub fn recover(&self) -> Answer<Vec<String>> {
        self.staging.clear()?;
        durable::remove(&self.folder.join("latest.tmp"))?;
        durable::remove(&self.folder.join("latest.json.tmp"))?;
        let mut made = Vec::new();
        let latest = self.latest_name()?;
        if let Some(name) = &latest {
            // Before anything leads to it.
            if !self.is_there(name) {
                made.extend(self.mend_manifest(name)?);
            }
            match self.said()? {
                Said::Release(said) if said == *name => {}
                Said::Release(_) => self.turn_latest(name)?,
                Said::Nothing | Said::Absent => {
                    self.turn_latest(name)?;
                    made.push(format!("made again: latest.json, which names {name}"));
                }
            }
            let link = self.linked();
            if link.as_ref() != Some(name) {
                self.turn_symlink(name)?;
            }
            // One that leads to another release is of a run that was killed before it turned.
            if link.is_none() {
                made.push(format!("made again: the link latest, which leads to {name}"));
            }
        } else if self.linked().is_some() {
            durable::remove(&self.folder.join("latest"))?;
        }
        self.remove_unfinished(latest.as_deref())?;
        made.extend(self.recover_manifests(latest.as_deref())?);
        Ok(made)
    }

    /// Releases that were never finished, that nobody was shown, or that were on their way out: [`Releases::recover`] removes them.
    ///
    /// # Errors
    /// TC1002.
    pub fn unfinished(&self) -> Answer<Vec<String>> {
        let last = self.latest_name()?.as_deref().and_then(number).unwrap_or(0);
        let mut names = durable::names(&self.folder)?;
        let after = |name: &str| number(name).is_some_and(|number| number > last);
        names.retain(|name| name.starts_with(REMOVING) || name.starts_with(".release-") || after(name));
        Ok(names)
    }

    /// Half-made releases, those after the latest, and copies of their manifests: nobody was shown them.
    fn remove_unfinished(&self, latest: Option<&str>) -> Answer<()> {
        let last = latest.and_then(number).unwrap_or(0);
        for copy in durable::names(&self.copies)? {
            if release_of(&copy).and_then(number).is_some_and(|number| number > last) {
                durable::remove(&self.copies.join(copy))?;
            }
        }
        for name in durable::names(&self.folder)? {
            // One that retention was removing: it is gone from readers, and its tombstone is written.
            if let Some(release) = name.strip_prefix(REMOVING) {
                self.finish_removal(release)?;
            }
            if name.starts_with(".release-") || number(&name).is_some_and(|number| number > last) {
                durable::remove_folder(&self.folder.join(name))?;
            }
        }
        Ok(())
    }

    /// The manifest of a release by name: the published one, or its copy where that one is not sound.
    ///
    /// # Errors
    /// TC1010 where neither can be read.
    pub fn manifest(&self, release: &str) -> Answer<Manifest> {
        let (path, bytes) = self.manifest_bytes(release)?;
        let manifest: Manifest = serde_json::from_slice(&bytes).map_err(|error| fault::manifest(&path, error))?;
        if manifest.format == FORMAT { Ok(manifest) } else { Err(fault::manifest(&path, "there is none of this format")) }
    }

    /// The same without what its parts were made from and what was proved of them, and of what made it the archive alone: a fraction of it in
    /// time and memory, for who looks at many releases.
    ///
    /// # Errors
    /// TC1010 where neither can be read.
    pub fn bare_manifest(&self, release: &str) -> Answer<Manifest> {
        let (path, bytes) = self.manifest_bytes(release)?;
        let manifest: Bare = serde_json::from_slice(&bytes).map_err(|error| fault::manifest(&path, error))?;
        if manifest.format == FORMAT { Ok(manifest.into()) } else { Err(fault::manifest(&path, "there is none of this format")) }
    }

    /// The bytes of a manifest with its place: those that were published, or their copy where they are not sound.
    fn manifest_bytes(&self, release: &str) -> Answer<(PathBuf, Vec<u8>)> {
        let path = self.folder.join(release).join("_manifest.json");
        let bytes = fs::read(&path).map_err(|error| fault::manifest(&path, error));
        let sound = |bytes: &[u8], digest: &str| sha256(bytes) == digest;
        let bytes = match (bytes, self.copy_of(release)?) {
            (Ok(bytes), Some((_, digest))) if sound(&bytes, &digest) => bytes,
            (bytes, Some((copy, digest))) => match fs::read(copy).ok().filter(|copy| sound(copy, &digest)) {
                Some(copy) => copy,
                None => bytes?,
            },
            (bytes, None) => bytes?,
        };
        Ok((path, bytes))
    }

    /// SHA-256 of the published manifest of a release, or of its copy where that one is gone; empty where both are.
    ///
    /// # Errors
    /// TC1002.
    pub fn manifest_sha256(&self, release: &str) -> Answer<String> {
        match durable::read(&self.folder.join(release).join("_manifest.json"))? {
            Some(bytes) => Ok(sha256(&bytes)),
            None => Ok(self.copy_of(release)?.map(|(_, digest)| digest).unwrap_or_default()),
        }
    }

    /// Whether the published manifest of a release is the one that was published; true where nothing can tell.
    ///
    /// # Errors
    /// TC1002.
    pub fn manifest_is_sound(&self, release: &str) -> Answer<bool> {
        let bytes = fs::read(self.folder.join(release).join("_manifest.json")).ok();
        let Some(bytes) = bytes else { return Ok(false) };
        Ok(match self.copy_of(release)? {
            Some((_, digest)) => sha256(&bytes) == digest,
            None => serde_json::from_slice::<Manifest>(&bytes).is_ok(),
        })
    }

    /// The copy of a manifest with the SHA-256 that its name gives.
    fn copy_of(&self, release: &str) -> Answer<Option<(PathBuf, String)>> {
        let found = durable::names(&self.copies)?.into_iter().find_map(|name| {
            let digest = name.strip_prefix(release)?.strip_prefix('-')?.strip_suffix(".json")?;
            Some((self.copies.join(&name), digest.to_owned()))
        });
        Ok(found)
    }

    /// Keeps a copy of a manifest, and no other of the same release.
    pub(super) fn keep_copy(&self, release: &str, bytes: &[u8]) -> Answer<()> {
        let path = self.copies.join(format!("{release}-{}.json", sha256(bytes)));
        while let Some((other, _)) = self.copy_of(release)?.filter(|(other, _)| *other != path) {
            durable::remove(&other)?;
        }
        durable::replace(&path, bytes, Seen::ByUs)
    }

    /// Makes the latest manifest again from its copy, and copies that are missing from the manifests.
    fn recover_manifests(&self, latest: Option<&str>) -> Answer<Vec<String>> {
        let mut made = Vec::new();
        let copies = durable::names(&self.copies)?;
        for name in self.names()? {
            let published = self.folder.join(&name).join("_manifest.json");
            let has_copy = copies.iter().any(|copy| release_of(copy) == Some(name.as_str()));
            if !has_copy {
                // Written by a version before, or lost.
                if let Some(bytes) = fs::read(&published).ok().filter(|bytes| serde_json::from_slice::<Manifest>(bytes).is_ok()) {
                    self.keep_copy(&name, &bytes)?;
                }
            } else if latest == Some(name.as_str()) {
                made.extend(self.mend_manifest(&name)?);
            }
        }
        Ok(made)
    }

    /// Makes the published manifest and its copy alike where one of them is damaged; says so.
    pub(super) fn mend_manifest(&self, release: &str) -> Answer<Option<String>> {
        let path = self.folder.join(release).join("_manifest.json");
        let Some((copy, digest)) = self.copy_of(release)? else { return Ok(None) };
        let sound = |path: &Path| fs::read(path).ok().filter(|bytes| sha256(bytes) == digest);
        match (sound(&path), sound(&copy)) {
            (Some(_), Some(_)) | (None, None) => Ok(None),
            (Some(bytes), None) => {
                durable::replace(&copy, &bytes, Seen::ByUs).map(|()| Some(format!("made again: the copy of the manifest of {release}")))
            }
            (None, Some(bytes)) => durable::replace(&path, &bytes, Seen::ByReaders)
                .map(|()| Some(format!("made again: {release}/_manifest.json, from its copy"))),
        }
    }
}

/// In what a lake is not the one that belongs to what is published beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Behind {
    /// It knows neither the latest release nor a run as late as the one that made it: the last that it knows; 0 where it knows none.
    Runs { release: String, made_by: u64, last: u64 },
    /// Persons have said more than it knows.
    Said { said: u64, known: u64 },
    /// Another lake stood there.
    Another,
}

impl fmt::Display for Behind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Runs { release, made_by, last } => {
                let knows = if *last == 0 { "it knows no run".to_owned() } else { format!("the last run that it knows is {last}") };
                write!(
                    f,
                    "older than what is published: {knows}, and {release}, the latest release in published, was made by run {made_by}"
                )
            }
            Self::Said { said, known } => {
                let made = if *said == 1 { "1 decision of a person was".to_owned() } else { format!("{said} decisions of persons were") };
                let knows = if *known == 0 { "none".to_owned() } else { known.to_string() };
                write!(f, "older than what is published: {made} made in it, and it knows {knows}")
            }
            Self::Another => write!(f, "another than the one that stood beside what is published"),
        }
    }
}

/// Whether each file below a folder stands below another, under the same path and with the same bytes.
fn holds_no_more(folder: &Path, than: &Path) -> io::Result<bool> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let (path, other) = (entry.path(), than.join(entry.file_name()));
        let kind = entry.file_type()?;
        let same = match () {
            () if kind.is_dir() => other.is_dir() && holds_no_more(&path, &other)?,
            () if kind.is_file() => {
                entry.metadata()?.len() == other.metadata().map_or(u64::MAX, |o| o.len()) && fs::read(&path)? == fs::read(&other)?
            }
            () => false,
        };
        if !same {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The release of whose manifest this is a copy, by its name.
pub(super) fn release_of(copy: &str) -> Option<&str> {
    copy.split_once('-').map(|(release, _)| release).filter(|release| number(release).is_some())
}
