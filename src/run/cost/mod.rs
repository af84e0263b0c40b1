//! The second half of a run: all councils, period by period, from the common tables to one release.

mod checked;
mod classify;
mod parts;
mod separate;
mod standing;

use std::collections::BTreeSet;

use arrow::{array::new_null_array, record_batch::RecordBatch};
use serde_json::json;

use super::{Conductor, CostPlanned, Event};
use crate::{
    diagnostic::{Answer, Diagnostic, Severity},
    domain::counted,
    engine::{Table, Tables},
    lake::{Content, DeliveryRecord, Manifest, Publication, PublishedPart},
    plan::{
        Behind, CostSource, EMPTY, LakeNow, ReleasePlan, Uncounted, check_personal, does_not_fit, lake_now, no_departments, plan_cost,
        plan_release, program, published, rules_digest, run_digest, with_sender,
    },
    schema::Column,
    stages::{
        classify::membership_table,
        prove::{self, Finding},
        publish,
    },
};
use classify::Meant;
use standing::Standing;

/// What the cost run did.
#[derive(Clone, Debug, Default)]
pub struct Costed {
    /// The release that readers see now; `None` where there is none yet.
    pub release: Option<String>,
    /// Whether this run made it.
    pub published: bool,
    /// Periods that are left out, and why.
    pub blocked: Vec<Diagnostic>,
    /// What was accepted and is in no figure.
    pub uncounted: Vec<Uncounted>,
    /// Deliveries that were refused and have not been mended.
    pub unmended: BTreeSet<String>,
    pub findings: Vec<Finding>,
    /// What stands in the way of publication, or a check that failed: the last release is unchanged.
    pub stopped: Vec<Diagnostic>,
    /// The codes behind suspense over its limit, where that stopped publication: no release shows them.
    pub suspense: Vec<prove::InSuspense>,
    /// What is not known of the payments, in pounds.
    pub coverage: prove::PaymentCoverage,
    /// Parts of `cost_line` made anew.
    pub classified: usize,
    /// The release stays, and its files were made again or found as they were.
    pub made_again: bool,
}

/// One partition of the common tables with what was published of it.
struct Line {
    source: CostSource,
    /// Of `cost_line`.
    part: PublishedPart,
    /// Of `class_total`: what the lines add up to, class by class.
    classes: PublishedPart,
    /// Made by this run.
    fresh: bool,
}

impl Conductor<'_> {
    /// Classifies, separates, proves and publishes what the common tables hold.
    ///
    /// # Errors
    /// What stops the run: a query, the lake. A failed check is no error: it is in the result, and nothing is published.
    pub fn cost(&self, known: &[DeliveryRecord]) -> Answer<Costed> {
        let standing = self.standing()?;
        let mut costed = self.cost_upon(&standing, known)?;
        self.tell_broken(&standing, &mut costed);
        Ok(costed)
    }

    fn cost_upon(&self, Standing { listed, latest, broken }: &Standing, known: &[DeliveryRecord]) -> Answer<Costed> {
        let lake = lake_now(&self.tables, latest.as_ref())?;
        let release = plan_release(self.partnership, known, &lake.files, listed.as_ref());
        let mut costed = Costed {
            blocked: release.blocked.clone(),
            uncounted: release.uncounted(),
            unmended: release.unmended.clone(),
            stopped: self.stops(&release),
            release: latest.as_ref().map(|m| m.release.clone()),
            ..Costed::default()
        };
        if !costed.stopped.is_empty() {
            self.observer.event(Event::Report { diagnostics: &costed.stopped });
            return Ok(costed);
        }
        let rules = rules_digest(self.partnership);
        let inputs = run_digest(self.partnership, &rules, &release, known);
        let unchanged = latest.as_ref().is_some_and(|m| m.content.proofs.get("inputs") == Some(&json!(inputs)));
        if release.is_empty() || (unchanged && broken.is_none() && !self.wish.force) {
            return Ok(costed);
        }
        if !release.carried.is_empty() {
            self.observer.event(Event::Report { diagnostics: &release.carried });
        }
        let content = self.content(known, &release, lake, &rules, &inputs, latest.as_ref(), &mut costed)?;
        if costed.stopped.iter().any(|d| d.severity == Severity::Error) {
            self.observer.event(Event::Report { diagnostics: &costed.stopped });
            return Ok(costed);
        }
        self.observer.event(Event::Publishing);
        let publication = self.lake.releases().publish(content, self.mark())?;
        costed.published = matches!(publication, Publication::Published(_));
        costed.made_again = !costed.published;
        let (Publication::Published(manifest) | Publication::Unchanged(manifest)) = publication;
        self.observer.event(Event::Published { release: &manifest.release });
        costed.release = Some(manifest.release);
        self.observer.event(Event::Report { diagnostics: &costed.stopped });
        Ok(costed)
    }

    /// What stops publication, but for what a person lets go.
    fn stops(&self, release: &ReleasePlan) -> Vec<Diagnostic> {
        release.stops(self.let_go.as_ref().map_or(&[][..], |let_go| let_go.periods.as_slice()))
    }

    /// Which run made a release, and what a person let go in it: not compared between releases.
    fn mark(&self) -> serde_json::Value {
        let mut run = json!({"run": self.run_id, "published_at": self.clock.now().iso()});
        if let (Some(let_go), Some(fields)) = (&self.let_go, run.as_object_mut()) {
            let said = json!({"periods": let_go.periods.iter().map(ToString::to_string).collect::<Vec<_>>(), "by": let_go.by, "reason": let_go.reason});
            fields.insert("let_go".into(), said);
        }
        run
    }

    /// What the next release consists of; what the checks found is in `costed`.
    #[allow(clippy::too_many_arguments)] // what the caller has looked up once
    fn content(
        &self,
        known: &[DeliveryRecord],
        release: &ReleasePlan,
        lake: LakeNow,
        rules: &str,
        inputs: &str,
        latest: Option<&Manifest>,
        costed: &mut Costed,
    ) -> Answer<Content> {
        let plan = plan_cost(self.partnership)?;
        check_personal(self.partnership, &plan)?;
        let mut content = Content { program: program(), lake: lake.states, ..Content::default() };
        content.proofs.insert("inputs".into(), json!(inputs));
        content.proofs.insert("rules".into(), json!(rules));
        if !release.empty.is_empty() {
            content.proofs.insert(EMPTY.into(), json!(release.empty.iter().map(ToString::to_string).collect::<Vec<_>>()));
        }
        let (lines, meant) = self.classify(&plan, rules, &release.sources, latest)?;
        costed.classified = lines.iter().filter(|line| line.fresh).count();
        content.tables.insert("cost_line".into(), lines.iter().map(|line| line.part.clone()).collect());
        content.tables.insert("class_total".into(), lines.iter().map(|line| line.classes.clone()).collect());
        self.separate(&plan, rules, &lines, latest, &mut content)?;
        let parts: Vec<(CostSource, PublishedPart)> = lines.into_iter().map(|line| (line.source, line.part)).collect();
        let behind = release.behind(known);
        let records = with_sender(self.partnership, &behind.iter().map(|behind| behind.record).collect::<Vec<_>>());
        let behind: Vec<Behind<'_>> = behind.iter().zip(&records).map(|(behind, record)| Behind { record, ..*behind }).collect();
        let records: Vec<&DeliveryRecord> = records.iter().collect();
        self.store("delivery", &publish::delivery_rows(self.partnership, &behind), &mut content)?;
        self.small_tables(&records, &parts, release, &mut content)?;
        let tables = self.check_tables(&records, &parts, meant.as_ref(), &mut content)?;
        costed.findings = prove::prove(&tables)?;
        if let Some(classes) = tables.get("class_total") {
            costed.coverage = prove::payment_coverage(self.partnership, classes.clone())?;
        }
        let checked = parts.iter().map(|(_, p)| p.rows).sum();
        self.store("check_result", &prove::check_rows(&costed.findings, checked, &costed.coverage), &mut content)?;
        self.verdict(costed, &parts)?;
        Ok(content)
    }

    /// Whether the cost run has something to do, and why.
    pub(super) fn why_cost(&self, known: &[DeliveryRecord]) -> Answer<CostPlanned> {
        let (latest, flaws) = self.looked_at()?;
        let lake = lake_now(&self.tables, latest.as_ref())?;
        let release = plan_release(self.partnership, known, &lake.files, latest.as_ref());
        let rules = rules_digest(self.partnership);
        let is = |name: &str, value: &str| latest.as_ref().is_some_and(|m| m.content.proofs.get(name) == Some(&json!(value)));
        let inputs = run_digest(self.partnership, &rules, &release, known);
        let stops = release.stops(&[]);
        let (would_run, why) = if let Some(first) = stops.first() {
            let more = if stops.len() > 1 { format!(" (and {})", counted(stops.len() as u64 - 1, "more report")) } else { String::new() };
            (false, format!("nothing would be published: {}: {}{more}", first.code.id, first.seen))
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
        let waits = match release.blocked.len() {
            0 => String::new(),
            1 => "; 1 period waits for a required feed".to_owned(),
            n => format!("; {n} periods wait for a required feed"),
        };
        Ok(CostPlanned { would_run, sentence: format!("{why}{waits}"), stops, uncounted: release.uncounted() })
    }

    /// Reference tables, and the members of the partnership file.
    pub(super) fn reference_tables(&self) -> Answer<Tables> {
        let mut tables = Tables::default();
        for (name, reference) in &self.partnership.references {
            tables.insert(name.as_str(), Table::rows(reference.rows.schema(), vec![reference.rows.clone()]));
        }
        if !self.partnership.references.contains_key("department") {
            let contract = self.partnership.contracts.get("reference/department");
            let schema = contract.map_or_else(no_departments, |contract| contract.arrow_schema());
            tables.insert("department", Table::rows(schema, vec![]));
        }
        let members = membership_table(self.partnership)?;
        tables.insert("membership", Table::rows(members.schema(), vec![members]));
        Ok(tables)
    }

    /// Reconciliation and dimensions.
    fn small_tables(
        &self,
        records: &[&DeliveryRecord],
        parts: &[(CostSource, PublishedPart)],
        release: &ReleasePlan,
        content: &mut Content,
    ) -> Answer<()> {
        self.store("reconciliation", &prove::reconciliation(records, parts)?, content)?;
        for (name, rows) in publish::dimensions(self.partnership, &release.release_periods()) {
            self.store(name, &rows, content)?;
        }
        for name in ["account", "cost_centre"] {
            let Some(reference) = self.partnership.references.get(name) else { continue };
            let contract = published(self.partnership, name)?;
            let columns = contract.columns.iter().map(|c| reference.rows.column_by_name(&c.name).cloned());
            let columns = columns
                .zip(&contract.columns)
                .map(|(array, c)| array.unwrap_or_else(|| new_null_array(&c.kind.arrow(), reference.rows.num_rows())));
            let rows = RecordBatch::try_new(contract.arrow_schema(), columns.collect()).map_err(|e| does_not_fit(name, &e))?;
            self.store_batch(name, &rows, content)?;
        }
        Ok(())
    }

    /// Publishes a proof that has a contract; a partnership of the version before has none of them.
    fn publish_proof(&self, name: &str, rows: &RecordBatch, content: &mut Content) -> Answer<()> {
        if !prove::PUBLISHED_PROOFS.contains(&name) {
            return Ok(());
        }
        let Some(contract) = self.partnership.contracts.get(&format!("published/{name}")) else { return Ok(()) };
        let column = |c: &Column| rows.column_by_name(&c.name).cloned().unwrap_or_else(|| new_null_array(&c.kind.arrow(), rows.num_rows()));
        let columns = contract.columns.iter().map(column).collect();
        let rows = RecordBatch::try_new(contract.arrow_schema(), columns).map_err(|e| does_not_fit(name, &e))?;
        self.store_batch(name, &rows, content)
    }

    /// What the checks are made on: what is about to be published, and the proofs behind it.
    fn check_tables(
        &self,
        records: &[&DeliveryRecord],
        parts: &[(CostSource, PublishedPart)],
        meant: Option<&Meant>,
        content: &mut Content,
    ) -> Answer<Tables> {
        let mut tables = self.reference_tables()?;
        for name in ["class_total", "separation", "delivery"] {
            let of = content.tables.get(name).map_or(&[][..], Vec::as_slice);
            // Read once: a dozen checks ask for them.
            tables.insert(name, self.rows_of(name, of)?);
        }
        for (name, rows) in prove::check_tables(self.partnership, records, parts)? {
            self.publish_proof(name, &rows, content)?;
            tables.insert(name, Table::rows(rows.schema(), vec![rows]));
        }
        let code_class = meant.map_or_else(prove::no_code_class, |meant| Ok(meant.code_class.clone()))?;
        let line_total = prove::line_total(meant.map_or(&[][..], |meant| meant.line_total.as_slice()))?;
        tables.insert("line_total", Table::rows(line_total.schema(), vec![line_total]));
        tables.insert("code_class", Table::rows(code_class.schema(), vec![code_class]));
        Ok(tables)
    }
}
