//! What the kernels say where a period's cost cannot be allocated, or where a proof of theirs fails.

use crate::{
    diagnostic::{self, Diagnostic, codes::checks},
    domain::Refusal,
    plan::KernelInput,
};

use super::{
    model::{Pool, PoolSet},
    share::left_out,
};

/// The period is blocked by name; others are published. A failed proof stops everything.
pub(super) fn refused(refusal: &Refusal, set: &PoolSet, input: &KernelInput<'_>) -> diagnostic::Refusal {
    if let Refusal::Unproved(unproved) = refusal {
        return unproved_by("18", &unproved.to_string());
    }
    let of_pool = |service: &str, said: &dyn Fn(&Pool) -> String| match set.pools.get(service) {
        Some(pool) => format!("{}: {}", pool.name, said(pool)),
        None => refusal.to_string(),
    };
    let why = match refusal {
        Refusal::NoVolume { service } => of_pool(service, &|pool| match (pool.driver.as_str(), pool.lacks.as_str()) {
            (driver, "") => format!("no volume of {driver}"),
            (driver, lacks) => format!("{driver} lacks {lacks}"),
        }),
        Refusal::NoShare { service } => of_pool(service, &|_| match left_out(input, service).as_slice() {
            [] => format!("no share of {service} is in force"),
            lacking => format!("no share of {service} is in force: {} has none", lacking.join(", ")),
        }),
        Refusal::NoPartner { service } => of_pool(service, &|_| format!("{service} has no partner that could bear it")),
        Refusal::NegativeVolume { service, volume } => of_pool(service, &|pool| format!("a volume of {volume} of {}", pool.driver)),
        other => other.to_string(),
    };
    // What becomes of the period is decided by the plan of the release.
    Diagnostic::new(checks::NOT_ALLOCATED, why).into()
}

/// A proof of a kernel that does not hold: the code is wrong.
pub(super) fn unproved_by(check: &str, why: &str) -> diagnostic::Refusal {
    Diagnostic::new(checks::ALLOCATION_UNPROVED, format!("check {check}: {why}"))
        .expected("every part of every cost, exactly")
        .outcome("nothing was published; the last release is unchanged")
        .hint("this is a fault of truecost: report it with the output of `truecost validate`")
        .into()
}

/// A table of a query that stands before holds what none holds that the program ships.
pub(super) fn unsound(why: &str) -> diagnostic::Refusal {
    Diagnostic::new(checks::UNEXPLAINED, format!("a table from which costs are allocated is unsound: {why}"))
        .outcome("nothing was published; the last release is unchanged")
        .hint("compare pipelines/cost/allocate with the reference partnership's: `truecost init` in an empty folder")
        .into()
}
