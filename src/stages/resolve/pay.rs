//! Sums of pay, each split once into the classes of the services that the post works for.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    places::{Place, Places, codes},
    posts::Posts,
};
use crate::{
    diagnostic::Answer,
    domain::{Day, Pence, Unsplit},
    schema::batch::Rows,
};

/// Pay of these categories never follows a split: what ends a post is no cost of what it did.
pub(super) const NEVER_SPLIT: [&str; 2] = ["redundancy", "pension_strain"];

/// One row of `pay_sum`, with what its codes mean.
pub(super) struct Sum<'a> {
    pub council: &'a str,
    pub person: Option<&'a str>,
    pub assignment: Option<&'a str>,
    pub cost_centre: &'a str,
    pub account: &'a str,
    pub pay_date: Day,
    pub category: &'a str,
    pub pay_basis: Option<&'a str>,
    pub pence: Pence,
    /// Of it, what counts as earnings for national insurance.
    pub niable: Pence,
    /// Of it, what counts as pensionable pay.
    pub pensionable: Pence,
    /// Whether the council has a ledger in the period, against which pay can be held.
    pub has_ledger: bool,
    pub place: &'a Place,
}

impl Sum<'_> {
    /// Whether it is pay that a ledger holds as cost.
    pub fn is_cost(&self) -> bool {
        self.place.is_cost && self.place.account_known
    }
}

/// The rows of `pay_sum`. Those whose codes were not placed are none of a council that has any.
pub(super) fn sums<'a>(table: Rows<'a>, places: &'a Places<'a>) -> Answer<Vec<Sum<'a>>> {
    let mut sums = Vec::with_capacity(table.count());
    for row in 0..table.count() {
        let Some(place) = places.at(&codes(table, row, "pay_date", false)?) else { continue };
        sums.push(Sum {
            council: table.text("council", row)?,
            person: table.maybe("person", row)?,
            assignment: table.maybe("assignment", row)?,
            cost_centre: table.text("cost_centre", row)?,
            account: table.text("account", row)?,
            pay_date: table.day("pay_date", row)?.unwrap_or(place.day),
            category: table.text("category", row)?,
            pay_basis: table.maybe("pay_basis", row)?,
            pence: table.pence("amount", row)?,
            niable: table.pence("niable", row)?,
            pensionable: table.pence("pensionable", row)?,
            has_ledger: table.truth("has_ledger", row)?,
            place,
        });
    }
    Ok(sums)
}

/// Pence by class, and the rule behind what was not split.
pub(super) struct Classed<'p> {
    pub parts: BTreeMap<String, Pence>,
    /// `None` where the register says it.
    pub rule_id: Option<&'p str>,
    /// Why it was not split; `None` where it was, or could not be.
    pub unsplit: Option<Unsplit>,
}

/// Splits a sum of one assignment, cost centre, account and day. Pay of a council that is no member that day, and pay that never is, is
/// not split.
pub(super) fn classed<'p>(posts: &Posts<'_>, sum: &Sum<'p>, pence: Pence, may_split: bool) -> Classed<'p> {
    let (place, whole) = (sum.place, || BTreeMap::from([(sum.place.class.clone(), pence)]));
    if !may_split || place.is_no_member() {
        return Classed { parts: whole(), rule_id: Some(&place.rule_id), unsplit: None };
    }
    match posts.split(sum.council, sum.assignment, pence, place.day) {
        Ok(parts) => Classed { parts, rule_id: None, unsplit: None },
        Err(why) => Classed { parts: whole(), rule_id: Some(&place.rule_id), unsplit: Some(why) },
    }
}

/// Pay of one class of a group.
#[derive(Default)]
pub(super) struct ClassPay<'a> {
    pub pence: Pence,
    /// Whom it is paid to; pay without a person is nobody's.
    pub persons: BTreeSet<&'a str>,
    /// The lowest rule that gave the class to pay that no split gave it to.
    pub rule_id: Option<&'a str>,
}

/// Pay of one cost centre and account.
#[derive(Default)]
pub(super) struct GroupPay<'a> {
    pub classes: BTreeMap<String, ClassPay<'a>>,
    pub persons: BTreeSet<&'a str>,
}

/// Council, cost centre, account.
pub(super) type Group<'a> = [&'a str; 3];

/// Pay on cost accounts of councils with a ledger, by group and class: what each assignment is paid there on a day is added up first, and split once.
pub(super) fn by_group<'a>(sums: &'a [Sum<'a>], posts: &Posts<'_>) -> BTreeMap<Group<'a>, GroupPay<'a>> {
    let mut days: BTreeMap<(Group<'a>, Option<&str>, Option<&str>, Day, bool), (Pence, &'a Sum<'a>)> = BTreeMap::new();
    for sum in sums.iter().filter(|sum| sum.is_cost() && sum.has_ledger) {
        let group = [sum.council, sum.cost_centre, sum.account];
        let may_split = !NEVER_SPLIT.contains(&sum.category);
        days.entry((group, sum.assignment, sum.person.filter(|_| sum.assignment.is_none()), sum.place.day, may_split))
            .or_insert((0, sum))
            .0 += sum.pence;
    }
    let mut groups: BTreeMap<Group<'a>, GroupPay<'a>> = BTreeMap::new();
    for ((group, .., may_split), (pence, sum)) in days {
        let classed = classed(posts, sum, pence, may_split);
        let pay = groups.entry(group).or_default();
        pay.persons.extend(sum.person);
        for (class, part) in classed.parts {
            let of_class = pay.classes.entry(class).or_default();
            of_class.pence += part;
            of_class.persons.extend(sum.person.filter(|_| part != 0));
            of_class.rule_id = [of_class.rule_id, classed.rule_id].into_iter().flatten().min();
        }
    }
    groups
}
