//! Files in a feed's folder whose name it does not know: another feed's, ignored, not finished, or nobody's.

use super::feeds::{marker, place};
use crate::{
    diagnostic::{Diagnostic, codes::control},
    domain::is_like,
    pipeline::{Delivers, Feed},
    source::Entry,
};

/// What is said of the files that `feed` does not know. `readers` are all feeds that read from its location; `first` says that `feed` is
/// the one of them that speaks for all: a file that is nobody's is told once.
#[must_use]
pub fn strays(feed: &Feed, readers: &[&Feed], first: bool, unknown: &[Entry]) -> Vec<Diagnostic> {
    let others: Vec<&Feed> = readers.iter().copied().filter(|other| other.name() != feed.name()).collect();
    let is_ours = |entry: &&Entry| first && !others.iter().any(|other| other.files.matches(&entry.name).is_some());
    unknown.iter().filter(is_ours).filter_map(|entry| judge(feed, &others, entry)).collect()
}

/// `None` where the file is ignored on purpose.
fn judge(feed: &Feed, others: &[&Feed], entry: &Entry) -> Option<Diagnostic> {
    let mut readers = std::iter::once(feed).chain(others.iter().copied());
    if readers.clone().any(|reader| reader.ignore.iter().any(|pattern| is_like(pattern, &entry.name))) {
        return None;
    }
    if readers.any(|reader| stands_beside(reader, &entry.name)) {
        let seen = "a sidecar or marker without the file that it belongs to";
        return Some(noted(feed, entry, seen, "nothing has to be done while its file is on the way; else remove it"));
    }
    if is_unfinished(&entry.name) {
        let seen = "a name that programs give to files that they have not finished, or keep for themselves";
        return Some(noted(feed, entry, seen, "nothing has to be done, unless it is an extract: rename it then"));
    }
    if feed.delivers == Delivers::Snapshot && others.is_empty() {
        return Some(no_day(feed, entry));
    }
    let names: Vec<String> = std::iter::once(feed).chain(others.iter().copied()).map(|reader| reader.files.shown()).collect();
    let miss = feed.files.near_miss(&entry.name).map(|miss| format!(": {miss}")).unwrap_or_default();
    let report = Diagnostic::new(control::NAME_UNKNOWN, format!("a file whose name this feed does not know{miss}"));
    Some(
        report
            .place(place(feed, entry))
            .expected(format!("a name like {}", names.join(" or ")))
            .outcome("it was left where it is and not read")
            .hint(match kind_by_name(&entry.name) {
                Some(kind) => format!("{kind}; if it is none of this feed's, say so in {}: `ignore: [\"{}\"]`", feed.file, entry.name),
                None => format!(
                    "rename it, move it away, correct `files:` in {0}, or say in {0} that it is none: `ignore: [\"{1}\"]`",
                    feed.file, entry.name
                ),
            }),
    )
}

/// What to do with a file that is, by its name, of another kind than a text: another name would not make it one.
fn kind_by_name(name: &str) -> Option<&'static str> {
    let (_, ending) = name.rsplit_once('.')?;
    Some(match ending.to_lowercase().as_str() {
        "xls" | "xlsb" | "ods" => {
            "by its name it is a workbook of a kind that is not read, whatever it is called: open it and save it as .xlsx or CSV, or ask the sender for that; if it is text under this name, correct `files:`"
        }
        "xlsx" | "xlsm" => {
            "by its name it is a workbook: a feed reads one if its contract says `format: workbook` and its `files:` has this ending; else ask the sender for the extract as it was agreed"
        }
        "zip" | "gz" => {
            "by its name it is packed: a feed reads it if its contract says `container: zip` or `container: gzip` and its `files:` has this ending; else unpack it"
        }
        _ => return None,
    })
}

/// In the folder of a feed that delivers snapshots, a file of which nobody can say of which day it is.
fn no_day(feed: &Feed, entry: &Entry) -> Diagnostic {
    let miss = feed.files.near_miss(&entry.name).map(|miss| format!(": {miss}")).unwrap_or_default();
    Diagnostic::new(control::NO_DAY, format!("the name does not tell of which day the snapshot is{miss}"))
        .place(place(feed, entry))
        .expected(format!("a name like {}, with the day as 2018-04-30 or 20180430", feed.files.shown()))
        .outcome("it was refused: it was left where it is and not read; the last accepted snapshot stays")
        .hint(format!(
            "ask the sender of which day it is and rename it; or say in {0} that it is none: `ignore: [\"{1}\"]`",
            feed.file, entry.name
        ))
}

fn noted(feed: &Feed, entry: &Entry, seen: &str, hint: &str) -> Diagnostic {
    Diagnostic::note(control::NAME_UNKNOWN, seen).place(place(feed, entry)).outcome("it was left where it is and not read").hint(hint)
}

/// Names under which programs write until they have done, or keep what is theirs: `.~lock.x#`, `~$x.xlsx`, `x.part`.
fn is_unfinished(name: &str) -> bool {
    let lower = name.to_lowercase();
    name.starts_with(['.', '~']) || [".tmp", ".part"].iter().any(|end| lower.ends_with(end))
}

/// Whether the name is that of a sidecar or marker of some file that the feed knows, be that there or not.
fn stands_beside(feed: &Feed, name: &str) -> bool {
    let knows = |name: &str| feed.files.matches(name).is_some();
    // Of the extension that `{stem}` leaves out, the pattern of names knows the text.
    let with_ending = |stem: &str| feed.files.endings().any(|ending| knows(&format!("{stem}.{ending}")));
    feed.sidecar.as_deref().into_iter().chain(marker(feed)).any(|pattern| {
        let between = |word: &str| {
            let (before, after) = pattern.split_once(word)?;
            name.strip_prefix(before)?.strip_suffix(after)
        };
        between("{name}").is_some_and(knows) || between("{stem}").is_some_and(|stem| with_ending(stem) || knows(stem))
    })
}

#[cfg(test)]
mod tests {
    use super::is_unfinished;

    #[test]
    fn names_of_unfinished_files() {
        for name in [".hidden", "~$GL.xlsx", "GL.csv.part", "GL.TMP"] {
            assert!(is_unfinished(name), "{name}");
        }
        for name in ["GL.csv", "part.csv", "tmp", "GL~.csv"] {
            assert!(!is_unfinished(name), "{name}");
        }
    }
}
