//! Who is employed by a council: drawn one by one from the seed, so that any of them can be drawn again.

use crate::domain::Day;

use super::{
    chance::Chance,
    codes::{Codes, Place},
};

/// Cost centres of payroll are as many as this many lines of the ledger allow, so that payroll fills a part of it and no more.
const LINES_A_CENTRE: u64 = 200;
/// Persons of a partner of ordinary size: one for so many lines, and no more than this.
const LINES_A_PERSON: u64 = 40;
const MOST_PERSONS: u64 = 10_000;

/// What tells one council's payroll from another's.
#[derive(Clone, Copy, Debug)]
pub(super) struct Employer {
    pub council: &'static str,
    pub fund: &'static str,
    /// What the fund asks of the employer, in thousandths of pensionable pay.
    pub fund_permille: i64,
    /// Day of the month on which the monthly paid are paid.
    pub pay_day: u8,
    /// A quarter of its people is paid every four weeks.
    pub four_weekly: bool,
    /// Persons, in thousandths of a partner of ordinary size.
    size: u64,
    /// Number before that of the first person.
    first: u64,
}

pub(super) const NEWHAM: Employer =
    Employer { council: "newham", fund: "newham_fund", fund_permille: 193, pay_day: 27, four_weekly: false, size: 1_200, first: 10_000 };
pub(super) const HAVERING: Employer =
    Employer { council: "havering", fund: "havering_fund", fund_permille: 204, pay_day: 28, four_weekly: false, size: 800, first: 50_000 };
pub(super) const BEXLEY: Employer =
    Employer { council: "bexley", fund: "bexley_fund", fund_permille: 158, pay_day: 24, four_weekly: true, size: 500, first: 300_000 };

/// One part of a post that works for several services.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Split<'a> {
    pub service: &'a str,
    pub weight: u64,
}

/// One assignment of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Post<'a> {
    /// 1, or 2 for the second of two.
    pub number: u64,
    pub cost_centre: &'a str,
    /// Basic pay of a year, pence.
    pub pay: i64,
    /// Empty where its cost centre decides.
    pub splits: Vec<Split<'a>>,
}

/// One person. Every name is invented, and no NI number that begins with QQ is ever issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Person<'a> {
    pub number: u64,
    pub surname: &'static str,
    pub forename: &'static str,
    /// Digits of the NI number and of the bank account.
    pub digits: u64,
    pub ni_letter: char,
    pub fund: &'static str,
    pub fund_permille: i64,
    pub is_four_weekly: bool,
    pub is_in_union: bool,
    pub from: Day,
    /// First and last month of 2018/19 in which it is paid, 0 for April.
    pub first_month: u64,
    pub last_month: u64,
    pub posts: Vec<Post<'a>>,
    /// For what happens in some months only.
    pub luck: u64,
}

/// The people of one council.
#[derive(Clone, Debug)]
pub(super) struct Staff<'a> {
    pub employer: Employer,
    codes: &'a Codes,
    seed: u64,
    count: u64,
    /// Cost centres of each kind on which anybody is employed.
    centres: usize,
}

const SURNAMES: [&str; 16] = [
    "Exampleby",
    "Specimenson",
    "Samplewood",
    "Inventon",
    "Anybodson",
    "Fictionley",
    "Madeupham",
    "Standinson",
    "Demonstrand",
    "Nobodsworth",
    "Mockingham",
    "Dummyton",
    "Testerfield",
    "Trialby",
    "Notreal",
    "Pretendham",
];
const FORENAMES: [&str; 8] = ["Ada", "Bo", "Cy", "Dee", "Eve", "Flo", "Gus", "Hal"];

impl<'a> Staff<'a> {
    /// The people of a council whose ledger has `lines` lines; none of a ledger too short to hold a payroll.
    pub(super) fn new(employer: Employer, codes: &'a Codes, seed: u64, lines: u64) -> Self {
        let ordinary = if lines < super::LINES_WITH_PAYROLL { 0 } else { (lines / LINES_A_PERSON).min(MOST_PERSONS) };
        let centres = usize::try_from(lines / LINES_A_CENTRE).unwrap_or(usize::MAX);
        Self { employer, codes, seed, count: ordinary * employer.size / 1_000, centres }
    }

    pub(super) fn people(&self) -> impl Iterator<Item = Person<'a>> + '_ {
        (0..self.count).map(|at| self.person(at))
    }

    /// Half of them work for their own council, two in five for a shared service, one in ten for one of the others.
    fn place(&self, at: u64) -> Option<&'a Place> {
        let (list, turn) = match at % 10 {
            nth @ 0..=4 => (&self.codes.places.retained, at / 10 * 5 + nth),
            nth @ 5..=8 => (&self.codes.places.shared, at / 10 * 4 + nth - 5),
            _ => (&self.codes.places.other, at / 10),
        };
        let used = list.get(..self.centres.min(list.len()))?;
        used.get(usize::try_from(turn % (used.len() as u64).max(1)).ok()?)
    }

    fn person(&self, at: u64) -> Person<'a> {
        let mut chance = Chance::new(self.seed ^ (at + 1).wrapping_mul(0x9E6C_63D0_876A_68EE));
        let employer = &self.employer;
        let pay = 1_650_000 + chance.below(2_600_000).cast_signed();
        let posts = self.posts(at, pay, &mut chance);
        // One in thirty-three leaves, one in thirty-three comes, and months differ.
        let turn = 2 + (at / 33) % 8;
        let last_month = if at % 33 == 7 { turn } else { 11 };
        let first_month = if at % 33 == 19 { turn } else { 0 };
        let from = match first_month {
            0 => Day(14_700 + chance.below(2_800) as i32),
            month => super::first_of(month),
        };
        // A few came over from another employer and kept its fund.
        let elsewhere = [NEWHAM, HAVERING, BEXLEY].into_iter().find(|other| other.fund != employer.fund && at % 40 == 23);
        let fund = elsewhere.unwrap_or(*employer);
        Person {
            number: employer.first + at + 1,
            surname: chance.of(&SURNAMES).copied().unwrap_or_default(),
            forename: chance.of(&FORENAMES).copied().unwrap_or_default(),
            digits: 100_000 + chance.below(900_000),
            ni_letter: if at % 50 == 31 { 'M' } else { 'A' },
            fund: fund.fund,
            fund_permille: fund.fund_permille,
            is_four_weekly: employer.four_weekly && at % 4 == 1,
            is_in_union: at % 3 == 1,
            from,
            first_month,
            last_month,
            posts,
            luck: chance.draw(),
        }
    }

    fn posts(&self, at: u64, pay: i64, chance: &mut Chance) -> Vec<Post<'a>> {
        let Some(place) = self.place(at) else { return Vec::new() };
        let own = Post { number: 1, cost_centre: &place.cost_centre, pay, splits: Vec::new() };
        // One in twenty works for two services, one in fifty has two assignments.
        if at % 20 == 6 {
            let shared = &self.codes.places.shared;
            let other = chance.of(shared).filter(|other| other.service != place.service);
            let splits = other.map(|other| {
                let part = |service, weight| Split { service, weight };
                vec![part(place.service.as_str(), 2 + at / 20 % 3), part(other.service.as_str(), 1)]
            });
            return vec![Post { splits: splits.unwrap_or_default(), ..own }];
        }
        if at % 50 == 12 {
            let second = self.place(at + 7).map_or(own.cost_centre, |place| &place.cost_centre);
            return vec![Post { pay: pay / 2, ..own.clone() }, Post { number: 2, cost_centre: second, pay: pay / 4, ..own }];
        }
        vec![own]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_council_has_splits_second_posts_leavers_and_three_funds() {
        let codes = Codes::of("newham");
        let staff = Staff::new(NEWHAM, &codes, 1, 20_000);
        let people: Vec<Person<'_>> = staff.people().collect();
        assert_eq!(people.len(), 600);
        let count = |test: &dyn Fn(&Person<'_>) -> bool| people.iter().filter(|person| test(person)).count();
        assert_eq!(count(&|person| person.posts.is_empty()), 0);
        assert!((24..=30).contains(&count(&|person| person.posts.iter().any(|post| post.splits.len() == 2))), "5 in a hundred");
        assert_eq!(count(&|person| person.posts.len() == 2), 12, "2 in a hundred");
        assert_eq!((count(&|person| person.last_month < 11), count(&|person| person.first_month > 0)), (18, 18));
        let funds: std::collections::BTreeSet<&str> = people.iter().map(|person| person.fund).collect();
        assert!(funds.len() >= 2, "{funds:?}");
        assert!(people.iter().all(|person| person.posts.iter().all(|post| post.pay > 0)));
        assert_eq!(people, staff.people().collect::<Vec<_>>(), "drawn again, they are the same");
    }

    #[test]
    fn a_short_ledger_has_no_payroll() {
        let codes = Codes::of("bexley");
        assert_eq!(Staff::new(BEXLEY, &codes, 1, 2_999).people().count(), 0);
        assert_eq!(Staff::new(BEXLEY, &codes, 1, 3_000).people().count(), 37);
    }
}
