//! What is left out of the rows is priced: how many records, for which reason, and which pounds they hold.
//!
//! Only a record with as many fields as the header can be priced: its fields stand under the columns. An amount is what reads as one
//! in a style that its column declares, or in any style in which amounts are printed: a total is often printed otherwise than rows.

use std::{borrow::Cow, collections::BTreeMap};

use super::{
    header::{Header, record_type},
    judge::Judge,
    reading::Reading,
    tally::Tally,
    value::{
        money::{AmountFault, MoneyRules},
        part_pennies::{ReadAmount, printed},
    },
};
use crate::{
    domain::{Identifier, Pence, counted, pounds},
    schema::Holds,
};

/// Why a record is no row.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Left {
    /// A line before the header.
    Preamble,
    /// A row without a value.
    Blank,
    /// A control record, by its tag.
    Record(String),
    /// By the position of its rule among `not_data`.
    NotData(usize),
    /// The row of totals.
    Footer,
    /// The header once more.
    HeaderAgain,
    /// A line of dashes in a printed list.
    Rule,
    /// Page furniture, by the position of its pattern among `pages`.
    Page(usize),
    /// What says that there is nothing.
    Nil,
    /// From the record on that ends the rows.
    Tail,
}

/// Records left out for one reason, and what they hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    pub rows: u64,
    /// Of them, those in which an amount stands that can be read exactly, be it nought.
    pub priced: u64,
    /// Of them, those in which an amount other than nought stands that no named total covers.
    pub amounts: u64,
    /// Amounts of all of them, by the form of the row's pounds, as far as they can be read exactly, and rounded as those of rows are.
    pub pence: Pence,
    /// Of `amounts`, those with an amount that cannot be read exactly: `pence` lacks it.
    pub unread: u64,
    /// Line of the first that `amounts` counts.
    pub first_line: Option<u64>,
    /// For each column, the first printed totals that differ from each other: only where `holds: total` is said.
    pub totals: BTreeMap<Identifier, Vec<Printed>>,
}

/// A total as it is printed in a record of totals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Printed {
    pub line: u64,
    /// In millionths of a pound; `None` where it cannot be read exactly.
    pub millionths: Option<Pence>,
}

/// Different totals of one column that are remembered: the second one differs from the sum already.
const REMEMBERED: usize = 3;

impl LeftOut {
    fn add(&mut self, next: Self) {
        self.rows += next.rows;
        self.priced += next.priced;
        self.amounts += next.amounts;
        self.pence += next.pence;
        self.unread += next.unread;
        self.first_line = self.first_line.into_iter().chain(next.first_line).min();
        for (column, more) in next.totals {
            let known = self.totals.entry(column).or_default();
            more.into_iter().for_each(|printed| remember(known, printed));
        }
    }
}

fn remember(known: &mut Vec<Printed>, printed: Printed) {
    if known.len() < REMEMBERED && known.iter().all(|one| one.millionths != printed.millionths) {
        known.push(printed);
    }
}

/// What stands in a field: nothing or nought, an amount, or one that cannot be read exactly.
enum Amount {
    None,
    Read(ReadAmount),
    Unread,
}

fn amount(rules: MoneyRules, text: &[u8]) -> Amount {
    let text = String::from_utf8_lossy(text);
    let text = text.trim();
    if text.is_empty() {
        return Amount::None;
    }
    let printed = || rules.with_styles(&MoneyRules::PRINTED).amount(text.as_bytes());
    match rules.amount(text.as_bytes()).or_else(|_| printed()) {
        Ok(amount) => Amount::Read(amount),
        Err(AmountFault::Style) => Amount::None,
        Err(AmountFault::Precision | AmountFault::TooLarge) => Amount::Unread,
    }
}

impl Judge {
    /// What the declaration of such records says of their amounts.
    #[must_use]
    pub fn holds(&self, left: &Left) -> Option<Holds> {
        match left {
            Left::Preamble => self.layout.rows.preamble_holds,
            Left::Record(tag) => self.layout.rows.records.iter().find(|kind| kind.tag == *tag)?.holds,
            Left::NotData(rule) => self.layout.rows.not_data.get(*rule)?.holds,
            Left::Footer => self.layout.rows.footer.as_ref()?.holds,
            Left::Page(line) => self.layout.rows.pages.get(*line)?.holds,
            Left::Tail => self.layout.rows.end.as_ref()?.holds,
            Left::Blank | Left::HeaderAgain | Left::Rule | Left::Nil => None,
        }
    }

    /// The reason in words: `footer`, `record SUB`, or what the contract gives.
    #[must_use]
    pub fn reason(&self, left: &Left) -> String {
        match left {
            Left::Preamble => "before the header".to_owned(),
            Left::Blank => "blank".to_owned(),
            Left::Record(tag) => format!("record {tag}"),
            Left::Footer => "footer".to_owned(),
            Left::HeaderAgain => "header again".to_owned(),
            Left::Rule => "line of dashes".to_owned(),
            Left::Page(_) => "page furniture".to_owned(),
            Left::Nil => "nil return".to_owned(),
            Left::Tail => "after the end".to_owned(),
            Left::NotData(rule) => self.layout.rows.not_data.get(*rule).map_or_else(String::new, |rule| rule.reason.clone()),
        }
    }

    /// Whether the amount of column `column`, in field `place`, is a named total, which a control compares.
    fn is_named(&self, left: &Left, column: &Identifier, place: usize) -> bool {
        match left {
            Left::Record(tag) => {
                let kind = self.layout.rows.records.iter().find(|kind| kind.tag == *tag);
                kind.is_some_and(|kind| kind.fields.iter().any(|(_, position)| *position == place + 1))
            }
            Left::Footer => {
                self.layout.rows.footer.as_ref().is_some_and(|footer| footer.totals.iter().any(|(_, printed)| printed == column))
            }
            _ => false,
        }
    }

    /// Whether an amount that no total names is compared with the sum of its column.
    fn compares(&self, left: &Left) -> bool {
        let names_totals = *left == Left::Footer && self.layout.rows.footer.as_ref().is_some_and(|footer| !footer.totals.is_empty());
        self.holds(left) == Some(Holds::Total) && !names_totals
    }

    /// Whether the contract says where in its line a record's own fields stand: they are not those of a row.
    fn has_own_fields(&self, left: &Left) -> bool {
        let Left::Record(tag) = left else { return false };
        self.layout.rows.records.iter().any(|kind| kind.tag == *tag && !kind.stretches.is_empty())
    }

    /// Counts a record that is left out, and prices it. `field` gives the text of one of its `fields`.
    pub(super) fn price<'t>(
        &self,
        header: &Header,
        left: &Left,
        line: u64,
        fields: usize,
        field: impl Fn(usize) -> Option<Cow<'t, [u8]>>,
    ) -> LeftOut {
        let mut out = LeftOut { rows: 1, ..LeftOut::default() };
        if fields != header.fields || self.has_own_fields(left) {
            return out;
        }
        let mut unread = false;
        for (column, minus) in &self.pounds {
            let (Some(plan), Some(place)) = (self.plans.get(*column), header.place(*column)) else { continue };
            let Reading::Money(rules) = &plan.reading else { continue };
            let amount = field(place).map_or(Amount::None, |text| amount(*rules, &text));
            let named = self.is_named(left, &plan.name, place);
            let read = match amount {
                Amount::None => continue,
                Amount::Read(read) => Some(read),
                Amount::Unread => None,
            };
            if self.compares(left) && !named {
                let millionths = read.map(|read| printed(read.pence.into(), read.residue.into()));
                out.totals.insert(plan.name.clone(), vec![Printed { line, millionths }]);
            }
            let pence = read.map(|read| Pence::from(read.pence));
            out.priced |= u64::from(pence.is_some());
            out.pence += pence.map_or(0, |pence| if *minus { -pence } else { pence });
            if read.is_none_or(|read| (read.pence, read.residue) != (0, 0)) && !named {
                (out.amounts, out.first_line) = (1, Some(line));
                unread |= pence.is_none();
            }
        }
        out.unread = u64::from(unread);
        out
    }
}

impl Tally {
    /// Adds records that were left out.
    pub(super) fn leave_out(&mut self, left: Left, out: LeftOut) {
        self.left_out.entry(left).or_default().add(out);
    }

    /// Prices what stands before the header.
    pub(super) fn leave_out_before(&mut self, judge: &Judge, header: &Header) {
        for before in &header.preamble {
            let kind = record_type(judge, &before.fields).filter(|_| before.is_control);
            let left = kind.map_or(Left::Preamble, |kind| Left::Record(kind.tag.clone()));
            let field = |at: usize| before.fields.get(at).map(|text| Cow::Borrowed(text.as_bytes()));
            let out = judge.price(header, &left, before.line, before.fields.len(), field);
            self.leave_out(left, out);
        }
    }
}

impl Tally {
    /// Sentences about pounds that were left out as declared, beside totals, which are compared, and what is no pounds.
    pub(super) fn left_out_notes(&self, judge: &Judge) -> Vec<String> {
        let note = |(left, out): (&Left, &LeftOut)| {
            let holds = judge.holds(left).filter(|holds| matches!(holds, Holds::Subtotal | Holds::LeftOut)).filter(|_| out.amounts > 0)?;
            let records = counted(out.rows, "record");
            Some(format!("{records} left out ({}, {}): {}", judge.reason(left), holds.as_str(), pounds(out.pence)))
        };
        self.left_out.iter().filter_map(note).collect()
    }
}
