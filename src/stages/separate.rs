//! Cost lines → who owns what: the queries of `pipelines/cost/separate`, once per delivery year × period.

use arrow::record_batch::RecordBatch;

use crate::{
    diagnostic::Answer,
    domain::{Day, Period},
    engine::{Parameters, Table, Tables},
    plan::PlannedQuery,
};

/// Runs the queries in order, each over `tables` and what those before it gave. Gives the rows of each by table.
///
/// # Errors
/// TC08… of the query that failed.
pub fn separate(queries: &[&PlannedQuery], mut tables: Tables, period: Period, as_at: Day) -> Answer<Vec<(String, RecordBatch)>> {
    let parameters =
        Parameters { fiscal_year: period.year, period: i8::try_from(period.period).unwrap_or(0), scenario: "published".into(), as_at };
    let mut done = Vec::new();
    for query in queries {
        let rows = query.query.run(&tables, &parameters)?;
        tables.insert(query.table.as_str(), Table::rows(rows.schema(), vec![rows.clone()]));
        done.push((query.table.clone(), rows));
    }
    Ok(done)
}
