//! Sample extracts of the shared folder, read by contract: each ties to its truth. Skipped where the folder is not there.

use std::{collections::BTreeMap, fs};

use arrow::{array::AsArray as _, datatypes::Date32Type};
use serde_json::Value;
use truecost::{
    decode::Left,
    domain::{Day, decimal},
    schema::{Contract, Kind, known_layout, read_contract, yaml::SourceText},
};

use super::{
    driver::{Judged, judge},
    fixed::contract,
};
use crate::places;

/// The bytes of each file of a set, and its truth.
pub fn set(name: &str) -> Option<(BTreeMap<String, Vec<u8>>, Value)> {
    let Some(folder) = places::shared().map(|shared| shared.join("layouts").join(name)).filter(|folder| folder.is_dir()) else {
        println!("skipped: the shared folder is not here");
        return None;
    };
    let truth = serde_json::from_slice(&fs::read(folder.join("truth.json")).expect("a truth")).expect("JSON");
    let files = fs::read_dir(&folder).expect("a folder").map(|entry| entry.expect("an entry"));
    let files = files.filter(|entry| entry.file_name() != "truth.json");
    let read = |entry: fs::DirEntry| (entry.file_name().to_string_lossy().into_owned(), fs::read(entry.path()).expect("a file"));
    Some((files.map(read).collect(), truth))
}

/// Rows, pounds and months of what was read are those of the truth.
pub fn ties(judged: &Judged, truth: &Value, amount: &str, date: &str) {
    assert_eq!(judged.rejected, []);
    assert_eq!(Some(judged.rows.num_rows() as u64), truth["data_rows"].as_u64());
    let sum = judged.tally.sums.iter().find(|sum| &*sum.column == amount).expect("the amount");
    assert_eq!(Some(decimal(sum.accepted.net()).as_str()), truth["net_total"].as_str());
    let mut months: BTreeMap<String, u64> = BTreeMap::new();
    let days = judged.rows.column_by_name(date).expect("the date").as_primitive::<Date32Type>();
    for day in days.iter().flatten() {
        *months.entry(Day(day).to_string()[..7].to_owned()).or_default() += 1;
    }
    let wanted: BTreeMap<String, u64> = serde_json::from_value(truth["rows_by_month"].clone()).expect("months");
    assert_eq!(months, wanted);
}

fn known(name: &str) -> Contract {
    let text = known_layout(name).expect("a known layout").contract("ashvale", "ledger");
    read_contract(&SourceText::new("ledger.odcs.yaml", text), Kind::Source, "ashvale/ledger").unwrap_or_else(|refusal| panic!("{refusal}"))
}

/// Rows and pounds that were left out for a reason.
pub fn left_out(judged: &Judged, left: &Left) -> (u64, String) {
    judged.tally.left_out.get(left).map(|out| (out.rows, decimal(out.pence))).unwrap_or_default()
}

#[test]
fn set_14_a_browser_export_ties() {
    let Some((files, truth)) = set("14_agresso_browser") else { return };
    for file in truth["files"].as_array().expect("files") {
        let judged = judge(&known("agresso_browser"), &files[file["file"].as_str().expect("a name")]).unwrap_or_else(|r| panic!("{r}"));
        ties(&judged, file, "amount", "payment_date");
        let printed = file["printed_total"].as_str().map_or((0, String::new()), |total| (1, total.replace(',', "")));
        assert_eq!(left_out(&judged, &Left::Record("INSERTED FOOTER".into())), printed);
    }
}

#[test]
fn set_15_records_without_column_names_tie() {
    let Some((files, truth)) = set("15_hdr_dtl_trl") else { return };
    let layout = "format: delimited\ndelimiter: '|'\nquote: none\nencodings: [utf-8]\nheader: none\n\
                  records: {HDR: skip, DTL: data, TRL: {rows: 2, net: 3, vat: 4}}";
    let columns = [
        ("record_type", "VARCHAR", ""),
        ("supplier", "VARCHAR", ""),
        ("supplier_name", "VARCHAR", "personal: {kind: name}"),
        ("payment_date", "DATE", "formats: [yyyymmdd]"),
        ("invoice", "VARCHAR", ""),
        ("cost_centre", "VARCHAR", ""),
        ("subjective", "VARCHAR", ""),
        ("net", "DECIMAL(18,2)", "money: [plain]"),
        ("vat", "DECIMAL(18,2)", "money: [plain]"),
        ("description", "VARCHAR", ""),
    ];
    let judged = judge(&contract(layout, &columns), files.values().next().expect("a file")).unwrap_or_else(|r| panic!("{r}"));
    ties(&judged, &truth, "net", "payment_date");
    assert_eq!(judged.tally.trailer["rows"].trim_start_matches('0'), truth["printed_count"].to_string());
    assert_eq!(Some(judged.tally.trailer["net"].as_str()), truth["printed_total"].as_str());
    assert_eq!(judged.tally.controls, BTreeMap::from([("HDR".to_owned(), 1), ("TRL".to_owned(), 1)]));
}

#[test]
fn set_22_lines_of_2060_characters_tie() {
    let Some((files, truth)) = set("22_gl07_fixed_2060") else { return };
    let judged = judge(&known("unit4_gl07"), files.values().next().expect("a file")).unwrap_or_else(|r| panic!("{r}"));
    ties(&judged, &truth, "amount", "trans_date");
    for tag in ["AP", "TX"] {
        let of = &truth["record_totals"][tag];
        let wanted = (of["rows"].as_u64().expect("rows"), of["amount"].as_str().expect("an amount").to_owned());
        assert_eq!(left_out(&judged, &Left::Record(tag.into())), wanted, "{tag}");
    }
}

#[test]
fn set_23_overpunched_payroll_ties() {
    let Some((files, truth)) = set("23_payroll_overpunch") else { return };
    let layout = "format: fixed\nencodings: [utf-8]\nunit: characters\nlength: 94\nrecord_type: {start: 1, width: 1}\n\
                  records: {H: skip, D: data, T: {rows: {from: 2, to: 8}, total: {from: 9, to: 21}}}";
    let columns = [
        ("record_type", "VARCHAR", "from: 1, to: 1"),
        ("payroll_no", "VARCHAR", "from: 2, to: 9, personal: {kind: id, treat: drop}"),
        ("ni_no", "VARCHAR", "from: 10, to: 18, personal: {kind: id, treat: drop}"),
        ("person", "VARCHAR", "from: 19, to: 38, personal: {kind: name, treat: drop}"),
        ("post_no", "VARCHAR", "from: 39, to: 46"),
        ("cost_centre", "VARCHAR", "from: 47, to: 54"),
        ("subjective", "VARCHAR", "from: 55, to: 60"),
        ("element", "VARCHAR", "from: 61, to: 64"),
        ("period", "VARCHAR", "from: 65, to: 70"),
        ("pay_date", "DATE", "from: 71, to: 78, formats: [yyyymmdd]"),
        ("hours", "DECIMAL(18,6)", "from: 79, to: 84, number: ['implied(2)']"),
        ("amount", "DECIMAL(18,2)", "from: 85, to: 94, money: [overpunch, 'implied(2)']"),
    ];
    let judged = judge(&contract(layout, &columns), files.values().next().expect("a file")).unwrap_or_else(|r| panic!("{r}"));
    ties(&judged, &truth, "amount", "pay_date");
    assert_eq!(Some(judged.tally.trailer["total"].as_str()), truth["printed_total"].as_str());
    assert_eq!(judged.tally.trailer["rows"].trim_start_matches('0'), truth["printed_count"].to_string());
    let elements = judged.rows.column_by_name("element").expect("elements").as_string::<i32>();
    let amounts = judged.rows.column_by_name("amount").expect("amounts").as_primitive::<arrow::datatypes::Decimal128Type>();
    let mut totals: BTreeMap<String, i128> = BTreeMap::new();
    for (element, amount) in elements.iter().zip(amounts) {
        *totals.entry(element.expect("an element").to_owned()).or_default() += amount.expect("an amount");
    }
    let wanted: BTreeMap<String, String> = serde_json::from_value(truth["element_totals"].clone()).expect("totals");
    assert_eq!(totals.into_iter().map(|(element, pence)| (element, decimal(pence))).collect::<BTreeMap<_, _>>(), wanted);
}
