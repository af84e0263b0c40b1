//! What the deliveries of a release left out of their rows: rows and pounds by reason.

use std::collections::{BTreeMap, BTreeSet};

use arrow::{array::AsArray as _, record_batch::RecordBatch};
use serde_json::{Value, json};

use super::{
    ask::rows,
    page::{Align, Table},
    standing::lake_there,
};
use crate::{
    diagnostic::Answer,
    domain::{Pence, decimal, grouped, pounds},
    engine::Tables,
    lake::DeliveryRecord,
    pipeline::Partnership,
};

/// Records left out by deliveries of one feed for one reason.
#[derive(Debug, Default)]
struct Sum {
    rows: u64,
    pence: Option<Pence>,
}

/// For a page: the table for a person (empty where nothing was left out), and a list of the same for a program.
///
/// # Errors
/// TC1010 where the register cannot be read.
pub(super) fn left_out(partnership: &Partnership, all: &Tables) -> Answer<(String, Value)> {
    let found = rows(all, "SELECT delivery_id FROM delivery")?;
    let of = |batch: &RecordBatch| batch.columns().first().and_then(|c| c.as_string_opt::<i32>().cloned());
    let of_release: BTreeSet<String> =
        found.iter().filter_map(of).flat_map(|ids| ids.iter().flatten().map(str::to_owned).collect::<Vec<_>>()).collect();
    let lake = lake_there(partnership)?;
    let records = lake.register().all()?;
    let records: Vec<&DeliveryRecord> = records.iter().filter(|record| of_release.contains(&record.delivery_id)).collect();
    Ok(shown(&records))
}

fn shown(records: &[&DeliveryRecord]) -> (String, Value) {
    let mut sums: BTreeMap<(String, &str, &str), Sum> = BTreeMap::new();
    for record in records {
        for (reason, left) in &record.proof.left_out {
            let key = (format!("{}/{}", record.council, record.feed), reason.as_str(), left.holds.as_deref().unwrap_or(""));
            let sum = sums.entry(key).or_default();
            sum.rows += left.rows;
            sum.pence = sum.pence.into_iter().chain(left.pence).reduce(|a, b| a + b);
        }
    }
    let mut table = Table::new(&[
        ("feed", Align::Left),
        ("left out", Align::Left),
        ("holds", Align::Left),
        ("rows", Align::Right),
        ("pounds", Align::Right),
    ]);
    let mut list = Vec::new();
    for ((feed, reason, holds), sum) in &sums {
        let shown = sum.pence.map_or_else(|| "-".to_owned(), pounds);
        table.row([feed.clone(), (*reason).to_owned(), (*holds).to_owned(), grouped(sum.rows.into()), shown]);
        list.push(json!({"feed": feed, "reason": reason, "holds": holds, "rows": sum.rows, "amount": sum.pence.map(decimal)}));
    }
    let text = if sums.is_empty() { String::new() } else { format!("{}\n", table.text()) };
    (text, Value::Array(list))
}
