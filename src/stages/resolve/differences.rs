//! The table `payroll_difference`: where ledger and pay do not agree, with no small group of persons in sight.

use std::collections::BTreeMap;

use super::{
    pay::{Group, GroupPay},
    small::SMALL_GROUPS,
};
use crate::{
    domain::{DifferenceReason, Pence, Resolved},
    plan::KernelInput,
    schema::Cell,
};

/// The sums of a group.
pub(super) struct Compared<'a> {
    group: Group<'a>,
    persons: usize,
    ledger: Pence,
    pay: Pence,
    reason: Option<DifferenceReason>,
}

impl<'a> Compared<'a> {
    pub fn of(group: Group<'a>, pay: &GroupPay<'_>, resolved: &Resolved) -> Self {
        Self { group, persons: pay.persons.len(), ledger: resolved.ledger, pay: resolved.pay, reason: resolved.difference }
    }
}

/// What a row of the table sums up.
#[derive(Default)]
struct Difference {
    ledger: Pence,
    pay: Pence,
    absolute: Pence,
    /// The word of every group in it; `None` where they have several.
    reason: Option<&'static str>,
}

/// Groups that differ. Those behind which fewer persons than `small_group` stand are one row a council; lines behind which there is no
/// pay at all tell of no person, and stay.
pub(super) fn difference_rows(input: &KernelInput<'_>, compared: Vec<Compared<'_>>) -> Vec<Vec<Cell>> {
    let mut rows: BTreeMap<Group<'_>, Difference> = BTreeMap::new();
    for Compared { group, persons, ledger, pay, reason } in compared {
        let Some(reason) = reason.map(word) else { continue };
        let is_small = reason != "no_pay_line" && (persons as u64) < input.partnership.small_group;
        let key = if is_small { [group[0], SMALL_GROUPS, ""] } else { group };
        let row = rows.entry(key).or_insert_with(|| Difference { reason: Some(reason), ..Difference::default() });
        row.ledger += ledger;
        row.pay += pay;
        row.absolute += (ledger - pay).abs();
        row.reason = row.reason.filter(|same| *same == reason);
    }
    let (year, period) = input.period.map_or((0, 0), |period| (i64::from(period.year), i64::from(period.period)));
    let row = |([council, cost_centre, account], row): (Group<'_>, Difference)| {
        vec![
            council.into(),
            cost_centre.into(),
            account.into(),
            year.into(),
            period.into(),
            Cell::Pence(row.ledger),
            Cell::Pence(row.pay),
            Cell::Pence(row.ledger - row.pay),
            Cell::Pence(row.absolute),
            row.reason.unwrap_or("amounts_differ").into(),
        ]
    };
    rows.into_iter().map(row).collect()
}

const fn word(reason: DifferenceReason) -> &'static str {
    match reason {
        DifferenceReason::AmountsDiffer => "amounts_differ",
        DifferenceReason::NoLedgerLine => "no_ledger_line",
        DifferenceReason::NoPayLine => "no_pay_line",
    }
}
