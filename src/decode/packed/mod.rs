//! Packed files: what a zip archive or a gzip stream holds, looked at before a byte of it is unpacked.
//!
//! An archive is judged by its directory: how many entries, how large, how well packed, and whether each local header says the same. What
//! is unpacked is then held to it: an entry that gives a byte more than its directory says is refused where it does.

pub(super) mod directory;
pub(super) mod faults;
mod gzip;
mod inside;
mod member;
mod plain;

pub(super) use directory::{Directory, Entry};
pub(super) use gzip::Unzipped;
pub use inside::look_inside;
pub(super) use inside::{Unpacked, packed_as, whole};
pub(super) use member::{Member, member};
pub use plain::PlainPacked;

/// Bytes of a packed file that is held in memory: its directory stands at its end.
pub const FILE_BYTES: u64 = 256 << 20;
/// Entries of an archive.
const ENTRIES: u64 = 10_000;
/// Bytes of all entries, unpacked.
const UNPACKED_BYTES: u64 = 16 << 30;
/// Times that an entry may be larger unpacked. Deflate reaches 1,032; text of a ledger 5 to 20, a sheet of formatted empty cells 60.
pub(super) const RATIO: u64 = 200;
/// Bytes up to which nobody asks how well they were packed.
pub(super) const SMALL: u64 = 1 << 20;
