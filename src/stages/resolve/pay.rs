//! Sums of pay, each split once into the classes of the services that the post works for.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    numbers::Numbers,
    places::{CodeColumns, Place, Places},
    posts::Posts,
};
use crate::{
    diagnostic::Answer,
    domain::{Day, Pence, Unsplit},
    schema::batch::{Rows, Texts, boolean, date, money, truth_at, value_at},
};

/// Pay of these categories never follows a split.
const NEVER_SPLIT: [&str; 2] = ["redundancy", "pension_strain"];

/// One row of `pay_sum`, with what its codes mean.
pub(super) struct Sum<'a> {
    pub council: &'a str,
    pub assignment: Option<&'a str>,
    /// Number of the assignment; where the pay has none, of the person.
    pub post: u32,
    /// Number of the person; where the pay has none, of the assignment.
    pub payee: u32,
    /// Whether it is somebody's.
    pub has_person: bool,
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
    /// The person, by number: pay without one is nobody's.
    pub fn person(&self) -> Option<u32> {
        self.has_person.then_some(self.payee)
    }

    /// The assignment, by number.
    pub fn assignment_number(&self) -> Option<u32> {
        self.assignment.map(|_| self.post)
    }

    /// What ends a post is no cost of what it did.
    pub fn may_split(&self) -> bool {
        !NEVER_SPLIT.contains(&self.category)
    }

    /// Whether it is pay that a ledger holds as cost.
    pub fn is_cost(&self) -> bool {
        self.place.is_cost && self.place.account_known
    }
}

/// The rows of `pay_sum`. Those whose codes were not placed are none of a council that has any.
pub(super) fn sums<'a>(table: Rows<'a>, places: &'a Places<'a>) -> Answer<Vec<Sum<'a>>> {
    let codes = CodeColumns::of(table, "pay_date", false)?;
    let text = |name| Texts::of(table, name);
    let (council, person, assignment, cost_centre) = (text("council")?, text("person")?, text("assignment")?, text("cost_centre")?);
    let (account, category, pay_basis) = (text("account")?, text("category")?, text("pay_basis")?);
    let [amount, niable, pensionable] = ["amount", "niable", "pensionable"].map(|name| money(table.0, name));
    let (amount, niable, pensionable) = (amount?, niable?, pensionable?);
    let (pay_date, has_ledger) = (date(table.0, "pay_date")?, boolean(table.0, "has_ledger")?);
    let (mut posts, mut payees) = (Numbers::default(), Numbers::default());
    let mut sums = Vec::with_capacity(table.count());
    for row in 0..table.count() {
        let Some(place) = places.at(&codes.at(row)) else { continue };
        let (council, person, assignment) = (council.at(row), person.maybe(row), assignment.maybe(row));
        sums.push(Sum {
            council,
            assignment,
            has_person: person.is_some(),
            post: posts.of((council, assignment, person.filter(|_| assignment.is_none()))),
            payee: payees.of((council, person, assignment.filter(|_| person.is_none()))),
            cost_centre: cost_centre.at(row),
            account: account.at(row),
            pay_date: value_at(pay_date, row).map_or(place.day, Day),
            category: category.at(row),
            pay_basis: pay_basis.maybe(row),
            pence: value_at(amount, row).unwrap_or_default(),
            niable: value_at(niable, row).unwrap_or_default(),
            pensionable: value_at(pensionable, row).unwrap_or_default(),
            has_ledger: truth_at(has_ledger, row),
            place,
        });
    }
    Ok(sums)
}

/// Pence by class, and the rule behind what was not split.
pub(super) struct Classed<'p> {
    pub parts: Vec<(&'p str, Pence)>,
    /// `None` where the register says it.
    pub rule_id: Option<&'p str>,
    /// Why it was not split; `None` where it was, or could not be.
    pub unsplit: Option<Unsplit>,
}

/// Splits a sum of one assignment, cost centre, account and day. Pay of a council that is no member that day, and pay that never is, is
/// not split.
pub(super) fn classed<'p>(posts: &'p Posts<'_>, sum: &Sum<'p>, pence: Pence, may_split: bool) -> Classed<'p> {
    let (place, whole) = (sum.place, || vec![(sum.place.class.as_str(), pence)]);
    if !may_split || place.is_no_member() {
        return Classed { parts: whole(), rule_id: Some(&place.rule_id), unsplit: None };
    }
    match posts.split(sum.council, sum.assignment, pence, place.day) {
        Ok(parts) => Classed { parts, rule_id: None, unsplit: None },
        Err(why) => Classed { parts: whole(), rule_id: Some(&place.rule_id), unsplit: Some(why) },
    }
}

/// Sums of each key together, in the order of keys, with the first of them as they come: it stands for all.
pub(super) fn grouped<'s, 'a: 's, K: Ord>(
    sums: impl IntoIterator<Item = &'s Sum<'a>>,
    key: impl Fn(&Sum<'a>) -> K,
    mut each: impl FnMut(&'s Sum<'a>, &[&'s Sum<'a>]),
) {
    let mut sums: Vec<&'s Sum<'a>> = sums.into_iter().collect();
    sums.sort_by_cached_key(|sum| key(sum));
    for sums in sums.chunk_by(|one, other| key(one) == key(other)) {
        sums.first().into_iter().for_each(|first| each(first, sums));
    }
}

/// Pay of one class of a group.
#[derive(Default)]
pub(super) struct ClassPay<'a> {
    pub pence: Pence,
    /// Whom it is paid to, by number.
    pub persons: BTreeSet<u32>,
    /// The lowest rule that gave the class to pay that no split gave it to.
    pub rule_id: Option<&'a str>,
}

/// Pay of one cost centre and account.
#[derive(Default)]
pub(super) struct GroupPay<'a> {
    pub classes: BTreeMap<&'a str, ClassPay<'a>>,
    pub persons: BTreeSet<u32>,
}

/// Council, cost centre, account.
pub(super) type Group<'a> = [&'a str; 3];

/// Pay on cost accounts of councils with a ledger, by group and class: what each assignment is paid there on a day is added up first, and split once.
pub(super) fn by_group<'a>(sums: &'a [Sum<'a>], posts: &'a Posts<'_>) -> BTreeMap<Group<'a>, GroupPay<'a>> {
    let mut groups: BTreeMap<Group<'a>, GroupPay<'a>> = BTreeMap::new();
    let in_ledger = sums.iter().filter(|sum| sum.is_cost() && sum.has_ledger);
    grouped(
        in_ledger,
        |sum| (sum.place.spot, sum.post, sum.may_split()),
        |sum, sums| {
            let classed = classed(posts, sum, sums.iter().map(|sum| sum.pence).sum(), sum.may_split());
            let pay = groups.entry([sum.council, sum.cost_centre, sum.account]).or_default();
            let persons = || sums.iter().filter_map(|sum| sum.person());
            pay.persons.extend(persons());
            for (class, part) in classed.parts {
                let of_class = pay.classes.entry(class).or_default();
                of_class.pence += part;
                of_class.persons.extend(persons().filter(|_| part != 0));
                of_class.rule_id = [of_class.rule_id, classed.rule_id].into_iter().flatten().min();
            }
        },
    );
    groups
}
