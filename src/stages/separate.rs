//! One query of the cost run over one unit of its grain: a delivery period, a year, or everything at once.

use arrow::record_batch::RecordBatch;

use crate::{
    diagnostic::Answer,
    engine::{CostQuery, Tables},
    pipeline::Partnership,
    plan::Scope,
};

/// The rows of the query over `tables`, which hold what lies in the scope.
///
/// # Errors
/// TC08… where the query fails.
pub fn separate(partnership: &Partnership, query: &CostQuery, tables: &Tables, scope: &Scope) -> Answer<RecordBatch> {
    query.run(tables, &scope.parameters(partnership.calendar))
}
