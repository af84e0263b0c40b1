//! Another clock, time zone, locale and host name: the same bytes. Nothing of a figure hangs on where and when it is made.

use std::process::Command;

use crate::{
    crash_state::{State, differences, state},
    year_house::{House, Ledger},
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_truecost");

/// Two months of two councils, delivered and published by two runs at this instant; the second month corrects the first.
fn played(at: &str, environment: &[(&str, &str)], before: &[&str]) -> State {
    let house = House::new(None);
    house.stage.put("clock", at);
    for month in 0..2 {
        for council in ["hill", "vale"] {
            house.ledger(council, month, Ledger::default());
            house.devices(council, month);
        }
        house.minutes(month);
        run(&house, environment, before);
        house.ledger("hill", month, Ledger { more: 17, ..Ledger::default() });
        run(&house, environment, before);
    }
    let mut state = state(house.stage.folder.path());
    // Where files lie in this folder is told by the register alone.
    state.retain(|key, _| ![": source", ": also_as"].iter().any(|facts| key.ends_with(facts)));
    state
}

/// `before` are words that start the program in another way.
fn run(house: &House, environment: &[(&str, &str)], before: &[&str]) {
    let mut command = Command::new(before.first().copied().unwrap_or(PROGRAM));
    command.args(before.iter().skip(1));
    if !before.is_empty() {
        command.arg(PROGRAM);
    }
    command.args(["run"]).current_dir(house.stage.folder.path()).env("TRUECOST_CLOCK", house.stage.at("clock"));
    let done = command.envs(environment.iter().copied()).output().expect("the program runs");
    // What is due after two months of 2017 has not come; nothing else is wrong.
    let code = done.status.code();
    assert!(matches!(code, Some(0 | 4)), "{code:?} {}", String::from_utf8_lossy(&done.stderr));
}

#[test]
fn another_clock_time_zone_locale_and_host_name_make_the_same_bytes() {
    let expected = played("2017-06-12T12:00:00Z", &[], &[]);
    assert!(expected.keys().filter(|key| key.starts_with("latest: ")).count() > 40, "{} entries", expected.len());
    let elsewhere: [(&str, &str, &[(&str, &str)]); 4] = [
        ("three hours before", "2017-06-12T09:00:00Z", &[]),
        ("three hours after", "2017-06-12T15:00:00Z", &[]),
        ("another time zone", "2017-06-12T12:00:00Z", &[("TZ", "Pacific/Kiritimati")]),
        ("another language", "2017-06-12T12:00:00Z", &[("LANG", "tr_TR.UTF-8"), ("LC_ALL", "tr_TR.UTF-8"), ("HOSTNAME", "elsewhere")]),
    ];
    for (what, at, environment) in elsewhere {
        let found = differences(&expected, &played(at, environment, &[]));
        assert!(found.is_empty(), "{what}: {}", found.join("\n"));
    }
    // A host of another name, where this machine lets a test give it one.
    let renamed = ["unshare", "--uts", "sh", "-c", "hostname elsewhere && exec \"$0\" \"$@\""];
    if !Command::new("unshare").args(["--uts", "sh", "-c", "hostname elsewhere"]).status().is_ok_and(|status| status.success()) {
        eprintln!("skipped: this machine gives no test a host name of its own (unshare --uts)");
        return;
    }
    let found = differences(&expected, &played("2017-06-12T12:00:00Z", &[], &renamed));
    assert!(found.is_empty(), "another host name: {}", found.join("\n"));
}
