//! What a store's client may connect to, with real servers of this machine; what a question may
//! take; what an interrupt says.

#![allow(clippy::expect_used, clippy::panic)]

use std::{
    collections::BTreeSet,
    io::{Read, Write},
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use truecost::{diagnostic::Diagnostic, domain::Location, source::connect_with};
use url::Url;

/// A server of this machine that answers every request alike, and counts them.
struct Server {
    port: u16,
    asked: Arc<AtomicUsize>,
}

const NOTHING: &str = "<?xml version=\"1.0\"?><ListBucketResult><Name>b</Name><IsTruncated>false</IsTruncated></ListBucketResult>";

fn empty_bucket() -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{NOTHING}", NOTHING.len())
}

fn sends_on(to: &str) -> String {
    format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
}

fn serve(answer: String) -> Server {
    serve_on(TcpListener::bind("127.0.0.1:0").expect("a port"), answer)
}

fn serve_on(listener: TcpListener, answer: String) -> Server {
    let port = listener.local_addr().expect("an address").port();
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    // Ends with the test's process.
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            count.fetch_add(1, Ordering::SeqCst);
            stream.set_read_timeout(Some(Duration::from_secs(2))).expect("set");
            let mut seen = Vec::new();
            let mut buffer = [0; 4096];
            while !seen.windows(4).any(|end| end == b"\r\n\r\n") {
                match stream.read(&mut buffer) {
                    Ok(0) | Err(_) => break,
                    Ok(read) => seen.extend_from_slice(&buffer[..read]),
                }
            }
            // Whoever asked may have gone away.
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    Server { port, asked }
}

impl Server {
    fn at(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

const KEYS: [(&str, &str); 2] = [("aws_access_key_id", "key"), ("aws_secret_access_key", "secret")];

/// Lists `s3://b/p` at an endpoint; the names found, or the first report.
#[allow(clippy::result_large_err)] // a report as the test looks at it
fn list(endpoint: &str, allow: &[&str], more: &[(&str, &str)]) -> Result<usize, Diagnostic> {
    let endpoint = format!("http://{endpoint}");
    let settings = [("aws_endpoint", endpoint.as_str()), ("aws_allow_http", "true"), ("aws_region", "eu-west-2")];
    let settings: Vec<(String, String)> = settings.iter().chain(more).map(|(name, value)| ((*name).into(), (*value).into())).collect();
    let allow: Vec<String> = allow.iter().map(ToString::to_string).collect();
    let location = Location::Url(Url::parse("s3://b/p").expect("a URL"));
    let listed = connect_with(&location, &allow, &settings).and_then(|source| source.list());
    listed.map(|listing| listing.entries.len()).map_err(|refusal| refusal.0[0].clone())
}

#[test]
fn b4_a_redirect_is_judged_like_a_first_url() {
    let inner = serve(empty_bucket());
    for to in ["127.0.0.1", "localhost", "127.1", "2130706433", "[::ffff:127.0.0.1]"] {
        let store = serve(sends_on(&format!("http://{to}:{}/latest/meta-data", inner.port)));
        let report = list(&store.at(), &[&store.at()], &KEYS).expect_err("refused");
        assert_eq!((report.code.id, store.asked()), ("TC0506", 1), "{to}: {report:?}");
    }
    assert_eq!(inner.asked(), 0, "it was asked although nobody listed it");
}

#[test]
fn b4_a_redirect_to_a_host_that_is_listed_is_followed() {
    let inner = serve(empty_bucket());
    let store = serve(sends_on(&format!("http://{}/b", inner.at())));
    assert_eq!(list(&store.at(), &[&store.at(), &inner.at()], &KEYS), Ok(0));
    assert_eq!((store.asked(), inner.asked()), (1, 1));
}

#[test]
fn b4_the_second_of_two_redirects_is_judged() {
    let inner = serve(empty_bucket());
    let second = serve(sends_on(&format!("http://{}/b", inner.at())));
    let first = serve(sends_on(&format!("http://{}/b", second.at())));
    let report = list(&first.at(), &[&first.at(), &second.at()], &KEYS).expect_err("refused");
    assert_eq!((report.code.id, first.asked(), second.asked(), inner.asked()), ("TC0506", 1, 1, 0));
    assert!(report.seen.contains(&inner.at()), "{}", report.seen);
}

#[test]
fn b4_redirects_without_end_are_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let store = serve_on(listener, sends_on(&format!("http://127.0.0.1:{port}/b")));
    let report = list(&store.at(), &["127.0.0.1"], &KEYS).expect_err("not readable");
    assert_eq!(report.code.id, "TC0503", "{report:?}");
    assert!(store.asked() < 20, "{}", store.asked());
}

#[test]
fn b4_a_name_is_judged_by_what_it_resolves_to() {
    let store = serve(empty_bucket());
    let endpoint = format!("localhost:{}", store.port);
    assert_eq!(list(&endpoint, &[], &KEYS).expect_err("refused").code.id, "TC0506");
    assert_eq!(list(&endpoint, &["localhost:1"], &KEYS).expect_err("refused").code.id, "TC0506");
    assert_eq!(store.asked(), 0);
    assert_eq!(list(&endpoint, &[&endpoint], &KEYS), Ok(0));
    assert_eq!(store.asked(), 1);
}

#[test]
fn b4_without_credentials_no_metadata_service_is_asked() {
    let nothing = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let (store, metadata) = (serve(empty_bucket()), serve(nothing.to_owned()));
    let endpoint = format!("http://{}", metadata.at());
    let report = list(&store.at(), &[&store.at()], &[("aws_metadata_endpoint", &endpoint)]).expect_err("refused");
    assert_eq!((report.code.id, metadata.asked(), store.asked()), ("TC0506", 0, 0), "{report:?}");
    // The cloud's own address, which the client knows by itself.
    let report = list(&store.at(), &[&store.at()], &[]).expect_err("refused");
    assert_eq!((report.code.id, store.asked()), ("TC0506", 0), "{report:?}");
    assert!(report.seen.contains("169.254.169.254") && report.hint.contains("AWS_"), "{report:?}");
    // Where somebody lists it, it is asked.
    let answer = list(&store.at(), &[&store.at(), &metadata.at()], &[("aws_metadata_endpoint", &endpoint)]);
    assert!(answer.is_err() && metadata.asked() > 0, "{answer:?}");
}

// ── What the program itself does ─────────────────────────────────────────────────────────────────

const PROGRAM: &str = env!("CARGO_BIN_EXE_truecost");

fn start(dir: &Path, words: &[&str]) -> Child {
    let mut command = Command::new(PROGRAM);
    command.arg("-C").arg(dir).args(words).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().expect("truecost starts")
}

fn truecost(dir: &Path, words: &[&str]) -> (Option<i32>, String, String) {
    let ended = start(dir, words).wait_with_output().expect("ended");
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("UTF-8");
    (ended.status.code(), text(&ended.stdout), text(&ended.stderr))
}

fn signal(child: &Child, name: &str) {
    // It may have ended already.
    let _ = Command::new("kill").args([name, &child.id().to_string()]).stderr(Stdio::null()).status().expect("kill runs");
}

/// A synthetic partnership with ledgers, not yet run.
fn partnership() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    truecost::demo::write_partnership(dir.path()).expect("written");
    truecost::demo::write(&dir.path().join("drop"), 3_000, 1).expect("written");
    dir
}

/// Which release `latest.json` names.
fn latest(dir: &Path) -> Option<String> {
    let text = std::fs::read_to_string(dir.join("published/latest.json")).ok()?;
    let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    Some(json["release"].as_str().expect("a name").to_owned())
}

#[test]
fn c6_what_an_interrupt_says_is_true_at_that_moment() {
    let whole = {
        let dir = partnership();
        let started = Instant::now();
        assert_eq!(truecost(dir.path(), &["run"]).0, Some(0));
        started.elapsed()
    };
    let mut said = BTreeSet::new();
    for round in 0..16_u32 {
        let dir = partnership();
        let run = start(dir.path(), &["run"]);
        // Most of them towards the end, where a release is put in its place.
        std::thread::sleep(whole.mul_f64(0.7 + 0.02 * f64::from(round)));
        signal(&run, "-INT");
        let ended = run.wait_with_output().expect("ended");
        let report = String::from_utf8_lossy(&ended.stderr).into_owned();
        let now = latest(dir.path());
        match ended.status.code() {
            Some(0) => assert_eq!(now.as_deref(), Some("r0001")),
            Some(130) if report.contains("the last release is unchanged") => assert_eq!(now, None, "{report}"),
            Some(130) if report.contains("release r0001 is published") => assert_eq!(now.as_deref(), Some("r0001"), "{report}"),
            Some(130) => assert!(report.contains("it answers, or the one before"), "{report}"),
            other => panic!("{other:?}: {report}"),
        }
        said.insert((ended.status.code(), now.is_some()));
    }
    println!("interrupted: {said:?}");
}

const ENDLESS: &str = "with recursive n as (select 1 as i union all select i from n) select count(*) from n";

#[test]
fn b7_ctrl_c_ends_a_question_and_the_process_that_answers_it() {
    let dir = partnership();
    for name in ["-INT", "-TERM"] {
        let question = start(dir.path(), &["query", ENDLESS]);
        std::thread::sleep(Duration::from_millis(700));
        signal(&question, name);
        let ended = question.wait_with_output().expect("ended");
        let report = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert_eq!((ended.status.code(), report.matches("TC0107").count()), (Some(130), 1), "{report}");
        assert!(ended.stdout.is_empty());
    }
}

#[test]
fn b7_a_question_may_not_take_more_than_its_limit() {
    let dir = partnership();
    let question = start(
        dir.path(),
        &[
            "query",
            "with recursive r as (select 'xxxxxxxxxxxxxxxx' as t, 0 as n union all select t || t, n + 1 from r where n < 60) select max(length(t)) from r",
        ],
    );
    let ended = question.wait_with_output().expect("ended");
    assert_eq!(ended.status.code(), Some(1), "{}", String::from_utf8_lossy(&ended.stderr));
    // Answers that were possible stay so.
    assert_eq!(truecost(dir.path(), &["query", "--format", "csv", "select 1 as one"]).1, "one\n1\n");
}

#[test]
fn d_a_file_of_unknown_keys_is_read_in_time_that_grows_with_it() {
    let dir = partnership();
    let feed = dir.path().join("pipelines/newham/general_ledger.yaml");
    let text = std::fs::read_to_string(&feed).expect("read");
    let mut took = Vec::new();
    for keys in [5_000_u32, 50_000] {
        let more: String = (0..keys).map(|n| format!("key_{n}: {n}\n")).collect();
        std::fs::write(&feed, format!("{text}{more}")).expect("written");
        let started = Instant::now();
        let (code, _, report) = truecost(dir.path(), &["validate"]);
        took.push(started.elapsed());
        assert_eq!((code, report.matches("error[TC0604]").count()), (Some(2), 20));
        assert!(report.contains(&format!("{} more of this kind in this file are not shown", keys - 20)), "{report}");
    }
    println!("5,000 and 50,000 unknown keys: {took:?}");
    // Ten times the keys in a hundred times the time would be the fault.
    assert!(took[1] < took[0] * 30 + Duration::from_secs(1), "{took:?}");
}

#[test]
fn b6_what_a_question_or_a_command_names_is_cleaned_too() {
    let dir = partnership();
    let bad = "a\u{1b}[2Jb\u{9b}1m\u{202e}c\rd";
    let commands: [&[&str]; 8] = [
        &["query", &format!("select 1 as \"{bad}\"")],
        &["--json", "query", &format!("select '{bad}' as \"{bad}\"")],
        &["query", "--format", "json", &format!("select '{bad}' as \"{bad}\"")],
        &["query", &format!("select 1 from {bad}")],
        &["query", &format!("select \"{bad}\" from reference.account")],
        &["run", bad],
        &["explain", "code", bad],
        &[bad],
    ];
    for words in commands {
        let (_, out, err) = truecost(dir.path(), words);
        let hidden = |c: &char| truecost::domain::is_hidden(*c) && *c != '\n';
        assert!(!out.is_empty() || !err.is_empty());
        assert_eq!(out.chars().chain(err.chars()).find(hidden), None, "{words:?}\n{out:?}\n{err:?}");
    }
    // A program gets it to the byte.
    let csv = truecost(dir.path(), &["query", "--format", "csv", &format!("select '{bad}' as t")]);
    assert_eq!(csv.1, format!("t\n\"{bad}\"\n"));
}

#[test]
fn b6_no_transcript_shows_what_a_terminal_obeys() {
    let hidden = |line: &&str| line.starts_with(['>', '!']) && line.chars().any(truecost::domain::is_hidden);
    let mut shown = 0;
    for path in crate::transcript::below("found").iter().filter(|path| path.to_string_lossy().contains("/B6_")) {
        let text = std::fs::read_to_string(path).expect("read");
        assert_eq!(text.lines().filter(hidden).collect::<Vec<_>>(), Vec::<&str>::new(), "{}", path.display());
        shown += text.matches('\u{fffd}').count();
    }
    assert!(shown > 20, "the texts that were cleaned are not in the output: {shown}");
}
