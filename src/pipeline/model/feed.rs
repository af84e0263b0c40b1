//! One extract of one council, as its files say.

use std::{collections::BTreeMap, sync::Arc};

use super::super::{Due, FeedDigests, Personal, Timing};
use super::{Covers, FilePatterns};
use crate::{
    diagnostic::Place,
    domain::{Day, Identifier, Location, Pence, Span},
    schema::{Contract, Found},
};

/// One extract of one council.
#[derive(Clone, Debug)]
pub struct Feed {
    /// A council of the partnership, or `shared`.
    pub council: Identifier,
    pub id: Identifier,
    /// Path of its YAML, relative to the partnership.
    pub file: String,
    /// Where in it those keys stand that are held against other feeds.
    pub places: FeedPlaces,
    /// What its deliveries are judged by: a change makes them due again.
    pub digests: FeedDigests,
    /// Contracts by the days on which their layout holds; spans do not overlap.
    pub contracts: Vec<(Span, Arc<Contract>)>,
    /// Common table that it fills.
    pub into: Identifier,
    pub from: Location,
    pub files: FilePatterns,
    /// Names in its folder that are no extract, on purpose; `*` stands for any text.
    pub ignore: Vec<String>,
    pub ready: Ready,
    pub landing: Landing,
    /// What becomes of a file in its folder once its delivery is accepted.
    pub taken: Taken,
    /// What it is read with, where it is a feed of personal data.
    pub personal: Option<Personal>,
    /// Pattern of the sidecar's name, `{stem}.ctl.json`.
    pub sidecar: Option<String>,
    pub covers: Covers,
    pub delivers: Delivers,
    /// Files that make one period's delivery.
    pub pieces: u32,
    pub newest_by: Vec<NewestBy>,
    pub rows_outside: RowsOutside,
    /// What becomes of a delivery that leaves less than half of what stood: `may_shrink`.
    pub shrunken: Shrunken,
    pub repeats: Repeats,
    pub rows_many: bool,
    /// What the sender prints as positive.
    pub positive: Positive,
    /// What a record's amount adds up, as the feed declares it (`amount: "debit - credit"`) where its SQL does not show it; with
    /// `rows: many` each term is a row.
    pub amount: Option<Vec<(Sign, Identifier)>>,
    /// Empty where the file says `none`: `delivery` says of each release that the sender does not prove it.
    pub controls: Vec<Control>,
    /// Totals by file name, from `controls/<council>/<feed>.csv`; empty where no control and no coverage is `listed`.
    pub listed: BTreeMap<String, Listed>,
    /// Rows that may be quarantined before the delivery is refused.
    pub tolerance_rows: u64,
    pub required: Required,
    pub missing: Missing,
    /// A closing period is published only with this feed's entries in it, also where it never brought any before.
    pub closing_required: bool,
    /// Feeds of the same council that fill the same common table at the same time, and whose rows are others.
    pub beside: Vec<Identifier>,
    pub active: Span,
    /// When it starts by itself; `None`: when somebody types it.
    pub timing: Option<Timing>,
    /// When its deliveries are expected; `None`: they are never late.
    pub due: Option<Due>,
    /// Text of `<feed>.sql`.
    pub sql: String,
    /// Path of the SQL, relative to the partnership.
    pub sql_file: String,
    /// Path and text of the SQL of contracts that have their own, by the path of the contract.
    pub own_sql: BTreeMap<String, (String, String)>,
}

/// Keys of a feed's file; of one that is left out, the beginning of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeedPlaces {
    pub files: Place,
    /// `active`, or `into` where a feed is always active.
    pub active: Place,
    pub beside: Place,
}

impl Feed {
    /// `newham/general_ledger`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}/{}", self.council, self.id)
    }

    /// Path and text of the SQL by which what a contract reads becomes rows of the common table.
    #[must_use]
    pub fn sql_of(&self, contract: &Contract) -> (&str, &str) {
        self.own_sql.get(&contract.file).map_or((&self.sql_file, &self.sql), |(file, text)| (file, text))
    }

    /// What `amount:` declares, for each row that a record becomes; `None` where the SQL alone says it.
    #[must_use]
    pub fn declared_amount(&self) -> Option<Found> {
        let terms = self.amount.as_ref()?.iter().map(|(sign, column)| (column.clone(), sign.times()));
        Some(if self.rows_many { terms.map(|term| vec![term]).collect() } else { vec![terms.collect()] })
    }
}

/// What becomes of a delivery that empties a period, or leaves less than half of its rows or absolute amounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shrunken {
    /// It waits for a person's word.
    Waits,
    /// It counts (`may_shrink: true`).
    Counts,
}

/// What becomes of bytes that stand for one coverage and come again for another that shares no period with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeats {
    /// They are refused as a copy.
    Refused,
    /// They count for both.
    Allowed,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ready {
    /// Size and time unchanged between two looks this far apart; a file older than 60 s needs no second look.
    Stable { millis: u64 },
    /// A file of this name stands beside it: `{name}.done`.
    Marker(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Landing {
    Copy,
    Link,
}

/// What becomes of a file in its feed's folder once its delivery is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It is not ours, and stays.
    Left,
    /// It is removed (`taken: remove`), with its sidecar: the landed bytes are the only ones.
    Removed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivers {
    /// A delivery takes the place of what stood in its periods.
    Replace,
    /// A register as at the day in the file's name; periods without one of their own read the last one before.
    Snapshot,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NewestBy {
    Version,
    Modified,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowsOutside {
    Warn,
    Refuse,
}

/// What is positive in an extract: of our own tables debits are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Positive {
    Debits,
    /// `sign: credit_positive`: the SQL turns every amount.
    Credits,
}

/// From when on every period that is published must have a delivery of a feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Required {
    Never,
    Always,
    /// For periods that begin on this day or later.
    From(Day),
}

impl Required {
    /// Whether a period that begins on this day needs the feed.
    #[must_use]
    pub fn on(self, day: Day) -> bool {
        match self {
            Self::Never => false,
            Self::Always => true,
            Self::From(from) => from <= day,
        }
    }
}

/// What becomes of a period for which a required feed brought nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// The period waits for it.
    Block,
    /// The period is published without it, and that is said.
    Without,
    /// The lines of its last accepted month stand in until it comes, and that is said.
    Carry,
}

/// A control of a delivery: what is counted, over what, and what it must equal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Control {
    pub measure: Measure,
    /// Column by whose values the measure must hold group by group.
    pub by: Option<Identifier>,
    pub equals: Truth,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Measure {
    CountRows,
    /// Sum of money columns of the contract with their signs: `debit - credit`.
    Sum(Vec<(Sign, Identifier)>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    Plus,
    Minus,
}

impl Sign {
    /// 1 or -1.
    #[must_use]
    pub const fn times(self) -> i128 {
        match self {
            Self::Plus => 1,
            Self::Minus => -1,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Truth {
    Pence(Pence),
    Trailer(String),
    Footer(String),
    Sidecar(Vec<String>),
    Listed,
}

/// What the sender said, outside the file, that one of its files holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    /// Periods that it covers, where the list says so.
    pub periods: Vec<crate::domain::Period>,
    /// By the name of the measure (`rows`, `debit - credit`): a count, or pence.
    pub totals: BTreeMap<String, Pence>,
}
