//! The synthetic partnership: the same bytes for the same seed, true to its own controls, and the files of this repository.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use sha2::{Digest as _, Sha256};
use truecost::{
    demo::{self, Extract},
    diagnostic::codes::source as codes,
};

use crate::golden::golden;

fn written(lines: u64, seed: u64) -> (tempfile::TempDir, Vec<Extract>) {
    let temp = tempfile::tempdir().expect("a folder");
    let summary = demo::write(temp.path(), lines, seed).expect("written");
    (temp, summary.extracts)
}

fn text(extract: &Extract) -> String {
    // The one layout that is not UTF-8 has one byte a character, all of them in Latin-1.
    let bytes = fs::read(&extract.file).expect("read");
    String::from_utf8(bytes).unwrap_or_else(|error| error.as_bytes().iter().copied().map(char::from).collect())
}

/// Fields of every record, quotes resolved.
fn records(text: &str, delimiter: char, quoting: bool) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut field, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '"' if quoting && quoted && rest.peek() == Some(&'"') => field.push(rest.next().expect("a quote")),
            '"' if quoting => quoted = !quoted,
            '\n' if !quoted => {
                row.push(std::mem::take(&mut field).trim_end_matches('\r').to_owned());
                rows.push(std::mem::take(&mut row));
            }
            c if c == delimiter && !quoted => row.push(std::mem::take(&mut field)),
            c => field.push(c),
        }
    }
    assert!(row.is_empty() && field.is_empty() && !quoted, "ends with a record");
    rows
}

fn pence(text: &str) -> i128 {
    let plain = text.replace(',', "");
    let (sign, size) = match plain.strip_prefix('(') {
        Some(inner) => (-1, inner.trim_end_matches(')').to_owned()),
        None => (if plain.starts_with('-') { -1 } else { 1 }, plain.trim_start_matches('-').to_owned()),
    };
    let (pounds, pennies) = size.split_once('.').expect("two decimals");
    assert_eq!(pennies.len(), 2, "{text}");
    sign * (pounds.parse::<i128>().expect("pounds") * 100 + pennies.parse::<i128>().expect("pence"))
}

/// Journal, account, pence and period of every line.
fn lines(extract: &Extract) -> Vec<(String, String, i128, String)> {
    let text = text(extract);
    match extract.council {
        "havering" => {
            let all = records(&text, '|', false);
            let (trailer, body) = all.split_last().expect("records");
            assert_eq!(all[0][0], "HDR");
            let either = |row: &[String]| if row[5].is_empty() { -pence(&row[6]) } else { pence(&row[5]) };
            let lines: Vec<_> = body[2..]
                .iter()
                .map(|row| (row[0].clone(), row[4].split('.').nth(2).unwrap().to_owned(), either(row), row[2].clone()))
                .collect();
            let debits: i128 = lines.iter().map(|line| line.2.max(0)).sum();
            let credits: i128 = lines.iter().map(|line| -line.2.min(0)).sum();
            assert_eq!(trailer[0], "TRL");
            assert_eq!((trailer[1].parse(), pence(&trailer[2]), pence(&trailer[3])), (Ok(lines.len()), debits, credits));
            lines
        }
        "newham" => {
            let all = records(text.strip_prefix('\u{FEFF}').expect("a byte order mark"), ',', true);
            all[1..].iter().map(|row| (row[4].clone(), row[2].clone(), pence(&row[8]), row[6].clone())).collect()
        }
        _ => {
            assert_eq!(text.matches('\n').count(), text.matches("\r\n").count(), "every line ends in CRLF");
            let all = records(&text, ',', true);
            assert_eq!(all[3][0], "Trans No", "after three lines of preamble");
            all[4..]
                .iter()
                .map(|row| (row[0].clone(), row[5].split('/').nth(1).unwrap().to_owned(), pence(&row[6]), format!("{} {}", row[2], row[3])))
                .collect()
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let mut seen = String::new();
    let (_folder, extracts) = written(2_000, 1);
    for extract in &extracts {
        for path in [Some(&extract.file), extract.sidecar.as_ref()].into_iter().flatten() {
            let digest = Sha256::digest(fs::read(path).expect("read"));
            let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
            seen.push_str(&format!("{hex}  {}/{}\n", extract.council, path.file_name().unwrap().to_str().unwrap()));
        }
    }
    golden("golden/demo/sha256.txt", &seen);
    let other = written(2_000, 2);
    assert_ne!(text(&extracts[0]), text(&other.1[0]), "another seed gives other bytes");
}

/// Council, file and text of every file of the year but the ledgers, in order.
fn year(lines: u64, seed: u64) -> (tempfile::TempDir, Vec<(String, String, String)>) {
    let temp = tempfile::tempdir().expect("a folder");
    let written = demo::write_year(temp.path(), lines, seed, &|_, _| true).expect("written");
    let mut files = Vec::new();
    for feed in &written {
        let folder = temp.path().join(feed.council).join(feed.feed);
        let mut names: Vec<PathBuf> = fs::read_dir(&folder).expect("files").map(|entry| entry.expect("a file").path()).collect();
        names.sort();
        assert_eq!(names.len() as u64, feed.files);
        let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
        files.extend(
            names.iter().map(|path| (format!("{}/{}", feed.council, feed.feed), name(path), fs::read_to_string(path).expect("UTF-8"))),
        );
        assert_eq!(
            files
                .iter()
                .filter(|(of, ..)| *of == format!("{}/{}", feed.council, feed.feed))
                .map(|(.., text)| text.len() as u64)
                .sum::<u64>(),
            feed.bytes
        );
    }
    (temp, files)
}

#[test]
fn the_same_seed_gives_the_same_year() {
    let (_folder, files) = year(4_000, 1);
    let mut digests: BTreeMap<&str, (Sha256, usize)> = BTreeMap::new();
    for (feed, name, text) in &files {
        let (digest, count) = digests.entry(feed).or_default();
        digest.update(format!("{name}\n{text}"));
        *count += 1;
    }
    let hex = |digest: Sha256| digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let seen: String = digests.into_iter().map(|(feed, (digest, count))| format!("{}  {feed}, {count} files\n", hex(digest))).collect();
    golden("golden/demo/year.txt", &seen);
    assert_eq!(year(2_999, 1).1, [], "a short ledger has no payroll");
}

#[test]
fn the_first_lines_of_each_feed() {
    let (_folder, files) = year(4_000, 1);
    let (mut seen, mut last) = (String::new(), "");
    for (feed, name, text) in files.iter().filter(|(_, name, _)| name.contains("04") || name.contains("05-31")) {
        if feed != last {
            let first: String = text.lines().take(9).map(|line| format!("{}\n", line.trim_end_matches('\r'))).collect();
            seen.push_str(&format!("== {feed} {name}\n{first}\n"));
            last = feed;
        }
    }
    golden("golden/demo/feeds.txt", &seen);
}

/// Pence by month (`04` to `03`), cost centre and account.
type Sums = BTreeMap<(String, String, String), i128>;

/// What the payroll files of a council cost.
fn paid(council: &str, files: &[(String, String, String)]) -> Sums {
    let mut sums = Sums::new();
    for (_, name, text) in files.iter().filter(|(feed, ..)| *feed == format!("{council}/payroll")) {
        let month = name.split('.').next().unwrap();
        let month = &month[month.len() - 2..];
        let mut add =
            |centre: &str, account: &str, pence: i128| *sums.entry((month.into(), centre.into(), account.into())).or_default() += pence;
        let all = records(text, if council == "bexley" { '|' } else { ',' }, council != "bexley");
        match council {
            "newham" => {
                for row in all[1..].iter().filter(|row| row[7] == "M" && row[9] == "C") {
                    let segments: Vec<&str> = row[12].split('.').collect();
                    add(segments[1], segments[2], if row[11] == "C" { -pence(&row[10]) } else { pence(&row[10]) });
                }
            }
            "havering" => {
                // The other side of a cost stands on the balance sheet, as do deductions and net pay.
                for row in all[1..all.len() - 1].iter().filter(|row| row[12].starts_with("42") || row[12].starts_with("40")) {
                    let is_minus = row[10].ends_with('-');
                    let size = pence(row[10].trim_end_matches('-'));
                    if !is_minus {
                        add(&row[11], &row[12], size);
                    }
                }
            }
            _ => {
                for row in all.iter().filter(|row| row[0] == "DTL" && !row[14].is_empty()) {
                    let size: i128 = row[14].trim_end_matches('-').parse().expect("pence");
                    add(&row[16], &row[17], if row[14].ends_with('-') { -size } else { size });
                }
            }
        }
    }
    sums
}

/// What the payroll journals of a ledger say, without the line on the control account.
fn journalled(extract: &Extract) -> Sums {
    let text = text(extract);
    let mut sums = Sums::new();
    let mut add = |month: &str, centre: &str, account: &str, amount: i128| {
        if account.starts_with("40") || account.starts_with("42") {
            *sums.entry((month.into(), centre.into(), account.into())).or_default() += amount;
        }
    };
    let is_control = |account: &str| !(account.starts_with("42") || ["40000", "40001"].contains(&account));
    match extract.council {
        "newham" => {
            for row in records(text.strip_prefix('\u{FEFF}').unwrap(), ',', true)
                .iter()
                .filter(|row| row[4].starts_with("PAY") && !is_control(&row[2]))
            {
                add(&row[7][5..7], &row[1], &row[2], pence(&row[8]));
            }
        }
        "havering" => {
            let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
            for row in records(&text, '|', false).iter().filter(|row| row.len() > 8 && row[8] == "Payroll") {
                let codes: Vec<&str> = row[4].split('.').collect();
                let month = months.iter().position(|month| row[2].starts_with(month)).expect("a month") + 1;
                let amount = if row[5].is_empty() { -pence(&row[6]) } else { pence(&row[5]) };
                if !is_control(codes[2]) {
                    add(&format!("{month:02}"), codes[1], codes[2], amount);
                }
            }
        }
        _ => {
            for row in records(&text, ',', true).iter().filter(|row| row[0].starts_with("PAY")) {
                let (centre, account) = row[5].split_once('/').expect("a joined code");
                if !is_control(account) {
                    add(&row[4][3..5], centre, account, pence(&row[6]));
                }
            }
        }
    }
    sums
}

#[test]
fn ledgers_say_what_payroll_cost_but_for_what_is_planted() {
    let (_ledgers, extracts) = written(20_000, 1);
    let (_folder, files) = year(20_000, 1);
    for extract in &extracts {
        let (paid, mut left) = (paid(extract.council, &files), journalled(extract));
        assert!(paid.len() > 500, "{}: {}", extract.council, paid.len());
        for (key, pence) in &paid {
            *left.entry(key.clone()).or_default() -= pence;
        }
        left.retain(|_, pence| *pence != 0);
        let months: Vec<(&str, i128)> = left.iter().map(|((month, ..), pence)| (month.as_str(), *pence)).collect();
        match extract.council {
            "newham" => assert_eq!(months, [("10", 1_234)]),
            "havering" => {
                assert!(matches!(months[..], [("08", a), ("08", b)] if a == -b && a != 0), "a line on another cost centre: {left:?}");
            }
            _ => {
                assert!(left.iter().all(|((month, _, account), pence)| month == "12" && account == "40001" && *pence < 0), "{left:?}");
                assert!(left.len() > 10, "a run that was not journalled: {left:?}");
            }
        }
    }
}

#[test]
fn the_first_lines_of_each_layout() {
    let (_folder, extracts) = written(100, 1);
    let first = |extract: &Extract| text(extract).lines().take(9).map(|line| format!("{line}\n")).collect::<String>();
    let seen: Vec<String> = extracts.iter().map(|extract| format!("== {}\n{}", extract.council, first(extract))).collect();
    golden("golden/demo/layouts.txt", &seen.join("\n"));
}

#[test]
fn journals_balance_and_controls_tell_the_truth() {
    let (_folder, extracts) = written(20_000, demo::SEED);
    assert_eq!(extracts.iter().map(|extract| extract.council).collect::<Vec<_>>(), ["bexley", "havering", "newham"]);
    for extract in &extracts {
        let lines = lines(extract);
        assert_eq!((lines.len() as u64, fs::metadata(&extract.file).unwrap().len()), (extract.lines, extract.bytes));
        assert_eq!(extract.lines, 20_000);
        assert_eq!(lines.iter().map(|line| line.2.max(0)).sum::<i128>(), extract.debits);
        let mut journals: BTreeMap<&str, i128> = BTreeMap::new();
        lines.iter().for_each(|line| *journals.entry(&line.0).or_default() += line.2);
        assert!(journals.len() > 2_000 && journals.values().all(|sum| *sum == 0));
        let periods: std::collections::BTreeSet<&str> = lines.iter().map(|line| line.3.as_str()).collect();
        assert_eq!(periods.len(), 12, "{periods:?}");
        if let Some(sidecar) = &extract.sidecar {
            assert_eq!(fs::read_to_string(sidecar).unwrap(), "{\"rows\": 20000, \"net\": \"0.00\"}");
        }
    }
}

#[test]
fn each_layout_keeps_its_quirks() {
    let (_folder, extracts) = written(5_000, 1);
    let [bexley, havering, newham] = &extracts[..] else { panic!("three councils") };
    assert!(text(bexley).contains("\"(") && text(bexley).contains(",\"1,"), "brackets and commas");
    let bytes = fs::read(&havering.file).unwrap();
    assert!(String::from_utf8(bytes.clone()).is_err() && bytes.contains(&0xE9) && bytes.contains(&0xA3), "Windows-1252");
    assert!(!bytes.contains(&b'"'));
    let hard = text(newham).matches("\"\"late\"\" claim, see\nnote").count();
    assert!((10..100).contains(&hard), "about one narrative in a hundred: {hard}");
}

#[test]
fn a_few_lines_and_no_more_than_asked() {
    for (asked, given) in [(0, 2), (1, 2), (2, 2), (3, 3), (7, 7)] {
        let (_folder, extracts) = written(asked, 9);
        for extract in &extracts {
            assert_eq!(lines(extract).len(), given);
        }
    }
}

#[test]
fn writing_again_replaces_and_leaves_nothing_else() {
    let (folder, _) = written(10, 1);
    demo::write(folder.path(), 20, 1).expect("written again");
    let files = fs::read_dir(folder.path().join("newham/general_ledger")).unwrap().count();
    assert_eq!(files, 2, "no half-written file stays");
    let age = fs::metadata(folder.path().join("newham/general_ledger/GL_extract_2018-19.csv")).unwrap().modified().unwrap();
    assert_eq!(age.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs(), 1_554_185_520, "2 April 2019, 06:12");
}

fn on_disk(root: &Path, folder: &str, into: &mut BTreeMap<String, Vec<u8>>) {
    for item in fs::read_dir(root.join(folder)).expect("listed") {
        let name = format!("{folder}/{}", item.expect("an item").file_name().to_str().expect("UTF-8"));
        if root.join(&name).is_dir() {
            on_disk(root, &name, into);
        } else {
            into.insert(name.clone(), fs::read(root.join(&name)).expect("read"));
        }
    }
}

#[test]
fn the_embedded_partnership_is_the_one_of_this_repository() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut files = BTreeMap::new();
    on_disk(&root, "pipelines", &mut files);
    on_disk(&root, "schemas", &mut files);
    // Layouts to begin with are the program's, and no partnership's.
    files.retain(|name, _| !name.starts_with("schemas/layouts/"));
    let mut embedded: BTreeMap<String, Vec<u8>> = demo::embedded().into_iter().map(|(name, bytes)| (name, bytes.to_vec())).collect();
    let ignored = embedded.remove(".gitignore").expect("embedded");
    let names = |map: &BTreeMap<String, Vec<u8>>| map.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&embedded), names(&files), "after adding a file, build again: touch src/demo/partnership.rs");
    assert!(embedded == files, "every byte");
    for line in std::str::from_utf8(&ignored).unwrap().lines() {
        assert!(
            fs::read_to_string(root.join(".gitignore")).unwrap_or_default().lines().any(|ours| ours == line),
            "{line} is ignored here too"
        );
    }
}

#[test]
fn a_partnership_is_written_once() {
    let temp = tempfile::tempdir().expect("a folder");
    let dir = temp.path().join("new/w");
    let written = demo::write_partnership(&dir).expect("written");
    assert_eq!(written.len(), demo::embedded().len());
    assert!(written.iter().all(|path| path.is_file()));
    for council in ["newham", "havering", "bexley"] {
        assert!(dir.join("drop").join(council).join("general_ledger").is_dir());
        assert!(dir.join("drop").join(council).join("supplier_spend").is_dir());
    }
    fs::remove_file(dir.join(".gitignore")).unwrap();
    fs::write(dir.join("pipelines/partnership.yaml"), "mine").unwrap();
    let refusal = demo::write_partnership(&dir).expect_err("already there");
    assert_eq!((refusal.0[0].code, refusal.exit_code()), (codes::ALREADY_THERE, 2));
    assert!(!dir.join(".gitignore").exists(), "nothing is written where one file is there");
    assert_eq!(fs::read_to_string(dir.join("pipelines/partnership.yaml")).unwrap(), "mine");
    fs::create_dir_all(temp.path().join("one/pipelines/cost")).unwrap();
    fs::write(temp.path().join("one/pipelines/cost/cost.yaml"), "mine").unwrap();
    let refusal = demo::write_partnership(&temp.path().join("one")).expect_err("already there");
    golden("golden/demo/already_there.txt", &refusal.to_string().replace(&temp.path().display().to_string(), "<folder>"));
    // A folder under version control has such a file: what it lacks is added.
    fs::create_dir(temp.path().join("kept")).unwrap();
    let ignored = temp.path().join("kept/.gitignore");
    fs::write(&ignored, "/lake/\nmine").unwrap();
    demo::write_partnership(&temp.path().join("kept")).expect("written");
    assert_eq!(fs::read_to_string(&ignored).unwrap(), "/lake/\nmine\n/drop/\n/landing/\n/published/\n");
}
