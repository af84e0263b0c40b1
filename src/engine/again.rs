//! Whether a query gives the rows again that it gave before: over the same rows, where the days of its parameters lie between the same
//! dates. Twelve periods of a year in which no rule begins or ends ask most questions once.
//!
//! Nothing is known of a query that uses a parameter for anything but to compare a column of dates with a day.

use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use arrow::{
    array::{ArrayRef, AsArray, RecordBatch},
    datatypes::{DataType, Date32Type},
    row::{OwnedRow, RowConverter, SortField},
};
use datafusion::{
    common::{
        DFSchema, DataFusionError, ScalarValue,
        tree_node::{TreeNode, TreeNodeRecursion},
    },
    logical_expr::{BinaryExpr, Expr, ExprSchemable, LogicalPlan, Operator, TableScan, utils::merge_schema},
};
use hashbrown::HashSet;

use super::{parameters::Parameters, table::Tables};

/// Rows of all tables together up to which it is looked whether they are the same.
const FEW_ROWS: u64 = 100_000;

/// Functions that give one of the dates that they are given.
const GIVES_ONE_OF_THEM: &[&str] = &["coalesce", "greatest", "least", "nullif", "nvl", "nvl2"];

const FIRST_DAY: &str = "$first_day";

/// What the rows of a query depend on: the same of it, the same rows.
#[derive(Debug)]
pub(super) struct Seen {
    /// What is read of each table.
    tables: BTreeMap<String, Rows>,
    /// How many of the dates that days are compared with lie before each day, and how many not after it; how the days follow each other.
    days: Vec<(usize, usize)>,
    order: Option<Ordering>,
}

#[derive(Debug)]
enum Rows {
    Columns(Vec<ArrayRef>),
    /// Of a table that is read only to know which rows there are: each once, where it first stands.
    Distinct(Vec<OwnedRow>),
}

impl PartialEq for Rows {
    fn eq(&self, other: &Self) -> bool {
        let same = |(one, other): (&ArrayRef, &ArrayRef)| Arc::ptr_eq(one, other) || one.as_ref() == other.as_ref();
        match (self, other) {
            (Self::Columns(one), Self::Columns(other)) => one.len() == other.len() && one.iter().zip(other).all(same),
            (Self::Distinct(one), Self::Distinct(other)) => one == other,
            _ => false,
        }
    }
}

impl PartialEq for Seen {
    fn eq(&self, other: &Self) -> bool {
        self.days == other.days && self.order == other.order && self.tables == other.tables
    }
}

/// What the rows of a plan depend on, told from the plan alone.
#[derive(Debug)]
pub(super) struct Depends {
    scans: BTreeMap<String, Scan>,
    days: BTreeSet<&'static str>,
    /// Dates that are written in the query.
    dates: Vec<i32>,
}

impl Depends {
    /// `None` where it is not known. The plan's parameters are open.
    pub fn of(plan: &LogicalPlan) -> Option<Self> {
        let mut used = Used::default();
        plan.apply_with_subqueries(|node| used.add(node)).ok()?;
        let Used { scans, days, dates, is_unknown, distinct: _ } = used;
        (!is_unknown).then_some(Self { scans, days, dates })
    }

    /// What the rows depend on over these tables, with these parameters; `None` where it is not known, or would be long to compare.
    pub fn seen(&self, tables: &Tables, parameters: &Parameters) -> Option<Seen> {
        if tables.count(self.scans.keys()) > FEW_ROWS {
            return None;
        }
        let mut dates = self.dates.clone();
        let read = self.scans.iter().map(|(name, scan)| Some((name.clone(), scan.rows(&tables.get(name)?.batch()?, &mut dates)?)));
        let tables = read.collect::<Option<BTreeMap<_, _>>>()?;
        dates.sort_unstable();
        dates.dedup();
        let day = |name: &&'static str| if *name == FIRST_DAY { parameters.first_day } else { parameters.as_at };
        let days = self.days.iter().map(|name| day(name).map(|day| day.0)).collect::<Option<Vec<i32>>>()?;
        let order = if let [one, other] = days[..] { Some(one.cmp(&other)) } else { None };
        let place = |day: &i32| (dates.partition_point(|date| date < day), dates.partition_point(|date| date <= day));
        Some(Seen { tables, days: days.iter().map(place).collect(), order })
    }
}

/// What a plan names.
#[derive(Debug, Default)]
struct Used {
    scans: BTreeMap<String, Scan>,
    days: BTreeSet<&'static str>,
    /// Dates that are written in the query.
    dates: Vec<i32>,
    /// Something is in it of which this module knows nothing.
    is_unknown: bool,
    /// Scans of which the node above asks only which rows there are.
    distinct: BTreeSet<*const TableScan>,
}

/// What is read of a table.
#[derive(Debug)]
struct Scan {
    columns: BTreeSet<usize>,
    is_distinct: bool,
}

impl Used {
    fn add(&mut self, node: &LogicalPlan) -> Result<TreeNodeRecursion, DataFusionError> {
        match node {
            LogicalPlan::TableScan(scan) => {
                let all = || (0..scan.source.schema().fields().len()).collect();
                let is_distinct = self.distinct.contains(&std::ptr::from_ref(scan));
                let columns: BTreeSet<usize> = scan.projection.clone().unwrap_or_else(all).into_iter().collect();
                let of = self.scans.entry(scan.table_name.to_string());
                let known = of.or_insert_with(|| Scan { columns: columns.clone(), is_distinct });
                // What is named once in a query and read twice is scanned twice. Read in two ways, the rows are compared as they are.
                known.is_distinct &= is_distinct && known.columns == columns;
                known.columns.extend(columns);
                self.is_unknown |= scan.fetch.is_some();
            }
            // Grouped by all that is read, and nothing added up.
            LogicalPlan::Aggregate(of) if of.aggr_expr.is_empty() && of.group_expr.iter().all(|e| matches!(e, Expr::Column(_))) => {
                if let LogicalPlan::TableScan(scan) = &*of.input {
                    self.distinct.insert(std::ptr::from_ref(scan));
                }
            }
            LogicalPlan::Limit(_) | LogicalPlan::RecursiveQuery(_) | LogicalPlan::Extension(_) => self.is_unknown = true,
            _ => {}
        }
        let schema = merge_schema(&node.inputs());
        node.apply_expressions(|expr| expr.apply(|expr| Ok(self.judge(expr, &schema))))
    }

    fn judge(&mut self, expr: &Expr, schema: &DFSchema) -> TreeNodeRecursion {
        match expr {
            Expr::BinaryExpr(BinaryExpr { left, op, right }) if is_comparison(*op) && (day(left).is_some() || day(right).is_some()) => {
                for side in [left, right] {
                    match (day(side), &**side) {
                        (Some(name), _) => drop(self.days.insert(name)),
                        (None, Expr::Column(_)) => {}
                        (None, Expr::Literal(ScalarValue::Date32(date), _)) => self.dates.extend(date),
                        _ => self.is_unknown = true,
                    }
                }
                return TreeNodeRecursion::Jump;
            }
            Expr::Placeholder(_) => self.is_unknown = true,
            Expr::Literal(ScalarValue::Date32(date), _) => self.dates.extend(date),
            Expr::Cast(cast) => self.is_unknown |= is_time(cast.field.data_type()),
            Expr::TryCast(cast) => self.is_unknown |= is_time(cast.field.data_type()),
            Expr::BinaryExpr(BinaryExpr { op: Operator::Plus | Operator::Minus, .. }) => self.is_unknown |= may_be_time(expr, schema),
            Expr::ScalarFunction(call) if !GIVES_ONE_OF_THEM.contains(&call.func.name()) => {
                self.is_unknown |= may_be_time(expr, schema);
            }
            _ => {}
        }
        TreeNodeRecursion::Continue
    }
}

impl Scan {
    /// What is read of a table's rows; the dates in it are added to those that days are compared with. `None` where rows cannot be told.
    fn rows(&self, batch: &RecordBatch, dates: &mut Vec<i32>) -> Option<Rows> {
        let columns = self.columns.iter().map(|at| batch.columns().get(*at).cloned()).collect::<Option<Vec<ArrayRef>>>()?;
        for column in &columns {
            match column.data_type() {
                DataType::Date32 => dates.extend(column.as_primitive::<Date32Type>().iter().flatten()),
                other if is_time(other) => return None,
                _ => {}
            }
        }
        if !self.is_distinct {
            return Some(Rows::Columns(columns));
        }
        let fields = columns.iter().map(|column| SortField::new(column.data_type().clone())).collect();
        let rows = RowConverter::new(fields).ok()?.convert_columns(&columns).ok()?;
        let mut seen = HashSet::new();
        Some(Rows::Distinct(rows.iter().map(|row| row.owned()).filter(|row| seen.insert(row.clone())).collect()))
    }
}

/// The day that a parameter stands for.
fn day(expr: &Expr) -> Option<&'static str> {
    match expr {
        Expr::Placeholder(of) => [FIRST_DAY, "$as_at"].into_iter().find(|name| *name == of.id),
        Expr::Cast(cast) if *cast.field.data_type() == DataType::Date32 => day(&cast.expr),
        Expr::Alias(alias) => day(&alias.expr),
        _ => None,
    }
}

const fn is_comparison(op: Operator) -> bool {
    matches!(op, Operator::Lt | Operator::LtEq | Operator::Gt | Operator::GtEq | Operator::Eq | Operator::NotEq)
}

const fn is_time(kind: &DataType) -> bool {
    matches!(kind, DataType::Date32 | DataType::Date64 | DataType::Timestamp(..))
}

/// Whether an expression may give a date that stands in no table.
fn may_be_time(expr: &Expr, schema: &DFSchema) -> bool {
    expr.get_type(schema).map_or(true, |kind| is_time(&kind))
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use arrow::{
        array::{Date32Array, Int64Array, StringArray},
        datatypes::{Field, Schema},
    };

    use super::*;
    use crate::{
        domain::Day,
        engine::{CostQuery, Table},
    };

    /// Name, number, first day, and the day after the last.
    const A: &[(&str, i64, i32, Option<i32>)] = &[("x", 1, 0, Some(10)), ("x", 2, 10, None), ("y", 3, 5, Some(21)), ("z", 4, 0, None)];
    const B: &[(&str, i64, i32, Option<i32>)] = &[("x", 7, 0, None), ("y", 8, 12, Some(13))];

    fn table(rows: &[(&str, i64, i32, Option<i32>)]) -> Table {
        let day = |name: &str| Field::new(name, DataType::Date32, true);
        let fields =
            vec![Field::new("name", DataType::Utf8, false), Field::new("id", DataType::Int64, false), day("valid_from"), day("valid_to")];
        let schema = Arc::new(Schema::new(fields));
        let columns = vec![
            Arc::new(StringArray::from_iter_values(rows.iter().map(|row| row.0))) as ArrayRef,
            Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| row.1))),
            Arc::new(rows.iter().map(|row| Some(row.2)).collect::<Date32Array>()),
            Arc::new(rows.iter().map(|row| row.3).collect::<Date32Array>()),
        ];
        Table::rows(Arc::clone(&schema), vec![RecordBatch::try_new(schema, columns).unwrap()])
    }

    fn tables(a: &[(&str, i64, i32, Option<i32>)]) -> Tables {
        let mut tables = Tables::default();
        tables.insert("a", table(a));
        tables.insert("b", table(B));
        tables
    }

    fn on(first: i32, last: i32) -> Parameters {
        let (first_day, as_at) = (Some(Day(first)), Some(Day(last)));
        Parameters { fiscal_year: Some(2018), period: Some(3), first_day, as_at, ..Parameters::none() }
    }

    /// Queries, and whether it is known what their rows depend on.
    const QUERIES: &[(&str, bool)] = &[
        ("SELECT name, id FROM a WHERE valid_from <= $first_day AND (valid_to IS NULL OR $first_day < valid_to)", true),
        ("SELECT name, id FROM a WHERE $as_at BETWEEN valid_from AND valid_to", true),
        ("SELECT name, id FROM a WHERE valid_from <= $as_at AND NOT (valid_to <= $first_day)", true),
        ("SELECT name, id FROM a WHERE valid_from = $as_at OR valid_to <> $first_day", true),
        ("SELECT name, id FROM a WHERE $first_day < $as_at", true),
        ("SELECT name, id FROM a WHERE coalesce(valid_to, DATE '1970-01-18') > $as_at", false),
        (
            "WITH e AS (SELECT name, id, coalesce(valid_to, DATE '1970-01-18') AS day FROM a) SELECT name, max(id) AS id FROM e WHERE day > DATE '1970-01-01' AND $as_at >= DATE '1970-01-15' GROUP BY name",
            true,
        ),
        ("SELECT a.name, b.id FROM a JOIN b ON b.name = a.name AND b.valid_from <= $as_at WHERE a.valid_from <= $first_day", true),
        ("SELECT a.name, b.id FROM a LEFT JOIN b ON b.name = a.name AND b.valid_to > $as_at", true),
        ("SELECT name, count(*) AS id FROM (SELECT DISTINCT name FROM a) WHERE $first_day <= DATE '1970-01-12' GROUP BY name", true),
        ("SELECT name, id FROM a WHERE id = $period AND valid_from <= $as_at", false),
        ("SELECT name, id, $as_at AS day FROM a", false),
        ("SELECT name, id FROM a WHERE $as_at - INTERVAL '3 days' < valid_to", false),
        ("SELECT name, id FROM a WHERE valid_to - INTERVAL '3 days' > $as_at", false),
        ("SELECT name, id FROM a WHERE date_part('day', $as_at) > id", false),
        ("SELECT name, id FROM a WHERE valid_from IN ($first_day, $as_at)", true),
        ("SELECT name, id, CASE WHEN valid_from <= $as_at THEN valid_to ELSE valid_from END AS day FROM a", true),
        (
            "WITH m AS (SELECT name, id, make_date(1970, 1, CAST(id * 4 AS INTEGER)) AS day FROM a) SELECT name, id FROM m WHERE day <= $as_at",
            false,
        ),
    ];

    /// On and between the dates of the tables.
    const DAYS: [i32; 7] = [0, 5, 10, 12, 13, 15, 21];

    #[test]
    fn rows_are_given_again_only_where_they_are_the_same() {
        let tables = tables(A);
        for (sql, known) in QUERIES {
            let new = || CostQuery::plan_intermediate(sql, "a.sql", "t", &tables.schemas()).unwrap();
            let (query, other) = (new(), new());
            let mut again = 0;
            for first in DAYS {
                for last in DAYS.into_iter().filter(|last| *last >= first) {
                    let fresh = other.run_anew(&tables, &on(first, last)).unwrap();
                    let before = query.last_rows();
                    let rows = query.run(&tables, &on(first, last)).unwrap();
                    assert_eq!(rows, fresh, "{sql}: {first}, {last}");
                    again += u32::from(before.is_some_and(|before| Arc::ptr_eq(before.column(0), rows.column(0))));
                    assert_eq!(query.last_rows().is_some(), *known, "{sql}");
                }
            }
            assert_eq!(again > 3, *known, "{sql}: {again}");
        }
    }

    #[test]
    fn what_names_no_parameter_is_given_again_from_the_second_time_on() {
        let (all, other) = (tables(A), tables(&A[1..]));
        let query = CostQuery::plan_intermediate("SELECT name, max(id) AS id FROM a GROUP BY name", "a.sql", "t", &all.schemas()).unwrap();
        let run = |tables| query.run(tables, &on(4, 20)).unwrap();
        let first = run(&all);
        assert!(query.last_rows().is_none(), "asked once, nothing is held");
        let second = run(&all);
        assert!(Arc::ptr_eq(second.column(0), run(&all).column(0)) && first == second);
        assert_eq!(run(&other), query.run_anew(&other, &on(4, 20)).unwrap(), "other rows, other answer");
        assert_eq!(run(&all), first);
    }

    #[test]
    fn what_is_asked_for_several_times_at_once_is_made_once() {
        let all = tables(A);
        for (sql, _) in QUERIES.iter().filter(|(_, known)| *known) {
            let query = CostQuery::plan_intermediate(sql, "a.sql", "t", &all.schemas()).unwrap();
            let start = Barrier::new(4);
            let ask = || {
                start.wait();
                query.run(&all, &on(4, 20)).unwrap()
            };
            let rows: Vec<RecordBatch> = std::thread::scope(|scope| {
                let asked: Vec<_> = (0..4).map(|_| scope.spawn(ask)).collect();
                asked.into_iter().map(|asked| asked.join().unwrap()).collect()
            });
            assert!(rows.iter().all(|of| Arc::ptr_eq(of.column(0), rows[0].column(0))), "{sql}");
        }
    }

    #[test]
    fn which_rows_there_are_is_all_that_is_compared_where_nothing_else_is_read() {
        let again = |sql: &str| {
            let query = CostQuery::plan_intermediate(sql, "a.sql", "t", &tables(A).schemas()).unwrap();
            let before = query.run(&tables(A), &on(4, 20)).unwrap();
            let more = [A, A].concat();
            Arc::ptr_eq(before.column(0), query.run(&tables(&more), &on(4, 20)).unwrap().column(0))
        };
        let of_b = "SELECT b.name, n.name AS other FROM b LEFT JOIN n ON n.name = b.name WHERE b.valid_from <= $as_at";
        let distinct = format!("WITH n AS (SELECT DISTINCT name FROM a) {of_b}");
        assert!(again(&distinct));
        assert!(again(&format!("{distinct} UNION ALL SELECT b.name, n.name AS other FROM b JOIN n ON n.name = b.name")));
        assert!(!again(&format!("{distinct} UNION ALL SELECT name, name AS other FROM a WHERE $as_at < DATE '1980-01-01'")));
    }

    #[test]
    fn other_rows_of_a_table_are_not_taken_for_the_same() {
        let sql = "SELECT a.name, count(*) AS id FROM a JOIN (SELECT DISTINCT name FROM b) AS b ON b.name = a.name WHERE a.valid_from <= $as_at GROUP BY a.name";
        let query = CostQuery::plan_intermediate(sql, "a.sql", "t", &tables(A).schemas()).unwrap();
        for a in [A, &A[1..], &A[..3], &[], &[("x", 1, 3, None)], &[("y", 1, 3, None)]] {
            let fresh = CostQuery::plan_intermediate(sql, "a.sql", "t", &tables(A).schemas()).unwrap();
            let expected = fresh.run_anew(&tables(a), &on(4, 20)).unwrap();
            assert_eq!(query.run(&tables(a), &on(4, 20)).unwrap(), expected);
        }
    }
}
