//! `truecost profile` over layouts as councils send them: what is found is held to what each set says of itself.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use serde_json::Value;
use truecost::profile::{self, Options, Place, Places, Profile};

use crate::places;

/// What differs from `truth.json`, and why that is right, or what is missing. A line that holds no more is a fault too.
const DIFFERS: &[(&str, &str, &str)] = &[
    ("11", "date_kinds", "the row without an amount has a date"),
    ("11", "rows_by_month", "the row without an amount has a date"),
    ("12", "net_total", "which of S and H takes off is a person's answer: the sums beside each word are told"),
    ("12", "money_styles", "the minus stands behind the tax, not the amount"),
    ("13", "personal_columns", "lines above the header are never told, whoever they name"),
    ("13", "left_out", "heads of pages, headings, dashes and blank lines are counted too"),
    ("22", "data_rows", "no name tells where fields begin: all records are counted"),
    ("22", "amount_column", "no name tells where fields begin"),
    ("22", "date_column", "no name tells where fields begin"),
    ("22", "net_total", "no name tells where fields begin"),
    ("22", "date_kinds", "all records are counted"),
    ("22", "rows_by_month", "all records are counted"),
    ("22", "personal_columns", "no name tells where fields begin"),
    ("22", "money_styles", "no name tells where fields begin"),
    ("22", "left_out", "which types of records count is a person's answer"),
    ("23", "amount_column", "digits of four fields touch: no name tells where they begin"),
    ("23", "date_column", "digits of four fields touch"),
    ("23", "net_total", "digits of four fields touch"),
    ("23", "date_kinds", "digits of four fields touch"),
    ("23", "rows_by_month", "digits of four fields touch"),
    ("23", "personal_columns", "digits of four fields touch"),
    ("23", "money_styles", "digits of four fields touch"),
    ("23", "left_out", "the trailer's total stands among touching digits"),
    ("23", "printed_total", "the trailer's total stands among touching digits"),
    ("24", "date_column", "a register as at a day: no date of a row counts"),
    ("24", "date_kinds", "of one of its dates"),
    ("24", "rows_by_month", "of one of its dates"),
    ("25", "amount_column", "the likely amount is the column of totals; the months are told as `month_columns`"),
    ("25", "date_kinds", "months are headings: told as `month_columns`"),
    ("25", "rows_by_month", "months are headings: told as `month_columns`"),
    ("25", "money_styles", "no total is a dash"),
    ("25", "left_out", "the column of totals is told as an identity"),
    ("28", "date_column", "which date counts is a person's answer"),
    ("28", "date_kinds", "of the other date"),
    ("28", "rows_by_month", "of the other date"),
    ("32", "left_out", "CR CR LF is one line end: no line is blank"),
];

/// A file of a set with all that is true of it.
struct Case {
    set: String,
    path: PathBuf,
    truth: Value,
}

fn cases() -> Option<Vec<Case>> {
    let folder = places::shared()?.join("layouts");
    let mut all = Vec::new();
    let mut sets: Vec<PathBuf> = fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    sets.sort();
    for set in sets {
        let truth: Value = serde_json::from_slice(&fs::read(set.join("truth.json")).expect("truth")).expect("JSON");
        let name = set.file_name().expect("a name").to_string_lossy().into_owned();
        if let Some(files) = truth.get("files").and_then(Value::as_array) {
            for file in files {
                let mut whole = truth.clone();
                for (key, value) in file.as_object().expect("an object") {
                    whole[key] = value.clone();
                }
                all.push(Case { set: name.clone(), path: set.join(file["file"].as_str().expect("a file")), truth: whole });
            }
        } else {
            let mut files: Vec<PathBuf> = fs::read_dir(&set).expect("a set").flatten().map(|entry| entry.path()).collect();
            files.retain(|path| path.file_name().is_some_and(|name| name != "truth.json"));
            all.push(Case { set: name, path: files.remove(0), truth });
        }
    }
    Some(all)
}

fn encoding(found: &Profile) -> Value {
    let Some(text) = &found.text else { return Value::Null };
    let word = match text.encoding.as_str() {
        "mac_roman" => "macintosh (Mac Roman)".to_owned(),
        word => word.to_owned(),
    };
    Value::from(if text.byte_order_mark { format!("{word} with byte order mark") } else { word })
}

fn delimiter(found: &Profile) -> Value {
    match found.layout.delimiter {
        Some('\t') => Value::from("tab"),
        Some('¬') => Value::from("¬ (byte AC)"),
        Some(other) => Value::from(other.to_string()),
        None => Value::Null,
    }
}

/// Our words for how amounts are written → those of the sets; what a set does not speak of is left out.
fn styles(found: &Profile) -> BTreeSet<String> {
    let Some(money) = found.amount.and_then(|at| found.columns[at].money.as_ref()) else { return BTreeSet::new() };
    let word = |style: &str| {
        match style {
            "minus_after" => "trailing_minus",
            "brackets" => "parentheses",
            "dash_nought" => "dash is nought",
            other => return other.to_owned(),
        }
        .to_owned()
    };
    let mut all: BTreeSet<String> = money.styles.iter().map(|(style, _)| word(style)).filter(|style| style != "minus").collect();
    if money.noise > 0 {
        all.insert("float_noise".to_owned());
    }
    if money.decimals == 3 {
        all.insert("three_places".to_owned());
    }
    if found.columns[found.amount.unwrap_or(0)].cells.iter().any(|(own, _)| own == "number") {
        // Beside numbers, styles are those of texts.
        let text = |style: String| match style.as_str() {
            "commas" => "text commas".to_owned(),
            "padded" => "text plain, padded".to_owned(),
            _ => style,
        };
        all = all.into_iter().filter(|style| style != "plain").map(text).chain(["number cell".to_owned()]).collect();
    }
    if ["apart", "pound"].iter().all(|style| all.contains(*style)) {
        all.retain(|style| !matches!(style.as_str(), "apart" | "pound" | "dash is nought" | "padded" | "commas" | "plain"));
        all.insert("accounting".to_owned());
    }
    all
}

fn differences(case: &Case, found: &Profile) -> Vec<(String, String)> {
    let mut all = Vec::new();
    if case.truth["outcome"] == "refuse or ask" {
        let asks =
            found.sheets.iter().any(|sheet| sheet.tables.len() > 1) && found.questions.iter().any(|text| text.contains("side by side"));
        return if asks { all } else { vec![("outcome".to_owned(), "tables side by side are not told".to_owned())] };
    }
    let mut hold = |key: &str, seen: Value| {
        let Some(truth) = case.truth.get(key) else { return };
        let ascii = key == "encoding" && found.text.as_ref().is_some_and(|text| text.ascii) && truth == "ascii";
        if *truth != seen && !ascii {
            all.push((key.to_owned(), format!("{seen} is found, {truth} is true")));
        }
    };
    let typed = !found.record_types.is_empty();
    let called = |at: usize| match found.columns[at].heading.as_str() {
        "" if typed => {
            format!("{} field of DTL", ["1st", "2nd", "3rd"].get(at).map_or_else(|| format!("{}th", at + 1), ToString::to_string))
        }
        heading => heading.to_owned(),
    };
    let column = |at: Option<usize>| at.map_or(Value::Null, |at| Value::from(called(at)));
    hold("encoding", encoding(found));
    if found.rows.data > 0 {
        hold("delimiter", delimiter(found));
        hold("amount_column", column(found.amount));
        hold("date_column", column(found.date));
    }
    hold("header_line", found.header.line.map_or(Value::Null, Value::from));
    hold("data_rows", Value::from(found.rows.data));
    let money = found.amount.and_then(|at| found.columns[at].money.as_ref());
    hold("net_total", money.map_or(Value::from("0.00"), |money| Value::from(money.sum.text())));
    let dates = found.date.and_then(|at| found.columns[at].dates.as_ref());
    let kinds: BTreeMap<&str, u64> = dates.iter().flat_map(|dates| &dates.kinds).map(|kind| (kind.printed.as_str(), kind.rows)).collect();
    hold("date_kinds", serde_json::to_value(kinds).expect("JSON"));
    let months: BTreeMap<String, u64> =
        dates.iter().flat_map(|dates| &dates.months).map(|((year, month), n)| (format!("{year:04}-{month:02}"), *n)).collect();
    hold("rows_by_month", serde_json::to_value(months).expect("JSON"));
    hold("exact_copies", Value::from(found.rows.exact_copies));
    let personal = |set: &Value| {
        let mut names: Vec<String> = set.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
        names.sort();
        names
    };
    let seen: Vec<String> = found.columns.iter().filter(|column| column.personal.is_some()).map(|column| called(column.at)).collect();
    let (seen, truth) = (personal(&Value::from(seen)), personal(&case.truth["personal_columns"]));
    let nothing = found.rows.data == 0 && found.header.line.is_none();
    if seen != truth && !nothing {
        all.push(("personal_columns".to_owned(), format!("{seen:?} is found, {truth:?} is true")));
    }
    styles_differ(case, found, &mut all);
    left_out(case, found, &mut all);
    if let Some(printed) = case.truth.get("printed_total").and_then(Value::as_str) {
        let is = |total: &profile::Total| Some(total.column) == found.amount && total.printed.trim() == printed.trim();
        if !found.totals.iter().any(|total| is(total) && total.difference.0 == 0) {
            all.push(("printed_total".to_owned(), format!("{printed} is not found to be the sum of its rows")));
        }
    }
    all
}

/// Every way of writing that is true is found, and none besides; `plain` amounts stand beside every other.
fn styles_differ(case: &Case, found: &Profile, all: &mut Vec<(String, String)>) {
    let truth: BTreeSet<String> =
        case.truth["money_styles"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
    let mut seen = styles(found);
    if !truth.contains("plain") {
        seen.remove("plain");
    }
    if seen != truth && found.rows.data > 0 {
        all.push(("money_styles".to_owned(), format!("{seen:?} is found, {truth:?} is true")));
    }
}

/// Records that are no rows, by what they hold.
fn left_out(case: &Case, found: &Profile, all: &mut Vec<(String, String)>) {
    let mut truth: Vec<(u64, Option<String>)> = Vec::new();
    for left in case.truth["left_out"].as_array().into_iter().flatten() {
        let amount = left["amount"].as_str().map(str::to_owned);
        truth.push((left["rows"].as_u64().expect("rows"), amount));
    }
    let total = |of: &[(u64, Option<String>)]| {
        let mut sums: BTreeMap<Option<String>, u64> = BTreeMap::new();
        of.iter().for_each(|(rows, amount)| *sums.entry(amount.clone()).or_default() += rows);
        sums
    };
    let mut seen: Vec<(u64, Option<String>)> =
        found.left_out.iter().map(|left| (left.rows, left.amount.map(profile::Millionths::text))).collect();
    if found.amount.is_some() && found.rows.without_amount > 0 {
        seen.push((found.rows.without_amount, None));
    }
    if total(&truth) != total(&seen) {
        all.push(("left_out".to_owned(), format!("{:?} is found, {:?} is true", total(&seen), total(&truth))));
    }
}

fn name(path: &Path) -> String {
    path.file_name().expect("a name").to_string_lossy().into_owned()
}

#[test]
fn layouts_are_found_to_be_what_they_are() {
    let Some(cases) = cases() else { return eprintln!("skipped: no folder `shared` with layouts beside the repository") };
    let (mut faults, mut used, mut agreed) = (Vec::new(), BTreeSet::new(), 0);
    for case in &cases {
        let differing = match profile::profile(&case.path, &Options::default()) {
            Ok(found) => differences(case, &found),
            Err(_) if case.truth["outcome"].as_str().is_some_and(|outcome| outcome.starts_with("refuse:")) => Vec::new(),
            Err(refusal) => vec![("refused".to_owned(), refusal.0[0].seen.clone())],
        };
        agreed += usize::from(differing.is_empty());
        for (key, text) in differing {
            match DIFFERS.iter().position(|(set, known, _)| case.set.starts_with(set) && key == *known) {
                Some(at) => {
                    used.insert(at);
                    eprintln!("{} {}: {key}: {text}: {}", case.set, name(&case.path), DIFFERS[at].2);
                }
                None => faults.push(format!("{} {}: {key}: {text}", case.set, name(&case.path))),
            }
        }
    }
    eprintln!("{agreed} of {} files agree in everything", cases.len());
    faults.extend((0..DIFFERS.len()).filter(|at| !used.contains(at)).map(|at| format!("{:?} holds no more", DIFFERS[at])));
    assert!(faults.is_empty(), "{} differences:\n{}", faults.len(), faults.join("\n"));
}

/// Rows of an extract of many columns, and their sum in pence.
fn extract(rows: u64) -> (String, i128) {
    let mut text = String::from("Date,Department,Supplier Name,Supplier No,Account,Description,Net,VAT,Gross,Reference\r\n");
    let mut sum = 0;
    for row in 0..rows {
        let net = i128::from(row * 7_919 % 1_000_003) - 3_000;
        let vat = net / 5;
        sum += net;
        let pounds = |pence: i128| profile::Millionths(pence * 10_000).text();
        text.push_str(&format!(
            "{:02}/04/2025,Parks,\"Firm {}, Ltd\",{:06},4{:04},Plant hire,{},{},{},{:010}\r\n",
            row % 28 + 1,
            row % 9_000,
            row % 8_000,
            row % 97,
            pounds(net),
            pounds(vat),
            pounds(net + vat),
            row
        ));
    }
    (text, sum)
}

#[test]
fn many_rows_are_profiled_exactly_and_soon() {
    let (text, sum) = extract(200_000);
    let start = Instant::now();
    let found = profile::profile_bytes("spend_2025_04.csv", text.as_bytes(), &Options::default()).expect("a profile");
    let took = start.elapsed();
    assert_eq!(found.rows.data, 200_000);
    let money = found.columns[found.amount.expect("an amount")].money.as_ref().expect("money");
    assert_eq!(money.sum.0, sum * 10_000);
    assert_eq!(found.identities.iter().filter(|identity| identity.agree.rows == 200_000).count(), 1, "net + VAT = gross");
    eprintln!("200,000 rows in {took:?}");
    // Optimised it takes a second; what is not optimised is ten times as slow.
    assert!(took < Duration::from_secs(40), "200,000 rows in {took:?}");
}

#[test]
fn no_value_of_a_person_is_told() {
    let secret = ["Zebedee", "Quagmire", "QQ123456C", "12-34-56", "zeb@example.org", "ZZ99 9ZZ"];
    let mut text = String::from("Claimant Name,NI Number,Sort Code,Email,Postcode,Pay Date,Amount\n");
    for row in 1..=40 {
        text.push_str(&format!("Mr Zebedee Quagmire,QQ123456C,12-34-56,zeb@example.org,ZZ99 9ZZ,{:02}/04/2025,{row}.50\n", row % 28 + 1));
    }
    let found = profile::profile_bytes("people.csv", text.as_bytes(), &Options::default()).expect("a profile");
    let page = truecost::report::profile(&found).expect("a page");
    let told = format!("{}{}", page.text, page.json);
    for value in secret {
        assert!(!told.contains(value), "{value} is told:\n{told}");
    }
    let kinds: Vec<&str> = found.columns.iter().filter_map(|column| column.personal.as_ref()).map(|found| found.kind.as_str()).collect();
    assert_eq!(kinds, ["name", "ni_number", "bank", "email", "address"]);
}

/// A file may hold any number of records of other types, and of types: all are counted, and few are held.
#[test]
fn records_of_other_types_are_counted_however_many_there_are() {
    let place = |name: &str, from, to, record: Option<&str>| Place { name: name.into(), from, to, record: record.map(str::to_owned) };
    let fields = vec![place("type", 1, 1, None), place("code", 2, 5, None), place("amount", 6, 15, None), place("rows", 2, 8, Some("T"))];
    let places = Some(Places { tag: Some((1, 1)), rows: None, fields });
    let mut text: String = (0..500).map(|row| format!("D{:04}{:010}\n", row % 7, row * 10)).collect();
    text.extend((0..20_000).map(|_| "X    0000000500\n"));
    text.extend((0..2_000_u32).filter_map(|n| char::from_u32(0x4E00 + n)).map(|tag| format!("{tag}    0000000000\n")));
    text.push_str("T0000500        \n");
    let options = Options { places, ..Options::default() };
    let found = profile::profile_bytes("paid_2025_04.txt", text.as_bytes(), &options).expect("a profile");
    assert_eq!(found.rows.data, 500);
    let of = |tag: &str| found.record_types.iter().find(|kind| kind.tag == tag).map(|kind| (kind.records, !kind.amounts.is_empty()));
    assert_eq!((of("X"), of("一")), (Some((20_000, true)), Some((1, false))));
    // A thousand types are told apart; the records of more are counted together, and a trailer among them says nothing.
    assert_eq!(found.record_types.len(), 1_000);
    let others: u64 = found.left_out.iter().map(|left| left.rows).sum();
    assert_eq!(others, 22_001, "{:?}", found.left_out);
    let few = text.lines().filter(|line| line.starts_with(['D', 'X', 'T'])).map(|line| format!("{line}\n")).collect::<String>();
    let found = profile::profile_bytes("paid_2025_04.txt", few.as_bytes(), &options).expect("a profile");
    let trailer = found.record_types.iter().find(|kind| kind.tag == "T").expect("a trailer");
    assert_eq!((trailer.records, trailer.counts.as_slice()), (1, &[2_usize][..]), "the first of each type is held");
}
