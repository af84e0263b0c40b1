//! The release on disk is what its manifest says: presence and size, or every byte.
//!
//! A part stands twice: as `parts/<table>/<sha256>.parquet`, and under the release, as another name of the same file. So a name that
//! somebody removed is made again from the other one; where both are gone, the cost run makes the part again.

use std::{
    collections::{BTreeMap, BTreeSet, btree_map::Entry},
    fs::{self, File, Metadata},
    io::{self, Read as _},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use sha2::{Digest as _, Sha256};

use super::{
    Manifest, PublishedPart, Releases,
    durable::{self, Seen},
    fault,
};
use crate::{
    diagnostic::Answer,
    domain::{Digest, counted},
};

/// How closely files are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Whether they are there, and their length: no file is opened.
    Sizes,
    /// Every byte, by its SHA-256.
    Bytes,
}

/// A file that is not what was written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Flaw {
    pub path: PathBuf,
    /// `it is gone`, `it has 12 bytes instead of 34`, `its bytes are others than were written`.
    pub why: String,
}

/// What was made again of a release, and what could not be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mended {
    /// A sentence each.
    pub made: Vec<String>,
    /// Parts of which no sound file is left, by their path in the manifest.
    pub lost: BTreeSet<String>,
}

/// Files that were hashed, each once, by whatever names it was met: many releases share a part.
#[derive(Debug, Default)]
pub struct Hashed(BTreeMap<Inode, String>);

/// What tells a file, as it was when it was hashed, from any other: its device, number, length, and when it and what the system says of it
/// were last changed.
type Inode = (u64, u64, u64, (i64, i64), (i64, i64));

impl Hashed {
    /// How many were hashed.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// As [`flaw`] with every byte, of a file that has not been hashed before; the same answer of one that has.
    ///
    /// # Errors
    /// TC1002 where it cannot be looked at.
    pub fn flaw(&mut self, path: &Path, bytes: u64, digest: &str) -> Answer<Option<Flaw>> {
        look(path, bytes, |metadata| Ok(self.digest(path, metadata)?.starts_with(digest)))
    }

    fn digest(&mut self, path: &Path, metadata: &Metadata) -> Answer<&str> {
        let changed = ((metadata.mtime(), metadata.mtime_nsec()), (metadata.ctime(), metadata.ctime_nsec()));
        let inode = (metadata.dev(), metadata.ino(), metadata.len(), changed.0, changed.1);
        let digest = match self.0.entry(inode) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert(hash(path).map_err(fault::file(path, "read"))?),
        };
        Ok(digest)
    }
}

/// Why a file is not the one that was written; `None` where it is. `digest` is its SHA-256 in hex digits, or how that begins.
///
/// # Errors
/// TC1002 where it cannot be looked at.
pub fn flaw(path: &Path, bytes: u64, digest: &str, depth: Depth) -> Answer<Option<Flaw>> {
    match depth {
        Depth::Sizes => look(path, bytes, |_| Ok(true)),
        Depth::Bytes => Hashed::default().flaw(path, bytes, digest),
    }
}

/// A file of which presence and length are right is held against what was written by `is_it`.
fn look(path: &Path, bytes: u64, is_it: impl FnOnce(&Metadata) -> Answer<bool>) -> Answer<Option<Flaw>> {
    let found = |why: String| Ok(Some(Flaw { path: path.to_path_buf(), why }));
    let metadata = match fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => metadata,
        Ok(_) => return found("it is no file".into()),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => return found("it is gone".into()),
        Err(error) => return Err(fault::file(path, "look at")(error)),
    };
    if metadata.len() != bytes {
        return found(format!("it has {} instead of {bytes}", counted(metadata.len(), "byte")));
    }
    if is_it(&metadata)? { Ok(None) } else { found("its bytes are others than were written".into()) }
}

/// Holds a file against its digest before figures are made from it.
///
/// # Errors
/// TC1008 where its bytes are others than were written, or it is gone; TC1002.
pub fn hold(path: &Path, bytes: u64, digest: &str) -> Answer<()> {
    match flaw(path, bytes, digest, Depth::Bytes)? {
        Some(flaw) => Err(fault::part(path, flaw.why)),
        None => Ok(()),
    }
}

fn hash(path: &Path) -> io::Result<String> {
    let (mut file, mut hash, mut block) = (File::open(path)?, Sha256::new(), vec![0; 1 << 18]);
    loop {
        match file.read(&mut block) {
            Ok(0) => return Ok(Digest(hash.finalize().into()).hex()),
            Ok(read) => hash.update(block.get(..read).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

impl Releases {
    /// Every file of a release that is not what its manifest says: the manifest itself, parts, links.
    ///
    /// # Errors
    /// TC1002.
    pub fn flaws(&self, manifest: &Manifest, depth: Depth) -> Answer<Vec<Flaw>> {
        self.flaws_by(manifest, |path, part| flaw(path, part.bytes, &part.sha256, depth))
    }

    /// The same with every byte, of each file that was not hashed before.
    ///
    /// # Errors
    /// TC1002.
    pub fn flaws_of_bytes(&self, manifest: &Manifest, hashed: &mut Hashed) -> Answer<Vec<Flaw>> {
        self.flaws_by(manifest, |path, part| hashed.flaw(path, part.bytes, &part.sha256))
    }

    fn flaws_by(&self, manifest: &Manifest, mut flaw: impl FnMut(&Path, &PublishedPart) -> Answer<Option<Flaw>>) -> Answer<Vec<Flaw>> {
        let mut flaws = Vec::new();
        if !self.manifest_is_sound(&manifest.release)? {
            let why = "it is not the manifest that was published; a sound copy is in the lake".into();
            flaws.push(Flaw { path: self.folder.join(&manifest.release).join("_manifest.json"), why });
        }
        for (table, part) in parts(manifest) {
            let (stands, linked) = self.names_of(&manifest.release, table, part);
            let same = same_file(&stands, &linked);
            flaws.extend(flaw(&stands, part)?);
            if !same {
                flaws.extend(flaw(&linked, part)?);
            }
        }
        flaws.sort();
        flaws.dedup();
        Ok(flaws)
    }

    /// Makes names again that are gone or damaged, from the other name of the same part.
    ///
    /// # Errors
    /// TC1002.
    pub fn mend(&self, manifest: &Manifest, depth: Depth) -> Answer<Mended> {
        let mut mended = Mended::default();
        mended.made.extend(self.mend_manifest(&manifest.release)?);
        for (table, part) in parts(manifest) {
            let (stands, linked) = self.names_of(&manifest.release, table, part);
            let is = |path: &Path, depth| flaw(path, part.bytes, &part.sha256, depth).map(|flaw| flaw.is_none());
            let (one, other) = if same_file(&stands, &linked) {
                let sound = is(&stands, depth)?;
                (sound, sound)
            } else {
                (is(&stands, depth)?, is(&linked, depth)?)
            };
            let relative = |path: &Path| path.strip_prefix(&self.folder).unwrap_or(path).display().to_string();
            match (one, other) {
                (true, true) => {}
                (true, false) if is(&stands, Depth::Bytes)? => {
                    link_again(&stands, &linked)?;
                    mended.made.push(format!("made again: {}, from {}", relative(&linked), relative(&stands)));
                }
                (false, true) if is(&linked, Depth::Bytes)? => {
                    link_again(&linked, &stands)?;
                    mended.made.push(format!("made again: {}, from {}", relative(&stands), relative(&linked)));
                }
                _ => drop(mended.lost.insert(part.path.clone())),
            }
        }
        Ok(mended)
    }

    /// After parts were made again: the release's own names lead to them.
    pub(super) fn put_back(&self, manifest: &Manifest) -> Answer<()> {
        let mut folders = BTreeSet::new();
        for (table, part) in parts(manifest) {
            let (stands, linked) = self.names_of(&manifest.release, table, part);
            if same_file(&stands, &linked) {
                continue;
            }
            if flaw(&stands, part.bytes, &part.sha256, Depth::Bytes)?.is_some() {
                return Err(fault::part(&stands, "it is gone or damaged"));
            }
            durable::sync_files(std::slice::from_ref(&stands))?;
            link_again(&stands, &linked)?;
            folders.extend([&stands, &linked].into_iter().filter_map(|path| path.parent().map(Path::to_path_buf)));
        }
        durable::sync_files(&folders.into_iter().collect::<Vec<_>>())
    }

    fn names_of(&self, release: &str, table: &str, part: &PublishedPart) -> (PathBuf, PathBuf) {
        (self.folder.join(&part.path), self.folder.join(release).join(table).join(format!("{}.parquet", part.sha256)))
    }
}

/// The parts of a release, each once.
fn parts(manifest: &Manifest) -> impl Iterator<Item = (&str, &PublishedPart)> {
    let each = manifest.content.tables.iter().flat_map(|(table, parts)| parts.iter().map(move |part| (table.as_str(), part)));
    let once: BTreeMap<(&str, &str), &PublishedPart> = each.map(|(table, part)| ((table, part.path.as_str()), part)).collect();
    once.into_iter().map(|((table, _), part)| (table, part))
}

/// Whether both names lead to one file.
fn same_file(one: &Path, other: &Path) -> bool {
    let of = |path: &Path| fs::metadata(path).ok().map(|metadata| (metadata.dev(), metadata.ino()));
    of(one).is_some_and(|one| of(other) == Some(one))
}

/// Gives a sound file a second name, in place of whatever stands there.
fn link_again(sound: &Path, name: &Path) -> Answer<()> {
    let staging = durable::beside(name, ".tmp");
    durable::folder(name.parent().unwrap_or(Path::new(".")), Seen::ByReaders)?;
    durable::remove(&staging)?;
    fs::hard_link(sound, &staging).and_then(|()| fs::rename(&staging, name)).map_err(fault::file(name, "link"))?;
    durable::sync_folder(name.parent().unwrap_or(Path::new(".")))
}
