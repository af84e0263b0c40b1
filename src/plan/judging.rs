//! By what the bytes of a delivery are read now.

use super::treating;
use crate::{
    decode::{FileFacts, Judge},
    diagnostic::Answer,
    lake::DeliveryRecord,
    pipeline::{Feed, Partnership},
};

/// The contract of today made ready for the bytes of a delivery, without controls and corrections; `None` where no contract is in force
/// for its first day, or an older version landed it.
///
/// # Errors
/// TC0201 to TC0205 where its bytes are valid in no encoding that the contract lists.
pub fn judge_as_now(partnership: &Partnership, feed: &Feed, record: &DeliveryRecord) -> Answer<Option<Judge>> {
    let Some(covers) = record.covers() else { return Ok(None) };
    let days = covers.days(partnership.calendar);
    let Some((_, contract)) = feed.contracts.iter().find(|(span, _)| span.contains(days.0)) else { return Ok(None) };
    let Ok(facts) = serde_json::from_value::<FileFacts>(record.encoding.clone()) else { return Ok(None) };
    let judge = Judge::new(contract.clone(), record.source.name.clone(), &facts, days, Vec::new())?;
    Ok(Some(treating(feed, judge)))
}
