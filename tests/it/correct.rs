//! A way back for every bad row: exported, corrected in a workbook, judged again; or left out for good.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{BufReader, Read as _, Write as _},
    path::Path,
};

use calamine::{Data, Reader as _, Xlsx};
use rust_xlsxwriter::Workbook;

use crate::releases::Place;

const FEED: &str = "ashvale/general_ledger";
const BY: [&str; 4] = ["--by", "A. Clerk", "--reason", "by word of the sender"];

/// What the texts of a sheet are, row by row.
pub fn sheet(file: &Path) -> Vec<Vec<String>> {
    let mut book: Xlsx<_> = Xlsx::new(BufReader::new(File::open(file).unwrap())).unwrap();
    let range = book.worksheet_range("rows").unwrap();
    let text = |cell: &Data| match cell {
        Data::String(text) => text.clone(),
        Data::Empty => String::new(),
        other => panic!("not a text: {other:?}"),
    };
    range.rows().map(|row| row.iter().map(text).collect()).collect()
}

/// Writes the sheet anew, as a program that knows nothing of ours would, each cell as `change` has it: by row of the file and heading.
fn edit(place: &Place, file: &str, to: &str, change: impl Fn(&str, &str, &str) -> String) {
    edit_workbook(&place.at(file), &place.at(to), change);
}

pub fn edit_workbook(file: &Path, to: &Path, change: impl Fn(&str, &str, &str) -> String) {
    let rows = sheet(file);
    let mut book = Workbook::new();
    let out = book.add_worksheet().set_name("rows").unwrap();
    for (at, row) in (0..).zip(&rows) {
        for ((column, text), heading) in (0..).zip(row).zip(&rows[0]) {
            let text = if at == 0 { text.clone() } else { change(&row[1], heading, text) };
            out.write_string(at, column, text).unwrap();
        }
    }
    book.save(to).unwrap();
}

/// The headings and the rows of a table, without what tells of the delivery.
fn lines(place: &Place) -> String {
    let columns = "council, feed, source_row, line_part, delivery_year, delivery_period, effective_date, document, line, cost_centre, account, amount, ownership, service, account_group";
    place.run(&["query", "--format", "csv", &format!("SELECT {columns} FROM cost_line ORDER BY source_row, line_part")]).must(0)
}

fn delivery(place: &Place) -> String {
    let list = place.json(&["quarantine", "list"]);
    list[0]["delivery_id"].as_str().unwrap().to_owned()
}

/// April with faults in some lines. `faulty` has, by position of the line, the field and what stands in it.
fn april(place: &Place, lines: usize, faulty: &BTreeMap<usize, (usize, &str)>) {
    let mut text = "Ref;Seq;Posted;Centre;Nature;Value;Text\n".to_owned();
    for at in 0..lines {
        let pounds = if at % 2 == 0 { format!("{}.{:02}", at + 1, at % 100) } else { format!("-{}.{:02}", at, (at - 1) % 100) };
        let mut fields =
            ["A04".to_owned(), at.to_string(), "03/04/2018".into(), "A100".into(), "4100".into(), pounds, format!("text {at}")];
        if let Some((field, seen)) = faulty.get(&at) {
            (*seen).clone_into(&mut fields[*field]);
        }
        text += &(fields.join(";") + "\n");
    }
    text += "TOTAL;;;;;0.00;\n";
    place.write("drop/ashvale/general_ledger/ashvale_2018_04.csv", &text);
}

/// What is right in a field of the line that stands on row `row` of the file.
fn right(row: &str, heading: &str) -> Option<String> {
    let at = row.parse::<usize>().unwrap() - 2;
    Some(match heading {
        "line" => at.to_string(),
        "posting_date" => "03/04/2018".into(),
        "cost_centre" => "A100".into(),
        "amount" if at % 2 == 0 => format!("{}.{:02}", at + 1, at % 100),
        "amount" => format!("-{}.{:02}", at, (at - 1) % 100),
        _ => return None,
    })
}

/// Faults of every kind, planted by a small generator: reproducible, and not the same from one seed to the next.
fn planted(lines: usize, faults: usize, mut seed: u64) -> BTreeMap<usize, (usize, &'static str)> {
    const KINDS: [(usize, &str); 8] =
        [(1, "x"), (2, "31/04/2018"), (2, "2018-04-03"), (2, ""), (3, ""), (5, "12.3.4"), (5, "1.234"), (5, "about 5")];
    let mut planted = BTreeMap::new();
    while planted.len() < faults {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let (line, kind) = ((seed >> 33) as usize % lines, (seed >> 20) as usize % KINDS.len());
        planted.entry(line).or_insert(KINDS[kind]);
    }
    planted
}

#[test]
fn five_hundred_faults_come_back_as_what_the_sound_file_gives() {
    let (place, sound) = (Place::new(), Place::new());
    april(&sound, 1200, &BTreeMap::new());
    sound.run(&["run"]).must(0);
    let faulty = planted(1200, 500, 20_181_126);
    april(&place, 1200, &faulty);
    place.run(&["run"]).must(1);
    place.run(&["quarantine", "export", FEED, "--out", "rows.xlsx"]).must(0);
    let rows = sheet(&place.at("rows.xlsx"));
    assert_eq!(rows.len(), 501, "a row a record, and the headings");
    assert!(rows[1..].iter().all(|row| row[10] == "(not shown)"), "free text of a person is not written down: {:?}", rows[1]);
    edit(&place, "rows.xlsx", "corrected.xlsx", |row, heading, text| right(row, heading).unwrap_or_else(|| text.to_owned()));
    let said = place.run(&[&["quarantine", "correct", "corrected.xlsx"], &BY[..]].concat()).must(0);
    assert!(said.contains("500 rows corrected in 500 cells"), "{said}");
    assert!(said.contains("is accepted (1,200 rows, £0.00)"), "{said}");
    place.run(&["run"]).must(0);
    assert_eq!(lines(&place), lines(&sound));
    assert!(place.json(&["quarantine", "list"]).as_array().unwrap().is_empty());
    // Every change is traced, cell by cell.
    let (first, (field, seen)) = faulty.iter().next().unwrap();
    let delivery = place.run(&["query", "--format", "csv", "SELECT delivery_id FROM cost_line LIMIT 1"]).must(0);
    let delivery = delivery.lines().last().unwrap();
    let line = place.json(&["explain", "line", delivery, &(first + 2).to_string()]);
    let change = &line["corrections"][0]["changes"][0];
    let heading = ["document", "line", "posting_date", "cost_centre", "account", "amount"][*field];
    assert_eq!((change["column"].as_str(), change["old"].as_str()), (Some(heading), Some(*seen)), "{line}");
    assert_eq!(change["new"].as_str(), right(&(first + 2).to_string(), heading).as_deref());
    assert_eq!(line["corrections"][0]["by"].as_str(), Some("A. Clerk"));
    // Judged again by force, by changed rules and after the table was lost: the same.
    place.run(&["run", "--force"]).must(0);
    assert_eq!(lines(&place), lines(&sound));
    place.replace("schemas/sources/ashvale/general_ledger.odcs.yaml", "version: 1.0.0", "version: 1.0.1");
    place.run(&["run"]).must(0);
    assert_eq!(lines(&place), lines(&sound));
    place.run(&["release", "verify", "--all"]).must(0);
}

#[test]
fn a_correction_that_does_not_hold_changes_nothing_and_says_what_is_still_wrong() {
    let place = Place::new();
    april(&place, 4, &BTreeMap::from([(0, (5, "1.234")), (3, (2, ""))]));
    place.run(&["run"]).must(1);
    let id = delivery(&place);
    let before = std::fs::read(place.at(&format!("lake/register/{id}.json"))).unwrap();
    place.run(&["quarantine", "export", FEED, "--out", "rows.xlsx"]).must(0);
    // One of two; the other one still refuses the delivery.
    edit(&place, "rows.xlsx", "half.xlsx", |row, heading, text| match (row, heading) {
        ("2", "amount") => "1.00".into(),
        _ => text.to_owned(),
    });
    let half = place.run(&[&["quarantine", "correct", "half.xlsx"], &BY[..]].concat());
    assert_eq!(half.code, 1, "{}", half.err);
    assert!(half.err.contains("nothing was changed"), "{}", half.err);
    // Both, but the total that the file prints does not hold.
    edit(&place, "rows.xlsx", "total.xlsx", |row, heading, text| match (row, heading) {
        ("2", "amount") => "7.00".into(),
        ("5", "posting_date") => "04/04/2018".into(),
        _ => text.to_owned(),
    });
    let total = place.run(&[&["quarantine", "correct", "total.xlsx"], &BY[..]].concat());
    assert_eq!(total.code, 1, "{}", total.err);
    assert!(total.err.contains("TC0401") || total.err.contains("TC0402"), "{}", total.err);
    assert_eq!(std::fs::read(place.at(&format!("lake/register/{id}.json"))).unwrap(), before);
    assert!(!place.at("lake/corrections").exists() || std::fs::read_dir(place.at("lake/corrections")).unwrap().count() == 0);
    // Line ends that were not there: every row after it would be another.
    edit(&place, "rows.xlsx", "ends.xlsx", |row, heading, text| match (row, heading) {
        ("2", "cost_centre") => "A1\n00".into(),
        _ => text.to_owned(),
    });
    let ends = place.run(&[&["quarantine", "correct", "ends.xlsx"], &BY[..]].concat());
    assert!(ends.code == 1 && ends.err.contains("error[TC0471]: the correction of row 2 does not fit"), "{}", ends.err);
    // Nothing changed; another identity; a row that the file never had; a cell that is a number: refused by row.
    edit(&place, "rows.xlsx", "same.xlsx", |_, _, text| text.to_owned());
    place.run(&[&["quarantine", "correct", "same.xlsx"], &BY[..]].concat()).must(2);
    edit(&place, "rows.xlsx", "other.xlsx", |row, heading, text| match (row, heading) {
        ("2", "sha256") => "0".repeat(64),
        _ => text.to_owned(),
    });
    let other = place.run(&[&["quarantine", "correct", "other.xlsx"], &BY[..]].concat());
    assert!(other.code == 2 && other.err.contains("row 2 cannot be corrected"), "{}", other.err);
    edit(&place, "rows.xlsx", "never.xlsx", |row, heading, text| match (row, heading) {
        ("2", "row") => "77".into(),
        _ => text.to_owned(),
    });
    let never = place.run(&[&["quarantine", "correct", "never.xlsx"], &BY[..]].concat());
    assert!(never.code == 2 && never.err.contains("row 77 cannot be corrected"), "{}", never.err);
    // The right two; and a second time; then the sender's own correction, which holds one of the two.
    edit(&place, "rows.xlsx", "right.xlsx", |row, heading, text| match (row, heading) {
        ("2", "amount") => "1.00".into(),
        ("5", "posting_date") => "04/04/2018".into(),
        _ => text.to_owned(),
    });
    place.run(&[&["quarantine", "correct", "right.xlsx"], &BY[..]].concat()).must(0);
    let again = place.run(&[&["quarantine", "correct", "right.xlsx"], &BY[..]].concat());
    assert!(again.code == 2 && again.err.contains("A. Clerk corrected it"), "{}", again.err);
    let sent = "Ref;Seq;Posted;Centre;Nature;Value;Text\nA04;0;03/04/2018;A100;4100;1.00;text 0\nA04;1;03/04/2018;A100;4100;-1.00;text 1\n\
        A04;2;03/04/2018;A100;4100;3.02;text 2\nA04;3;05/04/2018;A100;4100;-3.02;text 3\nTOTAL;;;;;0.00;\n";
    place.write("drop/ashvale/general_ledger/ashvale_2018_04.csv", sent);
    let newer = place.run(&["run", "-v"]);
    assert!(
        newer.err.contains("2 rows of delivery") && newer.err.contains("1 of them stand in it as they were corrected"),
        "{}",
        newer.err
    );
    // The workbook is never overwritten.
    place.run(&["quarantine", "export", FEED, "--out", "rows.xlsx"]).must(2);
}

#[test]
fn of_several_deliveries_each_is_told() {
    let place = Place::new();
    april(&place, 4, &BTreeMap::from([(0, (5, "1.234"))]));
    let may = "Ref;Seq;Posted;Centre;Nature;Value;Text\nA05;0;03/05/2018;A100;4100;1.00;a\nA05;1;03/05/2018;A100;4100;about 1;b\nTOTAL;;;;;0.00;\n";
    place.write("drop/ashvale/general_ledger/ashvale_2018_05.csv", may);
    place.run(&["run"]).must(1);
    place.run(&["quarantine", "export", FEED, "--out", "rows.xlsx"]).must(0);
    // April is right, May is not: whichever comes first.
    edit(&place, "rows.xlsx", "mixed.xlsx", |row, heading, text| match (row, heading) {
        ("2", "amount") => "1.00".into(),
        ("3", "amount") => "about 2".into(),
        _ => text.to_owned(),
    });
    let mixed = place.run(&[&["quarantine", "correct", "mixed.xlsx"], &BY[..]].concat());
    assert_eq!(mixed.code, 1, "{}\n{}", mixed.out, mixed.err);
    assert!(mixed.out.contains("1 row corrected in 1 cell: delivery") && mixed.out.contains("is accepted"), "{}", mixed.out);
    assert!(
        mixed.out.contains("not corrected: delivery") && mixed.err.contains("nothing was changed: delivery"),
        "{}\n{}",
        mixed.out,
        mixed.err
    );
    let list = place.json(&["quarantine", "list"]);
    assert_eq!(list.as_array().unwrap().len(), 1, "May alone is left: {list}");
    // The machine reads the same.
    place.run(&["quarantine", "export", FEED, "--out", "may.xlsx"]).must(0);
    edit(&place, "may.xlsx", "right.xlsx", |_, heading, text| if heading == "amount" { "-1.00".into() } else { text.to_owned() });
    let right = place.run(&[&["quarantine", "correct", "right.xlsx", "--json"], &BY[..]].concat()).must(0);
    let right: serde_json::Value = serde_json::from_str(&right).unwrap();
    assert_eq!(right["answer"][0]["corrected"], 1, "{right}");
}

#[test]
fn a_row_that_is_left_out_stays_in_quarantine_and_a_newer_delivery_ends_all_corrections() {
    let place = Place::new();
    place.replace("pipelines/ashvale/general_ledger.yaml", "- {sum: amount, by: document, equals: 0.00}\n", "");
    april(&place, 6, &BTreeMap::from([(1, (3, "")), (4, (2, "31/04/2018"))]));
    place.run(&["run"]).must(1);
    let id = delivery(&place);
    place.run(&["quarantine", "leave-out", &id, "--row", "3", "--by", "A", "--reason", " "]).must(2);
    place.run(&[&["quarantine", "leave-out", &id, "--row", "2"], &BY[..]].concat()).must(2);
    let one = place.run(&[&["quarantine", "leave-out", &id, "--row", "3"], &BY[..]].concat());
    assert_eq!(one.code, 1, "the other row still refuses it: {}", one.err);
    let both = place.run(&[&["quarantine", "leave-out", &id, "--all"], &BY[..]].concat()).must(0);
    assert!(both.contains("2 rows left out for good"), "{both}");
    place.run(&["run"]).must(0);
    assert_eq!(lines(&place).lines().count(), 5, "four lines and the headings");
    let reconcile = place.run(&["reconcile"]).must(0);
    assert!(reconcile.contains("quarantined"), "{reconcile}");
    // A newer file of the month: its rows are judged as they are.
    april(&place, 8, &BTreeMap::new());
    place.run(&["run"]).must(0);
    assert_eq!(lines(&place).lines().count(), 9);
    place.run(&[&["quarantine", "leave-out", &id, "--all"], &BY[..]].concat()).must(2);
}

#[test]
fn a_year_to_date_is_looked_at_by_the_contract_that_read_it() {
    let place = Place::new();
    let old = std::fs::read_to_string(place.at("schemas/sources/ashvale/general_ledger.odcs.yaml")).unwrap();
    let new = old.replace("physicalName: Ref,", "physicalName: Document,").replace("ashvale.general_ledger", "ashvale.new_ledger");
    place.write("schemas/sources/ashvale/new_ledger.odcs.yaml", &new);
    place.replace(
        "pipelines/ashvale/general_ledger.yaml",
        "contract: ashvale/general_ledger",
        "contract: [{contract: ashvale/general_ledger}, {contract: ashvale/new_ledger, from: 2018-05-01}]",
    );
    place.replace("pipelines/ashvale/general_ledger.yaml", "extent: one", "extent: to_date");
    let file = "Document;Seq;Posted;Centre;Nature;Value;Text\nA1;0;03/04/2018;A100;4100;1.00;a\nA1;1;03/05/2018;A100;4100;about 1;b\nTOTAL;;;;;0.00;\n";
    place.write("drop/ashvale/general_ledger/ashvale_2018_05.csv", file);
    place.run(&["run"]).must(1);
    place.run(&["quarantine", "export", FEED, "--out", "rows.xlsx"]).must(0);
    let rows = sheet(&place.at("rows.xlsx"));
    assert_eq!(rows[1][9], "about 1", "{rows:?}");
    edit(&place, "rows.xlsx", "corrected.xlsx", |_, heading, text| if heading == "amount" { "-1.00".into() } else { text.to_owned() });
    place.run(&[&["quarantine", "correct", "corrected.xlsx"], &BY[..]].concat()).must(0);
}

/// Two faulty lines, both within the tolerance: the rest is accepted.
fn tolerated(place: &Place) {
    let by_document = "- {sum: amount, by: document, equals: 0.00}\n";
    place.replace("pipelines/ashvale/general_ledger.yaml", by_document, "tolerance: {rows: 2}\n");
    april(place, 6, &BTreeMap::from([(0, (2, "3 Apr")), (3, (2, "31/04/2018"))]));
    place.run(&["run"]).must(0);
    place.run(&["quarantine", "export", FEED, "--out", "rows.xlsx"]).must(0);
}

/// A correction of one cell, by row and heading.
fn one(place: &Place, from: &str, to: &str, (row, heading, text): (&str, &str, &str)) -> crate::releases::Said {
    edit(place, from, to, |at, of, old| if (at, of) == (row, heading) { text.into() } else { old.to_owned() });
    place.run(&[&["quarantine", "correct", to], &BY[..]].concat())
}

#[test]
fn a_row_that_a_tolerance_lets_pass_is_not_corrected_into_another_fault() {
    let place = Place::new();
    tolerated(&place);
    for (name, wrong) in [("a.xlsx", "y"), ("b.xlsx", "32/04/2018"), ("c.xlsx", "")] {
        let said = one(&place, "rows.xlsx", name, ("2", "posting_date", wrong));
        assert_eq!(said.code, 2, "{}", said.err);
        assert!(said.err.contains("row 2 is still wrong as it was corrected: posting_date: "), "{}", said.err);
        assert!(said.err.contains("nothing was changed"), "{}", said.err);
    }
    // Another cell of the row, and the fault stays.
    let beside = one(&place, "rows.xlsx", "d.xlsx", ("5", "cost_centre", "A200"));
    assert!(beside.err.contains("row 5 is still wrong as it was corrected: posting_date: "), "{}", beside.err);
    // What was refused spent nothing.
    let said = one(&place, "rows.xlsx", "e.xlsx", ("2", "posting_date", "03/04/2018")).must(0);
    assert!(said.contains("1 row corrected in 1 cell"), "{said}");
    // A new export has what is left to do, and nothing else.
    place.run(&["quarantine", "export", FEED, "--out", "left.xlsx"]).must(0);
    let left: Vec<String> = sheet(&place.at("left.xlsx")).into_iter().skip(1).map(|row| row[1].clone()).collect();
    assert_eq!(left, ["5"]);
    let id = delivery(&place);
    place.run(&[&["quarantine", "leave-out", &id, "--all"], &BY[..]].concat()).must(0);
    let none = place.run(&["quarantine", "export", FEED, "--out", "none.xlsx"]);
    assert!(none.code == 2 && none.err.contains("no row of ashvale/general_ledger waits to be corrected"), "{}", none.err);
}

#[test]
fn a_correction_in_a_closed_period_is_said_to_come_after_it_was_closed() {
    let place = Place::new();
    tolerated(&place);
    place.run(&["period", "close", "2018/P01", "--by", "A", "--reason", "agreed", "--anyway", "two rows are known"]).must(0);
    let before = lines(&place);
    let said = one(&place, "rows.xlsx", "a.xlsx", ("2", "posting_date", "03/04/2018")).must(0);
    assert!(said.contains("2018/P01 is closed"), "{said}");
    assert!(!said.contains("figures change with the next run"), "{said}");
    let run = place.run(&["run"]).must(0);
    assert!(run.contains("after close, 2018/P01: ashvale/general_ledger"), "{run}");
    assert_eq!(lines(&place), before);
    let status = place.run(&["status"]).must(0);
    assert!(status.contains("TC1401") && status.contains("was corrected after the period was closed"), "{status}");
    // Reopened, the correction counts, and nothing comes after any more.
    place.run(&["period", "reopen", "2018/P01", "--by", "A", "--reason", "one row came back"]).must(0);
    place.run(&["run"]).must(0);
    assert_eq!(lines(&place).lines().count(), before.lines().count() + 1);
    assert!(!place.run(&["status"]).must(0).contains("TC1401"));
}

/// What a workbook holds: a text, a number or a formula whose value nobody has worked out.
enum Typed {
    Text(&'static str),
    Number(f64),
    Formula(&'static str),
}

/// Cells written by a program that types what it writes.
fn typed(place: &Place, from: &str, to: &str, cells: &[(&str, &str, Typed)]) -> crate::releases::Said {
    let rows = sheet(&place.at(from));
    let mut book = Workbook::new();
    let out = book.add_worksheet().set_name("rows").unwrap();
    for (at, row) in (0..).zip(&rows) {
        for ((column, text), heading) in (0..).zip(row).zip(&rows[0]) {
            match cells.iter().find(|(of, name, _)| at > 0 && of == &row[1] && name == heading).map(|(_, _, cell)| cell) {
                None => drop(out.write_string(at, column, text).unwrap()),
                Some(Typed::Text(text)) => drop(out.write_string(at, column, *text).unwrap()),
                Some(Typed::Number(number)) => drop(out.write_number(at, column, *number).unwrap()),
                Some(Typed::Formula(formula)) => drop(out.write_formula(at, column, *formula).unwrap()),
            }
        }
    }
    std::fs::write(place.at(to), without_values(&book.save_to_buffer().unwrap())).unwrap();
    place.run(&[&["quarantine", "correct", to], &BY[..]].concat())
}

/// A workbook whose formulas have no value, as a program leaves them that does not calculate.
fn without_values(bytes: &[u8]) -> Vec<u8> {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let mut out = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for at in 0..archive.len() {
        let mut part = archive.by_index(at).unwrap();
        let mut text = String::new();
        part.read_to_string(&mut text).unwrap();
        out.start_file(part.name().unwrap().into_owned(), zip::write::SimpleFileOptions::default()).unwrap();
        out.write_all(text.replace("</f><v>0</v>", "</f>").as_bytes()).unwrap();
    }
    out.finish().unwrap().into_inner()
}

const HEADINGS: &str = "Ref;Seq;Posted;Centre;Nature;Value;Text\n";

/// A feed without totals, so that no control catches what a correction does.
fn without_controls(place: &Place) {
    place.replace("schemas/sources/ashvale/general_ledger.odcs.yaml", "totals: {amount: amount}", "holds: subtotal");
    let controls = "controls:\n- {sum: amount, equals: footer.amount}\n- {sum: amount, by: document, equals: 0.00}\n";
    place.replace("pipelines/ashvale/general_ledger.yaml", controls, "");
}

/// The same feed of a faulty file and of the sound one, by this change of its contract.
fn faulty_and_sound(contract: &[(&str, &str)], faulty: &str, sound: &str) -> (Place, Place) {
    let of = |lines: &str, code| {
        let place = Place::new();
        without_controls(&place);
        for (from, to) in contract {
            place.replace("schemas/sources/ashvale/general_ledger.odcs.yaml", from, to);
        }
        place.write("drop/ashvale/general_ledger/ashvale_2018_04.csv", lines);
        place.run(&["run"]).must(code);
        place
    };
    let (faulty, sound) = (of(faulty, 1), of(sound, 0));
    faulty.run(&["quarantine", "export", FEED, "--out", "rows.xlsx"]).must(0);
    (faulty, sound)
}

#[test]
fn fields_that_a_line_lacks_are_corrected_behind_its_end() {
    let short = [("format: delimited", "format: delimited, short_lines: allowed")];
    let line =
        |rest: &str| format!("{HEADINGS}A1;1;03/04/2018;A100;4100;1.00;x\nA1;2;03/04/2018;{rest}\nA1;3;03/04/2018;A100;4100;2.00;z\n");
    for (faulty, sound, cells) in [
        // A text behind an amount of whole pounds would have made another amount of it.
        (";4100;7", "A100;4100;7;50", vec![("cost_centre", "A100"), ("description", "50")]),
        ("A100", "A100;4100;7.00;\"a;b\"", vec![("account", "4100"), ("amount", "7.00"), ("description", "a;b")]),
        ("A100;4100;", "A100;4100;7.00", vec![("amount", "7.00")]),
        ("", "A100;4100;7.00", vec![("cost_centre", "A100"), ("account", "4100"), ("amount", "7.00")]),
    ] {
        let (place, sound) = faulty_and_sound(&short, &line(faulty), &line(sound));
        let cells: Vec<_> = cells.into_iter().map(|(name, text)| ("3", name, Typed::Text(text))).collect();
        typed(&place, "rows.xlsx", "corrected.xlsx", &cells).must(0);
        place.run(&["run"]).must(0);
        assert_eq!(lines(&place), lines(&sound), "{faulty}");
    }
}

#[test]
fn a_correction_that_makes_of_a_row_something_else_is_refused() {
    let faulty = format!("{HEADINGS}A1;1;03/04/2018;A100;4100;1.00;x\nA1;2;31/04/2018;A100;4100;7.00;y\n");
    let (place, _) = faulty_and_sound(&[], &faulty, &faulty.replace("31/04", "30/04"));
    let names = ["document", "line", "posting_date", "cost_centre", "account", "amount", "description"];
    let emptied: Vec<_> = names.map(|name| ("3", name, Typed::Text(""))).into();
    let said = typed(&place, "rows.xlsx", "empty.xlsx", &emptied);
    assert!(
        said.code == 1
            && said.err.contains(
                "error[TC0471]: the correction of row 3 does not fit: as it was corrected it is no row any more, but a blank row"
            ),
        "{}",
        said.err
    );
    let total = typed(
        &place,
        "rows.xlsx",
        "total.xlsx",
        &[("3", "document", Typed::Text("TOTAL")), ("3", "posting_date", Typed::Text("30/04/2018"))],
    );
    assert!(total.code == 1 && total.err.contains("but a row of totals"), "{}", total.err);
    typed(&place, "rows.xlsx", "right.xlsx", &[("3", "posting_date", Typed::Text("30/04/2018"))]).must(0);
}

#[test]
fn what_a_spreadsheet_makes_of_cells_is_no_correction() {
    let faulty = format!("{HEADINGS}A1;007;03/04/2018;A100;004100;1.50;x\nA1;2;31/04/2018;A100;004100;7.00;y\n");
    let (place, sound) = faulty_and_sound(&[], &faulty, &faulty.replace("31/04", "30/04"));
    // A formula that was never calculated is not an empty cell, and a number of 16 digits not the one that was typed.
    let formula = typed(&place, "rows.xlsx", "formula.xlsx", &[("3", "amount", Typed::Formula("=3+4"))]);
    assert!(formula.code == 2 && formula.err.contains("cell J2: its formula was never calculated"), "{}", formula.err);
    let long = typed(&place, "rows.xlsx", "long.xlsx", &[("3", "account", Typed::Number(1_234_567_890_123_456.0))]);
    assert!(long.code == 2 && long.err.contains("cell I2: a number of 16 digits or more"), "{}", long.err);
    // Texts turned into numbers lose their noughts: they are what they were.
    let cells =
        [("3", "account", Typed::Number(4100.0)), ("3", "amount", Typed::Number(7.0)), ("3", "posting_date", Typed::Text("30/04/2018"))];
    let said = typed(&place, "rows.xlsx", "right.xlsx", &cells).must(0);
    assert!(said.contains("1 row corrected in 1 cell"), "{said}");
    place.run(&["run"]).must(0);
    assert_eq!(lines(&place), lines(&sound));
}

#[test]
fn a_copy_of_the_sheet_is_not_passed_over() {
    let faulty = format!("{HEADINGS}A1;1;03/04/2018;A100;4100;1.00;x\nA1;2;31/04/2018;A100;4100;7.00;y\n");
    let (place, _) = faulty_and_sound(&[], &faulty, &faulty.replace("31/04", "30/04"));
    let rows = sheet(&place.at("rows.xlsx"));
    let mut book = Workbook::new();
    for name in ["rows", "rows (2)"] {
        let out = book.add_worksheet().set_name(name).unwrap();
        for (at, row) in (0..).zip(&rows) {
            for (column, text) in (0..).zip(row) {
                out.write_string(at, column, text.replace("31/04/2018", if name == "rows" { "31/04/2018" } else { "30/04/2018" })).unwrap();
            }
        }
    }
    book.save(place.at("copied.xlsx")).unwrap();
    let said = place.run(&[&["quarantine", "correct", "copied.xlsx"], &BY[..]].concat());
    assert!(said.code == 2 && said.err.contains("sheet `rows (2)` has the headings of one that is called `rows`"), "{}", said.err);
}

/// Lines of fixed width of this file's records, without the headings.
fn fixed_lines(text: &str) -> String {
    let widths = [5, 3, 10, 6, 6, 10, 10];
    let line = |line: &str| line.split(';').zip(widths).map(|(field, width)| format!("{field:<width$}")).collect::<String>();
    text.lines().skip(1).map(|text| line(text).trim_end().to_owned() + "\n").collect()
}

#[test]
fn fields_that_a_line_of_fixed_width_lacks_are_corrected_at_their_places() {
    let mut contract = vec![(
        "format: delimited, delimiter: \";\", encodings: [utf-8]".to_owned(),
        "format: fixed, unit: bytes, length: 50, encodings: [utf-8], header: none, short_lines: allowed".to_owned(),
    )];
    let mut from = 1;
    for (name, heading, width) in
        [("document", "Ref", 5), ("line", "Seq", 3), ("cost_centre", "Centre", 6), ("account", "Nature", 6)].map(|(n, h, w)| (n, h, w))
    {
        let start = match name {
            "document" => 1,
            "line" => 6,
            "cost_centre" => 19,
            _ => 25,
        };
        let kind = if name == "line" { "INTEGER" } else { "VARCHAR" };
        contract.push((
            format!("{{name: {name}, physicalName: {heading}, physicalType: {kind}, required: true}}"),
            format!("{{name: {name}, physicalName: {heading}, physicalType: {kind}, required: true, customProperties: [{{property: truecost, vendor: truecost, value: {{start: {start}, width: {width}}}}}]}}"),
        ));
        from += width;
    }
    assert_eq!(from, 21);
    contract.push(("{formats: [dd/mm/yyyy]}".to_owned(), "{start: 9, width: 10, formats: [dd/mm/yyyy]}".to_owned()));
    contract.push(("{money: [plain".to_owned(), "{start: 31, width: 10, money: [plain".to_owned()));
    contract.push(("{personal: {kind: free_text}}".to_owned(), "{start: 41, width: 10, personal: {kind: free_text}}".to_owned()));
    let contract: Vec<(&str, &str)> = contract.iter().map(|(from, to)| (from.as_str(), to.as_str())).collect();
    let line = |rest: &str| {
        fixed_lines(&format!("{HEADINGS}A1;1;03/04/2018;A100;4100;1.00;x\nA1;2;03/04/2018;{rest}\nA1;3;03/04/2018;A100;4100;2.00;z\n"))
    };
    for (faulty, sound, cells) in [
        ("A100", "A100;4100;7.00;y", vec![("account", "4100"), ("amount", "7.00"), ("description", "y")]),
        (";4100", "A100;4100;7.00", vec![("cost_centre", "A100"), ("amount", "7.00")]),
        ("A10é;4100;about", "A100;4100;7.00;éé", vec![("cost_centre", "A100"), ("amount", "7.00"), ("description", "éé")]),
    ] {
        let (place, sound) = faulty_and_sound(&contract, &line(faulty), &line(sound));
        let cells: Vec<_> = cells.into_iter().map(|(name, text)| ("2", name, Typed::Text(text))).collect();
        typed(&place, "rows.xlsx", "corrected.xlsx", &cells).must(0);
        place.run(&["run"]).must(0);
        assert_eq!(lines(&place), lines(&sound), "{faulty}");
    }
}

/// A ledger as a workbook: days are dates and amounts numbers, but where `faulty` has a text.
fn book(place: &Place, faulty: &[(u32, u16, &str)]) {
    let mut book = Workbook::new();
    let out = book.add_worksheet().set_name("Data").unwrap();
    let day = rust_xlsxwriter::Format::new().set_num_format("dd/mm/yyyy");
    for (column, heading) in (0..).zip(HEADINGS.trim().split(';')) {
        out.write_string(0, column, heading).unwrap();
    }
    for row in 1..=40 {
        out.write_string(row, 0, "A1").unwrap();
        out.write_number(row, 1, row).unwrap();
        out.write_datetime_with_format(row, 2, rust_xlsxwriter::ExcelDateTime::from_ymd(2018, 4, 3).unwrap(), &day).unwrap();
        let empty = faulty.iter().any(|(at, column, text)| (*at, *column) == (row, 3) && text.is_empty());
        if !empty {
            out.write_string(row, 3, "A100").unwrap();
        }
        out.write_string(row, 4, "4100").unwrap();
        out.write_number(row, 5, f64::from(row) + 0.25).unwrap();
        for (_, column, text) in faulty.iter().filter(|(at, _, text)| *at == row && !text.is_empty()) {
            out.write_string(row, *column, *text).unwrap();
        }
        out.write_string(row, 6, format!("1{row}")).unwrap();
    }
    std::fs::create_dir_all(place.at("drop/ashvale/general_ledger")).unwrap();
    book.save(place.at("drop/ashvale/general_ledger/ashvale_2018_04.xlsx")).unwrap();
}

#[test]
fn cells_of_a_workbook_are_corrected_where_they_stand() {
    let of = |faulty: &[(u32, u16, &str)]| {
        let place = Place::new();
        without_controls(&place);
        place.replace(
            "schemas/sources/ashvale/general_ledger.odcs.yaml",
            "format: delimited, delimiter: \";\", encodings: [utf-8]",
            "format: workbook, sheet: Data",
        );
        place.replace("pipelines/ashvale/general_ledger.yaml", ".csv", ".xlsx");
        book(&place, faulty);
        place
    };
    let sound = of(&[]);
    sound.run(&["run"]).must(0);
    let place = of(&[(3, 3, ""), (7, 5, "x"), (8, 2, "3 Apr"), (20, 2, "31/04/2018"), (40, 5, "?")]);
    place.run(&["run"]).must(1);
    place.run(&["quarantine", "export", FEED, "--out", "rows.xlsx"]).must(0);
    let cells = [
        ("4", "cost_centre", Typed::Text("A100")),
        ("8", "amount", Typed::Text("7.25")),
        // A day as the export shows those of the other rows, and as the contract has it of texts.
        ("9", "posting_date", Typed::Text("2018-04-03")),
        ("21", "posting_date", Typed::Text("03/04/2018")),
        ("41", "amount", Typed::Number(40.25)),
    ];
    let said = typed(&place, "rows.xlsx", "corrected.xlsx", &cells).must(0);
    assert!(said.contains("5 rows corrected in 5 cells"), "{said}");
    place.run(&["run"]).must(0);
    assert_eq!(lines(&place), lines(&sound));
}
