//! The rate card: rates and thresholds by the pay date.

use std::collections::BTreeMap;

use crate::{
    diagnostic::Answer,
    domain::{Day, NiRate, Quantity},
    schema::batch::Rows,
};

/// By rate, scope and basis: spans with their value.
pub(super) struct RateCard<'a>(BTreeMap<[&'a str; 3], Vec<(Day, Option<Day>, Quantity)>>);

impl<'a> RateCard<'a> {
    pub fn of(table: Rows<'a>) -> Answer<Self> {
        let mut card: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for row in 0..table.count() {
            let key = [table.text("rate", row)?, table.text("scope", row)?, table.text("basis", row)?];
            let (Some(from), Some(value)) = (table.day("valid_from", row)?, table.millionths("value", row)?) else { continue };
            card.entry(key).or_default().push((from, table.day("valid_to", row)?, Quantity::from_millionths(value)));
        }
        Ok(Self(card))
    }

    /// `None` where nothing holds on that day: last year's is never taken.
    fn on(&self, rate: &str, scope: &str, basis: &str, day: Day) -> Option<Quantity> {
        let holds = |(from, to, _): &&(Day, Option<Day>, Quantity)| *from <= day && to.is_none_or(|end| day < end);
        self.0.get(&[rate, scope, basis])?.iter().find(holds).map(|(.., value)| *value)
    }

    /// Employer's national insurance of a letter and a pay basis.
    pub fn employer_ni(&self, letter: &str, basis: &str, day: Day) -> Option<NiRate> {
        let either = |rate| self.on(rate, letter, basis, day).or_else(|| self.on(rate, letter, "", day));
        let upper = format!("upper_{basis}");
        Some(NiRate {
            percent: either("employer_ni")?,
            threshold_pounds: self.on("employer_ni_threshold", letter, basis, day)?,
            has_upper_threshold: self.on("employer_ni_threshold", letter, &upper, day).is_some(),
        })
    }

    /// Per cent of pensionable pay that an employer pays into a fund.
    pub fn employer_pension(&self, fund: &str, day: Day) -> Option<Quantity> {
        self.on("employer_pension", fund, "", day)
    }
}
