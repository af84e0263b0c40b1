//! Words in, words out; no logic. Parses the command line, asks the layers below, prints what they answer.

mod add;
mod args;
mod child;
mod command;
mod decide;
mod init;
mod key;
mod log;
mod notify;
mod out;
mod period;
mod profile;
mod progress;
mod quarantine;
mod release;
mod run;
mod serve;
mod signal;
mod supply;
mod suspense;
mod usage;

use std::process::ExitCode;

use clap::Parser;

use crate::{
    crash,
    diagnostic::{Diagnostic, Refusal, codes},
    report::Talk,
    run::clock::ProcessClock,
};
use args::{Command, Words};
use out::Voice;

/// Parses the command line, does what it says, and turns the answer into an exit code.
///
/// 0 done · 1 a delivery or a check failed · 2 usage or configuration · 3 infrastructure, worth a retry ·
/// 4 a period waits for a required feed · 5 another run holds the lake · 130 interrupted.
#[must_use]
pub fn main() -> ExitCode {
    let words = match Words::try_parse() {
        Ok(words) => words,
        Err(error) => return not_understood(&error),
    };
    let mut voice = Voice::new(words.json, words.talk.meant());
    if let Err(why) = crash::understood() {
        let refusal = Diagnostic::new(codes::command::USAGE, why).outcome("nothing was run").hint("unset TRUECOST_CRASH: it is for tests");
        voice.refuse(&[refusal]);
        return ExitCode::from(2);
    }
    let done = ProcessClock.check().and_then(|()| match (&words.command, child::is_one()) {
        (Command::Query(_), Some(colour)) => {
            voice.colour = colour;
            // Without a listener Ctrl-C ends this process in silence; the one that waits for it says so.
            child::confine().and_then(|()| command::act(&words, voice)).map(ExitCode::from)
        }
        // It listens to signals itself: a run in hand is ended first.
        (Command::Serve { log }, _) => serve::serve(&words, *log, voice),
        (Command::Query(_), None) => {
            signal::listen();
            child::ask(voice)
        }
        _ => {
            signal::listen();
            command::act(&words, voice).map(ExitCode::from)
        }
    });
    done.unwrap_or_else(|refusal| {
        voice.refuse(&refusal.0);
        ExitCode::from(refusal.exit_code())
    })
}

/// `--help` and `--version` are answers; everything else that clap refuses is a usage error.
fn not_understood(error: &clap::Error) -> ExitCode {
    let json = std::env::args().any(|word| word == "--json");
    let voice = Voice::new(json, Talk::Plain);
    if !error.use_stderr() {
        voice.result(&error.to_string());
        return ExitCode::SUCCESS;
    }
    let refusal = Refusal::from(usage::report(error));
    voice.refuse(&refusal.0);
    ExitCode::from(2)
}
