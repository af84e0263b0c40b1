//! The second half of a run: all councils, period by period, from the common tables to one release.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use arrow::record_batch::RecordBatch;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{
    Conductor, CostPlanned, Event, clock, proofs,
    pump::{each, lock},
};
use crate::{
    diagnostic::{Answer, Diagnostic, Severity},
    domain::{Digest, Period, counted},
    engine::{Part, Table, Tables},
    lake::{Content, DeliveryRecord, LakeFile, LakeState, Manifest, PartFile, PartSchema, Publication, PublishedPart, StagedPart, holder},
    pipeline::{Basis, Missing},
    plan::{CostPlan, PlannedQuery, plan_cost},
    schema::{Contract, table},
    stages::{
        classify::{
            Classifier, Codes, LineColumns, Meanings, PartOf, RULE_COLUMNS, classify_part, code_table, codes_of, meanings, membership_table,
        },
        prove::{self, Finding},
        publish,
        separate::separate,
    },
};

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
}

/// One partition of a common table from which costs are read.
#[derive(Clone, Debug)]
pub struct CostSource {
    pub basis: Basis,
    pub file: LakeFile,
    /// The delivery that stands in it.
    pub delivery: String,
}

impl CostSource {
    /// `newham/general_ledger/2018/P01`.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}/{}/{}", self.file.council, self.file.feed, self.file.period)
    }

    const fn columns(&self) -> LineColumns {
        match self.basis {
            Basis::Ledger => LineColumns::LEDGER,
            Basis::Payments => LineColumns::PAYMENTS,
        }
    }
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

/// What classification was made of, and the tables that say what codes mean.
struct Meant {
    meanings: Meanings,
    code_class: RecordBatch,
}

impl Conductor<'_> {
    /// Classifies, separates, proves and publishes what the common tables hold.
    ///
    /// # Errors
    /// What stops the run: a query, the lake. A failed check is no error: it is in the result, and nothing is published.
    pub fn cost(&self, known: &[DeliveryRecord]) -> Answer<Costed> {
        let latest = self.lake.releases().latest()?;
        let lake = self.lake_states(latest.as_ref())?;
        for basis in [Basis::Ledger, Basis::Payments] {
            let files: Vec<&LakeFile> = lake.files.iter().filter(|(of, _)| *of == basis).map(|(_, file)| file).collect();
            proofs::all_there(known, basis.common_table(), &files)?;
        }
        let (sources, Waiting { blocked, carried }) = self.cost_sources(known, &lake.files);
        let mut costed = Costed { blocked, release: latest.as_ref().map(|m| m.release.clone()), ..Costed::default() };
        if sources.is_empty() {
            return Ok(costed);
        }
        let plan = plan_cost(self.partnership)?;
        let rules = self.rules_digest();
        let inputs = Self::run_digest(&rules, &sources, known);
        let unchanged = latest.as_ref().is_some_and(|m| m.content.proofs.get("inputs") == Some(&json!(inputs)));
        if unchanged && !self.wish.force {
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
        let records = proofs::current(known, &sources);
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
        match self.lake.releases().publish(content, run)? {
            Publication::Published(manifest) => {
                costed.published = true;
                costed.release = Some(manifest.release);
            }
            Publication::Unchanged(manifest) => costed.release = Some(manifest.release),
        }
        self.observer.event(Event::Report { diagnostics: &costed.stopped });
        Ok(costed)
    }

    /// Whether the cost run has something to do, and why.
    pub(super) fn why_cost(&self, known: &[DeliveryRecord]) -> Answer<CostPlanned> {
        let latest = self.lake.releases().latest()?;
        let lake = self.lake_states(latest.as_ref())?;
        let (sources, Waiting { blocked, .. }) = self.cost_sources(known, &lake.files);
        let rules = self.rules_digest();
        let is = |name: &str, value: &str| latest.as_ref().is_some_and(|m| m.content.proofs.get(name) == Some(&json!(value)));
        let inputs = Self::run_digest(&rules, &sources, known);
        let (would_run, why) = if sources.is_empty() {
            (false, "nothing to do: no common table holds a line of the basis in use".to_owned())
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

    /// The files from which costs are read, and the periods that must wait.
    fn cost_sources(&self, known: &[DeliveryRecord], files: &[(Basis, LakeFile)]) -> (Vec<CostSource>, Waiting) {
        let calendar = self.partnership.calendar;
        let basis_on = |council: &str, period: Period| self.partnership.basis_on(council, calendar.days_of(period).0);
        let mut sources: Vec<CostSource> = Vec::new();
        for (basis, file) in files {
            let delivery = holder(known, &file.council, &file.feed, file.period);
            if let (Some(delivery), true) = (delivery, basis_on(&file.council, file.period) == Some(*basis)) {
                sources.push(CostSource { basis: *basis, file: file.clone(), delivery: delivery.delivery_id.clone() });
            }
        }
        let periods: BTreeSet<Period> = sources.iter().map(|s| s.file.period).collect();
        let Waiting { mut blocked, mut carried } = Waiting::default();
        for period in periods {
            let first = calendar.days_of(period).0;
            let lacking = |missing: Missing| -> Vec<String> {
                let feeds = self.partnership.feeds.iter();
                feeds
                    .filter(|feed| feed.required && feed.missing == missing && feed.active.contains(first))
                    .filter(|feed| basis_on(&feed.council, period).is_some_and(|basis| basis.common_table() == &*feed.into))
                    .filter(|feed| holder(known, &feed.council, &feed.id, period).is_none())
                    .map(crate::pipeline::Feed::name)
                    .collect()
            };
            let (block, carry) = (lacking(Missing::Block), lacking(Missing::Carry));
            if !block.is_empty() {
                blocked.push(proofs::blocked(period, &block));
                sources.retain(|s| s.file.period != period);
            } else if !carry.is_empty() {
                carried.push(proofs::carried(period, &carry));
            }
        }
        if sources.is_empty() {
            blocked
                .iter_mut()
                .for_each(|d| "nothing is published: no other period has lines of the basis in use".clone_into(&mut d.outcome));
        }
        sources.sort_by(|a, b| (a.file.period, a.key(), &a.file.name).cmp(&(b.file.period, b.key(), &b.file.name)));
        (sources, Waiting { blocked, carried })
    }

    /// Digest of everything but the lines themselves that decides what a cost line says.
    fn rules_digest(&self) -> String {
        let p = self.partnership;
        let mut hash = Sha256::new();
        hash.update(program());
        for (name, table) in &p.references {
            hash.update(format!("{name} {}\n", table.digest));
        }
        for query in &p.cost.queries {
            hash.update(format!("{}/{} {}\n", query.stage, query.table, query.digest));
        }
        for (name, contract) in p.contracts.iter().filter(|(name, _)| name.starts_with("published/")) {
            hash.update(format!("{name} {}\n", contract.digest));
        }
        hash.update(format!("{:?} {:?} {:?} {:?} {:?} {:?}", p.calendar, p.councils, p.companies, p.services, p.members, p.suspense_limit));
        Digest(hash.finalize().into()).hex()
    }

    /// Digest of everything that decides what the release says.
    fn run_digest(rules: &str, sources: &[CostSource], known: &[DeliveryRecord]) -> String {
        let mut hash = Sha256::new();
        hash.update(rules);
        for source in sources {
            hash.update(format!("{} {} {}\n", source.key(), source.file.name, source.delivery));
        }
        for record in proofs::current(known, sources) {
            hash.update(format!("{} {}\n", record.delivery_id, json!(record.proof)));
        }
        Digest(hash.finalize().into()).hex()
    }

    /// Every part of `cost_line`: taken over from the latest release where nothing changed, else made.
    fn classify(
        &self,
        plan: &CostPlan,
        rules: &str,
        sources: &[CostSource],
        latest: Option<&Manifest>,
    ) -> Answer<(Vec<Line>, Option<Meant>)> {
        let inputs = |s: &CostSource| digest(&[rules, &s.key(), &s.file.name]);
        let reuse = |s: &CostSource| {
            let latest = latest.filter(|_| !self.wish.force)?;
            let (key, inputs) = (s.key(), inputs(s));
            Some((latest.part("cost_line", &key, &inputs)?.clone(), latest.part("class_total", &key, &inputs)?.clone()))
        };
        let stale: Vec<&CostSource> = sources.iter().filter(|s| reuse(s).is_none()).collect();
        let meant = if stale.is_empty() { None } else { Some(self.mean(plan, &stale)?) };
        let schema = PartSchema::of(self.published("cost_line")?)?;
        let rows: u64 = stale.iter().map(|s| s.file.rows).sum();
        let made = Mutex::new(BTreeMap::new());
        if let Some(meant) = &meant {
            let classify_one = |source: &CostSource| -> Answer<()> {
                let part = self.classify_one(source, meant, &schema, &inputs(source))?;
                lock(&made).insert(source.file.relative.clone(), part);
                Ok(())
            };
            each(self.threads, stale.clone(), classify_one)?;
            self.step(&format!("classified {} in {}", counted(rows, "line"), counted(stale.len() as u64, "part")));
        }
        let mut made = made.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut lines = Vec::new();
        for source in sources {
            let fresh = made.remove(&source.file.relative);
            let is_fresh = fresh.is_some();
            if let Some((part, classes)) = fresh.or_else(|| reuse(source)) {
                lines.push(Line { source: source.clone(), part, classes, fresh: is_fresh });
            }
        }
        Ok((lines, meant))
    }

    fn classify_one(
        &self,
        source: &CostSource,
        meant: &Meant,
        schema: &Arc<PartSchema>,
        inputs: &str,
    ) -> Answer<(PublishedPart, PublishedPart)> {
        let empty = crate::stages::classify::Meaning::default();
        let key = (source.file.council.clone(), source.file.feed.clone());
        let meaning = meant.meanings.feeds.get(&key).unwrap_or(&empty);
        let days = self.partnership.calendar.days_of(source.file.period);
        let classifier = Classifier::new(&meant.meanings, meaning, source.columns(), days);
        let of = PartOf { council: source.file.council.clone(), feed: source.file.feed.clone(), period: source.file.period };
        let part = PartFile::open(&source.file.path)?;
        let done = classify_part(part, &of, &classifier, schema, self.lake.releases().staging())?;
        let contract = self.published("class_total")?;
        let classes = publish::write(contract, &table(contract, &done.classes)?, self.lake.releases().staging())?;
        let classes = self.add_part("class_total", &source.key(), inputs, &classes, Value::Null)?;
        Ok((self.add_part("cost_line", &source.key(), inputs, &done.staged, proofs::class_facts(&done))?, classes))
    }

    /// Puts a staged part in place.
    fn add_part(&self, table: &str, key: &str, inputs: &str, staged: &StagedPart, facts: Value) -> Answer<PublishedPart> {
        let part = self.lake.releases().add_part(table, staged)?;
        Ok(PublishedPart {
            key: key.into(),
            inputs: inputs.into(),
            path: part.path,
            sha256: part.sha256,
            rows: part.rows,
            bytes: part.bytes,
            facts,
        })
    }

    /// What the distinct codes of these files mean on each date: the queries of `pipelines/cost/classify`.
    fn mean(&self, plan: &CostPlan, sources: &[&CostSource]) -> Answer<Meant> {
        let codes = Mutex::new(Codes::new());
        let used = self.rule_columns()?;
        each(self.threads, sources.to_vec(), |source: &CostSource| {
            let found = codes_of(&PartFile::open(&source.file.path)?, source.columns().only(used))?;
            let mut codes = lock(&codes);
            // A feed whose lines carry no code that a rule turns on is there too: rules that ask for none hold for it.
            codes.entry((source.file.council.clone(), source.file.feed.clone())).or_default().extend(found);
            Ok(())
        })?;
        let codes = codes.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut tables = self.reference_tables()?;
        let code = code_table(&codes)?;
        tables.insert("code", Table::rows(code.schema(), vec![code]));
        let queries: Vec<_> = plan.stage("classify");
        let done = separate(&queries, tables, Period { year: 0, period: 1 }, crate::domain::Day(0))?;
        let named =
            |name: &str| done.iter().find(|(table, _)| table == name).map(|(_, rows)| rows.clone()).ok_or_else(|| proofs::no_query(name));
        let code_class = named("code_class")?;
        let meanings = meanings(&named("code_match")?, &code_class, &named("account_class")?, &named("cost_centre_class")?)?;
        Ok(Meant { meanings, code_class })
    }

    /// Which of the four rule columns some rule turns on. Codes of the others need not be looked at: they tell nothing apart.
    fn rule_columns(&self) -> Answer<[bool; 4]> {
        let mut used = [false; 4];
        if let Some(rules) = self.partnership.references.get("ownership_rule") {
            for (used, name) in used.iter_mut().zip(RULE_COLUMNS) {
                let column = crate::schema::batch::text(&rules.rows, name)?;
                *used = column.iter().flatten().any(|pattern| !pattern.is_empty());
            }
        }
        Ok(used)
    }

    /// Reference tables, and the members of the partnership file.
    fn reference_tables(&self) -> Answer<Tables> {
        let mut tables = Tables::default();
        for (name, reference) in &self.partnership.references {
            tables.insert(name.as_str(), Table::rows(reference.rows.schema(), vec![reference.rows.clone()]));
        }
        let members = membership_table(self.partnership)?;
        tables.insert("membership", Table::rows(members.schema(), vec![members]));
        Ok(tables)
    }

    /// The queries of `pipelines/cost/separate`, once for each delivery year × period that is not as it was.
    fn separate(&self, plan: &CostPlan, rules: &str, lines: &[Line], latest: Option<&Manifest>, content: &mut Content) -> Answer<()> {
        let queries = plan.stage("separate");
        let mut by_period: BTreeMap<Period, Vec<&Line>> = BTreeMap::new();
        for line in lines {
            by_period.entry(line.source.file.period).or_default().push(line);
        }
        for query in &queries {
            content.tables.entry(query.table.clone()).or_default();
        }
        let periods = by_period.len();
        let separated = Mutex::new(BTreeMap::new());
        each(self.threads, by_period.into_iter().collect(), |(period, lines): (Period, Vec<&Line>)| {
            let one = self.separate_one(&queries, rules, period, &lines, latest)?;
            lock(&separated).insert(period, one);
            Ok(())
        })?;
        let mut made = 0;
        for (_, (fresh, parts)) in separated.into_inner().unwrap_or_else(PoisonError::into_inner) {
            made += usize::from(fresh);
            for (table, part) in parts {
                content.tables.entry(table).or_default().push(part);
            }
        }
        if made > 0 {
            self.step(&format!("separated {made} of {}", counted(periods as u64, "period")));
        }
        Ok(())
    }

    /// One period: whether its queries were run, and the part of each table.
    fn separate_one(
        &self,
        queries: &[&PlannedQuery],
        rules: &str,
        period: Period,
        lines: &[&Line],
        latest: Option<&Manifest>,
    ) -> Answer<(bool, Vec<(String, PublishedPart)>)> {
        let key = period.to_string();
        // The common files too: queries may read columns that a cost line does not have.
        let of_lines: Vec<&str> = lines.iter().flat_map(|line| [line.part.sha256.as_str(), line.source.file.name.as_str()]).collect();
        let inputs = digest(&[&[rules, key.as_str()][..], &of_lines[..]].concat());
        let taken: Vec<_> =
            queries.iter().filter_map(|q| Some((q.table.clone(), latest?.part(&q.table, &key, &inputs)?.clone()))).collect();
        if taken.len() == queries.len() && !self.wish.force {
            return Ok((false, taken));
        }
        let rows = separate(queries, self.period_tables(lines)?, period, self.partnership.calendar.days_of(period).1)?;
        let write = |(table, rows): (String, RecordBatch)| -> Answer<(String, PublishedPart)> {
            let staged = publish::write(self.published(&table)?, &rows, self.lake.releases().staging())?;
            let part = self.add_part(&table, &key, &inputs, &staged, Value::Null)?;
            Ok((table, part))
        };
        Ok((true, rows.into_iter().map(write).collect::<Answer<_>>()?))
    }

    /// What the queries of one period read.
    fn period_tables(&self, lines: &[&Line]) -> Answer<Tables> {
        let mut tables = self.reference_tables()?;
        tables.insert("cost_line", self.parts_table("cost_line", lines.iter().map(|line| &line.part))?);
        let classes: Vec<PublishedPart> = lines.iter().map(|line| line.classes.clone()).collect();
        tables.insert("class_total", self.rows_of("class_total", &classes)?);
        for basis in [Basis::Ledger, Basis::Payments] {
            let contract = self.common(basis.common_table())?;
            let files = lines.iter().map(|line| &line.source).filter(|source| source.basis == basis).map(|source| &source.file);
            tables.insert(basis.common_table(), lake_table(contract, files));
        }
        Ok(tables)
    }

    /// All rows of small parts, in memory.
    fn rows_of(&self, table: &str, parts: &[PublishedPart]) -> Answer<Table> {
        let schema = self.published(table)?.arrow_schema();
        let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
        let mut batches = Vec::new();
        for part in parts {
            let file = PartFile::open(&self.lake.releases().path_of(&part.path))?;
            for row_group in 0..file.row_groups() {
                let rows = file.read(row_group, &names, &[])?;
                let rows = RecordBatch::try_new(schema.clone(), rows.columns().to_vec()).map_err(|e| proofs::does_not_fit(table, &e))?;
                batches.push(rows);
            }
        }
        Ok(Table::rows(schema, batches))
    }

    pub(super) fn parts_table<'p>(&self, table: &str, parts: impl Iterator<Item = &'p PublishedPart>) -> Answer<Table> {
        let schema = self.published(table)?.arrow_schema();
        let part = |p: &PublishedPart| Part::local(&self.lake.releases().path_of(&p.path), p.bytes, p.rows);
        Ok(Table::local(schema, parts.filter_map(part).collect()))
    }

    /// Deliveries, reconciliation and dimensions.
    fn small_tables(&self, records: &[&DeliveryRecord], parts: &[(CostSource, PublishedPart)], content: &mut Content) -> Answer<()> {
        self.store("delivery", &publish::delivery_rows(records), content)?;
        self.store("reconciliation", &proofs::reconciliation(records, parts)?, content)?;
        let periods: BTreeSet<Period> = parts.iter().map(|(s, _)| s.file.period).collect();
        for (name, rows) in publish::dimensions(self.partnership, &periods.into_iter().collect::<Vec<_>>()) {
            self.store(name, &rows, content)?;
        }
        for name in ["account", "cost_centre"] {
            let Some(reference) = self.partnership.references.get(name) else { continue };
            let contract = self.published(name)?;
            let columns = contract.columns.iter().map(|c| reference.rows.column_by_name(&c.name).cloned());
            let columns = columns
                .zip(&contract.columns)
                .map(|(array, c)| array.unwrap_or_else(|| arrow::array::new_null_array(&c.kind.arrow(), reference.rows.num_rows())));
            let rows = RecordBatch::try_new(contract.arrow_schema(), columns.collect()).map_err(|e| proofs::does_not_fit(name, &e))?;
            self.store_batch(name, &rows, content)?;
        }
        Ok(())
    }

    fn store(&self, name: &str, rows: &[Vec<crate::schema::Cell>], content: &mut Content) -> Answer<()> {
        self.store_batch(name, &table(self.published(name)?, rows)?, content)
    }

    fn store_batch(&self, name: &str, rows: &RecordBatch, content: &mut Content) -> Answer<()> {
        let staged = publish::write(self.published(name)?, rows, self.lake.releases().staging())?;
        let part = self.add_part(name, "", "", &staged, Value::Null)?;
        content.tables.insert(name.to_owned(), vec![part]);
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
        for (name, rows) in proofs::check_tables(self.partnership, records, parts)? {
            tables.insert(name, Table::rows(rows.schema(), vec![rows]));
        }
        let code_class = meant.map_or_else(proofs::no_code_class, |meant| Ok(meant.code_class.clone()))?;
        tables.insert("code_class", Table::rows(code_class.schema(), vec![code_class]));
        Ok(tables)
    }

    fn published(&self, table: &str) -> Answer<&Arc<Contract>> {
        self.partnership.contracts.get(&format!("published/{table}")).ok_or_else(|| proofs::no_contract("published", table))
    }

    pub(super) fn common(&self, table: &str) -> Answer<&Arc<Contract>> {
        self.partnership.contracts.get(&format!("common/{table}")).ok_or_else(|| proofs::no_contract("common", table))
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

/// Periods for which a required feed has brought nothing: left out, or published without it.
#[derive(Default)]
struct Waiting {
    blocked: Vec<Diagnostic>,
    carried: Vec<Diagnostic>,
}

#[derive(Default)]
struct LakeNow {
    states: BTreeMap<String, LakeState>,
    files: Vec<(Basis, LakeFile)>,
}

/// Files of a common table with their partition columns, which stand in the path.
pub(super) fn lake_table<'f>(contract: &Contract, files: impl Iterator<Item = &'f LakeFile>) -> Table {
    let part = |file: &LakeFile| {
        let constants = [
            ("council", file.council.clone()),
            ("feed", file.feed.clone()),
            ("delivery_year", file.period.year.to_string()),
            ("delivery_period", file.period.period.to_string()),
        ];
        let constants = constants.map(|(name, value)| (name.to_owned(), value)).to_vec();
        Part::local(&file.path, file.bytes, file.rows).map(|part| part.constants(constants))
    };
    Table::local(contract.arrow_schema(), files.filter_map(part).collect())
}

/// Name and version of this program: another version may say something else of the same inputs.
#[must_use]
pub fn program() -> String {
    concat!("truecost ", env!("CARGO_PKG_VERSION")).to_owned()
}

fn digest(of: &[&str]) -> String {
    let mut hash = Sha256::new();
    for text in of {
        hash.update(text);
        hash.update([0]);
    }
    Digest(hash.finalize().into()).hex()
}
