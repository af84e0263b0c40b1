//! What a release is made from, kind by kind; and of which kinds two releases differ.

use std::collections::{BTreeMap, BTreeSet};

use super::{Beside, ReleasePlan, digest_of};
use crate::{
    diagnostic::{Answer, Diagnostic, Place, codes::config},
    domain::{Cause, Digest, Period},
    lake::{Closing, Closings, MadeBy, MadeFrom, Manifest},
    pipeline::{HOLIDAYS, Partnership},
    plan::Scope,
    schema,
};

/// What the manifest says of the files, the partnership and the data behind a release; the archive of the files is for who keeps it.
///
/// # Errors
/// TC0616 where a file is not the one that was read: somebody wrote it in that very moment.
pub fn made_from(partnership: &Partnership, release: &ReleasePlan) -> Answer<MadeFrom> {
    let digests: BTreeMap<&str, Digest> = partnership.files.iter().map(|(name, bytes)| (name.as_str(), schema::digest_of(bytes))).collect();
    if let Some(file) = read_files(partnership).find_map(|(file, digest)| (digests.get(file)? != digest).then_some(file)) {
        return Err(was_changed(file).into());
    }
    let p = partnership;
    Ok(MadeFrom {
        archive: None,
        files: digests.into_iter().map(|(name, digest)| (name.to_owned(), digest.hex())).collect(),
        membership: digest_of(&[&format!("{:?} {:?} {:?} {:?}", p.councils, p.companies, p.services, p.members)]),
        limits: digest_of(&[&format!("{:?} {:?} {:?} {} {:?}", p.calendar, p.suspense_limit, p.payroll_limit, p.small_group, p.recharge)]),
        data: data(partnership, release),
        taken_over: BTreeMap::new(),
    })
}

/// By what the parts of closed periods and of blocked ones were made, which are taken over from the `latest` release into `new`. `closing` reads
/// the release with which a period was closed: that is asked of a lake of a version before alone.
pub fn taken_over(
    release: &ReleasePlan,
    closings: &Closings,
    latest: Option<&Manifest>,
    new: &Manifest,
    closing: impl Fn(&str) -> Option<Manifest>,
) -> BTreeMap<String, MadeBy> {
    let own = own(new);
    let one = |(period, of): (Period, Option<&Closing>)| {
        let latest = latest?;
        let is_told = |of: &Closing| {
            let rules = latest.content.proofs.get("rules").and_then(|rules| rules.as_str());
            of.release.as_deref() == Some(&*latest.release) || rules == Some(&*of.rules) || taken(latest, period).is_some()
        };
        let made = match of.filter(|of| !is_told(of)) {
            Some(of) => made_by(&closing(of.release.as_deref()?)?, Some(period)),
            None => made_by(latest, Some(period)),
        };
        made.filter(|made| Some(made) != own.as_ref()).map(|made| (period.to_string(), made))
    };
    standing(release, closings).filter_map(one).collect()
}

/// What is read by periods whose parts are taken over: what it was in the `latest` release, which told of them last.
pub fn keep_data(release: &ReleasePlan, closings: &Closings, latest: Option<&Manifest>, data: &mut BTreeMap<String, String>) {
    let Some(latest) = latest else { return };
    let was = standing(release, closings).filter_map(|(period, _)| latest.made_from.data.get_key_value(&period.to_string()));
    data.extend(was.map(|(period, digest)| (period.clone(), digest.clone())));
}

/// The periods whose parts are taken over: closed ones, with their closing, and blocked ones.
fn standing<'a>(release: &ReleasePlan, closings: &'a Closings) -> impl Iterator<Item = (Period, Option<&'a Closing>)> {
    let closed = closings.closed().filter(|(_, frozen)| frozen.keeps_parts).map(|(period, frozen)| (period, Some(&frozen.closing)));
    closed.chain(release.last_good_periods().into_iter().map(|period| (period, None)))
}

fn taken(manifest: &Manifest, period: Period) -> Option<&MadeBy> {
    manifest.made_from.taken_over.get(&period.to_string())
}

/// By what a release made a period, or what it did not take over; `None` in one of a version that did not tell kinds apart.
fn made_by(manifest: &Manifest, period: Option<Period>) -> Option<MadeBy> {
    period.and_then(|period| taken(manifest, period)).cloned().or_else(|| own(manifest))
}

fn own(manifest: &Manifest) -> Option<MadeBy> {
    let made = &manifest.made_from;
    made.archive.as_ref()?;
    let digest = |kind: Cause, more: &str| {
        let files = made.files.iter().filter(|(name, _)| cause_of(name) == Some(kind)).map(|(name, digest)| format!("{name} {digest}"));
        let all: Vec<String> = files.chain([more.to_owned()]).collect();
        digest_of(&all.iter().map(String::as_str).collect::<Vec<_>>())
    };
    Some(MadeBy {
        rules: digest(Cause::Rule, &made.limits),
        contracts: digest(Cause::Contract, ""),
        membership: made.membership.clone(),
        program: manifest.content.program.clone(),
    })
}

/// The files of which a digest was taken when they were read.
fn read_files(partnership: &Partnership) -> impl Iterator<Item = (&str, &Digest)> {
    let references = partnership.references.values().map(|table| (table.file.as_str(), &table.digest));
    let queries = partnership.cost.queries.iter().map(|query| (query.file.as_str(), &query.digest));
    let of_feeds = partnership.feeds.iter().flat_map(|feed| feed.contracts.iter().map(|(_, contract)| contract));
    let contracts = partnership.contracts.values().chain(of_feeds).map(|contract| (contract.file.as_str(), &contract.digest));
    references.chain(queries).chain(contracts)
}

fn was_changed(file: &str) -> Diagnostic {
    Diagnostic::new(config::UNREADABLE_FILE, format!("`{file}` was written while truecost read it"))
        .place(Place::file(file))
        .expected("a file that stays as it is while it is read")
        .outcome("nothing was published; the last release is unchanged")
        .hint("type the same command again")
}

/// By period of the release: digest of the files that it reads, each with the delivery that stands in it. A closing period reads its year.
fn data(partnership: &Partnership, release: &ReleasePlan) -> BTreeMap<String, String> {
    let tables: BTreeSet<&str> = release.beside.iter().map(|source| source.table.as_str()).collect();
    let beside = Beside::of(&release.beside, partnership.calendar);
    let read_by = |period: Period| {
        let lines = release.sources.iter().chain(&release.last_good).filter(move |source| source.file.period == period);
        let lines = lines.map(|s| format!("{} {} {} {}", s.basis.common_table(), s.key(), s.file.name, s.delivery));
        let beside = tables.iter().flat_map(|table| beside.in_scope(table, &Scope::Period(period)).into_iter().map(move |s| (table, s)));
        let beside = beside.map(|(table, s)| format!("{table} {} {} {}", s.key(), s.file.name, s.delivery));
        let empty = release.empty.iter().filter(move |slot| slot.period == period).map(|slot| format!("{slot} empty"));
        lines.chain(beside).chain(empty).collect::<Vec<_>>()
    };
    let periods = release.release_periods();
    let of_period = |period: &Period| {
        let is_read = |other: &&Period| *other == period || (partnership.calendar.is_closing(*period) && other.year == period.year);
        let mut all: Vec<String> = periods.iter().filter(is_read).flat_map(|period| read_by(*period)).collect();
        all.sort_unstable();
        digest_of(&all.iter().map(String::as_str).collect::<Vec<_>>())
    };
    periods.iter().map(|period| (period.to_string(), of_period(period))).collect()
}

/// Of which kinds the digests of two releases differ: those of one period, or of all where `period` is `None`. A version before kept one
/// digest over rules, contracts and membership together: where that differs, or one of the two has no digests of its own, all three are
/// named, for none of them can be excluded.
#[must_use]
pub fn causes(old: &Manifest, new: &Manifest, period: Option<Period>) -> BTreeSet<Cause> {
    let mut causes = BTreeSet::new();
    let Some((before, after)) = made_by(old, period).zip(made_by(new, period)) else { return causes_of_before(old, new) };
    causes.extend(differing(&before, &after));
    let (before, after) = (&old.made_from, &new.made_from);
    let is_same = match period {
        Some(period) => before.data.get(&period.to_string()) == after.data.get(&period.to_string()),
        None => before.data == after.data,
    };
    if !is_same {
        causes.insert(Cause::Data);
    }
    if period.is_none() {
        // What was taken over was made by something else than the release.
        let names: BTreeSet<&String> = before.taken_over.keys().chain(after.taken_over.keys()).collect();
        let in_both = names.into_iter().filter(|name| before.data.contains_key(*name) && after.data.contains_key(*name));
        let sides = |name: &String| {
            let period = Period::parse(name);
            made_by(old, period).zip(made_by(new, period))
        };
        causes.extend(in_both.filter_map(sides).flat_map(|(before, after)| differing(&before, &after)));
    }
    causes
}

fn causes_of_before(old: &Manifest, new: &Manifest) -> BTreeSet<Cause> {
    let mut causes = BTreeSet::new();
    if old.content.program != new.content.program {
        causes.insert(Cause::Program);
    }
    if old.content.proofs.get("rules") != new.content.proofs.get("rules") {
        causes.extend([Cause::Rule, Cause::Contract, Cause::Membership]);
    }
    if old.content.lake != new.content.lake || old.content.tables.get("delivery") != new.content.tables.get("delivery") {
        causes.insert(Cause::Data);
    }
    causes
}

/// The kinds by which two of them were not made by the same.
fn differing(before: &MadeBy, after: &MadeBy) -> Vec<Cause> {
    let kinds: [(Cause, fn(&MadeBy) -> &String); 4] = [
        (Cause::Rule, |made| &made.rules),
        (Cause::Contract, |made| &made.contracts),
        (Cause::Membership, |made| &made.membership),
        (Cause::Program, |made| &made.program),
    ];
    kinds.into_iter().filter(|(_, of)| of(before) != of(after)).map(|(cause, _)| cause).collect()
}

/// The kind of a file that says something of figures by itself; `None` of the partnership file, of which [`MadeFrom`] tells what it says,
/// and of feeds and their controls: what they say is in the data, or is not.
fn cause_of(file: &str) -> Option<Cause> {
    if file.starts_with("schemas/") && !file.starts_with("schemas/sources/") {
        Some(Cause::Contract)
    } else if file.strip_prefix("pipelines/reference/").is_some_and(|name| name.strip_suffix(".csv") == Some(HOLIDAYS)) {
        // Days of supply: no figure depends on them.
        None
    } else if file.starts_with("pipelines/cost/") || file.starts_with("pipelines/reference/") {
        Some(Cause::Rule)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const APRIL: Period = Period { year: 2018, period: 1 };
    const MAY: Period = Period { year: 2018, period: 2 };

    fn release() -> Manifest {
        let files = ["pipelines/partnership.yaml", "pipelines/newham/ledger.yaml", "pipelines/cost/a.sql", "schemas/common/x.odcs.yaml"];
        let made_from = MadeFrom {
            archive: Some("a".into()),
            files: files.map(|name| (name.to_owned(), "1".to_owned())).into(),
            membership: "m".into(),
            limits: "l".into(),
            data: [(APRIL, "x"), (MAY, "y")].map(|(period, digest)| (period.to_string(), digest.to_owned())).into(),
            taken_over: BTreeMap::new(),
        };
        Manifest { made_from, ..Manifest::default() }
    }

    fn with(change: impl Fn(&mut Manifest)) -> Manifest {
        let mut manifest = release();
        change(&mut manifest);
        manifest
    }

    fn said(new: &Manifest, period: Option<Period>) -> String {
        Cause::list(&causes(&release(), new, period))
    }

    #[test]
    fn each_kind_is_named_where_its_digest_differs_and_nowhere_else() {
        let file = |name: &str| with(|m| drop(m.made_from.files.insert(name.into(), "2".into())));
        assert_eq!(said(&release(), None), "nothing");
        assert_eq!(said(&file("pipelines/cost/a.sql"), None), "rule");
        assert_eq!(said(&file("pipelines/reference/new.csv"), None), "rule");
        assert_eq!(said(&file("schemas/common/x.odcs.yaml"), None), "contract");
        assert_eq!(said(&file("pipelines/partnership.yaml"), None), "nothing");
        assert_eq!(said(&file("pipelines/newham/ledger.yaml"), None), "nothing");
        assert_eq!(said(&with(|m| m.made_from.membership = "other".into()), None), "membership");
        assert_eq!(said(&with(|m| m.made_from.limits = "other".into()), None), "rule");
        assert_eq!(said(&with(|m| m.content.program = "truecost 9".into()), None), "program");
    }

    #[test]
    fn data_is_a_cause_in_the_period_that_reads_it() {
        let other = with(|m| drop(m.made_from.data.insert(MAY.to_string(), "z".into())));
        assert_eq!([said(&other, None), said(&other, Some(MAY)), said(&other, Some(APRIL))], ["data", "data", "nothing"]);
        let gone = with(|m| drop(m.made_from.data.remove(&APRIL.to_string())));
        assert_eq!([said(&gone, Some(APRIL)), said(&gone, Some(MAY))], ["data", "nothing"]);
    }

    #[test]
    fn of_a_release_of_the_version_before_no_kind_of_rule_is_excluded() {
        let old = |rules: &str| {
            let mut manifest = Manifest::default();
            manifest.content.proofs.insert("rules".into(), serde_json::json!(rules));
            manifest
        };
        assert_eq!(Cause::list(&causes(&old("a"), &old("a"), None)), "nothing");
        assert_eq!(Cause::list(&causes(&old("a"), &old("b"), None)), "rule, contract, membership");
        let new = with(|m| drop(m.content.proofs.insert("rules".into(), serde_json::json!("b"))));
        assert_eq!(Cause::list(&causes(&old("a"), &new, None)), "rule, contract, membership");
    }
}
