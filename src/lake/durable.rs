//! Writing so that a crash leaves the old state or the new one, and nothing between.

use std::{
    collections::BTreeMap,
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::{PoisonError, RwLock},
};

use serde::{Serialize, de::DeserializeOwned};

use super::fault;
use crate::{crash, diagnostic::Answer, schema::digest_of};

/// Who may read what is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// Only who runs truecost: landed bytes, tables and quarantine hold personal data. 0600 in folders of 0700.
    ByUs,
    /// Whoever the system lets: releases. As the process's mask says.
    ByReaders,
}

impl Seen {
    const fn modes(self) -> (u32, u32) {
        match self {
            Self::ByUs => (0o600, 0o700),
            Self::ByReaders => (0o666, 0o777),
        }
    }

    /// A new file; one that is there is emptied.
    pub(super) fn create(self, path: &Path) -> io::Result<File> {
        OpenOptions::new().write(true).create(true).truncate(true).mode(self.modes().0).open(path)
    }

    /// A file that was not there.
    pub(super) fn create_new(self, path: &Path) -> io::Result<File> {
        OpenOptions::new().write(true).create_new(true).mode(self.modes().0).open(path)
    }
}

/// A folder, by device and inode.
type Id = (u64, u64);

/// Folders that this process has found or made for all that stands below them. Where one of them is moved away or its disk is unmounted, nothing
/// is begun anew in its place: the next run would take that for all there is.
static ROOTS: RwLock<BTreeMap<PathBuf, Id>> = RwLock::new(BTreeMap::new());

/// Creates the folder and its parents where they are missing; no root that was there before.
pub(super) fn folder(path: &Path, seen: Seen) -> Answer<()> {
    let roots = ROOTS.read().unwrap_or_else(PoisonError::into_inner);
    let gone = |(root, was): &(&PathBuf, &Id)| path.starts_with(root) && id(root).ok().as_ref() != Some(was);
    if let Some((root, _)) = roots.iter().find(gone) {
        let why = "it was there when this command began, and is gone, or another is in its place";
        return Err(fault::file(root, "find the folder")(io::Error::new(io::ErrorKind::NotFound, why)));
    }
    DirBuilder::new().recursive(true).mode(seen.modes().1).create(path).map_err(fault::file(path, "create the folder"))
}

/// Creates a folder that only we may read, and its parents as others make them: they may hold what is for others too.
pub(super) fn root(path: &Path) -> Answer<()> {
    ROOTS.write().unwrap_or_else(PoisonError::into_inner).retain(|root, _| !is_at(root, path));
    folder(path.parent().unwrap_or(Path::new("/")), Seen::ByReaders)?;
    folder(path, Seen::ByUs)?;
    let is = id(path).map_err(fault::file(path, "find the folder"))?;
    let spelt = fs::canonicalize(path).map_err(fault::file(path, "find the folder"))?;
    ROOTS.write().unwrap_or_else(PoisonError::into_inner).extend([(path.to_path_buf(), is), (spelt, is)]);
    Ok(())
}

/// Whether it is this folder, in whatever words.
fn is_at(root: &Path, path: &Path) -> bool {
    root == path || fs::canonicalize(path).is_ok_and(|spelt| root == spelt)
}

fn id(folder: &Path) -> io::Result<Id> {
    fs::metadata(folder).map(|facts| (facts.dev(), facts.ino()))
}

/// Flushes names (created, renamed, removed) of a folder.
pub(super) fn sync_folder(path: &Path) -> Answer<()> {
    File::open(path).and_then(|f| f.sync_all()).map_err(fault::file(path, "flush the folder"))
}

/// Replaces a file by these bytes: staging name beside it → flush → rename → flush the folder.
///
/// A reader sees the old bytes or the new ones. A kill before the rename leaves `<name>.tmp`, which the next write of the same
/// name overwrites.
pub(super) fn replace(path: &Path, bytes: &[u8], seen: Seen) -> Answer<()> {
    let parent = path.parent().unwrap_or(Path::new("."));
    folder(parent, seen)?;
    write_and_rename(path, bytes, seen).map_err(fault::file(path, "write"))?;
    sync_folder(parent)
}

fn write_and_rename(path: &Path, bytes: &[u8], seen: Seen) -> io::Result<()> {
    let staging = beside(path, ".tmp");
    // One that a killed run left may be open to others.
    match fs::remove_file(&staging) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = seen.create(&staging)?;
    crash::point("file.created")?;
    file.write_all(bytes)?;
    crash::point("file.written")?;
    file.sync_all()?;
    fs::rename(&staging, path)?;
    Ok(crash::point("file.renamed")?)
}

/// The same folder, the name with something appended.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(suffix);
    path.with_file_name(name)
}

/// Moves a flushed file into place; the folder is made where it is missing. Flush the folder when all are in.
pub(super) fn rename(from: &Path, to: &Path, seen: Seen) -> Answer<()> {
    folder(to.parent().unwrap_or(Path::new(".")), seen)?;
    fs::rename(from, to).map_err(fault::file(to, "rename a finished file to"))
}

/// Flushes many files at once: disks take several flushes in the time of one.
pub(super) fn sync_files(paths: &[PathBuf]) -> Answer<()> {
    let lanes = paths.len().clamp(1, 8);
    let lane = |first: usize| {
        paths
            .iter()
            .skip(first)
            .step_by(lanes)
            .try_for_each(|path| File::open(path).and_then(|f| f.sync_all()).map_err(fault::file(path, "flush")))
    };
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..lanes).map(|first| scope.spawn(move || lane(first))).collect();
        let mine = lane(0);
        others.into_iter().fold(mine, |all, other| all.and(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))))
    })
}

/// Pretty JSON with a line break at its end.
pub(super) fn json<T: Serialize>(path: &Path, value: &T) -> Answer<Vec<u8>> {
    let mut bytes = serde_json::to_vec_pretty(value).map_err(|error| fault::record(path, error))?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// `None` where there is no such file.
pub(super) fn read_json<T: DeserializeOwned>(path: &Path) -> Answer<Option<T>> {
    read(path)?.map(|bytes| serde_json::from_slice(&bytes).map_err(|error| fault::record(path, error))).transpose()
}

/// The bytes of a file; `None` where there is none.
pub(super) fn read(path: &Path) -> Answer<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(fault::file(path, "read")(error)),
    }
}

/// SHA-256 of the bytes, as hex digits.
pub(super) fn sha256(bytes: &[u8]) -> String {
    digest_of(bytes).hex()
}

/// Names of the files and folders in a folder, by bytes; empty where there is no such folder.
pub(super) fn names(path: &Path) -> Answer<Vec<String>> {
    let entries = match fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => return Ok(Vec::new()),
        Err(error) => return Err(fault::file(path, "list")(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(fault::file(path, "list"))?;
        names.extend(entry.file_name().into_string().ok());
    }
    names.sort_unstable();
    Ok(names)
}

/// The same of a folder of entries: a file in its place is no empty folder, for what ought to stand there is not nothing.
pub(super) fn entries(path: &Path) -> Answer<Vec<String>> {
    if path.is_file() {
        return Err(fault::file(path, "list")(io::ErrorKind::NotADirectory.into()));
    }
    names(path)
}

/// Removes a file that may be gone already.
pub(super) fn remove(path: &Path) -> Answer<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(fault::file(path, "remove")(error)),
        _ => Ok(()),
    }
}

/// Removes a folder with all in it; it may be gone already.
pub(super) fn remove_folder(path: &Path) -> Answer<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(fault::file(path, "remove")(error)),
        _ => Ok(()),
    }
}

/// Removes the files of a folder whose names say that they were never finished.
pub(super) fn clear(path: &Path, unfinished: impl Fn(&str) -> bool) -> Answer<()> {
    names(path)?.iter().filter(|name| unfinished(name)).try_for_each(|name| remove(&path.join(name)))
}
