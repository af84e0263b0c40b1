//! How a personal feed is read.

use crate::{
    decode::{Judge, MadePseudonyms, Treating},
    pipeline::Feed,
};

/// The judge with what the feed's personal columns are treated with, where it is a personal feed. What was `made` before is not worked out again.
#[must_use]
pub fn treating(feed: &Feed, judge: Judge, made: &MadePseudonyms) -> Judge {
    let Some(personal) = &feed.personal else { return judge };
    let treating = personal.keys.as_ref().ok().map(|keys| Treating {
        pseudonym: keys.pseudonym.clone(),
        elements: personal.elements.clone(),
        made: made.clone(),
    });
    judge.secret(treating.as_ref())
}
