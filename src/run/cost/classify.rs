//! Lines of the common tables → parts of `cost_line`, each with the sums of its classes.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
};

use arrow::record_batch::RecordBatch;

use super::{
    super::Event,
    CostRun,
    parts::{Filled, Made, Parts, Unit},
};
use crate::{
    diagnostic::Answer,
    domain::{Period, counted},
    engine::Table,
    lake::{DeliveryRecord, PartFile, PartSchema, StagedPart, hold},
    pipeline::{Partnership, rules},
    plan::{CostPlan, CostSource, common, digest_of, no_query, published},
    run::parallel::{each, lock},
    schema::{Cell, table},
    stages::{
        classify::{
            ClassifiedPart, Classifier, Codes, FoldedCodes, LineColumns, Meaning, Meanings, PartOf, RULE_COLUMNS, classify_part,
            code_table, codes_of, meanings,
        },
        prove,
        separate::separate,
    },
};

/// What classification was made of, and the tables that say what codes mean.
pub(super) struct Meant {
    meanings: Meanings,
    pub code_class: RecordBatch,
    /// What the parts made hold, read back from their files, as rows of `line_total`.
    pub line_total: Vec<Vec<Cell>>,
}

/// Where the lines of a source carry their codes.
fn columns_of<'p>(partnership: &'p Partnership, source: &CostSource) -> Answer<LineColumns<'p>> {
    LineColumns::of(common(partnership, source.basis.common_table())?)
}

impl CostRun<'_> {
    /// Every part of `cost_line`, each with its part of `class_total`: taken over from the latest release where nothing changed, else made.
    pub(super) fn classify(
        &self,
        plan: &CostPlan,
        rules: &str,
        sources: &[CostSource],
        parts: &Parts<'_>,
        known: &[DeliveryRecord],
    ) -> Answer<(Vec<Filled<CostSource>>, Option<Meant>)> {
        let unit = |s: &CostSource| Unit { key: s.key(), inputs: digest_of(&[rules, &s.key(), &s.file.name]), of: s.clone() };
        let work = parts.look(vec!["cost_line", "class_total"], sources.iter().map(unit).collect());
        let stale = work.stale();
        if stale.is_empty() {
            return Ok((work.fill(|_| Ok(Vec::new()))?, None));
        }
        self.hold_sources(&stale, known)?;
        let mut meant = self.mean(plan, &stale)?;
        let schema = PartSchema::of(published(self.partnership, "cost_line")?)?;
        let rows: u64 = stale.iter().map(|s| s.file.rows).sum();
        let of_parts = counted(stale.len() as u64, "part");
        let folded: Mutex<BTreeMap<String, FoldedCodes>> = Mutex::default();
        let line_total = Mutex::new(Vec::new());
        let lines = work.fill(|source| {
            let done = self.classify_one(source, &meant, &schema)?;
            lock(&line_total).extend(read_back(source, &done.staged)?);
            if !done.folded.0.is_empty() {
                lock(&folded).entry(format!("{}/{}", source.file.council, source.file.feed)).or_default().extend(&done.folded);
            }
            let classes = table(published(self.partnership, "class_total")?, &done.classes)?;
            let facts = done.facts();
            Ok(vec![Made::Staged(done.staged, facts), Made::Rows(classes)])
        })?;
        for (feed, codes) in &*lock(&folded) {
            self.observer.event(Event::Report { diagnostics: &[codes.note(feed)] });
        }
        self.step(&format!("classified {} in {of_parts}", counted(rows, "line")));
        meant.line_total = line_total.into_inner().unwrap_or_else(PoisonError::into_inner);
        Ok((lines, Some(meant)))
    }

    /// Holds the bytes of what is about to be read against what was written: a bit that turned while they rested would become a figure.
    /// What this run wrote has not rested.
    fn hold_sources(&self, sources: &[&CostSource], known: &[DeliveryRecord]) -> Answer<()> {
        let of_this_run: BTreeSet<&str> = known.iter().filter(|r| r.run == self.run_id).map(|r| &*r.delivery_id).collect();
        let rested: Vec<&CostSource> = sources.iter().copied().filter(|source| !of_this_run.contains(&*source.delivery)).collect();
        each(self.threads, rested, |source: &CostSource| hold(&source.file.path, source.file.bytes, &source.file.name))
    }

    fn classify_one(&self, source: &CostSource, meant: &Meant, schema: &Arc<PartSchema>) -> Answer<ClassifiedPart> {
        let empty = Meaning::default();
        let key = (source.file.council.clone(), source.file.feed.clone());
        let meaning = meant.meanings.feeds.get(&key).unwrap_or(&empty);
        let days = self.partnership.calendar.days_of(source.file.period);
        let classifier = Classifier::new(&meant.meanings, meaning, columns_of(self.partnership, source)?, days);
        let of = PartOf { council: source.file.council.clone(), feed: source.file.feed.clone(), period: source.file.period };
        classify_part(PartFile::open(&source.file.path)?, &of, &classifier, schema, self.lake.releases().staging())
    }

    /// What the distinct codes of these files mean on each date: the queries of `pipelines/cost/classify`.
    fn mean(&self, plan: &CostPlan, sources: &[&CostSource]) -> Answer<Meant> {
        let codes = Mutex::new(Codes::new());
        let used = self.rule_columns()?;
        each(self.threads, sources.to_vec(), |source: &CostSource| {
            let found = codes_of(&PartFile::open(&source.file.path)?, columns_of(self.partnership, source)?.only(used))?;
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
        let named = |name: &str| done.iter().find(|(table, _)| table == name).map(|(_, rows)| rows.clone()).ok_or_else(|| no_query(name));
        let code_class = named("code_class")?;
        let meanings = meanings(
            &named("code_match")?,
            &code_class,
            &named("account_class")?,
            &named("cost_centre_class")?,
            &named("department_class")?,
            &named("line_class")?,
        )?;
        Ok(Meant { meanings, code_class, line_total: Vec::new() })
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

/// What a part that was just made adds up to, as any reader of its file would find it: for check 9b.
fn read_back(source: &CostSource, staged: &StagedPart) -> Answer<Vec<Vec<Cell>>> {
    let file = &source.file;
    Ok(prove::group_part(&PartFile::open(&staged.path)?)?.rows(&file.council, &file.feed, file.period.year, file.period.period))
}
