//! The parameters of cost SQL, typed in this one place.

use std::{collections::BTreeSet, ops::ControlFlow};

use arrow::datatypes::DataType;
use datafusion::{
    common::{ParamValues, ScalarValue},
    sql::sqlparser::{
        ast::{Expr, Query, Value, ValueWithSpan, visit_expressions, visit_expressions_mut},
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

/// What cost SQL may ask of the run: `$fiscal_year` SMALLINT, `$period` TINYINT, `$scenario` VARCHAR, `$first_day`
/// and `$as_at` DATE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameters {
    /// By the calendar year in which it starts; `None` where the query is made for everything at once, and names it nowhere.
    pub fiscal_year: Option<i16>,
    /// 1 is April, 13 closing; `None` where the query is made for a year or more at once.
    pub period: Option<i8>,
    pub scenario: String,
    /// The first day of the period, of a closing period its last; `None` as `period`.
    pub first_day: Option<Day>,
    /// The last day of the period; `None` as `period`.
    pub as_at: Option<Day>,
}

const NAMES: [&str; 5] = ["$fiscal_year", "$period", "$scenario", "$first_day", "$as_at"];

impl Parameters {
    /// Whether a parameter, named with its sign, has a value.
    pub(super) fn has(&self, name: &str) -> bool {
        match name {
            "$fiscal_year" => self.fiscal_year.is_some(),
            "$period" => self.period.is_some(),
            "$first_day" => self.first_day.is_some(),
            "$as_at" => self.as_at.is_some(),
            _ => true,
        }
    }

    /// Where nothing is made for a year or period of its own.
    #[must_use]
    pub fn none() -> Self {
        Self { fiscal_year: None, period: None, scenario: "published".to_owned(), first_day: None, as_at: None }
    }
}

/// Leaves parameters where a query names them, each with its type, so that one plan serves many values.
pub(super) fn keep(script: &Script, query: &mut Query) -> Answer<()> {
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

/// A parameter as SQL that has its type; `None` where there is none of this name.
fn typed(name: &str) -> Option<String> {
    let kind = match kind(name)? {
        DataType::Int16 => "SMALLINT",
        DataType::Int8 => "TINYINT",
        DataType::Date32 => "DATE",
        _ => "VARCHAR",
    };
    Some(format!("CAST({name} AS {kind})"))
}

/// The type of a parameter, named with its sign; `None` where there is none of this name.
pub(super) fn kind(name: &str) -> Option<DataType> {
    value(name, &Parameters::none()).map(|value| value.data_type())
}

/// The parameters that a query names, each with its sign: `$period`.
pub(super) fn named(query: &Query) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let _ = visit_expressions(query, |expr| {
        if let Expr::Value(ValueWithSpan { value: Value::Placeholder(name), .. }) = expr {
            names.insert(name.clone());
        }
        ControlFlow::<()>::Continue(())
    });
    names
}

/// The value of a parameter, named with its sign; `None` where there is none of this name.
pub(super) fn value(name: &str, parameters: &Parameters) -> Option<ScalarValue> {
    Some(match name {
        "$fiscal_year" => ScalarValue::Int16(parameters.fiscal_year),
        "$period" => ScalarValue::Int8(parameters.period),
        "$scenario" => ScalarValue::Utf8(Some(parameters.scenario.clone())),
        "$first_day" => ScalarValue::Date32(parameters.first_day.map(|day| day.0)),
        "$as_at" => ScalarValue::Date32(parameters.as_at.map(|day| day.0)),
        _ => return None,
    })
}

/// The values for a plan that [`keep`] made.
pub(super) fn values(parameters: &Parameters) -> ParamValues {
    let named = NAMES.iter().filter_map(|name| Some((name.trim_start_matches('$'), value(name, parameters)?)));
    ParamValues::from(named.collect::<Vec<_>>())
}

fn parsed(sql: &str) -> Option<Expr> {
    Parser::new(&GenericDialect {}).try_with_sql(sql).ok()?.parse_expr().ok()
}
