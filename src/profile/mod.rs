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
mod placed;
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
mod workbook;

use std::path::Path;

use crate::{
    decode::{OtherFormat, PlainPacked},
    diagnostic::Answer,
};

pub use amount::Millionths;
pub use columns::DATE_CELL;
pub use date::DateKind;
pub use facts::{
    Balance, Column, Container, Dates, Format, Header, Identity, Kind, Layout, LeftOut, Money, OfAll, Over, Personal, Profile, Reason,
    RecordType, Rows, Sheet, SignFacts, SignWord, TextFacts, Total,
};
pub use name::NameFacts;
pub use relate::Kept;
pub use words::{is_total_word, says_before, says_period, says_year};

/// The month, from 1, of which a word is the name, in whatever form.
#[must_use]
pub fn month(word: &str) -> Option<u8> {
    crate::domain::month_number(word.as_bytes()).and_then(|number| u8::try_from(number).ok())
}

/// What to look at in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// The sheet of a workbook, by its name or its number from 1; the one that holds most, if `None`.
    pub sheet: Option<String>,
    /// First and last column of it, from 1; of tables that stand side by side the first, if `None`.
    pub columns: Option<(u32, u32)>,
    /// The names of the columns, in order, where the file names none; empty where nobody has said.
    pub names: Vec<String>,
    /// Where the fields of a line stand, where somebody has said.
    pub places: Option<Places>,
    /// The one file of an archive that is looked at, `*` for any text; the only one, if `None`.
    pub member: Option<String>,
}

/// Where fields stand in lines of fixed width.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// First and last character, from 1, of what says of which type a record is; `None` where all are rows.
    pub tag: Option<(usize, usize)>,
    /// The type of the rows; the most frequent, if `None`.
    pub rows: Option<String>,
    pub fields: Vec<Place>,
}

/// A field of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub name: String,
    /// First and last character, from 1.
    pub from: usize,
    pub to: usize,
    /// The type of record that it is of; `None`: of rows.
    pub record: Option<String>,
}

impl Places {
    /// The fields of rows, where these are of the type `tag`.
    pub fn of_rows<'p>(&'p self, tag: Option<&'p str>) -> impl Iterator<Item = &'p Place> {
        self.fields.iter().filter(move |field| field.record.is_none() || field.record.as_deref() == tag)
    }

    /// The fields of records of another type.
    pub fn of_type<'p>(&'p self, tag: &'p str) -> impl Iterator<Item = &'p Place> {
        self.fields.iter().filter(move |field| field.record.as_deref() == Some(tag))
    }
}

/// Profiles the file at `path`.
///
/// # Errors
/// TC0130 where it cannot be read, TC0131 where it holds no table or not the sheet that is asked for, TC0201 where it is empty; of archives
/// and workbooks also TC0447 to TC0456.
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

fn of_source(source: &source::Source, options: &Options) -> Answer<Profile> {
    if source.bytes == 0 {
        return Err(refuse::empty(&source.shown()));
    }
    let form = OtherFormat::of(&source.head(8)?);
    let refused = |what: &str, next: &str| Err(refuse::no_table(&source.shown(), what, next));
    match form {
        None => match marked_up(&source.head(HEAD)?) {
            Some((what, next)) => refused(what, next),
            None => text::profile(source, options),
        },
        Some(form @ (OtherFormat::Zip | OtherFormat::Gzip)) => {
            let packed = PlainPacked::open(&source.shown(), form, source.open()?, options.member.as_deref()).map_err(refuse::untouched)?;
            if let PlainPacked::Workbook(bytes) = &packed {
                return workbook::profile(source, bytes.clone(), options).map_err(refuse::untouched);
            }
            let inside = source.inside(packed);
            match OtherFormat::of(&inside.head(8)?) {
                None => text::profile(&inside, options),
                Some(OtherFormat::Zip) => {
                    let within = PlainPacked::open(&source.shown(), OtherFormat::Zip, inside.open()?, None).map_err(refuse::untouched)?;
                    let PlainPacked::Workbook(bytes) = &within else {
                        return refused("a packed file in a packed file", "unpack it, then profile what is inside");
                    };
                    workbook::profile(&inside, bytes.clone(), options).map_err(refuse::untouched)
                }
                Some(_) => refused("a packed file in a packed file", "unpack it, then profile what is inside"),
            }
        }
        Some(OtherFormat::OldWorkbook) => refused("a workbook of before 2007 (.xls)", "save it as .xlsx or CSV, under a name of its own"),
        Some(OtherFormat::Pdf) => {
            refused("a PDF, whose tables are drawn and not written", "ask the sender for the extract that it was printed from")
        }
        Some(OtherFormat::Ebcdic) => {
            refused("text in the code of a mainframe (EBCDIC)", "ask the sender for the same text in ASCII or UTF-8")
        }
        Some(OtherFormat::WebPage) => refused(
            "a web page",
            "open it in a browser: it may be a page that asks for a password; where it holds the rows, open it in a spreadsheet and save it as .xlsx",
        ),
    }
}

/// Bytes in which text of another kind shows itself.
const HEAD: u64 = 64;

/// What text is that holds no lines of fields but marks around each value, and what to do with it: by its first characters.
fn marked_up(head: &[u8]) -> Option<(&'static str, &'static str)> {
    let head: Vec<u8> =
        head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head).iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    match head.as_slice() {
        [b'{', b'"' | b'}', ..] | [b'[', b'{' | b'[', ..] => Some((
            "JSON, a name beside each value",
            "ask the sender for the same rows as CSV, or write them as CSV: a heading for each name",
        )),
        [b'<', b'?', b'x' | b'X', b'm' | b'M', b'l' | b'L', ..] => Some((
            "XML, marks around each value",
            "ask the sender for the same rows as CSV; where a spreadsheet opens it, save it as .xlsx",
        )),
        _ => None,
    }
}
