//! One line of fixed width: what stands at a place of it.

use super::super::judge::Judge;
use crate::schema::{Encoding, Format, Stretch, Unit};

/// What places count in the file at hand, whose text is UTF-8 by now. In every encoding but UTF-8, a declared byte is a character.
pub(in crate::decode) fn unit(judge: &Judge) -> Unit {
    match &judge.layout.format {
        Format::Fixed(fixed) if judge.encoding == Encoding::Utf8 => fixed.unit,
        _ => Unit::Characters,
    }
}

/// How long a line is.
#[inline]
pub(in crate::decode) fn length(line: &[u8], unit: Unit) -> usize {
    if unit == Unit::Bytes || line.is_ascii() { line.len() } else { characters(line) }
}

/// Characters of a line of UTF-8.
fn characters(line: &[u8]) -> usize {
    line.iter().filter(|byte| begins(**byte)).count()
}

/// Whether a byte begins a character.
pub(super) const fn begins(byte: u8) -> bool {
    byte & 0xC0 != 0x80
}

/// Bytes before position `at` of a line, counted in `unit`; the whole line where it ends before.
pub(super) fn offset(line: &[u8], at: usize, unit: Unit) -> usize {
    if unit == Unit::Bytes || line.is_ascii() {
        return at.min(line.len());
    }
    line.iter().enumerate().filter(|(_, byte)| begins(**byte)).nth(at).map_or(line.len(), |(offset, _)| offset)
}

/// What stands at a place; `None` where the line ends before the place does.
pub(in crate::decode) fn cut(line: &[u8], at: Stretch, unit: Unit) -> Option<&[u8]> {
    let (start, end) = (at.start as usize, at.end() as usize);
    (length(line, unit) >= end).then_some(())?;
    line.get(offset(line, start, unit)..offset(line, end, unit))
}
