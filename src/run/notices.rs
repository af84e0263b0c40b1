//! What of a run somebody may have to know, and the sending of it.

use std::collections::{BTreeMap, BTreeSet};

use super::{Conductor, Delivery, Event, Halves, Outcome, clock::Clock};
use crate::{
    diagnostic::{Answer, Diagnostic, Refusal, Severity, codes},
    domain::{COST, Period, grouped, instant_text},
    lake::{DeliveryRecord, HALVES, Lake, Notice, PublishedPart, RunRecord},
    notice::{self, Happened, Noted},
    pipeline::{Feed, NoticeKind, Partnership},
    plan::{AfterClose, Supply, SupplyState, came_after_close, spans},
    stages::restate::RestatedGroup,
};

/// Of these a run that came to its end knows all that holds.
const KNOWN_AT_THE_END: [NoticeKind; 8] = [
    NoticeKind::Refused,
    NoticeKind::Waiting,
    NoticeKind::Late,
    NoticeKind::Missing,
    NoticeKind::CheckFailed,
    NoticeKind::RunFailed,
    NoticeKind::AfterClose,
    NoticeKind::DiskLow,
];

/// A run that only delivers does not know what was mended, and makes no check.
fn known_kinds(outcome: &Outcome) -> Vec<NoticeKind> {
    let of_cost = [NoticeKind::Refused, NoticeKind::CheckFailed];
    let knows = |kind: &NoticeKind| outcome.halves != Halves::Deliver || !of_cost.contains(kind);
    // What stops publication, or leaves nothing to publish, keeps checks from being asked: none of them is over.
    let costed = &outcome.costed;
    let asks_none = costed.failed() || (!costed.published && !costed.blocked.is_empty());
    let knows = |kind: &NoticeKind| knows(kind) && !(*kind == NoticeKind::CheckFailed && asks_none);
    // What was read is valid, unless something of it was refused.
    let held = (outcome.exit_code() != 2).then_some(NoticeKind::Held);
    KNOWN_AT_THE_END.into_iter().filter(knows).chain(held).collect()
}

/// What is told of a run that did not come to its end.
const STANDS: &str = "what was accepted or published before stands: truecost status";

/// A disk with less is nearly full: bytes that are free, and the part of it in a hundred.
const FREE_BYTES: u64 = 1 << 30;
const FREE_PERCENT: u64 = 5;

/// Notes what a run ended with, and sends it. What a channel does not take is told, and ends no run.
pub(super) fn tell(conductor: &Conductor<'_>, outcome: &Outcome, known: &[DeliveryRecord], states: &[Supply]) -> Answer<()> {
    let notify = &conductor.partnership.notify;
    if notify.channels.is_empty() {
        return Ok(());
    }
    let mut happened = Vec::new();
    let now: BTreeSet<&String> =
        outcome.delivered.iter().filter(|d| d.state == Delivery::Refused).filter_map(|d| d.delivery.as_ref()).collect();
    let is_refused = |r: &&DeliveryRecord| outcome.costed.unmended.contains(&r.delivery_id) || now.contains(&r.delivery_id);
    happened.extend(known.iter().filter(is_refused).map(refused));
    happened.extend(known.iter().filter(|r| r.waits(known)).map(waiting));
    happened.extend(unread(outcome));
    happened.extend(not_looked_at(conductor)?);
    happened.extend(supplied(conductor.partnership, states));
    let late = came_after_close(known, &conductor.lake.periods().closings()?);
    happened.extend(late.iter().filter(|late| !states.iter().any(|supply| supply.slot == late.slot)).map(after_close));
    happened.extend(outcome.costed.stopped.iter().filter(|d| d.severity == Severity::Error).map(check_failed));
    happened.extend(released(outcome));
    happened.extend(restated(conductor, outcome)?);
    happened.extend(conductor.ahead.iter().map(|(name, until)| ahead(name, *until)));
    happened.extend(disk_low(&conductor.lake));
    happened.extend(still_failing(conductor)?);
    happened.push(lake_as_it_was());
    happened.dedup_by(|a, b| a.kind == b.kind && a.subject == b.subject);
    notice::note(&conductor.lake, notify, &happened, &known_kinds(outcome), &noted(conductor, outcome.number))?;
    send(conductor)
}

/// Notes of a run that ended before it was done that it did, and sends it.
pub(super) fn or_told(conductor: &Conductor<'_>, done: Answer<Outcome>) -> Answer<Outcome> {
    let Err(refusal) = &done else { return done };
    match tell_failed(conductor, refusal) {
        Ok(()) => done,
        Err(more) => Err(Refusal([refusal.0.as_slice(), more.0.as_slice()].concat())),
    }
}

fn tell_failed(conductor: &Conductor<'_>, refusal: &Refusal) -> Answer<()> {
    let Some(first) = refusal.0.first() else { return Ok(()) };
    let number = conductor.number;
    let run = if number > 0 { format!("run {number}") } else { "a run".to_owned() };
    let text = format!("{run} ended before it was done: {} {}; {STANDS}", first.code.id, first.code.title);
    let failed = happened(NoticeKind::RunFailed, "run", None, text);
    notice::note(&conductor.lake, &conductor.partnership.notify, &[failed], &[], &noted(conductor, number))?;
    send(conductor)
}

/// Says of a run before this one that it died: it could not. What a channel does not take is told, and ends no run.
pub(super) fn tell_died(conductor: &Conductor<'_>) -> Answer<()> {
    let Some(run) = conductor.lake.last_begun()?.filter(RunRecord::died) else { return Ok(()) };
    notice::note(&conductor.lake, &conductor.partnership.notify, &[died(&run)], &[], &noted(conductor, run.number))?;
    send(conductor)
}

fn died(run: &RunRecord) -> Happened {
    let (number, began) = (run.number, &run.started);
    let text = format!("run {number}, which began at {began}, died: it was killed, or the machine went down; {STANDS}");
    happened(NoticeKind::RunFailed, "run", None, text)
}

/// That a run did not come to its end is not over by one of the other half, which knows nothing of it.
fn still_failing(conductor: &Conductor<'_>) -> Answer<Vec<Happened>> {
    let own = conductor.halves.each();
    let others: Vec<&str> = HALVES.into_iter().filter(|half| !own.contains(half)).collect();
    let failed = conductor.lake.last_of(&others)?.into_iter().filter(RunRecord::ended_early);
    Ok(failed.map(|run| Happened { begins: false, ..died(&run) }).collect())
}

/// Says to the channels how a run ended that cannot say it. What a channel does not take is in the answer.
///
/// # Errors
/// TC1004 where a run holds the lake: then later; TC10….
pub fn tell_cut_short(partnership: &Partnership, how: &str, clock: &dyn Clock) -> Answer<Vec<Diagnostic>> {
    let failed = happened(NoticeKind::RunFailed, "run", None, format!("{how}; {STANDS}"));
    let number = |lake: &Lake| Ok(lake.last_begun()?.filter(|run| run.cut_short).map_or(0, |run| run.number));
    tell_between(partnership, &[failed], &[], number, clock)
}

/// Says to the channels that slots had been taken too far ahead of the clock to be believed: names, each with the last of them. What a
/// channel does not take is in the answer.
///
/// # Errors
/// TC1004 where a run holds the lake: then later; TC10….
pub fn tell_ahead(partnership: &Partnership, names: &[(String, i64)], clock: &dyn Clock) -> Answer<Vec<Diagnostic>> {
    let happened: Vec<Happened> = names.iter().map(|(name, until)| ahead(name, *until)).collect();
    tell_between(partnership, &happened, &[], |_| Ok(0), clock)
}

/// What keeps everything from being run, and the sentence about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Held {
    Configuration(String),
    /// The same of a run that somebody or cron typed.
    Typed(String),
    Lake(String),
}

impl Held {
    /// What somebody is told of it.
    #[must_use]
    pub fn happened(&self) -> Happened {
        let (subject, text) = match self {
            Self::Configuration(why) => {
                ("configuration", format!("{why}: nothing is run before the configuration is valid: truecost validate"))
            }
            Self::Typed(why) => (
                "configuration",
                format!("{why}: a run was refused, and did nothing, for the configuration is not valid: truecost validate"),
            ),
            Self::Lake(why) => ("lake", format!("{why}: nothing is run before the lake can be read: truecost doctor")),
        };
        happened(NoticeKind::Held, subject, None, text)
    }
}

/// Whether `serve` is held for want of its lake only `serve` knows.
fn lake_as_it_was() -> Happened {
    Happened { begins: false, ..Held::Lake(String::new()).happened() }
}

/// Says to the channels why slots are held, and once more when they are not. What a channel does not take is in the answer.
///
/// # Errors
/// TC1004 where a run holds the lake: then later; TC10….
pub fn tell_held(partnership: &Partnership, held: &[Held], clock: &dyn Clock) -> Answer<Vec<Diagnostic>> {
    let is_typed = held.iter().any(|held| matches!(held, Held::Typed(_)));
    let held: Vec<Happened> = held.iter().map(Held::happened).chain(is_typed.then(lake_as_it_was)).collect();
    tell_between(partnership, &held, &[NoticeKind::Held], |_| Ok(0), clock)
}

/// Notes between two runs what happened, under the number of the run that it is about, and sends it. Of the kinds in `known` what did not
/// happen is over.
fn tell_between(
    partnership: &Partnership,
    happened: &[Happened],
    known: &[NoticeKind],
    number: impl FnOnce(&Lake) -> Answer<u64>,
    clock: &dyn Clock,
) -> Answer<Vec<Diagnostic>> {
    if partnership.notify.channels.is_empty() {
        return Ok(Vec::new());
    }
    let lake = Lake::at(&partnership.landing, &partnership.lake, &partnership.published)?;
    let now = clock.now();
    let _held = lake.lock("the sending of a notice", &now.iso())?;
    let noted = Noted { run: number(&lake)?, at: now.iso(), at_us: now.micros };
    notice::note(&lake, &partnership.notify, happened, known, &noted)?;
    notice::send(&lake, partnership, now.micros, usize::MAX)
}

/// Whether a channel has still to be told something.
///
/// # Errors
/// TC10….
pub fn notices_wait(partnership: &Partnership) -> Answer<bool> {
    if partnership.notify.channels.is_empty() {
        return Ok(false);
    }
    let lake = Lake::at(&partnership.landing, &partnership.lake, &partnership.published)?;
    Ok(lake.notices()?.iter().any(Notice::waits))
}

/// Requests that are sent at once between two runs: whoever asks for them waits for the answers.
const AT_ONCE: usize = 2;

/// Sends something of what waits in the outbox, between two runs. What a channel does not take is in the answer.
///
/// # Errors
/// TC1004 where a run holds the lake: then later; TC10….
pub fn tell_again(partnership: &Partnership, clock: &dyn Clock) -> Answer<Vec<Diagnostic>> {
    let lake = Lake::at(&partnership.landing, &partnership.lake, &partnership.published)?;
    let now = clock.now();
    let _held = lake.lock("the sending of a notice", &now.iso())?;
    notice::send(&lake, partnership, now.micros, AT_ONCE)
}

fn send(conductor: &Conductor<'_>) -> Answer<()> {
    let warnings = notice::send(&conductor.lake, conductor.partnership, conductor.clock.now().micros, usize::MAX)?;
    if !warnings.is_empty() {
        conductor.observer.event(Event::Report { diagnostics: &warnings });
    }
    Ok(())
}

fn noted(conductor: &Conductor<'_>, run: u64) -> Noted {
    let now = conductor.clock.now();
    Noted { run, at: now.iso(), at_us: now.micros }
}

fn happened(kind: NoticeKind, subject: impl Into<String>, feed: Option<String>, text: String) -> Happened {
    Happened { kind, subject: subject.into(), feed, text, lasts: true, begins: true }
}

/// Codes and their titles: what a report says of a row stays where the rows are.
fn refused(record: &DeliveryRecord) -> Happened {
    let said = record.last_attempt.as_ref().map_or(&record.reports, |attempt| &attempt.reports);
    let code = said.iter().find_map(|report| codes::find(report.strip_prefix("error[")?.get(..6)?));
    let why = code.map(|code| format!(": {} {}", code.id, code.title)).unwrap_or_default();
    let text = format!("{}: {} was refused{why}; the last accepted delivery stays: truecost status", spoken(record), record.source.name);
    happened(NoticeKind::Refused, &record.delivery_id, Some(record.feed_name()), text)
}

/// Feeds of which something could not be read, or nothing: a source that is not there or does not answer, and what only a setting mends. No
/// delivery tells of that.
fn unread(outcome: &Outcome) -> Vec<Happened> {
    let mut of_feeds: BTreeMap<&str, &Diagnostic> = BTreeMap::new();
    for delivered in outcome.delivered.iter().filter(|d| d.state == Delivery::Refused && d.delivery.is_none()) {
        let fault = delivered.reports.iter().find(|report| report.severity == Severity::Error && [2, 3].contains(&report.code.exit));
        if let Some(fault) = fault {
            of_feeds.entry(&delivered.feed).or_insert(fault);
        }
    }
    let one = |(feed, fault): (&str, &Diagnostic)| {
        let text =
            format!("{feed} could not be read: {} {}; what it brought before stays: truecost status", fault.code.id, fault.code.title);
        happened(NoticeKind::RunFailed, feed, Some(feed.to_owned()), text)
    };
    of_feeds.into_iter().map(one).collect()
}

/// What was told of feeds at which this run has not looked is not over.
fn not_looked_at(conductor: &Conductor<'_>) -> Answer<Vec<Happened>> {
    let looked_at: BTreeSet<String> = match conductor.halves {
        Halves::Cost => BTreeSet::new(),
        Halves::Both | Halves::Deliver => conductor.selected().into_iter().map(Feed::name).collect(),
    };
    let is_left = |feed: &str| conductor.partnership.feed_named(feed).is_some() && !looked_at.contains(feed);
    let told = conductor.lake.notices()?.into_iter().filter(|n| n.open && n.kind == NoticeKind::RunFailed.as_str());
    let left = told.filter_map(|n| Some((n.feed.clone().filter(|feed| is_left(feed))?, n)));
    Ok(left.map(|(feed, n)| Happened { begins: false, ..happened(NoticeKind::RunFailed, n.subject, Some(feed), n.text) }).collect())
}

fn waiting(record: &DeliveryRecord) -> Happened {
    let text = format!(
        "{}: {} waits for a person's word ({} rows): truecost accept {} --by NAME --reason TEXT",
        spoken(record),
        record.source.name,
        grouped(record.proof.accepted.into()),
        record.delivery_id
    );
    happened(NoticeKind::Waiting, &record.delivery_id, Some(record.feed_name()), text)
}

fn spoken(record: &DeliveryRecord) -> String {
    let covers = record.covers().map(|covers| format!(" {covers}")).unwrap_or_default();
    format!("{}{covers}", record.feed_name())
}

/// One for each file that is late or missing, also where it brings several periods; and for each closed period for which something came.
fn supplied(partnership: &Partnership, states: &[Supply]) -> Vec<Happened> {
    let mut files: BTreeMap<(String, Period), Vec<&Supply>> = BTreeMap::new();
    for supply in states {
        let feed = partnership.feed(&supply.slot.council, &supply.slot.feed);
        let ends = feed.map_or(supply.slot.period, |feed| feed.covers.ends(supply.slot.period, partnership.calendar));
        files.entry((supply.slot.feed_name(), ends)).or_default().push(supply);
    }
    let mut all = Vec::new();
    for ((feed, _), of) in files {
        let periods: Vec<Period> = of.iter().map(|s| s.slot.period).collect();
        if let Some(late) = of.iter().find(|s| matches!(s.state, SupplyState::Late | SupplyState::Missing)) {
            let kind = if late.state == SupplyState::Late { NoticeKind::Late } else { NoticeKind::Missing };
            all.push(told_of(kind, &feed, &spans(&periods), late));
        } else if let Some(overdue) = of.iter().find(|s| s.overdue) {
            // It was refused, or waits: whoever was told that it is late is not told that it came.
            let still = [NoticeKind::Late, NoticeKind::Missing].map(|kind| told_of(kind, &feed, &spans(&periods), overdue));
            all.extend(still.map(|still| Happened { begins: false, ..still }));
        }
        let after = of.iter().filter(|s| s.state == SupplyState::AfterClose);
        all.extend(after.map(|s| told_of(NoticeKind::AfterClose, &feed, &s.slot.period.to_string(), s)));
    }
    all
}

fn told_of(kind: NoticeKind, feed: &str, periods: &str, supply: &Supply) -> Happened {
    let slot = format!("{feed} {periods}");
    let text = format!("{slot} was due by the end of {} and is {}: truecost supply", supply.due.spoken(), supply.state.as_str());
    happened(kind, slot, Some(feed.to_owned()), text)
}

/// The same of a feed that says no day by which it is due.
fn after_close(late: &AfterClose) -> Happened {
    let (feed, period) = (late.slot.feed_name(), late.slot.period);
    let text =
        format!("{feed} {period}: something came after the period was closed, and its figures stay: truecost period preview {period}");
    happened(NoticeKind::AfterClose, format!("{feed} {period}"), Some(feed), text)
}

fn check_failed(report: &Diagnostic) -> Happened {
    let text = format!("{} {}; nothing was published, the last release is unchanged: truecost checks", report.code.id, report.code.title);
    happened(NoticeKind::CheckFailed, report.code.id, None, text)
}

/// The release that readers see: told once, by whichever run sees it first.
fn released(outcome: &Outcome) -> Option<Happened> {
    let release = outcome.costed.release.as_ref()?;
    let text = format!("release {release} is published");
    Some(Happened { lasts: false, ..happened(NoticeKind::Released, release, None, text) })
}

/// The statements in the release that readers see, each told once as it says now: by the run that made it, with its amounts, or by the next.
fn restated(conductor: &Conductor<'_>, outcome: &Outcome) -> Answer<Vec<Happened>> {
    let Some(latest) = conductor.lake.releases().latest()? else { return Ok(Vec::new()) };
    let parts = |table: &str| latest.content.tables.get(table).map_or(&[][..], Vec::as_slice);
    let says_something = |key: &str| {
        ["restatement", "restatement_settlement", "restatement_line"].iter().any(|t| parts(t).iter().any(|p| p.key == key && p.rows > 0))
    };
    let one = |part: &PublishedPart| {
        let (period, number) = part.key.rsplit_once('/')?;
        let made = outcome.costed.restated.iter().find(|made| made.period.to_string() == period && made.number.to_string() == number);
        let amounts = made.filter(|made| !made.groups.is_empty()).map(|made| {
            let groups: Vec<String> = made.groups.iter().map(RestatedGroup::sentence).collect();
            format!(": {}: {}", groups.join("; "), made.cause)
        });
        let amounts = amounts.unwrap_or_default();
        let text = format!("{period} is restated in release {} (statement {number}){amounts}: truecost period list", latest.release);
        // The same statement with other amounts is another event.
        let subject = format!("{period} statement {number}, {}", part.sha256.get(..8).unwrap_or_default());
        says_something(&part.key).then(|| Happened { lasts: false, ..happened(NoticeKind::Restated, subject, None, text) })
    };
    Ok(parts("restatement").iter().filter_map(one).collect())
}

/// Slots that a clock had taken which was wrong.
fn ahead(name: &str, until: i64) -> Happened {
    let at = instant_text(until);
    let text = format!(
        "slots of {name} had been taken up to {at}, more than 25 hours ahead of the clock; they are taken from now on: truecost schedule list"
    );
    let feed = (name != COST).then(|| name.to_owned());
    Happened { lasts: false, ..happened(NoticeKind::Clock, format!("{name} {at}"), feed, text) }
}

/// Where nobody can say how much is free, nothing is told.
fn disk_low(lake: &Lake) -> Option<Happened> {
    let disk = rustix::fs::statvfs(lake.folder()).ok()?;
    let (free, all) = (disk.f_bavail.saturating_mul(disk.f_frsize), disk.f_blocks.saturating_mul(disk.f_frsize));
    let is_low = free < FREE_BYTES && free.saturating_mul(100) < all.saturating_mul(FREE_PERCENT);
    let text = format!("the disk of the lake has {} MiB left", grouped((free >> 20).into()));
    is_low.then(|| happened(NoticeKind::DiskLow, "disk of the lake", None, text))
}
