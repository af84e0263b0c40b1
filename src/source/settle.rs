//! Whether a file has finished arriving, judged from two looks at it. The waiting itself is the conductor's.

use crate::diagnostic::{Diagnostic, Place, codes::source as codes};

use super::{Entry, difference};

/// A file last written longer ago than this needs no second look.
const OLD_US: i64 = 60_000_000;

/// The files of a feed after the second look, both in the order they came in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    pub ready: Vec<Entry>,
    /// A warning for each file that is left for the next run.
    pub waiting: Vec<Diagnostic>,
}

/// Whether this file must be looked at twice: it is younger than 60 seconds, or claims to come from the future.
#[must_use]
pub const fn needs_second_look(entry: &Entry, now_us: i64) -> bool {
    let age_us = now_us.saturating_sub(entry.modified_us);
    age_us < OLD_US
}

/// Sorts the files of a first look into ready and not yet. `second` holds what a later look found of those
/// that [`needs_second_look`]; `now_us` is the time of the first. A file that is gone is not ready either.
#[must_use]
pub fn settle(folder: &str, first: Vec<Entry>, second: &[Entry], now_us: i64) -> Settled {
    let mut settled = Settled::default();
    for entry in first {
        match unsettled(&entry, second, now_us) {
            None => settled.ready.push(entry),
            Some(why) => settled.waiting.push(wait_for(folder, &entry.name, &why)),
        }
    }
    settled
}

fn unsettled(entry: &Entry, second: &[Entry], now_us: i64) -> Option<String> {
    if !needs_second_look(entry, now_us) {
        return None;
    }
    match second.iter().find(|later| later.name == entry.name) {
        Some(later) => difference(entry, later),
        None => Some("it is no longer there".into()),
    }
}

fn wait_for(folder: &str, name: &str, why: &str) -> Diagnostic {
    Diagnostic::warning(codes::NOT_SETTLED, format!("`{name}` is still arriving: {why}"))
        .place(Place::file(folder))
        .expected("the same size, time and identity at two looks")
        .outcome("It was left alone; nothing of it was taken.")
        .hint("Run again when the sender has finished.")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_700_000_000_000_000;

    fn entry(age_s: i64, size: u64) -> Entry {
        Entry { name: "a.csv".into(), size, modified_us: NOW - age_s * 1_000_000, identity: "inode 1".into(), changed_us: None }
    }

    #[test]
    fn t11_an_old_file_is_ready_at_once() {
        assert!(!needs_second_look(&entry(61, 5), NOW));
        assert_eq!(settle("drop", vec![entry(61, 5)], &[], NOW).ready.len(), 1);
    }

    #[test]
    fn t11_a_young_file_must_stand_still() {
        assert!(needs_second_look(&entry(59, 5), NOW));
        assert!(needs_second_look(&entry(-3_600, 5), NOW), "a time in the future proves nothing");
        assert_eq!(settle("drop", vec![entry(1, 5)], &[entry(1, 5)], NOW).ready.len(), 1);
        for second in [vec![entry(1, 6)], vec![entry(0, 5)], vec![]] {
            let settled = settle("drop", vec![entry(1, 5)], &second, NOW);
            assert!(settled.ready.is_empty(), "{second:?}");
            assert_eq!(settled.waiting.len(), 1);
        }
    }

    #[test]
    fn t11_a_replaced_file_of_the_same_size_is_not_ready() {
        let other = Entry { identity: "inode 2".into(), ..entry(1, 5) };
        assert!(settle("drop", vec![entry(1, 5)], &[other], NOW).ready.is_empty());
    }
}
