//! The words of the whole file: what cuts it into records and fields.

use super::{draft::quoted_in_list, evidence::Evidence};
use crate::{
    profile::{Container, Format, Profile},
    schema::words,
};

/// A word of the file with its value as YAML, and what was seen.
pub type FileWord = (&'static str, String, String);

/// Lines within which a contract looks for the headings if it says nothing.
const LOOKED_AT: u64 = 20;

/// How the samples are laid out; what no word says goes to `cannot`.
#[must_use]
pub fn layout(evidence: &Evidence, cannot: &mut Vec<String>) -> Vec<FileWord> {
    let profiles: Vec<&Profile> = evidence.samples.iter().map(|sample| &sample.profile).collect();
    let Some(first) = profiles.first() else { return Vec::new() };
    if profiles.iter().any(|profile| profile.format != first.format) {
        cannot.push("some samples are text and others are workbooks".to_owned());
    }
    let mut said = match first.format {
        Format::Delimited => delimited(&profiles, cannot),
        Format::Workbook => workbook(&profiles, cannot),
        Format::Fixed => {
            cannot.push("columns at fixed places, whose file names none: give their places with --layout".to_owned());
            Vec::new()
        }
    };
    said.extend(packed(&profiles, cannot));
    said.extend(header(&profiles, cannot));
    said
}

/// How the samples are packed, and which file of an archive is read.
fn packed(profiles: &[&Profile], cannot: &mut Vec<String>) -> Vec<FileWord> {
    let Some(first) = profiles.first() else { return Vec::new() };
    if profiles.iter().any(|profile| profile.container != first.container) {
        cannot.push("some samples are packed and others are not: unpack them all, or pack them all alike".to_owned());
    }
    let word = match first.container {
        Container::None => return Vec::new(),
        Container::Gzip => "gzip",
        Container::Zip => "zip",
    };
    let inside = first.member.as_ref().map(|member| format!("holds {member}")).unwrap_or_default();
    vec![("container", word.to_owned(), inside)]
}

fn delimited(profiles: &[&Profile], cannot: &mut Vec<String>) -> Vec<FileWord> {
    let mut said: Vec<FileWord> = vec![("format", "delimited".to_owned(), String::new())];
    let delimiters: Vec<Option<char>> = profiles.iter().map(|profile| profile.layout.delimiter).collect();
    match delimiters.first().copied().flatten() {
        Some(one) if delimiters.iter().all(|other| *other == Some(one)) => {
            let word = if one == '\t' { "tab".to_owned() } else { serde_json::Value::from(one.to_string()).to_string() };
            said.push(("delimiter", word, "in all samples".to_owned()));
        }
        _ => cannot.push("another delimiter in each sample".to_owned()),
    }
    if profiles.iter().all(|profile| profile.layout.quote.is_none()) {
        said.push(("quote", "none".to_owned(), "a quote mark is text".to_owned()));
    }
    if profiles.iter().any(|profile| profile.layout.backslash) {
        said.push(("escape", "backslash".to_owned(), String::new()));
    }
    said.push(encodings(profiles, cannot));
    let all = |of: &dyn Fn(&Profile) -> bool| profiles.iter().all(|profile| of(profile));
    if all(&|profile| profile.layout.trailing_delimiter) {
        said.push(("trailing_delimiter", "true".to_owned(), "each line ends in one".to_owned()));
    }
    if all(&|profile| profile.text.as_ref().is_some_and(|text| text.open_end)) {
        said.push(("last_line_end", "absent".to_owned(), "the last line of no sample has a line end".to_owned()));
    }
    if profiles.iter().any(|profile| profile.layout.bars) {
        need_file(&mut said, "borders", "true", "bars at both ends of each line", cannot);
    }
    if profiles.iter().any(|profile| profile.layout.formula_texts > 0) {
        need_file(&mut said, "formula_texts", "true", "codes written as formulas, `=\"00123\"`", cannot);
    }
    said
}

fn encodings(profiles: &[&Profile], cannot: &mut Vec<String>) -> FileWord {
    let mut found: Vec<String> = Vec::new();
    for text in profiles.iter().filter_map(|profile| profile.text.as_ref()) {
        // ASCII is read alike by all of them.
        let word = if text.ascii && !text.encoding.starts_with("utf-16") { "utf-8".to_owned() } else { text.encoding.clone() };
        if !found.contains(&word) {
            found.push(word);
        }
    }
    found.sort_by_key(|word| word != "utf-8");
    let known = words::contract().pointer("/$defs/file/properties/encodings/items/enum").and_then(serde_json::Value::as_array);
    for word in &found {
        if !known.is_some_and(|known| known.iter().any(|k| k == word)) {
            cannot.push(format!("the encoding {word}"));
        }
    }
    ("encodings", format!("[{}]", found.join(", ")), String::new())
}

fn workbook(profiles: &[&Profile], cannot: &mut Vec<String>) -> Vec<FileWord> {
    let mut said: Vec<FileWord> = vec![("format", "workbook".to_owned(), String::new())];
    let sheets: Vec<Option<&String>> = profiles.iter().map(|profile| profile.sheet.as_ref()).collect();
    for profile in profiles {
        let of = profile.sheets.iter().find(|sheet| Some(&sheet.name) == profile.sheet.as_ref());
        if of.is_some_and(|sheet| sheet.tables.len() > 1) {
            cannot.push("tables that stand side by side on one sheet: each is a feed of its own, of a file of its own".to_owned());
        }
    }
    let one = sheets.first().copied().flatten().filter(|one| sheets.iter().all(|other| *other == Some(*one)));
    let alone = profiles.iter().all(|profile| profile.sheets.iter().filter(|sheet| sheet.cells > 0).count() <= 1);
    let value = match one {
        _ if alone => "only".to_owned(),
        Some(one) => quoted_in_list(one),
        None => {
            cannot.push("data on sheets of other names in each sample".to_owned());
            String::new()
        }
    };
    need_file(&mut said, "sheet", &value, "the sheet", cannot);
    said
}

fn header(profiles: &[&Profile], cannot: &mut Vec<String>) -> Vec<FileWord> {
    if profiles.iter().any(|profile| profile.header.line.is_none() && profile.rows.records > 0) {
        cannot.push("a file that does not name its columns".to_owned());
    }
    if profiles.iter().any(|profile| profile.header.records > 1) {
        need("header", "lines", "headings over two records", cannot);
    }
    if profiles.iter().any(|profile| profile.header.repeats > 0) {
        need("repeats_header", "", "headings that stand in the file again", cannot);
    }
    let repeats = profiles.iter().any(|profile| profile.header.repeats > 0);
    let deepest = profiles.iter().filter_map(|profile| profile.header.line).max().unwrap_or(1);
    let mut inside: Vec<String> = Vec::new();
    if deepest > LOOKED_AT {
        inside.push(format!("within_rows: {}", deepest + 10));
    }
    if profiles.iter().any(|profile| profile.left_out.iter().any(|left| left.reason == crate::profile::Reason::TotalAbove)) {
        inside.push("holds: total".to_owned());
    }
    let records = profiles.iter().map(|profile| profile.header.records).max().unwrap_or(1);
    if records > 1 {
        inside.push(format!("lines: {records}"));
    }
    let header = (!inside.is_empty()).then(|| ("header", format!("{{{}}}", inside.join(", ")), format!("on line {deepest} at the latest")));
    header.into_iter().chain(repeats.then(|| ("repeats_header", "allowed".to_owned(), "on each page".to_owned()))).collect()
}

/// Notes what no word says: a key of the file, or one below it.
fn need(key: &str, below: &str, what: &str, cannot: &mut Vec<String>) {
    let node = words::contract().pointer(&format!("/$defs/file/properties/{key}"));
    // A mapping may be one of several shapes.
    let has = |node: &serde_json::Value| node.to_string().contains(&format!("\"{below}\":{{"));
    if !node.is_some_and(|node| below.is_empty() || has(node)) {
        cannot.push(what.to_owned());
    }
}

fn need_file(said: &mut Vec<FileWord>, key: &'static str, value: &str, what: &str, cannot: &mut Vec<String>) {
    if words::file_keys().contains(&key) {
        said.push((key, value.to_owned(), what.to_owned()));
    } else {
        cannot.push(what.to_owned());
    }
}
