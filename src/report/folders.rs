//! Drop folders that are not there.

use crate::{pipeline::Partnership, run};

/// Which feeds have no folder below `drop`, and how to make them; empty where all have theirs.
pub(super) fn without_folder(partnership: &Partnership) -> String {
    let lacking: Vec<String> = run::without_folder(partnership).iter().map(|(feed, _)| format!("drop/{}", feed.name())).collect();
    match lacking.as_slice() {
        [] => String::new(),
        [one] => format!("the folder {one} is not there: truecost doctor --repair makes it\n"),
        many => format!("{} drop folders are not there ({}): truecost doctor --repair makes them\n", many.len(), many.join(", ")),
    }
}
