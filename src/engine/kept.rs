//! A plan that is made once and run for many periods: its tables and parameters are places, filled before it runs and empty after it.
//!
//! Over few rows a query takes longer to plan than to run, and twelve periods of a year ask the same one.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use arrow::array::RecordBatch;
use datafusion::{
    common::{
        Result, internal_datafusion_err,
        tree_node::{Transformed, TreeNode, TreeNodeRecursion},
    },
    datasource::provider_as_source,
    logical_expr::{Expr, LogicalPlan, expr::Placeholder, expr_rewriter::NamePreserver},
    physical_plan::{ExecutionPlan, collect, execution_plan::reset_plan_states},
};

use super::{
    again::Depends,
    fit::Fit,
    parameters::{self, Parameters},
    places::{Asks, Held, Place, PlaceExec, PlaceTable},
    runtime::wait,
    session::{Use, state, task},
    table::{Open, Tables},
};

/// What a kept plan may be made of: nodes that hold nothing of a run, or let go of it when they are told to. What a `LIMIT` learns of its
/// rows is not let go of.
const MADE_OF: &[&str] = &[
    "AggregateExec",
    "BoundedWindowAggExec",
    "CoalescePartitionsExec",
    "CrossJoinExec",
    "DataSourceExec",
    "EmptyExec",
    "FilterExec",
    "HashJoinExec",
    "InterleaveExec",
    "NestedLoopJoinExec",
    "PlaceholderRowExec",
    "ProjectionExec",
    PlaceExec::NAME,
    "ScalarSubqueryExec",
    "SortExec",
    "UnionExec",
    "UnnestExec",
    "WindowAggExec",
];

/// A plan with its places, and what is known of its rows.
#[derive(Debug)]
pub(super) struct Kept {
    plan: Arc<dyn ExecutionPlan>,
    tables: BTreeMap<String, Arc<Place>>,
    given: Arc<Held<Parameters>>,
    /// Tables that had no row when it was planned: what reads them is not in it.
    empty: BTreeSet<String>,
    /// How its columns become those of the table that it fills.
    pub fit: Fit,
    /// What its rows depend on, where that is known.
    pub depends: Option<Depends>,
    /// Whether it can be run again.
    pub is_reusable: bool,
}

impl Kept {
    /// Plans a logical plan over `open`, which has left out what reads an empty table; `None` where it reads what is no table of `open`,
    /// as a recursive query does.
    pub fn of(plan: &LogicalPlan, fit: &Fit, open: &Open) -> Result<Option<Self>> {
        let given = Arc::new(Held::default());
        let depends = Depends::of(plan);
        let mut tables = BTreeMap::new();
        let Some(logical) = with_places(plan.clone(), open, &given, &mut tables)? else { return Ok(None) };
        let plan = wait(async move {
            let state = state(Use::Few);
            state.query_planner().create_physical_plan(&logical, state).await
        })?;
        let mut is_reusable = true;
        plan.apply(|node| {
            is_reusable &= MADE_OF.contains(&node.name()) && node.fetch().is_none();
            Ok(TreeNodeRecursion::Continue)
        })?;
        Ok(Some(Self { plan, tables, given, empty: open.empty(), fit: fit.clone(), depends, is_reusable }))
    }

    /// Whether it is a plan for these tables: of the same columns, and the same of them without a row.
    pub fn is_over(&self, tables: &Tables, reads: &BTreeSet<String>) -> bool {
        let are_as_planned = reads.iter().all(|name| tables.get(name).is_some_and(|t| (t.count() == 0) == self.empty.contains(name)));
        are_as_planned && self.tables.iter().all(|(name, place)| tables.get(name).is_some_and(|table| *table.schema() == place.schema))
    }

    /// Its rows over these tables, with these parameters.
    pub fn run(&mut self, tables: &Tables, parameters: &Parameters) -> Result<Vec<RecordBatch>> {
        let rows = self.rows(tables, parameters);
        self.given.put(None);
        for place in self.tables.values() {
            place.rows.put(None);
        }
        // Joins hold the rows that they put into memory until they are told to let go.
        self.plan = reset_plan_states(Arc::clone(&self.plan))?;
        rows
    }

    fn rows(&self, tables: &Tables, parameters: &Parameters) -> Result<Vec<RecordBatch>> {
        for (name, place) in &self.tables {
            let table = tables.get(name).ok_or_else(|| internal_datafusion_err!("{name} is not there"))?;
            place.rows.put(Some(table.filled(name)?));
        }
        self.given.put(Some(parameters.clone()));
        let task = Arc::new(task(Use::Few, tables.stores(self.tables.keys()))?);
        wait(collect(Arc::clone(&self.plan), task))
    }
}

/// The plan with a place for every table and parameter; `None` where it reads what is no table of `open`.
fn with_places(
    plan: LogicalPlan,
    open: &Open,
    given: &Arc<Held<Parameters>>,
    tables: &mut BTreeMap<String, Arc<Place>>,
) -> Result<Option<LogicalPlan>> {
    let mut are_tables = true;
    let placed = plan.transform_up_with_subqueries(|node| match node {
        LogicalPlan::TableScan(mut scan) => {
            let name = scan.table_name.to_string();
            let Some(rows) = open.count(&name) else {
                are_tables = false;
                return Ok(Transformed::no(LogicalPlan::TableScan(scan)));
            };
            let new = || Arc::new(Place { schema: scan.source.schema(), count: rows, rows: Held::default() });
            let place = Arc::clone(tables.entry(name).or_insert_with(new));
            scan.source = provider_as_source(Arc::new(PlaceTable(place)));
            Ok(Transformed::yes(LogicalPlan::TableScan(scan)))
        }
        node => with_given(node, given),
    })?;
    Ok(are_tables.then_some(placed.data))
}

/// A node that asks for its parameters when it runs; its columns keep their names.
fn with_given(node: LogicalPlan, given: &Arc<Held<Parameters>>) -> Result<Transformed<LogicalPlan>> {
    let names = NamePreserver::new(&node);
    let schema = Arc::clone(node.schema());
    let asked = node.map_expressions(|expr| {
        let (expr, is_parametrised) = expr.infer_placeholder_types(&schema)?;
        if !is_parametrised {
            return Ok(Transformed::no(expr));
        }
        let name = names.save(&expr);
        let asks = expr.transform_up(|expr| match expr {
            Expr::Placeholder(Placeholder { id, .. }) => {
                let kind = parameters::kind(&id).ok_or_else(|| internal_datafusion_err!("there is no parameter {id}"))?;
                Ok(Transformed::yes(Asks::call(id, kind, given)))
            }
            expr => Ok(Transformed::no(expr)),
        })?;
        Ok(asks.update_data(|expr| name.restore(expr)))
    })?;
    if asked.transformed { asked.map_data(LogicalPlan::recompute_schema) } else { Ok(asked) }
}

#[cfg(test)]
mod tests {
    use arrow::{
        array::{Date32Array, Int64Array, StringArray},
        datatypes::{DataType, Field, Schema},
    };

    use super::*;
    use crate::{
        domain::Day,
        engine::{CostQuery, Table},
    };

    type Row = (&'static str, i64, i32);

    const A: &[Row] = &[("x", 1, 17_000), ("y", 2, 17_040), ("z", 3, 17_080), ("x", 4, 17_120)];
    const B: &[Row] = &[("x", 4, 17_010), ("w", 5, 17_050)];

    /// Queries, and whether their plan can be kept.
    const QUERIES: &[(&str, bool)] = &[
        ("SELECT name, id, $period AS period, $fiscal_year AS year, $as_at AS day FROM a WHERE id > $period", true),
        ("SELECT name, sum(id) AS id FROM a WHERE day <= $as_at GROUP BY name", true),
        ("SELECT $scenario AS scenario, $first_day = $as_at AS is_closing, count(*) AS n, max(id) AS id FROM a", true),
        ("SELECT a.name, b.id FROM a JOIN b ON b.name = a.name AND b.day <= $as_at", true),
        ("SELECT a.name, b.id FROM a LEFT JOIN b ON b.name = a.name AND b.id > a.id + $period", true),
        ("SELECT a.name, b.name AS other FROM a FULL JOIN b ON b.id = a.id + $period", true),
        ("SELECT a.name, b.name AS other FROM a CROSS JOIN b WHERE a.id < $period", true),
        ("SELECT a.name FROM a JOIN b ON a.id < b.id + $period", true),
        ("SELECT name FROM a WHERE name NOT IN (SELECT name FROM b WHERE id > $period)", true),
        ("SELECT name FROM a WHERE EXISTS (SELECT 1 FROM b WHERE b.name = a.name AND b.day <= $as_at)", true),
        ("SELECT name, id + $period AS id FROM a UNION ALL SELECT name, id FROM b WHERE day > $first_day", true),
        ("SELECT name, row_number() OVER (PARTITION BY name ORDER BY id) AS n FROM a WHERE day <= $as_at", true),
        ("SELECT name, sum(id) OVER (PARTITION BY name) AS n FROM a WHERE id <= $period", true),
        ("SELECT DISTINCT name, CASE WHEN $period = 13 THEN 'closing' ELSE name END AS kind FROM a", true),
        ("SELECT coalesce(nullif(id, CAST($period AS BIGINT)), 0) AS id, day IN ($first_day, $as_at) AS at FROM a", true),
        ("SELECT name, id FROM a ORDER BY id LIMIT 2", false),
        ("SELECT name, (SELECT max(id) FROM b WHERE day <= $as_at) AS id FROM a", true),
        (
            "WITH RECURSIVE n AS (SELECT 1 AS id UNION ALL SELECT id + 1 FROM n WHERE id < $period) SELECT a.name, n.id FROM n LEFT JOIN a ON n.id = a.id",
            false,
        ),
    ];

    fn table(rows: &[Row]) -> Table {
        let field = |name: &str, kind: DataType| Field::new(name, kind, false);
        let fields = vec![field("name", DataType::Utf8), field("id", DataType::Int64), field("day", DataType::Date32)];
        let schema = Arc::new(Schema::new(fields));
        let batch = RecordBatch::try_new(
            Arc::clone(&schema),
            vec![
                Arc::new(StringArray::from_iter_values(rows.iter().map(|row| row.0))),
                Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| row.1))),
                Arc::new(Date32Array::from_iter_values(rows.iter().map(|row| row.2))),
            ],
        );
        Table::rows(schema, vec![batch.unwrap()])
    }

    fn tables(a: &[Row], b: &[Row]) -> Tables {
        let mut tables = Tables::default();
        tables.insert("a", table(a));
        tables.insert("b", table(b));
        tables
    }

    fn period(period: i8) -> Parameters {
        let first = 17_000 + 30 * i32::from(period);
        let (first_day, as_at) = (Some(Day(first)), Some(Day(if period == 13 { first } else { first + 29 })));
        Parameters { fiscal_year: Some(2018), period: Some(period), scenario: "published".to_owned(), first_day, as_at }
    }

    fn query(sql: &str) -> CostQuery {
        CostQuery::plan_intermediate(sql, "a.sql", "t", &tables(A, B).schemas()).unwrap()
    }

    #[test]
    fn a_kept_plan_gives_what_a_new_one_gives_over_any_rows_in_any_period() {
        let many: Vec<Row> = (0..3000).map(|id| (["x", "y", "w"][id as usize % 3], i64::from(id), 17_000 + id % 400)).collect();
        let rows: [(&[Row], &[Row]); 7] = [(A, B), (B, A), (&[], B), (A, &[]), (&[], &[]), (&many, B), (A, &many)];
        for (sql, is_kept) in QUERIES {
            let (kept, anew) = (query(sql), query(sql));
            for at in [1, 2, 13, 3] {
                for (a, b) in rows {
                    let tables = tables(a, b);
                    assert_eq!(kept.run(&tables, &period(at)).unwrap(), anew.run_anew(&tables, &period(at)).unwrap(), "{sql}: {at}");
                }
            }
            assert_eq!((kept.plans() > 0, anew.plans()), (*is_kept, 0), "{sql}");
            assert!(kept.plans() <= 4, "{sql}: {}", kept.plans());
        }
    }

    #[test]
    fn periods_that_run_at_once_do_not_see_each_other() {
        for (sql, _) in QUERIES {
            let (query, anew) = (query(sql), query(sql));
            std::thread::scope(|scope| {
                for at in 1..=6_i8 {
                    let (query, anew) = (&query, &anew);
                    scope.spawn(move || {
                        let tables = tables(&A[..=usize::from(at.unsigned_abs()) % 4], B);
                        let expected = anew.run_anew(&tables, &period(at)).unwrap();
                        for _ in 0..5 {
                            assert_eq!(query.run(&tables, &period(at)).unwrap(), expected, "{sql}: {at}");
                        }
                    });
                }
            });
        }
    }
}
