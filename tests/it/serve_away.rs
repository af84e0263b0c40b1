//! The lake goes out of reach under `serve`: moved away, not mounted, or its record of slots not to be read. Nothing is run, it is said once,
//! and it goes on by itself.

use std::{
    fs,
    io::Write as _,
    process::{Command, Stdio},
};

use crate::{
    notices,
    serve::{Serving, Stage, patiently},
};

fn stage(hook: &notices::Server) -> Stage {
    let stage = Stage::new("");
    stage.edit("pipelines/partnership.yaml", "allow_hosts: []", &format!("allow_hosts: [\"{}\"]", hook.at()));
    stage.put("hook", &format!("http://{}/hook", hook.at()));
    stage.put(
        "pipelines/notify.yaml",
        "channels:\n  ops: {webhook: {url: \"${file:hook}\"}}\ntell:\n- {events: [held, run_failed], channels: [ops]}\n",
    );
    stage
}

/// `serve` after its first slot, for which the delivery lay there.
fn begun(stage: &Stage) -> Serving {
    stage.drops(4);
    let serving = stage.serve("2018-05-01T04:00:00Z");
    serving.idle("2018-05-01T04:00:00Z");
    serving.step("2018-05-01T05:00:00Z");
    serving
}

/// The record of slots is nothing that can be read at all.
fn hide_slots(stage: &Stage) {
    fs::rename(stage.at("lake/schedule.json"), stage.at("aside.json")).unwrap();
    fs::create_dir(stage.at("lake/schedule.json")).unwrap();
}

fn show_slots(stage: &Stage) {
    fs::remove_dir(stage.at("lake/schedule.json")).unwrap();
    fs::rename(stage.at("aside.json"), stage.at("lake/schedule.json")).unwrap();
}

/// What channels were told since they were asked last.
fn told(hook: &notices::Server) -> Vec<String> {
    hook.take().iter().map(|asked| asked.json()["text"].as_str().unwrap_or_default().to_owned()).collect()
}

/// While it is out of reach no slot is taken, whatever time it is; once it is back the latest is, once.
fn waits_until(stage: &Stage, serving: &Serving, hook: &notices::Server, code: &str, back: impl FnOnce()) {
    let before = stage.truecost(&["schedule", "list"]).status.code();
    assert_eq!(before, Some(3));
    for at in ["2018-05-02T05:00:00Z", "2018-05-03T05:00:00Z", "2018-05-03T05:30:00Z"] {
        serving.step(at);
        let (ready, why) = serving.answers("GET", "/ready");
        assert!(ready == 503 && why.starts_with(&format!("held: {code} ")), "{why}");
        assert_eq!(serving.answers("GET", "/health").0, 200);
    }
    let said = told(hook);
    assert!(said.len() == 1 && said[0].starts_with(&format!("held: {code} ")), "{said:?}");
    back();
    serving.step("2018-05-03T06:00:00Z");
    assert_eq!(stage.taken().last(), Some(&("2018-05-03T05:00:00Z".to_owned(), 1, Some(0))), "{}", serving.said());
    assert_eq!((stage.taken().len(), serving.answers("GET", "/ready").0), (2, 200));
    let said = told(hook);
    assert!(said.len() == 1 && said[0].starts_with(&format!("over: held: {code} ")), "{said:?}");
}

#[test]
fn a_lake_that_is_moved_away_is_waited_for_and_no_other_is_begun() {
    let hook = notices::Server::start();
    let stage = stage(&hook);
    let serving = begun(&stage);
    assert_eq!(stage.release(), "r0001");
    stage.drops(5);
    fs::rename(stage.at("lake"), stage.at("elsewhere")).unwrap();
    waits_until(&stage, &serving, &hook, "TC1015", || {
        assert!(!stage.at("lake").exists());
        fs::rename(stage.at("elsewhere"), stage.at("lake")).unwrap();
    });
    assert_eq!(stage.release(), "r0002");
}

/// Nothing was published yet: only who has seen the lake knows that there was one.
#[test]
fn a_lake_without_a_release_is_waited_for_too() {
    let hook = notices::Server::start();
    let stage = stage(&hook);
    fs::create_dir_all(stage.at("drop/ashvale/general_ledger")).unwrap();
    let serving = stage.serve("2018-05-01T04:00:00Z");
    serving.idle("2018-05-01T04:00:00Z");
    serving.step("2018-05-01T05:00:00Z");
    assert_eq!((stage.taken(), stage.release().as_str()), (vec![("2018-05-01T05:00:00Z".to_owned(), 1, Some(0))], ""));
    // A mount point over which nothing is mounted.
    fs::rename(stage.at("lake"), stage.at("elsewhere")).unwrap();
    fs::create_dir(stage.at("lake")).unwrap();
    for at in ["2018-05-02T05:00:00Z", "2018-05-03T05:00:00Z"] {
        serving.step(at);
        assert!(serving.answers("GET", "/ready").1.starts_with("held: TC1015 "), "{}", serving.said());
    }
    assert_eq!((fs::read_dir(stage.at("lake")).unwrap().count(), told(&hook).len()), (0, 1));
    fs::remove_dir(stage.at("lake")).unwrap();
    fs::rename(stage.at("elsewhere"), stage.at("lake")).unwrap();
    stage.drops(4);
    serving.step("2018-05-03T06:00:00Z");
    assert_eq!((stage.release().as_str(), told(&hook).len(), stage.taken().len()), ("r0001", 1, 2));
}

#[test]
fn a_record_of_slots_that_cannot_be_read_at_all_ends_no_serve() {
    let hook = notices::Server::start();
    let stage = stage(&hook);
    let serving = begun(&stage);
    hide_slots(&stage);
    waits_until(&stage, &serving, &hook, "TC1002", || {
        show_slots(&stage);
    });
    assert_eq!(serving.said().matches("error[TC1002]").count(), 1, "{}", serving.said());
}

/// A run that only stands still at this point, in each that `serve` starts.
const STOPS: (&str, &str) = ("TRUECOST_CRASH", "land.renamed:1:stop");

/// It goes again before anybody could be told that it was back: that it was is told, and that it is away.
#[test]
fn a_lake_that_goes_a_second_time_is_told_a_second_time() {
    let hook = notices::Server::start();
    let stage = stage(&hook);
    stage.edit("pipelines/ashvale/general_ledger.yaml", "into: ledger_line\n", "into: ledger_line\nat_most: 10m\n");
    fs::create_dir_all(stage.at("drop/ashvale/general_ledger")).unwrap();
    let serving = stage.serve_with("2018-05-01T04:00:00Z", "clock", &[STOPS]);
    serving.idle("2018-05-01T04:00:00Z");
    serving.step("2018-05-01T05:00:00Z");
    let (here, there) = (stage.at("lake"), stage.at("elsewhere"));
    fs::rename(&here, &there).unwrap();
    serving.step("2018-05-02T05:00:00Z");
    let said = told(&hook);
    assert!(said.len() == 1 && said[0].starts_with("held: TC1015 "), "{said:?}");
    // It is back, and what was due is run: while that is under way nobody is told of what holds.
    stage.drops(4);
    fs::rename(&there, &here).unwrap();
    serving.set("2018-05-02T05:10:00Z");
    patiently("the slot to be taken", || (stage.taken().len() == 2).then_some(()));
    fs::rename(&here, &there).unwrap();
    serving.step("2018-05-02T05:21:00Z");
    let said = told(&hook);
    assert!(said.len() == 2 && said[0].starts_with("over: held: TC1015 ") && said[1].starts_with("held: TC1015 "), "{said:?}");
    fs::rename(&there, &here).unwrap();
}

/// Whether `serve` is held for want of its lake only `serve` knows: a run that somebody types says nothing of it.
#[test]
fn a_run_that_is_typed_ends_no_notice_about_the_lake() {
    let hook = notices::Server::start();
    let stage = stage(&hook);
    let serving = begun(&stage);
    hide_slots(&stage);
    serving.step("2018-05-02T05:00:00Z");
    assert_eq!(told(&hook).len(), 1);
    stage.drops(5);
    let typed = stage.truecost(&["run"]);
    assert_eq!((typed.status.code(), stage.release().as_str(), told(&hook)), (Some(0), "r0002", vec![]), "{typed:?}");
    // Nor does one that is refused for its configuration, and the next that is not.
    let cost = fs::read_to_string(stage.at("pipelines/cost/cost.yaml")).unwrap();
    stage.append("pipelines/cost/cost.yaml", "nonsense: 1\n");
    assert_eq!(stage.truecost(&["run"]).status.code(), Some(2));
    stage.put("pipelines/cost/cost.yaml", &cost);
    assert_eq!(stage.truecost(&["run"]).status.code(), Some(0));
    let said = told(&hook);
    assert!(said.len() == 2 && said.iter().all(|text| !text.contains("TC1002")), "{said:?}");
    show_slots(&stage);
    serving.step("2018-05-02T05:10:00Z");
    let said = told(&hook);
    assert!(said.len() == 1 && said[0].starts_with("over: held: TC1002 "), "{said:?}");
}

/// What no outbox holds is not said to wait in one.
#[test]
fn a_notice_about_a_lake_that_is_away_waits_in_no_outbox() {
    let hook = notices::Server::start();
    let stage = stage(&hook);
    let serving = begun(&stage);
    fs::rename(stage.at("lake"), stage.at("elsewhere")).unwrap();
    hook.answers("503 Service Unavailable");
    serving.step("2018-05-02T05:00:00Z");
    let said = serving.said();
    assert!(said.contains("warning[TC1501]") && said.contains("no outbox holds it") && !said.contains("it waits in the outbox"), "{said}");
    hook.answers("200 OK");
    serving.step("2018-05-02T06:00:00Z");
    assert!(told(&hook).iter().all(|text| text.starts_with("held: TC1015 ")), "{}", serving.said());
}

/// The lake goes while a run reads in it: that it is not there comes first, and what follows from it after.
#[test]
fn a_lake_that_goes_under_a_run_is_what_is_told_first() {
    let stage = Stage::new("");
    stage.drops(4);
    stage.put("clock", "2018-05-01T05:00:00Z");
    // Whoever opens a named pipe waits: the run stands still among the entries of the register.
    let pipe = stage.at("lake/register/0000000000000000.json");
    fs::create_dir_all(pipe.parent().unwrap()).unwrap();
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let mut run = Command::new(env!("CARGO_BIN_EXE_truecost"));
    run.current_dir(stage.folder.path()).args(["-q", "run"]).env("TRUECOST_CLOCK", stage.at("clock")).stderr(Stdio::piped());
    let run = run.stdout(Stdio::null()).spawn().unwrap();
    // Opened for writing as soon as somebody reads.
    let mut writes = fs::File::options().write(true).open(&pipe).unwrap();
    fs::rename(stage.at("lake"), stage.at("elsewhere")).unwrap();
    writes.write_all(b"{}").unwrap();
    drop(writes);
    let done = run.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.code() == Some(3) && said.starts_with("error[TC1015]: the lake is not there"), "{said}");
    assert!(said.contains("what was accepted or published before it went stands") && !stage.at("lake").exists(), "{said}");
}
