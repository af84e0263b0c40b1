//! Random histories of a partnership: deliveries, corrections, overlaps, copies, renamed files, withdrawals, persons' words, edited
//! feeds and councils. What the program makes of each is held to a small model that is written from the rules (`model.rs`): once without
//! any I/O, by the functions that decide (`pure.rs`), and some hundreds of times for real, with files and releases (`real.rs`).
//!
//! `TRUECOST_HISTORIES=1000000` plays more of them; `TRUECOST_REAL=1000` more of those that are for real.

mod model;
mod pure;
mod real;
mod world;

use std::{cell::RefCell, collections::BTreeMap};

use proptest::test_runner::{Config, TestCaseError, TestCaseResult, TestError, TestRng, TestRunner};

use truecost::pipeline::Missing;

use model::Model;
use pure::Pure;
use real::Real;
use world::{Asked, Step, World, histories};

/// How often each state was reached, and each event came to pass.
pub type Reached = RefCell<BTreeMap<String, u64>>;

fn cases(variable: &str, usually: u32) -> u32 {
    std::env::var(variable).ok().and_then(|n| n.parse().ok()).unwrap_or(usually)
}

/// Plays histories, the same ones each time; a difference is told with the shortest history that shows it.
fn all_agree(cases: u32, max_shrink_iters: u32, play: impl Fn(&[Step]) -> TestCaseResult) {
    let config = Config { cases, failure_persistence: None, max_shrink_iters, ..Config::default() };
    let rng = TestRng::deterministic_rng(config.rng_algorithm);
    let done = TestRunner::new_with_rng(config, rng).run(&histories(), |steps| play(&steps));
    match done {
        Ok(()) => {}
        Err(TestError::Fail(why, steps)) => {
            let steps: Vec<String> = steps.iter().map(|step| format!("  {step:?}")).collect();
            panic!("{why}\n{}", steps.join("\n"));
        }
        Err(TestError::Abort(why)) => panic!("{why}"),
    }
}

/// What has to come to pass at least once.
const REACHED: [&str; 36] = [
    "counts",
    "not active",
    "no cost basis",
    "feed not declared",
    "council not declared",
    "waits for a feed",
    "carried",
    "without",
    "withdrawn",
    "nothing yet",
    "delivery counts",
    "delivery counts in part",
    "delivery counts nowhere",
    "delivery superseded",
    "delivery refused",
    "delivery waits for accept",
    "delivery withdrawn",
    "delivery lost",
    "accept",
    "withdraw",
    "undo",
    "nothing to decide",
    "stops: not declared",
    "stops: vanishing",
    "stops: shrinking",
    "a period that stays empty",
    "an empty release",
    "refused as a copy",
    "a copy that is let in",
    "withdrawn by a renamed file",
    "the next newest",
    "an older file again",
    "judged again by other rules",
    "a closing period",
    "lost",
    "a wait that a newer one ended",
];

#[test]
fn what_stands_is_the_models_over_random_histories_and_every_state_is_reached() {
    let reached = Reached::default();
    let cases = cases("TRUECOST_HISTORIES", 2_000);
    all_agree(cases, 20_000, |steps| composed(steps, &reached));
    let reached = reached.into_inner();
    let shown: Vec<String> = reached.iter().map(|(what, times)| format!("{what} {times}")).collect();
    println!("histories: {cases}, 0 differences; {}", shown.join(", "));
    let missing: Vec<&str> = REACHED.into_iter().filter(|what| !reached.contains_key(*what)).collect();
    assert!(missing.is_empty(), "never reached: {missing:?}");
}

/// Found among a million: a month is named for another, lines of that one stand in for it, and another feed brings a few beside them.
#[test]
fn lines_that_stand_in_are_not_taken_over_by_another_feed() {
    let put = |feed, k, variant, rows, pence| Step::Put { feed, k, variant, rows, pence, bad: false };
    let steps = [
        put(0, 1, 0, [0; 7], 100),
        Step::Required { feed: 0, asked: Asked::Always, missing: Missing::Carry },
        put(0, 3, 0, [0; 7], 1000),
        Step::Run,
        Step::Move { feed: 0, pick: 1, k: 1, variant: 0 },
        put(2, 3, 0, [0, 0, 0, 1, 0, 0, 0], 100),
    ];
    let reached = Reached::default();
    composed(&steps, &reached).unwrap();
    assert!(reached.into_inner().contains_key("carried"));
}

/// One history without I/O.
fn composed(steps: &[Step], reached: &Reached) -> TestCaseResult {
    let (mut world, mut model, mut pure) = (World::default(), Model::default(), Pure::new());
    for step in steps {
        match step {
            Step::Run => {
                model.run(&world, reached);
                pure.run(&world);
                pure.compare(&world, &model, true, reached)?;
            }
            Step::Say { what, which } => {
                let which = model.named(*what, *which);
                let by_model = model.say(&world, *what, which, reached);
                let by_plan = pure.say(&world, &model, *what, which);
                if by_model != by_plan {
                    return Err(TestCaseError::fail(format!("{step:?}: {by_model:?} by the rules, {by_plan:?} by the plan")));
                }
                // What comes back is lost until a run has brought it in.
                pure.compare(&world, &model, false, reached)?;
            }
            other => world.apply(other),
        }
    }
    // Done twice is done once.
    model.run(&world, reached);
    pure.run(&world);
    pure.compare(&world, &model, true, reached)?;
    let before = pure.clone();
    pure.run(&world);
    if before.known != pure.known {
        let changed: Vec<_> = pure.known.iter().filter(|r| !before.known.contains(r)).map(|r| (&r.source.name, r.state)).collect();
        return Err(TestCaseError::fail(format!("a second run changed something: {changed:?}")));
    }
    pure.compare(&world, &model, true, reached)
}

#[test]
fn what_is_published_is_the_models_when_histories_are_played_for_real() {
    let reached = Reached::default();
    let cases = cases("TRUECOST_REAL", 40);
    all_agree(cases, 200, |steps| for_real(steps, &reached));
    println!("real: {cases} histories, 0 differences");
}

/// One history with files, registers, tables and releases.
fn for_real(steps: &[Step], reached: &Reached) -> TestCaseResult {
    let (mut world, mut model, mut real) = (World::default(), Model::default(), Real::new());
    for step in steps.iter().chain([&Step::Run]) {
        // A partnership without any feed is another matter.
        if (0..world::FEEDS.len()).all(|feed| world.said(feed).is_none()) {
            return Ok(());
        }
        match step {
            Step::Run => {
                model.run(&world, reached);
                real.run(&world)?;
                real.compare(&world, &model)?;
            }
            Step::Say { what, which } => {
                let which = model.named(*what, *which);
                let by_model = model.say(&world, *what, which, reached);
                let done = real.say(&world, &model, *what, which)?;
                if by_model != done {
                    return Err(TestCaseError::fail(format!("{step:?}: {by_model:?} by the rules, {done:?} done")));
                }
                real.compare(&world, &model)?;
            }
            other => world.apply(&other.above_nought()),
        }
    }
    Ok(())
}
