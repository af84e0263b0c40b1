//! How far accounts are known where nothing waits in suspense: texts of payments need no row in a reference table, and neither do the codes
//! of a council in no service, so nothing stops where all are missing. It is said.

use crate::{
    diagnostic::Answer,
    domain::{Pence, pounds},
    engine::{CostQuery, Parameters, Table, Tables},
    pipeline::{Basis, Feed, Partnership},
    schema::{Cell, Type, batch, proof_table},
};

const SQL: &str = include_str!("checks/account_coverage.sql");
const FILE: &str = "account_coverage.sql";

/// Pounds of payments and ledgers without regard to sign, and what is not known of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AccountCoverage {
    /// Of payments.
    pub all: Pence,
    /// Their account text has no row in `account.csv`.
    pub unclassified: Pence,
    /// Neither a cost centre nor `department.csv` says their fund.
    pub no_fund: Pence,
    /// Of ledgers.
    pub ledgers: Pence,
    /// Of ledgers of councils in no service, without an account row: cost and balance sheet alike are kept as cost.
    pub no_account: Pence,
}

impl AccountCoverage {
    /// What is missing, in a sentence; `None` where nothing is.
    #[must_use]
    pub fn sentence(&self) -> Option<String> {
        let all = pounds(self.all);
        let of = |part: Pence, what: &str| (part > 0).then(|| format!("{} of {all} of payments {what}", pounds(part)));
        let parts =
            [of(self.unclassified, "have no account row (unclassified)"), of(self.no_fund, "have no fund (unknown)"), self.of_ledgers()];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        (!parts.is_empty()).then(|| parts.join("; "))
    }

    /// What is missing of ledgers.
    #[must_use]
    pub fn of_ledgers(&self) -> Option<String> {
        let (part, all) = (pounds(self.no_account), pounds(self.ledgers));
        let said = format!(
            "{part} of {all} of ledger lines have no account row and are kept as cost, their council being in no service: nothing tells cost from \
             balance sheet, and a whole ledger adds up to nought (truecost add accounts --from FILE --by NAME --approver NAME)"
        );
        (self.no_account > 0).then_some(said)
    }
}

/// Adds up `class_total` by what is known of its accounts.
///
/// # Errors
/// TC08… where the query cannot be made.
pub fn account_coverage(partnership: &Partnership, class_total: Table) -> Answer<AccountCoverage> {
    let basis =
        |feed: &Feed| [(Basis::Payments, "payments"), (Basis::Ledger, "ledger")].into_iter().find(|(b, _)| *feed.into == *b.common_table());
    let row = |feed: &Feed| basis(feed).map(|(_, name)| vec![(&*feed.council).into(), (&*feed.id).into(), name.into()]);
    let rows: Vec<Vec<Cell>> = partnership.feeds.iter().filter_map(row).collect();
    if rows.is_empty() {
        return Ok(AccountCoverage::default());
    }
    let feeds = proof_table(&[("council", Type::Text), ("feed", Type::Text), ("basis", Type::Text)], &rows)?;
    let mut tables = Tables::default();
    tables.insert("cost_feed", Table::rows(feeds.schema(), vec![feeds]));
    tables.insert("class_total", class_total);
    let parameters = Parameters::none();
    let sums = CostQuery::plan_over(SQL, FILE, "account_coverage", &tables)?.run(&tables, &parameters)?;
    let pence = |name: &str| -> Answer<Pence> {
        let column = batch::money(&sums, name)?;
        Ok(column.iter().next().flatten().unwrap_or(0))
    };
    Ok(AccountCoverage {
        all: pence("pounds")?,
        unclassified: pence("unclassified")?,
        no_fund: pence("no_fund")?,
        ledgers: pence("ledgers")?,
        no_account: pence("no_account")?,
    })
}
