//! The reference partnership's files, embedded in the program; and a partnership with nothing of it but what every one needs.

use std::{
    borrow::Cow,
    collections::BTreeSet,
    fs::{self, File},
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
};

use include_dir::{Dir, include_dir};

use crate::{
    diagnostic::{Answer, Diagnostic, Place, codes::source as code},
    domain::Identifier,
};

use super::not_written;

static PIPELINES: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/pipelines");
static SCHEMAS: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/schemas");

/// The file that names what stays out of version control.
const IGNORED: &str = ".gitignore";

/// Data stays out of version control.
const GITIGNORE: &str = "/drop/\n/landing/\n/lake/\n/published/\n";

/// Every file of the reference partnership: its path within the partnership, with `/`, and its bytes; in order of the path.
#[must_use]
pub fn embedded() -> Vec<(String, &'static [u8])> {
    let mut files = vec![(IGNORED.to_owned(), GITIGNORE.as_bytes())];
    collect(&PIPELINES, "pipelines", &mut files);
    collect(&SCHEMAS, "schemas", &mut files);
    files.sort();
    files
}

fn collect(dir: &Dir<'static>, root: &str, into: &mut Vec<(String, &'static [u8])>) {
    let name = |path: &Path| format!("{root}/{}", path.to_string_lossy());
    into.extend(dir.files().map(|file| (name(file.path()), file.contents())));
    // Layouts to begin with are the program's, and no partnership's.
    dir.dirs().filter(|inner| inner.path() != Path::new("layouts")).for_each(|inner| collect(inner, root, into));
}

/// `pipelines/partnership.yaml` of a partnership without a council; examples stand in it as comments.
const EMPTY: &str = include_str!("empty.yaml");

/// A partnership of `councils` and nothing else: the contracts of tables, the cost queries, and reference tables with headings only.
/// Paths within the partnership and bytes, in order of the path.
#[must_use]
pub fn empty(councils: &[Identifier]) -> Vec<(String, Cow<'static, [u8]>)> {
    let keep = |(name, bytes): (String, &'static [u8])| {
        let bytes: Cow<'static, [u8]> = match name.split('/').collect::<Vec<_>>().as_slice() {
            ["pipelines", "partnership.yaml"] => Cow::Owned(head(councils).into_bytes()),
            // A schedule is for whoever knows when extracts arrive.
            ["pipelines", "cost", "cost.yaml"] => {
                Cow::Owned(String::from_utf8_lossy(bytes).replace("\nschedule:", "\n# schedule:").into_bytes())
            }
            // What holds of England holds of every partnership.
            ["pipelines", "reference", "bank_holiday.csv"]
            | ["pipelines", "cost", ..]
            | ["schemas", "common" | "reference" | "published", ..]
            | [".gitignore"] => Cow::Borrowed(bytes),
            ["pipelines", "reference", _] => Cow::Owned(bytes.split_inclusive(|byte| *byte == b'\n').next().unwrap_or_default().to_vec()),
            _ => return None,
        };
        Some((name, bytes))
    };
    embedded().into_iter().filter_map(keep).collect()
}

fn head(councils: &[Identifier]) -> String {
    let one = |id: &Identifier| format!("  {id}:\n    name: {id}\n    cost_basis: [{{from: 2014-04-01, basis: ledger}}]\n");
    let said: String = councils.iter().map(one).collect();
    if said.is_empty() { EMPTY.to_owned() } else { EMPTY.replace("\ncouncils: {}\n", &format!("\ncouncils:\n{said}")) }
}

/// Writes the reference partnership into `dir`, with an empty folder `drop/<council>/<feed>/` for each feed.
/// Gives the paths of the files in order. Nothing is written where any of them is already there, but for `.gitignore`, to which is added
/// what it lacks.
pub fn write_partnership(dir: &Path) -> Answer<Vec<PathBuf>> {
    let files: Vec<_> = embedded().into_iter().map(|(name, bytes)| (name, Cow::Borrowed(bytes))).collect();
    write_files(dir, &files)
}

/// Writes [`empty`] into `dir`, with an empty folder `drop/`. Nothing is written where any of its files is already there, but for
/// `.gitignore`, to which is added what it lacks.
///
/// # Errors
/// TC0511, TC0512.
pub fn write_empty(dir: &Path, councils: &[Identifier]) -> Answer<Vec<PathBuf>> {
    let drop = dir.join("drop");
    let written = write_files(dir, &empty(councils))?;
    fs::create_dir_all(&drop).map_err(|error| not_written(&drop, &error))?;
    Ok(written)
}

fn write_files(dir: &Path, files: &[(String, Cow<'static, [u8]>)]) -> Answer<Vec<PathBuf>> {
    // `symlink_metadata`, so that a link that leads nowhere counts as there too.
    let is_there = |name: &&str| fs::symlink_metadata(dir.join(name)).is_ok_and(|found| *name != IGNORED || !found.is_file());
    let there: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).filter(is_there).collect();
    if let Some(first) = there.first() {
        return Err(already_there(dir, first, there.len()).into());
    }
    for folder in drop_folders(files) {
        let path = dir.join(folder);
        fs::create_dir_all(&path).map_err(|error| not_written(&path, &error))?;
    }
    let write = |name: &str, bytes| if name == IGNORED { ignore(&dir.join(name)) } else { write_new(&dir.join(name), bytes) };
    files.iter().map(|(name, bytes)| write(name, bytes)).collect()
}

/// A folder that is under version control already has such a file: what it lacks is added to it.
fn ignore(path: &Path) -> Answer<PathBuf> {
    let said = match fs::read(path) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
        Err(error) => return Err(not_written(path, &error)),
    };
    let lacks = |line: &&str| said.lines().all(|known| known.trim() != line.trim());
    let lines: String = GITIGNORE.split_inclusive('\n').filter(lacks).collect();
    let end = if said.is_empty() || said.ends_with('\n') || lines.is_empty() { "" } else { "\n" };
    let write = || {
        path.parent().map_or(Ok(()), fs::create_dir_all)?;
        File::options().append(true).create(true).open(path)?.write_all(format!("{end}{lines}").as_bytes())
    };
    write().map(|()| path.to_owned()).map_err(|error| not_written(path, &error))
}

fn write_new(path: &Path, bytes: &[u8]) -> Answer<PathBuf> {
    let write = || {
        path.parent().map_or(Ok(()), fs::create_dir_all)?;
        File::create_new(path)?.write_all(bytes)
    };
    write().map(|()| path.to_owned()).map_err(|error| not_written(path, &error))
}

/// `pipelines/<council>/<feed>.yaml` → `drop/<council>/<feed>`.
fn drop_folders(files: &[(String, Cow<'static, [u8]>)]) -> BTreeSet<String> {
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
