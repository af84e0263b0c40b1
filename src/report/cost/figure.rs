//! A figure of true cost, taken apart into the parts of cells that make it, and proved to lead to their lines.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    book::{Book, CellKey, CellPart, FullCost},
    shown::words,
};
use crate::{
    diagnostic::{Answer, Diagnostic, Place, Refusal, codes},
    domain::{ALL_GROUPS, Fraction, NOT_DISTRIBUTED, Ownership, Pence, ShareRow, Traced, TracedCell, Untraced, trace},
};

/// The way by which cost that is not split comes to its bearer.
pub(in crate::report) const DIRECT: &str = "direct";

/// All cells of a period with their parts, and the shares by which they were cut.
pub(in crate::report) struct Cells {
    /// Parts by cell.
    by_cell: BTreeMap<CellKey, Vec<CellPart>>,
    /// By set of pools and service.
    rows: BTreeMap<(String, String), ShareRow>,
    /// By key: cost that is not split.
    sole: BTreeMap<String, ShareRow>,
    /// Account groups with pools of their own.
    sets: BTreeSet<String>,
}

/// One cell in a figure.
#[derive(Clone, Debug)]
pub(in crate::report) struct InFigure {
    pub cell: CellKey,
    /// The set of pools that cut it, [`DIRECT`] where it is not split.
    pub set: String,
    /// As it came to the bearer: direct, allocated, unallocated.
    pub placement: String,
    /// What the bearer bears of a pound of it.
    pub share: Fraction,
    /// The cell's, in pence.
    pub amount: Pence,
    pub lines: i64,
    /// The bearer's part, in pence: exact, to the penny, and what the penny adds.
    pub exact: Fraction,
    pub part: Pence,
    pub rounding: Fraction,
}

/// A figure and the cells that it is made of, traced both ways.
#[derive(Clone, Debug)]
pub(in crate::report) struct Figure {
    pub full: FullCost,
    pub cells: Vec<InFigure>,
    pub traced: Traced,
}

impl Figure {
    /// The cells by service and set of pools, the service of the figure first.
    pub(in crate::report) fn by_origin(&self) -> Vec<((&str, &str), Vec<&InFigure>)> {
        let mut by_origin: BTreeMap<(bool, &str, &str), Vec<&InFigure>> = BTreeMap::new();
        for cell in &self.cells {
            let is_other = cell.cell.service != self.full.service;
            by_origin.entry((is_other, &cell.cell.service, &cell.set)).or_default().push(cell);
        }
        by_origin.into_iter().map(|((_, service, set), cells)| ((service, set), cells)).collect()
    }
}

impl Cells {
    /// # Errors
    /// TC1236 where the published shares of a service do not sum to 1.
    pub(in crate::report) fn of(book: &Book<'_>) -> Answer<Self> {
        let mut rows = BTreeMap::new();
        for (of, parts) in book.shares()? {
            let row = ShareRow::new(parts).ok_or_else(|| untraced(book, &of.1, "its published shares do not sum to 1"))?;
            rows.insert(of, row);
        }
        let named = book.pools()?.into_iter().map(|pool| pool.account_group).filter(|group| !group.is_empty());
        // Releases of programs before it had no such set.
        let undistributed = rows.keys().map(|(set, _): &(String, String)| set).filter(|set| *set == NOT_DISTRIBUTED).cloned();
        let sets = named.chain(undistributed).collect();
        let mut cells = Self { by_cell: BTreeMap::new(), rows, sole: BTreeMap::new(), sets };
        for part in book.parts()? {
            if cells.set_of(&part.cell) == DIRECT {
                let row = ShareRow::sole(&part.key).ok_or_else(|| untraced(book, &part.cell.service, "a cell has no bearer"))?;
                cells.sole.insert(part.key.clone(), row);
            }
            cells.by_cell.entry(part.cell.clone()).or_default().push(part);
        }
        Ok(cells)
    }

    /// The set of pools that cuts a cell: [`DIRECT`] where nothing does, since it has a bearer, or no pool.
    pub(in crate::report) fn set_of(&self, cell: &CellKey) -> &str {
        let set = self.sets.get(&cell.account_group).map_or(ALL_GROUPS, String::as_str);
        let is_cut = cell.ownership == Ownership::Shared.as_str() && self.rows.contains_key(&(set.to_owned(), cell.service.clone()));
        if is_cut { set } else { DIRECT }
    }

    /// The row of shares of a cell, one of whose parts has this key.
    fn row_of(&self, cell: &CellKey, key: &str) -> Option<&ShareRow> {
        match self.set_of(cell) {
            DIRECT => self.sole.get(key),
            set => self.rows.get(&(set.to_owned(), cell.service.clone())),
        }
    }

    /// Parts of a cell; empty where there is no such cell.
    pub(in crate::report) fn parts_of(&self, cell: &CellKey) -> &[CellPart] {
        self.by_cell.get(cell).map_or(&[], Vec::as_slice)
    }

    /// What somebody bears of a pound of a cell.
    pub(in crate::report) fn share(&self, part: &CellPart) -> Fraction {
        self.row_of(&part.cell, &part.key).map_or_else(|| Fraction::whole(0), |row| row.part(&part.key))
    }

    /// A figure from the parts that are published of it.
    ///
    /// # Errors
    /// TC1236 where it does not lead to its lines, and they to it.
    pub(in crate::report) fn figure(&self, book: &Book<'_>, full: FullCost) -> Answer<Figure> {
        let is_of = |part: &&CellPart| part.service == full.service && part.ownership == full.ownership && part.bearer == full.bearer;
        let own: Vec<&CellPart> = self.by_cell.values().flatten().filter(is_of).collect();
        let keys: Vec<CellKey> = own.iter().map(|part| part.cell.clone()).collect();
        let lines = book.lines_of(&keys)?;
        let of = || format!("{} {} {}", full.service, full.ownership, full.bearer);
        let mut traced_cells = Vec::with_capacity(own.len());
        let mut cells = Vec::with_capacity(own.len());
        for (place, part) in own.iter().enumerate() {
            let row = self.row_of(&part.cell, &part.key).ok_or_else(|| untraced(book, &of(), "a cell has no shares"))?;
            let parts = self.parts_of(&part.cell).iter().map(|part| (part.key.clone(), part.amount)).collect();
            let (sum, count) = lines.get(&place).copied().unwrap_or_default();
            let cell = TracedCell { row, key: part.key.clone(), parts, lines: sum };
            cells.push(InFigure {
                cell: part.cell.clone(),
                set: self.set_of(&part.cell).to_owned(),
                placement: part.placement.clone(),
                share: cell.share(),
                amount: cell.amount(),
                lines: count,
                exact: cell.exact(),
                part: part.amount,
                rounding: cell.rounding(),
            });
            traced_cells.push(cell);
        }
        let traced = trace(full.amount, &traced_cells).map_err(|why| untraced(book, &of(), &said(&why, &cells)))?;
        Ok(Figure { full, cells, traced })
    }
}

/// `ict shared supplies and services of northam, fund GF`.
pub(in crate::report) fn named(cell: &CellKey) -> String {
    let on_cost = if cell.on_cost { " (on-costs)" } else { "" };
    let bearer = if cell.bearer.is_empty() { String::new() } else { format!(" for {}", cell.bearer) };
    format!(
        "{} {}{bearer} {}{on_cost} of {}, fund {}",
        cell.service,
        words(&cell.ownership),
        words(&cell.account_group),
        cell.council,
        cell.fund
    )
}

/// A break in the way, with the cell where it is.
fn said(why: &Untraced, cells: &[InFigure]) -> String {
    match why {
        Untraced::Lines { cell, .. } | Untraced::Parts { cell } => {
            let cell = cells.get(*cell).map_or_else(String::new, |found| named(&found.cell));
            format!("{why}; the cell is {cell}")
        }
        Untraced::Figure { .. } | Untraced::Ways { .. } => why.to_string(),
    }
}

pub(in crate::report) fn untraced(book: &Book<'_>, figure: &str, why: &str) -> Refusal {
    Diagnostic::new(codes::checks::UNTRACED, format!("{figure}, {}: {why}", book.period))
        .place(Place::file(format!("release {}", book.release)))
        .expected("a figure that is exactly its bearer's part of every line, and the rounding of each cell")
        .outcome("nothing was changed; the figure is not explained")
        .hint("truecost release verify; where it finds nothing, this is a fault of truecost: report it with this message")
        .into()
}
