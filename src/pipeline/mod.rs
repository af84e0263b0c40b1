//! Intentions: `pipelines/**` → typed partnership, feeds and cost model. Checked once, here.

mod model;

pub use model::*;
