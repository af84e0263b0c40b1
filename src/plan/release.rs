//! What the next release is made from, and which periods must wait: decided from the partnership, the register and the lake's files
//! alone, so that a run, a plan and a report say the same.

use std::collections::BTreeSet;

use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::closing::closing_is_due;
use crate::{
    diagnostic::{Answer, Diagnostic, Refusal, codes},
    domain::{Digest, Period, counted},
    lake::{DeliveryRecord, DeliveryState, LakeFile, holder},
    pipeline::{Basis, Feed, Missing, Partnership},
};

/// One partition of a common table from which costs are read.
#[derive(Clone, Debug)]
pub struct CostSource {
    pub basis: Basis,
    pub file: LakeFile,
    /// The delivery that stands in it.
    pub delivery: String,
}

impl CostSource {
    /// `newham/general_ledger/2018/P01`.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}/{}/{}", self.file.council, self.file.feed, self.file.period)
    }
}

/// Periods for which a required feed has brought nothing: left out, or published without it.
#[derive(Default)]
pub struct Waiting {
    pub blocked: Vec<Diagnostic>,
    pub carried: Vec<Diagnostic>,
}

/// The files from which costs are read, and the periods that must wait.
#[must_use]
pub fn cost_sources(partnership: &Partnership, known: &[DeliveryRecord], files: &[(Basis, LakeFile)]) -> (Vec<CostSource>, Waiting) {
    let calendar = partnership.calendar;
    let basis_on = |council: &str, period: Period| partnership.basis_on(council, calendar.days_of(period).0);
    let mut sources: Vec<CostSource> = Vec::new();
    for (basis, file) in files {
        let delivery = holder(known, &file.council, &file.feed, file.period);
        if let (Some(delivery), true) = (delivery, basis_on(&file.council, file.period) == Some(*basis)) {
            sources.push(CostSource { basis: *basis, file: file.clone(), delivery: delivery.delivery_id.clone() });
        }
    }
    let periods: BTreeSet<Period> = sources.iter().map(|s| s.file.period).collect();
    let Waiting { mut blocked, mut carried } = Waiting::default();
    for period in periods {
        let first = calendar.days_of(period).0;
        let lacking = |missing: Missing| -> Vec<String> {
            let feeds = partnership.feeds.iter();
            feeds
                .filter(|feed| feed.required && feed.missing == missing && feed.active.contains(first))
                .filter(|feed| basis_on(&feed.council, period).is_some_and(|basis| basis.common_table() == &*feed.into))
                .filter(|feed| holder(known, &feed.council, &feed.id, period).is_none())
                .filter(|feed| closing_is_due(feed, calendar, period, known))
                .map(Feed::name)
                .collect()
        };
        let (block, carry) = (lacking(Missing::Block), lacking(Missing::Carry));
        if !block.is_empty() {
            blocked.push(is_blocked(period, &block));
            sources.retain(|s| s.file.period != period);
        } else if !carry.is_empty() {
            carried.push(is_carried(period, &carry));
        }
    }
    if sources.is_empty() {
        blocked.iter_mut().for_each(|d| "nothing is published: no other period has lines of the basis in use".clone_into(&mut d.outcome));
    }
    sources.sort_by(|a, b| (a.file.period, a.key(), &a.file.name).cmp(&(b.file.period, b.key(), &b.file.name)));
    (sources, Waiting { blocked, carried })
}

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
pub fn run_digest(rules: &str, sources: &[CostSource], known: &[DeliveryRecord]) -> String {
    let mut hash = Sha256::new();
    hash.update(rules);
    for source in sources {
        hash.update(format!("{} {} {}\n", source.key(), source.file.name, source.delivery));
    }
    for record in current(known, sources) {
        hash.update(format!("{} {}\n", record.delivery_id, json!(record.proof)));
    }
    Digest(hash.finalize().into()).hex()
}

/// The deliveries that stand behind these files, and those of the tables behind them that hold no row, by council, feed, periods.
#[must_use]
pub fn current<'k>(known: &'k [DeliveryRecord], sources: &[CostSource]) -> Vec<&'k DeliveryRecord> {
    let ids: BTreeSet<&str> = sources.iter().map(|s| s.delivery.as_str()).collect();
    let feeds: BTreeSet<(&str, &str)> = sources.iter().map(|s| (s.file.council.as_str(), s.file.feed.as_str())).collect();
    let is_empty = |r: &DeliveryRecord| {
        let of_feed = |o: &&DeliveryRecord| o.is_of(&r.council, &r.feed);
        let read = feeds.contains(&(r.council.as_str(), r.feed.as_str()));
        read && r.state == DeliveryState::Accepted && r.proof.periods.is_empty() && r.stands(&known.iter().filter(of_feed))
    };
    let mut records: Vec<_> = known.iter().filter(|r| ids.contains(r.delivery_id.as_str()) || is_empty(r)).collect();
    records.sort_by(|a, b| (&a.council, &a.feed, &a.coverage, &a.delivery_id).cmp(&(&b.council, &b.feed, &b.coverage, &b.delivery_id)));
    records
}

/// A period that must wait for a required feed.
fn is_blocked(period: Period, lacking: &[String]) -> Diagnostic {
    Diagnostic::warning(
        codes::control::PERIOD_BLOCKED,
        format!("{period} is not published: {} has no accepted delivery for it", lacking.join(", ")),
    )
    .expected("every required feed of the basis in use, for every period that is published")
    .outcome("its lines wait in the lake; the other periods are published")
    .hint(format!(
        "put the file into the feed's folder (`truecost plan` says what is there) and type truecost run; or say `required: false` in {}",
        lacking.iter().map(|feed| format!("pipelines/{feed}.yaml")).collect::<Vec<_>>().join(", ")
    ))
}

/// A period that is published although a required feed has brought nothing for it, because the feed says `missing: carry`.
fn is_carried(period: Period, lacking: &[String]) -> Diagnostic {
    Diagnostic::warning(
        codes::control::PERIOD_BLOCKED,
        format!("{period} is published without {}, which has no accepted delivery for it", lacking.join(", ")),
    )
    .expected("every required feed of the basis in use, for every period that is published")
    .outcome("what the feed brought before stays as it is; nothing stands in for what is missing (`missing: carry`)")
    .hint("put the file into the feed's folder and type truecost run; or say `missing: block`, so that such a period waits")
}

/// Every row that was accepted is in the lake: per period, the files hold as many rows as the delivery's proof says.
///
/// # Errors
/// TC1250 with every period in which rows are missing.
pub fn all_there(known: &[DeliveryRecord], table: &str, files: &[&LakeFile]) -> Answer<()> {
    let mut faults = Vec::new();
    for record in known.iter().filter(|r| r.table == table && r.state == DeliveryState::Accepted) {
        if record.lost {
            let of_feed = known.iter().filter(|r| r.is_of(&record.council, &record.feed));
            if record.stands(&of_feed) {
                faults.push(not_in_lake(record));
            }
            continue;
        }
        for (text, proof) in &record.proof.periods {
            let Some(period) = Period::parse(text) else { continue };
            let stands = holder(known, &record.council, &record.feed, period).is_some_and(|r| r.delivery_id == record.delivery_id);
            let of_it = |f: &&&LakeFile| f.council == record.council && f.feed == record.feed && f.period == period;
            let rows: u64 = files.iter().filter(of_it).map(|f| f.rows).sum();
            if stands && rows != proof.rows {
                let seen =
                    format!("{}/{} {text}: {} accepted, {rows} in lake/{table}", record.council, record.feed, counted(proof.rows, "row"));
                faults.push(
                    Diagnostic::new(codes::checks::UNEXPLAINED, seen)
                        .expected("every accepted row in its common table")
                        .outcome("nothing was published; the last release is unchanged")
                        .hint("put the table's folder back; or move it aside and run again: deliveries are brought in from their landed bytes"),
                );
            }
        }
    }
    let waits = |f: &LakeFile| {
        let covers = |r: &DeliveryRecord| r.replaces().is_some_and(|replaced| replaced.contains(f.period));
        known.iter().any(|r| r.lost && r.is_of(&f.council, &f.feed) && covers(r))
    };
    let ownerless = |f: &&&LakeFile| f.rows > 0 && holder(known, &f.council, &f.feed, f.period).is_none() && !waits(f);
    faults.extend(files.iter().filter(ownerless).map(|f| ownerless_rows(table, f)));
    if faults.is_empty() { Ok(()) } else { Err(Refusal(faults)) }
}

/// Rows in a common table that no accepted delivery stands for.
fn ownerless_rows(table: &str, file: &LakeFile) -> Diagnostic {
    let feed = format!("{}/{}", file.council, file.feed);
    let seen = format!("{feed} {}: {} in lake/{table} of no accepted delivery", file.period, counted(file.rows, "row"));
    Diagnostic::new(codes::checks::UNEXPLAINED, seen)
        .expected("a delivery in the register for every row of a common table")
        .outcome("nothing was published; the last release is unchanged")
        .hint(format!("truecost run --force {feed}"))
}

/// An accepted delivery that waits to be brought in again.
fn not_in_lake(record: &DeliveryRecord) -> Diagnostic {
    let covers = record.covers().map(|c| c.to_string()).unwrap_or_default();
    let seen = format!(
        "{}/{} {covers}: the rows of delivery {} are not in lake/{}",
        record.council, record.feed, record.delivery_id, record.table
    );
    let feed = format!("{}/{}", record.council, record.feed);
    let hint = if record.last_attempt.is_some() {
        format!(
            "it was refused when it was judged again: correct what refused it, or bring a newer file for {covers}; then truecost run {feed}"
        )
    } else {
        format!("bring it in again from its landed bytes: truecost run {feed}")
    };
    Diagnostic::new(codes::checks::UNEXPLAINED, seen)
        .expected("every accepted row in its common table")
        .outcome("nothing was published; the last release is unchanged")
        .hint(hint)
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
