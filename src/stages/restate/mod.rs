//! What a reopened period says otherwise than the release with which it was closed.
//!
//! In: cells, balances and lines of a period, old and new → Out: those that differ → Proof: per cell, new lines less old lines are the
//! difference, to the penny.

mod lines;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, fmt};

use arrow::{array::ArrayRef, compute::concat, record_batch::RecordBatch};

pub use self::lines::{LineSides, line_sides, lines_table};
use crate::{
    diagnostic::{Answer, Diagnostic, codes},
    domain::{Changed, Pence, Period, changed, pounds, unfooted},
    schema::{Cell, Contract, batch::Rows},
};

/// The columns that tell cells of `separation` apart within a period.
const CELL: [&str; 5] = ["council", "fund", "ownership", "service", "account_group"];
/// The columns that tell balances of `settlement` apart within a period.
const BALANCE: [&str; 3] = ["kind", "service", "organisation"];

/// One of the two sides: parts of a published table.
#[derive(Clone, Debug, Default)]
pub struct TwoSides {
    pub old: Vec<RecordBatch>,
    pub new: Vec<RecordBatch>,
}

impl TwoSides {
    /// Whether the sides say something else, in the columns that both have.
    #[must_use]
    pub fn differ(&self) -> bool {
        let rows = |side: &[RecordBatch]| side.iter().map(RecordBatch::num_rows).sum::<usize>();
        let count = rows(&self.new);
        if rows(&self.old) != count || count == 0 {
            return rows(&self.old) != count;
        }
        let column = |side: &'_ [RecordBatch], name: &str| -> Option<Vec<ArrayRef>> {
            side.iter().map(|batch| batch.column_by_name(name).cloned()).collect()
        };
        let whole = |parts: &[ArrayRef]| concat(&parts.iter().map(AsRef::as_ref).collect::<Vec<_>>());
        let names = self.new.first().map(RecordBatch::schema);
        names.iter().flat_map(|schema| schema.fields()).any(|field| {
            let both = column(&self.old, field.name()).zip(column(&self.new, field.name()));
            // Columns of two versions that do not go together say something else.
            both.is_some_and(|(old, new)| !matches!((whole(&old), whole(&new)), (Ok(old), Ok(new)) if old.as_ref() == new.as_ref()))
        })
    }
}

/// Of these tables those whose figures differ, where the parts that `may_differ` tells of are not the same ones. Tables that say of a row
/// who brought it differ wherever something came again, and are left out.
///
/// # Errors
/// What reading the sides finds.
pub fn tables_apart<'t>(
    tables: impl Iterator<Item = (&'t str, &'t Contract)>,
    may_differ: impl Fn(&str) -> bool,
    sides: impl Fn(&str) -> Answer<TwoSides>,
) -> Answer<Vec<String>> {
    let mut apart = Vec::new();
    for (table, contract) in tables {
        let of_deliveries = contract.arrow_schema().column_with_name("delivery_id").is_some();
        if !of_deliveries && may_differ(table) && sides(table)?.differ() {
            apart.push(table.to_owned());
        }
    }
    Ok(apart)
}

/// What of a difference the rules of today make of the lines on which the period was closed; the rest is data.
#[derive(Clone, Debug)]
pub enum Effects {
    /// The rules are those of then.
    OnlyData,
    /// The lines are those of then.
    OnlyRules,
    /// Both differ: this is `separation` of the lines of then by the rules of today.
    Between(Vec<RecordBatch>),
}

/// A cell that says something else, with the two effects: they sum to the difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestatedCell {
    /// Council, fund, ownership, service, account group.
    pub key: [String; 5],
    /// Pence in the closing release, and now.
    pub old: Pence,
    pub new: Pence,
    pub rules: Pence,
    pub data: Pence,
}

/// All cells of a council and account group together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestatedGroup {
    pub council: String,
    pub account_group: String,
    pub old: Pence,
    pub new: Pence,
    /// Lines of cost behind it, of both sides.
    pub lines: usize,
}

/// What a period says otherwise.
#[derive(Clone, Debug)]
pub struct Restated {
    pub cells: Vec<RestatedCell>,
    /// Kind, service, organisation: balances of the settlement.
    pub balances: Vec<Changed<[String; 3]>>,
    pub groups: Vec<RestatedGroup>,
    pub lines: LineSides,
    /// Other tables whose figures of the period differ.
    pub tables: Vec<String>,
}

impl Restated {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty() && self.balances.is_empty() && self.lines.is_empty() && self.tables.is_empty()
    }
}

/// A cell as a report names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key([String; 5]);

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(", "))
    }
}

/// Sets old against new. `lines` are the lines that differ: [`line_sides`].
///
/// # Errors
/// TC1404 where the lines of a cell are not its difference: then nothing is published. TC1250 where a table lacks a column.
pub fn restate(period: Period, separation: &TwoSides, settlement: &TwoSides, effects: &Effects, lines: LineSides) -> Answer<Restated> {
    let (old, new) = (cells(&separation.old, CELL, "amount")?, cells(&separation.new, CELL, "amount")?);
    let (of_old, of_new) = (lines.of_cells(&lines.old, CELL)?, lines.of_cells(&lines.new, CELL)?);
    let key = |(key, pence): &([String; 5], Pence)| (Key(key.clone()), *pence);
    let changes = changed(old.iter().map(key), new.iter().map(key));
    if let Some(first) = unfooted(&changes, of_old.iter().map(key), of_new.iter().map(key)).first() {
        return Err(does_not_foot(period, &first.to_string()).into());
    }
    let between: BTreeMap<[String; 5], Pence> = match effects {
        Effects::OnlyData => old.iter().cloned().collect(),
        Effects::OnlyRules => new.iter().cloned().collect(),
        Effects::Between(made) => cells(made, CELL, "amount")?.into_iter().collect(),
    };
    let one = |cell: Changed<Key>| {
        let between = between.get(&cell.key.0).copied().unwrap_or_default();
        RestatedCell { rules: between - cell.old, data: cell.new - between, key: cell.key.0, old: cell.old, new: cell.new }
    };
    let balances = changed(cells(&settlement.old, BALANCE, "balance")?, cells(&settlement.new, BALANCE, "balance")?);
    let groups = groups(&old, &new, of_old.iter().chain(&of_new));
    let cells = changes.into_iter().map(one).collect();
    Ok(Restated { cells, balances, groups, lines, tables: Vec::new() })
}

fn does_not_foot(period: Period, seen: &str) -> Diagnostic {
    Diagnostic::new(codes::periods::DOES_NOT_FOOT, format!("the restatement of {period} does not foot: {seen}"))
        .expected("in every cell, new lines less old lines are new pounds less old pounds, to the penny")
        .outcome("nothing was published; the last release is unchanged")
        .hint("truecost release verify says whether the closing release is as it was written; if it is, this is a fault of truecost: report it")
}

/// Amounts by some columns, each key once.
fn cells<const N: usize>(batches: &[RecordBatch], keys: [&str; N], amount: &str) -> Answer<Vec<([String; N], Pence)>> {
    let mut sums: BTreeMap<[String; N], Pence> = BTreeMap::new();
    for batch in batches {
        let rows = Rows(batch);
        for row in 0..rows.count() {
            *sums.entry(key_of(rows, row, keys)?).or_default() += rows.pence(amount, row)?;
        }
    }
    Ok(sums.into_iter().collect())
}

fn key_of<const N: usize>(rows: Rows<'_>, row: usize, keys: [&str; N]) -> Answer<[String; N]> {
    let mut key = [const { String::new() }; N];
    for (text, name) in key.iter_mut().zip(keys) {
        rows.text(name, row)?.clone_into(text);
    }
    Ok(key)
}

/// Cells by council and account group, of those that differ; lines are counted, whatever they sum to.
fn groups<'l>(
    old: &[([String; 5], Pence)],
    new: &[([String; 5], Pence)],
    lines: impl Iterator<Item = &'l ([String; 5], Pence)>,
) -> Vec<RestatedGroup> {
    let group = |[council, .., account_group]: &[String; 5]| (council.clone(), account_group.clone());
    let side = |(key, pence): &([String; 5], Pence)| (group(key), *pence);
    let mut count: BTreeMap<(String, String), usize> = BTreeMap::new();
    lines.for_each(|(key, _)| *count.entry(group(key)).or_default() += 1);
    let one = |of: Changed<(String, String)>| {
        let lines = count.get(&of.key).copied().unwrap_or_default();
        RestatedGroup { council: of.key.0, account_group: of.key.1, old: of.old, new: of.new, lines }
    };
    changed(old.iter().map(side), new.iter().map(side)).into_iter().map(one).collect()
}

/// What every row of a statement says besides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statement {
    pub number: u64,
    pub period: Option<Period>,
    /// `data, rule`.
    pub cause: String,
    /// The closing release; empty where the period was closed empty.
    pub release: String,
    pub reason: String,
    pub by: String,
}

impl Statement {
    fn head(&self) -> Vec<Cell> {
        let (year, period) = self.period.map_or((0, 0), |period| (i64::from(period.year), i64::from(period.period)));
        vec![self.number.into(), year.into(), period.into()]
    }

    /// Rows of `restatement`.
    #[must_use]
    pub fn rows(&self, restated: &Restated) -> Vec<Vec<Cell>> {
        let one = |cell: &RestatedCell| {
            let mut row = self.head();
            row.extend(cell.key.iter().map(|text| Cell::from(text.as_str())));
            row.extend([cell.old, cell.new, cell.new - cell.old, cell.rules, cell.data].map(Cell::Pence));
            row.extend([&self.cause, &self.release, &self.reason, &self.by].map(|text| Cell::from(text.as_str())));
            row
        };
        restated.cells.iter().map(one).collect()
    }

    /// Rows of `restatement_settlement`.
    #[must_use]
    pub fn balances(&self, restated: &Restated) -> Vec<Vec<Cell>> {
        let one = |balance: &Changed<[String; 3]>| {
            let mut row = self.head();
            row.extend(balance.key.iter().map(|text| Cell::from(text.as_str())));
            row.extend([balance.old, balance.new, balance.difference()].map(Cell::Pence));
            row
        };
        restated.balances.iter().map(one).collect()
    }
}

impl RestatedGroup {
    /// `separation of havering, services_and_supplies: £12,340.00 more (old £1,002,118.40, new £1,014,458.40), 2 lines`.
    #[must_use]
    pub fn sentence(&self) -> String {
        let difference = self.new - self.old;
        let word = if difference < 0 { "less" } else { "more" };
        let lines = crate::domain::counted(self.lines as u64, "line");
        format!(
            "separation of {}, {}: {} {word} (old {}, new {}), {lines}",
            self.council,
            self.account_group,
            pounds(difference.abs()),
            pounds(self.old),
            pounds(self.new)
        )
    }
}
