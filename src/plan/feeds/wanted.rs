//! What is planned of a feed: deliveries to take, files to leave, each with the reason; and which of them somebody wishes for.

use crate::{
    diagnostic::Diagnostic,
    domain::{Coverage, Pence, Period},
    lake::{DeliveryRecord, PeriodProof, Turn},
    source::Entry,
};

/// Why a delivery is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// Nothing of these periods is in yet.
    New,
    /// Something else is in for these periods.
    Newer,
    /// In by its name and size; only the bytes say whether it is another.
    Touched,
    /// The contract, the feed or its SQL changed since it was judged.
    RulesChanged,
    /// Asked for with `--force`.
    Forced,
    /// Accepted, but its rows are not in the lake any more.
    Lost,
    /// It waited, and a person has accepted it.
    LetIn,
    /// It was refused as a copy of a delivery that was withdrawn since.
    Freed,
    /// A newer file for the same periods was refused or withdrawn.
    NextNewest,
    /// A person corrected rows of it, or left some out, since it was judged.
    Corrected,
}

impl Why {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "new delivery",
            Self::Newer => "newer bytes",
            Self::Touched => "touched since it was taken; the same size as before",
            Self::RulesChanged => "changed contract, feed or SQL",
            Self::Forced => "forced",
            Self::Lost => "accepted, and no longer in the lake",
            Self::LetIn => "accepted by a person",
            Self::Freed => "what it was a copy of counts no more",
            Self::NextNewest => "the newest that was neither refused nor withdrawn",
            Self::Corrected => "rows of it were corrected",
        }
    }
}

/// Why a file is left alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Idle {
    /// In, and unchanged since.
    In,
    /// Refused, and unchanged since.
    RefusedBefore,
    /// Another file is newer for the same periods.
    Superseded,
    /// It was in; a later delivery stands for its periods.
    Replaced,
    /// Judged, and waits for a person's word.
    Waits,
    /// A person withdrew it.
    Withdrawn,
    /// Not among the periods asked for.
    NotAsked,
    /// Outside the feed's active dates.
    NotActive,
}

impl Idle {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::In => "already in",
            Self::RefusedBefore => "refused before, unchanged",
            Self::Superseded => "superseded by a newer file",
            Self::Replaced => "was in, and a later delivery stands for its periods",
            Self::Waits => "waits for truecost accept",
            Self::Withdrawn => "withdrawn",
            Self::NotAsked => "not asked for",
            Self::NotActive => "outside the feed's active dates",
        }
    }
}

/// One file to take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Take {
    pub entry: Entry,
    pub sidecar: Option<Entry>,
    /// `None` where it is read from the file.
    pub coverage: Option<Coverage>,
    pub why: Why,
    /// The place of this delivery in the order of its feed; `None` for one that gets its own when it is entered.
    pub turn: Option<Turn>,
    /// The delivery whose landed bytes are taken; `None` where the source offers the file.
    pub landed: Option<Box<DeliveryRecord>>,
    /// What other deliveries hold in the periods that it would go over.
    pub over: Vec<Stood>,
}

/// What stands in a period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stood {
    pub period: Period,
    pub delivery: String,
    pub proof: PeriodProof,
    /// Its rows have no pounds.
    pub no_pounds: bool,
}

impl Stood {
    /// Pounds of what stands, debit positive; `None` where the rows have none.
    #[must_use]
    pub fn pounds(&self) -> Option<Pence> {
        (!self.no_pounds).then_some(self.proof.amount)
    }
}

/// What there is to do for one feed.
#[derive(Clone, Debug, Default)]
pub struct FeedPlan {
    pub take: Vec<Take>,
    pub idle: Vec<(Entry, Idle)>,
    pub reports: Vec<Diagnostic>,
    /// Deliveries whose file lies in the folder, the newest for its periods, although another delivery has gone over them.
    pub again: Vec<String>,
    /// Files that wait for another beside them, with what they cover by their names and the name of what is lacking.
    pub lacking: Vec<(Entry, Option<Coverage>, String)>,
    /// Files whose names the feed does not know: [`super::strays`] judges them.
    pub unknown: Vec<Entry>,
}

/// What a plan is made for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wish {
    /// The first and the last period that are wanted.
    pub periods: Option<(Period, Period)>,
    pub year: Option<i16>,
    pub force: bool,
    pub rehash: bool,
}

impl Wish {
    /// Whether any covered period was asked for.
    #[must_use]
    pub fn wants(&self, coverage: &Coverage) -> bool {
        coverage.periods().iter().any(|p| self.wants_period(*p))
    }

    #[must_use]
    pub fn wants_period(&self, period: Period) -> bool {
        self.periods.is_none_or(|(first, last)| (first..=last).contains(&period)) && self.year.is_none_or(|wanted| wanted == period.year)
    }
}
