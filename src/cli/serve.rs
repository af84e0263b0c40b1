//! `truecost serve`: its log on stderr.

use std::process::ExitCode;

use serde_json::json;

use super::{
    args::{LogShape, Words},
    child, log,
    out::Voice,
};
use crate::{
    diagnostic::{Answer, Diagnostic},
    domain::printable_json,
    run::clock::{Clock as _, Now, ProcessClock},
    serve::{self, Asked, Told},
};

/// Tells whoever reads stderr.
struct Log {
    shape: LogShape,
    voice: Voice,
}

impl Told for Log {
    fn line(&self, at: Now, what: &str, text: &str) {
        match self.shape {
            LogShape::Text => self.voice.say(&format!("{} {what:<7} {text}", at.iso())),
            LogShape::Json => {
                let line = json!({"at": at.iso(), "run": null, "step": what, "subject": "", "level": "info", "text": text});
                self.voice.say(&printable_json(&line.to_string()));
            }
        }
    }

    fn report(&self, reports: &[Diagnostic]) {
        match self.shape {
            LogShape::Text => self.voice.report(reports),
            LogShape::Json => reports.iter().for_each(|d| self.voice.say(&log::report_line(ProcessClock.now(), d))),
        }
    }
}

/// Runs what is due until a signal ends it.
pub fn serve(words: &Words, shape: LogShape, voice: Voice) -> Answer<ExitCode> {
    super::command::is_partnership(&words.partnership)?;
    let asked =
        Asked { root: words.partnership.clone(), program: child::program(), log: (shape == LogShape::Json).then(|| shape.as_str()) };
    let done = serve::serve(&asked, &Log { shape, voice });
    done.inspect_err(|refusal| {
        if refusal.exit_code() == 2 {
            super::run::tell_not_valid(&words.partnership, refusal, voice);
        }
    })
}
