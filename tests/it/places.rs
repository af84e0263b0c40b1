//! Where the tests find things.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use truecost::demo;

/// The repository.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The project's shared folder, where it stands beside the repository.
pub fn shared() -> Option<PathBuf> {
    let beside = root().parent()?.join("shared");
    beside.join("bad_inputs.md").is_file().then_some(beside)
}

/// The demonstration's partnership in a folder of its own, with ledgers of about so many lines in its drop folders.
pub fn demonstration(lines: u64, seed: u64) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    demo::write_partnership(dir.path()).expect("a partnership");
    demo::write(&dir.path().join("drop"), lines, seed).expect("ledgers");
    dir
}

/// What the program answers in a partnership's folder.
pub fn truecost(dir: &Path, words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_truecost")).current_dir(dir).args(words).output().expect("the program runs")
}

/// Its exit code, and all that it says: the answer, then its reports.
pub fn said(output: &Output) -> (Option<i32>, String) {
    let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (output.status.code(), text)
}

/// Every file below `folder` whose name ends in `.<ending>`; none where there is no such folder.
pub fn gather(folder: &Path, ending: &str, found: &mut Vec<PathBuf>) {
    for path in fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            gather(&path, ending, found);
        } else if path.extension().is_some_and(|ext| ext == ending) {
            found.push(path);
        }
    }
}

/// A folder with all that is in it.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("folder made");
    for entry in fs::read_dir(from).expect("folder read") {
        let entry = entry.expect("entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("file copied");
        }
    }
}
