//! Whether a query gives the same rows in whatever order it reads them.

use datafusion::{
    common::tree_node::{TreeNode as _, TreeNodeRecursion},
    logical_expr::{Distinct, Expr, LogicalPlan},
};

/// Aggregates that add, count or compare.
const UNORDERED: [&str; 4] = ["count", "max", "min", "sum"];

/// Not where something is numbered, cut off or taken first: of equals, those that come first.
pub(super) fn does(plan: &LogicalPlan) -> bool {
    let mut does = true;
    let looked = plan.apply_with_subqueries(|node| {
        does &= is_unordered(node);
        Ok(if does { TreeNodeRecursion::Continue } else { TreeNodeRecursion::Stop })
    });
    looked.is_ok() && does
}

fn is_unordered(node: &LogicalPlan) -> bool {
    let adds_up = |expr: &Expr| {
        let is_other = |expr: &Expr| matches!(expr, Expr::AggregateFunction(call) if !UNORDERED.contains(&call.func.name()));
        expr.exists(|expr| Ok(is_other(expr))).is_ok_and(|is_other| !is_other)
    };
    match node {
        LogicalPlan::Aggregate(aggregate) => aggregate.aggr_expr.iter().all(adds_up),
        LogicalPlan::Projection(_)
        | LogicalPlan::Filter(_)
        | LogicalPlan::Join(_)
        | LogicalPlan::Union(_)
        | LogicalPlan::Distinct(Distinct::All(_))
        | LogicalPlan::SubqueryAlias(_)
        | LogicalPlan::Subquery(_)
        | LogicalPlan::TableScan(_)
        | LogicalPlan::EmptyRelation(_)
        | LogicalPlan::Values(_) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::datatypes::{DataType, Field, Schema};

    use crate::engine::{CostQuery, Table, Tables};

    #[test]
    fn what_is_numbered_cut_off_or_taken_first_goes_by_an_order() {
        let columns = ["name", "code"].map(|name| Field::new(name, DataType::Utf8, true));
        let mut tables = Tables::default();
        tables.insert("a", Table::rows(Arc::new(Schema::new(columns.to_vec())), Vec::new()));
        let takes = |sql: &str| CostQuery::plan_intermediate(sql, "a.sql", "t", &tables.schemas()).unwrap().takes_in_any_order();
        for sql in [
            "SELECT name, code FROM a UNION SELECT code AS name, name AS code FROM a",
            "SELECT name, count(*) AS n, max(code) AS code FROM a WHERE code IN (SELECT name FROM a) GROUP BY name",
            "WITH b AS (SELECT DISTINCT name FROM a) SELECT a.code FROM a JOIN b ON a.name = b.name",
        ] {
            assert!(takes(sql), "{sql}");
        }
        for sql in [
            "SELECT name, row_number() OVER (PARTITION BY name ORDER BY code) AS n FROM a",
            "SELECT name FROM a ORDER BY code LIMIT 1",
            "SELECT name, first_value(code ORDER BY name) AS code FROM a GROUP BY name",
            "SELECT code FROM a WHERE name IN (SELECT first_value(name ORDER BY code) AS name FROM a)",
        ] {
            assert!(!takes(sql), "{sql}");
        }
    }
}
