//! What stands, over random registers, lakes and partnerships, held to a small model that is written from the rules and not from the
//! code: it plays the deliveries one after the other onto a board, and then asks each question of the rules by itself.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::OnceLock,
};

use proptest::{
    prelude::*,
    test_runner::{Config, TestRng, TestRunner},
};
use serde_json::json;

use super::*;
use crate::{
    domain::{Calendar, Day, Identifier, Pence, Span},
    pipeline::{Council, Required},
};

const CALENDAR: Calendar = Calendar { starts_month: 4, closing_period: 13 };

/// Feeds that the world may have; the last is never declared, and neither is its council.
const FEEDS: [(&str, &str, Basis); 6] = [
    ("aa", "ledger", Basis::Ledger),
    ("aa", "cards", Basis::Ledger),
    ("aa", "pay", Basis::Payments),
    ("bb", "ledger", Basis::Ledger),
    ("bb", "pay", Basis::Payments),
    ("zz", "ledger", Basis::Ledger),
];

/// Four months of a year, and its closing period.
fn period(number: u8) -> Period {
    Period { year: 2023, period: if number >= 4 { 13 } else { number + 1 } }
}

fn first(number: u8) -> Day {
    CALENDAR.days_of(Period { year: 2023, period: number + 1 }).0
}

#[derive(Clone, Debug)]
struct FeedSaid {
    from: Option<u8>,
    to: Option<u8>,
    required: Required,
    missing: Missing,
}

#[derive(Clone, Debug)]
struct Brought {
    feed: usize,
    from: u8,
    months: u8,
    /// Rows of each period.
    rows: [u64; 5],
    state: DeliveryState,
    lost: bool,
}

#[derive(Clone, Debug)]
struct World {
    /// Bases of aa and bb with the month from which each holds; `None` = not declared.
    councils: Vec<Option<Vec<(u8, Basis)>>>,
    feeds: Vec<Option<FeedSaid>>,
    brought: Vec<Brought>,
    published: BTreeSet<(usize, u8)>,
}

fn worlds() -> impl Strategy<Value = World> {
    let basis = prop_oneof![Just(Basis::Ledger), Just(Basis::Payments)];
    let council =
        proptest::option::weighted(0.9, proptest::collection::btree_map(0..4u8, basis, 0..3).prop_map(|m| m.into_iter().collect()));
    let required = prop_oneof![Just(Required::Always), Just(Required::Never), (0..4u8).prop_map(|n| Required::From(first(n)))];
    let missing = prop_oneof![2 => Just(Missing::Block), 1 => Just(Missing::Without), 2 => Just(Missing::Carry)];
    let feed = (proptest::option::weighted(0.3, 0..4u8), proptest::option::weighted(0.3, 1..5u8), required, missing)
        .prop_map(|(from, to, required, missing)| FeedSaid { from, to, required, missing });
    let state = prop_oneof![
        6 => Just((DeliveryState::Accepted, false)),
        1 => Just((DeliveryState::Accepted, true)),
        1 => Just((DeliveryState::Refused, false)),
        1 => Just((DeliveryState::Waiting, false)),
        2 => Just((DeliveryState::Withdrawn, false)),
    ];
    let brought = (prop_oneof![20 => 0..5usize, 1 => Just(5)], 0..5u8, 1..5u8, proptest::array::uniform5(0..3u64), state)
        .prop_map(|(feed, from, months, rows, (state, lost))| Brought { feed, from, months, rows, state, lost });
    let published = proptest::collection::btree_set((0..6usize, 0..5u8), 0..5);
    (
        proptest::collection::vec(council, 2),
        proptest::collection::vec(proptest::option::weighted(0.8, feed), 5),
        proptest::collection::vec(brought, 0..7),
        published,
    )
        .prop_map(|(councils, feeds, brought, published)| World { councils, feeds, brought, published })
}

fn identifier(text: &str) -> Identifier {
    Identifier::new(text).unwrap()
}

impl World {
    fn partnership(&self) -> Partnership {
        let councils = ["aa", "bb"].iter().zip(&self.councils).filter_map(|(id, bases)| {
            let starts: Vec<(Option<Day>, Basis)> = bases.as_ref()?.iter().map(|(month, basis)| (Some(first(*month)), *basis)).collect();
            let ends: Vec<Option<Day>> = starts.iter().skip(1).map(|(from, _)| *from).chain([None]).collect();
            let cost_basis = starts.into_iter().zip(ends).map(|((from, basis), to)| (Span { from, to }, basis)).collect();
            Some(Council { id: identifier(id), name: (*id).to_owned(), cost_basis })
        });
        let feeds = self.declared().map(|(at, said)| feed(at, said)).collect();
        Partnership { calendar: CALENDAR, councils: councils.collect(), feeds, ..reference().clone() }
    }

    /// A feed is declared in a council's folder, so only where the council is.
    fn declared(&self) -> impl Iterator<Item = (usize, &FeedSaid)> {
        let has_council = |at: usize| self.councils[usize::from(FEEDS[at].0 == "bb")].is_some();
        self.feeds.iter().enumerate().filter_map(|(at, said)| Some((at, said.as_ref()?))).filter(move |(at, _)| has_council(*at))
    }

    fn register(&self) -> Vec<DeliveryRecord> {
        let one = |(number, b): (usize, &Brought)| {
            let (council, feed, basis) = FEEDS[b.feed];
            let proof = |p: u8| {
                (
                    period(p).to_string(),
                    json!({"rows": b.rows[usize::from(p)], "amount": format!("{}.00", pounds(number, p)), "debits": "0.00"}),
                )
            };
            let periods: BTreeMap<_, _> = b.periods().filter(|p| b.rows[usize::from(*p)] > 0).map(proof).collect();
            let file = json!({"name": "x.csv", "location": "x", "bytes": 1, "modified_us": 1, "identity": ""});
            let zero = json!({"records": 0, "accepted": 0, "quarantined": 0, "blank": 0, "preamble": 0, "control_records": 0, "not_data": {},
                "columns": {}, "periods": periods, "controls": [], "proved_by_sender": false});
            let record = json!({"delivery_id": format!("{number:016}"), "council": council, "feed": feed, "table": basis.common_table(),
                "coverage": b.periods().map(|p| period(p).to_string()).collect::<Vec<_>>(), "source": file, "sha256": "", "bytes": 1,
                "encoding": {}, "contract": "", "contract_sha256": "", "feed_sha256": "", "state": b.state, "reports": [], "proof": zero,
                "waits": ["is it?"], "turn": {"run": number + 1, "order": 0}, "token": "", "run": format!("run-{number:02}"), "landed_at": "", "judged_at": "", "lost": b.lost,
                "lake_version": (b.state != DeliveryState::Refused).then_some(number + 1)});
            serde_json::from_value(record).unwrap()
        };
        self.brought.iter().enumerate().map(one).collect()
    }

    /// The tables as they would be: whoever came last to a period, unless it is lost or was withdrawn.
    fn lake(&self) -> Vec<(String, LakeFile)> {
        let board = self.board();
        let rows = board.iter().filter(|(_, number)| !self.brought[**number].lost);
        let file = |((feed, p), number): (&(usize, u8), &usize)| {
            let (council, name, basis) = FEEDS[*feed];
            let rows = self.brought[*number].rows[usize::from(*p)];
            let file = LakeFile {
                council: council.into(),
                feed: name.into(),
                period: period(*p),
                name: number.to_string(),
                relative: String::new(),
                path: "x".into(),
                rows,
                bytes: 1,
            };
            (rows > 0).then_some((basis.common_table().to_owned(), file))
        };
        rows.filter_map(file).collect()
    }

    fn latest(&self) -> Manifest {
        let part = |(feed, p): &(usize, u8)| json!({"key": slot(*feed, *p).to_string(), "inputs": "", "path": "", "sha256": "", "rows": 1, "bytes": 1});
        let parts: Vec<_> = self.published.iter().map(part).collect();
        serde_json::from_value(json!({"format": 1, "release": "r0001", "run": {},
            "content": {"program": "", "tables": {"cost_line": parts}, "lake": {}, "proofs": {}}}))
        .unwrap()
    }
}

fn feed(at: usize, said: &FeedSaid) -> Feed {
    let (council, id, basis) = FEEDS[at];
    Feed {
        council: identifier(council),
        id: identifier(id),
        into: identifier(basis.common_table()),
        required: said.required,
        missing: said.missing,
        active: Span { from: said.from.map(first), to: said.to.map(first) },
        beside: vec![],
        closing_required: false,
        ..reference().feeds[0].clone()
    }
}

/// The reference partnership, of which the worlds are made: what these tests say nothing of is as it is there.
fn reference() -> &'static Partnership {
    static READ: OnceLock<Partnership> = OnceLock::new();
    READ.get_or_init(|| crate::pipeline::read(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap().0)
}

/// Pounds that a delivery brings for a period, no two alike.
fn pounds(number: usize, p: u8) -> u64 {
    1 << (number * 5 + usize::from(p))
}

fn slot(feed: usize, p: u8) -> Slot {
    Slot { council: FEEDS[feed].0.into(), feed: FEEDS[feed].1.into(), period: period(p) }
}

impl Brought {
    fn periods(&self) -> impl Iterator<Item = u8> + use<> {
        self.from..(self.from + self.months).min(5)
    }
}

/// The model.
impl World {
    /// The deliveries laid onto a board in the order in which they came: each takes the place of what lay there.
    fn board(&self) -> BTreeMap<(usize, u8), usize> {
        let mut board = BTreeMap::new();
        for (number, b) in self.brought.iter().enumerate().filter(|(_, b)| b.state == DeliveryState::Accepted) {
            board.extend(b.periods().map(|p| ((b.feed, p), number)));
        }
        board
    }

    fn basis(&self, feed: usize, p: u8) -> Option<Basis> {
        // The closing period begins on the last day of the year.
        let month = if p >= 4 { 12 } else { p };
        let bases = self.councils.get(usize::from(FEEDS[feed].0 == "bb"))?.as_ref()?;
        bases.iter().filter(|(from, _)| *from <= month).map(|(_, basis)| *basis).next_back()
    }

    fn said(&self, feed: usize) -> Option<&FeedSaid> {
        self.declared().find(|(at, _)| *at == feed).map(|(_, said)| said)
    }

    fn is_active(&self, feed: usize, p: u8) -> bool {
        let month = if p >= 4 { 12 } else { p };
        self.said(feed).is_some_and(|said| said.from.is_none_or(|from| from <= month) && said.to.is_none_or(|to| month < to))
    }

    fn would_count(&self, feed: usize, p: u8) -> bool {
        let stands = self.board().get(&(feed, p)).is_some_and(|number| !self.brought[*number].lost);
        stands && self.is_active(feed, p) && self.basis(feed, p) == Some(FEEDS[feed].2)
    }

    fn rows(&self, feed: usize, p: u8) -> u64 {
        self.board().get(&(feed, p)).map_or(0, |number| self.brought[*number].rows[usize::from(p)])
    }

    /// Required feeds that have brought nothing for the period, where others have lines for it.
    fn lacking(&self, p: u8, missing: Missing) -> BTreeSet<usize> {
        if !(0..6).any(|feed| self.would_count(feed, p) && self.rows(feed, p) > 0) {
            return BTreeSet::new();
        }
        let brought_closing =
            |feed: usize| self.brought.iter().any(|b| b.feed == feed && b.state == DeliveryState::Accepted && b.periods().any(|p| p == 4));
        let asks = |(feed, said): &(usize, &FeedSaid)| {
            let month = if p >= 4 { 12 } else { p };
            let is_required = match said.required {
                Required::Never => false,
                Required::Always => true,
                Required::From(day) => day <= if month == 12 { CALENDAR.days_of(period(p)).0 } else { first(month) },
            };
            is_required
                && said.missing == missing
                && self.is_active(*feed, p)
                && self.basis(*feed, p) == Some(FEEDS[*feed].2)
                && (p < 4 || brought_closing(*feed))
        };
        self.declared().filter(asks).map(|(feed, _)| feed).filter(|feed| !self.board().contains_key(&(*feed, p))).collect()
    }

    /// It is required, has brought nothing, and the period is published all the same.
    fn goes_on(&self, feed: usize, p: u8) -> bool {
        let lacks = |missing| self.lacking(p, missing).contains(&feed);
        (lacks(Missing::Without) || lacks(Missing::Carry)) && self.lacking(p, Missing::Block).is_empty()
    }

    /// The month whose lines stand in: the last one before it that the feed brought with lines, on the same basis, while it was active.
    fn carried(&self, feed: usize, p: u8) -> Option<u8> {
        if p >= 4 || !self.goes_on(feed, p) || self.said(feed)?.missing != Missing::Carry {
            return None;
        }
        (0..p).rev().find(|q| self.would_count(feed, *q) && self.rows(feed, *q) > 0)
    }

    fn state(&self, feed: usize, p: u8) -> &'static str {
        let board = self.board();
        let withdrawn =
            || self.brought.iter().any(|b| b.feed == feed && b.state == DeliveryState::Withdrawn && b.periods().any(|q| q == p));
        let council = FEEDS[feed].0 != "zz" && self.councils[usize::from(FEEDS[feed].0 == "bb")].is_some();
        match board.get(&(feed, p)) {
            None if self.carried(feed, p).is_some() => "carried",
            None if withdrawn() => "withdrawn",
            _ if !council => "council not declared",
            _ if self.said(feed).is_none() => "feed not declared",
            None if self.goes_on(feed, p) => "without",
            None => "nothing yet",
            Some(number) if self.brought[*number].lost => "lost",
            Some(_) if !self.is_active(feed, p) => "not active",
            Some(_) if self.basis(feed, p) != Some(FEEDS[feed].2) => "no cost basis",
            Some(_) if !self.lacking(p, Missing::Block).is_empty() => "waits for a feed",
            Some(_) => "counts",
        }
    }

    fn standing(&self, number: usize) -> &'static str {
        let b = &self.brought[number];
        let board = self.board();
        let held: Vec<u8> = b.periods().filter(|p| board.get(&(b.feed, *p)) == Some(&number)).collect();
        let counting = held.iter().filter(|p| self.state(b.feed, **p) == "counts").count();
        match b.state {
            DeliveryState::Refused => "refused",
            DeliveryState::Withdrawn => "withdrawn",
            DeliveryState::Waiting => {
                let goes_over = |later: &Brought| {
                    let lies = matches!(later.state, DeliveryState::Accepted | DeliveryState::Waiting) && later.feed == b.feed;
                    lies && b.periods().all(|p| later.periods().any(|q| q == p))
                };
                if self.brought.iter().skip(number + 1).any(goes_over) { "superseded" } else { "waits for accept" }
            }
            DeliveryState::Accepted if held.is_empty() => "superseded",
            DeliveryState::Accepted if b.lost => "lost",
            DeliveryState::Accepted if counting == 0 => "counts nowhere",
            DeliveryState::Accepted if counting == b.periods().count() => "counts",
            DeliveryState::Accepted => "counts in part",
        }
    }

    /// Councils' periods that are in the latest release and lose everything they have, without anybody's having withdrawn it and
    /// without another report.
    fn vanishing(&self) -> BTreeSet<(&'static str, u8)> {
        let gone = |(feed, p): &(usize, u8)| {
            let of_council = (0..6).filter(|other| FEEDS[*other].0 == FEEDS[*feed].0);
            let stays = of_council.clone().any(|other| {
                self.carried(other, *p).is_some()
                    || (self.state(other, *p) == "counts" && (self.rows(other, *p) > 0 || self.published.contains(&(other, *p))))
            });
            let unsaid = of_council.filter(|other| self.published.contains(&(*other, *p))).any(|other| {
                let told =
                    self.rows(other, *p) > 0 && ["feed not declared", "council not declared", "lost"].contains(&self.state(other, *p));
                self.state(other, *p) != "withdrawn" && !told
            });
            !stays && unsaid
        };
        self.published.iter().filter(|slot| gone(slot)).map(|(feed, p)| (FEEDS[*feed].0, *p)).collect()
    }
}

fn agrees(world: &World, reached: &RefCell<BTreeMap<&'static str, u64>>) -> Result<(), TestCaseError> {
    let (partnership, register, lake) = (world.partnership(), world.register(), world.lake());
    let plan = plan_release(&partnership, &register, &lake, Some(&world.latest()), &Closings::default());
    let count = |what: &'static str| *reached.borrow_mut().entry(what).or_default() += 1;
    // Every slot that anything knows has the state of the model.
    for (slot, entry) in &plan.periods {
        let feed = FEEDS.iter().position(|(council, feed, _)| *council == slot.council && *feed == slot.feed).unwrap();
        let p = if slot.period.period == 13 { 4 } else { slot.period.period - 1 };
        prop_assert_eq!(entry.state.as_str(), world.state(feed, p), "{}", slot);
        count(entry.state.as_str());
        let holder = world.board().get(&(feed, p)).copied();
        prop_assert_eq!(entry.delivery.as_deref().map(|id| id.parse::<usize>().unwrap()), holder);
        let newer = world.brought.iter().enumerate().filter(|(number, b)| {
            b.feed == feed && b.periods().any(|q| q == p) && b.state != DeliveryState::Accepted && holder.is_none_or(|h| *number > h)
        });
        prop_assert_eq!(entry.passed_over.len(), newer.count(), "newer than what stands in {}", slot);
        if !entry.passed_over.is_empty() {
            count("a newer one that does not count");
        }
    }
    let known: BTreeSet<&Slot> = plan.periods.keys().collect();
    for b in &world.brought {
        prop_assert!(b.periods().all(|p| known.contains(&slot(b.feed, p))));
    }
    // Every delivery too; and what of them counts is what the sources hold, once.
    for (number, record) in register.iter().enumerate() {
        let of_it = &plan.deliveries[&record.delivery_id];
        prop_assert_eq!(of_it.standing.as_str(), world.standing(number));
        count(of_it.standing.as_str());
    }
    let counted: (u64, Pence) = plan.deliveries.values().fold((0, 0), |sum, d| (sum.0 + d.counts.0, sum.1 + d.counts.1));
    let of_model = |wanted: &dyn Fn(&str) -> bool| {
        let slots = world.board().into_iter().filter(|((feed, p), _)| wanted(world.state(*feed, *p)) && world.rows(*feed, *p) > 0);
        slots.fold((0, 0), |sum: (u64, Pence), ((feed, p), number)| {
            (sum.0 + world.rows(feed, p), sum.1 + Pence::from(pounds(number, p)) * 100)
        })
    };
    prop_assert_eq!(counted, of_model(&|state| state == "counts"));
    let (carried, own): (Vec<&CostSource>, Vec<&CostSource>) = plan.sources.iter().partition(|s| s.carried.is_some());
    prop_assert_eq!(own.iter().map(|s| s.file.rows).sum::<u64>(), counted.0);
    // What stands in for a month is what was brought in the month of the model, once, and nothing else.
    let stands_in = |feed: usize, p: u8| {
        let q = world.carried(feed, p)?;
        let number = world.board()[&(feed, q)];
        Some((slot(feed, p).to_string(), period(q), number.to_string(), world.rows(feed, q), Pence::from(pounds(number, q)) * 100))
    };
    let lent: BTreeSet<_> = (0..6).flat_map(|feed| (0..5).map(move |p| (feed, p))).filter_map(|(feed, p)| stands_in(feed, p)).collect();
    let of_plan = carried.iter().map(|s| (s.key(), s.carried.unwrap().from, s.file.name.clone(), s.file.rows, s.carried.unwrap().pence));
    prop_assert_eq!(of_plan.clone().count(), lent.len());
    prop_assert_eq!(of_plan.collect::<BTreeSet<_>>(), lent);
    // Nothing is in both, and nothing in neither.
    let uncounted = plan.uncounted();
    let rest = (uncounted.iter().map(|u| u.rows).sum::<u64>(), uncounted.iter().map(|u| u.pence).sum::<Pence>());
    prop_assert_eq!(rest, of_model(&|state| state != "counts"));
    // What stops publication.
    let vanishing: BTreeSet<(&str, Period)> = plan.vanishing.iter().map(|v| (v.council.as_str(), v.period)).collect();
    prop_assert_eq!(vanishing, world.vanishing().into_iter().map(|(council, p)| (council, period(p))).collect());
    let has = |code: &str| plan.stops(&[]).iter().any(|d| d.code.id == code);
    let undeclared = of_model(&|state| state.ends_with("not declared")).0 > 0;
    prop_assert_eq!(has("TC0415"), undeclared);
    let holds = |number: usize| world.board().values().any(|holder| *holder == number);
    let lost = world.brought.iter().enumerate().any(|(number, b)| b.lost && holds(number) && world.said(b.feed).is_some());
    prop_assert_eq!(has("TC1250"), lost);
    for (what, is) in [("stops: not declared", undeclared), ("stops: lost", lost), ("stops: vanishing", !plan.vanishing.is_empty())] {
        if is {
            count(what);
        }
    }
    if !plan.empty.is_empty() {
        count("a period that stays empty");
    }
    prop_assert!(plan.vanishing.iter().all(|v| plan.stops(&[v.period]).len() <= plan.stops(&[]).len()));
    let all: Vec<Period> = plan.to_let_go().into_iter().collect();
    prop_assert_eq!(plan.stops(&all), plan.lost.values().chain(&plan.faults).cloned().collect::<Vec<_>>());
    Ok(())
}

const REACHED: [&str; 21] = [
    "counts",
    "not active",
    "no cost basis",
    "feed not declared",
    "council not declared",
    "waits for a feed",
    "carried",
    "without",
    "withdrawn",
    "lost",
    "nothing yet",
    "waits for accept",
    "counts in part",
    "counts nowhere",
    "superseded",
    "refused",
    "stops: not declared",
    "stops: lost",
    "stops: vanishing",
    "a newer one that does not count",
    "a period that stays empty",
];

#[test]
fn the_plan_is_the_model_over_random_worlds_and_every_state_is_reached() {
    let reached = RefCell::new(BTreeMap::new());
    let cases = std::env::var("TRUECOST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(4_000);
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let rng = TestRng::deterministic_rng(config.rng_algorithm);
    let done = TestRunner::new_with_rng(config, rng).run(&worlds(), |world| agrees(&world, &reached));
    assert!(done.is_ok(), "{}", done.unwrap_err());
    let reached = reached.into_inner();
    println!("{cases} worlds: {reached:?}");
    let missing: Vec<&str> = REACHED.into_iter().filter(|what| !reached.contains_key(what)).collect();
    assert!(missing.is_empty(), "never reached: {missing:?}");
}

#[test]
fn rows_that_no_delivery_holds_and_rows_that_are_gone_stop_publication() {
    let brought = Brought { feed: 0, from: 0, months: 2, rows: [2, 1, 0, 0, 0], state: DeliveryState::Accepted, lost: false };
    let said = FeedSaid { from: None, to: None, required: Required::Never, missing: Missing::Block };
    let world = World {
        councils: vec![Some(vec![(0, Basis::Ledger)]), None],
        feeds: vec![Some(said), None, None, None, None],
        brought: vec![brought],
        published: BTreeSet::new(),
    };
    let (partnership, register) = (world.partnership(), world.register());
    let seen = |lake: &[(String, LakeFile)]| -> Vec<String> {
        plan_release(&partnership, &register, lake, None, &Closings::default())
            .stops(&[])
            .into_iter()
            .map(|d| format!("{} {}", d.code.id, d.seen))
            .collect()
    };
    let whole = world.lake();
    assert_eq!(seen(&whole), Vec::<String>::new());
    assert_eq!(seen(&whole[..1]), ["TC1250 aa/ledger 2023/P02: 1 row accepted, 0 in lake/ledger_line"]);
    let mut more = whole.clone();
    more[0].1.rows = 3;
    assert_eq!(seen(&more), ["TC1250 aa/ledger 2023/P01: 2 rows accepted, 3 in lake/ledger_line"]);
    let mut strange = whole;
    strange[0].0 = Basis::Payments.common_table().to_owned();
    assert_eq!(seen(&strange).len(), 2, "rows of the ledger in the table of payments: {:?}", seen(&strange));
}

#[test]
fn periods_that_follow_each_other_are_one_span() {
    let p = |year, period| Period { year, period };
    assert_eq!(spans(&[p(2022, 11), p(2022, 12), p(2023, 2), p(2023, 3), p(2023, 4)]), "2022/P11..2022/P12 2023/P02..2023/P04");
}
