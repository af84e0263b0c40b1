//! `truecost run`: how it is shown while it works, what it answers, and the metrics that it leaves.

use std::path::Path;

use super::{args::Run, log::Log, out::Voice, progress::Progress};
use crate::{
    diagnostic::{Answer, Refusal},
    pipeline::{self, Partnership},
    report,
    run::{
        self, Observer, Options,
        clock::{Clock as _, ProcessClock},
    },
};

/// Runs; the answer's exit code. Metrics are written whatever the run did; those of the run that has taken its slots are of what it did.
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
    if let Some(file) = words.metrics_file.as_ref().filter(|_| !outcome.is_already()) {
        run::replace_file(file, &report::metrics(&outcome))?;
    }
    Ok(outcome.exit_code())
}

/// Says to the channels that nothing is run, for the configuration is not valid: where cron types this, nobody may look. Where another run holds
/// the lake, the next does.
pub fn tell_not_valid(root: &Path, refusal: &Refusal, voice: Voice) {
    let Some(partnership) = pipeline::with_channels(root, refusal) else { return };
    match run::tell_held(&partnership, &[run::Held::Typed(report::held_by(&refusal.0))], &ProcessClock) {
        Ok(reports) => voice.report(&reports),
        Err(refusal) if refusal.is_locked() => {}
        Err(refusal) => voice.report(&refusal.0),
    }
}

/// Metrics of a run that ended before it was done: whoever watches must not see how the one before ended. Where another run holds the lake,
/// that one tells of itself. A file that cannot be written was told of already.
pub fn leave_metrics(words: &Run, refusal: &Refusal) {
    if let Some(file) = words.metrics_file.as_ref().filter(|_| !refusal.is_locked()) {
        let _ = run::replace_file(file, &report::metrics_of_failed(refusal.exit_code(), ProcessClock.now().seconds()));
    }
}
