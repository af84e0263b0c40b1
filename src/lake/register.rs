//! What was delivered, what became of it, and the proof.
//!
//! One file a delivery: `register/<delivery>.json`. An accepted delivery is first written to `proof/<delivery>.json`, then committed to
//! its table, then entered into the register, then its proof is removed (the entry holds it). So a proof that is still there belongs to a
//! run that did not get to the end, and [`Register::recover`] settles it by what the table's commits say.
//!
//! Entry and proof end with the SHA-256 of what stands before it: they name the bytes of everything else, and nothing else names theirs.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{
    CommonTables, Decision, DeliveryProof, PeriodProof, Turn,
    durable::{self, Seen, sha256},
    fault,
};
use crate::{
    diagnostic::Answer,
    domain::{Coverage, DeliveryId, Pence, Period},
    source::Entry,
};

/// All that is known of a delivery: who, what, whence, and with what result. Instants are texts (UTC, RFC 3339) that the run gives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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
}

impl SourceFacts {
    /// The file as its source listed it.
    #[must_use]
    pub fn entry(&self) -> Entry {
        Entry { name: self.name.clone(), size: self.bytes, modified_us: self.modified_us, identity: self.identity.clone() }
    }
}

/// The register of a lake.
#[derive(Debug)]
pub struct Register {
    folder: PathBuf,
}

impl Register {
    pub(super) fn at(lake: PathBuf) -> Self {
        Self { folder: lake }
    }

    fn entry(&self, delivery: &str) -> PathBuf {
        self.folder.join("register").join(format!("{delivery}.json"))
    }

    fn proof(&self, delivery: &str) -> PathBuf {
        self.folder.join("proof").join(format!("{delivery}.json"))
    }

    /// All deliveries, by council, feed, first covered period, then id.
    ///
    /// # Errors
    /// TC1010 where an entry cannot be read.
    pub fn all(&self) -> Answer<Vec<DeliveryRecord>> {
        let mut all = Vec::new();
        for name in durable::names(&self.folder.join("register"))? {
            if let Some(delivery) = delivery_of(&name) {
                all.extend(read_sealed(&self.entry(delivery.as_str()))?);
            }
        }
        all.sort_by(|a: &DeliveryRecord, b| order(a).cmp(&order(b)));
        Ok(all)
    }

    /// Sets entries aside that cannot be read, under names that end in `.damaged`: what they said is made again from landing and the table's
    /// log. The ids of their deliveries.
    ///
    /// # Errors
    /// TC1002.
    pub fn set_damaged_aside(&self) -> Answer<Vec<String>> {
        let mut aside = Vec::new();
        for delivery in durable::names(&self.folder.join("register"))?.iter().filter_map(|name| delivery_of(name)) {
            let path = self.entry(delivery.as_str());
            if read_sealed(&path).is_err() {
                durable::rename(&path, &durable::beside(&path, ".damaged"), Seen::ByUs)?;
                aside.push(delivery.to_string());
            }
        }
        Ok(aside)
    }

    /// Files in the register's folder that are nobody's entry.
    ///
    /// # Errors
    /// TC1002.
    pub fn strays(&self) -> Answer<Vec<PathBuf>> {
        let folder = self.folder.join("register");
        let ours = |name: &String| delivery_of(name).is_some() || name.ends_with(".json.tmp") || name.ends_with(".json.damaged");
        Ok(durable::names(&folder)?.into_iter().filter(|name| !ours(name)).map(|name| folder.join(name)).collect())
    }

    /// # Errors
    /// TC1010.
    pub fn find(&self, delivery: &DeliveryId) -> Answer<Option<DeliveryRecord>> {
        read_sealed(&self.entry(delivery.as_str()))
    }

    /// Writes down what is about to be committed. Must be on disk before [`CommonTables::replace`].
    ///
    /// # Errors
    /// TC1002.
    pub fn announce(&self, record: &DeliveryRecord) -> Answer<()> {
        let path = self.proof(&record.delivery_id);
        durable::replace(&path, &sealed(&path, record)?, Seen::ByUs)
    }

    /// Enters a delivery: accepted after its commit, refused at once.
    ///
    /// # Errors
    /// TC1002.
    pub fn enter(&self, record: &DeliveryRecord) -> Answer<()> {
        let path = self.entry(&record.delivery_id);
        durable::replace(&path, &sealed(&path, record)?, Seen::ByUs)?;
        durable::remove(&self.proof(&record.delivery_id))
    }

    /// Settles the proofs that an unfinished run left: where the table has the commit, the delivery is entered; else the proof is
    /// dropped, for nothing was changed. Returns the deliveries that were entered.
    ///
    /// # Errors
    /// TC1002, TC1007, TC1010.
    pub fn recover(&self, tables: &CommonTables) -> Answer<Vec<DeliveryRecord>> {
        let mut entered = Vec::new();
        for name in durable::names(&self.folder.join("proof"))? {
            let Some(delivery) = name.strip_suffix(".json") else { continue };
            let Some(mut record) = read_sealed(&self.proof(delivery))? else { continue };
            let app_id = format!("{}/{}/{}", record.council, record.feed, coverage_text(&record.coverage));
            match tables.last_commit(&record.table, &app_id)? {
                Some(last) if last.delivery == record.delivery_id && last.token == record.token => {
                    record.lake_version = Some(last.version);
                    self.enter(&record)?;
                    entered.push(record);
                }
                _ => durable::remove(&self.proof(delivery))?,
            }
        }
        Ok(entered)
    }
}

/// Key of an entry's seal, the last of its keys.
const SEAL: &str = "sha256_of_entry";
const HEX_DIGITS: usize = 64;
/// How JSON of an entry ends.
const CLOSING: &[u8] = b"\n}\n";

/// The entry as JSON. Its last key is the SHA-256 over the bytes before it, so that a bit that turned inside a value is found.
fn sealed(path: &Path, record: &DeliveryRecord) -> Answer<Vec<u8>> {
    let mut bytes = durable::json(path, record)?;
    bytes.truncate(bytes.strip_suffix(CLOSING).map_or(bytes.len(), <[u8]>::len));
    let seal = seal(&sha256(&bytes));
    bytes.extend_from_slice(seal.as_bytes());
    Ok(bytes)
}

fn seal(digest: &str) -> String {
    format!(",\n  \"{SEAL}\": \"{digest}\"\n}}\n")
}

/// An entry, where there is one. What a version before wrote has no seal, and is taken as it reads.
fn read_sealed(path: &Path) -> Answer<Option<DeliveryRecord>> {
    let Some(bytes) = durable::read(path)? else { return Ok(None) };
    let at = bytes.len().saturating_sub(seal("").len() + HEX_DIGITS);
    let (text, end) = bytes.split_at_checked(at).unwrap_or_default();
    let is_sealed = end.starts_with(format!(",\n  \"{SEAL}\"").as_bytes());
    if is_sealed && end != seal(&sha256(text)).as_bytes() {
        return Err(fault::record(path, "its bytes are others than were written"));
    }
    serde_json::from_slice(&bytes).map(Some).map_err(|error| fault::record(path, error))
}

/// `64ba9a9fea5d9ebe.json` → the delivery whose entry it is.
fn delivery_of(name: &str) -> Option<DeliveryId> {
    DeliveryId::parse(name.strip_suffix(".json")?)
}

fn order(record: &DeliveryRecord) -> (&str, &str, &[String], &str) {
    (&record.council, &record.feed, &record.coverage, &record.delivery_id)
}

/// As [`Coverage`] prints itself.
fn coverage_text(periods: &[String]) -> String {
    let coverage = Coverage::new(periods.iter().filter_map(|text| Period::parse(text)).collect());
    coverage.map(|coverage| coverage.to_string()).unwrap_or_default()
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

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::lake::Measure;

    pub fn record(delivery: &str, token: &str) -> DeliveryRecord {
        DeliveryRecord {
            delivery_id: delivery.into(),
            council: "newham".into(),
            feed: "general_ledger".into(),
            table: "ledger_line".into(),
            coverage: vec!["2018/P01".into(), "2018/P02".into()],
            beside: vec![],
            calendar: None,
            source: SourceFacts { name: "x.csv".into(), bytes: 7, ..SourceFacts::default() },
            sidecar: None,
            also_as: vec![],
            last_attempt: None,
            sha256: "00".repeat(32),
            bytes: 7,
            encoding: serde_json::json!({ "bom": false }),
            contract: "newham/general_ledger".into(),
            contract_sha256: "11".repeat(32),
            feed_sha256: "22".repeat(32),
            state: DeliveryState::Accepted,
            reports: vec![],
            proof: DeliveryProof {
                records: 3,
                accepted: 2,
                columns: BTreeMap::from([(
                    "amount".into(),
                    Measure { accepted: -5, quarantined: i128::from(i64::MAX) * 10, both_signs: false },
                )]),
                ..DeliveryProof::default()
            },
            token: token.into(),
            run: "run-1".into(),
            landed_at: "2023-04-01T02:00:00Z".into(),
            judged_at: "2023-04-01T02:00:01Z".into(),
            lake_version: Some(1),
            lost: false,
            above: false,
            sidecar_sha256: None,
            turn: None,
            number: 0,
            waits: vec![],
            decisions: vec![],
            copy_of: None,
            again: false,
            lake_files: BTreeMap::new(),
            keys: None,
            as_at: None,
        }
    }

    #[test]
    fn an_entry_comes_back_as_it_was_and_its_proof_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let register = Register::at(folder.path().into());
        assert_eq!(register.all().unwrap(), vec![]);
        let (a, b) = (record("00000000000000aa", "t1"), record("00000000000000bb", "t2"));
        register.announce(&b).unwrap();
        register.enter(&b).unwrap();
        register.enter(&a).unwrap();
        assert_eq!(register.all().unwrap(), vec![a, b.clone()]);
        assert_eq!(register.find(&DeliveryId::parse("00000000000000bb").unwrap()).unwrap(), Some(b));
        assert_eq!(durable::names(&folder.path().join("proof")).unwrap(), Vec::<String>::new());
    }

    #[test]
    fn a_damaged_entry_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let register = Register::at(folder.path().into());
        register.enter(&record("00000000000000aa", "t1")).unwrap();
        std::fs::write(register.entry("00000000000000aa"), "{\"delivery_id\":").unwrap();
        let refusal = register.all().unwrap_err();
        assert_eq!(refusal.0[0].code.id, "TC1010");
    }

    #[test]
    fn a_bit_that_turned_anywhere_in_an_entry_is_found_or_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let register = Register::at(folder.path().into());
        let mut whole = record("00000000000000aa", "t1");
        whole.lake_files = BTreeMap::from([("2018/P01".into(), "ab".repeat(16))]);
        register.enter(&whole).unwrap();
        let path = register.entry("00000000000000aa");
        let bytes = std::fs::read(&path).unwrap();
        let mut found = 0;
        // Every eleventh bit: with eight bits a byte, each place in a byte is met.
        for bit in (0..bytes.len() * 8).step_by(11) {
            let mut turned = bytes.clone();
            turned[bit / 8] ^= 1 << (bit % 8);
            std::fs::write(&path, &turned).unwrap();
            match register.all() {
                Ok(all) => assert_eq!(all, vec![whole.clone()], "bit {bit}"),
                Err(refusal) => {
                    assert_eq!(refusal.0[0].code.id, "TC1010");
                    found += 1;
                }
            }
        }
        // The rest are bits of the seal's own name: without one the entry is taken as it reads.
        assert!((bytes.len() * 8).div_ceil(11) - found <= SEAL.len() * 8 / 11 + 1, "{found}");
    }

    #[test]
    fn an_entry_without_a_seal_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let register = Register::at(folder.path().into());
        let old = record("00000000000000aa", "t1");
        let path = register.entry("00000000000000aa");
        durable::replace(&path, &durable::json(&path, &old).unwrap(), Seen::ByUs).unwrap();
        assert_eq!(register.all().unwrap(), vec![old]);
    }
}
