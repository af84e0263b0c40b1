//! Output columns matched to a contract by name, cast without loss.

use std::sync::Arc;

use arrow::{
    array::{Array, ArrayRef, RecordBatch, RecordBatchOptions, new_null_array},
    compute::{CastOptions, cast_with_options},
    datatypes::{DataType, Field, Schema, SchemaRef},
};
use datafusion::{
    common::DFSchema,
    sql::sqlparser::{
        ast::{Query, Select, SelectItem, SetExpr, Spanned},
        tokenizer::Span,
    },
};

use super::{
    exact::{decimals, is_decimal, is_money, type_name},
    fault::{Voice, did_you_mean, listed},
    script::Script,
};
use crate::{
    diagnostic::{
        Answer, Diagnostic, Place, Refusal,
        codes::sql::{COLUMNS, NO_VALUE, TYPES},
    },
    domain::counted,
    schema::{Column, Type},
};

/// How the columns of a query become the columns of a table.
#[derive(Clone, Debug)]
pub(super) struct Fit {
    columns: Vec<Slot>,
    schema: SchemaRef,
    /// File of the SQL and name of the table, for messages.
    file: String,
    table: String,
    voice: &'static Voice,
}

#[derive(Clone, Debug)]
struct Slot {
    kind: DataType,
    required: bool,
    source: Source,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    /// A column of the query, of exactly the type.
    Same(usize),
    /// A column of the query that must be cast.
    Cast(usize),
    /// All null: not named by the query.
    Nothing,
}

/// What a query fills.
pub(super) struct Wanted<'a> {
    pub table: &'a str,
    pub columns: Vec<&'a Column>,
    /// Columns that truecost adds itself: naming one is an error.
    pub added: &'a [&'a str],
    /// Columns that may be left out although they are required.
    pub optional: &'a [&'a str],
    /// A required column of which the reader of the rows judges those without a value.
    pub judged_later: Option<&'a str>,
}

impl Fit {
    /// Matches what a query gives to what a table wants; all faults at once.
    pub fn plan(script: &Script, query: &Query, given: &DFSchema, wanted: &Wanted) -> Answer<Self> {
        let names: Vec<&str> = given.fields().iter().map(|f| f.name().as_str()).collect();
        let mut faults = unknown_columns(script, query, &names, wanted);
        let mut columns = Vec::with_capacity(wanted.columns.len());
        for column in &wanted.columns {
            match slot(script, query, given, &names, column, wanted) {
                Ok(slot) => columns.push(slot),
                Err(fault) => faults.extend(fault.0),
            }
        }
        if !faults.is_empty() {
            return Err(Refusal(faults));
        }
        let fields = wanted.columns.iter().zip(&columns).map(|(c, slot)| Field::new(&*c.name, slot.kind.clone(), !slot.required));
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        Ok(Self { columns, schema, file: script.file.to_owned(), table: wanted.table.to_owned(), voice: script.voice })
    }

    /// The columns as they come out.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Whether the query gives no column of this name.
    pub fn leaves_out(&self, name: &str) -> bool {
        self.schema.index_of(name).ok().and_then(|i| self.columns.get(i)).is_some_and(|slot| slot.source == Source::Nothing)
    }

    /// Fits rows of the query. `row_name` says which row a position is, for messages.
    pub fn apply(&self, rows: &RecordBatch, row_name: &dyn Fn(usize) -> String) -> Answer<RecordBatch> {
        let mut arrays = Vec::with_capacity(self.columns.len());
        for (slot, field) in self.columns.iter().zip(self.schema.fields()) {
            arrays.push(self.column(slot, field, rows, row_name)?);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(rows.num_rows()));
        RecordBatch::try_new_with_options(Arc::clone(&self.schema), arrays, &options)
            .map_err(|e| self.report(Diagnostic::new(crate::diagnostic::codes::sql::BROKEN, format!("columns do not make a table: {e}"))))
    }

    fn column(&self, slot: &Slot, field: &Field, rows: &RecordBatch, row_name: &dyn Fn(usize) -> String) -> Answer<ArrayRef> {
        let array = match slot.source {
            Source::Nothing => return Ok(new_null_array(&slot.kind, rows.num_rows())),
            Source::Same(index) => Arc::clone(rows.column(index)),
            Source::Cast(index) => {
                let checked = CastOptions { safe: false, ..CastOptions::default() };
                let given = rows.column(index);
                cast_with_options(given, &slot.kind, &checked)
                    .map_err(|_| self.overflow(field, first_lost(given, &slot.kind).map(row_name)))?
            }
        };
        if slot.required && array.logical_null_count() > 0 {
            let nulls = array.logical_nulls();
            let row = nulls.and_then(|n| n.iter().position(|valid| !valid)).unwrap_or_default();
            return Err(self.report(
                Diagnostic::new(
                    NO_VALUE,
                    format!(
                        "`{}` has no value in {} of {}, first in {}",
                        field.name(),
                        array.logical_null_count(),
                        counted(rows.num_rows() as u64, "row"),
                        row_name(row)
                    ),
                )
                .expected(format!("a value in every row: `{}` requires it", self.table))
                .outcome("Nothing of it was taken in; what was accepted or published before stays.")
                .hint("Mark the source's column as required, so that such rows go to quarantine, or give a value with coalesce."),
            ));
        }
        Ok(array)
    }

    fn overflow(&self, field: &Field, first: Option<String>) -> Refusal {
        let first = first.map(|row| format!(", first in {row}")).unwrap_or_default();
        let seen = format!("a value of `{}` does not fit {}{first}", field.name(), type_name(field.data_type()));
        self.report(
            Diagnostic::new(self.voice.too_large, seen)
                .outcome("Nothing of it was taken in; what was accepted or published before stays.")
                .hint("Look for an amount or a number that is larger than it can be in truth."),
        )
    }

    fn report(&self, report: Diagnostic) -> Refusal {
        report.place(Place::file(&self.file)).into()
    }
}

/// The first row whose value the cast cannot keep.
fn first_lost(values: &ArrayRef, kind: &DataType) -> Option<usize> {
    let cast = cast_with_options(values, kind, &CastOptions { safe: true, ..CastOptions::default() }).ok()?;
    (0..values.len()).find(|row| values.is_valid(*row) && cast.is_null(*row))
}

/// Columns of the query that the table does not have.
fn unknown_columns(script: &Script, query: &Query, names: &[&str], wanted: &Wanted) -> Vec<Diagnostic> {
    let known: Vec<&str> = wanted.columns.iter().map(|c| &*c.name).filter(|n| !wanted.added.contains(n)).collect();
    let fault = |name: &&str| {
        let report = if wanted.added.contains(name) {
            Diagnostic::new(COLUMNS, format!("`{name}` is filled by truecost itself")).hint("Leave the column out.")
        } else if known.contains(name) {
            return None;
        } else if name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_') {
            Diagnostic::new(COLUMNS, format!("`{}` has no column `{name}`", wanted.table))
                .expected(format!("columns of its contract: {}", listed(&known)))
                .hint(did_you_mean(name, known.iter().copied()))
        } else {
            Diagnostic::new(COLUMNS, "a column of the query has no name")
                .expected(format!("columns of `{}`, by name: {}", wanted.table, listed(&known)))
                .hint("Name it with AS.")
        };
        Some(script.at(report, output_span(query, name)))
    };
    names.iter().filter_map(fault).collect()
}

fn slot(script: &Script, query: &Query, given: &DFSchema, names: &[&str], column: &Column, wanted: &Wanted) -> Answer<Slot> {
    let name: &str = &column.name;
    let kind = column.kind.arrow();
    let may_miss = wanted.optional.contains(&name);
    let Some(index) = names.iter().position(|n| *n == name) else {
        if column.required && !may_miss {
            let near = did_you_mean(name, names.iter().copied());
            let report = Diagnostic::new(COLUMNS, format!("the query gives no `{name}`, which `{}` requires", wanted.table))
                .hint(if near.is_empty() { format!("Add `… AS {name}` to the SELECT.") } else { near });
            return Err(script.at(report, output_span(query, "")).into());
        }
        return Ok(Slot { kind, required: false, source: Source::Nothing });
    };
    let have = given.fields().get(index).map_or(DataType::Null, |f| f.data_type().clone());
    let source = match conversion(&have, column.kind) {
        Ok(Conversion::Same) => Source::Same(index),
        Ok(Conversion::Cast) => Source::Cast(index),
        Err(hint) => {
            let report = Diagnostic::new(
                TYPES,
                format!("`{name}` is {} in the query and {} in `{}`", type_name(&have), column.kind.as_str(), wanted.table),
            )
            .expected("a type that becomes the other without loss")
            .hint(hint);
            return Err(script.at(report, output_span(query, name)).into());
        }
    };
    // What may be left out of the query may be left out of a row.
    let judged_later = wanted.judged_later == Some(name);
    Ok(Slot { kind, required: column.required && !may_miss && !judged_later, source })
}

enum Conversion {
    Same,
    Cast,
}

/// Whether a type becomes a contract's type without loss (an overflow stops the run, it is never cut off).
fn conversion(have: &DataType, get: Type) -> Result<Conversion, &'static str> {
    if *have == get.arrow() {
        return Ok(Conversion::Same);
    }
    let lossless = match (have, get) {
        (DataType::Null, _) | (DataType::LargeUtf8 | DataType::Utf8View, Type::Text) | (DataType::Timestamp(..), Type::Instant) => true,
        (DataType::Dictionary(_, value), Type::Text) => **value == DataType::Utf8,
        (DataType::Decimal32(_, s) | DataType::Decimal64(_, s) | DataType::Decimal128(_, s) | DataType::Decimal256(_, s), Type::Money) => {
            *s <= 2
        }
        (kind, Type::Quantity) if is_decimal(kind) => !is_money(kind) && decimals(kind).is_some_and(|s| s <= 6),
        (kind, Type::TinyInt | Type::SmallInt | Type::Integer | Type::BigInt | Type::Money | Type::Quantity) => kind.is_integer(),
        _ => false,
    };
    if lossless {
        return Ok(Conversion::Cast);
    }
    Err(match (have, get) {
        (kind, Type::Quantity) if is_money(kind) => "An amount is no quantity: pounds stand in columns of DECIMAL(18,2).",
        (kind, Type::Quantity) if is_decimal(kind) => "A quantity has six decimals: multiply quantities by whole numbers only.",
        (kind, Type::Money) if decimals(kind) == Some(6) => {
            "A quantity is no amount: amounts by rates are made by the kernels of the cost run."
        }
        (kind, Type::Money) if is_decimal(kind) => "An amount has two decimals: multiply amounts by whole numbers only.",
        (DataType::Timestamp(..), Type::Date) => "Write CAST(… AS DATE) where the time of day is not meant.",
        _ => "Give the source's column its type in the contract: text never becomes a number or a date in SQL.",
    })
}

/// Where the query names an output column; for an empty name, its SELECT.
pub(super) fn output_span(query: &Query, name: &str) -> Span {
    let Some(select) = first_select(&query.body) else { return Span::empty() };
    let named = select.projection.iter().find(|item| match item {
        SelectItem::ExprWithAlias { alias, .. } => alias.value.eq_ignore_ascii_case(name),
        SelectItem::UnnamedExpr(expr) => expr.to_string().rsplit('.').next().is_some_and(|last| last.eq_ignore_ascii_case(name)),
        _ => false,
    });
    match named {
        Some(SelectItem::ExprWithAlias { alias, .. }) => alias.span,
        Some(item) => item.span(),
        None => select.select_token.0.span,
    }
}

fn first_select(body: &SetExpr) -> Option<&Select> {
    match body {
        SetExpr::Select(select) => Some(select),
        SetExpr::Query(query) => first_select(&query.body),
        SetExpr::SetOperation { left, .. } => first_select(left),
        _ => None,
    }
}
