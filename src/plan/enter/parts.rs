//! Whether what is replaced is another part of the period: one file makes a delivery, so that of two parts the later would stand for both.

use std::collections::BTreeSet;

use super::{EntryRules, Replaced, TELLING};
use crate::{
    lake::DeliveryRecord,
    pipeline::{FilePatterns, Shrunken},
};

/// What is in question about the deliveries that `new` replaces, each once.
pub(super) fn questions(known: &[DeliveryRecord], rules: EntryRules<'_>, new: &DeliveryRecord, replaced: &[Replaced]) -> Vec<String> {
    let named = |replaced: &Replaced| known.iter().find(|r| r.is(&replaced.delivery) && !r.is(&new.delivery_id));
    let mut told = BTreeSet::new();
    let others = replaced.iter().filter_map(|replaced| named(replaced).map(|before| (replaced, before)));
    let others = others.filter(|(replaced, _)| told.insert(&replaced.delivery));
    let is_guarded = rules.shrunken == Shrunken::Waits && !rules.to_date;
    let one = |(replaced, before): (&Replaced, &DeliveryRecord)| {
        let records = || nothing_in_common(replaced, before, new).filter(|_| is_guarded && replaced.question().is_none());
        numbered(rules.files, replaced, before, new).or_else(records)
    };
    others.filter_map(one).collect()
}

/// Their names number them as pieces of one whole.
fn numbered(files: &FilePatterns, replaced: &Replaced, before: &DeliveryRecord, new: &DeliveryRecord) -> Option<String> {
    let of = |record: &DeliveryRecord| files.matches(&record.source.name).map(|facts| facts.piece);
    let (one, other) = of(before).zip(of(new)).filter(|(one, other)| one != other)?;
    let piece = |number: Option<u32>| number.map_or_else(|| "no piece".to_owned(), |number| format!("piece {number}"));
    Some(format!(
        "by its name it is {}, and in {} stands {} by its name, {}: it would take the place of that one, for a period in several files is not \
         read yet (put them together into one file)",
        piece(other),
        replaced.period,
        piece(one),
        stands(replaced, before)
    ))
}

/// No record of the one is a record of the other, though each has several and a name of its own.
fn nothing_in_common(replaced: &Replaced, before: &DeliveryRecord, new: &DeliveryRecord) -> Option<String> {
    let telling = before.source.name != new.source.name && replaced.before.rows.min(replaced.after.rows) >= TELLING;
    let (one, other) = (&before.proof.sample, &new.proof.sample);
    let none = !one.is_empty() && !other.is_empty() && !one.iter().any(|each| other.contains(each));
    (telling && none).then(|| {
        format!(
            "no record of it is one of those that stand in {}, {}: it may be another part of the period, and would take the place of that one",
            replaced.period,
            stands(replaced, before)
        )
    })
}

/// What stands, and what would then: `6 rows, £1.00 of a_1.csv (delivery 0123456789abcdef); these are 5 rows, £2.00`.
fn stands(replaced: &Replaced, before: &DeliveryRecord) -> String {
    let of = |proof: &crate::lake::PeriodProof| replaced.shown(proof.rows, proof.amount);
    let name = crate::domain::printable(&before.source.name);
    format!("{} of {name} (delivery {}); these are {}", of(&replaced.before), before.delivery_id, of(&replaced.after))
}
