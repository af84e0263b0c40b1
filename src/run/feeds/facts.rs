//! What tells a delivery: its file, its contract, its id, and what the file itself says that it covers.

use sha2::{Digest as _, Sha256};

use super::InHand;
use crate::{
    decode::Header,
    domain::{Coverage, DeliveryId, Digest},
    lake::{LandedAs, SourceFacts},
    pipeline::{CoverFrom, Feed},
    source::Entry,
};

pub(super) fn source_facts(location: &str, entry: &Entry) -> SourceFacts {
    SourceFacts {
        name: entry.name.clone(),
        location: location.to_owned(),
        bytes: entry.size,
        modified_us: entry.modified_us,
        identity: entry.identity.clone(),
        changed_us: entry.changed_us,
    }
}

/// The file of a delivery. Where it was landed as a hard link, the link has changed what the file system knows of it.
pub(super) fn file_facts(item: &InHand<'_>) -> SourceFacts {
    let linked = item.landed.as_ref().is_ok_and(|(landed, _)| landed.how == LandedAs::HardLink);
    let facts = source_facts(&item.location, &item.take.entry);
    SourceFacts { changed_us: facts.changed_us.filter(|_| !linked), ..facts }
}

pub(super) fn sidecar_facts(item: &InHand<'_>) -> Option<SourceFacts> {
    item.take.sidecar.as_ref().map(|entry| source_facts(&item.location, entry))
}

/// First 16 hex digits of the SHA-256 over council, feed, coverage and the bytes' own SHA-256.
#[must_use]
pub(super) fn delivery_id(feed: &Feed, name: &str, coverage: &Coverage, bytes: &Digest) -> DeliveryId {
    let periods: Vec<String> = coverage.periods().iter().map(ToString::to_string).collect();
    // The same register on another day is another delivery.
    let as_at = feed.as_at(name).map(|day| format!("{day}\n")).unwrap_or_default();
    let text = format!("{}\n{}\n{}\n{bytes}\n{as_at}", feed.council, feed.id, periods.join(" "));
    DeliveryId::from_digest(&Digest(Sha256::digest(text.as_bytes()).into()))
}

pub(super) fn text_inside(feed: &Feed, header: &Header) -> Option<String> {
    match feed.covers.from.as_ref()? {
        CoverFrom::Record { record, field, .. } => {
            let found = header.controls.iter().chain(&header.leading).find(|c| c.tag == *record)?;
            found.fields.get(field.checked_sub(1)?).cloned()
        }
        CoverFrom::Header { label, .. } => header.preamble.iter().find_map(|line| {
            let text = line.text.clone().unwrap_or_else(|| line.fields.join(" "));
            text.split_once(label.as_str()).map(|(_, after)| after.trim_start_matches([':', ' ']).trim().to_owned())
        }),
    }
}
