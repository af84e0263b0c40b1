//! What may be removed: one answer, from what is on disk, what names it, and how long the partnership keeps things.
//!
//! A release goes when it is older than `releases` and neither the latest, nor the closing release of a period that is itself no older. Parts,
//! files of common tables and archives of rules go when no kept manifest, no current version of a table and no closed period names them,
//! whatever their age. Landed bytes go when they are older than `landing` and every period of every delivery of them is closed, or when they are twice as
//! old. Of personal feeds landed bytes, faulty rows, files of common tables and texts of corrections go when they are older than `personal`,
//! whatever names them.
//! Faulty rows and records of runs go by their age. What is not understood stays.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use crate::{
    domain::{Day, Period},
    lake::{DeliveryRecord, DeliveryState, Kept, Manifest, Stored, Tombstone},
    pipeline::{Retention, schedule::civil_day_of},
};

/// A release that is there.
#[derive(Clone, Debug)]
pub struct HeldRelease {
    pub name: String,
    /// The instant at which it was published, as its manifest says.
    pub published_at: String,
    /// SHA-256 of its manifest.
    pub sha256: String,
    /// What it names: paths of parts.
    pub parts: Vec<Arc<str>>,
    /// Files of common tables, `<table>/<path>`.
    pub lake_files: Vec<Arc<str>>,
    pub archive: Option<String>,
}

/// Each path once in memory: hundreds of releases name the same parts.
#[derive(Debug, Default)]
pub struct Paths(BTreeSet<Arc<str>>);

impl Paths {
    fn one(&mut self, path: &str) -> Arc<str> {
        if let Some(known) = self.0.get(path) {
            return Arc::clone(known);
        }
        let path: Arc<str> = path.into();
        self.0.insert(Arc::clone(&path));
        path
    }
}

impl HeldRelease {
    /// As its manifest says.
    #[must_use]
    pub fn of(manifest: &Manifest, sha256: String, paths: &mut Paths) -> Self {
        let content = &manifest.content;
        let of_table = |(table, state): (&String, &crate::lake::LakeState)| -> Vec<String> {
            state.files.iter().map(|file| format!("{table}/{}", file.path)).collect()
        };
        Self {
            name: manifest.release.clone(),
            published_at: manifest.run.get("published_at").and_then(|at| at.as_str()).unwrap_or_default().to_owned(),
            sha256,
            parts: content.tables.values().flatten().map(|part| paths.one(&part.path)).collect(),
            lake_files: content.lake.iter().flat_map(of_table).map(|file| paths.one(&file)).collect(),
            archive: manifest.made_from.archive.clone(),
        }
    }
}

/// What closed periods stand on.
#[derive(Clone, Debug, Default)]
pub struct Protected {
    /// Each with the last day of the period, and its closing release.
    pub closings: Vec<(Day, String)>,
    /// `<table>/<path>`.
    pub lake_files: BTreeSet<String>,
    pub parts: BTreeSet<String>,
    pub closed: BTreeSet<Period>,
}

/// A file of a common table of a personal feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonalFile {
    /// When the delivery landed whose rows it holds: an instant.
    pub landed_at: String,
    pub rows: u64,
}

/// All that it is decided from.
#[derive(Clone, Debug)]
pub struct Held<'h> {
    pub today: Day,
    pub retention: Retention,
    pub stored: &'h [Stored],
    pub releases: &'h [HeldRelease],
    pub latest: Option<&'h str>,
    /// Files of the newest version of every common table, `<table>/<path>`.
    pub current: &'h BTreeSet<String>,
    pub protected: &'h Protected,
    pub deliveries: &'h [DeliveryRecord],
    /// `newham/payroll`: feeds of personal data.
    pub personal: &'h BTreeSet<String>,
    /// What of personal feeds tables, releases and closed periods name, by `<table>/<path>`.
    pub personal_files: &'h BTreeMap<String, PersonalFile>,
    /// When each recorded run began, by the name of its record.
    pub runs: &'h BTreeMap<String, String>,
}

/// What goes, and what stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Clearing {
    /// In the order in which they go: releases before the parts that they name.
    pub gone: Vec<Tombstone>,
    pub kept: Vec<Stored>,
}

/// A clock is gone by where something was seen so many days before the day that it shows: not since yesterday alone, and not long ago.
const BEFORE: (i32, i32) = (7, 400);

/// Whether a day goes on from those on which something was seen: one of them lies a week to thirteen months before it, or all of them lie
/// no further back. Days after it were a clock's that was wrong.
#[must_use]
pub fn goes_on(today: Day, seen: &BTreeSet<Day>) -> bool {
    let past = || seen.iter().filter(|day| **day <= today);
    let is_near = |day: &Day| day.plus_days(BEFORE.1) >= today;
    past().all(is_near) || past().any(|day| is_near(day) && day.plus_days(BEFORE.0) <= today)
}

/// Decides of everything that is stored.
#[must_use]
pub fn clearing(held: &Held<'_>) -> Clearing {
    let going: BTreeMap<&str, String> =
        held.releases.iter().filter_map(|release| Some((&*release.name, held.release_goes(release)?))).collect();
    let named = held.named(&going);
    let landed = held.landed_by_name();
    let mut clearing = Clearing::default();
    for stored in held.stored {
        let name = stored.name.as_str();
        let why = match stored.kind {
            Kept::Release => going.get(name).cloned(),
            Kept::Part => (!named.parts.contains(name)).then(|| NAMED_BY_NONE.to_owned()),
            Kept::Rules => (!named.archives.contains(name)).then(|| NAMED_BY_NONE.to_owned()),
            Kept::LakeFile if !named.lake_files.contains(name) => Some(NAMED_BY_NONE.to_owned()),
            Kept::LakeFile => held.personal_file_goes(name),
            Kept::Landed => landed.get(name).and_then(|of| held.landed_goes(of)),
            Kept::Quarantine => held.quarantine_goes(name),
            Kept::Run => held.run_goes(name),
            Kept::Correction => held.correction_goes(name),
        };
        match why {
            Some(why) => clearing.gone.push(held.tombstone(stored, why)),
            None => clearing.kept.push(stored.clone()),
        }
    }
    clearing.gone.sort_by(|a, b| (a.kind, &a.name).cmp(&(b.kind, &b.name)));
    clearing
}

const NAMED_BY_NONE: &str = "no kept release, current table or closed period names it";

/// What something that is kept names.
#[derive(Default)]
struct Named<'h> {
    parts: BTreeSet<&'h str>,
    lake_files: BTreeSet<&'h str>,
    archives: BTreeSet<&'h str>,
}

impl<'h> Held<'h> {
    fn is_older(&self, day: Option<Day>, months: u32) -> bool {
        day.is_some_and(|day| day < self.today.minus_months(months))
    }

    /// Why a release goes; `None` where it stays.
    fn release_goes(&self, release: &HeldRelease) -> Option<String> {
        let months = self.retention.releases_months;
        let closes = |(ends, name): &(Day, String)| *name == release.name && !self.is_older(Some(*ends), months);
        let old = self.is_older(civil_day_of(&release.published_at), months);
        let stays = self.latest == Some(release.name.as_str()) || self.protected.closings.iter().any(closes);
        (old && !stays).then(|| format!("older than `retention.releases` ({})", in_words(months)))
    }

    fn named(&self, going: &BTreeMap<&str, String>) -> Named<'h> {
        let mut named = Named::default();
        for release in self.releases.iter().filter(|release| !going.contains_key(release.name.as_str())) {
            named.parts.extend(release.parts.iter().map(AsRef::as_ref));
            named.lake_files.extend(release.lake_files.iter().map(AsRef::as_ref));
            named.archives.extend(release.archive.as_deref());
        }
        named.parts.extend(self.protected.parts.iter().map(String::as_str));
        named.lake_files.extend(self.protected.lake_files.iter().map(String::as_str));
        named.lake_files.extend(self.current.iter().map(String::as_str));
        named
    }

    /// The deliveries of every landed object, that of a sidecar too. An object of no delivery is nobody's to judge by age: it stays.
    fn landed_by_name(&self) -> BTreeMap<&'h str, Vec<&'h DeliveryRecord>> {
        let mut landed: BTreeMap<&str, Vec<&DeliveryRecord>> = BTreeMap::new();
        for record in self.deliveries {
            for name in std::iter::once(record.sha256.as_str()).chain(record.sidecar_sha256.as_deref()) {
                landed.entry(name).or_default().push(record);
            }
        }
        landed
    }

    /// Why landed bytes go: for each of their deliveries there is a reason; the first is told.
    fn landed_goes(&self, of: &[&DeliveryRecord]) -> Option<String> {
        let reasons: Option<Vec<String>> = of.iter().map(|record| self.bytes_go(record)).collect();
        reasons?.into_iter().next()
    }

    fn bytes_go(&self, record: &DeliveryRecord) -> Option<String> {
        let (retention, day) = (self.retention, civil_day_of(&record.landed_at));
        if record.state == DeliveryState::Waiting {
            return None;
        }
        if self.is_personal(record) {
            return self.personal_goes(&record.landed_at);
        }
        let periods = record.periods();
        let closed = !periods.is_empty() && periods.iter().all(|period| self.protected.closed.contains(period));
        let months = retention.landing_months;
        if closed && self.is_older(day, months) {
            return Some(format!("older than `retention.landing` ({}), and its periods are closed", in_words(months)));
        }
        let old = self.is_older(day, months.saturating_mul(2));
        old.then(|| format!("older than `retention.landing` twice over (2 × {})", in_words(months)))
    }

    /// Why what a delivery of a personal feed left goes, by when it landed.
    fn personal_goes(&self, landed_at: &str) -> Option<String> {
        let months = self.retention.personal_months;
        let old = self.is_older(civil_day_of(landed_at), months);
        old.then(|| format!("personal, and older than `retention.personal` ({})", in_words(months)))
    }

    fn personal_file_goes(&self, name: &str) -> Option<String> {
        self.personal_goes(&self.personal_files.get(name)?.landed_at)
    }

    fn is_personal(&self, record: &DeliveryRecord) -> bool {
        self.personal.contains(&format!("{}/{}", record.council, record.feed))
    }

    fn quarantine_goes(&self, delivery: &str) -> Option<String> {
        let record = self.deliveries.iter().find(|record| record.delivery_id == delivery)?;
        let (mut months, mut key) = (self.retention.quarantine_months, "quarantine");
        if self.is_personal(record) && self.retention.personal_months < months {
            (months, key) = (self.retention.personal_months, "personal");
        }
        let waits = record.state == DeliveryState::Waiting;
        let old = self.is_older(civil_day_of(&record.judged_at), months);
        (old && !waits).then(|| format!("older than `retention.{key}` ({})", in_words(months)))
    }

    /// Why what a correction says of the file goes: with the file of a personal feed.
    fn correction_goes(&self, name: &str) -> Option<String> {
        let delivery = name.split('/').next().unwrap_or_default();
        let record = self.deliveries.iter().find(|record| record.delivery_id == delivery)?;
        let settled = record.state != DeliveryState::Waiting && !record.to_correct;
        if self.is_personal(record) && settled { self.personal_goes(&record.landed_at) } else { None }
    }

    /// The record of the newest run stays: the next one counts from it.
    fn run_goes(&self, name: &str) -> Option<String> {
        let newest = self.runs.keys().next_back().is_some_and(|newest| newest == name);
        let months = self.retention.runs_months;
        let old = self.is_older(civil_day_of(self.runs.get(name)?), months);
        (old && !newest).then(|| format!("older than `retention.runs` ({})", in_words(months)))
    }

    fn tombstone(&self, stored: &Stored, why: String) -> Tombstone {
        let release = self.releases.iter().find(|release| stored.kind == Kept::Release && release.name == stored.name);
        Tombstone {
            kind: stored.kind,
            name: stored.name.clone(),
            sha256: release.map_or_else(|| stored.sha256.clone(), |release| release.sha256.clone()),
            bytes: stored.bytes,
            why,
            published_at: release.map(|release| release.published_at.clone()),
            rows: self.personal_files.get(&stored.name).filter(|_| stored.kind == Kept::LakeFile).map(|file| file.rows),
        }
    }
}

/// `7y`, `18m`.
fn in_words(months: u32) -> String {
    if months.is_multiple_of(12) { format!("{}y", months / 12) } else { format!("{months}m") }
}

#[cfg(test)]
#[path = "vacuum_tests.rs"]
mod tests;
