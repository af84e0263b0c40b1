//! `truecost doctor --repair`: entries of the register that are lost, made again from landing and the table's log; and deliveries that an
//! older table lacks, marked so that the next run brings them in again.

use std::{collections::BTreeMap, io::Read as _};

use serde_json::Value;

use super::{
    FeedRun, InHand, delivery_id,
    enter::{files_of, rendered},
    read::{AtHand, Stop},
};
use crate::{
    decode::{FileFacts, FileScan},
    diagnostic::Answer,
    domain::{Coverage, DeliveryId, Digest, Period},
    lake::{Decided, Decision, DeliveryProof, DeliveryRecord, DeliveryState, LakeFile, Landed, LandedAs, SourceFacts, Told, Turn},
    pipeline::Feed,
    plan::{Take, Why, disagreements},
    source::{self, Entry},
};

/// What a repair did, a sentence each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Repaired {
    pub done: Vec<String>,
    /// What it could not do, and what somebody else can.
    pub left: Vec<String>,
}

/// What is known of the bytes of a lost entry.
struct Found {
    landed: Landed,
    encoding: FileFacts,
    source: SourceFacts,
    sidecar: Option<(SourceFacts, Vec<u8>)>,
    landed_at: String,
}

impl FeedRun<'_> {
    /// Makes the register and the tables tell of the same deliveries again.
    pub(in crate::run) fn reenter(&self, known: &mut Vec<DeliveryRecord>) -> Answer<Repaired> {
        let mut repaired = Repaired::default();
        for table in self.common_names() {
            let Some(newest) = self.tables.newest_version(&table)? else { continue };
            self.step_back(known, &table, newest, &mut repaired)?;
            let entered = self.enter_lost(known, &table, &mut repaired)?;
            self.settle_rest(known, &table, &entered, &mut repaired)?;
        }
        Ok(repaired)
    }

    /// Deliveries that came in after the table was as it is now: lost where they stand, and else without a place.
    fn step_back(&self, known: &mut [DeliveryRecord], table: &str, newest: u64, repaired: &mut Repaired) -> Answer<()> {
        let before = known.to_vec();
        let beyond = |r: &&mut DeliveryRecord| {
            r.table == table && r.state == DeliveryState::Accepted && !r.lost && r.lake_version.is_some_and(|version| version > newest)
        };
        for record in known.iter_mut().filter(beyond) {
            let of_feed = before.iter().filter(|r| r.is_of(&record.council, &record.feed));
            if record.stands(&of_feed) {
                record.lost = true;
                repaired.done.push(brought_in_again(record));
            } else {
                record.lake_version = None;
            }
            self.lake.register().enter(record)?;
        }
        Ok(())
    }

    /// Deliveries of which the log tells and the register does not, or tells an older state. The ids of those that were entered.
    fn enter_lost(&self, known: &mut Vec<DeliveryRecord>, table: &str, repaired: &mut Repaired) -> Answer<Vec<String>> {
        let last = last_of_each(self.tables.history(table)?);
        let mut entered = Vec::new();
        for told in last.into_values() {
            let lost = match known.iter().find(|r| r.delivery_id == told.delivery) {
                None => true,
                Some(r) => r.state == DeliveryState::Accepted && !r.lost && r.lake_version.is_some_and(|version| version < told.version),
            };
            if !lost {
                continue;
            }
            let name = format!("{}/{} {}: delivery {}", told.council, told.feed, told.coverage, told.delivery);
            match self.enter_one(table, &told)? {
                Ok(record) => {
                    self.lake.register().enter(&record)?;
                    repaired.done.push(format!(
                        "{name} is entered in the register again, as it came in with version {} of lake/{table}",
                        told.version
                    ));
                    known.retain(|r| r.delivery_id != record.delivery_id);
                    entered.push(record.delivery_id.clone());
                    known.push(record);
                }
                Err(why) if self.has_rows(known, table, &told)? => repaired.left.push(format!("{name} cannot be entered again: {why}")),
                Err(why) => {
                    let record = self.remembered(table, &told);
                    self.lake.register().enter(&record)?;
                    repaired
                        .done
                        .push(format!("{name} has no rows in the table and is entered as withdrawn, for it cannot be judged: {why}"));
                    known.retain(|r| r.delivery_id != record.delivery_id);
                    known.push(record);
                }
            }
        }
        Ok(entered)
    }

    /// What still differs: a delivery that was entered again and whose rows are out of the table was withdrawn; another one is lost.
    fn settle_rest(&self, known: &mut [DeliveryRecord], table: &str, entered: &[String], repaired: &mut Repaired) -> Answer<()> {
        let entered_or_known: Vec<String> = known.iter().map(|r| r.delivery_id.clone()).collect();
        // Every round takes one holder away from each period that differs.
        for _ in 0..=known.len() {
            let Some(now) = self.table_now(known, table)? else { return Ok(()) };
            let found = disagreements(known, &now);
            let holders: Vec<String> = found.iter().flat_map(|d| d.periods.values().flatten().cloned()).collect();
            let mut moved = false;
            for record in known.iter_mut().filter(|r| holders.contains(&r.delivery_id)) {
                let delivery_of = |file: &LakeFile| now.told.get(&file.name).cloned();
                let is_there = now.files.iter().any(|file| delivery_of(file).as_ref() == Some(&record.delivery_id));
                // Rows of a delivery that could not be entered again stay where they are: they came later than this one.
                let replaces =
                    |file: &LakeFile| record.is_of(&file.council, &file.feed) && record.replaces().is_some_and(|r| r.contains(file.period));
                let in_the_way = now.files.iter().any(|f| replaces(f) && delivery_of(f).is_none_or(|d| !entered_or_known.contains(&d)));
                if entered.contains(&record.delivery_id) && !is_there {
                    withdrawn(record);
                    repaired.done.push(format!(
                        "{}: delivery {} had left the table: it is withdrawn",
                        record.feed_name(),
                        record.delivery_id
                    ));
                } else if !in_the_way {
                    record.lost = true;
                    repaired.done.push(brought_in_again(record));
                } else {
                    continue;
                }
                self.lake.register().enter(record)?;
                moved = true;
            }
            if !moved {
                return Ok(());
            }
        }
        Ok(())
    }

    /// The entry of a delivery, from its landed bytes, judged again; or why there can be none.
    fn enter_one(&self, table: &str, told: &Told) -> Answer<Result<DeliveryRecord, String>> {
        let Some(feed) = self.partnership.feed(&told.council, &told.feed) else {
            return Ok(Err("its feed is not declared any more".into()));
        };
        let (Some(coverage), Some(id)) = (coverage_of(told), DeliveryId::parse(&told.delivery)) else {
            return Ok(Err("its periods are not known".into()));
        };
        let found = match self.find_bytes(feed, told, &coverage)? {
            Ok(found) => found,
            Err(why) => return Ok(Err(why)),
        };
        let item = in_hand(feed, &coverage, &found);
        let name = format!("{}: {}", feed.name(), found.source.name);
        let at = AtHand { item: &item, file: &name, coverage: &coverage, id: &id, landed: &found.landed, facts: &found.encoding };
        let mut record = self.record(&at, None);
        let accepted = match self.judge_and_normalise(&at, &mut record, true) {
            Ok(accepted) => accepted,
            Err(Stop::Refused(faults)) => {
                let why = faults.first().map(|d| d.seen.clone()).unwrap_or_default();
                return Ok(Err(format!("it is refused by the contract and the feed as they are now: {why}")));
            }
            Err(Stop::Run(refusal)) => return Err(refusal),
        };
        accepted.quarantine.finish()?;
        record.lake_files = files_of(&accepted.streamed.parts);
        record.reports = rendered(&accepted.notes);
        told.token.strip_suffix(&format!("-{id}")).unwrap_or(&told.token).clone_into(&mut record.run);
        record.token.clone_from(&told.token);
        record.judged_at = self.clock.now().iso();
        record.lake_version = Some(told.version);
        record.turn = turn_of(told);
        record.number = told.facts.get("number").and_then(Value::as_u64).unwrap_or_default();
        if told.taken_out {
            withdrawn(&mut record);
        }
        // By other rules than those by which it came in: the next run brings it in by these.
        let snapshot = self.tables.snapshot(table, None)?.map(|snapshot| snapshot.files).unwrap_or_default();
        let names: Vec<&String> = record.lake_files.values().collect();
        let holds_otherwise = |file: &LakeFile| {
            record.is_of(&file.council, &file.feed)
                && !names.contains(&&file.name)
                && super::super::agree::delivery_in(file).as_deref() == Some(id.as_str())
        };
        record.lost = snapshot.iter().any(holds_otherwise);
        Ok(Ok(record))
    }

    /// Whether the table, as it is now, holds rows of a delivery.
    fn has_rows(&self, known: &[DeliveryRecord], table: &str, told: &Told) -> Answer<bool> {
        let Some(now) = self.table_now(known, table)? else { return Ok(false) };
        Ok(now.files.iter().any(|file| now.told.get(&file.name) == Some(&told.delivery)))
    }

    /// The entry of a delivery of which the log alone is left, and which stands nowhere: withdrawn, so that its file does not bring it in as
    /// a new one.
    fn remembered(&self, table: &str, told: &Told) -> DeliveryRecord {
        let fact = |name: &str| told.facts.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let number = |name: &str| told.facts.get(name).and_then(Value::as_u64).unwrap_or_default();
        let location = |feed: &Feed| feed.from.to_string();
        let feed = self.partnership.feed(&told.council, &told.feed);
        let location = feed.map(location).unwrap_or_default();
        let source = |name: &str| told.facts.get(name).and_then(|value| source_of(value, &location));
        let coverage = coverage_of(told).map(|coverage| coverage.periods().iter().map(ToString::to_string).collect());
        let mut record = DeliveryRecord {
            delivery_id: told.delivery.clone(),
            council: told.council.clone(),
            feed: told.feed.clone(),
            table: table.to_owned(),
            coverage: coverage.unwrap_or_default(),
            beside: Vec::new(),
            calendar: None,
            source: source("source").unwrap_or_default(),
            sidecar: source("sidecar"),
            also_as: Vec::new(),
            sha256: fact("sha256"),
            inside_sha256: told.facts.get("encoding").and_then(|facts| facts.get("inside")?.get("sha256")?.as_str()).map(str::to_owned),
            bytes: number("bytes"),
            encoding: told.facts.get("encoding").cloned().unwrap_or_default(),
            contract: String::new(),
            contract_sha256: String::new(),
            feed_sha256: String::new(),
            state: DeliveryState::Accepted,
            reports: Vec::new(),
            proof: DeliveryProof::default(),
            token: told.token.clone(),
            run: told.token.strip_suffix(&format!("-{}", told.delivery)).unwrap_or(&told.token).to_owned(),
            landed_at: fact("landed_at"),
            judged_at: self.clock.now().iso(),
            last_attempt: None,
            lake_version: Some(told.version),
            lost: false,
            above: false,
            sidecar_sha256: told.facts.get("sidecar_sha256").and_then(Value::as_str).map(str::to_owned),
            turn: turn_of(told),
            number: number("number"),
            waits: Vec::new(),
            decisions: Vec::new(),
            copy_of: None,
            again: false,
            lake_files: BTreeMap::new(),
            keys: None,
            as_at: None,
            to_correct: false,
        };
        record.as_at = feed.and_then(|feed| feed.as_at(&record.source.name)).map(|day| day.to_string());
        withdrawn(&mut record);
        record
    }

    /// The landed bytes of a delivery: by what the log says of them, or, where an older version wrote it, by its id, which is made of them.
    fn find_bytes(&self, feed: &Feed, told: &Told, coverage: &Coverage) -> Answer<Result<Found, String>> {
        let landing = self.lake.landing();
        let name = told.facts.get("source").and_then(|source| source.get("name")?.as_str()).unwrap_or_default();
        let is_it = |digest: &Digest| delivery_id(feed, name, coverage, digest).as_str() == told.delivery;
        let said = told.facts.get("sha256").and_then(Value::as_str).and_then(Digest::parse).filter(is_it);
        let digest = match said {
            Some(digest) => Some(digest),
            None => landing.digests()?.into_iter().find(is_it),
        };
        let Some(digest) = digest.filter(|digest| landing.has(digest)) else {
            return Ok(Err("its landed bytes are gone: put them or lake/register back from a backup".into()));
        };
        let (encoding, bytes) = match self.scan(feed, &digest) {
            Ok((facts, bytes)) => (self.opened(feed, &digest, facts), bytes),
            Err(why) => return Ok(Err(why)),
        };
        let location = feed.from.to_string();
        let facts = |value: &Value| source_of(value, &location);
        let source = told.facts.get("source").and_then(facts).unwrap_or_else(|| self.in_folder(feed, coverage, bytes, &digest));
        let sidecar = match (told.facts.get("sidecar").and_then(facts), told.facts.get("sidecar_sha256").and_then(Value::as_str)) {
            (Some(file), Some(sha256)) => match Digest::parse(sha256).and_then(|digest| self.bytes_of(feed, &digest)) {
                Some(bytes) => Some((file, bytes)),
                None => return Ok(Err("the landed bytes of its sidecar are gone".into())),
            },
            _ if feed.sidecar.is_some() => {
                return Ok(Err("an older version brought it in, and its sidecar is not known: put lake/register back".into()));
            }
            _ => None,
        };
        let landed_at = told.facts.get("landed_at").and_then(Value::as_str).unwrap_or_default().to_owned();
        Ok(Ok(Found { landed: Landed { digest, bytes, how: LandedAs::Before }, encoding, source, sidecar, landed_at }))
    }

    /// Reads the landed bytes to their end, which proves them.
    fn scan(&self, feed: &Feed, digest: &Digest) -> Result<(FileFacts, u64), String> {
        let mut reader = self.lake.landing().open(digest, feed.sealing()).map_err(|refusal| refusal.to_string())?;
        let (mut scan, mut block, mut bytes) = (FileScan::new(), vec![0; 1 << 20], 0);
        loop {
            match reader.read(&mut block).map_err(|error| error.to_string())? {
                0 => return Ok((scan.finish(), bytes)),
                read => {
                    scan.update(block.get(..read).unwrap_or_default());
                    bytes += read as u64;
                }
            }
        }
    }

    /// `None` where they are not what was landed.
    fn bytes_of(&self, feed: &Feed, digest: &Digest) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        self.lake.landing().open(digest, feed.sealing()).ok()?.read_to_end(&mut bytes).ok()?;
        Some(bytes)
    }

    /// The file of the feed's folder that these bytes can be; or one that only says where they are.
    fn in_folder(&self, feed: &Feed, coverage: &Coverage, bytes: u64, digest: &Digest) -> SourceFacts {
        let location = feed.from.to_string();
        let listing = source::connect(&feed.from, &self.partnership.allow_hosts).and_then(|source| source.list());
        let covers = |entry: &Entry| {
            feed.files.matches(&entry.name)?;
            feed.coverage(&entry.name, self.partnership.calendar).ok()?
        };
        let it = |entry: &&Entry| entry.size == bytes && covers(entry).is_none_or(|found| found == *coverage);
        let found = listing.ok().and_then(|listing| listing.entries.iter().find(it).map(|entry| super::source_facts(&location, entry)));
        found.unwrap_or_else(|| SourceFacts {
            name: format!("landing/{}", digest.hex().get(..16).unwrap_or_default()),
            location,
            bytes,
            ..SourceFacts::default()
        })
    }
}

fn in_hand<'a>(feed: &'a Feed, coverage: &Coverage, found: &Found) -> InHand<'a> {
    let take = Take {
        entry: found.source.entry(),
        sidecar: found.sidecar.as_ref().map(|(file, _)| file.entry()),
        coverage: Some(coverage.clone()),
        why: Why::Lost,
        turn: None,
        landed: None,
        over: Vec::new(),
    };
    InHand {
        feed,
        take,
        location: found.source.location.clone(),
        landed: Ok((found.landed, found.encoding.clone())),
        sidecar: found.sidecar.as_ref().map(|(_, bytes)| Ok(bytes.clone())),
        landed_at: found.landed_at.clone(),
        present: None,
        many: false,
    }
}

fn turn_of(told: &Told) -> Option<Turn> {
    told.facts.get("turn").and_then(|turn| serde_json::from_value(turn.clone()).ok())
}

fn source_of(value: &Value, location: &str) -> Option<SourceFacts> {
    Some(SourceFacts {
        name: value.get("name")?.as_str()?.to_owned(),
        location: location.to_owned(),
        bytes: value.get("bytes")?.as_u64()?,
        modified_us: value.get("modified_us")?.as_i64()?,
        identity: value.get("identity")?.as_str()?.to_owned(),
        changed_us: None,
    })
}

/// Its rows had left the table before its entry was lost. Who withdrew it is lost with the entry; that it was is kept, so that its file in
/// the folder does not bring it back.
fn withdrawn(record: &mut DeliveryRecord) {
    let decision = Decision {
        what: Decided::Withdraw,
        by: "truecost doctor --repair".into(),
        reason: "its rows had left the table before its entry was lost".into(),
        at: record.judged_at.clone(),
        run: record.number,
        rules: record.rules(),
        before: Some(DeliveryState::Accepted),
    };
    record.state = DeliveryState::Withdrawn;
    record.decisions.push(decision);
}

/// The last commit of each delivery. One that only took its rows out says so, and nothing of its file: that the one before it says.
fn last_of_each(history: Vec<Told>) -> BTreeMap<String, Told> {
    let mut last: BTreeMap<String, Told> = BTreeMap::new();
    for told in history {
        match last.get_mut(&told.delivery).filter(|_| told.taken_out) {
            Some(before) => before.taken_out = true,
            None => drop(last.insert(told.delivery.clone(), told)),
        }
    }
    last
}

/// The periods of a commit: as it lists them, or from the first to the last within one year, as older versions told them.
fn coverage_of(told: &Told) -> Option<Coverage> {
    if let Some(periods) = told.facts.get("periods").and_then(Value::as_array) {
        return Coverage::new(periods.iter().filter_map(|text| Period::parse(text.as_str()?)).collect());
    }
    let (first, last) = told.coverage.split_once("..").unwrap_or((&told.coverage, &told.coverage));
    let (first, last) = (Period::parse(first)?, Period::parse(last)?);
    let periods = (first.year..=last.year).flat_map(|year| (1..=12).map(move |period| Period { year, period }));
    let closing = (first == last).then_some(first);
    Coverage::new(periods.filter(|period| (first..=last).contains(period)).chain(closing).collect())
}

fn brought_in_again(record: &DeliveryRecord) -> String {
    let covers = record.covers().map(|c| c.to_string()).unwrap_or_default();
    format!("{}/{} {covers}: delivery {} is brought in again by the next run", record.council, record.feed, record.delivery_id)
}
