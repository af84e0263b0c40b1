//! What a crash has left, told by a digest: a command that starts from the same folder does the same. Two crashes of a step that left the
//! same behind need one recovery, which is then compared once.
//!
//! Left out is what differs between two runs that do the same: how long it took, the instant to the microsecond, the folder's own name, the
//! name of the crash point, and what cipher and table log make of them. What is not left out and differs costs a recovery, no more.

use std::{collections::BTreeMap, fs, path::Path};

use serde_json::Value;
use truecost::schema::digest_of;

/// What differs though the same was done.
const OF_AN_INSTANT: [&str; 9] =
    ["timestamp", "createdTime", "modificationTime", "lastUpdated", "took_us", "peak_bytes", "token", "changed_us", "begun_us"];

/// The digest of a folder in which the command died at `point`.
pub fn left(dir: &Path, point: &str) -> String {
    let mut files = Vec::new();
    gather(dir, "", &mut files);
    let alike = Alike { dir: dir.display().to_string(), point: point.to_owned() };
    let known = entries(&files, &alike);
    let told = files.iter().map(|file| told(file, &alike, &known));
    digest_of(told.collect::<Vec<_>>().join("\n").as_bytes()).hex()
}

struct File {
    name: String,
    bytes: Vec<u8>,
    link: bool,
}

struct Alike {
    dir: String,
    point: String,
}

impl Alike {
    fn text(&self, text: &str) -> String {
        text.replace(&self.dir, "{dir}").replace(&self.point, "{point}")
    }

    /// A document without what differs, its fields in order.
    fn value(&self, value: Value, known: &BTreeMap<String, String>) -> Value {
        match value {
            Value::Object(fields) => {
                let mut fields: Vec<(String, Value)> =
                    fields.into_iter().filter(|(name, _)| !OF_AN_INSTANT.contains(&name.as_str())).collect();
                fields.sort_by(|a, b| a.0.cmp(&b.0));
                fields
                    .into_iter()
                    .filter(|(name, value)| name != "run" || !value.is_string())
                    .map(|(name, v)| (name, self.value(v, known)))
                    .collect()
            }
            Value::Array(items) => items.into_iter().map(|item| self.value(item, known)).collect(),
            Value::String(text) => known.get(&text).cloned().unwrap_or_else(|| self.text(&text)).into(),
            other => other,
        }
    }

    fn lines(&self, bytes: &[u8], known: &BTreeMap<String, String>) -> Option<String> {
        let mut said = Vec::new();
        for value in serde_json::Deserializer::from_slice(bytes).into_iter::<Value>() {
            said.push(self.value(value.ok()?, known).to_string());
        }
        Some(said.join("\n"))
    }
}

/// The entries of table logs by their digests, each with the digest of what it says.
fn entries(files: &[File], alike: &Alike) -> BTreeMap<String, String> {
    let of_a_log = files.iter().filter(|file| file.name.contains("/_delta_log/") || file.name.contains("/_log_copies/"));
    let told = of_a_log
        .filter_map(|file| Some((digest_of(&file.bytes).hex(), digest_of(alike.lines(&file.bytes, &BTreeMap::new())?.as_bytes()).hex())));
    told.collect()
}

fn told(file: &File, alike: &Alike, known: &BTreeMap<String, String>) -> String {
    let mut name = file.name.clone();
    if name.contains("/_log_copies/") {
        known.iter().for_each(|(digest, says)| name = name.replace(digest, says));
    }
    let secret = name.contains("/sealed/") || name.contains("/keys/") || name.contains("/landing/_staging/") || name.ends_with("/.lock");
    let says = match alike.lines(&file.bytes, known) {
        _ if secret => file.bytes.len().to_string(),
        Some(says) if !says.is_empty() => says,
        _ => digest_of(&file.bytes).hex(),
    };
    format!("{name} {} {says}", file.link)
}

fn gather(folder: &Path, under: &str, found: &mut Vec<File>) {
    let mut entries: Vec<_> = fs::read_dir(folder).into_iter().flatten().flatten().collect();
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let (path, name) = (entry.path(), format!("{under}/{}", entry.file_name().to_string_lossy()));
        let kind = entry.file_type().expect("its kind");
        if kind.is_symlink() {
            let to = fs::read_link(&path).expect("a link").display().to_string();
            found.push(File { name, bytes: to.into_bytes(), link: true });
        } else if kind.is_dir() {
            found.push(File { name: format!("{name}/"), bytes: Vec::new(), link: false });
            gather(&path, &name, found);
        } else {
            found.push(File { name, bytes: fs::read(&path).expect("read"), link: false });
        }
    }
}
