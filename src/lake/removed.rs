//! What retention removed, and why: `lake/removed/<number>.json`, one file for each time, written before anything goes.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{
    Lake,
    durable::{self, Seen},
};
use crate::diagnostic::Answer;

/// What a removed thing was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kept {
    Release,
    Part,
    Rules,
    LakeFile,
    Landed,
    Quarantine,
    Run,
}

impl Kept {
    pub const ALL: [Self; 7] = [Self::Release, Self::Part, Self::Rules, Self::LakeFile, Self::Landed, Self::Quarantine, Self::Run];

    /// One of them, as a noun that `counted` takes.
    #[must_use]
    pub const fn noun(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Part => "part",
            Self::Rules => "archive of rules",
            Self::LakeFile => "lake file",
            Self::Landed => "landed object",
            Self::Quarantine => "quarantine file",
            Self::Run => "record of a run",
        }
    }
}

/// Stands for something that was removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tombstone {
    pub kind: Kept,
    /// A release's name, a path below the published folder or the lake, the name of a landed object, a delivery.
    pub name: String,
    /// SHA-256 of its bytes, or how that begins; empty where it was never known.
    #[serde(default)]
    pub sha256: String,
    #[serde(default)]
    pub bytes: u64,
    pub why: String,
    /// Of a release: when it was published.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published_at: Option<String>,
}

/// What went at one time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removal {
    /// Its place among runs and commands.
    pub number: u64,
    /// The instant.
    pub at: String,
    pub gone: Vec<Tombstone>,
}

const FOLDER: &str = "removed";

impl Lake {
    /// Writes down what is about to be removed.
    ///
    /// # Errors
    /// TC1002.
    pub fn write_tombstones(&self, removal: &Removal) -> Answer<()> {
        let path = self.removal(removal.number);
        durable::replace(&path, &durable::json(&path, removal)?, Seen::ByUs)
    }

    fn removal(&self, number: u64) -> PathBuf {
        self.folder().join(FOLDER).join(format!("{number:08}.json"))
    }

    /// The greatest number of a removal; 0 before the first.
    ///
    /// # Errors
    /// TC1002.
    pub(super) fn last_removal(&self) -> Answer<u64> {
        let names = durable::names(&self.folder().join(FOLDER))?;
        Ok(names.iter().filter_map(|name| name.strip_suffix(".json")?.parse().ok()).max().unwrap_or(0))
    }

    /// When something was removed, and why; `None` where it never was.
    ///
    /// # Errors
    /// TC1002, TC1010.
    pub fn was_removed(&self, kind: Kept, name: &str) -> Answer<Option<String>> {
        let of = |removal: &Removal| {
            let gone = removal.gone.iter().find(|gone| gone.kind == kind && gone.name == name)?;
            Some(format!("removed on {}: {}", removal.at, gone.why))
        };
        Ok(self.removals()?.iter().rev().find_map(of))
    }

    /// Everything that was removed, in order.
    ///
    /// # Errors
    /// TC1002, TC1010.
    pub fn removals(&self) -> Answer<Vec<Removal>> {
        let folder = self.folder().join(FOLDER);
        let names = durable::names(&folder)?.into_iter().filter(|name| name.strip_suffix(".json").is_some());
        let mut all = Vec::new();
        for name in names {
            all.extend(durable::read_json::<Removal>(&folder.join(name))?);
        }
        all.sort_by_key(|removal| removal.number);
        Ok(all)
    }
}
