//! Crash points: at each of them the program dies, at its first, second, … passing, by `abort`, by an error and by a panic; the command
//! is typed again; and what is kept and published is what an undisturbed command leaves.
//!
//! One scenario of two councils goes through it all, step by step. Each step starts from the folder that the step before left, once for
//! every crash. Without `TRUECOST_CRASHES=all` each point dies once by each of the three ways, where the scenario first passes it.
//! Crashes that leave the same folder share one recovery (`crash_left`). `TRUECOST_CASE=first:land.` tries those whose name holds it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    process::Command,
    sync::Mutex,
    time::Instant,
};

use crate::{
    crash_left::left,
    crash_scenario::{House, STEPS, Step, said, truecost},
    crash_state::{State, differences, state},
    places,
    rust_text::{Kind, tokens},
};

const WAYS: [&str; 3] = ["abort", "error", "panic"];
/// Passings of a point within a step that are met: the first ones, and the last.
const FIRST: usize = 4;

/// With all times and modes; releases share the files of parts, and so does the copy.
fn copy(from: &Path, to: &Path) {
    let done = Command::new("cp").arg("-a").arg(from).arg(to).output().expect("cp runs");
    assert!(done.status.success(), "{}", said(&done));
}

/// A crash to try: which point, at which passing, in which way.
#[derive(Clone, Debug)]
struct Crash {
    name: String,
    passing: usize,
    way: &'static str,
}

/// What of the passings of a step is tried. `met` are the points that an earlier step of the same command has tried.
fn crashes(seen: &BTreeMap<String, usize>, met: &BTreeSet<(&str, String)>, command: &str, all: bool) -> Vec<Crash> {
    let mut found = Vec::new();
    for (name, count) in seen {
        let passings: BTreeSet<usize> = match all {
            true => (1..=FIRST).filter(|passing| passing <= count).chain([*count]).collect(),
            false if met.contains(&(command, name.clone())) => BTreeSet::new(),
            false => BTreeSet::from([count.div_ceil(2)]),
        };
        for passing in passings {
            found.extend(WAYS.map(|way| Crash { name: name.clone(), passing, way }));
        }
    }
    found
}

/// How often each point was passed, as `TRUECOST_CRASH_SEEN` noted it.
fn passings(path: &Path) -> BTreeMap<String, usize> {
    let mut seen = BTreeMap::new();
    for name in fs::read_to_string(path).unwrap_or_default().lines() {
        *seen.entry(name.to_owned()).or_default() += 1;
    }
    seen
}

/// Whether a difference is one of the order in which deliveries came, or of releases between: what the latest release holds is none.
fn tells_of_order(difference: &str) -> bool {
    let key = difference.lines().next().unwrap_or_default();
    let of_order = ["published/", "r0", "turns", "lake/notices/"].iter().any(|start| key.starts_with(start));
    of_order || key.ends_with(": lake_version")
}

/// The crashes of one step, and what came of them.
struct Sweep<'a> {
    step: &'a Step,
    /// The folder from which each of them starts.
    start: &'a Path,
    expected: &'a State,
    waiting: Mutex<Vec<Crash>>,
    found: Mutex<Found>,
    begun: Instant,
}

#[derive(Default)]
struct Found {
    tried: usize,
    died: usize,
    /// Crashes that left what another had left, which was recovered from.
    shared: usize,
    faults: Vec<String>,
    /// Crashes of each point that are still to come.
    open: BTreeMap<String, usize>,
    /// What was left and recovered from.
    recovered: BTreeSet<String>,
}

impl<'a> Sweep<'a> {
    fn new(step: &'a Step, start: &'a Path, expected: &'a State, mut waiting: Vec<Crash>) -> Self {
        let mut found = Found::default();
        waiting.iter().for_each(|crash| *found.open.entry(crash.name.clone()).or_default() += 1);
        println!("crash of {}: {} to come", step.name, waiting.len());
        waiting.reverse();
        Self { step, start, expected, waiting: Mutex::new(waiting), found: Mutex::new(found), begun: Instant::now() }
    }

    /// All of them, as many at a time as there are cores.
    fn run(self, stage: &Path) -> Found {
        std::thread::scope(|scope| {
            for lane in 0..std::thread::available_parallelism().map_or(2, usize::from) {
                let (sweep, dir) = (&self, stage.join(format!("lane-{lane}")));
                scope.spawn(move || {
                    while let Some(crash) = { sweep.waiting.lock().expect("no thread panicked").pop() } {
                        let ended = sweep.survive(&dir, &crash);
                        fs::remove_dir_all(&dir).expect("removed");
                        sweep.note(&crash, ended);
                    }
                });
            }
        });
        self.found.into_inner().expect("no thread panicked")
    }

    fn note(&self, crash: &Crash, ended: Result<bool, String>) {
        let mut found = self.found.lock().expect("no thread panicked");
        found.tried += 1;
        match ended {
            Ok(died) => found.died += usize::from(died),
            Err(why) => {
                println!("crash of {}, {}:{}:{} differs: {why}", self.step.name, crash.name, crash.passing, crash.way);
                found.faults.push(format!("== {}, {crash:?}: {why}", self.step.name));
            }
        }
        let open = found.open.entry(crash.name.clone()).or_default();
        *open = open.saturating_sub(1);
        if *open == 0 {
            let (all, seconds) = (found.tried + found.open.values().sum::<usize>(), self.begun.elapsed().as_secs());
            println!(
                "crash of {}: {} done; {} of {all}, {} recoveries shared, {seconds} s",
                self.step.name, crash.name, found.tried, found.shared
            );
        }
    }

    /// Dies, is typed again, and is compared. `Ok(false)` where the point was not passed so often this time: threads take turns.
    fn survive(&self, dir: &Path, crash: &Crash) -> Result<bool, String> {
        let step = self.step;
        copy(self.start, dir);
        let plan = format!("{}:{}:{}", crash.name, crash.passing, crash.way);
        let first = truecost(dir, step.words, &[("TRUECOST_CRASH", &plan)]).ok_or("it hangs")?;
        let crashed = match crash.way {
            "abort" => first.status.code().is_none(),
            _ => first.status.code() != Some(step.code),
        };
        let left = left(dir, &crash.name);
        if self.found.lock().expect("no thread panicked").recovered.contains(&left) {
            self.found.lock().expect("no thread panicked").shared += 1;
            return Ok(crashed);
        }
        let again = truecost(dir, step.words, &[]).ok_or("typed again, it hangs")?;
        // A file that cannot be landed stops its own delivery: the others are taken and published, and it comes after them.
        let goes_on = crash.way == "error" && crash.name.starts_with("land.") && crash.name != "land.flushed";
        let differ = differences(self.expected, &state(dir));
        if differ.is_empty() {
            self.found.lock().expect("no thread panicked").recovered.insert(left);
            return Ok(crashed);
        }
        let differ: Vec<String> = differ.into_iter().filter(|key| !goes_on || !tells_of_order(key)).collect();
        if differ.is_empty() {
            return Ok(crashed);
        }
        let (code, text) = (first.status.code(), said(&first));
        Err(format!("{}\n-- first, {code:?}\n{text}\n-- again, {:?}\n{}", differ.join("\n"), again.status.code(), said(&again)))
    }
}

#[test]
fn what_dies_at_a_crash_point_is_done_by_the_next_run() {
    let all = std::env::var("TRUECOST_CRASHES").is_ok_and(|value| value == "all");
    let only = std::env::var("TRUECOST_CASE").unwrap_or_default();
    let stage = tempfile::tempdir_in(if Path::new("/dev/shm").is_dir() { "/dev/shm" } else { "/tmp" }).expect("a folder");
    let (dir, drop) = (stage.path().join("p"), stage.path().join("drop"));
    fs::create_dir_all(&drop).expect("made");
    let house = House::new(&dir, &drop);
    let (mut faults, mut met, mut tried, mut died, mut shared) = (Vec::new(), BTreeSet::new(), 0, 0, 0);
    for (number, step) in STEPS.iter().enumerate() {
        // What differs by the instant alone does not differ: the clock stands for as long as a step, and all
        // of them lie in one day, after which a notice that nobody takes would be given up.
        fs::write(stage.path().join("clock"), format!("2026-11-02T{number:02}:00:00Z\n")).expect("written");
        (step.before)(&house, &dir);
        let (start, seen) = (stage.path().join("start"), stage.path().join("seen"));
        copy(&dir, &start);
        let done = truecost(&dir, step.words, &[("TRUECOST_CRASH_SEEN", &seen.display().to_string())]).expect("it ends");
        assert_eq!(done.status.code(), Some(step.code), "{}: {}", step.name, said(&done));
        let expected = state(&dir);
        let passed = passings(&seen);
        let wanted = |crash: &Crash| format!("{}:{}:{}:{}", step.name, crash.name, crash.passing, crash.way).contains(&only);
        let waiting: Vec<Crash> = crashes(&passed, &met, step.words[0], all).into_iter().filter(wanted).collect();
        let found = Sweep::new(step, &start, &expected, waiting).run(stage.path());
        (tried, died, shared) = (tried + found.tried, died + found.died, shared + found.shared);
        faults.extend(found.faults);
        met.extend(passed.into_keys().map(|name| (step.words[0], name)));
        fs::remove_dir_all(&start).expect("removed");
        fs::remove_file(&seen).ok();
    }
    let met: BTreeSet<String> = met.into_iter().map(|(_, name)| name).collect();
    let lacking: Vec<String> = in_source().difference(&met).cloned().collect();
    println!(
        "crashes: {} points, {} steps, {tried} crashes ({died} died, {shared} left what another had left), {} differences{}",
        met.len(),
        STEPS.len(),
        faults.len(),
        if lacking.is_empty() { String::new() } else { format!("; no step passes {}", lacking.join(", ")) }
    );
    assert!(faults.is_empty(), "{} of {tried}:\n{}", faults.len(), faults.join("\n"));
    if only.is_empty() {
        assert!(lacking.is_empty(), "no step of the scenario passes {}", lacking.join(", "));
        assert!(met.len() >= 40, "{} points", met.len());
    }
}

/// The names of all crash points of the source.
pub fn in_source() -> BTreeSet<String> {
    let mut paths = Vec::new();
    places::gather(&places::root().join("src"), "rs", &mut paths);
    let mut found = BTreeSet::new();
    for text in paths.iter().map(|path| fs::read_to_string(path).expect("UTF-8")) {
        let words = tokens(&text);
        let asked = words
            .windows(5)
            .filter(|five| !five[0].test && five[0].text == "crash" && five[2].text == "point" && five[4].kind == Kind::Text);
        found.extend(asked.map(|five| five[4].text.trim_matches('"').to_owned()));
    }
    found
}
