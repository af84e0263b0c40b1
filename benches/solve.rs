//! Speed of the allocation: the matrix solved and proved, and cells split by its rows.
//!
//! `cargo bench --bench solve [-- --save]`: the last column compares with `benches/baseline.json`. Dense schemes, every service giving to
//! all others and to all finals, volumes up to a million: nobody's partnership is as dense. Seconds are those of one thread on a processor;
//! with two threads, of the one that has more to do, so that others on the machine do not disturb the figure.

#![allow(clippy::cast_precision_loss, clippy::expect_used, clippy::indexing_slicing)] // a program that measures, on data that it makes

use num_bigint::BigUint;
use truecost::domain::{System, Weights};

mod common;
use common::{Clock, Report, Sequence};

/// Services, finals, and the most seconds that solving may take with one thread.
const SIZES: [(usize, usize, f64); 4] = [(26, 60, 0.1), (60, 80, 0.5), (100, 130, 5.0), (120, 160, 10.0)];
const ROUNDS: usize = 5;
const CELLS: usize = 10_000;

fn main() {
    let mut report = Report::new("solve");
    println!("{:<24} {:>10} {:>10} {:>10}", "case", "seconds", "at most", "baseline");
    for (services, finals, most) in SIZES {
        let system = dense(services, finals);
        let alone = middle(|| {
            let clock = Clock::start();
            system.solve(1).expect("a solution");
            clock.seconds()
        });
        show(&mut report, &format!("{services} x {finals}"), alone, most);
        let pair = middle(|| {
            let clock = Clock::start();
            system.solve(2).expect("a solution");
            clock.seconds()
        });
        println!("{:<24} {pair:>10.4} {:>10} {:>9.2}x", "  with two threads", "", alone / pair);
    }
    let row = dense(26, 208).solve(2).expect("a solution").weights(0).expect("a row");
    let weights = Weights::new(row.into_iter().enumerate().map(|(place, weight)| (format!("final {place:03}"), weight)));
    let weights = weights.expect("weights");
    let mut numbers = Sequence(7);
    let amounts: Vec<i128> = (0..CELLS).map(|_| i128::from(numbers.pence()) - 5_000).collect();
    let split = |prove: bool| {
        let clock = Clock::start();
        for amount in &amounts {
            let parts = weights.apportion(*amount).expect("parts");
            assert!(!prove || weights.prove(*amount, &parts).is_ok(), "a split");
        }
        clock.seconds()
    };
    show(&mut report, "apportion 10,000 x 208", middle(|| split(false)), 2.0);
    show(&mut report, "the same, proved", middle(|| split(true)), 2.0);
    report.finish();
}

/// Times a second, so that more is better, as in the other benchmarks.
fn show(report: &mut Report, case: &str, seconds: f64, most: f64) {
    println!("{case:<24} {seconds:>10.4} {most:>10.1} {:>10}", report.against(case, 1_000.0 / seconds));
    assert!(seconds <= most, "{case} takes {seconds:.3} s, and may take {most} s");
}

fn middle(mut round: impl FnMut() -> f64) -> f64 {
    let mut rounds: Vec<f64> = (0..ROUNDS).map(|_| round()).collect();
    rounds.sort_by(f64::total_cmp);
    rounds[ROUNDS / 2]
}

fn dense(services: usize, finals: usize) -> System {
    let mut numbers = Sequence(88_172_645_463_325_252);
    let mut volumes = |count: usize| -> Vec<BigUint> { (0..count).map(|_| BigUint::from(numbers.below(1_000_000) + 1)).collect() };
    System::new((0..services).map(|_| (volumes(services), volumes(finals))).collect()).expect("a system")
}
