//! JSON Schemas of the YAML files, for editors.
//!
//! They help while writing; what is right is decided by the reader of each file alone.

/// The JSON Schema of a kind of file: `partnership`, `feed` or `cost`.
#[must_use]
pub fn json_schema(kind: &str) -> Option<&'static str> {
    let schemas = [
        ("partnership", include_str!("json/partnership.json")),
        ("feed", include_str!("json/feed.json")),
        ("cost", include_str!("json/cost.json")),
    ];
    schemas.into_iter().find(|(known, _)| *known == kind).map(|(_, text)| text)
}
