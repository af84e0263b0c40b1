//! Who owns a cost.

use std::fmt;

/// The columns of a line on which ownership rules can turn, in the order in which they are compared.
pub const RULE_COLUMNS: [&str; 4] = ["project", "cost_centre", "department", "account"];

/// The class of a part of a line. Every part has exactly one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Ownership {
    /// The council's own.
    Retained,
    /// To be apportioned to the partners.
    Shared,
    /// Run by the shared service, not cost-shared.
    Managed,
    /// A trading company's.
    Company,
    /// For a paying customer.
    External,
    /// For one partner.
    Bespoke,
    /// Passes through without being a cost of any service.
    PassThrough,
    /// Balance sheet and the like: never separated.
    NotCost,
    /// No rule covers it.
    Suspense,
}

impl Ownership {
    pub const ALL: [Self; 9] = [
        Self::Retained,
        Self::Shared,
        Self::Managed,
        Self::Company,
        Self::External,
        Self::Bespoke,
        Self::PassThrough,
        Self::NotCost,
        Self::Suspense,
    ];

    /// The word in rules, tables and reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Retained => "retained",
            Self::Shared => "shared",
            Self::Managed => "managed",
            Self::Company => "company",
            Self::External => "external",
            Self::Bespoke => "bespoke",
            Self::PassThrough => "pass_through",
            Self::NotCost => "not_cost",
            Self::Suspense => "suspense",
        }
    }

    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|o| o.as_str() == text)
    }
}

impl fmt::Display for Ownership {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
