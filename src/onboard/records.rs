//! Records of several types as words of a contract: which are rows, what trailers print, and what is left out.

use super::{
    answers::YES,
    draft::{Draft, quoted_in_list},
    evidence::Evidence,
    inside::Inside,
    layout::FileWord,
};
use crate::profile::{Format, Profile, RecordType};

/// What the types are; the totals that a trailer prints become controls of the draft.
#[must_use]
pub fn records(evidence: &Evidence, draft: &mut Draft, said: &dyn Fn(&str) -> String, inside: Option<&Inside>) -> Vec<FileWord> {
    let Some(first) = evidence.samples.first().map(|sample| &sample.profile) else { return Vec::new() };
    let types: Vec<&RecordType> = evidence.samples.iter().flat_map(|sample| &sample.profile.record_types).collect();
    let Some(rows) = rows_tag(first) else { return behind(evidence, draft, first, said) };
    let mut words: Vec<FileWord> = Vec::new();
    match &first.layout.tag {
        Some((from, to, _)) => words.push(("record_type", format!("{{from: {from}, to: {to}}}"), String::new())),
        None => words.push(("record_type", "1".to_owned(), "the first field".to_owned())),
    }
    let mut entries = vec![format!("{}: data", key(&rows))];
    let mut seen: Vec<&str> = vec![&rows];
    let mut named: Vec<String> = Vec::new();
    for kind in types {
        if seen.contains(&kind.tag.as_str()) {
            continue;
        }
        seen.push(&kind.tag);
        let fields = if said("control") == YES { totals(evidence, draft, first, kind, &mut named) } else { Vec::new() };
        let fields: Vec<String> = fields.into_iter().chain(period(evidence, first, kind, inside)).collect();
        entries.push(match (fields.is_empty(), evidence.given.is_some() && holds_amount(evidence, kind)) {
            (false, _) => format!("{}: {{{}}}", key(&kind.tag), fields.join(", ")),
            (true, true) => format!("{}: {{holds: left_out}}", key(&kind.tag)),
            (true, false) => format!("{}: skip", key(&kind.tag)),
        });
    }
    words.push(("records", format!("{{{}}}", entries.join(", ")), "a type that is not here refuses the file".to_owned()));
    words
}

/// Records of fewer fields behind the rows, by their first field; all that is not here is a row.
fn behind(evidence: &Evidence, draft: &mut Draft, first: &Profile, said: &dyn Fn(&str) -> String) -> Vec<FileWord> {
    let mut entries: Vec<String> = Vec::new();
    let mut seen: Vec<&str> = Vec::new();
    let mut named: Vec<String> = Vec::new();
    for kind in evidence.samples.iter().flat_map(|sample| &sample.profile.behind) {
        if seen.contains(&kind.tag.as_str()) {
            continue;
        }
        seen.push(&kind.tag);
        let fields = if said("control") == YES { totals(evidence, draft, first, kind, &mut named) } else { Vec::new() };
        entries.push(if fields.is_empty() {
            format!("{}: skip", key(&kind.tag))
        } else {
            format!("{}: {{{}}}", key(&kind.tag), fields.join(", "))
        });
    }
    let words = ("records", format!("{{{}}}", entries.join(", ")), "by their first field, with fewer fields than rows".to_owned());
    if entries.is_empty() { Vec::new() } else { vec![words] }
}

/// The type of the rows, where records are of several.
#[must_use]
pub fn rows_tag(profile: &Profile) -> Option<String> {
    if let Some((_, _, rows)) = &profile.layout.tag {
        return Some(rows.clone());
    }
    let most = profile.record_types.iter().max_by_key(|kind| kind.records)?;
    (profile.record_types.len() > 1).then(|| most.tag.clone())
}

fn key(tag: &str) -> String {
    let text = quoted_in_list(tag);
    if tag.bytes().all(|byte| byte.is_ascii_alphanumeric()) && tag.starts_with(|c: char| c.is_ascii_alphabetic()) {
        tag.to_owned()
    } else {
        text
    }
}

/// Count and sums of a trailer, each with its place, as controls too.
fn totals(evidence: &Evidence, draft: &mut Draft, profile: &Profile, kind: &RecordType, named: &mut Vec<String>) -> Vec<String> {
    if kind.records != 1 {
        return Vec::new();
    }
    let mut fields = Vec::new();
    if let Some(at) = kind.counts.first().filter(|_| !named.contains(&"rows".to_owned())) {
        fields.extend(place(evidence, profile, kind, *at).map(|place| format!("rows: {place}")));
        draft.trailers.push("{count: rows, equals: trailer.rows}".to_owned());
        named.push("rows".to_owned());
    }
    for (at, column) in &kind.sums {
        let seen = evidence.columns.iter().find(|seen| seen.places.first() == Some(&Some(*column)));
        let Some(name) = seen.and_then(|seen| draft.column_of(seen)) else { continue };
        let name = name.name.clone();
        if named.contains(&name) {
            continue;
        }
        if let Some(place) = place(evidence, profile, kind, *at) {
            fields.push(format!("{name}: {place}"));
            draft.trailers.push(format!("{{sum: {name}, equals: trailer.{name}}}"));
            named.push(name);
        }
    }
    fields
}

/// Where a field of a record stands: its number, or of fixed width its first and last character. Fields count from 1, and the first is
/// the type.
fn place(evidence: &Evidence, profile: &Profile, kind: &RecordType, at: usize) -> Option<String> {
    if profile.format == Format::Delimited {
        return Some(at.to_string());
    }
    let places = &evidence.given.as_ref()?.places;
    let field = places.of_type(&kind.tag).nth(at.checked_sub(2)?)?;
    Some(format!("{{from: {}, to: {}}}", field.from, field.to))
}

/// The field of a record of fixed width that says which month the file covers.
fn period(evidence: &Evidence, profile: &Profile, kind: &RecordType, inside: Option<&Inside>) -> Option<String> {
    let (tag, at) = inside?.record.as_ref().filter(|(tag, _)| profile.format == Format::Fixed && *tag == kind.tag)?;
    let places = &evidence.given.as_ref()?.places;
    let field = places.of_type(tag).nth(at.checked_sub(1)?)?;
    Some(format!("covers: {{from: {}, to: {}}}", field.from, field.to))
}

/// Whether records of this type hold pounds where rows have theirs.
fn holds_amount(evidence: &Evidence, kind: &RecordType) -> bool {
    let described = evidence.given.as_ref().is_some_and(|given| given.places.of_type(&kind.tag).next().is_some());
    !described && !kind.amounts.is_empty()
}
