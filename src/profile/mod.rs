//! What is in a file that nobody has described yet: `truecost profile FILE`.
//!
//! A file is read two or three times, a piece at a time: once for its encoding, its beginning for how records are cut, and once for its
//! rows, which are split as a run splits them ([`PlainRecords`]). What is found is data ([`Profile`]) with the rows that speak for it;
//! nothing is decided for a person, and nothing of it is used at run time: a contract is the law.

mod amount;
mod columns;
mod date;
mod encoding;
mod facts;
mod fixed;
mod gather;
mod name;
mod personal;
mod questions;
mod refuse;
mod relate;
mod shape;
mod source;
mod sums;
mod table;
mod text;
mod whole;
mod words;

use std::path::Path;

use crate::diagnostic::Answer;

pub use amount::Millionths;
pub use date::DateKind;
pub use facts::{
    Column, Container, Dates, Format, Header, Identity, Kind, Layout, LeftOut, Money, OfAll, Over, Personal, Profile, Reason, RecordType,
    Rows, Sheet, SignFacts, SignWord, TextFacts, Total,
};
pub use name::NameFacts;

/// What to look at in a file.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The sheet of a workbook, by its name or its number from 1; the one that holds most, if `None`.
    pub sheet: Option<String>,
}

/// Profiles the file at `path`.
///
/// # Errors
/// TC0130 where it cannot be read, TC0131 where it holds no table, TC0201 where it is empty.
pub fn profile(path: &Path, options: &Options) -> Answer<Profile> {
    of_source(&source::Source::at(path)?, options)
}

/// Profiles bytes under the name of their file.
///
/// # Errors
/// As [`profile`].
pub fn profile_bytes(name: &str, bytes: &[u8], options: &Options) -> Answer<Profile> {
    of_source(&source::Source::of(name, bytes), options)
}

fn of_source(source: &source::Source, _options: &Options) -> Answer<Profile> {
    if source.bytes == 0 {
        return Err(refuse::empty(&source.shown()));
    }
    let head = source.head(8)?;
    let (what, next) = match head.as_slice() {
        [b'P', b'K', 3, 4, ..] => ("a workbook or a zip archive, which this version does not open", "save the sheet as CSV"),
        [0x1F, 0x8B, 8, ..] => ("compressed with gzip, which this version does not open", "gunzip it first"),
        [0xD0, 0xCF, 0x11, 0xE0, ..] => ("a workbook of before 2007 (.xls)", "save it as .xlsx or CSV, under a name of its own"),
        [b'%', b'P', b'D', b'F', ..] => {
            ("a PDF, whose tables are drawn and not written", "ask the sender for the extract that it was printed from")
        }
        _ => return text::profile(source),
    };
    Err(refuse::no_table(&source.shown(), what, next))
}
