//! The golden example of true cost: a partnership put together as a person would, run by the program, and what it publishes held to the
//! tables that an independent script has worked out.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use arrow::{
    array::{Array as _, RecordBatch},
    util::display::{ArrayFormatter, FormatOptions},
};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::{places, transcript};

/// Published tables, each with the columns that tell its rows apart.
const PUBLISHED: &[(&str, &[&str])] = &[
    ("volume", &["driver", "to_service", "to_bearer"]),
    ("driver_register", &["service", "partner"]),
    ("allocation_share", &["pool_set", "service", "final_service", "bearer"]),
    ("service_gross", &["pool_set", "service"]),
    ("method_comparison", &["final_service", "final_ownership", "bearer"]),
    ("full_cost", &["final_service", "final_ownership", "bearer"]),
    ("cost_line", &["council", "source_row", "line_part"]),
    ("payroll_difference", &["council", "cost_centre", "account"]),
    ("on_cost", &["council", "ownership", "service", "bearer"]),
    ("blanket_comparison", &["blanket", "kind", "unit"]),
    ("recharge_pair", &["payer", "reference"]),
    ("unmatched_recharge", &["council", "other", "reference"]),
    ("trading_result", &["service", "customer"]),
    ("trading_share", &["service", "customer", "partner"]),
    ("settlement", &["kind", "service", "organisation"]),
    ("settlement_pair", &["kind", "service", "debtor", "creditor"]),
    ("payment_to_make", &["payer", "payee"]),
    ("cost_bridge", &["council", "item"]),
    ("allocated_cost", &["service", "ownership", "account_group", "on_cost", "council", "final_service", "final_ownership", "bearer"]),
];

/// What the last screen counts.
const LISTED: &[&str] = &[
    "1 payroll difference £1.37",
    "1 share outside tolerance (legal)",
    "1 exception (hr)",
    "1 pool without volume (`ict_print`, spread evenly over 2)",
    "1 recharge 3p apart",
    "1 code in suspense £77.77",
];

/// Common tables, as they rest in the lake.
const LAKE: [(&str, &[&str]); 2] = [("pay_line", &["council", "source_row"]), ("assignment", &["council", "source_row"])];

/// The golden folder; `None`, with a plain message, where the project's shared folder is not beside the repository.
pub fn golden() -> Option<PathBuf> {
    let folder = places::shared().map(|shared| shared.join("golden_true_cost")).filter(|folder| folder.is_dir());
    if folder.is_none() {
        eprintln!("skipped: no shared folder beside the repository");
    }
    folder
}

/// The golden partnership in a folder of its own.
pub struct Partnership {
    folder: tempfile::TempDir,
}

impl Partnership {
    /// `truecost init`, without the reference partnership's own feeds and rows; then the golden files.
    pub fn new(golden: &Path) -> Self {
        let made = Self { folder: tempfile::tempdir().unwrap() };
        made.run(&["init"], 0);
        for own in ["pipelines/newham", "pipelines/havering", "pipelines/bexley", "pipelines/shared", "schemas/sources", "drop"] {
            let _ = fs::remove_dir_all(made.path(own));
        }
        for row in fs::read_dir(made.path("pipelines/reference")).unwrap().map(|entry| entry.unwrap().path()) {
            fs::remove_file(row).unwrap();
        }
        let fixture = places::root().join("tests/golden/true_cost");
        for (from, to) in [
            (fixture.join("pipelines"), "pipelines"),
            (fixture.join("schemas"), "schemas"),
            (golden.join("drop"), "drop"),
            (golden.join("keys"), "keys"),
            (golden.join("reference"), "pipelines/reference"),
        ] {
            copy(&from, &made.path(to));
        }
        fs::copy(golden.join("partnership.yaml"), made.path("pipelines/partnership.yaml")).unwrap();
        let cost = fs::read_to_string(made.path("pipelines/cost/cost.yaml")).unwrap();
        let without: String = cost.lines().filter(|line| !line.starts_with("allocation:")).map(|line| format!("{line}\n")).collect();
        made.write("pipelines/cost/cost.yaml", &format!("{without}allocation: [{{from: 2014-04-01, method: reciprocal}}]\n"));
        made
    }

    pub fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    pub fn write(&self, file: &str, text: &str) {
        fs::create_dir_all(self.path(file).parent().unwrap()).unwrap();
        fs::write(self.path(file), text).unwrap();
        settle(&self.path(file));
    }

    /// What a command said, held to the code with which it is to end.
    pub fn run(&self, words: &[&str], code: i32) -> String {
        let (ended, said) = places::said(&places::truecost(self.folder.path(), words));
        assert_eq!(ended, Some(code), "truecost {}: {said}", words.join(" "));
        said
    }

    /// Changes a file and runs.
    pub fn change(&self, file: &str, change: impl Fn(&str) -> String, code: i32) -> String {
        let text = fs::read_to_string(self.path(file)).unwrap();
        let changed = change(&text);
        assert_ne!(changed, text, "{file} is as it was");
        self.write(file, &changed);
        self.run(&["run"], code)
    }

    pub fn query(&self, sql: &str) -> String {
        let done = places::truecost(self.folder.path(), &["query", "--format", "csv", sql]);
        assert!(done.status.success(), "{sql}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap()
    }

    /// A table of the latest release.
    pub fn published(&self, table: &str) -> Rows {
        let folder = self.path("published/latest").join(table);
        assert!(folder.is_dir(), "the release holds no table {table}");
        let mut rows = Rows::default();
        rows.read_all(&folder);
        rows
    }

    /// A common table, with what its folders say.
    fn lake(&self, table: &str) -> Rows {
        let mut rows = Rows::default();
        rows.read_all(&self.path("lake").join(table));
        rows
    }
}

fn settle(path: &Path) {
    // Not "still arriving".
    fs::File::options().write(true).open(path).unwrap().set_modified(transcript::settled_time()).unwrap();
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            copy(&from, &to);
        } else {
            fs::copy(&from, &to).unwrap();
            settle(&to);
        }
    }
}

/// Rows as texts by column.
#[derive(Default)]
pub struct Rows(pub Vec<BTreeMap<String, String>>);

impl Rows {
    /// Every Parquet file below a folder; `council=northam` in its path is a column.
    pub fn read_all(&mut self, folder: &Path) {
        let mut files = Vec::new();
        places::gather(folder, "parquet", &mut files);
        files.sort();
        for path in files {
            let of_path: BTreeMap<String, String> = path
                .strip_prefix(folder)
                .unwrap()
                .iter()
                .filter_map(|part| part.to_str()?.split_once('='))
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect();
            let file = fs::File::open(&path).unwrap();
            for batch in ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap() {
                self.add(&batch.unwrap(), &of_path);
            }
        }
    }

    fn add(&mut self, batch: &RecordBatch, beside: &BTreeMap<String, String>) {
        let options = FormatOptions::default();
        for row in 0..batch.num_rows() {
            let mut values = beside.clone();
            for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
                let text = if column.is_null(row) {
                    String::new()
                } else {
                    ArrayFormatter::try_new(column, &options).unwrap().value(row).to_string()
                };
                values.insert(field.name().clone(), text);
            }
            self.0.push(values);
        }
    }

    /// A file of the golden folder: no value holds a comma.
    pub fn expected(path: &Path) -> (Vec<String>, Self) {
        let text = fs::read_to_string(path).unwrap();
        let mut lines = text.lines();
        let names: Vec<String> = lines.next().unwrap().split(',').map(str::to_owned).collect();
        let row = |line: &str| names.iter().cloned().zip(line.split(',').map(str::to_owned)).collect();
        let rows = lines.map(row).collect();
        (names, Self(rows))
    }

    /// Each row as one text of these columns, with the key before it, in order.
    fn texts(&self, columns: &[String], key: &[&str]) -> Vec<String> {
        let value = |row: &BTreeMap<String, String>, name: &str| row.get(name).map_or_else(|| "(no such column)".to_owned(), |v| plain(v));
        let text = |row: &BTreeMap<String, String>| {
            let key = key.iter().map(|name| value(row, name)).collect::<Vec<_>>().join("/");
            let values = columns.iter().map(|name| format!("{name}={}", value(row, name))).collect::<Vec<_>>().join(" ");
            format!("{key}: {values}")
        };
        let mut texts: Vec<String> = self.0.iter().map(text).collect();
        texts.sort();
        texts
    }
}

/// `1.0000` and `1.000000` are the same number, and so are `60.00` and `60`; other pounds keep their pence.
fn plain(value: &str) -> String {
    match value.split_once('.') {
        Some((whole, part)) if part.bytes().all(|b| b == b'0') => whole.to_owned(),
        Some((whole, part)) if part.len() > 2 && part.bytes().all(|b| b.is_ascii_digit()) => {
            let part = part.trim_end_matches('0');
            format!("{whole}.{part:0<2}")
        }
        _ => value.to_owned(),
    }
}

/// Every row of both sides, in the columns that the expected file has.
fn compare(table: &str, key: &[&str], found: &Rows, golden: &Path, faults: &mut Vec<String>) {
    let (columns, expected) = Rows::expected(&golden.join("expected").join(format!("{table}.csv")));
    let (found, expected) = (found.texts(&columns, key), expected.texts(&columns, key));
    let lacks = |of: &[String], in_: &[String]| of.iter().filter(|row| !in_.contains(row)).cloned().collect::<Vec<_>>();
    faults.extend(lacks(&expected, &found).iter().map(|row| format!("{table}: expected and not there: {row}")));
    faults.extend(lacks(&found, &expected).iter().map(|row| format!("{table}: there and not expected: {row}")));
    if found.len() != expected.len() {
        faults.push(format!("{table}: {} rows, {} expected", found.len(), expected.len()));
    }
}

#[test]
fn a_cost_yaml_that_says_nothing_of_kernels_has_those_of_the_program() {
    let Some(golden) = golden() else { return };
    let partnership = Partnership::new(&golden);
    let cost = "pipelines/cost/cost.yaml";
    partnership.write(cost, "allocation: [{from: 2014-04-01, method: reciprocal}]\n");
    let said = partnership.run(&["run"], 0);
    assert!(said.contains("  2018/P01: northam pays southam £497.99: truecost "), "{said}");
    let mut faults = Vec::new();
    for (table, key) in PUBLISHED {
        compare(table, key, &partnership.published(table), &golden, &mut faults);
    }
    assert_eq!(faults, [] as [String; 0]);
    // One that says that it has none has none; one that is not there says nothing either.
    partnership.write(cost, "allocation: [{from: 2014-04-01, method: reciprocal}]\nkernels: {}\n");
    let said = partnership.run(&["validate"], 2);
    assert!(said.contains("there is no table `allocated_cost`"), "{said}");
    fs::remove_file(partnership.path(cost)).unwrap();
    assert!(partnership.run(&["validate"], 0).contains(": all sound"));
}

#[test]
fn the_golden_partnership_comes_out_as_the_script_says() {
    let Some(golden) = golden() else { return };
    let partnership = Partnership::new(&golden);
    let said = partnership.run(&["run"], 0);
    eprintln!("{said}");
    for listed in LISTED {
        assert!(said.contains(&format!("  {listed}: truecost ")), "{listed}: {said}");
    }
    assert_eq!(said.matches("warning[").count(), 1, "{said}");
    assert!(said.contains("check 28: £150.00 unmatched, limit £100.00"), "{said}");
    assert!(said.contains("  1 recharge without another side £150.00: truecost "), "{said}");
    assert!(said.contains("  2018/P01: northam pays southam £497.99: truecost "), "{said}");
    let payments = partnership.query("select payer, payee, amount from payment_to_make");
    assert_eq!(payments, "payer,payee,amount\nnortham,southam,497.99\n");
    let mut faults = Vec::new();
    for (table, key) in PUBLISHED {
        compare(table, key, &partnership.published(table), &golden, &mut faults);
    }
    for (table, key) in LAKE {
        compare(table, key, &partnership.lake(table), &golden, &mut faults);
    }
    assert!(faults.is_empty(), "{}\n{}", said, faults.join("\n"));
    // However the ledger's lines are parted, what each council's ledger costs is what it was.
    let of_ledgers =
        partnership.query("SELECT council, SUM(amount) AS amount FROM cost_line WHERE is_cost GROUP BY council ORDER BY council");
    assert_eq!(of_ledgers, "council,amount\nnortham,16185.26\nsoutham,11163.16\n");
}

#[test]
fn every_expected_table_is_compared() {
    let Some(golden) = golden() else { return };
    let mut files = Vec::new();
    places::gather(&golden.join("expected"), "csv", &mut files);
    let stems = files.iter().map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned());
    // A scenario is of a later part.
    let expected: BTreeSet<String> = stems.filter(|name| !name.starts_with("scenario_")).collect();
    let compared: Vec<String> = PUBLISHED.iter().chain(&LAKE).map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(compared.len(), expected.len());
    assert_eq!(compared.into_iter().collect::<BTreeSet<_>>(), expected);
}

/// Every part of the latest release, by table and key, with the digest of what it was made from.
fn parts(partnership: &Partnership) -> BTreeMap<(String, String), String> {
    let text = fs::read_to_string(partnership.path("published/latest/_manifest.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_str(&text).unwrap();
    let mut parts = BTreeMap::new();
    for (table, of_table) in manifest["content"]["tables"].as_object().unwrap() {
        for part in of_table.as_array().unwrap() {
            let text = |key: &str| part[key].as_str().unwrap().to_owned();
            parts.insert((table.clone(), text("key")), text("inputs"));
        }
    }
    parts
}

/// Of the parts that were made anew, those of this table; `None` for the keys of periods of any table.
fn made_again(
    before: &BTreeMap<(String, String), String>,
    after: &BTreeMap<(String, String), String>,
    of: Option<&str>,
) -> BTreeSet<String> {
    let is_new = |(key, inputs): &(&(String, String), &String)| before.get(*key) != Some(*inputs);
    let keys = after.iter().filter(is_new).map(|(key, _)| key);
    match of {
        Some(table) => keys.filter(|(name, _)| name == table).map(|(_, key)| key.clone()).collect(),
        // `volume` looks back at what the periods before it had, and is small.
        None => keys.filter(|(name, key)| name != "volume" && key.starts_with("2018/P")).map(|(_, key)| key.clone()).collect(),
    }
}

/// Three months like the first: April's files with other dates.
pub fn with_two_more_months(partnership: &Partnership) {
    for (month, name) in [("05", "MAY"), ("06", "JUN")] {
        let later = |file: &str| {
            let text = fs::read_to_string(partnership.path(&format!("drop/{}", file.replace("MM", "04")))).unwrap();
            let text = text.replace("30/04/", "28/04/").replace("/04/2018", &format!("/{month}/2018"));
            let text = text.replace("2018-04", &format!("2018-{month}")).replace("APR-2018", &format!("{name}-2018"));
            partnership.write(&format!("drop/{}", file.replace("MM", month)), &text);
        };
        for council in ["northam", "southam"] {
            later(&format!("{council}/general_ledger/GL_2018_MM.csv"));
            later(&format!("{council}/legal_time/time_2018_MM.csv"));
        }
        later("northam/payroll/PAYCOST_2018_MM.csv");
        later("southam/payroll/itrent_elements_2018_MM.csv");
    }
    // The print contract has no volume in any month, and the file is the same: one is enough.
    let pages = fs::read_to_string(partnership.path("drop/southam/print/pages_2018_04.csv")).unwrap();
    partnership.write("drop/southam/print/pages_2018_05.csv", &pages);
    partnership.write("drop/southam/print/pages_2018_06.csv", &pages);
}

#[test]
fn what_comes_late_makes_again_what_reads_it_and_nothing_else() {
    let Some(golden) = golden() else { return };
    let partnership = Partnership::new(&golden);
    with_two_more_months(&partnership);
    partnership.run(&["run"], 0);
    let first = parts(&partnership);
    assert_eq!(first.keys().filter(|(table, _)| table == "cost_line").count(), 6);
    // A register of May: May reads it, and June, which has none of its own.
    let april = fs::read_to_string(partnership.path("drop/northam/device/devices_2018-04-30.csv")).unwrap();
    partnership.write("drop/northam/device/devices_2018-05-31.csv", &april.replace("N300,50", "N300,60"));
    partnership.run(&["run"], 0);
    let second = parts(&partnership);
    assert_eq!(made_again(&first, &second, None), BTreeSet::from(["2018/P02".to_owned(), "2018/P03".to_owned()]));
    assert_eq!(made_again(&first, &second, Some("cost_line")), BTreeSet::new());
    let volumes = "SELECT delivery_period, volume FROM volume WHERE driver = 'devices' AND to_bearer = 'northam' ORDER BY delivery_period";
    assert_eq!(partnership.query(volumes), "delivery_period,volume\n1,50\n2,60\n3,60\n");
    // A corrected payroll of one council: its own lines of that period, and what reads them.
    let may = "drop/southam/payroll/itrent_elements_2018_05.csv";
    let corrected = fs::read_to_string(partnership.path(may)).unwrap().replace("2,500.00", "2,500.10").replace("3,223.12-", "3,223.22-");
    // Of the same size and dated as before: a new file, as whoever exports again writes one.
    fs::rename(partnership.path(may), partnership.path("before.csv")).unwrap();
    partnership.write(may, &corrected);
    partnership.run(&["run"], 0);
    let third = parts(&partnership);
    assert_eq!(made_again(&second, &third, None), BTreeSet::from(["2018/P02".to_owned()]));
    assert_eq!(made_again(&second, &third, Some("cost_line")), BTreeSet::from(["southam/general_ledger/2018/P02".to_owned()]));
    // And nothing new, nothing made.
    partnership.run(&["run"], 0);
    assert_eq!(parts(&partnership), third);
}

/// A comparison that finds nothing proves nothing unless it would have found.
#[test]
fn a_row_that_differs_is_named_from_both_sides() {
    let Some(golden) = golden() else { return };
    let (_, mut found) = Rows::expected(&golden.join("expected/payment_to_make.csv"));
    let faults = |found: &Rows| {
        let mut faults = Vec::new();
        compare("payment_to_make", &["payer"], found, &golden, &mut faults);
        faults.join("\n")
    };
    assert_eq!(faults(&found), "");
    found.0[0].insert("amount".into(), "497.98".into());
    let said = faults(&found);
    assert!(said.contains("expected and not there: northam: payer=northam payee=southam amount=497.99"), "{said}");
    assert!(said.contains("there and not expected: northam: payer=northam payee=southam amount=497.98"), "{said}");
    found.0[0].remove("payee");
    assert!(faults(&found).contains("payee=(no such column)"));
    found.0.clear();
    assert!(faults(&found).contains("0 rows, 1 expected"));
}

/// One change at a time to pay in the golden example.
#[test]
fn pay_resolved_one_change_at_a_time() {
    let Some(golden) = golden() else { return };
    let partnership = Partnership::new(&golden);
    let sums = "SELECT council, SUM(amount) AS amount, COUNT(*) AS parts FROM cost_line WHERE is_cost GROUP BY council ORDER BY council";
    // The month's ledgers come before their pay: they are published from the ledger, and nothing differs, for nothing is compared.
    let held_back = partnership.path("held_back");
    fs::create_dir_all(&held_back).unwrap();
    for (council, file) in [("northam", "PAYCOST_2018_04.csv"), ("southam", "itrent_elements_2018_04.csv")] {
        fs::rename(partnership.path(&format!("drop/{council}/payroll/{file}")), held_back.join(file)).unwrap();
    }
    partnership.run(&["run"], 0);
    assert_eq!(partnership.query(sums), "council,amount,parts\nnortham,16185.26,14\nsoutham,11163.16,9\n");
    let sources = "SELECT council, service, source, persons, gross_pay, on_cost, recomputed_ni FROM on_cost ORDER BY council";
    assert_eq!(
        partnership.query(sources),
        "council,service,source,persons,gross_pay,on_cost,recomputed_ni\nnortham,legal,from_ledger,,5001.37,1346.24,\nsoutham,hr,from_ledger,,2500.00,723.12,\n"
    );
    assert_eq!(partnership.query("SELECT COUNT(*) AS n FROM payroll_difference"), "n\n0\n");
    let parts = |council: &str| -> Vec<PathBuf> {
        let json = |path: &str| -> serde_json::Value {
            serde_json::from_str(&fs::read_to_string(partnership.path("published").join(path)).unwrap()).unwrap()
        };
        let manifest = json(json("latest.json")["manifest"].as_str().unwrap());
        let parts = manifest["content"]["tables"]["cost_line"].as_array().unwrap_or_else(|| panic!("{manifest}"));
        let of_council = parts.iter().filter(|part| part["key"].as_str().unwrap().starts_with(council));
        of_council.map(|part| PathBuf::from(part["path"].as_str().unwrap())).collect()
    };
    // The pay of one council comes: its ledger is parted anew, the other's part is the one that was.
    let (northam, southam) = (parts("northam"), parts("southam"));
    fs::rename(held_back.join("PAYCOST_2018_04.csv"), partnership.path("drop/northam/payroll/PAYCOST_2018_04.csv")).unwrap();
    let said = partnership.run(&["run", "-v"], 0);
    assert!(said.contains("classified 19 lines in 1 part"), "{said}");
    assert_ne!(parts("northam"), northam);
    assert_eq!(parts("southam"), southam);
    assert_eq!(partnership.query(sums), "council,amount,parts\nnortham,16185.26,18\nsoutham,11163.16,9\n");
    assert_eq!(
        partnership.query(sources),
        "council,service,source,persons,gross_pay,on_cost,recomputed_ni\nnortham,ict,payroll,1,666.67,173.04,59.71\nnortham,legal,payroll,2,4333.33,1173.20,436.53\nsoutham,hr,from_ledger,,2500.00,723.12,\n"
    );
    // A limit of a penny less than the difference stops, and the last release answers.
    let head = fs::read_to_string(partnership.path("pipelines/partnership.yaml")).unwrap();
    let limited = head.replace("payroll_limit: {pounds: 10.00, action: stop}", "payroll_limit: {pounds: 1.36, action: stop}");
    assert_ne!(limited, head);
    partnership.write("pipelines/partnership.yaml", &limited);
    let said = partnership.run(&["run"], 1);
    assert!(said.contains("error[TC1205]: check 5: northam: ") && said.contains("(2018/P01): £1.37"), "{said}");
    assert_eq!(partnership.query(sums), "council,amount,parts\nnortham,16185.26,18\nsoutham,11163.16,9\n");
}

/// One change at a time to what partners charge each other.
#[test]
fn recharges_one_change_at_a_time() {
    let Some(golden) = golden() else { return };
    let partnership = Partnership::new(&golden);
    let said_before = fs::read_to_string(partnership.path("pipelines/partnership.yaml")).unwrap();
    let payments = "select payer, payee, amount from payment_to_make";
    let open = "select side, reference, amount from unmatched_recharge order by amount";
    partnership.run(&["run"], 0);
    partnership.write("pipelines/partnership.yaml", &said_before.replace("tolerance: 0.05", "tolerance: 0.02"));
    let said = partnership.run(&["run"], 0);
    assert!(said.contains("check 28: £8,150.03 unmatched, limit £100.00"), "{said}");
    assert_eq!(partnership.query(payments), "payer,payee,amount\nsoutham,northam,3502.04\n");
    assert_eq!(partnership.query("select count(*) as pairs from recharge_pair"), "pairs\n0\n");
    let three = "side,reference,amount\npayee,inv-1001,-4000.00\npayee,inv-77,-150.00\npayer,inv-1001,4000.03\n";
    assert_eq!(partnership.query(open), three);
    // A limit that holds says nothing, and re-makes no figure.
    partnership.write("pipelines/partnership.yaml", &said_before.replace("limit: 100.00}", "limit: 150.00}"));
    let said = partnership.run(&["run"], 0);
    assert!(!said.contains("check 28"), "{said}");
    assert_eq!(partnership.query(payments), "payer,payee,amount\nnortham,southam,497.99\n");
    // Every check that can be made has a result.
    let checks = partnership.run(&["checks"], 0);
    assert!(!checks.contains("not made") && !checks.contains("failed"), "{checks}");
    // A name that is nobody's any more: its lines name no partner, and nothing is matched.
    let names = fs::read_to_string(partnership.path("pipelines/reference/organisation_name.csv")).unwrap();
    partnership.write("pipelines/reference/organisation_name.csv", &names.replace("Northam Council", "Northam Borough"));
    partnership.run(&["run"], 0);
    let open = partnership.query("select council, other, reference, reason from unmatched_recharge order by council, reference");
    assert_eq!(
        open,
        "council,other,reference,reason\nnortham,southam,inv-1001,\nsoutham,\"\",inv-1001,unknown_party\nsoutham,\"\",inv-77,unknown_party\n"
    );
}

/// Without an agreement nobody is billed; with terms at full cost a customer is a party like any other.
#[test]
fn agreements_one_change_at_a_time() {
    let Some(golden) = golden() else { return };
    let partnership = Partnership::new(&golden);
    let file = "pipelines/reference/agreement.csv";
    let rows = fs::read_to_string(partnership.path(file)).unwrap();
    partnership.write(file, &format!("{}\n", rows.lines().next().unwrap()));
    let said = partnership.run(&["run"], 0);
    assert!(said.contains("check 33: oak_academy uses legal without an agreement (2018/P01): -£67.00"), "{said}");
    let payments = "select payer, payee, amount from payment_to_make order by payer";
    assert_eq!(partnership.query(payments), "payer,payee,amount\nnortham,southam,497.99\n");
    partnership.write(file, &rows.replace(",price,400.00,month,", ",full_cost,,,"));
    let said = partnership.run(&["run"], 0);
    assert!(!said.contains("check 33"), "{said}");
    assert_eq!(partnership.query("select count(*) as results from trading_result"), "results\n0\n");
    let owed = "select organisation, sum(balance) as balance from settlement group by organisation order by organisation";
    assert_eq!(partnership.query(owed), "organisation,balance\nnortham,454.76\noak_academy,67.00\nsoutham,-521.76\n");
}
