//! Speed of normalising, in rows per second of one core: the feed SQL of each council's ledger, and what is added to its rows.
//!
//! `cargo bench --bench normalise [-- --save]`: the last column compares with `benches/baseline.json`.

#![allow(clippy::cast_precision_loss, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a program that measures, on data that it makes

use truecost::{
    domain::{Coverage, DeliveryId, Period, Placement},
    engine::Projection,
    stages::normalise::{Normaliser, Outcome},
};

mod common;
use common::Report;

const ROWS: usize = 400_000;
/// About as many as the decoder gives at a time.
const BATCH: usize = 8_192;

fn main() {
    let partnership = common::partnership();
    let coverage = Coverage::new((1..=12).map(|period| Period { year: 2018, period }).collect()).expect("a year");
    let mut report = Report::new("normalise");
    println!("{:<10} {:>10} {:>12} {:>10}", "feed", "rows", "rows/s", "baseline");
    for feed in partnership.feeds.iter().filter(|feed| &*feed.id == "general_ledger") {
        let (contract, into) = (&feed.contracts[0].1, &partnership.contracts["common/ledger_line"]);
        let rows = common::extract(&partnership, feed, ROWS, 1);
        let projection = Projection::plan(&feed.sql, &feed.sql_file, contract, into, feed.rows_many).expect("the feed's SQL is sound");
        let delivery = DeliveryId::parse("0123456789abcdef").expect("an id");
        let normaliser = Normaliser::new(projection, into, Placement::new(partnership.calendar, coverage.clone(), Vec::new()), &delivery);
        let pass = || {
            let mut done = 0;
            for from in (0..ROWS).step_by(BATCH) {
                let batch = rows.slice(from, BATCH.min(ROWS - from));
                let Outcome::Normalised(rows) = normaliser.normalise(&batch, &[]).expect("rows") else { panic!("rows without a period") };
                done += rows.parts.iter().map(|(_, part)| part.num_rows()).sum::<usize>();
            }
            assert_eq!(done, ROWS);
        };
        let speed = common::rows_per_second(ROWS, pass);
        println!("{:<10} {ROWS:>10} {speed:>12.0} {:>10}", &*feed.council, report.against(&feed.council, speed));
    }
    report.finish();
}
