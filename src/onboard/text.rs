//! The files of a new feed as they are written, with what was seen and what was answered as comments.

use super::{
    answers::{Answers, Question, quoted},
    draft::{Draft, DraftColumn},
    files::{Change, with_row},
    said::or_nought,
};
use crate::diagnostic::Answer;

/// Every file that the feed needs.
///
/// # Errors
/// TC0139 where one is there already, or a reference table cannot be read.
pub fn files(root: &std::path::Path, (draft, later): (&Draft, &[Draft]), questions: &[Question], answers: &Answers) -> Answer<Vec<Change>> {
    let name = format!("{}/{}", draft.council, draft.feed);
    let mut changes = Vec::new();
    for draft in std::iter::once(draft).chain(later) {
        changes.push(Change::new_file(root, &format!("schemas/sources/{}.odcs.yaml", contract_name(draft)), contract(draft))?);
        changes.push(Change::new_file(root, &format!("pipelines/{}/{}", draft.council, sql_name(draft)), sql(draft))?);
    }
    if let Some(rule) = &draft.rule {
        changes.push(Change::edited(root, "pipelines/reference/ownership_rule.csv", |text| Ok(with_row(text, rule)))?);
    }
    // Last: with it the feed is there.
    changes.push(Change::new_file(root, &format!("pipelines/{name}.yaml"), feed(draft, later, questions, answers))?);
    Ok(changes)
}

/// The month from which a later layout holds, as names have it: `2025_09`.
fn month(draft: &Draft) -> Option<String> {
    draft.from.as_ref().map(|day| day.chars().take(7).collect::<String>().replace('-', "_"))
}

/// `ashvale/supplier_spend`; of a later layout `ashvale/supplier_spend_2025_09`.
fn contract_name(draft: &Draft) -> String {
    let (council, feed) = (&draft.council, &draft.feed);
    month(draft).map_or_else(|| format!("{council}/{feed}"), |month| format!("{council}/{feed}_{month}"))
}

/// `supplier_spend.sql`; of a later layout `supplier_spend.2025_09.sql`.
fn sql_name(draft: &Draft) -> String {
    month(draft).map_or_else(|| format!("{}.sql", draft.feed), |month| format!("{}.{month}.sql", draft.feed))
}

/// `contract:` of the feed: one, or each with the day from which it holds.
fn contracts(draft: &Draft, later: &[Draft]) -> String {
    if later.is_empty() {
        return format!("contract: {}\n", contract_name(draft));
    }
    let one = |draft: &Draft| {
        let from = draft.from.as_deref().unwrap_or_default();
        format!("- {{contract: {}, from: {from}, sql: {}}}\n", contract_name(draft), sql_name(draft))
    };
    let later: String = later.iter().map(one).collect();
    format!(
        "contract:                                # each holds from its day; a file is read by that of the last month it covers\n- {{contract: {}}}\n{later}",
        contract_name(draft)
    )
}

/// A name as people write it: `supplier_spend` → `Supplier spend`.
fn spoken(name: &str) -> String {
    let text = name.replace('_', " ");
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().collect::<String>() + letters.as_str()).unwrap_or_default()
}

fn contract(draft: &Draft) -> String {
    let (council, feed, id) = (&draft.council, &draft.feed, contract_name(draft));
    if let Some(known) = draft.known {
        let written = known.contract(council, id.rsplit('/').next().unwrap_or(feed));
        let head = format!("# Written by `truecost add feed` from the layout {} and {}.\n", known.name, listed(&draft.samples));
        return head + &answered(draft, &written);
    }
    let mut text = format!(
        "# What {council} promises of its {}. Written by `truecost add feed` from {}.\napiVersion: v3.2.0\nkind: DataContract\nid: truecost.sources.{}\nname: {} of {council}\nversion: 1.0.0\nstatus: active\nschema:\n- name: extract\n  physicalType: file\n  customProperties:\n  - property: truecost\n    vendor: truecost\n    value:\n",
        spoken(feed).to_lowercase(),
        listed(&draft.samples),
        id.replace('/', "."),
        spoken(feed)
    );
    for (key, value, comment) in &draft.layout {
        text.push_str(&with_comment(&format!("      {key}: {value}"), comment));
    }
    text.push_str("  properties:\n");
    draft.columns.iter().for_each(|column| text.push_str(&of_column(column)));
    text
}

/// The contract of a known layout with the words that were answered, of the file and of its columns, each added to those that stand there.
fn answered(draft: &Draft, written: &str) -> String {
    let of_file: String =
        draft.layout.iter().map(|(key, value, comment)| with_comment(&format!("      {key}: {value}"), comment)).collect();
    let mut column = None;
    let line = |line: &str| {
        if let Some(name) = line.trim().strip_prefix("- name: ") {
            column = draft.columns.iter().find(|column| column.name == name);
        }
        match line.split_once("vendor: truecost, value: {") {
            Some((before, after)) => {
                let words = column.take().into_iter().flat_map(|column| &column.words);
                let new = words.filter(|(key, _)| !after.contains(&format!("{key}:")));
                let new: String = new.map(|(key, value)| format!("{key}: {value}, ")).collect();
                format!("{before}vendor: truecost, value: {{{new}{after}\n")
            }
            None if line == "    value:" => format!("{line}\n{of_file}"),
            None => format!("{line}\n"),
        }
    };
    written.lines().map(line).collect()
}

fn of_column(column: &DraftColumn) -> String {
    let mut text = with_comment(&format!("  - name: {}", column.name), &column.comment);
    if column.heading != column.name {
        text.push_str(&format!("    physicalName: {}\n", quoted(&column.heading)));
    }
    text.push_str(&format!(
        "    physicalType: {}\n",
        if column.physical_type.contains('(') { format!("\"{}\"", column.physical_type) } else { column.physical_type.to_owned() }
    ));
    if column.required {
        text.push_str("    required: true\n");
    }
    if !column.words.is_empty() {
        let words: Vec<String> = column.words.iter().map(|(key, value)| format!("{key}: {value}")).collect();
        text.push_str(&format!("    customProperties: [{{property: truecost, vendor: truecost, value: {{{}}}}}]\n", words.join(", ")));
    }
    text
}

fn with_comment(line: &str, comment: &str) -> String {
    if comment.is_empty() { format!("{line}\n") } else { format!("{line:<40} # {comment}\n") }
}

fn sql(draft: &Draft) -> String {
    let mut text =
        format!("-- What the columns of {}/{} are in {}; rows leave only by declaration.\nSELECT\n", draft.council, draft.feed, draft.into);
    if !draft.months.is_empty() {
        return by_months(draft, &text);
    }
    let columns: Vec<String> =
        draft.select.iter().map(|(from, to)| if from == to { format!("  {to}") } else { format!("  {from} AS {to}") }).collect();
    text.push_str(&columns.join(",\n"));
    text.push_str("\nFROM extract\n");
    text
}

/// A row of each month.
fn by_months(draft: &Draft, text: &str) -> String {
    let head = text.trim_end_matches("SELECT\n");
    let sign = if draft.credit_positive { "-" } else { "" };
    let one = |(number, (column, day)): (usize, &(String, String))| {
        let (date, amount) = &draft.month_targets;
        let named = |name: &str| if number == 0 { format!(" AS {name}") } else { String::new() };
        let mut columns = vec![format!("DATE '{day}'{}", named(date)), format!("{sign}{}{}", or_nought(draft, column), named(amount))];
        columns.extend(draft.select.iter().map(|(from, to)| if from == to { from.clone() } else { format!("{from}{}", named(to)) }));
        format!("SELECT {} FROM extract", columns.join(", "))
    };
    let rows: Vec<String> = draft.months.iter().enumerate().map(one).collect();
    format!("{head}{}\n", rows.join("\nUNION ALL\n"))
}

fn feed(draft: &Draft, later: &[Draft], questions: &[Question], answers: &Answers) -> String {
    let samples: Vec<String> = std::iter::once(draft).chain(later).flat_map(|draft| draft.samples.clone()).collect();
    let mut text = format!(
        "# {} of {}. Written by `truecost add feed` from {}.\n# What no file could tell was answered so:\n",
        spoken(&draft.feed),
        draft.council,
        listed(&samples)
    );
    for question in questions.iter().filter(|question| !question.stands) {
        let answer = answers.of(question).unwrap_or_default();
        text.push_str(&format!("#   {} {}\n", question.ask.replace('\n', " "), if answer.is_empty() { "-" } else { answer }));
        answers.below(&question.key).for_each(|(below, answer)| text.push_str(&format!("#     {below}: {answer}\n")));
    }
    text.push_str(&contracts(draft, later));
    text.push_str(&format!("into: {}\nfiles: {}\ncovers: {}\n", draft.into, serde_json::Value::from(draft.files.as_str()), draft.covers));
    text.push_str(if draft.months.is_empty() {
        "rows_outside: warn                       # a row dated elsewhere is kept, counted and warned of\n"
    } else {
        "rows_outside: refuse                     # a month that the file's name does not cover is another year's, or counted twice\n"
    });
    if draft.credit_positive {
        text.push_str("sign: credit_positive\n");
    }
    if std::iter::once(draft).chain(later).any(|draft| !draft.months.is_empty()) {
        text.push_str("rows: many                               # a record makes a row of each month\n");
    }
    text.push_str(&with_comment(&format!("controls: {}", draft.controls), held_against(draft, later)));
    text.push_str("required: false                          # a period is published also before it has come\n");
    if let Some(from) = &draft.active_from {
        text.push_str(&format!("active: {{from: {from}}}\n"));
    }
    if !draft.beside.is_empty() {
        text.push_str(&format!("beside: [{}]\n", draft.beside.join(", ")));
    }
    text
}

/// What of the sender's is held against the rows where no control says it.
fn held_against(draft: &Draft, later: &[Draft]) -> &'static str {
    let holds = |draft: &Draft| draft.layout.iter().any(|(_, value, _)| value.contains("holds: total"));
    match draft.controls.as_str() {
        "none" if std::iter::once(draft).chain(later).any(holds) => "the totals that its contract says it holds are compared all the same",
        "none" => "no total of the sender's is held against the rows: `proved_by_sender` of `delivery` is false",
        _ => "",
    }
}

fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [first, .., last] => format!("{} files, {first} to {last}", names.len()),
    }
}
