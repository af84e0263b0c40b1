//! The lake goes out of reach under `serve`: moved away, not mounted, or its record of slots not to be read. Nothing is run, it is said once,
//! and it goes on by itself.

use std::fs;

use crate::{
    notices,
    serve::{Serving, Stage},
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
    stage.drops(4);
    let serving = stage.serve("2018-05-01T04:00:00Z");
    serving.idle("2018-05-01T04:00:00Z");
    serving.step("2018-05-01T05:00:00Z");
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
    stage.drops(4);
    let serving = stage.serve("2018-05-01T04:00:00Z");
    serving.idle("2018-05-01T04:00:00Z");
    serving.step("2018-05-01T05:00:00Z");
    fs::rename(stage.at("lake/schedule.json"), stage.at("aside.json")).unwrap();
    fs::create_dir(stage.at("lake/schedule.json")).unwrap();
    waits_until(&stage, &serving, &hook, "TC1002", || {
        fs::remove_dir(stage.at("lake/schedule.json")).unwrap();
        fs::rename(stage.at("aside.json"), stage.at("lake/schedule.json")).unwrap();
    });
    assert_eq!(serving.said().matches("error[TC1002]").count(), 1, "{}", serving.said());
}
