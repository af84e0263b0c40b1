//! What `DataFusion` says, in truecost's words: one sentence, a place, and never a value of the data.

use arrow::error::ArrowError;
use datafusion::{
    common::{Column, DataFusionError, SchemaError, utils::datafusion_strsim::levenshtein},
    sql::sqlparser::parser::ParserError,
};

use super::script::Script;
use crate::diagnostic::{
    Answer, Code, Diagnostic,
    codes::{query, sql},
};

/// The codes under which a kind of SQL reports.
#[derive(Debug)]
pub(super) struct Voice {
    pub syntax: Code,
    pub several: Code,
    pub too_big: Code,
    pub name: Code,
    pub types: Code,
    pub stopped: Code,
    pub failed: Code,
    pub too_large: Code,
    /// What has not happened when the SQL is refused before it runs.
    pub outcome: &'static str,
}

/// What happens to data when SQL is refused before it runs: while validating, before a delivery, before the cost run.
const UNTOUCHED: &str = "Nothing was run with this SQL; deliveries and releases stay as they were.";

/// SQL that stands in a partnership's files.
pub(super) static PARTNERSHIP: Voice = Voice {
    syntax: sql::SYNTAX,
    several: sql::SYNTAX,
    too_big: sql::SYNTAX,
    name: sql::NAME,
    types: sql::TYPES,
    stopped: sql::FAILED,
    failed: sql::UNCOMPUTED,
    too_large: sql::TOO_LARGE,
    outcome: UNTOUCHED,
};

/// SQL that somebody typed after `truecost query`.
pub(super) static QUESTION: Voice = Voice {
    syntax: query::SYNTAX,
    several: query::NOT_A_QUESTION,
    too_big: query::TOO_BIG,
    name: query::NAME,
    types: query::SYNTAX,
    stopped: query::STOPPED,
    failed: query::FAILED,
    too_large: query::FAILED,
    outcome: "Nothing was run.",
};

impl Script<'_> {
    /// Reports of this text, none of them without an outcome and a next step.
    pub fn complete<T>(&self, answer: Answer<T>) -> Answer<T> {
        let next = |d: &Diagnostic| match (self.file, d.code == query::NAME) {
            ("query", true) => "Write a name that is there: schemas/published/ says what each table and column means.".to_owned(),
            ("query", false) => {
                "Write the question again: one SELECT. A text stands in single quotes, and the whole in double quotes for the shell."
                    .to_owned()
            }
            (file, _) => format!("Correct {file}, then type: truecost validate"),
        };
        answer.map_err(|refusal| {
            let mut refusal = refusal.or_outcome(self.voice.outcome);
            refusal.0.iter_mut().filter(|d| d.hint.is_empty()).for_each(|d| d.hint = next(d));
            refusal
        })
    }

    /// A report of what the planner or the execution said about this text.
    pub fn fault(&self, error: &DataFusionError) -> Diagnostic {
        match error {
            DataFusionError::Diagnostic(found, inner) => {
                let mut report = self.fault(inner);
                if matches!(inner.as_ref(), DataFusionError::Plan(_)) {
                    report.seen = format!("the SQL does not make sense: {}", first_line(&found.message));
                }
                if report.place.as_ref().is_some_and(|p| p.line.is_some()) { report } else { self.at_span(report, found.span) }
            }
            DataFusionError::Context(_, inner) => self.fault(inner),
            DataFusionError::Shared(inner) => self.fault(inner),
            DataFusionError::Collection(all) => {
                all.first().map_or_else(|| self.broken("an empty list of errors"), |first| self.fault(first))
            }
            DataFusionError::SchemaError(schema, _) => self.schema_fault(schema),
            DataFusionError::Plan(message) | DataFusionError::Configuration(message) => {
                self.whole(Diagnostic::new(self.voice.types, format!("the SQL does not make sense: {}", first_line(message))))
            }
            DataFusionError::NotImplemented(message) => {
                self.whole(Diagnostic::new(self.voice.syntax, format!("this form of SQL is not supported: {}", first_line(message))))
            }
            DataFusionError::SQL(parser, _) => {
                let message = match parser.as_ref() {
                    ParserError::TokenizerError(m) | ParserError::ParserError(m) => m.as_str(),
                    ParserError::RecursionLimitExceeded => "it is nested too deep",
                };
                self.whole(Diagnostic::new(self.voice.syntax, format!("the SQL cannot be read: {}", first_line(message))))
            }
            DataFusionError::ArrowError(arrow, _) => self.arrow_fault(arrow),
            DataFusionError::ResourcesExhausted(_) => self.place_only(
                Diagnostic::new(self.voice.stopped, "the query needed more memory than it is given")
                    .hint("Ask for fewer rows or columns, or sum before you join."),
            ),
            DataFusionError::Execution(message) => self.execution_fault(message),
            DataFusionError::ObjectStore(store) => self.unread(&store.to_string()),
            DataFusionError::IoError(io) => self.unread(&io.to_string()),
            DataFusionError::ParquetError(parquet) => self.unread(&parquet.to_string()),
            DataFusionError::External(inner) => match inner.downcast_ref::<DataFusionError>() {
                Some(inner) => self.fault(inner),
                None => match inner.downcast_ref::<ArrowError>() {
                    Some(arrow) => self.arrow_fault(arrow),
                    None => self.foreign(inner.as_ref()),
                },
            },
            other if is_about_pattern(&other.to_string().to_ascii_lowercase()) => self.pattern_fault(&other.to_string()),
            other => self.broken(&first_line(&other.to_string())),
        }
    }

    fn schema_fault(&self, error: &SchemaError) -> Diagnostic {
        match error {
            SchemaError::FieldNotFound { field, valid_fields } => self.no_column(field, valid_fields),
            SchemaError::AmbiguousReference { field } => {
                let report = Diagnostic::new(self.voice.name, format!("`{}` could be a column of more than one table", field.name))
                    .hint("Write the table before it, as in `account.name`.");
                self.whole(self.at_span(report, field.spans.first()))
            }
            SchemaError::DuplicateUnqualifiedField { name } | SchemaError::DuplicateQualifiedField { name, .. } => self.whole(
                Diagnostic::new(self.voice.name, format!("the column `{name}` is named twice"))
                    .hint("Name one of them differently with AS."),
            ),
        }
    }

    fn no_column(&self, field: &Column, valid: &[Column]) -> Diagnostic {
        let mut names: Vec<&str> = Vec::new();
        for column in valid {
            // Of two joined tables, both may have it.
            if !names.contains(&column.name.as_str()) {
                names.push(&column.name);
            }
        }
        let mut hint = did_you_mean(&field.name, names.iter().copied());
        if hint.is_empty() && self.text.contains(&format!("\"{}\"", field.name)) {
            hint = format!("Double quotes are for names. A text stands in single ones: '{}'", field.name);
        } else if let Some(word) = self.compared(&field.name) {
            let near = if hint.is_empty() { String::new() } else { format!("{hint} ") };
            hint = format!("{near}A text stands in single quotes: '{word}'");
        }
        let report = Diagnostic::new(self.voice.name, format!("there is no column `{}` here", field.name))
            .expected(if names.is_empty() { String::new() } else { format!("one of {}", listed(&names)) })
            .hint(hint);
        self.whole(self.at_span(report, field.spans.first()))
    }

    /// Messages of Arrow's kernels quote values: only their kind is told.
    fn arrow_fault(&self, error: &ArrowError) -> Diagnostic {
        let (code, seen) = match error {
            ArrowError::DivideByZero => return self.divides_by_zero(),
            ArrowError::ArithmeticOverflow(_) => (self.voice.too_large, "a number became too large for its type"),
            ArrowError::CastError(_) | ArrowError::ParseError(_) => {
                (self.voice.too_large, "a value cannot be converted to the type it is cast to")
            }
            ArrowError::ExternalError(inner) => {
                return match inner.downcast_ref::<DataFusionError>() {
                    Some(inner) => self.fault(inner),
                    None => self.foreign(inner.as_ref()),
                };
            }
            ArrowError::InvalidArgumentError(message) if message.contains("too large to store in a Decimal") => {
                (self.voice.too_large, "a number became too large for its type")
            }
            ArrowError::InvalidArgumentError(message) | ArrowError::ComputeError(message)
                if is_about_pattern(&message.to_ascii_lowercase()) =>
            {
                return self.pattern_fault(message);
            }
            _ => (self.voice.failed, "the query cannot be computed on this data"),
        };
        self.place_only(Diagnostic::new(code, seen))
    }

    fn divides_by_zero(&self) -> Diagnostic {
        self.place_only(
            Diagnostic::new(self.voice.failed, "the query divides by zero")
                .hint("Divide by `nullif(…, 0)`: the result is then empty there."),
        )
    }

    fn execution_fault(&self, message: &str) -> Diagnostic {
        let lower = message.to_ascii_lowercase();
        if is_about_pattern(&lower) {
            return self.pattern_fault(message);
        }
        if lower.contains("overflow") || lower.contains("too large") {
            return self.place_only(Diagnostic::new(self.voice.too_large, "a number became too large for its type"));
        }
        if lower.contains("divide by zero") || lower.contains("division by zero") {
            return self.divides_by_zero();
        }
        if lower.contains("subquery returned more than one row") || lower.contains("more than one row") {
            return self.place_only(Diagnostic::new(self.voice.failed, "a subquery that must give one value gave more than one row"));
        }
        self.place_only(Diagnostic::new(self.voice.failed, format!("the query cannot be computed: {}", without_values(message))))
    }

    /// An error of a library below: of files where one stands among its causes, else of what the SQL asks for, such as a
    /// pattern that cannot be read.
    fn foreign(&self, error: &(dyn std::error::Error + 'static)) -> Diagnostic {
        let mut causes = std::iter::successors(Some(error), |error| error.source());
        if causes
            .any(|cause| cause.is::<std::io::Error>() || cause.is::<object_store::Error>() || cause.is::<parquet::errors::ParquetError>())
        {
            return self.unread(&error.to_string());
        }
        self.execution_fault(&error.to_string())
    }

    /// What the library of regular expressions says of a pattern: its last line, which quotes nothing of it.
    fn pattern_fault(&self, message: &str) -> Diagnostic {
        // Some quote it in the form of programs, on one line.
        let lines = message.replace("\\n", "\n");
        let said = lines.lines().rev().map(str::trim).find_map(|line| line.strip_prefix("error: "));
        let why = said.unwrap_or(if message.contains("size limit") { "it is too large" } else { "it does not compile, or is too large" });
        self.place_only(
            Diagnostic::new(self.voice.failed, format!("a pattern cannot be read: {why}"))
                .expected("a regular expression, in which a character that means something stands after a backslash")
                .hint("Write `\\[` for a bracket that is meant as one; `strpos(text, '[')` and `replace` know no patterns."),
        )
    }

    fn unread(&self, message: &str) -> Diagnostic {
        // Stores wrap the one fact that helps in sentences of their own.
        let missing = message.split_once("Object at location ").and_then(|(_, rest)| rest.split_once(" not found"));
        let why = missing.map_or_else(|| first_line(message), |(file, _)| format!("{file} is not there"));
        self.place_only(Diagnostic::new(sql::FAILED, format!("a table that the query reads cannot be read: {why}")))
            .hint("Type truecost run, which makes lost files of tables and parts of the latest release again; truecost doctor looks at the machine.")
    }

    /// A report of a fault of truecost itself.
    pub fn broken(&self, what: &str) -> Diagnostic {
        self.place_only(Diagnostic::new(sql::BROKEN, format!("truecost could not run this SQL, and should have: {}", first_line(what))))
            .outcome("Nothing was written.")
            .hint("Please report it with the SQL; writing the query in another way may help meanwhile.")
    }

    fn place_only(&self, report: Diagnostic) -> Diagnostic {
        if report.place.is_some() { report } else { report.place(crate::diagnostic::Place::file(self.file)) }
    }

    /// A report before anything ran.
    fn whole(&self, report: Diagnostic) -> Diagnostic {
        self.place_only(report).outcome(self.voice.outcome)
    }
}

/// ``Did you mean `amount`?``, or nothing where no name is near.
pub(super) fn did_you_mean<'a>(word: &str, names: impl Iterator<Item = &'a str>) -> String {
    nearest(word, names).map_or_else(String::new, |name| format!("Did you mean `{name}`?"))
}

fn nearest<'a>(word: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let reach = (word.chars().count() / 3).max(1);
    names
        .map(|name| (levenshtein(&word, &name.to_lowercase()), name))
        .filter(|(distance, name)| *distance <= reach || name.strip_prefix(word.as_str()).is_some_and(|rest| rest.starts_with('_')))
        .min()
        .map(|(_, name)| name)
}

/// Names in their order, at most thirty.
pub(super) fn listed<S: AsRef<str>>(names: &[S]) -> String {
    let mut out = names.iter().take(30).map(|n| format!("`{}`", n.as_ref())).collect::<Vec<_>>().join(", ");
    if names.len() > 30 {
        out.push_str(", …");
    }
    out
}

/// Whether a message, in small letters, speaks of a regular expression that does not compile.
fn is_about_pattern(lower: &str) -> bool {
    lower.contains("regex parse error")
        || lower.contains("regex exceeds size limit")
        || lower.contains("regular expression did not compile")
}

fn first_line(message: &str) -> String {
    let line = message.lines().next().unwrap_or_default().trim();
    let line = line.strip_prefix("Error during planning: ").unwrap_or(line);
    super::script::lower_first(line.trim_end_matches('.'))
}

/// The sentence with quoted text and digits left out: either may come from the data.
fn without_values(message: &str) -> String {
    let mut out = String::new();
    let mut quoted = None;
    for c in first_line(message).chars() {
        match quoted {
            Some(mark) if c == mark => quoted = None,
            Some(_) => {}
            None if matches!(c, '\'' | '"' | '`') => {
                quoted = Some(c);
                out.push('…');
            }
            None if c.is_ascii_digit() => {
                if !out.ends_with('…') {
                    out.push('…');
                }
            }
            None => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_promise_is_ours() {
        let report = Script { file: "a.sql", text: "SELECT 1", voice: &PARTNERSHIP }.broken("a plan without columns");
        assert_eq!(report.code.id, "TC0811");
    }
}
