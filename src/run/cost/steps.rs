//! The walk through the steps of the cost plan: each published table is filled, in order, from what was filled before.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use arrow::record_batch::RecordBatch;

use super::{
    CostRun,
    classify::Meant,
    frozen::Taken,
    parts::{FEW_ROWS, Filled, Made, Parts, Unit, Work, fill_together},
};
use crate::{
    diagnostic::{Answer, Diagnostic},
    domain::{Period, counted},
    lake::{DeliveryRecord, GoneFile, LakeFile, Manifest, PublishedPart, hold},
    pipeline::Kernel,
    plan::{
        BesideSource, CostPlan, CostSource, Given, Grain, How, Inputs, MadeParts, ReleasePlan, Scope, Solved, Step, Verdicts, beside_in,
        blocks_a_period, is_gone, scope_of,
    },
    run::{
        parallel::{each, lock},
        record::Moved,
    },
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
    pub taken: &'a Taken,
    /// Parts of published tables by table, in order.
    pub made: MadeParts,
    /// Of tables that somebody reads as they were published, the parts of closed periods and of those that are blocked.
    pub standing: MadeParts,
    /// What classification was made of; `None` where all parts of its tables were taken over.
    pub meant: Option<Meant>,
    /// Parts of `cost_line` made anew.
    pub classified: usize,
    /// Periods that some query was run for.
    separated: BTreeSet<Period>,
    /// Partitions whose bytes are as they were written: those that this run wrote, and those that it has looked at.
    held: BTreeSet<&'a str>,
    /// Tables that nobody publishes, by step and scope: small ones, and those of the scopes in hand.
    pub(super) worked: Mutex<BTreeMap<(String, String), Vec<RecordBatch>>>,
    /// Held by the thread that has the rows of a large scope in memory.
    large: Mutex<()>,
    /// Matrices that a kernel has solved, for the next.
    pub(super) solved: Solved,
    /// Blocked periods of which the latest release holds what there is.
    pub(super) last_good: BTreeSet<Period>,
    /// Files that retention took, among those that count.
    gone: &'a [GoneFile],
    /// What kernels refused, and what cannot be made of what is gone, period by period.
    pub verdicts: Mutex<Verdicts>,
}

/// What of a step was made, and what stood.
fn moved(filled: &[Vec<Filled<Scope>>]) -> Moved {
    let of = |fresh: bool| filled.iter().flatten().filter(move |filled| filled.fresh == fresh).flat_map(|filled| &filled.parts);
    let (rows, bytes) = (of(true).map(|part| part.rows).sum(), of(true).map(|part| part.bytes).sum());
    Moved { rows, bytes, made: of(true).count() as u64, kept: of(false).count() as u64, ..Moved::default() }
}

/// Rows of pay and volumes above which two scopes at once would take much memory.
const MANY_ROWS: u64 = 100_000;

/// Whose lines are resolved into the ledgers'.
pub(super) const PAY_LINE: &str = "pay_line";

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
            standing: MadeParts::new(),
            meant,
            classified: 0,
            separated,
            held,
            worked: Mutex::default(),
            large: Mutex::default(),
            solved: Solved::default(),
            last_good: BTreeSet::new(),
            gone: &release.gone,
            verdicts: Mutex::default(),
        }
    }

    /// Fills every published table. A period that a kernel refuses is left out from there on: [`Self::verdicts`].
    ///
    /// # Errors
    /// TC08… where a query fails; TC10…
    pub fn all(&mut self) -> Answer<()> {
        for steps in self.plan.together() {
            let tables: Vec<&str> = steps.iter().flat_map(|step| &step.published).map(String::as_str).collect();
            let begun = self.run.begin("make", tables.join(" "));
            let mut works = self.look(&steps);
            let mut is_gone = false;
            for (step, work) in steps.iter().zip(&works) {
                is_gone |= self.refuse_gone(step, &work.stale());
            }
            if is_gone {
                works = self.look(&steps);
            }
            for (step, work) in steps.iter().zip(&works) {
                self.hold(step, &work.stale())?;
            }
            let filled = match steps.as_slice() {
                [step] if matches!(step.how, How::Kernel(Kernel::Classify)) => {
                    works.into_iter().map(|work| self.classify(step, work)).collect::<Answer<Vec<_>>>()?
                }
                steps => self.fill(steps, works)?,
            };
            self.run.end(begun, moved(&filled));
            steps.into_iter().zip(filled).for_each(|(step, filled)| self.enter(step, filled));
        }
        if !self.separated.is_empty() {
            let periods = Scope::all(Grain::Period, self.sources).len() as u64;
            self.run.step(&format!("separated {} of {}", self.separated.len(), counted(periods, "period")));
        }
        Ok(())
    }

    fn look<'s>(&self, steps: &[&'s Step]) -> Vec<Work<'s, Scope>>
    where
        'a: 's,
    {
        steps.iter().map(|step| self.parts.look(step.published.iter().map(String::as_str).collect(), self.units(step))).collect()
    }

    /// Parts of steps that stand together, scope by scope.
    fn fill(&self, steps: &[&Step], works: Vec<Work<'_, Scope>>) -> Answer<Vec<Vec<Filled<Scope>>>> {
        let stale = works.iter().flat_map(Work::stale).collect::<Vec<_>>();
        let (lookups, read) = (self.lookups_for(steps, &stale)?, self.plan.read_by(steps));
        let filled = fill_together(
            works,
            |scope| self.turn(&read, scope),
            |at, scope| {
                let Some(step) = steps.get(at).filter(|_| !self.is_refused(scope)) else { return Ok(Vec::new()) };
                let rows = match (self.rows(step, scope, &lookups), scope) {
                    (Err(refusal), Scope::Period(period)) if refusal.0.iter().all(blocks_a_period) => {
                        self.refuse(*period, refusal.0);
                        return Ok(Vec::new());
                    }
                    (rows, _) => rows?,
                };
                let filled = step.fills.iter().zip(rows);
                Ok(filled.filter(|(table, _)| step.publishes(table)).map(|(_, rows)| Made::Rows(rows)).collect())
            },
            |scope| self.let_go(|of| *of == scope.key()),
        )?;
        self.let_go(|_| true);
        Ok(filled)
    }

    /// Many rows of pay or volumes are held in memory as long as the steps that read them are made: those of one scope after another's. What
    /// comes of lines does not wait, for it is summed where they stand.
    fn turn(&self, read: &BTreeSet<&String>, scope: &Scope) -> Option<MutexGuard<'_, ()>> {
        let rows: u64 = read.iter().flat_map(|table| self.beside_of(table, scope)).map(|source| source.file.rows).sum();
        (rows > MANY_ROWS).then(|| lock(&self.large))
    }

    /// Lets go of what is large, of scopes that are done: but for what stands beside a published table, which a later step waits for.
    fn let_go(&self, is_done: impl Fn(&String) -> bool) {
        let is_awaited = |step: &String| self.plan.step_of(step).is_some_and(|step| !step.published.is_empty());
        lock(&self.worked).retain(|(step, of), rows| is_small(rows) || !is_done(of) || is_awaited(step));
    }

    /// Whether a scope lies in a period that a kernel has refused.
    fn is_refused(&self, scope: &Scope) -> bool {
        let period = match scope {
            Scope::Period(period) | Scope::Council(_, period) => period,
            Scope::Partition(source) => &source.file.period,
            Scope::Year(_) | Scope::Whole | Scope::These(_) => return false,
        };
        lock(&self.verdicts).contains_key(period)
    }

    fn refuse(&self, period: Period, reports: Vec<Diagnostic>) {
        let mut verdicts = lock(&self.verdicts);
        let said = verdicts.entry(period).or_default();
        said.extend(reports.into_iter().filter(|report| said.is_empty() || !said.contains(report)).collect::<Vec<_>>());
    }

    /// Takes over what the latest release holds of blocked periods, as it is: nothing of them is made.
    pub fn keep(&mut self, release: &ReleasePlan, latest: Option<&Manifest>) {
        self.last_good = release.last_good.iter().map(|source| source.file.period).collect();
        for table in self.plan.steps.iter().flat_map(|step| &step.published) {
            let kept = latest.and_then(|latest| latest.content.tables.get(table)).into_iter().flatten();
            let kept = kept.filter_map(|part| Some((last_good(release, &part.key)?, part.clone())));
            self.made.entry(table.clone()).or_default().extend(kept);
        }
        let standing = self.plan.given.values().filter_map(Given::is_standing_of).map(|table| {
            let of = |parts: &MadeParts| parts.get(table).cloned().unwrap_or_default();
            (table.to_owned(), [of(self.taken.parts()), of(&self.made)].concat())
        });
        self.standing = standing.collect();
    }

    /// Once more, from what counts now that further periods are `blocked`: what was made (`before`) stands where it is made from the same.
    ///
    /// # Errors
    /// As [`Self::all`].
    pub fn again(
        &mut self,
        release: &'a ReleasePlan,
        before: &'a Manifest,
        blocked: &BTreeSet<Period>,
        latest: Option<&Manifest>,
    ) -> Answer<()> {
        (self.sources, self.beside) = (&release.sources, &release.beside);
        self.parts.before = Some(before);
        self.made = MadeParts::new();
        self.worked = Mutex::default();
        self.separated.retain(|period| !blocked.contains(period));
        if let Some(meant) = &mut self.meant {
            meant.leave_out(blocked);
        }
        self.keep(release, latest);
        self.all()
    }

    /// What kernels refused in the last walk, and what could not be made of what is gone.
    pub fn refused(&mut self) -> Verdicts {
        std::mem::take(self.verdicts.get_mut().unwrap_or_else(PoisonError::into_inner))
    }

    /// Refuses the periods of which something would have to be made of pay that retention took; whether there are some.
    fn refuse_gone(&self, step: &Step, stale: &[&Scope]) -> bool {
        let before = lock(&self.verdicts).len();
        for scope in stale.iter().filter(|scope| !self.gone.is_empty() && !self.is_refused(scope)) {
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
        let inputs = Inputs::new(self.run.partnership, self.plan, self.sources, self.beside, &self.made, &self.standing);
        let recipe = inputs.recipe(step);
        let reads = |scope: &Scope| match scope {
            Scope::Partition(source) => step.reads.contains(source.basis.common_table()),
            _ => true,
        };
        let stands = |scope: &Scope| !self.is_refused(scope);
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

/// Whether rows may stay in memory until the run ends.
pub(super) fn is_small(rows: &[RecordBatch]) -> bool {
    rows.iter().map(RecordBatch::num_rows).sum::<usize>() <= FEW_ROWS
}

/// Of which a part of a blocked period tells, that the next release takes over; `None` of any other part.
fn last_good(release: &ReleasePlan, key: &str) -> Option<Scope> {
    if let Some(source) = release.last_good.iter().find(|source| source.key() == key) {
        return Some(Scope::Partition(Box::new(source.clone())));
    }
    let period = Period::parse(key)?;
    release.last_good.iter().any(|source| source.file.period == period).then_some(Scope::Period(period))
}
