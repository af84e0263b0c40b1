//! Which tables the rows of a query depend on, and which queries give no row because a table that they read has none: these need not be
//! planned any further, nor run.

use std::{collections::BTreeSet, sync::Arc};

use datafusion::{
    common::{DataFusionError, JoinType, tree_node::TreeNodeRecursion},
    logical_expr::{Aggregate, Expr, Join, LogicalPlan, TableScan},
    optimizer::{
        Optimizer, eliminate_filter::EliminateFilter, propagate_empty_relation::PropagateEmptyRelation,
        simplify_expressions::SimplifyExpressions,
    },
};

use super::{
    parameters::{self, Parameters},
    session::{Use, state},
    table::Tables,
};

/// The tables on which the rows of a plan depend with these parameters: what only rows behind a condition of parameters that does not hold
/// would reach is left out.
///
/// # Errors
/// Where the plan cannot be simplified: then nothing is known of it.
pub(super) fn read_with(plan: &LogicalPlan, parameters: &Parameters) -> Result<BTreeSet<String>, DataFusionError> {
    let plan = plan.clone().replace_params_with_values(&parameters::values(parameters))?;
    let rules = Optimizer::with_rules(vec![
        Arc::new(SimplifyExpressions::new()),
        Arc::new(EliminateFilter::new()),
        Arc::new(PropagateEmptyRelation::new()),
    ]);
    let mut read = BTreeSet::new();
    rules.optimize(plan, state(Use::Cost), |_, _| {})?.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node {
            read.insert(scan.table_name.to_string());
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(read)
}

/// Whether no row can come of a plan over these tables. `false` says nothing: the plan must be run to know.
/// Where a table is not there, or has other columns than the plan was made for, nothing is known either.
pub(super) fn comes_of(plan: &LogicalPlan, tables: &Tables) -> bool {
    is_empty(plan, &|scan| is_without_rows(scan, tables)) && are_those_of(plan, tables)
}

fn is_without_rows(scan: &TableScan, tables: &Tables) -> bool {
    tables.get(&scan.table_name.to_string()).is_some_and(|table| table.count() == 0)
}

fn are_those_of(plan: &LogicalPlan, tables: &Tables) -> bool {
    let mut are = true;
    let walked = plan.apply_with_subqueries(|node| {
        // What a recursive query reads of itself is no table: then all of it is run.
        let LogicalPlan::TableScan(scan) = node else { return Ok(TreeNodeRecursion::Continue) };
        are = tables.get(&scan.table_name.to_string()).is_some_and(|table| *table.schema() == scan.source.schema());
        Ok(if are { TreeNodeRecursion::Continue } else { TreeNodeRecursion::Stop })
    });
    walked.is_ok() && are
}

/// Whether a node gives no row where the scans of which `none` is true give none. What is not named here may give some.
fn is_empty(plan: &LogicalPlan, none: &dyn Fn(&TableScan) -> bool) -> bool {
    let of = |input: &LogicalPlan| is_empty(input, none);
    match plan {
        LogicalPlan::TableScan(scan) => none(scan),
        LogicalPlan::EmptyRelation(relation) => !relation.produce_one_row,
        LogicalPlan::Projection(_)
        | LogicalPlan::Filter(_)
        | LogicalPlan::Window(_)
        | LogicalPlan::Sort(_)
        | LogicalPlan::Limit(_)
        | LogicalPlan::Distinct(_)
        | LogicalPlan::SubqueryAlias(_) => plan.inputs().into_iter().all(of),
        LogicalPlan::Aggregate(aggregate) => is_grouped(aggregate) && of(&aggregate.input),
        LogicalPlan::Union(union) => union.inputs.iter().all(|input| of(input)),
        LogicalPlan::Join(join) => is_empty_join(join, &of),
        _ => false,
    }
}

/// Whether each of its rows is one of a group: without groups, and in a grouping set that may be `()`, no rows add up to one.
fn is_grouped(aggregate: &Aggregate) -> bool {
    !aggregate.group_expr.is_empty() && !aggregate.group_expr.iter().any(|group| matches!(group, Expr::GroupingSet(_)))
}

fn is_empty_join(join: &Join, of: &dyn Fn(&LogicalPlan) -> bool) -> bool {
    let (left, right) = (|| of(&join.left), || of(&join.right));
    match join.join_type {
        JoinType::Inner | JoinType::LeftSemi | JoinType::RightSemi => left() || right(),
        JoinType::Left | JoinType::LeftAnti | JoinType::LeftMark => left(),
        JoinType::Right | JoinType::RightAnti | JoinType::RightMark => right(),
        JoinType::Full => left() && right(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::{
        array::{Int64Array, RecordBatch, StringArray},
        datatypes::{DataType, Field, Schema},
    };

    use super::*;
    use crate::{
        domain::Day,
        engine::{CostQuery, Table},
    };

    /// Queries over `a` and `b`, and when each is known to give nothing: where `a` has no rows, where `b` has none, where neither has.
    const CASES: &[(&str, [bool; 3])] = &[
        ("SELECT name FROM a", [true, false, true]),
        ("SELECT DISTINCT upper(name) AS name FROM a WHERE id > 1 ORDER BY name LIMIT 3", [true, false, true]),
        ("SELECT name, row_number() OVER (ORDER BY id) AS id FROM a", [true, false, true]),
        ("SELECT name, count(*) AS id FROM a GROUP BY name", [true, false, true]),
        ("SELECT count(*) AS id FROM a", [false, false, false]),
        ("SELECT max(name) AS name FROM a HAVING count(*) = 0", [false, false, false]),
        ("SELECT name, count(*) AS id FROM a GROUP BY ROLLUP (name)", [false, false, false]),
        ("SELECT name, count(*) AS id FROM a GROUP BY GROUPING SETS ((name), ())", [false, false, false]),
        ("SELECT a.name FROM a JOIN b ON a.id = b.id", [true, true, true]),
        ("SELECT a.name FROM a CROSS JOIN b", [true, true, true]),
        ("SELECT a.name FROM a LEFT JOIN b ON a.id = b.id", [true, false, true]),
        ("SELECT a.name FROM a RIGHT JOIN b ON a.id = b.id", [false, true, true]),
        ("SELECT a.name FROM a FULL JOIN b ON a.id = b.id", [false, false, true]),
        ("SELECT name FROM a UNION ALL SELECT name FROM b", [false, false, true]),
        ("SELECT name FROM a UNION SELECT name FROM b", [false, false, true]),
        ("SELECT name FROM a EXCEPT SELECT name FROM b", [true, false, true]),
        ("SELECT name FROM a INTERSECT SELECT name FROM b", [true, true, true]),
        ("SELECT name FROM a WHERE NOT EXISTS (SELECT 1 FROM b WHERE b.id = a.id)", [true, false, true]),
        ("SELECT name FROM a WHERE id NOT IN (SELECT id FROM b)", [true, false, true]),
        ("SELECT name, (SELECT count(*) FROM b) AS id FROM a", [true, false, true]),
        ("SELECT column1 AS name FROM (VALUES ('x'), ('y'))", [false, false, false]),
        ("SELECT v.column1 AS name FROM (VALUES ('x')) AS v LEFT JOIN a ON a.name = v.column1", [false, false, false]),
        ("WITH n AS (SELECT count(*) AS id FROM a) SELECT n.id FROM n JOIN b ON b.id = n.id", [false, true, true]),
        ("WITH x AS (SELECT id, name FROM a WHERE id = $period) SELECT x.name FROM x JOIN x AS y ON x.id = y.id", [true, false, true]),
        (
            "WITH RECURSIVE w AS (SELECT id FROM a UNION ALL SELECT w.id + 1 AS id FROM w JOIN b ON b.id = w.id WHERE w.id < 3) SELECT id FROM w",
            [false, false, false],
        ),
    ];

    fn table(rows: &[(i64, &str)]) -> Table {
        let schema = Arc::new(Schema::new(vec![Field::new("id", DataType::Int64, false), Field::new("name", DataType::Utf8, true)]));
        let (ids, names): (Vec<i64>, Vec<&str>) = rows.iter().copied().unzip();
        let columns = vec![Arc::new(Int64Array::from(ids)) as _, Arc::new(StringArray::from(names)) as _];
        Table::rows(Arc::clone(&schema), vec![RecordBatch::try_new(schema, columns).unwrap()])
    }

    fn tables(a: bool, b: bool) -> Tables {
        let rows = |some: bool, name| if some { vec![(1, name), (2, "both"), (3, "y")] } else { Vec::new() };
        let mut tables = Tables::default();
        tables.insert("a", table(&rows(a, "x")));
        tables.insert("b", table(&rows(b, "z")));
        tables
    }

    #[test]
    fn a_query_that_is_said_to_give_nothing_gives_nothing_and_no_other_is_said_to() {
        let parameters = Parameters { period: Some(1), ..Parameters::none() };
        for (sql, known) in CASES {
            for (at, (a, b)) in [(false, true), (true, false), (false, false), (true, true)].into_iter().enumerate() {
                let tables = tables(a, b);
                let query = CostQuery::plan_intermediate(sql, "a.sql", "t", &tables.schemas()).unwrap();
                let said = query.gives_nothing(&tables);
                assert_eq!(said, known.get(at).copied().unwrap_or(false), "{sql} where a has rows: {a}, b: {b}");
                let run = query.run_anew(&tables, &parameters).unwrap();
                assert!(!said || run.num_rows() == 0, "{sql}");
                assert_eq!(query.run(&tables, &parameters).unwrap(), run, "{sql}");
            }
        }
    }

    #[test]
    fn what_stands_behind_a_condition_of_parameters_is_read_where_it_holds() {
        let on = |first: i32, last: i32| Parameters {
            period: Some(2),
            first_day: Some(Day(first)),
            as_at: Some(Day(last)),
            ..Parameters::none()
        };
        let read = |sql: &str, parameters: &Parameters| {
            let query = CostQuery::plan_intermediate(sql, "a.sql", "t", &tables(true, true).schemas()).unwrap();
            query.reads_with(parameters).into_iter().collect::<Vec<_>>().concat()
        };
        let sql = "WITH x AS (SELECT name FROM a WHERE id = $period UNION ALL SELECT name FROM b WHERE $first_day = $as_at AND id > 0) \
                   SELECT x.name FROM x LEFT JOIN a ON a.name = x.name";
        assert_eq!((read(sql, &on(1, 30)), read(sql, &on(30, 30))), ("a".to_owned(), "ab".to_owned()));
        // What is only compared with another table's rows is read; and what a parameter does not decide.
        for sql in [
            "SELECT name FROM a WHERE NOT EXISTS (SELECT 1 FROM b WHERE b.id = a.id)",
            "SELECT a.name FROM a LEFT JOIN b ON b.id = a.id AND $first_day < $as_at",
            "SELECT name FROM a WHERE id = $period UNION ALL SELECT name FROM b WHERE id = $period",
        ] {
            assert_eq!(read(sql, &on(1, 30)), "ab", "{sql}");
        }
        // The greatest of no rows is one row of nothing, whatever the table holds.
        let sql = "SELECT name FROM a UNION ALL SELECT max(name) AS name FROM b WHERE $first_day = $as_at";
        assert_eq!((read(sql, &on(1, 30)), read(sql, &on(30, 30))), ("a".to_owned(), "ab".to_owned()));
        // Nothing is known where a parameter has no value.
        assert_eq!(read("SELECT name FROM a UNION ALL SELECT name FROM b WHERE $first_day = $as_at", &Parameters::none()), "ab");
    }

    #[test]
    fn tables_other_than_those_planned_for_are_not_passed_over() {
        let query = CostQuery::plan_intermediate("SELECT a.name FROM a JOIN b ON a.id = b.id", "a.sql", "t", &tables(true, true).schemas());
        let query = query.unwrap();
        let mut without_b = Tables::default();
        without_b.insert("a", table(&[]));
        assert!(!query.gives_nothing(&without_b));
        let other = Arc::new(Schema::new(vec![Field::new("id", DataType::Int64, false)]));
        without_b.insert("b", Table::rows(other, Vec::new()));
        assert!(!query.gives_nothing(&without_b));
        assert!(query.run(&without_b, &Parameters::none()).is_ok(), "b lacks only what is not read");
    }
}
