//! What retention removed, and why: `lake/removed/<number>.json`, one file for each time, written before anything goes.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{
    Lake, LakeFile, LakeFileState,
    durable::{self, Seen},
    table::listed_file,
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
    /// What a correction by hand says of the file: the correction itself stays.
    Correction,
}

impl Kept {
    /// Those that any lake can have.
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
            Self::Correction => "text of a correction",
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
    /// Of a file of a common table that went although something names it, its rows; `None` of anything else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
}

/// A file of a common table that retention took although a table, a release or a closed period names it: of a personal feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoneFile {
    pub table: String,
    pub file: LakeFile,
    /// `removed on 2026-01-31T05:00:00Z: personal, and older than …`.
    pub told: String,
}

/// Every such file, oldest removal first. `lake` is the folder of the lake.
///
/// # Errors
/// TC1002, TC1010.
pub(super) fn gone_files(lake: &Path) -> Answer<Vec<GoneFile>> {
    // What goes month by month goes without: it is not worth being understood for this.
    let names_one = |path: &Path| -> Answer<bool> {
        let bytes = durable::read(path)?.unwrap_or_default();
        Ok(bytes.windows(ROWS.len()).any(|window| window == ROWS))
    };
    let mut gone = Vec::new();
    for path in removals_in(lake)? {
        if !names_one(&path)? {
            continue;
        }
        if let Some(removal) = durable::read_json::<Removal>(&path)? {
            gone.extend(removal.gone.iter().filter_map(|tombstone| tombstone.gone_file(lake, &removal.at)));
        }
    }
    Ok(gone)
}

const ROWS: &[u8] = b"\"rows\"";

/// The files that tell of removals, in order.
fn removals_in(lake: &Path) -> Answer<Vec<PathBuf>> {
    let folder = lake.join(FOLDER);
    let is_entry = |name: &str| Path::new(name).extension().is_some_and(|ending| ending == "json");
    Ok(durable::names(&folder)?.into_iter().filter(|name| is_entry(name)).map(|name| folder.join(name)).collect())
}

impl Tombstone {
    fn gone_file(&self, lake: &Path, at: &str) -> Option<GoneFile> {
        let rows = self.rows.filter(|_| self.kind == Kept::LakeFile)?;
        let (table, path) = self.name.split_once('/')?;
        let file = listed_file(&lake.join(table), &LakeFileState { path: path.to_owned(), rows, bytes: self.bytes })?;
        Some(GoneFile { table: table.to_owned(), file, told: self.told(at) })
    }

    fn told(&self, at: &str) -> String {
        format!("removed on {at}: {}", self.why)
    }
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
            Some(gone.told(&removal.at))
        };
        Ok(self.removals()?.iter().rev().find_map(of))
    }

    /// Files of common tables that went although something names them: of personal feeds.
    ///
    /// # Errors
    /// TC1002, TC1010.
    pub fn gone_files(&self) -> Answer<Vec<GoneFile>> {
        gone_files(self.folder())
    }

    /// Everything that was removed, in order.
    ///
    /// # Errors
    /// TC1002, TC1010.
    pub fn removals(&self) -> Answer<Vec<Removal>> {
        let mut all = Vec::new();
        for path in removals_in(self.folder())? {
            all.extend(durable::read_json::<Removal>(&path)?);
        }
        all.sort_by_key(|removal| removal.number);
        Ok(all)
    }
}
