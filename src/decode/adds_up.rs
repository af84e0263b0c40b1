//! Amounts of a row that add up to another one, as the contract promises: rows on which they do not are counted and priced.

use super::value::{money::MoneyRules, part_pennies::printed};
use crate::{
    domain::Pence,
    schema::{AddsUp, Contract, MoneyStyle, Noise, Round, Rounding, Type},
};

/// An [`AddsUp`] by positions of columns.
#[derive(Clone, Debug)]
pub(super) struct Sum {
    parts: Vec<(Amount, bool)>,
    whole: Amount,
}

/// A column by its position in the contract, and how it is read.
#[derive(Clone, Debug)]
struct Amount {
    at: usize,
    rules: MoneyRules,
}

/// What rows held of amounts that add up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Added {
    /// Rows on which two parts or more are other than nought, and those on which they do not add up.
    pub telling: u64,
    /// Rows on which they do not add up.
    pub broken: u64,
    /// Those on which they are further apart than by rounding.
    pub far: u64,
    /// By how much, without regard to sign, in millionths of a pound.
    pub difference: Pence,
    /// The line of the first of them; 0 where there is none.
    pub first: u64,
}

/// A penny, in millionths of a pound: by less no row is out.
const PENNY: Pence = 10_000;

/// By less than three pence parts and the whole may be apart that are each rounded by itself.
const ROUNDED: Pence = 3 * PENNY;

impl Sum {
    /// What the contract promises.
    pub(super) fn of(contract: &Contract, sums: &[AddsUp]) -> Vec<Self> {
        let amount = |name: &str| {
            let (at, column) = contract.columns.iter().enumerate().find(|(_, column)| *column.name == *name)?;
            Some(Amount { at, rules: reading(column) })
        };
        let sum = |sum: &AddsUp| {
            let parts = sum.parts.iter().map(|term| Some((amount(&term.column)?, term.minus))).collect::<Option<Vec<_>>>()?;
            Some(Self { parts, whole: amount(&sum.whole)? })
        };
        sums.iter().filter_map(sum).collect()
    }

    /// Looks at a row. A part that is empty is nought; a row without the whole, without any part, or with a text that is no amount says
    /// nothing.
    pub(super) fn row<T: AsRef<[u8]>>(&self, line: u64, text_of: impl Fn(usize) -> Option<T>, added: &mut Added) {
        let amount = |Amount { at, rules }: &Amount| {
            let text = text_of(*at);
            let text = text.as_ref().map(AsRef::as_ref).unwrap_or_default().trim_ascii();
            let read = || rules.amount(text).ok().map(|read| printed(read.pence.into(), read.residue.into()));
            if text.is_empty() { Some(None) } else { read().map(Some) }
        };
        let Some(Some(whole)) = amount(&self.whole) else { return };
        let (mut sum, mut filled, mut telling) = (0, 0_u32, 0_u32);
        for (column, minus) in &self.parts {
            let Some(part) = amount(column) else { return };
            filled += u32::from(part.is_some());
            let part = part.unwrap_or(0);
            telling += u32::from(part != 0);
            sum += if *minus { -part } else { part };
        }
        if filled == 0 {
            return;
        }
        let difference = (sum - whole).abs();
        let is_broken = difference >= PENNY;
        added.telling += u64::from(telling > 1 || is_broken);
        if is_broken {
            added.add(Added { telling: 0, broken: 1, far: u64::from(difference >= ROUNDED), difference, first: line });
        }
    }
}

impl Added {
    pub(super) const fn add(&mut self, next: Self) {
        self.telling += next.telling;
        self.broken += next.broken;
        self.far += next.far;
        self.difference += next.difference;
        if self.first == 0 || (next.first > 0 && next.first < self.first) {
            self.first = next.first;
        }
    }
}

/// As a column of amounts declares; a text is read in every style that may stand beside any other.
fn reading(column: &crate::schema::Column) -> MoneyRules {
    if column.kind == Type::Money {
        return MoneyRules::of(&column.rules);
    }
    let (noise, rounding) = (Some(Noise(1_000_000)), Some(Rounding { decimals: 6, round: Round::HalfEven }));
    let styles: Vec<MoneyStyle> = MoneyRules::PRINTED.into_iter().chain([MoneyStyle::Scientific, MoneyStyle::Accounting]).collect();
    MoneyRules::of(&crate::schema::ColumnRules { money: styles, noise, rounding, ..crate::schema::ColumnRules::default() })
}
