//! Sources: one conformance suite for every adapter, and the transport cases T1–T11.
//!
//! The suite runs against a real S3 server where `TRUECOST_TEST_S3` names its endpoint
//! (`http://127.0.0.1:5555`, any credentials); without it those tests say so and pass.

use std::{
    collections::BTreeMap,
    fs,
    io::{Read, Write},
    net::TcpStream,
    os::unix::net::UnixListener,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use object_store::{ObjectStore, ObjectStoreExt, aws::AmazonS3Builder, memory::InMemory, path::Path as Key};
use truecost::{
    diagnostic::{Answer, Diagnostic, codes::source as codes, render_all},
    domain::Location,
    source::{Entry, Folder, Listing, Source, Store, connect, connect_with, needs_second_look, read_fault, settle},
};
use url::Url;

use crate::golden::golden;

/// A source, and the sender's side of it.
struct Fixture {
    source: Box<dyn Source>,
    /// How messages name the place; goldens say `<drop>` instead.
    shown: String,
    /// Writes a file, in place where it is there.
    put: Box<dyn Fn(&str, &[u8])>,
    remove: Box<dyn Fn(&str)>,
    /// Every file there is, read behind the source's back.
    all: Box<dyn Fn() -> BTreeMap<String, Vec<u8>>>,
    /// Kept until the fixture is dropped.
    _folder: Option<tempfile::TempDir>,
}

impl Fixture {
    fn list(&self) -> Listing {
        self.source.list().expect("the source can be listed")
    }

    fn only(&self) -> Entry {
        let listing = self.list();
        assert_eq!(listing.entries.len(), 1, "{listing:?}");
        listing.entries[0].clone()
    }

    fn read(&self, entry: &Entry, offset: u64) -> Answer<Vec<u8>> {
        let mut bytes = Vec::new();
        let mut reader = self.source.open(entry, offset)?;
        reader.read_to_end(&mut bytes).map_err(|error| read_fault(&entry.name, error))?;
        Ok(bytes)
    }

    fn golden(&self, case: &str, reports: &[Diagnostic]) {
        let text = render_all(reports, false).replace(&self.shown, "<drop>");
        golden(&format!("golden/source/{case}.txt"), &text);
    }
}

fn names(listing: &Listing) -> Vec<&str> {
    listing.entries.iter().map(|entry| entry.name.as_str()).collect()
}

// Fixtures

fn folder_fixture(connect_to: impl Fn(&Path) -> Box<dyn Source>) -> Fixture {
    let temp = tempfile::tempdir().expect("a folder");
    let path = temp.path().join("drop");
    fs::create_dir(&path).expect("a folder");
    let (put, remove, all) = (path.clone(), path.clone(), path.clone());
    Fixture {
        source: connect_to(&path),
        shown: path.display().to_string(),
        put: Box::new(move |name, bytes| fs::write(put.join(name), bytes).expect("written")),
        remove: Box::new(move |name| fs::remove_file(remove.join(name)).expect("removed")),
        all: Box::new(move || read_folder(&all)),
        _folder: Some(temp),
    }
}

fn read_folder(path: &Path) -> BTreeMap<String, Vec<u8>> {
    let name = |item: &fs::DirEntry| item.file_name().into_string().expect("UTF-8");
    let items = fs::read_dir(path).expect("listed").map(|item| item.expect("an item"));
    items.map(|item| (name(&item), fs::read(item.path()).expect("read"))).collect()
}

fn local() -> Fixture {
    folder_fixture(|path| connect(&Location::Folder(path.to_owned()), &[]).expect("connected"))
}

fn file_url() -> Fixture {
    folder_fixture(|path| connect(&Location::Url(Url::from_directory_path(path).expect("a URL")), &[]).expect("connected"))
}

fn memory() -> Fixture {
    let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
    let source = Store::over(store.clone(), None, Key::from("in/council/feed"), "memory:///in/council/feed").expect("a store");
    store_fixture(Box::new(source), store, "in/council/feed", "memory:///in/council/feed")
}

fn store_fixture(source: Box<dyn Source>, store: Arc<dyn ObjectStore>, prefix: &'static str, shown: &str) -> Fixture {
    let tokio = Arc::new(tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime"));
    let key = move |name: &str| Key::parse(format!("{prefix}/{name}")).expect("a key");
    let (put, remove, all) = ((store.clone(), tokio.clone()), (store.clone(), tokio.clone()), (store, tokio));
    Fixture {
        source,
        shown: shown.into(),
        put: Box::new(move |name, bytes| {
            put.1.block_on(put.0.put(&key(name), bytes.to_vec().into())).expect("put");
        }),
        remove: Box::new(move |name| remove.1.block_on(remove.0.delete(&key(name))).expect("deleted")),
        all: Box::new(move || all.1.block_on(read_store(&*all.0, prefix))),
        _folder: None,
    }
}

async fn read_store(store: &dyn ObjectStore, prefix: &str) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for meta in store.list_with_delimiter(Some(&Key::from(prefix))).await.expect("listed").objects {
        let bytes = store.get(&meta.location).await.expect("got").bytes().await.expect("read");
        found.insert(meta.location.filename().expect("a name").to_owned(), bytes.to_vec());
    }
    found
}

/// The endpoint of a real S3 server, or a plain message that there is none.
fn s3_endpoint() -> Option<String> {
    let endpoint = std::env::var("TRUECOST_TEST_S3").ok().filter(|url| !url.is_empty());
    if endpoint.is_none() {
        eprintln!("not run against an S3 server: TRUECOST_TEST_S3 is not set");
    }
    endpoint
}

fn s3_settings(endpoint: &str) -> Vec<(String, String)> {
    let pairs = [
        ("aws_endpoint", endpoint),
        ("aws_access_key_id", "test"),
        ("aws_secret_access_key", "test"),
        ("aws_region", "us-east-1"),
        ("aws_allow_http", "true"),
    ];
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec()
}

/// Each call makes a bucket of its own.
fn s3(endpoint: &str) -> (Fixture, String) {
    static BUCKETS: AtomicUsize = AtomicUsize::new(0);
    let bucket = format!("truecost-{}-{}", std::process::id(), BUCKETS.fetch_add(1, Ordering::Relaxed));
    raw_put(endpoint, &format!("/{bucket}"), b"");
    let url = format!("s3://{bucket}/in/feed/");
    let location = Location::Url(Url::parse(&url).expect("a URL"));
    let source = connect_with(&location, &["127.0.0.1".into(), "localhost".into()], &s3_settings(endpoint)).expect("connected");
    let settings = s3_settings(endpoint).into_iter().map(|(name, value)| (name.parse().expect("a setting"), value));
    let builder = AmazonS3Builder::new().with_url(&url).with_conditional_put(object_store::aws::S3ConditionalPut::Disabled);
    let store = settings.fold(builder, |builder, (name, value)| builder.with_config(name, value)).build().expect("a store");
    (store_fixture(source, Arc::new(store), "in/feed", url.trim_end_matches('/')), bucket)
}

/// A key that no client would write, as a hostile sender writes it.
fn raw_put(endpoint: &str, target: &str, body: &[u8]) {
    let host = endpoint.trim_start_matches("http://");
    let mut wire = TcpStream::connect(host).expect("the S3 server answers");
    let credential = "AWS4-HMAC-SHA256 Credential=test/20240101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0";
    let head = format!(
        "PUT {target} HTTP/1.1\r\nHost: {host}\r\nAuthorization: {credential}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    wire.write_all(head.as_bytes()).and_then(|()| wire.write_all(body)).expect("sent");
    let mut answer = String::new();
    wire.read_to_string(&mut answer).expect("answered");
    assert!(answer.starts_with("HTTP/1.1 200"), "{target}: {answer}");
}

// The suite

/// What every adapter owes; `fresh` gives an empty source each time.
fn conforms(fresh: &dyn Fn() -> Fixture) {
    an_empty_folder_offers_nothing(&fresh());
    lists_in_order_with_sizes(&fresh());
    offers_unicode_names(&fresh());
    opens_at_any_offset(&fresh());
    streams_a_large_file(&fresh());
    finds_one_file_by_name(&fresh());
    f25_refuses_a_changed_file(&fresh());
    f24_never_mixes_two_versions(&fresh());
    a_missing_file_is_worth_a_retry(&fresh());
    unsafe_names_reach_nothing(&fresh());
    leaves_everything_in_place(&fresh());
    can_be_used_from_within_a_runtime(&fresh());
}

fn an_empty_folder_offers_nothing(f: &Fixture) {
    let listing = f.list();
    assert_eq!((listing.entries.len(), listing.refused.len(), listing.notes.len()), (0, 0, 0), "{listing:?}");
}

fn lists_in_order_with_sizes(f: &Fixture) {
    for (name, size) in [("b.csv", 3), ("a.csv", 0), ("B.csv2", 1_000), ("a b (2).csv", 7)] {
        (f.put)(name, &vec![b'x'; size]);
    }
    let listing = f.list();
    assert_eq!(names(&listing), ["B.csv2", "a b (2).csv", "a.csv", "b.csv"]);
    assert_eq!(listing.entries.iter().map(|entry| entry.size).collect::<Vec<_>>(), [1_000, 7, 0, 3]);
    assert!(listing.entries.iter().all(|entry| !entry.identity.is_empty() && entry.modified_us > 1_600_000_000_000_000));
    assert_eq!(f.list().entries, listing.entries, "the same answer twice");
}

fn offers_unicode_names(f: &Fixture) {
    let given = ["Café £ 2024.csv", "Cafe\u{301} £ 2024.csv", "%41+&=#.csv", "台帳_04.csv", "Ωμέγα.csv"];
    given.iter().for_each(|name| (f.put)(name, name.as_bytes()));
    let mut sorted = given;
    sorted.sort_unstable();
    let listing = f.list();
    assert_eq!(names(&listing), sorted, "composed and decomposed letters are two names");
    for entry in &listing.entries {
        assert_eq!(f.read(entry, 0).expect("read"), entry.name.as_bytes());
        assert_eq!(f.source.look(&entry.name).expect("looked").as_ref(), Some(entry));
    }
}

fn opens_at_any_offset(f: &Fixture) {
    (f.put)("a.csv", b"0123456789");
    (f.put)("empty.csv", b"");
    let listing = f.list();
    for offset in 0..=10 {
        assert_eq!(f.read(&listing.entries[0], offset).expect("read"), &b"0123456789"[offset as usize..]);
    }
    assert!(f.read(&listing.entries[0], 11).is_err(), "beyond the end");
    assert_eq!(f.read(&listing.entries[1], 0).expect("read"), b"");
}

fn bytes_of(size: usize) -> Vec<u8> {
    (0..size as u64).map(|i| (i.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 56) as u8).collect()
}

fn streams_a_large_file(f: &Fixture) {
    let bytes = bytes_of(21 * 1024 * 1024 + 77);
    (f.put)("large.csv", &bytes);
    let entry = f.only();
    assert!(f.read(&entry, 0).expect("read") == bytes, "every byte");
    let half = 9 * 1024 * 1024 + 5;
    assert!(f.read(&entry, half as u64).expect("read") == bytes[half..], "every byte from the middle on");
    let mut some = [0; 10];
    f.source.open(&entry, 0).expect("open").read_exact(&mut some).expect("read");
    assert_eq!(some, bytes[..10], "a reader may be dropped early");
}

fn finds_one_file_by_name(f: &Fixture) {
    (f.put)("a.csv", b"1");
    assert_eq!(f.source.look("a.csv").expect("looked"), Some(f.only()));
    assert_eq!(f.source.look("a.csv.done").expect("looked"), None);
    assert_eq!(f.source.look("A.CSV").expect("looked"), None);
}

/// Clocks of file systems tick every few milliseconds.
fn tick() {
    std::thread::sleep(Duration::from_millis(30));
}

fn f25_refuses_a_changed_file(f: &Fixture) {
    (f.put)("a.csv", b"first");
    let listed = f.only();
    for later in [&b"longer than first"[..], b"1st", b"FIRST"] {
        tick();
        (f.put)("a.csv", later);
        let refusal = f.read(&listed, 0).expect_err("another file now");
        assert_eq!(refusal.0[0].code, codes::CHANGED, "{refusal}");
        assert!(refusal.is_retryable());
    }
    assert_eq!(f.read(&f.only(), 0).expect("listed again"), b"FIRST");
}

fn f24_never_mixes_two_versions(f: &Fixture) {
    let first = bytes_of(24 * 1024 * 1024);
    let grown = [first.clone(), b"more".to_vec()].concat();
    for later in [vec![b'x'; first.len()], grown, vec![b'x'; 100]] {
        (f.put)("a.csv", &first);
        let listed = f.only();
        let mut reader = f.source.open(&listed, 0).expect("open");
        let mut seen = vec![0; 1024];
        reader.read_exact(&mut seen).expect("read");
        tick();
        (f.put)("a.csv", &later);
        match reader.read_to_end(&mut seen) {
            Ok(_) => assert!(seen == first, "either the file that was listed"),
            Err(error) => assert_eq!(read_fault("a.csv", error).0[0].code, codes::CHANGED, "or a refusal"),
        }
    }
}

fn a_missing_file_is_worth_a_retry(f: &Fixture) {
    (f.put)("a.csv", b"first");
    let listed = f.only();
    (f.remove)("a.csv");
    let refusal = f.read(&listed, 0).expect_err("gone");
    assert_eq!(refusal.0[0].code, codes::CHANGED);
    assert!(refusal.is_retryable() && refusal.exit_code() == 3);
    assert!(f.read(&listed, 5).is_err(), "also where no byte is asked for");
    assert!(f.list().entries.is_empty());
}

fn unsafe_names_reach_nothing(f: &Fixture) {
    for name in ["../a.csv", "/etc/passwd", "a/b.csv", "", "..", "a\nb", "CON"] {
        let entry = Entry { name: name.into(), size: 1, modified_us: 0, identity: String::new(), changed_us: None };
        assert_eq!(f.source.look(name).expect_err("refused").0[0].code, codes::UNSAFE_NAME, "{name:?}");
        assert_eq!(f.read(&entry, 0).expect_err("refused").0[0].code, codes::UNSAFE_NAME, "{name:?}");
        assert_eq!(f.source.local_path(&entry), None);
    }
}

fn leaves_everything_in_place(f: &Fixture) {
    (f.put)("a.csv", b"1");
    (f.put)("b.csv", b"22");
    let before = (f.all)();
    for entry in f.list().entries {
        f.read(&entry, 0).expect("read");
        f.source.look(&entry.name).expect("looked");
    }
    assert_eq!((f.all)(), before);
}

fn can_be_used_from_within_a_runtime(f: &Fixture) {
    (f.put)("a.csv", b"1");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let read = runtime.block_on(async { f.read(&f.list().entries[0], 0) });
    assert_eq!(read.expect("read"), b"1");
}

#[test]
fn a_local_folder_conforms() {
    conforms(&local);
}

#[test]
fn a_file_url_conforms() {
    conforms(&file_url);
}

#[test]
fn a_store_in_memory_conforms() {
    conforms(&memory);
}

#[test]
fn an_s3_server_conforms() {
    let Some(endpoint) = s3_endpoint() else { return };
    conforms(&|| s3(&endpoint).0);
}

// Names: T1 – T5, T8

#[test]
fn t1_t2_t3_hostile_keys_of_a_store_are_refused_by_name() {
    let Some(endpoint) = s3_endpoint() else { return };
    let (f, bucket) = s3(&endpoint);
    (f.put)("a.csv", b"1");
    (f.put)("z.csv", b"1");
    for key in ["..%2F..%2Fetc%2Fx", "%2Fetc%2Fpasswd", "forged%09line.csv", "..", "x%E2%80%AEvsc.csv"] {
        raw_put(&endpoint, &format!("/{bucket}/in%2Ffeed%2F{key}"), b"x");
    }
    let listing = f.list();
    assert_eq!(names(&listing), ["a.csv", "z.csv"], "good files on both sides of bad ones are offered");
    assert!(listing.refused.iter().all(|report| report.code == codes::UNSAFE_NAME));
    f.golden("t1_t2_t3_keys", &listing.refused);
}

#[test]
fn t3_t5_names_of_a_folder_are_refused_by_name() {
    let f = local();
    for name in [
        "ok.csv",
        "forged\nline.csv",
        "x\u{202E}vsc.csv",
        "tab\t.csv",
        "CON",
        "aux.csv",
        "dot.csv.",
        "back\\slash.csv",
        "..\\up.csv",
        "C:ads.csv",
    ] {
        (f.put)(name, b"x");
    }
    let listing = f.list();
    assert_eq!(names(&listing), ["ok.csv"]);
    f.golden("t1_t2_t3_t5_names", &listing.refused);
}

#[test]
fn t3_a_name_that_is_not_utf_8_is_refused() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};
    let f = local();
    fs::write(Path::new(&f.shown).join(OsStr::from_bytes(b"caf\xe9.csv")), b"x").expect("written");
    let listing = f.list();
    assert!(listing.entries.is_empty());
    f.golden("t3_not_utf_8", &listing.refused);
}

#[test]
fn t4_a_name_longer_than_255_bytes_is_refused() {
    let f = memory();
    (f.put)(&"n".repeat(256), b"x");
    (f.put)(&"n".repeat(255), b"x");
    let listing = f.list();
    assert_eq!(listing.entries.len(), 1);
    f.golden("t4_long_name", &listing.refused);
}

#[test]
fn t8_names_that_differ_in_case_only_are_both_taken_and_noted() {
    for f in [local(), memory()] {
        ["GL_APR.csv", "gl_apr.csv", "other.csv"].iter().for_each(|name| (f.put)(name, name.as_bytes()));
        let listing = f.list();
        assert_eq!(names(&listing), ["GL_APR.csv", "gl_apr.csv", "other.csv"]);
        assert_eq!(f.read(&listing.entries[1], 0).expect("read"), b"gl_apr.csv");
        f.golden("t8_case_twins", &listing.notes);
    }
}

// What is no file: T6, T7

#[test]
fn t6_links_are_not_followed() {
    let f = local();
    let (drop, outside) = (PathBuf::from(&f.shown), PathBuf::from(&f.shown).with_file_name("secret.csv"));
    fs::write(&outside, b"secret").expect("written");
    std::os::unix::fs::symlink(&outside, drop.join("link.csv")).expect("linked");
    std::os::unix::fs::symlink("nowhere", drop.join("dangling.csv")).expect("linked");
    let listing = f.list();
    assert!(listing.entries.is_empty());
    f.golden("t6_links", &listing.refused);
    assert_eq!(f.source.look("link.csv").expect("looked"), None);
}

#[test]
fn t6_a_file_that_becomes_a_link_is_not_followed() {
    let f = local();
    (f.put)("a.csv", b"secret");
    let listed = f.only();
    let (drop, outside) = (PathBuf::from(&f.shown), PathBuf::from(&f.shown).with_file_name("secret.csv"));
    fs::rename(drop.join("a.csv"), &outside).expect("moved");
    std::os::unix::fs::symlink(&outside, drop.join("a.csv")).expect("linked");
    assert!(f.read(&listed, 0).is_err(), "the very same file, but by way of a link");
}

#[test]
fn t6_a_feeds_folder_that_is_a_link_is_refused() {
    let f = local();
    let link = PathBuf::from(&f.shown).with_file_name("link");
    std::os::unix::fs::symlink(&f.shown, &link).expect("linked");
    let refusal = Folder::new(&link).list().expect_err("refused");
    golden("golden/source/t6_folder.txt", &refusal.to_string().replace(&link.display().to_string(), "<drop>"));
}

#[test]
fn t7_pipes_and_sockets_are_refused_and_never_opened() {
    let f = local();
    let drop = PathBuf::from(&f.shown);
    rustix::fs::mkfifoat(rustix::fs::CWD, drop.join("pipe.csv"), rustix::fs::Mode::RUSR).expect("a pipe");
    let _socket = UnixListener::bind(drop.join("socket.csv")).expect("a socket");
    (f.put)("ok.csv", b"1");
    let listing = f.list();
    assert_eq!(names(&listing), ["ok.csv"]);
    f.golden("t7_pipes", &listing.refused);
}

#[test]
fn t7_a_file_that_becomes_a_pipe_does_not_hang() {
    let f = local();
    (f.put)("a.csv", b"1");
    let listed = f.only();
    (f.remove)("a.csv");
    rustix::fs::mkfifoat(rustix::fs::CWD, Path::new(&f.shown).join("a.csv"), rustix::fs::Mode::RUSR).expect("a pipe");
    assert_eq!(f.read(&listed, 0).expect_err("refused").0[0].code, codes::CHANGED);
}

#[test]
fn a_sub_folder_is_noted_and_not_entered() {
    let f = local();
    fs::create_dir(Path::new(&f.shown).join("archive")).expect("a folder");
    fs::write(Path::new(&f.shown).join("archive/old.csv"), b"1").expect("written");
    let listing = f.list();
    assert!(listing.entries.is_empty() && listing.refused.is_empty());
    f.golden("sub_folder", &listing.notes);
    let f = memory();
    (f.put)("archive/old.csv", b"1");
    assert!(f.list().entries.is_empty());
    f.golden("sub_folder", &f.list().notes);
}

// Versions: T9, T10, T11

#[test]
fn t9_new_content_under_the_same_name_is_another_entry() {
    for f in [local(), memory()] {
        (f.put)("a.csv", b"first");
        let first = f.only();
        tick();
        (f.put)("a.csv", b"FIRST");
        let second = f.only();
        assert_eq!(first.name, second.name);
        assert_ne!(first, second, "so that it is read again");
    }
}

#[test]
fn t10_the_same_content_under_a_new_name_is_offered_with_equal_bytes() {
    for f in [local(), memory()] {
        (f.put)("a.csv", b"same");
        (f.put)("b.csv", b"same");
        let entries = f.list().entries;
        assert_ne!(entries[0].identity, entries[1].identity);
        assert_eq!(f.read(&entries[0], 0), f.read(&entries[1], 0), "so that their digests agree");
    }
}

#[test]
fn t11_a_growing_file_waits() {
    let f = local();
    (f.put)("a.csv", b"half");
    (f.put)("b.csv", b"whole");
    let first = f.list().entries;
    let now_us = first.iter().map(|entry| entry.modified_us).max().expect("two files") + 1_000_000;
    assert!(first.iter().all(|entry| needs_second_look(entry, now_us)));
    (f.put)("a.csv", b"half and more");
    let second: Vec<_> = first.iter().filter_map(|entry| f.source.look(&entry.name).expect("looked")).collect();
    let settled = settle(&f.shown, first.clone(), &second, now_us);
    assert_eq!(settled.ready, [first[1].clone()]);
    f.golden("t11_growing", &settled.waiting);
    assert_eq!(settle(&f.shown, first, &[], now_us + 60_000_000).ready.len(), 2, "old files need no second look");
}

#[test]
fn f25_the_report_on_a_changed_file() {
    let f = local();
    (f.put)("a.csv", b"first");
    let listed = f.only();
    (f.put)("a.csv", b"longer than first");
    f.golden("f25_changed", &f.read(&listed, 0).expect_err("changed").0);
}

// Locations

fn url(text: &str) -> Location {
    Location::Url(Url::parse(text).expect("a URL"))
}

#[test]
fn locations_that_cannot_be_used() {
    let mut seen = String::new();
    let local_store = s3_settings("http://127.0.0.1:9000");
    let named = s3_settings("http://localhost:9000");
    let metadata = vec![("google_base_url".to_owned(), "http://169.254.169.254".to_owned())];
    let emulator = vec![("azure_storage_use_emulator".to_owned(), "true".to_owned())];
    for (location, settings) in [
        ("s3://bucket/in", &local_store),
        ("s3://bucket/in", &named),
        ("gs://bucket/in", &metadata),
        ("az://container/in", &emulator),
        ("ftp://example.com/in", &Vec::new()),
        ("https://example.com/in", &Vec::new()),
        ("s3://key:topsecret@bucket/in", &Vec::new()),
        ("https://account.blob.core.windows.net/c/in?sig=topsecret", &Vec::new()),
    ] {
        let refusal = connect_with(&url(location), &[], settings).err().expect("refused");
        assert_eq!(refusal.exit_code(), 2);
        seen.push_str(&refusal.to_string());
        seen.push('\n');
    }
    assert!(!seen.contains("topsecret"), "{seen}");
    golden("golden/source/locations.txt", &seen);
}

#[test]
fn a_folder_that_does_not_exist_offers_nothing_and_says_so() {
    let f = local();
    fs::remove_dir(&f.shown).expect("removed");
    let listing = f.list();
    assert!(listing.entries.is_empty());
    f.golden("no_folder", &listing.notes);
}

#[test]
fn a_store_that_does_not_answer_is_worth_a_retry() {
    // Nothing listens on port 1.
    let source = connect_with(&url("s3://bucket/in"), &["127.0.0.1".into()], &s3_settings("http://127.0.0.1:1")).expect("connected");
    let refusal = source.list().expect_err("no answer");
    assert_eq!(refusal.0[0].code, codes::UNREADABLE);
    assert!(refusal.is_retryable() && refusal.exit_code() == 3);
}

#[test]
fn a_bucket_that_does_not_exist() {
    let Some(endpoint) = s3_endpoint() else { return };
    let allow = ["127.0.0.1".to_owned(), "localhost".to_owned()];
    let source = connect_with(&url("s3://no-such-bucket/in"), &allow, &s3_settings(&endpoint)).expect("connected");
    let refusal = source.list().expect_err("no bucket");
    golden("golden/source/no_bucket.txt", &refusal.to_string());
}
