//! What a run notes while it works: kept apart from what asks something of somebody, and written down with the run.

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
        if let Event::Report { diagnostics } = event {
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
