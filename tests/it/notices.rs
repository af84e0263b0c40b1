//! Notices, with a real HTTP server of this machine that counts: once for an event, once more when it is over; tried again where that can
//! help; and nothing of a person or a row in what is sent.

use std::{
    io::{Read, Write},
    net::TcpListener,
    path::Path,
    process::Command,
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::Value;

use crate::{places, transcript};

/// What was asked: path, headers in small letters, body.
#[derive(Clone, Debug)]
pub struct Asked {
    path: String,
    head: String,
    body: String,
}

impl Asked {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")))
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("JSON")
    }
}

/// A server that answers what it is told to, and keeps what it was asked.
pub struct Server {
    port: u16,
    asked: Arc<Mutex<Vec<Asked>>>,
    answer: Arc<Mutex<String>>,
}

impl Server {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let server = Self { port, asked: Arc::default(), answer: Arc::new(Mutex::new("200 OK".to_owned())) };
        let (asked, answer) = (server.asked.clone(), server.answer.clone());
        // Ends with the test's process.
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.expect("a connection");
                stream.set_read_timeout(Some(Duration::from_secs(5))).expect("set");
                asked.lock().expect("whole").extend(read(&mut stream));
                let status = answer.lock().expect("whole").clone();
                let _ = stream.write_all(format!("HTTP/1.1 {status}\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok").as_bytes());
            }
        });
        server
    }

    pub fn answers(&self, status: &str) {
        status.clone_into(&mut self.answer.lock().expect("whole"));
    }

    /// What was asked since the last time.
    pub fn take(&self) -> Vec<Asked> {
        std::mem::take(&mut *self.asked.lock().expect("whole"))
    }

    pub fn at(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }
}

fn read(stream: &mut impl Read) -> Option<Asked> {
    let (mut seen, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let text = String::from_utf8_lossy(&seen).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let lower = head.to_ascii_lowercase().replace('\r', "");
            let length = lower.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
            if body.len() >= length {
                let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
                return Some(Asked { path, head: lower, body: body.to_owned() });
            }
        }
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return None,
            Ok(read) => seen.extend_from_slice(&buffer[..read]),
        }
    }
}

pub struct House {
    folder: tempfile::TempDir,
    pub server: Server,
}

const EVENTS: &str = "refused, waiting, late, missing, arrived, check_failed, run_failed, released";

impl House {
    pub fn new(channel: &str) -> Self {
        let (folder, server) = (tempfile::tempdir().expect("a folder"), Server::start());
        for shared in ["pipelines/cost", "schemas/common", "schemas/reference", "schemas/published"] {
            places::copy(&places::root().join(shared), &folder.path().join(shared));
        }
        places::copy(&places::root().join("tests/fixtures/ashvale"), folder.path());
        let house = Self { folder, server };
        house.change("pipelines/partnership.yaml", "allow_hosts: []", &format!("allow_hosts: [\"{}\"]", house.server.at()));
        house.put(
            "pipelines/notify.yaml",
            &format!("channels:\n  finance: {{webhook: {{url: \"${{env:HOOK}}\"{channel}}}}}\ntell:\n- {{events: [{EVENTS}], channels: [finance]}}\n"),
        );
        house
    }

    pub fn dir(&self) -> &Path {
        self.folder.path()
    }

    fn put(&self, file: &str, text: &str) {
        let path = self.dir().join(file);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(&path, text).expect("written");
        std::fs::File::options().write(true).open(&path).expect("opened").set_modified(transcript::settled_time()).expect("dated");
    }

    pub fn change(&self, file: &str, from: &str, to: &str) {
        let text = std::fs::read_to_string(self.dir().join(file)).expect("a file");
        assert!(text.contains(from), "{file} does not hold {from}");
        std::fs::write(self.dir().join(file), text.replacen(from, to, 1)).expect("written");
    }

    /// The ledger of a month; its footer says `total`.
    pub fn ledger(&self, month: u32, total: &str) {
        let text = format!(
            "Ref;Seq;Posted;Centre;Nature;Value;Text\nA1;1;03/{month:02}/2018;A100;4100;1250.00;Mrs Zwartkopfsen\n\
             A1;2;03/{month:02}/2018;A900;9000;-1250.00;control\nTOTAL;;;;;{total};\n"
        );
        self.put(&format!("drop/ashvale/general_ledger/ashvale_2018_{month:02}.csv"), &text);
    }

    pub fn run(&self, words: &[&str], crash: &str) -> (i32, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_truecost"));
        command.arg("-C").arg(self.dir()).args(words).env("HOOK", format!("http://{}/hook", self.server.at())).env("KEY", "hush");
        if !crash.is_empty() {
            command.env("TRUECOST_CRASH", crash);
        }
        let done = command.output().expect("the program runs");
        let said = format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
        (done.status.code().unwrap_or(-1), said)
    }

    /// Kind, subject and whether it is over, of what was sent since the last time.
    pub fn told(&self) -> Vec<(String, bool)> {
        let told = |asked: &Asked| (asked.json()["kind"].as_str().expect("a kind").to_owned(), asked.json()["over"] == true);
        self.server.take().iter().map(told).collect()
    }
}

pub fn told(kinds: &[(&str, bool)]) -> Vec<(String, bool)> {
    kinds.iter().map(|(kind, over)| ((*kind).to_owned(), *over)).collect()
}

#[test]
fn somebody_is_told_once_and_once_more_when_it_is_over() {
    let house = House::new("");
    house.ledger(4, "0.00");
    assert_eq!(house.run(&["run"], "").0, 0);
    assert_eq!(house.told(), told(&[("released", false)]));
    house.ledger(5, "17.00");
    assert_eq!(house.run(&["run"], "").0, 1);
    let sent = house.server.take();
    assert_eq!(sent.len(), 1, "{sent:?}");
    let refused = sent[0].json();
    assert_eq!((refused["kind"].as_str(), refused["feed"].as_str()), (Some("refused"), Some("ashvale/general_ledger")));
    assert!(refused["text"].as_str().expect("a text").contains("TC04"), "{refused}");
    assert_eq!(sent[0].header("idempotency-key"), refused["id"].as_str());
    // Nothing new: nobody is told again.
    house.run(&["run"], "");
    assert_eq!(house.told(), told(&[]));
    house.ledger(5, "0.00");
    assert_eq!(house.run(&["run"], "").0, 0);
    let mut now = house.told();
    now.sort();
    assert_eq!(now, told(&[("refused", true), ("released", false)]));
    house.run(&["run"], "");
    assert_eq!(house.told(), told(&[]));
}

#[test]
fn what_is_late_is_told_and_that_it_arrived() {
    let house = House::new("");
    house.change("pipelines/ashvale/general_ledger.yaml", "active:", "due: {working_day: 5, since: 2018/P01}\nactive:");
    house.change("pipelines/ashvale/general_ledger.yaml", "active: {from: 2018-04-01}", "active: {from: 2018-04-01, to: 2018-06-01}");
    house.ledger(4, "0.00");
    let (code, said) = house.run(&["run"], "");
    assert_eq!(code, 4, "{said}");
    // May's is due for years.
    assert!(house.told().contains(&("missing".to_owned(), false)));
    house.ledger(5, "0.00");
    let (code, said) = house.run(&["run"], "");
    assert_eq!(code, 0, "{said}");
    assert!(house.told().contains(&("arrived".to_owned(), true)));
}

/// A file that brings three months is late once, let go once, and late no more once.
#[test]
fn a_late_quarter_is_told_once_and_let_go_once() {
    let (house, feed) = (House::new(""), "pipelines/ashvale/general_ledger.yaml");
    house.change(feed, "extent: one", "extent: quarter");
    house.change(feed, "active: {from: 2018-04-01}", "due: {working_day: 5, since: 2018/P01}\nactive: {from: 2018-04-01, to: 2018-10-01}");
    house.ledger(6, "0.00");
    let (code, said) = house.run(&["run"], "");
    assert_eq!(code, 4, "{said}");
    assert!(said.contains("truecost supply waive ashvale/general_ledger 2018/P04..2018/P06 --by NAME --reason TEXT"), "{said}");
    let told =
        |kind: &str| house.server.take().iter().map(Asked::json).filter(|n| n["kind"] == kind).map(|n| n["text"].to_string()).collect();
    let missing: Vec<String> = told("missing");
    assert!(missing.len() == 1 && missing[0].contains("ashvale/general_ledger 2018/P04..2018/P06 was due"), "{missing:?}");
    let waive = ["supply", "waive", "ashvale/general_ledger", "2018/P04..2018/P06", "--by", "ann", "--reason", "no ledger"];
    let (code, said) = house.run(&waive, "");
    assert_eq!((code, said.trim()), (0, "ashvale/general_ledger 2018/P04..2018/P06: waived: nothing of it is late or missing any more"));
    assert_eq!(house.run(&["run"], "").0, 0);
    let arrived: Vec<String> = told("arrived");
    assert!(arrived.len() == 1 && arrived[0].contains("2018/P04..2018/P06"), "{arrived:?}");
    let (code, said) = house.run(&[&waive[..], &["--undo"]].concat(), "");
    assert_eq!((code, said.trim()), (0, "ashvale/general_ledger 2018/P04..2018/P06: expected again"));
    // What is not expected of the feed is not meant, however far it is asked for; where nothing is, that is said.
    let (code, said) = house.run(&["supply", "waive", "ashvale/general_ledger", "2018/P06..9998/P12", "--by", "ann", "--reason", "no"], "");
    assert_eq!(code, 0, "{said}");
    assert!(said.starts_with("ashvale/general_ledger 2018/P06: waived"), "{said}");
    let undo = ["supply", "waive", "ashvale/general_ledger", "1900/P01..9998/P12", "--undo", "--by", "ann", "--reason", "no"];
    assert_eq!(house.run(&undo, "").1.trim(), "ashvale/general_ledger 2018/P06: expected again");
    let (code, said) = house.run(&["supply", "waive", "ashvale/general_ledger", "2018/P07..2018/P09", "--by", "ann", "--reason", "no"], "");
    assert!(code == 2 && said.contains("2018/P07 of ashvale/general_ledger is not expected"), "{said}");
}

/// What came late and was refused is not there: nobody is told that it arrived before it counts.
#[test]
fn what_was_late_and_is_refused_is_not_over() {
    let (house, feed) = (House::new(""), "pipelines/ashvale/general_ledger.yaml");
    house.change(feed, "active: {from: 2018-04-01}", "due: {working_day: 5}\nactive: {from: 2018-04-01, to: 2018-05-01}");
    assert_eq!(house.run(&["run"], "").0, 4);
    assert_eq!(house.told(), told(&[("missing", false)]));
    house.ledger(4, "9.00");
    assert_eq!(house.run(&["run"], "").0, 1);
    assert_eq!(house.told(), told(&[("refused", false)]), "it is overdue as before");
    house.ledger(4, "0.00");
    assert_eq!(house.run(&["run"], "").0, 0);
    let mut told_now = house.told();
    told_now.sort();
    assert_eq!(told_now, told(&[("arrived", true), ("refused", true), ("released", false)]));
}

/// A feed that brought months brings quarters, or a version before told of each month: what is late is told of already, and over when it came.
#[test]
fn what_a_file_covers_changes_and_nothing_is_over_by_that() {
    let (house, feed) = (House::new(""), "pipelines/ashvale/general_ledger.yaml");
    house.change(feed, "active: {from: 2018-04-01}", "due: {working_day: 5, since: 2018/P01}\nactive: {from: 2018-04-01, to: 2018-07-01}");
    assert_eq!(house.run(&["run"], "").0, 4);
    assert_eq!(house.told(), told(&[("missing", false), ("missing", false), ("missing", false)]));
    house.change(feed, "extent: one", "extent: quarter");
    assert_eq!(house.run(&["run"], "").0, 4);
    assert_eq!(house.told(), told(&[]), "the quarter is as late as its months");
    house.change(feed, "extent: quarter", "extent: one");
    house.ledger(5, "0.00");
    assert_eq!(house.run(&["run"], "").0, 4);
    let mut told_now = house.told();
    told_now.sort();
    assert_eq!(told_now, told(&[("arrived", true), ("released", false)]), "May alone");
}

/// A closed month is reopened and says something else: told with the amounts, once; again only where the statement says another amount.
#[test]
fn a_restatement_is_told_once_for_what_it_says() {
    let house = House::new("");
    house.change("pipelines/notify.yaml", "events: [", "events: [restated, after_close, ");
    house.ledger(4, "0.00");
    assert_eq!(house.run(&["run"], "").0, 0);
    let by = ["--by", "A. Clerk", "--reason", "late salaries"];
    let act = |verb: &str| house.run(&[&["period", verb, "2018/P01"], &by[..]].concat(), "");
    assert_eq!(act("close").0, 0);
    house.server.take();
    let pays = |pounds: &str| {
        house.ledger(4, "0.00");
        house.change("drop/ashvale/general_ledger/ashvale_2018_04.csv", "4100;1250.00", &format!("4100;{pounds}"));
        house.change("drop/ashvale/general_ledger/ashvale_2018_04.csv", "9000;-1250.00", &format!("9000;-{pounds}"));
        house.run(&["run"], "")
    };
    let (code, said) = pays("1300.00");
    assert_eq!((code, house.told()), (0, told(&[("after_close", false)])), "{said}");
    assert_eq!(act("reopen").0, 0);
    assert_eq!(house.run(&["run"], "").0, 0);
    let texts = || -> Vec<String> {
        let asked = house.server.take();
        asked.iter().map(Asked::json).filter(|said| said["kind"] == "restated").map(|said| said["text"].to_string()).collect()
    };
    let first = texts();
    assert_eq!(first.len(), 1, "{first:?}");
    assert!(first[0].contains("2018/P01 is restated in release r0002 (statement 1)") && first[0].contains("£50.00 more"), "{first:?}");
    house.run(&["run"], "");
    house.run(&["run", "--force"], "");
    assert_eq!(texts(), Vec::<String>::new());
    pays("1310.00");
    let second = texts();
    assert!(second.len() == 1 && second[0].contains("£60.00 more"), "{second:?}");
    assert_eq!(act("close").0, 0);
    house.run(&["run"], "");
    assert_eq!(texts(), Vec::<String>::new(), "what is closed again is fixed");
}

#[test]
fn too_many_and_server_faults_are_tried_again_under_the_same_key_and_other_refusals_are_not() {
    for (status, again) in [("429 Too Many Requests", true), ("503 Busy", true), ("404 Not Found", false), ("302 Found", false)] {
        let house = House::new("");
        house.server.answers(status);
        house.ledger(4, "0.00");
        let (code, said) = house.run(&["run"], "");
        assert_eq!(code, 0, "{said}");
        assert!(said.contains("warning[TC1501]"), "{said}");
        assert!(!said.contains("/hook"), "the address is shown: {said}");
        let first = house.server.take();
        house.server.answers("200 OK");
        house.run(&["run"], "");
        let second = house.server.take();
        assert_eq!((first.len(), second.len()), (1, usize::from(again)), "{status}");
        if let Some(second) = second.first() {
            assert_eq!(second.header("idempotency-key"), first[0].header("idempotency-key"));
            assert_eq!(second.body, first[0].body);
        }
        house.run(&["run"], "");
        assert_eq!(house.server.take().len(), 0, "{status}");
    }
}

/// What a channel says with `Retry-After` is when it is asked next, by whatever run; a clock that was set back by more than a day does not wait for it.
#[test]
fn a_channel_that_names_a_time_is_asked_at_that_time() {
    let house = House::new("");
    let at = |instant: &str| {
        house.put("clock", instant);
        let mut command = Command::new(env!("CARGO_BIN_EXE_truecost"));
        command.arg("-C").arg(house.dir()).arg("run").env("HOOK", format!("http://{}/hook", house.server.at()));
        command.env("TRUECOST_CLOCK", house.dir().join("clock")).output().expect("the program runs");
        house.server.take().len()
    };
    house.server.answers("429 Slow\r\nRetry-After: 7200");
    house.ledger(4, "0.00");
    house.ledger(5, "9.00");
    assert_eq!(at("2018-09-03T05:00:00Z"), 1, "it is not asked a second time by the same run");
    house.server.answers("200 OK");
    assert_eq!(at("2018-09-03T06:59:59Z"), 0);
    house.ledger(6, "8.00");
    assert_eq!(at("2018-09-03T06:59:59Z"), 0, "nor with what came since");
    assert_eq!(at("2018-09-03T07:00:01Z"), 3);
}

/// A channel that is down for a day and longer: one of several notices is tried by each run, and what is older than a day is given up, all of it.
/// What was given up is not sent when the channel is there again; what came since is.
#[test]
fn what_is_older_than_a_day_is_given_up_whichever_of_it_was_tried() {
    let house = House::new("");
    let at = |instant: &str, words: &[&str]| {
        house.put("clock", instant);
        let mut command = Command::new(env!("CARGO_BIN_EXE_truecost"));
        command.arg("-C").arg(house.dir()).args(words).env("HOOK", format!("http://{}/hook", house.server.at()));
        let done = command.env("TRUECOST_CLOCK", house.dir().join("clock")).output().expect("the program runs");
        String::from_utf8_lossy(&done.stdout).into_owned()
    };
    let states =
        |instant: &str| at(instant, &["query", "--format", "csv", "SELECT state, count(*) AS n FROM ops.notice GROUP BY 1 ORDER BY 1"]);
    house.server.answers("503 Busy");
    for (month, total) in [(4, "0.00"), (5, "9.00"), (6, "8.00"), (7, "7.00")] {
        house.ledger(month, total);
    }
    at("2018-09-03T05:00:00Z", &["run"]);
    assert_eq!(house.server.take().len(), 4, "a server's fault may be one notice's");
    assert_eq!(states("2018-09-03T05:00:00Z"), "state,n\nwaits,4\n");
    house.server.answers("429 Slow");
    house.ledger(8, "5.00");
    at("2018-09-04T05:00:01Z", &["run"]);
    assert_eq!(house.server.take().len(), 1, "a channel that asks for patience is not asked again by the same run");
    assert_eq!(states("2018-09-04T05:00:01Z"), "state,n\nfailed,4\nwaits,1\n");
    at("2018-09-04T06:00:00Z", &["run"]);
    assert_eq!(house.server.take().len(), 1, "what nobody was asked to take yet is sent");
    house.server.answers("200 OK");
    house.ledger(9, "6.00");
    at("2018-09-05T05:00:00Z", &["run"]);
    assert_eq!(house.told(), told(&[("refused", false), ("refused", false)]));
}

#[test]
fn a_crash_between_sending_and_marking_sends_once_more_under_the_same_key() {
    let house = House::new("");
    house.ledger(4, "0.00");
    assert_eq!(house.run(&["run"], "notice.sent:1:abort").0, -1);
    let first = house.server.take();
    house.run(&["run"], "");
    let second = house.server.take();
    house.run(&["run"], "");
    assert_eq!((first.len(), second.len(), house.server.take().len()), (1, 1, 0));
    assert_eq!(first[0].header("idempotency-key"), second[0].header("idempotency-key"));
}

#[test]
fn a_run_that_fails_is_told_and_that_the_next_one_did_not() {
    let house = House::new("");
    house.ledger(4, "0.00");
    assert_eq!(house.run(&["run"], "release.renamed:1:error").0, 3);
    assert_eq!(house.told(), told(&[("run_failed", false)]));
    assert_eq!(house.run(&["run"], "").0, 0);
    let mut now = house.told();
    now.sort();
    assert_eq!(now, told(&[("released", false), ("run_failed", true)]));
}

/// No delivery tells of a feed that cannot be read.
#[test]
fn a_feed_that_cannot_be_read_is_told_once_and_that_it_can() {
    let house = House::new("");
    house.ledger(4, "0.00");
    assert_eq!(house.run(&["run"], "").0, 0);
    house.told();
    std::fs::rename(house.dir().join("drop"), house.dir().join("away")).expect("renamed");
    assert_eq!(house.run(&["run", "--deliver"], "").0, 3);
    let asked = house.server.take();
    let said: Vec<Value> = asked.iter().map(Asked::json).collect();
    assert_eq!((said.len(), &said[0]["kind"], &said[0]["feed"]), (1, &"run_failed".into(), &"ashvale/general_ledger".into()), "{said:?}");
    assert!(said[0]["text"].as_str().is_some_and(|text| text.contains("TC0510")), "{said:?}");
    // It is told once, and a run that does not look at the feed does not know.
    house.run(&["run"], "");
    assert_eq!(house.run(&["run", "--cost"], "").0, 0);
    assert_eq!(house.told(), told(&[]));
    std::fs::rename(house.dir().join("away"), house.dir().join("drop")).expect("renamed");
    house.run(&["run"], "");
    assert_eq!(house.told(), told(&[("run_failed", true)]));
}

/// What dies says nothing: the next run does, once, however often it dies, and once more when one comes to its end.
#[test]
fn a_run_that_dies_is_told_by_the_next() {
    let house = House::new("");
    house.ledger(4, "0.00");
    house.run(&["run"], "run.delivered:1:abort");
    assert_eq!(house.told(), told(&[]));
    house.run(&["run"], "run.delivered:1:abort");
    assert_eq!(house.told(), told(&[("run_failed", false)]));
    for _ in 0..2 {
        assert_eq!(house.run(&["run", "--deliver"], "").0, 0);
    }
    assert_eq!(house.told(), told(&[]), "who delivers knows nothing of a cost run that died");
    house.run(&["run"], "");
    assert_eq!(house.told(), told(&[("run_failed", true), ("released", false)]));
    for _ in 0..2 {
        house.run(&["run"], "");
    }
    assert_eq!(house.told(), told(&[]));
}

#[test]
fn messages_have_the_shape_that_was_asked_for_and_are_signed() {
    for shape in ["teams", "slack", "json"] {
        let house = House::new(&format!(", shape: {shape}, sign: \"${{env:KEY}}\""));
        let (code, said) = house.run(&["notify", "test", "finance"], "");
        assert_eq!((code, said.as_str()), (0, "finance: 200 ok\n"));
        let asked = house.server.take();
        let message = asked[0].json();
        let text = match shape {
            "teams" => &message["attachments"][0]["content"]["body"][0]["text"],
            _ => &message["text"],
        };
        assert!(text.as_str().expect("a text").contains("a test"), "{message}");
        assert_eq!(asked[0].path, "/hook");
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, b"hush");
        let tag: String = ring::hmac::sign(&key, asked[0].body.as_bytes()).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(asked[0].header("x-truecost-signature"), Some(format!("sha256={tag}").as_str()));
    }
}

#[test]
fn nothing_of_a_row_is_sent() {
    let house = House::new("");
    house.ledger(4, "0.00");
    house.ledger(5, "17.00");
    house.put("drop/ashvale/general_ledger/ashvale_2018_06.csv", "Ref;Seq;Posted;Centre;Nature;Value;Zwartkopfsen\nA1;1;x;y;z;w;v\n");
    house.run(&["run"], "");
    let sent = house.server.take();
    assert!(sent.len() >= 2, "{sent:?}");
    assert!(sent.iter().all(|asked| !asked.body.contains("Zwartkopfsen")), "{sent:?}");
}

/// The blocks of docs/running.md from an empty folder to a notice, in order, with another port than that of the page.
fn page_blocks(port: u16) -> Vec<String> {
    let page = std::fs::read_to_string(places::root().join("docs/running.md")).expect("a page");
    let section = page.split("\n## ").find(|section| section.starts_with("From an empty folder")).expect("the section").to_owned();
    let blocks = section.split("```").skip(1).step_by(2);
    blocks.map(|block| block.split_once('\n').expect("a language").1.replace("8799", &port.to_string())).collect()
}

/// Ends with the test.
struct Receiver(std::process::Child);

impl Drop for Receiver {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A stranger does what the page says, word by word, and is told of the late file: the page's own receiver prints it.
#[test]
fn the_page_leads_from_an_empty_folder_to_a_notice_about_a_late_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port();
    let blocks = page_blocks(port);
    let [typed, expected, receiver, hook, notify, hosts, waived] = blocks.as_slice() else { panic!("{blocks:?}") };
    let types = |line: &str| -> (i32, String) {
        let done = Command::new("sh").arg("-c").arg(line).current_dir(folder.path()).env("PATH", path_with_program()).output().expect("sh");
        (done.status.code().unwrap_or(-1), format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr)))
    };
    let at = |file: &str| folder.path().join("first").join(file);
    let in_place_of = |file: &str, begins: &str, with: &str| {
        let text = std::fs::read_to_string(at(file)).expect("a file");
        assert_eq!(text.lines().filter(|line| line.starts_with(begins)).count(), 1, "{file}: {begins}");
        let lines = text.lines().map(|line| if line.starts_with(begins) { with.to_owned() } else { format!("{line}\n") });
        std::fs::write(at(file), lines.collect::<String>()).expect("written");
    };
    typed.lines().for_each(|line| assert_eq!(types(line).0, 0, "{line}: {}", types(line).1));
    in_place_of("pipelines/newham/supplier_spend.yaml", "active:", expected);
    in_place_of("pipelines/partnership.yaml", "allow_hosts:", &hosts.replace("8787", "0"));
    for (file, text) in [("receive.py", receiver), ("hook", hook), ("pipelines/notify.yaml", notify)] {
        std::fs::write(at(file), text).expect("written");
    }
    let received = folder.path().join("received");
    let out = std::fs::File::create(&received).expect("a file");
    let _receiver =
        Receiver(Command::new("python3").arg(at("receive.py")).stdout(out).stderr(std::process::Stdio::null()).spawn().expect("python3"));
    let until = std::time::Instant::now() + Duration::from_mins(1);
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() && std::time::Instant::now() < until {
        std::thread::sleep(Duration::from_millis(50));
    }
    let (code, said) = types("truecost -C first notify test");
    assert!(code == 0 && said.contains("finance: 200"), "{said}");
    let (code, said) = types("truecost -C first supply");
    assert!(code == 4 && said.contains("newham/supplier_spend  2018/P01") && said.contains("missing"), "{said}");
    for _ in 0..2 {
        let (code, said) = types("truecost -C first run");
        assert_eq!(code, 4, "{said}");
    }
    waived.lines().for_each(|line| assert_eq!(types(line).0, 0, "{line}"));
    let (code, said) = types("truecost -C first run");
    assert_eq!(code, 0, "{said}");
    let received = std::fs::read_to_string(received).expect("a file");
    let told: Vec<(String, bool)> = received
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON"))
        .map(|said| (said["kind"].as_str().expect("a kind").to_owned(), said["over"] == true))
        .collect();
    assert_eq!(told, self::told(&[("test", false), ("missing", false), ("arrived", true)]), "{received}");
}

/// Where the program that is tested is called `truecost`, as on a stranger's machine.
fn path_with_program() -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_truecost")).parent().expect("a folder");
    format!("{}:{}", program.display(), std::env::var("PATH").unwrap_or_default())
}
