//! Where the lines of a common table carry what classification looks at.

use arrow::record_batch::RecordBatch;

use super::either;
use crate::{
    diagnostic::{Answer, Diagnostic, Place, codes},
    lake::PartFile,
    schema::{Contract, UnknownCode},
};

/// Where the lines of a common table carry what classification looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineColumns<'c> {
    /// Column of the common table for each of [`RULE_COLUMNS`]; `None` where the table has no such thing.
    pub rules: [Option<&'c str>; 4],
    /// Columns that stand for those in lines in which they are empty.
    pub rules_else: [Option<&'c str>; 4],
    /// `None` = every line takes effect on the last day of its delivery period.
    pub date: Option<&'c str>,
    pub amount: &'c str,
    /// A column and its word for what has happened: only that is cost. `None` where all lines have happened.
    pub actual: Option<(&'c str, &'c str)>,
    /// A code without a reference row is in suspense (ledger); else it is unclassified cost (payments).
    pub codes_must_be_known: bool,
}

impl<'c> LineColumns<'c> {
    /// As the contract of the common table says.
    ///
    /// # Errors
    /// TC0627 where its rows have no pounds, for then there is no cost in them.
    pub fn of(contract: &'c Contract) -> Answer<Self> {
        let special = &contract.special;
        let no_pounds = || {
            Diagnostic::new(codes::config::AMOUNT, format!("costs are read from `{}`, and its rows have no pounds", contract.name))
                .place(Place::file(&contract.file))
                .expected("a column of pounds, which the `truecost` property of the contract names: `amount: amount`")
                .outcome("nothing was published; the last release is unchanged")
        };
        Ok(Self {
            rules: special.codes.each_ref().map(|column| column.as_deref()),
            rules_else: special.codes_else.each_ref().map(|column| column.as_deref()),
            date: special.date.as_deref(),
            amount: special.amount.as_deref().ok_or_else(no_pounds)?,
            actual: special.actual.as_ref().map(|(column, word)| (&**column, word.as_str())),
            codes_must_be_known: special.unknown_code == UnknownCode::Suspense,
        })
    }

    /// Where rows that are no lines of cost carry their codes: nothing else is read of them.
    #[must_use]
    pub fn codes_of(contract: &'c Contract) -> Self {
        let rules = contract.special.codes.each_ref().map(|column| column.as_deref());
        let rules_else = contract.special.codes_else.each_ref().map(|column| column.as_deref());
        Self { rules, rules_else, date: None, amount: "", actual: None, codes_must_be_known: true }
    }

    /// As a part has them that was written before its table had all of these columns.
    #[must_use]
    pub fn in_part(mut self, part: &PartFile) -> Self {
        let is_there = |name: &&str| part.schema().column_with_name(name).is_some();
        for (column, other) in self.rules.iter_mut().zip(&mut self.rules_else) {
            (*column, *other) = (column.filter(is_there), other.filter(is_there));
            *column = column.or_else(|| other.take());
        }
        self
    }

    /// Without the rule columns on which no rule turns.
    #[must_use]
    pub fn only(mut self, used: [bool; 4]) -> Self {
        for ((column, other), used) in self.rules.iter_mut().zip(&mut self.rules_else).zip(used) {
            (*column, *other) = (column.filter(|_| used), other.filter(|_| used));
        }
        self
    }

    /// The columns to read, amount included.
    #[must_use]
    pub fn names(&self) -> Vec<&'c str> {
        self.rule_names().chain(self.date).chain([self.amount]).chain(self.actual_column()).collect()
    }

    /// The columns of them that hold codes.
    #[must_use]
    pub fn code_names(&self) -> Vec<&'c str> {
        self.rule_names().chain(self.actual_column()).collect()
    }

    /// The columns of them that hold codes on which rules can turn.
    pub fn rule_names(&self) -> impl Iterator<Item = &'c str> + use<'c> {
        self.rules.into_iter().chain(self.rules_else).flatten()
    }

    /// Lines read with codes as dictionaries, each code by the column that stands for it there.
    ///
    /// # Errors
    /// TC1250 where a column is not there.
    pub fn whole(&self, lines: RecordBatch) -> Answer<RecordBatch> {
        self.rules.iter().zip(&self.rules_else).try_fold(lines, |lines, pair| match pair {
            (Some(name), Some(other)) => either::or_else(&lines, name, other),
            _ => Ok(lines),
        })
    }

    fn actual_column(&self) -> Option<&'c str> {
        self.actual.map(|(column, _)| column)
    }
}
