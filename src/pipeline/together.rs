//! What must hold between feeds: no file and no cost may come in twice, by two of them.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use crate::{
    diagnostic::{Diagnostic, Place, codes::config},
    domain::Location,
    schema::{
        fields::{UNTOUCHED, did_you_mean},
        suggest::nearest,
    },
};

use super::{Basis, Feed};

/// Holds every feed against the others.
pub fn check(feeds: &[Feed], faults: &mut Vec<Diagnostic>) {
    faults.extend(feeds.iter().flat_map(|feed| unknown_beside(feed, feeds)));
    let mut by_location: BTreeMap<String, Vec<&Feed>> = BTreeMap::new();
    let mut by_table: BTreeMap<(&str, &str), Vec<&Feed>> = BTreeMap::new();
    for feed in feeds {
        by_location.entry(whence(&feed.from)).or_default().push(feed);
        if Basis::of_table(&feed.into).is_some() {
            by_table.entry((&feed.council, &feed.into)).or_default().push(feed);
        }
    }
    let mut alike = Vec::new();
    for (first, other) in by_location.values().flat_map(|group| pairs(group)) {
        if first.active.overlaps(other.active) && first.files.can_share_a_name(&other.files) {
            alike.push((first.name(), other.name()));
            faults.push(one_file_twice(first, other));
        }
    }
    for (first, other) in by_table.values().flat_map(|group| pairs(group)) {
        let declared = first.beside.contains(&other.id) || other.beside.contains(&first.id);
        // Two that read one file have been told so already.
        let told = alike.iter().any(|(a, b)| *a == first.name() && *b == other.name());
        if first.active.overlaps(other.active) && !declared && !told {
            faults.push(one_cost_twice(first, other));
        }
    }
}

fn pairs<'p, 'f>(group: &'p [&'f Feed]) -> impl Iterator<Item = (&'f Feed, &'f Feed)> + 'p {
    group.iter().enumerate().flat_map(|(at, first)| group.iter().skip(at + 1).map(move |other| (*first, *other)))
}

/// A location as it can be compared: `./a/../b` is `b`.
fn whence(location: &Location) -> String {
    match location {
        Location::Folder(path) => plain(path).display().to_string(),
        Location::Url(url) => url.as_str().trim_end_matches('/').to_owned(),
    }
}

fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for piece in path.components() {
        match piece {
            std::path::Component::CurDir => {}
            std::path::Component::ParentDir => drop(plain.pop()),
            other => plain.push(other),
        }
    }
    plain
}

fn unknown_beside<'f>(feed: &'f Feed, feeds: &'f [Feed]) -> impl Iterator<Item = Diagnostic> + 'f {
    let others = move || feeds.iter().filter(|other| other.council == feed.council && other.id != feed.id).map(|other| &*other.id);
    feed.beside.iter().filter(move |id| !others().any(|other| other == &***id)).map(move |id| {
        let known: Vec<&str> = others().collect();
        let expected =
            if known.is_empty() { "no `beside`: the council has no other feed".to_owned() } else { format!("one of {}", known.join(", ")) };
        Diagnostic::new(config::UNKNOWN_NAME, format!("beside: {} has no other feed `{id}`", feed.council))
            .place(feed.places.beside.clone())
            .expected(expected)
            .outcome(UNTOUCHED)
            .hint(did_you_mean(nearest(id, others())))
    })
}

/// `pipelines/newham/payments.yaml:3`.
fn line_of(place: &Place) -> String {
    place.line.map_or_else(|| place.file.clone(), |line| format!("{}:{line}", place.file))
}

fn one_file_twice(first: &Feed, other: &Feed) -> Diagnostic {
    let seen = format!(
        "it and {} read the same files: {} and {} of {}",
        line_of(&first.places.files),
        other.files.shown(),
        first.files.shown(),
        other.from
    );
    Diagnostic::new(config::ONE_FILE_TWICE, seen)
        .place(other.places.files.clone())
        .expected("for each file one feed in a period: its money would count twice")
        .outcome(UNTOUCHED)
        .hint("Let `files` tell them apart, or end `active` of one where the other begins.")
}

fn one_cost_twice(first: &Feed, other: &Feed) -> Diagnostic {
    let seen =
        format!("it and {} fill {} in the same periods ({}, {})", line_of(&first.places.active), other.into, other.active, first.active);
    Diagnostic::new(config::ONE_COST_TWICE, seen)
        .place(other.places.active.clone())
        .expected("one feed of a council for a common table in a period, or `beside`, which says that their rows are others")
        .outcome(UNTOUCHED)
        .hint(format!(
            "End `active` of one where the other begins; or, where both are needed (purchase cards beside the ledger), say `beside: [{}]` in {}.",
            first.id, other.file
        ))
}

/// Feeds of the shared service, which nobody has declared.
pub fn shared_undeclared() -> Diagnostic {
    Diagnostic::new(config::SHARED_UNDECLARED, "pipelines/shared has feeds, and partnership.yaml does not declare `shared`")
        .place(Place::file("pipelines/shared"))
        .expected("`shared` under `councils`, with its name and the basis of its costs: its costs are those of an organisation of the partnership")
        .outcome(UNTOUCHED)
        .hint("Add to `councils` in pipelines/partnership.yaml: shared: {name: The shared service, cost_basis: [{from: 2018-04-01, basis: ledger}]}")
}
