//! A run that did not come to its end: it is on record, told once, and over by a run of the same half.

use std::{
    process::{Command, Stdio},
    time::Duration,
};

use crate::{
    notices::{House, told},
    ops::asked,
    releases::{APRIL, Place},
};

const RUNS: &str =
    "SELECT concat(cast(number AS VARCHAR), ' ', halves, ' ', coalesce(cast(exit AS VARCHAR), 'died')) FROM ops.run ORDER BY number";

/// Of what dies before it has done anything there is nothing but its number.
#[test]
fn a_run_that_dies_at_once_is_on_record() {
    for point in ["run.claimed", "run.recovered"] {
        let place = Place::new();
        std::fs::create_dir_all(place.at("drop/ashvale/general_ledger")).unwrap();
        place.run_with(&["run", "--deliver"], &[("TRUECOST_CRASH", &format!("{point}:1:abort"))]);
        place.run(&["run", "--deliver"]).must(0);
        assert_eq!(asked(&place, RUNS), ["1 deliver died", "2 deliver 0"], "{point}");
    }
}

/// Ctrl-C, or whoever started it: the process says it, and so does its record.
#[test]
fn a_run_that_is_interrupted_is_on_record_as_that() {
    for (signal, at) in [("INT", "run.claimed"), ("TERM", "run.delivered"), ("INT", "run.costed")] {
        let place = Place::new();
        place.ledger(4, APRIL);
        let seen = place.at("seen");
        let mut command = Command::new(env!("CARGO_BIN_EXE_truecost"));
        command.arg("run").current_dir(place.path()).env("TRUECOST_CRASH", format!("{at}:1:stop")).env("TRUECOST_CRASH_SEEN", &seen);
        let run = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        while !std::fs::read_to_string(&seen).unwrap_or_default().contains(at) {
            std::thread::sleep(Duration::from_millis(20));
        }
        assert!(Command::new("kill").args([format!("-{signal}"), run.id().to_string()]).status().unwrap().success());
        let done = run.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr);
        let expected = if at == "run.costed" { "release r0001 is published and answers" } else { "the last release is unchanged" };
        assert_eq!((done.status.code(), said.contains("TC0107"), said.contains(expected)), (Some(130), true, true), "{said}");
        place.run(&["run"]).must(0);
        assert_eq!(asked(&place, RUNS), ["1 both 130", "2 both 0"], "{signal} at {at}");
        assert_eq!(asked(&place, "SELECT published FROM ops.run WHERE number = 1"), [(at == "run.costed").to_string()]);
        assert_eq!(asked(&place, "SELECT sum(rows) FROM published.reconciliation").len(), 1);
    }
}

/// Each half of it has to come to its end, whether or not it finds anything to do.
#[test]
fn that_a_run_of_both_halves_died_is_over_when_each_half_was_done() {
    for order in [["--deliver", "--cost"], ["--cost", "--deliver"]] {
        let house = House::new("");
        house.ledger(4, "0.00");
        assert_eq!(house.run(&["run"], "").0, 0);
        house.told();
        house.run(&["run"], "run.claimed:1:abort");
        let one = house.run(&["run", order[0]], "").1;
        assert_eq!(house.told(), told(&[("run_failed", false)]), "{one}");
        house.run(&["run", order[0]], "");
        assert_eq!(house.told(), told(&[]));
        house.run(&["run", order[1]], "");
        assert_eq!(house.told(), told(&[("run_failed", true)]));
        let said = house.run(&["status"], "").1;
        assert!(!said.contains("died"), "{said}");
        // Once it is over, what finds nothing to do leaves no record.
        let records = || std::fs::read_dir(house.dir().join("lake/runs")).unwrap().count();
        let before = records();
        for half in order {
            house.run(&["run", half], "");
        }
        assert_eq!((records(), house.told()), (before, told(&[])));
    }
}

/// What a cost run failed of, a delivery knows nothing of.
#[test]
fn that_one_half_failed_is_not_over_by_the_other() {
    for (half, other, crash) in [("--cost", "--deliver", "run.costed:1:error"), ("--deliver", "--cost", "run.delivered:1:error")] {
        let house = House::new("");
        house.ledger(4, "0.00");
        assert_eq!(house.run(&["run"], "").0, 0);
        house.told();
        for _ in 0..2 {
            assert_eq!(house.run(&["run", half], crash).0, 3);
            house.run(&["run", other], "");
        }
        assert_eq!(house.told(), told(&[("run_failed", false)]), "{half}");
        assert_eq!(house.run(&["run", half], "").0, 0);
        assert_eq!(house.told(), told(&[("run_failed", true)]), "{half}");
    }
}

/// Where cron types it nobody looks: an edit that is not valid is told once, by whatever cron types, and once more when it is mended.
#[test]
fn an_edit_that_is_not_valid_is_told_without_serve() {
    let (house, feed) = (House::new(""), "pipelines/ashvale/general_ledger.yaml");
    house.change("pipelines/notify.yaml", "events: [", "events: [held, ");
    house.ledger(4, "0.00");
    house.change(feed, "into: ledger_line", "inot: ledger_line");
    for half in ["--deliver", "--cost", "--deliver"] {
        assert_eq!(house.run(&["run", half], "").0, 2);
    }
    let sent = house.server.take();
    assert_eq!(sent.len(), 1, "{sent:?}");
    let text = sent[0].json()["text"].to_string();
    assert!(text.contains(&format!("held: TC0604 {feed}:")) && text.contains("truecost validate"), "{text}");
    house.change(feed, "inot: ledger_line", "into: ledger_line");
    assert_eq!(house.run(&["run", "--deliver"], "").0, 0);
    assert_eq!(house.told(), told(&[("held", true)]));
    // A partnership whose own file cannot be read knows nobody whom it could tell; `serve` that cannot begin tells, too.
    house.change("pipelines/partnership.yaml", "allow_hosts:", "allow_host:");
    assert_eq!((house.run(&["run"], "").0, house.told()), (2, told(&[])));
    house.change("pipelines/partnership.yaml", "allow_host:", "allow_hosts:");
    house.change(feed, "into: ledger_line", "inot: ledger_line");
    assert_eq!((house.run(&["serve"], "").0, house.told()), (2, told(&[("held", false)])));
}
