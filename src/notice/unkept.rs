//! Notices that no outbox holds, for the lake is what they tell of: whoever sends them keeps them as long as it runs.

use super::{Happened, Noted, deliver, ended, judge, new, not_told, told};
use crate::{
    diagnostic::Diagnostic,
    lake::{Notice, TellingState},
    pipeline::{Notify, Partnership},
};

const BY_SERVE: &str = "no outbox holds it, for the lake is away: `serve` sends it again for 24 hours, as long as it runs";

/// What was told of one thing, and what is still to be told.
#[derive(Debug, Default)]
pub struct Unkept {
    /// It was told and is not over.
    open: Option<Notice>,
    waiting: Vec<Notice>,
}

impl Unkept {
    /// It began; nothing where that was told and is not over.
    pub fn begins(&mut self, notify: &Notify, now: &Happened, noted: &Noted) {
        if self.open.is_none() {
            // No outbox remembers how often it was told: the instant tells one time from another.
            let notice = new(notify, now.kind, now, &format!("holds, since {}", noted.at), true, noted);
            self.waiting.push(notice.clone());
            self.open = Some(notice);
        }
    }

    /// It is over.
    pub fn is_over(&mut self, notify: &Notify, noted: &Noted) {
        self.waiting.extend(self.open.take().and_then(|was| ended(notify, &was, |_, _| false, noted)));
    }

    /// Whether a channel has still to be told something.
    #[must_use]
    pub fn waits(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Sends what waits; a warning for each channel that does not take it.
    pub fn send(&mut self, partnership: &Partnership, now_us: i64) -> Vec<Diagnostic> {
        let mut warnings = Vec::new();
        for notice in &mut self.waiting {
            for channel in &partnership.notify.channels {
                if notice.told.get(&*channel.name).is_none_or(|telling| telling.state != TellingState::Waits) {
                    continue;
                }
                let answer = deliver(channel, partnership, notice);
                let (state, text) = judge(&answer, now_us.saturating_sub(notice.at_us));
                if state != TellingState::Sent {
                    warnings.push(not_told(&channel.name, notice, state, &text, BY_SERVE));
                }
                told(notice, &channel.name, state, text, None);
            }
        }
        let is_declared = |name: &String| partnership.notify.channels.iter().any(|channel| *channel.name == **name);
        self.waiting.retain(|notice| notice.told.iter().any(|(name, t)| t.state == TellingState::Waits && is_declared(name)));
        warnings
    }
}
