//! Words in, words out; no logic. Parses the command line, asks the layers below, prints what they answer.

mod args;
mod command;
mod decide;
mod out;
mod progress;
mod signal;
mod usage;

use std::process::ExitCode;

use clap::Parser;

use crate::diagnostic::Refusal;
use args::Words;
use out::Voice;

/// Parses the command line, does what it says, and turns the answer into an exit code.
///
/// 0 done · 1 a delivery or a check failed · 2 usage or configuration · 3 infrastructure, worth a retry ·
/// 4 kept for late deliveries · 5 another run holds the lake · 130 interrupted.
#[must_use]
pub fn main() -> ExitCode {
    let words = match Words::try_parse() {
        Ok(words) => words,
        Err(error) => return not_understood(&error),
    };
    let voice = Voice::new(words.json);
    signal::listen();
    match command::act(&words, voice) {
        Ok(code) => ExitCode::from(code),
        Err(refusal) => {
            voice.refuse(&refusal.0);
            ExitCode::from(refusal.exit_code())
        }
    }
}

/// `--help` and `--version` are answers; everything else that clap refuses is a usage error.
fn not_understood(error: &clap::Error) -> ExitCode {
    let json = std::env::args().any(|word| word == "--json");
    let voice = Voice::new(json);
    if !error.use_stderr() {
        voice.result(&error.to_string());
        return ExitCode::SUCCESS;
    }
    let refusal = Refusal::from(usage::report(error));
    voice.refuse(&refusal.0);
    ExitCode::from(2)
}
