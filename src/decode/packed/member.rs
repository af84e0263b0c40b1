//! The bytes of one entry of an archive, held to what its directory says.

use std::io::{self, Read};

use bytes::Bytes;
use flate2::{Crc, bufread::DeflateDecoder};

use super::{Entry, faults};

/// Unpacks an entry while it is read.
///
/// # Errors
/// Reading gives TC0447 where the entry is damaged, is larger than its directory says, or another checksum comes out.
pub(in super::super) struct Member {
    file: String,
    name: String,
    bytes: Unpack,
    /// Bytes that are still to come.
    left: u64,
    crc: Crc,
    expected_crc: u32,
}

enum Unpack {
    Stored(io::Cursor<Bytes>),
    Deflated(Box<DeflateDecoder<io::Cursor<Bytes>>>),
}

/// The entry of the archive that `bytes` are.
pub(in super::super) fn member(file: &str, bytes: &Bytes, entry: &Entry) -> Member {
    let end = entry.data.saturating_add(usize::try_from(entry.packed).unwrap_or(usize::MAX)).min(bytes.len());
    let packed = io::Cursor::new(bytes.slice(entry.data.min(end)..end));
    Member {
        file: file.to_owned(),
        name: entry.name.clone(),
        bytes: if entry.deflated { Unpack::Deflated(Box::new(DeflateDecoder::new(packed))) } else { Unpack::Stored(packed) },
        left: entry.unpacked,
        crc: Crc::new(),
        expected_crc: entry.crc,
    }
}

impl Member {
    /// Name of the entry.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    fn refuse(&self, what: &str) -> io::Error {
        io::Error::other(crate::diagnostic::Refusal::from(faults::damaged(&self.file, &format!("the entry `{}` {what}", self.name))))
    }
}

impl Read for Member {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if into.is_empty() {
            return Ok(0);
        }
        let count = match &mut self.bytes {
            Unpack::Stored(bytes) => bytes.read(into),
            Unpack::Deflated(bytes) => bytes.read(into),
        };
        let count = count.map_err(|error| self.refuse(&format!("cannot be unpacked ({error})")))?;
        self.crc.update(into.get(..count).unwrap_or_default());
        let Some(left) = self.left.checked_sub(count as u64) else {
            return Err(self.refuse("is larger than the directory says"));
        };
        self.left = left;
        match (count, left) {
            (0, 1..) => Err(self.refuse(&format!("ends {left} bytes before the directory says"))),
            (0, 0) if self.crc.sum() != self.expected_crc => Err(self.refuse("has another checksum than the directory says")),
            _ => Ok(count),
        }
    }
}
