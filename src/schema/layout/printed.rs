//! `pages`, `end` and `nil`: what printed reports have beside their rows.

use super::{
    super::{End, EndAt, LinePattern, PageLine},
    Columns, conditions, holds,
};
use crate::{
    diagnostic::codes::contract,
    schema::fields::{Fields, Item},
};

/// `pages: ["Page * of *", {line: "Carried forward *", holds: subtotal}]`.
pub(super) fn pages(fields: &Fields<'_>) -> Vec<PageLine> {
    let lines = fields.get("pages").and_then(|item| item.list()).unwrap_or_default();
    let page = |item: &Item<'_>| {
        if !item.is_map() {
            return Some(PageLine { line: line(item)?, holds: None });
        }
        let fields = item.fields(&["line", "holds"])?;
        let line = fields.need("line").and_then(|item| line(&item));
        Some(PageLine { line: line?, holds: holds(&fields) })
    };
    lines.iter().filter_map(page).collect()
}

/// `end: {when: {document: "*** End ***"}}` or `end: {line: "*End of report*"}`.
pub(super) fn end(fields: &Fields<'_>, columns: &Columns<'_>) -> Option<End> {
    let item = fields.get("end")?;
    let fields = item.fields(&["when", "line", "holds"])?;
    let at = match (fields.get("when"), fields.get("line")) {
        (Some(when), None) => EndAt::When(conditions(&when, columns)),
        (None, Some(text)) => EndAt::Line(line(&text)?),
        _ => {
            item.wrong("one of `when` and `line`");
            return None;
        }
    };
    Some(End { at, holds: holds(&fields) })
}

/// `nil: "No transactions"`, or a list of such texts.
pub(super) fn nil(fields: &Fields<'_>) -> Vec<LinePattern> {
    let Some(item) = fields.get("nil") else { return Vec::new() };
    let items = if item.is_list() { item.list().unwrap_or_default() } else { vec![item] };
    items.iter().filter_map(line).collect()
}

pub(super) fn line(item: &Item<'_>) -> Option<LinePattern> {
    let found = LinePattern::new(item.text()?);
    if found.is_none() {
        let expected = "the text of the line, in which `*` stands for any text";
        item.refuse(contract::LAYOUT, "it would take every line", expected, "");
    }
    found
}
