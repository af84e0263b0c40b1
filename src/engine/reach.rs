//! Which columns reach which: for each column that a query gives, the columns of tables that its expression reads.
//!
//! What a row is chosen or joined or counted by does not reach: a filter, a join key, a sort, the keys of a window, `count`.

use std::collections::{BTreeMap, BTreeSet};

use datafusion::{
    common::{
        DFSchema, JoinType,
        tree_node::{TreeNode, TreeNodeRecursion},
    },
    logical_expr::{Expr, Join, LogicalPlan, Unnest},
};

/// A column of a table, both as the query names them, without a schema.
pub type Source = (String, String);

/// For each column that a query gives, what reaches it.
pub type Reaches = BTreeMap<String, BTreeSet<Source>>;

type Reached = BTreeSet<Source>;

/// What reaches each output column of a plan that has been analysed and not optimised.
pub(super) fn reaches(plan: &LogicalPlan) -> Reaches {
    let names = plan.schema().fields().iter().map(|field| field.name().clone());
    names.zip(columns(plan)).collect()
}

/// The columns of tables whose values a plan adds up, wherever in it.
pub(super) fn summed(plan: &LogicalPlan) -> BTreeSet<Source> {
    let mut all = Reached::new();
    let walked = plan.apply_with_subqueries(|node| {
        let below = node.inputs().first().map(|input| (input.schema(), columns(input)));
        let Some((schema, below)) = below else { return Ok(TreeNodeRecursion::Continue) };
        node.apply_expressions(|root| {
            root.apply(|part| {
                let arguments = match part {
                    Expr::AggregateFunction(function) if function.func.name() == "sum" => &function.params.args[..],
                    Expr::WindowFunction(window) if window.fun.name() == "sum" => &window.params.args[..],
                    _ => &[],
                };
                all.extend(arguments.iter().flat_map(|argument| of_one(argument, schema, &below)));
                Ok(TreeNodeRecursion::Continue)
            })
        })
    });
    // The visitor returns no error; were there one, everything would be taken for summed.
    if walked.is_err() { columns(plan).into_iter().flatten().collect() } else { all }
}

/// What reaches each column of a node, in its order.
fn columns(plan: &LogicalPlan) -> Vec<Reached> {
    match plan {
        LogicalPlan::TableScan(scan) => {
            let table = scan.table_name.table();
            let source = |name: &String| Reached::from([(table.to_owned(), name.clone())]);
            scan.projected_schema.fields().iter().map(|field| source(field.name())).collect()
        }
        LogicalPlan::Projection(projection) => of_all(&projection.expr, &projection.input),
        LogicalPlan::Aggregate(aggregate) => {
            let mut all = of_all(&aggregate.group_expr, &aggregate.input);
            all.extend(of_all(&aggregate.aggr_expr, &aggregate.input));
            // A grouping set has one column more, which says which of the sets it is.
            all.resize(aggregate.schema.fields().len(), Reached::new());
            all
        }
        LogicalPlan::Window(window) => [columns(&window.input), of_all(&window.window_expr, &window.input)].concat(),
        LogicalPlan::Join(join) => joined(join),
        LogicalPlan::Union(union) => {
            let mut all = vec![Reached::new(); union.schema.fields().len()];
            for input in &union.inputs {
                all.iter_mut().zip(columns(input)).for_each(|(reached, more)| reached.extend(more));
            }
            all
        }
        LogicalPlan::Unnest(unnest) => unnested(unnest),
        LogicalPlan::EmptyRelation(_) | LogicalPlan::Values(_) => vec![Reached::new(); plan.schema().fields().len()],
        LogicalPlan::SubqueryAlias(alias) => columns(&alias.input),
        LogicalPlan::Filter(filter) => columns(&filter.input),
        LogicalPlan::Sort(sort) => columns(&sort.input),
        LogicalPlan::Limit(limit) => columns(&limit.input),
        LogicalPlan::Repartition(repartition) => columns(&repartition.input),
        LogicalPlan::Distinct(datafusion::logical_expr::Distinct::All(input)) => columns(input),
        // Of any other node nothing is known: everything below it reaches everything.
        other => {
            let all: Reached = other.inputs().into_iter().flat_map(columns).flatten().collect();
            vec![all; other.schema().fields().len()]
        }
    }
}

fn joined(join: &Join) -> Vec<Reached> {
    let (left, right) = (columns(&join.left), columns(&join.right));
    match join.join_type {
        JoinType::LeftSemi | JoinType::LeftAnti => left,
        JoinType::RightSemi | JoinType::RightAnti => right,
        // A mark says whether there is a match.
        JoinType::LeftMark => [left, vec![Reached::new()]].concat(),
        JoinType::RightMark => [right, vec![Reached::new()]].concat(),
        JoinType::Inner | JoinType::Left | JoinType::Right | JoinType::Full => [left, right].concat(),
    }
}

/// An item of a list has what reaches the list.
fn unnested(unnest: &Unnest) -> Vec<Reached> {
    let input = columns(&unnest.input);
    let of = |at: &usize| input.get(*at).cloned().unwrap_or_default();
    unnest.dependency_indices.iter().map(of).collect()
}

fn of_all(expressions: &[Expr], input: &LogicalPlan) -> Vec<Reached> {
    let below = columns(input);
    expressions.iter().map(|expression| of_one(expression, input.schema(), &below)).collect()
}

/// What an expression reads. `below` are the columns of the node under it, in the order of `schema`.
fn of_one(expression: &Expr, schema: &DFSchema, below: &[Reached]) -> Reached {
    let mut reached = Reached::new();
    let visited = expression.apply(|part| {
        match part {
            Expr::Column(column) => {
                let at = schema.index_of_column(column).ok();
                reached.extend(at.and_then(|at| below.get(at)).into_iter().flatten().cloned());
            }
            Expr::ScalarSubquery(query) => reached.extend(columns(&query.subquery).into_iter().flatten()),
            // How many there are, or whether there is one, says nothing of their values.
            Expr::AggregateFunction(function) if function.func.name() == "count" => return Ok(TreeNodeRecursion::Jump),
            Expr::Exists(_) => return Ok(TreeNodeRecursion::Jump),
            Expr::AggregateFunction(function) => {
                reached.extend(function.params.args.iter().flat_map(|argument| of_one(argument, schema, below)));
                return Ok(TreeNodeRecursion::Jump);
            }
            Expr::WindowFunction(window) => {
                if window.fun.name() != "count" {
                    reached.extend(window.params.args.iter().flat_map(|argument| of_one(argument, schema, below)));
                }
                return Ok(TreeNodeRecursion::Jump);
            }
            _ => {}
        }
        Ok(TreeNodeRecursion::Continue)
    });
    // The visitor returns no error; were there one, everything below would reach.
    if visited.is_err() { below.iter().flatten().cloned().collect() } else { reached }
}
