//! Parts as a whole: bytes that depend on rows alone, copied columns, what is read back.

use std::{fs, sync::Arc};

use arrow::{
    array::{Array as _, ArrayRef, AsArray as _, DictionaryArray, Int32Array, RecordBatch, StringArray},
    compute::{cast, concat_batches},
    datatypes::{DataType, Int32Type, Schema},
};
use sha2::{Digest as _, Sha256};

use super::{Derivation, EncodedRowGroup, PartFile, PartSchema, PartWriter, Plan, RowGroupBuffer};
use crate::{
    domain::Digest,
    lake::sample::{self, column, contract, folder, ledger, ledger_schema, write_part},
    schema::{Role, Type},
};

fn sliced(rows: usize, mut size: impl FnMut(usize) -> usize) -> Vec<RecordBatch> {
    let mut at = 0;
    std::iter::from_fn(|| {
        let length = size(at).min(rows - at);
        at += length;
        (length > 0).then(|| ledger(at - length, length))
    })
    .collect()
}

#[test]
fn the_bytes_of_a_part_do_not_show_how_its_rows_arrived() {
    let (_folder, staging) = folder();
    let schema = ledger_schema();
    let rows = 300_000;
    let whole = write_part(&staging, &schema, [ledger(0, rows)]);
    let even = write_part(&staging, &schema, sliced(rows, |_| 8_192));
    let odd = write_part(&staging, &schema, sliced(rows, |at| 1 + sample::random(at as u64) as usize % 20_000));
    assert_eq!((whole.digest, whole.rows), (even.digest, rows as u64));
    assert_eq!(whole.digest, odd.digest);
    assert_eq!(Digest(Sha256::digest(fs::read(&whole.path).unwrap()).into()), whole.digest);
    assert_eq!(fs::metadata(&whole.path).unwrap().len(), whole.bytes);
    assert_eq!(whole.name(), whole.digest.hex()[..32]);
}

#[test]
fn the_bytes_of_a_part_do_not_show_how_many_threads_made_it() {
    let (_folder, staging) = folder();
    let schema = ledger_schema();
    let one = write_part(&staging, &schema, [ledger(0, 300_000)]);
    let mut buffer = RowGroupBuffer::default();
    let mut groups = buffer.push(ledger(0, 300_000));
    groups.extend(buffer.finish());
    let encoded: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = groups.iter().map(|group| scope.spawn(|| EncodedRowGroup::of(&schema, group).unwrap())).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let mut writer = PartWriter::create(&staging, &schema).unwrap();
    encoded.into_iter().for_each(|group| writer.append(group).unwrap());
    assert_eq!(writer.finish().unwrap().digest, one.digest);
}

#[test]
fn a_dictionary_array_gives_the_same_bytes_as_the_text_it_stands_for() {
    let (_folder, staging) = folder();
    let schema = ledger_schema();
    let rows = ledger(0, 140_000);
    let plain = write_part(&staging, &schema, [rows.clone()]);
    let dictionary = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let columns: Vec<ArrayRef> = rows
        .columns()
        .iter()
        .map(|c| if c.data_type() == &DataType::Utf8 { cast(c, &dictionary).unwrap() } else { c.clone() })
        .collect();
    let fields: Vec<_> = rows.schema().fields().iter().zip(&columns).map(|(f, c)| f.as_ref().clone().with_data_type(c.data_type().clone())).collect();
    let coded = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap();
    assert_eq!(write_part(&staging, &schema, [coded]).digest, plain.digest);
}

#[test]
fn what_was_written_is_read_back() {
    let (_folder, staging) = folder();
    let schema = ledger_schema();
    let rows = ledger(0, 150_000);
    let part = PartFile::open(&write_part(&staging, &schema, [rows.clone()]).path).unwrap();
    assert_eq!((part.row_groups(), part.rows(), part.rows_in(1)), (2, 150_000, 150_000 - 131_072));
    assert_eq!(part.schema(), schema.arrow());
    let names: Vec<_> = schema.arrow().fields().iter().map(|f| f.name().as_str()).collect();
    let groups: Vec<_> = (0..2).map(|group| part.read(group, &names, &[]).unwrap()).collect();
    assert!(concat_batches(&groups[0].schema(), &groups).unwrap() == rows);
}

#[test]
fn codes_are_read_as_dictionaries_in_the_order_asked_for() {
    let (_folder, staging) = folder();
    let schema = ledger_schema();
    let rows = ledger(0, 50_000);
    let part = PartFile::open(&write_part(&staging, &schema, [rows.clone()]).path).unwrap();
    let read = part.read(0, &["project", "amount", "cost_centre"], &["project", "cost_centre"]).unwrap();
    assert_eq!(read.schema().field(1).name(), "amount");
    for (name, at) in [("project", 0), ("cost_centre", 2)] {
        let codes = read.column(at).as_dictionary::<Int32Type>();
        assert!(codes.values().len() < 20_001, "{}", codes.values().len());
        let text = cast(read.column(at), &DataType::Utf8).unwrap();
        assert!(text.as_ref() == rows.column_by_name(name).unwrap().as_ref());
    }
}

fn cost_line() -> Arc<PartSchema> {
    let mut columns: Vec<_> = [("council", Type::Text), ("ownership", Type::Text)].iter().map(|(n, k)| column(n, *k, true, None)).collect();
    for name in ["source_row", "posting_date", "document", "amount", "project"] {
        columns.push(sample::ledger_contract().column(name).unwrap().clone());
    }
    // Nullable here and required in the ledger: cannot be copied page by page.
    columns.push(column("currency", Type::Text, false, Some(Role::Code)));
    columns.push(column("effective_date", Type::Date, true, None));
    PartSchema::of(&contract("cost_line", columns)).unwrap()
}

#[test]
fn a_derived_part_equals_one_that_was_encoded_from_all_columns() {
    let (_folder, staging) = folder();
    let (ledger_schema, schema) = (ledger_schema(), cost_line());
    let rows = ledger(0, 200_000);
    let source = PartFile::open(&write_part(&staging, &ledger_schema, [rows.clone()]).path).unwrap();
    let copy = |name: &str| Plan::Copy(name.into());
    let plan = [
        Plan::Fresh,
        Plan::Fresh,
        copy("source_row"),
        copy("posting_date"),
        copy("document"),
        copy("amount"),
        copy("project"),
        copy("currency"),
        copy("posting_date"),
    ];
    let fresh = |rows: usize| {
        let ids = Int32Array::from_iter_values((0..rows).map(|row| (row % 3 == 0) as i32));
        let ownership = DictionaryArray::new(ids, Arc::new(StringArray::from(vec!["retained", "shared"])));
        let council = StringArray::from_iter_values((0..rows).map(|_| "newham"));
        RecordBatch::try_from_iter([("council", Arc::new(council) as ArrayRef), ("ownership", Arc::new(ownership))]).unwrap()
    };
    let derivation = Derivation::new(source.clone(), &schema, &plan).unwrap();
    let mut writer = PartWriter::create(&staging, &schema).unwrap();
    let mut whole = Vec::new();
    for group in 0..source.row_groups() {
        let fresh = fresh(source.rows_in(group));
        writer.append(derivation.encode(group, &fresh).unwrap()).unwrap();
        let names = ["source_row", "posting_date", "document", "amount", "project", "currency", "posting_date"];
        let mut columns = fresh.columns().to_vec();
        columns[1] = cast(&columns[1], &DataType::Utf8).unwrap();
        columns.extend(names.iter().map(|name| source.read(group, &[name], &[]).unwrap().column(0).clone()));
        whole.push(RecordBatch::try_new(schema.arrow().clone(), columns).unwrap());
    }
    let derived = writer.finish().unwrap();
    let encoded = write_part(&staging, &schema, whole);
    assert_eq!((derived.rows, derived.digest), (200_000, encoded.digest));
}

#[test]
fn rows_that_do_not_fit_are_refused() {
    let schema = ledger_schema();
    let rows = ledger(0, 10);
    let other = rows.project(&[1, 0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18]).unwrap();
    let refusal = EncodedRowGroup::of(&schema, &[other]).unwrap_err();
    assert_eq!(refusal.0[0].seen, "rows for `ledger_line` do not fit: column 1 is `source_row` instead of `delivery_id`");
    let fields: Vec<_> = schema.arrow().fields().iter().map(|f| f.as_ref().clone().with_nullable(true)).collect();
    let mut columns = rows.columns().to_vec();
    columns[11] = arrow::array::new_null_array(columns[11].data_type(), 10);
    let empty = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap();
    let refusal = EncodedRowGroup::of(&schema, &[empty]).unwrap_err();
    assert_eq!(refusal.0[0].seen, "rows for `ledger_line` do not fit: `amount` is required, and 10 entries are empty");
}

#[test]
fn a_part_without_rows_and_a_damaged_one() {
    let (_folder, staging) = folder();
    let schema = ledger_schema();
    let empty = write_part(&staging, &schema, []);
    assert_eq!((PartFile::open(&empty.path).unwrap().row_groups(), empty.rows), (0, 0));
    let whole = write_part(&staging, &schema, [ledger(0, 1_000)]);
    let bytes = fs::read(&whole.path).unwrap();
    fs::write(&whole.path, &bytes[..bytes.len() - 10]).unwrap();
    assert_eq!(PartFile::open(&whole.path).unwrap_err().0[0].code.id, "TC1008");
}
