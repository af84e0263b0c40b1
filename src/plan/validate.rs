//! Every SQL file planned against what it reads and fills; needs no data.

use super::{check_personal, plan_cost, project};
use crate::{
    diagnostic::{Answer, Diagnostic, Place, Refusal, codes::config},
    engine::Projection,
    pipeline::{Feed, Partnership},
    schema::Contract,
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
