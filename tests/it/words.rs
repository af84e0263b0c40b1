//! The table of words: each key has an example, and each example is read as the table says.

use std::{fs, path::Path};

use arrow::util::display::array_value_to_string;
use serde_json::Value;
use truecost::{
    pipeline::{self, json_schema},
    schema::{Kind, read_contract, words, yaml::SourceText},
};

use crate::{decode::driver::judge, places};

const HEAD: &str =
    "apiVersion: v3.2.0\nkind: DataContract\nid: x\nversion: 1.0.0\nstatus: active\nschema:\n- name: extract\n  physicalType: file\n";

fn ours(value: &str) -> String {
    format!("customProperties: [{{property: truecost, vendor: truecost, value: {{{value}}}}}]")
}

/// A contract with these words for the file, and one more column with these; columns that examples name are there.
fn contract(file: &str, column: &str, kind: &str) -> String {
    let known = ["format: delimited", "delimiter: \",\"", "encodings: [utf-8]"];
    let key = |text: &str| text.split(':').next().unwrap_or_default().to_owned();
    let base: Vec<&str> = known.into_iter().filter(|word| key(word) != key(file)).chain((!file.is_empty()).then_some(file)).collect();
    let more = match (kind, column) {
        ("DATE", text) if !text.contains("formats:") => format!("formats: [dd/mm/yyyy], {text}").trim_end_matches(", ").to_owned(),
        (_, text) => text.to_owned(),
    };
    let more = if more.is_empty() { String::new() } else { format!(", {}", ours(&more)) };
    format!(
        "{HEAD}  {}\n  properties:\n  - {{name: document, physicalType: VARCHAR}}\n  - {{name: amount, physicalType: \"DECIMAL(18,2)\"}}\n  - {{name: dc, physicalType: VARCHAR}}\n  - {{name: net, physicalType: VARCHAR}}\n  - {{name: vat, physicalType: VARCHAR}}\n  - {{name: gross, physicalType: VARCHAR}}\n  - {{name: word, physicalType: \"{kind}\"{more}}}\n",
        ours(&base.join(", "))
    )
}

/// The same of fixed width: four columns over a line of 24 characters.
fn fixed(file: &str, column: &str) -> String {
    let known = ["format: fixed", "unit: characters", "length: 24", "encodings: [utf-8]"];
    let given: Vec<&str> = file.split(", ").filter_map(|word| word.split_once(':')).map(|(key, _)| key).collect();
    let base: Vec<&str> = known.into_iter().filter(|word| !given.contains(&word.split(':').next().unwrap_or_default())).collect();
    let all: Vec<&str> = base.into_iter().chain((!file.is_empty()).then_some(file)).collect();
    let last = if column.is_empty() { "from: 19, to: 24" } else { column };
    format!(
        "{HEAD}  {}\n  properties:\n  - {{name: document, physicalType: VARCHAR, {}}}\n  - {{name: amount, physicalType: \"DECIMAL(18,2)\", {}}}\n  - {{name: dc, physicalType: VARCHAR, {}}}\n  - {{name: word, physicalType: VARCHAR, {}}}\n",
        ours(&all.join(", ")),
        ours("from: 1, to: 8"),
        ours("from: 9, to: 16"),
        ours("from: 17, to: 18"),
        ours(last)
    )
}

/// The same of a sheet.
fn workbook(file: &str) -> String {
    format!("{HEAD}  {}\n  properties:\n  - {{name: document, physicalType: VARCHAR}}\n", ours(&format!("format: workbook, {file}")))
}

fn faults(text: &str) -> Vec<String> {
    let read = read_contract(&SourceText::new("schemas/sources/a/b.odcs.yaml", text), Kind::Source, "a/b");
    read.err().map(|refusal| refusal.0.iter().map(|fault| format!("{}: {}", fault.code.id, fault.seen)).collect()).unwrap_or_default()
}

fn keys(of: &str) -> Vec<(String, Value)> {
    let node = words::contract().pointer(&format!("/$defs/{of}/properties")).and_then(Value::as_object).expect("keys");
    node.iter().map(|(key, value)| (key.clone(), value.clone())).collect()
}

fn text<'n>(node: &'n Value, key: &str) -> &'n str {
    node.get(key).and_then(Value::as_str).unwrap_or_default()
}

#[test]
fn every_key_of_a_contract_has_an_example_that_is_read() {
    let mut wrong = Vec::new();
    for (of, level) in [("file", true), ("column", false)] {
        for (key, node) in keys(of) {
            let example = text(&node, "x-example");
            if text(&node, "description").is_empty() || !example.contains(&format!("{key}:")) {
                wrong.push(format!("`{key}` in src/schema/words/contract.json has no `description`, or no `x-example` that holds it"));
                continue;
            }
            let kind = if text(&node, "x-of").is_empty() { "VARCHAR" } else { text(&node, "x-of") };
            let whole = match (text(&node, "x-base") == "fixed", level) {
                (true, true) => fixed(example, ""),
                (true, false) => fixed("", example),
                (false, true) if text(&node, "x-base") == "workbook" => workbook(example),
                (false, true) => contract(example, "", "VARCHAR"),
                (false, false) => contract("", example, kind),
            };
            wrong.extend(faults(&whole).iter().map(|fault| format!("the example of `{key}`: {fault}")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_planted_example_that_is_wrong_is_found() {
    assert_eq!(faults(&contract("", "", "VARCHAR")), Vec::<String>::new());
    assert_eq!(faults(&contract("quote: \"#\"", "", "VARCHAR")).len(), 1);
    assert_eq!(faults(&contract("", "formats: [mm/yyyy]", "DATE")).len(), 1);
}

/// A partnership with one feed, Ashvale's ledger of the README, of which the lines of these keys are others.
fn partnership(dir: &Path, example: &str) {
    let write = |path: &str, text: &str| {
        let path = dir.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    };
    let head = "partnership: words\ntimezone: Europe/London\nyear: {starts: 04-01, closing_period: 13}\ndrop: ./drop\nlanding: ./landing\nlake: ./lake\npublished: ./published\ncouncils:\n  ashvale: {name: Ashvale, cost_basis: [{from: 2018-04-01, basis: ledger}]}\nsuspense_limit: {pounds: 0.00, action: warn}\nallow_paths: [./incoming]\n";
    write("pipelines/partnership.yaml", head);
    for folder in ["schemas/common", "schemas/reference", "schemas/published", "pipelines/reference", "pipelines/cost"] {
        copy(&places::root().join(folder), &dir.join(folder), folder == "pipelines/reference");
    }
    let layout = "footer: {when: {document: TOTAL}, totals: {amount: amount}}";
    let columns =
        [("posting_date", "DATE"), ("line", "INTEGER"), ("cost_centre", "VARCHAR"), ("account", "VARCHAR"), ("description", "VARCHAR")];
    let column = |(name, kind): &(&str, &str)| {
        let format = if *kind == "DATE" { format!(", {}", ours("formats: [dd/mm/yyyy]")) } else { String::new() };
        format!("  - {{name: {name}, physicalType: {kind}{format}}}\n")
    };
    let more: String = columns.iter().map(column).collect();
    let text = contract(layout, "", "VARCHAR") + &more;
    write("schemas/sources/ashvale/general_ledger.odcs.yaml", &text);
    write("schemas/sources/ashvale/general_ledger_2.odcs.yaml", &text);
    let amount = if example.contains("credit_positive") { "-amount AS amount" } else { "amount" };
    let sql = format!(
        "SELECT posting_date, document, line, 'actual' AS balance_type, cost_centre, account, {amount}, 'GBP' AS currency, description FROM extract\n"
    );
    let feed = "contract: ashvale/general_ledger\ninto: ledger_line\nfiles: \"ashvale_{year}_{month}.csv\"\ncontrols: [{sum: amount, equals: footer.amount}]\nactive: {from: 2018-04-01}\n";
    let of_example: Vec<&str> = example.lines().filter_map(|line| line.split_once(':')).map(|(key, _)| key).collect();
    let kept = feed.lines().filter(|line| !line.split_once(':').is_some_and(|(key, _)| of_example.contains(&key)));
    let yaml: String = kept.chain(example.lines()).map(|line| format!("{line}\n")).collect();
    write("pipelines/ashvale/general_ledger.yaml", &yaml);
    write("pipelines/ashvale/general_ledger.sql", &sql);
    write(
        "pipelines/ashvale/purchase_cards.yaml",
        &feed.replace("ashvale_{", "cards_{").replace("contract:", "beside: [general_ledger]\ncontract:"),
    );
    write("pipelines/ashvale/purchase_cards.sql", &sql.replace("-amount AS amount", "amount"));
}

fn copy(from: &Path, to: &Path, headings_only: bool) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            copy(&from, &to, headings_only);
        } else {
            let bytes = fs::read(&from).expect("a file");
            let first = bytes.iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |at| at + 1);
            fs::write(&to, if headings_only { &bytes[..first] } else { &bytes[..] }).expect("a file");
        }
    }
}

#[test]
fn every_key_of_a_feed_has_an_example_that_is_read() {
    let schema: Value = serde_json::from_str(json_schema("feed").expect("a schema")).expect("JSON");
    let mut wrong = Vec::new();
    for (key, node) in schema["properties"].as_object().expect("keys") {
        let example = text(node, "x-example");
        if text(node, "description").is_empty() && key != "into" || !example.lines().any(|line| line.starts_with(&format!("{key}:"))) {
            wrong.push(format!("`{key}` in src/pipeline/json/feed.json has no `description`, or no `x-example` that holds it"));
            continue;
        }
        let dir = tempfile::tempdir().expect("a folder");
        partnership(dir.path(), example);
        if let Err(refusal) = pipeline::read(dir.path()) {
            wrong.extend(refusal.0.iter().map(|fault| format!("the example of `{key}`: {}: {} {}", fault.code.id, fault.seen, fault.hint)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_part_of_a_file_name_is_read_as_it_says() {
    let schema: Value = serde_json::from_str(json_schema("feed").expect("a schema")).expect("JSON");
    let calendar = truecost::domain::Calendar { starts_month: 4, closing_period: 13 };
    let mut held = 0;
    for word in schema["properties"]["files"]["x-words"].as_array().expect("words") {
        let (format, name) = (text(word, "x-format"), text(word, "x-text"));
        let pattern = pipeline::FilePattern::parse(format).unwrap_or_else(|why| panic!("{format}: {why}"));
        let facts = pattern.matches(name).unwrap_or_else(|| panic!("{format} does not match {name}"));
        let fiscal = ["fiscal", "{period}", "{quarter}", "{half}"].iter().any(|word| format.contains(word));
        let calendar_of = if fiscal { pipeline::CoverCalendar::Fiscal } else { pipeline::CoverCalendar::Month };
        let extent = match format {
            _ if format.contains("{quarter}") => pipeline::Extent::Quarter,
            _ if format.contains("{half}") => pipeline::Extent::Half,
            _ => pipeline::Extent::One,
        };
        let covers = pipeline::Covers { calendar: calendar_of, extent, in_name: Vec::new(), from: None, before: 0 };
        assert_eq!(covers.resolve(&facts, calendar).map(|covered| covered.to_string()).as_deref(), Some(text(word, "x-means")), "{name}");
        held += 1;
    }
    assert!(held >= 9);
}

/// What a cell of the last column is read as, where that column is declared so.
fn read_as(column: &str, kind: &str, cell: &str) -> String {
    let text = contract("delimiter: \"|\"", column, kind);
    let read = read_contract(&SourceText::new("schemas/sources/a/b.odcs.yaml", &text), Kind::Source, "a/b");
    let contract = read.unwrap_or_else(|refusal| panic!("{column}: {:?}", refusal.0));
    let file = format!("document|amount|dc|net|vat|gross|word\nA1|1.00|D||||{cell}\n");
    let judged = judge(&contract, file.as_bytes()).unwrap_or_else(|refusal| panic!("{column}: {:?}", refusal.0));
    assert_eq!(judged.rejected.len(), 0, "{column}: `{cell}` is quarantined");
    array_value_to_string(judged.rows.column_by_name("word").expect("the column"), 0).expect("a text")
}

#[test]
fn every_way_to_write_money_is_read_as_it_says() {
    let mut held = 0;
    for style in words::contract().pointer("/$defs/money_style/anyOf").and_then(Value::as_array).expect("styles") {
        let word = [text(style, "const"), text(style, "title")].concat();
        let with = if text(style, "x-with").is_empty() { String::new() } else { format!(", {}", text(style, "x-with")) };
        let column = if text(style, "x-rules").is_empty() { format!("money: [{word}{with}]") } else { text(style, "x-rules").to_owned() };
        assert_eq!(read_as(&column, "DECIMAL(18,2)", text(style, "x-text")), text(style, "x-means"), "{word}");
        held += 1;
    }
    assert!(held > 10);
}

#[test]
fn every_part_of_a_date_is_read_as_it_says() {
    let mut held = 0;
    for word in words::contract().pointer("/$defs/date_format/x-words").and_then(Value::as_array).expect("words") {
        let column = format!("formats: [\"{}\"]", text(word, "x-format"));
        assert_eq!(read_as(&column, "DATE", text(word, "x-text")), text(word, "x-means"), "{}", text(word, "title"));
        held += 1;
    }
    assert!(held > 8);
}
