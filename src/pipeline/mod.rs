//! Intentions: `pipelines/**` → typed partnership, feeds and cost model. Checked once, here.
//!
//! Start at [`read`]. Everything that is wrong with any file is told at once, each with its place;
//! what comes out is sound, and is not checked again.

mod controls;
mod cost;
mod coverage;
mod csv;
mod dated;
mod feed;
mod json;
mod known;
mod listed;
mod location;
mod model;
mod overlap;
mod partnership;
mod pattern;
mod read;
mod reference;
pub mod rules;
pub mod schedule;
mod together;

pub use json::json_schema;
pub use model::*;
pub use partnership::NOT_COUNCILS;
pub use pattern::NameFacts;
pub use read::{read, read_with};
