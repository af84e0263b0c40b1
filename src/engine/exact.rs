//! The rules that keep money exact and types honest, checked on the plan, where every cast is in sight.
//!
//! No float anywhere; no division of money, no product of it with a quantity; nothing loses decimals; text never becomes a number or a date, nor the
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
            let mut sound = true;
            let mut report = |fault, at: Option<Span>| {
                let report = script.at_span(fault, at);
                if !faults.contains(&report) {
                    faults.push(report);
                }
            };
            let walked = root.apply(|expr| {
                let fault = padding(script, expr).or_else(|| if exact { fault(expr, &schema) } else { None });
                let Some(fault) = fault else { return Ok(TreeNodeRecursion::Continue) };
                sound = false;
                report(fault, span(expr).or_else(|| span(root)));
                // What is inside has the same cause.
                Ok(TreeNodeRecursion::Jump)
            });
            if exact
                && sound
                && let Some(fault) = finer(node, root, &schema)
            {
                report(fault, span(root));
            }
            walked.map(|_| TreeNodeRecursion::Continue)
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
            let one = |is: fn(&DataType) -> bool| [left, right].iter().any(|e| e.get_type(schema).is_ok_and(|t| is(&t)));
            one(is_decimal).then(|| {
                let what = if one(is_quantity) && !one(is_money) { "a quantity" } else { "an amount" };
                Diagnostic::new(MONEY, format!("{what} is divided"))
                    .expected("sums, differences and whole multiples of amounts; SQL would cut off what does not divide evenly")
                    .hint("Amounts are apportioned by the kernels of the cost run, which lose no penny.")
            })
        }
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Multiply, right }) => {
            let kind = |e: &Expr| e.get_type(schema).ok();
            let of = |money: &Expr, quantity: &Expr| {
                kind(money).is_some_and(|t| is_money(&t)) && kind(quantity).is_some_and(|t| is_quantity(&t))
            };
            (of(left, right) || of(right, left)).then(by_quantity)
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

/// Why an amount may not be multiplied by a quantity.
fn by_quantity() -> Diagnostic {
    Diagnostic::new(MONEY, "an amount is multiplied by a quantity, a DECIMAL(18,6)")
        .expected("sums, differences and whole multiples of amounts; SQL would leave a part of a penny in every row")
        .hint(
            "Amounts by rates are made by the kernels of the cost run, once for each cell, so that the parts sum to the whole. \
             Compare, add and show quantities as they are.",
        )
}

/// Why an expression that a query gives may not be: it holds pounds, and has more decimals than pence have. So no amount passes for a
/// quantity, neither by `amount * 0.5` nor by a sum, a CASE or a UNION of amounts and quantities. Comparisons are as exact as they are.
fn finer(node: &LogicalPlan, root: &Expr, schema: &DFSchema) -> Option<Diagnostic> {
    if !matches!(node, LogicalPlan::Projection(_) | LogicalPlan::Aggregate(_) | LogicalPlan::Window(_)) {
        return None;
    }
    let kind = root.get_type(schema).ok()?;
    let finer = matches!(Class::of(&kind), Class::Decimal(scale) if scale > 2) && holds_money(root, schema);
    finer.then(|| {
        Diagnostic::new(MONEY, format!("an amount becomes {}, which has more decimals than pence", type_name(&kind)))
            .expected("amounts by themselves, with two decimals, and quantities by themselves")
            .hint("An amount has two decimals: multiply amounts by whole numbers only, and give quantities columns of their own.")
    })
}

/// Whether pounds flow into the value of an expression: not where they are only compared or counted.
fn holds_money(expr: &Expr, schema: &DFSchema) -> bool {
    let any = |list: &[Expr]| list.iter().any(|e| holds_money(e, schema));
    match expr {
        Expr::Column(_) | Expr::ScalarSubquery(_) | Expr::OuterReferenceColumn(..) => expr.get_type(schema).is_ok_and(|t| is_money(&t)),
        Expr::Alias(alias) => holds_money(&alias.expr, schema),
        Expr::Cast(cast) => holds_money(&cast.expr, schema),
        Expr::Negative(inner) => holds_money(inner, schema),
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Plus | Operator::Minus | Operator::Multiply | Operator::Divide, right }) => {
            holds_money(left, schema) || holds_money(right, schema)
        }
        Expr::Case(case) => {
            case.when_then_expr.iter().any(|(_, then)| holds_money(then, schema))
                || case.else_expr.as_ref().is_some_and(|e| holds_money(e, schema))
        }
        Expr::ScalarFunction(call) => any(&call.args),
        Expr::AggregateFunction(call) => call.func.name() != "count" && any(&call.params.args),
        Expr::WindowFunction(call) => call.fun.name() != "count" && any(&call.params.args),
        _ => false,
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
    decimals(kind).is_some()
}

/// Decimals of a decimal type.
pub(super) fn decimals(kind: &DataType) -> Option<i8> {
    if let Class::Decimal(decimals) = Class::of(kind) { Some(decimals) } else { None }
}

/// Pounds, or a sum of them: two decimals, and the digits of a column. A number that is written out has only its own few digits.
pub(super) fn is_money(kind: &DataType) -> bool {
    decimal_of(kind).is_some_and(|(digits, decimals)| digits >= DIGITS && (1..=2).contains(&decimals))
}

/// A quantity, or a sum or product of such.
fn is_quantity(kind: &DataType) -> bool {
    decimal_of(kind).is_some_and(|(digits, decimals)| digits >= DIGITS && decimals > 2)
}

/// Digits of the decimals that tables hold.
const DIGITS: u8 = 18;

fn decimal_of(kind: &DataType) -> Option<(u8, i8)> {
    match kind {
        DataType::Decimal32(p, s) | DataType::Decimal64(p, s) | DataType::Decimal128(p, s) | DataType::Decimal256(p, s) => Some((*p, *s)),
        _ => None,
    }
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
