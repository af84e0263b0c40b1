//! What reference tables name must exist: councils, feeds, services, organisations, words.

use std::collections::BTreeMap;

use arrow::array::{Array as _, StringArray};

use crate::{
    diagnostic::{Diagnostic, Severity, codes::reference},
    domain::Ownership,
    schema::{
        fields::{UNTOUCHED, did_you_mean},
        suggest::nearest,
    },
};

use super::{Feed, ReferenceTable, csv::at, partnership::Head, rules, scheme::customers, typed::rows};

/// Unknown names of one column are shown this often; the rest is counted.
const MOST: usize = 5;

/// The words of columns that hold one of a few, by table.
const WORDS: [(&str, &str, &[&str]); 10] = [
    ("account", "statement", &["expenditure", "income", "reserve", "balance_sheet", "capital", "collection_fund", "memo"]),
    ("agreement", "terms", &["price", "full_cost"]),
    ("blanket", "base", &["basic_pay", "gross_pay", "direct_cost", "weight"]),
    ("blanket", "kind", &["on_cost", "overhead"]),
    ("driver", "measure", &["flow", "stock"]),
    ("driver", "quality", &["measured", "sampled", "estimated", "fixed"]),
    ("pay_element", "category", &CATEGORIES),
    ("pool", "zero_volume", &["refuse", "spread_evenly", "leave_unallocated"]),
    ("rate_card", "basis", &["weekly", "fortnightly", "four_weekly", "monthly"]),
    ("rate_card", "unit", &["percent", "pounds"]),
];

const CATEGORIES: [&str; 15] = [
    "basic",
    "allowance",
    "overtime",
    "absence",
    "statutory",
    "employer_ni",
    "employer_pension",
    "levy",
    "deduction",
    "net_pay",
    "redundancy",
    "pension_strain",
    "expenses",
    "agency",
    "other",
];

/// The words that a column of a reference table may hold, where it is one of a few.
#[must_use]
pub fn words(table: &str, column: &str) -> Option<&'static [&'static str]> {
    WORDS.iter().find(|(of, name, _)| (*of, *name) == (table, column)).map(|(_, _, words)| *words)
}

pub fn check(tables: &BTreeMap<String, ReferenceTable>, head: &Head, feeds: &[Feed], faults: &mut Vec<Diagnostic>) {
    let councils: Vec<&str> = head.councils.iter().map(|council| &*council.id).collect();
    let services: Vec<&str> = head.services.iter().map(|service| &*service.id).collect();
    let feeds: Vec<&str> = feeds.iter().map(|feed| &*feed.id).collect();
    let members = head.members.iter().map(|member| &*member.organisation);
    let companies: Vec<&str> = head.companies.iter().map(|company| &*company.id).collect();
    let organisations: Vec<&str> = councils.iter().copied().chain(companies.iter().copied()).chain(members).collect();
    let served: Vec<&str> = distinct(customers(tables, head).chain(companies.iter().copied()));
    let bearers: Vec<&str> = distinct(organisations.iter().chain(&served).copied());
    let scopes: Vec<&str> = ["all"].into_iter().chain(bearers.iter().copied()).collect();
    let drivers: Vec<&str> = tables.get("driver").map(|table| texts(table, "driver")).unwrap_or_default();
    let ownerships: Vec<&str> = Ownership::ALL.iter().map(|ownership| ownership.as_str()).collect();
    let services_of_rules: Vec<&str> = services.iter().copied().chain(["none", "unknown"]).collect();
    let named: [(&str, &str, &[&str]); 19] = [
        ("account", "council", &councils),
        ("cost_centre", "council", &councils),
        (rules::TABLE, "council", &councils),
        ("department", "council", &councils),
        ("payroll_journal", "council", &councils),
        ("pay_element", "council", &councils),
        ("share", "partner", &councils),
        (rules::TABLE, "feed", &feeds),
        (rules::TABLE, "ownership", &ownerships),
        (rules::TABLE, "service", &services_of_rules),
        (rules::TABLE, "bearer", &bearers),
        ("organisation_name", "organisation", &organisations),
        ("pool", "service", &services),
        ("share", "service", &services),
        ("agreement", "service", &services),
        ("agreement", "customer", &served),
        ("pool", "driver", &drivers),
        ("share", "driver", &drivers),
        ("blanket", "scope", &scopes),
    ];
    // Of a table that was itself refused nobody knows what it names.
    let is_refused = |table: &str| refused(table, faults);
    let unknowable: Vec<&str> = [("driver", "driver"), ("customer", "customer"), ("customer", "bearer"), ("customer", "scope")]
        .into_iter()
        .filter_map(|(table, column)| is_refused(table).then_some(column))
        .collect();
    for (table, column, words) in named.into_iter().chain(WORDS).filter(|(_, column, _)| !unknowable.contains(column)) {
        if let Some(table) = tables.get(table) {
            column_of(table, column, words, faults);
        }
    }
    both(tables, &councils, &companies, faults);
}

/// A customer has a name of its own: figures would not say whose they are.
fn both(tables: &BTreeMap<String, ReferenceTable>, councils: &[&str], companies: &[&str], faults: &mut Vec<Diagnostic>) {
    for row in rows(tables, "customer").filter(|row| councils.iter().chain(companies).any(|id| *id == row.word("customer"))) {
        let seen = format!("the customer `{}` has the name of a council or company", row.word("customer"));
        faults.push(
            row.fault(reference::VALUE, seen)
                .expected("a name of its own for every organisation")
                .hint("Give the customer another identifier."),
        );
    }
}

/// Whether a reference table could not be read.
pub fn refused(table: &str, faults: &[Diagnostic]) -> bool {
    let file = format!("pipelines/reference/{table}.csv");
    faults.iter().any(|fault| fault.severity == Severity::Error && fault.place.as_ref().is_some_and(|place| place.file == file))
}

fn distinct<'t>(texts: impl Iterator<Item = &'t str>) -> Vec<&'t str> {
    let mut distinct: Vec<&str> = Vec::new();
    texts.for_each(|text| {
        if !distinct.contains(&text) {
            distinct.push(text);
        }
    });
    distinct
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
        let expected = if known.is_empty() {
            "a row of its own table first: there is none".to_owned()
        } else {
            format!("one of {}", known.join(", "))
        };
        let fault =
            Diagnostic::new(reference::UNKNOWN, format!("`{column}` is `{}`, which the partnership does not have", value.escape_debug()));
        let hint = [near, rest].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ");
        faults.push(fault.place(at(&table.file, *line)).expected(expected).outcome(UNTOUCHED).hint(hint));
    }
}
