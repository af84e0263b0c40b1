//! A look at the machine: what a run needs, and what is missing.

use std::{collections::BTreeSet, fs, path::Path};

use super::{
    Conductor, FeedRun, Options, Repaired, Silent,
    clock::{Clock, Now, Standing},
    disk,
    folders::{make_folders, without_folder},
};
use crate::{
    crash,
    diagnostic::{Answer, Diagnostic, Refusal, codes},
    domain::{Location, counted},
    lake::{Behind, DeliveryRecord, Depth, Flaw},
    pipeline::{Feed, Partnership},
    source,
};

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub what: String,
    pub fine: bool,
    pub seen: String,
    /// What there is of it by name, where there may be many.
    pub names: Vec<String>,
    /// `truecost doctor --repair` mends it.
    pub mends: bool,
}

impl Finding {
    pub fn of(what: impl Into<String>, fine: bool, seen: impl Into<String>) -> Self {
        Self { what: what.into(), fine, seen: seen.into(), names: Vec::new(), mends: false }
    }

    pub(super) fn to_mend(what: impl Into<String>, seen: impl Into<String>) -> Self {
        Self { mends: true, ..Self::of(what, false, seen) }
    }
}

/// Looks at the folders, the file systems, the room on them, the processors, the time zone, and at what truecost keeps. Leaves nothing behind. With
/// `anyway` a lake on a file system of another machine is let pass.
#[must_use]
pub fn doctor(partnership: &Partnership, anyway: bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    let folders = [("landing", &partnership.landing), ("lake", &partnership.lake), ("published", &partnership.published)];
    for (name, location) in folders {
        findings.push(match location {
            Location::Folder(path) => writable(name, path),
            Location::Url(url) => Finding::of(name, false, format!("{url}: the lake must be a local folder in this version")),
        });
    }
    if let Location::Folder(path) = &partnership.published {
        findings.push(hard_links(path));
    }
    findings.push(disk::file_systems(partnership, anyway));
    findings.push(disk::time_zone());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    findings.push(Finding::of("processors", true, threads.to_string()));
    let drop = match &partnership.drop {
        Location::Folder(path) if !path.is_dir() => Finding::of("drop", false, format!("{} is not there", path.display())),
        location => Finding::of("drop", true, location.to_string()),
    };
    findings.push(drop);
    let lacks =
        |(feed, path): (&Feed, &Path)| Finding::to_mend(format!("folder of {}", feed.name()), format!("{} is not there", path.display()));
    findings.extend(without_folder(partnership).into_iter().map(lacks));
    findings.extend(partnership.feeds.iter().filter_map(|feed| silent(feed, &partnership.allow_hosts)));
    findings.extend(kept(partnership));
    findings
}

fn conductor<'a>(partnership: &'a Partnership, clock: &'a dyn Clock) -> Answer<Conductor<'a>> {
    let options = Options { threads: std::thread::available_parallelism().map_or(2, usize::from), ..Options::default() };
    Conductor::new(partnership, &options, clock, &Silent)
}

/// What truecost keeps, where it does not fit together. What cannot be read is a finding too, and hides nothing of what can.
fn kept(partnership: &Partnership) -> Vec<Finding> {
    let clock = Standing(Now { micros: 0 });
    let conductor = match conductor(partnership, &clock) {
        Ok(conductor) => conductor,
        Err(refusal) => return unread(&refusal),
    };
    let mut found = Vec::new();
    let mut look = |looked: Answer<Vec<Finding>>| {
        let findings = looked.unwrap_or_else(|refusal| unread(&refusal));
        found.extend(findings.into_iter().filter(|finding| finding.fine || !found.contains(finding)).collect::<Vec<_>>());
    };
    if let Err(refusal) = conductor.lake.must_be_there(false) {
        return unread(&refusal);
    }
    look(conductor.lake.behind().map(|behind| behind.iter().map(older).collect()));
    conductor.common_names().iter().for_each(|table| look(damaged(&conductor, table)));
    match conductor.lake.register().all_entries() {
        Ok(mut known) => {
            look(Ok(conductor.lake.next_number(&known).err().iter().flat_map(|refusal| refusal.0.iter().map(told)).collect()));
            look(Ok(disk::room(partnership, &known).into_iter().collect()));
            look(conductor.lying_about(&known));
            look(disagreeing(&conductor, &mut known));
            look(Ok(personal(partnership, &known)));
        }
        Err(refusal) => {
            look(Err(refusal));
            look(conductor.lying_about(&[]).map(|found| found.into_iter().filter(|finding| !finding.fine).collect()));
        }
    }
    look(open_to_others(&conductor));
    found
}

/// A person decides which lake it is that goes on.
fn older(behind: &Behind) -> Finding {
    let way_out = "put the one that belongs to it back, or truecost doctor --repair goes on from this one";
    Finding::of("lake", false, format!("it is {behind}; {way_out}"))
}

/// What a refusal says that there is to mend.
fn unread(refusal: &Refusal) -> Vec<Finding> {
    let is_of_register =
        |d: &Diagnostic| d.place.as_ref().and_then(|at| Path::new(&at.file).parent()).is_some_and(|at| at.ends_with("register"));
    let mends = |d: &Diagnostic| d.code == codes::lake::RECORD_UNREADABLE && is_of_register(d);
    refusal.0.iter().map(|d| if mends(d) { Finding::to_mend("lake/register", d.seen.clone()) } else { told(d) }).collect()
}

/// What nobody mends but a person.
fn told(report: &Diagnostic) -> Finding {
    Finding::of("lake", false, format!("{}: {}", report.seen, report.hint))
}

/// Entries of the log of a common table that are not as they were written.
fn damaged(conductor: &Conductor<'_>, table: &str) -> Answer<Vec<Finding>> {
    let (flaws, what) = (conductor.tables.entry_flaws(table)?, format!("log of lake/{table}"));
    let seen = |flaw: &Flaw| format!("{}: {}", flaw.path.display(), flaw.why);
    Ok(flaws.iter().map(|(flaw, mends)| Finding { mends: *mends, ..Finding::of(&what, false, seen(flaw)) }).collect())
}

/// Rows of common tables that are not those of the register.
fn disagreeing(conductor: &Conductor<'_>, known: &mut [DeliveryRecord]) -> Answer<Vec<Finding>> {
    FeedRun::new(conductor).note_lost_tables(known, false)?;
    let found = conductor.disagreements(known, false)?;
    Ok(found.iter().map(|d| Finding::to_mend(format!("lake/{}", d.table), format!("{}: {}", d.seen, d.way_out()))).collect())
}

fn open_to_others(conductor: &Conductor<'_>) -> Answer<Vec<Finding>> {
    let open = conductor.lake.open_to_others()?;
    let others = format!("others may read {} of landing and lake, which hold personal data", counted(open, "entry"));
    Ok((open > 0).then(|| Finding::to_mend("modes", others)).into_iter().collect())
}

/// What lies open of personal feeds: their files in the drop folder, as they came; bytes that were landed before the feed had keys; and
/// deliveries of one council under several keys.
fn personal(partnership: &Partnership, known: &[DeliveryRecord]) -> Vec<Finding> {
    let mut found = Vec::new();
    for feed in partnership.feeds.iter().filter(|feed| feed.personal.is_some()) {
        let Location::Folder(folder) = &feed.from else { continue };
        let of_feed = || known.iter().filter(|record| record.is_of(&feed.council, &feed.id));
        let names: BTreeSet<&str> = of_feed().flat_map(DeliveryRecord::files).map(|file| file.name.as_str()).collect();
        let left: Vec<&str> = names.into_iter().filter(|name| folder.join(name).is_file()).collect();
        if !left.is_empty() {
            let seen = format!(
                "{} of it lie in {} as they came, and are sealed in landing; `taken: remove` in {} takes such files away",
                counted(left.len() as u64, "file"),
                folder.display(),
                feed.file
            );
            let names = left.into_iter().map(str::to_owned).collect();
            found.push(Finding { names, ..Finding::of(format!("plain files of {}", feed.name()), true, seen) });
        }
        let open = of_feed().filter(|record| record.keys.is_none()).count();
        if open > 0 {
            let seen = format!("{} landed before it was a personal feed: their bytes are not sealed", counted(open as u64, "delivery"));
            found.push(Finding::of(format!("landing of {}", feed.name()), true, seen));
        }
        let keys: BTreeSet<&str> =
            of_feed().filter(|r| r.is_accepted()).filter_map(|r| Some(r.keys.as_ref()?.pseudonym.as_str())).collect();
        if keys.len() > 1 {
            let seen = format!(
                "its people have pseudonyms under {} ({}): truecost run {} --force reads its files again under the one that is named now",
                counted(keys.len() as u64, "key"),
                keys.into_iter().collect::<Vec<_>>().join(", "),
                feed.name()
            );
            found.push(Finding::of(format!("pseudonyms of {}", feed.name()), true, seen));
        }
    }
    found
}

/// Makes drop folders that are not there, and mends what truecost keeps: entries of the register that are lost are entered again from
/// landing and the table's log, and deliveries that an older table lacks are marked for the next run.
///
/// # Errors
/// TC1004 where a run holds the lake; TC10… where it cannot be read or written.
pub fn repair(partnership: &Partnership, clock: &dyn Clock) -> Answer<Repaired> {
    let mut conductor = conductor(partnership, clock)?;
    let was_gone = conductor.lake.must_be_there(false).is_err();
    let held = conductor.lake.lock_anew("truecost doctor --repair", &clock.now().iso())?;
    let mut repaired = Repaired { done: make_folders(partnership)?, ..Repaired::default() };
    repaired.done.extend(conductor.lake.releases().unfinished()?.iter().map(|name| format!("removed: the half release {name}")));
    if let Some(behind) = conductor.lake.behind()? {
        let goes_on = "runs go on from there, and what persons have said since has to be said again: truecost period list, truecost supply";
        repaired.done.push(format!("gone on from: a lake that is {behind}; {goes_on}"));
        if behind == Behind::Another {
            conductor.lake.forget_others(&held)?;
        }
    } else if was_gone {
        repaired.done.push("begun: a lake, for there was none; what persons had said has to be said again".to_owned());
    }
    repaired.done.extend(conductor.lake.recover_as_it_is(&held)?);
    repaired.done.extend(conductor.mend_entries(true)?);
    let aside = conductor.lake.register().set_damaged_aside()?;
    repaired
        .done
        .extend(aside.iter().map(|id| format!("the entry of delivery {id} cannot be read: set aside as lake/register/{id}.json.damaged")));
    conductor.lake.register().recover(&conductor.tables)?;
    conductor.finish_pending()?;
    crash::point("repair.recovered")?;
    let mut known = conductor.lake.register().all_entries()?;
    FeedRun::new(&conductor).note_lost_tables(&mut known, true)?;
    let closed = conductor.lake.close_to_others()?;
    if closed > 0 {
        repaired.done.push(format!("taken from others: {} of landing and lake", counted(closed, "entry")));
    }
    let entered = FeedRun::new(&conductor).reenter(&mut known)?;
    repaired.done.extend(entered.done);
    repaired.left.extend(entered.left);
    mend_published(&mut conductor, &mut repaired)?;
    Ok(repaired)
}

/// Names of the latest release that are gone or damaged are made again from the other name of the same part, and what nothing refers to goes.
/// A part of which no sound file is left is made again by the next run.
fn mend_published(conductor: &mut Conductor<'_>, repaired: &mut Repaired) -> Answer<()> {
    let releases = conductor.lake.releases();
    if let Some(latest) = releases.latest_name()?.filter(|name| releases.is_there(name)) {
        let mended = releases.mend(&releases.bare_manifest(&latest)?, Depth::Bytes)?;
        repaired.done.extend(mended.made);
        let lost = |path: &String| format!("no sound file is left of {path}: truecost run makes it again");
        repaired.left.extend(mended.lost.iter().map(lost));
    }
    let known = conductor.lake.register().all()?;
    conductor.number = conductor.lake.next_number(&known)?;
    repaired.done.extend(conductor.remove_orphans(&known)?);
    Ok(())
}

/// A feed whose folder or store does not answer.
fn silent(feed: &Feed, allow_hosts: &[String]) -> Option<Finding> {
    let refusal = source::connect(&feed.from, allow_hosts).and_then(|source| source.list()).err()?;
    let seen = refusal.0.first().map(|d| d.seen.clone()).unwrap_or_default();
    Some(Finding::of(feed.name(), false, format!("{}: {seen}", feed.from)))
}

/// The nearest folder that is there already: a lake that was never written has none of its own.
fn nearest(path: &Path) -> &Path {
    path.ancestors().find(|p| p.is_dir()).unwrap_or(Path::new("."))
}

fn writable(name: &str, path: &Path) -> Finding {
    let probe = nearest(path).join(format!(".truecost-doctor-{}", std::process::id()));
    let written = fs::write(&probe, b"x").and_then(|()| fs::remove_file(&probe));
    let seen = match &written {
        Ok(()) => format!("{} can be written", path.display()),
        Err(error) => format!("{} cannot be written: {error}", path.display()),
    };
    Finding::of(name, written.is_ok(), seen)
}

/// Releases are hard links to parts.
fn hard_links(published: &Path) -> Finding {
    let from = nearest(published).join(format!(".truecost-doctor-{}-a", std::process::id()));
    let to = from.with_extension("b");
    let linked = fs::write(&from, b"x").and_then(|()| fs::hard_link(&from, &to));
    let _ = fs::remove_file(&from);
    let _ = fs::remove_file(&to);
    let seen = match &linked {
        Ok(()) => "the file system keeps hard links".to_owned(),
        Err(error) => format!("none can be made in {}: {error}", nearest(published).display()),
    };
    Finding::of("hard links", linked.is_ok(), seen)
}
