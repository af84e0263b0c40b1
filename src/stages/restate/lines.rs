//! Lines of two sides that the other has not, or not as often.

use std::{collections::BTreeMap, sync::Arc};

use arrow::{
    array::{ArrayRef, Int64Array, StringArray, new_null_array},
    compute::interleave_record_batch,
    datatypes::{Field, Schema, SchemaRef},
    record_batch::RecordBatch,
    row::{OwnedRow, RowConverter, SortField},
};

use super::TwoSides;
use crate::{
    diagnostic::{Answer, Diagnostic, Refusal, codes},
    domain::{Pence, lines_apart},
    schema::{
        WHENCE,
        batch::{Rows, in_columns},
    },
};

/// Lines that stand on one side only, each as often as it is too many; batch and row of each.
#[derive(Clone, Debug, Default)]
pub struct LineSides {
    batches: Vec<RecordBatch>,
    pub old: Vec<(usize, usize)>,
    pub new: Vec<(usize, usize)>,
}

impl LineSides {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.old.is_empty() && self.new.is_empty()
    }

    #[must_use]
    pub fn count(&self) -> usize {
        self.old.len() + self.new.len()
    }

    /// Cell and pence of those lines of a side that are cost.
    pub(super) fn of_cells<const N: usize>(&self, side: &[(usize, usize)], keys: [&str; N]) -> Answer<Vec<([String; N], Pence)>> {
        let mut cells = Vec::new();
        for (batch, row) in side {
            let Some(rows) = self.batches.get(*batch).map(Rows) else { continue };
            if rows.truth("is_cost", *row)? {
                cells.push((super::key_of(rows, *row, keys)?, rows.pence("amount", *row)?));
            }
        }
        Ok(cells)
    }
}

/// The multiset difference of the lines of two sides. `schema` are the columns by which they are compared, all but provenance; a column that
/// a side has not is null there.
///
/// # Errors
/// TC1250 where a column has another type than before.
pub fn line_sides(sides: &TwoSides, schema: &SchemaRef) -> Answer<LineSides> {
    let compared: Vec<&Arc<Field>> = schema.fields().iter().filter(|field| !WHENCE.contains(&field.name().as_str())).collect();
    let converter =
        RowConverter::new(compared.iter().map(|field| SortField::new(field.data_type().clone())).collect()).map_err(|e| broken(&e))?;
    let batches = sides.old.iter().chain(&sides.new).map(|batch| with_columns(batch, schema)).collect::<Answer<Vec<_>>>()?;
    let keys = batches.iter().map(|batch| keys_of(batch, &compared, &converter)).collect::<Answer<Vec<_>>>()?;
    let (old, new) = keys.split_at(sides.old.len());
    let apart = lines_apart(old.iter().flatten().cloned(), new.iter().flatten().cloned());
    let chosen = |keys: &[Vec<OwnedRow>], first: usize, apart: Vec<OwnedRow>| {
        let mut wanted: BTreeMap<OwnedRow, usize> = BTreeMap::new();
        apart.into_iter().for_each(|key| *wanted.entry(key).or_default() += 1);
        let mut places = Vec::new();
        for (batch, keys) in keys.iter().enumerate() {
            for (row, key) in keys.iter().enumerate() {
                if let Some(left) = wanted.get_mut(key).filter(|left| **left > 0) {
                    *left -= 1;
                    places.push((first + batch, row));
                }
            }
        }
        places
    };
    let (of_old, of_new) = (chosen(old, 0, apart.old), chosen(new, sides.old.len(), apart.new));
    Ok(LineSides { batches, old: of_old, new: of_new })
}

fn keys_of(batch: &RecordBatch, compared: &[&Arc<Field>], converter: &RowConverter) -> Answer<Vec<OwnedRow>> {
    let columns: Vec<ArrayRef> = compared.iter().filter_map(|field| batch.column_by_name(field.name()).cloned()).collect();
    let rows = converter.convert_columns(&columns).map_err(|e| broken(&e))?;
    Ok(rows.iter().map(|row| row.owned()).collect())
}

/// The columns of `schema`, in its order; null where the batch has none.
fn with_columns(batch: &RecordBatch, schema: &SchemaRef) -> Answer<RecordBatch> {
    let nullable = schema.fields().iter().map(|field| Field::new(field.name(), field.data_type().clone(), true)).collect::<Vec<_>>();
    in_columns(batch, &Arc::new(Schema::new(nullable))).map_err(|e| broken(&e))
}

/// The lines as rows of `restatement_line`, whose columns `schema` has: those of the old side first.
///
/// # Errors
/// TC1250 where it has others.
pub fn lines_table(number: u64, lines: &LineSides, schema: &SchemaRef) -> Answer<RecordBatch> {
    if lines.is_empty() {
        return Ok(RecordBatch::new_empty(Arc::clone(schema)));
    }
    let places: Vec<(usize, usize)> = lines.old.iter().chain(&lines.new).copied().collect();
    let batches: Vec<&RecordBatch> = lines.batches.iter().collect();
    let rows = interleave_record_batch(&batches, &places).map_err(|e| broken(&e))?;
    let number: ArrayRef = Arc::new(Int64Array::from(vec![i64::try_from(number).unwrap_or(i64::MAX); places.len()]));
    let sides = std::iter::repeat_n("old", lines.old.len()).chain(std::iter::repeat_n("new", lines.new.len()));
    let side: ArrayRef = Arc::new(sides.map(Some).collect::<StringArray>());
    let column = |field: &Arc<Field>| match field.name().as_str() {
        "number" => Arc::clone(&number),
        "side" => Arc::clone(&side),
        name => rows.column_by_name(name).cloned().unwrap_or_else(|| new_null_array(field.data_type(), places.len())),
    };
    RecordBatch::try_new(Arc::clone(schema), schema.fields().iter().map(column).collect()).map_err(|e| broken(&e))
}

fn broken(error: &arrow::error::ArrowError) -> Refusal {
    Diagnostic::new(codes::checks::UNEXPLAINED, format!("lines of a restatement do not fit their contract: {error}"))
        .expected("columns of cost_line in schemas/published/restatement_line.odcs.yaml, each with its type")
        .outcome("nothing was published; the last release is unchanged")
        .hint("compare the contract with the reference partnership's: `truecost init` in an empty folder")
        .into()
}
