//! The main job through the program itself: the same bytes however it is run, killed and run again.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use truecost::demo;

use crate::places::truecost;

const PROGRAM: &str = env!("CARGO_BIN_EXE_truecost");

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A partnership with the demonstration's ledgers in its drop folders.
fn partnership(dir: &Path, lines: u64) {
    demo::write_partnership(dir).expect("a partnership");
    demo::write(&dir.join("drop"), lines, 7).expect("ledgers");
}

/// Every file below a folder by its path, with its bytes; symbolic links by their target.
fn files(root: &Path) -> BTreeMap<String, Vec<u8>> {
    fn walk(root: &Path, at: &Path, found: &mut BTreeMap<String, Vec<u8>>) {
        for entry in fs::read_dir(at).into_iter().flatten() {
            let path = entry.expect("an entry").path();
            let name = path.strip_prefix(root).expect("below the root").display().to_string();
            let kind = path.symlink_metadata().expect("metadata").file_type();
            if kind.is_symlink() {
                found.insert(name, fs::read_link(&path).expect("a link").display().to_string().into_bytes());
            } else if kind.is_dir() {
                walk(root, &path, found);
            } else {
                found.insert(name, fs::read(&path).expect("bytes"));
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(root, root, &mut found);
    found
}

/// What a release says: its parts, and the manifest without the run that made it.
fn published(dir: &Path) -> (BTreeMap<String, Vec<u8>>, serde_json::Value) {
    let parts = files(&dir.join("published/latest/")).into_iter().filter(|(name, _)| name.ends_with(".parquet")).collect();
    let manifest = fs::read(dir.join("published/latest/_manifest.json")).expect("a manifest");
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).expect("JSON");
    (parts, manifest["content"].clone())
}

#[test]
fn a_second_run_changes_no_byte() {
    let dir = tempfile::tempdir().expect("a folder");
    partnership(dir.path(), 3_000);
    let first = truecost(dir.path(), &["run"]);
    assert_eq!(first.status.code(), Some(0), "{}", text(&first.stderr));
    let before = (files(&dir.path().join("lake")), files(&dir.path().join("published")), files(&dir.path().join("landing")));
    let second = truecost(dir.path(), &["run"]);
    assert_eq!(second.status.code(), Some(0), "{}", text(&second.stderr));
    let after = (files(&dir.path().join("lake")), files(&dir.path().join("published")), files(&dir.path().join("landing")));
    assert!(before == after, "{}", text(&second.stdout));
}

#[test]
fn the_number_of_threads_changes_no_byte() {
    let release = |threads: &str| {
        let dir = tempfile::tempdir().expect("a folder");
        partnership(dir.path(), 60_000);
        let run = truecost(dir.path(), &["run", "--threads", threads]);
        assert_eq!(run.status.code(), Some(0), "{}", text(&run.stderr));
        published(dir.path())
    };
    let (one, many) = (release("1"), release("5"));
    assert!(one.0 == many.0, "parts differ");
    assert!(one.1 == many.1, "manifests differ");
}

#[test]
fn killed_at_any_moment_and_run_again_it_publishes_the_same_bytes() {
    let undisturbed = tempfile::tempdir().expect("a folder");
    partnership(undisturbed.path(), 6_000);
    let started = Instant::now();
    assert_eq!(truecost(undisturbed.path(), &["run"]).status.code(), Some(0));
    let whole = started.elapsed().max(Duration::from_millis(100));
    let expected = published(undisturbed.path());
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for round in 0..50 {
        let dir = tempfile::tempdir().expect("a folder");
        partnership(dir.path(), 6_000);
        // A fixed sequence of moments, spread over a run; how far a run gets by then differs from machine to machine.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let moment = whole.mul_f64((state >> 11) as f64 / (1u64 << 53) as f64);
        let mut child =
            Command::new(PROGRAM).arg("-C").arg(dir.path()).arg("run").stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("a run");
        std::thread::sleep(moment);
        child.kill().expect("killed");
        child.wait().expect("ended");
        let again = truecost(dir.path(), &["run"]);
        assert_eq!(again.status.code(), Some(0), "round {round}, killed after {moment:?}: {}", text(&again.stderr));
        let seen = published(dir.path());
        assert!(seen.0 == expected.0, "round {round}, killed after {moment:?}: parts differ");
        assert!(seen.1 == expected.1, "round {round}, killed after {moment:?}: manifests differ");
    }
}

#[test]
fn ctrl_c_exits_130_and_the_next_run_completes() {
    let dir = tempfile::tempdir().expect("a folder");
    partnership(dir.path(), 200_000);
    let child = Command::new(PROGRAM).arg("-C").arg(dir.path()).arg("run").stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
    let child = child.expect("a run");
    std::thread::sleep(Duration::from_millis(150));
    let interrupt = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill runs");
    let ended = child.wait_with_output().expect("ended");
    if interrupt.success() && ended.status.code() != Some(0) {
        assert_eq!(ended.status.code(), Some(130), "{}", text(&ended.stderr));
        assert!(text(&ended.stderr).contains("TC0107"), "{}", text(&ended.stderr));
    }
    assert_eq!(truecost(dir.path(), &["run"]).status.code(), Some(0));
}

#[test]
fn a_damaged_file_stops_its_own_feed_and_the_last_release_still_answers() {
    let dir = tempfile::tempdir().expect("a folder");
    partnership(dir.path(), 3_000);
    assert_eq!(truecost(dir.path(), &["run"]).status.code(), Some(0));
    let before = published(dir.path());
    // Cut at a line end: only the control total can tell.
    let ledger = dir.path().join("drop/newham/general_ledger/GL_extract_2018-19.csv");
    let bytes = fs::read(&ledger).expect("a ledger");
    let cut = bytes.iter().enumerate().rev().filter(|(_, b)| **b == b'\n').map(|(at, _)| at).nth(5).expect("lines");
    fs::write(&ledger, &bytes[..=cut]).expect("written");
    let run = truecost(dir.path(), &["run"]);
    assert_eq!(run.status.code(), Some(1), "{}", text(&run.stdout));
    let said = text(&run.stderr);
    assert!(said.contains("TC0401") && said.contains("GL_extract_2018-19.csv"), "{said}");
    assert!(published(dir.path()) == before, "the last release is as it was");
    let answer = truecost(dir.path(), &["query", "--format", "csv", "SELECT COUNT(*) AS n FROM cost_line"]);
    assert_eq!(text(&answer.stdout), "n\n9000\n");
    // The whole file again: everything is as it was.
    fs::write(&ledger, &bytes).expect("written");
    assert_eq!(truecost(dir.path(), &["run"]).status.code(), Some(0));
    assert!(published(dir.path()).0 == before.0);
}

#[test]
fn doctor_says_what_is_missing() {
    let dir = tempfile::tempdir().expect("a folder");
    demo::write_partnership(dir.path()).expect("a partnership");
    assert_eq!(truecost(dir.path(), &["doctor"]).status.code(), Some(0));
    fs::remove_dir_all(dir.path().join("drop")).expect("removed");
    let doctor = truecost(dir.path(), &["doctor"]);
    assert_eq!(doctor.status.code(), Some(3), "{}", text(&doctor.stdout));
    assert!(text(&doctor.stderr).contains("TC0108"), "{}", text(&doctor.stderr));
}

#[test]
fn only_one_run_at_a_time() {
    let dir = tempfile::tempdir().expect("a folder");
    partnership(dir.path(), 400_000);
    let first = Command::new(PROGRAM).arg("-C").arg(dir.path()).arg("run").stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let mut first = first.expect("a run");
    let lock = dir.path().join("lake/.lock");
    let started = Instant::now();
    while fs::read(&lock).map_or(true, |bytes| bytes.is_empty()) && started.elapsed() < Duration::from_secs(20) {
        std::thread::sleep(Duration::from_millis(2));
    }
    let second = truecost(dir.path(), &["run"]);
    let first_was_running = first.try_wait().expect("a state").is_none();
    assert!(first.wait().expect("ended").success());
    if first_was_running {
        assert_eq!(second.status.code(), Some(5), "{}", text(&second.stderr));
        assert!(text(&second.stderr).contains("TC1004"), "{}", text(&second.stderr));
    }
}

#[test]
fn newer_bytes_replace_the_periods_that_they_cover_and_old_bytes_change_nothing() {
    let dir = tempfile::tempdir().expect("a folder");
    partnership(dir.path(), 3_000);
    assert_eq!(truecost(dir.path(), &["run"]).status.code(), Some(0));
    let first = published(dir.path());
    demo::write(&dir.path().join("drop"), 3_000, 8).expect("other ledgers");
    assert_eq!(truecost(dir.path(), &["run"]).status.code(), Some(0));
    let second = published(dir.path());
    assert!(first.0 != second.0, "other lines, other parts");
    let answer = truecost(dir.path(), &["query", "--format", "csv", "SELECT COUNT(*) AS n FROM cost_line"]);
    assert_eq!(text(&answer.stdout), "n\n9000\n", "replaced, not added");
}

#[test]
fn a_partnership_may_stand_in_a_folder_of_any_name() {
    let outer = tempfile::tempdir().expect("a folder");
    let dir = outer.path().join("a b%20c é");
    fs::create_dir(&dir).expect("a folder");
    partnership(&dir, 3_000);
    let run = truecost(&dir, &["run"]);
    assert_eq!(run.status.code(), Some(0), "{}", text(&run.stderr));
    let answer = truecost(&dir, &["query", "--format", "csv", "SELECT COUNT(*) AS n FROM cost_line"]);
    assert_eq!(text(&answer.stdout), "n\n9000\n", "{}", text(&answer.stderr));
    let answer = truecost(&dir, &["query", "--format", "csv", "SELECT COUNT(*) AS n FROM lake.ledger_line"]);
    assert_eq!(text(&answer.stdout), "n\n9000\n", "{}", text(&answer.stderr));
    assert_eq!(truecost(&dir, &["run"]).status.code(), Some(0));
}

/// Modes of everything at and below a folder, links apart.
fn modes(root: &Path) -> BTreeMap<String, u32> {
    use std::os::unix::fs::PermissionsExt as _;
    let mut found = BTreeMap::new();
    let mut waiting = vec![root.to_path_buf()];
    while let Some(path) = waiting.pop() {
        let metadata = fs::symlink_metadata(&path).expect("metadata");
        if metadata.is_symlink() {
            continue;
        }
        if metadata.is_dir() {
            waiting.extend(fs::read_dir(&path).expect("a folder").map(|entry| entry.expect("an entry").path()));
        }
        found.insert(path.display().to_string(), metadata.permissions().mode() & 0o777);
    }
    found
}

#[test]
fn landing_and_lake_are_for_us_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().expect("a folder");
    partnership(dir.path(), 3_000);
    assert_eq!(truecost(dir.path(), &["run"]).status.code(), Some(0));
    let kept = || {
        let mut all = modes(&dir.path().join("lake"));
        all.extend(modes(&dir.path().join("landing")));
        all
    };
    let closed = kept();
    let open: Vec<_> = closed.iter().filter(|(_, mode)| **mode != 0o600 && **mode != 0o700).collect();
    assert!(open.is_empty() && closed.len() > 20, "{open:?}");
    let published = modes(&dir.path().join("published"));
    assert!(published.values().all(|mode| mode & 0o044 == 0o044), "{published:?}");
    // A lake that an older version wrote.
    for path in closed.keys() {
        let mode = if Path::new(path).is_dir() { 0o755 } else { 0o644 };
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("a mode");
    }
    let doctor = truecost(dir.path(), &["doctor"]);
    assert!(text(&doctor.stdout).contains("WRONG   modes:"), "{}", text(&doctor.stdout));
    let repair = truecost(dir.path(), &["doctor", "--repair"]);
    assert_eq!(repair.status.code(), Some(0), "{}", text(&repair.stderr));
    assert!(text(&repair.stderr).contains("taken from others"), "{}", text(&repair.stderr));
    assert!(kept().iter().filter(|(path, _)| closed.contains_key(*path)).all(|(path, mode)| closed.get(path) == Some(mode)));
}

/// A file stands in place of the register: that is not an empty one. `doctor` names it and says the rest too; nothing else goes on.
#[test]
fn a_register_that_cannot_be_listed_is_named_and_hides_nothing_else() {
    let dir = tempfile::tempdir().expect("a folder");
    partnership(dir.path(), 3_000);
    truecost(dir.path(), &["run"]);
    fs::rename(dir.path().join("lake/register"), dir.path().join("lake/register.away")).unwrap();
    fs::write(dir.path().join("lake/register"), "x").unwrap();
    fs::create_dir_all(dir.path().join("published/.release-r0009")).unwrap();
    for words in [&["doctor"][..], &["doctor", "--repair"]] {
        let doctor = truecost(dir.path(), words);
        let said = text(&doctor.stdout);
        assert_eq!(doctor.status.code(), Some(3), "{words:?}: {said}");
        for part in ["ok      processors: ", "MISSING lake: could not list ", "a file stands where a folder of truecost belongs"] {
            assert!(said.contains(part), "{words:?}: {part}: {said}");
        }
        // The repair got so far as to remove it.
        assert_eq!(said.contains("half releases: .release-r0009"), words.len() == 1, "{words:?}: {said}");
        assert!(text(&doctor.stderr).contains("TC0108"), "{}", text(&doctor.stderr));
    }
    for words in [&["run"][..], &["status"], &["plan"]] {
        let refused = truecost(dir.path(), words);
        assert_eq!((refused.status.code(), text(&refused.stderr).contains("could not list ")), (Some(3), true), "{words:?}");
    }
    fs::remove_file(dir.path().join("lake/register")).unwrap();
    fs::rename(dir.path().join("lake/register.away"), dir.path().join("lake/register")).unwrap();
    assert_eq!(truecost(dir.path(), &["run"]).status.code(), Some(0));
    assert_eq!(truecost(dir.path(), &["release", "verify", "--all"]).status.code(), Some(0));
}
