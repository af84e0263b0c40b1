//! What a partnership's files may not say, and what a person reads then: the G cases, each held to the letter.
//!
//! Every case starts from the sound partnership of `tests/fixtures/partnership` and changes one thing.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::{fs, path::Path};

use truecost::{
    diagnostic::{Diagnostic, Severity, render_all},
    pipeline::{Partnership, Required, read_with},
};

use crate::{golden::golden, places};

/// A copy of the sound partnership, to be damaged.
struct Copy {
    folder: tempfile::TempDir,
    env: Vec<(&'static str, &'static str)>,
}

const FEED: &str = "pipelines/newham/general_ledger.yaml";
const HEAD: &str = "pipelines/partnership.yaml";
const SOURCE: &str = "schemas/sources/newham/general_ledger.odcs.yaml";
const CENTRES: &str = "pipelines/reference/cost_centre.csv";
const RULES: &str = "pipelines/reference/ownership_rule.csv";

impl Copy {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        places::copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/partnership"), folder.path());
        Self { folder, env: Vec::new() }
    }

    fn write(self, file: &str, text: &str) -> Self {
        let path = self.folder.path().join(file);
        fs::create_dir_all(path.parent().expect("a folder")).expect("folder made");
        fs::write(path, text).expect("file written");
        self
    }

    fn remove(self, file: &str) -> Self {
        fs::remove_file(self.folder.path().join(file)).expect("file removed");
        self
    }

    fn change(self, file: &str, from: &str, to: &str) -> Self {
        let text = fs::read_to_string(self.folder.path().join(file)).expect("file read");
        assert!(text.contains(from), "{file} does not hold {from}");
        let text = text.replacen(from, to, 1);
        self.write(file, &text)
    }

    fn add(self, file: &str, line: &str) -> Self {
        let text = fs::read_to_string(self.folder.path().join(file)).expect("file read");
        self.write(file, &format!("{text}{line}\n"))
    }

    fn read(&self) -> Result<(Partnership, Vec<Diagnostic>), Vec<Diagnostic>> {
        let env = |name: &str| self.env.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        read_with(self.folder.path(), &env).map_err(|refusal| refusal.0)
    }

    /// The partnership is refused, by configuration, with this text.
    fn refused(self, name: &str) -> Vec<Diagnostic> {
        let faults = self.read().expect_err("the partnership is refused");
        assert!(faults.iter().filter(|f| f.severity == Severity::Error).all(|f| f.code.exit == 2), "configuration exits 2");
        golden(&format!("golden/config/{name}.txt"), &render_all(&faults, false));
        faults
    }

    /// The partnership is read, with warnings.
    fn read_well(self) -> (Partnership, Vec<Diagnostic>) {
        match self.read() {
            Ok(read) => read,
            Err(faults) => panic!("{}", render_all(&faults, false)),
        }
    }
}

#[test]
fn a_sound_partnership_is_read_with_its_defaults() {
    use truecost::pipeline::{Delivers, Landing, Missing, NewestBy, Ready, RowsOutside};
    let (partnership, warnings) = Copy::new().read_well();
    assert_eq!(warnings, []);
    let councils: Vec<&str> = partnership.councils.iter().map(|c| &*c.id).collect();
    assert_eq!(councils, ["havering", "newham"]);
    assert_eq!(partnership.services.len(), 2);
    assert_eq!(partnership.members[1].span.to_string(), "from 2016-04-01 to before 2020-08-01");
    let feed = &partnership.feeds[0];
    assert_eq!(feed.name(), "newham/general_ledger");
    assert!(feed.from.to_string().ends_with("drop/newham/general_ledger"));
    assert_eq!((feed.ready.clone(), feed.landing), (Ready::Stable { millis: 2_000 }, Landing::Copy));
    assert_eq!((feed.delivers, feed.rows_outside, feed.missing), (Delivers::Replace, RowsOutside::Warn, Missing::Block));
    assert_eq!(feed.newest_by, [NewestBy::Version, NewestBy::Modified]);
    assert_eq!((feed.tolerance_rows, feed.required, feed.rows_many, feed.pieces), (0, Required::Always, false, 1));
    let centres = &partnership.references["cost_centre"];
    assert_eq!(centres.lines, [2, 3, 4]);
    assert_eq!(centres.rows.column_by_name("directorate").expect("an optional column").null_count(), 3);
    assert_eq!(centres.rows.column_by_name("valid_to").expect("open ends").null_count(), 2);
}

#[test]
fn a_digest_follows_what_yaml_and_sql_say_of_rows() {
    let digest = |copy: Copy| copy.read_well().0.feeds[0].digests.now;
    let before = digest(Copy::new());
    assert_eq!(before, digest(Copy::new()));
    assert_eq!(before, digest(Copy::new().add(FEED, "# a note\ndue: {working_day: 5}")));
    assert_ne!(before, digest(Copy::new().add(FEED, "rows_outside: refuse")));
    assert_ne!(before, digest(Copy::new().add("pipelines/newham/general_ledger.sql", "-- a note")));
}

#[test]
fn g1_unknown_key() {
    Copy::new()
        .add(FEED, "tolerence: {rows: 5}")
        .change(FEED, "extent: year}", "extend: year}")
        .change(HEAD, "suspense_limit", "suspence_limit")
        .change(SOURCE, "encodings:", "encoding:")
        .refused("g1_unknown_key");
}

#[test]
fn g1_missing_and_duplicate_keys_and_wrong_values() {
    Copy::new()
        .add(FEED, "missing: blok\nmissing: carry\nrequired: yes\ntolerance: 5\ndue: {working_day: 31}")
        .change(FEED, "into: ledger_line\n", "")
        .change(FEED, "2014-04-01, to: ", "2014-4-1, to: 2014-05-01")
        .refused("g1_missing_and_duplicate_keys_and_wrong_values");
}

#[test]
fn g1_yaml_that_is_not_plain() {
    Copy::new()
        .add(FEED, "ready: &quick {stable: 2s}\nsidecar: *quick\nlanding: !copy link\n<<: {rows: many}")
        .change(HEAD, "timezone: Europe/London", "timezone: [Europe/London")
        .refused("g1_yaml_that_is_not_plain");
}

#[test]
fn g2_duplicate_pipeline_id() {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/partnership").join(FEED)).expect("the feed");
    Copy::new()
        .write("pipelines/newham/general_ledger.yml", &text)
        .write("pipelines/newham/General_Ledger.yaml", &text)
        .write("pipelines/cost/publish/account_class.sql", "SELECT 1")
        .refused("g2_duplicate_pipeline_id");
}

#[test]
fn g3_sql_identifier_in_config() {
    let names = Copy::new()
        .change(FEED, "into: ledger_line", "into: \"a\\\"; drop\"")
        .change(SOURCE, "name: account,", "name: \"a\\\"; drop\",")
        .change(HEAD, "  onesource_trading: {", "  oneSource Trading: {")
        .refused("g3_sql_identifier_in_config");
    assert!(names.iter().any(|f| f.code.id == "TC0607"));
}

#[test]
fn g4_secret_literal_in_config() {
    let faults = Copy::new()
        .add(FEED, "url: https://reader:hunter2@store.example/extracts\npassword: swordfish")
        .change(HEAD, "landing: ./landing", "landing: az://store/landing?sig=c2lnbmVk")
        .change(SOURCE, "schema:", "servers: [{server: store, type: s3, access_key: AKIA123}]\nschema:")
        .refused("g4_secret_literal_in_config");
    let text = render_all(&faults, true);
    for secret in ["hunter2", "swordfish", "c2lnbmVk", "AKIA123"] {
        assert!(!text.contains(secret), "{secret} is shown");
    }
}

#[test]
fn g5_secret_reference_missing() {
    Copy::new()
        .add(FEED, "url: \"https://store.example/x?sig=${env:NEWHAM_SAS}&v=${file:secrets/version}&h=${HOME}\"")
        .refused("g5_secret_reference_missing");
}

#[test]
fn g5_secret_references_that_answer_are_used() {
    let mut copy = Copy::new()
        .add(FEED, "url: \"https://store.example/x?sig=${env:NEWHAM_SAS}&v=${file:secrets/version}\"")
        .write("secrets/version", "2024-01\n");
    copy.env.push(("NEWHAM_SAS", "c2ln"));
    let (partnership, _) = copy.read_well();
    let truecost::domain::Location::Url(url) = &partnership.feeds[0].from else { panic!("a URL") };
    assert_eq!(url.query(), Some("sig=c2ln&v=2024-01"));
}

#[test]
fn g7_validity_dates_that_overlap() {
    Copy::new()
        .change(CENTRES, "2014-04-01,2020-04-01", "2014-04-01,2020-05-01")
        .change(HEAD, "[{from: 2014-04-01, basis: ledger}, {from: 2023-04-01", "[{from: 2023-04-01, basis: ledger}, {from: 2014-04-01")
        .refused("g7_validity_dates_that_overlap");
}

#[test]
fn g7_a_hole_is_a_warning() {
    let (_, warnings) = Copy::new().change(CENTRES, "2014-04-01,2020-04-01", "2014-04-01,2020-03-01").read_well();
    golden("golden/config/g7_a_hole_is_a_warning.txt", &render_all(&warnings, false));
    assert!(warnings.iter().all(|w| w.severity == Severity::Warning));
}

#[test]
fn g8_cost_centre_mapped_twice() {
    let row = "newham,A200,Treasury and more,GF,false,2014-04-01,,as in the ledger,finance_systems,chief_accountant";
    Copy::new().add(CENTRES, row).refused("g8_cost_centre_mapped_twice");
}

#[test]
fn g8_rules_that_tie() {
    let row = |id: &str, cells: &str| {
        format!("{id},newham,{cells},,2018-04-01,,retained,none,,a second opinion,finance_systems,chief_accountant")
    };
    Copy::new()
        .add(RULES, &row("newham_e", ",,A*,"))
        .add(RULES, &row("newham_f", ",,A10*,"))
        .add(RULES, &row("newham_g", ",,A1..A2,"))
        .add(RULES, &row("newham_h", ",,A10..A11,"))
        .add(RULES, &row("newham_h", ",,*A,"))
        .refused("g8_rules_that_tie");
}

#[test]
fn g9_the_limit_of_suspense_decides_between_warning_and_stopping() {
    let limit = |text: &str| Copy::new().change(HEAD, "{pounds: 0.00, action: warn}", text).read_well().0.suspense_limit;
    let stop = limit("{pounds: 1000.00, action: stop}");
    assert_eq!((stop.pence, stop.stop), (100_000, true));
    let warn = limit("{pounds: 0.00, action: warn}");
    assert_eq!((warn.pence, warn.stop), (0, false));
    Copy::new().change(HEAD, "{pounds: 0.00, action: warn}", "{pounds: -1, action: ignore}").refused("g9_the_limit_of_suspense");
}

#[test]
fn g11_path_outside_the_partnership() {
    Copy::new()
        .add(FEED, "url: ../elsewhere")
        .change(HEAD, "lake: ./lake", "lake: /var/lib/lake")
        .change(HEAD, "landing: ./landing", "landing: file:///srv/landing")
        .refused("g11_path_outside_the_partnership");
}

#[test]
#[cfg(unix)]
fn g11_a_link_does_not_lead_out_either_but_an_allowed_path_does() {
    let outside = tempfile::tempdir().expect("a folder outside");
    let linked = || {
        let copy = Copy::new();
        std::os::unix::fs::symlink(outside.path(), copy.folder.path().join("drop")).expect("a link");
        copy
    };
    let faults = linked().read().expect_err("refused");
    assert_eq!(faults.iter().map(|f| f.code.id).collect::<Vec<_>>(), ["TC0611"]);
    let allowed = format!("allow_paths: [{:?}]", outside.path());
    linked().change(HEAD, "allow_paths: []", &allowed).read_well();
}

#[test]
fn g12_url_to_a_forbidden_host() {
    Copy::new()
        .add(FEED, "url: http://169.254.169.254/latest/meta-data")
        .change(HEAD, "drop: ./drop", "drop: https://localhost:4566/drop")
        .change(HEAD, "landing: ./landing", "landing: ftp://example.org/landing")
        .change(HEAD, "lake: ./lake", "lake: http://[::1]/lake")
        .refused("g12_url_to_a_forbidden_host");
    let (partnership, _) = Copy::new()
        .change(HEAD, "drop: ./drop", "drop: https://localhost:4566/drop")
        .change(HEAD, "allow_hosts: []", "allow_hosts: [\"localhost:4566\"]")
        .read_well();
    assert_eq!(partnership.feeds[0].from.to_string(), "https://localhost:4566/drop/newham/general_ledger/");
}

#[test]
fn h5_h6_schedules_that_cannot_be_kept() {
    Copy::new()
        .change(FEED, "0 6 * * 1-5", "* * * * * *")
        .change("pipelines/cost/cost.yaml", "30 6 * * 1-5", "*/15 * * * *")
        .refused("h5_h6_schedules_that_cannot_be_kept");
}

#[test]
fn contracts_that_contradict_themselves() {
    Copy::new()
        .change(SOURCE, "logicalType: number", "logicalType: string")
        .change(SOURCE, "[dd/mm/yyyy]", "[dd/mm/yy]")
        .change(SOURCE, "aliases: [Value]", "aliases: [JOURNAL]")
        .change(SOURCE, "physicalName: Account, physicalType: VARCHAR", "physicalName: Account, physicalType: TEXT")
        .change(
            "schemas/common/ledger_line.odcs.yaml",
            "{name: document, physicalType: VARCHAR}",
            "{name: document, physicalType: VARCHAR, primaryKey: true, primaryKeyPosition: 2}",
        )
        .change("schemas/published/separation.odcs.yaml", "- name: separation", "- name: separations")
        .write("schemas/common/payments.yaml", "")
        .refused("contracts_that_contradict_themselves");
}

#[test]
fn common_tables_whose_columns_mean_nothing() {
    let value = "{date: document, amount: amuont, codes: {acount: account, cost_centre: amount}, actual: {balance_typ: actual}, \
                 unknown_code: lost, pounds: amount}";
    let property = format!("  customProperties: [{{property: truecost, vendor: truecost, value: {value}}}]\n  properties:");
    Copy::new()
        .change("schemas/common/ledger_line.odcs.yaml", "  properties:", &property)
        .refused("common_tables_whose_columns_mean_nothing");
}

#[test]
fn a_table_of_costs_without_pounds() {
    let property = "  customProperties: [{property: truecost, vendor: truecost, value: {date: posting_date}}]\n  properties:";
    Copy::new().change("schemas/common/ledger_line.odcs.yaml", "  properties:", property).refused("a_table_of_costs_without_pounds");
}

/// The built-in tables mean what they meant before their contracts said it: no digest changes.
#[test]
fn what_the_built_in_contracts_declare_is_what_they_meant() {
    let root = crate::places::root();
    let (partnership, _) = truecost::pipeline::read(&root).expect("the reference partnership");
    for table in ["ledger_line", "payment_line"] {
        assert_eq!(partnership.contracts[&format!("common/{table}")].declares(), None, "{table}");
    }
}

#[test]
fn layouts_that_contradict_themselves() {
    let layout = "delimiter: \"'\"\n      quote: \"'\"\n      encodings: [utf8]\n      escape: backslash\n      header: {find: by_place}\n      \
                  footer: {when: {acount: TOTAL}, totals: {amount: amont}}\n      not_data: [{when: {}, reason: sub-heading}]";
    Copy::new()
        .change(SOURCE, "delimiter: \",\"\n      quote: '\"'\n      encodings: [utf-8]", layout)
        .change(SOURCE, "{TRL: {rows: 2}}", "{TRL: {rows: 1}, HDR: keep}")
        .change(
            "schemas/common/ledger_line.odcs.yaml",
            "  properties:",
            "  customProperties: [{property: truecost, vendor: truecost, value: {format: delimited}}]\n  properties:",
        )
        .refused("layouts_that_contradict_themselves");
}

/// A column that a file may lack is none that each row must have, or that other words of the contract name.
#[test]
fn columns_that_may_be_absent_and_may_not() {
    let word = "{property: truecost, vendor: truecost, value: {absent: allowed}}";
    let absent = |name: &str, more: &str| format!("{{{name}, physicalType: {more}, customProperties: [{word}]}}");
    Copy::new()
        .change(
            SOURCE,
            "{name: document, physicalName: Journal, physicalType: VARCHAR, required: true}",
            &absent("name: document, physicalName: Journal", "VARCHAR, required: true"),
        )
        .change(
            SOURCE,
            "{name: account, physicalName: Account, physicalType: VARCHAR}",
            &format!(
                "{}\n  - {}\n  - {}\n  - {}",
                absent("name: account, physicalName: Account", "VARCHAR"),
                absent("name: payee, physicalName: Payee", "VARCHAR").replace("absent: allowed", "personal: {kind: name}, absent: allowed"),
                absent("name: day, physicalName: Day", "DATE"),
                absent("name: vat, physicalName: VAT", "\"DECIMAL(18,2)\""),
            ),
        )
        .change(SOURCE, "records: {TRL: {rows: 2}}", "records: {TRL: {rows: 2}}\n      not_data: [{when: {account: TOTAL}, reason: sums}]")
        .change(SOURCE, "money: [plain, brackets], trim: true", "money: [plain], sign_from: {column: account, debit: [D], credit: [C]}")
        .refused("columns_that_may_be_absent_and_may_not");
}

#[test]
fn names_that_nothing_has() {
    Copy::new()
        .change(FEED, "into: ledger_line", "into: ledger_lines")
        .change(FEED, "contract: newham/general_ledger", "contract: newham/general_leger")
        .change(HEAD, "{organisation: havering, service: [payroll]", "{organisation: haverin, service: [payrol]")
        .change(RULES, "retained,none", "retaind,nonesuch")
        .write("pipelines/newhma/feed.yaml", "")
        .write("pipelines/reference/cost_center.csv", "")
        .remove("pipelines/newham/general_ledger.sql")
        .refused("names_that_nothing_has");
}

#[test]
fn controls_that_cannot_be_judged() {
    let controls = "controls:\n- {count: rows, equals: trailer.row}\n- {sum: amont, equals: 0.00}\n- {sum: \"amount - account\", equals: 0}\n\
                    - {sum: amount, equals: sidecar.net}\n- {count: rows, equals: 5}\n- {sum: amount, by: document, equals: trailer.rows}\n- {sum: amount -, equals: 1.234}";
    Copy::new()
        .change(FEED, "controls:\n- {count: rows, equals: trailer.rows}\n- {sum: amount, by: document, equals: 0.00}", controls)
        .refused("controls_that_cannot_be_judged");
}

/// Signs of a shell are characters of a name in `files`, and no sender's: such a pattern would take nothing, and be called sound.
#[test]
fn file_patterns_with_signs_of_a_shell() {
    Copy::new().change(FEED, "GL_{fiscal_year}[_v{version}].csv", "GL_{fiscal_year}*.csv").refused("file_patterns_with_signs_of_a_shell");
}

#[test]
fn file_patterns_that_do_not_tell_the_period() {
    Copy::new()
        .change(FEED, "GL_{fiscal_year}[_v{version}].csv", "GL_[{fiscal_year}]{yeer}.csv")
        .refused("file_patterns_that_do_not_tell_the_period");
}

#[test]
fn file_patterns_whose_names_may_lack_the_period() {
    Copy::new()
        .change(FEED, "GL_{fiscal_year}[_v{version}].csv", "GL_[{fiscal_year}].csv")
        .add(FEED, "pieces: 2\nready: {marker: done}")
        .refused("file_patterns_whose_names_may_lack_the_period");
}

#[test]
fn reference_tables_that_are_no_tables() {
    Copy::new()
        .change(CENTRES, "council,cost_centre,name,fund,capital", "council,cost_center,name,fund,capital")
        .change(RULES, "newham_default,newham,,,,,,", "newham_default,newham,,,,,")
        .refused("reference_tables_that_are_no_tables");
}

#[test]
fn reference_tables_with_wrong_values() {
    Copy::new()
        .change(CENTRES, "newham,A200,Treasury,GF,false,2014-04-01", "newham,A050,Treasury,GF,no,01/04/2014")
        .change(CENTRES, "renamed", "")
        .refused("reference_tables_with_wrong_values");
}

#[test]
fn reference_tables_out_of_order() {
    Copy::new()
        .change(CENTRES, "newham,A200", "newham,A050")
        .change(CENTRES, "renamed,finance_systems,chief_accountant", "renamed,finance_systems,Finance_Systems")
        .change(CENTRES, "2020-04-01,,renamed", "2020-04-01,2019-04-01,renamed")
        .refused("reference_tables_out_of_order");
}

const LISTED: &str = "file,year,period,rows\nGL_2018-19.csv,2018,01,10\nGL_2018-19.csv,2018,02,5\n";

fn listed(table: &str) -> Copy {
    let both = "trailer.rows}\n- {count: rows, equals: listed"; // the trailer's total is declared, so it is used
    let copy = Copy::new().change(FEED, "trailer.rows", both).change(FEED, "extent: year", "extent: listed");
    copy.write("controls/newham/general_ledger.csv", table)
}

#[test]
fn listed_controls_that_cannot_be_read() {
    listed(&LISTED.replace("10", "ten").replace("02", "14")).refused("listed_controls_that_cannot_be_read");
}

#[test]
fn listed_controls_are_read_from_their_table() {
    let (partnership, _) = listed(LISTED).read_well();
    let feed = &partnership.feeds[0];
    assert_eq!(feed.listed["GL_2018-19.csv"].totals["rows"], 15);
    let coverage = feed.coverage("GL_2018-19.csv", partnership.calendar).expect("listed").expect("known");
    assert_eq!(coverage.to_string(), "2018/P01..2018/P02");
    let missing = feed.coverage("GL_2019-20.csv", partnership.calendar).expect_err("not listed");
    golden("golden/config/coverage_not_listed.txt", &missing.to_string());
}

#[test]
fn coverage_is_read_from_a_record_or_a_preamble() {
    let from = |covers: &str| Copy::new().change(FEED, "{calendar: fiscal, extent: year}", covers).read_well().0;
    let record = from("{from: {record: HDR, field: 5, format: \"{fiscal_year}\"}}");
    let covered = record.feeds[0].coverage_from_text("2018/19", record.calendar).expect("a year");
    assert_eq!(covered.to_string(), "2018/P01..2018/P12");
    let header = from("{from: {header: Period}}");
    assert_eq!(header.feeds[0].coverage_from_text(" April 2023 ", header.calendar).expect("a month").to_string(), "2023/P01");
    let refused = header.feeds[0].coverage_from_text("some time", header.calendar).expect_err("no period");
    golden("golden/config/coverage_not_found.txt", &refused.to_string());
}

#[test]
fn no_partnership_at_all() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let refusal = read_with(folder.path(), &|_| None).expect_err("nothing is there");
    golden("golden/config/no_partnership.txt", &refusal.to_string());
}
