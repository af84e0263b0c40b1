//! The program's own decisions, one after the other, with a register, tables and a manifest in memory: no file is read or written.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::OnceLock,
};

use proptest::{prop_assert, prop_assert_eq, test_runner::TestCaseResult};
use serde_json::json;
use truecost::{
    domain::{Coverage, Day, DeliveryId, Digest, Identifier, Period, Span},
    lake::{Closings, Decided, DeliveryProof, DeliveryRecord, DeliveryState, LakeFile, Manifest, PeriodProof, Turn, holder},
    pipeline::{self, Basis, Council, Extent, Feed, FilePattern, FilePatterns, Partnership, Repeats, Required, Shrunken},
    plan::{
        self, Brings, Change, EntryRules, Met, ReleasePlan, Selector, Slot, Take, Wish, accept, copied, decision, enter, meet, order,
        plan_feed, plan_release, replays, undo, withdraw,
    },
    source::{Entry, Listing},
};

use super::{
    Reached,
    model::{Model, count},
    world::{Asked, COUNCILS, FEEDS, What, Which, World},
};
use crate::places;

#[derive(Clone)]
pub struct Pure {
    partnership: Partnership,
    /// The feed's words of which `partnership` is made.
    made_of: String,
    pub known: Vec<DeliveryRecord>,
    /// Which delivery's rows the common tables hold.
    table: BTreeMap<(usize, u8), String>,
    latest: Option<Manifest>,
    number: u64,
    turns: u64,
}

fn reference() -> &'static Partnership {
    static READ: OnceLock<Partnership> = OnceLock::new();
    READ.get_or_init(|| {
        let read = pipeline::read(&places::root()).expect("the reference partnership").0;
        // The published tables' alone: whether they tell carried lines apart.
        let contracts = read.contracts.iter().filter(|(name, _)| name.starts_with("published/"));
        let contracts = contracts.map(|(name, contract)| (name.clone(), contract.clone())).collect();
        Partnership { references: BTreeMap::new(), contracts, feeds: vec![read.feeds[0].clone()], ..read }
    })
}

fn name(text: &str) -> Identifier {
    Identifier::new(text).expect("a name")
}

fn period(number: u8) -> Period {
    Period { year: 2023, period: number }
}

fn first(number: u8) -> Day {
    reference().calendar.days_of(period(number)).0
}

/// The bytes of a content, as the register tells them.
fn digest(content: usize) -> Digest {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&(content as u64 + 1).to_be_bytes());
    Digest(bytes)
}

fn id(feed: usize, coverage: &Coverage, content: usize) -> DeliveryId {
    let k = if coverage.periods().len() == 1 || FEEDS[feed].extent == Extent::Year { coverage.first() } else { coverage.last() };
    DeliveryId::parse(&format!("{feed:04x}{:04x}{content:08x}", k.period)).expect("an id")
}

/// Feed, month of the name, content.
fn key(record: &DeliveryRecord) -> (usize, u8, usize) {
    let part = |from: usize, to: usize| u64::from_str_radix(&record.delivery_id[from..to], 16).expect("hex");
    (usize::try_from(part(0, 4)).unwrap(), u8::try_from(part(4, 8)).unwrap(), usize::try_from(part(8, 16)).unwrap())
}

fn feed_at(council: &str, feed: &str) -> usize {
    FEEDS.iter().position(|place| place.council == council && place.id == feed).expect("one of the feeds")
}

impl Pure {
    pub fn new() -> Self {
        let partnership = Partnership { feeds: vec![], councils: vec![], ..reference().clone() };
        Self { partnership, made_of: String::new(), known: vec![], table: BTreeMap::new(), latest: None, number: 0, turns: 0 }
    }

    fn declare(&mut self, world: &World) {
        let words: Vec<String> = (0..FEEDS.len()).map(|feed| world.words(feed)).collect();
        let made_of = format!("{words:?} {:?} {}", world.councils, world.partner);
        if made_of == self.made_of {
            return;
        }
        self.made_of = made_of;
        let councils = COUNCILS.iter().zip(&world.councils).filter_map(|(council, bases)| {
            let starts: Vec<(Day, Basis)> = bases.as_ref()?.iter().map(|(from, basis)| (first(*from), *basis)).collect();
            let ends = starts.iter().skip(1).map(|(from, _)| Some(*from)).chain([None]);
            let cost_basis = starts.iter().zip(ends).map(|((from, basis), to)| (Span { from: Some(*from), to }, *basis)).collect();
            Some(Council { id: name(council), name: (*council).to_owned(), cost_basis })
        });
        self.partnership.councils = councils.collect();
        self.partnership.members = if world.partner { reference().members.clone() } else { vec![] };
        self.partnership.feeds = (0..FEEDS.len()).filter_map(|feed| declared(world, feed)).collect();
    }

    pub fn run(&mut self, world: &World) {
        self.declare(world);
        (self.number, self.turns) = (self.number + 1, 0);
        self.take_out();
        for feed in self.partnership.feeds.clone() {
            self.run_feed(world, &feed);
        }
        self.publish();
    }

    /// Rows in periods that nobody holds leave the tables.
    fn take_out(&mut self) {
        let held = |(feed, p): &(usize, u8)| holder(&self.known, FEEDS[*feed].council, FEEDS[*feed].id, period(*p)).is_some();
        let gone: Vec<(usize, u8)> = self.table.keys().filter(|slot| !held(slot)).copied().collect();
        gone.iter().for_each(|slot| drop(self.table.remove(slot)));
    }

    fn of_feed(&self, feed: &Feed) -> Vec<&DeliveryRecord> {
        self.known.iter().filter(|r| r.is_of(&feed.council, &feed.id)).collect()
    }

    fn run_feed(&mut self, world: &World, feed: &Feed) {
        let at = feed_at(&feed.council, &feed.id);
        let entry = |(name, file): (&String, &super::world::File)| Entry {
            name: name.clone(),
            size: 10 + file.content as u64,
            modified_us: i64::try_from(file.time).unwrap(),
            identity: file.inode.to_string(),
            changed_us: None,
        };
        let listing = Listing { entries: world.folders[at].iter().map(entry).collect(), ..Listing::default() };
        let lost: BTreeSet<String> = self.known.iter().filter(|r| r.lost).map(|r| r.delivery_id.clone()).collect();
        let mut plan = plan_feed(feed, self.partnership.calendar, &listing, &self.of_feed(feed), Wish::default());
        let mut taken: BTreeSet<String> = BTreeSet::new();
        while !plan.take.is_empty() {
            plan.take.sort_by_cached_key(|take| order(feed, take));
            taken.extend(plan.take.iter().filter(|take| take.landed.is_none()).map(|take| take.entry.name.clone()));
            plan.take.iter().for_each(|take| self.deliver(world, feed, take, true));
            plan = plan_feed(feed, self.partnership.calendar, &listing, &self.of_feed(feed), Wish::default());
            plan.take.retain(|take| take.landed.is_none() && !taken.contains(&take.entry.name));
        }
        if self.of_feed(feed).iter().any(|r| r.lost && !lost.contains(&r.delivery_id)) {
            let again = replays(feed, self.partnership.calendar, &self.of_feed(feed), &[], Wish::default());
            again.iter().for_each(|take| self.deliver(world, feed, take, false));
        }
    }

    /// One delivery, as `run` goes about it.
    fn deliver(&mut self, world: &World, feed: &Feed, take: &Take, listed: bool) {
        let at = feed_at(&feed.council, &feed.id);
        let content = match &take.landed {
            Some(record) => key(record).2,
            None => world.folders[at][&take.entry.name].content,
        };
        let coverage = take.coverage.clone().expect("names say it");
        let delivery = id(at, &coverage, content);
        let brings = Brings { id: &delivery, coverage: &coverage, inside: None, sidecar: None, force: false };
        let (standing, earlier) = match meet(&self.known, feed, self.partnership.calendar, take, brings) {
            Met::Superseded(_) => unreachable!("no name means something else in these histories"),
            Met::Known | Met::Same(_) => return self.noted(feed, take, delivery.as_str()),
            Met::Due { standing, earlier } => (standing, earlier),
        };
        let record = self.judged(world, feed, take, &coverage, content, earlier.as_deref());
        let record = DeliveryRecord { delivery_id: delivery.to_string(), ..record };
        let folder = &world.folders[at];
        let moved = |r: &DeliveryRecord| {
            let same = |f: &truecost::lake::SourceFacts| f.modified_us == take.entry.modified_us && f.identity == take.entry.identity;
            listed && r.files().all(|file| !folder.contains_key(&file.name)) && r.files().any(same)
        };
        if world.contents[content].bad {
            assert!(standing.is_none(), "what was accepted is refused by the same words");
            return self.put(DeliveryRecord { state: DeliveryState::Refused, proof: DeliveryProof::default(), ..record });
        }
        if let Some(of) = copied(&self.known, feed, &record, &moved, &|_, _| false).filter(|_| standing.is_none()) {
            let copy_of = Some(of.delivery_id.clone());
            return self.put(DeliveryRecord { state: DeliveryState::Refused, copy_of, ..record });
        }
        let entry = enter(&self.known, EntryRules::from(feed), &record, &moved);
        if !entry.questions.is_empty() && !record.accepted_by(&record.rules()) {
            assert!(standing.is_none(), "what stands is compared with itself");
            return self.put(DeliveryRecord { state: DeliveryState::Waiting, waits: entry.questions, ..record });
        }
        entry.emptied.iter().for_each(|p| drop(self.table.remove(&(at, p.period))));
        for p in &entry.replace {
            self.table.insert((at, p.period), record.delivery_id.clone());
        }
        let commits = !entry.replace.is_empty() || !entry.emptied.is_empty();
        entry.withdrawn.into_iter().chain(entry.others).for_each(|r| self.put(r));
        self.put(DeliveryRecord { lake_version: commits.then_some(self.number), ..record });
    }

    /// The file is one of a delivery that is known.
    fn noted(&mut self, feed: &Feed, take: &Take, delivery: &str) {
        let Some(mut record) = self.known.iter().find(|r| r.is(delivery)).cloned() else { return };
        let facts = facts(feed, &take.entry);
        if record.source.name == facts.name {
            record.source = facts;
        } else {
            record.also_as.retain(|other| other.name != facts.name);
            record.also_as.push(facts);
        }
        self.put(record);
    }

    fn put(&mut self, record: DeliveryRecord) {
        match self.known.iter_mut().find(|r| r.is(&record.delivery_id)) {
            Some(place) => *place = record,
            None => self.known.push(record),
        }
    }

    fn judged(
        &mut self,
        world: &World,
        feed: &Feed,
        take: &Take,
        coverage: &Coverage,
        content: usize,
        earlier: Option<&DeliveryRecord>,
    ) -> DeliveryRecord {
        let beside = feed.beside(coverage, self.partnership.calendar);
        let turn = earlier.filter(|r| r.state != DeliveryState::Withdrawn).and_then(DeliveryRecord::turn).or(take.turn);
        let turn = turn.unwrap_or_else(|| {
            self.turns += 1;
            Turn { run: self.number, order: self.turns, below: 0 }
        });
        let mut record = template();
        record.council = feed.council.to_string();
        record.feed = feed.id.to_string();
        record.table = feed.into.to_string();
        record.coverage = coverage.periods().iter().map(ToString::to_string).collect();
        record.beside = beside.iter().map(ToString::to_string).collect();
        record.calendar = Some(self.partnership.calendar.to_string());
        record.source = facts(feed, &take.entry);
        record.also_as = earlier.map(|r| r.files_beside(&record.source)).unwrap_or_default();
        record.sha256 = digest(content).hex();
        record.contract_sha256 = feed.contracts[0].1.digest.hex();
        record.feed_sha256 = feed.judged_by(None);
        record.turn = Some(turn);
        record.number = self.number;
        record.decisions = earlier.map(|r| r.decisions.clone()).unwrap_or_default();
        let of = &world.contents[content];
        for p in coverage.periods().iter().chain(&beside) {
            let rows =
                if FEEDS[feed_at(&feed.council, &feed.id)].extent == Extent::One { of.rows[0] } else { of.rows[usize::from(p.period)] };
            if rows > 0 {
                let amount = i128::from(rows) * of.pence;
                record.proof.periods.insert(p.to_string(), PeriodProof { rows, amount, debits: amount.max(0), ..PeriodProof::default() });
                record.proof.accepted += rows;
            }
        }
        record
    }

    fn files(&self) -> Vec<(String, LakeFile)> {
        let file = |((feed, p), delivery): (&(usize, u8), &String)| {
            let record = self.known.iter().find(|r| r.is(delivery))?;
            let rows = record.proof.periods.get(&period(*p).to_string())?.rows;
            let place = &FEEDS[*feed];
            let file = LakeFile {
                council: place.council.into(),
                feed: place.id.into(),
                period: period(*p),
                name: delivery.clone(),
                relative: String::new(),
                path: "x".into(),
                rows,
                bytes: 1,
            };
            Some((place.basis.common_table().to_owned(), file))
        };
        self.table.iter().filter_map(file).collect()
    }

    fn plan(&self) -> ReleasePlan {
        plan_release(&self.partnership, &self.known, &self.files(), self.latest.as_ref(), &Closings::default())
    }

    fn publish(&mut self) {
        let plan = self.plan();
        if !plan.stops(&[]).is_empty() || plan.is_empty() {
            return;
        }
        let part = |source: &plan::CostSource| json!({"key": source.key(), "inputs": "", "path": "", "sha256": "", "rows": source.file.rows, "bytes": 1});
        let parts: Vec<_> = plan.sources.iter().map(part).collect();
        let empty: Vec<String> = plan.empty.iter().map(ToString::to_string).collect();
        let manifest = json!({"format": 1, "release": "r", "run": {}, "content": {"program": "", "lake": {},
            "tables": {"cost_line": parts}, "proofs": {"empty": empty}}});
        self.latest = Some(serde_json::from_value(manifest).expect("a manifest"));
    }

    /// Whether there was something to decide.
    pub fn say(&mut self, world: &World, model: &Model, what: What, which: Which) -> bool {
        self.declare(world);
        self.number += 1;
        let feed = |feed: usize, period| Selector::Feed { council: FEEDS[feed].council.into(), feed: FEEDS[feed].id.into(), period };
        let selector = match which {
            Which::Delivery(_) if model.deliveries.is_empty() => return false,
            Which::Delivery(number) => {
                let d = &model.deliveries[number % model.deliveries.len()];
                let it = self.known.iter().find(|r| key(r) == (d.feed, d.k, d.content)).expect("a delivery that both know");
                Selector::Delivery(DeliveryId::parse(&it.delivery_id).expect("an id"))
            }
            Which::Feed(at) => feed(at, None),
            Which::Period(at, p) => feed(at, Some(period(p))),
        };
        let what = match what {
            What::Accept => Decided::Accept,
            What::Withdraw => Decided::Withdraw,
            What::Undo => Decided::Undo,
        };
        let decision = decision(what, "a clerk", "right", String::new(), self.number);
        let change = match what {
            Decided::Accept => {
                accept(&self.known, &selector, &decision).ok().filter(|change| change.about.iter().all(|r| self.is_as_judged(world, r)))
            }
            Decided::Withdraw => withdraw(&self.known, &selector, &decision).ok(),
            Decided::Undo => {
                undo(&self.known, &selector, &decision, &|r| world.said(key(r).0).is_some_and(|said| said.repeats), &|_, _| false).ok()
            }
        };
        let Some(Change { about, others, .. }) = change else { return false };
        others.into_iter().chain(about).for_each(|r| self.put(r));
        self.take_out();
        true
    }

    /// What accepting asks beside: the same rules, and no other bytes in the folder.
    fn is_as_judged(&self, world: &World, record: &DeliveryRecord) -> bool {
        let feed = self.partnership.feeds.iter().find(|feed| record.is_of(&feed.council, &feed.id));
        let (at, _, content) = key(record);
        let judged = |content: usize| self.known.iter().any(|r| key(r).0 == at && key(r).2 == content);
        let other = world.folders[at].get(&record.source.name).is_some_and(|file| file.content != content && !judged(file.content));
        feed.is_some_and(|feed| !plan::is_stale(feed, self.partnership.calendar, record)) && !other
    }

    /// Whatever the rules say, the plan says; and what it has published is that, where a run was the last step.
    pub fn compare(&self, world: &World, model: &Model, ran: bool, reached: &Reached) -> TestCaseResult {
        let plan = self.plan();
        prop_assert_eq!(model.deliveries.len(), self.known.len(), "deliveries");
        for (at, d) in model.deliveries.iter().enumerate() {
            let Some(record) = self.known.iter().find(|r| key(r) == (d.feed, d.k, d.content)) else {
                return Err(proptest::test_runner::TestCaseError::fail(format!("{d:?} is not in the register")));
            };
            let standing = plan.deliveries[&record.delivery_id].standing.as_str();
            prop_assert_eq!(standing, model.standing(world, at), "{} of {} {:?}", &record.source.name, record.feed_name(), d);
            count(reached, &format!("delivery {standing}"));
        }
        for (feed, p) in model.slots() {
            let slot = Slot { council: FEEDS[feed].council.into(), feed: FEEDS[feed].id.into(), period: period(p) };
            let Some(entry) = plan.periods.get(&slot) else {
                return Err(proptest::test_runner::TestCaseError::fail(format!("{slot} is not in the plan")));
            };
            prop_assert_eq!(entry.state.as_str(), model.state(world, feed, p), "{}", &slot);
            prop_assert_eq!((entry.rows, entry.pence), model.stood(world, feed, p), "{}", &slot);
            count(reached, entry.state.as_str());
        }
        for (a, one) in model.deliveries.iter().enumerate() {
            for (b, other) in model.deliveries.iter().enumerate().skip(a + 1) {
                let twice = (one.feed, one.content) == (other.feed, other.content) && FEEDS[one.feed].extent == Extent::One;
                let both = twice && !world.repeated[one.feed] && model.stands(a) && model.stands(b);
                prop_assert!(!both, "the same bytes count for two months: {one:?} {other:?}");
            }
        }
        let codes: BTreeSet<&str> = plan.stops(&[]).iter().map(|d| d.code.id).collect();
        prop_assert_eq!(codes.contains("TC0415"), model.undeclared(world));
        prop_assert_eq!(codes.contains("TC1250"), model.lost(world), "{:?}", plan.stops(&[]));
        prop_assert!(!ran || !model.lost(world), "a run brings in what comes back");
        let vanishing: BTreeSet<(&str, u8)> = plan.vanishing.iter().map(|v| (v.council.as_str(), v.period.period)).collect();
        prop_assert_eq!(vanishing, model.vanishing(world));
        let shrinking: BTreeSet<(&str, u8)> = plan.shrinking.iter().map(|s| (s.council.as_str(), s.period.period)).collect();
        prop_assert_eq!(shrinking, model.shrinking(world));
        let published: BTreeSet<(usize, u8)> = plan::published_slots(self.latest.as_ref())
            .iter()
            .map(|slot| (feed_at(&slot.council, &slot.feed), slot.period.period))
            .collect();
        prop_assert_eq!(published, model.published.keys().copied().collect::<BTreeSet<_>>());
        if ran && codes.is_empty() && model.any_release {
            let sources: BTreeMap<(usize, u8), u64> =
                plan.sources.iter().map(|s| ((feed_at(&s.file.council, &s.file.feed), s.file.period.period), s.file.rows)).collect();
            let lines: BTreeMap<(usize, u8), u64> =
                model.published.iter().filter(|(_, (rows, _))| *rows > 0).map(|(slot, (rows, _))| (*slot, *rows)).collect();
            prop_assert_eq!(sources, lines);
        }
        Ok(())
    }
}

fn facts(feed: &Feed, entry: &Entry) -> truecost::lake::SourceFacts {
    truecost::lake::SourceFacts {
        name: entry.name.clone(),
        location: feed.name(),
        bytes: entry.size,
        modified_us: entry.modified_us,
        identity: entry.identity.clone(),
        changed_us: entry.changed_us,
    }
}

/// An accepted delivery of which nothing is said yet.
fn template() -> DeliveryRecord {
    static MADE: OnceLock<DeliveryRecord> = OnceLock::new();
    let made = || {
        serde_json::from_value(json!({
            "delivery_id": "", "council": "", "feed": "", "table": "", "coverage": [],
            "source": {"name": "", "location": "", "bytes": 1, "modified_us": 1, "identity": ""},
            "sha256": "", "bytes": 1, "encoding": null, "contract": "", "contract_sha256": "", "feed_sha256": "",
            "state": "accepted", "reports": [], "token": "", "run": "", "landed_at": "", "judged_at": "", "lake_version": null,
            "proof": {"records": 1, "accepted": 0, "quarantined": 0, "blank": 0, "preamble": 0, "control_records": 0, "not_data": {},
                "columns": {}, "periods": {}, "controls": [], "proved_by_sender": false},
        }))
        .expect("a record")
    };
    MADE.get_or_init(made).clone()
}

/// The feed as the program would read it; `None` where it is not declared.
fn declared(world: &World, at: usize) -> Option<Feed> {
    let said = world.said(at)?;
    let place = &FEEDS[at];
    let mut feed = reference().feeds[0].clone();
    (feed.council, feed.id, feed.into) = (name(place.council), name(place.id), name(place.basis.common_table()));
    let pattern = if place.extent == Extent::Year { "x_{fiscal_year}[_{any}].csv" } else { "x_{year}_{month}[_{any}].csv" };
    feed.files = FilePatterns(vec![FilePattern::parse(pattern).expect("a pattern")]);
    feed.covers.extent = place.extent;
    feed.covers.calendar = if place.extent == Extent::Year { pipeline::CoverCalendar::Fiscal } else { pipeline::CoverCalendar::Month };
    feed.covers.from = None;
    feed.required = match said.asked {
        Asked::Never => Required::Never,
        Asked::Always => Required::Always,
        Asked::From(from) => Required::From(first(from)),
    };
    feed.missing = said.missing;
    feed.shrunken = if said.may_shrink { Shrunken::Counts } else { Shrunken::Waits };
    feed.repeats = if said.repeats { Repeats::Allowed } else { Repeats::Refused };
    feed.active = Span { from: said.from.map(first), to: said.to.map(first) };
    feed.newest_by = vec![pipeline::NewestBy::Modified];
    feed.sidecar = None;
    feed.closing_required = false;
    feed.digests.now = truecost::schema::digest_of(world.rules(at).as_bytes());
    feed.digests.before.clear();
    Some(feed)
}
