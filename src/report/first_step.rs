//! What there is to do before anything can be run.

use crate::pipeline::Partnership;

/// The next thing to type where a partnership has no council or no feed; `None` where it has both.
pub(super) fn first_step(partnership: &Partnership) -> Option<&'static str> {
    match (partnership.councils.is_empty(), partnership.feeds.is_empty()) {
        (true, _) => Some("there is no council yet: truecost add council NAME"),
        (false, true) => Some("there is no feed yet: truecost add feed COUNCIL/FEED --from FILE"),
        (false, false) => None,
    }
}
