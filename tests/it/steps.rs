//! The cost plan as a graph of steps: what is made anew is what read something that changed, and nothing else.

use std::{collections::BTreeMap, fs, path::Path};

use serde_json::Value;
use truecost::demo;

use crate::places::{self, truecost};

/// Table and key of a part, with the digest over what it was made from and that of its bytes.
type PartsSeen = BTreeMap<(String, String), (String, String)>;

/// A partnership with a demonstration of a year, and its first release.
fn released() -> tempfile::TempDir {
    let dir = places::demonstration(3_000, 7);
    let (code, said) = run(dir.path());
    assert_eq!(code, 0, "{said}");
    dir
}

fn run(dir: &Path) -> (i32, String) {
    let (code, said) = places::said(&truecost(dir, &["run"]));
    (code.expect("an exit code"), said)
}

/// The parts of the latest release.
fn parts(dir: &Path) -> PartsSeen {
    let manifest = fs::read(dir.join("published/latest/_manifest.json")).expect("a manifest");
    let manifest: Value = serde_json::from_slice(&manifest).expect("JSON");
    let tables = manifest["content"]["tables"].as_object().expect("tables");
    let text = |part: &Value, name: &str| part[name].as_str().expect("a text").to_owned();
    let part = |table: &String, part: &Value| ((table.clone(), text(part, "key")), (text(part, "inputs"), text(part, "sha256")));
    tables.iter().flat_map(|(table, parts)| parts.as_array().expect("parts").iter().map(move |p| part(table, p))).collect()
}

/// Changes a file, runs, and gives for each table how many parts were made anew, of how many; tables of one part left out, but for those
/// that repeat a reference table. What was taken over has the same bytes.
fn made_anew(dir: &Path, file: &str, change: impl Fn(&str) -> String) -> BTreeMap<String, (usize, usize)> {
    let before = parts(dir);
    let path = dir.join(file);
    let text = fs::read_to_string(&path).expect("a file");
    let changed = change(&text);
    assert_ne!(changed, text, "{file} is as it was");
    fs::write(&path, changed).expect("written");
    let (code, said) = run(dir);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("published release"), "{said}");
    let after = parts(dir);
    let (mut counts, mut of_periods): (BTreeMap<String, (usize, usize)>, usize) = (BTreeMap::new(), 0);
    for ((table, key), (inputs, sha256)) in &after {
        if key.is_empty() && !["account", "cost_centre"].contains(&table.as_str()) {
            continue;
        }
        let taken = before.get(&(table.clone(), key.clone())).filter(|(inputs_before, _)| inputs_before == inputs);
        assert!(taken.is_none_or(|(_, sha256_before)| sha256_before == sha256), "{table} {key} was taken over with other bytes");
        let count = counts.entry(table.clone()).or_default();
        *count = (count.0 + usize::from(taken.is_none()), count.1 + 1);
        of_periods += usize::from(taken.is_none() && key.matches('/').count() == 1);
    }
    assert_eq!(said.contains("classified"), counts["cost_line"].0 > 0, "{said}");
    assert_eq!(said.contains("separated"), of_periods > 0, "{said}");
    counts
}

/// The tables of which anything was made anew.
fn tables(counts: &BTreeMap<String, (usize, usize)>) -> Vec<&str> {
    counts.iter().filter(|(_, (made, _))| *made > 0).map(|(table, _)| table.as_str()).collect()
}

/// Another reason on the last row of a reference table: nothing that is computed depends on it.
fn other_reason(csv: &str) -> String {
    other(csv, "reason", "Another reason")
}

/// The last row ends, long after all periods.
fn other_end(csv: &str) -> String {
    other(csv, "valid_to", "2090-04-01")
}

fn other(csv: &str, column: &str, value: &str) -> String {
    let place = csv.lines().next().expect("a header").split(',').position(|name| name == column).expect("the column");
    let last = csv.lines().last().expect("a row");
    let mut cells: Vec<&str> = last.split(',').collect();
    cells[place] = value;
    csv.replace(last, &cells.join(","))
}

#[test]
fn a_query_of_the_separation_re_makes_its_own_table_alone() {
    let dir = released();
    let counts = made_anew(dir.path(), "pipelines/cost/separate/separation.sql", |sql| format!("-- As before.\n{sql}"));
    assert_eq!(tables(&counts), ["separation"], "{counts:?}");
    assert!(counts["cost_line"].1 > 30 && counts["separation"].0 == counts["separation"].1, "{counts:?}");
}

#[test]
fn a_reference_table_re_makes_what_reads_it_and_no_line() {
    let dir = released();
    // Names of organisations are read by what partners pay and charge each other alone.
    let counts = made_anew(dir.path(), "pipelines/reference/organisation_name.csv", other_end);
    assert_eq!(tables(&counts), ["partner_payment", "recharge_sum"], "{counts:?}");
    let counts = made_anew(dir.path(), "pipelines/reference/organisation_name.csv", other_reason);
    assert_eq!(tables(&counts), [""; 0], "nothing reads why: {counts:?}");
    // A limit is no input of any part.
    let counts = made_anew(dir.path(), "pipelines/partnership.yaml", |yaml| {
        yaml.replacen("suspense_limit: {pounds: ", "suspense_limit: {pounds: 9", 1)
    });
    assert_eq!(tables(&counts), [""; 0], "{counts:?}");
}

#[test]
fn a_rule_re_makes_lines_and_what_reads_them_only_where_they_say_something_else() {
    let dir = released();
    let counts = made_anew(dir.path(), "pipelines/reference/ownership_rule.csv", other_reason);
    let of_lines = ["class_total", "cost_line", "on_cost", "pay_exception", "payroll_difference"];
    assert_eq!(tables(&counts), of_lines, "the kernel that collects codes reads rules whole: {counts:?}");
    assert_eq!(counts["cost_line"].0, counts["cost_line"].1);
    // A rule that says something else reaches the separation.
    let retained = |csv: &str| {
        let row = csv.lines().find(|row| row.contains(",shared,") && row.contains(",newham,")).expect("a rule that shares");
        csv.replacen(row, &row.replacen(",shared,", ",retained,", 1), 1)
    };
    let counts = made_anew(dir.path(), "pipelines/reference/ownership_rule.csv", retained);
    assert!(counts["volume"].0 > 0, "volumes are placed by rules too: {counts:?}");
    assert!(counts["separation"].0 > 0 && counts["cost_line"].0 == counts["cost_line"].1, "{counts:?}");
}

#[test]
fn an_account_re_makes_what_reads_accounts() {
    let dir = released();
    let counts = made_anew(dir.path(), "pipelines/reference/account.csv", other_reason);
    let of_accounts = ["account", "class_total", "cost_line", "on_cost", "pay_exception", "payroll_difference"];
    assert_eq!(tables(&counts), of_accounts, "{counts:?}");
}

#[test]
fn what_no_part_reads_re_makes_none() {
    let dir = released();
    let counts = made_anew(dir.path(), "pipelines/partnership.yaml", |yaml| yaml.replacen("name: ", "name: New ", 1));
    assert_eq!(tables(&counts), [""; 0], "{counts:?}");
    let later = |yaml: &str| yaml.replacen("  role: partner\n", "  role: host\n", 1);
    let counts = made_anew(dir.path(), "pipelines/partnership.yaml", later);
    assert!(counts["cost_line"].0 == counts["cost_line"].1, "members are read by every line: {counts:?}");
}

/// A table of years from an unpublished table of periods, in a folder of its own.
#[test]
fn a_table_may_be_made_year_by_year_and_from_tables_that_nobody_publishes() {
    let dir = released();
    let folder = dir.path().join("pipelines/cost/report");
    fs::create_dir(&folder).expect("a folder");
    let of_periods = "SELECT council, delivery_year, delivery_period, sum(amount) AS amount, sum(lines) AS lines FROM class_total WHERE is_cost \
         AND delivery_period = $period GROUP BY council, delivery_year, delivery_period";
    let of_years =
        "SELECT council, delivery_year, sum(amount) AS amount, sum(lines) AS lines FROM period_total GROUP BY council, delivery_year";
    fs::write(folder.join("period_total.sql"), of_periods).expect("written");
    fs::write(folder.join("year_total.sql"), of_years).expect("written");
    fs::write(dir.path().join("schemas/published/year_total.odcs.yaml"), year_total()).expect("written");
    let (code, said) = run(dir.path());
    assert_eq!(code, 0, "{said}");
    let keys: Vec<String> = parts(dir.path()).into_keys().filter(|(table, _)| table == "year_total").map(|(_, key)| key).collect();
    assert_eq!(keys, ["2018"], "{said}");
    let sum = |table: &str| {
        let sql = format!("SELECT council, sum(amount) AS amount, sum(lines) AS lines FROM {table} GROUP BY council ORDER BY council");
        String::from_utf8(truecost(dir.path(), &["query", "--format", "csv", &sql]).stdout).expect("text")
    };
    assert!(sum("year_total").lines().count() > 2, "{}", sum("year_total"));
    assert_eq!(sum("year_total"), sum("separation"));
    // Nothing of it is made again where nothing that it reads changed.
    let counts = made_anew(dir.path(), "pipelines/reference/organisation_name.csv", other_end);
    assert_eq!(tables(&counts), ["partner_payment", "recharge_sum"], "{counts:?}");
    let counts = made_anew(dir.path(), "pipelines/cost/report/period_total.sql", |sql| format!("-- As before.\n{sql}"));
    assert_eq!(tables(&counts), ["year_total"], "{counts:?}");
}

/// A kernel that works in memory stands between a query that selects for it and whoever reads what it publishes.
#[test]
fn a_kernel_in_memory_is_a_step_like_a_query() {
    let dir = released();
    let folder = dir.path().join("pipelines/cost/allocate");
    fs::create_dir_all(&folder).expect("a folder");
    let case = "SELECT 'legal' AS service, council AS partner, CAST(1 AS BIGINT) AS weight, CAST(NULL AS VARCHAR) AS driver, \
         CAST(NULL AS BIGINT) AS volume, CAST(3 AS DECIMAL(18,6)) AS tolerance, false AS exception FROM class_total GROUP BY council";
    fs::write(folder.join("share_case.sql"), case).expect("written");
    let cost = dir.path().join("pipelines/cost/cost.yaml");
    let yaml = fs::read_to_string(&cost).expect("a file");
    if !yaml.contains("kernel: share") {
        fs::write(&cost, format!("{yaml}  driver_register: {{kernel: share, from: [share_case]}}\n")).expect("written");
    }
    let (code, said) = run(dir.path());
    assert_eq!(code, 0, "{said}");
    let seen = parts(dir.path());
    let keys: Vec<&str> = seen.keys().filter(|(table, _)| table == "driver_register").map(|(_, key)| key.as_str()).collect();
    assert!(keys.len() > 10 && keys.contains(&"2018/P01"), "{keys:?}");
    // What it reads is not read by it in another way: the table before is re-made for it alone, and only where it says something else.
    let counts = made_anew(dir.path(), "pipelines/cost/allocate/share_case.sql", |sql| sql.replacen("CAST(1 AS", "CAST(2 AS", 1));
    assert!(tables(&counts).contains(&"driver_register") && counts["cost_line"].0 == 0 && counts["separation"].0 == 0, "{counts:?}");
    let counts = made_anew(dir.path(), "pipelines/reference/organisation_name.csv", other_end);
    assert_eq!(tables(&counts), ["partner_payment", "recharge_sum"], "{counts:?}");
    let yaml = fs::read_to_string(&cost).expect("a file").replace("from: [share_case]", "from: [share_case, cost_line]");
    fs::write(&cost, yaml).expect("written");
    let (code, said) = run(dir.path());
    assert!(code != 0 && said.contains("TC0802") && said.contains("reads the lines of `cost_line`"), "{said}");
}

/// A partnership with everything that true cost reads, but for these files, which are late; and its first release.
fn true_cost_released(late: &[&str]) -> tempfile::TempDir {
    let dir = places::demonstration(3_000, 7);
    let drop = dir.path().join("drop");
    demo::write_year(&drop, 3_000, 7, &|_, _| true).expect("their other feeds");
    let keys = ["bexley", "havering", "newham", "shared"].map(|council| {
        let said = String::from_utf8(truecost(dir.path(), &["key", "new", council]).stdout).expect("text");
        said.split("keys:\n").nth(1).unwrap_or_else(|| panic!("keys of {council}: {said}")).to_owned()
    });
    let yaml = dir.path().join("pipelines/partnership.yaml");
    let text = fs::read_to_string(&yaml).expect("a file");
    fs::write(&yaml, format!("{text}\nkeys:\n{}", keys.concat())).expect("written");
    for file in late {
        let waiting = dir.path().join(file.replace('/', "_"));
        fs::rename(drop.join(file), waiting).unwrap_or_else(|error| panic!("{file}: {error}"));
    }
    let (code, said) = run(dir.path());
    assert_eq!(code, 0, "{said}");
    dir
}

/// Of a release, the parts that were made anew since: table and key, but for tables of one part.
fn since(before: &PartsSeen, after: &PartsSeen) -> BTreeMap<String, Vec<String>> {
    let mut made: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for ((table, key), part) in after.iter().filter(|((_, key), _)| !key.is_empty()) {
        if before.get(&(table.clone(), key.clone())) != Some(part) {
            made.entry(table.clone()).or_default().push(key.clone());
        }
    }
    made
}

/// Lets a late file arrive, runs, and gives what was made anew.
fn made_by(dir: &Path, file: &str) -> (BTreeMap<String, Vec<String>>, String) {
    let before = parts(dir);
    fs::rename(dir.join(file.replace('/', "_")), dir.join("drop").join(file)).expect("it arrives");
    let (code, said) = run(dir);
    assert_eq!(code, 0, "{said}");
    (since(&before, &parts(dir)), said)
}

#[test]
fn a_late_file_makes_again_its_period_and_what_reads_it_and_a_share_no_line() {
    let (pages, pay) = ("newham/print/PRINT_2018_08.csv", "havering/payroll/");
    let drop = tempfile::tempdir().expect("a folder");
    demo::write_year(drop.path(), 3_000, 7, &|council, feed| (council, feed) == ("havering", "payroll")).expect("pay");
    let mut of_pay: Vec<String> = fs::read_dir(drop.path().join(pay))
        .expect("a folder")
        .map(|file| file.expect("a file").file_name().to_string_lossy().into_owned())
        .collect();
    of_pay.sort();
    let pay = format!("{pay}{}", of_pay.last().expect("twelve files"));
    let dir = true_cost_released(&[pages, &pay]);
    // Pages of August: the volumes of that period, and no other's.
    let (made, said) = made_by(dir.path(), pages);
    assert!(said.contains("separated 1 of 12 periods"), "{said}\n{made:?}");
    assert!(made.contains_key("volume") && !made.contains_key("cost_line"), "{made:?}");
    for (table, keys) in &made {
        assert_eq!(keys, &["2018/P05"], "{table} of {made:?}");
    }
    // Pay of Havering's last month: the lines of its ledger of that period, and what reads them.
    let (made, said) = made_by(dir.path(), &pay);
    assert!(said.contains("separated 1 of 12 periods") && said.contains("in 1 part"), "{said}\n{made:?}");
    assert_eq!(made["cost_line"], ["havering/general_ledger/2018/P12"], "{made:?}");
    for (table, keys) in &made {
        assert!(keys.iter().all(|key| key.ends_with("2018/P12")), "{table} of {made:?}");
    }
    // A share: what is allocated by it, and no line.
    let counts = made_anew(dir.path(), "pipelines/reference/share.csv", |csv| csv.replacen("legal,havering,38,", "legal,havering,39,", 1));
    for untouched in ["cost_line", "class_total", "separation", "recharge_sum", "on_cost", "payroll_difference", "partner_payment"] {
        assert_eq!(counts[untouched].0, 0, "{untouched} of {counts:?}");
    }
    assert_eq!(counts["driver_register"].0, counts["driver_register"].1, "{counts:?}");
}

/// The contract of `separation` with other columns.
fn year_total() -> String {
    let column = |name: &str, kind: &str, key: u8| {
        let key = if key > 0 { format!("primaryKey: true\n    primaryKeyPosition: {key}\n    ") } else { String::new() };
        format!("  - name: {name}\n    physicalType: {kind}\n    required: true\n    {key}description: As in separation.\n")
    };
    let columns = [
        column("council", "VARCHAR", 1),
        column("delivery_year", "SMALLINT", 2),
        column("amount", "\"DECIMAL(18,2)\"", 0),
        column("lines", "BIGINT", 0),
    ];
    format!(
        "apiVersion: v3.2.0\nkind: DataContract\nid: truecost.published.year_total\nname: Year total\nversion: 1.0.0\nstatus: active\n\
         description:\n  purpose: Cost of a year.\nservers:\n- server: latest\n  type: local\n  path: published/latest/year_total/*.parquet\n  \
         format: parquet\nschema:\n- name: year_total\n  physicalType: table\n  description: Cost of a year.\n  properties:\n{}",
        columns.concat()
    )
}

#[test]
fn steps_that_need_the_same_unpublished_tables_stand_together_after_all_that_they_read() {
    let dir = places::demonstration(300, 7);
    let (partnership, _) = truecost::pipeline::read(dir.path()).expect("a partnership");
    let plan = truecost::plan::plan_cost(&partnership).expect("a plan");
    let together = plan.together();
    let names = |steps: &Vec<&truecost::plan::Step>| steps.iter().map(|step| step.name().to_owned()).collect::<Vec<_>>();
    assert!(together.iter().map(names).any(|names| names == ["payroll_difference", "pay_on_cost"]), "pay is added up once for both");
    let published = |steps: &[&truecost::plan::Step]| steps.iter().flat_map(|step| step.published.clone()).collect::<Vec<_>>();
    let mut filled: Vec<String> = Vec::new();
    for steps in &together {
        for step in steps {
            for read in plan.needs(step).into_iter().chain([*step]).flat_map(|step| &step.reads) {
                let is_published = plan.step_of(read).is_some_and(|before| before.publishes(read));
                assert!(!is_published || filled.contains(read), "{} reads {read}, which is not there yet", step.name());
            }
        }
        filled.extend(published(steps));
    }
    let all: Vec<&truecost::plan::Step> = plan.steps.iter().collect();
    let (mut once, mut every) = (filled, published(&all));
    once.sort();
    every.sort();
    assert_eq!(once, every, "each once");
}
