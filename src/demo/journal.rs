//! Journals of one council's year, in order of their day.

use crate::domain::{Calendar, Day, Period};

use super::{
    chance::Chance,
    codes::Codes,
    prepared::{Given, Prepared},
};

/// 1 April 2018, as days since 1970.
pub(super) const FIRST_DAY: Day = Day(17_622);
const DAYS: u64 = 365;
const APRIL: Calendar = Calendar { starts_month: 4, closing_period: 13 };

/// One line of every so many cost lines stands on a code that no table knows.
const UNKNOWN_ACCOUNT_EVERY: u64 = 3_001;
const UNKNOWN_COST_CENTRE_EVERY: u64 = 4_507;

/// The sub-ledger that a journal comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    Payables,
    Payroll,
    Receivables,
    Manual,
}

/// One line of a journal. What a layout prints of it is the layout's affair.
#[derive(Clone, Debug)]
pub(super) struct Line<'a> {
    /// From 1.
    pub journal: u64,
    /// Within the journal, from 1.
    pub sequence: u64,
    pub day: Day,
    pub period: Period,
    /// Debit positive. The lines of a journal sum to nought.
    pub pence: i64,
    pub cost_centre: &'a str,
    pub account: &'a str,
    pub origin: Origin,
    /// Which words, and a number to go with them.
    pub words: u64,
    pub number: u64,
    /// Number of an invented supplier or customer.
    pub party: u64,
    /// 0–999, for what happens to some lines only.
    pub permille: u64,
    /// What a journal that is not drawn says in place of words, party and reference.
    pub given: Option<&'a Given>,
}

/// The journals of a year: drawn one by one, and the prepared ones among them on their days.
pub(super) struct Ledger<'a> {
    codes: &'a Codes,
    chance: Chance,
    prepared: &'a [Prepared<'a>],
    /// Lines to be drawn.
    lines: u64,
    written: u64,
    journals: u64,
    cost_lines: u64,
}

impl<'a> Ledger<'a> {
    /// `lines` is at least 2, those of the prepared journals among them; these are in order of their day, and leave two or more to be drawn.
    pub(super) fn new(codes: &'a Codes, chance: Chance, lines: u64, prepared: &'a [Prepared<'a>]) -> Self {
        let given: u64 = prepared.iter().map(|journal| journal.lines.len() as u64 + 1).sum();
        Self { codes, chance, prepared, lines: lines.saturating_sub(given).max(2), written: 0, journals: 0, cost_lines: 0 }
    }

    /// Gives the next journal in place of the last one; `false` after the last.
    pub(super) fn next_journal(&mut self, into: &mut Vec<Line<'a>>) -> bool {
        into.clear();
        let left = self.lines - self.written;
        let reached = if left == 0 { Day(i32::MAX) } else { self.day() };
        if let Some((journal, rest)) = self.prepared.split_first().filter(|(journal, _)| journal.day <= reached) {
            self.prepared = rest;
            self.give(into, journal);
            return true;
        }
        if left == 0 {
            return false;
        }
        let drawn = 2 + self.chance.below(7);
        // One line alone could not balance, so the last journal takes it in.
        let size = if drawn + 1 >= left { left } else { drawn };
        let day = self.day();
        self.journals += 1;
        self.written += size;
        self.draw_journal(into, size, day);
        true
    }

    /// The day that drawn journals have come to.
    fn day(&self) -> Day {
        Day(FIRST_DAY.0 + (u128::from(self.written) * u128::from(DAYS) / u128::from(self.lines)) as i32)
    }

    fn give(&mut self, into: &mut Vec<Line<'a>>, journal: &'a Prepared<'a>) {
        self.journals += 1;
        let given = Some(&journal.given);
        let mut sum = 0;
        for (sequence, (cost_centre, account, pence)) in (1..).zip(&journal.lines) {
            sum += pence;
            into.push(Line {
                pence: *pence,
                cost_centre,
                account,
                given,
                permille: 500,
                ..self.line(journal.origin, sequence, journal.day)
            });
        }
        let cost_centre = into.first().map_or("", |line| line.cost_centre);
        let account = self.codes.control();
        let last = self.line(journal.origin, journal.lines.len() as u64 + 1, journal.day);
        into.push(Line { pence: -sum, account, cost_centre, given, permille: 500, ..last });
    }

    fn draw_journal(&mut self, into: &mut Vec<Line<'a>>, size: u64, day: Day) {
        let origin = match self.chance.below(16) {
            0..=10 => Origin::Payables,
            11..=13 => Origin::Receivables,
            _ => Origin::Manual,
        };
        let mut sum = 0;
        for sequence in 1..size {
            let line = self.cost_line(origin, sequence, day);
            sum += line.pence;
            into.push(line);
        }
        let account = self.chance.of(&self.codes.controls).map_or("", String::as_str);
        let cost_centre = into.first().map_or("", |line| line.cost_centre);
        into.push(Line { pence: -sum, account, cost_centre, ..self.line(origin, size, day) });
    }

    fn cost_line(&mut self, origin: Origin, sequence: u64, day: Day) -> Line<'a> {
        let codes = self.codes;
        let list = match origin {
            Origin::Payables => &codes.purchases,
            Origin::Receivables => &codes.income,
            Origin::Payroll | Origin::Manual => self.chance.of(&[&codes.purchases, &codes.income]).copied().unwrap_or(&codes.purchases),
        };
        let mut account = self.chance.of(list).map_or("", String::as_str);
        let mut cost_centre = self.some_cost_centre();
        let mut pence = self.chance.amount(22);
        self.cost_lines += 1;
        if self.cost_lines % UNKNOWN_ACCOUNT_EVERY == UNKNOWN_ACCOUNT_EVERY / 2 {
            (account, pence) = (&codes.unknown_account, self.chance.amount(16));
        }
        if self.cost_lines % UNKNOWN_COST_CENTRE_EVERY == UNKNOWN_COST_CENTRE_EVERY / 2 {
            (cost_centre, pence) = (&codes.unknown_cost_centre, self.chance.amount(16));
        }
        // Income is credited; one line in eight goes the other way, as refunds and reversals do.
        if (origin == Origin::Receivables) != (self.chance.below(8) == 0) {
            pence = -pence;
        }
        Line { pence, cost_centre, account, ..self.line(origin, sequence, day) }
    }

    fn some_cost_centre(&mut self) -> &'a str {
        let at = self.chance.low(self.codes.cost_centres.len() as u64);
        usize::try_from(at).ok().and_then(|at| self.codes.cost_centres.get(at)).map_or("", String::as_str)
    }

    /// All but amount and codes.
    fn line(&mut self, origin: Origin, sequence: u64, day: Day) -> Line<'a> {
        Line {
            journal: self.journals,
            sequence,
            day,
            period: APRIL.period_of(day),
            pence: 0,
            cost_centre: "",
            account: "",
            origin,
            words: self.chance.draw() >> 32,
            number: self.chance.below(5_000),
            party: self.chance.below(20_000),
            permille: self.chance.below(1_000),
            given: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn journals_balance_and_lines_are_as_many_as_asked() {
        let codes = Codes::of("newham");
        for lines in [2, 3, 4, 9, 10, 11, 1_000, 12_345] {
            let mut ledger = Ledger::new(&codes, Chance::new(lines), lines, &[]);
            let (mut journal, mut count, mut last_day) = (Vec::new(), 0, FIRST_DAY);
            while ledger.next_journal(&mut journal) {
                assert!(journal.len() >= 2);
                assert_eq!(journal.iter().map(|line| line.pence).sum::<i64>(), 0);
                let last = journal.last().unwrap();
                assert!(codes.controls.iter().any(|code| code == last.account), "the last line stands on a control account");
                assert!(last.day >= last_day, "in order of their day");
                last_day = last.day;
                count += journal.len() as u64;
            }
            assert_eq!(count, lines);
            assert!(last_day <= Day::from_ymd(2019, 3, 31).unwrap());
        }
    }

    #[test]
    fn the_year_starts_on_the_first_of_april() {
        assert_eq!(Some(FIRST_DAY), Day::from_ymd(2018, 4, 1));
    }

    #[test]
    fn a_few_lines_stand_on_codes_that_no_table_knows() {
        let codes = Codes::of("bexley");
        let mut ledger = Ledger::new(&codes, Chance::new(1), 20_000, &[]);
        let (mut journal, mut accounts, mut cost_centres) = (Vec::new(), 0, 0);
        while ledger.next_journal(&mut journal) {
            accounts += journal.iter().filter(|line| line.account == codes.unknown_account).count();
            cost_centres += journal.iter().filter(|line| line.cost_centre == codes.unknown_cost_centre).count();
        }
        assert!((2..20).contains(&accounts) && (2..20).contains(&cost_centres), "{accounts} {cost_centres}");
    }
}
