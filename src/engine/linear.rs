//! Which money columns of an extract feed a column of feed SQL, and how often: read out of the analysed plan, where every name is resolved
//! and every cast is in sight. Nothing is guessed: what is no sum of columns is said to be none.

use datafusion::{
    common::{Column, DFSchema, ScalarValue, Span},
    logical_expr::{BinaryExpr, Expr, LogicalPlan, Operator, Unnest},
};

use crate::{
    domain::Identifier,
    schema::{Found, MOST_ROWS},
};

/// A column of the extract and the whole number by which it is multiplied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub column: Identifier,
    pub times: i128,
    /// Where it is written.
    pub span: Option<Span>,
}

/// What stands there instead of a sum of columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NoSum {
    pub what: String,
    pub span: Option<Span>,
}

/// For each row that a record becomes, the columns that are added up.
pub(super) type Sums = Vec<Vec<Part>>;

/// The sums behind an output column of a plan that `shape` has checked; `None` where the plan gives no such column.
pub(super) fn sums(plan: &LogicalPlan, output: &str) -> Option<Result<Sums, NoSum>> {
    let at = plan.schema().fields().iter().position(|field| field.name() == output)?;
    let sum = |mut row: Row| match row.swap_remove(at) {
        Value::Sum(parts) => Ok(parts),
        Value::List(_) => Err(no_sum("a list")),
        Value::Other(other) => Err(other),
    };
    Some(rows(plan).and_then(|rows| rows.into_iter().filter(|row| at < row.len()).map(sum).collect()))
}

/// Without the places.
pub(super) fn found(sums: &Sums) -> Found {
    sums.iter().map(|row| row.iter().map(|part| (part.column.clone(), part.times)).collect()).collect()
}

/// One of the rows that a record becomes: a value for each column of a node.
type Row = Vec<Value>;

#[derive(Clone, Debug)]
enum Value {
    /// No part is nought, also as NULL.
    Sum(Vec<Part>),
    List(Vec<Value>),
    Other(NoSum),
}

fn no_sum(what: &str) -> NoSum {
    NoSum { what: what.to_owned(), span: None }
}

fn other(what: &str) -> Value {
    Value::Other(no_sum(what))
}

/// The rows that a record becomes at a node.
fn rows(plan: &LogicalPlan) -> Result<Vec<Row>, NoSum> {
    let rows = match plan {
        LogicalPlan::TableScan(scan) => vec![scan.projected_schema.fields().iter().map(|f| of_extract(f.name(), f.data_type())).collect()],
        LogicalPlan::SubqueryAlias(alias) => rows(&alias.input)?,
        LogicalPlan::Projection(projection) => {
            let schema = projection.input.schema();
            let project = |row: &Row| projection.expr.iter().map(|expr| value(expr, schema, row)).collect();
            rows(&projection.input)?.iter().map(project).collect()
        }
        LogicalPlan::Union(union) => {
            let mut all = Vec::new();
            for branch in &union.inputs {
                all.extend(rows(branch)?);
            }
            all
        }
        LogicalPlan::Unnest(unnest) => unnested(unnest)?,
        _ => return Err(no_sum("something else than a projection")),
    };
    if rows.len() > MOST_ROWS { Err(no_sum("more rows of a record than can be told apart")) } else { Ok(rows) }
}

fn of_extract(name: &str, kind: &arrow::datatypes::DataType) -> Value {
    match Identifier::new(name) {
        Ok(column) if super::exact::is_decimal(kind) => Value::Sum(vec![Part { column, times: 1, span: None }]),
        _ => other(&format!("`{name}`, which is no money column")),
    }
}

/// Each item of a list that is written out is a row; of several lists the first items together, then the second ones.
fn unnested(unnest: &Unnest) -> Result<Vec<Row>, NoSum> {
    let lists: Vec<usize> = unnest.list_type_columns.iter().map(|(at, _)| *at).collect();
    let once = lists.iter().enumerate().all(|(n, at)| !lists.iter().take(n).any(|before| before == at));
    if !once || unnest.list_type_columns.iter().any(|(_, list)| list.depth != 1) || !unnest.struct_type_columns.is_empty() {
        return Err(no_sum("a list of lists"));
    }
    let mut all = Vec::new();
    for row in rows(&unnest.input)? {
        let mut items = 0;
        for at in &lists {
            match row.get(*at) {
                Some(Value::List(list)) => items = items.max(list.len()),
                _ => return Err(no_sum("`unnest` of a list that is not written out with `make_array`")),
            }
        }
        if all.len() + items > MOST_ROWS {
            return Err(no_sum("more rows of a record than can be told apart"));
        }
        let one = |item: usize| unnest.dependency_indices.iter().map(|at| of_item(&row, *at, lists.contains(at), item)).collect::<Row>();
        all.extend((0..items).map(one));
    }
    Ok(all)
}

fn of_item(row: &Row, at: usize, is_list: bool, item: usize) -> Value {
    match row.get(at) {
        // A shorter list ends in nothing.
        Some(Value::List(list)) if is_list => list.get(item).cloned().unwrap_or(Value::Sum(Vec::new())),
        Some(value) => value.clone(),
        None => other("a column that is not there"),
    }
}

fn value(expr: &Expr, schema: &DFSchema, row: &Row) -> Value {
    let at_its_place = |value: Value| match value {
        Value::Other(what) => Value::Other(NoSum { span: what.span.or_else(|| first_span(expr)), ..what }),
        value => value,
    };
    at_its_place(match expr {
        Expr::Alias(alias) => value(&alias.expr, schema, row),
        Expr::Column(column) => of_column(column, schema, row),
        // `exact` has refused every cast that loses something.
        Expr::Cast(cast) => value(&cast.expr, schema, row),
        Expr::Negative(inner) => scaled(value(inner, schema, row), -1),
        Expr::BinaryExpr(binary) => of_binary(binary, schema, row),
        Expr::ScalarFunction(call) if call.name() == "make_array" => {
            Value::List(call.args.iter().map(|item| value(item, schema, row)).collect())
        }
        Expr::ScalarFunction(call) if matches!(call.name(), "coalesce" | "nvl") => match call.args.split_first() {
            Some((first, rest)) if rest.iter().all(|default| number(default) == Some(0)) => value(first, schema, row),
            _ => other("`coalesce` that chooses between amounts"),
        },
        Expr::ScalarFunction(call) => other(&format!("`{}`", call.name())),
        Expr::Case(_) => other("CASE, which chooses between amounts"),
        expr => match number(expr) {
            Some(0) => Value::Sum(Vec::new()),
            Some(_) => other("an amount that is written out"),
            None => other("something else than columns, `+` and `-`"),
        },
    })
}

fn of_column(column: &Column, schema: &DFSchema, row: &Row) -> Value {
    let found = schema.index_of_column(column).ok().and_then(|at| row.get(at)).cloned();
    match found {
        Some(Value::Sum(mut parts)) => {
            parts.iter_mut().filter(|part| part.span.is_none()).for_each(|part| part.span = column.spans.first());
            Value::Sum(parts)
        }
        Some(value) => value,
        None => other("a column that is not there"),
    }
}

fn of_binary(BinaryExpr { left, op, right }: &BinaryExpr, schema: &DFSchema, row: &Row) -> Value {
    match op {
        Operator::Plus => added(value(left, schema, row), value(right, schema, row)),
        Operator::Minus => added(value(left, schema, row), scaled(value(right, schema, row), -1)),
        Operator::Multiply => match (number(left), number(right)) {
            (Some(times), _) => scaled(value(right, schema, row), times),
            (_, Some(times)) => scaled(value(left, schema, row), times),
            (None, None) => other("a product"),
        },
        _ => other("something else than columns, `+` and `-`"),
    }
}

fn added(left: Value, right: Value) -> Value {
    match (left, right) {
        (Value::Sum(mut parts), Value::Sum(more)) => {
            for part in more {
                match parts.iter_mut().find(|known| known.column == part.column) {
                    Some(known) => known.times = known.times.saturating_add(part.times),
                    None => parts.push(part),
                }
            }
            Value::Sum(parts)
        }
        (Value::Other(what), _) | (_, Value::Other(what)) => Value::Other(what),
        _ => other("a list"),
    }
}

fn scaled(value: Value, times: i128) -> Value {
    match value {
        Value::Sum(mut parts) => {
            parts.iter_mut().for_each(|part| part.times = part.times.saturating_mul(times));
            Value::Sum(parts)
        }
        Value::List(_) => other("a list"),
        other @ Value::Other(_) => other,
    }
}

/// A whole number that is written out; nothing at all counts as nought.
fn number(expr: &Expr) -> Option<i128> {
    match expr {
        Expr::Alias(alias) => number(&alias.expr),
        Expr::Cast(cast) => number(&cast.expr),
        Expr::Negative(inner) => number(inner)?.checked_neg(),
        Expr::Literal(value, _) => match value {
            value if value.is_null() => Some(0),
            ScalarValue::Int8(Some(n)) => Some((*n).into()),
            ScalarValue::Int16(Some(n)) => Some((*n).into()),
            ScalarValue::Int32(Some(n)) => Some((*n).into()),
            ScalarValue::Int64(Some(n)) => Some((*n).into()),
            ScalarValue::UInt8(Some(n)) => Some((*n).into()),
            ScalarValue::UInt16(Some(n)) => Some((*n).into()),
            ScalarValue::UInt32(Some(n)) => Some((*n).into()),
            ScalarValue::UInt64(Some(n)) => Some((*n).into()),
            ScalarValue::Decimal32(Some(n), _, scale) => whole((*n).into(), *scale),
            ScalarValue::Decimal64(Some(n), _, scale) => whole((*n).into(), *scale),
            ScalarValue::Decimal128(Some(n), _, scale) => whole(*n, *scale),
            _ => None,
        },
        _ => None,
    }
}

/// A decimal without a fraction.
fn whole(unscaled: i128, scale: i8) -> Option<i128> {
    let one = 10_i128.checked_pow(scale.unsigned_abs().into())?;
    if scale < 0 { unscaled.checked_mul(one) } else { (unscaled % one == 0).then(|| unscaled / one) }
}

fn first_span(expr: &Expr) -> Option<Span> {
    expr.column_refs().into_iter().filter_map(|column| column.spans.first()).min_by_key(|span| (span.start.line, span.start.column))
}
