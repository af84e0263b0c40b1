//! Structure faults: what refuses a whole file, in words.

use super::{
    facts::{EncodingFacts, OtherFormat, Spot},
    subject::Subject,
    text::chunks::RECORD_LIMIT,
};
use crate::{
    diagnostic::{
        Code, Diagnostic, Place,
        codes::{control, structure},
    },
    domain::{is_hidden, printable},
    schema::{Column, Contract, Encoding, TextRules},
};

/// What happened to the data of a refused file.
const NOTHING_TAKEN: &str = "nothing of this file was taken; the feed stays at its last accepted delivery";

/// How a field of the header without text is named.
pub(super) const NO_NAME: &str = "(no name)";

pub(super) fn refused(code: Code, seen: impl Into<String>) -> Diagnostic {
    Diagnostic::new(code, seen).outcome(NOTHING_TAKEN)
}

fn line_of(file: &str, line: u64) -> Place {
    Place { file: file.into(), line: Some(line), ..Place::default() }
}

/// The record's text, unless some column of the contract holds personal data.
pub(super) fn place(subject: &Subject, line: u64, record: &[u8]) -> Place {
    let mut place = line_of(&subject.file, line);
    if !subject.personal {
        let first_line = record.split(|byte| matches!(byte, b'\n' | b'\r')).next().unwrap_or_default();
        place.excerpt = Some(shortened(&String::from_utf8_lossy(first_line)));
    }
    place
}

/// At most 120 characters, control characters made visible.
fn shortened(text: &str) -> String {
    let mut out: String = text.chars().take(120).map(|c| if is_hidden(c) && c != '\t' { '\u{fffd}' } else { c }).collect();
    if text.chars().nth(120).is_some() {
        out.push('…');
    }
    out
}

/// Names in backticks, with commas.
fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// Names that a file prints, of which there may be any number: the first of them, and how many more.
fn printed(names: &[&str]) -> String {
    const SHOWN: usize = 50;
    let first = listed(names.iter().take(SHOWN).copied());
    match names.len().saturating_sub(SHOWN) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}

pub(super) fn no_layout(contract: &Contract) -> Diagnostic {
    refused(structure::NOT_DELIMITED, format!("the contract {} has no layout of delimited text", contract.name))
        .place(Place::file(contract.file.clone()))
        .hint("give the contract of the extract its `truecost` property with `format: delimited`")
}

pub(super) fn empty_file(file: &str) -> Diagnostic {
    refused(structure::EMPTY, "the file holds no data at all")
        .place(Place::file(file))
        .expected("a header and rows")
        .hint("ask the sender for the file again")
}

pub(super) fn no_rows(file: &str, header_line: u64) -> Diagnostic {
    let (seen, place) = match header_line {
        0 => ("the file has no row of data", Place::file(file)),
        line => ("the file has a header but no row of data", line_of(file, line)),
    };
    refused(structure::NO_ROWS, seen)
        .place(place)
        .expected("at least one row")
        .hint("if the sender has words for a month without rows, say them in its contract, `nil: \"No transactions\"`; if a delivery without rows is right whatever it says, `allow_empty: true`")
}

/// Its first bytes say what it is, and it is no text.
pub(super) fn other_format(file: &str, other: OtherFormat) -> Diagnostic {
    let (what, hint) = match other {
        OtherFormat::Zip => (
            "a zip archive, as .xlsx workbooks are",
            "if it is a workbook (.xlsx), say `format: workbook` in the contract; if the extract is packed in it, `container: zip`; else ask the sender for the agreed file: its name does not change what it is",
        ),
        OtherFormat::Gzip => ("packed with gzip", "say `container: gzip` in the contract, or ask the sender for the file itself"),
        OtherFormat::OldWorkbook => (
            "an .xls workbook",
            "open it and save it as .xlsx or CSV (changing the name does not change what it is), or ask the sender for that",
        ),
        OtherFormat::Ebcdic => (
            "in EBCDIC, the code of a mainframe",
            "ask the sender for the file as text (most transfers of such files can convert it: choose text, not binary), in Windows-1252 or UTF-8",
        ),
        OtherFormat::Pdf => ("a PDF document", "ask the sender for the extract as text: figures are not read out of a printed page"),
        OtherFormat::WebPage => {
            ("a web page", "the download was answered with a page, often one to sign in: look at it, and fetch the extract again")
        }
    };
    refused(structure::OTHER_FORMAT, format!("the file is {what}, not delimited text"))
        .place(Place::file(file))
        .expected("the extract as delimited text")
        .hint(hint)
}

pub(super) fn nul(file: &str, spot: Spot, looks_utf16: bool) -> Diagnostic {
    let hint = if looks_utf16 {
        "the file looks like UTF-16 without a byte order mark; if it is, list utf-16le or utf-16be under `encodings`"
    } else {
        "the file is damaged or not text; ask the sender for it again"
    };
    refused(structure::NUL, format!("the file holds a NUL character (byte {} of the file)", spot.offset + 1))
        .place(line_of(file, spot.line))
        .expected("text")
        .hint(hint)
}

/// No encoding of the contract fits the whole file.
pub(super) fn no_encoding(file: &str, facts: &EncodingFacts, rules: &TextRules) -> Diagnostic {
    if let (None, Some(spot)) = (&facts.utf16, facts.nul) {
        return nul(file, spot, false);
    }
    if let (Some(_), Some(spot)) = (&facts.utf16, facts.nul.or(Some(Spot { offset: 1, line: 1 }))) {
        return nul(file, spot, true);
    }
    let names = rules.encodings.iter().map(|e| e.as_str()).collect::<Vec<_>>().join(", ");
    let expected = format!("text that is valid from beginning to end in an encoding that the contract lists ({names})");
    let single_byte = rules.encodings.iter().any(|e| matches!(e, Encoding::Windows1252 | Encoding::Latin1));
    match (facts.first_invalid_utf8, facts.multibyte_utf8, facts.undefined_1252) {
        (Some(invalid), Some(multibyte), _) => {
            let seen = format!(
                "the file mixes encodings: line {} holds a character of several bytes in UTF-8, line {} a byte that is not UTF-8",
                multibyte.line, invalid.line
            );
            refused(structure::MIXED_ENCODINGS, seen).place(line_of(file, invalid.line.max(multibyte.line))).expected(expected).hint(
                "ask the sender for a file in one encoding; where the bytes are known to be right, `trust_encoding: true` accepts them as the single-byte encoding",
            )
        }
        (None, Some(multibyte), _) => refused(
            structure::ENCODING,
            format!("the file is UTF-8, which the contract does not list: line {} holds a character of several bytes", multibyte.line),
        )
        .place(line_of(file, multibyte.line))
        .expected(expected)
        .hint(format!("say `encodings: [utf-8, {names}]` in the contract")),
        (Some(_), None, Some(undefined)) if single_byte => {
            refused(structure::ENCODING, format!("byte {} of the file has no meaning in windows-1252", undefined.offset + 1))
                .place(line_of(file, undefined.line))
                .expected(expected)
                .hint("ask the sender which encoding the file is in, and list that in the contract")
        }
        (invalid, ..) => {
            let spot = invalid.unwrap_or(Spot { offset: 0, line: 1 });
            refused(structure::ENCODING, format!("byte {} of the file is not valid UTF-8", spot.offset + 1))
                .place(line_of(file, spot.line))
                .expected(expected)
                .hint(format!(
                    "if the sender writes Windows-1252, say `encodings: [{names}, windows-1252]` in the contract; else ask for the file again"
                ))
        }
    }
}

/// The byte order mark says one thing and the bytes another.
pub(super) fn not_as_its_mark(file: &str, encoding: Encoding, facts: &EncodingFacts) -> Diagnostic {
    let spot = facts.first_invalid_utf8.or(facts.utf16.as_ref().and_then(|u| u.invalid)).unwrap_or(Spot { offset: 0, line: 1 });
    let name = encoding.as_str();
    refused(structure::ENCODING, format!("the byte order mark says {name}, but byte {} of the file is not valid in it", spot.offset + 1))
        .place(line_of(file, spot.line))
        .expected(format!("{name} from beginning to end"))
        .hint("ask the sender for a file in one encoding")
}

/// The bytes that were decoded are not those that were scanned.
pub(super) fn not_text(subject: &Subject, line: u64) -> Diagnostic {
    refused(structure::UNREADABLE, "the bytes are not the text that was found while the file was landed")
        .place(line_of(&subject.file, line))
        .hint("land the file again; if that does not help, the disk or the object store gives other bytes than were stored")
}

pub(super) fn unreadable(file: &str, error: &std::io::Error) -> Diagnostic {
    refused(structure::UNREADABLE, format!("the bytes of the file could not be read: {error}"))
        .place(Place::file(file))
        .hint("run the command again; if that does not help, look at the disk or the object store")
}

pub(super) fn header_not_found(subject: &Subject, within: u32, columns: &[Column], first_line: &[u8]) -> Diagnostic {
    let names = listed(columns.iter().map(|c| c.physical_name.as_str()));
    refused(structure::HEADER, format!("no header was found: none of the first {within} lines names the columns of the contract"))
        .place(place(subject, 1, first_line))
        .expected(format!("a line with the names {names}"))
        .hint("if the names have changed, add the new ones as `aliases` to the contract (truecost explain aliases shows where); if the header stands lower, raise `within_rows`")
}

/// `contract` is its name; `missing` are columns of it.
pub(super) fn missing_columns(
    subject: &Subject,
    (line, record): (u64, &[u8]),
    contract: &str,
    missing: &[&Column],
    unknown: &[&str],
) -> Diagnostic {
    let word = if missing.len() == 1 { "column" } else { "columns" };
    let hint = match (missing, unknown) {
        _ if subject.secret || unknown.is_empty() => "ask the sender for the file with every column".to_owned(),
        ([one], [new]) => format!(
            "if `{0}` is its new name, say `aliases: {2}` in the `truecost` property of `{1}` in schemas/sources/{contract}.odcs.yaml (truecost explain \
             aliases shows one); else ask the sender for the file with every column",
            printable(new.trim()),
            one.name,
            one.rules.aliases.iter().map(String::as_str).chain([new.trim()]).collect::<serde_json::Value>(),
        ),
        _ => format!(
            "the header also names {}, which the contract does not know: if a column has a new name, add it to `aliases` in its `truecost` property \
             in schemas/sources/{contract}.odcs.yaml (truecost explain aliases shows one)",
            printed(unknown)
        ),
    };
    refused(
        structure::MISSING_COLUMN,
        format!("the header lacks the {word} {}", listed(missing.iter().map(|column| column.physical_name.as_str()))),
    )
    .place(place(subject, line, record))
    .expected("every column of the contract, in any order")
    .hint(hint)
}

pub(super) fn duplicate_column(subject: &Subject, line: u64, record: &[u8], names: &[&str]) -> Diagnostic {
    refused(structure::DUPLICATE_COLUMN, format!("the header names one column more than once: {}", listed(names.iter().copied())))
        .place(place(subject, line, record))
        .expected("each column once")
        .hint("look at the file and say which of them the column is: `occurrence: 1` for the first of that name, or `position` for its field; or ask the sender for a file that holds it once")
}

/// `contract` is its name.
pub(super) fn extra_columns(subject: &Subject, (line, record): (u64, &[u8]), contract: &str, names: &[&str]) -> Diagnostic {
    let seen = if subject.secret {
        format!("the header names what the contract does not know ({} of its fields, not shown: the feed is personal)", names.len())
    } else {
        format!("the header names what the contract does not know: {}", printed(names))
    };
    let hint = match (subject.secret, names) {
        (true, _) => "add the column to the contract with its treatment, or ask the sender to leave it out".to_owned(),
        (false, [NO_NAME]) => {
            "if every record ends with one delimiter more, say `trailing_delimiter: allowed` in the contract, or `true` if those of every file do; a column without a heading is known by its field: `position`; or accept and note unknown columns with `extra_columns: note`".to_owned()
        }
        (false, _) => format!(
            "add the column to schemas/sources/{contract}.odcs.yaml, or say `extra_columns: note` there, for the whole file, which accepts and notes \
             unknown ones (truecost explain extra_columns shows where)"
        ),
    };
    refused(structure::EXTRA_COLUMN, seen).place(place(subject, line, record)).expected("only columns of the contract").hint(hint)
}

/// Values below no heading: nobody can tell what they are.
pub(super) fn without_heading(subject: &Subject, line: u64, values: u64) -> Diagnostic {
    let seen = format!("{} in columns without a heading", crate::domain::counted(values, "value"));
    let hint = if subject.secret {
        "ask the sender for the headings, or to leave the columns out"
    } else {
        "a column without a heading is known by its field: `position` in the contract; or accept and note such columns with `extra_columns: note`"
    };
    refused(structure::EXTRA_COLUMN, seen)
        .place(line_of(&subject.file, line))
        .expected("a heading of the contract above every value, or nothing below an empty one")
        .hint(hint)
}

pub(super) fn long_record(subject: &Subject, line: u64) -> Diagnostic {
    refused(structure::LONG_RECORD, format!("the record that starts here is longer than {} MiB", RECORD_LIMIT >> 20))
        .place(line_of(&subject.file, line))
        .expected("records of a reasonable length, each ending with its line")
        .hint("ask the sender whether the file is text in the declared layout")
}

/// The byte that would stand for the delimiter is in the file itself.
pub(super) fn stand_in(subject: &Subject, delimiter: Option<char>) -> Diagnostic {
    let named = delimiter.map_or_else(String::new, |c| format!(" `{c}`"));
    refused(control::STAND_IN, format!("the file holds the control character 0x1F beside its delimiter{named}"))
        .place(Place::file(&subject.file))
        .expected("text without control characters: 0x1F is itself made to part fields")
        .hint("ask the sender for the file without it, or with a delimiter of ASCII")
}

/// A file says that there is nothing in it, and there is.
pub(super) fn nil_beside_rows(subject: &Subject, rows: u64) -> Diagnostic {
    refused(
        control::NIL_BESIDE_ROWS,
        format!("the file says that there are no transactions, and holds {}", crate::domain::counted(rows, "row")),
    )
    .place(Place::file(&subject.file))
    .expected("a return of nothing, or rows")
    .hint("ask the sender which of them is right")
}

/// A record of a printed list that does not begin and end with a bar.
pub(super) fn no_border(subject: &Subject, line: u64, record: &[u8]) -> Diagnostic {
    refused(structure::FIELD_COUNT, "the record does not begin and end with a delimiter")
        .place(place(subject, line, record))
        .expected("a delimiter at both ends, as `borders: true` says")
        .hint("a text holds a delimiter, or the layout has changed: ask the sender for the list without bars")
}

pub(super) fn repeated_header(subject: &Subject, line: u64, record: &[u8], first: u64) -> Diagnostic {
    refused(structure::REPEATED_HEADER, format!("the header of line {first} stands in the file again"))
        .place(place(subject, line, record))
        .expected("one extract in a file")
        .hint("two extracts seem to have been joined: ask the sender for each by itself; where a printed report repeats it on each page, say `repeats_header: allowed`")
}

pub(super) fn moved_header(subject: &Subject, line: u64, record: &[u8], first: u64) -> Diagnostic {
    refused(structure::REPEATED_HEADER, format!("names of the header of line {first} stand in the file again, at other places"))
        .place(place(subject, line, record))
        .expected("one extract in a file, whose columns stand where its header says")
        .hint("two extracts seem to have been joined, of which each has its own columns: ask the sender for each by itself")
}

/// `at`: line and record. The contract says which records are rows, and this one is of no type that it knows.
pub(super) fn unknown_record(subject: &Subject, at: (u64, &[u8]), tag: &[u8], known: &[&str]) -> Diagnostic {
    let said = String::from_utf8_lossy(tag);
    let said = match said.trim() {
        "" => ": nothing stands where it says of which type it is".to_owned(),
        _ if subject.personal => String::new(),
        tag => format!(": `{}`", shortened(tag)),
    };
    refused(control::UNKNOWN_RECORD, format!("the record is of a type that the contract does not know{said}"))
        .place(place(subject, at.0, at.1))
        .expected(format!("one of {}", listed(known.iter().copied())))
        .hint("ask the sender what such records hold, and add the type to `records` in the contract: `data`, `skip`, or what it holds")
}

pub(super) fn record_missing(file: &str, tag: &str) -> Diagnostic {
    refused(structure::CONTROL_RECORD, format!("the {tag} record is missing: the file is cut"))
        .place(Place::file(file))
        .expected(format!("one {tag} record, as the contract says"))
        .hint("ask the sender for the file again")
}

pub(super) fn record_repeated(file: &str, tag: &str, lines: &[u64]) -> Diagnostic {
    let lines: Vec<_> = lines.iter().map(u64::to_string).collect();
    refused(structure::CONTROL_RECORD, format!("the {tag} record stands in the file more than once (lines {})", lines.join(", ")))
        .place(Place::file(file))
        .expected(format!("one {tag} record"))
        .hint("two extracts seem to have been joined: ask the sender for each by itself")
}

/// `place`: `field 3`, or `positions 9-21`.
pub(super) fn record_short(file: &str, tag: &str, line: u64, name: &str, place: &str) -> Diagnostic {
    refused(structure::CONTROL_RECORD, format!("the {tag} record has no {place}, which the contract calls `{name}`"))
        .place(line_of(file, line))
        .expected("a control record with every field that the contract names")
        .hint("ask the sender for the file again; if the record has another shape now, change `records` in the contract")
}

pub(super) fn footer_missing(file: &str) -> Diagnostic {
    refused(structure::FOOTER, "the row of totals is missing: the file is cut")
        .place(Place::file(file))
        .expected("one row of totals, as the contract's `footer` says")
        .hint("ask the sender for the file again")
}

pub(super) fn footer_repeated(file: &str, lines: &[u64]) -> Diagnostic {
    let lines: Vec<_> = lines.iter().map(u64::to_string).collect();
    refused(structure::FOOTER, format!("the row of totals stands in the file more than once (lines {})", lines.join(", ")))
        .place(Place::file(file))
        .expected("one row of totals")
        .hint("two extracts seem to have been joined: ask the sender for each by itself")
}

/// `at`: line and record; `of`: the column and the text found in it.
pub(super) fn footer_unread(subject: &Subject, at: (u64, &[u8]), total: &str, of: (&Column, &str)) -> Diagnostic {
    let (column, text) = of;
    let open = !subject.secret && column.rules.personal.is_none();
    let found = if open { format!(": `{}`", shortened(text)) } else { String::new() };
    refused(structure::FOOTER, format!("the total `{total}` cannot be read{found}"))
        .place(place(subject, at.0, at.1))
        .expected(format!("an amount in a style that the contract declares for `{}`", column.name))
        .hint("ask the sender for the file again; if totals are printed in another style, declare it for the column")
}

/// A date that fits only with day and month exchanged.
pub(super) fn date_order(subject: &Subject, line: u64, column: &str, formats: &[String]) -> Diagnostic {
    refused(structure::DATE_ORDER, format!("the dates of `{column}` are in another order: this one fits only with day and month exchanged"))
        .place(line_of(&subject.file, line))
        .expected(format!("dates as the contract lists them ({})", formats.join(", ")))
        .hint("a date such as 01/02 could then mean either day, so no row of the file is safe: ask the sender for one order, or correct `formats` in the contract")
}

/// Both orders are declared, and both are used.
pub(super) fn both_orders(file: &str, column: &str, one: (&str, u64), other: (&str, u64)) -> Diagnostic {
    let seen = format!("`{column}` holds dates in two orders: {} on line {}, {} on line {}", one.0, one.1, other.0, other.1);
    refused(structure::DATE_ORDER, seen)
        .place(line_of(file, one.1.max(other.1)))
        .expected("dates of one order in a file")
        .hint("a date such as 01/02 could mean either day: ask the sender for one order")
}

pub(super) fn short_year(subject: &Subject, line: u64, column: &str, formats: &[String]) -> Diagnostic {
    refused(structure::SHORT_YEAR, format!("the years of `{column}` have two digits"))
        .place(line_of(&subject.file, line))
        .expected(format!("dates as the contract lists them ({})", formats.join(", ")))
        .hint("if the sender writes short years for good, declare the format with the year at which the century turns: `yy(pivot=50)`")
}
