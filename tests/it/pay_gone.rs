//! Pay that is older than `retention.personal`: it leaves table, lists and disk, whatever names it; what was published of it stays.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;
use truecost::{
    domain::Day,
    run::clock::{Clock as _, SystemClock},
};

use crate::{places, releases::Place};

const BY: [&str; 4] = ["--by", "A. Clerk", "--reason", "agreed"];
const HEADING: &str = "EMPLOYEE_REF,POST_REF,SURNAME,FORENAME,NI_NUMBER,SORT_CODE,BANK_ACCOUNT,PAY_DATE,ELEMENT_CODE,ELEMENT_DESC,AMOUNT,COST_CODE,SUBJECTIVE";

fn today() -> Day {
    SystemClock.now().day().unwrap()
}

/// A payroll whose lines are lines of cost: of April, which landed long ago, and of May, which landed today.
fn payroll() -> Place {
    let place = Place::of("northam");
    let mut keys = String::from("retention: {landing: 7y, releases: 7y}\nkeys:\n");
    for council in ["northam", "southam"] {
        keys += place.run(&["key", "new", council]).must(0).split("keys:\n").nth(1).unwrap();
    }
    let head = fs::read_to_string(place.at("pipelines/partnership.yaml")).unwrap();
    place.write("pipelines/partnership.yaml", &(head + &keys));
    month(&place, 4, "250.00");
    month(&place, 5, "300.00");
    place.run(&["run"]).must(0);
    landed_long_ago(place.path(), "2018_04");
    // The sender has taken it away; a file that still lies there could be read again.
    fs::remove_file(place.at("drop/southam/payroll/itrent_elements_2018_04.csv")).unwrap();
    fs::create_dir_all(place.at("drop/northam/payroll")).unwrap();
    place
}

fn month(place: &Place, month: u8, pay: &str) {
    let row = |code: &str, amount: &str, to: &str| {
        format!("E1,P1,Somebody,Jo,QQ112233B,12-34-56,12345678,28/{month:02}/2018,{code},Salary,{amount},{to}\n")
    };
    let text =
        format!("{HEADING}\n{}{}TOTAL,,,,,,,,,,0.00,,\n", row("0100", pay, "S100,1000"), row("0900", &format!("{pay}-"), "S900,9000"));
    place.write(&format!("drop/southam/payroll/itrent_elements_2018_{month:02}.csv"), &text);
}

/// As if the delivery of such a file had been landed three months ago, as a version before wrote it.
fn landed_long_ago(root: &Path, file: &str) {
    let old = format!("{}T05:00:00Z", today().minus_months(3));
    let mut changed = 0;
    for entry in fs::read_dir(root.join("lake/register")).unwrap().map(|entry| entry.unwrap().path()) {
        let Ok(mut record) = serde_json::from_slice::<Value>(&fs::read(&entry).unwrap()) else { continue };
        if record["source"]["name"].as_str().is_some_and(|name| name.contains(file)) {
            record.as_object_mut().unwrap().remove("seal");
            record["landed_at"] = old.clone().into();
            fs::write(&entry, serde_json::to_vec_pretty(&record).unwrap()).unwrap();
            changed += 1;
        }
    }
    assert_eq!(changed, 1);
}

fn keep_pay_a_month(place: &Place) {
    place.replace("pipelines/partnership.yaml", "releases: 7y}", "releases: 7y, personal: 1m}");
}

/// Every file below `lake`, `landing` and `published` that is no log, by name.
fn names(root: &Path) -> BTreeSet<String> {
    let mut found = Vec::new();
    for folder in ["lake", "landing", "published"] {
        for ending in ["parquet", "sealed", "zst", "tcl"] {
            places::gather(&root.join(folder), ending, &mut found);
        }
    }
    let sealed = fs::read_dir(root.join("landing/sealed")).into_iter().flatten().map(|entry| entry.unwrap().path());
    let name = |path: PathBuf| path.strip_prefix(root).unwrap().display().to_string();
    found
        .into_iter()
        .chain(sealed)
        .map(name)
        .filter(|name| !name.contains("_delta_log") && !name.starts_with("published/latest/"))
        .collect()
}

/// SHA-256 of the parts of a period in the latest release, by table and key.
fn parts(place: &Place, period: &str) -> BTreeMap<String, String> {
    let latest: Value = serde_json::from_slice(&fs::read(place.at("published/latest/_manifest.json")).unwrap()).unwrap();
    let tables = latest["content"]["tables"].as_object().unwrap().iter();
    let of = tables.flat_map(|(table, parts)| parts.as_array().unwrap().iter().map(move |part| (table, part)));
    let of = of.filter(|(_, part)| part["key"].as_str().unwrap().ends_with(period));
    of.map(|(table, part)| (format!("{table} {}", part["key"]), part["sha256"].as_str().unwrap().to_owned())).collect()
}

fn lake_files(place: &Place, month: u8) -> usize {
    let folder = place.at(&format!("lake/ledger_line/council=southam/feed=payroll/delivery_year=2018/delivery_period={month}"));
    fs::read_dir(folder).map_or(0, Iterator::count)
}

/// The rule by which pay falls to a service is another one.
fn another_rule(place: &Place) {
    place.replace(
        "pipelines/reference/ownership_rule.csv",
        "southam_legal,southam,,,S100,,,2018-04-01,,shared",
        "southam_legal,southam,,,S100,,,2018-04-01,,retained",
    );
    place.replace("pipelines/reference/ownership_rule.csv", "retained,legal", "retained,none");
}

#[test]
fn pay_of_a_closed_month_goes_and_what_was_published_of_it_stays() {
    let place = payroll();
    place.run(&[&["period", "close", "2018/P01", "--anyway", "known"], &BY[..]].concat()).must(0);
    assert_eq!((lake_files(&place, 1), lake_files(&place, 2)), (1, 1));
    assert!(place.run(&["vacuum", "--dry-run"]).must(0).starts_with("nothing would go"));
    keep_pay_a_month(&place);
    place.run(&["run"]).must(0);
    let (closed, latest) = (parts(&place, "2018/P01"), fs::read_link(place.at("published/latest")).unwrap());
    let would = place.json(&["vacuum", "--dry-run"]);
    let kinds = |said: &Value| -> BTreeMap<String, u64> {
        let kinds = said["kinds"].as_array().unwrap().iter();
        kinds
            .map(|kind| (kind["kind"].as_str().unwrap().to_owned(), kind["gone"].as_u64().unwrap()))
            .filter(|(_, gone)| *gone > 0)
            .collect()
    };
    assert_eq!(kinds(&would), BTreeMap::from([("lake file".into(), 1), ("landed object".into(), 1)]), "{would}");
    assert!(would["gone"].to_string().contains("personal, and older than `retention.personal` (1m)"), "{would}");
    assert_eq!(lake_files(&place, 1), 1, "nothing is removed yet");
    assert_eq!(place.json(&["vacuum"])["gone"], would["gone"]);
    assert_eq!((lake_files(&place, 1), lake_files(&place, 2)), (0, 1), "of May nothing is old");
    place.run(&["release", "verify", "--all"]).must(0);
    assert!(place.run(&["vacuum"]).must(0).starts_with("nothing to remove"), "a second one");
    place.run(&["doctor"]).must(0);
    // Nothing is made anew for its lack.
    place.run(&["run"]).must(0);
    place.run(&["run", "--rehash"]).must(0);
    assert_eq!((parts(&place, "2018/P01"), fs::read_link(place.at("published/latest")).unwrap()), (closed.clone(), latest));
    let rows = place.run(&["query", "--format", "csv", "SELECT SUM(amount) AS a FROM cost_line WHERE is_cost"]).must(0);
    assert_eq!(rows, "a\n550.00\n");
    // Who would read it again is told.
    let delivery =
        place.run(&["query", "--format", "csv", "SELECT delivery_id FROM ops.delivery WHERE file_name LIKE '%2018_04.csv'"]).must(0);
    let said = place.run(&["explain", "line", delivery.lines().last().unwrap(), "2"]);
    assert!(said.err.contains("TC1436") && said.err.contains("is gone with its delivery"), "{}", said.err);
    said.must(1);
    let said = place.run(&[&["period", "reopen", "2018/P01"], &BY[..]].concat()).must(0);
    assert!(
        said.contains("TC1436: 2018/P01: southam/payroll 2018/P01 is gone, removed on ") && said.contains("stay as they are"),
        "{said}"
    );
    // Open again: it stays as it is, also where a rule changes; the other month moves.
    place.run(&["run"]).must(0);
    let may = parts(&place, "2018/P02");
    another_rule(&place);
    let run = place.run(&["run"]);
    assert!(run.out.contains("TC1436") && run.out.contains("2018/P01 cannot be made again"), "{}{}", run.out, run.err);
    run.must(0);
    assert_eq!(parts(&place, "2018/P01"), closed);
    assert_ne!(parts(&place, "2018/P02"), may);
    place.run(&["run"]).must(0);
    place.run(&["release", "verify", "--all"]).must(0);
    let said = place.run(&["period", "preview", "2018/P01"]).must(0);
    assert!(said.contains("TC1436") && said.contains("nothing would change"), "{said}");
    place.run(&[&["period", "close", "2018/P01", "--anyway", "known"], &BY[..]].concat()).must(0);
    // Closed again, it stands: nobody is told what would be of it were it open.
    for words in [["run"], ["status"]] {
        let said = place.run(&words);
        assert!(!said.out.contains("TC1436"), "{}", said.out);
    }
    place.run(&["run", "--force"]).must(0);
    assert_eq!(parts(&place, "2018/P01"), closed);
    assert!(place.run(&["vacuum"]).must(0).starts_with("nothing to remove"));
    // The pay comes again: the month would be made of that, and is when it is let go.
    month(&place, 4, "260.00");
    place.run(&["run"]).must(0);
    let said = place.run(&["period", "preview", "2018/P01"]).must(0);
    assert!(!said.contains("TC1436") && said.contains("£10.00 more"), "{said}");
    let said = place.run(&[&["period", "reopen", "2018/P01"], &BY[..]].concat()).must(0);
    assert!(!said.contains("TC1436"), "{said}");
    let said = place.run(&["run"]).must(0);
    assert!(said.contains("£10.00 more (old £250.00, new £260.00), 2 lines: data, rule, retention") && !said.contains("TC1436"), "{said}");
    // What today's rules would make of the pay that went, nobody can tell: all of it stands with the data.
    let split = "SELECT ownership, difference, rules, data, cause FROM restatement ORDER BY ownership";
    let rows = place.run(&["query", "--format", "csv", split]).must(0);
    let cause = "\"data, rule, retention\"";
    assert_eq!(
        rows,
        format!("ownership,difference,rules,data,cause\nretained,260.00,0.00,260.00,{cause}\nshared,-250.00,0.00,-250.00,{cause}\n")
    );
}

/// The period is open, and was never closed: what was published of it stays all the same, until the pay comes again.
#[test]
fn pay_of_an_open_month_goes_and_comes_again_as_a_new_file() {
    let place = payroll();
    keep_pay_a_month(&place);
    place.run(&["run"]).must(0);
    let open = parts(&place, "2018/P01");
    place.run(&["vacuum"]).must(0);
    assert_eq!(lake_files(&place, 1), 0);
    place.run(&["release", "verify", "--all"]).must(0);
    another_rule(&place);
    let run = place.run(&["run"]);
    assert!(run.out.contains("TC1436"), "{}{}", run.out, run.err);
    run.must(0);
    assert_eq!(parts(&place, "2018/P01"), open);
    let status = place.run(&["status"]);
    assert!(status.out.contains("TC1436: 2018/P01 cannot be made again"), "{}", status.out);
    // A forced run, and one that looks at every byte, find nothing to mend and nothing to ask.
    place.run(&["run", "--force"]).must(0);
    place.run(&["run", "--rehash"]).must(0);
    assert_eq!(parts(&place, "2018/P01"), open);
    // The sender brings it again: the month is made of that.
    month(&place, 4, "251.00");
    let run = place.run(&["run"]);
    assert!(!run.out.contains("TC1436"), "{}", run.out);
    run.must(0);
    assert_ne!(parts(&place, "2018/P01"), open);
    assert_eq!(lake_files(&place, 1), 1);
    place.run(&["vacuum"]).must(0);
    assert_eq!(lake_files(&place, 1), 1, "what came today is not old");
    place.run(&["release", "verify", "--all"]).must(0);
}

/// Who left which row out, and why, stays on record; the digest of what stood in it goes with the bytes.
#[test]
fn what_corrections_say_of_pay_goes_with_it() {
    let place = payroll();
    let text = fs::read_to_string(place.at("drop/southam/payroll/itrent_elements_2018_05.csv")).unwrap();
    // A third element, with a day that no calendar has: a row in quarantine.
    let faulty = "E2,P2,Other,Al,QQ445566C,12-34-56,12345678,31/02/2018,0100,Salary,0.00,S100,1000\nTOTAL";
    place.write("drop/southam/payroll/itrent_elements_2018_06.csv", &text.replace("/05/", "/06/").replace("TOTAL", faulty));
    place.run(&["run"]).must(0);
    let listed =
        place.run(&["query", "--format", "csv", "SELECT delivery_id FROM ops.delivery WHERE file_name LIKE '%2018_06.csv'"]).must(0);
    let id = listed.lines().last().unwrap().to_owned();
    place.run(&[&["quarantine", "leave-out", &id, "--all"], &BY[..]].concat()).must(0);
    let event = || serde_json::from_slice::<Value>(&fs::read(place.at("lake/corrections/00000001.json")).unwrap()).unwrap();
    assert_eq!(event()["rows"][0]["sha256"].as_str(), Some(""), "who knows the rest of a record could try out what is not known");
    // The version before kept it.
    let mut kept = event();
    kept["rows"][0]["sha256"] = "ab".repeat(32).into();
    fs::write(place.at("lake/corrections/00000001.json"), serde_json::to_vec(&kept).unwrap()).unwrap();
    landed_long_ago(place.path(), "2018_06");
    fs::remove_file(place.at("drop/southam/payroll/itrent_elements_2018_06.csv")).unwrap();
    keep_pay_a_month(&place);
    place.run(&["run"]).must(0);
    let said = place.json(&["vacuum"]);
    assert!(
        said["gone"].as_array().unwrap().iter().any(|gone| gone["kind"] == "correction" && gone["name"] == format!("{id}/1")),
        "{said}"
    );
    let left = event();
    assert_eq!((left["rows"][0]["sha256"].as_str(), left["texts_gone"].as_bool()), (Some(""), Some(true)), "{left}");
    assert_eq!((left["by"].as_str(), left["reason"].as_str()), (Some("A. Clerk"), Some("agreed")), "{left}");
    assert!(place.run(&["vacuum"]).must(0).starts_with("nothing to remove"), "a second one");
    place.run(&["run", "--rehash"]).must(0);
    place.run(&["release", "verify", "--all"]).must(0);
}

/// Killed at one step after another: runs go on, and the next clean-up ends where an undisturbed one does.
#[test]
fn a_clean_up_of_pay_that_is_killed_ends_where_an_undisturbed_one_does() {
    let place = payroll();
    place.run(&[&["period", "close", "2018/P01", "--anyway", "known"], &BY[..]].concat()).must(0);
    keep_pay_a_month(&place);
    place.run(&["run"]).must(0);
    let copy = || {
        let folder = tempfile::tempdir().unwrap();
        assert!(Command::new("cp").arg("-a").arg(place.path().join(".")).arg(folder.path()).status().unwrap().success());
        folder
    };
    let at =
        |folder: &Path, words: &[&str], set: &[(&str, &str)]| place.run_with(&[&["-C", folder.to_str().unwrap()], words].concat(), set);
    let undisturbed = copy();
    at(undisturbed.path(), &["vacuum"], &[]).must(0);
    let whole = names(undisturbed.path());
    assert_ne!(whole, names(place.path()));
    for kill in ["vacuum.written:1", "commit.checked:1", "commit.replied:1", "vacuum.removing:1", "vacuum.removing:2"] {
        let folder = copy();
        let died = at(folder.path(), &["vacuum"], &[("TRUECOST_CRASH", &format!("{kill}:abort"))]);
        assert_ne!(died.code, 0, "{kill}");
        at(folder.path(), &["release", "verify", "--all"], &[]).must(0);
        let run = at(folder.path(), &["run"], &[]);
        assert_eq!(run.code, 0, "{kill}: {}{}", run.out, run.err);
        at(folder.path(), &["vacuum"], &[]).must(0);
        assert_eq!(names(folder.path()), whole, "{kill}");
        at(folder.path(), &["release", "verify", "--all"], &[]).must(0);
        assert_eq!(at(folder.path(), &["run"], &[]).code, 0, "{kill}");
    }
}
