//! Faulty rows with their reasons: one Parquet file a delivery.

use std::{
    fs::File,
    path::{Path, PathBuf},
    sync::Arc,
};

use arrow::{
    array::{Array as _, Int64Array, RecordBatch, StringArray},
    datatypes::{DataType, Field, Schema, SchemaRef},
};
use parquet::{
    arrow::{
        ArrowWriter,
        arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder},
        arrow_writer::ArrowWriterOptions,
    },
    basic::{Compression, ZstdLevel},
    file::properties::{EnabledStatistics, WriterProperties},
};

use super::{
    Staging,
    durable::{self, Seen},
    fault,
};
use crate::{crash, diagnostic::Answer, domain::DeliveryId};

/// One fault of one row. A row with several faults has several of these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuarantinedValue {
    /// 1-based physical line on which the record starts.
    pub source_row: u64,
    /// `None` where the record as a whole is at fault.
    pub column_name: Option<String>,
    /// `TC0301`.
    pub code: String,
    /// In plain English.
    pub reason: String,
    pub value: String,
    /// The record as it came.
    pub raw: String,
}

/// Rows are written out when so many have come together, so that a file that is wrong from top to bottom does not fill the memory.
const HELD: usize = 16_384;

/// Writes the quarantine part of one delivery. A part appears only when [`QuarantineWriter::finish`] has flushed and renamed it.
pub struct QuarantineWriter {
    staging: PathBuf,
    target: PathBuf,
    delivery: String,
    writer: Option<ArrowWriter<File>>,
    held: Vec<QuarantinedValue>,
    written: u64,
}

impl QuarantineWriter {
    /// `target` is [`super::Lake::quarantine_file`].
    ///
    /// # Errors
    /// TC1002.
    pub fn create(staging: &Staging, target: PathBuf, delivery: &DeliveryId) -> Answer<Self> {
        Ok(Self { staging: staging.name()?, target, delivery: delivery.to_string(), writer: None, held: Vec::new(), written: 0 })
    }

    /// Takes the next fault, in source order.
    ///
    /// # Errors
    /// TC1002.
    pub fn push(&mut self, value: QuarantinedValue) -> Answer<()> {
        self.held.push(value);
        if self.held.len() >= HELD { self.write_held() } else { Ok(()) }
    }

    fn write_held(&mut self) -> Answer<()> {
        let held = std::mem::take(&mut self.held);
        self.written += held.len() as u64;
        crash::point("quarantine.rows")?;
        let batch = batch(&self.delivery, &held).map_err(|error| fault::rows("quarantine", error))?;
        let path = &self.staging;
        let writer = match &mut self.writer {
            Some(writer) => writer,
            none => none.insert(open(path)?),
        };
        writer.write(&batch).map_err(|error| fault::file(path, "write")(std::io::Error::other(error)))
    }

    /// Puts the part in place and says how many faults it holds. Without any there is no part, and an earlier one is removed.
    ///
    /// # Errors
    /// TC1002.
    pub fn finish(mut self) -> Answer<u64> {
        if !self.held.is_empty() {
            self.write_held()?;
        }
        let parent = self.target.parent().unwrap_or(Path::new("."));
        let Some(writer) = self.writer.take() else {
            if self.target.exists() {
                durable::remove(&self.target)?;
                durable::sync_folder(parent)?;
            }
            return Ok(0);
        };
        let closed = writer.into_inner().map_err(std::io::Error::other).and_then(|file| file.sync_all());
        closed.map_err(fault::file(&self.staging, "write"))?;
        crash::point("quarantine.written")?;
        durable::rename(&self.staging, &self.target, Seen::ByUs)?;
        crash::point("quarantine.renamed")?;
        durable::sync_folder(parent)?;
        Ok(self.written)
    }
}

fn open(path: &Path) -> Answer<ArrowWriter<File>> {
    let file = Seen::ByUs.create_new(path).map_err(fault::file(path, "create"))?;
    let properties = WriterProperties::builder()
        .set_created_by("truecost".into())
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(3).unwrap_or_default()))
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .build();
    let options = ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
    ArrowWriter::try_new_with_options(file, schema(), options).map_err(|error| fault::rows("quarantine", error))
}

fn schema() -> SchemaRef {
    let text = |name: &str, nullable| Field::new(name, DataType::Utf8, nullable);
    Arc::new(Schema::new(vec![
        text("delivery_id", false),
        Field::new("source_row", DataType::Int64, false),
        text("column_name", true),
        text("code", false),
        text("reason", false),
        text("value", false),
        text("raw", false),
    ]))
}

fn batch(delivery: &str, held: &[QuarantinedValue]) -> Result<RecordBatch, arrow::error::ArrowError> {
    let text = |of: fn(&QuarantinedValue) -> &str| Arc::new(StringArray::from_iter_values(held.iter().map(of)));
    RecordBatch::try_new(
        schema(),
        vec![
            Arc::new(StringArray::from_iter_values(held.iter().map(|_| delivery))),
            Arc::new(Int64Array::from_iter_values(held.iter().map(|row| row.source_row as i64))),
            Arc::new(held.iter().map(|row| row.column_name.as_deref()).collect::<StringArray>()),
            text(|row| &row.code),
            text(|row| &row.reason),
            text(|row| &row.value),
            text(|row| &row.raw),
        ],
    )
}

/// The faults of a delivery in source order, as they were written; empty where there is no part.
///
/// # Errors
/// TC1008.
pub fn read_quarantine(path: &Path) -> Answer<Vec<QuarantinedValue>> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    read(path).map_err(|error| fault::part(path, error))
}

fn read(path: &Path) -> Result<Vec<QuarantinedValue>, Box<dyn std::error::Error>> {
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let reader = ParquetRecordBatchReaderBuilder::try_new_with_options(File::open(path)?, options)?.build()?;
    let mut out = Vec::new();
    for batch in reader {
        out.extend(rows(&batch?).ok_or("its columns are not those of a quarantine part")?);
    }
    Ok(out)
}

fn rows(batch: &RecordBatch) -> Option<Vec<QuarantinedValue>> {
    let text = |name: &str| batch.column_by_name(name)?.as_any().downcast_ref::<StringArray>();
    let (column_name, code, reason, value, raw) = (text("column_name")?, text("code")?, text("reason")?, text("value")?, text("raw")?);
    let source_row = batch.column_by_name("source_row")?.as_any().downcast_ref::<Int64Array>()?;
    let row = |at: usize| QuarantinedValue {
        source_row: source_row.value(at) as u64,
        column_name: column_name.is_valid(at).then(|| column_name.value(at).to_owned()),
        code: code.value(at).to_owned(),
        reason: reason.value(at).to_owned(),
        value: value.value(at).to_owned(),
        raw: raw.value(at).to_owned(),
    };
    Some((0..batch.num_rows()).map(row).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(source_row: u64) -> QuarantinedValue {
        QuarantinedValue {
            source_row,
            column_name: (!source_row.is_multiple_of(3)).then(|| "amount".into()),
            code: "TC0301".into(),
            reason: "not an amount in a declared style".into(),
            value: "12.3.4".into(),
            raw: format!("{source_row},12.3.4,\"a\nb\""),
        }
    }

    #[test]
    fn faults_come_back_in_order_and_a_clean_delivery_has_no_part() {
        let folder = tempfile::tempdir().unwrap();
        let staging = Staging::at(folder.path().join("_staging"), Seen::ByUs);
        let target = folder.path().join("quarantine/00000000000000aa.parquet");
        let delivery = DeliveryId::parse("00000000000000aa").unwrap();
        let faults: Vec<_> = (1..=40_000).map(fault).collect();
        let mut writer = QuarantineWriter::create(&staging, target.clone(), &delivery).unwrap();
        for fault in &faults {
            writer.push(fault.clone()).unwrap();
        }
        assert_eq!(writer.finish().unwrap(), 40_000);
        assert!(read_quarantine(&target).unwrap() == faults);
        let writer = QuarantineWriter::create(&staging, target.clone(), &delivery).unwrap();
        assert_eq!(writer.finish().unwrap(), 0);
        assert_eq!(read_quarantine(&target).unwrap(), vec![]);
    }
}
