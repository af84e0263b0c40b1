//! Agreed shares: the rows of a service stand for its member partners and nobody else; on days on which one is left out, none of
//! them stands.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Member, Role, SHARED,
    typed::{EVER, Row, Tables, days_of_change, named, rows},
};
use crate::{
    diagnostic::{Diagnostic, codes::reference},
    domain::{Day, Span},
};

/// Reports shares that cannot be the shares of a service.
pub fn check(tables: &Tables, members: &[Member], faults: &mut Vec<Diagnostic>) {
    let mut services: BTreeMap<&str, Vec<Row<'_>>> = BTreeMap::new();
    for row in rows(tables, "share") {
        faults.extend(negative(row));
        services.entry(row.word("service")).or_default().push(row);
    }
    let mut without: BTreeMap<(&str, Span), Vec<Row<'_>>> = BTreeMap::new();
    for (service, rows) in services {
        let mut said = Said { service, seen: BTreeSet::new(), faults };
        let members: Vec<&Member> = members.iter().filter(|m| m.service.as_ref().is_none_or(|one| **one == *service)).collect();
        let days = days_of_change(rows.iter().map(|row| row.span()).chain(members.iter().map(|member| member.span)));
        for stretch in stretches(&days, &rows, &members) {
            without.entry(stretch).or_default().extend(rows.iter().find(|row| row.span().overlaps(stretch.1)));
        }
        for day in days {
            let held: Vec<Row<'_>> = rows.iter().copied().filter(|row| row.span().contains(day)).collect();
            if let Some(first) = held.first() {
                said.of_members(day, &held, &members);
                said.of_weights(day, *first, &held);
            }
        }
    }
    faults.extend(without.into_iter().map(|((partner, span), of)| without_partner(partner, span, &of)));
}

/// Partners of a service without a share of it on a day on which others have one: what nobody agreed is no agreement, and no share of
/// the service is in force then.
#[must_use]
pub fn left_out<'m>(tables: &Tables, members: &'m [Member], service: &str, day: Day) -> Vec<&'m str> {
    let of_service: Vec<Row<'_>> = rows(tables, "share").filter(|row| row.word("service") == service).collect();
    let members: Vec<&Member> = members.iter().filter(|m| m.service.as_ref().is_none_or(|one| **one == *service)).collect();
    lacking(day, &of_service, &members)
}

fn lacking<'m>(day: Day, of_service: &[Row<'_>], members: &[&'m Member]) -> Vec<&'m str> {
    let held: Vec<&str> = of_service.iter().filter(|row| row.span().contains(day)).map(|row| row.word("partner")).collect();
    let needs_one = |m: &&&'m Member| m.role == Role::Partner && m.span.contains(day) && *m.organisation != *SHARED;
    let lacking = members.iter().filter(needs_one).map(|member| &*member.organisation).filter(|partner| !held.contains(partner));
    let lacking: BTreeSet<&str> = lacking.filter(|_| !held.is_empty()).collect();
    lacking.into_iter().collect()
}

/// Who lacks a share, and from when to when without a break.
fn stretches<'m>(days: &[Day], of_service: &[Row<'_>], members: &[&'m Member]) -> impl Iterator<Item = (&'m str, Span)> + use<'m> {
    let mut found: BTreeMap<&str, Vec<Span>> = BTreeMap::new();
    for (n, day) in days.iter().enumerate() {
        let to = days.get(n + 1).copied();
        for partner in lacking(*day, of_service, members) {
            let spans = found.entry(partner).or_default();
            match spans.last_mut().filter(|last| last.to == Some(*day)) {
                Some(last) => last.to = to,
                None => spans.push(Span { from: Some(*day).filter(|day| *day != EVER), to }),
            }
        }
    }
    found.into_iter().flat_map(|(partner, spans)| spans.into_iter().map(move |span| (partner, span)))
}

/// `of`: a row of every service that leaves the partner out.
fn without_partner(partner: &str, span: Span, of: &[Row<'_>]) -> Diagnostic {
    let named = named(of.iter().map(|row| row.word("service")));
    let told =
        Diagnostic::warning(reference::LEFT_OUT, format!("no share of the partner `{partner}` {span}, and shares of others, in {named}"));
    of.iter()
        .take(1)
        .fold(told, |told, row| told.place(row.place()))
        .expected(EACH_PARTNER)
        .outcome("no share of the service is in force then: in such a period its partners' part goes as `zero_volume` of its pool says")
        .hint("add the partner's row: a weight of nought where it bears nothing")
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

    /// Nobody else has a share.
    fn of_members(&mut self, day: Day, held: &[Row<'_>], members: &[&Member]) {
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
