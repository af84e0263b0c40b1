//! Every SQL file planned against what it reads and fills; needs no data.

use super::{plan_cost, project};
use crate::{
    diagnostic::{Answer, Refusal},
    pipeline::Partnership,
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
/// All faults of all files: TC0801 to TC0809, TC0814 and TC0815.
pub fn validate(partnership: &Partnership) -> Answer<Validated> {
    let mut faults = Vec::new();
    let mut contracts = partnership.contracts.len();
    for feed in &partnership.feeds {
        let Some(into) = partnership.contracts.get(&format!("common/{}", feed.into)) else { continue };
        for (_, contract) in &feed.contracts {
            contracts += 1;
            if let Err(refusal) = project(feed, contract, into) {
                faults.extend(refusal.0);
            }
        }
    }
    if let Err(refusal) = plan_cost(partnership) {
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
