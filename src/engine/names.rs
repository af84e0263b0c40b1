//! What a query can name: the tables it was given and the functions of its session.

use std::{collections::BTreeSet, ops::ControlFlow, sync::Arc};

use arrow::datatypes::DataType;
use datafusion::{
    common::{DataFusionError, TableReference, plan_datafusion_err},
    config::ConfigOptions,
    execution::SessionState,
    logical_expr::{
        AggregateUDF, HigherOrderUDF, LogicalPlan, ScalarUDF, TableSource, WindowUDF,
        planner::{ContextProvider, ExprPlanner},
    },
    sql::{
        parser::Statement as ParsedStatement,
        planner::SqlToRel,
        resolve::resolve_table_references,
        sqlparser::ast::{
            Expr, Ident, ObjectName, ObjectNamePart, Query, Select, SelectItem, SetExpr, Statement, TableFactor, Value, ValueWithSpan,
            Visit, Visitor,
        },
    },
};

use super::{
    fault::{did_you_mean, listed},
    script::Script,
    session::{Use, state, why_not},
};
use crate::diagnostic::{Answer, Diagnostic, Refusal};

/// Finds the table of a name as written, `account` or `reference.account`.
pub(super) trait Directory {
    fn find(&self, name: &str) -> Option<Arc<dyn TableSource>>;
    /// Names as one would write them.
    fn names(&self) -> Vec<String>;
    /// Schema in which a name without one is looked up.
    fn default_schema(&self) -> Option<&str> {
        None
    }
}

/// Plans the query against the tables of `directory` and the functions of `used`. Types are not coerced yet.
pub(super) fn plan(script: &Script, query: Box<Query>, directory: &dyn Directory, used: Use) -> Answer<LogicalPlan> {
    // Only the cost run's own SQL has parameters, and they have been typed before.
    let names = Names { state: state(used), directory, parameters: used == Use::Cost };
    names.check(script, &query)?;
    let planner = SqlToRel::new(&names);
    planner.sql_statement_to_plan(Statement::Query(query)).map_err(|e| script.fault(&e).into())
}

/// Tables that a query reads, as written, common table expressions left out.
pub(super) fn tables_read(script: &Script, query: &Query) -> Answer<BTreeSet<String>> {
    let statement = ParsedStatement::Statement(Box::new(Statement::Query(Box::new(query.clone()))));
    let (tables, _) = resolve_table_references(&statement, true).map_err(|e| script.fault(&e))?;
    Ok(tables.iter().map(ToString::to_string).collect())
}

struct Names<'a> {
    state: &'static SessionState,
    directory: &'a dyn Directory,
    parameters: bool,
}

impl Names<'_> {
    fn source(&self, name: &TableReference) -> Option<Arc<dyn TableSource>> {
        let written = match name {
            TableReference::Bare { table } => table.to_string(),
            TableReference::Partial { schema, table } => format!("{schema}.{table}"),
            TableReference::Full { .. } => return None,
        };
        self.directory.find(&written).or_else(|| match (name, self.directory.default_schema()) {
            (TableReference::Bare { table }, Some(schema)) => self.directory.find(&format!("{schema}.{table}")),
            _ => None,
        })
    }

    /// Reports every table and function that is not there, before planning stops at the first.
    fn check(&self, script: &Script, query: &Query) -> Answer<()> {
        let statement = ParsedStatement::Statement(Box::new(Statement::Query(Box::new(query.clone()))));
        let (tables, _) = resolve_table_references(&statement, true).map_err(|e| script.fault(&e))?;
        let missing: BTreeSet<String> = tables.iter().filter(|t| self.source(t).is_none()).map(ToString::to_string).collect();
        let mut walk = Walk { names: self, script, missing, faults: Vec::new() };
        let _ = query.visit(&mut walk);
        let Walk { missing, mut faults, .. } = walk;
        faults.extend(
            missing.iter().map(|name| script.at(self.no_table(script, name), datafusion::sql::sqlparser::tokenizer::Span::empty())),
        );
        if faults.is_empty() { Ok(()) } else { Err(Refusal(faults)) }
    }

    fn no_table(&self, script: &Script, name: &str) -> Diagnostic {
        let names = self.directory.names();
        // The default schema is left out of names, and may be written.
        let bare = self.directory.default_schema().and_then(|schema| name.strip_prefix(schema)?.strip_prefix('.'));
        let hint = did_you_mean(bare.unwrap_or(name), names.iter().map(String::as_str));
        let file = name.contains(['/', '\\', '*', ':']);
        let seen = if file {
            format!("`{name}` looks like a file or an address; SQL reads tables only")
        } else {
            format!("there is no table `{name}`")
        };
        Diagnostic::new(script.voice.name, seen)
            .expected(if names.is_empty() { String::new() } else { format!("one of {}", listed(&names)) })
            .outcome(script.voice.outcome)
            .hint(hint)
    }

    fn no_function(&self, script: &Script, name: &str) -> Diagnostic {
        let known = self.udf_names().into_iter().chain(self.udaf_names()).chain(self.udwf_names()).collect::<BTreeSet<_>>();
        let offered_to_questions =
            state(Use::Question).scalar_functions().contains_key(name) || state(Use::Question).aggregate_functions().contains_key(name);
        let why = why_not(name).or_else(|| offered_to_questions.then_some("its results are not exact"));
        let (seen, hint) = match why {
            Some(why) => (format!("the function `{name}` is not offered: {why}"), String::new()),
            None => (format!("there is no function `{name}`"), did_you_mean(name, known.iter().map(String::as_str))),
        };
        Diagnostic::new(script.voice.name, seen).outcome(script.voice.outcome).hint(hint)
    }

    fn has_function(&self, name: &str) -> bool {
        self.state.scalar_functions().contains_key(name)
            || self.state.aggregate_functions().contains_key(name)
            || self.state.window_functions().contains_key(name)
            || matches!(name, "unnest" | "array_construct")
    }
}

/// Looks at every name of a query.
struct Walk<'a> {
    names: &'a Names<'a>,
    script: &'a Script<'a>,
    missing: BTreeSet<String>,
    faults: Vec<Diagnostic>,
}

impl Walk<'_> {
    fn fault_at(&mut self, report: Diagnostic, ident: Option<&Ident>) -> ControlFlow<()> {
        let span = ident.map_or_else(datafusion::sql::sqlparser::tokenizer::Span::empty, |i| i.span);
        self.faults.push(self.script.at(report, span));
        ControlFlow::Continue(())
    }

    fn function(&mut self, name: &ObjectName) -> ControlFlow<()> {
        let ident = last_ident(name);
        let word = ident.map(|i| i.value.to_lowercase()).unwrap_or_default();
        if name.0.len() == 1 && self.names.has_function(&word) {
            return ControlFlow::Continue(());
        }
        let report = self.names.no_function(self.script, &word);
        self.fault_at(report, ident)
    }

    fn refuse(&mut self, what: &str, ident: Option<&Ident>) -> ControlFlow<()> {
        let report =
            Diagnostic::new(self.script.voice.several, format!("{what} is not part of a query here")).outcome(self.script.voice.outcome);
        self.fault_at(report, ident)
    }
}

impl Visitor for Walk<'_> {
    type Break = ();

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<()> {
        let written = relation.0.iter().filter_map(ObjectNamePart::as_ident).map(normal).collect::<Vec<_>>().join(".");
        if self.missing.remove(&written) {
            let report = self.names.no_table(self.script, &written);
            let ident = last_ident(relation);
            if let Some(ident) = ident.filter(|i| i.quote_style == Some('\'')) {
                self.faults.push(self.script.at(report, self.script.quoted(&ident.value)));
                return ControlFlow::Continue(());
            }
            return self.fault_at(report, ident);
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        match factor {
            TableFactor::Table { name, args: Some(_), .. } | TableFactor::Function { name, .. } => {
                let word = last_ident(name).map(|i| i.value.to_lowercase()).unwrap_or_default();
                self.missing.remove(&word);
                let why = why_not(&word).unwrap_or("a query reads tables, and functions do not stand for tables");
                let report = Diagnostic::new(self.script.voice.name, format!("the table function `{word}` is not offered: {why}"))
                    .outcome(self.script.voice.outcome);
                self.fault_at(report, last_ident(name))
            }
            TableFactor::TableFunction { .. } => self.refuse("a table function", None),
            TableFactor::Table { sample: Some(_), name, .. } => self.refuse("a sample", last_ident(name)),
            _ => ControlFlow::Continue(()),
        }
    }

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        if !query.locks.is_empty() || query.settings.is_some() || query.format_clause.is_some() || query.for_clause.is_some() {
            let _ = self.refuse("FOR, SETTINGS or FORMAT", None);
        }
        self.body(&query.body)
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<()> {
        if select.into.is_some() {
            let report = Diagnostic::new(self.script.voice.several, "SELECT INTO writes a table; a query only reads")
                .outcome(self.script.voice.outcome);
            self.faults.push(self.script.at_node(report, select));
        }
        let mut named = BTreeSet::new();
        for ident in select.projection.iter().filter_map(output_name) {
            if !named.insert(normal(ident)) {
                let report = Diagnostic::new(self.script.voice.name, format!("the column `{}` is named twice", normal(ident)))
                    .outcome(self.script.voice.outcome);
                self.faults.push(self.script.at(report, ident.span));
            }
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        match expr {
            Expr::Function(function) => self.function(&function.name),
            Expr::Value(ValueWithSpan { value: Value::Placeholder(name), span }) if !self.names.parameters => {
                let report = Diagnostic::new(self.script.voice.name, format!("there is no parameter `{name}` here"))
                    .outcome(self.script.voice.outcome);
                self.faults.push(self.script.at(report, *span));
                ControlFlow::Continue(())
            }
            _ => ControlFlow::Continue(()),
        }
    }
}

impl Walk<'_> {
    fn body(&mut self, body: &SetExpr) -> ControlFlow<()> {
        match body {
            SetExpr::Select(_) | SetExpr::Query(_) | SetExpr::Values(_) => ControlFlow::Continue(()),
            SetExpr::SetOperation { left, right, .. } => {
                self.body(left)?;
                self.body(right)
            }
            SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) => {
                let report =
                    Diagnostic::new(self.script.voice.several, "this changes data; a query only reads").outcome(self.script.voice.outcome);
                self.faults.push(self.script.at_node(report, body));
                ControlFlow::Continue(())
            }
            SetExpr::Table(_) => self.refuse("TABLE", None),
        }
    }
}

/// The name of an output column, where one is written.
fn output_name(item: &SelectItem) -> Option<&Ident> {
    match item {
        SelectItem::ExprWithAlias { alias: name, .. } | SelectItem::UnnamedExpr(Expr::Identifier(name)) => Some(name),
        _ => None,
    }
}

fn last_ident(name: &ObjectName) -> Option<&Ident> {
    name.0.last().and_then(ObjectNamePart::as_ident)
}

pub(super) fn normal(ident: &Ident) -> String {
    if ident.quote_style.is_some() { ident.value.clone() } else { ident.value.to_lowercase() }
}

impl ContextProvider for Names<'_> {
    fn get_table_source(&self, name: TableReference) -> Result<Arc<dyn TableSource>, DataFusionError> {
        self.source(&name).ok_or_else(|| plan_datafusion_err!("there is no table {name}"))
    }

    fn create_cte_work_table(&self, name: &str, schema: arrow::datatypes::SchemaRef) -> Result<Arc<dyn TableSource>, DataFusionError> {
        Ok(super::table::work_table(name, schema))
    }

    fn get_expr_planners(&self) -> &[Arc<dyn ExprPlanner>] {
        self.state.expr_planners()
    }

    fn get_function_meta(&self, name: &str) -> Option<Arc<ScalarUDF>> {
        self.state.scalar_functions().get(name).cloned()
    }

    fn get_higher_order_meta(&self, _name: &str) -> Option<Arc<HigherOrderUDF>> {
        None
    }

    fn get_aggregate_meta(&self, name: &str) -> Option<Arc<AggregateUDF>> {
        self.state.aggregate_functions().get(name).cloned()
    }

    fn get_window_meta(&self, name: &str) -> Option<Arc<WindowUDF>> {
        self.state.window_functions().get(name).cloned()
    }

    fn get_variable_type(&self, _names: &[String]) -> Option<DataType> {
        None
    }

    fn options(&self) -> &ConfigOptions {
        self.state.config_options()
    }

    fn udf_names(&self) -> Vec<String> {
        self.state.scalar_functions().keys().cloned().collect()
    }

    fn higher_order_function_names(&self) -> Vec<String> {
        Vec::new()
    }

    fn udaf_names(&self) -> Vec<String> {
        self.state.aggregate_functions().keys().cloned().collect()
    }

    fn udwf_names(&self) -> Vec<String> {
        self.state.window_functions().keys().cloned().collect()
    }
}
