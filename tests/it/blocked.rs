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
