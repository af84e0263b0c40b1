//! What becomes of a line, as `line_class.sql` says it: every case looked up by a number, nothing decided here.

use arrow::record_batch::RecordBatch;

use super::{
    meaning::{Class, Interned},
    tables::{Rows, fault},
};
use crate::{diagnostic::Answer, domain::Ownership};

/// Cases of a line: five yes or no, and what the rules say.
const CASES: usize = (1 << 5) * RULES.len();

/// What the rules say of a line, in the words of `line_class`.
pub const RULES: [&str; 3] = ["rule", "none", "not_a_member"];

/// Stands for "what the rule says".
const BY_RULE: u32 = u32::MAX;

/// What is known of a line, but for what the rules say.
// Each is a column of `line_class`; every combination is a case of its own.
#[allow(clippy::struct_excessive_bools)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    pub must_know: bool,
    pub actual: bool,
    pub account_known: bool,
    pub is_cost: bool,
    pub centre_known: bool,
}

impl Facts {
    fn case(self, rule: usize) -> usize {
        let bits = [self.must_know, self.actual, self.account_known, self.is_cost, self.centre_known];
        bits.into_iter().fold(0, |number, bit| number << 1 | usize::from(bit)) * RULES.len() + rule
    }
}

/// For every case the number of its class.
#[derive(Clone, Debug)]
pub struct Policy(Vec<u32>);

impl Default for Policy {
    fn default() -> Self {
        Self(vec![BY_RULE; CASES])
    }
}

impl Policy {
    /// Lays out the table `line_class`; classes that it names get their numbers.
    ///
    /// # Errors
    /// TC1250 where a case is missing or stands twice, or an ownership is none.
    pub fn of(table: &RecordBatch, classes: &mut Interned<Class>) -> Answer<Self> {
        let rows = Rows(table);
        let mut found: Vec<Option<u32>> = vec![None; CASES];
        for row in 0..table.num_rows() {
            let truth = |name: &str| rows.truth(name, row);
            let facts = Facts {
                must_know: truth("must_know")?,
                actual: truth("actual")?,
                account_known: truth("account_known")?,
                is_cost: truth("is_cost")?,
                centre_known: truth("centre_known")?,
            };
            let word = rows.text("rule", row)?;
            let rule = RULES.iter().position(|rule| *rule == word).ok_or_else(|| fault("line_class", &format!("`rule` is `{word}`")))?;
            let class = match rows.maybe("ownership", row)? {
                None => BY_RULE,
                Some(word) => {
                    let ownership = Ownership::parse(&word).ok_or_else(|| fault("line_class", &format!("`{word}` is no ownership")))?;
                    classes.number(Class {
                        ownership,
                        service: rows.text("service", row)?,
                        bearer: None,
                        rule_id: rows.text("rule_id", row)?,
                    })
                }
            };
            if let Some(place) = found.get_mut(facts.case(rule))
                && place.replace(class).is_some()
            {
                return Err(fault("line_class", &format!("the case {facts:?} with rule `{word}` stands twice")));
            }
        }
        let numbers: Option<Vec<u32>> = found.into_iter().collect();
        numbers.map(Self).ok_or_else(|| fault("line_class", "it has no row for some case: there are 96"))
    }

    /// The class of a line: `by_rule` where the policy leaves it to the rule. `rule` is the place of what it says in [`RULES`].
    pub fn class(&self, facts: Facts, rule: u8, by_rule: u32) -> u32 {
        match self.0.get(facts.case(rule.into())) {
            None | Some(&BY_RULE) => by_rule,
            Some(class) => *class,
        }
    }
}
