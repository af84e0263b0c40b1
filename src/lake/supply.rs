//! What persons said about the supply of a period: `lake/supply/`.

use serde::{Deserialize, Serialize};

/// The folder of the lake in which it lies.
pub const SUPPLY: &str = "supply";

/// What was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SupplyWord {
    /// The period goes without a delivery of the feed.
    Waive,
    /// A waiver is taken back.
    Undo,
}

/// Who said what of which period of which feed, when and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SupplyEvent {
    pub what: SupplyWord,
    pub council: String,
    pub feed: String,
    /// `2018/P03`.
    pub period: String,
    pub by: String,
    pub reason: String,
    /// An instant as text; shown, and never compared.
    pub at: String,
}
