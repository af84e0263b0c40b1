//! Parts of published tables: taken over from the latest release where their inputs are the same, else made and put in place.

use arrow::record_batch::RecordBatch;
use serde_json::Value;

use super::super::Conductor;
use crate::{
    diagnostic::Answer,
    engine::{Part, Table},
    lake::{Content, PartFile, PublishedPart, StagedPart},
    plan::{does_not_fit, published},
    schema::table,
    stages::publish,
};

impl Conductor<'_> {
    /// Puts a staged part in place.
    pub(super) fn add_part(&self, table: &str, key: &str, inputs: &str, staged: &StagedPart, facts: Value) -> Answer<PublishedPart> {
        let part = self.lake.releases().add_part(table, staged)?;
        Ok(PublishedPart {
            key: key.into(),
            inputs: inputs.into(),
            path: part.path,
            sha256: part.sha256,
            rows: part.rows,
            bytes: part.bytes,
            facts,
        })
    }

    /// All rows of small parts, in memory.
    pub(super) fn rows_of(&self, table: &str, parts: &[PublishedPart]) -> Answer<Table> {
        let schema = published(self.partnership, table)?.arrow_schema();
        let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        let mut batches = Vec::new();
        for part in parts {
            let file = PartFile::open(&self.lake.releases().path_of(&part.path))?;
            for row_group in 0..file.row_groups() {
                let rows = file.read(row_group, &names, &[])?;
                let rows = RecordBatch::try_new(schema.clone(), rows.columns().to_vec()).map_err(|e| does_not_fit(table, &e))?;
                batches.push(rows);
            }
        }
        Ok(Table::rows(schema, batches))
    }

    pub(super) fn parts_table<'p>(&self, table: &str, parts: impl Iterator<Item = &'p PublishedPart>) -> Answer<Table> {
        let schema = published(self.partnership, table)?.arrow_schema();
        let part = |p: &PublishedPart| Part::local(&self.lake.releases().path_of(&p.path), p.bytes, p.rows);
        Ok(Table::local(schema, parts.filter_map(part).collect()))
    }

    pub(super) fn store(&self, name: &str, rows: &[Vec<crate::schema::Cell>], content: &mut Content) -> Answer<()> {
        self.store_batch(name, &table(published(self.partnership, name)?, rows)?, content)
    }

    pub(super) fn store_batch(&self, name: &str, rows: &RecordBatch, content: &mut Content) -> Answer<()> {
        let staged = publish::write(published(self.partnership, name)?, rows, self.lake.releases().staging())?;
        let part = self.add_part(name, "", "", &staged, Value::Null)?;
        content.tables.insert(name.to_owned(), vec![part]);
        Ok(())
    }
}
