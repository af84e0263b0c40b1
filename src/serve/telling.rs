//! What `serve` itself tells the channels, between runs.

use super::{Serve, machine::HOLDER_WAITS};
use crate::{
    diagnostic::{Answer, Diagnostic},
    pipeline::Partnership,
    run::{
        self,
        clock::{Clock as _, ProcessClock},
    },
};

/// What became of what was to be told.
enum Sending {
    /// A run holds the lake: a later turn tells it.
    Later,
    /// It could not be told, and that was said.
    Failed,
    /// It was sent; whether all of it was taken.
    Sent { all: bool },
}

impl Serve<'_> {
    /// What is sent is waited for in a thread of its own: this one belongs to the loop.
    fn send(&self, tell: impl FnOnce(&Partnership, &ProcessClock) -> Answer<Vec<Diagnostic>> + Send) -> Sending {
        match self.sent(tell) {
            Ok(reports) => Sending::Sent { all: reports.is_empty() },
            Err(refusal) if refusal.is_locked() => Sending::Later,
            Err(refusal) => {
                self.told.report(&refusal.0);
                Sending::Failed
            }
        }
    }

    /// The same, and what kept it from being told.
    fn sent(&self, tell: impl FnOnce(&Partnership, &ProcessClock) -> Answer<Vec<Diagnostic>> + Send) -> Answer<Vec<Diagnostic>> {
        let (partnership, clock) = (self.settings.partnership(), &self.clock);
        let said = std::thread::scope(|scope| scope.spawn(move || tell(partnership, clock)).join());
        let reports = said.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        self.told.report(&reports);
        Ok(reports)
    }

    /// Tells the channels that slots had been taken in a future that is not believed. Where a run holds the lake, a later turn does.
    pub(super) fn tell_ahead(&mut self) {
        if self.ahead.is_empty() || self.child.is_some() || self.reach.fault.is_some() {
            return;
        }
        if matches!(self.send(|partnership, clock| run::tell_ahead(partnership, &self.ahead, clock)), Sending::Later) {
            return;
        }
        self.ahead.clear();
        self.look_at_outbox(self.clock.now().seconds());
    }

    /// Tells the channels how the last run ended, which could not say it. Where another run holds the lake, a later turn does.
    pub(super) fn tell_cut_short(&mut self) {
        let Some(how) = self.cut_short.as_deref().filter(|_| self.child.is_none() && self.reach.fault.is_none()) else { return };
        if matches!(self.send(|partnership, clock| run::tell_cut_short(partnership, how, clock)), Sending::Later) {
            return;
        }
        self.cut_short = None;
        self.look_at_outbox(self.clock.now().seconds());
    }

    /// Tells the channels what holds slots, and once more when it does not. Where a run holds the lake, a later turn does.
    pub(super) fn tell_held(&mut self) {
        let held = self.what_holds();
        if self.child.is_some() || self.told_held.as_ref() == Some(&held) {
            return;
        }
        let sending = match self.reach.fault {
            // Whoever asks for a lake that is not there may begin another.
            Some(_) if self.reach.is_gone() => Sending::Failed,
            // What keeps the lake from being read may keep the outbox, and was said.
            Some(_) => self.sent(|partnership, clock| run::tell_held(partnership, &held, clock)).map_or_else(
                |refusal| if refusal.is_locked() { Sending::Later } else { Sending::Failed },
                |_| Sending::Sent { all: false },
            ),
            None => self.send(|partnership, clock| run::tell_held(partnership, &held, clock)),
        };
        match sending {
            Sending::Later => return,
            Sending::Failed if self.reach.fault.is_none() => return,
            Sending::Failed => self.tell_unkept(&held),
            Sending::Sent { .. } => self.look_at_outbox(self.clock.now().seconds()),
        }
        self.told_held = Some(held);
    }

    /// Whether something waits in the outbox that was not taken. What cannot be read, the next run says.
    pub(super) fn look_at_outbox(&mut self, now: i64) {
        if let Ok(waits) = run::notices_wait(self.settings.partnership()) {
            self.outbox.seen(waits, now);
        }
    }

    /// Sends again what nobody took. Where a run holds the lake, a later turn does.
    pub(super) fn tell_again(&mut self, now: i64) {
        if self.child.is_some() || self.stopping || self.reach.fault.is_some() || !self.outbox.is_due(now) {
            return;
        }
        match self.send(|partnership, clock| run::tell_again(partnership, clock)) {
            Sending::Later => return self.outbox.put_off(now, HOLDER_WAITS),
            Sending::Failed => self.outbox.sent(false),
            Sending::Sent { all } => self.outbox.sent(all),
        }
        self.look_at_outbox(now);
    }
}
