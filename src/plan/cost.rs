//! The cost model as queries that have been planned: order follows from what they read.

use std::{collections::BTreeMap, sync::Arc};

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};

use crate::{
    diagnostic::{Answer, Refusal},
    engine::{self, CostQuery, Schemas},
    pipeline::Partnership,
};

/// One query of the cost model, ready to run.
#[derive(Clone, Debug)]
pub struct PlannedQuery {
    /// Folder of `pipelines/cost` in which it stands: `classify`, `separate` …
    pub stage: String,
    /// Table that it fills.
    pub table: String,
    pub query: CostQuery,
}

/// The queries of the cost model, each after those whose tables it reads.
#[derive(Clone, Debug, Default)]
pub struct CostPlan {
    pub queries: Vec<PlannedQuery>,
}

impl CostPlan {
    /// The queries of one stage, in order.
    #[must_use]
    pub fn stage(&self, stage: &str) -> Vec<&PlannedQuery> {
        self.queries.iter().filter(|q| q.stage == stage).collect()
    }
}

/// Plans every query of `pipelines/cost` against the contracts.
///
/// # Errors
/// Every fault of every query: TC0801 to TC0809.
pub fn plan_cost(partnership: &Partnership) -> Answer<CostPlan> {
    let queries = &partnership.cost.queries;
    let order = engine::order(queries.iter().map(|q| (&*q.table, q.file.as_str(), q.sql.as_str())))?;
    let mut schemas = known_tables(partnership);
    let mut plan = CostPlan::default();
    let mut faults = Vec::new();
    for query in order.into_iter().filter_map(|at| queries.get(at)) {
        let contract = partnership.contracts.get(&format!("published/{}", query.table));
        let planned = match contract {
            Some(contract) => CostQuery::plan(&query.sql, &query.file, contract, &schemas),
            None => CostQuery::plan_intermediate(&query.sql, &query.file, &query.table, &schemas),
        };
        match planned {
            Ok(planned) => {
                schemas.insert(query.table.as_str(), Arc::clone(planned.schema()));
                plan.queries.push(PlannedQuery { stage: query.stage.to_string(), table: query.table.to_string(), query: planned });
            }
            Err(refusal) => faults.extend(refusal.0),
        }
    }
    if faults.is_empty() { Ok(plan) } else { Err(Refusal(faults)) }
}

/// Tables that cost SQL may read: common and reference tables, `cost_line`, and what the engine gives.
#[must_use]
pub fn known_tables(partnership: &Partnership) -> Schemas {
    let mut schemas = Schemas::default();
    for (name, contract) in &partnership.contracts {
        if let Some(("common" | "reference", table)) = name.split_once('/') {
            schemas.insert(table, contract.arrow_schema());
        }
    }
    for table in ["cost_line", "class_total"] {
        if let Some(contract) = partnership.contracts.get(&format!("published/{table}")) {
            schemas.insert(table, contract.arrow_schema());
        }
    }
    for (name, schema) in given_tables() {
        schemas.insert(name, schema);
    }
    if !partnership.contracts.contains_key("reference/department") {
        schemas.insert("department", no_departments());
    }
    schemas
}

/// The columns of `department` where a partnership has no such table: then it has no rows.
#[must_use]
pub fn no_departments() -> SchemaRef {
    let text = |name: &str| Field::new(name, DataType::Utf8, false);
    let mut columns = ["council", "department", "fund"].map(text).to_vec();
    columns.push(Field::new("capital", DataType::Boolean, false));
    columns.push(Field::new("valid_from", DataType::Date32, false));
    columns.push(Field::new("valid_to", DataType::Date32, true));
    Arc::new(Schema::new(columns))
}

/// Tables that the engine gives: distinct codes on the lines, and the members of the partnership file, one row a service.
#[must_use]
pub fn given_tables() -> BTreeMap<&'static str, SchemaRef> {
    let text = |name: &str| Field::new(name, DataType::Utf8, false);
    let code = Schema::new(["council", "feed", "kind", "code"].map(text).to_vec());
    let membership = Schema::new(vec![
        text("organisation"),
        text("service"),
        text("role"),
        Field::new("valid_from", DataType::Date32, false),
        Field::new("valid_to", DataType::Date32, true),
    ]);
    BTreeMap::from([("code", Arc::new(code)), ("membership", Arc::new(membership))])
}
