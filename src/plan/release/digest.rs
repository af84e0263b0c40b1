//! Digests: what a cost line, and a release, were made from.

use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::ReleasePlan;
use crate::{
    domain::Digest,
    lake::DeliveryRecord,
    pipeline::{HOLIDAYS, Partnership, RechargeLimit},
};

/// Digest of everything but the lines themselves that decides what a cost line says.
#[must_use]
pub fn rules_digest(p: &Partnership) -> String {
    let mut hash = Sha256::new();
    hash.update(program());
    // By bank holidays deliveries are awaited: no figure depends on them.
    for (name, table) in p.references.iter().filter(|(name, _)| *name != HOLIDAYS) {
        hash.update(format!("{name} {}\n", table.digest));
    }
    for query in &p.cost.queries {
        hash.update(format!("{}/{} {}\n", query.stage, query.table, query.digest));
    }
    for kernel in p.cost.kernels.iter().filter(|kernel| kernel.named) {
        let from: Vec<&str> = kernel.from.iter().map(|table| &**table).collect();
        hash.update(format!("{} {} {}\n", kernel.table, kernel.kernel.as_str(), from.join(" ")));
    }
    for (name, contract) in p.contracts.iter().filter(|(name, _)| name.starts_with("published/")) {
        hash.update(format!("{name} {}\n", contract.digest));
    }
    // What a common table means, where that is not what it meant before contracts could say so.
    for said in p.contracts.values().filter_map(|contract| contract.declares()) {
        hash.update(said);
    }
    for (from, method) in &p.cost.allocation {
        hash.update(format!("{from} {}\n", method.as_str()));
    }
    hash.update(format!("{:?} {:?} {:?} {:?} {:?} {:?}", p.calendar, p.councils, p.companies, p.services, p.members, p.suspense_limit));
    hash.update(format!("{:?} {}", p.payroll_limit, p.small_group));
    if p.recharge != RechargeLimit::default() {
        hash.update(format!("{:?}", p.recharge));
    }
    Digest(hash.finalize().into()).hex()
}

/// Digest of everything that decides what the release says.
#[must_use]
pub fn run_digest(partnership: &Partnership, rules: &str, plan: &ReleasePlan, known: &[DeliveryRecord]) -> String {
    let mut hash = Sha256::new();
    hash.update(rules);
    hash.update(said_of_columns(partnership));
    for source in &plan.sources {
        hash.update(format!("{} {} {}\n", source.key(), source.file.name, source.delivery));
        if let Some(carried) = source.carried {
            hash.update(format!("of {}\n", carried.from));
        }
    }
    for source in &plan.beside {
        hash.update(format!(
            "beside {} {} {} {:?}\n",
            source.table,
            source.key(),
            source.file.name,
            source.as_at.map(|day| day.to_string())
        ));
    }
    for behind in plan.behind(known) {
        hash.update(format!("{} {}\n", behind.record.delivery_id, json!(behind.record.proof)));
    }
    for slot in &plan.empty {
        hash.update(format!("{slot} empty\n"));
    }
    // A statement is part of every release from its reopening on.
    for (number, period) in &plan.reopened {
        hash.update(format!("reopened {number} {period}\n"));
    }
    Digest(hash.finalize().into()).hex()
}

/// What the contracts of extracts, common and reference tables say of their columns that no row shows: what is personal, what includes
/// VAT. A release shows the one and may not show the other.
fn said_of_columns(partnership: &Partnership) -> String {
    let extracts = partnership.feeds.iter().flat_map(|feed| feed.contracts.iter().map(|(_, contract)| contract));
    let others = partnership.contracts.iter().filter(|(name, _)| !name.starts_with("published/")).map(|(_, contract)| contract);
    let columns = extracts.chain(others).flat_map(|contract| contract.columns.iter().map(move |column| (&contract.file, column)));
    let said = columns.filter(|(_, column)| column.rules.personal.is_some() || column.rules.includes_vat.is_some());
    said.map(|(file, column)| format!("{file} {} {:?} {:?}\n", column.name, column.rules.personal, column.rules.includes_vat)).collect()
}

/// Name and version of this program: another version may say something else of the same inputs.
#[must_use]
pub fn program() -> String {
    concat!("truecost ", env!("CARGO_PKG_VERSION")).to_owned()
}

/// Digest of texts, each told apart from the next.
#[must_use]
pub fn digest_of(of: &[&str]) -> String {
    let mut hash = Sha256::new();
    for text in of {
        hash.update(text);
        hash.update([0]);
    }
    Digest(hash.finalize().into()).hex()
}
