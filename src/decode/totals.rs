//! Rows that may be totals which nobody declared: taken for rows they would count every pound twice.
//!
//! A file prints its total last, or first, or twice; or it prints a subtotal behind every block of rows, and perhaps a grand total behind
//! all of them. What the sums of a file and its outermost rows tell costs nothing to know. Subtotals are looked for where the sums say
//! that there may be some, by reading the amounts once more ([`super::find_subtotals`]).

use super::{
    judge::Judge,
    middle::InMiddle,
    tally::{ColumnSum, Tally},
    value::part_pennies::printed,
};
use crate::domain::Pence;

const MILLIONTHS_OF_A_PENNY: Pence = 10_000;

/// Outermost rows that are kept, on either side.
pub(super) const EDGE: usize = 2;

/// Rows up to which a file is read once more for subtotals without a grand total, of which its sums tell only that they may be there.
const READ_AGAIN: u64 = 50_000;

/// An accepted row with an amount other than nought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct EdgeRow {
    pub(super) line: u64,
    /// Its amounts in millionths of a pound, one for each money column in the contract's order; nought where it has none.
    pub(super) millionths: Vec<Pence>,
    /// Its only text is a word for a total.
    pub(super) says_total: bool,
}

/// Whether a text is a word for a total, and nothing else.
pub(super) fn is_total(text: &[u8]) -> bool {
    const WORDS: [&str; 12] = [
        "total",
        "totals",
        "grand total",
        "overall total",
        "subtotal",
        "sub total",
        "sub-total",
        "total amount",
        "total spend",
        "cyfanswm",
        "is-gyfanswm",
        "total cyfanswm",
    ];
    let text = String::from_utf8_lossy(text).trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    WORDS.contains(&text.split_whitespace().collect::<Vec<_>>().join(" ").as_str())
}

impl EdgeRow {
    /// Its amount in one of the money columns.
    fn of(&self, at: usize) -> Pence {
        self.millionths.get(at).copied().unwrap_or(0)
    }
}

/// The outermost accepted rows with an amount. Parts of it are added in the order of their chunks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Edges {
    /// The first few.
    pub(super) head: Vec<EdgeRow>,
    /// The last few.
    pub(super) tail: Vec<EdgeRow>,
}

impl Edges {
    pub(super) fn add(&mut self, next: Self) {
        self.head.extend(next.head);
        self.head.truncate(EDGE);
        self.tail.extend(next.tail);
        self.tail.drain(..self.tail.len().saturating_sub(EDGE));
    }
}

/// Rows that may be totals which nobody declared: each is the sum of all other rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LooksTotal {
    /// Their lines, in order.
    pub lines: Vec<u64>,
    /// They stand first.
    pub first: usize,
    /// Rows of which each is the sum, accepted or rejected: two or more.
    pub rows: u64,
    /// What each adds to the pounds of the delivery; nought where its debits and credits are alike.
    pub pence: Pence,
    /// What the other rows add up to, where the row calls itself a total and is not their sum; `None` where it is.
    pub others: Option<Pence>,
}

/// The amounts of some row or rows, by which rows are compared.
type Amounts = Vec<Pence>;

impl Tally {
    /// The outermost rows, where each of them is the sum of all rows between: by the form of the row's pounds, or column by column.
    /// Rows that were rejected count where their amounts could be read, as they did in the sender's total.
    pub(super) fn looks_total(&self, judge: &Judge) -> Option<LooksTotal> {
        let form = form(judge);
        let columns = |of: &dyn Fn(usize) -> Pence| form.iter().map(|(at, _)| of(*at)).collect();
        let whole = |of: &dyn Fn(usize) -> Pence| vec![net(&form, of)];
        self.edges_are_sums(&form, &columns).or_else(|| self.edges_are_sums(&form, &whole)).or_else(|| self.edge_says_total(&form))
    }

    /// The last row, or the first, that calls itself a total and is not the sum of the others.
    fn edge_says_total(&self, form: &[(usize, bool)]) -> Option<LooksTotal> {
        let last = self.edges.tail.last().filter(|row| row.says_total).map(|row| (0, row));
        let (first, row) = last.or_else(|| self.edges.head.first().filter(|row| row.says_total).map(|row| (1, row)))?;
        let pence = net(form, &|at| row.of(at));
        let others = net(form, &|at| self.accepted(at)) - pence;
        let rows = self.with_amount.saturating_sub(1);
        let [pence, others] = [pence, others].map(|millionths| millionths / MILLIONTHS_OF_A_PENNY);
        (rows > 1).then(|| LooksTotal { lines: vec![row.line], first, rows, pence, others: Some(others) })
    }

    /// What the accepted rows printed in a money column, in millionths of a pound.
    fn accepted(&self, at: usize) -> Pence {
        self.sums.get(at).map_or(0, |sum| printed(sum.accepted.net(), sum.residue.net()))
    }

    fn edges_are_sums(&self, form: &[(usize, bool)], measure: &dyn Fn(&dyn Fn(usize) -> Pence) -> Amounts) -> Option<LooksTotal> {
        let of_row = |row: &EdgeRow| measure(&|at| row.of(at));
        let accepted = measure(&|at| self.accepted(at));
        let all = measure(&|at| self.sums.get(at).map_or(0, ColumnSum::printed));
        // The fewest first: a total behind the rows is the usual one.
        let counts = [(0, 1), (1, 0), (1, 1), (0, 2), (2, 0), (1, 2), (2, 1), (2, 2)];
        for ((first, last), (sum, rejected)) in
            counts.into_iter().flat_map(|count| [(count, (&accepted, 0)), (count, (&all, self.rejected))])
        {
            let (Some(head), Some(tail)) =
                (self.edges.head.get(..first), self.edges.tail.len().checked_sub(last).and_then(|from| self.edges.tail.get(from..)))
            else {
                continue;
            };
            let edges: Vec<&EdgeRow> = head.iter().chain(tail).collect();
            let Some(one) = edges.first() else { continue };
            let (total, times) = (of_row(one), edges.len() as Pence);
            let rest: Amounts = sum.iter().zip(&total).map(|(sum, one)| sum - times * one).collect();
            let rows = (self.with_amount + rejected).saturating_sub(edges.len() as u64);
            let alike = edges.iter().all(|row| of_row(row) == total);
            if rows > 1 && alike && rest == total && total.iter().any(|pence| *pence != 0) {
                let pence = net(form, &|at| one.of(at)) / MILLIONTHS_OF_A_PENNY;
                return Some(LooksTotal { lines: edges.iter().map(|row| row.line).collect(), first, rows, pence, others: None });
            }
        }
        None
    }

    /// A row amid the others that is the sum of all before it. Of the outermost rows [`looks_total`](Self::looks_total) tells, and of a
    /// ledger that balances nothing is asked: a line may well be the sum of those of its journal.
    pub(super) fn in_middle(&self, judge: &Judge) -> Option<InMiddle> {
        let form = form(judge);
        let whole = net(&form, &|at| self.sums.get(at).map_or(0, |sum| sum.accepted.net()));
        let is_edge = |row: &InMiddle| self.edges.tail.last().is_some_and(|last| last.line == row.line);
        self.running.found.filter(|row| whole != 0 && self.looks_total.is_none() && !is_edge(row))
    }

    /// Whether the sums leave room for subtotals that nobody declared: the last row is a grand total beside them, or, in a file that is
    /// soon read again, the sum is an even number of pence. [`super::find_subtotals`] tells whether there are any.
    #[must_use]
    pub fn may_hold_subtotals(&self, judge: &Judge) -> bool {
        let form = form(judge);
        let sum = net(&form, &|at| self.accepted(at));
        let last = self.edges.tail.last().map_or(0, |row| net(&form, &|at| row.of(at)));
        // A grand total may be printed twice. Without one, the blocks and their sums are twice the blocks; of a ledger that balances
        // nothing is asked.
        let grand = sum == 3 * last || sum == 4 * last;
        last != 0
            && sum != 0
            && self.with_amount > 4
            && (grand || (sum % (2 * MILLIONTHS_OF_A_PENNY) == 0 && self.with_amount <= READ_AGAIN))
    }
}

/// The form of a row's pounds over [`Tally::sums`].
fn form(judge: &Judge) -> Vec<(usize, bool)> {
    let place = |column: usize| judge.money_columns().position(|at| at == column);
    judge.pounds.iter().filter_map(|(column, minus)| Some((place(*column)?, *minus))).collect()
}

/// The net of a form over the amounts of its columns.
fn net(form: &[(usize, bool)], of: &dyn Fn(usize) -> Pence) -> Pence {
    form.iter().map(|(at, minus)| if *minus { -of(*at) } else { of(*at) }).sum()
}
