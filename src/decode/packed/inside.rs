//! What is inside a packed file: opened by its kind, and found out about once, while it is landed.

use std::io::{self, Read};

use bytes::Bytes;
use sha2::{Digest as _, Sha256};

use super::{
    super::{
        facts::{FileFacts, Inside, OtherFormat, PackedFacts},
        text::encoding::EncodingScan,
    },
    Directory, Entry, FILE_BYTES, Member, Unzipped, faults, member,
};
use crate::{
    diagnostic::{Answer, Refusal},
    domain::{Digest, Key, is_like},
    schema::{Container, Layout},
};

/// The bytes of an extract, unpacked while they are read where it is packed.
pub(in super::super) enum Unpacked<R> {
    AsItCame(R),
    Gzip(Box<Unzipped<R>>),
    Zip(Box<Member>),
}

impl<R: Read> Unpacked<R> {
    /// Opens what the layout says of the file.
    ///
    /// # Errors
    /// TC0447 to TC0450 and TC0456 where the archive is refused, TC0220 where bytes cannot be read.
    pub(in super::super) fn open(file: &str, layout: &Layout, read: R) -> Answer<Self> {
        Ok(match &layout.container {
            None => Self::AsItCame(read),
            Some(Container::Gzip) => Self::Gzip(Box::new(Unzipped::new(file, read))),
            Some(Container::Zip { member: wanted }) => {
                let bytes = whole(file, read)?;
                let directory = Directory::read(file, &bytes)?;
                let entry = which(file, wanted.as_deref().unwrap_or("*"), &directory)?;
                Self::Zip(Box::new(member(file, &bytes, entry)))
            }
        })
    }

    /// Name of the entry; empty where the container has none.
    fn name(&self) -> &str {
        match self {
            Self::Zip(member) => member.name(),
            _ => "",
        }
    }
}

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::AsItCame(read) => read.read(into),
            Self::Gzip(read) => read.read(into),
            Self::Zip(read) => read.read(into),
        }
    }
}

/// The whole of a packed file: its directory stands at its end.
///
/// # Errors
/// TC0448 where it is larger than is held in memory, TC0220 where bytes cannot be read.
pub(in super::super) fn whole(file: &str, mut read: impl Read) -> Answer<Bytes> {
    let mut bytes = Vec::new();
    let done = read.by_ref().take(FILE_BYTES + 1).read_to_end(&mut bytes);
    done.map_err(|error| Refusal::of_read(error, |error| super::super::faults::unreadable(file, error)))?;
    if bytes.len() as u64 > FILE_BYTES {
        return Err(faults::too_long(file).into());
    }
    Ok(bytes.into())
}

/// The one entry that is called so.
fn which<'d>(file: &str, wanted: &str, directory: &'d Directory) -> Answer<&'d Entry> {
    let files: Vec<&Entry> = directory.entries.iter().filter(|entry| !entry.is_folder()).collect();
    let last = |entry: &Entry| entry.name.rsplit('/').next().unwrap_or_default().to_owned();
    let is_called = |entry: &&&Entry| is_like(wanted, &entry.name) || is_like(wanted, &last(entry));
    let found: Vec<&Entry> = files.iter().filter(is_called).copied().collect();
    match found.as_slice() {
        [one] => Ok(one),
        several => {
            let names: Vec<&str> = several.iter().map(|entry| entry.name.as_str()).collect();
            Err(faults::which_member(file, wanted, &names, files.len()).into())
        }
    }
}

/// What is inside the file that `read` gives, by a layout that says how it is packed. `None` where the layout says no such thing, or the
/// file cannot be unpacked: why is told where it is judged. `key` is the one under which the file is sealed, if it is: what is inside then
/// goes by its HMAC under the key, as the file itself does.
pub fn look_inside(layout: &Layout, read: impl Read, key: Option<&Key>) -> Option<FileFacts> {
    let packed = layout.container.as_ref().map(packed_as)?;
    let mut read = Unpacked::open("", layout, read).ok()?;
    let name = read.name().to_owned();
    let mut scan = EncodingScan::new();
    let (mut plain, mut keyed) = (Sha256::new(), key.map(|key| key.mac("inside")));
    let (mut block, mut bytes) = (vec![0; 1 << 20], 0);
    loop {
        let count = read.read(&mut block).ok()?;
        let piece = block.get(..count)?;
        if piece.is_empty() {
            break;
        }
        scan.update(piece);
        bytes += count as u64;
        match &mut keyed {
            Some(keyed) => keyed.update(piece),
            None => plain.update(piece),
        }
    }
    let digest = keyed.map_or_else(|| Digest(plain.finalize().into()), crate::domain::Mac::finish);
    Some(FileFacts::Packed(PackedFacts { packed, inside: Inside { name, sha256: digest.hex(), bytes, text: scan.finish() } }))
}

/// How a file begins that is packed so.
pub(in super::super) const fn packed_as(container: &Container) -> OtherFormat {
    match container {
        Container::Gzip => OtherFormat::Gzip,
        Container::Zip { .. } => OtherFormat::Zip,
    }
}
