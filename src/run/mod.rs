//! The conductor. Reads like the flow: take what is new of every feed, then the cost run, then the release.
//!
//! It alone knows the order of the stages, holds the lake's lock, reads the clock, and decides what stops what:
//! a refused delivery stops its own feed and nothing else; an unexplained difference stops publication.

pub mod clock;
mod pump;

use crate::diagnostic::Diagnostic;

/// What a run tells while it works.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// Something of so many bytes starts.
    Start { what: &'a str, bytes: u64 },
    /// So many bytes of it are done.
    Advance { bytes: u64 },
    /// Something is done; a sentence.
    Step { text: &'a str },
    /// Something has to be said.
    Report { diagnostics: &'a [Diagnostic] },
}

/// Who listens to a run.
pub trait Observer: Sync {
    fn event(&self, event: Event<'_>);
}

/// Nobody listens.
pub struct Silent;

impl Observer for Silent {
    fn event(&self, _: Event<'_>) {}
}
