//! From a figure back to the lines that it comes from, and from all of those forward again to the figure: check 36.

use std::{collections::BTreeMap, fmt};

use num_bigint::{BigInt, BigUint};

use super::{Fraction, Pence, Weights, fraction::greatest_common_divisor};

/// Who bears what part of a pound that arises in one service, as it is published.
#[derive(Clone, Debug)]
pub struct ShareRow {
    /// By `service/ownership/bearer`.
    parts: BTreeMap<String, Fraction>,
    weights: Weights,
}

/// A cell of cost: the parts that are published of it, and what its lines sum to.
#[derive(Clone, Debug)]
pub struct TracedCell<'a> {
    pub row: &'a ShareRow,
    /// Whose part is traced: `service/ownership/bearer`.
    pub key: String,
    /// Pence by `service/ownership/bearer`; cost positive.
    pub parts: BTreeMap<String, Pence>,
    /// Pence of all its lines; cost positive.
    pub lines: Pence,
}

/// A figure that leads to its lines, and back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Traced {
    /// What its bearer's part of every line sums to, in pence, exact.
    pub exact: Fraction,
    /// What the cells' rounding adds to that, in pence: both together are the figure.
    pub rounding: Fraction,
}

/// Where the way from a figure to its lines breaks off. Places count from 0, in the order of the cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Untraced {
    /// The lines of a cell do not sum to its parts: the parts are so many pence too much.
    Lines { cell: usize, over: Pence },
    /// The parts of a cell are not those that its shares give.
    Parts { cell: usize },
    /// The parts that it is made of do not sum to the figure: it is so many pence too much.
    Figure { over: Pence },
    /// The two ways end at different sums: backward is so many pence more.
    Ways { over: Fraction },
}

impl fmt::Display for Untraced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lines { over, .. } => write!(f, "the parts of a cell are {over}p more than its lines"),
            Self::Parts { .. } => write!(f, "the parts of a cell are not those that its shares give"),
            Self::Figure { over } => write!(f, "the figure is {over}p more than its parts"),
            Self::Ways { over } => write!(f, "back from the figure it is {over}p more than forward from the lines"),
        }
    }
}

impl ShareRow {
    /// `None` where the parts do not sum to exactly 1 (check 17).
    #[must_use]
    pub fn new(parts: impl IntoIterator<Item = (String, Fraction)>) -> Option<Self> {
        let parts: BTreeMap<String, Fraction> = parts.into_iter().collect();
        let sum = parts.values().fold(Fraction::whole(0), |sum, part| &sum + part);
        let common = parts.values().fold(BigUint::from(1u8), |common, part| {
            let shared = greatest_common_divisor(common.clone(), part.denominator().clone());
            common / shared * part.denominator()
        });
        let weight = |part: &Fraction| part.numerator() * BigInt::from(&common / part.denominator());
        let weights = Weights::new(parts.iter().map(|(key, part)| (key, weight(part)))).ok()?;
        (sum == Fraction::whole(1)).then_some(Self { parts, weights })
    }

    /// All of it with one bearer: cost that is not split.
    #[must_use]
    pub fn sole(key: &str) -> Option<Self> {
        Self::new([(key.to_owned(), Fraction::whole(1))])
    }

    /// The part of a pound that one bears; nought where it bears none.
    #[must_use]
    pub fn part(&self, key: &str) -> Fraction {
        self.parts.get(key).cloned().unwrap_or_else(|| Fraction::whole(0))
    }

    /// Everyone's part, by `service/ownership/bearer`.
    #[must_use]
    pub const fn parts(&self) -> &BTreeMap<String, Fraction> {
        &self.parts
    }
}

impl TracedCell<'_> {
    /// Pence of the whole cell, as its published parts have it.
    #[must_use]
    pub fn amount(&self) -> Pence {
        self.parts.values().sum()
    }

    /// The bearer's part of a pound of it.
    #[must_use]
    pub fn share(&self) -> Fraction {
        self.row.part(&self.key)
    }

    /// The bearer's part as it is published, in pence.
    #[must_use]
    pub fn part(&self) -> Pence {
        self.parts.get(&self.key).copied().unwrap_or(0)
    }

    /// The bearer's part, exact, in pence.
    #[must_use]
    pub fn exact(&self) -> Fraction {
        &Fraction::whole(self.amount()) * &self.share()
    }

    /// What rounding adds to the exact part, in pence: less than a penny of either sign.
    #[must_use]
    pub fn rounding(&self) -> Fraction {
        &Fraction::whole(self.part()) - &self.exact()
    }

    /// Its lines sum to its parts, and its parts are those that its shares give, odd pennies included.
    fn holds(&self, cell: usize) -> Result<(), Untraced> {
        let amount = self.amount();
        if amount != self.lines {
            return Err(Untraced::Lines { cell, over: amount - self.lines });
        }
        let again = self.row.weights.apportion(amount).unwrap_or_default();
        let as_published = self.row.parts.keys().eq(self.parts.keys()) && again.iter().eq(self.parts.values());
        if as_published { Ok(()) } else { Err(Untraced::Parts { cell }) }
    }
}

/// Traces a figure (pence) over all cells of which its bearer bears a part.
///
/// Backward: the figure less the rounding of every cell. Forward: the bearer's part of every line of those cells. Both are one sum.
///
/// # Errors
/// [`Untraced`] names the first place where that does not hold.
pub fn trace(figure: Pence, cells: &[TracedCell<'_>]) -> Result<Traced, Untraced> {
    let nought = Fraction::whole(0);
    let (mut parts, mut rounding, mut forward) = (0, nought.clone(), nought);
    for (place, cell) in cells.iter().enumerate() {
        cell.holds(place)?;
        parts += cell.part();
        rounding = &rounding + &cell.rounding();
        forward = &forward + &(&Fraction::whole(cell.lines) * &cell.share());
    }
    if parts != figure {
        return Err(Untraced::Figure { over: figure - parts });
    }
    let backward = &Fraction::whole(figure) - &rounding;
    if backward == forward { Ok(Traced { exact: forward, rounding }) } else { Err(Untraced::Ways { over: &backward - &forward }) }
}

#[cfg(test)]
mod tests;
