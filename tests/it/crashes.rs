//! Crash points: at each of them the program dies, at its first, second, … passing, by `abort`, by an error and by a panic; the command
//! is typed again; and what is kept and published is what an undisturbed command leaves.
//!
//! One scenario of two councils goes through it all, step by step. Each step starts from the folder that the step before left, once for
//! every crash. Without `TRUECOST_CRASHES=all` each point dies once by each of the three ways, where the scenario first passes it.

use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::Mutex,
    time::{Duration, Instant},
};

use crate::{
    correct,
    crash_state::{State, differences, state},
    places,
    rust_text::{Kind, tokens},
    transcript,
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_truecost");
const WAYS: [&str; 3] = ["abort", "error", "panic"];
/// A command of the scenario ends in a second; one that hangs is a fault.
const PATIENCE: Duration = Duration::from_mins(2);
/// Passings of a point within a step that are met: the first ones, and the last.
const FIRST: usize = 4;

/// The partnership of the scenario, and the folder in which its extracts lie: outside of it, so that copies read the same files.
struct House {
    drop: PathBuf,
    /// Files delivered so far: each is a second younger than the one before.
    delivered: Cell<u64>,
}

impl House {
    fn new(dir: &Path, drop: &Path) -> Self {
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
struct Step {
    name: &'static str,
    before: fn(&House, &Path),
    words: &'static [&'static str],
    code: i32,
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
const STEPS: [Step; 24] = [
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

/// How a command ended; `None` where it hung and was killed.
fn truecost(dir: &Path, words: &[&str], environment: &[(&str, &str)]) -> Option<Output> {
    let mut command = Command::new(PROGRAM);
    let words = words.iter().map(|word| word.replace("{dir}", &dir.display().to_string()));
    command.arg("-C").arg(dir).args(words).envs(environment.iter().copied()).env_remove("RUST_BACKTRACE");
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

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// With all times and modes; releases share the files of parts, and so does the copy.
fn copy(from: &Path, to: &Path) {
    let done = Command::new("cp").arg("-a").arg(from).arg(to).output().expect("cp runs");
    assert!(done.status.success(), "{}", said(&done));
}

/// A crash to try: which point, at which passing, in which way.
#[derive(Clone, Debug)]
struct Crash {
    name: String,
    passing: usize,
    way: &'static str,
}

/// What of the passings of a step is tried. `met` are the points that an earlier step of the same command has tried.
fn crashes(seen: &BTreeMap<String, usize>, met: &BTreeSet<(&str, String)>, command: &str, all: bool) -> Vec<Crash> {
    let mut found = Vec::new();
    for (name, count) in seen {
        let passings: BTreeSet<usize> = match all {
            true => (1..=FIRST).filter(|passing| passing <= count).chain([*count]).collect(),
            false if met.contains(&(command, name.clone())) => BTreeSet::new(),
            false => BTreeSet::from([count.div_ceil(2)]),
        };
        for passing in passings {
            found.extend(WAYS.map(|way| Crash { name: name.clone(), passing, way }));
        }
    }
    found
}

/// How often each point was passed, as `TRUECOST_CRASH_SEEN` noted it.
fn passings(path: &Path) -> BTreeMap<String, usize> {
    let mut seen = BTreeMap::new();
    for name in fs::read_to_string(path).unwrap_or_default().lines() {
        *seen.entry(name.to_owned()).or_default() += 1;
    }
    seen
}

/// Whether a difference is one of the order in which deliveries came, or of releases between: what the latest release holds is none.
fn tells_of_order(difference: &str) -> bool {
    let key = difference.lines().next().unwrap_or_default();
    let of_order = ["published/", "r0", "turns", "lake/notices/"].iter().any(|start| key.starts_with(start));
    of_order || key.ends_with(": lake_version")
}

/// Dies, is typed again, and is compared. `Ok(false)` where the point was not passed so often this time: threads take turns.
fn survive(step: &Step, start: &Path, dir: &Path, expected: &State, crash: &Crash) -> Result<bool, String> {
    copy(start, dir);
    let plan = format!("{}:{}:{}", crash.name, crash.passing, crash.way);
    let first = truecost(dir, step.words, &[("TRUECOST_CRASH", &plan)]).ok_or("it hangs")?;
    let crashed = match crash.way {
        "abort" => first.status.code().is_none(),
        _ => first.status.code() != Some(step.code),
    };
    let again = truecost(dir, step.words, &[]).ok_or("typed again, it hangs")?;
    // A file that cannot be landed stops its own delivery: the others are taken and published, and it comes after them.
    let goes_on = crash.way == "error" && crash.name.starts_with("land.") && crash.name != "land.flushed";
    let found: Vec<String> = differences(expected, &state(dir)).into_iter().filter(|key| !goes_on || !tells_of_order(key)).collect();
    if found.is_empty() {
        return Ok(crashed);
    }
    Err(format!(
        "{}\n-- first, {:?}\n{}\n-- again, {:?}\n{}",
        found.join("\n"),
        first.status.code(),
        said(&first),
        again.status.code(),
        said(&again)
    ))
}

#[test]
fn what_dies_at_a_crash_point_is_done_by_the_next_run() {
    let all = std::env::var("TRUECOST_CRASHES").is_ok_and(|value| value == "all");
    let only = std::env::var("TRUECOST_CASE").unwrap_or_default();
    let stage = tempfile::tempdir_in(if Path::new("/dev/shm").is_dir() { "/dev/shm" } else { "/tmp" }).expect("a folder");
    let (dir, drop) = (stage.path().join("p"), stage.path().join("drop"));
    fs::create_dir_all(&drop).expect("made");
    let house = House::new(&dir, &drop);
    let (faults, mut met, mut tried, mut missed) = (Mutex::new(Vec::new()), BTreeSet::new(), 0, 0);
    for step in &STEPS {
        (step.before)(&house, &dir);
        let (start, seen) = (stage.path().join("start"), stage.path().join("seen"));
        copy(&dir, &start);
        let done = truecost(&dir, step.words, &[("TRUECOST_CRASH_SEEN", &seen.display().to_string())]).expect("it ends");
        assert_eq!(done.status.code(), Some(step.code), "{}: {}", step.name, said(&done));
        let expected = state(&dir);
        let passed = passings(&seen);
        let wanted = |crash: &Crash| format!("{}:{}:{}:{}", step.name, crash.name, crash.passing, crash.way).contains(&only);
        let mut waiting: Vec<Crash> = crashes(&passed, &met, step.words[0], all).into_iter().filter(wanted).collect();
        tried += waiting.len();
        waiting.reverse();
        let (waiting, dies) = (Mutex::new(waiting), Mutex::new(0));
        std::thread::scope(|scope| {
            for lane in 0..std::thread::available_parallelism().map_or(2, usize::from) {
                let (faults, waiting, dies, start, expected, stage) = (&faults, &waiting, &dies, &start, &expected, stage.path());
                scope.spawn(move || {
                    let dir = stage.join(format!("lane-{lane}"));
                    while let Some(crash) = { waiting.lock().expect("no thread panicked").pop() } {
                        match survive(step, start, &dir, expected, &crash) {
                            Ok(died) => *dies.lock().expect("no thread panicked") += usize::from(died),
                            Err(why) => faults.lock().expect("no thread panicked").push(format!("== {}, {crash:?}: {why}", step.name)),
                        }
                        fs::remove_dir_all(&dir).expect("removed");
                    }
                });
            }
        });
        missed += dies.into_inner().expect("no thread panicked");
        met.extend(passed.into_keys().map(|name| (step.words[0], name)));
        fs::remove_dir_all(&start).expect("removed");
        fs::remove_file(&seen).ok();
    }
    let faults = faults.into_inner().expect("no thread panicked");
    let met: BTreeSet<String> = met.into_iter().map(|(_, name)| name).collect();
    let lacking: Vec<String> = in_source().difference(&met).cloned().collect();
    println!(
        "crashes: {} points, {} steps, {tried} crashes ({missed} died), {} differences{}",
        met.len(),
        STEPS.len(),
        faults.len(),
        if lacking.is_empty() { String::new() } else { format!("; no step passes {}", lacking.join(", ")) }
    );
    assert!(faults.is_empty(), "{} of {tried}:\n{}", faults.len(), faults.join("\n"));
    if only.is_empty() {
        assert!(lacking.is_empty(), "no step of the scenario passes {}", lacking.join(", "));
        assert!(met.len() >= 40, "{} points", met.len());
    }
}

/// The names of all crash points of the source.
pub fn in_source() -> BTreeSet<String> {
    let mut paths = Vec::new();
    places::gather(&places::root().join("src"), "rs", &mut paths);
    let mut found = BTreeSet::new();
    for text in paths.iter().map(|path| fs::read_to_string(path).expect("UTF-8")) {
        let words = tokens(&text);
        let asked = words
            .windows(5)
            .filter(|five| !five[0].test && five[0].text == "crash" && five[2].text == "point" && five[4].kind == Kind::Text);
        found.extend(asked.map(|five| five[4].text.trim_matches('"').to_owned()));
    }
    found
}
