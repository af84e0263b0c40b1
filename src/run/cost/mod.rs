//! The second half of a run: all councils, period by period, from the common tables to one release.

mod checked;
mod classify;
mod frozen;
mod kernels;
mod parts;
mod preview;
mod proofs;
mod recast;
mod refused;
mod restate;
mod rows;
mod standing;
mod steps;
mod why;

use std::{collections::BTreeSet, ops::Deref};

use serde_json::{Value, json};

use super::{Conductor, Event};
use crate::{
    crash,
    diagnostic::{Answer, Diagnostic, Severity, codes},
    lake::{Closings, Content, DeliveryRecord, MadeFrom, Manifest, Publication},
    plan::{
        AfterClose, EMPTY, LakeNow, ReleasePlan, Uncounted, check_personal, keep_data, lake_now, made_from, plan_cost, plan_release,
        plan_release_after, program, remembered, rules_digest, run_digest, taken_over, verdicts_of_release,
    },
    run::record::Moved,
    stages::prove::{self, Finding},
};
use frozen::Taken;
use parts::{Assembly, Parts};
pub use preview::Previewed;
use recast::Recast;
use refused::{ROUNDS, Round};
pub use restate::RestatedPeriod;
pub(super) use restate::gone_of;
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
    /// What is not known of accounts where nothing waits in suspense, in pounds.
    pub coverage: prove::AccountCoverage,
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
    /// The latest release with all that it lists, whether a sound file is left of it or not.
    listed: Option<&'a Manifest>,
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
            listed: listed.as_ref(),
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
        self.publish(content, made_from, latest.as_ref(), &mut costed)?;
        self.observer.event(Event::Report { diagnostics: &costed.stopped });
        Ok(costed)
    }

    fn publish(&self, content: Content, made_from: MadeFrom, latest: Option<&Manifest>, costed: &mut Costed) -> Answer<()> {
        let archive = self.lake.releases().keep_rules(&self.partnership.files)?;
        let made_from = MadeFrom { archive: Some(archive), ..made_from };
        let step = self.begin("publish", "");
        let moved = published(&content, latest);
        self.observer.event(Event::Publishing);
        let publication = self.lake.releases().publish(content, made_from, self.mark())?;
        costed.published = matches!(publication, Publication::Published(_));
        costed.made_again = !costed.published;
        let (Publication::Published(manifest) | Publication::Unchanged(manifest)) = publication;
        self.observer.event(Event::Published { release: &manifest.release });
        self.end(step, moved);
        costed.release = Some(manifest.release);
        Ok(())
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
        let rounds: [Round; ROUNDS] = std::array::from_fn(|_| Round::default());
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
        let Some((left, verdicts)) = self.without_refused(ground, &lake.files, &mut walk, &rounds, costed)? else { return Ok(None) };
        let release = left.unwrap_or(release);
        content.proofs.extend(remembered(&verdicts));
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
        let made_from = self.made_from(ground, release, &assembly.content)?;
        Ok(Some((assembly.content, made_from)))
    }

    /// What a release of this content is made from, also what was taken over.
    fn made_from(&self, ground: &Ground<'_>, release: &ReleasePlan, content: &Content) -> Answer<MadeFrom> {
        // The archive is kept when it is published; that there will be one says that kinds are told apart.
        let made_from = MadeFrom { archive: Some(String::new()), ..made_from(self.partnership, release)? };
        let new =
            Manifest { made_from, content: Content { program: content.program.clone(), ..Content::default() }, ..Manifest::default() };
        let closing = |release: &str| self.lake.releases().manifest(release).ok();
        let taken_over = taken_over(release, ground.closings, ground.listed, &new, closing);
        let mut made_from = MadeFrom { taken_over, ..new.made_from };
        keep_data(release, ground.closings, ground.listed, &mut made_from.data);
        Ok(made_from)
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
}

/// What a release holds: rows, bytes and parts, those that it has from the release before apart from those that are made for it.
fn published(content: &Content, before: Option<&Manifest>) -> Moved {
    let before: BTreeSet<&str> =
        before.iter().flat_map(|before| before.content.tables.values().flatten()).map(|part| part.path.as_str()).collect();
    let parts = || content.tables.values().flatten();
    let (rows, bytes) = (parts().map(|part| part.rows).sum(), parts().map(|part| part.bytes).sum());
    let kept = parts().filter(|part| before.contains(part.path.as_str())).count() as u64;
    Moved { rows, bytes, made: parts().count() as u64 - kept, kept, ..Moved::default() }
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
