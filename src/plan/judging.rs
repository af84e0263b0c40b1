//! By what the bytes of a delivery are read now.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::treating;
use crate::{
    decode::{FileFacts, Judge, MadePseudonyms, Original, originals},
    diagnostic::Answer,
    domain::{Calendar, Coverage, Digest},
    lake::{DeliveryRecord, Lake},
    pipeline::{Feed, Partnership},
    schema::Contract,
};

/// The contract that holds in the last period that is covered: a file is written when that is over, in the layout of then, whatever it
/// holds of the periods before.
#[must_use]
pub fn contract_for<'a>(feed: &'a Feed, coverage: &Coverage, calendar: Calendar) -> Option<&'a Arc<Contract>> {
    let last = calendar.days_of(coverage.last()).0;
    feed.contracts.iter().find(|(span, _)| span.contains(last)).map(|(_, contract)| contract)
}

/// The contract of today made ready for the bytes of a delivery, without controls and corrections; `None` where no contract holds
/// in its last period, or an older version landed it.
///
/// # Errors
/// TC0201 to TC0205 where its bytes are valid in no encoding that the contract lists.
pub fn judge_as_now(partnership: &Partnership, feed: &Feed, record: &DeliveryRecord) -> Answer<Option<Judge>> {
    let Some(covers) = record.covers() else { return Ok(None) };
    let Some(contract) = contract_for(feed, &covers, partnership.calendar) else { return Ok(None) };
    let Ok(facts) = serde_json::from_value::<FileFacts>(record.encoding.clone()) else { return Ok(None) };
    let judge = Judge::new(contract.clone(), record.source.name.clone(), &facts, covers.days(partnership.calendar), Vec::new())?;
    Ok(Some(treating(feed, judge, &MadePseudonyms::default())))
}

/// Records of a delivery as they came, by the line on which each starts: none where no contract reads it any more. Of a personal feed nothing
/// that could be written down is in them.
///
/// # Errors
/// As [`judge_as_now`]; TC1003 where the bytes are not there.
pub fn as_they_came(
    partnership: &Partnership,
    lake: &Lake,
    feed: &Feed,
    record: &DeliveryRecord,
    lines: &BTreeSet<u64>,
) -> Answer<BTreeMap<u64, Original>> {
    let (Some(judge), Some(digest)) = (judge_as_now(partnership, feed, record)?, Digest::parse(&record.sha256)) else {
        return Ok(BTreeMap::new());
    };
    let mut all = originals(&judge, lake.landing().open(&digest, feed.sealing())?, lines)?;
    if feed.personal.is_some() {
        all.values_mut().for_each(Original::forget);
    }
    Ok(all)
}
