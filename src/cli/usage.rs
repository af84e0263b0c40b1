//! Words that cannot be understood: what is wrong with them, and what would be right, in one report.

use clap::{
    Command, CommandFactory, Error,
    error::{ContextKind, ContextValue, ErrorKind},
};

use super::args::Words;
use crate::diagnostic::{Diagnostic, codes};

/// What clap says, as a report.
pub fn report(error: &Error) -> Diagnostic {
    let (seen, expected) = said(error);
    let mut next: Vec<String> = meant(error).into_iter().collect();
    next.extend(usage(error));
    if next.is_empty() {
        next.push(format!("truecost help {}", path().0.join(" ")).trim_end().to_owned());
    }
    Diagnostic::new(codes::command::USAGE, seen).expected(expected).outcome("nothing was run").hint(next.join("\n"))
}

/// What was seen, and what was expected.
fn said(error: &Error) -> (String, String) {
    let argument = words(error, ContextKind::InvalidArg).join(" and ");
    let value = words(error, ContextKind::InvalidValue).concat();
    let valid = words(error, ContextKind::ValidValue);
    match error.kind() {
        ErrorKind::MissingRequiredArgument => {
            let are = if words(error, ContextKind::InvalidArg).len() > 1 { "are" } else { "is" };
            (format!("{argument} {are} missing"), String::new())
        }
        ErrorKind::InvalidSubcommand => {
            (format!("`{}` is not a command that is known here", words(error, ContextKind::InvalidSubcommand).concat()), String::new())
        }
        ErrorKind::UnknownArgument => (format!("`{argument}` is not understood here"), String::new()),
        ErrorKind::InvalidValue if value.is_empty() => (format!("{argument} needs a value"), one_of(&valid)),
        ErrorKind::InvalidValue => (format!("`{value}` cannot stand for {argument}"), one_of(&valid)),
        ErrorKind::ValueValidation => (format!("`{value}` cannot stand for {argument}"), "a whole number".to_owned()),
        ErrorKind::ArgumentConflict => {
            let other = words(error, ContextKind::PriorArg).join(" and ");
            (format!("{argument} cannot be used together with {other}"), "one of them".to_owned())
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand | ErrorKind::MissingSubcommand => {
            let (path, command) = path();
            let after = if path.is_empty() { String::new() } else { format!(" after `{}`", path.join(" ")) };
            let listed = command
                .get_subcommands()
                .map(|c| format!("{:<13}{}", c.get_name(), c.get_about().map(ToString::to_string).unwrap_or_default()));
            (format!("a command is missing{after}"), format!("one of\n{}", listed.collect::<Vec<_>>().join("\n")))
        }
        _ => (first_line(error), String::new()),
    }
}

fn one_of(valid: &[String]) -> String {
    if valid.is_empty() { String::new() } else { format!("one of {}", valid.join(", ")) }
}

/// A command or option that is spelt alike; or the page of a code, where somebody typed `truecost explain TC0203`.
fn meant(error: &Error) -> Option<String> {
    let wrong = words(error, ContextKind::InvalidSubcommand).concat();
    if codes_page(&wrong) {
        return Some(format!("truecost explain code {}", wrong.to_uppercase()));
    }
    let near = [ContextKind::SuggestedSubcommand, ContextKind::SuggestedArg, ContextKind::SuggestedValue];
    let near: Vec<String> = near.into_iter().flat_map(|kind| words(error, kind)).collect();
    if near.is_empty() { None } else { Some(format!("did you mean `{}`?", near.join("` or `"))) }
}

fn codes_page(word: &str) -> bool {
    let digits = word.get(..2).filter(|tc| tc.eq_ignore_ascii_case("tc")).and_then(|_| word.get(2..));
    digits.is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
}

/// `truecost explain line <DELIVERY> <ROW>`.
fn usage(error: &Error) -> Option<String> {
    match error.get(ContextKind::Usage)? {
        ContextValue::StyledStr(usage) => Some(usage.to_string().trim().trim_start_matches("Usage:").trim().to_owned()),
        _ => None,
    }
}

/// The commands that stand on the line, one below the other, and the last of them.
fn path() -> (Vec<String>, Command) {
    let mut command = Words::command();
    let mut path = Vec::new();
    for word in std::env::args().skip(1) {
        if let Some(below) = command.find_subcommand(&word).cloned() {
            path.push(word);
            command = below;
        }
    }
    (path, command)
}

/// What clap noted under this heading.
fn words(error: &Error, kind: ContextKind) -> Vec<String> {
    match error.get(kind) {
        Some(ContextValue::String(one)) => vec![one.clone()],
        Some(ContextValue::Strings(many)) => many.clone(),
        _ => Vec::new(),
    }
}

fn first_line(error: &Error) -> String {
    let text = error.to_string();
    let line = text.trim().lines().next().unwrap_or_default();
    line.strip_prefix("error: ").unwrap_or(line).to_owned()
}
