//! The main job on a year of real published payments, against control totals that were computed two independent ways.
//!
//! The files stand beside the repository where it is developed; elsewhere this test says so and passes.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Mutex,
};

use truecost::{
    demo,
    diagnostic::{Diagnostic, render_all},
    domain::parse_pounds,
    pipeline::{self, Partnership},
    report,
    run::{self, Event, Observer, Options, Silent, clock::SystemClock},
};

/// The folder of the real files, where there is one.
fn spend() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/spend");
    if folder.join("control_totals.csv").is_file() {
        return Some(folder);
    }
    println!("skipped: the year of published payments is not on this machine");
    None
}

fn options() -> Options {
    Options { threads: 2, ..Options::default() }
}

/// Rows of a small CSV by header, without quotes.
fn csv(path: &Path) -> Vec<BTreeMap<String, String>> {
    let text = fs::read_to_string(path).expect("a readable table");
    let mut lines = text.lines().map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
    let header = lines.next().expect("a header");
    lines.map(|row| header.iter().cloned().zip(row).collect()).collect()
}

struct Released {
    partnership: Partnership,
    _folder: tempfile::TempDir,
}

impl Released {
    /// Every row of a query as text.
    fn ask(&self, sql: &str) -> Vec<Vec<String>> {
        let release = report::latest(&self.partnership).expect("a release");
        let tables = report::tables(&self.partnership, &release).expect("tables");
        let batches = report::rows(&tables, sql).expect("an answer");
        let options = arrow::util::display::FormatOptions::default();
        let mut rows = Vec::new();
        for batch in &batches {
            let columns: Vec<_> = batch
                .columns()
                .iter()
                .map(|c| arrow::util::display::ArrayFormatter::try_new(c.as_ref(), &options).expect("a formatter"))
                .collect();
            rows.extend((0..batch.num_rows()).map(|row| columns.iter().map(|c| c.value(row).to_string()).collect()));
        }
        rows
    }
}

/// What a run prints while it works, where nobody asked for more or less.
#[derive(Default)]
struct Talk(Mutex<Vec<String>>);

impl Observer for Talk {
    fn event(&self, event: Event<'_>) {
        let said = match event {
            Event::Step { text } => text.to_owned(),
            Event::Report { diagnostics } => {
                let asks: Vec<Diagnostic> = diagnostics.iter().filter(|d| !d.is_note()).cloned().collect();
                render_all(&asks, false)
            }
            _ => return,
        };
        self.0.lock().expect("nobody panicked").extend(said.lines().map(str::to_owned));
    }
}

/// The first run over a year of 36 files fits on a screen; what was noted is kept beside it.
fn few_lines(talk: Talk, partnership: &Partnership, outcome: &run::Outcome) {
    let page = report::outcome(partnership, outcome, report::Talk::Plain).text;
    let mut lines = talk.0.into_inner().expect("nobody panicked");
    lines.extend(page.lines().map(str::to_owned));
    println!("a year of 36 files prints {} lines and keeps {} notes:\n{}", lines.len(), outcome.notes.len(), lines.join("\n"));
    assert!(lines.len() <= 24, "{} lines", lines.len());
    assert!(outcome.is_recorded() && outcome.notes.len() > 40, "{} notes", outcome.notes.len());
    assert!(page.contains("(nothing has to be done): truecost notes"), "{page}");
}

fn released(spend: &Path) -> (Released, run::Outcome) {
    let folder = tempfile::tempdir().expect("a folder");
    demo::write_partnership(folder.path()).expect("a partnership");
    for council in ["newham", "havering", "bexley"] {
        let drop = folder.path().join("drop").join(council).join("supplier_spend");
        fs::create_dir_all(&drop).expect("a drop folder");
        for entry in fs::read_dir(spend.join(council)).expect("files") {
            let entry = entry.expect("a file");
            fs::copy(entry.path(), drop.join(entry.file_name())).expect("a copy");
        }
    }
    let (partnership, _) = pipeline::read(folder.path()).expect("a sound partnership");
    let talk = Talk::default();
    let outcome = run::run(&partnership, &options(), &SystemClock, &talk).expect("a run");
    few_lines(talk, &partnership, &outcome);
    (Released { partnership, _folder: folder }, outcome)
}

#[test]
fn a_year_of_payments_is_separated_to_the_penny() {
    let Some(spend) = spend() else { return };
    let (released, outcome) = released(&spend);
    assert_eq!(outcome.exit_code(), 0);
    assert_eq!(outcome.delivered.len(), 36);
    assert_eq!(outcome.delivered.iter().map(|d| d.rows).sum::<u64>(), 512_851);
    assert_eq!(outcome.delivered.iter().map(|d| d.quarantined).sum::<u64>(), 0);
    assert_eq!(outcome.delivered.iter().filter_map(|d| d.pence).sum::<i128>(), 149_679_672_232);
    every_file_as_its_control(&spend, &outcome);
    every_department_as_its_control(&spend, &released);
    bexley_left(&released);
    partner_payments(&released);
    shared_accounts_are_known(&released);
    let outside: Vec<_> = outcome.delivered.iter().flat_map(|d| &d.reports).filter(|r| r.code.id == "TC0404").collect();
    assert_eq!(outside.len(), 1);
    assert!(outside[0].seen.contains("2002-06-22") && outside[0].seen.contains("£479.82"), "{}", outside[0].seen);
    let drifts = outcome.delivered.iter().flat_map(|d| &d.reports).filter(|r| r.code.id == "TC0412" && r.seen.contains("spelt otherwise"));
    assert!(drifts.count() >= 10, "header drifts are reported");
    let again = run::run(&released.partnership, &options(), &SystemClock, &Silent).expect("a second run");
    assert!(!again.costed.published && again.delivered.is_empty());
}

fn every_file_as_its_control(spend: &Path, outcome: &run::Outcome) {
    for control in csv(&spend.join("control_totals.csv")) {
        let (council, file) = control["file"].split_once('/').expect("council/file");
        let of = |d: &&run::Delivered| d.feed == format!("{council}/supplier_spend") && d.file == file;
        let delivered = outcome.delivered.iter().find(of).expect("the file was delivered");
        assert_eq!(delivered.rows.to_string(), control["rows"], "{}", control["file"]);
        assert_eq!(delivered.pence, parse_pounds(&pad(&control["amount"])), "{}", control["file"]);
    }
}

fn every_department_as_its_control(spend: &Path, released: &Released) {
    let sql = "SELECT council, delivery_year, delivery_period, department, ownership, COUNT(*), SUM(amount) FROM cost_line GROUP BY 1, 2, 3, 4, 5";
    let found: BTreeMap<(String, String, String), Vec<String>> = released
        .ask(sql)
        .into_iter()
        .map(|r| {
            let (year, period): (i32, i32) = (r[1].parse().expect("year"), r[2].parse().expect("period"));
            let month = (period + 2) % 12 + 1;
            let month = format!("{}_{month:02}", if month < 4 { year + 1 } else { year });
            ((r[0].clone(), month, r[3].clone()), r[4..].to_vec())
        })
        .collect();
    let controls = csv(&spend.join("department_by_month.csv"));
    assert!(controls.len() > 300);
    for control in &controls {
        let key = (control["council"].clone(), control["month"].clone(), control["department_as_published"].clone());
        let seen = found.get(&key).unwrap_or_else(|| panic!("{key:?} is not there"));
        assert_eq!(seen[0], control["expected_ownership"], "{key:?}");
        assert_eq!(seen[1], control["rows"], "{key:?}");
        assert_eq!(parse_pounds(&seen[2]), parse_pounds(&pad(&control["amount_gbp"])), "{key:?}");
    }
    let totals = released.ask("SELECT council, ownership, SUM(lines), SUM(amount) FROM separation WHERE ownership IN ('shared', 'managed') GROUP BY 1, 2 ORDER BY 1, 2");
    let expected = [
        ["havering", "managed", "1510", "8069636.07"],
        ["havering", "shared", "1750", "5514987.72"],
        ["newham", "managed", "1839", "18151428.41"],
        ["newham", "shared", "2731", "10192566.58"],
    ];
    assert_eq!(totals, expected);
}

/// `12.5` as `12.50`.
fn pad(amount: &str) -> String {
    let (whole, decimals) = amount.split_once('.').unwrap_or((amount, ""));
    format!("{whole}.{decimals:0<2}")
}

fn bexley_left(released: &Released) {
    let rows = released.ask("SELECT ownership, rule_id, service, COUNT(*) FROM cost_line WHERE council = 'bexley' GROUP BY 1, 2, 3");
    assert_eq!(rows, [["retained", "not_a_member", "none", "85113"]]);
    let services = released.ask("SELECT DISTINCT ownership, service FROM cost_line ORDER BY 1, 2");
    assert_eq!(services, [["managed", "unknown"], ["retained", "none"], ["shared", "unknown"]]);
}

fn partner_payments(released: &Released) {
    let rows = released.ask("SELECT payer, payee, COUNT(*), SUM(amount) FROM partner_payment GROUP BY 1, 2 ORDER BY 1, 2");
    let expected = [
        ["bexley", "havering", "2", "433800.00"],
        ["havering", "bexley", "2", "57544.00"],
        ["havering", "newham", "36", "167197.10"],
        ["newham", "havering", "12", "24178.17"],
    ];
    assert_eq!(rows, expected);
}

fn shared_accounts_are_known(released: &Released) {
    let rows = released.ask("SELECT SUM(CASE WHEN account_group = 'unclassified' THEN 0.00 ELSE amount END), SUM(amount) FROM separation WHERE ownership = 'shared'");
    let (known, all) = (parse_pounds(&rows[0][0]).expect("pounds"), parse_pounds(&rows[0][1]).expect("pounds"));
    assert!(known * 100 >= all * 95, "{known} of {all}");
}
