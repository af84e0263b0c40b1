//! Every accepted row is placed once, in a period that its delivery replaces; what has no place is quarantined; nothing is lost between.

use std::collections::BTreeMap;

use arrow::{array::AsArray, datatypes::Int64Type};
use proptest::prelude::*;
use truecost::{
    decode::{FileScan, Judge, Reader, Tally, decode, decode_without},
    domain::{Calendar, Coverage, Day, DeliveryId, Pence, Period, Placement},
    engine::Projection,
    schema::{Contract, Kind, MoneyStyle, Type},
    stages::normalise::{Normalised, Normaliser, Outcome, PeriodTotals},
};

use super::driver::{column, contract, date, day, layout, money};

const APRIL: Calendar = Calendar { starts_month: 4, closing_period: 13 };

const SQL: &str = "SELECT year AS fiscal_year, number AS period, posting_date, amount FROM extract";

fn extract() -> Contract {
    let columns = vec![
        column("year", "Year", Type::SmallInt),
        column("number", "Period", Type::TinyInt),
        date("posting_date", "Date", &["dd/mm/yyyy"]),
        money("amount", "Amount", &[MoneyStyle::Plain]),
    ];
    contract(layout(), columns)
}

fn common() -> Contract {
    let columns = [
        ("council", Type::Text, "!"),
        ("feed", Type::Text, "!"),
        ("delivery_id", Type::Text, "!"),
        ("source_row", Type::BigInt, "!"),
        ("delivery_year", Type::SmallInt, "!"),
        ("delivery_period", Type::TinyInt, "!"),
        ("fiscal_year", Type::SmallInt, "!"),
        ("period", Type::TinyInt, "!"),
        ("posting_date", Type::Date, ""),
        ("amount", Type::Money, ""),
    ];
    crate::engine::contract(Kind::Common, "ledger_line", &columns)
}

/// A row of the file, as text; its amount in pence is given apart.
type Line = (Option<i16>, Option<i8>, Option<i32>, i64);

fn text(rows: &[Line]) -> String {
    let mut text = String::from("Year,Period,Date,Amount\n");
    for (year, period, date, pence) in rows {
        let shown = |number: Option<i64>| number.map(|n| n.to_string()).unwrap_or_default();
        let date = date.map(|days| Day(days).ymd()).map(|(y, m, d)| format!("{d:02}/{m:02}/{y:04}")).unwrap_or_default();
        let (sign, pounds) = (if *pence < 0 { "-" } else { "" }, pence.abs());
        let amount = format!("{sign}{}.{:02}", pounds / 100, pounds % 100);
        text.push_str(&format!("{},{},{date},{amount}\n", shown(year.map(i64::from)), shown(period.map(i64::from))));
    }
    text
}

/// As a run does: chunk by chunk, with chunks decoded again where rows have no place.
fn placed(file: &str, placement: &Placement, chunk_bytes: usize) -> (Tally, Vec<u64>, Vec<Normalised>) {
    let extract = std::sync::Arc::new(extract());
    let projection = Projection::plan(SQL, "a.sql", &extract, &common(), false).expect("sound");
    let id = DeliveryId::parse("00000000000000aa").expect("an id");
    let normaliser = Normaliser::new(projection, &common(), placement.clone(), &id);
    let mut scan = FileScan::new();
    scan.update(file.as_bytes());
    let facts = scan.finish();
    let judge = Judge::new(extract, "a.csv".into(), &facts, (day("2018-04-01"), day("2019-03-31")), vec![]).expect("a judge");
    let mut reader = Reader::open_in_pieces(&judge, file.as_bytes(), chunk_bytes).expect("a header");
    let header = reader.header();
    let (mut tally, mut rejected, mut done) = (Tally::default(), Vec::new(), Vec::new());
    while let Some(piece) = reader.next().expect("records") {
        let mut decoded = decode(&judge, &header, &piece);
        let mut outcome = normaliser.normalise(&decoded.rows, &decoded.residues).expect("evaluated");
        if let Outcome::Unplaced(rows) = &outcome {
            decoded = decode_without(&judge, &header, &piece, rows);
            outcome = normaliser.normalise(&decoded.rows, &decoded.residues).expect("evaluated");
        }
        let Outcome::Normalised(normalised) = outcome else { panic!("rows without a place among those that have one") };
        rejected.extend(decoded.rejected.iter().map(|row| row.source_row));
        tally.add(decoded.tally);
        done.push(*normalised);
    }
    (tally, rejected, done)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn every_row_is_placed_once_or_quarantined(
        rows in proptest::collection::vec(
            (proptest::option::of(2017i16..2020), proptest::option::of(-1i8..16), proptest::option::of(17_500i32..18_300), -9_999i64..9_999),
            1..40,
        ),
        months in 1u8..=12,
        yearly in any::<bool>(),
        chunk_bytes in 1usize..400,
    ) {
        let coverage = Coverage::new((1..=months).map(|period| Period { year: 2018, period }).collect()).expect("periods");
        let beside = if yearly { vec![Period { year: 2018, period: 13 }] } else { vec![] };
        let placement = Placement::new(APRIL, coverage.clone(), beside.clone());
        let (tally, rejected, done) = placed(&text(&rows), &placement, chunk_bytes);

        let has_place = |(year, period, date, _): &Line| match (year, period) {
            (Some(_), Some(period)) => (1..=13).contains(period),
            (None, None) => date.is_some() || months == 1,
            _ => false,
        };
        let lines = |wanted: bool| -> Vec<u64> {
            rows.iter().enumerate().filter(|(_, row)| has_place(row) == wanted).map(|(at, _)| at as u64 + 2).collect()
        };
        prop_assert_eq!(&rejected, &lines(false), "quarantined in the order of the file");
        let mut accepted: Vec<u64> = Vec::new();
        let mut totals: BTreeMap<Period, PeriodTotals> = BTreeMap::new();
        for normalised in &done {
            for (period, part) in &normalised.parts {
                prop_assert!(coverage.contains(*period) || beside.contains(period));
                let source_rows = part.column_by_name("source_row").expect("source_row").as_primitive::<Int64Type>();
                accepted.extend(source_rows.values().iter().map(|row| row.cast_unsigned()));
            }
            for (period, more) in &normalised.totals {
                totals.entry(*period).or_default().add(more);
            }
        }
        accepted.sort_unstable();
        prop_assert_eq!(&accepted, &lines(true), "placed once");
        prop_assert_eq!((tally.accepted, tally.rejected), (accepted.len() as u64, rejected.len() as u64));
        let pence = |wanted: bool| -> Pence { rows.iter().filter(|row| has_place(row) == wanted).map(|row| Pence::from(row.3)).sum() };
        let sum = tally.sums.first().expect("a money column");
        prop_assert_eq!(totals.values().map(PeriodTotals::pence).sum::<Pence>(), pence(true));
        prop_assert_eq!((sum.accepted.net(), sum.rejected.net()), (pence(true), pence(false)));
        prop_assert_eq!(totals.values().map(|t| t.rows).sum::<u64>(), tally.accepted);
    }
}
