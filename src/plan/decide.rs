//! What a person says about a delivery: which one is meant, and what it does to the register. Pure; whoever calls it writes.

use std::collections::BTreeSet;

use super::{
    again::{self, same_bytes},
    release::Slot,
};
use crate::{
    diagnostic::{Answer, Diagnostic, Refusal, codes},
    domain::{DeliveryId, Period},
    lake::{Decided, Decision, DeliveryRecord, DeliveryState, holder},
    schema::suggest::nearest,
};

/// What the words on the command line name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selector {
    /// `0123456789abcdef`.
    Delivery(DeliveryId),
    /// `newham/general_ledger`, or `newham/general_ledger/2018/P01`; the feed need not be declared.
    Feed { council: String, feed: String, period: Option<Period> },
}

impl Selector {
    /// # Errors
    /// TC0110.
    pub fn parse(text: &str) -> Answer<Self> {
        if let Some(id) = DeliveryId::parse(text) {
            return Ok(Self::Delivery(id));
        }
        let mut pieces = text.splitn(3, '/');
        let named = pieces.next().zip(pieces.next()).filter(|(council, feed)| !council.is_empty() && !feed.is_empty());
        let period = pieces.next().map(Period::parse);
        match (named, period) {
            (Some((council, feed)), None) => Ok(Self::Feed { council: council.into(), feed: feed.into(), period: None }),
            (Some((council, feed)), Some(Some(period))) => {
                Ok(Self::Feed { council: council.into(), feed: feed.into(), period: Some(period) })
            }
            _ => Err(Diagnostic::new(codes::command::SELECTOR, format!("`{text}` names no delivery"))
                .expected(
                    "a delivery (16 hex digits), a feed (newham/general_ledger), or a feed and a period (newham/general_ledger/2018/P01)",
                )
                .outcome("nothing was changed")
                .hint("truecost status names feeds and deliveries")
                .into()),
        }
    }

    fn is_of(&self, record: &DeliveryRecord) -> bool {
        match self {
            Self::Delivery(id) => record.is(id.as_str()),
            Self::Feed { council, feed, period } => record.is_of(council, feed) && period.is_none_or(|period| record.goes_into(period)),
        }
    }
}

impl std::fmt::Display for Selector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Delivery(id) => f.write_str(id.as_str()),
            Self::Feed { council, feed, period: None } => write!(f, "{council}/{feed}"),
            Self::Feed { council, feed, period: Some(period) } => write!(f, "{council}/{feed}/{period}"),
        }
    }
}

/// What a decision changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// The deliveries that it is about, as they are entered.
    pub about: Vec<DeliveryRecord>,
    /// Others that it concerns, as they are entered: lost, for they come back.
    pub others: Vec<DeliveryRecord>,
    /// Periods that lose what stood in them, with the delivery that stands there then.
    pub back: Vec<(Period, Option<DeliveryRecord>)>,
    /// Those of them that the latest release holds, and of which the next one has no line.
    pub unpublished: BTreeSet<Slot>,
    /// Periods of the latest release of which something else still stands.
    pub still_held: BTreeSet<Period>,
    /// Those of closed periods, which stay as they were closed.
    pub closed: BTreeSet<Slot>,
    /// Those of the unpublished that a person has let go: nothing waits for them.
    pub waived: BTreeSet<Slot>,
}

impl Change {
    /// Whether nothing stands in a slot any more of which something was withdrawn.
    #[must_use]
    pub fn leaves_empty(&self, slot: &Slot) -> bool {
        let is_empty = self.back.iter().any(|(period, below)| *period == slot.period && below.is_none());
        is_empty && self.about.iter().any(|r| r.is_of(&slot.council, &slot.feed) && r.goes_into(slot.period))
    }
}

/// Lets what waits be taken by the next run.
///
/// # Errors
/// TC0111 where nothing of it waits.
pub fn accept(known: &[DeliveryRecord], selector: &Selector, decision: &Decision) -> Answer<Change> {
    let waits: Vec<&DeliveryRecord> = known.iter().filter(|r| selector.is_of(r) && r.waits(known)).collect();
    if waits.is_empty() {
        let is_one = !matches!(selector, Selector::Feed { period: None, .. });
        let mended = |r: &DeliveryRecord| known.iter().any(|o| selector.is_of(o) && o.is_accepted() && o.number > r.number);
        let refused = known.iter().rfind(|r| is_one && selector.is_of(r) && r.state == DeliveryState::Refused && !mended(r));
        let waiting = known.iter().filter(|r| r.waits(known));
        return Err(
            refused.map_or_else(|| nothing(known, selector, "waits for a person's word", waiting), |record| was_refused(selector, record))
        );
    }
    let accepted = waits.into_iter().map(|record| {
        let rules = record.judged_by();
        decided(record, Decision { rules, ..decision.clone() })
    });
    Ok(Change { about: accepted.collect(), ..Change::default() })
}

/// Takes deliveries out: what is named, or what stands in the period that is named and what waits for it, or all of a feed. What stood
/// below them comes back.
///
/// # Errors
/// TC0111 where nothing of it counts or waits.
pub fn withdraw(known: &[DeliveryRecord], selector: &Selector, decision: &Decision) -> Answer<Change> {
    let counts = |r: &&DeliveryRecord| selector.is_of(r) && r.state != DeliveryState::Withdrawn && is_meant(known, selector, r);
    let meant: BTreeSet<&str> = known.iter().filter(counts).map(|r| r.delivery_id.as_str()).collect();
    if meant.is_empty() {
        return Err(nothing(known, selector, "counts or waits", known.iter().filter(|r| r.is_accepted() && r.stands(&known.iter()))));
    }
    let mut change = Change::default();
    let mut after = known.to_vec();
    for record in after.iter_mut().filter(|r| meant.contains(r.delivery_id.as_str())) {
        let before = Some(record.state);
        *record = decided(record, Decision { before, ..decision.clone() });
        (record.state, record.lost) = (DeliveryState::Withdrawn, false);
        change.about.push(record.clone());
    }
    let mut back: BTreeSet<String> = BTreeSet::new();
    for record in known.iter().filter(|r| meant.contains(r.delivery_id.as_str())) {
        let of_feed = known.iter().filter(|r| r.is_of(&record.council, &record.feed));
        for period in record.held(&of_feed) {
            let below = holder(&after, &record.council, &record.feed, period);
            back.extend(below.map(|r| r.delivery_id.clone()));
            change.back.push((period, below.cloned()));
        }
    }
    change.others =
        after.into_iter().filter(|r| back.contains(&r.delivery_id) && !r.lost).map(|r| DeliveryRecord { lost: true, ..r }).collect();
    Ok(change)
}

/// A period names what stands or waits there; a feed all that does or did; a delivery itself.
fn is_meant(known: &[DeliveryRecord], selector: &Selector, record: &DeliveryRecord) -> bool {
    match selector {
        Selector::Delivery(_) => true,
        Selector::Feed { period: None, .. } => record.state != DeliveryState::Refused,
        Selector::Feed { council, feed, period: Some(period) } => {
            let stands = holder(known, council, feed, *period).is_some_and(|r| r.is(&record.delivery_id));
            stands || (record.state == DeliveryState::Waiting && record.waits(known))
        }
    }
}

/// Takes the last withdrawal of what is named back: it is judged again from its landed bytes, at its former place. `may_repeat` says of a
/// delivery that its bytes may stand for several coverages of its feed.
///
/// # Errors
/// TC0111 where a person withdrew nothing of it; TC0424 where its bytes count for other periods by now.
pub fn undo(
    known: &[DeliveryRecord],
    selector: &Selector,
    decision: &Decision,
    may_repeat: &dyn Fn(&DeliveryRecord) -> bool,
    alike: again::Alike<'_>,
) -> Answer<Change> {
    let withdrawn = |r: &DeliveryRecord| r.withdrawn_by().map(|d| d.run);
    let last = known.iter().filter(|r| selector.is_of(r)).filter_map(withdrawn).max();
    let Some(last) = last else {
        return Err(nothing(known, selector, "was withdrawn by a person", known.iter().filter(|r| withdrawn(r).is_some())));
    };
    let mut after = known.to_vec();
    let mut meant = BTreeSet::new();
    for record in after.iter_mut().filter(|r| selector.is_of(r) && withdrawn(r) == Some(last)) {
        let before = record.withdrawn_by().and_then(|d| d.before).unwrap_or(DeliveryState::Accepted);
        *record = decided(record, decision.clone());
        record.state = before;
        meant.insert(record.delivery_id.clone());
    }
    let repeats = |r: &&DeliveryRecord| may_repeat(r) || r.proof.no_pounds;
    let mut counts_again = after.iter().filter(|r| meant.contains(&r.delivery_id) && r.is_accepted() && !repeats(r));
    if let Some((record, copy)) = counts_again.find_map(|r| Some((r, same_bytes(&after, r, alike).find(|copy| copy.is_accepted())?))) {
        return Err(again::counts_otherwise(record, copy).into());
    }
    let stands = |r: &DeliveryRecord| r.is_accepted() && r.stands(&after.iter());
    let about = after.iter().filter(|r| meant.contains(&r.delivery_id)).map(|r| DeliveryRecord { lost: stands(r), ..r.clone() });
    Ok(Change { about: about.collect(), ..Change::default() })
}

fn decided(record: &DeliveryRecord, decision: Decision) -> DeliveryRecord {
    let mut record = record.clone();
    record.decisions.push(decision);
    record
}

fn nothing<'k>(known: &[DeliveryRecord], selector: &Selector, what: &str, such: impl Iterator<Item = &'k DeliveryRecord>) -> Refusal {
    let names: Vec<String> = such
        .take(5)
        .map(|r| format!("{} ({} {})", r.delivery_id, r.feed_name(), r.covers().map(|c| c.to_string()).unwrap_or_default()))
        .collect();
    let hint = match (meant(known, selector), names.is_empty()) {
        (Some(name), _) => format!("nothing has come of that feed. Did you mean `{name}`?"),
        (None, true) => "truecost status".to_owned(),
        (None, false) => format!("such are {}", names.join(", ")),
    };
    Diagnostic::new(codes::command::NOTHING_DECIDED, format!("no delivery of `{selector}` {what}"))
        .expected(format!("a delivery that {what}"))
        .outcome("nothing was changed")
        .hint(hint)
        .into()
}

/// The feed whose name was probably meant, where nothing has come of the one that is named.
fn meant(known: &[DeliveryRecord], selector: &Selector) -> Option<String> {
    let Selector::Feed { council, feed, .. } = selector else { return None };
    let feeds: BTreeSet<String> = known.iter().map(DeliveryRecord::feed_name).collect();
    let name = format!("{council}/{feed}");
    nearest(&name, feeds.iter().map(String::as_str)).filter(|_| !feeds.contains(&name)).map(str::to_owned)
}

/// What was refused is not let in by anybody's word: what refused it has to change.
fn was_refused(selector: &Selector, record: &DeliveryRecord) -> Refusal {
    let (id, covers) = (&record.delivery_id, record.covers().map(|c| c.to_string()).unwrap_or_default());
    let (how, hint) = match &record.copy_of {
        Some(of) => (
            format!("as a copy of delivery {of}"),
            format!(
                "if such files are right: `repeats: allowed` in pipelines/{}.yaml, then truecost run; if {covers} is the right period: truecost \
                 withdraw {of} --by NAME --reason TEXT, then truecost run",
                record.feed_name()
            ),
        ),
        None => (
            format!("({})", record.reports.first().and_then(|report| report.lines().next()).unwrap_or("truecost status says why")),
            "truecost status says why, and what to do".to_owned(),
        ),
    };
    let seen = format!("no delivery of `{selector}` waits for a person's word: {id} of {covers} was refused {how}");
    Diagnostic::new(codes::command::NOTHING_DECIDED, seen)
        .expected("a delivery that waits for a person's word")
        .outcome("nothing was changed")
        .hint(hint)
        .into()
}

/// The decision that a person makes now; `number` is the command's own.
#[must_use]
pub fn decision(what: Decided, by: &str, reason: &str, at: String, number: u64) -> Decision {
    Decision { what, by: by.trim().into(), reason: reason.trim().into(), at, run: number, rules: String::new(), before: None }
}
