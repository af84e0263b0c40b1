//! The directory of a zip archive, read by ourselves: the reader of a crate keeps one of two entries of the same name and does not say so.

use std::collections::BTreeSet;

use super::{ENTRIES, RATIO, SMALL, UNPACKED_BYTES, faults};
use crate::diagnostic::Answer;

const END: &[u8] = b"PK\x05\x06";
const END_64: &[u8] = b"PK\x06\x06";
const LOCATOR_64: &[u8] = b"PK\x06\x07";
const CENTRAL: &[u8] = b"PK\x01\x02";
const LOCAL: &[u8] = b"PK\x03\x04";

/// Bytes of the record that ends an archive, without its comment.
const END_BYTES: usize = 22;
const CENTRAL_BYTES: usize = 46;
const LOCAL_BYTES: usize = 30;

/// A field of 4 bytes whose value stands in the zip64 extra field.
const IN_EXTRA: u64 = 0xFFFF_FFFF;

/// One entry, as the directory has it and its local header confirms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Entry {
    pub(in super::super) name: String,
    pub(in super::super) packed: u64,
    pub(in super::super) unpacked: u64,
    pub(super) deflated: bool,
    pub(super) crc: u32,
    /// A symbolic link.
    pub(super) is_link: bool,
    /// First byte of its local header.
    header: usize,
    /// First byte of its data.
    pub(super) data: usize,
}

impl Entry {
    /// It stands for a folder and holds nothing.
    pub(in super::super) fn is_folder(&self) -> bool {
        self.name.ends_with('/')
    }
}

/// What an archive holds, in the order of its directory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in super::super) struct Directory {
    pub(in super::super) entries: Vec<Entry>,
}

impl Directory {
    /// Reads and judges the directory of the archive that `bytes` are; `file` is its name for reports.
    ///
    /// # Errors
    /// TC0447 where it is damaged or lies, TC0448 where it is too large unpacked, TC0449 where a name is not safe or stands twice, TC0450
    /// where an entry is locked with a password.
    pub(in super::super) fn read(file: &str, bytes: &[u8]) -> Answer<Self> {
        let damaged = |what: &str| faults::damaged(file, what);
        let end = find_end(bytes).ok_or_else(|| damaged("its directory is missing: the file was cut, or something follows it"))?;
        if end.entries > ENTRIES {
            return Err(faults::too_large(file, "entries", &end.entries.to_string(), &ENTRIES.to_string()).into());
        }
        let mut entries = Vec::new();
        let mut at = end.directory;
        for _ in 0..end.entries {
            let (entry, locked, next) = central(bytes, at).ok_or_else(|| damaged("its directory cannot be read to its end"))?;
            if locked {
                return Err(faults::locked(file, &entry.name).into());
            }
            entries.push(entry);
            at = next;
        }
        if at != end.listed_to {
            return Err(damaged("its directory holds more than it says").into());
        }
        let mut directory = Self { entries };
        directory.judge_names(file)?;
        directory.judge_sizes(file)?;
        directory.judge_headers(file, bytes, end.directory)?;
        Ok(directory)
    }

    /// The entry of this name.
    pub(in super::super) fn entry(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.name == name)
    }

    fn judge_names(&self, file: &str) -> Answer<()> {
        let mut seen = BTreeSet::new();
        for Entry { name, is_link, .. } in &self.entries {
            if is_unsafe(name) || *is_link {
                return Err(faults::unsafe_name(file, name).into());
            }
            if !seen.insert(name.to_lowercase()) {
                return Err(faults::doubled(file, name).into());
            }
        }
        Ok(())
    }

    fn judge_sizes(&self, file: &str) -> Answer<()> {
        for Entry { name, packed, unpacked, .. } in &self.entries {
            if *unpacked > SMALL && *unpacked > packed.saturating_mul(RATIO) {
                return Err(faults::ratio(file, name, *packed, *unpacked).into());
            }
        }
        let all = self.entries.iter().fold(0_u64, |sum, entry| sum.saturating_add(entry.unpacked));
        if all > UNPACKED_BYTES {
            return Err(faults::too_large(file, "bytes unpacked", &all.to_string(), &UNPACKED_BYTES.to_string()).into());
        }
        Ok(())
    }

    /// Each local header says what the directory says, and no two entries share a byte.
    fn judge_headers(&mut self, file: &str, bytes: &[u8], directory: usize) -> Answer<()> {
        for entry in &mut self.entries {
            entry.data = local(bytes, entry).ok_or_else(|| faults::lies(file, &entry.name))?;
        }
        let mut places: Vec<(usize, u64, &str)> = self
            .entries
            .iter()
            .map(|entry| (entry.header, (entry.data as u64).saturating_add(entry.packed), entry.name.as_str()))
            .collect();
        places.sort_unstable();
        let starts = places.iter().skip(1).map(|(start, ..)| *start).chain(std::iter::once(directory));
        for ((_, end, name), next) in places.iter().zip(starts) {
            if *end > next as u64 {
                return Err(faults::damaged(file, &format!("the entry `{name}` reaches into what follows it")).into());
            }
        }
        Ok(())
    }
}

/// A name that leads out of where it is unpacked, or that no sender means.
fn is_unsafe(name: &str) -> bool {
    let climbs = name.split('/').any(|part| part == ".." || part == ".");
    climbs || name.is_empty() || name.starts_with('/') || name.contains(['\\', ':']) || name.chars().any(char::is_control)
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|bytes| u16::from_le_bytes(*bytes))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..)?.first_chunk().map(|bytes| u64::from_le_bytes(*bytes))
}

/// What the end of an archive says of its directory.
struct End {
    entries: u64,
    directory: usize,
    /// The byte after it.
    listed_to: usize,
}

/// The record that ends the file; its comment, if any, is the last of it.
fn find_end(bytes: &[u8]) -> Option<End> {
    let last = bytes.len().checked_sub(END_BYTES)?;
    let first = last.saturating_sub(usize::from(u16::MAX));
    let is_end = |at: &usize| {
        bytes.get(*at..).is_some_and(|rest| rest.starts_with(END))
            && u16_at(bytes, at + 20).is_some_and(|comment| at + END_BYTES + usize::from(comment) == bytes.len())
    };
    let at = (first..=last).rev().find(is_end)?;
    // Archives of several disks are not what anybody sends today.
    if u32_at(bytes, at + 4)? != 0 || u16_at(bytes, at + 8)? != u16_at(bytes, at + 10)? {
        return None;
    }
    let (mut entries, mut size, mut offset) =
        (u64::from(u16_at(bytes, at + 10)?), u64::from(u32_at(bytes, at + 12)?), u64::from(u32_at(bytes, at + 16)?));
    let mut listed_to = at;
    let locator = at.checked_sub(20).filter(|before| bytes.get(*before..).is_some_and(|rest| rest.starts_with(LOCATOR_64)));
    if let Some(locator) = locator {
        let end = usize::try_from(u64_at(bytes, locator + 8)?).ok()?;
        bytes.get(end..).filter(|rest| rest.starts_with(END_64))?;
        (entries, size, offset) = (u64_at(bytes, end + 32)?, u64_at(bytes, end + 40)?, u64_at(bytes, end + 48)?);
        listed_to = end;
    }
    let directory = usize::try_from(offset).ok()?;
    (offset.checked_add(size)? == listed_to as u64).then_some(End { entries, directory, listed_to })
}

/// An entry of the directory, whether it is locked, and where the next begins.
fn central(bytes: &[u8], at: usize) -> Option<(Entry, bool, usize)> {
    bytes.get(at..).filter(|rest| rest.starts_with(CENTRAL))?;
    let (name_len, extra_len, comment_len) = (u16_at(bytes, at + 28)?, u16_at(bytes, at + 30)?, u16_at(bytes, at + 32)?);
    let name_end = at + CENTRAL_BYTES + usize::from(name_len);
    let extra_end = name_end + usize::from(extra_len);
    let next = extra_end + usize::from(comment_len);
    let name = bytes.get(at + CENTRAL_BYTES..name_end)?;
    let extra = bytes.get(name_end..extra_end)?;
    bytes.get(..next)?;
    let mut wide = zip64(extra).chunks_exact(8).filter_map(|bytes| u64_at(bytes, 0));
    let mut full = |short: u32| if u64::from(short) == IN_EXTRA { wide.next() } else { Some(u64::from(short)) };
    let unpacked = full(u32_at(bytes, at + 24)?)?;
    let packed = full(u32_at(bytes, at + 20)?)?;
    let header = usize::try_from(full(u32_at(bytes, at + 42)?)?).ok()?;
    let method = u16_at(bytes, at + 10)?;
    if !matches!(method, 0 | 8) || (method == 0 && packed != unpacked) {
        return None;
    }
    let entry = Entry {
        name: String::from_utf8_lossy(name).into_owned(),
        packed,
        unpacked,
        deflated: method == 8,
        crc: u32_at(bytes, at + 16)?,
        is_link: u32_at(bytes, at + 38)? >> 28 == 0xA,
        header,
        data: 0,
    };
    Some((entry, u16_at(bytes, at + 8)? & 1 == 1, next))
}

/// The extra field that holds what 4 bytes cannot.
fn zip64(mut extra: &[u8]) -> &[u8] {
    while let (Some(id), Some(length)) = (u16_at(extra, 0), u16_at(extra, 2)) {
        let end = 4 + usize::from(length);
        if id == 1 {
            return extra.get(4..end).unwrap_or_default();
        }
        extra = extra.get(end..).unwrap_or_default();
    }
    &[]
}

/// Where the data of an entry begin; `None` where its local header says anything else than the directory.
fn local(bytes: &[u8], entry: &Entry) -> Option<usize> {
    let at = entry.header;
    bytes.get(at..).filter(|rest| rest.starts_with(LOCAL))?;
    let flags = u16_at(bytes, at + 6)?;
    let name_end = at + LOCAL_BYTES + usize::from(u16_at(bytes, at + 26)?);
    let data = name_end + usize::from(u16_at(bytes, at + 28)?);
    let extra = bytes.get(name_end..data)?;
    let same_name = String::from_utf8_lossy(bytes.get(at + LOCAL_BYTES..name_end)?) == entry.name;
    let same_method = (u16_at(bytes, at + 8)? == 8) == entry.deflated && flags & 1 == 0;
    // Sizes that were not known when the header was written follow the data: here they are nought.
    let later = flags & 8 != 0;
    let mut wide = zip64(extra).chunks_exact(8).filter_map(|bytes| u64_at(bytes, 0));
    let mut same = |short: u32, said: u64| match u64::from(short) {
        IN_EXTRA => wide.next().is_some_and(|wide| wide == said || (later && wide == 0)),
        0 if later => true,
        short => short == said,
    };
    let same_unpacked = same(u32_at(bytes, at + 22)?, entry.unpacked);
    let same_packed = same(u32_at(bytes, at + 18)?, entry.packed);
    let crc = u32_at(bytes, at + 14)?;
    let same_crc = crc == entry.crc || (later && crc == 0);
    let is_whole = (data as u64).checked_add(entry.packed)? <= bytes.len() as u64;
    (same_name && same_method && same_unpacked && same_packed && same_crc && is_whole).then_some(data)
}
