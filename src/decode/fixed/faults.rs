//! Structure faults of fixed width, in words.

use super::{
    super::{
        faults::{place, refused},
        judge::Judge,
        subject::Subject,
    },
    line::{length, told_by_their_ends, unit},
};
use crate::{
    diagnostic::{
        Diagnostic,
        codes::{control, structure},
    },
    domain::grouped,
    schema::{Fixed, Unit},
};

/// A line that is not as long as a row.
pub(in crate::decode) struct LineLength<'a> {
    pub(in crate::decode) line: u64,
    /// Without its line end.
    pub(in crate::decode) text: &'a [u8],
    /// The file ends with it, and without a line end.
    pub(in crate::decode) cut: bool,
}

/// W1, W2: short or long; with what most often makes it so.
pub(in crate::decode) fn line_length(judge: &Judge, fixed: &Fixed, fault: &LineLength<'_>) -> Diagnostic {
    let unit = unit(judge);
    let (seen, expected) = (length(fault.text, unit), fixed.length as usize);
    let count = |count: usize| format!("{} {}", grouped(count as u128), unit.as_str());
    let other = if unit == Unit::Bytes { Unit::Characters } else { Unit::Bytes };
    let hint = if length(fault.text, other) == expected && other != unit {
        format!("counted in {0} it is as long as the contract says: if the sender's places count {0}, say `unit: {0}`", other.as_str())
    } else if fault.text.contains(&b'\t') {
        "a tab stands in the line: where tabs were put for blanks, no place is what it was; ask the sender for the file as it was written"
            .into()
    } else if fault.cut && seen < expected {
        "the file was cut: ask the sender for it again".into()
    } else if fixed.short_lines && told_by_their_ends(judge, fixed).iter().any(|(from, to)| *from < seen && seen < *to) {
        "it ends inside of an amount that its last characters tell: digits are lost, not blanks; ask the sender for the file as it was written".into()
    } else if seen < expected {
        "ask the sender for the file as it was written: blanks at the end of a line, or tabs for blanks, change every place".into()
    } else {
        "ask the sender whether the layout has changed, or whether tabs were written out as blanks; a line of another kind is told by `records`".into()
    };
    let word = match (fault.cut && seen < expected, seen < expected) {
        (true, _) => "the file ends in the middle of a line",
        (_, true) => "the line is short",
        _ => "the line is long",
    };
    refused(structure::FIELD_COUNT, format!("{word}: it has {}", count(seen)))
        .place(place(&judge.subject, fault.line, fault.text))
        .expected(format!("{}, as the contract's `length` says", count(expected)))
        .hint(hint)
}

/// W4: a place that counts bytes stands inside a character of several. `position` counts from 1.
pub(super) fn inside_character(subject: &Subject, line: u64, text: &[u8], position: usize) -> Diagnostic {
    refused(control::INSIDE_CHARACTER, format!("a field begins at byte {position}, in the middle of a character"))
        .place(place(subject, line, text))
        .expected("fields that begin with a whole character")
        .hint("if the sender's places count characters, say `unit: characters` in the contract; else ask the sender which encoding they count in")
}
