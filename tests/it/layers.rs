//! The rules of the house, held over the source itself. Each rule is a function over files, and each is
//! shown a planted fault that it must find: a rule that cannot fail proves nothing.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use crate::rust_text::{File, Kind, Token, paths, tokens};

/// One row of the table in `src/lib.rs`.
struct Layer {
    name: String,
    owns: String,
    may_use: BTreeSet<String>,
}

/// The table of `src/lib.rs`, lowest layer first.
fn layers(lib: &str) -> Vec<Layer> {
    let rows = lib.lines().filter_map(|line| line.strip_prefix("//! | `"));
    rows.map(|row| {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let may_use = cells[2].split(',').map(|name| name.trim().to_owned()).filter(|name| name != "nothing of ours").collect();
        Layer { name: cells[0].trim_end_matches('`').to_owned(), owns: cells[1].to_owned(), may_use }
    })
    .collect()
}

/// Where the source and the table disagree about what layers there are, and rows that look upwards.
fn table_faults(lib: &str) -> Vec<String> {
    let table = layers(lib);
    let declared: BTreeSet<&str> = lib.lines().filter_map(|l| l.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    let listed: BTreeSet<&str> = table.iter().map(|layer| layer.name.as_str()).collect();
    let mut faults: Vec<String> =
        declared.symmetric_difference(&listed).map(|name| format!("`{name}` is declared or in the table, not both")).collect();
    let mut below: BTreeSet<&str> = BTreeSet::new();
    for layer in &table {
        let upwards = layer.may_use.iter().filter(|name| !below.contains(name.as_str()));
        faults.extend(upwards.map(|name| format!("`{}` may use `{name}`, which is not below it", layer.name)));
        below.insert(&layer.name);
    }
    faults
}

/// Imports that do not point down the table.
fn import_faults(lib: &str, files: &[File]) -> Vec<String> {
    let table: BTreeMap<String, BTreeSet<String>> = layers(lib).into_iter().map(|layer| (layer.name, layer.may_use)).collect();
    let mut faults = Vec::new();
    for file in files {
        let Some((own, may_use)) = file.module().first().and_then(|own| table.get_key_value(*own)) else { continue };
        for named in paths(file).into_iter().filter(|named| named.ours) {
            if let Some(target) = named.path.first().filter(|target| *target != own && !may_use.contains(*target)) {
                faults.push(format!("{}:{}: `{own}` may not use `crate::{target}`", file.path, named.line));
            }
        }
    }
    faults
}

/// Stages that name each other, also by way of a re-export. The stages are those that the table's row names.
fn stage_faults(lib: &str, files: &[File]) -> Vec<String> {
    let table = layers(lib);
    let row = table.iter().find(|layer| layer.name == "stages").expect("the table has a row for `stages`");
    let names = row.owns.split(';').next().unwrap_or_default();
    let stages: BTreeSet<&str> = names.split(',').map(str::trim).collect();
    let mut faults = Vec::new();
    for file in files.iter().filter(|file| file.module().first() == Some(&"stages")) {
        let own = file.module().get(1).copied();
        for named in paths(file).iter().filter(|named| named.ours && named.path.first().is_some_and(|first| first == "stages")) {
            if let Some(other) = named.path.get(1).filter(|other| stages.contains(other.as_str()) && Some(other.as_str()) != own) {
                faults.push(format!("{}:{}: a stage may not use the stage `{other}`", file.path, named.line));
            }
        }
        if own.is_none() {
            let code = file.code();
            let exported = code.windows(2).filter(|two| two[0].text == "use" && stages.contains(two[1].text));
            faults.extend(exported.map(|two| format!("{}:{}: `stages` re-exports from `{}`", file.path, two[1].line, two[1].text)));
        }
    }
    faults
}

/// Where something may be named: the only modules, and what counts as naming it.
struct Reserved {
    what: &'static str,
    only: &'static [&'static str],
    names: fn(&[Token<'_>], usize) -> bool,
}

const RESERVED: &[Reserved] = &[
    Reserved {
        what: "names DataFusion; only `engine` does",
        only: &["engine"],
        names: |code, at| code[at].text == "SessionContext" || code[at].text == "datafusion" || code[at].text.starts_with("datafusion_"),
    },
    Reserved {
        what: "names deltalake; only `lake` commits",
        only: &["lake"],
        names: |code, at| code[at].text.starts_with("deltalake") || code[at].text == "CommitBuilder",
    },
    Reserved { what: "prints; only `cli` does", only: &["cli"], names: prints },
    Reserved { what: "reads the clock; only `run` does", only: &["run"], names: reads_clock },
    Reserved { what: "is `unsafe`", only: &[], names: |code, at| code[at].text == "unsafe" },
    Reserved {
        what: "is left unfinished",
        only: &[],
        names: |code, at| ["todo", "unimplemented", "dbg"].contains(&code[at].text) && follows(code, at, "!"),
    },
];

fn follows(code: &[Token<'_>], at: usize, mark: &str) -> bool {
    code.get(at + 1).is_some_and(|token| token.text == mark)
}

fn prints(code: &[Token<'_>], at: usize) -> bool {
    let streams = ["stdout", "stderr", "stdin"].contains(&code[at].text) && follows(code, at, "(");
    // `command.stdout(…)` says where a child's words go: a method, not our own stream.
    let method = at > 0 && code[at - 1].text == ".";
    let macros = ["println", "eprintln", "print", "eprint"].contains(&code[at].text) && follows(code, at, "!");
    macros || (streams && !method) || code[at].text == "indicatif"
}

fn reads_clock(code: &[Token<'_>], at: usize) -> bool {
    let now = ["SystemTime", "Instant", "Utc", "Local"].contains(&code[at].text)
        && follows(code, at, "::")
        && code.get(at + 2).is_some_and(|token| token.text == "now");
    now || (code[at].text == "elapsed" && follows(code, at, "("))
}

/// What only one module may do, done elsewhere. Tests may.
fn reserved_faults(files: &[File]) -> Vec<String> {
    let mut faults = Vec::new();
    for file in files {
        let own = file.module().first().copied().unwrap_or_default();
        let code = file.code();
        for rule in RESERVED.iter().filter(|rule| !rule.only.contains(&own)) {
            let found = (0..code.len()).filter(|at| !code[*at].test && (rule.names)(&code, *at));
            faults.extend(found.map(|at| format!("{}:{}: `{}` {}", file.path, code[at].line, code[at].text, rule.what)));
        }
    }
    faults
}

/// Layers through which money passes.
const EXACT: &[&str] = &["domain", "schema", "decode", "lake", "engine", "stages"];

/// Where the doubles of workbooks end: what leaves it is decimal text.
const DOUBLES_END: &str = "src/decode/workbook/number.rs";

/// Floats where money passes: types, and literals.
fn float_faults(files: &[File]) -> Vec<String> {
    let mut faults = Vec::new();
    let exact = |file: &&File| file.path != DOUBLES_END && file.module().first().is_some_and(|own| EXACT.contains(own));
    for file in files.iter().filter(exact) {
        let code = file.code();
        for (at, token) in code.iter().enumerate().filter(|(_, token)| !token.test) {
            let decimal = !token.text.starts_with("0x") && (token.text.contains('.') || token.text.contains('e'));
            let index = at > 0 && code[at - 1].text == ".";
            let typed = token.text.ends_with("f32") || token.text.ends_with("f64");
            let float = match token.kind {
                Kind::Number => (decimal || (typed && !token.text.starts_with("0x"))) && !index && !token.text.ends_with("size"),
                _ => matches!(token.text, "f32" | "f64"),
            };
            if float {
                faults.push(format!("{}:{}: `{}` is a float, and money passes here", file.path, token.line, token.text));
            }
        }
    }
    faults
}

/// `domain` is pure: no files, network, processes, environment or waiting.
fn purity_faults(files: &[File]) -> Vec<String> {
    let mut faults = Vec::new();
    for file in files.iter().filter(|file| file.module().first() == Some(&"domain")) {
        for named in paths(file).iter().filter(|named| !named.test) {
            let name = named.path.join("::");
            // An address is a value; whoever connects to it is elsewhere. Threads of a scope have ended when the function gives its
            // answer, which is the same with any number of them.
            let values = ["std::net::IpAddr", "std::net::Ipv4Addr", "std::net::Ipv6Addr", "std::thread::scope", "std::thread::Builder"];
            let value = values.contains(&name.as_str());
            if !value
                && ["std::fs", "std::io", "std::net", "std::process", "std::env", "std::thread", "tokio"]
                    .iter()
                    .any(|bad| name.starts_with(bad))
            {
                faults.push(format!("{}:{}: `domain` may not use `{name}`", file.path, named.line));
            }
        }
        let waiting = file.code().into_iter().filter(|token| ["async", "await"].contains(&token.text));
        faults.extend(waiting.map(|token| format!("{}:{}: `domain` waits for nothing", file.path, token.line)));
    }
    faults
}

/// Lines of code that a file may have without its tests.
const LONGEST: usize = 600;

fn length_faults(files: &[File]) -> Vec<String> {
    let mut faults = Vec::new();
    for file in files.iter().filter(|file| !file.test) {
        let all = tokens(&file.text);
        let of_tests = all.windows(2).filter(|two| two[0].test && two[1].test).flat_map(|two| two[0].line..=two[1].line);
        let lines = file.text.lines().count() - of_tests.collect::<BTreeSet<usize>>().len();
        if lines > LONGEST {
            faults.push(format!("{}: {lines} lines, at most {LONGEST}", file.path));
        }
    }
    faults
}

/// Words that say nothing of the trade, in names that we give.
const EMPTY_NAMES: &[&str] = &["util", "utils", "helper", "helpers", "manager", "handler", "misc", "common_utils"];

/// Words of work that was put off, in comments and messages.
const PUT_OFF: &[&str] = &["todo", "fixme", "xxx", "hack", "simulate", "simulated", "placeholder", "stub", "stubbed", "mock", "mocked"];

fn word_faults(files: &[File]) -> Vec<String> {
    let mut faults = Vec::new();
    for file in files {
        let empty = file.module().into_iter().filter(|part| EMPTY_NAMES.contains(part));
        faults.extend(empty.map(|part| format!("{}: `{part}` says nothing of what is in it", file.path)));
        let all = tokens(&file.text);
        for two in file.code().windows(2) {
            let declares = ["fn", "struct", "enum", "trait", "type", "mod", "const", "static"].contains(&two[0].text);
            if declares && snake(two[1].text).split('_').any(|word| EMPTY_NAMES.contains(&word)) {
                faults.push(format!("{}:{}: `{}` says nothing of what it does", file.path, two[1].line, two[1].text));
            }
        }
        for token in all.iter().filter(|token| token.kind == Kind::Text && !token.test && !file.test) {
            let text = token.text.to_lowercase();
            let mut words = text.split(|c: char| !c.is_alphanumeric());
            if words.any(|word| PUT_OFF.contains(&word)) || text.contains(" for now") || text.contains("not implemented") {
                faults.push(format!("{}:{}: put off: {}", file.path, token.line, token.text.trim()));
            }
        }
    }
    faults
}

/// `FileManager` → `file_manager`.
fn snake(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if c.is_uppercase() && out.ends_with(|last: char| last.is_lowercase()) {
            out.push('_');
        }
        out.extend(c.to_lowercase());
    }
    out
}

fn source() -> (String, Vec<File>) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    gather(root, &root.join("src"), &mut files);
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let for_tests: BTreeSet<Vec<String>> = files.iter().flat_map(File::test_modules).collect();
    for file in &mut files {
        file.test = for_tests.iter().any(|module| file.module().starts_with(&module.iter().map(String::as_str).collect::<Vec<_>>()));
    }
    let lib = fs::read_to_string(root.join("src/lib.rs")).expect("src/lib.rs");
    assert!(files.len() > 30, "the source tree was not found");
    (lib, files)
}

fn gather(root: &Path, folder: &Path, files: &mut Vec<File>) {
    for entry in fs::read_dir(folder).expect("a folder of the source") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            gather(root, &path, files);
        } else if path.extension().is_some_and(|ext| ext == "rs") {
            let name = path.strip_prefix(root).expect("below the root").to_string_lossy().replace('\\', "/");
            files.push(File::new(&name, &fs::read_to_string(&path).expect("UTF-8")));
        }
    }
}

fn holds(faults: &[String]) {
    assert!(faults.is_empty(), "{} fault(s):\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn the_table_names_every_layer_and_points_down() {
    let (lib, _) = source();
    assert_eq!(layers(&lib).len(), 19);
    holds(&table_faults(&lib));
}

#[test]
fn imports_point_down() {
    let (lib, files) = source();
    holds(&import_faults(&lib, &files));
}

#[test]
fn no_stage_uses_another() {
    let (lib, files) = source();
    holds(&stage_faults(&lib, &files));
}

#[test]
fn what_one_module_may_do_no_other_does() {
    holds(&reserved_faults(&source().1));
}

#[test]
fn no_float_where_money_passes() {
    holds(&float_faults(&source().1));
}

#[test]
fn domain_is_pure() {
    holds(&purity_faults(&source().1));
}

#[test]
fn files_are_short() {
    holds(&length_faults(&source().1));
}

#[test]
fn names_and_comments_say_something() {
    holds(&word_faults(&source().1));
}

// ── Planted faults ──────────────────────────────────────────────────────────────────────────────

const TABLE: &str = "//! | `domain` | words | nothing of ours |\n//! | `lake` | rest | domain |\n//! | `stages` | land, judge; apart | domain, lake |\n\
    pub mod domain;\npub mod lake;\npub mod stages;\n";

/// The rule finds a fault in each of the `bad` texts, and none in the `good` ones.
fn finds(rule: impl Fn(&[File]) -> Vec<String>, bad: &[(&str, &str)], good: &[(&str, &str)]) {
    for (path, text) in bad {
        assert_eq!(rule(&[File::new(path, text)]).len(), 1, "not found in {path}: {text}");
    }
    for (path, text) in good {
        holds(&rule(&[File::new(path, text)]));
    }
}

#[test]
fn planted_table_faults_are_found() {
    holds(&table_faults(TABLE));
    assert_eq!(table_faults(&TABLE.replace("pub mod lake;\n", "")), ["`lake` is declared or in the table, not both"]);
    let upwards = TABLE.replace("| rest | domain |", "| rest | domain, stages |");
    assert_eq!(table_faults(&upwards), ["`lake` may use `stages`, which is not below it"]);
}

#[test]
fn planted_imports_are_found() {
    let bad = [
        ("src/domain/day.rs", "use crate::lake::Lake;"),
        ("src/domain/mod.rs", "fn f() { crate::lake::open() }"),
        ("src/lake/part.rs", "use crate::{domain::Day, stages::land};"),
        ("src/lake/part.rs", "use super::super::stages;"),
        ("src/lake.rs", "use crate::elsewhere::X;"),
        ("src/lake/part.rs", "#[cfg(test)] mod tests { use crate::stages; }"),
    ];
    let good = [
        ("src/lake/part.rs", "use crate::{domain::{Day, Pence}, lake::x}; mod a { use super::super::b; } // crate::stages"),
        ("src/domain/day.rs", "pub(crate) fn f() {} const TEXT: &str = \"crate::lake\";"),
    ];
    finds(|files| import_faults(TABLE, files), &bad, &good);
}

#[test]
fn planted_stage_imports_are_found() {
    let bad = [
        ("src/stages/land.rs", "use crate::stages::judge::Judge;"),
        ("src/stages/land/copy.rs", "use super::super::judge;"),
        ("src/stages/judge.rs", "fn f() { super::land::go() }"),
        ("src/stages/mod.rs", "pub use land::Landed;"),
    ];
    let good =
        [("src/stages/land.rs", "use super::Proof; use crate::stages::land::x;"), ("src/stages/mod.rs", "pub mod land; pub mod judge;")];
    finds(|files| stage_faults(TABLE, files), &bad, &good);
}

#[test]
fn planted_trespasses_are_found() {
    let bad = [
        ("src/run/mod.rs", "use datafusion::prelude::col;"),
        ("src/run/mod.rs", "fn f(x: &SessionContext) {}"),
        ("src/stages/land.rs", "use deltalake_core::Path;"),
        ("src/demo/mod.rs", "fn f() { println!(\"x\") }"),
        ("src/report/mod.rs", "fn f() { std::io::stdout().lock() }"),
        ("src/run/mod.rs", "use indicatif::ProgressBar;"),
        ("src/cli/mod.rs", "fn f() { std::time::Instant::now() }"),
        ("src/source/local.rs", "fn f() { SystemTime::now() }"),
        ("src/source/local.rs", "fn f(t: SystemTime) { t.elapsed() }"),
        ("src/lake/mod.rs", "fn f() { unsafe { x() } }"),
        ("src/lake/mod.rs", "fn f() { todo!() }"),
        ("src/lake/mod.rs", "fn f() { dbg!(x) }"),
    ];
    let good = [
        ("src/engine/mod.rs", "use datafusion::prelude::SessionContext;"),
        ("src/lake/mod.rs", "use deltalake_core::x; fn f() { command.stdout(Stdio::null()) } // println!"),
        ("src/cli/mod.rs", "fn f() { println!(\"unsafe\") }"),
        ("src/run/mod.rs", "fn f() { Instant::now() } fn todo() {}"),
        ("src/lake/mod.rs", "#[cfg(test)] mod tests { fn f() { println!() } }"),
    ];
    finds(reserved_faults, &bad, &good);
}

#[test]
fn planted_floats_are_found() {
    let bad = [
        ("src/domain/money.rs", "fn f(x: f64) {}"),
        ("src/stages/land.rs", "const X: i64 = 0.5;"),
        ("src/engine/mod.rs", "fn f() { g(1e3) }"),
        ("src/decode/mod.rs", "fn f() { g(2f32) }"),
    ];
    let good = [("src/domain/money.rs", "fn f() { x.0.1; 0x1e5; 0..9; \"0.5\"; 3usize }"), ("src/report/mod.rs", "fn f(x: f64) {}")];
    finds(float_faults, &bad, &good);
}

#[test]
fn planted_impurities_are_found() {
    let bad = [
        ("src/domain/day.rs", "use std::{fmt, fs};"),
        ("src/domain/day.rs", "async fn f() {}"),
        ("src/domain/day.rs", "fn f() { tokio::spawn(x) }"),
        ("src/domain/day.rs", "use std::thread;"),
    ];
    finds(purity_faults, &bad, &[("src/domain/day.rs", "use std::fmt; use std::thread::scope;"), ("src/lake/mod.rs", "use std::fs;")]);
}

#[test]
fn planted_long_files_are_found() {
    let long = "fn f() {}\n".repeat(LONGEST + 1);
    let tests = format!("fn f() {{}}\n#[cfg(test)]\nmod tests {{\n{long}}}\n");
    finds(length_faults, &[("src/lake/mod.rs", &long)], &[("src/lake/mod.rs", &tests)]);
}

#[test]
fn planted_empty_words_are_found() {
    let bad = [
        ("src/lake/utils.rs", ""),
        ("src/lake/mod.rs", "struct FileManager;"),
        ("src/lake/mod.rs", "// good enough for now"),
        ("src/lake/mod.rs", "fn f() { g(\"not implemented\") }"),
        ("src/lake/mod.rs", "/// A stub."),
    ];
    let good = [("src/lake/mod.rs", "/// Stubborn.\nfn f(x: Placeholder) { x.manager() }")];
    finds(word_faults, &bad, &good);
}
