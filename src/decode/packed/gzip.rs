//! A gzip stream, unpacked while it is read.

use std::io::{self, Read};

use flate2::read::MultiGzDecoder;

use super::{RATIO, SMALL, faults};
use crate::diagnostic::Refusal;

/// Bytes of the stream that may be read ahead of what was unpacked of them.
const AHEAD: u64 = 64 << 10;

/// Unpacks a gzip stream of one or several members.
///
/// # Errors
/// Reading gives TC0447 where the stream is damaged, is cut, has another checksum or is followed by something else, TC0448 where it is
/// packed too well.
pub(in super::super) struct Unzipped<R> {
    file: String,
    bytes: MultiGzDecoder<Counted<R>>,
    unpacked: u64,
}

struct Counted<R> {
    read: R,
    count: u64,
    /// What the source itself reported: it says more than the decoder, which only sees that bytes are missing.
    refused: Option<Refusal>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self.read.read(into) {
            Ok(count) => {
                self.count += count as u64;
                Ok(count)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => match error.downcast::<Refusal>() {
                Ok(refusal) => {
                    self.refused = Some(refusal);
                    Err(io::Error::other("the source"))
                }
                Err(error) => Err(error),
            },
        }
    }
}

impl<R: Read> Unzipped<R> {
    pub(in super::super) fn new(file: &str, read: R) -> Self {
        let counted = Counted { read, count: 0, refused: None };
        Self { file: file.to_owned(), bytes: MultiGzDecoder::new(counted), unpacked: 0 }
    }
}

impl<R: Read> Read for Unzipped<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = match self.bytes.read(into) {
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Err(error),
            Err(error) => {
                let refused = self.bytes.get_mut().refused.take();
                let damaged = || {
                    faults::damaged(&self.file, &format!("it cannot be unpacked to its end, or something else follows it ({error})")).into()
                };
                return Err(io::Error::other(refused.unwrap_or_else(damaged)));
            }
        };
        self.unpacked += count as u64;
        let packed = self.bytes.get_ref().count.max(AHEAD);
        if self.unpacked > SMALL.max(packed.saturating_mul(RATIO)) {
            return Err(io::Error::other(Refusal::from(faults::ratio(&self.file, "", packed, self.unpacked))));
        }
        Ok(count)
    }
}
