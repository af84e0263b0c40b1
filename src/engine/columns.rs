//! Which columns of its tables a query can read at all: what is in none of its expressions changes none of its rows.

use std::collections::{BTreeMap, BTreeSet};

use datafusion::{
    common::{
        DataFusionError,
        tree_node::{TreeNode, TreeNodeRecursion},
    },
    logical_expr::{Distinct, Expr, LogicalPlan},
};

/// Columns by table, for tables of which not all may be read.
pub type ColumnsRead = BTreeMap<String, BTreeSet<String>>;

/// The columns of each table that a plan may read, told by their names alone, so that more may be named than are read. The plan is analysed
/// and not optimised.
pub(super) fn columns_read(plan: &LogicalPlan) -> Result<ColumnsRead, DataFusionError> {
    let mut read = Read::default();
    plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expr| {
            expr.apply(|part| {
                if let Expr::Column(column) | Expr::OuterReferenceColumn(_, column) = part {
                    read.names.insert(column.name.clone());
                }
                Ok(TreeNodeRecursion::Continue)
            })
        })
    })?;
    read.scans(plan, false)?;
    let Read { names, mut scanned, whole } = read;
    scanned.retain(|table, _| !whole.contains(table));
    scanned.values_mut().for_each(|columns| columns.retain(|column| names.contains(column)));
    Ok(scanned)
}

#[derive(Debug, Default)]
struct Read {
    /// Every column that an expression names, of whatever table.
    names: BTreeSet<String>,
    /// All columns of the tables.
    scanned: ColumnsRead,
    /// Tables of which rows go on as they are, whoever names them.
    whole: BTreeSet<String>,
}

impl Read {
    /// Looks at what is scanned below a node. `is_named`: expressions above it name every column that goes on from it.
    fn scans(&mut self, plan: &LogicalPlan, is_named: bool) -> Result<(), DataFusionError> {
        let below = match plan {
            LogicalPlan::TableScan(scan) => {
                let table = scan.table_name.table().to_owned();
                if !is_named || scan.projection.is_some() {
                    self.whole.insert(table.clone());
                }
                self.scanned.entry(table).or_default().extend(scan.source.schema().fields().iter().map(|field| field.name().clone()));
                return Ok(());
            }
            LogicalPlan::Projection(_) | LogicalPlan::Aggregate(_) | LogicalPlan::Distinct(Distinct::On(_)) => true,
            // What goes on from these is what comes to them.
            LogicalPlan::Filter(_)
            | LogicalPlan::Join(_)
            | LogicalPlan::Limit(_)
            | LogicalPlan::Sort(_)
            | LogicalPlan::SubqueryAlias(_)
            | LogicalPlan::Window(_) => is_named,
            // By place and not by name, or nothing that is known here.
            _ => false,
        };
        plan.inputs().into_iter().try_for_each(|input| self.scans(input, below))?;
        plan.apply_subqueries(|subquery| {
            self.scans(subquery, false)?;
            Ok(TreeNodeRecursion::Continue)
        })?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::{
        array::{ArrayRef, Int64Array, RecordBatch, StringArray},
        datatypes::{DataType, Field, Schema},
    };

    use crate::engine::{CostQuery, Parameters, Table, Tables};

    const COLUMNS: [&str; 4] = ["name", "a", "b", "c"];

    /// A table of three rows, one column of which is moved on.
    fn table(moved: Option<&str>) -> Table {
        let fields = COLUMNS.map(|name| Field::new(name, if name == "name" { DataType::Utf8 } else { DataType::Int64 }, false));
        let schema = Arc::new(Schema::new(fields.to_vec()));
        let values = |(place, name): (usize, &&str)| -> ArrayRef {
            let more = i64::from(moved == Some(*name));
            let numbers = [1, 2, 3].map(|row| (row * (place as i64 + 1) + more) % 5);
            if *name == "name" {
                Arc::new(StringArray::from_iter_values(numbers.map(|n| format!("n{n}"))))
            } else {
                Arc::new(Int64Array::from_iter_values(numbers))
            }
        };
        let columns = COLUMNS.iter().enumerate().map(values).collect();
        Table::rows(Arc::clone(&schema), vec![RecordBatch::try_new(schema, columns).unwrap()])
    }

    fn tables(moved: Option<(&str, &str)>) -> Tables {
        let mut tables = Tables::default();
        for name in ["t", "u"] {
            tables.insert(name, table(moved.filter(|(of, _)| *of == name).map(|(_, column)| column)));
        }
        tables
    }

    /// Queries, and the columns of `t` that they may read; `None`: all.
    const QUERIES: &[(&str, Option<&[&str]>)] = &[
        ("SELECT name, a FROM t", Some(&["name", "a"])),
        ("SELECT * FROM t", Some(&COLUMNS)),
        ("SELECT count(*) AS n FROM t", Some(&[])),
        ("SELECT u.c FROM u WHERE EXISTS (SELECT 1 FROM t WHERE t.a = u.b)", Some(&["a", "b", "c"])),
        ("SELECT u.c FROM u WHERE u.a IN (SELECT a FROM t WHERE name > 'n1')", Some(&["a", "c", "name"])),
        ("SELECT u.name, (SELECT max(b) FROM t) AS most FROM u", Some(&["b", "name"])),
        ("SELECT u.name FROM u JOIN t USING (a)", Some(&["a", "name"])),
        ("SELECT u.name FROM u LEFT JOIN t ON t.a = u.a AND t.b > 2", Some(&["a", "b", "name"])),
        ("WITH w AS (SELECT name AS x, sum(a) AS s FROM t GROUP BY name) SELECT x FROM w ORDER BY s", Some(&["a", "name"])),
        ("SELECT name FROM u UNION ALL SELECT name FROM t WHERE c > 4", Some(&["c", "name"])),
        ("SELECT DISTINCT b FROM t", Some(&["b"])),
        ("SELECT x.y FROM t AS x(p, y, q, r)", Some(&COLUMNS)),
        ("SELECT name, row_number() OVER (PARTITION BY b ORDER BY name) AS n FROM t", Some(&["b", "name"])),
        ("SELECT a FROM u EXCEPT SELECT b FROM t", Some(&["a", "b"])),
        ("WITH RECURSIVE r AS (SELECT a FROM t UNION ALL SELECT a + 1 FROM r WHERE a < 4) SELECT a FROM r", Some(&["a"])),
    ];

    #[test]
    fn what_a_query_does_not_read_changes_none_of_its_rows() {
        for (sql, expected) in QUERIES {
            let query = CostQuery::plan_intermediate(sql, "a.sql", "made", &tables(None).schemas()).unwrap();
            let read = query.columns_read("t").map(|columns| columns.iter().map(String::as_str).collect::<Vec<_>>());
            let mut wanted = expected.map(<[&str]>::to_vec);
            wanted.iter_mut().for_each(|columns| columns.sort_unstable());
            assert_eq!(read, wanted, "{sql}");
            let rows = |moved| query.run(&tables(moved), &Parameters::none()).unwrap();
            for column in COLUMNS.into_iter().filter(|column| read.as_ref().is_some_and(|read| !read.contains(column))) {
                assert_eq!(rows(Some(("t", column))), rows(None), "{sql}: {column}");
            }
        }
    }
}
