//! Periods that cannot be made, on the golden partnership: named by `run`, `plan` and `status` alike, their last good figures kept.

use std::fs;

use crate::true_cost::{Partnership, golden, with_two_more_months};

const FIGURES: &str = "SELECT delivery_period, bearer, SUM(amount) AS amount FROM allocated_cost GROUP BY delivery_period, bearer ORDER BY delivery_period, bearer";
const STATES: &str = "SELECT period, state FROM period ORDER BY period";

/// Another key for the pseudonyms of a council: who follows, follows nobody.
fn another_key(partnership: &Partnership, council: &str) {
    let file = partnership.path(&format!("keys/{council}.pseudonym"));
    fs::write(file, format!("{}\n", "0123456789abcdef".repeat(4))).unwrap();
}

/// Pay and posts of one council under two keys are not resolved into one another: nobody would be found again.
#[test]
fn pay_under_two_keys_blocks_its_periods_until_it_is_read_again() {
    let Some(golden) = golden() else { return };
    let partnership = Partnership::new(&golden);
    partnership.run(&["run"], 0);
    another_key(&partnership, "northam");
    let said = partnership.run(&["run"], 0);
    assert!(!said.contains("two keys"), "what lies under one key still counts: {said}");
    with_two_more_months(&partnership);
    let said = partnership.run(&["run"], 1);
    for period in ["2018/P02", "2018/P03"] {
        assert!(
            said.contains(&format!("TC1208: {period} is blocked: northam/payroll and northam/assignment stand under two keys")),
            "{said}"
        );
    }
    assert!(said.contains("truecost run northam --force"), "{said}");
    assert_eq!(partnership.query(STATES), "period,state\n1,published\n");
    // Pay of April comes again, under the new key: its figures stay as they were with the old one.
    let before = partnership.query(FIGURES);
    let april = "drop/northam/payroll/PAYCOST_2018_04.csv";
    let corrected = fs::read_to_string(partnership.path(april)).unwrap().replace("3000.00,D", "3000.01,D").replace("3807.12", "3807.13");
    fs::rename(partnership.path(april), partnership.path("before.csv")).unwrap();
    partnership.write(april, &corrected);
    let said = partnership.run(&["run"], 1);
    assert!(said.contains("TC1208: 2018/P01 is blocked, last good: northam/payroll and northam/assignment stand under two keys"), "{said}");
    assert_eq!(partnership.query(FIGURES), before);
    assert_eq!(partnership.query(STATES), "period,state\n1,\"blocked, last good\"\n");
    // Nothing new: the same again, and no other release.
    let release = fs::read_to_string(partnership.path("published/latest.json")).unwrap();
    let said = partnership.run(&["run"], 1);
    assert!(said.contains("2018/P01 is blocked, last good: northam/payroll"), "{said}");
    assert_eq!(fs::read_to_string(partnership.path("published/latest.json")).unwrap(), release);
    // All of the council's sealed bytes are read under the key that there is now.
    let said = partnership.run(&["run", "northam", "--force"], 0);
    assert!(!said.contains("TC1208"), "{said}");
    assert_eq!(partnership.query(STATES), "period,state\n1,published\n2,published\n3,published\n");
    let (all, other) = (partnership.query(FIGURES), Partnership::new(&golden));
    with_two_more_months(&other);
    other.write(april, &corrected);
    other.run(&["run"], 0);
    assert_eq!(all, other.query(FIGURES), "whichever key: the same figures");
}

/// Whoever is asked says the same of a blocked period: the run, the plan of the next one, and the state of things.
#[test]
fn status_and_plan_know_what_the_kernels_refused() {
    let Some(golden) = golden() else { return };
    let partnership = Partnership::new(&golden);
    let pool = "pipelines/reference/pool.csv";
    let refuse = |csv: &str| csv.replace("print_pages,1,spread_evenly", "print_pages,1,refuse");
    // Nothing was ever published: only the record of the run knows.
    partnership.change(pool, refuse, 1);
    let blocked = "2018/P01 is blocked: ict_print: no volume of print_pages";
    let uncounted = "northam/general_ledger 2018/P01: 19 rows, £0.00 (£50,664.32 in absolute amounts): its period is blocked: ict_print: no volume of print_pages";
    let pay = "northam/payroll 2018/P01: 9 rows, £0.00 (£12,692.48 in absolute amounts): its period is blocked: ict_print";
    let status = partnership.run(&["status"], 0);
    assert!(status.contains(blocked) && status.contains(uncounted) && status.contains(pay), "{status}");
    let plan = partnership.run(&["plan"], 1);
    assert!(plan.contains(blocked) && plan.contains(uncounted) && plan.contains("every period is blocked"), "{plan}");
    let runs = |partnership: &Partnership| fs::read_dir(partnership.path("lake/runs")).unwrap().count();
    let written = runs(&partnership);
    partnership.run(&["run"], 1);
    assert_eq!(runs(&partnership), written, "a run that found the same leaves no trace");
    assert!(partnership.run(&["status"], 0).contains(blocked));
    // It is mended: neither says so any more. The ledger of the last good release is blocked again: its figures stand.
    partnership.change(pool, |csv| csv.replace("print_pages,1,refuse", "print_pages,1,spread_evenly"), 0);
    let status = partnership.run(&["status"], 0);
    assert!(!status.contains("blocked"), "{status}");
    partnership.change(pool, refuse, 1);
    let blocked = "2018/P01 is blocked, last good: ict_print: no volume of print_pages";
    let (status, plan) = (partnership.run(&["status"], 0), partnership.run(&["plan"], 1));
    assert!(status.contains(blocked) && plan.contains(blocked) && plan.contains("1 period is blocked"), "{status}\n{plan}");
    assert!(!status.contains("in no figure"), "the last good figures are made from what stands: {status}");
    // A later ledger of the same month is in no figure.
    let ledger = "drop/southam/general_ledger/GL_2018_04.csv";
    let text = fs::read_to_string(partnership.path(ledger)).unwrap();
    fs::rename(partnership.path(ledger), partnership.path("before.csv")).unwrap();
    partnership.write(ledger, &text.replace("600.00,Trainers", "600.50,Trainers").replace("-4090.01", "-4090.51"));
    let behind = "SELECT delivery_id, rows_accepted FROM delivery WHERE feed = 'general_ledger' AND council = 'southam'";
    let before = partnership.query(behind);
    let said = partnership.run(&["run"], 1);
    assert_eq!(partnership.query(behind), before, "the delivery that was replaced still stands behind the figures");
    let status = partnership.run(&["status"], 0);
    for said in [said, status] {
        assert!(said.contains("southam/general_ledger 2018/P01: ") && said.contains("its period is blocked: ict_print"), "{said}");
    }
}

/// The last good figures of a month in which lines of another stand in are kept as they are, and go on saying so, until it can be made again.
#[test]
fn a_month_with_lines_that_stand_in_is_kept_with_them() {
    let Some(golden) = golden() else { return };
    let partnership = Partnership::new(&golden);
    with_two_more_months(&partnership);
    let feed = fs::read_to_string(partnership.path("pipelines/southam/general_ledger.yaml")).unwrap();
    partnership.write("pipelines/southam/general_ledger.yaml", &format!("{feed}missing: carry\n"));
    let june = "drop/southam/general_ledger/GL_2018_06.csv";
    let came = fs::read_to_string(partnership.path(june)).unwrap();
    fs::remove_file(partnership.path(june)).unwrap();
    partnership.run(&["run"], 0);
    let carried = "SELECT carried_from, SUM(amount) AS a FROM cost_line WHERE council = 'southam' AND delivery_period = 3 GROUP BY 1";
    let stands_in = "southam/general_ledger 2018/P03: lines of 2018/P02";
    let (figures, lines) = (partnership.query(FIGURES), partnership.query(carried));
    assert!(lines.lines().count() == 2 && lines.contains("2018/P02"), "{lines}");
    assert!(partnership.run(&["status"], 0).contains(stands_in));
    // The kernels refuse every month: all three stand as they were, June with May's lines.
    let pool = "pipelines/reference/pool.csv";
    let said = partnership.change(pool, |csv| csv.replace("print_pages,1,spread_evenly", "print_pages,1,refuse"), 1);
    assert!(said.contains("2018/P03 is blocked, last good"), "{said}");
    assert_eq!((partnership.query(FIGURES), partnership.query(carried)), (figures, lines));
    assert!(partnership.query(STATES).contains("3,\"blocked, last good\""), "{}", partnership.query(STATES));
    assert!(partnership.run(&["status"], 0).contains(stands_in));
    partnership.run(&["release", "verify", "--all"], 0);
    // June comes, and waits; then everything can be made, and nothing stands in.
    partnership.write(june, &came);
    partnership.run(&["run"], 1);
    assert!(partnership.query(carried).contains("2018/P02"));
    partnership.change(pool, |csv| csv.replace("print_pages,1,refuse", "print_pages,1,spread_evenly"), 0);
    assert!(!partnership.query(carried).contains("2018/P02"), "{}", partnership.query(carried));
    assert!(!partnership.run(&["status"], 0).contains("stand in"));
}
