//! The conductor. Reads like the flow: take what is new of every feed, then the cost run, then the release.
//!
//! It alone knows the order of the stages, holds the lake's lock, reads the clock, and decides what stops what:
//! a refused delivery stops its own feed and nothing else; an unexplained difference stops publication.

pub mod clock;
mod cost;
mod doctor;
mod feeds;
mod parallel;

use crate::{
    diagnostic::{Answer, Diagnostic, Severity, codes},
    lake::{CommonTables, DeliveryRecord, DeliveryState, Lake},
    pipeline::{Feed, Partnership},
    plan::Wish,
    stages::prove::InSuspense,
};

pub use cost::Costed;
pub use doctor::doctor;
pub use feeds::{Delivered, Delivery, Listed};

/// What a run tells while it works.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// Something of so many bytes starts.
    Start { what: &'a str, bytes: u64 },
    /// So many bytes of it are done.
    Advance { bytes: u64 },
    /// All of it is done.
    End,
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

/// What is asked of a run.
#[derive(Clone, Debug)]
pub struct Options {
    /// Councils or `council/feed`; empty = all.
    pub select: Vec<String>,
    pub wish: Wish,
    pub threads: usize,
}

/// What a run did.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub run: String,
    pub delivered: Vec<Delivered>,
    pub costed: Costed,
    /// Deliveries that were refused before and have not been mended.
    pub standing_refused: usize,
}

impl Outcome {
    /// 0 done · 1 a delivery or a check failed · 3 a source could not be reached.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        let refused = self.delivered.iter().filter(|d| d.state == Delivery::Refused).flat_map(|d| &d.reports);
        let errors = refused.chain(&self.costed.stopped).filter(|d| d.severity == Severity::Error);
        let all: Vec<Diagnostic> = errors.cloned().collect();
        if all.is_empty() { 0 } else { crate::diagnostic::Refusal(all).exit_code() }
    }
}

/// Everything that the parts of a run share.
pub(crate) struct Conductor<'a> {
    partnership: &'a Partnership,
    lake: Lake,
    tables: CommonTables,
    select: Vec<String>,
    wish: Wish,
    threads: usize,
    run_id: String,
    observer: &'a dyn Observer,
}

impl<'a> Conductor<'a> {
    fn new(partnership: &'a Partnership, options: &Options, run_id: String, observer: &'a dyn Observer) -> Answer<Self> {
        let lake = Lake::at(&partnership.landing, &partnership.lake, &partnership.published)?;
        Ok(Self {
            partnership,
            tables: lake.tables()?,
            lake,
            select: options.select.clone(),
            wish: options.wish,
            threads: options.threads,
            run_id,
            observer,
        })
    }

    fn step(&self, text: &str) {
        self.observer.event(Event::Step { text });
    }

    fn selected(&self) -> Vec<&'a Feed> {
        let wanted = |feed: &Feed| self.select.is_empty() || self.select.iter().any(|s| *s == *feed.council || *s == feed.name());
        self.partnership.feeds.iter().filter(|feed| wanted(feed)).collect()
    }

    /// Every selection names something.
    fn check_selection(&self) -> Answer<()> {
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

/// Takes what is new of every selected feed, then classifies, separates, proves and publishes.
///
/// # Errors
/// What stops the whole run: another run holds the lake (TC1004), the lake cannot be read or written, a query fails.
pub fn run(partnership: &Partnership, options: &Options, observer: &dyn Observer) -> Answer<Outcome> {
    let started = clock::now();
    let conductor = Conductor::new(partnership, options, started.run_id(), observer)?;
    conductor.check_selection()?;
    let held = conductor.lake.lock(&conductor.run_id, &started.iso())?;
    conductor.lake.recover(&held)?.iter().for_each(|made| conductor.step(made));
    conductor.lake.register().recover(&conductor.tables)?;
    let mut known = conductor.lake.register().all()?;
    conductor.note_lost_tables(&mut known, true)?;
    let listed = conductor.list(&known, options.wish, true);
    let delivered = conductor.deliver(&mut known, listed)?;
    let costed = conductor.cost(&known)?;
    let refused_now = |r: &DeliveryRecord| delivered.iter().any(|d: &Delivered| d.delivery.as_deref() == Some(r.delivery_id.as_str()));
    let standing = |r: &&DeliveryRecord| {
        let mended = known.iter().any(|o| o.is_of(&r.council, &r.feed) && o.coverage == r.coverage && o.run > r.run);
        let refused = r.state == DeliveryState::Refused || (r.state == DeliveryState::Accepted && r.last_attempt.is_some());
        refused && !mended && !refused_now(r)
    };
    let standing_refused = known.iter().filter(standing).count();
    let outcome = Outcome { run: conductor.run_id.clone(), delivered, costed, standing_refused };
    record_run(&conductor, started, &outcome)?;
    Ok(outcome)
}

/// A run that did nothing leaves no trace: a second run changes no byte. One that a check stopped tried, and is written down.
fn record_run(conductor: &Conductor<'_>, started: clock::Now, outcome: &Outcome) -> Answer<()> {
    let costed = &outcome.costed;
    let stopped = costed.stopped.iter().any(|d| d.severity == Severity::Error);
    let idle = outcome.delivered.iter().all(|d| d.state == Delivery::AlreadyIn) && !costed.published && !stopped;
    if idle {
        return Ok(());
    }
    let delivered: Vec<_> = outcome
        .delivered
        .iter()
        .map(|d| serde_json::json!({"feed": d.feed, "file": d.file, "delivery_id": d.delivery, "covers": d.coverage,
            "state": match d.state { Delivery::Accepted => "accepted", Delivery::Refused => "refused", Delivery::AlreadyIn => "already_in" },
            "rows": d.rows, "amount": crate::domain::decimal(d.pence)}))
        .collect();
    let record = serde_json::json!({
        "run": outcome.run, "started": started.iso(), "ended": clock::now().iso(), "exit": outcome.exit_code(),
        "release": costed.release, "published": costed.published, "delivered": delivered,
        "suspense": costed.suspense.iter().map(InSuspense::to_json).collect::<Vec<_>>(),
    });
    conductor.lake.record_run(&outcome.run, &record)
}

/// What a run would do, without doing it: lists sources, reads no file, takes no lock.
///
/// # Errors
/// As [`run`], but for what only running finds.
pub fn plan<'p>(partnership: &'p Partnership, options: &Options) -> Answer<Vec<(&'p Feed, crate::plan::FeedPlan)>> {
    let conductor = Conductor::new(partnership, options, String::new(), &Silent)?;
    conductor.check_selection()?;
    let mut known = conductor.lake.register().all()?;
    conductor.note_lost_tables(&mut known, false)?;
    let listed = conductor.list(&known, options.wish, false);
    let names: Vec<(String, crate::plan::FeedPlan)> = listed.into_iter().map(|l| (l.feed.name(), l.plan)).collect();
    let feed = |name: &str| partnership.feeds.iter().find(|f| f.name() == name);
    Ok(names.into_iter().filter_map(|(name, plan)| Some((feed(&name)?, plan))).collect())
}

/// Whether the cost run has something to do, and why.
#[derive(Clone, Debug)]
pub struct CostPlanned {
    pub would_run: bool,
    pub sentence: String,
}

/// What the cost run would do with the common tables as they are now.
///
/// # Errors
/// TC10…
pub fn plan_cost_run(partnership: &Partnership) -> Answer<CostPlanned> {
    let options = Options { select: Vec::new(), wish: Wish::default(), threads: 1 };
    let conductor = Conductor::new(partnership, &options, String::new(), &Silent)?;
    let known = conductor.lake.register().all()?;
    conductor.why_cost(&known)
}
