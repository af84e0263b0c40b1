//! That the partnership's files are sound, what they hold, and when its feeds are due.

use serde_json::json;

use super::{
    folders::without_folder,
    notes::noted,
    page::{Page, Talk},
    schedule::{due, lines, to_json},
};
use crate::{
    diagnostic::{Answer, Diagnostic, list, render},
    domain::counted,
    lake::Lake,
    pipeline::{Partnership, older_tables},
    plan,
};

/// So many of the next times of each schedule are shown.
const NEXT: usize = 5;

/// Checks every query and every rule of the partnership, and says how many there are of each. `now` is in seconds since 1970.
///
/// # Errors
/// TC08… where a query cannot be planned, and whatever else [`plan::validate`] refuses.
pub fn validate(partnership: &Partnership, now: i64, talk: Talk) -> Answer<Page> {
    let checked = plan::validate(partnership)?;
    let number = |number: usize, what: &str| counted(number as u64, what);
    let mut text = format!(
        "{}: {}, {}, {}, {}, {}, {}: all sound\n",
        partnership.name,
        number(checked.councils, "council"),
        number(checked.services, "service"),
        number(checked.feeds, "feed"),
        number(checked.contracts, "contract"),
        number(checked.references, "reference table"),
        number(checked.queries, "query")
    );
    let mut warnings = plan::overlapping_formats(partnership);
    warnings
        .extend(plan::drifted(partnership, &Lake::at(&partnership.landing, &partnership.lake, &partnership.published)?.register().all()?));
    text.extend(warnings.iter().map(|warning| format!("\n{}", render(warning, false))));
    text.push_str(&without_folder(partnership));
    let notes: Vec<Diagnostic> = partnership.notes.iter().cloned().chain(older_tables(partnership)).collect();
    if talk == Talk::Plain {
        text.push_str(&noted(notes.len(), "truecost validate -v"));
    }
    let schedules = due(partnership, now, NEXT);
    if talk > Talk::Quiet {
        text.extend(schedules.iter().map(|schedule| format!("\n{}", lines(schedule))));
    }
    let json = json!({"councils": checked.councils, "services": checked.services, "feeds": checked.feeds, "contracts": checked.contracts,
        "references": checked.references, "queries": checked.queries, "schedules": to_json(&schedules), "notes": list(&notes),
        "warnings": list(&warnings)});
    Ok(Page::new("validate", text, json))
}
