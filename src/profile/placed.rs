//! Lines of fixed width whose fields somebody has named and placed.

use std::borrow::Cow;

use super::{
    Place, Places,
    encoding::Chosen,
    facts::{Format, Header, Layout, OfAll, Profile},
    fixed::lines,
    gather::Cell,
    source::Source,
    table::Table,
    text::text_facts,
    whole::{Parts, whole},
};
use crate::diagnostic::Answer;

/// Lines by which the usual length and the usual type are told.
const LOOKED_AT: usize = 400;

/// Profiles a file by the places of its fields.
pub(super) fn placed(source: &Source, chosen: &Chosen, head: &str, places: &Places) -> Answer<Profile> {
    let width = most(head.lines().filter(|line| !line.trim().is_empty()).take(LOOKED_AT).map(|line| line.chars().count())).unwrap_or(0);
    let tag_of = |line: &str| places.tag.map(|(from, to)| cut(line, from, to).trim().to_owned());
    let usual = || most(head.lines().take(LOOKED_AT).filter_map(tag_of));
    let rows = places.tag.and_then(|_| places.rows.clone().or_else(usual));
    let fields: Vec<&Place> = places.of_rows(rows.as_deref()).collect();
    let names = fields.iter().map(|field| field.name.clone()).collect::<Vec<_>>();
    let mut table = Table::placed(names.clone(), fields.len(), places.tag.is_none());
    let (mut of, mut alike) = (0, 0);
    let ends = lines(source, chosen, &mut |line, text| {
        if text.trim().is_empty() {
            table.records += 1;
            return table.blank(line);
        }
        of += 1;
        alike += u64::from(text.chars().count() == width);
        let own = tag_of(text).filter(|tag| Some(tag) != rows.as_ref());
        let Some(tag) = own else {
            let texts: Vec<String> = fields.iter().map(|field| cut(text, field.from, field.to)).collect();
            return table.take(line, text.as_bytes(), &cells(&texts));
        };
        let of_type: Vec<&Place> = places.of_type(&tag).collect();
        // Of a type that nobody has described the fields of rows are looked at, for the amount that may stand there.
        let texts: Vec<String> = if of_type.is_empty() {
            fields.iter().map(|field| cut(text, field.from, field.to)).collect()
        } else {
            std::iter::once(tag.clone()).chain(of_type.iter().map(|field| cut(text, field.from, field.to))).collect()
        };
        table.of_type(tag, line, &cells(&texts));
    })?;
    table.finish();
    let header = Header { first_row: table.first_row, ..Header::default() };
    let tag = places.tag.zip(rows.clone()).map(|((from, to), rows)| (from, to, rows));
    let stand = fields.iter().map(|field| (field.from, field.to)).collect();
    Ok(whole(Parts {
        source,
        format: Format::Fixed,
        text: Some(text_facts(chosen, ends)),
        layout: Layout { places: stand, given: true, tag, width: Some((width, OfAll { rows: alike, of })), ..Layout::default() },
        header,
        names,
        table,
        before: Vec::new(),
        notes: Vec::new(),
        sheets: Vec::new(),
        sheet: None,
    }))
}

fn cells(texts: &[String]) -> Vec<Cell<'_>> {
    texts.iter().map(|text| Cell { text: Cow::Borrowed(text.trim().as_bytes()), ..Cell::default() }).collect()
}

/// Characters from one to another, counted from 1.
fn cut(line: &str, from: usize, to: usize) -> String {
    line.chars().skip(from.saturating_sub(1)).take((to + 1).saturating_sub(from)).collect()
}

/// The value that comes most often; of several the first.
fn most<T: PartialEq>(values: impl Iterator<Item = T>) -> Option<T> {
    let mut counts: Vec<(T, u64)> = Vec::new();
    values.for_each(|value| super::gather::bump(&mut counts, value));
    let best = counts.iter().map(|(_, n)| *n).max()?;
    counts.into_iter().find(|(_, n)| *n == best).map(|(value, _)| value)
}
