//! The lake is out of reach: not there, or not to be read. Nothing is run before it is, and it is looked for again and again.

use super::{Serve, outbox::Outbox, words};
use crate::{
    diagnostic::{Diagnostic, codes},
    domain::Location,
    lake::SlotBook,
    notice::{Noted, Unkept},
    report::held_by,
    run::{
        self, Held,
        clock::{Clock as _, Now},
    },
};

/// What is known of the lake.
#[derive(Debug, Default)]
pub(super) struct Reach {
    /// The lake that was there when it was looked at last.
    seen: Option<Location>,
    /// What it said of slots then; `None` before it was ever read.
    pub book: Option<SlotBook>,
    /// Why it is out of reach; `None` where it is not.
    pub fault: Option<Vec<Diagnostic>>,
    unkept: Unkept,
    /// When what a channel did not take of that is sent again.
    again: Outbox,
}

impl Reach {
    /// It is not there, nor anything that somebody could write to.
    pub(super) fn is_gone(&self) -> bool {
        self.fault.iter().flatten().any(|report| report.code == codes::lake::LAKE_IS_GONE)
    }
}

impl Serve<'_> {
    /// Looks at what is known of slots. Warnings where the record begins again.
    pub(super) fn look_at_lake(&mut self, now: Now) -> Vec<Diagnostic> {
        let lake = &self.settings.partnership().lake;
        match run::known_slots(self.settings.partnership(), self.reach.seen.as_ref() == Some(lake)) {
            Ok(known) => {
                self.reach.seen = known.has_lake.then(|| lake.clone());
                self.reach.book = Some(known.book);
                if self.reach.fault.take().is_some() {
                    self.say("lake", "it can be read again: what is due is run");
                    // It may be away once more before anybody was told.
                    self.told_held = None;
                    self.free(now);
                }
                known.unreadable
            }
            Err(refusal) => {
                if self.reach.fault.as_ref() != Some(&refusal.0) {
                    self.told.report(&refusal.0);
                    self.say("held", &words::out_of_reach(&refusal.0));
                }
                self.reach.fault = Some(refusal.0);
                Vec::new()
            }
        }
    }

    /// What holds everything back, as it is told.
    pub(super) fn what_holds(&self) -> Vec<Held> {
        let waits = !self.machine.kept().is_empty();
        let configuration = self.held_by_configuration().filter(|_| waits).map(|why| Held::Configuration(held_by(why)));
        let lake = self.reach.fault.as_deref().map(|why| Held::Lake(held_by(why)));
        configuration.into_iter().chain(lake).collect()
    }

    /// Tells the channels without the outbox, which is in the lake.
    pub(super) fn tell_unkept(&mut self, held: &[Held]) {
        let now = self.clock.now();
        if let Some(lake) = held.iter().find(|held| matches!(held, Held::Lake(_))) {
            self.reach.unkept.begins(&self.settings.partnership().notify, &lake.happened(), &noted(now));
            self.send_unkept(now);
        }
    }

    /// Sends what of it was not taken, and once that it is over.
    pub(super) fn tell_unkept_again(&mut self, now: Now) {
        if self.reach.fault.is_none() {
            self.reach.unkept.is_over(&self.settings.partnership().notify, &noted(now));
        }
        let is_due = self.reach.again.next().is_none() || self.reach.again.is_due(now.seconds());
        if self.reach.unkept.waits() && is_due {
            self.send_unkept(now);
        }
    }

    fn send_unkept(&mut self, now: Now) {
        let (unkept, partnership) = (&mut self.reach.unkept, self.settings.partnership());
        // What is sent is waited for in a thread of its own: this one belongs to the loop.
        match std::thread::scope(|scope| scope.spawn(move || unkept.send(partnership, now.micros)).join()) {
            Ok(warnings) => self.told.report(&warnings),
            Err(panic) => std::panic::resume_unwind(panic),
        }
        self.reach.again.sent(!self.reach.unkept.waits());
        self.reach.again.seen(self.reach.unkept.waits(), now.seconds());
    }

    /// When that is to be done next; `None` where nothing waits.
    pub(super) const fn unkept_next(&self) -> Option<i64> {
        self.reach.again.next()
    }
}

fn noted(now: Now) -> Noted {
    Noted { run: 0, at: now.iso(), at_us: now.micros }
}
