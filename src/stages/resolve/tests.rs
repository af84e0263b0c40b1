//! The kernels over the pay of the golden example, and what may be wrong with pay.

use std::{collections::BTreeMap, path::Path};

use arrow::{
    array::{RecordBatch, UInt32Array},
    compute::take_record_batch,
    datatypes::SchemaRef,
    util::display::array_value_to_string,
};

use super::*;
use crate::{
    diagnostic::Answer,
    domain::{Day, Period, parse_decimal, parse_pounds},
    pipeline::{self, Kernel, Partnership},
    plan::{KernelInput, kernel_schema, published},
    schema::{Cell, Type, proof_table},
};

const PLACE: &[(&str, Type)] = &[
    ("council", Type::Text),
    ("feed", Type::Text),
    ("project", Type::Text),
    ("cost_centre", Type::Text),
    ("account", Type::Text),
    ("day", Type::Date),
    ("effective_date", Type::Date),
    ("ownership", Type::Text),
    ("service", Type::Text),
    ("bearer", Type::Text),
    ("rule_id", Type::Text),
    ("account_known", Type::Boolean),
    ("is_cost", Type::Boolean),
];
const LINE: &[(&str, Type)] = &[
    ("council", Type::Text),
    ("feed", Type::Text),
    ("delivery_id", Type::Text),
    ("source_row", Type::BigInt),
    ("project", Type::Text),
    ("cost_centre", Type::Text),
    ("account", Type::Text),
    ("day", Type::Date),
    ("amount", Type::Money),
];
const SUM: &[(&str, Type)] = &[
    ("council", Type::Text),
    ("feed", Type::Text),
    ("person", Type::Text),
    ("assignment", Type::Text),
    ("cost_centre", Type::Text),
    ("account", Type::Text),
    ("pay_date", Type::Date),
    ("category", Type::Text),
    ("pay_basis", Type::Text),
    ("amount", Type::Money),
    ("niable", Type::Money),
    ("pensionable", Type::Money),
    ("has_ledger", Type::Boolean),
];
const POST: &[(&str, Type)] = &[
    ("council", Type::Text),
    ("assignment", Type::Text),
    ("valid_from", Type::Date),
    ("valid_to", Type::Date),
    ("ownership", Type::Text),
    ("service", Type::Text),
    ("bearer", Type::Text),
    ("weight", Type::BigInt),
    ("ni_letter", Type::Text),
    ("ni_method", Type::Text),
    ("pension_fund", Type::Text),
];
const RATE: &[(&str, Type)] = &[
    ("rate", Type::Text),
    ("scope", Type::Text),
    ("basis", Type::Text),
    ("valid_from", Type::Date),
    ("valid_to", Type::Date),
    ("value", Type::Quantity),
];
const ELEMENT: &[(&str, Type)] = &[("council", Type::Text), ("element", Type::Text), ("assignments", Type::BigInt)];

/// Rows as text, words apart by `|`; nothing between two is null.
fn table(columns: &[(&str, Type)], text: &str) -> RecordBatch {
    let cell = |kind: Type, text: &str| match kind {
        _ if text.is_empty() => Cell::Null,
        Type::Money => Cell::Pence(parse_pounds(text).unwrap()),
        Type::Date => Cell::Day(Day::parse_iso(text).unwrap().0),
        Type::Boolean => Cell::Truth(text == "true"),
        Type::BigInt => Cell::Whole(text.parse().unwrap()),
        Type::Quantity => Cell::Millionths(parse_decimal(text, 6).unwrap()),
        _ => Cell::Text(text.to_owned()),
    };
    // A row of pay that says nothing of it is of a council with a ledger.
    let row = |line: &str| {
        let texts = line.trim().split('|').chain(std::iter::once("true"));
        columns.iter().zip(texts).map(|((_, kind), text)| cell(*kind, text)).collect()
    };
    proof_table(columns, &text.lines().filter(|line| !line.trim().is_empty()).map(row).collect::<Vec<Vec<Cell>>>()).unwrap()
}

/// Every row of a batch, words apart by `|`, without year and period.
fn shown(batch: &RecordBatch) -> Vec<String> {
    let names: Vec<String> = batch.schema().fields().iter().map(|field| field.name().clone()).collect();
    let kept: Vec<usize> = (0..names.len()).filter(|at| !names[*at].starts_with("delivery_") || names[*at] == "delivery_id").collect();
    let row = |row| kept.iter().map(|at| array_value_to_string(batch.column(*at), row).unwrap()).collect::<Vec<_>>().join("|");
    (0..batch.num_rows()).map(row).collect()
}

type Made = fn(&KernelInput<'_>) -> Answer<Vec<RecordBatch>>;

struct Case {
    partnership: Partnership,
    tables: BTreeMap<String, RecordBatch>,
}

impl Case {
    /// The golden example's northam with a unit of its council, in services of the reference partnership.
    fn golden() -> Self {
        let (mut partnership, _) = pipeline::read(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
        partnership.small_group = 1;
        let mut case = Self { partnership, tables: BTreeMap::new() };
        case.set(
            "pay_place",
            PLACE,
            &["1000", "1010", "1020"].map(|account| place(account, "shared|legal||rule_legal|true|true")).join("\n"),
        );
        case.set(
            "payroll_line",
            LINE,
            "newham|gl|d1|3||N100|1000|2018-04-27|-100.00
            newham|gl|d1|2||N100|1000|2018-04-27|5101.37
            newham|gl|d1|4||N100|1010|2018-04-27|496.24
            newham|gl|d1|5||N100|1020|2018-04-27|850.00",
        );
        case.set(
            "pay_sum",
            SUM,
            "newham|gl|ada|a1|N100|1000|2018-04-27|basic|monthly|3000.00|3000.00|3000.00
            newham|gl|ada|a1|N100|1010|2018-04-27|employer_ni|monthly|317.12|0.00|0.00
            newham|gl|ada|a1|N100|1020|2018-04-27|employer_pension|monthly|510.00|0.00|0.00
            newham|gl|bo|b1|N100|1000|2018-04-27|basic|monthly|2000.00|2000.00|2000.00
            newham|gl|bo|b1|N100|1010|2018-04-27|employer_ni|monthly|179.12|0.00|0.00
            newham|gl|bo|b1|N100|1020|2018-04-27|employer_pension|monthly|340.00|0.00|0.00",
        );
        case.set(
            "post",
            POST,
            "newham|a1|2015-04-01||||||A||fund
            newham|b1|2016-09-01||shared|legal||2|A||fund
            newham|b1|2016-09-01||shared|app_dev||1|A||fund",
        );
        case.set(
            "rate_card",
            RATE,
            "employer_ni|A||2018-04-06|2019-04-06|13.8
            employer_ni_threshold|A|monthly|2018-04-06|2019-04-06|702.00
            employer_pension|fund||2017-04-01|2020-04-01|17",
        );
        case.set("unknown_element", ELEMENT, "");
        case
    }

    fn set(&mut self, name: &str, columns: &[(&str, Type)], rows: &str) {
        self.tables.insert(name.to_owned(), table(columns, rows));
    }

    /// What a kernel makes: the same with the rows of pay the other way round, and from their middle on.
    fn made(&self, kernel: Made, gives: &[SchemaRef]) -> Answer<[Vec<String>; 2]> {
        let pay = &self.tables["pay_sum"];
        let count = pay.num_rows();
        let made = |rows: Vec<usize>| {
            let mut tables = self.tables.clone();
            let rows = UInt32Array::from_iter_values(rows.into_iter().map(|row| u32::try_from(row).unwrap()));
            tables.insert("pay_sum".to_owned(), take_record_batch(pay, &rows).unwrap());
            let period = Some(Period { year: 2018, period: 1 });
            let input = KernelInput { partnership: &self.partnership, period, tables: &tables, gives, threads: 1, solved: None };
            kernel(&input).map(|given| [shown(&given[0]), shown(&given[1])])
        };
        let as_it_is = made((0..count).collect())?;
        assert_eq!(made((0..count).rev().collect())?, as_it_is, "no figure depends on the order of pay");
        assert_eq!(made((count / 2..count).chain(0..count / 2).collect())?, as_it_is, "no figure depends on the order of pay");
        Ok(as_it_is)
    }

    fn resolve(&self) -> Answer<[Vec<String>; 2]> {
        let difference = published(&self.partnership, "payroll_difference").unwrap().arrow_schema();
        self.made(resolve, &[difference, kernel_schema(Kernel::Resolve, 1).unwrap()])
    }

    fn recompute(&self) -> [Vec<String>; 2] {
        let exception = published(&self.partnership, "pay_exception").unwrap().arrow_schema();
        self.made(recompute, &[kernel_schema(Kernel::Recompute, 0).unwrap(), exception]).unwrap()
    }
}

fn place(account: &str, class: &str) -> String {
    format!("newham|gl||N100|{account}|2018-04-27|2018-04-27|{class}")
}

#[test]
fn the_golden_lines_in_parts() {
    let [differences, parts] = Case::golden().resolve().unwrap();
    assert_eq!(differences, ["newham|N100|1000|5001.37|5000.00|1.37|1.37|amounts_differ"]);
    assert_eq!(
        parts,
        [
            "newham|gl|d1|2|1|1.37|payroll_difference|shared|legal||rule_legal",
            "newham|gl|d1|2|2|666.67|pay|shared|app_dev||assignment_split",
            "newham|gl|d1|2|3|4433.33|pay|shared|legal||rule_legal",
            "newham|gl|d1|3|1|-100.00|pay|shared|legal||rule_legal",
            "newham|gl|d1|4|1|59.71|pay|shared|app_dev||assignment_split",
            "newham|gl|d1|4|2|436.53|pay|shared|legal||rule_legal",
            "newham|gl|d1|5|1|113.33|pay|shared|app_dev||assignment_split",
            "newham|gl|d1|5|2|736.67|pay|shared|legal||rule_legal",
        ]
    );
}

#[test]
fn the_golden_on_costs() {
    let [on_cost, listed] = Case::golden().recompute();
    assert_eq!(
        on_cost,
        [
            "newham|shared|app_dev||1|666.67|666.67|173.04|59.71|113.33|0.00|59.71|113.33|0",
            "newham|shared|legal||2|4333.33|4333.33|1173.20|436.53|736.67|0.00|436.53|736.67|0",
        ]
    );
    assert_eq!(listed, [""; 0]);
}

#[test]
fn few_persons_are_out_of_sight() {
    let mut case = Case::golden();
    case.partnership.small_group = 2;
    let [differences, parts] = case.resolve().unwrap();
    assert_eq!(differences, ["newham|N100|1000|5001.37|5000.00|1.37|1.37|amounts_differ"], "two persons stand behind it");
    assert_eq!(parts[1], "newham|gl|d1|2|2|666.67|pay_small|shared|app_dev||assignment_split");
    assert_eq!(parts[2], "newham|gl|d1|2|3|4433.33|pay|shared|legal||rule_legal");
    let [on_cost, _] = case.recompute();
    assert_eq!(on_cost, ["newham||small_groups||2|5000.00|5000.00|1346.24|496.24|850.00|0.00|496.24|850.00|0"], "one is too few alone");
    case.partnership.small_group = 5;
    let [differences, _] = case.resolve().unwrap();
    assert_eq!(differences, ["newham|small_groups||5001.37|5000.00|1.37|1.37|amounts_differ"]);
}

#[test]
fn lines_without_pay_and_pay_without_lines() {
    let mut case = Case::golden();
    case.set("payroll_line", LINE, "newham|gl|d1|2||N100|1000|2018-04-27|5000.00\nnewham|gl|d1|9||N100|1020|2018-04-27|850.00\nnewham|gl|d1|7||N100|3000|2018-04-27|11.00");
    let more = ["1000", "1010", "1020", "3000"].map(|account| place(account, "shared|legal||rule_legal|true|true")).join("\n");
    case.set("pay_place", PLACE, &more);
    let [differences, parts] = case.resolve().unwrap();
    assert_eq!(
        differences,
        ["newham|N100|1010|0.00|496.24|-496.24|496.24|no_ledger_line", "newham|N100|3000|11.00|0.00|11.00|11.00|no_pay_line"]
    );
    assert!(parts.contains(&"newham|gl|d1|7|1|11.00|payroll_difference|shared|legal||rule_legal".to_owned()), "{parts:?}");
    assert!(!parts.iter().any(|part| part.contains("496.24")), "pay that no line holds adds no cost");
}

#[test]
fn pay_without_a_ledger_is_held_against_nothing() {
    let mut case = Case::golden();
    case.set("pay_sum", SUM, "newham|gl|ada|a1|N100|1000|2018-04-27|basic|monthly|3000.00|3000.00|3000.00|false");
    case.set("payroll_line", LINE, "");
    assert_eq!(case.resolve().unwrap(), [[""; 0]; 2]);
    let [on_cost, listed] = case.recompute();
    assert_eq!(on_cost, ["newham|shared|legal||1|3000.00|3000.00|0.00|0.00|0.00|0.00|317.12|510.00|0"]);
    assert_eq!(listed, ["newham|no_ledger||1"]);
    case.set("pay_place", PLACE, &place("1000", "suspense|none||no_account|false|true"));
    assert_eq!(case.recompute()[1], ["newham|no_ledger||1", "newham|unknown_account||1"]);
}

#[test]
fn pay_of_two_feeds_on_one_place_is_split_once_by_the_first_feed_whichever_row_comes_first() {
    let mut case = Case::golden();
    let of_feed = |feed: &str, rest: &str| format!("newham|{feed}||N100|1000|2018-04-27|2018-04-27|{rest}");
    case.set(
        "pay_place",
        PLACE,
        &[of_feed("pay_a", "shared|legal||rule_a|true|true"), of_feed("pay_b", "shared|hr||rule_b|true|true")].join("\n"),
    );
    let pay = |feed: &str, person: &str| format!("newham|{feed}|{person}||N100|1000|2018-04-27|basic|monthly|100.00|0.00|0.00|false");
    let sums = [pay("pay_b", "ada"), pay("pay_a", "ada"), pay("pay_b", "bo"), pay("pay_a", "cy")];
    case.set("pay_sum", SUM, &sums.join("\n"));
    let [on_cost, _] = case.recompute();
    let zeros = "0.00|0.00|0.00|0.00|0.00|0.00|0";
    assert_eq!(on_cost, [format!("newham|shared|hr||1|100.00|100.00|{zeros}"), format!("newham|shared|legal||2|300.00|300.00|{zeros}")]);
}

#[test]
fn what_no_split_moves() {
    let mut case = Case::golden();
    // Redundancy of a split post stays where its cost centre is; so does all of a council that is no member.
    let sums = "newham|gl|bo|b1|N100|1000|2018-04-27|basic|monthly|300.00|300.00|300.00\nnewham|gl|bo|b1|N100|1000|2018-04-27|redundancy|monthly|90.00|0.00|0.00";
    case.set("pay_sum", SUM, sums);
    case.set("payroll_line", LINE, "newham|gl|d1|2||N100|1000|2018-04-27|390.00");
    let [_, parts] = case.resolve().unwrap();
    assert_eq!(
        parts,
        ["newham|gl|d1|2|1|100.00|pay|shared|app_dev||assignment_split", "newham|gl|d1|2|2|290.00|pay|shared|legal||rule_legal"]
    );
    case.set("pay_place", PLACE, &place("1000", "retained|none||not_a_member|true|true"));
    let [differences, parts] = case.resolve().unwrap();
    assert_eq!(parts, ["newham|gl|d1|2|1|390.00|pay|retained|none||not_a_member"]);
    assert_eq!(differences, [""; 0]);
    // Pay on an account that is none of cost, or that nobody knows, is no side of the comparison.
    case.set("pay_place", PLACE, &place("1000", "suspense|none||no_account|false|true"));
    let [differences, parts] = case.resolve().unwrap();
    assert_eq!(differences, ["newham|N100|1000|390.00|0.00|390.00|390.00|no_pay_line"]);
    assert_eq!(parts, ["newham|gl|d1|2|1|390.00|payroll_difference|suspense|none||no_account"]);
}

#[test]
fn a_post_is_split_once_whichever_of_its_rows_names_the_person() {
    let mut case = Case::golden();
    let sums = "newham|gl||b1|N100|1000|2018-04-27|basic|monthly|100.01|0.00|0.00\nnewham|gl|bo|b1|N100|1000|2018-04-27|basic|monthly|100.01|0.00|0.00";
    case.set("pay_sum", SUM, sums);
    case.set("payroll_line", LINE, "newham|gl|d1|2||N100|1000|2018-04-27|200.02");
    let [on_cost, _] = case.recompute();
    let zeros = "0.00|0.00|0.00|0.00|0.00|0.00|0";
    assert_eq!(on_cost, [format!("newham|shared|app_dev||1|66.67|66.67|{zeros}"), format!("newham|shared|legal||1|133.35|133.35|{zeros}")]);
    let [_, parts] = case.resolve().unwrap();
    assert_eq!(
        parts,
        ["newham|gl|d1|2|1|66.67|pay|shared|app_dev||assignment_split", "newham|gl|d1|2|2|133.35|pay|shared|legal||assignment_split"]
    );
}

#[test]
fn faulty_registers_are_listed_and_the_cost_centre_decides() {
    let mut case = Case::golden();
    case.set("post", POST, "newham|b1|2016-09-01||shared|legal||2|A||fund\nnewham|b1|2016-09-01||shared|no_such_service||1|A||fund");
    case.set("unknown_element", ELEMENT, "newham|unlisted|3");
    let [on_cost, listed] = case.recompute();
    let expected = "newham|shared|legal||2|5000.00|5000.00|1346.24|496.24|850.00|0.00|||1";
    assert_eq!(on_cost, [expected], "ada has no letter and no fund: neither figure is known of the class");
    assert_eq!(listed, ["newham|faulty_split||1", "newham|not_in_register||1", "newham|unknown_element|unlisted|3"]);
}

#[test]
fn contributions_that_cannot_be_worked_out_are_null_where_they_reach() {
    let mut case = Case::golden();
    // Bo's letter has an upper threshold; Ada's pay goes to legal alone.
    case.set(
        "post",
        POST,
        "newham|a1|2015-04-01||||||A||fund
        newham|b1|2016-09-01||shared|legal||2|V||other
        newham|b1|2016-09-01||shared|app_dev||1|V||other",
    );
    let [on_cost, _] = case.recompute();
    assert_eq!(
        on_cost,
        [
            "newham|shared|app_dev||1|666.67|666.67|173.04|59.71|113.33|0.00|||1",
            "newham|shared|legal||2|4333.33|4333.33|1173.20|436.53|736.67|0.00|||1",
        ]
    );
    // Posts of one person are taken together: 702.00 is taken off once.
    let two = "newham|gl|ada|a1|N100|1000|2018-04-27|basic|monthly|600.00|600.00|0.00\nnewham|gl|ada|a2|N100|1000|2018-04-27|basic|monthly|600.00|600.00|0.00";
    case.set("pay_sum", SUM, two);
    case.set("post", POST, "newham|a1|2015-04-01||||||A||fund\nnewham|a2|2015-04-01||||||A||fund");
    let [on_cost, _] = case.recompute();
    assert_eq!(on_cost, ["newham|shared|legal||1|1200.00|1200.00|0.00|0.00|0.00|0.00|68.72|0.00|0"], "13.8 % of 498.00");
}

#[test]
fn pay_without_an_assignment_counts_as_one_that_is_not_recomputed() {
    let mut case = Case::golden();
    let pay = |person: &str| format!("newham|gl|{person}||N100|1000|2018-04-27|basic|monthly|900.00|900.00|900.00");
    case.set("pay_sum", SUM, &["ada", "bo", "cy", ""].map(pay).join("\n"));
    let [on_cost, _] = case.recompute();
    assert_eq!(on_cost, ["newham|shared|legal||3|3600.00|3600.00|0.00|0.00|0.00|0.00|||1"], "nobody's pay is no fourth person");
}

#[test]
fn a_letter_with_an_upper_threshold_is_not_worked_out_however_the_rate_card_writes_it() {
    let golden = "employer_ni|A||2018-04-06|2019-04-06|13.8
            employer_ni_threshold|A|monthly|2018-04-06|2019-04-06|702.00
            employer_pension|fund||2017-04-01|2020-04-01|17";
    for (upper, known) in [
        ("employer_ni_upper_threshold|A|monthly|2018-04-06|2019-04-06|3863.00", false),
        ("employer_ni_upper_threshold|A|weekly|2018-04-06|2019-04-06|892.00", false),
        ("employer_ni_threshold|A|upper_monthly|2018-04-06|2019-04-06|3863.00", false),
        ("employer_ni_upper_threshold|A|monthly|2019-04-06|2020-04-06|4167.00", true),
        ("employer_ni_upper_threshold|AB|monthly|2018-04-06|2019-04-06|3863.00", true),
    ] {
        let mut case = Case::golden();
        case.set("rate_card", RATE, &format!("{golden}\n{upper}"));
        let [on_cost, _] = case.recompute();
        for row in on_cost {
            let cells: Vec<&str> = row.split('|').collect();
            assert_eq!((cells[11].is_empty(), cells[13] == "0"), (!known, known), "{upper}: {row}");
        }
    }
}

#[test]
fn a_line_in_more_than_127_parts_stops_by_name() {
    let mut case = Case::golden();
    let services: Vec<&str> = case.partnership.services.iter().map(|service| &*service.id).collect();
    let class = |number: usize| format!("managed|{}|bearer_{number}", services[number % services.len()]);
    let posts: Vec<String> = (0..128).map(|number| format!("newham|p{number}|2015-04-01||{}|1|A||fund", class(number))).collect();
    let sums: Vec<String> =
        (0..128).map(|number| format!("newham|gl|p{number}|p{number}|N100|1000|2018-04-27|basic|monthly|1.00|0.00|0.00")).collect();
    case.set("post", POST, &posts.join("\n"));
    case.set("pay_sum", SUM, &sums.join("\n"));
    case.set("payroll_line", LINE, "newham|gl|d1|2||N100|1000|2018-04-27|128.00");
    let refusal = case.resolve().unwrap_err();
    assert_eq!(refusal.0[0].code.id, "TC0638");
    let seen = "newham/gl: line 2 of delivery d1, £128.00 on cost centre `N100` and account `1000`, falls into 128 parts";
    assert_eq!(refusal.0[0].seen, seen);
    case.set("pay_sum", SUM, &sums[..127].join("\n"));
    case.set("payroll_line", LINE, "newham|gl|d1|2||N100|1000|2018-04-27|127.00");
    assert_eq!(case.resolve().unwrap()[1].len(), 127);
}
