//! Between partners: what they have already charged each other is taken out, and who owes whom is worked out.
//!
//! SQL of `pipelines/cost/settle` selects, joins and groups before these kernels; here is only what SQL cannot do: matching, splitting a
//! result once, and payments.

mod columns;
mod net;
mod recharge;

pub use net::{Settling, settled};
pub use recharge::matched;
