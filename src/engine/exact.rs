//! The rules that keep money exact and types honest, checked on the plan, where every cast is in sight.
//!
//! No float anywhere; no division of money; nothing loses decimals; text never becomes a number or a date, nor the
//! other way: the decoder has typed the data by its contract, and a second opinion in SQL would be a guess.

use arrow::datatypes::{DataType, TimeUnit};
use datafusion::{
    common::{
        Column, DFSchema, ScalarValue, Span,
        tree_node::{TreeNode, TreeNodeRecursion},
    },
    logical_expr::{BinaryExpr, Expr, ExprSchemable, LogicalPlan, Operator, utils::merge_schema},
};

use super::{script::Script, session::ORDERED_AGGREGATES};
use crate::diagnostic::{
    Answer, Diagnostic, Refusal,
    codes::sql::{MONEY, TYPES},
};

/// Characters to which a text may be padded.
const WIDEST_PAD: i64 = 1_000;

/// Checks every expression of an analysed plan of the partnership's SQL.
pub(super) fn check(script: &Script, plan: &LogicalPlan) -> Answer<()> {
    walk(script, plan, true)
}

/// Checks what holds for questions too: nothing grows without bound.
pub(super) fn check_question(script: &Script, plan: &LogicalPlan) -> Answer<()> {
    walk(script, plan, false)
}

fn walk(script: &Script, plan: &LogicalPlan, exact: bool) -> Answer<()> {
    let mut faults: Vec<Diagnostic> = Vec::new();
    let walked = plan.apply_with_subqueries(|node| {
        let schema = merge_schema(&node.inputs());
        node.apply_expressions(|root| {
            root.apply(|expr| {
                let fault = padding(script, expr).or_else(|| if exact { fault(expr, &schema) } else { None });
                let Some(fault) = fault else { return Ok(TreeNodeRecursion::Continue) };
                let report = script.at_span(fault, span(expr).or_else(|| span(root)));
                if !faults.contains(&report) {
                    faults.push(report);
                }
                // What is inside has the same cause.
                Ok(TreeNodeRecursion::Jump)
            })
        })
    });
    walked.map_err(|e| script.fault(&e))?;
    if faults.is_empty() { Ok(()) } else { Err(Refusal(faults)) }
}

fn fault(expr: &Expr, schema: &DFSchema) -> Option<Diagnostic> {
    match expr {
        Expr::TryCast(_) => Some(
            Diagnostic::new(TYPES, "TRY_CAST turns what does not fit into nothing")
                .expected("values that do not fit to be reported, not lost")
                .hint("Use the column as its contract types it; declare the format in the contract."),
        ),
        Expr::Cast(cast) => {
            let from = cast.expr.get_type(schema).ok()?;
            let literal = matches!(cast.expr.as_ref(), Expr::Literal(..));
            cast_fault(&from, cast.field.data_type(), literal)
        }
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Divide, right }) => {
            let money = |e: &Expr| e.get_type(schema).is_ok_and(|t| is_decimal(&t));
            (money(left) || money(right)).then(|| {
                Diagnostic::new(MONEY, "an amount is divided")
                    .expected("sums, differences and whole multiples of amounts; SQL would cut off what does not divide evenly")
                    .hint("Amounts are apportioned by the kernels of the cost run, which lose no penny.")
            })
        }
        Expr::AggregateFunction(call) if ORDERED_AGGREGATES.contains(&call.func.name()) && call.params.order_by.is_empty() => Some(
            Diagnostic::new(
                TYPES,
                format!("`{}` without an order of its own gives one result today and another tomorrow", call.func.name()),
            )
            .expected("an ORDER BY inside its brackets")
            .hint(format!("Write `{}(code ORDER BY code)`.", call.func.name())),
        ),
        _ => {
            let kind = expr.get_type(schema).ok()?;
            is_float(&kind).then(|| {
                Diagnostic::new(MONEY, "this gives a floating-point number, which cannot hold pence exactly")
                    .expected("decimals and integers")
                    .hint("Write decimals as they are (`0.01` is exact), and leave out functions that give fractions.")
            })
        }
    }
}

fn padding(script: &Script, expr: &Expr) -> Option<Diagnostic> {
    let Expr::ScalarFunction(call) = expr else { return None };
    if !matches!(call.name(), "lpad" | "rpad") {
        return None;
    }
    let width = match call.args.get(1).map(uncast) {
        Some(Expr::Literal(ScalarValue::Int64(Some(n)), _)) => *n,
        Some(Expr::Literal(ScalarValue::Int32(Some(n)), _)) => i64::from(*n),
        _ => i64::MAX,
    };
    (width > WIDEST_PAD).then(|| {
        Diagnostic::new(script.voice.types, format!("`{}` needs its length as a number of at most {WIDEST_PAD}", call.name()))
            .hint(format!("Write it as in `{}(code, 6, '0')`.", call.name()))
    })
}

fn uncast(expr: &Expr) -> &Expr {
    match expr {
        Expr::Cast(cast) => uncast(&cast.expr),
        other => other,
    }
}

/// Why a value of one type must not be cast to another; `None` where nothing can be lost unseen.
fn cast_fault(from: &DataType, to: &DataType, literal: bool) -> Option<Diagnostic> {
    use Class::{Boolean, Decimal, Float, Instant, Integer, List, Null, Other, Text};
    let (source, target) = (Class::of(from), Class::of(to));
    let lossless = match (&source, &target) {
        (Null, _) | (Text, Text) | (Integer, Integer | Decimal(_)) | (Boolean, Boolean | Integer) | (Instant, Instant) => true,
        // A date can only be written as text.
        (Text, Instant) => literal,
        (Decimal(have), Decimal(get)) => get >= have,
        (List(a), List(b)) => return cast_fault(a, b, literal),
        (Other, Other) => from == to,
        _ => false,
    };
    if lossless {
        return None;
    }
    let (have, get) = (type_name(from), type_name(to));
    Some(match (source, target) {
        (Float, _) | (_, Float) => Diagnostic::new(MONEY, format!("{have} becomes {get}: a floating-point number cannot hold pence exactly"))
            .expected("decimals and integers"),
        (Decimal(_), Decimal(_) | Integer) => {
            Diagnostic::new(MONEY, format!("{have} becomes {get}, which has fewer decimals")).expected("a type with at least as many decimals")
        }
        (Text, _) | (_, Text) => Diagnostic::new(TYPES, format!("{have} becomes {get}"))
            .expected("text to stay text, and numbers and dates to stay what the contract makes them")
            .hint("Give the column its type and format in the contract: the decoder reads it exactly. Compare text with text, as in `account = '123'`."),
        _ => Diagnostic::new(TYPES, format!("{have} becomes {get}")).expected("a cast that cannot lose anything"),
    })
}

enum Class<'a> {
    Null,
    Text,
    Integer,
    /// With its number of decimals.
    Decimal(i8),
    Float,
    Boolean,
    Instant,
    List(&'a DataType),
    Other,
}

impl<'a> Class<'a> {
    fn of(kind: &'a DataType) -> Self {
        match kind {
            DataType::Null => Self::Null,
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Self::Text,
            DataType::Dictionary(_, value) => Self::of(value),
            DataType::Decimal32(_, s) | DataType::Decimal64(_, s) | DataType::Decimal128(_, s) | DataType::Decimal256(_, s) => {
                Self::Decimal(*s)
            }
            DataType::Boolean => Self::Boolean,
            DataType::Date32 | DataType::Date64 | DataType::Timestamp(..) | DataType::Interval(_) | DataType::Duration(_) => Self::Instant,
            DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => Self::List(item.data_type()),
            other if other.is_integer() => Self::Integer,
            other if is_float(other) => Self::Float,
            _ => Self::Other,
        }
    }
}

pub(super) fn is_decimal(kind: &DataType) -> bool {
    matches!(Class::of(kind), Class::Decimal(_))
}

pub(super) fn is_float(kind: &DataType) -> bool {
    match kind {
        DataType::Float16 | DataType::Float32 | DataType::Float64 => true,
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => is_float(item.data_type()),
        _ => false,
    }
}

/// Where the first column of an expression is written.
fn span(expr: &Expr) -> Option<Span> {
    let mut found = None;
    let _ = expr.apply(|e| {
        if let Expr::Column(Column { spans, .. }) = e {
            found = spans.first();
        }
        Ok(if found.is_some() { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    });
    found
}

/// A type as contracts spell it.
pub(super) fn type_name(kind: &DataType) -> String {
    match kind {
        DataType::Null => "NULL".to_owned(),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "VARCHAR".to_owned(),
        DataType::Dictionary(_, value) => type_name(value),
        DataType::Decimal32(p, s) | DataType::Decimal64(p, s) | DataType::Decimal128(p, s) | DataType::Decimal256(p, s) => {
            format!("DECIMAL({p},{s})")
        }
        DataType::Boolean => "BOOLEAN".to_owned(),
        DataType::Date32 | DataType::Date64 => "DATE".to_owned(),
        DataType::Timestamp(TimeUnit::Microsecond, Some(_)) => "timestamp_tz".to_owned(),
        DataType::Timestamp(..) => "TIMESTAMP".to_owned(),
        DataType::Interval(_) | DataType::Duration(_) => "INTERVAL".to_owned(),
        DataType::Int8 => "TINYINT".to_owned(),
        DataType::Int16 => "SMALLINT".to_owned(),
        DataType::Int32 => "INTEGER".to_owned(),
        DataType::Int64 => "BIGINT".to_owned(),
        DataType::UInt8 | DataType::UInt16 | DataType::UInt32 | DataType::UInt64 => "UBIGINT".to_owned(),
        DataType::Float16 | DataType::Float32 | DataType::Float64 => "DOUBLE".to_owned(),
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => format!("{}[]", type_name(item.data_type())),
        other => other.to_string(),
    }
}
