//! What truecost says of its own work: tables of operations, a run step by step, logs, metrics; and that a folder that was copied away in
//! mid-run and put back elsewhere is mended and goes on.

use std::{
    fs,
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

use serde_json::Value;

use crate::{
    crash_state::{differences, state},
    places,
    releases::{APRIL, Place},
};

pub fn asked(place: &Place, sql: &str) -> Vec<String> {
    let said = place.run(&["query", "--format", "csv", sql]).must(0);
    said.lines().skip(1).map(str::to_owned).collect()
}

/// April published, May refused.
fn two_runs() -> Place {
    let place = Place::new();
    place.ledger(4, APRIL);
    place.run(&["run"]).must(0);
    place.write("drop/ashvale/general_ledger/ashvale_2018_05.csv", "Ref;Seq;Posted;Centre;Nature;Value;Text\nTOTAL;;;;;7.00;\n");
    place.run(&["run"]).must(1);
    place
}

#[test]
fn what_was_done_can_be_asked() {
    let place = two_runs();
    let runs =
        asked(&place, "SELECT number, exit, halves, release, published, accepted, refused, rows, amount FROM ops.run ORDER BY number");
    assert_eq!(runs, ["1,0,both,r0001,true,1,0,2,0.00", "2,1,both,r0001,false,0,1,0,0.00"]);
    let whole = "SELECT count(*) FROM ops.run WHERE peak_memory_bytes > 1000000 AND length(configuration) = 64 AND program LIKE 'truecost %' AND bytes > 0";
    assert_eq!(asked(&place, whole), ["2"]);
    let steps = asked(&place, "SELECT step, count(*) FROM ops.step WHERE run = 1 AND step <> 'make' GROUP BY step ORDER BY step");
    assert_eq!(steps, ["deliver,1", "land,1", "prove,1", "publish,1", "recover,1"]);
    assert_eq!(
        asked(&place, "SELECT subject, rows FROM ops.step WHERE run = 1 AND step = 'deliver'"),
        ["ashvale/general_ledger ashvale_2018_04.csv,2"]
    );
    assert_eq!(asked(&place, "SELECT sum(rows) > 2, sum(parts_made) > 15 FROM ops.step WHERE run = 1 AND step = 'make'"), ["true,true"]);
    assert_eq!(asked(&place, "SELECT count(*) > 20, sum(CASE WHEN passed THEN 0 ELSE 1 END) FROM ops.check WHERE run = 1"), ["true,0"]);
    let releases = asked(&place, "SELECT release, run, latest, parts > 30, length(rules) FROM ops.release");
    assert_eq!(releases, ["r0001,1,true,true,64"]);
    assert_eq!(asked(&place, "SELECT count(*) FROM ops.notice"), ["0"]);
}

#[test]
fn a_run_is_shown_with_what_it_read_wrote_and_left() {
    let place = two_runs();
    let first = place.run(&["runs", "show", "1"]).must(0);
    for line in
        ["  ashvale/general_ledger ashvale_2018_04.csv for 2018/P01: accepted, 2 rows, £0.00, ", "  release r0001\n", "\nleft: nothing\n"]
    {
        assert!(first.contains(line), "{line}\n{first}");
    }
    let second = place.run(&["runs", "show", "2"]).must(0);
    for line in ["ashvale_2018_05.csv for 2018/P02: refused", "wrote: no release", "ashvale/general_ledger: 1 file: already in"] {
        assert!(second.contains(line), "{line}\n{second}");
    }
    let shown = place.json(&["runs", "show", "2"]);
    assert_eq!(
        (shown["number"].as_u64(), shown["exit"].as_u64(), shown["delivered"][0]["state"].as_str()),
        (Some(2), Some(1), Some("refused"))
    );
    let unknown = place.run(&["runs", "show", "9"]);
    assert!(unknown.code == 2 && unknown.err.contains("from 1 to 2"), "{}", unknown.err);
    assert!(place.json(&["runs"])[0].get("steps").is_none());
}

#[test]
fn every_line_of_a_log_says_its_run_and_its_step() {
    let place = Place::new();
    place.ledger(4, APRIL);
    let said = place.run(&["run", "--log", "json"]);
    let lines: Vec<Value> =
        said.err.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))).collect();
    let of_run = lines.iter().filter(|line| line["run"] == 1 && line["step"] == "publish" && line["text"] == "readers see release r0001");
    assert!(of_run.count() == 1 && lines.len() > 2, "{}", said.err);
    assert!(lines.iter().all(|line| line["at"].as_str().is_some_and(|at| at.ends_with('Z')) && line["step"].is_string()), "{}", said.err);
    place.ledger(5, APRIL);
    let said = place.run(&["-q", "run", "--log", "text"]);
    assert!(
        said.code == 0 && said.err.lines().count() == 1 && said.err.contains(" run 2 publish: readers see release r0002"),
        "{}",
        said.err
    );
    // Words that say how much is told may stand before the command.
    let said = place.run(&["-q", "run"]);
    assert_eq!((said.code, said.err.as_str()), (0, ""));
}

#[test]
fn a_line_of_a_log_says_which_delivery_it_is_about() {
    // While one delivery is entered, the next is read: the lines of both come mixed.
    let place = Place::of("two_councils");
    let months = 4..=6;
    for month in months.clone() {
        for council in ["hill", "vale"] {
            let letter = council[..1].to_uppercase();
            let line =
                |number: u8, centre: &str, pounds: &str| format!("D{month},{number},2018-{month:02}-19,{letter}{centre},3000,{pounds}\n");
            let text = format!("Ref,Line,Posted,Centre,Account,Amount\n{}{}", line(1, "10", "75.50"), line(2, "90", "-75.50"));
            place.write(&format!("drop/{council}/general_ledger/ledger_2018_{month:02}.csv"), &text);
        }
    }
    let said = place.run(&["-v", "run", "--deliver", "--log", "json"]);
    let lines: Vec<Value> = said.err.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let accepted: Vec<(&str, &str)> = lines
        .iter()
        .filter_map(|line| Some((line["text"].as_str()?, line["subject"].as_str()?)))
        .filter(|(text, _)| text.starts_with("accepted"))
        .collect();
    assert_eq!(accepted.len(), 2 * months.count(), "{}", said.err);
    for (text, subject) in accepted {
        let (feed, file) = subject.split_once(' ').unwrap_or_else(|| panic!("{text} is about `{subject}`"));
        assert!(text.contains(feed) && text.contains(file), "{text} is about {subject}");
    }
    assert!(lines.iter().filter(|line| line["step"] == "").all(|line| line["subject"] == ""), "{}", said.err);
}

/// Of a run that is killed only what it said when it began is known: its number, since when, and what for. The next one writes that down.
#[test]
fn a_run_that_was_killed_is_on_record_and_so_is_that_the_next_one_was_not() {
    let place = two_runs();
    let columns =
        "number, exit, halves, release, published, accepted, rows, amount, duration_ms, length(started), ended, length(configuration)";
    let runs = || asked(&place, &format!("SELECT {columns} FROM ops.run WHERE number > 2 ORDER BY number"));
    place.ledger(6, APRIL);
    place.run_with(&["run", "--deliver"], &[("TRUECOST_CRASH", "run.delivered:1:abort")]);
    // Whoever is the next to write in the lake.
    let waive = ["supply", "waive", "ashvale/general_ledger", "2018/P02", "--by", "NAME", "--reason", "TEXT"];
    place.run(&waive);
    let died = "3,,deliver,r0001,false,,,,,20,,64";
    assert_eq!(runs(), [died]);
    let said = place.run(&["runs"]).must(0);
    assert!(said.lines().any(|line| line.trim_start().starts_with("3 ") && line.contains("died")), "{said}");
    let shown = place.run(&["runs", "show", "3"]).must(0);
    assert!(shown.contains("died: it was killed") && shown.contains("truecost status") && !shown.contains("no delivery"), "{shown}");
    assert!(place.run(&["status"]).out.contains("last run          died"), "{}", place.run(&["status"]).out);
    assert!(place.json(&["runs", "show", "3"])["exit"].is_null());
    // It may have come so far as to publish.
    place.run_with(&["run"], &[("TRUECOST_CRASH", "run.costed:1:abort")]);
    // Who delivers knows nothing of a cost run that died.
    place.run(&["run", "--deliver"]);
    assert!(place.run(&["status"]).out.contains("last run          died"), "{}", place.run(&["status"]).out);
    place.run(&["run"]);
    place.run(&["run"]);
    let now = runs();
    assert_eq!(now[..2], [died, "4,,both,r0002,true,,,,,20,,64"]);
    assert!(now.len() == 4 && now[2].starts_with("5,0,deliver,") && now[3].starts_with("6,0,both,"), "the first of each half: {now:?}");
    assert!(!place.run(&["status"]).out.contains("died"), "{}", place.run(&["status"]).out);
}

/// A folder that is gone for a week is one run on record, however often it is looked for; that it is there again is another.
#[test]
fn what_fails_without_a_delivery_is_on_record_once() {
    let place = two_runs();
    let runs = || asked(&place, "SELECT concat(cast(number AS VARCHAR), ' ', cast(exit AS VARCHAR)) FROM ops.run ORDER BY number");
    fs::rename(place.at("drop/ashvale/general_ledger"), place.at("elsewhere")).unwrap();
    for _ in 0..3 {
        place.run(&["run", "--deliver"]).must(3);
    }
    assert_eq!(runs(), ["1 0", "2 1", "3 3"]);
    fs::rename(place.at("elsewhere"), place.at("drop/ashvale/general_ledger")).unwrap();
    for _ in 0..2 {
        place.run(&["run", "--deliver"]);
    }
    assert_eq!(runs().len(), 4);
    // Runs are told by their number wherever one is asked for.
    assert!(place.run(&["notes", "1"]).must(0).starts_with("run "));
}

#[test]
fn metrics_are_what_prometheus_reads() {
    let place = two_runs();
    let file = place.at("metrics/truecost.prom");
    fs::create_dir(place.at("metrics")).unwrap();
    let words = ["run", "--metrics-file", "metrics/truecost.prom"];
    place.run(&words).must(0);
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains("\ntruecost_run_exit_code 0\n") && text.contains("\ntruecost_deliveries_unmended 1\n"), "{text}");
    place.ledger(5, APRIL);
    place.run(&words).must(0);
    let text = fs::read_to_string(&file).unwrap();
    for line in ["truecost_run_exit_code 0", "truecost_run_published 1", "truecost_run_rows{feed=\"ashvale/general_ledger\"} 2"] {
        assert!(text.contains(&format!("\n{line}\n")), "{line}\n{text}");
    }
    assert_eq!(fs::read_dir(place.at("metrics")).unwrap().count(), 1, "nothing is left beside it");
    // What a release has that was made for it, small tables too, and what it took over, are all that it has.
    let parts =
        asked(&place, "SELECT cast(parts_made + parts_kept - r.parts AS VARCHAR) FROM ops.run JOIN ops.release r ON number = r.run");
    assert_eq!(parts, ["0", "0"]);
    assert_eq!(asked(&place, "SELECT cast(parts_kept AS VARCHAR) FROM ops.run WHERE number = 1"), ["0"]);
    // A file that is refused has no accepted rows; a run that only delivers says nothing of what it does not look at.
    let feed = "pipelines/ashvale/general_ledger.yaml";
    place.replace(feed, "active: {from: 2018-04-01}", "active: {from: 2018-04-01, to: 2018-10-01}\ndue: {working_day: 5}");
    place.ledger(6, APRIL);
    place.replace("drop/ashvale/general_ledger/ashvale_2018_06.csv", "TOTAL;;;;;0.00", "TOTAL;;;;;9.00");
    place.run(&[&words[..], &["--deliver"]].concat()).must(1);
    let deliver = fs::read_to_string(&file).unwrap();
    // The edit judges April and May again.
    assert!(deliver.contains("truecost_run_rows{feed=\"ashvale/general_ledger\"} 4\n"), "{deliver}");
    assert!(deliver.contains("\ntruecost_deliveries_overdue 4\n"), "{deliver}");
    assert!(!deliver.contains("unmended") && !deliver.contains("blocked") && !deliver.contains("checks"), "{deliver}");
    // One that cannot begin says how it ended.
    place.replace(feed, "due: {working_day: 5}", "due: {working_day: never}");
    place.run(&words).must(2);
    let failed = fs::read_to_string(&file).unwrap();
    assert!(failed.contains("\ntruecost_run_exit_code 2\n") && !failed.contains("rows"), "{failed}");
    place.replace(feed, "due: {working_day: never}", "due: {working_day: 5}");
    let runs = asked(&place, "SELECT cast(count(*) AS VARCHAR) FROM ops.run");
    // Nothing is run where the file cannot be written.
    let said = place.run(&["run", "--metrics-file", "nowhere/truecost.prom"]);
    assert!(said.code == 3 && said.err.contains("TC0512") && said.err.contains("nothing was run"), "{}", said.err);
    assert_eq!(asked(&place, "SELECT cast(count(*) AS VARCHAR) FROM ops.run"), runs);
    let Ok(mut judge) =
        Command::new("promtool").args(["check", "metrics"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()
    else {
        eprintln!("skipped: there is no promtool on this machine (Debian: prometheus)");
        return;
    };
    judge.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let done = judge.wait_with_output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success() && said.trim().is_empty(), "{said}");
}

/// As people copy: with all times and links.
fn copied(from: &Path, to: &Path) {
    let done = Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap();
    assert!(done.success());
}

#[test]
fn a_folder_that_was_copied_away_in_mid_run_and_put_back_elsewhere_goes_on() {
    let quiet = Place::new();
    quiet.ledger(4, APRIL);
    quiet.run(&["run"]).must(0);
    quiet.ledger(5, APRIL);
    quiet.run(&["run"]).must(0);
    let expected = state(quiet.path());
    for point in [
        "land.renamed",
        "commit.in_place",
        "log.entry_written",
        "enter.committed",
        "cost.part_made",
        "release.manifest",
        "release.renamed",
        "latest.named",
    ] {
        let place = Place::new();
        place.ledger(4, APRIL);
        place.run(&["run"]).must(0);
        place.ledger(5, APRIL);
        let died = place.run_with(&["run"], &[("TRUECOST_CRASH", &format!("{point}:1:abort"))]);
        assert_eq!(died.code, -1, "{point}: {}", died.err);
        let elsewhere = tempfile::tempdir().unwrap();
        let folder = elsewhere.path().join("put back");
        copied(place.path(), &folder);
        drop(place);
        let truecost = |words: &[&str]| places::truecost(&folder, words);
        let repaired = truecost(&["doctor", "--repair"]);
        assert_eq!(repaired.status.code(), Some(0), "{point}: {}", String::from_utf8_lossy(&repaired.stderr));
        assert!(truecost(&["run"]).status.success(), "{point}");
        assert!(truecost(&["release", "verify", "--all"]).status.success(), "{point}");
        // Where files lie, and when they were copied, is told by the register alone.
        let of_place = |difference: &String| {
            difference.contains("/register/") && (difference.contains(": source") || difference.contains(": also_as"))
        };
        let differ: Vec<String> = differences(&expected, &state(&folder)).into_iter().filter(|difference| !of_place(difference)).collect();
        assert!(differ.is_empty(), "{point}: {}", differ.join("\n"));
        // Nothing is left that nothing refers to.
        let looked = String::from_utf8_lossy(&truecost(&["doctor"]).stdout).into_owned();
        assert!(!looked.contains("orphans") && !looked.contains("half releases"), "{point}: {looked}");
    }
}
