//! Whether each cell has one value, and one that says itself what it is: of two a person sees the one, a reader takes the other.

use memchr::{memchr, memmem, memrchr};

use super::{
    scan::{NO_TEXT, PREFIXES, Refused, SEVERAL_VALUES},
    tag::{attribute, local_name, tag_at, tags, tags_with},
};

/// More digits than a table of texts has texts.
const DIGITS: usize = 10;

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
            if name == b"v" {
                let cell = if is_cell { before } else { cell_before(text, prefix, at).unwrap_or(last) };
                is_whole(text.get(from..).unwrap_or_default(), cell)?;
            }
        }
    }
    Ok(())
}

/// Whether a cell has a value: empty ones have a style alone.
pub(super) fn are_there(text: &[u8], prefix: &[u8]) -> bool {
    [&b"v"[..], b"is", b"f"].iter().any(|name| memmem::find(text, &[b"<", prefix, *name].concat()).is_some())
}

/// Names that the reader of cells knows whatever prefix they bear.
const READ: [&[u8]; 6] = [b"row", b"c", b"f", b"v", b"is", b"t"];

/// What the reader of cells reads bears the prefix of the table, as all that is looked for here does.
pub(super) fn bear(text: &[u8], prefix: &[u8]) -> Result<(), Refused> {
    let is_other =
        |tag: &[u8]| READ.contains(&local_name(tag)) && tag.strip_prefix(prefix).is_none_or(|rest| !rest.starts_with(local_name(tag)));
    // Without a prefix only a name with a colon is another.
    let others = if prefix.is_empty() { tags_with(text, b":").any(is_other) } else { tags(text).any(is_other) };
    if others { Err(PREFIXES) } else { Ok(()) }
}

/// A value is one text; that of a text in the table of texts is its number. `rest` begins behind the name of the tag.
fn is_whole(rest: &[u8], cell: &[u8]) -> Result<(), Refused> {
    let Some(open) = memchr(b'>', rest).filter(|open| !rest.get(..*open).unwrap_or_default().ends_with(b"/")) else { return Ok(()) };
    let value = rest.get(open + 1..).unwrap_or_default();
    let Some(end) = memchr(b'<', value) else { return Ok(()) };
    if value.get(end + 1).is_some_and(|byte| *byte != b'/') {
        return Err(SEVERAL_VALUES);
    }
    let number = value.get(..end).unwrap_or_default();
    let is_number = number.len() <= DIGITS && number.iter().all(u8::is_ascii_digit);
    if !is_number && attribute(cell, b"t") == Some(b"s") { Err(NO_TEXT) } else { Ok(()) }
}

/// The tag of the cell in which a place stands, without its brackets.
fn cell_before<'t>(text: &'t [u8], prefix: &[u8], at: usize) -> Option<&'t [u8]> {
    let open = memmem::rfind(text.get(..at)?, &[b"<", prefix, b"c "].concat())?;
    tag_at(text, open)
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
            ("<c r=\"A1\" t=\"s\"><v xml:space=\"preserve\">-1</v></c>", NO_TEXT),
            ("<c r=\"A1\" t=\"s\"><f>B1</f><v >-1</v></c>", NO_TEXT),
            ("<c r=\"A1\" t=\"s\"><v>99999999999999999999999</v></c>", NO_TEXT),
            ("<c r=\"A1\"><v xml:space=\"preserve\">1<x/>2</v></c>", SEVERAL_VALUES),
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
            "<c r=\"A1\" t=\"str\"><f>B1</f><v xml:space=\"preserve\"> a </v></c>",
            "<c t=\"inlineStr\"><is><r><t>a</t></r><rPh sb=\"0\" eb=\"1\"><t>b</t></rPh></is></c>",
        ] {
            assert_eq!(looked_through(&cell.repeat(30_000)), Ok(()), "{cell}");
        }
    }

    #[test]
    fn all_that_is_read_bears_the_prefix_of_its_table() {
        for (prefix, cells, is_taken) in [
            ("", "<row><c r=\"A1\"><f>SUM(B1:B2)</f><v>1</v></c></row>", true),
            ("", "<row><c r=\"A1\"><v>1</v><x:v>2</x:v></c></row>", false),
            ("", "<row><x:c r=\"A1\"><v>1</v></x:c></row>", false),
            ("", "<row><c r=\"A1\" t=\"inlineStr\"><is><t>a:b</t><x:t>c</x:t></is></c></row>", false),
            ("", "<y:row x:dyDescent=\"1\"><c r=\"A1\"><v>1</v></c></y:row>", false),
            ("x:", "<x:row><x:c r=\"A1\"><x:v>1</x:v></x:c></x:row>", true),
            ("x:", "<x:row><x:c r=\"A1\"><x:v>1</x:v><v>2</v></x:c></x:row>", false),
            ("x:", "<x:row><x:c r=\"A1\"><xx:v>1</xx:v></x:c></x:row>", false),
        ] {
            let text = format!(
                "<{prefix}worksheet><{prefix}sheetData>{cells}</{prefix}sheetData><y:extLst><y:c><y:f/></y:c></y:extLst></{prefix}worksheet>"
            );
            let seen = scan(text.as_bytes(), true).unwrap();
            assert_eq!(seen.map(|_| ()), if is_taken { Ok(()) } else { Err(PREFIXES) }, "{prefix} {cells}");
        }
    }

    #[test]
    fn what_stands_behind_the_cells_is_no_value() {
        let graph =
            "<extLst><ext><sparkline><f xmlns=\"http://schemas.microsoft.com/office/excel/2006/main\">A1:A9</f></sparkline></ext></extLst>";
        let text = format!("<worksheet><sheetData><row r=\"1\"><c r=\"A1\"><v>1</v></c></row></sheetData>{graph}</worksheet>");
        assert_eq!(scan(text.as_bytes(), true).unwrap().map(|_| ()), Ok(()));
    }
}
