use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::schema::{Type, proof_table};

const APRIL: Period = Period { year: 2018, period: 1 };

/// Council, account group, delivery, row, pence; all of them cost, in one fund, ownership and service.
type Line = (u8, u8, u8, i64, Pence);

fn line_columns() -> [(&'static str, Type); 9] {
    [
        ("council", Type::Text),
        ("fund", Type::Text),
        ("ownership", Type::Text),
        ("service", Type::Text),
        ("account_group", Type::Text),
        ("delivery_id", Type::Text),
        ("source_row", Type::BigInt),
        ("is_cost", Type::Boolean),
        ("amount", Type::Money),
    ]
}

fn key(line: &Line) -> Vec<Cell> {
    vec![format!("c{}", line.0).into(), "GF".into(), "shared".into(), "legal".into(), format!("g{}", line.1).into()]
}

fn lines(of: &[Line]) -> RecordBatch {
    let row = |line: &Line| {
        let mut row = key(line);
        row.extend([format!("d{}", line.2).into(), line.3.into(), true.into(), Cell::Pence(line.4)]);
        row
    };
    proof_table(&line_columns(), &of.iter().map(row).collect::<Vec<_>>()).unwrap()
}

fn separation(of: &[Line]) -> RecordBatch {
    let row = |line: &Line| {
        let mut row = key(line);
        row.push(Cell::Pence(line.4));
        row
    };
    let columns: Vec<(&str, Type)> = line_columns().into_iter().filter(|(name, _)| CELL.contains(name) || *name == "amount").collect();
    proof_table(&columns, &of.iter().map(row).collect::<Vec<_>>()).unwrap()
}

fn restated(old: &[Line], new: &[Line], cells: &[Line], effects: &Effects) -> Answer<Restated> {
    let sides = TwoSides { old: vec![lines(old)], new: vec![lines(new)] };
    let apart = line_sides(&sides, &lines(old).schema())?;
    let separation = TwoSides { old: vec![separation(old)], new: vec![separation(cells)] };
    restate(APRIL, &separation, &TwoSides::default(), effects, apart)
}

#[test]
fn lines_that_another_delivery_brought_again_are_no_lines_of_the_restatement() {
    let old = [(1, 1, 1, 2, 100), (1, 1, 1, 3, 50)];
    let new = [(1, 1, 2, 2, 100), (1, 1, 2, 3, 50), (1, 1, 2, 4, 7)];
    let restated = restated(&old, &new, &new, &Effects::OnlyData).unwrap();
    assert_eq!((restated.lines.old.len(), restated.lines.new.len()), (0, 1));
    let cell = &restated.cells[0];
    assert_eq!((cell.old, cell.new, cell.rules, cell.data), (150, 157, 0, 7));
    assert_eq!(restated.groups[0].sentence(), "separation of c1, g1: £0.07 more (old £1.50, new £1.57), 1 line");
}

#[test]
fn a_penny_in_the_cells_that_no_line_holds_stops_everything() {
    let (old, new) = ([(1, 1, 1, 2, 100)], [(1, 1, 2, 2, 101)]);
    let refusal = restated(&old, &new, &[(1, 1, 2, 2, 102)], &Effects::OnlyData).unwrap_err();
    assert_eq!(refusal.0[0].code.id, "TC1404");
    assert!(
        refusal.0[0].seen.contains("c1, GF, shared, legal, g1: the cells differ by £0.02, the lines behind them by £0.01"),
        "{refusal:?}"
    );
}

#[test]
fn rules_come_first_and_data_are_the_rest() {
    let (old, between, new) = ([(1, 1, 1, 2, 100)], [(1, 2, 1, 2, 100)], [(1, 2, 2, 2, 130)]);
    let restated = restated(&old, &new, &new, &Effects::Between(vec![separation(&between)])).unwrap();
    let told: Vec<(Pence, Pence)> = restated.cells.iter().map(|cell| (cell.rules, cell.data)).collect();
    assert_eq!(told, [(-100, 0), (100, 30)]);
    let schema = Arc::clone(&lines(&old).schema());
    let table = lines_table(3, &restated.lines, &schema).unwrap();
    assert_eq!(table.num_rows(), 2);
}

proptest! {
    /// Whatever stood and stands: the lines foot, the effects sum to the difference, and nothing that stands on both sides is told.
    #[test]
    fn every_restatement_foots(
        old in prop::collection::vec((0_u8..3, 0_u8..2, 0_u8..2, 1_i64..9, -500_i128..500), 0..20),
        new in prop::collection::vec((0_u8..3, 0_u8..2, 0_u8..2, 1_i64..9, -500_i128..500), 0..20),
    ) {
        let restated = restated(&old, &new, &new, &Effects::OnlyRules).unwrap();
        for cell in &restated.cells {
            prop_assert_eq!(cell.rules + cell.data, cell.new - cell.old);
            prop_assert_eq!(cell.data, 0);
        }
        let sum = |lines: &[Line]| lines.iter().map(|line| line.4).sum::<Pence>();
        prop_assert_eq!(restated.cells.iter().map(|cell| cell.new - cell.old).sum::<Pence>(), sum(&new) - sum(&old));
        prop_assert!(restated.lines.count() <= old.len() + new.len());
    }
}
