//! Looking at true cost: figures down to their lines, lines up to their figures, and the method, on the golden partnership.
//!
//! What is said is held to the letter (`tests/golden/true_cost/said`); what it rests on is worked out again here from the published
//! tables, in fractions.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use num_bigint::BigInt;
use serde_json::Value;
use truecost::domain::Fraction;

use crate::{
    golden, places,
    true_cost::{self, Partnership, Rows, with_two_more_months},
};

/// The golden partnership after its first run; `None` where the shared folder is not beside the repository.
fn run() -> Option<Partnership> {
    let golden = true_cost::golden()?;
    let partnership = Partnership::new(&golden);
    partnership.run(&["run"], 0);
    Some(partnership)
}

fn answer(partnership: &Partnership, words: &[&str]) -> Value {
    let said = partnership.run(&[words, &["--json"]].concat(), 0);
    let answer: Value = serde_json::from_str(&said).unwrap();
    answer["answer"].clone()
}

fn fraction(value: &Value) -> Fraction {
    Fraction::parse(value.as_str().unwrap()).unwrap()
}

/// `-74.82` pounds.
fn pounds(value: &Value) -> Fraction {
    decimal(value.as_str().unwrap())
}

fn decimal(text: &str) -> Fraction {
    Fraction::new(text.replace('.', "").parse::<BigInt>().unwrap(), 100).unwrap()
}

fn sum(all: impl Iterator<Item = Fraction>) -> Fraction {
    all.fold(Fraction::whole(0), |sum, one| &sum + &one)
}

#[test]
fn what_is_said_of_a_figure_of_a_line_and_of_the_method() {
    let Some(partnership) = run() else { return };
    let cost = |service: &str, bearer: &str| {
        partnership.run(&["explain", "cost", "--service", service, "--bearer", bearer, "--period", "2018/P01"], 0)
    };
    golden::golden("golden/true_cost/said/legal_northam.txt", &cost("legal", "northam"));
    golden::golden("golden/true_cost/said/legal_southam.txt", &cost("legal", "southam"));
    golden::golden("golden/true_cost/said/ict_northam.txt", &cost("ict", "northam"));
    golden::golden("golden/true_cost/said/method.md", &partnership.run(&["method"], 0));
    let ids = partnership.query("SELECT delivery_id FROM delivery WHERE council = 'northam' AND feed = 'general_ledger'");
    let id = ids.lines().nth(1).unwrap().to_owned();
    let lines: Vec<String> = ["2", "8", "12", "19"].iter().map(|row| partnership.run(&["explain", "line", &id, row], 0)).collect();
    golden::golden("golden/true_cost/said/lines.txt", &lines.join("\n"));
}

/// A charge between partners says with what it was added up and of which pair that is a side, or since when it is open.
#[test]
fn a_line_of_a_recharge_says_its_pair() {
    let Some(partnership) = run() else { return };
    let mut said = String::new();
    let mut rows: Vec<_> = partnership.published("cost_line").0.into_iter().filter(|row| row["recharge"] == "true").collect();
    rows.sort_by_key(|row| (row["council"].clone(), row["source_row"].parse::<u64>().unwrap()));
    for row in &rows {
        let text = partnership.run(&["explain", "line", &row["delivery_id"], &row["source_row"]], 0);
        let (_, from) = text.split_once("\npart 1 is in no cell").unwrap();
        said.push_str(&format!("{}, row {}{from}", row["council"], row["source_row"]));
        let answer = answer(&partnership, &["explain", "line", &row["delivery_id"], &row["source_row"]]);
        let recharge = &answer["allocated"][0]["recharge"];
        assert_ne!(recharge["pairs"].is_array(), recharge["open"].is_object(), "{answer}");
    }
    assert!(rows.len() >= 3, "{said}");
    golden::golden("golden/true_cost/said/recharges.txt", &said);
}

/// Figures that were put together since few persons stand behind them are counted for whoever looks after the machine, and for a committee.
#[test]
fn small_groups_are_counted() {
    let Some(partnership) = run() else { return };
    assert!(!partnership.run(&["doctor"], 0).contains("small groups"), "groups of one are shown");
    partnership.change("pipelines/partnership.yaml", |yaml| yaml.replace("small_group: 1 ", "small_group: 5 "), 0);
    let doctor = partnership.run(&["doctor"], 0);
    let line = doctor.lines().find(|line| line.contains("small groups")).unwrap_or_default();
    let rows = |table: &str, what: &str| {
        partnership.query(&format!("SELECT {what} AS n FROM {table}")).lines().nth(1).unwrap_or_default().to_owned()
    };
    let merged = rows("on_cost WHERE service = 'small_groups'", "count(*)");
    let parts = rows("cost_line WHERE part_kind = 'pay_small'", "count(*)");
    let differences = rows("payroll_difference WHERE cost_centre = 'small_groups'", "count(*)");
    assert!(line.starts_with("ok      small groups: figures of fewer than 5 persons are put together: "), "{doctor}");
    for (table, count) in [("on_cost", merged), ("cost_line", parts), ("payroll_difference", differences)] {
        assert!(line.contains(&format!("{count} row{} in {table}", if count == "1" { "" } else { "s" })), "{line}");
    }
    // Who is paid in each month stands in a row of each, and is one person.
    let of_period = "(SELECT sum(persons) AS p FROM on_cost WHERE service = 'small_groups' GROUP BY delivery_year, delivery_period)";
    let most = rows(of_period, "max(p)");
    assert!(line.contains(&format!(" in on_cost (at most {most} persons in a period)")), "{line}");
    let method = partnership.run(&["method"], 0);
    assert!(method.contains("| `payroll_difference` | one row |"), "{method}");
}

/// Check 36 over everything that is published: each figure's lines, read from `cost_line` here, each times the share that is published,
/// sum to the exact figure that is printed, and with the rounding that is printed to the figure.
#[test]
fn every_figure_leads_to_its_lines_and_they_to_it() {
    let Some(partnership) = run() else { return };
    let lines = partnership.published("cost_line").0;
    let figures = partnership.published("full_cost").0;
    let asked: BTreeSet<(String, String)> = figures.iter().map(|row| (row["final_service"].clone(), row["bearer"].clone())).collect();
    assert!(asked.len() >= 7, "{asked:?}");
    for (service, bearer) in &asked {
        let words = ["explain", "cost", "--service", service, "--bearer", bearer, "--period", "2018/P01", "-n", "1000"];
        let answer = answer(&partnership, &words);
        let cells = answer["cells"].as_array().unwrap();
        let forward = sum(cells.iter().map(|cell| &lines_of(&lines, cell) * &fraction(&cell["share"])));
        let printed = sum(answer["uses"].as_array().unwrap().iter().map(|one| fraction(&one["exact"])));
        let rounding = sum(answer["uses"].as_array().unwrap().iter().map(|one| fraction(&one["rounding"])));
        assert_eq!(forward, printed, "{service} {bearer}");
        assert_eq!(&forward + &rounding, pounds(&answer["amount"]), "{service} {bearer}");
        let published = sum(figures
            .iter()
            .filter(|row| row["final_service"] == *service && row["bearer"] == *bearer)
            .map(|row| decimal(&row["amount"])));
        assert_eq!(pounds(&answer["amount"]), published, "{service} {bearer}");
        // All lines are shown where so many are asked for, and their exact parts are the figure.
        let of_lines = sum(answer["lines"].as_array().unwrap().iter().map(|line| fraction(&line["exact"])));
        assert_eq!(of_lines, printed, "{service} {bearer}");
    }
}

/// Pounds of the lines of a cell, from the published table.
fn lines_of(lines: &[BTreeMap<String, String>], cell: &Value) -> Fraction {
    let is = |row: &BTreeMap<String, String>, name: &str| row[name] == cell[name].as_str().unwrap();
    let is_in = |row: &&BTreeMap<String, String>| {
        let bearer = match (row["ownership"].as_str(), row["bearer"].as_str()) {
            ("shared", _) => "",
            (_, "") => row["council"].as_str(),
            (_, bearer) => bearer,
        };
        ["service", "ownership", "account_group", "council", "fund"].iter().all(|name| is(row, name))
            && cell["on_cost"].as_bool().is_some_and(|on_cost| row["on_cost"] == if on_cost { "true" } else { "false" })
            && bearer == cell["bearer"]
            && row["is_cost"] == "true"
            && row["recharge"] == "false"
    };
    sum(lines.iter().filter(is_in).map(|row| decimal(&row["amount"])))
}

/// A line's exact parts are the line, whoever bears them.
#[test]
fn all_parts_of_a_line_are_the_line() {
    let Some(partnership) = run() else { return };
    let mut held = 0;
    for row in partnership.published("cost_line").0.iter().filter(|row| row["line_part"] == "1") {
        let answer = answer(&partnership, &["explain", "line", &row["delivery_id"], &row["source_row"]]);
        for part in answer["allocated"].as_array().unwrap() {
            match part["went"].as_array() {
                Some(went) => {
                    assert_eq!(sum(went.iter().map(|to| fraction(&to["exact"]))), pounds(&part["amount"]), "{part}");
                    held += 1;
                }
                None => assert!(!part["apart"].as_str().unwrap().is_empty(), "{part}"),
            }
        }
    }
    assert!(held >= 20, "{held} parts of lines were held");
}

/// The method is made from rules and tables alone: no clock and no run, so it is the same again; and a stranger finds every number of it
/// in a published table.
#[test]
fn the_method_is_the_same_again_and_every_number_is_published() {
    let Some(partnership) = run() else { return };
    let method = partnership.run(&["method"], 0);
    assert_eq!(method, partnership.run(&["method", "--period", "2018/P01"], 0));
    partnership.run(&["run", "--force"], 0);
    assert_eq!(method, partnership.run(&["method"], 0));
    let mut published = BTreeSet::new();
    for table in std::fs::read_dir(partnership.path("published/latest")).unwrap().map(|entry| entry.unwrap().path()) {
        if table.is_dir() {
            let mut rows = Rows::default();
            rows.read_all(&table);
            rows.0.iter().flat_map(BTreeMap::values).for_each(|value| published.extend(numbers(value)));
        }
    }
    let strange: Vec<String> = numbers(&method).into_iter().filter(|number| !published.contains(number)).collect();
    assert!(strange.is_empty(), "not in any published table: {strange:?}\n{method}");
    assert!(numbers(&method).len() > 60);
}

/// Every number in a text, without grouping and noughts at its ends: `14,439.71`, `0.60`, `2018` of `2018/P01`.
fn numbers(text: &str) -> BTreeSet<String> {
    let text = text.replace(',', "");
    let words = text.split(|c: char| !c.is_ascii_digit() && c != '.');
    let plain = |word: &str| {
        let word = word.trim_matches('.');
        let word = if word.contains('.') { word.trim_end_matches('0').trim_end_matches('.') } else { word };
        let bare = word.trim_start_matches('0');
        if bare.is_empty() && !word.is_empty() { "0".to_owned() } else { bare.to_owned() }
    };
    words.map(plain).filter(|word| !word.is_empty()).collect()
}

/// Nothing of a person is on these pages: no pseudonym, name or number of the payroll files.
#[test]
fn nothing_personal_is_said() {
    let Some(partnership) = run() else { return };
    let (Some(golden), mut said) = (true_cost::golden(), partnership.run(&["method"], 0)) else { return };
    for (service, bearer) in [("legal", "northam"), ("ict", "southam"), ("hr", "southam")] {
        said += &partnership.run(&["explain", "cost", "--service", service, "--bearer", bearer, "--period", "2018/P01"], 0);
    }
    let secret = secrets(&golden);
    assert!(secret.len() >= 4);
    let told: Vec<&String> = secret.iter().filter(|word| said.contains(word.as_str())).collect();
    assert!(told.is_empty(), "{told:?}");
}

/// Pseudonyms of the golden lake tables.
fn secrets(golden: &Path) -> BTreeSet<String> {
    let (_, rows) = Rows::expected(&golden.join("expected/pay_line.csv"));
    rows.0.iter().flat_map(|row| [row["person"].clone(), row["assignment"].clone()]).filter(|word| word.len() >= 32).collect()
}

#[test]
fn the_golden_texts_are_there() {
    for name in ["legal_northam.txt", "legal_southam.txt", "ict_northam.txt", "method.md", "lines.txt"] {
        assert!(places::root().join("tests/golden/true_cost/said").join(name).is_file(), "{name}");
    }
}

/// What is told of a volume is what the matrix counts: of a closing period the months in which a council was a member; and what several
/// deliveries brought names those that did, also one of an earlier period.
#[test]
fn what_counts_of_a_volume_is_what_the_matrix_counts() {
    let Some(golden) = true_cost::golden() else { return };
    let partnership = Partnership::new(&golden);
    with_two_more_months(&partnership);
    let replace = |file: &str, was: &str, is: &str| {
        let text = fs::read_to_string(partnership.path(file)).unwrap();
        assert!(text.contains(was), "{file}: {was}");
        partnership.write(file, &text.replace(was, is));
    };
    // Southam leaves legal in June; June's ledgers close the year.
    let leaves = "{organisation: southam, service: [ict, hr], role: partner, from: 2014-04-01}\n\
        - {organisation: southam, service: legal, role: partner, from: 2014-04-01, to: 2018-06-01}";
    replace("pipelines/partnership.yaml", "{organisation: southam, service: all, role: partner, from: 2014-04-01}", leaves);
    replace(
        "pipelines/reference/share.csv",
        "legal,southam,30,legal_minutes,3.00,false,2018-04-01,",
        "legal,southam,30,legal_minutes,3.00,false,2018-04-01,2018-06-01",
    );
    for council in ["northam", "southam"] {
        let feed = format!("pipelines/{council}/general_ledger.yaml");
        replace(&feed, "GL_{year}_{month}.csv", "GL_{year}_{period}.csv");
        replace(&feed, "calendar: month", "calendar: fiscal");
        for (month, period) in [("04", "01"), ("05", "02"), ("06", "13")] {
            let drop = format!("drop/{council}/general_ledger");
            let text = fs::read_to_string(partnership.path(&format!("{drop}/GL_2018_{month}.csv"))).unwrap();
            fs::remove_file(partnership.path(&format!("{drop}/GL_2018_{month}.csv"))).unwrap();
            partnership.write(&format!("{drop}/GL_2018_{period}.csv"), &text.replace("/06/2018", "/03/2019"));
        }
    }
    // Northam's devices of May did not come; southam's did.
    let devices = fs::read_to_string(partnership.path("drop/southam/device/devices_2018-04-30.csv")).unwrap();
    partnership.write("drop/southam/device/devices_2018-05-31.csv", &devices);
    let said = partnership.run(&["run"], 0);
    assert!(said.contains("2018/P01 to P13"), "{said}");
    let shares = "SELECT final_ownership, bearer, numerator, denominator FROM allocation_share \
        WHERE service = 'legal' AND delivery_period = 13 ORDER BY bearer";
    let expected = "final_ownership,bearer,numerator,denominator\nshared,northam,31,33\nexternal,oak_academy,2,33\n";
    assert_eq!(partnership.query(shares), expected, "1,860 of 1,980 minutes of two months");
    let told = |period: &str| partnership.run(&["explain", "cost", "--service", "legal", "--bearer", "northam", "--period", period], 0);
    let line = |text: &str, name: &str| text.lines().find(|line| line.trim_start().starts_with(name)).unwrap_or_default().to_owned();
    let closing = told("2018/P13");
    assert!(line(&closing, "southam (partner)").contains("660  yes"), "{closing}");
    assert!(closing.contains("\n  1,980 count\n"), "{closing}");
    let may = told("2018/P02");
    let own = line(&may, "ict (itself)");
    assert!(own.contains("several of northam/device ") && own.contains(", southam/device "), "{may}");
    assert!(own.ends_with(", carried on from an earlier period in whole or in part"), "{may}");
}
