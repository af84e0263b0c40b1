//! `controls/<council>/<feed>.csv`: totals that the sender gave outside the file.

use std::collections::BTreeMap;

use crate::{
    diagnostic::{Diagnostic, codes::config},
    domain::{Pence, Period},
    schema::fields::UNTOUCHED,
};

use super::{
    Control, Listed, Measure, Sign, Truth,
    csv::{Table, at, read_csv},
    partnership::pence,
};

impl Measure {
    /// How messages and listed totals call it: `rows`, `debit - credit`.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::CountRows => "rows".to_owned(),
            Self::Sum(terms) => {
                let mut out = String::new();
                for (sign, column) in terms {
                    let sign = match (sign, out.is_empty()) {
                        (Sign::Plus, true) => "",
                        (Sign::Plus, false) => " + ",
                        (Sign::Minus, true) => "-",
                        (Sign::Minus, false) => " - ",
                    };
                    out.push_str(sign);
                    out.push_str(column);
                }
                out
            }
        }
    }
}

/// Columns: `file`, `year` and `period` where coverage is listed, and one for each listed measure by its name.
/// Several rows of one file add up.
pub fn read_listed(file: &str, text: &str, controls: &[Control], covers: bool) -> Result<BTreeMap<String, Listed>, Vec<Diagnostic>> {
    let table = read_csv(file, text)?;
    let listed = |control: &&Control| control.equals == Truth::Listed;
    let measures: Vec<(String, bool)> =
        controls.iter().filter(listed).map(|c| (c.measure.name(), c.measure == Measure::CountRows)).collect();
    let mut faults = Vec::new();
    let mut column = |name: &str| {
        let found = table.header.iter().position(|header| header == name);
        if found.is_none() {
            let fault = Diagnostic::new(config::CONTROL, format!("the list of totals has no column `{name}`"));
            faults.push(fault.place(at(file, 1)).expected(format!("the columns `file`, `{name}`, …")).outcome(UNTOUCHED));
        }
        found
    };
    let file_at = column("file");
    let period_at = if covers { (column("year"), column("period")) } else { (None, None) };
    let measures: Vec<(String, bool, Option<usize>)> =
        measures.into_iter().map(|(name, rows)| (name.clone(), rows, column(&name))).collect();
    if !faults.is_empty() {
        return Err(faults);
    }
    rows(file, &table, file_at, period_at, &measures)
}

fn rows(
    file: &str,
    table: &Table<'_>,
    file_at: Option<usize>,
    period_at: (Option<usize>, Option<usize>),
    measures: &[(String, bool, Option<usize>)],
) -> Result<BTreeMap<String, Listed>, Vec<Diagnostic>> {
    let mut out: BTreeMap<String, Listed> = BTreeMap::new();
    let mut faults = Vec::new();
    for row in &table.rows {
        let field = |at: Option<usize>| at.map_or("", |at| row.field(at));
        let mut wrong = |name: &str, text: &str, expected: &str| {
            let fault = Diagnostic::new(config::WRONG_VALUE, format!("`{name}` is `{}`", text.escape_debug()));
            faults.push(fault.place(at(file, row.line)).expected(expected).outcome(UNTOUCHED));
        };
        let listed = out.entry(field(file_at).to_owned()).or_default();
        if period_at.0.is_some() {
            let text = format!("{}/P{}", field(period_at.0), field(period_at.1));
            match Period::parse(&text) {
                Some(period) => listed.periods.push(period),
                None => wrong("year/period", &text, "a starting year and a period from 1 to 13"),
            }
        }
        for (name, is_count, column) in measures {
            let text = field(*column);
            let value = if *is_count { text.parse::<u64>().ok().map(Pence::from) } else { pence(text) };
            match value {
                Some(value) => *listed.totals.entry(name.clone()).or_default() += value,
                None if *is_count => wrong(name, text, "a whole number"),
                None => wrong(name, text, "pounds with at most two decimals, without commas"),
            }
        }
    }
    if faults.is_empty() { Ok(out) } else { Err(faults) }
}
