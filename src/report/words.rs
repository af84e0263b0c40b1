//! `truecost explain <word>` and `truecost schema`: the words of contracts and feeds, from the one table of them.

use serde_json::{Map, Value, json};

use super::page::{Align, Page, Table};
use crate::{
    diagnostic::{Answer, Diagnostic, Refusal, codes},
    engine::{EXAMPLES, FunctionKind, functions as known_functions},
    pipeline::json_schema,
    schema::{fields::did_you_mean, suggest::nearest, words},
};

/// The kinds of files, each with where it stands; their JSON Schemas have these names.
pub const KINDS: [(&str, &str); 5] = [
    ("contract", "schemas/sources/<council>/<feed>.odcs.yaml"),
    ("feed", "pipelines/<council>/<feed>.yaml"),
    ("partnership", "pipelines/partnership.yaml"),
    ("cost", "pipelines/cost/cost.yaml"),
    ("notify", "pipelines/notify.yaml"),
];

const FUNCTIONS_TOPIC: &str = "functions";
/// Topics of small words.
const TOPICS: [&str; 3] = ["dates", "money", "files"];

/// A word where it stands: the kind of its file, the keys that lead to it, and what the table says of it.
struct Found {
    kind: &'static str,
    path: Vec<String>,
    node: Value,
    needed: bool,
}

impl Found {
    /// `covers.extent`.
    fn name(&self) -> String {
        self.path.join(".")
    }

    /// `of a feed, pipelines/<council>/<feed>.yaml`.
    fn place(&self) -> String {
        let file = KINDS.iter().find(|(kind, _)| *kind == self.kind).map_or("", |(_, file)| file);
        format!("{}, {file}", self.kind)
    }
}

/// What a word means: a topic (`contract`, `dates`, `money`, `files`, `functions`), or any key.
///
/// # Errors
/// TC0135 where no file knows the word.
pub fn word(asked: &str) -> Answer<Page> {
    let all = all_words();
    if asked == FUNCTIONS_TOPIC {
        return Ok(functions());
    }
    if KINDS.iter().any(|(kind, _)| *kind == asked) {
        return Ok(keys_of(asked, &all));
    }
    if let Some(found) = topic(asked) {
        return Ok(small_words(asked, &found));
    }
    let short = |found: &Found| found.path.last().is_some_and(|last| last == asked);
    let mut found: Vec<&Found> = all.iter().filter(|found| found.name() == asked || short(found)).collect();
    if found.is_empty() {
        return topic_with(asked).map(|(of, node)| small_words(of, &node)).ok_or_else(|| unknown(asked, &all));
    }
    found.sort_by_key(|found| found.path.len());
    let text = found.iter().map(|found| key_page(found)).collect::<Vec<_>>().join("\n");
    let list: Vec<Value> = found.iter().map(|found| as_json(found)).collect();
    Ok(Page::new("word", text, json!({"word": asked, "found": list})))
}

/// The JSON Schema of a kind of file, for an editor; what there are, if none is named.
///
/// # Errors
/// TC0135 where there is none of that name.
pub fn schema(kind: Option<&str>) -> Answer<Page> {
    let Some(kind) = kind else {
        let mut table = Table::new(&[("file", Align::Left), ("its JSON Schema", Align::Left)]);
        KINDS.iter().for_each(|(kind, file)| table.row([(*file).to_owned(), format!("truecost schema {kind} > {kind}.schema.json")]));
        let list: Vec<Value> = KINDS.iter().map(|(kind, file)| json!({"kind": kind, "file": file})).collect();
        return Ok(Page::new("schemas", table.text(), json!(list)));
    };
    let text = text_of(kind).ok_or_else(|| -> Refusal {
        let near = nearest(kind, KINDS.iter().map(|(kind, _)| *kind));
        let known: Vec<String> = KINDS.iter().map(|(kind, _)| format!("`{kind}`")).collect();
        Diagnostic::new(codes::command::UNKNOWN_WORD, format!("no kind of file is called `{}`", kind.escape_debug()))
            .expected(format!("one of {}", known.join(", ")))
            .outcome("nothing was read")
            .hint(near.map_or_else(|| "truecost schema".to_owned(), |near| format!("truecost schema {near}")))
            .into()
    })?;
    let read: Value = serde_json::from_str(text).unwrap_or_default();
    Ok(Page::new("schema", text.to_owned(), read).exact())
}

fn text_of(kind: &str) -> Option<&'static str> {
    if kind == "contract" { Some(words::CONTRACT) } else { json_schema(kind) }
}

fn unknown(asked: &str, all: &[Found]) -> Refusal {
    let topics = std::iter::once(FUNCTIONS_TOPIC).chain(TOPICS).chain(KINDS.iter().map(|(kind, _)| *kind));
    let keys = all.iter().filter_map(|found| found.path.last().map(String::as_str));
    let near = nearest(asked, topics.chain(keys));
    let known =
        "`contract`, `feed`, `partnership`, `cost`, `notify`, `dates`, `money`, `files`, `functions`, or a key of one of these files";
    Diagnostic::new(codes::command::UNKNOWN_WORD, format!("no file of a partnership knows the word `{}`", asked.escape_debug()))
        .expected(known)
        .outcome("nothing was read")
        .hint(
            near.map_or_else(
                || "truecost explain contract".to_owned(),
                |near| format!("{} truecost explain {near}", did_you_mean(Some(near))),
            ),
        )
        .into()
}

/// Every key of every kind of file, in the order of the table.
fn all_words() -> Vec<Found> {
    let mut all = Vec::new();
    for (kind, _) in KINDS {
        let root = root(kind);
        if kind == "contract" {
            for (of, said) in [("file", "of the whole file"), ("column", "of a column")] {
                let node = root.pointer(&format!("/$defs/{of}")).cloned().unwrap_or_default();
                let start = all.len();
                gather(kind, &root, &node, &[], &mut all);
                for found in all.iter_mut().skip(start) {
                    note(&mut found.node, "x-level", said);
                }
            }
        } else {
            gather(kind, &root, &root, &[], &mut all);
        }
    }
    all
}

fn note(node: &mut Value, key: &str, text: &str) {
    if let Some(fields) = node.as_object_mut() {
        fields.insert(key.to_owned(), json!(text));
    }
}

fn root(kind: &str) -> Value {
    text_of(kind).and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

/// The keys below a node, and theirs.
fn gather(kind: &'static str, root: &Value, node: &Value, path: &[String], all: &mut Vec<Found>) {
    let node = resolved(root, node);
    for (key, below) in properties(&node) {
        let mut path = path.to_vec();
        path.push(key.clone());
        let below = resolved(root, &below);
        all.push(Found { kind, path: path.clone(), needed: is_needed(&node, &key), node: below.clone() });
        gather(kind, root, &below, &path, all);
    }
    for inner in inside(&node) {
        gather(kind, root, &inner, path, all);
    }
}

fn is_needed(node: &Value, key: &str) -> bool {
    node.get("required").and_then(Value::as_array).is_some_and(|keys| keys.iter().any(|needed| needed == key))
}

fn properties(node: &Value) -> Vec<(String, Value)> {
    let fields = node.get("properties").and_then(Value::as_object);
    fields.into_iter().flatten().map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// What stands in a list, behind keys that are data, or is one of several shapes.
fn inside(node: &Value) -> Vec<Value> {
    let one = ["items", "additionalProperties"].iter().filter_map(|key| node.get(*key)).filter(|value| value.is_object()).cloned();
    let several = ["anyOf", "oneOf"].iter().filter_map(|key| node.get(*key)?.as_array()).flatten().cloned();
    one.chain(several).collect()
}

/// The node, where it only names another of the schema.
fn resolved(root: &Value, node: &Value) -> Value {
    let pointer = node.get("$ref").and_then(Value::as_str).and_then(|name| name.strip_prefix('#'));
    let Some(named) = pointer.and_then(|pointer| root.pointer(pointer)) else { return node.clone() };
    let mut whole = named.clone();
    if let (Some(whole), Some(beside)) = (whole.as_object_mut(), node.as_object()) {
        whole.extend(beside.iter().filter(|(key, _)| *key != "$ref").map(|(key, value)| (key.clone(), value.clone())));
    }
    whole
}

fn text<'n>(node: &'n Value, key: &str) -> &'n str {
    node.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// The node of small words that is called so: `dates`, `money`, `files`.
fn topic(asked: &str) -> Option<Value> {
    fn find(node: &Value, asked: &str) -> Option<Value> {
        match node {
            Value::Object(fields) if text(node, "x-topic") == asked => Some(Value::Object(fields.clone())),
            Value::Object(fields) => fields.values().find_map(|below| find(below, asked)),
            Value::Array(items) => items.iter().find_map(|below| find(below, asked)),
            _ => None,
        }
    }
    KINDS.iter().find_map(|(kind, _)| find(&root(kind), asked))
}

/// The topic that has this word: `brackets` is one of `money`. What may be a key, too, is looked up as a key.
fn topic_with(asked: &str) -> Option<(&'static str, Value)> {
    let has = |node: &Value| words_of(node).into_iter().any(|word| word_name(word) == asked);
    TOPICS.into_iter().find_map(|name| topic(name).filter(has).map(|node| (name, node)))
}

/// The words of a topic, or of a choice: name, meaning, example.
fn words_of(node: &Value) -> Vec<&Map<String, Value>> {
    let lists = ["x-words", "anyOf", "oneOf"].iter().filter_map(|key| node.get(*key)?.as_array()).flatten();
    lists.filter_map(Value::as_object).filter(|word| word.contains_key("const") || word.contains_key("title")).collect()
}

fn word_name(word: &Map<String, Value>) -> &str {
    ["title", "const"].iter().find_map(|key| word.get(*key).and_then(Value::as_str)).unwrap_or_default()
}

fn small_words(asked: &str, node: &Value) -> Page {
    let words = words_of(node);
    let said = |word: &Map<String, Value>, key: &str| word.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let by = if asked == "money" { None } else { Some(if asked == "files" { "pattern" } else { "format" }) };
    let read = if asked == "files" { "name" } else { "text" };
    let mut columns = vec![("word", Align::Left), ("what it is", Align::Left)];
    columns.extend(by.map(|by| (by, Align::Left)));
    columns.extend([(read, Align::Left), ("is read as", Align::Left)]);
    let mut table = Table::new(&columns);
    for word in &words {
        let mut cells = vec![word_name(word).to_owned(), said(word, "description")];
        cells.extend(by.map(|_| said(word, "x-format")));
        cells.extend([said(word, "x-text"), said(word, "x-means")]);
        table.row(cells);
    }
    let page = format!("{}\n\n{}", text(node, "description"), table.text());
    Page::new("words", page, json!({"topic": asked, "words": words}))
}

fn functions() -> Page {
    let all = known_functions();
    let mut page = String::from(
        "What SQL may call; operators, CASE, CAST, LIKE, IN and BETWEEN as ever. What reads the clock, draws lots, rounds or divides is not there.\n",
    );
    let kinds = [
        (FunctionKind::Scalar, "Over one row, in the SQL of a feed too:"),
        (FunctionKind::Aggregate, "Over the rows of a group, in pipelines/cost and in questions:"),
        (FunctionKind::Window, "Over the rows around one, there too:"),
    ];
    let example = |name: &str| EXAMPLES.iter().find(|example| example.name == name);
    for (kind, heading) in kinds {
        let mut table = Table::new(&[("function", Align::Left), ("example", Align::Left), ("gives", Align::Left)]);
        for function in all.iter().filter(|function| function.kind == kind) {
            let example = example(function.name).filter(|_| kind == FunctionKind::Scalar);
            let [shown, gives] = example.map_or(["", ""], |example| [example.example, example.gives]);
            table.row([function.usage.to_owned(), shown.to_owned(), gives.to_owned()]);
        }
        page.push_str(&format!("\n{heading}\n\n{}", table.text()));
    }
    page.push_str("\nA question (`truecost query`) may also call what rounds: round, floor, ceil, avg, median and others.\n");
    let list: Vec<Value> = all
        .iter()
        .map(|function| {
            let example = example(function.name).filter(|_| function.kind == FunctionKind::Scalar);
            let kind = match function.kind {
                FunctionKind::Scalar => "scalar",
                FunctionKind::Aggregate => "aggregate",
                FunctionKind::Window => "window",
            };
            json!({
                "name": function.name, "kind": kind, "usage": function.usage,
                "example": example.map(|example| example.example), "gives": example.map(|example| example.gives),
            })
        })
        .collect();
    Page::new("functions", page, json!(list))
}

/// All keys of a kind of file, a line each.
fn keys_of(kind: &str, all: &[Found]) -> Page {
    let levels = [("", ""), ("of the whole file", "Of the whole file:\n\n"), ("of a column", "\nOf a column:\n\n")];
    let mut page = String::new();
    for (level, heading) in levels {
        let mut table = Table::new(&[("key", Align::Left), ("what it says", Align::Left), ("example", Align::Left)]);
        let of_level = all.iter().filter(|found| found.kind == kind && found.path.len() == 1 && text(&found.node, "x-level") == level);
        for found in of_level {
            let needed = if found.needed { " (needed)" } else { "" };
            let shown = example_of(&found.name(), text(&found.node, "x-example")).to_owned();
            table.row([format!("{}{needed}", found.name()), text(&found.node, "description").to_owned(), shown]);
        }
        if !table.is_empty() {
            page.push_str(heading);
            page.push_str(&table.text());
        }
    }
    page.push_str(&format!("\ntruecost explain KEY says more of one; truecost schema {kind} prints the JSON Schema for an editor\n"));
    let list: Vec<Value> = all.iter().filter(|found| found.kind == kind).map(as_json).collect();
    Page::new("words", page, json!({"topic": kind, "keys": list}))
}

/// The line of an example in which the key stands.
fn example_of<'e>(key: &str, example: &'e str) -> &'e str {
    let own = example.lines().find(|line| line.contains(&format!("{key}:")));
    own.or_else(|| example.lines().next()).unwrap_or_default()
}

/// What may stand for a value, in words.
fn takes(node: &Value) -> String {
    let words: Vec<&str> = words_of(node).into_iter().map(word_name).collect();
    let choice = node.get("enum").and_then(Value::as_array);
    if let Some(choice) = choice {
        return choice.iter().map(|word| word.as_str().map_or_else(|| word.to_string(), str::to_owned)).collect::<Vec<_>>().join(" | ");
    }
    if let Some(only) = node.get("const") {
        return only.as_str().map_or_else(|| only.to_string(), str::to_owned);
    }
    match text(node, "type") {
        "boolean" => "true | false".to_owned(),
        "integer" | "number" => "a number".to_owned(),
        "array" => {
            let of = node.get("items").map(takes).unwrap_or_default();
            if of.is_empty() { "a list".to_owned() } else { format!("a list of: {of}") }
        }
        "object" => "a mapping".to_owned(),
        "string" => "a text".to_owned(),
        _ if !words.is_empty() && words.len() == inside(node).len() => words.join(" | "),
        _ => {
            let several: Vec<String> = inside(node).iter().map(takes).filter(|takes| !takes.is_empty()).collect();
            several.join(", or ")
        }
    }
}

/// Its own keys, or those of the mappings that stand in it as a list.
fn keys_below(node: &Value) -> Vec<(String, Value)> {
    let own = properties(node);
    if own.is_empty() { inside(node).iter().flat_map(keys_below).collect() } else { own }
}

fn key_page(found: &Found) -> String {
    let node = &found.node;
    let level = text(node, "x-level");
    let of = if level.is_empty() { format!("in a {}", found.place()) } else { format!("{level}, in a {}", found.place()) };
    let mut page = format!("{}: {of}\n\n{}\n", found.name(), text(node, "description"));
    let mut line = |what: &str, said: String| {
        if !said.is_empty() {
            page.push_str(&format!("{what:>9}  {said}\n"));
        }
    };
    line("takes", takes(node));
    let default = node.get("default").map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    line("default", default.unwrap_or_default());
    line("columns", text(node, "x-of").to_owned());
    line("needed", if found.needed { "always".to_owned() } else { String::new() });
    line("example", text(node, "x-example").replace('\n', "\n           "));
    let stands = if level.is_empty() { String::new() } else { words::wrapped(found.path.first().map_or("", String::as_str)) };
    line("stands in", stands);
    let below = keys_below(node);
    let words: Vec<_> = words_of(node).into_iter().filter(|word| word.contains_key("description")).collect();
    if !below.is_empty() || !words.is_empty() {
        let mut table = Table::new(&[("word", Align::Left), ("what it says", Align::Left), ("takes", Align::Left)]);
        for (key, inner) in &below {
            let inner = resolved(&root(found.kind), inner);
            table.row([key.clone(), text(&inner, "description").to_owned(), takes(&inner)]);
        }
        for word in words {
            let said = word.get("description").and_then(Value::as_str).unwrap_or_default();
            table.row([word_name(word).to_owned(), said.to_owned(), String::new()]);
        }
        page.push_str(&format!("\n{}", table.text()));
    }
    page
}

fn as_json(found: &Found) -> Value {
    let node = &found.node;
    json!({
        "in": found.kind, "level": node.get("x-level"), "path": found.name(), "needed": found.needed, "says": node.get("description"),
        "takes": takes(node), "default": node.get("default"), "type": node.get("x-of"), "example": node.get("x-example"),
    })
}
