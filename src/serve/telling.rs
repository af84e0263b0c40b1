//! What `serve` itself tells the channels, between runs.

use super::{Serve, machine::HOLDER_WAITS, outbox::Outbox};
use crate::{
    report,
    run::{self, clock::Clock as _},
};

impl Serve<'_> {
    /// Tells the channels that slots had been taken in a future that is not believed. Where a run holds the lake, a later turn does.
    pub(super) fn tell_ahead(&mut self) {
        if self.ahead.is_empty() || self.child.is_some() {
            return;
        }
        let (partnership, clock, ahead) = (self.settings.partnership(), &self.clock, &self.ahead);
        match std::thread::scope(|scope| scope.spawn(|| run::tell_ahead(partnership, ahead, clock)).join()) {
            Ok(Err(refusal)) if refusal.exit_code() == 5 => return,
            Ok(Ok(reports)) => self.told.report(&reports),
            Ok(Err(refusal)) => self.told.report(&refusal.0),
            Err(panic) => std::panic::resume_unwind(panic),
        }
        self.ahead.clear();
        self.look_at_outbox(self.clock.now().seconds());
    }

    /// Tells the channels that slots are held which are due, and once more when they are not. Where a run holds the lake, a later turn does.
    pub(super) fn tell_held(&mut self) {
        let why = self.held().filter(|_| !self.machine.kept().is_empty()).map(report::held_by);
        if self.child.is_some() || self.told_held == Some(why.is_some()) {
            return;
        }
        let (partnership, clock) = (self.settings.partnership(), &self.clock);
        // What is sent is waited for in a thread of its own: this one belongs to the loop.
        let told = std::thread::scope(|scope| scope.spawn(|| run::tell_held(partnership, why.as_deref(), clock)).join());
        match told {
            Ok(Ok(reports)) => {
                self.told.report(&reports);
                self.told_held = Some(why.is_some());
                self.look_at_outbox(self.clock.now().seconds());
            }
            Ok(Err(refusal)) if refusal.exit_code() == 5 => {}
            Ok(Err(refusal)) => self.told.report(&refusal.0),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }

    /// Whether something waits in the outbox that was not taken. What cannot be read, the next run says.
    pub(super) fn look_at_outbox(&mut self, now: i64) {
        if let Ok(waits) = run::notices_wait(self.settings.partnership()) {
            self.outbox.seen(waits, now);
        }
    }

    /// Sends again what nobody took. Where a run holds the lake, a later turn does.
    pub(super) fn tell_again(&mut self, now: i64) {
        if self.child.is_some() || self.stopping || !self.outbox.is_due(now) {
            return;
        }
        let (partnership, clock) = (self.settings.partnership(), &self.clock);
        match std::thread::scope(|scope| scope.spawn(|| run::tell_again(partnership, clock)).join()) {
            Ok(Err(refusal)) if refusal.exit_code() == 5 => return self.outbox.put_off(now, HOLDER_WAITS),
            Ok(Ok(reports)) => {
                // Taken: what is left goes soon.
                if reports.is_empty() {
                    self.outbox = Outbox::default();
                }
                self.told.report(&reports);
            }
            Ok(Err(refusal)) => self.told.report(&refusal.0),
            Err(panic) => std::panic::resume_unwind(panic),
        }
        self.outbox.put_off(now, 0);
        self.look_at_outbox(now);
    }
}
