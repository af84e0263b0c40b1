//! What goes, and what stays: by age, by name, by closing.

use super::*;

fn day(text: &str) -> Day {
    Day::parse_iso(text).unwrap()
}

fn stored(kind: Kept, name: &str) -> Stored {
    Stored { kind, name: name.into(), sha256: String::new(), bytes: 1 }
}

fn release(name: &str, published_at: &str, parts: &[&str]) -> HeldRelease {
    HeldRelease {
        name: name.into(),
        published_at: published_at.into(),
        sha256: "m".into(),
        parts: parts.iter().map(|part| (*part).into()).collect(),
        lake_files: vec![format!("t/{name}").into()],
        archive: Some(format!("rules of {name}")),
    }
}

fn record(id: &str, landed_at: &str, period: u8, state: DeliveryState) -> DeliveryRecord {
    serde_json::from_value(serde_json::json!({
        "delivery_id": id, "council": "newham", "feed": "ledger", "table": "ledger_line", "coverage": [format!("2010/P{period:02}")],
        "source": {"name": "a.csv", "location": "", "bytes": 1, "modified_us": 0, "identity": ""}, "sha256": format!("bytes of {id}"), "bytes": 1,
        "encoding": null, "contract": "", "contract_sha256": "", "feed_sha256": "", "state": state, "reports": [],
        "proof": serde_json::to_value(crate::lake::DeliveryProof::default()).unwrap(), "token": "", "run": "", "landed_at": landed_at,
        "judged_at": landed_at, "lake_version": null
    }))
    .unwrap()
}

struct World {
    today: &'static str,
    stored: Vec<Stored>,
    releases: Vec<HeldRelease>,
    current: BTreeSet<String>,
    protected: Protected,
    deliveries: Vec<DeliveryRecord>,
    personal: BTreeSet<String>,
    personal_files: BTreeMap<String, PersonalFile>,
    runs: BTreeMap<String, String>,
}

impl World {
    fn new() -> Self {
        Self {
            today: "2026-11-26",
            stored: Vec::new(),
            releases: Vec::new(),
            current: BTreeSet::new(),
            protected: Protected::default(),
            deliveries: Vec::new(),
            personal: BTreeSet::new(),
            personal_files: BTreeMap::new(),
            runs: BTreeMap::new(),
        }
    }

    fn gone(&self) -> Vec<String> {
        let retention = Retention { landing_months: 84, releases_months: 84, quarantine_months: 18, runs_months: 84, personal_months: 84 };
        let held = Held {
            today: day(self.today),
            retention,
            stored: &self.stored,
            releases: &self.releases,
            latest: self.releases.last().map(|release| &*release.name),
            current: &self.current,
            protected: &self.protected,
            deliveries: &self.deliveries,
            personal: &self.personal,
            personal_files: &self.personal_files,
            runs: &self.runs,
        };
        let clearing = clearing(&held);
        assert_eq!(clearing.gone.len() + clearing.kept.len(), self.stored.len());
        clearing.gone.into_iter().map(|gone| gone.name).collect()
    }
}

/// Three releases of 2010, 2012 and 2014; the second closed a period.
fn three() -> World {
    let mut world = World::new();
    world.releases = vec![
        release("r0001", "2010-05-01T05:00:00Z", &["a", "b"]),
        release("r0002", "2012-05-01T05:00:00Z", &["b", "c"]),
        release("r0003", "2014-05-01T05:00:00Z", &["c", "d"]),
    ];
    for name in ["r0001", "r0002", "r0003"] {
        world.stored.push(stored(Kept::Release, name));
        world.stored.push(stored(Kept::LakeFile, &format!("t/{name}")));
        world.stored.push(stored(Kept::Rules, &format!("rules of {name}")));
    }
    world.stored.extend(["a", "b", "c", "d", "nobody's"].map(|part| stored(Kept::Part, part)));
    world
}

#[test]
fn the_latest_release_stays_however_old_and_what_it_names_with_it() {
    assert_eq!(three().gone(), ["r0001", "r0002", "a", "b", "nobody's", "rules of r0001", "rules of r0002", "t/r0001", "t/r0002"]);
}

#[test]
fn a_release_stays_until_the_day_after_its_retention() {
    let mut world = three();
    world.today = "2017-05-01";
    assert_eq!(world.gone(), ["nobody's"]);
    world.today = "2017-05-02";
    assert_eq!(world.gone(), ["r0001", "a", "nobody's", "rules of r0001", "t/r0001"]);
}

#[test]
fn a_closing_release_stays_as_long_as_its_period_is_within_retention() {
    let mut world = three();
    world.protected.closings = vec![(day("2020-03-31"), "r0001".into()), (day("2010-03-31"), "r0002".into())];
    assert_eq!(world.gone(), ["r0002", "nobody's", "rules of r0002", "t/r0002"]);
}

#[test]
fn what_a_closed_period_or_a_current_table_names_stays() {
    let mut world = three();
    world.protected.parts.insert("a".into());
    world.protected.lake_files.insert("t/r0001".into());
    world.current.insert("t/r0002".into());
    assert_eq!(world.gone(), ["r0001", "r0002", "b", "nobody's", "rules of r0001", "rules of r0002"]);
}

#[test]
fn a_release_whose_day_is_not_known_stays() {
    let mut world = three();
    world.releases[0].published_at = String::new();
    assert_eq!(world.gone(), ["r0002", "nobody's", "rules of r0002", "t/r0002"]);
}

#[test]
fn landed_bytes_go_when_old_and_closed_or_twice_as_old() {
    let mut world = World::new();
    let accepted = DeliveryState::Accepted;
    world.deliveries = vec![
        record("closed", "2019-01-01T05:00:00Z", 1, accepted),
        record("open", "2019-01-01T05:00:00Z", 2, accepted),
        record("ancient", "2012-01-01T05:00:00Z", 2, accepted),
        record("young", "2020-01-01T05:00:00Z", 1, accepted),
        record("waits", "2010-01-01T05:00:00Z", 1, DeliveryState::Waiting),
    ];
    world.protected.closed.insert(Period { year: 2010, period: 1 });
    let names: Vec<String> = world.deliveries.iter().map(|record| record.sha256.clone()).collect();
    world.stored = names.iter().map(|name| stored(Kept::Landed, name)).chain([stored(Kept::Landed, "of no delivery")]).collect();
    assert_eq!(world.gone(), ["bytes of ancient", "bytes of closed"]);
    // The same bytes as another delivery that has to keep them.
    world.deliveries[3].sha256 = "bytes of closed".into();
    assert_eq!(world.gone(), ["bytes of ancient"]);
    world.personal.insert("newham/ledger".into());
    world.deliveries[3].sha256 = "bytes of young".into();
    assert_eq!(world.gone(), ["bytes of ancient", "bytes of closed", "bytes of open"]);
}

#[test]
fn faulty_rows_and_records_of_runs_go_by_their_age_but_for_the_newest_run() {
    let mut world = World::new();
    world.deliveries = vec![
        record("old", "2025-01-01T05:00:00Z", 1, DeliveryState::Accepted),
        record("new", "2025-06-01T05:00:00Z", 1, DeliveryState::Refused),
        record("waits", "2025-01-01T05:00:00Z", 1, DeliveryState::Waiting),
    ];
    world.runs = [("1.json", "2010-01-01T05:00:00Z"), ("2.json", "2011-01-01T05:00:00Z")].map(|(a, b)| (a.to_owned(), b.to_owned())).into();
    world.stored = ["old", "new", "waits"].map(|name| stored(Kept::Quarantine, name)).into();
    world.stored.extend(["1.json", "2.json", "damaged.json"].map(|name| stored(Kept::Run, name)));
    assert_eq!(world.gone(), ["old", "1.json"]);
}

#[test]
fn what_stays_goes_with_nothing_that_went_before() {
    let mut world = three();
    let gone = world.gone();
    world.stored.retain(|stored| !gone.contains(&stored.name));
    world.releases.retain(|release| !gone.contains(&release.name));
    assert_eq!(world.gone(), Vec::<String>::new());
}

#[test]
fn files_of_personal_feeds_go_by_age_whatever_names_them() {
    let mut world = World::new();
    let name = |id: &str| format!("pay_line/{id}");
    for (id, landed_at) in [("old", "2019-11-25T05:00:00Z"), ("young", "2019-11-27T05:00:00Z"), ("frozen", "2010-01-01T05:00:00Z")] {
        world.stored.push(stored(Kept::LakeFile, &name(id)));
        world.personal_files.insert(name(id), PersonalFile { landed_at: landed_at.into(), rows: 7 });
    }
    for id in ["old", "young", "nobody knows when"] {
        world.current.insert(name(id));
    }
    world.stored.push(stored(Kept::LakeFile, &name("nobody knows when")));
    world.protected.lake_files.insert(name("frozen"));
    assert_eq!(world.gone(), [name("frozen"), name("old")]);
}

#[test]
fn a_clock_is_gone_by_where_something_leads_to_it() {
    let goes_on = |today: &str, seen: &[&str]| goes_on(day(today), &seen.iter().map(|text| day(text)).collect());
    assert!(goes_on("2018-06-20", &[]) && goes_on("2018-06-20", &["2018-06-20"]), "nothing is old");
    assert!(goes_on("2018-06-20", &["2018-06-19", "2018-04-01"]), "the lake is young");
    assert!(goes_on("2026-06-20", &["2018-06-20", "2026-05-20", "2026-06-20"]), "month after month");
    assert!(goes_on("2020-04-01", &["2018-04-01", "2019-04-01"]), "year after year");
    assert!(!goes_on("2045-01-02", &["2018-06-20", "2018-05-20"]), "years ahead");
    assert!(!goes_on("2045-01-02", &["2018-06-20", "2045-01-02"]), "by its own word");
    assert!(!goes_on("2045-01-08", &["2018-06-20", "2045-01-02"]) && goes_on("2045-01-09", &["2018-06-20", "2045-01-02"]), "a week");
    assert!(goes_on("2018-06-20", &["2018-05-20", "2045-01-02"]), "what was seen by a wrong clock ahead");
}
