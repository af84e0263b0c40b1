//! A figure that leads to its lines, and planted faults that each break the way by name.

use std::path::Path;

use arrow::record_batch::RecordBatch;

use super::{
    book::{Book, FullCost},
    figure::{Cells, Figure},
};
use crate::{
    diagnostic::Answer,
    domain::{Pence, Period},
    engine::{Table, Tables},
    pipeline::{self, Partnership},
    schema::{Cell, Type, proof_table},
};

const T: Type = Type::Text;
const M: Type = Type::Money;

/// Two cells of ict, one of them shared, and one of legal; ict serves legal.
struct Planted {
    parts: Vec<(&'static str, Pence)>,
    lines: Vec<(&'static str, Pence)>,
    shares: Vec<(&'static str, &'static str)>,
}

/// `service ownership group bearer-of-the-cell final_service final_ownership bearer placement`.
fn sound() -> Planted {
    Planted {
        parts: vec![
            ("ict shared premises - ict shared north allocated", 334),
            ("ict shared premises - ict shared south allocated", 333),
            ("ict shared premises - legal shared north allocated", 333),
            ("legal shared employees - legal shared north allocated", 700),
            ("legal shared employees - legal shared south allocated", 300),
            ("legal bespoke employees north legal bespoke north direct", 55),
            ("hr shared employees - hr shared north unallocated", 12),
        ],
        lines: vec![
            ("ict shared premises -", 1_200),
            ("ict shared premises -", -200),
            ("legal shared employees -", 1_000),
            ("legal bespoke employees north", 50),
            ("legal bespoke employees -", 5),
            ("hr shared employees -", 12),
        ],
        shares: vec![
            ("ict ict shared north", "1/3"),
            ("ict ict shared south", "1/3"),
            ("ict legal shared north", "1/3"),
            ("legal legal shared north", "7/10"),
            ("legal legal shared south", "3/10"),
        ],
    }
}

fn word(word: &str) -> Cell {
    if word == "-" { "".into() } else { word.into() }
}

fn year(cells: Vec<Cell>) -> Vec<Cell> {
    [cells, vec![Cell::Whole(2018), Cell::Whole(1)]].concat()
}

fn with_year<'c>(columns: &[(&'c str, Type)]) -> Vec<(&'c str, Type)> {
    [columns, &[("delivery_year", Type::BigInt), ("delivery_period", Type::BigInt)]].concat()
}

fn table(columns: &[(&str, Type)], rows: Vec<Vec<Cell>>) -> RecordBatch {
    let rows: Vec<Vec<Cell>> = rows.into_iter().map(year).collect();
    proof_table(&with_year(columns), &rows).unwrap()
}

impl Planted {
    fn parts(&self) -> RecordBatch {
        let columns = [
            ("service", T),
            ("ownership", T),
            ("account_group", T),
            ("on_cost", Type::Boolean),
            ("council", T),
            ("fund", T),
            ("final_service", T),
            ("final_ownership", T),
            ("bearer", T),
            ("placement", T),
            ("amount", M),
        ];
        let row = |(text, amount): &(&str, Pence)| {
            let words: Vec<&str> = text.split(' ').collect();
            let cell = [word(words[0]), word(words[1]), word(words[2]), Cell::Truth(false), "north".into(), "GF".into()];
            cell.into_iter().chain(words[4..].iter().map(|text| word(text))).chain([Cell::Pence(*amount)]).collect()
        };
        table(&columns, self.parts.iter().map(row).collect())
    }

    fn lines(&self) -> RecordBatch {
        let columns = [
            ("service", T),
            ("ownership", T),
            ("account_group", T),
            ("bearer", T),
            ("on_cost", Type::Boolean),
            ("recharge", Type::Boolean),
            ("is_cost", Type::Boolean),
            ("council", T),
            ("fund", T),
            ("amount", M),
        ];
        let row = |(text, amount): &(&str, Pence)| {
            let truths = [false, false, true].map(Cell::Truth);
            let words: Vec<Cell> = text.split(' ').map(word).collect();
            [words, truths.to_vec(), vec!["north".into(), "GF".into(), Cell::Pence(*amount)]].concat()
        };
        table(&columns, self.lines.iter().map(row).collect())
    }

    fn shares(&self) -> RecordBatch {
        let columns = [
            ("pool_set", T),
            ("service", T),
            ("final_service", T),
            ("final_ownership", T),
            ("bearer", T),
            ("numerator", T),
            ("denominator", T),
        ];
        let row = |(text, part): &(&str, &str)| {
            let words = ["all"].into_iter().chain(text.split(' ')).chain(part.split('/'));
            words.map(word).collect()
        };
        table(&columns, self.shares.iter().map(row).collect())
    }

    fn pools() -> RecordBatch {
        let columns = [
            ("pool", T),
            ("service", T),
            ("account_group", T),
            ("driver", T),
            ("zero_volume", T),
            ("valid_from", Type::Date),
            ("valid_to", Type::Date),
            ("reason", T),
            ("approver", T),
        ];
        let row = |service: &str| {
            vec![service.into(), service.into(), "".into(), "".into(), "".into(), Cell::Day(0), Cell::Null, "test".into(), "chief".into()]
        };
        proof_table(&columns, &[row("ict"), row("legal")]).unwrap()
    }

    fn figure(&self, service: &str, ownership: &str, bearer: &str, amount: Pence) -> Answer<Figure> {
        let partnership = partnership();
        let mut tables = Tables::with_default_schema("published");
        let named =
            [("allocated_cost", self.parts()), ("cost_line", self.lines()), ("allocation_share", self.shares()), ("pool", Self::pools())];
        for (name, rows) in named {
            tables.insert(format!("published.{name}"), Table::rows(rows.schema(), vec![rows]));
        }
        let book = Book::of_tables(&partnership, Period { year: 2018, period: 1 }, tables);
        let named = |text: &str| text.to_owned();
        let full = FullCost {
            service: named(service),
            ownership: named(ownership),
            bearer: named(bearer),
            pay: 0,
            on_cost: 0,
            other: 0,
            income: 0,
            overhead: 0,
            amount,
            missing: String::new(),
        };
        Cells::of(&book)?.figure(&book, full)
    }

    /// What is said of legal's shared use by north, £10.33.
    fn refused(&self) -> String {
        let refusal = self.figure("legal", "shared", "north", 1_033).unwrap_err();
        assert_eq!(refusal.0[0].code.id, "TC1236");
        refusal.0[0].seen.clone()
    }
}

fn partnership() -> Partnership {
    pipeline::read(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap().0
}

#[test]
fn a_figure_leads_to_its_lines_and_they_to_it() {
    let figure = sound().figure("legal", "shared", "north", 1_033).unwrap();
    let origins: Vec<_> = figure.by_origin().iter().map(|(of, cells)| (of.0, of.1, cells.len())).collect();
    assert_eq!(origins, [("legal", "all", 1), ("ict", "all", 1)]);
    assert_eq!((figure.traced.exact.to_string(), figure.traced.rounding.to_string()), ("3100/3".into(), "-1/3".into()));
    assert_eq!(figure.cells.iter().map(|cell| cell.lines).sum::<i64>(), 3);
}

#[test]
fn cost_with_a_bearer_and_cost_without_a_pool_are_borne_whole() {
    let bespoke = sound().figure("legal", "bespoke", "north", 55).unwrap();
    assert_eq!((bespoke.cells[0].lines, bespoke.cells[0].set.as_str(), bespoke.traced.rounding.to_string()), (2, "direct", "0/1".into()));
    let unallocated = sound().figure("hr", "shared", "north", 12).unwrap();
    assert_eq!((unallocated.cells[0].placement.as_str(), unallocated.cells[0].share.to_string()), ("unallocated", "1/1".into()));
}

#[test]
fn a_line_that_moved_is_found() {
    let mut planted = sound();
    planted.lines[1].0 = "legal shared employees -";
    let said = planted.refused();
    assert_eq!(
        said,
        "legal shared north, 2018/P01: the parts of a cell are -200p more than its lines; the cell is ict shared premises of north, fund GF"
    );
}

#[test]
fn an_odd_penny_with_somebody_else_is_found() {
    let mut planted = sound();
    planted.parts[0].1 -= 1;
    planted.parts[1].1 += 1;
    assert!(planted.refused().contains("the parts of a cell are not those that its shares give"), "{}", planted.refused());
}

#[test]
fn other_shares_than_those_that_cut_are_found() {
    let mut planted = sound();
    planted.shares[3].1 = "6/10";
    assert!(planted.refused().contains("legal, 2018/P01: its published shares do not sum to 1"), "{}", planted.refused());
    planted.shares[4].1 = "4/10";
    assert!(planted.refused().contains("the parts of a cell are not those that its shares give"), "{}", planted.refused());
}

#[test]
fn a_figure_that_is_not_its_parts_is_found() {
    let refusal = sound().figure("legal", "shared", "north", 1_034).unwrap_err();
    assert!(refusal.0[0].seen.contains("the figure is 1p more than its parts"), "{}", refusal.0[0].seen);
}
