//! What reference tables name must exist: councils, feeds, services, organisations, words.

use std::collections::BTreeMap;

use arrow::array::{Array as _, StringArray};

use crate::{
    diagnostic::{Diagnostic, codes::reference},
    domain::Ownership,
    schema::{
        fields::{UNTOUCHED, did_you_mean},
        suggest::nearest,
    },
};

use super::{Feed, ReferenceTable, csv::at, partnership::Head, rules};

/// Unknown names of one column are shown this often; the rest is counted.
const MOST: usize = 5;

const STATEMENTS: [&str; 7] = ["expenditure", "income", "reserve", "balance_sheet", "capital", "collection_fund", "memo"];

pub fn check(tables: &BTreeMap<String, ReferenceTable>, head: &Head, feeds: &[Feed], faults: &mut Vec<Diagnostic>) {
    let councils: Vec<&str> = head.councils.iter().map(|council| &*council.id).collect();
    let services: Vec<&str> = head.services.iter().map(|service| &*service.id).collect();
    let feeds: Vec<&str> = feeds.iter().map(|feed| &*feed.id).collect();
    let members = head.members.iter().map(|member| &*member.organisation);
    let companies = head.companies.iter().map(|company| &*company.id);
    let organisations: Vec<&str> = councils.iter().copied().chain(companies).chain(members).collect();
    let customers: Vec<&str> = tables.get("customer").map(|table| texts(table, "customer")).unwrap_or_default();
    let bearers: Vec<&str> = organisations.iter().copied().chain(customers.iter().copied()).collect();
    let ownerships: Vec<&str> = Ownership::ALL.iter().map(|ownership| ownership.as_str()).collect();
    let services_of_rules: Vec<&str> = services.iter().copied().chain(["none", "unknown"]).collect();
    let all = ["account", "cost_centre", rules::TABLE, "department"];
    for (table, column, words) in [
        (all[0], "council", &councils),
        (all[0], "statement", &STATEMENTS.to_vec()),
        (all[1], "council", &councils),
        (all[2], "council", &councils),
        (all[3], "council", &councils),
        (all[2], "feed", &feeds),
        (all[2], "ownership", &ownerships),
        (all[2], "service", &services_of_rules),
        (all[2], "bearer", &bearers),
        ("organisation_name", "organisation", &organisations),
    ] {
        if let Some(table) = tables.get(table) {
            column_of(table, column, words, faults);
        }
    }
}

/// The distinct texts of a column, in the order of the table.
fn texts<'t>(table: &'t ReferenceTable, column: &str) -> Vec<&'t str> {
    let values = table.rows.column_by_name(column).and_then(|c| c.as_any().downcast_ref::<StringArray>());
    let mut texts: Vec<&str> = values.into_iter().flat_map(|values| values.iter().flatten()).collect();
    texts.dedup();
    texts
}

fn column_of(table: &ReferenceTable, column: &str, words: &[&str], faults: &mut Vec<Diagnostic>) {
    let Some(values) = table.rows.column_by_name(column).and_then(|c| c.as_any().downcast_ref::<StringArray>()) else { return };
    let unknown = |(value, line): (Option<&str>, &u64)| value.filter(|v| !words.contains(v)).map(|v| (v.to_owned(), *line));
    let unknown: Vec<(String, u64)> = values.iter().zip(&table.lines).filter_map(unknown).collect();
    for (n, (value, line)) in unknown.iter().take(MOST).enumerate() {
        let more = unknown.len().saturating_sub(MOST);
        let rest = if n + 1 == MOST && more > 0 { format!("{more} more of this kind are not shown.") } else { String::new() };
        let near = did_you_mean(nearest(value, words.iter().copied()));
        let known: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
        let fault =
            Diagnostic::new(reference::UNKNOWN, format!("`{column}` is `{}`, which the partnership does not have", value.escape_debug()));
        let hint = [near, rest].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ");
        faults.push(fault.place(at(&table.file, *line)).expected(format!("one of {}", known.join(", "))).outcome(UNTOUCHED).hint(hint));
    }
}
