//! The second half of a run: all councils, period by period, from the common tables to one release.

mod checked;
mod classify;
mod parts;
mod separate;
mod standing;

use std::collections::{BTreeMap, BTreeSet};

use arrow::record_batch::RecordBatch;
use serde_json::json;

use super::{Conductor, CostPlanned, Event, clock};
use crate::{
    diagnostic::{Answer, Diagnostic, Severity},
    domain::{Period, counted},
    engine::{Table, Tables},
    lake::{Content, DeliveryRecord, LakeFile, LakeState, Manifest, Publication, PublishedPart},
    pipeline::Basis,
    plan::{
        CostSource, Waiting, all_there, cost_sources, current, does_not_fit, plan_cost, program, published, rules_digest, run_digest,
        with_sender,
    },
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
    pub findings: Vec<Finding>,
    /// A check failed: the last release is unchanged.
    pub stopped: Vec<Diagnostic>,
    /// The codes behind suspense over its limit, where that stopped publication: no release shows them.
    pub suspense: Vec<prove::InSuspense>,
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

    fn cost_upon(&self, Standing { latest, broken }: &Standing, known: &[DeliveryRecord]) -> Answer<Costed> {
        let lake = self.lake_states(latest.as_ref())?;
        for basis in [Basis::Ledger, Basis::Payments] {
            let files: Vec<&LakeFile> = lake.files.iter().filter(|(of, _)| *of == basis).map(|(_, file)| file).collect();
            all_there(known, basis.common_table(), &files)?;
        }
        let (sources, Waiting { blocked, carried }) = cost_sources(self.partnership, known, &lake.files);
        let mut costed = Costed { blocked, release: latest.as_ref().map(|m| m.release.clone()), ..Costed::default() };
        if sources.is_empty() {
            return Ok(costed);
        }
        let plan = plan_cost(self.partnership)?;
        let rules = rules_digest(self.partnership);
        let inputs = run_digest(&rules, &sources, known);
        let unchanged = latest.as_ref().is_some_and(|m| m.content.proofs.get("inputs") == Some(&json!(inputs)));
        if unchanged && broken.is_none() && !self.wish.force {
            return Ok(costed);
        }
        if !carried.is_empty() {
            self.observer.event(Event::Report { diagnostics: &carried });
        }
        let mut content = Content { program: program(), lake: lake.states, ..Content::default() };
        content.proofs.insert("inputs".into(), json!(inputs));
        content.proofs.insert("rules".into(), json!(rules));
        let (lines, meant) = self.classify(&plan, &rules, &sources, latest.as_ref())?;
        costed.classified = lines.iter().filter(|line| line.fresh).count();
        content.tables.insert("cost_line".into(), lines.iter().map(|line| line.part.clone()).collect());
        content.tables.insert("class_total".into(), lines.iter().map(|line| line.classes.clone()).collect());
        self.separate(&plan, &rules, &lines, latest.as_ref(), &mut content)?;
        let parts: Vec<(CostSource, PublishedPart)> = lines.into_iter().map(|line| (line.source, line.part)).collect();
        let records = with_sender(self.partnership, &current(known, &sources));
        let records: Vec<&DeliveryRecord> = records.iter().collect();
        self.small_tables(&records, &parts, &mut content)?;
        let tables = self.check_tables(&records, &parts, meant.as_ref(), &content)?;
        costed.findings = prove::prove(&tables)?;
        self.store("check_result", &prove::check_rows(&costed.findings, parts.iter().map(|(_, p)| p.rows).sum()), &mut content)?;
        self.verdict(&mut costed, &parts)?;
        if costed.stopped.iter().any(|d| d.severity == Severity::Error) {
            self.observer.event(Event::Report { diagnostics: &costed.stopped });
            return Ok(costed);
        }
        let run = json!({"run": self.run_id, "published_at": clock::now().iso()});
        self.observer.event(Event::Publishing);
        let publication = self.lake.releases().publish(content, run)?;
        costed.published = matches!(publication, Publication::Published(_));
        costed.made_again = !costed.published;
        let (Publication::Published(manifest) | Publication::Unchanged(manifest)) = publication;
        self.observer.event(Event::Published { release: &manifest.release });
        costed.release = Some(manifest.release);
        self.observer.event(Event::Report { diagnostics: &costed.stopped });
        Ok(costed)
    }

    /// Whether the cost run has something to do, and why.
    pub(super) fn why_cost(&self, known: &[DeliveryRecord]) -> Answer<CostPlanned> {
        let (latest, flaws) = self.looked_at()?;
        let lake = self.lake_states(latest.as_ref())?;
        let (sources, Waiting { blocked, .. }) = cost_sources(self.partnership, known, &lake.files);
        let rules = rules_digest(self.partnership);
        let is = |name: &str, value: &str| latest.as_ref().is_some_and(|m| m.content.proofs.get(name) == Some(&json!(value)));
        let inputs = run_digest(&rules, &sources, known);
        let (would_run, why) = if sources.is_empty() {
            (false, "nothing to do: no common table holds a line of the basis in use".to_owned())
        } else if flaws > 0 {
            (true, format!("would make again what is gone or damaged of the latest release: {}", counted(flaws as u64, "file")))
        } else if is("inputs", &inputs) {
            (false, "nothing to do: lines, rules, contracts and program are those of the latest release".to_owned())
        } else if latest.is_none() {
            (true, format!("would publish the first release, of {}", counted(sources.len() as u64, "partition")))
        } else if is("rules", &rules) {
            (true, "would publish a release: the common tables or their proofs changed".to_owned())
        } else {
            (true, "would publish a release: a rule, a query, a contract, the partnership file or the program changed".to_owned())
        };
        let waits = if blocked.is_empty() {
            String::new()
        } else {
            format!(
                "; {} for a required feed",
                if blocked.len() == 1 { "1 period waits".to_owned() } else { format!("{} periods wait", blocked.len()) }
            )
        };
        Ok(CostPlanned { would_run, sentence: format!("{why}{waits}") })
    }

    /// Reference tables, and the members of the partnership file.
    pub(super) fn reference_tables(&self) -> Answer<Tables> {
        let mut tables = Tables::default();
        for (name, reference) in &self.partnership.references {
            tables.insert(name.as_str(), Table::rows(reference.rows.schema(), vec![reference.rows.clone()]));
        }
        let members = membership_table(self.partnership)?;
        tables.insert("membership", Table::rows(members.schema(), vec![members]));
        Ok(tables)
    }

    /// Deliveries, reconciliation and dimensions.
    fn small_tables(&self, records: &[&DeliveryRecord], parts: &[(CostSource, PublishedPart)], content: &mut Content) -> Answer<()> {
        self.store("delivery", &publish::delivery_rows(records), content)?;
        self.store("reconciliation", &prove::reconciliation(records, parts)?, content)?;
        let periods: BTreeSet<Period> = parts.iter().map(|(s, _)| s.file.period).collect();
        for (name, rows) in publish::dimensions(self.partnership, &periods.into_iter().collect::<Vec<_>>()) {
            self.store(name, &rows, content)?;
        }
        for name in ["account", "cost_centre"] {
            let Some(reference) = self.partnership.references.get(name) else { continue };
            let contract = published(self.partnership, name)?;
            let columns = contract.columns.iter().map(|c| reference.rows.column_by_name(&c.name).cloned());
            let columns = columns
                .zip(&contract.columns)
                .map(|(array, c)| array.unwrap_or_else(|| arrow::array::new_null_array(&c.kind.arrow(), reference.rows.num_rows())));
            let rows = RecordBatch::try_new(contract.arrow_schema(), columns.collect()).map_err(|e| does_not_fit(name, &e))?;
            self.store_batch(name, &rows, content)?;
        }
        Ok(())
    }

    /// What the checks are made on: what is about to be published, and the proofs behind it.
    fn check_tables(
        &self,
        records: &[&DeliveryRecord],
        parts: &[(CostSource, PublishedPart)],
        meant: Option<&Meant>,
        content: &Content,
    ) -> Answer<Tables> {
        let mut tables = self.reference_tables()?;
        for name in ["class_total", "separation", "delivery"] {
            let of = content.tables.get(name).map_or(&[][..], Vec::as_slice);
            // Read once: a dozen checks ask for them.
            tables.insert(name, self.rows_of(name, of)?);
        }
        for (name, rows) in prove::check_tables(self.partnership, records, parts)? {
            tables.insert(name, Table::rows(rows.schema(), vec![rows]));
        }
        let code_class = meant.map_or_else(prove::no_code_class, |meant| Ok(meant.code_class.clone()))?;
        let line_total = prove::line_total(meant.map_or(&[][..], |meant| meant.line_total.as_slice()))?;
        tables.insert("line_total", Table::rows(line_total.schema(), vec![line_total]));
        tables.insert("code_class", Table::rows(code_class.schema(), vec![code_class]));
        Ok(tables)
    }

    /// The common tables as they are now. Where a table has not moved since the latest release, its manifest says what is in it.
    fn lake_states(&self, latest: Option<&Manifest>) -> Answer<LakeNow> {
        let mut now = LakeNow::default();
        for basis in [Basis::Ledger, Basis::Payments] {
            let table = basis.common_table();
            let Some(version) = self.tables.newest_version(table)? else { continue };
            // A table that was made anew counts its versions from the start.
            let is_there = |state: &&LakeState| self.tables.files_of(table, state).iter().all(|file| file.path.is_file());
            let before = latest.and_then(|m| m.content.lake.get(table)).filter(|state| state.version == version).filter(is_there);
            let (state, files) = match before {
                Some(state) => (state.clone(), self.tables.files_of(table, state)),
                None => match self.tables.snapshot(table, None)? {
                    Some(snapshot) => (LakeState::from(&snapshot), snapshot.files),
                    None => continue,
                },
            };
            now.states.insert(table.to_owned(), state);
            now.files.extend(files.into_iter().map(|file| (basis, file)));
        }
        Ok(now)
    }
}

#[derive(Default)]
struct LakeNow {
    states: BTreeMap<String, LakeState>,
    files: Vec<(Basis, LakeFile)>,
}
