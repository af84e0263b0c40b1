//! The auditor's checks: each passes on sound tables, and fails on a planted fault of its own.

use std::collections::BTreeMap;

use truecost::{
    domain::Pence,
    engine::{Table, Tables},
    schema::{Cell, Type, proof_table},
    stages::prove::{Finding, prove},
};

pub type Rows = Vec<Vec<Cell>>;

pub fn t(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}
pub fn n(number: i64) -> Cell {
    Cell::Whole(number)
}
pub fn p(pence: Pence) -> Cell {
    Cell::Pence(pence)
}
fn day(year: i32) -> Cell {
    Cell::Day(truecost::domain::Day::from_ymd(year, 4, 1).expect("a day").0)
}

/// Small tables that agree with each other: one council, one delivery, one period; 300 pounds of cost, 100 of balance sheet.
pub struct Plant {
    pub tables: BTreeMap<&'static str, (Vec<(&'static str, Type)>, Rows)>,
}

impl Plant {
    pub fn sound() -> Self {
        use Type::{BigInt, Boolean, Date, Money, SmallInt, Text, TinyInt};
        let mut tables = BTreeMap::new();
        tables.insert(
            "class_total",
            (
                vec![
                    ("council", Text),
                    ("feed", Text),
                    ("delivery_year", SmallInt),
                    ("delivery_period", TinyInt),
                    ("ownership", Text),
                    ("service", Text),
                    ("bearer", Text),
                    ("account_group", Text),
                    ("statement", Text),
                    ("is_cost", Boolean),
                    ("reserve_movement", Boolean),
                    ("fund", Text),
                    ("capital", Boolean),
                    ("part_kind", Text),
                    ("on_cost", Boolean),
                    ("recharge", Boolean),
                    ("lines", BigInt),
                    ("amount", Money),
                    ("debits", Money),
                    ("credits", Money),
                ],
                vec![
                    class("shared", "payroll", "expenditure", true, "GF", false, 2, 30_000),
                    class("not_cost", "none", "balance_sheet", false, "GF", false, 1, 10_000),
                ],
            ),
        );
        let mut line_total = vec![("council", Text), ("feed", Text), ("delivery_year", SmallInt), ("delivery_period", TinyInt)];
        line_total.extend(["ownership", "service", "bearer", "account_group", "statement", "fund", "part_kind"].map(|name| (name, Text)));
        line_total.extend(["is_cost", "reserve_movement", "capital", "on_cost", "recharge"].map(|name| (name, Boolean)));
        line_total.extend([("lines", BigInt), ("amount", Money), ("debits", Money), ("credits", Money)]);
        // No part was made by this run: there is nothing to read back.
        tables.insert("line_total", (line_total, vec![]));
        tables.insert(
            "separation",
            (
                vec![
                    ("council", Text),
                    ("fund", Text),
                    ("ownership", Text),
                    ("service", Text),
                    ("delivery_year", SmallInt),
                    ("delivery_period", TinyInt),
                    ("account_group", Text),
                    ("amount", Money),
                    ("lines", BigInt),
                ],
                vec![vec![t("newham"), t("GF"), t("shared"), t("payroll"), n(2018), n(1), t("employees"), p(30_000), n(2)]],
            ),
        );
        tables.insert(
            "delivery",
            (vec![("delivery_id", Text), ("council", Text), ("feed", Text)], vec![vec![t("d1"), t("newham"), t("gl")]]),
        );
        tables.insert(
            "delivery_control",
            (
                vec![
                    ("delivery_id", Text),
                    ("council", Text),
                    ("feed", Text),
                    ("control", Text),
                    ("by_document", Boolean),
                    ("agreed", Boolean),
                    ("documents", BigInt),
                    ("difference", Money),
                ],
                vec![control(false, true), control(true, true)],
            ),
        );
        tables.insert(
            "common_total",
            (
                vec![
                    ("council", Text),
                    ("feed", Text),
                    ("delivery_id", Text),
                    ("delivery_year", SmallInt),
                    ("delivery_period", TinyInt),
                    ("lines", BigInt),
                    ("amount", Money),
                ],
                vec![vec![t("newham"), t("gl"), t("d1"), n(2018), n(1), n(3), p(40_000)]],
            ),
        );
        tables.insert(
            "sender_amount",
            (
                vec![
                    ("delivery_id", Text),
                    ("council", Text),
                    ("feed", Text),
                    ("sender_rows", BigInt),
                    ("common_rows", BigInt),
                    ("sender_debits", Money),
                    ("common_debits", Money),
                    ("sender_credits", Money),
                    ("common_credits", Money),
                    ("sender_amount", Money),
                    ("common_amount", Money),
                    ("not_known_rows", BigInt),
                    ("controlled", Boolean),
                ],
                vec![vec![
                    t("d1"),
                    t("newham"),
                    t("gl"),
                    n(3),
                    n(3),
                    p(50_000),
                    p(50_000),
                    p(-10_000),
                    p(-10_000),
                    p(40_000),
                    p(40_000),
                    n(0),
                    Cell::Truth(true),
                ]],
            ),
        );
        tables.insert(
            "income_account",
            (
                vec![("council", Text), ("account", Text), ("delivery_year", SmallInt), ("lines", BigInt), ("amount", Money)],
                vec![vec![t("newham"), t("9000"), n(2018), n(1), p(-500)]],
            ),
        );
        tables.insert(
            "member_period",
            (
                vec![("organisation", Text), ("service", Text), ("delivery_year", SmallInt), ("delivery_period", TinyInt)],
                vec![vec![t("newham"), t("payroll"), n(2018), n(1)]],
            ),
        );
        tables.insert("company", (vec![("company", Text), ("dormant", Boolean)], vec![vec![t("old_co"), Cell::Truth(true)]]));
        tables.insert(
            "payroll_difference",
            (
                vec![("council", Text), ("delivery_year", SmallInt), ("delivery_period", TinyInt), ("absolute_difference", Money)],
                vec![vec![t("newham"), n(2018), n(1), p(137)]],
            ),
        );
        tables.insert("payroll_limit", (vec![("pounds", Money)], vec![vec![p(137)]]));
        tables.insert(
            "review",
            (
                vec![("place", Text), ("author", Text), ("approver", Text)],
                vec![vec![t("share.csv, line 2"), t("a_clerk"), t("chief_accountant")]],
            ),
        );
        tables.insert("suspense_limit", (vec![("pounds", Money)], vec![vec![p(0)]]));
        tables.insert(
            "code_class",
            (
                vec![("council", Text), ("feed", Text), ("valid_from", Date), ("valid_to", Date), ("rule_id", Text), ("tied", BigInt)],
                vec![vec![t("newham"), t("gl"), day(2014), day(2020), t("r1"), n(1)]],
            ),
        );
        tables.insert(
            "ownership_rule",
            (vec![("rule_id", Text), ("valid_from", Date), ("valid_to", Date)], vec![vec![t("r1"), day(2014), day(2020)]]),
        );
        Self { tables }
    }

    pub fn rows(&mut self, table: &str) -> &mut Rows {
        &mut self.tables.get_mut(table).expect("a table").1
    }

    /// As the checks read them.
    pub fn planted(&self) -> Tables {
        let mut tables = Tables::default();
        for (name, (columns, rows)) in &self.tables {
            let batch = proof_table(columns, rows).expect("rows fit");
            tables.insert(*name, Table::rows(batch.schema(), vec![batch]));
        }
        tables
    }

    pub fn findings(&self) -> Vec<Finding> {
        prove(&self.planted()).expect("checks can be made")
    }

    /// Numbers of the checks that fail.
    fn failing(&self) -> Vec<i16> {
        self.findings().iter().filter(|f| !f.passed()).map(|f| f.check.number).collect()
    }
}

#[allow(clippy::too_many_arguments)]
fn class(ownership: &str, service: &str, statement: &str, is_cost: bool, fund: &str, capital: bool, lines: i64, pence: Pence) -> Vec<Cell> {
    vec![
        t("newham"),
        t("gl"),
        n(2018),
        n(1),
        t(ownership),
        t(service),
        Cell::Null,
        t("employees"),
        t(statement),
        Cell::Truth(is_cost),
        Cell::Truth(false),
        t(fund),
        Cell::Truth(capital),
        t("line"),
        Cell::Truth(false),
        Cell::Truth(false),
        n(lines),
        p(pence),
        p(pence.max(0)),
        p(pence.min(0)),
    ]
}

fn control(by_document: bool, agreed: bool) -> Vec<Cell> {
    let name = if by_document { "sum(amount) by document = 0.00" } else { "count(rows) = trailer.rows" };
    let difference = if agreed { 0 } else { 100 };
    vec![t("d1"), t("newham"), t("gl"), t(name), Cell::Truth(by_document), Cell::Truth(agreed), n(i64::from(!agreed)), p(difference)]
}

#[test]
fn every_check_passes_on_sound_tables() {
    let plant = Plant::sound();
    assert_eq!(plant.failing(), Vec::<i16>::new());
    let numbers: Vec<i16> = plant.findings().iter().map(|f| f.check.number).collect();
    assert_eq!(numbers, [1, 1, 2, 5, 9, 9, 10, 11, 12, 13, 15, 35, 37, 40, 42, 42]);
}

#[test]
fn check_01_fails_on_a_control_that_does_not_agree() {
    let mut plant = Plant::sound();
    plant.rows("delivery_control")[0] = control(false, false);
    assert_eq!(plant.failing(), [1]);
    // Pounds that are not known: a warning, and where a control adds up pounds a reason to stop.
    for (controlled, blocks) in [(true, true), (false, false)] {
        let mut plant = Plant::sound();
        plant.rows("sender_amount")[0][11] = n(2);
        plant.rows("sender_amount")[0][12] = Cell::Truth(controlled);
        let failed: Vec<_> = plant.findings().into_iter().filter(|f| !f.passed()).collect();
        assert_eq!(failed.iter().map(|f| (f.check.number, f.check.blocks)).collect::<Vec<_>>(), [(1, blocks)]);
    }
}

#[test]
fn check_02_fails_on_a_journal_that_does_not_balance() {
    let mut plant = Plant::sound();
    plant.rows("delivery_control")[1] = control(true, false);
    assert_eq!(plant.failing(), [2]);
}

#[test]
fn check_09_fails_on_a_line_that_was_lost_and_on_a_class_that_is_none() {
    let mut plant = Plant::sound();
    plant.rows("common_total")[0][5] = n(4);
    assert_eq!(plant.failing(), [9]);
    let mut plant = Plant::sound();
    plant.rows("class_total")[1][4] = t("nobody");
    assert_eq!(plant.failing(), [9]);
}

/// What a reader of the published lines adds up to: a row of `class_total`, in the order of `line_total`.
fn read_back(class: &[Cell]) -> Vec<Cell> {
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 11, 13, 9, 10, 12, 14, 15, 16, 17, 18, 19].map(|at| class[at].clone()).to_vec()
}

#[test]
fn check_09b_fails_where_the_published_lines_are_of_other_classes_than_the_sums() {
    let mut plant = Plant::sound();
    let lines: Rows = plant.rows("class_total").iter().map(|class| read_back(class)).collect();
    plant.rows("line_total").clone_from(&lines);
    assert_eq!(plant.failing(), Vec::<i16>::new());
    // Every class column shifted by one entry of its dictionary: all sums stand, each under another's name.
    for column in 4..16 {
        let mut shifted = lines.clone();
        (shifted[0][column], shifted[1][column]) = (lines[1][column].clone(), lines[0][column].clone());
        let differs = format!("{shifted:?}") != format!("{lines:?}");
        plant.rows("line_total").clone_from(&shifted);
        assert_eq!(plant.failing(), if differs { vec![9] } else { vec![] }, "column {column}");
    }
    plant.rows("line_total").clone_from(&lines[..1].to_vec());
    assert_eq!(plant.failing(), [9], "a class that no line has");
    plant.rows("line_total").clone_from(&lines);
    plant.rows("line_total")[0][18] = p(29_999);
    assert_eq!(plant.failing(), [9], "a penny");
}

#[test]
fn check_10_fails_on_rules_that_tie() {
    let mut plant = Plant::sound();
    plant.rows("code_class")[0][5] = n(2);
    assert_eq!(plant.failing(), [10]);
}

#[test]
fn check_11_fails_on_a_rule_outside_its_dates_a_share_without_membership_and_a_dormant_company() {
    let mut plant = Plant::sound();
    plant.rows("code_class")[0][3] = day(2021);
    assert_eq!(plant.failing(), [11]);
    let mut plant = Plant::sound();
    plant.rows("member_period").clear();
    assert_eq!(plant.failing(), [11]);
    let mut plant = Plant::sound();
    plant.rows("class_total")[0][4] = t("company");
    plant.rows("class_total")[0][6] = t("old_co");
    plant.rows("separation")[0][2] = t("company");
    assert_eq!(plant.failing(), [11]);
}

#[test]
fn check_05_fails_on_differences_over_the_limit_without_regard_to_sign() {
    let mut plant = Plant::sound();
    assert_eq!(plant.failing(), Vec::<i16>::new(), "the limit itself is within");
    plant.rows("payroll_limit")[0][0] = p(136);
    assert_eq!(plant.failing(), [5]);
    let mut plant = Plant::sound();
    plant.rows("payroll_difference").push(vec![t("newham"), n(2018), n(2), p(137)]);
    assert_eq!(plant.failing(), Vec::<i16>::new(), "another period has a limit of its own");
    plant.rows("payroll_difference").push(vec![t("newham"), n(2018), n(2), p(1)]);
    assert_eq!(plant.failing(), [5]);
}

#[test]
fn check_12_fails_on_suspense_over_its_limit_in_absolute_value() {
    let mut plant = Plant::sound();
    let mut debit = class("suspense", "none", "unknown", true, "GF", false, 1, 700);
    debit[19] = p(-700);
    debit[17] = p(0);
    plant.rows("class_total").push(debit);
    plant.rows("common_total")[0][5] = n(4);
    plant.rows("separation").push(vec![t("newham"), t("GF"), t("suspense"), t("none"), n(2018), n(1), t("x"), p(0), n(1)]);
    assert_eq!(plant.failing(), [12], "a debit and a credit of the same size do not cancel");
    plant.rows("suspense_limit")[0][0] = p(1_400);
    assert_eq!(plant.failing(), Vec::<i16>::new(), "the limit itself is within");
}

#[test]
fn check_13_fails_on_capital_in_revenue_and_on_a_fund_that_is_mixed() {
    let mut plant = Plant::sound();
    plant.rows("class_total")[0][8] = t("capital");
    assert_eq!(plant.failing(), [13], "a capital account on a revenue cost centre");
    let mut plant = Plant::sound();
    plant.rows("class_total")[0][8] = t("collection_fund");
    assert_eq!(plant.failing(), [13], "an account of the collection fund in the general fund");
    let mut plant = Plant::sound();
    plant.rows("class_total").push(class("shared", "payroll", "expenditure", true, "GF", true, 0, 0));
    assert_eq!(plant.failing(), [13], "capital and revenue cost centres in one fund");
    let mut plant = Plant::sound();
    plant.rows("separation")[0][1] = t("HRA");
    assert_eq!(plant.failing(), [13]);
}

#[test]
fn check_15_fails_on_a_penny_that_was_lost_in_separation() {
    let mut plant = Plant::sound();
    plant.rows("separation")[0][8] = n(1);
    assert_eq!(plant.failing(), [15]);
    let mut plant = Plant::sound();
    plant.rows("separation")[0][7] = p(29_999);
    let failing = plant.failing();
    assert!(failing.contains(&15) && failing.contains(&35), "{failing:?}");
}

#[test]
fn check_35_fails_where_services_do_not_sum_to_the_partner() {
    let mut plant = Plant::sound();
    plant.rows("separation")[0][2] = t("managed");
    assert_eq!(plant.failing(), [35]);
}

#[test]
fn check_37_fails_on_a_line_without_a_delivery() {
    let mut plant = Plant::sound();
    plant.rows("delivery").clear();
    assert_eq!(plant.failing(), [37]);
}

#[test]
fn check_40_fails_on_a_row_that_its_author_approved() {
    for (author, approver) in [("a_clerk", "a_clerk"), ("a_clerk", " A_Clerk"), ("", "chief_accountant"), ("a_clerk", "")] {
        let mut plant = Plant::sound();
        plant.rows("review").push(vec![t("pool.csv, line 3"), t(author), t(approver)]);
        assert_eq!(plant.failing(), [40], "`{author}` and `{approver}`");
    }
    let mut plant = Plant::sound();
    plant.rows("review").push(vec![t("pool.csv, line 3"), t("a_clerk"), Cell::Null]);
    assert_eq!(plant.failing(), [40], "nobody approved it");
}

#[test]
fn check_42_fails_on_a_sign_that_was_turned_twice_and_warns_of_income_in_debit() {
    let mut plant = Plant::sound();
    plant.rows("sender_amount")[0][10] = p(-40_000);
    assert_eq!(plant.failing(), [42]);
    // Rows, debits or credits alone; and nothing to compare with.
    for (column, planted) in [(4, n(4)), (6, p(50_001)), (8, p(-10_001)), (9, Cell::Null)] {
        let mut plant = Plant::sound();
        plant.rows("sender_amount")[0][column] = planted;
        assert_eq!(plant.failing(), [42], "column {column}");
    }
    // What an entry of the version before does not know is not compared.
    let mut plant = Plant::sound();
    for column in [3, 5, 7] {
        plant.rows("sender_amount")[0][column] = Cell::Null;
    }
    assert_eq!(plant.failing(), Vec::<i16>::new());
    let mut plant = Plant::sound();
    plant.rows("income_account")[0][4] = p(500);
    let findings = plant.findings();
    let failed: Vec<_> = findings.iter().filter(|f| !f.passed()).collect();
    assert_eq!(failed.len(), 1);
    assert!(!failed[0].check.blocks, "a warning");
}
