//! What a question may look at: the latest release, the common tables as the release read them, reference tables, operations.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::Arc,
};

use ::parquet::arrow::ArrowWriter;
use arrow::{
    array::AsArray,
    datatypes::{Decimal128Type, Field, Schema, SchemaRef},
    record_batch::RecordBatch,
};

use super::{
    first_step::first_step,
    ops,
    released::{as_of, named, unless_removed},
    standing::Stand,
};
use crate::{
    diagnostic::{Answer, Diagnostic, Place, Refusal, codes},
    domain::{Day, Pence, Period},
    engine::{Answers, Limits, Part, Table, Tables, ask},
    lake::{Closings, Lake, LakeFileState, Manifest, PartFile, PublishedPart},
    pipeline::{Basis, Partnership},
    plan,
};

/// A release, and where its parts are.
pub struct Release {
    pub manifest: Manifest,
    pub(super) published: PathBuf,
}

/// The latest release.
///
/// # Errors
/// TC0106 where nothing has been published.
pub fn latest(partnership: &Partnership) -> Answer<Release> {
    let lake = Lake::at(&partnership.landing, &partnership.lake, &partnership.published)?;
    let releases = lake.releases();
    let manifest = releases.latest()?.ok_or_else(|| nothing_published(partnership, &lake))?;
    Ok(Release { manifest, published: releases.folder().to_path_buf() })
}

fn nothing_published(partnership: &Partnership, lake: &Lake) -> Refusal {
    let came = lake.register().all().is_ok_and(|all| !all.is_empty());
    let run = if came { "truecost status says what is in the way; then truecost run" } else { "truecost run" };
    Diagnostic::new(codes::command::NO_RELEASE, "nothing has been published yet")
        .expected("a release, which `truecost run` makes")
        .outcome("nothing was read")
        .hint(first_step(partnership).unwrap_or(run))
        .into()
}

/// What a question is answered with.
#[derive(Debug)]
pub struct Answered {
    pub schema: SchemaRef,
    pub rows: Vec<RecordBatch>,
    /// What is to be said beside it: that it adds up what overlaps.
    pub warnings: Vec<Diagnostic>,
}

/// Which release a question is about, where it is not the latest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AsItWas {
    /// By its name.
    Release(String),
    /// The one that was the latest at the end of a day.
    On(Day),
}

/// The rows that answer a question about an earlier release: of `published.*` alone, with the columns that it was published with.
///
/// # Errors
/// TC11…; TC1420, TC1422 where there is no such release.
pub fn answer_as_it_was(partnership: &Partnership, sql: &str, which: &AsItWas) -> Answer<Answered> {
    let find = || match which {
        AsItWas::Release(name) => named(partnership, name),
        AsItWas::On(day) => as_of(partnership, *day),
    };
    unless_removed(find, |release| answer_of(partnership, sql, release))
}

fn answer_of(partnership: &Partnership, sql: &str, release: &Release) -> Answer<Answered> {
    let mut tables = Tables::with_default_schema("published");
    for (table, parts) in &release.manifest.content.tables {
        if let Some(schema) = columns_of(partnership, release, table, parts)? {
            let local = |p: &PublishedPart| Part::local(&release.published.join(&p.path), p.bytes, p.rows);
            tables.insert(format!("published.{table}"), Table::local(schema, parts.iter().filter_map(local).collect()));
        }
    }
    let answers = ask(sql, &tables, &Limits::default()).map_err(|refusal| only_published(refusal, &release.manifest.release))?;
    answered(partnership, answers)
}

/// The columns of a table as its parts have them; by its contract where it has none, and `None` where it has no contract either.
fn columns_of(partnership: &Partnership, release: &Release, table: &str, parts: &[PublishedPart]) -> Answer<Option<SchemaRef>> {
    let mut fields: Vec<Field> = Vec::new();
    let mut seen = BTreeSet::new();
    for part in parts {
        for field in PartFile::open(&release.published.join(&part.path))?.schema().fields() {
            if seen.insert(field.name().clone()) {
                // A part of an earlier run may be without a column that a later one has.
                fields.push(field.as_ref().clone().with_nullable(true));
            }
        }
    }
    if !parts.is_empty() {
        return Ok(Some(Arc::new(Schema::new(fields))));
    }
    Ok(partnership.contracts.get(&format!("published/{table}")).map(|contract| contract.arrow_schema()))
}

/// Says of a table that is not there what can be asked for.
fn only_published(mut refusal: Refusal, release: &str) -> Refusal {
    for report in refusal.0.iter_mut().filter(|report| report.code == codes::query::NAME) {
        report.hint = format!("Of an earlier release only published tables can be asked for: truecost release show {release} lists them.");
    }
    refusal
}

fn answered(partnership: &Partnership, answers: Answers) -> Answer<Answered> {
    let schema = answers.schema().clone();
    let warnings = answers.summed().iter().filter_map(|(table, column)| overlaps(partnership, table, column)).collect();
    Ok(Answered { schema, rows: answers.collect::<Answer<Vec<_>>>()?, warnings })
}

/// The rows that answer a question, and their columns. Reference tables and deliveries can be asked about before the first release.
///
/// # Errors
/// TC11…; TC0106 where it asks for what only a release has, and there is none.
pub fn answer(partnership: &Partnership, sql: &str) -> Answer<Answered> {
    let lake = Lake::at(&partnership.landing, &partnership.lake, &partnership.published)?;
    let published = lake.releases().folder().to_path_buf();
    let release = lake.releases().latest()?.map(|manifest| Release { manifest, published });
    let mut tables = tables_of(partnership, release.as_ref(), &Stand::of(partnership)?, sql)?;
    let gone = lake.must_be_there(false).err();
    let of_lake = |name: &str| ["lake.", "ops."].iter().any(|schema| name.starts_with(schema));
    if gone.is_some() {
        tables.retain(|name| !of_lake(name));
    }
    let answers = ask(sql, &tables, &Limits::default()).map_err(|refusal| {
        let refusal = gone_with_it(gone, not_offered(partnership, refusal));
        // A name that no release would have either is the question's own fault.
        let published = || partnership.contracts.keys().filter_map(|key| key.strip_prefix("published/"));
        let is_lacking = |d: &Diagnostic| {
            d.code == codes::query::NAME
                && published().any(|t| d.seen.ends_with(&format!("`{t}`")) || d.seen.ends_with(&format!("`published.{t}`")))
        };
        if release.is_none() && refusal.0.iter().any(is_lacking) { nothing_published(partnership, &lake) } else { refusal }
    })?;
    answered(partnership, answers)
}

/// Of a table that went with the lake, that the lake is gone.
fn gone_with_it(gone: Option<Refusal>, refusal: Refusal) -> Refusal {
    let is_of_it = |d: &Diagnostic| d.code == codes::query::NAME && ["`lake.", "`ops."].iter().any(|name| d.seen.contains(name));
    gone.filter(|_| refusal.0.iter().any(is_of_it)).unwrap_or(refusal)
}

/// Says of a column whose amounts overlap that their sum counts something twice.
fn overlaps(partnership: &Partnership, table: &str, column: &str) -> Option<Diagnostic> {
    let contract = partnership.contracts.get(&format!("published/{table}"))?;
    let column = contract.columns.iter().find(|c| *c.name == *column).filter(|c| c.rules.not_summable)?;
    let report =
        Diagnostic::warning(codes::query::OVERLAPS, format!("the question adds up `{}` of `{table}`, whose rows overlap", column.name))
            .place(Place::file("query"))
            .expected(format!("amounts as their contract tells of them: {}", column.description))
            .outcome("it was answered; the sum may count the same pounds more than once")
            .hint("Choose one service, or one period, or a table that adds up.");
    Some(report)
}

/// Whether a question may look at a common table: at rows of persons only where the partnership says so.
fn is_offered(partnership: &Partnership, table: &str) -> bool {
    partnership.query_personal || !partnership.is_of_persons(table)
}

/// Says of a lake table of persons why it is not there.
fn not_offered(partnership: &Partnership, mut refusal: Refusal) -> Refusal {
    let common = partnership.contracts.keys().filter_map(|name| name.strip_prefix("common/"));
    let hidden: Vec<&str> = common.filter(|table| !is_offered(partnership, table)).collect();
    for report in refusal.0.iter_mut().filter(|report| report.code == codes::query::NAME) {
        if hidden.iter().any(|table| report.seen.contains(&format!("`lake.{table}`"))) {
            report.hint =
                "It holds rows of persons. Who may see them writes `query_personal: true` into pipelines/partnership.yaml.".into();
        }
    }
    refusal
}

/// `published.*`, `lake.*`, `reference.*` and `ops.*`. A name without a schema is one of `published`.
///
/// # Errors
/// TC10… where the register cannot be read.
pub fn tables(partnership: &Partnership, release: &Release) -> Answer<Tables> {
    tables_upon(partnership, release, &Stand::of(partnership)?)
}

/// As [`tables`], for whoever knows what stands.
pub(super) fn tables_upon(partnership: &Partnership, release: &Release, stand: &Stand) -> Answer<Tables> {
    tables_of(partnership, Some(release), stand, "")
}

/// As [`tables`]; without a release what stands in none. `asked` is the question: tables of operations that it does not name are empty.
fn tables_of(partnership: &Partnership, release: Option<&Release>, stand: &Stand, asked: &str) -> Answer<Tables> {
    let mut tables = Tables::with_default_schema("published");
    for (release, (name, contract)) in release.iter().flat_map(|release| partnership.contracts.iter().map(move |c| (release, c))) {
        match name.split_once('/') {
            Some(("published", table)) => {
                let parts = release.manifest.content.tables.get(table).map_or(&[][..], Vec::as_slice);
                let local = |p: &PublishedPart| Part::local(&release.published.join(&p.path), p.bytes, p.rows);
                tables
                    .insert(format!("published.{table}"), Table::local(contract.arrow_schema(), parts.iter().filter_map(local).collect()));
            }
            Some(("common", table)) if !is_offered(partnership, table) || Basis::of_table(table).is_none() => {}
            Some(("common", table)) => tables.insert(format!("lake.{table}"), lake_table(partnership, release, &stand.closings, table)?),
            _ => {}
        }
    }
    for (name, contract) in &partnership.contracts {
        let is_wanted = |table: &&str| Basis::of_table(table).is_none() && is_offered(partnership, table);
        if let Some(table) = name.strip_prefix("common/").filter(is_wanted) {
            // No release reads it: as it is now.
            let files = stand.files.iter().filter(|(of, _)| of == table).map(|(_, file)| file);
            tables.insert(format!("lake.{table}"), plan::lake_table(contract, files));
        }
    }
    for (name, reference) in &partnership.references {
        tables.insert(format!("reference.{name}"), Table::rows(reference.rows.schema(), vec![reference.rows.clone()]));
    }
    for (name, rows) in ops::tables(partnership, stand, asked)? {
        tables.insert(name, Table::rows(rows.schema(), vec![rows]));
    }
    Ok(tables)
}

/// A common table at the version that the release names, but for what retention took of it since.
fn lake_table(partnership: &Partnership, release: &Release, closings: &Closings, table: &str) -> Answer<Table> {
    let folder = Lake::at(&partnership.landing, &partnership.lake, &partnership.published)?.folder().join(table);
    let schema = partnership
        .contracts
        .get(&format!("common/{table}"))
        .map_or_else(|| std::sync::Arc::new(arrow::datatypes::Schema::empty()), |c| c.arrow_schema());
    let files = release.manifest.content.lake.get(table).map_or(&[][..], |state| state.files.as_slice());
    let is_gone = |file: &&LakeFileState| closings.gone().iter().any(|gone| gone.table == table && gone.file.relative == file.path);
    Ok(Table::local(schema, files.iter().filter(|file| !is_gone(file)).filter_map(|file| lake_part(&folder, file)).collect()))
}

fn lake_part(folder: &Path, file: &LakeFileState) -> Option<Part> {
    let constants = file.path.split('/').filter_map(|piece| piece.split_once('=')).map(|(name, value)| (name.to_owned(), value.to_owned()));
    Some(Part::local(&folder.join(&file.path), file.bytes, file.rows)?.constants(constants.collect()))
}

/// All rows that answer `sql`.
///
/// # Errors
/// TC11…
pub fn rows(tables: &Tables, sql: &str) -> Answer<Vec<RecordBatch>> {
    ask(sql, tables, &Limits::default())?.collect()
}

/// Rows as one Parquet file, as they were asked for.
///
/// # Errors
/// TC1106 where a column has no Parquet type.
pub fn parquet(schema: &SchemaRef, batches: &[RecordBatch]) -> Answer<Vec<u8>> {
    let mut bytes = Vec::new();
    let write = |bytes: &mut Vec<u8>| -> Result<(), ::parquet::errors::ParquetError> {
        let mut writer = ArrowWriter::try_new(bytes, schema.clone(), None)?;
        batches.iter().try_for_each(|batch| writer.write(batch))?;
        writer.close().map(|_| ())
    };
    write(&mut bytes).map_err(|error| -> Refusal {
        Diagnostic::new(codes::query::FAILED, format!("the answer cannot be written as Parquet: {error}"))
            .outcome("nothing was changed")
            .hint("ask with --format csv")
            .into()
    })?;
    Ok(bytes)
}

/// The amount at a row, nought where it is null.
#[must_use]
pub fn pence_at(batch: &RecordBatch, column: usize, row: usize) -> Pence {
    batch.columns().get(column).and_then(|c| c.as_primitive_opt::<Decimal128Type>()).map_or(0, |c| c.value(row))
}

/// `2018/P01` from two columns.
#[must_use]
pub fn period(year: i16, period: i8) -> Period {
    Period { year, period: u8::try_from(period).unwrap_or(0) }
}
