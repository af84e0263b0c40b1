//! Lines of the common tables → parts of `cost_line`, each with the sums of its classes.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

use arrow::record_batch::RecordBatch;

use super::{
    super::Event,
    CostRun,
    parts::{Filled, Made, Work},
    steps::{PAY_LINE, Walk, is_small},
};
use crate::{
    diagnostic::Answer,
    domain::{Period, counted},
    lake::{PartFile, PartSchema, StagedPart},
    pipeline::{Basis, LOOKED_UP, Partnership, rules},
    plan::{BesideSource, CARRIED_FROM, CostSource, DELIVERY, LEFT_OUT, Scope, Step, TAGS, common, does_not_fit, published},
    run::parallel::{each, lock},
    schema::{Cell, Column, Contract, table},
    stages::{
        classify::{
            AllPayParts, CLASS_TOTAL, ClassifiedPart, Classifier, Codes, FoldedCodes, LineColumns, Meaning, Meanings, PartOf, PayParts,
            RULE_COLUMNS, add_pay_parts, classify_part, code_table, codes_of, meanings, rows_and_amount,
        },
        prove,
    },
};

/// What classification was made of, and the tables that say what codes mean.
pub(super) struct Meant {
    meanings: Meanings,
    /// Parts of the lines that pay resolves.
    pay: AllPayParts,
    pub code_class: RecordBatch,
    /// What the parts made hold, read back from their files, as rows of `line_total`.
    pub line_total: Vec<Vec<Cell>>,
}

impl Meant {
    /// Without what parts of blocked periods hold, which are not published.
    pub fn leave_out(&mut self, blocked: &BTreeSet<Period>) {
        let is_of = |row: &Vec<Cell>, period: &Period| {
            let is = |at: usize, number: i64| matches!(row.get(at), Some(Cell::Whole(found)) if *found == number);
            is(2, i64::from(period.year)) && is(3, i64::from(period.period))
        };
        self.line_total.retain(|row| !blocked.iter().any(|period| is_of(row, period)));
    }
}

/// Where the lines of a source carry their codes.
fn columns_of<'p>(partnership: &'p Partnership, source: &CostSource) -> Answer<LineColumns<'p>> {
    LineColumns::of(common(partnership, source.basis.common_table())?)
}

impl Walk<'_> {
    /// Parts of `cost_line`, each with its part of `class_total`.
    pub(super) fn classify(&mut self, step: &Step, work: Work<'_, Scope>) -> Answer<Vec<Filled<Scope>>> {
        let stale: Vec<CostSource> = work.stale().into_iter().filter_map(partition).cloned().collect();
        if stale.is_empty() {
            return work.fill(|_| Ok(Vec::new()));
        }
        let rows: u64 = stale.iter().map(|s| s.file.rows).sum();
        let of_parts = counted(stale.len() as u64, "part");
        let mut meant = self.mean(step, stale)?;
        let (line, class) = (published(self.run.partnership, step.name())?, published(self.run.partnership, CLASSES)?);
        let schema = PartSchema::of(line)?;
        let folded: Mutex<BTreeMap<String, FoldedCodes>> = Mutex::default();
        let line_total = Mutex::new(Vec::new());
        let lines = work.fill(|scope| {
            let Some(source) = partition(scope) else { return Ok(Vec::new()) };
            let done = self.run.classify_one(source, &meant, &schema)?;
            let has_parts = source.carried.is_none() && done.staged.rows != source.file.rows;
            lock(&line_total).extend(read_back(source, &done.staged, has_parts)?);
            if !done.folded.0.is_empty() {
                lock(&folded).entry(format!("{}/{}", source.file.council, source.file.feed)).or_default().extend(&done.folded);
            }
            let (classes, mut facts) = (table(class, &in_order_of(class, &done.classes))?, done.facts());
            if let Some(facts) = facts.as_object_mut() {
                facts.insert(DELIVERY.to_owned(), source.delivery.clone().into());
                if let Some(carried) = source.carried {
                    facts.insert(CARRIED_FROM.to_owned(), carried.from.to_string().into());
                    facts.insert(LEFT_OUT.to_owned(), rows_and_amount(done.left_out));
                }
            }
            Ok(vec![Made::Staged(done.staged, facts), Made::Rows(classes)])
        })?;
        for (feed, codes) in &*lock(&folded) {
            self.run.observer.event(Event::Report { diagnostics: &[codes.note(feed)] });
        }
        self.run.step(&format!("classified {} in {of_parts}", counted(rows, "line")));
        meant.line_total = line_total.into_inner().unwrap_or_else(PoisonError::into_inner);
        self.meant = Some(meant);
        Ok(lines)
    }

    /// What the distinct codes of these partitions mean on each date.
    fn mean(&self, step: &Step, mut stale: Vec<CostSource>) -> Answer<Meant> {
        let of_council = |source: &&CostSource| Scope::Council(source.file.council.clone(), source.file.period);
        let has_pay = |source: &&CostSource| source.carried.is_none() && !self.beside_of(PAY_LINE, &of_council(source)).is_empty();
        let paid: BTreeSet<Period> = match self.plan.step_of(PAY_PART).filter(|_| step.reads.contains(PAY_PART)) {
            Some(_) => stale.iter().filter(has_pay).map(|source| source.file.period).collect(),
            None => BTreeSet::new(),
        };
        let periods: Vec<Scope> = paid.iter().map(|period| Scope::Period(*period)).collect();
        // The codes of all that pay is resolved with; what a kernel works out for a period serves whoever asks next.
        let beside = self.sources.iter().filter(|source| periods.iter().any(|period| period.holds(source)) && !stale.contains(source));
        let beside: Vec<CostSource> = beside.cloned().collect();
        stale.extend(beside);
        let lookups = self.lookups(&[step], &Scope::These(stale))?;
        let [code_match, code_class, account, cost_centre, department, line_class] = LOOKED_UP.map(|name| self.looked_up(name, &lookups));
        let code_class = code_class?;
        let mut meanings = meanings(&code_match?, &code_class, &self.told_apart(&account?)?, &cost_centre?, &department?, &line_class?)?;
        let mut pay = AllPayParts::new();
        for period in &periods {
            add_pay_parts(&self.unpublished_rows(step, PAY_PART, period, &lookups)?, &mut meanings, &mut pay)?;
            lock(&self.worked).retain(|(_, of), rows| is_small(rows) || *of != period.key());
        }
        Ok(Meant { meanings, pay, code_class, line_total: Vec::new() })
    }
}

/// Filled by kernel `resolve`: what the lines fall into that pay resolves.
const PAY_PART: &str = "pay_part";

/// Filled beside the lines.
const CLASSES: &str = "class_total";

/// Rows of `class_total` with the columns of its contract, in its order.
fn in_order_of(contract: &Contract, rows: &[Vec<Cell>]) -> Vec<Vec<Cell>> {
    let place = |column: &Column| CLASS_TOTAL.iter().position(|name| *name == &*column.name);
    let places: Vec<Option<usize>> = contract.columns.iter().map(place).collect();
    let cell = |row: &[Cell], at: &Option<usize>| at.and_then(|at| row.get(at)).cloned().unwrap_or(Cell::Null);
    rows.iter().map(|row| places.iter().map(|at| cell(row, at)).collect()).collect()
}

fn partition(scope: &Scope) -> Option<&CostSource> {
    match scope {
        Scope::Partition(source) => Some(source),
        _ => None,
    }
}

impl Walk<'_> {
    /// Accounts without what the contract of `class_total` does not tell apart: then two rows of it would be one class.
    fn told_apart(&self, accounts: &RecordBatch) -> Answer<RecordBatch> {
        let contract = published(self.run.partnership, CLASSES)?;
        let is_told = |name: &str| !TAGS.iter().any(|(tag, _)| *tag == name) || contract.column(name).is_some();
        let schema = accounts.schema();
        let kept: Vec<usize> = (0..schema.fields().len()).filter(|at| is_told(schema.field(*at).name())).collect();
        accounts.project(&kept).map_err(|e| does_not_fit(CLASSES, &e))
    }
}

impl CostRun<'_> {
    fn classify_one(&self, source: &CostSource, meant: &Meant, schema: &Arc<PartSchema>) -> Answer<ClassifiedPart> {
        let empty = Meaning::default();
        let key = (source.file.council.clone(), source.file.feed.clone());
        let meaning = meant.meanings.feeds.get(&key).unwrap_or(&empty);
        let days = self.partnership.calendar.days_of(source.file.period);
        let part = PartFile::open(&source.file.path)?;
        let classifier = Classifier::new(&meant.meanings, meaning, columns_of(self.partnership, source)?.in_part(&part), days);
        let (council, feed, carried_from) = (source.file.council.clone(), source.file.feed.clone(), source.carried.map(|of| of.from));
        let of = PartOf { council, feed, period: source.file.period, carried_from };
        let (none, key) = (PayParts::default(), (of.council.clone(), of.feed.clone(), source.delivery.clone()));
        // The delivery of lines that stand in may be resolved where it came; they are not.
        let pay = meant.pay.get(&key).filter(|_| source.carried.is_none()).unwrap_or(&none);
        classify_part(part, &of, &classifier, pay, schema, self.lake.releases().staging())
    }

    /// The distinct codes of these partitions.
    pub(super) fn codes(&self, sources: &[&CostSource], beside: &[&BesideSource]) -> Answer<RecordBatch> {
        let codes = Mutex::new(Codes::new());
        let used = self.rule_columns()?;
        each(self.threads, sources.to_vec(), |source: &CostSource| {
            let found = codes_of(&PartFile::open(&source.file.path)?, columns_of(self.partnership, source)?.only(used))?;
            let mut codes = lock(&codes);
            // A feed whose lines carry no code that a rule turns on is there too: rules that ask for none hold for it.
            codes.entry((source.file.council.clone(), source.file.feed.clone())).or_default().extend(found);
            Ok(())
        })?;
        each(self.threads, beside.to_vec(), |source: &BesideSource| {
            let columns = LineColumns::codes_of(common(self.partnership, &source.table)?);
            let found = codes_of(&PartFile::open(&source.file.path)?, columns.only(used))?;
            let mut codes = lock(&codes);
            for feed in feeds_of(source, sources) {
                codes.entry((source.file.council.clone(), feed.to_owned())).or_default().extend(found.iter().cloned());
            }
            Ok(())
        })?;
        code_table(&codes.into_inner().unwrap_or_else(PoisonError::into_inner))
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
        // Accounts too, where account.csv has patterns that the queries have to try.
        if let Some(accounts) = self.partnership.references.get("account") {
            let mut written = crate::schema::batch::text(&accounts.rows, "account")?.iter().flatten();
            used[3] |= written.any(|account| rules::Cell::parse_account(account).is_some_and(rules::Cell::is_pattern));
        }
        Ok(used)
    }
}

/// As whose lines the codes of what is no line of cost are classed: its council's ledgers', and its own feed's where there is none.
fn feeds_of<'s>(source: &'s BesideSource, sources: &[&'s CostSource]) -> BTreeSet<&'s str> {
    let is_ledger = |of: &&&CostSource| of.basis == Basis::Ledger && of.file.council == source.file.council;
    let ledgers = sources.iter().filter(is_ledger).map(|of| of.file.feed.as_str());
    ledgers.chain([source.file.feed.as_str()]).collect()
}

/// What a part that was just made adds up to, as any reader of its file would find it: for check 9b.
fn read_back(source: &CostSource, staged: &StagedPart, has_parts: bool) -> Answer<Vec<Vec<Cell>>> {
    let file = &source.file;
    Ok(prove::group_part(&PartFile::open(&staged.path)?, has_parts)?.rows(&file.council, &file.feed, file.period.year, file.period.period))
}
