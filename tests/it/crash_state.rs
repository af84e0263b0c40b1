//! What must be the same after a crash as without one: what is published, what the lake holds, and the register, but for run numbers,
//! instants and the names that are made of them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use serde_json::Value;
use truecost::schema::digest_of;

use crate::places;

/// By what it is: its content, or the digest of its bytes.
pub type State = BTreeMap<String, String>;

/// What differs between two states, a line each.
pub fn differences(expected: &State, found: &State) -> Vec<String> {
    let keys: BTreeSet<&String> = expected.keys().chain(found.keys()).collect();
    let differs = keys.into_iter().filter(|key| expected.get(*key) != found.get(*key));
    let text = |state: &State, key: &String| state.get(key).cloned().unwrap_or_else(|| "not there".to_owned());
    differs.map(|key| format!("{key}\n   expected {}\n   found    {}", text(expected, key), text(found, key))).collect()
}

/// The state of a partnership's folder.
pub fn state(dir: &Path) -> State {
    let mut state = State::new();
    published(dir, &mut state);
    tables(dir, &mut state);
    register(dir, &mut state);
    bytes(dir, &mut state);
    notices(dir, &mut state);
    left_over(dir, &mut state);
    state
}

fn json(path: &Path) -> Value {
    let bytes = fs::read(path).unwrap_or_default();
    serde_json::from_slice(&bytes).unwrap_or_else(|error| Value::from(error.to_string()))
}

/// Names in a folder.
fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn hash(path: &Path) -> String {
    fs::read(path).map_or_else(|error| error.to_string(), |bytes| digest_of(&bytes).hex())
}

fn published(dir: &Path, state: &mut State) {
    let folder = dir.join("published");
    state.insert("published/latest.json".into(), json(&folder.join("latest.json")).to_string());
    let link = fs::read_link(folder.join("latest")).map_or_else(|error| error.kind().to_string(), |link| link.display().to_string());
    state.insert("published/latest".into(), link);
    let mut latest = Vec::new();
    places::gather(&folder.join("latest/"), "parquet", &mut latest);
    latest.iter().for_each(|part| {
        drop(state.insert(format!("latest: {}", part.strip_prefix(folder.join("latest/")).unwrap().display()), hash(part)));
    });
    for release in names(&folder).into_iter().filter(|name| name.starts_with('r')) {
        let manifest = json(&folder.join(&release).join("_manifest.json"));
        for (part, value) in manifest["content"].as_object().into_iter().flatten() {
            state.insert(format!("{release}: {part}"), value.to_string());
        }
        let mut parts = Vec::new();
        places::gather(&folder.join(&release), "parquet", &mut parts);
        parts.iter().for_each(|part| drop(state.insert(part.strip_prefix(dir).unwrap().display().to_string(), hash(part))));
    }
}

/// The active files of every table, as the entries of its log tell them.
fn tables(dir: &Path, state: &mut State) {
    for table in names(&dir.join("lake")) {
        let log = dir.join("lake").join(&table).join("_delta_log");
        let mut active = BTreeSet::new();
        let entries: Vec<String> = names(&log).into_iter().filter(|name| has_ending(name, "json")).collect();
        for line in entries
            .iter()
            .flat_map(|name| fs::read_to_string(log.join(name)).unwrap_or_default().lines().map(str::to_owned).collect::<Vec<_>>())
        {
            let action: Value = serde_json::from_str(&line).expect("JSON");
            if let Some(path) = action["add"]["path"].as_str() {
                active.insert(path.to_owned());
            }
            if let Some(path) = action["remove"]["path"].as_str() {
                active.remove(path);
            }
        }
        for path in active {
            let file = dir.join("lake").join(&table).join(&path);
            state.insert(format!("lake/{table}/{path}"), hash(&file));
        }
    }
}

/// What tells of a run or of an instant, or is made of it.
const OF_A_RUN: [&str; 9] = ["changed_us", "run", "token", "landed_at", "judged_at", "number", "at", "sha256_of_entry", "turn"];

fn without_runs(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            OF_A_RUN.iter().for_each(|name| drop(fields.shift_remove(*name)));
            fields.values_mut().for_each(without_runs);
        }
        Value::Array(items) => items.iter_mut().for_each(without_runs),
        _ => {}
    }
}

/// Entries, and the order of their turns.
fn register(dir: &Path, state: &mut State) {
    let folder = dir.join("lake/register");
    let mut turns = Vec::new();
    for name in names(&folder).into_iter().filter(|name| has_ending(name, "json")) {
        let mut entry = json(&folder.join(&name));
        let turn = &entry["turn"];
        turns.push((turn["run"].as_u64(), turn["order"].as_u64(), std::cmp::Reverse(turn["below"].as_u64()), name.clone()));
        without_runs(&mut entry);
        for (field, value) in entry.as_object().into_iter().flatten() {
            state.insert(format!("lake/register/{name}: {field}"), value.to_string());
        }
    }
    turns.sort();
    state.insert("turns".into(), turns.into_iter().map(|(.., name)| name).collect::<Vec<_>>().join(" "));
}

/// What somebody is told, but for runs that failed: those of a crash did. How often it was tried is not held against it.
fn notices(dir: &Path, state: &mut State) {
    for name in names(&dir.join("lake/notices")) {
        let mut notice = json(&dir.join("lake/notices").join(&name));
        without_runs(&mut notice);
        if notice["kind"] != "run_failed" {
            let told: Vec<String> =
                notice["told"].as_object().into_iter().flatten().map(|(name, told)| format!("{name} {}", told["state"])).collect();
            state.insert(format!("lake/notices/{name}"), format!("{} {} {} {told:?}", notice["kind"], notice["subject"], notice["open"]));
        }
    }
    for folder in ["lake/period", "lake/supply", "lake/corrections"] {
        for name in names(&dir.join(folder)) {
            let mut event = json(&dir.join(folder).join(&name));
            without_runs(&mut event);
            state.insert(format!("{folder}/{name}"), event.to_string());
        }
    }
}

/// Landed bytes by their names, quarantine, keys and what is written into the partnership itself.
fn bytes(dir: &Path, state: &mut State) {
    for folder in ["landing", "landing/sealed", "keys"] {
        state.insert(folder.into(), names(&dir.join(folder)).into_iter().filter(|name| name != "_staging").collect::<Vec<_>>().join(" "));
    }
    for name in names(&dir.join("lake/quarantine")) {
        state.insert(format!("lake/quarantine/{name}"), hash(&dir.join("lake/quarantine").join(name)));
    }
    // What a person has written stays as it is; what a command writes into it is written whole.
    let mut written = Vec::new();
    for (folder, ending) in [("pipelines", "yaml"), ("pipelines", "sql"), ("pipelines", "csv"), ("pipelines", "part"), ("schemas", "yaml")]
    {
        places::gather(&dir.join(folder), ending, &mut written);
    }
    written.iter().for_each(|path| drop(state.insert(path.strip_prefix(dir).unwrap().display().to_string(), hash(path))));
    state.insert(".gitignore".into(), fs::read_to_string(dir.join(".gitignore")).unwrap_or_default());
}

/// What nobody finished, but for staging folders: what refused deliveries leave there goes with the next run.
fn left_over(dir: &Path, state: &mut State) {
    let mut found: Vec<String> = names(&dir.join("lake/proof"));
    let unfinished =
        |name: &String| name.starts_with(".release-") || has_ending(name, "tmp") || has_ending(name, "new") || name == "decision.json";
    for folder in ["published", "lake", "lake/register", "lake/releases", "lake/runs", "keys"] {
        found.extend(names(&dir.join(folder)).into_iter().filter(unfinished).map(|name| format!("{folder}/{name}")));
    }
    found.extend(names(dir).into_iter().filter(|name| name.starts_with(".truecost")));
    state.insert("unfinished".into(), found.join(" "));
}

fn has_ending(name: &str, ending: &str) -> bool {
    Path::new(name).extension().is_some_and(|is| is == ending)
}
