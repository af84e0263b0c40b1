//! Bytes that the register knows and that have come again: as the delivery that they were, or as a copy for other periods.

use crate::{
    diagnostic::{Diagnostic, Place, codes},
    domain::rows_and_pounds,
    lake::{DeliveryRecord, DeliveryState, holder},
    pipeline::{Feed, Repeats},
};

/// The delivery that has gone over `record` and reaches no further: what a person who brings the older file back wants to be rid of.
/// A later year to date that reaches further goes over the earlier ones as a matter of course.
#[must_use]
pub fn gone_over<'k>(
    known: &(impl IntoIterator<Item = &'k DeliveryRecord> + Clone),
    record: &DeliveryRecord,
) -> Option<&'k DeliveryRecord> {
    let end = |r: &DeliveryRecord| r.covers().map(|covers| covers.last());
    let over = record.periods().into_iter().rev().filter_map(|period| holder(known.clone(), &record.council, &record.feed, period));
    let mut over = over.filter(|r| r.turn() > record.turn() && end(r) <= end(record));
    if record.is_accepted() { over.next() } else { None }
}

/// Whether deliveries that came later cover every period of one that was refused: what was wrong with it need not be mended any more.
/// One that a person withdrew replaces nothing.
#[must_use]
pub fn is_replaced(known: &[DeliveryRecord], refused: &DeliveryRecord) -> bool {
    let periods = refused.periods();
    let is_later =
        |r: &&DeliveryRecord| r.is_of(&refused.council, &refused.feed) && r.state != DeliveryState::Withdrawn && r.turn() > refused.turn();
    let later: Vec<&DeliveryRecord> = known.iter().filter(is_later).collect();
    !periods.is_empty() && periods.iter().all(|period| later.iter().any(|r| r.periods().contains(period)))
}

/// Says that a file is a delivery over which another has gone, with both sums and the way back.
#[must_use]
pub fn came_again(record: &DeliveryRecord, over: &DeliveryRecord, file: &str) -> Diagnostic {
    let words = |r: &DeliveryRecord| {
        let covers = r.covers().map(|c| c.to_string()).unwrap_or_default();
        format!("delivery {} of {covers} ({})", r.delivery_id, rows_and_pounds(r.proof.accepted, r.proof.pounds()))
    };
    Diagnostic::note(codes::control::CAME_AGAIN, format!("the file is {} again; {} has gone over it since", words(record), words(over)))
        .place(Place::file(format!("{}: {}", record.feed_name(), file)))
        .outcome("nothing was changed: the same bytes are the same delivery, and the later one stands")
        .hint(format!(
            "nothing has to be done, unless the older one is right after all: truecost withdraw {} --by NAME --reason TEXT, then truecost run",
            over.delivery_id
        ))
}

/// The delivery of which `new` is a copy: the same bytes, with rows, were accepted for periods of which `new` covers none, and their file
/// has neither moved nor been read as something else. `alike` says of two others whether they differ in their line ends alone. A correction of the original does not make the copy right: one that stands is
/// named before one that was replaced since. Rows without pounds may be the same in two months: a register of posts.
#[must_use]
pub fn copied<'k>(
    known: &'k [DeliveryRecord],
    feed: &Feed,
    new: &DeliveryRecord,
    moved: &dyn Fn(&DeliveryRecord) -> bool,
    alike: Alike<'_>,
) -> Option<&'k DeliveryRecord> {
    if feed.repeats == Repeats::Allowed || new.proof.accepted == 0 || new.proof.no_pounds {
        return None;
    }
    let of_feed = known.iter().filter(|r| r.is_of(&new.council, &new.feed));
    let named_so = |r: &&DeliveryRecord| r.is_named(&new.source.location, &new.source.name);
    let mut originals = same_bytes(known, new, alike).filter(|r| r.is_accepted() && !named_so(r) && !moved(r));
    let first = originals.clone().next();
    originals.find(|r| r.stands(&of_feed)).or(first)
}

/// Whether the landed bytes of two deliveries of one feed are the same but for their line ends: known to who can read them.
pub type Alike<'a> = &'a dyn Fn(&DeliveryRecord, &DeliveryRecord) -> bool;

/// Deliveries of the same feed and the same bytes, line ends apart, with rows, whose coverage shares no period with that of `new`.
pub(super) fn same_bytes<'k, 'n>(
    known: &'k [DeliveryRecord],
    new: &'n DeliveryRecord,
    alike: Alike<'n>,
) -> impl Iterator<Item = &'k DeliveryRecord> + Clone {
    let apart = |r: &DeliveryRecord| r.coverage.iter().all(|period| !new.coverage.contains(period));
    let same = move |r: &DeliveryRecord| r.holds_the_same(new) || (found_alike(r, new) && alike(r, new));
    known.iter().filter(move |r| r.is_of(&new.council, &new.feed) && r.proof.accepted > 0 && apart(r) && same(r))
}

/// Whether two deliveries were found to hold the same rows and pounds, as they are where only their line ends differ.
fn found_alike(one: &DeliveryRecord, other: &DeliveryRecord) -> bool {
    let found = |r: &DeliveryRecord| (r.proof.records, r.proof.accepted, r.proof.quarantined);
    found(one) == found(other) && one.proof.columns == other.proof.columns
}

/// Says that a withdrawal cannot be taken back: the bytes count for other periods since.
pub(super) fn counts_otherwise(record: &DeliveryRecord, copy: &DeliveryRecord) -> Diagnostic {
    let covers = |r: &DeliveryRecord| r.covers().map(|c| c.to_string()).unwrap_or_default();
    let (of_it, of_copy) = (covers(record), covers(copy));
    let same = if record.holds_the_same(copy) { "the same bytes" } else { "the same lines" };
    let seen = format!(
        "delivery {} of {of_it} cannot count again: {same} count as delivery {} of {of_copy} ({})",
        record.delivery_id,
        copy.delivery_id,
        rows_and_pounds(copy.proof.accepted, copy.proof.pounds())
    );
    Diagnostic::new(codes::control::COPY, seen)
        .place(Place::file(format!("{}: {}", record.feed_name(), record.source.name)))
        .expected("one period for a file: in two its pounds would count twice")
        .outcome("nothing was changed")
        .hint(format!(
            "if {of_it} is right: truecost withdraw {} --by NAME --reason TEXT; then withdraw --undo {} again",
            copy.delivery_id, record.delivery_id
        ))
}

/// Whether what a delivery was refused as a copy of counts no more: it was withdrawn, by a person or because its file was renamed. One
/// that a correction replaced was right for its own periods, and its copy stays a copy.
#[must_use]
pub fn is_freed<'k>(known: &(impl IntoIterator<Item = &'k DeliveryRecord> + Clone), record: &DeliveryRecord) -> bool {
    let counts = |id: &String| known.clone().into_iter().any(|r| r.is(id) && is_original(r));
    record.state == DeliveryState::Refused && record.copy_of.as_ref().is_some_and(|of| !counts(of))
}

/// Whether copies of a delivery stay copies.
const fn is_original(record: &DeliveryRecord) -> bool {
    matches!(record.state, DeliveryState::Accepted | DeliveryState::Waiting)
}

/// The other of two deliveries that came under each other's months, where `new` is the second of those that would set it right: both are
/// copies then, and neither can be let in before both of the wrong ones are out.
#[must_use]
pub fn exchanged<'k>(known: &'k [DeliveryRecord], new: &DeliveryRecord, of: &DeliveryRecord) -> Option<&'k DeliveryRecord> {
    let first =
        known.iter().find(|r| r.state == DeliveryState::Refused && r.is_of(&new.council, &new.feed) && r.coverage == of.coverage)?;
    let other = first.copy_of.as_ref()?;
    known.iter().find(|r| r.is(other) && r.is_accepted() && r.coverage == new.coverage)
}

/// Says that a file is a copy. `stands` is whether some period still holds the rows of the original.
#[must_use]
pub fn is_copy(feed: &Feed, new: &DeliveryRecord, of: &DeliveryRecord, stands: bool, exchanged: Option<&DeliveryRecord>) -> Diagnostic {
    let covers = |r: &DeliveryRecord| r.covers().map(|c| c.to_string()).unwrap_or_default();
    let rows = rows_and_pounds(of.proof.accepted, of.proof.pounds());
    let alike = match () {
        () if new.sha256 == of.sha256 => "byte for byte",
        () if new.holds_the_same(of) => "in what is packed in it",
        () => "but for its line ends",
    };
    let seen = format!(
        "{} for {} is, {alike}, {} of {}, which {} ({rows})",
        new.source.name,
        covers(new),
        of.source.name,
        covers(of),
        if stands {
            format!("stands as delivery {}", of.delivery_id)
        } else {
            format!("was delivery {} and was replaced since", of.delivery_id)
        }
    );
    Diagnostic::new(codes::control::COPY, seen)
        .place(Place::file(format!("{}: {}", feed.name(), new.source.name)))
        .expected("one period for a file: in two its pounds would count twice")
        .outcome("the delivery was refused; what stood in its periods stays")
        .hint(match exchanged {
            Some(other) => format!(
                "{0} and {1} have come under each other's names: truecost withdraw {2} --by NAME --reason TEXT, the same of {3}, then truecost run takes both",
                covers(new), covers(of), of.delivery_id, other.delivery_id
            ),
            None => format!(
            "ask the sender for the file of {}; if {} is the wrong one: truecost withdraw {} --by NAME --reason TEXT, then truecost run; if such files are right: `repeats: allowed` in {}",
            covers(new),
            covers(of),
            of.delivery_id,
            feed.file
        ),
        })
}
