//! The reports of this layer, made in one place so that they read alike.

use std::{fmt::Display, io, path::Path};

use crate::{
    diagnostic::{Diagnostic, Place, Refusal, codes},
    domain::counted,
};

/// Turns what the system said into a report: `map_err(fault::file(path, "write"))`.
pub(super) fn file<'a>(path: &'a Path, doing: &'a str) -> impl FnOnce(io::Error) -> Refusal + 'a {
    move |error| {
        Diagnostic::new(codes::lake::FILE_SYSTEM, format!("could not {doing} {}: {error}", path.display()))
            .place(Place::file(path.display().to_string()))
            .outcome("nothing half-done is visible: what was accepted or published before stands, and nothing else was changed")
            .hint(next_for(&error))
            .into()
    }
}

fn next_for(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "free space on that disk, then type the same command again",
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "let the user who runs truecost write there, then type the same command again"
        }
        io::ErrorKind::NotADirectory => "a file stands where a folder of truecost belongs: move it away, then type the same command again",
        io::ErrorKind::IsADirectory => "a folder stands where a file of truecost belongs: move it away, then type the same command again",
        _ => "see that the folder is there and the disk is sound, then type the same command again",
    }
}

/// A lake that is older than what is published beside it, or another one.
pub(super) fn behind(behind: &super::Behind) -> Diagnostic {
    Diagnostic::new(codes::lake::LAKE_IS_OLDER, format!("the lake is {behind}"))
        .expected("the lake that made the releases in published, as it was after the latest of them and after what was said since")
        .outcome("nothing was read, taken or published; readers see what they saw")
        .hint(
            "put the lake that belongs to published back, or published as it was beside this lake; if this lake is all there is: truecost doctor \
             --repair goes on from it, and what persons have said since then (periods closed, waivers, acceptances, withdrawals, corrections) has \
             to be said again",
        )
}

/// No lake, where one was.
pub(super) fn lake_gone(folder: &Path, shown: Option<&str>, landed: usize) -> Diagnostic {
    let (was, beside) = match (shown, landed) {
        (Some(release), _) => (format!("release {release} was made from one"), "published"),
        (None, 0) => ("one was there before".to_owned(), "published"),
        (None, _) => (format!("landing has {} that one took", counted(landed as u64, "file")), "landed"),
    };
    Diagnostic::new(codes::lake::LAKE_IS_GONE, format!("the lake is not there: nothing was begun in {}, and {was}", folder.display()))
        .place(Place::file(folder.display().to_string()))
        .expected("the folder of the lake, at the place that `lake` in pipelines/partnership.yaml names")
        .outcome("nothing was read, taken or published, and no other lake was begun; readers see what they saw")
        .hint(format!(
            "mount its disk, or put the folder back where it was, from a backup where it is lost; if there is none: truecost doctor --repair begins \
             another beside what is {beside}, and what persons have said (periods closed, waivers, acceptances, withdrawals, corrections) has to \
             be said again",
        ))
}

/// No lake, and no disk where one belongs.
pub(super) fn not_mounted(folder: &Path, point: &Path) -> Diagnostic {
    let (folder, point) = (folder.display(), point.display());
    let seen =
        format!("the lake is not there: nothing was begun in {folder}, and nothing is mounted at {point}, where /etc/fstab has a disk");
    Diagnostic::new(codes::lake::LAKE_IS_GONE, seen)
        .place(Place::file(folder.to_string()))
        .expected("the disk on which the lake is, or is to be begun")
        .outcome("nothing was read, taken or published, and no lake was begun")
        .hint(format!(
            "mount {point}, then type the same command again; if the lake is to be begun without that disk: truecost doctor --repair"
        ))
}

/// A folder where the link to the latest release belongs.
pub(super) fn no_link(link: &Path) -> Refusal {
    Diagnostic::new(codes::lake::FILE_SYSTEM, format!("{} is a folder, and a link to the latest release belongs there", link.display()))
        .place(Place::file(link.display().to_string()))
        .expected("a link; a folder is left by a copy that follows links, and this one holds something that no release here holds")
        .outcome("nothing was changed; latest.json names the latest release, which is as it was")
        .hint("move that folder out of `published` and type the same command again; cp -a and rsync -a keep links")
        .into()
}

/// A part that cannot be read or is not the one that was written.
pub(super) fn part(path: &Path, error: impl Display) -> Refusal {
    Diagnostic::new(codes::lake::PART_UNREADABLE, format!("{} cannot be read: {error}", path.display()))
        .place(Place::file(path.display().to_string()))
        .expected("the Parquet file that truecost wrote under this name")
        .outcome("nothing was made from it, and nothing was published")
        .hint(
            "type truecost run --rehash: what can be made again, from landed bytes or the common tables, is; a part of a period that was \
             closed or reopened comes back from a backup of `published` only",
        )
        .into()
}

/// Rows that are not of the shape of their table: our fault.
pub(super) fn rows(table: &str, error: impl Display) -> Refusal {
    Diagnostic::new(codes::lake::ROWS_DO_NOT_FIT, format!("rows for `{table}` do not fit: {error}"))
        .expected("the columns of the contract, in its order, with entries where it says required")
        .outcome("they were not written")
        .hint("report this with the message: it is a fault of truecost")
        .into()
}

/// The sentence of a library, without the values of its own that it prints as it keeps them: of `ParsedLogPath { …, filename:
/// "x", … }` the name `x`. Its backtrace, which stands on further lines, is for nobody here.
fn in_words(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    let mut out = String::new();
    let mut rest = line;
    while let Some((before, inside)) = rest.split_once(" { ") {
        // The word before the brace is the name of a type.
        out.push_str(before.rsplit_once(' ').map_or("", |(kept, _)| kept));
        let (mut depth, mut end) = (1_usize, inside.len());
        for (at, sign) in inside.char_indices().filter(|(_, sign)| matches!(sign, '{' | '}')) {
            depth = if sign == '{' { depth + 1 } else { depth - 1 };
            if depth == 0 {
                end = at;
                break;
            }
        }
        let (value, after) = inside.split_at(end);
        let name = value.split_once("filename: \"").and_then(|(_, name)| name.split('"').next());
        out.push(' ');
        out.push_str(name.unwrap_or("…"));
        rest = after.strip_prefix('}').unwrap_or(after);
    }
    out.push_str(rest);
    out.trim().to_owned()
}

/// A table whose log or files cannot be read or written.
pub(super) fn table(folder: &Path, error: impl Display) -> Refusal {
    let why = in_words(&error.to_string());
    Diagnostic::new(codes::lake::TABLE_UNREADABLE, format!("the table at {} cannot be read: {why}", folder.display()))
        .place(Place::file(folder.display().to_string()))
        .expected("a Delta table that truecost wrote (reader version 1, writer version 2)")
        .outcome("nothing was changed")
        .hint("bring the folder back from a backup, or move it aside and run again: deliveries are brought in from their landed bytes")
        .into()
}

/// A manifest of which no sound copy is left either.
pub(super) fn manifest(path: &Path, error: impl Display) -> Refusal {
    Diagnostic::new(codes::lake::RECORD_UNREADABLE, format!("{} cannot be read: {error}", path.display()))
        .place(Place::file(path.display().to_string()))
        .expected("JSON as this version of truecost writes it, or a sound copy in lake/releases")
        .outcome("nothing was changed")
        .hint("type truecost run: it publishes a new release from the common tables")
        .into()
}

/// The latest release, whose folder is not there.
pub(super) fn gone(folder: &Path, release: &str) -> Refusal {
    Diagnostic::new(codes::lake::RECORD_UNREADABLE, format!("release {release} is gone: {} is not there", folder.display()))
        .place(Place::file(folder.display().to_string()))
        .expected(format!("the release that was published last: latest.json, or a copy of a manifest in lake/releases, names {release}"))
        .outcome("nothing was changed, and nothing was answered from an older release")
        .hint("truecost run")
        .into()
}

/// A number of a run after which none can come.
pub(super) fn number(path: &Path, number: u64) -> Diagnostic {
    Diagnostic::new(codes::lake::RECORD_UNREADABLE, format!("{} names run {number}, and no lake comes to so many", path.display()))
        .place(Place::file(path.display().to_string()))
        .expected("runs that are numbered one after the other")
        .outcome("nothing was changed: no run can come after that one")
        .hint("bring it back from a backup; a record of a run (lake/runs) may also be moved away: no delivery and no release is in it")
}

/// An entry of the register, a proof, or what a person said.
pub(super) fn record(path: &Path, error: impl Display) -> Refusal {
    let is_entry = path.parent().is_some_and(|folder| folder.ends_with("register"));
    let hint = if is_entry {
        "truecost doctor --repair sets it aside and enters the delivery again from landing; or bring it back from a backup, or use the version of truecost that wrote it"
    } else {
        "bring it back from a backup, for nothing else says what stands in it; or use the version of truecost that wrote it"
    };
    Diagnostic::new(codes::lake::RECORD_UNREADABLE, format!("{} cannot be read: {error}", path.display()))
        .place(Place::file(path.display().to_string()))
        .expected("JSON as this version of truecost writes it")
        .outcome("nothing was changed")
        .hint(hint)
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d_values_of_a_library_and_its_backtrace_are_not_printed() {
        let text = "Kernel error: found gap: ParsedLogPath { location: FileMeta { size: 2 }, filename: \"00.json\", version: 0 } -> \
                    ParsedLogPath { location: Url { path: None }, filename: \"02.json\" }\n   0: <unknown>\n   1: main";
        assert_eq!(in_words(text), "Kernel error: found gap: 00.json -> 02.json");
        assert_eq!(in_words("it is not there"), "it is not there");
        assert_eq!(in_words("Broken { a: 1"), "…");
    }
}
