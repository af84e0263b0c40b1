//! Bytes as they came, kept once, by the SHA-256 of the original.
//!
//! `landing/<sha256>` holds exact bytes (linked), `landing/<sha256>.zst` the same compressed (copied). An object is written under
//! `landing/_staging/` and renamed when its bytes are complete; [`Landing::sync`] flushes the new ones and the folder, once, before
//! the first commit that relies on them.
//!
//! Objects are for us alone, in a folder for us alone. One that is linked is the source's own file under another name: it keeps the mode
//! that the sender gave it, since a change would change the sender's file; the folder keeps others from coming to it by this name.
//!
//! A kill before that flush can leave an object with wrong bytes only if the machine itself goes down; whoever reads it then is told
//! so, for what an earlier run landed is hashed whenever it is read again. What this run landed was hashed a moment ago: a compressed
//! copy is vouched for by the checksum inside it, a linked file by its size, times and inode, looked at before and after.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, BufReader, BufWriter, Read, Write as _},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
};

use sha2::{Digest as _, Sha256};

use super::{
    Staging,
    durable::{self, Seen},
    fault,
};
use crate::{
    diagnostic::{Answer, Diagnostic, Place, Refusal, codes},
    domain::Digest,
};

const BLOCK: usize = 1 << 20;
const ZSTD_LEVEL: i32 = 1;

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
        let copied = copy(from, read, look, &staging);
        if copied.is_err() {
            durable::remove(&staging)?;
        }
        let (digest, bytes) = copied?;
        self.keep(&staging, digest, bytes, LandedAs::Copy)
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
        let name = if how == LandedAs::Copy { format!("{digest}.zst") } else { digest.hex() };
        let path = self.folder.join(name);
        durable::rename(staging, &path, Seen::ByUs)?;
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
        let names = durable::names(&self.folder)?;
        Ok(names.iter().filter_map(|name| Digest::parse(name.strip_suffix(".zst").unwrap_or(name))).collect())
    }

    fn find(&self, digest: &Digest) -> Option<PathBuf> {
        [digest.hex(), format!("{digest}.zst")].into_iter().map(|name| self.folder.join(name)).find(|path| path.is_file())
    }

    /// The original bytes again. The reader fails at their end where they are not what was landed (by their hash; by what vouches for
    /// them, where this run has landed them); who stops before the end has no such promise, and must not keep what was made of them.
    ///
    /// # Errors
    /// TC1003 where the object is gone.
    pub fn open(&self, digest: &Digest) -> Answer<LandedReader> {
        let path = self.find(digest).ok_or_else(|| lost(&self.folder.join(digest.hex()), digest, "it is gone"))?;
        let file = File::open(&path).map_err(fault::file(&path, "read"))?;
        let compressed = path.extension().is_some_and(|e| e == "zst");
        let vouch = self.vouched.lock().unwrap_or_else(PoisonError::into_inner).get(digest).copied();
        let check = match vouch {
            Some(Vouch::Checksum) if compressed => Check::Done,
            Some(Vouch::Untouched(touch)) if Touch::of(&file).is_ok_and(|now| now == touch) => Check::Untouched(touch),
            _ => Check::Hash(Box::default()),
        };
        let bytes =
            if compressed { Bytes::Compressed(zstd::Decoder::new(file).map_err(fault::file(&path, "read"))?) } else { Bytes::Plain(file) };
        let aside = self.folder.join("changed");
        Ok(LandedReader { bytes, check, lost: None, digest: *digest, path, aside })
    }
}

/// Reads landed bytes and vouches for them at the end.
pub struct LandedReader {
    bytes: Bytes,
    check: Check,
    /// Why it is lost: every read after that fails too.
    lost: Option<&'static str>,
    digest: Digest,
    path: PathBuf,
    aside: PathBuf,
}

/// What is left to be looked at when the end is reached.
enum Check {
    Hash(Box<Sha256>),
    Untouched(Touch),
    /// Nothing: it was looked at, or the bytes carry their checksum.
    Done,
}

enum Bytes {
    Plain(File),
    Compressed(zstd::Decoder<'static, BufReader<File>>),
}

impl Read for LandedReader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if let Some(why) = self.lost {
            return Err(self.report(why));
        }
        let read = match &mut self.bytes {
            Bytes::Plain(file) => file.read(into)?,
            Bytes::Compressed(decoder) => match decoder.read(into) {
                Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(self.changed("it does not decompress")),
                other => other?,
            },
        };
        if read == 0 && !into.is_empty() {
            self.vouch()?;
        } else if let (Check::Hash(hash), Some(block)) = (&mut self.check, into.get(..read)) {
            hash.update(block);
        }
        Ok(read)
    }
}

impl LandedReader {
    fn vouch(&mut self) -> io::Result<()> {
        let why = match std::mem::replace(&mut self.check, Check::Done) {
            Check::Hash(hash) => (Digest(hash.finalize().into()) != self.digest).then_some("its bytes have another SHA-256 now"),
            Check::Untouched(touch) => (!self.is_untouched(touch)?).then_some("it was written to while it was read"),
            Check::Done => None,
        };
        why.map_or(Ok(()), |why| Err(self.changed(why)))
    }

    fn is_untouched(&self, touch: Touch) -> io::Result<bool> {
        Ok(matches!(&self.bytes, Bytes::Plain(file) if Touch::of(file)? == touch))
    }

    /// Sets the object aside, so that the original can be landed anew, and reports it.
    fn changed(&mut self, why: &'static str) -> io::Error {
        let target = self.aside.join(self.path.file_name().unwrap_or_default());
        // Where it cannot be moved it stays, and is found changed again the next time.
        let _ = durable::rename(&self.path, &target, Seen::ByUs);
        self.lost = Some(why);
        self.report(why)
    }

    fn report(&self, why: &str) -> io::Error {
        io::Error::other(lost(&self.path, &self.digest, why))
    }
}

impl std::fmt::Debug for LandedReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LandedReader").field("path", &self.path).finish_non_exhaustive()
    }
}

/// The report that travels inside an I/O error, where one does: readers of landed objects and of sources put it there.
#[must_use]
pub fn refusal_in(error: &io::Error) -> Option<&Refusal> {
    error.get_ref()?.downcast_ref()
}

fn lost(path: &Path, digest: &Digest, why: &str) -> Refusal {
    Diagnostic::new(codes::lake::LANDED_LOST, format!("landed object {} is lost: {why}", digest.hex().get(..16).unwrap_or_default()))
        .place(Place::file(path.display().to_string()))
        .expected(format!("the bytes with SHA-256 {digest}, as they were landed"))
        .outcome("the changed bytes were not used; what earlier runs made of the original stays as it is")
        .hint(
            "put the original file into the feed's drop folder again and type: truecost run --rehash\n\
             (or bring the object back from a backup; with `landing: link`, files must arrive by rename)",
        )
        .into()
}

/// `None` where neither kind of link is possible (another file system, or a file system without links).
fn link(source: &Path, target: &Path) -> Answer<Option<LandedAs>> {
    let from = File::open(source).map_err(fault::file(source, "read"))?;
    let to = Seen::ByUs.create_new(target).map_err(fault::file(target, "create"))?;
    if rustix::fs::ioctl_ficlone(&to, &from).is_ok() {
        return Ok(Some(LandedAs::Reflink));
    }
    drop(to);
    durable::remove(target)?;
    match fs::hard_link(source, target) {
        Ok(()) => Ok(Some(LandedAs::HardLink)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(fault::file(source, "read")(error)),
        Err(_) => Ok(None),
    }
}

fn hash(read: &mut dyn Read, look: Look) -> io::Result<(Digest, u64)> {
    let (mut hash, mut bytes) = (Sha256::new(), 0);
    let mut block = vec![0; BLOCK];
    loop {
        let length = fill(read, &mut block)?;
        let seen = block.get(..length).unwrap_or_default();
        hash.update(seen);
        look(seen);
        bytes += length as u64;
        if length < BLOCK {
            return Ok((Digest(hash.finalize().into()), bytes));
        }
    }
}

/// Reads until the block is full or the source ends.
fn fill(read: &mut dyn Read, block: &mut [u8]) -> io::Result<usize> {
    let mut length = 0;
    while let Some(rest) = block.get_mut(length..).filter(|rest| !rest.is_empty()) {
        match read.read(rest) {
            Ok(0) => break,
            Ok(n) => length += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(length)
}

/// Two threads: this one reads, hashes and looks; the other compresses and writes. Four blocks travel between them and come back.
fn copy(from: &str, read: &mut dyn Read, look: Look, target: &Path) -> Answer<(Digest, u64)> {
    let file = Seen::ByUs.create_new(target).map_err(fault::file(target, "create"))?;
    let (full, to_write) = sync_channel::<Vec<u8>>(4);
    let (give_back, empty) = sync_channel::<Vec<u8>>(8);
    std::thread::scope(|scope| {
        let writer = scope.spawn(move || compress(file, &to_write, &give_back));
        let read = feed(read, look, &full, &empty);
        drop(full);
        let written = writer.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        written.map_err(fault::file(target, "write"))?;
        read.map_err(|error| reading(from, error))
    })
}

fn feed(read: &mut dyn Read, look: Look, full: &SyncSender<Vec<u8>>, empty: &Receiver<Vec<u8>>) -> io::Result<(Digest, u64)> {
    let (mut hash, mut bytes) = (Sha256::new(), 0);
    loop {
        let mut block = empty.try_recv().unwrap_or_default();
        block.resize(BLOCK, 0);
        let length = fill(read, &mut block)?;
        block.truncate(length);
        hash.update(&block);
        look(&block);
        bytes += length as u64;
        // Sending fails only when the writer has stopped with an error of its own, which is then the one reported.
        if full.send(block).is_err() || length < BLOCK {
            return Ok((Digest(hash.finalize().into()), bytes));
        }
    }
}

fn compress(file: File, blocks: &Receiver<Vec<u8>>, give_back: &SyncSender<Vec<u8>>) -> io::Result<()> {
    let mut encoder = zstd::Encoder::new(BufWriter::with_capacity(BLOCK, file), ZSTD_LEVEL)?;
    encoder.include_checksum(true)?;
    for block in blocks {
        encoder.write_all(&block)?;
        let _ = give_back.try_send(block);
    }
    encoder.finish()?.flush()
}

fn reading(from: &str, error: io::Error) -> Refusal {
    match refusal_in(&error) {
        Some(refusal) => refusal.clone(),
        None => fault::file(Path::new(from), "read")(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn landing() -> (tempfile::TempDir, Landing) {
        let folder = tempfile::tempdir().unwrap();
        let landing = Landing::at(folder.path().join("landing"));
        (folder, landing)
    }

    fn read_all(landing: &Landing, digest: &Digest) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        landing.open(digest).unwrap().read_to_end(&mut out).map(|_| out)
    }

    fn extract() -> Vec<u8> {
        (0..400_000).flat_map(|i| format!("{i},newham,{}.{:02}\n", i * 7, i % 100).into_bytes()).collect()
    }

    #[test]
    fn what_is_landed_comes_back_byte_for_byte_and_every_byte_is_looked_at() {
        let (folder, landing) = landing();
        let original = extract();
        let mut seen = Vec::new();
        let copied = landing.land_copy("x.csv", &mut &original[..], &mut |block| seen.extend_from_slice(block)).unwrap();
        assert_eq!((seen.len(), copied.bytes, copied.how), (original.len(), original.len() as u64, LandedAs::Copy));
        assert!(seen == original);
        assert!(read_all(&landing, &copied.digest).unwrap() == original);
        assert_eq!(copied.digest, Digest(Sha256::digest(&original).into()));
        assert!(folder.path().join("landing").join(format!("{}.zst", copied.digest)).is_file());
        assert_eq!(durable::names(&folder.path().join("landing/_staging")).unwrap(), Vec::<String>::new());
        landing.sync().unwrap();
    }

    #[test]
    fn the_same_bytes_land_once_whichever_way_they_come() {
        let (folder, landing) = landing();
        let source = folder.path().join("x.csv");
        fs::write(&source, extract()).unwrap();
        let linked = landing.land_link(&source, &mut |_| {}).unwrap();
        assert!(matches!(linked.how, LandedAs::HardLink | LandedAs::Reflink));
        let again = landing.land_link(&source, &mut |_| {}).unwrap();
        assert_eq!((again.digest, again.how), (linked.digest, LandedAs::Before));
        let copied = landing.land_copy("x.csv", &mut &extract()[..], &mut |_| {}).unwrap();
        assert_eq!((copied.digest, copied.how), (linked.digest, LandedAs::Before));
        assert_eq!(durable::names(&folder.path().join("landing")).unwrap(), vec!["_staging".to_string(), linked.digest.hex()]);
        assert_eq!(durable::names(&folder.path().join("landing/_staging")).unwrap(), Vec::<String>::new());
    }

    #[test]
    fn a_linked_object_that_was_written_into_is_reported_as_lost_and_lands_anew() {
        let (folder, landing) = landing();
        let source = folder.path().join("x.csv");
        fs::write(&source, "a,b\n1,2\n").unwrap();
        let landed = landing.land_link(&source, &mut |_| {}).unwrap();
        fs::write(folder.path().join("landing").join(landed.digest.hex()), "a,b\n1,3\n").unwrap();
        let error = read_all(&landing, &landed.digest).unwrap_err();
        let refusal = refusal_in(&error).unwrap();
        assert_eq!(refusal.0[0].code, codes::lake::LANDED_LOST);
        assert_eq!(landing.open(&landed.digest).unwrap_err().0[0].code, codes::lake::LANDED_LOST);
        let again = landing.land_copy("x.csv", &mut &b"a,b\n1,2\n"[..], &mut |_| {}).unwrap();
        assert_eq!((again.digest, again.how), (landed.digest, LandedAs::Copy));
        assert_eq!(read_all(&landing, &landed.digest).unwrap(), b"a,b\n1,2\n");
    }

    #[test]
    fn a_damaged_copy_is_reported_as_lost() {
        let (folder, landing) = landing();
        let landed = landing.land_copy("x.csv", &mut &extract()[..], &mut |_| {}).unwrap();
        let path = folder.path().join("landing").join(format!("{}.zst", landed.digest));
        let mut bytes = fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 0x55;
        bytes[middle + 1] ^= 0x55;
        fs::write(&path, &bytes).unwrap();
        assert!(refusal_in(&read_all(&landing, &landed.digest).unwrap_err()).is_some());
        // Cut short: zstd frames end where the file does.
        let landed = landing.land_copy("x.csv", &mut &extract()[..], &mut |_| {}).unwrap();
        let bytes = fs::read(&path).unwrap();
        fs::write(&path, &bytes[..bytes.len() - 9]).unwrap();
        assert!(refusal_in(&read_all(&landing, &landed.digest).unwrap_err()).is_some());
    }

    #[test]
    fn what_this_run_has_landed_is_not_hashed_again_and_what_another_has_is() {
        let (folder, landing) = landing();
        let source = folder.path().join("x.csv");
        fs::write(&source, "a,b\n1,2\n").unwrap();
        let linked = landing.land_link(&source, &mut |_| {}).unwrap();
        let copied = landing.land_copy("y.csv", &mut &b"c\n"[..], &mut |_| {}).unwrap();
        let check = |landing: &Landing, digest| landing.open(digest).unwrap().check;
        assert!(matches!(check(&landing, &linked.digest), Check::Untouched(_)));
        assert!(matches!(check(&landing, &copied.digest), Check::Done));
        let later = Landing::at(folder.path().join("landing"));
        assert!([linked.digest, copied.digest].iter().all(|digest| matches!(check(&later, digest), Check::Hash(_))));
        // Written to while it is read.
        let mut reader = landing.open(&linked.digest).unwrap();
        reader.read_exact(&mut [0; 4]).unwrap();
        fs::write(folder.path().join("landing").join(linked.digest.hex()), "a,b\n1,234\n").unwrap();
        assert!(refusal_in(&reader.read_to_end(&mut Vec::new()).unwrap_err()).is_some());
    }

    #[test]
    fn an_empty_file_lands() {
        let (_folder, landing) = landing();
        let landed = landing.land_copy("x.csv", &mut io::empty(), &mut |_| {}).unwrap();
        assert_eq!(landed.bytes, 0);
        assert_eq!(read_all(&landing, &landed.digest).unwrap(), b"");
    }

    #[test]
    fn a_source_that_breaks_off_leaves_nothing() {
        struct Broken(usize);
        impl Read for Broken {
            fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
                self.0 += 1;
                if self.0 > 30 { Err(io::Error::from(io::ErrorKind::ConnectionReset)) } else { Ok(into.len().min(100_000)) }
            }
        }
        let (folder, landing) = landing();
        landing.land_copy("sftp://x", &mut Broken(0), &mut |_| {}).unwrap_err();
        landing.clear_staging().unwrap();
        assert_eq!(durable::names(&folder.path().join("landing")).unwrap(), Vec::<String>::new());
    }
}
