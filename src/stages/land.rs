//! The bytes of a delivery into landing: kept as they came, hashed and scanned in the one pass that reads them.

use std::io::{self, Read};

use crate::{
    decode::{FileFacts, FileScan},
    diagnostic::Answer,
    domain::Key,
    lake::{Landed, Landing},
    pipeline,
    source::{Entry, Source, read_fault},
};

/// How often a transfer that broke off is taken up again where it stopped.
const RESUMES: u32 = 3;

/// Bytes of a sidecar that are read at the most.
const SIDECAR_BYTES: u64 = 4 << 20;

/// Lands one file; sealed, where a key is given. `watch` is told of every block's bytes.
///
/// # Errors
/// What the source or the landing refuses: TC05…, TC10….
pub fn land(
    landing: &Landing,
    source: &dyn Source,
    entry: &Entry,
    (how, key): (pipeline::Landing, Option<&Key>),
    watch: &mut dyn FnMut(u64),
) -> Answer<(Landed, FileFacts)> {
    let mut scan = FileScan::new();
    let mut look = |block: &[u8]| {
        scan.update(block);
        watch(block.len() as u64);
    };
    let linked = source.local_path(entry).filter(|_| how == pipeline::Landing::Link);
    let landed = match (key, linked) {
        (Some(key), _) => landing.land_sealed(&entry.name, &mut Resuming::start(source, entry)?, &mut look, key)?,
        (None, Some(path)) => landing.land_link(&path, &mut look)?,
        (None, None) => landing.land_copy(&entry.name, &mut Resuming::start(source, entry)?, &mut look)?,
    };
    Ok((landed, scan.finish()))
}

/// A sidecar's bytes; it is landed too.
///
/// # Errors
/// As [`land`].
pub fn land_sidecar(landing: &Landing, source: &dyn Source, entry: &Entry, key: Option<&Key>) -> Answer<Vec<u8>> {
    let mut bytes = Vec::new();
    source.open(entry, 0)?.take(SIDECAR_BYTES).read_to_end(&mut bytes).map_err(|error| read_fault(&entry.name, error))?;
    match key {
        Some(key) => landing.land_sealed(&entry.name, &mut bytes.as_slice(), &mut |_| {}, key)?,
        None => landing.land_copy(&entry.name, &mut bytes.as_slice(), &mut |_| {})?,
    };
    Ok(bytes)
}

/// Reads on where a broken transfer stopped. A file that is no longer the one that was listed is refused by the source itself.
struct Resuming<'a> {
    source: &'a dyn Source,
    entry: &'a Entry,
    read: Box<dyn Read + Send>,
    at: u64,
    resumes: u32,
}

impl<'a> Resuming<'a> {
    fn start(source: &'a dyn Source, entry: &'a Entry) -> Answer<Self> {
        Ok(Self { source, entry, read: source.open(entry, 0)?, at: 0, resumes: 0 })
    }

    fn resume(&mut self, error: io::Error) -> io::Result<()> {
        let refusal = read_fault(&self.entry.name, error);
        if self.resumes == RESUMES || !refusal.is_retryable() {
            return Err(io::Error::other(refusal));
        }
        self.resumes += 1;
        self.read = self.source.open(self.entry, self.at).map_err(io::Error::other)?;
        Ok(())
    }
}

impl Read for Resuming<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.read.read(into) {
                Ok(count) => {
                    self.at += count as u64;
                    return Ok(count);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => self.resume(error)?,
            }
        }
    }
}
