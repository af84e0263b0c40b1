//! Intentions: `pipelines/**` → typed partnership, feeds and cost model. Checked once, here.
//!
//! Start at [`read`]. Everything that is wrong with any file is told at once, each with its place;
//! what comes out is sound, and is not checked again.

mod controls;
mod cost;
mod coverage;
mod csv;
mod dated;
mod due;
mod fed;
mod feed;
mod feed_digest;
mod files;
mod json;
mod kernel;
mod keys;
mod known;
mod listed;
mod location;
mod meant;
mod model;
mod notify;
mod offsets;
mod older;
mod overlap;
mod partnership;
mod pattern;
mod personal;
mod read;
mod reference;
pub mod rules;
pub mod schedule;
mod scheme;
mod serving;
mod shares;
mod timing;
mod together;
mod tracked;
mod typed;

pub use due::{Due, HOLIDAYS};
pub use feed_digest::{FeedDigests, TIMING};
pub use files::files;
pub use json::json_schema;
pub use kernel::{Grain, KERNELS, Kernel, KernelFacts, LOOKED_UP};
pub use keys::{AllKeys, Keys};
pub use model::*;
pub use notify::{Channel, NoticeKind, Notify, Shape, Tell};
pub use offsets::{Offsets, contract_from_offsets};
pub use older::older_tables;
pub use partnership::NOT_COUNCILS;
pub use pattern::{NameFacts, Stretch, Which};
pub use personal::{Personal, is_personal};
pub use read::{places, read, read_with};
pub use serving::Serving;
pub use shares::left_out;
pub use timing::{CatchUp, Retry, Timing};
