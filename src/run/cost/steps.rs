//! The walk through the steps of the cost plan: each published table is filled, in order, from what was filled before.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

use arrow::{compute::concat_batches, record_batch::RecordBatch};

use super::{
    CostRun,
    classify::Meant,
    frozen::Taken,
    kernels::work,
    parts::{FEW_ROWS, Filled, Made, Parts, Unit},
};
use crate::{
    crash,
    diagnostic::{Answer, Diagnostic, Refusal, codes},
    domain::{Period, counted},
    engine::{Table, Tables},
    lake::{DeliveryRecord, GoneFile, LakeFile, Manifest, PublishedPart, hold},
    pipeline::Kernel,
    plan::{
        BesideSource, CostPlan, CostSource, GivenRows, Grain, How, Inputs, KernelInput, MadeParts, ReleasePlan, Scope, Solved, Step,
        Verdicts, beside_in, blocks_a_period, common, does_not_fit, is_gone, lake_table, scope_of,
    },
    run::{
        parallel::{each, lock},
        record::Moved,
    },
    stages::separate::separate,
};

/// The steps of a cost run, and what they have filled so far.
pub(super) struct Walk<'a> {
    pub run: &'a CostRun<'a>,
    pub plan: &'a CostPlan,
    /// The partitions of the common tables that count.
    pub sources: &'a [CostSource],
    /// The partitions that are read beside them.
    pub beside: &'a [BesideSource],
    pub parts: Parts<'a>,
    /// The parts of closed periods, which nothing makes anew.
    taken: &'a Taken,
    /// Parts of published tables by table, in order.
    pub made: MadeParts,
    /// What classification was made of; `None` where all parts of its tables were taken over.
    pub meant: Option<Meant>,
    /// Parts of `cost_line` made anew.
    pub classified: usize,
    /// Periods that some query was run for.
    separated: BTreeSet<Period>,
    /// Partitions whose bytes are as they were written: those that this run wrote, and those that it has looked at.
    held: BTreeSet<&'a str>,
    /// Small tables that nobody publishes, by step and scope.
    worked: Mutex<BTreeMap<(String, String), Vec<RecordBatch>>>,
    /// Matrices that a kernel has solved, for the next.
    solved: Solved,
    /// Files that retention took, among those that count.
    gone: &'a [GoneFile],
    /// What kernels refused, and what cannot be made of what is gone, period by period.
    pub verdicts: Mutex<Verdicts>,
}

/// What of a step was made, and what stood.
fn moved(filled: &[Filled<Scope>]) -> Moved {
    let of = |fresh: bool| filled.iter().filter(move |filled| filled.fresh == fresh).flat_map(|filled| &filled.parts);
    let (rows, bytes) = (of(true).map(|part| part.rows).sum(), of(true).map(|part| part.bytes).sum());
    Moved { rows, bytes, made: of(true).count() as u64, kept: of(false).count() as u64, ..Moved::default() }
}

/// Whose lines are resolved into the ledgers'.
pub(super) const PAY_LINE: &str = "pay_line";

/// Whole tables that nobody publishes, made for the step in hand.
pub(super) type Lookups = BTreeMap<String, RecordBatch>;

impl<'a> Walk<'a> {
    /// `known` is the register: it tells what this run has written.
    pub fn new(
        run: &'a CostRun<'a>,
        plan: &'a CostPlan,
        release: &'a ReleasePlan,
        parts: Parts<'a>,
        taken: &'a Taken,
        known: &[DeliveryRecord],
    ) -> Self {
        let (made, meant, separated) = (MadeParts::new(), None, BTreeSet::new());
        let (sources, beside) = (release.sources.as_slice(), release.beside.as_slice());
        let of_this_run: BTreeSet<&str> = known.iter().filter(|r| r.run == run.run_id).map(|r| &*r.delivery_id).collect();
        let files = sources.iter().map(|s| (&s.delivery, &s.file)).chain(beside.iter().map(|s| (&s.delivery, &s.file)));
        let held = files.filter(|(delivery, _)| of_this_run.contains(delivery.as_str())).map(|(_, file)| file.relative.as_str()).collect();
        Self {
            run,
            plan,
            sources,
            beside,
            parts,
            taken,
            made,
            meant,
            classified: 0,
            separated,
            held,
            worked: Mutex::default(),
            solved: Solved::default(),
            gone: &release.gone,
            verdicts: Mutex::default(),
        }
    }

    /// Fills every published table. A period that a kernel refuses is left out from there on: [`Self::verdicts`].
    ///
    /// # Errors
    /// TC08… where a query fails; TC10…
    pub fn all(&mut self) -> Answer<()> {
        for step in self.plan.steps.iter().filter(|step| !step.published.is_empty()) {
            let begun = self.run.begin("make", step.published.join(" "));
            let names = || step.published.iter().map(String::as_str).collect();
            let mut work = self.parts.look(names(), self.units(step));
            if self.refuse_gone(step, &work.stale()) {
                work = self.parts.look(names(), self.units(step));
            }
            self.hold(step, &work.stale())?;
            let filled = match &step.how {
                How::Kernel(Kernel::Classify) => self.classify(step, work)?,
                How::Kernel(_) | How::Query(_) => {
                    let lookups = self.lookups_for(step, &work.stale())?;
                    work.fill(|scope| {
                        let rows = match (self.rows(step, scope, &lookups), scope) {
                            (Err(refusal), Scope::Period(period)) if refusal.0.iter().all(blocks_a_period) => {
                                self.refuse(*period, refusal.0);
                                return Ok(Vec::new());
                            }
                            (rows, _) => rows?,
                        };
                        let filled = step.fills.iter().zip(rows);
                        Ok(filled.filter(|(table, _)| step.publishes(table)).map(|(_, rows)| Made::Rows(rows)).collect())
                    })?
                }
            };
            self.run.end(begun, moved(&filled));
            self.enter(step, filled);
        }
        if !self.separated.is_empty() {
            let periods = Scope::all(Grain::Period, self.sources).len() as u64;
            self.run.step(&format!("separated {} of {}", self.separated.len(), counted(periods, "period")));
        }
        Ok(())
    }

    fn refuse(&self, period: Period, reports: Vec<Diagnostic>) {
        let mut verdicts = lock(&self.verdicts);
        let said = verdicts.entry(period).or_default();
        said.extend(reports.into_iter().filter(|report| said.is_empty() || !said.contains(report)).collect::<Vec<_>>());
    }

    /// Takes over what the latest release holds of blocked periods, as it is: nothing of them is made.
    pub fn keep(&mut self, release: &ReleasePlan, latest: Option<&Manifest>) {
        for table in self.plan.steps.iter().flat_map(|step| &step.published) {
            let kept = latest.and_then(|latest| latest.content.tables.get(table)).into_iter().flatten();
            let kept = kept.filter_map(|part| Some((last_good(release, &part.key)?, part.clone())));
            self.made.entry(table.clone()).or_default().extend(kept);
        }
    }

    /// Once more, from what counts now that periods are blocked: what was made (`before`) stands where it is made from the same.
    ///
    /// # Errors
    /// As [`Self::all`]; and what a kernel refuses that it did not refuse before.
    pub fn again(&mut self, release: &'a ReleasePlan, before: &'a Manifest, latest: Option<&Manifest>) -> Answer<()> {
        let blocked: BTreeSet<Period> =
            std::mem::take(self.verdicts.get_mut().unwrap_or_else(PoisonError::into_inner)).into_keys().collect();
        (self.sources, self.beside) = (&release.sources, &release.beside);
        self.parts.before = Some(before);
        self.made = MadeParts::new();
        self.worked = Mutex::default();
        self.separated.retain(|period| !blocked.contains(period));
        if let Some(meant) = &mut self.meant {
            meant.leave_out(&blocked);
        }
        self.keep(release, latest);
        self.all()?;
        let refused = std::mem::take(self.verdicts.get_mut().unwrap_or_else(PoisonError::into_inner));
        if refused.is_empty() { Ok(()) } else { Err(Refusal(refused.into_values().flatten().collect())) }
    }

    /// Refuses the periods of which something would have to be made of pay that retention took; whether there are some.
    fn refuse_gone(&self, step: &Step, stale: &[&Scope]) -> bool {
        let before = lock(&self.verdicts).len();
        for scope in stale.iter().filter(|_| !self.gone.is_empty()) {
            let read: BTreeSet<&str> = self.read_of(step, &[scope]).into_iter().map(|file| file.name.as_str()).collect();
            if let Some(report) = is_gone(self.gone.iter().filter(|gone| read.contains(gone.file.name.as_str()))) {
                let of_scope = self.sources.iter().filter(|source| scope.holds(source)).map(|source| source.file.period);
                of_scope.collect::<BTreeSet<_>>().into_iter().for_each(|period| self.refuse(period, vec![report.clone()]));
            }
        }
        lock(&self.verdicts).len() > before
    }

    /// Holds the bytes of what is about to be read against what was written: a bit that turned while they rested would become a figure.
    fn hold(&mut self, step: &Step, stale: &[&Scope]) -> Answer<()> {
        let mut files = self.read_of(step, stale);
        files.retain(|file| !self.held.contains(file.relative.as_str()));
        self.held.extend(files.iter().map(|file| file.relative.as_str()));
        each(self.run.threads, files, |file: &LakeFile| hold(&file.path, file.bytes, &file.name))
    }

    /// The files of common tables that are read where these parts of a step are made.
    fn read_of(&self, step: &Step, stale: &[&Scope]) -> Vec<&'a LakeFile> {
        let needs = self.plan.needs(step);
        // What is whole for its reader is made of all lines, whatever the reader is made for.
        let is_narrow = step.looks_up() || self.plan.only_looks_up(step);
        let of_all = !stale.is_empty() && !is_narrow && needs.iter().any(|needed| needed.grain == Grain::Whole);
        let all_read: BTreeSet<&String> = needs.iter().copied().chain([step]).flat_map(|step| &step.reads).collect();
        let is_read = |source: &&CostSource| all_read.iter().any(|table| *table == source.basis.common_table());
        let beside = |scope: &&Scope| match scope {
            Scope::Partition(of) => Scope::Council(of.file.council.clone(), of.file.period),
            scope => (*scope).clone(),
        };
        let years = needs
            .iter()
            .filter(|before| before.grain == Grain::Year)
            .flat_map(|before| stale.iter().flat_map(|scope| scope_of(step, before, scope, self.sources, self.run.partnership.calendar)));
        let scopes: Vec<Scope> = stale.iter().map(beside).chain(years).collect();
        let in_scope = |source: &&CostSource| of_all || scopes.iter().any(|scope| scope.holds(source));
        let sources = self.sources.iter().filter(is_read).filter(in_scope).map(|source| &source.file);
        let mut files: Vec<&'a LakeFile> = sources.collect();
        let of_stale = |table: &&String| {
            let whole = of_all.then_some(&Scope::Whole);
            let scopes = scopes.iter().chain(whole);
            scopes.flat_map(|scope| self.beside_of(table, scope)).map(|source| &source.file).collect::<Vec<_>>()
        };
        files.extend(all_read.iter().flat_map(of_stale));
        files.sort_by_key(|file| file.relative.as_str());
        files.dedup_by_key(|file| file.relative.as_str());
        files
    }

    /// What of a common table without lines of cost lies in a scope.
    pub fn beside_of(&self, table: &str, scope: &Scope) -> Vec<&'a BesideSource> {
        beside_in(self.beside, self.run.partnership.calendar, table, scope)
    }

    /// What a step is made for, each with the digest over what it is made from.
    fn units(&self, step: &Step) -> Vec<Unit<Scope>> {
        let inputs = Inputs::new(self.run.partnership, self.plan, self.sources, self.beside, &self.made);
        let recipe = inputs.recipe(step);
        let reads = |scope: &Scope| match scope {
            Scope::Partition(source) => step.reads.contains(source.basis.common_table()),
            _ => true,
        };
        let refused: BTreeSet<Period> = lock(&self.verdicts).keys().copied().collect();
        let is_refused = |scope: &Scope| match scope {
            Scope::Period(period) | Scope::Council(_, period) => refused.contains(period),
            Scope::Partition(source) => refused.contains(&source.file.period),
            Scope::Year(_) | Scope::Whole | Scope::These(_) => false,
        };
        let stands = |scope: &Scope| !is_refused(scope);
        let leaves = |scope: &Scope| self.taken.leaves(step, scope);
        let scopes = Scope::all(step.grain, self.sources).into_iter().filter(reads).filter(stands).filter(leaves);
        scopes.map(|of| Unit { key: of.key(), inputs: inputs.of(step, &recipe, &of), of }).collect()
    }

    fn enter(&mut self, step: &Step, filled: Vec<Filled<Scope>>) {
        for table in &step.published {
            self.made.entry(table.clone()).or_default();
        }
        for Filled { of, parts, fresh } in filled {
            match &of {
                Scope::Period(period) if fresh => drop(self.separated.insert(*period)),
                Scope::Partition(_) if fresh => self.classified += 1,
                _ => {}
            }
            for (table, part) in step.published.iter().zip(parts).filter(|(table, _)| self.taken.lets_in(table, &of)) {
                self.made.entry(table.clone()).or_default().push((of.clone(), part));
            }
        }
        for table in &step.published {
            self.taken.put_among(table, self.made.entry(table.clone()).or_default());
        }
    }

    /// The same for what is stale: of the periods in hand where a step only looks up in them, and none where nothing is there to be
    /// looked up: no pay, and no volumes.
    fn lookups_for(&self, step: &Step, stale: &[&Scope]) -> Answer<Lookups> {
        if stale.is_empty() {
            return Ok(Lookups::new());
        }
        if !self.plan.only_looks_up(step) {
            return self.lookups(step, &Scope::Whole);
        }
        let sources = self.periods_with_more(step, stale);
        if sources.is_empty() { Ok(Lookups::new()) } else { self.lookups(step, &Scope::These(sources)) }
    }

    /// All partitions of those periods in hand for which a step needs more than ledgers and payments.
    pub fn periods_with_more(&self, step: &Step, stale: &[&Scope]) -> Vec<CostSource> {
        let needs = self.plan.needs(step);
        let read: BTreeSet<&String> = needs.into_iter().chain([step]).flat_map(|step| &step.reads).collect();
        let periods: BTreeSet<Period> = self.sources.iter().map(|source| source.file.period).collect();
        let in_hand = periods.into_iter().map(Scope::Period).filter(|period| stale.iter().any(|scope| scope.meets(period)));
        let has_more = |period: &Scope| read.iter().any(|table| !self.beside_of(table, period).is_empty());
        let periods: Vec<Scope> = in_hand.filter(has_more).collect();
        self.sources.iter().filter(|source| periods.iter().any(|period| period.holds(source))).cloned().collect()
    }

    /// Whole tables that nobody publishes and that a step needs, each after those that it reads.
    pub fn lookups(&self, step: &Step, scope: &Scope) -> Answer<Lookups> {
        let mut lookups = Lookups::new();
        for needed in self.plan.needs(step).into_iter().filter(|needed| needed.grain == Grain::Whole) {
            let rows = self.rows(needed, scope, &lookups)?;
            lookups.extend(needed.fills.iter().cloned().zip(rows));
        }
        Ok(lookups)
    }

    /// The rows of each table that a step fills, in a scope; small ones that nobody publishes are made once for all that read them.
    fn rows(&self, step: &Step, scope: &Scope, lookups: &Lookups) -> Answer<Vec<RecordBatch>> {
        let is_kept = step.published.len() < step.fills.len() && matches!(scope, Scope::Period(_) | Scope::Year(_));
        let key = (step.name().to_owned(), scope.key());
        if let Some(rows) = is_kept.then(|| lock(&self.worked).get(&key).cloned()).flatten() {
            return Ok(rows);
        }
        let rows = self.work(step, scope, lookups)?;
        if is_kept && rows.iter().map(RecordBatch::num_rows).sum::<usize>() <= FEW_ROWS {
            lock(&self.worked).insert(key, rows.clone());
        }
        Ok(rows)
    }

    fn work(&self, step: &Step, scope: &Scope, lookups: &Lookups) -> Answer<Vec<RecordBatch>> {
        match &step.how {
            How::Query(query) => Ok(vec![separate(self.run.partnership, query, &self.tables(step, scope, lookups)?, scope)?]),
            How::Kernel(Kernel::Codes) => {
                let read: Vec<&CostSource> =
                    self.sources.iter().filter(|s| scope.holds(s) && step.reads.contains(s.basis.common_table())).collect();
                let beside: Vec<&BesideSource> = step.reads.iter().flat_map(|table| self.beside_of(table, scope)).collect();
                Ok(vec![self.run.codes(&read, &beside)?])
            }
            How::Kernel(Kernel::Classify) => Err(not_in_memory(step.name())),
            How::Kernel(kernel) if self.has_nothing(*kernel, scope) => {
                Ok(step.schemas.iter().cloned().map(RecordBatch::new_empty).collect())
            }
            How::Kernel(kernel) => self.in_memory(step, *kernel, scope, lookups),
        }
    }

    /// Whether nothing is there that a kernel would work on: then not one line is read for its sake.
    fn has_nothing(&self, kernel: Kernel, scope: &Scope) -> bool {
        let blankets = || self.run.partnership.references.get("blanket").map_or(0, |table| table.rows.num_rows());
        match kernel {
            Kernel::Resolve | Kernel::Recompute => self.beside_of(PAY_LINE, scope).is_empty(),
            Kernel::Blanket => blankets() == 0,
            _ => false,
        }
    }

    /// What a kernel that works in memory makes of its tables.
    fn in_memory(&self, step: &Step, kernel: Kernel, scope: &Scope, lookups: &Lookups) -> Answer<Vec<RecordBatch>> {
        let read = self.tables(step, scope, lookups)?;
        let batch = |name: &String| {
            let rows = read.get(name).and_then(Table::batch).ok_or_else(|| not_in_memory(name))?;
            Ok((name.clone(), rows))
        };
        let tables = step.reads.iter().filter(|name| read.get(name).is_some()).map(batch).collect::<Answer<BTreeMap<_, _>>>()?;
        let period = if let Scope::Period(period) = scope { Some(*period) } else { None };
        let threads = self.run.threads;
        let input = KernelInput {
            partnership: self.run.partnership,
            period,
            tables: &tables,
            gives: &step.schemas,
            threads,
            solved: Some(&self.solved),
        };
        let rows = work(kernel, &input)?;
        crash::point("cost.kernel")?;
        let fits = rows.len() == step.fills.len() && rows.iter().zip(&step.schemas).all(|(rows, schema)| rows.schema() == *schema);
        if !fits {
            return Err(not_in_memory(step.name()));
        }
        Ok(rows)
    }

    /// The tables that a query reads, as far as they lie in the scope.
    fn tables(&self, step: &Step, scope: &Scope, lookups: &Lookups) -> Answer<Tables> {
        let mut tables = Tables::default();
        for read in &step.reads {
            let table = match (self.plan.step_of(read), self.plan.given.get(read)) {
                (Some(before), _) if before.publishes(read) => self.published(before, read, scope)?,
                (Some(before), _) => self.unpublished(step, before, read, scope, lookups)?,
                (None, Some(given)) => match &given.rows {
                    GivenRows::Here(rows) => Table::rows(rows.schema(), vec![rows.clone()]),
                    GivenRows::Lake => {
                        let is_read = |s: &&CostSource| s.basis.common_table() == read && scope.holds(s);
                        let files = self.sources.iter().filter(is_read).filter(|s| s.carried.is_none()).map(|s| &s.file);
                        let beside = self.beside_of(read, scope).into_iter().map(|source| &source.file);
                        lake_table(common(self.run.partnership, read)?, files.chain(beside))
                    }
                },
                (None, None) => continue,
            };
            tables.insert(read.as_str(), table);
        }
        Ok(tables)
    }

    /// Lines are read where they stand; what they add up to is small, and read at once.
    fn published(&self, before: &Step, table: &str, scope: &Scope) -> Answer<Table> {
        let of_scope = self.made.get(table).map_or(&[][..], Vec::as_slice).iter().filter(|(of, _)| of.meets(scope)).map(|(_, part)| part);
        let are_lines = before.grain == Grain::Partition && before.name() == table;
        if are_lines { self.parts.table_of(table, of_scope) } else { self.parts.rows_of(table, of_scope) }
    }

    fn unpublished(&self, step: &Step, before: &Step, table: &str, scope: &Scope, lookups: &Lookups) -> Answer<Table> {
        if let Some(rows) = lookups.get(table) {
            return Ok(Table::rows(rows.schema(), vec![rows.clone()]));
        }
        let place = before.fills.iter().position(|filled| filled == table).unwrap_or_default();
        let schema = before.schemas.get(place).ok_or_else(|| not_in_memory(table))?;
        let scopes = scope_of(step, before, scope, self.sources, self.run.partnership.calendar);
        let of_scope = |scope: &Scope| self.rows(before, scope, lookups)?.into_iter().nth(place).ok_or_else(|| not_in_memory(table));
        let rows = scopes.iter().map(of_scope).collect::<Answer<Vec<_>>>()?;
        let whole = concat_batches(schema, &rows).map_err(|e| does_not_fit(table, &e))?;
        Ok(Table::rows(Arc::clone(schema), vec![whole]))
    }

    /// The rows of an unpublished table in a scope, as a step reads them.
    pub fn unpublished_rows(&self, step: &Step, table: &str, scope: &Scope, lookups: &Lookups) -> Answer<RecordBatch> {
        let before = self.plan.step_of(table).ok_or_else(|| not_in_memory(table))?;
        self.unpublished(step, before, table, scope, lookups)?.batch().ok_or_else(|| not_in_memory(table))
    }

    /// A whole table that the step in hand looks up in.
    pub fn looked_up(&self, name: &str, lookups: &Lookups) -> Answer<RecordBatch> {
        if let Some(rows) = lookups.get(name) {
            return Ok(rows.clone());
        }
        let parts = self.made.get(name).map_or(&[][..], Vec::as_slice);
        self.parts.batch_of(name, parts.iter().map(|(_, part)| part))
    }

    /// Parts of a published table.
    pub fn parts_of(&self, table: &str) -> impl Iterator<Item = &PublishedPart> {
        self.made.get(table).into_iter().flatten().map(|(_, part)| part)
    }

    /// Every partition with its part of `cost_line`.
    pub fn lines(&self) -> Vec<(CostSource, PublishedPart)> {
        let line = |(scope, part): &(Scope, PublishedPart)| match scope {
            Scope::Partition(source) => Some(((**source).clone(), part.clone())),
            _ => None,
        };
        self.made.get("cost_line").into_iter().flatten().filter_map(line).collect()
    }
}

/// Of which a part of a blocked period tells, that the next release takes over; `None` of any other part.
fn last_good(release: &ReleasePlan, key: &str) -> Option<Scope> {
    if let Some(source) = release.last_good.iter().find(|source| source.key() == key) {
        return Some(Scope::Partition(Box::new(source.clone())));
    }
    let period = Period::parse(key)?;
    release.last_good.iter().any(|source| source.file.period == period).then_some(Scope::Period(period))
}

/// The planner lets no step ask for it.
fn not_in_memory(table: &str) -> Refusal {
    Diagnostic::new(codes::sql::BROKEN, format!("`{table}` was to be made in memory"))
        .outcome("nothing was published; the last release is unchanged")
        .hint("this is a fault of truecost: report it with `truecost validate`")
        .into()
}
