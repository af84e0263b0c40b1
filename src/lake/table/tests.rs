//! Common tables: what a commit shows, that it happens once, and what it refuses.

use std::fs;

use super::{Commit, CommonTables, Outcome, StagedRows};
use crate::{
    domain::{Coverage, DeliveryId, Identifier, Period},
    lake::{
        Register, Staging,
        register::tests::record,
        sample::{column, folder, ledger, ledger_contract, ledger_schema, write_part},
    },
    schema::Type,
};

struct Bench {
    _folder: tempfile::TempDir,
    root: std::path::PathBuf,
    staging: Staging,
    tables: CommonTables,
    council: Identifier,
    feed: Identifier,
}

fn bench() -> Bench {
    let (folder, staging) = folder();
    let root = folder.path().to_path_buf();
    let name = |text| Identifier::new(text).unwrap();
    Bench {
        tables: CommonTables::at(&root).unwrap(),
        root,
        _folder: folder,
        staging,
        council: name("newham"),
        feed: name("general_ledger"),
    }
}

fn period(period: u8) -> Period {
    Period { year: 2018, period }
}

impl Bench {
    /// Puts in a delivery with one part for each (period, first row, rows).
    fn replace(&self, delivery: &str, token: &str, periods: &[u8], parts: &[(u8, usize, usize)]) -> crate::diagnostic::Answer<Outcome> {
        let schema = ledger_schema();
        let parts = parts
            .iter()
            .map(|(at, from, rows)| StagedRows { period: period(*at), part: write_part(&self.staging, &schema, [ledger(*from, *rows)]) });
        let coverage = Coverage::new(periods.iter().map(|p| period(*p)).collect()).unwrap();
        let commit = Commit {
            council: &self.council,
            feed: &self.feed,
            coverage: &coverage,
            replace: coverage.periods(),
            emptied: &[],
            delivery: &DeliveryId::parse(delivery).unwrap(),
            token,
            parts: parts.collect(),
            at_ms: 1_680_314_400_000,
            facts: serde_json::json!({"bytes": 7}),
        };
        self.tables.replace(&ledger_contract(), &commit)
    }

    fn rows(&self, version: Option<u64>) -> Vec<(u8, u64)> {
        let snapshot = self.tables.snapshot("ledger_line", version).unwrap().unwrap();
        snapshot.files.iter().map(|file| (file.period.period, file.rows)).collect()
    }
}

const A: &str = "00000000000000aa";
const B: &str = "00000000000000bb";

#[test]
fn a_delivery_replaces_every_period_that_it_covers_and_no_other() {
    let bench = bench();
    assert_eq!(bench.tables.snapshot("ledger_line", None).unwrap(), None);
    assert_eq!(bench.replace(A, "t1", &[1, 2, 3], &[(1, 0, 100), (2, 100, 200), (3, 300, 300)]).unwrap(), Outcome::Committed(1));
    assert_eq!(bench.rows(None), [(1, 100), (2, 200), (3, 300)]);
    // Covers P02 and P03, has rows in P03 only.
    assert_eq!(bench.replace(B, "t2", &[2, 3], &[(3, 1_000, 50)]).unwrap(), Outcome::Committed(2));
    assert_eq!(bench.rows(None), [(1, 100), (3, 50)]);
    assert_eq!(bench.rows(Some(1)), [(1, 100), (2, 200), (3, 300)]);
    let snapshot = bench.tables.snapshot("ledger_line", None).unwrap().unwrap();
    for file in &snapshot.files {
        let bytes = fs::read(&file.path).unwrap();
        assert_eq!(file.bytes, bytes.len() as u64);
        assert!(hex(&bytes).starts_with(&file.name));
    }
    assert_eq!(bench.tables.newest_version("ledger_line").unwrap(), Some(2));
}

fn hex(bytes: &[u8]) -> String {
    use sha2::Digest as _;
    crate::domain::Digest(sha2::Sha256::digest(bytes).into()).hex()
}

#[test]
fn the_same_delivery_goes_in_once() {
    let bench = bench();
    let parts = [(1, 0, 100), (2, 100, 200)];
    assert_eq!(bench.replace(A, "t1", &[1, 2], &parts).unwrap(), Outcome::Committed(1));
    assert_eq!(bench.replace(A, "t2", &[1, 2], &parts).unwrap(), Outcome::AlreadyIn(1));
    assert_eq!(bench.tables.newest_version("ledger_line").unwrap(), Some(1));
    // Other rows of the same delivery (its feed's SQL changed): only the part that differs is exchanged.
    assert_eq!(bench.replace(A, "t3", &[1, 2], &[(1, 0, 100), (2, 100, 150)]).unwrap(), Outcome::Committed(2));
    assert_eq!(bench.rows(None), [(1, 100), (2, 150)]);
    // And back: the first file's name comes again.
    assert_eq!(bench.replace(A, "t4", &[1, 2], &parts).unwrap(), Outcome::Committed(3));
    assert_eq!(bench.rows(None), [(1, 100), (2, 200)]);
    let last = bench.tables.last_commit("ledger_line", "newham/general_ledger/2018/P01..2018/P02").unwrap().unwrap();
    assert_eq!((last.version, last.delivery.as_str(), last.token.as_str()), (3, A, "t4"));
}

#[test]
fn a_delivery_without_rows_is_committed_too() {
    let bench = bench();
    assert_eq!(bench.replace(A, "t1", &[4], &[]).unwrap(), Outcome::Committed(1));
    assert_eq!(bench.replace(A, "t2", &[4], &[]).unwrap(), Outcome::AlreadyIn(1));
    assert_eq!(bench.rows(None), []);
}

#[test]
fn another_process_sees_the_commits_and_another_table_is_another() {
    let bench = bench();
    bench.replace(A, "t1", &[1], &[(1, 0, 10)]).unwrap();
    let other = CommonTables::at(&bench.root).unwrap();
    assert_eq!(other.snapshot("ledger_line", None).unwrap(), bench.tables.snapshot("ledger_line", None).unwrap());
    bench.replace(B, "t2", &[1], &[(1, 0, 20)]).unwrap();
    assert_eq!(other.snapshot("ledger_line", None).unwrap().unwrap().version, 2);
    assert_eq!(other.snapshot("payment_line", None).unwrap(), None);
}

#[test]
fn a_hundred_commits_are_read_as_one_state() {
    let bench = bench();
    for step in 0..50 {
        bench
            .replace(if step % 2 == 0 { A } else { B }, &format!("t{step}"), &[1 + step % 12], &[(1 + step % 12, usize::from(step), 10)])
            .unwrap();
    }
    let fresh = CommonTables::at(&bench.root).unwrap();
    let snapshot = fresh.snapshot("ledger_line", None).unwrap().unwrap();
    assert_eq!((snapshot.version, snapshot.files.len()), (50, 12));
    assert!(bench.root.join("ledger_line/_delta_log/_last_checkpoint").exists());
    assert_eq!(fresh.snapshot("ledger_line", Some(3)).unwrap().unwrap().files.len(), 3);
}

#[test]
fn a_table_with_other_columns_than_its_contract_is_left_alone() {
    let bench = bench();
    bench.replace(A, "t1", &[1], &[(1, 0, 10)]).unwrap();
    let mut changed = ledger_contract();
    changed.columns.push(column("ward", Type::Text, true, None));
    let commit = Commit {
        council: &bench.council,
        feed: &bench.feed,
        coverage: &Coverage::new(vec![period(1)]).unwrap(),
        replace: &[period(1)],
        emptied: &[],
        delivery: &DeliveryId::parse(B).unwrap(),
        token: "t2",
        parts: vec![],
        at_ms: 0,
        facts: serde_json::Value::Null,
    };
    let refusal = bench.tables.replace(&changed, &commit).unwrap_err();
    assert_eq!(refusal.0[0].seen, "column 24 of table `ledger_line` is no column in the lake and `ward string, required` in its contract");
    assert_eq!(bench.rows(None), [(1, 10)]);
}

#[test]
fn a_commit_of_another_program_in_between_is_seen() {
    let bench = bench();
    bench.replace(A, "t1", &[1], &[(1, 0, 10)]).unwrap();
    // The other program's entry appears after ours has read the table, and takes the next version: as if it had won the race.
    let before = bench.tables.snapshot("ledger_line", None).unwrap().unwrap();
    let log = bench.root.join("ledger_line/_delta_log");
    fs::write(log.join("00000000000000000002.json"), "{\"commitInfo\":{\"timestamp\":1,\"operation\":\"WRITE\"}}\n").unwrap();
    let coverage = Coverage::new(vec![period(1)]).unwrap();
    let commit = Commit {
        council: &bench.council,
        feed: &bench.feed,
        coverage: &coverage,
        replace: coverage.periods(),
        emptied: &[],
        delivery: &DeliveryId::parse(B).unwrap(),
        token: "t2",
        parts: vec![],
        at_ms: 0,
        facts: serde_json::Value::Null,
    };
    let refusal = bench.tables.write("ledger_line", &before, &commit, vec![]).unwrap_err();
    assert_eq!(refusal.0[0].code.id, "TC1006");
    assert_eq!(bench.tables.newest_version("ledger_line").unwrap(), Some(2));
}

const FIRST: &str = "ledger_line/_delta_log/00000000000000000001.json";

/// The copy of version 1.
fn first_copy(bench: &Bench) -> std::path::PathBuf {
    let mut copies = fs::read_dir(bench.root.join("ledger_line/_log_copies")).unwrap().map(|entry| entry.unwrap().path());
    copies.find(|path| path.to_string_lossy().contains("/00000000000000000001-")).unwrap()
}

#[test]
fn a_damaged_log_is_reported() {
    let bench = bench();
    bench.replace(A, "t1", &[1], &[(1, 0, 10)]).unwrap();
    fs::write(bench.root.join(FIRST), "{\"add\":").unwrap();
    fs::write(first_copy(&bench), "{\"add\":").unwrap();
    let fresh = CommonTables::at(&bench.root).unwrap();
    let refusal = fresh.snapshot("ledger_line", None).unwrap_err();
    assert_eq!(refusal.0[0].code.id, "TC1007");
    let (flaw, mends) = &fresh.entry_flaws("ledger_line").unwrap()[0];
    assert_eq!((flaw.why.as_str(), *mends), ("its bytes are others than were written, and its copy is not sound either", false));
    assert_eq!(fresh.mend_entries("ledger_line", true).unwrap(), Vec::<String>::new());
    // One that no copy vouches for is as damaged.
    fs::remove_file(first_copy(&bench)).unwrap();
    let fresh = CommonTables::at(&bench.root).unwrap();
    assert_eq!(fresh.mend_entries("ledger_line", true).unwrap(), Vec::<String>::new());
    assert_eq!(fresh.snapshot("ledger_line", None).unwrap_err().0[0].code.id, "TC1007");
}

#[test]
fn a_bit_that_turned_anywhere_in_the_log_is_never_believed_and_mended() {
    let bench = bench();
    bench.replace(A, "t1", &[1, 2], &[(1, 0, 10), (2, 10, 20)]).unwrap();
    bench.replace(B, "t2", &[2], &[(2, 1_000, 5)]).unwrap();
    let (expected, told) = (bench.tables.snapshot("ledger_line", None).unwrap(), bench.tables.history("ledger_line").unwrap());
    // Every 83rd bit: each place in a byte is met. All of them: by hand.
    let every = if std::env::var_os("TRUECOST_EVERY_BIT").is_some() { 1 } else { 83 };
    let mut found = 0;
    for version in 0..=2 {
        let path = bench.root.join(format!("ledger_line/_delta_log/{version:020}.json"));
        let bytes = fs::read(&path).unwrap();
        for bit in (0..bytes.len() * 8).step_by(every) {
            let mut turned = bytes.clone();
            turned[bit / 8] ^= 1 << (bit % 8);
            fs::write(&path, &turned).unwrap();
            let fresh = CommonTables::at(&bench.root).unwrap();
            if bit % 7 == 0 {
                assert_eq!(fresh.snapshot("ledger_line", None).unwrap(), expected, "bit {bit} of version {version}");
            }
            assert_eq!(fresh.history("ledger_line").unwrap(), told, "bit {bit} of version {version}");
            assert_eq!(fresh.entry_flaws("ledger_line").unwrap().len(), 1, "bit {bit} of version {version}");
            assert_eq!(fresh.mend_entries("ledger_line", false).unwrap().len(), 1, "bit {bit} of version {version}");
            assert!(fs::read(&path).unwrap() == bytes, "bit {bit} of version {version}");
            found += 1;
        }
    }
    eprintln!("{found} bits of three entries: each is found, and mended");
    assert!(found > 300, "{found}");
}

#[test]
fn a_damaged_copy_is_made_again_and_an_entry_that_is_gone_too() {
    let bench = bench();
    bench.replace(A, "t1", &[1], &[(1, 0, 10)]).unwrap();
    bench.replace(B, "t2", &[1], &[(1, 0, 20)]).unwrap();
    let (entry, copy) = (fs::read(bench.root.join(FIRST)).unwrap(), first_copy(&bench));
    fs::write(&copy, "damaged").unwrap();
    let fresh = CommonTables::at(&bench.root).unwrap();
    assert_eq!(fresh.entry_flaws("ledger_line").unwrap()[0].0.path, copy);
    assert_eq!(fresh.mend_entries("ledger_line", true).unwrap(), Vec::<String>::new());
    assert!(fs::read(&copy).unwrap() == entry);
    fs::remove_file(bench.root.join(FIRST)).unwrap();
    let made = fresh.mend_entries("ledger_line", false).unwrap();
    assert_eq!(made, ["made again from its copy: lake/ledger_line/_delta_log/00000000000000000001.json (it is gone)"]);
    assert!(fs::read(bench.root.join(FIRST)).unwrap() == entry);
    assert_eq!(CommonTables::at(&bench.root).unwrap().snapshot("ledger_line", None).unwrap().unwrap().version, 2);
}

#[test]
fn what_a_version_without_copies_wrote_gets_them_and_what_replaced_a_log_is_not_gainsaid() {
    let bench = bench();
    bench.replace(A, "t1", &[1], &[(1, 0, 10)]).unwrap();
    bench.replace(B, "t2", &[1], &[(1, 0, 20)]).unwrap();
    let copies = bench.root.join("ledger_line/_log_copies");
    fs::remove_dir_all(&copies).unwrap();
    let fresh = CommonTables::at(&bench.root).unwrap();
    assert_eq!(fresh.deliveries("ledger_line").unwrap(), std::collections::BTreeMap::new());
    fresh.mend_entries("ledger_line", false).unwrap();
    assert_eq!(fresh.deliveries("ledger_line").unwrap(), [(A.to_owned(), 1), (B.to_owned(), 2)].into());
    // The log of the day before is put back, the copies stay; another delivery comes in with the version that the log had.
    fs::remove_file(bench.root.join("ledger_line/_delta_log/00000000000000000002.json")).unwrap();
    let bench = Bench { tables: CommonTables::at(&bench.root).unwrap(), ..bench };
    assert_eq!(bench.tables.deliveries("ledger_line").unwrap(), [(A.to_owned(), 1)].into());
    bench.replace(A, "t3", &[1], &[(1, 0, 30)]).unwrap();
    let fresh = CommonTables::at(&bench.root).unwrap();
    assert_eq!(fresh.mend_entries("ledger_line", true).unwrap(), Vec::<String>::new());
    assert_eq!(fresh.deliveries("ledger_line").unwrap(), [(A.to_owned(), 2)].into());
    assert_eq!(bench.rows(None), [(1, 30)]);
    assert_eq!(durable_names(&copies), 3);
}

fn durable_names(folder: &std::path::Path) -> usize {
    fs::read_dir(folder).unwrap().count()
}

#[test]
fn a_run_that_was_killed_between_commit_and_register_is_completed() {
    let bench = bench();
    let register = Register::at(bench.root.clone());
    let (committed, not_committed) = (record(A, "t1"), record(B, "t2"));
    register.announce(&committed).unwrap();
    bench.replace(A, "t1", &[1, 2], &[(1, 0, 10)]).unwrap();
    register.announce(&not_committed).unwrap();
    let entered = register.recover(&bench.tables).unwrap();
    assert_eq!(entered.iter().map(|r| (r.delivery_id.as_str(), r.lake_version)).collect::<Vec<_>>(), [(A, Some(1))]);
    assert_eq!(register.all().unwrap(), entered);
    assert_eq!(register.recover(&bench.tables).unwrap(), vec![]);
}

#[test]
fn the_folder_of_a_lake_may_have_any_name() {
    for name in ["a b", "c%20d", "é", "a b%20c é"] {
        let mut bench = bench();
        bench.root = bench.root.join(name);
        fs::create_dir(&bench.root).unwrap();
        bench.tables = CommonTables::at(&bench.root).unwrap();
        assert_eq!(bench.replace(A, "t1", &[1], &[(1, 0, 10)]).unwrap(), Outcome::Committed(1), "{name}");
        assert_eq!(bench.replace(B, "t2", &[1], &[(1, 0, 20)]).unwrap(), Outcome::Committed(2), "{name}");
        let snapshot = CommonTables::at(&bench.root).unwrap().snapshot("ledger_line", None).unwrap().unwrap();
        assert_eq!(snapshot.files.iter().map(|f| (f.rows, f.path.is_file())).collect::<Vec<_>>(), [(20, true)], "{name}");
    }
}
