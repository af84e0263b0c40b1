//! Rows made by hand → batches that fit a contract.

use std::sync::Arc;

use arrow::{
    array::{ArrayRef, BooleanArray, Date32Array, Decimal128Array, Int8Array, Int16Array, Int32Array, Int64Array, StringArray},
    datatypes::{Field, SchemaRef},
    record_batch::RecordBatch,
};

use super::{Column, ColumnRules, Contract, Kind, SpecialColumns, Type};
use crate::{
    diagnostic::{Answer, Diagnostic, Refusal, codes},
    domain::{Digest, Identifier, Pence},
};

/// One value of a small table.
#[derive(Clone, Debug)]
pub enum Cell {
    Text(String),
    Whole(i64),
    Pence(Pence),
    /// A quantity, in millionths.
    Millionths(i128),
    Truth(bool),
    Day(i32),
    Null,
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}
impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}
impl From<i64> for Cell {
    fn from(number: i64) -> Self {
        Self::Whole(number)
    }
}
impl From<u64> for Cell {
    fn from(number: u64) -> Self {
        i64::try_from(number).map_or(Self::Null, Self::Whole)
    }
}
impl From<bool> for Cell {
    fn from(truth: bool) -> Self {
        Self::Truth(truth)
    }
}

/// Rows as a batch of the contract's columns, in its order.
///
/// # Errors
/// TC1250 where a value does not fit its column.
pub fn table(contract: &Contract, rows: &[Vec<Cell>]) -> Answer<RecordBatch> {
    let kinds: Vec<Type> = contract.columns.iter().map(|column| column.kind).collect();
    batch(&contract.name, contract.arrow_schema(), &kinds, rows)
}

/// Rows as a batch of these columns: of a table that has no contract.
///
/// # Errors
/// TC1250 where a value does not fit its column.
pub fn table_of(name: &str, schema: &SchemaRef, rows: &[Vec<Cell>]) -> Answer<RecordBatch> {
    let kind = |field: &Arc<Field>| Type::of(field.data_type()).ok_or_else(|| broken(name, &format!("{} has no type", field.name())));
    let kinds = schema.fields().iter().map(kind).collect::<Answer<Vec<_>>>()?;
    batch(name, Arc::clone(schema), &kinds, rows)
}

fn batch(name: &str, schema: SchemaRef, kinds: &[Type], rows: &[Vec<Cell>]) -> Answer<RecordBatch> {
    let column = |at: usize, kind: Type| -> ArrayRef {
        let cells = rows.iter().map(|row| row.get(at).unwrap_or(&Cell::Null));
        let whole = |cell: &Cell| match cell {
            Cell::Whole(number) => Some(*number),
            _ => None,
        };
        match kind {
            Type::Text => Arc::new(cells.map(|c| if let Cell::Text(t) = c { Some(t.as_str()) } else { None }).collect::<StringArray>()),
            Type::TinyInt => Arc::new(cells.map(|c| whole(c).and_then(|n| i8::try_from(n).ok())).collect::<Int8Array>()),
            Type::SmallInt => Arc::new(cells.map(|c| whole(c).and_then(|n| i16::try_from(n).ok())).collect::<Int16Array>()),
            Type::Integer => Arc::new(cells.map(|c| whole(c).and_then(|n| i32::try_from(n).ok())).collect::<Int32Array>()),
            Type::Boolean => Arc::new(cells.map(|c| if let Cell::Truth(t) = c { Some(*t) } else { None }).collect::<BooleanArray>()),
            Type::Date => Arc::new(cells.map(|c| if let Cell::Day(d) = c { Some(*d) } else { None }).collect::<Date32Array>()),
            Type::Money => {
                let pence = cells.map(|c| if let Cell::Pence(p) = c { Some(*p) } else { None });
                Arc::new(pence.collect::<Decimal128Array>().with_data_type(Type::Money.arrow()))
            }
            Type::Quantity => {
                let millionths = cells.map(|c| match c {
                    Cell::Millionths(millionths) => Some(*millionths),
                    c => whole(c).map(|n| i128::from(n) * 1_000_000),
                });
                Arc::new(millionths.collect::<Decimal128Array>().with_data_type(kind.arrow()))
            }
            _ => Arc::new(cells.map(whole).collect::<Int64Array>()),
        }
    };
    let columns = kinds.iter().enumerate().map(|(at, kind)| column(at, *kind)).collect();
    RecordBatch::try_new(schema, columns).map_err(|e| broken(name, &e.to_string()))
}

/// A table with other columns of its own: for proofs that only the checks read.
///
/// # Errors
/// TC1250.
pub fn proof_table(columns: &[(&str, Type)], rows: &[Vec<Cell>]) -> Answer<RecordBatch> {
    let column = |(name, kind): &(&str, Type)| -> Answer<Column> {
        Ok(Column {
            name: Identifier::new(name).map_err(|_| broken(name, "it is no identifier"))?,
            physical_name: (*name).to_owned(),
            kind: *kind,
            required: false,
            primary_key: None,
            description: String::new(),
            rules: ColumnRules::default(),
        })
    };
    let contract = Contract {
        name: "proof".into(),
        kind: Kind::Published,
        file: String::new(),
        digest: Digest([0; 32]),
        version: String::new(),
        columns: columns.iter().map(column).collect::<Answer<_>>()?,
        special: SpecialColumns::default(),
        layout: None,
    };
    table(&contract, rows)
}

fn broken(table: &str, why: &str) -> Refusal {
    Diagnostic::new(codes::checks::UNEXPLAINED, format!("the rows of `{table}` do not fit its contract: {why}"))
        .outcome("nothing was published; the last release is unchanged")
        .hint("compare the contract under schemas/published with the reference partnership's")
        .into()
}
