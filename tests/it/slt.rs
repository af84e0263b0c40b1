//! The facts about SQL that truecost relies on, as `.slt` files, run as cost SQL and printed at full scale.

#![allow(clippy::expect_used, clippy::format_push_string, clippy::inconsistent_digit_grouping, clippy::panic)]

use std::{path::Path, sync::Arc};

use arrow::{
    array::{ArrayRef, Date32Array, Decimal128Array, Int32Array, RecordBatch, StringArray},
    datatypes::{DataType, Field, Schema},
    util::display::{ArrayFormatter, FormatOptions},
};
use sqllogictest::{DB, DBOutput, DefaultColumnType, Runner};
use truecost::{
    diagnostic::Refusal,
    domain::Day,
    engine::{CostQuery, Parameters, Table, Tables},
};

/// Cost SQL over the table `line`.
struct CostSql {
    tables: Tables,
}

impl CostSql {
    fn new() -> Self {
        let money = |values: Vec<Option<i128>>| -> ArrayRef {
            Arc::new(Decimal128Array::from(values).with_precision_and_scale(18, 2).expect("18,2"))
        };
        let most = 999_999_999_999_999_999;
        let columns: Vec<(&str, DataType, ArrayRef)> = vec![
            ("council", DataType::Utf8, Arc::new(StringArray::from(vec!["newham", "newham", "havering", "bexley"]))),
            ("account", DataType::Utf8, Arc::new(StringArray::from(vec![Some("5000"), Some("05000"), Some("5001"), None]))),
            ("posting_date", DataType::Date32, Arc::new(Date32Array::from(vec![17_622, 17_623, 17_622, 17_986]))),
            ("debit", DataType::Decimal128(18, 2), money(vec![Some(1_10), None, Some(most), Some(30)])),
            ("credit", DataType::Decimal128(18, 2), money(vec![None, Some(2_20), Some(most), None])),
            ("line", DataType::Int32, Arc::new(Int32Array::from(vec![1, 2, 3, i32::MAX]))),
        ];
        let schema = Arc::new(Schema::new(columns.iter().map(|(n, t, _)| Field::new(*n, t.clone(), true)).collect::<Vec<_>>()));
        let rows = RecordBatch::try_new(Arc::clone(&schema), columns.into_iter().map(|(_, _, a)| a).collect()).expect("rows");
        let mut tables = Tables::default();
        tables.insert("line", Table::rows(schema, vec![rows]));
        Self { tables }
    }
}

impl DB for CostSql {
    type Error = Refusal;
    type ColumnType = DefaultColumnType;

    fn run(&mut self, sql: &str) -> Result<DBOutput<DefaultColumnType>, Refusal> {
        let query = CostQuery::plan_intermediate(sql, "slt", "answer", &self.tables.schemas())?;
        let as_at = Day::from_ymd(2019, 3, 31).expect("a day");
        let rows = query.run(
            &self.tables,
            &Parameters {
                fiscal_year: Some(2018),
                period: Some(4),
                scenario: "actual".to_owned(),
                first_day: Some(as_at),
                as_at: Some(as_at),
            },
        )?;
        let kind = |kind: &DataType| match kind {
            DataType::Decimal128(18, 2) => DefaultColumnType::FloatingPoint,
            DataType::Utf8 => DefaultColumnType::Text,
            other if other.is_integer() => DefaultColumnType::Integer,
            _ => DefaultColumnType::Any,
        };
        let types = rows.schema().fields().iter().map(|f| kind(f.data_type())).collect();
        let options = FormatOptions::default().with_null("NULL");
        let formatters: Vec<_> = rows.columns().iter().map(|a| ArrayFormatter::try_new(a, &options).expect("a formatter")).collect();
        let cell = |f: &ArrayFormatter, row: usize| {
            Some(f.value(row).to_string()).filter(|t| !t.is_empty()).unwrap_or_else(|| "(empty)".to_owned())
        };
        let rows = (0..rows.num_rows()).map(|row| formatters.iter().map(|f| cell(f, row)).collect()).collect();
        Ok(DBOutput::Rows { types, rows })
    }

    fn engine_name(&self) -> &'static str {
        "truecost"
    }
}

fn run(file: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/slt").join(file);
    let mut runner = Runner::new(|| async { Ok(CostSql::new()) });
    if let Err(error) = runner.run_file(path) {
        panic!("{}", error.display(false));
    }
}

#[test]
fn decimals_are_exact() {
    run("decimals.slt");
}

#[test]
fn casts_lose_nothing() {
    run("casts.slt");
}

#[test]
fn names_nulls_and_order() {
    run("names.slt");
}

#[test]
fn every_file_is_run() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/slt");
    let mut files: Vec<_> =
        std::fs::read_dir(folder).expect("a folder").map(|e| e.expect("an entry").file_name().into_string().expect("text")).collect();
    files.sort();
    // `cost_line.sql` is run by `specification.rs`.
    assert_eq!(files, ["casts.slt", "cost_line.sql", "decimals.slt", "names.slt"]);
}
