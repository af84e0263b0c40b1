//! Structure faults of delimited text, in words.

use memchr::memchr2;

use super::{
    super::{
        faults::{place, refused},
        records::Dialect,
        subject::Subject,
        text::{lines::count_line_ends, transcode::to_text},
    },
    record::QuoteFault,
};
use crate::{
    diagnostic::{Diagnostic, codes::structure},
    schema::{Encoding, Escape},
};

fn delimiter_word(delimiter: u8) -> String {
    match delimiter {
        b'\t' => "a tab".into(),
        other => format!("`{}`", char::from(other)),
    }
}

pub(in crate::decode) fn wrong_delimiter(subject: &Subject, line: u64, record: &[u8], (declared, looks): (u8, u8)) -> Diagnostic {
    let (looks, declared) = (delimiter_word(looks), delimiter_word(declared));
    refused(structure::DELIMITER, format!("this file looks delimited by {looks}"))
        .place(place(subject, line, record))
        .expected(format!("fields delimited by {declared}, as the contract says"))
        .hint(format!(
            "if the sender has changed the layout for good, set `delimiter` in the contract to {looks}; else ask for the file again"
        ))
}

/// What a record of another length than the header's looks like.
#[allow(clippy::struct_excessive_bools)] // each is a fact of its own, and they go in all combinations
pub(in crate::decode) struct FieldCount<'a> {
    pub(in crate::decode) line: u64,
    pub(in crate::decode) record: &'a [u8],
    pub(in crate::decode) seen: usize,
    pub(in crate::decode) expected: usize,
    /// Its last field is empty.
    pub(in crate::decode) ends_empty: bool,
    /// The file ends with this record, and without a line end.
    pub(in crate::decode) cut: bool,
    /// The layout ends every record with one delimiter more.
    pub(in crate::decode) trailing: bool,
    /// It may do so, where the header does.
    pub(in crate::decode) may_trail: bool,
    /// The file has a header.
    pub(in crate::decode) headed: bool,
    /// The layout has quotes.
    pub(in crate::decode) quotes: bool,
}

/// What may be done about a record with more fields than the header names.
const LONG: &str = "if one record alone is long, a delimiter inside of a text stands without quotes: ask the sender to mend it; if all are, the \
                    header lacks names: ask the sender for one of each column";

pub(in crate::decode) fn field_count(subject: &Subject, fault: &FieldCount<'_>) -> Diagnostic {
    let plural = |count: usize| if count == 1 { "1 field".to_owned() } else { format!("{count} fields") };
    // A layout with a trailing delimiter has one field more, which is empty.
    let shown = |count: usize, ends_empty: bool| match (fault.trailing, ends_empty) {
        (false, _) => plural(count),
        (true, true) => format!("{} and a delimiter after them", plural(count.saturating_sub(1))),
        (true, false) => format!("{} and no delimiter after them", plural(count)),
    };
    let seen = shown(fault.seen, fault.ends_empty);
    let (seen, hint) = if fault.cut && fault.seen < fault.expected {
        (format!("the file ends in the middle of a record: it has {seen} and no line end"), "the file was cut: ask the sender for it again")
    } else if fault.seen < fault.expected {
        (format!("the record is short: it has {seen}"), "ask the sender to mend the record; missing fields are never filled in")
    } else if fault.ends_empty && fault.seen == fault.expected + 1 && fault.may_trail {
        (
            format!("the record is long: it has {seen}"),
            "`trailing_delimiter` is allowed where the header ends in one too, and this one does not: if every record does, ask the sender for \
             headings that do; if this one alone, a delimiter inside of a text stands without quotes",
        )
    } else if fault.ends_empty && fault.seen == fault.expected + 1 {
        (
            format!("the record is long: it has {seen}"),
            "if every record ends with one delimiter more, say `trailing_delimiter: allowed` in the contract, or `true` if those of every file do",
        )
    } else if fault.quotes {
        (format!("the record is long: it has {seen}"), LONG)
    } else {
        (
            format!("the record is long: it has {seen}"),
            "a text holds a delimiter, and this layout has no quotes: ask the sender to take it out",
        )
    };
    refused(structure::FIELD_COUNT, seen)
        .place(place(subject, fault.line, fault.record))
        .expected(format!("{}, as the {} has", shown(fault.expected, true), if fault.headed { "header" } else { "contract" }))
        .hint(hint)
}

/// `column` counts characters of the line from 1. `opened` is the line on which the field at fault begins.
fn quoting(subject: &Subject, dialect: Dialect, fault: QuoteFault, opened: u64, (line, column): (u64, u64), record: &[u8]) -> Diagnostic {
    let mut place = place(subject, line, record);
    place.column = Some(column);
    place.width = 1;
    let backslash = dialect.escape == Escape::Doubled
        && record.windows(2).any(|pair| pair.first() == Some(&b'\\') && pair.last().copied() == dialect.quote);
    let how = if dialect.escape == Escape::Doubled { "doubled" } else { "preceded by a backslash" };
    let hint = match fault {
        _ if backslash => "the sender seems to escape quotes with a backslash: if so, say `escape: backslash` in the contract",
        QuoteFault::Stray { behind_text: true, .. } if !dialect.strays => {
            "if a quote behind text is text here, as in `6\" pipe`, say `stray_quotes: text` in the contract; else ask the sender to mend the record"
        }
        _ => "ask the sender to mend the record; if quotes are plain text in this layout, say `quote: none` in the contract",
    };
    match fault {
        QuoteFault::Unclosed { .. } if dialect.strays => {
            refused(structure::UNCLOSED_QUOTE, "the quote that opens here is not closed on its line")
        }
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

/// A fault of quoting in the record that starts at `start`, on `line`, placed on the line of the quote itself.
pub(in crate::decode) fn describe_quote(
    subject: &Subject,
    dialect: Dialect,
    (encoding, text): (Encoding, &[u8]),
    (start, line): (usize, u64),
    fault: QuoteFault,
) -> Diagnostic {
    let at = fault.at();
    let before = text.get(start..at).unwrap_or_default();
    let line_start = start + before.iter().rposition(|byte| matches!(byte, b'\n' | b'\r')).map_or(0, |last| last + 1);
    let line_of = |at: usize| line + count_line_ends(text.get(start..at).unwrap_or_default());
    let opened_line = if let QuoteFault::After { opened, .. } = fault { line_of(opened) } else { line_of(at) };
    let column = to_text(encoding, text.get(line_start..at).unwrap_or_default()).chars().count() as u64 + 1;
    let rest = text.get(line_start..).unwrap_or_default();
    let length = memchr2(b'\n', b'\r', rest).unwrap_or(rest.len());
    let excerpt = to_text(encoding, rest.get(..length).unwrap_or_default());
    quoting(subject, dialect, fault, opened_line, (line_of(at), column), excerpt.as_bytes())
}
