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
    for group in encoded {
        writer.append(group).unwrap();
    }
    assert_eq!(writer.finish().unwrap().digest, one.digest);
}

#[test]
fn a_dictionary_array_gives_the_same_bytes_as_the_text_it_stands_for() {
    let (_folder, staging) = folder();
    let schema = ledger_schema();
    let rows = ledger(0, 140_000);
    let plain = write_part(&staging, &schema, [rows.clone()]);
    let dictionary = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let columns: Vec<ArrayRef> =
        rows.columns().iter().map(|c| if c.data_type() == &DataType::Utf8 { cast(c, &dictionary).unwrap() } else { c.clone() }).collect();
    let fields: Vec<_> =
        rows.schema().fields().iter().zip(&columns).map(|(f, c)| f.as_ref().clone().with_data_type(c.data_type().clone())).collect();
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
        let ids = Int32Array::from_iter_values((0..rows).map(|row| i32::from(row % 3 == 0)));
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

fn all<T, A: FromIterator<Option<T>> + arrow::array::Array + 'static>(rows: usize, of: impl Fn(usize) -> Option<T>) -> ArrayRef {
    Arc::new((0..rows).map(of).collect::<A>())
}

/// Every type, with and without empty entries, and texts for which no dictionary pays.
pub(super) fn wide(rows: usize, from: usize) -> (Arc<PartSchema>, RecordBatch) {
    use arrow::array::{BooleanArray, Date32Array, Decimal128Array, Int8Array, Int16Array, Int64Array, TimestampMicrosecondArray};
    let kinds = [
        ("flag", Type::Boolean, None),
        ("tiny", Type::TinyInt, None),
        ("small", Type::SmallInt, None),
        ("whole", Type::Integer, None),
        ("sequence", Type::Integer, Some(Role::Sequence)),
        ("big", Type::BigInt, None),
        ("money", Type::Money, None),
        ("quantity", Type::Quantity, None),
        ("day", Type::Date, None),
        ("instant", Type::Instant, None),
        ("code", Type::Text, Some(Role::Code)),
        ("key", Type::Text, Some(Role::Key)),
        ("story", Type::Text, Some(Role::FreeText)),
    ];
    let columns = kinds.iter().map(|(name, kind, role)| column(name, *kind, false, *role)).collect();
    let schema = PartSchema::of(&contract("wide", columns)).unwrap();
    let pick = |row: usize, salt: u64| sample::random((from + row) as u64 * 31 + salt);
    let some = |row: usize, salt: u64| (!pick(row, salt + 100).is_multiple_of(salt + 2)).then(|| pick(row, salt));
    let arrays = vec![
        all::<_, BooleanArray>(rows, |r| some(r, 1).map(|v| v % 2 == 0)),
        all::<_, Int8Array>(rows, |r| some(r, 2).map(|v| v as i8)),
        all::<_, Int16Array>(rows, |r| some(r, 3).map(|v| v as i16)),
        all::<_, Int32Array>(rows, |r| some(r, 4).map(|v| v as i32)),
        all::<_, Int32Array>(rows, |r| some(r, 5).map(|v| v as i32)),
        all::<_, Int64Array>(rows, |r| some(r, 6).map(|v| v as i64)),
        Arc::new(
            (0..rows)
                .map(|r| some(r, 7).map(|v| i128::from(v as i64) % 1_000_000_000_000_000_000))
                .collect::<Decimal128Array>()
                .with_precision_and_scale(18, 2)
                .unwrap(),
        ),
        Arc::new(
            (0..rows)
                .map(|r| some(r, 13).map(|v| i128::from(v as i64) % 1_000_000_000_000_000_000))
                .collect::<Decimal128Array>()
                .with_precision_and_scale(18, 6)
                .unwrap(),
        ),
        all::<_, Date32Array>(rows, |r| some(r, 8).map(|v| (v % 40_000) as i32)),
        Arc::new((0..rows).map(|r| some(r, 9).map(|v| (v >> 12) as i64)).collect::<TimestampMicrosecondArray>().with_timezone("UTC")),
        all::<_, StringArray>(rows, |r| some(r, 10).map(|v| format!("é{}", v % 300))),
        all::<_, StringArray>(rows, |r| some(r, 11).map(|v| format!("K{}", v % 5))),
        all::<_, StringArray>(rows, |r| some(r, 12).map(|v| if v % 50 == 0 { String::new() } else { format!("story {v} {v:x}") })),
    ];
    let batch = RecordBatch::try_new(schema.arrow().clone(), arrays).unwrap();
    (schema, batch)
}

#[test]
fn every_type_comes_back_with_its_empty_entries() {
    let (_folder, staging) = folder();
    for rows in [1, 7, 40, 1_000, 132_000] {
        let (schema, batch) = wide(rows, 5);
        let part = PartFile::open(&write_part(&staging, &schema, [batch.clone()]).path).unwrap();
        assert_eq!(part.schema(), schema.arrow());
        let names: Vec<_> = schema.arrow().fields().iter().map(|f| f.name().as_str()).collect();
        let groups: Vec<_> = (0..part.row_groups()).map(|group| part.read(group, &names, &[]).unwrap()).collect();
        assert!(concat_batches(&groups[0].schema(), &groups).unwrap() == batch, "{rows} rows");
    }
}

#[test]
fn a_column_for_which_no_dictionary_pays_has_the_same_bytes_however_it_arrives() {
    let (_folder, staging) = folder();
    let (schema, batch) = wide(132_000, 9);
    let whole = write_part(&staging, &schema, [batch.clone()]);
    let slices = (0..132).map(|at| batch.slice(at * 1_000, 1_000));
    assert_eq!(write_part(&staging, &schema, slices).digest, whole.digest);
    let dictionary = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let columns: Vec<_> =
        batch.columns().iter().map(|c| if c.data_type() == &DataType::Utf8 { cast(c, &dictionary).unwrap() } else { c.clone() }).collect();
    let fields: Vec<_> =
        batch.schema().fields().iter().zip(&columns).map(|(f, c)| f.as_ref().clone().with_data_type(c.data_type().clone())).collect();
    let coded = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap();
    assert_eq!(write_part(&staging, &schema, [coded]).digest, whole.digest);
}

#[test]
fn a_dictionary_array_may_hold_values_that_nobody_uses_and_an_empty_one() {
    let (_folder, staging) = folder();
    let schema = PartSchema::of(&contract("t", vec![column("code", Type::Text, false, Some(Role::Code))])).unwrap();
    let values = StringArray::from(vec![Some("never"), Some("b"), None, Some("a"), Some("b")]);
    let keys = Int32Array::from(vec![Some(1), Some(2), None, Some(3), Some(4), Some(1)]);
    let coded = DictionaryArray::new(keys, Arc::new(values));
    let text: StringArray = [Some("b"), None, None, Some("a"), Some("b"), Some("b")].into_iter().collect();
    let of = |array: ArrayRef| RecordBatch::try_from_iter_with_nullable([("code", array, true)]).unwrap();
    assert_eq!(write_part(&staging, &schema, [of(Arc::new(coded))]).digest, write_part(&staging, &schema, [of(Arc::new(text))]).digest);
}
