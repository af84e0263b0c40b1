//! Sample extracts whose structure needs a word of its contract: each ties to its truth. Skipped where the shared folder is not there.

use std::collections::BTreeMap;

use serde_json::Value;
use truecost::{decode::Left, domain::decimal};

use super::{
    driver::{Judged, judge},
    fixed::contract,
    sets::{left_out, set, ties},
};

const CSV: &str = "format: delimited\ndelimiter: ','\nencodings: [utf-8, windows-1252]";
const PLAIN: &str = "money: [plain, commas]";

/// A text column by its heading.
fn text(name: &'static str, heading: &str) -> (&'static str, &'static str, String) {
    (name, "VARCHAR", format!("aliases: [{heading:?}]"))
}

fn amount(name: &'static str, heading: &str, words: &str) -> (&'static str, &'static str, String) {
    (name, "DECIMAL(18,2)", format!("aliases: [{heading:?}], {words}"))
}

fn date(name: &'static str, heading: &str, format: &str) -> (&'static str, &'static str, String) {
    (name, "DATE", format!("aliases: [{heading:?}], formats: [{format}]"))
}

type Columns = Vec<(&'static str, &'static str, String)>;

fn read(layout: &str, columns: &Columns, bytes: &[u8]) -> Judged {
    let columns: Vec<(&str, &str, &str)> = columns.iter().map(|(name, kind, words)| (*name, *kind, words.as_str())).collect();
    judge(&contract(layout, &columns), bytes).unwrap_or_else(|refusal| panic!("{refusal}"))
}

fn one(files: &BTreeMap<String, Vec<u8>>) -> &[u8] {
    files.values().next().expect("a file")
}

/// The truth of each file of a set.
fn each(truth: &Value) -> Vec<(String, Value)> {
    let files = truth["files"].as_array().expect("files");
    files.iter().map(|file| (file["file"].as_str().expect("a name").to_owned(), file.clone())).collect()
}

fn net(judged: &Judged, column: &str) -> String {
    judged.tally.sums.iter().find(|sum| &*sum.column == column).map(|sum| decimal(sum.accepted.net())).unwrap_or_default()
}

#[test]
fn set_03_the_header_moves_and_changes_its_spelling() {
    let Some((files, truth)) = set("03_header_moves") else { return };
    let columns = vec![
        text("supplier_ref", "Supplier Number"),
        text("supplier", "Supplier Name"),
        date("payment_date", "Payment Date", "dd/mm/yyyy"),
        text("reference", "Transaction Number"),
        amount("net", "Net Amount", PLAIN),
        ("vat", "DECIMAL(18,2)", format!("aliases: ['Non Recoverable VAT', 'Non-recoverable VAT'], {PLAIN}")),
        text("service", "Service area"),
    ];
    for (file, truth) in each(&truth) {
        ties(&read(CSV, &columns, &files[&file]), &truth, "net", "payment_date");
    }
}

#[test]
fn set_06_columns_of_one_name_and_of_none() {
    let Some((files, truth)) = set("06_repeated_and_unnamed") else { return };
    let parent = |name, nth| (name, "VARCHAR", format!("aliases: ['Cost Centre Parent'], occurrence: {nth}"));
    let columns = vec![
        date("payment_date", "Payment Date", "dd-mmm-yy(pivot=50)"),
        text("supplier", "Supplier"),
        text("category", "Category"),
        text("cost_centre", "Cost Centre"),
        text("centre_text", "Cost Centre Description"),
        parent("directorate", 1),
        parent("division", 2),
        parent("team", 3),
        ("card", "VARCHAR", "position: 9".to_owned()),
        text("nominal", "Nominal Description"),
        amount("gross", "Gross", PLAIN),
        amount("vat", "Vat", PLAIN),
    ];
    let judged = read(CSV, &columns, one(&files));
    ties(&judged, &truth, "gross", "payment_date");
    assert_eq!(Some(net(&judged, "vat").as_str()), truth["other_totals"]["Vat"].as_str());
    let values = |name: &str| {
        judged.rows.column_by_name(name).expect("a column").len() - judged.rows.column_by_name(name).expect("a column").null_count()
    };
    assert_eq!(Some(values("card") as u64), truth["unnamed_columns"]["9"].as_u64());
    let first =
        |name: &str| arrow::util::display::array_value_to_string(judged.rows.column_by_name(name).expect("a column"), 0).expect("a text");
    assert_eq!([first("directorate"), first("division"), first("team")], ["CHILDREN'S SERVICES 40", "CHILDREN 40G", "GROUNDS 40GB"]);
}

#[test]
fn set_07_a_header_of_two_records_and_headings_with_line_breaks() {
    let Some((files, truth)) = set("07_two_line_header") else { return };
    let august = vec![
        text("supplier_ref", "Supplier ID"),
        text("supplier", "Supplier Name"),
        text("reference", "Trans No."),
        date("payment_date", "Trans Date", "dd/mm/yyyy"),
        text("cost_centre", "Cost Centre"),
        amount("net", "Amount, (£)", PLAIN),
        text("description", "Description"),
    ];
    let august: Columns = august.into_iter().map(|(name, kind, words)| (name, kind, words.replace("Amount, (£)", "Amount (£)"))).collect();
    let september = vec![
        text("reference", "Doc No"),
        date("payment_date", "Posting Date", "dd.mm.yyyy"),
        text("supplier", "Vendor"),
        amount("net", "Amount £ (Ex VAT)", PLAIN),
        text("note", "Comment from Database: Publish/ Exclude/ Redact"),
        text("service", "Service"),
    ];
    for (file, truth) in each(&truth) {
        let (layout, columns) =
            if file.contains("aug") { (format!("{CSV}\nheader: {{lines: 2}}"), &august) } else { (CSV.to_owned(), &september) };
        let judged = read(&layout, columns, &files[&file]);
        ties(&judged, &truth, "net", "payment_date");
    }
}

#[test]
fn set_08_totals_above_the_header_are_compared() {
    let Some((files, truth)) = set("08_total_above_header") else { return };
    let columns = vec![
        text("directorate", "Directorate"),
        text("supplier", "Supplier"),
        date("payment_date", "Payment Date", "dd/mm/yyyy"),
        text("reference", "Doc Ref"),
        text("account_text", "Spend Category"),
        amount("net", "Net", PLAIN),
        amount("vat", "VAT", PLAIN),
        amount("gross", "Gross", PLAIN),
    ];
    for (file, truth) in each(&truth) {
        let judged = read(&format!("{CSV}\nheader: {{holds: total}}"), &columns, &files[&file]);
        ties(&judged, &truth, "net", "payment_date");
        let printed = &judged.tally.left_out[&Left::Preamble].totals;
        for (column, total) in [("net", "Net"), ("vat", "VAT"), ("gross", "Gross")] {
            let said = printed
                .iter()
                .find(|(name, _)| &***name == column)
                .and_then(|(_, all)| all[0].millionths)
                .map(truecost::domain::decimal_of);
            assert_eq!(said, truth["printed_totals"][total].as_str().map(|text| text.replace(',', "")), "{file} {total}");
            assert_eq!(said, Some(net(&judged, column)), "{file} {total}");
        }
    }
}

#[test]
fn set_13_a_printed_report_by_its_pages() {
    let Some((files, truth)) = set("13_oracle_report") else { return };
    let layout = "format: fixed\nencodings: [utf-8]\nunit: characters\nlength: 133\nheader: {within_rows: 60}\nrepeats_header: allowed\n\
                  pages: ['HARBROOK COUNCIL * Report Date: *', 'Page: * of *', '-----*', '*End of Report*']\n\
                  fill: [{start: 8, width: 1}, {start: 16, width: 1}, {start: 47, width: 1}, {start: 57, width: 1}, {start: 78, width: 1}, {start: 91, width: 1}, {start: 116, width: 1}]\nfooter: {when: {description: 'Report Total:'}, totals: {amount: amount}}";
    let columns: Columns = [
        ("cost_centre", "Cost", 1, 7, ""),
        ("account", "Subj", 9, 15, ""),
        ("payee", "Supplier Name", 17, 46, ""),
        ("supplier_ref", "Supplier", 48, 56, ""),
        ("reference", "Invoice Number", 58, 77, ""),
        ("description", "Description", 92, 115, ""),
    ]
    .into_iter()
    .map(|(name, heading, from, to, _)| (name, "VARCHAR", format!("aliases: [{heading:?}], from: {from}, to: {to}")))
    .chain([
        ("gl_date", "DATE", "aliases: ['GL Date'], from: 79, to: 90, formats: [dd-mmm-yyyy]".to_owned()),
        ("amount", "DECIMAL(18,2)", "aliases: ['Amount (GBP)'], from: 117, to: 133, money: [commas, brackets]".to_owned()),
    ])
    .collect();
    let judged = read(layout, &columns, one(&files));
    assert_eq!(Some(left_out(&judged, &Left::HeaderAgain).0 + 1), truth["header_repeats"].as_u64());
    // Every row is there; `<12.00>`, which is a credit, is in no style that a contract can declare yet.
    assert!(judged.rejected.iter().all(|row| row.raw.contains('<')));
    assert_eq!(Some(judged.tally.accepted + judged.tally.rejected), truth["data_rows"].as_u64());
    assert_eq!(left_out(&judged, &Left::Footer).0, 1);
}

#[test]
fn set_16_tabs_and_an_empty_first_column() {
    let Some((files, truth)) = set("16_tab_text_named_xls") else { return };
    let columns = vec![
        ("mark", "VARCHAR", "position: 1".to_owned()),
        text("reference", "DocumentNo"),
        text("kind", "Type"),
        date("payment_date", "Pstng Date", "dd.mm.yyyy"),
        text("vendor", "Vendor"),
        text("supplier", "Name"),
        amount("net", "Amount in LC", "trim: true, money: [commas, minus_after]"),
        text("cost_centre", "Cost Ctr"),
        text("description", "Text"),
    ];
    let layout = "format: delimited\ndelimiter: tab\nencodings: [windows-1252]\nfooter: {when: {mark: '*'}, totals: {net: net}}";
    let judged = read(layout, &columns, one(&files));
    ties(&judged, &truth, "net", "payment_date");
    assert_eq!(left_out(&judged, &Left::Footer).0, 1);
}

#[test]
fn set_17_fields_parted_by_a_sign_that_is_not_ascii() {
    let Some((files, truth)) = set("17_not_sign_delimiter") else { return };
    let columns = vec![
        text("account_ref", "ACCOUNT_REF"),
        text("landlord", "LANDLORD_NAME"),
        date("payment_date", "PAYMENT_DATE", "dd-mmm-yyyy"),
        amount("amount", "PAYMENT_AMOUNT", "money: [plain]"),
        text("method", "METHOD"),
        text("narrative", "NARRATIVE"),
    ];
    let layout = "format: delimited\ndelimiter: '¬'\nquote: none\nencodings: [utf-8, windows-1252]\nfooter: {when: {account_ref: TOTAL}, totals: {amount: amount}}";
    ties(&read(layout, &columns, one(&files)), &truth, "amount", "payment_date");
    // The same text in UTF-8, where the sign has two bytes, and in UTF-16.
    let text: String = one(&files).iter().map(|byte| char::from(*byte)).collect();
    ties(&read(layout, &columns, text.as_bytes()), &truth, "amount", "payment_date");
    let wide: Vec<u8> = [0xFEFF].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    ties(&read(layout, &columns, &wide), &truth, "amount", "payment_date");
}

#[test]
fn set_26_unicode_text_of_a_spreadsheet() {
    let Some((files, truth)) = set("26_utf16_unicode_text") else { return };
    let columns = vec![
        date("payment_date", "Payment Date", "dd/mm/yyyy"),
        text("supplier", "Supplier Name"),
        text("directorate", "Directorate"),
        text("description", "Description"),
        amount("net", "Net Amount £", PLAIN),
        text("reference", "Transaction No"),
    ];
    let judged = read("format: delimited\ndelimiter: tab\nencodings: [utf-16le]", &columns, one(&files));
    ties(&judged, &truth, "net", "payment_date");
}

#[test]
fn set_31_a_printed_list_with_bars_and_dashes() {
    let Some((files, truth)) = set("31_sap_list_with_borders") else { return };
    let columns = vec![
        text("reference", "DocumentNo"),
        text("kind", "Ty"),
        date("payment_date", "Pstng Date", "dd.mm.yyyy"),
        text("vendor", "Vendor"),
        text("supplier", "Name"),
        amount("net", "Amount in LC", "money: [commas, minus_after]"),
        text("cost_centre", "Cost Ctr"),
        text("description", "Text"),
    ];
    let layout =
        "format: delimited\ndelimiter: '|'\nborders: true\nencodings: [utf-8]\nfooter: {when: {reference: '*'}, totals: {net: net}}";
    let judged = read(layout, &columns, one(&files));
    ties(&judged, &truth, "net", "payment_date");
    assert_eq!(left_out(&judged, &Left::Rule).0, 3, "a fourth stands before the header");
}

#[test]
fn set_32_text_of_an_old_macintosh() {
    let Some((files, truth)) = set("32_mac_roman_blank_lines") else { return };
    let columns = vec![
        date("payment_date", "Payment Date", "dd/mm/yyyy"),
        text("department", "Department"),
        text("supplier", "Supplier Name"),
        text("supplier_ref", "Supplier No"),
        text("account", "Expense Code"),
        text("description", "Description"),
        amount("net", "Net Amount", "trim: true, money: [plain, commas]"),
    ];
    let judged = read("format: delimited\ndelimiter: ','\nencodings: [mac_roman]", &columns, one(&files));
    ties(&judged, &truth, "net", "payment_date");
    let suppliers = arrow::util::pretty::pretty_format_batches(std::slice::from_ref(&judged.rows)).expect("a table").to_string();
    for name in truth["text_check"]["as it should read"].as_array().expect("names") {
        assert!(suppliers.contains(name.as_str().expect("a name")), "{name}");
    }
}

#[test]
fn set_29_four_ways_of_sending_nothing() {
    let Some((files, truth)) = set("29_empty_and_nil") else { return };
    let columns = [
        date("payment_date", "Payment Date", "dd/mm/yyyy"),
        text("department", "Department"),
        text("supplier", "Supplier Name"),
        text("supplier_ref", "Supplier No"),
        text("account", "Expense Code"),
        text("description", "Description"),
        amount("net", "Net Amount", PLAIN),
    ];
    let columns: Vec<(&str, &str, &str)> = columns.iter().map(|(name, kind, words)| (*name, *kind, words.as_str())).collect();
    let contract = contract(&format!("{CSV}\nnil: No transactions this month"), &columns);
    let ends: Vec<String> = each(&truth)
        .into_iter()
        .map(|(file, truth)| match judge(&contract, &files[&file]) {
            Ok(judged) => {
                assert_eq!(Some(judged.rows.num_rows() as u64), truth["data_rows"].as_u64(), "{file}");
                format!("{} rows, {} nil", judged.rows.num_rows(), left_out(&judged, &Left::Nil).0)
            }
            Err(refusal) => refusal.0[0].code.id.to_owned(),
        })
        .collect();
    assert_eq!(ends, ["TC0201", "TC0202", "0 rows, 1 nil", "TC0206", "30 rows, 0 nil"]);
}

#[test]
fn set_11_a_total_without_a_label_and_a_row_without_an_amount() {
    let Some((files, truth)) = set("11_unlabelled_total") else { return };
    let columns = vec![
        text("body", "Auth"),
        text("category", "Category"),
        text("supplier", "Supplier"),
        date("payment_date", "Date", "dd/mm/yyyy"),
        text("department", "Dept"),
        text("cost_centre", "Cost Code"),
        amount("net", "Invoiced", PLAIN),
    ];
    // The total has no label: it is the row whose every other column is empty. A payment without an amount is a cancelled invoice.
    let layout = format!(
        "{CSV}\nnot_data: [{{when: {{net: ''}}, reason: no amount}}]\nfooter: {{when: {{body: '', supplier: ''}}, totals: {{net: net}}}}"
    );
    let judged = read(&layout, &columns, one(&files));
    ties(&judged, &truth, "net", "payment_date");
    assert_eq!((left_out(&judged, &Left::Footer).0, left_out(&judged, &Left::NotData(0)).0, judged.tally.blank), (1, 1, 1));
}
