//! An answer in two forms: text for a person, JSON for a program.

use serde_json::{Value, json};

use crate::domain::printable;

/// How much a command says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Talk {
    /// Errors, warnings and how it ended.
    Quiet,
    /// What a person wants to know: steps, and how many notes there are.
    #[default]
    Plain,
    /// Every step, and every note in full.
    Full,
}

/// The version of every JSON shape; it rises when a field changes its meaning or goes.
pub const SHAPE: u32 = 1;

/// One answer.
#[derive(Clone, Debug)]
pub struct Page {
    /// `status`, `reconcile` …
    pub kind: &'static str,
    pub text: String,
    /// The answer's own fields.
    pub json: Value,
    /// Whether the text is for a program, which must have it to the byte; only on a terminal it is cleaned.
    pub exact: bool,
}

impl Page {
    #[must_use]
    pub fn new(kind: &'static str, text: String, json: Value) -> Self {
        Self { kind, text, json, exact: false }
    }

    /// The same, to the byte.
    #[must_use]
    pub fn exact(self) -> Self {
        Self { exact: true, ..self }
    }

    /// `{"truecost": 1, "kind": …, "answer": …}`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({"truecost": SHAPE, "kind": self.kind, "answer": self.json})
    }
}

/// Which side of a column its cells stand on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    Left,
    Right,
}

/// A plain table: header, a rule, rows; numbers to the right.
#[derive(Clone, Debug, Default)]
pub struct Table {
    columns: Vec<(String, Align)>,
    rows: Vec<Vec<String>>,
}

impl Table {
    #[must_use]
    pub fn new(columns: &[(&str, Align)]) -> Self {
        Self { columns: columns.iter().map(|(name, align)| ((*name).to_owned(), *align)).collect(), rows: Vec::new() }
    }

    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().map(|cell| printable(&cell)).collect());
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Lines that end without blanks.
    #[must_use]
    pub fn text(&self) -> String {
        let header: Vec<String> = self.columns.iter().map(|(name, _)| name.clone()).collect();
        let widths: Vec<usize> = (0..header.len())
            .map(|at| {
                let cells = self.rows.iter().chain([&header]).filter_map(|row| row.get(at));
                cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
            })
            .collect();
        let rule: Vec<String> = widths.iter().map(|width| "─".repeat(*width)).collect();
        let lines = [&header, &rule].into_iter().chain(&self.rows);
        lines.map(|row| self.line(row, &widths)).collect()
    }

    /// The same in Markdown.
    #[must_use]
    pub fn markdown(&self) -> String {
        let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
        let rule = self.columns.iter().map(|(_, align)| if *align == Align::Left { "---" } else { "---:" }.to_owned());
        let header = self.columns.iter().map(|(name, _)| escaped(name));
        let rows = self.rows.iter().map(|row| line(row.iter().map(|cell| escaped(cell)).collect()));
        [line(header.collect()), line(rule.collect())].into_iter().chain(rows).collect()
    }

    fn line(&self, row: &[String], widths: &[usize]) -> String {
        let mut line = String::from(" ");
        for ((cell, width), (_, align)) in row.iter().zip(widths).zip(&self.columns) {
            let gap = " ".repeat(width.saturating_sub(cell.chars().count()));
            line.push(' ');
            match align {
                Align::Left => line.extend([cell.as_str(), gap.as_str()]),
                Align::Right => line.extend([gap.as_str(), cell.as_str()]),
            }
            line.push(' ');
        }
        line.truncate(line.trim_end().len());
        line.push('\n');
        line
    }
}

/// A cell that ends no column of a Markdown table.
fn escaped(cell: &str) -> String {
    cell.replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_right_and_lines_end_without_blanks() {
        let mut table = Table::new(&[("council", Align::Left), ("pounds", Align::Right)]);
        table.row(["newham".into(), "£1.00".into()]);
        table.row(["bexley".into(), "£1,000.00".into()]);
        assert_eq!(table.markdown(), "| council | pounds |\n| --- | ---: |\n| newham | £1.00 |\n| bexley | £1,000.00 |\n");
        assert_eq!(table.text(), "  council     pounds\n  ───────  ─────────\n  newham       £1.00\n  bexley   £1,000.00\n");
    }
}
