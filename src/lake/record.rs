//! What the register knows of a delivery.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Decision, DeliveryProof, PeriodProof, Turn};
use crate::{domain::Pence, source::Entry};

/// All that is known of a delivery: who, what, whence, and with what result. Instants are texts (UTC, RFC 3339) that the run gives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(clippy::struct_excessive_bools)] // as entries are written
pub struct DeliveryRecord {
    pub delivery_id: String,
    pub council: String,
    pub feed: String,
    /// Common table that the feed fills.
    pub table: String,
    /// `2018/P01`, …: every period that it replaces, in order.
    pub coverage: Vec<String>,
    /// Periods that it replaces beside its coverage and that are no part of its identity: `2018/P13` of a yearly delivery.
    #[serde(default)]
    pub beside: Vec<String>,
    /// How the year was counted when it was judged, as [`Calendar`](crate::domain::Calendar) prints itself; `None` where an older
    /// version judged it.
    #[serde(default)]
    pub calendar: Option<String>,
    pub source: SourceFacts,
    /// The sidecar that stood beside it.
    #[serde(default)]
    pub sidecar: Option<SourceFacts>,
    /// Other files that turned out to hold the same delivery.
    #[serde(default)]
    pub also_as: Vec<SourceFacts>,
    /// The name of the landed object: the SHA-256 of the original bytes; of a personal feed their HMAC under the sealing key.
    pub sha256: String,
    pub bytes: u64,
    /// The SHA-256 of what is inside, where the file is packed; of a personal feed its HMAC under the sealing key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inside_sha256: Option<String>,
    /// What the landing pass found out about the encoding, in the decoder's words.
    pub encoding: serde_json::Value,
    pub contract: String,
    pub contract_sha256: String,
    /// Over the feed's YAML and SQL.
    pub feed_sha256: String,
    pub state: DeliveryState,
    /// Rendered reports: why it was refused, or what it is warned of.
    pub reports: Vec<String>,
    pub proof: DeliveryProof,
    /// The run's mark on this attempt; stands in the commit too.
    pub token: String,
    pub run: String,
    pub landed_at: String,
    pub judged_at: String,
    /// An accepted delivery that was judged again by changed rules and refused: its rows stay as they were accepted.
    #[serde(default)]
    pub last_attempt: Option<Attempt>,
    /// Version of the common table that brought it in; `None` where it was refused.
    pub lake_version: Option<u64>,
    /// Accepted, but its rows are not in the lake any more: the next run brings them in again from the landed bytes.
    #[serde(default)]
    pub lost: bool,
    /// Lost because a delivery below it was brought in again: it goes over all that the table holds.
    #[serde(default)]
    pub above: bool,
    /// Of the sidecar's bytes, which are landed too.
    #[serde(default)]
    pub sidecar_sha256: Option<String>,
    /// Its place in the order of its feed; what an older version wrote has none, and goes by `lake_version`.
    #[serde(default)]
    pub turn: Option<Turn>,
    /// Number of the run that judged it last; 0 for what a version without numbers judged.
    #[serde(default)]
    pub number: u64,
    /// What only a person can know, one sentence each, where it waits for one.
    #[serde(default)]
    pub waits: Vec<String>,
    /// What persons decided about it, oldest first.
    #[serde(default)]
    pub decisions: Vec<Decision>,
    /// The delivery of which it is a copy, where it was refused for that.
    #[serde(default)]
    pub copy_of: Option<String>,
    /// Its file lies in the folder again although another delivery has gone over it.
    #[serde(default)]
    pub again: bool,
    /// The file of each period that it has rows in, by its name in the common table: the first 32 hex digits of its SHA-256. Since its
    /// rows name their delivery, no other delivery has a file of that name. Empty where an older version judged it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub lake_files: BTreeMap<String, String>,
    /// Ids of the keys by which a personal feed was read and sealed; `None` of any other feed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keys: Option<KeyIds>,
    /// The day of which a snapshot tells, `2018-04-30`; `None` of any other delivery.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_at: Option<String>,
    /// A person corrected rows of it, or left some out, since it was judged: the next run judges it again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub to_correct: bool,
}

/// First 8 hex digits of the SHA-256 of each key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyIds {
    pub pseudonym: String,
    pub sealing: String,
}

/// What judged an accepted delivery again, in vain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    pub contract_sha256: String,
    pub feed_sha256: String,
    pub reports: Vec<String>,
    /// What only a person can know, where the attempt was not refused and waits.
    #[serde(default)]
    pub waits: Vec<String>,
    /// What it would bring, where it waits.
    #[serde(default)]
    pub periods: BTreeMap<String, PeriodProof>,
}

impl DeliveryRecord {
    /// Whether two files hold the same: byte for byte, or what is inside them does.
    #[must_use]
    pub fn holds_the_same(&self, other: &Self) -> bool {
        self.sha256 == other.sha256 || (self.inside_sha256.is_some() && self.inside_sha256 == other.inside_sha256)
    }
}

impl Attempt {
    /// What judged it, as [`DeliveryRecord::rules`] says it.
    #[must_use]
    pub fn rules(&self) -> String {
        format!("{} {}", self.contract_sha256, self.feed_sha256)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    Accepted,
    Refused,
    /// Judged, and kept until a person accepts it: nothing of it is in the lake, and what stood stands.
    Waiting,
    /// Its rows are out of the lake: a person withdrew it, or its file covers other periods by the feed as it is now.
    Withdrawn,
}

impl DeliveryState {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::Waiting => "waiting",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// The file as the source listed it. Unchanged facts = not read again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceFacts {
    /// Name within the feed's folder.
    pub name: String,
    /// Where the feed's files come from.
    pub location: String,
    pub bytes: u64,
    /// Microseconds since 1970.
    pub modified_us: i64,
    /// Inode or `ETag`.
    pub identity: String,
    /// See [`Entry::changed_us`]; `None` also where the landing itself has changed it since: a hard link is counted in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_us: Option<i64>,
}

impl SourceFacts {
    /// The file as its source listed it.
    #[must_use]
    pub fn entry(&self) -> Entry {
        Entry {
            name: self.name.clone(),
            size: self.bytes,
            modified_us: self.modified_us,
            identity: self.identity.clone(),
            changed_us: self.changed_us,
        }
    }

    /// Whether this is the file that is listed, unchanged since: only then is it not read again.
    #[must_use]
    pub fn is_file(&self, entry: &Entry) -> bool {
        let touched = self.changed_us.zip(entry.changed_us).is_some_and(|(was, is)| was != is);
        self.name == entry.name && self.is_moved_to(entry) && !touched
    }

    /// Whether this is the file that is listed, whatever its name: to rename a file changes what is known of it, and not its time.
    #[must_use]
    pub fn is_moved_to(&self, entry: &Entry) -> bool {
        self.bytes == entry.size && self.modified_us == entry.modified_us && self.identity == entry.identity
    }
}

impl DeliveryRecord {
    /// Pounds of the quarantined rows, debit positive; `None` where some of them are not known.
    #[must_use]
    pub fn quarantined_pence(&self) -> Option<Pence> {
        match &self.proof.sender {
            Some(sender) => (sender.not_known_rows == 0).then_some(sender.quarantined),
            None => (self.proof.quarantined == 0).then_some(0),
        }
    }

    /// Quarantined rows whose pounds are not known.
    #[must_use]
    pub fn not_known_rows(&self) -> u64 {
        self.proof.sender.as_ref().map_or(self.proof.quarantined, |sender| sender.not_known_rows)
    }
}
