//! Where extracts come from: list what is offered, fetch it with resume, change nothing.
//!
//! A [`Source`] is one folder of one feed. Two adapters stand behind it: a local folder, and a prefix
//! of any object store. They share one judgement of names ([`judge_name`]) and one conformance suite
//! (`tests/it/source.rs`), which later adapters run too. Nothing here deletes, moves or renames, reads
//! a clock, or decides what a file means: that is for who conducts.

mod client;
mod folder;
mod host;
mod name;
mod post;
mod settle;
mod store;
mod wire;

use std::{io, path::PathBuf};

use crate::{
    diagnostic::{Answer, Diagnostic, Place, Refusal, codes::source as codes},
    domain::Location,
};

pub use folder::Folder;
pub use name::{companion_name, judge_name, printable};
pub use post::{Posted, post};
pub use settle::{Settled, needs_second_look, settle};
pub use store::Store;

/// One file that a source offers, as it was when it was looked at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// Safe to print and to use as a name: see [`judge_name`].
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// Microseconds since 1970 (UTC); stores give whole seconds.
    pub modified_us: i64,
    /// What the source itself tells versions of a file apart by: `inode 1234`, or a store's entity tag. May be empty.
    pub identity: String,
    /// When the file or what is known of it was last changed, in microseconds since 1970, as its file system says: no sender can set it, so
    /// that bytes written over bytes of the same size and time are told. `None` where the source does not say it.
    pub changed_us: Option<i64>,
}

/// What a source offers, in order of the names' bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    pub entries: Vec<Entry>,
    /// One error for each thing that is there and is never opened.
    pub refused: Vec<Diagnostic>,
    /// Warnings: sub folders, names that differ in case only, no folder at all.
    pub notes: Vec<Diagnostic>,
}

/// One folder of one feed.
///
/// Every method answers with a retryable [`Refusal`] where another try may help.
pub trait Source: Send + Sync {
    /// Everything in the folder itself; sub folders are noted, not entered.
    fn list(&self) -> Answer<Listing>;

    /// The bytes of `entry` from `offset` on (to resume), and only of `entry`: a file that is no longer the one
    /// that was listed is refused here or, where it changes later, by the reader's last read, as an
    /// [`io::Error`] that [`read_fault`] turns back into the refusal. What was read until then must not be used.
    fn open(&self, entry: &Entry, offset: u64) -> Answer<Box<dyn io::Read + Send>>;

    /// The file's own path, where it has one on this machine (for `landing: link`).
    fn local_path(&self, entry: &Entry) -> Option<PathBuf>;

    /// One file again, by its name: a second look, a marker, a sidecar. `None` where there is no such file.
    fn look(&self, name: &str) -> Answer<Option<Entry>>;
}

/// The source at a location. Credentials and endpoints of stores come from the environment
/// (`AWS_…`, `AZURE_…`, `GOOGLE_…`); hosts on this machine or its link are refused unless `allow_hosts` names them.
pub fn connect(location: &Location, allow_hosts: &[String]) -> Answer<Box<dyn Source>> {
    connect_with(location, allow_hosts, &wire::environment())
}

/// [`connect`] with settings (`aws_endpoint` …, names in lower case) instead of the environment.
pub fn connect_with(location: &Location, allow_hosts: &[String], settings: &[(String, String)]) -> Answer<Box<dyn Source>> {
    match location {
        Location::Folder(path) => Ok(Box::new(Folder::new(path))),
        // The store of `file:` URLs follows links and creates folders; ours does neither.
        Location::Url(url) if url.scheme() == "file" => match url.to_file_path() {
            Ok(path) => Ok(Box::new(Folder::new(path))),
            Err(()) => Err(wire::bad_location(url, "it names no folder of this machine").into()),
        },
        Location::Url(url) => Ok(Box::new(wire::connect(url, allow_hosts, settings)?)),
    }
}

/// What a failed read of a [`Source`]'s reader means: the refusal that it carries, or else an unreadable source.
#[must_use]
pub fn read_fault(file: &str, error: io::Error) -> Refusal {
    Refusal::of_read(error, |error| unreadable(file, &error.to_string()))
}

fn unreadable(place: &str, why: &str) -> Diagnostic {
    Diagnostic::new(codes::UNREADABLE, format!("the source cannot be read: {}", printable(why)))
        .place(Place::file(place))
        .outcome("Nothing of it was taken. The last accepted data of this feed stays as it is.")
        .hint("Check that the folder or store is there and that truecost may read it, then run again.")
}

fn changed(place: &str, how: &str) -> Diagnostic {
    Diagnostic::new(codes::CHANGED, format!("the file is not the one that was listed: {how}"))
        .place(Place::file(place))
        .expected("a file that stays as it is from the moment it is listed until it has been read")
        .outcome("What was read of it was dropped. The last accepted data of this feed stays as it is.")
        .hint("Run again once the sender has finished. Senders should write under another name and rename at the end.")
}

/// The same file as far as the source can tell.
fn difference(listed: &Entry, now: &Entry) -> Option<String> {
    if listed.size != now.size {
        return Some(format!("it had {} bytes and now has {}", listed.size, now.size));
    }
    if listed.identity != now.identity {
        return Some("another file has taken its name".into());
    }
    (listed.modified_us != now.modified_us).then(|| "it was written to again".into())
}

/// Sorted, with a note for names that differ in case only.
fn in_order(mut listing: Listing, folder: &str) -> Listing {
    listing.entries.sort();
    let twins = name::case_twins(listing.entries.iter().map(|entry| entry.name.as_str()));
    listing.notes.extend(twins.into_iter().map(|names| name::note_twins(folder, &names)));
    listing
}
