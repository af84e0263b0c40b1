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
        Some(NiRate {
            percent: either("employer_ni")?,
            threshold_pounds: self.on("employer_ni_threshold", letter, basis, day)?,
            has_upper_threshold: self.has_upper_threshold(letter, day),
        })
    }

    /// Whether a second threshold holds for a letter on a day, for whichever pay basis it is written down.
    fn has_upper_threshold(&self, letter: &str, day: Day) -> bool {
        let rates = [("employer_ni_upper_threshold", ""), ("employer_ni_threshold", "upper_")];
        rates.into_iter().any(|(rate, prefix)| {
            let of_letter = self
                .0
                .range([rate, letter, prefix]..)
                .take_while(|([name, scope, basis], _)| (*name, *scope) == (rate, letter) && basis.starts_with(prefix));
            of_letter.flat_map(|(_, spans)| spans).any(|(from, to, _)| *from <= day && to.is_none_or(|end| day < end))
        })
    }

    /// Per cent of pensionable pay that an employer pays into a fund.
    pub fn employer_pension(&self, fund: &str, day: Day) -> Option<Quantity> {
        self.on("employer_pension", fund, "", day)
    }
}
