//! Codes in suspense: written into a workbook, filled in, shown as a difference, written.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::BufReader,
};

use calamine::{Data, Reader as _, Xlsx};
use rust_xlsxwriter::Workbook;

use crate::releases::{Place, Said};

const WHO: [&str; 4] = ["--by", "a_clerk", "--approver", "chief_accountant"];

type Sheets = BTreeMap<String, Vec<Vec<Data>>>;

fn sheets(place: &Place, file: &str) -> Sheets {
    let mut book: Xlsx<_> = Xlsx::new(BufReader::new(File::open(place.at(file)).unwrap())).unwrap();
    book.worksheets().into_iter().map(|(name, range)| (name, range.rows().map(<[Data]>::to_vec).collect())).collect()
}

/// Writes the sheets anew, as a program that knows nothing of ours would.
fn save(place: &Place, file: &str, sheets: &Sheets) {
    let mut book = Workbook::new();
    for (name, rows) in sheets {
        let sheet = book.add_worksheet().set_name(name).unwrap();
        for (line, row) in (0..).zip(rows) {
            for (at, cell) in (0..).zip(row) {
                match cell {
                    Data::String(text) => drop(sheet.write_string(line, at, text).unwrap()),
                    Data::Float(number) => drop(sheet.write_number(line, at, *number).unwrap()),
                    Data::Int(number) => drop(sheet.write_number(line, at, *number as f64).unwrap()),
                    Data::Empty => {}
                    other => panic!("{other:?}"),
                }
            }
        }
    }
    book.save(place.at(file)).unwrap();
}

/// The row of a code in a sheet.
fn row_of<'s>(sheets: &'s mut Sheets, sheet: &str, code: &str) -> &'s mut Vec<Data> {
    let rows = sheets.get_mut(sheet).unwrap();
    rows.iter_mut().find(|row| row[2] == Data::String(code.into())).unwrap_or_else(|| panic!("{code} in {sheet}"))
}

/// Fills cells of a code, by their headings.
fn fill(sheets: &mut Sheets, sheet: &str, code: &str, cells: &[(&str, &str)]) {
    let headings: Vec<String> = sheets[sheet][0].iter().map(ToString::to_string).collect();
    for (heading, text) in cells {
        let at = headings.iter().position(|known| known == heading).unwrap_or_else(|| panic!("{heading} in {headings:?}"));
        let row = row_of(sheets, sheet, code);
        row.resize(headings.len(), Data::Empty);
        row[at] = Data::String((*text).to_owned());
    }
}

/// A release with codes in suspense: an account, a cost centre, and one that no rule covers.
fn in_suspense() -> Place {
    let place = Place::new();
    let rule =
        "ashvale_default,ashvale,,,,,,2018-04-01,,retained,none,,what no other rule covers is the council's own,a_clerk,chief_accountant\n";
    place.replace("pipelines/reference/ownership_rule.csv", rule, "");
    place.ledger(
        4,
        &[
            ("A100", "4100", "1250.00"),
            ("A200", "5200", "99.50"),
            ("A300", "5200", "0.10"),
            ("A100", "007", "7.00"),
            ("A900", "9000", "-1356.60"),
        ],
    );
    place.run(&["run"]).must(0);
    place.run(&["suspense", "--xlsx", "codes.xlsx"]).must(0);
    place
}

fn apply(place: &Place, more: &[&str]) -> Said {
    place.run(&[&["suspense", "apply", "filled.xlsx"], &WHO[..], more].concat())
}

fn references(place: &Place) -> Vec<String> {
    ["account", "cost_centre", "ownership_rule"]
        .map(|name| fs::read_to_string(place.at(&format!("pipelines/reference/{name}.csv"))).unwrap())
        .into()
}

/// Every row filled in as it should be.
fn filled(place: &Place) -> Sheets {
    let mut all = sheets(place, "codes.xlsx");
    fill(
        &mut all,
        "account",
        "007",
        &[("account_group", "employees"), ("statement", "expenditure"), ("is_cost", "TRUE"), ("reserve_movement", "false")],
    );
    fill(&mut all, "cost_centre", "A300", &[("name", "Museums, new"), ("fund", "GF"), ("capital", "false"), ("valid_from", "2018-04-01")]);
    fill(&mut all, "ownership_rule", "A200", &[("ownership", "shared"), ("service", "payroll"), ("reason", "joint library")]);
    all
}

#[test]
fn codes_are_exported_filled_in_shown_and_written() {
    let place = in_suspense();
    let before = references(&place);
    let exported = sheets(&place, "codes.xlsx");
    assert_eq!(exported.keys().map(String::as_str).collect::<Vec<_>>(), ["account", "cost_centre", "how to", "lists", "ownership_rule"]);
    let account = &exported["account"][1];
    assert_eq!((&account[2], &account[4], &account[8]), (&Data::String("007".into()), &Data::Float(7.0), &Data::Empty));
    assert_eq!(exported["cost_centre"][1][8], Data::String("A100".into()), "a code that looks like it");
    let services: Vec<&Data> = exported["lists"].iter().map(|row| row.last().unwrap()).collect();
    assert!(services.contains(&&Data::String("payroll".into())), "{services:?}");
    let xml = unzipped(&fs::read(place.at("codes.xlsx")).unwrap());
    assert!(xml.matches("<dataValidation ").count() >= 6 && xml.contains("lists!$"), "drop-downs");
    save(&place, "filled.xlsx", &filled(&place));
    // Shown, and not written until somebody says so.
    let shown = apply(&place, &[]);
    assert_eq!(shown.code, 2, "{}", shown.err);
    assert!(shown.err.contains("TC0136") && shown.err.contains("--yes"), "{}", shown.err);
    assert!(shown.out.contains("  + ashvale,A300,\"Museums, new\",,GF,false,2018-04-01,,"), "{}", shown.out);
    assert!(
        shown.out.contains("  + ashvale_a200,ashvale,,,A200,,,2018-04-03,,shared,payroll,,joint library,a_clerk,chief_accountant"),
        "{}",
        shown.out
    );
    assert!(shown.out.contains("  + ashvale,007,employees,expenditure,true,false,2018-04-03,,"), "{}", shown.out);
    assert_eq!(apply(&place, &["--dry-run"]).code, 0);
    assert_eq!(references(&place), before);
    let written = apply(&place, &["--yes"]).must(0);
    assert!(written.contains("3 rows by a_clerk, approved by chief_accountant"), "{written}");
    for (old, new) in before.iter().zip(references(&place)) {
        let rest: Vec<&str> = new.lines().filter(|line| old.lines().any(|known| known == *line)).collect();
        assert_eq!(rest, old.lines().collect::<Vec<_>>(), "what was there stays as it was");
        assert_eq!(new.lines().count(), old.lines().count() + 1);
    }
    place.run(&["validate"]).must(0);
    place.run(&["run"]).must(0);
    // What has a row now may lack a rule, as the museum does: it is asked for next.
    let again = place.run(&["suspense"]).must(0);
    assert!(again.contains("A300") && !again.contains("007") && !again.contains("A200"), "{again}");
    let old = apply(&place, &["--yes"]);
    assert!(old.code == 2 && old.err.contains("`007` of ashvale is no longer in suspense"), "{}", old.err);
}

#[test]
fn a_sheet_that_is_called_otherwise_is_not_passed_over() {
    let place = in_suspense();
    let mut all = filled(&place);
    let account = all.remove("account").unwrap();
    all.insert("Accounts (2)".into(), account);
    all.insert("my notes".into(), vec![vec![Data::String("code".into())]]);
    save(&place, "filled.xlsx", &all);
    let said = apply(&place, &["--yes"]);
    assert!(said.code == 2 && said.err.contains("sheet `Accounts (2)` has the headings of one that is called `account`"), "{}", said.err);
    let account = all.remove("Accounts (2)").unwrap();
    all.insert("account".into(), account);
    save(&place, "filled.xlsx", &all);
    assert!(apply(&place, &["--yes"]).must(0).contains("3 rows by a_clerk"));
}

/// What stands in the parts of a workbook.
fn unzipped(bytes: &[u8]) -> String {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let mut text = String::new();
    for at in 0..archive.len() {
        std::io::Read::read_to_string(&mut archive.by_index(at).unwrap(), &mut text).unwrap();
    }
    text
}

/// What a change of the filled-in workbook is refused with.
fn refused(place: &Place, change: impl FnOnce(&mut Sheets)) -> String {
    let before = references(place);
    let mut all = filled(place);
    change(&mut all);
    save(place, "filled.xlsx", &all);
    let said = apply(place, &["--yes"]);
    assert_eq!(said.code, 2, "{}\n{}", said.out, said.err);
    assert_eq!(references(place), before, "nothing was written");
    said.err
}

#[test]
fn what_does_not_hold_is_refused_by_its_row() {
    let place = in_suspense();
    let at = |sheet: &str| format!("filled.xlsx: sheet {sheet}:2");
    let service = refused(&place, |all| fill(all, "ownership_rule", "A200", &[("service", "payrol")]));
    assert!(
        service.contains("TC0909") && service.contains("Did you mean `payroll`") && service.contains(&at("ownership_rule")),
        "{service}"
    );
    let ownership = refused(&place, |all| fill(all, "ownership_rule", "A200", &[("ownership", "ours")]));
    assert!(ownership.contains("TC0909") && ownership.contains(&at("ownership_rule")), "{ownership}");
    for word in ["company", "external"] {
        let bearer = refused(&place, |all| fill(all, "ownership_rule", "A200", &[("ownership", word)]));
        assert!(bearer.contains("TC0910") && bearer.contains(&at("ownership_rule")), "{bearer}");
    }
    let half = refused(&place, |all| fill(all, "ownership_rule", "A200", &[("service", "")]));
    assert!(half.contains("TC0902") && half.contains("`service` is empty") && half.contains(&at("ownership_rule")), "{half}");
    let half =
        refused(&place, |all| fill(all, "cost_centre", "A300", &[("name", ""), ("fund", ""), ("capital", ""), ("directorate", "Culture")]));
    assert!(half.contains("`name` is empty") && half.contains("`fund` is empty") && half.contains(&at("cost_centre")), "{half}");
    let reason = refused(&place, |all| fill(all, "ownership_rule", "A200", &[("reason", "")]));
    assert!(reason.contains("`reason` is empty"), "{reason}");
    let day = refused(&place, |all| fill(all, "cost_centre", "A300", &[("valid_from", "1 April")]));
    assert!(day.contains("TC0902") && day.contains(&at("cost_centre")), "{day}");
    // Who each row is about was sealed.
    for heading in ["council of the code", "code", "pounds", "first", "sha256"] {
        let grey = refused(&place, |all| fill(all, "account", "007", &[(heading, "4100")]));
        assert!(grey.contains("TC0116") && grey.contains("grey cells") && grey.contains("sheet `account`"), "{heading}: {grey}");
    }
    let twice = refused(&place, |all| {
        let row = row_of(all, "account", "007").clone();
        all.get_mut("account").unwrap().push(row);
    });
    assert!(twice.contains("row 3 of sheet `account`") && twice.contains("there twice"), "{twice}");
    let more = refused(&place, |all| all.get_mut("account").unwrap()[0].push(Data::String("note".into())));
    assert!(more.contains("TC0472") && more.contains("note"), "{more}");
    let nothing = refused(&place, |all| *all = sheets(&place, "codes.xlsx"));
    assert!(nothing.contains("TC0116") && nothing.contains("no row of the workbook is filled in"), "{nothing}");
    save(&place, "filled.xlsx", &filled(&place));
    let same = place.run(&["suspense", "apply", "filled.xlsx", "--by", "A_Clerk", "--approver", " a_clerk", "--yes"]);
    assert!(same.code == 2 && same.err.contains("TC0112") && same.err.contains("approve their own rows"), "{}", same.err);
    place.run(&["suspense", "--xlsx", "codes.xlsx"]).must(2);
}

#[test]
fn rows_may_be_sorted_and_left_and_every_file_keeps_its_line_ends() {
    let place = in_suspense();
    let path = "pipelines/reference/account.csv";
    let text = fs::read_to_string(place.at(path)).unwrap().replace('\n', "\r\n");
    fs::write(place.at(path), text.trim_end()).unwrap();
    let mut all = filled(&place);
    for sheet in ["cost_centre", "ownership_rule"] {
        all.insert(sheet.into(), sheets(&place, "codes.xlsx")[sheet].clone());
    }
    save(&place, "filled.xlsx", &all);
    let done: serde_json::Value = serde_json::from_str(&apply(&place, &["--yes", "--json"]).must(0)).unwrap();
    assert_eq!(
        (&done["answer"]["rows"], &done["answer"]["left"], &done["answer"]["written"]),
        (&1.into(), &2.into(), &true.into()),
        "{done}"
    );
    let text = fs::read_to_string(place.at(path)).unwrap();
    assert!(text.lines().nth(1).unwrap().starts_with("ashvale,007,"), "before 4100: {text}");
    assert_eq!(text.matches('\n').count(), text.matches("\r\n").count(), "{text:?}");
    place.run(&["validate"]).must(0);
}
