//! Speed of classifying, in lines per second of one core: a part of `ledger_line` becomes a part of `cost_line`, read and written.
//!
//! `cargo bench --bench classify [-- --save]`: the last column compares with `benches/baseline.json`.

#![allow(clippy::cast_precision_loss, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a program that measures, on data that it makes

use std::collections::BTreeMap;

use truecost::{
    domain::{Coverage, DeliveryId, Period, Placement},
    engine::{Projection, Table, Tables},
    lake::{EncodedRowGroup, PARTITION_COLUMNS, PartFile, PartSchema, PartWriter, Seen, Staging},
    pipeline::{Feed, Partnership},
    plan::{GivenRows, How, Scope, plan_cost},
    stages::{
        classify::{Classifier, Codes, LineColumns, Meanings, PartOf, PayParts, classify_part, code_table, codes_of, meanings},
        normalise::{Normaliser, Outcome},
        separate::separate,
    },
};

mod common;
use common::Report;

const ROWS: usize = 400_000;

fn columns(partnership: &Partnership) -> LineColumns<'_> {
    LineColumns::of(&partnership.contracts["common/ledger_line"]).expect("pounds")
}

fn main() {
    let partnership = common::partnership();
    let folder = tempfile::tempdir().expect("a folder");
    let staging = Staging::at(folder.path().to_path_buf(), Seen::ByUs);
    let schema = PartSchema::of(&partnership.contracts["published/cost_line"]).expect("a table");
    let mut report = Report::new("classify");
    println!("{:<10} {:>10} {:>12} {:>10}", "feed", "rows", "rows/s", "baseline");
    for feed in partnership.feeds.iter().filter(|feed| &*feed.id == "general_ledger") {
        let period = Period { year: 2018, period: 1 };
        let path = part(&partnership, feed, period, &staging);
        let meanings = meant(&partnership, feed, &path);
        let meaning = meanings.feeds.values().next().expect("the feed's codes mean something");
        let of = PartOf { council: feed.council.to_string(), feed: feed.id.to_string(), period, carried_from: None };
        let pass = || {
            let classifier = Classifier::new(&meanings, meaning, columns(&partnership), partnership.calendar.days_of(period));
            let done = classify_part(PartFile::open(&path).expect("a part"), &of, &classifier, &PayParts::default(), &schema, &staging)
                .expect("classified");
            assert_eq!(done.totals.rows(), ROWS as u64);
            std::fs::remove_file(&done.staged.path).expect("the part is there");
        };
        let speed = common::rows_per_second(ROWS, pass);
        println!("{:<10} {ROWS:>10} {speed:>12.0} {:>10}", &*feed.council, report.against(&feed.council, speed));
    }
    report.finish();
}

/// A part of `ledger_line` with all rows in one period.
fn part(partnership: &Partnership, feed: &Feed, period: Period, staging: &Staging) -> std::path::PathBuf {
    let into = &partnership.contracts["common/ledger_line"];
    let projection = Projection::plan(&feed.sql, &feed.sql_file, &feed.contracts[0].1, into, feed.rows_many).expect("sound");
    let coverage = Coverage::new(vec![period]).expect("a period");
    let delivery = DeliveryId::parse("0123456789abcdef").expect("an id");
    let normaliser = Normaliser::new(projection, into, Placement::new(partnership.calendar, coverage, Vec::new()), &delivery);
    let Outcome::Normalised(rows) = normaliser.normalise(&common::extract(partnership, feed, ROWS, 1), &[]).expect("rows") else {
        panic!("rows without a period")
    };
    let schema = PartSchema::without(into, &PARTITION_COLUMNS).expect("a table");
    let mut writer = PartWriter::create(staging, &schema).expect("a part");
    for (_, batch) in rows.parts {
        for from in (0..batch.num_rows()).step_by(truecost::lake::ROW_GROUP_ROWS) {
            let group = batch.slice(from, truecost::lake::ROW_GROUP_ROWS.min(batch.num_rows() - from));
            writer.append(EncodedRowGroup::of(&schema, &[group]).expect("encoded")).expect("written");
        }
    }
    writer.finish().expect("a whole part").path
}

/// What the codes of the part mean, by the queries of the reference partnership.
fn meant(partnership: &Partnership, feed: &Feed, part: &std::path::Path) -> Meanings {
    let mut codes = Codes::new();
    let found = codes_of(&PartFile::open(part).expect("a part"), columns(partnership)).expect("codes");
    codes.entry((feed.council.to_string(), feed.id.to_string())).or_default().extend(found);
    let plan = plan_cost(partnership).expect("the cost model is sound");
    let mut tables = Tables::default();
    for (name, given) in &plan.given {
        if let GivenRows::Here(rows) = &given.rows {
            tables.insert(name.as_str(), Table::rows(rows.schema(), vec![rows.clone()]));
        }
    }
    let code = code_table(&codes).expect("a table");
    tables.insert("code", Table::rows(code.schema(), vec![code]));
    let mut done = BTreeMap::new();
    for step in plan.needs(plan.step_of("cost_line").expect("a step")) {
        let How::Query(query) = &step.how else { continue };
        let rows = separate(partnership, query, &tables, &Scope::Whole).expect("the query runs");
        tables.insert(step.name(), Table::rows(rows.schema(), vec![rows.clone()]));
        done.insert(step.name(), rows);
    }
    let named = |name: &str| done[name].clone();
    let (matches, classes) = (named("code_match"), named("code_class"));
    meanings(&matches, &classes, &named("account_class"), &named("cost_centre_class"), &named("department_class"), &named("line_class"))
        .expect("meanings")
}
