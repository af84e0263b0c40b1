//! Statements of reopened periods, and what a period would say were it open.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use arrow::record_batch::RecordBatch;
use serde_json::Value;

use super::{CostRun, Costed, Ground, frozen::parts_of, parts::Assembly};
use crate::{
    diagnostic::{Answer, Diagnostic, Place, codes},
    domain::{Cause, Period},
    lake::{Closing, Closings, Content, DeliveryRecord, Manifest, PublishedPart, Releases, Reopening},
    plan::{ReleasePlan, causes, digest_of, lake_now, plan_release, published, rules_digest, run_digest},
    run::{Conductor, Options, Silent},
    schema::table,
    stages::restate::{Effects, Restated, RestatedGroup, Statement, TwoSides, line_sides, lines_table, restate, tables_apart},
};

/// What a reopened period says otherwise in the release that this run has made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestatedPeriod {
    pub number: u64,
    pub period: Period,
    /// `data, rule`.
    pub cause: String,
    /// Cells of the separation that differ.
    pub cells: usize,
    /// Totals of a council's account group that differ.
    pub groups: Vec<RestatedGroup>,
    /// Lines that differ, of both sides, cost or not.
    pub lines: usize,
    /// Balances of the settlement that differ.
    pub balances: usize,
    /// Other tables whose figures of the period differ.
    pub tables: Vec<String>,
}

/// The tables of statements: cells, balances, lines.
const TABLES: [&str; 3] = ["restatement", "restatement_settlement", "restatement_line"];

/// Two closings of one period: on what it was closed, and what it is made of now.
pub(super) struct Compared<'a> {
    pub period: Period,
    pub closing: &'a Closing,
    pub content: &'a Content,
    pub effects: Effects,
}

impl CostRun<'_> {
    /// Puts the statement of every reopening into the release: of a period that is open as it stands now, of one that was closed again as
    /// it stood then.
    ///
    /// # Errors
    /// TC1404 where one does not foot; TC1008 where files are gone of which it is told, and nobody lets it go; TC0805 where a contract is
    /// missing.
    pub(super) fn restate<'a>(
        &'a self,
        ground: &Ground<'_>,
        release: &ReleasePlan,
        assembly: &mut Assembly<'a>,
        costed: &mut Costed,
    ) -> Answer<()> {
        for reopening in ground.closings.reopenings() {
            let stands = |table: &str| ground.latest.and_then(|latest| latest.content.tables.get(table));
            let rests = reopening.again.is_none() && rests_on_what_is_gone(release, reopening);
            if rests && take_over(reopening, stands, assembly) {
                continue;
            }
            if let Some(gone) = gone_of(self.lake.releases(), reopening) {
                self.may_go(ground.listed, reopening, &gone)?;
                continue;
            }
            if let Some(again) = &reopening.again {
                let fixed = |table: &str| again.closing.as_ref().and_then(|closing| closing.parts.get(table));
                take_over(reopening, fixed, assembly);
                continue;
            }
            let causes = self.causes(ground, release, reopening, &assembly.content)?;
            let effects = self.effects(ground, release, reopening, assembly, &causes)?;
            let cause = Cause::list(&causes);
            let compared = Compared { period: reopening.period, closing: &reopening.closing, content: &assembly.content, effects };
            let restated = self.compare(&compared, assembly)?;
            self.state(reopening, &cause, &restated, assembly)?;
            costed.restated.push(RestatedPeriod {
                number: reopening.number,
                period: reopening.period,
                cause,
                cells: restated.cells.len(),
                lines: restated.lines.count(),
                balances: restated.balances.len(),
                tables: restated.tables,
                groups: restated.groups,
            });
        }
        Ok(())
    }

    /// A statement of which files are gone is left out where a person lets it go, or did in a release before.
    fn may_go(&self, listed: Option<&Manifest>, reopening: &Reopening, gone: &Path) -> Answer<()> {
        let Reopening { number, period, .. } = reopening;
        let is_of = |part: &PublishedPart| part.key == key_of(reopening);
        let lists =
            |manifest: &&Manifest| TABLES.iter().any(|table| manifest.content.tables.get(*table).is_some_and(|p| p.iter().any(is_of)));
        let is_later =
            |manifest: &&Manifest| manifest.run.get("number").and_then(Value::as_u64).is_some_and(|run| run > reopening.event.number);
        let is_let_go = self.let_go.as_ref().is_some_and(|let_go| let_go.periods.contains(period));
        if is_let_go || listed.filter(is_later).is_some_and(|manifest| !lists(&manifest)) {
            self.step(&format!("statement {number} of {period} is let go: {} is gone", gone.display()));
            return Ok(());
        }
        let seen =
            format!("{} cannot be read: it is gone, and statement {number} of {period}, which was reopened, is told by it", gone.display());
        Err(Diagnostic::new(codes::lake::PART_UNREADABLE, seen)
            .place(Place::file(gone.display().to_string()))
            .expected("every part on which a period was closed, for as long as a statement is told against it")
            .outcome("nothing was published")
            .hint(format!(
                "put `published` back from a backup; where there is none, let the statement go while the period is open (truecost period \
                 reopen): truecost run --let-go {period} --by NAME --reason TEXT; then truecost period close"
            ))
            .into())
    }

    /// Sets what the period was closed with against what it is in `content`.
    pub(super) fn compare(&self, compared: &Compared<'_>, assembly: &Assembly<'_>) -> Answer<Restated> {
        let Compared { period, closing, content, effects } = compared;
        let now = parts_of(content, *period);
        let side = |of: Option<&Vec<PublishedPart>>, other: Option<&Vec<PublishedPart>>| {
            // A part that is the same on both sides holds no line that differs.
            let is_same = |part: &&PublishedPart| other.into_iter().flatten().any(|o| (&o.key, &o.sha256) == (&part.key, &part.sha256));
            let parts: Vec<&PublishedPart> = of.into_iter().flatten().filter(|part| !is_same(part)).collect();
            assembly.parts.in_full(parts)
        };
        let lines = TwoSides { old: side(closing.parts.get(LINES), now.get(LINES))?, new: side(now.get(LINES), closing.parts.get(LINES))? };
        let whole = |table: &str| -> Answer<TwoSides> {
            Ok(TwoSides {
                old: assembly.parts.in_full(closing.parts.get(table).into_iter().flatten())?,
                new: assembly.parts.in_full(now.get(table).into_iter().flatten())?,
            })
        };
        let apart = line_sides(&lines, &published(self.partnership, LINES)?.arrow_schema())?;
        let restated = restate(*period, &whole("separation")?, &whole("settlement")?, effects, apart)?;
        Ok(Restated { tables: self.others_apart(closing, &now, whole)?, ..restated })
    }

    /// Other tables of which the period's figures differ.
    fn others_apart(
        &self,
        closing: &Closing,
        now: &BTreeMap<String, Vec<PublishedPart>>,
        whole: impl Fn(&str) -> Answer<TwoSides>,
    ) -> Answer<Vec<String>> {
        let told = |table: &str| table == "separation" || table == "settlement" || TABLES.contains(&table);
        let contract = |table: &str| self.partnership.contracts.get(&format!("published/{table}")).map(AsRef::as_ref);
        let others = closing.parts.keys().filter(|table| !told(table)).filter_map(|table| Some((table.as_str(), contract(table)?)));
        let names = |parts: Option<&Vec<PublishedPart>>| {
            parts.into_iter().flatten().map(|part| (part.key.clone(), part.closed_as().to_owned())).collect::<BTreeSet<_>>()
        };
        tables_apart(others, |table| names(closing.parts.get(table)) != names(now.get(table)), whole)
    }

    /// Writes the three parts of a statement.
    fn state<'a>(&'a self, reopening: &Reopening, cause: &str, restated: &Restated, assembly: &mut Assembly<'a>) -> Answer<()> {
        let statement = Statement {
            number: reopening.number,
            period: Some(reopening.period),
            cause: cause.to_owned(),
            release: reopening.closing.release.clone().unwrap_or_default(),
            reason: reopening.event.reason.clone(),
            by: reopening.event.by.clone(),
        };
        let [cells, balances, lines] = TABLES.map(|name| published(self.partnership, name));
        let (cells, balances, lines) = (cells?, balances?, lines?);
        let batches = [
            table(cells, &statement.rows(restated))?,
            table(balances, &statement.balances(restated))?,
            lines_table(reopening.number, &restated.lines, &lines.arrow_schema())?,
        ];
        let sides = [&parts_of(&assembly.content, reopening.period), &reopening.closing.parts];
        let made_of: Vec<&str> = sides.iter().flat_map(|side| side.values().flatten()).map(|part| part.sha256.as_str()).collect();
        let of = digest_of(&[&format!("{statement:?}"), &digest_of(&made_of), &format!("{:?}", restated.cells)]);
        for (name, batch) in TABLES.into_iter().zip(batches) {
            assembly.store_under(name, &key_of(reopening), &of, batch)?;
        }
        Ok(())
    }

    /// Of which kinds the two differ; and whether pay went on which the period was closed.
    fn causes(&self, ground: &Ground<'_>, release: &ReleasePlan, of: &Reopening, content: &Content) -> Answer<BTreeSet<Cause>> {
        let closing = of.closing.release.as_ref().and_then(|release| self.lake.releases().manifest(release).ok());
        let mut kinds = if let Some(old) = closing {
            let made_from = self.made_from(ground, release, content)?;
            let content = Content { program: content.program.clone(), ..Content::default() };
            causes(&old, &Manifest { content, made_from, ..Manifest::default() }, Some(of.period))
        } else {
            // Its manifest is gone: by the digests that the closing keeps.
            let rules = (of.closing.rules != ground.rules).then_some([Cause::Rule, Cause::Contract, Cause::Membership]);
            let data = (!has_same_files(release, of)).then_some(Cause::Data);
            rules.into_iter().flatten().chain(data).collect()
        };
        if is_gone_of(ground.closings, release, of) {
            kinds.insert(Cause::Retention);
        }
        Ok(kinds)
    }

    /// What of the difference is of rules, and what of data.
    fn effects(
        &self,
        ground: &Ground<'_>,
        release: &ReleasePlan,
        of: &Reopening,
        assembly: &Assembly<'_>,
        causes: &BTreeSet<Cause>,
    ) -> Answer<Effects> {
        let is_of_data = of.closing.rules == ground.rules && causes.iter().all(|cause| *cause == Cause::Data);
        // What today's rules would make of what is gone, nobody can tell.
        if is_of_data || causes.contains(&Cause::Retention) || rests_on_what_is_gone(release, of) {
            return Ok(Effects::OnlyData);
        }
        if has_same_files(release, of) {
            return Ok(Effects::OnlyRules);
        }
        let closings = ground.closings.made_again(of.period, &of.closing, &of.event, self.lake.folder());
        let content = self.would_be(ground.known, &closings, ground.latest)?.1;
        let parts = content.map(|content| parts_of(&content, of.period)).unwrap_or_default();
        let between: Vec<RecordBatch> = assembly.parts.in_full(parts.get("separation").into_iter().flatten())?;
        Ok(Effects::Between(between))
    }

    /// What a release would consist of with these closings, and the plan of it; `None` where none could be made, with what stops it beside
    /// the plan. Nothing is published: parts that nobody refers to are left.
    pub(super) fn would_be(
        &self,
        known: &[DeliveryRecord],
        closings: &Closings,
        latest: Option<&Manifest>,
    ) -> Answer<(ReleasePlan, Option<Content>, Vec<Diagnostic>)> {
        let options = Options { threads: self.threads, ..Options::default() };
        let quiet = Conductor::new(self.partnership, &options, self.clock, &Silent)?;
        let lake = lake_now(self.partnership, &quiet.tables, latest)?;
        let plan = plan_release(self.partnership, known, &lake.files, latest, closings);
        let rules = rules_digest(self.partnership);
        let inputs = run_digest(self.partnership, &rules, &plan, known);
        let ground =
            Ground { known, closings, latest, listed: latest, lost: BTreeSet::new(), rules: &rules, inputs: &inputs, restates: false };
        let mut costed = Costed::default();
        let content = CostRun(&quiet).content(&ground, &plan, lake, &mut costed)?;
        Ok((plan, content.map(|(content, _)| content), costed.stopped))
    }
}

/// Lines of cost.
const LINES: &str = "cost_line";

/// A file that is gone, of those by which the statement of a reopening is told: its own where it is fixed, else those on which the period was
/// closed. `None` where all are there.
pub fn gone_of(releases: &Releases, reopening: &Reopening) -> Option<PathBuf> {
    let key = key_of(reopening);
    let fixed = reopening.again.as_ref().map(|again| again.closing.iter().flat_map(|closing| closing.parts.values().flatten()));
    let paths: Vec<&str> = match fixed {
        Some(parts) => parts.filter(|part| part.key == key).map(|part| part.path.as_str()).collect(),
        None => reopening.closing.parts.values().flatten().map(|part| part.path.as_str()).collect(),
    };
    paths.into_iter().map(|path| releases.path_of(path)).find(|path| !path.is_file())
}

/// `2018/P03/1`: the key of a statement's parts.
fn key_of(reopening: &Reopening) -> String {
    format!("{}/{}", reopening.period, reopening.number)
}

/// Takes over the parts of a statement as they stand; whether there are some.
fn take_over<'p>(reopening: &Reopening, of: impl Fn(&str) -> Option<&'p Vec<PublishedPart>>, assembly: &mut Assembly<'_>) -> bool {
    let key = key_of(reopening);
    let mut some = false;
    for table in TABLES {
        let parts: Vec<PublishedPart> = of(table).into_iter().flatten().filter(|part| part.key == key).cloned().collect();
        some |= !parts.is_empty();
        assembly.content.tables.entry(table.to_owned()).or_default().extend(parts);
    }
    some
}

/// Whether the period stays as it was published because pay behind it is gone: its statement says on what it said, and nobody can tell
/// any more what today's rules would make of what it was closed on.
fn rests_on_what_is_gone(release: &ReleasePlan, of: &Reopening) -> bool {
    release.last_good_periods().contains(&of.period) && !release.gone_of(of.period).is_empty()
}

/// Whether the period reads the files on which it was closed, and no other.
fn has_same_files(release: &ReleasePlan, of: &Reopening) -> bool {
    files_then(of) == files_now(release, of.period)
}

/// Whether retention took pay on which the period was closed, and it did not come back as it was.
fn is_gone_of(closings: &Closings, release: &ReleasePlan, of: &Reopening) -> bool {
    let (then, now) = (files_then(of), files_now(release, of.period));
    let is_its = |file: (&str, &str)| then.contains(&file) && !now.contains(&file);
    closings.gone().iter().any(|gone| is_its((&gone.table, &gone.file.relative)))
}

/// The files on which a period was closed: table, path.
fn files_then(of: &Reopening) -> BTreeSet<(&str, &str)> {
    of.closing.slots.iter().flat_map(|slot| slot.files.iter().map(|file| (slot.table.as_str(), file.path.as_str()))).collect()
}

/// Those that it reads now.
fn files_now(release: &ReleasePlan, period: Period) -> BTreeSet<(&str, &str)> {
    let lines = release.sources.iter().map(|source| (source.basis.common_table(), &source.file));
    let beside = release.beside.iter().filter(|source| !source.is_nil()).map(|source| (source.table.as_str(), &source.file));
    lines.chain(beside).filter(|(_, file)| file.period == period).map(|(table, file)| (table, file.relative.as_str())).collect()
}
