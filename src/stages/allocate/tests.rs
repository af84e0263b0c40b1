//! The kernels over the golden partnership's own figures, and over schemes that cannot be allocated.

use std::{collections::BTreeMap, path::Path};

use arrow::record_batch::RecordBatch;

use super::{
    apportion::{apportion_by, prove_parts},
    model::Model,
    refused::refused,
    solve::{prove_balance, prove_whole, solve_by},
};
use crate::{
    diagnostic::{Answer, Refusal},
    domain::{Fraction, Method, Period, Unproved},
    pipeline::{self, Partnership},
    plan::{KernelInput, published},
    schema::{
        Cell, Type,
        batch::{column, money, text},
        proof_table,
    },
};

const T: Type = Type::Text;

fn partnership() -> Partnership {
    pipeline::read(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap().0
}

/// A table from lines of text: a cell is text, a whole number, pounds after `£`, `yes`, `no`, or `-` for null.
fn rows(columns: &[(&str, Type)], lines: &[&str]) -> RecordBatch {
    let cell = |(word, (_, kind)): (&str, &(&str, Type))| match (word, kind) {
        ("-", Type::Text) => "".into(),
        ("-", _) => Cell::Null,
        (word, Type::Money) => Cell::Pence(word.parse().unwrap()),
        (word, Type::BigInt | Type::Integer) => Cell::Whole(word.parse().unwrap()),
        (word, Type::Boolean) => Cell::Truth(word == "yes"),
        (word, _) => word.into(),
    };
    let rows: Vec<Vec<Cell>> = lines.iter().map(|line| line.split(' ').zip(columns).map(cell).collect()).collect();
    proof_table(columns, &rows).unwrap()
}

/// hr and ict serve each other and legal; print is a pool of one account group without volume.
fn tables(flows: &[&str], zero_volume: &str, lacks: &str) -> BTreeMap<String, RecordBatch> {
    let cell = [
        ("service", T),
        ("ownership", T),
        ("bearer", T),
        ("account_group", T),
        ("on_cost", Type::Boolean),
        ("council", T),
        ("fund", T),
        ("amount", Type::Money),
    ];
    let giver = [
        ("pool_set", T),
        ("service", T),
        ("pool", T),
        ("driver", T),
        ("lacks", T),
        ("is_final", Type::Boolean),
        ("step", Type::Integer),
        ("zero_volume", T),
    ];
    let flow = [("pool_set", T), ("service", T), ("to_service", T), ("to_ownership", T), ("to_bearer", T), ("volume", Type::BigInt)];
    let print = format!("third_party_payments ict ict_print print_pages {lacks} no 1 {zero_volume}");
    let givers = [
        "all hr hr_all headcount - no 2 refuse",
        "all ict ict_all devices - no 1 refuse",
        "all legal legal_all legal_minutes - yes 3 refuse",
        "third_party_payments hr hr_all headcount - no 2 refuse",
        &print,
        "third_party_payments legal legal_all legal_minutes - yes 3 refuse",
    ];
    let cells = [
        "ict shared - supplies_and_services no northam GF 1000000",
        "ict shared - third_party_payments no southam GF 9001",
        "legal bespoke southam supplies_and_services no northam GF 33333",
        "legal shared - income no northam GF -12345",
        "hr shared - employees no southam GF 250000",
    ];
    let shares = ["hr northam 50", "hr southam 50", "ict northam 62", "ict southam 38", "legal northam 600", "legal southam 330"];
    let members = ["hr northam", "hr southam", "ict northam", "ict southam", "legal northam", "legal southam"];
    let table = |name: &str, rows: RecordBatch| (name.to_owned(), rows);
    [
        table("cost_cell", rows(&cell, &cells)),
        table("pool_giver", rows(&giver, &givers)),
        table("pool_flow", rows(&flow, flows)),
        table("driver_register", rows(&[("service", T), ("partner", T), ("weight_in_force", Type::BigInt)], &shares)),
        table("service_member", rows(&[("service", T), ("council", T)], &members)),
    ]
    .into()
}

const FLOWS: [&str; 17] = [
    "all ict - shared northam 50",
    "all ict - shared southam 30",
    "all ict hr shared - 3",
    "all ict ict shared - 5",
    "all ict legal shared - 4",
    "all hr - shared northam 40",
    "all hr - shared southam 25",
    "all hr hr shared - 1",
    "all hr ict shared - 3",
    "all hr legal shared - 2",
    "all legal - external oak_academy 60",
    "all legal - shared northam 600",
    "all legal - shared southam 330",
    "third_party_payments hr - shared northam 40",
    "third_party_payments hr ict shared - 3",
    "third_party_payments legal - shared northam 600",
    "third_party_payments ict - shared southam 0",
];

type Kernel = fn(&KernelInput<'_>, Option<Method>) -> Answer<Vec<RecordBatch>>;

fn run(
    kernel: Kernel,
    fills: [&str; 2],
    tables: &BTreeMap<String, RecordBatch>,
    method: Option<Method>,
) -> Result<Vec<RecordBatch>, Refusal> {
    let partnership = partnership();
    let gives = fills.map(|table| published(&partnership, table).unwrap().arrow_schema());
    let period = Some(Period { year: 2018, period: 1 });
    kernel(&KernelInput { partnership: &partnership, period, tables, gives: &gives, threads: 2, solved: None }, method)
}

fn solved(tables: &BTreeMap<String, RecordBatch>, method: Option<Method>) -> Result<Vec<RecordBatch>, Refusal> {
    run(solve_by, ["allocation_share", "service_gross"], tables, method)
}

fn apportioned(tables: &BTreeMap<String, RecordBatch>, method: Option<Method>) -> Result<Vec<RecordBatch>, Refusal> {
    run(apportion_by, ["allocated_cost", "method_comparison"], tables, method)
}

/// Rows as text, of these columns; pounds as pence.
fn shown(table: &RecordBatch, columns: &[&str]) -> Vec<String> {
    let cell = |name: &str, row: usize| match money(table, name) {
        Ok(pence) => pence.value(row).to_string(),
        Err(_) => text(table, name).unwrap().value(row).to_owned(),
    };
    (0..table.num_rows()).map(|row| columns.iter().map(|name| cell(name, row)).collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn the_golden_matrix() {
    let tables = tables(&FLOWS, "spread_evenly", "-");
    let given = solved(&tables, Some(Method::Reciprocal)).unwrap();
    let shares = shown(&given[0], &["pool_set", "service", "final_service", "bearer", "numerator", "denominator"]);
    assert!(shares.contains(&"all ict ict northam 3472 6081".to_owned()), "{shares:?}");
    assert!(shares.contains(&"all hr legal oak_academy 124 66891".to_owned()), "{shares:?}");
    let print: Vec<&String> = shares.iter().filter(|row| row.starts_with("third_party_payments")).collect();
    assert_eq!(print, ["third_party_payments ict ict northam 1 2", "third_party_payments ict ict southam 1 2"]);
    let gross = shown(&given[1], &["pool_set", "service", "direct", "gross"]);
    assert_eq!(gross.len(), 4, "{gross:?}");
    assert!(gross.contains(&"third_party_payments ict 9001 9001".to_owned()), "{gross:?}");
}

#[test]
fn cells_are_cut_once_and_compared_by_every_method() {
    let tables = tables(&FLOWS, "spread_evenly", "-");
    let given = apportioned(&tables, Some(Method::Reciprocal)).unwrap();
    let parts = shown(&given[0], &["service", "account_group", "council", "final_service", "bearer", "placement", "amount"]);
    for expected in [
        "ict supplies_and_services northam legal northam allocated 28504",
        "ict third_party_payments southam ict northam allocated 4501",
        "ict third_party_payments southam ict southam allocated 4500",
        "legal supplies_and_services northam legal southam direct 33333",
        "legal income northam legal oak_academy allocated -748",
    ] {
        assert!(parts.contains(&expected.to_owned()), "{expected}: {parts:#?}");
    }
    let total: i128 = money(&given[0], "amount").unwrap().values().iter().sum();
    assert_eq!(total, 1_000_000 + 9_001 + 33_333 - 12_345 + 250_000);
    for method in ["direct", "step", "step_reversed", "reciprocal"] {
        assert_eq!(money(&given[1], method).unwrap().values().iter().sum::<i128>(), total, "{method}");
    }
    let by_step = apportioned(&tables, Some(Method::Step)).unwrap();
    assert_eq!(by_step[1].num_rows(), given[1].num_rows());
    assert_ne!(money(&by_step[0], "amount").unwrap(), money(&given[0], "amount").unwrap());
}

#[test]
fn without_a_method_shared_cost_stays_where_it_was_incurred() {
    let tables = tables(&[], "refuse", "-");
    let given = apportioned(&tables, None).unwrap();
    let parts = shown(&given[0], &["service", "council", "final_service", "bearer", "placement", "amount"]);
    assert!(parts.contains(&"ict northam ict northam unallocated 1000000".to_owned()), "{parts:#?}");
    assert!(parts.contains(&"legal northam legal southam direct 33333".to_owned()), "{parts:#?}");
    assert_eq!((parts.len(), given[1].num_rows()), (5, 0));
    let given = solved(&tables, None).unwrap();
    assert_eq!((given[0].num_rows(), given[1].num_rows()), (0, 0));
}

#[test]
fn what_a_policy_leaves_is_named_when_a_cell_is_cut() {
    let tables = tables(&FLOWS, "leave_unallocated", "-");
    let given = solved(&tables, Some(Method::Reciprocal)).unwrap();
    let shares = shown(&given[0], &["pool_set", "service", "final_service", "bearer", "numerator", "denominator"]);
    assert!(shares.contains(&"third_party_payments ict ict unallocated 1 1".to_owned()), "{shares:?}");
    let parts = shown(&apportioned(&tables, Some(Method::Reciprocal)).unwrap()[0], &["account_group", "bearer", "placement", "amount"]);
    assert!(parts.contains(&"third_party_payments southam unallocated 9001".to_owned()), "{parts:#?}");
}

#[test]
fn what_cannot_be_allocated_blocks_the_period_by_name() {
    let said = |flows: &[&str], zero_volume: &str, lacks: &str| {
        let refusal = solved(&tables(flows, zero_volume, lacks), Some(Method::Reciprocal)).unwrap_err();
        assert_eq!(refusal.0[0].code.id, "TC1203");
        assert_eq!(apportioned(&tables(flows, zero_volume, lacks), Some(Method::Reciprocal)).unwrap_err().0[0].seen, refusal.0[0].seen);
        refusal.0[0].seen.clone()
    };
    assert_eq!(said(&FLOWS, "refuse", "-"), "ict_print: no volume of print_pages");
    assert_eq!(said(&FLOWS, "refuse", "southam/print"), "ict_print: print_pages lacks southam/print");
    let circle = ["all ict hr shared - 3", "all hr ict shared - 1", "all legal - shared northam 600"];
    assert_eq!(said(&circle, "spread_evenly", "-"), "closed loop: hr → ict → hr");
    let negative = ["all ict - shared northam -1"];
    assert_eq!(said(&negative, "spread_evenly", "-"), "ict_all: a volume of -1 of devices");
}

#[test]
fn a_table_that_lacks_a_column_is_named() {
    let mut tables = tables(&FLOWS, "spread_evenly", "-");
    tables.insert("cost_cell".into(), rows(&[("service", T)], &["ict"]));
    let refusal = solved(&tables, Some(Method::Reciprocal)).unwrap_err();
    assert!(column(&tables["cost_cell"], "amount").is_err() && refusal.to_string().contains("amount"), "{refusal}");
}

#[test]
fn a_wrong_part_is_found() {
    let (partnership, tables) = (partnership(), tables(&FLOWS, "spread_evenly", "-"));
    let input = KernelInput { partnership: &partnership, period: None, tables: &tables, gives: &[], threads: 1, solved: None };
    let model = Model::read(&input).unwrap();
    let allocations = model.allocate(Method::Reciprocal, &input).unwrap();
    let (all, direct) = (&allocations["all"], model.direct("all"));
    // Check 14: one flow scaled.
    let mut gross = all.gross(&direct, 1).unwrap();
    prove_balance(all, &direct, &gross).unwrap();
    gross[0].gross = &gross[0].gross * &Fraction::whole(2);
    let found = |refusal: Refusal| (refusal.0[0].code.id, refusal.0[0].seen.clone());
    let wrong = found(prove_balance(all, &direct, &gross).unwrap_err());
    assert_eq!(wrong, ("TC1204", "check 14: hr does not balance".to_owned()));
    // Check 16: a penny from one part to another that has it already.
    let cell = model.shared().find(|cell| cell.amount == 1_000_000).unwrap();
    let shares = all.shares("ict").unwrap();
    let mut amounts = shares.weights.apportion(cell.amount).unwrap();
    prove_parts(&shares, cell, &amounts).unwrap();
    amounts[0] += 2;
    amounts[1] -= 2;
    let wrong = found(prove_parts(&shares, cell, &amounts).unwrap_err());
    assert_eq!(wrong.1, "check 16: a cell of ict: part 1 is a penny or more from exact");
    // Check 17: a part that is left out.
    let parts: Vec<Fraction> = all.fractions("ict").into_iter().map(|(_, part)| part).collect();
    prove_whole("ict", parts.iter()).unwrap();
    assert!(found(prove_whole("ict", parts.iter().skip(1)).unwrap_err()).1.starts_with("check 17: the parts of ict sum to "));
    // Checks 18 and 19: the kernel of the domain says so.
    let unproved = crate::domain::Refusal::Unproved(Unproved::Equation(0));
    assert_eq!(found(refused(&unproved, &model.sets["all"], &input)), ("TC1204", "check 18: (T - V)X is not W in row 1".to_owned()));
}
