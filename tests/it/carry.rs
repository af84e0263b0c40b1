//! `missing: carry`: an earlier month stands in for one that a feed has not brought, until it comes; and nobody takes it for what was sent.

use std::{collections::BTreeMap, fs};

use serde_json::Value;

use crate::releases::Place;

/// A ledger that always comes, and one of the schools whose last month stands in where it does not. Account 6100 holds recharges.
fn two_ledgers() -> Place {
    let place = Place::new();
    for kind in ["yaml", "sql"] {
        let of = |feed: &str| place.at(&format!("pipelines/ashvale/{feed}.{kind}"));
        fs::copy(of("general_ledger"), of("schools_ledger")).unwrap();
    }
    let feed = fs::read_to_string(place.at("pipelines/ashvale/schools_ledger.yaml")).unwrap();
    place.write("pipelines/ashvale/schools_ledger.yaml", &format!("{feed}beside: [general_ledger]\nmissing: carry\n"));
    let accounts = fs::read_to_string(place.at("pipelines/reference/account.csv")).unwrap();
    let with = |(at, line): (usize, &str)| format!("{line},{}\n", if at == 0 { "recharge" } else { "false" });
    let text: String = accounts.lines().enumerate().map(with).collect();
    let recharges =
        "ashvale,6100,support_services,expenditure,true,false,2018-04-01,,charges between partners,a_clerk,chief_accountant,true\n";
    place.write("pipelines/reference/account.csv", &text.replace("ashvale,9000", &format!("{recharges}ashvale,9000")));
    fs::create_dir_all(place.at("drop/ashvale/schools_ledger")).unwrap();
    place
}

/// A month of a feed: (account, pounds); a line on the control account balances it.
fn brings(place: &Place, feed: &str, year: i16, month: u8, lines: &[(&str, i64)]) {
    let mut text = "Ref;Seq;Posted;Centre;Nature;Value;Text\n".to_owned();
    let sum: i64 = lines.iter().map(|(_, pounds)| pounds).sum();
    for (at, (account, pounds)) in lines.iter().chain(&[("9000", -sum)]).enumerate() {
        let centre = if *account == "9000" { "A900" } else { "A100" };
        text += &format!("{feed}{month};{at};07/{month:02}/{year};{centre};{account};{pounds}.00;a line\n");
    }
    text += "TOTAL;;;;;0.00;\n";
    place.write(&format!("drop/ashvale/{feed}/ashvale_{year}_{month:02}.csv"), &text);
}

fn general(place: &Place, months: &[u8]) {
    months.iter().for_each(|month| brings(place, "general_ledger", 2018, *month, &[("4100", 100 + i64::from(*month))]));
}

const MAY: &[(&str, i64)] = &[("4100", 500), ("5200", 70), ("6100", 9)];

fn rows(place: &Place, sql: &str) -> Vec<String> {
    place.run(&["query", "--format", "csv", sql]).must(0).lines().skip(1).map(str::to_owned).collect()
}

/// Period, month from which its lines are, and their sum, of the schools' ledger.
fn schools(place: &Place) -> Vec<String> {
    rows(
        place,
        "SELECT delivery_year, delivery_period, coalesce(carried_from, 'own') AS carried_from, sum(amount) AS cost, count(*) AS n FROM cost_line \
         WHERE feed = 'schools_ledger' AND is_cost GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
    )
}

fn tables(place: &Place) -> Value {
    let latest: Value = serde_json::from_slice(&fs::read(place.at("published/latest/_manifest.json")).unwrap()).unwrap();
    latest["content"]["tables"].clone()
}

/// Table and key of each part that differs.
fn apart(one: &Value, other: &Value) -> Vec<String> {
    let parts = |tables: &Value| -> BTreeMap<String, String> {
        let of = |(table, parts): (&String, &Value)| {
            let part = |part: &Value| (format!("{table} {}", part["key"].as_str().unwrap()), part["sha256"].to_string());
            parts.as_array().unwrap().iter().map(part).collect::<Vec<_>>()
        };
        tables.as_object().unwrap().iter().flat_map(of).collect()
    };
    let (one, other) = (parts(one), parts(other));
    let keys: std::collections::BTreeSet<&String> = one.keys().chain(other.keys()).collect();
    keys.into_iter().filter(|key| one.get(*key) != other.get(*key)).cloned().collect()
}

/// May brought, June and July not.
fn june_and_july_missing() -> Place {
    let place = two_ledgers();
    general(&place, &[4, 5, 6, 7]);
    brings(&place, "schools_ledger", 2018, 5, MAY);
    place.run(&["run"]).must(0);
    place
}

#[test]
fn the_last_month_stands_in_and_everything_says_so() {
    let place = june_and_july_missing();
    // Nothing stands in for April, before which nothing came; the recharge of May stands for nothing.
    let stands = ["2018,2,own,579.00,3", "2018,3,2018/P02,570.00,2", "2018,4,2018/P02,570.00,2"];
    assert_eq!(schools(&place), stands);
    assert_eq!(
        rows(&place, "SELECT DISTINCT effective_date FROM cost_line WHERE carried_from IS NOT NULL ORDER BY 1"),
        ["2018-06-01", "2018-07-01"]
    );
    assert_eq!(
        rows(
            &place,
            "SELECT period, coalesce(missing_feeds, 'none') AS m, coalesce(carried_feeds, 'none') AS c FROM period ORDER BY period"
        ),
        [
            "1,ashvale/schools_ledger,none",
            "2,none,none",
            "3,none,ashvale/schools_ledger from 2018/P02",
            "4,none,ashvale/schools_ledger from 2018/P02"
        ]
    );
    // What is separated is what the lines say, those that stand in too, and each in its own row.
    for (table, wanted) in [("separation", "true"), ("class_total", "is_cost")] {
        let of = |from: &str, wanted: &str| {
            rows(
                &place,
                &format!(
                    "SELECT delivery_period, coalesce(carried_from, 'own') AS c, sum(amount) AS a FROM {from} WHERE {wanted} GROUP BY 1, 2 ORDER BY 1, 2"
                ),
            )
        };
        assert_eq!(of(table, wanted), of("cost_line", "is_cost"), "{table}");
    }
    // A line stands in one period once.
    assert_eq!(
        rows(
            &place,
            "SELECT count(*) AS n FROM (SELECT delivery_id, source_row, line_part, delivery_year, delivery_period FROM cost_line GROUP BY 1, 2, 3, 4, 5 HAVING count(*) > 1) AS t"
        ),
        ["0"]
    );
    let said = place.run(&["reconcile"]).must(0);
    assert!(said.contains("carried: ashvale/schools_ledger 2018/P03: 3 lines, -£9.00 of an earlier month stand in; 1 line on recharge accounts, £9.00, left out"), "{said}");
    assert!(said.contains("unexplained £0.00"), "{said}");
    let checks = rows(&place, "SELECT passed, failed, detail FROM check_result WHERE check_no = 6 AND name LIKE '%brought its month'");
    assert!(
        checks[0].starts_with("false,6,") && checks[0].contains("lines of 2018/P02 stand in; 1 line on recharge accounts, £9.00, left out"),
        "{checks:?}"
    );
    assert_eq!(rows(&place, "SELECT string_agg(CAST(check_no AS VARCHAR), ',') AS c FROM check_result WHERE blocks AND NOT passed"), [""]);
    // Said again by whoever looks, and made again as it was.
    let before = tables(&place);
    place.run(&["run"]).must(0);
    place.run(&["run", "--force"]).must(0);
    assert_eq!(apart(&before, &tables(&place)), Vec::<String>::new());
    place.run(&["release", "verify", "--all"]).must(0);
}

#[test]
fn the_real_month_takes_their_place_as_if_nothing_had_stood_in() {
    let place = june_and_july_missing();
    brings(&place, "schools_ledger", 2018, 7, &[("4100", 77)]);
    brings(&place, "schools_ledger", 2018, 6, &[("4100", 66)]);
    place.run(&["run"]).must(0);
    assert_eq!(schools(&place), ["2018,2,own,579.00,3", "2018,3,own,66.00,1", "2018,4,own,77.00,1"]);
    let never = two_ledgers();
    general(&never, &[4, 5, 6, 7]);
    brings(&never, "schools_ledger", 2018, 5, MAY);
    brings(&never, "schools_ledger", 2018, 6, &[("4100", 66)]);
    brings(&never, "schools_ledger", 2018, 7, &[("4100", 77)]);
    never.run(&["run"]).must(0);
    assert_eq!(apart(&tables(&place), &tables(&never)), Vec::<String>::new());
}

#[test]
fn what_stands_in_is_what_was_accepted_last_and_never_what_stood_in_itself() {
    let place = june_and_july_missing();
    // June comes: July is June's from now on. It is withdrawn: both are May's again.
    brings(&place, "schools_ledger", 2018, 6, &[("4100", 66)]);
    place.run(&["run"]).must(0);
    assert_eq!(schools(&place)[1..], ["2018,3,own,66.00,1", "2018,4,2018/P03,66.00,1"]);
    fs::remove_file(place.at("drop/ashvale/schools_ledger/ashvale_2018_06.csv")).unwrap();
    place.run(&["withdraw", "ashvale/schools_ledger/2018/P03", "--by", "A. Clerk", "--reason", "of another school"]).must(0);
    place.run(&["run"]).must(0);
    assert_eq!(schools(&place)[1..], ["2018,3,2018/P02,570.00,2", "2018,4,2018/P02,570.00,2"]);
    // A person lets July go: nothing stands in.
    let due = fs::read_to_string(place.at("pipelines/ashvale/schools_ledger.yaml")).unwrap();
    place.write("pipelines/ashvale/schools_ledger.yaml", &format!("{due}due: {{working_day: 5, since: 2018/P02}}\n"));
    place.run(&["supply", "waive", "ashvale/schools_ledger", "2018/P04", "--by", "A. Clerk", "--reason", "closed in summer"]).must(0);
    place.run(&["run"]);
    assert_eq!(schools(&place)[1..], ["2018,3,2018/P02,570.00,2"]);
    assert_eq!(rows(&place, "SELECT missing_feeds FROM period WHERE period = 4"), ["ashvale/schools_ledger"]);
}

#[test]
fn a_month_of_the_year_before_stands_in_and_none_of_the_year_before_that_nor_a_closing_period() {
    let place = two_ledgers();
    general(&place, &[4, 5]);
    brings(&place, "schools_ledger", 2018, 5, MAY);
    for year in [2019, 2020] {
        brings(&place, "general_ledger", year, 4, &[("4100", i64::from(year))]);
    }
    let said = place.run(&["run"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert_eq!(schools(&place), ["2018,2,own,579.00,3", "2019,1,2018/P02,570.00,2"]);
    assert!(said.err.contains("2020/P01 is published without ashvale/schools_ledger"), "{}", said.err);
    assert!(said.err.contains("although it says `missing: carry`"), "{}", said.err);
    assert!(said.err.contains("2019/P01 is published with lines of 2018/P02 of ashvale/schools_ledger"), "{}", said.err);
}

#[test]
fn a_period_is_closed_with_the_lines_that_stand_in() {
    let place = june_and_july_missing();
    let by = ["--by", "A. Clerk", "--reason", "agreed"];
    let act = |words: &[&str]| place.run(&[&["period"], words, &by].concat());
    act(&["close", "2018/P01", "--anyway", "no school then"]).must(0);
    act(&["close", "2018/P02", "--anyway", "the other side comes in June"]).must(0);
    let said = act(&["close", "2018/P03"]);
    assert!(said.code == 1 && said.err.contains("check 6 failed: ashvale/schools_ledger: lines of 2018/P02 stand in"), "{}", said.err);
    act(&["close", "2018/P03", "--anyway", "the school has no clerk"]).must(0);
    let of_june = |tables: &Value| -> Vec<String> {
        let parts = tables.as_object().unwrap().values().flat_map(|parts| parts.as_array().unwrap());
        let of = parts.filter(|part| part["key"].as_str().unwrap().ends_with("2018/P03"));
        of.map(|part| format!("{} {}", part["key"], part["sha256"])).collect()
    };
    let closed = of_june(&tables(&place));
    // May is corrected and June comes; both are after close, July follows what counts: May as it was closed.
    brings(&place, "schools_ledger", 2018, 5, &[("4100", 501), ("5200", 71)]);
    brings(&place, "schools_ledger", 2018, 6, &[("4100", 66)]);
    let said = place.run(&["run"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.err.contains("after the period was closed in release r0001 on lines of 2018/P02 that stood in"), "{}", said.err);
    place.run(&["run", "--force"]).must(0);
    assert_eq!(of_june(&tables(&place)), closed);
    assert_eq!(schools(&place), ["2018,2,own,579.00,3", "2018,3,2018/P02,570.00,2", "2018,4,2018/P02,570.00,2"]);
    assert_eq!(rows(&place, "SELECT carried_feeds FROM period WHERE period = 3"), ["ashvale/schools_ledger from 2018/P02"]);
    place.run(&["release", "verify", "--all"]).must(0);
    place.run(&["reconcile"]).must(0);
    // Let go, June is what came, and the difference is the lines'.
    let preview = place.run(&["period", "preview", "2018/P03"]).must(0);
    assert!(preview.contains("£504.00 less") || preview.contains("£434.00 less"), "{preview}");
    act(&["reopen", "2018/P03"]).must(0);
    place.run(&["run"]).must(0);
    assert_eq!(schools(&place)[1..], ["2018,3,own,66.00,1", "2018,4,2018/P03,66.00,1"]);
    assert_eq!(rows(&place, "SELECT sum(difference) AS d FROM restatement"), ["-504.00"]);
    let lines = "SELECT sum(CASE WHEN side = 'new' THEN amount ELSE -amount END) AS d FROM restatement_line WHERE is_cost";
    assert_eq!(rows(&place, lines), ["-504.00"]);
}

#[test]
fn tables_that_cannot_tell_them_apart_have_nothing_stand_in() {
    let place = two_ledgers();
    let contract = fs::read_to_string(place.at("schemas/published/separation.odcs.yaml")).unwrap();
    let (before, _) = contract.split_once("  - name: carried_from").unwrap();
    place.write("schemas/published/separation.odcs.yaml", before);
    place.replace("pipelines/cost/separate/separation.sql", " AS lines,\n  carried_from", " AS lines");
    place.replace("pipelines/cost/separate/separation.sql", ", account_group, carried_from", ", account_group");
    general(&place, &[5, 6]);
    brings(&place, "schools_ledger", 2018, 5, MAY);
    let said = place.run(&["run"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.err.contains("no reader could tell it"), "{}", said.err);
    assert_eq!(schools(&place), ["2018,2,own,579.00,3"]);
}
