//! What `add` writes into a partnership: new files and lines in files that are there; all of it or nothing, and never over anything.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{ErrorKind, Write as _},
    path::Path,
};

use serde_json::{Value, json};

use crate::{
    crash,
    diagnostic::{Answer, Diagnostic, Place, Refusal, codes::command},
};

/// A file as it will be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Within the partnership, with `/`.
    pub path: String,
    /// As it is now; `None` where it is not there.
    pub before: Option<String>,
    pub text: String,
}

/// What is being written, as long as it is: whoever comes after a command that was killed takes it back.
const JOURNAL: &str = ".truecost-add.json";

impl Change {
    /// A file that is not there yet.
    ///
    /// # Errors
    /// TC0139 where it is.
    pub fn new_file(root: &Path, path: &str, text: String) -> Answer<Self> {
        // `symlink_metadata`, so that a link that leads nowhere counts as there too.
        if fs::symlink_metadata(root.join(path)).is_ok() {
            return Err(there(root, path));
        }
        Ok(Self { path: path.to_owned(), before: None, text })
    }

    /// A file that is there, with other text in it.
    ///
    /// # Errors
    /// TC0139 where it cannot be read.
    pub fn edited(root: &Path, path: &str, edit: impl FnOnce(&str) -> Answer<String>) -> Answer<Self> {
        let before = read(root, path)?;
        let text = edit(&before)?;
        Ok(Self { path: path.to_owned(), before: Some(before), text })
    }

    /// Lines that it has and the file had not, or not as often.
    #[must_use]
    pub fn added_lines(&self) -> Vec<&str> {
        let mut more: BTreeMap<&str, i64> = BTreeMap::new();
        self.text.lines().for_each(|line| *more.entry(line).or_default() += 1);
        self.before.iter().flat_map(|text| text.lines()).for_each(|line| *more.entry(line).or_default() -= 1);
        let is_added = |line: &&str| more.get_mut(*line).is_some_and(|left| std::mem::replace(left, *left - 1) > 0);
        self.text.lines().filter(is_added).collect()
    }
}

fn read(root: &Path, path: &str) -> Answer<String> {
    fs::read_to_string(root.join(path)).map_err(|error| not_written(root, path, &error.to_string()))
}

/// A row into a reference table, at its place by its first field. A row that is there already is not written twice.
#[must_use]
pub fn with_row(text: &str, row: &str) -> String {
    if text.lines().any(|line| line == row) {
        return text.to_owned();
    }
    let key = |line: &str| line.split(',').next().unwrap_or_default().to_owned();
    let mut lines: Vec<&str> = text.lines().collect();
    let at = lines.iter().skip(1).position(|line| key(line) > key(row)).map_or(lines.len(), |at| at + 1);
    lines.insert(at, row);
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// Writes every change, or none: what fails, or is interrupted, is taken back.
///
/// # Errors
/// TC0139 where a file has come or changed since it was looked at, or cannot be written.
pub fn write(root: &Path, changes: &[Change]) -> Answer<()> {
    write_with(root, changes, None)
}

/// As [`write`], and makes a folder with it, which is not there yet: the feed's drop folder.
///
/// # Errors
/// As [`write`].
pub fn write_with(root: &Path, changes: &[Change], folder: Option<&Path>) -> Answer<()> {
    for change in changes {
        let now = fs::read_to_string(root.join(&change.path)).ok();
        if now != change.before || (now.is_none() && fs::symlink_metadata(root.join(&change.path)).is_ok()) {
            return Err(there(root, &change.path));
        }
    }
    let listed: Vec<Value> = changes.iter().map(|change| json!({"path": change.path, "before": change.before})).collect();
    // Whoever takes it back may stand in another folder.
    let made = folder.map(|folder| std::path::absolute(folder).unwrap_or_else(|_| folder.to_path_buf()));
    put(root, JOURNAL, &json!({"truecost": 1, "writing": listed, "folder": made}).to_string())?;
    crash::point("add.begun")?;
    let written = changes.iter().try_for_each(|change| -> Answer<()> {
        put(root, &change.path, &change.text)?;
        Ok(crash::point("add.written")?)
    });
    let written = written.and_then(|()| made.as_deref().map_or(Ok(()), |folder| make(root, folder)));
    if written.is_err() {
        take_back(root)?;
        return written;
    }
    fs::remove_file(root.join(JOURNAL)).map_err(|error| not_written(root, JOURNAL, &error.to_string()))
}

fn make(root: &Path, folder: &Path) -> Answer<()> {
    fs::create_dir_all(folder).map_err(|error| not_written(root, &folder.display().to_string(), &error.to_string()))
}

/// Files that a command began to write and did not finish; none where there is no such command.
#[must_use]
pub fn begun(root: &Path) -> Vec<String> {
    let text = fs::read_to_string(root.join(JOURNAL)).unwrap_or_default();
    let journal: Value = serde_json::from_str(&text).unwrap_or_default();
    let paths = journal.get("writing").and_then(Value::as_array).into_iter().flatten().filter_map(|entry| entry.get("path")?.as_str());
    paths.map(str::to_owned).collect()
}

/// As [`take_back`], in words.
///
/// # Errors
/// TC0139 where it cannot.
pub fn said_back(root: &Path) -> Answer<Vec<String>> {
    let said = |path| format!("took back {path}: an earlier `truecost add` was ended while it wrote");
    Ok(take_back(root)?.into_iter().map(said).collect())
}

/// Takes back what a command began to write and did not finish; says which files.
///
/// # Errors
/// TC0139 where it cannot, or what was begun cannot be read: it is then left for a person to look at.
pub fn take_back(root: &Path) -> Answer<Vec<String>> {
    let text = match fs::read_to_string(root.join(JOURNAL)) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        text => text.map_err(|error| not_written(root, JOURNAL, &error.to_string()))?,
    };
    let journal: Value = serde_json::from_str(&text).map_err(|error| not_written(root, JOURNAL, &error.to_string()))?;
    let mut taken = Vec::new();
    for entry in journal.get("writing").and_then(Value::as_array).into_iter().flatten() {
        let Some(path) = entry.get("path").and_then(Value::as_str) else { continue };
        match entry.get("before").and_then(Value::as_str) {
            Some(before) => put(root, path, before)?,
            None if root.join(path).is_file() => {
                fs::remove_file(root.join(path)).map_err(|error| not_written(root, path, &error.to_string()))?;
                remove_empty(root, path);
            }
            None => continue,
        }
        taken.push(path.to_owned());
    }
    if let Some(folder) = journal.get("folder").and_then(Value::as_str).map(Path::new)
        && fs::remove_dir(folder).is_ok()
    {
        // The council's, which was made with it; in others something lies, or stays for the next feed.
        let _ = folder.parent().map(fs::remove_dir);
    }
    fs::remove_file(root.join(JOURNAL)).map_err(|error| not_written(root, JOURNAL, &error.to_string()))?;
    Ok(taken)
}

/// Folders above the file that are empty now: `pipelines/ashvale`.
fn remove_empty(root: &Path, path: &str) {
    for above in Path::new(path).ancestors().skip(1).filter(|above| above.components().count() > 1) {
        if fs::remove_dir(root.join(above)).is_err() {
            return; // something else is in it
        }
    }
}

/// Whole or not at all: under a name of its own first.
fn put(root: &Path, path: &str, text: &str) -> Answer<()> {
    let to = root.join(path);
    let staged = to.with_file_name(format!(".{}.part", to.file_name().and_then(|name| name.to_str()).unwrap_or("file")));
    let write = || {
        to.parent().map_or(Ok(()), fs::create_dir_all)?;
        let mut file = File::create(&staged)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&staged, &to)
    };
    write().map_err(|error| {
        let _ = fs::remove_file(&staged); // it may not be there
        not_written(root, path, &error.to_string())
    })
}

fn there(root: &Path, path: &str) -> Refusal {
    Diagnostic::new(command::ADD_THERE, format!("`{path}` is already there"))
        .place(Place::file(root.join(path).display().to_string()))
        .expected("a name that the partnership does not know yet: what is there is never written over")
        .outcome("nothing was written")
        .hint("name another feed, or edit the file; `truecost contract diff OLD NEW` compares two contracts")
        .into()
}

fn not_written(root: &Path, path: &str, why: &str) -> Refusal {
    Diagnostic::new(command::ADD_THERE, format!("`{path}` cannot be read or written: {why}"))
        .place(Place::file(root.join(path).display().to_string()))
        .outcome("nothing was left half-written")
        .hint("give truecost the right to write in the partnership's folder")
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_is_written_or_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        fs::write(root.join("a.csv"), "id,x\nb,1\n").unwrap();
        let new = Change::new_file(root, "pipelines/n/f.yaml", "x\n".into()).unwrap();
        let edit = Change::edited(root, "a.csv", |text| Ok(with_row(&with_row(text, "c,2"), "a,3"))).unwrap();
        assert_eq!(edit.text, "id,x\na,3\nb,1\nc,2\n");
        assert_eq!(edit.added_lines(), ["a,3", "c,2"]);
        write(root, &[edit.clone(), new.clone()]).unwrap();
        assert_eq!(fs::read_to_string(root.join("pipelines/n/f.yaml")).unwrap(), "x\n");
        assert!(!root.join(JOURNAL).exists());
        // A second time nothing is touched, nor made.
        assert!(write_with(root, &[new], Some(&root.join("drop/n/f"))).is_err());
        assert!(!root.join("drop").exists());
        let other = Change::new_file(root, "pipelines/n/g.yaml", "y\n".into()).unwrap();
        write_with(root, &[other], Some(&root.join("drop/n/g"))).unwrap();
        assert!(root.join("drop/n/g").is_dir());
        assert!(Change::new_file(root, "pipelines/n/f.yaml", String::new()).is_err());
    }

    #[test]
    fn what_was_begun_is_taken_back() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        fs::write(root.join("a.csv"), "new\n").unwrap();
        fs::create_dir_all(root.join("pipelines/n")).unwrap();
        fs::write(root.join("pipelines/n/f.yaml"), "half").unwrap();
        let journal =
            json!({"truecost": 1, "writing": [{"path": "a.csv", "before": "old\n"}, {"path": "pipelines/n/f.yaml", "before": null}]});
        fs::write(root.join(JOURNAL), journal.to_string()).unwrap();
        assert_eq!(take_back(root).unwrap(), ["a.csv", "pipelines/n/f.yaml"]);
        assert_eq!(fs::read_to_string(root.join("a.csv")).unwrap(), "old\n");
        assert!(!root.join("pipelines/n").exists() && root.join("pipelines").exists());
        assert_eq!(take_back(root).unwrap(), Vec::<String>::new());
        // The folder of a feed goes with it, unless a file lies in it by now.
        for (file, stays) in [(None, false), (Some("a.csv"), true)] {
            fs::create_dir_all(root.join("drop/n/f")).unwrap();
            file.into_iter().for_each(|file| fs::write(root.join("drop/n/f").join(file), "x").unwrap());
            fs::write(root.join(JOURNAL), json!({"writing": [], "folder": root.join("drop/n/f")}).to_string()).unwrap();
            assert_eq!((begun(root).len(), take_back(root).unwrap().len()), (0, 0));
            assert_eq!((root.join("drop/n").exists(), root.join("drop").exists()), (stays, true));
        }
        // Of one that cannot be read nobody knows what was begun: it stays, and is told.
        fs::write(root.join(JOURNAL), "{\"writing\": [").unwrap();
        assert_eq!(take_back(root).unwrap_err().0.first().map(|fault| fault.code.id), Some("TC0139"));
        assert!(root.join(JOURNAL).exists());
    }
}
