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
        Self::of("ashvale")
    }

    /// The same of another of `tests/fixtures`.
    pub fn of(fixture: &str) -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap() };
        for shared in ["pipelines/cost", "schemas/common", "schemas/reference", "schemas/published"] {
            places::copy(&places::root().join(shared), &place.at(shared));
        }
        places::copy(&places::root().join("tests/fixtures").join(fixture), place.path());
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
        self.run_with(words, &[])
    }

    pub fn run_with(&self, words: &[&str], set: &[(&str, &str)]) -> Said {
        let mut command = Command::new(env!("CARGO_BIN_EXE_truecost"));
        command.args(words).current_dir(self.path()).env("NO_COLOR", "1").envs(set.iter().copied());
        let output = command.output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Said { code: output.status.code().unwrap_or(-1), out: text(&output.stdout), err: text(&output.stderr) }
    }

    pub fn json(&self, words: &[&str]) -> Value {
        let said = self.run(&[words, &["--json"]].concat()).must(0);
        let answer: Value = serde_json::from_str(&said).unwrap();
        answer["answer"].clone()
    }

    pub fn manifest(&self, release: &str) -> Value {
        serde_json::from_slice(&fs::read(self.at(&format!("published/{release}/_manifest.json"))).unwrap()).unwrap()
    }
}

pub const APRIL: &[(&str, &str, &str)] = &[("A100", "4100", "100.00"), ("A900", "9000", "-100.00")];

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
    // Items and their total, stage after stage: their sum would be no pounds of anything.
    let amount = |table: &str| show["tables"].as_array().unwrap().iter().find(|of| of["table"] == table).unwrap()["amount"].clone();
    assert_eq!((amount("separation"), amount("cost_bridge"), amount("reconciliation")), ("100.00".into(), Value::Null, Value::Null));
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

fn cells(diff: &Value) -> Vec<(String, String, String, String)> {
    let table = diff["tables"].as_array().unwrap().iter().find(|table| table["table"] == "separation").unwrap();
    let text = |cell: &Value, name: &str| cell[name].as_str().unwrap().to_owned();
    table["changed"]
        .as_array()
        .unwrap()
        .iter()
        .map(|cell| (text(cell, "ownership"), text(cell, "delivery_period"), text(cell, "difference"), cell["causes"].to_string()))
        .collect()
}

/// A line more in May: one cell differs, by that line, because of data, and April is the same.
#[test]
fn a_line_more_is_a_difference_of_data_in_its_own_period() {
    let place = Place::new();
    place.ledger(4, APRIL);
    place.ledger(5, APRIL);
    place.run(&["run"]).must(0);
    place.ledger(5, &[("A100", "4100", "100.00"), ("A100", "4100", "7.30"), ("A900", "9000", "-107.30")]);
    place.run(&["run"]).must(0);
    let diff = place.json(&["release", "diff", "r0001", "r0002", "--lines"]);
    assert_eq!(diff["causes"].to_string(), r#"["data"]"#);
    assert_eq!(cells(&diff), [("shared".into(), "2".into(), "7.30".into(), r#"["data"]"#.into())]);
    // Other tables are looked at where these say nothing: null is not the same as none.
    assert!(diff["others"].is_null(), "{}", diff["others"]);
    assert_eq!(place.json(&["release", "diff", "r0002", "r0002"])["others"], serde_json::json!([]));
    let lines: Vec<(&str, &str)> =
        diff["lines"].as_array().unwrap().iter().map(|line| (line["side"].as_str().unwrap(), line["amount"].as_str().unwrap())).collect();
    assert_eq!(lines, [("new", "7.30")]);
    // Backwards it is the same with the other sign; against itself nothing.
    assert_eq!(cells(&place.json(&["release", "diff", "r0002", "r0001", "--lines"]))[0].2, "-7.30");
    let same = place.run(&["release", "diff", "r0002", "r0002", "--lines"]).must(0);
    assert!(same.contains("what differs between them: nothing") && same.contains("separation: the same"), "{same}");
    let text = place.run(&["release", "diff", "r0001", "r0002", "--lines"]).must(0);
    assert!(text.contains("lines of cost: 0 lines only in r0001, 1 line only in r0002"), "{text}");
}

/// The same file brought again under other rows: provenance alone is no difference.
#[test]
fn lines_that_came_in_another_order_are_no_difference() {
    let place = Place::new();
    place.ledger(4, &[("A100", "4100", "100.00"), ("A200", "4100", "3.00"), ("A900", "9000", "-103.00")]);
    place.run(&["run"]).must(0);
    let (before, header) = (place.at("drop/ashvale/general_ledger/ashvale_2018_04.csv"), "Ref;Seq");
    let text = fs::read_to_string(&before).unwrap();
    assert!(text.starts_with(header));
    let mut lines: Vec<&str> = text.lines().collect();
    lines.swap(1, 2);
    place.write("drop/ashvale/general_ledger/ashvale_2018_04.csv", &(lines.join("\n") + "\n"));
    place.run(&["run"]).must(0);
    let diff = place.json(&["release", "diff", "r0001", "r0002", "--lines"]);
    assert_eq!((diff["causes"].to_string(), cells(&diff).len()), (r#"["data"]"#.into(), 0));
    assert_eq!(diff["lines"], serde_json::json!([]));
}

/// A rule that moves a pound from one owner to another: two cells, two lines, the total the same.
#[test]
fn a_changed_rule_is_a_difference_of_rule() {
    let place = Place::new();
    place.ledger(4, &[("A100", "4100", "100.00"), ("A200", "4100", "3.00"), ("A900", "9000", "-103.00")]);
    place.run(&["run"]).must(0);
    place.replace("pipelines/reference/ownership_rule.csv", "retained", "managed");
    place.run(&["run"]).must(0);
    let diff = place.json(&["release", "diff", "r0001", "r0002", "--lines"]);
    assert_eq!(diff["causes"].to_string(), r#"["rule"]"#);
    let differences: Vec<(String, String)> = cells(&diff).into_iter().map(|cell| (cell.0, cell.2)).collect();
    assert_eq!(differences, [("managed".into(), "3.00".into()), ("retained".into(), "-3.00".into())]);
    let separation = &diff["tables"][0];
    assert_eq!((&separation["old"], &separation["new"]), (&serde_json::json!("103.00"), &serde_json::json!("103.00")));
    assert_eq!(diff["lines"].as_array().unwrap().len(), 2);
}

/// A separation that is not that of its lines is no answer: the manifest of the second release is made to name the first one's cells.
#[test]
fn cells_that_are_not_those_of_their_lines_are_refused() {
    let place = Place::new();
    place.ledger(4, APRIL);
    place.run(&["run"]).must(0);
    place.ledger(4, &[("A100", "4100", "99.99"), ("A900", "9000", "-99.99")]);
    place.run(&["run"]).must(0);
    let mut second = place.manifest("r0002");
    second["content"]["tables"]["separation"] = place.manifest("r0001")["content"]["tables"]["separation"].clone();
    fs::write(place.at("published/r0002/_manifest.json"), serde_json::to_vec_pretty(&second).unwrap()).unwrap();
    fs::remove_dir_all(place.at("lake/releases")).unwrap();
    let said = place.run(&["release", "diff", "r0001", "r0002", "--lines"]);
    assert!(said.err.contains("TC1421") && said.err.contains("the cell differs by £0.00, the lines behind it by -£0.01"), "{}", said.err);
    said.must(3);
}

/// Each release answers for itself, by its name and by the day on which it was the latest.
#[test]
fn earlier_releases_answer_as_they_were() {
    let place = Place::new();
    place.ledger(4, APRIL);
    place.run(&["run"]).must(0);
    place.ledger(4, &[("A100", "4100", "250.00"), ("A900", "9000", "-250.00")]);
    place.run(&["run"]).must(0);
    let sql = "SELECT SUM(amount) AS pounds FROM separation";
    let of = |words: &[&str]| place.run(&[&["query", "--format", "csv", sql], words].concat());
    assert_eq!(of(&["--release", "r0001"]).must(0), "pounds\n100.00\n");
    assert_eq!(of(&["--release", "r0002"]).must(0), "pounds\n250.00\n");
    assert_eq!(of(&[]).must(0), "pounds\n250.00\n");
    // As if the first had been published in the summer of 2018, an hour before midnight in London.
    let mut first = place.manifest("r0001");
    first["run"]["published_at"] = serde_json::json!("2018-07-13T22:30:00Z");
    fs::write(place.at("published/r0001/_manifest.json"), serde_json::to_vec_pretty(&first).unwrap()).unwrap();
    fs::remove_dir_all(place.at("lake/releases")).unwrap();
    assert_eq!(of(&["--as-of", "2018-07-13"]).must(0), "pounds\n100.00\n");
    assert_eq!(of(&["--as-of", "2020-01-01"]).must(0), "pounds\n100.00\n");
    assert_eq!(of(&["--as-of", "9000-01-01"]).must(0), "pounds\n250.00\n");
    let before = of(&["--as-of", "2018-07-12"]);
    assert!(before.err.contains("nothing had been published by 2018-07-12") && before.err.contains("r0001 is the first"), "{}", before.err);
    before.must(2);
    of(&["--as-of", "July"]).must(2);
    of(&["--release", "r0009"]).must(2);
    let lake = place.run(&["query", "SELECT COUNT(*) FROM lake.ledger_line", "--release", "r0001"]);
    assert!(lake.err.contains("only published tables"), "{}", lake.err);
}

/// A closed period stays as the rules of then made it: the release that lets it go differs from the one before by the rules, though both
/// were made by the same.
#[test]
fn a_cause_is_by_what_the_period_was_made_and_not_the_release() {
    let place = Place::new();
    place.ledger(4, APRIL);
    place.ledger(5, APRIL);
    place.run(&["run"]).must(0);
    let said = ["--by", "A. Clerk", "--reason", "agreed"];
    place.run(&[&["period", "close", "2018/P01"], &said[..]].concat()).must(0);
    place.replace("pipelines/reference/ownership_rule.csv", "shared,payroll", "retained,none");
    place.run(&["run"]).must(0);
    let causes = |old: &str, new: &str| -> Vec<(i64, String)> {
        let said = place.json(&["release", "diff", old, new]);
        let cells = said["tables"][0]["changed"].as_array().unwrap().iter();
        cells.map(|cell| (cell["delivery_period"].as_str().unwrap().parse().unwrap(), cell["causes"].to_string())).collect()
    };
    let rule = |period: i64| vec![(period, "[\"rule\"]".to_owned()), (period, "[\"rule\"]".to_owned())];
    assert_eq!(causes("r0001", "r0002"), rule(2), "what is closed stays");
    assert_eq!(place.manifest("r0002")["made_from"]["taken_over"].as_object().unwrap().keys().collect::<Vec<_>>(), ["2018/P01"]);
    let shown = place.run(&["release", "show", "r0002"]).must(0);
    assert!(
        shown.contains("  of 2018/P01 as other rules, contracts, members or another program made them: closed then, or kept"),
        "{shown}"
    );
    place.run(&[&["period", "reopen", "2018/P01"], &said[..]].concat()).must(0);
    place.run(&["run"]).must(0);
    assert_eq!(causes("r0002", "r0003"), rule(1));
    assert!(place.json(&["release", "diff", "r0002", "r0003"])["causes"].to_string().contains("rule"));
    assert!(place.manifest("r0003")["made_from"]["taken_over"].is_null());
}
