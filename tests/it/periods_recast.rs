//! A later program's contracts have columns more: parts of closed periods get them, null, and nothing else of them changes.

use std::{collections::BTreeMap, fs};

use serde_json::Value;

use crate::releases::Place;

const BY: [&str; 4] = ["--by", "A. Clerk", "--reason", "agreed"];
const CONTRACT: &str = "schemas/published/separation.odcs.yaml";
const LINES: &str = "schemas/published/cost_line.odcs.yaml";

fn closed() -> Place {
    let place = Place::new();
    place.ledger(4, &[("A100", "4100", "1250.00"), ("A900", "9000", "-1250.00")]);
    place.ledger(5, &[("A100", "4100", "1300.00"), ("A900", "9000", "-1300.00")]);
    place.run(&["run"]).must(0);
    place.run(&[&["period", "close", "2018/P01"], &BY[..]].concat()).must(0);
    place
}

/// Hash of each part of April in the latest release, by table.
fn april(place: &Place) -> BTreeMap<String, String> {
    let latest: Value = serde_json::from_slice(&fs::read(place.at("published/latest/_manifest.json")).unwrap()).unwrap();
    let of = |(table, parts): (&String, &Value)| {
        let part = parts.as_array().unwrap().iter().find(|part| part["key"].as_str().unwrap().ends_with("2018/P01"))?;
        Some((table.clone(), part["sha256"].as_str().unwrap().to_owned()))
    };
    latest["content"]["tables"].as_object().unwrap().iter().filter_map(of).collect()
}

fn rows(place: &Place, sql: &str) -> String {
    place.run(&["query", "--format", "csv", sql]).must(0)
}

fn with_column(place: &Place, contract: &str, more: &str) {
    let text = fs::read_to_string(place.at(contract)).unwrap();
    place
        .write(contract, &format!("{text}  - name: later\n    physicalType: VARCHAR\n{more}    description: What a later program says.\n"));
}

#[test]
fn closed_parts_get_the_columns_that_a_contract_gained() {
    let place = closed();
    let before = april(&place);
    let (lines, cells) = (
        "SELECT * FROM cost_line WHERE delivery_period = 1 ORDER BY source_row",
        "SELECT * FROM separation WHERE delivery_period = 1 ORDER BY 1, 2, 3",
    );
    let (old_lines, old_cells) = (rows(&place, lines), rows(&place, cells));
    for contract in [CONTRACT, LINES] {
        with_column(&place, contract, "");
    }
    let said = place.run(&["run"]);
    assert_eq!(said.code, 0, "{}", said.err);
    let after = april(&place);
    let changed: Vec<&String> = before.keys().filter(|table| before[*table] != after[*table]).collect();
    assert_eq!(changed, ["cost_line", "separation"]);
    let with = |text: &str| {
        text.lines().enumerate().map(|(at, line)| format!("{line},{}\n", if at == 0 { "later" } else { "" })).collect::<String>()
    };
    assert_eq!(rows(&place, lines), with(&old_lines));
    assert_eq!(rows(&place, cells), with(&old_cells));
    assert_eq!(rows(&place, "SELECT passed FROM check_result WHERE check_no = 7"), "passed\ntrue\n");
    place.run(&["release", "verify", "--all"]).must(0);
    // The same parts again, and no third ones.
    place.run(&["run", "--force"]).must(0);
    place.ledger(6, &[("A100", "4100", "10.00"), ("A900", "9000", "-10.00")]);
    place.run(&["run"]).must(0);
    assert_eq!(april(&place), after);
    // A second column goes onto the part with which the period was closed.
    let text = fs::read_to_string(place.at(CONTRACT)).unwrap();
    place.write(
        CONTRACT,
        &text.replace("  - name: later", "  - name: sooner\n    physicalType: BIGINT\n    description: More.\n  - name: later"),
    );
    place.run(&["run"]).must(0);
    assert_ne!(april(&place)["separation"], after["separation"]);
    assert_eq!(
        rows(&place, "SELECT count(sooner) AS s, count(later) AS l, count(*) AS n FROM separation WHERE delivery_period = 1"),
        "s,l,n\n0,0,1\n"
    );
    // Taken back, the part is the one with which the period was closed.
    place.write(CONTRACT, &text.replace("  - name: later\n    physicalType: VARCHAR\n    description: What a later program says.\n", ""));
    place.run(&["run"]).must(0);
    assert_eq!(april(&place)["separation"], before["separation"]);
    // Let go, it is made as ever and restates nothing.
    place.run(&[&["period", "reopen", "2018/P01"], &BY[..]].concat()).must(0);
    let said = place.run(&["run"]).must(0);
    assert!(said.contains("restated 2018/P01: nothing differs"), "{said}");
}

#[test]
fn whatever_else_a_contract_says_of_a_closed_period_is_refused_until_it_is_let_go() {
    let place = closed();
    let before = april(&place);
    let whole = fs::read_to_string(place.at(CONTRACT)).unwrap();
    let lines = "  - name: lines\n    physicalType: BIGINT\n    required: true";
    let cases = [
        (whole.replace(lines, "  - name: lines\n    physicalType: BIGINT"), "`lines` may be null now"),
        (whole.replace(lines, "  - name: lines\n    physicalType: INTEGER\n    required: true"), "`lines` is another type"),
    ];
    for (contract, why) in cases {
        assert_ne!(contract, whole, "{why}");
        place.write(CONTRACT, &contract);
        let said = place.run(&["run"]);
        assert!(said.code == 1 && said.err.contains("TC1405") && said.err.contains(why), "{why}: {} {}", said.code, said.err);
        assert_eq!(april(&place), before);
        place.write(CONTRACT, &whole);
        place.run(&["run"]).must(0);
    }
}

#[test]
fn one_change_of_a_contract_is_said_once_for_every_period_that_is_closed() {
    let place = closed();
    place.ledger(6, &[("A100", "4100", "10.00"), ("A900", "9000", "-10.00")]);
    place.run(&["run"]).must(0);
    for period in ["2018/P02", "2018/P03"] {
        place.run(&[&["period", "close", period], &BY[..]].concat()).must(0);
    }
    place.replace(CONTRACT, "  - name: lines\n    physicalType: BIGINT\n    required: true", "  - name: lines\n    physicalType: BIGINT");
    let said = place.run(&["run"]);
    assert_eq!((said.code, said.err.matches("error[TC1405]").count()), (1, 1), "{}", said.err);
    let seen = "2018/P01..2018/P03 are closed, and `separation` says something else than when they were: `lines` may be null now";
    assert!(said.err.contains(seen), "{}", said.err);
    assert!(said.err.contains("PERIOD --by NAME --reason TEXT for each of them, then truecost run"), "{}", said.err);
}

#[test]
fn a_release_is_verified_also_where_a_contract_lacked_what_a_check_reads() {
    let place = closed();
    let contract = "schemas/published/sender_amount.odcs.yaml";
    let whole = fs::read_to_string(place.at(contract)).unwrap();
    let (before, rest) = whole.split_once("  - name: sender_rows\n").unwrap();
    let (_, after) = rest.split_once("\n  - name:").unwrap();
    place.write(contract, &format!("{before}  - name:{after}"));
    place.run(&["run", "--force"]).must(0);
    place.write(contract, &whole);
    place.run(&["run", "--force"]).must(0);
    let said = place.run(&["release", "verify", "--all"]).must(0);
    let lines: Vec<&str> = said.lines().filter(|line| line.starts_with("release ")).collect();
    assert!(
        matches!(lines[..], [_, without, _] if without.ends_with("they find what they found then; 1 check cannot be asked: the contracts of its tables lacked columns")),
        "{said}"
    );
    assert_eq!(said.matches("cannot be asked").count(), 1, "{said}");
}
