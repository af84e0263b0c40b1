//! Feed SQL and cost SQL: what is let in, what comes out, what is said.

#![allow(clippy::expect_used, clippy::format_push_string, clippy::inconsistent_digit_grouping, clippy::panic)]

use std::sync::Arc;

use arrow::{
    array::{Array, ArrayRef, AsArray, Date32Array, Decimal128Array, Int64Array, RecordBatch, StringArray},
    datatypes::{DataType, Decimal128Type, Field, Int64Type, Schema, SchemaRef},
};
use truecost::{
    diagnostic::Refusal,
    domain::{Day, Digest, Identifier},
    engine::{CostQuery, Format, Needs, Parameters, Projection, Schemas, Table, Tables, dependencies, order, render},
    schema::{Column, ColumnRules, Contract, Kind, SpecialColumns, Type},
};

use crate::golden::golden;

/// `name type`, with `!` for required and `#n` for a place in the key.
pub fn contract(kind: Kind, name: &str, columns: &[(&str, Type, &str)]) -> Contract {
    let columns: Vec<Column> = columns
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
        special: SpecialColumns::undeclared(kind, name, &columns),
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
        [
            "source_row",
            "fiscal_year",
            "period",
            "posting_date",
            "document",
            "line",
            "balance_type",
            "cost_centre",
            "account",
            "amount",
            "description"
        ]
    );
    assert_eq!(rows.schema(), *projection.schema());
    assert_eq!(rows["source_row"].as_primitive::<Int64Type>().values(), &[2, 3, 5]);
    assert_eq!(rows["amount"].as_primitive::<Decimal128Type>().values(), &[1_10, -1_10, 999_999_999_999_999_999]);
    assert_eq!(rows["amount"].data_type(), &DataType::Decimal128(18, 2));
    assert_eq!(rows["cost_centre"].as_string::<i32>().value(1), "A200");
    assert!(rows["cost_centre"].is_null(2));
    assert_eq!(rows["period"].null_count(), 3);
}

#[test]
fn a_plain_column_is_not_copied() {
    let rows = plan(FEED).expect("planned").apply(&records()).expect("projected");
    let records = records();
    let (before, after) = (records["narrative"].to_data(), rows["description"].to_data());
    assert_eq!(before.buffers()[1].len(), after.buffers()[1].len());
    assert_eq!(Arc::strong_count(&Arc::new(rows)), 1);
}

#[test]
fn records_stay_in_order_and_multiply_with_rows_many() {
    let many = "SELECT posting_date, 'actual' AS balance_type, debit AS amount, 'debit' AS description FROM extract
        UNION ALL SELECT posting_date, 'budget', coalesce(credit, 0) * -1, NULL FROM extract";
    assert!(refusal(many).contains("TC0803"));
    let projection = Projection::plan(many, "a.sql", &extract(), &ledger_line(), true).expect("planned");
    let two = records().slice(0, 1);
    let rows = projection.apply(&two).expect("projected");
    assert_eq!(rows["source_row"].as_primitive::<Int64Type>().values(), &[2, 2]);
    assert_eq!(rows["amount"].as_primitive::<Decimal128Type>().values(), &[1_10, 0]);
    // Cut anywhere, the rows come in the same order.
    let many = "SELECT posting_date, 'actual' AS balance_type, coalesce(debit, 0) AS amount FROM extract
        UNION ALL SELECT posting_date, 'budget', coalesce(credit, 0) FROM extract";
    let projection = Projection::plan(many, "a.sql", &extract(), &ledger_line(), true).expect("planned");
    let whole = projection.apply(&records()).expect("projected");
    let parts: Vec<RecordBatch> = (0..3).map(|i| projection.apply(&records().slice(i, 1)).expect("projected")).collect();
    assert_eq!(whole, arrow::compute::concat_batches(projection.schema(), &parts).expect("one"));
    assert_eq!(whole["source_row"].as_primitive::<Int64Type>().values(), &[2, 2, 3, 3, 5, 5]);
}

#[test]
fn unnest_keeps_the_record_of_every_row() {
    let sql =
        "SELECT posting_date, 'actual' AS balance_type, unnest(make_array(coalesce(debit, 0), coalesce(credit, 0))) AS amount FROM extract";
    assert!(refusal(sql).contains("TC0803"));
    let projection = Projection::plan(sql, "a.sql", &extract(), &ledger_line(), true).expect("planned");
    let rows = projection.apply(&records()).expect("projected");
    assert_eq!(rows["source_row"].as_primitive::<Int64Type>().values(), &[2, 2, 3, 3, 5, 5]);
    assert_eq!(rows["amount"].as_primitive::<Decimal128Type>().values(), &[1_10, 0, 0, 1_10, 999_999_999_999_999_999, 0]);
}

/// `unnest` of an empty list gives nothing: the record would be gone, and nobody would know.
#[test]
fn a_record_that_becomes_no_row_is_an_error() {
    let sql = "SELECT posting_date, 'actual' AS balance_type,
       unnest(CASE WHEN debit IS NULL THEN CAST(make_array() AS DECIMAL(18,2)[]) ELSE make_array(debit) END) AS amount FROM extract";
    let projection = Projection::plan(sql, "a.sql", &extract(), &ledger_line(), true).expect("planned");
    let said = projection.apply(&records()).expect_err("a record is lost").to_string();
    assert!(said.contains("TC0813") && said.contains("the record at line 3"), "{said}");
    assert_eq!(projection.apply(&records().slice(0, 1)).expect("no record is lost").num_rows(), 1);
}

/// A feed with one thing wrong: `amount` as given, or more of the query.
fn with_amount(amount: &str) -> String {
    format!("SELECT posting_date, 'actual' AS balance_type,\n       {amount} AS amount\nFROM extract\n")
}

#[test]
fn what_feed_sql_may_not_do_is_said_where_it_stands() {
    let cases = [
        ("filter", format!("{}WHERE debit > 0", with_amount("debit"))),
        ("join", format!("{}, account", with_amount("debit"))),
        ("left_join", format!("{} e LEFT JOIN account a ON a.code = e.code", with_amount("debit").trim_end())),
        ("distinct", with_amount("debit").replace("SELECT", "SELECT DISTINCT")),
        ("aggregate", with_amount("sum(debit)")),
        ("group_by", format!("{}GROUP BY posting_date", with_amount("sum(debit)"))),
        ("window", with_amount("sum(debit) OVER (ORDER BY line)")),
        ("limit", format!("{}LIMIT 5", with_amount("debit"))),
        ("order_by", format!("{}ORDER BY posting_date", with_amount("debit"))),
        ("subquery", with_amount("(SELECT max(debit) FROM extract)")),
        ("no_from", "SELECT DATE '2024-01-01' AS posting_date".to_owned()),
        ("now", with_amount("debit").replace("posting_date", "now() AS posting_date")),
        ("random", with_amount("random()")),
        ("other_table", with_amount("debit").replace("extract", "ledger")),
        ("unknown_column", with_amount("debbit")),
        ("unknown_output", with_amount("debit").replace("'actual'", "narrative AS descripton, 'actual'")),
        ("unnamed_output", with_amount("debit").replace("'actual'", "upper(narrative), 'actual'")),
        ("provenance", with_amount("debit").replace("'actual'", "'havering' AS council, 'actual'")),
        ("missing_required", with_amount("debit").replace(" AS amount", " AS amonut")),
        ("text_to_number", with_amount("narrative")),
        ("cast_text_to_number", with_amount("CAST(narrative AS DECIMAL(18,2))")),
        ("cast_number_to_text", with_amount("debit").replace("'actual'", "CAST(line AS VARCHAR) AS document, 'actual'")),
        ("implicit_text", with_amount("debit").replace("'actual'", "journal || line AS document, 'actual'")),
        ("text_to_date", with_amount("debit").replace("posting_date,", "CAST(narrative AS DATE) AS posting_date,")),
        ("try_cast", with_amount("TRY_CAST(narrative AS DECIMAL(18,2))")),
        ("compare_text_with_number", with_amount("CASE WHEN code = 123 THEN debit END")),
        ("float_literal_is_decimal", with_amount("debit * 0.5")),
        ("float", with_amount("CAST(debit AS DOUBLE)")),
        ("division", with_amount("debit / 2")),
        ("rounding", with_amount("round(debit, 0)")),
        ("fewer_decimals", with_amount("CAST(debit AS DECIMAL(18,0))")),
        ("syntax", with_amount("coalesce(debit, )")),
        ("unclosed", "SELECT 'abc FROM extract".to_owned()),
        ("ends_early", "SELECT posting_date,\n".to_owned()),
        ("two_queries", format!("{}; DROP TABLE extract", with_amount("debit"))),
        ("parameter", with_amount("$fiscal_year")),
    ];
    let mut seen = String::new();
    for (name, sql) in cases {
        seen.push_str(&format!("## {name}\n\n{}\n", refusal(&sql)));
    }
    golden("golden/engine/feed_refusals.txt", &seen);
}

#[test]
fn money_in_feeds_is_exact_and_checked() {
    let amount = |sql: &str| -> Result<Vec<Option<i128>>, String> {
        let rows = plan(&with_amount(sql)).map_err(|e| e.to_string())?.apply(&records()).map_err(|e| e.to_string())?;
        Ok(rows["amount"].as_primitive::<Decimal128Type>().iter().collect())
    };
    assert_eq!(amount("coalesce(debit, 0) * -1").expect("exact"), [Some(-1_10), Some(0), Some(-999_999_999_999_999_999)]);
    assert_eq!(amount("-coalesce(debit, 0.00)").expect("exact")[0], Some(-1_10));
    assert_eq!(amount("CASE WHEN debit IS NULL THEN -credit ELSE debit END").expect("exact")[1], Some(-1_10));
    assert_eq!(amount("0").expect("exact"), [Some(0); 3]);
    assert_eq!(amount("12.34").expect("exact"), [Some(12_34); 3]);
    let overflow = amount("coalesce(debit, 0) + 0.01").expect_err("too large");
    assert!(overflow.contains("TC0808") && overflow.contains("`amount` does not fit DECIMAL(18,2)"), "{overflow}");
    let no_value = amount("debit").expect_err("null");
    assert!(no_value.contains("TC0807") && no_value.contains("the record at line 3"), "{no_value}");
}

#[test]
fn one_projection_serves_many_threads() {
    let projection = plan(FEED).expect("planned");
    let one = projection.apply(&records()).expect("projected");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..50 {
                    assert_eq!(projection.apply(&records()).expect("projected"), one);
                }
            });
        }
    });
}

fn cost_line() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("council", DataType::Utf8, false),
        Field::new("fiscal_year", DataType::Int16, false),
        Field::new("account", DataType::Utf8, true),
        Field::new("amount", DataType::Decimal128(18, 2), false),
        Field::new("is_cost", DataType::Boolean, false),
    ]))
}

fn cost_rows() -> RecordBatch {
    let columns: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from(vec!["newham", "havering", "newham", "bexley"])),
        Arc::new(arrow::array::Int16Array::from(vec![2018; 4])),
        Arc::new(StringArray::from(vec![Some("5000"), Some("5000"), Some("5001"), None])),
        money(&[Some(1_10), Some(-2_05), Some(999_999_999_999_999_999), Some(7)]),
        Arc::new(arrow::array::BooleanArray::from(vec![true, true, true, false])),
    ];
    RecordBatch::try_new(cost_line(), columns).expect("rows")
}

fn separation() -> Contract {
    contract(
        Kind::Published,
        "separation",
        &[
            ("council", Type::Text, "!#1"),
            ("fiscal_year", Type::SmallInt, "!"),
            ("amount", Type::Money, "!"),
            ("lines", Type::BigInt, "!"),
            ("note", Type::Text, ""),
        ],
    )
}

fn parameters() -> Parameters {
    Parameters {
        fiscal_year: Some(2018),
        period: Some(4),
        scenario: "o'actual".to_owned(),
        first_day: Day::from_ymd(2019, 3, 1),
        as_at: Day::from_ymd(2019, 3, 31),
    }
}

fn tables() -> Tables {
    let mut tables = Tables::default();
    tables.insert("cost_line", Table::rows(cost_line(), vec![cost_rows(), cost_rows().slice(0, 1)]));
    tables
}

#[test]
fn a_cost_query_fills_its_table_by_name_sorted_by_key() {
    let sql = "WITH costs AS (SELECT * FROM cost_line WHERE is_cost AND fiscal_year = $fiscal_year)
        SELECT count(*) AS lines, sum(amount) AS amount, fiscal_year, council FROM costs WHERE account = '5000' GROUP BY council, fiscal_year";
    let query = CostQuery::plan(sql, "pipelines/cost/separate/separation.sql", &separation(), &tables().schemas()).expect("planned");
    assert_eq!(query.reads().iter().collect::<Vec<_>>(), ["cost_line"]);
    let rows = query.run(&tables(), &parameters()).expect("run");
    assert_eq!(rows["council"].as_string::<i32>().iter().flatten().collect::<Vec<_>>(), ["havering", "newham"]);
    assert_eq!(rows["amount"].as_primitive::<Decimal128Type>().values(), &[-2_05, 2_20]);
    assert_eq!(rows["lines"].as_primitive::<Int64Type>().values(), &[1, 2]);
    assert_eq!(rows["note"].null_count(), 2);
    assert_eq!(rows.schema(), separation().arrow_schema());
}

#[test]
fn a_sum_that_does_not_fit_stops_the_run() {
    let sql = "SELECT 'all' AS council, fiscal_year, sum(amount) AS amount, count(*) AS lines FROM cost_line GROUP BY fiscal_year";
    let query = CostQuery::plan(sql, "separation.sql", &separation(), &tables().schemas()).expect("planned");
    let said = query.run(&tables(), &parameters()).expect_err("too large").to_string();
    assert!(said.contains("TC0808"), "{said}");
}

#[test]
fn parameters_are_typed_in_one_place() {
    let sql = "SELECT $scenario AS scenario, $as_at AS as_at, $fiscal_year AS y, $period AS p FROM cost_line";
    let query = CostQuery::plan_intermediate(sql, "x.sql", "x", &tables().schemas()).expect("planned");
    let types: Vec<DataType> = query.schema().fields().iter().map(|f| f.data_type().clone()).collect();
    assert_eq!(types, [DataType::Utf8, DataType::Date32, DataType::Int16, DataType::Int8]);
    let rows = query.run(&tables(), &parameters()).expect("run");
    assert_eq!(rows["scenario"].as_string::<i32>().value(0), "o'actual");
    assert_eq!(rows["as_at"].as_primitive::<arrow::datatypes::Date32Type>().value(0), Day::from_ymd(2019, 3, 31).expect("a day").0);
    assert_eq!(rows.num_rows(), 5);
}

#[test]
fn what_cost_sql_may_not_do_is_said_where_it_stands() {
    let filled = |amount: &str, from: &str| format!("SELECT council, fiscal_year,\n  {amount} AS amount, 1 AS lines\nFROM {from}");
    let cases = [
        ("unknown_table", filled("amount", "cost_lines")),
        ("unknown_column", filled("amuont", "cost_line")),
        ("average", filled("avg(amount)", "cost_line GROUP BY council, fiscal_year")),
        ("division", filled("amount / 12", "cost_line")),
        ("float", filled("amount * 1e-1 * sqrt(2)", "cost_line")),
        ("not_grouped", filled("sum(amount)", "cost_line")),
        ("unknown_parameter", filled("amount", "cost_line WHERE fiscal_year = $year")),
        ("compare_types", filled("amount", "cost_line WHERE account > 5000")),
        ("duplicate", filled("amount AS council, amount", "cost_line")),
        ("insert", "WITH x AS (SELECT 1) INSERT INTO cost_line SELECT * FROM x".to_owned()),
        ("file", filled("amount", "'/etc/passwd'")),
        ("table_function", filled("amount", "generate_series(1, 10)")),
    ];
    let mut seen = String::new();
    for (name, sql) in cases {
        let refused = CostQuery::plan(&sql, "pipelines/cost/separate/separation.sql", &separation(), &tables().schemas()).expect_err(name);
        seen.push_str(&format!("## {name}\n\n{refused}\n"));
    }
    golden("golden/engine/cost_refusals.txt", &seen);
}

/// A quantity, `DECIMAL(18,6)`, is compared, added and shown; it never becomes pounds nor pounds a quantity, by whatever way.
#[test]
fn a_quantity_is_never_multiplied_into_pounds() {
    let schema = Arc::new(Schema::new(vec![
        Field::new("fte", Type::Quantity.arrow(), true),
        Field::new("amount", Type::Money.arrow(), true),
        Field::new("lines", DataType::Int64, true),
    ]));
    let quantities: ArrayRef = Arc::new(Decimal128Array::from(vec![Some(600_000), None]).with_precision_and_scale(18, 6).expect("18,6"));
    let rows = RecordBatch::try_new(
        Arc::clone(&schema),
        vec![quantities, money(&[Some(1_10), Some(-2_05)]), Arc::new(Int64Array::from(vec![3, 4]))],
    )
    .expect("rows");
    let mut tables = Tables::default();
    tables.insert("post", Table::rows(Arc::clone(&schema), vec![rows]));
    let plan = |sql: &str| CostQuery::plan_intermediate(sql, "a.sql", "t", &tables.schemas());
    let sql = "SELECT sum(fte) AS fte, sum(fte * 2 + 0.5) AS more, max(-fte) AS less, sum(CASE WHEN fte > 0.25 THEN amount * lines END) \
               AS pounds, count(*) FILTER (WHERE amount * 1.5 > 1) AS lines FROM post";
    let query = plan(sql).expect("planned");
    let kinds: Vec<String> = query.schema().fields().iter().map(|f| f.data_type().to_string()).collect();
    assert_eq!(kinds, ["Decimal128(18, 6)", "Decimal128(18, 6)", "Decimal128(18, 6)", "Decimal128(18, 2)", "Int64"]);
    let sums = query.run(&tables, &parameters()).expect("run");
    let shown = |format| render(sums.schema_ref(), std::slice::from_ref(&sums), format);
    assert_eq!(shown(Format::Csv), "fte,more,less,pounds,lines\n0.600000,1.700000,-0.600000,3.30,1\n");
    assert!(shown(Format::Json).contains(r#""fte":"0.600000""#), "{}", shown(Format::Json));
    assert!(shown(Format::Table).contains("0.600000  1.700000  -0.600000    3.30"), "{}", shown(Format::Table));

    let refused = [
        ("SELECT amount * fte AS a FROM post", "an amount is multiplied by a quantity"),
        ("SELECT fte * sum(amount) OVER () AS a FROM post", "an amount is multiplied by a quantity"),
        ("SELECT 1 AS a FROM post WHERE fte * amount > 1", "an amount is multiplied by a quantity"),
        ("SELECT sum(amount) * (SELECT max(fte) FROM post) AS a FROM post", "an amount is multiplied by a quantity"),
        ("SELECT (fte + 0.5) * abs(amount) AS a FROM post", "an amount is multiplied by a quantity"),
        ("SELECT amount + fte AS a FROM post", "an amount becomes"),
        ("SELECT amount * 0.0001 AS a FROM post", "an amount becomes"),
        ("SELECT amount * amount AS a FROM post", "an amount becomes"),
        ("SELECT coalesce(fte, amount) AS a FROM post", "an amount becomes"),
        ("SELECT CASE WHEN lines > 3 THEN fte ELSE amount END AS a FROM post", "an amount becomes"),
        ("SELECT CAST(amount AS DECIMAL(18,6)) AS a FROM post", "an amount becomes"),
        ("SELECT fte AS a FROM post UNION ALL SELECT amount FROM post", "an amount becomes"),
        ("SELECT sum(amount * 0.0001) AS a FROM post", "an amount becomes"),
        ("SELECT fte / 2 AS a FROM post", "a quantity is divided"),
        ("SELECT fte * fte AS a FROM post", "no table holds"),
    ];
    for (sql, why) in refused {
        let said = plan(sql).expect_err(sql).to_string();
        assert!(said.contains(why), "{sql}\n{said}");
    }
    let into = |kind: Type| contract(Kind::Published, "t", &[("a", kind, "")]);
    let fill = |sql: &str, kind: Type| CostQuery::plan(sql, "a.sql", &into(kind), &tables.schemas()).map(drop).map_err(|e| e.to_string());
    for right in ["SELECT fte AS a FROM post", "SELECT 0.25 AS a FROM post", "SELECT 1 AS a FROM post", "SELECT sum(fte) AS a FROM post"] {
        assert_eq!(fill(right, Type::Quantity), Ok(()), "{right}");
    }
    assert!(fill("SELECT amount AS a FROM post", Type::Quantity).expect_err("pounds").contains("An amount is no quantity"));
    assert!(fill("SELECT fte AS a FROM post", Type::Money).expect_err("a quantity").contains("A quantity is no amount"));
}

#[test]
fn the_order_of_queries_follows_from_what_they_read() {
    let needs = |(table, file, sql): (&str, &str, &str)| Needs {
        fills: vec![table.to_owned()],
        reads: dependencies(sql, file).expect("a query"),
        file: file.to_owned(),
    };
    let queries = [
        ("separation", "c.sql", "SELECT * FROM cost_line"),
        ("cost_line", "b.sql", "WITH separation AS (SELECT 1 AS one) SELECT * FROM ledger_line, code_class, separation"),
        ("code_class", "a.sql", "SELECT * FROM reference.account"),
    ];
    assert_eq!(order(&queries.map(needs)).expect("an order"), [2, 1, 0]);
    // What waits for the circle without being in it is not named.
    let circle = [
        ("after", "d.sql", "SELECT * FROM c"),
        ("a", "a.sql", "SELECT * FROM b"),
        ("b", "b.sql", "SELECT * FROM a"),
        ("c", "c.sql", "SELECT * FROM b"),
    ];
    let said = order(&circle.map(needs)).expect_err("a circle").to_string();
    assert!(said.contains("TC0809") && said.contains("tables are made from each other: b from a from b\n"), "{said}");
    let itself = order(&[needs(("a", "a.sql", "SELECT * FROM a"))]).expect_err("a circle").to_string();
    assert!(itself.contains("a from a"), "{itself}");
}

#[test]
fn a_kernel_that_fills_two_tables_stands_before_who_reads_either() {
    let step = |fills: &[&str], reads: &[&str]| Needs {
        fills: fills.iter().map(ToString::to_string).collect(),
        reads: reads.iter().map(ToString::to_string).collect(),
        file: "cost.yaml".to_owned(),
    };
    let steps =
        [step(&["separation"], &["class_total"]), step(&["cost_line", "class_total"], &["code"]), step(&["code"], &["ledger_line"])];
    assert_eq!(order(&steps).expect("an order"), [2, 1, 0]);
}

#[test]
fn tables_may_be_parts_with_constants() {
    let folder = tempfile::tempdir().expect("a folder");
    let stored = cost_rows().project(&[2, 3, 4]).expect("columns");
    let mut parts = Vec::new();
    for (name, council) in [("one", "newham"), ("two", "havering")] {
        let path = folder.path().join(format!("{name} part.parquet"));
        let mut writer =
            parquet::arrow::ArrowWriter::try_new(std::fs::File::create(&path).expect("a file"), stored.schema(), None).expect("a writer");
        writer.write(&stored.slice(0, 2)).expect("written");
        writer.close().expect("closed");
        let bytes = std::fs::metadata(&path).expect("there").len();
        let constants = vec![("council".to_owned(), council.to_owned()), ("fiscal_year".to_owned(), "2018".to_owned())];
        parts.push(truecost::engine::Part::local(&path, bytes, 2).expect("absolute").constants(constants));
    }
    let mut tables = Tables::default();
    tables.insert("cost_line", Table::local(cost_line(), parts));
    let sql = "SELECT council, fiscal_year, sum(amount) AS amount, count(*) AS lines FROM cost_line GROUP BY council, fiscal_year";
    let query = CostQuery::plan(sql, "separation.sql", &separation(), &Schemas::default().with("cost_line", cost_line())).expect("planned");
    let rows = query.run(&tables, &parameters()).expect("run");
    assert_eq!(rows["council"].as_string::<i32>().iter().flatten().collect::<Vec<_>>(), ["havering", "newham"]);
    assert_eq!(rows["amount"].as_primitive::<Decimal128Type>().values(), &[-95, -95]);
    assert_eq!(rows["lines"].as_primitive::<Int64Type>().values(), &[2, 2]);
}

#[test]
fn five_hundred_operators_are_read_and_more_are_refused() {
    let chain = |n: usize| format!("SELECT posting_date, 'actual' AS balance_type, debit{} AS amount FROM extract", " + 0".repeat(n));
    assert!(refusal(&chain(501)).contains("more than 500 operators"));
    assert!(plan(&chain(450)).is_ok());
    let ors = format!("CASE WHEN {} THEN 0 ELSE 1 END", vec!["line = 1"; 240].join(" OR "));
    plan(&with_amount(&ors)).expect("planned").apply(&records()).expect("projected");
    let nested = format!("{}0{}", "(".repeat(60), ")".repeat(60));
    assert!(refusal(&with_amount(&nested)).contains("nested more than 50 levels"));
    let long = format!("{} -- {}", with_amount("0"), "x".repeat(300_000));
    assert!(refusal(&long).contains("the most that is read is 262144"));
}

#[test]
fn what_reaches_a_column_is_what_its_expression_reads() {
    let schemas = truecost::engine::Schemas::default().with("cost_line", cost_line());
    let reaches = |sql: &str, column: &str| -> Vec<String> {
        let query = CostQuery::plan_intermediate(sql, "a.sql", "x", &schemas).expect("planned");
        query.reaches().get(column).into_iter().flatten().map(|(table, column)| format!("{table}.{column}")).collect()
    };
    for (sql, column, expected) in [
        ("SELECT account AS a, amount FROM cost_line", "a", &["cost_line.account"][..]),
        ("SELECT upper(c.account) || c.council AS a FROM cost_line AS c", "a", &["cost_line.account", "cost_line.council"]),
        ("SELECT amount FROM cost_line WHERE account = 'x' ORDER BY council", "amount", &["cost_line.amount"]),
        ("SELECT count(account) AS a FROM cost_line", "a", &[]),
        ("SELECT count(*) OVER (PARTITION BY account) AS a, amount FROM cost_line", "a", &[]),
        ("SELECT row_number() OVER (ORDER BY account) AS a FROM cost_line", "a", &[]),
        ("SELECT max(account) AS a FROM cost_line GROUP BY council", "a", &["cost_line.account"]),
        ("SELECT lag(account) OVER (ORDER BY council) AS a FROM cost_line", "a", &["cost_line.account"]),
        ("WITH x AS (SELECT account AS b FROM cost_line) SELECT b AS a FROM x", "a", &["cost_line.account"]),
        ("SELECT council AS a FROM cost_line UNION ALL SELECT account FROM cost_line", "a", &["cost_line.account", "cost_line.council"]),
        ("SELECT a.amount AS a FROM cost_line AS a JOIN cost_line AS b ON a.account = b.account", "a", &["cost_line.amount"]),
        ("SELECT b.account AS a FROM cost_line AS a JOIN cost_line AS b ON a.council = b.council", "a", &["cost_line.account"]),
        ("SELECT amount AS a FROM cost_line WHERE council IN (SELECT account FROM cost_line)", "a", &["cost_line.amount"]),
        ("SELECT (SELECT max(account) FROM cost_line) AS a FROM cost_line", "a", &["cost_line.account"]),
        ("SELECT DISTINCT account AS a FROM cost_line", "a", &["cost_line.account"]),
        ("SELECT CASE WHEN account = 'x' THEN council ELSE 'y' END AS a FROM cost_line", "a", &["cost_line.account", "cost_line.council"]),
    ] {
        assert_eq!(reaches(sql, column), expected, "{sql}");
    }
}
