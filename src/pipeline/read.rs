//! Reading a whole partnership, with every fault of every file at once.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use crate::{
    diagnostic::{Answer, Diagnostic, Place, Refusal, Severity, codes::config},
    domain::{Identifier, Location},
    schema::{
        Contract, Contracts,
        fields::{Reader, UNTOUCHED, did_you_mean},
        is_prose, read_text, sorted_names,
        suggest::nearest,
        yaml::SourceText,
    },
};

use super::{
    Feed, Partnership, SHARED,
    cost::{read_cost, stray},
    feed::{Surroundings, read_feed},
    files::{files, stamp},
    known,
    location::{Allowed, Secrets},
    meant, notify,
    partnership::{FILE, Head, NOT_COUNCILS, read_head},
    personal,
    reference::read_references,
    scheme, together,
};

/// Reads `pipelines/**` and `schemas/**` under a folder. Secrets come from the environment of the process.
///
/// Beside the partnership stand warnings: holes in reference tables and the like. What asks nothing of anybody is in its `notes`.
///
/// # Errors
/// Codes of the ranges TC06, TC07 and TC09: everything that is wrong with any of the files.
pub fn read(root: &Path) -> Answer<(Partnership, Vec<Diagnostic>)> {
    read_with(root, &|name| std::env::var(name).ok())
}

/// So often files are read again that were changed while they were read.
const READINGS: usize = 64;

/// As [`read`], with the environment given. What is read is one state of all files: where one was changed meanwhile, they are read again.
///
/// # Errors
/// As [`read`].
pub fn read_with(root: &Path, env: &dyn Fn(&str) -> Option<String>) -> Answer<(Partnership, Vec<Diagnostic>)> {
    one_state(|| stamp(root), || read_once(root, env))
}

fn one_state<S: PartialEq, T>(stamp: impl Fn() -> S, mut read: impl FnMut() -> Answer<T>) -> Answer<T> {
    let mut before = stamp();
    for _ in 0..READINGS {
        let read = read();
        let after = stamp();
        if after == before {
            return read;
        }
        before = after;
    }
    Err(Diagnostic::new(
        config::UNREADABLE_FILE,
        format!("files of the configuration were changed while they were read, {READINGS} times over"),
    )
    .place(Place::file("pipelines"))
    .expected("files that stand still for as long as it takes to read them")
    .outcome(UNTOUCHED)
    .hint("Type it again when whatever writes there has ended.")
    .into())
}

fn read_once(root: &Path, env: &dyn Fn(&str) -> Option<String>) -> Answer<(Partnership, Vec<Diagnostic>)> {
    let root = &std::path::absolute(root).unwrap_or_else(|_| root.to_path_buf());
    let secrets = Secrets { root, env };
    let mut contracts = Contracts::read(root);
    let mut faults = std::mem::take(&mut contracts.faults);
    let head = read_partnership(root, &secrets, &mut faults);
    let mut feeds = read_feeds(root, head.as_ref(), &contracts, &secrets, &mut faults);
    let mut references: BTreeMap<_, _> = read_references(root, &contracts, &mut faults).into_iter().collect();
    personal::list_elements(&mut feeds, &references, &contracts, &mut faults);
    let cost = read_cost(root, &mut faults);
    together::check(&feeds, &mut faults);
    let allowed = head.as_ref().map(|head| head.allowed.clone()).unwrap_or_default();
    let notify = notify::read_notify(&notify::Around { root, secrets: &secrets, allowed: &allowed, feeds: &feeds }, &mut faults);
    if let Some(head) = &head {
        meant::without_strangers(&mut references, head, &mut faults);
        known::check(&references, head, &feeds, &mut faults);
        meant::the_only_company(&mut references, head, &mut faults);
        scheme::check(&references, head, &feeds, &cost, &mut faults);
    }
    in_order(&mut faults);
    let partnership = head.and_then(|head| whole(root, head));
    match partnership {
        Some(partnership) if !faults.iter().any(|fault| fault.severity == Severity::Error) => {
            let contracts = contracts.read.into_iter().filter(|(key, _)| !key.starts_with("sources/")).map(may_be_unknown).collect();
            let (notes, warnings) = faults.into_iter().partition(Diagnostic::is_note);
            let files = Arc::new(files(root));
            Ok((Partnership { feeds, notify, references, cost, contracts, files, notes, ..partnership }, warnings))
        }
        _ => Err(Refusal(faults)),
    }
}

/// Where the partnership's files say that landing, lake and published are, whatever else is wrong with them; `None` where even that is.
#[must_use]
pub fn places(root: &Path) -> Option<[Location; 3]> {
    let root = &std::path::absolute(root).unwrap_or_else(|_| root.to_path_buf());
    let secrets = Secrets { root, env: &|name| std::env::var(name).ok() };
    let head = read_partnership(root, &secrets, &mut Vec::new())?;
    Some([head.landing?, head.lake?, head.published?])
}

/// The partnership as its own file says it, and who is told of what, whatever else is wrong with its files; `None` where its own file says too
/// little, or who is told of what is itself among the `faults`: half of the channels are not those that notices wait for.
#[must_use]
pub fn with_channels(root: &Path, faults: &Refusal) -> Option<Partnership> {
    let is_of_channels = |fault: &Diagnostic| fault.place.as_ref().is_some_and(|place| place.file == notify::FILE);
    if faults.0.iter().any(is_of_channels) {
        return None;
    }
    let root = &std::path::absolute(root).unwrap_or_else(|_| root.to_path_buf());
    let secrets = Secrets { root, env: &|name| std::env::var(name).ok() };
    let head = read_partnership(root, &secrets, &mut Vec::new())?;
    let around = notify::Around { root, secrets: &secrets, allowed: &head.allowed, feeds: &[] };
    let notify = notify::read_notify(&around, &mut Vec::new());
    Some(Partnership { notify, ..whole(root, head)? })
}

/// The partnership as its own file says it; what other files say is filled in by the caller.
fn whole(root: &Path, head: Head) -> Option<Partnership> {
    Some(Partnership {
        root: root.to_path_buf(),
        name: head.name?,
        timezone: head.timezone?,
        calendar: head.calendar?,
        drop: head.drop?,
        landing: head.landing?,
        lake: head.lake?,
        published: head.published?,
        councils: head.councils,
        companies: head.companies,
        services: head.services,
        members: head.members,
        recharge: head.recharge,
        suspense_limit: head.suspense_limit,
        payroll_limit: head.payroll_limit,
        small_group: head.small_group,
        allow_hosts: head.allowed.hosts,
        allow_paths: head.allowed.paths.iter().map(|path| path.display().to_string()).collect(),
        retention: head.retention,
        keys: head.keys,
        query_personal: head.query_personal,
        serving: head.serving,
        feeds: Vec::new(),
        notify: super::Notify::default(),
        references: BTreeMap::new(),
        cost: super::CostModel { timing: None, allocation: Vec::new(), queries: Vec::new(), kernels: Vec::new() },
        contracts: BTreeMap::new(),
        files: Arc::default(),
        notes: Vec::new(),
    })
}

/// By file and line, errors and warnings together.
fn in_order(faults: &mut [Diagnostic]) {
    let key = |fault: &Diagnostic| fault.place.as_ref().map(|p| (p.file.clone(), p.line, p.column));
    faults.sort_by_cached_key(key);
}

fn read_partnership(root: &Path, secrets: &Secrets<'_>, faults: &mut Vec<Diagnostic>) -> Option<Head> {
    let hint = "`truecost init` writes a partnership to start from; `-C DIR` says in which folder one is.";
    let text = read_text(root, FILE).map_err(|fault| faults.push(fault.hint(hint))).ok()?;
    let source = SourceText::new(FILE, text);
    let (reader, node) = Reader::new(&source);
    let head = read_head(&reader.item(&node), secrets);
    // A key that is missing refuses the feeds that need it, and no other.
    secrets.check_but("keys", &reader, &node, &head.as_ref().map(|head| head.allowed.clone()).unwrap_or_default());
    faults.extend(reader.into_faults());
    head
}

/// A published contract of the version before requires the pounds of quarantined rows, which may be not known.
fn may_be_unknown((key, mut contract): (String, Arc<Contract>)) -> (String, Arc<Contract>) {
    if key == "published/delivery" {
        let columns = &mut Arc::make_mut(&mut contract).columns;
        columns.iter_mut().filter(|column| &*column.name == "amount_quarantined").for_each(|column| column.required = false);
    }
    (key, contract)
}

fn read_feeds(root: &Path, head: Option<&Head>, contracts: &Contracts, secrets: &Secrets<'_>, faults: &mut Vec<Diagnostic>) -> Vec<Feed> {
    let kept = head.map(|h| [("landing", h.landing.as_ref()), ("lake", h.lake.as_ref()), ("published", h.published.as_ref())]);
    let kept: Vec<_> = kept.into_iter().flatten().filter_map(|(name, location)| Some((name, location?))).collect();
    let drop = head.and_then(|h| h.drop.as_ref());
    let around =
        Surroundings { root, contracts, drop, allowed: head.map(|h| &h.allowed), kept: &kept, secrets, keys: head.map(|h| &h.keys) };
    let mut feeds = Vec::new();
    for (name, is_folder) in sorted_names(&root.join("pipelines")) {
        // While the partnership's own file is at fault, every folder may be a council's.
        let is_council = head.is_none_or(|head| head.councils.iter().any(|council| *council.id == *name));
        let is_special = NOT_COUNCILS.contains(&name.as_str());
        if !is_folder {
            if name != "partnership.yaml" && name != notify::NAME && !is_prose(&name) {
                faults.push(stray(&format!("pipelines/{name}"), "`partnership.yaml`, and a folder for each council"));
            }
        } else if is_council && (!is_special || name == SHARED) {
            read_folder(&name, &around, &mut feeds, faults);
        } else if name == SHARED {
            faults.push(together::shared_undeclared());
        } else if !is_special {
            let near = nearest(&name, head.iter().flat_map(|head| &head.councils).map(|council| &*council.id));
            let fault = Diagnostic::new(config::UNKNOWN_NAME, format!("the folder pipelines/{name} belongs to no council"));
            let fault = fault.place(Place::file(format!("pipelines/{name}"))).outcome(UNTOUCHED);
            faults.push(fault.expected("a council of partnership.yaml, `shared`, `reference` or `cost`").hint(did_you_mean(near)));
        }
    }
    feeds
}

/// The feeds of one council.
fn read_folder(council: &str, around: &Surroundings<'_>, feeds: &mut Vec<Feed>, faults: &mut Vec<Diagnostic>) {
    let Ok(council) = Identifier::new(council) else { return };
    let mut names = sorted_names(&around.root.join("pipelines").join(&*council));
    // The spelling that is right comes first, so that it is the others that are told they are one too many.
    names.sort_by_key(|(name, _)| name.to_lowercase() != *name);
    let mut seen: BTreeMap<String, String> = BTreeMap::new();
    let (mut queries, before) = (Vec::new(), feeds.len());
    for (name, is_folder) in names {
        let file = format!("pipelines/{council}/{name}");
        let lower = name.to_lowercase();
        let stem = lower.strip_suffix(".yaml").or_else(|| lower.strip_suffix(".yml"));
        let Some(stem) = stem.filter(|_| !is_folder) else {
            let stem = lower.strip_suffix(".sql").map(|stem| stem.split_once('.').map_or(stem, |(feed, _)| feed));
            let query = stem.is_some_and(|stem| around.root.join(format!("pipelines/{council}/{stem}.yaml")).exists());
            if query {
                queries.push(file);
            } else if !is_prose(&lower) {
                faults.push(stray(&file, "`<feed>.yaml` with `<feed>.sql` beside it"));
            }
            continue;
        };
        if let Some(other) = seen.insert(stem.to_owned(), file.clone()) {
            let fault =
                Diagnostic::new(config::DUPLICATE_FEED, format!("the feed `{council}/{stem}` is declared twice: here and in {other}"));
            faults.push(
                fault
                    .place(Place::file(file))
                    .expected("one file for each feed")
                    .outcome(UNTOUCHED)
                    .hint("Keep the one whose name ends in `.yaml`."),
            );
            continue;
        }
        match Identifier::new(stem) {
            Ok(id) if name == format!("{stem}.yaml") => feeds.extend(read_one(&file, &council, &id, around, faults)),
            _ => faults.push(stray(&file, "`<feed>.yaml`: small letters, digits and underscores, and the ending spelled out")),
        }
    }
    // A query of one contract is named by the feed; while the feed is at fault, nobody knows.
    let of_council = feeds.get(before..).unwrap_or_default();
    for file in queries {
        let of_feed = |feed: &&Feed| file.starts_with(&format!("{}.", feed.sql_file.trim_end_matches(".sql")));
        let Some(feed) = of_council.iter().find(of_feed) else { continue };
        if feed.sql_file != file && !feed.own_sql.values().any(|(own, _)| *own == file) {
            faults.push(stray(&file, "a query that the feed names under `contract`: `{contract: …, from: …, sql: …}`"));
        }
    }
}

fn read_one(file: &str, council: &Identifier, id: &Identifier, around: &Surroundings<'_>, faults: &mut Vec<Diagnostic>) -> Option<Feed> {
    let text = read_text(around.root, file).map_err(|fault| faults.push(*fault)).ok()?;
    let source = SourceText::new(file, text);
    let (reader, node) = Reader::new(&source);
    around.secrets.check(&reader, &node, around.allowed.unwrap_or(&Allowed::default()));
    let feed = read_feed(&reader.item(&node), council, id, around);
    faults.extend(reader.into_faults());
    feed
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn files_that_change_while_they_are_read_are_read_again_and_at_last_refused() {
        let (state, readings) = (Cell::new(0), Cell::new(0));
        let reading = |changes: usize| {
            readings.set(0);
            one_state(
                || state.get(),
                || {
                    readings.set(readings.get() + 1);
                    state.set(state.get() + usize::from(readings.get() <= changes));
                    Ok(state.get())
                },
            )
        };
        assert_eq!((reading(0).unwrap(), readings.get()), (0, 1));
        assert_eq!((reading(2).unwrap(), readings.get()), (2, 3));
        let refusal = reading(usize::MAX).unwrap_err();
        assert_eq!((refusal.exit_code(), readings.get()), (2, READINGS));
    }
}
