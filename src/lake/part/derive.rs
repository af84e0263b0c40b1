//! A part with the rows and row groups of another, some columns taken as they are and some new.

use std::sync::Arc;

use arrow::record_batch::RecordBatch;
use parquet::{column::writer::ColumnCloseResult, schema::types::ColumnDescriptor};

use super::{
    EncodedRowGroup, PartFile, PartSchema,
    encode::{EncodedColumn, checked, column, lean},
};
use crate::{diagnostic::Answer, lake::fault};

/// Where a column of the derived part comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Plan {
    /// The column of this name of the source. Its compressed pages are taken as they are where both parts store it in the same shape,
    /// else it is read and encoded again.
    Copy(String),
    /// From the rows given for each row group.
    Fresh,
}

/// How one part is made from another: one [`EncodedRowGroup`] for each row group of the source, on any thread.
#[derive(Debug)]
pub struct Derivation {
    source: PartFile,
    schema: Arc<PartSchema>,
    columns: Vec<From>,
}

#[derive(Debug)]
enum From {
    Pages(usize),
    Values(String),
    Fresh(usize),
}

impl Derivation {
    /// `plan` says for every column of `schema` where it comes from; fresh columns are expected in the order of the schema.
    ///
    /// # Errors
    /// TC1009 where the plan has not one entry a column, or copies a column that the source lacks or has in another type.
    pub fn new(source: PartFile, schema: &Arc<PartSchema>, plan: &[Plan]) -> Answer<Self> {
        if plan.len() != schema.arrow.fields().len() {
            return Err(fault::rows(&schema.table, format!("a plan for {} of {} columns", plan.len(), schema.arrow.fields().len())));
        }
        let mut fresh = 0..;
        let columns = plan.iter().enumerate().map(|(index, plan)| match plan {
            Plan::Copy(name) => copied(&source, schema, index, name),
            Plan::Fresh => Ok(From::Fresh(fresh.next().unwrap_or_default())),
        });
        Ok(Self { columns: columns.collect::<Answer<_>>()?, source, schema: schema.clone() })
    }

    #[must_use]
    pub fn source(&self) -> &PartFile {
        &self.source
    }

    /// The row group of the derived part; `fresh` holds the fresh columns, in the order of the schema, for all of its rows.
    ///
    /// # Errors
    /// TC1008, TC1009.
    pub fn encode(&self, row_group: usize, fresh: &RecordBatch) -> Answer<EncodedRowGroup> {
        let rows = self.source.rows_in(row_group);
        let refuse = |what: &dyn std::fmt::Display| fault::rows(&self.schema.table, what);
        let has_fresh = self.columns.iter().any(|column| matches!(column, From::Fresh(_)));
        if has_fresh && fresh.num_rows() != rows {
            return Err(refuse(&format!("{} fresh rows for {rows}", fresh.num_rows())));
        }
        let mut columns = Vec::with_capacity(self.columns.len());
        for (index, from) in self.columns.iter().enumerate() {
            let array = match from {
                From::Pages(at) => {
                    columns.push(self.pages(row_group, *at, index)?);
                    continue;
                }
                From::Values(name) => self.source.read(row_group, &[name], &[])?.columns().first().cloned(),
                From::Fresh(at) => fresh.columns().get(*at).cloned(),
            };
            let array = array.ok_or_else(|| refuse(&format!("no values for column {}", index + 1)))?;
            let array = checked(self.schema.arrow.field(index), &array).map_err(|what| refuse(&what))?;
            columns.push(column(&self.schema, index, &[array])?);
        }
        Ok(EncodedRowGroup { rows, columns })
    }

    fn pages(&self, row_group: usize, at: usize, index: usize) -> Answer<EncodedColumn> {
        let group = self.source.parquet().row_groups().get(row_group);
        let chunk = group.and_then(|group| group.columns().get(at));
        let Some((chunk, descriptor)) = chunk.zip(self.schema.parquet.columns().get(index)) else {
            return Err(fault::part(self.source.path(), format!("it has no column {at} in row group {row_group}")));
        };
        let (start, length) = chunk.byte_range();
        let bytes = self.source.chunk(start, usize::try_from(length).unwrap_or(0))?;
        let metadata = lean(chunk, descriptor, start).map_err(|error| fault::part(self.source.path(), error))?;
        let close = ColumnCloseResult {
            bytes_written: length,
            rows_written: self.source.rows_in(row_group) as u64,
            metadata,
            bloom_filter: None,
            column_index: None,
            offset_index: None,
        };
        Ok(EncodedColumn::Pages(bytes, Box::new(close)))
    }
}

fn copied(source: &PartFile, schema: &PartSchema, index: usize, name: &str) -> Answer<From> {
    let refuse = |what: String| fault::rows(&schema.table, what);
    let at = source.schema().index_of(name).map_err(|_| refuse(format!("{} has no column `{name}`", source.path().display())))?;
    let descriptors = source.parquet().file_metadata().schema_descr().columns();
    let (from, to) = (descriptors.get(at), schema.parquet.columns().get(index));
    if from.zip(to).is_some_and(|(from, to)| same_shape(from, to)) {
        return Ok(From::Pages(at));
    }
    let (has, wants) = (source.schema().field(at).data_type(), schema.arrow.field(index).data_type());
    if has == wants { Ok(From::Values(name.into())) } else { Err(refuse(format!("`{name}` is {has} instead of {wants}"))) }
}

/// Whether pages of the one are pages of the other: the same type, and the same levels (both required, or neither).
fn same_shape(a: &ColumnDescriptor, b: &ColumnDescriptor) -> bool {
    a.physical_type() == b.physical_type()
        && a.logical_type_ref() == b.logical_type_ref()
        && a.converted_type() == b.converted_type()
        && a.type_length() == b.type_length()
        && a.type_precision() == b.type_precision()
        && a.type_scale() == b.type_scale()
        && a.max_def_level() == b.max_def_level()
        && a.max_rep_level() == b.max_rep_level()
}
