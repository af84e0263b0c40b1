//! Which deliveries of a feed are to be taken, and why.

use std::collections::BTreeMap;

use super::replay::replays;
use crate::{
    diagnostic::{Diagnostic, Place, codes},
    domain::{Calendar, Coverage, Period},
    lake::{DeliveryRecord, DeliveryState, SourceFacts, holder},
    pipeline::{Feed, NewestBy, Ready},
    source::{Entry, Listing, companion_name},
};

/// Why a delivery is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// Nothing of these periods is in yet.
    New,
    /// Something else is in for these periods.
    Newer,
    /// The contract, the feed or its SQL changed since it was judged.
    RulesChanged,
    /// Asked for with `--force`.
    Forced,
    /// Accepted, but its rows are not in the lake any more.
    Lost,
    /// It stands over a delivery that is brought in again.
    Above,
}

impl Why {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "new delivery",
            Self::Newer => "newer bytes",
            Self::RulesChanged => "changed contract, feed or SQL",
            Self::Forced => "forced",
            Self::Lost => "accepted, and no longer in the lake",
            Self::Above => "stands over a delivery that is brought in again",
        }
    }
}

/// Why a file is left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Idle {
    /// In, and unchanged since.
    In,
    /// Refused, and unchanged since.
    RefusedBefore,
    /// Another file is newer for the same periods.
    Superseded,
    /// Not among the periods asked for.
    NotAsked,
    /// Outside the feed's active dates.
    NotActive,
}

impl Idle {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::In => "already in",
            Self::RefusedBefore => "refused before, unchanged",
            Self::Superseded => "superseded by a newer file",
            Self::NotAsked => "not asked for",
            Self::NotActive => "outside the feed's active dates",
        }
    }
}

/// One file to take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Take {
    pub entry: Entry,
    pub sidecar: Option<Entry>,
    /// `None` where it is read from the file.
    pub coverage: Option<Coverage>,
    pub why: Why,
    /// Place of this delivery among those that have been in; `None` for one that has not.
    pub replays: Option<(bool, u64)>,
    /// The delivery whose landed bytes are taken; `None` where the source offers the file.
    pub landed: Option<Box<DeliveryRecord>>,
}

/// What there is to do for one feed.
#[derive(Clone, Debug, Default)]
pub struct FeedPlan {
    pub take: Vec<Take>,
    pub idle: Vec<(Entry, Idle)>,
    pub reports: Vec<Diagnostic>,
}

/// What a plan is made for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wish {
    pub period: Option<Period>,
    pub year: Option<i16>,
    pub force: bool,
    pub rehash: bool,
}

impl Wish {
    /// Whether any covered period was asked for.
    #[must_use]
    pub fn wants(&self, coverage: &Coverage) -> bool {
        coverage.periods().iter().any(|p| self.wants_period(*p))
    }

    #[must_use]
    pub fn wants_period(&self, period: Period) -> bool {
        self.period.is_none_or(|wanted| wanted == period) && self.year.is_none_or(|wanted| wanted == period.year)
    }
}

/// A file of the feed's pattern, with what its name says.
struct Candidate {
    entry: Entry,
    sidecar: Option<Entry>,
    coverage: Option<Coverage>,
    piece: Option<u32>,
}

/// Decides for every file that the source lists. `known` are the feed's deliveries in the register.
#[must_use]
pub fn plan_feed(feed: &Feed, calendar: Calendar, listing: &Listing, known: &[&DeliveryRecord], wish: Wish) -> FeedPlan {
    let mut plan = FeedPlan { reports: listing.refused.iter().chain(&listing.notes).cloned().collect(), ..FeedPlan::default() };
    let candidates = candidates(feed, calendar, listing, known, &mut plan);
    for candidate in newest(feed, candidates, &mut plan) {
        match decide(feed, &candidate, known, wish, calendar) {
            Ok((why, replays)) => {
                let Candidate { entry, sidecar, coverage, .. } = candidate;
                plan.take.push(Take { entry, sidecar, coverage, why, replays, landed: None });
            }
            Err(idle) => {
                if idle == Idle::NotActive {
                    plan.reports.push(not_active(feed, &candidate.entry));
                }
                plan.idle.push((candidate.entry, idle));
            }
        }
    }
    let again = replays(feed, calendar, known, &plan.take, wish);
    plan.idle.retain(|(entry, _)| !again.iter().any(|take| take.entry == *entry));
    plan.take.extend(again);
    // First what has been in, in the order in which it came in, then what is new in the order of arrival: where coverages overlap,
    // what came later replaces what came before.
    let key = |take: &Take| (take.replays.is_none(), take.replays, take.entry.modified_us, take.coverage.clone(), take.entry.name.clone());
    plan.take.sort_by_key(key);
    plan
}

fn candidates(feed: &Feed, calendar: Calendar, listing: &Listing, known: &[&DeliveryRecord], plan: &mut FeedPlan) -> Vec<Candidate> {
    let mut found = Vec::new();
    for entry in &listing.entries {
        let Some(facts) = feed.files.matches(&entry.name) else {
            if !is_companion(feed, &entry.name, listing) {
                plan.reports.push(name_unknown(feed, entry));
            }
            continue;
        };
        if let Some(marker) = marker_of(feed, entry)
            && !listing.entries.iter().any(|e| e.name == marker)
            && !known.iter().any(|record| is_file_of(record, entry))
        {
            plan.reports.push(no_marker(feed, entry, &marker));
            continue;
        }
        let sidecar = sidecar_of(feed, entry, listing);
        if feed.sidecar.is_some() && sidecar.is_none() {
            plan.reports.push(no_sidecar(feed, entry));
            continue;
        }
        match feed.coverage(&entry.name, &facts, calendar).map(|coverage| coverage.or_else(|| read_before(feed, calendar, entry, known))) {
            Ok(coverage) => found.push(Candidate { sidecar, entry: entry.clone(), coverage, piece: facts.piece }),
            Err(refusal) => plan.reports.extend(refusal.0),
        }
    }
    found
}

/// What a file that says itself what it covers was found to cover, while the feed is the same.
fn read_before(feed: &Feed, calendar: Calendar, entry: &Entry, known: &[&DeliveryRecord]) -> Option<Coverage> {
    let same = |r: &&&DeliveryRecord| r.state != DeliveryState::Withdrawn && is_file_of(r, entry) && !is_stale(feed, calendar, r);
    known.iter().rev().find(same)?.covers()
}

fn sidecar_of(feed: &Feed, entry: &Entry, listing: &Listing) -> Option<Entry> {
    let name = companion_name(feed.sidecar.as_deref()?, &entry.name);
    listing.entries.iter().find(|e| e.name == name).cloned()
}

fn marker(feed: &Feed) -> Option<&str> {
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

/// Sidecars and markers are not extracts of their own.
fn is_companion(feed: &Feed, name: &str, listing: &Listing) -> bool {
    let patterns = feed.sidecar.as_deref().into_iter().chain(marker(feed));
    let stands_by = |pattern: &str| listing.entries.iter().any(|e| companion_name(pattern, &e.name) == name);
    patterns.into_iter().any(stands_by)
}

/// For each coverage (and piece) the newest file; ties are reported and none of them is taken.
fn newest(feed: &Feed, candidates: Vec<Candidate>, plan: &mut FeedPlan) -> Vec<Candidate> {
    let mut groups: BTreeMap<(Option<Coverage>, Option<u32>), Vec<Candidate>> = BTreeMap::new();
    let mut out = Vec::new();
    for candidate in candidates {
        if candidate.coverage.is_none() {
            out.push(candidate);
            continue;
        }
        groups.entry((candidate.coverage.clone(), candidate.piece)).or_default().push(candidate);
    }
    for mut group in groups.into_values() {
        let rank = |c: &Candidate| rank(feed, &c.entry);
        group.sort_by(|a, b| rank(b).cmp(&rank(a)).then_with(|| a.entry.name.cmp(&b.entry.name)));
        let mut group = group.into_iter();
        let Some(best) = group.next() else { continue };
        let (ties, older): (Vec<_>, Vec<_>) = group.partition(|c| rank(c) == rank(&best));
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

/// How new a file is by what the feed goes by: the greater, the newer.
#[must_use]
pub fn rank(feed: &Feed, entry: &Entry) -> Vec<i128> {
    let version = || feed.files.matches(&entry.name).and_then(|facts| facts.version).map_or(-1, i128::from);
    let by = |by: &NewestBy| match by {
        NewestBy::Version => version(),
        NewestBy::Modified => i128::from(entry.modified_us),
    };
    feed.newest_by.iter().map(by).collect()
}

/// Why a file is taken, and what it brings in again; or why it is left alone.
fn decide(
    feed: &Feed,
    candidate: &Candidate,
    known: &[&DeliveryRecord],
    wish: Wish,
    calendar: Calendar,
) -> Result<(Why, Option<(bool, u64)>), Idle> {
    if let Some(coverage) = &candidate.coverage {
        if !wish.wants(&feed.replaces(coverage, calendar)) {
            return Err(Idle::NotAsked);
        }
        if !is_active(feed, coverage, calendar) {
            return Err(Idle::NotActive);
        }
    }
    let of_file = || known.iter().rev().filter(|r| r.state != DeliveryState::Withdrawn && is_same_file(r, candidate));
    let means_the_same = |r: &&&DeliveryRecord| candidate.coverage.is_none() || r.covers() == candidate.coverage;
    match of_file().find(means_the_same) {
        Some(record) if wish.force => Ok((Why::Forced, record.place())),
        Some(record) if record.lost => Ok((Why::Lost, record.place())),
        Some(record) if is_stale(feed, calendar, record) => Ok((Why::RulesChanged, record.place())),
        Some(record) if was_replaced(record, known, &candidate.entry) => Ok((Why::Newer, None)),
        Some(record) if !wish.rehash => Err(match record.state {
            DeliveryState::Accepted => Idle::In,
            DeliveryState::Refused | DeliveryState::Withdrawn => Idle::RefusedBefore,
        }),
        _ => {
            let covers = |record: &&DeliveryRecord| {
                record.state != DeliveryState::Withdrawn && candidate.coverage.is_some() && record.covers() == candidate.coverage
            };
            let why = match () {
                () if known.iter().any(covers) => Why::Newer,
                // The file was in for other periods: what it covers is told otherwise now.
                () if of_file().next().is_some() => Why::RulesChanged,
                () => Why::New,
            };
            Ok((why, None))
        }
    }
}

/// Whether another file under the same name has come since and holds its periods: the one in the folder is the old one brought back.
fn was_replaced(record: &DeliveryRecord, known: &[&DeliveryRecord], entry: &Entry) -> bool {
    let by_another = |period: &Period| {
        let holder = holder(known.iter().copied(), &record.council, &record.feed, *period);
        holder.is_some_and(|h| h.delivery_id != record.delivery_id && h.source.name == entry.name && !is_same(&h.source, entry))
    };
    record.state == DeliveryState::Accepted && record.covers().is_some_and(|covers| covers.periods().iter().any(by_another))
}

/// Whether the feed is active on the first day of any period that is covered.
#[must_use]
pub fn is_active(feed: &Feed, coverage: &Coverage, calendar: Calendar) -> bool {
    coverage.periods().iter().any(|p| feed.active.contains(calendar.days_of(*p).0))
}

fn is_same_file(record: &DeliveryRecord, candidate: &Candidate) -> bool {
    let sidecar = match (&record.sidecar, &candidate.sidecar) {
        (None, None) => true,
        (Some(facts), Some(entry)) => is_same(facts, entry),
        _ => false,
    };
    sidecar && is_file_of(record, &candidate.entry)
}

/// Whether the file is, unchanged, one from which the delivery came.
#[must_use]
pub fn is_file_of(record: &DeliveryRecord, entry: &Entry) -> bool {
    std::iter::once(&record.source).chain(&record.also_as).any(|facts| is_same(facts, entry))
}

fn is_same(facts: &SourceFacts, entry: &Entry) -> bool {
    facts.name == entry.name && facts.bytes == entry.size && facts.modified_us == entry.modified_us && facts.identity == entry.identity
}

/// Whether what judged the delivery is no longer what would judge it.
#[must_use]
pub fn is_stale(feed: &Feed, calendar: Calendar, record: &DeliveryRecord) -> bool {
    if counted_otherwise(feed, calendar, record) {
        return true;
    }
    let contract_is_known = feed.contracts.iter().any(|(_, c)| c.digest.hex() == record.contract_sha256);
    if let Some(attempt) = &record.last_attempt {
        return attempt.feed_sha256 != feed.digest.hex() || !feed.contracts.iter().any(|(_, c)| c.digest.hex() == attempt.contract_sha256);
    }
    record.feed_sha256 != feed.digest.hex() || !contract_is_known
}

/// Whether the year was counted otherwise when the delivery was judged, or its rows were put into periods by an older version, which
/// put the closing entries of a yearly extract into its last month.
fn counted_otherwise(feed: &Feed, calendar: Calendar, record: &DeliveryRecord) -> bool {
    match &record.calendar {
        Some(counted) => *counted != calendar.to_string(),
        None => record.covers().is_some_and(|coverage| !feed.beside(&coverage, calendar).is_empty()),
    }
}

fn place(feed: &Feed, entry: &Entry) -> Place {
    Place::file(format!("{}: {}", feed.name(), entry.name))
}

fn name_unknown(feed: &Feed, entry: &Entry) -> Diagnostic {
    let miss = feed.files.near_miss(&entry.name).map(|miss| format!(": {miss}")).unwrap_or_default();
    Diagnostic::warning(codes::control::NAME_UNKNOWN, format!("a file whose name this feed does not know{miss}"))
        .place(place(feed, entry))
        .expected(format!("a name like `{}`", feed.files.text))
        .outcome("it was left where it is and not read")
        .hint(format!("rename it, move it away, or correct `files:` in {}", feed.file))
}

fn no_sidecar(feed: &Feed, entry: &Entry) -> Diagnostic {
    let name = companion_name(feed.sidecar.as_deref().unwrap_or_default(), &entry.name);
    Diagnostic::warning(codes::control::SIDECAR_UNREADABLE, format!("its sidecar `{name}` has not come yet"))
        .place(place(feed, entry))
        .expected("both files: the sidecar holds the sender's totals")
        .outcome("the file waits where it is; nothing of it was taken")
        .hint("run again when the sidecar is there, or ask the sender for it")
}

fn no_marker(feed: &Feed, entry: &Entry, marker: &str) -> Diagnostic {
    Diagnostic::warning(codes::source::NOT_SETTLED, format!("the file waits for its marker `{marker}`"))
        .place(place(feed, entry))
        .expected("both files: the sender writes the marker when the extract is complete (`ready:` in the feed)")
        .outcome("the file waits where it is; nothing of it was taken")
        .hint(format!("ask the sender whether the extract is complete; then put `{marker}` beside it and type truecost run"))
}

/// A file for periods in which the feed is not active.
#[must_use]
pub fn not_active(feed: &Feed, entry: &Entry) -> Diagnostic {
    Diagnostic::warning(codes::control::NOT_ACTIVE, "a file for a period in which this feed is not active")
        .place(place(feed, entry))
        .expected(format!("a period {}", feed.active))
        .outcome("it was left where it is and not read")
        .hint(format!("correct `active:` in {}, or move the file to the feed that is active then", feed.file))
}

/// Files that cover the same and of which none is the newest.
#[must_use]
pub fn tie(feed: &Feed, covers: Option<&Coverage>, names: &[&str]) -> Diagnostic {
    let covers = covers.map(ToString::to_string).unwrap_or_default();
    Diagnostic::new(
        codes::control::NEWEST_UNCLEAR,
        format!("{} files cover {covers}, and none is newer: {}", names.len(), names.join(", ")),
    )
    .place(Place::file(feed.name()))
    .expected("one file for a period, or versions or times that tell which is the newest")
    .outcome("none of them was taken; the feed stays at its last accepted delivery")
    .hint("remove all but one, or give them a version in the name (`[_v{version}]` in `files:`)")
}
