//! The new feed, run in a copy by the machinery of every run: what it would bring, before anything is written.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use super::{copy::Copied, files::Change};
use crate::{
    diagnostic::{Answer, Diagnostic, codes::control},
    domain::{Pence, Period},
    engine::Tables,
    lake::{ControlProof, Lake, LeftOutProof},
    pipeline::{NameFacts, Partnership},
    plan,
    report::rows,
    run::{self, Delivered, Delivery, Halves, Options, Outcome, Silent, clock::Clock},
    schema::{Contract, PROVENANCE, batch::Rows},
};

/// What the feed makes of the samples.
#[derive(Clone, Debug, Default)]
pub struct Trial {
    pub files: Vec<Tried>,
    /// Samples that the feed did not take: it does not know their names.
    pub not_taken: Vec<String>,
    /// Samples of which a later version was taken.
    pub older: Vec<String>,
    /// Rows and pounds by the rows' own periods, as they would stand in the common table.
    pub months: Vec<(Period, u64, Pence)>,
    /// The columns that hold something, and the first and the last rows in them; what is personal is not shown.
    pub columns: Vec<String>,
    pub first: Vec<Vec<String>>,
    pub last: Vec<Vec<String>>,
}

/// What became of one sample.
#[derive(Clone, Debug)]
pub struct Tried {
    pub file: String,
    pub state: Delivery,
    /// `2025/P01..2025/P03`; empty where that was not found out.
    pub covers: String,
    pub rows: u64,
    pub quarantined: u64,
    /// Debit positive; `None` where rows have no pounds, or it was refused.
    pub pence: Option<Pence>,
    pub left_out: BTreeMap<String, LeftOutProof>,
    /// What the file prints of itself, held against what was read.
    pub controls: Vec<ControlProof>,
    /// Sums of each money column of the extract.
    pub columns: BTreeMap<String, Pence>,
    pub reports: Vec<Diagnostic>,
}

impl Trial {
    /// Whether every sample was accepted without a quarantined row.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.not_taken.is_empty() && self.files.iter().all(|file| file.state == Delivery::Accepted && file.quarantined == 0)
    }

    /// Rows of all samples that stand.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.months.iter().map(|(_, rows, _)| rows).sum()
    }

    /// Pounds of all samples that stand.
    #[must_use]
    pub fn pence(&self) -> Pence {
        self.months.iter().map(|(_, _, pence)| pence).sum()
    }
}

/// Rows shown at either end.
const SHOWN: usize = 3;

/// Runs the feed over the samples in a copy of the partnership that has the changes in it.
///
/// # Errors
/// What is wrong with the changed partnership; TC0140 where it cannot be copied; what stops a whole run.
pub fn trial(root: &std::path::Path, changes: &[Change], feed: (&str, &str), samples: &[PathBuf], clock: &dyn Clock) -> Answer<Trial> {
    let copy = Copied::of(root, changes)?;
    let wanted = format!("{}/{}", feed.0, feed.1);
    let (partnership, outcome) = delivered(&copy, feed, samples, clock)?;
    let lake = Lake::at(&partnership.landing, &partnership.lake, &partnership.published)?;
    let records = lake.register().all()?;
    let mut tried: Vec<Tried> = Vec::new();
    // What the feed does not know by its name is told as that.
    let is_unknown = |delivered: &&Delivered| {
        !delivered.reports.is_empty() && delivered.reports.iter().all(|report| report.code == control::NAME_UNKNOWN)
    };
    for delivered in outcome.delivered.iter().filter(|delivered| !is_unknown(delivered)) {
        let record = delivered.delivery.as_ref().and_then(|id| records.iter().find(|record| record.delivery_id == *id));
        let proof = record.map(|record| record.proof.clone()).unwrap_or_default();
        tried.push(Tried {
            file: delivered.file.clone(),
            state: delivered.state,
            covers: delivered.coverage.clone(),
            rows: delivered.rows,
            quarantined: delivered.quarantined,
            pence: delivered.pence.filter(|_| matches!(delivered.state, Delivery::Accepted | Delivery::Waiting)),
            left_out: proof.left_out,
            controls: proof.controls,
            columns: proof.columns.into_iter().map(|(name, measure)| (name, measure.accepted)).collect(),
            reports: delivered.reports.iter().filter(|report| !report.is_note()).cloned().collect(),
        });
    }
    tried.sort_by(|a, b| a.file.cmp(&b.file));
    let is_taken = |name: &str| tried.iter().any(|file| file.file == name);
    let names = samples.iter().filter_map(|sample| sample.file_name()).map(|name| name.to_string_lossy().into_owned());
    let named = partnership.feed_named(&wanted).map(|feed| &feed.files);
    let version = |name: &str| {
        let facts = named?.matches(name)?;
        Some((facts.version, NameFacts { version: None, ..facts }))
    };
    let is_older = |name: &String| {
        let of = version(name);
        of.is_some_and(|(own, of)| tried.iter().filter_map(|file| version(&file.file)).any(|(later, other)| other == of && later > own))
    };
    let (older, not_taken) = names.filter(|name| !is_taken(name)).partition(is_older);
    let mut trial = Trial { files: tried, not_taken, older, ..Trial::default() };
    if let Some(into) = partnership.feed_named(&wanted).map(|feed| feed.into.to_string()) {
        stand(&partnership, &into, &mut trial)?;
    }
    Ok(trial)
}

/// Runs the feed over the samples in the copy; its common table is filled, and nothing is published.
///
/// # Errors
/// As [`trial`].
pub fn delivered(copy: &Copied, (council, feed): (&str, &str), samples: &[PathBuf], clock: &dyn Clock) -> Answer<(Partnership, Outcome)> {
    samples.iter().try_for_each(|sample| copy.drop_sample(council, feed, sample, clock.now().seconds()))?;
    let partnership = copy.read()?;
    run::give_keys(&partnership)?;
    plan::validate(&partnership)?;
    let options = Options { select: vec![format!("{council}/{feed}")], halves: Halves::Deliver, threads: 1, ..Options::default() };
    let outcome = run::run(&partnership, &options, clock, &Silent)?;
    Ok((partnership, outcome))
}

/// A common table of the copy as it stands, and its contract; `None` where there is no such table.
///
/// # Errors
/// TC10…
pub fn table_of(partnership: &Partnership, into: &str) -> Answer<Option<(Tables, Arc<Contract>)>> {
    let mut tables = Tables::with_default_schema("lake");
    let Some(contract) = partnership.contracts.get(&format!("common/{into}")) else { return Ok(None) };
    let lake = Lake::at(&partnership.landing, &partnership.lake, &partnership.published)?;
    let now = plan::lake_now(partnership, &lake.tables()?, None)?;
    let files = now.files.iter().filter(|(table, _)| table == into).map(|(_, file)| file);
    tables.insert(format!("lake.{into}"), plan::lake_table(contract, files));
    Ok(Some((tables, Arc::clone(contract))))
}

/// What stands in the common table now: by month, and its ends.
fn stand(partnership: &Partnership, into: &str, trial: &mut Trial) -> Answer<()> {
    let Some((tables, contract)) = table_of(partnership, into)? else { return Ok(()) };
    let pounds =
        contract.special.amount.as_deref().map_or_else(|| "CAST(0 AS DECIMAL(18,2))".to_owned(), |amount| format!("sum({amount})"));
    let sql = format!(
        "SELECT fiscal_year, period, count(*) AS rows_of, {pounds} AS pounds FROM {into} GROUP BY fiscal_year, period ORDER BY 1, 2"
    );
    for batch in rows(&tables, &sql)? {
        let row = Rows(&batch);
        for at in 0..batch.num_rows() {
            let whole = |name: &str| row.whole(name, at).map(Option::unwrap_or_default);
            let year = i16::try_from(whole("fiscal_year")?).unwrap_or_default();
            let period = u8::try_from(whole("period")?).unwrap_or_default();
            let count = u64::try_from(whole("rows_of")?).unwrap_or_default();
            trial.months.push((Period { year, period }, count, row.pence("pounds", at)?));
        }
    }
    let shown = shown(&contract);
    let list: Vec<String> = shown
        .iter()
        .map(
            |(name, personal)| {
                if *personal { format!("CASE WHEN {name} IS NULL THEN '' ELSE '(personal)' END AS {name}") } else { name.clone() }
            },
        )
        .collect();
    let ends = |order: &str| {
        format!(
            "SELECT {} FROM {into} ORDER BY delivery_year {order}, delivery_period {order}, source_row {order} LIMIT {SHOWN}",
            list.join(", ")
        )
    };
    let first = texts(&tables, &ends("ASC"))?;
    let mut last = texts(&tables, &ends("DESC"))?;
    last.reverse();
    let holds = |at: usize| first.iter().chain(&last).any(|row| row.get(at).is_some_and(|cell| !cell.is_empty()));
    let kept: Vec<usize> = (0..shown.len()).filter(|at| holds(*at)).collect();
    let of = |row: &Vec<String>| kept.iter().filter_map(|at| row.get(*at).cloned()).collect::<Vec<String>>();
    trial.columns = kept.iter().filter_map(|at| shown.get(*at).map(|(name, _)| name.clone())).collect();
    trial.first = first.iter().map(of).collect();
    // Of few rows the ends are the same.
    let more = usize::try_from(trial.rows()).unwrap_or(usize::MAX).saturating_sub(trial.first.len()).min(last.len());
    trial.last = last.iter().skip(last.len() - more).map(of).collect();
    Ok(())
}

/// The columns of a common table that a feed fills, each with whether what it holds is personal.
fn shown(contract: &Contract) -> Vec<(String, bool)> {
    let own = |name: &str| PROVENANCE.contains(&name) && name != "source_row";
    contract.columns.iter().filter(|column| !own(&column.name)).map(|c| (c.name.to_string(), c.rules.personal.is_some())).collect()
}

fn texts(tables: &Tables, sql: &str) -> Answer<Vec<Vec<String>>> {
    let mut all = Vec::new();
    for batch in rows(tables, sql)? {
        let options = arrow::util::display::FormatOptions::default();
        let columns: Vec<_> =
            batch.columns().iter().map(|column| arrow::util::display::ArrayFormatter::try_new(column.as_ref(), &options).ok()).collect();
        for at in 0..batch.num_rows() {
            all.push(columns.iter().map(|column| column.as_ref().map(|c| c.value(at).to_string()).unwrap_or_default()).collect());
        }
    }
    Ok(all)
}
