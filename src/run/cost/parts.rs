//! Parts of published tables: taken over from the latest release where what they are made from is the same, else made and put in place.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use arrow::{compute::concat_batches, datatypes::SchemaRef, record_batch::RecordBatch};
use serde_json::Value;

use crate::{
    crash,
    diagnostic::Answer,
    engine::{Part, Table},
    lake::{Content, Manifest, PartFile, PublishedPart, Releases, StagedPart, hold, rows_of_parts},
    pipeline::Partnership,
    plan::{digest_of, does_not_fit, program, published},
    run::parallel::{each, lock},
    schema::{Cell, table},
    stages::{prove::facts_of_texts, publish},
};

/// Parts that are there, and parts that are to be there.
#[derive(Clone)]
pub(super) struct Parts<'a> {
    pub partnership: &'a Partnership,
    pub releases: &'a Releases,
    /// The release from which parts are taken over; `None` where all of them are to be made.
    pub before: Option<&'a Manifest>,
    pub threads: usize,
    /// Rows of small parts by path, as they were made or read: several steps read the same.
    kept: Arc<Mutex<BTreeMap<String, RecordBatch>>>,
}

/// Rows up to which a table is kept in memory for the next step that reads it.
pub(super) const FEW_ROWS: usize = 10_000;

/// Of what a part is made: one for each unit of each table.
pub(super) struct Unit<T> {
    /// What it is, for who makes it.
    pub of: T,
    /// Under which the manifest lists its parts.
    pub key: String,
    /// Digest over all that they are made from: the same digest, the same parts.
    pub inputs: String,
}

/// What was made for one table.
pub(super) enum Made {
    /// Rows with the columns of the table's contract, not written yet.
    Rows(RecordBatch),
    /// Written, with what was proved meanwhile.
    Staged(StagedPart, Value),
}

/// A unit with its parts, one for each table that was asked for, in that order.
pub(super) struct Filled<T> {
    pub of: T,
    pub parts: Vec<PublishedPart>,
    /// Made by this run, and not taken over.
    pub fresh: bool,
}

/// Units of one or several tables: for each, the parts that are taken over; none where they are to be made.
pub(super) struct Work<'a, T> {
    parts: Parts<'a>,
    tables: Vec<&'a str>,
    units: Vec<(Unit<T>, Option<Vec<PublishedPart>>)>,
}

impl<'a> Parts<'a> {
    pub fn new(partnership: &'a Partnership, releases: &'a Releases, before: Option<&'a Manifest>, threads: usize) -> Self {
        Self { partnership, releases, before, threads, kept: Arc::default() }
    }

    /// Looks which parts of these tables can be taken over. A unit's are taken over together, or made together.
    pub fn look<T>(&self, tables: Vec<&'a str>, units: Vec<Unit<T>>) -> Work<'a, T> {
        let there = |unit: &Unit<T>, table: &&str| self.before?.part(table, &unit.key, &unit.inputs).cloned();
        let taken = |unit: &Unit<T>| tables.iter().map(|table| there(unit, table)).collect::<Option<Vec<_>>>();
        let units = units.into_iter().map(|unit| (taken(&unit), unit)).map(|(taken, unit)| (unit, taken)).collect();
        Work { parts: self.clone(), tables, units }
    }

    /// Puts a staged part in place.
    fn add(&self, table: &str, key: &str, inputs: &str, made: Made) -> Answer<PublishedPart> {
        let (staged, facts, rows) = match made {
            Made::Rows(rows) => {
                let contract = published(self.partnership, table)?;
                let staged = publish::write(contract, &rows, self.releases.staging())?;
                let facts = facts_of_texts(&rows);
                let rows = RecordBatch::try_new(contract.arrow_schema(), rows.columns().to_vec());
                (staged, facts, Some(rows.map_err(|e| does_not_fit(table, &e))?))
            }
            Made::Staged(staged, facts) => (staged, facts, None),
        };
        let part = self.releases.add_part(table, &staged)?;
        rows.into_iter().for_each(|rows| self.keep(&part.path, rows));
        let (key, inputs) = (key.to_owned(), inputs.to_owned());
        Ok(PublishedPart { key, inputs, path: part.path, sha256: part.sha256, rows: part.rows, bytes: part.bytes, facts })
    }

    /// All rows of small parts, in memory.
    pub fn rows_of<'p>(&self, table: &str, parts: impl IntoIterator<Item = &'p PublishedPart>) -> Answer<Table> {
        let batches = self.batches_of(table, parts)?;
        Ok(Table::rows(published(self.partnership, table)?.arrow_schema(), batches))
    }

    /// The same as one batch.
    pub fn batch_of<'p>(&self, table: &str, parts: impl IntoIterator<Item = &'p PublishedPart>) -> Answer<RecordBatch> {
        let batches = self.batches_of(table, parts)?;
        concat_batches(&published(self.partnership, table)?.arrow_schema(), &batches).map_err(|e| does_not_fit(table, &e))
    }

    fn batches_of<'p>(&self, table: &str, parts: impl IntoIterator<Item = &'p PublishedPart>) -> Answer<Vec<RecordBatch>> {
        let schema = published(self.partnership, table)?.arrow_schema();
        parts.into_iter().map(|part| self.rows_of_one(table, &schema, part)).collect()
    }

    /// A part of which a unit of this run, or a step before, holds the rows is not read again.
    fn rows_of_one(&self, table: &str, schema: &SchemaRef, part: &PublishedPart) -> Answer<RecordBatch> {
        if let Some(rows) = lock(&self.kept).get(&part.path) {
            return Ok(rows.clone());
        }
        let path = self.releases.path_of(&part.path);
        hold(&path, part.bytes, &part.sha256)?;
        let file = PartFile::open(&path)?;
        let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        let batches = (0..file.row_groups()).map(|row_group| {
            let rows = file.read(row_group, &names, &[])?;
            RecordBatch::try_new(Arc::clone(schema), rows.columns().to_vec()).map_err(|e| does_not_fit(table, &e))
        });
        let rows = concat_batches(schema, &batches.collect::<Answer<Vec<_>>>()?).map_err(|e| does_not_fit(table, &e))?;
        self.keep(&part.path, rows.clone());
        Ok(rows)
    }

    fn keep(&self, path: &str, rows: RecordBatch) {
        if rows.num_rows() <= FEW_ROWS {
            lock(&self.kept).insert(path.to_owned(), rows);
        }
    }

    /// All columns and rows of some parts, as they are in their files.
    pub fn in_full<'p>(&self, parts: impl IntoIterator<Item = &'p PublishedPart>) -> Answer<Vec<RecordBatch>> {
        rows_of_parts(self.releases.folder(), parts)
    }

    /// Parts to be read where they stand.
    pub fn table_of<'p>(&self, table: &str, parts: impl IntoIterator<Item = &'p PublishedPart>) -> Answer<Table> {
        let schema = published(self.partnership, table)?.arrow_schema();
        let part = |p: &PublishedPart| Part::local(&self.releases.path_of(&p.path), p.bytes, p.rows);
        Ok(Table::local(schema, parts.into_iter().filter_map(part).collect()))
    }
}

impl<T: Sync> Work<'_, T> {
    /// What is to be made, in order.
    pub fn stale(&self) -> Vec<&T> {
        self.stale_units().map(|(_, unit)| &unit.of).collect()
    }

    fn stale_units(&self) -> impl Iterator<Item = (usize, &Unit<T>)> {
        self.units.iter().enumerate().filter(|(_, (_, taken))| taken.is_none()).map(|(at, (unit, _))| (at, unit))
    }

    /// Makes what is to be made, in parallel; gives all of it in the order in which it was asked for.
    ///
    /// # Errors
    /// The first that `make` meets; TC10…
    pub fn fill(self, make: impl Fn(&T) -> Answer<Vec<Made>> + Sync) -> Answer<Vec<Filled<T>>> {
        let filled = fill_together(vec![self], |_| None, |_, of| make(of), |_| ())?;
        Ok(filled.into_iter().flatten().collect())
    }
}

/// The same for several works: what has one key is made by one thread after another, while that has `turn`'s leave, and `done` is told of it
/// then.
///
/// # Errors
/// The first that `make` meets, which is told the place of the work; TC10…
pub(super) fn fill_together<'t, T: Sync>(
    works: Vec<Work<'_, T>>,
    turn: impl Fn(&T) -> Option<MutexGuard<'t, ()>> + Sync,
    make: impl Fn(usize, &T) -> Answer<Vec<Made>> + Sync,
    done: impl Fn(&T) + Sync,
) -> Answer<Vec<Vec<Filled<T>>>> {
    let mut jobs: BTreeMap<&str, Vec<(usize, usize, &Unit<T>)>> = BTreeMap::new();
    for (of, work) in works.iter().enumerate() {
        for (at, unit) in work.stale_units() {
            jobs.entry(&unit.key).or_default().push((of, at, unit));
        }
    }
    let made = Mutex::new(BTreeMap::new());
    let threads = works.first().map_or(1, |work| work.parts.threads);
    each(threads, jobs.into_values().collect(), |units: Vec<(usize, usize, &Unit<T>)>| {
        let _turn = units.first().and_then(|(.., unit)| turn(&unit.of));
        for (of, at, unit) in &units {
            let Some(work) = works.get(*of) else { continue };
            let of_tables = work.tables.iter().zip(make(*of, &unit.of)?);
            crash::point("cost.part_made")?;
            let parts = of_tables.map(|(table, made)| work.parts.add(table, &unit.key, &unit.inputs, made)).collect::<Answer<Vec<_>>>()?;
            lock(&made).insert((*of, *at), parts);
        }
        units.last().into_iter().for_each(|(.., unit)| done(&unit.of));
        Ok(())
    })?;
    let mut made = made.into_inner().unwrap_or_else(PoisonError::into_inner);
    let mut filled = |of: usize, (at, (unit, taken)): (usize, (Unit<T>, Option<Vec<PublishedPart>>))| {
        let fresh = taken.is_none();
        taken.or_else(|| made.remove(&(of, at))).map(|parts| Filled { of: unit.of, parts, fresh })
    };
    Ok(works
        .into_iter()
        .enumerate()
        .map(|(of, work)| work.units.into_iter().enumerate().filter_map(|unit| filled(of, unit)).collect())
        .collect())
}

/// The next release while it is put together.
pub(super) struct Assembly<'a> {
    pub parts: Parts<'a>,
    pub content: Content,
    /// Digest over all that the release is made from: small tables tell of the whole of it.
    pub inputs: &'a str,
}

impl<'a> Assembly<'a> {
    /// A table of one part that tells of the whole release.
    pub fn store(&mut self, name: &'a str, rows: &[Vec<Cell>]) -> Answer<()> {
        let rows = table(published(self.parts.partnership, name)?, rows)?;
        self.store_batch(name, self.inputs, rows)
    }

    /// A table of one part, made from what `of` is a digest of.
    pub fn store_batch(&mut self, name: &'a str, of: &str, rows: RecordBatch) -> Answer<()> {
        let contract = &published(self.parts.partnership, name)?.digest.hex();
        let whole = Unit { of: rows, key: String::new(), inputs: digest_of(&[&program(), contract, of]) };
        let filled = self.parts.look(vec![name], vec![whole]).fill(|rows| Ok(vec![Made::Rows(rows.clone())]))?;
        self.content.tables.insert(name.to_owned(), filled.into_iter().flat_map(|filled| filled.parts).collect());
        Ok(())
    }

    /// One more part of a table, under a key of its own.
    pub fn store_under(&mut self, name: &'a str, key: &str, of: &str, rows: RecordBatch) -> Answer<()> {
        let contract = &published(self.parts.partnership, name)?.digest.hex();
        let unit = Unit { of: rows, key: key.to_owned(), inputs: digest_of(&[&program(), contract, of]) };
        let filled = self.parts.look(vec![name], vec![unit]).fill(|rows| Ok(vec![Made::Rows(rows.clone())]))?;
        self.content.tables.entry(name.to_owned()).or_default().extend(filled.into_iter().flat_map(|filled| filled.parts));
        Ok(())
    }
}
