//! The reference partnership's files, embedded in the program.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
};

use include_dir::{Dir, include_dir};

use crate::diagnostic::{Answer, Diagnostic, Place, codes::source as code};

use super::not_written;

static PIPELINES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/pipelines");
static SCHEMAS: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/schemas");

/// Data stays out of version control.
const GITIGNORE: &str = "/drop/\n/landing/\n/lake/\n/published/\n";

/// Every file of the reference partnership: its path within the partnership, with `/`, and its bytes; in order of the path.
#[must_use]
pub fn embedded() -> Vec<(String, &'static [u8])> {
    let mut files = vec![(".gitignore".to_owned(), GITIGNORE.as_bytes())];
    collect(&PIPELINES, "pipelines", &mut files);
    collect(&SCHEMAS, "schemas", &mut files);
    files.sort();
    files
}

fn collect(dir: &Dir<'static>, root: &str, into: &mut Vec<(String, &'static [u8])>) {
    let name = |path: &Path| format!("{root}/{}", path.to_string_lossy());
    into.extend(dir.files().map(|file| (name(file.path()), file.contents())));
    dir.dirs().for_each(|inner| collect(inner, root, into));
}

/// Writes the reference partnership into `dir`, with an empty folder `drop/<council>/<feed>/` for each feed.
/// Gives the paths of the files in order. Nothing is written where any of them is already there.
pub fn write_partnership(dir: &Path) -> Answer<Vec<PathBuf>> {
    let files = embedded();
    // `symlink_metadata`, so that a link that leads nowhere counts as there too.
    let there: Vec<&str> =
        files.iter().map(|(name, _)| name.as_str()).filter(|name| fs::symlink_metadata(dir.join(name)).is_ok()).collect();
    if let Some(first) = there.first() {
        return Err(already_there(dir, first, there.len()).into());
    }
    for folder in drop_folders(&files) {
        let path = dir.join(folder);
        fs::create_dir_all(&path).map_err(|error| not_written(&path, &error))?;
    }
    files.iter().map(|(name, bytes)| write_new(&dir.join(name), bytes)).collect()
}

fn write_new(path: &Path, bytes: &[u8]) -> Answer<PathBuf> {
    let write = || {
        path.parent().map_or(Ok(()), fs::create_dir_all)?;
        File::create_new(path)?.write_all(bytes)
    };
    write().map(|()| path.to_owned()).map_err(|error| not_written(path, &error))
}

/// `pipelines/<council>/<feed>.yaml` → `drop/<council>/<feed>`.
fn drop_folders(files: &[(String, &'static [u8])]) -> BTreeSet<String> {
    let folder = |name: &str| {
        let (council, feed) = name.strip_prefix("pipelines/")?.strip_suffix(".yaml")?.split_once('/')?;
        (!matches!(council, "cost" | "reference") && !feed.contains('/')).then(|| format!("drop/{council}/{feed}"))
    };
    files.iter().filter_map(|(name, _)| folder(name)).collect()
}

fn already_there(dir: &Path, first: &str, count: usize) -> Diagnostic {
    let seen = if count == 1 { format!("`{first}` is already there") } else { format!("{count} files are already there, first `{first}`") };
    Diagnostic::new(code::ALREADY_THERE, seen)
        .place(Place::file(dir.display().to_string()))
        .expected("a folder without files of these names")
        .outcome("Nothing was written or changed.")
        .hint("Name an empty or new folder: `truecost init my-partnership`.")
}
