//! `add feed` over sample extracts in layouts that are met in the wild, held to what a right reading of each is.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;
use truecost::{
    demo,
    diagnostic::Refusal,
    domain::{Identifier, decimal},
    onboard::{self, Adding, Answers, Around, Trial},
    pipeline,
    run::{self, Delivery, Silent, clock::SystemClock},
};

use crate::places;

/// What becomes of each set in this version; a set that is refused says by which words. One that ties by then is better than what is
/// written here.
const OUTCOMES: &[(&str, &str)] = &[
    ("01_plain_csv", "ties"),
    ("02_cp1252_pound_header_total", "ties"),
    ("03_header_moves", "ties"),
    ("04_serials_beside_dates", "ties"),
    ("05_accounting_style", "ties"),
    ("06_repeated_and_unnamed", "ties"),
    ("07_two_line_header", "ties"),
    ("08_total_above_header", "ties"),
    ("09_float_noise", "ties"),
    ("10_half_pennies", "ties"),
    ("11_unlabelled_total", "ties"),
    ("12_sap_hs_flag", "ties"),
    ("13_oracle_report", "ties"),
    ("14_agresso_browser", "ties"),
    ("15_hdr_dtl_trl", "ties"),
    ("16_tab_text_named_xls", "ties"),
    ("17_not_sign_delimiter", "ties"),
    ("18_xlsx_second_sheet", "ties"),
    ("19_xlsx_text_numbers_1904", "ties"),
    ("20_xlsx_side_by_side", "`table`"),
    ("21_zip_one_csv", "ties"),
    ("22_gl07_fixed_2060", "ties"),
    ("23_payroll_overpunch", "ties"),
    ("24_hr_establishment", "files"),
    ("25_budget_twelve_months", "ties"),
    ("26_utf16_unicode_text", "ties"),
    ("27_year_to_date_restated", "ties"),
    ("28_odd_dates", "ties"),
    ("29_empty_and_nil", "ties"),
    ("30_formula_codes_trailing_comma", "ties"),
    ("31_sap_list_with_borders", "ties"),
    ("32_mac_roman_blank_lines", "ties"),
];

fn sets() -> Option<Vec<PathBuf>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/layouts");
    let mut sets: Vec<PathBuf> = fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    sets.sort();
    Some(sets)
}

struct Row {
    set: String,
    asked: usize,
    lines: usize,
    outcome: String,
}

/// Adds the feed of one set in a partnership of its own.
fn add(set: &Path) -> Row {
    let name = set.file_name().expect("a name").to_string_lossy().into_owned();
    let truth: Value = serde_json::from_str(&fs::read_to_string(set.join("truth.json")).expect("the truth")).expect("JSON");
    let mut row = Row { set: name.clone(), asked: 0, lines: 0, outcome: String::new() };
    row.outcome = match tried(set, &name, &truth, &mut row) {
        Ok(trial) => held(&truth, &trial),
        Err(refusal) => refusal.0.iter().map(|d| format!("{} {}", d.code.id, d.seen)).collect::<Vec<_>>().join("; "),
    };
    row
}

fn tried(set: &Path, name: &str, truth: &Value, row: &mut Row) -> Result<Trial, Refusal> {
    let (dir, council) = with_council()?;
    let (partnership, _) = pipeline::read(dir.path())?;
    let mut answers = Answers::read(&places::root().join("tests/layouts").join(format!("{name}.yaml")))?;
    let around = Around { partnership: &partnership, council: &council, feed: "spend" };
    // Where fields of a line stand, as a person writes it down from the sender's specification.
    let places = places::root().join("tests/layouts").join(format!("{name}.csv"));
    if places.is_file() {
        answers.set("layout", &places.display().to_string());
    }
    let adding = Adding::new(around, onboard::look(&samples(set, truth), &answers)?);
    row.asked = onboard::open(&adding.questions(&Answers::default()).unwrap_or_default(), &Answers::default()).len();
    answers.defaults = true;
    let questions = adding.questions(&answers)?;
    let open = onboard::open(&questions, &answers);
    if !open.is_empty() {
        return Err(onboard::still_open(&open, "truecost add feed"));
    }
    let changes = adding.changes(&questions, &answers)?;
    row.lines = changes.iter().filter(|change| change.path.ends_with(".odcs.yaml")).map(|change| change.text.lines().count()).sum();
    if std::env::var("TRUECOST_SHOW").is_ok_and(|wanted| name.starts_with(&wanted)) {
        changes.iter().for_each(|change| println!("--- {}\n{}", change.path, change.text));
    }
    let trial = adding.trial(&changes, &SystemClock)?;
    if std::env::var("TRUECOST_SHOW").is_ok_and(|wanted| name.starts_with(&wanted)) {
        println!("{}", onboard::trial_page(&trial, &changes).text);
    }
    Ok(trial)
}

/// A partnership of one council, whose costs are its payments.
fn with_council() -> Result<(tempfile::TempDir, Identifier), Refusal> {
    let dir = tempfile::tempdir().expect("a folder");
    demo::write_empty(dir.path(), &[]).expect("a partnership");
    let council = Identifier::new("wexcombe").expect("a name");
    let (partnership, _) = pipeline::read(dir.path())?;
    let mut answers = Answers::default();
    answers.set("basis", "payments");
    answers.set("from", "2014-04-01");
    answers.defaults = true;
    onboard::write(dir.path(), &[onboard::council(&partnership, &council, &answers)?])?;
    Ok((dir, council))
}

/// The files of a set; of those that cannot be read by anybody, the one that can.
fn samples(set: &Path, truth: &Value) -> Vec<PathBuf> {
    let refused = |name: &str| {
        let files = truth["files"].as_array().into_iter().flatten();
        files.clone().any(|file| file["file"] == *name && file["data_rows"] == 0)
    };
    let mut files: Vec<PathBuf> = fs::read_dir(set).expect("files").flatten().map(|entry| entry.path()).collect();
    files.retain(|path| path.file_name().is_some_and(|name| name != "truth.json" && !refused(&name.to_string_lossy())));
    files.sort();
    files
}

/// `ties`, or what does not.
fn held(truth: &Value, trial: &Trial) -> String {
    if !trial.is_clean() {
        let reports = trial.files.iter().flat_map(|file| &file.reports).map(|d| format!("{} {}", d.code.id, d.seen));
        return format!("not clean: {}", reports.collect::<Vec<_>>().join("; "));
    }
    let files: Vec<&Value> = match truth["files"].as_array() {
        // Each file holds the year to date: the last one is the whole.
        Some(files) if truth["restated"].is_object() => files.iter().rev().take(1).collect(),
        Some(files) => files.iter().filter(|file| file["data_rows"] != 0).collect(),
        None => vec![truth],
    };
    let mut wrong = Vec::new();
    let months_of_a_row = truth["amount_column"].as_array().map_or(1, |months| months.len() as u64);
    let rows: u64 = files.iter().filter_map(|file| file["data_rows"].as_u64()).sum::<u64>() * months_of_a_row;
    if trial.rows() != rows {
        wrong.push(format!("{} rows, not {rows}", trial.rows()));
    }
    let pounds: i128 = files.iter().filter_map(|file| file["net_total"].as_str()).map(pence).sum();
    if trial.pence() != pounds {
        wrong.push(format!("{} pounds, not {}", decimal(trial.pence()), decimal(pounds)));
    }
    let mut months: std::collections::BTreeMap<String, u64> = std::collections::BTreeMap::new();
    for file in &files {
        for (month, rows) in file["rows_by_month"].as_object().into_iter().flatten() {
            *months.entry(month.clone()).or_default() += rows.as_u64().unwrap_or(0);
        }
    }
    let found: std::collections::BTreeMap<String, u64> = trial
        .months
        .iter()
        .map(|(period, rows, _)| {
            let (year, month) = if period.period <= 9 { (period.year, period.period + 3) } else { (period.year + 1, period.period - 9) };
            (format!("{year}-{month:02}"), *rows)
        })
        .collect();
    // Of a record that makes a row of each month, cells of nought are rows too: months are told by their pounds.
    if let Some(amounts) = truth["amount_by_month"].as_object().filter(|_| months_of_a_row > 1) {
        let wanted: Vec<i128> = amounts.values().filter_map(Value::as_str).map(pence).collect();
        let found: Vec<i128> = trial.months.iter().map(|(_, _, pence)| *pence).collect();
        if found != wanted {
            wrong.push(format!("pounds by month {found:?}, not {wanted:?}"));
        }
    } else if found != months {
        wrong.push(format!("months {found:?}, not {months:?}"));
    }
    for file in &files {
        for left in file["left_out"].as_array().into_iter().flatten() {
            let Some(amount) = left["amount"].as_str().map(pence) else { continue };
            let is_there = trial.files.iter().flat_map(|file| file.left_out.values()).any(|found| found.pence == Some(amount));
            // What a trailer prints is no row that is priced: a control holds it against the rows.
            let mut controls = trial.files.iter().flat_map(|file| &file.controls);
            if !is_there && !controls.any(|control| control.held && pence(&control.expected) == amount) {
                wrong.push(format!("nothing left out holds {}", decimal(amount)));
            }
        }
    }
    if wrong.is_empty() { "ties".to_owned() } else { wrong.join("; ") }
}

/// Pence of a truth; parts of a penny to the nearest even one.
fn pence(text: &str) -> i128 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let negative = whole.starts_with('-');
    let digits: String = fraction.chars().chain("000".chars()).take(3).collect();
    let mills: i128 = whole.trim_start_matches('-').parse::<i128>().expect("pounds") * 1000 + digits.parse::<i128>().expect("mills");
    let (pence, rest) = (mills / 10, mills % 10);
    let rounded = pence + i128::from(rest > 5 || (rest == 5 && pence % 2 == 1));
    if negative { -rounded } else { rounded }
}

#[test]
fn every_layout_ties_or_is_refused_by_name() {
    let Some(sets) = sets() else {
        println!("skipped: the sample layouts are not on this machine");
        return;
    };
    let wanted = std::env::var("TRUECOST_CASE").unwrap_or_default();
    let rows: Vec<Row> = sets.iter().filter(|set| set.to_string_lossy().contains(&wanted)).map(|set| add(set)).collect();
    println!("{:<34} {:>5} {:>5}  outcome", "set", "asked", "lines");
    rows.iter().for_each(|row| println!("{:<34} {:>5} {:>5}  {}", row.set, row.asked, row.lines, row.outcome));
    let mut wrong = Vec::new();
    for row in &rows {
        match OUTCOMES.iter().find(|(set, _)| *set == row.set) {
            Some(_) if row.outcome == "ties" => {}
            Some((_, words)) if *words != "ties" && row.outcome.contains(words) => {}
            known => wrong.push(format!("{}: {}, and {:?} was known of it", row.set, row.outcome, known.map(|(_, outcome)| outcome))),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What becomes of one file that is dropped alone into a partnership with the feed that `samples` and answers make; empty, if no feed.
fn delivered(samples: &[PathBuf], file: &Path, given: &[(&str, &str)]) -> Result<(Delivery, u64, String), Refusal> {
    let (dir, council) = with_council()?;
    let (partnership, _) = pipeline::read(dir.path())?;
    let mut answers = Answers::default();
    answers.defaults = true;
    given.iter().for_each(|(key, answer)| answers.set(key, answer));
    let around = Around { partnership: &partnership, council: &council, feed: "cards" };
    let adding = Adding::new(around, onboard::look(samples, &answers)?);
    let questions = adding.questions(&answers)?;
    let open = onboard::open(&questions, &answers);
    if !open.is_empty() {
        return Err(onboard::still_open(&open, "truecost add feed"));
    }
    onboard::write(dir.path(), &adding.changes(&questions, &answers)?)?;
    let (partnership, _) = pipeline::read(dir.path())?;
    run::make_folders(&partnership)?;
    let dropped = dir.path().join("drop/wexcombe/cards").join(file.file_name().expect("a name"));
    fs::copy(file, &dropped).expect("a copy");
    let opened = fs::OpenOptions::new().write(true).open(&dropped).expect("the file");
    let copied = opened.metadata().and_then(|facts| facts.modified()).expect("a time");
    opened.set_modified(copied - std::time::Duration::from_hours(1)).expect("a time");
    let outcome = run::run(&partnership, &run::Options { threads: 1, ..run::Options::default() }, &SystemClock, &Silent)?;
    let [one] = outcome.delivered.as_slice() else { panic!("one file, and not {}", outcome.delivered.len()) };
    let codes: Vec<&str> = one.reports.iter().map(|report| report.code.id).collect();
    Ok((one.state, one.rows, codes.join(", ")))
}

/// Set 29, file by file: four ways of sending nothing, and a good one; and of the four that no layout can be learnt from them.
#[test]
fn nothing_is_read_only_where_the_sender_says_so() {
    let Some(set) = sets().and_then(|sets| sets.into_iter().find(|set| set.ends_with("29_empty_and_nil"))) else {
        println!("skipped: the sample layouts are not on this machine");
        return;
    };
    let truth: Value = serde_json::from_str(&fs::read_to_string(set.join("truth.json")).expect("the truth")).expect("JSON");
    let good = set.join("cards_2025_08.csv");
    let nil = set.join("cards_2025_06.csv");
    let with_nil = [("vat", "net"), ("empty", "yes")];
    for file in truth["files"].as_array().expect("files") {
        let (name, outcome) = (file["file"].as_str().expect("a name"), file["outcome"].as_str().expect("words"));
        let path = set.join(name);
        let alone = delivered(std::slice::from_ref(&path), &path, &with_nil[..1]);
        let after = delivered(std::slice::from_ref(&good), &path, &with_nil[..1]).expect("a feed of the good file");
        let told = delivered(&[nil.clone(), good.clone()], &path, &with_nil).expect("a feed of two files");
        println!("{name}: {outcome}\n  alone {}\n  after August {after:?}\n  with the sender's words {told:?}", said(&alone));
        let rows = file["data_rows"].as_u64().expect("rows");
        let refused = |found: &(Delivery, u64, String)| found.0 == Delivery::Refused && found.1 == 0;
        let is_right = match outcome {
            "accept" => alone.is_ok() && [&after, &told].iter().all(|found| found.0 == Delivery::Accepted && found.1 == rows),
            nil if nil.starts_with("a nil month") => alone.is_err() && refused(&after) && told.0 == Delivery::Accepted && told.1 == 0,
            _ => alone.is_err() && refused(&after) && refused(&told),
        };
        assert!(is_right, "{name}: {outcome}");
    }
}

fn said(found: &Result<(Delivery, u64, String), Refusal>) -> String {
    match found {
        Ok(found) => format!("{found:?}"),
        Err(refusal) => refusal.0.iter().map(|d| format!("{} {}", d.code.id, d.seen)).collect::<Vec<_>>().join("; "),
    }
}

/// A line of Unit4's GL07 batch: what stands at which character, from 1, blanks elsewhere.
fn gl07(voucher_type: &str, period: (&str, &str), pence: &str) -> String {
    let (day, number) = period;
    let fields = [
        (1, "TB2025"),
        (51, voucher_type),
        (76, "GL"),
        (78, "TB"),
        (103, "4100"),
        (128, "C30240"),
        (353, "GBP"),
        (378, "1"),
        (746, day),
        (762, "700100"),
        (777, number),
    ];
    let mut line = vec![b' '; 2060];
    for (from, text) in fields {
        line[from - 1..from - 1 + text.len()].copy_from_slice(text.as_bytes());
    }
    for from in [380, 400] {
        line[from - 1..from + 19].copy_from_slice(format!("{pence:>20}").as_bytes());
    }
    String::from_utf8(line).expect("ASCII") + "\n"
}

/// The words of a column that decides what counts are guarded in a layout that is known too, and what its rows add up to is told in pounds.
#[test]
fn a_known_layout_is_guarded_as_any_other() {
    let dir = tempfile::tempdir().expect("a folder");
    let say = |words: &[&str]| places::said(&places::truecost(dir.path(), words));
    say(&["init", "--empty", "."]);
    say(&["add", "council", "ashvale", "--answer", "basis=ledger", "--answer", "from=2025-04-01", "--defaults"]);
    let (april, may) = (("20250410", "202601"), ("20250512", "202602"));
    let of_rows =
        |number: i32| if number % 3 == 0 { gl07("GJ", april, "-3000") } else { gl07("PI", april, &(468_700 + number).to_string()) };
    let first: String = (0..12).map(of_rows).chain([gl07("BUD", april, "900000")]).collect();
    fs::write(dir.path().join("gl_2025_04.dat"), first).expect("written");
    let add = ["add", "feed", "ashvale/gl", "--from", "gl_2025_04.dat", "--layout", "unit4_gl07"];
    let (_, asked) = say(&add);
    assert!(asked.contains("1 row, £9000.00; what is planned is no cost"), "{asked}");
    let (code, said) = say(&[&add[..], &["--answer", "rows.voucher_type.BUD=left_out", "--defaults", "--yes"]].concat());
    assert_eq!(code, Some(0), "{said}");
    let contract = fs::read_to_string(dir.path().join("schemas/sources/ashvale/gl.odcs.yaml")).expect("a contract");
    assert!(contract.contains("only: [PI, GJ]"), "{contract}");
    let next = [gl07("PI", may, "500"), gl07("ENC", may, "700000"), gl07("BUD", may, "900000")];
    fs::write(dir.path().join("drop/ashvale/gl/gl_2025_05.dat"), next.concat()).expect("written");
    let (code, said) = say(&["run"]);
    assert!(code == Some(1) && said.contains("none of the words that the contract lists (PI, GJ), first on line 2: `ENC`"), "{said}");
}
