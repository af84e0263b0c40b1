//! `format: fixed`: where the fields of a line stand.

use super::{Columns, format_keys, text_rules};
use crate::{
    diagnostic::codes::contract,
    schema::{
        Column, Encoding, Fixed, FixedField, Stretch, Unit,
        fields::{Fields, Item},
    },
};

/// Longest line of a layout.
const LONGEST: u64 = 100_000;

/// Keys of a stretch of a line.
pub const STRETCH_KEYS: &[&str] = &["start", "width", "from", "to"];

/// `{start: 9, width: 13}` or `{from: 9, to: 21}`, counted from 1; `None` where none of the keys stands there, or a fault was reported.
pub fn stretch(fields: &Fields<'_>, item: &Item<'_>) -> Option<Stretch> {
    let position = |key: &str| fields.get(key).and_then(|item| item.count(1, LONGEST)).and_then(|n| u32::try_from(n).ok());
    let has = |key: &str| fields.get(key).is_some();
    match (has("start"), has("width"), has("from"), has("to")) {
        (false, false, false, false) => None,
        (true, true, false, false) => Some(Stretch { start: position("start")? - 1, width: position("width")? }),
        (false, false, true, true) => {
            let (from, to) = (position("from")?, position("to")?);
            if to < from {
                item.refuse(contract::LAYOUT, &format!("it ends at {to}, before it begins at {from}"), "`from` not after `to`", "");
                return None;
            }
            Some(Stretch { start: from - 1, width: to - from + 1 })
        }
        _ => {
            item.refuse(contract::LAYOUT, "it does not say where it begins and ends", "`start` and `width`, or `from` and `to`", "");
            None
        }
    }
}

/// A mapping that is a stretch and nothing else.
pub fn stretch_of(item: &Item<'_>) -> Option<Stretch> {
    let fields = item.fields(STRETCH_KEYS)?;
    let stretch = stretch(&fields, item);
    if stretch.is_none() && STRETCH_KEYS.iter().all(|key| fields.get(key).is_none()) {
        item.wrong("a place in the line: `{start: 9, width: 13}`, or `{from: 9, to: 21}`");
    }
    stretch
}

/// What a layout of fixed width says; `None` where a fault was reported.
pub fn fixed(fields: &Fields<'_>, columns: &Columns<'_>) -> Option<Fixed> {
    format_keys(
        fields,
        "fixed",
        &[
            "delimiter",
            "quote",
            "escape",
            "stray_quotes",
            "trailing_delimiter",
            "extra_columns",
            "sheet",
            "columns",
            "macros",
            "other_sheets",
        ],
    );
    let text = text_rules(fields);
    let unit = fields.need("unit").and_then(|item| item.choice(&[("characters", Unit::Characters), ("bytes", Unit::Bytes)]));
    let wide = |encoding: &Encoding| matches!(encoding, Encoding::Utf16Le | Encoding::Utf16Be);
    if let (Some(Unit::Bytes), Some(item)) = (unit, fields.get("unit").filter(|_| text.encodings.iter().any(wide))) {
        item.refuse(contract::LAYOUT, "UTF-16 is listed under `encodings`", "`unit: characters`", "");
    }
    let length = fields.need("length").and_then(|item| item.count(1, LONGEST)).and_then(|n| u32::try_from(n).ok());
    let filled = fields.get("fill").and_then(|item| item.list()).unwrap_or_default();
    let filled: Vec<_> = filled.into_iter().map(|item| (stretch_of(&item), item)).collect();
    let whole = filled.iter().all(|(stretch, _)| stretch.is_some());
    let mut places: Vec<(Stretch, Option<&Column>, Item<'_>)> = Vec::new();
    places.extend(filled.into_iter().filter_map(|(stretch, item)| Some((stretch?, None, item))));
    let mut placed = true;
    for (column, item) in columns {
        if let Some(at) = column.rules.at {
            places.push((at, Some(column), item.clone()));
            continue;
        }
        placed = false;
        let why = format!("the column `{}` has no place in the line", column.name);
        let hint = "Of a column that cannot be found in a line, nothing can be read.";
        item.refuse(contract::LAYOUT, &why, "`start` and `width`, or `from` and `to`", hint);
    }
    places.sort_by_key(|(at, ..)| (at.start, at.width));
    let (unit, length) = (unit?, length?);
    let covered = whole && placed && covers(fields, length, &places);
    let of_file = fields;
    let fields = places.iter().map(|(at, column, _)| FixedField { at: *at, column: column.map(|column| column.name.clone()) }).collect();
    let short_lines = super::choice(of_file, "short_lines", false, &[("refused", false), ("allowed", true)]);
    covered.then_some(Fixed { text, unit, length, short_lines, fields })
}

/// Whether every position of the line stands in one field and no more; where not, it is reported.
fn covers(fields: &Fields<'_>, length: u32, places: &[(Stretch, Option<&Column>, Item<'_>)]) -> bool {
    let name = |column: Option<&Column>| column.map_or_else(|| "`fill`".to_owned(), |column| format!("`{}`", column.name));
    let hint = "A position that nobody reads stands under `fill`, so that none is forgotten.";
    let before = fields.reader().fault_count();
    let mut next = 0;
    let mut last: Option<(Stretch, String)> = None;
    for (at, column, item) in places {
        if at.start > next {
            let gap = Stretch { start: next, width: at.start - next };
            let expected = format!("`fill: [{{from: {}, to: {}}}]`, or a column there", gap.start + 1, gap.end());
            item.refuse(contract::LAYOUT, &format!("the positions {gap} before {} belong to no field", name(*column)), expected, hint);
        } else if let Some((other, name_of)) = last.as_ref().filter(|_| at.start < next) {
            let why = format!("{} ({at}) and {name_of} ({other}) overlap", name(*column));
            item.refuse(contract::LAYOUT, &why, "each position in one field", "");
        }
        if at.end() > next {
            (next, last) = (at.end(), Some((*at, name(*column))));
        }
    }
    if next != length
        && let Some(item) = fields.get("length")
    {
        let (seen, expected) = if next < length {
            let gap = Stretch { start: next, width: length - next };
            (
                format!("the positions {gap} at the end of the line belong to no field"),
                format!("`fill: [{{from: {}, to: {}}}]`, or a column there", gap.start + 1, gap.end()),
            )
        } else {
            (format!("the last field ends at {next}"), "a line that is long enough for every field".to_owned())
        };
        item.refuse(contract::LAYOUT, &seen, expected, hint);
    }
    fields.reader().fault_count() == before
}
