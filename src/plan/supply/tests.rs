//! The supply calendar over random registers, waivers, closed periods and days, held to a small model that is written from the rules and
//! not from the code: it walks the calendar day by day, and asks each question by itself.

use std::{path::Path, sync::OnceLock};

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::{domain::WorkingDays, pipeline::Due};

fn reference() -> &'static Partnership {
    static ONCE: OnceLock<Partnership> = OnceLock::new();
    ONCE.get_or_init(|| crate::pipeline::read_with(Path::new(env!("CARGO_MANIFEST_DIR")), &|_| Some("x".into())).unwrap().0)
}

const FEEDS: [&str; 2] = ["newham/general_ledger", "newham/supplier_spend"];

fn day(text: &str) -> Day {
    Day::parse_iso(text).unwrap()
}

#[derive(Clone, Debug)]
struct Brought {
    feed: usize,
    /// First period, and how many months.
    from: u8,
    months: u8,
    state: &'static str,
    landed: i32,
}

#[derive(Clone, Debug)]
struct World {
    due: Due,
    active_from: Option<u8>,
    brought: Vec<Brought>,
    waived: BTreeSet<(usize, u8)>,
    closed: BTreeSet<u8>,
    /// File of the first feed that lies there for a period.
    lies: Option<u8>,
    today: i32,
}

/// Days after 1 April 2018.
fn after(days: i32) -> Day {
    day("2018-04-01").plus_days(days)
}

fn worlds() -> impl Strategy<Value = World> {
    let due = (1..24u32, prop_oneof![Just(None), Just(Some((6u8, 30u8)))], proptest::option::weighted(0.5, 1..14u8), 0..12u32).prop_map(
        |(working_day, closing, since, missing_after)| Due {
            working_day,
            closing,
            since: since.map(|period| Period { year: 2018, period }),
            missing_after,
        },
    );
    let state = prop_oneof![4 => Just("accepted"), 1 => Just("refused"), 1 => Just("waiting"), 1 => Just("withdrawn")];
    let brought = (0..2usize, 1..14u8, 1..4u8, state, 0..500i32).prop_map(|(feed, from, months, state, landed)| Brought {
        feed,
        from,
        months,
        state,
        landed,
    });
    (
        due,
        proptest::option::weighted(0.3, 1..13u8),
        proptest::collection::vec(brought, 0..7),
        proptest::collection::btree_set((0..2usize, 1..14u8), 0..4),
        proptest::collection::btree_set(1..14u8, 0..3),
        proptest::option::of(1..14u8),
        0..520i32,
    )
        .prop_map(|(due, active_from, brought, waived, closed, lies, today)| World {
            due,
            active_from,
            brought,
            waived,
            closed,
            lies,
            today,
        })
}

impl Brought {
    fn periods(&self) -> Vec<u8> {
        (self.from..self.from + self.months).filter(|p| *p <= 13).collect()
    }
}

impl World {
    fn partnership(&self) -> Partnership {
        let mut partnership = reference().clone();
        partnership.feeds.retain(|feed| FEEDS.contains(&feed.name().as_str()));
        for feed in &mut partnership.feeds {
            feed.due = Some(self.due);
            feed.covers.extent = crate::pipeline::Extent::One;
            let from = self.active_from.map(|p| partnership.calendar.days_of(period(p)).0);
            feed.active = crate::domain::Span { from, to: None };
        }
        partnership
    }

    fn register(&self) -> Vec<DeliveryRecord> {
        let one = |(number, b): (usize, &Brought)| {
            let (council, feed) = FEEDS[b.feed].split_once('/').unwrap();
            let file = json!({"name": "x.csv", "location": "x", "bytes": 1, "modified_us": 1, "identity": ""});
            let proof = json!({"records": 0, "accepted": 0, "quarantined": 0, "blank": 0, "preamble": 0, "control_records": 0, "not_data": {},
                "columns": {}, "periods": {}, "controls": [], "proved_by_sender": false});
            let record = json!({"delivery_id": id(number), "council": council, "feed": feed, "table": "ledger_line",
                "coverage": b.periods().iter().map(|p| period(*p).to_string()).collect::<Vec<_>>(), "source": file, "sha256": "", "bytes": 1,
                "encoding": {}, "contract": "", "contract_sha256": "", "feed_sha256": "", "state": b.state, "reports": [], "proof": proof,
                "waits": ["is it?"], "turn": {"run": number + 1, "order": 0}, "token": "", "run": "", "landed_at": format!("{}T12:00:00Z", after(b.landed)),
                "judged_at": "", "lake_version": null});
            serde_json::from_value(record).unwrap()
        };
        self.brought.iter().enumerate().map(one).collect()
    }

    fn states(&self) -> Vec<Supply> {
        let slot = |feed: usize, p: u8| {
            let (council, feed) = FEEDS[feed].split_once('/').unwrap();
            Slot { council: council.into(), feed: feed.into(), period: period(p) }
        };
        let waiver = || Waiver { by: "a".into(), reason: "b".into() };
        let waived = self.waived.iter().map(|(feed, p)| (slot(*feed, *p), waiver())).collect();
        // What landed in the first two hundred days was there when a period was closed.
        let frozen: BTreeSet<String> =
            self.brought.iter().enumerate().filter(|(_, b)| b.landed < 200).map(|(number, _)| id(number)).collect();
        let closed = self.closed.iter().map(|p| (period(*p), frozen.clone())).collect();
        let file = |p: u8| Arriving {
            council: "newham".into(),
            feed: "general_ledger".into(),
            file: "y.csv".into(),
            coverage: Coverage::new(vec![period(p)]).unwrap(),
            lacks: None,
        };
        let arriving: Vec<Arriving> = self.lies.map(file).into_iter().collect();
        let (partnership, known) = (self.partnership(), self.register());
        let given = Supplied {
            partnership: &partnership,
            known: &known,
            arriving: &arriving,
            waived: &waived,
            closed: &closed,
            today: after(self.today),
        };
        supply(&given)
    }

    /// What the rules say of a period of a feed: its due day and state; `None` where it is not expected.
    fn model(&self, feed: usize, p: u8) -> Option<(Day, &'static str)> {
        let holidays = reference().holidays();
        let (first_day, last_day) = reference().calendar.days_of(period(p));
        let today = after(self.today);
        let accepted: Vec<&Brought> = self.brought.iter().filter(|b| b.state == "accepted").collect();
        let first = accepted.iter().map(|b| b.from).min();
        let since = self.due.since.map(|s| s.period).or(self.active_from).or(first)?;
        let active = self.active_from.is_none_or(|from| reference().calendar.days_of(period(from)).0 <= first_day);
        if p < since || !active || today < reference().calendar.days_of(period(p.min(12))).0 {
            return None;
        }
        let mut due = last_day;
        if p == 13 {
            let (month, day) = self.due.closing?;
            // A closing period is asked for once its year is over.
            if today <= last_day {
                return None;
            }
            due = Day::from_ymd(2019, month, day)?;
        } else {
            let mut working = 0;
            while working < self.due.working_day {
                due = due.plus_days(1);
                working += u32::from(holidays.is_working_day(due));
            }
        }
        let of = |state: &str| -> Vec<(usize, &Brought)> {
            let of = |b: &Brought| b.feed == feed && b.state == state && b.periods().contains(&p);
            self.brought.iter().enumerate().filter(|(_, b)| of(b)).collect()
        };
        // Waiting ends once something newer that counts, or waits, goes over all of it.
        let waits = of("waiting").into_iter().filter(|(number, b)| {
            let over = |(other, o): (usize, &Brought)| {
                let counts = o.feed == feed && (o.state == "accepted" || o.state == "waiting");
                other > *number && counts && b.periods().iter().all(|p| o.periods().contains(p))
            };
            !self.brought.iter().enumerate().any(over)
        });
        let waits: Vec<(usize, &Brought)> = waits.collect();
        let is_closed = self.closed.contains(&p);
        let stands = of("accepted").pop();
        let new = |found: &Option<(usize, &Brought)>| found.as_ref().is_some_and(|(_, b)| b.landed >= 200);
        let after_close = is_closed && (new(&stands) || (stands.is_none() && (new(&waits.last().copied()) || new(&of("refused").pop()))));
        let late_by = (due.0 + 1..=today.0).filter(|d| holidays.is_working_day(Day(*d))).count();
        let state = match () {
            () if after_close => "after close",
            () if stands.is_some() => "accepted",
            () if self.waived.contains(&(feed, p)) || is_closed => "waived",
            () if !waits.is_empty() => "waits for accept",
            () if !of("refused").is_empty() => "refused",
            () if feed == 0 && self.lies == Some(p) => "arriving",
            () if today < due => "expected",
            () if today == due => "due today",
            () if today > holidays.nth_after(due, self.due.missing_after) => {
                assert!(late_by >= usize::try_from(self.due.missing_after).unwrap_or(0));
                "missing"
            }
            () => "late",
        };
        Some((due, state))
    }
}

fn id(number: usize) -> String {
    format!("{number:016}")
}

fn period(period: u8) -> Period {
    Period { year: 2018, period }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_is_expected_and_became_of_it_is_what_the_rules_say(world in worlds()) {
        let states = world.states();
        for (feed, name) in FEEDS.iter().enumerate() {
            for p in 1..14u8 {
                let found = states.iter().find(|s| s.slot.feed_name() == *name && s.slot.period == period(p));
                let seen = found.map(|s| (s.due, s.state.as_str()));
                prop_assert_eq!(seen, world.model(feed, p), "{} P{:02}", name, p);
                if let Some(s) = found {
                    let counts = ["accepted", "waived", "after close"].contains(&s.state.as_str());
                    prop_assert_eq!(s.overdue, !counts && after(world.today) > s.due && !world.closed.contains(&p));
                }
            }
        }
    }

    /// More time, a waiver, a later file never makes what was accepted something else.
    #[test]
    fn what_is_accepted_stays_so(world in worlds(), days in 0..100i32) {
        let (before, after) = (world.states(), World { today: world.today + days, lies: None, ..world.clone() }.states());
        for s in before.iter().filter(|s| s.state == SupplyState::Accepted) {
            let later = after.iter().find(|later| later.slot == s.slot);
            prop_assert_eq!(later.map(|later| (later.state, later.days)), Some((s.state, s.days)));
        }
    }
}

#[test]
fn words_of_the_issue() {
    let due = Due { working_day: 5, closing: None, since: Some(period(2)), missing_after: 5 };
    let on = |text: &str| day(text).0 - day("2018-04-01").0;
    let accepted = |from: u8, landed: &str| Brought { feed: 0, from, months: 1, state: "accepted", landed: on(landed) };
    let world = |brought, today: &str| World {
        due,
        active_from: None,
        brought,
        waived: BTreeSet::new(),
        closed: BTreeSet::new(),
        lies: None,
        today: on(today),
    };
    let said = |world: &World| {
        let states = world.states();
        let of = states.iter().find(|s| s.slot.period == period(3) && s.slot.feed_name() == FEEDS[0]).unwrap();
        format!("{} {}: {}", of.due.spoken(), of.state.as_str(), of.says)
    };
    let early = world(vec![accepted(2, "2018-06-07"), accepted(3, "2018-07-05")], "2018-07-11");
    assert_eq!(said(&early), "Fri 6 Jul 2018 accepted: 0000000000000001, 1 working day early");
    let late = world(vec![accepted(2, "2018-06-07")], "2018-07-11");
    assert_eq!(said(&late), "Fri 6 Jul 2018 late: nothing yet, 3 working days; P02 came on time");
    assert_eq!(late.states().iter().find(|s| s.slot.period == period(3)).unwrap().days, Some(WorkingDays(3)));
    let missing = world(vec![accepted(2, "2018-06-11")], "2018-07-16");
    assert_eq!(said(&missing), "Fri 6 Jul 2018 missing: nothing yet, 6 working days; P02 came 2 working days late");
    let corrected = world(vec![accepted(3, "2018-07-06"), accepted(3, "2018-07-20")], "2018-07-30");
    assert_eq!(said(&corrected), "Fri 6 Jul 2018 accepted: 0000000000000001; the first came on its day");
}

/// Two thousand working days are no measure that anybody has.
#[test]
fn what_is_years_late_is_said_by_its_day() {
    let due = Due { working_day: 5, closing: None, since: Some(period(2)), missing_after: 5 };
    let on = |text: &str| day(text).0 - day("2018-04-01").0;
    let accepted = |from: u8, landed: &str| Brought { feed: 0, from, months: 1, state: "accepted", landed: on(landed) };
    let said = |brought, today: &str| {
        let (waived, closed) = (BTreeSet::new(), BTreeSet::new());
        let states = World { due, active_from: None, brought, waived, closed, lies: None, today: on(today) }.states();
        states.iter().find(|s| s.slot.period == period(3) && s.slot.feed_name() == FEEDS[0]).map(|s| (s.says.clone(), s.days)).unwrap()
    };
    let (missing, days) = said(vec![accepted(2, "2026-11-20")], "2026-11-27");
    assert_eq!(missing, "nothing yet, due since Fri 6 Jul 2018; P02 came late, on Fri 20 Nov 2026");
    assert!(days.unwrap().0 > 2000);
    assert_eq!(said(vec![accepted(3, "2026-11-20")], "2026-11-27").0, "0000000000000000, late, on Fri 20 Nov 2026");
    assert_eq!(said(Vec::new(), "2018-10-02").0, "nothing yet, due since Fri 6 Jul 2018");
    assert_eq!(said(Vec::new(), "2018-10-01").0, "nothing yet, 60 working days");
}

#[test]
fn due_days_beyond_the_known_holidays_are_told() {
    let mut partnership = reference().clone();
    partnership.feeds.retain(|feed| feed.name() == FEEDS[0]);
    for feed in &mut partnership.feeds {
        feed.due = Some(Due { working_day: 5, closing: None, since: None, missing_after: 5 });
        feed.active = crate::domain::Span::default();
    }
    let told = |today: &str| beyond_holidays(&partnership, day(today)).map(|report| (report.code.id, report.seen));
    assert_eq!(told("2026-11-26"), None);
    let seen = "2030/P09 of newham/general_ledger is due after the last known bank holiday: they are known until 2030-12-31";
    assert_eq!(told("2030-12-01"), Some(("TC1302", seen.to_owned())));
}
