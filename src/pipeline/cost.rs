//! `pipelines/cost`: the schedule of the cost run, and one query for each table.

use std::path::Path;

use crate::{
    diagnostic::{Diagnostic, Place, codes::config},
    domain::{Day, Identifier, Method},
    schema::{
        digest_of,
        fields::{Item, Reader, UNTOUCHED, name},
        is_prose, read_text, sorted_names,
        yaml::{At, SourceText},
    },
};

use super::{
    CostModel, CostQuery, Kernel, KernelUse,
    partnership::{first_of_period, in_order},
    timing::{Timing, timing},
};

/// The keys of `cost.yaml`.
pub const KEYS: &[&str] = &["schedule", "catch_up", "jitter", "at_most", "retry", "allocation", "kernels"];
/// The keys of a method of allocation.
pub const ALLOCATION_KEYS: &[&str] = &["from", "method"];
/// The keys of a kernel.
pub const KERNEL_KEYS: &[&str] = &["kernel", "from"];
const FILE: &str = "pipelines/cost/cost.yaml";

pub fn read_cost(root: &Path, faults: &mut Vec<Diagnostic>) -> CostModel {
    let Said { timing, allocation, kernels } = if root.join(FILE).exists() { read_yaml(root, faults) } else { Said::default() };
    let mut queries: Vec<CostQuery> = Vec::new();
    for (name, is_folder) in sorted_names(&root.join("pipelines/cost")) {
        if is_folder {
            read_stage(root, &name, &mut queries, faults);
        } else if name != "cost.yaml" && !is_prose(&name) {
            faults.push(stray(&format!("pipelines/cost/{name}"), "`cost.yaml`, and a folder for each stage"));
        }
    }
    add_built_in(&mut queries);
    let mut kernels = kernels.unwrap_or_else(|| kernels_of_program(root, &queries));
    add_built_in_kernels(&mut kernels, &queries);
    refuse_twice(&kernels, &queries, faults);
    CostModel { timing, allocation, queries, kernels }
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

/// Kernels that a partnership has without saying so, with what they read: those of the version in which `cost.yaml` could name none.
const BUILT_IN_KERNELS: [(&str, Kernel, &[&str]); 2] = [
    ("code", Kernel::Codes, &["ledger_line", "payment_line", "ownership_rule", "account"]),
    (
        "cost_line",
        Kernel::Classify,
        &[
            "ledger_line",
            "payment_line",
            "code_match",
            "code_class",
            "account_class",
            "cost_centre_class",
            "department_class",
            "line_class",
        ],
    ),
];

/// The program's own `cost.yaml`.
const OF_PROGRAM: &str = include_str!("../../pipelines/cost/cost.yaml");

/// The kernels of a `cost.yaml` that says nothing of kernels: those of the program's own, all of them, where every table that they ask for is
/// there and no query fills theirs. None where one lacks: a partnership that was written before there were such kernels has no use for them.
fn kernels_of_program(root: &Path, queries: &[CostQuery]) -> Vec<KernelUse> {
    let file = format!("{FILE} of the program");
    let source = SourceText::new(&*file, OF_PROGRAM);
    let (reader, node) = Reader::new(&source);
    let fields = reader.item(&node).fields(KEYS);
    let named = fields.and_then(|fields| Some(read_kernels(&fields.get("kernels")?))).unwrap_or_default();
    let kernels: Vec<KernelUse> = named.into_iter().map(|kernel| KernelUse { file: file.clone(), named: false, ..kernel }).collect();
    let fills = |table: &str| kernels.iter().any(|kernel| &*kernel.table == table || kernel.kernel.beside().contains(&table));
    let is_query = |table: &str| queries.iter().any(|query| &*query.table == table);
    let is_reference = |table: &str| root.join(format!("schemas/reference/{table}.odcs.yaml")).exists();
    let is_there = |table: &&str| fills(table) || is_query(table) || is_reference(table);
    let asks_all = kernels.iter().flat_map(|kernel| kernel.kernel.facts().asks).all(is_there);
    let is_free = !queries.iter().any(|query| fills(&query.table));
    if asks_all && is_free { kernels } else { Vec::new() }
}

/// A partnership that has queries for these kernels has the kernels.
fn add_built_in_kernels(kernels: &mut Vec<KernelUse>, queries: &[CostQuery]) {
    let is_filled = |table: &str| queries.iter().any(|query| &*query.table == table);
    if !BUILT_IN_KERNELS.iter().any(|(_, _, from)| from.iter().any(|table| is_filled(table))) {
        return;
    }
    for (table, kernel, from) in BUILT_IN_KERNELS {
        let is_named = kernels.iter().any(|named| named.kernel == kernel);
        if let (false, Ok(table)) = (is_named, Identifier::new(table)) {
            let from = from.iter().filter_map(|name| Identifier::new(name).ok()).collect();
            kernels.push(KernelUse { table, kernel, from, file: format!("{FILE} of the program"), named: false });
        }
    }
}

/// Every table is filled once.
fn refuse_twice(kernels: &[KernelUse], queries: &[CostQuery], faults: &mut Vec<Diagnostic>) {
    let mut filled: Vec<(&str, &str)> = queries.iter().map(|query| (&*query.table, query.file.as_str())).collect();
    for named in kernels {
        for table in std::iter::once(&*named.table).chain(named.kernel.beside().iter().copied()) {
            if let Some((_, other)) = filled.iter().find(|(filled, _)| *filled == table) {
                let seen = format!("two steps fill the table `{table}`: kernel `{}` and {other}", named.kernel.as_str());
                let fault = Diagnostic::new(config::DUPLICATE_FEED, seen).place(Place::file(&named.file));
                faults.push(fault.expected("one query or one kernel for each table").outcome(UNTOUCHED));
            }
            filled.push((table, &named.file));
        }
    }
}

/// What `cost.yaml` says.
#[derive(Default)]
struct Said {
    timing: Option<Timing>,
    allocation: Vec<(Day, Method)>,
    /// `None` where it says nothing of kernels.
    kernels: Option<Vec<KernelUse>>,
}

fn read_yaml(root: &Path, faults: &mut Vec<Diagnostic>) -> Said {
    let Ok(text) = read_text(root, FILE).map_err(|fault| faults.push(*fault)) else { return Said::default() };
    let source = SourceText::new(FILE, text);
    let (reader, node) = Reader::new(&source);
    let mut said = Said::default();
    if let Some(fields) = reader.item(&node).fields(KEYS) {
        said.timing = timing(&fields);
        said.allocation = fields.get("allocation").map(|item| read_allocation(&item)).unwrap_or_default();
        said.kernels = fields.get("kernels").map(|item| read_kernels(&item));
    }
    faults.extend(reader.into_faults());
    said
}

/// Methods, each from the first day of a period.
fn read_allocation(item: &Item<'_>) -> Vec<(Day, Method)> {
    let words = [Method::Direct, Method::Step, Method::Reciprocal].map(|method| (method.as_str(), method));
    let mut starts: Vec<(Day, Method)> = Vec::new();
    for row in item.list().unwrap_or_default() {
        let Some(fields) = row.fields(ALLOCATION_KEYS) else { continue };
        let from = fields.need("from").and_then(|item| first_of_period(&item, "the method of allocation changes with a period"));
        let method = fields.need("method").and_then(|item| item.choice(&words));
        let (Some(from), Some(method)) = (from, method) else { continue };
        in_order(&row, starts.last().map(|(day, _)| *day), from);
        starts.push((from, method));
    }
    starts
}

/// A map of output table to kernel. The version before wrote an empty list.
fn read_kernels(item: &Item<'_>) -> Vec<KernelUse> {
    if item.is_list() {
        if item.list().is_some_and(|list| !list.is_empty()) {
            item.wrong("a table name and its kernel, as in `cost_line: {kernel: classify, from: [ledger_line, …]}`");
        }
        return Vec::new();
    }
    item.entries().unwrap_or_default().into_iter().filter_map(|(table, at, item)| read_kernel(table, at, &item)).collect()
}

fn read_kernel(table: &str, at: At, item: &Item<'_>) -> Option<KernelUse> {
    let table = name(item.reader(), at, "a table", table)?;
    let fields = item.fields(KERNEL_KEYS)?;
    let kernel = fields.need("kernel").and_then(|item| item.choice(&Kernel::words()));
    let from = fields.need("from").and_then(|item| item.list())?;
    let from: Vec<Identifier> = from.iter().filter_map(Item::identifier).collect();
    Some(KernelUse { table, kernel: kernel?, from, file: FILE.to_owned(), named: true })
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
