//! Columns that nothing needs: a later file may come without them.

use super::draft::{Draft, DraftColumn};

/// Says of each text that fills nothing, and that no other word names, that it may be absent.
pub fn may_be_absent(draft: &mut Draft) {
    let spare: Vec<String> =
        draft.columns.iter().filter(|column| fills_nothing(column) && !is_named(draft, &column.name)).map(|c| c.name.clone()).collect();
    for column in draft.columns.iter_mut().filter(|column| spare.contains(&column.name)) {
        column.words.push(("absent", "allowed".to_owned()));
    }
}

/// A text with a heading of its own that no column of the common table is made of.
fn fills_nothing(column: &DraftColumn) -> bool {
    const TELL: [&str; 6] = ["only", "occurrence", "position", "from", "side", "personal"];
    column.target.is_none()
        && column.physical_type == "VARCHAR"
        && !column.required
        && !column.heading.trim().is_empty()
        && column.words.iter().all(|(key, _)| !TELL.contains(key))
}

/// Whether some word of the feed says something of it: what is left out, a control, a sign, a sum, a period.
fn is_named(draft: &Draft, name: &str) -> bool {
    let says = |text: &str| text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').any(|word| word == name);
    draft.layout.iter().any(|(_, value, _)| says(value))
        || draft.columns.iter().flat_map(|column| &column.words).any(|(_, value)| says(value))
        || draft.select.iter().any(|(from, _)| says(from))
        || draft.trailers.iter().chain([&draft.controls, &draft.covers]).any(|text| says(text))
}
