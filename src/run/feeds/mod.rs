//! The first half of a run: what is new of every feed, from the source to the common tables.
//!
//! Feeds are independent: a refused delivery leaves its feed at its last accepted state and stops no other.

mod correct;
mod coverage;
mod enter;
mod facts;
mod landing;
mod listing;
mod many;
mod mend;
mod messages;
mod outside;
mod pass;
mod read;
mod reenter;
mod replay;
mod sender;
mod taken;
mod withdrawal;

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Deref,
    panic::resume_unwind,
    sync::Arc,
    thread::{self, ScopedJoinHandle},
};

use super::{
    Conductor, Event, Observer,
    record::{Begun, Moved},
};
use crate::{
    crash,
    decode::{FileFacts, MadePseudonyms},
    diagnostic::{Answer, Diagnostic, Severity, codes},
    domain::{Coverage, Pence, counted, grouped},
    lake::{DeliveryRecord, Landed},
    pipeline::Feed,
    plan::{self, FeedPlan, Idle, Take, Wish, contract_for, plan_feed},
    source::{Entry, Listing, Source},
};
pub use correct::{CorrectAsked, Correction, RowAsked, correct};
use facts::{delivery_id, file_facts, sidecar_facts, source_facts, text_inside};
pub use listing::Listed;
use read::{Known, Read};
pub use reenter::Repaired;

/// What became of one file.
#[derive(Clone, Debug)]
pub struct Delivered {
    pub feed: String,
    pub file: String,
    pub delivery: Option<String>,
    pub coverage: String,
    pub state: Delivery,
    pub rows: u64,
    pub quarantined: u64,
    /// Debit positive; `None` where its rows have no pounds.
    pub pence: Option<Pence>,
    pub reports: Vec<Diagnostic>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    Accepted,
    Refused,
    /// Judged, and kept until a person accepts it.
    Waiting,
    /// The same delivery was in already.
    AlreadyIn,
    /// The same delivery was refused before, and is as it was.
    RefusedBefore,
}

impl Delivery {
    /// As `--json` and run records say it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::Waiting => "waiting",
            Self::AlreadyIn => "already_in",
            Self::RefusedBefore => "refused_before",
        }
    }
}

/// One file in hand.
struct InHand<'a> {
    pub feed: &'a Feed,
    pub take: Take,
    pub location: String,
    pub landed: Answer<(Landed, FileFacts)>,
    pub sidecar: Option<Answer<Vec<u8>>>,
    /// An instant as text.
    pub landed_at: String,
    /// Names of all files in the feed's folder; `None` where it is read from landing.
    pub present: Option<Arc<BTreeSet<String>>>,
    /// Whether the run takes so many of its feed that they are told together.
    pub many: bool,
}

impl InHand<'_> {
    /// Whether the file is the one that brought `record`, under another name: size, time and identity are as they were, and no old name
    /// is left.
    fn has_moved(&self, record: &DeliveryRecord) -> bool {
        let entry = &self.take.entry;
        let gone = |present: &BTreeSet<String>| record.files().all(|file| !present.contains(&file.name));
        self.present.as_ref().is_some_and(|present| gone(present)) && record.files().any(|file| file.is_moved_to(entry))
    }
}

/// A feed's source while a run takes from it.
struct Folder<'a> {
    feed: &'a Feed,
    source: Box<dyn Source>,
    listing: Listing,
    present: Arc<BTreeSet<String>>,
}

/// The first half of a run: every feed, from what lies in its source to what stands in the common tables.
pub(super) struct FeedRun<'a> {
    run: &'a Conductor<'a>,
    /// Who listens; of what is done for one of several deliveries, through its step.
    observer: &'a dyn Observer,
    /// Of the people in the files that were read so far.
    pseudonyms: MadePseudonyms,
}

impl<'a> Deref for FeedRun<'a> {
    type Target = Conductor<'a>;

    fn deref(&self) -> &Self::Target {
        self.run
    }
}

impl<'a> FeedRun<'a> {
    pub fn new(run: &'a Conductor<'a>) -> Self {
        Self { run, observer: run.observer, pseudonyms: MadePseudonyms::default() }
    }

    /// The same, told through `observer`.
    fn told_to<'b>(&'b self, observer: &'b dyn Observer) -> FeedRun<'b> {
        FeedRun { run: self.run, observer, pseudonyms: self.pseudonyms.clone() }
    }

    fn step(&self, text: &str) {
        self.observer.event(Event::Step { text });
    }
}

impl FeedRun<'_> {
    /// Lists every selected feed, and takes what is new of it.
    ///
    /// # Errors
    /// As [`Self::deliver`].
    pub fn take_new(&self, known: &mut Vec<DeliveryRecord>, wish: Wish) -> Answer<Vec<Delivered>> {
        let listed = self.list(known, wish, true);
        self.note_again(known, &listed)?;
        self.deliver(known, listed)
    }

    /// Takes everything that is planned: lands it all, then judges and normalises delivery by delivery. Where the newest file of a
    /// coverage is refused, or turns out to be what was refused or replaced before, the next newest that was never judged has its turn.
    ///
    /// # Errors
    /// Only what stops the whole run (the lake itself). What a source or a file refuses is in the result.
    pub fn deliver(&self, known: &mut Vec<DeliveryRecord>, listed: Vec<Listed<'_>>) -> Answer<Vec<Delivered>> {
        let mut done = Vec::new();
        let mut sources = Vec::new();
        let mut plans = Vec::new();
        for Listed { feed, source, plan, listing } in listed {
            self.say_planned(feed, &plan, &mut done);
            self.leave_idle(feed, &plan);
            if let (Ok(source), Some(listing)) = (source, listing) {
                self.remove_left(feed, &plan, &listing, known);
                let present = Arc::new(listing.entries.iter().map(|entry| entry.name.clone()).collect());
                plans.push((sources.len(), feed, plan));
                sources.push(Folder { feed, source, listing, present });
            }
        }
        let mut taken: BTreeSet<(usize, String)> = BTreeSet::new();
        loop {
            let judged = done.len();
            // What is read from landing says nothing of the file that has its name now.
            let offered =
                |plan: &FeedPlan| plan.take.iter().filter(|take| take.landed.is_none()).map(|t| t.entry.name.clone()).collect::<Vec<_>>();
            taken.extend(plans.iter().flat_map(|(at, _, plan)| offered(plan).into_iter().map(|name| (*at, name))));
            self.take_all(known, &sources, plans, &mut done)?;
            // One that was only looked at may have been refused or replaced before, as its bytes say.
            let passed = |d: &&Delivered| {
                matches!(d.state, Delivery::Refused | Delivery::AlreadyIn | Delivery::RefusedBefore) && d.delivery.is_some()
            };
            let passed_over = |feed: &Feed| done.iter().skip(judged).filter(passed).any(|d| d.feed == feed.name());
            plans = self.next_newest(known, &sources, &taken, &passed_over);
            if plans.is_empty() {
                return Ok(done);
            }
            plans.iter().for_each(|(_, feed, plan)| self.say_planned(feed, plan, &mut done));
        }
    }

    /// Enters what was read; the step that it is has ended then.
    fn enter_timed(&self, known: &Known<'_>, item: &InHand<'_>, read: Read, step: Begun) -> Answer<Delivered> {
        let delivered = self.told_to(&step.within(self.observer)).enter(known, item, read)?;
        self.end(step, Moved::of(&delivered, item.take.entry.size));
        Ok(delivered)
    }

    /// What a plan says of the files that it leaves; its faults are among what was done.
    fn say_planned(&self, feed: &Feed, plan: &FeedPlan, done: &mut Vec<Delivered>) {
        if plan.reports.is_empty() {
            return;
        }
        self.observer.event(Event::Report { diagnostics: &plan.reports });
        let faults: Vec<_> = plan.reports.iter().filter(|d| is_in_the_way(d)).cloned().collect();
        if !faults.is_empty() {
            done.push(not_taken(feed, String::new(), faults));
        }
    }

    /// Notes the files that lie there and are not taken: how many for each reason.
    fn leave_idle(&self, feed: &Feed, plan: &FeedPlan) {
        let mut why: BTreeMap<&'static str, u64> = BTreeMap::new();
        plan.idle.iter().for_each(|(_, idle)| *why.entry(idle.as_str()).or_default() += 1);
        why.into_iter().for_each(|(why, number)| self.leave(format!("{}: {}", feed.name(), counted(number, "file")), why));
        let lacking = |(entry, _, lacks): &(Entry, Option<Coverage>, String)| (format!("{}: {}", feed.name(), entry.name), lacks.clone());
        plan.lacking.iter().map(lacking).for_each(|(what, lacks)| self.leave(what, format!("waits for {lacks}")));
    }

    /// What is to be taken of feeds of which something was `passed_over` just now, and was not in its turn before.
    fn next_newest<'a>(
        &self,
        known: &[DeliveryRecord],
        sources: &[Folder<'a>],
        taken: &BTreeSet<(usize, String)>,
        passed_over: &dyn Fn(&Feed) -> bool,
    ) -> Vec<(usize, &'a Feed, FeedPlan)> {
        let next = |(at, folder): (usize, &Folder<'a>)| {
            let feed = folder.feed;
            let of_feed: Vec<&DeliveryRecord> = known.iter().filter(|r| r.is_of(&feed.council, &feed.id)).collect();
            let mut plan = plan_feed(feed, self.partnership.calendar, &folder.listing, &of_feed, self.wish);
            plan.take.retain(|take| take.landed.is_none() && !taken.contains(&(at, take.entry.name.clone())));
            plan.reports.retain(|d| d.code == codes::control::NEXT_NEWEST);
            (!plan.take.is_empty()).then_some((at, feed, plan))
        };
        sources.iter().enumerate().filter(|(_, folder)| passed_over(folder.feed)).filter_map(next).collect()
    }

    /// One round: everything is landed, then judged feed by feed in the order in which deliveries go over each other.
    fn take_all<'a>(
        &self,
        known: &mut Vec<DeliveryRecord>,
        sources: &[Folder<'a>],
        plans: Vec<(usize, &'a Feed, FeedPlan)>,
        done: &mut Vec<Delivered>,
    ) -> Answer<()> {
        let mut queue: Vec<(usize, &Feed, Take)> = Vec::new();
        let mut left = Vec::new();
        for (at, feed, plan) in plans {
            let competes = |idle: Idle| !matches!(idle, Idle::RefusedBefore | Idle::Replaced | Idle::Withdrawn);
            // Only where files say themselves what they cover is it not known yet which of them is the newest.
            let inside = feed.covers.from.is_some();
            left.extend(plan.idle.into_iter().filter(|(_, idle)| inside && competes(*idle)).filter_map(|(entry, _)| {
                let covers = known.iter().rev().find(|r| plan::is_file_of(r, &entry) && r.is_of(&feed.council, &feed.id))?.covers()?;
                Some((feed, entry, covers))
            }));
            queue.extend(plan.take.into_iter().map(|take| (at, feed, take)));
        }
        if queue.is_empty() {
            return Ok(());
        }
        let in_hand = self.land_all(sources, queue)?;
        self.lake.landing().sync()?;
        crash::point("run.landed")?;
        let lost = known.iter().filter(|r| r.lost).map(|r| r.delivery_id.clone()).collect();
        let mut items = self.covered(in_hand, &left, done);
        many::mark(&mut items);
        let items = in_order(items);
        let before = done.len();
        self.deliver_all(known, &items, done)?;
        many::told(&items, done.get(before..).unwrap_or_default()).iter().for_each(|text| self.step(text));
        let back = self.bring_back(known, &lost, done)?;
        done.extend(back);
        Ok(())
    }

    /// One delivery after the other; while one is entered, the next is read.
    fn deliver_all(&self, known: &mut Vec<DeliveryRecord>, items: &[InHand<'_>], done: &mut Vec<Delivered>) -> Answer<()> {
        let known = &Known::new(known);
        let ended = |entering: ScopedJoinHandle<'_, Answer<Delivered>>| entering.join().unwrap_or_else(|panic| resume_unwind(panic));
        thread::scope(|scope| {
            let mut entering: Option<(&Feed, ScopedJoinHandle<'_, Answer<Delivered>>)> = None;
            for item in items {
                // What the register says of a feed must be complete before its next delivery is judged.
                if let Some((_, before)) = entering.take_if(|(feed, _)| feed.name() == item.feed.name()) {
                    done.push(ended(before)?);
                }
                let step = self.begin("deliver", format!("{} {}", item.feed.name(), item.take.entry.name));
                let read = self.told_to(&step.within(self.observer)).read(known, item);
                if let Some((_, before)) = entering.take() {
                    done.push(ended(before)?);
                }
                entering = Some((item.feed, scope.spawn(move || self.enter_timed(known, item, read, step))));
            }
            if let Some((_, last)) = entering {
                done.push(ended(last)?);
            }
            Ok(())
        })
    }
}

/// Feeds keep their places; within each, deliveries go in their order: what they cover is known now. Feeds that bring many take turns, for
/// one delivery is read while that of another feed is entered.
fn in_order(items: Vec<InHand<'_>>) -> Vec<InHand<'_>> {
    let mut of_feeds: Vec<(String, Vec<InHand<'_>>)> = Vec::new();
    for item in items {
        let name = item.feed.name();
        match of_feeds.iter_mut().find(|(feed, _)| *feed == name) {
            Some((_, items)) => items.push(item),
            None => of_feeds.push((name, vec![item])),
        }
    }
    let mut turns = Vec::new();
    for (_, mut items) in of_feeds {
        items.sort_by_cached_key(|item| plan::order(item.feed, &item.take));
        turns.extend(items.into_iter().enumerate().map(|(at, item)| (if item.many { at } else { 0 }, item)));
    }
    turns.sort_by_key(|(turn, _)| *turn);
    turns.into_iter().map(|(_, item)| item).collect()
}

/// `, 3 quarantined`; empty where none are.
fn and_quarantined(rows: u64) -> String {
    if rows == 0 { String::new() } else { format!(", {} quarantined", grouped(rows.into())) }
}

/// A report after which a run does not end with 0: a fault, or a file that is still arriving.
pub(super) fn is_in_the_way(report: &Diagnostic) -> bool {
    report.severity == Severity::Error || report.code == codes::source::NOT_SETTLED
}

fn not_taken(feed: &Feed, file: String, reports: Vec<Diagnostic>) -> Delivered {
    Delivered {
        feed: feed.name(),
        file,
        delivery: None,
        coverage: String::new(),
        state: Delivery::Refused,
        rows: 0,
        quarantined: 0,
        pence: Some(0),
        reports,
    }
}
