//! One period of one feed: what everything about a release is said of.

use std::fmt;

use crate::{
    domain::Period,
    lake::{DeliveryRecord, LakeFile},
    pipeline::{Feed, Partnership},
};

/// One period of one feed of one council.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot {
    pub council: String,
    pub feed: String,
    pub period: Period,
}

impl fmt::Display for Slot {
    /// `newham/general_ledger/2018/P01`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.council, self.feed, self.period)
    }
}

impl Slot {
    pub(super) fn of(record: &DeliveryRecord, period: Period) -> Self {
        Self { council: record.council.clone(), feed: record.feed.clone(), period }
    }

    pub(super) fn of_file(file: &LakeFile) -> Self {
        Self { council: file.council.clone(), feed: file.feed.clone(), period: file.period }
    }

    pub(super) fn of_feed(feed: &Feed, period: Period) -> Self {
        Self { council: feed.council.to_string(), feed: feed.id.to_string(), period }
    }

    /// As [`Slot`] prints itself; `None` where the text is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (council, rest) = text.split_once('/')?;
        let (feed, period) = rest.split_once('/')?;
        Some(Self { council: council.to_owned(), feed: feed.to_owned(), period: Period::parse(period)? })
    }

    /// Its feed, where it is declared.
    pub(super) fn declared<'p>(&self, partnership: &'p Partnership) -> Option<&'p Feed> {
        partnership.feed(&self.council, &self.feed)
    }

    /// `newham/general_ledger`.
    #[must_use]
    pub fn feed_name(&self) -> String {
        format!("{}/{}", self.council, self.feed)
    }
}

/// The period of which a part tells, by its key: `newham/general_ledger/2018/P01`, `2018/P01`, or `2018/P01/2` of a statement; `None` of
/// what tells of a whole release.
#[must_use]
pub fn period_of_part(key: &str) -> Option<Period> {
    let statement = || key.rsplit_once('/').and_then(|(period, _)| Period::parse(period));
    Period::parse(key).or_else(|| Slot::parse(key).map(|slot| slot.period)).or_else(statement)
}
