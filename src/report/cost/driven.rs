//! How a service's cost goes on: its pool, what drives it, and the share in force of its partners.

use std::collections::BTreeMap;

use super::{
    book::{Book, Driver, Pool, Registered, Volume},
    shown,
};
use crate::{
    diagnostic::Answer,
    domain::{ALL_GROUPS, Fraction, NOT_DISTRIBUTED},
    report::page::{Align, Table},
};

/// Pools, drivers, volumes and shares of a period.
pub(in crate::report) struct Driven {
    pub pools: Vec<Pool>,
    pub drivers: BTreeMap<String, Driver>,
    pub volumes: Vec<Volume>,
    pub register: Vec<Registered>,
    /// By service.
    pub members: BTreeMap<String, Vec<String>>,
    /// By service: `final`, `support` or `both`.
    pub kinds: BTreeMap<String, String>,
    /// Feeds and ids of the release's deliveries that cover the period.
    pub deliveries: Vec<(String, String)>,
}

/// A volume as one giving service counts it.
pub(in crate::report) struct Used<'v> {
    pub volume: &'v Volume,
    /// `northam (partner)`, `hr (service)`, `oak_academy (external, legal)`.
    pub by: String,
    /// Why it is in no denominator of this service; empty where it counts.
    pub not_counted: &'static str,
}

impl Driven {
    pub(in crate::report) fn of(book: &Book<'_>) -> Answer<Self> {
        let kinds = book.each("SELECT service, kind FROM service", |row| Ok((row.text("service")?, row.text("kind")?)))?;
        Ok(Self {
            pools: book.pools()?,
            drivers: book.drivers()?,
            volumes: book.volumes()?,
            register: book.register()?,
            members: book.members()?,
            kinds: kinds.into_iter().collect(),
            deliveries: book.deliveries()?,
        })
    }

    /// The pool by which a service gives in a set of pools: one of that account group, else its general one, which does not cover what is
    /// not distributed.
    pub(in crate::report) fn pool(&self, set: &str, service: &str) -> Option<&Pool> {
        let of = |group: &str| self.pools.iter().find(|pool| pool.service == service && pool.account_group == group);
        let own = if set == ALL_GROUPS { None } else { of(set) };
        if set == NOT_DISTRIBUTED { own } else { own.or_else(|| of("")) }
    }

    /// The volumes of a driver as a service that gives by it counts them, in order of who used it.
    pub(in crate::report) fn used(&self, service: &str, driver: &str) -> Vec<Used<'_>> {
        let of_driver = self.volumes.iter().filter(|volume| volume.driver == driver && !driver.is_empty());
        of_driver.map(|volume| self.used_by(service, volume)).collect()
    }

    fn used_by<'v>(&self, service: &str, volume: &'v Volume) -> Used<'v> {
        let is_own = volume.to_service.is_empty() || volume.to_service == service;
        let is_member = || self.members.get(service).is_some_and(|members| members.contains(&volume.to_bearer));
        let gives_to_none = self.kinds.get(service).is_some_and(|kind| kind == "final");
        let (by, not_counted) = match (is_own, volume.to_bearer.is_empty()) {
            (true, true) => (format!("{service} (itself)"), "its own use"),
            (false, true) => {
                let why = if gives_to_none { "a final service gives to none" } else { "" };
                (format!("{} (service)", volume.to_service), why)
            }
            (true, false) if volume.to_ownership == "shared" => {
                (format!("{} (partner)", volume.to_bearer), if is_member() { "" } else { "no member" })
            }
            (true, false) => (format!("{} ({})", volume.to_bearer, shown::words(&volume.to_ownership)), ""),
            (false, false) => (format!("{} ({}, {})", volume.to_bearer, volume.to_service, shown::words(&volume.to_ownership)), ""),
        };
        Used { volume, by, not_counted }
    }

    pub(in crate::report) fn registered(&self, service: &str) -> Vec<&Registered> {
        self.register.iter().filter(|row| row.service == service).collect()
    }

    /// Who used the service, how much, and which delivery says so.
    pub(in crate::report) fn volume_table(&self, service: &str, driver: &str) -> Table {
        let unit = self.drivers.get(driver).map_or("volume", |driver| driver.unit.as_str());
        let unit = format!("{unit}s");
        let mut table =
            Table::new(&[("used by", Align::Left), (unit.as_str(), Align::Right), ("counts", Align::Left), ("delivered by", Align::Left)]);
        for used in self.used(service, driver) {
            let counts = if used.not_counted.is_empty() { "yes".to_owned() } else { format!("no: {}", used.not_counted) };
            table.row([used.by, shown::number(used.volume.units), counts, self.delivered(used.volume)]);
        }
        table
    }

    /// `northam/device devices_2018-04-30.csv 0a1b…`, and whether it was carried on. Of several: all of the feeds that make the driver.
    fn delivered(&self, volume: &Volume) -> String {
        let from = match (volume.delivery.as_str(), volume.feed.as_str()) {
            ("", _) => self.delivered_by_several(&volume.driver),
            (delivery, "") => delivery.to_owned(),
            (delivery, feed) => format!("{feed} {} {delivery}", volume.file),
        };
        if volume.carried { format!("{from}, carried on from an earlier period") } else { from }
    }

    fn delivered_by_several(&self, driver: &str) -> String {
        let fed_by = self.drivers.get(driver).map_or("", |driver| driver.fed_by.as_str());
        let is_of = |feed: &str| match (fed_by.strip_prefix("*/"), feed.split_once('/')) {
            (Some(every), Some((_, feed))) => every == feed,
            _ => fed_by == feed,
        };
        let of: Vec<String> =
            self.deliveries.iter().filter(|(feed, _)| is_of(feed)).map(|(feed, delivery)| format!("{feed} {delivery}")).collect();
        if of.is_empty() { "several deliveries".to_owned() } else { format!("several of {}", of.join(", ")) }
    }

    /// What counts of a driver's volumes for a service.
    pub(in crate::report) fn counted(&self, service: &str, driver: &str) -> i64 {
        self.used(service, driver).iter().filter(|used| used.not_counted.is_empty()).map(|used| used.volume.units).sum()
    }
}

/// The share of each partner: agreed, by the driver, in force; `difference` writes how far the two are apart.
pub(in crate::report) fn share_table(rows: &[&Registered], difference: fn(&Fraction) -> String) -> Table {
    let mut table = Table::new(&[
        ("partner", Align::Left),
        ("agreed", Align::Right),
        ("by the driver", Align::Right),
        ("driver less agreed", Align::Right),
        ("tolerance", Align::Right),
        ("outcome", Align::Left),
        ("in force", Align::Right),
        ("approved by", Align::Left),
    ]);
    for row in rows {
        let of = |pair: Option<(i64, i64)>| pair.map_or_else(|| "-".to_owned(), |(one, all)| part_of(one, all));
        table.row([
            row.partner.clone(),
            of(row.agreed),
            of(row.volume),
            row.driver_minus_agreed.as_ref().map_or_else(|| "-".to_owned(), difference),
            row.tolerance.map_or_else(|| "-".to_owned(), |tolerance| format!("{} points", shown::quantity(tolerance))),
            outcome(row).to_owned(),
            part_of(row.in_force.0, row.in_force.1),
            row.approver.clone(),
        ]);
    }
    table
}

/// `600 of 930`.
pub(in crate::report) fn part_of(one: i64, all: i64) -> String {
    format!("{} of {}", shown::number(one), shown::number(all))
}

/// Whether a partner's agreed share lies within the tolerance of what its driver says, that many points included; `None` where nobody
/// used anything of it.
pub(in crate::report) fn is_within(row: &Registered) -> Option<bool> {
    row.volume.filter(|(_, all)| *all > 0)?;
    let (difference, tolerance) = row.driver_minus_agreed.as_ref().zip(row.tolerance)?;
    Some(difference.size() <= tolerance.hundredth())
}

fn outcome(row: &Registered) -> &'static str {
    match is_within(row) {
        Some(true) => "inside",
        Some(false) => "outside",
        None => "nothing to compare",
    }
}

/// Why the share in force of a service stands, in a sentence.
pub(in crate::report) fn why(used: &str) -> String {
    let said = match used {
        "agreed" => "every partner lies inside the tolerance, so the agreed weights stand",
        "driver" => "a partner lies outside the tolerance, so the driver's volumes stand for all partners",
        "agreed_by_exception" => "a partner lies outside the tolerance, and an approved exception lets the agreed weights stand",
        "agreed_only" => "there is no volume to hold the agreed weights against, so they stand",
        "driver_only" => "nothing was agreed, so the driver's volumes stand",
        other => return other.to_owned(),
    };
    format!("{used}: {said}")
}

/// What a pool does where there is no volume.
pub(in crate::report) fn policy(zero_volume: &str) -> &'static str {
    match zero_volume {
        "spread_evenly" => "in equal parts to the partners",
        "leave_unallocated" => "unallocated: with the council that incurred it",
        _ => "refused: the period is not published",
    }
}
