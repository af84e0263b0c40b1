//! `format: workbook`: which sheet and columns are read.

use super::{
    SheetChoice, WorkbookForm, column_number,
    fields::{Fields, Item},
};

/// Keys that speak of lines of text: a workbook has none.
pub const OF_TEXT: &[&str] = &[
    "delimiter",
    "quote",
    "escape",
    "stray_quotes",
    "encodings",
    "trust_encoding",
    "last_line_end",
    "trailing_delimiter",
    "unit",
    "length",
    "short_lines",
    "fill",
];

/// What the keys of a workbook say.
pub fn workbook_form(fields: &Fields<'_>) -> WorkbookForm {
    WorkbookForm {
        sheet: fields.get("sheet").and_then(|item| sheet(&item)).unwrap_or(SheetChoice::Only),
        columns: fields.get("columns").and_then(|item| columns(&item)),
        ignore_macros: fields.get("macros").and_then(|item| item.choice(&[("refuse", false), ("ignore", true)])).unwrap_or(false),
        other_sheets: other_sheets(fields),
    }
}

/// `other_sheets: ["Spend (2)", "* budget"]`.
fn other_sheets(fields: &Fields<'_>) -> Vec<String> {
    let names = fields.get("other_sheets").and_then(|item| item.list()).unwrap_or_default();
    names.iter().filter_map(|item| item.text().map(str::to_owned)).collect()
}

/// `only`, a number, a name, or `{name: "3"}` for a sheet whose name is one of the other two.
fn sheet(item: &Item<'_>) -> Option<SheetChoice> {
    if item.is_map() {
        let fields = item.fields(&["name"])?;
        return Some(SheetChoice::Named(fields.need("name")?.text()?.to_owned()));
    }
    let text = item.text()?;
    match text.parse::<u32>() {
        Ok(0) => {
            item.wrong("the sheet's name, its number from 1, or `only`");
            None
        }
        Ok(number) => Some(SheetChoice::Number(number)),
        Err(_) if text == "only" => Some(SheetChoice::Only),
        Err(_) => Some(SheetChoice::Named(text.to_owned())),
    }
}

/// `A:E`.
fn columns(item: &Item<'_>) -> Option<(u32, u32)> {
    item.read("the first and the last column, such as `A:E`", |text| {
        let (first, last) = text.split_once(':')?;
        let (first, last) = (column_number(first.trim())?, column_number(last.trim())?);
        (first <= last).then_some((first, last))
    })
}
