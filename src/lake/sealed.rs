//! Entries of JSON that end with the SHA-256 of what stands before it, so that a bit that turned inside a value is found: they name the
//! bytes of everything else, and nothing else names theirs.

use std::path::Path;

use serde::{Serialize, de::DeserializeOwned};

use super::{
    durable::{self, Seen, sha256},
    fault,
};
use crate::diagnostic::Answer;

/// Key of an entry's seal, the last of its keys.
pub(super) const SEAL: &str = "sha256_of_entry";
const HEX_DIGITS: usize = 64;
/// How JSON of an entry ends.
const CLOSING: &[u8] = b"\n}\n";

/// Writes an entry in place of what is there.
pub(super) fn write<T: Serialize>(path: &Path, entry: &T) -> Answer<()> {
    write_seen(path, entry, Seen::ByUs)
}

/// The same, with who may read it.
pub(super) fn write_seen<T: Serialize>(path: &Path, entry: &T, seen: Seen) -> Answer<()> {
    durable::replace(path, &sealed(path, entry)?, seen)
}

/// The entry as JSON. Its last key is the SHA-256 over the bytes before it.
fn sealed<T: Serialize>(path: &Path, entry: &T) -> Answer<Vec<u8>> {
    let mut bytes = durable::json(path, entry)?;
    bytes.truncate(bytes.strip_suffix(CLOSING).map_or(bytes.len(), <[u8]>::len));
    let seal = seal(&sha256(&bytes));
    bytes.extend_from_slice(seal.as_bytes());
    Ok(bytes)
}

fn seal(digest: &str) -> String {
    format!(",\n  \"{SEAL}\": \"{digest}\"\n}}\n")
}

/// An entry, where there is one. What a version before wrote has no seal, and is taken as it reads.
pub(super) fn read<T: DeserializeOwned>(path: &Path) -> Answer<Option<T>> {
    let entry = |bytes: Vec<u8>| serde_json::from_slice(&bytes).map_err(|error| fault::record(path, error));
    bytes(path)?.map(entry).transpose()
}

/// The bytes of an entry, which are those that were written.
pub(super) fn bytes(path: &Path) -> Answer<Option<Vec<u8>>> {
    let Some(bytes) = durable::read(path)? else { return Ok(None) };
    let at = bytes.len().saturating_sub(seal("").len() + HEX_DIGITS);
    let (text, end) = bytes.split_at_checked(at).unwrap_or_default();
    let is_sealed = end.starts_with(format!(",\n  \"{SEAL}\"").as_bytes());
    if is_sealed && end != seal(&sha256(text)).as_bytes() {
        return Err(fault::record(path, "its bytes are others than were written"));
    }
    Ok(Some(bytes))
}
