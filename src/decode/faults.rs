//! Structure faults: what refuses a whole file, in words.

use super::{
    encoding::{EncodingFacts, OtherFormat, Spot},
    judge::Judge,
    record::QuoteFault,
};
use crate::{
    diagnostic::{Code, Diagnostic, Place, codes::structure},
    domain::is_hidden,
    schema::{Contract, Encoding, Escape, Layout},
};

/// What happened to the data of a refused file.
const NOTHING_TAKEN: &str = "nothing of this file was taken; the feed stays at its last accepted delivery";

/// How a field of the header without text is named.
pub(super) const NO_NAME: &str = "(no name)";

fn refused(code: Code, seen: impl Into<String>) -> Diagnostic {
    Diagnostic::new(code, seen).outcome(NOTHING_TAKEN)
}

fn line_of(file: &str, line: u64) -> Place {
    Place { file: file.into(), line: Some(line), ..Place::default() }
}

/// The record's text, unless some column of the contract holds personal data.
fn place(judge: &Judge, line: u64, record: &[u8]) -> Place {
    let mut place = line_of(&judge.file, line);
    if !judge.personal {
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

fn delimiter_word(delimiter: u8) -> String {
    match delimiter {
        b'\t' => "a tab".into(),
        other => format!("`{}`", char::from(other)),
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
    refused(structure::NO_ROWS, "the file has a header but no row of data")
        .place(line_of(file, header_line))
        .expected("at least one row")
        .hint("if a delivery without rows is right for this feed, say `allow_empty: true` in its contract")
}

/// Its first bytes say what it is, and it is no text.
pub(super) fn other_format(file: &str, other: OtherFormat) -> Diagnostic {
    let (what, hint) = match other {
        OtherFormat::Zip => (
            "a zip archive, as .xlsx workbooks are",
            "if it is a workbook, open it and save it as CSV (changing the name does not change what it is), or ask the sender for CSV; else unpack it",
        ),
        OtherFormat::Gzip => ("packed with gzip", "unpack it (gunzip), or ask the sender for the file itself"),
        OtherFormat::OldWorkbook => {
            ("an .xls workbook", "open it and save it as CSV (changing the name does not change what it is), or ask the sender for CSV")
        }
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
pub(super) fn no_encoding(file: &str, facts: &EncodingFacts, layout: &Layout) -> Diagnostic {
    if let (None, Some(spot)) = (&facts.utf16, facts.nul) {
        return nul(file, spot, false);
    }
    if let (Some(_), Some(spot)) = (&facts.utf16, facts.nul.or(Some(Spot { offset: 1, line: 1 }))) {
        return nul(file, spot, true);
    }
    let names = layout.encodings.iter().map(|e| e.as_str()).collect::<Vec<_>>().join(", ");
    let expected = format!("text that is valid from beginning to end in an encoding that the contract lists ({names})");
    let single_byte = layout.encodings.iter().any(|e| matches!(e, Encoding::Windows1252 | Encoding::Latin1));
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
        .hint("list utf-8 under `encodings` in the contract"),
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
                .hint("if the sender writes Windows-1252, list windows-1252 after utf-8 under `encodings` in the contract; else ask for the file again")
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
pub(super) fn not_text(judge: &Judge, line: u64) -> Diagnostic {
    refused(structure::UNREADABLE, "the bytes are not the text that was found while the file was landed")
        .place(line_of(&judge.file, line))
        .hint("land the file again; if that does not help, the disk or the object store gives other bytes than were stored")
}

pub(super) fn unreadable(file: &str, error: &std::io::Error) -> Diagnostic {
    refused(structure::UNREADABLE, format!("the bytes of the file could not be read: {error}"))
        .place(Place::file(file))
        .hint("run the command again; if that does not help, look at the disk or the object store")
}

pub(super) fn header_not_found(judge: &Judge, first_line: &[u8]) -> Diagnostic {
    let rows = judge.layout.header_within_rows;
    let names = listed(judge.contract.columns.iter().map(|c| c.physical_name.as_str()));
    refused(structure::HEADER, format!("no header was found: none of the first {rows} lines names the columns of the contract"))
        .place(place(judge, 1, first_line))
        .expected(format!("a line with the names {names}"))
        .hint("if the names have changed, add the new ones as `aliases` to the contract; if the header stands lower, raise `within_rows`")
}

pub(super) fn wrong_delimiter(judge: &Judge, line: u64, record: &[u8], looks: u8) -> Diagnostic {
    let (looks, declared) = (delimiter_word(looks), delimiter_word(judge.dialect.delimiter));
    refused(structure::DELIMITER, format!("this file looks delimited by {looks}"))
        .place(place(judge, line, record))
        .expected(format!("fields delimited by {declared}, as the contract says"))
        .hint(format!(
            "if the sender has changed the layout for good, set `delimiter` in the contract to {looks}; else ask for the file again"
        ))
}

pub(super) fn missing_columns(judge: &Judge, line: u64, record: &[u8], missing: &[&str], unknown: &[&str]) -> Diagnostic {
    let word = if missing.len() == 1 { "column" } else { "columns" };
    let mut hint = String::from("ask the sender for the file with every column");
    if !unknown.is_empty() && !judge.secret {
        hint = format!(
            "the header also names {}, which the contract does not know: if a column has a new name, add it under `aliases`",
            listed(unknown.iter().copied())
        );
    }
    refused(structure::MISSING_COLUMN, format!("the header lacks the {word} {}", listed(missing.iter().copied())))
        .place(place(judge, line, record))
        .expected("every column of the contract, in any order")
        .hint(hint)
}

pub(super) fn duplicate_column(judge: &Judge, line: u64, record: &[u8], names: &[&str]) -> Diagnostic {
    refused(structure::DUPLICATE_COLUMN, format!("the header names one column more than once: {}", listed(names.iter().copied())))
        .place(place(judge, line, record))
        .expected("each column once")
        .hint("ask the sender which of the columns is meant, and for a file that holds it once")
}

pub(super) fn extra_columns(judge: &Judge, line: u64, record: &[u8], names: &[&str]) -> Diagnostic {
    let hint = if names == [NO_NAME] {
        "if every record ends with one delimiter more, say `trailing_delimiter: true` in the contract; or accept and note unknown columns with `extra_columns: note`"
    } else {
        "add the column to the contract, or accept and note unknown ones with `extra_columns: note`"
    };
    let seen = if judge.secret {
        format!("the header names what the contract does not know ({} of its fields, not shown: the feed is personal)", names.len())
    } else {
        format!("the header names what the contract does not know: {}", listed(names.iter().copied()))
    };
    let hint = if judge.secret { "add the column to the contract with its treatment, or ask the sender to leave it out" } else { hint };
    refused(structure::EXTRA_COLUMN, seen).place(place(judge, line, record)).expected("only columns of the contract").hint(hint)
}

/// What a record of another length than the header's looks like.
pub(super) struct FieldCount<'a> {
    pub(super) line: u64,
    pub(super) record: &'a [u8],
    pub(super) seen: usize,
    pub(super) expected: usize,
    /// Its last field is empty.
    pub(super) ends_empty: bool,
    /// The file ends with this record, and without a line end.
    pub(super) cut: bool,
}

pub(super) fn field_count(judge: &Judge, fault: &FieldCount<'_>) -> Diagnostic {
    let plural = |count: usize| if count == 1 { "1 field".to_owned() } else { format!("{count} fields") };
    let trailing = judge.layout.trailing_delimiter;
    // A layout with a trailing delimiter has one field more, which is empty.
    let shown = |count: usize, ends_empty: bool| match (trailing, ends_empty) {
        (false, _) => plural(count),
        (true, true) => format!("{} and a delimiter after them", plural(count.saturating_sub(1))),
        (true, false) => format!("{} and no delimiter after them", plural(count)),
    };
    let seen = shown(fault.seen, fault.ends_empty);
    let (seen, hint) = if fault.cut && fault.seen < fault.expected {
        (format!("the file ends in the middle of a record: it has {seen} and no line end"), "the file was cut: ask the sender for it again")
    } else if fault.seen < fault.expected {
        (format!("the record is short: it has {seen}"), "ask the sender to mend the record; missing fields are never filled in")
    } else if fault.ends_empty && fault.seen == fault.expected + 1 {
        (
            format!("the record is long: it has {seen}"),
            "if every record ends with one delimiter more, say `trailing_delimiter: true` in the contract",
        )
    } else if judge.dialect.quote.is_some() {
        (format!("the record is long: it has {seen}"), "a delimiter inside a text must stand in quotes: ask the sender to mend the record")
    } else {
        (
            format!("the record is long: it has {seen}"),
            "a text holds a delimiter, and this layout has no quotes: ask the sender to take it out",
        )
    };
    refused(structure::FIELD_COUNT, seen)
        .place(place(judge, fault.line, fault.record))
        .expected(format!("{}, as the header has", shown(fault.expected, true)))
        .hint(hint)
}

/// `column` counts characters of the line from 1. `opened` is the line on which the field at fault begins.
pub(super) fn quoting(judge: &Judge, fault: QuoteFault, opened: u64, (line, column): (u64, u64), record: &[u8]) -> Diagnostic {
    let mut place = place(judge, line, record);
    place.column = Some(column);
    place.width = 1;
    let backslash = judge.dialect.escape == Escape::Doubled
        && record.windows(2).any(|pair| pair.first() == Some(&b'\\') && pair.last().copied() == judge.dialect.quote);
    let how = if judge.dialect.escape == Escape::Doubled { "doubled" } else { "preceded by a backslash" };
    let hint = if backslash {
        "the sender seems to escape quotes with a backslash: if so, say `escape: backslash` in the contract"
    } else {
        "ask the sender to mend the record; if quotes are plain text in this layout, say `quote: none` in the contract"
    };
    match fault {
        QuoteFault::Unclosed { .. } => refused(structure::UNCLOSED_QUOTE, "the quote that opens here is never closed"),
        QuoteFault::Stray { .. } => refused(structure::QUOTE, "a quote stands inside a field that does not begin with one"),
        QuoteFault::After { .. } => {
            let since = if opened < line { format!("; the field that it closes was opened on line {opened}") } else { String::new() };
            refused(structure::QUOTE, format!("text follows a closing quote{since}"))
        }
    }
    .place(place)
    .expected(format!("a field that holds a quote stands in quotes, and the quote inside it is {how}"))
    .hint(hint)
}

pub(super) fn long_record(judge: &Judge, line: u64, limit: usize) -> Diagnostic {
    refused(structure::LONG_RECORD, format!("the record that starts here is longer than {} MiB", limit >> 20))
        .place(line_of(&judge.file, line))
        .expected("records of a reasonable length, each ending with its line")
        .hint("ask the sender whether the file is text in the declared layout")
}

pub(super) fn repeated_header(judge: &Judge, line: u64, record: &[u8], first: u64) -> Diagnostic {
    refused(structure::REPEATED_HEADER, format!("the header of line {first} stands in the file again"))
        .place(place(judge, line, record))
        .expected("one extract in a file")
        .hint("two extracts seem to have been joined: ask the sender for each by itself")
}

pub(super) fn record_missing(file: &str, tag: &str) -> Diagnostic {
    refused(structure::CONTROL_RECORD, format!("the {tag} record is missing: the file is cut"))
        .place(Place::file(file))
        .expected(format!("one record that begins with {tag}, as the contract says"))
        .hint("ask the sender for the file again")
}

pub(super) fn record_repeated(file: &str, tag: &str, lines: &[u64]) -> Diagnostic {
    let lines: Vec<_> = lines.iter().map(u64::to_string).collect();
    refused(structure::CONTROL_RECORD, format!("the {tag} record stands in the file more than once (lines {})", lines.join(", ")))
        .place(Place::file(file))
        .expected(format!("one record that begins with {tag}"))
        .hint("two extracts seem to have been joined: ask the sender for each by itself")
}

pub(super) fn record_short(file: &str, tag: &str, line: u64, name: &str, field: usize) -> Diagnostic {
    refused(structure::CONTROL_RECORD, format!("the {tag} record has no field {field}, which the contract calls `{name}`"))
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
pub(super) fn footer_unread(judge: &Judge, at: (u64, &[u8]), total: &str, of: (&str, &str)) -> Diagnostic {
    let (column, text) = of;
    let open = !judge.secret && judge.contract.column(column).is_some_and(|column| column.rules.personal.is_none());
    let found = if open { format!(": `{}`", shortened(text)) } else { String::new() };
    refused(structure::FOOTER, format!("the total `{total}` cannot be read{found}"))
        .place(place(judge, at.0, at.1))
        .expected(format!("an amount in a style that the contract declares for `{column}`"))
        .hint("ask the sender for the file again; if totals are printed in another style, declare it for the column")
}

/// A date that fits only with day and month exchanged.
pub(super) fn date_order(judge: &Judge, line: u64, column: &str, formats: &[String]) -> Diagnostic {
    refused(structure::DATE_ORDER, format!("the dates of `{column}` are in another order: this one fits only with day and month exchanged"))
        .place(line_of(&judge.file, line))
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

pub(super) fn short_year(judge: &Judge, line: u64, column: &str, formats: &[String]) -> Diagnostic {
    refused(structure::SHORT_YEAR, format!("the years of `{column}` have two digits"))
        .place(line_of(&judge.file, line))
        .expected(format!("dates as the contract lists them ({})", formats.join(", ")))
        .hint("if the sender writes short years for good, declare the format with the year at which the century turns: `yy(pivot=50)`")
}
