//! Agreed shares: in every period the rows of a service stand for its member partners, all of them and nobody else.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Member, Role, SHARED,
    typed::{Row, Tables, days_of_change, rows},
};
use crate::{
    diagnostic::{Diagnostic, codes::reference},
    domain::Day,
};

/// Reports shares that cannot be the shares of a service.
pub fn check(tables: &Tables, members: &[Member], faults: &mut Vec<Diagnostic>) {
    let mut services: BTreeMap<&str, Vec<Row<'_>>> = BTreeMap::new();
    for row in rows(tables, "share") {
        faults.extend(negative(row));
        services.entry(row.word("service")).or_default().push(row);
    }
    for (service, rows) in services {
        let mut said = Said { service, seen: BTreeSet::new(), faults };
        let members: Vec<&Member> = members.iter().filter(|m| m.service.as_ref().is_none_or(|one| **one == *service)).collect();
        for day in days_of_change(rows.iter().map(|row| row.span()).chain(members.iter().map(|member| member.span))) {
            let held: Vec<Row<'_>> = rows.iter().copied().filter(|row| row.span().contains(day)).collect();
            if let Some(first) = held.first() {
                said.of_members(day, *first, &held, &members);
                said.of_weights(day, *first, &held);
            }
        }
    }
}

fn negative(row: Row<'_>) -> Option<Diagnostic> {
    let is_below = row.whole("weight").is_some_and(|weight| weight < 0) || row.decimal("tolerance").is_some_and(|points| points < 0);
    is_below.then(|| row.fault(reference::VALUE, "`weight` or `tolerance` is below nought").expected("nought or more"))
}

/// What was said of one service: the same is not said of every day.
struct Said<'a> {
    service: &'a str,
    seen: BTreeSet<(u64, String)>,
    faults: &'a mut Vec<Diagnostic>,
}

impl Said<'_> {
    fn say(&mut self, row: Row<'_>, what: &str, seen: String, expected: &str, hint: &str) {
        if self.seen.insert((row.line(), what.to_owned())) {
            self.faults.push(row.fault(reference::SHARE, seen).expected(expected).hint(hint));
        }
    }

    /// Nobody else has a share, and nobody is left out.
    fn of_members(&mut self, day: Day, first: Row<'_>, held: &[Row<'_>], members: &[&Member]) {
        let service = self.service;
        let has_role = |organisation: &str, roles: &[Role]| {
            let is_one = |m: &&&Member| *m.organisation == *organisation && roles.contains(&m.role) && m.span.contains(day);
            members.iter().any(|member| is_one(&member))
        };
        for row in held {
            let partner = row.word("partner");
            if !has_role(partner, &[Role::Partner, Role::Host]) {
                let seen = format!("`{partner}` has a share of `{service}` on {day}, and is no partner in it then");
                self.say(
                    *row,
                    "no member",
                    seen,
                    EACH_PARTNER,
                    "Let the row hold for the days of the membership in partnership.yaml alone.",
                );
            }
        }
        for member in members.iter().filter(|m| m.role == Role::Partner && m.span.contains(day) && *m.organisation != *SHARED) {
            let partner = &*member.organisation;
            if !held.iter().any(|row| row.word("partner") == partner) {
                let seen = format!("`{service}` has shares on {day}, and none for its partner `{partner}`");
                self.say(first, partner, seen, EACH_PARTNER, "Add its row: a weight of nought where it bears nothing.");
            }
        }
    }

    /// Weights for all or for none, not all nought, one driver.
    fn of_weights(&mut self, day: Day, first: Row<'_>, held: &[Row<'_>]) {
        let service = self.service;
        let weights: Vec<i64> = held.iter().filter_map(|row| row.whole("weight")).collect();
        if !weights.is_empty() && weights.iter().all(|weight| *weight == 0) {
            let hint = "Agree a weight, or leave all of them empty: then the driver's volumes decide.";
            self.say(
                first,
                "nought",
                format!("the shares of `{service}` are all nought on {day}"),
                "at least one weight above nought",
                hint,
            );
        }
        if !weights.is_empty() && weights.len() < held.len() {
            let seen = format!("some shares of `{service}` on {day} have a weight, and some have none");
            self.say(first, "some", seen, "a weight for every partner, or for none of them", "Write the weight that is missing.");
        }
        if held.iter().any(|row| row.text("driver") != first.text("driver")) {
            let seen = format!("the shares of `{service}` on {day} are held against different drivers");
            self.say(first, "driver", seen, "one driver for all partners of a service, or none", "Name the same driver in every row.");
        }
    }
}

const EACH_PARTNER: &str = "one row for each council that is a partner in the service then, and for nobody else";
