//! Under two keys one person has two pseudonyms: what a period reads of a council's persons stands under one key, or the period is not made.

use std::collections::{BTreeMap, BTreeSet};

use super::{ReleasePlan, Verdicts, beside_in};
use crate::{
    diagnostic::{Diagnostic, codes},
    lake::DeliveryRecord,
    pipeline::Partnership,
    plan::Scope,
};

/// The periods that read rows of a council's persons under two keys, with a report for each council.
pub(super) fn verdicts(partnership: &Partnership, plan: &ReleasePlan, deliveries: &[DeliveryRecord]) -> Verdicts {
    let ids: BTreeMap<&str, &str> =
        deliveries.iter().filter_map(|record| Some((&*record.delivery_id, &*record.keys.as_ref()?.pseudonym))).collect();
    let mut used: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for source in &plan.beside {
        used.entry(&source.file.council).or_default().extend(ids.get(&*source.delivery).copied());
    }
    used.retain(|_, keys| keys.len() > 1);
    if used.is_empty() {
        return Verdicts::new();
    }
    let tables: BTreeSet<&str> = plan.beside.iter().map(|source| &*source.table).filter(|table| partnership.is_of_persons(table)).collect();
    let mut verdicts = Verdicts::new();
    for period in plan.release_periods() {
        for council in used.keys() {
            let scope = Scope::Council((*council).to_owned(), period);
            let read = tables.iter().flat_map(|table| beside_in(&plan.beside, partnership.calendar, table, &scope));
            let mut keys: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
            for source in read {
                if let Some(id) = ids.get(&*source.delivery) {
                    keys.entry(id).or_default().insert(format!("{}/{}", source.file.council, source.file.feed));
                }
            }
            if keys.len() > 1 {
                verdicts.entry(period).or_default().push(two_keys(council, &keys));
            }
        }
    }
    verdicts
}

/// `northam/payroll and northam/assignment stand under two keys, 0123abcd and 4567cdef`.
fn two_keys(council: &str, keys: &BTreeMap<&str, BTreeSet<String>>) -> Diagnostic {
    let feeds: BTreeSet<&str> = keys.values().flatten().map(String::as_str).collect();
    // Pay first, as everybody speaks of it.
    let feeds: Vec<&str> = feeds.into_iter().rev().collect();
    let ids: Vec<&str> = keys.keys().copied().collect();
    let (stand, number) = (if feeds.len() == 1 { "stands" } else { "stand" }, if ids.len() == 2 { "two" } else { "several" });
    let seen = format!("{} {stand} under {number} keys, {}", feeds.join(" and "), ids.join(" and "));
    Diagnostic::new(codes::checks::TWO_KEYS, seen).hint(format!("truecost run {council} --force"))
}
