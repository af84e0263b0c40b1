//! Sums of pay, each split once into the classes of the services that the post works for.

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::{BooleanArray, Date32Array, Decimal128Array};
use hashbrown::HashMap;

use super::{
    numbers::Numbers,
    places::{CodeColumns, Place, Places},
    posts::{Post, Posts, Terms},
};
use crate::{
    diagnostic::Answer,
    domain::{Day, Pence, Unsplit},
    schema::batch::{Rows, Texts, boolean, date, money, truth_at, value_at},
};

/// Pay of these categories never follows a split.
const NEVER_SPLIT: [&str; 2] = ["redundancy", "pension_strain"];

/// The columns of `pay_sum`, whose rows come in any order.
pub(super) struct PayColumns<'a> {
    codes: CodeColumns<'a>,
    council: Texts<'a>,
    person: Texts<'a>,
    assignment: Texts<'a>,
    cost_centre: Texts<'a>,
    account: Texts<'a>,
    category: Texts<'a>,
    pay_basis: Texts<'a>,
    pay_date: &'a Date32Array,
    amount: &'a Decimal128Array,
    niable: &'a Decimal128Array,
    pensionable: &'a Decimal128Array,
    has_ledger: &'a BooleanArray,
}

impl<'a> PayColumns<'a> {
    pub fn of(table: Rows<'a>) -> Answer<Self> {
        let text = |name| Texts::of(table, name);
        Ok(Self {
            codes: CodeColumns::of(table, "pay_date", false)?,
            council: text("council")?,
            person: text("person")?,
            assignment: text("assignment")?,
            cost_centre: text("cost_centre")?,
            account: text("account")?,
            category: text("category")?,
            pay_basis: text("pay_basis")?,
            pay_date: date(table.0, "pay_date")?,
            amount: money(table.0, "amount")?,
            niable: money(table.0, "niable")?,
            pensionable: money(table.0, "pensionable")?,
            has_ledger: boolean(table.0, "has_ledger")?,
        })
    }

    /// The rows of each council: nothing that is worked out of the pay of one depends on another's.
    pub fn by_council(&self) -> Vec<Vec<usize>> {
        let mut councils: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for row in 0..self.amount.len() {
            councils.entry(self.council.at(row)).or_default().push(row);
        }
        councils.into_values().collect()
    }
}

/// One row of `pay_sum`, with what its codes mean. There are as many as lines of pay: what the row says is read where it stands.
pub(super) struct Sum<'a> {
    columns: &'a PayColumns<'a>,
    row: usize,
    /// Number of the assignment; where the pay has none, of the person.
    pub post: u32,
    /// Number of the person; where the pay has none, of the assignment.
    pub payee: u32,
    /// What the register says of the assignment; `None` where it does not have it.
    post_in_register: Option<&'a Post>,
    pub place: &'a Place,
}

impl<'a> Sum<'a> {
    pub fn council(&self) -> &'a str {
        self.columns.council.at(self.row)
    }

    pub fn assignment(&self) -> Option<&'a str> {
        self.columns.assignment.maybe(self.row)
    }

    pub fn cost_centre(&self) -> &'a str {
        self.columns.cost_centre.at(self.row)
    }

    pub fn account(&self) -> &'a str {
        self.columns.account.at(self.row)
    }

    pub fn category(&self) -> &'a str {
        self.columns.category.at(self.row)
    }

    pub fn pay_basis(&self) -> Option<&'a str> {
        self.columns.pay_basis.maybe(self.row)
    }

    pub fn pay_date(&self) -> Day {
        value_at(self.columns.pay_date, self.row).map_or(self.place.day, Day)
    }

    pub fn pence(&self) -> Pence {
        value_at(self.columns.amount, self.row).unwrap_or_default()
    }

    /// Of it, what counts as earnings for national insurance.
    pub fn niable(&self) -> Pence {
        value_at(self.columns.niable, self.row).unwrap_or_default()
    }

    /// Of it, what counts as pensionable pay.
    pub fn pensionable(&self) -> Pence {
        value_at(self.columns.pensionable, self.row).unwrap_or_default()
    }

    /// Whether the council has a ledger in the period, against which pay can be held.
    pub fn has_ledger(&self) -> bool {
        truth_at(self.columns.has_ledger, self.row)
    }

    /// The person, by number: pay without one is nobody's.
    pub fn person(&self) -> Option<u32> {
        self.columns.person.maybe(self.row).map(|_| self.payee)
    }

    /// The assignment, by number.
    pub fn assignment_number(&self) -> Option<u32> {
        self.assignment().map(|_| self.post)
    }

    /// What ends a post is no cost of what it did.
    pub fn may_split(&self) -> bool {
        !NEVER_SPLIT.contains(&self.category())
    }

    /// What holds of the assignment on the pay date; nothing where the register does not have it.
    pub fn terms(&self) -> Terms<'a> {
        self.post_in_register.map(|post| post.terms(self.pay_date())).unwrap_or_default()
    }

    /// Whether it is pay that a ledger holds as cost.
    pub fn is_cost(&self) -> bool {
        self.place.is_cost && self.place.account_known
    }
}

/// Rows of `pay_sum`, all of those of a council. Those whose codes were not placed are none of a council that has any.
pub(super) fn sums<'a>(columns: &'a PayColumns<'a>, rows: &[usize], places: &'a Places<'a>, register: &'a Posts<'a>) -> Vec<Sum<'a>> {
    let (mut posts, mut payees) = (Numbers::default(), Numbers::default());
    // By number of the post: one is looked up once.
    let mut looked_up: Vec<Option<&Post>> = Vec::new();
    let mut sums = Vec::with_capacity(rows.len());
    for &row in rows {
        let Some(place) = places.at(&columns.codes.at(row)) else { continue };
        let (council, person, assignment) = (columns.council.at(row), columns.person.maybe(row), columns.assignment.maybe(row));
        let post = posts.of((council, assignment, person.filter(|_| assignment.is_none())));
        let payee = payees.of((council, person, assignment.filter(|_| person.is_none())));
        if looked_up.len() <= post as usize {
            looked_up.push(assignment.and_then(|assignment| register.post(council, assignment)));
        }
        let post_in_register = looked_up.get(post as usize).copied().flatten();
        sums.push(Sum { columns, row, post, payee, post_in_register, place });
    }
    sums
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
pub(super) fn classed<'p>(sum: &Sum<'p>, pence: Pence, may_split: bool) -> Classed<'p> {
    let (place, whole) = (sum.place, || vec![(sum.place.class.as_str(), pence)]);
    if !may_split || place.is_no_member() {
        return Classed { parts: whole(), rule_id: Some(&place.rule_id), unsplit: None };
    }
    match sum.post_in_register.ok_or(Unsplit::NotInRegister).and_then(|post| post.split(pence, place.day)) {
        Ok(parts) => Classed { parts, rule_id: None, unsplit: None },
        Err(why) => Classed { parts: whole(), rule_id: Some(&place.rule_id), unsplit: Some(why) },
    }
}

/// Sums of each key together, in the order of keys, with the one of the first place: it stands for all.
pub(super) fn grouped<'s, 'a: 's, K: Ord>(
    sums: impl IntoIterator<Item = &'s Sum<'a>>,
    key: impl Fn(&Sum<'a>) -> K,
    mut each: impl FnMut(&'s Sum<'a>, &[&'s Sum<'a>]),
) {
    let mut keyed: Vec<(K, &'s Sum<'a>)> = sums.into_iter().map(|sum| (key(sum), sum)).collect();
    keyed.sort_unstable_by(|(key, sum), (other, than)| key.cmp(other).then(sum.place.number.cmp(&than.place.number)));
    let mut together = Vec::new();
    for of_key in keyed.chunk_by(|(key, _), (other, _)| key == other) {
        together.clear();
        together.extend(of_key.iter().map(|(_, sum)| *sum));
        together.first().into_iter().for_each(|first| each(first, &together));
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
pub(super) fn by_group<'a>(sums: &[Sum<'a>]) -> BTreeMap<Group<'a>, GroupPay<'a>> {
    let mut groups: HashMap<u32, (Group<'a>, GroupPay<'a>)> = HashMap::new();
    let in_ledger = sums.iter().filter(|sum| sum.is_cost() && sum.has_ledger());
    grouped(
        in_ledger,
        |sum| (sum.place.spot, sum.post, sum.may_split()),
        |sum, sums| {
            let classed = classed(sum, sums.iter().map(|sum| sum.pence()).sum(), sum.may_split());
            let group = || ([sum.council(), sum.cost_centre(), sum.account()], GroupPay::default());
            let (_, pay) = groups.entry(sum.place.group).or_insert_with(group);
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
    groups.into_values().collect()
}
