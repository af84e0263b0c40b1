//! Between a run and whoever listens: what it notes is kept apart from what asks something of somebody, and written down with the run; and
//! what happens in one of several steps that are under way says of which it is.

use std::sync::{Mutex, PoisonError};

use super::{Event, Observer};
use crate::diagnostic::Diagnostic;

/// Passes everything on, and keeps the notes.
pub(super) struct Noting<'a> {
    to: &'a dyn Observer,
    notes: Mutex<Vec<Diagnostic>>,
}

impl<'a> Noting<'a> {
    /// `before` was noted before the run began.
    pub(super) fn new(to: &'a dyn Observer, before: &[Diagnostic]) -> Self {
        Self { to, notes: Mutex::new(before.to_vec()) }
    }

    /// What was noted so far, each once.
    pub(super) fn notes(&self) -> Vec<Diagnostic> {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Observer for Noting<'_> {
    fn event(&self, event: Event<'_>) {
        if let Event::Report { diagnostics } = event.itself() {
            let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
            for note in diagnostics.iter().filter(|d| d.is_note()) {
                if !notes.contains(note) {
                    notes.push(note.clone());
                }
            }
        }
        self.to.event(event);
    }
}

/// Passes everything on as something that happened in one step.
pub(super) struct Within<'a> {
    to: &'a dyn Observer,
    step: &'static str,
    subject: &'a str,
}

impl<'a> Within<'a> {
    pub(super) fn new(to: &'a dyn Observer, step: &'static str, subject: &'a str) -> Self {
        Self { to, step, subject }
    }
}

impl Observer for Within<'_> {
    fn event(&self, event: Event<'_>) {
        self.to.event(Event::Within { step: self.step, subject: self.subject, event: &event });
    }
}
