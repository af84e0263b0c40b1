//! What to run, and why: what the partnership wants, against what the lake holds.

mod feeds;

pub use feeds::{FeedPlan, Idle, Take, Why, Wish, is_active, is_file_of, is_stale, not_active, plan_feed, rank, tie, waits_for_others};

mod recall;

pub use recall::{covered_now, recalls};

mod cost;

pub use cost::{CostPlan, PlannedQuery, given_tables, known_tables, plan_cost};

mod validate;

pub use validate::{Validated, validate};
