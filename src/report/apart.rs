//! The cost lines that make the difference between two releases: each that stands on one side and not, or not as often, on the other.

use std::{collections::BTreeMap, sync::Arc};

use arrow::{
    array::{ArrayRef, BooleanArray, new_null_array},
    compute::{cast, filter_record_batch},
    datatypes::{Field, Schema, SchemaRef},
    record_batch::RecordBatch,
    row::{OwnedRow, RowConverter, SortField},
};
use serde_json::{Map, Value, json};

use super::{
    Release,
    page::{Align, Table},
    released::cells,
};
use crate::{
    diagnostic::{Answer, Diagnostic, Refusal, codes},
    domain::{Changed, Pence, Sides, counted, decimal, lines_apart, pounds, unfooted},
    lake::PublishedPart,
    schema::{
        WHENCE,
        batch::{boolean, truth_at},
    },
};

const LINES: &str = "cost_line";
const AMOUNT: &str = "amount";

/// What a person is shown of a line; a program gets all of it.
const SHOWN: [&str; 11] = [
    "council",
    "feed",
    "delivery_year",
    "delivery_period",
    "document",
    "cost_centre",
    "account",
    "ownership",
    "service",
    "fund",
    "account_group",
];

/// Lines on one side only.
pub(super) struct Apart {
    old: Vec<RecordBatch>,
    new: Vec<RecordBatch>,
    /// What the two releases are called.
    names: (String, String),
}

/// The lines behind the cells that differ. Only parts that differ are read, each beside the part of the same feed and period.
///
/// # Errors
/// TC1008; TC1421 where a cell's difference is not that of its lines.
pub(super) fn apart(before: &Release, after: &Release, keys: &[String], separation: &[Changed<Vec<String>>]) -> Answer<Apart> {
    let names = (before.manifest.release.clone(), after.manifest.release.clone());
    let mut apart = Apart { old: Vec::new(), new: Vec::new(), names };
    for (old, new) in pairs(before.parts(LINES), after.parts(LINES)) {
        let (old, new) = (before.batches(old)?, after.batches(new)?);
        let schema = columns(&old, &new);
        let Sides { old, new } = one_pair(&schema, &old, &new)?;
        apart.old.extend(old);
        apart.new.extend(new);
    }
    foot(&apart, keys, separation)?;
    Ok(apart)
}

/// Parts of the same key of both releases, where they are not the same file.
fn pairs<'p>(old: &'p [PublishedPart], new: &'p [PublishedPart]) -> Vec<(Vec<&'p PublishedPart>, Vec<&'p PublishedPart>)> {
    let mut pairs: BTreeMap<&str, (Vec<&PublishedPart>, Vec<&PublishedPart>)> = BTreeMap::new();
    old.iter().for_each(|part| pairs.entry(&part.key).or_default().0.push(part));
    new.iter().for_each(|part| pairs.entry(&part.key).or_default().1.push(part));
    let digests = |parts: &[&PublishedPart]| parts.iter().map(|part| part.sha256.clone()).collect::<Vec<_>>();
    pairs.into_values().filter(|(old, new)| digests(old) != digests(new)).collect()
}

/// All columns of both sides but where a line came from, each with its type on the newer side that has it.
fn columns(old: &[RecordBatch], new: &[RecordBatch]) -> SchemaRef {
    let mut fields: Vec<Field> = Vec::new();
    for field in new.iter().chain(old).flat_map(|batch| batch.schema_ref().fields().iter()) {
        let is_known = fields.iter().any(|known| known.name() == field.name());
        if !is_known && !WHENCE.contains(&field.name().as_str()) {
            fields.push(Field::new(field.name(), field.data_type().clone(), true));
        }
    }
    Arc::new(Schema::new(fields))
}

fn one_pair(schema: &SchemaRef, old: &[RecordBatch], new: &[RecordBatch]) -> Answer<Sides<RecordBatch>> {
    let sorts = schema.fields().iter().map(|field| SortField::new(field.data_type().clone())).collect();
    let converter = RowConverter::new(sorts).map_err(|error| unlike(&error))?;
    let rows = |batches: &[RecordBatch]| -> Answer<Vec<OwnedRow>> {
        let mut all = Vec::new();
        for batch in batches {
            let rows = converter.convert_columns(in_columns(schema, batch)?.columns()).map_err(|error| unlike(&error))?;
            all.extend(rows.iter().map(|row| row.owned()));
        }
        Ok(all)
    };
    let sides = lines_apart(rows(old)?, rows(new)?);
    let batch = |rows: &[OwnedRow]| -> Answer<RecordBatch> {
        let columns = converter.convert_rows(rows.iter().map(OwnedRow::row)).map_err(|error| unlike(&error))?;
        RecordBatch::try_new(Arc::clone(schema), columns).map_err(|error| unlike(&error))
    };
    Ok(Sides { old: vec![batch(&sides.old)?], new: vec![batch(&sides.new)?] })
}

/// Rows of cost, with these columns in this order; those that they lack are null.
fn in_columns(schema: &SchemaRef, batch: &RecordBatch) -> Answer<RecordBatch> {
    let is_cost = boolean(batch, "is_cost")?;
    let keep: BooleanArray = (0..batch.num_rows()).map(|row| Some(truth_at(is_cost, row))).collect();
    let kept = filter_record_batch(batch, &keep).map_err(|error| unlike(&error))?;
    let column = |field: &Arc<Field>| -> Answer<ArrayRef> {
        match kept.column_by_name(field.name()) {
            None => Ok(new_null_array(field.data_type(), kept.num_rows())),
            Some(found) if found.data_type() == field.data_type() => Ok(Arc::clone(found)),
            Some(found) => cast(found, field.data_type()).map_err(|error| unlike(&error)),
        }
    };
    let columns = schema.fields().iter().map(column).collect::<Answer<Vec<_>>>()?;
    RecordBatch::try_new(Arc::clone(schema), columns).map_err(|error| unlike(&error))
}

fn unlike(error: &arrow::error::ArrowError) -> Refusal {
    Diagnostic::new(codes::lake::ROWS_DO_NOT_FIT, format!("the cost lines of the two releases cannot be held against each other: {error}"))
        .expected("columns of the same meaning on both sides")
        .outcome("nothing was changed")
        .hint("truecost release diff without --lines shows the cells")
        .into()
}

/// Holds lines against cells, by the columns of the cells that lines have.
fn foot(apart: &Apart, keys: &[String], separation: &[Changed<Vec<String>>]) -> Answer<()> {
    let has = |key: &String| apart.old.iter().chain(&apart.new).any(|batch| batch.column_by_name(key).is_some());
    let known: Vec<bool> = keys.iter().map(has).collect();
    let narrow = |values: &[String]| -> Vec<String> {
        values.iter().zip(&known).filter(|(_, known)| **known).map(|(value, _)| value.clone()).collect()
    };
    let narrowed: Vec<String> = narrow(keys);
    let of = |batches: &[RecordBatch]| -> Answer<Vec<(Vec<String>, Pence)>> {
        Ok(batches.iter().map(|batch| cells(batch, &narrowed, AMOUNT)).collect::<Answer<Vec<_>>>()?.concat())
    };
    let sums = |side: fn(&Changed<Vec<String>>) -> Pence| separation.iter().map(|cell| (narrow(&cell.key), side(cell))).collect::<Vec<_>>();
    let cells = crate::domain::changed(sums(|cell| cell.old), sums(|cell| cell.new));
    let apart = unfooted(&cells, of(&apart.old)?, of(&apart.new)?);
    let Some(first) = apart.first() else { return Ok(()) };
    let seen =
        format!("{}: the cell differs by {}, the lines behind it by {}", first.key.join(" "), pounds(first.cell), pounds(first.lines));
    Err(Diagnostic::new(codes::periods::NOT_FOOTING, format!("{} do not foot: {seen}", counted(apart.len() as u64, "cell")))
        .expected("of every cell: new lines less old lines = the difference of the cell, to the penny")
        .outcome("nothing was changed")
        .hint("truecost release verify --all; where it finds nothing, report this: it is a fault of truecost")
        .into())
}

impl Apart {
    pub(super) fn text(&self, most: usize) -> String {
        let count = |side: &[RecordBatch]| side.iter().map(RecordBatch::num_rows).sum::<usize>();
        let (old, new) = (count(&self.old), count(&self.new));
        let mut columns = vec![("only in", Align::Left)];
        columns.extend(SHOWN.map(|name| (name, Align::Left)));
        columns.push((AMOUNT, Align::Right));
        let mut table = Table::new(&columns);
        let shown = SHOWN.map(str::to_owned);
        let lines = |side: &[RecordBatch]| -> Vec<(Vec<String>, Pence)> {
            side.iter().filter_map(|batch| cells(batch, &shown, AMOUNT).ok()).flatten().collect()
        };
        let sides = [(&self.names.0, lines(&self.old)), (&self.names.1, lines(&self.new))];
        let all = sides.into_iter().flat_map(|(name, lines)| lines.into_iter().map(move |line| (name.clone(), line)));
        for (name, (values, pence)) in all.take(most) {
            table.row(std::iter::once(name).chain(values).chain([pounds(pence)]));
        }
        let head = format!(
            "\nlines of cost: {} only in {}, {} only in {}; in every cell they make the difference, to the penny\n",
            counted(old as u64, "line"),
            self.names.0,
            counted(new as u64, "line"),
            self.names.1
        );
        let rest = (old + new).saturating_sub(most);
        let more = if rest > 0 { format!("… and {}: -n {}\n", counted(rest as u64, "more line"), old + new) } else { String::new() };
        if table.is_empty() { head } else { format!("{head}\n{}{more}", table.text()) }
    }

    /// Every line with all of its columns.
    pub(super) fn json(&self) -> Answer<Value> {
        let one = |side: &str, name: &str, batches: &[RecordBatch]| -> Answer<Vec<Value>> {
            let mut all = Vec::new();
            for batch in batches {
                let names: Vec<String> =
                    batch.schema_ref().fields().iter().map(|field| field.name().clone()).filter(|name| name != AMOUNT).collect();
                for (values, pence) in cells(batch, &names, AMOUNT)? {
                    let mut fields: Map<String, Value> =
                        [("side".to_owned(), json!(side)), ("release".to_owned(), json!(name))].into_iter().collect();
                    fields.extend(names.iter().cloned().zip(values.into_iter().map(|value| json!(value))));
                    fields.insert(AMOUNT.into(), json!(decimal(pence)));
                    all.push(Value::Object(fields));
                }
            }
            Ok(all)
        };
        let (old, new) = (one("old", &self.names.0, &self.old)?, one("new", &self.names.1, &self.new)?);
        Ok(json!([old, new].concat()))
    }
}
