//! Questions: read-only, bounded, and answered in words. Cases Q1 to Q20 of bad input, by name.

#![allow(clippy::expect_used, clippy::format_push_string, clippy::inconsistent_digit_grouping, clippy::panic)]

use std::{sync::Arc, time::Duration};

use arrow::{
    array::{ArrayRef, AsArray, Decimal128Array, Int64Array, RecordBatch, StringArray},
    datatypes::{DataType, Field, Int64Type, Schema, SchemaRef},
};
use truecost::engine::{Format, Limits, Table, Tables, ask, render};

use crate::golden::golden;

fn separation() -> SchemaRef {
    Arc::new(Schema::new(vec![
        Field::new("council", DataType::Utf8, false),
        Field::new("service", DataType::Utf8, true),
        Field::new("amount", DataType::Decimal128(18, 2), false),
        Field::new("lines", DataType::Int64, false),
    ]))
}

fn rows() -> RecordBatch {
    let amounts = Decimal128Array::from(vec![1_10, -2_05, 123_456_00]).with_precision_and_scale(18, 2).expect("18,2");
    let columns: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from(vec!["newham", "havering", "bexley"])),
        Arc::new(StringArray::from(vec![Some("=HYPERLINK(\"x\")"), None, Some("-1, \"two\"")])),
        Arc::new(amounts),
        Arc::new(Int64Array::from(vec![1, 0, 3])),
    ];
    RecordBatch::try_new(separation(), columns).expect("rows")
}

fn tables() -> Tables {
    let mut tables = Tables::with_default_schema("published");
    tables.insert("published.separation", Table::rows(separation(), vec![rows()]));
    tables.insert("reference.account", Table::rows(separation(), vec![]));
    tables
}

/// A question that has to be stopped is; one that has to be answered is, however much else the machine does.
const SOON: Duration = Duration::from_secs(3);
const IN_THE_END: Duration = Duration::from_mins(2);

fn limits(time: Duration) -> Limits {
    Limits { memory_bytes: 32 << 20, time }
}

fn answer(sql: &str) -> Result<Vec<RecordBatch>, String> {
    answer_within(sql, IN_THE_END)
}

fn answer_within(sql: &str, time: Duration) -> Result<Vec<RecordBatch>, String> {
    let answers = ask(sql, &tables(), &limits(time)).map_err(|e| e.to_string())?;
    answers.collect_all().map_err(|e| e.to_string())
}

fn text(sql: &str, format: Format) -> String {
    let answers = ask(sql, &tables(), &limits(IN_THE_END)).expect("asked");
    let schema = Arc::clone(answers.schema());
    render(&schema, &answers.collect_all().expect("answered"), format)
}

/// Every question of the list is refused, and what is said is kept.
fn refused(id: &str, questions: &[&str]) {
    let mut seen = String::new();
    for sql in questions {
        let said = answer_within(sql, SOON).expect_err(sql);
        let shown: String = sql.chars().take(100).collect();
        seen.push_str(&format!("## {shown}\n\n{said}\n"));
    }
    golden(&format!("golden/query/{id}.txt"), &seen);
}

#[test]
fn a_question_is_answered() {
    let batches = answer("select Council, sum(amount) as total from separation group by council order by council").expect("answered");
    assert_eq!(batches[0]["council"].as_string::<i32>().value(0), "bexley");
    assert_eq!(batches[0].schema().field(1).name(), "total");
    let qualified = answer("SELECT count(*) FROM published.separation s LEFT JOIN reference.account a USING (council)").expect("answered");
    assert_eq!(qualified[0].column(0).as_primitive::<Int64Type>().value(0), 3);
    assert_eq!(qualified[0].schema().field(0).name(), "count(*)");
}

#[test]
fn what_is_counted_once_stands_beside_sums() {
    let sums = "SELECT count(DISTINCT council) AS n, sum(amount) AS amount, sum(lines) AS lines FROM separation";
    assert_eq!(text(sums, Format::Csv), "n,amount,lines\n3,123455.05,4\n");
    let grouped =
        "SELECT lines > 0 AS some, count(DISTINCT council) AS n, sum(amount) AS amount, max(amount) AS most FROM separation GROUP BY 1";
    assert_eq!(
        text(&format!("{grouped} ORDER BY 1"), Format::Csv),
        "some,n,amount,most\nfalse,1,-2.05,-2.05\ntrue,2,123457.10,123456.00\n"
    );
    assert_eq!(
        text("SELECT sum(DISTINCT lines) AS once, sum(amount) AS amount FROM separation", Format::Csv),
        "once,amount\n4,123455.05\n"
    );
}

#[test]
fn q1_copy_is_refused() {
    refused("q1", &["COPY separation TO '/tmp/out.csv'", "COPY (SELECT 1) TO 's3://bucket/x'", "copy separation from '/etc/passwd'"]);
}

#[test]
fn q2_external_tables_are_refused() {
    refused(
        "q2",
        &[
            "CREATE EXTERNAL TABLE t STORED AS CSV LOCATION '/etc/passwd'",
            "CREATE EXTERNAL TABLE t STORED AS PARQUET LOCATION 's3://bucket/x'",
            "CREATE EXTERNAL TABLE t STORED AS CSV LOCATION 'http://169.254.169.254/'",
        ],
    );
}

#[test]
fn q3_files_are_not_tables() {
    refused(
        "q3",
        &[
            "SELECT * FROM '/etc/passwd'",
            "SELECT * FROM \"/etc/passwd\"",
            "SELECT * FROM 's3://bucket/x.parquet'",
            "SELECT * FROM read_csv('/etc/passwd')",
        ],
    );
}

#[test]
fn q4_runtime_settings_are_refused() {
    refused("q4", &["SET datafusion.runtime.memory_limit = '100G'", "RESET datafusion.runtime.memory_limit"]);
}

#[test]
fn q5_settings_are_refused() {
    refused("q5", &["SET datafusion.execution.target_partitions = 1", "SET timezone TO 'UTC'", "SHOW ALL", "SHOW TABLES"]);
}

#[test]
fn q6_cursors_are_refused() {
    refused("q6", &["DECLARE c CURSOR FOR SELECT * FROM separation", "FETCH ALL FROM c"]);
}

#[test]
fn q7_prepared_statements_are_refused() {
    refused("q7", &["PREPARE p AS SELECT 1", "EXECUTE p(1)", "DEALLOCATE p", "SELECT * FROM separation WHERE lines = $1"]);
}

#[test]
fn q8_explain_shows_the_plan() {
    let seen = text("EXPLAIN SELECT council FROM separation WHERE lines > 1", Format::Table);
    golden("golden/query/q8_explain.txt", &seen);
}

#[test]
fn q8_explain_analyze_is_refused() {
    refused(
        "q8",
        &[
            "EXPLAIN ANALYZE SELECT * FROM separation",
            "EXPLAIN VERBOSE SELECT 1",
            "EXPLAIN DROP TABLE separation",
            "EXPLAIN SELECT counsil FROM separation",
        ],
    );
}

#[test]
fn q9_changes_are_refused() {
    refused(
        "q9",
        &[
            "DROP TABLE separation",
            "CREATE TABLE t AS SELECT 1",
            "CREATE DATABASE d",
            "INSERT INTO separation VALUES (1)",
            "UPDATE separation SET amount = 0",
            "DELETE FROM separation",
            "TRUNCATE separation",
            "GRANT ALL ON separation TO PUBLIC",
            "ALTER TABLE separation ADD COLUMN x INT",
            "WITH x AS (SELECT 1) INSERT INTO separation SELECT * FROM x",
            "SELECT * INTO t FROM separation",
            "SELECT * FROM separation FOR UPDATE",
        ],
    );
}

#[test]
fn q10_a_second_statement_stops_the_first() {
    refused("q10", &["SELECT 1; DROP TABLE separation", "SELECT 1; SELECT 2", ";", ""]);
    assert!(answer("SELECT 1;").is_ok());
}

#[test]
fn q11_and_q12_errors_hold_no_values() {
    refused(
        "q12",
        &[
            "SELECT lines / (lines - lines) FROM separation",
            "SELECT cast(service AS DATE) FROM separation",
            "SELECT cast(amount AS TINYINT) FROM separation",
        ],
    );
    for sql in [
        "SELECT cast(service AS DATE) FROM separation",
        "SELECT cast(amount AS TINYINT) FROM separation",
        "SELECT to_date(service) FROM separation",
    ] {
        let said = answer(sql).expect_err("failed");
        let first = said.lines().next().unwrap_or_default();
        assert!(!first.contains("HYPERLINK") && !first.contains("123456"), "{said}");
    }
}

#[test]
fn q13_two_thousand_terms_are_refused_and_the_process_lives() {
    let sum = vec!["1"; 2_000].join("+");
    refused("q13", &[&format!("SELECT {sum}")]);
    let sum = vec!["1"; 450].join("+");
    assert_eq!(answer(&format!("SELECT {sum} AS n")).expect("answered")[0]["n"].as_primitive::<Int64Type>().value(0), 450);
}

#[test]
fn q14_twenty_thousand_ors_are_refused_and_the_process_lives() {
    let ors = (0..20_000).map(|i| format!("lines={i}")).collect::<Vec<_>>().join(" OR ");
    refused("q14", &[&format!("SELECT 1 FROM separation WHERE {ors}")]);
    let list = (0..20_000).map(|i| i.to_string()).collect::<Vec<_>>().join(",");
    assert!(answer(&format!("SELECT 1 FROM separation WHERE lines IN ({list})")).is_ok());
    for deep in [
        format!("SELECT {}1{}", "(".repeat(5_000), ")".repeat(5_000)),
        format!("SELECT {} 1", "NOT ".repeat(5_000)),
        "SELECT 1 UNION ALL ".repeat(3_000) + "SELECT 1",
    ] {
        assert!(answer(&deep).expect_err("too deep").contains("TC1104"));
    }
}

#[test]
fn q15_nothing_grows_without_bound() {
    refused(
        "q15",
        &[
            "SELECT * FROM generate_series(1, 10000000000)",
            "SELECT * FROM range(1, 10)",
            "SELECT repeat('x', 2000000000)",
            "SELECT array_repeat(1, 2000000000)",
            "SELECT lpad('x', 2000000000)",
            "SELECT rpad('x', lines) FROM separation",
            "SELECT unnest(range(1, 10000000000))",
        ],
    );
}

#[test]
fn q16_a_cross_join_is_stopped_at_the_limit() {
    let thousand = "(SELECT a.lines FROM separation a, separation b, separation c, separation d, separation e, separation f, separation g)";
    let sql = format!("SELECT count(DISTINCT x.lines + y.lines) FROM {thousand} x, {thousand} y, {thousand} z, {thousand} w");
    let said = answer(&sql).expect_err("stopped");
    assert!(said.contains("TC1105"), "{said}");
}

#[test]
fn q17_a_recursion_without_end_is_stopped_at_the_limit() {
    let said = answer("WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t) SELECT count(*) FROM t").expect_err("stopped");
    assert!(said.contains("TC1105") || said.contains("TC1101"), "{said}");
}

#[test]
fn q18_a_large_pattern_is_stopped() {
    let pattern = "(x+x+)+".repeat(200);
    let said = answer(&format!("SELECT regexp_like(service, '{pattern}y{{1000}}{{1000}}') FROM separation"));
    assert!(said.is_err());
    let said = answer(&format!("SELECT '{}' LIKE '%'", "x".repeat(1 << 20))).expect_err("too long");
    assert!(said.contains("TC1104"));
}

#[test]
fn q19_a_long_text_is_refused() {
    let long = format!("SELECT '{}'", "x".repeat(64 << 20));
    refused("q19", &[&long]);
}

#[test]
fn q20_catalogues_list_nothing_that_is_not_offered() {
    refused(
        "q20",
        &[
            "SELECT * FROM information_schema.tables",
            "SELECT * FROM pg_catalog.pg_tables",
            "SELECT current_setting('x')",
            "SELECT * FROM published.information_schema.tables",
        ],
    );
}

#[test]
fn c46_only_csv_neutralises_what_a_spreadsheet_would_run() {
    let sql = "SELECT council, service, amount, lines > 0 AS some FROM separation ORDER BY council";
    let seen = [Format::Table, Format::Csv, Format::Json].map(|format| text(sql, format)).join("\n");
    golden("golden/query/formats.txt", &seen);
}

#[test]
fn numbers_keep_their_scale() {
    assert_eq!(text("SELECT 0.10 AS a, sum(amount) AS b, 1.0 * 2 AS c FROM separation", Format::Csv), "a,b,c\n0.10,123455.05,2.0\n");
}

/// A figure that does not fit is an error, never one that wrapped around.
#[test]
fn a_sum_that_does_not_fit_is_an_error() {
    const LARGE: &str = "(SELECT 9223372036854775807 AS n, 'a' AS k UNION ALL SELECT 5, 'a' UNION ALL SELECT -7, 'b') AS t";
    for sql in [
        format!("SELECT sum(n) FROM {LARGE} WHERE k = 'a'"),
        format!("SELECT k, sum(n) FROM {LARGE} GROUP BY k"),
        format!("SELECT sum(DISTINCT n) FROM {LARGE} WHERE n > 0"),
        format!("SELECT sum(n) OVER (ORDER BY n ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM {LARGE} WHERE n > 0"),
        "SELECT sum(x) FROM (SELECT 99999999999999999999999999999999999999 AS x FROM separation) AS t".to_owned(),
        "SELECT council, sum(x) FROM (SELECT 1 AS council, 99999999999999999999999999999999999999 AS x FROM separation) AS t GROUP BY council".to_owned(),
    ] {
        let said = answer(&sql).expect_err(&sql);
        assert!(said.contains("a number became too large for its type"), "{sql}: {said}");
    }
    // What cancels out fits, in whatever order it is added up; and what fits is as it ever was.
    assert_eq!(text(&format!("SELECT sum(n) AS n FROM {LARGE} WHERE n <> 5"), Format::Csv), "n\n9223372036854775800\n");
    assert_eq!(text("SELECT sum(lines) AS n, sum(DISTINCT lines) AS d FROM separation", Format::Csv), "n,d\n4,4\n");
    assert_eq!(text("SELECT sum(lines) AS n FROM separation WHERE council = 'x'", Format::Csv), "n\n\n");
    assert_eq!(
        text(
            "SELECT council, sum(lines) OVER (ORDER BY council ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS n FROM separation",
            Format::Csv
        ),
        "council,n\nbexley,3\nhavering,3\nnewham,1\n"
    );
}
