//! Where an amount comes from: the sum that is read out of feed SQL is what the SQL makes, and what the decoder adds up without it.

use std::{fmt::Write as _, sync::Arc};

use arrow::{
    array::{AsArray, RecordBatch},
    compute::concat_batches,
    datatypes::Decimal128Type,
};
use proptest::prelude::*;
use truecost::{
    decode::{BalanceBy, FileScan, Judge, Reader, Tally, decode},
    domain::{Pence, decimal},
    engine::{Declared, Projection},
    schema::{Contract, Form, Kind, Side, SignFrom, Type},
};

use crate::{
    decode::driver::{column, contract, day, id, layout, money, trimmed},
    engine,
};

const COLUMNS: [&str; 4] = ["a", "b", "dr", "cr"];

/// Two signed columns and a pair of sides; `n` makes a row faulty.
fn extract() -> Contract {
    let mut columns: Vec<_> = COLUMNS.iter().map(|name| trimmed(money(name, name, &[]))).collect();
    columns[2].rules.side = Some(Side::Debit);
    columns[3].rules.side = Some(Side::Credit);
    columns.push(column("n", "n", Type::Integer));
    columns.push(column("doc", "doc", Type::Text));
    contract(layout(), columns)
}

fn common() -> Contract {
    engine::contract(
        Kind::Common,
        "ledger_line",
        &[
            ("council", Type::Text, "!#1"),
            ("feed", Type::Text, "!#2"),
            ("delivery_id", Type::Text, "!#3"),
            ("source_row", Type::BigInt, "!#4"),
            ("delivery_year", Type::SmallInt, "!"),
            ("delivery_period", Type::TinyInt, "!"),
            ("amount", Type::Money, ""),
        ],
    )
}

/// An expression over the columns, as SQL and as the sum that it is.
#[derive(Clone, Debug)]
enum Sum {
    Nought,
    Of(usize),
    Or0(Box<Sum>),
    Minus(Box<Sum>),
    Times(i8, Box<Sum>),
    Plus(Box<Sum>, Box<Sum>),
    Less(Box<Sum>, Box<Sum>),
    Cast(Box<Sum>),
}

impl Sum {
    fn sql(&self) -> String {
        match self {
            Self::Nought => "0.00".into(),
            Self::Of(at) => COLUMNS[*at].into(),
            Self::Or0(x) => format!("coalesce({}, 0)", x.sql()),
            Self::Minus(x) => format!("(- {})", x.sql()),
            Self::Times(n, x) => format!("({n} * {})", x.sql()),
            Self::Plus(x, y) => format!("({} + {})", x.sql(), y.sql()),
            Self::Less(x, y) => format!("({} - {})", x.sql(), y.sql()),
            Self::Cast(x) => format!("CAST({} AS DECIMAL(30,2))", x.sql()),
        }
    }

    fn times(&self) -> [i128; 4] {
        match self {
            Self::Nought => [0; 4],
            Self::Of(at) => std::array::from_fn(|n| i128::from(n == *at)),
            Self::Or0(x) | Self::Cast(x) => x.times(),
            Self::Minus(x) => x.times().map(|n| -n),
            Self::Times(n, x) => x.times().map(|m| m * i128::from(*n)),
            Self::Plus(x, y) => std::array::from_fn(|n| x.times()[n] + y.times()[n]),
            Self::Less(x, y) => std::array::from_fn(|n| x.times()[n] - y.times()[n]),
        }
    }
}

fn any_sum() -> impl Strategy<Value = Sum> {
    let leaf = prop_oneof![1 => Just(Sum::Nought), 6 => (0..4_usize).prop_map(Sum::Of)];
    leaf.prop_recursive(3, 8, 2, |inner| {
        let pair = (inner.clone(), inner.clone());
        prop_oneof![
            inner.clone().prop_map(|x| Sum::Or0(x.into())),
            inner.clone().prop_map(|x| Sum::Minus(x.into())),
            inner.clone().prop_map(|x| Sum::Cast(x.into())),
            (prop::sample::select(&[-1_i8, 0, 1, 2][..]), inner).prop_map(|(n, x)| Sum::Times(n, x.into())),
            pair.clone().prop_map(|(x, y)| Sum::Plus(x.into(), y.into())),
            pair.prop_map(|(x, y)| Sum::Less(x.into(), y.into())),
        ]
    })
}

/// A sum that the contract allows, in some spelling: every column that is taken, once, with its sign.
fn right_sum(taken: [bool; 4], turned: bool) -> Sum {
    let terms = (0..4).filter(|at| taken[*at]).map(|at| (at, (at == 3) != turned));
    let add = |sum: Sum, (at, minus): (usize, bool)| {
        if minus {
            Sum::Less(sum.into(), Sum::Or0(Sum::Of(at).into()).into())
        } else {
            Sum::Plus(sum.into(), Sum::Cast(Sum::Of(at).into()).into())
        }
    };
    terms.fold(Sum::Nought, add)
}

/// How several rows are made of a record.
#[derive(Clone, Copy, Debug)]
enum Spelling {
    Union,
    Unnest,
    Inside,
}

fn sql(rows: &[Sum], spelling: Spelling) -> String {
    match spelling {
        Spelling::Union => {
            rows.iter().map(|row| format!("SELECT {} AS amount FROM extract", row.sql())).collect::<Vec<_>>().join(" UNION ALL ")
        }
        Spelling::Unnest => format!("SELECT unnest(make_array({})) AS amount FROM extract", list(rows)),
        Spelling::Inside => {
            format!(
                "SELECT -(0 - x) AS amount FROM (SELECT unnest(make_array({})) AS x, n FROM (SELECT * FROM extract) AS e) AS f",
                list(rows)
            )
        }
    }
}

fn list(rows: &[Sum]) -> String {
    rows.iter().map(|row| format!("CAST({} AS DECIMAL(38,2))", row.sql())).collect::<Vec<_>>().join(", ")
}

/// Decodes in small chunks, as a run does.
fn decoded(contract: &Contract, csv: &str, form: Option<&Form>, balances: Vec<BalanceBy>) -> (RecordBatch, Tally) {
    let mut scan = FileScan::new();
    scan.update(csv.as_bytes());
    let days = (day("2024-01-01"), day("2024-12-31"));
    let judge = Judge::new(Arc::new(contract.clone()), "f.csv".into(), &scan.finish(), days, balances).unwrap().adding_up(form);
    let mut reader = Reader::open_in_pieces(&judge, csv.as_bytes(), 64).unwrap();
    let header = reader.header();
    let (mut batches, mut tally) = (Vec::new(), Tally::default());
    while let Some(piece) = reader.next().unwrap() {
        let decoded = decode(&judge, &header, &piece);
        assert!(decoded.fault.is_none(), "{:?}", decoded.fault);
        batches.push(decoded.rows);
        tally.add(decoded.tally);
    }
    (concat_batches(&judge.schema(), &batches).unwrap(), tally.finish(&judge, &header).unwrap())
}

fn made(projection: &Projection, rows: &RecordBatch) -> Vec<Pence> {
    projection.apply(rows).unwrap()["amount"].as_primitive::<Decimal128Type>().iter().map(|pence| pence.unwrap_or(0)).collect()
}

fn sides(amounts: impl Iterator<Item = Pence> + Clone) -> (Pence, Pence) {
    (amounts.clone().filter(|p| *p > 0).sum(), amounts.filter(|p| *p < 0).sum())
}

/// A record: pence of each column, and whether the row is faulty.
type Record = ([i32; 4], bool);

fn csv(records: &[Record]) -> String {
    let mut text = "a,b,dr,cr,n,doc\n".to_owned();
    for (pence, faulty) in records {
        let [a, b, dr, cr] = pence.map(|p| decimal(p.into()));
        let _ = writeln!(text, "{a},{b},{dr},{cr},{},d", if *faulty { "x" } else { "1" });
    }
    text
}

fn of(times: [i128; 4], pence: [i32; 4]) -> Pence {
    times.iter().zip(pence).map(|(n, p)| n * Pence::from(p)).sum()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Whatever sums the SQL writes: those that are let through are added up by the decoder to the pence, row by row.
    #[test]
    fn the_decoder_adds_up_what_the_sql_makes(
        wild in prop::collection::vec(any_sum(), 1..4),
        taken: [bool; 4],
        part in 1..4_usize,
        is_right in 0..4_u8,
        turned: bool,
        spelling in prop::sample::select(&[Spelling::Union, Spelling::Unnest, Spelling::Inside][..]),
        records in prop::collection::vec((prop::array::uniform4(-9_999..10_000_i32), prop::bool::weighted(0.2)), 1..40),
    ) {
        let rows: Vec<Sum> = if is_right > 0 {
            // The columns that are taken, dealt out over one or several rows; the pair stays whole or is left out.
            let taken = [taken[0], taken[1], taken[2], taken[2]];
            (0..part).map(|row| right_sum(std::array::from_fn(|at| taken[at] && at % part == row), turned)).collect()
        } else {
            wild
        };
        let (from, into) = (extract(), common());
        let declared = Declared { credits_positive: turned, amount: None };
        let Ok(projection) = Projection::plan(&sql(&rows, spelling), "f.sql", &from, &into, true) else {
            return Err(TestCaseError::reject("a type that SQL does not have"));
        };
        let times: Vec<[i128; 4]> = rows.iter().map(Sum::times).collect();
        let all: Vec<(usize, i128)> = times.iter().flatten().enumerate().map(|(n, t)| (n % 4, *t)).filter(|(_, t)| *t != 0).collect();
        let signed = |(at, times): &(usize, i128)| *times == if (*at == 3) == turned { 1 } else { -1 };
        let once = |at: usize| all.iter().filter(|(column, _)| *column == at).count();
        let allowed = !all.is_empty() && all.iter().all(signed) && (0..4).all(|at| once(at) <= 1) && once(2) == once(3);
        let form = projection.form(&from, &declared);
        prop_assert_eq!(form.is_ok(), allowed, "{} gave {:?}", sql(&rows, spelling), form);
        let Ok(Some(form)) = form else { return Ok(()) };
        prop_assert!(form.counted);
        let (batch, tally) = decoded(&from, &csv(&records), Some(&form), vec![]);
        let made = if batch.num_rows() == 0 { Vec::new() } else { made(&projection, &batch) };
        prop_assert_eq!(tally.form.rows, made.len() as u64);
        prop_assert_eq!((tally.form.accepted.debits, tally.form.accepted.credits), sides(made.iter().copied()));
        let rejected = records.iter().filter(|(_, faulty)| *faulty).flat_map(|(pence, _)| times.iter().map(|t| of(*t, *pence)));
        prop_assert_eq!((tally.form.rejected.debits, tally.form.rejected.credits), sides(rejected.collect::<Vec<_>>().into_iter()));
        prop_assert_eq!(tally.form.not_known, 0);
    }

    /// Documents balance by the rows that are accepted, or are named.
    #[test]
    fn documents_are_held_to_their_accepted_rows(lines in prop::collection::vec((0..4_u8, -2..3_i32, prop::bool::weighted(0.3)), 1..30)) {
        let mut text = "a,b,dr,cr,n,doc\n".to_owned();
        for (document, pounds, faulty) in &lines {
            let _ = writeln!(text, "{pounds}.00,0,0,0,{},d{document}", if *faulty { "x" } else { "1" });
        }
        let (_, tally) = decoded(&extract(), &text, None, vec![BalanceBy { by: id("doc"), plus: vec![id("a")], minus: vec![] }]);
        // In millionths of a pound.
        let out = |accepted_only: bool| -> Vec<(String, i128)> {
            let sum = |document: u8| -> i128 {
                lines.iter().filter(|(d, _, faulty)| *d == document && !(accepted_only && *faulty)).map(|(_, p, _)| i128::from(*p) * 1_000_000).sum()
            };
            (0..4_u8).map(|d| (format!("d{d}"), sum(d))).filter(|(_, millionths)| *millionths != 0).collect()
        };
        let expected = if out(false).is_empty() { out(true) } else { out(false) };
        prop_assert_eq!(tally.out_of_balance(0).into_iter().collect::<Vec<_>>(), expected);
    }
}

#[test]
fn a_word_in_another_column_signs_an_amount_and_an_unknown_one_makes_it_unknown() {
    let mut value = money("value", "value", &[]);
    value.rules.sign_from = Some(SignFrom { column: id("dc"), debit: vec!["D".into(), "1".into()], credit: vec!["C".into()] });
    let from = contract(layout(), vec![value, money("vat", "vat", &[]), column("dc", "dc", Type::Text)]);
    let form = truecost::schema::form(&from, vec![vec![(id("value"), 1)]], false).unwrap();
    let text = "value,vat,dc\n10.00,1.00,D\n4.00,1.00, C \n-1.00,1.00,C\n3.00,1.00,1\n50.00,1.00,X\n60.00,1.00,\n,1.00,C\nx,1.00,D\n";
    let (rows, tally) = decoded(&from, text, Some(&form), vec![]);
    let values: Vec<_> = rows["value"].as_primitive::<Decimal128Type>().iter().collect();
    assert_eq!(values, [Some(1_000), Some(-400), Some(100), Some(300), None]);
    assert_eq!((tally.accepted, tally.rejected), (5, 3));
    assert_eq!((tally.form.accepted.debits, tally.form.accepted.credits, tally.form.rows), (1_400, -400, 5));
    // Two words that are none and an amount that is none: three rows of whose pounds nobody knows, and none of them counted.
    assert_eq!((tally.form.not_known, tally.form.rejected.net()), (3, 0));
    let sum = &tally.sums[0];
    assert_eq!((sum.accepted.net(), sum.rejected.net(), sum.unread), (1_000, 0, 3));
    assert_eq!(tally.sums[1].unread, 0);
}

fn said(amount: &str, rows_many: bool) -> String {
    let (from, into) = (extract(), common());
    let projection = match Projection::plan(amount, "f.sql", &from, &into, rows_many) {
        Ok(projection) => projection,
        Err(refusal) => return refusal.to_string(),
    };
    match projection.form(&from, &Declared::default()) {
        Ok(Some(form)) => form.to_string(),
        Ok(None) => "no amount".into(),
        Err(refusal) => format!("{}: {}", refusal.0[0].code.id, refusal.0[0].seen),
    }
}

#[test]
fn what_is_no_sum_is_said_to_be_none() {
    let one = |amount: &str| said(&format!("SELECT {amount} AS amount FROM extract"), false);
    assert_eq!(one("coalesce(dr, 0.00) - coalesce(cr, 0)"), "dr - cr");
    assert_eq!(one("-(cr - dr)"), "-cr + dr");
    assert_eq!(one("a + b"), "a + b");
    assert_eq!(one("a + 0 * b"), "a");
    for no_sum in [
        "abs(a)",
        "greatest(a, b)",
        "coalesce(a, b)",
        "nullif(a, 1.00)",
        "a + 0.01",
        "CASE WHEN n = 1 THEN a ELSE 0 END",
        "a * n",
        "12.34",
        "n",
    ] {
        assert!(one(no_sum).starts_with("TC0815"), "{no_sum}: {}", one(no_sum));
    }
    for other in ["-a", "a - b", "a * 2", "a * 100", "cr - dr", "dr", "dr - cr - a", "0", "0 * a", "NULL", "a + dr"] {
        assert!(one(other).starts_with("TC0814"), "{other}: {}", one(other));
    }
    let many = |sql: &str| said(sql, true);
    assert_eq!(many("SELECT a AS amount FROM extract UNION ALL SELECT b FROM extract"), "a, b");
    assert_eq!(many("SELECT a AS amount FROM extract UNION ALL SELECT 0 FROM extract"), "a, 0.00");
    assert!(many("SELECT a AS amount FROM extract UNION ALL SELECT a FROM extract").starts_with("TC0814"));
    assert!(many("SELECT a AS amount FROM extract UNION ALL SELECT -a FROM extract").starts_with("TC0814"));
    // The row is made several times, whether or not the list holds amounts.
    assert!(many("SELECT amount FROM (SELECT unnest(make_array(1, 2)) AS x, a AS amount FROM extract) AS e").starts_with("TC0814"));
    let chosen = "unnest(CASE WHEN n = 1 THEN make_array(a) ELSE make_array(a, b) END)";
    assert!(many(&format!("SELECT {chosen} AS amount FROM extract")).starts_with("TC0815"));
    let much = (0..13).fold("SELECT a AS amount FROM extract".to_owned(), |inner, n| {
        format!("SELECT amount FROM (SELECT unnest(make_array(1, 2)) AS x{n}, amount FROM ({inner}) AS e{n}) AS f{n}")
    });
    assert!(many(&much).starts_with("TC0815"), "{}", many(&much));
}

#[test]
fn a_declared_amount_stands_where_the_sql_shows_none_and_agrees_where_it_does() {
    let (from, into) = (extract(), common());
    let declared = |sql: &str, terms: &[(&str, i128)]| {
        let projection = Projection::plan(sql, "f.sql", &from, &into, false).unwrap();
        let amount = Some(vec![terms.iter().map(|(name, times)| (id(name), *times)).collect()]);
        projection.form(&from, &Declared { credits_positive: false, amount }).map(|form| form.unwrap().to_string())
    };
    let case = "SELECT CASE WHEN cr IS NULL THEN dr ELSE -cr END AS amount FROM extract";
    assert_eq!(declared(case, &[("dr", 1), ("cr", -1)]).unwrap(), "dr - cr");
    assert!(declared(case, &[("dr", 1), ("cr", 1)]).unwrap_err().to_string().contains("TC0814"));
    let plain = "SELECT dr - cr AS amount FROM extract";
    assert_eq!(declared(plain, &[("cr", -1), ("dr", 1)]).unwrap(), "dr - cr");
    assert!(declared(plain, &[("a", 1)]).unwrap_err().to_string().contains("`amount:` says otherwise"));
}
