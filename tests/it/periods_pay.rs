//! Closing with pay, and closing a year: what was closed stands, whatever becomes of the pay, the volumes and the months behind it.

use std::{collections::BTreeMap, fs, path::Path};

use serde_json::Value;

use crate::{
    releases::Place,
    true_cost::{Partnership, golden},
};

const BY: [&str; 4] = ["--by", "A. Clerk", "--reason", "agreed"];

/// SHA-256 of each part whose key ends so, by table and key.
fn parts(folder: &Path, period: &str) -> BTreeMap<String, String> {
    let latest: Value = serde_json::from_slice(&fs::read(folder.join("published/latest/_manifest.json")).unwrap()).unwrap();
    let mut found = BTreeMap::new();
    for (table, parts) in latest["content"]["tables"].as_object().unwrap() {
        for part in parts.as_array().unwrap().iter().filter(|part| part["key"].as_str().unwrap().ends_with(period)) {
            let bytes = fs::read(folder.join("published").join(part["path"].as_str().unwrap())).unwrap();
            found.insert(format!("{table} {}", part["key"].as_str().unwrap()), truecost::schema::digest_of(&bytes).hex());
        }
    }
    found
}

#[test]
fn a_month_with_pay_is_closed_and_restated_with_what_pay_makes_of_it() {
    let Some(golden) = golden() else { return };
    let place = Partnership::new(&golden);
    let file = fs::read_to_string(place.path("pipelines/partnership.yaml")).unwrap();
    place.write("pipelines/partnership.yaml", &file.replace("payroll_limit: {pounds: 10.00", "payroll_limit: {pounds: 1000.00"));
    place.run(&["run"], 0);
    let act = |verb: &str, more: &[&str], code: i32| place.run(&[&["period", verb, "2018/P01"], more, &BY[..]].concat(), code);
    act("close", &["--anyway", "what checks warn of is known"], 0);
    let closed = parts(&place.path(""), "2018/P01");
    for table in ["cost_line", "on_cost", "payroll_difference", "allocated_cost", "settlement"] {
        assert!(closed.keys().any(|key| key.starts_with(&format!("{table} "))), "{table}: {closed:?}");
    }
    // Pay comes again with other amounts, a rate changes by which it is worked out again, a post moves: nothing of April does.
    let payroll = "drop/southam/payroll/itrent_elements_2018_04.csv";
    let more_pay = |text: &str| {
        let text = text.replace("\"2,500.00\",S100", "\"2,400.00\",S100").replace("\"3,223.12-\"", "\"3,123.12-\"");
        assert!(text.contains("2,400.00"), "{text}");
        text
    };
    let said = place.change(payroll, more_pay, 0);
    assert!(said.contains("TC1401") && said.contains("southam/payroll 2018/P01"), "{said}");
    place.change("pipelines/reference/rate_card.csv", |text| text.replace(",13.8,percent", ",15.0,percent"), 0);
    assert_eq!(parts(&place.path(""), "2018/P01"), closed);
    place.run(&["run", "--force"], 0);
    assert_eq!(parts(&place.path(""), "2018/P01"), closed);
    place.run(&["release", "verify", "--all"], 0);
    let preview = place.run(&["period", "preview", "2018/P01"], 0);
    assert_eq!(parts(&place.path(""), "2018/P01"), closed, "{preview}");
    // Let go, it is what pay says now; lines and cells foot, and the settlement moves with the shared service's pay.
    act("reopen", &[], 0);
    let said = place.run(&["run"], 0);
    assert!(said.contains("restated 2018/P01"), "{said}");
    assert_ne!(parts(&place.path(""), "2018/P01"), closed);
    let difference = place.query("SELECT coalesce(sum(difference), 0.00) AS d FROM restatement");
    let lines = place
        .query("SELECT coalesce(sum(CASE WHEN side = 'new' THEN amount ELSE -amount END), 0.00) AS d FROM restatement_line WHERE is_cost");
    assert_eq!(difference, lines);
    let parts_of_lines =
        place.query("SELECT side, part_kind, sum(amount) AS a FROM restatement_line GROUP BY side, part_kind ORDER BY 1, 2");
    assert!(parts_of_lines.contains("payroll_difference"), "a line of payroll falls into other parts: {parts_of_lines}");
    assert_eq!(
        place.query("SELECT coalesce(sum(difference), 0.00) AS d FROM restatement_settlement WHERE kind = 'balance'").lines().last(),
        Some("0.00")
    );
    act("close", &["--anyway", "what checks warn of is known"], 0);
    let again = parts(&place.path(""), "2018/P01");
    place.run(&["run", "--force"], 0);
    assert_eq!(parts(&place.path(""), "2018/P01"), again);
}

#[test]
fn what_is_in_no_line_and_no_cell_is_previewed_and_said() {
    let Some(golden) = golden() else { return };
    let place = Partnership::new(&golden);
    let file = fs::read_to_string(place.path("pipelines/partnership.yaml")).unwrap();
    place.write("pipelines/partnership.yaml", &file.replace("payroll_limit: {pounds: 10.00", "payroll_limit: {pounds: 1000.00"));
    place.run(&["run"], 0);
    let act = |verb: &str, more: &[&str]| place.run(&[&["period", verb, "2018/P01"], more, &BY[..]].concat(), 0);
    let preview = || place.run(&["period", "preview", "2018/P01"], 0);
    act("close", &["--anyway", "what checks warn of is known"]);
    assert!(preview().contains("nothing would change"));
    // No line, no cell and no balance moves; what on-costs should have been does.
    let rates = "pipelines/reference/rate_card.csv";
    place.write(rates, &fs::read_to_string(place.path(rates)).unwrap().replace(",13.8,percent", ",15.0,percent"));
    let said = preview();
    assert!(said.contains("0 cells of the separation, 0 lines of both sides, cost or not, 0 balances"), "{said}");
    assert!(said.contains("other tables that would say something else: on_cost\n"), "{said}");
    act("reopen", &[]);
    let said = place.run(&["run"], 0);
    let restated =
        "restated 2018/P01: no line, cell of the separation or balance of the settlement differs; other tables do: on_cost: rule\n";
    assert!(said.contains(restated), "{said}");
    let diff = place.run(&["release", "diff", "r0001", "r0002"], 0);
    assert!(diff.contains("separation: the same") && diff.contains("other tables that say something else: "), "{diff}");
    assert!(diff.contains("on_cost"), "{diff}");
    // Volumes move balances: each with its pounds.
    let devices = "drop/southam/device/devices_2018-04-30.csv";
    place.write(devices, &fs::read_to_string(place.path(devices)).unwrap().replace("S100,3", "S100,9"));
    place.run(&["run", "--deliver"], 0);
    let said = preview();
    assert!(said.contains("  settlement of northam, ict: £") && said.contains(" less to pay (old £892.93, new £"), "{said}");
    // Who receives is not said to pay less.
    assert!(said.contains("  settlement of southam, ict: £") && said.contains(" less to receive (old -£934.08, new -£"), "{said}");
    assert!(said.contains("other tables that would say something else: allocated_cost, "), "{said}");
}

/// March and the closing entries of two councils, which share by the volumes of the year.
fn year_end() -> Place {
    let place = Place::of("two_councils");
    for council in ["hill", "vale"] {
        let feed = format!("pipelines/{council}/general_ledger.yaml");
        place.replace(&feed, "ledger_{year}_{month}.csv", "ledger_{year}-P{period}.csv");
        place.replace(&feed, "calendar: month", "calendar: fiscal");
    }
    let ledger = |council: &str, period: u8, day: &str, legal: &str, control: &str| {
        let (own, other) = if council == "hill" { ("H", "1000") } else { ("V", "3000") };
        let text = format!(
            "Ref,Line,Posted,Centre,Account,Amount\n{own}{period},1,{day},{own}10,{other},{legal}\n{own}{period},2,{day},{own}90,9000,{control}\n"
        );
        place.write(&format!("drop/{council}/general_ledger/ledger_2018-P{period:02}.csv"), &text);
    };
    ledger("hill", 12, "2019-03-12", "6000.00", "-6000.00");
    ledger("vale", 12, "2019-03-12", "90.00", "-90.00");
    ledger("hill", 13, "2019-03-31", "600.00", "-600.00");
    ledger("vale", 13, "2019-03-31", "9.00", "-9.00");
    minutes(&place, 300);
    for (council, rows) in [("hill", "H10,4\n"), ("vale", "V10,2\n")] {
        place.write(&format!("drop/{council}/device/devices_2019-03-31.csv"), &format!("Centre,Devices\n{rows}"));
    }
    place
}

/// What lawyers did in March: of it each bears its part, in March and at the end of the year.
fn minutes(place: &Place, of_vale: u32) {
    place.write("drop/hill/legal_time/time_2019_03.csv", &format!("Client,Minutes\nhill,600\nvale,{of_vale}\n"));
}

fn owed(place: &Place, period: u8) -> String {
    let sql = format!("SELECT coalesce(sum(amount), 0.00) AS a FROM payment_to_make WHERE delivery_period = {period}");
    place.run(&["query", "--format", "csv", &sql]).must(0).lines().last().unwrap().to_owned()
}

fn used(place: &Place, period: u8) -> String {
    let sql = format!(
        "SELECT driver, to_service, to_ownership, to_bearer, volume FROM volume WHERE delivery_period = {period} ORDER BY 1, 2, 3, 4"
    );
    place.run(&["query", "--format", "csv", &sql]).must(0)
}

#[test]
fn a_closing_period_closes_its_year_and_stays_when_a_month_of_it_is_restated() {
    let place = year_end();
    place.run(&["run"]).must(0);
    let act = |verb: &str, period: &str| place.run(&[&["period", verb, period, "--anyway", "warnings are known"], &BY[..]].concat());
    let reopen = |period: &str| place.run(&[&["period", "reopen", period], &BY[..]].concat()).must(0);
    let said = act("close", "2018/P13");
    assert!(said.code == 1 && said.err.contains("2018/P12, the month before it, is open"), "{}", said.err);
    act("close", "2018/P12").must(0);
    let said = act("close", "2018/P13").must(0);
    assert!(said.contains("2018/P13 is closed, as it stands in release r0001") && said.contains("the year 2018/19 is closed"), "{said}");
    let (march, year) = (parts(place.path(), "2018/P12"), parts(place.path(), "2018/P13"));
    let (owed_march, owed_year) = (owed(&place, 12), owed(&place, 13));
    // The next year begins with April, and needs nothing of the last.
    // Minutes of March come again: March is let go and restated, and the year stays as it was closed.
    minutes(&place, 900);
    let said = place.run(&["run"]);
    assert!(said.code == 0 && said.err.contains("TC1401"), "{}", said.err);
    assert_eq!((parts(place.path(), "2018/P12"), parts(place.path(), "2018/P13")), (march.clone(), year.clone()));
    reopen("2018/P12");
    let said = place.run(&["run"]).must(0);
    assert!(said.contains("restated 2018/P12"), "{said}");
    assert_ne!(parts(place.path(), "2018/P12"), march);
    assert_eq!(parts(place.path(), "2018/P13"), year);
    assert_ne!(owed(&place, 12), owed_march);
    assert_eq!(owed(&place, 13), owed_year);
    place.run(&["release", "verify", "--all"]).must(0);
    // Preview says what the year would be, and does nothing.
    let preview = place.json(&["period", "preview", "2018/P13"]);
    assert!(preview["balances"].as_u64() > Some(0) && preview["stops"] == serde_json::json!([]), "{preview}");
    let text = place.run(&["period", "preview", "2018/P13"]).must(0);
    assert!(!text.contains("nothing would change") && text.contains("settlement"), "{text}");
    assert_eq!(parts(place.path(), "2018/P13"), year);
    // Let go too, it is what preview said; the year differs by what came for March.
    reopen("2018/P13");
    let said = place.run(&["run"]).must(0);
    assert!(said.contains("restated 2018/P13: ") && said.contains(": data\n"), "{said}");
    assert_ne!(owed(&place, 13), owed_year);
    let diff = place.run(&["release", "diff", "r0002", "r0003"]).must(0);
    assert!(!diff.contains("nothing") && diff.contains("data"), "{diff}");
}

/// Who used what in a closed month is what was published of it, also for the closing period, which is open: a rule of today moves neither.
#[test]
fn a_closing_period_counts_what_closed_months_have_published() {
    let place = year_end();
    place.run(&["run"]).must(0);
    place.run(&[&["period", "close", "2018/P12", "--anyway", "warnings are known"], &BY[..]].concat()).must(0);
    let used = |period: u8| used(&place, period);
    let (published, owed_year) = (used(12), owed(&place, 13));
    assert!(published.contains("devices,legal,") && used(13) == published, "{published}");
    let rules = fs::read_to_string(place.path().join("pipelines/reference/ownership_rule.csv")).unwrap();
    let rule = rules.lines().find(|row| row.contains(",V10,")).unwrap();
    place.replace("pipelines/reference/ownership_rule.csv", rule, &rule.replace("shared,legal,", "managed,legal,"));
    place.run(&["run"]).must(0);
    assert_eq!((used(12), used(13)), (published.clone(), published.clone()));
    assert_ne!(owed(&place, 13), owed_year, "its own lines are by the rules of now");
    // Let go, March is placed by them too, and the year with it.
    place.run(&[&["period", "reopen", "2018/P12"], &BY[..]].concat()).must(0);
    place.run(&["run"]).must(0);
    assert_ne!(used(12), published);
    assert_eq!(used(13), used(12));
}

/// Closing finishes what another command had begun and died in: what it closes is what stands then.
#[test]
fn a_period_is_not_closed_on_what_somebody_has_withdrawn_by_half() {
    let place = Place::new();
    place.ledger(4, &[("A100", "4100", "1250.00"), ("A900", "9000", "-1250.00")]);
    place.ledger(5, &[("A100", "4100", "1300.00"), ("A900", "9000", "-1300.00")]);
    place.run(&["run"]).must(0);
    for point in ["decide.begun", "decide.entered"] {
        let words = [&["withdraw", "ashvale/general_ledger/2018/P01"], &BY[..]].concat();
        let died = place.run_with(&words, &[("TRUECOST_CRASH", &format!("{point}:1:abort"))]);
        assert_ne!(died.code, 0, "{point}: {}", died.out);
        let said = place.run(&[&["period", "close", "2018/P01"], &BY[..]].concat());
        assert!(said.code == 1 && said.err.contains("TC1402"), "{point}: {} {}", said.out, said.err);
        let state = place.run(&["query", "--format", "csv", "SELECT DISTINCT state FROM ops.delivery"]).must(0);
        assert!(state.contains("withdrawn"), "{point}: {state}");
        let undo = [&["withdraw", "--undo", "ashvale/general_ledger/2018/P01"], &BY[..]].concat();
        place.run(&undo).must(0);
        place.run(&["run"]).must(0);
    }
    place.run(&[&["period", "close", "2018/P01"], &BY[..]].concat()).must(0);
}

/// Who used nothing that was published has used nothing at the end of the year either, whatever a rule of today would make of older files.
#[test]
fn a_closing_period_counts_nothing_of_a_closed_month_that_published_none() {
    let place = year_end();
    place.replace("pipelines/reference/pool.csv", "legal_minutes,2,refuse", "legal_minutes,2,spread_evenly");
    fs::remove_file(place.path().join("drop/hill/legal_time/time_2019_03.csv")).unwrap();
    place.write("drop/hill/legal_time/time_2019_01.csv", "Client,Minutes\nhill,600\nvale,300\n");
    place.run(&["run"]).must(0);
    place.run(&[&["period", "close", "2018/P12", "--anyway", "warnings are known"], &BY[..]].concat()).must(0);
    let (used_in_march, owed_year) = (used(&place, 12), owed(&place, 13));
    assert!(!used_in_march.contains("legal_minutes") && used_in_march.contains("devices"), "{used_in_march}");
    // Minutes are carried now: March, let go, would have those of January.
    place.replace("pipelines/reference/driver.csv", "hill/legal_time,0", "hill/legal_time,12");
    place.run(&["run"]).must(0);
    assert_eq!((used(&place, 13), owed(&place, 13)), (used_in_march, owed_year));
    place.run(&[&["period", "reopen", "2018/P12"], &BY[..]].concat()).must(0);
    place.run(&["run"]).must(0);
    assert!(used(&place, 12).contains("legal_minutes"));
    assert_eq!(used(&place, 13), used(&place, 12));
}

/// A month that is blocked and stands as it was is in the year as it was published.
#[test]
fn a_closing_period_counts_what_a_blocked_month_has_published() {
    let place = year_end();
    place.run(&["run"]).must(0);
    let (march, owed_year) = (used(&place, 12), owed(&place, 13));
    place.run(&[&["withdraw", "hill/legal_time/2018/P12"], &BY[..]].concat()).must(0);
    let said = place.run(&["run"]);
    assert!(said.code == 1 && said.out.contains("2018/P12 is blocked, last good"), "{} {}", said.out, said.err);
    assert!(!said.out.contains("2018/P13 is blocked"), "{} {}", said.out, said.err);
    assert_eq!((used(&place, 12), used(&place, 13), owed(&place, 13)), (march.clone(), march, owed_year));
}

/// A closing period that has nothing of its year any more once a month is refused is refused with it, and other years are published.
#[test]
fn a_closing_period_is_blocked_with_its_only_month_and_nothing_else_is() {
    let place = year_end();
    for council in ["hill", "vale"] {
        fs::remove_file(place.path().join(format!("drop/{council}/device/devices_2019-03-31.csv"))).unwrap();
    }
    let april = "Ref,Line,Posted,Centre,Account,Amount\n";
    place.write(
        "drop/hill/general_ledger/ledger_2019-P01.csv",
        &format!("{april}H1,1,2019-04-12,H10,1000,60.00\nH1,2,2019-04-12,H90,9000,-60.00\n"),
    );
    place.write(
        "drop/vale/general_ledger/ledger_2019-P01.csv",
        &format!("{april}V1,1,2019-04-12,V10,3000,9.00\nV1,2,2019-04-12,V90,9000,-9.00\n"),
    );
    place.write("drop/hill/legal_time/time_2019_04.csv", "Client,Minutes\nhill,600\nvale,300\n");
    // The shared service has cost in March, and no devices to spread it by.
    place.write(
        "drop/hill/general_ledger/ledger_2018-P12.csv",
        &format!("{april}H12,1,2019-03-12,H20,1000,50.00\nH12,2,2019-03-12,H90,9000,-50.00\n"),
    );
    let both_are_blocked = || {
        let said = place.run(&["run"]);
        let is_said = ["2018/P12 is blocked: ", "2018/P13 is blocked: "].iter().all(|text| said.out.contains(text));
        assert!(said.code == 1 && is_said, "{} {}", said.out, said.err);
    };
    both_are_blocked();
    let states = place.run(&["query", "--format", "csv", "SELECT fiscal_year, period, state FROM period"]).must(0);
    assert_eq!(states.lines().skip(1).collect::<Vec<_>>(), ["2019,1,published"]);
    // Nothing came: nothing is made again, and the same is said.
    both_are_blocked();
}

/// Who used a service as a customer in February and is a partner of it since March bears at the end of the year what it used as each.
#[test]
fn a_closing_period_counts_what_a_partner_used_as_a_customer() {
    let place = year_end();
    let member = "- {organisation: vale, service: all, role: partner, from: 2018-04-01}";
    let became = "- {organisation: vale, service: ict, role: partner, from: 2018-04-01}
- {organisation: vale, service: legal, role: customer, from: 2018-04-01, to: 2019-03-01}
- {organisation: vale, service: legal, role: partner, from: 2019-03-01}";
    place.replace("pipelines/partnership.yaml", member, became);
    place.replace("pipelines/reference/ownership_rule.csv", "vale_legal,vale,,,V10,,,2018-04-01", "vale_legal,vale,,,V10,,,2019-03-01");
    let by = "invented,a_clerk,chief_accountant";
    let hill = "legal,hill,70,legal_minutes,3.00,false,2018-04-01,,joint committee of 12 March 2018,a_clerk,chief_accountant";
    let shares =
        ["2018-04-01,2019-03-01", "2019-03-01,"].map(|span| format!("legal,hill,70,legal_minutes,3.00,true,{span},{by}")).join("\n");
    place.replace("pipelines/reference/share.csv", hill, &shares);
    place.replace(
        "pipelines/reference/share.csv",
        "legal,vale,30,legal_minutes,3.00,false,2018",
        "legal,vale,30,legal_minutes,3.00,true,2019",
    );
    place.replace("pipelines/reference/share.csv", "true,2019-04-01,,joint", "true,2019-03-01,,joint");
    let agreements = fs::read_to_string(place.path().join("pipelines/reference/agreement.csv")).unwrap();
    let vale = format!("vale_2018,vale,legal,goods_and_services_1970,price,100.00,month,2018-04-01,2019-03-01,{by}\n");
    place.write("pipelines/reference/agreement.csv", &(agreements + &vale));
    for (council, centre, account) in [("hill", "H", "1000"), ("vale", "V", "3000")] {
        let lines = format!("{centre}11,1,2019-02-12,{centre}10,{account},60.00\n{centre}11,2,2019-02-12,{centre}90,9000,-60.00\n");
        place.write(
            &format!("drop/{council}/general_ledger/ledger_2018-P11.csv"),
            &format!("Ref,Line,Posted,Centre,Account,Amount\n{lines}"),
        );
        place.write(&format!("drop/{council}/device/devices_2019-02-28.csv"), &format!("Centre,Devices\n{centre}10,4\n"));
    }
    place.write("drop/hill/legal_time/time_2019_02.csv", "Client,Minutes\nhill,600\nvale,300\n");
    minutes(&place, 600);
    place.run(&["run"]).must(0);
    let used = used(&place, 13);
    for row in ["legal_minutes,\"\",external,vale,300", "legal_minutes,\"\",shared,hill,1200", "legal_minutes,\"\",shared,vale,600"] {
        assert!(used.contains(row), "{used}");
    }
    // 300 of 2,100 minutes as a customer; what is left by the share of 31 March, 70 to 30.
    let sql = "SELECT final_ownership, bearer, numerator, denominator FROM allocation_share \
        WHERE delivery_period = 13 AND pool_set = 'all' AND service = 'legal' ORDER BY 1, 2";
    let shares = || place.run(&["query", "--format", "csv", sql]).must(0);
    let expected = ["external,vale,1,7", "shared,hill,3,5", "shared,vale,9,35"];
    assert_eq!(shares().lines().skip(1).collect::<Vec<_>>(), expected);
    // Another service gives by the same minutes, of which vale was a partner all year: nothing is used twice.
    place.replace("pipelines/reference/pool.csv", "ict_all,ict,,devices,", "ict_all,ict,,legal_minutes,");
    place.run(&["run"]).must(0);
    assert_eq!(shares().lines().skip(1).collect::<Vec<_>>(), expected);
}
