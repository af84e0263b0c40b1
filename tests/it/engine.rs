//! Feed SQL and cost SQL: what is let in, what comes out, what is said.

use std::sync::Arc;

use arrow::{
    array::{Array, ArrayRef, AsArray, Date32Array, Decimal128Array, Int64Array, RecordBatch, StringArray},
    datatypes::{DataType, Decimal128Type, Field, Int64Type, Schema, SchemaRef},
};
use truecost::{
    diagnostic::Refusal,
    domain::{Day, Digest, Identifier},
    engine::{CostQuery, Parameters, Projection, Schemas, Table, Tables, order},
    schema::{Column, ColumnRules, Contract, Kind, Type},
};

use crate::golden::golden;

/// `name type`, with `!` for required and `#n` for a place in the key.
pub fn contract(kind: Kind, name: &str, columns: &[(&str, Type, &str)]) -> Contract {
    let columns = columns
        .iter()
        .map(|(column, kind, marks)| Column {
            name: Identifier::new(column).expect("an identifier"),
            physical_name: (*column).to_owned(),
            kind: *kind,
            required: marks.contains('!'),
            primary_key: marks.split_once('#').and_then(|(_, n)| n.parse().ok()),
            description: String::new(),
            rules: ColumnRules::default(),
        })
        .collect();
    Contract {
        name: name.to_owned(),
        kind,
        file: format!("schemas/{name}.odcs.yaml"),
        digest: Digest([0; 32]),
        version: "1.0.0".to_owned(),
        columns,
        layout: None,
    }
}

fn extract() -> Contract {
    contract(
        Kind::Source,
        "havering/general_ledger",
        &[
            ("posting_date", Type::Date, "!"),
            ("journal", Type::Text, ""),
            ("line", Type::Integer, ""),
            ("code", Type::Text, ""),
            ("debit", Type::Money, ""),
            ("credit", Type::Money, ""),
            ("narrative", Type::Text, ""),
        ],
    )
}

fn ledger_line() -> Contract {
    contract(
        Kind::Common,
        "ledger_line",
        &[
            ("council", Type::Text, "!#1"),
            ("feed", Type::Text, "!#2"),
            ("delivery_id", Type::Text, "!#3"),
            ("source_row", Type::BigInt, "!#4"),
            ("delivery_year", Type::SmallInt, "!"),
            ("delivery_period", Type::TinyInt, "!"),
            ("fiscal_year", Type::SmallInt, "!"),
            ("period", Type::TinyInt, "!"),
            ("posting_date", Type::Date, "!"),
            ("document", Type::Text, ""),
            ("line", Type::Integer, ""),
            ("balance_type", Type::Text, "!"),
            ("cost_centre", Type::Text, ""),
            ("account", Type::Text, ""),
            ("amount", Type::Money, "!"),
            ("description", Type::Text, ""),
        ],
    )
}

const FEED: &str = "SELECT posting_date,
       journal AS document,
       line,
       'actual' AS balance_type,
       split_part(code, '.', 2) AS cost_centre,
       split_part(code, '.', 3) AS account,
       coalesce(debit, 0) - coalesce(credit, 0) AS amount,
       narrative AS description
FROM extract
";

fn money(values: &[Option<i128>]) -> ArrayRef {
    Arc::new(Decimal128Array::from(values.to_vec()).with_precision_and_scale(18, 2).expect("18,2"))
}

fn records() -> RecordBatch {
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("posting_date", Arc::new(Date32Array::from(vec![17_000, 17_001, 17_002]))),
        ("journal", Arc::new(StringArray::from(vec!["J1", "J1", "J2"]))),
        ("line", Arc::new(arrow::array::Int32Array::from(vec![Some(1), Some(2), None]))),
        ("code", Arc::new(StringArray::from(vec![Some("01.A100.5000"), Some("01.A200.5001"), None]))),
        ("debit", money(&[Some(1_10), None, Some(999_999_999_999_999_999)])),
        ("credit", money(&[None, Some(1_10), None])),
        ("narrative", Arc::new(StringArray::from(vec![Some("Gas"), Some("=cmd"), None]))),
        ("source_row", Arc::new(Int64Array::from(vec![2, 3, 5]))),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, a)| (n, a, true))).expect("a batch")
}

fn plan(sql: &str) -> Result<Projection, Refusal> {
    Projection::plan(sql, "pipelines/havering/general_ledger.sql", &extract(), &ledger_line(), false)
}

fn refusal(sql: &str) -> String {
    plan(sql).expect_err("refused").to_string()
}

#[test]
fn a_feed_comes_out_by_name_in_contract_order_with_its_rows() {
    let projection = plan(FEED).expect("planned");
    assert!(projection.leaves_out_period());
    assert_eq!(projection.left_out(), ["fiscal_year", "period"]);
    let rows = projection.apply(&records()).expect("projected");
    let names: Vec<String> = rows.schema().fields().iter().map(|f| f.name().clone()).collect();
    assert_eq!(
        names,
        ["source_row", "fiscal_year", "period", "posting_date", "document", "line", "balance_type", "cost_centre", "account", "amount", "description"]
    );
    assert_eq!(rows.schema(), *projection.schema());
    assert_eq!(rows["source_row"].as_primitive::<Int64Type>().values(), &[2, 3, 5]);
    assert_eq!(rows["amount"].as_primitive::<Decimal128Type>().values(), &[1_10, -1_10, 999_999_999_999_999_999]);
    assert_eq!(rows["amount"].data_type(), &DataType::Decimal128(18, 2));
    assert_eq!(rows["cost_centre"].as_string::<i32>().value(1), "A200");
    assert!(rows["cost_centre"].is_null(2));
    assert_eq!(rows["period"].null_count(), 3);
}
