//! Parts of closed periods whose contract has gained columns since: the same values, the columns added, proved equal column by column.

use std::{collections::BTreeSet, sync::Arc};

use arrow::{
    array::ArrayRef,
    datatypes::{Field, Schema, SchemaRef},
    record_batch::RecordBatch,
};
use serde_json::Value;

use crate::{
    crash,
    diagnostic::{Answer, Diagnostic, Place, codes},
    domain::Period,
    lake::{EncodedRowGroup, Manifest, PartFile, PartSchema, PartWriter, PublishedPart, RECAST_OF, Releases, hold},
    pipeline::Partnership,
    plan::{does_not_fit, spans},
    schema::{Contract, batch::in_columns},
};

/// A contract that says something else of a table than when periods were closed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Otherwise {
    file: String,
    table: String,
    /// In a few words.
    why: String,
}

/// What parts of closed periods are recast with.
#[derive(Clone, Copy)]
pub(super) struct Recast<'a> {
    pub partnership: &'a Partnership,
    pub releases: &'a Releases,
    pub latest: Option<&'a Manifest>,
}

impl Recast<'_> {
    /// A part of a closed period as the next release has it: itself where it fits its contract, else with the columns that the contract has
    /// gained. A table without a contract is nobody's any more, and its part stays.
    ///
    /// # Errors
    /// TC10… where it cannot be read or written. Where the contract says something else of it, the answer is why not.
    pub fn of(&self, table: &str, part: &PublishedPart) -> Answer<Result<PublishedPart, Otherwise>> {
        let Some(contract) = self.partnership.contracts.get(&format!("published/{table}")) else { return Ok(Ok(part.clone())) };
        if let Some(there) = self.as_latest(table, part, contract) {
            return Ok(Ok(there));
        }
        let file = PartFile::open(&self.releases.path_of(&part.path))?;
        let wanted = contract.arrow_schema();
        match gained(file.schema(), &wanted) {
            Ok(columns) if columns.is_empty() => Ok(Ok(part.clone())),
            Ok(_) => self.write(table, part, &file, contract).map(Ok),
            Err(why) => Ok(Err(Otherwise { file: contract.file.clone(), table: table.to_owned(), why })),
        }
    }

    /// The part of the latest release that stands for this one, where the contract is the one by which that was published.
    fn as_latest(&self, table: &str, part: &PublishedPart, contract: &Contract) -> Option<PublishedPart> {
        let latest = self.latest?;
        let is_same = latest.made_from.files.get(&contract.file) == Some(&contract.digest.hex());
        let there = latest.content.tables.get(table)?.iter().find(|there| there.key == part.key && there.closed_as() == part.sha256)?;
        let is_there = std::fs::metadata(self.releases.path_of(&there.path)).is_ok_and(|file| file.len() == there.bytes);
        (is_same && is_there).then(|| there.clone())
    }

    fn write(&self, table: &str, part: &PublishedPart, file: &PartFile, contract: &Contract) -> Answer<PublishedPart> {
        hold(file.path(), part.bytes, &part.sha256)?;
        let (schema, wanted) = (PartSchema::of(contract)?, contract.arrow_schema());
        let mut writer = PartWriter::create(self.releases.staging(), &schema)?;
        for row_group in 0..file.row_groups() {
            let rows = with_columns(&read(file, row_group)?, &wanted, table)?;
            writer.append(EncodedRowGroup::of(&schema, &[rows])?)?;
        }
        let staged = writer.finish()?;
        prove_equal(file, &PartFile::open(&staged.path)?, table)?;
        crash::point("cost.recast")?;
        let placed = self.releases.add_part(table, &staged)?;
        let mut facts = part.facts.clone();
        if facts.is_null() {
            facts = Value::Object(serde_json::Map::new());
        }
        if let Some(facts) = facts.as_object_mut() {
            facts.insert(RECAST_OF.to_owned(), part.sha256.clone().into());
        }
        Ok(PublishedPart { path: placed.path, sha256: placed.sha256, rows: placed.rows, bytes: placed.bytes, facts, ..part.clone() })
    }
}

/// The columns that `wanted` has beyond `there`, in order: all of them may be null, and the others are the same, in the same order. Else why
/// not, in a few words.
fn gained(there: &SchemaRef, wanted: &SchemaRef) -> Result<Vec<String>, String> {
    let mut columns = Vec::new();
    let mut left = there.fields().iter().peekable();
    for field in wanted.fields() {
        match left.peek() {
            Some(old) if old.name() == field.name() => {
                if old.data_type() != field.data_type() {
                    return Err(format!("`{}` is another type", field.name()));
                }
                if old.is_nullable() != field.is_nullable() {
                    let word = if field.is_nullable() { "may be null now" } else { "may not be null now" };
                    return Err(format!("`{}` {word}", field.name()));
                }
                left.next();
            }
            _ if there.column_with_name(field.name()).is_some() => return Err(format!("`{}` has another place", field.name())),
            _ if !field.is_nullable() => return Err(format!("`{}` is new and may not be null", field.name())),
            _ => columns.push(field.name().clone()),
        }
    }
    match left.next() {
        Some(gone) => Err(format!("`{}` is gone", gone.name())),
        None => Ok(columns),
    }
}

fn read(file: &PartFile, row_group: usize) -> Answer<RecordBatch> {
    let names: Vec<&str> = file.schema().fields().iter().map(|field| field.name().as_str()).collect();
    file.read(row_group, &names, &[])
}

/// The rows with the columns of `wanted`: those that they lack are null.
fn with_columns(rows: &RecordBatch, wanted: &SchemaRef, table: &str) -> Answer<RecordBatch> {
    let as_there = |field: &Arc<Field>| match rows.column_by_name(field.name()) {
        Some(column) => field.as_ref().clone().with_data_type(column.data_type().clone()),
        None => field.as_ref().clone(),
    };
    let fields: Vec<Field> = wanted.fields().iter().map(as_there).collect();
    in_columns(rows, &Arc::new(Schema::new(fields))).map_err(|e| does_not_fit(table, &e))
}

/// Reads both sides again: every column that the closed part has holds the same values in the same order, and every other one is null.
fn prove_equal(closed: &PartFile, recast: &PartFile, table: &str) -> Answer<()> {
    let mut same = closed.row_groups() == recast.row_groups() && closed.rows() == recast.rows();
    for row_group in 0..if same { closed.row_groups() } else { 0 } {
        let (old, new) = (read(closed, row_group)?, read(recast, row_group)?);
        let equal = |(field, column): (&Arc<Field>, &ArrayRef)| match old.column_by_name(field.name()) {
            Some(before) => before.to_data() == column.to_data(),
            None => column.null_count() == column.len(),
        };
        let all_there = old.schema().fields().iter().all(|field| new.column_by_name(field.name()).is_some());
        same &= all_there && new.schema().fields().iter().zip(new.columns()).all(equal);
    }
    if same {
        return Ok(());
    }
    Err(Diagnostic::new(
        codes::periods::CLOSED_CHANGED,
        format!("a part of {table} of a closed period is not the same with the columns that its contract gained"),
    )
    .expected("the same values, column by column")
    .outcome("nothing was published; the last release is unchanged")
    .hint("this is a fault of truecost: report it with the output of `truecost release verify --json`")
    .into())
}

/// TC1405 of one change of a contract, for all the closed periods that do not fit it.
pub(super) fn refused(Otherwise { file, table, why }: &Otherwise, periods: &BTreeSet<Period>) -> Diagnostic {
    let all: Vec<Period> = periods.iter().copied().collect();
    let named = spans(&all);
    let (are, were, reopen) = match all.as_slice() {
        [_] => ("is", "it was", format!("truecost period reopen {named} --by NAME --reason TEXT")),
        _ => ("are", "they were", "truecost period reopen PERIOD --by NAME --reason TEXT for each of them".to_owned()),
    };
    Diagnostic::new(codes::periods::NOT_RECAST, format!("{named} {are} closed, and `{table}` says something else than when {were}: {why}"))
        .place(Place::file(file))
        .expected("the columns with which it was published, in their order; others beside them that may be null")
        .outcome("nothing was published; the last release is unchanged")
        .hint(format!("take the change back; or {reopen}, then truecost run"))
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::DataType;

    use super::*;

    fn schema(fields: &[(&str, DataType, bool)]) -> SchemaRef {
        Arc::new(Schema::new(fields.iter().map(|(name, kind, null)| Field::new(*name, kind.clone(), *null)).collect::<Vec<_>>()))
    }

    #[test]
    fn a_part_is_recast_for_columns_that_may_be_null_and_for_nothing_else() {
        let (text, whole) = (DataType::Utf8, DataType::Int64);
        let there = schema(&[("a", text.clone(), false), ("b", whole.clone(), true)]);
        let to = |fields: &[(&str, DataType, bool)]| gained(&there, &schema(fields));
        assert_eq!(to(&[("a", text.clone(), false), ("b", whole.clone(), true)]), Ok(vec![]));
        assert_eq!(to(&[("a", text.clone(), false), ("b", whole.clone(), true), ("c", text.clone(), true)]), Ok(vec!["c".to_owned()]));
        assert_eq!(to(&[("n", text.clone(), true), ("a", text.clone(), false), ("b", whole.clone(), true)]), Ok(vec!["n".to_owned()]));
        for (fields, why) in [
            (vec![("a", text.clone(), false)], "`b` is gone"),
            (vec![("a", text.clone(), false), ("x", whole.clone(), true)], "`b` is gone"),
            (vec![("b", whole.clone(), true), ("a", text.clone(), false)], "`b` has another place"),
            (vec![("a", whole.clone(), false), ("b", whole.clone(), true)], "`a` is another type"),
            (vec![("a", text.clone(), true), ("b", whole.clone(), true)], "`a` may be null now"),
            (vec![("a", text.clone(), false), ("b", whole.clone(), false)], "`b` may not be null now"),
            (vec![("a", text.clone(), false), ("b", whole, true), ("c", text, false)], "`c` is new and may not be null"),
        ] {
            assert_eq!(to(&fields), Err(why.to_owned()));
        }
    }
}
