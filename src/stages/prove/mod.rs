//! Proofs: the auditor's checks over what is about to be published. Each is a query that gives one row per failure.

mod coverage;
mod given;
mod grouped;
mod reconcile;
mod suspense;

use arrow::{array::Array, record_batch::RecordBatch};

pub use coverage::{PaymentCoverage, payment_coverage};
pub use given::{PUBLISHED_PROOFS, check_tables, no_code_class, no_payroll_difference};
pub use grouped::{Grouped, group_part, line_total};
pub use reconcile::{STAGES, reconciliation};
pub use suspense::{InSuspense, over_limit, suspense};

use crate::{
    diagnostic::{Answer, Code, Diagnostic, Severity, codes::checks as codes},
    domain::{Pence, pounds},
    engine::{CostQuery, Parameters, Tables, start_deep},
    schema::{Cell, batch},
};

/// One of the checks of the auditor's list.
#[derive(Clone, Copy, Debug)]
pub struct Check {
    /// Number in the list.
    pub number: i16,
    /// In a few words.
    pub name: &'static str,
    /// Whether a failure stops publication; else it is a warning.
    pub blocks: bool,
    pub code: Code,
    sql: &'static str,
    file: &'static str,
}

macro_rules! check {
    ($number:literal, $file:literal, $code:expr, $blocks:literal, $name:literal) => {
        Check { number: $number, name: $name, blocks: $blocks, code: $code, sql: include_str!(concat!("checks/", $file)), file: $file }
    };
}

/// The checks that are made on every release, in order.
pub const CHECKS: [Check; 15] = [
    check!(1, "check_01.sql", codes::CHECK_CONTROLS, true, "deliveries agree with the sender's controls"),
    check!(1, "check_01_known.sql", codes::CHECK_CONTROLS, false, "the pounds of every row are known"),
    check!(2, "check_02.sql", codes::CHECK_BALANCE, true, "every journal balances"),
    check!(5, "check_05.sql", codes::CHECK_PAYROLL, false, "payroll and ledger agree within `payroll_limit`"),
    check!(9, "check_09.sql", codes::CHECK_ONE_CLASS, true, "one class and one service per line; the classes sum to the source"),
    check!(9, "check_09b.sql", codes::CHECK_ONE_CLASS, true, "the published lines add up to the classes"),
    check!(10, "check_10.sql", codes::CHECK_ONE_RULE, true, "at most one winning rule for each code and date"),
    check!(11, "check_11.sql", codes::CHECK_RULE_DATES, true, "no rule outside its dates, none shared to a non-member"),
    check!(12, "check_12.sql", codes::CHECK_SUSPENSE, false, "suspense within its limit"),
    check!(13, "check_13.sql", codes::CHECK_FUNDS, true, "revenue apart from capital, housing apart from the general fund"),
    check!(15, "check_15.sql", codes::CHECK_CONSERVED, true, "final = source"),
    check!(35, "check_35.sql", codes::CHECK_FOOTS, true, "partner totals are the sums of their services"),
    check!(37, "check_37.sql", codes::CHECK_PROVEN, true, "no figure without release and proof"),
    check!(42, "check_42.sql", codes::CHECK_SIGN, true, "the sender's sign was turned once"),
    check!(42, "check_42_income.sql", codes::CHECK_SIGN, false, "income accounts are credits over the year"),
];

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
        let amount = if first.difference == 0 { String::new() } else { format!(": {}", pounds(first.difference)) };
        let mut report = Diagnostic::new(self.check.code, format!("check {}: {}{amount}{more}", self.check.number, first.what))
            .expected(self.check.name)
            .hint(match self.check.number {
                12 => "truecost suspense".to_owned(),
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

/// Makes every check. `tables` are what is about to be published and the proofs behind it.
///
/// # Errors
/// Where a check itself cannot be made: then nothing is published either.
pub fn prove(tables: &Tables) -> Answer<Vec<Finding>> {
    let parameters = Parameters::none();
    let prove_one = |check: &Check| -> Answer<Finding> {
        let query = CostQuery::plan_over(check.sql, check.file, "failure", tables)?;
        Ok(Finding { check: *check, failures: failures(&query.run(tables, &parameters)?)? })
    };
    // Each check is small and mostly planning: side by side they take as long as the longest few.
    std::thread::scope(|scope| {
        let half = CHECKS.len() / 2;
        let (first, second) = CHECKS.split_at(half);
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
    let (years, periods) = (batch::small(rows, "fiscal_year")?, batch::tiny(rows, "period")?);
    let when = |row: usize| match (years.is_valid(row), periods.is_valid(row)) {
        (true, true) => format!(" ({}/P{:02})", years.value(row), periods.value(row)),
        (true, false) => format!(" ({})", years.value(row)),
        _ => String::new(),
    };
    let failure = |row: usize| Failure {
        what: format!("{}{}", batch::text_at(what, row).unwrap_or_default(), when(row)),
        failed: if failed.is_valid(row) { failed.value(row) } else { 0 },
        difference: if difference.is_valid(row) { difference.value(row) } else { 0 },
    };
    Ok((0..rows.num_rows()).map(failure).collect())
}

/// The table `check_result`.
#[must_use]
pub fn check_rows(findings: &[Finding], checked: u64, coverage: &PaymentCoverage) -> Vec<Vec<Cell>> {
    let row = |f: &Finding| {
        let mut detail: Vec<String> = f.failures.iter().take(5).map(|x| x.what.clone()).collect();
        // Check 12 also says how far the payments are known: they pass it whatever is missing.
        detail.extend(coverage.sentence().filter(|_| f.check.number == 12));
        let detail = detail.join("; ");
        let difference: Pence = f.failures.iter().map(|x| x.difference).sum();
        vec![
            i64::from(f.check.number).into(),
            f.check.name.into(),
            f.check.blocks.into(),
            f.passed().into(),
            checked.into(),
            f.failures.iter().map(|x| x.failed).sum::<i64>().into(),
            if f.passed() { Cell::Null } else { Cell::Pence(difference) },
            if detail.is_empty() { Cell::Null } else { detail.into() },
        ]
    };
    findings.iter().map(row).collect()
}
