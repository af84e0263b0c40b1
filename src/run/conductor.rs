//! What the two halves of a run share: the partnership, the lake, the clock, who listens, and the run's own number.

use std::sync::atomic::{AtomicU64, Ordering};

use super::{
    Event, Halves, LetGo, Observer, Options,
    clock::{Clock, Now},
    record::Journal,
};
use crate::{
    diagnostic::{Answer, Diagnostic, Refusal, codes},
    domain::Slot,
    lake::{CORRECTIONS, CommonTables, Corrections, DeliveryRecord, Lake, Lock, Turn},
    pipeline::{Feed, Partnership},
    plan::Wish,
};

/// Everything that the parts of a run share.
pub(super) struct Conductor<'a> {
    pub(super) partnership: &'a Partnership,
    pub(super) lake: Lake,
    pub(super) tables: CommonTables,
    pub(super) select: Vec<String>,
    pub(super) wish: Wish,
    pub(super) threads: usize,
    pub(super) let_go: Option<LetGo>,
    pub(super) halves: Halves,
    pub(super) run_id: String,
    /// The run's number: the order of runs, whatever the clock says. 0 where nothing is written.
    pub(super) number: u64,
    /// Names whose slots had been taken too far ahead of the clock to be believed, each with the last of them.
    pub(super) ahead: Vec<(String, i64)>,
    /// Deliveries that got their turn in this run.
    pub(super) turns: AtomicU64,
    /// What persons corrected in deliveries.
    pub(super) corrections: Corrections,
    pub(super) clock: &'a dyn Clock,
    pub(super) observer: &'a dyn Observer,
    /// Slots that the run has taken.
    pub(super) slots: Vec<Slot>,
    /// What it has noted of itself.
    pub(super) journal: Journal,
}

impl<'a> Conductor<'a> {
    pub(super) fn new(partnership: &'a Partnership, options: &Options, clock: &'a dyn Clock, observer: &'a dyn Observer) -> Answer<Self> {
        let lake = Lake::at(&partnership.landing, &partnership.lake, &partnership.published)?;
        let corrections = Corrections::of(lake.events(CORRECTIONS).all()?);
        Ok(Self {
            partnership,
            tables: lake.tables()?,
            lake,
            select: options.select.clone(),
            wish: options.wish,
            threads: options.threads.max(1),
            let_go: options.let_go.clone(),
            halves: options.halves,
            run_id: clock.now().run_id(),
            number: 0,
            ahead: Vec::new(),
            turns: AtomicU64::new(0),
            corrections,
            clock,
            observer,
            slots: Vec::new(),
            journal: Journal::default(),
        })
    }

    /// Takes the run's number before anything is done: of one that dies there is no more. What the register says; `None` where it has to be
    /// mended before it can be read.
    ///
    /// # Errors
    /// TC1014: a lake that is older than what is published takes no number; TC1002.
    pub(super) fn take_number(&mut self, held: &Lock, started: Now) -> Answer<Option<Vec<DeliveryRecord>>> {
        self.lake.must_lead()?;
        let Ok(known) = self.lake.register().all() else { return Ok(None) };
        self.number_after(&known, held, started)?;
        Ok(Some(known))
    }

    /// The same once nothing is left of runs that died: what they entered may have come further.
    pub(super) fn number_after(&mut self, known: &[DeliveryRecord], held: &Lock, started: Now) -> Answer<()> {
        let number = self.lake.next_number(known)?;
        if number != self.number {
            self.number = number;
            held.begin(&self.at_its_beginning(started))?;
            self.observer.event(Event::Numbered { run: &self.run_id, number });
        }
        Ok(())
    }

    /// Where the lake went away under the run, that first: what was looked for in it in vain follows from it.
    pub(super) fn or_gone(&self, refusal: Refusal) -> Refusal {
        let is_gone = |report: &Diagnostic| report.code == codes::lake::LAKE_IS_GONE;
        match self.lake.must_be_there(true) {
            Err(mut gone) if gone.0.iter().all(is_gone) && !refusal.0.iter().any(is_gone) => {
                let stands = "what was accepted or published before it went stands, and no other lake was begun";
                gone.0.iter_mut().for_each(|report| stands.clone_into(&mut report.outcome));
                Refusal([gone.0, refusal.0].concat())
            }
            _ => refusal,
        }
    }

    /// The next place in the order of deliveries.
    pub(super) fn next_turn(&self) -> Turn {
        Turn { run: self.number, order: self.turns.fetch_add(1, Ordering::Relaxed) + 1, below: 0 }
    }

    pub(super) fn step(&self, text: &str) {
        self.observer.event(Event::Step { text });
    }

    pub(super) fn selected(&self) -> Vec<&'a Feed> {
        let wanted = |feed: &Feed| self.select.is_empty() || self.select.iter().any(|s| *s == *feed.council || *s == feed.name());
        self.partnership.feeds.iter().filter(|feed| wanted(feed)).collect()
    }

    /// Every selection names something.
    pub(super) fn check_selection(&self) -> Answer<()> {
        let names = |s: &str| self.partnership.feeds.iter().any(|feed| s == &*feed.council || s == feed.name());
        let Some(wrong) = self.select.iter().find(|s| !names(s)) else { return Ok(()) };
        let known: Vec<String> = self.partnership.feeds.iter().map(Feed::name).collect();
        Err(Diagnostic::new(codes::command::NOTHING_SELECTED, format!("`{wrong}` is no council and no feed of this partnership"))
            .expected(format!("a council, or one of {}", known.join(", ")))
            .outcome("nothing was run")
            .hint("truecost status")
            .into())
    }
}
