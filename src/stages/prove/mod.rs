//! Proofs: the auditor's checks over what is about to be published. Each is a query that gives one row per failure.

mod coverage;
mod feed_period;
mod given;
mod grouped;
mod list;
mod listed;
mod reconcile;
mod results;
mod shown;
mod suspense;

use arrow::{array::Array, record_batch::RecordBatch};

pub use coverage::{AccountCoverage, account_coverage};
pub use feed_period::feed_period;
pub use given::{CLASSES_OF_THE_VERSION_BEFORE, PUBLISHED_PROOFS, carried_feed, check_tables, no_code_class, no_payroll_difference};
pub use grouped::{Grouped, group_part, line_total};
pub use list::{CHECKS, Check, Elsewhere, MADE_ELSEWHERE};
pub use listed::{LISTING, Listed, listed, suspense_listed, to_pay};
pub use reconcile::{STAGES, reconciliation};
pub use results::{NOT_ASKED, PROVED_IN, check_rows};
pub use shown::{facts_of_texts, published_text};
pub use suspense::{InSuspense, over_limit, suspense};

use crate::{
    diagnostic::{Answer, Diagnostic, Severity},
    domain::{Pence, Period, pounds},
    engine::{CostQuery, Parameters, Tables, start_deep},
    schema::batch,
};

/// What a check found.
#[derive(Clone, Debug)]
pub struct Finding {
    pub check: Check,
    pub failures: Vec<Failure>,
}

/// One thing that fails a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub what: String,
    /// Rows, rules or documents concerned.
    pub failed: i64,
    pub difference: Pence,
    /// What the difference may be, where the check holds it to a limit.
    pub limit: Option<Pence>,
    /// Of which period it tells; `None` where of more than one.
    pub period: Option<Period>,
}

impl Failure {
    /// As `check_result` has it, which has the pounds beside it: with those of a limit, since a limit alone says nothing.
    #[must_use]
    pub fn detail(&self) -> String {
        if self.limit.is_some() { self.sentence() } else { self.what.clone() }
    }

    /// As a sentence: what, and by how much.
    #[must_use]
    pub fn sentence(&self) -> String {
        match (self.limit, self.difference) {
            (Some(limit), difference) => format!("{} {}, limit {}", pounds(difference), self.what, pounds(limit)),
            (None, 0) => self.what.clone(),
            (None, difference) => format!("{}: {}", self.what, pounds(difference)),
        }
    }
}

impl Finding {
    #[must_use]
    pub fn passed(&self) -> bool {
        self.failures.is_empty()
    }

    /// As a report, where it failed. `blocks` says whether it stops publication.
    #[must_use]
    pub fn report(&self, blocks: bool) -> Option<Diagnostic> {
        let first = self.failures.first()?;
        let more = match self.failures.len() - 1 {
            0 => String::new(),
            n => format!(" (and {n} more like it)"),
        };
        let mut report = Diagnostic::new(self.check.code, format!("check {}: {}{more}", self.check.number, first.sentence()))
            .expected(self.check.name)
            .hint(match (self.check.number, first.period) {
                (7, Some(period)) => format!(
                    "bring `published` back from a backup; where there is none, let the period go, which restates it: truecost period reopen \
                     {period} --by NAME --reason TEXT; truecost run"
                ),
                (12, _) => "truecost suspense".to_owned(),
                _ => format!("truecost explain code {}", self.check.code.id),
            });
        report.outcome = if blocks {
            "nothing was published; the last release is unchanged".into()
        } else {
            report.severity = Severity::Warning;
            "the release is published, with this warning in `check_result`".into()
        };
        Some(report)
    }
}

/// Makes every check whose tables are there. `tables` are what is about to be published and the proofs behind it.
///
/// # Errors
/// Where a check itself cannot be made: then nothing is published either.
pub fn prove(tables: &Tables) -> Answer<Vec<Finding>> {
    let made: Vec<Check> = CHECKS.iter().copied().filter(|check| check.needs.iter().all(|table| tables.get(table).is_some())).collect();
    prove_these(&made, tables)
}

/// The checks that can be asked of these tables alone: they read no other.
///
/// # Errors
/// Where the text of a check is no query.
pub fn checks_of(has: impl Fn(&str) -> bool) -> Answer<Vec<Check>> {
    let mut all = Vec::new();
    for check in CHECKS {
        if check.reads()?.iter().all(|table| has(table)) {
            all.push(*check);
        }
    }
    Ok(all)
}

/// Makes these checks.
///
/// # Errors
/// Where one cannot be made.
pub fn prove_these(made: &[Check], tables: &Tables) -> Answer<Vec<Finding>> {
    let parameters = Parameters::none();
    let prove_one = |check: &Check| -> Answer<Finding> {
        let query = CostQuery::plan_over(check.sql, check.file, "failure", tables)?;
        Ok(Finding { check: *check, failures: failures(&query.run(tables, &parameters)?)? })
    };
    // Each check is small and mostly planning: side by side they take as long as the longest few.
    std::thread::scope(|scope| {
        let (first, second) = made.split_at(made.len() / 2);
        let all = |checks: &[Check]| checks.iter().map(prove_one).collect::<Answer<Vec<_>>>();
        let other = start_deep(scope, move || all(second));
        let mut findings = all(first)?;
        findings.extend(match other {
            Ok(other) => other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?,
            Err(_) => all(second)?, // the system gives no more threads
        });
        Ok(findings)
    })
}

fn failures(rows: &RecordBatch) -> Answer<Vec<Failure>> {
    let (what, failed, difference) = (batch::text(rows, "what")?, batch::big(rows, "failed")?, batch::money(rows, "difference")?);
    let limits = if rows.column_by_name("limit_amount").is_some() { Some(batch::money(rows, "limit_amount")?) } else { None };
    let (years, periods) = (batch::small(rows, "fiscal_year")?, batch::tiny(rows, "period")?);
    let when = |row: usize| match (years.is_valid(row), periods.is_valid(row)) {
        (true, true) => format!(" ({}/P{:02})", years.value(row), periods.value(row)),
        (true, false) => format!(" ({})", years.value(row)),
        _ => String::new(),
    };
    let failure = |row: usize| Failure {
        what: format!("{}{}", batch::text_at(what, row).unwrap_or_default(), when(row)),
        failed: batch::value_at(failed, row).unwrap_or_default(),
        difference: batch::value_at(difference, row).unwrap_or_default(),
        limit: limits.and_then(|limits| batch::value_at(limits, row)),
        period: batch::value_at(years, row)
            .zip(batch::value_at(periods, row).and_then(|p| u8::try_from(p).ok()))
            .map(|(year, period)| Period { year, period }),
    };
    Ok((0..rows.num_rows()).map(failure).collect())
}
