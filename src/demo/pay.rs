//! What a person is paid in a month: the items of its payslips, as the payroll costs them. Pence throughout.

use std::collections::BTreeMap;

use crate::domain::Day;

use super::{
    codes::Codes,
    staff::{BEXLEY, Person, Staff},
};

/// What an item is, whatever a payroll calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Element {
    Basic,
    /// Basic pay of a month before.
    Arrears,
    Overtime,
    Absence,
    EmployerNi,
    EmployerPension,
    Tax,
    EmployeeNi,
    EmployeePension,
    Union,
    Net,
}

/// One item of a payslip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Item<'a> {
    /// Number of the assignment.
    pub post: u64,
    pub element: Element,
    pub day: Day,
    /// When it was earned, where that is not the month of the pay.
    pub earned: Option<(Day, Day)>,
    /// Cost positive; deductions and net pay negative. The items of a person and day sum to nought.
    pub pence: i64,
    pub cost_centre: &'a str,
    pub account: &'a str,
    /// The other side of a cost: it stands on the balance sheet.
    pub is_balance: bool,
    /// Of a run of its own, beside that of the month.
    pub is_supplementary: bool,
}

/// The month, counted from April, whose supplementary run never reaches the ledger.
pub(super) const NOT_JOURNALLED: u64 = 8;

const MONTHLY_THRESHOLD: i64 = 70_200;
const FOUR_WEEKLY_THRESHOLD: i64 = 64_800;

/// What a council's payroll pays on, and where it stands in the chart.
pub(super) struct Payroll<'a> {
    pub staff: Staff<'a>,
    pub codes: &'a Codes,
}

impl<'a> Payroll<'a> {
    /// Appends the items of a person's payslips of a month, 0 for April; in the order in which a payroll prints them.
    pub(super) fn slips(&self, person: &Person<'a>, month: u64, into: &mut Vec<Item<'a>>) {
        for day in pay_days(self.staff.employer.pay_day, person.is_four_weekly, month) {
            let start = into.len();
            self.earnings(person, month, day, into);
            self.contributions(person, day, start, into);
            self.balance(person, day, start, into);
        }
    }

    fn account(&self, element: Element) -> &'a str {
        let at = |list: &'a [String], nth: usize| list.get(nth).map_or("", String::as_str);
        match element {
            Element::Basic | Element::Arrears | Element::Absence => at(&self.codes.pay, 0),
            Element::Overtime => at(&self.codes.pay, 1),
            Element::EmployerNi => at(&self.codes.on_cost, 0),
            Element::EmployerPension => at(&self.codes.on_cost, 1),
            _ => self.codes.control(),
        }
    }

    fn earnings(&self, person: &Person<'a>, month: u64, day: Day, into: &mut Vec<Item<'a>>) {
        let luck = person.luck.rotate_left(5 * month as u32);
        for post in &person.posts {
            let cost_centre = post.cost_centre;
            let mut add = |element: Element, pence: i64, earned: Option<(Day, Day)>, is_supplementary: bool| {
                let account = self.account(element);
                let item =
                    Item { post: post.number, element, day, earned, pence, cost_centre, account, is_balance: false, is_supplementary };
                into.extend(Some(item).filter(|item| item.pence != 0));
            };
            let basic = if person.is_four_weekly { post.pay / 13 } else { post.pay / 12 };
            if month == person.last_month + 1 && post.number == 1 {
                let month_before = (super::first_of(month - 1), super::first_of(month).plus_days(-1));
                add(Element::Arrears, basic / 20, Some(month_before), false);
            }
            if month < person.first_month || month > person.last_month {
                continue;
            }
            let absence = if luck.is_multiple_of(23) { basic / 8 } else { 0 };
            add(Element::Basic, basic - absence, None, false);
            add(Element::Absence, absence, None, false);
            // Bexley pays overtime by a run of its own at the end of each quarter.
            let quarterly = self.staff.employer.council == BEXLEY.council;
            if luck % 6 == 1 && (!quarterly || month % 3 == 2) {
                add(Element::Overtime, 2_500 + (luck >> 20 & 0x3FFF).cast_signed(), None, quarterly);
            }
        }
    }

    /// The employer's national insurance and pension on what stands in `into` from `start` on. National insurance is of the person and goes
    /// to its assignments by what each earned.
    fn contributions(&self, person: &Person<'a>, day: Day, start: usize, into: &mut Vec<Item<'a>>) {
        let earned: Vec<(u64, &'a str, i64)> =
            person.posts.iter().map(|post| (post.number, post.cost_centre, gross(into, start, post.number))).collect();
        let all: i64 = earned.iter().map(|(_, _, pence)| pence).sum();
        let threshold = if person.is_four_weekly { FOUR_WEEKLY_THRESHOLD } else { MONTHLY_THRESHOLD };
        let insurance = if person.ni_letter == 'A' { permille(all - threshold, 138, false).max(0) } else { 0 };
        let (mut left, mut base) = (insurance, all);
        for (post, cost_centre, pence) in earned {
            let part = if base == 0 { 0 } else { (i128::from(left) * i128::from(pence) / i128::from(base)) as i64 };
            (left, base) = (left - part, base - pence);
            let pension = permille(pence, person.fund_permille, true);
            for (element, pence) in [(Element::EmployerNi, part), (Element::EmployerPension, pension)] {
                let account = self.account(element);
                let item =
                    Item { post, element, day, earned: None, pence, cost_centre, account, is_balance: false, is_supplementary: false };
                into.extend(Some(item).filter(|item| item.pence != 0));
            }
        }
    }

    /// Deductions, the other side of the contributions, and what is paid out: all on the first assignment.
    fn balance(&self, person: &Person<'a>, day: Day, start: usize, into: &mut Vec<Item<'a>>) {
        let Some(post) = person.posts.first() else { return };
        let of = |element: Element| into.iter().skip(start).filter(|item| item.element == element).map(|item| item.pence).sum::<i64>();
        let (insurance, pension) = (of(Element::EmployerNi), of(Element::EmployerPension));
        let all: i64 = into.iter().skip(start).map(|item| item.pence).sum();
        let pay = all - insurance - pension;
        if pay == 0 {
            return;
        }
        let deductions = [
            (Element::EmployerNi, insurance),
            (Element::EmployerPension, pension),
            (Element::Tax, permille(pay - 98_700, 200, false).max(0)),
            (Element::EmployeeNi, permille(pay - MONTHLY_THRESHOLD, 120, false).max(0)),
            (Element::EmployeePension, permille(pay, 65, true)),
            (Element::Union, if person.is_in_union { 1_150 } else { 0 }),
        ];
        let net = all - deductions.iter().map(|(_, pence)| pence).sum::<i64>();
        for (element, pence) in deductions.into_iter().chain([(Element::Net, net)]) {
            let (cost_centre, account) = (post.cost_centre, self.codes.control());
            let item = Item {
                post: 1,
                element,
                day,
                earned: None,
                pence: -pence,
                cost_centre,
                account,
                is_balance: true,
                is_supplementary: false,
            };
            into.extend(Some(item).filter(|item| item.pence != 0));
        }
    }

    /// What the ledger is sent of a month: cost centre and account, and their sum. What a run of its own paid is in it, but for the one that
    /// nobody journalled.
    pub(super) fn journal(&self, month: u64) -> BTreeMap<(&'a str, &'a str), i64> {
        let (mut sums, mut items) = (BTreeMap::new(), Vec::new());
        for person in self.staff.people() {
            items.clear();
            self.slips(&person, month, &mut items);
            for item in items.iter().filter(|item| !(item.is_balance || (item.is_supplementary && month == NOT_JOURNALLED))) {
                *sums.entry((item.cost_centre, item.account)).or_default() += item.pence;
            }
        }
        sums.retain(|_, pence| *pence != 0);
        sums
    }
}

fn gross(items: &[Item<'_>], start: usize, post: u64) -> i64 {
    items.iter().skip(start).filter(|item| item.post == post).map(|item| item.pence).sum()
}

/// So many thousandths, to the nearest penny: an exact halfpenny up, or disregarded.
const fn permille(pence: i64, thousandths: i64, half_up: bool) -> i64 {
    let product = pence * thousandths;
    if half_up { (product + 500).div_euclid(1_000) } else { (product + 499).div_euclid(1_000) }
}

/// The days of a month on which a person is paid.
fn pay_days(monthly: u8, is_four_weekly: bool, month: u64) -> Vec<Day> {
    let (first, next) = (super::first_of(month), super::first_of(month + 1));
    if !is_four_weekly {
        return vec![first.plus_days(i32::from(monthly) - 1)];
    }
    // Every fourth Friday from 13 April 2018.
    (0..13).map(|turn| Day(super::first_of(0).0 + 12 + 28 * turn)).filter(|day| (first..next).contains(day)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::staff::{HAVERING, NEWHAM};

    #[test]
    fn the_items_of_a_person_and_day_sum_to_nought() {
        for employer in [NEWHAM, HAVERING, BEXLEY] {
            let codes = Codes::of(employer.council);
            let payroll = Payroll { staff: Staff::new(employer, &codes, 3, 20_000), codes: &codes };
            let (mut items, mut days) = (Vec::new(), 0);
            for person in payroll.staff.people() {
                for month in 0..12 {
                    items.clear();
                    payroll.slips(&person, month, &mut items);
                    let mut sums: BTreeMap<Day, i64> = BTreeMap::new();
                    items.iter().for_each(|item| *sums.entry(item.day).or_default() += item.pence);
                    assert!(sums.values().all(|sum| *sum == 0), "{items:?}");
                    assert!(items.iter().all(|item| !item.account.is_empty() && super::super::first_of(month) <= item.day));
                    days += sums.len();
                }
            }
            assert!(days > 1_000);
        }
    }

    #[test]
    fn a_halfpenny_of_national_insurance_is_disregarded() {
        assert_eq!((permille(250, 138, false), permille(250, 138, true)), (34, 35), "34.5 pence");
        assert_eq!((permille(251, 138, false), permille(249, 138, false)), (35, 34));
        assert_eq!(permille(300_000 - 70_200, 138, false), 31_712, "£317.12 on £3,000.00");
    }

    #[test]
    fn four_weekly_pay_comes_thirteen_times_a_year() {
        let days: Vec<Day> = (0..12).flat_map(|month| pay_days(24, true, month)).collect();
        assert_eq!(days.len(), 13);
        assert_eq!(pay_days(24, true, 4).len(), 2, "twice in August");
        assert_eq!(pay_days(27, false, 10), [Day::from_ymd(2019, 2, 27).unwrap()]);
    }
}
