//! What is said of files that are left alone, or taken in place of others.

use super::{InsteadOf, wanted::Idle};
use crate::{
    diagnostic::{Diagnostic, Place, codes},
    domain::{Coverage, counted, printable},
    pipeline::Feed,
    source::{Entry, companion_name},
};

pub(in crate::plan) fn place(feed: &Feed, entry: &Entry) -> Place {
    Place::file(format!("{}: {}", feed.name(), entry.name))
}

pub(super) fn next_newest(feed: &Feed, entry: &Entry, covers: Option<&Coverage>, newer: &InsteadOf) -> Diagnostic {
    let covers = covers.map(ToString::to_string).unwrap_or_default();
    let what = if newer.idle == Idle::Withdrawn { "was withdrawn" } else { "was refused" };
    Diagnostic::warning(
        codes::control::NEXT_NEWEST,
        format!("{} is taken for {covers}: {}, which is newer, {what}", entry.name, newer.name),
    )
    .place(place(feed, entry))
    .expected("one sound file for a period")
    .outcome("it is judged as any other, and stands below the newer one, should that be accepted after all")
    .hint(format!("truecost status says what is wrong with {}: ask the sender for it again, or remove it", newer.name))
}

pub(super) fn no_sidecar(feed: &Feed, entry: &Entry) -> Diagnostic {
    let name = companion_name(feed.sidecar.as_deref().unwrap_or_default(), &entry.name);
    Diagnostic::warning(codes::source::NOT_SETTLED, format!("its sidecar `{name}` has not come yet"))
        .place(place(feed, entry))
        .expected("both files: the sidecar holds the sender's totals")
        .outcome("the file waits where it is; nothing of it was taken")
        .hint("run again when the sidecar is there, or ask the sender for it")
}

pub(super) fn no_marker(feed: &Feed, entry: &Entry, marker: &str) -> Diagnostic {
    Diagnostic::warning(codes::source::NOT_SETTLED, format!("the file waits for its marker `{marker}`"))
        .place(place(feed, entry))
        .expected("both files: the sender writes the marker when the extract is complete (`ready:` in the feed)")
        .outcome("the file waits where it is; nothing of it was taken")
        .hint(format!("ask the sender whether the extract is complete; then put `{marker}` beside it and type truecost run"))
}

/// A file for periods in which the feed is not active.
#[must_use]
pub fn not_active(feed: &Feed, entry: &Entry) -> Diagnostic {
    Diagnostic::warning(codes::control::NOT_ACTIVE, "a file for a period in which this feed is not active")
        .place(place(feed, entry))
        .expected(format!("a period {}", feed.active))
        .outcome("it was left where it is and not read")
        .hint(format!("correct `active:` in {}, or move the file to the feed that is active then", feed.file))
}

/// Why nothing of a personal feed is read; `None` where it has its keys, or needs none.
#[must_use]
pub fn without_keys(feed: &Feed) -> Option<Diagnostic> {
    let why = feed.personal.as_ref()?.keys.as_ref().err()?;
    let report = Diagnostic::new(codes::command::NO_KEYS, format!("{} holds personal data and has no keys: {why}", feed.name()))
        .place(Place::file(feed.file.clone()))
        .expected("a key for pseudonyms and one for sealing, which `keys` in pipelines/partnership.yaml refers to")
        .outcome("nothing of this feed was read or landed; other feeds are not affected")
        .hint(format!("truecost key new {} makes them; or bring the keys that were made for it to where truecost runs", feed.council));
    Some(report)
}

/// A file that nobody has judged, and that is left for one of the same periods which is newer by its time alone: that is also the time of
/// whoever copied them, and of two parts of a month only one would count. `None` where its name says that it is the older.
#[must_use]
pub fn older_left(feed: &Feed, entry: &Entry, covers: Option<&Coverage>, newer: &Entry) -> Option<Diagnostic> {
    let covers = covers.map(ToString::to_string).unwrap_or_default();
    let named = |entry: &Entry| feed.files.matches(&entry.name).map(|facts| (facts.version, facts.date));
    if named(entry) < named(newer) {
        return None;
    }
    let sized = |entry: &Entry| format!("{} ({})", printable(&entry.name), counted(entry.size, "byte"));
    let seen = format!("{} is not taken for {covers}: {} covers the same and is newer by its time", sized(entry), sized(newer));
    let report = Diagnostic::warning(codes::control::OLDER_LEFT, seen)
        .place(place(feed, entry))
        .expected("one file for a period, or versions in the names of those that replace each other")
        .outcome("nothing of it was judged, and none of its rows is in the figures; the newer one is judged as any other")
        .hint(
            "if it is an earlier version, remove it; if both are parts of the period, put them together into one file; if they are different \
             extracts, each needs a feed of its own (`beside`)",
        );
    Some(report)
}

/// Files that cover the same and of which none is the newest.
#[must_use]
pub fn tie(feed: &Feed, covers: Option<&Coverage>, names: &[&str]) -> Diagnostic {
    let covers = covers.map(ToString::to_string).unwrap_or_default();
    Diagnostic::new(
        codes::control::NEWEST_UNCLEAR,
        format!("{} files cover {covers}, and none is newer: {}", names.len(), names.join(", ")),
    )
    .place(Place::file(feed.name()))
    .expected("one file for a period, or versions or times that tell which is the newest")
    .outcome("none of them was taken; the feed stays at its last accepted delivery")
    .hint("remove all but one, or give them a version in the name (`[_v{version}]` in `files:`)")
}
