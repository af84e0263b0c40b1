//! Bytes on their way into landing: read, hashed and looked at by one thread, compressed and written by another.

use std::{
    fs::{self, File},
    io::{self, Read, Write},
    path::Path,
    sync::mpsc::{Receiver, SyncSender, sync_channel},
};

use sha2::{Digest as _, Sha256};

use super::{
    super::{
        durable::{self, Seen},
        fault,
    },
    LandedAs, Look, Naming, refusal_in,
};
use crate::{
    crash,
    diagnostic::{Answer, Refusal},
    domain::Digest,
};

const BLOCK: usize = 1 << 20;
const ZSTD_LEVEL: i32 = 1;

/// What was found of bytes as they were read.
pub(super) struct Passed {
    pub(super) sha256: Digest,
    /// What they are called: the same, unless another name was asked for.
    pub(super) name: Digest,
    pub(super) bytes: u64,
}

/// `None` where neither kind of link is possible (another file system, or a file system without links).
pub(super) fn link(source: &Path, target: &Path) -> Answer<Option<LandedAs>> {
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

pub(super) fn hash(read: &mut dyn Read, look: Look) -> io::Result<(Digest, u64)> {
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

/// Two threads: this one reads, hashes and looks; the other compresses and writes into `sink`. Four blocks travel between them and come
/// back.
pub(super) fn copy<W: Write + Send>(
    from: &str,
    read: &mut dyn Read,
    look: Look,
    (target, sink): (&Path, W),
    name: Option<Naming>,
) -> Answer<(Passed, W)> {
    let (full, to_write) = sync_channel::<Vec<u8>>(4);
    let (give_back, empty) = sync_channel::<Vec<u8>>(8);
    std::thread::scope(|scope| {
        let writer = scope.spawn(move || compress(sink, &to_write, &give_back));
        let read = feed(read, look, name, &full, &empty);
        drop(full);
        let written = writer.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        let sink = written.map_err(fault::file(target, "write"))?;
        read.map(|passed| (passed, sink)).map_err(|error| reading(from, error))
    })
}

fn feed(
    read: &mut dyn Read,
    look: Look,
    mut name: Option<Naming>,
    full: &SyncSender<Vec<u8>>,
    empty: &Receiver<Vec<u8>>,
) -> io::Result<Passed> {
    let (mut hash, mut bytes) = (Sha256::new(), 0);
    loop {
        let mut block = empty.try_recv().unwrap_or_default();
        block.resize(BLOCK, 0);
        let length = fill(read, &mut block)?;
        block.truncate(length);
        hash.update(&block);
        if let Some(name) = &mut name {
            name.update(&block);
        }
        look(&block);
        crash::point("land.block")?;
        bytes += length as u64;
        // Sending fails only when the writer has stopped with an error of its own, which is then the one reported.
        if full.send(block).is_err() || length < BLOCK {
            let sha256 = Digest(hash.finalize().into());
            return Ok(Passed { sha256, name: name.map_or(sha256, Naming::finish), bytes });
        }
    }
}

fn compress<W: Write>(sink: W, blocks: &Receiver<Vec<u8>>, give_back: &SyncSender<Vec<u8>>) -> io::Result<W> {
    let mut encoder = zstd::Encoder::new(sink, ZSTD_LEVEL)?;
    encoder.include_checksum(true)?;
    for block in blocks {
        encoder.write_all(&block)?;
        let _ = give_back.try_send(block);
    }
    let mut sink = encoder.finish()?;
    sink.flush()?;
    Ok(sink)
}

fn reading(from: &str, error: io::Error) -> Refusal {
    match refusal_in(&error) {
        Some(refusal) => refusal.clone(),
        None => fault::file(Path::new(from), "read")(error),
    }
}
