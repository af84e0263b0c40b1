//! Digests: what a cost line, and a release, were made from.

use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::ReleasePlan;
use crate::{domain::Digest, lake::DeliveryRecord, pipeline::Partnership};

/// Digest of everything but the lines themselves that decides what a cost line says.
#[must_use]
pub fn rules_digest(p: &Partnership) -> String {
    let mut hash = Sha256::new();
    hash.update(program());
    for (name, table) in &p.references {
        hash.update(format!("{name} {}\n", table.digest));
    }
    for query in &p.cost.queries {
        hash.update(format!("{}/{} {}\n", query.stage, query.table, query.digest));
    }
    for (name, contract) in p.contracts.iter().filter(|(name, _)| name.starts_with("published/")) {
        hash.update(format!("{name} {}\n", contract.digest));
    }
    hash.update(format!("{:?} {:?} {:?} {:?} {:?} {:?}", p.calendar, p.councils, p.companies, p.services, p.members, p.suspense_limit));
    Digest(hash.finalize().into()).hex()
}

/// Digest of everything that decides what the release says.
#[must_use]
pub fn run_digest(rules: &str, plan: &ReleasePlan, known: &[DeliveryRecord]) -> String {
    let mut hash = Sha256::new();
    hash.update(rules);
    for source in &plan.sources {
        hash.update(format!("{} {} {}\n", source.key(), source.file.name, source.delivery));
    }
    for behind in plan.behind(known) {
        hash.update(format!("{} {}\n", behind.record.delivery_id, json!(behind.record.proof)));
    }
    for slot in &plan.empty {
        hash.update(format!("{slot} empty\n"));
    }
    Digest(hash.finalize().into()).hex()
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
