//! What is counted of the rows of a delivery: by period, and by how they stand to what it covers.

use crate::{
    decode::Sides,
    domain::{Day, OwnTime, Pence},
};

/// Rows and pounds of one delivery period, debits and credits apart (credits negative).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PeriodTotals {
    pub rows: u64,
    pub debits: Pence,
    pub credits: Pence,
    /// What rounding took off these rows, in millionths of a pound.
    pub residue: Sides,
    /// The first and the last day that they bear.
    pub days: Option<(Day, Day)>,
}

impl PeriodTotals {
    #[must_use]
    pub fn pence(&self) -> Pence {
        self.debits + self.credits
    }

    pub fn add(&mut self, other: &Self) {
        self.rows += other.rows;
        self.debits += other.debits;
        self.credits += other.credits;
        self.residue = self.residue.plus(other.residue);
        if let Some((first, last)) = other.days {
            self.dated(first);
            self.dated(last);
        }
    }

    #[inline]
    pub(super) fn dated(&mut self, day: Day) {
        self.days = Some(self.days.map_or((day, day), |(first, last)| (first.min(day), last.max(day))));
    }

    pub(super) fn count(&mut self, pence: Pence) {
        self.rows += 1;
        if pence < 0 { self.credits += pence } else { self.debits += pence }
    }
}

/// A row, for the message that there are such rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Noted {
    pub source_row: i64,
    /// The row's own time, by which it was judged.
    pub own: OwnTime,
    pub pence: Pence,
}

/// Rows that stand in one way to what their delivery covers, and the first of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Group {
    pub totals: PeriodTotals,
    pub first: Option<Noted>,
}

impl Group {
    pub(super) fn count(&mut self, row: Noted) {
        self.totals.count(row.pence);
        self.first.get_or_insert(row);
    }

    /// Adds those that come after these in the file.
    pub fn add(&mut self, next: &Self) {
        self.totals.add(&next.totals);
        self.first = self.first.or(next.first);
    }
}

/// How rows stand to what their delivery covers. Parts of it are added in the order of the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standings {
    /// Their own period, or their date where they have none, is not covered.
    pub outside: Group,
    /// Their own period is covered, and their date is not.
    pub date_outside: Group,
    /// Of a delivery of a closing period alone: those dated inside the year that it closes.
    pub in_closed_year: Group,
    /// Some row would lie outside with day and month of its date exchanged.
    pub outside_exchanged: bool,
    /// Of the rows outside, those that would lie inside so.
    pub inside_exchanged: u64,
}

impl Standings {
    /// Adds those of the next piece of the file.
    pub fn add(&mut self, next: &Self) {
        self.outside.add(&next.outside);
        self.date_outside.add(&next.date_outside);
        self.in_closed_year.add(&next.in_closed_year);
        self.outside_exchanged |= next.outside_exchanged;
        self.inside_exchanged += next.inside_exchanged;
    }
}
