//! Closing: what was published of a closed period stays byte for byte, whatever comes; and what is let go is restated to the penny.

use std::{collections::BTreeMap, fs};

use serde_json::Value;

use crate::releases::Place;

/// The parts of a period in the latest release: SHA-256 of the bytes of each file, by table and key.
fn parts(place: &Place, period: &str) -> BTreeMap<String, String> {
    let latest: Value = serde_json::from_slice(&fs::read(place.at("published/latest/_manifest.json")).unwrap()).unwrap();
    let mut found = BTreeMap::new();
    for (table, parts) in latest["content"]["tables"].as_object().unwrap() {
        for part in parts.as_array().unwrap() {
            let key = part["key"].as_str().unwrap();
            if key.ends_with(period) {
                let bytes = fs::read(place.at("published").join(part["path"].as_str().unwrap())).unwrap();
                found.insert(format!("{table} {key}"), truecost::schema::digest_of(&bytes).hex());
            }
        }
    }
    found
}

fn sum(place: &Place, sql: &str) -> String {
    place.run(&["query", "--format", "csv", sql]).must(0).lines().last().unwrap().to_owned()
}

const BY: [&str; 4] = ["--by", "A. Clerk", "--reason", "agreed"];

fn act(place: &Place, verb: &str, period: &str) -> String {
    place.run(&[&["period", verb, period], &BY[..]].concat()).must(0)
}

const RULE: &str = "shared,payroll";

/// Three months, of which April is closed.
fn april_closed() -> Place {
    let place = Place::new();
    place.ledger(4, &[("A100", "4100", "1250.00"), ("A900", "9000", "-1250.00")]);
    place.ledger(5, &[("A100", "4100", "1300.00"), ("A900", "9000", "-1300.00")]);
    place.run(&["run"]).must(0);
    act(&place, "close", "2018/P01");
    place
}

#[test]
fn a_closed_period_stays_byte_for_byte_and_is_restated_to_the_penny_when_it_is_let_go() {
    let place = april_closed();
    let closed = parts(&place, "2018/P01");
    assert!(closed.len() > 20, "{closed:?}");
    // A late file, a withdrawal, another rule, another contract, another month, by force: nothing of April moves.
    place.ledger(4, &[("A100", "4100", "1250.00"), ("A100", "5200", "12340.01"), ("A900", "9000", "-13590.01")]);
    place.run(&["run"]).must(0);
    assert_eq!(parts(&place, "2018/P01"), closed);
    place.replace("pipelines/reference/ownership_rule.csv", RULE, "managed,payroll");
    place.replace("schemas/published/separation.odcs.yaml", "status: active", "status: active\ntags: [other]");
    place.ledger(6, &[("A100", "4100", "10.00"), ("A900", "9000", "-10.00")]);
    place.run(&["run", "--force"]).must(0);
    assert_eq!(parts(&place, "2018/P01"), closed);
    assert_eq!(sum(&place, "SELECT string_agg(CAST(passed AS VARCHAR), ',') FROM check_result WHERE check_no = 7"), "true");
    place.run(&["release", "verify", "--all"]).must(0);
    // What preview says is what happens, and asking changed nothing.
    let before = fs::read_to_string(place.at("published/latest.json")).unwrap();
    let preview = place.run(&["period", "preview", "2018/P01"]).must(0);
    assert!(preview.contains("£12,340.01 more"), "{preview}");
    assert_eq!(fs::read_to_string(place.at("published/latest.json")).unwrap(), before);
    assert_eq!(parts(&place, "2018/P01"), closed);
    act(&place, "reopen", "2018/P01");
    let said = place.run(&["run"]).must(0);
    assert!(
        said.contains("restated 2018/P01: separation of ashvale, supplies_and_services: £12,340.01 more (old £0.00, new £12,340.01)"),
        "{said}"
    );
    assert_ne!(parts(&place, "2018/P01"), closed);
    let cells = sum(&place, "SELECT sum(difference) FROM restatement");
    let lines = sum(&place, "SELECT sum(CASE WHEN side = 'new' THEN amount ELSE -amount END) FROM restatement_line WHERE is_cost");
    assert_eq!((cells.as_str(), lines.as_str()), ("12340.01", "12340.01"));
    assert_eq!(sum(&place, "SELECT sum(rules) FROM restatement"), "0.00", "the rule moves April from shared to managed");
    assert_eq!(sum(&place, "SELECT sum(data) FROM restatement"), "12340.01");
    assert_eq!(sum(&place, "SELECT sum(rules) FROM restatement WHERE ownership = 'shared'"), "-1250.00");
    let latest: Value = serde_json::from_slice(&fs::read(place.at("published/latest.json")).unwrap()).unwrap();
    let diff = place.run(&["release", "diff", "r0001", latest["release"].as_str().unwrap()]).must(0);
    assert!(diff.contains("12,340.01"), "{diff}");
}

#[test]
fn two_periods_that_are_let_go_are_two_statements_each_against_its_own_closing_release() {
    let place = april_closed();
    place.ledger(6, &[("A100", "4100", "10.00"), ("A900", "9000", "-10.00")]);
    place.run(&["run"]).must(0);
    act(&place, "close", "2018/P02");
    place.ledger(4, &[("A100", "4100", "1251.00"), ("A900", "9000", "-1251.00")]);
    place.ledger(5, &[("A100", "4100", "1302.50"), ("A900", "9000", "-1302.50")]);
    place.run(&["run"]).must(0);
    act(&place, "reopen", "2018/P01");
    act(&place, "reopen", "2018/P02");
    place.run(&["run"]).must(0);
    let sums = "SELECT string_agg(t, ' ' ORDER BY t) FROM (SELECT CAST(r.number AS VARCHAR) || ':' || closing_release || ':' || CAST(sum(r.difference) AS VARCHAR) AS t FROM restatement AS r GROUP BY r.number, closing_release) AS x";
    assert_eq!(sum(&place, sums), "1:r0001:1.00 2:r0002:2.50");
    let lines = "SELECT string_agg(t, ' ' ORDER BY t) FROM (SELECT CAST(number AS VARCHAR) || ':' || CAST(sum(CASE WHEN side = 'new' THEN amount ELSE -amount END) AS VARCHAR) AS t FROM restatement_line WHERE is_cost GROUP BY number) AS x";
    assert_eq!(sum(&place, lines), "1:1.00 2:2.50");
    // Closed again, the statements stay in every later release, byte for byte.
    act(&place, "close", "2018/P01");
    let fixed = parts(&place, "2018/P01/1");
    assert_eq!(fixed.len(), 3, "{fixed:?}");
    place.replace("pipelines/reference/ownership_rule.csv", RULE, "managed,payroll");
    place.run(&["run", "--force"]).must(0);
    assert_eq!(parts(&place, "2018/P01/1"), fixed);
    assert_eq!(sum(&place, sums), "1:r0001:1.00 2:r0002:2.50");
}

#[test]
fn a_part_of_a_closed_period_that_somebody_replaced_is_named() {
    let place = april_closed();
    let latest: Value = serde_json::from_slice(&fs::read(place.at("published/latest/_manifest.json")).unwrap()).unwrap();
    let path = |period: &str| {
        let parts = latest["content"]["tables"]["separation"].as_array().unwrap();
        parts.iter().find(|part| part["key"] == period).unwrap()["path"].as_str().unwrap().to_owned()
    };
    let (april, may) = (path("2018/P01"), path("2018/P02"));
    let bytes = fs::read(place.at("published").join(may)).unwrap();
    let file = place.at("published").join(&april);
    fs::remove_file(&file).unwrap();
    fs::write(&file, bytes).unwrap();
    let said = place.run(&["release", "verify"]);
    assert_eq!(said.code, 1);
    assert!(said.out.contains(april.rsplit('/').next().unwrap()), "{}", said.out);
}

#[test]
fn an_event_that_is_damaged_or_gone_stops_whoever_asks() {
    let place = april_closed();
    act(&place, "reopen", "2018/P01");
    let first = place.at("lake/period/00000001.json");
    let text = fs::read_to_string(&first).unwrap();
    fs::write(&first, text.replace("A. Clerk", "B. Clerk")).unwrap();
    let said = place.run(&["run"]);
    assert!(said.code == 3 && said.err.contains("TC1010"), "{} {}", said.code, said.err);
    fs::remove_file(&first).unwrap();
    let said = place.run(&["period", "list"]);
    assert!(said.code == 3 && said.err.contains("TC1010"), "{} {}", said.code, said.err);
}
