//! What the golden partnership does not have: rows that name feeds which are not there, lines that cannot be told apart, codes and days
//! that are written otherwise, units without a base. Each a change of one file.

use std::{collections::BTreeMap, fs};

use crate::true_cost::{Partnership, golden, with_two_more_months};

const SUMS: &str =
    "SELECT council, SUM(amount) AS amount, COUNT(*) AS parts FROM cost_line WHERE is_cost GROUP BY council ORDER BY council";
const DIFFERENCES: &str = "SELECT council, cost_centre, account, difference, reason FROM payroll_difference ORDER BY council, account";
const PAYMENT: &str = "SELECT payer, payee, amount FROM payment_to_make";

#[test]
fn a_driver_is_fed_by_feeds_that_there_are() {
    let Some(golden) = golden() else { return };
    for (was, is, said) in [
        (",*/device,", ",*/devices,", "`fed_by` is `*/devices`, and there is no such feed"),
        (",southam/print,", ",northam/print,", "`fed_by` is `northam/print`, and there is no such feed"),
        (",southam/print,", ",southam/payroll,", "`fed_by` is `southam/payroll`, and there is no such feed"),
        (",southam/print,", ",derived:pages,", "`fed_by` is `derived:pages`"),
    ] {
        let partnership = Partnership::new(&golden);
        let file = "pipelines/reference/driver.csv";
        let rows = fs::read_to_string(partnership.path(file)).unwrap();
        partnership.write(file, &rows.replace(was, is));
        let text = partnership.run(&["validate"], 2);
        assert!(text.contains(said) && text.contains("pipelines/reference/driver.csv:"), "{is}: {text}");
    }
}

/// Lines of one row cannot be told apart, and each of payroll's lines is resolved by itself.
#[test]
fn a_ledger_of_many_lines_a_row_resolves_no_pay() {
    let Some(golden) = golden() else { return };
    let partnership = Partnership::new(&golden);
    let file = "pipelines/southam/general_ledger.yaml";
    let yaml = fs::read_to_string(partnership.path(file)).unwrap();
    partnership.write(file, &format!("{yaml}rows: many\n"));
    let said = partnership.run(&["validate"], 2);
    assert!(
        said.contains("payroll's lines in the ledger of southam are to be resolved, and southam/general_ledger makes several"),
        "{said}"
    );
    // Who resolves no pay may have such a ledger.
    let journal = "pipelines/reference/payroll_journal.csv";
    let rows = fs::read_to_string(partnership.path(journal)).unwrap();
    partnership
        .write(journal, &rows.lines().filter(|line| !line.contains(",southam,")).map(|line| format!("{line}\n")).collect::<String>());
    let said = partnership.run(&["validate"], 0);
    assert!(!said.contains("TC0912"), "{said}");
}

/// A commitment on an account of cost and a line on an account that is none are no cost, and one row of what lines add up to.
#[test]
fn a_commitment_and_a_line_that_is_no_cost_are_one_row() {
    let Some(golden) = golden() else { return };
    let partnership = Partnership::new(&golden);
    let change = |file: &str, was: &str, is: &str| {
        let text = fs::read_to_string(partnership.path(file)).unwrap();
        assert!(text.contains(was), "{file}: {was}");
        partnership.write(file, &text.replacen(was, is, 1));
    };
    let of_document = "CASE WHEN document = 'ORD' THEN 'commitment' ELSE 'actual' END AS balance_type";
    change("pipelines/northam/general_ledger.sql", "'actual' AS balance_type", of_document);
    let memo = "northam,3100,supplies_and_services,expenditure,false,false,false,false,2014-04-01,,golden,clerk,chief";
    let accounts = fs::read_to_string(partnership.path("pipelines/reference/account.csv")).unwrap();
    let behind = accounts.lines().find(|line| line.starts_with("northam,3000,")).unwrap();
    change("pipelines/reference/account.csv", behind, &format!("{behind}\n{memo}"));
    let lines = "MEM,1,12/04/2018,Memo,N100,3100,10.00,,,Memo\nMEM,2,12/04/2018,Memo,N900,9000,-10.00,,,Memo\n\
                 ORD,1,12/04/2018,Orders,N100,3000,25.00,,,Order\nORD,2,12/04/2018,Orders,N900,9000,-25.00,,,Order\n";
    change("drop/northam/general_ledger/GL_2018_04.csv", "AR-N-0001,1,", &format!("{lines}AR-N-0001,1,"));
    partnership.run(&["run"], 0);
    let row = "SELECT lines, amount FROM class_total WHERE council = 'northam' AND NOT is_cost AND account_group = 'supplies_and_services'";
    assert_eq!(partnership.query(row), "lines,amount\n2,35.00\n");
    assert_eq!(partnership.query(PAYMENT), "payer,payee,amount\nnortham,southam,497.99\n");
}

/// However many rules lack their bearer: ten are shown, the others counted.
#[test]
fn rules_without_a_bearer_are_told_in_few_lines() {
    let Some(golden) = golden() else { return };
    let partnership = Partnership::new(&golden);
    let file = "pipelines/reference/ownership_rule.csv";
    let rows = fs::read_to_string(partnership.path(file)).unwrap();
    let (header, external) = (rows.lines().next().unwrap(), rows.lines().find(|line| line.contains(",external,")).unwrap());
    let (id, bearer) = (external.split(',').next().unwrap(), "oak_academy");
    let more: BTreeMap<String, String> = (100..363)
        .map(|n| (format!("z{n}"), external.replacen(id, &format!("z{n}"), 1).replace(bearer, "").replace("N120", &format!("Z{n}"))))
        .collect();
    let all: Vec<&str> = rows.lines().skip(1).chain(more.values().map(String::as_str)).collect();
    partnership.write(file, &format!("{header}\n{}\n", all.join("\n")));
    let said = partnership.run(&["validate"], 2);
    assert_eq!(said.matches("error[TC0910]: the rule `z1").count(), 10, "{said}");
    assert!(said.contains("253 more of this kind are not shown.") && said.contains("Name it under `bearer`."), "{said}");
    assert!(said.lines().count() < 90, "{}", said.lines().count());
}

/// Codes with characters that nobody sees are the codes without them, in patterns of payroll's journals, pay and ledger alike.
#[test]
fn pay_is_resolved_whatever_nobody_sees() {
    let Some(golden) = golden() else { return };
    let partnership = Partnership::new(&golden);
    let ledger = "drop/northam/general_ledger/GL_2018_04.csv";
    partnership.change(
        "drop/southam/payroll/itrent_elements_2018_04.csv",
        |text| text.replace(",S100,1000", ",S\u{ad}100,1000").replace(",S100,1010", ",S100,10\u{200b}10"),
        0,
    );
    let text = fs::read_to_string(partnership.path(ledger)).unwrap();
    assert!(text.contains("PAY-N"), "{text}");
    partnership.change(ledger, |text| text.replace("PAY-N", "PAY\u{200b}-N"), 0);
    assert_eq!(partnership.query(SUMS), "council,amount,parts\nnortham,16185.26,18\nsoutham,11163.16,9\n");
    assert_eq!(partnership.query(DIFFERENCES), "council,cost_centre,account,difference,reason\nnortham,N100,1000,1.37,amounts_differ\n");
    assert_eq!(partnership.query(PAYMENT), "payer,payee,amount\nnortham,southam,497.99\n");
}

/// A line that is dated before its period is one of the period: the rows of `payroll_journal` that hold on the period's first day cover it.
#[test]
fn a_line_of_payroll_that_is_dated_outside_its_period_is_resolved() {
    let Some(golden) = golden() else { return };
    for (was, is) in [("27/04/2018,Payroll", "28/03/2018,Payroll"), ("27/04/2018,Payroll", "02/05/2018,Payroll")] {
        let partnership = Partnership::new(&golden);
        let journal = "pipelines/reference/payroll_journal.csv";
        let rows = fs::read_to_string(partnership.path(journal)).unwrap();
        partnership.write(journal, &rows.replace("Payroll,,2014-04-01,,", "Payroll,,2018-04-01,2018-05-01,"));
        let said = partnership.change("drop/northam/general_ledger/GL_2018_04.csv", |text| text.replace(was, is), 0);
        assert!(said.contains("TC0404"), "{said}");
        assert_eq!(
            partnership.query(DIFFERENCES),
            "council,cost_centre,account,difference,reason\nnortham,N100,1000,1.37,amounts_differ\n"
        );
        assert_eq!(partnership.query(PAYMENT), "payer,payee,amount\nnortham,southam,497.99\n");
    }
}

/// A unit whose base is nought or less has no row beside the blanket, and is listed.
#[test]
fn a_unit_without_a_base_is_listed() {
    let Some(golden) = golden() else { return };
    let partnership = Partnership::new(&golden);
    // Southam's basic pay is taken back: its employer's contributions stand on a base of nought.
    let file = "drop/southam/payroll/itrent_elements_2018_04.csv";
    let back = |text: &str| {
        let row = text.lines().find(|line| line.contains(",0100,")).unwrap();
        let less = row.replace("\"2,500.00\"", "\"2,500.00-\"");
        text.replacen("TOTAL", &format!("{less}\nTOTAL"), 1).replace("\"3,223.12-\"", "723.12-")
    };
    let head = "pipelines/partnership.yaml";
    let yaml = fs::read_to_string(partnership.path(head)).unwrap();
    partnership
        .write(head, &yaml.replace("payroll_limit: {pounds: 10.00, action: stop}", "payroll_limit: {pounds: 9999.00, action: warn}"));
    let said = partnership.change(file, back, 0);
    assert!(said.contains("1 unit left out by a blanket (southam/shared/hr/): truecost query"), "{said}");
    let listed = "SELECT blanket, kind, unit, base, true_amount FROM blanket_left_out";
    let listed = partnership.query(listed);
    assert!(listed.ends_with(",on_cost,southam/shared/hr/,0.00,723.12\n"), "{listed}");
    let units = partnership.query("SELECT unit FROM blanket_comparison WHERE kind = 'on_cost' ORDER BY unit");
    assert_eq!(units, "unit\nnortham/shared/ict/\nnortham/shared/legal/\n");
}

/// The first register is of a later month: its figures are listed, period by period.
#[test]
fn a_later_register_is_listed() {
    let Some(golden) = golden() else { return };
    let partnership = Partnership::new(&golden);
    fs::rename(
        partnership.path("drop/northam/device/devices_2018-04-30.csv"),
        partnership.path("drop/northam/device/devices_2018-05-31.csv"),
    )
    .unwrap();
    let said = partnership.run(&["run"], 0);
    assert!(said.contains("1 later register read (northam): truecost query"), "{said}");
    let listed = partnership.query("SELECT council, feed, delivery_period, as_at FROM later_register");
    assert_eq!(listed, "council,feed,delivery_period,as_at\nnortham,device,1,2018-05-31\n");
    // And it is among the deliveries behind a volume.
    let said = partnership.run(&["explain", "cost", "--service", "ict", "--bearer", "northam", "--period", "2018/P01"], 0);
    let both = said.lines().find(|line| line.trim_start().starts_with("ict (itself)")).unwrap();
    assert!(both.contains("several of northam/device ") && both.contains(", southam/device "), "{said}");
}

/// A register of posts is too old for heads as any register is: beyond `max_age` its council has not reported.
#[test]
fn heads_of_an_old_register_are_carried_or_lack() {
    let Some(golden) = golden() else { return };
    let partnership = Partnership::new(&golden);
    with_two_more_months(&partnership);
    let file = "pipelines/reference/driver.csv";
    let said = partnership.change(file, |rows| rows.replace(",*/headcount,12,", ",derived:headcount,1,"), 1);
    assert!(said.contains("2018/P03") && said.contains("hr_all: headcount lacks northam/assignment southam/assignment"), "{said}");
    let heads = "SELECT delivery_period AS p, to_service, volume, carried FROM volume WHERE driver = 'headcount' ORDER BY p, to_service";
    let expected = "p,to_service,volume,carried\n1,hr,1,false\n1,legal,2,false\n2,hr,1,true\n2,legal,2,true\n";
    assert_eq!(partnership.query(heads), expected);
}

/// What ends a post is no cost of what the service does: only a pool that names its account group passes it on.
#[test]
fn redundancy_is_distributed_by_a_pool_that_names_it_alone() {
    let Some(golden) = golden() else { return };
    let partnership = Partnership::new(&golden);
    let add = |file: &str, before: &str, row: &str| {
        let text = fs::read_to_string(partnership.path(file)).unwrap();
        partnership.write(file, &text.replacen(before, &format!("{row}\n{before}"), 1));
    };
    let account = "northam,1040,non_distributed,expenditure,true,false,false,false,2014-04-01,,golden,clerk,chief";
    add("pipelines/reference/account.csv", "northam,3000,", account);
    let lost = "900.00,,,Severance\nRED-N-0001,2,27/04/2018,Payables,N900,9000,-900.00,,,Creditors";
    let line = format!("RED-N-0001,1,27/04/2018,Payables,N100,1040,{lost}");
    add("drop/northam/general_ledger/GL_2018_04.csv", "AR-N-0001,1,", &line);
    partnership.run(&["run"], 0);
    let parts =
        "SELECT final_service, bearer, placement, amount FROM allocated_cost WHERE account_group = 'non_distributed' ORDER BY bearer";
    assert_eq!(partnership.query(parts), "final_service,bearer,placement,amount\nlegal,northam,unallocated,900.00\n");
    let pays = "SELECT payer, payee, amount FROM payment_to_make";
    assert_eq!(partnership.query(pays), "payer,payee,amount\nnortham,southam,497.99\n");
    let shares = "SELECT service, final_service, bearer, numerator FROM allocation_share WHERE pool_set = 'non_distributed'";
    assert_eq!(partnership.query(shares), "service,final_service,bearer,numerator\nlegal,legal,unallocated,1\n");
    let said = partnership.run(&["explain", "cost", "--service", "legal", "--bearer", "northam", "--period", "2018/P01"], 0);
    assert!(said.contains("legal for non distributed: no pool"), "{said}");
    // Of what other services do the general pools still hold.
    let ended = "legal_ended,legal,non_distributed,legal_minutes,3,refuse,2014-04-01,,golden,clerk,chief";
    let pools = fs::read_to_string(partnership.path("pipelines/reference/pool.csv")).unwrap();
    partnership.write("pipelines/reference/pool.csv", &format!("{pools}{ended}\n"));
    partnership.run(&["run"], 0);
    let expected = "final_service,bearer,placement,amount\n\
        legal,northam,allocated,545.45\nlegal,oak_academy,allocated,54.55\nlegal,southam,allocated,300.00\n";
    assert_eq!(partnership.query(parts), expected);
}

/// A council owes for what is done for it alone, also where it is a partner of nothing: it is no customer, whose loss the partners carry.
#[test]
fn a_council_that_is_no_partner_is_no_customer() {
    let Some(golden) = golden() else { return };
    let partnership = Partnership::new(&golden);
    let file = "pipelines/partnership.yaml";
    let text = fs::read_to_string(partnership.path(file)).unwrap();
    let council = "  westam: {name: Westam Council, cost_basis: [{from: 2014-04-01, basis: ledger}]}\nservices:\n";
    partnership.write(file, &text.replacen("services:\n", council, 1));
    partnership.change("pipelines/reference/ownership_rule.csv", |rows| rows.replace("bespoke,legal,southam", "bespoke,legal,westam"), 0);
    let owes = "SELECT kind, service, to_bear, balance FROM settlement WHERE organisation = 'westam'";
    assert_eq!(partnership.query(owes), "kind,service,to_bear,balance\ncost,legal,333.33,333.33\n");
    assert_eq!(partnership.query("SELECT customer FROM trading_result"), "customer\noak_academy\n");
}

/// A council that has left and buys at a price is a customer: what it uses and pays is a result that the partners carry, and nobody gives it
/// its price back. All figures are those of the worked example's customer.
#[test]
fn a_council_that_has_left_and_pays_a_price_is_a_customer() {
    let Some(golden) = golden() else { return };
    let partnership = Partnership::new(&golden);
    let file = "pipelines/partnership.yaml";
    let text = fs::read_to_string(partnership.path(file)).unwrap();
    let council = "  westam: {name: Westam Council, cost_basis: [{from: 2014-04-01, basis: ledger}]}\nservices:\n";
    let members = "- {organisation: westam, service: all, role: partner, from: 2014-04-01, to: 2018-04-01}\n\
        - {organisation: westam, service: legal, role: customer, from: 2018-04-01}\nsuspense_limit:";
    partnership.write(file, &text.replacen("services:\n", council, 1).replacen("suspense_limit:", members, 1));
    for file in ["pipelines/reference/agreement.csv", "pipelines/reference/ownership_rule.csv", "drop/northam/legal_time/time_2018_04.csv"]
    {
        let rows = fs::read_to_string(partnership.path(file)).unwrap();
        partnership.write(file, &rows.replace("oak_academy", "westam"));
    }
    partnership.run(&["run"], 0);
    let traded = "SELECT customer, income, direct, own_service, overhead, surplus FROM trading_result";
    let expected = "customer,income,direct,own_service,overhead,surplus\nwestam,400.00,50.00,368.76,48.24,-67.00\n";
    assert_eq!(partnership.query(traded), expected);
    assert_eq!(partnership.query(PAYMENT), "payer,payee,amount\nnortham,southam,497.99\n");
}

/// A split to somebody whom nobody knows is faulty, as a rule would be: nobody is billed who is not there, and the cost centre decides.
#[test]
fn a_split_has_a_bearer_who_is_known() {
    let Some(golden) = golden() else { return };
    let partnership = Partnership::new(&golden);
    let register = fs::read_to_string(partnership.path("pipelines/northam/assignment.sql")).unwrap();
    let split_to = |ownership: &str, bearer: &str| {
        let to = |word: &str, other: &str| format!("CASE WHEN split_service = 'ict' THEN '{word}' ELSE {other} END AS");
        let bearer = format!("{} bearer, {} service", to(bearer, "''"), to("legal", "split_service"));
        let split = register.replace("split_service AS service", &bearer);
        partnership.write("pipelines/northam/assignment.sql", &split.replace("split_class AS", &to(ownership, "split_class")));
        partnership.run(&["run"], 0);
        (partnership.query("SELECT reason, assignments FROM pay_exception"), partnership.query(PAYMENT))
    };
    let listed = "reason,assignments\nfaulty_split,1\n".to_owned();
    let unsplit = "payer,payee,amount\nnortham,southam,521.35\n".to_owned();
    for (ownership, bearer) in
        [("external", "oak_acadmy"), ("external", ""), ("bespoke", "nobody"), ("company", "oak_academy"), ("company", "")]
    {
        assert_eq!(split_to(ownership, bearer), (listed.clone(), unsplit.clone()), "{ownership} {bearer}");
    }
    for (ownership, bearer) in [("external", "oak_academy"), ("bespoke", "southam"), ("managed", "")] {
        assert_eq!(split_to(ownership, bearer).0, "reason,assignments\n", "{ownership} {bearer}");
    }
    // The only company is meant where none is named, as by a rule.
    let head = fs::read_to_string(partnership.path("pipelines/partnership.yaml")).unwrap();
    partnership
        .write("pipelines/partnership.yaml", &head.replacen("services:\n", "companies:\n  town_shop: {name: Town shop}\nservices:\n", 1));
    assert_eq!(split_to("company", "").0, "reason,assignments\n");
    assert_eq!(partnership.query("SELECT bearer FROM on_cost WHERE ownership = 'company'"), "bearer\ntown_shop\n");
    // A council in the role of a company is none, as a rule has it (TC0910).
    let member = "- {organisation: southam, service: legal, role: company, from: 2014-04-01}\nsuspense_limit:";
    let head = fs::read_to_string(partnership.path("pipelines/partnership.yaml")).unwrap();
    partnership.write("pipelines/partnership.yaml", &head.replacen("suspense_limit:", member, 1));
    assert_eq!(split_to("company", "southam"), (listed, unsplit));
}

/// A part of a post that weighs nothing gives nobody anything, whomever it names: the parts that weigh something stand.
#[test]
fn a_part_that_weighs_nothing_names_nobody() {
    let Some(golden) = golden() else { return };
    let partnership = Partnership::new(&golden);
    let post = |split: &str| format!("10002,10002,\"Canarytwo, Bo\",LAW02,01-SEP-2016,,1.0000,A,northam_fund,N100,{split}\n");
    for class in ["external,legal,0", "shared,no_such_service,0", "company,,0"] {
        let file = "drop/northam/assignment/ASG_2018-04-30.csv";
        let without = |rows: &str| rows.split_inclusive('\n').filter(|row| !row.contains(",N100,3,")).collect::<String>();
        partnership.change(file, |rows| without(rows) + &post(&format!("3,{class}")), 0);
        assert_eq!(partnership.query("SELECT reason, assignments FROM pay_exception"), "reason,assignments\n", "{class}");
        assert_eq!(partnership.query(PAYMENT), "payer,payee,amount\nnortham,southam,497.99\n", "{class}");
    }
}

/// Pay is classed as a line of the ledger that payroll's lines are in, whichever other feed of the same table is named before it.
#[test]
fn cards_beside_the_ledger_do_not_class_pay() {
    let Some(golden) = golden() else { return };
    let partnership = Partnership::new(&golden);
    for name in ["yaml", "sql"] {
        let feed = fs::read_to_string(partnership.path(&format!("pipelines/northam/general_ledger.{name}"))).unwrap();
        let beside = if name == "yaml" { "beside: [general_ledger]\nrequired: false\n" } else { "" };
        partnership.write(&format!("pipelines/northam/cards.{name}"), &format!("{}{beside}", feed.replace("GL_", "CARDS_")));
    }
    let rules = "pipelines/reference/ownership_rule.csv";
    let rows = fs::read_to_string(partnership.path(rules)).unwrap();
    partnership.write(rules, &rows.replace("northam_legal,northam,,", "northam_legal,northam,general_ledger,"));
    let ledger = fs::read_to_string(partnership.path("drop/northam/general_ledger/GL_2018_04.csv")).unwrap();
    let lines = "C1,1,12/04/2018,Cards,N300,3000,10.00,,,\nC1,2,12/04/2018,Cards,N900,9000,-10.00,,,\n";
    partnership.write("drop/northam/cards/CARDS_2018_04.csv", &format!("{}\n{lines}", ledger.lines().next().unwrap()));
    partnership.run(&["run"], 0);
    assert_eq!(partnership.query(PAYMENT), "payer,payee,amount\nnortham,southam,497.99\n");
    let classes = "SELECT ownership, service, gross_pay FROM on_cost WHERE council = 'northam' ORDER BY service";
    assert_eq!(partnership.query(classes), "ownership,service,gross_pay\nshared,ict,666.67\nshared,legal,4333.33\n");
}

/// Who brings a file without rows has used nothing: the driver is whole, and no month before stands in.
#[test]
fn a_nil_return_of_volumes_is_nought_and_not_lacking() {
    let Some(golden) = golden() else { return };
    let partnership = Partnership::new(&golden);
    with_two_more_months(&partnership);
    for feed in ["legal_time", "device"] {
        let contract = format!("schemas/sources/southam/{feed}.odcs.yaml");
        let text = fs::read_to_string(partnership.path(&contract)).unwrap();
        partnership.write(&contract, &text.replacen("encodings: [utf-8]", "encodings: [utf-8]\n      allow_empty: true", 1));
    }
    let header = |file: &str| format!("{}\n", fs::read_to_string(partnership.path(file)).unwrap().lines().next().unwrap());
    let may = "drop/southam/legal_time/time_2018_05.csv";
    partnership.write(may, &header(may));
    partnership.write("drop/southam/device/devices_2018-06-30.csv", &header("drop/southam/device/devices_2018-04-30.csv"));
    let used = "SELECT delivery_period AS p, driver, to_bearer, volume, carried FROM volume \
        WHERE driver IN ('legal_minutes', 'devices') AND to_bearer IN ('northam', 'southam') AND delivery_period > 1 ORDER BY 1, 2, 3";
    let expected = "p,driver,to_bearer,volume,carried\n\
        2,devices,northam,50,true\n2,devices,southam,30,true\n2,legal_minutes,northam,600,false\n\
        3,devices,northam,50,true\n3,legal_minutes,northam,600,false\n3,legal_minutes,southam,330,false\n";
    partnership.run(&["run"], 0);
    assert_eq!(partnership.query(used), expected);
    // However long the driver would wait.
    partnership.change("pipelines/reference/driver.csv", |rows| rows.replace("*/legal_time,0,", "*/legal_time,12,"), 0);
    assert_eq!(partnership.query(used), expected);
    let share = "SELECT partner, weight_in_force FROM driver_register WHERE service = 'legal' AND delivery_period = 2 ORDER BY partner";
    assert_eq!(partnership.query(share), "partner,weight_in_force\nnortham,600\nsoutham,0\n");
    // A month that is closed counts what it was closed on, and the next one after it.
    let by = ["--by", "chief", "--reason", "agreed", "--anyway", "listed items"];
    for month in ["2018/P01", "2018/P02"] {
        partnership.run(&[&["period", "close", month][..], &by[..]].concat(), 0);
    }
    fs::remove_file(partnership.path("drop/southam/legal_time/time_2018_06.csv")).unwrap();
    let (june, by) = ("southam/legal_time/2018/P03", ["--by", "chief", "--reason", "not theirs"]);
    partnership.run(&[&["withdraw", june][..], &by[..]].concat(), 0);
    partnership.run(&["run"], 0);
    assert_eq!(partnership.query(used), expected.replace("3,legal_minutes,southam,330,false\n", ""));
}

/// Payslips count at the cost centre of the post while its register is not too old for the driver, and then where they were booked.
#[test]
fn payslips_are_placed_by_a_register_that_is_not_too_old() {
    let Some(golden) = golden() else { return };
    let partnership = Partnership::new(&golden);
    with_two_more_months(&partnership);
    // One of two posts of legal sits on the retained centre N300 in the register, and is paid from N100.
    let posts = "drop/northam/assignment/ASG_2018-04-30.csv";
    let register = fs::read_to_string(partnership.path(posts)).unwrap();
    partnership.write(posts, &register.replace("1.0000,A,northam_fund,N100,1,,,", "1.0000,A,northam_fund,N300,1,,,"));
    let file = "pipelines/reference/driver.csv";
    let said = partnership.change(file, |rows| rows.replace("stock,measured,*/headcount,12,", "flow,measured,derived:payslips,1,"), 0);
    let slips =
        "SELECT delivery_period AS p, to_service, to_bearer, volume, carried FROM volume WHERE driver = 'headcount' ORDER BY 1, 2, 3";
    let expected = "p,to_service,to_bearer,volume,carried\n\
        1,-,northam,1,false\n1,hr,-,1,false\n1,legal,-,1,false\n\
        2,-,northam,1,true\n2,hr,-,1,true\n2,legal,-,1,true\n\
        3,hr,-,1,false\n3,legal,-,2,false\n";
    assert_eq!(partnership.query(slips).replace("\"\"", "-"), expected);
    assert!(said.contains("northam/assignment for headcount: its register is older than max_age in a period with a ledger"), "{said}");
    // Without any register in force on the day nothing was carried.
    partnership.change(posts, |rows| rows.replace("01-APR-2015", "01-APR-2019"), 0);
    let may = "SELECT to_service, to_bearer, volume, carried FROM volume WHERE driver = 'headcount' AND delivery_period = 2 ORDER BY 1, 2";
    assert_eq!(partnership.query(may), "to_service,to_bearer,volume,carried\nhr,\"\",1,true\nlegal,\"\",2,true\n");
}

/// Pay of a council whose costs are payments is resolved into no ledger, and its payslips are as many: no driver waits for them.
#[test]
fn payslips_of_a_council_on_payments_count() {
    let Some(golden) = golden() else { return };
    let partnership = Partnership::new(&golden);
    let file = "pipelines/reference/driver.csv";
    let rows = fs::read_to_string(partnership.path(file)).unwrap();
    partnership.write(file, &rows.replace("stock,measured,*/headcount,12,", "flow,measured,derived:payslips,0,"));
    let southam = "{name: Southam Council, cost_basis: [{from: 2014-04-01, basis: ledger}]}";
    let paid = |text: &str| text.replace(southam, &southam.replace("basis: ledger", "basis: payments"));
    let said = partnership.change("pipelines/partnership.yaml", paid, 0);
    assert!(said.contains("1 exception of pay (no_ledger): truecost query"), "{said}");
    assert!(!said.contains("southam/payroll 2018/P01: 4 rows, £0.00 ("), "{said}");
    let used = "SELECT to_service, to_bearer, volume FROM volume WHERE driver = 'headcount' ORDER BY 1, 2";
    assert_eq!(partnership.query(used), "to_service,to_bearer,volume\nhr,\"\",1\nlegal,\"\",2\n");
    let costs = "SELECT source, service, gross_pay, on_cost FROM on_cost WHERE council = 'southam'";
    assert_eq!(partnership.query(costs), "source,service,gross_pay,on_cost\npayroll,hr,2500.00,723.12\n");
    assert_eq!(partnership.query(DIFFERENCES).lines().filter(|row| row.contains("southam")).count(), 0);
    assert_eq!(partnership.query("SELECT COUNT(*) AS n FROM cost_line WHERE council = 'southam'"), "n\n0\n");
    // A council whose payroll has not come is waited for as before.
    fs::remove_file(partnership.path("drop/southam/payroll/itrent_elements_2018_04.csv")).unwrap();
    let withdrawn = ["withdraw", "southam/payroll/2018/P01", "--by", "chief", "--reason", "wrong file"];
    partnership.run(&withdrawn, 0);
    let said = partnership.run(&["run"], 1);
    assert!(said.contains("hr_all: headcount lacks southam/payroll"), "{said}");
}

/// A payslip or a post without a cost centre has no place: it is not its council's, which would bear a cost for it.
#[test]
fn a_payslip_without_a_cost_centre_has_no_place() {
    let Some(golden) = golden() else { return };
    let partnership = Partnership::new(&golden);
    let file = "pipelines/reference/driver.csv";
    partnership.change(file, |rows| rows.replace("stock,measured,*/headcount,12,", "flow,measured,derived:payslips,1,"), 0);
    let used = "SELECT to_service, to_bearer, volume FROM volume WHERE driver = 'headcount' ORDER BY 1, 2";
    assert_eq!(partnership.query(used), "to_service,to_bearer,volume\nhr,\"\",1\nlegal,\"\",2\n");
    let nowhere = "SELECT council, cost_centre, reason, volume FROM unplaced_volume WHERE driver = 'headcount'";
    // A pay line without one says nothing of a slip that has one; in the register the post's is asked for first, and then the slip's.
    let (pay, centre) = ("pipelines/northam/payroll.sql", "split_part(segments, '.', 2)");
    let booked = fs::read_to_string(partnership.path(pay)).unwrap();
    partnership.write(pay, &booked.replace(centre, &format!("CASE WHEN segments LIKE '%.1010.%' THEN {centre} END")));
    for (file, was, is) in [
        ("pipelines/partnership.yaml", "{pounds: 10.00, action: stop}", "{pounds: 9999.00, action: warn}"),
        ("pipelines/reference/pool.csv", "headcount,2,refuse", "headcount,2,spread_evenly"),
    ] {
        let text = fs::read_to_string(partnership.path(file)).unwrap();
        partnership.write(file, &text.replace(was, is));
    }
    let posts = "drop/northam/assignment/ASG_2018-04-30.csv";
    partnership.change(posts, |rows| rows.replace(",N100,", ",,"), 0);
    assert_eq!(partnership.query(used), "to_service,to_bearer,volume\nhr,\"\",1\nlegal,\"\",2\n");
    // Of the rows of a post one without says nothing of those that have one, wherever the slip was booked.
    partnership.write(pay, &booked.replace(centre, "'N200'"));
    partnership.change(posts, |rows| rows.replace("northam_fund,,1,", "northam_fund,N100,1,"), 0);
    assert_eq!(partnership.query(used), "to_service,to_bearer,volume\nhr,\"\",1\nlegal,\"\",2\n");
    partnership.write(pay, &booked.replace(centre, "NULL"));
    // Not the bytes of before, which are known.
    partnership.change(posts, |rows| rows.replace(",N100,", ",,").replace("LAW02", "LAW03"), 0);
    assert_eq!(partnership.query(used), "to_service,to_bearer,volume\nhr,\"\",1\n");
    assert_eq!(partnership.query(nowhere), "council,cost_centre,reason,volume\nnortham,\"\",no_place,2\n");
    // So it is with heads.
    partnership.change(file, |rows| rows.replace("flow,measured,derived:payslips,1,", "stock,measured,derived:headcount,1,"), 0);
    assert_eq!(partnership.query(used), "to_service,to_bearer,volume\nhr,\"\",1\n");
    assert_eq!(partnership.query(nowhere), "council,cost_centre,reason,volume\nnortham,\"\",no_place,2\n");
    // One is one, whichever of its rows has a cost centre, and however many it has.
    for second in ["northam_fund,,2,", "northam_fund,N900,2,"] {
        let one = |rows: &str| rows.replace("northam_fund,,1,", "northam_fund,N100,1,").replace("northam_fund,,2,", second);
        partnership.change(posts, one, 0);
        assert_eq!(partnership.query(used), "to_service,to_bearer,volume\nhr,\"\",1\nlegal,\"\",2\n", "{second}");
        assert_eq!(partnership.query(nowhere), "council,cost_centre,reason,volume\n", "{second}");
    }
}

/// What is nought and has an owner is shown: a customer that pays what it costs, and a bearer without a penny of overhead.
#[test]
fn a_result_of_nought_and_an_overhead_of_nought_have_their_rows() {
    let Some(golden) = golden() else { return };
    let partnership = Partnership::new(&golden);
    let at_cost = |text: &str| text.replace("4000,-400.00", "4000,-467.00").replace("9000,523.45", "9000,590.45");
    partnership.change("drop/northam/general_ledger/GL_2018_04.csv", at_cost, 0);
    let traded = "SELECT organisation, to_bear, balance FROM settlement WHERE kind = 'trading' ORDER BY organisation";
    assert_eq!(partnership.query(traded), "organisation,to_bear,balance\nnortham,0.00,0.00\noak_academy,0.00,0.00\nsoutham,0.00,0.00\n");
    let said =
        partnership.change("drop/northam/legal_time/time_2018_04.csv", |text| text.replace("oak_academy,,60,Y", "oak_academy,,60,N"), 0);
    assert!(!said.contains("in no denominator"), "{said}");
    let oak = "SELECT base, level_amount, true_amount FROM blanket_comparison WHERE unit = 'oak_academy'";
    assert_eq!(partnership.query(oak), "base,level_amount,true_amount\n0.00,0.00,0.00\n");
}

/// What is in no denominator stands on the last screen, and a fraction below nought is what it is.
#[test]
fn volumes_without_a_place_are_counted_and_fractions_read_as_they_are() {
    let Some(golden) = golden() else { return };
    let partnership = Partnership::new(&golden);
    let said = partnership.change("drop/northam/legal_time/time_2018_04.csv", |text| text.replace("oak_academy,,60", "nobody_ltd,,60"), 0);
    assert!(said.contains("  1 volume in no denominator (unknown_organisation): truecost query"), "{said}");
    let apart = "SELECT partner, driver_minus_agreed FROM driver_register WHERE service = 'hr' ORDER BY partner";
    assert_eq!(partnership.query(apart), "partner,driver_minus_agreed\nnortham,3/26\nsoutham,-3/26\n");
    // One agreement over two services.
    let both = |rows: &str| {
        rows.replacen(
            "A1,oak_academy,legal",
            "A1,oak_academy,ict,an_act,full_cost,,,2018-04-01,,golden,clerk,chief\nA1,oak_academy,legal",
            1,
        )
    };
    let file = "pipelines/reference/agreement.csv";
    partnership.write(file, &both(&fs::read_to_string(partnership.path(file)).unwrap()));
    partnership.run(&["validate"], 0);
}
