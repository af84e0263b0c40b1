//! `pipelines/cost`: the schedule of the cost run, and one query for each table.

use std::path::Path;

use crate::{
    diagnostic::{Diagnostic, Place, codes::config},
    domain::Identifier,
    schema::{
        digest_of,
        fields::{Reader, UNTOUCHED},
        is_prose, read_text, sorted_names,
        yaml::SourceText,
    },
};

use super::{CostModel, CostQuery, feed::schedule};

/// The keys of `cost.yaml`.
pub const KEYS: &[&str] = &["schedule", "kernels"];
const FILE: &str = "pipelines/cost/cost.yaml";

pub fn read_cost(root: &Path, faults: &mut Vec<Diagnostic>) -> CostModel {
    let schedule = if root.join(FILE).exists() { read_yaml(root, faults) } else { None };
    let mut queries: Vec<CostQuery> = Vec::new();
    for (name, is_folder) in sorted_names(&root.join("pipelines/cost")) {
        if is_folder {
            read_stage(root, &name, &mut queries, faults);
        } else if name != "cost.yaml" && !is_prose(&name) {
            faults.push(stray(&format!("pipelines/cost/{name}"), "`cost.yaml`, and a folder for each stage"));
        }
    }
    add_built_in(&mut queries);
    CostModel { schedule, queries }
}

/// Queries that came after the first partnerships were written: one that lacks them has the program's.
const BUILT_IN: [(&str, &str, &str); 2] = [
    ("classify", "department_class", include_str!("../../pipelines/cost/classify/department_class.sql")),
    ("classify", "line_class", include_str!("../../pipelines/cost/classify/line_class.sql")),
];

fn add_built_in(queries: &mut Vec<CostQuery>) {
    for (stage, table, sql) in BUILT_IN {
        let has_stage = queries.iter().any(|query| &*query.stage == stage);
        let has_table = queries.iter().any(|query| &*query.table == table);
        if let (true, false, Ok(stage), Ok(table)) = (has_stage, has_table, Identifier::new(stage), Identifier::new(table)) {
            let file = format!("{table}.sql of the program");
            queries.push(CostQuery { stage, table, digest: digest_of(sql.as_bytes()), file, sql: sql.to_owned() });
        }
    }
}

fn read_yaml(root: &Path, faults: &mut Vec<Diagnostic>) -> Option<String> {
    let text = read_text(root, FILE).map_err(|fault| faults.push(*fault)).ok()?;
    let source = SourceText::new(FILE, text);
    let (reader, node) = Reader::new(&source);
    let mut expression = None;
    if let Some(fields) = reader.item(&node).fields(KEYS) {
        expression = fields.get("schedule").and_then(|item| schedule(&item));
        if let Some(kernels) = fields.get("kernels")
            && kernels.list().is_some_and(|list| !list.is_empty())
        {
            kernels.refuse(config::UNKNOWN_NAME, "this version has no kernels", "an empty list", "");
        }
    }
    faults.extend(reader.into_faults());
    expression
}

fn read_stage(root: &Path, stage: &str, queries: &mut Vec<CostQuery>, faults: &mut Vec<Diagnostic>) {
    for (name, is_folder) in sorted_names(&root.join("pipelines/cost").join(stage)) {
        let file = format!("pipelines/cost/{stage}/{name}");
        let table = name.strip_suffix(".sql").filter(|_| !is_folder).and_then(|stem| Identifier::new(stem).ok());
        let (Some(table), Ok(stage)) = (table, Identifier::new(stage)) else {
            if !is_prose(&name) {
                faults.push(stray(&file, "`<stage>/<table>.sql`, in small letters, digits and underscores"));
            }
            continue;
        };
        if let Some(other) = queries.iter().find(|query| query.table == table) {
            let fault =
                Diagnostic::new(config::DUPLICATE_FEED, format!("two queries fill the table `{table}`: this one and {}", other.file));
            faults.push(fault.place(Place::file(file)).expected("one query for each table").outcome(UNTOUCHED));
            continue;
        }
        match read_text(root, &file) {
            Ok(sql) => queries.push(CostQuery { stage, table, digest: digest_of(sql.as_bytes()), file, sql }),
            Err(fault) => faults.push(*fault),
        }
    }
}

/// A file that stands where nothing reads it.
pub fn stray(file: &str, expected: &str) -> Diagnostic {
    Diagnostic::new(config::STRAY_FILE, format!("nothing reads `{file}`"))
        .place(Place::file(file))
        .expected(expected)
        .outcome(UNTOUCHED)
        .hint("Rename it, or move it out of `pipelines`.")
}
