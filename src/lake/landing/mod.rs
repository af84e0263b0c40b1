//! Bytes as they came, kept once, by the SHA-256 of the original.
//!
//! `landing/<sha256>` holds exact bytes (linked), `landing/<sha256>.zst` the same compressed (copied), `landing/sealed/<hmac>` what holds
//! personal data: sealed, under a name that says nothing to whoever lacks the key. An object is written under
//! `landing/_staging/` and renamed when its bytes are complete; [`Landing::sync`] flushes the new ones and the folder, once, before
//! the first commit that relies on them.
//!
//! Objects are for us alone, in a folder for us alone. One that is linked is the source's own file under another name: it keeps the mode
//! that the sender gave it, since a change would change the sender's file; the folder keeps others from coming to it by this name.
//!
//! A kill before that flush can leave an object with wrong bytes only if the machine itself goes down; whoever reads it then is told
//! so, for what an earlier run landed is hashed whenever it is read again. What this run landed was hashed a moment ago: a compressed
//! copy is vouched for by the checksum inside it, a linked file by its size, times and inode, looked at before and after.

mod copying;
mod lines;
mod naming;
mod reader;
mod seal;
#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, BufWriter, Read},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use super::{
    Staging,
    durable::{self, Seen},
    fault,
};
use crate::{
    crash,
    diagnostic::{Answer, Diagnostic, Place, Refusal, codes},
    domain::{Digest, Key},
};
use copying::{Passed, copy, hash, link};
pub use naming::Naming;
use reader::{Bytes, Check, NOT_SEALED, lost, set_aside};
pub use reader::{LandedReader, refusal_in};
use seal::{Inside, Sealer, Unopened, Unsealer};

/// Folder of sealed objects, below landing.
const SEALED: &str = "sealed";

/// Bytes that are written at a time.
const BUFFER: usize = 1 << 20;

/// The folder of landed objects.
#[derive(Debug)]
pub struct Landing {
    folder: PathBuf,
    staging: Staging,
    /// Objects of this run that are not flushed yet.
    fresh: Mutex<Vec<PathBuf>>,
    /// What vouches for the objects that this run has hashed.
    vouched: Mutex<BTreeMap<Digest, Vouch>>,
}

/// Why the bytes of an object need not be hashed again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Vouch {
    /// Compressed with a checksum of what is inside.
    Checksum,
    /// The file has not been touched since it was hashed.
    Untouched(Touch),
}

/// What changes when somebody writes to a file: device, inode, size and time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Touch([i128; 4]);

impl Touch {
    fn of(file: &File) -> io::Result<Self> {
        let m = file.metadata()?;
        let modified = i128::from(m.mtime()) * 1_000_000_000 + i128::from(m.mtime_nsec());
        Ok(Self([m.dev().into(), m.ino().into(), m.size().into(), modified]))
    }
}

/// How an object is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LandedAs {
    /// Compressed copy.
    Copy,
    /// Sealed under a council's key.
    Sealed,
    /// Shares its blocks with the source (reflink).
    Reflink,
    /// Is the source's inode under another name: safe only where files arrive by rename.
    HardLink,
    /// The same bytes had been landed before; nothing was written.
    Before,
}

/// An object that is in hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Landed {
    pub digest: Digest,
    /// Of the original.
    pub bytes: u64,
    pub how: LandedAs,
}

/// What is called with every block of the original, in order: a scan of the encoding, a progress bar.
pub type Look<'a> = &'a mut dyn FnMut(&[u8]);

impl Landing {
    pub(super) fn at(folder: PathBuf) -> Self {
        let staging = Staging::at(folder.join("_staging"), Seen::ByUs);
        Self { folder, staging, fresh: Mutex::default(), vouched: Mutex::default() }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn clear_staging(&self) -> Answer<()> {
        self.staging.clear()
    }

    /// Copies what a source offers, compressed, in one pass: read → hash and look → store. `from` names the source in messages.
    ///
    /// # Errors
    /// TC1002; a [`Refusal`] that the reader wrapped (see [`refusal_in`]) is passed on as it is.
    pub fn land_copy(&self, from: &str, read: &mut dyn Read, look: Look) -> Answer<Landed> {
        let staging = self.staging.name()?;
        let copied = Seen::ByUs.create_new(&staging).map_err(fault::file(&staging, "create")).and_then(|file| {
            let sink = BufWriter::with_capacity(BUFFER, file);
            copy(from, read, look, (&staging, sink), None)
        });
        if copied.is_err() {
            durable::remove(&staging)?;
        }
        let (passed, _) = copied?;
        crash::point("land.copied")?;
        self.keep(&staging, passed.sha256, passed.bytes, LandedAs::Copy)
    }

    /// As [`Self::land_copy`], sealed under a key. What is landed goes by the HMAC of its plain bytes.
    ///
    /// # Errors
    /// As [`Self::land_copy`].
    pub fn land_sealed(&self, from: &str, read: &mut dyn Read, look: Look, key: &Key) -> Answer<Landed> {
        let staging = self.staging.name()?;
        let sealed = seal(from, read, look, key, &staging);
        if sealed.is_err() {
            durable::remove(&staging)?;
        }
        let (name, bytes) = sealed?;
        crash::point("land.sealed")?;
        self.keep(&staging, name, bytes, LandedAs::Sealed)
    }

    /// Takes a local file without copying it: reflink, else hard link, else (another file system) a compressed copy. The bytes are
    /// hashed and looked at through the landed name, so what is hashed is what is kept.
    ///
    /// # Errors
    /// TC1002.
    pub fn land_link(&self, source: &Path, look: Look) -> Answer<Landed> {
        let staging = self.staging.name()?;
        let Some(how) = link(source, &staging)? else {
            let mut read = File::open(source).map_err(fault::file(source, "read"))?;
            return self.land_copy(&source.display().to_string(), &mut read, look);
        };
        let mut file = File::open(&staging).map_err(fault::file(&staging, "read"))?;
        let before = Touch::of(&file).map_err(fault::file(source, "look at"))?;
        let (digest, bytes) = hash(&mut file, look).map_err(fault::file(source, "read"))?;
        let after = Touch::of(&file).map_err(fault::file(source, "look at"))?;
        crash::point("land.linked")?;
        let landed = self.keep(&staging, digest, bytes, how)?;
        if landed.how == how && before == after {
            self.vouch_for(digest, Vouch::Untouched(after));
        }
        Ok(landed)
    }

    fn keep(&self, staging: &Path, digest: Digest, bytes: u64, how: LandedAs) -> Answer<Landed> {
        if self.find(&digest).is_some() {
            // Not `rename`: that does nothing, and leaves both names, where they are links to one inode.
            durable::remove(staging)?;
            return Ok(Landed { digest, bytes, how: LandedAs::Before });
        }
        let path = match how {
            LandedAs::Copy => self.folder.join(format!("{digest}.zst")),
            LandedAs::Sealed => {
                durable::folder(&self.sealed(), Seen::ByUs)?;
                self.sealed().join(digest.hex())
            }
            _ => self.folder.join(digest.hex()),
        };
        durable::rename(staging, &path, Seen::ByUs)?;
        crash::point("land.renamed")?;
        if let Ok(mut fresh) = self.fresh.lock() {
            fresh.push(path);
        }
        if how == LandedAs::Copy {
            self.vouch_for(digest, Vouch::Checksum);
        }
        Ok(Landed { digest, bytes, how })
    }

    fn vouch_for(&self, digest: Digest, vouch: Vouch) {
        self.vouched.lock().unwrap_or_else(PoisonError::into_inner).insert(digest, vouch);
    }

    /// Flushes what this run has landed. To be called before the first commit that relies on it.
    ///
    /// # Errors
    /// TC1002.
    pub fn sync(&self) -> Answer<()> {
        let fresh = self.fresh.lock().map(|mut fresh| std::mem::take(&mut *fresh)).unwrap_or_default();
        if fresh.is_empty() {
            return Ok(());
        }
        durable::sync_files(&fresh)?;
        crash::point("land.flushed")?;
        if fresh.iter().any(|path| path.starts_with(self.sealed())) {
            durable::sync_folder(&self.sealed())?;
        }
        durable::sync_folder(&self.folder)
    }

    /// Whether bytes with this digest are landed. Says nothing about whether they are still what they were.
    #[must_use]
    pub fn has(&self, digest: &Digest) -> bool {
        self.find(digest).is_some()
    }

    /// Everything that is landed.
    ///
    /// # Errors
    /// TC1002.
    pub fn digests(&self) -> Answer<Vec<Digest>> {
        let names = [durable::names(&self.folder)?, durable::names(&self.sealed())?].concat();
        Ok(names.iter().filter_map(|name| Digest::parse(name.strip_suffix(".zst").unwrap_or(name))).collect())
    }

    /// The file of an object; `None` where there is none.
    pub(super) fn path_of(&self, digest: &Digest) -> Option<PathBuf> {
        self.find(digest)
    }

    fn sealed(&self) -> PathBuf {
        self.folder.join(SEALED)
    }

    fn find(&self, digest: &Digest) -> Option<PathBuf> {
        let plain = [digest.hex(), format!("{digest}.zst")].map(|name| self.folder.join(name));
        plain.into_iter().chain([self.sealed().join(digest.hex())]).find(|path| path.is_file())
    }

    /// The original bytes again; `key` opens sealed ones. The reader fails at their end where they are not what was landed (by their hash;
    /// by what vouches for them, where this run has landed them); who stops before the end has no such promise, and must not keep what was
    /// made of them.
    ///
    /// # Errors
    /// TC1003 where the object is gone; TC0118 where it is sealed and the key is missing or another.
    pub fn open(&self, digest: &Digest, key: Option<&Key>) -> Answer<LandedReader> {
        let path = self.find(digest).ok_or_else(|| lost(&self.folder.join(digest.hex()), digest, "it is gone"))?;
        let file = File::open(&path).map_err(fault::file(&path, "read"))?;
        if path.starts_with(self.sealed()) {
            return self.unseal(file, path, digest, key);
        }
        let compressed = path.extension().is_some_and(|e| e == "zst");
        let vouch = self.vouched.lock().unwrap_or_else(PoisonError::into_inner).get(digest).copied();
        let check = match vouch {
            Some(Vouch::Checksum) if compressed => Check::Done,
            Some(Vouch::Untouched(touch)) if Touch::of(&file).is_ok_and(|now| now == touch) => Check::Untouched(touch),
            _ => Check::Hash(Box::default()),
        };
        let bytes =
            if compressed { Bytes::Compressed(zstd::Decoder::new(file).map_err(fault::file(&path, "read"))?) } else { Bytes::Plain(file) };
        Ok(LandedReader { bytes, check, lost: None, sha256: *digest, digest: *digest, path, aside: self.folder.join(CHANGED) })
    }

    fn unseal(&self, file: File, path: PathBuf, digest: &Digest, key: Option<&Key>) -> Answer<LandedReader> {
        let Some(key) = key else { return Err(not_opened(&path, "its council has no sealing key here")) };
        let aside = self.folder.join(CHANGED);
        match Unsealer::open(file, key, digest).map_err(fault::file(&path, "read"))? {
            Ok((unsealer, inside)) => {
                let decoder = zstd::Decoder::new(unsealer).map_err(fault::file(&path, "read"))?;
                let (bytes, check) = (Bytes::Sealed(Box::new(decoder)), Check::Hash(Box::default()));
                Ok(LandedReader { bytes, check, lost: None, sha256: inside.sha256, digest: *digest, path, aside })
            }
            Err(Unopened::OtherKey(id)) => {
                Err(not_opened(&path, &format!("it was sealed under the key {id}, and the council's is {}", key.id())))
            }
            Err(Unopened::Changed) => {
                set_aside(&path, &aside);
                Err(lost(&path, digest, NOT_SEALED))
            }
        }
    }
}

/// Writes the bytes sealed; their name, and how many they are.
fn seal(from: &str, read: &mut dyn Read, look: Look, key: &Key, staging: &Path) -> Answer<(Digest, u64)> {
    let file = Seen::ByUs.create_new(staging).map_err(fault::file(staging, "create"))?;
    let sealer = Sealer::create(BufWriter::with_capacity(BUFFER, file)).map_err(fault::file(staging, "write"))?;
    let (passed, sealer) = copy(from, read, look, (staging, sealer), Some(Naming::new(Some(key))))?;
    let Passed { sha256, name, bytes } = passed;
    sealer.finish(key, &name, Inside { sha256, bytes }).map_err(fault::file(staging, "write"))?;
    Ok((name, bytes))
}

/// Folder of objects whose bytes have changed.
const CHANGED: &str = "changed";

fn not_opened(path: &Path, why: &str) -> Refusal {
    Diagnostic::new(codes::command::NO_KEYS, format!("a sealed object cannot be opened: {why}"))
        .place(Place::file(path.display().to_string()))
        .expected("the key under which it was sealed")
        .outcome("nothing was read; the object stays as it is")
        .hint("bring the sealing key that was made for the council to where truecost runs: `keys` in pipelines/partnership.yaml names it")
        .into()
}
