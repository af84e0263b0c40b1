//! Feed SQL is a projection: a row of the extract becomes one row (with `rows: many`, several), and none is lost.
//!
//! The text is looked at first, because there every fault has a place; then the plan, which is the authority.

use std::{collections::BTreeSet, ops::ControlFlow};

use datafusion::{
    common::tree_node::TreeNodeRecursion,
    logical_expr::LogicalPlan,
    sql::sqlparser::ast::{Distinct, Expr, GroupByExpr, Query, Select, SetExpr, SetOperator, SetQuantifier, Spanned, Visit, Visitor},
};

use super::{
    names::normal,
    script::Script,
    session::{Use, state},
};
use crate::diagnostic::{Answer, Diagnostic, Refusal, codes::sql::SHAPE};

/// Refuses everything in the text that is not a projection; all faults at once.
pub(super) fn check_text(script: &Script, query: &Query, rows_many: bool) -> Answer<()> {
    let mut look = Look { script, rows_many, faults: Vec::new() };
    let _ = query.visit(&mut look);
    if look.faults.is_empty() { Ok(()) } else { Err(Refusal(look.faults)) }
}

/// Refuses every node of the plan that is not part of a projection of `extract`.
pub(super) fn check_plan(script: &Script, plan: &LogicalPlan, rows_many: bool) -> Answer<()> {
    let mut refused = None;
    let walked = plan.apply_with_subqueries(|node| {
        refused = match node {
            LogicalPlan::Projection(_) | LogicalPlan::SubqueryAlias(_) | LogicalPlan::TableScan(_) => None,
            LogicalPlan::Union(_) => (!rows_many).then_some("UNION ALL"),
            LogicalPlan::Unnest(_) => (!rows_many).then_some("unnest"),
            LogicalPlan::Filter(_) => Some("a filter"),
            LogicalPlan::Join(_) => Some("a join"),
            LogicalPlan::Aggregate(_) => Some("an aggregate"),
            LogicalPlan::Distinct(_) => Some("DISTINCT"),
            LogicalPlan::Window(_) => Some("a window function"),
            LogicalPlan::Limit(_) => Some("LIMIT"),
            LogicalPlan::Sort(_) => Some("ORDER BY"),
            LogicalPlan::Subquery(_) => Some("a subquery"),
            LogicalPlan::EmptyRelation(_) | LogicalPlan::Values(_) => Some("a row that is not of the extract"),
            _ => Some("something else than a projection"),
        };
        Ok(if refused.is_some() { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    });
    walked.map_err(|e| script.fault(&e))?;
    match refused {
        None => Ok(()),
        Some(what) => Err(script.at(report(what), datafusion::sql::sqlparser::tokenizer::Span::empty()).into()),
    }
}

/// Every name of a column that stands in an expression of the query, as SQL reads it.
pub(super) fn names_read(query: &Query) -> BTreeSet<String> {
    let mut found = Names::default();
    let _ = query.visit(&mut found);
    found.0
}

#[derive(Default)]
struct Names(BTreeSet<String>);

impl Visitor for Names {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        let last = match expr {
            Expr::Identifier(name) => Some(name),
            Expr::CompoundIdentifier(parts) => parts.last(),
            _ => None,
        };
        self.0.extend(last.map(normal));
        ControlFlow::Continue(())
    }
}

fn report(what: &str) -> Diagnostic {
    let hint = match what {
        "a filter" => "Rows leave only by declaration: use `not_data` or `footer` in the contract, so that they are counted.",
        "UNION ALL" | "unnest" => "Say `rows: many` in the feed's YAML if each record of the file stands for several rows.",
        "a join" | "a subquery" | "another table" => "Join in cost SQL (pipelines/cost), where reference tables can be read.",
        "an aggregate" | "DISTINCT" => "Keep every row as it came; sum in cost SQL (pipelines/cost).",
        "ORDER BY" | "LIMIT" => "Rows stay in the order of the file, all of them.",
        _ => "Write SELECT … FROM extract.",
    };
    Diagnostic::new(SHAPE, format!("feed SQL holds {what}"))
        .expected("a projection: SELECT of columns and expressions FROM extract, row by row")
        .hint(hint)
}

struct Look<'a> {
    script: &'a Script<'a>,
    rows_many: bool,
    faults: Vec<Diagnostic>,
}

impl Look<'_> {
    fn refuse(&mut self, what: &str, node: &impl Spanned) {
        self.faults.push(self.script.at_node(report(what), node));
    }

    fn body(&mut self, body: &SetExpr) {
        match body {
            SetExpr::SetOperation { left, op, set_quantifier, right } => {
                let keeps_all = *op == SetOperator::Union && *set_quantifier == SetQuantifier::All;
                match (keeps_all, self.rows_many) {
                    (true, true) => {}
                    (true, false) => self.refuse("UNION ALL", right.as_ref()),
                    (false, _) => self.refuse("a set operation that drops rows", right.as_ref()),
                }
                self.body(left);
                self.body(right);
            }
            SetExpr::Values(_) => self.refuse("a row that is not of the extract", body),
            _ => {}
        }
    }

    fn clauses(&mut self, select: &Select) {
        match &select.distinct {
            Some(Distinct::Distinct | Distinct::On(_)) => self.refuse("DISTINCT", select),
            Some(Distinct::All) | None => {}
        }
        for filter in [&select.selection, &select.prewhere, &select.having, &select.qualify].into_iter().flatten() {
            self.refuse("a filter", filter);
        }
        let grouped = match &select.group_by {
            GroupByExpr::All(_) => true,
            GroupByExpr::Expressions(keys, more) => !keys.is_empty() || !more.is_empty(),
        };
        if grouped {
            self.refuse("an aggregate", &select.group_by);
        }
        if select.top.is_some() {
            self.refuse("LIMIT", select);
        }
        for order in &select.sort_by {
            self.refuse("ORDER BY", &order.expr);
        }
    }

    fn from(&mut self, select: &Select) {
        let Some((first, others)) = select.from.split_first() else {
            return self.refuse("a row that is not of the extract", select);
        };
        for other in others {
            self.refuse("a join", &other.relation);
        }
        for join in &first.joins {
            self.refuse("a join", &join.relation);
        }
    }
}

impl Visitor for Look<'_> {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        if let Some(order) = &query.order_by {
            self.refuse("ORDER BY", order);
        }
        if query.limit_clause.is_some() || query.fetch.is_some() {
            self.refuse("LIMIT", query);
        }
        self.body(&query.body);
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<()> {
        self.clauses(select);
        self.from(select);
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        match expr {
            Expr::Subquery(_) | Expr::Exists { .. } | Expr::InSubquery { .. } => self.refuse("a subquery", expr),
            Expr::Function(function) if function.over.is_some() => self.refuse("a window function", expr),
            Expr::Function(function) if state(Use::Feed).aggregate_functions().contains_key(&function.name.to_string().to_lowercase()) => {
                self.refuse("an aggregate", expr);
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }
}
