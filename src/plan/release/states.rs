//! What may become of a period of a feed, and of a delivery.

use std::collections::BTreeSet;

use super::Carried;
use crate::{
    domain::{Day, Pence, Period},
    lake::LakeFile,
    pipeline::Basis,
};

/// One partition of a common table from which costs are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CostSource {
    pub basis: Basis,
    pub file: LakeFile,
    /// The delivery that stands in it.
    pub delivery: String,
    /// Of lines that stand in for a month that was not brought: whence they are. `file.period` is the month for which they stand.
    pub carried: Option<Carried>,
}

impl CostSource {
    /// `newham/general_ledger/2018/P01`.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}/{}/{}", self.file.council, self.file.feed, self.file.period)
    }
}

/// What becomes of one period of one feed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PeriodState {
    /// Its lines are cost of the next release; none where the delivery that stands has none for it.
    Counts,
    /// The same of a closed period: its lines are those on which it was closed, whatever came since.
    Frozen,
    /// Its period is closed, and was closed without it: what came since counts when somebody reopens the period.
    Closed,
    /// Its first day is not in the feed's `active`.
    NotActive,
    /// The council's costs are read from another table on its first day, or (`None`) from none.
    NoBasis(Option<Basis>),
    /// No cost is read from its common table, which this is, on whatever basis.
    NoCost(String),
    /// The council has no such feed (any more).
    FeedNotDeclared,
    /// The partnership has no such council (any more).
    CouncilNotDeclared,
    /// It would count, and the period waits for these required feeds.
    WaitsForFeed(Vec<String>),
    /// It would count, and the period cannot be made, which is why; with `last_good` the lines stay as the latest release has them.
    Blocked { last_good: bool, why: String },
    /// Nothing came, although the feed is required; the period is published without it.
    Without,
    /// The same, and the lines of this month stand in (`missing: carry`).
    CarriedLines(Period),
    /// Nothing came, and a person lets the period go without it.
    Waived,
    /// No snapshot of its own: the one of this day is in force, which lies in another period.
    CarriedFrom(Day),
    /// What was delivered was withdrawn.
    Withdrawn,
    /// Accepted, and its rows are not in the lake any more.
    Lost,
    /// Nothing was accepted.
    NothingYet,
}

/// One period of one feed: what becomes of it, and what it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeriodPlan {
    pub state: PeriodState,
    /// The delivery that stands.
    pub delivery: Option<String>,
    /// Rows in the common table; of a lost delivery those that were.
    pub rows: u64,
    /// Their pounds as the delivery's proof says, debit positive.
    pub pence: Pence,
    /// The same without their signs: the lines of a whole ledger come to nought.
    pub absolute_pence: Pence,
    /// The rows have no pounds: `pence` is nought and says nothing.
    pub no_pounds: bool,
    /// Newer deliveries of the period that do not count: refused, waiting, withdrawn.
    pub passed_over: Vec<String>,
    /// The day of the snapshot that the period reads; `None` of any other feed.
    pub as_at: Option<Day>,
    /// What counts is read by the release: lines of cost always, other rows once a period of theirs is published.
    pub is_read: bool,
}

/// What becomes of a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// All of it is in the figures.
    Counts,
    /// Some of its periods are in the figures.
    CountsInPart,
    /// It stands in its common table, and no period of it is in the figures.
    CountsNowhere,
    /// Others stand for all of its periods.
    SupersededBy(BTreeSet<String>),
    Refused,
    /// Judged, and kept until a person accepts it.
    WaitsForAccept,
    /// It came after its period was closed, and counts in no other.
    AfterClose,
    Withdrawn,
    Lost,
}

impl Standing {
    /// The word of the column `standing`.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Counts => "counts",
            Self::CountsInPart => "counts in part",
            Self::CountsNowhere => "counts nowhere",
            Self::SupersededBy(_) => "superseded",
            Self::Refused => "refused",
            Self::WaitsForAccept => "waits for accept",
            Self::AfterClose => "after close",
            Self::Withdrawn => "withdrawn",
            Self::Lost => "lost",
        }
    }
}

/// A delivery with what of it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryPlan {
    pub standing: Standing,
    /// Rows and pounds of the periods in which it stands in the common table, counting or not.
    pub stands: (u64, Pence),
    /// Rows and pounds of the periods in which it counts.
    pub counts: (u64, Pence),
}
