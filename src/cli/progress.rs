//! What a run shows while it works: a bar on a terminal, a line for each step elsewhere.

use std::{sync::Mutex, time::Duration};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{
    out::Voice,
    signal::{self, Moment},
};
use crate::{
    domain::printable,
    report::Talk,
    run::{Event, Observer},
};

/// Draws on stderr.
pub struct Progress {
    voice: Voice,
    bar: Mutex<Option<ProgressBar>>,
}

impl Progress {
    #[must_use]
    pub fn new(voice: Voice) -> Self {
        signal::note(Moment::Running);
        Self { voice, bar: Mutex::new(None) }
    }

    fn bar(&self) -> std::sync::MutexGuard<'_, Option<ProgressBar>> {
        self.bar.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn start(&self, what: &str, bytes: u64) {
        let target =
            if self.voice.terminal && self.voice.talk > Talk::Quiet { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(bytes), target).with_message(printable(what));
        if let Ok(style) = ProgressStyle::with_template("  {msg:40} {bar:30} {bytes:>10} of {total_bytes} {bytes_per_sec}") {
            bar.set_style(style);
        }
        // Steps of less than a second would only flicker.
        bar.enable_steady_tick(Duration::from_secs(1));
        *self.bar() = Some(bar);
    }

    /// Speaks while a bar may be showing: one delivery is entered while the next is read.
    fn beside(&self, speak: impl FnOnce()) {
        match self.bar().as_ref() {
            Some(bar) => bar.suspend(speak),
            None => speak(),
        }
    }

    fn stop(&self) {
        if let Some(bar) = self.bar().take() {
            bar.finish_and_clear();
        }
    }
}

impl Observer for Progress {
    fn event(&self, event: Event<'_>) {
        match event.itself() {
            Event::Start { what, bytes } => self.start(what, bytes),
            Event::Advance { bytes } => {
                if let Some(bar) = self.bar().as_ref() {
                    bar.inc(bytes);
                }
            }
            Event::End => self.stop(),
            Event::Publishing => signal::note(Moment::Publishing),
            Event::Published { release } => signal::note(Moment::Published(release.to_owned())),
            Event::Numbered { .. } | Event::Stage { .. } | Event::Ended { .. } | Event::Within { .. } => {}
            Event::Step { .. } | Event::Detail { .. } if self.voice.json => {}
            Event::Detail { .. } if self.voice.talk < Talk::Full => {}
            Event::Step { text } | Event::Detail { text } => self.beside(|| self.voice.step(text)),
            Event::Report { diagnostics } => self.beside(|| self.voice.report(diagnostics)),
        }
    }
}
