//! Releases: what made them, what changed between them, as they were, and what goes with time.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use crate::{places, transcript::settled_time};

/// A partnership of one council in a folder of its own.
pub struct Place {
    folder: tempfile::TempDir,
}

/// What a command said.
pub struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Said {
    pub fn must(self, code: i32) -> String {
        assert_eq!(self.code, code, "{}\n{}", self.out, self.err);
        self.out
    }
}

impl Place {
    /// `tests/fixtures/ashvale`, with the tables and queries of the repository.
    pub fn new() -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap() };
        for shared in ["pipelines/cost", "schemas/common", "schemas/reference", "schemas/published"] {
            places::copy(&places::root().join(shared), &place.at(shared));
        }
        places::copy(&places::root().join("tests/fixtures/ashvale"), place.path());
        place
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn at(&self, path: &str) -> PathBuf {
        self.path().join(path)
    }

    /// A file of the ledger for a month, of these lines: cost centre, account, pounds. They balance.
    pub fn ledger(&self, month: u8, lines: &[(&str, &str, &str)]) {
        let mut text = "Ref;Seq;Posted;Centre;Nature;Value;Text\n".to_owned();
        for (at, (centre, account, pounds)) in lines.iter().enumerate() {
            text += &format!("A{month:02};{at};03/{month:02}/2018;{centre};{account};{pounds};a line\n");
        }
        text += "TOTAL;;;;;0.00;\n";
        self.write(&format!("drop/ashvale/general_ledger/ashvale_2018_{month:02}.csv"), &text);
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.at(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::OpenOptions::new().write(true).open(path).unwrap().set_modified(settled_time()).unwrap();
    }

    pub fn replace(&self, path: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.at(path)).unwrap();
        assert_eq!(text.matches(from).count(), 1, "{from} in {path}");
        self.write(path, &text.replace(from, to));
    }

    pub fn run(&self, words: &[&str]) -> Said {
        let mut command = Command::new(env!("CARGO_BIN_EXE_truecost"));
        command.args(words).current_dir(self.path()).env("NO_COLOR", "1");
        let output = command.output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Said { code: output.status.code().unwrap_or(-1), out: text(&output.stdout), err: text(&output.stderr) }
    }

    pub fn json(&self, words: &[&str]) -> Value {
        let said = self.run(&[words, &["--json"]].concat()).must(0);
        let answer: Value = serde_json::from_str(&said).unwrap();
        answer["answer"].clone()
    }

    fn manifest(&self, release: &str) -> Value {
        serde_json::from_slice(&fs::read(self.at(&format!("published/{release}/_manifest.json"))).unwrap()).unwrap()
    }
}

const APRIL: &[(&str, &str, &str)] = &[("A100", "4100", "100.00"), ("A900", "9000", "-100.00")];

/// Two releases: of April, then with a changed rule.
fn two_releases() -> Place {
    let place = Place::new();
    place.ledger(4, APRIL);
    place.run(&["run"]).must(0);
    place.replace("pipelines/reference/ownership_rule.csv", "retained", "shared");
    place.run(&["run"]).must(0);
    place
}

#[test]
fn a_release_names_what_made_it_file_by_file_and_keeps_the_files_once() {
    let place = two_releases();
    let (first, second) = (place.manifest("r0001"), place.manifest("r0002"));
    let changed: Vec<&String> = first["made_from"]["files"]
        .as_object()
        .unwrap()
        .iter()
        .filter(|(name, digest)| second["made_from"]["files"][name.as_str()] != **digest)
        .map(|(name, _)| name)
        .collect();
    assert_eq!(changed, ["pipelines/reference/ownership_rule.csv"]);
    assert_eq!(fs::read_dir(place.at("published/rules")).unwrap().count(), 2);
    // A change of data keeps the archive.
    place.ledger(5, APRIL);
    place.run(&["run"]).must(0);
    assert_eq!(place.manifest("r0003")["made_from"]["archive"], second["made_from"]["archive"]);
    assert_eq!(fs::read_dir(place.at("published/rules")).unwrap().count(), 2);
    place.run(&["release", "verify", "--all"]).must(0);
}

#[test]
fn a_release_is_listed_and_shown() {
    let place = two_releases();
    let list = place.json(&["release", "list"]);
    let names: Vec<(&str, bool, &str)> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|r| (r["release"].as_str().unwrap(), r["latest"].as_bool().unwrap(), r["run"].as_str().unwrap()))
        .collect();
    assert_eq!(names, [("r0001", false, "1"), ("r0002", true, "2")]);
    let show = place.json(&["release", "show", "r0001"]);
    let lines = show["tables"].as_array().unwrap().iter().find(|table| table["table"] == "cost_line").unwrap();
    assert_eq!((lines["rows"].as_u64(), lines["amount"].as_str()), (Some(2), Some("0.00")));
    assert_eq!(show["periods"][0]["period"], "2018/P01");
    assert_eq!(show["deliveries"][0]["file"], "ashvale_2018_04.csv");
    let text = place.run(&["release", "show", "r0001"]).must(0);
    assert!(text.starts_with("release r0001, published ") && text.contains("by run 1, truecost "), "{text}");
    assert!(text.contains("reference tables: "), "{text}");
}

/// The configuration that comes out is the one that was there: the program makes the same release of it.
#[test]
fn the_configuration_that_made_a_release_comes_out_whole() {
    let place = two_releases();
    let old = place.at("old");
    let said = place.run(&["release", "show", "r0001", "--rules", "old"]).must(0);
    assert!(said.starts_with("wrote the configuration that made r0001 to old: "), "{said}");
    let rule = fs::read_to_string(old.join("pipelines/reference/ownership_rule.csv")).unwrap();
    assert!(rule.contains("retained"));
    places::copy(&place.at("drop"), &old.join("drop"));
    let drop = old.join("drop/ashvale/general_ledger/ashvale_2018_04.csv");
    fs::OpenOptions::new().write(true).open(drop).unwrap().set_modified(settled_time()).unwrap();
    place.run(&["-C", "old", "run"]).must(0);
    let again: Value = serde_json::from_slice(&fs::read(old.join("published/r0001/_manifest.json")).unwrap()).unwrap();
    assert_eq!(again["content"], place.manifest("r0001")["content"]);
    assert_eq!(again["made_from"], place.manifest("r0001")["made_from"]);
    // Never over files that are there.
    let refused = place.run(&["release", "show", "r0002", "--rules", "old"]);
    assert!(refused.err.contains("TC0511"), "{}", refused.err);
    refused.must(2);
}

#[test]
fn a_damaged_archive_of_rules_is_told_by_name() {
    let place = two_releases();
    let archive = place.manifest("r0001")["made_from"]["archive"].as_str().unwrap().to_owned();
    fs::write(place.at(&format!("published/rules/{archive}.tar.zst")), "x").unwrap();
    let said = place.run(&["release", "verify", "--all"]);
    assert!(said.out.contains(&archive) && said.err.contains("release r0001"), "{}{}", said.out, said.err);
    said.must(1);
    place.run(&["release", "show", "r0001", "--rules", "old"]).must(1);
}

/// Releases of a version before have no digests of their own kinds, and open all the same.
#[test]
fn a_manifest_of_the_version_before_opens() {
    let place = two_releases();
    for name in ["r0001", "r0002"] {
        let mut manifest = place.manifest(name);
        manifest.as_object_mut().unwrap().remove("made_from");
        fs::write(place.at(&format!("published/{name}/_manifest.json")), serde_json::to_vec_pretty(&manifest).unwrap()).unwrap();
    }
    fs::remove_dir_all(place.at("lake/releases")).unwrap();
    let text = place.run(&["release", "show", "r0001"]).must(0);
    assert!(text.contains("made by a version of truecost that kept no rules with its releases"), "{text}");
    place.run(&["release", "show", "r0001", "--rules", "old"]).must(2);
    place.run(&["release", "verify", "--all"]).must(0);
    assert!(place.run(&["run"]).must(0).contains("r0002 answers"));
    place.run(&["query", "SELECT SUM(amount) FROM cost_line"]).must(0);
}
