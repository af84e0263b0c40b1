//! Why an archive is refused, in words.

use super::{
    super::facts::{FileFacts, Inside, OtherFormat},
    FILE_BYTES, RATIO,
};
use crate::{
    diagnostic::{Answer, Code, Diagnostic, Place, codes::packed},
    domain::printable,
    schema::Container,
};

/// What happened to the data of a refused file.
const NOTHING_TAKEN: &str = "nothing of this file was taken; the feed stays at its last accepted delivery";

fn refused(code: Code, file: &str, seen: impl Into<String>) -> Diagnostic {
    Diagnostic::new(code, seen).place(Place::file(file)).outcome(NOTHING_TAKEN)
}

pub(in super::super) fn damaged(file: &str, what: &str) -> Diagnostic {
    refused(packed::DAMAGED, file, format!("the archive is damaged: {}", printable(what)))
        .expected("an archive that can be unpacked to its last byte")
        .hint("ask the sender for the file again")
}

pub(super) fn lies(file: &str, name: &str) -> Diagnostic {
    let seen = format!("the archive says two things of its entry `{}`: one in its directory, another before the entry", printable(name));
    refused(packed::DAMAGED, file, seen)
        .expected("the same name and sizes in both places")
        .hint("ask the sender for the file again; if nobody packed it so by chance, ask where it comes from")
}

/// Too many or too much.
pub(in super::super) fn too_large(file: &str, of_what: &str, seen: &str, most: &str) -> Diagnostic {
    refused(packed::TOO_LARGE, file, format!("the file holds {seen} {of_what}"))
        .expected(format!("{most} {of_what} at the most"))
        .hint("ask the sender for smaller files, or for the extract as text")
}

/// The packed file itself is larger than what is held in memory.
pub(in super::super) fn too_long(file: &str) -> Diagnostic {
    refused(packed::TOO_LARGE, file, format!("the file is larger than {} MiB", FILE_BYTES >> 20))
        .expected(format!("an archive or workbook of {} MiB at the most", FILE_BYTES >> 20))
        .hint("ask the sender for several files, or for text packed with gzip, which is read as it comes")
}

/// Packed too well to be an extract. `name` is the entry, empty for the file itself.
pub(super) fn ratio(file: &str, name: &str, packed: u64, unpacked: u64) -> Diagnostic {
    let what = if name.is_empty() { "the file".to_owned() } else { format!("the entry `{}`", printable(name)) };
    let times = unpacked / packed.max(1);
    refused(packed::TOO_LARGE, file, format!("{what} unpacks from {packed} bytes to {unpacked}, {times} times as many"))
        .expected(format!("at most {RATIO} times as many"))
        .hint("no extract is packed so well: ask the sender what this file is")
}

pub(super) fn unsafe_name(file: &str, name: &str) -> Diagnostic {
    refused(packed::NAMES, file, format!("the archive names an entry `{}`, which is not a name within it", printable(name)))
        .expected("names of files and folders inside the archive")
        .hint("ask the sender how the archive was made")
}

pub(super) fn doubled(file: &str, name: &str) -> Diagnostic {
    refused(packed::NAMES, file, format!("the archive names the entry `{}` twice", printable(name)))
        .expected("each name once, letter case apart")
        .hint("which of the two is meant nobody can tell: ask the sender for the file again")
}

/// `name` is the entry that is locked; empty where the whole file is.
pub(in super::super) fn locked(file: &str, name: &str) -> Diagnostic {
    let what = if name.is_empty() { "the workbook".to_owned() } else { format!("the entry `{}`", printable(name)) };
    refused(packed::LOCKED, file, format!("{what} is locked with a password"))
        .expected("a file that opens without a password")
        .hint("ask the sender for it without one, over a channel that is safe itself; or take the password off and put the file in again")
}

/// None or several of the entries are the one that is to be read.
pub(super) fn which_member(file: &str, pattern: &str, found: &[&str], all: usize) -> Diagnostic {
    let seen = match found {
        [] => format!("none of the {all} files in the archive is called like `{pattern}`"),
        many => {
            let names: Vec<String> = many.iter().take(5).map(|name| format!("`{}`", printable(name))).collect();
            format!("{} files in the archive are called like `{pattern}`: {}", many.len(), names.join(", "))
        }
    };
    refused(packed::MEMBER, file, seen)
        .expected("exactly one")
        .hint("say `member:` in the contract, a name in which `*` stands for any text; what else the archive holds is not read")
}

/// The contract says that the file is packed, and it is not, or otherwise.
pub(in super::super) fn otherwise(file: &str, wanted: &Container, facts: &FileFacts) -> Diagnostic {
    let other = match facts {
        FileFacts::Text(facts) if facts.len == 0 => return super::super::faults::empty_file(file),
        FileFacts::Text(facts) => facts.other,
        FileFacts::Packed(facts) => Some(facts.packed),
    };
    let wanted = match wanted {
        Container::Gzip => "gzip",
        Container::Zip { .. } => "zip",
    };
    let seen = other.map_or("not packed", |other| match other {
        OtherFormat::Zip => "a zip archive",
        OtherFormat::Gzip => "packed with gzip",
        OtherFormat::OldWorkbook => "an .xls workbook",
        OtherFormat::Pdf => "a PDF document",
        OtherFormat::WebPage => "a web page",
        OtherFormat::Ebcdic => "in EBCDIC, the code of a mainframe",
    });
    refused(packed::OTHER_KIND, file, format!("the file is {seen}, and the contract says `container: {wanted}`"))
        .expected(format!("a file packed with {wanted}"))
        .hint("content decides, not the name: if the sender packs the extract no more, take `container` out of the contract")
}

/// What is unpacked is not packed once more. `workbook`: it is to be one, which is an archive itself.
pub(in super::super) fn not_nested(file: &str, inside: &Inside, workbook: bool) -> Answer<()> {
    let what = match inside.text.other {
        Some(OtherFormat::Zip) if !workbook => "an archive or workbook",
        Some(OtherFormat::Gzip) => "packed with gzip",
        _ => return Ok(()),
    };
    let name = if inside.name.is_empty() { "what is packed".to_owned() } else { format!("the entry `{}`", printable(&inside.name)) };
    Err(refused(packed::MEMBER, file, format!("{name} is {what} itself")).expected("the extract, packed once").hint(
        "ask the sender to pack the extract once, nothing is unpacked twice; if it is a workbook, say `format: workbook` in the contract",
    )
        .into())
}
