//! Why a file cannot be profiled.

use std::path::Path;

use crate::diagnostic::{Diagnostic, Place, Refusal, codes};

const NOTHING: &str = "nothing was written; the file is as it was";

pub(super) fn unreadable(path: &Path, error: &std::io::Error) -> Refusal {
    Diagnostic::new(codes::command::NOT_PROFILED, format!("{} cannot be read: {error}", path.display()))
        .place(Place::file(path.display().to_string()))
        .expected("a file that can be read")
        .outcome(NOTHING)
        .hint("truecost profile FILE, with the path as the shell completes it")
        .into()
}

pub(super) fn no_file(path: &Path) -> Refusal {
    Diagnostic::new(codes::command::NOT_PROFILED, format!("{} is a folder", path.display()))
        .place(Place::file(path.display().to_string()))
        .expected("one file: an extract as its sender sent it")
        .outcome(NOTHING)
        .hint("truecost profile FILE, with one of the files in it")
        .into()
}

pub(super) fn broken(file: &str, error: &std::io::Error) -> Refusal {
    Diagnostic::new(codes::command::NOT_PROFILED, format!("the bytes end before the file does, or are damaged: {error}"))
        .place(Place::file(file))
        .expected("the whole file")
        .outcome(NOTHING)
        .hint("fetch the file again, or ask its sender to send it again")
        .into()
}

pub(super) fn empty(file: &str) -> Refusal {
    Diagnostic::new(codes::structure::EMPTY, "the file holds not one byte of data")
        .place(Place::file(file))
        .expected("names of columns and rows; a month without payments says so in words")
        .outcome(NOTHING)
        .hint("ask the sender for the file, and whether an empty one means that there was nothing")
        .into()
}

pub(super) fn no_table(file: &str, what: &str, next: &str) -> Refusal {
    Diagnostic::new(codes::command::NO_TABLE, format!("the file is {what}"))
        .place(Place::file(file))
        .expected("text with a delimiter or of fixed width, a workbook (.xlsx), or one of them in a .gz or a .zip")
        .outcome(NOTHING)
        .hint(next)
        .into()
}

pub(super) fn no_sheet(file: &str, wanted: &str, sheets: &str) -> Refusal {
    Diagnostic::new(codes::command::NO_TABLE, format!("the workbook has no sheet `{}`", wanted.escape_debug()))
        .place(Place::file(file))
        .expected(format!("one of its sheets, by name or number: {sheets}"))
        .outcome(NOTHING)
        .hint("truecost profile FILE --sheet NAME")
        .into()
}

/// A report of a reader, whose words about a delivery do not fit: nothing was delivered.
pub(super) fn untouched(mut refusal: Refusal) -> Refusal {
    refusal.0.iter_mut().for_each(|fault| NOTHING.clone_into(&mut fault.outcome));
    refusal
}
