//! Whether each cell has one value, and one that says itself what it is: of two a person sees the one, a reader takes the other.

use memchr::{memchr, memmem, memrchr};

use super::scan::{NO_TEXT, Refused, SEVERAL_VALUES, attribute, local_name, tag_at};

/// Looks through a text of whole tags; `last` is the tag before it, without its brackets.
///
/// In a cell stands a formula, or none, and behind it the value: so the tag before a value is that of the cell or of its formula, and the
/// tag before a formula is that of the cell.
pub(super) fn are_single(text: &[u8], prefix: &[u8], last: &[u8]) -> Result<(), Refused> {
    if local_name(last) == b"v" && !last.ends_with(b"/") && !text.starts_with(b"</") {
        return Err(SEVERAL_VALUES);
    }
    for (name, behind_formula) in [(&b"v"[..], true), (b"is", true), (b"f", false)] {
        let begins = [b"<", prefix, name].concat();
        for at in memmem::find_iter(text, &begins) {
            let from = at + begins.len();
            if !matches!(text.get(from), Some(b'>' | b'/' | b' ' | b'\t' | b'\r' | b'\n')) {
                continue;
            }
            let before = before(text, at).unwrap_or(last);
            let is_cell = local_name(before) == b"c";
            // What closes has no name of its own here.
            let is_formula = behind_formula && local_name(before.strip_prefix(b"/").unwrap_or(before)) == b"f";
            if !is_cell && !is_formula {
                return Err(SEVERAL_VALUES);
            }
            if name == b"v" && text.get(from) == Some(&b'>') {
                is_whole(text.get(from + 1..).unwrap_or_default(), before)?;
            }
        }
    }
    Ok(())
}

/// A value is one text; that of a text in the table of texts is its number.
fn is_whole(rest: &[u8], before: &[u8]) -> Result<(), Refused> {
    let Some(end) = memchr(b'<', rest) else { return Ok(()) };
    if rest.get(end + 1).is_some_and(|byte| *byte != b'/') {
        return Err(SEVERAL_VALUES);
    }
    let is_number = rest.get(..end).unwrap_or_default().iter().all(u8::is_ascii_digit);
    if !is_number && attribute(before, b"t") == Some(b"s") { Err(NO_TEXT) } else { Ok(()) }
}

/// The tag that stands before a place, without its brackets.
fn before(text: &[u8], at: usize) -> Option<&[u8]> {
    let open = memrchr(b'<', text.get(..at)?)?;
    tag_at(text, open)
}

#[cfg(test)]
mod tests {
    use super::{
        super::scan::{SEVERAL_TABLES, scan},
        *,
    };

    fn looked_through(cell: &str) -> Result<(), Refused> {
        let text = format!("<worksheet><cols/><sheetData><row r=\"1\">{cell}</row></sheetData></worksheet>");
        scan(text.as_bytes(), true).unwrap().map(|_| ())
    }

    #[test]
    fn a_cell_has_one_value() {
        for (cell, refused) in [
            ("<c r=\"A1\"><v>1</v><v>2</v></c>", SEVERAL_VALUES),
            ("<c r=\"A1\"><v>1</v><is><t>2</t></is></c>", SEVERAL_VALUES),
            ("<c r=\"A1\"><is><t>2</t></is><v>1</v></c>", SEVERAL_VALUES),
            ("<c r=\"A1\"><f>1</f><v>1</v><f>2</f><v>2</v></c>", SEVERAL_VALUES),
            ("<c r=\"A1\"><v/><v>2</v></c>", SEVERAL_VALUES),
            ("<c r=\"A1\"><v>1<x/>2</v></c>", SEVERAL_VALUES),
            ("<c r=\"A1\" t=\"s\"><v>-1</v></c>", NO_TEXT),
            ("<c r=\"A1\" t=\"s\"><v>1.5</v></c>", NO_TEXT),
            ("</row></sheetData><sheetData><row r=\"1\">", SEVERAL_TABLES),
        ] {
            assert_eq!(looked_through(cell), Err(refused), "{cell}");
        }
    }

    #[test]
    fn values_behind_formulas_and_empty_ones_are_single() {
        for cell in [
            "<c r=\"A1\"><f>1</f><v>-1.5</v></c>",
            "<c\nr=\"A1\" t=\"s\">\n <v>12</v>\n</c>",
            "<c><f t=\"shared\" si=\"0\"/><v></v></c>",
            "<c r=\"A1\"><v/></c>",
            "<c t=\"inlineStr\"><is><r><t>a</t></r><rPh sb=\"0\" eb=\"1\"><t>b</t></rPh></is></c>",
        ] {
            assert_eq!(looked_through(&cell.repeat(30_000)), Ok(()), "{cell}");
        }
    }
}
