//! One line of fixed width: what stands at a place of it.

use super::super::judge::Judge;
use crate::schema::{Encoding, Fixed, Format, MoneyStyle, Stretch, Unit};

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

/// Fields of amounts that their last characters tell, pence without a point or a sign that is punched over: the first place and the one
/// behind the last, from 0. A line that ends inside of one has lost more than blanks; the blank for a minus that is not there may be lacking.
pub(in crate::decode) fn told_by_their_ends(judge: &Judge, fixed: &Fixed) -> Vec<(usize, usize)> {
    let of = |at: Stretch, styles: &[MoneyStyle]| {
        let digits = |style: &MoneyStyle| matches!(style, MoneyStyle::Implied(_) | MoneyStyle::Overpunch | MoneyStyle::OverpunchDigits);
        let sign = match styles {
            styles if styles.contains(&MoneyStyle::CrDr) => 2,
            styles if styles.contains(&MoneyStyle::MinusAfter) => 1,
            _ => 0,
        };
        styles.iter().any(digits).then(|| (at.start as usize, (at.end() as usize).saturating_sub(sign)))
    };
    let column = |name| judge.contract.column(name);
    fixed.fields.iter().filter_map(|field| of(field.at, &column(field.column.as_ref()?)?.rules.money)).collect()
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
