//! One query of the cost run over one unit of its grain: a delivery period, a year, or everything at once.

use arrow::record_batch::RecordBatch;

use crate::{
    diagnostic::Answer,
    engine::{CostQuery, Parameters, Tables},
    pipeline::Partnership,
    plan::Scope,
};

/// The rows of the query over `tables`, which hold what lies in the scope.
///
/// # Errors
/// TC08… where the query fails.
pub fn separate(partnership: &Partnership, query: &CostQuery, tables: &Tables, scope: &Scope) -> Answer<RecordBatch> {
    query.run(tables, &parameters(partnership, scope))
}

/// What a query may ask of the scope that it is made for.
fn parameters(partnership: &Partnership, scope: &Scope) -> Parameters {
    let none = Parameters::none();
    match scope {
        Scope::Period(period) | Scope::Council(_, period) => Parameters {
            fiscal_year: Some(period.year),
            period: i8::try_from(period.period).ok(),
            first_day: Some(partnership.calendar.days_of(*period).0),
            as_at: Some(partnership.calendar.days_of(*period).1),
            ..none
        },
        Scope::Year(year) => Parameters { fiscal_year: Some(*year), ..none },
        Scope::Partition(_) | Scope::Whole | Scope::These(_) => none,
    }
}
