//! What reference rows of true cost ask of feeds: who feeds a driver, and whose ledger payroll's lines are resolved in.

use std::collections::BTreeSet;

use super::{
    Basis, Feed,
    typed::{Row, Tables, rows},
};
use crate::diagnostic::{Diagnostic, codes::reference};

/// What is worked out from other feeds.
const DERIVED: [&str; 3] = ["headcount", "payslips", "cost_centres"];

/// Reports everything that cannot be so.
pub fn check(tables: &Tables, feeds: &[Feed], faults: &mut Vec<Diagnostic>) {
    faults.extend(rows(tables, "driver").filter_map(|row| fed_by(row, feeds)));
    let mut told = BTreeSet::new();
    faults.extend(rows(tables, "payroll_journal").filter_map(|row| many_lines(row, feeds, &mut told)));
}

/// `*/device`, `southam/print` or `derived:headcount`, of feeds that there are.
fn fed_by(row: Row<'_>, feeds: &[Feed]) -> Option<Diagnostic> {
    let text = row.text("fed_by")?;
    let is_name = |text: &str| crate::domain::Identifier::new(text).is_ok();
    let fault = || row.fault(reference::VALUE, format!("`fed_by` is `{}`", text.escape_debug()));
    let (council, feed) = match (text.strip_prefix("derived:"), text.split_once('/')) {
        (Some(derived), _) if DERIVED.contains(&derived) => return None,
        (None, Some((council, feed))) if (council == "*" || is_name(council)) && is_name(feed) => (council, feed),
        _ => {
            let expected = "`*/<feed>` (that feed of every member), `<council>/<feed>`, or derived:headcount, derived:payslips or derived:cost_centres; empty where no feed brings it";
            return Some(fault().expected(expected));
        }
    };
    let brings = |one: &&Feed| &*one.into == "driver_volume";
    if feeds.iter().filter(brings).any(|one| *one.id == *feed && (council == "*" || *one.council == *council)) {
        return None;
    }
    let known: BTreeSet<String> = feeds.iter().filter(brings).map(Feed::name).collect();
    let expected = if known.is_empty() {
        "a feed into driver_volume; the partnership has none: leave `fed_by` empty".to_owned()
    } else {
        format!("a feed into driver_volume: {}; or empty where no feed brings it yet", known.into_iter().collect::<Vec<_>>().join(", "))
    };
    let seen = format!("`fed_by` is `{}`, and there is no such feed", text.escape_debug());
    Some(
        row.fault(reference::UNKNOWN, seen)
            .expected(expected)
            .hint(format!("Name another feed, or declare it: pipelines/{}.yaml.", text.replace('*', "COUNCIL"))),
    )
}

/// Pay is resolved line by line, and a line is told by its row in the file: where a row becomes several lines nothing tells them apart.
fn many_lines<'t>(row: Row<'t>, feeds: &[Feed], told: &mut BTreeSet<&'t str>) -> Option<Diagnostic> {
    let council = row.text("council")?;
    let is_many = |feed: &&Feed| *feed.council == *council && feed.rows_many && Basis::of_table(&feed.into) == Some(Basis::Ledger);
    let feed = feeds.iter().find(is_many).filter(|_| told.insert(council))?;
    let seen = format!("payroll's lines in the ledger of {council} are to be resolved, and {} makes several lines of a row", feed.name());
    let hint = format!(
        "Let pipelines/{name}.sql make one line of each row and leave `rows: many` out of pipelines/{name}.yaml; or take {council} out of payroll_journal.",
        name = feed.name()
    );
    Some(row.fault(reference::SCHEME, seen).expected("a ledger of which each row is one line, where pay is resolved in it").hint(hint))
}
