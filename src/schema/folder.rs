//! The folder `schemas/`: every contract, read once.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    sync::Arc,
};

use sha2::{Digest as _, Sha256};

use crate::{
    diagnostic::{Diagnostic, Place, codes::config},
    domain::{Digest, Identifier},
};

use super::{Contract, Kind, fields::UNTOUCHED, odcs::read_contract, suggest::nearest, yaml::SourceText};

/// No file of a partnership's YAML, SQL or contracts is larger.
const LARGEST_BYTES: u64 = 8 << 20;
const SUFFIX: &str = ".odcs.yaml";

/// The contracts of a partnership.
#[derive(Debug, Default)]
pub struct Contracts {
    /// By folder and name: `sources/newham/general_ledger`, `common/ledger_line`.
    pub read: BTreeMap<String, Arc<Contract>>,
    /// Those that were refused: who names them hears nothing further.
    pub refused: BTreeSet<String>,
    pub faults: Vec<Diagnostic>,
}

/// SHA-256 of the bytes.
#[must_use]
pub fn digest_of(bytes: &[u8]) -> Digest {
    Digest(Sha256::digest(bytes).into())
}

/// The text of one file of the partnership; `file` is relative to `root`.
///
/// # Errors
/// Where it cannot be read, is too large or is not UTF-8.
pub fn read_text(root: &Path, file: &str) -> Result<String, Box<Diagnostic>> {
    let refuse = |why: String| {
        let fault = Diagnostic::new(config::UNREADABLE_FILE, format!("`{file}` cannot be read: {why}"));
        Box::new(fault.place(Place::file(file)).outcome(UNTOUCHED))
    };
    let path = root.join(file);
    let size = fs::metadata(&path).map_err(|e| refuse(e.to_string()))?.len();
    if size > LARGEST_BYTES {
        return Err(refuse(format!("it has {size} bytes, more than {LARGEST_BYTES}")));
    }
    let bytes = fs::read(&path).map_err(|e| refuse(e.to_string()))?;
    String::from_utf8(bytes).map_err(|e| refuse(format!("it is not UTF-8 (byte {})", e.utf8_error().valid_up_to() + 1)))
}

/// Names in a folder that do not start with a dot, sorted, each with whether it is a folder; empty where there is no such folder.
#[must_use]
pub fn sorted_names(folder: &Path) -> Vec<(String, bool)> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let name = |entry: fs::DirEntry| Some((entry.file_name().into_string().ok()?, entry.path().is_dir()));
    let mut names: Vec<(String, bool)> = entries.filter_map(name).filter(|(name, _)| !name.starts_with('.')).collect();
    names.sort_unstable();
    names
}

/// Notes for people stand anywhere and are not read.
#[must_use]
pub fn is_prose(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|extension| extension == "md")
}

impl Contracts {
    /// Reads `schemas/**`.
    #[must_use]
    pub fn read(root: &Path) -> Self {
        let mut contracts = Self::default();
        for (folder, kind) in [("common", Kind::Common), ("reference", Kind::Reference), ("published", Kind::Published)] {
            contracts.folder(root, folder, kind);
        }
        let sources = root.join("schemas/sources");
        for (council, _) in sorted_names(&sources).into_iter().filter(|(_, is_folder)| *is_folder) {
            contracts.folder(root, &format!("sources/{council}"), Kind::Source);
        }
        contracts
    }

    fn folder(&mut self, root: &Path, folder: &str, kind: Kind) {
        for (name, is_folder) in sorted_names(&root.join("schemas").join(folder)) {
            let file = format!("schemas/{folder}/{name}");
            match name.strip_suffix(SUFFIX) {
                Some(stem) if !is_folder => self.contract(root, &file, folder, stem, kind),
                _ if is_prose(&name) => {}
                _ => self.faults.push(stray(&file, &format!("a contract, `<name>{SUFFIX}`"))),
            }
        }
    }

    fn contract(&mut self, root: &Path, file: &str, folder: &str, stem: &str, kind: Kind) {
        let key = format!("{folder}/{stem}");
        if Identifier::new(stem).is_err() {
            self.faults.push(stray(file, "a file name that is a table's name: small letters, digits and underscores"));
            self.refused.insert(key);
            return;
        }
        let name = folder.strip_prefix("sources/").map_or_else(|| stem.to_owned(), |council| format!("{council}/{stem}"));
        let contract = read_text(root, file)
            .map_err(|fault| vec![*fault])
            .and_then(|text| read_contract(&SourceText::new(file, text), kind, &name).map_err(|refusal| refusal.0));
        match contract {
            Ok(contract) => {
                self.read.insert(key, Arc::new(contract));
            }
            Err(faults) => {
                self.faults.extend(faults);
                self.refused.insert(key);
            }
        }
    }

    /// The contract that a file names; `Err` holds the nearest name where there is none, `Ok(None)` where it was refused.
    ///
    /// # Errors
    /// The nearest name of that folder, if any is near.
    pub fn find(&self, folder: &str, name: &str) -> Result<Option<Arc<Contract>>, Option<String>> {
        let key = format!("{folder}/{name}");
        if let Some(contract) = self.read.get(&key) {
            return Ok(Some(Arc::clone(contract)));
        }
        if self.refused.contains(&key) {
            return Ok(None);
        }
        let prefix = format!("{folder}/");
        let known = self.read.keys().chain(&self.refused).filter_map(|key| key.strip_prefix(&prefix));
        Err(nearest(name, known).map(str::to_owned))
    }
}

/// A file that stands where nothing reads it.
fn stray(file: &str, expected: &str) -> Diagnostic {
    Diagnostic::new(config::STRAY_FILE, format!("nothing reads `{file}`"))
        .place(Place::file(file))
        .expected(expected)
        .outcome(UNTOUCHED)
        .hint("Rename it, or move it out of the partnership's folders.")
}
