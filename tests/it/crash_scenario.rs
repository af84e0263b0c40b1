//! The scenario of the crash sweep: one partnership of two councils, and the commands of a life of it, in their order.

use std::{
    cell::Cell,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    time::{Duration, Instant},
};

use crate::{correct, places, transcript};

/// A command of the scenario ends in a second; one that hangs is a fault. On a machine that twenty others load, two minutes were too few.
const PATIENCE: Duration = Duration::from_mins(10);

/// The partnership of the scenario, and the folder in which its extracts lie: outside of it, so that copies read the same files.
pub struct House {
    drop: PathBuf,
    /// Files delivered so far: each is a second younger than the one before.
    delivered: Cell<u64>,
}

impl House {
    pub fn new(dir: &Path, drop: &Path) -> Self {
        for shared in ["pipelines/cost", "schemas/common", "schemas/reference", "schemas/published"] {
            places::copy(&places::root().join(shared), &dir.join(shared));
        }
        places::copy(&places::root().join("tests/fixtures/two_councils"), dir);
        let text =
            fs::read_to_string(dir.join(PARTNERSHIP)).expect("its file").replace("drop: ./drop", &format!("drop: {}", drop.display()));
        fs::write(dir.join(PARTNERSHIP), format!("{text}allow_paths: [{}]\n", drop.display())).expect("written");
        // A file of the year so far replaces all periods up to its own.
        change(dir, "pipelines/vale/general_ledger.yaml", "extent: one", "extent: to_date");
        // A channel whose server does not answer: what is told stays in the outbox.
        fs::write(dir.join("hook"), "http://127.0.0.1:9/hook\n").expect("written");
        let notify = "channels:\n  finance: {webhook: {url: \"${file:hook}\"}}\ntell:\n- {events: [refused, waiting, released], channels: [finance]}\n";
        fs::write(dir.join("pipelines/notify.yaml"), notify).expect("written");
        change(dir, PARTNERSHIP, "suspense_limit", "allow_hosts: [\"127.0.0.1:9\"]\nsuspense_limit");
        // Two months of a register are expected by a day long gone.
        change(
            dir,
            "pipelines/vale/device.yaml",
            "active: {from: 2018-04-01}",
            "due: {working_day: 5}\nactive: {from: 2018-04-01, to: 2018-06-01}",
        );
        // Landed as a link.
        change(dir, "pipelines/vale/device.yaml", "delivers:", "landing: link\ndelivers:");
        // A payroll, which is sealed: the layout of another invented council.
        let northam = places::root().join("tests/fixtures/northam");
        let payroll = [
            ("schemas/sources/northam/payroll.odcs.yaml", "schemas/sources/hill/payroll.odcs.yaml"),
            ("pipelines/northam/payroll.yaml", "pipelines/hill/payroll.yaml"),
        ];
        for (from, to) in payroll {
            let text = fs::read_to_string(northam.join(from))
                .expect("its file")
                .replace("northam", "hill")
                .replace("into: ledger_line", "into: pay_line");
            fs::write(dir.join(to), text).expect("written");
        }
        fs::copy(places::root().join("pipelines/newham/payroll.sql"), dir.join("pipelines/hill/payroll.sql")).expect("copied");
        Self { drop: drop.to_owned(), delivered: Cell::new(0) }
    }

    /// Puts an extract into its folder, by a rename: what is landed as a link is not written over. It is not still arriving.
    fn deliver(&self, file: &str, lines: &[&str]) {
        let path = self.drop.join(file);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        let arriving = self.drop.join("arriving");
        fs::write(&arriving, format!("{}\n", lines.join("\n"))).expect("written");
        fs::rename(&arriving, &path).expect("renamed");
        self.delivered.set(self.delivered.get() + 1);
        let at = transcript::settled_time() + Duration::from_secs(self.delivered.get());
        fs::File::options().write(true).open(&path).expect("opened").set_modified(at).expect("dated");
    }

    fn ledger(&self, council: &str, month: &str, documents: &[(&str, &str, &str, &str)]) {
        let other = format!("{}90", &council[..1].to_uppercase());
        let mut lines = vec!["Ref,Line,Posted,Centre,Account,Amount".to_owned()];
        for (number, (centre, account, date, pounds)) in documents.iter().enumerate() {
            lines.push(format!("D{number},1,{date},{centre},{account},{pounds}"));
            lines.push(format!("D{number},2,{date},{other},9000,-{pounds}"));
        }
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        self.deliver(&format!("{council}/general_ledger/ledger_{month}.csv"), &lines);
    }

    fn payroll(&self, month: &str, date: &str, last: &str) {
        let pay = |element: &str, pounds: &str, side: &str, centre: &str, account: &str| {
            format!("E1-1,E1,\"Known, Jo\",AB123456C,{date},{element},Pay Value,M,1,C,{pounds},{side},01.{centre}.{account}.0000")
        };
        let rows = [
            pay("Basic", "4000.00", "D", "H10", "1000"),
            pay("Employer NI", "400.00", "D", "H10", "1010"),
            pay("Net Pay", last, "C", "H90", "9000"),
        ];
        let head = "ASSIGNMENT_NUMBER,EMPLOYEE_NUMBER,FULL_NAME,NATIONAL_IDENTIFIER,EFFECTIVE_DATE,ELEMENT_NAME,INPUT_VALUE_NAME,UOM,COST_ID,BALANCE_OR_COST,COSTED_VALUE,DEBIT_OR_CREDIT,CONCATENATED_SEGMENTS";
        self.deliver(&format!("hill/payroll/PAYCOST_{month}.csv"), &[head, &rows[0], &rows[1], &rows[2]]);
    }
}

const PARTNERSHIP: &str = "pipelines/partnership.yaml";

fn change(dir: &Path, file: &str, from: &str, to: &str) {
    let text = fs::read_to_string(dir.join(file)).expect("a file");
    assert!(text.contains(from), "{file} does not hold {from}");
    fs::write(dir.join(file), text.replacen(from, to, 1)).expect("written");
}

/// One command of the scenario, and what happens before it.
pub struct Step {
    pub name: &'static str,
    pub before: fn(&House, &Path),
    pub words: &'static [&'static str],
    pub code: i32,
}

const fn step(name: &'static str, before: fn(&House, &Path), words: &'static [&'static str], code: i32) -> Step {
    Step { name, before, words, code }
}

fn nothing(_: &House, _: &Path) {}

fn april(house: &House, dir: &Path) {
    let mut partnership = fs::read_to_string(dir.join(PARTNERSHIP)).expect("its file");
    partnership.push_str("keys:\n  hill: {pseudonym: \"${file:keys/hill.pseudonym}\", sealing: \"${file:keys/hill.sealing}\"}\n");
    fs::write(dir.join(PARTNERSHIP), partnership).expect("written");
    house.ledger(
        "hill",
        "2018_04",
        &[("H10", "1000", "2018-04-27", "6000.00"), ("H10", "1010", "2018-04-27", "800.00"), ("H20", "3000", "2018-04-12", "10000.01")],
    );
    house.ledger("vale", "2018_04", &[("V10", "3000", "2018-04-19", "75.50"), ("V30", "3000", "2018-04-19", "1200.00")]);
    house.deliver("hill/device/devices_2018-04-30.csv", &["Centre,Devices", "H10,4", "H20,5", "H30,50"]);
    house.deliver("vale/device/devices_2018-04-30.csv", &["Centre,Devices", "V10,2", "V30,30"]);
    house.deliver("hill/legal_time/time_2018_04.csv", &["Client,Minutes", "hill,600", "vale,300", "mill_school,60"]);
    house.payroll("2018_04", "27-APR-2018", "4400.00");
}

/// May; April's ledger of hill once more; of vale the year so far; a register of devices; a payroll with a row that cannot be read, and
/// one of minutes that is refused.
fn may(house: &House, _: &Path) {
    house.ledger(
        "hill",
        "2018_04",
        &[("H10", "1000", "2018-04-27", "6100.00"), ("H10", "1010", "2018-04-27", "800.00"), ("H20", "3000", "2018-04-12", "10000.01")],
    );
    house.ledger(
        "hill",
        "2018_05",
        &[("H10", "1000", "2018-05-27", "6000.00"), ("H20", "3000", "2018-05-12", "900.00"), ("H30", "3000", "2018-05-12", "9000.00")],
    );
    house.ledger(
        "vale",
        "2018_05",
        &[("V10", "3000", "2018-04-19", "75.50"), ("V30", "3000", "2018-04-20", "1300.00"), ("V30", "3000", "2018-05-20", "1100.00")],
    );
    house.deliver("hill/device/devices_2018-05-31.csv", &["Centre,Devices", "H10,4", "H20,6", "H30,51"]);
    house.deliver("hill/legal_time/time_2018_05.csv", &["Client,Hours", "hill,600"]);
    house.payroll("2018_05", "27-MAY-2018", "4400.00");
    house.deliver("vale/device/devices_2018-05-31.csv", &["Centre,Devices", "V10,2", "V30,thirty"]);
}

/// The register that was refused for its faulty row goes out, and comes back corrected.
fn corrected(_: &House, dir: &Path) {
    let (rows, right) = (dir.join("rows.xlsx"), dir.join("right.xlsx"));
    let words = ["quarantine", "export", "vale/device", "--out", &rows.display().to_string()];
    let done = truecost(dir, &words, &[]).expect("it ends");
    assert_eq!(done.status.code(), Some(0), "{}", said(&done));
    correct::edit_workbook(&rows, &right, |_, _, text| if text == "thirty" { "30".to_owned() } else { text.to_owned() });
    fs::remove_file(&rows).expect("removed");
}

/// What was refused is mended; a ledger comes again with much less in it.
fn less(house: &House, _: &Path) {
    house.deliver("hill/legal_time/time_2018_05.csv", &["Client,Minutes", "hill,500", "vale,300"]);
    house.deliver("vale/device/devices_2018-05-31.csv", &["Centre,Devices", "V10,2", "V30,31"]);
    house.ledger("hill", "2018_05", &[("H10", "1000", "2018-05-27", "60.00")]);
}

fn other_rules(_: &House, dir: &Path) {
    let path = dir.join("pipelines/cost/classify/line_class.sql");
    let text = fs::read_to_string(&path).expect("a query");
    fs::write(&path, format!("-- as before\n{text}")).expect("written");
}

/// An entry of the register that cannot be read any more.
fn damaged(_: &House, dir: &Path) {
    let entries = sorted(&dir.join("lake/register"));
    fs::write(entries.first().expect("an entry"), "{\"delivery_id\":").expect("written");
}

/// Something comes for a period that is closed.
fn late_file(house: &House, _: &Path) {
    house.ledger(
        "hill",
        "2018_04",
        &[("H10", "1000", "2018-04-27", "6200.00"), ("H10", "1010", "2018-04-27", "800.00"), ("H20", "3000", "2018-04-12", "10000.01")],
    );
}

/// A later program's contract says more of a table that closed periods have.
fn later_contract(_: &House, dir: &Path) {
    let path = dir.join("schemas/published/separation.odcs.yaml");
    let text = fs::read_to_string(&path).expect("a contract");
    let more = "  - name: later\n    physicalType: VARCHAR\n    description: What a later program says.\n";
    fs::write(&path, format!("{text}{more}")).expect("written");
}

/// So many deliveries of one table that its log gets a checkpoint.
fn many(house: &House, _: &Path) {
    for (year, months) in [(2018, 6..=12), (2019, 1..=12)] {
        for month in months {
            house.deliver(&format!("hill/legal_time/time_{year}_{month:02}.csv"), &["Client,Minutes", &format!("hill,{}", 100 + month)]);
        }
    }
}

/// A part that no release names, as a killed run leaves one.
fn nobodys(_: &House, dir: &Path) {
    fs::write(dir.join("published/parts/separation/0123456789abcdef.parquet"), "nobody's").expect("written");
}

const WHY: [&str; 4] = ["--by", "chief accountant", "--reason", "as agreed"];
const P02: &str = "hill/general_ledger/2018/P02";

/// The scenario. A step's command is typed twice where the first dies; `{dir}` is the folder.
pub const STEPS: [Step; 24] = [
    step("keys", nothing, &["key", "new", "hill"], 0),
    step("first", april, &["run"], 4),
    step("waive", nothing, &["supply", "waive", "vale/device", "2018/P02", WHY[0], WHY[1], WHY[2], WHY[3]], 0),
    step("more", may, &["run"], 1),
    step("correct", corrected, &["quarantine", "correct", "{dir}/right.xlsx", WHY[0], WHY[1], WHY[2], WHY[3]], 0),
    step("less", less, &["run"], 1),
    step("accept", nothing, &["accept", P02, WHY[0], WHY[1], WHY[2], WHY[3]], 0),
    step("accepted", nothing, &["run"], 0),
    step("withdraw", nothing, &["withdraw", P02, WHY[0], WHY[1], WHY[2], WHY[3]], 0),
    step("withdrawn", nothing, &["run"], 0),
    step("undo", nothing, &["withdraw", P02, "--undo", WHY[0], WHY[1], WHY[2], WHY[3]], 0),
    step("undone", nothing, &["run"], 0),
    step("rules", other_rules, &["run"], 0),
    step("repair", damaged, &["doctor", "--repair"], 0),
    step("repaired", nothing, &["run"], 0),
    step("close", nothing, &["period", "close", "2018/P01", "--anyway", "a test", WHY[0], WHY[1], WHY[2], WHY[3]], 0),
    step("after close", late_file, &["run"], 0),
    step("recast", later_contract, &["run"], 0),
    step("reopen", nothing, &["period", "reopen", "2018/P01", WHY[0], WHY[1], WHY[2], WHY[3]], 0),
    step("restate", nothing, &["run"], 0),
    step("diff", nothing, &["release", "diff", "r0001", "r0002", "--lines"], 0),
    step("add", nothing, &["add", "council", "mead", "--answer", "basis=ledger", "--defaults", "--yes"], 0),
    step("many", many, &["run"], 0),
    step("vacuum", nobodys, &["vacuum"], 0),
];

fn sorted(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    found.sort();
    found
}

/// The program: `TRUECOST_PROGRAM` names another one, such as an optimised one where the tests are not.
fn program() -> PathBuf {
    std::env::var_os("TRUECOST_PROGRAM").map_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_truecost")), PathBuf::from)
}

/// How a command ended; `None` where it hung and was killed.
pub fn truecost(dir: &Path, words: &[&str], environment: &[(&str, &str)]) -> Option<Output> {
    let mut command = Command::new(program());
    let words = words.iter().map(|word| word.replace("{dir}", &dir.display().to_string()));
    command.arg("-C").arg(dir).args(words).envs(environment.iter().copied()).env_remove("RUST_BACKTRACE");
    command.env("TRUECOST_CLOCK", dir.with_file_name("clock"));
    let (out, err) = (dir.with_extension("out"), dir.with_extension("err"));
    let open = |path: &Path| Stdio::from(fs::File::create(path).expect("created"));
    let mut child = command.stdin(Stdio::null()).stdout(open(&out)).stderr(open(&err)).spawn().expect("the program runs");
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait().expect("asked") {
            let read = |path: &Path| fs::read(path).expect("read");
            return Some(Output { status, stdout: read(&out), stderr: read(&err) });
        }
        if begun.elapsed() > PATIENCE {
            child.kill().expect("killed");
            child.wait().expect("ended");
            return None;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

pub fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}
