//! The same histories for real: a small partnership on disk, its files in their folders, runs and persons' words in this process. After
//! each run the plan that was made before it told what it did, and what stands and what readers see is the model's, to the penny.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    time::{Duration, UNIX_EPOCH},
};

use proptest::{
    prop_assert, prop_assert_eq,
    test_runner::{TestCaseError, TestCaseResult},
};
use sha2::{Digest as _, Sha256};
use truecost::{
    diagnostic::Refusal,
    domain::{Digest, parse_pounds},
    lake::{Decided, DeliveryRecord, Lake},
    pipeline::{self, Basis, Extent, Partnership},
    plan::{Slot, Why, lake_now, plan_release, published_slots},
    run::{
        self, Delivery, Options, Said, Silent,
        clock::{Now, Standing},
    },
};

use super::{
    model::Model,
    world::{COUNCILS, FEEDS, What, Which, World},
};
use crate::places;

/// An hour before every run; files are dated some seconds after it.
const BEGIN: u64 = 1_760_000_000;

pub struct Real {
    dir: tempfile::TempDir,
    /// What lies in the folders: content, time and inode by feed and name.
    laid: [BTreeMap<String, (usize, u64, u64)>; 6],
    declared: String,
    number: u64,
}

fn fault(error: impl std::fmt::Display) -> TestCaseError {
    TestCaseError::fail(error.to_string())
}

fn refused(refusal: &Refusal) -> TestCaseError {
    fault(refusal.0.iter().map(|d| format!("{}: {}", d.code.id, d.seen)).collect::<Vec<_>>().join("\n"))
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// The file's bytes.
fn bytes(world: &World, content: usize) -> String {
    let of = &world.contents[content];
    let amount = format!("{}{}.{:02}", if of.pence < 0 { "-" } else { "" }, of.pence.abs() / 100, of.pence.abs() % 100);
    let amount = if of.bad { "n/a" } else { &amount };
    let one = FEEDS[of.feed].extent == Extent::One;
    let mut text = if one { "Amount;Text\n" } else { "Year;Period;Amount;Text\n" }.to_owned();
    for (period, rows) in of.rows.iter().enumerate() {
        for row in 0..*rows {
            // Each is told apart: a file of which each row stands in it twice waits for a person.
            let line = if one { format!("{amount};c{content}/{row}") } else { format!("2023;{period};{amount};c{content}/{row}") };
            writeln!(text, "{line}").unwrap();
        }
    }
    if of.rows.iter().all(|rows| *rows == 0) {
        // No two contents are the same bytes.
        text.push_str(&"\n".repeat(content));
    }
    text
}

impl Real {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        // What true cost adds is no matter here, and each run is quicker without it.
        let before = places::root().join("tests/fixtures/before_true_cost");
        for shared in ["pipelines/cost", "pipelines/reference", "schemas/common", "schemas/reference", "schemas/published"] {
            copy(&before.join(shared), &dir.path().join(shared));
        }
        for table in fs::read_dir(dir.path().join("pipelines/reference")).unwrap().map(Result::unwrap) {
            let header = fs::read_to_string(table.path()).unwrap().lines().next().unwrap().to_owned();
            fs::write(table.path(), format!("{header}\n")).unwrap();
        }
        for council in COUNCILS {
            for (name, placed) in [("plain", false), ("placed", true)] {
                let folder = dir.path().join("schemas/sources").join(council);
                fs::create_dir_all(&folder).unwrap();
                fs::write(folder.join(format!("{name}.odcs.yaml")), contract(council, name, placed)).unwrap();
            }
        }
        Self { dir, laid: Default::default(), declared: String::new(), number: 0 }
    }

    fn path(&self, below: &str) -> PathBuf {
        self.dir.path().join(below)
    }

    /// Writes what the world declares and lays its files down; the partnership as the program reads it.
    fn lay(&mut self, world: &World) -> Result<Partnership, TestCaseError> {
        let mut text = String::from(
            "partnership: histories\ntimezone: Europe/London\nyear: {starts: 04-01, closing_period: 13}\ndrop: ./drop\nlanding: ./landing\nlake: ./lake\npublished: ./published\ncouncils:\n",
        );
        for (council, bases) in COUNCILS.iter().zip(&world.councils).filter_map(|(council, bases)| Some((council, bases.as_ref()?))) {
            let word = |basis: &Basis| if *basis == Basis::Ledger { "ledger" } else { "payments" };
            let bases: Vec<String> =
                bases.iter().map(|(from, basis)| format!("{{from: 2023-{:02}-01, basis: {}}}", from + 3, word(basis))).collect();
            writeln!(text, "  {council}:\n    name: Council {council}\n    cost_basis: [{}]", bases.join(", ")).unwrap();
        }
        let member = COUNCILS.iter().zip(&world.councils).find(|(_, bases)| bases.is_some()).map_or("aa", |(council, _)| council);
        let role = if world.partner { "partner" } else { "host" };
        writeln!(
            text,
            "services:\n  exchequer:\n    name: Exchequer\n    services:\n      payroll: {{name: Payroll, kind: both}}\nmembers:\n- {{organisation: {member}, service: [payroll], role: {role}, from: 2018-04-01}}\nsuspense_limit: {{pounds: 0.00, action: warn}}\nallow_hosts: []\nallow_paths: []\nretention: {{landing: 7y, releases: 7y}}"
        )
        .unwrap();
        let words: Vec<String> = (0..FEEDS.len()).map(|feed| world.words(feed)).collect();
        let declared = format!("{text}{words:?}");
        if declared != self.declared {
            self.declared = declared;
            fs::write(self.path("pipelines/partnership.yaml"), text).map_err(fault)?;
            for council in COUNCILS {
                drop(fs::remove_dir_all(self.path(&format!("pipelines/{council}"))));
            }
            for (feed, words) in words.iter().enumerate().filter(|(_, words)| !words.is_empty()) {
                let place = &FEEDS[feed];
                fs::create_dir_all(self.path(&format!("pipelines/{}", place.council))).map_err(fault)?;
                let placed = if place.extent == Extent::One { "" } else { "fiscal_year, period, " };
                let columns = match place.basis {
                    Basis::Ledger => "'actual' AS balance_type, amount, 'GBP' AS currency, text AS description",
                    Basis::Payments => "text AS department, amount",
                };
                let name = format!("pipelines/{}/{}", place.council, place.id);
                fs::write(self.path(&format!("{name}.yaml")), words).map_err(fault)?;
                fs::write(self.path(&format!("{name}.sql")), format!("SELECT {placed}{columns} FROM extract\n")).map_err(fault)?;
            }
        }
        for feed in 0..FEEDS.len() {
            self.lay_folder(world, feed)?;
        }
        pipeline::read(self.dir.path()).map(|read| read.0).map_err(|refusal| refused(&refusal))
    }

    /// Files that are the same keep their inode: they are renamed, and no other way to move one is known here.
    fn lay_folder(&mut self, world: &World, feed: usize) -> TestCaseResult {
        let folder = self.path(&format!("drop/{}/{}", FEEDS[feed].council, FEEDS[feed].id));
        fs::create_dir_all(&folder).map_err(fault)?;
        let wanted: BTreeMap<String, (usize, u64, u64)> =
            world.folders[feed].iter().map(|(name, file)| (name.clone(), (file.content, file.time, file.inode))).collect();
        let aside = self.path("aside");
        fs::create_dir_all(&aside).map_err(fault)?;
        let gone: Vec<(String, (usize, u64, u64))> =
            self.laid[feed].iter().filter(|(name, file)| wanted.get(*name) != Some(file)).map(|(n, f)| (n.clone(), *f)).collect();
        for (name, file) in gone {
            // Kept, so that no other file gets its inode.
            fs::rename(folder.join(&name), aside.join(format!("{}-{}", file.1, file.2))).map_err(fault)?;
            self.laid[feed].remove(&name);
        }
        for (name, file) in wanted {
            if self.laid[feed].contains_key(&name) {
                continue;
            }
            let path = folder.join(&name);
            let former = aside.join(format!("{}-{}", file.1, file.2));
            if former.exists() {
                fs::rename(&former, &path).map_err(fault)?;
            } else {
                fs::write(&path, bytes(world, file.0)).map_err(fault)?;
                let time = UNIX_EPOCH + Duration::from_secs(BEGIN + file.1);
                fs::OpenOptions::new().write(true).open(&path).and_then(|f| f.set_modified(time)).map_err(fault)?;
            }
            self.laid[feed].insert(name, file);
        }
        Ok(())
    }

    fn clock(&mut self) -> Standing {
        self.number += 1;
        Standing(Now { micros: i64::try_from((BEGIN + 100_000 + self.number) * 1_000_000).unwrap() })
    }

    /// A run, and the plan of it.
    pub fn run(&mut self, world: &World) -> TestCaseResult {
        let partnership = self.lay(world)?;
        let clock = self.clock();
        let options = Options { threads: 1, ..Options::default() };
        let planned = run::plan(&partnership, &options, clock.0).map_err(|r| refused(&r))?;
        let outcome = run::run(&partnership, &options, &clock, &Silent).map_err(|r| refused(&r))?;
        let done: BTreeSet<(String, String)> = outcome.delivered.iter().map(|d| (d.feed.clone(), d.file.clone())).collect();
        for (feed, plan) in &planned.feeds {
            for take in &plan.take {
                let told = (feed.name(), take.entry.name.clone());
                prop_assert!(done.contains(&told), "planned and not done: {told:?}");
                let looked = outcome.delivered.iter().filter(|d| (&d.feed, &d.file) == (&told.0, &told.1));
                let judged = looked.clone().any(|d| d.state != Delivery::AlreadyIn);
                // Only the bytes say whether a file is another: `plan` reads none.
                prop_assert!(
                    matches!(take.why, Why::Touched | Why::Newer) || take.landed.is_some() || judged,
                    "planned to be judged and not: {told:?}"
                );
            }
        }
        if !planned.takes() {
            prop_assert!(outcome.delivered.is_empty(), "done and not planned: {done:?}");
            prop_assert_eq!(outcome.costed.published, planned.cost.would_run, "{}", &planned.cost.sentence);
            prop_assert_eq!(outcome.exit_code(), planned.exit_code(), "the plan ends as the run does");
        }
        Ok(())
    }

    /// Whether there was something to decide.
    pub fn say(&mut self, world: &World, model: &Model, what: What, which: Which) -> Result<bool, TestCaseError> {
        let partnership = self.lay(world)?;
        let selector = match which {
            Which::Delivery(_) if model.deliveries.is_empty() => return Ok(false),
            Which::Delivery(number) => {
                let d = &model.deliveries[number % model.deliveries.len()];
                let records = Self::records(&partnership)?;
                let it = records.iter().find(|r| Self::key(world, r) == Some((d.feed, d.k, d.content)));
                it.ok_or_else(|| fault("a delivery that both know"))?.delivery_id.clone()
            }
            Which::Feed(feed) => format!("{}/{}", FEEDS[feed].council, FEEDS[feed].id),
            Which::Period(feed, period) => format!("{}/{}/2023/P{period:02}", FEEDS[feed].council, FEEDS[feed].id),
        };
        let what = match what {
            What::Accept => Decided::Accept,
            What::Withdraw => Decided::Withdraw,
            What::Undo => Decided::Undo,
        };
        let said = Said { what, selector, by: "a clerk".into(), reason: "right".into() };
        Ok(run::decide(&partnership, &said, &self.clock()).is_ok())
    }

    fn lake(partnership: &Partnership) -> Result<Lake, TestCaseError> {
        Lake::at(&partnership.landing, &partnership.lake, &partnership.published).map_err(|r| refused(&r))
    }

    fn records(partnership: &Partnership) -> Result<Vec<DeliveryRecord>, TestCaseError> {
        Self::lake(partnership)?.register().all().map_err(|r| refused(&r))
    }

    fn key(world: &World, record: &DeliveryRecord) -> Option<(usize, u8, usize)> {
        let feed = FEEDS.iter().position(|place| record.is_of(place.council, place.id))?;
        let content = (0..world.contents.len()).find(|c| Digest(Sha256::digest(bytes(world, *c)).into()).hex() == record.sha256)?;
        let covers = record.covers()?;
        let k = if FEEDS[feed].extent == Extent::Year { covers.first() } else { covers.last() };
        Some((feed, k.period, content))
    }

    /// The register, the tables and the release say what the model says.
    pub fn compare(&mut self, world: &World, model: &Model) -> TestCaseResult {
        let partnership = self.lay(world)?;
        let lake = Self::lake(&partnership)?;
        let records = Self::records(&partnership)?;
        let latest = lake.releases().latest().map_err(|r| refused(&r))?;
        let now = lake_now(&partnership, &lake.tables().map_err(|r| refused(&r))?, latest.as_ref()).map_err(|r| refused(&r))?;
        let plan = plan_release(&partnership, &records, &now.files, latest.as_ref(), &lake.periods().closings().unwrap());
        prop_assert_eq!(records.len(), model.deliveries.len());
        for (at, d) in model.deliveries.iter().enumerate() {
            let record = records.iter().find(|r| Self::key(world, r) == Some((d.feed, d.k, d.content)));
            let Some(record) = record else { return Err(fault(format!("not in the register: {d:?}"))) };
            prop_assert_eq!(plan.deliveries[&record.delivery_id].standing.as_str(), model.standing(world, at), "{:?}", d);
        }
        for (feed, p) in model.slots() {
            let name = format!("{}/{}/2023/P{p:02}", FEEDS[feed].council, FEEDS[feed].id);
            let entry = &plan.periods[&Slot::parse(&name).unwrap()];
            prop_assert_eq!(entry.state.as_str(), model.state(world, feed, p), "{}", &name);
            prop_assert_eq!((entry.rows, entry.pence), model.stood(world, feed, p), "{}", &name);
        }
        let seen: BTreeSet<String> = published_slots(latest.as_ref()).iter().map(ToString::to_string).collect();
        let named = |(feed, p): &(usize, u8)| format!("{}/{}/2023/P{p:02}", FEEDS[*feed].council, FEEDS[*feed].id);
        prop_assert_eq!(seen, model.published.keys().map(named).collect::<BTreeSet<_>>());
        let parts = latest.as_ref().and_then(|m| m.content.tables.get("cost_line")).map_or(&[][..], Vec::as_slice);
        let mut lines: BTreeMap<String, (u64, i128)> = BTreeMap::new();
        for part in parts {
            let of = |class: &str| {
                let facts = &part.facts[class];
                (facts["rows"].as_u64().unwrap_or(0), facts["amount"].as_str().and_then(parse_pounds).unwrap_or(0))
            };
            let told = ["cost", "not_cost", "suspense"].map(of);
            prop_assert_eq!(told.iter().map(|of| of.0).sum::<u64>(), part.rows, "{}", &part.facts);
            let entry = lines.entry(part.key.clone()).or_default();
            *entry = (entry.0 + part.rows, entry.1 + told.iter().map(|of| of.1).sum::<i128>());
        }
        let of_model: BTreeMap<String, (u64, i128)> =
            model.published.iter().filter(|(_, (rows, _))| *rows > 0).map(|(slot, sums)| (named(slot), *sums)).collect();
        prop_assert_eq!(lines, of_model, "what readers see");
        Ok(())
    }
}

fn contract(council: &str, name: &str, placed: bool) -> String {
    let mut text = format!(
        "apiVersion: v3.2.0\nkind: DataContract\nid: truecost.sources.{council}.{name}\nversion: 1.0.0\nstatus: active\nschema:\n- name: extract\n  physicalType: file\n  customProperties:\n  - property: truecost\n    vendor: truecost\n    value: {{format: delimited, delimiter: \";\", encodings: [utf-8]}}\n  properties:\n"
    );
    if placed {
        text.push_str("  - {name: fiscal_year, physicalName: Year, physicalType: SMALLINT, required: true}\n");
        text.push_str("  - {name: period, physicalName: Period, physicalType: SMALLINT, required: true}\n");
    }
    text.push_str(
        "  - name: amount\n    physicalName: Amount\n    physicalType: DECIMAL(18,2)\n    required: true\n    customProperties: [{property: truecost, vendor: truecost, value: {money: [plain]}}]\n  - {name: text, physicalName: Text, physicalType: VARCHAR}\n",
    );
    text
}
