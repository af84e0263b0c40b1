//! A ledger for tests: the columns of `ledger_line`, rows made from a seed.

use std::{path::PathBuf, sync::Arc};

use arrow::{
    array::{ArrayRef, Date32Array, Decimal128Array, Int8Array, Int16Array, Int32Array, Int64Array, StringArray},
    record_batch::RecordBatch,
};

use super::{EncodedRowGroup, PartSchema, PartWriter, RowGroupBuffer, StagedPart, Staging};
use crate::{
    domain::{Digest, Identifier},
    schema::{Column, ColumnRules, Contract, Kind, Role, SpecialColumns, Type},
};

pub fn column(name: &str, kind: Type, required: bool, role: Option<Role>) -> Column {
    Column {
        name: Identifier::new(name).unwrap(),
        physical_name: name.into(),
        kind,
        required,
        primary_key: None,
        description: String::new(),
        rules: ColumnRules { role, ..ColumnRules::default() },
    }
}

pub fn contract(name: &str, columns: Vec<Column>) -> Contract {
    Contract {
        name: name.into(),
        kind: Kind::Common,
        file: format!("schemas/common/{name}.odcs.yaml"),
        digest: Digest([0; 32]),
        version: "1.0.0".into(),
        special: SpecialColumns::undeclared(Kind::Common, name, &columns),
        columns,
        layout: None,
    }
}

pub const GIVEN: [(&str, Type, Option<Role>); 6] = [
    ("council", Type::Text, Some(Role::Code)),
    ("feed", Type::Text, Some(Role::Code)),
    ("delivery_id", Type::Text, Some(Role::Code)),
    ("source_row", Type::BigInt, Some(Role::Sequence)),
    ("delivery_year", Type::SmallInt, None),
    ("delivery_period", Type::TinyInt, None),
];

pub const LEDGER: [(&str, Type, bool, Option<Role>); 17] = [
    ("fiscal_year", Type::SmallInt, true, None),
    ("period", Type::TinyInt, true, None),
    ("posting_date", Type::Date, true, None),
    ("document", Type::Text, true, Some(Role::Key)),
    ("line", Type::Integer, false, None),
    ("balance_type", Type::Text, true, Some(Role::Code)),
    ("cost_centre", Type::Text, false, Some(Role::Code)),
    ("account", Type::Text, false, Some(Role::Code)),
    ("project", Type::Text, false, Some(Role::Code)),
    ("amount", Type::Money, true, Some(Role::Amount)),
    ("currency", Type::Text, true, Some(Role::Code)),
    ("description", Type::Text, false, Some(Role::FreeText)),
    ("counterparty", Type::Text, false, Some(Role::FreeText)),
    ("reference", Type::Text, false, Some(Role::Key)),
    ("journal_source", Type::Text, false, Some(Role::Code)),
    ("journal_category", Type::Text, false, Some(Role::Code)),
    ("source_system", Type::Text, false, Some(Role::Code)),
];

pub fn ledger_contract() -> Contract {
    let provenance = GIVEN.iter().map(|(name, kind, role)| column(name, *kind, true, *role));
    let own = LEDGER.iter().map(|(name, kind, required, role)| column(name, *kind, *required, *role));
    contract("ledger_line", provenance.chain(own).collect())
}

pub fn ledger_schema() -> Arc<PartSchema> {
    PartSchema::without(&ledger_contract(), &super::table::PARTITION_COLUMNS).unwrap()
}

/// splitmix64: the same numbers on every machine.
pub fn random(seed: u64) -> u64 {
    let mut z = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(0x1234_5678_9abc_def1);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[allow(clippy::cast_precision_loss)] // A distribution for tests, no money.
/// Log-normal pence, as real ledgers have them.
pub fn pence(row: usize) -> i128 {
    let uniform = |salt: u64| (random(row as u64 * 4 + salt) >> 11) as f64 / (1u64 << 53) as f64;
    let normal = (-2.0 * uniform(1).max(1e-12).ln()).sqrt() * (std::f64::consts::TAU * uniform(2)).cos();
    let size = (9.0 + 1.8 * normal).exp().round() as i128 + 1;
    if random(row as u64 * 4 + 3).is_multiple_of(4) { -size } else { size }
}

/// Rows `from..from + rows` of the ledger without its partition columns.
pub fn ledger(from: usize, rows: usize) -> RecordBatch {
    let all = from..from + rows;
    let pick = |row: usize, salt: u64, of: u64| random(row as u64 ^ (salt << 40)) % of;
    let text = |f: &dyn Fn(usize) -> String| Arc::new(StringArray::from_iter_values(all.clone().map(f))) as ArrayRef;
    let some = |f: &dyn Fn(usize) -> Option<String>| Arc::new(all.clone().map(f).collect::<StringArray>()) as ArrayRef;
    let columns: Vec<ArrayRef> = vec![
        text(&|_| "0123456789abcdef".into()),
        Arc::new(Int64Array::from_iter_values(all.clone().map(|row| row as i64 + 2))),
        Arc::new(Int16Array::from_iter_values(all.clone().map(|_| 2018))),
        Arc::new(Int8Array::from_iter_values(all.clone().map(|row| (row / 170_000 % 12) as i8 + 1))),
        Arc::new(Date32Array::from_iter_values(all.clone().map(|row| 17_622 + (row / 5_500) as i32))),
        text(&|row| format!("NJ{}", row / 4 + 1)),
        Arc::new(Int32Array::from_iter_values(all.clone().map(|row| row as i32 % 4 + 1))),
        text(&|_| "actual".into()),
        text(&|row| format!("N{}", 10_000 + (pick(row, 1, 4_000) * pick(row, 2, 4_000)) / 4_000)),
        text(&|row| (40_000 + pick(row, 3, 700)).to_string()),
        some(&|row| pick(row, 4, 10).eq(&0).then(|| format!("P{}", pick(row, 5, 20_000)))),
        Arc::new(Decimal128Array::from_iter_values(all.clone().map(pence)).with_precision_and_scale(18, 2).unwrap()),
        text(&|_| "GBP".into()),
        text(&|row| {
            if pick(row, 6, 5) == 0 { format!("Agency, wk {}", pick(row, 7, 5_000)) } else { format!("Narrative {}", pick(row, 7, 5_000)) }
        }),
        text(&|row| format!("Supplier & Co {}", pick(row, 8, 20_000))),
        text(&|row| format!("D{}", row / 4 + 1)),
        some(&|_| None),
        some(&|_| None),
        text(&|_| "oracle".into()),
    ];
    RecordBatch::try_new(ledger_schema().arrow().clone(), columns).unwrap()
}

/// Writes the batches as one part, row groups encoded one after another.
pub fn write_part(staging: &Staging, schema: &Arc<PartSchema>, batches: impl IntoIterator<Item = RecordBatch>) -> StagedPart {
    let mut buffer = RowGroupBuffer::default();
    let mut groups: Vec<_> = batches.into_iter().flat_map(|batch| buffer.push(batch)).collect();
    groups.extend(buffer.finish());
    let mut writer = PartWriter::create(staging, schema).unwrap();
    for group in groups {
        writer.append(EncodedRowGroup::of(schema, &group).unwrap()).unwrap();
    }
    writer.finish().unwrap()
}

/// A folder with a staging folder in it.
pub fn folder() -> (tempfile::TempDir, Staging) {
    let folder = tempfile::tempdir().unwrap();
    let staging = Staging::at(PathBuf::from(folder.path()).join("_staging"), super::Seen::ByUs);
    (folder, staging)
}
