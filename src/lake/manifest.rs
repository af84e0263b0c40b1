//! What a release consists of.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// `_manifest.json`: `content` is the same for the same inputs, rules, contracts and program version; `run` says which run made it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of this shape.
    pub format: u32,
    pub release: String,
    pub content: Content,
    /// What made it, told apart: not compared either, for it says nothing that `content` does not follow from.
    #[serde(default)]
    pub made_from: MadeFrom,
    /// Run id and instants: not compared.
    pub run: Value,
}

/// What is compared: two releases with equal content are one release.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Content {
    /// `truecost 0.1.0`.
    pub program: String,
    /// Parts by published table.
    pub tables: BTreeMap<String, Vec<PublishedPart>>,
    /// The common tables as this release read them.
    pub lake: BTreeMap<String, LakeState>,
    /// Proofs and whatever else decides about figures, by name: reconciliation, digests of rules and contracts.
    pub proofs: BTreeMap<String, Value>,
}

/// What made a release, kind by kind, so that whoever compares two of them can tell what differs. Empty in a release of a version before.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MadeFrom {
    /// SHA-256 of `rules/<sha256>.tar.zst`, which holds the files.
    #[serde(default)]
    pub archive: Option<String>,
    /// SHA-256 of every file of the configuration, by its path below the partnership's folder.
    #[serde(default)]
    pub files: BTreeMap<String, String>,
    /// Digest of who takes part in what, as the partnership file says it.
    #[serde(default)]
    pub membership: String,
    /// Digest of what else the partnership file says of figures: calendar, limits, charges.
    #[serde(default)]
    pub limits: String,
    /// By period: digest of the files of common tables that it reads, each with its delivery.
    #[serde(default)]
    pub data: BTreeMap<String, String>,
    /// By period: what made the parts that were taken over from a release before, where that is not what made this one.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub taken_over: BTreeMap<String, MadeBy>,
}

/// By what the parts of a period were made, a digest for each kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MadeBy {
    pub rules: String,
    pub contracts: String,
    pub membership: String,
    pub program: String,
}

/// A part and what it was made from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedPart {
    /// `newham/general_ledger/2018/P01` for a line table, `2018/P01` for a summary, empty for a small table.
    pub key: String,
    /// Digest over all that the part was made from: same inputs, same part, no work.
    pub inputs: String,
    /// Relative to the published folder: `parts/cost_line/<sha256>.parquet`.
    pub path: String,
    pub sha256: String,
    pub rows: u64,
    pub bytes: u64,
    /// What was proved while it was made, so that a part that is taken over brings its proof along.
    #[serde(default)]
    pub facts: Value,
}

/// The name among the facts of a part under which the SHA-256 of the part stands with which its period was closed.
pub const RECAST_OF: &str = "recast_of";

impl PublishedPart {
    /// By which hash check 7 knows it: its own, or that of the part with which its period was closed, where its contract has gained columns
    /// since.
    #[must_use]
    pub fn closed_as(&self) -> &str {
        self.facts.get(RECAST_OF).and_then(Value::as_str).unwrap_or(&self.sha256)
    }
}

/// A common table at a version. Clean-up keeps every file that a kept manifest lists.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LakeState {
    pub version: u64,
    pub files: Vec<LakeFileState>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LakeFileState {
    /// Relative to the table's folder; its name is the first 32 hex digits of its SHA-256.
    pub path: String,
    pub rows: u64,
    pub bytes: u64,
}

impl From<&super::Snapshot> for LakeState {
    fn from(snapshot: &super::Snapshot) -> Self {
        let state = |file: &super::LakeFile| LakeFileState { path: file.relative.clone(), rows: file.rows, bytes: file.bytes };
        Self { version: snapshot.version, files: snapshot.files.iter().map(state).collect() }
    }
}

/// What of a manifest can be kept of many at once: without what its parts were made from and what was proved of them, which is most of it.
#[derive(Deserialize)]
pub(super) struct Bare {
    pub(super) format: u32,
    release: String,
    content: BareContent,
    #[serde(default)]
    made_from: BareMadeFrom,
    run: Value,
}

#[derive(Deserialize)]
struct BareContent {
    program: String,
    tables: BTreeMap<String, Vec<BarePart>>,
    lake: BTreeMap<String, LakeState>,
    proofs: BTreeMap<String, Value>,
}

#[derive(Default, Deserialize)]
struct BareMadeFrom {
    #[serde(default)]
    archive: Option<String>,
}

#[derive(Deserialize)]
struct BarePart {
    key: String,
    path: String,
    sha256: String,
    rows: u64,
    bytes: u64,
}

impl From<Bare> for Manifest {
    fn from(bare: Bare) -> Self {
        let part =
            |BarePart { key, path, sha256, rows, bytes }| PublishedPart { key, path, sha256, rows, bytes, ..PublishedPart::default() };
        let BareContent { program, tables, lake, proofs } = bare.content;
        let tables = tables.into_iter().map(|(table, parts)| (table, parts.into_iter().map(part).collect())).collect();
        Self {
            format: bare.format,
            release: bare.release,
            content: Content { program, tables, lake, proofs },
            made_from: MadeFrom { archive: bare.made_from.archive, ..MadeFrom::default() },
            run: bare.run,
        }
    }
}

impl Manifest {
    /// The part with this key and these inputs, where the release has it: it can stand in the next one as it is.
    #[must_use]
    pub fn part(&self, table: &str, key: &str, inputs: &str) -> Option<&PublishedPart> {
        self.content.tables.get(table)?.iter().find(|part| part.key == key && part.inputs == inputs)
    }
}
