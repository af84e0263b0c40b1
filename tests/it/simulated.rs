//! Months with random kills: each seed says in which order files come and at which crash points runs die. In the end all of it is published,
//! byte for byte what an undisturbed month publishes, and verified. `TRUECOST_MONTHS` says how many seeds; `TRUECOST_SEED` plays one alone.

use std::collections::BTreeMap;

use truecost::domain::Day;

use crate::{
    crash_state::{State, differences, state},
    crashes,
    serve::Serving,
    year_house::{House, Ledger},
};

/// A generator of numbers that a seed decides (`SplitMix64`).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, number: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(number).unwrap()).unwrap()
    }
}

/// What comes in a month beyond its beginning: on which of its Mondays, and which file.
#[derive(Clone, Copy, Debug)]
enum Comes {
    Ledger(&'static str, Ledger),
    Minutes,
    Devices(&'static str),
}

/// The files of a month, each with the Monday on which it comes; a correction comes later than what it corrects.
fn script(chance: &mut Chance) -> BTreeMap<usize, Vec<Comes>> {
    let mut script: BTreeMap<usize, Vec<Comes>> = BTreeMap::new();
    for council in ["hill", "vale"] {
        let first = chance.below(3);
        script.entry(first).or_default().push(Comes::Ledger(council, Ledger::default()));
        let more = u32::try_from(chance.below(400)).unwrap() + 1;
        script.entry(first + 1).or_default().push(Comes::Ledger(council, Ledger { more, ..Ledger::default() }));
        script.entry(chance.below(4)).or_default().push(Comes::Devices(council));
    }
    script.entry(chance.below(4)).or_default().push(Comes::Minutes);
    script
}

/// A point, a passing and a way; the points of runs, each of which some run passes.
fn crash(chance: &mut Chance, points: &[String]) -> String {
    let point = &points[chance.below(points.len())];
    format!("{point}:{}:{}", chance.below(4) + 1, ["abort", "error", "panic"][chance.below(3)])
}

struct Month {
    house: House,
    serving: Option<Serving>,
    died: usize,
}

impl Month {
    fn restarts(&mut self, at: &str, set: &[(&str, &str)]) {
        if let Some(serving) = self.serving.take() {
            serving.signal("TERM");
            assert_eq!(serving.ends(), Some(0));
        }
        let serving = self.house.stage.serve_with(at, "clock", set);
        serving.idle(at);
        self.serving = Some(serving);
    }

    fn to(&mut self, at: &str) {
        self.serving.as_ref().unwrap().step(at);
    }
}

/// Plays April of 2017 on the Mondays of May and June. What is published in the end, and how many runs died.
fn played(seed: u64, points: Option<&[String]>) -> (State, usize, String) {
    let mut chance = Chance(seed);
    let script = script(&mut chance);
    let mut month = Month { house: House::new(None), serving: None, died: 0 };
    let first = Day::from_ymd(2017, 5, 8).unwrap();
    let mut crashes = Vec::new();
    month.restarts(&format!("{}T00:00:00Z", first.plus_days(-1)), &[]);
    for week in 0..6 {
        let day = first.plus_days(7 * i32::try_from(week).unwrap());
        for comes in script.get(&week).into_iter().flatten() {
            match comes {
                Comes::Ledger(council, what) => month.house.ledger(council, 0, *what),
                Comes::Minutes => month.house.minutes(0),
                Comes::Devices(council) => month.house.devices(council, 0),
            }
        }
        let dies = chance.below(4) > 0;
        let planned = points.filter(|_| dies).map(|points| crash(&mut chance, points));
        if let Some(crash) = &planned {
            crashes.push(crash.clone());
            month.restarts(&format!("{day}T04:00:00Z"), &[("TRUECOST_CRASH", crash)]);
        }
        // Feeds at six, the cost run at seven; what died there is run again, and dies again.
        for time in ["05:00:00", "06:00:00", "06:30:00"] {
            month.to(&format!("{day}T{time}Z"));
        }
        if planned.is_some() {
            month.restarts(&format!("{day}T09:00:00Z"), &[]);
            month.to(&format!("{day}T12:00:00Z"));
        }
    }
    let log = std::fs::read_to_string(month.house.stage.at("clock.log")).unwrap();
    month.died = log.lines().filter(|line| line.contains(" run ") && (line.contains("died") || line.contains("exit 3"))).count();
    drop(month.serving.take());
    let done = month.house.stage.truecost(&["run"]);
    assert!(matches!(done.status.code(), Some(0 | 4)), "seed {seed}: {}", String::from_utf8_lossy(&done.stderr));
    let verified = month.house.stage.truecost(&["release", "verify", "--all"]);
    assert!(verified.status.success(), "seed {seed}: {}", String::from_utf8_lossy(&verified.stdout));
    (state(month.house.stage.folder.path()), month.died, crashes.join(" "))
}

/// What must be the same: the latest release, whatever releases were between, and what stands in the tables.
fn of_the_end(state: State) -> State {
    let told = |key: &String| key.starts_with("latest: ") || key.starts_with("lake/ledger_line/") || key.starts_with("lake/driver_volume/");
    state.into_iter().filter(|(key, _)| told(key)).collect()
}

#[test]
fn months_in_which_runs_die_at_random_end_as_quiet_ones_do() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let seeds: Vec<u64> = match number("TRUECOST_SEED") {
        Some(seed) => vec![seed],
        None => (1..=number("TRUECOST_MONTHS").unwrap_or(1)).collect(),
    };
    // What no run of this month passes is tried in vain, and harms nothing.
    let of_runs =
        |name: &String| !["key.", "vacuum.", "repair.", "decide.", "event.", "notice."].iter().any(|other| name.starts_with(other));
    let points: Vec<String> = crashes::in_source().into_iter().filter(of_runs).collect();
    let (mut died, mut faults) = (0, Vec::new());
    for seed in &seeds {
        let (expected, quiet, _) = played(*seed, None);
        assert_eq!(quiet, 0, "seed {seed}");
        let (found, dead, crashes) = played(*seed, Some(&points));
        died += dead;
        let differ = differences(&of_the_end(expected), &of_the_end(found));
        if !differ.is_empty() {
            faults.push(format!("TRUECOST_SEED={seed} ({crashes}):\n{}", differ.join("\n")));
        }
    }
    println!("simulated: {} months, {died} runs died, {} differences", seeds.len(), faults.len());
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
