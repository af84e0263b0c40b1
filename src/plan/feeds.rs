//! Which deliveries of a feed are to be taken, and why.

mod wanted;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use super::{
    again::{came_again, gone_over},
    known::Known,
    replay::replays_of,
};
use crate::{
    domain::{Calendar, Coverage, Period},
    lake::{DeliveryRecord, DeliveryState, Turn},
    pipeline::{Extent, Feed, NewestBy, Ready},
    source::{Entry, Listing, companion_name},
};

pub use wanted::{FeedPlan, Idle, Stood, Take, Why, Wish};
pub(super) use words::place;
use words::{next_newest, no_marker, no_sidecar};
pub use words::{not_active, older_left, tie, without_keys};

/// A file of the feed's pattern, with what its name says.
struct Candidate {
    entry: Entry,
    sidecar: Option<Entry>,
    coverage: Option<Coverage>,
    piece: Option<u32>,
    /// The newer file whose refusal or withdrawal gives this one, which was never judged, its turn.
    instead_of: Option<InsteadOf>,
}

/// A newer file that was refused or withdrawn.
struct InsteadOf {
    name: String,
    idle: Idle,
    turn: Option<Turn>,
}

/// Decides for every file that the source lists. `known` are the feed's deliveries in the register.
#[must_use]
pub fn plan_feed(feed: &Feed, calendar: Calendar, listing: &Listing, known: &[&DeliveryRecord], wish: Wish) -> FeedPlan {
    let known = &Known::of(known);
    let mut plan = FeedPlan { reports: listing.refused.iter().chain(&listing.notes).cloned().collect(), ..FeedPlan::default() };
    let candidates = candidates(feed, calendar, listing, known, &mut plan);
    for candidate in newest(feed, calendar, candidates, known, wish, &mut plan) {
        match decide(feed, &candidate, known, wish, calendar) {
            Ok((why, turn)) => {
                let Candidate { entry, sidecar, coverage, instead_of, .. } = candidate;
                let (why, turn) = match instead_of.filter(|_| turn.is_none()) {
                    Some(newer) => {
                        plan.reports.push(next_newest(feed, &entry, coverage.as_ref(), &newer));
                        (Why::NextNewest, newer.turn)
                    }
                    None => (why, turn),
                };
                plan.take.push(Take { entry, sidecar, coverage, why, turn, landed: None, over: Vec::new() });
            }
            Err(idle) => {
                if idle == Idle::NotActive {
                    plan.reports.push(not_active(feed, &candidate.entry));
                }
                plan.idle.push((candidate.entry, idle));
            }
        }
    }
    let again = replays_of(feed, calendar, known, &plan.take, wish);
    plan.idle.retain(|(entry, _)| !again.iter().any(|take| take.entry == *entry));
    plan.take.extend(again);
    plan.take.sort_by_cached_key(|take| order(feed, take));
    for take in &mut plan.take {
        take.over = over(feed, calendar, known, take);
    }
    plan
}

/// What the deliveries that are in hold of the periods over which this one would go.
fn over(feed: &Feed, calendar: Calendar, known: &Known<'_>, take: &Take) -> Vec<Stood> {
    let Some(coverage) = &take.coverage else { return Vec::new() };
    let stood = |period: &Period| {
        let goes_over = |r: &&DeliveryRecord| !r.lost && !is_file_of(r, &take.entry) && take.turn.is_none_or(|turn| r.turn() < Some(turn));
        let holder = known.holder(*period).filter(goes_over)?;
        let proof = *holder.proof.periods.get(&period.to_string())?;
        Some(Stood { period: *period, delivery: holder.delivery_id.clone(), proof, no_pounds: holder.proof.no_pounds })
    };
    feed.replaces(coverage, calendar).periods().iter().filter_map(stood).collect()
}

/// The order in which the deliveries of a feed are taken: first what has its place, then what is new, by age. Where coverages overlap,
/// what comes later goes over what comes before; of files that hold a year to date, the one that reaches further is the later.
#[must_use]
pub fn order(feed: &Feed, take: &Take) -> impl Ord + use<> {
    let end = take.coverage.as_ref().filter(|_| feed.covers.extent == Extent::ToDate).map(Coverage::last);
    (take.turn.is_none(), take.turn, end, rank(feed, &take.entry), take.coverage.clone(), take.entry.name.clone())
}

fn candidates(feed: &Feed, calendar: Calendar, listing: &Listing, known: &Known<'_>, plan: &mut FeedPlan) -> Vec<Candidate> {
    let mut found = Vec::new();
    let folder = Beside::of(feed, listing);
    for entry in &listing.entries {
        let Some(facts) = feed.files.matches(&entry.name) else {
            if !folder.companions.contains(&entry.name) {
                plan.unknown.push(entry.clone());
            }
            continue;
        };
        if let Some(marker) = marker_of(feed, entry)
            && !folder.by_name.contains_key(marker.as_str())
            && known.of_file(entry).next().is_none()
        {
            plan.reports.push(no_marker(feed, entry, &marker));
            plan.lacking.push((entry.clone(), feed.coverage(&entry.name, calendar).ok().flatten(), marker));
            continue;
        }
        let sidecar = folder.sidecar_of(feed, entry);
        if feed.sidecar.is_some() && sidecar.is_none() {
            plan.reports.push(no_sidecar(feed, entry));
            let name = companion_name(feed.sidecar.as_deref().unwrap_or_default(), &entry.name);
            plan.lacking.push((entry.clone(), feed.coverage(&entry.name, calendar).ok().flatten(), name));
            continue;
        }
        match feed.coverage(&entry.name, calendar).map(|coverage| coverage.or_else(|| read_before(feed, calendar, entry, known))) {
            Ok(coverage) => found.push(Candidate { sidecar, entry: entry.clone(), coverage, piece: facts.piece, instead_of: None }),
            Err(refusal) => plan.reports.extend(refusal.0),
        }
    }
    found
}

/// What a file that says itself what it covers was found to cover, while the feed is the same.
fn read_before(feed: &Feed, calendar: Calendar, entry: &Entry, known: &Known<'_>) -> Option<Coverage> {
    let same = |r: &&DeliveryRecord| r.state != DeliveryState::Withdrawn && !is_stale(feed, calendar, r);
    known.of_file(entry).find(same)?.covers()
}

/// The files of a folder, to be found beside each other: there may be tens of thousands.
struct Beside<'l> {
    by_name: BTreeMap<&'l str, &'l Entry>,
    /// Names that a sidecar or a marker of one of them has: such a file is no extract of its own.
    companions: BTreeSet<String>,
}

impl<'l> Beside<'l> {
    fn of(feed: &Feed, listing: &'l Listing) -> Self {
        let patterns: Vec<&str> = feed.sidecar.as_deref().into_iter().chain(marker(feed)).collect();
        let companions = |entry: &Entry| patterns.iter().map(|pattern| companion_name(pattern, &entry.name)).collect::<Vec<_>>();
        Self {
            by_name: listing.entries.iter().map(|entry| (entry.name.as_str(), entry)).collect(),
            companions: listing.entries.iter().flat_map(companions).collect(),
        }
    }

    fn sidecar_of(&self, feed: &Feed, entry: &Entry) -> Option<Entry> {
        let name = companion_name(feed.sidecar.as_deref()?, &entry.name);
        self.by_name.get(name.as_str()).map(|entry| (*entry).clone())
    }
}

pub(super) fn marker(feed: &Feed) -> Option<&str> {
    match &feed.ready {
        Ready::Marker(pattern) => Some(pattern),
        Ready::Stable { .. } => None,
    }
}

/// The name of the marker without which the file is not taken.
fn marker_of(feed: &Feed, entry: &Entry) -> Option<String> {
    marker(feed).map(|pattern| companion_name(pattern, &entry.name))
}

/// Whether a feed's files wait for others beside them: a marker, a sidecar.
#[must_use]
pub fn waits_for_others(feed: &Feed) -> bool {
    marker(feed).is_some() || feed.sidecar.is_some()
}

/// For each coverage (and piece) the newest file that competes: none that was refused or withdrawn and is unchanged, none whose delivery
/// stands nowhere any more. Ties are reported, and none of them is taken.
fn newest(
    feed: &Feed,
    calendar: Calendar,
    candidates: Vec<Candidate>,
    known: &Known<'_>,
    wish: Wish,
    plan: &mut FeedPlan,
) -> Vec<Candidate> {
    let mut groups: BTreeMap<(Option<Coverage>, Option<u32>), Vec<Candidate>> = BTreeMap::new();
    let mut out = Vec::new();
    for candidate in candidates {
        if candidate.coverage.is_none() {
            out.push(candidate);
            continue;
        }
        if tells_of_earlier(feed, &candidate, known) {
            plan.idle.push((candidate.entry, Idle::Superseded));
            continue;
        }
        groups.entry((candidate.coverage.clone(), candidate.piece)).or_default().push(candidate);
    }
    for mut group in groups.into_values() {
        let rank = |c: &Candidate| rank(feed, &c.entry);
        group.sort_by(|a, b| rank(b).cmp(&rank(a)).then_with(|| a.entry.name.cmp(&b.entry.name)));
        let mut group = group.into_iter().peekable();
        let mut instead_of = None;
        while let Some((entry, idle, record)) = group.peek().and_then(|c| rests(feed, calendar, c, known, wish)) {
            if idle == Idle::Replaced {
                // Of the files for these periods it is the newest, and does not count.
                if let Some(over) = gone_over(&known.records.iter().copied(), record) {
                    plan.reports.push(came_again(record, over, &entry.name));
                    plan.again.push(record.delivery_id.clone());
                }
            } else {
                instead_of = Some(InsteadOf { name: entry.name.clone(), idle, turn: below(record, known) });
            }
            plan.idle.push((entry, idle));
            group.next();
        }
        let Some(mut best) = group.next() else { continue };
        best.instead_of = instead_of.filter(|_| of_file(&best, known).is_none());
        let (ties, older): (Vec<_>, Vec<_>) = group.partition(|c| rank(c) == rank(&best));
        let never = older.iter().filter(|c| of_file(c, known).is_none() && !known.has_size_of(&c.entry, c.coverage.as_ref()));
        plan.reports.extend(never.filter_map(|c| older_left(feed, &c.entry, c.coverage.as_ref(), &best.entry)));
        plan.idle.extend(older.into_iter().map(|c| (c.entry, Idle::Superseded)));
        if ties.is_empty() {
            out.push(best);
        } else {
            let names: Vec<&str> = std::iter::once(&best).chain(&ties).map(|c| c.entry.name.as_str()).collect();
            plan.reports.push(tie(feed, best.coverage.as_ref(), &names));
        }
    }
    out
}

/// Whether a snapshot comes late: one of a later day of the period is in, or waits for a person's word.
fn tells_of_earlier(feed: &Feed, candidate: &Candidate, known: &Known<'_>) -> bool {
    let Some(day) = feed.as_at(&candidate.entry.name) else { return false };
    let counts = |r: &&DeliveryRecord| r.is_accepted() || r.state == DeliveryState::Waiting;
    let of_period = known.records.iter().copied().filter(counts).filter(|r| r.covers() == candidate.coverage);
    of_period.filter_map(DeliveryRecord::as_at).any(|of| of > day)
}

/// Why a file that was judged before does not compete for the newest, and what it brought; `None` where it does.
fn rests<'k>(
    feed: &Feed,
    calendar: Calendar,
    candidate: &Candidate,
    known: &Known<'k>,
    wish: Wish,
) -> Option<(Entry, Idle, &'k DeliveryRecord)> {
    let record = of_file(candidate, known)?;
    let idle = match record.state {
        DeliveryState::Accepted => (!known.stands(record)).then_some(Idle::Replaced),
        DeliveryState::Waiting => (!known.waits(record)).then_some(Idle::Replaced),
        DeliveryState::Withdrawn => Some(Idle::Withdrawn),
        DeliveryState::Refused if wish.force || wish.rehash || is_stale(feed, calendar, record) => None,
        DeliveryState::Refused if known.is_freed(record) => None,
        DeliveryState::Refused => Some(Idle::RefusedBefore),
    };
    Some((candidate.entry.clone(), idle?, record))
}

/// The place just below a delivery that was refused or withdrawn, for the file that is taken instead of it: should it be accepted after
/// all, it goes over that file. `None` where something that reaches no further has gone over its place since: what is taken now is the
/// latest then. A year to date that reaches further stays above what comes for an earlier month.
fn below(record: &DeliveryRecord, known: &Known<'_>) -> Option<Turn> {
    let turn = record.turn()?;
    let periods = record.periods();
    let over = |r: &&DeliveryRecord| {
        let counts = r.is_accepted() || r.state == DeliveryState::Waiting;
        let reaches_further = r.covers().map(|c| c.last()) > record.covers().map(|c| c.last());
        counts && !reaches_further && r.turn() > Some(turn) && periods.iter().any(|period| r.goes_into(*period))
    };
    known.records.iter().copied().all(|r| !over(&r)).then_some(Turn { below: turn.below + 1, ..turn })
}

/// The delivery that the file brought, where it means what it meant then. What its file withdrew by meaning something else is none.
fn of_file<'k>(candidate: &Candidate, known: &Known<'k>) -> Option<&'k DeliveryRecord> {
    let means_the_same = |r: &&DeliveryRecord| candidate.coverage.is_none() || r.covers() == candidate.coverage;
    let counts = |r: &&DeliveryRecord| r.state != DeliveryState::Withdrawn || r.withdrawn_by().is_some();
    known.of_file(&candidate.entry).filter(|r| counts(r) && has_sidecar_of(r, candidate)).find(means_the_same)
}

/// How new a file is by what the feed goes by: the greater, the newer.
#[must_use]
pub fn rank(feed: &Feed, entry: &Entry) -> Vec<i128> {
    let version = || feed.files.matches(&entry.name).and_then(|facts| facts.version).map_or(-1, i128::from);
    let by = |by: &NewestBy| match by {
        NewestBy::Version => version(),
        NewestBy::Modified => i128::from(entry.modified_us),
    };
    // Of snapshots of one period the latest tells of it, whichever came last.
    let day = feed.as_at(&entry.name).map(|day| i128::from(day.0));
    day.into_iter().chain(feed.newest_by.iter().map(by)).collect()
}

/// Why a file is taken, and what it brings in again; or why it is left alone.
fn decide(feed: &Feed, candidate: &Candidate, known: &Known<'_>, wish: Wish, calendar: Calendar) -> Result<(Why, Option<Turn>), Idle> {
    if let Some(coverage) = &candidate.coverage {
        if !wish.wants(&feed.replaces(coverage, calendar)) {
            return Err(Idle::NotAsked);
        }
        if !is_active(feed, coverage, calendar) {
            return Err(Idle::NotActive);
        }
    }
    let Some(record) = of_file(candidate, known) else { return Ok(not_judged(candidate, known)) };
    let turn = record.turn();
    match record.state {
        DeliveryState::Withdrawn => Err(Idle::Withdrawn),
        _ if record.to_correct => Ok((Why::Corrected, turn)),
        // What a person accepted is taken from its landed bytes.
        _ if record.is_let_in() => Err(Idle::Waits),
        DeliveryState::Waiting if is_stale(feed, calendar, record) => Ok((Why::RulesChanged, turn)),
        DeliveryState::Waiting => Err(Idle::Waits),
        _ if wish.force => Ok((Why::Forced, turn)),
        _ if record.lost => Ok((Why::Lost, turn)),
        _ if is_stale(feed, calendar, record) => Ok((Why::RulesChanged, turn)),
        _ if wish.rehash => Ok((Why::Newer, None)),
        DeliveryState::Refused if known.is_freed(record) => Ok((Why::Freed, turn)),
        DeliveryState::Accepted if known.waits(record) => Err(Idle::Waits),
        DeliveryState::Accepted => Err(Idle::In),
        DeliveryState::Refused => Err(Idle::RefusedBefore),
    }
}

/// Why a file is taken that was not judged yet, as it is now and for what it covers.
fn not_judged(candidate: &Candidate, known: &Known<'_>) -> (Why, Option<Turn>) {
    let of_coverage = |state: &[DeliveryState]| {
        let covers = |r: &DeliveryRecord| state.contains(&r.state) && r.covers() == candidate.coverage;
        candidate.coverage.is_some() && known.records.iter().any(|r| covers(r))
    };
    let was_in = known.of_file(&candidate.entry).any(|r| r.state != DeliveryState::Withdrawn && has_sidecar_of(r, candidate));
    let of_size = || candidate.coverage.is_some() && known.has_size_of(&candidate.entry, candidate.coverage.as_ref());
    let why = match () {
        // Also one that was withdrawn: its bytes alone do not bring it back.
        () if of_size() => Why::Touched,
        () if of_coverage(&[DeliveryState::Accepted, DeliveryState::Waiting, DeliveryState::Refused]) => Why::Newer,
        // The file was in for other periods: what it covers is told otherwise now.
        () if was_in => Why::RulesChanged,
        () => Why::New,
    };
    (why, None)
}

/// Whether the feed is active on the first day of any period that is covered.
#[must_use]
pub fn is_active(feed: &Feed, coverage: &Coverage, calendar: Calendar) -> bool {
    coverage.periods().iter().any(|p| feed.active.contains(calendar.days_of(*p).0))
}

/// Whether the sidecar is, unchanged, the one that stood beside it.
fn has_sidecar_of(record: &DeliveryRecord, candidate: &Candidate) -> bool {
    match (&record.sidecar, &candidate.sidecar) {
        (None, None) => true,
        (Some(facts), Some(entry)) => facts.is_file(entry),
        _ => false,
    }
}

/// Whether the file is, unchanged, one from which the delivery came.
#[must_use]
pub fn is_file_of(record: &DeliveryRecord, entry: &Entry) -> bool {
    record.files().any(|facts| facts.is_file(entry))
}

/// Whether what judged the delivery is no longer what would judge it.
#[must_use]
pub fn is_stale(feed: &Feed, calendar: Calendar, record: &DeliveryRecord) -> bool {
    if counted_otherwise(feed, calendar, record) {
        return true;
    }
    let contract_is_known = feed.contracts.iter().any(|(_, c)| c.digest.hex() == record.contract_sha256);
    if let Some(attempt) = &record.last_attempt {
        return !feed.judges_as(&attempt.feed_sha256) || !feed.contracts.iter().any(|(_, c)| c.digest.hex() == attempt.contract_sha256);
    }
    !feed.judges_as(&record.feed_sha256) || !contract_is_known
}

/// Whether the year was counted otherwise when the delivery was judged, or its rows were put into periods by an older version, which
/// put the closing entries of a yearly extract into its last month.
fn counted_otherwise(feed: &Feed, calendar: Calendar, record: &DeliveryRecord) -> bool {
    match &record.calendar {
        Some(counted) => *counted != calendar.to_string(),
        None => record.covers().is_some_and(|coverage| !feed.beside(&coverage, calendar).is_empty()),
    }
}
