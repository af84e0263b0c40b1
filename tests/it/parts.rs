//! Extracts in layouts met in the wild, read by contracts written by hand, against what a right reading of them is.
//!
//! The extracts stand beside the repository where it is developed (`truth.json` beside each); elsewhere these tests say so and pass.

use std::{collections::BTreeMap, fs, path::PathBuf};

use serde_json::Value;

use crate::places;

/// One layout: its folder, the file of it, and the words by which it is read.
struct Set {
    folder: &'static str,
    file: &'static str,
    /// The layout's words beside `format`, `delimiter` and `encodings`.
    layout: &'static str,
    /// Columns: name, heading, type, words.
    columns: &'static [[&'static str; 4]],
    /// Pounds by which the rows differ from `net_total`: rounding took them off.
    rounded_off: &'static str,
}

const SETS: &[Set] = &[
    Set {
        folder: "04_serials_beside_dates",
        file: "consolidated_q2_2025_26.csv",
        layout: "extra_columns: note",
        columns: &[
            ["payment_date", "Clearing Date", "DATE", "formats: [dd/mm/yyyy, excel], window: {from: -1y, to: +1m}"],
            ["supplier", "Vendor Name", "VARCHAR", "personal: {kind: name}"],
            ["amount", "Amount", "DECIMAL(18,2)", "money: [plain, commas]"],
        ],
        rounded_off: "0.00",
    },
    Set {
        folder: "05_accounting_style",
        file: "2025_04.csv",
        layout: "extra_columns: note, last_line_end: absent, footer: {when: {year: Grand Total}, totals: {amount: amount}}",
        columns: &[
            ["year", "1. YEAR", "VARCHAR", "trim: true"],
            ["incurred", "3. DATE INCURRED", "DATE", "formats: [dd/mm/yy(pivot=50)], null_words: [\"(blank)\"]"],
            ["payment_date", "4. DATE PAID", "DATE", "formats: [dd/mm/yy(pivot=50)]"],
            ["supplier", "5. BENEFICIARY", "VARCHAR", "personal: {kind: name}"],
            ["amount", "Total", "DECIMAL(18,2)", "money: [accounting]"],
        ],
        rounded_off: "0.00",
    },
    Set {
        folder: "09_float_noise",
        file: "carrow_heath_may_2025.csv",
        layout: "extra_columns: note, footer: {when: {payment_date: \"\", supplier: \"\"}, totals: {amount: amount}}",
        columns: &[
            ["payment_date", "Date", "DATE", "formats: [dd/mm/yyyy]"],
            ["supplier", "Creditor_Name", "VARCHAR", "personal: {kind: name}"],
            ["amount", "Amount", "DECIMAL(18,2)", "money: [plain], noise: 0.000001"],
        ],
        rounded_off: "0.00",
    },
    Set {
        folder: "10_half_pennies",
        file: "spending_2025_04_april.csv",
        layout: "extra_columns: note, footer: {when: {reference: \"\"}, totals: {amount: amount}}",
        columns: &[
            ["payment_date", "Clearance Date", "DATE", "formats: [\"yyyy-mm-dd hh:mi:ss\"]"],
            ["reference", "Reference", "VARCHAR", "trim: true"],
            ["amount", "Value", "DECIMAL(18,2)", "money: [plain], decimals: 3, round: half_even"],
        ],
        rounded_off: "0.005",
    },
    Set {
        folder: "12_sap_hs_flag",
        file: "ZFI_SPEND_1000_202506.csv",
        layout: "extra_columns: note",
        columns: &[
            ["payment_date", "Posting Date", "DATE", "formats: [yyyymmdd]"],
            ["side", "Debit/Credit Indicator", "VARCHAR", "role: code"],
            ["amount", "Amount in Local Currency", "DECIMAL(18,2)", "money: [plain], sign_from: {column: side, debit: [S], credit: [H]}"],
            ["tax", "Tax Amount", "DECIMAL(18,2)", "money: [plain, minus_after]"],
        ],
        rounded_off: "0.00",
    },
    Set {
        folder: "28_odd_dates",
        file: "jul-sept 25 payments.csv",
        layout: "extra_columns: note",
        columns: &[
            ["payment_date", "Invoice Date", "DATE", "formats: [dd-mmm-yy(pivot=50)]"],
            ["month", "Period", "INTEGER", "period: {formats: [mmm-yy]}"],
            ["paid", "Paid On", "DATE", "formats: [\"dd/mm/yyyy hh:mi:ss\"]"],
            ["amount", "Amount", "DECIMAL(18,2)", "money: [plain]"],
        ],
        rounded_off: "0.00",
    },
];

/// The sets; `None`, and it is said, where they are not on this machine.
fn layouts() -> Option<PathBuf> {
    let found = places::shared().map(|shared| shared.join("layouts")).filter(|folder| folder.is_dir());
    if found.is_none() {
        println!("skipped: the sample layouts are not on this machine");
    }
    found
}

/// A partnership of one council that takes a year of payments in one file.
struct Council {
    folder: tempfile::TempDir,
}

impl Council {
    fn new(set: &Set) -> Self {
        let made = Self { folder: tempfile::tempdir().unwrap() };
        let root = places::root();
        for part in ["pipelines/cost", "schemas/common", "schemas/reference", "schemas/published"] {
            places::copy(&root.join(part), &made.folder.path().join(part));
        }
        places::copy(&root.join("tests/fixtures/ashvale"), made.folder.path());
        let partnership = fs::read_to_string(made.folder.path().join("pipelines/partnership.yaml")).unwrap();
        made.write("pipelines/partnership.yaml", &partnership.replace("basis: ledger", "basis: payments"));
        for own in ["pipelines/ashvale/general_ledger.yaml", "pipelines/ashvale/general_ledger.sql"] {
            fs::remove_file(made.folder.path().join(own)).unwrap();
        }
        let mut contract = format!(
            "apiVersion: v3.2.0\nkind: DataContract\nid: truecost.sources.ashvale.spend\nversion: 1.0.0\nstatus: active\nschema:\n- name: extract\n  \
             customProperties: [{{property: truecost, vendor: truecost, value: {{format: delimited, delimiter: \",\", encodings: [utf-8], {}}}}}]\n  properties:\n",
            set.layout
        );
        for [name, heading, kind, words] in set.columns {
            contract.push_str(&format!(
                "  - {{name: {name}, physicalName: \"{heading}\", physicalType: \"{kind}\", customProperties: [{{property: truecost, vendor: truecost, value: {{{words}}}}}]}}\n"
            ));
        }
        made.write("schemas/sources/ashvale/spend.odcs.yaml", &contract);
        let feed = "contract: ashvale/spend\ninto: payment_line\nfiles: \"spend_{year}.csv\"\ncovers: {calendar: fiscal, extent: year}\ncontrols: none\nactive: {from: 2018-04-01}\n";
        made.write("pipelines/ashvale/spend.yaml", feed);
        made.write("pipelines/ashvale/spend.sql", "SELECT payment_date, amount FROM extract\n");
        made
    }

    fn write(&self, file: &str, text: &str) {
        let path = self.folder.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn run(&self, words: &[&str]) -> (Option<i32>, String) {
        places::said(&places::truecost(self.folder.path(), words))
    }

    /// Rows of an answer, without its heading.
    fn query(&self, sql: &str) -> Vec<Vec<String>> {
        let (code, said) = self.run(&["query", "--format", "csv", sql]);
        assert_eq!(code, Some(0), "{sql}: {said}");
        said.lines().skip(1).map(|line| line.trim_end().split(',').map(str::to_owned).collect()).collect()
    }
}

#[test]
fn layouts_are_read_as_a_right_reading_of_them_says() {
    let Some(layouts) = layouts() else { return };
    for set in SETS {
        let folder = layouts.join(set.folder);
        let truth: Value = serde_json::from_str(&fs::read_to_string(folder.join("truth.json")).unwrap()).unwrap();
        let council = Council::new(set);
        let drop = council.folder.path().join("drop/ashvale/spend/spend_2025.csv");
        fs::create_dir_all(drop.parent().unwrap()).unwrap();
        fs::copy(folder.join(set.file), &drop).unwrap();
        fs::OpenOptions::new().write(true).open(&drop).unwrap().set_modified(crate::transcript::settled_time()).unwrap();
        let (code, said) = council.run(&["run"]);
        assert_eq!(code, Some(0), "{}: {said}", set.folder);
        let sums = council.query("SELECT count(*), sum(amount) FROM lake.payment_line");
        let net = truth["net_total"].as_str().unwrap().to_owned();
        let printed = council.query("SELECT sum(amount) + sum(residue), sum(residue) FROM reconciliation WHERE stage = 'source'");
        assert_eq!(sums[0][0], truth["data_rows"].to_string(), "{}: rows", set.folder);
        let trimmed = |text: &str| text.trim_end_matches('0').trim_end_matches('.').to_owned();
        assert_eq!(trimmed(&printed[0][0]), trimmed(&net), "{}: pounds", set.folder);
        assert_eq!(trimmed(&printed[0][1]), trimmed(set.rounded_off), "{}: rounded off", set.folder);
        let months =
            council.query("SELECT substr(CAST(payment_date AS VARCHAR), 1, 7) AS m, count(*) FROM lake.payment_line GROUP BY 1 ORDER BY 1");
        let months: BTreeMap<String, String> = months.into_iter().map(|row| (row[0].clone(), row[1].clone())).collect();
        let right = truth["rows_by_month"].as_object().unwrap();
        let right: BTreeMap<String, String> = right.iter().map(|(month, rows)| (month.clone(), rows.to_string())).collect();
        assert_eq!(months, right, "{}: months", set.folder);
        let left_out = council.query("SELECT coalesce(sum(lines), 0) FROM left_out WHERE reason = 'footer'");
        let rows: u64 = truth["left_out"].as_array().unwrap().iter().map(|left| left["rows"].as_u64().unwrap()).sum();
        assert_eq!(left_out[0][0], rows.to_string(), "{}: left out", set.folder);
    }
}
