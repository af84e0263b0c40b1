//! Every SQL file planned against what it reads and fills; needs no data.

use std::collections::BTreeMap;

use super::{check_personal, plan_cost, project};
use crate::{
    decode::{DateOverlap, overlapping_dates},
    diagnostic::{
        Answer, Diagnostic, Place, Refusal,
        codes::{config, contract::DATES_OVERLAP},
    },
    engine::Projection,
    pipeline::{Feed, Partnership},
    schema::{Column, Contract},
};

/// What was found sound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Validated {
    pub councils: usize,
    pub services: usize,
    pub feeds: usize,
    pub contracts: usize,
    pub references: usize,
    pub queries: usize,
}

/// Plans the SQL of every feed with every contract that it may meet, and every query of the cost model.
///
/// # Errors
/// All faults of all files: TC0801 to TC0809, TC0814 and TC0815; TC0715.
pub fn validate(partnership: &Partnership) -> Answer<Validated> {
    let mut faults = Vec::new();
    let mut contracts = partnership.contracts.len();
    for feed in &partnership.feeds {
        let Some(into) = partnership.contracts.get(&format!("common/{}", feed.into)) else { continue };
        for (_, contract) in &feed.contracts {
            contracts += 1;
            match project(feed, contract, into) {
                Ok((projection, _)) => faults.extend(no_time(feed, feed.sql_of(contract).0, into, &projection)),
                Err(refusal) => faults.extend(refusal.0),
            }
        }
    }
    let plan = plan_cost(partnership).map_err(|refusal| faults.extend(refusal.0)).ok();
    // Columns can be followed only through SQL that is sound.
    if let Some(Err(refusal)) = plan.filter(|_| faults.is_empty()).map(|plan| check_personal(partnership, &plan)) {
        faults.extend(refusal.0);
    }
    if !faults.is_empty() {
        return Err(Refusal(faults));
    }
    Ok(Validated {
        councils: partnership.councils.len(),
        services: partnership.services.len(),
        feeds: partnership.feeds.len(),
        contracts,
        references: partnership.references.len(),
        queries: partnership.feeds.len() + partnership.cost.queries.len(),
    })
}

/// Date formats of the feeds' contracts by which one text is two days: no fault, for rows that only one fits are read.
#[must_use]
pub fn overlapping_formats(partnership: &Partnership) -> Vec<Diagnostic> {
    let contracts: BTreeMap<&str, &Contract> =
        partnership.feeds.iter().flat_map(|feed| &feed.contracts).map(|(_, contract)| (contract.file.as_str(), &**contract)).collect();
    let columns = contracts.into_values().flat_map(|contract| contract.columns.iter().map(move |column| (contract, column)));
    let told = |(contract, column): (&Contract, &Column)| {
        let found = overlapping_dates(&column.rules.dates, column.rules.window.is_some());
        let report = |overlap: DateOverlap| {
            let ((one, other), (day, also)) = (&overlap.formats, overlap.days);
            let seen = format!("`{}` of `{}` is {day} by `{one}` and {also} by `{other}`", overlap.text, column.name);
            Diagnostic::warning(DATES_OVERLAP, seen)
                .place(Place::file(&contract.file))
                .expected("formats of which each text fits one, or a `window` that holds one of the days")
                .outcome("nothing was run; a row that both fit will be quarantined, any other is read")
                .hint("take one of the formats away, or narrow the `window`")
        };
        found.into_iter().map(report).collect::<Vec<_>>()
    };
    columns.flat_map(told).collect()
}

/// The SQL gives a row neither a period nor a date, and a file covers several periods: none of its rows would have a place in one.
fn no_time(feed: &Feed, sql_file: &str, into: &Contract, projection: &Projection) -> Option<Diagnostic> {
    let date = into.special.date.as_deref();
    let lacks = feed.may_cover_several() && projection.leaves_out_period() && date.is_none_or(|date| projection.left_out().contains(&date));
    lacks.then(|| {
        let neither = match date {
            Some(date) => format!("the SQL gives neither `{date}` nor `fiscal_year` and `period`"),
            None => format!("the SQL gives no `fiscal_year` and `period`, and `{}` has no date", into.name),
        };
        Diagnostic::new(config::NO_TIME, neither)
            .place(Place::file(sql_file))
            .expected(format!(
                "one of them: a file of {} covers several periods, and nothing else says in which of them a row counts",
                feed.name()
            ))
            .outcome("nothing was run; what was accepted and published before stays")
            .hint(format!(
                "Give the date or the period from the columns of the file; where a file is of one month, say `extent: one` in {}.",
                feed.file
            ))
    })
}
