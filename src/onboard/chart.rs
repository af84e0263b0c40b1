//! The codes that sample files hold, with their lines and pounds: read by the feed that knows the files, in a copy with a lake of its own.

use std::{collections::BTreeMap, path::PathBuf};

use super::trial::{delivered, table_of};
use crate::{
    diagnostic::{Answer, Diagnostic, Place, Refusal, codes::command},
    domain::{Pence, RULE_COLUMNS, fold_code},
    pipeline::{Feed, Partnership, ReferenceTable, rules::Cell},
    report::rows,
    run::{Delivery, clock::Clock},
    schema::{
        Contract,
        batch::{self, Rows},
    },
};

/// Which codes are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeKind {
    Accounts,
    CostCentres,
    Departments,
}

impl CodeKind {
    /// The reference table, which has the name of its column of codes.
    #[must_use]
    pub const fn table(self) -> &'static str {
        match self {
            Self::Accounts => "account",
            Self::CostCentres => "cost_centre",
            Self::Departments => "department",
        }
    }

    /// As it is typed.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Accounts => "accounts",
            Self::CostCentres => "cost-centres",
            Self::Departments => "departments",
        }
    }
}

/// A code of the samples.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeSeen {
    /// As lines and reference rows are compared: folded.
    pub code: String,
    pub lines: u64,
    /// Debit positive.
    pub pence: Pence,
    /// Without regard to sign.
    pub absolute: Pence,
    /// A row of the reference table knows it, on some day.
    pub known: bool,
}

/// What the samples hold.
#[derive(Clone, Debug)]
pub struct CodesSeen {
    pub kind: CodeKind,
    pub council: String,
    pub feed: String,
    /// Names of the samples.
    pub files: Vec<String>,
    /// In order of the code; lines without any code have the empty one.
    pub codes: Vec<CodeSeen>,
}

/// Reads the samples by the one feed that knows their names, or by the one that is named.
///
/// # Errors
/// TC0102 where no such feed is there, or more than one; why a sample is not taken; TC0140, TC10….
pub fn codes_seen(
    partnership: &Partnership,
    kind: CodeKind,
    wanted: Option<&str>,
    samples: &[PathBuf],
    clock: &dyn Clock,
) -> Answer<CodesSeen> {
    let feed = feed_of(partnership, kind, wanted, samples)?;
    let name = feed.name();
    let copy = super::copy::Copied::of(&partnership.root, &[])?;
    let (copied, outcome) = delivered(&copy, (&feed.council, &feed.id), samples, clock)?;
    let refused: Vec<Diagnostic> = outcome
        .delivered
        .iter()
        .filter(|delivered| delivered.state != Delivery::Accepted)
        .flat_map(|delivered| delivered.reports.iter().filter(|report| !report.is_note()).cloned())
        .map(|report| report.outcome("nothing was written"))
        .collect();
    if !refused.is_empty() {
        return Err(Refusal(refused));
    }
    let files: Vec<String> = outcome.delivered.iter().map(|delivered| delivered.file.clone()).collect();
    let found = table_of(&copied, &feed.into)?.and_then(|(tables, contract)| Some((tables, sql(kind, &feed.into, &contract)?)));
    let reference = partnership.references.get(kind.table());
    let known = reference.map(|reference| Known::of(reference, kind, &feed.council)).transpose()?.unwrap_or_default();
    let mut codes: BTreeMap<String, CodeSeen> = BTreeMap::new();
    for batch in found.map(|(tables, sql)| rows(&tables, &sql)).transpose()?.unwrap_or_default() {
        let row = Rows(&batch);
        for at in 0..batch.num_rows() {
            let code = fold_code(row.text("code", at)?).into_owned();
            let lines = u64::try_from(row.whole("n", at)?.unwrap_or_default()).unwrap_or_default();
            let seen =
                codes.entry(code.clone()).or_insert_with(|| CodeSeen { known: known.knows(&code), code, lines: 0, pence: 0, absolute: 0 });
            seen.lines += lines;
            seen.pence += row.pence("pounds", at)?;
            seen.absolute += row.pence("absolute", at)?;
        }
    }
    Ok(CodesSeen { kind, council: feed.council.to_string(), feed: name, files, codes: codes.into_values().collect() })
}

/// Codes with lines and pounds; `None` where the table has no such codes, or no pounds.
fn sql(kind: CodeKind, into: &str, contract: &Contract) -> Option<String> {
    let place = RULE_COLUMNS.iter().position(|column| *column == kind.table())?;
    let special = &contract.special;
    let code = special.codes.get(place)?.as_deref()?;
    let code = match special.codes_else.get(place).and_then(Option::as_deref) {
        Some(other) => format!("coalesce(nullif({code}, ''), {other}, '')"),
        None => format!("coalesce({code}, '')"),
    };
    let amount = special.amount.as_deref()?;
    let what =
        special.actual.as_ref().map(|(column, word)| format!(" WHERE {column} = '{}'", word.replace('\'', "''"))).unwrap_or_default();
    Some(format!(
        "SELECT {code} AS code, count(*) AS n, sum({amount}) AS pounds, sum(CASE WHEN {amount} < 0 THEN -{amount} ELSE {amount} END) AS absolute \
         FROM {into}{what} GROUP BY 1 ORDER BY 1"
    ))
}

/// The feed by which the samples are read.
fn feed_of<'p>(partnership: &'p Partnership, kind: CodeKind, wanted: Option<&str>, samples: &[PathBuf]) -> Answer<&'p Feed> {
    let names: Vec<String> =
        samples.iter().filter_map(|sample| sample.file_name()).map(|name| name.to_string_lossy().into_owned()).collect();
    let has_codes = |feed: &&Feed| {
        let contract = partnership.contracts.get(&format!("common/{}", feed.into));
        contract.is_some_and(|contract| sql(kind, &feed.into, contract).is_some())
    };
    let is_wanted = |feed: &&Feed| wanted.is_none_or(|wanted| feed.name() == wanted || *feed.council == *wanted);
    let among: Vec<&Feed> = partnership.feeds.iter().filter(has_codes).filter(is_wanted).collect();
    let fits: Vec<&Feed> = among.iter().copied().filter(|feed| names.iter().all(|name| feed.files.matches(name).is_some())).collect();
    if let [one] = fits.as_slice() {
        return Ok(one);
    }
    let list = |feeds: &[&Feed]| feeds.iter().map(|feed| feed.name()).collect::<Vec<_>>().join(", ");
    let seen = match fits.as_slice() {
        [] => format!("no feed with {} knows {}", kind.word(), names.join(", ")),
        all => format!("{} all know {}", list(all), names.join(", ")),
    };
    let among =
        if among.is_empty() { "a feed of costs whose lines carry such codes".to_owned() } else { format!("one of {}", list(&among)) };
    Err(Diagnostic::new(command::NOTHING_SELECTED, seen)
        .place(Place::file(names.first().cloned().unwrap_or_default()))
        .expected(format!("{among}, by the names that its `files` says"))
        .outcome("nothing was written")
        .hint(format!(
            "truecost add {} COUNCIL/FEED --from FILE; a new extract first: truecost add feed COUNCIL/FEED --from FILE",
            kind.word()
        ))
        .into())
}

/// The codes that rows of a reference table know.
#[derive(Default)]
struct Known {
    exact: Vec<String>,
    patterns: Vec<String>,
}

impl Known {
    fn of(reference: &ReferenceTable, kind: CodeKind, council: &str) -> Answer<Self> {
        let councils = batch::text(&reference.rows, "council")?;
        let codes = batch::text(&reference.rows, kind.table())?;
        let of_council =
            councils.iter().zip(codes.iter()).filter(|(of, _)| *of == Some(council)).filter_map(|(_, code)| code.map(str::to_owned));
        let is_pattern = |code: &String| kind == CodeKind::Accounts && Cell::parse_account(code).is_some_and(Cell::is_pattern);
        let (patterns, exact) = of_council.partition(is_pattern);
        Ok(Self { exact, patterns })
    }

    fn knows(&self, code: &str) -> bool {
        self.exact.iter().any(|known| known == code)
            || self.patterns.iter().any(|known| Cell::parse_account(known).is_some_and(|cell| cell.covers(code)))
    }
}
