//! How far payments are known: their texts need no row in a reference table, so nothing stops where all are missing. It is said.

use crate::{
    diagnostic::Answer,
    domain::{Pence, pounds},
    engine::{CostQuery, Parameters, Table, Tables},
    pipeline::{Basis, Partnership},
    schema::{Cell, Type, batch, proof_table},
};

const SQL: &str = include_str!("checks/payment_coverage.sql");
const FILE: &str = "payment_coverage.sql";

/// Pounds of payments without regard to sign, and what is not known of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PaymentCoverage {
    pub all: Pence,
    /// Their account text has no row in `account.csv`.
    pub unclassified: Pence,
    /// Neither a cost centre nor `department.csv` says their fund.
    pub no_fund: Pence,
}

impl PaymentCoverage {
    /// What is missing, in a sentence; `None` where nothing is.
    #[must_use]
    pub fn sentence(&self) -> Option<String> {
        let all = pounds(self.all);
        let of = |part: Pence, what: &str| (part > 0).then(|| format!("{} of {all} of payments {what}", pounds(part)));
        let parts = [of(self.unclassified, "have no account row (unclassified)"), of(self.no_fund, "have no fund (unknown)")];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        (!parts.is_empty()).then(|| parts.join("; "))
    }
}

/// Adds up the payments of `class_total` by what is known of them.
///
/// # Errors
/// TC08… where the query cannot be made.
pub fn payment_coverage(partnership: &Partnership, class_total: Table) -> Answer<PaymentCoverage> {
    let payments = partnership.feeds.iter().filter(|feed| *feed.into == *Basis::Payments.common_table());
    let rows: Vec<Vec<Cell>> = payments.map(|feed| vec![(&*feed.council).into(), (&*feed.id).into()]).collect();
    if rows.is_empty() {
        return Ok(PaymentCoverage::default());
    }
    let feeds = proof_table(&[("council", Type::Text), ("feed", Type::Text)], &rows)?;
    let mut tables = Tables::default();
    tables.insert("payment_feed", Table::rows(feeds.schema(), vec![feeds]));
    tables.insert("class_total", class_total);
    let parameters = Parameters::none();
    let sums = CostQuery::plan_over(SQL, FILE, "payment_coverage", &tables)?.run(&tables, &parameters)?;
    let pence = |name: &str| -> Answer<Pence> {
        let column = batch::money(&sums, name)?;
        Ok(column.iter().next().flatten().unwrap_or(0))
    };
    Ok(PaymentCoverage { all: pence("pounds")?, unclassified: pence("unclassified")?, no_fund: pence("no_fund")? })
}
