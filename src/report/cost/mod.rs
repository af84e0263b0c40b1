//! True cost as a person follows it: from a figure to its lines, and from a line to the figures that it is in.
//!
//! It reads the latest release alone: published tables, and the reference tables published with them.

pub(super) mod book;
pub(super) mod driven;
pub(super) mod figure;
mod json;
pub(super) mod line;
mod recharge;
pub(super) mod shown;
#[cfg(test)]
mod tests;
mod text;

use self::{
    book::{Book, FullCost},
    driven::Driven,
    figure::{Cells, Figure},
};
use super::Page;
use crate::{
    diagnostic::{Answer, Diagnostic, Refusal, codes},
    domain::Period,
    pipeline::Partnership,
};

/// Which figure is asked about: what the use of a service costs a bearer in a period.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub service: String,
    /// A council, company or customer.
    pub bearer: String,
    pub period: Period,
    /// How many lines are shown.
    pub most: usize,
}

/// Everything that is told of a figure.
struct Explained<'b, 'p> {
    book: &'b Book<'p>,
    wanted: &'b Wanted,
    /// One for each class of use: shared, bespoke, …
    figures: Vec<Figure>,
    driven: Driven,
    /// `reciprocal`; empty where nothing is allocated.
    method: String,
}

/// A figure of `full_cost`, opened up to its lines: by origin service the amount, the share, the pool, the driver, its volumes with their
/// deliveries, and the share in force and why; then cells; then lines. Proved both ways before a word of it is printed.
///
/// # Errors
/// TC0106, TC0119 where there is no such figure; TC1236 where it does not lead to its lines.
pub fn explain_cost(partnership: &Partnership, wanted: &Wanted) -> Answer<Page> {
    let book = Book::open(partnership, Some(wanted.period))?;
    let all = book.full_cost()?;
    let own: Vec<FullCost> = all.iter().filter(|full| full.service == wanted.service && full.bearer == wanted.bearer).cloned().collect();
    if own.is_empty() {
        return Err(no_figure(wanted, &all));
    }
    let cells = Cells::of(&book)?;
    let figures = own.into_iter().map(|full| cells.figure(&book, full)).collect::<Answer<Vec<_>>>()?;
    let driven = Driven::of(&book)?;
    let method = method_in_force(&book)?;
    let explained = Explained { book: &book, wanted, figures, driven, method };
    let keys: Vec<_> = explained.cells().map(|cell| cell.cell.clone()).collect();
    let lines = book.largest_lines(&keys, wanted.most)?;
    Ok(Page::new("cost", text::page(&explained, &lines), json::page(&explained, &lines)))
}

/// The method by which a period's shared cost is allocated, as its own figures say; empty where there is none.
pub(super) fn method_in_force(book: &Book<'_>) -> Answer<String> {
    let sql = "SELECT DISTINCT in_force FROM method_comparison WHERE delivery_year = $fiscal_year AND delivery_period = $period";
    let methods = if book.has("method_comparison") { book.each(sql, |row| row.text("in_force"))? } else { Vec::new() };
    Ok(methods.into_iter().next().unwrap_or_default())
}

impl Explained<'_, '_> {
    /// Of all figures, in their order: lines count them from 0.
    fn cells(&self) -> impl Iterator<Item = &figure::InFigure> {
        self.figures.iter().flat_map(|figure| &figure.cells)
    }

    fn lines(&self) -> i64 {
        self.cells().map(|cell| cell.lines).sum()
    }
}

fn no_figure(wanted: &Wanted, all: &[FullCost]) -> Refusal {
    let mut services: Vec<&str> = all.iter().map(|full| full.service.as_str()).collect();
    services.dedup();
    let of_service = all.iter().filter(|full| full.service == wanted.service);
    let mut bearers: Vec<&str> = of_service.map(|full| full.bearer.as_str()).collect();
    bearers.sort_unstable();
    bearers.dedup();
    let expected = if bearers.is_empty() {
        format!("a service that somebody bears: {}", services.join(", "))
    } else {
        format!("who bears {}: {}", wanted.service, bearers.join(", "))
    };
    Diagnostic::new(codes::command::NO_FIGURE, format!("in {} `{}` bears nothing of `{}`", wanted.period, wanted.bearer, wanted.service))
        .expected(expected)
        .outcome("nothing was changed")
        .hint("truecost query \"SELECT final_service, bearer, delivery_year, delivery_period, amount FROM full_cost\"")
        .into()
}
