//! Whether what is replaced is another part of the period: one file makes a delivery, so that of two parts the later would stand for both.

use std::collections::BTreeSet;

use super::{EntryRules, Replaced};
use crate::{
    domain::printable,
    lake::{DeliveryRecord, PeriodProof},
    pipeline::Shrunken,
};

/// What is in question about the deliveries that `new` replaces, each once: their names number them as other pieces of one whole.
pub(super) fn questions(known: &[DeliveryRecord], rules: EntryRules<'_>, new: &DeliveryRecord, replaced: &[Replaced]) -> Vec<String> {
    let piece = |record: &DeliveryRecord| rules.files.matches(&record.source.name).and_then(|facts| facts.piece);
    let Some(number) = piece(new).filter(|_| rules.shrunken == Shrunken::Waits && !rules.to_date) else { return Vec::new() };
    let mut told = BTreeSet::new();
    let stands = replaced.iter().filter(|replaced| told.insert(&replaced.delivery));
    let one = |replaced: &Replaced| {
        let before = known.iter().find(|r| r.is(&replaced.delivery) && !r.is(&new.delivery_id))?;
        let other = piece(before).filter(|other| *other != number)?;
        let of = |proof: &PeriodProof| replaced.shown(proof.rows, proof.amount);
        Some(format!(
            "by its name it is piece {number}, and in {} stands piece {other} by its name, {} of {} (delivery {}); these are {}: it would take \
             the place of that one, for a period in several files is not read yet. Put them together into one file; where the number counts \
             what is sent again, write it as {{version}} in `files`",
            replaced.period,
            of(&replaced.before),
            printable(&before.source.name),
            before.delivery_id,
            of(&replaced.after)
        ))
    };
    stands.filter_map(one).collect()
}
