//! Clean-up by the partnership's retention: looked at, written down, removed, looked at again; all under the lake's lock.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Conductor, Options, Silent, clock::Clock, slots::read_book};
use crate::{
    crash,
    diagnostic::{Answer, Diagnostic, codes},
    domain::{Day, counted},
    lake::{DeliveryRecord, Depth, Flaw, Kept, LakeFile, LakeFileState, Lock, Removal, Stored, Tombstone, holder},
    pipeline::{Partnership, Retention, schedule::civil_day_of},
    plan::{Clearing, Held, HeldRelease, Paths, PersonalFile, Protected, clearing, goes_on},
};

/// What a clean-up removed, or would remove.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vacuumed {
    pub clearing: Clearing,
    /// When each kept release was published, the oldest first.
    pub releases: Vec<(String, String)>,
    /// Whether it was only looked at.
    pub dry: bool,
    /// Where it was only looked at: why it would not be done now by this clock.
    pub doubt: Option<Diagnostic>,
}

/// What is asked of a clean-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clearance {
    /// To say what would go.
    Look,
    /// To remove it, where the clock goes on from what the lake has seen.
    Remove,
    /// To remove it by whatever the clock says: a person vouches for it.
    RemoveAnyway,
}

/// Removes what retention lets go, or only says what that is.
///
/// # Errors
/// TC1004 where a run holds the lake; TC1010 where a manifest cannot be read: what it names is not known, and nothing is removed; TC1424
/// where the clock may be wrong; TC1423 where something is not there afterwards that was to stay; TC10….
pub fn vacuum(partnership: &Partnership, clock: &dyn Clock, asked: Clearance) -> Answer<Vacuumed> {
    let (now, dry) = (clock.now(), asked == Clearance::Look);
    let options = Options { threads: 1, ..Options::default() };
    let mut conductor = Conductor::new(partnership, &options, clock, &Silent)?;
    let held = conductor.lake.lock("truecost vacuum", &now.iso())?;
    if dry {
        conductor.lake.must_lead()?;
    } else {
        conductor.take_over(&held)?;
    }
    let known = conductor.lake.register().all()?;
    conductor.number = conductor.lake.next_number(&known)?;
    let published = conductor.published()?;
    let doubt = if asked == Clearance::RemoveAnyway { None } else { conductor.doubt(&published, &known)? };
    if let Some(doubt) = doubt.clone().filter(|_| !dry) {
        conductor.note_looked(&held)?;
        return Err(doubt.into());
    }
    let doubt = doubt.map(|doubt| doubt.outcome("truecost vacuum would remove nothing now: by a clock that is wrong everything is old"));
    let clearing = conductor.clearing(&published, &known, partnership.retention)?;
    let goes: BTreeSet<&str> = clearing.gone.iter().filter(|gone| gone.kind == Kept::Release).map(|gone| gone.name.as_str()).collect();
    let kept: Vec<&HeldRelease> = published.releases.iter().filter(|release| !goes.contains(release.name.as_str())).collect();
    let releases = kept.iter().map(|release| (release.name.clone(), release.published_at.clone())).collect();
    if !dry && !clearing.gone.is_empty() {
        conductor.remove(&clearing, &kept)?;
    }
    if !dry {
        conductor.note_cleared(&held)?;
    }
    Ok(Vacuumed { clearing, releases, dry, doubt })
}

/// Nothing is too old.
const FOR_EVER: Retention = {
    let months = 12 * 4_000;
    Retention { landing_months: months, releases_months: months, quarantine_months: months, runs_months: months, personal_months: months }
};

/// The releases that are there.
struct PublishedNow {
    releases: Vec<HeldRelease>,
    /// What they list of common tables, each file once, by table.
    lake_files: BTreeMap<String, BTreeSet<LakeFileState>>,
}

impl Conductor<'_> {
    /// What no release, current table or closed period names, whatever its age: a run that was killed, or a delivery that was gone over
    /// before it was published, left it.
    pub(super) fn orphans(&self, known: &[DeliveryRecord]) -> Answer<Clearing> {
        self.clearing(&self.published()?, known, FOR_EVER)
    }

    /// Removes it; a line for each thing, with its bytes.
    pub(super) fn remove_orphans(&self, known: &[DeliveryRecord]) -> Answer<Vec<String>> {
        let published = self.published()?;
        let clearing = self.clearing(&published, known, FOR_EVER)?;
        if !clearing.gone.is_empty() {
            self.remove(&clearing, &published.releases.iter().collect::<Vec<_>>())?;
        }
        let line = |gone: &Tombstone| format!("removed: {} {}, {}: {}", gone.kind.noun(), gone.name, counted(gone.bytes, "byte"), gone.why);
        Ok(clearing.gone.iter().map(line).collect())
    }

    /// Writes down that retention was acted on, for who does it month after month.
    fn note_cleared(&self, held: &Lock) -> Answer<()> {
        if read_book(&self.lake, &mut Vec::new())?.names.is_empty() { Ok(()) } else { self.note_looked(held) }
    }

    /// The same, also where nothing is scheduled: the next clean-up asks when the clock was seen last.
    fn note_looked(&self, held: &Lock) -> Answer<()> {
        let mut book = read_book(&self.lake, &mut Vec::new())?;
        book.vacuumed = Some(self.clock.now().iso());
        self.lake.slots().write(held, &book)
    }

    /// Why the clock is not gone by: it shows a day to which nothing leads that the lake has seen. A machine that starts with a dead battery
    /// shows any year, and what is removed by it comes back from a backup only.
    fn doubt(&self, published: &PublishedNow, known: &[DeliveryRecord]) -> Answer<Option<Diagnostic>> {
        let today = self.clock.now().day().ok_or_else(no_day)?;
        let cleared = read_book(&self.lake, &mut Vec::new())?.vacuumed;
        let began = self.runs_begun(&self.lake.stored()?)?;
        let of_releases = published.releases.iter().map(|release| release.published_at.as_str());
        let all = of_releases.chain(known.iter().map(|record| record.landed_at.as_str()));
        let all = all.chain(began.values().map(String::as_str)).chain(cleared.as_deref());
        let seen: BTreeSet<Day> = all.filter_map(civil_day_of).collect();
        Ok((!goes_on(today, &seen)).then(|| no_clock(today, seen.range(..today).next_back().copied())))
    }

    /// Written down, removed, looked at again.
    fn remove(&self, clearing: &Clearing, kept: &[&HeldRelease]) -> Answer<()> {
        let flaws = self.flaws(kept)?;
        let removal = Removal { number: self.number, at: self.clock.now().iso(), gone: clearing.gone.clone() };
        self.lake.write_tombstones(&removal)?;
        crash::point("vacuum.written")?;
        self.leave_tables(&clearing.gone)?;
        for gone in &clearing.gone {
            crash::point("vacuum.removing")?;
            self.lake.discard(gone.kind, &gone.name)?;
        }
        self.all_there(clearing, kept, &flaws)
    }

    /// Files that a table still holds leave it before they are removed: no version of it that is read names what is gone.
    fn leave_tables(&self, gone: &[Tombstone]) -> Answer<()> {
        let mut leaving: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for gone in gone.iter().filter(|gone| gone.kind == Kept::LakeFile && gone.rows.is_some()) {
            if let Some((table, path)) = gone.name.split_once('/') {
                leaving.entry(table).or_default().insert(path);
            }
        }
        leaving.iter().try_for_each(|(table, paths)| self.tables.let_go(table, paths, self.clock.now().millis()))
    }

    /// What every release names that is there, or of which the copy of its manifest is: what is lost may come back from a backup. Their
    /// manifests are read one after the other: hundreds of them are more than a small machine holds at once.
    fn published(&self) -> Answer<PublishedNow> {
        let (releases, mut paths) = (self.lake.releases(), Paths::default());
        let mut published = PublishedNow { releases: Vec::new(), lake_files: BTreeMap::new() };
        let read = |name: String| (releases.bare_manifest(&name), name);
        let lost = releases.lost()?.into_iter().map(read).filter(|(manifest, _)| manifest.is_ok());
        for (manifest, name) in releases.names()?.into_iter().map(read).chain(lost) {
            let manifest = manifest?;
            published.releases.push(HeldRelease::of(&manifest, releases.manifest_sha256(&name)?, &mut paths));
            for (table, state) in manifest.content.lake {
                published.lake_files.entry(table).or_default().extend(state.files);
            }
        }
        Ok(published)
    }

    /// What is on disk, and what becomes of it.
    fn clearing(&self, published: &PublishedNow, known: &[DeliveryRecord], retention: Retention) -> Answer<Clearing> {
        let stored = self.lake.stored()?;
        let personal: BTreeSet<String> =
            self.partnership.feeds.iter().filter(|feed| feed.personal.is_some()).map(crate::pipeline::Feed::name).collect();
        let latest = self.lake.releases().latest_name()?;
        let today = self.clock.now().day().ok_or_else(no_day)?;
        let held = Held {
            today,
            retention,
            stored: &stored,
            releases: &published.releases,
            latest: latest.as_deref(),
            current: &self.current_files(&stored)?,
            protected: &self.protected()?,
            deliveries: known,
            personal: &personal,
            personal_files: &self.personal_files(published, known, &personal)?,
            runs: &self.runs_begun(&stored)?,
        };
        Ok(clearing(&held))
    }

    /// Files of the newest version of every common table that lies in the lake, declared or not.
    fn current_files(&self, stored: &[Stored]) -> Answer<BTreeSet<String>> {
        let of_tables = stored.iter().filter(|stored| stored.kind == Kept::LakeFile);
        let tables: BTreeSet<&str> = of_tables.filter_map(|stored| stored.name.split('/').next()).collect();
        let mut current = BTreeSet::new();
        for table in tables {
            let files = self.tables.snapshot(table, None)?.map(|snapshot| snapshot.files).unwrap_or_default();
            current.extend(files.into_iter().map(|file| format!("{table}/{}", file.relative)));
        }
        Ok(current)
    }

    /// Files of personal feeds that tables, releases and closed periods name. Of a file that no delivery is known to have brought the age
    /// is not known: it stays.
    fn personal_files(
        &self,
        published: &PublishedNow,
        known: &[DeliveryRecord],
        personal: &BTreeSet<String>,
    ) -> Answer<BTreeMap<String, PersonalFile>> {
        let closings = self.lake.periods().closings()?;
        let frozen = || closings.closings_kept();
        let mut files: Vec<(String, LakeFile)> = Vec::new();
        for table in self.common_names() {
            let current = self.tables.snapshot(&table, None)?.map(|snapshot| snapshot.files).unwrap_or_default();
            let listed = published.lake_files.get(&table).into_iter().flatten();
            let listed = listed.flat_map(|file| self.tables.files_listed(&table, std::slice::from_ref(file)));
            let closed = frozen().flat_map(|closing| &closing.slots).filter(|slot| slot.table == table);
            let closed = closed.flat_map(|slot| self.tables.files_listed(&table, &slot.files));
            files.extend(current.into_iter().chain(listed).chain(closed).map(|file| (table.clone(), file)));
        }
        files.retain(|(_, file)| personal.contains(&format!("{}/{}", file.council, file.feed)));
        let records: Vec<&DeliveryRecord> = frozen().flat_map(|closing| &closing.deliveries).chain(known).collect();
        let landed: BTreeMap<&str, &DeliveryRecord> =
            records.iter().flat_map(|record| record.lake_files.values().map(|name| (name.as_str(), *record))).collect();
        let one = |(table, file): (String, LakeFile)| {
            // What a version before entered does not say which files are whose.
            let stands = || holder(known.iter().filter(|r| r.lake_files.is_empty()), &file.council, &file.feed, file.period);
            let record = landed.get(file.name.as_str()).copied().or_else(stands)?;
            let personal = PersonalFile { landed_at: record.landed_at.clone(), rows: file.rows };
            Some((format!("{table}/{}", file.relative), personal))
        };
        Ok(files.into_iter().filter_map(one).collect())
    }

    /// What closed periods stand on, and those that were closed and are open now.
    fn protected(&self) -> Answer<Protected> {
        let closings = self.lake.periods().closings()?;
        let mut protected = Protected {
            lake_files: closings.files_kept().into_iter().map(|(table, path)| format!("{table}/{path}")).collect(),
            parts: closings.parts_kept(),
            ..Protected::default()
        };
        for (period, frozen) in closings.closed() {
            protected.closed.insert(period);
            let ends = self.partnership.calendar.days_of(period).1;
            protected.closings.extend(frozen.closing.release.clone().map(|release| (ends, release)));
        }
        // The restatement of a period that is open again is told against its closing release.
        for open in closings.reopenings().iter().filter(|reopening| reopening.again.is_none()) {
            let ends = self.partnership.calendar.days_of(open.period).1;
            protected.closings.extend(open.closing.release.clone().map(|release| (ends, release)));
        }
        Ok(protected)
    }

    /// When each recorded run began, by the file of its record.
    fn runs_begun(&self, stored: &[Stored]) -> Answer<BTreeMap<String, String>> {
        let mut begun = BTreeMap::new();
        for run in self.lake.runs()? {
            let text = |name: &str| run.get(name).and_then(Value::as_str).unwrap_or_default();
            let number = run.get("number").and_then(Value::as_u64).unwrap_or(0);
            let file = format!("{number:08}.json");
            if number > 0 && stored.iter().any(|stored| stored.kind == Kept::Run && stored.name == file) {
                begun.insert(file, text("started").to_owned());
            }
        }
        Ok(begun)
    }

    /// What of some releases is not as their manifests say.
    fn flaws(&self, kept: &[&HeldRelease]) -> Answer<BTreeSet<Flaw>> {
        let mut flaws = BTreeSet::new();
        for release in kept {
            let manifest = self.lake.releases().bare_manifest(&release.name)?;
            flaws.extend(self.lake.releases().flaws(&manifest, Depth::Sizes)?);
        }
        Ok(flaws)
    }

    /// Looks again: everything that was to stay is there, as long as it was; and no kept release lacks what it did not lack before.
    fn all_there(&self, clearing: &Clearing, kept: &[&HeldRelease], flaws: &BTreeSet<Flaw>) -> Answer<()> {
        let mut missing = missing(&self.lake.stored()?, &clearing.kept);
        missing.extend(self.flaws(kept)?.difference(flaws).map(|flaw| format!("{}: {}", flaw.path.display(), flaw.why)));
        let Some(first) = missing.first() else { return Ok(()) };
        let seen = format!("{} to be kept and not there: first {first}", counted(missing.len() as u64, "thing"));
        Err(Diagnostic::new(codes::periods::KEPT_IS_GONE, seen)
            .expected("everything that the clean-up left, as it was before")
            .outcome(format!("what was removed is written down in lake/removed/{:08}.json", self.number))
            .hint("truecost release verify --all says what is damaged; another program works in these folders: find it before the next clean-up")
            .into())
    }
}

/// What was to stay as it was, and is not there or has another length.
fn missing(now: &[Stored], kept: &[Stored]) -> Vec<String> {
    let now: BTreeSet<&Stored> = now.iter().collect();
    kept.iter().filter(|stored| !now.contains(stored)).map(|stored| format!("{} {}", stored.kind.noun(), stored.name)).collect()
}

fn no_clock(today: Day, last: Option<Day>) -> Diagnostic {
    let last = last.map(|day| format!("; before today, the last that the lake has seen is {}", day.spoken())).unwrap_or_default();
    Diagnostic::new(codes::periods::CLOCK_IN_DOUBT, format!("the clock shows {}{last}", today.spoken()))
        .expected("a day to which something leads: a run, a release, a delivery or a clean-up between a week and thirteen months before it")
        .outcome("nothing was removed: by a clock that is wrong everything is old")
        .hint("see that the machine's clock is right (timedatectl); then truecost vacuum --anyway, or wait: a clean-up a week from now goes by it")
}

fn no_day() -> Diagnostic {
    Diagnostic::new(codes::command::MACHINE, "the machine's clock shows a year in which no day can be written")
        .expected("a year from 1 to 9999")
        .outcome("nothing was removed")
        .hint("set the clock, then type the same command again")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_gone_and_was_to_stay_is_told() {
        let part = |name: &str, bytes: u64| Stored { kind: Kept::Part, name: name.into(), sha256: String::new(), bytes };
        let kept = [part("a", 1), part("b", 2), part("c", 3)];
        assert_eq!(missing(&kept, &kept), Vec::<String>::new());
        assert_eq!(missing(&[part("a", 1), part("c", 2), part("new", 9)], &kept), ["part b", "part c"]);
    }
}
