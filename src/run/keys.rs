//! New keys for a council: made once, for whoever runs truecost alone, and kept out of git.

use std::{
    fs,
    io::Write as _,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::Path,
};

use crate::{
    crash,
    diagnostic::{Answer, Diagnostic, Place, Refusal, codes},
    domain::Key,
    pipeline::Partnership,
};

/// Folder of key files, in the partnership.
const FOLDER: &str = "keys";

/// What was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewKeys {
    pub council: String,
    /// Paths relative to the partnership: of the key for pseudonyms, and of the one that seals.
    pub files: [String; 2],
    /// Their ids, in the same order.
    pub ids: [String; 2],
}

impl NewKeys {
    /// What belongs under `keys:` of `partnership.yaml`.
    #[must_use]
    pub fn entry(&self) -> String {
        entry(&self.council, &self.files)
    }
}

fn entry(council: &str, [pseudonym, sealing]: &[String; 2]) -> String {
    format!("{council}: {{pseudonym: \"${{file:{pseudonym}}}\", sealing: \"${{file:{sealing}}}\"}}")
}

/// Makes both keys of a council.
///
/// # Errors
/// TC0102 where there is no such council; TC0117 where it has keys, or a file of that name is there; TC0108 where they cannot be written.
pub fn new_keys(partnership: &Partnership, council: &str) -> Answer<NewKeys> {
    if !partnership.councils.iter().any(|known| *known.id == *council) {
        let names: Vec<&str> = partnership.councils.iter().map(|known| &*known.id).collect();
        return Err(Diagnostic::new(codes::command::NOTHING_SELECTED, format!("there is no council `{}`", council.escape_debug()))
            .expected(format!("one of {}", names.join(", ")))
            .outcome("nothing was written")
            .hint("truecost key new COUNCIL")
            .into());
    }
    let files = ["pseudonym", "sealing"].map(|name| format!("{FOLDER}/{council}.{name}"));
    let is_there = |file: &String| fs::symlink_metadata(partnership.root.join(file)).is_ok();
    let there = files.iter().find(|file| is_there(file));
    // Where a command died between the two, the second still waits under its staging name: it is finished.
    let waits = files.iter().any(|file| is_there(&staged(file)));
    let interrupted = waits && files.iter().all(|file| is_there(file) != is_there(&staged(file)));
    if partnership.keys.contains_key(council) || (there.is_some() && !interrupted) {
        return Err(already(council, there, &files));
    }
    let folder = partnership.root.join(FOLDER);
    fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(|error| unwritten(&folder, &error))?;
    ignore(&partnership.root)?;
    if there.is_none() {
        files.iter().try_for_each(|file| write_new(&partnership.root.join(staged(file))))?;
        crash::point("key.written")?;
    }
    for file in files.iter().filter(|file| is_there(&staged(file))) {
        let path = partnership.root.join(file);
        fs::rename(partnership.root.join(staged(file)), &path).map_err(|error| unwritten(&path, &error))?;
        crash::point("key.renamed")?;
    }
    fs::File::open(&folder).and_then(|folder| folder.sync_all()).map_err(|error| unwritten(&folder, &error))?;
    let [pseudonym, sealing] = &files;
    let ids = [id_of(&partnership.root.join(pseudonym))?, id_of(&partnership.root.join(sealing))?];
    Ok(NewKeys { council: council.to_owned(), files, ids })
}

/// Makes both keys of every council that has feeds of personal data, and writes them into `pipelines/partnership.yaml`; for a partnership
/// that names no keys at all, else nothing is made.
///
/// # Errors
/// As [`new_keys`]; TC0108 where the file cannot be written.
pub fn give_keys(partnership: &Partnership) -> Answer<Vec<NewKeys>> {
    let has_persons = |council: &str| partnership.feeds.iter().any(|feed| *feed.council == *council && feed.personal.is_some());
    let councils: Vec<&str> = partnership.councils.iter().map(|council| &*council.id).filter(|id| has_persons(id)).collect();
    if councils.is_empty() || !partnership.keys.is_empty() {
        return Ok(Vec::new());
    }
    let made = councils.into_iter().map(|council| new_keys(partnership, council)).collect::<Answer<Vec<_>>>()?;
    let entries: String = made.iter().map(|keys| format!("  {}\n", keys.entry())).collect();
    let path = partnership.root.join("pipelines/partnership.yaml");
    let add = |mut file: fs::File| {
        file.write_all(format!("\n# Made by `truecost demo`: keep a copy of the folder.\nkeys:\n{entries}").as_bytes())
    };
    fs::OpenOptions::new().append(true).open(&path).and_then(add).map_err(|error| unwritten(&path, &error))?;
    Ok(made)
}

fn already(council: &str, there: Option<&String>, files: &[String; 2]) -> Refusal {
    let named = format!(
        "if the keys that are there are the council's, write under `keys` in pipelines/partnership.yaml: {}",
        entry(council, files)
    );
    let (seen, place, hint) = match there {
        Some(file) => (format!("{council} has a key already: {file}"), file.clone(), named),
        None => (
            format!("{council} has keys already: `keys` names them"),
            "pipelines/partnership.yaml".to_owned(),
            "truecost explain code TC0117".to_owned(),
        ),
    };
    Diagnostic::new(codes::command::KEYS_THERE, seen)
        .place(Place::file(place))
        .expected("a council without keys: they are never written over")
        .outcome("nothing was written")
        .hint(hint)
        .into()
}

/// The name of a key file until both are written.
fn staged(file: &str) -> String {
    format!("{file}.new")
}

/// Makes a key in a file of its own, readable for whoever runs truecost alone; one that a killed command left is no key yet.
fn write_new(path: &Path) -> Answer<()> {
    let mut bytes = [0; 32];
    getrandom::getrandom(&mut bytes).map_err(|error| unwritten(path, &error))?;
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(unwritten(path, &error)),
        _ => {}
    }
    let file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let write = |mut file: fs::File| file.write_all(format!("{}\n", Key::new(bytes).hex()).as_bytes()).and_then(|()| file.sync_all());
    file.and_then(write).map_err(|error| unwritten(path, &error))
}

/// The id of the key in a file.
fn id_of(path: &Path) -> Answer<String> {
    let text = fs::read_to_string(path).map_err(|error| unwritten(path, &error))?;
    let key = Key::parse(text.trim()).ok_or_else(|| unwritten(path, &"what was written is no key"))?;
    Ok(key.id())
}

/// Adds the folder to `.gitignore`, unless it stands there.
fn ignore(root: &Path) -> Answer<()> {
    let path = root.join(".gitignore");
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(unwritten(&path, &error)),
    };
    let line = format!("/{FOLDER}/");
    if text.lines().any(|known| known.trim() == line) {
        return Ok(());
    }
    let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    let add = |mut file: fs::File| file.write_all(format!("{end}{line}\n").as_bytes());
    fs::OpenOptions::new().append(true).create(true).open(&path).and_then(add).map_err(|error| unwritten(&path, &error))
}

fn unwritten(path: &Path, error: &dyn std::fmt::Display) -> Refusal {
    Diagnostic::new(codes::command::MACHINE, format!("{} cannot be written: {error}", path.display()))
        .place(Place::file(path.display().to_string()))
        .expected("a folder of the partnership that can be written, and a source of randomness")
        .outcome("what was written before this stays; no key was written over")
        .hint("give truecost the right to write there, then type the same command again")
        .into()
}
