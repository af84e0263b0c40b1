//! What was delivered, what became of it, and the proof.
//!
//! One file a delivery: `register/<delivery>.json`. An accepted delivery is first written to `proof/<delivery>.json`, then committed to
//! its table, then entered into the register, then its proof is removed (the entry holds it). So a proof that is still there belongs to a
//! run that did not get to the end, and [`Register::recover`] settles it by what the table's commits say.
//!
//! Entry and proof end with the SHA-256 of what stands before it: they name the bytes of everything else, and nothing else names theirs.

use std::{
    collections::BTreeMap,
    panic::resume_unwind,
    path::PathBuf,
    sync::atomic::{AtomicUsize, Ordering},
};

use super::{
    CommonTables, DeliveryRecord, Lock,
    durable::{self, Seen},
    index::{self, Line, Stamp},
    sealed,
};
use crate::{
    crash,
    diagnostic::Answer,
    domain::{Coverage, DeliveryId, Period},
};

/// So many entries have an index, and are read by several threads: a run that finds nothing to do reads all of them.
const MANY: usize = 1_000;
/// The index is written anew when more than one in so many entries has to be read by itself.
const FEW: usize = 50;

/// The register of a lake.
#[derive(Debug)]
pub struct Register {
    folder: PathBuf,
    /// Entries that were read or written one by one since the index was written or read.
    apart: AtomicUsize,
}

impl Register {
    pub(super) fn at(lake: PathBuf) -> Self {
        Self { folder: lake, apart: AtomicUsize::new(0) }
    }

    fn entry(&self, delivery: &str) -> PathBuf {
        self.folder.join("register").join(format!("{delivery}.json"))
    }

    fn index(&self) -> PathBuf {
        self.folder.join("register.index")
    }

    fn proof(&self, delivery: &str) -> PathBuf {
        self.folder.join("proof").join(format!("{delivery}.json"))
    }

    /// All deliveries, by council, feed, first covered period, then id. Of a long register the index tells what the entries say that are as
    /// they were when it was written.
    ///
    /// # Errors
    /// TC1010 where an entry cannot be read.
    pub fn all(&self) -> Answer<Vec<DeliveryRecord>> {
        let index = index::read(&self.index())?;
        self.all_by(&index.as_deref().map(index::lines).unwrap_or_default())
    }

    /// The same by the entries alone: each is read, and each damaged one is found.
    ///
    /// # Errors
    /// TC1010 where an entry cannot be read.
    pub fn all_entries(&self) -> Answer<Vec<DeliveryRecord>> {
        self.all_by(&BTreeMap::new())
    }

    fn all_by(&self, index: &BTreeMap<&str, Line<'_>>) -> Answer<Vec<DeliveryRecord>> {
        let deliveries = self.deliveries()?;
        let apart = AtomicUsize::new(0);
        let read_one = |delivery: &DeliveryId| -> Answer<Option<DeliveryRecord>> {
            let path = self.entry(delivery.as_str());
            let line = index.get(delivery.as_str()).filter(|line| Stamp::of(&path) == Some(line.stamp));
            if let Some(record) = line.and_then(|line| serde_json::from_str(line.entry).ok()) {
                return Ok(Some(record));
            }
            apart.fetch_add(1, Ordering::Relaxed);
            sealed::read(&path)
        };
        let read = |some: &[DeliveryId]| -> Answer<Vec<DeliveryRecord>> {
            some.iter().filter_map(|delivery| read_one(delivery).transpose()).collect()
        };
        let threads = if deliveries.len() < MANY { 1 } else { std::thread::available_parallelism().map_or(1, usize::from) };
        let mut all = std::thread::scope(|scope| -> Answer<Vec<DeliveryRecord>> {
            let read = &read;
            let mut chunks = deliveries.chunks(deliveries.len().div_ceil(threads).max(1));
            // The first is read here: a lake with few deliveries starts no thread.
            let first = chunks.next();
            let reading: Vec<_> = chunks.map(|some| scope.spawn(move || read(some))).collect();
            let mut all = first.map(read).transpose()?.unwrap_or_default();
            for read in reading {
                all.extend(read.join().unwrap_or_else(|panic| resume_unwind(panic))?);
            }
            Ok(all)
        })?;
        self.apart.store(apart.into_inner(), Ordering::Relaxed);
        all.sort_by(|a: &DeliveryRecord, b| order(a).cmp(&order(b)));
        Ok(all)
    }

    fn deliveries(&self) -> Answer<Vec<DeliveryId>> {
        Ok(durable::entries(&self.folder.join("register"))?.iter().filter_map(|name| delivery_of(name)).collect())
    }

    /// Brings the index of a long register up to date, where it does not speak for more than a few of its entries: what a month costs must
    /// not grow with the months before it. Only the holder of the lock may: nobody else writes entries meanwhile.
    ///
    /// # Errors
    /// TC1002, TC1010.
    pub fn keep_index(&self, _held: &Lock) -> Answer<()> {
        self.keep_index_of(MANY)
    }

    fn keep_index_of(&self, many: usize) -> Answer<()> {
        let apart = self.apart.load(Ordering::Relaxed);
        if apart == 0 {
            return Ok(());
        }
        let deliveries = self.deliveries()?;
        if deliveries.len() < many || apart <= deliveries.len() / FEW {
            return Ok(());
        }
        let before = index::read(&self.index())?;
        let before = before.as_deref().map(index::lines).unwrap_or_default();
        let mut entries = Vec::new();
        for delivery in &deliveries {
            let path = self.entry(delivery.as_str());
            let Some(stamp) = Stamp::of(&path) else { continue };
            let entry = match before.get(delivery.as_str()).filter(|line| line.stamp == stamp) {
                Some(line) => Some(line.entry.to_owned()),
                None => sealed::bytes(&path)?.and_then(|bytes| Some(index::on_one_line(str::from_utf8(&bytes).ok()?))),
            };
            entries.extend(entry.map(|entry| (delivery.as_str(), stamp, entry)));
        }
        index::write(&self.index(), entries.into_iter())?;
        self.apart.store(0, Ordering::Relaxed);
        Ok(())
    }

    /// Sets entries aside that cannot be read, under names that end in `.damaged`: what they said is made again from landing and the table's
    /// log. The ids of their deliveries.
    ///
    /// # Errors
    /// TC1002.
    pub fn set_damaged_aside(&self) -> Answer<Vec<String>> {
        let mut aside = Vec::new();
        for delivery in self.deliveries()? {
            let path = self.entry(delivery.as_str());
            if sealed::read::<DeliveryRecord>(&path).is_err() {
                durable::rename(&path, &durable::beside(&path, ".damaged"), Seen::ByUs)?;
                aside.push(delivery.to_string());
            }
        }
        Ok(aside)
    }

    /// Files in the register's folder that are nobody's entry.
    ///
    /// # Errors
    /// TC1002.
    pub fn strays(&self) -> Answer<Vec<PathBuf>> {
        let folder = self.folder.join("register");
        let ours = |name: &String| delivery_of(name).is_some() || name.ends_with(".json.tmp") || name.ends_with(".json.damaged");
        Ok(durable::names(&folder)?.into_iter().filter(|name| !ours(name)).map(|name| folder.join(name)).collect())
    }

    /// # Errors
    /// TC1010.
    pub fn find(&self, delivery: &DeliveryId) -> Answer<Option<DeliveryRecord>> {
        sealed::read(&self.entry(delivery.as_str()))
    }

    /// Writes down what is about to be committed. Must be on disk before [`CommonTables::replace`].
    ///
    /// # Errors
    /// TC1002.
    pub fn announce(&self, record: &DeliveryRecord) -> Answer<()> {
        sealed::write(&self.proof(&record.delivery_id), record)?;
        Ok(crash::point("register.announced")?)
    }

    /// Enters a delivery: accepted after its commit, refused at once.
    ///
    /// # Errors
    /// TC1002.
    pub fn enter(&self, record: &DeliveryRecord) -> Answer<()> {
        sealed::write(&self.entry(&record.delivery_id), record)?;
        self.apart.fetch_add(1, Ordering::Relaxed);
        crash::point("register.entered")?;
        durable::remove(&self.proof(&record.delivery_id))?;
        Ok(crash::point("register.proof_removed")?)
    }

    /// Settles the proofs that an unfinished run left: where the table has the commit, the delivery is entered; else the proof is
    /// dropped, for nothing was changed. Returns the deliveries that were entered.
    ///
    /// # Errors
    /// TC1002, TC1007, TC1010.
    pub fn recover(&self, tables: &CommonTables) -> Answer<Vec<DeliveryRecord>> {
        let mut entered = Vec::new();
        for name in durable::names(&self.folder.join("proof"))? {
            let Some(delivery) = name.strip_suffix(".json") else { continue };
            let Some(mut record) = sealed::read::<DeliveryRecord>(&self.proof(delivery))? else { continue };
            let app_id = format!("{}/{}/{}", record.council, record.feed, coverage_text(&record.coverage));
            match tables.last_commit(&record.table, &app_id)? {
                Some(last) if last.delivery == record.delivery_id && last.token == record.token => {
                    record.lake_version = Some(last.version);
                    self.enter(&record)?;
                    entered.push(record);
                }
                _ => durable::remove(&self.proof(delivery))?,
            }
        }
        Ok(entered)
    }
}

/// `64ba9a9fea5d9ebe.json` → the delivery whose entry it is.
fn delivery_of(name: &str) -> Option<DeliveryId> {
    DeliveryId::parse(name.strip_suffix(".json")?)
}

fn order(record: &DeliveryRecord) -> (&str, &str, &[String], &str) {
    (&record.council, &record.feed, &record.coverage, &record.delivery_id)
}

/// As [`Coverage`] prints itself.
fn coverage_text(periods: &[String]) -> String {
    let coverage = Coverage::new(periods.iter().filter_map(|text| Period::parse(text)).collect());
    coverage.map(|coverage| coverage.to_string()).unwrap_or_default()
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::lake::{DeliveryProof, DeliveryState, Measure, SourceFacts, sealed::SEAL};

    pub fn record(delivery: &str, token: &str) -> DeliveryRecord {
        DeliveryRecord {
            delivery_id: delivery.into(),
            council: "newham".into(),
            feed: "general_ledger".into(),
            table: "ledger_line".into(),
            coverage: vec!["2018/P01".into(), "2018/P02".into()],
            beside: vec![],
            calendar: None,
            source: SourceFacts { name: "x.csv".into(), bytes: 7, ..SourceFacts::default() },
            sidecar: None,
            also_as: vec![],
            last_attempt: None,
            sha256: "00".repeat(32),
            inside_sha256: None,
            bytes: 7,
            encoding: serde_json::json!({ "bom": false }),
            contract: "newham/general_ledger".into(),
            contract_sha256: "11".repeat(32),
            feed_sha256: "22".repeat(32),
            state: DeliveryState::Accepted,
            reports: vec![],
            proof: DeliveryProof {
                records: 3,
                accepted: 2,
                columns: BTreeMap::from([(
                    "amount".into(),
                    Measure { accepted: -5, quarantined: i128::from(i64::MAX) * 10, both_signs: false, ..Measure::default() },
                )]),
                ..DeliveryProof::default()
            },
            token: token.into(),
            run: "run-1".into(),
            landed_at: "2023-04-01T02:00:00Z".into(),
            judged_at: "2023-04-01T02:00:01Z".into(),
            lake_version: Some(1),
            lost: false,
            above: false,
            sidecar_sha256: None,
            turn: None,
            number: 0,
            waits: vec![],
            decisions: vec![],
            copy_of: None,
            again: false,
            lake_files: BTreeMap::new(),
            keys: None,
            as_at: None,
            to_correct: false,
        }
    }

    #[test]
    fn an_entry_comes_back_as_it_was_and_its_proof_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let register = Register::at(folder.path().into());
        assert_eq!(register.all().unwrap(), vec![]);
        let (a, b) = (record("00000000000000aa", "t1"), record("00000000000000bb", "t2"));
        register.announce(&b).unwrap();
        register.enter(&b).unwrap();
        register.enter(&a).unwrap();
        assert_eq!(register.all().unwrap(), vec![a, b.clone()]);
        assert_eq!(register.find(&DeliveryId::parse("00000000000000bb").unwrap()).unwrap(), Some(b));
        assert_eq!(durable::names(&folder.path().join("proof")).unwrap(), Vec::<String>::new());
    }

    #[test]
    fn the_index_answers_for_entries_that_are_as_they_were() {
        let folder = tempfile::tempdir().unwrap();
        let register = Register::at(folder.path().into());
        let ids: Vec<String> = (0..9_u8).map(|at| format!("{at:016x}")).collect();
        let mut records: Vec<DeliveryRecord> = ids.iter().map(|id| record(id, "t1")).collect();
        records.iter().for_each(|record| register.enter(record).unwrap());
        register.keep_index_of(10).unwrap();
        assert!(!register.index().exists(), "a short register has none");
        register.keep_index_of(9).unwrap();
        let apart = || (register.all().unwrap(), register.apart.load(Ordering::Relaxed));
        assert_eq!(apart(), (records.clone(), 0));
        // One that is entered again, one that goes, one that is new, one that somebody wrote into: each by its own entry.
        records[3].token = "t2".into();
        register.enter(&records[3]).unwrap();
        std::fs::remove_file(register.entry(&ids[4])).unwrap();
        records.remove(4);
        records.push(record("00000000000000ff", "t1"));
        register.enter(&records[8]).unwrap();
        assert_eq!(apart(), (records.clone(), 2));
        // Few others than it knows: it stays as it is.
        let as_it_was = std::fs::read(register.index()).unwrap();
        register.apart.store(0, Ordering::Relaxed);
        register.keep_index_of(9).unwrap();
        assert_eq!(std::fs::read(register.index()).unwrap(), as_it_was);
        register.all().unwrap();
        register.keep_index_of(9).unwrap();
        assert_eq!(apart(), (records.clone(), 0));
        // Bits that turned in a file are found, with the index and without.
        let path = register.entry(&ids[0]);
        let turned: Vec<u8> = std::fs::read(&path).unwrap().iter().map(|b| if *b == b'7' { b'8' } else { *b }).collect();
        std::fs::write(&path, turned).unwrap();
        for read in [register.all(), register.all_entries()] {
            assert_eq!(read.unwrap_err().0[0].code.id, "TC1010");
        }
        // Where the index is damaged, entries are read.
        register.enter(&records[0]).unwrap();
        std::fs::write(register.index(), "x").unwrap();
        assert_eq!(apart(), (records, 9));
    }

    #[test]
    fn a_damaged_entry_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let register = Register::at(folder.path().into());
        register.enter(&record("00000000000000aa", "t1")).unwrap();
        std::fs::write(register.entry("00000000000000aa"), "{\"delivery_id\":").unwrap();
        let refusal = register.all().unwrap_err();
        assert_eq!(refusal.0[0].code.id, "TC1010");
    }

    #[test]
    fn a_bit_that_turned_anywhere_in_an_entry_is_found_or_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let register = Register::at(folder.path().into());
        let mut whole = record("00000000000000aa", "t1");
        whole.lake_files = BTreeMap::from([("2018/P01".into(), "ab".repeat(16))]);
        register.enter(&whole).unwrap();
        let path = register.entry("00000000000000aa");
        let bytes = std::fs::read(&path).unwrap();
        let mut found = 0;
        // Every eleventh bit: with eight bits a byte, each place in a byte is met.
        for bit in (0..bytes.len() * 8).step_by(11) {
            let mut turned = bytes.clone();
            turned[bit / 8] ^= 1 << (bit % 8);
            std::fs::write(&path, &turned).unwrap();
            match register.all() {
                Ok(all) => assert_eq!(all, vec![whole.clone()], "bit {bit}"),
                Err(refusal) => {
                    assert_eq!(refusal.0[0].code.id, "TC1010");
                    found += 1;
                }
            }
        }
        // The rest are bits of the seal's own name: without one the entry is taken as it reads.
        assert!((bytes.len() * 8).div_ceil(11) - found <= SEAL.len() * 8 / 11 + 1, "{found}");
    }

    #[test]
    fn an_entry_without_a_seal_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let register = Register::at(folder.path().into());
        let old = record("00000000000000aa", "t1");
        let path = register.entry("00000000000000aa");
        durable::replace(&path, &durable::json(&path, &old).unwrap(), Seen::ByUs).unwrap();
        assert_eq!(register.all().unwrap(), vec![old]);
    }
}
