//! Files in a feed's folder whose name it does not know: another feed's, ignored, not finished, or nobody's.

use super::feeds::{marker, place};
use crate::{
    diagnostic::{Diagnostic, codes::control},
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
    if readers.clone().any(|reader| reader.ignore.iter().any(|pattern| matches(pattern, &entry.name))) {
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
            .hint(format!(
                "rename it, move it away, correct `files:` in {0}, or say in {0} that it is none: `ignore: [\"{1}\"]`",
                feed.file, entry.name
            )),
    )
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

/// Whether a name is of the pattern, in which `*` stands for any text.
fn matches(pattern: &str, name: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(mut left) = name.strip_prefix(head) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        // The first place leaves the most for what follows.
        let Some(at) = left.find(part) else { return false };
        left = left.get(at + part.len()..).unwrap_or_default();
    }
    left.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::{is_unfinished, matches};

    #[test]
    fn a_star_stands_for_any_text() {
        for (pattern, name) in [
            ("readme.txt", "readme.txt"),
            ("*", "anything"),
            ("*.bak", "x.bak"),
            ("a*b*c", "aXbYc"),
            ("a*b*c", "abbc"),
            ("a**c", "ac"),
            ("*ab", "aab"),
        ] {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in
            [("readme.txt", "readme.txt2"), ("*.bak", "x.bak2"), ("a*a", "a"), ("a*b*c", "acb"), ("", "x"), ("README*", "readme")]
        {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
    }

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
