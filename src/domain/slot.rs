//! A slot: one time at which a feed or the cost run is due to start by itself.

use std::fmt;

use chrono::{DateTime, SecondsFormat};

/// The name under which the cost run is scheduled. No feed has it: theirs hold a `/`.
pub const COST: &str = "cost";

/// One time at which something is due.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Slot {
    /// `newham/general_ledger`, or [`COST`].
    pub name: String,
    /// Seconds since 1970 (UTC).
    pub at: i64,
}

impl Slot {
    /// `newham/general_ledger=2018-05-01T05:00:00Z`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (name, at) = text.split_once('=')?;
        let is_name = name == COST || name.split_once('/').is_some_and(|(council, feed)| !council.is_empty() && !feed.is_empty());
        Some(Self { name: name.to_owned(), at: instant(at)? }).filter(|_| is_name)
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.name, instant_text(self.at))
    }
}

/// `2018-05-01T05:00:00Z` in seconds since 1970; also with a zone of its own, as in `2018-05-01T06:00:00+01:00`.
#[must_use]
pub fn instant(text: &str) -> Option<i64> {
    DateTime::parse_from_rfc3339(text.trim()).ok().map(|instant| instant.timestamp())
}

/// `2018-05-01T05:00:00Z`; empty beyond the years that can be written.
#[must_use]
pub fn instant_text(seconds: i64) -> String {
    DateTime::from_timestamp(seconds, 0).map_or_else(String::new, |instant| instant.to_rfc3339_opts(SecondsFormat::Secs, true))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_read_as_it_is_written() {
        for text in ["newham/general_ledger=2018-05-01T05:00:00Z", "cost=2018-10-28T01:30:00Z"] {
            assert_eq!(Slot::parse(text).map(|slot| slot.to_string()).as_deref(), Some(text));
        }
        assert_eq!(Slot::parse("cost=2018-05-01T06:00:00+01:00"), Slot::parse("cost=2018-05-01T05:00:00Z"));
        for text in ["", "cost", "cost=", "cost=06:00", "newham=2018-05-01T05:00:00Z", "=2018-05-01T05:00:00Z", "cost=2018-05-01"] {
            assert_eq!(Slot::parse(text), None, "{text}");
        }
    }
}
