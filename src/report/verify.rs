//! Whether releases and common tables on disk are what was written: every byte, by its SHA-256.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{
    Page,
    asked_again::{Asked, ask_again},
    released::those_there,
};
use crate::{
    diagnostic::{Answer, Diagnostic, Place, codes},
    domain::counted,
    lake::{Flaw, Hashed, Lake, LakeFile, Manifest},
    pipeline::Partnership,
};

/// What was looked at, and what of it is not as it was written.
struct Looked {
    what: String,
    files: usize,
    flaws: Vec<Flaw>,
    /// The checks of a release, asked again where its files are as written.
    asked: Option<Asked>,
}

impl Looked {
    fn new(what: impl Into<String>, files: usize, flaws: Vec<Flaw>) -> Self {
        Self { what: what.into(), files, flaws, asked: None }
    }

    fn faults(&self) -> &[String] {
        self.asked.as_ref().map_or(&[], |asked| asked.faults.as_slice())
    }

    fn is_sound(&self) -> bool {
        self.flaws.is_empty() && self.faults().is_empty()
    }
}

/// Hashes every file of releases: `release` by name, all with `all`, else the latest; with the latest also the common tables as they are
/// now. Beside the answer stand the reports, where something is not as it was written, or the tables are not there to be looked at.
///
/// # Errors
/// TC0102 where there is no such release; TC1002, TC1007.
pub fn verify(partnership: &Partnership, release: Option<&str>, all: bool) -> Answer<(Page, Vec<Diagnostic>)> {
    let lake = Lake::at(&partnership.landing, &partnership.lake, &partnership.published)?;
    let (mut names, latest) = (lake.releases().names()?, lake.releases().latest_name()?);
    names.extend(super::released::lost(&lake, &names)?.into_keys());
    names.sort_by_key(|name| (name.len(), name.clone()));
    let wanted: Vec<String> = match release {
        Some(release) if !names.iter().any(|name| name == release) => return Err(no_release(release, &names)),
        Some(release) => vec![release.to_owned()],
        None if all => names,
        None => latest.clone().into_iter().collect(),
    };
    let (mut looked, mut hashed, mut gone) = (Vec::new(), Hashed::default(), Vec::new());
    for name in &wanted {
        looked.push(look_at_release(&lake, name, &mut hashed)?);
    }
    if release.is_none_or(|release| latest.as_deref() == Some(release)) {
        looked.extend(look_at_readers_way(&lake)?);
        let manifest = latest.and_then(|name| lake.releases().manifest(&name).ok());
        match lake.must_be_there(false) {
            Ok(()) => looked.extend(look_at_tables(partnership, &lake, manifest.as_ref(), &mut hashed)?),
            Err(refusal) => gone = refusal.0,
        }
    }
    let is_sound = gone.is_empty() && looked.iter().all(Looked::is_sound);
    Ok((page(&looked, is_sound), report(&looked).into_iter().chain(gone).collect()))
}

/// A warning for each file in the folders of the register and of runs that was skipped.
///
/// # Errors
/// TC1002.
pub fn strays(partnership: &Partnership) -> Answer<Vec<Diagnostic>> {
    let lake = Lake::at(&partnership.landing, &partnership.lake, &partnership.published)?;
    let warning = |path: &std::path::PathBuf| {
        Diagnostic::warning(codes::lake::STRAY, format!("{} is no record that truecost can read", path.display()))
            .place(Place::file(path.display().to_string()))
            .expected("entries of deliveries in lake/register, records of runs in lake/runs, and notices in lake/notices")
            .outcome("it was skipped; no figure depends on it")
            .hint("move it away; a record of a run can be put back from a backup")
    };
    Ok(lake.strays()?.iter().map(warning).collect())
}

fn look_at_release(lake: &Lake, name: &str, hashed: &mut Hashed) -> Answer<Looked> {
    let (releases, what) = (lake.releases(), format!("release {name}"));
    if !releases.is_there(name) {
        return Ok(Looked::new(what, 1, vec![Flaw { path: releases.folder().join(name), why: format!("{name} is gone") }]));
    }
    if let Ok(manifest) = releases.manifest(name) {
        let archive = manifest.made_from.archive.as_ref();
        let files = 1 + archive.iter().count() + manifest.content.tables.values().map(Vec::len).sum::<usize>();
        let mut flaws = releases.flaws_of_bytes(&manifest, hashed)?;
        flaws.extend(archive.map(|archive| releases.rules_flaw(archive, hashed)).transpose()?.flatten());
        let asked = if flaws.is_empty() { ask_again(lake, &manifest)? } else { None };
        return Ok(Looked { asked, ..Looked::new(what, files, flaws) });
    }
    let why = "it cannot be read, and the lake holds no sound copy".into();
    let path = releases.folder().join(name).join("_manifest.json");
    Ok(Looked::new(what, 1, vec![Flaw { path, why }]))
}

/// `latest.json` and the link `latest`.
fn look_at_readers_way(lake: &Lake) -> Answer<Option<Looked>> {
    let flaws = lake.releases().latest_flaws()?;
    Ok((!flaws.is_empty()).then(|| Looked::new("latest", 2, flaws)))
}

/// The files that the newest version of each common table holds, and those that the latest release was made from.
fn look_at_tables(partnership: &Partnership, lake: &Lake, latest: Option<&Manifest>, hashed: &mut Hashed) -> Answer<Vec<Looked>> {
    let tables = lake.tables()?;
    let names: BTreeSet<&str> = partnership.contracts.keys().filter_map(|key| key.strip_prefix("common/")).collect();
    // What retention took leaves the lists of releases: what no table holds any more is not looked for.
    let gone: BTreeSet<String> = lake.gone_files()?.into_iter().map(|gone| gone.file.name).collect();
    let mut looked = Vec::new();
    for table in names {
        let mut files: Vec<LakeFile> = tables.snapshot(table, None)?.map(|snapshot| snapshot.files).unwrap_or_default();
        let listed = latest.and_then(|m| m.content.lake.get(table)).into_iter().flat_map(|state| tables.files_of(table, state));
        files.extend(listed.filter(|file| !gone.contains(&file.name)));
        files.sort_by(|a, b| a.path.cmp(&b.path));
        files.dedup_by(|a, b| a.path == b.path);
        let mut flaws: Vec<Flaw> = tables.entry_flaws(table)?.into_iter().map(|(flaw, _)| flaw).collect();
        if flaws.is_empty() {
            flaws.extend(tables.log_flaws(table)?);
        }
        for file in &files {
            flaws.extend(hashed.flaw(&file.path, file.bytes, &file.name)?);
        }
        if !files.is_empty() || !flaws.is_empty() {
            looked.push(Looked::new(format!("lake/{table}"), files.len(), flaws));
        }
    }
    Ok(looked)
}

fn page(looked: &[Looked], is_sound: bool) -> Page {
    let mut text = String::new();
    for one in looked {
        let Looked { what, files, flaws, asked } = one;
        let sound =
            if flaws.is_empty() { "as written".to_owned() } else { format!("{} not as written", counted(flaws.len() as u64, "file")) };
        let checks = asked.as_ref().map_or_else(String::new, |asked| {
            let found = if asked.faults.is_empty() { "they find what they found then" } else { "they find something else than then" };
            let unasked = if asked.unasked > 0 {
                format!("; {} cannot be asked: the contracts of its tables lacked columns", counted(asked.unasked as u64, "check"))
            } else {
                String::new()
            };
            format!("; {} asked again: {found}{unasked}", counted(asked.checks as u64, "check"))
        });
        text.push_str(&format!("{what}: {}, {sound}{checks}\n", counted(*files as u64, "file")));
        one.faults().iter().for_each(|fault| text.push_str(&format!("  {fault}\n")));
        flaws.iter().for_each(|flaw| text.push_str(&format!("  {}: {}\n", flaw.path.display(), flaw.why)));
    }
    if looked.is_empty() {
        text.push_str("no release yet\n");
    }
    let flaws =
        |flaws: &[Flaw]| -> Vec<Value> { flaws.iter().map(|f| json!({"path": f.path.display().to_string(), "why": f.why})).collect() };
    let list: Vec<Value> = looked
        .iter()
        .map(|l| {
            json!({"what": l.what, "files": l.files, "flaws": flaws(&l.flaws),
        "checks": l.asked.as_ref().map(|asked| json!({"asked": asked.checks, "not_asked": asked.unasked, "faults": asked.faults}))})
        })
        .collect();
    Page::new("release_verify", text, json!({"sound": is_sound, "looked_at": list}))
}

fn report(looked: &[Looked]) -> Option<Diagnostic> {
    let broken: Vec<&str> = looked.iter().filter(|l| !l.flaws.is_empty()).map(|l| l.what.as_str()).collect();
    if broken.is_empty() {
        return otherwise(looked);
    }
    let flaws: usize = looked.iter().map(|l| l.flaws.len()).sum();
    let seen = format!("{} not as written: {}", counted(flaws as u64, "file"), broken.join(", "));
    Some(
        Diagnostic::new(codes::lake::RELEASE_DIFFERS, seen)
            .expected("every file that a manifest or a log lists, with the bytes that were written")
            .outcome("nothing was changed")
            .hint("truecost run --rehash makes again what can be made again: links, manifests, parts of the latest release, files of common tables; an older release comes back from a backup only"),
    )
}

/// Files as they were written, and checks that find something else in them than when they were.
fn otherwise(looked: &[Looked]) -> Option<Diagnostic> {
    let all: Vec<(&str, &String)> = looked.iter().flat_map(|l| l.faults().iter().map(|fault| (l.what.as_str(), fault))).collect();
    let (what, first) = all.first()?;
    let more = if all.len() > 1 { format!(" (and {} more)", all.len() - 1) } else { String::new() };
    Some(
        Diagnostic::new(codes::lake::RELEASE_DIFFERS, format!("{what}: {first}{more}"))
            .expected("every check finds in the published parts what it found when they were published")
            .outcome("nothing was changed; every file is as it was written")
            .hint("truecost run --force makes the latest release anew; if the same is found then, it is a fault of truecost: report it with truecost release verify --json"),
    )
}

fn no_release(release: &str, names: &[String]) -> crate::diagnostic::Refusal {
    Diagnostic::new(codes::command::NOTHING_SELECTED, format!("there is no release `{release}`"))
        .expected(those_there(names))
        .outcome("nothing was looked at")
        .hint("truecost release verify --all")
        .into()
}
