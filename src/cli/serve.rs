//! `truecost serve`: its log on stderr.

use std::process::ExitCode;

use super::{args::Words, child, out::Voice};
use crate::{
    diagnostic::{Answer, Diagnostic},
    run::clock::Now,
    serve::{self, Asked, Told},
};

/// Tells whoever reads stderr.
struct Log(Voice);

impl Told for Log {
    fn line(&self, at: Now, what: &str, text: &str) {
        self.0.say(&format!("{} {what:<7} {text}", at.iso()));
    }

    fn report(&self, reports: &[Diagnostic]) {
        self.0.report(reports);
    }
}

/// Runs what is due until a signal ends it.
pub fn serve(words: &Words, voice: Voice) -> Answer<ExitCode> {
    super::command::is_partnership(&words.partnership)?;
    let asked = Asked { root: words.partnership.clone(), program: child::program() };
    serve::serve(&asked, &Log(voice))
}
