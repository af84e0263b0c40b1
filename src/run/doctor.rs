//! A look at the machine: what a run needs, and what is missing.

use std::{fs, path::Path};

use crate::{
    domain::Location,
    pipeline::{Feed, Partnership},
    source,
};

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub what: String,
    pub fine: bool,
    pub seen: String,
}

/// Looks at the folders, the file system and the processors. Leaves nothing behind.
#[must_use]
pub fn doctor(partnership: &Partnership) -> Vec<Finding> {
    let mut findings = Vec::new();
    let folders = [("landing", &partnership.landing), ("lake", &partnership.lake), ("published", &partnership.published)];
    for (name, location) in folders {
        findings.push(match location {
            Location::Folder(path) => writable(name, path),
            Location::Url(url) => {
                Finding { what: name.into(), fine: false, seen: format!("{url}: the lake must be a local folder in this version") }
            }
        });
    }
    if let Location::Folder(path) = &partnership.published {
        findings.push(hard_links(path));
    }
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    findings.push(Finding { what: "processors".into(), fine: true, seen: threads.to_string() });
    let drop = match &partnership.drop {
        Location::Folder(path) if !path.is_dir() => {
            Finding { what: "drop".into(), fine: false, seen: format!("{} is not there", path.display()) }
        }
        location => Finding { what: "drop".into(), fine: true, seen: location.to_string() },
    };
    findings.push(drop);
    findings.extend(partnership.feeds.iter().filter_map(|feed| silent(feed, &partnership.allow_hosts)));
    findings
}

/// A feed whose folder or store does not answer.
fn silent(feed: &Feed, allow_hosts: &[String]) -> Option<Finding> {
    let refusal = source::connect(&feed.from, allow_hosts).and_then(|source| source.list()).err()?;
    let seen = refusal.0.first().map(|d| d.seen.clone()).unwrap_or_default();
    Some(Finding { what: feed.name(), fine: false, seen: format!("{}: {seen}", feed.from) })
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
    Finding { what: name.into(), fine: written.is_ok(), seen }
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
    Finding { what: "hard links".into(), fine: linked.is_ok(), seen }
}
