//! The files of a partnership, as they are kept with every release that they make.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    domain::Digest,
    schema::{digest_of, sorted_names},
};

/// Folders that hold configuration, with the endings of its files there. What stands beside them (notes for people, and whatever a secret
/// is kept in) is not taken along.
const FOLDERS: [(&str, &[&str]); 3] = [("controls", &[".csv"]), ("pipelines", &[".yaml", ".sql", ".csv"]), ("schemas", &[".odcs.yaml"])];

/// Who is told of what makes no figure.
const TOLD: &str = "pipelines/notify.yaml";

/// Every file of the configuration by its path below `root`. One that cannot be read is left out: who needs it has said so.
#[must_use]
pub fn files(root: &Path) -> BTreeMap<String, Arc<[u8]>> {
    let mut files = BTreeMap::new();
    for (folder, endings) in FOLDERS {
        gather(root, folder, endings, &mut files);
    }
    files
}

/// What the system says of all files of these folders: names, lengths, times and inodes. Another, where one was changed.
#[must_use]
pub fn stamp(root: &Path) -> Digest {
    let mut all = String::new();
    let mut folders: Vec<PathBuf> = FOLDERS.iter().map(|(folder, _)| root.join(folder)).collect();
    while let Some(folder) = folders.pop() {
        for (name, is_folder) in sorted_names(&folder) {
            let path = folder.join(&name);
            if is_folder {
                folders.push(path);
            } else if let Ok(facts) = fs::metadata(&path) {
                all.push_str(&format!("{name}\0{} {} {} {}\0", facts.len(), facts.mtime(), facts.mtime_nsec(), facts.ino()));
            }
        }
        all.push_str(&folder.to_string_lossy());
    }
    digest_of(all.as_bytes())
}

fn gather(root: &Path, folder: &str, endings: &[&str], files: &mut BTreeMap<String, Arc<[u8]>>) {
    for (name, is_folder) in sorted_names(&root.join(folder)) {
        let file = format!("{folder}/{name}");
        if is_folder {
            gather(root, &file, endings, files);
        } else if file != TOLD
            && endings.iter().any(|ending| name.ends_with(ending))
            && let Ok(bytes) = fs::read(root.join(&file))
        {
            files.insert(file, bytes.into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn configuration_is_taken_along_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let all = [
            "pipelines/partnership.yaml",
            "pipelines/newham/ledger.sql",
            "pipelines/newham/NOTES.md",
            "pipelines/.secret.yaml",
            "pipelines/notify.yaml",
            "pipelines/key",
            "schemas/common/ledger_line.odcs.yaml",
            "drop/newham/ledger/a.csv",
        ];
        for name in all {
            fs::create_dir_all(folder.path().join(name).parent().unwrap()).unwrap();
            fs::write(folder.path().join(name), name).unwrap();
        }
        let taken: Vec<String> = files(folder.path()).into_keys().collect();
        assert_eq!(taken, ["pipelines/newham/ledger.sql", "pipelines/partnership.yaml", "schemas/common/ledger_line.odcs.yaml"]);
    }
}
