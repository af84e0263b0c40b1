//! Codes that were sent with characters that nobody sees: classified by what is seen, and said.

use std::collections::BTreeMap;

use arrow::{
    array::{Array, AsArray},
    datatypes::{Int32Type, Int64Type},
    record_batch::RecordBatch,
};

use super::LineColumns;
use crate::{
    diagnostic::{Answer, Diagnostic, codes},
    domain::{counted, fold_code, show_invisible},
    lake::PartFile,
    schema::batch,
};

/// A code that folding changed, with how many lines carry it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FoldedCode {
    pub rows: u64,
    /// Delivery and record of the first line that carries it; empty until it has been looked up.
    pub example: String,
    /// Row group and row of that line.
    first: (usize, usize),
}

/// By column and code as sent. Empty where nothing had to be folded, which is nearly always.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FoldedCodes(pub BTreeMap<(String, String), FoldedCode>);

impl FoldedCodes {
    /// Counts the lines of a row group (read with codes as dictionaries) whose codes folding changes.
    ///
    /// # Errors
    /// TC1250 where a column is not there.
    pub fn add(&mut self, lines: &RecordBatch, columns: LineColumns<'_>, row_group: usize) -> Answer<()> {
        for name in columns.rule_names() {
            let dictionary = batch::column(lines, name)?.as_dictionary::<Int32Type>();
            let values = dictionary.values().as_string::<i32>();
            let changed: Vec<bool> = values.iter().map(|code| code.is_some_and(|code| fold_code(code) != code)).collect();
            if !changed.contains(&true) {
                continue;
            }
            for (row, key) in dictionary.keys().iter().enumerate() {
                let Some(key) = key.and_then(|key| usize::try_from(key).ok()).filter(|key| changed.get(*key) == Some(&true)) else {
                    continue;
                };
                let code = self
                    .0
                    .entry((name.to_owned(), values.value(key).to_owned()))
                    .or_insert_with(|| FoldedCode { first: (row_group, row), ..FoldedCode::default() });
                code.rows += 1;
            }
        }
        Ok(())
    }

    /// Looks up where each code was first seen.
    ///
    /// # Errors
    /// TC10… where the part cannot be read.
    pub fn find_examples(&mut self, part: &PartFile) -> Answer<()> {
        for code in self.0.values_mut() {
            let (row_group, row) = code.first;
            let lines = part.read(row_group, &["delivery_id", "source_row"], &[])?;
            let delivery = batch::text_at(batch::text(&lines, "delivery_id")?, row).unwrap_or_default();
            let record = batch::column(&lines, "source_row")?.as_primitive_opt::<Int64Type>().filter(|rows| rows.is_valid(row));
            code.example = format!("{delivery} {}", record.map_or(0, |rows| rows.value(row)));
        }
        Ok(())
    }

    /// What is said of a feed's codes: how many lines, and the code that most of them carry.
    #[must_use]
    pub fn note(&self, feed: &str) -> Diagnostic {
        let lines: u64 = self.0.values().map(|code| code.rows).sum();
        let most = self.0.iter().max_by_key(|(key, code)| (code.rows, std::cmp::Reverse(*key)));
        let (named, example) = most.map_or_else(Default::default, |((column, code), found)| {
            let named = format!("`{column}` is `{}`, compared as `{}`", show_invisible(code), fold_code(code));
            (named, found.example.clone())
        });
        let carry = if lines == 1 { "carries a code" } else { "carry codes" };
        let more = if self.0.len() > 1 { format!("; {} in all", counted(self.0.len() as u64, "such code")) } else { String::new() };
        let seen = format!(
            "{feed}: {} {carry} with characters that nobody sees: {named} (delivery and line {example}){more}",
            counted(lines, "line")
        );
        Diagnostic::note(codes::checks::FOLDED, seen)
            .expected("codes as they look")
            .outcome("the lines are classified by what is seen; the tables hold the codes as they were sent")
            .hint(format!("nothing has to be done; truecost explain line {example} shows one"))
    }

    /// Takes over what another part of the same feed found.
    pub fn extend(&mut self, other: &Self) {
        for (key, found) in &other.0 {
            let code = self.0.entry(key.clone()).or_insert_with(|| FoldedCode { rows: 0, ..found.clone() });
            code.rows += found.rows;
        }
    }
}
