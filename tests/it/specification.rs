//! `cost_line` as the program makes it, held line by line to what one plain SQL query says (`tests/slt/cost_line.sql`).

use std::path::Path;

use arrow::{array::Array, record_batch::RecordBatch, util::pretty::pretty_format_batches};
use truecost::{
    demo,
    domain::{Day, Period},
    engine::{CostQuery, Parameters, Table, Tables},
    pipeline::{self, Partnership},
    plan::{GivenRows, given_tables},
    report,
    run::{self, Options, Silent, clock::SystemClock},
};

use crate::places;

/// What the specification reads, under the names that cost SQL has.
fn tables(partnership: &Partnership) -> Tables {
    let release = report::latest(partnership).expect("a release");
    let all = report::tables(partnership, &release).expect("tables");
    let mut tables = Tables::default();
    let lake = ["lake.ledger_line", "lake.payment_line", "published.period", "published.cost_line"];
    let reference = ["reference.account", "reference.cost_centre", "reference.department", "reference.ownership_rule"];
    for name in lake.into_iter().chain(reference) {
        tables.insert(name.rsplit('.').next().expect("a name"), all.get(name).expect("a table").clone());
    }
    let given = given_tables(partnership).expect("tables");
    let GivenRows::Here(members) = &given["membership"].rows else { panic!("rows of the partnership file") };
    tables.insert("membership", Table::rows(members.schema(), vec![members.clone()]));
    tables
}

/// Periods of the release.
fn periods(partnership: &Partnership) -> Vec<Period> {
    let release = report::latest(partnership).expect("a release");
    let rows = report::rows(
        &report::tables(partnership, &release).expect("tables"),
        "SELECT CAST(fiscal_year AS BIGINT) * 100 + period AS number FROM period ORDER BY 1",
    )
    .expect("periods");
    let number = |batch: &RecordBatch| -> Vec<i64> {
        let column = batch.column(0).as_any().downcast_ref::<arrow::array::Int64Array>().expect("whole numbers").clone();
        column.values().to_vec()
    };
    let period = |n: i64| Period { year: i16::try_from(n / 100).expect("a year"), period: u8::try_from(n % 100).expect("a period") };
    rows.iter().flat_map(number).map(period).collect()
}

/// Runs the partnership and compares all its periods; gives the number of lines compared.
fn agrees(root: &Path) -> u64 {
    let (partnership, _) = pipeline::read(root).expect("a sound partnership");
    let outcome = run::run(&partnership, &Options { threads: 2, ..Options::default() }, &SystemClock, &Silent).expect("a run");
    assert!(outcome.costed.published, "{:?}", outcome.costed.stopped);
    let tables = tables(&partnership);
    let file = "tests/slt/cost_line.sql";
    let query = CostQuery::plan_intermediate(include_str!("../slt/cost_line.sql"), file, "difference", &tables.schemas()).expect("planned");
    for period in periods(&partnership) {
        let parameters = Parameters {
            fiscal_year: Some(period.year),
            period: i8::try_from(period.period).ok(),
            scenario: "published".into(),
            first_day: Some(Day(0)),
            as_at: Some(Day(0)),
        };
        let differences = query.run(&tables, &parameters).expect("compared");
        let shown = pretty_format_batches(&[differences.slice(0, differences.num_rows().min(10))]).expect("printable");
        assert_eq!(differences.num_rows(), 0, "{period}: the program and the specification differ\n{shown}");
    }
    outcome.delivered.iter().map(|d| d.rows).sum()
}

#[test]
fn the_demonstration_is_classified_as_the_specification_says() {
    let folder = places::demonstration(6_000, 1);
    println!("specification: {} lines of the demonstration agree", agrees(folder.path()));
}

/// Rewrites a file of the partnership.
fn edit(root: &Path, file: &str, change: impl Fn(&str) -> String) {
    let path = root.join(file);
    let text = std::fs::read_to_string(&path).expect("a file");
    std::fs::write(path, change(&text)).expect("written");
}

#[test]
fn patterns_of_accounts_are_read_as_the_specification_says() {
    let folder = places::demonstration(2_000, 2);
    // Every account of three digits alike becomes a prefix or a range of its first one's meaning; some rows stay beside them.
    edit(folder.path(), "pipelines/reference/account.csv", |text| {
        let mut rows: std::collections::BTreeMap<String, String> = std::collections::BTreeMap::new();
        let (header, body) = text.split_once('\n').expect("a header");
        for (n, line) in body.lines().filter(|line| !line.contains('"')).enumerate() {
            let cells: Vec<&str> = line.splitn(3, ',').collect();
            let code = cells[1];
            let is_number = code.len() == 5 && code.bytes().all(|b| b.is_ascii_digit());
            let pattern = match (n % 3, is_number) {
                (0, true) => format!("{}*", &code[..4]),
                (1, true) => format!("{}0..{}9", &code[..4], &code[..4]),
                _ => code.to_owned(),
            };
            let key = if pattern.contains("..") { format!("{},{}*", cells[0], &code[..4]) } else { format!("{},{pattern}", cells[0]) };
            rows.entry(key).or_insert_with(|| format!("{},{pattern},{}", cells[0], cells[2]));
        }
        let mut rows: Vec<String> = rows.into_values().collect();
        rows.sort_by(|a, b| a.split(',').take(2).cmp(b.split(',').take(2)));
        format!("{header}\n{}\n", rows.join("\n"))
    });
    println!("specification: {} lines under patterns agree", agrees(folder.path()));
}

#[test]
fn the_real_payments_are_classified_as_the_specification_says() {
    let Some(shared) = crate::places::shared() else {
        println!("skipped: the real payments are not on this machine");
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    demo::write_partnership(folder.path()).expect("a partnership");
    for council in ["newham", "havering", "bexley"] {
        let (from, to) = (shared.join("data/spend").join(council), folder.path().join("drop").join(council).join("supplier_spend"));
        std::fs::create_dir_all(&to).expect("a drop folder");
        for entry in std::fs::read_dir(from).expect("files") {
            let entry = entry.expect("a file");
            std::fs::copy(entry.path(), to.join(entry.file_name())).expect("a copy");
        }
    }
    println!("specification: {} real payments agree", agrees(folder.path()));
}
