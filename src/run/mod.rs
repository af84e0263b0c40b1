//! The conductor. Reads like the flow: take what is new of every feed, then the cost run, then the release.
//!
//! It alone knows the order of the stages, holds the lake's lock, reads the clock, and decides what stops what:
//! a refused delivery stops its own feed and nothing else; an unexplained difference stops publication.

mod agree;
pub mod clock;
mod conductor;
mod cost;
mod decide;
mod disk;
mod doctor;
mod feeds;
mod folders;
mod keys;
mod notices;
mod noting;
mod parallel;
mod period;
mod record;
mod slots;
mod supply;
mod vacuum;

use crate::{
    crash,
    diagnostic::{Answer, Diagnostic, Refusal, codes},
    domain::{Period, Slot},
    engine::deeply,
    lake::{DeliveryRecord, HALVES, Lock, RunRecord},
    pipeline::{Feed, Partnership},
    plan::{Uncounted, Wish, stands_for_good, waiting},
};

use clock::{Clock, Now, Standing};
use conductor::Conductor;
use cost::CostRun;
use feeds::FeedRun;
use record::Moved;

pub use cost::{Costed, Previewed, RestatedPeriod};
pub use decide::{Said, decide};
pub use doctor::{Finding, doctor, repair};
pub use feeds::{CorrectAsked, Correction, RowAsked, correct};
pub use feeds::{Delivered, Delivery, Listed, Repaired};
pub use folders::{can_write, make_folders, replace_file, without_folder, write_rules};
pub use keys::{NewKeys, give_keys, new_keys};
pub use notices::{Held, notices_wait, tell_again, tell_ahead, tell_cut_short, tell_held};
pub use period::{PeriodAsked, PeriodDone, period, preview};
pub use slots::{KnownSlots, begin_slots, close_slots, known_slots, may_retry, slots_ahead, slots_at, slots_of, timings};
pub use supply::{SupplyNow, Waive, Waived, overdue, supply, supply_of, supply_upon, waive};

pub use vacuum::{Clearance, Vacuumed, vacuum};

/// What a run tells while it works.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// Something of so many bytes starts.
    Start { what: &'a str, bytes: u64 },
    /// So many bytes of it are done.
    Advance { bytes: u64 },
    /// All of it is done.
    End,
    /// A run has its number.
    Numbered { run: &'a str, number: u64 },
    /// A step of the run begins, and what it is about; empty where it is about everything.
    Stage { step: &'static str, subject: &'a str },
    /// A step has ended.
    Ended { step: &'static str, subject: &'a str },
    /// Something that happened in this step, whichever of several began last.
    Within { step: &'static str, subject: &'a str, event: &'a Event<'a> },
    /// Something is done; a sentence.
    Step { text: &'a str },
    /// One of many steps that are alike, for who wants to see each of them; a step tells them together.
    Detail { text: &'a str },
    /// Something has to be said.
    Report { diagnostics: &'a [Diagnostic] },
    /// Readers are about to be turned to the next release.
    Publishing,
    /// Readers were turned to this release.
    Published { release: &'a str },
}

impl Event<'_> {
    /// What happened, wherever it did.
    #[must_use]
    pub const fn itself(self) -> Self {
        let mut event = self;
        while let Self::Within { event: inner, .. } = event {
            event = *inner;
        }
        event
    }
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

/// Which halves of a run are wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Halves {
    #[default]
    Both,
    /// Feeds alone: nothing is published.
    Deliver,
    /// The cost run alone: no source is looked at.
    Cost,
}

impl Halves {
    /// As the record of a run says it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Both => "both",
            Self::Deliver => "deliver",
            Self::Cost => "cost",
        }
    }

    /// Each that is wanted, as records of runs name it.
    const fn each(self) -> &'static [&'static str] {
        match self {
            Self::Both => &HALVES,
            Self::Deliver => &["deliver"],
            Self::Cost => &["cost"],
        }
    }
}

/// What is asked of a run.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Councils or `council/feed`; empty = all.
    pub select: Vec<String>,
    pub wish: Wish,
    pub threads: usize,
    /// Published periods that a person lets vanish from the next release.
    pub let_go: Option<LetGo>,
    pub halves: Halves,
    /// Times at which something was due, which this run takes. Where there are any, they alone say what is run: their feeds, and the cost
    /// run where its own time is among them, or where it has none.
    pub slots: Vec<Slot>,
}

/// What a person lets vanish from the release, once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LetGo {
    pub periods: Vec<Period>,
    pub by: String,
    pub reason: String,
}

/// What a run did.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    pub run: String,
    /// Its place among the runs.
    pub number: u64,
    pub delivered: Vec<Delivered>,
    pub costed: Costed,
    /// Deliveries that were refused before and have not been mended.
    pub standing_refused: usize,
    /// Deliveries that wait for a person's word, one report each.
    pub waiting: Vec<Diagnostic>,
    /// What is late or missing when the run ends, a report for each feed.
    pub late: Vec<Diagnostic>,
    /// Files that are overdue when it ends.
    pub overdue: usize,
    /// What was noted and asks nothing of anybody, in the order in which it was told.
    pub notes: Vec<Diagnostic>,
    /// What was done of it.
    pub halves: Halves,
    /// Whether the last run on record had an end that this one shows to be over.
    pub ends_otherwise: bool,
    /// Whether something failed that no delivery tells of, and the last run on record did not fail so.
    pub fails_anew: bool,
    /// Slots that this run took.
    pub slots: Vec<Slot>,
    /// Slots that it was asked to take, and others had taken.
    pub already: Vec<Slot>,
    /// All that it wrote down, or would have, had it done something.
    pub record: RunRecord,
}

impl Outcome {
    /// A run whose slots others have taken: it did nothing.
    fn already(run: &str, already: Vec<Slot>) -> Self {
        Self { run: run.to_owned(), already, ..Self::default() }
    }

    /// Whether others had done all that it was asked for.
    #[must_use]
    pub fn is_already(&self) -> bool {
        self.slots.is_empty() && !self.already.is_empty()
    }

    /// Everything that decides how the run ends.
    #[must_use]
    pub fn errors(&self) -> Vec<Diagnostic> {
        let refused = self.delivered.iter().filter(|d| d.state == Delivery::Refused).flat_map(|d| &d.reports);
        let errors = refused.chain(&self.costed.stopped).chain(&self.waiting).filter(|d| feeds::is_in_the_way(d));
        errors.chain(self.costed.blocked.iter().filter(|d| !stands_for_good(d))).cloned().collect()
    }

    /// Whether the same run can succeed later without anybody acting.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        may_retry(&Refusal(self.errors()))
    }

    /// 0 done · 1 a delivery or a check failed, or a delivery waits, or something stops publication · 3 a source could not be reached · 4 a period waits for
    /// a required feed, or a delivery is late or missing.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        exit_code_of(self.errors().iter().chain(&self.late))
    }

    /// Whether the run left a record. One that did nothing leaves no trace: a second run changes no byte. One that a check stopped tried,
    /// and is written down; so is one after which it is over that the last one on record did not end well.
    #[must_use]
    pub fn is_recorded(&self) -> bool {
        let refused_anew = self.costed.refused.is_some() && !self.costed.refused_before;
        self.costed.published
            || self.costed.failed()
            || refused_anew
            || self.ends_otherwise
            || self.fails_anew
            || self.delivered.iter().any(|d| d.delivery.is_some() && !matches!(d.state, Delivery::AlreadyIn | Delivery::RefusedBefore))
    }
}

/// How a command ends with these; 0 where there are none.
fn exit_code_of<'d>(reports: impl Iterator<Item = &'d Diagnostic>) -> u8 {
    let all: Vec<Diagnostic> = reports.cloned().collect();
    if all.is_empty() { 0 } else { Refusal(all).exit_code() }
}

/// Takes what is new of every selected feed, then classifies, separates, proves and publishes.
///
/// # Errors
/// What stops the whole run: another run holds the lake (TC1004), the lake cannot be read or written, a query fails.
pub fn run(partnership: &Partnership, options: &Options, clock: &dyn Clock, observer: &dyn Observer) -> Answer<Outcome> {
    deeply(|| run_all(partnership, options, clock, observer))
}

fn run_all(partnership: &Partnership, options: &Options, clock: &dyn Clock, observer: &dyn Observer) -> Answer<Outcome> {
    let started = clock.now();
    let observer = &noting::Noting::new(observer, &partnership.notes);
    let mut conductor = Conductor::new(partnership, options, clock, observer)?;
    conductor.check_selection()?;
    slots::check(partnership, &options.slots, started.seconds())?;
    let held = conductor.lake.lock(&conductor.run_id, &started.iso())?;
    let claimed = conductor.claim(&held, options)?;
    if claimed.is_nothing() {
        return Ok(Outcome::already(&conductor.run_id, claimed.already));
    }
    let done = conductor.take_number(&held, started).and_then(|known| {
        crash::point("run.claimed")?;
        notices::tell_died(&conductor)?;
        conduct(&mut conductor, &held, known, options.wish, started, observer)
    });
    let done = done.map_err(|refusal| conductor.or_gone(refusal));
    let done = notices::or_told(&conductor, done);
    // A lake that is older than what is published takes no number: by that alone it would be as late.
    let is_behind = |refusal: &Refusal| refusal.0.iter().any(|report| report.code == codes::lake::LAKE_IS_OLDER);
    if let Err(refusal) = &done
        && !is_behind(refusal)
    {
        conductor.record_failed(started, refusal);
    }
    let done = done.map(|outcome| Outcome { slots: claimed.slots.clone(), already: claimed.already.clone(), ..outcome });
    let done = conductor.close_claimed(&held, &claimed, done);
    held.done();
    crash::point("run.closed")?;
    done
}

/// The run itself, while the lake is held.
fn conduct(
    conductor: &mut Conductor<'_>,
    held: &Lock,
    known: Option<Vec<DeliveryRecord>>,
    wish: Wish,
    started: Now,
    observer: &noting::Noting<'_>,
) -> Answer<Outcome> {
    let step = conductor.begin("recover", "");
    conductor.lake.recover(held)?.iter().for_each(|made| conductor.step(made));
    conductor.mend_entries(wish.rehash)?.iter().for_each(|made| conductor.step(made));
    let register = conductor.lake.register();
    let stands = register.recover(&conductor.tables)?.is_empty() && conductor.finish_pending()?.is_none();
    crash::point("run.recovered")?;
    let mut known = match known {
        _ if wish.rehash => register.all_entries()?,
        Some(known) if stands => known,
        _ => register.all()?,
    };
    conductor.number_after(&known, held, started)?;
    let conductor = &*conductor;
    let feeds = FeedRun::new(conductor);
    let partnership = conductor.partnership;
    feeds.note_lost_tables(&mut known, true)?;
    conductor.must_agree(&mut known, true)?;
    feeds.mend_files(&mut known)?;
    conductor.take_out_withdrawn(&known)?;
    conductor.check_let_go(&known)?;
    conductor.end(step, Moved::default());
    let delivered = if conductor.halves == Halves::Cost { Vec::new() } else { feeds.take_new(&mut known, wish)? };
    crash::point("run.delivered")?;
    let costed = if conductor.halves == Halves::Deliver { Costed::default() } else { CostRun(conductor).run(&known)? };
    crash::point("run.costed")?;
    conductor.lake.stand_beside(held)?;
    let of = |d: &Delivered, id: &String| d.delivery.as_ref() == Some(id) && d.state != Delivery::RefusedBefore;
    let refused_now = |id: &String| delivered.iter().any(|d: &Delivered| of(d, id));
    let standing_refused = costed.unmended.iter().filter(|id| !refused_now(id)).count();
    let told = |r: &DeliveryRecord| delivered.iter().any(|d| d.state == Delivery::Waiting && d.delivery.as_deref() == Some(&r.delivery_id));
    let untold = waiting(partnership, &known, &told);
    if !untold.is_empty() {
        observer.event(Event::Report { diagnostics: &untold });
    }
    let waiting = waiting(partnership, &known, &|_| false);
    let supply = supply_of(partnership, &conductor.lake, &known, conductor.clock.now().civil_day())?;
    let late = overdue(partnership, &supply.states);
    for reports in [&supply.warnings, &late] {
        observer.event(Event::Report { diagnostics: reports });
    }
    let (run, number, notes, halves) = (conductor.run_id.clone(), conductor.number, observer.notes(), conductor.halves);
    let mut outcome = Outcome { run, number, delivered, costed, standing_refused, waiting, late, notes, halves, ..Outcome::default() };
    outcome.overdue = supply::files_overdue(partnership, &supply.states);
    (outcome.ends_otherwise, outcome.fails_anew) = conductor.ends_otherwise(&outcome)?;
    outcome.record = conductor.record_of(started, &outcome, &known);
    conductor.keep_record(&outcome)?;
    notices::tell(conductor, &outcome, &known, &supply.states)?;
    conductor.lake.register().keep_index(held)?;
    Ok(outcome)
}

/// What a run would do, without doing it: lists sources, reads no file, takes no lock.
///
/// # Errors
/// As [`run`], but for what only running finds.
pub fn plan<'p>(partnership: &'p Partnership, options: &Options, now: Now) -> Answer<Planned<'p>> {
    let clock = Standing(now);
    let conductor = Conductor::new(partnership, options, &clock, &Silent)?;
    conductor.check_selection()?;
    conductor.lake.must_lead()?;
    let mut known = conductor.lake.register().all()?;
    let as_entered = known.clone();
    let feeds = FeedRun::new(&conductor);
    feeds.note_lost_tables(&mut known, false)?;
    conductor.must_agree(&mut known, false)?;
    let listed = feeds.list(&known, options.wish, false);
    let taken =
        |r: &DeliveryRecord| listed.iter().flat_map(|l| &l.plan.take).filter_map(|take| take.landed.as_ref()).any(|l| l.is(&r.delivery_id));
    let still_wait = known.iter().any(|r| r.waits(&known) && !taken(r));
    let names: Vec<(String, crate::plan::FeedPlan)> = listed.into_iter().map(|l| (l.feed.name(), l.plan)).collect();
    let feed = |name: &str| partnership.feed_named(name);
    let feeds = names.into_iter().filter_map(|(name, plan)| Some((feed(&name)?, plan))).collect();
    let cost = CostRun(&conductor).why_cost(&as_entered)?;
    let late = overdue(partnership, &supply_of(partnership, &conductor.lake, &as_entered, now.civil_day())?.states);
    Ok(Planned { feeds, waiting: waiting(partnership, &known, &|_| false), still_wait, late, cost })
}

/// What a run would do with each feed, and what waits for a person.
#[derive(Debug)]
pub struct Planned<'p> {
    pub feeds: Vec<(&'p Feed, crate::plan::FeedPlan)>,
    pub waiting: Vec<Diagnostic>,
    /// Whether some of it would still wait after a run.
    pub still_wait: bool,
    /// What is late or missing now.
    pub late: Vec<Diagnostic>,
    /// What the cost run would do with what is in the register now.
    pub cost: CostPlanned,
}

impl Planned<'_> {
    /// Whether a run would look at some delivery: what comes of it nobody knows yet.
    #[must_use]
    pub fn takes(&self) -> bool {
        self.feeds.iter().any(|(_, plan)| !plan.take.is_empty())
    }

    /// How a run would end, as far as that is known: as [`Outcome::exit_code`] says it.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        let known_already = |d: &&Diagnostic| !self.takes() || d.code == codes::control::NOT_DECLARED;
        let of_files = self.feeds.iter().flat_map(|(_, plan)| &plan.reports).filter(|d| feeds::is_in_the_way(d));
        let blocked = self.cost.blocked.iter().filter(|d| !stands_for_good(d));
        let of_costs = self.cost.stops.iter().chain(blocked).filter(known_already);
        let waiting = self.waiting.iter().filter(|_| self.still_wait);
        // What is taken may be what is late.
        let late = self.late.iter().filter(|_| !self.takes());
        exit_code_of(of_files.chain(of_costs).chain(waiting).chain(late))
    }
}

/// Whether the cost run has something to do, and why.
#[derive(Clone, Debug)]
pub struct CostPlanned {
    pub would_run: bool,
    pub sentence: String,
    /// What would stop publication.
    pub stops: Vec<Diagnostic>,
    /// Periods that would be left out, and why.
    pub blocked: Vec<Diagnostic>,
    /// What was accepted and is in no figure.
    pub uncounted: Vec<Uncounted>,
}
