//! `lake/schedule.json`: which slots were taken, and what came of them.
//!
//! A run writes it under its lock: first that it takes its slots, then how it ended. So a slot without an end belongs to a run that died,
//! and is run again; and of two that ask for one slot the second finds it taken. It is one small file that is replaced whole, sealed like
//! an entry of the register.

use std::{collections::BTreeMap, path::PathBuf};

use serde::{Deserialize, Serialize};

use super::{Lock, sealed};
use crate::{
    diagnostic::Answer,
    domain::{instant, instant_text},
};

/// So many slots of each name are remembered.
const REMEMBERED: usize = 16;

/// Where the record of slots is kept.
#[derive(Debug)]
pub struct SlotFile {
    path: PathBuf,
}

/// What is known of slots, by name: `newham/general_ledger`, `cost`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotBook {
    #[serde(default)]
    pub names: BTreeMap<String, SlotsOf>,
    /// The instant at which retention was last acted on; `None` where it never was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vacuumed: Option<String>,
}

/// The slots of one name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotsOf {
    /// The schedule by which they fall due.
    #[serde(default)]
    pub schedule: String,
    /// No slot until then is still to be taken: seconds since 1970 (UTC).
    #[serde(with = "as_text")]
    pub until: i64,
    /// Those that were taken last, the oldest first.
    #[serde(default)]
    pub taken: Vec<SlotTaken>,
}

/// A slot that was taken.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotTaken {
    /// When it was due: seconds since 1970 (UTC), as every instant here.
    #[serde(with = "as_text")]
    pub slot: i64,
    #[serde(with = "as_text")]
    pub claimed: i64,
    /// How often it was claimed: more than once where a run died or could not reach something.
    #[serde(default)]
    pub attempts: u32,
    /// How many before it nobody took.
    #[serde(default)]
    pub skipped: u64,
    /// How the last run ended; `None` while it runs, or where it died.
    #[serde(default)]
    pub end: Option<SlotEnd>,
}

/// How a run ended that took a slot.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotEnd {
    #[serde(with = "as_text")]
    pub at: i64,
    pub exit: u8,
    /// Whether every error of the run says that trying again helps.
    #[serde(default)]
    pub retry: bool,
    /// The run's place among the runs; `None` where it did not come so far.
    #[serde(default)]
    pub run: Option<u64>,
    /// Codes of its errors.
    #[serde(default)]
    pub codes: Vec<String>,
}

impl SlotEnd {
    /// The configuration was refused, or something of it.
    #[must_use]
    pub const fn is_of_configuration(&self) -> bool {
        self.exit == 2
    }
}

impl SlotsOf {
    /// The slot that was taken last.
    #[must_use]
    pub fn last(&self) -> Option<&SlotTaken> {
        self.taken.last()
    }

    /// Takes a slot: again where it is there, else as a new one.
    pub fn take(&mut self, slot: i64, claimed: i64, skipped: u64) {
        self.until = self.until.max(slot);
        if let Some(again) = self.taken.iter_mut().find(|taken| taken.slot == slot) {
            *again = SlotTaken { claimed, attempts: again.attempts.saturating_add(1), end: None, ..again.clone() };
            return;
        }
        self.taken.push(SlotTaken { slot, claimed, attempts: 1, skipped, end: None });
        let over = self.taken.len().saturating_sub(REMEMBERED);
        self.taken.drain(..over);
    }

    /// Says how the run ended that took a slot.
    pub fn close(&mut self, slot: i64, end: &SlotEnd) {
        self.taken.iter_mut().filter(|taken| taken.slot == slot).for_each(|taken| taken.end = Some(end.clone()));
    }
}

impl SlotFile {
    pub(super) fn at(lake: &std::path::Path) -> Self {
        Self { path: lake.join("schedule.json") }
    }

    /// What is known; nothing before the first slot.
    ///
    /// # Errors
    /// TC1010 where it is not what was written; TC1002.
    pub fn read(&self) -> Answer<SlotBook> {
        Ok(sealed::read(&self.path)?.unwrap_or_default())
    }

    /// Replaces what is known. Only the holder of the lock may.
    ///
    /// # Errors
    /// TC1002.
    pub fn write(&self, _held: &Lock, book: &SlotBook) -> Answer<()> {
        sealed::write(&self.path, book)
    }
}

/// Instants as people read them.
mod as_text {
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    use super::{instant, instant_text};

    #[allow(clippy::trivially_copy_pass_by_ref)] // serde's own shape
    pub fn serialize<S: Serializer>(seconds: &i64, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&instant_text(*seconds))
    }

    pub fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<i64, D::Error> {
        let text = String::deserialize(from)?;
        instant(&text).ok_or_else(|| D::Error::custom(format!("`{text}` is no instant")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again_and_a_turned_bit_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let file = SlotFile::at(folder.path());
        assert_eq!(file.read().unwrap(), SlotBook::default());
        let lock = Lock::take(&folder.path().join(".lock")).unwrap().hold("run", "now").unwrap();
        let mut book = SlotBook::default();
        let of = book.names.entry("a/ledger".into()).or_default();
        of.take(1_525_150_800, 1_525_150_801, 2);
        file.write(&lock, &book).unwrap();
        assert_eq!(file.read().unwrap(), book);
        book.names
            .get_mut("a/ledger")
            .unwrap()
            .close(1_525_150_800, &SlotEnd { at: 1_525_150_900, exit: 3, retry: true, ..SlotEnd::default() });
        file.write(&lock, &book).unwrap();
        assert_eq!(file.read().unwrap(), book);
        let text = std::fs::read_to_string(folder.path().join("schedule.json")).unwrap();
        assert!(text.contains("2018-05-01T05:00:00Z"), "{text}");
        std::fs::write(folder.path().join("schedule.json"), text.replace("05:00:00Z", "06:00:00Z")).unwrap();
        assert_eq!(file.read().unwrap_err().0[0].code.id, "TC1010");
    }

    #[test]
    fn a_slot_that_is_taken_again_is_counted_and_has_no_end_yet() {
        let mut of = SlotsOf::default();
        of.take(100, 101, 0);
        of.close(100, &SlotEnd { exit: 3, ..SlotEnd::default() });
        of.take(100, 160, 0);
        assert_eq!((of.taken.len(), of.last().unwrap().attempts, &of.last().unwrap().end), (1, 2, &None));
        (0..40).for_each(|n| of.take(200 + n, 300, 0));
        assert_eq!((of.taken.len(), of.until), (REMEMBERED, 239));
    }
}
