//! Answers that the files refuse: columns that are not there, amounts that are none, kinds of persons' data that no contract has.

use super::{
    answers::{NO, meant},
    draft::{DraftColumn, Drawn},
    evidence::Seen,
};
use crate::{
    diagnostic::{Diagnostic, codes::command},
    pipeline::FilePattern,
    profile::Kind,
    schema::suggest::nearest,
};

/// What may be answered of a column that is personal.
const KINDS: [&str; 7] = ["name", "id", "bank", "free_text", "special", "drop", NO];

impl Drawn<'_> {
    /// A heading that no column has.
    pub(super) fn no_column(&mut self, key: &str, heading: &str) {
        let labels: Vec<String> = self.evidence.columns.iter().map(|seen| self.evidence.label(seen)).collect();
        let known: Vec<String> = labels.iter().map(|label| format!("`{label}`")).collect();
        let of_two = if key == "amount" { "; of two columns `ONE - OTHER` takes one off, `ONE + OTHER` adds both" } else { "" };
        let parts: Vec<&Seen> = heading.split([',', '+', '&', '/']).filter_map(|part| self.evidence.named(part.trim())).collect();
        let hint = match parts.as_slice() {
            [one, other] if key == "amount" => {
                let (one, other) = (self.evidence.label(one), self.evidence.label(other));
                format!("--answer \"amount={one} + {other}\" where both count, --answer \"amount={one}\" where that one does")
            }
            _ => meant(nearest(heading, labels.iter().map(String::as_str))),
        };
        let seen = format!("`{}` cannot be the answer to `{key}`: it is no column", heading.escape_debug());
        let fault = Diagnostic::new(command::ANSWER, seen).expected(format!("one of {}{of_two}", known.join(", ")));
        self.faults.push(fault.outcome("nothing was written").hint(hint));
    }

    /// Refuses a column of days, or of texts without a number, as the amount.
    pub(super) fn holds_amounts(&mut self, seen: &Seen) {
        let is_number = |shape: &str| shape.contains('9') && !shape.contains(['A', 'a']);
        let numbers = self.evidence.facts(seen).flat_map(|column| &column.shapes).any(|(shape, _)| is_number(shape));
        let what = match self.evidence.kind(seen) {
            Kind::Date => "days",
            Kind::Text | Kind::Flag if !numbers => "texts",
            _ => return,
        };
        let is_money = |seen: &&Seen| self.evidence.kind(seen) == Kind::Money;
        let money: Vec<String> =
            self.evidence.columns.iter().filter(is_money).map(|seen| format!("`{}`", self.evidence.label(seen))).collect();
        let seen = format!("`{}` cannot be the answer to `amount`: it holds {what}", self.evidence.label(seen));
        let expected = if money.is_empty() { "a column of amounts".to_owned() } else { format!("one of {}", money.join(", ")) };
        self.faults.push(Diagnostic::new(command::ANSWER, seen).expected(expected).outcome("nothing was written").hint(meant(None)));
    }

    /// Refuses a column of texts or days for one of whole numbers.
    pub(super) fn holds_whole_numbers(&mut self, seen: &Seen, column: &DraftColumn) {
        let is_whole = |shape: &str| shape.trim().trim_start_matches(['-', '+']).bytes().all(|byte| byte == b'9');
        let other = self.evidence.facts(seen).flat_map(|facts| &facts.shapes).find(|(shape, _)| !is_whole(shape));
        let Some(((shape, _), target)) = other.zip(column.target.as_ref()) else { return };
        let label = self.evidence.label(seen);
        let seen = format!("`{label}` cannot be the answer to `columns.{target}`: it holds values like {shape} (9 a digit, A a letter)");
        let fault =
            Diagnostic::new(command::ANSWER, seen).expected(format!("a column of whole numbers, which `{target}` holds, or `none`"));
        let hint = format!("--answer columns.{target}=none leaves it out; truecost explain line shows the record of any line all the same");
        self.faults.push(fault.outcome("nothing was written").hint(hint));
    }

    /// How files are named, and what each covers: a pattern and a mapping.
    pub(super) fn names_answers(&mut self) {
        let files = self.said.of("files");
        if let Err(why) = FilePattern::parse(&files) {
            let seen = format!("`{}` cannot be the answer to `files`: {why}", files.escape_debug());
            let fault =
                Diagnostic::new(command::ANSWER, seen).expected("a name with the words that it may have, as `ap_{year}_{month}.csv`");
            self.faults.push(fault.outcome("nothing was written").hint("truecost explain files"));
        }
        let said = self.said.of("covers");
        if !said.trim_start().starts_with('{') {
            let seen = format!("`{}` cannot be the answer to `covers`", said.escape_debug());
            let fault =
                Diagnostic::new(command::ANSWER, seen).expected("a mapping, as `{calendar: month, extent: one}` for a file of a month");
            self.faults.push(fault.outcome("nothing was written").hint("truecost explain covers"));
        }
    }

    /// Answers about what is personal: each of a column that is there, by a word that is known.
    pub(super) fn personal_answers(&mut self) {
        let said: Vec<(String, String)> =
            self.said.answers.below("personal").map(|(heading, kind)| (heading.to_owned(), kind.to_owned())).collect();
        for (heading, kind) in said {
            let key = format!("personal.{heading}");
            if self.evidence.named(&heading).is_none() {
                self.no_column(&key, &heading);
            }
            if !KINDS.contains(&kind.as_str()) {
                let seen = format!("`{}` cannot be the answer to `{key}`", kind.escape_debug());
                let expected = format!("one of {}", KINDS.map(|kind| format!("`{kind}`")).join(", "));
                let hint = meant(nearest(&kind, KINDS));
                self.faults.push(Diagnostic::new(command::ANSWER, seen).expected(expected).outcome("nothing was written").hint(hint));
            }
        }
    }
}
