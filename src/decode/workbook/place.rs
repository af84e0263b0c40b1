//! Places of a sheet as its cells name them: `C2`.

use memchr::{memmem, memrchr2};

use super::scan::Region;
use crate::schema::column_number;

/// Letters and digits of `XFD1048576`, the last place of a sheet.
const LETTERS: usize = 3;
const DIGITS: usize = 7;

/// Whether a row or a cell of a text names a place of more letters or digits than any sheet has. A reader that counts them up wraps round
/// to a place that is there: `A4294967298` would be read as `A2`.
pub(super) fn are_outside(text: &[u8]) -> bool {
    memmem::find_iter(text, b"r=").any(|at| {
        let before = text.get(..at).unwrap_or_default();
        before.last().is_some_and(u8::is_ascii_whitespace)
            && is_outside(text.get(at + 2..).unwrap_or_default())
            // Between two tags it is text.
            && memrchr2(b'<', b'>', before).is_some_and(|open| text.get(open) == Some(&b'<'))
    })
}

/// Whether a quoted value, to its closing quote, is too long to be a place.
fn is_outside(value: &[u8]) -> bool {
    let Some((quote, value)) = value.split_first() else { return false };
    let Some(value) = value.iter().take(LETTERS + DIGITS + 1).position(|byte| byte == quote).and_then(|end| value.get(..end)) else {
        return true;
    };
    let letters = value.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
    letters > LETTERS || value.len() - letters > DIGITS
}

/// `A1:C2` or `A1`.
pub(super) fn region(text: &[u8]) -> Option<Region> {
    let text = std::str::from_utf8(text).ok()?;
    let (first, last) = text.split_once(':').unwrap_or((text, text));
    Some(Region { first: place(first)?, last: place(last)? })
}

/// `C2` → row 2, column 3.
pub(super) fn place(text: &str) -> Option<(u32, u32)> {
    let digits = text.find(|c: char| c.is_ascii_digit())?;
    let (letters, row) = text.split_at_checked(digits)?;
    Some((row.parse().ok()?, column_number(letters)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn x10_a_place_that_no_sheet_has_is_told() {
        for place in ["A4294967298", "tttttttttttttB2", "AAAAAAAAA2", "4294967298", "A12345678"] {
            for cell in [format!("<c r=\"{place}\"><v>1</v>"), format!("<c s='1'\tr='{place}'/>"), format!("<row r=\"{place}\">")] {
                assert!(are_outside(cell.as_bytes()), "{cell}");
            }
        }
        for cell in [
            "<row r=\"1048576\"><c r=\"XFD1048576\" s=\"1\"/></row>",
            "<c r='A1'><is><t>order r=\"A4294967298\" r=12345678901234</t></is></c>",
            "<c r=\"A1\" attr=\"A4294967298\"/>",
            "<c r=\"A1\"/",
        ] {
            assert!(!are_outside(cell.as_bytes()), "{cell}");
        }
    }
}
