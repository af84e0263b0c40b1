//! Reference tables of the version before: what they lack, and what that means.

use super::{Partnership, ReferenceTable, csv::at};
use crate::diagnostic::{Diagnostic, codes::config};

/// Columns that came after the first partnerships were written, by table, and what a row without them means.
const NEWER: [(&str, &[&str], &str); 1] = [(
    "account",
    &["on_cost", "recharge"],
    "no account holds employer on-costs (national insurance, pension, levy) or charges between the partners",
)];

/// A note for each table that lacks columns which came later: it is read all the same, and asks nothing of anybody.
#[must_use]
pub fn older_tables(partnership: &Partnership) -> Vec<Diagnostic> {
    NEWER.iter().filter_map(|(name, columns, meaning)| older(name, partnership.references.get(*name)?, columns, meaning)).collect()
}

fn older(name: &str, table: &ReferenceTable, columns: &[&str], meaning: &str) -> Option<Diagnostic> {
    let is_lacking = |column: &&&str| !table.header.iter().any(|name| name == **column);
    let lacking: Vec<String> = columns.iter().filter(is_lacking).map(|column| format!("`{column}`")).collect();
    let seen = format!("`{name}` has no column {}", lacking.join(" and no "));
    let note =
        Diagnostic::note(config::OLDER_TABLE, seen).place(at(&table.file, 1)).expected("`true` or `false` in every row").outcome(meaning);
    let hint = "nothing has to be done; to tell such accounts apart, add the columns of the contract that `truecost init` writes";
    (!lacking.is_empty()).then(|| note.hint(hint))
}
