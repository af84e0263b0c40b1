//! Why a workbook is refused, in words.

use super::{
    super::{
        facts::{EncodingFacts, OtherFormat},
        faults::{place, refused},
        subject::Subject,
    },
    beside::Holds,
    rows::{Unread, Why},
    shown::Otherwise,
};
use crate::{
    diagnostic::{
        Answer, Diagnostic, Place,
        codes::{control, packed},
    },
    domain::printable,
    schema::{SheetChoice, column_letters},
};

/// What a file is that is no workbook of the one kind that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `.xls`
    Old,
    /// `.xlsb`
    Binary,
    /// `.ods`
    OpenDocument,
    /// `.xlsm` that nobody declared.
    Macros,
    /// A zip archive that is no workbook at all.
    Archive,
}

/// `C7`.
fn cell(row: impl std::fmt::Display, column: u32) -> String {
    format!("{}{row}", column_letters(column))
}

fn at(file: &str, row: u64, column: u32) -> Place {
    Place { file: file.into(), line: Some(row), excerpt: Some(format!("cell {}", cell(row, column))), ..Place::default() }
}

pub(super) fn other_kind(file: &str, kind: Kind) -> Diagnostic {
    const SAVE: &str = "open it and save it as an Excel workbook (.xlsx), or ask the sender for one: its name does not change what it is";
    let (what, hint) = match kind {
        Kind::Old => ("an .xls workbook of before 2007", SAVE),
        Kind::Binary => ("a binary workbook (.xlsb)", SAVE),
        Kind::OpenDocument => ("an OpenDocument spreadsheet (.ods)", SAVE),
        Kind::Macros => (
            "a workbook with macros (.xlsm)",
            "if macros are expected, say `macros: ignore` in the contract: they are never run; else ask the sender for a workbook without them (.xlsx)",
        ),
        Kind::Archive => (
            "a zip archive that holds no workbook",
            "if the extract is packed in it, say `container: zip` in the contract; else ask the sender for the workbook itself",
        ),
    };
    refused(packed::OTHER_KIND, format!("the file is {what}")).place(Place::file(file)).expected("an Excel workbook (.xlsx)").hint(hint)
}

/// A file of the kind in which old workbooks and locked ones are kept.
pub(super) fn old_kind(file: &str, bytes: &[u8]) -> Diagnostic {
    // The name of the stream that holds a locked workbook, as its directory spells it.
    let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    if memchr::memmem::find(bytes, &name).is_some() {
        return super::super::packed::faults::locked(file, "");
    }
    other_kind(file, Kind::Old)
}

/// The contract says workbook: what the first bytes of the file say.
pub(in super::super) fn is_workbook(facts: &EncodingFacts, file: &str) -> Answer<()> {
    let (what, hint) = match facts.other {
        Some(OtherFormat::Zip | OtherFormat::OldWorkbook) => return Ok(()),
        _ if facts.len <= u64::from(facts.bom_len) => return Err(super::super::faults::empty_file(file).into()),
        Some(OtherFormat::Gzip) => ("packed with gzip", "unpack it (gunzip), or ask the sender for the workbook itself"),
        Some(OtherFormat::Pdf) => ("a PDF document", "ask the sender for the workbook: figures are not read out of a printed page"),
        Some(OtherFormat::WebPage) => (
            "a web page",
            "many programs save lists as a page under the name of a workbook: open it and save it as .xlsx; or the download was answered with a page to sign in: look at it",
        ),
        Some(OtherFormat::Ebcdic) => ("in EBCDIC, the code of a mainframe", "ask the sender for the workbook that was agreed"),
        None => ("text", "content decides, not the name: if the sender's lists are text for good, say `format: delimited` in the contract"),
    };
    Err(refused(packed::OTHER_KIND, format!("the file is {what}, not a workbook"))
        .place(Place::file(file))
        .expected("an Excel workbook (.xlsx), as the contract says")
        .hint(hint)
        .into())
}

pub(super) fn unreadable(file: &str, what: &str) -> Diagnostic {
    refused(packed::UNREADABLE, format!("the workbook cannot be read as a person sees it: {}", printable(what)))
        .place(Place::file(file))
        .expected("a workbook as spreadsheet programs write it")
        .hint("open it in a spreadsheet program and save it anew, or ask the sender for it again")
}

pub(super) fn part_missing(file: &str, path: &str) -> Diagnostic {
    unreadable(file, &format!("its part `{path}` is missing"))
}

pub(super) fn part_too_large(file: &str, path: &str, bytes: u64, most: u64) -> Diagnostic {
    let seen = format!("the part `{}` of the workbook has {bytes} bytes unpacked", printable(path));
    refused(packed::TOO_LARGE, seen)
        .place(Place::file(file))
        .expected(format!("{most} bytes at the most"))
        .hint("ask the sender for smaller workbooks, or for the extract as text")
}

pub(super) fn out_of_order(file: &str, (row, column): (u32, u32), (last_row, last): (u32, u32)) -> Diagnostic {
    let seen = if last_row > 0 {
        format!("the cell {} stands after {}, or twice", cell(row, column), cell(last_row, last))
    } else {
        format!("a cell stands in row {row}, column {column}, which no sheet has")
    };
    unreadable(file, &seen)
}

pub(super) fn no_cells(file: &str, sheet: &str) -> Diagnostic {
    refused(packed::SHEET, format!("`{}` is no sheet of cells, but a chart or a dialogue", printable(sheet)))
        .place(Place::file(file))
        .expected("a sheet of cells")
        .hint("name the sheet that holds the rows: `sheet:` in the contract")
}

/// `sheets`: each with whether it is hidden. `are_empty`: none holds a value.
pub(super) fn no_sheet(file: &str, wanted: &SheetChoice, sheets: &[(&str, bool)], are_empty: bool) -> Diagnostic {
    let shown = |(name, hidden): &(&str, bool)| format!("`{}`{}", printable(name), if *hidden { " (hidden)" } else { "" });
    let all = sheets.iter().take(20).map(shown).collect::<Vec<_>>().join(", ");
    let (seen, hint) = match wanted {
        SheetChoice::Named(name) if sheets.iter().filter(|(sheet, _)| super::package::is_called(sheet, name)).count() > 1 => (
            format!("the workbook has several sheets that are called like `{}`: its sheets are {all}", printable(name)),
            "say in the contract which is read: a name that only one of them has, `*` for any text, or its number",
        ),
        SheetChoice::Named(name) => (
            format!("the workbook has no sheet `{}`: its sheets are {all}", printable(name)),
            "if the sheet has a new name, change `sheet` in the contract; else ask the sender for the file again",
        ),
        SheetChoice::Number(number) => (
            format!("the workbook has no sheet number {number}: its sheets are {all}"),
            "correct `sheet` in the contract, or ask the sender for the file again",
        ),
        SheetChoice::Only if are_empty => (
            format!("no sheet of the workbook holds anything: its sheets are {all}"),
            "ask the sender for the file again; if it is right that the month has no rows, ask for the headings on the sheet of the feed, \
             and say `allow_empty: true` in the contract",
        ),
        SheetChoice::Only => (
            format!("which sheet is meant is not said: the workbook holds {all}"),
            "say in the contract which is read: `sheet: \"its name\"`, or its number",
        ),
    };
    refused(packed::SHEET, seen)
        .place(Place::file(file))
        .expected("the sheet that the contract names, or the only one that is shown")
        .hint(hint)
}

/// The header has a gap: two tables side by side, or a column without a name. `first` is the column of the first name.
pub(super) fn one_table(subject: &Subject, row: u64, first: u32, names: &[String]) -> Answer<()> {
    let named = |at: &usize| names.get(*at).is_some_and(|name| !name.trim().is_empty());
    let mut tables: Vec<(usize, usize)> = Vec::new();
    for at in (0..names.len()).filter(named) {
        match tables.last_mut() {
            Some((_, last)) if *last + 1 == at => *last = at,
            _ => tables.push((at, at)),
        }
    }
    if tables.len() < 2 {
        return Ok(());
    }
    let range = |(from, to): &(usize, usize)| format!("{}:{}", column_letters(first + *from as u32), column_letters(first + *to as u32));
    let ranges: Vec<String> = tables.iter().map(range).collect();
    let seen = format!(
        "the row of the header names columns {}, with none named between: tables stand side by side, or one has a gap",
        ranges.join(" and ")
    );
    let raw = names.join("|").into_bytes();
    Err(refused(packed::TABLES, seen)
        .place(place(subject, row, &raw))
        .expected("one table of columns with names")
        .hint(format!(
            "say in the contract which columns are this feed's: `columns: \"{}\"`; give another table that counts a feed of its own",
            ranges.first().map_or("A:E", String::as_str)
        ))
        .into())
}

/// A value beside the table.
pub(super) fn beside(file: &str, (row, column): (u32, u32), (first, last): (u32, u32)) -> Diagnostic {
    let table = format!("{}:{}", column_letters(first), column_letters(last));
    refused(packed::TABLES, format!("the cell {} holds a value beside the table of columns {table}", cell(row, column)))
        .place(at(file, row.into(), column))
        .expected("no value outside the columns that the header names")
        .hint(format!(
            "look at the sheet: if only {table} is this feed's, say `columns: \"{table}\"` in the contract; where columns are named over two \
             rows, ask the sender to name each on one; else ask the sender what it is"
        ))
}

/// An amount that is shown as something else than the number in its cell; a person settles which is meant.
pub(super) fn shown(file: &str, (row, column): (u32, u32), code: &str, below: bool, shown: &Otherwise) -> Diagnostic {
    let name = cell(row, column);
    let format = format!("by its number format `{}`", printable(code));
    let (of, seen, expected) = match shown {
        Otherwise::Currency(currency) => {
            let currency = printable(currency);
            (control::OTHER_CURRENCY, format!("the amount in cell {name} is shown in {currency}, {format}"), "amounts of pounds")
        }
        Otherwise::OtherSign => {
            let (is, as_if) = if below { ("below", "above") } else { ("above", "below") };
            let seen = format!("the amount in cell {name} is {is} nought and is shown as if it were {as_if}, {format}");
            (control::SHOWN_OTHERWISE, seen, "amounts that are shown with the sign that they have")
        }
    };
    Diagnostic::warning(of, seen)
        .place(at(file, row.into(), column))
        .expected(expected)
        .outcome("the number in the cell is what is read")
        .hint("ask the sender which is meant, the number or what is seen")
}

/// A sheet that is not read, beside the one that is, and holds what may be rows of the feed.
pub(super) fn other_sheet(file: &str, (read, other): (&str, &str), holds: Holds) -> Diagnostic {
    let (read, other) = (printable(read), printable(other));
    let what = match holds {
        Holds::Headings(row) => format!("rows under the headings that the contract knows, in row {row}"),
        Holds::Rows(row) => format!("rows of the same columns without headings, from row {row} on"),
    };
    Diagnostic::warning(control::OTHER_SHEET, format!("the sheet `{other}` holds {what}, and the sheet `{read}` alone is read"))
        .place(Place::file(file))
        .expected(format!("all rows of the extract on the sheet `{read}`"))
        .outcome("none of its rows is in the figures")
        .hint(format!(
            "ask the sender what `{other}` is: rows of this extract belong on one sheet; an extract of its own needs a feed of its own, and \
             what is neither needs none: in both cases say `other_sheets: [\"{other}\"]` in the contract"
        ))
}

/// A cell of a row of data that holds what no figure or text can be taken from.
pub(in super::super) fn unread(file: &str, of: Unread) -> Diagnostic {
    let name = cell(of.line, of.column);
    let (seen, expected, hint) = match of.why {
        Why::Error => (
            format!("the cell {name} holds an error value"),
            "values",
            "a formula of the sender's failed: ask for the file again, with values in place of formulas",
        ),
        Why::NoValue => (
            format!("the cell {name} holds a formula that was never calculated"),
            "the calculated value beside each formula",
            "open the workbook in a spreadsheet program, which calculates it, and save it; or ask the sender for values in place of formulas",
        ),
        Why::LongNumber => (
            format!("the cell {name} holds a number of 16 digits or more in a column of texts"),
            "the identifier as text: a workbook keeps 15 digits of a number, so its last digits are lost",
            "ask the sender to format the column as text before it is filled",
        ),
        Why::Merged => (
            format!("the cell {name} is merged with others, in a row of data"),
            "one value in each cell; merged cells only above the table",
            "ask the sender for the sheet without merged cells: which rows or columns the value belongs to is not said",
        ),
    };
    refused(packed::CELL, seen).place(at(file, of.line, of.column)).expected(expected).hint(hint)
}
