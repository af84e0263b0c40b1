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
    /// Deliveries of the release that the period counts: its own, and of a feed that has none the last one before it.
    pub deliveries: Vec<Brought>,
    /// What a service counts of the use of a council: by service, driver, council and whether it uses as a partner (`shared`) or as a customer.
    pub of_councils: BTreeMap<[String; 4], i64>,
}

/// A delivery that a period counts.
pub(in crate::report) struct Brought {
    /// `northam/device`.
    pub feed: String,
    pub id: String,
    /// By how many periods it is older than the period.
    pub age: i64,
}

/// A volume as one giving service counts it.
pub(in crate::report) struct Used<'v> {
    pub volume: &'v Volume,
    /// `northam (partner)`, `hr (service)`, `oak_academy (external, legal)`.
    pub by: String,
    /// Why it is in no denominator of this service; empty where it counts, in whole or in part.
    pub not_counted: &'static str,
    /// What of it is in the denominator.
    pub counted: i64,
}

impl Used<'_> {
    /// Whether it counts: `yes`, `no: no member`, `1,320 of it: its months as a member`.
    fn counts(&self) -> String {
        match (self.not_counted, self.counted == self.volume.units) {
            ("", true) => "yes".to_owned(),
            ("", false) => {
                let what = if self.volume.to_ownership == "shared" { "member" } else { "customer" };
                format!("{} of it: its months as a {what}", shown::number(self.counted))
            }
            (why, _) => format!("no: {why}"),
        }
    }
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
            of_councils: book.of_councils()?,
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
        let gives_to_none = self.kinds.get(service).is_some_and(|kind| kind == "final");
        let (by, not_counted) = match (is_own, volume.to_bearer.is_empty()) {
            (true, true) => (format!("{service} (itself)"), "its own use"),
            (false, true) => {
                let why = if gives_to_none { "a final service gives to none" } else { "" };
                (format!("{} (service)", volume.to_service), why)
            }
            (true, false) if volume.to_ownership == "shared" => (format!("{} (partner)", volume.to_bearer), ""),
            (true, false) => (format!("{} ({})", volume.to_bearer, shown::words(&volume.to_ownership)), ""),
            (false, false) => (format!("{} ({}, {})", volume.to_bearer, volume.to_service, shown::words(&volume.to_ownership)), ""),
        };
        let of_council = || {
            let key = [service, &volume.driver, &volume.to_bearer, &volume.to_ownership].map(str::to_owned);
            self.of_councils.get(&key).copied().filter(|_| volume.to_service.is_empty())
        };
        let counted = if not_counted.is_empty() { of_council().unwrap_or(volume.units) } else { 0 };
        let is_member = || self.members.get(service).is_some_and(|members| members.contains(&volume.to_bearer));
        let uses_as_partner = is_own && !volume.to_bearer.is_empty() && volume.to_ownership == "shared";
        let not_counted = match counted {
            0 if uses_as_partner && (volume.units != 0 || !is_member()) => "no member",
            0 if not_counted.is_empty() && volume.units != 0 && is_own && is_member() => "it is a partner",
            0 if not_counted.is_empty() && volume.units != 0 => "no agreement",
            _ => not_counted,
        };
        Used { volume, by, not_counted, counted }
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
            let counts = used.counts();
            table.row([used.by, shown::number(used.volume.units), counts, self.delivered(used.volume)]);
        }
        table
    }

    /// `northam/device devices_2018-04-30.csv 0a1b…`, and whether it was carried on. Of several: all that the feeds brought which make the driver.
    fn delivered(&self, volume: &Volume) -> String {
        let from = match (volume.delivery.as_str(), volume.feed.as_str()) {
            ("", _) => self.delivered_by_several(volume),
            (delivery, "") => delivery.to_owned(),
            (delivery, feed) => format!("{feed} {} {delivery}", volume.file),
        };
        match (volume.carried, volume.delivery.is_empty()) {
            (false, _) => from,
            (true, false) => format!("{from}, carried on from an earlier period"),
            (true, true) => format!("{from}, carried on from an earlier period in whole or in part"),
        }
    }

    fn delivered_by_several(&self, volume: &Volume) -> String {
        let driver = self.drivers.get(&volume.driver);
        let fed_by = driver.map_or("", |driver| driver.fed_by.as_str());
        let is_of = |feed: &str| match (fed_by.strip_prefix("*/"), feed.split_once('/')) {
            (Some(every), Some((_, feed))) => every == feed,
            _ => fed_by == feed,
        };
        let oldest = if volume.carried { driver.map_or(0, |driver| driver.max_age) } else { 0 };
        let of = self.deliveries.iter().filter(|brought| is_of(&brought.feed) && brought.age <= oldest);
        let of: Vec<String> = of.map(|brought| format!("{} {}", brought.feed, brought.id)).collect();
        if of.is_empty() { "several deliveries".to_owned() } else { format!("several of {}", of.join(", ")) }
    }

    /// What counts of a driver's volumes for a service.
    pub(in crate::report) fn counted(&self, service: &str, driver: &str) -> i64 {
        self.used(service, driver).iter().map(|used| used.counted).sum()
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
