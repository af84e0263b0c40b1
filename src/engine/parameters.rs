//! The parameters of cost SQL, typed in this one place.

use std::ops::ControlFlow;

use datafusion::{
    common::{ParamValues, ScalarValue},
    sql::sqlparser::{
        ast::{Expr, Query, Value, ValueWithSpan, visit_expressions_mut},
        dialect::GenericDialect,
        parser::Parser,
    },
};

use super::{
    fault::{did_you_mean, listed},
    script::Script,
};
use crate::{
    diagnostic::{Answer, Diagnostic, Refusal, codes::sql::NAME},
    domain::Day,
};

/// What cost SQL may ask of the run: `$fiscal_year` SMALLINT, `$period` TINYINT, `$scenario` VARCHAR, `$as_at` DATE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameters {
    pub fiscal_year: i16,
    pub period: i8,
    pub scenario: String,
    pub as_at: Day,
}

const NAMES: [&str; 4] = ["$fiscal_year", "$period", "$scenario", "$as_at"];

impl Parameters {
    /// Values of the right types, for planning.
    pub(super) fn any() -> Self {
        Self { fiscal_year: 2000, period: 1, scenario: String::new(), as_at: Day(0) }
    }

    /// A parameter as SQL that has its type.
    fn literal(&self, name: &str) -> Option<String> {
        Some(match name {
            "$fiscal_year" => format!("CAST({} AS SMALLINT)", self.fiscal_year),
            "$period" => format!("CAST({} AS TINYINT)", self.period),
            "$scenario" => format!("'{}'", self.scenario.replace('\'', "''")),
            "$as_at" => format!("DATE '{}'", self.as_at),
            _ => return None,
        })
    }
}

/// Puts values where a query names parameters.
pub(super) fn fill(script: &Script, query: &mut Query, parameters: &Parameters) -> Answer<()> {
    type_each(script, query, |name| parameters.literal(name))
}

/// Leaves parameters where a query names them, each with its type, so that one plan serves many values.
pub(super) fn keep(script: &Script, query: &mut Query) -> Answer<()> {
    type_each(script, query, |name| {
        let kind = match name {
            "$fiscal_year" => "SMALLINT",
            "$period" => "TINYINT",
            "$scenario" => "VARCHAR",
            "$as_at" => "DATE",
            _ => return None,
        };
        Some(format!("CAST({name} AS {kind})"))
    })
}

/// The values for a plan that [`keep`] made.
pub(super) fn values(parameters: &Parameters) -> ParamValues {
    ParamValues::from(vec![
        ("fiscal_year", ScalarValue::Int16(Some(parameters.fiscal_year))),
        ("period", ScalarValue::Int8(Some(parameters.period))),
        ("scenario", ScalarValue::Utf8(Some(parameters.scenario.clone()))),
        ("as_at", ScalarValue::Date32(Some(parameters.as_at.0))),
    ])
}

/// Puts SQL of the right type where a query names parameters.
fn type_each(script: &Script, query: &mut Query, typed: impl Fn(&str) -> Option<String>) -> Answer<()> {
    let mut faults = Vec::new();
    let _ = visit_expressions_mut(query, |expr| {
        if let Expr::Value(ValueWithSpan { value: Value::Placeholder(name), span }) = expr {
            match typed(name).and_then(|sql| parsed(&sql)) {
                Some(sql) => *expr = sql,
                None => faults.push(
                    script.at(
                        Diagnostic::new(NAME, format!("there is no parameter `{name}`"))
                            .expected(format!("one of {}", listed(&NAMES)))
                            .hint(did_you_mean(name, NAMES.into_iter())),
                        *span,
                    ),
                ),
            }
        }
        ControlFlow::<()>::Continue(())
    });
    if faults.is_empty() { Ok(()) } else { Err(Refusal(faults)) }
}

fn parsed(sql: &str) -> Option<Expr> {
    Parser::new(&GenericDialect {}).try_with_sql(sql).ok()?.parse_expr().ok()
}
