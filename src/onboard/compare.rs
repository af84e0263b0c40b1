//! Two contracts of one extract, compared: what changed, and what of it files and SQL of the old one do not survive.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use serde_json::{Value as Json, json};

use crate::{
    decode::overlapping_added,
    diagnostic::{Answer, Diagnostic, Place, Refusal, codes::command},
    report::{Align, Page, Table},
    schema::{
        Column, Contract, Kind, date_format, read_contract, read_text,
        words::contract,
        yaml::{Node, SourceText, Value, parse},
    },
};

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// `column amount`, `file`.
    pub what: String,
    pub old: String,
    pub new: String,
    /// What it breaks; `None` where whatever the old contract read is read as before.
    pub breaks: Option<&'static str>,
}

/// Compares two contracts: names below `schemas/sources`, or files.
///
/// # Errors
/// TC0137 where one is not there; what is wrong with one, as its reader says it.
pub fn contract_diff(root: &Path, old: &str, new: &str) -> Answer<Vec<Difference>> {
    let (old, new) = (Side::read(root, old)?, Side::read(root, new)?);
    let mut all = Vec::new();
    words(&mut all, "file", &old.file, &new.file);
    for column in &old.contract.columns {
        match new.contract.columns.iter().find(|other| other.name == column.name) {
            Some(other) => of_column(&mut all, column, other, &old, &new),
            None => all.push(Difference {
                what: format!("column {}", column.name),
                old: column.physical_name.clone(),
                new: String::new(),
                breaks: Some("SQL that names it, and files that still have it unless `extra_columns: note`"),
            }),
        }
    }
    let is_new = |column: &&Column| !old.contract.columns.iter().any(|other| other.name == column.name);
    all.extend(new.contract.columns.iter().filter(is_new).map(|column| Difference {
        what: format!("column {}", column.name),
        old: String::new(),
        new: column.physical_name.clone(),
        breaks: Some("files without it"),
    }));
    Ok(all)
}

/// The changes for a person; of `breaking` only those that break something.
#[must_use]
pub fn diff_page(all: &[Difference], breaking: bool) -> Page {
    let shown: Vec<&Difference> = all.iter().filter(|change| !breaking || change.breaks.is_some()).collect();
    let mut table = Table::new(&[("of", Align::Left), ("old", Align::Left), ("new", Align::Left), ("breaks", Align::Left)]);
    for change in &shown {
        table.row([change.what.clone(), change.old.clone(), change.new.clone(), change.breaks.unwrap_or_default().to_owned()]);
    }
    let none = if breaking { "nothing that the old contract read is read otherwise\n" } else { "both say the same\n" };
    let text = if table.is_empty() { none.to_owned() } else { table.text() };
    let list: Vec<Json> = shown.iter().map(|c| json!({"of": c.what, "old": c.old, "new": c.new, "breaks": c.breaks})).collect();
    Page::new("contract_diff", text, json!(list))
}

struct Side {
    contract: Contract,
    /// Words of the whole file, and of each column by its name.
    file: Words,
    columns: BTreeMap<String, Words>,
}

type Words = BTreeMap<String, Word>;

/// A word as it is written.
#[derive(Clone, Debug, Default)]
struct Word {
    text: String,
    /// Of a list its items; a word by itself is a list of one.
    items: Vec<String>,
}

impl Side {
    fn read(root: &Path, name: &str) -> Answer<Self> {
        let in_partnership = format!("schemas/sources/{name}.odcs.yaml");
        let (root, shown) = if root.join(&in_partnership).is_file() { (root, in_partnership) } else { (Path::new(""), name.to_owned()) };
        if !root.join(&shown).is_file() {
            return Err(Diagnostic::new(command::ANSWER, format!("there is no contract `{}`", name.escape_debug()))
                .place(Place::file(shown))
                .expected("a name below schemas/sources, as ashvale/spend, or the path of a file")
                .outcome("nothing was read")
                .hint("truecost contract diff ashvale/spend new_spend.odcs.yaml")
                .into());
        }
        let text = read_text(root, &shown).map_err(|fault| Refusal::from(*fault))?;
        let source = SourceText::new(&shown, &text);
        let contract = read_contract(&source, Kind::Source, name)?;
        let (root, _) = parse(&source);
        let object = get(&root, "schema").and_then(first).cloned();
        let file = object.as_ref().map(ours).unwrap_or_default();
        let mut columns = BTreeMap::new();
        if let Some(Value::List(items)) = object.as_ref().and_then(|object| get(object, "properties")).map(|node| &node.value) {
            for item in items {
                columns.insert(get(item, "name").map(shown_node).unwrap_or_default(), ours(item));
            }
        }
        Ok(Self { contract, file, columns })
    }
}

fn get<'n>(node: &'n Node, key: &str) -> Option<&'n Node> {
    let Value::Map(entries) = &node.value else { return None };
    entries.iter().find(|entry| entry.key == key).map(|entry| &entry.value)
}

fn first(node: &Node) -> Option<&Node> {
    let Value::List(items) = &node.value else { return None };
    items.first()
}

/// The words of the `truecost` property, each as it is written.
fn ours(node: &Node) -> Words {
    let value = get(node, "customProperties").and_then(first).and_then(|property| get(property, "value"));
    let Some(Value::Map(entries)) = value.map(|node| &node.value) else { return BTreeMap::new() };
    entries.iter().map(|entry| (entry.key.clone(), Word { text: shown_node(&entry.value), items: items(&entry.value) })).collect()
}

fn items(node: &Node) -> Vec<String> {
    match &node.value {
        Value::List(items) => items.iter().map(shown_node).collect(),
        _ => vec![shown_node(node)],
    }
}

fn shown_node(node: &Node) -> String {
    match &node.value {
        Value::Scalar { text, .. } => text.clone(),
        Value::List(items) => format!("[{}]", items.iter().map(shown_node).collect::<Vec<_>>().join(", ")),
        Value::Map(entries) => {
            let inside: Vec<String> = entries.iter().map(|entry| format!("{}: {}", entry.key, shown_node(&entry.value))).collect();
            format!("{{{}}}", inside.join(", "))
        }
        Value::Refused => String::new(),
    }
}

fn of_column(all: &mut Vec<Difference>, old: &Column, new: &Column, olds: &Side, news: &Side) {
    let what = format!("column {}", old.name);
    let mut push = |kind: &str, old: &str, new: &str, breaks| {
        all.push(Difference { what: format!("{what}: {kind}"), old: old.to_owned(), new: new.to_owned(), breaks });
    };
    if old.kind != new.kind {
        push("type", old.kind.as_str(), new.kind.as_str(), Some("SQL and rows that need the old type"));
    }
    if old.physical_name != new.physical_name {
        let known = new.rules.aliases.contains(&old.physical_name);
        push("heading", &old.physical_name, &new.physical_name, if known { None } else { Some("files with the old heading") });
    }
    if old.required != new.required {
        let yes_no = |required: bool| if required { "required" } else { "may be empty" };
        push("required", yes_no(old.required), yes_no(new.required), new.required.then_some("rows in which it is empty"));
    }
    let of = |side: &Side| side.columns.get(&*old.name).cloned().unwrap_or_default();
    words(all, &what, &of(olds), &of(news));
}

/// What of the old files a word that changed does not read.
const FILES: Option<&str> = Some("files that the old word read");

/// Words that differ. A list that only grew reads what it read before, unless what was added reads the same text otherwise.
fn words(all: &mut Vec<Difference>, what: &str, old: &Words, new: &Words) {
    let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    for key in keys {
        let (before, after) = (old.get(key).cloned().unwrap_or_default(), new.get(key).cloned().unwrap_or_default());
        let (said, says) = (said(what, key, &before), said(what, key, &after));
        if said == says {
            continue;
        }
        let breaks = match key.as_str() {
            _ if reads_more(key, &said, &says) => None,
            "role" | "reason" | "public" | "summable" => None,
            "aliases" | "money" | "number" | "formats" | "encodings" | "null_words" => grown(key, &before.items, &after.items),
            _ => FILES,
        };
        all.push(Difference { what: format!("{what}: {key}"), old: before.text, new: after.text, breaks });
    }
}

/// What a word says, be it written or not.
fn said(what: &str, key: &str, word: &Word) -> String {
    if !word.text.is_empty() {
        return word.text.clone();
    }
    let of = if what == "file" { "file" } else { "column" };
    match contract().pointer(&format!("/$defs/{of}/properties/{key}/default")) {
        Some(Json::String(text)) => text.clone(),
        Some(flag @ Json::Bool(_)) => flag.to_string(),
        _ => String::new(),
    }
}

/// Whether a word that changed takes files and rows that were refused before, and reads the others as they were read.
fn reads_more(key: &str, said: &str, says: &str) -> bool {
    match key {
        "short_lines" | "absent" | "repeats_header" => says == "allowed",
        "trailing_delimiter" => (said, says) == ("false", "allowed"),
        "allow_empty" => says == "true",
        "extra_columns" => says == "note",
        "last_line_end" => says == "absent",
        "macros" => says == "ignore",
        "blank" | "noise" => said.is_empty(),
        "only" => says.is_empty(),
        _ => false,
    }
}

/// Whether a list reads what the shorter one read, as that read it.
fn grown(key: &str, before: &[String], after: &[String]) -> Option<&'static str> {
    let unsaid: &[&str] = match key {
        "money" | "number" => &["plain"],
        "null_words" => &[""],
        _ => &[],
    };
    let before: Vec<&str> = if before.is_empty() { unsaid.to_vec() } else { before.iter().map(String::as_str).collect() };
    let added: Vec<&str> = after.iter().map(String::as_str).filter(|item| !before.contains(item)).collect();
    if before.iter().any(|item| !after.iter().any(|other| other == item)) {
        return FILES;
    }
    match key {
        // The first that reads the bytes is taken.
        "encodings" if !after.iter().zip(&before).all(|(a, b)| a == b) => Some("files that an encoding before theirs reads too"),
        "money" | "number" if added.iter().any(|style| style.starts_with("implied")) => Some("amounts: their last digits are decimals now"),
        "null_words" if added.iter().any(|word| !word.is_empty()) => Some("rows in which a new word stands: it is nothing now"),
        "formats" => formats_meet(&before, &added).then_some("rows with a text that is two days now: they are quarantined"),
        _ => None,
    }
}

/// Whether a text of one of the formats is another day by one that was added.
fn formats_meet(before: &[&str], added: &[&str]) -> bool {
    let read = |texts: &[&str]| texts.iter().filter_map(|text| date_format(text).ok()).collect::<Vec<_>>();
    overlapping_added(&read(before), &read(added)).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn breaks(key: &str, before: &[&str], after: &[&str]) -> bool {
        let owned = |items: &[&str]| items.iter().map(|item| (*item).to_owned()).collect::<Vec<_>>();
        grown(key, &owned(before), &owned(after)).is_some()
    }

    #[test]
    fn a_word_that_says_what_is_so_without_it_or_takes_more_breaks_nothing() {
        let of = |what: &str, key: &str, before: &str, after: &str| {
            let side = |text: &str| {
                let word = Word { text: text.to_owned(), items: vec![text.to_owned()] };
                (!text.is_empty()).then(|| (key.to_owned(), word)).into_iter().collect::<Words>()
            };
            let mut all = Vec::new();
            words(&mut all, what, &side(before), &side(after));
            all
        };
        for (what, key, before, after) in [
            ("file", "quote", "", "\""),
            ("file", "escape", "doubled", ""),
            ("file", "trailing_delimiter", "", "false"),
            ("column amount", "includes_vat", "unknown", ""),
            ("column amount", "trim", "false", ""),
        ] {
            assert_eq!(of(what, key, before, after), [], "{key}");
        }
        for (what, key, before, after) in [
            ("file", "short_lines", "", "allowed"),
            ("file", "trailing_delimiter", "", "allowed"),
            ("file", "last_line_end", "present", "absent"),
            ("column amount", "blank", "", "nought"),
            ("column amount", "noise", "", "0.000001"),
            ("column z", "absent", "refused", "allowed"),
        ] {
            assert!(of(what, key, before, after).iter().all(|change| change.breaks.is_none()), "{key}: more");
            assert_eq!(of(what, key, before, after).len(), 1, "{key}");
            assert!(of(what, key, after, before).iter().all(|change| change.breaks.is_some()), "{key}: less");
        }
        assert!(
            of("file", "trailing_delimiter", "true", "allowed")[0].breaks.is_some(),
            "a delimiter that was left off is an empty field now"
        );
        assert!(of("file", "stray_quotes", "", "text")[0].breaks.is_some(), "a quoted field ends on its line now");
    }

    #[test]
    fn what_was_added_may_read_the_same_text_otherwise() {
        for (key, before, after) in [
            ("null_words", &["", "NONE"][..], &["", "NONE", "Waste"][..]),
            ("null_words", &[], &["", "0.00"]),
            ("null_words", &["", "NONE"], &["", "NIL"]),
            ("money", &["plain"], &["plain", "implied(2)"]),
            ("number", &["plain"], &["plain", "implied(3)"]),
            ("money", &[], &["commas"]),
            ("formats", &["dd/mm/yyyy"], &["dd/mm/yyyy", "mm/dd/yyyy"]),
            ("formats", &["excel"], &["excel", "ddmmyy(pivot=50)"]),
            ("formats", &["dd/mm/yyyy"], &["yyyy-mm-dd"]),
            ("encodings", &["utf-8", "windows-1252"], &["windows-1252", "utf-8"]),
            ("encodings", &["windows-1252"], &["utf-8", "windows-1252"]),
            ("aliases", &["Ref"], &["Reference"]),
        ] {
            assert!(breaks(key, before, after), "{key}: {before:?} to {after:?}");
        }
        for (key, before, after) in [
            ("null_words", &[][..], &[""][..]),
            ("money", &["plain"], &["plain", "commas", "brackets"]),
            ("money", &[], &["plain", "crdr"]),
            ("formats", &["dd/mm/yyyy"], &["dd/mm/yyyy", "yyyy-mm-dd", "dd mmm yyyy"]),
            ("formats", &["dd/mm/yyyy"], &["excel", "dd/mm/yyyy"]),
            ("encodings", &["utf-8"], &["utf-8", "windows-1252"]),
            ("aliases", &[], &["Reference"]),
        ] {
            assert!(!breaks(key, before, after), "{key}: {before:?} to {after:?}");
        }
    }
}
