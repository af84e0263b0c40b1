//! The auditor's checks over costs between partners: each passes on tables that agree, and fails on a planted fault of its own.

use truecost::{
    domain::{Day, Pence, parse_pounds},
    schema::{Cell, Type},
    stages::prove::{self, AccountCoverage, CHECKS, Finding},
};

use crate::checks::{Plant, n, p, t};

const MONEY: [&str; 25] = [
    "absolute_difference",
    "amount",
    "paid",
    "received",
    "eliminated",
    "difference",
    "incurred",
    "to_bear",
    "recharged",
    "balance",
    "income",
    "direct",
    "own_service",
    "overhead",
    "surplus",
    "blanket_amount",
    "level_amount",
    "true_amount",
    "rate_effect",
    "distribution_effect",
    "tolerance",
    "pounds",
    "base",
    "debits",
    "credits",
];

fn kind(table: &str, name: &str) -> Type {
    match name {
        "pay" | "on_cost" | "other" if table == "full_cost" => Type::Money,
        "delivery_year" | "fiscal_year" => Type::SmallInt,
        "delivery_period" | "period" => Type::TinyInt,
        "valid_from" | "valid_to" | "first_day" => Type::Date,
        "has_ledger" | "is_register" | "is_cost" | "on_cost" | "recharge" | "reserve_movement" | "capital" => Type::Boolean,
        "lines" | "volume" | "window" | "age" | "texts" | "suspicious" => Type::BigInt,
        "persons" | "age_periods" | "max_age" => Type::Integer,
        "sender_debits" | "common_debits" | "sender_credits" | "common_credits" => Type::Quantity,
        name if MONEY.contains(&name) => Type::Money,
        _ => Type::Text,
    }
}

fn cell(kind: Type, text: &str) -> Cell {
    match kind {
        _ if text == "-" => Cell::Null,
        Type::Money => p(parse_pounds(text).unwrap()),
        Type::Boolean => Cell::Truth(text == "yes"),
        Type::Date => Cell::Day(Day::parse_iso(text).unwrap().0),
        Type::Text => t(text),
        _ => n(text.parse().unwrap()),
    }
}

/// A table from a line of names and lines of values, between bars.
fn table(plant: &mut Plant, name: &'static str, columns: &'static str, rows: &[&str]) {
    let columns: Vec<(&'static str, Type)> = columns.split_whitespace().map(|column| (column, kind(name, column))).collect();
    let row = |row: &&str| row.split('|').zip(&columns).map(|(text, (_, kind))| cell(*kind, text.trim())).collect();
    let rows = rows.iter().map(row).collect();
    plant.tables.insert(name, (columns, rows));
}

/// Two councils and a customer, two periods: ict of 100.00 in the ledger of `a`, a recharge that matches but for 2p and one of 5.00 that does not.
fn sound() -> Plant {
    let mut plant = Plant::sound();
    let all = &mut plant;
    classes(all);
    for name in ["closed_part", "published_part"] {
        table(
            all,
            name,
            "table_name part_key sha256 fiscal_year period",
            &["cost_line|a/ledger/2018/P01|aa|2018|1", "separation|2018/P01|bb|2018|1"],
        );
    }
    table(
        all,
        "allocated_cost",
        "service ownership account_group on_cost council fund final_service final_ownership bearer placement delivery_year delivery_period amount",
        &[
            "ict|shared|supplies|no|a|GF|ict|shared|a|allocated|2018|1|60.00",
            "ict|shared|supplies|no|a|GF|ict|shared|b|allocated|2018|1|38.00",
            "ict|shared|supplies|no|a|GF|ict|external|oak|allocated|2018|1|2.00",
        ],
    );
    asked(all);
    table(
        all,
        "recharge_sum",
        "council other reference ownership service delivery_year delivery_period lines amount",
        &["a|b|inv1|shared|ict|2018|1|1|-30.00", "b|a|inv1|shared|ict|2018|1|1|30.02", "b|a|inv7|shared|hr|2018|1|1|-5.00"],
    );
    table(
        all,
        "recharge_pair",
        "service payer payee reference delivery_year delivery_period paid received eliminated difference",
        &["ict|b|a|inv1|2018|1|30.02|-30.00|30.02|0.02"],
    );
    table(
        all,
        "unmatched_recharge",
        "council side other reference age_periods delivery_year delivery_period amount reason",
        &["b|payee|a|inv7|0|2018|1|-5.00|-"],
    );
    table(all, "recharge_limit", "tolerance window pounds", &["0.05|1|5.00"]);
    table(
        all,
        "cost_bridge",
        "council item delivery_year delivery_period amount",
        &[
            "a|total|2018|1|127.00",
            "a|retained|2018|1|50.00",
            "a|suspense|2018|1|7.00",
            "a|recharge_eliminated|2018|1|-30.02",
            "a|recharge_difference|2018|1|0.02",
            "a|recharge_unmatched|2018|1|0.00",
            "a|allocated|2018|1|100.00",
            "b|total|2018|1|25.02",
            "b|recharge_eliminated|2018|1|30.02",
            "b|recharge_unmatched|2018|1|-5.00",
            "b|allocated|2018|1|0.00",
        ],
    );
    settled(all);
    compared(all);
    plant
}

fn classes(all: &mut Plant) {
    let columns = "council service ownership account_group on_cost recharge is_cost fund lines amount feed delivery_year delivery_period \
                   bearer statement reserve_movement capital debits credits part_kind";
    let rows = [
        "a|ict|shared|supplies|no|no|yes|GF|2|100.00",
        "a|none|retained|supplies|no|no|yes|GF|1|50.00",
        "a|none|suspense|unknown|no|no|yes|GF|1|7.00",
        "a|ict|shared|income|no|yes|yes|GF|1|-30.00",
        "b|ict|shared|support|no|yes|yes|GF|1|30.02",
        "b|hr|shared|income|no|yes|yes|GF|1|-5.00",
        "b|none|not_cost|balance_sheet|no|no|no|GF|1|9.00",
    ]
    .map(|row| format!("{row}|gl|2018|1|-|expenditure|no|no|0.00|0.00|line"));
    table(all, "class_total", columns, &rows.each_ref().map(String::as_str));
}

fn settled(all: &mut Plant) {
    table(
        all,
        "settlement",
        "kind service organisation delivery_year delivery_period incurred to_bear recharged balance",
        &[
            "cost|ict|a|2018|1|100.00|60.00|-30.02|-9.98",
            "cost|ict|b|2018|1|0.00|38.00|30.02|7.98",
            "cost|ict|oak|2018|1|0.00|2.00|0.00|2.00",
            "trading|ict|a|2018|1|0.00|1.20|0.00|1.20",
            "trading|ict|b|2018|1|0.00|0.80|0.00|0.80",
            "trading|ict|oak|2018|1|0.00|-2.00|0.00|-2.00",
        ],
    );
    table(
        all,
        "settlement_pair",
        "kind service debtor creditor delivery_year delivery_period amount",
        &[
            "cost|ict|a|b|2018|1|-7.98",
            "cost|ict|b|a|2018|1|7.98",
            "cost|ict|a|oak|2018|1|-2.00",
            "cost|ict|oak|a|2018|1|2.00",
            "trading|ict|a|oak|2018|1|1.20",
            "trading|ict|oak|a|2018|1|-1.20",
            "trading|ict|b|oak|2018|1|0.80",
            "trading|ict|oak|b|2018|1|-0.80",
        ],
    );
    table(all, "payment_to_make", "payer payee delivery_year delivery_period amount", &["b|a|2018|1|8.78"]);
    let columns = "service customer delivery_year delivery_period agreement legal_basis income direct own_service overhead surplus";
    table(all, "trading_result", columns, &["ict|oak|2018|1|A1|act_1970|0.00|0.00|2.00|0.00|-2.00"]);
    let columns = "service customer partner delivery_year delivery_period amount";
    table(all, "trading_share", columns, &["ict|oak|a|2018|1|1.20", "ict|oak|b|2018|1|0.80"]);
}

/// What check 6 asks of: pay of `a`, devices of both, posts of `b`, in two periods.
fn asked(all: &mut Plant) {
    table(
        all,
        "feed_period",
        "council feed into_table delivery_year delivery_period first_day has_ledger is_register age",
        &[
            "a|payroll|pay_line|2018|1|2018-04-01|yes|no|0",
            "a|payroll|pay_line|2018|2|2018-05-01|yes|no|0",
            "a|device|driver_volume|2018|1|2018-04-01|yes|yes|0",
            "b|device|driver_volume|2018|1|2018-04-01|yes|yes|3",
            "a|print|driver_volume|2018|1|2018-04-01|yes|no|0",
            "b|posts|assignment|2018|1|2018-04-01|yes|yes|0",
        ],
    );
    let columns = "driver fed_by max_age valid_from valid_to";
    let drivers = ["devices|*/device|3|2014-04-01|-", "heads|derived:headcount|-|2014-04-01|-", "pages|a/print|1|2014-04-01|-"];
    table(all, "driver", columns, &drivers);
    let pools = ["ict_all|ict|devices|2014-04-01|-", "ict_print|ict|pages|2014-04-01|-", "hr_all|hr|heads|2014-04-01|-"];
    table(all, "pool", "pool service driver valid_from valid_to", &pools);
    let members = ["a|ict|partner|2014-04-01|-", "b|ict|host|2014-04-01|-", "b|hr|partner|2014-04-01|-"];
    table(all, "membership", "organisation service role valid_from valid_to", &members);
}

fn compared(all: &mut Plant) {
    table(
        all,
        "full_cost",
        "final_service final_ownership bearer delivery_year delivery_period pay on_cost other income overhead amount missing",
        &[
            "ict|shared|a|2018|1|0.00|0.00|60.00|0.00|0.00|60.00|depreciation on_cost overhead premises",
            "ict|shared|b|2018|1|0.00|0.00|38.00|0.00|0.00|38.00|depreciation on_cost overhead premises",
            "ict|external|oak|2018|1|0.00|0.00|2.00|0.00|0.00|2.00|depreciation on_cost overhead premises",
        ],
    );
    table(
        all,
        "volume",
        "driver to_service to_ownership to_bearer delivery_year delivery_period volume",
        &["devices||shared|a|2018|1|60", "devices||shared|b|2018|1|40", "devices||shared|a|2018|3|500", "devices||shared|b|2018|3|500"],
    );
    let columns = "blanket unit kind delivery_year delivery_period blanket_amount level_amount true_amount rate_effect distribution_effect";
    table(
        all,
        "blanket_comparison",
        columns,
        &["p30|u1|on_cost|2018|1|30.00|28.00|27.00|-2.00|-1.00", "p30|u2|on_cost|2018|1|15.00|14.00|15.00|-1.00|1.00"],
    );
    table(
        all,
        "on_cost",
        "council ownership service bearer delivery_year delivery_period persons",
        &["a|shared|ict||2018|1|5", "b|shared|hr||2018|1|-", "b||small_groups||2018|1|2"],
    );
    table(all, "carried_feed", "council feed delivery_year delivery_period carried_from lines amount left_out", &[]);
    let columns = "delivery_id council feed sender_debits common_debits sender_credits common_credits";
    table(all, "rounded_off", columns, &["d1|a|gl|3|3|-2|-2"]);
    table(all, "small_group", "persons", &["5"]);
    table(all, "published_text", "table_name column_name texts suspicious", &["full_cost||7|0", "payroll_difference||2|0"]);
}

/// What the checks of costs between partners find; those of classes have other tables.
fn findings(plant: &Plant) -> Vec<Finding> {
    plant.findings().into_iter().filter(|f| !f.check.needs.is_empty()).collect()
}

/// Numbers of those that fail, each with what it says first.
fn failing(plant: &Plant) -> Vec<(i16, String)> {
    findings(plant).iter().filter(|f| !f.passed()).map(|f| (f.check.number, f.failures[0].sentence())).collect()
}

/// The one check that fails, and what it says.
fn only(plant: &Plant) -> (i16, String) {
    let failing = failing(plant);
    assert_eq!(failing.len(), 1, "{failing:?}");
    failing[0].clone()
}

/// Sets a money column of a row.
fn set(plant: &mut Plant, table: &str, row: usize, column: &str, pence: Pence) {
    put(plant, table, row, column, p(pence));
}

fn put(plant: &mut Plant, table: &str, row: usize, column: &str, cell: Cell) {
    let (columns, rows) = plant.tables.get_mut(table).unwrap();
    let at = columns.iter().position(|(name, _)| *name == column).unwrap();
    rows[row][at] = cell;
}

#[test]
fn every_check_passes_on_tables_that_agree_and_is_not_made_without_them() {
    assert_eq!(failing(&sound()), []);
    let all = CHECKS.iter().filter(|check| !check.needs.is_empty()).count();
    assert_eq!(findings(&sound()).len(), all);
    assert_eq!(findings(&Plant::sound()).len(), 0);
}

/// Another hash, a part that is gone, one that is there twice, and one too many.
#[test]
fn check_7_fails_where_a_part_of_a_closed_period_is_another_one() {
    let said = |change: fn(&mut Plant)| {
        let mut plant = sound();
        change(&mut plant);
        failing(&plant)
    };
    let what = |part: &str, table: &str| {
        vec![(7, format!("the part {part} of {table} is not the one with which its period was closed (2018/P01)"))]
    };
    let other = said(|plant| put(plant, "published_part", 1, "sha256", t("cc")));
    assert_eq!(other, what("2018/P01", "separation"));
    assert_eq!(said(|plant| drop(plant.rows("published_part").pop())), what("2018/P01", "separation"));
    let twice = said(|plant| {
        let row = plant.rows("published_part")[0].clone();
        plant.rows("published_part").push(row);
    });
    assert_eq!(twice, what("a/ledger/2018/P01", "cost_line"));
    let more = said(|plant| {
        let row = plant.rows("published_part")[0].clone();
        plant.rows("published_part").push(row);
        put(plant, "published_part", 2, "part_key", t("b/ledger/2018/P01"));
    });
    assert_eq!(more, what("b/ledger/2018/P01", "cost_line"));
}

#[test]
fn check_15_fails_on_a_part_that_was_dropped() {
    let mut plant = sound();
    plant.rows("allocated_cost").pop();
    let failing = failing(&plant);
    assert_eq!(failing[0], (15, "a: cost_bridge does not end with allocated_cost (2018/P01): -£2.00".to_owned()), "{failing:?}");
    for row in 0..plant.rows("cost_bridge").len() {
        let mut plant = sound();
        set(&mut plant, "cost_bridge", row, "amount", 1);
        assert!(self::failing(&plant).iter().any(|(number, _)| *number == 15), "row {row}");
    }
    // What is open has to be what was left unmatched so far.
    let mut plant = sound();
    plant.rows("unmatched_recharge").clear();
    assert_eq!(
        only(&plant),
        (15, "b: unmatched recharges in cost_bridge so far are not those that are open (2018/P01): -£5.00".to_owned())
    );
}

#[test]
fn check_6_warns_of_a_month_that_stands_in() {
    let mut plant = sound();
    let columns = "council feed delivery_year delivery_period carried_from lines amount left_out";
    let left_out = "; 1 line on recharge accounts, £30.02, left out";
    table(&mut plant, "carried_feed", columns, &[&format!("b|ledger|2018|2|2018/P01|1|-5.00|{left_out}")]);
    let said = format!("b/ledger: lines of 2018/P01 stand in{left_out} (2018/P02)");
    let (number, text) = only(&plant);
    assert!(number == 6 && text.starts_with(&said), "{number}: {text}");
}

#[test]
fn check_6_warns_of_a_period_without_pay_or_volumes() {
    let lacks = |row: usize, column: &str, cell: Cell| {
        let mut plant = sound();
        put(&mut plant, "feed_period", row, column, cell);
        only(&plant)
    };
    assert_eq!(lacks(1, "age", n(1)), (6, "a/payroll: no pay for a period with a ledger, first (2018/P02)".to_owned()));
    assert_eq!(lacks(0, "age", Cell::Null), (6, "a/payroll: no pay for a period with a ledger, first (2018/P01)".to_owned()));
    let old = "b/device for devices: its register is older than max_age in a period with a ledger, first (2018/P01)";
    assert_eq!(lacks(3, "age", n(4)), (6, old.to_owned()));
    assert_eq!(lacks(4, "age", n(1)), (6, "a/print for pages: no volumes in a period with a ledger, first (2018/P01)".to_owned()));
    assert_eq!(
        lacks(5, "age", n(1)).1,
        old.replace("b/device for devices", "b/posts for heads"),
        "without max_age it has to be the period's"
    );
    // Who has no ledger is not asked for pay; a driver by which no pool goes, a council that is no member, for no volumes.
    let mut plant = sound();
    put(&mut plant, "feed_period", 1, "age", n(1));
    put(&mut plant, "feed_period", 1, "has_ledger", Cell::Truth(false));
    put(&mut plant, "feed_period", 4, "age", n(1));
    put(&mut plant, "pool", 1, "driver", t(""));
    put(&mut plant, "feed_period", 3, "age", n(9));
    plant.rows("membership").remove(1);
    assert_eq!(failing(&plant), []);
}

/// Fractions are compared as they are: in millionths, cut off, the one would hide and the other be seen.
#[test]
fn check_26_compares_exact_fractions() {
    let parts = |before: [i64; 2], now: [i64; 2]| {
        let mut plant = sound();
        for (row, volume) in before.into_iter().chain(now).enumerate() {
            put(&mut plant, "volume", row, "volume", n(volume));
        }
        failing(&plant)
    };
    let whole = 3_000_000_000;
    // One in 3 thousand millions over ten points; then exactly ten; a third and a third less a tenth.
    assert_eq!(parts([600_000_000, 2_400_000_000], [900_000_001, whole - 900_000_001]).len(), 1);
    assert_eq!(parts([600_000_000, 2_400_000_000], [900_000_000, whole - 900_000_000]), []);
    assert_eq!(parts([1, 2], [13, 17]), [], "13/30 is ten points over 1/3");
    assert_eq!(parts([1, 2], [14, 16]).len(), 1);
    assert_eq!(parts([1, 999_999], [100_001, 899_999]), []);
}

/// What each check had to look at is written down; where that is nothing it was not asked.
#[test]
fn a_check_that_had_nothing_to_look_at_says_so() {
    let rows = |plant: &Plant| {
        let rows = prove::check_rows(&plant.findings(), 3, &plant.planted(), &AccountCoverage::default());
        // Name, how many things it looked at, what it says.
        rows.iter().map(|row| [1, 4, 7].map(|at| format!("{:?}", row[at]))).collect::<Vec<_>>()
    };
    let of = |rows: &[[String; 3]], what: &str| rows.iter().find(|row| row[0].contains(what)).unwrap().clone();
    let looked_at = |number: i64| format!("{:?}", n(number));
    let (all, none) = (rows(&sound()), rows(&Plant::sound()));
    for (what, number) in [("each part is less", 3), ("no part of a driver", 4), ("no figure tells", 9), ("pay for every period", 6)] {
        assert_eq!(of(&all, what)[1], looked_at(number), "{what}");
    }
    for what in ["each part is less", "no part of a driver", "the settlement sums", "the system of services is solved"] {
        assert_eq!(of(&none, what)[2], format!("{:?}", t(prove::NOT_ASKED)), "{what}");
    }
    assert_eq!(of(&all, "somebody else than its author")[2], format!("{:?}", Cell::Null));
}

#[test]
fn check_26_warns_of_a_part_that_moved() {
    let mut plant = sound();
    put(&mut plant, "volume", 2, "volume", n(501));
    put(&mut plant, "volume", 3, "volume", n(499));
    assert_eq!(failing(&plant), [], "ten points are not over ten");
    put(&mut plant, "volume", 2, "volume", n(390));
    assert_eq!(only(&plant), (26, "devices: the part of a moved over 10 points (2018/P03)".to_owned()));
    // A recipient that has none any more moved too.
    let mut plant = sound();
    plant.rows("volume").pop();
    assert_eq!(only(&plant).0, 26);
}

#[test]
fn check_27_names_what_is_unallocated() {
    let mut plant = sound();
    put(&mut plant, "allocated_cost", 0, "placement", t("unallocated"));
    assert_eq!(only(&plant), (27, "a, ict: unallocated: £60.00".to_owned()));
    plant.rows("pool").clear();
    assert_eq!(failing(&plant), [], "who has set up no pool allocates nothing");
}

#[test]
fn check_28_fails_on_a_pair_that_is_eliminated_at_the_payees_amount() {
    let mut plant = sound();
    set(&mut plant, "recharge_pair", 0, "eliminated", 3_000);
    let failing = failing(&plant);
    assert_eq!(failing[0], (28, "b → a, `inv1`: not eliminated at what the payer booked (2018/P01): -£0.02".to_owned()), "{failing:?}");
    let mut plant = sound();
    set(&mut plant, "recharge_limit", 0, "tolerance", 1);
    assert_eq!(only(&plant), (28, "b → a, `inv1`: the difference is over the tolerance (2018/P01): £0.02".to_owned()));
    let mut plant = sound();
    set(&mut plant, "recharge_pair", 0, "difference", 0);
    assert_eq!(only(&plant).0, 28);
}

#[test]
fn check_28_warns_of_what_is_unmatched_over_its_limit() {
    let mut plant = sound();
    set(&mut plant, "recharge_limit", 0, "pounds", 499);
    assert_eq!(only(&plant), (28, "£5.00 unmatched, limit £4.99".to_owned()));
    assert!(!findings(&plant).iter().any(|f| f.check.blocks && !f.passed()));
    // What the payee keeps is nobody's to settle.
    put(&mut plant, "unmatched_recharge", 0, "reason", t("not_shared"));
    assert_eq!(failing(&plant), []);
}

#[test]
fn check_29_fails_on_an_elimination_from_one_side() {
    let mut plant = sound();
    set(&mut plant, "cost_bridge", 8, "amount", 0);
    set(&mut plant, "cost_bridge", 9, "amount", 2_502);
    set(&mut plant, "unmatched_recharge", 0, "amount", 2_502);
    let failing = failing(&plant);
    assert!(failing.iter().any(|(number, said)| *number == 29 && said.contains("-£30.02")), "{failing:?}");
    let mut plant = sound();
    set(&mut plant, "settlement", 1, "recharged", 0);
    set(&mut plant, "settlement", 1, "balance", 3_800);
    let failing = self::failing(&plant);
    assert!(failing.iter().any(|(number, said)| *number == 29 && said.starts_with("b, ict: recharged")), "{failing:?}");
}

#[test]
fn check_30_fails_on_a_penny_in_the_settlement() {
    for (table, row, column) in
        [("settlement", 0, "balance"), ("settlement", 2, "to_bear"), ("settlement_pair", 3, "amount"), ("payment_to_make", 0, "amount")]
    {
        let mut plant = sound();
        set(&mut plant, table, row, column, 1);
        assert_eq!(only(&plant).0, 30, "{table}.{column}");
    }
    // All of it, and nothing else.
    let mut plant = sound();
    plant.rows("settlement").remove(3);
    assert_eq!(only(&plant).0, 30);
    let mut plant = sound();
    plant.rows("settlement_pair").remove(7);
    assert_eq!(only(&plant).0, 30);
}

#[test]
fn check_30_fails_on_a_trading_result_without_a_part() {
    let mut plant = sound();
    set(&mut plant, "trading_result", 0, "own_service", 199);
    assert_eq!(only(&plant), (30, "trading of ict with oak: the surplus is not what its parts are (2018/P01): -£0.01".to_owned()));
    // A query that leaves a part out, and all that follows from it.
    set(&mut plant, "trading_result", 0, "surplus", -199);
    set(&mut plant, "trading_share", 0, "amount", 119);
    assert_eq!(
        only(&plant),
        (30, "trading of ict with oak: the result is not of all that the customer bears (2018/P01): £0.01".to_owned())
    );
    let mut plant = sound();
    plant.rows("trading_share").remove(1);
    assert_eq!(only(&plant), (30, "trading of ict with oak: the partners do not carry the whole result (2018/P01): -£0.80".to_owned()));
}

#[test]
fn check_32_fails_where_a_full_cost_is_not_whole() {
    for column in ["other", "amount"] {
        let mut plant = sound();
        set(&mut plant, "full_cost", 1, column, 3_799);
        let (number, said) = only(&plant);
        assert!(number == 32 && said.starts_with("ict for b: the full cost is not what"), "{column}: {said}");
    }
}

#[test]
fn check_31_fails_on_a_line_in_a_cell_and_in_a_recharge() {
    let mut plant = sound();
    // The recharge of `b` is allocated as well.
    let (columns, rows) = plant.tables.get_mut("allocated_cost").unwrap();
    let row = "hr|shared|income|no|b|GF|hr|shared|b|direct|2018|1|-5.00";
    rows.push(row.split('|').zip(columns.iter()).map(|(text, (_, kind))| cell(*kind, text)).collect());
    let failing = failing(&plant);
    assert!(
        failing.iter().any(|(number, said)| *number == 31 && said == "b, hr shared income: in cells and elsewhere (2018/P01): -£5.00"),
        "{failing:?}"
    );
    // A recharge that was not summed.
    let mut plant = sound();
    plant.rows("recharge_sum").pop();
    assert_eq!(only(&plant), (31, "b, hr: sums of recharges are not the lines so flagged (2018/P01): £5.00".to_owned()));
    // A cell that was not allocated.
    let mut plant = sound();
    set(&mut plant, "allocated_cost", 0, "amount", 5_900);
    assert!(self::failing(&plant).iter().any(|(number, said)| *number == 31 && said.contains("not all in cells")));
}

#[test]
fn check_32_fails_where_missing_is_emptied() {
    let mut plant = sound();
    put(&mut plant, "full_cost", 2, "missing", t(""));
    assert_eq!(only(&plant).0, 32);
    assert_eq!(findings(&plant).iter().map(|f| f.failures.len()).sum::<usize>(), 4);
    let mut plant = sound();
    put(&mut plant, "full_cost", 2, "missing", t("depreciation on_cost premises"));
    assert_eq!(only(&plant), (32, "ict for oak: `overhead` is missing, and not said to be (2018/P01)".to_owned()));
    let mut plant = sound();
    put(&mut plant, "allocated_cost", 0, "account_group", t("premises"));
    put(&mut plant, "class_total", 0, "account_group", t("premises"));
    assert!(failing(&plant).iter().any(|(number, said)| *number == 32 && said.contains("`premises` is said to be missing, and is there")));
}

#[test]
fn check_33_warns_of_a_customer_without_an_agreement() {
    for (column, cell) in [("agreement", Cell::Null), ("legal_basis", t(""))] {
        let mut plant = sound();
        put(&mut plant, "trading_result", 0, column, cell);
        assert_eq!(only(&plant), (33, "oak uses ict without an agreement (2018/P01): -£2.00".to_owned()));
    }
}

#[test]
fn check_34_warns_of_a_distribution_that_does_not_sum_to_nought() {
    for column in ["distribution_effect", "rate_effect", "true_amount", "blanket_amount", "level_amount"] {
        let mut plant = sound();
        set(&mut plant, "blanket_comparison", 1, column, 1);
        assert_eq!(only(&plant).0, 34, "{column}");
    }
}

#[test]
fn check_42_fails_on_a_part_of_a_penny_that_lies_in_no_period() {
    for (column, side) in [("common_debits", "debits"), ("sender_credits", "credits")] {
        let mut plant = sound();
        put(&mut plant, "rounded_off", 0, column, Cell::Millionths(5_000));
        assert_eq!(only(&plant), (42, format!("a/gl d1: what was rounded off {side} of the sender against the periods")));
    }
}

#[test]
fn check_39_warns_of_a_small_group_and_of_a_pseudonym() {
    let mut plant = sound();
    put(&mut plant, "on_cost", 0, "persons", n(4));
    assert_eq!(only(&plant), (39, "a, ict: fewer persons than a small group (2018/P01)".to_owned()));
    let mut plant = sound();
    put(&mut plant, "published_text", 1, "column_name", t("cost_centre"));
    put(&mut plant, "published_text", 1, "suspicious", n(1));
    assert_eq!(only(&plant), (39, "payroll_difference.cost_centre holds what looks like a pseudonym".to_owned()));
}
