//! What holds of the house as a whole: every error has a number of its own, a page, and a file that brings it about.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use truecost::diagnostic::{Code, codes};

use crate::{places, transcript};

/// Ids used twice, out of shape, outside the range of their group, or out of order.
fn numbering_faults(groups: &[(&str, &[Code])]) -> Vec<String> {
    let mut faults = Vec::new();
    let mut seen = BTreeSet::new();
    for (range, group) in groups {
        for code in *group {
            if !code.id.starts_with(range) || code.id.len() != 6 || !code.id[2..].bytes().all(|byte| byte.is_ascii_digit()) {
                faults.push(format!("{} is not of the form {range}nn", code.id));
            }
            if !seen.insert(code.id) {
                faults.push(format!("{} is declared twice", code.id));
            }
        }
        if !group.is_sorted_by_key(|code| code.id) {
            faults.push(format!("{range} is not in order"));
        }
    }
    faults
}

fn groups() -> Vec<(&'static str, &'static [Code])> {
    vec![
        ("TC01", codes::command::ALL),
        ("TC02", codes::structure::ALL),
        ("TC03", codes::value::ALL),
        ("TC04", codes::control::ALL),
        ("TC04", codes::packed::ALL),
        ("TC05", codes::source::ALL),
        ("TC06", codes::config::ALL),
        ("TC07", codes::contract::ALL),
        ("TC08", codes::sql::ALL),
        ("TC09", codes::reference::ALL),
        ("TC10", codes::lake::ALL),
        ("TC11", codes::query::ALL),
        ("TC12", codes::checks::ALL),
        ("TC13", codes::supply::ALL),
        ("TC14", codes::periods::ALL),
        ("TC15", codes::notices::ALL),
    ]
}

#[test]
fn every_code_has_a_number_of_its_own() {
    let groups = groups();
    assert_eq!(groups.iter().map(|(_, group)| group.len()).sum::<usize>(), codes::all().count(), "a group of codes is not listed");
    let faults = numbering_faults(&groups);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn planted_numbers_are_found() {
    let code = |id| Code { id, actor: truecost::diagnostic::Actor::Us, exit: 1, retry: false, severities: &[], title: "", page: "" };
    let bad = [code("TC0102"), code("TC0102"), code("TC0101"), code("TC0201"), code("TC01x1")];
    let faults = numbering_faults(&[("TC01", &bad)]);
    assert_eq!(faults.len(), 4, "{faults:?}");
}

#[test]
fn every_code_has_a_page() {
    let mut faults = Vec::new();
    let mut pages = Vec::new();
    places::gather(&places::root().join("src/diagnostic/pages"), "md", &mut pages);
    let ids: BTreeSet<&str> = codes::all().map(|code| code.id).collect();
    let unknown = pages.iter().filter(|page| !page.file_stem().is_some_and(|stem| ids.contains(&*stem.to_string_lossy())));
    faults.extend(unknown.map(|page| format!("{} is the page of no code", page.display())));
    for code in codes::all() {
        let lines = code.page.lines().filter(|line| !line.trim().is_empty()).count();
        if !(3..=30).contains(&lines) {
            faults.push(format!("{}: {lines} lines; a page says what it means, what happens to the data, and how to mend it", code.id));
        }
        if ![1, 2, 3, 4, 5, 130].contains(&code.exit) {
            faults.push(format!("{}: {} is no exit code of truecost", code.id, code.exit));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// `tests/errors/TC0203/` holds one or more transcripts that end in that report.
#[test]
fn every_code_has_a_reproducer() {
    let mut of_code: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for path in transcript::below("errors") {
        let code = path.parent().and_then(|folder| folder.file_name()).expect("a folder").to_string_lossy().into_owned();
        of_code.entry(code).or_default().push(fs::read_to_string(&path).expect("a transcript"));
    }
    let shows = |code: &Code| {
        let texts = of_code.get(code.id).into_iter().flatten();
        texts
            .flat_map(|text| text.lines())
            .any(|line| line.starts_with("proved by ") || (line.starts_with(['!', '>']) && line.contains(code.id)))
    };
    let missing: Vec<&str> = codes::all().filter(|code| !shows(code)).map(|code| code.id).collect();
    assert!(
        missing.is_empty(),
        "{} code(s) without a reproducer that shows them under tests/errors/<code>/: {}",
        missing.len(),
        missing.join(" ")
    );
    let strange: Vec<&String> = of_code.keys().filter(|id| codes::find(id).is_none()).collect();
    assert!(strange.is_empty(), "reproducers of codes that do not exist: {strange:?}");
}

#[test]
fn reproducers_agree() {
    transcript::all_agree("errors");
}

/// Reports in what was written to stderr that lack what happened to the data, or what to type next.
fn incomplete(transcript: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let mut open: Option<(&str, BTreeSet<&str>)> = None;
    for line in transcript.lines().chain([""]) {
        let said = line.strip_prefix("! ").unwrap_or_default();
        let begins = ["error[", "warning[", "note["].iter().any(|word| said.starts_with(word));
        if (begins || !said.starts_with("  "))
            && let Some((report, parts)) = open.take()
        {
            faults.extend(["data:", "next:"].iter().filter(|part| !parts.contains(*part)).map(|part| format!("no `{part}` in: {report}")));
        }
        if begins {
            open = Some((said, BTreeSet::new()));
        } else if let Some((_, parts)) = &mut open {
            parts.extend(said.split_whitespace().next());
        }
    }
    faults
}

#[test]
fn every_report_says_what_happened_to_the_data_and_what_to_type_next() {
    let paths = transcript::below("errors").into_iter().chain(transcript::below("transcripts"));
    let faults = paths.flat_map(|path| {
        let text = fs::read_to_string(&path).expect("a transcript");
        incomplete(&text).into_iter().map(move |fault| format!("{}: {fault}", path.display())).collect::<Vec<_>>()
    });
    let faults: Vec<String> = faults.collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn planted_incomplete_reports_are_found() {
    let whole = "! error[TC0101]: a\n!   --> x\n!       data: none\n!       next: b\n";
    assert_eq!(incomplete(&format!("{whole}= 2")).len(), 0);
    assert_eq!(incomplete(&format!("! warning[TC0102]: a\n!       next: b\n{whole}")).len(), 1);
    assert_eq!(incomplete("! error[TC0101]: a\n= 2").len(), 2);
}

/// A test file that no `mod` names is never compiled, and never fails.
#[test]
fn every_test_file_is_part_of_this_binary() {
    let folder = places::root().join("tests/it");
    let main = fs::read_to_string(folder.join("main.rs")).expect("main.rs");
    let entries = fs::read_dir(&folder).expect("tests/it").map(|entry| entry.expect("an entry").path());
    let rust = entries.filter(|path| path.is_dir() || path.extension().is_some_and(|ext| ext == "rs"));
    let stems = rust.filter_map(|path| Some(path.file_stem()?.to_string_lossy().into_owned()));
    let orphans: Vec<String> = stems.filter(|stem| stem != "main" && !main.contains(&format!("mod {stem};"))).collect();
    assert!(orphans.is_empty(), "not named in tests/it/main.rs: {orphans:?}");
}
