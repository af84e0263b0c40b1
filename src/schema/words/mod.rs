//! The words of a contract, written once: in `contract.json`, beside this file.
//!
//! It is the JSON Schema that `truecost schema contract` prints for editors, the list of keys that the reader knows (so what it suggests
//! and what it names in errors), and the text of `truecost explain contract | dates | money | <key>`. The words of a feed stand likewise
//! in `src/pipeline/json/feed.json`.
//!
//! # Adding a word
//!
//! | a word is | it goes to | with |
//! |---|---|---|
//! | a key of the whole file | `$defs.file.properties` | `description`, `x-example` |
//! | a key of a column | `$defs.column.properties` | `description`, `x-example`, and `x-of` where it belongs to one type of column |
//! | a way to write money | `$defs.money_style.anyOf` | `const`, `description`, `x-text` (as in a file), `x-means` (pounds) |
//! | a part of a date format | `$defs.date_format.x-words` | `title`, `description`, `x-format`, `x-text`, `x-means` (the day) |
//! | a key of a feed | `src/pipeline/json/feed.json`, and `KEYS` of `pipeline/feed.rs` | `description`, `x-example` |
//! | a part of file names | `files.x-words` of `feed.json` | `title`, `description`, `x-format`, `x-text`, `x-means` (what it covers) |
//!
//! Until it stands there the reader refuses it as an unknown key; `tests/it/words.rs` runs every example, and names what has none.

use std::sync::LazyLock;

use serde_json::{Map, Value};

/// The JSON Schema of a source's contract.
pub const CONTRACT: &str = include_str!("contract.json");

static SCHEMA: LazyLock<Value> = LazyLock::new(|| serde_json::from_str(CONTRACT).unwrap_or_default());
static FILE: LazyLock<Vec<&'static str>> = LazyLock::new(|| keys_of("file"));
static COLUMN: LazyLock<Vec<&'static str>> = LazyLock::new(|| keys_of("column"));

/// The contract's JSON Schema, read.
#[must_use]
pub fn contract() -> &'static Value {
    &SCHEMA
}

/// Keys of the `truecost` property of the whole file, in the order in which they are told.
#[must_use]
pub fn file_keys() -> &'static [&'static str] {
    &FILE
}

/// Keys of the `truecost` property of a column.
#[must_use]
pub fn column_keys() -> &'static [&'static str] {
    &COLUMN
}

/// How a key of ours stands in a contract.
#[must_use]
pub fn wrapped(key: &str) -> String {
    format!("customProperties: [{{property: truecost, vendor: truecost, value: {{{key}: …}}}}]")
}

/// Where a key of a contract stands that was written at a level whose keys are `known`; `None` where the contract has no such key.
#[must_use]
pub(super) fn stands_elsewhere(known: &[&str], key: &str) -> Option<String> {
    use super::{column, odcs};
    let levels = [odcs::TOP_KEYS, odcs::SCHEMA_KEYS, column::COLUMN_KEYS, column::PROPERTY_KEYS];
    if !levels.contains(&known) && known != file_keys() && known != column_keys() {
        return None;
    }
    let of_file = file_keys().contains(&key).then(|| format!("`{key}` is said of the whole file, beside `properties`"));
    let of_column = column_keys().contains(&key).then(|| format!("`{key}` is said of a column, below its name"));
    let said = if known == column::COLUMN_KEYS { of_column.or(of_file) } else { of_file.or(of_column) };
    said.map(|said| format!("{said}: `{}`", wrapped(key)))
}

fn keys_of(of: &str) -> Vec<&'static str> {
    let properties = SCHEMA.pointer(&format!("/$defs/{of}/properties")).and_then(Value::as_object);
    properties.map(Map::keys).into_iter().flatten().map(String::as_str).collect()
}

/// `one of `plain`, `commas`, …`: the ways to write money, for messages; of `number` those that fit a quantity.
#[must_use]
pub fn money_styles(fits: impl Fn(&str) -> bool) -> String {
    let styles = SCHEMA.pointer("/$defs/money_style/anyOf").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let word = |style: &'static Value| style.get("const").or_else(|| style.get("title")).and_then(Value::as_str);
    let words: Vec<String> = styles.iter().filter_map(word).filter(|word| fits(word)).map(|word| format!("`{word}`")).collect();
    format!("one of {}", words.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_read_and_knows_its_first_words() {
        assert_eq!(file_keys().first(), Some(&"format"));
        assert_eq!(column_keys().first(), Some(&"aliases"));
        assert!(file_keys().len() > 10 && column_keys().len() > 10);
    }

    #[test]
    fn a_key_at_another_level_is_told_where_it_stands() {
        use super::super::column::COLUMN_KEYS;
        let told = |known: &[&str], key: &str| stands_elsewhere(known, key).unwrap_or_default();
        let whole = "`aliases` is said of a column, below its name: `customProperties: [{property: truecost, vendor: truecost, value: {aliases: …}}]`";
        assert_eq!(told(COLUMN_KEYS, "aliases"), whole);
        assert_eq!(told(file_keys(), "aliases"), whole);
        assert!(told(COLUMN_KEYS, "delimiter").starts_with("`delimiter` is said of the whole file, beside `properties`: "));
        assert!(told(column_keys(), "footer").starts_with("`footer` is said of the whole file"));
        assert_eq!(told(COLUMN_KEYS, "alias"), "");
        assert_eq!(told(&["contract", "into"], "aliases"), "", "a feed has other keys");
    }

    #[test]
    fn editors_know_the_keys_of_the_contract_itself_and_no_others() {
        use super::super::{column, odcs};
        let object = "/properties/schema/items";
        let levels = [
            (String::new(), odcs::TOP_KEYS),
            ("/properties/description".to_owned(), odcs::DESCRIPTION_KEYS),
            ("/properties/servers/items".to_owned(), odcs::SERVER_KEYS),
            (object.to_owned(), odcs::SCHEMA_KEYS),
            (format!("{object}/properties/properties/items"), column::COLUMN_KEYS),
            ("/$defs/of_file".to_owned(), column::PROPERTY_KEYS),
            ("/$defs/of_column".to_owned(), column::PROPERTY_KEYS),
        ];
        for (level, known) in levels {
            let node = SCHEMA.pointer(&level).unwrap();
            let mut keys: Vec<&str> = node["properties"].as_object().unwrap().keys().map(String::as_str).collect();
            let mut known = known.to_vec();
            keys.sort_unstable();
            known.sort_unstable();
            assert_eq!(keys, known, "{level}");
            assert_eq!(node["additionalProperties"], false, "{level}");
        }
    }
}
