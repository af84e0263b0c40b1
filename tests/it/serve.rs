//! `truecost serve`, driven through days by a clock that a test steps: real processes, real files, real sockets.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{notices, places};

const PROGRAM: &str = env!("CARGO_BIN_EXE_truecost");
/// Whatever a machine under load may need; a test that waits so long has failed.
const PATIENCE: Duration = Duration::from_secs(90);

/// A partnership of its own, with a clock that stands where it is put.
pub struct Stage {
    pub folder: tempfile::TempDir,
}

/// A `serve` that is under way; killed where a test does not end it.
pub struct Serving {
    process: Child,
    log: PathBuf,
    clock: PathBuf,
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

const LEDGER: &str = "pipelines/ashvale/general_ledger.yaml";

impl Stage {
    /// The fixture `ashvale`, whose ledger is scheduled at six on weekdays with `more` beside it, and the cost run after it.
    pub fn new(more: &str) -> Self {
        let stage = Self { folder: tempfile::tempdir().unwrap() };
        for shared in ["pipelines/cost", "schemas/common", "schemas/reference", "schemas/published"] {
            places::copy(&places::root().join(shared), &stage.at(shared));
        }
        places::copy(&places::root().join("tests/fixtures/ashvale"), stage.folder.path());
        stage.edit(LEDGER, "into: ledger_line\n", &format!("into: ledger_line\nschedule: \"0 6 * * 1-5\"\n{more}"));
        let cost = fs::read_to_string(stage.at("pipelines/cost/cost.yaml")).unwrap();
        let cost: String = cost.lines().filter(|line| !line.starts_with("schedule:")).map(|line| format!("{line}\n")).collect();
        stage.put("pipelines/cost/cost.yaml", &cost);
        stage.append("pipelines/partnership.yaml", "serve: {listen: 127.0.0.1:0}\n");
        stage
    }

    pub fn at(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    pub fn put(&self, path: &str, text: &str) {
        fs::create_dir_all(self.at(path).parent().unwrap()).unwrap();
        fs::write(self.at(path), text).unwrap();
    }

    pub fn append(&self, path: &str, text: &str) {
        let before = fs::read_to_string(self.at(path)).unwrap();
        self.put(path, &(before + text));
    }

    pub fn edit(&self, path: &str, from: &str, to: &str) {
        let before = fs::read_to_string(self.at(path)).unwrap();
        assert!(before.contains(from), "{path} has no {from}");
        self.put(path, &before.replacen(from, to, 1));
    }

    /// The ledger of a month of 2018 arrives; old enough to be taken at once.
    pub fn drops(&self, month: u32) {
        let path = format!("drop/ashvale/general_ledger/ashvale_2018_{month:02}.csv");
        let lines = format!(
            "Ref;Seq;Posted;Centre;Nature;Value;Text\nA{month};1;03/{month:02}/2018;A100;4100;{month}.00;salaries\n\
             A{month};2;03/{month:02}/2018;A900;9000;-{month}.00;control\nTOTAL;;;;;0.00;\n"
        );
        self.put(&path, &lines);
        let old = std::time::UNIX_EPOCH + Duration::from_mins(25_000_000);
        fs::File::options().write(true).open(self.at(&path)).unwrap().set_modified(old).unwrap();
    }

    pub fn truecost(&self, words: &[&str]) -> Output {
        Command::new(PROGRAM).current_dir(self.folder.path()).args(words).env("TRUECOST_CLOCK", self.at("clock")).output().unwrap()
    }

    pub fn serve(&self, at: &str) -> Serving {
        self.serve_as(at, "clock")
    }

    /// A `serve` with a clock of its own.
    fn serve_as(&self, at: &str, clock: &str) -> Serving {
        self.serve_with(at, clock, &[])
    }

    /// A `serve` with a clock of its own, and words in its environment.
    pub fn serve_with(&self, at: &str, clock: &str, set: &[(&str, &str)]) -> Serving {
        self.put(clock, at);
        let log = self.at(&format!("{clock}.log"));
        let file = fs::File::options().create(true).append(true).open(&log).unwrap();
        let mut command = Command::new(PROGRAM);
        command.current_dir(self.folder.path()).arg("serve").env("TRUECOST_CLOCK", self.at(clock)).envs(set.iter().copied());
        let process = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(file).spawn().unwrap();
        Serving { process, log, clock: self.at(clock) }
    }

    /// What is known of the ledger's slots.
    fn slots(&self) -> Vec<Value> {
        let Ok(text) = fs::read_to_string(self.at("lake/schedule.json")) else { return Vec::new() };
        let book: Value = serde_json::from_str(&text).unwrap();
        book["names"]["ashvale/general_ledger"]["taken"].as_array().cloned().unwrap_or_default()
    }

    /// The slots that were taken, each with how often it was claimed and its exit code.
    pub fn taken(&self) -> Vec<(String, u64, Option<u64>)> {
        let one =
            |slot: &Value| (slot["slot"].as_str().unwrap().to_owned(), slot["attempts"].as_u64().unwrap(), slot["end"]["exit"].as_u64());
        self.slots().iter().map(one).collect()
    }

    /// The release that readers see.
    pub fn release(&self) -> String {
        let latest = fs::read_to_string(self.at("published/latest.json")).unwrap_or_default();
        serde_json::from_str::<Value>(&latest).ok().and_then(|v| v["release"].as_str().map(str::to_owned)).unwrap_or_default()
    }
}

pub fn patiently<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    while started.elapsed() < PATIENCE {
        if let Some(found) = look() {
            return found;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("waited in vain for {what}");
}

impl Serving {
    /// Moves time on, and waits until everything until then is done. When there is next something to do.
    pub fn step(&self, to: &str) -> String {
        self.set(to);
        self.idle(to)
    }

    pub fn set(&self, to: &str) {
        let staging = self.clock.with_extension("new");
        fs::write(&staging, to).unwrap();
        fs::rename(staging, &self.clock).unwrap();
    }

    pub fn idle(&self, at: &str) -> String {
        let next = self.clock.with_file_name(format!("{}.next", self.clock.file_name().unwrap().to_string_lossy()));
        patiently(&format!("serve to be idle at {at}; its log:\n{}", self.said()), || {
            let text = fs::read_to_string(&next).ok()?;
            text.trim().split_once(' ').filter(|(now, _)| *now == at).map(|(_, wakes)| wakes.to_owned())
        })
    }

    pub fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    fn port(&self) -> u16 {
        patiently("its address", || {
            let said = self.said();
            said.rsplit_once("http://127.0.0.1:").and_then(|(_, rest)| rest.lines().next()?.trim().parse::<u16>().ok())
        })
    }

    /// What it answers at a path: the status code and the body.
    pub fn answers(&self, method: &str, path: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port())).unwrap();
        write!(stream, "{method} {path} HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let code = text.split(' ').nth(1).unwrap().parse().unwrap();
        (code, text.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default())
    }

    pub fn signal(&self, name: &str) {
        let done = Command::new("kill").args([format!("-{name}"), self.process.id().to_string()]).status().unwrap();
        assert!(done.success());
    }

    pub fn ends(mut self) -> Option<i32> {
        patiently("serve to end", || self.process.try_wait().unwrap()).code()
    }
}

#[test]
fn a_feed_that_is_due_is_run_once_day_after_day() {
    let stage = Stage::new("");
    let serving = stage.serve("2018-05-01T04:00:00Z");
    // Six in the morning of London's summer.
    assert_eq!(serving.idle("2018-05-01T04:00:00Z"), "2018-05-01T05:00:00Z");
    stage.drops(4);
    assert_eq!(serving.step("2018-05-01T05:00:00Z"), "2018-05-02T05:00:00Z");
    assert_eq!((stage.release().as_str(), stage.taken()), ("r0001", vec![("2018-05-01T05:00:00Z".to_owned(), 1, Some(0))]));
    assert_eq!(serving.answers("GET", "/health").0, 200);
    assert_eq!(serving.answers("HEAD", "/ready"), (200, String::new()));
    assert_eq!(serving.answers("POST", "/ready").0, 405);
    assert_eq!(serving.answers("GET", "/status.json").0, 200);
    // Nothing new: only the record of slots changes.
    let before = fs::read_dir(stage.at("lake/runs")).unwrap().count();
    serving.step("2018-05-02T05:00:00Z");
    assert_eq!((stage.taken().len(), fs::read_dir(stage.at("lake/runs")).unwrap().count()), (2, before));
    // The clock is set back, and goes on: what was taken is not taken again (H9).
    serving.step("2018-05-02T03:00:00Z");
    serving.step("2018-05-02T05:00:00Z");
    assert_eq!(stage.taken().len(), 2);
    // Three days down: the latest is caught up (H7).
    serving.signal("TERM");
    assert_eq!(serving.ends(), Some(0));
    stage.drops(5);
    let serving = stage.serve("2018-05-08T12:00:00Z");
    serving.idle("2018-05-08T12:00:00Z");
    let taken = stage.taken();
    assert_eq!((taken.len(), taken[2].0.as_str()), (3, "2018-05-08T05:00:00Z"));
    assert_eq!((stage.slots()[2]["skipped"].as_u64(), stage.release().as_str()), (Some(3), "r0002"));
}

#[test]
fn serve_says_that_it_cannot_listen() {
    let stage = Stage::new("");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = format!("listen: {}", taken.local_addr().unwrap());
    stage.edit("pipelines/partnership.yaml", "listen: 127.0.0.1:0", &listen);
    stage.put("clock", "2018-05-01T04:00:00Z");
    let done = stage.truecost(&["serve"]);
    let said = String::from_utf8_lossy(&done.stderr);
    assert_eq!((done.status.code(), said.contains("error[TC1317]")), (Some(3), true), "{said}");
}

#[test]
fn a_run_that_takes_too_long_is_ended() {
    let stage = Stage::new("at_most: 10m\n");
    // A named pipe stands among the entries of the register: whoever opens it waits.
    let serving = stage.serve("2018-05-01T04:00:00Z");
    serving.idle("2018-05-01T04:00:00Z");
    stage.drops(4);
    let pipe = stage.at("lake/register/0000000000000000.json");
    fs::create_dir_all(pipe.parent().unwrap()).unwrap();
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    serving.set("2018-05-01T05:00:00Z");
    patiently("the slot to be taken", || (stage.taken().len() == 1).then_some(()));
    serving.set("2018-05-01T05:11:00Z");
    serving.idle("2018-05-01T05:11:00Z");
    assert_eq!(stage.taken(), [("2018-05-01T05:00:00Z".to_owned(), 1, Some(3))]);
    assert_eq!(stage.slots()[0]["end"]["codes"][0], "TC1316");
    assert!(serving.said().contains("asked to end"), "{}", serving.said());
    // It is not tried again; the next slot is taken, now that nothing hangs.
    fs::remove_file(&pipe).unwrap();
    serving.step("2018-05-01T12:00:00Z");
    assert_eq!(stage.taken().len(), 1);
    serving.step("2018-05-02T05:00:00Z");
    assert_eq!(stage.taken().last().unwrap(), &("2018-05-02T05:00:00Z".to_owned(), 1, Some(0)));
}

/// What is ended because it takes too long can say nothing: its record says what became of it, and the channels are told.
#[test]
fn that_a_run_took_too_long_is_on_record_and_told() {
    let (stage, hook) = (Stage::new("at_most: 10m\n"), notices::Server::start());
    stage.edit("pipelines/partnership.yaml", "allow_hosts: []", &format!("allow_hosts: [\"{}\"]", hook.at()));
    stage.put("hook", &format!("http://{}/hook", hook.at()));
    let channel = "channels:\n  ops: {webhook: {url: \"${file:hook}\"}}\ntell:\n- {events: [run_failed], channels: [ops]}\n";
    stage.put("pipelines/notify.yaml", channel);
    let serving = stage.serve_with("2018-05-01T04:00:00Z", "clock", &[("TRUECOST_CRASH", "run.delivered:1:stop")]);
    serving.idle("2018-05-01T04:00:00Z");
    stage.drops(4);
    serving.set("2018-05-01T05:00:00Z");
    patiently("the delivery to be in", || fs::read_dir(stage.at("lake/ledger_line/_delta_log")).ok().map(|_| ()));
    std::thread::sleep(Duration::from_millis(500));
    serving.set("2018-05-01T05:11:00Z");
    serving.idle("2018-05-01T05:11:00Z");
    assert_eq!(stage.taken(), [("2018-05-01T05:00:00Z".to_owned(), 1, Some(3))], "{}", serving.said());
    let asked = stage.truecost(&["query", "--format", "csv", "SELECT number, exit, slots, ended, accepted FROM ops.run"]);
    let said = String::from_utf8_lossy(&asked.stdout);
    let row = "1,3,ashvale/general_ledger=2018-05-01T05:00:00Z,2018-05-01T05:11:00Z,";
    assert_eq!(said.lines().collect::<Vec<_>>(), ["number,exit,slots,ended,accepted", row]);
    let shown = stage.truecost(&["runs", "show", "1"]);
    assert!(String::from_utf8_lossy(&shown.stdout).contains("TC1316"), "{}", String::from_utf8_lossy(&shown.stdout));
    let told: Vec<String> = hook.take().iter().map(|asked| asked.json()["text"].as_str().unwrap_or_default().to_owned()).collect();
    assert!(told.len() == 1 && told[0].contains("took longer than `at_most`"), "{told:?}");
}

/// A run that stands still, or dies, when it has done its work and written that down has ended as it wrote: nobody is told otherwise.
#[test]
fn what_a_run_has_written_down_before_it_is_ended_stands() {
    for (end, month) in [("stop", 4), ("abort", 5), ("panic", 6)] {
        let (stage, hook) = (Stage::new("at_most: 10m\n"), notices::Server::start());
        stage.edit("pipelines/partnership.yaml", "allow_hosts: []", &format!("allow_hosts: [\"{}\"]", hook.at()));
        stage.put("hook", &format!("http://{}/hook", hook.at()));
        let channel = "channels:\n  ops: {webhook: {url: \"${file:hook}\"}}\ntell:\n- {events: [run_failed], channels: [ops]}\n";
        stage.put("pipelines/notify.yaml", channel);
        let serving = stage.serve_with("2018-05-01T04:00:00Z", "clock", &[("TRUECOST_CRASH", &format!("run.closed:1:{end}"))]);
        serving.idle("2018-05-01T04:00:00Z");
        stage.drops(month);
        // The second finds nothing to do.
        for (day, takes) in [(1, 1), (2, 2)] {
            serving.set(&format!("2018-05-0{day}T05:00:00Z"));
            patiently("the slot to be closed", || (stage.taken().iter().filter(|taken| taken.2.is_some()).count() == takes).then_some(()));
            serving.step(&format!("2018-05-0{day}T05:11:00Z"));
        }
        assert!(stage.taken().iter().all(|taken| taken.1 == 1 && taken.2 == Some(0)), "{end} {:?}", stage.taken());
        assert_eq!(hook.take().len(), 0, "{end} {}", serving.said());
        assert_eq!(serving.said().matches("exit 0: it had done its work").count(), 2, "{end} {}", serving.said());
        stage.truecost(&["run"]);
        let asked = stage.truecost(&["query", "--format", "csv", "SELECT number, exit FROM ops.run"]);
        assert_eq!(String::from_utf8_lossy(&asked.stdout).lines().collect::<Vec<_>>(), ["number,exit", "1,0"], "{end}");
    }
}

#[test]
fn an_edit_that_is_not_valid_holds_slots_until_it_is_mended() {
    let (stage, hook) = (Stage::new(""), notices::Server::start());
    stage.edit("pipelines/partnership.yaml", "allow_hosts: []", &format!("allow_hosts: [\"{}\"]", hook.at()));
    stage.put("hook", &format!("http://{}/hook", hook.at()));
    let channel = "channels:\n  ops: {webhook: {url: \"${file:hook}\"}}\ntell:\n- {events: [held], channels: [ops]}\n";
    stage.put("pipelines/notify.yaml", channel);
    let serving = stage.serve("2018-05-01T04:00:00Z");
    serving.idle("2018-05-01T04:00:00Z");
    stage.drops(4);
    stage.edit(LEDGER, "into: ledger_line\n", "inot: ledger_line\n");
    serving.step("2018-05-01T05:00:00Z");
    assert_eq!((stage.taken().len(), serving.answers("GET", "/ready")), (0, (503, format!("held: TC0604 {LEDGER}:2\n"))));
    assert_eq!(serving.answers("GET", "/health").0, 200);
    let listed = stage.truecost(&["schedule", "list"]);
    let text = String::from_utf8_lossy(&listed.stdout);
    assert!(text.contains(&format!("held: TC0604 {LEDGER}:2")) && listed.status.code() == Some(2), "{text}");
    stage.edit(LEDGER, "inot: ledger_line\n", "into: ledger_line\n");
    serving.signal("HUP");
    patiently("the slot to be taken", || (stage.taken().len() == 1).then_some(()));
    serving.step("2018-05-01T05:30:00Z");
    assert_eq!((stage.release().as_str(), serving.answers("GET", "/ready").0), ("r0001", 200));
    let told: Vec<String> = hook.take().iter().map(|asked| asked.json()["text"].as_str().unwrap_or_default().to_owned()).collect();
    assert_eq!(told.len(), 2, "once, and once more when it is over: {told:?}");
    assert!(told[0].starts_with(&format!("held: TC0604 {LEDGER}:2")) && told[1].starts_with("over: "), "{told:?}");
}

/// The query of a feed is read by the run and not by the scheduler: its slot is taken, others go on, and it is taken again when it is mended.
#[test]
fn a_query_that_is_not_sound_holds_no_others_and_its_slot_is_taken_again_when_it_is_mended() {
    let stage = Stage::new("");
    let serving = stage.serve("2018-05-01T04:00:00Z");
    serving.idle("2018-05-01T04:00:00Z");
    stage.drops(4);
    let sql = LEDGER.replace(".yaml", ".sql");
    stage.edit(&sql, "SELECT", "SELEKT");
    serving.step("2018-05-01T05:00:00Z");
    assert_eq!(stage.taken(), [("2018-05-01T05:00:00Z".to_owned(), 1, Some(2))]);
    assert!(!serving.said().contains("held"), "{}", serving.said());
    serving.step("2018-05-01T07:00:00Z");
    assert_eq!((stage.taken().len(), serving.answers("GET", "/ready").0), (1, 200));
    stage.edit(&sql, "SELEKT", "SELECT");
    serving.signal("HUP");
    patiently("the slot to be taken again", || (stage.taken() == [("2018-05-01T05:00:00Z".to_owned(), 2, Some(0))]).then_some(()));
    serving.step("2018-05-01T07:30:00Z");
    assert_eq!((stage.release().as_str(), stage.taken().len()), ("r0001", 1));
}

/// A clock that stood days in the future has taken slots; it is set right: they are not believed, somebody is told once, and work goes on.
#[test]
fn slots_taken_in_the_future_are_told_once_and_not_believed() {
    let (stage, hook) = (Stage::new(""), notices::Server::start());
    stage.edit("pipelines/partnership.yaml", "allow_hosts: []", &format!("allow_hosts: [\"{}\"]", hook.at()));
    stage.put("hook", &format!("http://{}/hook", hook.at()));
    let channel = "channels:\n  ops: {webhook: {url: \"${file:hook}\"}}\ntell:\n- {events: [clock], channels: [ops]}\n";
    stage.put("pipelines/notify.yaml", channel);
    stage.drops(4);
    let ahead = stage.serve("2018-05-10T04:00:00Z");
    ahead.idle("2018-05-10T04:00:00Z");
    ahead.step("2018-05-10T05:00:00Z");
    assert_eq!(stage.taken(), [("2018-05-10T05:00:00Z".to_owned(), 1, Some(0))]);
    ahead.signal("TERM");
    assert_eq!(ahead.ends(), Some(0));
    assert!(hook.take().is_empty());
    let right = stage.serve_as("2018-05-01T04:00:00Z", "right");
    right.idle("2018-05-01T04:00:00Z");
    stage.drops(5);
    right.step("2018-05-01T05:00:00Z");
    assert_eq!((stage.taken().last().unwrap(), stage.release().as_str()), (&("2018-05-01T05:00:00Z".to_owned(), 1, Some(0)), "r0002"));
    stage.drops(6);
    right.step("2018-05-02T05:00:00Z");
    assert_eq!(stage.release(), "r0003");
    let told: Vec<Value> = hook.take().iter().map(notices::Asked::json).collect();
    assert_eq!(told.len(), 1, "{told:?}");
    let text = told[0]["text"].as_str().unwrap();
    assert!(text.contains("slots of ashvale/general_ledger had been taken up to 2018-05-10T05:00:00Z, more than 25 hours ahead"), "{text}");
    assert_eq!((&told[0]["kind"], &told[0]["over"], &told[0]["feed"]), (&"clock".into(), &false.into(), &"ashvale/general_ledger".into()));
}

#[test]
fn whatever_is_killed_a_slot_is_run_once() {
    let stage = Stage::new("");
    let mut serving = stage.serve("2018-05-01T04:00:00Z");
    serving.idle("2018-05-01T04:00:00Z");
    for day in 1..=4_u32 {
        stage.drops(3 + day);
        let at = format!("2018-05-0{day}T05:00:00Z");
        serving.set(&at);
        // The scheduler dies at another moment each day, with its run under way; the run itself goes on.
        std::thread::sleep(Duration::from_millis(u64::from(day) * 40));
        serving.signal("KILL");
        let _ = serving.process.wait();
        serving = stage.serve(&at);
        // Where the run of the other still holds the lake, it is asked for again half a minute later.
        let mut now = at.clone();
        patiently("the slot to be done", || {
            serving.idle(&now);
            let done = stage.taken().iter().any(|(slot, _, exit)| *slot == at && *exit == Some(0));
            if !done {
                now = format!("2018-05-0{day}T05:{}Z", if now.ends_with("05:00:00Z") { "00:31" } else { "01:02" });
                serving.step(&now);
            }
            done.then_some(())
        });
    }
    assert_eq!((stage.taken().len(), stage.release().is_empty()), (4, false));
    let verified = stage.truecost(&["release", "verify", "--all"]);
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));
}

/// A month's only run finds the channel down: what it has to say is sent again long before the next one.
#[test]
fn what_a_channel_did_not_take_is_sent_again_between_runs() {
    let (stage, server) = (Stage::new(""), notices::Server::start());
    stage.edit(LEDGER, "schedule: \"0 6 * * 1-5\"", "schedule: \"0 6 1 * *\"");
    stage.edit("pipelines/partnership.yaml", "allow_hosts: []", &format!("allow_hosts: [\"{}\"]", server.at()));
    stage.put("hook", &format!("http://{}/hook", server.at()));
    let tell = "channels:\n  finance: {webhook: {url: \"${file:hook}\"}}\ntell:\n- {events: [released], channels: [finance]}\n";
    stage.put("pipelines/notify.yaml", tell);
    server.answers("503 Busy");
    stage.drops(4);
    let serving = stage.serve("2018-05-01T04:59:00Z");
    serving.idle("2018-05-01T04:59:00Z");
    assert_eq!(serving.step("2018-05-01T05:00:00Z"), "2018-05-01T05:01:00Z", "{}", serving.said());
    assert_eq!(server.take().len(), 1, "{}", serving.said());
    assert_eq!(serving.step("2018-05-01T05:01:00Z"), "2018-05-01T05:03:00Z", "{}", serving.said());
    let again = server.take();
    assert_eq!(again.len(), 1, "{}", serving.said());
    server.answers("200 OK");
    assert_eq!(serving.step("2018-05-01T05:03:00Z"), "2018-06-01T05:00:00Z", "{}", serving.said());
    let taken = server.take();
    assert_eq!((taken.len(), taken[0].header("idempotency-key")), (1, again[0].header("idempotency-key")));
    serving.step("2018-05-01T06:00:00Z");
    assert_eq!(server.take().len(), 0, "{}", serving.said());
    serving.signal("TERM");
    assert_eq!(serving.ends(), Some(0));
}

#[test]
fn two_on_one_lake_run_each_slot_once() {
    let stage = Stage::new("");
    let one = stage.serve_as("2018-05-01T04:00:00Z", "clock");
    let other = stage.serve_as("2018-05-01T04:00:00Z", "other");
    one.idle("2018-05-01T04:00:00Z");
    other.idle("2018-05-01T04:00:00Z");
    for (day, month) in [(1, 4), (2, 5), (3, 6)] {
        stage.drops(month);
        let at = format!("2018-05-0{day}T05:00:00Z");
        one.set(&at);
        other.set(&at);
        one.idle(&at);
        other.idle(&at);
        // Whoever found the lake held asks again.
        let later = format!("2018-05-0{day}T05:00:31Z");
        one.step(&later);
        other.step(&later);
    }
    let taken = stage.taken();
    assert!(taken.iter().all(|(_, attempts, exit)| (*attempts, *exit) == (1, Some(0))) && taken.len() == 3, "{taken:?}");
    assert_eq!(fs::read_dir(stage.at("lake/runs")).unwrap().count(), 3, "three runs did something");
}

#[test]
fn the_unit_of_the_guide_is_one_that_systemd_takes() {
    if Command::new("systemd-analyze").arg("--version").output().is_err() {
        eprintln!("skipped: there is no systemd-analyze on this machine (Debian: systemd)");
        return;
    }
    let page = fs::read_to_string(places::root().join("docs/running.md")).unwrap();
    let unit = page.split("```ini\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("truecost.service");
    // The program lies elsewhere on the machine that tests it.
    fs::write(&path, unit.replace("/usr/local/bin/truecost", PROGRAM)).unwrap();
    let done = Command::new("systemd-analyze").arg("verify").arg(&path).output().unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success() && said.trim().is_empty(), "{said}");
    let done = Command::new("systemd-analyze").args(["security", "--offline=true", "--threshold=20"]).arg(&path).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stdout));
}

#[test]
fn questions_that_are_too_long_too_slow_or_too_many_are_ended() {
    let stage = Stage::new("");
    let serving = stage.serve("2018-05-01T04:00:00Z");
    serving.idle("2018-05-01T04:00:00Z");
    let port = serving.port();
    let mut long = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let head = format!("GET /health HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "y".repeat(20 << 10));
    // It may be closed while it is still written.
    let _ = long.write_all(head.as_bytes());
    let mut said = String::new();
    let _ = long.read_to_string(&mut said);
    assert!(!said.contains("200 OK"), "{said}");
    let slow: Vec<TcpStream> = (0..64).map(|_| TcpStream::connect(("127.0.0.1", port)).unwrap()).collect();
    std::thread::sleep(Duration::from_millis(500));
    let mut further = TcpStream::connect(("127.0.0.1", port)).unwrap();
    further.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    assert!(matches!(further.read(&mut [0; 16]), Ok(0) | Err(_)), "one more than there is room for is closed");
    drop(slow);
    patiently("room again", || std::panic::catch_unwind(|| serving.answers("GET", "/health")).ok().filter(|(code, _)| *code == 200));
}
