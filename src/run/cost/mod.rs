//! The second half of a run: all councils, period by period, from the common tables to one release.

mod checked;
mod classify;
mod frozen;
mod kernels;
mod parts;
mod preview;
mod recast;
mod restate;
mod standing;
mod steps;

use std::{collections::BTreeSet, ops::Deref};

use arrow::record_batch::RecordBatch;
use serde_json::{Value, json};

use super::{Conductor, CostPlanned, Event};
use crate::{
    crash,
    diagnostic::{Answer, Diagnostic, Severity, codes},
    domain::{Day, counted},
    engine::{Table, Tables},
    lake::{Closings, Content, DeliveryRecord, MadeFrom, Manifest, Publication, PublishedPart},
    plan::{
        AfterClose, Behind, CostPlan, CostSource, EMPTY, FOUND, GivenRows, LakeNow, ReleasePlan, Slot, Uncounted, check_personal,
        does_not_fit, lake_now, made_from, plan_cost, plan_release, plan_release_after, program, remembered, rules_digest, run_digest,
        verdicts_of_release, verdicts_of_run, with_sender,
    },
    run::{parallel::lock, record::Moved},
    schema::{
        Cell, Contract,
        batch::{in_columns, with_defaults},
    },
    stages::{
        prove::{self, Finding},
        publish,
    },
};
use frozen::{Taken, closed_parts, found, not_asked_again};
use parts::{Assembly, Parts};
pub use preview::Previewed;
use recast::Recast;
pub use restate::RestatedPeriod;
use standing::Standing;
use steps::Walk;

/// What the cost run did.
#[derive(Clone, Debug, Default)]
pub struct Costed {
    /// The release that readers see now; `None` where there is none yet.
    pub release: Option<String>,
    /// Whether this run made it.
    pub published: bool,
    /// Periods that are left out, and why.
    pub blocked: Vec<Diagnostic>,
    /// What kernels refused, as the record of the run remembers it; `None` where they refused nothing.
    pub refused: Option<Value>,
    /// Whether the last record says the same.
    pub refused_before: bool,
    /// What was accepted and is in no figure.
    pub uncounted: Vec<Uncounted>,
    /// What came for closed periods since they were closed.
    pub after_close: Vec<AfterClose>,
    /// What reopened periods say otherwise than when they were closed, in the release that this run has made.
    pub restated: Vec<RestatedPeriod>,
    /// Deliveries that were refused and have not been mended.
    pub unmended: BTreeSet<String>,
    pub findings: Vec<Finding>,
    /// What stands in the way of publication, or a check that failed: the last release is unchanged.
    pub stopped: Vec<Diagnostic>,
    /// The codes behind suspense over its limit, where that stopped publication: no release shows them.
    pub suspense: Vec<prove::InSuspense>,
    /// What is not known of the payments, in pounds.
    pub coverage: prove::PaymentCoverage,
    /// What published tables list, and nothing stops for.
    pub listed: Vec<prove::Listed>,
    /// Who pays whom over the newest year that is settled.
    pub to_pay: Vec<prove::Listed>,
    /// Parts of `cost_line` made anew.
    pub classified: usize,
    /// The release stays, and its files were made again or found as they were.
    pub made_again: bool,
}

impl Costed {
    /// Whether something stood in the way of publication.
    #[must_use]
    pub fn failed(&self) -> bool {
        self.stopped.iter().any(|d| d.severity == Severity::Error)
    }
}

/// What a release is put together upon.
struct Ground<'a> {
    known: &'a [DeliveryRecord],
    closings: &'a Closings,
    latest: Option<&'a Manifest>,
    /// Parts of the latest release of which no sound file is left.
    lost: BTreeSet<String>,
    /// Digest of the rules, and of everything that decides what the release says.
    rules: &'a str,
    inputs: &'a str,
    /// Whether statements of reopened periods belong to it: not where somebody only asks what it would be.
    restates: bool,
}

/// The second half of a run.
pub(super) struct CostRun<'a>(pub &'a Conductor<'a>);

impl<'a> Deref for CostRun<'a> {
    type Target = Conductor<'a>;

    fn deref(&self) -> &Self::Target {
        self.0
    }
}

impl CostRun<'_> {
    /// Classifies, separates, proves and publishes what the common tables hold.
    ///
    /// # Errors
    /// What stops the run: a query, the lake. A failed check is no error: it is in the result, and nothing is published.
    pub fn run(&self, known: &[DeliveryRecord]) -> Answer<Costed> {
        let standing = self.standing()?;
        let mut costed = self.cost_upon(&standing, known)?;
        self.tell_broken(&standing, &mut costed);
        Ok(costed)
    }

    fn cost_upon(&self, Standing { listed, latest, broken }: &Standing, known: &[DeliveryRecord]) -> Answer<Costed> {
        let lake = lake_now(self.partnership, &self.tables, latest.as_ref())?;
        let closings = self.lake.periods().closings()?;
        let release = plan_release(self.partnership, known, &lake.files, listed.as_ref(), &closings);
        let mut costed = Costed {
            blocked: release.blocked.clone(),
            uncounted: release.uncounted(),
            after_close: release.after_close.clone(),
            unmended: release.unmended.clone(),
            stopped: self.stops(&release),
            release: latest.as_ref().map(|m| m.release.clone()),
            ..Costed::default()
        };
        self.tell_after_close(&costed);
        if !costed.stopped.is_empty() {
            self.observer.event(Event::Report { diagnostics: &costed.stopped });
            return Ok(costed);
        }
        let rules = rules_digest(self.partnership);
        let inputs = run_digest(self.partnership, &rules, &release, known);
        let unchanged = latest.as_ref().is_some_and(|m| m.content.proofs.get("inputs") == Some(&json!(inputs)));
        if release.is_empty() || (unchanged && broken.is_none() && !self.wish.force) {
            let verdicts = verdicts_of_release(latest.as_ref());
            if !verdicts.is_empty() {
                let after = plan_release_after(self.partnership, known, &lake.files, listed.as_ref(), &closings, &verdicts);
                (costed.blocked, costed.uncounted) = (after.blocked.clone(), after.uncounted());
            }
            return Ok(costed);
        }
        for said in [&release.carried, &release.later_registers].into_iter().filter(|said| !said.is_empty()) {
            self.observer.event(Event::Report { diagnostics: said });
        }
        let ground = Ground {
            known,
            closings: &closings,
            latest: latest.as_ref(),
            lost: lost_parts(listed.as_ref(), latest.as_ref()),
            rules: &rules,
            inputs: &inputs,
            restates: true,
        };
        let content = self.content(&ground, &release, lake, &mut costed)?;
        let Some((content, made_from)) = content.filter(|_| !costed.failed()) else {
            self.observer.event(Event::Report { diagnostics: &costed.stopped });
            return Ok(costed);
        };
        let archive = self.lake.releases().keep_rules(&self.partnership.files)?;
        let made_from = MadeFrom { archive: Some(archive), ..made_from };
        let step = self.begin("publish", "");
        let moved = published(&content);
        self.observer.event(Event::Publishing);
        let publication = self.lake.releases().publish(content, made_from, self.mark())?;
        costed.published = matches!(publication, Publication::Published(_));
        costed.made_again = !costed.published;
        let (Publication::Published(manifest) | Publication::Unchanged(manifest)) = publication;
        self.observer.event(Event::Published { release: &manifest.release });
        self.end(step, moved);
        costed.release = Some(manifest.release);
        self.observer.event(Event::Report { diagnostics: &costed.stopped });
        Ok(costed)
    }

    /// What stops publication, but for what a person lets go.
    fn stops(&self, release: &ReleasePlan) -> Vec<Diagnostic> {
        release.stops(self.let_go.as_ref().map_or(&[][..], |let_go| let_go.periods.as_slice()))
    }

    /// Which run made a release, and what a person let go in it: not compared between releases.
    fn mark(&self) -> Value {
        let mut run = json!({"run": self.run_id, "number": self.number, "published_at": self.clock.now().iso()});
        if let (Some(let_go), Some(fields)) = (&self.let_go, run.as_object_mut()) {
            let said = json!({"periods": let_go.periods.iter().map(ToString::to_string).collect::<Vec<_>>(), "by": let_go.by, "reason": let_go.reason});
            fields.insert("let_go".into(), said);
        }
        run
    }

    /// What the next release consists of, and is made from; what the checks found is in `costed`. `None` where the kernels leave nothing to publish.
    fn content(
        &self,
        ground: &Ground<'_>,
        release: &ReleasePlan,
        lake: LakeNow,
        costed: &mut Costed,
    ) -> Answer<Option<(Content, MadeFrom)>> {
        let Ground { known, closings, latest, rules, inputs, .. } = *ground;
        let plan = plan_cost(self.partnership)?;
        check_personal(self.partnership, &plan)?;
        let mut content = Content { program: program(), lake: lake.states, ..Content::default() };
        content.proofs.insert("inputs".into(), json!(inputs));
        content.proofs.insert("rules".into(), json!(rules));
        let (after, before);
        let mut release = release;
        let recast = Recast { partnership: self.partnership, releases: self.lake.releases(), latest };
        let taken = match Taken::of(closings, &release.sources, recast, &ground.lost) {
            Err(refusal) if refusal.0.iter().all(|report| report.code == codes::periods::NOT_RECAST) => {
                costed.stopped = refusal.0;
                return Ok(None);
            }
            taken => taken?,
        };
        let mut walk = Walk::new(self, &plan, release, self.parts(latest), &taken, known);
        walk.keep(release, latest);
        walk.all()?;
        crash::point("cost.walked")?;
        let verdicts = lock(&walk.verdicts).clone();
        if !verdicts.is_empty() {
            after = plan_release_after(self.partnership, known, &lake.files, latest, closings, &verdicts);
            costed.refused = remembered(&verdicts).map(|(_, said)| json!({"inputs": inputs, "blocked": said}));
            costed.refused_before = remembered(&verdicts_of_run(self.lake.last_run()?.as_ref(), inputs)) == remembered(&verdicts);
            (costed.blocked, costed.uncounted, costed.stopped) = (after.blocked.clone(), after.uncounted(), self.stops(&after));
            if after.is_empty() || costed.failed() {
                return Ok(None);
            }
            before = made_so_far(&walk);
            walk.again(&after, &before, latest)?;
            release = &after;
            content.proofs.extend(remembered(&verdicts));
        }
        if !release.empty.is_empty() {
            content.proofs.insert(EMPTY.into(), json!(release.empty.iter().map(ToString::to_string).collect::<Vec<_>>()));
        }
        costed.classified = walk.classified;
        for table in walk.made.keys() {
            content.tables.insert(table.clone(), walk.parts_of(table).cloned().collect());
        }
        let mut assembly = Assembly { parts: walk.parts.clone(), content, inputs };
        if ground.restates {
            self.restate(ground, release, &mut assembly, costed)?;
        }
        self.proofs(ground, release, &walk, &mut assembly, costed)?;
        Ok(Some((assembly.content, made_from(self.partnership, release)?)))
    }

    /// Says what this run has taken for closed periods: the lake has it, and no figure changes.
    fn tell_after_close(&self, costed: &Costed) {
        let now = costed.after_close.iter().filter(|late| late.came.as_ref().is_some_and(|came| came.run == self.run_id));
        let reports: Vec<Diagnostic> = now.map(AfterClose::report).collect();
        if !reports.is_empty() {
            self.observer.event(Event::Report { diagnostics: &reports });
        }
    }

    /// What parts of the latest release can stand in the next one.
    fn parts<'p>(&'p self, latest: Option<&'p Manifest>) -> Parts<'p> {
        let before = latest.filter(|_| !self.wish.force);
        Parts::new(self.partnership, self.lake.releases(), before, self.threads)
    }

    /// Everything that tells of the release as a whole, and the checks.
    fn proofs(
        &self,
        ground: &Ground<'_>,
        release: &ReleasePlan,
        walk: &Walk<'_>,
        assembly: &mut Assembly<'_>,
        costed: &mut Costed,
    ) -> Answer<()> {
        let lines = &walk.lines();
        let behind = release.behind(ground.known);
        let records = with_sender(self.partnership, &behind.iter().map(|behind| behind.record).collect::<Vec<_>>());
        let behind: Vec<Behind<'_>> = behind.iter().zip(&records).map(|(behind, record)| Behind { record, ..*behind }).collect();
        let records: Vec<&DeliveryRecord> = records.iter().collect();
        assembly.store("delivery", &publish::delivery_rows(self.partnership, &behind))?;
        self.small_tables(&records, lines, (release, ground.closings), walk.plan, assembly)?;
        let mut tables = self.check_tables(&records, lines, release, walk, assembly)?;
        if let Some((closed, published)) = closed_parts(ground.closings, &assembly.content)? {
            tables.insert("closed_part", Table::rows(closed.schema(), vec![closed]));
            tables.insert("published_part", Table::rows(published.schema(), vec![published]));
        }
        crash::point("cost.unproved")?;
        let step = self.begin("prove", "");
        costed.findings = prove::prove(&tables)?;
        self.end(step, Moved { rows: costed.findings.len() as u64, ..Moved::default() });
        crash::point("cost.proved")?;
        not_asked_again(ground.closings, &mut costed.findings);
        assembly.content.proofs.insert(FOUND.into(), found(ground.closings, &costed.findings));
        if let Some(classes) = tables.get("class_total") {
            costed.coverage = prove::payment_coverage(self.partnership, classes.clone())?;
        }
        (costed.listed, costed.to_pay) = self.listed(&costed.findings, lines, assembly)?;
        let checked = lines.iter().map(|(_, p)| p.rows).sum();
        assembly.store("check_result", &prove::check_rows(&costed.findings, checked, &tables, &costed.coverage))?;
        self.verdict(costed, lines, assembly)
    }

    /// Whether the cost run has something to do, and why.
    pub(super) fn why_cost(&self, known: &[DeliveryRecord]) -> Answer<CostPlanned> {
        let (latest, flaws) = self.looked_at()?;
        let lake = lake_now(self.partnership, &self.tables, latest.as_ref())?;
        let closings = self.lake.periods().closings()?;
        let before = plan_release(self.partnership, known, &lake.files, latest.as_ref(), &closings);
        let rules = rules_digest(self.partnership);
        let is = |name: &str, value: &str| latest.as_ref().is_some_and(|m| m.content.proofs.get(name) == Some(&json!(value)));
        let inputs = run_digest(self.partnership, &rules, &before, known);
        let of_release = is("inputs", &inputs).then(|| verdicts_of_release(latest.as_ref()));
        let verdicts = of_release.map_or_else(|| Ok(verdicts_of_run(self.lake.last_run()?.as_ref(), &inputs)), Answer::Ok)?;
        let release = plan_release_after(self.partnership, known, &lake.files, latest.as_ref(), &closings, &verdicts);
        let stops = release.stops(&[]);
        let (would_run, why) = if let Some(first) = stops.first() {
            let more = if stops.len() > 1 { format!(" (and {})", counted(stops.len() as u64 - 1, "more report")) } else { String::new() };
            (false, format!("nothing would be published: {}: {}{more}", first.code.id, first.seen))
        } else if release.is_empty() && !release.not_made.is_empty() {
            (false, "nothing would be published: every period is blocked".to_owned())
        } else if release.is_empty() {
            (false, "nothing to do: no common table holds a line of the basis in use".to_owned())
        } else if flaws > 0 {
            (true, format!("would make again what is gone or damaged of the latest release: {}", counted(flaws as u64, "file")))
        } else if is("inputs", &inputs) {
            (false, "nothing to do: lines, rules, contracts and program are those of the latest release".to_owned())
        } else if latest.is_none() {
            (true, format!("would publish the first release, of {}", counted(release.sources.len() as u64, "partition")))
        } else if is("rules", &rules) {
            (true, "would publish a release: the common tables or their proofs changed".to_owned())
        } else {
            (true, "would publish a release: a rule, a query, a contract, the partnership file or the program changed".to_owned())
        };
        let waits = match release.blocked.iter().filter(|report| report.code == codes::control::PERIOD_BLOCKED).count() {
            0 => String::new(),
            1 => "; 1 period waits for a required feed".to_owned(),
            n => format!("; {n} periods wait for a required feed"),
        };
        let waits = match release.not_made.len() {
            0 => waits,
            1 => format!("; 1 period is blocked{waits}"),
            n => format!("; {n} periods are blocked{waits}"),
        };
        Ok(CostPlanned { would_run, sentence: format!("{why}{waits}"), stops, uncounted: release.uncounted(), blocked: release.blocked })
    }

    /// Reconciliation and dimensions.
    fn small_tables(
        &self,
        records: &[&DeliveryRecord],
        lines: &[(CostSource, PublishedPart)],
        (release, closings): (&ReleasePlan, &Closings),
        plan: &CostPlan,
        assembly: &mut Assembly<'_>,
    ) -> Answer<()> {
        assembly.store("reconciliation", &prove::reconciliation(records, lines)?)?;
        let missing = |period| release.missing_in(period, closings);
        let of_release = publish::dimensions(self.partnership, &release.release_periods(), &release.last_good_periods(), missing);
        for (name, rows) in of_release {
            assembly.store(name, &rows)?;
        }
        if self.partnership.contracts.contains_key(&format!("published/{LATER_REGISTER}")) {
            let row = |(slot, day): (&Slot, Day)| {
                let of = [slot.council.as_str().into(), slot.feed.as_str().into()];
                let at: [Cell; 3] = [i64::from(slot.period.year).into(), i64::from(slot.period.period).into(), Cell::Day(day.0)];
                of.into_iter().chain(at).collect::<Vec<Cell>>()
            };
            let rows: Vec<_> = release.later_registers_read(self.partnership.calendar).into_iter().map(row).collect();
            assembly.store(LATER_REGISTER, &rows)?;
        }
        for name in DIMENSIONS {
            let contract = self.partnership.contracts.get(&format!("published/{name}"));
            let (Some(contract), Some(given)) = (contract, plan.given.get(name)) else { continue };
            if let GivenRows::Here(rows) = &given.rows {
                assembly.store_batch(name, &given.digest, as_published(contract, rows)?)?;
            }
        }
        Ok(())
    }

    /// What the checks are made on: what is about to be published, and the proofs behind it. Of these, those that have a contract are
    /// published; a partnership of the version before has none of them.
    fn check_tables(
        &self,
        records: &[&DeliveryRecord],
        lines: &[(CostSource, PublishedPart)],
        release: &ReleasePlan,
        walk: &Walk<'_>,
        assembly: &mut Assembly<'_>,
    ) -> Answer<Tables> {
        let mut tables = Tables::default();
        for (name, given) in &walk.plan.given {
            if let GivenRows::Here(rows) = &given.rows {
                tables.insert(name.as_str(), Table::rows(rows.schema(), vec![rows.clone()]));
            }
        }
        for name in ["class_total", "separation", "delivery"] {
            let of = assembly.content.tables.get(name).map_or(&[][..], Vec::as_slice);
            // Read once: a dozen checks ask for them.
            let mut rows = assembly.parts.batch_of(name, of)?;
            if name == "class_total" {
                rows = with_defaults(&rows, &prove::CLASSES_OF_THE_VERSION_BEFORE)?;
            }
            tables.insert(name, Table::rows(rows.schema(), vec![rows]));
        }
        let differences = match assembly.content.tables.get(PAYROLL_DIFFERENCE) {
            Some(of) => assembly.parts.batch_of(PAYROLL_DIFFERENCE, of)?,
            None => prove::no_payroll_difference()?,
        };
        tables.insert(PAYROLL_DIFFERENCE, Table::rows(differences.schema(), vec![differences]));
        for name in prove::CHECKS.iter().flat_map(|check| check.needs).chain(&prove::PROVED_IN) {
            let Some(of) = assembly.content.tables.get(*name).filter(|_| tables.get(name).is_none()) else { continue };
            tables.insert(*name, assembly.parts.rows_of(name, of)?);
        }
        for (name, rows) in prove::check_tables(self.partnership, records, lines)? {
            let contract = self.partnership.contracts.get(&format!("published/{name}"));
            if let Some(contract) = contract.filter(|_| prove::PUBLISHED_PROOFS.contains(&name)) {
                assembly.store_batch(name, assembly.inputs, as_published(contract, &rows)?)?;
            }
            tables.insert(name, Table::rows(rows.schema(), vec![rows]));
        }
        let more = [
            ("feed_period", prove::feed_period(self.partnership, release, lines)?),
            ("carried_feed", prove::carried_feed(lines)?),
            ("published_text", prove::published_text(&assembly.content.tables)?),
        ];
        for (name, rows) in more {
            tables.insert(name, Table::rows(rows.schema(), vec![rows]));
        }
        let meant = walk.meant.as_ref();
        let code_class = meant.map_or_else(prove::no_code_class, |meant| Ok(meant.code_class.clone()))?;
        let line_total = prove::line_total(meant.map_or(&[][..], |meant| meant.line_total.as_slice()))?;
        tables.insert("line_total", Table::rows(line_total.schema(), vec![line_total]));
        tables.insert("code_class", Table::rows(code_class.schema(), vec![code_class]));
        Ok(tables)
    }
}

/// Reference tables that are published with every release, where they have a contract; without rows where a partnership has no such file.
const DIMENSIONS: [&str; 7] = ["account", "cost_centre", "agreement", "customer", "driver", "pool", "share"];

/// Published where a partnership has its contract.
const LATER_REGISTER: &str = "later_register";

/// Published where a partnership resolves pay.
const PAYROLL_DIFFERENCE: &str = "payroll_difference";

/// What a release holds: rows, bytes and parts.
fn published(content: &Content) -> Moved {
    let parts = || content.tables.values().flatten();
    let (rows, bytes) = (parts().map(|part| part.rows).sum(), parts().map(|part| part.bytes).sum());
    Moved { rows, bytes, kept: parts().count() as u64, ..Moved::default() }
}

/// Parts that a release lists and of which no sound file is left.
fn lost_parts(listed: Option<&Manifest>, latest: Option<&Manifest>) -> BTreeSet<String> {
    let paths = |manifest: Option<&Manifest>| -> BTreeSet<String> {
        manifest.iter().flat_map(|m| m.content.tables.values().flatten()).map(|part| part.path.clone()).collect()
    };
    &paths(listed) - &paths(latest)
}

/// The parts that can stand when the walk begins again: those of the latest release, and those that it has made.
fn made_so_far(walk: &Walk<'_>) -> Manifest {
    let mut so_far = walk.parts.before.cloned().unwrap_or_default();
    for table in walk.made.keys() {
        so_far.content.tables.entry(table.clone()).or_default().extend(walk.parts_of(table).cloned());
    }
    so_far
}

/// Rows with the columns of a contract; those that they lack are null.
fn as_published(contract: &Contract, rows: &RecordBatch) -> Answer<RecordBatch> {
    in_columns(rows, &contract.arrow_schema()).map_err(|e| does_not_fit(&contract.name, &e))
}
