//! `truecost run`: how it is shown while it works, what it answers, and the metrics that it leaves.

use super::{args::Run, log::Log, out::Voice, progress::Progress};
use crate::{
    diagnostic::Answer,
    pipeline::Partnership,
    report,
    run::{self, Observer, Options, clock::ProcessClock},
};

/// Runs; the answer's exit code. Metrics are written whatever the run did.
pub fn act(partnership: &Partnership, words: &Run, options: &Options, voice: Voice) -> Answer<u8> {
    if let Some(file) = &words.metrics_file {
        run::can_write(file)?;
    }
    let observer: Box<dyn Observer> = match words.log {
        Some(shape) => Box::new(Log::new(shape, voice)),
        None => Box::new(Progress::new(voice)),
    };
    let outcome = run::run(partnership, options, &ProcessClock, observer.as_ref())?;
    voice.answer(&report::outcome(partnership, &outcome, voice.talk));
    if let Some(file) = &words.metrics_file {
        run::replace_file(file, &report::metrics(&outcome))?;
    }
    Ok(outcome.exit_code())
}
