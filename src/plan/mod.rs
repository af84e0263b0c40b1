//! What to run, and why: what the partnership wants, against what the lake holds.

mod feeds;

pub use feeds::{FeedPlan, Idle, Take, Why, Wish, companion, is_active, is_stale, plan_feed, waits_for_others};

mod cost;

pub use cost::{CostPlan, PlannedQuery, given_tables, known_tables, plan_cost};

mod validate;

pub use validate::{Validated, validate};
