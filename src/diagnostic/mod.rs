//! How truecost says no.
//!
//! A [`Diagnostic`] is a report to a named person: where, what was seen, what was expected,
//! what did and did not happen to the data, what to type next, and a code that
//! `truecost explain code` opens. Every code is declared once, in [`codes`], with its page.

pub mod codes;
mod json;
mod render;

use std::fmt;

use crate::crash::Crashed;

pub use codes::Code;
pub use json::{from_json, list, to_json};
pub use render::{render, render_all};

/// Who must act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Actor {
    /// Whoever sends the extract.
    Supplier,
    /// Whoever wrote a file under `pipelines/` or `schemas/`, or the command.
    Configurator,
    /// Whoever runs the machine.
    Operator,
    /// The authors of truecost: a promise of the program itself was broken.
    Us,
}

impl Actor {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Supplier => "supplier",
            Self::Configurator => "configurator",
            Self::Operator => "operator",
            Self::Us => "truecost",
        }
    }
}

/// What a report asks, the least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Nothing of anybody: something was seen, understood and kept. A run counts its notes in one line.
    Note,
    /// Somebody should look or act; the run went on.
    Warning,
    /// Something was refused, or stops publication.
    Error,
}

impl Severity {
    /// As reports and `--json` say it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// Where a fault is: a file, and where known the 1-based line and column and the line's text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Path as the user knows it, relative to the partnership.
    pub file: String,
    pub line: Option<u64>,
    pub column: Option<u64>,
    /// The text of the line. Never set where it could hold a personal value.
    pub excerpt: Option<String>,
    /// How many characters of the excerpt, from `column`, are meant; 0 = unknown.
    pub width: usize,
}

impl Place {
    #[must_use]
    pub fn file(file: impl Into<String>) -> Self {
        Self { file: file.into(), ..Self::default() }
    }

    #[must_use]
    pub fn at(file: impl Into<String>, line: u64, column: u64) -> Self {
        Self { file: file.into(), line: Some(line), column: Some(column), ..Self::default() }
    }
}

/// One report. Boxed where it travels in a `Result`: see [`Refusal`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    pub code: Code,
    pub severity: Severity,
    pub place: Option<Place>,
    /// One sentence: what was seen.
    pub seen: String,
    /// What was expected instead; empty where `seen` says it all.
    pub expected: String,
    /// What did and did not happen to the data.
    pub outcome: String,
    /// What to do or type next.
    pub hint: String,
}

/// The error of every fallible function of truecost: one or more diagnostics, never none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal(pub Vec<Diagnostic>);

/// `Result` with a [`Refusal`].
pub type Answer<T> = Result<T, Refusal>;

impl Diagnostic {
    #[must_use]
    pub fn new(code: Code, seen: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            place: None,
            seen: seen.into(),
            expected: String::new(),
            outcome: String::new(),
            hint: String::new(),
        }
    }

    /// Somebody should look or act, and `hint` says how.
    #[must_use]
    pub fn warning(code: Code, seen: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::new(code, seen) }
    }

    /// Nobody has to do anything.
    #[must_use]
    pub fn note(code: Code, seen: impl Into<String>) -> Self {
        Self { severity: Severity::Note, ..Self::new(code, seen) }
    }

    /// Whether it asks nothing of anybody.
    #[must_use]
    pub fn is_note(&self) -> bool {
        self.severity == Severity::Note
    }

    #[must_use]
    pub fn place(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }

    #[must_use]
    pub fn expected(mut self, text: impl Into<String>) -> Self {
        self.expected = text.into();
        self
    }

    #[must_use]
    pub fn outcome(mut self, text: impl Into<String>) -> Self {
        self.outcome = text.into();
        self
    }

    #[must_use]
    pub fn hint(mut self, text: impl Into<String>) -> Self {
        self.hint = text.into();
        self
    }
}

impl Refusal {
    /// What a failed read means: a source or an unpacker hands its own report through the reader; else what `otherwise` says of the error.
    #[must_use]
    pub fn of_read(error: std::io::Error, otherwise: impl FnOnce(&std::io::Error) -> Diagnostic) -> Self {
        match error.downcast::<Self>() {
            Ok(refusal) => refusal,
            Err(error) => otherwise(&error).into(),
        }
    }

    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.0.iter().all(|d| d.code.retry)
    }

    /// The exit code that these diagnostics call for, highest in the order 130 > 2 > 5 > 3 > 1 > 4: what was interrupted
    /// says nothing certain about the rest.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        let rank = |code: u8| [0, 4, 1, 3, 5, 2, 130].iter().position(|c| *c == code).unwrap_or(usize::MAX);
        self.0.iter().map(|d| d.code.exit).max_by_key(|code| rank(*code)).unwrap_or(1)
    }

    /// Whether nothing is wrong but that another run holds the lake.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        self.exit_code() == codes::lake::LOCKED.exit
    }

    /// The place of every report that has none of its own.
    #[must_use]
    pub fn or_place(mut self, place: &Place) -> Self {
        self.0.iter_mut().filter(|d| d.place.is_none()).for_each(|d| d.place = Some(place.clone()));
        self
    }

    /// What happened to the data, for every report that does not say it. Who calls knows what the callee could not.
    #[must_use]
    pub fn or_outcome(mut self, text: &str) -> Self {
        self.0.iter_mut().filter(|d| d.outcome.is_empty()).for_each(|d| text.clone_into(&mut d.outcome));
        self
    }

    /// What to type next, for every report that does not say it.
    #[must_use]
    pub fn or_hint(mut self, text: &str) -> Self {
        self.0.iter_mut().filter(|d| d.hint.is_empty()).for_each(|d| text.clone_into(&mut d.hint));
        self
    }
}

impl From<Diagnostic> for Refusal {
    fn from(one: Diagnostic) -> Self {
        Self(vec![one])
    }
}

impl From<Crashed> for Refusal {
    fn from(crashed: Crashed) -> Self {
        Diagnostic::new(codes::lake::FILE_SYSTEM, crashed.to_string())
            .outcome("this step was not done; what was done before it stays")
            .hint("unset TRUECOST_CRASH, then type the same command again")
            .into()
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&render_all(&self.0, false))
    }
}

impl std::error::Error for Refusal {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gravest_exit_code_wins() {
        let exit = |codes: &[Code]| Refusal(codes.iter().map(|c| Diagnostic::new(*c, "")).collect()).exit_code();
        let (interrupted, usage, locked) = (codes::command::INTERRUPTED, codes::command::USAGE, codes::lake::LOCKED);
        let (refused, late) = (codes::structure::EMPTY, codes::source::NOT_SETTLED);
        assert_eq!(exit(&[usage, interrupted, refused]), 130);
        assert_eq!(exit(&[locked, usage]), 2);
        assert_eq!(exit(&[codes::lake::FILE_SYSTEM, locked, refused]), 5);
        assert_eq!(exit(&[late, refused]), 1);
        assert_eq!(exit(&[late]), 4);
    }

    #[test]
    fn what_a_report_says_itself_stays() {
        let said = Diagnostic::new(codes::sql::NAME, "a").outcome("kept").place(Place::file("a"));
        let all = Refusal(vec![said.clone(), Diagnostic::new(codes::sql::NAME, "b")]);
        let all = all.or_outcome("nothing ran").or_hint("mend it").or_place(&Place::file("b"));
        assert_eq!(all.0[0], said.hint("mend it"));
        assert_eq!((all.0[1].outcome.as_str(), all.0[1].place.as_ref().map(|p| p.file.as_str())), ("nothing ran", Some("b")));
    }
}
