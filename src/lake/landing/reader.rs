//! Landed bytes again, vouched for at their end.

use std::{
    fs::File,
    io::{self, BufReader, Read},
    path::{Path, PathBuf},
};

use sha2::{Digest as _, Sha256};

use super::{
    super::durable::{self, Seen},
    Touch,
    seal::Unsealer,
};
use crate::{
    diagnostic::{Diagnostic, Place, Refusal, codes},
    domain::Digest,
};

/// Reads landed bytes and vouches for them at the end.
pub struct LandedReader {
    pub(super) bytes: Bytes,
    pub(super) check: Check,
    /// Why it is lost: every read after that fails too.
    pub(super) lost: Option<&'static str>,
    /// SHA-256 of the original; of a sealed object the one that stands inside.
    pub(super) sha256: Digest,
    /// The object's name.
    pub(super) digest: Digest,
    pub(super) path: PathBuf,
    pub(super) aside: PathBuf,
}

/// What is left to be looked at when the end is reached.
pub(super) enum Check {
    Hash(Box<Sha256>),
    Untouched(Touch),
    /// Nothing: it was looked at, or the bytes carry their checksum.
    Done,
}

pub(super) enum Bytes {
    Plain(File),
    Compressed(zstd::Decoder<'static, BufReader<File>>),
    Sealed(Box<zstd::Decoder<'static, BufReader<Unsealer<File>>>>),
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
            Bytes::Sealed(decoder) => match decoder.read(into) {
                Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(self.changed(NOT_SEALED)),
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
            Check::Hash(hash) => (Digest(hash.finalize().into()) != self.sha256).then_some("its bytes have another SHA-256 now"),
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
        set_aside(&self.path, &self.aside);
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

/// Sets an object aside. Where it cannot be moved it stays, and is found changed again the next time.
pub(super) fn set_aside(path: &Path, aside: &Path) {
    let _ = durable::rename(path, &aside.join(path.file_name().unwrap_or_default()), Seen::ByUs);
}

/// Why a sealed object is lost.
pub(super) const NOT_SEALED: &str = "it is not what was sealed under this name";

/// The report that travels inside an I/O error, where one does: readers of landed objects and of sources put it there.
#[must_use]
pub fn refusal_in(error: &io::Error) -> Option<&Refusal> {
    error.get_ref()?.downcast_ref()
}

pub(super) fn lost(path: &Path, digest: &Digest, why: &str) -> Refusal {
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
