//! A release by its name, and what stands in it.

use std::collections::{BTreeMap, BTreeSet};

use arrow::{
    array::Array,
    record_batch::RecordBatch,
    util::display::{ArrayFormatter, FormatOptions},
};

use super::Release;
use crate::{
    diagnostic::{Answer, Diagnostic, Refusal, codes},
    domain::{Day, Pence, Period},
    lake::{Kept, Lake, Manifest, PublishedPart, Tombstone, rows_of_parts},
    pipeline::{Partnership, schedule::civil_day_of},
    plan::{Slot, published_slots},
    schema::batch::money,
};

/// A release that is there, by its name.
///
/// # Errors
/// TC1420 where there is none of this name, or its folder is gone; TC1010 where its manifest is lost.
pub fn named(partnership: &Partnership, name: &str) -> Answer<Release> {
    let lake = Lake::at(&partnership.landing, &partnership.lake, &partnership.published)?;
    let names = lake.releases().names()?;
    if !names.iter().any(|known| known == name) {
        if lost(&lake, &names)?.contains_key(name) {
            return Err(lost_release(&lake, name, "was shown to readers"));
        }
        let gone = removed_releases(&lake)?.into_iter().find(|(gone, _)| gone.name == name);
        return Err(gone.map_or_else(|| no_release(name, &names), |(gone, at)| was_removed(name, &gone, &at, &names)));
    }
    Ok(Release { manifest: lake.releases().manifest(name)?, published: lake.releases().folder().to_path_buf() })
}

/// What is read of a release; where retention removed it while it was read, that alone is said: it is not damaged.
pub(super) fn unless_removed<T>(find: impl Fn() -> Answer<Release>, read: impl FnOnce(&Release) -> Answer<T>) -> Answer<T> {
    let is_removed = |refusal: &Refusal| refusal.0.iter().any(|report| report.code == codes::periods::RELEASE_REMOVED);
    find().and_then(|release| read(&release)).map_err(|refusal| find().err().filter(is_removed).unwrap_or(refusal))
}

/// The release that was the latest at the end of a day in London.
///
/// # Errors
/// TC1420 where none was published by then, or that one is gone; TC1422 where it was removed; TC1010.
pub fn as_of(partnership: &Partnership, day: Day) -> Answer<Release> {
    let lake = Lake::at(&partnership.landing, &partnership.lake, &partnership.published)?;
    let names = lake.releases().names()?;
    let lost = lost(&lake, &names)?;
    // By its number, not by the clock of the machine that made it, which may have gone back.
    let mut shown: Vec<&String> = names.iter().chain(lost.keys()).collect();
    shown.sort_by_key(|name| number(name));
    let (mut found, mut undated): (Option<&String>, Option<&String>) = (None, None);
    for name in shown.into_iter().rev() {
        let at = match lost.get(name) {
            None => Some(made(&lake.releases().bare_manifest(name)?).at.to_owned()),
            Some(at) => at.clone(),
        };
        match at.as_deref().and_then(civil_day_of) {
            Some(published) if published <= day => {
                found = Some(name);
                break;
            }
            // One before it came later still.
            Some(_) => undated = None,
            None => undated = undated.or(Some(name)),
        }
    }
    let what = if undated.is_some() { "may have been the latest" } else { "was the latest" };
    let found = undated.or(found);
    let later = |gone: &Tombstone| found.is_none_or(|found| number(found) < number(&gone.name));
    let by_then = |gone: &Tombstone| gone.published_at.as_deref().and_then(civil_day_of).is_some_and(|published| published <= day);
    let gone = removed_releases(&lake)?.into_iter().rfind(|(gone, _)| by_then(gone) && later(gone));
    match (gone, found) {
        (Some((gone, at)), _) => Err(was_removed(&gone.name, &gone, &at, &names)),
        (None, Some(name)) if lost.contains_key(name) => Err(lost_release(&lake, name, &format!("{what} at the end of {day}"))),
        (None, Some(name)) => Ok(Release { manifest: lake.releases().manifest(name)?, published: lake.releases().folder().to_path_buf() }),
        (None, None) => Err(Diagnostic::new(codes::periods::NO_SUCH_RELEASE, format!("nothing had been published by {day}"))
            .expected(first_there(&lake, &names))
            .outcome("nothing was read")
            .hint("truecost release list")
            .into()),
    }
}

/// `r0012` → 12, to compare by.
fn number(name: &str) -> Option<u64> {
    name.strip_prefix('r')?.parse().ok()
}

/// Releases that readers were shown, that have no folder and that nobody removed by retention, each with when it was published, where a copy of
/// its manifest or the record of its run says it. They are numbered without a gap: one between two that are there was one, too.
pub(super) fn lost(lake: &Lake, names: &[String]) -> Answer<BTreeMap<String, Option<String>>> {
    let mut lost: BTreeMap<String, Option<String>> = BTreeMap::new();
    for name in lake.releases().lost()? {
        let at = lake.releases().bare_manifest(&name).ok().map(|manifest| made(&manifest).at.to_owned());
        lost.insert(name, at);
    }
    for run in lake.run_records()?.into_iter().filter(|run| run.published && !run.ended.is_empty()) {
        let Some(name) = run.release else { continue };
        lost.entry(name).or_insert(None).get_or_insert(run.ended);
    }
    let numbers: Vec<u64> = names.iter().filter_map(|name| number(name)).collect();
    if let (Some(first), Some(last)) = (numbers.iter().min(), numbers.iter().max()) {
        for number in *first..*last {
            lost.entry(format!("r{number:04}")).or_default();
        }
    }
    let removed: BTreeSet<String> = removed_releases(lake)?.into_iter().map(|(gone, _)| gone.name).collect();
    lost.retain(|name, _| !removed.contains(name) && !lake.releases().is_there(name));
    Ok(lost)
}

fn first_there(lake: &Lake, names: &[String]) -> String {
    let first = names.first().and_then(|name| lake.releases().bare_manifest(name).ok());
    first.map_or_else(|| those_there(names), |first| format!("a day from {} on: {} is the first", made(&first).at, first.release))
}

/// Releases that retention removed, in order, each with when.
fn removed_releases(lake: &Lake) -> Answer<Vec<(Tombstone, String)>> {
    let mut all: Vec<(Tombstone, String)> = Vec::new();
    for removal in lake.removals()? {
        let releases = removal.gone.into_iter().filter(|gone| gone.kind == Kept::Release);
        all.extend(releases.map(|gone| (gone, removal.at.clone())));
    }
    all.sort_by_key(|(gone, _)| number(&gone.name));
    // One that is still there was about to be removed when the command was killed.
    all.retain(|(gone, _)| !lake.releases().is_there(&gone.name));
    Ok(all)
}

fn was_removed(name: &str, gone: &Tombstone, at: &str, names: &[String]) -> Refusal {
    Diagnostic::new(codes::periods::RELEASE_REMOVED, format!("release {name} was removed on {at}: {}", gone.why))
        .expected(those_there(names))
        .outcome("nothing was read, and nothing was answered from another release")
        .hint("truecost release list; a removed release comes back from a backup only")
        .into()
}

/// What the releases that are there are called: `one of r0001 to r0012`.
pub(super) fn those_there(names: &[String]) -> String {
    match (names.first(), names.last()) {
        (Some(first), Some(last)) if first != last => format!("one of {first} to {last}"),
        (Some(only), _) => only.clone(),
        _ => "the name of a release; there is none yet".to_owned(),
    }
}

/// A release that was shown, and that nobody removed by retention.
fn lost_release(lake: &Lake, name: &str, what: &str) -> Refusal {
    let folder = lake.releases().folder().join(name);
    Diagnostic::new(codes::periods::NO_SUCH_RELEASE, format!("release {name}, which {what}, is gone: {} is not there", folder.display()))
        .expected("its folder, as it was published")
        .outcome("nothing was read, and nothing was answered from another release")
        .hint("where it is the latest, truecost run makes it again; an older one comes back from a backup only: truecost release verify --all")
        .into()
}

fn no_release(name: &str, names: &[String]) -> Refusal {
    Diagnostic::new(codes::periods::NO_SUCH_RELEASE, format!("there is no release `{name}`"))
        .expected(those_there(names))
        .outcome("nothing was read")
        .hint("truecost release list")
        .into()
}

/// Of a release of a version that kept no rules.
pub(super) fn no_rules(name: &str) -> Diagnostic {
    Diagnostic::new(
        codes::periods::NO_SUCH_RELEASE,
        format!("release `{name}` was made by a version of truecost that kept no rules with it"),
    )
    .expected("a release of this version or a later one")
    .outcome("nothing was written")
    .hint("truecost release list")
}

/// Which run made it, and when: `run` is the number of the run, or its id where a version before wrote it.
pub(super) struct Made<'m> {
    pub at: &'m str,
    pub run: String,
}

pub(super) fn made(manifest: &Manifest) -> Made<'_> {
    let text = |name: &str| manifest.run.get(name).and_then(|value| value.as_str()).unwrap_or_default();
    let number = manifest.run.get("number").and_then(serde_json::Value::as_u64);
    Made { at: text("published_at"), run: number.map_or_else(|| text("run").to_owned(), |number| number.to_string()) }
}

/// Its periods, also those without lines, in order.
pub(super) fn periods(manifest: &Manifest) -> Vec<Period> {
    let slots: BTreeSet<Slot> = published_slots(Some(manifest));
    slots.into_iter().map(|slot| slot.period).collect::<BTreeSet<_>>().into_iter().collect()
}

impl Release {
    /// All rows of some parts of a table, as they are in their files; each held against its digest.
    pub(super) fn batches<'p>(&self, parts: impl IntoIterator<Item = &'p PublishedPart>) -> Answer<Vec<RecordBatch>> {
        rows_of_parts(&self.published, parts)
    }

    /// The parts of a table; none where the release has no such table.
    pub(super) fn parts(&self, table: &str) -> &[PublishedPart] {
        self.manifest.content.tables.get(table).map_or(&[][..], Vec::as_slice)
    }

    /// What an amount of a table adds up to; `None` where the table has no such column.
    pub(super) fn sum(&self, table: &str, amount: &str) -> Answer<Option<Pence>> {
        let mut sum = None;
        for batch in self.batches(self.parts(table))? {
            if batch.column_by_name(amount).is_some() {
                sum = Some(sum.unwrap_or(0) + total(&batch, amount)?);
            }
        }
        Ok(sum)
    }
}

/// Nulls count as nought.
pub(super) fn total(batch: &RecordBatch, amount: &str) -> Answer<Pence> {
    let values = money(batch, amount)?;
    Ok((0..values.len()).filter(|row| values.is_valid(*row)).map(|row| values.value(row)).sum())
}

/// Some columns of every row as text, with an amount; a column that the batch has not is empty, a null too.
pub(super) fn cells(batch: &RecordBatch, keys: &[String], amount: &str) -> Answer<Vec<(Vec<String>, Pence)>> {
    let options = FormatOptions::default();
    let formatter = |key: &String| batch.column_by_name(key).and_then(|column| ArrayFormatter::try_new(column.as_ref(), &options).ok());
    let columns: Vec<_> = keys.iter().map(formatter).collect();
    let amounts = money(batch, amount)?;
    let pence = |row: usize| if amounts.is_valid(row) { amounts.value(row) } else { 0 };
    let text = |row: usize| columns.iter().map(|column| column.as_ref().map_or_else(String::new, |c| c.value(row).to_string())).collect();
    Ok((0..batch.num_rows()).map(|row| (text(row), pence(row))).collect())
}
