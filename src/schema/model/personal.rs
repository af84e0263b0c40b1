//! How personal columns are treated.

use super::Column;

impl Column {
    /// Whether the column is left out where the file is read: `personal: {treat: drop}`.
    #[must_use]
    pub fn is_dropped(&self) -> bool {
        self.rules.personal.as_ref().is_some_and(|personal| personal.treat == Treatment::Drop)
    }

    /// Whether something else stands in the place of the column's values: `pseudonym` or `fold`.
    #[must_use]
    pub fn is_treated(&self) -> bool {
        self.rules.personal.as_ref().is_some_and(|personal| matches!(personal.treat, Treatment::Pseudonym(_) | Treatment::Fold(_)))
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Personal {
    pub kind: PersonalKind,
    pub treat: Treatment,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PersonalKind {
    Name,
    Id,
    Bank,
    FreeText,
    Special,
}

impl PersonalKind {
    /// The word in contracts.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Id => "id",
            Self::Bank => "bank",
            Self::FreeText => "free_text",
            Self::Special => "special",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Treatment {
    /// Kept in the lake as it is; never published unless the published column says `public`. The default.
    Keep,
    /// Never leaves the landed bytes: null in every table, masked in the quarantine, not to be used by SQL.
    Drop,
    /// A pseudonym under the council's key stands in its place.
    Pseudonym(PseudonymOf),
    /// A word stands in its place that says less; `None` in the contract of a table of ours, which only says that it holds such words.
    Fold(Option<std::sync::Arc<Folding>>),
}

/// What a pseudonym stands for. A person's number and a post's never make the same pseudonym.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PseudonymOf {
    Person,
    Assignment,
}

impl PseudonymOf {
    /// The word in contracts, and the label under which pseudonyms are made.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Assignment => "assignment",
        }
    }
}

/// `fold: {Unison Subscription: deduction}, else: keep`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folding {
    /// Each value, folded as codes are ([`crate::domain::fold_code`]), with the word that stands in its place.
    pub words: std::collections::BTreeMap<String, String>,
    /// What stands in the place of any other value; `None` = `keep`: the value itself where `pay_element` lists it, else [`UNLISTED`].
    pub rest: Option<String>,
}

/// Stands in the place of a value that is neither folded nor listed.
pub const UNLISTED: &str = "unlisted";
