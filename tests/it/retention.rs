//! What goes with time: a lake with many releases, cleaned up, whole afterwards, also where the clean-up was killed.

use std::{collections::BTreeMap, fs, path::Path, process::Command, sync::Arc};

use arrow::{
    array::UInt64Array,
    datatypes::{DataType, Field, Schema},
    record_batch::RecordBatch,
};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use truecost::{
    domain::{Day, Digest, Location},
    lake::{Lake, PublishedPart},
    run::clock::{Clock as _, SystemClock},
};

use crate::{
    places,
    releases::{APRIL, Place},
};

fn today() -> Day {
    SystemClock.now().day().unwrap()
}

fn lake(place: &Place) -> Lake {
    let folder = |name: &str| Location::Folder(place.at(name));
    Lake::at(&folder("landing"), &folder("lake"), &folder("published")).unwrap()
}

/// A part of a table that nobody else has.
fn part_of_its_own(place: &Place, number: u64) -> PublishedPart {
    let schema = Arc::new(Schema::new(vec![Field::new("number", DataType::UInt64, false)]));
    let rows = RecordBatch::try_new(Arc::clone(&schema), vec![Arc::new(UInt64Array::from(vec![number]))]).unwrap();
    let bytes = truecost::report::parquet(&schema, &[rows]).unwrap();
    let sha256 = Digest(Sha256::digest(&bytes).into()).hex();
    let path = format!("parts/extra/{sha256}.parquet");
    fs::create_dir_all(place.at("published/parts/extra")).unwrap();
    fs::write(place.at("published").join(&path), &bytes).unwrap();
    PublishedPart { key: String::new(), inputs: number.to_string(), path, sha256, rows: 1, bytes: bytes.len() as u64, facts: json!(null) }
}

/// A lake with so many releases, the last of today, one a day: the first made by a run, the others like it, each with a part of its own.
fn with_releases(many: u64) -> Place {
    let place = Place::new();
    place.ledger(4, APRIL);
    place.run(&["run"]).must(0);
    let published_at = |number: u64| format!("{}T05:00:00Z", today().plus_days(-i32::try_from(many - number).unwrap()));
    let mut first = place.manifest("r0001");
    first["run"]["published_at"] = json!(published_at(1));
    fs::write(place.at("published/r0001/_manifest.json"), serde_json::to_vec_pretty(&first).unwrap()).unwrap();
    fs::remove_dir_all(place.at("lake/releases")).unwrap();
    let lake = lake(&place);
    let first = lake.releases().latest().unwrap().unwrap();
    for number in 2..=many {
        let mut content = first.content.clone();
        content.proofs.insert("inputs".into(), json!(number));
        content.tables.insert("extra".into(), vec![part_of_its_own(&place, number)]);
        let run = json!({"run": "test", "number": number, "published_at": published_at(number)});
        lake.releases().publish(content, first.made_from.clone(), run).unwrap();
    }
    place
}

fn keep(place: &Place, retention: &str) {
    place.replace("pipelines/partnership.yaml", "retention: {landing: 7y, releases: 7y}", &format!("retention: {retention}"));
}

/// Every file below `lake`, `landing` and `published` but what tells of runs and removals, with its bytes.
fn files(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = Vec::new();
    for folder in ["lake", "landing", "published"] {
        for ending in ["parquet", "json", "zst", "csv"] {
            places::gather(&root.join(folder), ending, &mut found);
        }
    }
    let name = |path: &Path| path.strip_prefix(root).unwrap().display().to_string();
    found
        .iter()
        .map(|path| (name(path), fs::read(path).unwrap()))
        .filter(|(name, _)| !name.starts_with("lake/removed") && !name.starts_with("published/latest/"))
        .collect()
}

/// The whole folder, with its links: releases share the files of parts, and so does the copy.
fn copy(from: &Path, to: &Path) {
    let done = Command::new("cp").arg("-a").arg(from.join(".")).arg(to).status().unwrap();
    assert!(done.success());
}

#[test]
fn a_lake_of_500_releases_keeps_a_month_of_them_whole() {
    let place = with_releases(500);
    keep(&place, "{landing: 7y, releases: 1m}");
    let month = u64::try_from(today().0 - today().minus_months(1).0).unwrap() + 1;
    let would = place.json(&["vacuum", "--dry-run"]);
    assert_eq!(would["kinds"][0], json!({"kind": "release", "gone": 500 - month, "gone_bytes": 0, "kept": month, "kept_bytes": 0}));
    assert_eq!(place.json(&["release", "list"]).as_array().unwrap().len(), 500);
    let said = place.run(&["vacuum"]).must(0);
    let oldest = format!("r{:04}", 500 - month + 1);
    assert!(said.contains(&format!("the oldest release that is kept: {oldest} of ")), "{said}");
    let names: Vec<String> = place
        .json(&["release", "list"])
        .as_array()
        .unwrap()
        .iter()
        .map(|release| release["release"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!((names.len() as u64, names.first().unwrap(), names.last().unwrap().as_str()), (month, &oldest, "r0500"));
    assert_eq!(fs::read_dir(place.at("published/parts/extra")).unwrap().count() as u64, month);
    place.run(&["release", "verify", "--all"]).must(0);
    let before = files(place.path());
    assert!(place.run(&["vacuum"]).must(0).starts_with("nothing to remove"), "a second one");
    assert!(files(place.path()) == before);
    assert_eq!(fs::read_dir(place.at("lake/removed")).unwrap().count(), 1);
}

#[test]
fn a_removed_release_is_told_with_when_and_why() {
    let place = with_releases(40);
    keep(&place, "{landing: 7y, releases: 1m}");
    place.run(&["vacuum"]).must(0);
    for words in [["query", "SELECT 1", "--release", "r0001"], ["query", "SELECT 1", "--as-of", &today().plus_days(-39).to_string()]] {
        let said = place.run(&words);
        assert!(said.err.contains("TC1422") && said.err.contains("release r0001 was removed on "), "{}", said.err);
        assert!(said.err.contains("older than `retention.releases` (1m)") && said.err.contains("to r0040"), "{}", said.err);
        said.must(2);
    }
    let sum = place.run(&["query", "--format", "csv", "SELECT SUM(amount) AS pounds FROM separation", "--as-of", &today().to_string()]);
    assert_eq!(sum.must(0), "pounds\n100.00\n");
}

/// Killed at one removal after another: nothing that is kept is lost, and the next clean-up ends where an undisturbed one does.
#[test]
fn a_clean_up_that_is_killed_loses_nothing_that_is_kept() {
    let place = with_releases(36);
    keep(&place, "{landing: 7y, releases: 1m}");
    let undisturbed = tempfile::tempdir().unwrap();
    copy(place.path(), undisturbed.path());
    let at =
        |folder: &Path, words: &[&str], set: &[(&str, &str)]| place.run_with(&[&["-C", folder.to_str().unwrap()], words].concat(), set);
    at(undisturbed.path(), &["vacuum"], &[]).must(0);
    let whole = files(undisturbed.path());
    let things = place.json(&["vacuum", "--dry-run"])["gone"].as_array().unwrap().len();
    assert!(things >= 6, "{things}");
    for kill in ["vacuum.written:1:abort".to_owned()].into_iter().chain((1..=things).map(|n| format!("vacuum.removing:{n}:abort"))) {
        let folder = tempfile::tempdir().unwrap();
        copy(place.path(), folder.path());
        let died = at(folder.path(), &["vacuum"], &[("TRUECOST_CRASH", &kill)]);
        assert_ne!(died.code, 0, "{kill}");
        at(folder.path(), &["release", "verify", "--all"], &[]).must(0);
        at(folder.path(), &["vacuum"], &[]).must(0);
        let now = files(folder.path());
        let differ: Vec<&String> = whole.keys().chain(now.keys()).filter(|name| whole.get(*name) != now.get(*name)).collect();
        assert!(differ.is_empty(), "{kill}: {differ:?}");
    }
}

/// Landed bytes that went are told by whoever would read them again, and the figures stay.
#[test]
fn bytes_that_went_are_told_and_figures_stay() {
    let place = Place::new();
    place.ledger(4, APRIL);
    place.run(&["run"]).must(0);
    keep(&place, "{landing: 1m, releases: 7y}");
    fs::remove_dir_all(place.at("drop/ashvale/general_ledger")).unwrap();
    fs::create_dir_all(place.at("drop/ashvale/general_ledger")).unwrap();
    // As if it had been landed three months ago, as a version before wrote it.
    let entry = fs::read_dir(place.at("lake/register")).unwrap().next().unwrap().unwrap().path();
    let mut record: serde_json::Value = serde_json::from_slice(&fs::read(&entry).unwrap()).unwrap();
    let old = format!("{}T05:00:00Z", today().minus_months(3));
    record.as_object_mut().unwrap().remove("seal");
    record["landed_at"] = json!(old);
    fs::write(&entry, serde_json::to_vec_pretty(&record).unwrap()).unwrap();
    let said = place.json(&["vacuum"]);
    let landed = said["kinds"].as_array().unwrap().iter().find(|kind| kind["kind"] == "landed object").unwrap();
    assert_eq!((landed["gone"].as_u64(), landed["kept"].as_u64()), (Some(1), Some(0)));
    place.run(&["release", "verify", "--all"]).must(0);
    let delivery = record["delivery_id"].as_str().unwrap();
    let line = place.run(&["explain", "line", delivery, "2"]).must(0);
    assert!(line.contains("gone with its file, removed on") && line.contains("100.00"), "{line}");
    assert!(place.run(&["explain", "line", delivery, "77"]).err.contains("TC0105"), "no line of it was published");
    place.replace(
        "pipelines/ashvale/general_ledger.sql",
        "'GBP' AS currency, description",
        "'GBP' AS currency, upper(description) AS description",
    );
    let run = place.run(&["run"]);
    assert!(run.err.contains("cannot be judged again") && run.err.contains("older than `retention.landing` twice over"), "{}", run.err);
    run.must(0);
    assert_eq!(place.run(&["query", "--format", "csv", "SELECT SUM(amount) AS pounds FROM separation"]).must(0), "pounds\n100.00\n");
}

/// Who asks of a release while it is removed is told that, and not that the lake is damaged.
#[test]
fn a_release_that_is_removed_while_it_is_read_is_not_damaged() {
    let place = Place::new();
    let at = |instant: &str, words: &[&str]| {
        place.write("clock", instant);
        place.run_with(words, &[("TRUECOST_CLOCK", "clock")])
    };
    place.replace("pipelines/partnership.yaml", "releases: 7y", "releases: 1m");
    place.ledger(4, APRIL);
    at("2018-05-01T05:00:00Z", &["run"]).must(0);
    place.ledger(4, &[("A100", "4100", "150.00"), ("A900", "9000", "-150.00")]);
    at("2018-09-03T05:00:00Z", &["run"]).must(0);
    // A named pipe stands in for a part of it: whoever opens it waits for what is written into it.
    let part = place.manifest("r0001")["content"]["tables"]["cost_line"][0]["path"].as_str().unwrap().to_owned();
    let (part, pipe) = (place.at("published").join(part), place.at("pipe"));
    fs::remove_file(&part).unwrap();
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    fs::hard_link(&pipe, &part).unwrap();
    let words = ["query", "--release", "r0001", "SELECT sum(amount) FROM cost_line"];
    let asks = std::thread::scope(|scope| {
        let asks = scope.spawn(|| place.run_with(&words, &[("TRUECOST_CLOCK", "clock")]));
        // Until it waits there; where it has not come so far, it is told the same.
        std::thread::sleep(std::time::Duration::from_secs(2));
        at("2018-09-03T05:00:00Z", &["vacuum"]).must(0);
        let _into = fs::OpenOptions::new().read(true).write(true).open(&pipe).unwrap();
        asks.join().unwrap()
    });
    assert!(asks.code == 2 && asks.err.contains("TC1422") && !asks.err.contains("TC1008"), "{}", asks.err);
}
